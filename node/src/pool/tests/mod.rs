mod model;

use alloy_consensus::{
    SignableTransaction, Signed, TxEip1559, TxEip4844, TxEip7702, TxEnvelope, TxLegacy,
    transaction::Recovered,
};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip4844::VERSIONED_HASH_VERSION_KZG,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Bytes, Signature, TxKind};

use super::*;

const BLOCK: BlockFacts = BlockFacts { chain_id: 31337, gas_limit: 30_000_000 };
const RICH: AccountFacts = AccountFacts { nonce: 0, balance: U256::MAX };
const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);

fn signed<T>(sender: Address, transaction: T) -> Arc<Transaction>
where
    T: SignableTransaction<Signature>,
    Signed<T>: Into<TxEnvelope>,
{
    let transaction = transaction.into_signed(Signature::test_signature()).into();
    Arc::new(Recovered::new_unchecked(transaction, sender))
}

fn transfer() -> TxEip1559 {
    TxEip1559 {
        chain_id: 31337,
        gas_limit: 21_000,
        max_fee_per_gas: 100,
        max_priority_fee_per_gas: 10,
        to: TxKind::Call(Address::ZERO),
        ..TxEip1559::default()
    }
}

/// A transaction of Alice.
fn alice(nonce: u64, max_fee_per_gas: u128, max_priority_fee_per_gas: u128) -> Arc<Transaction> {
    let fees = TxEip1559 { max_fee_per_gas, max_priority_fee_per_gas, ..transfer() };
    signed(ALICE, TxEip1559 { nonce, ..fees })
}

/// A transaction of Bob. Alice's with the same contents has another hash.
fn bob(nonce: u64, max_fee_per_gas: u128, max_priority_fee_per_gas: u128) -> Arc<Transaction> {
    let fees = TxEip1559 { max_fee_per_gas, max_priority_fee_per_gas, ..transfer() };
    signed(BOB, TxEip1559 { nonce, value: U256::ONE, ..fees })
}

fn blob(nonce: u64, fee: u128, blob_fee: u128) -> TxEip4844 {
    TxEip4844 {
        chain_id: 31337,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: fee,
        max_priority_fee_per_gas: fee,
        max_fee_per_blob_gas: blob_fee,
        blob_versioned_hashes: vec![B256::right_padding_from(&[VERSIONED_HASH_VERSION_KZG])],
        ..TxEip4844::default()
    }
}

fn authorized(count: usize) -> TxEip7702 {
    let authorization = Authorization { chain_id: U256::ZERO, address: Address::ZERO, nonce: 0 };
    let signed = SignedAuthorization::new_unchecked(authorization, 0, U256::ONE, U256::ONE);
    TxEip7702 {
        chain_id: 31337,
        gas_limit: 21_000 + 25_000 * count as u64,
        authorization_list: vec![signed; count],
        ..TxEip7702::default()
    }
}

fn hashes(transactions: &[Arc<Transaction>]) -> Vec<B256> {
    transactions.iter().map(|transaction| *transaction.hash()).collect()
}

fn pool(transactions: &[&Arc<Transaction>]) -> Pool {
    let mut pool = Pool::default();
    for transaction in transactions {
        pool.insert(Arc::clone(transaction), &RICH, &BLOCK).unwrap();
    }
    pool
}

/// What an empty pool says to a transaction.
fn verdict(transaction: Arc<Transaction>, account: &AccountFacts) -> Result<(), PoolError> {
    Pool::default().insert(transaction, account, &BLOCK).map(|_| ())
}

#[test]
fn a_transaction_is_pending_when_no_nonce_is_missing_before_it() {
    let [zero, one, two] = [0, 1, 2].map(|nonce| alice(nonce, 100, 10));
    let mut pool = Pool::default();
    let mut insert =
        |transaction: &Arc<_>| pool.insert(Arc::clone(transaction), &RICH, &BLOCK).unwrap();
    let inserted = |transaction: &Arc<Transaction>, pending: &[&Arc<Transaction>]| Inserted {
        hash: *transaction.hash(),
        replaced: None,
        pending: pending.iter().map(|transaction| *transaction.hash()).collect(),
    };
    assert_eq!(insert(&zero), inserted(&zero, &[&zero]));
    assert_eq!(insert(&two), inserted(&two, &[]));
    assert_eq!((pool.next_nonce(&ALICE, 0), pool.next_nonce(&BOB, 0)), (1, 0));
    let content = pool.content(|_| 0);
    assert_eq!(content.pending, BySender::from([(ALICE, [(0, Arc::clone(&zero))].into())]));
    assert_eq!(content.queued, BySender::from([(ALICE, [(2, Arc::clone(&two))].into())]));

    let result = pool.insert(Arc::clone(&one), &RICH, &BLOCK).unwrap();
    assert_eq!(result, inserted(&one, &[&one, &two]));
    assert_eq!(pool.next_nonce(&ALICE, 0), 3);
    assert!(pool.content(|_| 0).queued.is_empty());
}

#[test]
fn a_replacement_pays_a_tenth_more_of_both_fees() {
    let old = alice(0, 105, 19);
    for (max_fee, tip, replaces) in [(115, 20, true), (114, 20, false), (115, 19, false)] {
        let mut pool = pool(&[&old]);
        let new = alice(0, max_fee, tip);
        let result = pool.insert(Arc::clone(&new), &RICH, &BLOCK);
        let refusal = PoolError::ReplacementUnderpriced { max_fee: 115, tip: 20, max_blob_fee: 0 };
        let pending = vec![*new.hash()];
        let replaced = Some(Arc::clone(&old));
        let expected = Inserted { hash: *new.hash(), replaced, pending };
        assert_eq!(result, if replaces { Ok(expected) } else { Err(refusal) });
        assert_eq!(pool.get(old.hash()).is_none(), replaces);
        assert_eq!(pool.len(), 1);
    }
}

#[test]
fn a_fee_of_nothing_is_replaced_by_any_fee() {
    let mut pool = pool(&[&alice(0, 0, 0)]);
    assert!(pool.insert(alice(0, 1, 0), &RICH, &BLOCK).is_err());
    assert!(pool.insert(alice(0, 1, 1), &RICH, &BLOCK).is_ok());
}

#[test]
fn blobs_are_replaced_by_blobs_for_twice_the_fees() {
    let old = signed(ALICE, blob(0, 50, 7));
    let refusal = PoolError::ReplacementUnderpriced { max_fee: 100, tip: 100, max_blob_fee: 14 };
    for new in [blob(0, 99, 14), blob(0, 100, 13)] {
        let result = pool(&[&old]).insert(signed(ALICE, new), &RICH, &BLOCK);
        assert_eq!(result, Err(refusal.clone()));
    }
    assert_eq!(pool(&[&old]).insert(alice(0, 100, 100), &RICH, &BLOCK), Err(refusal));
    assert!(pool(&[&old]).insert(signed(ALICE, blob(0, 100, 14)), &RICH, &BLOCK).is_ok());
}

#[test]
fn the_same_transaction_is_taken_once() {
    let transaction = alice(0, 100, 10);
    let result = pool(&[&transaction]).insert(transaction, &RICH, &BLOCK);
    assert_eq!(result, Err(PoolError::AlreadyKnown));
}

#[test]
fn nonces_are_bounded_from_both_sides() {
    let account = AccountFacts { nonce: 5, ..RICH };
    let (low, next) = (PoolError::NonceTooLow { next: 5, nonce: 4 }, 5);
    let high = PoolError::NonceTooHigh { next, nonce: 1_030, limit: 1_024 };
    assert_eq!(low.to_string(), "nonce too low: next nonce 5, tx nonce 4");
    assert_eq!(verdict(alice(4, 100, 10), &account), Err(low));
    assert_eq!(verdict(alice(5, 100, 10), &account), Ok(()));
    assert_eq!(verdict(alice(1_029, 100, 10), &account), Ok(()));
    assert_eq!(verdict(alice(1_030, 100, 10), &account), Err(high));

    let last = AccountFacts { nonce: u64::MAX - 1, ..RICH };
    let mut pool = Pool::default();
    pool.insert(alice(u64::MAX - 1, 100, 10), &last, &BLOCK).unwrap();
    assert_eq!(pool.next_nonce(&ALICE, u64::MAX - 1), u64::MAX);
    assert_eq!(pool.best(|_| u64::MAX - 1, 0, 0, Order::Tip).len(), 1);
    let result = pool.insert(alice(u64::MAX, 100, 10), &last, &BLOCK);
    assert_eq!(result, Err(PoolError::NonceMax));
}

#[test]
fn the_sender_can_pay_gas_value_and_blobs() {
    let value = U256::from(7);
    let plain = signed(ALICE, TxEip1559 { value, ..transfer() });
    let blobs = signed(ALICE, TxEip4844 { value, ..blob(0, 100, 3) });
    for (transaction, want) in [(plain, 2_100_007), (blobs, 2_100_007 + 3 * 131_072)] {
        let (balance, want) = (U256::from(want - 1), U256::from(want));
        let refusal = PoolError::InsufficientFunds { address: ALICE, have: balance, want };
        let poor = AccountFacts { nonce: 0, balance };
        assert_eq!(verdict(Arc::clone(&transaction), &poor), Err(refusal));
        assert_eq!(verdict(transaction, &AccountFacts { balance: want, ..poor }), Ok(()));
    }
    let poor = AccountFacts { nonce: 0, balance: U256::ZERO };
    assert_eq!(
        verdict(alice(0, 100, 10), &poor).unwrap_err().to_string(),
        format!("insufficient funds for gas * price + value: address {ALICE} have 0 want 2100000")
    );
}

#[test]
fn a_cost_beyond_all_wei_is_not_paid() {
    let transaction = signed(ALICE, TxEip1559 { value: U256::MAX, ..transfer() });
    let account = AccountFacts { nonce: 0, balance: U256::MAX - U256::ONE };
    let refusal = verdict(transaction, &account);
    assert!(matches!(refusal, Err(PoolError::InsufficientFunds { want: U256::MAX, .. })));
}

#[test]
fn gas_covers_what_is_charged_before_execution() {
    let call = |input: &[u8]| TxEip1559 { input: Bytes::copy_from_slice(input), ..transfer() };
    let item = AccessListItem { address: ALICE, storage_keys: vec![B256::ZERO; 3] };
    let listed = TxEip1559 { access_list: AccessList(vec![item]), ..transfer() };
    let creation = TxEip1559 { to: TxKind::Create, ..call(&[1; 33]) };
    // EIP-2028: 4 and 16 gas for a byte. EIP-7623: at least 10 and 40. EIP-2930: 2400 and 1900.
    // EIP-3860: 2 gas for a word of code. EIP-7702: 25000.
    let authorized = |gas_limit, count| TxEip7702 { gas_limit, ..authorized(count) };
    let gas = |gas_limit, transaction: &TxEip1559| {
        signed(ALICE, TxEip1559 { gas_limit, ..transaction.clone() })
    };
    type Make<'a> = Box<dyn Fn(u64) -> Arc<Transaction> + 'a>;
    let table: [(u64, bool, Make<'_>); 6] = [
        (21_000, false, Box::new(|limit| gas(limit, &call(&[])))),
        (21_000 + 2 * 10 + 3 * 40, true, Box::new(|limit| gas(limit, &call(&[0, 0, 1, 1, 1])))),
        (21_000 + 2_400 + 3 * 1_900, false, Box::new(|limit| gas(limit, &listed))),
        (53_000 + 33 * 16 + 2 * 2, false, Box::new(|limit| gas(limit, &creation))),
        (21_000 + 25_000, false, Box::new(|limit| signed(ALICE, authorized(limit, 1)))),
        (21_000 + 75_000, false, Box::new(|limit| signed(ALICE, authorized(limit, 3)))),
    ];
    for (want, floor, make) in table {
        let have = want - 1;
        let refusal = match floor {
            true => PoolError::FloorGas { have, want },
            false => PoolError::IntrinsicGas { have, want },
        };
        assert_eq!(verdict(make(have), &RICH), Err(refusal));
        assert_eq!(verdict(make(want), &RICH), Ok(()));
    }
}

#[test]
fn what_fits_into_no_block_is_refused() {
    let gas = |gas_limit| signed(ALICE, TxEip1559 { gas_limit, ..transfer() });
    let refusal = PoolError::GasLimit { have: 30_000_001, limit: 30_000_000 };
    assert_eq!(verdict(gas(30_000_001), &RICH), Err(refusal));
    assert_eq!(verdict(gas(30_000_000), &RICH), Ok(()));

    let code = |length| {
        let input = Bytes::from(vec![0; length]);
        let creation = TxEip1559 { to: TxKind::Create, input, ..transfer() };
        signed(ALICE, TxEip1559 { gas_limit: 1_000_000, ..creation })
    };
    let refusal = PoolError::InitcodeSize { have: 49_153, limit: 49_152 };
    assert_eq!(verdict(code(49_153), &RICH), Err(refusal));
    assert_eq!(verdict(code(49_152), &RICH), Ok(()));

    let blobs = |count| {
        let blob = blob(0, 100, 1);
        let hashes = vec![blob.blob_versioned_hashes[0]; count];
        signed(ALICE, TxEip4844 { blob_versioned_hashes: hashes, ..blob })
    };
    assert_eq!(verdict(blobs(0), &RICH), Err(PoolError::NoBlobs));
    assert_eq!(verdict(blobs(10), &RICH), Err(PoolError::TooManyBlobs { have: 10, limit: 9 }));
    assert_eq!(verdict(blobs(9), &RICH), Ok(()));
}

#[test]
fn what_is_malformed_is_refused() {
    let refusal = PoolError::TipAboveMaxFee { tip: 101, max_fee: 100 };
    assert_eq!(verdict(alice(0, 100, 101), &RICH), Err(refusal));
    assert_eq!(verdict(alice(0, 100, 100), &RICH), Ok(()));

    let chain = |chain_id| signed(ALICE, TxEip1559 { chain_id, ..transfer() });
    assert_eq!(verdict(chain(1), &RICH), Err(PoolError::ChainId { have: 1, want: 31337 }));
    let legacy = TxLegacy { gas_limit: 21_000, to: TxKind::Call(BOB), ..TxLegacy::default() };
    assert_eq!(verdict(signed(ALICE, legacy), &RICH), Ok(()));

    let mut blob = blob(0, 100, 1);
    blob.blob_versioned_hashes.push(B256::ZERO);
    let refusal = Err(PoolError::BlobVersion { index: 1 });
    assert_eq!(verdict(signed(ALICE, blob), &RICH), refusal);

    let empty = signed(ALICE, authorized(0));
    assert_eq!(verdict(empty, &RICH), Err(PoolError::NoAuthorizations));
    assert_eq!(verdict(signed(ALICE, authorized(1)), &RICH), Ok(()));
}

#[test]
fn a_full_pool_takes_replacements_only() {
    let [zero, one] = [0, 1].map(|nonce| alice(nonce, 100, 10));
    let size = zero.encode_2718_len();
    let tight = |transactions, bytes| Limits { transactions, bytes, ..Limits::default() };
    for limits in [tight(1, usize::MAX), tight(usize::MAX, size)] {
        let mut pool = Pool::new(limits);
        pool.insert(Arc::clone(&zero), &RICH, &BLOCK).unwrap();
        let result = pool.insert(Arc::clone(&one), &RICH, &BLOCK);
        assert_eq!(result, Err(PoolError::Full { transactions: 1, bytes: size }));
        pool.insert(alice(0, 110, 11), &RICH, &BLOCK).unwrap();
    }
    let mut pool = Pool::new(tight(usize::MAX, size - 1));
    assert!(matches!(pool.insert(zero, &RICH, &BLOCK), Err(PoolError::Full { .. })));
}

#[test]
fn higher_tips_come_first_but_nonces_keep_their_order() {
    let alices = [alice(0, 100, 1), alice(1, 100, 50)];
    let bobs = [bob(0, 100, 20), bob(1, 100, 1), bob(2, 100, 1)];
    let pool = pool(&[&bobs[2], &alices[0], &alices[1], &bobs[0], &bobs[1]]);
    let best = |base_fee, order| hashes(&pool.best(|_| 0, base_fee, 0, order));
    let expected = [&bobs[0], &alices[0], &alices[1], &bobs[1], &bobs[2]];
    assert_eq!(best(0, Order::Tip), expected.map(|transaction| *transaction.hash()));
    let expected = [&alices[0], &alices[1], &bobs[0], &bobs[1], &bobs[2]];
    assert_eq!(best(0, Order::Fifo), expected.map(|transaction| *transaction.hash()));
    // With one left for the tip, all tips are the same.
    assert_eq!(best(99, Order::Tip), best(99, Order::Fifo));
}

#[test]
fn what_does_not_pay_the_base_fees_waits_and_so_do_later_ones() {
    let alices = [alice(0, 100, 10), alice(1, 99, 10), alice(2, 100, 10)];
    let blobs = [signed(BOB, blob(0, 100, 5)), signed(BOB, blob(1, 100, 4))];
    let pool = pool(&[&alices[0], &alices[1], &alices[2], &blobs[0], &blobs[1]]);
    let best =
        |base_fee, blob_base_fee| pool.best(|_| 0, base_fee, blob_base_fee, Order::Fifo).len();
    assert_eq!(best(99, 4), 5);
    assert_eq!(best(100, 4), 3);
    assert_eq!(best(101, 4), 0);
    assert_eq!(best(99, 5), 4);
    assert_eq!(best(99, 6), 3);
}

#[test]
fn a_block_removes_what_has_used_nonces() {
    let alices = [0, 1, 2].map(|nonce| alice(nonce, 100, 10));
    let bobs = [bob(0, 100, 10)];
    let mut pool = pool(&[&alices[0], &alices[1], &alices[2], &bobs[0]]);
    let removed = pool.on_block(|sender| if *sender == ALICE { 2 } else { 0 });
    assert_eq!(hashes(&removed), hashes(&alices[..2]));
    assert_eq!(pool.drop_sender(&BOB), bobs);
    assert_eq!((pool.len(), pool.bytes()), (1, alices[2].encode_2718_len()));
    assert_eq!(pool.remove(alices[2].hash()).as_ref(), Some(&alices[2]));
    assert_eq!(pool.remove(alices[2].hash()), None);
    assert_eq!((pool.is_empty(), pool.bytes()), (true, 0));
}
