//! A devnet as bytes, and back.

use alloy_primitives::{Address, B256, Bytes, U256, address, hex, keccak256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use alloy_sol_types::{SolCall, SolConstructor, sol};
use ciphervm_fhe::{FheType, Handle};
use ciphervm_node::artifact::Artifact;
use serde_json::{Value, json};

use crate::{DEADLINE, Node, word};

sol! {
    interface Token {
        constructor(address owner, string name, string symbol, string uri);
        function mint(address to, bytes32 amount, bytes inputProof) external returns (bytes32);
        function confidentialTransfer(address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
        function confidentialBalanceOf(address account) external view returns (bytes32);
    }
}

/// The first contract of the first account.
const TOKEN: Address = address!("0x5FbDB2315678afecb367f032d93F642f64180aa3");
const NOBODY: Address = Address::repeat_byte(0xbb);

/// The format: digest, version, and this.
#[derive(RlpEncodable, RlpDecodable)]
struct Dump {
    chain_id: u64,
    entries: Vec<Bytes>,
    ciphertexts: Vec<Ciphertext>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct Ciphertext {
    handle: B256,
    class: B256,
    bytes: Bytes,
}

/// The dump as it would be if it were made like this.
fn changed(dump: &Value, change: impl FnOnce(&mut Dump)) -> Value {
    let bytes = hex::decode(dump.as_str().unwrap()).unwrap();
    let mut dump = alloy_rlp::decode_exact(&bytes[33..]).unwrap();
    change(&mut dump);
    with_digest(&[&[1], &alloy_rlp::encode(dump)[..]].concat())
}

fn with_digest(body: &[u8]) -> Value {
    json!(Bytes::from([&keccak256(body)[..], body].concat()))
}

impl Node {
    fn deploy_token(&self) {
        let constructor = Token::constructorCall {
            owner: self.account(0),
            name: "Test".to_owned(),
            symbol: "TEST".to_owned(),
            uri: String::new(),
        };
        let code = Artifact::confidential_token().unwrap().bytecode;
        let code = Bytes::from([&code[..], &constructor.abi_encode()].concat());
        let hash = self.send(json!({ "from": self.account(0), "data": code }));
        assert_eq!(
            self.receipt(&hash)["contractAddress"],
            json!(TOKEN).as_str().unwrap().to_lowercase()
        );
    }

    fn encrypt(&self, user: Address, amount: u64) -> (B256, Bytes) {
        let value = (FheType::Uint64, U256::from(amount));
        let input = self.devnet.inputs().encrypt(TOKEN, user, &[value]).unwrap();
        (input.handles[0].0, input.proof)
    }

    fn ask(&self, from: Address, call: &impl SolCall) {
        let data = Bytes::from(call.abi_encode());
        let hash = self.send(json!({ "from": from, "to": TOKEN, "data": data }));
        assert_eq!(self.receipt(&hash)["status"], "0x1");
    }

    fn mint(&self, to: Address, amount: u64) {
        let (amount, proof) = self.encrypt(self.account(0), amount);
        self.ask(self.account(0), &Token::mintCall { to, amount, inputProof: proof });
    }

    fn transfer(&self, from: Address, to: Address, amount: u64) {
        let (amount, proof) = self.encrypt(from, amount);
        self.ask(from, &Token::confidentialTransferCall { to, amount, inputProof: proof });
    }

    /// The decrypted balance.
    fn tokens(&self, account: Address) -> U256 {
        self.devnet.settler().wait(DEADLINE).unwrap();
        let data = Bytes::from(Token::confidentialBalanceOfCall { account }.abi_encode());
        let handle = self.call("eth_call", json!([{ "to": TOKEN, "data": data }, "latest"]));
        let handle = Handle(serde_json::from_value(handle).unwrap());
        let record = self.devnet.store().get(&handle).unwrap().expect("it was computed");
        self.devnet.kms().decrypt(&record).unwrap()
    }

    fn dump(&self) -> Value {
        self.devnet.settler().wait(DEADLINE).unwrap();
        self.call("anvil_dumpState", json!([]))
    }
}

#[test]
fn a_loaded_devnet_goes_on_where_the_dumped_one_was() {
    let node = Node::start();
    let [alice, bob] = [node.account(1), node.account(2)];
    // Before the first block, between blocks, and after the last.
    node.call("hardhat_setBalance", json!([NOBODY, 1]));
    node.deploy_token();
    node.mint(alice, 1_000);
    node.call("hardhat_setCode", json!([NOBODY, "0x602a5f5260205ff3"]));
    node.call("hardhat_setStorageAt", json!([NOBODY, 1, word(1)]));
    node.transfer(alice, bob, 250);
    node.call("hardhat_setStorageAt", json!([NOBODY, 1, word(0)]));
    node.call("hardhat_setStorageAt", json!([NOBODY, 2, word(2)]));
    node.call("evm_setAutomine", json!([false]));
    let waiting = node.send(json!({ "to": NOBODY, "value": "0x1" }));
    let dump = node.dump();

    let check = |loaded: &Node| {
        assert_eq!(loaded.head(), node.head());
        for account in [alice, bob, NOBODY, TOKEN] {
            for block in 0..=3 {
                let params = json!([account, ["0x1", "0x2"], format!("{block:#x}")]);
                let proof = |node: &Node| node.call("eth_getProof", params.clone());
                assert_eq!(proof(loaded), proof(&node), "{account} after block {block}");
            }
        }
        assert_eq!((loaded.tokens(alice), loaded.tokens(bob)), (U256::from(750), U256::from(250)));
        assert_eq!(loaded.call("eth_call", json!([{ "to": NOBODY }, "latest"])), json!(word(42)));
        assert_eq!(loaded.call("eth_getTransactionByHash", json!([waiting]))["hash"], waiting);
        assert_eq!(loaded.dump(), dump);
    };
    // Another past, which is forgotten.
    let loaded = Node::start();
    loaded.call("hardhat_mine", json!([5]));
    let snapshot = loaded.call("evm_snapshot", json!([]));
    loaded.call("evm_setAutomine", json!([false]));
    assert_eq!(loaded.call("anvil_loadState", json!([dump])), true);
    check(&loaded);
    assert_eq!(loaded.call("evm_revert", json!([snapshot])), false);
    let loaded = loaded.restart();
    check(&loaded);

    loaded.transfer(bob, alice, 50);
    assert_eq!((loaded.tokens(alice), loaded.tokens(bob)), (U256::from(800), U256::from(200)));
    assert_eq!(loaded.receipt(&waiting)["blockNumber"], "0x4");
    // A reset keeps the first block that was loaded, and undoes edits of it.
    loaded.call("hardhat_reset", json!([]));
    assert_eq!((loaded.number(), loaded.balance(NOBODY)), (0, 0));
}

#[test]
fn ciphertexts_that_a_dump_lacks_are_computed_from_the_inputs() {
    let node = Node::start();
    node.deploy_token();
    node.mint(node.account(1), 7);
    let dump = node.dump();
    let is_input = |stored: &Ciphertext| Handle(stored.handle).input_index().is_some();

    let loaded = Node::start();
    let inputs = changed(&dump, |dump| dump.ciphertexts.retain(is_input));
    assert!(inputs.as_str().unwrap().len() < dump.as_str().unwrap().len());
    loaded.call("hardhat_loadState", json!([inputs]));
    assert_eq!(loaded.tokens(node.account(1)), U256::from(7));
    assert_eq!(loaded.dump(), dump);

    // Nobody can compute an input.
    let loaded = Node::start();
    let nothing = changed(&dump, |dump| dump.ciphertexts.clear());
    loaded.call("hardhat_loadState", json!([nothing]));
    let error = loaded.devnet.settler().wait(DEADLINE).unwrap_err().to_string();
    assert!(error.contains("has no ciphertext"), "{error}");
}

#[test]
fn clients_learn_that_the_chain_is_another() {
    let node = Node::start();
    node.call("hardhat_setCode", json!([NOBODY, "0x5f5fa000"]));
    let dumped = node.send(json!({ "to": NOBODY }));
    let dump = node.dump();
    node.call("hardhat_reset", json!([]));
    node.call("hardhat_setCode", json!([NOBODY, "0x5f5fa0"]));
    let filter = node.call("eth_newFilter", json!([{ "address": NOBODY }]));
    let replaced = node.send(json!({ "to": NOBODY, "value": "0x1" }));
    node.call("eth_getFilterChanges", json!([filter]));
    node.call("anvil_loadState", json!([dump]));
    let changes = node.call("eth_getFilterChanges", json!([filter]));
    let changes = changes.as_array().unwrap().iter();
    let changes: Vec<_> =
        changes.map(|log| (log["transactionHash"].clone(), log["removed"].clone())).collect();
    assert_eq!(changes, [(replaced, json!(true)), (dumped, json!(false))]);
}

#[test]
fn what_is_no_dump_for_this_devnet_changes_nothing() {
    let node = Node::start();
    node.deploy_token();
    node.mint(node.account(1), 7);
    let dump = node.dump();
    let target = Node::start();
    target.call("evm_mine", json!([]));
    let head = target.head();
    let refused = |node: &Node, dump: Value, why: &str| {
        let refusal = node.refusal("anvil_loadState", json!([dump]));
        assert!(refusal.contains(why), "{refusal}");
    };
    // Every byte counts.
    let bytes = hex::decode(dump.as_str().unwrap()).unwrap();
    for position in [0, 32, 33, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[position] ^= 1;
        refused(&target, json!(Bytes::from(damaged)), "damaged");
    }
    for length in [0, 32, 33, bytes.len() - 1] {
        refused(&target, json!(Bytes::copy_from_slice(&bytes[..length])), "damaged");
    }
    // Whole, but not what it takes here.
    refused(&target, with_digest(&[1]), "damaged");
    refused(&target, with_digest(&[2, 0xc0]), "format 2");
    let without_a_block = changed(&dump, |dump| drop(dump.entries.remove(1)));
    refused(&target, without_a_block, "no chain: block 2");
    let without_the_first = changed(&dump, |dump| drop(dump.entries.remove(0)));
    refused(&target, without_the_first, "no chain: it does not begin with the first block");
    refused(&target, changed(&dump, |dump| dump.entries.clear()), "no chain");
    let of_another_class = changed(&dump, |dump| dump.ciphertexts[1].class.0.fill(0x55));
    refused(&target, of_another_class, "engine class 0x5555");
    let of_no_type = changed(&dump, |dump| dump.ciphertexts[1].handle.0.fill(0xff));
    refused(&target, of_no_type, "damaged");
    refused(&Node::with_chain_id(7), dump.clone(), "--chain-id 31337");
    assert_eq!(target.head(), head);
    assert_eq!(target.devnet.store().size().unwrap().records, 0);

    let node = target.restart();
    assert_eq!(node.head(), head);
    assert_eq!(node.call("anvil_loadState", json!([dump])), true);
    assert_eq!(node.tokens(node.account(1)), U256::from(7));
}

#[test]
fn a_dump_that_is_too_large_for_an_answer_goes_to_a_file() {
    let node = Node::start();
    let megabytes = |count: u8| {
        let code = Bytes::from(vec![count; 3 << 20]);
        node.call("hardhat_setCode", json!([Address::repeat_byte(count), code]));
    };
    (1..=10).for_each(megabytes);
    let dump = node.dump();
    assert!(dump.as_str().unwrap().len() > 60 << 20);
    megabytes(11);
    let refusal = node.refusal("anvil_dumpState", json!([]));
    assert!(refusal.contains("--state") && refusal.contains("--data-dir"), "{refusal}");
}
