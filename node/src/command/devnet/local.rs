//! A devnet in this process, for commands that talk to one.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use clap::Parser;
use tokio::runtime::Runtime;

use super::{GRACE, Options, Started, relayer, start};
use crate::{
    rpc,
    server::{self, Server},
};

/// The command line of a devnet.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// A devnet that listens on a free port of the loopback interface until it is dropped.
#[derive(Debug)]
pub(in crate::command) struct Local {
    /// As long as it is there.
    running: Option<(Runtime, Server)>,
    url: String,
}

impl Local {
    /// Starts a devnet with these arguments besides.
    ///
    /// # Errors
    /// If the arguments are none, or it cannot be started.
    pub(in crate::command) fn start(arguments: &[String]) -> Result<Self> {
        let fixed = ["devnet", "--port", "0", "--quiet"].map(str::to_owned);
        let line = fixed.into_iter().chain(arguments.iter().cloned());
        let Line { options } = Line::try_parse_from(line)?;
        let Started { devnet, .. } = start(&options)?;
        let http = relayer(&options, &devnet)?;
        let module = rpc::module(Arc::clone(&devnet))?;
        let runtime = Runtime::new().context("no threads for the server")?;
        let address = SocketAddr::new(options.host, options.port);
        let limits = server::Limits::default();
        let server = runtime.block_on(server::start(address, module, http, None, limits))?;
        let url = format!("http://{}", server.local_address());
        Ok(Self { running: Some((runtime, server)), url })
    }

    /// Where it listens.
    pub(in crate::command) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some((runtime, server)) = self.running.take() {
            runtime.block_on(server.stop());
            runtime.shutdown_timeout(GRACE);
        }
    }
}
