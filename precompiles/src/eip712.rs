//! EIP-712: what coprocessors and the key management system sign.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use alloy_sol_types::{SolStruct, SolValue, eip712_domain, sol};
use ciphervm_fhe::Handle;

use crate::Gateway;

sol! {
    /// A coprocessor's word that the handles name values which the user proved to know.
    #[derive(Debug, PartialEq, Eq)]
    struct CiphertextVerification {
        bytes32[] ctHandles;
        address userAddress;
        address contractAddress;
        uint256 contractChainId;
        bytes extraData;
    }

    /// The key management system's word that the handles decrypt to the result.
    #[derive(Debug, PartialEq, Eq)]
    struct PublicDecryptVerification {
        bytes32[] ctHandles;
        bytes decryptedResult;
        bytes extraData;
    }
}

/// A signing domain: the names of the gateway's contracts, version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Name of the domain.
    pub name: &'static str,
    /// Chain id of the gateway.
    pub chain_id: u64,
    /// The gateway's contract.
    pub verifying_contract: Address,
}

impl Domain {
    /// The version of every domain here.
    pub const VERSION: &'static str = "1";

    /// The domain of [`CiphertextVerification`].
    pub const fn input_verification(gateway: &Gateway) -> Self {
        Self {
            name: "InputVerification",
            chain_id: gateway.chain_id,
            verifying_contract: gateway.input_verification,
        }
    }

    /// The domain of [`PublicDecryptVerification`].
    pub const fn decryption(gateway: &Gateway) -> Self {
        Self {
            name: "Decryption",
            chain_id: gateway.chain_id,
            verifying_contract: gateway.decryption,
        }
    }

    /// What is signed for `message` in this domain.
    pub fn digest(&self, message: &impl SolStruct) -> B256 {
        message.eip712_signing_hash(&eip712_domain! {
            name: self.name,
            version: Self::VERSION,
            chain_id: self.chain_id,
            verifying_contract: self.verifying_contract,
        })
    }

    /// The answer of `eip712Domain()` (ERC-5267): name, version, chain id and contract are used,
    /// salt and extensions are not.
    pub(crate) fn describe(&self) -> Bytes {
        let fields = FixedBytes::new([0x0f]);
        let (salt, extensions) = (B256::ZERO, Vec::<U256>::new());
        (
            fields,
            self.name.to_owned(),
            Self::VERSION.to_owned(),
            U256::from(self.chain_id),
            self.verifying_contract,
            salt,
            extensions,
        )
            .abi_encode_params()
            .into()
    }
}

/// What the key management system signs for the decryption of `handles` to `result`.
///
/// For requests with extra data `0x00` it signs empty extra data.
pub fn decryption_digest(
    gateway: &Gateway,
    handles: &[Handle],
    result: Bytes,
    extra_data: Bytes,
) -> B256 {
    Domain::decryption(gateway).digest(&PublicDecryptVerification {
        ctHandles: handles.iter().map(|handle| handle.0).collect(),
        decryptedResult: result,
        extraData: extra_data,
    })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    /// The formula of EIP-712, written out.
    #[test]
    fn digests_follow_the_standard() {
        let gateway = Gateway::LOCAL;
        let handles = [Handle(B256::repeat_byte(1)), Handle(B256::repeat_byte(2))];
        let domain = keccak256(
            (
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,\
                     address verifyingContract)",
                ),
                keccak256("Decryption"),
                keccak256("1"),
                U256::from(10901),
                gateway.decryption,
            )
                .abi_encode(),
        );
        let message = keccak256(
            (
                keccak256(
                    "PublicDecryptVerification(bytes32[] ctHandles,bytes decryptedResult,\
                     bytes extraData)",
                ),
                keccak256([[1; 32], [2; 32]].concat()),
                keccak256([7]),
                keccak256([]),
            )
                .abi_encode(),
        );
        let digest = keccak256([&[0x19, 0x01], &domain[..], &message[..]].concat());
        let result = Bytes::from_static(&[7]);
        assert_eq!(decryption_digest(&gateway, &handles, result, Bytes::new()), digest);
    }
}
