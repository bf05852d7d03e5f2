use super::*;

#[test]
fn going_back_restores_chain_pool_and_clock() {
    let bench = Bench::manual();
    bench.send(by(0, transfer(0)));
    bench.devnet.mine().unwrap();
    let queued = bench.send(by(1, transfer(3)));
    let dropped = bench.send(by(2, transfer(0)));
    let (head, offset) = (bench.head().hash(), bench.devnet.set_clock(|clock, _| clock.offset()));
    bench.devnet.set_gas_limit(GAS_LIMIT / 2);
    bench.set_balance(NOBODY, 5);
    let snapshot = bench.devnet.snapshot();

    bench.devnet.set_clock(|clock, _| clock.increase(10_000));
    bench.devnet.set_gas_limit(GAS_LIMIT * 2);
    bench.devnet.drop_transaction(dropped).unwrap();
    bench.send(by(3, transfer(0)));
    bench.set_balance(NOBODY, 99);
    bench.devnet.mine().unwrap();
    bench.devnet.mine().unwrap();
    let mut events = bench.devnet.events();
    let later = bench.devnet.snapshot();

    assert!(bench.devnet.revert(snapshot).unwrap());
    assert_eq!(bench.head().hash(), head);
    assert_eq!(bench.waiting(), [queued, dropped]);
    assert_eq!(bench.devnet.set_clock(|clock, _| clock.offset()), offset);
    assert_eq!(bench.devnet.next_attributes().gas_limit, GAS_LIMIT / 2);
    assert_eq!(bench.balance(NOBODY), U256::from(5));
    let Ok(Event::Rewound(gone)) = events.try_recv() else { panic!("nobody was told") };
    assert_eq!(gone.iter().map(|block| block.number()).collect::<Vec<_>>(), [3, 2]);
    // A moment is there once, and those after it are gone.
    assert!(!bench.devnet.revert(snapshot).unwrap());
    assert!(!bench.devnet.revert(later).unwrap());

    let bench = bench.restart();
    assert_eq!((bench.head().hash(), bench.waiting()), (head, vec![queued, dropped]));
    assert_eq!(bench.balance(NOBODY), U256::from(5));
}

#[test]
fn the_chain_goes_on_from_where_it_went_back_to() {
    let bench = Bench::automatic();
    bench.send(by(0, transfer(0)));
    let snapshot = bench.devnet.snapshot();
    let old = bench.send(by(0, TxEip1559 { value: U256::from(2), ..transfer(1) }));
    assert!(bench.devnet.revert(snapshot).unwrap());
    assert!(bench.devnet.chain(|chain| chain.transaction(&old).is_none()));
    let new = bench.send(by(0, TxEip1559 { value: U256::from(3), ..transfer(1) }));
    assert_eq!((bench.head().number(), hashes(&bench.head())), (2, vec![new]));
    let (head, bench) = (bench.head().hash(), bench.restart());
    assert_eq!((bench.head().hash(), bench.balance(NOBODY)), (head, U256::from(4)));
}

#[test]
fn going_back_takes_what_is_settled_with_it() {
    let bench = Bench::automatic();
    let patience = Duration::from_secs(60);
    bench.send(by(0, computation(0)));
    let snapshot = bench.devnet.snapshot();
    bench.send(by(0, computation(1)));
    bench.send(by(0, computation(2)));
    bench.devnet.settler().wait(patience).unwrap();
    assert_eq!(bench.devnet.settler().progress().settled, 3);
    bench.devnet.revert(snapshot).unwrap();
    assert_eq!(bench.devnet.settler().progress().settled, 1);
    assert_eq!(bench.devnet.journal.as_ref().unwrap().settled().unwrap(), 1);

    // What is evaluated meanwhile is for a block that is gone.
    bench.gate.close();
    let begun = bench.gate.begun();
    bench.send(by(2, computation(0)));
    bench.gate.wait_for(begun + 1);
    bench.devnet.reset().unwrap();
    bench.gate.open();
    bench.send(by(1, computation(0)));
    bench.devnet.settler().wait(patience).unwrap();
    assert_eq!(bench.devnet.journal.as_ref().unwrap().settled().unwrap(), 1);
}

#[test]
fn a_reset_is_for_good() {
    let bench = Bench::automatic();
    let genesis = bench.head().hash();
    bench.set_balance(NOBODY, 5);
    bench.send(by(0, transfer(0)));
    bench.send(by(1, transfer(7)));
    let instance = bench.devnet.instance();
    bench.devnet.reset().unwrap();
    assert_ne!(bench.devnet.instance(), instance);
    let check = |bench: &Bench| {
        assert_eq!((bench.head().hash(), bench.waiting()), (genesis, vec![]));
        assert_eq!(bench.balance(NOBODY), U256::ZERO);
    };
    check(&bench);
    check(&bench.restart());
}
