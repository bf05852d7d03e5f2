//! The whole machine on plaintexts: contracts execute, blocks settle, values are read back.

mod assembly;
mod blocks;
mod calls;
mod contracts;
mod grants;
mod inputs;
mod lab;
mod token;
