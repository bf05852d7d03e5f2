//! Calldata of actions.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use alloy_sol_types::SolValue;
use ciphervm_precompiles::HostAddresses;

use super::{Plan, Planned, handles::computed};
use crate::{
    action::{Action, Admin, Frame, Pick, Rhs, View, calldata},
    inputs,
    reference::PAUSER_SET,
    world::CALLERS,
};

const HOSTS: HostAddresses = HostAddresses::LOCAL;

/// Binary operations, by number.
const BINARY: [&str; 20] = [
    "fheAdd",
    "fheSub",
    "fheMul",
    "fheDiv",
    "fheRem",
    "fheBitAnd",
    "fheBitOr",
    "fheBitXor",
    "fheShl",
    "fheShr",
    "fheRotl",
    "fheRotr",
    "fheEq",
    "fheNe",
    "fheGe",
    "fheGt",
    "fheLe",
    "fheLt",
    "fheMin",
    "fheMax",
];
/// Of these, the comparisons, whose result is a Bool.
const COMPARISONS: std::ops::Range<u8> = 12..18;
const MUL: u8 = 2;
const NEG: u8 = 20;
const CAST: u8 = 23;
const TRIVIAL_ENCRYPT: u8 = 24;
const SELECT: u8 = 25;
const UINT128: u8 = 6;

/// A call without its frame.
#[derive(Clone, Debug)]
pub(super) struct Built {
    pub(super) name: String,
    pub(super) host: Address,
    pub(super) data: Bytes,
    pub(super) result: Option<B256>,
    pub(super) grant: Option<(B256, Address)>,
}

impl Built {
    fn executor<T: SolValue>(signature: &str, arguments: T, result: impl Into<Option<B256>>) -> Self
    where
        for<'a> <T::SolType as alloy_sol_types::SolType>::Token<'a>:
            alloy_sol_types::abi::TokenSeq<'a>,
    {
        let (name, data) = (format!("FHEVMExecutor.{signature}"), calldata(signature, arguments));
        Self { name, host: HOSTS.executor, data, result: result.into(), grant: None }
    }

    fn acl<T: SolValue>(signature: &str, arguments: T) -> Self
    where
        for<'a> <T::SolType as alloy_sol_types::SolType>::Token<'a>:
            alloy_sol_types::abi::TokenSeq<'a>,
    {
        let (name, data) = (format!("ACL.{signature}"), calldata(signature, arguments));
        Self { name, host: HOSTS.acl, data, result: None, grant: None }
    }
}

/// The account of this number: callers first.
pub(super) fn account(index: u8) -> Address {
    let others = [Address::repeat_byte(0xff), Address::ZERO, Address::repeat_byte(0x99), HOSTS.acl];
    let mut all = CALLERS.iter().chain(&others);
    all.nth(index.into()).copied().unwrap_or(HOSTS.executor)
}

impl Plan {
    /// The call of an action, which must not be a burst.
    pub(super) fn build(&mut self, caller: usize, action: &Action) -> Built {
        match action {
            Action::TrivialEncrypt { value, ty } => {
                let value = self.word(caller, *value);
                let body = [&value.to_be_bytes::<32>()[..], &[*ty]].concat();
                let result = computed(TRIVIAL_ENCRYPT, &body, *ty);
                Built::executor("trivialEncrypt(uint256,uint8)", (value, U256::from(*ty)), result)
            }
            Action::Unary { op, ct } => {
                let ct = self.pick(caller, *ct);
                let name = if *op == NEG { "fheNeg(bytes32)" } else { "fheNot(bytes32)" };
                Built::executor(name, (ct,), computed(*op, &ct[..], ct[30]))
            }
            Action::Binary { op, lhs, rhs, scalar } => {
                let lhs = self.pick(caller, *lhs);
                let (rhs, usual) = match rhs {
                    Rhs::Scalar(word) => (self.word(caller, *word).into(), 1),
                    rhs => (self.rhs(caller, lhs, *rhs), 0),
                };
                binary(*op, lhs, rhs, scalar.unwrap_or(usual))
            }
            Action::Select { control, if_true, if_false } => {
                // A control that is no Bool is the exception.
                let control = match control {
                    Pick::Number(index) | Pick::Own(index) if *index < 200 => {
                        self.matching(caller, B256::ZERO, *index)
                    }
                    other => self.pick(caller, *other),
                };
                let if_true = self.pick(caller, *if_true);
                let if_false = self.rhs(caller, if_true, *if_false);
                let body = [control, if_true, if_false].concat();
                let result = computed(SELECT, &body, if_true[30]);
                let signature = "fheIfThenElse(bytes32,bytes32,bytes32)";
                Built::executor(signature, (control, if_true, if_false), result)
            }
            Action::Cast { ct, to } => {
                let ct = self.pick(caller, *ct);
                let result = computed(CAST, &[&ct[..], &[*to]].concat(), *to);
                Built::executor("cast(bytes32,uint8)", (ct, U256::from(*to)), result)
            }
            Action::Rand { ty } => Built::executor("fheRand(uint8)", (U256::from(*ty),), None),
            Action::RandBounded { bound, ty } => {
                let arguments = (self.word(caller, *bound), U256::from(*ty));
                Built::executor("fheRandBounded(uint256,uint8)", arguments, None)
            }
            Action::Input { list, index, user, flaw, direct } => {
                let (contract, user) = (CALLERS[caller], account(*user));
                let input = inputs::input(*list, *index, contract, user, *flaw);
                if *direct {
                    let signature = "verifyInput((address,address),bytes32,bytes)";
                    let arguments = ((input.user, contract), input.handle, input.proof);
                    let data = calldata(signature, arguments);
                    let name = format!("InputVerifier.{signature}");
                    let host = HOSTS.input_verifier;
                    return Built { name, host, data, result: None, grant: None };
                }
                let arguments = (input.handle, input.user, input.proof, U256::from(input.ty));
                let signature = "verifyInput(bytes32,address,bytes,uint8)";
                Built::executor(signature, arguments, input.handle)
            }
            Action::Fuzz { function, words } => {
                let function = &self.functions[*function];
                let words = words.iter().map(|word| self.word(caller, *word).to_be_bytes::<32>());
                let arguments = words.collect::<Vec<_>>().concat();
                let data = [&function.selector[..], &arguments].concat().into();
                let (name, host) = (function.name.clone(), function.contract);
                Built { name, host, data, result: None, grant: None }
            }
            Action::Burst { .. } => unreachable!("a burst is several calls"),
            grant => self.build_acl(caller, grant),
        }
    }

    /// The call of an action on the access control list, or on the inputs' transient storage.
    fn build_acl(&mut self, caller: usize, action: &Action) -> Built {
        match action {
            Action::Allow { handle, account: index } => {
                let (handle, account) = (self.pick(caller, *handle), account(*index));
                let built = Built::acl("allow(bytes32,address)", (handle, account));
                Built { grant: Some((handle, account)), ..built }
            }
            Action::AllowTransient { handle, account: index } => {
                let (handle, account) = (self.pick(caller, *handle), account(*index));
                if let Some(grantee) = CALLERS.iter().position(|caller| *caller == account) {
                    self.handles[grantee].fresh.push(handle);
                }
                Built::acl("allowTransient(bytes32,address)", (handle, account))
            }
            Action::AllowForDecryption { handles } => {
                let handles: Vec<_> =
                    handles.iter().map(|handle| self.pick(caller, *handle)).collect();
                Built::acl("allowForDecryption(bytes32[])", (handles,))
            }
            Action::Clean { inputs } => {
                let built = Built::acl("cleanTransientStorage()", ());
                if *inputs {
                    let name = "InputVerifier.cleanTransientStorage()".into();
                    return Built { name, host: HOSTS.input_verifier, ..built };
                }
                built
            }
            Action::Delegate { delegate, contract, expires_in } => {
                let (delegate, contract) = (account(*delegate), account(*contract));
                let expiration = self.facts.now.saturating_add_signed(*expires_in);
                self.facts.delegated(CALLERS[caller], delegate, contract, expiration);
                let arguments = (delegate, contract, expiration);
                Built::acl("delegateForUserDecryption(address,address,uint64)", arguments)
            }
            Action::Revoke { delegate, contract } => {
                let mut own =
                    self.facts.delegations.iter().rev().filter(|d| d[0] == CALLERS[caller]);
                let arguments = match own.nth((*contract).into()) {
                    Some(known) => (known[1], known[2]),
                    None => (account(*delegate), account(*contract)),
                };
                Built::acl("revokeDelegationForUserDecryption(address,address)", arguments)
            }
            Action::View { view, handle, accounts } => {
                let mut handle = self.pick(caller, *handle);
                let [mut first, mut second, mut third] = accounts.map(account);
                let known = self.facts.delegations.iter().rev().nth(accounts[0].into());
                if let (View::Expiration | View::IsDelegated, Some(known)) = (view, known) {
                    [first, second] = [known[0], known[1]];
                    // One for all contracts is for any of them.
                    third = if known[2] == Address::repeat_byte(0xff) { third } else { known[2] };
                    // What everybody has.
                    if accounts[1] % 2 == 0 {
                        let mut like = B256::ZERO;
                        like[30] = UINT128;
                        handle = self.matching(caller, like, accounts[2]);
                    }
                }
                match view {
                    View::IsAllowed => Built::acl("isAllowed(bytes32,address)", (handle, first)),
                    View::AllowedTransient => {
                        Built::acl("allowedTransient(bytes32,address)", (handle, first))
                    }
                    View::PersistAllowed => {
                        Built::acl("persistAllowed(bytes32,address)", (handle, first))
                    }
                    View::IsAllowedForDecryption => {
                        Built::acl("isAllowedForDecryption(bytes32)", (handle,))
                    }
                    View::IsAccountDenied => Built::acl("isAccountDenied(address)", (first,)),
                    View::Expiration => Built::acl(
                        "getUserDecryptionDelegationExpirationDate(address,address,address)",
                        (first, second, third),
                    ),
                    View::IsDelegated => Built::acl(
                        "isHandleDelegatedForUserDecryption(address,address,address,bytes32)",
                        (first, second, third, handle),
                    ),
                }
            }
            Action::Admin { admin, account: index, number } => {
                administer(*admin, account(*index), *number)
            }
            Action::Multicall { actions } => {
                let calls: Vec<Bytes> =
                    actions.iter().map(|action| self.build_acl(caller, action).data).collect();
                Built::acl("multicall(bytes[])", (calls,))
            }
            other => unreachable!("{other:?} is built elsewhere"),
        }
    }

    fn rhs(&self, caller: usize, lhs: B256, rhs: Rhs) -> B256 {
        match rhs {
            Rhs::Matching(index) => self.matching(caller, lhs, index),
            Rhs::Handle(pick) => self.pick(caller, pick),
            Rhs::Scalar(word) => self.word(caller, word).into(),
        }
    }

    /// Multiplications of 128 bits, the most expensive operation, until a limit is near or passed.
    pub(super) fn plan_burst(
        &mut self,
        caller: usize,
        deep: bool,
        count: u8,
        planned: &mut Vec<Planned>,
    ) {
        let mut like = B256::ZERO;
        like[30] = UINT128;
        let factor = self.matching(caller, like, 0);
        let mut product = factor;
        for _ in 0..count {
            let built = binary(MUL, product, factor, 0);
            if deep {
                product = built.result.unwrap_or_default();
            }
            let next = self.frame(caller, Frame::Plain, built);
            self.push(caller, next, planned);
        }
    }
}

fn binary(op: u8, lhs: B256, rhs: B256, scalar: u8) -> Built {
    let ty = if COMPARISONS.contains(&op) { 0 } else { lhs[30] };
    let result = computed(op, &[&lhs[..], &rhs[..], &[scalar]].concat(), ty);
    let signature = format!("{}(bytes32,bytes32,bytes1)", BINARY[usize::from(op)]);
    Built::executor(&signature, (lhs, rhs, FixedBytes([scalar])), result)
}

fn administer(admin: Admin, account: Address, number: u8) -> Built {
    let set = |host, contract: &str, signature: &str, data| {
        let name = format!("{contract}.{signature}");
        Built { name, host, data, result: None, grant: None }
    };
    let pausers = |signature: &str, data| set(PAUSER_SET, "PauserSet", signature, data);
    let inputs =
        |signature: &str, data| set(HOSTS.input_verifier, "InputVerifier", signature, data);
    match admin {
        Admin::Pause => Built::acl("pause()", ()),
        Admin::Unpause => Built::acl("unpause()", ()),
        Admin::Block => Built::acl("blockAccount(address)", (account,)),
        Admin::Unblock => Built::acl("unblockAccount(address)", (account,)),
        Admin::TransferOwnership => Built::acl("transferOwnership(address)", (account,)),
        Admin::AcceptOwnership => Built::acl("acceptOwnership()", ()),
        Admin::RenounceOwnership => Built::acl("renounceOwnership()", ()),
        Admin::AddPauser => {
            let signature = "addPauser(address)";
            pausers(signature, calldata(signature, (account,)))
        }
        Admin::RemovePauser => {
            let signature = "removePauser(address)";
            pausers(signature, calldata(signature, (account,)))
        }
        Admin::SwapPauser => {
            let signature = "swapPauser(address,address)";
            let other = CALLERS[usize::from(number) % CALLERS.len()];
            pausers(signature, calldata(signature, (other, account)))
        }
        Admin::SetThreshold => {
            let signature = "setThreshold(uint256)";
            inputs(signature, calldata(signature, (U256::from(number % 5),)))
        }
        Admin::SetCoprocessors => {
            let signature = "defineNewContext(address[],uint256)";
            let mut signers = inputs::coprocessors();
            signers.rotate_left(usize::from(number) % 3);
            signers.truncate(usize::from(number / 3) % 4);
            // Somebody twice, or nobody.
            match number % 7 {
                0 => signers.extend(signers.first().copied()),
                1 => signers.push(Address::ZERO),
                _ => {}
            }
            let threshold = U256::from(number / 16 % 4);
            inputs(signature, calldata(signature, (signers, threshold)))
        }
    }
}
