//! A contract that makes many calls in one frame and reports how each of them ended.
//!
//! Its calldata is one byte, zero to return the report and anything else to revert with it, and
//! then any number of calls, packed: kind (1: zero is `CALL`, else `STATICCALL`), value in wei
//! (1), gas (4), target (20), length (4), data. The report is, for each call, two words, success
//! and the length of the data, and the data.

use alloy_primitives::{Address, Bytes, U256, hex};

/// The contract's code. The stack holds where the report ends and where the next call begins.
pub(crate) const CODE: &[u8] = &hex!(
    "5f 6001"                               // report at 0, calls from 1
    "5b 36 81 10 15 6067 57"                // loop: at the end of calldata, goto end
    "80 601a 01 35 60e0 1c"                 // length of the data
    "80 82 601e 01 84 37"                   // copy the data behind the report
    "5f 5f 82 85"                           // no output; input is what was copied
    "85 6001 01 35 5f 1a"                   // value
    "86 6006 01 35 6060 1c"                 // target
    "87 6002 01 35 60e0 1c"                 // gas
    "88 35 5f 1a 6040 57 f1 6045 56"        // CALL
    "5b 91 50 90 fa"                        // STATICCALL, which takes no value
    "5b 90 82 01 601e 01 91 50"             // done: the next call begins behind the data
    "82 52 3d 82 6020 01 52"                // success, length
    "3d 5f 83 6040 01 3e"                   // data
    "90 6040 01 3d 01 90 6003 56"           // the report grew; goto loop
    "5b 50 5f 5f 35 5f 1a 6072 57 f3 5b fd" // end: RETURN or REVERT
);

/// Gas of each call. More than any host call needs, so that gas never decides.
const GAS: u32 = 20_000_000;

/// One call that the driver makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) target: Address,
    pub(crate) data: Bytes,
    pub(crate) value: u8,
    pub(crate) is_static: bool,
    pub(crate) gas: u32,
}

impl Call {
    /// A plain call.
    pub(crate) fn new(target: Address, data: impl Into<Bytes>) -> Self {
        Self { target, data: data.into(), value: 0, is_static: false, gas: GAS }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) success: bool,
    pub(crate) data: Bytes,
}

impl Reply {
    /// Whether it failed with the error of this selector.
    pub(crate) fn failed_with(&self, selector: [u8; 4]) -> bool {
        !self.success && self.data.starts_with(&selector)
    }

    /// The boolean that it returned.
    pub(crate) fn flag(&self) -> Option<bool> {
        (self.success && self.data.len() == 32).then(|| self.data[31] == 1)
    }
}

/// Calldata for these calls.
pub(crate) fn batch(calls: &[Call], revert: bool) -> Bytes {
    let mut data = vec![u8::from(revert)];
    for call in calls {
        data.extend([u8::from(call.is_static), call.value]);
        data.extend(call.gas.to_be_bytes());
        data.extend(call.target);
        data.extend((call.data.len() as u32).to_be_bytes());
        data.extend(&call.data);
    }
    data.into()
}

/// Reads the driver's report.
pub(crate) fn replies(mut report: &[u8]) -> Vec<Reply> {
    let mut replies = Vec::new();
    while let Some((head, rest)) = report.split_first_chunk::<64>() {
        let length = U256::from_be_slice(&head[32..]).to();
        let (data, rest) = rest.split_at(length);
        replies.push(Reply { success: head[31] == 1, data: data.to_vec().into() });
        report = rest;
    }
    replies
}
