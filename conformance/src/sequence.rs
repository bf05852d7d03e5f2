//! Lists of steps, with what must come of each.
//!
//! Arguments are texts that the runner reads with the names that it knows: see the crate's README.

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A file with the sequences of one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SequenceFile {
    /// [`crate::SCHEMA`].
    pub schema: String,
    /// The subject.
    pub subject: String,
    /// The sequences.
    pub sequences: Vec<Sequence>,
}

/// Steps that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// Subject, case, and variant.
    pub id: String,
    /// What must hold, in a sentence.
    pub about: String,
    /// What a chain must offer besides, or the sequence is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Requirement>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Steps that put things back, whatever came of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restore: Vec<Step>,
}

/// What not every chain offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Requirement {
    /// The first account owns the host contracts, and may pause them.
    Owner,
    /// The chain's clock can be set forward.
    Clock,
    /// Inputs come in with proofs of knowledge, through a relayer.
    Proofs,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Step {
    /// A client encrypts values for a user to pass to a contract.
    Encrypt {
        /// Types and values.
        values: Vec<(String, U256)>,
        /// The contract.
        contract: String,
        /// The user.
        user: String,
        /// Names of the handles.
        into: Vec<String>,
        /// Name of the input proof.
        proof: String,
        /// Name of the client's list itself. Needs [`Requirement::Proofs`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        list: Option<String>,
    },
    /// Somebody hands a client's list to the relayer.
    Submit {
        /// The list's bytes.
        list: String,
        /// The contract that it is said to be for.
        contract: String,
        /// The user that it is said to be of.
        user: String,
        /// Whether it is accepted.
        accepted: bool,
    },
    /// One transaction, in which a prober makes calls.
    Run {
        /// Who sends it.
        from: String,
        /// Which prober makes them.
        on: String,
        /// The calls.
        calls: Vec<Item>,
        /// The whole transaction is undone.
        #[serde(default, skip_serializing_if = "is_false")]
        undo: bool,
        /// It is only simulated, with `eth_call`.
        #[serde(default, skip_serializing_if = "is_false")]
        simulate: bool,
        /// HCU that the transaction uses, as the meter of the block says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hcu: Option<u64>,
    },
    /// One transaction that calls a contract itself.
    Send {
        /// Who sends it.
        from: String,
        /// What it calls.
        #[serde(flatten)]
        call: Target,
        /// What must come of it.
        #[serde(default, skip_serializing_if = "Expect::is_success")]
        expect: Expect,
    },
    /// A question.
    Query {
        /// Who asks.
        from: String,
        /// What is asked.
        #[serde(flatten)]
        call: Target,
        /// The answer.
        expect: Expect,
    },
    /// Somebody asks the relayer for values that everybody may know.
    PublicDecrypt {
        /// The handles.
        handles: Vec<String>,
        /// The answer.
        expect: Decryption,
        /// Name of the clear values as bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cleartexts: Option<String>,
        /// Name of the proof that a contract takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<String>,
    },
    /// A user asks the relayer for values.
    UserDecrypt {
        /// Who asks.
        user: String,
        /// Who signs the request, if it is somebody else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signer: Option<String>,
        /// In whose name, if it is somebody else's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delegator: Option<String>,
        /// The contract of the handles.
        contract: String,
        /// The contract that the signature names, if it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed_contract: Option<String>,
        /// Seconds from now to the start of the signature's validity.
        #[serde(default, skip_serializing_if = "is_zero")]
        start: i64,
        /// The handles.
        handles: Vec<String>,
        /// The answer.
        expect: Decryption,
    },
    /// A handle follows from the formula.
    Handle {
        /// The handle.
        handle: String,
        /// The operation's number.
        operation: u8,
        /// What the preimage has after it.
        body: Vec<String>,
        /// The type's id.
        #[serde(rename = "type")]
        ty: u8,
    },
    /// Two words are equal, or not.
    Compare {
        /// The one.
        left: String,
        /// The other.
        right: String,
        /// Whether they are.
        equal: bool,
    },
    /// Time passes.
    Advance {
        /// In seconds.
        seconds: u64,
    },
}

/// A function and its arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Whom to call.
    pub to: String,
    /// The function's signature.
    pub function: String,
    /// Its arguments.
    pub arguments: Vec<Value>,
}

/// What a prober does in a transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Item {
    /// It calls a contract.
    Call(Call),
    /// It has a prober make calls, itself or another one.
    Frame(Frame),
}

/// A call of a prober.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// What it calls.
    #[serde(flatten)]
    pub target: Target,
    /// How.
    #[serde(default, skip_serializing_if = "Kind::is_call")]
    pub kind: Kind,
    /// Wei that go with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Name of the first word that it returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// What must come of it.
    #[serde(default, skip_serializing_if = "Expect::is_success")]
    pub expect: Expect,
}

/// Calls that a prober makes in a frame of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// Which prober makes them.
    pub on: String,
    /// The calls.
    pub calls: Vec<Item>,
    /// The frame reverts at its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub undo: bool,
}

/// A kind of call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// `CALL`.
    #[default]
    Call,
    /// `STATICCALL`.
    Static,
    /// `DELEGATECALL`.
    Delegate,
}

/// What must come of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Expect {
    /// It succeeds.
    #[default]
    Success,
    /// It succeeds, and returns these words.
    Returns(Vec<String>),
    /// It reverts with this custom error. Without arguments any will do.
    Error(String, Vec<String>),
    /// It fails, with nothing to say or with anything.
    Failure,
}

/// What must come of a decryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decryption {
    /// These values.
    Values(Vec<U256>),
    /// Refused, with this label of the relayer's API.
    Refused(String),
}

impl Kind {
    fn is_call(&self) -> bool {
        *self == Self::Call
    }
}

impl Expect {
    fn is_success(&self) -> bool {
        *self == Self::Success
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}
