//! The pool against a model: a list in which everything is looked for.

use alloy_consensus::TxEip1559;
use proptest::{collection::vec, prelude::*};

use super::*;

/// What is done to a pool. Senders and nonces are few, so that they meet.
#[derive(Clone, Debug)]
enum Step {
    Insert {
        sender: u8,
        nonce: u64,
        max_fee: u128,
        tip: u128,
    },
    /// Removes the transaction at this place, counted around.
    Remove(usize),
    /// The sender's next nonces are used.
    Mine {
        sender: u8,
        count: u64,
    },
    DropSender(u8),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    let insert = (0..4u8, 0..12u64, 0..40u128, 0..40u128);
    prop_oneof![
        20 => insert.prop_map(|(sender, nonce, max_fee, tip)| Step::Insert {
            sender, nonce, max_fee, tip: tip.min(max_fee),
        }),
        3 => any::<usize>().prop_map(Step::Remove),
        2 => (0..4u8, 0..3u64).prop_map(|(sender, count)| Step::Mine { sender, count }),
        1 => (0..4u8).prop_map(Step::DropSender),
        1 => Just(Step::Clear),
    ]
}

/// The pool as a list in the order of arrival, and the nonces of accounts.
struct Model {
    limits: Limits,
    transactions: Vec<Arc<Transaction>>,
    nonces: [u64; 4],
}

impl Model {
    fn sender(sender: u8) -> Address {
        Address::repeat_byte(sender)
    }

    fn nonce(&self, sender: &Address) -> u64 {
        self.nonces[usize::from(sender[0])]
    }

    fn bytes(&self) -> usize {
        self.transactions.iter().map(|transaction| transaction.encode_2718_len()).sum()
    }

    fn find(&self, sender: Address, nonce: u64) -> Option<usize> {
        let same = |transaction: &Arc<Transaction>| {
            transaction.signer() == sender && transaction.nonce() == nonce
        };
        self.transactions.iter().position(same)
    }

    fn next_nonce(&self, sender: Address) -> u64 {
        let missing = |nonce: &u64| self.find(sender, *nonce).is_none();
        (self.nonce(&sender)..).find(missing).unwrap()
    }

    /// Whether the pool should take the transaction.
    fn insert(&mut self, new: Arc<Transaction>) -> bool {
        let (sender, nonce) = (new.signer(), new.nonce());
        let mut after = self.transactions.clone();
        let mut enough = nonce >= self.nonce(&sender)
            && nonce <= self.next_nonce(sender) + self.limits.nonces_ahead;
        if let Some(index) = self.find(sender, nonce) {
            let old = after.remove(index);
            let fees = |transaction: &Transaction| {
                [transaction.max_fee_per_gas(), transaction.priority_fee_or_price()]
            };
            let pairs = fees(&old).into_iter().zip(fees(&new));
            enough &= pairs.into_iter().all(|(old, new)| new > old && new >= old * 110 / 100);
        }
        after.push(new);
        let after = Self { transactions: after, ..*self };
        enough &= after.transactions.len() <= self.limits.transactions;
        enough &= after.bytes() <= self.limits.bytes;
        if enough {
            *self = after;
        }
        enough
    }
}

fn apply(step: Step, pool: &mut Pool, model: &mut Model) {
    match step {
        Step::Insert { sender, nonce, max_fee, tip } => {
            let sender = Model::sender(sender);
            // The value gives each sender other hashes.
            let value = U256::from(sender[0]);
            let fees = TxEip1559 { max_fee_per_gas: max_fee, value, ..transfer() };
            let new = signed(sender, TxEip1559 { nonce, max_priority_fee_per_gas: tip, ..fees });
            let facts = AccountFacts { nonce: model.nonce(&sender), ..RICH };
            let result = pool.insert(Arc::clone(&new), &facts, &BLOCK);
            assert_eq!(result.is_ok(), model.insert(new), "{result:?}");
        }
        Step::Remove(index) => {
            if let Some(index) = index.checked_rem(model.transactions.len()) {
                let removed = model.transactions.remove(index);
                assert_eq!(pool.remove(removed.hash()), Some(removed));
            }
        }
        Step::Mine { sender, count } => {
            let sender = usize::from(sender);
            model.nonces[sender] += count;
            let nonces = model.nonces;
            pool.on_block(|sender| nonces[usize::from(sender[0])]);
            model.transactions.retain(|transaction| {
                transaction.nonce() >= nonces[usize::from(transaction.signer()[0])]
            });
        }
        Step::DropSender(sender) => {
            let sender = Model::sender(sender);
            pool.drop_sender(&sender);
            model.transactions.retain(|transaction| transaction.signer() != sender);
        }
        Step::Clear => {
            pool.clear();
            model.transactions.clear();
        }
    }
}

/// The pool has the transactions of the model, counts them right, and knows which are pending.
fn check_content(pool: &Pool, model: &Model) {
    assert!(pool.iter().eq(&model.transactions));
    assert_eq!((pool.len(), pool.bytes()), (model.transactions.len(), model.bytes()));
    let mut expected = Content::default();
    for transaction in &model.transactions {
        assert_eq!(pool.get(transaction.hash()), Some(transaction));
        let (sender, nonce) = (transaction.signer(), transaction.nonce());
        let pending = nonce < model.next_nonce(sender);
        let part = if pending { &mut expected.pending } else { &mut expected.queued };
        let earlier = part.entry(sender).or_default().insert(nonce, Arc::clone(transaction));
        assert_eq!(earlier, None, "two transactions with one nonce");
    }
    assert_eq!(pool.content(|sender| model.nonce(sender)), expected);
}

/// The best transactions are, for each sender, those before the first that is missing or does not
/// pay, and one comes before a better one only if that had to wait for it.
fn check_best(pool: &Pool, model: &Model, base_fee: u64, order: Order) {
    let best = pool.best(|sender| model.nonce(sender), base_fee, 0, order);
    let mut nonces = model.nonces;
    for transaction in &best {
        let next = &mut nonces[usize::from(transaction.signer()[0])];
        assert_eq!(transaction.nonce(), *next);
        assert!(transaction.max_fee_per_gas() >= u128::from(base_fee));
        *next += 1;
    }
    for (sender, nonce) in (0..).zip(nonces) {
        if let Some(index) = model.find(Model::sender(sender), nonce) {
            assert!(model.transactions[index].max_fee_per_gas() < u128::from(base_fee));
        }
    }
    let rank = |transaction: &Arc<Transaction>| {
        let arrival = model.find(transaction.signer(), transaction.nonce());
        let tip = transaction.effective_tip_per_gas(base_fee).unwrap();
        (if order == Order::Tip { tip } else { 0 }, std::cmp::Reverse(arrival))
    };
    for pair in best.windows(2) {
        let waited = pair[0].signer() == pair[1].signer();
        assert!(waited || rank(&pair[0]) > rank(&pair[1]));
    }
}

proptest! {
    #[test]
    fn the_pool_is_what_a_list_would_be(
        steps in vec(step(), 1..60),
        base_fee in 0..30u64,
        transactions in 4..16usize,
        bytes in 400..1_600usize,
    ) {
        let limits = Limits { transactions, bytes, nonces_ahead: 6 };
        let mut pool = Pool::new(limits);
        let mut model = Model { limits, transactions: Vec::new(), nonces: [0; 4] };
        for step in steps {
            apply(step, &mut pool, &mut model);
            check_content(&pool, &model);
            check_best(&pool, &model, base_fee, Order::Tip);
            check_best(&pool, &model, base_fee, Order::Fifo);
        }
    }
}
