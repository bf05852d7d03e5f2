//! Going back, starting over, and taking the chain elsewhere.

use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_anvil::Forking;
use jsonrpsee::proc_macros::rpc;

use crate::rpc::{
    Rpc,
    error::{Answer, invalid, too_much},
};

/// Bytes of a dump in an answer, at most. Their hexadecimal digits must fit into the response, whose
/// limit is 64 MiB.
const MAX_DUMP: usize = 31 << 20;

#[rpc(server)]
pub(super) trait History {
    #[method(name = "evm_snapshot", aliases = ["anvil_snapshot"], blocking)]
    fn snapshot(&self) -> Answer<U64>;
    #[method(name = "evm_revert", aliases = ["anvil_revert"], blocking)]
    fn revert(&self, id: U64) -> Answer<bool>;
    #[method(name = "hardhat_reset", blocking)]
    fn hardhat_reset(&self, forking: Option<Forking>) -> Answer<bool>;
    #[method(name = "anvil_reset", blocking)]
    fn anvil_reset(&self, forking: Option<Forking>) -> Answer<()>;
    #[method(name = "anvil_dumpState", aliases = ["hardhat_dumpState"], blocking)]
    fn dump_state(&self) -> Answer<Bytes>;
    #[method(name = "anvil_loadState", aliases = ["hardhat_loadState"], blocking)]
    fn load_state(&self, dump: Bytes) -> Answer<bool>;
    #[method(name = "hardhat_dropTransaction", blocking)]
    fn hardhat_drop(&self, hash: B256) -> Answer<bool>;
    #[method(name = "anvil_dropTransaction", blocking)]
    fn anvil_drop(&self, hash: B256) -> Answer<Option<B256>>;
    #[method(
        name = "anvil_dropAllTransactions",
        aliases = ["hardhat_dropAllTransactions"],
        blocking
    )]
    fn drop_all(&self) -> Answer<()>;
}

impl HistoryServer for Rpc {
    fn snapshot(&self) -> Answer<U64> {
        Ok(U64::from(self.devnet.snapshot()))
    }

    fn revert(&self, id: U64) -> Answer<bool> {
        Ok(self.devnet.revert(id.to())?)
    }

    fn hardhat_reset(&self, forking: Option<Forking>) -> Answer<bool> {
        self.anvil_reset(forking).map(|()| true)
    }

    fn anvil_reset(&self, forking: Option<Forking>) -> Answer<()> {
        // Clients that want no fork may say so by a fork of nothing.
        if forking.is_some_and(|forking| forking != Forking::default()) {
            return Err(invalid("this devnet cannot fork another chain: leave `forking` away"));
        }
        Ok(self.devnet.reset()?)
    }

    fn dump_state(&self) -> Answer<Bytes> {
        let dump = self.devnet.dump()?;
        if dump.len() > MAX_DUMP {
            return Err(too_much(format!(
                "the dump has {} bytes, and an answer holds {MAX_DUMP}: start the devnet with \
                 --state FILE, or with --data-dir DIR, to keep it",
                dump.len()
            )));
        }
        Ok(dump.into())
    }

    fn load_state(&self, dump: Bytes) -> Answer<bool> {
        self.devnet.load(&dump)?;
        Ok(true)
    }

    /// False if it does not wait.
    fn hardhat_drop(&self, hash: B256) -> Answer<bool> {
        let dropped = self.devnet.drop_transaction(hash)?;
        if !dropped && self.mined(&hash).is_some() {
            return Err(invalid(format!(
                "transaction {hash} is in a block and cannot be dropped: go back to a snapshot \
                 instead (evm_snapshot, evm_revert)"
            )));
        }
        Ok(dropped)
    }

    /// The hash again, if it waited.
    fn anvil_drop(&self, hash: B256) -> Answer<Option<B256>> {
        Ok(self.devnet.drop_transaction(hash)?.then_some(hash))
    }

    fn drop_all(&self) -> Answer<()> {
        Ok(self.devnet.drop_all_transactions()?)
    }
}
