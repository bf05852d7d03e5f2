//! Operations: each one's effects, and its refusals in their order.

use alloy_primitives::{B256, FixedBytes, U256};
use alloy_sol_types::{Panic, PanicKind, SolCall};
use ciphervm_fhe::FheType::{self, Bool, Uint8, Uint16, Uint64, Uint256};
use ciphervm_precompiles::{
    AclErrors, ExecutorErrors as E, GenesisParams, HcuErrors, HcuLimits, HostConfig,
    interface::{Acl, Executor, HcuLimit},
};

use super::*;

/// HCU of a trivial encryption, and so the depth of its result.
const ENCRYPTION: u64 = 32;

/// Binary operations with their price on 8 bits, with a scalar and between ciphertexts.
const BINARY: &[(Op, u64, u64)] = &[
    (Op::Add, 84_000, 88_000),
    (Op::Sub, 84_000, 91_000),
    (Op::Mul, 122_000, 150_000),
    (Op::BitAnd, 31_000, 31_000),
    (Op::BitOr, 30_000, 30_000),
    (Op::BitXor, 31_000, 31_000),
    (Op::Shl, 32_000, 92_000),
    (Op::Shr, 32_000, 91_000),
    (Op::Rotl, 31_000, 91_000),
    (Op::Rotr, 31_000, 93_000),
    (Op::Eq, 55_000, 55_000),
    (Op::Ne, 55_000, 55_000),
    (Op::Ge, 52_000, 63_000),
    (Op::Gt, 52_000, 59_000),
    (Op::Le, 58_000, 58_000),
    (Op::Lt, 52_000, 59_000),
    (Op::Min, 84_000, 119_000),
    (Op::Max, 89_000, 121_000),
];

fn a() -> B256 {
    trivial(1, Uint8)
}

fn b() -> B256 {
    trivial(2, Uint8)
}

fn word(value: u64) -> B256 {
    U256::from(value).into()
}

fn byte(value: u8) -> FixedBytes<1> {
    FixedBytes([value])
}

fn id(ty: FheType) -> U256 {
    U256::from(ty.id())
}

/// A call of an operation.
fn op(name: impl Into<String>, op: Op, arguments: impl SolValue) -> Case {
    case(name, HOST.executor, calldata(op, arguments))
}

/// A handle that nobody was granted.
fn foreign() -> B256 {
    trivial(99, Uint8)
}

fn not_allowed(handle: B256) -> E::ACLNotAllowed {
    E::ACLNotAllowed { handle, account: DAPP }
}

/// The log of an operation by [`DAPP`].
fn log(op: Op, data: Vec<u8>) -> LogData {
    LogData::new_unchecked(vec![op.spec().topic(), DAPP.into_word()], data.into())
}

fn binary_operations() -> Vec<Case> {
    let mut cases = vec![];
    for (operation, with_scalar, between) in BINARY {
        let result = if matches!(operation.id(), 12..=17) { Bool } else { Uint8 };
        for (rhs, scalar, price) in [(word(5), 1u8, *with_scalar), (b(), 0, *between)] {
            let name = operation.name();
            let body = [&a()[..], &rhs[..], &[scalar]].concat();
            let handle = derived(*operation, &body, result);
            let data = (a(), rhs, byte(scalar), handle).abi_encode();
            cases.push(
                op(format!("{name}, scalar byte {scalar}"), *operation, (a(), rhs, byte(scalar)))
                    .after(has(1, Uint8))
                    .after(has(2, Uint8))
                    .operates(handle, price, price + ENCRYPTION)
                    .logs(log(*operation, data)),
            );
        }
        cases.push(
            op(format!("{}, scalar byte 2", operation.name()), *operation, (a(), b(), byte(2)))
                .after(has(1, Uint8))
                .reverts(E::ScalarByteIsNotBoolean {}),
        );
    }
    for (operation, price) in [(Op::Div, 210_000), (Op::Rem, 440_000)] {
        let name = operation.name();
        let call = |what: &str, lhs: B256, rhs, scalar| {
            op(format!("{name}{what}"), operation, (lhs, rhs, byte(scalar))).after(has(1, Uint8))
        };
        let body = [&a()[..], &word(5)[..], &[1]].concat();
        let handle = derived(operation, &body, Uint8);
        let data = (a(), word(5), byte(1), handle).abi_encode();
        let bool = trivial(1, Bool);
        cases.extend([
            call("", a(), word(5), 1)
                .operates(handle, price, price + ENCRYPTION)
                .logs(log(operation, data)),
            call(", encrypted divisor of a bool", bool, word(0), 0).reverts(E::IsNotScalar {}),
            call(", bool by zero", bool, word(0), 1).reverts(E::UnsupportedType {}),
            call(", foreign by zero", foreign(), word(0), 1).reverts(E::DivisionByZero {}),
            call(", by 256 in 8 bits", a(), word(256), 1).reverts(E::DivisionByZero {}),
            call(", foreign", foreign(), word(5), 1).reverts(not_allowed(foreign())),
        ]);
    }
    cases
}

fn binary_refusals() -> Vec<Case> {
    let wide = trivial(1, Uint16);
    let add = |name: &str, lhs: B256, rhs: B256, scalar| {
        op(format!("fheAdd, {name}"), Op::Add, (lhs, rhs, byte(scalar)))
            .after(has(1, Uint8))
            .after(has(1, Uint16))
    };
    let typed = |ty: u8| {
        let mut handle = a();
        handle[30] = ty;
        handle
    };
    let data = calldata(Op::Add, (a(), word(5), byte(1)));
    let mut dirty = data.clone();
    dirty[4 + 64 + 1] = 1;
    vec![
        add("type and scalar byte", trivial(1, Bool), foreign(), 2).reverts(E::UnsupportedType {}),
        add("a type that is never used", typed(83), a(), 0).reverts(E::UnsupportedType {}),
        add("no type", typed(84), a(), 2).reverts(Panic::from(PanicKind::EnumConversionError)),
        add("scalar byte and access", foreign(), foreign(), 2)
            .reverts(E::ScalarByteIsNotBoolean {}),
        add("both foreign", foreign(), wide, 0).reverts(not_allowed(foreign())),
        add("right foreign, of another type", a(), trivial(7, Uint16), 0)
            .reverts(not_allowed(trivial(7, Uint16))),
        add("types differ", a(), wide, 0).reverts(E::IncompatibleTypes {}),
        add("left is zero", B256::ZERO, a(), 0).reverts(E::UnsupportedType {}),
        op("fheNot of zero", Op::Not, B256::ZERO).reverts(not_allowed(B256::ZERO)),
        op("fheEq with zero", Op::Eq, (trivial(1, Bool), B256::ZERO, byte(0)))
            .after(has(1, Bool))
            .reverts(not_allowed(B256::ZERO)),
        case("fheAdd, short", HOST.executor, &data[..data.len() - 1])
            .after(has(1, Uint8))
            .reverts_empty(),
        case("fheAdd, dirty scalar byte", HOST.executor, dirty)
            .after(has(1, Uint8))
            .reverts_empty(),
        add("paused", a(), a(), 0)
            .after(|chain| done(chain, owner(), HOST.acl, &Acl::pauseCall {}.abi_encode()))
            .reverts(AclErrors::EnforcedPause {}),
        add("paused and types differ", a(), wide, 0)
            .after(|chain| done(chain, owner(), HOST.acl, &Acl::pauseCall {}.abi_encode()))
            .reverts(E::IncompatibleTypes {}),
    ]
}

fn other_shapes() -> Vec<Case> {
    let mut cases = vec![];
    for (operation, price) in [(Op::Neg, 79_000), (Op::Not, 9)] {
        let handle = derived(operation, a().as_slice(), Uint8);
        cases.extend([
            op(operation.name(), operation, a())
                .after(has(1, Uint8))
                .operates(handle, price, price + ENCRYPTION)
                .logs(log(operation, (a(), handle).abi_encode())),
            op(format!("{}, foreign", operation.name()), operation, foreign())
                .reverts(not_allowed(foreign())),
            op(format!("{}, address", operation.name()), operation, trivial(1, FheType::Uint160))
                .reverts(E::UnsupportedType {}),
        ]);
    }
    let control = trivial(1, Bool);
    let select = |name: &str, control: B256, yes: B256, no: B256| {
        op(format!("fheIfThenElse{name}"), Op::IfThenElse, (control, yes, no))
            .after(has(1, Bool))
            .after(has(1, Uint8))
            .after(has(2, Uint8))
            .after(has(1, Uint16))
    };
    let handle = derived(Op::IfThenElse, &[control, a(), b()].concat(), Uint8);
    let bad_type = trivial(1, Uint8).0;
    let mut bad_type = B256::from(bad_type);
    bad_type[30] = 9;
    cases.extend([
        select("", control, a(), b())
            .operates(handle, 55_000, 55_000 + ENCRYPTION)
            .logs(log(Op::IfThenElse, (control, a(), b(), handle).abi_encode())),
        select(", branch of no type and all foreign", foreign(), bad_type, foreign())
            .reverts(E::UnsupportedType {}),
        select(", control foreign", foreign(), a(), trivial(1, Uint16))
            .reverts(not_allowed(foreign())),
        select(", yes foreign", a(), foreign(), trivial(1, Uint16)).reverts(not_allowed(foreign())),
        select(", no foreign", a(), b(), trivial(9, Uint16))
            .reverts(not_allowed(trivial(9, Uint16))),
        select(", control not a bool", a(), b(), trivial(1, Uint16)).reverts(E::UnsupportedType {}),
        select(", branches differ", control, a(), trivial(1, Uint16))
            .reverts(E::IncompatibleTypes {}),
    ]);
    let cast = |name: &str, ct: B256, to: U256| {
        op(format!("cast{name}"), Op::Cast, (ct, to)).after(has(1, Uint8))
    };
    let handle = derived(Op::Cast, &[&a()[..], &[Uint64.id()]].concat(), Uint64);
    cases.extend([
        cast("", a(), id(Uint64))
            .operates(handle, 32, 32 + ENCRYPTION)
            .logs(log(Op::Cast, (a(), id(Uint64), handle).abi_encode())),
        cast(", foreign to a bool", foreign(), id(Bool)).reverts(not_allowed(foreign())),
        cast(" of an address", trivial(1, FheType::Uint160), id(Bool))
            .after(has(1, FheType::Uint160))
            .reverts(E::UnsupportedType {}),
        cast(" to a bool", a(), id(Bool)).reverts(E::UnsupportedType {}),
        cast(" to the same type", a(), id(Uint8)).reverts(E::InvalidType {}),
        cast(" to no type", a(), U256::from(84)).reverts_empty(),
    ]);
    cases
}

fn without_operands() -> Vec<Case> {
    let encrypt = |name: &str, value: u64, ty: U256| {
        op(format!("trivialEncrypt{name}"), Op::TrivialEncrypt, (U256::from(value), ty))
    };
    let seed = |counter: u64| {
        let parent = keccak256((BLOCK - 1).to_string());
        let context = (U256::from(31337), parent, U256::from(NOW)).abi_encode();
        let counter = U256::from(counter).to_be_bytes::<32>();
        let preimage = [b"FHE_seed", &counter[..], HOST.acl.as_slice(), &context].concat();
        FixedBytes::<16>::from_slice(&keccak256(preimage)[..16])
    };
    let random = |operation: Op, body: &[u8], ty| {
        let preimage = [b"FHE_comp", &[operation.id()][..], body].concat();
        Handle::computed(keccak256(preimage), 31337, ty).0
    };
    let rand = |counter| random(Op::Rand, &[&[Uint64.id()], &seed(counter)[..]].concat(), Uint64);
    let bounded = |name: &str, bound: U256, ty: FheType| {
        op(format!("fheRandBounded{name}"), Op::RandBounded, (bound, id(ty)))
    };
    let sixteen = U256::from(16);
    let below = random(
        Op::RandBounded,
        &[&sixteen.to_be_bytes::<32>(), &[Uint8.id()][..], &seed(0)[..]].concat(),
        Uint8,
    );
    vec![
        encrypt("", 1, id(Uint8))
            .operates(a(), ENCRYPTION, ENCRYPTION)
            .logs(log(Op::TrivialEncrypt, (U256::ONE, id(Uint8), a()).abi_encode())),
        encrypt(" twice", 1, id(Uint8))
            .after(has(1, Uint8))
            .operates(a(), ENCRYPTION, ENCRYPTION)
            .logs(log(Op::TrivialEncrypt, (U256::ONE, id(Uint8), a()).abi_encode())),
        encrypt(" to a type that is never used", 1, U256::from(1)).reverts(E::UnsupportedType {}),
        encrypt(" to the last type", 1, U256::from(83)).reverts(E::UnsupportedType {}),
        encrypt(" to no type", 1, U256::from(84)).reverts_empty(),
        encrypt(" in block 0", 1, id(Uint8))
            .after(|chain| chain.context.block.number = U256::ZERO)
            .reverts(Panic::from(PanicKind::UnderOverflow)),
        op("fheRand", Op::Rand, id(Uint64))
            .operates(rand(0), 24_000, 24_000)
            .stores(seeds(), 1)
            .logs(log(Op::Rand, (id(Uint64), seed(0), rand(0)).abi_encode())),
        op("fheRand, second", Op::Rand, id(Uint64))
            .after_call(DAPP, calldata(Op::Rand, id(Uint64)))
            .operates(rand(1), 24_000, 24_000)
            .stores(seeds(), 2)
            .logs(log(Op::Rand, (id(Uint64), seed(1), rand(1)).abi_encode())),
        op("fheRand of an address", Op::Rand, id(FheType::Uint160)).reverts(E::UnsupportedType {}),
        bounded("", sixteen, Uint8)
            .operates(below, 23_000, 23_000)
            .stores(seeds(), 1)
            .logs(log(Op::RandBounded, (sixteen, id(Uint8), seed(0), below).abi_encode())),
        bounded(" of a bool, by 3", U256::from(3), Bool).reverts(E::UnsupportedType {}),
        bounded(" by 0", U256::ZERO, Uint8).reverts(E::NotPowerOfTwo {}),
        bounded(" by 3", U256::from(3), Uint8).reverts(E::NotPowerOfTwo {}),
        bounded(" by 513 in 8 bits", U256::from(513), Uint8).reverts(E::NotPowerOfTwo {}),
        bounded(" by 512 in 8 bits", U256::from(512), Uint8)
            .reverts(E::UpperBoundAboveMaxTypeValue {}),
    ]
}

fn collections() -> Vec<Case> {
    let sum = |name: &str, values: Vec<B256>, ty| {
        op(format!("fheSum{name}"), Op::Sum, (values, id(ty)))
            .after(has(1, Uint8))
            .after(has(2, Uint8))
    };
    let is_in = |name: &str, value: B256, values: Vec<B256>, ty| {
        op(format!("fheIsIn{name}"), Op::IsIn, (value, values, id(ty)))
            .after(has(1, Uint8))
            .after(has(2, Uint8))
    };
    let length = |n: u64| U256::from(n).to_be_bytes::<32>();
    let total = derived(Op::Sum, &[length(2), a().0, b().0].concat(), Uint8);
    let empty = derived(Op::Sum, &length(0), Uint64);
    let member = derived(Op::IsIn, &[length(2), a().0, a().0, b().0].concat(), Bool);
    let size = |size: u64, limit: u64| E::FHECollectionSizeInvalid {
        size: U256::from(size),
        limit: U256::from(limit),
    };
    let depth = |price: u64| price + ENCRYPTION;
    vec![
        sum("", vec![a(), b()], Uint8)
            .operates(total, 90_900, depth(90_900))
            .logs(log(Op::Sum, (vec![a(), b()], total).abi_encode_params())),
        sum(" of nothing", vec![], Uint64)
            .operates(empty, 139_000, 139_000)
            .logs(log(Op::Sum, (Vec::<B256>::new(), empty).abi_encode_params())),
        sum(" of 101 bools", vec![foreign(); 101], Bool).reverts(E::UnsupportedType {}),
        sum(" of 101", vec![foreign(); 101], Uint8).reverts(size(101, 100)),
        sum(" of 61 wide ones", vec![foreign(); 61], Uint64).reverts(size(61, 60)),
        sum(", second foreign", vec![a(), foreign()], Uint8).reverts(not_allowed(foreign())),
        sum(" of another type", vec![a()], Uint16).reverts(E::IncompatibleTypes {}),
        is_in("", a(), vec![a(), b()], Uint8)
            .operates(member, 71_300, depth(71_300))
            .logs(log(Op::IsIn, (a(), vec![a(), b()], member).abi_encode_params())),
        is_in(" of 101 bools", foreign(), vec![foreign(); 101], Bool)
            .reverts(E::UnsupportedType {}),
        is_in(" of 101", trivial(1, Uint16), vec![a(); 101], Uint8).reverts(size(101, 100)),
        is_in(" of 61 wide ones", a(), vec![a(); 61], Uint256).reverts(size(61, 60)),
        is_in(", value of another type and foreign", trivial(9, Uint16), vec![a()], Uint8)
            .reverts(E::IncompatibleTypes {}),
        is_in(", value foreign", foreign(), vec![a()], Uint8).reverts(not_allowed(foreign())),
        is_in(", element foreign", a(), vec![foreign()], Uint8).reverts(not_allowed(foreign())),
    ]
}

fn fused() -> Vec<Case> {
    let call = |name: &str, f1: B256, f2: B256, divisor: u64, scalar| {
        op(format!("fheMulDiv{name}"), Op::MulDiv, (f1, f2, word(divisor), byte(scalar)))
            .after(has(1, Uint8))
            .after(has(2, Uint8))
            .after(has(1, Uint16))
    };
    let handle = |f2: B256, scalar| {
        let body = [&a()[..], &f2[..], &word(3)[..], &[scalar]].concat();
        derived(Op::MulDiv, &body, Uint8)
    };
    let event = |f2: B256, scalar| {
        log(Op::MulDiv, (a(), f2, word(3), byte(scalar), handle(f2, scalar)).abi_encode())
    };
    vec![
        call("", a(), b(), 3, 1)
            .operates(handle(b(), 1), 524_000, 524_000 + ENCRYPTION)
            .logs(event(b(), 1)),
        call(" with a scalar", a(), word(5), 3, 3)
            .operates(handle(word(5), 3), 495_000, 495_000 + ENCRYPTION)
            .logs(event(word(5), 3)),
        call(" of a bool by zero", trivial(1, Bool), b(), 0, 0).reverts(E::UnsupportedType {}),
        call(" by zero, scalar byte 0", foreign(), b(), 256, 0).reverts(E::DivisionByZero {}),
        call(", scalar byte 0", foreign(), b(), 3, 0).reverts(E::InvalidMulDivScalarByte {}),
        call(", scalar byte 2", a(), b(), 3, 2).reverts(E::InvalidMulDivScalarByte {}),
        call(", first foreign", foreign(), foreign(), 3, 1).reverts(not_allowed(foreign())),
        call(", second foreign", a(), trivial(9, Uint16), 3, 1)
            .reverts(not_allowed(trivial(9, Uint16))),
        call(", types differ", a(), trivial(1, Uint16), 3, 1).reverts(E::IncompatibleTypes {}),
    ]
}

fn views() -> Vec<Case> {
    let ask = |name: &str, data: Vec<u8>| case(name, HOST.executor, data).by(USER);
    let verify = calldata(Op::VerifyInput, (a(), DAPP, Bytes::new(), id(Uint16)));
    vec![
        ask("getACLAddress", Executor::getACLAddressCall {}.abi_encode()).returns(HOST.acl),
        ask("getHCULimitAddress", Executor::getHCULimitAddressCall {}.abi_encode())
            .returns(HOST.hcu_limit),
        ask("getInputVerifierAddress", Executor::getInputVerifierAddressCall {}.abi_encode())
            .returns(HOST.input_verifier),
        ask("getHandleVersion", Executor::getHandleVersionCall {}.abi_encode()).returns(U256::ZERO),
        ask("getVersion", Executor::getVersionCall {}.abi_encode()).returns("FHEVMExecutor v0.4.0"),
        ask("initialize", Executor::initializeFromEmptyProxyCall {}.abi_encode())
            .reverts(HostErrors::NotInitializingFromEmptyProxy {}),
        ask("reinitialize", Executor::reinitializeV6Call {}.abi_encode())
            .reverts(HostErrors::InvalidInitialization {}),
        // Inputs have tables of their own; the type is the executor's to check, and it comes first.
        ask("verifyInput, of another type", verify.clone()).reverts(E::InvalidType {}),
        ask("verifyInput, malformed", verify[..verify.len() - 1 - 32].to_vec()).reverts_empty(),
        ask("the verifier's verifyInput", alloy_primitives::hex!("e6317df5").to_vec())
            .reverts_empty(),
        ask("no calldata for the executor", vec![]).reverts_empty(),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [
        binary_operations(),
        binary_refusals(),
        other_shapes(),
        without_operands(),
        collections(),
        fused(),
        views(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The meter comes last: whatever else is wrong with an operation is reported first.
#[test]
fn limits_are_reported_after_everything_else() {
    let limits = |per_tx| HcuLimits { per_tx, ..HcuLimits::default() };
    let chain = |per_tx| {
        let params = GenesisParams { hcu: limits(per_tx), ..GenesisParams::default() };
        let mut chain = Chain::with(HostConfig::default(), &params);
        assert_eq!(chain.trivial(1, Uint8), a());
        chain
    };
    let mut tight = chain(32);
    let not = |handle| calldata(Op::Not, handle);
    assert_reverts(&tight.call(DAPP, HOST.executor, not(foreign())), not_allowed(foreign()));
    let refused = HcuErrors::HCUTransactionLimitExceeded {};
    assert_reverts(&tight.call(DAPP, HOST.executor, not(a())), refused);
    let mut wide = chain(32 + 9);
    assert!(wide.call(DAPP, HOST.executor, not(a())).is_success());
    let used = wide.view(HOST.hcu_limit, HcuLimit::getBlockMeterCall {});
    assert_eq!(used.usedHCU.to::<u64>(), 32 + 9);
}
