//! What the protocol changed between 0.10, the reference, and 0.13, which the native contracts
//! follow. Nothing else may differ.

use std::collections::HashSet;

use alloy_primitives::{Address, U256};
use alloy_sol_types::{Panic, PanicKind, SolError};
use ciphervm_precompiles::{AclErrors, ExecutorErrors, HostAddresses};

use crate::{
    action::{Frame, selector},
    driver::Reply,
    plan::Planned,
};

/// The contract address that stands for every contract, since 0.12.
const WILDCARD: Address = Address::repeat_byte(0xff);
const HOUR: u64 = 3600;

/// What explanations need to know of the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The block's timestamp.
    pub(crate) now: u64,
    /// Delegators and delegates of delegations for all contracts that were asked for.
    wildcards: HashSet<(Address, Address)>,
    /// Expiration dates that were asked for.
    expirations: HashSet<u64>,
    /// Delegators, delegates and contracts of all delegations that were asked for.
    pub(crate) delegations: Vec<[Address; 3]>,
}

impl Facts {
    /// A delegation was asked for.
    pub(crate) fn delegated(
        &mut self,
        delegator: Address,
        delegate: Address,
        contract: Address,
        expiration: u64,
    ) {
        self.expirations.insert(expiration);
        self.delegations.push([delegator, delegate, contract]);
        if contract == WILDCARD {
            self.wildcards.insert((delegator, delegate));
        }
    }
}

/// A change: its name, the reason, and whether it explains a difference.
struct Change(&'static str, fn(&Planned, &Reply, &Reply, &Facts) -> bool);

const CHANGES: [Change; 8] = [
    Change("version: contracts count their versions up", |call, reference, native, _| {
        is(call, "getVersion()") && reference.success && native.success
    }),
    Change(
        "divisor: it counts with the bits of its type, and is looked at after the type",
        |call, reference, native, _| {
            let divides = ["fheDiv", "fheRem"];
            let zero = ExecutorErrors::DivisionByZero::SELECTOR;
            divides.iter().any(|name| is(call, &format!("{name}(bytes32,bytes32,bytes1)")))
                && if word(call, 1).is_zero() {
                    reference.failed_with(zero)
                        && (native.failed_with(ExecutorErrors::UnsupportedType::SELECTOR)
                            || native.data[..]
                                == Panic::from(PanicKind::EnumConversionError).abi_encode())
                } else {
                    let bits = match (word(call, 0) >> 8_usize).byte(0) {
                        bits @ 2..=6 => 2_usize << bits,
                        _ => return false,
                    };
                    native.failed_with(zero) && (word(call, 1) << (256 - bits)).is_zero()
                }
        },
    ),
    Change(
        "expiration: an hour's notice is no longer asked for, and other errors come first",
        |call, reference, native, facts| {
            is(call, "delegateForUserDecryption(address,address,uint64)")
                && reference.failed_with(selector("ExpirationDateBeforeOneHour()"))
                && word(call, 2) < U256::from(facts.now + HOUR)
                && (!native.success || word(call, 2) > U256::from(facts.now))
        },
    ),
    Change("wildcard: the address of all contracts is no delegate", |call, _, native, _| {
        is(call, "delegateForUserDecryption(address,address,uint64)")
            && native.failed_with(AclErrors::DelegateCannotBeWildcard::SELECTOR)
    }),
    Change("wildcard: a delegation may be for all contracts", |call, reference, native, facts| {
        let [delegator, delegate] = [0, 1].map(|index| address(word(call, index)));
        is(call, "isHandleDelegatedForUserDecryption(address,address,address,bytes32)")
            && (reference.flag(), native.flag()) == (Some(false), Some(true))
            && facts.wildcards.contains(&(delegator, delegate))
    }),
    Change(
        "expiration: a delegation ends at its date, not after it",
        |call, reference, native, facts| {
            is(call, "isHandleDelegatedForUserDecryption(address,address,address,bytes32)")
                && (reference.flag(), native.flag()) == (Some(true), Some(false))
                && facts.expirations.contains(&facts.now)
        },
    ),
    Change("charges: the meter's functions take the caller, too", |call, reference, _, _| {
        call.host == HostAddresses::LOCAL.hcu_limit
            && call.name.contains(".checkHCUFor")
            && !reference.success
    }),
    // No change: what a call that cannot succeed fails with. The reference writes before some of
    // its checks, and a write under `STATICCALL` halts, without data.
    Change("static: native contracts check before they write", |call, reference, native, _| {
        call.frame == Frame::Static && !(reference.success || native.success)
    }),
];

/// The change of the protocol that makes a call end differently.
pub(crate) fn explain(
    call: &Planned,
    reference: &Reply,
    native: &Reply,
    facts: &Facts,
) -> Option<&'static str> {
    CHANGES
        .iter()
        .find(|Change(_, explains)| explains(call, reference, native, facts))
        .map(|Change(name, _)| *name)
}

fn is(call: &Planned, signature: &str) -> bool {
    call.data.starts_with(&selector(signature))
}

/// An argument.
fn word(call: &Planned, index: usize) -> U256 {
    let start = 4 + 32 * index;
    call.data.get(start..start + 32).map(U256::from_be_slice).unwrap_or_default()
}

fn address(word: U256) -> Address {
    Address::from_word(word.into())
}
