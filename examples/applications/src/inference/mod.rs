//! Classifiers trained in the clear, on features that stay secret.

mod contract;
mod model;

use alloy_sol_types::sol;
use anyhow::{Context, Result};
use ciphervm::fhe::FheType;

pub use contract::render;
pub use model::{Kind, Model, Node};

use crate::{Application, Stage, User};

sol! {
    interface Classifier {
        function classify(bytes32[] features, bytes proof) external;
        function classOf(address account) external view returns (bytes32);
    }
}

/// Rows of a model's test set.
#[derive(Clone, Debug)]
pub struct Inference {
    /// The model.
    pub model: Model,
    /// How many rows, from the first on.
    pub rows: usize,
}

impl Application for Inference {
    /// The classes.
    type Outcome = Vec<u8>;

    fn name(&self) -> String {
        let of = self.model.test.inputs.len();
        format!("inference: {}, {} of {of} rows", self.model.contract, self.rows)
    }

    /// What the quantised model said in Python.
    fn plain(&self) -> Vec<u8> {
        self.model.test.predictions.iter().copied().take(self.rows).collect()
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<Vec<u8>> {
        let user = User::new(1)?;
        let contract = stage.deploy(&user, self.model.artifact()?, &[])?;
        let mut classes = Vec::with_capacity(self.rows);
        for row in self.model.test.inputs.iter().take(self.rows) {
            let values: Vec<_> = row.iter().map(|x| (FheType::Uint8, u64::from(*x))).collect();
            let input = stage.encrypt(&user, contract, &values)?;
            let features = input.handles.iter().map(|handle| handle.0).collect();
            let call = Classifier::classifyCall { features, proof: input.proof };
            stage.send(&user, contract, &call)?;
            let query = Classifier::classOfCall { account: user.address };
            let handle = stage.read(contract, &query)?;
            let class = stage.numbers(&user, contract, &[handle])?.pop().context("no class")?;
            classes.push(u8::try_from(class).context("a class is not of eight bits")?);
        }
        Ok(classes)
    }
}
