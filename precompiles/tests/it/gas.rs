//! The gas schedule, and the page of the documentation that is made from it.

use std::fmt::Write as _;

use alloy_primitives::{B256, FixedBytes, U256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, OPS, Op, OpSpec, ScalarRule, Shape};
use ciphervm_precompiles::{
    Covered, GenesisParams, HostContract, Status, coverage, gas_schedule,
    interface::{Acl, PauserSet},
};

use crate::{
    inputs, pages,
    support::*,
    table::{Cost, costs},
};

/// The type of the operands in the examples.
const TY: FheType = FheType::Uint8;

#[test]
fn the_page_on_gas_is_up_to_date() {
    pages::assert_written("gas.md", &page());
}

/// EIP-3529: a word that a transaction clears gives 4,800 back.
#[test]
fn what_is_cleared_is_refunded() {
    let owner = GenesisParams::default().owner;
    let mut chain = Chain::new();
    let mut refund = |data: Vec<u8>| {
        let output = chain.call(owner, HOST.pauser_set, data);
        assert!(output.is_success(), "{output:?}");
        output.gas_refunded
    };
    assert_eq!(refund(PauserSet::addPauserCall { account: USER }.abi_encode()), 0);
    assert_eq!(refund(PauserSet::removePauserCall { account: owner }.abi_encode()), 4_800);
}

/// Every operation costs its constant, one per operand, and the log that it leaves, however warm
/// everything is.
#[test]
fn no_operation_is_cheaper_than_what_it_leaves_behind() {
    let price = |item: &str| {
        let of = |price: &&ciphervm_precompiles::GasPrice| price.item == item;
        gas_schedule().iter().find(of).expect("a price").gas
    };
    for spec in OPS.iter().filter(|spec| spec.shape != Shape::VerifyInput) {
        let mut chain = chain_with_operands();
        let call = call(spec);
        let first = gas(&mut chain, &call);
        chain.logs();
        let later = gas(&mut chain, &call);
        let log = chain.logs().pop().expect("a log");
        let left = price("log")
            + 2 * price("log topic")
            + log.data.data.len() as u64 * price("log data, per byte");
        let operands = operands(spec) * price("encrypted operand of an operation");
        let least = price("operation of the executor") + operands + left;
        assert!(least < later && later < first, "{}: {least} {later} {first}", spec.signature);
    }
}

/// What the page leaves out has no success that could be measured.
#[test]
fn every_function_that_can_succeed_has_a_cost() {
    let costs = all_costs();
    let known = |covered: &Covered| {
        let to = address(covered.contract);
        costs.iter().any(|cost| cost.to == to && cost.selector == covered.selector)
    };
    let missing =
        coverage().filter(|covered| !known(covered) && covered.status == Status::Implemented);
    for Covered { signature, .. } in missing {
        let never = ["initialize", "reinitialize", "upgradeToAndCall", "proxiableUUID", "checkHCU"];
        assert!(never.iter().any(|never| signature.starts_with(never)), "{signature}");
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Gas\n\n\
         A call of a host contract pays for what it does: storage, transient storage, logs and \
         hashes as the opcodes that a contract would use, and a constant for each operation \
         besides. The gas of homomorphic work itself is not in here: that is metered in HCU.\n\n\
         This page is generated: `UPDATE_DOCS=1 cargo test --workspace --test it \
         page`.\n\n\
         ## Prices\n\n\
         | what | gas | from |\n|---|---:|---|\n",
    );
    for price in gas_schedule() {
        writeln!(page, "| {} | {} | {} |", price.item, price.gas, price.reason).expect("a string");
    }
    page.push_str(
        "\nThe constant for an operation stands for what HCU do not count. HCU count bootstraps: \
         a negated Bool has a price of 2, and 20 million HCU would pay for ten million of them. \
         The node writes each one into a graph, orders it, and looks for it at settlement, so the \
         block's gas has to bound their number.\n\n\
         ## Operations\n\n\
         Gas of one call with 8-bit operands that the calling contract holds for good: the first \
         call of a transaction, and the same call again. Binary operations are between \
         ciphertexts where they can be; collections have ten elements. The transaction's own 21,000 \
         and the calldata are not included.\n\n\
         | operation | first | again |\n|---|---:|---:|\n",
    );
    for spec in OPS.iter().filter(|spec| spec.shape != Shape::VerifyInput) {
        let mut chain = chain_with_operands();
        let call = call(spec);
        let (first, again) = (gas(&mut chain, &call), gas(&mut chain, &call));
        writeln!(page, "| `{}` | {first} | {again} |", spec.op.name()).expect("a string");
    }
    page.push_str(
        "\n## Access control\n\n\
         Gas of one call for a handle that the caller holds for good, the first time in a \
         transaction and again.\n\n\
         | function | first | again |\n|---|---:|---:|\n",
    );
    for (name, data) in grants() {
        let mut chain = chain_with_operands();
        let mut gas = || {
            let output = chain.call(DAPP, HOST.acl, &data);
            assert!(output.is_success(), "{output:?}");
            output.gas_used
        };
        writeln!(page, "| `{name}` | {} | {} |", gas(), gas()).expect("a string");
    }
    others(&mut page);
    page
}

/// Calls of the access control list about a handle that [`DAPP`] holds for good.
fn grants() -> [(&'static str, Vec<u8>); 4] {
    let handle = operand(1);
    [
        ("allow", Acl::allowCall { handle, account: USER }.abi_encode()),
        ("allowTransient", Acl::allowTransientCall { handle, account: USER }.abi_encode()),
        (
            "allowForDecryption",
            Acl::allowForDecryptionCall { handlesList: vec![handle] }.abi_encode(),
        ),
        ("isAllowed", Acl::isAllowedCall { handle, account: DAPP }.abi_encode()),
    ]
}

/// What every function costs. Inputs need coprocessors who sign, which the tables do not have.
fn all_costs() -> Vec<Cost> {
    let mut chain = inputs::chain();
    let (input, proof) = (inputs::handles()[0], inputs::proof_by(&[1, 2]).encode());
    let mut admit = || {
        let output = inputs::admit(&mut chain, input, &proof);
        assert!(output.is_success(), "{output:?}");
        output.gas_used
    };
    let selector = Op::VerifyInput.spec().selector;
    let mut costs = costs();
    let (first, again) = (admit(), Some(admit()));
    costs.push(Cost { to: HOST.executor, selector, first, again });
    costs
}

/// What all functions cost that are in no table before.
fn others(page: &mut String) {
    page.push_str(
        "\n## Other functions\n\n\
         Gas of the dearest of the calls that the tests make, with lists of one to three \
         elements: as the first call of a transaction, and as the same call again, unless that \
         is refused then. Proofs have two signatures or three; an input's is remembered for the \
         rest of the transaction. \
         Functions that never succeed are not here: initializers, upgrades, and what only the \
         executor may call.\n",
    );
    let costs = all_costs();
    let shown = grants().map(|(_, data)| data[..4].to_vec());
    let shown = |covered: &Covered| {
        let selector = covered.selector;
        match covered.contract {
            HostContract::Acl => shown.iter().any(|shown| *shown == selector),
            HostContract::Executor => {
                Op::from_selector(selector).is_some_and(|op| op != Op::VerifyInput)
            }
            _ => false,
        }
    };
    for contract in HostContract::ALL {
        let name = contract.name();
        write!(page, "\n### {name}\n\n| function | first | again |\n|---|---:|---:|\n")
            .expect("a string");
        let of = |covered: &Covered| covered.contract == contract && !shown(covered);
        for covered in coverage().filter(of) {
            let (to, selector) = (address(contract), covered.selector);
            let of = |cost: &&Cost| cost.to == to && cost.selector == selector;
            let cost = costs.iter().filter(of).max_by_key(|cost| cost.first);
            let Some(Cost { first, again, .. }) = cost else { continue };
            let again = again.map_or_else(|| "refused".to_owned(), |gas| gas.to_string());
            let function = covered.signature;
            writeln!(page, "| `{function}` | {first} | {again} |").expect("a string");
        }
    }
}

/// A chain on which [`DAPP`] holds operands for good, at the beginning of a transaction.
fn chain_with_operands() -> Chain {
    let mut chain = Chain::new();
    for (value, ty) in [(1, TY), (2, TY), (1, FheType::Bool)] {
        let handle = chain.trivial(value, ty);
        let grant = Acl::allowCall { handle, account: DAPP }.abi_encode();
        assert!(chain.call(DAPP, HOST.acl, grant).is_success());
    }
    chain.next_transaction();
    chain
}

fn operand(value: u64) -> B256 {
    Chain::new().trivial(value, TY)
}

/// A call of the operation.
fn call(spec: &OpSpec) -> Vec<u8> {
    let (a, b) = (operand(1), operand(2));
    let byte = |byte: u8| FixedBytes([byte]);
    let id = |ty: FheType| U256::from(ty.id());
    let word = |value: u64| B256::from(U256::from(value));
    let op = spec.op;
    match spec.shape {
        Shape::Unary => calldata(op, a),
        Shape::Binary if spec.scalar == ScalarRule::Required => calldata(op, (a, word(3), byte(1))),
        Shape::Binary => calldata(op, (a, b, byte(0))),
        Shape::Select => {
            let control = Chain::new().trivial(1, FheType::Bool);
            calldata(op, (control, a, b))
        }
        Shape::Cast => calldata(op, (a, id(FheType::Uint16))),
        Shape::TrivialEncrypt => calldata(op, (U256::from(9), id(TY))),
        Shape::Rand => calldata(op, id(TY)),
        Shape::RandBounded => calldata(op, (U256::from(8), id(TY))),
        Shape::Sum => calldata(op, (vec![a; 10], id(TY))),
        Shape::IsIn => calldata(op, (a, vec![b; 10], id(TY))),
        Shape::MulDiv => calldata(op, (a, b, word(3), byte(1))),
        Shape::VerifyInput => unreachable!("left out"),
    }
}

/// How many encrypted operands [`call`] has.
fn operands(spec: &OpSpec) -> u64 {
    match (spec.shape, spec.op) {
        (Shape::Binary, Op::Div | Op::Rem) | (Shape::Unary | Shape::Cast, _) => 1,
        (Shape::Binary | Shape::MulDiv, _) => 2,
        (Shape::Select, _) => 3,
        (Shape::Sum, _) => 10,
        (Shape::IsIn, _) => 11,
        _ => 0,
    }
}

fn gas(chain: &mut Chain, data: &[u8]) -> u64 {
    let output = chain.call(DAPP, HOST.executor, data);
    assert!(output.is_success(), "{output:?}");
    output.gas_used
}
