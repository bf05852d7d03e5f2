//! How contexts and epochs are proposed, confirmed and destroyed.

use alloy_primitives::{U256, keccak256};
use alloy_sol_types::{Panic, PanicKind, SolCall};
use ciphervm_precompiles::{ConfigErrors as E, HostErrors, interface::ProtocolConfig as C};

use super::{protocol_config::*, *};

const PENDING: u64 = 1;
const CREATED: u64 = 2;
const DESTROYED: u64 = 4;

pub(super) fn define(seeds: &[u8], of: [u64; 4]) -> Vec<u8> {
    C::defineNewKmsContextAndEpochCall {
        kmsNodeParams: nodes(seeds),
        thresholds: thresholds(of),
        softwareVersion: software(),
        pcrValues: measurements(),
    }
    .abi_encode()
}

pub(super) fn define_epoch() -> Vec<u8> {
    C::defineNewEpochForCurrentKmsContextCall {}.abi_encode()
}

pub(super) fn confirm(id: u64) -> Vec<u8> {
    C::confirmKmsContextCreationCall { kmsContextId: context(id) }.abi_encode()
}

pub(super) fn destroy(id: u64) -> Vec<u8> {
    C::destroyKmsContextCall { kmsContextId: context(id) }.abi_encode()
}

fn destroy_epoch(id: u64) -> Vec<u8> {
    C::destroyKmsEpochCall { epochId: epoch(id) }.abi_encode()
}

fn call(name: &'static str, data: Vec<u8>) -> Case {
    case(name, PC, data).by(owner()).after(three)
}

/// Context 3, of nodes 3 and 4, is proposed.
pub(super) fn proposed(chain: &mut Chain) {
    done(chain, owner(), PC, &define(&[3, 4], [1; 4]));
}

/// All new nodes and two of the current three confirm context 3, which opens epoch 3.
pub(super) fn created(chain: &mut Chain) {
    proposed(chain);
    for seed in [1, 4, 3] {
        done(chain, sender(seed), PC, &confirm(3));
    }
}

fn proposing() -> Vec<Case> {
    let of = [1, 2, 1, 2];
    let announced =
        (nodes(&[3, 4]), thresholds(of), software(), measurements()).abi_encode_params();
    let busy = |context_id, epoch_id| E::KmsLifecycleOperationInFlight {
        kmsContextId: context(context_id),
        epochId: epoch(epoch_id),
    };
    let opened = |case: Case, id, previous| {
        case.returns_nothing()
            .emits(C::NewKmsEpoch {
                kmsContextId: context(2),
                epochId: epoch(id),
                previousContextId: context(2),
                previousEpochId: epoch(previous),
                materialBlockNumber: U256::from(BLOCK - 1),
            })
            .stores(word(2), epoch(id))
            .stores(epoch_word(id, 0), PENDING)
            .stores(epoch_word(id, 1), context(2))
    };
    let last = |case: Case| case.by(owner()).reverts(Panic::from(PanicKind::UnderOverflow));
    vec![
        stores_context(
            call("defineNewKmsContextAndEpoch", define(&[3, 4], of))
                .returns_nothing()
                .emits(C::NewKmsContext {
                    contextId: context(3),
                    previousContextId: context(2),
                    kmsNodeParams: nodes(&[3, 4]),
                    thresholds: thresholds(of),
                    softwareVersion: software(),
                    pcrValues: measurements(),
                })
                .stores(word(0), context(3))
                .stores(context_word(3, 6), PENDING)
                .stores(context_word(3, 9), BLOCK)
                .stores(context_word(3, 10), keccak256(announced))
                .stores(context_word(3, 11), 2),
            3,
            &[3, 4],
            of,
        ),
        // All nodes before may be faulty, and still one has to confirm.
        stores_context(
            case("define after genesis", PC, define(&[3], [1; 4]))
                .by(owner())
                .returns_nothing()
                .emits(C::NewKmsContext {
                    contextId: context(2),
                    previousContextId: context(1),
                    kmsNodeParams: nodes(&[3]),
                    thresholds: thresholds([1; 4]),
                    softwareVersion: software(),
                    pcrValues: measurements(),
                })
                .stores(word(0), context(2))
                .stores(context_word(2, 6), PENDING)
                .stores(context_word(2, 9), BLOCK)
                .stores(context_word(2, 10), {
                    let announced = (nodes(&[3]), thresholds([1; 4]), software(), measurements());
                    keccak256(announced.abi_encode_params())
                })
                .stores(context_word(2, 11), 1),
            2,
            &[3],
            [1; 4],
        ),
        call("define by a stranger", define(&[], [0; 4]))
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("define nothing", define(&[], [0; 4])).reverts(E::EmptyKmsNodes {}),
        call("define without thresholds", define(&[4], [0; 4]))
            .reverts(E::InvalidNullThreshold { thresholdName: "publicDecryption".into() }),
        call("define a node twice", define(&[4, 4], [1; 4]))
            .reverts(E::KmsTxSenderAlreadyRegistered { txSender: sender(4) }),
        call("define while a context is pending", define(&[], [0; 4]))
            .after(proposed)
            .reverts(busy(3, 2)),
        call("define while a context is created", define(&[], [0; 4]))
            .after(created)
            .reverts(busy(3, 3)),
        call("define while an epoch is pending", define(&[], [0; 4]))
            .after(owner_does(define_epoch()))
            .reverts(busy(2, 3)),
        call("define after a context was destroyed", define(&[], [0; 4]))
            .after(created)
            .after(owner_does(destroy(3)))
            .reverts(E::EmptyKmsNodes {}),
        last(
            call("define after the last number", define(&[4], [1; 4]))
                .after(owner_does(mirror_nodes(U256::MAX, epoch(3), nodes(&[1]), [1; 4]))),
        ),
        call("define, malformed", define(&[4], [1; 4])[..100].to_vec()).by(USER).reverts_empty(),
        call("define, malformed nodes by a stranger", {
            let mut data = define(&[4], [1; 4]);
            // The offset of the first node.
            data[4 + 8 * 32..4 + 9 * 32].fill(0xff);
            data
        })
        .by(USER)
        .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("define, malformed nodes", {
            let mut data = define(&[4], [1; 4]);
            data[4 + 8 * 32..4 + 9 * 32].fill(0xff);
            data
        })
        .reverts_empty(),
        opened(call("defineNewEpochForCurrentKmsContext", define_epoch()), 3, 2),
        opened(
            call("define an epoch after one was destroyed", define_epoch())
                .after(owner_does(define_epoch()))
                .after(owner_does(destroy_epoch(3))),
            4,
            2,
        ),
        call("define an epoch by a stranger", define_epoch())
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("define an epoch while one is pending", define_epoch())
            .after(owner_does(define_epoch()))
            .reverts(busy(2, 3)),
        call("define an epoch while a context is pending", define_epoch())
            .after(proposed)
            .reverts(busy(3, 2)),
        last(call("define an epoch after the last number", define_epoch()).after(owner_does(
            C::mirrorKmsEpochCall { contextId: context(2), epochId: U256::MAX }.abi_encode(),
        ))),
    ]
}

fn confirming() -> Vec<Case> {
    let call = |name, seed| call(name, confirm(3)).after(proposed).by(sender(seed));
    let event = |seed, previous, new| C::KmsContextCreationConfirmation {
        kmsContextId: context(3),
        txSender: sender(seed),
        isPreviousTxSender: previous,
        isNewTxSender: new,
    };
    let after = |case: Case, seeds: &[u8]| {
        seeds.iter().fold(case, |case, seed| case.after_call(sender(*seed), confirm(3)))
    };
    let noted = |case: Case, seed: u8| {
        case.returns_nothing().stores(entry(context_word(3, 14), sender(seed).into_word()), 1)
    };
    let opens = |case: Case| {
        case.emits(C::NewKmsEpoch {
            kmsContextId: context(3),
            epochId: epoch(3),
            previousContextId: context(2),
            previousEpochId: epoch(2),
            materialBlockNumber: U256::from(BLOCK - 1),
        })
        .stores(word(2), epoch(3))
        .stores(epoch_word(3, 0), PENDING)
        .stores(epoch_word(3, 1), context(3))
        .stores(context_word(3, 6), CREATED)
    };
    let not_pending = |id| E::KmsContextNotPending { kmsContextId: context(id) };
    let view = |name, data: Vec<u8>| case(name, PC, data).after(three);
    let valid = C::isValidKmsContextCall { kmsContextId: context(3) }.abi_encode();
    let live = C::isLiveKmsContextCall { kmsContextId: context(3) }.abi_encode();
    let sends = C::isKmsTxSenderForContextCall { kmsContextId: context(3), txSender: sender(4) }
        .abi_encode();
    let key_threshold =
        C::getKmsGenThresholdForContextCall { kmsContextId: context(3) }.abi_encode();
    let signers = C::getKmsSignersForContextCall { kmsContextId: context(3) }.abi_encode();
    let quorum = C::getContextCreationPreviousTxSenderThresholdCall { kmsContextId: context(3) }
        .abi_encode();
    let node =
        C::getKmsNodeForContextCall { kmsContextId: context(3), txSender: sender(4) }.abi_encode();
    let member = (sender(4), signer(4).1, "10.0.0.4".to_owned(), url(4));
    let gone = owner_does(destroy(3));
    vec![
        noted(call("confirm by a current node", 1), 1)
            .emits(event(1, true, false))
            .stores(context_word(3, 12), 1),
        noted(call("confirm by a new node", 4), 4)
            .emits(event(4, false, true))
            .stores(context_word(3, 13), 1),
        noted(call("confirmKmsContextCreation", 3), 3)
            .emits(event(3, true, true))
            .stores(context_word(3, 12), 1)
            .stores(context_word(3, 13), 1),
        noted(after(call("confirm by the last new node, a current one missing", 4), &[3]), 4)
            .emits(event(4, false, true))
            .stores(context_word(3, 13), 2),
        noted(after(call("confirm by enough current nodes, a new one missing", 2), &[1, 3]), 2)
            .emits(event(2, true, false))
            .stores(context_word(3, 12), 3),
        opens(
            noted(after(call("confirm by the last that is needed", 1), &[3, 4]), 1)
                .emits(event(1, true, false))
                .stores(context_word(3, 12), 2),
        ),
        opens(
            noted(after(call("confirm by the last new node", 4), &[1, 3]), 4)
                .emits(event(4, false, true))
                .stores(context_word(3, 13), 2),
        ),
        after(call("confirm after it is created", 2), &[1, 3, 4]).reverts(not_pending(3)),
        call("confirm what is active", 1).reverts_with(confirm(2), not_pending(2)),
        call("confirm what is not", 1).reverts_with(confirm(9), not_pending(9)),
        call("confirm by a stranger", 9).reverts(E::KmsContextCreationUnauthorized {
            caller: sender(9),
            kmsContextId: context(3),
        }),
        after(call("confirm twice", 3), &[3]).reverts(E::KmsContextCreationAlreadyConfirmed {
            txSender: sender(3),
            kmsContextId: context(3),
        }),
        view("a pending context is live", live.clone()).after(proposed).returns(true),
        view("a pending context is not valid", valid.clone()).after(proposed).returns(false),
        view("a created context is not valid", valid).after(created).returns(false),
        view("a pending context has senders", sends.clone()).after(proposed).returns(true),
        view("a pending context has a key threshold", key_threshold.clone())
            .after(proposed)
            .returns(U256::ONE),
        view("a pending context has no signers", signers)
            .after(proposed)
            .reverts(no_context(context(3))),
        view("a pending context has a quorum", quorum.clone())
            .after(proposed)
            .returns(U256::from(2)),
        view("a pending context has nodes", node.clone()).after(proposed).returns(member.clone()),
        view("a destroyed context is not live", live)
            .after(proposed)
            .after(owner_does(destroy(3)))
            .returns(false),
        view("a destroyed context has no senders", sends)
            .after(proposed)
            .after(owner_does(destroy(3)))
            .reverts(no_context(context(3))),
        view("a destroyed context has no key threshold", key_threshold)
            .after(proposed)
            .after(owner_does(destroy(3)))
            .reverts(no_context(context(3))),
        view("a destroyed context has no quorum", quorum)
            .after(proposed)
            .after(gone)
            .returns(U256::ZERO),
        view("a destroyed context has nodes", node)
            .after(proposed)
            .after(owner_does(destroy(3)))
            .returns(member),
        view("a destroyed context has an anchor", {
            C::getKmsContextAnchorCall { contextId: context(3) }.abi_encode()
        })
        .after(proposed)
        .after(owner_does(destroy(3)))
        .returns_params((U256::from(BLOCK), {
            let announced = (nodes(&[3, 4]), thresholds([1; 4]), software(), measurements());
            keccak256(announced.abi_encode_params())
        })),
        view("the counter runs ahead", C::getCurrentKmsContextIdCounterCall {}.abi_encode())
            .after(proposed)
            .returns(context(3)),
        view("a proposal is not current", C::getCurrentKmsContextIdCall {}.abi_encode())
            .after(created)
            .returns(context(2)),
    ]
}

fn destroying() -> Vec<Case> {
    let gone = |case: Case, id| {
        case.returns_nothing()
            .emits(C::KmsContextDestroyed { kmsContextId: context(id) })
            .stores(context_word(id, 6), DESTROYED)
    };
    let forgotten = |case: Case, id| case.stores(epoch_word(id, 0), 0).stores(epoch_word(id, 1), 0);
    let epoch_gone = |case: Case, id| {
        forgotten(case.returns_nothing(), id).emits(C::KmsEpochDestroyed { epochId: epoch(id) })
    };
    let no_epoch = |id| E::InvalidKmsEpoch { epochId: epoch(id) };
    let epoch_of = |context_id, epoch_id| {
        C::isValidEpochForContextCall {
            kmsContextId: context(context_id),
            epochId: epoch(epoch_id),
        }
        .abi_encode()
    };
    vec![
        gone(call("destroyKmsContext", destroy(1)), 1),
        gone(call("destroy a pending context", destroy(3)).after(proposed), 3)
            .stores(context_word(3, 11), 0),
        forgotten(
            gone(call("destroy a created context", destroy(3)).after(created), 3)
                .stores(context_word(3, 11), 0)
                .stores(context_word(3, 12), 0)
                .stores(context_word(3, 13), 0),
            3,
        ),
        call("destroy by a stranger", destroy(2))
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("destroy the current context", destroy(2))
            .reverts(E::LatestActiveKmsContextCannotBeDestroyed { kmsContextId: context(2) }),
        call("destroy nothing", destroy(9)).reverts(no_context(context(9))),
        call("destroy twice", destroy(1))
            .after(owner_does(destroy(1)))
            .reverts(no_context(context(1))),
        epoch_gone(call("destroyKmsEpoch", destroy_epoch(1)), 1),
        epoch_gone(
            call("destroy a pending epoch", destroy_epoch(3)).after(owner_does(define_epoch())),
            3,
        ),
        call("destroy an epoch by a stranger", destroy_epoch(2))
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("destroy the current epoch", destroy_epoch(2))
            .reverts(E::LatestActiveKmsEpochCannotBeDestroyed { epochId: epoch(2) }),
        call("destroy no epoch", destroy_epoch(9)).reverts(no_epoch(9)),
        call("destroy an epoch twice", destroy_epoch(1))
            .after(owner_does(destroy_epoch(1)))
            .reverts(no_epoch(1)),
        call("destroy the epoch of a created context", destroy_epoch(3))
            .after(created)
            .reverts(no_epoch(3)),
        call("an epoch of a destroyed context is not valid", epoch_of(1, 1))
            .after(owner_does(destroy(1)))
            .returns(false),
        call("a destroyed epoch is not valid", epoch_of(1, 1))
            .after(owner_does(destroy_epoch(1)))
            .returns(false),
        call("a pending epoch is not valid", epoch_of(2, 3))
            .after(owner_does(define_epoch()))
            .returns(false),
    ]
}

impl Case {
    /// With other calldata.
    fn reverts_with(mut self, data: Vec<u8>, error: impl SolError) -> Self {
        self.data = data;
        self.reverts(error)
    }
}

pub(super) fn cases() -> Vec<Case> {
    [proposing(), confirming(), destroying()].into_iter().flatten().collect()
}
