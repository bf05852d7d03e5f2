//! Prints what operations cost in programmable bootstraps (PBS), from the simulation, beside what
//! was aimed at: `cargo xtask pbs-table`. With `--json`, every case at every type, as JSON.
//!
//! Fails if a goal that must be reached is not, and there is no reason why it cannot be.

use std::process::ExitCode;

use ciphervm_fhe::{
    FheType,
    costs::{self, Row},
};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let rows = match costs::table() {
        Ok(rows) => rows,
        Err(reason) => {
            eprintln!("error: {reason}");
            return ExitCode::FAILURE;
        }
    };
    if std::env::args().any(|argument| argument == "--json") {
        println!("{:#}", rows.iter().map(as_json).collect::<Value>());
    } else {
        print(&rows);
    }
    let missed: Vec<&Row> = rows.iter().filter(|row| !row.holds()).collect();
    for row in &missed {
        let goal = row.must.unwrap_or_default();
        eprintln!(
            "error: {} takes {} bootstraps on {}, and must take {goal} at most",
            row.name, row.throughput.bootstraps, row.ty,
        );
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn as_json(row: &Row) -> Value {
    let cost = |cost: costs::Cost| json!({ "pbs": cost.bootstraps, "depth": cost.depth, "noise": cost.noise });
    json!({
        "operation": row.name,
        "type": row.ty.to_string(),
        "throughput": cost(row.throughput),
        "latency": cost(row.latency),
        "tfhe": row.tfhe,
        "must": row.must,
        "stretch": row.stretch,
        "reason": row.reason,
    })
}

/// The 64-bit rows in full, and the others by count.
fn print(rows: &[Row]) {
    println!("64 bits; depth is the number of bootstraps one after the other.\n");
    println!(
        "{:24} {:>5} {:>6} {:>6} {:>8} {:>6}   {:>8} {:>6}",
        "operation", "PBS", "depth", "must", "stretch", "tfhe", "latency:", "depth"
    );
    let optional = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
    for row in rows.iter().filter(|row| row.ty == FheType::Uint64) {
        println!(
            "{:24} {:>5} {:>6} {:>6} {:>8} {:>6}   {:>8} {:>6}",
            row.name,
            row.throughput.bootstraps,
            row.throughput.depth,
            optional(row.must),
            optional(row.stretch),
            optional(row.tfhe),
            row.latency.bootstraps,
            row.latency.depth,
        );
    }
    println!("\nPBS by type, and in brackets tfhe-rs's.\n");
    print!("{:24}", "operation");
    let types = &FheType::ALL[1..];
    for ty in types {
        print!(" {:>13}", ty.to_string());
    }
    println!();
    let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    names.dedup();
    for name in names {
        print!("{name:24}");
        for ty in types {
            let row = rows.iter().find(|row| row.name == name && row.ty == *ty);
            let cell = row.map_or_else(String::new, |row| match row.tfhe {
                Some(tfhe) => format!("{} ({tfhe})", row.throughput.bootstraps),
                None => row.throughput.bootstraps.to_string(),
            });
            print!(" {cell:>13}");
        }
        println!();
    }
    let goals = rows.iter().filter(|row| {
        let goal = row.stretch.or(row.must);
        goal.is_some_and(|goal| row.throughput.bootstraps > goal)
    });
    println!();
    for row in goals {
        println!("{}: {}.", row.name, row.reason.unwrap_or("no reason is known"));
    }
}
