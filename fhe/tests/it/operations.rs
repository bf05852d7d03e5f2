//! The page of the documentation on operations, made from their table.

use std::{fmt::Write as _, fs, path::Path};

use ciphervm_fhe::{FheType, HcuRow, OPS, OpSpec, ScalarRule};

/// The page, from the crate's folder.
const PAGE: &str = "../docs/reference/operations.md";
/// The numbers of elements with which the price tiers of collections end.
const TIERS: [(usize, &str); 4] = [(10, "to 10"), (30, "to 30"), (60, "to 60"), (100, "more")];

#[test]
fn the_page_on_operations_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        fs::write(&path, &page).expect("a page");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/operations.md is out of date; regenerate it with \
         `UPDATE_DOCS=1 cargo test -p ciphervm-fhe --test it operations`"
    );
}

fn page() -> String {
    let mut page = "\
# Operations

The executor's functions, and their prices in HCU by type. A *scalar* is a clear operand: where it may be one, it is the right one. A dash is a type that the operation does not have. What operations cost in time is on the page about [circuits](circuits.md).

This page is generated: `UPDATE_DOCS=1 cargo test -p ciphervm-fhe --test it operations`.

| function | operands |"
        .to_owned();
    for ty in FheType::ALL {
        let _ = write!(page, " {ty} |");
    }
    let _ = write!(page, "\n|---|---|{}\n", "---:|".repeat(FheType::ALL.len()));
    for spec in &OPS {
        for (operands, scalar, elements) in variants(spec) {
            let _ = write!(page, "| `{}` | {operands} |", spec.signature);
            for ty in FheType::ALL {
                let price = spec.hcu.price(ty, scalar, elements);
                let price = price.map_or_else(|| "–".to_owned(), |price| price.to_string());
                let _ = write!(page, " {price} |");
            }
            page.push('\n');
        }
    }
    page
}

/// In how many ways an operation is priced: what its operands are, whether one is a scalar, and the
/// number of elements.
fn variants(spec: &OpSpec) -> Vec<(&'static str, bool, usize)> {
    match (spec.hcu, spec.scalar) {
        (HcuRow::Tiered(_), _) => {
            TIERS.iter().map(|&(elements, name)| (name, false, elements)).collect()
        }
        (HcuRow::Scalar { .. }, ScalarRule::Allowed) => {
            vec![("encrypted", false, 0), ("scalar", true, 0)]
        }
        (_, ScalarRule::Required) => vec![("scalar", true, 0)],
        _ => vec![("", false, 0)],
    }
}
