//! Random sequences. Most of what they ask for is in order, for a refused call shows little.

use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    action::{Action, Admin, Frame, Malformed, Pick, Rhs, Sequence, Step, Transaction, View, Word},
    inputs::{FLAWS, Flaw},
    world::CALLERS,
};

/// Types that can be used, by id.
const TYPES: [u8; 8] = [0, 2, 3, 4, 5, 6, 7, 8];
/// Seconds from now to the end of a delegation. The reference wants an hour.
const EXPIRATIONS: [i64; 10] = [-1, 0, 1, 3599, 3600, 3601, 7200, 86_400, 90_000, i64::MAX];

/// A sequence; there are `functions` functions to call with random words.
pub(crate) fn sequence(functions: usize) -> impl Strategy<Value = Sequence> {
    let elapsed = prop_oneof![4 => Just(12), 2 => Just(3600), 1 => Just(82_800)];
    let transaction = (elapsed, vec(step(functions), 1..30))
        .prop_map(|(elapsed, steps)| Transaction { elapsed, steps });
    vec(transaction, 1..8).prop_map(Sequence)
}

fn step(functions: usize) -> impl Strategy<Value = Step> {
    let frame = prop_oneof![
        20 => Just(Frame::Plain),
        1 => Just(Frame::Static),
        1 => Just(Frame::Value),
        2 => Just(Frame::Undone),
    ];
    let malformed = prop_oneof![14 => Just(None), 1 => malformed().prop_map(Some)];
    let caller = prop_oneof![3 => Just(1), 2 => 0..CALLERS.len()];
    (caller, frame, action(functions), malformed).prop_map(|(caller, frame, action, malformed)| {
        // The first caller is the owner.
        let owner = matches!(&action, Action::Admin { number, .. } if number % 8 != 0);
        let caller = if owner { 0 } else { caller };
        Step { caller, frame, action, malformed }
    })
}

fn malformed() -> impl Strategy<Value = Malformed> {
    let extra = || prop_oneof![2 => Just(0), 1 => 1..40_u8];
    (0..8_u8, option::of(word()), extra(), extra())
        .prop_map(|(word, with, cut, append)| Malformed { word, with, cut, append })
}

fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![
        6 => recent().prop_map(Pick::Own),
        20 => recent().prop_map(Pick::Number),
        2 => recent().prop_map(Pick::Any),
        1 => (0..90_u8).prop_map(Pick::Unknown),
        1 => Just(Pick::Zero),
    ]
}

fn recent() -> impl Strategy<Value = u8> {
    prop_oneof![3 => 0..4_u8, 1 => any::<u8>()]
}

fn word() -> impl Strategy<Value = Word> {
    prop_oneof![
        6 => any::<u8>().prop_map(Word::Small),
        4 => any::<u8>().prop_map(Word::PowerOfTwo),
        1 => any::<u8>().prop_map(Word::BelowPowerOfTwo),
        1 => pick().prop_map(Word::Handle),
        1 => account().prop_map(Word::Account),
        1 => Just(Word::Max),
    ]
}

fn ty() -> impl Strategy<Value = u8> {
    prop_oneof![20 => select(&TYPES[..]), 1 => 0..90_u8]
}

fn account() -> impl Strategy<Value = u8> {
    prop_oneof![4 => 0..4_u8, 1 => 4..9_u8]
}

fn rhs() -> impl Strategy<Value = Rhs> {
    prop_oneof![
        6 => recent().prop_map(Rhs::Matching),
        2 => pick().prop_map(Rhs::Handle),
        4 => word().prop_map(Rhs::Scalar),
    ]
}

fn action(functions: usize) -> impl Strategy<Value = Action> {
    prop_oneof![
        24 => operation(),
        10 => grant(),
        6 => delegation(),
        4 => input(),
        4 => admin(),
        2 => vec(batched(), 0..4).prop_map(|actions| Action::Multicall { actions }),
        1 => (any::<bool>(), 2..16_u8).prop_map(|(deep, count)| Action::Burst { deep, count }),
        5 => (0..functions, vec(word(), 0..6))
            .prop_map(|(function, words)| Action::Fuzz { function, words }),
    ]
}

fn operation() -> impl Strategy<Value = Action> {
    let scalar = prop_oneof![12 => Just(None), 1 => (0..4_u8).prop_map(Some)];
    let bound = prop_oneof![3 => (0..9_u8).prop_map(Word::PowerOfTwo), 1 => word()];
    prop_oneof![
        4 => (word(), ty()).prop_map(|(value, ty)| Action::TrivialEncrypt { value, ty }),
        2 => (20..22_u8, pick()).prop_map(|(op, ct)| Action::Unary { op, ct }),
        12 => (0..20_u8, pick(), rhs(), scalar)
            .prop_map(|(op, lhs, rhs, scalar)| Action::Binary { op, lhs, rhs, scalar }),
        2 => (pick(), pick(), rhs()).prop_map(|(control, if_true, if_false)| Action::Select {
            control,
            if_true,
            if_false
        }),
        2 => (pick(), ty()).prop_map(|(ct, to)| Action::Cast { ct, to }),
        1 => ty().prop_map(|ty| Action::Rand { ty }),
        1 => (bound, ty()).prop_map(|(bound, ty)| Action::RandBounded { bound, ty }),
    ]
}

fn grant() -> impl Strategy<Value = Action> {
    let view = select(vec![
        View::IsAllowed,
        View::AllowedTransient,
        View::PersistAllowed,
        View::IsAllowedForDecryption,
        View::IsAccountDenied,
    ]);
    prop_oneof![
        6 => (pick(), account()).prop_map(|(handle, account)| Action::Allow { handle, account }),
        3 => (pick(), account())
            .prop_map(|(handle, account)| Action::AllowTransient { handle, account }),
        2 => vec(pick(), 0..4).prop_map(|handles| Action::AllowForDecryption { handles }),
        1 => any::<bool>().prop_map(|inputs| Action::Clean { inputs }),
        4 => (view, pick(), [account(), account(), account()])
            .prop_map(|(view, handle, accounts)| Action::View { view, handle, accounts }),
    ]
}

fn delegation() -> impl Strategy<Value = Action> {
    let view = select(vec![View::Expiration, View::IsDelegated]);
    prop_oneof![
        4 => (account(), account(), select(&EXPIRATIONS[..])).prop_map(
            |(delegate, contract, expires_in)| Action::Delegate { delegate, contract, expires_in }
        ),
        2 => (account(), account())
            .prop_map(|(delegate, contract)| Action::Revoke { delegate, contract }),
        3 => (view, pick(), [account(), account(), account()])
            .prop_map(|(view, handle, accounts)| Action::View { view, handle, accounts }),
    ]
}

/// What a multicall may hold: nothing that the protocol changed, for a batch has one reply.
fn batched() -> impl Strategy<Value = Action> {
    let admin = select(vec![Admin::Pause, Admin::Unpause, Admin::Block, Admin::Unblock]);
    prop_oneof![
        3 => grant(),
        1 => (account(), account())
            .prop_map(|(delegate, contract)| Action::Revoke { delegate, contract }),
        1 => (admin, account())
            .prop_map(|(admin, account)| Action::Admin { admin, account, number: 0 }),
    ]
}

fn input() -> impl Strategy<Value = Action> {
    let flaw = prop_oneof![2 => Just(Flaw::None), 3 => select(&FLAWS[..])];
    (0..6_u8, any::<u8>(), account(), flaw, proptest::bool::weighted(0.2)).prop_map(
        |(list, index, user, flaw, direct)| Action::Input { list, index, user, flaw, direct },
    )
}

fn admin() -> impl Strategy<Value = Action> {
    let admin = prop_oneof![
        4 => Just(Admin::Pause),
        12 => Just(Admin::Unpause),
        4 => Just(Admin::Block),
        12 => Just(Admin::Unblock),
        2 => Just(Admin::TransferOwnership),
        3 => Just(Admin::AcceptOwnership),
        1 => Just(Admin::RenounceOwnership),
        3 => Just(Admin::AddPauser),
        3 => Just(Admin::RemovePauser),
        3 => Just(Admin::SwapPauser),
        3 => Just(Admin::SetThreshold),
        3 => Just(Admin::SetCoprocessors),
    ];
    (admin, account(), any::<u8>()).prop_map(|(admin, account, number)| Action::Admin {
        admin,
        account,
        number,
    })
}
