//! From bytes to the calls of a transaction.

use alloy_primitives::{Address, B256, Bytes as Octets, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use ciphervm_conformance::prober::{STATIC_GAS, Step, runAndUndoCall, runCall};
use ciphervm_fhe::{FheType, OPS, Op, Shape};
use ciphervm_precompiles::interface::{Acl, HcuLimit};

use super::World;
use crate::bytes::Bytes;

/// Calls of a frame, at most.
const CALLS: usize = 12;
/// Elements of a collection, at most.
const ELEMENTS: usize = 4;

/// A handle as a call names it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name {
    /// One that there was before.
    Known(B256),
    /// What a call of a frame gave: the frame's depth, and the call's number in it.
    Word(usize, usize),
}

/// What a call asks for.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// An operation on encrypted operands.
    Operate(Vec<Name>),
    Allow(Name, Address),
    AllowTransient(Name, Address),
    AllowForDecryption(Name),
    ForgetTransient,
    /// The block's meter of HCU.
    ReadMeter,
    /// An operation in a static call, which cannot be.
    OperateStatically,
}

/// What a prober is to do.
#[derive(Clone, Debug)]
pub(super) enum Planned {
    Call(Action),
    /// The other prober makes calls.
    Frame {
        on: usize,
        undone: bool,
        calls: Vec<Self>,
    },
}

/// The calls of a frame.
#[derive(Debug)]
pub(super) struct Program {
    on: usize,
    depth: usize,
    pub(super) planned: Vec<Planned>,
    steps: Vec<Step>,
    /// How many calls there are, and words that they give.
    words: usize,
}

impl Program {
    /// Reads a transaction.
    pub(super) fn transaction(
        data: &mut Bytes<'_>,
        world: &World<'_>,
    ) -> (usize, Vec<Step>, Vec<Planned>) {
        let on = data.below(2);
        let mut program = Self::frame(data, world, on, 0);
        let meter = HcuLimit::getBlockMeterCall {}.abi_encode();
        program.call(world.hosts.hcu_limit, meter, Action::ReadMeter);
        (on, program.steps, program.planned)
    }

    fn frame(data: &mut Bytes<'_>, world: &World<'_>, on: usize, depth: usize) -> Self {
        let mut program = Self { on, depth, planned: Vec::new(), steps: Vec::new(), words: 0 };
        for _ in 0..=data.below(CALLS) {
            program.add(data, world);
        }
        program
    }

    fn add(&mut self, data: &mut Bytes<'_>, world: &World<'_>) {
        let acl = world.hosts.acl;
        match data.byte() % 16 {
            0..8 => self.operate(data, world, 0),
            8 => self.operate(data, world, 1),
            9 => {
                let (name, account) = (self.name(data, world), data.pick(&world.accounts));
                let call = Acl::allowCall { handle: self.word(name), account };
                self.call(acl, call.abi_encode(), Action::Allow(name, account));
            }
            10 => {
                let (name, account) = (self.name(data, world), data.pick(&world.accounts));
                let call = Acl::allowTransientCall { handle: self.word(name), account };
                self.call(acl, call.abi_encode(), Action::AllowTransient(name, account));
            }
            11 => {
                let name = self.name(data, world);
                let call = Acl::allowForDecryptionCall { handlesList: vec![self.word(name)] };
                self.call(acl, call.abi_encode(), Action::AllowForDecryption(name));
            }
            12 => {
                let call = Acl::cleanTransientStorageCall {}.abi_encode();
                self.call(acl, call, Action::ForgetTransient);
            }
            kind if self.depth == 0 => {
                let (on, undone) = (1 - self.on, kind == 13);
                let Self { planned, steps, .. } = Self::frame(data, world, on, 1);
                let data = match undone {
                    true => runAndUndoCall { steps }.abi_encode(),
                    false => runCall { steps }.abi_encode(),
                };
                self.step(0, world.probers[on], data, Vec::new());
                self.planned.push(Planned::Frame { on, undone, calls: planned });
            }
            _ => self.operate(data, world, 0),
        }
    }

    /// An operation; those that hold inputs are made elsewhere.
    fn operate(&mut self, data: &mut Bytes<'_>, world: &World<'_>, kind: u8) {
        let spec = &OPS[data.below(OPS.len())];
        let ty = data.pick(&FheType::ALL);
        let mut names = Vec::new();
        let mut name = |data: &mut Bytes<'_>| {
            let name = self.name(data, world);
            names.push(name);
            self.word(name)
        };
        let ty_word = U256::from(ty.id());
        let number = |data: &mut Bytes<'_>| U256::ONE << data.byte() >> (data.byte() % 2);
        let arguments = match spec.shape {
            Shape::Unary => name(data).abi_encode(),
            Shape::Binary => {
                let scalar = data.byte() % 2;
                let lhs = name(data);
                let rhs = if scalar == 1 { number(data).into() } else { name(data) };
                (lhs, rhs, alloy_primitives::FixedBytes::<1>::from([scalar])).abi_encode()
            }
            Shape::Select => (name(data), name(data), name(data)).abi_encode(),
            Shape::Cast => (name(data), ty_word).abi_encode(),
            Shape::TrivialEncrypt | Shape::VerifyInput => (number(data), ty_word).abi_encode(),
            Shape::Rand => ty_word.abi_encode(),
            Shape::RandBounded => (number(data), ty_word).abi_encode(),
            Shape::Sum => {
                let values: Vec<B256> = (0..data.below(ELEMENTS + 1)).map(|_| name(data)).collect();
                (values, ty_word).abi_encode_params()
            }
            Shape::IsIn => {
                let value = name(data);
                let values: Vec<B256> = (0..data.below(ELEMENTS + 1)).map(|_| name(data)).collect();
                (value, values, ty_word).abi_encode_params()
            }
            Shape::MulDiv => {
                let factor = name(data);
                let scalar = 1 + 2 * (data.byte() % 2);
                let other = if scalar == 3 { number(data).into() } else { name(data) };
                let divisor: B256 = number(data).into();
                let scalar = alloy_primitives::FixedBytes::<1>::from([scalar]);
                (factor, other, divisor, scalar).abi_encode()
            }
        };
        let selector = match spec.shape {
            Shape::VerifyInput => Op::TrivialEncrypt.spec().selector,
            _ => spec.selector,
        };
        let calldata = [&selector[..], &arguments].concat();
        let takes = vec![U256::ZERO];
        self.step(kind, world.hosts.executor, calldata, takes);
        self.words += 1;
        self.planned.push(Planned::Call(match kind {
            0 => Action::Operate(names),
            _ => Action::OperateStatically,
        }));
    }

    /// A call that does not compute. What it gives is a word, too.
    fn call(&mut self, target: Address, data: Vec<u8>, action: Action) {
        self.step(0, target, data, vec![U256::ZERO]);
        self.words += 1;
        self.planned.push(Planned::Call(action));
    }

    /// A handle: what this frame made, what the one around it made, or an earlier one.
    fn name(&self, data: &mut Bytes<'_>, world: &World<'_>) -> Name {
        let byte = data.byte();
        let (kind, number) = (byte % 4, usize::from(byte / 4));
        match kind {
            0 | 1 if self.words > 0 => Name::Word(self.depth, self.words - 1 - number % self.words),
            2 if self.depth > 0 => Name::Word(0, number % CALLS),
            _ => Name::Known(world.handles[number % world.handles.len()]),
        }
    }

    /// A handle in calldata: a mark, where it is not known yet.
    fn word(&self, name: Name) -> B256 {
        match name {
            Name::Known(handle) => handle,
            Name::Word(depth, number) => mark(depth, number),
        }
    }

    /// Adds a step, whose marks of this frame's words are to be replaced by these.
    fn step(&mut self, kind: u8, target: Address, mut data: Vec<u8>, takes: Vec<U256>) {
        let mut patches = Vec::new();
        for number in 0..self.words {
            let mark = mark(self.depth, number);
            let mut from = 0;
            while let Some(found) = data[from..].windows(32).position(|bytes| *bytes == mark[..]) {
                let offset = from + found;
                patches.push(U256::from(offset) << 128 | U256::from(number));
                data[offset..offset + 32].fill(0);
                from = offset + 32;
            }
        }
        self.steps.push(Step {
            kind,
            target,
            value: U256::ZERO,
            gasLimit: if kind == 0 { U256::ZERO } else { U256::from(STATIC_GAS) },
            data: Octets::from(data),
            patches,
            takes,
        });
    }
}

/// Stands for a word until the prober puts it in. A word that never was is no handle.
fn mark(depth: usize, number: usize) -> B256 {
    keccak256([depth as u8, number as u8])
}

impl Name {
    /// The handle, once the words of the frames are known.
    pub(super) fn handle(self, words: &[&[B256]]) -> B256 {
        match self {
            Self::Known(handle) => handle,
            Self::Word(depth, number) => {
                let word = words.get(depth).and_then(|words| words.get(number));
                word.copied().unwrap_or_else(|| mark(depth, number))
            }
        }
    }
}
