use super::*;

/// What must be the same after a restart.
#[derive(Debug, PartialEq)]
struct Content {
    blocks: Vec<B256>,
    roots: Vec<B256>,
    waiting: Vec<B256>,
    nonces: Vec<u64>,
}

impl Content {
    fn of(bench: &Bench) -> Self {
        let (blocks, roots) = bench.devnet.chain(|chain| {
            chain.blocks().map(|(block, state)| (block.hash(), state.root())).unzip()
        });
        let nonces = bench.devnet.accounts().addresses().iter().map(|account| {
            bench.devnet.pool(|pool, chain| pool.next_nonce(account, chain.state().nonce(account)))
        });
        Self { blocks, roots, waiting: bench.waiting(), nonces: nonces.collect() }
    }
}

#[test]
fn everything_is_there_after_a_restart() {
    let bench = Bench::manual();
    for nonce in 0..3 {
        bench.send(by(0, transfer(nonce)));
        bench.send(by(
            1,
            TxEip1559 {
                to: TxKind::Create,
                input: CODE,
                gas_limit: 100_000,
                value: U256::ZERO,
                ..transfer(nonce)
            },
        ));
        bench.devnet.mine().unwrap();
        bench.set_balance(NOBODY, 1_000 + nonce);
    }
    // One waits, one waits for another, one was replaced, and one dropped.
    bench.send(by(0, transfer(3)));
    bench.send(by(1, transfer(9)));
    bench.send(by(2, transfer(0)));
    bench.send(by(
        2,
        TxEip1559 { max_fee_per_gas: 20_000_000_000, max_priority_fee_per_gas: 2, ..transfer(0) },
    ));
    let dropped = bench.send(by(3, transfer(0)));
    assert!(bench.devnet.drop_transaction(dropped).unwrap());

    let before = Content::of(&bench);
    assert_eq!((before.blocks.len(), before.waiting.len()), (4, 3));
    let bench = bench.restart();
    assert_eq!(Content::of(&bench), before);
    // The chain goes on.
    let block = bench.devnet.mine().unwrap();
    assert_eq!((block.number(), block.transactions.len()), (4, 2));
    assert!(block.receipts.iter().all(|receipt| receipt.status()));
}

#[test]
fn a_restart_without_blocks_has_the_same_first_one() {
    let bench = Bench::automatic();
    let before = Content::of(&bench);
    assert_eq!(Content::of(&bench.restart()), before);
}

#[test]
fn an_impersonated_sender_stays_who_it_is() {
    let bench = Bench::automatic();
    bench.set_balance(NOBODY, ETHER);
    let signature = alloy_primitives::Signature::new(U256::from(7), U256::ONE, false);
    let transaction = TxEip1559 { to: TxKind::Call(bench.account(0)), ..transfer(0) };
    let envelope: TxEnvelope = transaction.into_signed(signature).into();
    bench.send(Recovered::new_unchecked(envelope, NOBODY));
    let before = Content::of(&bench);
    let bench = bench.restart();
    assert_eq!(bench.head().transactions[0].signer(), NOBODY);
    assert_eq!(Content::of(&bench), before);
}

#[test]
fn evaluation_resumes_where_it_stood() {
    let bench = Bench::automatic();
    let patience = Duration::from_secs(60);
    bench.send(by(0, computation(0)));
    bench.devnet.settler().wait(patience).unwrap();
    bench.gate.close();
    bench.send(by(0, computation(1)));
    bench.send(by(0, computation(2)));
    bench.gate.wait_for(2);
    // The second block's is done at the end of the process, and the third is left.
    let bench = bench.restart();
    bench.devnet.settler().wait(patience).unwrap();
    assert_eq!((bench.devnet.settler().progress().settled, bench.gate.begun()), (3, 3));
    let bench = bench.restart();
    bench.devnet.settler().wait(patience).unwrap();
    assert_eq!(bench.gate.begun(), 3);
}

#[test]
fn a_failed_evaluation_is_tried_again_after_a_restart() {
    let bench = Bench::automatic();
    let patience = Duration::from_secs(60);
    bench.gate.fail();
    bench.send(by(0, computation(0)));
    bench.devnet.settler().wait(patience).unwrap_err();
    let bench = bench.restart();
    bench.devnet.settler().wait(patience).unwrap();
    assert_eq!(bench.gate.begun(), 2);
}

/// What a block computes with may be of a block whose evaluation is not done.
#[test]
fn a_block_that_waits_for_its_ciphertexts_waits_for_those_of_earlier_blocks() {
    let bench = Bench::automatic();
    bench.gate.fail();
    bench.send(by(0, computation(0)));
    bench.devnet.settler().wait(Duration::from_secs(60)).unwrap_err();
    let mut bench = bench.restart_synchronous(Gate::close);
    bench.devnet.patience = Duration::from_millis(1);
    let error = bench.devnet.submit(by(0, computation(1))).unwrap_err();
    assert!(error.to_string().starts_with("evaluation is at block 0 of 1"), "{error}");
    assert_eq!(bench.head().number(), 1);

    let bench = bench.restart_synchronous(Gate::open);
    bench.send(by(0, computation(1)));
    assert_eq!(bench.head().number(), 2);
}

#[test]
fn a_block_that_failed_before_does_not_keep_later_ones_from_being_sealed() {
    let bench = Bench::automatic();
    bench.gate.fail();
    bench.send(by(0, computation(0)));
    bench.devnet.settler().wait(Duration::from_secs(60)).unwrap_err();
    let bench = bench.restart_synchronous(Gate::fail);
    bench.devnet.settler().wait(Duration::from_secs(60)).unwrap_err();
    // This one cannot be computed either, and is not sealed for that reason only.
    let error = bench.devnet.submit(by(0, computation(1))).unwrap_err();
    assert!(error.to_string().starts_with("the block was not sealed: "), "{error}");
    bench.gate.open();
    bench.send(by(0, computation(1)));
    assert_eq!(bench.head().number(), 2);
    assert!(!bench.devnet.settler().progress().is_settled(1));
}

#[test]
fn a_transaction_that_waits_for_a_higher_gas_limit_is_not_lost() {
    let bench = Bench::manual();
    bench.devnet.set_gas_limit(2 * GAS_LIMIT);
    let hash = bench.send(by(0, TxEip1559 { gas_limit: 2 * GAS_LIMIT, ..transfer(0) }));
    let bench = bench.restart();
    assert_eq!(bench.waiting(), [hash]);
    assert_eq!(bench.devnet.next_attributes().gas_limit, GAS_LIMIT);
    bench.devnet.set_gas_limit(2 * GAS_LIMIT);
    assert_eq!(hashes(&bench.devnet.mine().unwrap()), [hash]);
}

#[test]
fn entries_that_are_no_chain_are_refused() {
    let bench = Bench::automatic();
    bench.send(by(0, transfer(0)));
    let entries = bench.devnet.journal.as_ref().unwrap().entries().unwrap();
    let [genesis, block] = &entries[..] else { panic!("{entries:?}") };
    let host = *bench.devnet.host();
    let refusal = |entries: &[&Entry]| {
        let entries: Vec<_> = entries.iter().map(|entry| (*entry).clone()).collect();
        Core::replay(&entries, host, CHAIN, true).map(drop)
    };
    assert_eq!(refusal(&[genesis, block]), Ok(()));
    assert_eq!(refusal(&[]).unwrap_err(), "it does not begin with the first block");
    assert_eq!(refusal(&[block]).unwrap_err(), "it does not begin with the first block");
    assert_eq!(refusal(&[genesis, genesis]).unwrap_err(), "it has a second first block");
    let gap = refusal(&[genesis, block, block]).unwrap_err();
    assert!(gap.contains("does not follow the last block"), "{gap}");
}
