//! Contracts written by hand, where Solidity's own checks would stand in the way.

use alloy_primitives::{Address, Bytes, U256};
use revm::bytecode::opcode;

/// Code that runs from top to bottom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code(Vec<u8>);

impl Code {
    pub(crate) fn op(mut self, opcode: u8) -> Self {
        self.0.push(opcode);
        self
    }

    pub(crate) fn push(mut self, value: impl TryInto<U256>) -> Self {
        let value = value.try_into().unwrap_or_else(|_| panic!("a word is 32 bytes long"));
        self.0.push(opcode::PUSH32);
        self.0.extend(value.to_be_bytes::<32>());
        self
    }

    fn push_address(self, address: Address) -> Self {
        self.push(U256::from_be_slice(address.as_slice()))
    }

    /// Writes the top of the stack to memory.
    pub(crate) fn store_top(self, offset: usize) -> Self {
        self.push(U256::from(offset)).op(opcode::MSTORE)
    }

    /// Writes bytes to memory, filled up with zeros to a whole number of words.
    pub(crate) fn store(self, offset: usize, bytes: &[u8]) -> Self {
        bytes.chunks(32).enumerate().fold(self, |code, (index, chunk)| {
            let mut word = [0; 32];
            word[..chunk.len()].copy_from_slice(chunk);
            code.push(U256::from_be_bytes(word)).store_top(offset + 32 * index)
        })
    }

    /// A call that leaves on the stack whether it succeeded. `kind` is the opcode; those that
    /// carry no value ignore `value`. Without `gas`, the call gets all that can be given.
    pub(crate) fn call(self, call: &Inner) -> Self {
        let code = [call.output.1, call.output.0, call.input.1, call.input.0]
            .into_iter()
            .fold(self, |code, word| code.push(U256::from(word)));
        let code = match call.kind {
            opcode::CALL | opcode::CALLCODE => code.push(U256::from(call.value)),
            _ => code,
        };
        let code = code.push_address(call.to);
        let code = match call.gas {
            Some(gas) => code.push(U256::from(gas)),
            None => code.op(opcode::GAS),
        };
        code.op(call.kind)
    }

    /// Returns this part of memory.
    pub(crate) fn finish(self, offset: usize, length: usize) -> Bytes {
        let code = self.push(U256::from(length)).push(U256::from(offset)).op(opcode::RETURN);
        code.0.into()
    }
}

/// A call from [`Code`]. Input and output are offset and length in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner {
    pub(crate) kind: u8,
    pub(crate) to: Address,
    pub(crate) value: u64,
    pub(crate) gas: Option<u64>,
    pub(crate) input: (usize, usize),
    pub(crate) output: (usize, usize),
}

/// A contract that makes one call, whatever it is called with, and returns two words: whether the
/// call succeeded, and the number of bytes that came back.
pub(crate) fn relay(kind: u8, to: Address, value: u64, data: &[u8]) -> Bytes {
    let call = Inner { kind, to, value, gas: None, input: (0, data.len()), output: (0, 0) };
    Code::default()
        .store(0, data)
        .call(&call)
        .store_top(0)
        .op(opcode::RETURNDATASIZE)
        .store_top(32)
        .finish(0, 64)
}

/// Creation code for a contract with this code.
pub(crate) fn creation(code: &[u8]) -> Bytes {
    Code::default().store(0, code).finish(0, code.len())
}
