//! Random programs: operations one after the other, each on what came before.

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_fhe::{FheType, Handle, OPS, Op, OpSpec, Operand, ScalarRule, Shape};

/// Numbers that follow from a seed alone.
#[derive(Clone, Debug)]
pub(super) struct Dice {
    seed: [u8; 24],
    rolls: u64,
}

impl Dice {
    pub(super) fn new(seed: u64, program: u64) -> Self {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(b"cv sweep");
        bytes[8..16].copy_from_slice(&seed.to_be_bytes());
        bytes[16..].copy_from_slice(&program.to_be_bytes());
        Self { seed: bytes, rolls: 0 }
    }

    /// Any word.
    pub(super) fn word(&mut self) -> B256 {
        self.rolls += 1;
        keccak256([&self.seed[..], &self.rolls.to_be_bytes()].concat())
    }

    /// A number below `end`, which is not zero.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let [.., a, b, c, d] = self.word().0;
        u32::from_be_bytes([a, b, c, d]) as usize % end
    }

    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A value of a type: mostly any, often one at an end or a power of two.
    pub(super) fn value(&mut self, ty: FheType) -> U256 {
        let (max, any) = (ty.max_value(), ty.truncate(self.word().into()));
        match self.below(8) {
            0 => max,
            1 => U256::from(self.below(3)) & max,
            2 => U256::ONE << self.below(ty.bits()),
            3 => (U256::ONE << self.below(ty.bits())).wrapping_sub(U256::ONE),
            _ => any,
        }
    }
}

/// A ciphertext that a program has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) handle: Handle,
    pub(super) ty: FheType,
}

/// An operation to come.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) op: Op,
    pub(super) operands: Vec<Operand<Handle>>,
    pub(super) result: FheType,
}

impl Planned {
    /// The encrypted operands, in order.
    pub(super) fn inputs(&self) -> impl Iterator<Item = Handle> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Encrypted(handle) => Some(*handle),
            Operand::Scalar(_) => None,
        })
    }
}

/// A planned operation that has its place in a program.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// Its result.
    pub(super) handle: Handle,
    pub(super) planned: Planned,
    /// Whether the result is kept, as a ciphertext.
    pub(super) kept: bool,
}

/// The types that programs begin with, and how often each is drawn: wide ones cost more than they
/// show.
pub(super) const TYPES: [(FheType, usize); 8] = [
    (FheType::Bool, 4),
    (FheType::Uint8, 12),
    (FheType::Uint16, 8),
    (FheType::Uint32, 4),
    (FheType::Uint64, 3),
    (FheType::Uint128, 1),
    (FheType::Uint160, 1),
    (FheType::Uint256, 1),
];

/// So many of the latest values of a type are operands as often as all together, for contracts go
/// on with what they have just computed.
const LATEST: usize = 4;

/// Plans one operation on what there is, which has some of each type, often beside the one
/// `before`. Where `last` is given, which is what that one made, it is among the operands.
pub(super) fn plan(
    dice: &mut Dice,
    held: &[Held],
    before: Option<&Made>,
    last: Option<Held>,
) -> Planned {
    if let Some(before) = before
        && dice.one_in(2)
        && let Some(planned) = beside(dice, held, before, last.is_some())
    {
        return planned;
    }
    loop {
        // Most operations on a Bool give a Bool, and chains would seldom leave it.
        let leaves = last.is_some_and(|last| last.ty == FheType::Bool) && dice.one_in(2);
        let spec = if leaves {
            dice.pick(&[Op::IfThenElse.spec(), Op::Cast.spec()])
        } else if dice.one_in(6) {
            // What most rewrites begin with.
            dice.pick(&[Op::Add.spec(), Op::Sub.spec()])
        } else {
            dice.pick(&OPS.each_ref())
        };
        let ty = match last {
            Some(last) => last.ty,
            None => draw_type(dice),
        };
        if let Some(planned) = of(dice, spec, ty, held, last) {
            return planned;
        }
    }
}

/// Operations that ask about a pair of numbers.
const QUESTIONS: [Op; 6] = [Op::Eq, Op::Ne, Op::Ge, Op::Gt, Op::Le, Op::Lt];

/// What rewrites look for, and chance alone would hardly ever draw: a choice between a sum and its
/// summand, a sum of a sum, a sum compared with its summand, two questions about one pair, two
/// choices under one condition.
fn beside(dice: &mut Dice, held: &[Held], before: &Made, chain: bool) -> Option<Planned> {
    let was = before.planned.op;
    let encrypted: Vec<Handle> = before.planned.inputs().collect();
    let ty = encrypted.last()?.fhe_type()?;
    let number = if was == Op::Sub { encrypted[0] } else { dice.pick(&encrypted) };
    let other = dice.pick(&of_type(held, ty));
    let is_sum = matches!(was, Op::Add | Op::Sub | Op::Sum);
    let is_pair = (was == Op::Sub || QUESTIONS.contains(&was)) && encrypted.len() == 2;
    let (op, mut operands) = match dice.below(4) {
        0 if is_sum => {
            let condition = dice.pick(&of_type(held, FheType::Bool));
            (Op::IfThenElse, vec![condition, before.handle, number])
        }
        0 if was == Op::IfThenElse => (was, vec![encrypted[0], before.handle, other]),
        1 if is_sum => (Op::Add, vec![before.handle, other]),
        2 if is_sum => (dice.pick(&QUESTIONS), vec![before.handle, number]),
        // In a chain it would not be on the last result.
        _ if is_pair && !chain => {
            let op = if dice.one_in(4) { Op::Sub } else { dice.pick(&QUESTIONS) };
            (op, encrypted)
        }
        _ => return None,
    };
    if dice.one_in(2) {
        // The condition of a choice stays the first.
        let last = operands.len() - 1;
        operands.swap(last - 1, last);
    }
    let (spec, operands) = (op.spec(), operands.into_iter().map(Operand::Encrypted).collect());
    let result = spec.result_type(ty, ty);
    spec.types.contains(ty).then_some(Planned { op, operands, result })
}

fn of_type(held: &[Held], ty: FheType) -> Vec<Handle> {
    held.iter().filter(|held| held.ty == ty).map(|held| held.handle).collect()
}

fn draw_type(dice: &mut Dice) -> FheType {
    let total: usize = TYPES.iter().map(|(_, weight)| weight).sum();
    let mut roll = dice.below(total);
    for (ty, weight) in TYPES {
        if roll < weight {
            return ty;
        }
        roll -= weight;
    }
    FheType::Uint8
}

/// Whether an operation is passed over for its cost, which grows with the square of the width. One
/// on 128 bits takes thousands of bootstraps, as many as hundreds of others.
fn is_too_costly(dice: &mut Dice, op: Op, ty: FheType) -> bool {
    let quadratic = matches!(op, Op::Mul | Op::Div | Op::Rem | Op::MulDiv);
    let drawn = match ty.bits() {
        ..=32 => 1,
        33..=64 => 8,
        _ => 16,
    };
    quadratic && !dice.one_in(drawn)
}

/// An operation of this kind on operands of this type, if there is one.
fn of(
    dice: &mut Dice,
    spec: &OpSpec,
    ty: FheType,
    held: &[Held],
    last: Option<Held>,
) -> Option<Planned> {
    let op = spec.op;
    // A Bool as the last result can decide, whatever is chosen.
    let decides = last.filter(|last| spec.shape == Shape::Select && last.ty == FheType::Bool);
    let ty = if decides.is_some() { draw_type(dice) } else { ty };
    if !spec.types.contains(ty) || is_too_costly(dice, op, ty) {
        return None;
    }
    let of_type = of_type(held, ty);
    let any = |dice: &mut Dice| {
        let latest = if dice.one_in(2) { of_type.len().saturating_sub(LATEST) } else { 0 };
        let from = &of_type[latest..];
        if from.is_empty() { None } else { Some(Operand::Encrypted(dice.pick(from))) }
    };
    let first = |dice: &mut Dice| match last {
        Some(last) if decides.is_none() => Some(Operand::Encrypted(last.handle)),
        _ => any(dice),
    };
    let scalar = |dice: &mut Dice| Operand::Scalar(dice.value(ty));
    let mut result = spec.result_type(ty, ty);
    let operands = match spec.shape {
        Shape::Unary => vec![first(dice)?],
        Shape::Binary => {
            let clear = spec.scalar == ScalarRule::Required || dice.one_in(2);
            let mut right = if clear { scalar(dice) } else { any(dice)? };
            if matches!(op, Op::Div | Op::Rem) && right == Operand::Scalar(U256::ZERO) {
                right = Operand::Scalar(U256::ONE);
            }
            let mut operands = vec![first(dice)?, right];
            // On either side, where both are ciphertexts.
            if !clear && dice.one_in(2) {
                operands.swap(0, 1);
            }
            operands
        }
        Shape::Select => {
            let condition = match decides {
                Some(last) => last.handle,
                None => dice.pick(&self::of_type(held, FheType::Bool)),
            };
            let mut branches = [first(dice)?, any(dice)?];
            if dice.one_in(2) {
                branches.swap(0, 1);
            }
            let [left, right] = branches;
            vec![Operand::Encrypted(condition), left, right]
        }
        Shape::Cast => {
            let targets: Vec<FheType> =
                Op::Neg.spec().types.iter().filter(|to| *to != ty).collect();
            result = dice.pick(&targets);
            // Back from where nothing is cheap.
            if result.bits() > 64 && !dice.one_in(8) {
                result = if ty == FheType::Uint8 { FheType::Uint16 } else { FheType::Uint8 };
            }
            vec![first(dice)?]
        }
        Shape::Sum => {
            let mut operands = vec![first(dice)?];
            for _ in 0..dice.below(6) {
                operands.push(any(dice)?);
            }
            operands
        }
        Shape::IsIn => {
            let mut operands = vec![first(dice)?];
            for _ in 0..dice.below(5) {
                operands.push(any(dice)?);
            }
            operands
        }
        Shape::MulDiv => {
            let factor = if dice.one_in(2) { scalar(dice) } else { any(dice)? };
            let divisor = dice.value(ty).max(U256::ONE);
            vec![first(dice)?, factor, Operand::Scalar(divisor)]
        }
        // These have no encrypted operand, so nothing depends on the last result.
        _ if last.is_some() => return None,
        Shape::TrivialEncrypt => vec![scalar(dice)],
        Shape::Rand => vec![Operand::Scalar(seed(dice))],
        Shape::RandBounded => {
            let bound = U256::ONE << dice.below(ty.bits());
            vec![Operand::Scalar(bound), Operand::Scalar(seed(dice))]
        }
        Shape::VerifyInput => return None,
    };
    Some(Planned { op, operands, result })
}

/// Seeds have sixteen bytes.
fn seed(dice: &mut Dice) -> U256 {
    U256::from_be_slice(&dice.word()[..16])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ciphervm_fhe::Node;

    use super::*;

    /// No operation of the protocol is left out on any of its types, however dear.
    #[test]
    fn every_operation_is_drawn_on_every_type() {
        let mut dice = Dice::new(7, 0);
        let held: Vec<Held> = FheType::ALL
            .into_iter()
            .map(|ty| Held { handle: Handle::input(dice.word(), 0, 1, ty), ty })
            .collect();
        let mut drawn = BTreeSet::new();
        for _ in 0..400_000 {
            let planned = plan(&mut dice, &held, None, None);
            let result = Handle::computed(B256::ZERO, 1, planned.result);
            let node = Node::new(planned.op, planned.operands, result).unwrap();
            drawn.insert((node.op, node.operand.id()));
        }
        let of_protocol = OPS.iter().filter(|spec| spec.op != Op::VerifyInput).flat_map(|spec| {
            let types = spec.types.iter();
            types.map(|ty| (spec.op, ty.id()))
        });
        let missing: Vec<_> = of_protocol.filter(|one| !drawn.contains(one)).collect();
        assert_eq!(missing, []);
    }

    /// In a chain an operation beside another is on its result, and so is any other.
    #[test]
    fn an_operation_of_a_chain_is_on_the_last_result() {
        let mut dice = Dice::new(7, 0);
        let mut held: Vec<Held> = FheType::ALL
            .into_iter()
            .map(|ty| Held { handle: Handle::input(dice.word(), 0, 1, ty), ty })
            .collect();
        let mut last = held[1];
        let mut before = None;
        for _ in 0..5_000 {
            let planned = plan(&mut dice, &held, before.as_ref(), Some(last));
            assert!(planned.inputs().any(|input| input == last.handle), "{planned:?}");
            let (handle, ty) = (Handle::computed(dice.word(), 1, planned.result), planned.result);
            last = Held { handle, ty };
            held.push(last);
            before = Some(Made { handle, planned, kept: false });
        }
    }
}
