//! Models, as `tools/ml-export` writes them.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::artifact::artifact;

/// A quantised model with its test set.
#[derive(Clone, Debug, Deserialize)]
pub struct Model {
    /// Name of its contract.
    pub contract: String,
    /// The version of scikit-learn, and the seed.
    pub trained_with: String,
    /// What the features are.
    pub features: Vec<String>,
    /// The classes, by number.
    pub classes: Vec<String>,
    /// The largest quantised feature.
    pub feature_max: u8,
    /// How it classifies.
    pub model: Kind,
    /// Shares of right answers.
    pub accuracy: Accuracy,
    /// The test set.
    pub test: TestSet,
}

/// How a model classifies.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Class 1 if a weighted sum is above zero, else class 0.
    Logistic {
        /// A weight for each feature.
        weights: Vec<i32>,
        /// What is added.
        bias: i32,
    },
    /// The class at the end of a way of comparisons.
    Tree(Node),
}

/// A node of a decision tree.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Node {
    /// The end: a class.
    Class(u8),
    /// A comparison.
    Split {
        /// Of this feature.
        feature: usize,
        /// With this number.
        threshold: u8,
        /// Where to go if the feature is above.
        above: Box<Self>,
        /// Where to go if not.
        otherwise: Box<Self>,
    },
}

/// Shares of right answers on the test set.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Accuracy {
    /// Before quantisation, with floating-point numbers.
    pub floating: f64,
    /// After it.
    pub quantised: f64,
    /// Rows that the two answer differently.
    pub rows_that_differ: usize,
}

/// A test set: rows that the model was not trained with.
#[derive(Clone, Debug, Deserialize)]
pub struct TestSet {
    /// Quantised features.
    pub inputs: Vec<Vec<u8>>,
    /// The true classes.
    pub labels: Vec<u8>,
    /// What the quantised model says.
    pub predictions: Vec<u8>,
}

impl Model {
    /// The committed models.
    ///
    /// # Errors
    /// If one is damaged.
    pub fn all() -> Result<Vec<Self>> {
        let texts = [
            include_str!("../../models/breast-cancer.json"),
            include_str!("../../models/iris.json"),
        ];
        texts.iter().map(|text| serde_json::from_str(text).context("a model is damaged")).collect()
    }

    /// The committed contract.
    pub(super) fn artifact(&self) -> Result<&'static str> {
        match &self.contract[..] {
            "BreastCancer" => Ok(artifact!("BreastCancer")),
            "Iris" => Ok(artifact!("Iris")),
            other => bail!("there is no contract {other}"),
        }
    }
}
