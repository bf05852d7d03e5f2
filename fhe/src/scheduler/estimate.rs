//! What a step will cost, before it runs.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use alloy_primitives::U256;

use crate::{Kernel, Operand, Place, Profile, Simulator, Step, costs::Cost, panics::caught};

/// Estimates are kept until there are so many: constants differ without end.
const KEPT: usize = 10_000;

type Key = (Kernel, Vec<Option<U256>>);

static ESTIMATES: RwLock<BTreeMap<Key, Cost>> = RwLock::new(BTreeMap::new());

/// The cost of a step on clean ciphertexts, by simulation. It decides what runs first, and never
/// what comes out.
pub(super) fn estimate(step: &Step) -> Cost {
    let clear = |operand: &Operand<Place>| match operand {
        Operand::Encrypted(_) => None,
        Operand::Scalar(value) => Some(*value),
    };
    let key = (step.kernel.clone(), step.operands.iter().map(clear).collect());
    let known = ESTIMATES.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
    known.unwrap_or_else(|| {
        // A simulation panics where a circuit is out of bounds, which the step then reports.
        let cost = caught(|| simulate(&key)).ok().flatten().unwrap_or_default();
        let mut estimates = ESTIMATES.write().unwrap_or_else(PoisonError::into_inner);
        if estimates.len() >= KEPT {
            estimates.clear();
        }
        estimates.insert(key, cost);
        cost
    })
}

fn simulate((kernel, operands): &Key) -> Option<Cost> {
    let simulator = Simulator::new(Profile::Throughput);
    let types = operand_types(kernel, operands.len());
    let operands: Vec<_> = operands
        .iter()
        .zip(types)
        .map(|(clear, ty)| match clear {
            Some(value) => simulator.public(*value),
            None => simulator.encrypted(ty, U256::ZERO, 1),
        })
        .collect();
    let prepared;
    let mut operands: Vec<_> = operands.iter().collect();
    let before = match (kernel, operands.first_mut()) {
        (Kernel::Choose(_), Some(condition)) => {
            prepared = simulator.run(&Kernel::Prepare, &[*condition]).ok()?;
            *condition = prepared.first()?;
            simulator.bootstraps()
        }
        _ => 0,
    };
    let results = simulator.run(kernel, &operands).ok()?;
    let depth = results.iter().map(crate::Simulated::depth).max()?;
    let depth = depth.saturating_sub(before);
    Some(Cost { bootstraps: simulator.bootstraps() - before, depth, noise: 0 })
}

/// The types of a kernel's operands.
fn operand_types(kernel: &Kernel, count: usize) -> Vec<crate::FheType> {
    use crate::{FheType::Bool, Op};
    match kernel {
        Kernel::Op { op: Op::IfThenElse, operand, .. } => vec![Bool, *operand, *operand],
        Kernel::Op { operand: ty, .. }
        | Kernel::AddWithCarry(ty)
        | Kernel::SubWithOrder(ty)
        | Kernel::Compare(ty, _) => vec![*ty; count],
        Kernel::Prepare => vec![Bool],
        Kernel::Choose(ty) => vec![Bool, *ty, *ty],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FheType, Handle, Op};

    #[test]
    fn estimates_are_those_of_the_table() {
        let ty = FheType::Uint64;
        let ct = || Operand::Encrypted(Place::Stored(Handle::default()));
        let cost = |kernel: Kernel, operands: Vec<Operand<Place>>| {
            let cost = estimate(&Step { kernel, operands, handle: Handle::default() });
            (cost.bootstraps, cost.depth)
        };
        let op = |op: Op, result| Kernel::Op { op, operand: ty, result };
        assert_eq!(cost(op(Op::Add, ty), vec![ct(), ct()]), (32, 32));
        assert_eq!(cost(op(Op::Add, ty), vec![ct(), Operand::Scalar(U256::ZERO)]), (0, 0));
        assert_eq!(cost(op(Op::IfThenElse, ty), vec![ct(), ct(), ct()]), (33, 2));
        assert_eq!(cost(Kernel::Choose(ty), vec![ct(), ct(), ct()]), (32, 1));
        assert_eq!(cost(Kernel::SubWithOrder(ty), vec![ct(), ct()]), (32, 32));
        let questions = vec![Op::Ge, Op::Gt, Op::Eq];
        assert_eq!(cost(Kernel::Compare(ty, questions), vec![ct(), ct()]), (34, 6));
        // Nonsense costs nothing, and fails when it runs.
        assert_eq!(cost(op(Op::Add, ty), vec![ct()]), (0, 0));
    }
}
