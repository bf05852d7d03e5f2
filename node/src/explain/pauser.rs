//! The set of pausers.

use ciphervm_precompiles::PauserErrors;

super::errors! { PauserErrors::PauserErrorsErrors {
    AccountAlreadyPauser(account) =>
        "the account is a pauser already",
        "leave the call out";
    AccountNotPauser(account) =>
        "the account is not a pauser",
        "leave the call out, or check the address";
    InvalidNullPauser() =>
        "the zero address cannot be a pauser",
        "name an account that can send transactions";
}}
