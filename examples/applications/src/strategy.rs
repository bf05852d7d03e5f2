//! A standing order whose terms nobody sees.

use alloy_sol_types::{SolValue, sol};
use anyhow::{Result, bail, ensure};
use ciphervm::fhe::FheType;

use crate::{Application, Stage, User, artifact::artifact};

sol! {
    interface PrivateStrategy {
        struct Order { bytes32 trigger; bytes32 size; bytes32 budget; bytes32 position; }

        function place(bytes32 trigger, bytes32 size, bytes32 budget, bytes proof) external;
        function execute(address owner, uint16 price) external;
        function orderOf(address owner) external view returns (Order memory);
    }
}

/// Number of the oracle's account.
const ORACLE: u8 = 200;

/// An order, and the prices that it meets.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// The highest price to buy at.
    pub trigger: u16,
    /// Units to buy each time.
    pub size: u16,
    /// What to spend at most.
    pub budget: u32,
    /// The prices, in order.
    pub prices: Vec<u16>,
}

/// What an order did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// What is left to spend.
    pub budget: u64,
    /// Units bought.
    pub position: u64,
}

impl Application for Strategy {
    type Outcome = Fill;

    fn name(&self) -> String {
        format!("private strategy, {} prices", self.prices.len())
    }

    fn plain(&self) -> Fill {
        let mut fill = Fill { budget: self.budget.into(), position: 0 };
        for price in &self.prices {
            let cost = u64::from(self.size) * u64::from(*price);
            if *price <= self.trigger && cost <= fill.budget {
                fill.budget -= cost;
                fill.position += u64::from(self.size);
            }
        }
        fill
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<Fill> {
        let (oracle, owner) = (User::new(ORACLE)?, User::new(1)?);
        let contract =
            stage.deploy(&oracle, artifact!("PrivateStrategy"), &oracle.address.abi_encode())?;
        let values = [
            (FheType::Uint16, self.trigger.into()),
            (FheType::Uint16, self.size.into()),
            (FheType::Uint32, self.budget.into()),
        ];
        let input = stage.encrypt(&owner, contract, &values)?;
        let call = PrivateStrategy::placeCall {
            trigger: input.handles[0].0,
            size: input.handles[1].0,
            budget: input.handles[2].0,
            proof: input.proof,
        };
        stage.send(&owner, contract, &call)?;
        for &price in &self.prices {
            let call = PrivateStrategy::executeCall { owner: owner.address, price };
            stage.send(&oracle, contract, &call)?;
        }
        let query = PrivateStrategy::orderOfCall { owner: owner.address };
        let order = stage.read(contract, &query)?;
        let handles = [order.trigger, order.size, order.budget, order.position];
        let values = stage.numbers(&owner, contract, &handles)?;
        let [trigger, size, budget, position] = values[..] else { bail!("not four values") };
        let terms = (u64::from(self.trigger), u64::from(self.size));
        ensure!((trigger, size) == terms, "the terms changed");
        Ok(Fill { budget, position })
    }
}
