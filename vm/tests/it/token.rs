//! OpenZeppelin's ERC-7984 token, unmodified, against plain integers.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};
use ciphervm::{
    Call, Receipt,
    fhe::{FheType, Op},
    precompiles::{Record, interface::HcuLimit},
};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::lab::*;

const ACCOUNTS: [Address; 3] = [ALICE, BOB, CAROL];

#[derive(Clone, Copy, Debug)]
enum Step {
    Mint { to: Address, amount: u64 },
    Transfer { from: Address, to: Address, amount: u64 },
}

impl Step {
    /// The step as a call, with its amount encrypted.
    fn call(self, lab: &Lab, token: Address) -> Call {
        match self {
            Self::Mint { to, amount } => {
                let input = lab.encrypt(token, OWNER, &[amount]);
                let (amount, proof) = (input.handles[0].0, input.proof);
                let call = Token::mintCall { to, amount, inputProof: proof };
                Call::new(OWNER, token, call.abi_encode())
            }
            Self::Transfer { from, to, amount } => {
                let input = lab.encrypt(token, from, &[amount]);
                let (amount, proof) = (input.handles[0].0, input.proof);
                let call = Token::confidentialTransferCall { to, amount, inputProof: proof };
                Call::new(from, token, call.abi_encode())
            }
        }
    }
}

/// The token on plain integers.
#[derive(Clone, Debug, Default)]
struct Ledger {
    supply: u64,
    balances: [u64; 3],
}

impl Ledger {
    /// What a step moves.
    fn apply(&mut self, step: Step) -> u64 {
        match step {
            Step::Mint { to, amount } => {
                let Some(supply) = self.supply.checked_add(amount) else { return 0 };
                self.supply = supply;
                *self.balance(to) += amount;
                amount
            }
            Step::Transfer { from, to, amount } => {
                if *self.balance(from) < amount {
                    return 0;
                }
                *self.balance(from) -= amount;
                *self.balance(to) += amount;
                amount
            }
        }
    }

    fn balance(&mut self, account: Address) -> &mut u64 {
        let index = ACCOUNTS.iter().position(|other| *other == account).expect("an account");
        &mut self.balances[index]
    }
}

/// The decrypted balance; an account without a handle has none.
fn balance(lab: &Lab, token: Address, account: Address) -> Option<u64> {
    let handle = lab.view(token, &Token::confidentialBalanceOfCall { account });
    if handle.is_zero() {
        return None;
    }
    assert!(lab.persists(handle, account) && lab.persists(handle, token));
    Some(clear(lab, handle))
}

fn clear(lab: &Lab, handle: B256) -> u64 {
    lab.clear(handle).expect("a ciphertext").to()
}

/// The one transfer that a receipt tells of: from, to, handle of the amount.
fn transfer_of(receipt: &Receipt, token: Address) -> Token::ConfidentialTransfer {
    let mut events =
        receipt.logs.iter().filter(|log| log.address == token).map(|log| {
            Token::ConfidentialTransfer::decode_log_data(&log.data).expect("a transfer")
        });
    let event = events.next().expect("an event");
    assert_eq!(events.next(), None);
    event
}

fn perform(lab: &mut Lab, token: Address, step: Step) -> Receipt {
    let call = step.call(lab, token);
    let (mut block, _) = lab.execute(&[call]);
    let receipt = block.receipts.remove(0);
    assert!(receipt.is_success(), "{step:?}: {receipt:?}");
    receipt
}

#[test]
fn mints_and_transfers_move_encrypted_amounts() {
    let (mut lab, token) = Lab::with_token();
    assert_eq!(balance(&lab, token, ALICE), None);
    let receipt = perform(&mut lab, token, Step::Mint { to: ALICE, amount: 1000 });
    let event = transfer_of(&receipt, token);
    assert_eq!((event.from, event.to), (Address::ZERO, ALICE));
    assert_eq!(clear(&lab, event.amount), 1000);

    let receipt = perform(&mut lab, token, Step::Transfer { from: ALICE, to: BOB, amount: 250 });
    let event = transfer_of(&receipt, token);
    assert_eq!((event.from, event.to), (ALICE, BOB));
    assert_eq!(event.amount, returned::<Token::confidentialTransferCall>(&receipt));
    assert_eq!(clear(&lab, event.amount), 250);
    for account in [ALICE, BOB, token] {
        assert!(lab.persists(event.amount, account));
    }
    assert!(!lab.persists(event.amount, CAROL));
    assert_eq!(balance(&lab, token, ALICE), Some(750));
    assert_eq!(balance(&lab, token, BOB), Some(250));
    let supply = lab.view(token, &Token::confidentialTotalSupplyCall {});
    assert_eq!(clear(&lab, supply), 1000);
}

#[test]
fn a_transfer_above_the_balance_succeeds_and_moves_nothing() {
    let (mut lab, token) = Lab::with_token();
    perform(&mut lab, token, Step::Mint { to: ALICE, amount: 100 });
    perform(&mut lab, token, Step::Mint { to: BOB, amount: 10 });
    let above = perform(&mut lab, token, Step::Transfer { from: ALICE, to: BOB, amount: 101 });
    assert_eq!(clear(&lab, transfer_of(&above, token).amount), 0);
    assert_eq!(balance(&lab, token, ALICE), Some(100));
    assert_eq!(balance(&lab, token, BOB), Some(10));

    let all = perform(&mut lab, token, Step::Transfer { from: ALICE, to: BOB, amount: 100 });
    assert_eq!(clear(&lab, transfer_of(&all, token).amount), 100);
    assert_eq!(balance(&lab, token, ALICE), Some(0));
    assert_eq!(balance(&lab, token, BOB), Some(110));
    // Which of the two it was shows in neither receipt.
    let topics = |receipt: &Receipt| {
        let logs = receipt.logs.iter();
        logs.map(|log| (log.address, log.topics()[0])).collect::<Vec<_>>()
    };
    assert_eq!(topics(&above), topics(&all));
}

#[test]
fn a_transfer_by_somebody_without_a_balance_succeeds_and_moves_nothing() {
    let (mut lab, token) = Lab::with_token();
    perform(&mut lab, token, Step::Mint { to: ALICE, amount: 100 });
    let receipt = perform(&mut lab, token, Step::Transfer { from: CAROL, to: ALICE, amount: 1 });
    assert_eq!(clear(&lab, transfer_of(&receipt, token).amount), 0);
    assert_eq!(balance(&lab, token, CAROL), Some(0));
    assert_eq!(balance(&lab, token, ALICE), Some(100));

    let receipt = perform(&mut lab, token, Step::Transfer { from: ALICE, to: CAROL, amount: 1 });
    assert_eq!(clear(&lab, transfer_of(&receipt, token).amount), 1);
    assert_eq!(balance(&lab, token, CAROL), Some(1));
}

#[test]
fn only_the_owner_mints() {
    let (mut lab, token) = Lab::with_token();
    let mint = |lab: &mut Lab, user| {
        let input = lab.encrypt(token, user, &[5]);
        let (amount, proof) = (input.handles[0].0, input.proof);
        lab.send(user, token, &Token::mintCall { to: BOB, amount, inputProof: proof }).0
    };
    let refused = mint(&mut lab, BOB);
    assert_reverts(&refused, &Token::OwnableUnauthorizedAccount { account: BOB });
    assert_eq!(balance(&lab, token, BOB), None);
    assert!(mint(&mut lab, OWNER).is_success());
    assert_eq!(balance(&lab, token, BOB), Some(5));
}

#[test]
fn a_transfer_is_charged_the_sum_of_its_operations_prices() {
    let (mut lab, token) = Lab::with_token();
    perform(&mut lab, token, Step::Mint { to: ALICE, amount: 100 });
    perform(&mut lab, token, Step::Mint { to: BOB, amount: 10 });
    let transfer = Step::Transfer { from: ALICE, to: BOB, amount: 1 }.call(&lab, token);
    let meter = HcuLimit::getBlockMeterCall {}.abi_encode();
    let (block, settled) = lab.execute(&[transfer, Call::new(CAROL, HOST.hcu_limit, meter)]);

    // The order is the token's: balance, amount, recipient.
    let expected = [Op::Ge, Op::Sub, Op::IfThenElse, Op::TrivialEncrypt, Op::IfThenElse, Op::Add];
    let record = Record::from_logs(&HOST, block.logs().flatten()).expect("a record");
    assert_eq!(record.ops.iter().map(|op| op.op).collect::<Vec<_>>(), expected);
    let price = |op: &Op| op.spec().hcu.price(FheType::Uint64, false, 0).expect("priced");
    let sum: u64 = expected.iter().map(price).sum();
    assert_eq!(settled.hcu, sum);
    // The same from the numbers of the HCULimit contract.
    assert_eq!(sum, 152_000 + 162_000 + 55_000 + 32 + 55_000 + 162_000);
    let charged = returned::<HcuLimit::getBlockMeterCall>(&block.receipts[1]);
    assert_eq!(charged.usedHCU.to::<u64>(), sum);
    assert_eq!(charged.blockNumber.to::<u64>(), block.number);
    let later = lab.view(HOST.hcu_limit, &HcuLimit::getBlockMeterCall {});
    assert_eq!(later.usedHCU.to::<u64>(), 0, "a block begins with an empty meter");
}

fn step() -> impl Strategy<Value = Step> {
    let account = || proptest::sample::select(&ACCOUNTS[..]);
    let amount = || prop_oneof![6 => 0..100u64, 1 => any::<u64>()];
    prop_oneof![
        1 => (account(), amount()).prop_map(|(to, amount)| Step::Mint { to, amount }),
        2 => (account(), account(), amount())
            .prop_map(|(from, to, amount)| Step::Transfer { from, to, amount }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7984),
        ..ProptestConfig::default()
    })]

    #[test]
    fn balances_equal_plain_integers(
        blocks in proptest::collection::vec(proptest::collection::vec(step(), 1..4), 15),
    ) {
        let (mut lab, token) = Lab::with_token();
        let mut ledger = Ledger::default();
        for steps in blocks {
            let calls: Vec<Call> = steps.iter().map(|step| step.call(&lab, token)).collect();
            let (block, _) = lab.execute(&calls);
            for (step, receipt) in steps.iter().zip(&block.receipts) {
                prop_assert!(receipt.is_success(), "{step:?}: {receipt:?}");
                let moved = clear(&lab, transfer_of(receipt, token).amount);
                prop_assert_eq!(moved, ledger.apply(*step), "{:?}", step);
            }
            let balances = ACCOUNTS.map(|account| balance(&lab, token, account).unwrap_or(0));
            prop_assert_eq!(balances, ledger.balances);
            let supply = lab.view(token, &Token::confidentialTotalSupplyCall {});
            let supply = if supply.is_zero() { 0 } else { clear(&lab, supply) };
            prop_assert_eq!(supply, ledger.supply);
        }
    }
}
