//! A vote of which the count is all that becomes known.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolValue, sol};
use anyhow::Result;
use ciphervm::fhe::FheType;

use crate::{Application, Stage, User, artifact::artifact};

sol! {
    interface PrivateVote {
        function vote(bytes32 choice, bytes proof) external;
        function close() external;
        function count() external view returns (bytes32);
        function open(bytes cleartexts, bytes proof) external;
        function yes() external view returns (uint16);
    }
}

/// Seconds for voting.
const DURATION: u64 = 600;
/// Number of the account that asks.
const CHAIR: u8 = 200;

/// A vote by a few accounts.
#[derive(Clone, Debug)]
pub struct Vote {
    /// What each of them says.
    pub choices: Vec<bool>,
}

impl Application for Vote {
    /// How many said yes.
    type Outcome = usize;

    fn name(&self) -> String {
        format!("private vote, {} voters", self.choices.len())
    }

    fn plain(&self) -> usize {
        self.choices.iter().filter(|choice| **choice).count()
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<usize> {
        let (chair, voters) = (User::new(CHAIR)?, User::several(1, self.choices.len())?);
        let accounts: Vec<Address> = voters.iter().map(|voter| voter.address).collect();
        let arguments = (accounts, U256::from(DURATION)).abi_encode_params();
        let vote = stage.deploy(&chair, artifact!("PrivateVote"), &arguments)?;
        for (voter, &choice) in voters.iter().zip(&self.choices) {
            let input = stage.encrypt(voter, vote, &[(FheType::Bool, choice.into())])?;
            let (choice, proof) = (input.handles[0].0, input.proof);
            stage.send(voter, vote, &PrivateVote::voteCall { choice, proof })?;
        }
        stage.wait(DURATION)?;
        stage.send(&chair, vote, &PrivateVote::closeCall {})?;
        let opened = stage.open(&[stage.read(vote, &PrivateVote::countCall {})?])?;
        let (cleartexts, proof) = (opened.cleartexts, opened.proof);
        stage.send(&chair, vote, &PrivateVote::openCall { cleartexts, proof })?;
        Ok(stage.read(vote, &PrivateVote::yesCall {})?.into())
    }
}
