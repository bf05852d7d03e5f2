//! Other programs, run with their output passed through.

use std::{
    io::ErrorKind,
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

/// Runs a command to its end.
///
/// # Errors
/// If it cannot be started or does not succeed. The message is what to type to run it again.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| not_started(command, error))?;
    if !status.success() {
        bail!("`{}` failed with {status}", line(command));
    }
    Ok(())
}

/// Runs a command to its end and returns what it printed. Its errors are passed through.
///
/// # Errors
/// As [`run`].
pub(crate) fn read(command: &mut Command) -> Result<Vec<u8>> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, error))?;
    if !output.status.success() {
        bail!("`{}` failed with {}", line(command), output.status);
    }
    Ok(output.stdout)
}

/// The command as one would type it: variables, program, arguments.
pub(crate) fn line(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        Some(format!("{}={}", name.to_string_lossy(), quoted(&value?.to_string_lossy())))
    });
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| quoted(&word.to_string_lossy()));
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
}

fn not_started(command: &Command, error: std::io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy();
    match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("`{program}` is not installed, or not in PATH"),
        _ => anyhow::Error::new(error).context(format!("`{program}` cannot be started")),
    }
}
