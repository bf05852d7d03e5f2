//! Kernels: several operations that cost less together than alone.
//!
//! | kernel | bootstraps at `n` digits | alone |
//! |---|---|---|
//! | sum and carry | `n`: the last carry of the ripple | `2n` |
//! | difference and order | `n`: the last carry of the ripple | `2n` |
//! | `k` questions about one pair | `n - 1 + k`: a tree, and a lookup of its root for each | `kn` |
//! | minimum and maximum of a pair | `3n`, the condition included | `4n` |
//! | `k` choices by one condition | `kn + 1`: it is scaled once | `k(n + 1)` |
//!
//! Bounds are those of the circuits they share: [`add`](super::add), [`compare`],
//! [`tree`](super::tree), [`select`].

use alloy_primitives::U256;

use super::{
    Number, SHAPE,
    add::{difference, sum_with_carry},
    algebra::Algebra,
    compare, select,
};
use crate::{FheType, Kernel, Op};

/// What a kernel takes and gives.
#[derive(Clone, Debug)]
pub(crate) enum Value<B> {
    /// A number.
    Number(Number<B>),
    /// A condition at the scale of [`select::SCALE`].
    Condition(B),
}

/// Runs a kernel.
///
/// # Errors
/// The rule that the operands break.
pub(crate) fn run<A: Algebra>(
    algebra: &A,
    kernel: &Kernel,
    x: &[Value<A::Block>],
) -> Result<Vec<Value<A::Block>>, &'static str> {
    if let (Kernel::Choose(ty), [Value::Condition(condition), branches @ ..]) = (kernel, x) {
        let [a, b] = &numbers(branches)?[..] else { return Err(SHAPE) };
        let (a, b) = (a.digits(algebra, *ty), b.digits(algebra, *ty));
        let chosen = select::choose(algebra, condition, select::SCALE, &a, &b);
        return Ok(vec![Value::Number(Number::Encrypted(chosen))]);
    }
    let x = numbers(x)?;
    if let Some(folded) = fold(kernel, &x)? {
        return Ok(folded);
    }
    let numbers = match (kernel, &x[..]) {
        (Kernel::Op { op, operand, result }, _) if op.spec().takes(x.len()) => {
            vec![algebra.circuit(&op.spec().circuit, &x, *operand, *result)?]
        }
        (Kernel::AddWithCarry(ty), [a, b]) => {
            let (a, b) = (a.digits(algebra, *ty), b.digits(algebra, *ty));
            let sum = sum_with_carry(algebra, &a, &b);
            vec![Number::Encrypted(sum.digits), Number::Encrypted(vec![sum.carry])]
        }
        (Kernel::SubWithOrder(ty), [a, b]) => {
            let (a, b) = (a.digits(algebra, *ty), b.digits(algebra, *ty));
            let difference = difference(algebra, &a, &b, true);
            vec![Number::Encrypted(difference.digits), Number::Encrypted(vec![difference.carry])]
        }
        (Kernel::Compare(ty, questions), [a, b]) => {
            compare::answers(algebra, a, b, *ty, questions)?
        }
        (Kernel::Prepare, [Number::Encrypted(condition)]) => {
            let condition = condition.first().ok_or(SHAPE)?;
            return Ok(vec![Value::Condition(select::prepare(algebra, condition))]);
        }
        // The condition turned out to be known.
        (Kernel::Choose(_), [Number::Constant(condition), a, b]) => {
            vec![if condition.is_zero() { (*b).clone() } else { (*a).clone() }]
        }
        _ => return Err(SHAPE),
    };
    Ok(numbers.into_iter().map(Value::Number).collect())
}

fn numbers<B>(x: &[Value<B>]) -> Result<Vec<&Number<B>>, &'static str> {
    x.iter()
        .map(|value| match value {
            Value::Number(number) => Ok(number),
            Value::Condition(_) => Err(SHAPE),
        })
        .collect()
}

/// The results on constants alone, which are public and cost nothing. A random number is not: it
/// has no operand that is encrypted, and its value is.
fn fold<B>(kernel: &Kernel, x: &[&Number<B>]) -> Result<Option<Vec<Value<B>>>, &'static str> {
    if let Kernel::Op { op, .. } = kernel
        && op.spec().is_random()
    {
        return Ok(None);
    }
    let clear: Option<Vec<U256>> = x
        .iter()
        .map(|number| match number {
            Number::Constant(value) => Some(*value),
            Number::Encrypted(_) => None,
        })
        .collect();
    let Some(clear) = clear else { return Ok(None) };
    let results = kernel.reference(&clear)?;
    Ok(Some(results.into_iter().map(|value| Value::Number(Number::Constant(value))).collect()))
}

/// One operation, as a kernel.
pub(crate) const fn operation(op: Op, operand: FheType, result: FheType) -> Kernel {
    Kernel::Op { op, operand, result }
}
