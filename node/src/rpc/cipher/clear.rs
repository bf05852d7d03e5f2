//! Clear values in JSON.

use alloy_primitives::{Address, U256};
use ciphervm_fhe::FheType;
use serde::{Deserialize, Serialize};

/// A clear value: `true` or `false`, or a string, or a number that JSON can hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Clear {
    Bool(bool),
    Number(u64),
    Text(String),
}

/// One value, or a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> From<OneOrMany<T>> for Vec<T> {
    fn from(values: OneOrMany<T>) -> Self {
        match values {
            OneOrMany::One(value) => vec![value],
            OneOrMany::Many(values) => values,
        }
    }
}

/// The value of a handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decrypted {
    #[serde(rename = "type")]
    ty: String,
    value: Clear,
}

impl Decrypted {
    pub(super) fn new(ty: FheType, value: U256) -> Self {
        let clear = match ty {
            FheType::Bool => Clear::Bool(!value.is_zero()),
            FheType::Uint160 => Clear::Text(Address::from_word(value.into()).to_string()),
            _ => Clear::Text(value.to_string()),
        };
        Self { ty: ty.to_string(), value: clear }
    }
}

/// Values with their types.
///
/// # Errors
/// What is wrong with them, and the fix.
pub(super) fn typed(
    values: Vec<Clear>,
    types: Vec<String>,
) -> Result<Vec<(FheType, U256)>, String> {
    if values.len() != types.len() {
        return Err(format!(
            "{} values and {} types: give one type for each value",
            values.len(),
            types.len()
        ));
    }
    values.iter().zip(&types).map(|(value, ty)| parse(value, ty)).collect()
}

fn parse(value: &Clear, name: &str) -> Result<(FheType, U256), String> {
    let ty = FheType::ALL.into_iter().find(|ty| ty.to_string() == name).ok_or_else(|| {
        let known = FheType::ALL.map(|ty| ty.to_string()).join(", ");
        format!("{name:?} is no encrypted type: there are {known}")
    })?;
    let number = match (ty, value) {
        (FheType::Bool, Clear::Bool(value)) => Some(U256::from(u8::from(*value))),
        (FheType::Bool, _) | (_, Clear::Bool(_)) => None,
        (_, Clear::Number(value)) => Some(U256::from(*value)),
        (_, Clear::Text(text)) => text.parse().ok(),
    };
    let number = number.ok_or_else(|| match ty {
        FheType::Bool => "a value of type ebool is true or false".to_owned(),
        _ => format!("a value of type {ty} is a string in decimal, or with 0x in hexadecimal"),
    })?;
    if number > ty.max_value() {
        return Err(format!("{number} does not fit {ty}: its largest value is {}", ty.max_value()));
    }
    Ok((ty, number))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn typed(values: Value, types: Value) -> Result<Vec<(FheType, U256)>, String> {
        let values: OneOrMany<Clear> = serde_json::from_value(values).unwrap();
        let types: OneOrMany<String> = serde_json::from_value(types).unwrap();
        super::typed(values.into(), types.into())
    }

    #[test]
    fn values_are_read_as_they_are_shown() {
        let values = [
            (FheType::Bool, U256::ONE),
            (FheType::Uint8, U256::from(255)),
            (FheType::Uint160, U256::from(0xa11ce)),
            (FheType::Uint256, U256::MAX),
        ];
        for (ty, value) in values {
            let Decrypted { ty: name, value: clear } = Decrypted::new(ty, value);
            let clear = serde_json::to_value(clear).unwrap();
            assert_eq!(typed(clear, json!(name)), Ok(vec![(ty, value)]));
        }
        let shown = serde_json::to_value(Decrypted::new(FheType::Bool, U256::ZERO)).unwrap();
        assert_eq!(shown, json!({ "type": "ebool", "value": false }));
    }

    #[test]
    fn numbers_come_in_three_ways() {
        let answer = typed(json!([77, "77", "0x4d"]), json!(["euint8", "euint8", "euint8"]));
        assert_eq!(answer, Ok(vec![(FheType::Uint8, U256::from(77)); 3]));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (value, ty, complaint) in [
            (json!(256), json!("euint8"), "256 does not fit euint8: its largest value is 255"),
            (json!(1), json!("ebool"), "true or false"),
            (json!(true), json!("euint8"), "a string in decimal"),
            (json!("ten"), json!("euint8"), "a string in decimal"),
            (json!(1), json!("uint8"), "\"uint8\" is no encrypted type: there are ebool, euint8"),
            (json!([1, 2]), json!("euint8"), "2 values and 1 types"),
        ] {
            let error = typed(value, ty).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
