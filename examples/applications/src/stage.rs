//! Where applications are played: a chain, what computes for it, its inputs, and its KMS.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, anyhow, bail};
use ciphervm::{
    Block, Call, Chain, EncryptedInput, InputService, LOCAL_COPROCESSOR_KEY, Outcome, Receipt,
    Settlement,
    fhe::{
        CiphertextStore, ComputeLoad, Evaluator, FheType, GraphEvaluator, Handle, InputClient,
        MemoryStore, ProofVerifier, Record, ReferenceEngine, TfheEngine,
    },
    precompiles::{GenesisParams, HostConfig, auxiliary_data},
};
use ciphervm_kms::{
    ChainState, Contracts, DecryptionService, Domains, ExtraData, Kms, LOCAL_KMS_KEY, LocalService,
    PublicDecryption, ReferenceKms, Signer,
    error::{ChainError, Refusal},
    test_crs, test_keys,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{User, artifact};

/// What operations are computed on, and by whom.
#[derive(Clone, Debug)]
pub struct Backend {
    evaluator: Arc<dyn Evaluator>,
    kms: Arc<dyn Kms>,
    /// On ciphertexts: how clients encrypt, and who checks their proofs.
    proofs: Option<(Arc<InputClient>, Arc<ProofVerifier>)>,
}

impl Backend {
    /// Plaintexts: instant, and nothing is secret.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn reference() -> Result<Self> {
        let evaluator = Arc::new(GraphEvaluator::new(ReferenceEngine, 1)?);
        Ok(Self { evaluator, kms: Arc::new(ReferenceKms), proofs: None })
    }

    /// Real FHE, under keys that everybody knows.
    ///
    /// # Errors
    /// If no thread can be started, or the keys cannot be read.
    pub fn tfhe(threads: usize) -> Result<Self> {
        let ((keyset, kms), crs) = (test_keys(), test_crs());
        let client = Arc::new(InputClient::read(&keyset.public_key()?, crs.bytes())?);
        let verifier = Arc::new(ProofVerifier::new(Arc::clone(&keyset), crs, threads)?);
        let evaluator = Arc::new(GraphEvaluator::new(TfheEngine::new(keyset), threads)?);
        Ok(Self { evaluator, kms, proofs: Some((client, verifier)) })
    }
}

/// What blocks cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Homomorphic complexity units charged.
    pub hcu: u64,
    /// Programmable bootstraps of the evaluation. Opening an input's list takes one a block of two
    /// bits besides, which is the price of the input, not of the application.
    pub bootstraps: u64,
    /// Time of the evaluation.
    pub evaluation: Duration,
}

/// Values that everybody may know, with what a contract checks them by.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The values, in the order that was asked for.
    pub values: Vec<U256>,
    /// The same, ABI-encoded.
    pub cleartexts: Bytes,
    /// The signatures under them.
    pub proof: Bytes,
}

/// A chain whose blocks are settled as they are sealed, and who serves its users.
#[derive(Debug)]
pub struct Stage {
    host: HostConfig,
    chain: SharedChain,
    settlement: Settlement,
    inputs: InputService,
    client: Option<Arc<InputClient>>,
    kms: LocalService,
    domains: Domains,
    costs: Costs,
    progress: ProgressBar,
}

impl Stage {
    /// A new chain.
    ///
    /// # Errors
    /// If one of the published keys is not one, which is not to be expected.
    pub fn new(backend: &Backend) -> Result<Self> {
        let host = HostConfig::default();
        let chain = Chain::new(host, &GenesisParams::default());
        let store: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
        let domains = Domains {
            host_chain: chain.chain_id(),
            gateway_chain: host.gateway.chain_id,
            decryption: host.gateway.decryption,
        };
        let mut inputs = InputService::new(
            host,
            chain.chain_id(),
            Arc::clone(&backend.evaluator),
            Arc::clone(&store),
            LOCAL_COPROCESSOR_KEY,
        )?;
        let mut client = None;
        if let Some((encrypts, verifier)) = &backend.proofs {
            inputs = inputs.with_proofs(Arc::clone(verifier));
            client = Some(Arc::clone(encrypts));
        }
        let chain = SharedChain { chain: Arc::new(RwLock::new(chain)), store: Arc::clone(&store) };
        let kms = LocalService::new(
            Arc::clone(&backend.kms),
            Signer::new(LOCAL_KMS_KEY)?,
            Arc::new(chain.clone()),
            Contracts { acl: host.addresses.acl, kms_verifier: host.addresses.kms_verifier },
            domains,
        );
        let settlement =
            Settlement::new(host.addresses, Arc::clone(&backend.evaluator), Arc::clone(&store));
        Ok(Self {
            host,
            chain,
            settlement,
            inputs,
            client,
            kms,
            domains,
            costs: Costs::default(),
            progress: ProgressBar::hidden(),
        })
    }

    /// Shows on a terminal that something is going on.
    pub(crate) fn announce(&mut self, name: &str) {
        self.progress = ProgressBar::new_spinner().with_message(name.to_owned());
        self.progress.enable_steady_tick(Duration::from_millis(200));
    }

    /// Shows how many transactions of so many are done.
    pub(crate) fn expect(&self, transactions: u64) {
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {elapsed}") {
            self.progress.set_style(style);
        }
        self.progress.set_length(transactions);
    }

    /// What the blocks so far cost.
    pub const fn costs(&self) -> Costs {
        self.costs
    }

    /// Deploys the contract of an artifact's text, with its constructor's arguments ABI-encoded.
    ///
    /// # Errors
    /// If the deployment fails.
    pub fn deploy(&mut self, from: &User, artifact: &str, arguments: &[u8]) -> Result<Address> {
        let code = artifact::creation_code(artifact)?;
        let code = [&code[..], arguments].concat();
        let receipt = self.execute(Call::deploy(from.address, code))?;
        match receipt.contract {
            Some(contract) if receipt.is_success() => Ok(contract),
            _ => bail!("a deployment ended with {:?}", receipt.outcome),
        }
    }

    /// Encrypts values, as `user` does to pass them to `contract`: with a proof if there is
    /// something to prove.
    ///
    /// # Errors
    /// If there are too many, or one does not fit its type.
    pub fn encrypt(
        &self,
        user: &User,
        contract: Address,
        values: &[(FheType, u64)],
    ) -> Result<EncryptedInput> {
        match self.prove(user.address, contract, values)? {
            Some(list) => Ok(self.submit(user.address, contract, &list)?),
            None => Ok(self.inputs.encrypt(contract, user.address, &words(values))?),
        }
    }

    /// The bytes that a client makes: ciphertexts, and the proof that is bound to user and
    /// contract. `None` where there is nothing to prove.
    ///
    /// # Errors
    /// If there are too many values, or one does not fit its type.
    pub fn prove(
        &self,
        user: Address,
        contract: Address,
        values: &[(FheType, u64)],
    ) -> Result<Option<Vec<u8>>> {
        let Some(client) = &self.client else { return Ok(None) };
        let acl = self.host.addresses.acl;
        let metadata = auxiliary_data(contract, user, acl, self.domains.host_chain);
        Ok(Some(client.encrypt(&words(values), &metadata, ComputeLoad::Verify)?))
    }

    /// Has a client's bytes checked and stored.
    ///
    /// # Errors
    /// If the proof is not valid, or bound to another user or contract.
    pub fn submit(
        &self,
        user: Address,
        contract: Address,
        list: &[u8],
    ) -> Result<EncryptedInput, ciphervm::error::InputError> {
        self.inputs.submit(contract, user, list)
    }

    /// Executes and settles a call, which must succeed.
    ///
    /// # Errors
    /// If it does not.
    pub fn send<C: SolCall>(&mut self, from: &User, to: Address, call: &C) -> Result<C::Return> {
        returned::<C>(&self.attempt(from, to, call)?)
    }

    /// Executes and settles a call, however it ends.
    ///
    /// # Errors
    /// If the call is not valid, or settlement fails.
    pub fn attempt(&mut self, from: &User, to: Address, call: &impl SolCall) -> Result<Receipt> {
        self.execute(Call::new(from.address, to, call.abi_encode()))
    }

    fn execute(&mut self, call: Call) -> Result<Receipt> {
        let mut block = self.seal(&[call])?;
        self.progress.inc(1);
        block.receipts.pop().context("a transaction has no receipt")
    }

    fn seal(&mut self, calls: &[Call]) -> Result<Block> {
        let block = self.chain.write().execute(calls)?;
        let start = Instant::now();
        let settled = self.settlement.settle(block.logs())?;
        self.costs.evaluation += start.elapsed();
        self.costs.hcu += settled.hcu;
        self.costs.bootstraps += settled.bootstraps;
        Ok(block)
    }

    /// Lets at least so many seconds go by.
    ///
    /// # Errors
    /// If an empty block cannot be sealed, which is not to be expected.
    pub fn wait(&mut self, seconds: u64) -> Result<()> {
        let until = self.chain.read().time() + seconds;
        while self.chain.read().time() <= until {
            self.seal(&[])?;
        }
        Ok(())
    }

    /// Reads from a contract.
    ///
    /// # Errors
    /// If the call does not succeed.
    pub fn read<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return> {
        let call = Call::new(Address::ZERO, to, call.abi_encode());
        returned::<C>(&self.chain.read().call(&call)?)
    }

    /// Decrypts what everybody may know.
    ///
    /// # Errors
    /// The KMS's refusal.
    pub fn open(&self, handles: &[B256]) -> Result<Opened, Refusal> {
        let handles = handles.iter().copied().map(Handle).collect();
        let request = PublicDecryption { handles, extra_data: ExtraData::default() };
        let answer = self.kms.decrypt_for_all(&request)?;
        Ok(Opened {
            values: answer.decrypted.chunks_exact(32).map(U256::from_be_slice).collect(),
            cleartexts: answer.decrypted,
            // One signature, and no extra data.
            proof: [&[1][..], &answer.signature].concat().into(),
        })
    }

    /// Decrypts what `user` may know of `contract`'s values.
    ///
    /// # Errors
    /// If the KMS refuses, or the answer cannot be opened.
    pub fn decrypt(&self, user: &User, contract: Address, handles: &[B256]) -> Result<Vec<U256>> {
        let now = self.chain.read().time();
        let request = user.request(&self.domains, contract, handles, now)?;
        let answer = self.kms.decrypt_for_user(&request)?;
        Ok(user.recipient.open(&request, &answer, &self.domains, self.kms.address())?)
    }

    /// Decrypts values that fit 64 bits: see [`decrypt`](Self::decrypt).
    pub(crate) fn numbers(
        &self,
        user: &User,
        contract: Address,
        handles: &[B256],
    ) -> Result<Vec<u64>> {
        self.decrypt(user, contract, handles)?.into_iter().map(number).collect()
    }
}

/// A decrypted value of up to 64 bits.
pub(crate) fn number(value: U256) -> Result<u64> {
    u64::try_from(value).map_err(|_| anyhow!("{value} is not of 64 bits"))
}

/// What a call that succeeded returned.
///
/// # Errors
/// If it did not succeed, or returned something else than its ABI says.
pub fn returned<C: SolCall>(receipt: &Receipt) -> Result<C::Return> {
    match &receipt.outcome {
        Outcome::Success(data) => Ok(C::abi_decode_returns(data)?),
        other => bail!("{} ended with {other:?}", C::SIGNATURE),
    }
}

fn words(values: &[(FheType, u64)]) -> Vec<(FheType, U256)> {
    values.iter().map(|(ty, value)| (*ty, U256::from(*value))).collect()
}

/// The chain and its ciphertexts, as the KMS asks them.
#[derive(Clone, Debug)]
struct SharedChain {
    chain: Arc<RwLock<Chain>>,
    store: Arc<dyn CiphertextStore>,
}

impl SharedChain {
    fn read(&self) -> RwLockReadGuard<'_, Chain> {
        self.chain.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Chain> {
        self.chain.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ciphervm_kms::Chain for SharedChain {
    fn state(&self) -> Result<Box<dyn ChainState + '_>, ChainError> {
        Ok(Box::new(State { chain: self.read(), store: &*self.store }))
    }
}

struct State<'a> {
    chain: RwLockReadGuard<'a, Chain>,
    store: &'a dyn CiphertextStore,
}

impl ChainState for State<'_> {
    fn call(&self, to: Address, data: Bytes) -> Result<Option<Bytes>, ChainError> {
        let receipt = self.chain.call(&Call::new(Address::ZERO, to, data)).map_err(unreachable)?;
        Ok(match receipt.outcome {
            Outcome::Success(data) => Some(data),
            Outcome::Revert(_) | Outcome::Halt(_) => None,
        })
    }

    /// The chain has a clock of its own.
    fn time(&self) -> u64 {
        self.chain.time()
    }

    fn ciphertext(&self, handle: &Handle) -> Result<Arc<Record>, ChainError> {
        self.store
            .get(handle)
            .map_err(unreachable)?
            .ok_or_else(|| ChainError::NoCiphertext(format!("handle {handle} has no ciphertext")))
    }
}

fn unreachable(error: impl fmt::Display) -> ChainError {
    ChainError::Unreachable(error.to_string())
}
