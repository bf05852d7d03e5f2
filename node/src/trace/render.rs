//! A trace as text for the terminal.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use alloy_primitives::hex;
use ciphervm_fhe::Handle;
use indicatif::HumanCount;

use super::{GrantKind, Operand, Operation, Status, TransactionTrace};

/// How deep operands are nested. What is deeper gets a tree of its own, so that a long chain stays
/// readable.
const DEPTH: usize = 8;

/// Draws a trace: totals, then the operations as trees with operands below results, then grants.
///
/// An operation is drawn in full once. Where its result is used again, its number refers to it.
pub fn render(trace: &TransactionTrace) -> String {
    let mut text = totals(trace);
    let mut forest = Forest::new(trace);
    forest.draw();
    // Costs stand in one column.
    let width = |line: &Line| line.cost.as_ref().map_or(0, |_| line.label.chars().count());
    let column = forest.lines.iter().map(width).max().unwrap_or_default();
    if !forest.lines.is_empty() {
        text.push('\n');
    }
    for Line { label, cost } in &forest.lines {
        let _ = match cost {
            Some(cost) => writeln!(text, "{label:column$}  {cost}"),
            None => writeln!(text, "{label}"),
        };
    }
    if !trace.grants.is_empty() {
        text.push('\n');
    }
    for grant in &trace.grants {
        let kind = match grant.kind {
            GrantKind::Allow => "allow",
            GrantKind::AllowForDecryption => "allow for decryption",
        };
        let made = forest.made.get(&grant.handle);
        let made = made.map_or_else(String::new, |index| format!("#{index} "));
        let to = grant.account.map_or_else(|| "everybody".to_owned(), |to| to.to_string());
        let _ = writeln!(text, "{kind} {made}{} to {to} by {}", grant.handle, grant.caller);
    }
    text
}

fn totals(trace: &TransactionTrace) -> String {
    let TransactionTrace { transaction_hash, block_number, gas_used, hcu, hcu_depth, .. } = trace;
    let status = match trace.status {
        Status::Success => "success",
        Status::Failure => "failure",
    };
    let live = trace.operations.iter().filter(|op| op.live).count();
    let mut text = format!("transaction {transaction_hash:?} in block {block_number}: {status}\n");
    let _ = write!(
        text,
        "gas {}, HCU {} (depth {}), operations {} ({live} live)",
        HumanCount(*gas_used),
        HumanCount(*hcu),
        HumanCount(*hcu_depth),
        trace.operations.len(),
    );
    if let Some(evaluation) = trace.evaluation {
        let (bootstraps, depth) = (HumanCount(evaluation.bootstraps), HumanCount(evaluation.depth));
        let _ = write!(text, ", PBS {bootstraps} (depth {depth}) in {:.0} ms", evaluation.ms);
    }
    text.push('\n');
    text
}

struct Line {
    label: String,
    cost: Option<String>,
}

struct Forest<'a> {
    operations: &'a [Operation],
    /// The operation that made a handle.
    made: BTreeMap<Handle, usize>,
    drawn: BTreeSet<usize>,
    /// Operations that were too deep to be drawn where they are used.
    deferred: Vec<usize>,
    lines: Vec<Line>,
}

impl<'a> Forest<'a> {
    fn new(trace: &'a TransactionTrace) -> Self {
        let operations = &trace.operations;
        let first = operations.iter().enumerate().filter(|(_, op)| op.repeats.is_none());
        let made = first.map(|(index, op)| (op.handle, index)).collect();
        let (drawn, deferred, lines) = Default::default();
        Self { operations, made, drawn, deferred, lines }
    }

    /// Draws a tree for each result that no operation takes, and for what was too deep.
    fn draw(&mut self) {
        let used: BTreeSet<usize> = self
            .operations
            .iter()
            .flat_map(|op| &op.operands)
            .filter_map(|operand| self.source(operand))
            .collect();
        for index in (0..self.operations.len()).filter(|index| !used.contains(index)) {
            self.operation(index, "", "", 0);
            while let Some(index) = self.deferred.pop() {
                if !self.drawn.contains(&index) {
                    self.operation(index, "", "", 0);
                }
            }
        }
    }

    /// The operation of this transaction that made an operand.
    fn source(&self, operand: &Operand) -> Option<usize> {
        match operand {
            Operand::Encrypted { handle, .. } => self.made.get(handle).copied(),
            Operand::Scalar { .. } => None,
        }
    }

    /// Draws an operation after `branch`, and its operands after `indent`.
    fn operation(&mut self, index: usize, branch: &str, indent: &str, depth: usize) {
        let operation = &self.operations[index];
        let label = format!("{branch}#{index} {}", title(operation));
        self.lines.push(Line { label, cost: Some(cost(operation)) });
        if operation.repeats.is_some() {
            return;
        }
        self.drawn.insert(index);
        for (position, operand) in operation.operands.iter().enumerate() {
            let last = position + 1 == operation.operands.len();
            let branch = format!("{indent}{}", if last { "└─ " } else { "├─ " });
            match self.source(operand) {
                Some(index) if self.drawn.contains(&index) => {
                    self.reference(&branch, index, "above");
                }
                Some(index) if depth == DEPTH => {
                    self.deferred.push(index);
                    self.reference(&branch, index, "below");
                }
                Some(index) => {
                    let indent = format!("{indent}{}", if last { "   " } else { "│  " });
                    self.operation(index, &branch, &indent, depth + 1);
                }
                None => self.lines.push(Line { label: branch + &leaf(operand), cost: None }),
            }
        }
    }

    fn reference(&mut self, branch: &str, index: usize, place: &str) {
        let label = format!("{branch}#{index} {} ({place})", self.operations[index].name);
        self.lines.push(Line { label, cost: None });
    }
}

fn title(operation: &Operation) -> String {
    let Operation { name, handle, ty, value, .. } = operation;
    let repeats = operation.repeats.map(|first| format!(" (again #{first})")).unwrap_or_default();
    format!("{name}{repeats} → {ty} {}{}", short(handle), equals(value))
}

fn cost(operation: &Operation) -> String {
    let mut parts = vec![format!("{} HCU", HumanCount(operation.hcu))];
    parts.extend(operation.bootstraps.map(|count| format!("{} PBS", HumanCount(count))));
    parts.extend(operation.ms.map(|ms| format!("{ms:.1} ms")));
    let fate = match (operation.live, operation.settled) {
        (true, true) => "live",
        (true, false) => "live, pending",
        (false, _) => "dead",
    };
    parts.push(fate.to_owned());
    parts.join(", ")
}

fn leaf(operand: &Operand) -> String {
    match operand {
        Operand::Encrypted { handle, ty, value } => {
            let input = handle.input_index().map(|index| format!("input {index} "));
            let input = input.unwrap_or_default();
            format!("{input}{ty} {}{}", short(handle), equals(value))
        }
        Operand::Scalar { scalar } => format!("scalar {scalar}"),
    }
}

fn equals(value: &Option<String>) -> String {
    value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default()
}

/// Enough of a handle to tell it from others.
fn short(handle: &Handle) -> String {
    format!("{}…", hex::encode_prefixed(&handle.0[..4]))
}
