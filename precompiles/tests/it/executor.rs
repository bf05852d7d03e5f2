//! Operations: what succeeds, and each refusal in its order.

use alloy_primitives::{B256, FixedBytes, U256};
use alloy_sol_types::{Panic, PanicKind};
use ciphervm_fhe::{FheType, OPS, Op, OpSpec, ScalarRule, Shape};
use ciphervm_precompiles::{ExecutorErrors as E, HostConfig, PreimageScheme};

use crate::support::*;

fn byte(value: u8) -> FixedBytes<1> {
    FixedBytes([value])
}

fn word(value: u64) -> B256 {
    U256::from(value).into()
}

fn id(ty: FheType) -> U256 {
    U256::from(ty.id())
}

/// A successful call of the operation on `ty`.
fn perform(chain: &mut Chain, spec: &OpSpec, ty: FheType) -> Option<B256> {
    let a = chain.trivial(1, ty);
    let b = chain.trivial(2, ty);
    let op = spec.op;
    let output = match spec.shape {
        Shape::Unary => chain.op(op, a),
        Shape::Binary if spec.scalar == ScalarRule::Required => chain.op(op, (a, word(3), byte(1))),
        Shape::Binary => chain.op(op, (a, b, byte(0))),
        Shape::Select => {
            let control = chain.trivial(1, FheType::Bool);
            chain.op(op, (control, a, b))
        }
        Shape::Cast => {
            let to = if ty == FheType::Uint8 { FheType::Uint16 } else { FheType::Uint8 };
            chain.op(op, (a, id(to)))
        }
        Shape::TrivialEncrypt => chain.op(op, (U256::from(9), id(ty))),
        Shape::Rand => chain.op(op, id(ty)),
        Shape::RandBounded => chain.op(op, (U256::from(8), id(ty))),
        Shape::Sum => chain.op(op, (vec![a, b], id(ty))),
        Shape::IsIn => chain.op(op, (a, vec![a, b], id(ty))),
        Shape::MulDiv => chain.op(op, (a, b, word(3), byte(1))),
        Shape::VerifyInput => return None,
    };
    Some(handle(&output))
}

#[test]
fn every_operation_works_on_each_of_its_types_and_on_no_other() {
    for spec in &OPS {
        for ty in FheType::ALL {
            let mut chain = Chain::new();
            if spec.types.contains(ty) {
                let Some(result) = perform(&mut chain, spec, ty) else { continue };
                assert!(chain.is_allowed(result, DAPP));
                assert!(!chain.is_allowed(result, USER));
                let log = chain.logs().pop().expect("a log");
                assert_eq!(log.address, HOST.executor);
                assert_eq!(log.topics(), [spec.topic(), DAPP.into_word()]);
                assert_eq!(log.data.data[..].chunks(32).filter(|w| *w == &result[..]).count(), 1);
                continue;
            }
            let a = chain.trivial(1, ty);
            let output = match spec.shape {
                Shape::Unary => chain.op(spec.op, a),
                Shape::Binary => chain.op(spec.op, (a, word(3), byte(1))),
                Shape::Cast => chain.op(spec.op, (a, id(FheType::Uint8))),
                Shape::Rand => chain.op(spec.op, id(ty)),
                Shape::RandBounded => chain.op(spec.op, (U256::from(8), id(ty))),
                Shape::Sum => chain.op(spec.op, (vec![a], id(ty))),
                Shape::IsIn => chain.op(spec.op, (a, vec![a], id(ty))),
                Shape::MulDiv => chain.op(spec.op, (a, a, word(3), byte(1))),
                _ => continue,
            };
            assert_reverts(&output, E::UnsupportedType {});
        }
    }
}

#[test]
fn binary_refusals_come_in_order() {
    let mut chain = Chain::new();
    let a = chain.trivial(1, FheType::Uint8);
    let wide = chain.trivial(1, FheType::Uint16);
    let bool = chain.trivial(1, FheType::Bool);
    let foreign = {
        let mut handle = a;
        handle[0] ^= 1;
        handle
    };
    let stranger = E::ACLNotAllowed { handle: foreign, account: DAPP };
    let mut div = |lhs, rhs, scalar| chain.op(Op::Div, (lhs, rhs, byte(scalar)));
    assert_reverts(&div(bool, word(0), 0), E::IsNotScalar {});
    assert_reverts(&div(bool, word(0), 1), E::UnsupportedType {});
    // 256 is zero in eight bits.
    assert_reverts(&div(foreign, word(256), 1), E::DivisionByZero {});
    assert_reverts(&div(foreign, word(1), 1), stranger.clone());
    handle(&div(a, word(1), 1));

    let mut add = |lhs, rhs, scalar| chain.op(Op::Add, (lhs, rhs, byte(scalar)));
    assert_reverts(&add(bool, foreign, 2), E::UnsupportedType {});
    assert_reverts(&add(foreign, foreign, 2), E::ScalarByteIsNotBoolean {});
    assert_reverts(&add(foreign, wide, 0), stranger.clone());
    assert_reverts(&add(a, foreign, 0), stranger);
    assert_reverts(&add(a, wide, 0), E::IncompatibleTypes {});
    assert_eq!(type_of(handle(&add(a, a, 0))), FheType::Uint8);
    // A scalar is no handle: nobody needs a grant for it.
    handle(&add(a, foreign, 1));

    let mut no_type = a;
    no_type[30] = 84;
    let panic = Panic::from(PanicKind::EnumConversionError);
    assert_reverts(&chain.op(Op::Add, (no_type, a, byte(0))), panic);
    no_type[30] = 83;
    assert_reverts(&chain.op(Op::Add, (no_type, a, byte(0))), E::UnsupportedType {});
    let zero = E::ACLNotAllowed { handle: B256::ZERO, account: DAPP };
    assert_reverts(&chain.op(Op::Not, B256::ZERO), zero);
}

#[test]
fn select_refusals_come_in_order() {
    let mut chain = Chain::new();
    let a = chain.trivial(1, FheType::Uint8);
    let wide = chain.trivial(1, FheType::Uint16);
    let control = chain.trivial(1, FheType::Bool);
    let foreign = B256::with_last_byte(0);
    let stranger = E::ACLNotAllowed { handle: foreign, account: DAPP };
    assert_reverts(&chain.op(Op::IfThenElse, (foreign, a, wide)), stranger);
    assert_reverts(&chain.op(Op::IfThenElse, (a, a, wide)), E::UnsupportedType {});
    assert_reverts(&chain.op(Op::IfThenElse, (control, a, wide)), E::IncompatibleTypes {});
    handle(&chain.op(Op::IfThenElse, (control, a, a)));
}

#[test]
fn cast_and_bounds_refuse_what_has_no_meaning() {
    let mut chain = Chain::new();
    let a = chain.trivial(1, FheType::Uint8);
    assert_reverts(&chain.op(Op::Cast, (a, id(FheType::Bool))), E::UnsupportedType {});
    assert_reverts(&chain.op(Op::Cast, (a, id(FheType::Uint160))), E::UnsupportedType {});
    assert_reverts(&chain.op(Op::Cast, (a, id(FheType::Uint8))), E::InvalidType {});
    handle(&chain.op(Op::Cast, (a, id(FheType::Uint256))));

    let mut bounded = |bound: U256, ty| chain.op(Op::RandBounded, (bound, id(ty)));
    let eight = FheType::Uint8;
    assert_reverts(&bounded(U256::from(3), FheType::Bool), E::UnsupportedType {});
    assert_reverts(&bounded(U256::ZERO, eight), E::NotPowerOfTwo {});
    assert_reverts(&bounded(U256::from(3), eight), E::NotPowerOfTwo {});
    assert_reverts(&bounded(U256::from(512), eight), E::UpperBoundAboveMaxTypeValue {});
    for (bound, ty) in [(1, eight), (256, eight), (1, FheType::Uint256)] {
        handle(&bounded(U256::from(bound), ty));
    }
    handle(&bounded(U256::from(1) << 255, FheType::Uint256));
}

#[test]
fn collections_have_limits_and_one_type() {
    let mut chain = Chain::new();
    let a = chain.trivial(1, FheType::Uint8);
    let wide = chain.trivial(1, FheType::Uint64);
    let mut sum = |values, ty| chain.op(Op::Sum, (values, id(ty)));
    let size = |size, limit| E::FHECollectionSizeInvalid {
        size: U256::from(size),
        limit: U256::from(limit),
    };
    assert_reverts(&sum(vec![a; 101], FheType::Uint8), size(101, 100));
    assert_reverts(&sum(vec![wide; 61], FheType::Uint64), size(61, 60));
    assert_reverts(&sum(vec![a, wide], FheType::Uint8), E::IncompatibleTypes {});
    handle(&sum(vec![a; 100], FheType::Uint8));
    handle(&sum(vec![], FheType::Uint64));
    let is_in = chain.op(Op::IsIn, (wide, vec![a], id(FheType::Uint8)));
    assert_reverts(&is_in, E::IncompatibleTypes {});
    let is_in = chain.op(Op::IsIn, (a, vec![a; 100], id(FheType::Uint8)));
    assert_eq!(type_of(handle(&is_in)), FheType::Bool);
}

#[test]
fn fused_division_knows_two_scalar_bytes() {
    let mut chain = Chain::new();
    let a = chain.trivial(1, FheType::Uint8);
    let mut mul_div =
        |f2, divisor, scalar| chain.op(Op::MulDiv, (a, f2, word(divisor), byte(scalar)));
    assert_reverts(&mul_div(a, 256, 0), E::DivisionByZero {});
    for scalar in [0, 2, 4] {
        assert_reverts(&mul_div(a, 1, scalar), E::InvalidMulDivScalarByte {});
    }
    let encrypted = handle(&mul_div(a, 1, 1));
    let scalar = handle(&mul_div(word(5), 1, 3));
    assert_ne!(encrypted, scalar);
}

#[test]
fn seeds_differ_and_other_handles_repeat() {
    let mut chain = Chain::new();
    let rand = |chain: &mut Chain| handle(&chain.op(Op::Rand, id(FheType::Uint8)));
    assert_ne!(rand(&mut chain), rand(&mut chain));
    assert_eq!(chain.trivial(1, FheType::Uint8), chain.trivial(1, FheType::Uint8));
    assert_ne!(chain.trivial(1, FheType::Uint8), chain.trivial(2, FheType::Uint8));
}

#[test]
fn in_block_zero_there_is_no_parent() {
    let mut chain = Chain::new();
    chain.context.block.number = U256::ZERO;
    let encrypt = |chain: &mut Chain| chain.op(Op::TrivialEncrypt, (U256::ONE, U256::from(2)));
    assert_reverts(&encrypt(&mut chain), Panic::from(PanicKind::UnderOverflow));
    chain.context.block.number = U256::ONE;
    handle(&encrypt(&mut chain));
}

#[test]
fn the_main_scheme_tells_operands_of_this_transaction_apart() {
    let config = HostConfig { scheme: PreimageScheme::Main, ..HostConfig::default() };
    let mut chain = Chain::with(config, &Default::default());
    let a = chain.trivial(1, FheType::Uint8);
    let allow = ciphervm_precompiles::interface::Acl::allowCall { handle: a, account: DAPP };
    let allow = alloy_sol_types::SolCall::abi_encode(&allow);
    assert!(chain.call(DAPP, HOST.acl, allow).is_success());
    let here = handle(&chain.op(Op::Neg, a));
    chain.next_transaction();
    let later = handle(&chain.op(Op::Neg, a));
    assert_ne!(here, later);
}
