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

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
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

/// Plans one operation. Where `last` is given, it is among the operands.
pub(super) fn plan(dice: &mut Dice, held: &[Held], last: Option<Held>) -> Planned {
    loop {
        // Most operations on a Bool give a Bool, and chains would seldom leave it.
        let leaves = last.is_some_and(|last| last.ty == FheType::Bool) && dice.one_in(2);
        let spec = if leaves {
            dice.pick(&[Op::IfThenElse.spec(), Op::Cast.spec()])
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

/// Operations whose cost grows with the square of the width, and how wide they may be.
fn is_too_costly(dice: &mut Dice, op: Op, ty: FheType) -> bool {
    let quadratic = matches!(op, Op::Mul | Op::Div | Op::Rem | Op::MulDiv);
    (quadratic && ty.bits() > 32 && !dice.one_in(8)) || (quadratic && ty.bits() > 64)
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
    let of_type: Vec<Handle> =
        held.iter().filter(|held| held.ty == ty).map(|held| held.handle).collect();
    let any = |dice: &mut Dice| {
        if of_type.is_empty() { None } else { Some(Operand::Encrypted(dice.pick(&of_type))) }
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
            let conditions: Vec<Handle> = held
                .iter()
                .filter(|held| held.ty == FheType::Bool)
                .map(|held| held.handle)
                .collect();
            let condition = match decides {
                Some(last) => last.handle,
                None => *conditions.get(dice.below(conditions.len().max(1)))?,
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
