use alloy_consensus::{
    Receipt, SignableTransaction, Signed, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy,
    TxType,
};
use alloy_eips::{eip2930::AccessListItem, eip7702::Authorization};
use alloy_primitives::{Log, Signature, TxKind, U256, bytes};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use tempfile::TempDir;

use super::*;
use crate::chain::{AccountDiff, SlotDiff, WorldState};

const ALICE: Address = Address::repeat_byte(0xa1);

/// A transaction that its sender signed.
fn signed<T>(transaction: T) -> Arc<Transaction>
where
    T: SignableTransaction<Signature>,
    Signed<T>: Into<TxEnvelope>,
{
    let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
    let signature = signer.sign_hash_sync(&transaction.signature_hash()).unwrap();
    let envelope: TxEnvelope = transaction.into_signed(signature).into();
    Arc::new(Recovered::new_unchecked(envelope, signer.address()))
}

/// A transaction of an account that nobody has the key of.
fn impersonated<T>(transaction: T) -> Arc<Transaction>
where
    T: SignableTransaction<Signature>,
    Signed<T>: Into<TxEnvelope>,
{
    let signature = Signature::new(U256::from_be_slice(&ALICE[..]), U256::ONE, false);
    let envelope: TxEnvelope = transaction.into_signed(signature).into();
    Arc::new(Recovered::new_unchecked(envelope, ALICE))
}

/// Of every type, signed and impersonated.
fn transactions() -> Vec<Arc<Transaction>> {
    let input = bytes!("c0ffee");
    let to = TxKind::Call(ALICE);
    let access_list =
        vec![AccessListItem { address: ALICE, storage_keys: vec![B256::repeat_byte(3)] }];
    let authorization = Authorization { chain_id: U256::ONE, address: ALICE, nonce: 5 };
    let create =
        TxLegacy { nonce: 1, to: TxKind::Create, input: input.clone(), ..TxLegacy::default() };
    let legacy = TxLegacy { chain_id: Some(31_337), to, gas_price: 9, ..TxLegacy::default() };
    let with_list = TxEip2930 {
        chain_id: 31_337,
        to,
        access_list: access_list.clone().into(),
        ..TxEip2930::default()
    };
    let with_tip = TxEip1559 {
        chain_id: 31_337,
        nonce: u64::MAX - 1,
        to,
        value: U256::MAX,
        max_fee_per_gas: u128::MAX,
        input,
        ..TxEip1559::default()
    };
    let with_blobs = TxEip4844 {
        chain_id: 31_337,
        to: ALICE,
        blob_versioned_hashes: vec![B256::repeat_byte(1)],
        max_fee_per_blob_gas: 8,
        ..TxEip4844::default()
    };
    let with_code = TxEip7702 {
        chain_id: 31_337,
        to: ALICE,
        access_list: access_list.into(),
        authorization_list: vec![authorization.into_signed(Signature::test_signature())],
        ..TxEip7702::default()
    };
    vec![
        signed(create.clone()),
        signed(legacy.clone()),
        signed(with_list.clone()),
        signed(with_tip.clone()),
        signed(with_blobs.clone()),
        signed(with_code.clone()),
        impersonated(create),
        impersonated(legacy),
        impersonated(with_list),
        impersonated(with_tip),
        impersonated(with_blobs),
        impersonated(with_code),
    ]
}

fn receipt(ty: TxType, index: u64) -> ReceiptEnvelope {
    let log = Log::new_unchecked(ALICE, vec![B256::with_last_byte(9)], bytes!("0102"));
    let receipt = Receipt {
        status: index.is_multiple_of(2).into(),
        cumulative_gas_used: 21_000 * (index + 1),
        logs: vec![log; index as usize],
    };
    ReceiptEnvelope::from_typed(ty, receipt)
}

fn diff() -> StateDiff {
    let slot = SlotDiff { slot: U256::MAX, value: U256::from(7) };
    let gone = SlotDiff { slot: U256::ZERO, value: U256::ZERO };
    let account = AccountDiff {
        nonce: 3,
        balance: U256::MAX,
        wiped: true,
        storage: vec![gone, slot],
        ..WorldState::default().unchanged(ALICE)
    };
    StateDiff { accounts: vec![account], codes: vec![bytes!("6001"), Bytes::new()] }
}

/// A block with a transaction of every type.
fn block(number: u64) -> Arc<Block> {
    let transactions = transactions();
    let receipts =
        (0..).zip(&transactions).map(|(index, tx)| receipt(tx.inner().tx_type(), index)).collect();
    let header = Header {
        number,
        parent_hash: B256::with_last_byte(number as u8),
        base_fee_per_gas: Some(7),
        withdrawals_root: Some(B256::ZERO),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(B256::ZERO),
        ..Header::default()
    };
    Arc::new(Block { header: header.seal_slow(), transactions, receipts })
}

/// One of every kind.
fn entries() -> Vec<Entry> {
    let mut entries = vec![
        Entry::Genesis(Box::new(block(0).header.inner().clone()), diff()),
        Entry::Block(block(1), diff()),
        Entry::Edit(diff()),
        Entry::Dropped(B256::repeat_byte(4)),
    ];
    entries.extend(transactions().into_iter().map(Entry::Pooled));
    entries
}

fn bytes(entries: &[Entry]) -> Vec<Vec<u8>> {
    entries.iter().map(Entry::to_bytes).collect()
}

struct Bench {
    directory: TempDir,
    journal: Journal,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(&directory.path().join("chain.redb")).unwrap();
        Self { directory, journal }
    }

    /// As another process would open it.
    fn reopen(self) -> Self {
        let Self { directory, journal } = self;
        drop(journal);
        let journal = Journal::open(&directory.path().join("chain.redb")).unwrap();
        Self { directory, journal }
    }

    /// Writes past the journal.
    fn put(self, position: u64, stored: &[u8]) -> Self {
        write(&self.journal.database, Durability::Immediate, |transaction| {
            transaction.open_table(ENTRIES)?.insert(position, stored)?;
            Ok(())
        })
        .unwrap();
        self.reopen()
    }

    fn found(&self) -> Vec<Vec<u8>> {
        bytes(&self.journal.entries().unwrap())
    }
}

#[test]
fn transactions_of_every_type_come_back_with_their_senders() {
    let mut types = Vec::new();
    for transaction in transactions() {
        let stored = Entry::Pooled(Arc::clone(&transaction)).to_bytes();
        let Ok(Entry::Pooled(found)) = Entry::from_bytes(&stored) else {
            panic!("{transaction:?}")
        };
        assert_eq!(found, transaction);
        assert_eq!(found.hash(), transaction.hash());
        types.push(found.inner().tx_type() as u8);
    }
    assert_eq!(types, [0, 0, 1, 2, 3, 4, 0, 0, 1, 2, 3, 4]);
}

#[test]
fn a_block_comes_back_with_its_receipts_and_changes() {
    let block = block(1);
    let stored = Entry::Block(Arc::clone(&block), diff()).to_bytes();
    let Ok(Entry::Block(found, changes)) = Entry::from_bytes(&stored) else { panic!("no block") };
    assert_eq!(found.hash(), block.hash());
    assert_eq!(found.header.inner(), block.header.inner());
    assert_eq!(found.transactions, block.transactions);
    assert_eq!(found.receipts, block.receipts);
    assert_eq!(changes, diff());
}

#[test]
fn entries_stay_in_their_order_and_after_reopening() {
    let bench = Bench::new();
    assert_eq!(bench.journal.length(), 0);
    let (first, rest) = (&entries()[..3], &entries()[3..]);
    bench.journal.append(first).unwrap();
    let bench = bench.reopen();
    assert_eq!(bench.found(), bytes(first));
    bench.journal.append(rest).unwrap();
    let bench = bench.reopen();
    assert_eq!(bench.journal.length(), entries().len() as u64);
    assert_eq!(bench.found(), bytes(&entries()));
}

#[test]
fn a_journal_is_shortened_and_goes_on_from_there() {
    let bench = Bench::new();
    bench.journal.append(&entries()).unwrap();
    bench.journal.note_settled(9, 9, B256::ZERO).unwrap();
    bench.journal.truncate(2, 5).unwrap();
    assert_eq!((bench.journal.length(), bench.journal.settled().unwrap()), (2, 5));
    // Nothing is there to shorten, and no later block is settled.
    bench.journal.truncate(7, 8).unwrap();
    assert_eq!((bench.journal.length(), bench.journal.settled().unwrap()), (2, 5));

    bench.journal.append(&entries()[5..6]).unwrap();
    let bench = bench.reopen();
    assert_eq!(bench.found(), bytes(&[&entries()[..2], &entries()[5..6]].concat()));
    assert_eq!(bench.journal.settled().unwrap(), 5);
}

#[test]
fn a_journal_is_replaced_by_a_shorter_and_by_a_longer_one() {
    let bench = Bench::new();
    for replacement in [&entries()[..4], &entries()[2..3], &entries()[..]] {
        bench.journal.note_settled(3, 3, B256::ZERO).unwrap();
        bench.journal.replace(replacement).unwrap();
        assert_eq!(bench.journal.length(), replacement.len() as u64);
        assert_eq!(bench.journal.settled().unwrap(), 0);
        assert_eq!(bench.found(), bytes(replacement));
    }
    assert_eq!(bench.reopen().found(), bytes(&entries()));
}

#[test]
fn what_is_settled_is_kept_with_the_next_entry() {
    let bench = Bench::new();
    assert_eq!(bench.journal.settled().unwrap(), 0);
    bench.journal.note_settled(2, 2, B256::ZERO).unwrap();
    assert_eq!(bench.journal.settled().unwrap(), 2);
    bench.journal.append(&entries()[..1]).unwrap();
    assert_eq!(bench.reopen().journal.settled().unwrap(), 2);
}

#[test]
fn a_damaged_entry_is_found_and_named() {
    for (position, entry) in (0..).zip(entries()) {
        let bench = Bench::new();
        bench.journal.append(&entries()).unwrap();
        let mut stored = entry.to_bytes();
        *stored.last_mut().unwrap() ^= 1;
        let error = bench.put(position, &stored).journal.entries().unwrap_err();
        let reason = "corrupt: its digest does not fit its bytes";
        let complaint = format!("entry {position} of the journal is {reason}");
        assert!(error.to_string().starts_with(&complaint), "{error}");
    }
}

#[test]
fn any_changed_byte_of_an_entry_is_noticed() {
    let stored = Entry::Block(block(1), diff()).to_bytes();
    for index in 0..stored.len() {
        let mut changed = stored.clone();
        changed[index] ^= 0x10;
        assert!(Entry::from_bytes(&changed).is_err(), "byte {index}");
    }
    for length in 0..stored.len() {
        assert!(Entry::from_bytes(&stored[..length]).is_err(), "{length} bytes");
    }
}

/// What another program could write, or a later version.
#[test]
fn what_has_the_right_digest_and_is_no_entry_is_refused() {
    let with_digest = |body: &[u8]| [&keccak256(body)[..], body].concat();
    let block = block(1);
    let mut short = StoredBlock::new(&block, &diff());
    short.receipts.pop();
    let mut strange = StoredBlock::new(&block, &diff());
    strange.receipts[0] = bytes!("77");
    let mut unsigned = StoredBlock::new(&block, &diff());
    unsigned.transactions[0].envelope = Bytes::new();
    let mut falling = StoredBlock::new(&block, &diff());
    falling.receipts.swap(0, 1);
    let block_of =
        |stored: &StoredBlock| [&[Entry::BLOCK], &alloy_rlp::encode(stored)[..]].concat();
    let mut longer = Entry::Dropped(B256::ZERO).to_bytes()[32..].to_vec();
    longer.push(0);
    for (body, reason) in [
        (Vec::new(), "it is too short"),
        (vec![5, 0x80], "its kind is unknown"),
        (vec![Entry::EDIT, 0xff], "it cannot be read"),
        (longer, "it cannot be read"),
        (block_of(&short), "it has a block whose receipts are not one a transaction"),
        (block_of(&strange), "it has a receipt that cannot be read"),
        (block_of(&unsigned), "it has a transaction that cannot be read"),
        (block_of(&falling), "it has a block whose receipts do not add up gas"),
    ] {
        assert_eq!(Entry::from_bytes(&with_digest(&body)).unwrap_err(), reason);
    }
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("letter.txt");
    std::fs::write(&path, "dear".repeat(10_000)).unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::Database(_))));
    assert_eq!(std::fs::read(&path).unwrap().len(), 40_000);
}

#[test]
fn two_processes_cannot_write_one_journal() {
    let bench = Bench::new();
    let path = bench.directory.path().join("chain.redb");
    assert!(matches!(Journal::open(&path), Err(JournalError::Database(_))));
    drop(bench.journal);
    Journal::open(&path).unwrap();
}
