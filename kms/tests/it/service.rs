//! Who gets an answer, and who does not: each refusal beside the request that is granted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolStruct, SolValue, eip712_domain, sol};
use ciphervm_fhe::{Evaluator, FheType, GraphEvaluator, Handle, Record, ReferenceEngine};
use ciphervm_kms::{
    Chain, ChainState, Contracts, DecryptionService,
    DelegatedUserDecryptRequestVerification as Delegated, Domains, ExtraData, HandlePair,
    LOCAL_KMS_KEY, LocalService, PublicDecryption, Recipient, ReferenceKms, Signer, UserAnswer,
    UserDecryptRequestVerification as Own, UserDecryption,
    error::{ChainError, OpenError, Refusal, RefusalKind},
};
use k256::ecdsa::SigningKey;

sol! {
    function persistAllowed(bytes32 handle, address account) returns (bool);
    function isAllowedForDecryption(bytes32 handle) returns (bool);
    function isHandleDelegatedForUserDecryption(
        address delegator, address delegate, address contractAddress, bytes32 handle
    ) returns (bool);
    function decryptionSignatureInvalidatedBefore(address account) returns (uint256);
    function getContextSignersAndThresholdFromExtraData(bytes extraData)
        returns (address[] signers, uint256 threshold);
    function isValidSignature(bytes32 digest, bytes signature) returns (bytes4);
}

const CHAIN: u64 = 31337;
const NOW: u64 = 1_800_000_000;
const DAY: u64 = 24 * 60 * 60;
const ACL: Address = Address::repeat_byte(0xac);
const VERIFIER: Address = Address::repeat_byte(0x4e);
const TOKEN: Address = Address::repeat_byte(0x70);
const OTHER: Address = Address::repeat_byte(0x71);
const WALLET: Address = Address::repeat_byte(0x3a);
const DOMAINS: Domains = Domains {
    host_chain: CHAIN,
    gateway_chain: 10901,
    decryption: address!("0x5ffdaAB0373E62E2ea2944776209aEf29E631A64"),
};

/// A chain that says what the test wants.
#[derive(Clone, Debug, Default)]
struct Fake {
    allowed: BTreeSet<(Handle, Address)>,
    public: BTreeSet<Handle>,
    delegations: BTreeSet<(Address, Address, Address, Handle)>,
    invalid_before: BTreeMap<Address, u64>,
    ciphertexts: BTreeMap<Handle, Arc<Record>>,
    /// Accounts that accept the signature `77`.
    wallets: BTreeSet<Address>,
    signers: Vec<Address>,
    down: bool,
}

impl Chain for Fake {
    fn state(&self) -> Result<Box<dyn ChainState + '_>, ChainError> {
        if self.down {
            return Err(ChainError::Unreachable("the test says so".to_owned()));
        }
        Ok(Box::new(Shot(self)))
    }
}

struct Shot<'a>(&'a Fake);

impl ChainState for Shot<'_> {
    fn call(&self, to: Address, data: Bytes) -> Result<Option<Bytes>, ChainError> {
        let selector: [u8; 4] = data[..4].try_into().unwrap();
        let bool = |value: bool| Ok(Some(value.abi_encode().into()));
        match (to, selector) {
            (ACL, persistAllowedCall::SELECTOR) => {
                let call = persistAllowedCall::abi_decode(&data).unwrap();
                bool(self.0.allowed.contains(&(Handle(call.handle), call.account)))
            }
            (ACL, isAllowedForDecryptionCall::SELECTOR) => {
                let call = isAllowedForDecryptionCall::abi_decode(&data).unwrap();
                bool(self.0.public.contains(&Handle(call.handle)))
            }
            (ACL, isHandleDelegatedForUserDecryptionCall::SELECTOR) => {
                let call = isHandleDelegatedForUserDecryptionCall::abi_decode(&data).unwrap();
                let handle = Handle(call.handle);
                let key = (call.delegator, call.delegate, call.contractAddress, handle);
                bool(self.0.delegations.contains(&key))
            }
            (ACL, decryptionSignatureInvalidatedBeforeCall::SELECTOR) => {
                let call = decryptionSignatureInvalidatedBeforeCall::abi_decode(&data).unwrap();
                let time = self.0.invalid_before.get(&call.account).copied().unwrap_or_default();
                Ok(Some(U256::from(time).abi_encode().into()))
            }
            (VERIFIER, getContextSignersAndThresholdFromExtraDataCall::SELECTOR) => {
                let call = getContextSignersAndThresholdFromExtraDataCall::abi_decode(&data);
                let extra_data = call.unwrap().extraData;
                let known = extra_data.is_empty() || extra_data[..] == v1(7)[..];
                let answer = (self.0.signers.clone(), U256::ONE).abi_encode_params();
                Ok(known.then(|| answer.into()))
            }
            (account, isValidSignatureCall::SELECTOR) if self.0.wallets.contains(&account) => {
                let call = isValidSignatureCall::abi_decode(&data).unwrap();
                let magic = isValidSignatureCall::SELECTOR.abi_encode();
                Ok((call.signature[..] == [0x77]).then(|| magic.into()))
            }
            _ => Ok(Some(Bytes::new())),
        }
    }

    fn time(&self) -> u64 {
        NOW
    }

    fn ciphertext(&self, handle: &Handle) -> Result<Arc<Record>, ChainError> {
        let found = self.0.ciphertexts.get(handle).cloned();
        found.ok_or_else(|| ChainError::NoCiphertext(format!("handle {handle} has none")))
    }
}

/// The extra data that name a context.
fn v1(context: u8) -> Bytes {
    let mut bytes = vec![0; 33];
    (bytes[0], bytes[32]) = (1, context);
    bytes.into()
}

fn handle(name: u8, ty: FheType) -> Handle {
    Handle::computed(B256::repeat_byte(name), CHAIN, ty)
}

fn record(ty: FheType, value: u64) -> Arc<Record> {
    let evaluator = GraphEvaluator::new(ReferenceEngine, 1).unwrap();
    let list = evaluator.encrypt_inputs(&[(ty, U256::from(value))]).unwrap();
    Arc::new(evaluator.expand_inputs(&list).unwrap().remove(0))
}

struct Account {
    key: SigningKey,
    address: Address,
}

impl Account {
    fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        let address = Signer::new(B256::repeat_byte(seed)).unwrap().address();
        Self { key, address }
    }

    fn sign(&self, digest: B256) -> Bytes {
        let (signature, recovery) = self.key.sign_prehash_recoverable(&digest[..]).unwrap();
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        bytes.into()
    }
}

struct Bench {
    chain: Fake,
    alice: Account,
    bob: Account,
    /// The key of both.
    recipient: Recipient,
    balance: Handle,
}

impl Bench {
    /// Alice and the token may use the balance, 42.
    fn new() -> Self {
        let (alice, bob) = (Account::new(0xa1), Account::new(0xb0));
        let balance = handle(1, FheType::Uint64);
        let mut chain = Fake::default();
        chain.allowed.extend([(balance, alice.address), (balance, TOKEN)]);
        chain.ciphertexts.insert(balance, record(FheType::Uint64, 42));
        chain.signers = vec![Signer::new(LOCAL_KMS_KEY).unwrap().address()];
        Self { chain, alice, bob, recipient: Recipient::draw(), balance }
    }

    fn service(&self) -> LocalService {
        LocalService::new(
            Arc::new(ReferenceKms),
            Signer::new(LOCAL_KMS_KEY).unwrap(),
            Arc::new(self.chain.clone()),
            Contracts { acl: ACL, kms_verifier: VERIFIER },
            DOMAINS,
        )
    }

    /// Alice's request, signed.
    fn request(&self) -> UserDecryption {
        self.signed(&self.alice, |_| ())
    }

    /// A request of Alice with changes, signed by `signer`.
    fn signed(&self, signer: &Account, change: impl FnOnce(&mut UserDecryption)) -> UserDecryption {
        let mut request = UserDecryption {
            pairs: vec![HandlePair { handle: self.balance, contract: TOKEN }],
            chain_id: CHAIN,
            contracts: vec![TOKEN],
            user: self.alice.address,
            delegator: None,
            start: NOW - 10,
            days: 1,
            public_key: self.recipient.public_key(),
            extra_data: ExtraData(Bytes::from_static(&[0])),
            signature: Bytes::new(),
        };
        change(&mut request);
        request.signature = signer.sign(digest(&request));
        request
    }

    /// Bob's request in Alice's name.
    fn delegated(&self) -> UserDecryption {
        self.signed(&self.bob, |request| {
            request.user = self.bob.address;
            request.delegator = Some(self.alice.address);
        })
    }

    fn refusal(&self, request: &UserDecryption) -> Refusal {
        self.service().decrypt_for_user(request).expect_err("it is refused")
    }

    fn assert_granted(&self, request: &UserDecryption) {
        let answer = self.service().decrypt_for_user(request).expect("it is granted");
        assert_eq!(self.open(request, &answer).unwrap(), [U256::from(42)]);
    }

    fn open(&self, request: &UserDecryption, answer: &UserAnswer) -> Result<Vec<U256>, OpenError> {
        self.recipient.open(request, answer, &DOMAINS, self.chain.signers[0])
    }
}

/// What a user signs, written out a second time.
fn digest(request: &UserDecryption) -> B256 {
    let domain = eip712_domain! {
        name: "Decryption",
        version: "1",
        chain_id: CHAIN,
        verifying_contract: DOMAINS.decryption,
    };
    let (key, contracts) = (request.public_key.clone(), request.contracts.clone());
    let (start, days) = (U256::from(request.start), U256::from(request.days));
    let extra_data = request.extra_data.0.clone();
    match request.delegator {
        None => Own {
            publicKey: key,
            contractAddresses: contracts,
            startTimestamp: start,
            durationDays: days,
            extraData: extra_data,
        }
        .eip712_signing_hash(&domain),
        Some(delegator) => Delegated {
            publicKey: key,
            contractAddresses: contracts,
            delegatorAddress: delegator,
            startTimestamp: start,
            durationDays: days,
            extraData: extra_data,
        }
        .eip712_signing_hash(&domain),
    }
}

#[test]
fn a_user_gets_what_the_chain_grants_the_user_and_the_contract() {
    let mut bench = Bench::new();
    let request = bench.request();
    bench.assert_granted(&request);

    bench.chain.allowed.remove(&(bench.balance, bench.alice.address));
    assert!(
        matches!(bench.refusal(&request), Refusal::User { user, .. } if user == bench.alice.address)
    );
    assert_eq!(bench.refusal(&request).kind(), RefusalKind::NotAllowed);
    bench.chain.allowed.insert((bench.balance, bench.alice.address));
    bench.assert_granted(&request);

    bench.chain.allowed.remove(&(bench.balance, TOKEN));
    assert!(matches!(bench.refusal(&request), Refusal::Contract { contract: TOKEN, .. }));
}

#[test]
fn an_answer_is_opened_as_one_to_its_request_only() {
    let mut bench = Bench::new();
    let request = bench.request();
    let answer = bench.service().decrypt_for_user(&request).unwrap();
    assert_eq!(bench.open(&request, &answer).unwrap(), [U256::from(42)]);

    let forged = |opened| matches!(opened, Err(OpenError::Signature(_)));
    let mut other = request.clone();
    other.pairs[0].handle = handle(3, FheType::Uint64);
    assert!(forged(bench.open(&other, &answer)));
    let mut other = request.clone();
    other.extra_data = ExtraData(v1(7));
    assert!(forged(bench.open(&other, &answer)));
    let mut damaged = answer.clone();
    damaged.payload = [&answer.payload[..], &[0]].concat().into();
    assert!(forged(bench.open(&request, &damaged)));
    damaged = answer.clone();
    damaged.signature = Bytes::new();
    assert!(forged(bench.open(&request, &damaged)));
    let other = Signer::new(B256::repeat_byte(9)).unwrap().address();
    assert!(forged(bench.recipient.open(&request, &answer, &DOMAINS, other)));
    bench.recipient = Recipient::draw();
    assert!(bench.open(&request, &answer).is_err());
}

#[test]
fn a_signature_covers_everything_that_is_asked() {
    let bench = Bench::new();
    let request = bench.request();
    bench.assert_granted(&request);
    let changes: [fn(&mut UserDecryption); 6] = [
        |request| request.start -= 1,
        |request| request.days += 1,
        |request| request.contracts.push(OTHER),
        |request| request.extra_data = ExtraData(v1(7)),
        |request| request.user = Address::repeat_byte(9),
        |request| request.signature = Bytes::from_static(&[0; 65]),
    ];
    for change in changes {
        let mut changed = request.clone();
        change(&mut changed);
        let refusal = bench.refusal(&changed);
        assert!(matches!(refusal, Refusal::Signature(_)), "{refusal}");
    }
    // Another key that is one.
    let mut changed = request;
    let mut key = changed.public_key.to_vec();
    key[868] ^= 1;
    changed.public_key = key.into();
    assert!(matches!(bench.refusal(&changed), Refusal::Signature(_)));
    // Somebody else's signature.
    let forged = bench.signed(&bench.bob, |_| ());
    assert!(
        matches!(bench.refusal(&forged), Refusal::Signature(user) if user == bench.alice.address)
    );
}

#[test]
fn a_request_is_valid_for_its_days_only() {
    let bench = Bench::new();
    let at = |start: u64, days: u64| {
        bench.signed(&bench.alice, |request| (request.start, request.days) = (start, days))
    };
    bench.assert_granted(&at(NOW, 1));
    assert!(matches!(bench.refusal(&at(NOW + 1, 1)), Refusal::NotYet { now: NOW, .. }));
    bench.assert_granted(&at(NOW - DAY + 1, 1));
    assert!(matches!(bench.refusal(&at(NOW - DAY, 1)), Refusal::Expired { end: NOW, .. }));
    bench.assert_granted(&at(NOW - 364 * DAY, 365));
    for days in [0, 366, u64::MAX] {
        assert!(matches!(bench.refusal(&at(NOW, days)), Refusal::Days { limit: 365, .. }));
    }
    // No sum overflows.
    assert!(matches!(bench.refusal(&at(u64::MAX, 365)), Refusal::NotYet { .. }));
}

#[test]
fn a_signature_that_was_taken_back_is_worth_nothing() {
    let mut bench = Bench::new();
    let request = bench.request();
    bench.chain.invalid_before.insert(bench.alice.address, request.start);
    bench.assert_granted(&request);
    bench.chain.invalid_before.insert(bench.alice.address, request.start + 1);
    assert!(matches!(bench.refusal(&request), Refusal::Invalidated { .. }));
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let bench = Bench::new();
    bench.assert_granted(&bench.request());
    let changed =
        |change: fn(&mut UserDecryption)| bench.refusal(&bench.signed(&bench.alice, change));
    assert!(matches!(changed(|request| request.pairs.clear()), Refusal::NoHandles));
    assert!(matches!(
        changed(|request| request.chain_id = 1),
        Refusal::Chain { found: 1, expected: CHAIN }
    ));
    assert!(matches!(
        changed(|request| request.contracts.clear()),
        Refusal::Contracts { found: 0, limit: 10 }
    ));
    assert!(matches!(
        changed(|request| request.contracts = vec![TOKEN; 11]),
        Refusal::Contracts { found: 11, limit: 10 }
    ));
    assert!(matches!(
        changed(|request| request.pairs[0].contract = OTHER),
        Refusal::UnsignedContract(OTHER)
    ));
    assert!(matches!(
        changed(|request| {
            request.pairs[0].contract = request.user;
            request.contracts = vec![request.user];
        }),
        Refusal::UserIsContract(_)
    ));
    assert!(matches!(
        changed(|request| request.pairs[0].handle = Handle(B256::ZERO)),
        Refusal::HandleChain { expected: CHAIN, .. }
    ));
    assert!(matches!(
        changed(|request| request.pairs[0].handle.0[30] = 200),
        Refusal::HandleType(_)
    ));
    assert!(matches!(
        changed(|request| request.pairs = vec![request.pairs[0]; 33]),
        Refusal::TooManyBits { found: 2112, limit: 2048 }
    ));
    assert!(matches!(
        changed(|request| request.public_key = Bytes::from_static(b"key")),
        Refusal::PublicKey(3)
    ));
    assert!(matches!(
        changed(|request| request.extra_data = ExtraData(v1(8))),
        Refusal::Context(_)
    ));
}

#[test]
fn a_context_is_asked_for_by_its_number_if_this_service_signs_for_it() {
    let mut bench = Bench::new();
    let request = bench.signed(&bench.alice, |request| request.extra_data = ExtraData(v1(7)));
    bench.assert_granted(&request);
    bench.chain.signers = vec![bench.bob.address];
    assert!(matches!(bench.refusal(&request), Refusal::NotSigner(_)));
}

#[test]
fn a_delegate_gets_what_was_delegated_until_it_is_revoked() {
    let mut bench = Bench::new();
    let request = bench.delegated();
    assert!(matches!(bench.refusal(&request), Refusal::NotDelegated { .. }));
    let delegation = (bench.alice.address, bench.bob.address, TOKEN, bench.balance);
    bench.chain.delegations.insert(delegation);
    bench.assert_granted(&request);
    // Only what the delegator may know.
    bench.chain.allowed.remove(&(bench.balance, bench.alice.address));
    assert!(
        matches!(bench.refusal(&request), Refusal::User { user, .. } if user == bench.alice.address)
    );
    bench.chain.allowed.insert((bench.balance, bench.alice.address));
    bench.assert_granted(&request);
    bench.chain.delegations.remove(&delegation);
    assert!(matches!(bench.refusal(&request), Refusal::NotDelegated { .. }));
    // A signature for oneself is none for another.
    let mut own = bench.signed(&bench.bob, |request| request.user = bench.bob.address);
    own.delegator = Some(bench.alice.address);
    assert!(matches!(bench.refusal(&own), Refusal::Signature(_)));
}

#[test]
fn a_contract_may_sign_for_itself() {
    let mut bench = Bench::new();
    bench.chain.allowed.insert((bench.balance, WALLET));
    let mut request = bench.signed(&bench.alice, |request| request.user = WALLET);
    request.signature = Bytes::from_static(&[0x77]);
    assert!(matches!(bench.refusal(&request), Refusal::Signature(WALLET)));
    bench.chain.wallets.insert(WALLET);
    bench.assert_granted(&request);
    request.signature = Bytes::from_static(&[0x78]);
    assert!(matches!(bench.refusal(&request), Refusal::Signature(WALLET)));
}

#[test]
fn what_everybody_may_know_is_opened_and_signed() {
    let mut bench = Bench::new();
    let vote = handle(2, FheType::Bool);
    bench.chain.ciphertexts.insert(vote, record(FheType::Bool, 1));
    let handles = vec![bench.balance, vote];
    let mut request = PublicDecryption { handles, extra_data: ExtraData::default() };
    let refused = |bench: &Bench, request: &PublicDecryption| {
        bench.service().decrypt_for_all(request).expect_err("it is refused")
    };
    bench.chain.public.insert(bench.balance);
    // One that is not public spoils the request.
    assert!(matches!(refused(&bench, &request), Refusal::NotPublic(handle) if handle == vote));
    bench.chain.public.insert(vote);
    let answer = bench.service().decrypt_for_all(&request).unwrap();
    assert_eq!(answer.decrypted, (U256::from(42), true).abi_encode_params());
    // The same words, signed for another context.
    request.extra_data = ExtraData(v1(7));
    let other = bench.service().decrypt_for_all(&request).unwrap();
    assert_eq!(other.decrypted, answer.decrypted);
    assert_ne!(other.signature, answer.signature);
    // `00` stands for nothing.
    request.extra_data = ExtraData(Bytes::from_static(&[0]));
    assert_eq!(bench.service().decrypt_for_all(&request).unwrap(), answer);

    request.extra_data = ExtraData(v1(8));
    assert!(matches!(refused(&bench, &request), Refusal::Context(_)));
    request.extra_data = ExtraData::default();
    request.handles = vec![vote; 1025];
    assert!(matches!(refused(&bench, &request), Refusal::TooManyBits { found: 2050, .. }));
    request.handles.clear();
    assert!(matches!(refused(&bench, &request), Refusal::NoHandles));
}

#[test]
fn a_ciphertext_that_is_not_there_and_a_chain_that_is_not_there_are_told_apart() {
    let mut bench = Bench::new();
    let request = bench.request();
    bench.assert_granted(&request);
    let record = bench.chain.ciphertexts.remove(&bench.balance).unwrap();
    assert_eq!(bench.refusal(&request).kind(), RefusalKind::NoCiphertext);
    // Of other keys.
    let other = Record::new(record.ty, B256::repeat_byte(1), record.bytes.clone());
    bench.chain.ciphertexts.insert(bench.balance, Arc::new(other));
    assert_eq!(bench.refusal(&request).kind(), RefusalKind::Internal);
    bench.chain.down = true;
    assert_eq!(bench.refusal(&request).kind(), RefusalKind::Unreachable);
}
