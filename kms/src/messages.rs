//! EIP-712 messages of decryptions: what users and the KMS sign.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use serde::{Deserialize, Serialize};

sol! {
    /// Signed by the KMS: the handles decrypt to the result.
    #[derive(Debug)]
    struct PublicDecryptVerification {
        bytes32[] ctHandles;
        bytes decryptedResult;
        bytes extraData;
    }

    /// Signed by a user: whoever has the public key may read in my name.
    #[derive(Debug)]
    struct UserDecryptRequestVerification {
        bytes publicKey;
        address[] contractAddresses;
        uint256 startTimestamp;
        uint256 durationDays;
        bytes extraData;
    }

    /// Signed by a delegate: whoever has the public key may read what the delegator lets me.
    #[derive(Debug)]
    struct DelegatedUserDecryptRequestVerification {
        bytes publicKey;
        address[] contractAddresses;
        address delegatorAddress;
        uint256 startTimestamp;
        uint256 durationDays;
        bytes extraData;
    }

    /// Hashed only: ties an answer to its request.
    #[derive(Debug)]
    struct UserDecryptionLinker {
        bytes publicKey;
        bytes32[] handles;
        address userAddress;
    }

    /// Signed by the KMS: this is the answer to the request.
    #[derive(Debug)]
    struct UserDecryptResponseVerification {
        bytes publicKey;
        bytes32[] ctHandles;
        bytes userDecryptedShare;
        bytes extraData;
    }
}

/// The chains and the contract that decryptions are signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domains {
    /// The chain whose contracts hold the handles. Users sign for it.
    pub host_chain: u64,
    /// The gateway's chain. The KMS signs for it.
    pub gateway_chain: u64,
    /// The gateway's decryption contract, in both.
    pub decryption: Address,
}

impl Domains {
    /// What the KMS signs, or hashes, for `message`.
    pub(crate) fn answer(&self, message: &impl SolStruct) -> B256 {
        self.digest(self.gateway_chain, message)
    }

    /// What a user signs for `message`.
    pub(crate) fn request(&self, message: &impl SolStruct) -> B256 {
        self.digest(self.host_chain, message)
    }

    fn digest(&self, chain_id: u64, message: &impl SolStruct) -> B256 {
        message.eip712_signing_hash(&eip712_domain! {
            name: "Decryption",
            version: "1",
            chain_id: chain_id,
            verifying_contract: self.decryption,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;
    use alloy_sol_types::SolStruct;
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;
    use crate::signer;

    /// See `source` in the file.
    #[derive(Deserialize)]
    struct File {
        typed: Vec<Typed>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        domain: Value,
        primary_type: String,
        message: Value,
        digest: B256,
        signer: Address,
        signature: Bytes,
    }

    impl Typed {
        fn field<T: for<'de> Deserialize<'de>>(&self, name: &str) -> T {
            serde_json::from_value(self.message[name].clone()).unwrap()
        }

        fn number(&self, name: &str) -> alloy_primitives::U256 {
            self.field::<String>(name).parse().unwrap()
        }
    }

    #[test]
    fn messages_have_the_digests_that_clients_sign() {
        let file: File =
            serde_json::from_str(include_str!("../tests/vectors/typed-data.json")).unwrap();
        let mut checked = 0;
        for typed in &file.typed {
            let chain: u64 = typed.domain["chainId"].as_str().unwrap().parse().unwrap();
            let decryption = typed.domain["verifyingContract"].as_str().unwrap().parse().unwrap();
            // A user signs for the host chain, the KMS for the gateway's: here both are the same.
            let domains = Domains { host_chain: chain, gateway_chain: chain, decryption };
            let digest = match typed.primary_type.as_str() {
                "UserDecryptRequestVerification" => {
                    let message = UserDecryptRequestVerification {
                        publicKey: typed.field("publicKey"),
                        contractAddresses: typed.field("contractAddresses"),
                        startTimestamp: typed.number("startTimestamp"),
                        durationDays: typed.number("durationDays"),
                        extraData: typed.field("extraData"),
                    };
                    domains.request(&message)
                }
                "DelegatedUserDecryptRequestVerification" => {
                    let message = DelegatedUserDecryptRequestVerification {
                        publicKey: typed.field("publicKey"),
                        contractAddresses: typed.field("contractAddresses"),
                        delegatorAddress: typed.field("delegatorAddress"),
                        startTimestamp: typed.number("startTimestamp"),
                        durationDays: typed.number("durationDays"),
                        extraData: typed.field("extraData"),
                    };
                    domains.request(&message)
                }
                "PublicDecryptVerification" => domains.answer(&PublicDecryptVerification {
                    ctHandles: typed.field("ctHandles"),
                    decryptedResult: typed.field("decryptedResult"),
                    extraData: typed.field("extraData"),
                }),
                // A coprocessor's.
                "CiphertextVerification" => continue,
                other => panic!("{other}"),
            };
            assert_eq!(digest, typed.digest, "{}", typed.primary_type);
            assert_eq!(signer::recover(&digest, &typed.signature), Some(typed.signer));
            checked += 1;
        }
        assert_eq!(checked, 10);
    }

    #[test]
    fn types_are_those_of_the_protocol() {
        assert_eq!(
            UserDecryptionLinker::eip712_encode_type(),
            "UserDecryptionLinker(bytes publicKey,bytes32[] handles,address userAddress)"
        );
        assert_eq!(
            UserDecryptResponseVerification::eip712_encode_type(),
            "UserDecryptResponseVerification(bytes publicKey,bytes32[] ctHandles,\
             bytes userDecryptedShare,bytes extraData)"
        );
    }
}
