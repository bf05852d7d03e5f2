//! A hospital's secret model on patients' secret data.

use alloy_primitives::U256;
use alloy_sol_types::sol;
use anyhow::{Context, Result};
use ciphervm::fhe::FheType;

use crate::{Application, Stage, User, artifact::artifact};

sol! {
    interface DiagnosisContract {
        function setModel(bytes32[] thresholds, bytes32[] points, bytes proof) external;
        function admit(address patient, uint256 times) external;
        function diagnose(bytes32[] markers, bytes proof) external;
        function scoreOf(address patient) external view returns (bytes32);
    }
}

/// Number of the hospital's account.
const HOSPITAL: u8 = 200;

/// A model, and patients who ask it.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// For each marker a threshold, and points for a value above it.
    pub model: Vec<(u8, u8)>,
    /// For each patient a value of each marker.
    pub patients: Vec<Vec<u8>>,
}

impl Application for Diagnosis {
    /// The patients' scores.
    type Outcome = Vec<u64>;

    fn name(&self) -> String {
        format!("diagnosis, {} markers, {} patients", self.model.len(), self.patients.len())
    }

    fn plain(&self) -> Vec<u64> {
        let points = |(value, (threshold, points)): (&u8, &(u8, u8))| {
            if value > threshold { u64::from(*points) } else { 0 }
        };
        self.patients
            .iter()
            .map(|markers| markers.iter().zip(&self.model).map(points).sum())
            .collect()
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<Vec<u64>> {
        let (hospital, patients) = (User::new(HOSPITAL)?, User::several(1, self.patients.len())?);
        let contract = stage.deploy(&hospital, artifact!("Diagnosis"), &[])?;
        let thresholds = self.model.iter().map(|(threshold, _)| threshold);
        let points = self.model.iter().map(|(_, points)| points);
        let values = bytes(thresholds.chain(points));
        let input = stage.encrypt(&hospital, contract, &values)?;
        let mut handles: Vec<_> = input.handles.iter().map(|handle| handle.0).collect();
        let points = handles.split_off(self.model.len());
        let call =
            DiagnosisContract::setModelCall { thresholds: handles, points, proof: input.proof };
        stage.send(&hospital, contract, &call)?;

        let mut scores = Vec::with_capacity(patients.len());
        for (user, markers) in patients.iter().zip(&self.patients) {
            let patient = user.address;
            let admit = DiagnosisContract::admitCall { patient, times: U256::ONE };
            stage.send(&hospital, contract, &admit)?;
            let input = stage.encrypt(user, contract, &bytes(markers.iter()))?;
            let markers = input.handles.iter().map(|handle| handle.0).collect();
            let call = DiagnosisContract::diagnoseCall { markers, proof: input.proof };
            stage.send(user, contract, &call)?;
            let handle = stage.read(contract, &DiagnosisContract::scoreOfCall { patient })?;
            let score = stage.numbers(user, contract, &[handle])?;
            scores.push(*score.first().context("no score")?);
        }
        Ok(scores)
    }
}

fn bytes<'a>(values: impl Iterator<Item = &'a u8>) -> Vec<(FheType, u64)> {
    values.map(|value| (FheType::Uint8, u64::from(*value))).collect()
}
