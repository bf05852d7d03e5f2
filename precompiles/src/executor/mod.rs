//! The executor: takes operations on handles, checks them, names their results, and logs them.
//!
//! Nothing encrypted is touched here. The log of an operation says everything that its evaluation
//! needs (see [`crate::Record`]).

mod checks;
mod request;

use std::sync::LazyLock;

use alloy_primitives::{B256, Bytes, LogData, U256};
use alloy_sol_types::{SolCall, SolValue};
use ciphervm_fhe::{HANDLE_VERSION, Handle, OPS, Op, Shape};

use crate::{
    PreimageScheme, acl,
    calldata::{self, Arguments},
    errors::ExecutorErrors,
    frame::{Abort, Frame, Outcome, Slot},
    handles::Context,
    hcu::{self, Work},
    input_verifier,
    interface::Executor,
    layout, upgrade,
};
use request::Request;
pub(crate) use request::{SCALAR, SCALAR_DIVISOR, SCALAR_FACTOR};

/// The version string of protocol 0.13.
const VERSION: &str = "FHEVMExecutor v0.4.0";

/// First topic of each operation's event, by the operation's id.
pub(crate) static TOPICS: LazyLock<[B256; OPS.len()]> =
    LazyLock::new(|| std::array::from_fn(|id| OPS[id].topic()));

/// The number of random seeds drawn on this chain: the only field of the contract's storage.
fn counter_slot(frame: &Frame<'_>) -> Slot {
    layout::namespace(frame.config().addresses.executor, "FHEVMExecutor")
}

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    if let Some(op) = Op::from_selector(selector) {
        let result = match op.spec().shape {
            Shape::VerifyInput => verify_input(frame, arguments)?,
            _ => operate(frame, op, arguments)?,
        };
        return Ok(result.0.abi_encode().into());
    }
    let addresses = &frame.config().addresses;
    match selector {
        Executor::getACLAddressCall::SELECTOR => Ok(addresses.acl.abi_encode().into()),
        Executor::getHCULimitAddressCall::SELECTOR => Ok(addresses.hcu_limit.abi_encode().into()),
        Executor::getInputVerifierAddressCall::SELECTOR => {
            Ok(addresses.input_verifier.abi_encode().into())
        }
        Executor::getHandleVersionCall::SELECTOR => {
            Ok(U256::from(HANDLE_VERSION).abi_encode().into())
        }
        Executor::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        Executor::initializeFromEmptyProxyCall::SELECTOR => upgrade::refuse_initialization(),
        Executor::reinitializeV6Call::SELECTOR => upgrade::refuse_reinitialization(),
        selector => upgrade::call(frame, selector, arguments, upgrade::require_host_owner),
    }
}

/// The encrypted operands of the operation that `data` asks for; none if it asks for something
/// else.
pub(crate) fn operands(data: &[u8]) -> Vec<Handle> {
    let Ok((selector, arguments)) = calldata::split(data) else { return Vec::new() };
    Op::from_selector(selector)
        .filter(|op| op.spec().shape != Shape::VerifyInput)
        .and_then(|op| Request::decode(op, arguments).ok())
        .map_or_else(Vec::new, |request| request.inputs())
}

/// Carries out any operation but `verifyInput`: checks, handle, grant to the caller, charge, log.
fn operate(frame: &mut Frame<'_>, op: Op, arguments: Arguments<'_>) -> Outcome<Handle> {
    let mut request = Request::decode(op, arguments)?;
    if let Some(seed) = request.seed_mut() {
        *seed = draw_seed(frame)?;
    }
    let types = checks::check(frame, &request)?;
    let inputs = request.inputs();
    frame.charge_operation(inputs.len())?;
    let result = name_result(frame, &request, &inputs, types.result)?;
    acl::allow_computed(frame, result, frame.caller())?;
    let work = Work {
        caller: frame.caller(),
        op,
        ty: types.priced,
        scalar: request.is_scalar(),
        inputs: &inputs,
        result,
    };
    hcu::charge(frame, &work)?;
    log(frame, op, request.event(result))?;
    Ok(result)
}

/// The handle of the result.
fn name_result(
    frame: &mut Frame<'_>,
    request: &Request,
    inputs: &[Handle],
    ty: ciphervm_fhe::FheType,
) -> Outcome<Handle> {
    let scheme = frame.config().scheme;
    let executor = frame.config().addresses.executor;
    let mut boundary = U256::ZERO;
    if scheme == PreimageScheme::Main {
        for (position, input) in inputs.iter().enumerate() {
            let minted = !frame.tload(executor, input.0.into())?.is_zero();
            boundary.set_bit(position, !minted);
        }
    }
    let context = context(frame, scheme.binds_block(request.op()))?;
    let hash = frame.keccak(&scheme.result(request.op(), &request.body(), boundary, &context))?;
    let result = Handle::computed(hash, frame.chain_id(), ty);
    if scheme == PreimageScheme::Main {
        frame.tstore(executor, result.0.into(), U256::ONE)?;
    }
    Ok(result)
}

/// A seed that no other operation of this chain gets.
fn draw_seed(frame: &mut Frame<'_>) -> Outcome<[u8; 16]> {
    let slot = counter_slot(frame);
    let counter = frame.sload(slot)?;
    let context = context(frame, true)?;
    let hash = frame.keccak(&frame.config().scheme.seed(counter, &context))?;
    frame.sstore(slot, counter.wrapping_add(U256::ONE))?;
    Ok(hash[..16].try_into().expect("the range is sixteen bytes long"))
}

fn context(frame: &mut Frame<'_>, with_block: bool) -> Outcome<Context> {
    Ok(Context {
        acl: frame.config().addresses.acl,
        chain_id: frame.chain_id(),
        parent_hash: if with_block { frame.parent_hash()? } else { B256::ZERO },
        timestamp: frame.timestamp(),
    })
}

/// `verifyInput`: admits a handle that coprocessors attest, for the calling contract and the user
/// that the caller names.
fn verify_input(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome<Handle> {
    let arguments = arguments.with_head(4)?;
    let handle = Handle(arguments.word(0)?);
    let user = arguments.address(1)?;
    let proof = arguments.memory_bytes(2)?;
    let type_id = arguments.type_id(3)?;
    if checks::type_id(handle)? != type_id {
        return Err(Abort::revert(ExecutorErrors::InvalidType {}));
    }
    let contract = frame.caller();
    let result = input_verifier::verify(frame, user, contract, handle, proof)?;
    acl::allow_computed(frame, result, contract)?;
    let event = (handle.0, user, Bytes::copy_from_slice(proof), U256::from(type_id), result.0);
    log(frame, Op::VerifyInput, event.abi_encode_params())?;
    Ok(result)
}

/// Logs an operation, with the caller as second topic.
fn log(frame: &mut Frame<'_>, op: Op, data: Vec<u8>) -> Outcome {
    let topics = vec![TOPICS[op.id() as usize], frame.caller().into_word()];
    frame.log(frame.config().addresses.executor, LogData::new_unchecked(topics, data.into()))
}
