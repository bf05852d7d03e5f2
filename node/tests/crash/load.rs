//! Clients that use the token until the devnet is gone.

use std::sync::Mutex;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolCall, SolConstructor, sol};
use ciphervm_node::{
    artifact::Artifact,
    devnet::{Accounts, MNEMONIC},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    CHAIN,
    dice::Dice,
    ledger::{Action, EDITED, Ledger, Receipt, Sent},
    node::{Failure, Node},
};

sol! {
    interface Token {
        constructor(address owner, string name, string symbol, string uri);
        function mint(address to, bytes32 amount, bytes inputProof) external returns (bytes32);
        function mintClear(address to, uint64 amount) external returns (bytes32);
        function confidentialTransfer(address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
        function confidentialBalanceOf(address account) external view returns (bytes32);
    }
}

/// Accounts with the token. The first one owns it, and has nothing itself.
pub(crate) const ACCOUNTS: usize = 4;
/// More than any of these transactions needs.
const GAS: u64 = 4_000_000;

/// The addresses of the accounts.
pub(crate) fn accounts() -> Accounts {
    Accounts::derive(MNEMONIC, ACCOUNTS as u32).unwrap()
}

/// The token's address: the first contract of its owner.
pub(crate) fn token() -> Address {
    accounts().addresses()[0].create(0)
}

/// What a round of the load is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A block for each transaction.
    Automatic,
    /// A block for each transaction, with its ciphertexts.
    Synchronous,
    /// Transactions wait for blocks, which are made now and then.
    Waiting,
    /// One client goes back in time now and then.
    History,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Automatic, Self::Synchronous, Self::Waiting, Self::History];

    /// The devnet's flags.
    pub(crate) const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Automatic | Self::History => &[],
            Self::Synchronous => &["--settle", "sync"],
            Self::Waiting => &["--no-mining"],
        }
    }
}

/// Uses the token by all accounts, until the devnet is gone.
pub(crate) fn run(kind: Kind, node: &Node, ledger: &Mutex<Ledger>, seed: u64) {
    let accounts = accounts();
    let client = |index: usize| Client {
        kind,
        node,
        ledger,
        accounts: &accounts,
        sender: accounts.addresses()[index],
        dice: Dice::new(seed, index as u64),
    };
    std::thread::scope(|scope| match kind {
        Kind::History => drop(scope.spawn(|| client(1).until_gone(Client::go_back))),
        _ => {
            for index in 0..ACCOUNTS {
                scope.spawn(move || client(index).until_gone(Client::step));
            }
            scope.spawn(|| client(0).until_gone(Client::disturb));
        }
    });
}

/// Deploys the token and gives every account but its owner some.
pub(crate) fn prepare(node: &Node, ledger: &Mutex<Ledger>) {
    let accounts = accounts();
    let sender = accounts.addresses()[0];
    let dice = Dice::new(0, 0);
    let owner = Client { kind: Kind::Automatic, node, ledger, accounts: &accounts, sender, dice };
    let constructor = Token::constructorCall {
        owner: sender,
        name: "Crash".to_owned(),
        symbol: "CRASH".to_owned(),
        uri: String::new(),
    };
    let code = Artifact::confidential_token().unwrap().bytecode;
    let code = [&code[..], &constructor.abi_encode()].concat();
    owner.send(Action::Deploy, TxKind::Create, code.into()).unwrap();
    for &to in &accounts.addresses()[1..] {
        let amount = 1_000_000;
        let data = Token::mintClearCall { to, amount }.abi_encode();
        owner.send(Action::Mint { to, amount }, TxKind::Call(token()), data.into()).unwrap();
    }
}

/// What `cipher_encrypt` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Encrypted {
    pub(crate) handles: Vec<B256>,
    pub(crate) input_proof: Bytes,
}

struct Client<'a> {
    kind: Kind,
    node: &'a Node,
    ledger: &'a Mutex<Ledger>,
    accounts: &'a Accounts,
    sender: Address,
    dice: Dice,
}

impl Client<'_> {
    fn until_gone(mut self, step: impl Fn(&mut Self) -> Result<(), Failure>) {
        loop {
            match step(&mut self) {
                Ok(()) => {}
                Err(Failure::Gone) => return,
                Err(Failure::Refused(why)) => panic!("refused: {why}"),
            }
        }
    }

    /// A mint by the owner, a transfer by anybody else.
    fn step(&mut self) -> Result<(), Failure> {
        let to = *self.dice.pick(&self.accounts.addresses()[1..]);
        let amount = 1 + self.dice.below(400_000);
        let (handle, proof) = self.encrypt(amount)?;
        let (action, data) = if self.sender == self.accounts.addresses()[0] {
            let call = Token::mintCall { to, amount: handle, inputProof: proof };
            (Action::Mint { to, amount }, call.abi_encode())
        } else {
            let call = Token::confidentialTransferCall { to, amount: handle, inputProof: proof };
            (Action::Transfer { to, amount }, call.abi_encode())
        };
        self.send(action, TxKind::Call(token()), data.into())
    }

    /// Edits the state, or has a block made.
    fn disturb(&mut self) -> Result<(), Failure> {
        std::thread::sleep(self.dice.time(20));
        if self.kind == Kind::Waiting {
            return self.node.call::<Value>("evm_mine", json!([])).map(drop);
        }
        let balance = 1 + self.dice.below(1 << 40);
        self.lock().edits.push((balance, false));
        self.node.call::<Value>("anvil_setBalance", json!([EDITED, U256::from(balance)]))?;
        self.lock().edits.last_mut().unwrap().1 = true;
        Ok(())
    }

    /// A few transactions, which are undone sometimes.
    fn go_back(&mut self) -> Result<(), Failure> {
        let mark = self.lock().sent.len();
        let snapshot: Value = self.node.call("evm_snapshot", json!([]))?;
        for _ in 0..self.dice.below(4) {
            self.step()?;
        }
        if self.dice.below(3) > 0 {
            self.lock().reverting = Some(mark);
            let done: bool = self.node.call("evm_revert", json!([snapshot]))?;
            assert!(done);
            let mut ledger = self.lock();
            ledger.sent.truncate(mark);
            ledger.reverting = None;
        }
        Ok(())
    }

    /// An amount for the token: its handle and its proof.
    fn encrypt(&self, amount: u64) -> Result<(B256, Bytes), Failure> {
        let params = json!([amount.to_string(), "euint64", token(), self.sender]);
        let Encrypted { handles, input_proof } = self.node.call("cipher_encrypt", params)?;
        Ok((handles[0], input_proof))
    }

    /// Sends a transaction. It is noted before anything else, and its receipt is noted if it has
    /// one.
    fn send(&self, action: Action, to: TxKind, input: Bytes) -> Result<(), Failure> {
        let transaction = TxEip1559 {
            chain_id: CHAIN,
            nonce: self.lock().nonce(self.sender),
            gas_limit: GAS,
            max_fee_per_gas: 10_000_000_000,
            to,
            input,
            ..TxEip1559::default()
        };
        let signer = self.accounts.signer(&self.sender).unwrap();
        let signature = signer.sign_hash_sync(&transaction.signature_hash()).unwrap();
        let envelope: TxEnvelope = transaction.into_signed(signature).into();
        let hash = *envelope.hash();
        let (sender, acknowledged, receipt) = (self.sender, false, None);
        self.lock().sent.push(Sent { hash, sender, action, acknowledged, receipt });

        let raw = Bytes::from(envelope.encoded_2718());
        let answer: B256 = self.node.call("eth_sendRawTransaction", json!([raw]))?;
        assert_eq!(answer, hash);
        self.lock().acknowledge(hash, None);
        if self.kind != Kind::Waiting {
            let answer = self.node.call("eth_getTransactionReceipt", json!([hash]))?;
            let receipt = Receipt::of(answer);
            assert!(receipt.is_some(), "{hash} was acknowledged and is in no block");
            self.lock().acknowledge(hash, receipt);
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }
}
