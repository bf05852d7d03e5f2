//! Any calldata to any host contract ends in success, revert or halt: never a panic, never an
//! error that aborts the machine.
#![no_main]

use std::{cell::OnceCell, thread_local};

use alloy_primitives::Address;
use ciphervm::{
    Call, Chain,
    precompiles::{GenesisParams, HostAddresses, HostConfig},
};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static CHAIN: OnceCell<Chain> = const { OnceCell::new() };
}

fuzz_target!(|input: (u8, &[u8])| {
    let (contract, data) = input;
    let hosts = HostAddresses::LOCAL;
    let contracts = [
        hosts.executor,
        hosts.acl,
        hosts.hcu_limit,
        hosts.input_verifier,
        hosts.kms_verifier,
        hosts.protocol_config,
    ];
    let to = contracts[usize::from(contract) % contracts.len()];
    let call = Call::new(Address::repeat_byte(1), to, data.to_vec());
    CHAIN.with(|chain| {
        let new = || Chain::new(HostConfig::default(), &GenesisParams::default());
        chain.get_or_init(new).call(&call).expect("calldata cannot break the machine");
    });
});
