//! `Error(string)` and `Panic(uint256)` of Solidity.

use alloy_sol_types::{Panic, PanicKind, Revert, SolError};

use super::{Argument, Explanation};

pub(super) fn explain(data: &[u8]) -> Option<Explanation> {
    if let Ok(Revert { reason }) = Revert::abi_decode(data) {
        return Some(Explanation {
            name: "Error",
            arguments: vec![("message", reason.show())],
            handle: None,
            cause: "a condition that the contract requires does not hold".into(),
            fix: "look for the message in the contract's source".into(),
        });
    }
    let panic = Panic::abi_decode(data).ok()?;
    let (cause, fix) = match panic.kind() {
        Some(PanicKind::Assert) => (
            "an assertion of the contract does not hold",
            "look for assert in its source: this is a bug there",
        ),
        Some(PanicKind::UnderOverflow) => (
            "clear arithmetic overflowed",
            "check the clear values first; encrypted values wrap around and never panic",
        ),
        Some(PanicKind::DivisionByZero) => {
            ("a clear value was divided by zero", "check the divisor first")
        }
        Some(PanicKind::EnumConversionError) => (
            "a number is no member of an enum, such as a handle's type byte of no encrypted type",
            "pass handles as contracts or the relayer returned them",
        ),
        Some(PanicKind::StorageEncodingError) => (
            "a byte string in storage is damaged",
            "look for assembly or storage edits that write to its slot",
        ),
        Some(PanicKind::EmptyArrayPop) => {
            ("an element was taken from an empty array", "check the length first")
        }
        Some(PanicKind::ArrayOutOfBounds) => {
            ("an index is beyond the end of an array", "compare it with the length first")
        }
        Some(PanicKind::ResourceError) => (
            "an array is longer than memory can hold, or its length in calldata is made up",
            "pass a shorter array, and encode it with an ABI library",
        ),
        Some(PanicKind::InvalidInternalFunction) => (
            "a variable of function type was called before it was set",
            "set it in the constructor",
        ),
        _ => ("the compiled contract panicked", "look for the code in Solidity's documentation"),
    };
    let arguments = vec![("code", format!("{:#04x}", panic.code))];
    let (cause, fix) = (cause.into(), fix.into());
    Some(Explanation { name: "Panic", arguments, handle: None, cause, fix })
}
