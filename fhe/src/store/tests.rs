use super::*;

fn handle(byte: u8, ty: FheType) -> Handle {
    Handle::computed(B256::repeat_byte(byte), 31337, ty)
}

fn record(content: u8) -> Record {
    Record::new(FheType::Uint8, B256::repeat_byte(9), vec![content; 40])
}

fn every_store(test: impl Fn(&dyn CiphertextStore)) {
    let dir = tempfile::tempdir().unwrap();
    test(&MemoryStore::new());
    test(&DatabaseStore::open(&dir.path().join("a.redb")).unwrap());
    let inner = DatabaseStore::open(&dir.path().join("b.redb")).unwrap();
    test(&CachedStore::new(inner, 1 << 20));
}

#[test]
fn records_come_back_as_they_were() {
    every_store(|store| {
        let h = handle(1, FheType::Uint8);
        assert_eq!(store.get(&h).unwrap(), None);
        assert!(!store.contains(&h).unwrap());
        store.insert(vec![(h, record(7))]).unwrap();
        for _ in 0..2 {
            assert_eq!(*store.get(&h).unwrap().unwrap(), record(7));
        }
        assert!(store.contains(&h).unwrap());
        assert_eq!(store.size().unwrap(), StoreSize { records: 1, bytes: 40 });
    });
}

#[test]
fn a_second_ciphertext_for_a_handle_is_refused_and_changes_nothing() {
    every_store(|store| {
        let (old, new) = (handle(1, FheType::Uint8), handle(2, FheType::Uint8));
        store.insert(vec![(old, record(7))]).unwrap();
        // The same ciphertext again is fine.
        store.insert(vec![(old, record(7))]).unwrap();
        let refused = store.insert(vec![(new, record(1)), (old, record(8))]);
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
        assert_eq!(*store.get(&old).unwrap().unwrap(), record(7));
        assert_eq!(store.get(&new).unwrap(), None);
    });
}

#[test]
fn any_flipped_bit_is_detected() {
    let h = handle(1, FheType::Uint8);
    let stored = record(7).to_bytes();
    assert_eq!(Record::from_bytes(&h, &stored).unwrap(), record(7));
    for position in 0..stored.len() {
        let mut damaged = stored.clone();
        damaged[position] ^= 1;
        let read = Record::from_bytes(&h, &damaged);
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "byte {position}");
    }
    for length in 0..stored.len() {
        let read = Record::from_bytes(&h, &stored[..length]);
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "length {length}");
    }
    let other = handle(1, FheType::Uint16);
    assert!(matches!(Record::from_bytes(&other, &stored), Err(StoreError::Corrupt { .. })));
}

#[test]
fn the_database_keeps_records_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.redb");
    let h = handle(1, FheType::Uint8);
    DatabaseStore::open(&path).unwrap().insert(vec![(h, record(7))]).unwrap();
    assert_eq!(*DatabaseStore::open(&path).unwrap().get(&h).unwrap().unwrap(), record(7));
}
