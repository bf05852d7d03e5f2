//! What operations must refuse, with the error that they must give. Operands without access are in
//! [`super::access`].

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Op, OpSpec, ScalarRule, Shape};

use super::{ENCRYPTED, SCALAR, SCALAR_DIVISOR, SCALAR_FACTOR, draw};
use crate::vector::{Form, Group, Outcome};

pub(super) const UNSUPPORTED: &str = "UnsupportedType()";
pub(super) const INCOMPATIBLE: &str = "IncompatibleTypes()";
const BY_ZERO: &str = "DivisionByZero()";
/// Members of the enum that no operation takes: 4, 512 and 2 bits, and the last one.
const RESERVED: [u8; 4] = [1, 9, 12, 83];

/// The refusals of one operation.
pub(super) fn of(spec: &OpSpec) -> Vec<Group> {
    match spec.shape {
        Shape::Unary => unary(spec),
        Shape::Binary => binary(spec),
        Shape::Select => select(spec),
        Shape::Cast => cast(spec),
        Shape::TrivialEncrypt => requested(spec, &[Form::Clear], &[U256::ONE]),
        Shape::Rand => requested(spec, &[], &[]),
        Shape::RandBounded => bounded(spec),
        Shape::Sum | Shape::IsIn => collection(spec),
        Shape::MulDiv => mul_div(spec),
        // Inputs are in sequences: each needs a proof.
        Shape::VerifyInput => Vec::new(),
    }
}

/// A refusal of one call.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) group: Group,
}

impl Refusal {
    pub(super) fn new(error: &str, forms: &[Form], values: &[U256]) -> Self {
        Self {
            group: Group {
                operands: forms.to_vec(),
                ty: None,
                scalar: None,
                outcome: Outcome::Error(error.to_owned()),
                arguments: Vec::new(),
                vectors: vec![values.to_vec()],
            },
        }
    }

    fn scalar(mut self, byte: u8) -> Self {
        self.group.scalar = Some(byte);
        self
    }

    fn ty(mut self, id: u8) -> Self {
        self.group.ty = Some(id);
        self
    }

    fn arguments(mut self, arguments: &[&str]) -> Self {
        self.group.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        self
    }

    /// The error names operand `position` and the caller.
    pub(super) fn names(self, position: usize) -> Self {
        self.arguments(&[&format!("${position}"), "@prober"])
    }
}

fn groups(refusals: Vec<Refusal>) -> Vec<Group> {
    refusals.into_iter().map(|refusal| refusal.group).collect()
}

fn unsupported(spec: &OpSpec) -> impl Iterator<Item = FheType> {
    let types = spec.types;
    FheType::ALL.into_iter().filter(move |ty| !types.contains(*ty))
}

fn value(ty: FheType) -> U256 {
    draw(ty, 0)
}

fn unary(spec: &OpSpec) -> Vec<Group> {
    let refusal = |ty| Refusal::new(UNSUPPORTED, &[Form::Encrypted(ty)], &[value(ty)]);
    groups(unsupported(spec).map(refusal).collect())
}

fn binary(spec: &OpSpec) -> Vec<Group> {
    let only_scalar = spec.scalar == ScalarRule::Required;
    let both: &[u8] = if only_scalar { &[SCALAR] } else { &[ENCRYPTED, SCALAR] };
    let word = U256::from(3);
    let mut refusals = Vec::new();
    for ty in unsupported(spec) {
        let lhs = Form::Encrypted(ty);
        for byte in both {
            let (rhs, right) = if *byte == SCALAR { (Form::Clear, word) } else { (lhs, value(ty)) };
            let refusal = Refusal::new(UNSUPPORTED, &[lhs, rhs], &[value(ty), right]);
            refusals.push(refusal.scalar(*byte));
        }
    }
    for ty in spec.types.iter() {
        let known = Form::Encrypted(ty);
        if only_scalar {
            for byte in [0x00, 0x02, 0xff] {
                let forms = [known, Form::Clear];
                refusals
                    .push(Refusal::new("IsNotScalar()", &forms, &[value(ty), word]).scalar(byte));
            }
            let mut divisors = vec![U256::ZERO];
            // Zero in the bits that count.
            divisors.extend((ty.bits() < 256).then(|| U256::ONE << ty.bits()));
            for divisor in divisors {
                let refusal = Refusal::new(BY_ZERO, &[known, Form::Clear], &[value(ty), divisor]);
                refusals.push(refusal.scalar(SCALAR));
            }
            continue;
        }
        for byte in [0x02, 0xff] {
            let error = "ScalarByteIsNotBoolean()";
            let refusal = Refusal::new(error, &[known, Form::Clear], &[value(ty), word]);
            refusals.push(refusal.scalar(byte));
        }
        for other in FheType::ALL.into_iter().filter(|other| *other != ty) {
            let forms = [known, Form::Encrypted(other)];
            let refusal = Refusal::new(INCOMPATIBLE, &forms, &[value(ty), value(other)]);
            refusals.push(refusal.scalar(ENCRYPTED));
        }
    }
    groups(refusals)
}

fn select(spec: &OpSpec) -> Vec<Group> {
    let condition = Form::Encrypted(FheType::Bool);
    let mut refusals = Vec::new();
    for ty in spec.types.iter() {
        let branch = Form::Encrypted(ty);
        if ty != FheType::Bool {
            let values = [value(ty), value(ty), value(ty)];
            refusals.push(Refusal::new(UNSUPPORTED, &[branch; 3], &values));
        }
        for other in FheType::ALL.into_iter().filter(|other| *other != ty) {
            let forms = [condition, branch, Form::Encrypted(other)];
            let values = [U256::ONE, value(ty), value(other)];
            refusals.push(Refusal::new(INCOMPATIBLE, &forms, &values));
        }
    }
    groups(refusals)
}

fn cast(spec: &OpSpec) -> Vec<Group> {
    let mut refusals = Vec::new();
    for ty in spec.types.iter() {
        let known = [Form::Encrypted(ty)];
        let impossible = [FheType::Bool.id(), FheType::Uint160.id()];
        for id in impossible.into_iter().chain(RESERVED) {
            refusals.push(Refusal::new(UNSUPPORTED, &known, &[value(ty)]).ty(id));
        }
        // To a Bool of a Bool is refused for the type that it wants.
        if ty != FheType::Bool {
            refusals.push(Refusal::new("InvalidType()", &known, &[value(ty)]).ty(ty.id()));
        }
    }
    for ty in unsupported(spec) {
        let refusal = Refusal::new(UNSUPPORTED, &[Form::Encrypted(ty)], &[value(ty)]);
        refusals.push(refusal.ty(FheType::Uint8.id()));
    }
    groups(refusals)
}

/// Types that cannot be asked for.
fn requested(spec: &OpSpec, forms: &[Form], values: &[U256]) -> Vec<Group> {
    let ids = unsupported(spec).map(FheType::id).chain(RESERVED);
    groups(ids.map(|id| Refusal::new(UNSUPPORTED, forms, values).ty(id)).collect())
}

fn bounded(spec: &OpSpec) -> Vec<Group> {
    let mut found = requested(spec, &[Form::Clear], &[U256::from(8)]);
    let mut refusals = Vec::new();
    for ty in spec.types.iter() {
        let bounds = [U256::ZERO, U256::from(3), U256::from(6), ty.max_value(), U256::MAX];
        for bound in super::distinct(bounds.into()) {
            let refusal = Refusal::new("NotPowerOfTwo()", &[Form::Clear], &[bound]);
            refusals.push(refusal.ty(ty.id()));
        }
        if ty.bits() < 255 {
            for bound in [U256::ONE << (ty.bits() + 1), U256::ONE << 255] {
                let error = "UpperBoundAboveMaxTypeValue()";
                refusals.push(Refusal::new(error, &[Form::Clear], &[bound]).ty(ty.id()));
            }
        }
    }
    found.extend(groups(refusals));
    found
}

fn collection(spec: &OpSpec) -> Vec<Group> {
    let is_in = spec.op == Op::IsIn;
    let mut refusals = Vec::new();
    // The value that is looked for, if there is one, and its type.
    let first = |ty: FheType| is_in.then_some((Form::Encrypted(ty), value(ty)));
    for ty in unsupported(spec) {
        let (forms, values): (Vec<_>, Vec<_>) = first(ty).into_iter().unzip();
        refusals.push(Refusal::new(UNSUPPORTED, &forms, &values).ty(ty.id()));
    }
    for ty in spec.types.iter() {
        let limit = OpSpec::collection_limit(ty);
        let (forms, values): (Vec<_>, Vec<_>) = first(ty).into_iter().unzip();
        let refuse = |error: &str, more: &[Form], further: &[U256]| {
            let forms = [&forms[..], more].concat();
            Refusal::new(error, &forms, &[&values[..], further].concat()).ty(ty.id())
        };
        let many = vec![value(ty); limit + 1];
        let error = "FHECollectionSizeInvalid(uint256,uint256)";
        let (size, limit) = ((limit + 1).to_string(), limit.to_string());
        refusals.push(refuse(error, &[Form::Rest(ty)], &many).arguments(&[&size, &limit]));
        for other in FheType::ALL.into_iter().filter(|other| *other != ty) {
            let more = [Form::Encrypted(ty), Form::Encrypted(other)];
            refusals.push(refuse(INCOMPATIBLE, &more, &[value(ty), value(other)]));
            if is_in {
                let forms = [Form::Encrypted(other), Form::Encrypted(ty)];
                let values = [value(other), value(ty)];
                refusals.push(Refusal::new(INCOMPATIBLE, &forms, &values).ty(ty.id()));
            }
        }
    }
    groups(refusals)
}

fn mul_div(spec: &OpSpec) -> Vec<Group> {
    let five = U256::from(5);
    let mut refusals = Vec::new();
    for ty in unsupported(spec) {
        let forms = [Form::Encrypted(ty), Form::Encrypted(ty), Form::Clear];
        let refusal = Refusal::new(UNSUPPORTED, &forms, &[value(ty), value(ty), five]);
        refusals.push(refusal.scalar(SCALAR_DIVISOR));
        let forms = [Form::Encrypted(ty), Form::Clear, Form::Clear];
        let refusal = Refusal::new(UNSUPPORTED, &forms, &[value(ty), five, five]);
        refusals.push(refusal.scalar(SCALAR_FACTOR));
    }
    for ty in spec.types.iter() {
        let known = Form::Encrypted(ty);
        for divisor in [U256::ZERO, U256::ONE << ty.bits()] {
            let values = [value(ty), five, divisor];
            let refusal = Refusal::new(BY_ZERO, &[known, Form::Clear, Form::Clear], &values);
            refusals.push(refusal.scalar(SCALAR_FACTOR));
            let values = [value(ty), value(ty), divisor];
            let refusal = Refusal::new(BY_ZERO, &[known, known, Form::Clear], &values);
            refusals.push(refusal.scalar(SCALAR_DIVISOR));
        }
        for byte in [0x00, 0x02, 0x04, 0xff] {
            let error = "InvalidMulDivScalarByte()";
            let forms = [known, Form::Clear, Form::Clear];
            refusals.push(Refusal::new(error, &forms, &[value(ty), five, five]).scalar(byte));
        }
        for other in FheType::ALL.into_iter().filter(|other| *other != ty) {
            let forms = [known, Form::Encrypted(other), Form::Clear];
            let refusal = Refusal::new(INCOMPATIBLE, &forms, &[value(ty), value(other), five]);
            refusals.push(refusal.scalar(SCALAR_DIVISOR));
        }
    }
    groups(refusals)
}
