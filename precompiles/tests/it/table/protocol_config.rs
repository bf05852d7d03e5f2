//! Contexts as they are read, mirrored and administered.

#![expect(non_snake_case, reason = "variables have the names that their fields have in the ABI")]

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use ciphervm_precompiles::{
    ConfigErrors as E, HostErrors,
    interface::{ChainUpgradeWindow, KmsNodeParams, KmsThresholds, PcrValues, ProtocolConfig as C},
};

use super::{verifiers::upgrades, *};

pub(super) const PC: Address = HOST.protocol_config;
/// States of a context.
pub(super) const ACTIVE: u64 = 3;

pub(super) fn context(number: u64) -> U256 {
    (U256::from(7) << 248) + U256::from(number)
}

pub(super) fn epoch(number: u64) -> U256 {
    (U256::from(8) << 248) + U256::from(number)
}

/// Who sends transactions for the node with this seed.
pub(super) fn sender(seed: u8) -> Address {
    Address::repeat_byte(0xa0 + seed)
}

pub(super) fn url(seed: u8) -> String {
    format!("https://storage.example.org/of/the/node/with/seed/{seed}")
}

/// Nodes with a short text and a long one.
pub(super) fn nodes(seeds: &[u8]) -> Vec<KmsNodeParams> {
    seeds
        .iter()
        .map(|seed| KmsNodeParams {
            txSenderAddress: sender(*seed),
            signerAddress: signer(*seed).1,
            ipAddress: format!("10.0.0.{seed}"),
            storageUrl: url(*seed),
            partyId: i32::from(*seed) - 2,
            mpcIdentity: "identity".into(),
            caCert: vec![*seed; 70].into(),
            storagePrefix: "prefix".into(),
        })
        .collect()
}

pub(super) fn thresholds(of: [u64; 4]) -> KmsThresholds {
    let [publicDecryption, userDecryption, kmsGen, mpc] = of.map(U256::from);
    KmsThresholds { publicDecryption, userDecryption, kmsGen, mpc }
}

pub(super) fn software() -> String {
    "v1.2.3".into()
}

pub(super) fn measurements() -> Vec<PcrValues> {
    let pcr = |byte: u8, length| Bytes::from(vec![byte; length]);
    vec![PcrValues { pcr0: pcr(1, 48), pcr1: pcr(2, 1), pcr2: pcr(3, 0) }; 2]
}

pub(super) fn mirror_nodes(
    context_id: U256,
    epoch_id: U256,
    kmsNodeParams: Vec<KmsNodeParams>,
    of: [u64; 4],
) -> Vec<u8> {
    C::mirrorKmsContextAndEpochCall {
        contextId: context_id,
        epochId: epoch_id,
        kmsNodeParams,
        thresholds: thresholds(of),
        softwareVersion: software(),
        pcrValues: measurements(),
    }
    .abi_encode()
}

pub(super) fn mirror(context_id: u64, epoch_id: u64, seeds: &[u8], of: [u64; 4]) -> Vec<u8> {
    mirror_nodes(context(context_id), epoch(epoch_id), nodes(seeds), of)
}

/// Context 2 of nodes 1, 2 and 3 with different thresholds, and epoch 2 of it, become current.
pub(super) fn three(chain: &mut Chain) {
    done(chain, owner(), PC, &mirror(2, 2, &[1, 2, 3], [2, 3, 2, 1]));
}

/// A step by the owner.
pub(super) fn owner_does(data: Vec<u8>) -> impl Fn(&mut Chain) {
    move |chain| done(chain, owner(), PC, &data)
}

pub(super) fn word(index: u64) -> Word {
    field(PC, "ProtocolConfig", index)
}

pub(super) fn context_word(id: u64, part: u64) -> Word {
    let base = entry(word(4), context(id).into());
    (PC, base.1.wrapping_add(U256::from(part)))
}

pub(super) fn epoch_word(id: u64, part: u64) -> Word {
    let base = entry(word(5), epoch(id).into());
    (PC, base.1.wrapping_add(U256::from(part)))
}

fn element(array: Word, index: u64) -> Word {
    (
        PC,
        U256::from_be_bytes(keccak256(array.1.to_be_bytes::<32>()).0)
            .wrapping_add(U256::from(index)),
    )
}

/// Nodes and thresholds that a case writes.
pub(super) fn stores_context(mut case: Case, id: u64, seeds: &[u8], of: [u64; 4]) -> Case {
    let part = |part| context_word(id, part);
    for (index, threshold) in [0, 3, 4, 5].into_iter().zip(of) {
        case = case.stores(part(index), threshold);
    }
    let count = seeds.len() as u64;
    case = case.stores(part(1), count).stores(part(7), count);
    for (position, seed) in (0..).zip(seeds) {
        let node = |index| element(part(7), 4 * position + index);
        let (ip, url) = (format!("10.0.0.{seed}"), url(*seed));
        let mut short = [0; 32];
        short[..ip.len()].copy_from_slice(ip.as_bytes());
        short[31] = 2 * ip.len() as u8;
        case = case
            .stores(element(part(1), position), signer(*seed).1)
            .stores(entry(part(2), signer(*seed).1.into_word()), 1)
            .stores(entry(part(8), sender(*seed).into_word()), position + 1)
            .stores(node(0), sender(*seed))
            .stores(node(1), signer(*seed).1)
            .stores(node(2), B256::from(short))
            .stores(node(3), 2 * url.len() as u64 + 1);
        for (index, chunk) in (0..).zip(url.as_bytes().chunks(32)) {
            let mut long = [0; 32];
            long[..chunk.len()].copy_from_slice(chunk);
            case = case.stores(element(node(3), index), B256::from(long));
        }
    }
    case
}

fn call(name: &'static str, data: Vec<u8>) -> Case {
    case(name, PC, data).by(owner())
}

pub(super) fn no_context(id: U256) -> E::InvalidKmsContext {
    E::InvalidKmsContext { kmsContextId: id }
}

fn mirroring() -> Vec<Case> {
    let event = |context_id, epoch_id, seeds: &[u8], of| C::MirrorKmsContextAndEpoch {
        contextId: context(context_id),
        epochId: epoch(epoch_id),
        kmsNodeParams: nodes(seeds),
        thresholds: thresholds(of),
        softwareVersion: software(),
        pcrValues: measurements(),
    };
    let of = |change: &dyn Fn(&mut Vec<KmsNodeParams>), thresholds| {
        let mut nodes = nodes(&[1, 2]);
        change(&mut nodes);
        mirror_nodes(context(2), epoch(2), nodes, thresholds)
    };
    let null = |name: &str| E::InvalidNullThreshold { thresholdName: name.into() };
    let high = |name: &str| E::InvalidHighThreshold {
        thresholdName: name.into(),
        threshold: U256::from(3),
        nodeCount: U256::from(2),
    };
    let limit = |name: &str| E::ThresholdExceedsProofFormatLimit {
        thresholdName: name.into(),
        threshold: U256::from(256),
        maxAllowed: U256::from(255),
    };
    let last_context = |contextId: U256, last| E::NonIncreasingKmsContextId {
        contextId,
        latestActiveKmsContextId: last,
    };
    let last_epoch = |epochId, last| E::NonIncreasingEpochId { epochId, currentEpochId: last };
    let many = |count: usize| {
        let node = |index: usize| {
            let mut address = [7; 20];
            address[..8].copy_from_slice(&(index as u64 + 1).to_be_bytes());
            let address = Address::from(address);
            KmsNodeParams { txSenderAddress: address, signerAddress: address, ..Default::default() }
        };
        (0..count).map(node).collect::<Vec<_>>()
    };
    let epoch_call = |context_id, epoch_id| {
        C::mirrorKmsEpochCall { contextId: context_id, epochId: epoch_id }.abi_encode()
    };
    vec![
        stores_context(
            call("mirrorKmsContextAndEpoch", mirror(5, 4, &[1, 2], [1, 2, 1, 2]))
                .returns_nothing()
                .emits(event(5, 4, &[1, 2], [1, 2, 1, 2]))
                .stores(word(0), context(5))
                .stores(word(1), context(5))
                .stores(word(2), epoch(4))
                .stores(word(3), epoch(4))
                .stores(context_word(5, 6), ACTIVE)
                .stores(epoch_word(4, 0), 2)
                .stores(epoch_word(4, 1), context(5)),
            5,
            &[1, 2],
            [1, 2, 1, 2],
        ),
        call("mirrorKmsContextAndEpoch by a stranger", mirror(2, 2, &[1], [1; 4]))
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("mirror the current context and epoch, empty", mirror(1, 1, &[], [0; 4]))
            .reverts(last_context(context(1), context(1))),
        call("mirror an untagged context", {
            mirror_nodes(U256::from(9), epoch(2), nodes(&[1]), [1; 4])
        })
        .reverts(last_context(U256::from(9), context(1))),
        call("mirror the current epoch, empty", mirror(2, 1, &[], [0; 4]))
            .reverts(last_epoch(epoch(1), epoch(1))),
        call("mirror an empty context", mirror(2, 2, &[], [0; 4])).reverts(E::EmptyKmsNodes {}),
        call("mirror 256 nodes without thresholds", {
            mirror_nodes(context(2), epoch(2), many(256), [0; 4])
        })
        .reverts(E::KmsSignerSetExceedsProofFormatLimit {
            signerCount: U256::from(256),
            maxAllowed: U256::from(255),
        }),
        call("mirror 255 nodes without thresholds", {
            mirror_nodes(context(2), epoch(2), many(255), [0; 4])
        })
        .reverts(null("publicDecryption")),
        call("mirror, no user threshold", of(&|_| (), [1, 0, 0, 0]))
            .reverts(null("userDecryption")),
        call("mirror, no key threshold", of(&|_| (), [1, 1, 0, 0])).reverts(null("kmsGen")),
        call("mirror, no mpc threshold", of(&|_| (), [1, 1, 1, 0])).reverts(null("mpc")),
        call("mirror, public threshold high", of(&|_| (), [3, 0, 0, 0]))
            .reverts(high("publicDecryption")),
        call("mirror, user threshold high", of(&|_| (), [2, 3, 0, 0]))
            .reverts(high("userDecryption")),
        call("mirror, key threshold high", of(&|_| (), [2, 2, 3, 0])).reverts(high("kmsGen")),
        call("mirror, mpc threshold high", of(&|_| (), [2, 2, 2, 3])).reverts(high("mpc")),
        call("mirror, public threshold too high", of(&|_| (), [256, 0, 0, 0]))
            .reverts(limit("publicDecryption")),
        call("mirror, a number that a proposal took", mirror(2, 2, &[1], [1; 4]))
            .after(owner_does(super::protocol_config_lifecycle::define(&[1], [1; 4])))
            .reverts(last_context(context(2), context(2))),
        call("mirror, thresholds before the number", mirror(2, 2, &[1], [0; 4]))
            .after(owner_does(super::protocol_config_lifecycle::define(&[1], [1; 4])))
            .reverts(null("publicDecryption")),
        call(
            "mirror, no sender and no signer",
            of(
                &|nodes| {
                    nodes[0].txSenderAddress = Address::ZERO;
                    nodes[0].signerAddress = Address::ZERO;
                },
                [1; 4],
            ),
        )
        .reverts(E::KmsNodeNullTxSender {}),
        call("mirror, no signer", of(&|nodes| nodes[1].signerAddress = Address::ZERO, [1; 4]))
            .reverts(E::KmsNodeNullSigner {}),
        call("mirror, node twice", of(&|nodes| nodes[1] = nodes[0].clone(), [1; 4]))
            .reverts(E::KmsTxSenderAlreadyRegistered { txSender: sender(1) }),
        call("mirror, signer twice", {
            of(&|nodes| nodes[1].signerAddress = nodes[0].signerAddress, [1; 4])
        })
        .reverts(E::KmsSignerAlreadyRegistered { signer: signer(1).1 }),
        call("mirror, malformed measurements after all checks", {
            // Each of two measurements takes nine words at the end.
            let mut data = mirror(2, 2, &[1], [1; 4]);
            let pcrs = data.len() - 2 * 9 * 32;
            data[pcrs..pcrs + 64].fill(0xff);
            data
        })
        .reverts_empty(),
        call("mirror, malformed measurements and nobody", {
            let mut data = of(&|nodes| nodes[1].signerAddress = Address::ZERO, [1; 4]);
            let pcrs = data.len() - 2 * 9 * 32;
            data[pcrs..pcrs + 64].fill(0xff);
            data
        })
        .reverts(E::KmsNodeNullSigner {}),
        call("mirror, malformed", mirror(2, 2, &[1], [1; 4])[..200].to_vec())
            .by(USER)
            .reverts_empty(),
        call("mirrorKmsEpoch", epoch_call(context(1), epoch(7)))
            .returns_nothing()
            .emits(C::MirrorKmsEpoch { contextId: context(1), epochId: epoch(7) })
            .stores(word(2), epoch(7))
            .stores(word(3), epoch(7))
            .stores(epoch_word(7, 0), 2)
            .stores(epoch_word(7, 1), context(1)),
        call("mirrorKmsEpoch by a stranger", epoch_call(context(9), epoch(1)))
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("mirrorKmsEpoch of nothing", epoch_call(context(2), epoch(1)))
            .reverts(no_context(context(2))),
        call("mirrorKmsEpoch of an older context", epoch_call(context(1), epoch(9)))
            .after(three)
            .reverts(no_context(context(1))),
        call("mirrorKmsEpoch of the same", epoch_call(context(1), epoch(1)))
            .reverts(last_epoch(epoch(1), epoch(1))),
    ]
}

fn setting() -> Vec<Case> {
    type Update = fn(U256, U256) -> Vec<u8>;
    let updates: [(&'static str, Update, u64, &'static str); 4] = [
        (
            "publicDecryption",
            |kmsContextId, threshold| {
                C::updatePublicDecryptionThresholdForContextCall { kmsContextId, threshold }
                    .abi_encode()
            },
            0,
            "PublicDecryptionThresholdUpdated(uint256,uint256)",
        ),
        (
            "userDecryption",
            |kmsContextId, threshold| {
                C::updateUserDecryptionThresholdForContextCall { kmsContextId, threshold }
                    .abi_encode()
            },
            3,
            "UserDecryptionThresholdUpdated(uint256,uint256)",
        ),
        (
            "kmsGen",
            |kmsContextId, threshold| {
                C::updateKmsGenThresholdForContextCall { kmsContextId, threshold }.abi_encode()
            },
            4,
            "KmsGenThresholdUpdated(uint256,uint256)",
        ),
        (
            "mpc",
            |kmsContextId, threshold| {
                C::updateMpcThresholdForContextCall { kmsContextId, threshold }.abi_encode()
            },
            5,
            "MpcThresholdUpdated(uint256,uint256)",
        ),
    ];
    let mut cases = vec![];
    for (name, update, part, event) in updates {
        let to = |id, threshold: u64| update(context(id), U256::from(threshold));
        // Two of these four are 2 already, and one is 3: 1 and 2 differ somewhere.
        let new = if part == 5 { 2 } else { 1 };
        let topics = vec![keccak256(event), context(2).into()];
        let data = U256::from(new).to_be_bytes::<32>();
        cases.extend([
            call(name, to(2, new))
                .after(three)
                .returns_nothing()
                .logs(LogData::new_unchecked(topics, data.into()))
                .stores(context_word(2, part), new),
            call(name, to(9, 0)).by(USER).reverts(HostErrors::NotHostOwner { sender: USER }),
            call(name, to(9, 0)).reverts(no_context(context(9))),
            call(name, to(2, 0))
                .after(three)
                .reverts(E::InvalidNullThreshold { thresholdName: name.into() }),
            call(name, to(2, 255)).after(three).reverts(E::InvalidHighThreshold {
                thresholdName: name.into(),
                threshold: U256::from(255),
                nodeCount: U256::from(3),
            }),
            call(name, to(2, 256)).after(three).reverts(E::ThresholdExceedsProofFormatLimit {
                thresholdName: name.into(),
                threshold: U256::from(256),
                maxAllowed: U256::from(255),
            }),
            call(name, to(2, 4)).after(three).reverts(E::InvalidHighThreshold {
                thresholdName: name.into(),
                threshold: U256::from(4),
                nodeCount: U256::from(3),
            }),
        ]);
    }
    cases
}

fn proposals() -> Vec<Case> {
    let window =
        |chainId, startBlock, endBlock| ChainUpgradeWindow { chainId, startBlock, endBlock };
    let propose = |number: u64, version: &str, windows: &[ChainUpgradeWindow], block| {
        C::proposeCoprocessorUpgradeCall {
            proposalId: U256::from(number),
            softwareVersion: version.into(),
            chainUpgradeWindows: windows.to_vec(),
            gwStartBlock: block,
        }
        .abi_encode()
    };
    let windows = [window(1, 5, 9), window(2, 7, 7)];
    vec![
        call("proposeCoprocessorUpgrade", propose(3, "v2", &windows, 8)).returns_nothing().emits(
            C::CoprocessorUpgradeProposed {
                proposalId: U256::from(3),
                softwareVersion: "v2".into(),
                chainUpgradeWindows: windows.to_vec(),
                gwStartBlock: 8,
            },
        ),
        call("propose by a stranger", propose(0, "", &[], 0))
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("propose windows of two words, by a stranger", {
            let data = propose(0, "", &windows[..1], 0);
            data[..data.len() - 32].to_vec()
        })
        .by(USER)
        .reverts_empty(),
        call("propose nothing", propose(0, "", &[], 0)).reverts(E::InvalidProposalId {}),
        call("propose no version", propose(1, "", &[], 0)).reverts(E::EmptySoftwareVersion {}),
        call("propose no chain", propose(1, "v", &[], 0)).reverts(E::EmptyChainUpgradeWindows {}),
        call("propose no gateway block", propose(1, "v", &[window(0, 9, 1)], 0))
            .reverts(E::ZeroGwStartBlock {}),
        call("propose chain zero", propose(1, "v", &[window(0, 9, 1)], 1))
            .reverts(E::ZeroChainId {}),
        call("propose a window backwards", propose(1, "v", &[window(4, 9, 8), window(0, 0, 0)], 1))
            .reverts(E::InvalidBlockWindow { chainId: 4, startBlock: 9, endBlock: 8 }),
        call("propose a chain twice", propose(1, "v", &[window(4, 1, 1), window(4, 1, 1)], 1))
            .reverts(E::DuplicateChainId { chainId: 4 }),
        call("propose, malformed", propose(1, "v", &windows, 1)[..130].to_vec()).reverts_empty(),
    ]
}

fn views() -> Vec<Case> {
    let view = |name, data| case(name, PC, data).after(three);
    let seeds = [1, 2, 3];
    let signers: Vec<_> = seeds.map(|seed| signer(seed).1).into();
    let node = |seed: u8| (sender(seed), signer(seed).1, format!("10.0.0.{seed}"), url(seed));
    let nobody = (Address::ZERO, Address::ZERO, String::new(), String::new());
    let genesis = ciphervm_precompiles::GenesisParams::default().kms_signers[0];
    let none = || Bytes::new();
    let announced = (
        vec![(genesis, genesis, none(), none(), 1i32, none(), none(), none())],
        [U256::ONE; 4],
        none(),
        Vec::<(Bytes, Bytes, Bytes)>::new(),
    );
    let announced = keccak256(announced.abi_encode_params());
    let unknown = |case: Case| case.reverts(no_context(context(3)));
    let untagged = U256::from(2);
    let signers_of = |id| C::getKmsSignersForContextCall { kmsContextId: id }.abi_encode();
    let signs = |signer| C::isKmsSignerCall { signer }.abi_encode();
    let signs_for =
        |id, signer| C::isKmsSignerForContextCall { kmsContextId: id, signer }.abi_encode();
    let nodes_of = |id| C::getKmsNodesForContextCall { kmsContextId: id }.abi_encode();
    let node_of =
        |id, txSender| C::getKmsNodeForContextCall { kmsContextId: id, txSender }.abi_encode();
    let sends =
        |id, txSender| C::isKmsTxSenderForContextCall { kmsContextId: id, txSender }.abi_encode();
    let valid = |id| C::isValidKmsContextCall { kmsContextId: id }.abi_encode();
    let live = |id| C::isLiveKmsContextCall { kmsContextId: id }.abi_encode();
    let epoch_of = |context_id, epoch_id| {
        C::isValidEpochForContextCall { kmsContextId: context_id, epochId: epoch_id }.abi_encode()
    };
    let anchor = |id| C::getKmsContextAnchorCall { contextId: id }.abi_encode();
    let public =
        |id| C::getPublicDecryptionThresholdForContextCall { kmsContextId: id }.abi_encode();
    let user = |id| C::getUserDecryptionThresholdForContextCall { kmsContextId: id }.abi_encode();
    let key_threshold = |id| C::getKmsGenThresholdForContextCall { kmsContextId: id }.abi_encode();
    let mpc = |id| C::getMpcThresholdForContextCall { kmsContextId: id }.abi_encode();
    let quorum =
        |id| C::getContextCreationPreviousTxSenderThresholdCall { kmsContextId: id }.abi_encode();
    vec![
        view("getCurrentKmsContextId", C::getCurrentKmsContextIdCall {}.abi_encode())
            .returns(context(2)),
        view("getCurrentKmsContextIdCounter", C::getCurrentKmsContextIdCounterCall {}.abi_encode())
            .returns(context(2)),
        view("getCurrentKmsContextAndEpoch", C::getCurrentKmsContextAndEpochCall {}.abi_encode())
            .returns_params((context(2), epoch(2))),
        view("getKmsContextAnchor of genesis", anchor(context(1)))
            .returns_params((U256::ZERO, announced)),
        view("getKmsContextAnchor of a mirrored context", anchor(context(2)))
            .returns_params((U256::ZERO, B256::ZERO)),
        unknown(view("getKmsContextAnchor of nothing", anchor(context(3)))),
        view("isValidKmsContext", valid(context(2))).returns(true),
        view("isValidKmsContext of an older one", valid(context(1))).returns(true),
        view("isValidKmsContext of nothing", valid(context(3))).returns(false),
        view("isValidKmsContext untagged", valid(untagged)).returns(false),
        view("isLiveKmsContext", live(context(1))).returns(true),
        view("isLiveKmsContext of nothing", live(context(0))).returns(false),
        view("previous quorum of a mirrored context", quorum(context(2))).returns(U256::ZERO),
        view("isValidEpochForContext", epoch_of(context(2), epoch(2))).returns(true),
        view("isValidEpochForContext of an older pair", epoch_of(context(1), epoch(1)))
            .returns(true),
        view("isValidEpochForContext of a wrong pair", epoch_of(context(1), epoch(2)))
            .returns(false),
        view("isValidEpochForContext of nothing", epoch_of(context(2), epoch(3))).returns(false),
        view("getKmsSigners", C::getKmsSignersCall {}.abi_encode()).returns(signers),
        view("getKmsSignersForContext", signers_of(context(1))).returns(vec![genesis]),
        unknown(view("getKmsSignersForContext of nothing", signers_of(context(3)))),
        view("isKmsSigner", signs(signer(1).1)).returns(true),
        view("isKmsSigner of an older one", signs(genesis)).returns(false),
        view("isKmsSignerForContext", signs_for(context(1), genesis)).returns(true),
        view("isKmsSignerForContext of another", signs_for(context(1), signer(1).1)).returns(false),
        unknown(view("isKmsSignerForContext of nothing", signs_for(context(3), genesis))),
        view("getKmsNodesForContext", nodes_of(context(2))).returns(seeds.map(node).to_vec()),
        unknown(view("getKmsNodesForContext of nothing", nodes_of(context(3)))),
        view("getKmsNodesForContext of genesis", nodes_of(context(1))).returns(vec![(
            genesis,
            genesis,
            String::new(),
            String::new(),
        )]),
        view("getKmsNodeForContext", node_of(context(2), sender(3))).returns(node(3)),
        view("getKmsNodeForContext of a stranger", node_of(context(2), USER)).returns(nobody),
        unknown(view("getKmsNodeForContext of nothing", node_of(context(3), sender(3)))),
        view("isKmsTxSenderForContext", sends(context(2), sender(3))).returns(true),
        case("isKmsTxSenderForContext at genesis", PC, sends(context(1), genesis)).returns(true),
        view("isKmsTxSenderForContext of a signer", sends(context(2), signer(3).1)).returns(false),
        unknown(view("isKmsTxSenderForContext of nothing", sends(context(3), sender(3)))),
        view("getPublicDecryptionThreshold", C::getPublicDecryptionThresholdCall {}.abi_encode())
            .returns(U256::from(2)),
        view("getUserDecryptionThreshold", C::getUserDecryptionThresholdCall {}.abi_encode())
            .returns(U256::from(3)),
        view("getKmsGenThreshold", C::getKmsGenThresholdCall {}.abi_encode())
            .returns(U256::from(2)),
        view("getMpcThreshold", C::getMpcThresholdCall {}.abi_encode()).returns(U256::ONE),
        view("getPublicDecryptionThresholdForContext", public(context(1))).returns(U256::ONE),
        unknown(view("getPublicDecryptionThresholdForContext of nothing", public(context(3)))),
        view("getUserDecryptionThresholdForContext", user(context(1))).returns(U256::ONE),
        unknown(view("getUserDecryptionThresholdForContext of nothing", user(context(3)))),
        view("getKmsGenThresholdForContext", key_threshold(context(1))).returns(U256::ONE),
        unknown(view("getKmsGenThresholdForContext of nothing", key_threshold(context(3)))),
        view("getMpcThresholdForContext", mpc(context(2))).returns(U256::ONE),
        unknown(view("getMpcThresholdForContext of nothing", mpc(context(3)))),
        view("ProtocolConfig.getVersion", C::getVersionCall {}.abi_encode())
            .returns("ProtocolConfig v0.1.0".to_owned()),
        view("ProtocolConfig, unknown", vec![1, 2, 3, 4]).reverts_empty(),
        view("isKmsSigner, dirty", [&C::isKmsSignerCall::SELECTOR[..], &[1; 32]].concat())
            .reverts_empty(),
    ]
}

fn initializing() -> Vec<Case> {
    let started = HostErrors::NotInitializingFromEmptyProxy {};
    vec![
        call("ProtocolConfig.initializeFromEmptyProxy", {
            C::initializeFromEmptyProxyCall {
                initialKmsNodeParams: nodes(&[1]),
                initialThresholds: thresholds([1; 4]),
                softwareVersion: software(),
                pcrValues: measurements(),
            }
            .abi_encode()
        })
        .reverts(started),
        call("initializeFromCanonical", {
            C::initializeFromCanonicalCall {
                canonicalContextId: context(1),
                canonicalEpochId: epoch(1),
                canonicalKmsNodeParams: nodes(&[1]),
                canonicalThresholds: thresholds([1; 4]),
            }
            .abi_encode()
        })
        .reverts(HostErrors::NotInitializingFromEmptyProxy {}),
        call("ProtocolConfig.reinitializeV2", {
            C::reinitializeV2Call {
                kmsNodeParams: nodes(&[1]),
                softwareVersion: software(),
                pcrValues: measurements(),
            }
            .abi_encode()
        })
        .reverts(HostErrors::InvalidInitialization {}),
        call("initializeFromCanonical, malformed", {
            C::initializeFromCanonicalCall::SELECTOR.to_vec()
        })
        .reverts_empty(),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [mirroring(), setting(), proposals(), views(), initializing(), upgrades(PC)]
        .into_iter()
        .flatten()
        .collect()
}
