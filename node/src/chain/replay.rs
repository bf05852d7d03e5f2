//! A block once more: its transactions are executed again, to be looked at.

use std::sync::Arc;

use alloy_evm::{EvmEnv, EvmFactory, ToTxEnv, block::SystemCaller, eth::EthEvmContext};
use revm::{
    DatabaseCommit, Inspector,
    context::{TxEnv, result::ResultAndState},
    database::WrapDatabaseRef,
    inspector::NoOpInspector,
};

use super::{
    Block, Chain, ChainError, Scratch, Simulator, WorldState, execution_error, rules::Prague,
};

/// A block, and what it takes to execute it again. It is apart from the chain, so nothing waits
/// for it.
#[derive(Clone, Debug)]
pub struct Replay {
    block: Arc<Block>,
    /// The state before the block.
    before: WorldState,
    environment: EvmEnv,
    simulator: Simulator,
}

impl Chain {
    /// Block `number`, to be executed again. `None` if there is no such block, or it is the first
    /// one, for which nothing was executed.
    pub fn replay(&self, number: u64) -> Option<Replay> {
        let (block, _) = self.block(number)?;
        let (_, before) = self.block(number.checked_sub(1)?)?;
        Some(Replay {
            block: Arc::clone(block),
            before: before.clone(),
            environment: self.environment(&block.header),
            simulator: self.simulator(),
        })
    }
}

impl Replay {
    /// The block.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The block's environment.
    pub const fn environment(&self) -> &EvmEnv {
        &self.environment
    }

    /// Transaction `index` of the block, as it is executed.
    ///
    /// # Panics
    /// If the block has no such transaction.
    pub fn transaction(&self, index: usize) -> TxEnv {
        self.block.transactions[index].to_tx_env()
    }

    /// The state before transaction `index`: after the earlier ones, and after what is executed
    /// before all of them (EIP-2935, EIP-4788).
    ///
    /// # Errors
    /// If the machine fails.
    ///
    /// # Panics
    /// If the block has fewer transactions.
    pub fn state_before(&self, index: usize) -> Result<Scratch, ChainError> {
        let mut state = Scratch::new(self.before.clone());
        let mut evm = self.simulator.factory.create_evm(&mut state, self.environment.clone());
        SystemCaller::new(Prague)
            .apply_pre_execution_changes(self.block.header.inner(), &mut evm)
            .map_err(execution_error)?;
        drop(evm);
        for earlier in 0..index {
            let result = self.inspect(earlier, &state, NoOpInspector)?;
            state.commit(result.state);
        }
        Ok(state)
    }

    /// Executes transaction `index` on the state before it, watched by `inspector`. Its changes
    /// come with the result.
    ///
    /// # Errors
    /// If the machine fails, or the inspector aborts.
    ///
    /// # Panics
    /// If the block has no such transaction.
    pub fn inspect<'a, I>(
        &self,
        index: usize,
        state: &'a Scratch,
        inspector: I,
    ) -> Result<ResultAndState, ChainError>
    where
        I: Inspector<EthEvmContext<WrapDatabaseRef<&'a Scratch>>>,
    {
        let (environment, transaction) = (self.environment.clone(), self.transaction(index));
        self.simulator
            .inspect(WrapDatabaseRef(state), environment, transaction, inspector)
            .map_err(|error| ChainError::Execution(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
    use alloy_primitives::{Address, B256, Bytes, TxKind, U256, bytes};
    use alloy_signer::SignerSync;
    use ciphervm_precompiles::{GenesisParams, HostConfig};

    use super::*;
    use crate::{
        chain::{Attributes, Genesis, Transaction},
        devnet::{Accounts, MNEMONIC},
    };

    const GAS: u64 = 200_000;

    /// Deploys a contract that adds one to its first slot. It logs what it held, and the hash of
    /// the block before, which it asks the history contract for (EIP-2935).
    const COUNTER: Bytes = bytes!(
        "603a600c600039603a6000f3"
        "60005480600101600055600052"
        "600143036020"
        "526020602060206020730000f90827f1c53a10cb7a02335b1753200029355afa5060406000a000"
    );

    fn chain() -> (Chain, Accounts) {
        let accounts = Accounts::derive(MNEMONIC, 1).unwrap();
        let rich = (accounts.addresses()[0], U256::from(10).pow(U256::from(20)));
        let genesis = Genesis {
            timestamp: 1_700_000_000,
            gas_limit: 30_000_000,
            base_fee: Genesis::BASE_FEE,
            balances: [rich].into(),
            host: GenesisParams::default(),
        };
        let host = HostConfig::default();
        let (header, diff) = genesis.build(&host);
        (Chain::new(host, 31_337, header, &diff), accounts)
    }

    fn transaction(accounts: &Accounts, nonce: u64, to: TxKind, input: Bytes) -> Arc<Transaction> {
        let sender = accounts.addresses()[0];
        let transaction = TxEip1559 {
            chain_id: 31_337,
            nonce,
            gas_limit: GAS,
            max_fee_per_gas: 2_000_000_000,
            to,
            input,
            ..TxEip1559::default()
        };
        let signer = accounts.signer(&sender).unwrap();
        let signature = signer.sign_hash_sync(&transaction.signature_hash()).unwrap();
        let envelope: TxEnvelope = transaction.into_signed(signature).into();
        Arc::new(Transaction::new_unchecked(envelope, sender))
    }

    fn seal(chain: &mut Chain, transactions: Vec<Arc<Transaction>>) {
        let attributes = Attributes {
            timestamp: chain.head().header.timestamp + 12,
            beneficiary: Address::repeat_byte(0xfe),
            prev_randao: Some(B256::repeat_byte(7)),
            gas_limit: 30_000_000,
            base_fee: None,
        };
        let count = transactions.len();
        let candidate = chain.build(&attributes, transactions).unwrap();
        assert_eq!(candidate.block.transactions.len(), count);
        chain.push(candidate.block, &candidate.diff).unwrap();
    }

    #[test]
    fn a_replay_repeats_each_transaction_as_the_block_had_it() {
        let (mut chain, accounts) = chain();
        let counter = TxKind::Call(accounts.addresses()[0].create(0));
        let call = |nonce| transaction(&accounts, nonce, counter, Bytes::new());
        seal(&mut chain, vec![transaction(&accounts, 0, TxKind::Create, COUNTER), call(1)]);
        seal(&mut chain, vec![call(2), call(3), call(4)]);

        for (number, counts) in [(1, vec![0]), (2, vec![1, 2, 3])] {
            let replay = chain.replay(number).unwrap();
            let mut counted = Vec::new();
            for (index, receipt) in replay.block().receipts.iter().enumerate() {
                let state = replay.state_before(index).unwrap();
                let result = replay.inspect(index, &state, NoOpInspector).unwrap().result;
                assert_eq!(result.logs(), receipt.logs());
                assert_eq!(result.tx_gas_used(), replay.block().gas_used(index));
                counted.extend(result.logs().iter().map(|log| log.data.data[31]));
                let parent = replay.block().header.parent_hash;
                assert!(result.logs().iter().all(|log| log.data.data[32..] == parent[..]));
            }
            assert_eq!(counted, counts);
        }
        assert!(chain.replay(0).is_none() && chain.replay(3).is_none());
    }
}
