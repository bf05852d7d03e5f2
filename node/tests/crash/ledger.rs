//! What clients sent, and what they were told of it.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use crate::node::Node;

/// What a transaction does to the token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// It deploys it.
    Deploy,
    /// The owner makes `amount` out of nothing.
    Mint { to: Address, amount: u64 },
    /// The sender gives `amount`, or nothing if it has less.
    Transfer { to: Address, amount: u64 },
}

/// A transaction.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) hash: B256,
    pub(crate) sender: Address,
    pub(crate) action: Action,
    /// Whether the devnet answered with its hash.
    pub(crate) acknowledged: bool,
    /// As the devnet gave it.
    pub(crate) receipt: Option<Receipt>,
}

/// A transaction's receipt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Receipt(Value);

impl Receipt {
    /// The receipt of a transaction, if it is in a block.
    pub(crate) fn of(answer: Value) -> Option<Self> {
        (!answer.is_null()).then_some(Self(answer))
    }

    pub(crate) fn block(&self) -> u64 {
        self.number("blockNumber")
    }

    fn index(&self) -> u64 {
        self.number("transactionIndex")
    }

    fn is_success(&self) -> bool {
        self.0["status"] == "0x1"
    }

    fn number(&self, field: &str) -> u64 {
        number(&self.0[field])
    }
}

/// A number as Ethereum's JSON-RPC writes it.
pub(crate) fn number(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// What clients know of a devnet, whatever happens to it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// In the order of each sender's nonces.
    pub(crate) sent: Vec<Sent>,
    /// How many transactions were not answered, for the devnet died.
    pub(crate) unanswered: usize,
    /// Going back was asked for, to when there were this many transactions.
    pub(crate) reverting: Option<usize>,
    /// The balance that an account was given by hand, and whether that was acknowledged, in the
    /// order of the edits.
    pub(crate) edits: Vec<(u64, bool)>,
}

/// The account whose balance is edited.
pub(crate) const EDITED: Address = Address::repeat_byte(0xed);

impl Ledger {
    /// The nonce of a sender's next transaction.
    pub(crate) fn nonce(&self, sender: Address) -> u64 {
        self.sent.iter().filter(|sent| sent.sender == sender).count() as u64
    }

    /// Notes that a transaction was acknowledged, and its receipt, if it has one already.
    pub(crate) fn acknowledge(&mut self, hash: B256, receipt: Option<Receipt>) {
        let sent = self.sent.iter_mut().rfind(|sent| sent.hash == hash).unwrap();
        sent.acknowledged = true;
        sent.receipt = receipt;
    }

    /// Compares with a devnet that has come back, and notes what became of what was under way.
    pub(crate) fn reconcile(&mut self, node: &Node) {
        self.settle_revert(node);
        self.settle_sent(node);
        self.settle_edits(node);
        self.check_last_block(node);
        self.check_waiting(node);
    }

    /// What was acknowledged is in a block or waits for one. Of the rest it is noted if it does.
    fn settle_sent(&mut self, node: &Node) {
        for sent in self.sent.iter_mut().filter(|sent| sent.receipt.is_none()) {
            sent.receipt = receipt(node, sent.hash);
            let found: Value = node.ask("eth_getTransactionByHash", json!([sent.hash]));
            assert!(!found.is_null() || !sent.acknowledged, "{sent:?} is lost");
            self.unanswered += usize::from(!sent.acknowledged);
            sent.acknowledged = !found.is_null();
        }
        self.sent.retain(|sent| sent.acknowledged);
    }

    /// A block's hash covers all that was before it.
    fn check_last_block(&self, node: &Node) {
        let receipts = self.sent.iter().filter_map(|sent| sent.receipt.as_ref());
        if let Some(last) = receipts.max_by_key(|receipt| receipt.block()) {
            let number = &last.0["blockNumber"];
            let block: Value = node.ask("eth_getBlockByNumber", json!([number, false]));
            assert_eq!(block["hash"], last.0["blockHash"], "an acknowledged block changed");
        }
    }

    /// The pool has the transactions that are in no block, and no others.
    fn check_waiting(&self, node: &Node) {
        let waiting = self.sent.iter().filter(|sent| sent.receipt.is_none()).count() as u64;
        let status: Value = node.ask("txpool_status", json!([]));
        assert_eq!(number(&status["pending"]), waiting);
        assert_eq!(number(&status["queued"]), 0);
        let senders: BTreeSet<_> = self.sent.iter().map(|sent| sent.sender).collect();
        for sender in senders {
            let nonce: Value = node.ask("eth_getTransactionCount", json!([sender, "pending"]));
            assert_eq!(number(&nonce), self.nonce(sender), "{sender}");
        }
    }

    /// A devnet went back altogether or not at all.
    fn settle_revert(&mut self, node: &Node) {
        let Some(mark) = self.reverting.take() else { return };
        let gone: Vec<B256> = self.sent[mark..].iter().map(|sent| sent.hash).collect();
        let is_left = |hash: &&B256| receipt(node, **hash).is_some();
        let left: Vec<_> = gone.iter().filter(is_left).collect();
        match left.len() {
            0 => self.sent.truncate(mark),
            some => assert_eq!(some, gone.len(), "of {gone:?} these are left: {left:?}"),
        }
    }

    /// The last acknowledged edit is there, or a later one.
    fn settle_edits(&mut self, node: &Node) {
        let balance: Value = node.ask("eth_getBalance", json!([EDITED, "latest"]));
        let found = number(&balance);
        let acknowledged = self.edits.iter().rposition(|(_, acknowledged)| *acknowledged);
        let possible = &self.edits[acknowledged.unwrap_or_default()..];
        let is_possible = possible.iter().any(|(balance, _)| *balance == found);
        assert!(
            is_possible || (found == 0 && acknowledged.is_none()),
            "balance {found}: {possible:?}"
        );
        self.edits = vec![(found, true)];
    }

    /// Has everything mined that waits, and compares every receipt with the one that was given
    /// before.
    pub(crate) fn finish(&mut self, node: &Node) {
        while node.ask::<Value>("txpool_status", json!([]))["pending"] != "0x0" {
            node.ask::<Value>("evm_mine", json!([]));
        }
        for sent in &mut self.sent {
            let found =
                receipt(node, sent.hash).unwrap_or_else(|| panic!("{sent:?} is in no block"));
            assert!(found.is_success(), "{sent:?} failed");
            assert_eq!(*sent.receipt.get_or_insert_with(|| found.clone()), found);
        }
    }

    /// What every account should have, computed on plain numbers in the order of the chain.
    pub(crate) fn balances(&self) -> BTreeMap<Address, u64> {
        let mut sent: Vec<_> = self.sent.iter().collect();
        sent.sort_by_key(|sent| {
            sent.receipt.as_ref().map(|receipt| (receipt.block(), receipt.index()))
        });
        let mut balances = BTreeMap::<Address, u64>::new();
        for sent in sent {
            match sent.action {
                Action::Deploy => {}
                Action::Mint { to, amount } => *balances.entry(to).or_default() += amount,
                Action::Transfer { to, amount } => {
                    let from = balances.entry(sent.sender).or_default();
                    if let Some(rest) = from.checked_sub(amount) {
                        *from = rest;
                        *balances.entry(to).or_default() += amount;
                    }
                }
            }
        }
        balances
    }
}

fn receipt(node: &Node, hash: B256) -> Option<Receipt> {
    Receipt::of(node.ask("eth_getTransactionReceipt", json!([hash])))
}
