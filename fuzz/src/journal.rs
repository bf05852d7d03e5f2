//! What a node wrote: entries of a journal, and the dump of a whole devnet, which anybody who
//! reaches the port may load (`anvil_loadState`).
//!
//! An input is blocks of bytes, each an entry without its digest, a ciphertext, or a change of the
//! header of the entry before. Digests are made to fit. Entries are refused, or read and written
//! back; the dump is refused, or the devnet goes on with it and answers questions about it.

use std::{cell::OnceCell, sync::Arc};

use alloy_consensus::{Header, Sealable};
use alloy_primitives::{B256, Bytes as Octets, keccak256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use ciphervm_node::{chain::Block, journal::Entry};
use serde_json::json;

use crate::{
    Seed, Target, Verdict,
    bytes::{Bytes, block},
    node::Node,
};

/// Journals and dumps.
pub const TARGET: Target = Target { name: "journal", run, seeds, words, runs: 3_000 };

/// What a block of bytes is.
const ENTRY: u8 = 0;
const CIPHERTEXT: u8 = 1;
const HEADER: u8 = 2;
/// Version of the dump's format.
const VERSION: u8 = 1;

thread_local! {
    static NODE: OnceCell<Node> = const { OnceCell::new() };
}

/// A dump, as `node/src/devnet/dump.rs` has it.
#[derive(RlpEncodable, RlpDecodable)]
struct Dump {
    chain_id: u64,
    entries: Vec<Octets>,
    ciphertexts: Vec<Stored>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct Stored {
    handle: B256,
    class: B256,
    bytes: Octets,
}

/// Reads entries, and loads them.
///
/// # Panics
/// If an entry is written in another way, or a question about the chain is not answered.
pub fn run(data: &[u8]) -> Verdict {
    let mut data = Bytes(data);
    NODE.with(|node| {
        let node = node.get_or_init(Node::new);
        let class = node.devnet.evaluator().class();
        let mut dump = Dump { chain_id: 31337, entries: Vec::new(), ciphertexts: Vec::new() };
        while !data.is_empty() {
            let kind = data.pick(&[ENTRY, CIPHERTEXT, HEADER]);
            let bytes = data.block();
            match kind {
                ENTRY => {
                    let entry = signed(bytes);
                    if let Ok(read) = Entry::from_bytes(&entry) {
                        assert_eq!(read.to_bytes(), entry, "an entry is written in another way");
                    }
                    dump.entries.push(entry.into());
                }
                HEADER => {
                    let changed =
                        dump.entries.last().and_then(|entry| changed(entry, Bytes(bytes)));
                    if let (Some(last), Some(changed)) = (dump.entries.last_mut(), changed) {
                        *last = changed.into();
                    }
                }
                _ => {
                    let Some((handle, bytes)) = bytes.split_first_chunk::<32>() else { continue };
                    let bytes = bytes.to_vec().into();
                    dump.ciphertexts.push(Stored { handle: handle.into(), class, bytes });
                }
            }
        }
        let body = [&[VERSION], &alloy_rlp::encode(&dump)[..]].concat();
        let loaded = node.devnet.load(&signed(&body));
        if loaded.is_ok() {
            ask(node);
            node.restore();
        }
        Verdict::of(loaded.is_ok())
    })
}

/// An entry with another number in its header: a byte says which, eight what.
fn changed(entry: &[u8], mut data: Bytes<'_>) -> Option<Vec<u8>> {
    let mut change = |header: &mut Header| {
        let field = data.byte() % 9;
        let mut bytes = [0; 8];
        bytes.iter_mut().for_each(|byte| *byte = data.byte());
        let value = u64::from_be_bytes(bytes);
        match field {
            0 => header.number = value,
            1 => header.timestamp = value,
            2 => header.gas_limit = value,
            3 => header.gas_used = value,
            4 => header.base_fee_per_gas = Some(value),
            5 => header.base_fee_per_gas = None,
            6 => header.excess_blob_gas = Some(value),
            7 => header.excess_blob_gas = None,
            _ => header.blob_gas_used = Some(value),
        }
    };
    let entry = match Entry::from_bytes(entry).ok()? {
        Entry::Genesis(mut header, diff) => {
            change(&mut header);
            Entry::Genesis(header, diff)
        }
        Entry::Block(block, diff) => {
            let mut header = block.header.inner().clone();
            change(&mut header);
            Entry::Block(Arc::new(Block { header: header.seal_slow(), ..(*block).clone() }), diff)
        }
        _ => return None,
    };
    Some(entry.to_bytes())
}

/// The digest of what follows, and that.
fn signed(bytes: &[u8]) -> Vec<u8> {
    [&keccak256(bytes)[..], bytes].concat()
}

/// Looks at all that was loaded, and goes on from there.
fn ask(node: &Node) {
    let blocks: Vec<_> =
        node.devnet.chain(|chain| chain.blocks().map(|(block, _)| block.clone()).collect());
    for block in blocks.iter().take(8) {
        let calls = [
            ("eth_getBlockByHash", json!([block.hash(), true])),
            ("eth_getBlockByNumber", json!([format!("{:#x}", block.number()), true])),
            ("debug_traceBlockByHash", json!([block.hash()])),
            ("cipher_blockCommitment", json!([format!("{:#x}", block.number())])),
            ("eth_getLogs", json!([{ "blockHash": block.hash() }])),
            ("eth_feeHistory", json!(["0x4", format!("{:#x}", block.number()), [50]])),
        ];
        for (method, params) in calls {
            let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
            node.answers(call.to_string().into_bytes());
        }
        for transaction in block.transactions.iter().take(4) {
            for method in ["eth_getTransactionReceipt", "debug_traceTransaction", "cipher_trace"] {
                let params = json!([transaction.hash()]);
                let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
                node.answers(call.to_string().into_bytes());
            }
        }
    }
    for (method, params) in [
        ("eth_gasPrice", json!([])),
        ("txpool_content", json!([])),
        ("evm_snapshot", json!([])),
        ("eth_sendTransaction", json!([{ "from": node.accounts()[0], "value": "0x0" }])),
        ("evm_mine", json!([])),
        ("anvil_dumpState", json!([])),
        ("cipher_status", json!([])),
    ] {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        node.answers(call.to_string().into_bytes());
    }
}

/// The first block alone, with another after it, and with a transaction that waits.
fn seeds() -> Vec<Seed> {
    let node = Node::new();
    node.devnet.reset().expect("memory can be written");
    let input = || {
        let dump: Dump = alloy_rlp::decode_exact(&node.dump()[33..]).expect("it was just encoded");
        let entries =
            dump.entries.iter().map(|entry| [&[ENTRY], &block(&entry[32..])[..]].concat());
        let stored = dump.ciphertexts.iter().map(|Stored { handle, bytes, .. }| {
            [&[CIPHERTEXT], &block(&[&handle[..], bytes].concat())[..]].concat()
        });
        entries.chain(stored).collect::<Vec<_>>().concat()
    };
    let first = input();
    let mut seeds = vec![Seed::valid("the-first-block", first.clone())];
    let encrypt = [
        &ciphervm_fhe::Op::TrivialEncrypt.spec().selector[..],
        &[[0; 31], [0; 31]].concat(),
        &[0; 2],
    ];
    node.send(0, Some(node.devnet.host().addresses.executor), encrypt.concat().into());
    seeds.push(Seed::valid("an-operation", input()));
    let later = [&[HEADER], &block(&[&[1][..], &1_600_000_001_u64.to_be_bytes()].concat())[..]];
    seeds.push(Seed::valid("a-first-block-of-another-time", [first, later.concat()].concat()));
    node.devnet.set_automatic(false);
    let request = json!([{ "from": node.accounts()[0], "to": node.accounts()[1], "value": "0x1" }]);
    node.call("eth_sendTransaction", request.clone()).expect("it pays for its gas");
    seeds.push(Seed::valid("a-transaction-that-waits", input()));
    node.call("eth_sendTransaction", request).expect("it pays for its gas");
    node.devnet.mine().expect("memory can be written");
    seeds.push(Seed::valid("two-transactions", input()).local());
    seeds.push(Seed::refused("nothing", []));
    seeds
}

/// Changes of a header, by field.
fn words() -> Vec<Vec<u8>> {
    let numbers = [0, 1, 2, 21_000, 1 << 32, i64::MAX as u64, u64::MAX - 1, u64::MAX];
    let change = |field: u8, number: u64| {
        [&[HEADER], &block(&[&[field][..], &number.to_be_bytes()].concat())[..]].concat()
    };
    (0..9).flat_map(|field| numbers.map(|number| change(field, number))).collect()
}
