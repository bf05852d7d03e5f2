//! Contracts as users write them: OpenZeppelin's token compiled with either library, of which ours
//! costs no more, and a contract that is told its host contracts.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use ciphervm::Call;
use ciphervm_fhe::FheType;
use ciphervm_node::{artifact::Artifact, machine::Machine};
use ciphervm_precompiles::HostAddresses;
use serde::Deserialize;

sol! {
    function mint(address to, bytes32 amount, bytes inputProof) external;
    function mintClear(address to, uint64 amount) external;
    function confidentialTransfer(address to, bytes32 amount, bytes inputProof) external;
    function confidentialBalanceOf(address account) external view returns (bytes32);
    function add(bytes32 amount, bytes proof) external;
    function total() external view returns (bytes32);
}

const OWNER: Address = Address::repeat_byte(0x0a);
const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployed {
    deployed_bytecode: Bytes,
}

/// Plays the same story with a token. Returns the gas of each step, and the balances.
fn play(artifact: &str) -> (Vec<(&'static str, u64)>, [U256; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let mut machine = Machine::reference(directory.path()).unwrap();
    let mut gas = Vec::new();
    let mut execute = |machine: &mut Machine, step, call| {
        let (block, _) = machine.execute(&[call]).unwrap();
        let receipt = &block.receipts[0];
        assert!(receipt.is_success(), "{step}: {:?}", receipt.outcome);
        gas.push((step, receipt.gas_used));
        receipt.contract
    };
    let mut code = Artifact::parse(artifact).unwrap().bytecode.to_vec();
    code.extend((OWNER, "Token", "TOK", "").abi_encode_params());
    let token = execute(&mut machine, "deploy", Call::deploy(OWNER, code)).unwrap();
    let encrypt = |machine: &Machine, user, amount: u64| {
        let value = (FheType::Uint64, U256::from(amount));
        let input = machine.inputs().encrypt(token, user, &[value]).unwrap();
        (input.handles[0].0, input.proof)
    };

    let (amount, proof) = encrypt(&machine, OWNER, 1000);
    let mint = mintCall { to: ALICE, amount, inputProof: proof };
    execute(&mut machine, "mint", Call::new(OWNER, token, mint.abi_encode()));
    let mint = mintClearCall { to: ALICE, amount: 5 };
    execute(&mut machine, "mintClear", Call::new(OWNER, token, mint.abi_encode()));
    for (step, amount) in [("first transfer", 300), ("second transfer", 99), ("too much", 5000)] {
        let (amount, proof) = encrypt(&machine, ALICE, amount);
        let transfer = confidentialTransferCall { to: BOB, amount, inputProof: proof };
        execute(&mut machine, step, Call::new(ALICE, token, transfer.abi_encode()));
    }
    let balance = |account| {
        let query = confidentialBalanceOfCall { account };
        let handle: B256 = machine.read(account, token, &query).unwrap();
        machine.decrypt_for(account, handle.into()).unwrap()
    };
    let balances = [balance(ALICE), balance(BOB)];
    (gas, balances)
}

#[test]
fn a_token_on_our_library_is_smaller_and_needs_less_gas() {
    let theirs = include_str!("../../../solidity/artifacts/ConfidentialToken.json");
    let ours = include_str!("../../../solidity/artifacts/ConfidentialTokenOwn.json");
    let size = |text| serde_json::from_str::<Deployed>(text).unwrap().deployed_bytecode.len();
    println!("code: {} bytes, ours {}", size(theirs), size(ours));
    assert!(size(ours) <= size(theirs));

    let (their_gas, their_balances) = play(theirs);
    let (our_gas, our_balances) = play(ours);
    assert_eq!(their_balances, [606, 399].map(U256::from));
    assert_eq!(our_balances, their_balances);
    for ((step, theirs), (_, ours)) in their_gas.iter().zip(&our_gas) {
        println!("{step}: {theirs} gas, ours {ours}");
    }
    assert!(our_gas.iter().zip(&their_gas).all(|((_, ours), (_, theirs))| ours <= theirs));
}

#[test]
fn a_contract_that_is_told_its_hosts_computes_with_them() {
    let artifact = include_str!("../../../solidity/artifacts/Tally.json");
    let directory = tempfile::tempdir().unwrap();
    let mut machine = Machine::reference(directory.path()).unwrap();
    let hosts = HostAddresses::LOCAL;
    let mut deploy = |executor: Address| {
        let mut code = Artifact::parse(artifact).unwrap().bytecode.to_vec();
        code.extend((hosts.acl, executor, hosts.kms_verifier).abi_encode());
        let (block, _) = machine.execute(&[Call::deploy(OWNER, code)]).unwrap();
        block.receipts[0].contract.unwrap()
    };
    let (lost, tally) = (deploy(ALICE), deploy(hosts.executor));
    for (contract, amount, success) in [(lost, 5, false), (tally, 5, true), (tally, 7, true)] {
        let value = (FheType::Uint32, U256::from(amount));
        let input = machine.inputs().encrypt(contract, ALICE, &[value]).unwrap();
        let add = addCall { amount: input.handles[0].0, proof: input.proof };
        let (block, _) = machine.execute(&[Call::new(ALICE, contract, add.abi_encode())]).unwrap();
        assert_eq!(block.receipts[0].is_success(), success, "{contract} {amount}");
    }
    let total: B256 = machine.read(ALICE, tally, &totalCall {}).unwrap();
    assert_eq!(machine.decrypt_for(ALICE, total.into()).unwrap(), U256::from(12));
}
