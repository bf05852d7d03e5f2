//! Handles as protocol 0.11 derives them, written down a third time.

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_precompiles::HostAddresses;

use super::Plan;
use crate::{
    action::Pick,
    world::{CALLERS, CHAIN_ID},
};

/// Types of 8 to 128 bits, by id.
const NUMBERS: std::ops::RangeInclusive<u8> = 2..=6;

impl Plan {
    /// The handle that a pick means to a caller.
    pub(super) fn pick(&self, caller: usize, pick: Pick) -> B256 {
        let latest = |of: usize, index: u8, fits: &dyn Fn(u8) -> bool| {
            let handles = &self.handles[of];
            let all = handles.kept.iter().chain(&handles.fresh);
            let fitting: Vec<_> = all.filter(|handle| fits(handle[30])).collect();
            let index = usize::from(index) % fitting.len().max(1);
            fitting.iter().rev().nth(index).copied().copied().unwrap_or_default()
        };
        match pick {
            Pick::Own(index) => latest(caller, index, &|_| true),
            Pick::Number(index) => latest(caller, index, &|ty| NUMBERS.contains(&ty)),
            Pick::Any(index) => latest(usize::from(index) % CALLERS.len(), index / 4, &|_| true),
            Pick::Unknown(ty) => {
                let mut handle = keccak256([ty]);
                handle[30] = ty;
                handle
            }
            Pick::Zero => B256::ZERO,
        }
    }

    /// A handle of the caller with the type of another one.
    pub(super) fn matching(&self, caller: usize, other: B256, index: u8) -> B256 {
        let handles = &self.handles[caller];
        let all = handles.kept.iter().chain(&handles.fresh);
        let fitting: Vec<_> = all.filter(|handle| handle[30] == other[30]).collect();
        let index = usize::from(index) % fitting.len().max(1);
        fitting.get(index).map_or(other, |handle| **handle)
    }
}

/// The handle of a result of type `ty`, from the operation's number and its packed arguments.
pub(super) fn computed(op: u8, body: &[u8], ty: u8) -> B256 {
    let acl = HostAddresses::LOCAL.acl;
    let chain = U256::from(CHAIN_ID).to_be_bytes::<32>();
    let mut handle = keccak256([&[op], body, &acl[..], &chain[..]].concat());
    handle[21] = 0xff;
    handle[22..30].copy_from_slice(&CHAIN_ID.to_be_bytes());
    handle[30] = ty;
    handle[31] = 0;
    handle
}
