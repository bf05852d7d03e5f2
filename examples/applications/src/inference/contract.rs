//! From a model to a Solidity contract on encrypted integers.

use std::fmt::Write;

use super::{Kind, Model, Node};

const HEAD: &str = include_str!("head.sol.in");
const LOGISTIC: &str = include_str!("logistic.sol.in");
const TREE: &str = include_str!("tree.sol.in");

/// The contract's source.
pub fn render(model: &Model) -> String {
    let (kind, imports, class, body) = match &model.model {
        Kind::Logistic { weights, bias } => {
            let imports = "FHE, ebool, euint16, externalEuint8";
            ("logistic regression", imports, "ebool", logistic(model, weights, *bias))
        }
        Kind::Tree(root) => ("decision tree", "FHE, euint8, externalEuint8", "euint8", tree(root)),
    };
    let classes: Vec<String> =
        model.classes.iter().enumerate().map(|(n, name)| format!("{n} {name}")).collect();
    HEAD.replace("{contract}", &model.contract)
        .replace("{kind}", kind)
        .replace("{imports}", imports)
        .replace("{classes}", &classes.join(", "))
        .replace("{maximum}", &model.feature_max.to_string())
        .replace("{count}", &model.features.len().to_string())
        .replace("{class}", class)
        .replace("{body}", body.trim_end())
}

/// Negative weights stand on the other side of the comparison, so all numbers are positive.
fn logistic(model: &Model, weights: &[i32], bias: i32) -> String {
    let side = |name: &str, negative: bool| {
        let terms: Vec<_> = weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight != 0 && (**weight < 0) == negative)
            .collect();
        let mut text =
            format!("        euint16[] memory {name} = new euint16[]({});\n", terms.len());
        for (place, (feature, weight)) in terms.into_iter().enumerate() {
            let (size, what) = (weight.unsigned_abs(), &model.features[feature]);
            let _ = writeln!(
                text,
                "        {name}[{place}] = _product(features[{feature}], {size}, proof); // {what}"
            );
        }
        text
    };
    let sum = |name: &str, constant: i32| match constant {
        1.. => format!("FHE.add(FHE.sum({name}), {constant})"),
        _ => format!("FHE.sum({name})"),
    };
    LOGISTIC
        .replace("{plus}", &side("plus", false))
        .replace("{minus}", side("minus", true).trim_end())
        .replace("{left}", &sum("plus", bias))
        .replace("{right}", &sum("minus", -bias))
}

fn tree(root: &Node) -> String {
    let mut features = Vec::new();
    collect(root, &mut features);
    features.sort_unstable();
    features.dedup();
    let mut inputs = String::new();
    for feature in features {
        let _ = writeln!(
            inputs,
            "        euint8 feature{feature} = FHE.fromExternal(features[{feature}], proof);"
        );
    }
    TREE.replace("{inputs}", inputs.trim_end()).replace("{root}", &expression(root, 2))
}

fn collect(node: &Node, features: &mut Vec<usize>) {
    if let Node::Split { feature, above, otherwise, .. } = node {
        features.push(*feature);
        collect(above, features);
        collect(otherwise, features);
    }
}

fn expression(node: &Node, depth: usize) -> String {
    match node {
        Node::Class(class) => format!("FHE.asEuint8({class})"),
        Node::Split { feature, threshold, above, otherwise } => {
            let (inner, outer) = ("    ".repeat(depth + 1), "    ".repeat(depth));
            let (above, otherwise) =
                (expression(above, depth + 1), expression(otherwise, depth + 1));
            format!(
                "FHE.select(\n{inner}FHE.gt(feature{feature}, {threshold}),\n{inner}{above},\n\
                 {inner}{otherwise}\n{outer})"
            )
        }
    }
}
