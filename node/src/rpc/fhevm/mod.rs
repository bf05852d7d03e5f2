//! `fhevm_*`: what the FHEVM plugin for Hardhat asks of a node that has its own FHEVM.
//!
//! With `--network localhost` the plugin takes a node that calls itself a Hardhat node for one with
//! its engine in it: inputs come here with their clear values, and clear values are the answer of
//! user decryptions. Access control lists and signatures are checked as on a public chain. What it
//! asks for is upstream's business and changes with it (this is version 0.4 of the plugin), so all
//! of it is in this module, a file for each concern.

mod bootstrap;
mod decryption;
mod inputs;
mod metadata;
mod payloads;
mod plaintexts;
mod signatures;

pub(super) use bootstrap::{visible_code, with_code, write_word};

use ciphervm_fhe::Handle;
use jsonrpsee::proc_macros::rpc;

use super::{Rpc, error::Answer};
use metadata::Metadata;
use payloads::{
    DelegatedUserDecryption, InputProof, Inputs, PublicDecrypted, PublicDecryption, Results,
    UserDecrypted, UserDecryption,
};

#[rpc(server, namespace = "fhevm")]
pub(super) trait Fhevm {
    /// Where the host contracts are.
    #[method(name = "relayer_metadata")]
    fn metadata(&self) -> Answer<Metadata>;

    /// Encrypts values, and signs that a user may pass them to a contract.
    #[method(name = "relayer_v1_input_proof", blocking)]
    fn input_proof(&self, request: InputProof) -> Answer<Inputs>;

    /// The clear values of handles that a user may read.
    #[method(name = "relayer_v1_user_decrypt", blocking)]
    fn user_decrypt(&self, request: UserDecryption) -> Answer<UserDecrypted>;

    /// The clear values of handles that a user may read on behalf of another.
    #[method(name = "relayer_v1_delegated_user_decrypt", blocking)]
    fn delegated_user_decrypt(&self, request: DelegatedUserDecryption) -> Answer<UserDecrypted>;

    /// The clear values of handles that everybody may read, with a signature for contracts.
    #[method(name = "relayer_v1_public_decrypt", blocking)]
    fn public_decrypt(&self, request: PublicDecryption) -> Answer<PublicDecrypted>;

    /// The clear values of any handles, for debuggers.
    #[method(name = "getClearText", blocking)]
    fn clear_text(&self, handles: Vec<Handle>) -> Answer<Vec<String>>;

    /// Signs that handles decrypt to whatever the caller says, for tests of contracts that check
    /// it.
    #[method(name = "createDecryptionSignatures")]
    fn create_decryption_signatures(&self, results: Results) -> Answer<Vec<String>>;
}

impl FhevmServer for Rpc {
    fn metadata(&self) -> Answer<Metadata> {
        Ok(Metadata::new(&self.devnet))
    }

    fn input_proof(&self, request: InputProof) -> Answer<Inputs> {
        self.encrypt_input(request)
    }

    fn user_decrypt(&self, request: UserDecryption) -> Answer<UserDecrypted> {
        self.decrypt_for_user(request)
    }

    fn delegated_user_decrypt(&self, request: DelegatedUserDecryption) -> Answer<UserDecrypted> {
        self.decrypt_for_delegate(request)
    }

    fn public_decrypt(&self, request: PublicDecryption) -> Answer<PublicDecrypted> {
        self.decrypt_for_all(request)
    }

    fn clear_text(&self, handles: Vec<Handle>) -> Answer<Vec<String>> {
        handles.into_iter().map(|handle| Ok(payloads::hex(self.clear_value(handle)?))).collect()
    }

    fn create_decryption_signatures(&self, results: Results) -> Answer<Vec<String>> {
        self.attest_results(results)
    }
}
