//! The chain as of a block.

use std::sync::Arc;

use alloy_consensus::BlockHeader;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_evm::EvmEnv;
use alloy_primitives::B256;

use super::{
    Rpc,
    error::{Answer, not_found},
};
use crate::chain::{Block, Chain, Simulator, WorldState};

/// A block, the state after it, and what executes on it.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) block: Arc<Block>,
    pub(super) state: WorldState,
    /// The block's own.
    pub(super) environment: EvmEnv,
    pub(super) simulator: Simulator,
}

impl View {
    fn new(chain: &Chain, block: &Arc<Block>, state: WorldState) -> Self {
        Self {
            environment: chain.environment(&block.header),
            block: Arc::clone(block),
            state,
            simulator: chain.simulator(),
        }
    }
}

impl Rpc {
    /// The chain as of `id`, by default as it is now.
    pub(super) fn view(&self, id: Option<BlockId>) -> Answer<View> {
        let id = id.unwrap_or_default();
        if id.is_pending() {
            let (block, state) = self.devnet.pending()?;
            return Ok(self.devnet.chain(|chain| View::new(chain, &block, state)));
        }
        self.devnet.chain(|chain| {
            let number = number(chain, id);
            let found = number.and_then(|number| chain.block(number));
            let (block, state) = found.ok_or_else(|| unknown_block(chain, id))?;
            Ok(View::new(chain, block, state.clone()))
        })
    }

    /// A block, if there is one.
    pub(super) fn block(&self, id: BlockId) -> Answer<Option<Arc<Block>>> {
        if id.is_pending() {
            return Ok(Some(self.devnet.pending()?.0));
        }
        Ok(self.devnet.chain(|chain| {
            let (block, _) = chain.block(number(chain, id)?)?;
            Some(Arc::clone(block))
        }))
    }

    /// A transaction's block, and its position there.
    pub(super) fn mined(&self, hash: &B256) -> Option<(Arc<Block>, usize)> {
        self.devnet.chain(|chain| {
            let (block, index) = chain.transaction(hash)?;
            Some((Arc::clone(block), index))
        })
    }
}

/// The number of a block that is part of the chain. Blocks are final at once.
pub(super) fn number(chain: &Chain, id: BlockId) -> Option<u64> {
    match id {
        BlockId::Hash(hash) => chain.number_of(&hash.block_hash),
        BlockId::Number(BlockNumberOrTag::Number(number)) => Some(number),
        BlockId::Number(BlockNumberOrTag::Earliest) => Some(0),
        BlockId::Number(_) => Some(chain.head().header.number()),
    }
}

fn unknown_block(chain: &Chain, id: BlockId) -> jsonrpsee::types::ErrorObjectOwned {
    let last = chain.head().number();
    match id {
        BlockId::Hash(hash) => not_found(format!("no block has the hash {}", hash.block_hash)),
        BlockId::Number(number) => {
            not_found(format!("block {number} does not exist: the last block is {last}"))
        }
    }
}
