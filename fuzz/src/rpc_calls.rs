//! Calls of JSON-RPC that make some sense: each byte chooses a method, a parameter, a number. Where
//! changed text mostly stops being JSON, a changed byte here is another call.

use std::cell::OnceCell;

use serde_json::{Map, Value, json};

use crate::{Seed, Target, Verdict, bytes::Bytes, no_words, node::Node};

/// Calls that make some sense.
pub const TARGET: Target = Target { name: "rpc_calls", run, seeds, words: no_words, runs: 2_000 };

/// Calls in a row, at most.
const CALLS: usize = 8;
/// Parameters of a call, at most.
const PARAMETERS: usize = 4;
/// How deep parameters are nested, at most.
const DEPTH: usize = 3;

/// What objects of parameters have in them: transactions, filters, overrides, tracers.
const KEYS: [&str; 36] = [
    "from",
    "to",
    "data",
    "input",
    "value",
    "gas",
    "gasPrice",
    "maxFeePerGas",
    "maxPriorityFeePerGas",
    "nonce",
    "chainId",
    "type",
    "accessList",
    "authorizationList",
    "blobVersionedHashes",
    "storageKeys",
    "address",
    "fromBlock",
    "toBlock",
    "blockHash",
    "topics",
    "blockNumber",
    "requireCanonical",
    "balance",
    "code",
    "state",
    "stateDiff",
    "movePrecompileToAddress",
    "tracer",
    "tracerConfig",
    "onlyTopCall",
    "withLog",
    "diffMode",
    "disableStorage",
    "timeout",
    "stateOverrides",
];

/// Words that some parameter knows.
const WORDS: [&str; 16] = [
    "latest",
    "pending",
    "earliest",
    "safe",
    "finalized",
    "callTracer",
    "prestateTracer",
    "4byteTracer",
    "noopTracer",
    "muxTracer",
    "euint64",
    "ebool",
    "eaddress",
    "10s",
    "",
    "0x",
];

thread_local! {
    static TALKER: OnceCell<Talker> = const { OnceCell::new() };
}

struct Talker {
    node: Node,
    methods: Vec<&'static str>,
    /// Values that stand for something.
    things: Vec<Value>,
}

/// Makes calls.
///
/// # Panics
/// If a method panicked.
pub fn run(data: &[u8]) -> Verdict {
    TALKER.with(|talker| talker.get_or_init(Talker::new).talk(Bytes(data)))
}

impl Talker {
    fn new() -> Self {
        let node = Node::new();
        let module = ciphervm_node::rpc::module(node.devnet.clone());
        let mut methods: Vec<_> =
            module.expect("each method has a name of its own").method_names().collect();
        methods.sort_unstable();
        let block = node.devnet.chain(|chain| chain.head().clone());
        let hosts = node.devnet.host().addresses;
        let mut things = vec![
            json!(node.handle),
            json!(block.hash()),
            json!(block.transactions[0].hash()),
            json!(hosts.executor),
            json!(hosts.acl),
            json!(hosts.hcu_limit),
            json!(node.probers[0]),
            json!({ "from": node.accounts()[0], "to": hosts.acl, "data": "0x0d8e6e2c" }),
        ];
        things.extend(node.accounts().iter().map(|account| json!(account)));
        Self { node, methods, things }
    }

    fn talk(&self, mut data: Bytes<'_>) -> Verdict {
        let mut calls = 0;
        let mut answered = false;
        while !data.is_empty() && calls < CALLS {
            let method = self.methods
                [usize::from(u16::from_le_bytes([data.byte(), data.byte()])) % self.methods.len()];
            let count = data.below(PARAMETERS + 1);
            let params: Vec<Value> = (0..count).map(|_| self.value(&mut data, DEPTH)).collect();
            let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
            answered |= self.node.answers(call.to_string().into_bytes());
            calls += 1;
        }
        self.node.restore();
        Verdict::of(answered)
    }

    fn value(&self, data: &mut Bytes<'_>, depth: usize) -> Value {
        match data.byte() % 16 {
            0..4 => self.things[data.below(self.things.len())].clone(),
            4..6 => json!(data.pick(&WORDS)),
            6 | 7 => json!(format!("{:#x}", data.byte())),
            8 => json!(data.byte()),
            9 => {
                // Numbers at the ends of the common widths.
                let bits = u32::from(data.byte() % 128);
                let number = (1_u128 << bits).wrapping_sub(u128::from(data.byte() % 2));
                json!(format!("{number:#x}"))
            }
            10 => {
                let count = data.below(70);
                json!(alloy_primitives::hex::encode_prefixed(data.take(count)))
            }
            11 => json!(data.byte().is_multiple_of(2)),
            12 | 13 if depth > 0 => {
                let count = data.below(5);
                (0..count).map(|_| self.value(data, depth - 1)).collect()
            }
            14 | 15 if depth > 0 => {
                let mut object = Map::new();
                for _ in 0..data.below(6) {
                    let key = data.pick(&KEYS).to_owned();
                    object.insert(key, self.value(data, depth - 1));
                }
                object.into()
            }
            _ => Value::Null,
        }
    }
}

/// Every method without parameters, and with the one that most of them take.
fn seeds() -> Vec<Seed> {
    let talker = Talker::new();
    let mut seeds = Vec::new();
    for (number, method) in talker.methods.iter().enumerate() {
        let number = u16::try_from(number).expect("there are some hundreds").to_le_bytes();
        let empty = [&number[..], &[0]].concat();
        // One parameter: the first of the things, a handle.
        let handle = [&number[..], &[1, 0, 0]].concat();
        for (form, bytes) in [("", empty), ("-of-a-handle", handle)] {
            if talker.talk(Bytes(&bytes)) == Verdict::Accepted {
                seeds.push(Seed::valid(format!("{method}{form}"), bytes));
            }
        }
    }
    seeds
}
