//! What operations cost, and the page of the documentation that is made from it.

use std::{fmt::Write as _, fs, path::Path};

use alloy_primitives::U256;
use ciphervm_fhe::{
    FheType, Kernel, Op, Profile, Simulated, Simulator,
    costs::{self, Row},
};

/// The page, from the crate's folder.
const PAGE: &str = "../docs/reference/circuits.md";

#[test]
fn the_page_on_circuits_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = page(&costs::table().unwrap());
    if std::env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        fs::write(&path, &page).expect("a page");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/circuits.md is out of date; regenerate it with \
         `UPDATE_DOCS=1 cargo test --workspace --test it costs`"
    );
}

#[test]
fn every_goal_is_reached_or_cannot_be() {
    let rows = costs::table().unwrap();
    assert!(rows.iter().filter(|row| row.must.is_some()).count() > 12);
    for row in &rows {
        assert!(row.holds(), "{row:?}");
    }
    // A row that misses its goal without a reason would have been noticed.
    let mut missed = rows[0];
    missed.must = Some(missed.throughput.bootstraps - 1);
    assert!(!missed.holds());
}

#[test]
fn no_operation_takes_more_bootstraps_than_in_tfhe_rs() {
    let rows = costs::table().unwrap();
    let measured: Vec<&Row> = rows.iter().filter(|row| row.tfhe.is_some()).collect();
    assert!(measured.len() > 190);
    for row in measured {
        let tfhe = row.tfhe.unwrap();
        // Cleaned on purpose, where a choice is left at noise level 2.
        assert!(row.throughput.bootstraps <= tfhe, "{row:?}");
    }
}

/// The transfer of a confidential token: enough, what is sent, both new balances. The operands of
/// the second one are what the first one left in the store.
#[test]
fn a_token_transfer_takes_less_than_two_fifths_of_the_bootstraps() {
    let simulator = Simulator::new(Profile::Throughput);
    let ty = FheType::Uint64;
    let word = |value: u64| simulator.encrypted(ty, U256::from(value), 1);
    let apply = |op: Op, operands: &[&Simulated]| {
        simulator.apply(op, operands, ty, op.spec().result_type(ty, ty)).unwrap()
    };
    let (mut from, mut to, zero) = (word(100), word(5), simulator.constant(ty, U256::ZERO));
    for (amount, sent, from_after, to_after) in [(70, 70, 30, 75), (40, 0, 30, 75)] {
        let before = simulator.bootstraps();
        let amount = word(amount);
        let both = simulator.run(&Kernel::SubWithOrder(ty), &[&from, &amount]).unwrap();
        let [difference, enough] = &both[..] else { panic!("two results") };
        from = apply(Op::IfThenElse, &[enough, difference, &from]);
        let transferred = apply(Op::IfThenElse, &[enough, &amount, &zero]);
        to = apply(Op::Add, &[&to, &transferred]);
        assert_eq!(transferred.value(), U256::from(sent));
        assert_eq!((from.value(), to.value()), (U256::from(from_after), U256::from(to_after)));
        // tfhe-rs's integer API takes 335.
        assert_eq!(simulator.bootstraps() - before, 32 + 33 + 32 + 32);
    }
}

fn page(rows: &[Row]) -> String {
    let mut page = String::from(
        "# Circuits\n\n\
         What operations cost in programmable bootstraps (PBS), the unit of all cost: one takes \
         about 20 ms of a core. *Depth* is how many of them run one after the other. `ct` is an \
         encrypted operand, `sc` a constant whose digits are all such that none is cheap. Operands \
         are clean; a result of noise level 2 costs its consumer nothing in most circuits, and \
         `select ct ct, cleaned` shows what it costs to clean it.\n\n\
         The numbers come from the simulation on which every circuit is tested. This page is \
         generated: `UPDATE_DOCS=1 cargo test --workspace --test it costs`. `cargo xtask \
         pbs-table` prints the same. What tfhe-rs's integer API takes on two threads is counted by a \
         test; `cargo bench --workspace --bench circuits` measures ours and its beside each other.\n\n\
         ## 64 bits\n\n\
         | operation | PBS | depth | noise | for latency: PBS | depth | must | stretch | tfhe-rs |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let optional = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
    for row in rows.iter().filter(|row| row.ty == FheType::Uint64) {
        let Row { name, throughput, latency, must, stretch, tfhe, .. } = row;
        writeln!(
            page,
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
            throughput.bootstraps,
            throughput.depth,
            throughput.noise,
            latency.bootstraps,
            latency.depth,
            optional(*must),
            optional(*stretch),
            optional(*tfhe),
        )
        .expect("a string");
    }
    page.push_str("\nGoals that are not reached, and why:\n\n");
    for row in rows {
        let goal = row.stretch.or(row.must);
        if goal.is_some_and(|goal| row.throughput.bootstraps > goal) {
            let reason = row.reason.unwrap_or("no reason is known");
            writeln!(page, "- *{}*: {reason}.", row.name).expect("a string");
        }
    }
    page.push_str(
        "\n## All types\n\nPBS, and in brackets those of tfhe-rs where it has the operation.\n\n| operation |",
    );
    let types = &FheType::ALL[1..];
    for ty in types {
        write!(page, " {ty} |").expect("a string");
    }
    page.push_str("\n|---|");
    page.push_str(&"---:|".repeat(types.len()));
    page.push('\n');
    let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    names.dedup();
    for name in names {
        write!(page, "| {name} |").expect("a string");
        for ty in types {
            let row = rows.iter().find(|row| row.name == name && row.ty == *ty);
            let cell = row.map_or_else(String::new, |row| match row.tfhe {
                Some(tfhe) => format!("{} ({tfhe})", row.throughput.bootstraps),
                None => row.throughput.bootstraps.to_string(),
            });
            write!(page, " {cell} |").expect("a string");
        }
        page.push('\n');
    }
    page
}
