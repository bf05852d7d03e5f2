//! Runs sequences, step by step.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::SolValue;
use ciphervm_fhe::FheType;
use serde_json::json;

use super::{
    Verdict,
    graph::graph,
    names::Names,
    operations::clear_words,
    program::{self, Outcome, Program, Ran},
    world::World,
};
use crate::{
    chain::{Answered, UserRequest},
    error::ChainError,
    sequence::{Decryption, Expect, Item, Requirement, Sequence, Step, Target},
    vector::type_named,
};

/// Why a sequence did not go as it must.
enum Stop {
    /// The chain does something else.
    Different(String),
    /// The chain cannot be asked.
    Chain(ChainError),
}

impl From<String> for Stop {
    fn from(difference: String) -> Self {
        Self::Different(difference)
    }
}

impl From<ChainError> for Stop {
    fn from(error: ChainError) -> Self {
        match error {
            // An answer all the same, if not the right one.
            ChainError::Refused { .. } | ChainError::Patience(_) | ChainError::Answer { .. } => {
                Self::Different(error.to_string())
            }
            error => Self::Chain(error),
        }
    }
}

/// A sequence under way.
struct Player<'a> {
    world: &'a World,
    names: Names,
    /// The blocks in which words were taken.
    blocks: BTreeMap<String, u64>,
}

/// Runs a sequence.
///
/// # Errors
/// If the chain does not answer.
pub(super) fn run(world: &World, sequence: &Sequence) -> Result<Verdict, ChainError> {
    if let Some(missing) = sequence.requires.iter().find(|needed| !offers(world, **needed)) {
        let reason = match missing {
            Requirement::Owner => "the first account does not own the host contracts",
            Requirement::Clock => "the chain's clock cannot be set forward",
            Requirement::Proofs => "the relayer serves no keys to prove inputs with",
        };
        return Ok(Verdict::Skipped(reason.to_owned()));
    }
    // Where that can be had, nothing is left of a sequence. Where it cannot, clients draw their
    // randomness, so that no two have the same inputs.
    let snapshot: Option<serde_json::Value> = world.rpc.call("evm_snapshot", json!([])).ok();
    let mut player = Player { world, names: world.names.clone(), blocks: BTreeMap::new() };
    // Whatever came of the steps, and of undoing what they did.
    let played = player.play(&sequence.steps);
    let restored = player.play(&sequence.restore);
    let reverted = snapshot.map(|snapshot| world.rpc.call("evm_revert", json!([snapshot])));
    Ok(match (played?, restored?, reverted.unwrap_or(Ok(true))?) {
        (Verdict::Passed, Verdict::Passed, false) => {
            Verdict::Failed("the chain did not go back to the snapshot before it".to_owned())
        }
        (Verdict::Passed, restored, _) => restored,
        (verdict, ..) => verdict,
    })
}

fn offers(world: &World, requirement: Requirement) -> bool {
    match requirement {
        Requirement::Owner => world.is_owner,
        Requirement::Clock => {
            world.rpc.call::<serde_json::Value>("evm_increaseTime", json!([0])).is_ok()
        }
        Requirement::Proofs => world.client.is_some(),
    }
}

impl Player<'_> {
    fn play(&mut self, steps: &[Step]) -> Result<Verdict, ChainError> {
        for (position, step) in steps.iter().enumerate() {
            match self.step(step) {
                Ok(()) => {}
                Err(Stop::Chain(error)) => return Err(error),
                Err(Stop::Different(difference)) => {
                    return Ok(Verdict::Failed(format!("step {position}: {difference}")));
                }
            }
        }
        Ok(Verdict::Passed)
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        self.names.now = self.world.rpc.now()?;
        match step {
            Step::Encrypt { values, contract, user, into, proof, list } => {
                self.encrypt(values, contract, user, into, proof, list.as_deref())
            }
            Step::Submit { list, contract, user, accepted } => {
                let list = self.names.bytes(list)?;
                let (contract, user) = (self.names.address(contract)?, self.names.address(user)?);
                let world = self.world;
                let answer = world.relayer.submit(world.chain_id, contract, user, &list)?;
                match (answer, accepted) {
                    (Ok(_), true) | (Err(_), false) => Ok(()),
                    (Ok(_), false) => Err(Stop::Different("the list was accepted".to_owned())),
                    (Err(reason), true) => {
                        Err(Stop::Different(format!("the list was refused: {reason}")))
                    }
                }
            }
            Step::Run { from, on, calls, undo, simulate, hcu } => {
                self.transaction(from, on, calls, (*undo, *simulate), *hcu)
            }
            Step::Send { from, call, expect } => self.send(from, call, expect),
            Step::Query { from, call, expect } => {
                let (from, to, data) = self.resolve(from, call)?;
                let outcome = self.ask(from, to, &data)?;
                Ok(program::compare(expect, &outcome, &self.names)
                    .map_err(|difference| format!("{}: {difference}", call.function))?)
            }
            Step::PublicDecrypt { handles, expect, cleartexts, proof } => {
                self.public(handles, expect, cleartexts.as_deref(), proof.as_deref())
            }
            Step::UserDecrypt {
                user,
                signer,
                delegator,
                contract,
                signed_contract,
                start,
                handles,
                expect,
            } => {
                let address = |name: &String| self.names.address(name);
                let user = address(user)?;
                let contract = address(contract)?;
                let handles = self.handles(handles)?;
                let request = UserRequest {
                    user,
                    signer: signer.as_ref().map_or(Ok(user), address)?,
                    delegator: delegator.as_ref().map(address).transpose()?,
                    contract,
                    signed_contract: signed_contract.as_ref().map_or(Ok(contract), address)?,
                    start: self.names.now.saturating_add_signed(*start),
                    handles: &handles,
                    chain_id: self.world.chain_id,
                    decryption: self.world.places.decryption,
                };
                let answer = request.ask(&self.world.relayer, &self.world.accounts)?;
                Ok(self.told(&handles, &answer, expect)?)
            }
            Step::Handle { handle, operation, body, ty } => {
                self.formula(handle, *operation, body, *ty)
            }
            Step::Compare { left, right, equal } => {
                let (a, b) = (self.names.word(left)?, self.names.word(right)?);
                match (a == b) == *equal {
                    true => Ok(()),
                    false => Err(Stop::Different(format!("{left} is {a}, and {right} is {b}"))),
                }
            }
            Step::Advance { seconds } => {
                let rpc = &self.world.rpc;
                rpc.call::<serde_json::Value>("evm_increaseTime", json!([seconds]))?;
                rpc.call::<serde_json::Value>("evm_mine", json!([]))?;
                Ok(())
            }
        }
    }

    fn encrypt(
        &mut self,
        values: &[(String, U256)],
        contract: &str,
        user: &str,
        into: &[String],
        proof: &str,
        list: Option<&str>,
    ) -> Result<(), Stop> {
        let mut typed = Vec::new();
        for (name, value) in values {
            let ty = type_named(name).ok_or_else(|| format!("there is no type {name}"))?;
            typed.push((ty, *value));
        }
        let (contract, user) = (self.names.address(contract)?, self.names.address(user)?);
        let proven = self.world.client.is_some() && list.is_some();
        let input = self.world.encrypt(&typed, contract, user, proven)?;
        if input.handles.len() != into.len() {
            return Err(Stop::Different(format!("{} handles", input.handles.len())));
        }
        for (index, (((ty, _), name), handle)) in
            typed.iter().zip(into).zip(&input.handles).enumerate()
        {
            self.check_input(*handle, index, *ty, input.list.as_deref())?;
            self.names.values.insert(name.clone(), handle.to_vec().into());
        }
        self.names.values.insert(proof.to_owned(), input.proof);
        if let (Some(name), Some(bytes)) = (list, input.list) {
            self.names.values.insert(name.to_owned(), bytes.into());
        }
        Ok(())
    }

    /// The handle of an input says what it is, and follows from the client's list, if that is
    /// known.
    fn check_input(
        &self,
        handle: B256,
        index: usize,
        ty: FheType,
        list: Option<&[u8]>,
    ) -> Result<(), Stop> {
        let index = u8::try_from(index).map_err(|_| "a list of 256 values".to_owned())?;
        let chain = self.world.chain_id;
        let mut expected = handle;
        if let Some(list) = list {
            let blob = keccak256([b"ZK-w_rct", list].concat());
            let acl = self.world.places.acl;
            let id = U256::from(chain).to_be_bytes::<32>();
            expected = keccak256([b"ZK-w_hdl", &blob[..], &[index], &acl[..], &id].concat());
        }
        expected[21] = index;
        expected[22..30].copy_from_slice(&chain.to_be_bytes());
        expected[30] = ty.id();
        expected[31] = 0;
        if handle == expected {
            return Ok(());
        }
        Err(Stop::Different(format!("the input's handle is {handle}, and should be {expected}")))
    }

    fn transaction(
        &mut self,
        from: &str,
        on: &str,
        calls: &[Item],
        (undo, simulate): (bool, bool),
        hcu: Option<u64>,
    ) -> Result<(), Stop> {
        let (from, on) = (self.names.address(from)?, self.names.address(on)?);
        let mut program = Program::of(calls, &self.names)?;
        if hcu.is_some() {
            let meter = keccak256("getBlockMeter()")[..4].to_vec();
            program.push(self.world.places.hcu_limit, meter, None);
        }
        let data = program.calldata(undo);
        if undo || simulate {
            let outcome = self.ask(from, on, &data.clone().into())?;
            let ran = Ran::of_answer(&outcome.data, undo).filter(|_| outcome.success != undo);
            let ran = ran.ok_or_else(|| format!("the simulation gave {}", outcome.data))?;
            ran.bind(&program, &mut self.names);
            program::check(calls, &ran, &self.names)?;
            if simulate {
                return Ok(());
            }
        }
        let receipt = self.world.send(from, on, data)?;
        if receipt.success() == undo {
            let transaction = receipt.transaction_hash;
            let what = if undo { "was to revert" } else { "reverted" };
            return Err(Stop::Different(format!("transaction {transaction} {what}")));
        }
        if undo {
            return Ok(());
        }
        let ran = Ran::of_receipt(&receipt, on)
            .ok_or_else(|| "the prober says nothing of its calls".to_owned())?;
        ran.bind(&program, &mut self.names);
        for name in program.words() {
            self.blocks.insert(name.clone(), receipt.block_number());
        }
        program::check(calls, &ran, &self.names)?;
        let Some(hcu) = hcu else { return Ok(()) };
        let meter = ran.outcomes.last().map(|outcome| &outcome.data[..]).unwrap_or_default();
        let expected = (U256::from(receipt.block_number()), U256::from(hcu)).abi_encode();
        if meter == expected {
            return Ok(());
        }
        let found = <(U256, U256)>::abi_decode(meter);
        Err(Stop::Different(format!(
            "the meter says {found:?}, and should say {hcu} HCU in block {}",
            receipt.block_number()
        )))
    }

    fn send(&self, from: &str, call: &Target, expect: &Expect) -> Result<(), Stop> {
        let (from, to, data) = self.resolve(from, call)?;
        // A receipt does not say why.
        let outcome = self.ask(from, to, &data)?;
        program::compare(expect, &outcome, &self.names)
            .map_err(|difference| format!("{}: {difference}", call.function))?;
        let receipt = self.world.send(from, to, data.to_vec())?;
        if receipt.success() == outcome.success {
            return Ok(());
        }
        let (function, transaction) = (&call.function, receipt.transaction_hash);
        Err(Stop::Different(format!("{function}: {transaction} went otherwise than simulated")))
    }

    fn resolve(&self, from: &str, call: &Target) -> Result<(Address, Address, Bytes), Stop> {
        let (from, to) = (self.names.address(from)?, self.names.address(&call.to)?);
        Ok((from, to, self.names.encode(&call.function, &call.arguments)?.into()))
    }

    fn ask(&self, from: Address, to: Address, data: &Bytes) -> Result<Outcome, Stop> {
        match self.world.rpc.eth_call(from, to, data) {
            Ok(data) => Ok(Outcome { success: true, data }),
            Err(ChainError::Refused { data, .. }) => {
                Ok(Outcome { success: false, data: data.unwrap_or_default() })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn handles(&self, names: &[String]) -> Result<Vec<B256>, String> {
        names.iter().map(|name| self.names.word(name)).collect()
    }

    fn public(
        &mut self,
        names: &[String],
        expect: &Decryption,
        cleartexts: Option<&str>,
        proof: Option<&str>,
    ) -> Result<(), Stop> {
        let handles = self.handles(names)?;
        let body = json!({ "ciphertextHandles": handles, "extraData": "0x00" });
        let result = match self.world.relayer.request("/v2/public-decrypt", &body)? {
            Answered::Refused(label, message) => {
                return Ok(self.told(&handles, &Err((label, message)), expect)?);
            }
            Answered::Result(result) => result,
        };
        let words = clear_words(&result, handles.len())?;
        self.told(&handles, &Ok(words), expect)?;
        let broken = |error: hex::FromHexError| format!("the answer is no hexadecimal: {error}");
        if let Some(name) = cleartexts {
            let text = result["decryptedValue"].as_str().unwrap_or_default();
            let bytes = hex::decode(text).map_err(broken)?;
            self.names.values.insert(name.to_owned(), bytes.into());
        }
        if let Some(name) = proof {
            let signatures = result["signatures"].as_array().cloned().unwrap_or_default();
            let mut bytes = vec![u8::try_from(signatures.len()).unwrap_or(u8::MAX)];
            for signature in signatures {
                bytes.extend(hex::decode(signature.as_str().unwrap_or_default()).map_err(broken)?);
            }
            self.names.values.insert(name.to_owned(), bytes.into());
        }
        Ok(())
    }

    /// The formula of protocol 0.12 to 0.14: operation, operands, chain and block.
    fn formula(&self, name: &str, operation: u8, body: &[String], ty: u8) -> Result<(), Stop> {
        let found = self.names.word(name)?;
        let block = name.strip_prefix('$').and_then(|name| self.blocks.get(name));
        let block = *block.ok_or_else(|| format!("nobody knows the block of {name}"))?;
        let (parent, timestamp) = self.world.rpc.block(block)?;
        let mut preimage = b"FHE_comp".to_vec();
        preimage.push(operation);
        for part in body {
            preimage.extend(self.names.bytes(part)?);
        }
        preimage.extend(self.world.places.acl);
        preimage.extend(U256::from(self.world.chain_id).to_be_bytes::<32>());
        preimage.extend(parent);
        preimage.extend(U256::from(timestamp).to_be_bytes::<32>());
        let mut expected = keccak256(preimage);
        expected[21] = 0xff;
        expected[22..30].copy_from_slice(&self.world.chain_id.to_be_bytes());
        expected[30] = ty;
        expected[31] = 0;
        if found == expected {
            return Ok(());
        }
        Err(Stop::Different(format!("{name} is {found}, and should be {expected}")))
    }

    /// Compares what was decrypted of handles with what must be.
    fn told(
        &self,
        handles: &[B256],
        answer: &Result<Vec<U256>, (String, String)>,
        expect: &Decryption,
    ) -> Result<(), String> {
        match (answer, expect) {
            (Ok(found), Decryption::Values(values)) if found == values => Ok(()),
            (Err((label, _)), Decryption::Refused(expected)) if label == expected => Ok(()),
            (answer, expect) => {
                let graph = |handle: &B256| graph(&self.world.rpc, *handle);
                let graphs: String = handles.iter().filter_map(graph).collect();
                Err(format!("the answer is {answer:?}, and should be {expect:?}{graphs}"))
            }
        }
    }
}
