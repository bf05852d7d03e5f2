//! A batch of orders of which only the net is opened.

use alloy_sol_types::sol;
use anyhow::Result;
use ciphervm::fhe::FheType;

use crate::{Application, Stage, User, artifact::artifact};

sol! {
    interface NetBatch {
        function order(bytes32 buys, bytes32 amount, bytes proof) external;
        function close() external;
        function netHandle() external view returns (bytes32);
        function open(bytes cleartexts, bytes proof) external;
        function net() external view returns (int32);
    }
}

/// Number of the account that runs the batch.
const MARKET: u8 = 200;

/// A batch.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Of each trader: whether to buy, and how much.
    pub orders: Vec<(bool, u16)>,
}

impl Application for Batch {
    /// What is left to buy, or to sell if below zero.
    type Outcome = i32;

    fn name(&self) -> String {
        format!("batch, {} orders", self.orders.len())
    }

    fn plain(&self) -> i32 {
        let signed = |&(buys, amount): &(bool, u16)| {
            if buys { i32::from(amount) } else { -i32::from(amount) }
        };
        self.orders.iter().map(signed).sum()
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<i32> {
        let (market, traders) = (User::new(MARKET)?, User::several(1, self.orders.len())?);
        let contract = stage.deploy(&market, artifact!("NetBatch"), &[])?;
        for (trader, &(buys, amount)) in traders.iter().zip(&self.orders) {
            let values = [(FheType::Bool, buys.into()), (FheType::Uint16, amount.into())];
            let input = stage.encrypt(trader, contract, &values)?;
            let (buys, amount) = (input.handles[0].0, input.handles[1].0);
            let call = NetBatch::orderCall { buys, amount, proof: input.proof };
            stage.send(trader, contract, &call)?;
        }
        stage.send(&market, contract, &NetBatch::closeCall {})?;
        let opened = stage.open(&[stage.read(contract, &NetBatch::netHandleCall {})?])?;
        let (cleartexts, proof) = (opened.cleartexts, opened.proof);
        stage.send(&market, contract, &NetBatch::openCall { cleartexts, proof })?;
        stage.read(contract, &NetBatch::netCall {})
    }
}
