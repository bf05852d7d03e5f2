//! `ciphervm kms`: the key management service in a process of its own.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use ciphervm_kms::{LOCAL_KMS_KEY, LocalService, Signer};
use ciphervm_precompiles::HostConfig;
use clap::Args;
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::devnet::{DEV_CHAIN, log, seconds};
use crate::{
    decryption::{RpcChain, Token, contracts, domains, router},
    keys::{self, CircuitKind},
};

/// Run the key management service in a process of its own.
///
/// Start it first, and then the node with `ciphervm devnet --kms http://127.0.0.1:8546`, which
/// needs no access to `secret.key` then. The service asks the node's chain who may know what, and
/// decides by itself. Both read one token, which nobody else may know.
#[derive(Args, Debug)]
pub struct Options {
    /// Port to listen on; 0 takes a free one.
    #[arg(short, long, default_value_t = 8546)]
    port: u16,
    /// Address to listen on. Requests travel unencrypted: leave it on the loopback interface.
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// JSON-RPC address of the node whose chain decides.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    rpc: String,
    /// Chain id of that chain.
    #[arg(long, value_name = "ID", default_value_t = DEV_CHAIN)]
    chain_id: u64,
    /// How long a request waits for a ciphertext, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "70", value_parser = seconds)]
    patience: Duration,
    /// Directory of the keyset; generated there if it holds none [default: in the user's cache].
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// What the node's circuits are made for.
    #[arg(long, value_enum, default_value_t = CircuitKind::Throughput)]
    profile: CircuitKind,
    /// File of the token; written if it is not there [default: in the user's cache].
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print logs as JSON.
    #[arg(long)]
    json_logs: bool,
    /// Print warnings only.
    #[arg(short, long)]
    quiet: bool,
}

/// Runs the service until it is told to stop.
///
/// # Errors
/// If it cannot start.
pub fn run(options: &Options) -> Result<()> {
    log(options.quiet, options.json_logs);
    let token_file = options.token_file.clone().map_or_else(Token::default_path, Ok)?;
    let token = Token::read_or_create(&token_file)?;
    let path = options.keys.clone().map_or_else(keys::default_path, Ok)?;
    let loaded = keys::load(&path, options.profile.into())?;
    // The node proves with it, and need not be allowed to write beside the keys.
    loaded.crs()?;
    let host = HostConfig::default();
    let service = LocalService::new(
        loaded.kms.clone(),
        Signer::new(LOCAL_KMS_KEY)?,
        Arc::new(RpcChain::new(&options.rpc, options.patience)),
        contracts(&host),
        domains(&host, options.chain_id),
    );
    if !options.quiet {
        println!("{loaded}");
        println!(
            "Token in {}; chain {} at {}",
            token_file.display(),
            options.chain_id,
            options.rpc
        );
    }
    let address = SocketAddr::new(options.host, options.port);
    let runtime = Runtime::new().context("no threads for the server")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("{address} cannot be listened on: choose another --port"))?;
        let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
        let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
        println!("Listening on {}", listener.local_addr()?);
        let stop = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        let server = axum::serve(listener, router(Arc::new(service), token));
        server.with_graceful_shutdown(stop).await.context("the server failed")
    })
}
