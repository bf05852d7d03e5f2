//! Accounts as they should be, and without their keys.

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use jsonrpsee::proc_macros::rpc;

use crate::{
    chain::{AccountDiff, StateDiff, WorldState},
    devnet::DevnetError,
    rpc::{
        Rpc,
        error::Answer,
        fhevm::{with_code, write_word},
    },
};

#[rpc(server)]
pub(super) trait Accounts {
    #[method(name = "hardhat_impersonateAccount", blocking)]
    fn hardhat_impersonate(&self, address: Address) -> Answer<bool>;
    #[method(name = "anvil_impersonateAccount", blocking)]
    fn anvil_impersonate(&self, address: Address) -> Answer<()>;
    #[method(name = "hardhat_stopImpersonatingAccount", blocking)]
    fn hardhat_stop_impersonating(&self, address: Address) -> Answer<bool>;
    #[method(name = "anvil_stopImpersonatingAccount", blocking)]
    fn anvil_stop_impersonating(&self, address: Address) -> Answer<()>;
    #[method(
        name = "anvil_autoImpersonateAccount",
        aliases = ["hardhat_autoImpersonateAccount"],
        blocking
    )]
    fn impersonate_all(&self, on: bool) -> Answer<()>;

    #[method(name = "hardhat_setBalance", blocking)]
    fn hardhat_set_balance(&self, address: Address, wei: U256) -> Answer<bool>;
    #[method(name = "anvil_setBalance", blocking)]
    fn anvil_set_balance(&self, address: Address, wei: U256) -> Answer<()>;
    #[method(name = "anvil_addBalance", aliases = ["hardhat_addBalance"], blocking)]
    fn add_balance(&self, address: Address, wei: U256) -> Answer<()>;
    #[method(name = "hardhat_setNonce", blocking)]
    fn hardhat_set_nonce(&self, address: Address, nonce: U64) -> Answer<bool>;
    #[method(name = "anvil_setNonce", blocking)]
    fn anvil_set_nonce(&self, address: Address, nonce: U64) -> Answer<()>;
    #[method(name = "hardhat_setCode", blocking)]
    fn hardhat_set_code(&self, address: Address, code: Bytes) -> Answer<bool>;
    #[method(name = "anvil_setCode", blocking)]
    fn anvil_set_code(&self, address: Address, code: Bytes) -> Answer<()>;
    #[method(name = "hardhat_setStorageAt", aliases = ["anvil_setStorageAt"], blocking)]
    fn set_storage(&self, address: Address, slot: U256, value: B256) -> Answer<bool>;
}

impl AccountsServer for Rpc {
    fn hardhat_impersonate(&self, address: Address) -> Answer<bool> {
        self.anvil_impersonate(address).map(|()| true)
    }

    fn anvil_impersonate(&self, address: Address) -> Answer<()> {
        self.devnet.impersonate(address, true);
        Ok(())
    }

    /// Whether it was impersonated.
    fn hardhat_stop_impersonating(&self, address: Address) -> Answer<bool> {
        Ok(self.devnet.impersonate(address, false))
    }

    fn anvil_stop_impersonating(&self, address: Address) -> Answer<()> {
        self.devnet.impersonate(address, false);
        Ok(())
    }

    fn impersonate_all(&self, on: bool) -> Answer<()> {
        self.devnet.impersonate_all(on);
        Ok(())
    }

    fn hardhat_set_balance(&self, address: Address, wei: U256) -> Answer<bool> {
        self.anvil_set_balance(address, wei).map(|()| true)
    }

    fn anvil_set_balance(&self, address: Address, wei: U256) -> Answer<()> {
        self.change(address, |account, _| {
            account.balance = wei;
            Ok(())
        })
    }

    fn add_balance(&self, address: Address, wei: U256) -> Answer<()> {
        self.change(address, |account, _| {
            account.balance = account.balance.saturating_add(wei);
            Ok(())
        })
    }

    fn hardhat_set_nonce(&self, address: Address, nonce: U64) -> Answer<bool> {
        self.anvil_set_nonce(address, nonce).map(|()| true)
    }

    fn anvil_set_nonce(&self, address: Address, nonce: U64) -> Answer<()> {
        let nonce = nonce.to();
        self.change(address, |account, _| {
            let current = account.nonce;
            if nonce < current {
                return Err(DevnetError::LowerNonce { address, current, nonce });
            }
            account.nonce = nonce;
            Ok(())
        })
    }

    fn hardhat_set_code(&self, address: Address, code: Bytes) -> Answer<bool> {
        self.anvil_set_code(address, code).map(|()| true)
    }

    fn anvil_set_code(&self, address: Address, code: Bytes) -> Answer<()> {
        let hosts = &self.devnet.host().addresses;
        Ok(self.devnet.edit(|state| Ok(with_code(hosts, state, address, code)))?)
    }

    fn set_storage(&self, address: Address, slot: U256, value: B256) -> Answer<bool> {
        self.change(address, |account, state| {
            if state.account(&address).is_none() {
                return Err(DevnetError::NoStorage(address));
            }
            write_word(&self.devnet.host().addresses, account, slot, value.into());
            Ok(())
        })?;
        Ok(true)
    }
}

impl Rpc {
    /// Changes an account by hand.
    fn change(
        &self,
        address: Address,
        change: impl FnOnce(&mut AccountDiff, &WorldState) -> Result<(), DevnetError>,
    ) -> Answer<()> {
        Ok(self.devnet.edit(|state| {
            let mut account = state.unchanged(address);
            change(&mut account, state)?;
            Ok(StateDiff { accounts: vec![account], codes: Vec::new() })
        })?)
    }
}
