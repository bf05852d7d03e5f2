//! How types, values and prices are written in Solidity.

use ciphervm_fhe::FheType;

/// Longest line of what is generated.
const WIDTH: usize = 120;

/// A function of the library.
pub(super) struct Function {
    /// What it does, for the reader: a sentence without its full stop.
    pub(super) doc: String,
    /// Its price, as [`hcu`] or a list of them; empty if it asks for no homomorphic work.
    pub(super) cost: String,
    /// Its name.
    pub(super) name: String,
    /// Its parameters.
    pub(super) parameters: String,
    /// `view ` or `pure `, or nothing.
    pub(super) mutability: &'static str,
    /// The type that it returns.
    pub(super) returns: String,
    /// Its statements.
    pub(super) body: Vec<String>,
}

impl Function {
    /// As Solidity source.
    pub(super) fn render(&self) -> String {
        let Self { doc, cost, name, parameters, mutability, returns, body } = self;
        let cost = if cost.is_empty() { String::new() } else { format!(" Costs {cost}.") };
        let body: String = body.iter().map(|line| format!("        {line}\n")).collect();
        let doc = wrap(&format!("@notice {doc}.{cost}"));
        format!(
            "{doc}    function {name}({parameters}) internal {mutability}returns ({returns}) {{\n\
             {body}    }}\n"
        )
    }
}

/// A comment on a member, in as many lines as it takes.
fn wrap(text: &str) -> String {
    let mut lines = vec!["    ///".to_owned()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is a first line");
        if last.len() + 1 + word.len() > WIDTH {
            lines.push(format!("    /// {word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The type of clear values.
pub(super) fn clear(ty: FheType) -> String {
    match ty {
        FheType::Bool => "bool".to_owned(),
        FheType::Uint160 => "address".to_owned(),
        _ => format!("uint{}", ty.bits()),
    }
}

/// The type as part of a name, such as `Euint8`.
pub(super) fn title(ty: FheType) -> String {
    let name = ty.to_string();
    name[..1].to_uppercase() + &name[1..]
}

/// The member of the ABI's enum.
pub(super) fn member(ty: FheType) -> String {
    format!("FheType.{ty:?}")
}

/// A clear value as a number that converts to `uint256` by itself.
pub(super) fn word(ty: FheType, value: &str) -> String {
    match ty {
        FheType::Bool => format!("{value} ? 1 : 0"),
        FheType::Uint160 => format!("uint160({value})"),
        _ => value.to_owned(),
    }
}

/// The handle of `from` as a `to`, for an operation.
pub(super) fn operand(from: FheType, to: FheType, value: &str) -> String {
    if from == to {
        format!("_handle({value})")
    } else {
        format!("_handle(as{}({value}))", title(to))
    }
}

/// A price with its unit: `1,686,000 HCU`.
pub(super) fn hcu(price: u64) -> String {
    number(price) + " HCU"
}

/// With separators.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
