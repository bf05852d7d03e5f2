//! An operation on given operands, and what must come of it.

use std::{collections::BTreeMap, fmt};

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Op};
use serde::{Deserialize, Serialize, de};

use crate::error::FormatError;

/// An operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Argument {
    /// A ciphertext of this value, from a client's input.
    Encrypted(FheType, U256),
    /// A word in calldata.
    Clear(U256),
    /// A handle of this type that is well-formed, and that no transaction made.
    Unknown(FheType),
    /// The handle that a variable has before anything was stored in it.
    Zero,
}

/// What must come of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A ciphertext of this value.
    Value(FheType, U256),
    /// A ciphertext of any value below this one, which is `None` for `2^256`.
    Below(FheType, Option<U256>),
    /// A revert with this custom error.
    Error {
        /// Its signature, such as `DivisionByZero()`.
        signature: String,
        /// Its arguments, if they are checked: words, `$0` for the first operand's handle, or
        /// `@prober` for the account that calls.
        arguments: Vec<String>,
    },
}

/// An operation on given operands, and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// Where it stands: operation, operands, number.
    pub id: String,
    /// The operation.
    pub op: Op,
    /// Its operands, in the order of its arguments.
    pub operands: Vec<Argument>,
    /// Its argument of the type `FheType`, as an id.
    pub ty: Option<u8>,
    /// Its scalar byte.
    pub scalar: Option<u8>,
    /// What must come of it.
    pub expected: Expected,
}

/// How the operands of a group's vectors reach the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Encrypted, of this type: `euint8`.
    Encrypted(FheType),
    /// A word in calldata: `clear`.
    Clear,
    /// See [`Argument::Unknown`]: `unknown euint8`.
    Unknown(FheType),
    /// See [`Argument::Zero`]: `zero`.
    Zero,
    /// Any number of encrypted ones of this type: `euint8...`. Only as the last.
    Rest(FheType),
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encrypted(ty) => write!(f, "{ty}"),
            Self::Clear => f.write_str("clear"),
            Self::Unknown(ty) => write!(f, "unknown {ty}"),
            Self::Zero => f.write_str("zero"),
            Self::Rest(ty) => write!(f, "{ty}..."),
        }
    }
}

/// The type of this name.
pub(crate) fn type_named(name: &str) -> Option<FheType> {
    FheType::ALL.into_iter().find(|ty| ty.to_string() == name)
}

impl Serialize for Form {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let form = match text.as_str() {
            "clear" => Some(Self::Clear),
            "zero" => Some(Self::Zero),
            other => match (other.strip_prefix("unknown "), other.strip_suffix("...")) {
                (Some(name), _) => type_named(name).map(Self::Unknown),
                (_, Some(name)) => type_named(name).map(Self::Rest),
                _ => type_named(other).map(Self::Encrypted),
            },
        };
        form.ok_or_else(|| de::Error::custom(format!("{text:?} is no form of an operand")))
    }
}

/// What must come of each of a group's vectors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The last word of each vector, as this type.
    Result(String),
    /// A value of this type below the last word of each vector; zero stands for `2^256`.
    Below(String),
    /// This error. Vectors have no further word.
    Error(String),
}

/// Vectors that differ in values alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// How each operand reaches the operation.
    pub operands: Vec<Form>,
    /// The argument of type `FheType`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub ty: Option<u8>,
    /// The scalar byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalar: Option<u8>,
    /// What must come of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Arguments of the error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// For each vector the operands' values, and the outcome's.
    pub vectors: Vec<Vec<U256>>,
}

/// A file with the vectors of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationFile {
    /// [`crate::SCHEMA`].
    pub schema: String,
    /// The executor's function.
    pub operation: String,
    /// Its signature.
    pub signature: String,
    /// The vectors.
    pub groups: Vec<Group>,
}

impl OperationFile {
    /// The vectors, one by one.
    ///
    /// # Errors
    /// If the file is of another version, or does not make sense.
    pub fn vectors(&self) -> Result<Vec<Vector>, FormatError> {
        if self.schema != crate::SCHEMA {
            return Err(FormatError::Schema(self.schema.clone()));
        }
        let known = ciphervm_fhe::OPS.iter().find(|spec| spec.op.name() == self.operation);
        let op = known.ok_or_else(|| FormatError::Operation(self.operation.clone()))?.op;
        let mut numbers = BTreeMap::new();
        let mut vectors = Vec::new();
        for group in &self.groups {
            let family = group.family(op);
            for values in &group.vectors {
                let number: &mut usize = numbers.entry(family.clone()).or_default();
                let id = format!("{family}/{number}");
                *number += 1;
                vectors.push(group.vector(id, op, values)?);
            }
        }
        Ok(vectors)
    }
}

impl Group {
    /// What the ids of the vectors begin with.
    fn family(&self, op: Op) -> String {
        let forms: Vec<String> = self.operands.iter().map(Form::to_string).collect();
        let mut family = format!("{}/{}", op.name(), forms.join(","));
        let wanted = self.ty.map(|id| match FheType::from_id(id) {
            Some(ty) => ty.to_string(),
            None => format!("type-{id}"),
        });
        if let Some(wanted) = wanted {
            family = format!("{family}->{wanted}");
        }
        if let Outcome::Error(signature) = &self.outcome {
            let name = signature.split('(').next().unwrap_or(signature);
            family = format!("{family}/{name}");
        }
        family
    }

    fn vector(&self, id: String, op: Op, values: &[U256]) -> Result<Vector, FormatError> {
        let malformed =
            |reason: &str| FormatError::Vector { id: id.clone(), reason: reason.into() };
        let ty = |name: &str| type_named(name).ok_or_else(|| malformed("there is no such type"));
        let (inputs, expected) = match (&self.outcome, values) {
            (Outcome::Error(signature), inputs) => {
                let (signature, arguments) = (signature.clone(), self.arguments.clone());
                (inputs, Expected::Error { signature, arguments })
            }
            (Outcome::Result(name), [inputs @ .., value]) => {
                (inputs, Expected::Value(ty(name)?, *value))
            }
            (Outcome::Below(name), [inputs @ .., bound]) => {
                let bound = (!bound.is_zero()).then_some(*bound);
                (inputs, Expected::Below(ty(name)?, bound))
            }
            _ => return Err(malformed("it lacks its result")),
        };
        let mut inputs = inputs.iter().copied();
        let mut next = || inputs.next().ok_or_else(|| malformed("it lacks a value"));
        let mut operands = Vec::new();
        for form in &self.operands {
            match form {
                Form::Encrypted(ty) => operands.push(Argument::Encrypted(*ty, next()?)),
                Form::Clear => operands.push(Argument::Clear(next()?)),
                Form::Unknown(ty) => operands.push(Argument::Unknown(*ty)),
                Form::Zero => operands.push(Argument::Zero),
                Form::Rest(ty) => {
                    operands.extend(inputs.by_ref().map(|value| Argument::Encrypted(*ty, value)));
                    break;
                }
            }
        }
        if inputs.next().is_some() {
            return Err(malformed("it has more values than operands"));
        }
        let too_large = operands.iter().any(
            |operand| matches!(operand, Argument::Encrypted(ty, value) if *value > ty.max_value()),
        );
        if too_large {
            return Err(malformed("a value does not fit its type"));
        }
        Ok(Vector { op, operands, ty: self.ty, scalar: self.scalar, expected, id })
    }
}

impl Vector {
    /// Operation and operands' forms: what a summary counts by.
    pub fn row(&self) -> (String, String) {
        let ty = match self.operands.iter().rev().find_map(|operand| match operand {
            Argument::Encrypted(ty, _) | Argument::Unknown(ty) => Some(*ty),
            _ => None,
        }) {
            Some(ty) => Some(ty),
            None => self.ty.and_then(FheType::from_id),
        };
        let ty = ty.map_or_else(|| "none".to_owned(), |ty| ty.to_string());
        (self.op.name().to_owned(), ty)
    }
}
