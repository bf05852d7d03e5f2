//! Who cannot read what, each beside who can.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolEvent, SolValue, sol};
use applications::{
    Stage, User,
    auction::SealedAuction,
    batch::NetBatch,
    diagnosis::DiagnosisContract,
    inference::{Classifier, Model},
    picture::ImageFilter,
    strategy::PrivateStrategy,
    token::PrivateToken,
    vote::PrivateVote,
};
use ciphervm::{fhe::FheType, precompiles::HostAddresses};

use super::{assert_refused, assert_reverts, stage};

sol! {
    event Allowed(address indexed caller, address indexed account, bytes32 handle);
}

const DURATION: u64 = 600;

struct Bench {
    stage: Stage,
    host: User,
    alice: User,
    bob: User,
}

impl Bench {
    fn new() -> Self {
        let [host, alice, bob] = [200, 1, 2].map(|number| User::new(number).unwrap());
        Self { stage: stage(), host, alice, bob }
    }

    fn deploy(&mut self, name: &str, arguments: &[u8]) -> Address {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../solidity/artifacts/");
        let text = std::fs::read_to_string(format!("{path}{name}.json")).unwrap();
        self.stage.deploy(&self.host, &text, arguments).unwrap()
    }

    fn encrypt(
        &self,
        user: &User,
        contract: Address,
        values: &[(FheType, u64)],
    ) -> (Vec<B256>, Bytes) {
        let input = self.stage.encrypt(user, contract, values).unwrap();
        (input.handles.iter().map(|handle| handle.0).collect(), input.proof)
    }
}

/// Everybody but `reader` is refused, and so is the public.
#[track_caller]
fn assert_reads_alone(bench: &Bench, reader: &User, contract: Address, handle: B256, value: u64) {
    let read = bench.stage.decrypt(reader, contract, &[handle]).unwrap();
    assert_eq!(read, [U256::from(value)]);
    for user in [&bench.host, &bench.alice, &bench.bob] {
        if user.address != reader.address {
            assert_refused(bench.stage.decrypt(user, contract, &[handle]));
        }
    }
    assert_refused(bench.stage.open(&[handle]).map_err(Into::into));
}

#[track_caller]
fn assert_nobody_reads(bench: &Bench, contract: Address, handle: B256) {
    for user in [&bench.host, &bench.alice, &bench.bob] {
        assert_refused(bench.stage.decrypt(user, contract, &[handle]));
    }
    assert_refused(bench.stage.open(&[handle]).map_err(Into::into));
}

#[test]
fn a_balance_is_for_its_account_and_only_operators_move_it() {
    let mut bench = Bench::new();
    let token = bench.deploy("PrivateToken", &[]);
    let mint = PrivateToken::mintCall { to: bench.alice.address, amount: 100 };
    bench.stage.send(&bench.host, token, &mint).unwrap();
    assert_reverts(&bench.stage.attempt(&bench.alice, token, &mint).unwrap());
    let balance = PrivateToken::balanceOfCall { account: bench.alice.address };
    let handle = bench.stage.read(token, &balance).unwrap();
    assert_reads_alone(&bench, &bench.alice, token, handle, 100);

    sol! {
        function transferFrom(address from, address to, bytes32 amount) external;
    }
    // Bob cannot move it, not even by a handle that he may use; Alice can.
    let transfer = PrivateToken::mintCall { to: bench.bob.address, amount: 7 };
    bench.stage.send(&bench.host, token, &transfer).unwrap();
    let query = PrivateToken::balanceOfCall { account: bench.bob.address };
    let amount = bench.stage.read(token, &query).unwrap();
    let (from, to) = (bench.alice.address, bench.bob.address);
    let call = transferFromCall { from, to, amount };
    assert_reverts(&bench.stage.attempt(&bench.bob, token, &call).unwrap());
    // Nor can an operator by a handle of somebody else's.
    let approve = PrivateToken::setOperatorCall { operator: bench.bob.address, approved: true };
    bench.stage.send(&bench.alice, token, &approve).unwrap();
    let foreign = transferFromCall { from, to, amount: handle };
    assert_reverts(&bench.stage.attempt(&bench.bob, token, &foreign).unwrap());
    assert!(bench.stage.attempt(&bench.bob, token, &call).unwrap().is_success());
    let handle = bench.stage.read(token, &balance).unwrap();
    assert_reads_alone(&bench, &bench.alice, token, handle, 93);
}

#[test]
fn a_count_is_secret_until_the_vote_is_over() {
    let mut bench = Bench::new();
    let voters = vec![bench.alice.address];
    let vote = bench.deploy("PrivateVote", &(voters, U256::from(DURATION)).abi_encode_params());
    let ballot = |bench: &Bench, user: &User| {
        let (handles, proof) = bench.encrypt(user, vote, &[(FheType::Bool, 1)]);
        PrivateVote::voteCall { choice: handles[0], proof }
    };
    let strangers = ballot(&bench, &bench.bob);
    assert_reverts(&bench.stage.attempt(&bench.bob, vote, &strangers).unwrap());
    let call = ballot(&bench, &bench.alice);
    bench.stage.send(&bench.alice, vote, &call).unwrap();
    let again = ballot(&bench, &bench.alice);
    assert_reverts(&bench.stage.attempt(&bench.alice, vote, &again).unwrap());
    assert_nobody_reads(&bench, vote, call.choice);

    let close = PrivateVote::closeCall {};
    assert_reverts(&bench.stage.attempt(&bench.host, vote, &close).unwrap());
    let count = bench.stage.read(vote, &PrivateVote::countCall {}).unwrap();
    assert_nobody_reads(&bench, vote, count);
    bench.stage.wait(DURATION).unwrap();
    bench.stage.send(&bench.host, vote, &close).unwrap();
    assert_eq!(bench.stage.open(&[count]).unwrap().values, [U256::ONE]);
}

#[test]
fn the_hospital_never_sees_data_and_the_patient_never_sees_the_model() {
    let mut bench = Bench::new();
    let contract = bench.deploy("Diagnosis", &[]);
    let bytes = |values: &[u64]| values.iter().map(|v| (FheType::Uint8, *v)).collect::<Vec<_>>();
    let (model, proof) = bench.encrypt(&bench.host, contract, &bytes(&[100, 50, 3, 5]));
    let (thresholds, points) = (model[..2].to_vec(), model[2..].to_vec());
    let set = DiagnosisContract::setModelCall { thresholds, points, proof };
    bench.stage.send(&bench.host, contract, &set).unwrap();

    let (markers, proof) = bench.encrypt(&bench.alice, contract, &bytes(&[101, 50]));
    let ask = DiagnosisContract::diagnoseCall { markers: markers.clone(), proof };
    // Once for each visit.
    assert_reverts(&bench.stage.attempt(&bench.alice, contract, &ask).unwrap());
    let admit = DiagnosisContract::admitCall { patient: bench.alice.address, times: U256::ONE };
    assert_reverts(&bench.stage.attempt(&bench.alice, contract, &admit).unwrap());
    bench.stage.send(&bench.host, contract, &admit).unwrap();
    bench.stage.send(&bench.alice, contract, &ask).unwrap();
    assert_reverts(&bench.stage.attempt(&bench.alice, contract, &ask).unwrap());

    let query = DiagnosisContract::scoreOfCall { patient: bench.alice.address };
    let score = bench.stage.read(contract, &query).unwrap();
    assert_reads_alone(&bench, &bench.alice, contract, score, 3);
    for secret in model.into_iter().chain(markers) {
        assert_nobody_reads(&bench, contract, secret);
    }
}

#[test]
fn a_class_is_for_who_asked() {
    let mut bench = Bench::new();
    for model in Model::all().unwrap() {
        let contract = bench.deploy(&model.contract, &[]);
        let row: Vec<_> =
            model.test.inputs[0].iter().map(|x| (FheType::Uint8, u64::from(*x))).collect();
        let (features, proof) = bench.encrypt(&bench.alice, contract, &row);
        let call = Classifier::classifyCall { features: features.clone(), proof };
        bench.stage.send(&bench.alice, contract, &call).unwrap();
        let query = Classifier::classOfCall { account: bench.alice.address };
        let class = bench.stage.read(contract, &query).unwrap();
        let expected = model.test.predictions[0].into();
        assert_reads_alone(&bench, &bench.alice, contract, class, expected);
        assert_nobody_reads(&bench, contract, features[0]);
        let short = Classifier::classifyCall {
            features: features[1..].to_vec(),
            proof: call.proof.clone(),
        };
        assert_reverts(&bench.stage.attempt(&bench.alice, contract, &short).unwrap());
    }
}

#[test]
fn a_losing_bid_is_for_its_bidder_and_the_token_alone() {
    let mut bench = Bench::new();
    let token = bench.deploy("PrivateToken", &[]);
    let auction = bench.deploy("SealedAuction", &(token, U256::from(DURATION)).abi_encode_params());
    let mut bids = Vec::new();
    for (number, bid) in [(1, 40), (2, 41)] {
        let user = User::new(number).unwrap();
        let mint = PrivateToken::mintCall { to: user.address, amount: 100 };
        bench.stage.send(&bench.host, token, &mint).unwrap();
        let approve = PrivateToken::setOperatorCall { operator: auction, approved: true };
        bench.stage.send(&user, token, &approve).unwrap();
        let (handles, proof) = bench.encrypt(&user, auction, &[(FheType::Uint64, bid)]);
        let call = SealedAuction::bidCall { amount: handles[0], proof };
        let receipt = bench.stage.attempt(&user, auction, &call).unwrap();
        assert!(receipt.is_success(), "{receipt:?}");
        // What was paid in is what the token granted to both.
        let grants: Vec<Allowed> = receipt
            .logs
            .iter()
            .filter(|log| log.address == HostAddresses::LOCAL.acl)
            .filter_map(|log| Allowed::decode_log(log).ok())
            .map(|log| log.data)
            .filter(|grant| grant.caller == token)
            .collect();
        let granted = |account: Address, handle: B256| {
            grants.iter().any(|grant| (grant.account, grant.handle) == (account, handle))
        };
        let paid = grants
            .iter()
            .find(|grant| granted(user.address, grant.handle) && granted(auction, grant.handle))
            .unwrap_or_else(|| panic!("{:?}", receipt.logs));
        bids.push(paid.handle);
        assert_reverts(&bench.stage.attempt(&user, auction, &call).unwrap());
    }
    let refund = SealedAuction::refundCall { bidder: bench.alice.address };
    assert_reverts(&bench.stage.attempt(&bench.alice, auction, &refund).unwrap());
    assert_reverts(
        &bench.stage.attempt(&bench.host, auction, &SealedAuction::closeCall {}).unwrap(),
    );
    assert_refused(
        bench
            .stage
            .open(&bench.stage.read(auction, &SealedAuction::resultCall {}).unwrap())
            .map_err(Into::into),
    );
    bench.stage.wait(DURATION).unwrap();
    bench.stage.send(&bench.host, auction, &SealedAuction::closeCall {}).unwrap();
    let result = bench.stage.read(auction, &SealedAuction::resultCall {}).unwrap();
    let opened = bench.stage.open(&result).unwrap();
    assert_eq!(opened.values, [U256::from(2), U256::from(41)]);
    let (cleartexts, proof) = (opened.cleartexts, opened.proof);
    let open = SealedAuction::openCall { cleartexts, proof };
    bench.stage.send(&bench.host, auction, &open).unwrap();

    assert_reads_alone(&bench, &bench.alice, token, bids[0], 40);
    bench.stage.send(&bench.bob, auction, &refund).unwrap();
    assert_reverts(&bench.stage.attempt(&bench.alice, auction, &refund).unwrap());
    // The winner's is the seller's by now.
    let refund = SealedAuction::refundCall { bidder: bench.bob.address };
    assert_reverts(&bench.stage.attempt(&bench.bob, auction, &refund).unwrap());
}

#[test]
fn an_order_is_for_its_owner_and_only_the_oracle_names_prices() {
    let mut bench = Bench::new();
    let contract = bench.deploy("PrivateStrategy", &bench.host.address.abi_encode());
    let terms = [(FheType::Uint16, 100), (FheType::Uint16, 2), (FheType::Uint32, 1_000)];
    let (handles, proof) = bench.encrypt(&bench.alice, contract, &terms);
    let (trigger, size, budget) = (handles[0], handles[1], handles[2]);
    let place = PrivateStrategy::placeCall { trigger, size, budget, proof };
    bench.stage.send(&bench.alice, contract, &place).unwrap();
    let execute = PrivateStrategy::executeCall { owner: bench.alice.address, price: 90 };
    assert_reverts(&bench.stage.attempt(&bench.alice, contract, &execute).unwrap());
    bench.stage.send(&bench.host, contract, &execute).unwrap();
    let query = PrivateStrategy::orderOfCall { owner: bench.alice.address };
    let order = bench.stage.read(contract, &query).unwrap();
    for (handle, value) in
        [(order.trigger, 100), (order.size, 2), (order.budget, 820), (order.position, 2)]
    {
        assert_reads_alone(&bench, &bench.alice, contract, handle, value);
    }
}

#[test]
fn a_net_is_opened_once_the_batch_has_enough_orders() {
    let mut bench = Bench::new();
    let contract = bench.deploy("NetBatch", &[]);
    let close = NetBatch::closeCall {};
    for (number, values) in [(1, (1, 70)), (2, (0, 50)), (3, (0, 30))] {
        assert_reverts(&bench.stage.attempt(&bench.host, contract, &close).unwrap());
        let user = User::new(number).unwrap();
        let values = [(FheType::Bool, values.0), (FheType::Uint16, values.1)];
        let (handles, proof) = bench.encrypt(&user, contract, &values);
        let order = NetBatch::orderCall { buys: handles[0], amount: handles[1], proof };
        bench.stage.send(&user, contract, &order).unwrap();
        assert_reverts(&bench.stage.attempt(&user, contract, &order).unwrap());
        for handle in handles {
            assert_nobody_reads(&bench, contract, handle);
        }
        let net = bench.stage.read(contract, &NetBatch::netHandleCall {}).unwrap();
        assert_nobody_reads(&bench, contract, net);
    }
    bench.stage.send(&bench.host, contract, &close).unwrap();
    let net = bench.stage.read(contract, &NetBatch::netHandleCall {}).unwrap();
    let opened = bench.stage.open(&[net]).unwrap();
    let (cleartexts, proof) = (opened.cleartexts, opened.proof);
    bench.stage.send(&bench.host, contract, &NetBatch::openCall { cleartexts, proof }).unwrap();
    assert_eq!(bench.stage.read(contract, &NetBatch::netCall {}).unwrap(), -10);
}

#[test]
fn a_picture_is_for_its_owner() {
    let mut bench = Bench::new();
    let contract = bench.deploy("ImageFilter", &(U256::from(2), U256::ONE).abi_encode_params());
    let row = [(FheType::Uint8, 10), (FheType::Uint8, 20)];
    let (handles, proof) = bench.encrypt(&bench.alice, contract, &row);
    let load = ImageFilter::loadCall { row: handles, proof };
    // The host deployed it, so Alice has no picture here.
    assert_reverts(&bench.stage.attempt(&bench.alice, contract, &load).unwrap());
    let (handles, proof) = bench.encrypt(&bench.host, contract, &row);
    let load = ImageFilter::loadCall { row: handles.clone(), proof };
    bench.stage.send(&bench.host, contract, &load).unwrap();
    assert_reverts(&bench.stage.attempt(&bench.host, contract, &load).unwrap());
    let filter = ImageFilter::filterRowCall { filter: 0, y: U256::ZERO };
    assert_reverts(&bench.stage.attempt(&bench.alice, contract, &filter).unwrap());
    bench.stage.send(&bench.host, contract, &filter).unwrap();
    let query = ImageFilter::rowOfCall { filter: 0, y: U256::ZERO };
    let row = bench.stage.read(contract, &query).unwrap();
    assert_reads_alone(&bench, &bench.host, contract, row[0], 245);
    assert_nobody_reads(&bench, contract, handles[0]);
}
