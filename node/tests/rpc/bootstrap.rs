//! Host contracts as tools find them, and as they put them where they find none.

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use ciphervm_precompiles::{GenesisParams, HOST_CODE, HostAddresses};
use serde_json::{Value, json};

use crate::{Node, word};

const HOST: HostAddresses = HostAddresses::LOCAL;
/// Some code.
const CODE: &str = "0x602a60005260206000f3";
const NOBODY: Address = Address::repeat_byte(0x33);

/// Where OpenZeppelin's contracts have a namespace (ERC-7201).
fn namespace(id: &str) -> B256 {
    let id = U256::from_be_bytes(keccak256(id).0) - U256::ONE;
    let base = U256::from_be_bytes(keccak256(id.to_be_bytes::<32>()).0);
    (base & !U256::from(0xff)).into()
}

impl Node {
    fn code(&self, address: Address) -> Value {
        self.call("eth_getCode", json!([address, "latest"]))
    }

    fn owner(&self) -> Address {
        let data = Bytes::copy_from_slice(&keccak256("owner()")[..4]);
        let answer = self.call("eth_call", json!([{ "to": HOST.acl, "data": data }, "latest"]));
        let owner: B256 = serde_json::from_value(answer).unwrap();
        Address::from_word(owner)
    }

    fn set_owner_word(&self, slot: B256, owner: Address) {
        let params = json!([HOST.acl, slot, owner.into_word()]);
        assert_eq!(self.call("hardhat_setStorageAt", params), true);
    }
}

#[test]
fn host_contracts_show_no_code_until_somebody_sets_it() {
    let node = Node::start();
    let HostAddresses { acl, executor, kms_verifier_alias, .. } = HOST;
    for host in [acl, executor, kms_verifier_alias.unwrap()] {
        assert_eq!(node.code(host), "0x");
        node.call("hardhat_setCode", json!([host, CODE]));
        assert_eq!(node.code(host), CODE);
        let info = node.call("eth_getAccountInfo", json!([host, "latest"]));
        assert_eq!(info["code"], CODE);
        node.call("hardhat_setCode", json!([host, "0x"]));
        assert_eq!(node.code(host), "0x");
    }
    // The same code elsewhere is shown.
    node.call("hardhat_setCode", json!([NOBODY, HOST_CODE]));
    assert_eq!(node.code(NOBODY), json!(HOST_CODE));
    // Contracts see that there is something: EXTCODESIZE of the list is not zero.
    let size = format!("0x73{}3b60005260206000f3", hex::encode(acl));
    node.call("hardhat_setCode", json!([NOBODY, size]));
    assert_ne!(node.run(NOBODY, "0x"), json!(word(0)));
    node.call("hardhat_setCode", json!([acl, "0x"]));
    assert_ne!(node.run(NOBODY, "0x"), json!(word(0)));
}

#[test]
fn a_list_that_a_tool_sets_up_belongs_to_whom_it_says() {
    let node = Node::start();
    let slot = namespace("openzeppelin.storage.Ownable");
    let one = Address::with_last_byte(1);
    assert_eq!(node.owner(), GenesisParams::default().owner);
    node.call("hardhat_setCode", json!([HOST.executor, CODE]));
    assert_eq!(node.owner(), GenesisParams::default().owner);
    node.call("hardhat_setCode", json!([HOST.acl, CODE]));
    assert_eq!(node.owner(), Address::ZERO);
    node.set_owner_word(word(7), one);
    assert_eq!(node.owner(), Address::ZERO);
    node.set_owner_word(slot, one);
    assert_eq!(node.owner(), one);
    let read = node.call("eth_getStorageAt", json!([HOST.acl, slot, "latest"]));
    assert_eq!(read, json!(one.into_word()));
    // Other code changes nothing, now that there is some.
    node.call("hardhat_setCode", json!([HOST.acl, "0xfe"]));
    let node = node.restart();
    assert_eq!((node.owner(), node.code(HOST.acl)), (one, json!("0xfe")));
    node.call("hardhat_reset", json!([]));
    assert_eq!((node.owner(), node.code(HOST.acl)), (GenesisParams::default().owner, json!("0x")));
}

#[test]
fn grants_survive_whatever_code_is_set() {
    let node = Node::start();
    let read = || node.call("eth_getStorageAt", json!([HOST.acl, word(7), "latest"]));
    node.call("hardhat_setStorageAt", json!([HOST.acl, word(7), word(8)]));
    for code in [CODE, "0x"] {
        node.call("hardhat_setCode", json!([HOST.acl, code]));
        node.call("evm_mine", json!([]));
        assert_eq!(read(), json!(word(8)));
    }
}
