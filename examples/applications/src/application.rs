//! What an application is, and what running one tells.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use crate::{Backend, Costs, Stage};

/// A computation that is done twice: encrypted, on a chain, and on plain integers.
pub trait Application {
    /// What it comes to.
    type Outcome: fmt::Debug + PartialEq;

    /// Its name, with its size.
    fn name(&self) -> String;

    /// Does it on plain integers.
    fn plain(&self) -> Self::Outcome;

    /// Does it on a chain, encrypted.
    ///
    /// # Errors
    /// If a transaction fails, or a value cannot be decrypted by who should be able to.
    fn encrypted(&self, stage: &mut Stage) -> Result<Self::Outcome>;

    /// Writes what there is to look at into `folder`.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn keep(&self, _encrypted: &Self::Outcome, _folder: &Path) -> Result<Option<PathBuf>> {
        Ok(None)
    }
}

/// An [`Application`] of whatever outcome.
pub trait Performance {
    /// Its name.
    fn name(&self) -> String;

    /// Does it both ways and compares.
    ///
    /// # Errors
    /// If it cannot be done; a difference is no error.
    fn perform(&self, backend: &Backend, folder: &Path) -> Result<Row>;
}

impl<A: Application> Performance for A {
    fn name(&self) -> String {
        Application::name(self)
    }

    fn perform(&self, backend: &Backend, folder: &Path) -> Result<Row> {
        let name = Application::name(self);
        let start = Instant::now();
        let mut stage = Stage::new(backend)?;
        stage.announce(&name);
        let encrypted = self.encrypted(&mut stage).with_context(|| name.clone())?;
        let (equal, costs) = (encrypted == self.plain(), stage.costs());
        let artifact = self.keep(&encrypted, folder)?;
        Ok(Row { name, equal, costs, elapsed: start.elapsed(), artifact })
    }
}

/// What an application's run told.
#[derive(Clone, Debug)]
pub struct Row {
    /// The application.
    pub name: String,
    /// Whether the encrypted computation came to what the plain one does.
    pub equal: bool,
    /// What its blocks cost.
    pub costs: Costs,
    /// From the first proof to the last decryption.
    pub elapsed: Duration,
    /// Where there is something to look at.
    pub artifact: Option<PathBuf>,
}

/// The rows as a table.
pub fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header([
        "application",
        "equal",
        "HCU",
        "PBS",
        "evaluation, s",
        "in all, s",
        "to look at",
    ]);
    for Row { name, equal, costs, elapsed, artifact } in rows {
        table.add_row([
            name.clone(),
            if *equal { "yes" } else { "NO" }.to_owned(),
            costs.hcu.to_string(),
            costs.bootstraps.to_string(),
            format!("{:.1}", costs.evaluation.as_secs_f64()),
            format!("{:.1}", elapsed.as_secs_f64()),
            artifact.as_ref().map_or_else(String::new, |path| path.display().to_string()),
        ]);
    }
    table
}
