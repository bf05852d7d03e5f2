use alloy_consensus::{TxReceipt, proofs};
use alloy_primitives::Bloom;

use super::*;

#[test]
fn a_transaction_is_in_a_block_when_it_is_taken() {
    let bench = Bench::automatic();
    let mut events = bench.devnet.events();
    let hash = bench.send(by(0, transfer(0)));
    let head = bench.head();
    assert_eq!((head.number(), hashes(&head)), (1, vec![hash]));
    assert!(head.receipts[0].status() && bench.waiting().is_empty());
    assert_eq!(bench.balance(NOBODY), U256::ONE);
    assert!(matches!(events.try_recv(), Ok(Event::Pending(sent)) if *sent.hash() == hash));
    assert!(matches!(events.try_recv(), Ok(Event::Block(block)) if block.hash() == head.hash()));
}

#[test]
fn a_transaction_waits_for_the_one_before_it() {
    let bench = Bench::automatic();
    let second = bench.send(by(0, transfer(1)));
    assert_eq!((bench.head().number(), bench.waiting()), (0, vec![second]));
    let first = bench.send(by(0, transfer(0)));
    assert_eq!((bench.head().number(), hashes(&bench.head())), (1, vec![first, second]));
    assert!(bench.waiting().is_empty());
}

#[test]
fn a_transaction_takes_the_place_of_one_that_pays_less() {
    let bench = Bench::manual();
    let first = bench.send(by(0, transfer(0)));
    let fees =
        |fee, tip| TxEip1559 { max_fee_per_gas: fee, max_priority_fee_per_gas: tip, ..transfer(0) };
    let error = bench.devnet.submit(by(0, fees(10_000_000_001, 2))).unwrap_err();
    assert!(error.to_string().starts_with("replacement transaction underpriced"), "{error}");
    assert_eq!(bench.waiting(), [first]);
    let second = bench.send(by(0, fees(20_000_000_000, 2)));
    assert_eq!(bench.waiting(), [second]);
    assert_eq!(hashes(&bench.devnet.mine().unwrap()), [second]);
}

#[test]
fn a_transaction_that_no_block_can_have_is_told_and_forgotten() {
    let bench = Bench::manual();
    // Each can be paid for, and both cannot.
    let costly =
        |nonce| TxEip1559 { value: U256::from(600) * U256::from(ETHER), ..transfer(nonce) };
    let first = bench.send(by(0, costly(0)));
    bench.devnet.set_automatic(true);
    let error = bench.devnet.submit(by(0, costly(1))).unwrap_err();
    assert!(matches!(error, DevnetError::Refused(_)), "{error}");
    assert_eq!(hashes(&bench.head()), [first]);
    assert!(bench.waiting().is_empty());
    // The nonce is free.
    bench.send(by(0, transfer(1)));
    let bench = bench.restart();
    assert_eq!((bench.head().number(), bench.waiting()), (2, vec![]));
}

#[test]
fn a_transaction_that_takes_a_place_and_is_refused_gives_it_back() {
    let bench = Bench::manual();
    let costly =
        |nonce| TxEip1559 { value: U256::from(600) * U256::from(ETHER), ..transfer(nonce) };
    bench.send(by(0, costly(0)));
    let cheap = bench.send(by(0, transfer(1)));
    bench.devnet.set_automatic(true);
    let fees =
        TxEip1559 { max_fee_per_gas: 20_000_000_000, max_priority_fee_per_gas: 2, ..costly(1) };
    bench.devnet.submit(by(0, fees)).unwrap_err();
    assert_eq!(bench.waiting(), [cheap]);
    let bench = bench.restart();
    assert_eq!((bench.head().number(), bench.waiting()), (1, vec![cheap]));
}

#[test]
fn a_block_has_the_transactions_of_all_senders_by_their_tips() {
    let bench = Bench::manual();
    let tip = |nonce, tip| TxEip1559 { max_priority_fee_per_gas: tip, ..transfer(nonce) };
    let low = bench.send(by(0, tip(0, 1)));
    let late = bench.send(by(1, tip(0, 3)));
    let high = bench.send(by(2, tip(0, 9)));
    let after_low = bench.send(by(0, tip(1, 5)));
    let block = bench.devnet.mine().unwrap();
    assert_eq!(hashes(&block), [high, late, low, after_low]);
    assert_eq!(bench.balance(NOBODY), U256::from(4));
    assert_eq!((block.first_log(3), block.gas_used(3)), (0, 21_000));
}

#[test]
fn what_does_not_fit_into_one_block_goes_into_the_next_ones() {
    let bench = Bench::manual();
    let full = |nonce| TxEip1559 { gas_limit: GAS_LIMIT, ..transfer(nonce) };
    let early: Vec<_> = (0..3).map(|sender| bench.send(by(sender, full(0)))).collect();
    assert_eq!(hashes(&bench.devnet.mine().unwrap()).len(), 1);
    assert_eq!(bench.waiting().len(), 2);
    bench.devnet.set_automatic(true);
    bench.send(by(3, full(0)));
    assert!(bench.waiting().is_empty());
    let blocks: Vec<_> = bench
        .devnet
        .chain(|chain| chain.blocks().skip(1).map(|(block, _)| hashes(block)).collect());
    assert_eq!(blocks.len(), 4);
    assert!(blocks.iter().all(|block| block.len() == 1));
    assert!(early.iter().all(|hash| blocks.contains(&vec![*hash])));
}

#[test]
fn a_transaction_that_pays_too_little_waits_and_makes_no_block() {
    let bench = Bench::automatic();
    let poor = TxEip1559 { max_fee_per_gas: 10, ..transfer(0) };
    let hash = bench.send(by(0, poor));
    assert_eq!((bench.head().number(), bench.waiting()), (0, vec![hash]));
    bench.devnet.set_base_fee(10);
    assert_eq!(hashes(&bench.devnet.mine().unwrap()), [hash]);
}

#[test]
fn headers_fit_what_is_in_the_block() {
    let bench = Bench::manual();
    let deploy = TxEip1559 {
        to: TxKind::Create,
        input: CODE,
        gas_limit: 100_000,
        value: U256::ZERO,
        ..transfer(0)
    };
    bench.send(by(0, deploy));
    bench.send(by(1, transfer(0)));
    bench.devnet.mine().unwrap();
    bench.set_balance(NOBODY, 77);
    bench.send(by(1, transfer(1)));
    bench.devnet.mine().unwrap();
    bench.devnet.chain(|chain| {
        for (block, state) in chain.blocks() {
            let header = &block.header;
            let envelopes: Vec<_> = block.transactions.iter().map(|tx| tx.inner()).collect();
            let bloom = |bloom: Bloom, receipt: &_| bloom | TxReceipt::bloom(receipt);
            assert_eq!(proofs::calculate_transaction_root(&envelopes), header.transactions_root);
            assert_eq!(proofs::calculate_receipt_root(&block.receipts), header.receipts_root);
            assert_eq!(block.receipts.iter().fold(Bloom::ZERO, bloom), header.logs_bloom);
            if block.number() != 1 {
                let mut again = WorldState::default();
                again.apply(&state.difference(&WorldState::default()));
                assert_eq!(again.root(), header.state_root, "block {}", block.number());
            }
        }
        // After the first block the state was edited, which its header knows nothing of.
        let (block, state) = chain.block(1).unwrap();
        assert_eq!((block.transactions.len(), block.logs().flatten().count()), (2, 1));
        assert_ne!(state.root(), block.header.state_root);
    });
}

#[test]
fn transactions_are_taken_whatever_became_of_an_evaluation() {
    let bench = Bench::automatic();
    bench.gate.fail();
    bench.send(by(0, computation(0)));
    assert!(bench.devnet.settler().wait(Duration::from_secs(60)).is_err());
    bench.send(by(0, computation(1)));
    assert_eq!(bench.head().number(), 2);
}

#[test]
fn a_block_that_waits_for_its_ciphertexts_is_not_sealed_without_them() {
    let bench = Bench::new(true, true);
    bench.gate.fail();
    let error = bench.devnet.submit(by(0, computation(0))).unwrap_err();
    assert!(error.to_string().starts_with("the block was not sealed: "), "{error}");
    assert_eq!((bench.head().number(), bench.waiting()), (0, vec![]));
    bench.gate.open();
    bench.send(by(0, computation(0)));
    assert_eq!(bench.head().number(), 1);
}
