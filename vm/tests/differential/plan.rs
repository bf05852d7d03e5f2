//! From actions to calls: which handles there are, who has them, and what the next ones will be.

mod calls;
mod handles;

use std::rc::Rc;

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::{
    Tally,
    action::{Action, Frame, Malformed, Pick, Step, Transaction, Word},
    changes::{self, Facts},
    driver::{self, Call, Reply},
    reference::{Function, Reference},
    world::{CALLERS, World},
};

/// Handles of one caller.
#[derive(Clone, Debug, Default)]
struct Handles {
    /// Those granted for good.
    kept: Vec<B256>,
    /// Those of the current transaction.
    fresh: Vec<B256>,
}

/// Both chains, and what is known of their state.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    world: World,
    functions: Rc<[Function]>,
    handles: [Handles; CALLERS.len()],
    facts: Facts,
}

/// A call, and what it should do.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Contract and function.
    pub(crate) name: String,
    pub(crate) host: Address,
    /// Calldata of the host contract.
    pub(crate) data: Bytes,
    /// In which frame.
    pub(crate) frame: Frame,
    /// The call of the driver that makes it.
    call: Call,
    /// The handle that it returns if it succeeds.
    result: Option<B256>,
    /// The handle that it grants for good, and to whom.
    grant: Option<(B256, Address)>,
}

impl Plan {
    /// Handles of every type for every caller, granted for good.
    pub(crate) fn new(world: World, reference: &Reference) -> Self {
        let mut plan = Self {
            world,
            functions: reference.functions.clone().into(),
            handles: Default::default(),
            facts: Facts::default(),
        };
        let types = [7, 8, 0, 2, 3, 4, 5, 6];
        let steps = (0..CALLERS.len()).flat_map(|caller| {
            let actions = types.into_iter().flat_map(move |ty| {
                let value = Word::Small(caller as u8);
                // The last two types for everybody.
                let all = 0..CALLERS.len();
                let accounts = if (5..=6).contains(&ty) { all } else { caller..caller + 1 };
                let allow =
                    move |account| Action::Allow { handle: Pick::Own(0), account: account as u8 };
                std::iter::once(Action::TrivialEncrypt { value, ty }).chain(accounts.map(allow))
            });
            actions.map(move |action| Step { caller, frame: Frame::Plain, action, malformed: None })
        });
        let transaction = Transaction { elapsed: 12, steps: steps.collect() };
        plan.transaction(&transaction, &mut Tally::default()).expect("both chains begin equal");
        for handles in &plan.handles {
            assert_eq!(
                handles.kept.len(),
                types.len() + 2 * (CALLERS.len() - 1),
                "the chains begin with handles"
            );
        }
        plan
    }

    /// Executes a transaction on both chains and compares what it did. The error describes the
    /// first difference that no change of the protocol explains.
    pub(crate) fn transaction(
        &mut self,
        transaction: &Transaction,
        tally: &mut Tally,
    ) -> Result<(), String> {
        self.world.next_block(transaction.elapsed);
        self.facts.now = self.world.timestamp;
        let mut planned = Vec::new();
        for step in &transaction.steps {
            self.plan(step, &mut planned);
        }
        // A call that the protocol's changes make differ is left out, and the rest runs again, so
        // that the two states stay the same.
        let executed = loop {
            let calls: Vec<_> = planned.iter().map(|planned| planned.call.clone()).collect();
            let executed = self.world.execute(&calls);
            let replies = executed.reference.replies.iter().zip(&executed.native.replies);
            let Some(index) = replies.map(|(r, n)| r == n).position(|same| !same) else {
                break executed;
            };
            let [reference, native] =
                [&executed.reference, &executed.native].map(|e| inner(&e.replies[index]));
            let call = &planned[index];
            let Some(change) = changes::explain(call, &reference, &native, &self.facts) else {
                return Err(format!(
                    "call {index} differs: {} {}\nreference {reference:?}\nnative    {native:?}",
                    call.name, call.data
                ));
            };
            tally.count(&call.name, reference.success);
            *tally.changes.entry(change).or_default() += 1;
            planned.remove(index);
        };
        let logs = executed.reference.logs.iter().zip(&executed.native.logs);
        if let Some((reference, native)) = logs.into_iter().find(|(r, n)| r != n) {
            return Err(format!("logs differ\nreference {reference:?}\nnative    {native:?}"));
        }
        if executed.reference.logs.len() != executed.native.logs.len() {
            return Err("one chain has more logs".into());
        }
        for (call, reply) in planned.iter().zip(&executed.native.replies) {
            let reply = inner(reply);
            tally.count(&call.name, reply.success);
            let Some(result) = call.result.filter(|_| reply.success) else { continue };
            if reply.data[..] != result[..] {
                return Err(format!("{} returned {}, not {result}", call.name, reply.data));
            }
        }
        self.keep(&planned, &executed.native.replies);
        self.world.commit(executed);
        Ok(())
    }

    /// Remembers who has been granted what. Grants for the transaction are gone, and a few handles
    /// without a grant stay.
    fn keep(&mut self, planned: &[Planned], replies: &[Reply]) {
        for handles in &mut self.handles {
            let stale = handles.fresh.len().saturating_sub(1);
            handles.fresh.drain(..stale);
        }
        for (call, reply) in planned.iter().zip(replies) {
            // A frame that was undone reports by a revert.
            let done = reply.success && inner(reply).success;
            let Some((handle, account)) = call.grant.filter(|_| done) else { continue };
            if let Some(caller) = CALLERS.iter().position(|caller| *caller == account) {
                self.handles[caller].kept.push(handle);
            }
        }
    }

    fn plan(&mut self, step: &Step, planned: &mut Vec<Planned>) {
        let Step { caller, frame, action, malformed } = step;
        if let Action::Burst { deep, count } = action {
            return self.plan_burst(*caller, *deep, *count, planned);
        }
        let mut built = self.build(*caller, action);
        if let Some(malformed) = malformed {
            built.data = self.deform(*caller, &built.data, malformed);
            (built.result, built.grant) = (None, None);
        }
        let seeded = matches!(action, Action::Rand { .. } | Action::RandBounded { .. });
        let mut next = self.frame(*caller, *frame, built);
        if seeded {
            // What is random is asked for: the seed counts the calls before.
            let calls = planned.iter().chain([&next]).map(|planned| planned.call.clone());
            let reply = self.world.peek(&calls.collect::<Vec<_>>()).map(|reply| inner(&reply));
            next.result = reply
                .filter(|reply| reply.success)
                .and_then(|reply| B256::try_from(&reply.data[..]).ok());
        }
        self.push(*caller, next, planned);
    }

    fn push(&mut self, caller: usize, next: Planned, planned: &mut Vec<Planned>) {
        self.handles[caller].fresh.extend(next.result);
        planned.push(next);
    }

    /// Puts a call into its frame.
    fn frame(&self, caller: usize, frame: Frame, built: calls::Built) -> Planned {
        let calls::Built { name, host, data, result, grant } = built;
        let mut call = Call::new(host, data.clone());
        call.is_static = frame == Frame::Static;
        call.value = u8::from(frame == Frame::Value);
        let mut outer = Call::new(CALLERS[caller], driver::batch(&[call], frame == Frame::Undone));
        // Enough for an inner call that takes all it gets.
        outer.gas *= 2;
        Planned { name, host, data, frame, call: outer, result, grant }
    }

    fn deform(&self, caller: usize, data: &[u8], malformed: &Malformed) -> Bytes {
        let mut data = data.to_vec();
        let start = 4 + 32 * usize::from(malformed.word);
        if let (Some(word), Some(place)) = (malformed.with, data.get_mut(start..start + 32)) {
            place.copy_from_slice(&self.word(caller, word).to_be_bytes::<32>());
        }
        data.truncate(data.len().saturating_sub(malformed.cut.into()));
        data.extend(std::iter::repeat_n(0xab, malformed.append.into()));
        data.into()
    }

    fn word(&self, caller: usize, word: Word) -> U256 {
        match word {
            Word::Small(number) => U256::from(number),
            Word::PowerOfTwo(bit) => U256::ONE << usize::from(bit),
            Word::BelowPowerOfTwo(bit) => (U256::ONE << usize::from(bit)) - U256::ONE,
            Word::Handle(pick) => self.pick(caller, pick).into(),
            Word::Account(index) => calls::account(index).into_word().into(),
            Word::Max => U256::MAX,
        }
    }
}

impl Tally {
    fn count(&mut self, function: &str, success: bool) {
        self.calls += 1;
        self.successes += usize::from(success);
        let (calls, successes) = self.functions.entry(function.to_owned()).or_default();
        *calls += 1;
        *successes += usize::from(success);
    }
}

/// The host contract's reply, from the reply of the driver that called it.
fn inner(reply: &Reply) -> Reply {
    driver::replies(&reply.data).pop().expect("a driver reports its call")
}
