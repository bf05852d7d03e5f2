//! Words to write sequences with.

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Op, OpSpec, ScalarRule, Shape};
use serde_json::{Value, json};

use crate::sequence::{
    Call, Decryption, Expect, Frame, Item, Kind, Requirement, Sequence, Step, Target,
};

pub(in crate::sequences) const NOT_ALLOWED: &str = "ACLNotAllowed(bytes32,address)";

/// The words that a message gives.
pub(in crate::sequences) fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(in crate::sequences) fn target(to: &str, function: &str, arguments: Value) -> Target {
    let arguments = arguments.as_array().cloned().unwrap_or_default();
    Target { to: to.to_owned(), function: function.to_owned(), arguments }
}

pub(in crate::sequences) fn call(to: &str, function: &str, arguments: Value) -> Call {
    Call {
        target: target(to, function, arguments),
        kind: Kind::Call,
        value: None,
        into: None,
        expect: Expect::Success,
    }
}

impl Call {
    pub(in crate::sequences) fn named(mut self, name: &str) -> Self {
        self.into = Some(name.to_owned());
        self
    }

    pub(in crate::sequences) fn returns(mut self, words: &[&str]) -> Self {
        self.expect = Expect::Returns(texts(words));
        self
    }

    pub(in crate::sequences) fn error(mut self, signature: &str, arguments: &[&str]) -> Self {
        self.expect = Expect::Error(signature.to_owned(), texts(arguments));
        self
    }

    pub(in crate::sequences) fn fails(mut self) -> Self {
        self.expect = Expect::Failure;
        self
    }

    pub(in crate::sequences) fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    pub(in crate::sequences) fn value(mut self, wei: u64) -> Self {
        self.value = Some(wei);
        self
    }
}

impl From<Call> for Item {
    fn from(call: Call) -> Self {
        Self::Call(call)
    }
}

impl From<Frame> for Item {
    fn from(frame: Frame) -> Self {
        Self::Frame(frame)
    }
}

/// A list of calls and frames.
macro_rules! items {
    ($($item:expr),* $(,)?) => { vec![$(crate::sequence::Item::from($item)),*] };
}
pub(in crate::sequences) use items;

pub(in crate::sequences) fn frame(on: &str, calls: Vec<Item>) -> Frame {
    Frame { on: on.to_owned(), calls, undo: false }
}

pub(in crate::sequences) fn undone(on: &str, calls: Vec<Item>) -> Frame {
    Frame { on: on.to_owned(), calls, undo: true }
}

/// Encrypts a word in the open.
pub(in crate::sequences) fn make(ty: FheType, value: u64, name: &str) -> Call {
    let arguments = json!([value.to_string(), ty.id().to_string()]);
    call("@executor", Op::TrivialEncrypt.spec().signature, arguments).named(name)
}

pub(in crate::sequences) fn allow(name: &str, account: &str) -> Call {
    call("@acl", "allow(bytes32,address)", json!([name, account]))
}

pub(in crate::sequences) fn allow_transient(name: &str, account: &str) -> Call {
    call("@acl", "allowTransient(bytes32,address)", json!([name, account]))
}

pub(in crate::sequences) fn publish(name: &str) -> Call {
    call("@acl", "allowForDecryption(bytes32[])", json!([[name]]))
}

/// An operation that every type has, on a handle and a word: `handle == 3`.
pub(in crate::sequences) fn compare(name: &str) -> Call {
    call("@executor", Op::Eq.spec().signature, json!([name, "3", "0x01"]))
}

/// What [`compare`] gives without a grant.
pub(in crate::sequences) fn refused(name: &str, account: &str) -> Call {
    compare(name).error(NOT_ALLOWED, &[name, account])
}

/// A call of an operation on the handles `a`, `b` of a type and `c`, a Bool.
pub(in crate::sequences) fn operation(op: Op, ty: FheType, scalar: bool) -> Call {
    let spec = op.spec();
    let id = ty.id().to_string();
    let (right, byte) = if scalar { ("3", "0x01") } else { ("$b", "0x00") };
    let arguments = match spec.shape {
        Shape::Unary => json!(["$a"]),
        Shape::Binary => json!(["$a", right, byte]),
        Shape::Select => json!(["$c", "$a", "$b"]),
        Shape::Cast => json!(["$a", target_of(ty).id().to_string()]),
        Shape::TrivialEncrypt => json!(["9", id]),
        Shape::Rand => json!([id]),
        Shape::RandBounded => json!(["8", id]),
        Shape::Sum => json!([["$a", "$b"], id]),
        Shape::IsIn => json!(["$a", ["$b", "$a"], id]),
        Shape::MulDiv => {
            let byte = if scalar { "0x03" } else { "0x01" };
            json!(["$a", right, "7", byte])
        }
        Shape::VerifyInput => json!([]),
    };
    call("@executor", spec.signature, arguments)
}

/// A type to convert to.
pub(in crate::sequences) fn target_of(ty: FheType) -> FheType {
    if ty == FheType::Uint8 { FheType::Uint16 } else { FheType::Uint8 }
}

/// The forms of an operation's operands, by name, and whether the second one is a scalar.
pub(in crate::sequences) fn forms(spec: &OpSpec) -> &'static [(&'static str, bool)] {
    match (spec.scalar, spec.shape) {
        (ScalarRule::Required, _) => &[("scalar", true)],
        (ScalarRule::Allowed, _) | (_, Shape::MulDiv) => &[("encrypted", false), ("scalar", true)],
        _ => &[("encrypted", false)],
    }
}

/// A transaction of Alice in which the prober makes calls.
pub(in crate::sequences) fn run(calls: Vec<Item>) -> Step {
    run_on("@prober", calls)
}

pub(in crate::sequences) fn run_on(on: &str, calls: Vec<Item>) -> Step {
    run_from("@alice", on, calls)
}

pub(in crate::sequences) fn run_from(from: &str, on: &str, calls: Vec<Item>) -> Step {
    let (from, on) = (from.to_owned(), on.to_owned());
    Step::Run { from, on, calls, undo: false, simulate: false, hcu: None }
}

/// A transaction that uses so many HCU.
pub(in crate::sequences) fn metered(hcu: u64, calls: Vec<Item>) -> Step {
    let (from, on) = ("@alice".to_owned(), "@prober".to_owned());
    Step::Run { from, on, calls, undo: false, simulate: false, hcu: Some(hcu) }
}

/// A transaction that reverts at its end.
pub(in crate::sequences) fn run_undone(calls: Vec<Item>) -> Step {
    let (from, on) = ("@alice".to_owned(), "@prober".to_owned());
    Step::Run { from, on, calls, undo: true, simulate: false, hcu: None }
}

pub(in crate::sequences) fn simulate(calls: Vec<Item>) -> Step {
    let (from, on) = ("@alice".to_owned(), "@prober".to_owned());
    Step::Run { from, on, calls, undo: false, simulate: true, hcu: None }
}

pub(in crate::sequences) fn send(from: &str, to: &str, function: &str, arguments: Value) -> Step {
    let (from, call) = (from.to_owned(), target(to, function, arguments));
    Step::Send { from, call, expect: Expect::Success }
}

/// A transaction that reverts.
pub(in crate::sequences) fn send_refused(
    from: &str,
    to: &str,
    function: &str,
    arguments: Value,
    error: &str,
    named: &[&str],
) -> Step {
    let (from, call) = (from.to_owned(), target(to, function, arguments));
    Step::Send { from, call, expect: Expect::Error(error.to_owned(), texts(named)) }
}

pub(in crate::sequences) fn query(
    to: &str,
    function: &str,
    arguments: Value,
    answer: &[&str],
) -> Step {
    let (from, call) = ("@carol".to_owned(), target(to, function, arguments));
    Step::Query { from, call, expect: Expect::Returns(texts(answer)) }
}

pub(in crate::sequences) fn is_allowed(name: &str, account: &str, answer: bool) -> Step {
    let arguments = json!([name, account]);
    query("@acl", "persistAllowed(bytes32,address)", arguments, &[&answer.to_string()])
}

/// A value of Alice for the prober.
pub(in crate::sequences) fn encrypt(ty: FheType, value: u64, name: &str, proof: &str) -> Step {
    encrypt_for("@prober", "@alice", &[(ty, value)], &[name], proof)
}

pub(in crate::sequences) fn encrypt_for(
    contract: &str,
    user: &str,
    values: &[(FheType, u64)],
    names: &[&str],
    proof: &str,
) -> Step {
    Step::Encrypt {
        values: values.iter().map(|(ty, value)| (ty.to_string(), U256::from(*value))).collect(),
        contract: contract.to_owned(),
        user: user.to_owned(),
        into: texts(names),
        proof: proof.to_owned(),
        list: None,
    }
}

/// `verifyInput` for a user.
pub(in crate::sequences) fn verify(name: &str, user: &str, proof: &str, ty: FheType) -> Call {
    let arguments = json!([name, user, proof, ty.id().to_string()]);
    call("@executor", Op::VerifyInput.spec().signature, arguments)
}

pub(in crate::sequences) fn public_values(handles: &[&str], values: &[u64]) -> Step {
    Step::PublicDecrypt {
        handles: texts(handles),
        expect: Decryption::Values(values.iter().copied().map(U256::from).collect()),
        cleartexts: None,
        proof: None,
    }
}

pub(in crate::sequences) fn public_refused(handles: &[&str], label: &str) -> Step {
    let expect = Decryption::Refused(label.to_owned());
    Step::PublicDecrypt { handles: texts(handles), expect, cleartexts: None, proof: None }
}

/// What a request of a user is about. The rest has defaults.
pub(in crate::sequences) fn user_decrypt(user: &str, handles: &[&str], expect: Decryption) -> Step {
    Step::UserDecrypt {
        user: user.to_owned(),
        signer: None,
        delegator: None,
        contract: "@prober".to_owned(),
        signed_contract: None,
        start: 0,
        handles: texts(handles),
        expect,
    }
}

pub(in crate::sequences) fn values(values: &[u64]) -> Decryption {
    Decryption::Values(values.iter().copied().map(U256::from).collect())
}

pub(in crate::sequences) fn not_allowed() -> Decryption {
    Decryption::Refused("not_allowed_on_host_acl".to_owned())
}

pub(in crate::sequences) fn handle(name: &str, op: Op, body: &[&str], ty: FheType) -> Step {
    let (handle, body) = (name.to_owned(), texts(body));
    Step::Handle { handle, operation: op.id(), body, ty: ty.id() }
}

pub(in crate::sequences) fn equal(left: &str, right: &str) -> Step {
    Step::Compare { left: left.to_owned(), right: right.to_owned(), equal: true }
}

pub(in crate::sequences) fn different(left: &str, right: &str) -> Step {
    Step::Compare { left: left.to_owned(), right: right.to_owned(), equal: false }
}

pub(in crate::sequences) fn sequence(
    id: impl Into<String>,
    about: &str,
    steps: Vec<Step>,
) -> Sequence {
    Sequence {
        id: id.into(),
        about: about.to_owned(),
        requires: Vec::new(),
        steps,
        restore: Vec::new(),
    }
}

impl Sequence {
    pub(in crate::sequences) fn requires(mut self, requirement: Requirement) -> Self {
        self.requires.push(requirement);
        self
    }

    pub(in crate::sequences) fn restore(mut self, steps: Vec<Step>) -> Self {
        self.restore = steps;
        self
    }
}

/// The first and the last type of an operation: its narrowest and widest, or the only one.
pub(in crate::sequences) fn ends(spec: &OpSpec) -> Vec<FheType> {
    let types: Vec<FheType> = spec.types.iter().collect();
    let mut ends = vec![types[0], types[types.len() - 1]];
    ends.dedup();
    ends
}

/// A small value of each type, which is not zero.
pub(in crate::sequences) fn sample(ty: FheType) -> u64 {
    if ty == FheType::Bool { 1 } else { 100 + u64::from(ty.id()) }
}
