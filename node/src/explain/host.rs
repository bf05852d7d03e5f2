//! What several host contracts share.

use ciphervm_precompiles::HostErrors;

super::errors! { HostErrors::HostErrorsErrors {
    NotHostOwner(sender) =>
        "the sender does not own the access control list, whose owner administers every host \
         contract",
        "send the call from the account that owner() of the access control list gives";
    InvalidInitialization() =>
        "the host contract is initialized, as it is from the first block on",
        "leave the call out";
    NotInitializingFromEmptyProxy() =>
        "the host contract is past the state in which an empty proxy leaves it",
        "leave the call out: it is initialized from the first block on";
    UUPSUnauthorizedCallContext() =>
        "the function answers only where no proxy stands in front",
        "leave the call out: host contracts are part of the node and are not upgraded";
    ERC1967InvalidImplementation(implementation) =>
        "a host contract is part of the node, and no other code can replace it",
        "run a node with the version of the host contracts that is needed";
}}
