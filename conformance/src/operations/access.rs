//! Operands that the caller has no access to, at each position: handles that nobody made, and the
//! zero handle.

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, OpSpec, ScalarRule, Shape};

use super::{
    ENCRYPTED, SCALAR, SCALAR_DIVISOR, SCALAR_FACTOR, distinct, draw,
    refusals::{INCOMPATIBLE, Refusal, UNSUPPORTED},
};
use crate::vector::{Form, Group};

const NOT_ALLOWED: &str = "ACLNotAllowed(bytes32,address)";

/// A call that succeeds if its caller has access to the operands.
struct Call {
    forms: Vec<Form>,
    values: Vec<U256>,
    ty: Option<FheType>,
    scalar: Option<u8>,
}

impl Call {
    /// A call with the same words for all operands of a kind.
    fn new(ty: FheType, forms: &[Form]) -> Self {
        let value = |form: &Form| match form {
            Form::Encrypted(FheType::Bool) => U256::ONE,
            Form::Encrypted(_) => draw(ty, 0),
            _ => U256::from(3),
        };
        let (forms, values) = (forms.to_vec(), forms.iter().map(value).collect());
        Self { forms, values, ty: None, scalar: None }
    }

    fn scalar(self, byte: u8) -> Self {
        Self { scalar: Some(byte), ..self }
    }

    fn ty(self, ty: FheType) -> Self {
        Self { ty: Some(ty), ..self }
    }

    /// The refusal of the call with another handle at `position`.
    fn refused(&self, position: usize, form: Form, error: &str) -> Group {
        let (mut forms, mut values) = (self.forms.clone(), self.values.clone());
        forms[position] = form;
        values.remove(position);
        let mut refusal = Refusal::new(error, &forms, &values);
        if error == NOT_ALLOWED {
            refusal = refusal.names(position);
        }
        Group { ty: self.ty.map(FheType::id), scalar: self.scalar, ..refusal.group }
    }
}

/// The refusals of one operation.
pub(super) fn of(spec: &OpSpec) -> Vec<Group> {
    let mut found = Vec::new();
    for call in spec.types.iter().flat_map(|ty| calls(spec, ty)) {
        for (position, form) in call.forms.iter().enumerate() {
            let Form::Encrypted(ty) = form else { continue };
            found.push(call.refused(position, Form::Unknown(*ty), NOT_ALLOWED));
            found.push(call.refused(position, Form::Zero, zero_handle(spec, position)));
        }
    }
    // The zero handle beside words is the same for each type.
    distinct(found)
}

/// What is wrong with the zero handle at `position`. It says that it is a Bool, and nobody has
/// access to it: which of these an operation finds first is the operation's.
fn zero_handle(spec: &OpSpec, position: usize) -> &'static str {
    let typed_first = match spec.shape {
        Shape::Unary | Shape::Binary | Shape::MulDiv | Shape::IsIn => position == 0,
        Shape::Select => position == 1,
        _ => false,
    };
    match spec.shape {
        _ if !typed_first || spec.types.contains(FheType::Bool) => NOT_ALLOWED,
        Shape::IsIn => INCOMPATIBLE,
        _ => UNSUPPORTED,
    }
}

/// The forms of an operation on type `ty`.
fn calls(spec: &OpSpec, ty: FheType) -> Vec<Call> {
    let (known, word) = (Form::Encrypted(ty), Form::Clear);
    let call = |forms: &[Form]| Call::new(ty, forms);
    match spec.shape {
        Shape::Unary => vec![call(&[known])],
        Shape::Binary => {
            let scalar = call(&[known, word]).scalar(SCALAR);
            match spec.scalar {
                ScalarRule::Required => vec![scalar],
                _ => vec![scalar, call(&[known; 2]).scalar(ENCRYPTED)],
            }
        }
        Shape::Select => vec![call(&[Form::Encrypted(FheType::Bool), known, known])],
        Shape::Cast => {
            let to = if ty == FheType::Uint256 { FheType::Uint8 } else { FheType::Uint256 };
            vec![call(&[known]).ty(to)]
        }
        Shape::Sum => [1, 2].map(|count| call(&vec![known; count]).ty(ty)).into(),
        Shape::IsIn => [1, 2, 3].map(|count| call(&vec![known; count]).ty(ty)).into(),
        Shape::MulDiv => vec![
            call(&[known, word, word]).scalar(SCALAR_FACTOR),
            call(&[known, known, word]).scalar(SCALAR_DIVISOR),
        ],
        // Without operands, or with a proof: inputs are in sequences.
        Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded | Shape::VerifyInput => Vec::new(),
    }
}
