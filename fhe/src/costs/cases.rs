//! The cases.

use alloy_primitives::U256;

use super::{Case, Setup};
use crate::{FheType, Op, Simulated};

type Run = Result<Simulated, &'static str>;

impl Setup {
    /// An encrypted operand.
    fn ct(&self) -> Simulated {
        self.simulator.encrypted(self.ty, U256::from(200), 1)
    }

    /// A constant without a digit that would make it cheap: all are 1 or 2.
    fn sc(&self) -> Simulated {
        self.simulator.constant(self.ty, U256::from_be_bytes([0x96; 32]))
    }

    fn condition(&self) -> Simulated {
        self.simulator.encrypted(FheType::Bool, U256::ONE, 1)
    }

    fn apply(&self, op: Op, operands: &[&Simulated]) -> Run {
        self.simulator.apply(op, operands, self.ty, op.spec().result_type(self.ty, self.ty))
    }

    fn both(&self, op: Op) -> Run {
        self.apply(op, &[&self.ct(), &self.ct()])
    }

    fn scalar(&self, op: Op) -> Run {
        self.apply(op, &[&self.ct(), &self.sc()])
    }
}

const DIGIT: &str = "two digits of both operands weigh 4 + 4 + 1 + 1 = 10 noise levels in one \
                     bootstrap, 5 are allowed; in the mean square 34 of 25";

/// A case without goals.
const PLAIN: Case = Case {
    name: "",
    run: |_| Err("no case"),
    types: |_| true,
    tfhe: [0; 7],
    must: None,
    stretch: None,
    reason: None,
};

const ADDITION: Case = Case { must: Some(32), ..PLAIN };

const ORDER: Case = Case { must: Some(32), stretch: Some(16), reason: Some(DIGIT), ..PLAIN };

const ORDER_SCALAR: Case = Case {
    must: Some(23),
    stretch: Some(16),
    reason: Some(
        "16 leaves of two digits use up their noise levels, so what they found out takes five \
         more bootstraps to put together",
    ),
    ..PLAIN
};

const EQUALITY: Case = Case { must: Some(36), stretch: Some(24), reason: Some(DIGIT), ..PLAIN };

const CHOICE: Case = Case { must: Some(66), ..PLAIN };

const BITWISE: Case = Case { must: Some(32), ..PLAIN };

pub(super) const ALL: &[Case] = &[
    Case { name: "add ct ct", run: |s| s.both(Op::Add), ..ADDITION },
    Case { name: "add ct sc", run: |s| s.scalar(Op::Add), ..ADDITION },
    Case { name: "sub ct ct", run: |s| s.both(Op::Sub), ..ADDITION },
    Case { name: "sub ct sc", run: |s| s.scalar(Op::Sub), ..ADDITION },
    Case { name: "sub sc ct", run: |s| s.apply(Op::Sub, &[&s.sc(), &s.ct()]), ..ADDITION },
    Case { name: "neg ct", run: |s| s.apply(Op::Neg, &[&s.ct()]), ..ADDITION },
    Case {
        name: "sub with borrow ct ct",
        run: |s| Ok(s.simulator.sub_with_borrow(&s.ct(), &s.ct())),
        ..ADDITION
    },
    Case { name: "ge, lt ct ct", run: |s| s.both(Op::Ge), ..ORDER },
    Case { name: "gt, le ct ct", run: |s| s.both(Op::Gt), ..ORDER },
    Case { name: "ge, lt ct sc", run: |s| s.scalar(Op::Ge), ..ORDER_SCALAR },
    Case { name: "gt, le ct sc", run: |s| s.scalar(Op::Gt), ..ORDER_SCALAR },
    Case { name: "eq, ne ct ct", run: |s| s.both(Op::Eq), ..EQUALITY },
    Case { name: "eq, ne ct sc", run: |s| s.scalar(Op::Eq), ..PLAIN },
    Case {
        name: "select ct ct",
        run: |s| s.apply(Op::IfThenElse, &[&s.condition(), &s.ct(), &s.ct()]),
        must: Some(33),
        stretch: Some(32),
        reason: Some(
            "the condition must weigh 7 to tell two digits' differences apart, and a stored one \
             would bring as many noise levels, so one bootstrap scales it",
        ),
        ..PLAIN
    },
    Case {
        name: "select ct ct, cleaned",
        run: |s| {
            let choice = s.apply(Op::IfThenElse, &[&s.condition(), &s.ct(), &s.ct()])?;
            Ok(s.simulator.clean(&choice))
        },
        must: Some(65),
        ..PLAIN
    },
    Case {
        name: "select ct sc",
        run: |s| s.apply(Op::IfThenElse, &[&s.condition(), &s.ct(), &s.sc()]),
        must: Some(33),
        ..PLAIN
    },
    Case {
        name: "select sc sc",
        run: |s| {
            let zero = s.simulator.constant(s.ty, U256::ZERO);
            s.apply(Op::IfThenElse, &[&s.condition(), &s.sc(), &zero])
        },
        ..PLAIN
    },
    Case { name: "min, max ct ct", run: |s| s.both(Op::Min), ..CHOICE },
    Case { name: "min, max ct sc", run: |s| s.scalar(Op::Min), ..PLAIN },
    Case { name: "and, or, xor ct ct", run: |s| s.both(Op::BitXor), ..BITWISE },
    Case { name: "and, or, xor ct sc", run: |s| s.scalar(Op::BitXor), ..BITWISE },
    Case {
        name: "is in 4 ct",
        run: |s| s.apply(Op::IsIn, &[&s.ct(), &s.ct(), &s.ct(), &s.ct(), &s.ct()]),
        ..PLAIN
    },
    Case {
        name: "is in 4 sc",
        run: |s| s.apply(Op::IsIn, &[&s.ct(), &s.sc(), &s.sc(), &s.sc(), &s.sc()]),
        ..PLAIN
    },
    Case {
        name: "random",
        run: |s| {
            let seed = s.simulator.constant(FheType::Uint256, U256::from(7));
            s.apply(Op::Rand, &[&seed])
        },
        ..PLAIN
    },
];
