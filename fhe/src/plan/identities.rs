//! Algebraic identities: expressions that are known without a bootstrap.

use alloy_primitives::U256;

use super::dag::{
    Dag, Expression,
    Term::{self, Constant},
};
use crate::{FheType, Op, reference};

/// What an expression comes down to.
pub(super) enum Simpler {
    Term(Term),
    Expression(Expression),
}

/// Something simpler with the same value, if there is.
pub(super) fn simpler(dag: &Dag, expression: &Expression) -> Option<Simpler> {
    let Expression { op, operand: ty, terms, .. } = expression;
    let term = match (op, &terms[..]) {
        (Op::Neg | Op::Not | Op::Cast, [x]) => return unary(dag, expression, *x),
        (Op::IfThenElse, [condition, a, b]) => return choice(dag, expression, *condition, *a, *b),
        (Op::Sum, _) => return sum(expression),
        (Op::IsIn, [value, set @ ..]) => {
            if set.is_empty() {
                Some(Constant(U256::ZERO))
            } else {
                set.contains(value).then_some(Constant(U256::ONE))
            }
        }
        (_, [x, y]) => binary(*op, *ty, *x, *y),
        _ => None,
    };
    term.map(Simpler::Term)
        .or_else(|| bool_equality(expression))
        .or_else(|| bool_factor(dag, expression))
        .or_else(|| ordered(expression))
}

fn unary(dag: &Dag, expression: &Expression, x: Term) -> Option<Simpler> {
    let inner = dag.maker(x);
    if expression.op != Op::Cast {
        // Twice is not at all.
        let twice = inner.filter(|inner| inner.op == expression.op)?;
        return Some(Simpler::Term(twice.terms[0]));
    }
    if expression.operand == expression.result {
        return Some(Simpler::Term(x));
    }
    // What the first cast leaves out, the second does, too, or it was zero.
    let Expression { operand: first, result: between, terms, .. } =
        inner.filter(|inner| inner.op == Op::Cast)?;
    let lossless = between.bits() >= first.bits().min(expression.result.bits());
    lossless.then(|| {
        Simpler::Expression(Expression {
            operand: *first,
            terms: terms.clone(),
            ..expression.clone()
        })
    })
}

fn binary(op: Op, ty: FheType, x: Term, y: Term) -> Option<Term> {
    let (zero, one, max) = (Constant(U256::ZERO), Constant(U256::ONE), Constant(ty.max_value()));
    let (no, yes) = (zero, one);
    let either = |constant| x == constant || y == constant;
    // The other one, if one of them is this.
    let other = |constant| match (x == constant, y == constant) {
        (_, true) => Some(x),
        (true, _) => Some(y),
        _ => None,
    };
    let when = |holds: bool, term| holds.then_some(term);
    match op {
        Op::Add => other(zero),
        Op::BitOr if either(max) => Some(max),
        Op::BitXor if x == y => Some(zero),
        Op::BitOr | Op::BitXor => other(zero).or_else(|| when(x == y, x)),
        Op::BitAnd if either(zero) => Some(zero),
        Op::BitAnd => other(max).or_else(|| when(x == y, x)),
        Op::Sub if x == y => Some(zero),
        Op::Sub => when(y == zero, x),
        Op::Mul if either(zero) => Some(zero),
        Op::Mul => other(one),
        Op::Div => when(y == one, x),
        Op::Rem => when(y == one, zero),
        Op::Shl | Op::Shr | Op::Rotl | Op::Rotr => match y {
            Constant(amount) => when(reference::amount(amount, ty) == 0, x),
            _ => None,
        },
        Op::Eq => when(x == y, yes),
        Op::Ne => when(x == y, no),
        Op::Ge => when(x == y || y == zero || x == max, yes),
        Op::Le => when(x == y || x == zero || y == max, yes),
        Op::Gt => when(x == y || x == zero || y == max, no),
        Op::Lt => when(x == y || y == zero || x == max, no),
        Op::Min if either(zero) => Some(zero),
        Op::Min => other(max).or_else(|| when(x == y, x)),
        Op::Max if either(max) => Some(max),
        Op::Max => other(zero).or_else(|| when(x == y, x)),
        _ => None,
    }
}

fn choice(
    dag: &Dag,
    expression: &Expression,
    condition: Term,
    a: Term,
    b: Term,
) -> Option<Simpler> {
    let (no, yes) = (Constant(U256::ZERO), Constant(U256::ONE));
    let term = |term| Some(Simpler::Term(term));
    match condition {
        Constant(condition) => return term(if condition.is_zero() { b } else { a }),
        _ if a == b => return term(a),
        _ => {}
    }
    if expression.operand == FheType::Bool && (a, b) == (yes, no) {
        return term(condition);
    }
    if expression.operand == FheType::Bool && (a, b) == (no, yes) {
        return Some(Simpler::Expression(not(condition)));
    }
    // The opposite of a condition chooses the other way round.
    let opposite = dag.maker(condition).filter(|condition| condition.op == Op::Not)?;
    let terms = vec![opposite.terms[0], b, a];
    Some(Simpler::Expression(Expression { terms, ..expression.clone() }))
}

fn sum(expression: &Expression) -> Option<Simpler> {
    let zero = Constant(U256::ZERO);
    let terms: Vec<Term> = expression.terms.iter().copied().filter(|term| *term != zero).collect();
    match terms[..] {
        [only] => return Some(Simpler::Term(only)),
        [_, _] => {
            let operand = expression.result;
            let sum = Expression { op: Op::Add, operand, result: operand, terms };
            return Some(Simpler::Expression(sum));
        }
        _ => {}
    }
    (terms.len() < expression.terms.len())
        .then(|| Simpler::Expression(Expression { terms, ..expression.clone() }))
}

/// A Bool's equality with a constant is the Bool or its opposite.
fn bool_equality(expression: &Expression) -> Option<Simpler> {
    let Expression { op: op @ (Op::Eq | Op::Ne), operand: FheType::Bool, terms, .. } = expression
    else {
        return None;
    };
    let (value, constant) = match terms[..] {
        [Constant(constant), value] | [value, Constant(constant)] => (value, constant),
        _ => return None,
    };
    let same = constant.is_zero() == (*op == Op::Ne);
    Some(if same { Simpler::Term(value) } else { Simpler::Expression(not(value)) })
}

/// A product with a Bool that was cast to a number chooses the other factor or zero.
fn bool_factor(dag: &Dag, expression: &Expression) -> Option<Simpler> {
    let Expression { op: Op::Mul, terms, .. } = expression else { return None };
    let [x, y] = terms[..] else { return None };
    let (condition, factor) = [(x, y), (y, x)].into_iter().find_map(|(cast, factor)| {
        let made = dag.maker(cast)?;
        let is_bool = made.op == Op::Cast && made.operand == FheType::Bool;
        is_bool.then(|| (made.terms[0], factor))
    })?;
    let terms = vec![condition, factor, Constant(U256::ZERO)];
    Some(Simpler::Expression(Expression { op: Op::IfThenElse, terms, ..expression.clone() }))
}

/// Operands whose order does not matter, in one order, so that equal expressions are found to be.
fn ordered(expression: &Expression) -> Option<Simpler> {
    let commutes = matches!(
        expression.op,
        Op::Add
            | Op::Mul
            | Op::BitAnd
            | Op::BitOr
            | Op::BitXor
            | Op::Eq
            | Op::Ne
            | Op::Min
            | Op::Max
    );
    match expression.terms[..] {
        [x, y] if commutes && x > y => {
            Some(Simpler::Expression(Expression { terms: vec![y, x], ..expression.clone() }))
        }
        _ => None,
    }
}

fn not(x: Term) -> Expression {
    Expression { op: Op::Not, operand: FheType::Bool, result: FheType::Bool, terms: vec![x] }
}
