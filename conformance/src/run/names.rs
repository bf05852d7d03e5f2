//! What the texts in sequences stand for.
//!
//! | text | what it is |
//! |---|---|
//! | `@alice` | an account or a contract |
//! | `$a` | a word or bytes that an earlier step named |
//! | `$a[2..34]`, `$a[2..]` | some of its bytes |
//! | `$a^5` | the same with the lowest bit of byte 5 changed |
//! | `now+60`, `now-60` | seconds from the last block's timestamp |
//! | `0x…`, `12` | itself |
//!
//! Terms of bytes are put together by `+`.

use std::collections::BTreeMap;

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, B256, Bytes, I256, U256, hex, keccak256};
use serde_json::Value;

/// Why a text has no meaning.
pub(super) type Meaningless = String;

/// Everything that has a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Accounts and contracts.
    pub(super) addresses: BTreeMap<String, Address>,
    /// What steps named.
    pub(super) values: BTreeMap<String, Bytes>,
    /// The last block's timestamp.
    pub(super) now: u64,
}

impl Names {
    /// An account.
    pub(super) fn address(&self, text: &str) -> Result<Address, Meaningless> {
        if let Some(name) = text.strip_prefix('@') {
            return self
                .addresses
                .get(name)
                .copied()
                .ok_or_else(|| format!("nobody is called {text}"));
        }
        text.parse().map_err(|_| format!("{text:?} is no address"))
    }

    /// Bytes: terms, put together.
    pub(super) fn bytes(&self, text: &str) -> Result<Bytes, Meaningless> {
        let mut bytes = Vec::new();
        for term in text.split('+') {
            bytes.extend(self.term(term)?);
        }
        Ok(bytes.into())
    }

    fn term(&self, term: &str) -> Result<Vec<u8>, Meaningless> {
        let Some(name) = term.strip_prefix('$') else {
            return hex::decode(term).map_err(|_| format!("{term:?} is no hexadecimal number"));
        };
        let number = |text: &str| -> Result<usize, Meaningless> {
            text.parse().map_err(|_| format!("{text:?} in {term:?} is no number"))
        };
        let (name, flipped) = match name.split_once('^') {
            Some((name, byte)) => (name, Some(number(byte)?)),
            None => (name, None),
        };
        let (name, range) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((name, range)) => (name, Some(range)),
            None => (name, None),
        };
        let value = self.values.get(name).ok_or_else(|| format!("nothing is called ${name}"))?;
        let mut bytes = match range.and_then(|range| range.split_once("..")) {
            None => value.to_vec(),
            Some((start, end)) => {
                let start = number(start)?;
                let end = if end.is_empty() { value.len() } else { number(end)? };
                let part = value.get(start..end);
                part.ok_or_else(|| format!("{term:?} of {} bytes", value.len()))?.to_vec()
            }
        };
        if let Some(byte) = flipped {
            let length = bytes.len();
            let byte = bytes.get_mut(byte).ok_or_else(|| format!("{term:?} of {length} bytes"))?;
            *byte ^= 1;
        }
        Ok(bytes)
    }

    /// A number.
    fn number(&self, text: &str) -> Result<U256, Meaningless> {
        let wrong = || format!("{text:?} is no number");
        let Some(offset) = text.strip_prefix("now") else {
            return text.parse().map_err(|_| wrong());
        };
        let offset: I256 =
            if offset.is_empty() { I256::ZERO } else { offset.parse().map_err(|_| wrong())? };
        let now = I256::from_raw(U256::from(self.now));
        Ok(now.saturating_add(offset).into_raw())
    }

    /// A word, as a call returns it.
    pub(super) fn word(&self, text: &str) -> Result<B256, Meaningless> {
        match text.as_bytes().first() {
            Some(b'@') => self.address(text).map(|address| address.into_word()),
            Some(b'$') => {
                let bytes = self.bytes(text)?;
                B256::try_from(&bytes[..]).map_err(|_| format!("{text:?} is no word"))
            }
            Some(b't' | b'f') => Ok(B256::with_last_byte(u8::from(text == "true"))),
            // An address may be written out.
            Some(b'0') if text.len() == 42 => self.address(text).map(|address| address.into_word()),
            _ => self.number(text).map(B256::from),
        }
    }

    /// Calldata of a function.
    pub(super) fn encode(
        &self,
        function: &str,
        arguments: &[Value],
    ) -> Result<Vec<u8>, Meaningless> {
        let start = function.find('(').ok_or_else(|| format!("{function:?} is no signature"))?;
        let ty = DynSolType::parse(&function[start..]).map_err(|error| error.to_string())?;
        let value = self.value(&ty, &Value::Array(arguments.to_vec()))?;
        let mut data = keccak256(function)[..4].to_vec();
        // Without arguments the parser takes an empty tuple.
        data.extend(value.abi_encode_params());
        Ok(data)
    }

    fn value(&self, ty: &DynSolType, value: &Value) -> Result<DynSolValue, Meaningless> {
        let wrong = || format!("{value} is no {ty}");
        let text = || value.as_str().ok_or_else(wrong);
        Ok(match ty {
            DynSolType::Tuple(types) => {
                let values = value.as_array().filter(|values| values.len() == types.len());
                let values = values.ok_or_else(wrong)?.iter().zip(types);
                DynSolValue::Tuple(
                    values.map(|(value, ty)| self.value(ty, value)).collect::<Result<_, _>>()?,
                )
            }
            DynSolType::Array(inner) => {
                let values = value.as_array().ok_or_else(wrong)?.iter();
                DynSolValue::Array(
                    values.map(|value| self.value(inner, value)).collect::<Result<_, _>>()?,
                )
            }
            DynSolType::Address => DynSolValue::Address(self.address(text()?)?),
            DynSolType::Bool => DynSolValue::Bool(text()? == "true"),
            DynSolType::Uint(bits) => DynSolValue::Uint(self.number(text()?)?, *bits),
            DynSolType::FixedBytes(32) => DynSolValue::FixedBytes(self.word_argument(text()?)?, 32),
            DynSolType::FixedBytes(size) => {
                let bytes = self.bytes(text()?)?;
                if bytes.len() != *size {
                    return Err(wrong());
                }
                DynSolValue::FixedBytes(B256::right_padding_from(&bytes), *size)
            }
            DynSolType::Bytes => match value.as_object() {
                None => DynSolValue::Bytes(self.bytes(text()?)?.to_vec()),
                // A call in a call.
                Some(call) => {
                    let function = call.get("function").and_then(Value::as_str);
                    let arguments = call.get("arguments").and_then(Value::as_array);
                    let (Some(function), Some(arguments)) = (function, arguments) else {
                        return Err(wrong());
                    };
                    DynSolValue::Bytes(self.encode(function, arguments)?)
                }
            },
            _ => return Err(format!("values of type {ty} cannot be written")),
        })
    }

    /// A word in calldata: bytes, or a number.
    fn word_argument(&self, text: &str) -> Result<B256, Meaningless> {
        if text.starts_with('$') || text.starts_with("0x") {
            let bytes = self.bytes(text)?;
            return B256::try_from(&bytes[..]).map_err(|_| format!("{text:?} is no word"));
        }
        self.number(text).map(B256::from)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::bytes;
    use serde_json::json;

    use super::*;

    fn names() -> Names {
        let mut names = Names { now: 1_000, ..Names::default() };
        names.values.insert("p".to_owned(), bytes!("00112233"));
        names.addresses.insert("bob".to_owned(), Address::repeat_byte(0xb0));
        names
    }

    #[test]
    fn bytes_are_cut_changed_and_put_together() {
        let names = names();
        let read = |text| names.bytes(text).unwrap();
        assert_eq!(read("0x"), bytes!(""));
        assert_eq!(read("$p[1..3]"), bytes!("1122"));
        assert_eq!(read("0xff+$p[2..]+$p[0..2]^1"), bytes!("ff22330010"));
        assert_eq!(read("$p^3"), bytes!("00112232"));
        for wrong in ["$q", "$p[0..5]", "$p[3..1]", "$p^4", "0xf", "$p[a..2]"] {
            assert!(names.bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_are_what_calls_return() {
        let names = names();
        assert_eq!(names.word("true").unwrap(), B256::with_last_byte(1));
        assert_eq!(names.word("12").unwrap(), B256::with_last_byte(12));
        assert_eq!(names.word("@bob").unwrap(), Address::repeat_byte(0xb0).into_word());
        assert_eq!(names.word("now-10").unwrap(), B256::from(U256::from(990)));
        assert!(names.word("$p").is_err() && names.word("@eve").is_err());
    }

    #[test]
    fn calls_are_encoded_as_solidity_does() {
        let names = names();
        let data = names.encode(
            "f(bytes1,address,uint8[])",
            &[json!("0x03"), json!("@bob"), json!(["1", "2"])],
        );
        let words = |data: &[u8]| data[4..].chunks(32).map(B256::from_slice).collect::<Vec<_>>();
        let found = words(&data.unwrap());
        assert_eq!(found[0][0], 3);
        assert_eq!(found[2..], [0x60, 2, 1, 2].map(B256::with_last_byte));
        assert_eq!(names.encode("pause()", &[]).unwrap(), hex!("8456cb59"));
        assert!(names.encode("f(uint8)", &[]).is_err());
    }
}
