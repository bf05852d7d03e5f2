//! Fields of a request, read one by one, so that an error names all that is wrong with it.

use alloy_primitives::{Address, Bytes, U256, hex};
use ciphervm_fhe::Handle;
use ciphervm_kms::ExtraData;
use serde_json::{Map, Value};

use super::error::{ApiError, Detail};

/// Extra data have at most so many bytes: a version, a context and an epoch.
const MAX_EXTRA_DATA: usize = 65;
/// Elements of an array, at most. The limits of what they are for are lower.
const MAX_ELEMENTS: usize = 4_096;

/// An object that is being read.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// Goes before the names of its fields in errors.
    path: String,
    missing: Vec<Detail>,
    invalid: Vec<Detail>,
}

impl<'a> Fields<'a> {
    /// The object that a body is.
    pub(super) fn of(body: &'a Value) -> Result<Self, ApiError> {
        let object = body.as_object();
        let object = object.ok_or_else(|| ApiError::malformed("the body is no JSON object"))?;
        Ok(Self::new(object, String::new()))
    }

    fn new(object: &'a Map<String, Value>, path: String) -> Self {
        Self { object, path, missing: Vec::new(), invalid: Vec::new() }
    }

    /// Says what is wrong, if anything is.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if !self.missing.is_empty() {
            return Err(ApiError::missing(self.missing));
        }
        if self.invalid.is_empty() { Ok(()) } else { Err(ApiError::invalid(self.invalid)) }
    }

    fn detail(&self, name: &str, issue: impl Into<String>) -> Detail {
        Detail { field: format!("{}{name}", self.path), issue: issue.into() }
    }

    /// Notes that a field makes no sense.
    pub(super) fn reject(&mut self, name: &str, issue: impl Into<String>) {
        self.invalid.push(self.detail(name, issue));
    }

    fn value(&mut self, name: &str) -> Option<&'a Value> {
        match self.object.get(name) {
            None | Some(Value::Null) => {
                self.missing.push(self.detail(name, "is missing"));
                None
            }
            value => value,
        }
    }

    /// A field that is read by `read`, or the default after a note.
    fn read<T: Default>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> T {
        let Some(value) = self.value(name) else { return T::default() };
        read(value).unwrap_or_else(|issue| {
            self.reject(name, issue);
            T::default()
        })
    }

    pub(super) fn address(&mut self, name: &str) -> Address {
        self.read(name, address)
    }

    pub(super) fn addresses(&mut self, name: &str) -> Vec<Address> {
        self.read(name, |value| array(value)?.iter().map(address).collect())
    }

    pub(super) fn handle(&mut self, name: &str) -> Handle {
        self.read(name, handle)
    }

    pub(super) fn handles(&mut self, name: &str) -> Vec<Handle> {
        self.read(name, |value| array(value)?.iter().map(handle).collect())
    }

    /// Bytes in hexadecimal, with `0x` or without.
    pub(super) fn bytes(&mut self, name: &str, limit: usize) -> Bytes {
        self.read(name, |value| bytes(value, limit))
    }

    /// A number: in decimal or, with `0x`, in hexadecimal, as text or as a JSON number.
    pub(super) fn number(&mut self, name: &str) -> u64 {
        self.read(name, number)
    }

    /// The id of the chain that is served.
    pub(super) fn chain_id(&mut self, name: &str, served: u64) -> u64 {
        self.read(name, |value| match number(value)? {
            found if found == served => Ok(found),
            _ => Err(format!("is another chain: this relayer serves chain {served}")),
        })
    }

    pub(super) fn extra_data(&mut self) -> ExtraData {
        ExtraData(self.bytes("extraData", MAX_EXTRA_DATA))
    }

    /// Reads the fields of an object in a field.
    pub(super) fn object<T: Default>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> T {
        let Some(value) = self.value(name) else { return T::default() };
        self.nested(value, name, read)
    }

    /// Reads the fields of each object of an array in a field.
    pub(super) fn objects<T: Default>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        let elements = self.read(name, array);
        (0..)
            .zip(elements)
            .map(|(index, value)| self.nested(value, &format!("{name}[{index}]"), &mut read))
            .collect()
    }

    fn nested<T: Default>(
        &mut self,
        value: &Value,
        name: &str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> T {
        let Some(object) = value.as_object() else {
            self.reject(name, "is no object");
            return T::default();
        };
        let mut fields = Fields::new(object, format!("{}{name}.", self.path));
        let read = read(&mut fields);
        self.missing.append(&mut fields.missing);
        self.invalid.append(&mut fields.invalid);
        read
    }
}

fn array(value: &Value) -> Result<&[Value], String> {
    match value.as_array() {
        None => Err("is no array".to_owned()),
        Some(array) if array.len() > MAX_ELEMENTS => {
            Err(format!("has {} elements, and at most {MAX_ELEMENTS} are read", array.len()))
        }
        Some(array) => Ok(array),
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "is no string".to_owned())
}

fn address(value: &Value) -> Result<Address, String> {
    text(value)?.parse().map_err(|_| "is no address of 20 bytes in hexadecimal".to_owned())
}

fn handle(value: &Value) -> Result<Handle, String> {
    let word = text(value)?.parse().map_err(|_| "is no handle of 32 bytes in hexadecimal")?;
    Ok(Handle(word))
}

fn bytes(value: &Value, limit: usize) -> Result<Bytes, String> {
    let text = text(value)?;
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.len() > 2 * limit {
        return Err(format!("has more than {limit} bytes"));
    }
    hex::decode(digits).map(Bytes::from).map_err(|_| "is no hexadecimal".to_owned())
}

fn number(value: &Value) -> Result<u64, String> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let (digits, radix) =
                text.strip_prefix("0x").map_or((text.as_str(), 10), |hex| (hex, 16));
            let number = U256::from_str_radix(digits, radix).ok();
            number.filter(|_| !digits.is_empty()).and_then(|number| number.try_into().ok())
        }
        _ => None,
    };
    number.ok_or_else(|| "is no number of at most 64 bits".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_in_all_forms_that_clients_send() {
        for value in [json!("0x7a69"), json!("31337"), json!(31337)] {
            assert_eq!(number(&value), Ok(31337));
        }
        for value in [json!(""), json!("0x"), json!(-1), json!("1e3"), json!(1.5), json!([])] {
            assert!(number(&value).is_err(), "{value}");
        }
        assert!(number(&json!("18446744073709551616")).is_err());
        assert_eq!(number(&json!("18446744073709551615")), Ok(u64::MAX));
    }

    #[test]
    fn an_error_names_every_field_that_is_missing_or_wrong() {
        let body = json!({ "a": "0x12", "list": [{ "handle": "0x01" }, 7] });
        let mut fields = Fields::of(&body).unwrap();
        assert_eq!(fields.bytes("a", 1), Bytes::from(vec![0x12]));
        fields.objects("list", |fields| {
            let _ = fields.address("contract");
        });
        fields.number("b");
        let missing = ["list[0].contract", "b"]
            .map(|field| Detail { field: field.to_owned(), issue: "is missing".to_owned() });
        assert_eq!(fields.finish(), Err(ApiError::missing(missing.to_vec())));

        let mut fields = Fields::of(&body).unwrap();
        assert_eq!(fields.bytes("a", 0), Bytes::new());
        let issue = "has more than 0 bytes".to_owned();
        let detail = Detail { field: "a".to_owned(), issue };
        assert_eq!(fields.finish(), Err(ApiError::invalid(vec![detail])));
    }
}
