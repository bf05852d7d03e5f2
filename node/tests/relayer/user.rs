//! A user who asks for values and opens the answers, as the clients' module does.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_signer::SignerSync;
use ciphervm_fhe::Handle;
use ciphervm_kms::{
    Domains, ExtraData, HandlePair, LOCAL_KMS_KEY, Recipient, Signer, UserAnswer, UserDecryption,
};
use ciphervm_node::devnet::{Accounts, MNEMONIC};
use ciphervm_precompiles::Gateway;
use serde_json::{Value, json};

use crate::CHAIN;

const DOMAINS: Domains = Domains {
    host_chain: CHAIN,
    gateway_chain: Gateway::LOCAL.chain_id,
    decryption: Gateway::LOCAL.decryption,
};

pub(crate) struct User(Recipient);

impl User {
    pub(crate) fn new() -> Self {
        Self(Recipient::draw())
    }

    /// A request of account `user` for values of `contract`, signed by it.
    pub(crate) fn request(
        &self,
        user: Address,
        contract: Address,
        handles: &[B256],
        start: u64,
    ) -> UserDecryption {
        self.signed(user, None, contract, handles, start)
    }

    /// A request of account `delegate` for values that `delegator` may know.
    pub(crate) fn delegated(
        &self,
        [delegator, delegate, contract]: [Address; 3],
        handles: &[B256],
        start: u64,
    ) -> UserDecryption {
        self.signed(delegate, Some(delegator), contract, handles, start)
    }

    fn signed(
        &self,
        user: Address,
        delegator: Option<Address>,
        contract: Address,
        handles: &[B256],
        start: u64,
    ) -> UserDecryption {
        let pair = |handle: &B256| HandlePair { handle: Handle(*handle), contract };
        let mut request = UserDecryption {
            pairs: handles.iter().map(pair).collect(),
            chain_id: CHAIN,
            contracts: vec![contract],
            user,
            delegator,
            start,
            days: 1,
            public_key: self.0.public_key(),
            extra_data: ExtraData(Bytes::from_static(&[0])),
            signature: Bytes::new(),
        };
        let accounts = Accounts::derive(MNEMONIC, 10).unwrap();
        let signer = accounts.signer(&user).unwrap();
        let signature = signer.sign_hash_sync(&request.digest(&DOMAINS)).unwrap();
        request.signature = signature.as_bytes().into();
        request
    }

    /// The values in the result of a request.
    pub(crate) fn open(&self, request: &UserDecryption, result: &Value) -> Vec<U256> {
        let part = |name: &str| -> Bytes {
            hex::decode(result["result"][0][name].as_str().unwrap()).unwrap().into()
        };
        let answer = UserAnswer { payload: part("payload"), signature: part("signature") };
        let kms = Signer::new(LOCAL_KMS_KEY).unwrap().address();
        self.0.open(request, &answer, &DOMAINS, kms).unwrap()
    }
}

/// A request as clients post it.
pub(crate) fn body(request: &UserDecryption) -> Value {
    let (start, days) = (request.start.to_string(), request.days.to_string());
    let pair =
        |pair: &HandlePair| json!({ "handle": pair.handle, "contractAddress": pair.contract });
    let mut body = json!({
        "handleContractPairs": request.pairs.iter().map(pair).collect::<Vec<_>>(),
        "contractsChainId": request.chain_id.to_string(),
        "contractAddresses": request.contracts,
        "signature": hex::encode(&request.signature),
        "publicKey": hex::encode(&request.public_key),
        "extraData": request.extra_data,
    });
    let more = match request.delegator {
        None => json!({
            "userAddress": request.user,
            "requestValidity": { "startTimestamp": start, "durationDays": days },
        }),
        Some(delegator) => json!({
            "delegatorAddress": delegator,
            "delegateAddress": request.user,
            "startTimestamp": start,
            "durationDays": days,
        }),
    };
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}
