//! What is asked of a chain, in JSON-RPC that every chain answers, and of its relayer.

mod relayer;
mod rpc;
mod sender;
mod user;

pub(crate) use relayer::{Answered, Relayer};
pub(crate) use rpc::Rpc;
pub(crate) use sender::{Accounts, Receipt, Sender};
pub(crate) use user::UserRequest;
