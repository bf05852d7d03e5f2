//! A token whose balances and amounts are secret.

use alloy_sol_types::sol;
use anyhow::{Context, Result};
use ciphervm::fhe::FheType;

use crate::{Application, Stage, User, artifact::artifact, stage::number};

sol! {
    interface PrivateToken {
        function mint(address to, uint64 amount) external;
        function setOperator(address operator, bool approved) external;
        function transfer(address to, bytes32 amount, bytes proof) external returns (bytes32);
        function balanceOf(address account) external view returns (bytes32);
    }
}

/// The committed contract.
pub(crate) const ARTIFACT: &str = artifact!("PrivateToken");
/// Number of the issuer's account.
const ISSUER: u8 = 200;

/// Transfers between a few accounts.
#[derive(Clone, Debug)]
pub struct Token {
    /// What each account is given.
    pub funds: Vec<u64>,
    /// From which account to which, and how much.
    pub transfers: Vec<(usize, usize, u64)>,
}

impl Application for Token {
    /// The balances.
    type Outcome = Vec<u64>;

    fn name(&self) -> String {
        format!("private token, {} transfers", self.transfers.len())
    }

    fn plain(&self) -> Vec<u64> {
        let mut balances = self.funds.clone();
        for &(from, to, amount) in &self.transfers {
            if balances[from] >= amount {
                balances[from] -= amount;
                balances[to] += amount;
            }
        }
        balances
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<Vec<u64>> {
        let (issuer, users) = (User::new(ISSUER)?, User::several(1, self.funds.len())?);
        let token = stage.deploy(&issuer, ARTIFACT, &[])?;
        for (user, &amount) in users.iter().zip(&self.funds) {
            stage.send(&issuer, token, &PrivateToken::mintCall { to: user.address, amount })?;
        }
        for &(from, to, amount) in &self.transfers {
            let (from, to) = (&users[from], users[to].address);
            let input = stage.encrypt(from, token, &[(FheType::Uint64, amount)])?;
            let (amount, proof) = (input.handles[0].0, input.proof);
            stage.send(from, token, &PrivateToken::transferCall { to, amount, proof })?;
        }
        users
            .iter()
            .map(|user| {
                let account = user.address;
                let handle = stage.read(token, &PrivateToken::balanceOfCall { account })?;
                let values = stage.decrypt(user, token, &[handle])?;
                number(*values.first().context("no value")?)
            })
            .collect()
    }
}
