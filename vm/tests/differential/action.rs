//! What a random sequence consists of, before it is known which handles there are.

use alloy_primitives::{Bytes, keccak256};
use alloy_sol_types::SolValue;

use crate::inputs::Flaw;

/// Transactions, each in a block of its own.
#[derive(Clone, Debug)]
pub(crate) struct Sequence(pub(crate) Vec<Transaction>);

/// Steps in one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    /// Seconds since the block before.
    pub(crate) elapsed: u64,
    pub(crate) steps: Vec<Step>,
}

/// One call of a host contract, or several.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Which driver calls.
    pub(crate) caller: usize,
    pub(crate) frame: Frame,
    pub(crate) action: Action,
    pub(crate) malformed: Option<Malformed>,
}

/// The frame of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Plain,
    /// `STATICCALL`.
    Static,
    /// With one wei.
    Value,
    /// In a frame that reverts afterwards.
    Undone,
}

/// What is done to calldata that was in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Malformed {
    /// Which word after the selector is replaced.
    pub(crate) word: u8,
    /// With what.
    pub(crate) with: Option<Word>,
    /// How many bytes are cut off.
    pub(crate) cut: u8,
    /// How many bytes are appended.
    pub(crate) append: u8,
}

/// A handle, by what it is to the caller.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick {
    /// One that the caller made or was given; zero is the latest.
    Own(u8),
    /// As [`Self::Own`], of 8 to 128 bits: most operations take those.
    Number(u8),
    /// One of some caller.
    Any(u8),
    /// One that nobody has, with this type byte.
    Unknown(u8),
    Zero,
}

/// A number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Small(u8),
    PowerOfTwo(u8),
    BelowPowerOfTwo(u8),
    Handle(Pick),
    Account(u8),
    Max,
}

/// The right operand of a binary operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rhs {
    /// A handle of the left operand's type.
    Matching(u8),
    Handle(Pick),
    Scalar(Word),
}

/// A view of the access control list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View {
    IsAllowed,
    AllowedTransient,
    PersistAllowed,
    IsAllowedForDecryption,
    IsAccountDenied,
    Expiration,
    IsDelegated,
}

/// What the owner of the host contracts may do, or a pauser.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Admin {
    Pause,
    Unpause,
    Block,
    Unblock,
    TransferOwnership,
    AcceptOwnership,
    RenounceOwnership,
    AddPauser,
    RemovePauser,
    SwapPauser,
    SetThreshold,
    SetCoprocessors,
}

/// A call. Numbers stand for accounts, operations and types.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    TrivialEncrypt {
        value: Word,
        ty: u8,
    },
    Unary {
        op: u8,
        ct: Pick,
    },
    Binary {
        op: u8,
        lhs: Pick,
        rhs: Rhs,
        scalar: Option<u8>,
    },
    Select {
        control: Pick,
        if_true: Pick,
        if_false: Rhs,
    },
    Cast {
        ct: Pick,
        to: u8,
    },
    Rand {
        ty: u8,
    },
    RandBounded {
        bound: Word,
        ty: u8,
    },
    Input {
        list: u8,
        index: u8,
        user: u8,
        flaw: Flaw,
        direct: bool,
    },
    Allow {
        handle: Pick,
        account: u8,
    },
    AllowTransient {
        handle: Pick,
        account: u8,
    },
    AllowForDecryption {
        handles: Vec<Pick>,
    },
    Clean {
        inputs: bool,
    },
    Delegate {
        delegate: u8,
        contract: u8,
        expires_in: i64,
    },
    Revoke {
        delegate: u8,
        contract: u8,
    },
    View {
        view: View,
        handle: Pick,
        accounts: [u8; 3],
    },
    Admin {
        admin: Admin,
        account: u8,
        number: u8,
    },
    Multicall {
        actions: Vec<Self>,
    },
    /// Multiplications, each of the last product or all of the same numbers.
    Burst {
        deep: bool,
        count: u8,
    },
    /// Any function, with any words.
    Fuzz {
        function: usize,
        words: Vec<Word>,
    },
}

/// The first four bytes of a function's or error's hash.
pub(crate) fn selector(signature: &str) -> [u8; 4] {
    keccak256(signature)[..4].try_into().expect("the range is four bytes long")
}

/// Calldata of a function.
pub(crate) fn calldata<T: SolValue>(signature: &str, arguments: T) -> Bytes
where
    for<'a> <T::SolType as alloy_sol_types::SolType>::Token<'a>: alloy_sol_types::abi::TokenSeq<'a>,
{
    [&selector(signature)[..], &arguments.abi_encode_params()].concat().into()
}
