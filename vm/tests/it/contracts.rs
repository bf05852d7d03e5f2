//! What contracts cost, and the page of the documentation that is made from it.

use std::{fmt::Write as _, fs, path::Path, sync::Arc};

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use ciphervm::{
    Accounts, Call, Chain, InputService, LOCAL_COPROCESSOR_KEY, Settlement,
    fhe::{Evaluator, FheType, GraphEvaluator, MemoryStore, Profile, Rewrites, SimulationEngine},
};
use ciphervm_precompiles::{GenesisParams, HostConfig};

use crate::lab::*;

/// The page, from the crate's folder.
const PAGE: &str = "../docs/reference/contracts.md";

mod abi {
    alloy_sol_types::sol! {
        function confidentialTransfer(address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
        function mint(address to, bytes32 amount, bytes inputProof) external returns (bytes32);
        function wrap(address to, uint256 amount) external returns (bytes32);
        function unwrap(address from, address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
        function approve(address spender, uint256 amount) external returns (bool);
        function delegate(address delegatee) external;
        function release(address token) external;
        function deposit(address account, uint64 amount) external;
        function swap(address buyer, bytes32 amount, uint64 price, bytes proof) external;
        function bid(bytes32 amount, uint64 bidder, bytes proof) external;
        function vote(bytes32 choice, bytes proof) external;
    }
}

sol! {
    function mint(address to, uint256 amount) external;
}

mod votes {
    alloy_sol_types::sol! {
        function mint(address to, uint64 amount) external;
    }
}

/// A chain whose ciphertexts are simulated.
struct Bench {
    chain: Chain,
    settlement: Settlement,
    inputs: InputService,
}

/// What a call recorded and took.
type Row = (&'static str, Accounts);

impl Bench {
    fn new(rewrites: Rewrites) -> Self {
        let host = HostConfig::default();
        let chain = Chain::new(host, &GenesisParams::default());
        let engine = SimulationEngine::new(Profile::Throughput, rewrites);
        let evaluator: Arc<dyn Evaluator> =
            Arc::new(GraphEvaluator::new(engine, 1).expect("threads"));
        let store = Arc::new(MemoryStore::new());
        let inputs = InputService::new(
            host,
            chain.chain_id(),
            Arc::clone(&evaluator),
            Arc::clone(&store) as _,
            LOCAL_COPROCESSOR_KEY,
        )
        .expect("a secret key");
        let settlement = Settlement::new(host.addresses, evaluator, store);
        Self { chain, settlement, inputs }
    }

    fn execute(&mut self, call: Call) -> (Option<Address>, Accounts) {
        let block = self.chain.execute(&[call]).expect("a valid transaction");
        let receipt = &block.receipts[0];
        assert!(receipt.is_success(), "{receipt:?}");
        let settled = self.settlement.settle(block.logs()).expect("it settles");
        (receipt.contract, settled.transactions[0])
    }

    fn deploy(&mut self, name: &str, arguments: Vec<u8>) -> Address {
        let code: Bytes = [&creation_code(name)[..], &arguments].concat().into();
        self.execute(Call::deploy(OWNER, code)).0.expect("a deployment has an address")
    }

    fn call(&mut self, from: Address, to: Address, call: &impl SolCall) -> Accounts {
        self.execute(Call::new(from, to, call.abi_encode())).1
    }

    /// An encrypted number of `user` for `contract`: its handle and the proof.
    fn number(
        &self,
        contract: Address,
        user: Address,
        value: u64,
    ) -> (alloy_primitives::B256, Bytes) {
        let values = [(FheType::Uint64, U256::from(value))];
        let input = self.inputs.encrypt(contract, user, &values).expect("one value");
        (input.handles[0].0, input.proof)
    }

    fn transfer(&mut self, token: Address, from: Address, to: Address) -> Accounts {
        let (amount, proof) = self.number(token, from, 5);
        self.call(from, token, &abi::confidentialTransferCall { to, amount, inputProof: proof })
    }

    fn token(&mut self) -> Vec<Row> {
        let strings = ("Test".to_owned(), "TEST".to_owned(), String::new());
        let arguments = (OWNER, strings.0, strings.1, strings.2).abi_encode_params();
        let token = self.deploy("ConfidentialToken", arguments);
        let mint = |bench: &mut Self, to| {
            let (amount, proof) = bench.number(token, OWNER, 1_000);
            bench.call(OWNER, token, &abi::mintCall { to, amount, inputProof: proof })
        };
        mint(self, ALICE);
        mint(self, BOB);
        let minted = mint(self, ALICE);
        let transferred = self.transfer(token, ALICE, BOB);
        let first = self.transfer(token, ALICE, CAROL);
        vec![
            ("ERC7984: transfer", transferred),
            ("ERC7984: transfer to an empty account", first),
            ("ERC7984: mint", minted),
        ]
    }

    fn wrapper(&mut self) -> Vec<Row> {
        let coin = self.deploy("Coin", Vec::new());
        let wrapped = self.deploy("WrappedCoin", coin.abi_encode());
        let million = U256::from(10).pow(U256::from(24));
        self.call(OWNER, coin, &mintCall { to: ALICE, amount: million });
        self.call(ALICE, coin, &abi::approveCall { spender: wrapped, amount: million });
        let wrap = abi::wrapCall { to: ALICE, amount: U256::from(10).pow(U256::from(18)) };
        self.call(ALICE, wrapped, &wrap);
        let unwrap = |bench: &mut Self| {
            let (amount, proof) = bench.number(wrapped, ALICE, 7);
            let unwrap = abi::unwrapCall { from: ALICE, to: ALICE, amount, inputProof: proof };
            bench.call(ALICE, wrapped, &unwrap)
        };
        // From here on the balance and the supply are no constants.
        unwrap(self);
        let (again, unwrapped) = (self.call(ALICE, wrapped, &wrap), unwrap(self));
        vec![("ERC7984ERC20Wrapper: wrap", again), ("ERC7984ERC20Wrapper: unwrap", unwrapped)]
    }

    fn votes(&mut self) -> Vec<Row> {
        let token = self.deploy("VotingToken", Vec::new());
        for voter in [ALICE, BOB] {
            self.call(OWNER, token, &votes::mintCall { to: voter, amount: 100 });
            self.call(voter, token, &abi::delegateCall { delegatee: voter });
        }
        let transferred = self.transfer(token, ALICE, BOB);
        let delegated = self.call(ALICE, token, &abi::delegateCall { delegatee: BOB });
        vec![("ERC7984Votes: transfer", transferred), ("ERC7984Votes: delegate", delegated)]
    }

    fn vesting(&mut self) -> Vec<Row> {
        let token = self.deploy("VotingToken", Vec::new());
        // Blocks are a dozen seconds apart.
        let arguments = (BOB, 1_700_000_000_u64, 1_000_000_u64).abi_encode_params();
        let vesting = self.deploy("Vesting", arguments);
        self.call(OWNER, token, &votes::mintCall { to: ALICE, amount: 1_000_000 });
        self.transfer(token, ALICE, vesting);
        self.call(BOB, vesting, &abi::releaseCall { token });
        let released = self.call(BOB, vesting, &abi::releaseCall { token });
        vec![("VestingWalletConfidential: release", released)]
    }

    fn exchange(&mut self) -> Vec<Row> {
        let exchange = self.deploy("Exchange", Vec::new());
        for account in [ALICE, BOB] {
            self.call(OWNER, exchange, &abi::depositCall { account, amount: 1_000 });
        }
        // Balances that are no constants any more.
        let swap = |bench: &mut Self| {
            let (amount, proof) = bench.number(exchange, ALICE, 3);
            bench.call(ALICE, exchange, &abi::swapCall { buyer: BOB, amount, price: 10, proof })
        };
        swap(self);
        let swapped = swap(self);
        let bid = |bench: &mut Self, bidder| {
            let (amount, proof) = bench.number(exchange, ALICE, bidder);
            bench.call(ALICE, exchange, &abi::bidCall { amount, bidder, proof })
        };
        bid(self, 7);
        let outbid = bid(self, 9);
        let vote = |bench: &mut Self| {
            let (choice, proof) = bench.number(exchange, BOB, 1);
            bench.call(BOB, exchange, &abi::voteCall { choice, proof })
        };
        vote(self);
        let voted = vote(self);
        vec![
            ("swap of two balances", swapped),
            ("bid in a blind auction", outbid),
            ("vote for one of three", voted),
        ]
    }
}

fn rows(rewrites: Rewrites) -> Vec<Row> {
    let mut bench = Bench::new(rewrites);
    let mut rows = bench.token();
    rows.extend(bench.wrapper());
    rows.extend(bench.votes());
    rows.extend(bench.vesting());
    rows.extend(bench.exchange());
    rows
}

fn page(before: &[Row], after: &[Row]) -> String {
    let mut page = String::from(
        "# Contracts\n\n\
         What transactions of contracts cost in programmable bootstraps (PBS), as recorded and after \
         [rewriting](../design.md#plans). *Live* are the operations whose results are needed later, \
         *depth* is how many bootstraps run one after the other. The first are OpenZeppelin's \
         contracts as published (`solidity/contracts/Published.sol`), the last three are in \
         `solidity/contracts/Exchange.sol`. Numbers have 64 bits, accounts have been used before.\n\n\
         A transfer of ERC-7984 takes 335 PBS with tfhe-rs's integer API.\n\n\
         The numbers come from the simulation on which every circuit is tested. This page is \
         generated: `UPDATE_DOCS=1 cargo test --workspace --test it contracts`.\n\n\
         | transaction | HCU | operations | live | PBS as recorded | depth | PBS | depth |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for ((name, before), (_, after)) in before.iter().zip(after) {
        let Accounts { hcu, recorded, live, .. } = before;
        writeln!(
            page,
            "| {name} | {hcu} | {recorded} | {live} | {} | {} | **{}** | {} |",
            before.bootstraps, before.depth, after.bootstraps, after.depth
        )
        .expect("a string takes all");
    }
    page
}

#[test]
fn the_page_on_contracts_is_up_to_date_and_no_rewrite_costs_more() {
    let (before, after) = (rows(Rewrites::NONE), rows(Rewrites::ALL));
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        assert_eq!((before.hcu, before.recorded), (after.hcu, after.recorded), "{name}");
        assert!(after.bootstraps <= before.bootstraps, "{name}");
    }
    let (name, transfer) = after[0];
    assert!(transfer.bootstraps <= 135, "{name}: {}", transfer.bootstraps);

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = page(&before, &after);
    if std::env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        fs::write(&path, &page).expect("a page");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "{PAGE} is not what the code gives; write it with `UPDATE_DOCS=1 cargo test --workspace \
         --test it contracts`"
    );
}
