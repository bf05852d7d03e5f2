//! The `ciphervm` command.

use std::{io, process::ExitCode};

use ciphervm_node::command::{conformance, demo, devnet, keys, kms, sweep, trace, verify};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

/// An Ethereum virtual machine that computes on encrypted data.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Conformance(conformance::Options),
    Demo(demo::Options),
    Devnet(Box<devnet::Options>),
    Keys(keys::Options),
    Kms(kms::Options),
    Sweep(sweep::Options),
    Trace(trace::Options),
    Verify(verify::Options),
    /// Print what a shell needs to complete this command.
    ///
    /// For bash: `ciphervm completions bash > ~/.local/share/bash-completion/completions/ciphervm`
    Completions {
        /// The shell.
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Conformance(options) => conformance::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Devnet(options) => devnet::run(&options),
        Command::Keys(options) => keys::run(&options),
        Command::Kms(options) => kms::run(&options),
        Command::Sweep(options) => sweep::run(&options),
        Command::Trace(options) => trace::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "ciphervm", &mut io::stdout());
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
