//! `ciphervm devnet`: a development chain that wallets, frameworks and scripts connect to.

mod first;
mod local;

pub(super) use local::Local;

use std::{
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process,
    sync::Arc,
    time::Duration,
};

use alloy_primitives::{B256, U256, utils::parse_ether};
use anyhow::{Context, Result, bail};
use ciphervm_fhe::{
    CachedStore, CiphertextStore, DatabaseStore, Evaluator, GraphEvaluator, MemoryStore,
    ProofVerifier, ReferenceEngine, TfheEngine,
};
use ciphervm_kms::{
    DecryptionService, Kms, LOCAL_KMS_KEY, LocalService, Origin, ReferenceKms, Signer,
};
use ciphervm_precompiles::{HcuLimits, HostAddresses, HostConfig};
use clap::{Args, ValueEnum};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use crate::{
    chain::{Genesis, MAX_GAS_LIMIT, MIN_GAS_LIMIT},
    data_dir::{DataDir, Identity},
    decryption::{DevnetChain, RemoteService, Token, contracts, domains},
    devnet::{self, Accounts, CompareEvaluator, Devnet, Mining, Setup, mine_by_interval},
    keys::{self, CircuitKind},
    machine::{CACHE_BYTES, Machine},
    monitoring,
    pool::Order,
    relayer::{self, PublicMaterial},
    rpc, server,
};

/// The chain id on which the addresses of the host contracts are known to Solidity libraries, and
/// the only one for keys that everybody knows.
pub(super) const DEV_CHAIN: u64 = 31337;
/// How long what runs may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// Start a development chain with real FHE.
///
/// Point Hardhat, Foundry, viem or ethers at the address it prints. Everything is in memory unless
/// --data-dir names a directory. Anybody who reaches the port can do anything: leave it on the
/// loopback interface.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Options {
    /// Port to listen on; 0 takes a free one.
    #[arg(short, long, default_value_t = 8545, help_heading = "Network")]
    port: u16,
    /// Address to listen on.
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), help_heading = "Network")]
    host: IpAddr,

    /// Number of accounts with ether, whose keys the devnet holds.
    #[arg(short, long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000), help_heading = "Accounts")]
    accounts: u32,
    /// BIP-39 mnemonic that the accounts are derived from.
    #[arg(short, long, value_name = "WORDS", default_value = devnet::MNEMONIC, hide_default_value = true, help_heading = "Accounts")]
    mnemonic: String,
    /// Balance of each account at the start, in ether.
    #[arg(long, value_name = "ETHER", default_value = "10000", value_parser = ether, help_heading = "Accounts")]
    balance: U256,

    /// Chain id. Solidity libraries know the host contracts' addresses on 31337.
    #[arg(long, value_name = "ID", default_value_t = DEV_CHAIN, help_heading = "Chain")]
    chain_id: u64,
    /// Make a block every so many seconds, and not for each transaction.
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "no_mining", help_heading = "Chain")]
    block_time: Option<Duration>,
    /// Make blocks only when asked to, with `evm_mine`.
    #[arg(long, help_heading = "Chain")]
    no_mining: bool,
    /// Which waiting transaction comes first.
    #[arg(long, value_enum, default_value_t = OrderKind::Fees, help_heading = "Chain")]
    order: OrderKind,
    /// Gas limit of blocks.
    #[arg(long, value_name = "GAS", default_value_t = 30_000_000, value_parser = clap::value_parser!(u64).range(MIN_GAS_LIMIT..=MAX_GAS_LIMIT), help_heading = "Chain")]
    gas_limit: u64,
    /// Base fee of the first block, in wei.
    #[arg(long, value_name = "WEI", default_value_t = Genesis::BASE_FEE, value_parser = clap::value_parser!(u64).range(0..=1_000_000_000_000_000), help_heading = "Chain")]
    base_fee: u64,
    /// Timestamp of the first block, in seconds since 1970 [default: now].
    #[arg(long, value_name = "SECONDS", help_heading = "Chain")]
    timestamp: Option<u64>,

    /// What operations are computed on.
    #[arg(long, value_enum, default_value_t = EvaluatorKind::Tfhe, help_heading = "Encryption")]
    evaluator: EvaluatorKind,
    /// Whether a block waits for its ciphertexts.
    #[arg(long, value_enum, default_value_t = Settle::Async, help_heading = "Encryption")]
    settle: Settle,
    /// How long a query waits for a ciphertext, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds, help_heading = "Encryption")]
    settle_timeout: Duration,
    /// Directory of the keyset; generated there if it holds none [default: in the user's cache].
    #[arg(long, value_name = "DIR", help_heading = "Encryption")]
    keys: Option<PathBuf>,
    /// What circuits are made for. A KMS in another process has to be told the same.
    #[arg(long, value_enum, default_value_t = CircuitKind::Throughput, help_heading = "Encryption")]
    profile: CircuitKind,
    /// Threads that evaluate [default: one per core].
    #[arg(long, value_name = "N", help_heading = "Encryption")]
    threads: Option<usize>,
    /// Homomorphic work of a transaction, at most, in HCU.
    #[arg(long, value_name = "HCU", default_value_t = HcuLimits::default().per_tx, help_heading = "Encryption")]
    hcu_per_transaction: u64,
    /// Homomorphic work of a chain of dependent operations in a transaction, at most, in HCU.
    #[arg(long, value_name = "HCU", default_value_t = HcuLimits::default().depth_per_tx, help_heading = "Encryption")]
    hcu_depth: u64,
    /// Homomorphic work of a block, at most, in HCU [default: no limit].
    #[arg(long, value_name = "HCU", help_heading = "Encryption")]
    hcu_per_block: Option<u64>,
    /// Address of a KMS in another process, `ciphervm kms`: this one does not read the secret key
    /// then, and opens nothing for developers.
    #[arg(long, value_name = "URL", help_heading = "Encryption")]
    kms: Option<String>,
    /// File of that KMS's token [default: in the user's cache].
    #[arg(long, value_name = "FILE", requires = "kms", help_heading = "Encryption")]
    kms_token_file: Option<PathBuf>,
    /// Accept a keyset from a published seed on a chain other than 31337.
    #[arg(long, help_heading = "Encryption")]
    insecure_test_keys: bool,

    /// Directory that keeps chain and ciphertexts [default: memory].
    #[arg(long, value_name = "DIR", help_heading = "Storage")]
    data_dir: Option<PathBuf>,
    /// File that the chain is read from at the start, if it exists, and written to at the end.
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir", help_heading = "Storage")]
    state: Option<PathBuf>,

    /// Serve the page in DIR on the same port. Build that of the examples with `npm ci && npm run
    /// build` in its directory [default without DIR: examples/page/dist].
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "examples/page/dist", value_parser = page, help_heading = "Network")]
    ui: Option<PathBuf>,

    /// Print logs as JSON.
    #[arg(long, help_heading = "Output")]
    json_logs: bool,
    /// Serve numbers for Prometheus at /metrics, on the same port.
    #[arg(long, help_heading = "Output")]
    metrics: bool,
    /// Print neither the banner nor logs other than warnings. `RUST_LOG` says more precisely what
    /// is logged.
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

/// What operations are computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EvaluatorKind {
    /// Real FHE on ciphertexts.
    Tfhe,
    /// Plaintexts: instant, and nothing is secret. For development only.
    Reference,
    /// Real FHE, each result compared with plaintexts: a difference is an error.
    Compare,
}

/// Whether a block waits for its ciphertexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Settle {
    /// They are computed behind the blocks.
    Async,
    /// A block counts only when they are there.
    Sync,
}

/// Which waiting transaction comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OrderKind {
    /// The one that pays the higher tip.
    Fees,
    /// The one that came first.
    Fifo,
}

fn ether(text: &str) -> Result<U256, String> {
    parse_ether(text).map_err(|error| format!("not an amount of ether: {error}"))
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if duration.is_zero() { Err("it must be more than zero".to_owned()) } else { Ok(duration) }
}

fn page(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.join("index.html").is_file() {
        return Ok(path);
    }
    Err("it has no index.html: build the page with `npm ci && npm run build` in examples/page, or \
         name the directory of another"
        .to_owned())
}

/// What evaluates and decrypts.
struct Engine {
    evaluator: Arc<dyn Evaluator>,
    kms: Arc<dyn Kms>,
    /// Nothing on plaintexts.
    proofs: Option<Arc<ProofVerifier>>,
    description: String,
}

/// Runs the devnet until it is told to stop.
///
/// # Errors
/// If it cannot start, or the state cannot be written at the end.
pub fn run(options: &Options) -> Result<()> {
    log(options.quiet, options.json_logs);
    let Started { devnet, data_dir, engine } = start(options)?;
    first::warn(options, &devnet);

    let runtime = Runtime::new().context("no threads for the server")?;
    runtime.block_on(serve(options, &devnet, &engine))?;
    runtime.shutdown_timeout(GRACE);

    if let Some(file) = &options.state {
        save(&devnet, file)?;
    }
    finish(&devnet, data_dir.is_some());
    Ok(())
}

/// A devnet that nobody can reach yet.
struct Started {
    devnet: Arc<Devnet>,
    /// Where it is kept.
    data_dir: Option<DataDir>,
    /// What it computes on, in words.
    engine: String,
}

/// Starts the devnet that the options ask for.
///
/// # Errors
/// If its keys, its directory or its state cannot be read.
fn start(options: &Options) -> Result<Started> {
    let host = HostConfig { addresses: HostAddresses::LOCAL, ..HostConfig::default() };
    let accounts = Accounts::derive(&options.mnemonic, options.accounts)?;
    let genesis = first::genesis(options, &accounts)?;
    let engine = engine(options)?;
    let identity = Identity {
        chain_id: options.chain_id,
        engine_class: engine.evaluator.class(),
        profile: (options.evaluator != EvaluatorKind::Reference).then(|| options.profile.into()),
    };
    let data_dir =
        options.data_dir.as_deref().map(|path| DataDir::open(path, &identity)).transpose()?;
    let store: Arc<dyn CiphertextStore> = match &data_dir {
        Some(directory) => Arc::new(CachedStore::new(directory.store()?, CACHE_BYTES)),
        None if options.evaluator == EvaluatorKind::Reference => Arc::new(MemoryStore::default()),
        None => Arc::new(CachedStore::new(temporary_store()?, CACHE_BYTES)),
    };
    let journal = data_dir.as_ref().map(DataDir::journal).transpose()?;
    let devnet = Arc::new(Devnet::start(Setup {
        chain_id: options.chain_id,
        genesis,
        host,
        accounts,
        mining: Mining {
            automatic: options.block_time.is_none() && !options.no_mining,
            interval: options.block_time,
        },
        order: match options.order {
            OrderKind::Fees => Order::Tip,
            OrderKind::Fifo => Order::Fifo,
        },
        synchronous: options.settle == Settle::Sync,
        patience: options.settle_timeout,
        evaluator: engine.evaluator,
        store,
        proofs: engine.proofs,
        kms: engine.kms,
        journal,
    })?);
    if let Some(file) = options.state.as_deref().filter(|file| file.exists()) {
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        devnet.load(&bytes).with_context(|| format!("{} cannot be loaded", file.display()))?;
    }
    Ok(Started { devnet, data_dir, engine: engine.description })
}

/// Half a megabyte a value is too much for memory. The file has no name by the time that it is
/// used, so it goes with the process, however that ends.
fn temporary_store() -> Result<DatabaseStore> {
    let directory = tempfile::tempdir().context("no temporary directory for ciphertexts")?;
    Ok(DatabaseStore::open(&directory.path().join("ciphertexts.redb"))?)
}

async fn serve(options: &Options, devnet: &Arc<Devnet>, engine: &str) -> Result<()> {
    let address = SocketAddr::new(options.host, options.port);
    let module = rpc::module(Arc::clone(devnet))?;
    let mut http = relayer(options, devnet)?;
    if options.metrics {
        http = http.merge(monitoring::router(Arc::clone(devnet))?);
    }
    let ui = options.ui.as_deref();
    let server = server::start(address, module, http, ui, server::Limits::default()).await?;
    let mining = tokio::spawn(mine_by_interval(Arc::clone(devnet)));
    if !options.quiet {
        banner(options, devnet, engine);
    }
    // Whoever waits for the address may stop us right after it.
    let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
    println!("Listening on {}", server.local_address());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: once more stops at once, which loses nothing that was acknowledged");
    tokio::spawn(async move {
        interrupt.recv().await;
        process::exit(130);
    });
    mining.abort();
    server.stop().await;
    Ok(())
}

/// The relayer's routes, with the KMS behind them.
fn relayer(options: &Options, devnet: &Arc<Devnet>) -> Result<axum::Router> {
    let service: Arc<dyn DecryptionService> = match &options.kms {
        Some(url) => {
            let file = options.kms_token_file.clone().map_or_else(Token::default_path, Ok)?;
            Arc::new(RemoteService::new(url, Token::read(&file)?, options.settle_timeout))
        }
        None => Arc::new(LocalService::new(
            Arc::clone(devnet.kms()),
            Signer::new(LOCAL_KMS_KEY)?,
            Arc::new(DevnetChain(Arc::clone(devnet))),
            contracts(devnet.host()),
            domains(devnet.host(), options.chain_id),
        )),
    };
    let proofs = devnet.inputs().proofs();
    let keys = proofs.map(|proofs| PublicMaterial::new(proofs.keys(), proofs.crs())).transpose()?;
    Ok(relayer::router(Arc::clone(devnet), service, keys, relayer::Limits::default()))
}

/// Lets the running evaluation end, if that does not take long. What is left is resumed at the next
/// start, if there is a directory.
fn finish(devnet: &Devnet, kept: bool) {
    if !kept {
        process::exit(0);
    }
    let progress = devnet.settler().progress();
    if progress.running.is_some() && !devnet.settler().stop(GRACE) {
        tracing::info!("evaluation goes on after the next start");
        process::exit(0);
    }
}

fn save(devnet: &Devnet, file: &Path) -> Result<()> {
    // A state without its ciphertexts would be of no use.
    devnet.settler().wait(Duration::MAX)?;
    let bytes = devnet.dump()?;
    let new = file.with_extension("new");
    std::fs::write(&new, bytes)
        .and_then(|()| std::fs::rename(&new, file))
        .with_context(|| format!("the state cannot be written to {}", file.display()))
}

/// Starts logs on standard error.
pub(super) fn log(quiet: bool, json: bool) {
    let default = if quiet { "warn" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // These log whole requests, which may have secrets in them.
    let silenced = ["jsonrpsee-http=info", "jsonrpsee-server=info", "jsonrpsee-server-ws=info"];
    let directives = silenced.iter().filter_map(|directive| directive.parse().ok());
    let filter = directives.fold(filter, EnvFilter::add_directive);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // It fails if the process has logs already.
    let _ = if json {
        logs.json().try_init()
    } else {
        logs.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init()
    };
}

fn engine(options: &Options) -> Result<Engine> {
    let threads = options.threads.unwrap_or_else(Machine::default_threads);
    if options.kms.is_some() && options.evaluator != EvaluatorKind::Tfhe {
        bail!(
            "a KMS in another process opens nothing for this one, which --evaluator reference and \
             compare need: leave out --kms, or take --evaluator tfhe"
        );
    }
    if options.evaluator == EvaluatorKind::Reference {
        return Ok(Engine {
            evaluator: Arc::new(GraphEvaluator::new(ReferenceEngine, 1)?),
            kms: Arc::new(ReferenceKms),
            proofs: None,
            description: "reference: plaintexts, nothing is secret".to_owned(),
        });
    }
    let path = options.keys.clone().map_or_else(keys::default_path, Ok)?;
    let load = if options.kms.is_some() { keys::load_without_secret } else { keys::load };
    let loaded = load(&path, options.profile.into())?;
    if !options.quiet {
        println!("{loaded}\n");
    }
    let published = loaded.origin() == Origin::PublicSeed;
    if published && options.chain_id != DEV_CHAIN && !options.insecure_test_keys {
        bail!(
            "the keyset in {} comes from a published seed, so everybody can decrypt under it: \
             name another with --keys, or accept that with --insecure-test-keys",
            path.display()
        );
    }
    let proofs = ProofVerifier::new(Arc::clone(&loaded.keyset), Arc::new(loaded.crs()?), threads)?;
    let proofs = Some(Arc::new(proofs));
    let kms = loaded.kms;
    let real: Arc<dyn Evaluator> =
        Arc::new(GraphEvaluator::new(TfheEngine::new(loaded.keyset), threads)?);
    if options.evaluator == EvaluatorKind::Compare {
        return Ok(Engine {
            evaluator: Arc::new(CompareEvaluator::new(real, Arc::clone(&kms))),
            kms,
            proofs,
            description: format!("real FHE on {threads} threads, compared with plaintexts"),
        });
    }
    let description = format!("real FHE on {threads} threads");
    Ok(Engine { evaluator: real, kms, proofs, description })
}

fn banner(options: &Options, devnet: &Devnet, engine: &str) {
    println!("CipherVM {}: a development chain on encrypted data\n", env!("CARGO_PKG_VERSION"));
    if !devnet.accounts().addresses().is_empty() {
        let balance = match first::balance(devnet) {
            Some(balance) => format!(", with {} ETH each at the start", first::ether(balance)),
            None => String::new(),
        };
        println!("Accounts{balance}; everybody knows the keys of the default mnemonic");
        for (index, account) in devnet.accounts().addresses().iter().enumerate() {
            let key = devnet.accounts().signer(account).map_or(B256::ZERO, |key| key.to_bytes());
            println!("  ({index}) {account}  {key}");
        }
        println!("  Mnemonic: {}\n", options.mnemonic);
    }
    let hosts = &devnet.host().addresses;
    println!("Host contracts");
    for (name, address) in [
        ("FHEVMExecutor", hosts.executor),
        ("ACL", hosts.acl),
        ("InputVerifier", hosts.input_verifier),
        ("KMSVerifier", hosts.kms_verifier),
        ("HCULimit", hosts.hcu_limit),
        ("ProtocolConfig", hosts.protocol_config),
        ("PauserSet", hosts.pauser_set),
    ] {
        println!("  {name:<15} {address}");
    }
    let gateway = &devnet.host().gateway;
    println!("\nGateway, of which there are only its names in signatures");
    println!("  {:<15} {}", "chain id", gateway.chain_id);
    println!("  {:<15} {}", "Decryption", gateway.decryption);
    println!("  {:<15} {}", "InputVerification", gateway.input_verification);
    println!("\nChain id     {}", options.chain_id);
    println!("Evaluator    {engine}");
    println!("Secrecy      none: cipher_* encrypts and decrypts for anybody, for development only");
    let blocks = match (options.no_mining, options.block_time) {
        (true, _) => "when asked to (evm_mine)".to_owned(),
        (false, Some(time)) => format!("every {} seconds", time.as_secs_f64()),
        (false, None) => "one for each transaction".to_owned(),
    };
    println!("Blocks       {blocks}");
    println!("KMS          {}", options.kms.as_deref().unwrap_or("in this process"));
    println!("Relayer      on the same port, with and without the prefix /v2");
    if let Some(path) = &options.ui {
        println!("Page         {}, on the same port", path.display());
    }
    match &options.data_dir {
        Some(path) => {
            let head = devnet.chain(|chain| chain.head().number());
            println!("Data         {}, at block {head}", path.display());
        }
        None => println!("Data         in memory: --data-dir keeps it"),
    }
    println!();
}
