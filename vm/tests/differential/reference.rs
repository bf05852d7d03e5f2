//! The reference: the published host contracts, and the state that their initializers write.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, B256, Bytes, U256, address, hex, keccak256};
use ciphervm_precompiles::{Gateway, HostAddresses};
use serde_json::Value;

/// The contract that lists pausers, as it is compiled into the reference.
pub(crate) const PAUSER_SET: Address = address!("0x34e3eD8472e409dbF8FDf933cA996DC75e4Be126");

/// What belongs to the proxies around the reference contracts. There is no proxy here.
const PROXY_FUNCTIONS: [&str; 5] = [
    "UPGRADE_INTERFACE_VERSION()",
    "initializeFromEmptyProxy()",
    "initializeFromEmptyProxy(address,uint64,address[],uint256)",
    "proxiableUUID()",
    "upgradeToAndCall(address,bytes)",
];

/// A function of the reference contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) contract: Address,
    /// Contract and canonical signature.
    pub(crate) name: String,
    pub(crate) selector: [u8; 4],
}

/// An account of the reference's genesis.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) address: Address,
    pub(crate) code: Bytes,
    pub(crate) storage: Vec<(U256, U256)>,
}

/// The package, read.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    artifacts: Vec<(&'static str, Address, Value)>,
    /// Everything that can be called, but the proxies' functions.
    pub(crate) functions: Vec<Function>,
}

impl Reference {
    /// Looks for the package. The error says why there is none.
    pub(crate) fn find() -> Result<Self, String> {
        const PACKAGE: &str = "../solidity/node_modules/@fhevm/host-contracts";
        let root = match env::var_os("CIPHERVM_REFERENCE_HOSTS") {
            Some(path) => PathBuf::from(path),
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join(PACKAGE),
        };
        if !root.join("artifacts").is_dir() {
            return Err(format!(
                "there are no reference contracts in {}; run `npm ci` in solidity/, or set \
                 CIPHERVM_REFERENCE_HOSTS to the folder of @fhevm/host-contracts 0.10.0",
                root.display()
            ));
        }
        let hosts = HostAddresses::LOCAL;
        let artifacts = [
            ("ACL", "ACL.sol", hosts.acl),
            ("FHEVMExecutor", "FHEVMExecutor.sol", hosts.executor),
            ("HCULimit", "HCULimit.sol", hosts.hcu_limit),
            ("InputVerifier", "InputVerifier.sol", hosts.input_verifier),
            ("PauserSet", "immutable/PauserSet.sol", PAUSER_SET),
        ]
        .map(|(name, folder, address)| {
            let path = root.join(format!("artifacts/contracts/{folder}/{name}.json"));
            let text = fs::read(&path).expect("the package has an artifact of each contract");
            (name, address, serde_json::from_slice(&text).expect("an artifact is JSON"))
        });
        let functions = artifacts
            .iter()
            .flat_map(|(name, address, artifact)| functions(name, *address, artifact))
            .collect();
        Ok(Self { artifacts: artifacts.to_vec(), functions })
    }

    /// The contracts' accounts, with `owner` as owner and pauser, and these coprocessors.
    pub(crate) fn genesis(
        &self,
        owner: Address,
        coprocessors: &[Address],
        threshold: u64,
    ) -> Vec<Account> {
        let account = |(name, address, artifact): &(&str, Address, Value)| {
            let code = artifact["deployedBytecode"].as_str().expect("an artifact has bytecode");
            let code = hex::decode(code).expect("bytecode is in hexadecimal");
            // What the compiler left out would be at fault, not the contract.
            assert!(artifact["deployedLinkReferences"].as_object().is_some_and(|l| l.is_empty()));
            let storage = match *name {
                "ACL" => vec![(namespace("openzeppelin.storage.Ownable"), word(owner))],
                "PauserSet" => vec![(entry(U256::ZERO, owner), U256::ONE)],
                "InputVerifier" => input_verifier(coprocessors, threshold),
                _ => vec![],
            };
            Account { address: *address, code: code.into(), storage }
        };
        self.artifacts.iter().map(account).collect()
    }
}

fn input_verifier(coprocessors: &[Address], threshold: u64) -> Vec<(U256, U256)> {
    let domain = namespace("fhevm.storage.EIP712UpgradeableCrossChain");
    let signers = namespace("fhevm.storage.InputVerifier");
    let gateway = Gateway::LOCAL;
    let field = |of: U256, index: u64| of + U256::from(index);
    let list = field(signers, 1);
    let elements = U256::from_be_bytes(keccak256(list.to_be_bytes::<32>()).0);
    let source = word(gateway.input_verification) | U256::from(gateway.chain_id) << 160;
    let mut storage = vec![
        (field(domain, 2), short_string("InputVerification")),
        (field(domain, 3), short_string("1")),
        (field(domain, 4), source),
        (list, U256::from(coprocessors.len())),
        (field(signers, 2), U256::from(threshold)),
    ];
    for (index, signer) in coprocessors.iter().enumerate() {
        storage.push((elements + U256::from(index), word(*signer)));
        storage.push((entry(signers, *signer), U256::ONE));
    }
    storage
}

/// First slot of a namespace (ERC-7201).
pub(crate) fn namespace(id: &str) -> U256 {
    let id = U256::from_be_bytes(keccak256(id).0) - U256::ONE;
    U256::from_be_bytes(keccak256(id.to_be_bytes::<32>()).0) & !U256::from(0xff)
}

/// The slot of a mapping's entry.
fn entry(mapping: U256, key: Address) -> U256 {
    let preimage = [key.into_word(), B256::from(mapping)].concat();
    U256::from_be_bytes(keccak256(preimage).0)
}

fn word(address: Address) -> U256 {
    address.into_word().into()
}

/// A string of less than 32 bytes, with twice its length in the last.
fn short_string(text: &str) -> U256 {
    let mut word = [0; 32];
    word[..text.len()].copy_from_slice(text.as_bytes());
    word[31] = 2 * text.len() as u8;
    U256::from_be_bytes(word)
}

fn functions(name: &str, contract: Address, artifact: &Value) -> Vec<Function> {
    let abi = artifact["abi"].as_array().expect("an artifact has an ABI");
    let signatures = abi.iter().filter(|item| item["type"] == "function").map(|item| {
        format!(
            "{}({})",
            item["name"].as_str().expect("functions are named"),
            types(item, "inputs")
        )
    });
    signatures
        .filter(|signature| {
            !PROXY_FUNCTIONS.contains(&&**signature) && !signature.starts_with("reinitialize")
        })
        .map(|signature| {
            let selector = crate::action::selector(&signature);
            Function { contract, name: format!("{name}.{signature}"), selector }
        })
        .collect()
}

fn types(item: &Value, list: &str) -> String {
    let items = item[list].as_array().map(Vec::as_slice).unwrap_or_default();
    let types = items.iter().map(|item| match item["type"].as_str().unwrap_or_default() {
        "tuple" => format!("({})", types(item, "components")),
        other => other.to_owned(),
    });
    types.collect::<Vec<_>>().join(",")
}
