//! What operations cost, from the simulation: bootstraps, and how many of them one after the other.
//!
//! [`table`] runs every case on every type and sets what was reached beside what was aimed at, and
//! beside the count of the same operation in tfhe-rs's integer API.

mod cases;

use crate::{FheType, Op, Profile, Simulated, Simulator};

/// What one run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Programmable bootstraps.
    pub bootstraps: u64,
    /// Bootstraps one after the other.
    pub depth: u64,
    /// Noise level of the result.
    pub noise: u64,
}

/// A case at one type.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation and what kind of operands it has: `ct` is encrypted, `sc` a constant.
    pub name: &'static str,
    /// Type of the operands.
    pub ty: FheType,
    /// With circuits for throughput.
    pub throughput: Cost,
    /// With circuits for latency.
    pub latency: Cost,
    /// Bootstraps of tfhe-rs's integer API on operands of the same kind, where it has the operation.
    /// A test counts them (`tests/yardstick`).
    pub tfhe: Option<u64>,
    /// The most bootstraps that the case may take, where there is such a goal.
    pub must: Option<u64>,
    /// The number of bootstraps that would be better still.
    pub stretch: Option<u64>,
    /// Why a goal is not reached.
    pub reason: Option<&'static str>,
}

impl Row {
    /// Whether the goal that must be reached is, or there is a reason why it cannot be.
    pub fn holds(&self) -> bool {
        let reached =
            |goal: Option<u64>| goal.is_none_or(|goal| self.throughput.bootstraps <= goal);
        reached(self.must) || self.reason.is_some()
    }
}

/// A case: an operation on operands of some kind.
struct Case {
    name: &'static str,
    /// Its types are the case's.
    op: Op,
    run: fn(&Setup) -> Result<Simulated, &'static str>,
    /// Bootstraps of tfhe-rs at 8, 16, 32, 64, 128, 160 and 256 bits, zero where it has no such
    /// operation, or the type none.
    tfhe: [u64; 7],
    /// At 64 bits.
    must: Option<u64>,
    /// At 64 bits.
    stretch: Option<u64>,
    reason: Option<&'static str>,
}

/// Operands of one type.
struct Setup {
    simulator: Simulator,
    ty: FheType,
}

/// Every case at every type that it takes, in a fixed order.
///
/// # Errors
/// If a circuit refuses the operands of its case.
pub fn table() -> Result<Vec<Row>, &'static str> {
    let mut rows = Vec::new();
    for case in cases::ALL {
        for (column, ty) in FheType::ALL.into_iter().skip(1).enumerate() {
            if !case.op.spec().types.contains(ty) {
                continue;
            }
            let cost = |profile| -> Result<Cost, &'static str> {
                let setup = Setup { simulator: Simulator::new(profile), ty };
                let result = (case.run)(&setup)?;
                let bootstraps = setup.simulator.bootstraps();
                Ok(Cost { bootstraps, depth: result.depth(), noise: result.noise() })
            };
            let goal = |goal: Option<u64>| goal.filter(|_| ty == FheType::Uint64);
            rows.push(Row {
                name: case.name,
                ty,
                throughput: cost(Profile::Throughput)?,
                latency: cost(Profile::Latency)?,
                tfhe: Some(case.tfhe[column]).filter(|count| *count > 0),
                must: goal(case.must),
                stretch: goal(case.stretch),
                reason: case.reason,
            });
        }
    }
    Ok(rows)
}
