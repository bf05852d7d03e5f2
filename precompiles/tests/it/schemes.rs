//! Handles as the executor derives them under each scheme, against the published formulas.

use alloy_primitives::{B256, Bytes, FixedBytes, U256, keccak256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, Handle, Op};
use ciphervm_precompiles::{GenesisParams, HostConfig, PreimageScheme, interface::Acl};

use crate::{
    inputs,
    support::*,
    table::{BLOCK, NOW},
};
use FheType::{Bool, Uint8, Uint16, Uint64};
use PreimageScheme::{Main, V011, V013};

fn chain(scheme: PreimageScheme) -> Chain {
    let params = GenesisParams {
        coprocessor_signers: [1, 2, 3].map(|seed| signer(seed).1).into(),
        coprocessor_threshold: 2,
        ..GenesisParams::default()
    };
    Chain::with(HostConfig { scheme, ..HostConfig::default() }, &params)
}

fn word(value: u64) -> B256 {
    U256::from(value).into()
}

/// What binds a handle to the chain, and to the block if it is to be.
fn context(with_block: bool) -> Vec<u8> {
    let mut context = [HOST.acl.as_slice(), word(31337).as_slice()].concat();
    if with_block {
        let parent = keccak256((BLOCK - 1).to_string());
        context.extend([parent, word(NOW)].concat());
    }
    context
}

/// The handle of an operation's result. `boundary` says which operands are of earlier
/// transactions.
fn derived(scheme: PreimageScheme, op: Op, body: &[u8], boundary: u64, ty: FheType) -> B256 {
    let domain: &[u8] = if scheme == V011 { b"" } else { b"FHE_comp" };
    let mut preimage = [domain, &[op.id()], body].concat();
    if scheme == Main && op != Op::TrivialEncrypt {
        preimage.extend(word(boundary));
    }
    preimage.extend(context(scheme != V011));
    Handle::computed(keccak256(preimage), 31337, ty).0
}

/// The handle of a random number, the first of the chain. `body` is what goes before the seed.
fn random(scheme: PreimageScheme, op: Op, body: &[u8], ty: FheType) -> B256 {
    let domain: &[u8] = if scheme == V011 { b"" } else { b"FHE_seed" };
    let seed = keccak256([domain, word(0).as_slice(), &context(true)].concat());
    let domain: &[u8] = if scheme == V011 { b"" } else { b"FHE_comp" };
    let preimage = [domain, &[op.id()], body, &seed[..16]].concat();
    Handle::computed(keccak256(preimage), 31337, ty).0
}

/// An operation on encrypted operands, which come one after the other.
struct Sample {
    op: Op,
    operands: Vec<FheType>,
    result: FheType,
    /// The calldata for operands.
    call: fn(&[B256]) -> Vec<u8>,
    /// What is hashed of them.
    body: fn(&[B256]) -> Vec<u8>,
}

fn sample(
    op: Op,
    operands: &[FheType],
    result: FheType,
    call: fn(&[B256]) -> Vec<u8>,
    body: fn(&[B256]) -> Vec<u8>,
) -> Sample {
    Sample { op, operands: operands.into(), result, call, body }
}

fn samples() -> [Sample; 9] {
    const DIVISOR: u64 = 3;
    [
        sample(Op::Neg, &[Uint8], Uint8, |x| calldata(Op::Neg, x[0]), |x| x.concat()),
        sample(
            Op::Add,
            &[Uint8; 2],
            Uint8,
            |x| calldata(Op::Add, (x[0], x[1], FixedBytes([0]))),
            |x| [&x.concat()[..], &[0]].concat(),
        ),
        sample(
            Op::Add,
            &[Uint8],
            Uint8,
            |x| calldata(Op::Add, (x[0], word(5), FixedBytes([1]))),
            |x| [x[0].as_slice(), word(5).as_slice(), &[1]].concat(),
        ),
        sample(
            Op::IfThenElse,
            &[Bool, Uint8, Uint8],
            Uint8,
            |x| calldata(Op::IfThenElse, (x[0], x[1], x[2])),
            |x| x.concat(),
        ),
        sample(
            Op::Cast,
            &[Uint8],
            Uint16,
            |x| calldata(Op::Cast, (x[0], U256::from(Uint16.id()))),
            |x| [x[0].as_slice(), &[Uint16.id()]].concat(),
        ),
        sample(
            Op::Sum,
            &[Uint8; 3],
            Uint8,
            |x| calldata(Op::Sum, (x.to_vec(), U256::from(Uint8.id()))),
            |x| [word(3).as_slice(), &x.concat()].concat(),
        ),
        sample(
            Op::IsIn,
            &[Uint8; 3],
            Bool,
            |x| calldata(Op::IsIn, (x[0], x[1..].to_vec(), U256::from(Uint8.id()))),
            |x| [word(2).as_slice(), &x.concat()].concat(),
        ),
        sample(
            Op::MulDiv,
            &[Uint8; 2],
            Uint8,
            |x| calldata(Op::MulDiv, (x[0], x[1], word(DIVISOR), FixedBytes([1]))),
            |x| [&x.concat()[..], word(DIVISOR).as_slice(), &[1]].concat(),
        ),
        sample(
            Op::MulDiv,
            &[Uint8],
            Uint8,
            |x| calldata(Op::MulDiv, (x[0], word(5), word(DIVISOR), FixedBytes([3]))),
            |x| [x[0], word(5), word(DIVISOR)].concat().into_iter().chain([3]).collect(),
        ),
    ]
}

/// Operands that [`DAPP`] has from an earlier transaction, or from this one.
fn operands(chain: &mut Chain, types: &[FheType], first: u64) -> Vec<B256> {
    let values = (first..).zip(types);
    values.map(|(value, ty)| chain.trivial(value % (1 << ty.bits().min(8)), *ty)).collect()
}

#[test]
fn every_shape_has_the_handle_of_the_formula_whichever_operands_are_old() {
    for scheme in [V011, V013, Main] {
        for Sample { op, operands: types, result, call, body } in samples() {
            for boundary in 0..1_u64 << types.len() {
                let mut chain = chain(scheme);
                let old = operands(&mut chain, &types, 20);
                for handle in &old {
                    let allow = Acl::allowCall { handle: *handle, account: DAPP }.abi_encode();
                    assert!(chain.call(DAPP, HOST.acl, allow).is_success());
                }
                chain.next_transaction();
                let new = operands(&mut chain, &types, 41);
                let is_old = |index: usize| boundary >> index & 1 == 1;
                let chosen: Vec<_> = (0..types.len())
                    .map(|index| if is_old(index) { old[index] } else { new[index] })
                    .collect();
                let output = chain.call(DAPP, HOST.executor, call(&chosen));
                let expected = derived(scheme, op, &body(&chosen), boundary, result);
                assert_eq!(handle(&output), expected, "{scheme:?} {op} {boundary:b}");
            }
        }
    }
}

#[test]
fn what_has_no_operands_has_no_boundary() {
    for scheme in [V011, V013, Main] {
        let mut chain = chain(scheme);
        let id = |ty: FheType| U256::from(ty.id());
        let constant = [word(9).as_slice(), &[Uint64.id()]].concat();
        let constant = derived(scheme, Op::TrivialEncrypt, &constant, 0, Uint64);
        assert_eq!(chain.trivial(9, Uint64), constant, "{scheme:?}");
        let output = chain.op(Op::Rand, id(Uint64));
        let expected = random(scheme, Op::Rand, &[Uint64.id()], Uint64);
        assert_eq!(handle(&output), expected, "{scheme:?}");

        let mut chain = self::chain(scheme);
        let output = chain.op(Op::RandBounded, (U256::from(16), id(Uint8)));
        let body = [word(16).as_slice(), &[Uint8.id()]].concat();
        let expected = random(scheme, Op::RandBounded, &body, Uint8);
        assert_eq!(handle(&output), expected, "{scheme:?}");
    }
}

/// The executor makes no input, so one counts as old in the very transaction that admits it.
#[test]
fn an_input_is_never_of_this_transaction() {
    let mut chain = chain(Main);
    let input = inputs::handles()[0];
    let proof: Bytes = inputs::proof_by(&[1, 2]).encode();
    assert_eq!(handle(&inputs::admit(&mut chain, input, &proof)), input.0);
    let negated = handle(&chain.op(Op::Neg, input.0));
    assert_eq!(negated, derived(Main, Op::Neg, input.0.as_slice(), 1, Uint64));
    let again = handle(&chain.op(Op::Neg, negated));
    assert_eq!(again, derived(Main, Op::Neg, negated.as_slice(), 0, Uint64));
}
