//! One context, in storage.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;

use super::{Field, params::Proposal, text};
use crate::{
    errors::ConfigErrors,
    frame::{Abort, Frame, Outcome, Slot},
    layout,
    signers::SignerSet,
};

/// A context's place in storage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// Its number.
    pub(super) id: U256,
    base: Slot,
}

/// What a context has been through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was never proposed.
    None,
    /// It waits for confirmations.
    Pending,
    /// It waits for its first epoch.
    Created,
    /// Results may name it.
    Active,
    /// It is over.
    Destroyed,
}

/// For what nodes must agree. The names are those in errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// To publish a decryption.
    PublicDecryption,
    /// To decrypt for a user.
    UserDecryption,
    /// To generate keys.
    KmsGen,
    /// Faulty nodes that the nodes' own protocol tolerates.
    Mpc,
}

impl Threshold {
    /// All of them, in the order of the ABI.
    pub(super) const ALL: [Self; 4] =
        [Self::PublicDecryption, Self::UserDecryption, Self::KmsGen, Self::Mpc];

    /// The name in errors.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::PublicDecryption => "publicDecryption",
            Self::UserDecryption => "userDecryption",
            Self::KmsGen => "kmsGen",
            Self::Mpc => "mpc",
        }
    }

    const fn field(self) -> Part {
        match self {
            Self::PublicDecryption => Part::Signers,
            Self::UserDecryption => Part::UserDecryption,
            Self::KmsGen => Part::KmsGen,
            Self::Mpc => Part::Mpc,
        }
    }
}

/// Parts of a context in storage, in order.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
enum Part {
    /// Signers, with the threshold for public decryptions in front.
    Signers,
    /// `uint256`
    UserDecryption = SignerSet::WORDS,
    /// `uint256`
    KmsGen,
    /// `uint256`
    Mpc,
    /// [`State`]
    State,
    /// `Node[]`, with [`NODE_WORDS`] per node: sender, signer, and two strings.
    Nodes,
    /// `mapping(address txSender => uint256)`: position of the node, plus one.
    Senders,
    /// `uint256`: the block in which the context was announced.
    AnchorBlock,
    /// `bytes32`: the hash of the announcement.
    AnchorHash,
    /// `uint256`: how many nodes of the context before must confirm this one.
    PreviousQuorum,
    /// `uint256`: how many of them did.
    PreviousConfirmations,
    /// `uint256`: how many nodes of this context did.
    OwnConfirmations,
    /// `mapping(address txSender => bool)`
    Confirmed,
}

/// Words per node.
const NODE_WORDS: u64 = 4;

/// Words of the bookkeeping about confirmations, from [`Part::PreviousQuorum`] on.
const BOOKKEEPING: [Part; 3] =
    [Part::PreviousQuorum, Part::PreviousConfirmations, Part::OwnConfirmations];

/// A node as it is read back: sender, signer, network address, storage.
pub(super) type Node = (Address, Address, Bytes, Bytes);

impl Context {
    /// The context with this number, which need not exist.
    pub(super) fn at(frame: &mut Frame<'_>, id: U256) -> Outcome<Self> {
        let base = frame.entry(Field::Contexts.slot(frame), id)?;
        Ok(Self { id, base })
    }

    /// Number of the current context.
    pub(crate) fn current_id(frame: &mut Frame<'_>) -> Outcome<U256> {
        Field::CurrentContext.load(frame)
    }

    /// The current context.
    pub(crate) fn current(frame: &mut Frame<'_>) -> Outcome<Self> {
        let id = Self::current_id(frame)?;
        Self::at(frame, id)
    }

    /// The active context with this number.
    ///
    /// # Errors
    /// `InvalidKmsContext` if it is not active.
    pub(crate) fn active(frame: &mut Frame<'_>, id: U256) -> Outcome<Self> {
        let context = Self::at(frame, id)?;
        if context.is_active(frame)? { Ok(context) } else { Err(context.invalid()) }
    }

    /// The context with this number, whatever became of it.
    ///
    /// # Errors
    /// `InvalidKmsContext` if there never was one.
    pub(super) fn existing(frame: &mut Frame<'_>, id: U256) -> Outcome<Self> {
        let context = Self::at(frame, id)?;
        if context.state(frame)? == State::None { Err(context.invalid()) } else { Ok(context) }
    }

    /// The context with this number, which is not destroyed.
    ///
    /// # Errors
    /// `InvalidKmsContext` if it is destroyed or there never was one.
    pub(super) fn live(frame: &mut Frame<'_>, id: U256) -> Outcome<Self> {
        let context = Self::at(frame, id)?;
        if context.is_live(frame)? { Ok(context) } else { Err(context.invalid()) }
    }

    pub(super) fn is_active(self, frame: &mut Frame<'_>) -> Outcome<bool> {
        Ok(self.state(frame)? == State::Active)
    }

    pub(super) fn is_live(self, frame: &mut Frame<'_>) -> Outcome<bool> {
        Ok(!matches!(self.state(frame)?, State::None | State::Destroyed))
    }

    pub(super) fn state(self, frame: &mut Frame<'_>) -> Outcome<State> {
        let state = frame.sload(self.part(Part::State))?;
        Ok(match state.saturating_to::<u8>() {
            0 => State::None,
            1 => State::Pending,
            2 => State::Created,
            3 => State::Active,
            _ => State::Destroyed,
        })
    }

    pub(super) fn set_state(self, frame: &mut Frame<'_>, state: State) -> Outcome {
        frame.sstore(self.part(Part::State), U256::from(state as u8))
    }

    /// Those who sign decryptions, with the threshold for public ones.
    pub(crate) fn signers(self) -> SignerSet {
        SignerSet::new(self.base)
    }

    pub(super) fn threshold(self, frame: &mut Frame<'_>, which: Threshold) -> Outcome<U256> {
        frame.sload(self.part(which.field()))
    }

    pub(super) fn set_threshold(
        self,
        frame: &mut Frame<'_>,
        which: Threshold,
        threshold: U256,
    ) -> Outcome {
        frame.sstore(self.part(which.field()), threshold)
    }

    /// How many nodes it has.
    pub(super) fn size(self, frame: &mut Frame<'_>) -> Outcome<u64> {
        Ok(frame.sload(self.part(Part::Nodes))?.saturating_to())
    }

    /// All nodes, in the order in which they were proposed.
    pub(super) fn nodes(self, frame: &mut Frame<'_>) -> Outcome<Vec<Node>> {
        (0..self.size(frame)?).map(|position| self.node(frame, position)).collect()
    }

    /// The node that sends transactions as `sender`: nothing in it if there is none.
    pub(super) fn node_of(self, frame: &mut Frame<'_>, sender: Address) -> Outcome<Node> {
        match self.position(frame, sender)? {
            Some(position) => self.node(frame, position),
            None => Ok(Node::default()),
        }
    }

    /// Who signs for the node that sends transactions as `sender`.
    pub(super) fn signer_of(self, frame: &mut Frame<'_>, sender: Address) -> Outcome<Address> {
        match self.position(frame, sender)? {
            Some(position) => self.load_address(frame, self.node_slot(position).offset(1)),
            None => Ok(Address::ZERO),
        }
    }

    /// Where each node stores what it made.
    pub(super) fn storage_urls(self, frame: &mut Frame<'_>) -> Outcome<Vec<Bytes>> {
        (0..self.size(frame)?)
            .map(|position| text::load(frame, self.node_slot(position).offset(3)).map(Into::into))
            .collect()
    }

    /// Whether a node sends transactions as `account`.
    pub(super) fn is_sender(self, frame: &mut Frame<'_>, account: Address) -> Outcome<bool> {
        Ok(self.position(frame, account)?.is_some())
    }

    /// Puts the proposal's nodes and thresholds here, and takes the number.
    ///
    /// # Errors
    /// In this order: the number must be above all before, each node needs a sender and a signer,
    /// and no two nodes may share one.
    pub(super) fn fill(self, frame: &mut Frame<'_>, proposal: &Proposal<'_>) -> Outcome {
        let last = Field::ContextCounter.load(frame)?;
        if self.id <= last {
            return Err(Abort::revert(ConfigErrors::NonIncreasingKmsContextId {
                contextId: self.id,
                latestActiveKmsContextId: last,
            }));
        }
        Field::ContextCounter.store(frame, self.id)?;
        for (position, node) in (0..).zip(&proposal.nodes) {
            if node.tx_sender.is_zero() {
                return Err(Abort::revert(ConfigErrors::KmsNodeNullTxSender {}));
            }
            if node.signer.is_zero() {
                return Err(Abort::revert(ConfigErrors::KmsNodeNullSigner {}));
            }
            if self.is_sender(frame, node.tx_sender)? {
                return Err(Abort::revert(ConfigErrors::KmsTxSenderAlreadyRegistered {
                    txSender: node.tx_sender,
                }));
            }
            if self.signers().contains(frame, node.signer)? {
                let signer = node.signer;
                return Err(Abort::revert(ConfigErrors::KmsSignerAlreadyRegistered { signer }));
            }
            let slot = self.node_slot(position);
            frame.sstore(slot, node.tx_sender.into_word().into())?;
            frame.sstore(slot.offset(1), node.signer.into_word().into())?;
            text::store(frame, slot.offset(2), node.ip_address)?;
            text::store(frame, slot.offset(3), node.storage_url)?;
            let sender = frame.entry(self.part(Part::Senders), layout::key(node.tx_sender))?;
            frame.sstore(sender, U256::from(position + 1))?;
            self.signers().push(frame, node.signer)?;
        }
        frame.sstore(self.part(Part::Nodes), U256::from(proposal.nodes.len()))?;
        for (which, threshold) in Threshold::ALL.into_iter().zip(proposal.thresholds) {
            self.set_threshold(frame, which, threshold)?;
        }
        Ok(())
    }

    /// Block and hash of the announcement.
    pub(super) fn anchor(self, frame: &mut Frame<'_>) -> Outcome<(U256, B256)> {
        let block = frame.sload(self.part(Part::AnchorBlock))?;
        Ok((block, frame.sload(self.part(Part::AnchorHash))?.into()))
    }

    pub(super) fn set_anchor(self, frame: &mut Frame<'_>, block: U256, hash: B256) -> Outcome {
        frame.sstore(self.part(Part::AnchorBlock), block)?;
        frame.sstore(self.part(Part::AnchorHash), hash.into())
    }

    /// How many nodes of the context before must confirm this one.
    pub(super) fn previous_quorum(self, frame: &mut Frame<'_>) -> Outcome<U256> {
        frame.sload(self.part(Part::PreviousQuorum))
    }

    pub(super) fn set_previous_quorum(self, frame: &mut Frame<'_>, quorum: U256) -> Outcome {
        frame.sstore(self.part(Part::PreviousQuorum), quorum)
    }

    /// Whether `sender` confirmed the context.
    pub(super) fn is_confirmed_by(self, frame: &mut Frame<'_>, sender: Address) -> Outcome<bool> {
        let slot = frame.entry(self.part(Part::Confirmed), layout::key(sender))?;
        Ok(!frame.sload(slot)?.is_zero())
    }

    /// Notes that `sender` confirms the context, as a node of the context before, of this one, or
    /// of both. True if that suffices.
    pub(super) fn confirm(
        self,
        frame: &mut Frame<'_>,
        sender: Address,
        as_previous: bool,
        as_own: bool,
    ) -> Outcome<bool> {
        let slot = frame.entry(self.part(Part::Confirmed), layout::key(sender))?;
        frame.sstore(slot, U256::ONE)?;
        let mut count = |part, one_more: bool| {
            let slot = self.part(part);
            let count = frame.sload(slot)?.saturating_add(U256::from(one_more));
            if one_more {
                frame.sstore(slot, count)?;
            }
            Ok(count)
        };
        let previous = count(Part::PreviousConfirmations, as_previous)?;
        let own = count(Part::OwnConfirmations, as_own)?;
        Ok(own == U256::from(self.size(frame)?) && previous >= self.previous_quorum(frame)?)
    }

    /// Ends the context, and forgets how many confirmed it.
    pub(super) fn destroy(self, frame: &mut Frame<'_>) -> Outcome {
        self.set_state(frame, State::Destroyed)?;
        for part in BOOKKEEPING {
            frame.sstore(self.part(part), U256::ZERO)?;
        }
        Ok(())
    }

    /// `InvalidKmsContext` with this number.
    pub(super) fn invalid(self) -> Abort {
        Abort::revert(ConfigErrors::InvalidKmsContext { kmsContextId: self.id })
    }

    fn part(self, part: Part) -> Slot {
        self.base.offset(part as u64)
    }

    fn node_slot(self, position: u64) -> Slot {
        self.part(Part::Nodes).elements().offset(NODE_WORDS * position)
    }

    fn node(self, frame: &mut Frame<'_>, position: u64) -> Outcome<Node> {
        let slot = self.node_slot(position);
        Ok((
            self.load_address(frame, slot)?,
            self.load_address(frame, slot.offset(1))?,
            text::load(frame, slot.offset(2))?.into(),
            text::load(frame, slot.offset(3))?.into(),
        ))
    }

    fn position(self, frame: &mut Frame<'_>, sender: Address) -> Outcome<Option<u64>> {
        let slot = frame.entry(self.part(Part::Senders), layout::key(sender))?;
        Ok(frame.sload(slot)?.saturating_to::<u64>().checked_sub(1))
    }

    fn load_address(self, frame: &mut Frame<'_>, slot: Slot) -> Outcome<Address> {
        Ok(Address::from_word(B256::from(frame.sload(slot)?)))
    }
}

/// The storage of an active context at `base`, made of a node for each signer. Announced in block
/// 0, without software version and measurements.
pub(super) fn genesis(base: Slot, signers: &[Address], threshold: u64) -> Vec<(Slot, U256)> {
    let part = |part: Part| base.offset(part as u64);
    let mut storage = SignerSet::new(base).genesis(signers, threshold);
    for which in &Threshold::ALL[1..] {
        storage.push((part(which.field()), U256::from(threshold)));
    }
    // Without a node the context does not exist.
    if !signers.is_empty() {
        storage.push((part(Part::State), U256::from(State::Active as u8)));
    }
    storage.push((part(Part::Nodes), U256::from(signers.len())));
    for (position, signer) in (0..).zip(signers) {
        let node = part(Part::Nodes).elements().offset(NODE_WORDS * position);
        storage.push((node, signer.into_word().into()));
        storage.push((node.offset(1), signer.into_word().into()));
        let sender = part(Part::Senders).entry(layout::key(*signer));
        storage.push((sender, U256::from(position + 1)));
    }
    storage.push((part(Part::AnchorHash), announcement(signers, threshold).into()));
    storage
}

/// Hash of the announcement of a context made of bare signers: parties count from 1.
fn announcement(signers: &[Address], threshold: u64) -> B256 {
    let none = Bytes::new;
    let nodes: Vec<_> = (1i32..)
        .zip(signers)
        .map(|(party, signer)| (*signer, *signer, none(), none(), party, none(), none(), none()))
        .collect();
    let measurements = Vec::<(Bytes, Bytes, Bytes)>::new();
    keccak256((nodes, [U256::from(threshold); 4], none(), measurements).abi_encode_params())
}
