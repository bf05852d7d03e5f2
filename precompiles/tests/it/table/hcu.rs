//! The meter: charging from outside, limits, and the whitelist.

use alloy_primitives::{B256, U256, aliases::U48, keccak256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::FheType::{Bool, Uint8, Uint64};
use ciphervm_precompiles::{
    HcuErrors as E, HostContract, HostErrors, coverage, interface::HcuLimit,
};

use super::*;

const ACCOUNT_BUDGET: u64 = 20_000_000;
const DEPTH: u64 = 5_000_000;

fn call(name: impl Into<String>, data: impl SolCall) -> Case {
    case(name, HOST.hcu_limit, data.abi_encode()).by(owner())
}

fn per_block(limit: u64) -> HcuLimit::setHCUPerBlockCall {
    HcuLimit::setHCUPerBlockCall { hcuPerBlock: U48::from(limit) }
}

fn per_tx(limit: u64) -> HcuLimit::setMaxHCUPerTxCall {
    HcuLimit::setMaxHCUPerTxCall { maxHCUPerTx: U48::from(limit) }
}

fn depth(limit: u64) -> HcuLimit::setMaxHCUDepthPerTxCall {
    HcuLimit::setMaxHCUDepthPerTxCall { maxHCUDepthPerTx: U48::from(limit) }
}

fn add(account: Address) -> HcuLimit::addToBlockHCUWhitelistCall {
    HcuLimit::addToBlockHCUWhitelistCall { account }
}

fn remove(account: Address) -> HcuLimit::removeFromBlockHCUWhitelistCall {
    HcuLimit::removeFromBlockHCUWhitelistCall { account }
}

fn not_owner() -> HostErrors::NotHostOwner {
    HostErrors::NotHostOwner { sender: USER }
}

fn limits() -> Vec<Case> {
    let block_set = |limit| HcuLimit::HCUPerBlockSet { hcuPerBlock: U48::from(limit) };
    let tx_set = |limit| HcuLimit::MaxHCUPerTxSet { maxHCUPerTx: U48::from(limit) };
    let depth_set = |limit| HcuLimit::MaxHCUDepthPerTxSet { maxHCUDepthPerTx: U48::from(limit) };
    let wide = |mut data: Vec<u8>| {
        data[4 + 25] = 1;
        data
    };
    vec![
        call("setHCUPerBlock to the transaction's", per_block(ACCOUNT_BUDGET))
            .returns_nothing()
            .emits(block_set(ACCOUNT_BUDGET))
            .stores(hcu_field(0), ACCOUNT_BUDGET),
        call("setHCUPerBlock below the transaction's", per_block(ACCOUNT_BUDGET - 1))
            .reverts(E::HCUPerBlockBelowMaxPerTx {}),
        call("setHCUPerBlock below, by a stranger", per_block(0)).by(USER).reverts(not_owner()),
        case("setHCUPerBlock of 49 bits", HOST.hcu_limit, wide(per_block(1).abi_encode()))
            .by(USER)
            .reverts_empty(),
        call("setMaxHCUPerTx to the depth", per_tx(DEPTH))
            .returns_nothing()
            .emits(tx_set(DEPTH))
            .stores(hcu_field(2), DEPTH),
        call("setMaxHCUPerTx to the block's", per_tx(ACCOUNT_BUDGET + 1))
            .after_call(owner(), per_block(ACCOUNT_BUDGET + 1).abi_encode())
            .returns_nothing()
            .emits(tx_set(ACCOUNT_BUDGET + 1))
            .stores(hcu_field(2), ACCOUNT_BUDGET + 1),
        call("setMaxHCUPerTx above the block's", per_tx(ACCOUNT_BUDGET + 2))
            .after_call(owner(), per_block(ACCOUNT_BUDGET + 1).abi_encode())
            .reverts(E::HCUPerBlockBelowMaxPerTx {}),
        call("setMaxHCUPerTx below the depth", per_tx(DEPTH - 1))
            .reverts(E::MaxHCUPerTxBelowDepth {}),
        call("setMaxHCUPerTx by a stranger", per_tx(0)).by(USER).reverts(not_owner()),
        case("setMaxHCUPerTx of 49 bits", HOST.hcu_limit, wide(per_tx(1).abi_encode()))
            .by(USER)
            .reverts_empty(),
        call("setMaxHCUDepthPerTx to the transaction's", depth(ACCOUNT_BUDGET))
            .returns_nothing()
            .emits(depth_set(ACCOUNT_BUDGET))
            .stores(hcu_field(1), ACCOUNT_BUDGET),
        call("setMaxHCUDepthPerTx to nothing", depth(0))
            .returns_nothing()
            .emits(depth_set(0))
            .stores(hcu_field(1), 0),
        call("setMaxHCUDepthPerTx above the transaction's", depth(ACCOUNT_BUDGET + 1))
            .reverts(E::MaxHCUPerTxBelowDepth {}),
        call("setMaxHCUDepthPerTx by a stranger", depth(u64::from(u32::MAX)))
            .by(USER)
            .reverts(not_owner()),
        call("getMaxHCUPerTx", HcuLimit::getMaxHCUPerTxCall {})
            .after_call(owner(), per_tx(DEPTH).abi_encode())
            .returns(DEPTH),
        call("getMaxHCUDepthPerTx", HcuLimit::getMaxHCUDepthPerTxCall {}).returns(DEPTH),
        call("getGlobalHCUCapPerBlock", HcuLimit::getGlobalHCUCapPerBlockCall {})
            .returns((1u64 << 48) - 1),
        call("getFHEVMExecutorAddress of the meter", HcuLimit::getFHEVMExecutorAddressCall {})
            .returns(HOST.executor),
        call("getVersion of the meter", HcuLimit::getVersionCall {}).returns("HCULimit v0.3.0"),
        call(
            "initialize the meter",
            HcuLimit::initializeFromEmptyProxyCall {
                hcuCapPerBlock: U48::ONE,
                maxHCUDepthPerTx: U48::ONE,
                maxHCUPerTx: U48::ONE,
            },
        )
        .reverts(HostErrors::NotInitializingFromEmptyProxy {}),
        case(
            "initialize the meter, malformed",
            HOST.hcu_limit,
            HcuLimit::initializeFromEmptyProxyCall::SELECTOR,
        )
        .reverts_empty(),
        call("reinitialize the meter", HcuLimit::reinitializeV4Call {})
            .reverts(HostErrors::InvalidInitialization {}),
        case("unknown function of the meter", HOST.hcu_limit, [0xde, 0xad, 0xbe, 0xef])
            .reverts_empty(),
    ]
}

fn whitelist() -> Vec<Case> {
    let listed = |account| HcuLimit::isBlockHCUWhitelistedCall { account };
    let slot = entry(hcu_field(4), DAPP.into_word());
    vec![
        call("addToBlockHCUWhitelist", add(DAPP))
            .returns_nothing()
            .emits(HcuLimit::BlockHCUWhitelistAdded { account: DAPP })
            .stores(slot, 1),
        call("addToBlockHCUWhitelist again", add(DAPP))
            .after_call(owner(), add(DAPP).abi_encode())
            .reverts(E::AlreadyBlockHCUWhitelisted { account: DAPP }),
        call("addToBlockHCUWhitelist again, by a stranger", add(DAPP))
            .by(USER)
            .after_call(owner(), add(DAPP).abi_encode())
            .reverts(not_owner()),
        call("removeFromBlockHCUWhitelist", remove(DAPP))
            .after_call(owner(), add(DAPP).abi_encode())
            .returns_nothing()
            .emits(HcuLimit::BlockHCUWhitelistRemoved { account: DAPP })
            .stores(slot, 0),
        call("removeFromBlockHCUWhitelist, not listed", remove(DAPP))
            .reverts(E::NotBlockHCUWhitelisted { account: DAPP }),
        call("removeFromBlockHCUWhitelist by a stranger", remove(DAPP))
            .by(USER)
            .reverts(not_owner()),
        call("isBlockHCUWhitelisted", listed(DAPP))
            .after_call(owner(), add(DAPP).abi_encode())
            .returns(true),
        call("isBlockHCUWhitelisted, not", listed(USER))
            .after_call(owner(), add(DAPP).abi_encode())
            .returns(false),
        call("getBlockMeter", HcuLimit::getBlockMeterCall {})
            .after(has(1, Uint8))
            .returns((BLOCK, 32u64)),
        call("getBlockMeter of an exempt contract", HcuLimit::getBlockMeterCall {})
            .after_call(owner(), add(DAPP).abi_encode())
            .after(has(1, Uint8))
            .returns((BLOCK, 0u64)),
        call("getBlockMeter in the next block", HcuLimit::getBlockMeterCall {})
            .after(has(1, Uint8))
            .after(|chain| chain.context.block.number = U256::from(BLOCK + 1))
            .returns((BLOCK + 1, 0u64)),
    ]
}

/// The functions through which executors charge: refused to strangers and to the owner, and
/// charged to the executor. The arguments are those of a result of type `Bool` or 8 bits.
fn checks() -> Vec<Case> {
    let mut cases = vec![];
    for covered in coverage() {
        let Some(name) = covered.signature.strip_prefix("checkHCUFor") else { continue };
        assert_eq!(covered.contract, HostContract::HcuLimit);
        // Whatever the function, these words are arguments of it: type 0, offset 0, zeros.
        let data = [&covered.selector[..], &[0; 32 * 8]].concat();
        for caller in [USER, owner()] {
            cases.push(
                case(format!("check {name} by {caller}"), HOST.hcu_limit, data.clone())
                    .by(caller)
                    .reverts(E::CallerMustBeFHEVMExecutorContract {}),
            );
        }
        cases.push(
            case(format!("check {name}, malformed"), HOST.hcu_limit, &data[..4 + 32])
                .by(USER)
                .reverts_empty(),
        );
    }
    assert_eq!(cases.len(), 3 * 30);
    cases
}

fn check(name: &str, signature: &str, arguments: impl SolValue) -> Case {
    let arguments = arguments.abi_encode();
    let data = [&keccak256(signature)[..4], &arguments].concat();
    case(name, HOST.hcu_limit, data).by(HOST.executor)
}

/// Charging by an account that is the executor.
fn charges() -> Vec<Case> {
    const ADD: &str = "checkHCUForFheAdd(uint8,bytes1,bytes32,bytes32,bytes32,address)";
    const DIV: &str = "checkHCUForFheDiv(uint8,bytes1,bytes32,bytes32,bytes32,address)";
    const MUL_DIV: &str = "checkHCUForFheMulDiv(uint8,bytes1,bytes32,bytes32,bytes32,address)";
    const ENCRYPT: &str = "checkHCUForTrivialEncrypt(uint8,bytes32,address)";
    let (x, y, z) = (B256::repeat_byte(1), B256::repeat_byte(2), B256::repeat_byte(3));
    let none = B256::ZERO;
    let byte = |byte: u8| alloy_primitives::FixedBytes([byte]);
    let id = |ty: ciphervm_fhe::FheType| U256::from(ty.id());
    let charged = |case: Case, result: B256, price: u64| {
        case.returns_nothing()
            .transient((HOST.hcu_limit, U256::ZERO), price)
            .transient((HOST.hcu_limit, result.into()), price)
            .stores(hcu_field(3), U256::from(BLOCK) | U256::from(price) << 48)
    };
    let add = |name, ty: U256, scalar, lhs: B256, rhs: B256, result: B256| {
        check(name, ADD, (ty, byte(scalar), lhs, rhs, result, DAPP))
    };
    vec![
        charged(add("charge, encrypted", id(Uint8), 0, x, y, z), z, 88_000),
        charged(add("charge, scalar", id(Uint8), 1, x, none, z), z, 84_000),
        charged(add("charge, other scalar byte", id(Uint8), 7, x, y, z), z, 88_000),
        add("charge for an exempt contract", id(Uint8), 0, x, y, z)
            .after_call(owner(), self::add(DAPP).abi_encode())
            .returns_nothing()
            .transient((HOST.hcu_limit, U256::ZERO), 88_000)
            .transient((HOST.hcu_limit, z.into()), 88_000),
        add("charge, type without a price", id(Bool), 0, none, none, none)
            .reverts(E::UnsupportedOperation {}),
        add("charge, type that is never used", U256::from(1), 0, none, none, none)
            .reverts(E::UnsupportedOperation {}),
        add("charge, left is zero", id(Uint8), 0, none, y, z).reverts(E::InvalidZeroHandle {}),
        add("charge, right is zero", id(Uint8), 0, x, none, z).reverts(E::InvalidZeroHandle {}),
        add("charge, result is zero", id(Uint8), 0, x, y, none).reverts(E::InvalidZeroHandle {}),
        add("charge, block full", id(Uint8), 0, none, y, z)
            .after_call(owner(), depth(0).abi_encode())
            .after_call(owner(), per_tx(0).abi_encode())
            .after_call(owner(), per_block(87_999).abi_encode())
            .reverts(E::HCUBlockLimitExceeded {}),
        add("charge, transaction full", id(Uint8), 0, none, y, z)
            .after_call(owner(), depth(0).abi_encode())
            .after_call(owner(), per_tx(87_999).abi_encode())
            .reverts(E::HCUTransactionLimitExceeded {}),
        add("charge, too deep", id(Uint8), 0, x, y, none)
            .after_call(owner(), depth(87_999).abi_encode())
            .reverts(E::HCUTransactionDepthLimitExceeded {}),
        charged(
            add("charge, just as deep as allowed", id(Uint8), 0, x, y, z)
                .after_call(owner(), depth(88_000).abi_encode()),
            z,
            88_000,
        ),
        charged(
            check("charge a division", DIV, (id(Uint8), byte(1), x, none, z, DAPP)),
            z,
            210_000,
        ),
        check("charge a division by a ciphertext", DIV, (id(Bool), byte(0), x, y, z, DAPP))
            .reverts(E::OnlyScalarOperationsAreSupported {}),
        charged(
            check("charge a fused division", MUL_DIV, (id(Uint8), byte(1), x, y, z, DAPP)),
            z,
            524_000,
        ),
        charged(
            check(
                "charge a scalar fused division",
                MUL_DIV,
                (id(Uint8), byte(3), x, none, z, DAPP),
            ),
            z,
            495_000,
        ),
        check(
            "charge a fused division, scalar byte 0",
            MUL_DIV,
            (id(Bool), byte(0), x, y, z, DAPP),
        )
        .reverts(E::OnlyScalarOperationsAreSupported {}),
        charged(check("charge an encryption", ENCRYPT, (id(Uint64), z, DAPP)), z, 32),
        check("charge an encryption of nothing", ENCRYPT, (id(Uint64), none, DAPP))
            .reverts(E::InvalidZeroHandle {}),
        charged(
            check("charge an encryption, no depth left", ENCRYPT, (id(Uint64), z, DAPP))
                .after_call(owner(), depth(0).abi_encode()),
            z,
            32,
        ),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [limits(), whitelist(), checks(), charges()].into_iter().flatten().collect()
}
