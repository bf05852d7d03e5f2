//! The operations, at every combination of types.

use ciphervm_fhe::{FheType, HcuRow, OPS, Op, OpSpec, ScalarRule, Shape, TypeSet};

use super::names::{Function, clear, hcu, member, operand, title, word};

/// Sizes up to which a collection has one price. Beyond the last, the price of the largest holds.
const TIERS: [usize; 4] = [10, 30, 60, 100];

/// The operations' functions, in the order of the table.
pub(super) fn functions() -> Vec<String> {
    let mut functions = Vec::new();
    for spec in &OPS {
        match spec.shape {
            Shape::Unary => functions.extend(spec.types.iter().map(|ty| unary(spec, ty))),
            Shape::Binary => functions.extend(binary(spec)),
            Shape::Select => functions.extend(spec.types.iter().map(|ty| select(spec, ty))),
            Shape::Cast => functions.extend(casts(spec)),
            Shape::TrivialEncrypt => {
                functions.extend(spec.types.iter().map(|ty| encrypt(spec, ty)))
            }
            Shape::Rand => functions.extend(spec.types.iter().map(|ty| rand(spec, ty))),
            Shape::RandBounded => functions.extend(spec.types.iter().map(|ty| bounded(spec, ty))),
            Shape::Sum => functions.extend(spec.types.iter().map(|ty| sum(spec, ty))),
            Shape::IsIn => functions.extend(spec.types.iter().map(|ty| is_in(spec, ty))),
            Shape::MulDiv => functions.extend(spec.types.iter().flat_map(|ty| mul_div(spec, ty))),
            Shape::VerifyInput => functions.extend(spec.types.iter().map(input)),
        }
    }
    functions.iter().map(Function::render).collect()
}

/// What users call the operation: its name in the ABI without what is common to all.
fn name(op: Op) -> String {
    let name = op.name().trim_start_matches("fhe").trim_start_matches("Bit");
    name[..1].to_lowercase() + &name[1..]
}

/// The result of an operation on `a` and `b` at a type.
fn meaning(op: Op, ty: FheType) -> String {
    let modulo = format!("modulo 2^{}", ty.bits());
    match op {
        Op::Add => format!("`a + b` {modulo}"),
        Op::Sub => format!("`a - b` {modulo}"),
        Op::Mul => format!("`a * b` {modulo}"),
        Op::Div => "`a / b`, rounded down".to_owned(),
        Op::Rem => "the remainder of `a / b`".to_owned(),
        Op::BitAnd => "`a & b`".to_owned(),
        Op::BitOr => "`a | b`".to_owned(),
        Op::BitXor => "`a ^ b`".to_owned(),
        Op::Shl => format!("`a << b`, with `b` modulo {}", ty.bits()),
        Op::Shr => format!("`a >> b`, with `b` modulo {}", ty.bits()),
        Op::Rotl => "`a` rotated left by `b` bits".to_owned(),
        Op::Rotr => "`a` rotated right by `b` bits".to_owned(),
        Op::Eq => "whether `a == b`".to_owned(),
        Op::Ne => "whether `a != b`".to_owned(),
        Op::Ge => "whether `a >= b`".to_owned(),
        Op::Gt => "whether `a > b`".to_owned(),
        Op::Le => "whether `a <= b`".to_owned(),
        Op::Lt => "whether `a < b`".to_owned(),
        Op::Min => "the smaller of `a` and `b`".to_owned(),
        Op::Max => "the larger of `a` and `b`".to_owned(),
        Op::Neg => format!("`-a` {modulo}"),
        Op::Not if ty == FheType::Bool => "`!a`".to_owned(),
        Op::Not => "`~a`".to_owned(),
        other => format!("{}", other),
    }
}

fn price(op: Op, ty: FheType, scalar: bool) -> u64 {
    op.spec().hcu.price(ty, scalar, 1).expect("the table prices every type that it supports")
}

fn selector(op: Op) -> String {
    format!("IFHEVMExecutor.{}.selector", op.name())
}

/// The statement that returns a handle as a value.
fn returned(ty: FheType, handle: &str) -> Vec<String> {
    vec![format!("return {ty}.wrap({handle});")]
}

fn unary(spec: &OpSpec, ty: FheType) -> Function {
    let call = format!("Host.unary({}, {})", selector(spec.op), operand(ty, ty, "a"));
    Function {
        doc: format!("Returns {}", meaning(spec.op, ty)),
        cost: hcu(price(spec.op, ty, false)),
        name: name(spec.op),
        parameters: format!("{ty} a"),
        mutability: "",
        returns: ty.to_string(),
        body: returned(ty, &call),
    }
}

fn binary(spec: &OpSpec) -> Vec<Function> {
    let shift = matches!(spec.op, Op::Shl | Op::Shr | Op::Rotl | Op::Rotr);
    let mut functions = Vec::new();
    for a in spec.types.iter() {
        if spec.scalar == ScalarRule::Required {
            functions.push(scalar_right(spec, a, a));
        } else if shift {
            functions.push(encrypted(spec, a, FheType::Uint8, a));
            functions.push(scalar_right(spec, a, FheType::Uint8));
        } else {
            // Only integers have widths to mix.
            let partners = spec.types.iter().filter(|b| *b == a || (integer(a) && integer(*b)));
            functions.extend(partners.map(|b| encrypted(spec, a, b, a.max(b))));
            functions.push(scalar_right(spec, a, a));
            functions.push(scalar_left(spec, a));
        }
    }
    functions
}

fn integer(ty: FheType) -> bool {
    TypeSet::INTEGER.contains(ty)
}

/// `a` and `b` of two types, computed at type `wide`.
fn encrypted(spec: &OpSpec, a: FheType, b: FheType, wide: FheType) -> Function {
    let result = spec.result_type(wide, wide);
    let (left, right) = (operand(a, wide, "a"), operand(b, wide, "b"));
    let call = format!("Host.binary({}, {left}, {right})", selector(spec.op));
    let casts = [a, b].into_iter().filter(|ty| *ty != wide).count() as u64;
    let cast = if casts == 0 { 0 } else { casts * price(Op::Cast, wide, false) };
    Function {
        doc: format!("Returns {}", meaning(spec.op, wide)),
        cost: hcu(price(spec.op, wide, false) + cast),
        name: name(spec.op),
        parameters: format!("{a} a, {b} b"),
        mutability: "",
        returns: result.to_string(),
        body: returned(result, &call),
    }
}

fn scalar_right(spec: &OpSpec, a: FheType, b: FheType) -> Function {
    let result = spec.result_type(a, a);
    let call =
        format!("Host.scalar({}, {}, {})", selector(spec.op), operand(a, a, "a"), word(b, "b"));
    let zero = if spec.scalar == ScalarRule::Required { ". Fails if `b` is zero" } else { "" };
    Function {
        doc: format!("Returns {}{zero}", meaning(spec.op, a)),
        cost: hcu(price(spec.op, a, true)),
        name: name(spec.op),
        parameters: format!("{a} a, {} b", clear(b)),
        mutability: "",
        returns: result.to_string(),
        body: returned(result, &call),
    }
}

/// The protocol has scalars on the right only: operands are swapped, comparisons turned around.
fn scalar_left(spec: &OpSpec, ty: FheType) -> Function {
    let result = spec.result_type(ty, ty);
    let (call, cost) = if spec.op == Op::Sub {
        let encrypted = format!("Host.encrypt({}, {})", word(ty, "a"), member(ty));
        let call =
            format!("Host.binary({}, {encrypted}, {})", selector(spec.op), operand(ty, ty, "b"));
        (call, price(spec.op, ty, false) + price(Op::TrivialEncrypt, ty, false))
    } else {
        let turned = match spec.op {
            Op::Ge => Op::Le,
            Op::Gt => Op::Lt,
            Op::Le => Op::Ge,
            Op::Lt => Op::Gt,
            other => other,
        };
        let call = format!(
            "Host.scalar({}, {}, {})",
            selector(turned),
            operand(ty, ty, "b"),
            word(ty, "a")
        );
        (call, price(turned, ty, true))
    };
    Function {
        doc: format!("Returns {}", meaning(spec.op, ty)),
        cost: hcu(cost),
        name: name(spec.op),
        parameters: format!("{} a, {ty} b", clear(ty)),
        mutability: "",
        returns: result.to_string(),
        body: returned(result, &call),
    }
}

fn select(spec: &OpSpec, ty: FheType) -> Function {
    let handles = [
        operand(FheType::Bool, FheType::Bool, "control"),
        operand(ty, ty, "ifTrue"),
        operand(ty, ty, "ifFalse"),
    ]
    .join(", ");
    Function {
        doc: "Returns `control ? ifTrue : ifFalse`".to_owned(),
        cost: hcu(price(spec.op, ty, false)),
        name: "select".to_owned(),
        parameters: format!("ebool control, {ty} ifTrue, {ty} ifFalse"),
        mutability: "",
        returns: ty.to_string(),
        body: returned(ty, &format!("Host.select({handles})")),
    }
}

/// From every type to every other. The executor does not cast to Bool: it is a comparison.
fn casts(spec: &OpSpec) -> Vec<Function> {
    let mut functions = Vec::new();
    for to in spec.types.iter() {
        for from in spec.types.iter().filter(|from| *from != to) {
            let (doc, call, cost) = if to == FheType::Bool {
                let call = format!(
                    "Host.scalar({}, {}, 0)",
                    selector(Op::Ne),
                    operand(from, from, "value")
                );
                ("whether `value` is not zero", call, price(Op::Ne, from, true))
            } else {
                let doc = if from > to { "the low bits of `value`" } else { "`value`" };
                let cast = format!("Host.cast({}, {})", operand(from, from, "value"), member(to));
                (doc, cast, price(spec.op, to, false))
            };
            functions.push(Function {
                doc: format!("Returns {doc} as `{to}`"),
                cost: hcu(cost),
                name: format!("as{}", title(to)),
                parameters: format!("{from} value"),
                mutability: "",
                returns: to.to_string(),
                body: returned(to, &call),
            });
        }
    }
    functions
}

fn encrypt(spec: &OpSpec, ty: FheType) -> Function {
    Function {
        doc: format!("Returns a clear value, which everyone sees, as `{ty}`"),
        cost: hcu(price(spec.op, ty, false)),
        name: format!("as{}", title(ty)),
        parameters: format!("{} value", clear(ty)),
        mutability: "",
        returns: ty.to_string(),
        body: returned(ty, &format!("Host.encrypt({}, {})", word(ty, "value"), member(ty))),
    }
}

fn rand(spec: &OpSpec, ty: FheType) -> Function {
    Function {
        doc: format!("Returns a random `{ty}`"),
        cost: hcu(price(spec.op, ty, false)),
        name: format!("rand{}", title(ty)),
        parameters: String::new(),
        mutability: "",
        returns: ty.to_string(),
        body: returned(ty, &format!("Host.rand({})", member(ty))),
    }
}

fn bounded(spec: &OpSpec, ty: FheType) -> Function {
    Function {
        doc: format!("Returns a random `{ty}` below `upperBound`, which must be a power of two"),
        cost: hcu(price(spec.op, ty, false)),
        name: format!("rand{}", title(ty)),
        parameters: format!("{} upperBound", clear(ty)),
        mutability: "",
        returns: ty.to_string(),
        body: returned(ty, &format!("Host.randBounded(upperBound, {})", member(ty))),
    }
}

/// The statements that copy `values` into `handles`, without the types.
fn handles(ty: FheType) -> Vec<String> {
    vec![
        "bytes32[] memory handles;".to_owned(),
        "assembly (\"memory-safe\") {".to_owned(),
        "    handles := values".to_owned(),
        "}".to_owned(),
        format!("handles = Host.initialised(handles, {});", member(ty)),
    ]
}

fn sum(spec: &OpSpec, ty: FheType) -> Function {
    let call = format!("Host.executor().fheSum(handles, {})", member(ty));
    let doc = format!("Returns the sum of at most {} values", OpSpec::collection_limit(ty));
    Function {
        doc: format!("{doc} modulo 2^{}", ty.bits()),
        cost: tiers(&spec.hcu, ty),
        name: "sum".to_owned(),
        parameters: format!("{ty}[] memory values"),
        mutability: "",
        returns: ty.to_string(),
        body: [handles(ty), returned(ty, &call)].concat(),
    }
}

fn is_in(spec: &OpSpec, ty: FheType) -> Function {
    let call = "Host.executor().fheIsIn(handle, handles, ".to_owned() + &member(ty) + ")";
    let first = vec![format!("bytes32 handle = {};", operand(ty, ty, "value"))];
    let limit = OpSpec::collection_limit(ty);
    Function {
        doc: format!("Returns whether `value` is one of at most {limit} values"),
        cost: tiers(&spec.hcu, ty),
        name: "isIn".to_owned(),
        parameters: format!("{ty} value, {ty}[] memory values"),
        mutability: "",
        returns: "ebool".to_owned(),
        body: [first, handles(ty), returned(FheType::Bool, &call)].concat(),
    }
}

/// The prices of a collection by its size.
fn tiers(row: &HcuRow, ty: FheType) -> String {
    let sizes = TIERS.into_iter().filter(|size| *size <= OpSpec::collection_limit(ty));
    let prices = sizes.map(|size| {
        let price = row.price(ty, false, size).expect("the type is in the row");
        format!("{} for up to {size} values", hcu(price))
    });
    prices.collect::<Vec<_>>().join(", ")
}

/// Either factor may be clear, not both.
fn mul_div(spec: &OpSpec, ty: FheType) -> Vec<Function> {
    let function = |scalar: bool, a: String, b: String, call: String| Function {
        doc: format!("Returns `a * b / divisor` modulo 2^{}, the product exact", ty.bits()),
        cost: hcu(price(spec.op, ty, scalar)),
        name: "mulDiv".to_owned(),
        parameters: format!("{a} a, {b} b, {} divisor", clear(ty)),
        mutability: "",
        returns: ty.to_string(),
        body: returned(ty, &call),
    };
    let (enc, plain) = (|| ty.to_string(), || clear(ty));
    let (a, b) = (operand(ty, ty, "a"), operand(ty, ty, "b"));
    vec![
        function(false, enc(), enc(), format!("Host.mulDiv({a}, {b}, divisor)")),
        function(true, enc(), plain(), format!("Host.mulDivScalar({a}, b, divisor)")),
        function(true, plain(), enc(), format!("Host.mulDivScalar({b}, a, divisor)")),
    ]
}

fn input(ty: FheType) -> Function {
    let external = format!("external{}", title(ty));
    let call = format!("_input({external}.unwrap(inputHandle), inputProof, {})", member(ty));
    Function {
        doc: "Returns an encrypted input if the proof covers it for the sender and this contract. \
              With an empty proof: a handle that the sender may use"
            .to_owned(),
        cost: String::new(),
        name: "fromExternal".to_owned(),
        parameters: format!("{external} inputHandle, bytes memory inputProof"),
        mutability: "",
        returns: ty.to_string(),
        body: returned(ty, &call),
    }
}
