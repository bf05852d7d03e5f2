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
    op: Op::Add,
    run: |_| Err("no case"),
    tfhe: [0; 7],
    must: None,
    stretch: None,
    reason: None,
};

const ADDITION: Case = Case { must: Some(32), tfhe: [8, 16, 32, 64, 128, 0, 256], ..PLAIN };

const SCALAR_ADDITION: Case = Case { must: Some(32), tfhe: [7, 15, 31, 63, 127, 0, 0], ..PLAIN };

const ORDER: Case = Case {
    op: Op::Ge,
    must: Some(32),
    stretch: Some(16),
    tfhe: [5, 11, 23, 47, 126, 0, 285],
    reason: Some(DIGIT),
    ..PLAIN
};

const SCALAR_ORDER: Case = Case {
    op: Op::Ge,
    must: Some(23),
    stretch: Some(16),
    tfhe: [3, 5, 11, 23, 0, 0, 0],
    reason: Some(
        "16 leaves of two digits use up their noise levels, so what they found out takes five \
         more bootstraps to put together",
    ),
    ..PLAIN
};

const CHOICE: Case = Case { op: Op::IfThenElse, ..PLAIN };

const BITWISE: Case = Case { op: Op::BitXor, must: Some(32), ..PLAIN };

pub(super) const ALL: &[Case] = &[
    Case { name: "add ct ct", run: |s| s.both(Op::Add), ..ADDITION },
    Case { name: "add ct sc", run: |s| s.scalar(Op::Add), ..SCALAR_ADDITION },
    Case { name: "sub ct ct", run: |s| s.both(Op::Sub), ..ADDITION },
    Case { name: "sub ct sc", run: |s| s.scalar(Op::Sub), ..SCALAR_ADDITION },
    Case {
        name: "sub sc ct",
        run: |s| s.apply(Op::Sub, &[&s.sc(), &s.ct()]),
        must: Some(32),
        ..PLAIN
    },
    Case { name: "neg ct", op: Op::Neg, run: |s| s.apply(Op::Neg, &[&s.ct()]), ..SCALAR_ADDITION },
    Case {
        name: "sub and ge, lt ct ct",
        run: |s| {
            let [difference, _] = s.simulator.sub_with_order(&s.ct(), &s.ct());
            Ok(difference)
        },
        tfhe: [13, 27, 55, 111, 254, 0, 0],
        ..ADDITION
    },
    Case { name: "ge, lt ct ct", run: |s| s.both(Op::Ge), ..ORDER },
    Case { name: "gt, le ct ct", run: |s| s.both(Op::Gt), ..ORDER },
    Case { name: "ge, lt ct sc", run: |s| s.scalar(Op::Ge), ..SCALAR_ORDER },
    Case { name: "gt, le ct sc", run: |s| s.scalar(Op::Gt), ..SCALAR_ORDER },
    Case {
        name: "eq, ne ct ct",
        op: Op::Eq,
        run: |s| s.both(Op::Eq),
        must: Some(36),
        stretch: Some(24),
        tfhe: [5, 11, 21, 42, 81, 101, 163],
        reason: Some(DIGIT),
    },
    Case { name: "eq, ne ct sc", op: Op::Eq, run: |s| s.scalar(Op::Eq), ..PLAIN },
    Case {
        name: "select ct ct",
        run: |s| s.apply(Op::IfThenElse, &[&s.condition(), &s.ct(), &s.ct()]),
        must: Some(33),
        stretch: Some(32),
        tfhe: [12, 24, 48, 96, 192, 240, 384],
        reason: Some(
            "the condition must weigh 7 to tell two digits' differences apart, and a stored one \
             would bring as many noise levels, so one bootstrap scales it",
        ),
        ..CHOICE
    },
    Case {
        name: "select ct ct, cleaned",
        run: |s| {
            let choice = s.apply(Op::IfThenElse, &[&s.condition(), &s.ct(), &s.ct()])?;
            Ok(s.simulator.clean(&choice))
        },
        must: Some(65),
        tfhe: [12, 24, 48, 96, 192, 240, 384],
        ..CHOICE
    },
    Case {
        name: "select ct sc",
        run: |s| s.apply(Op::IfThenElse, &[&s.condition(), &s.ct(), &s.sc()]),
        must: Some(33),
        tfhe: [4, 8, 16, 32, 64, 0, 0],
        ..CHOICE
    },
    Case {
        name: "select sc sc",
        run: |s| {
            let zero = s.simulator.constant(s.ty, U256::ZERO);
            s.apply(Op::IfThenElse, &[&s.condition(), &s.sc(), &zero])
        },
        ..CHOICE
    },
    Case {
        name: "min, max ct ct",
        op: Op::Min,
        run: |s| s.both(Op::Min),
        must: Some(66),
        tfhe: [17, 35, 71, 143, 318, 0, 0],
        ..PLAIN
    },
    Case {
        name: "min, max ct sc",
        op: Op::Min,
        run: |s| s.scalar(Op::Min),
        tfhe: [7, 13, 27, 55, 0, 0, 0],
        ..PLAIN
    },
    Case {
        name: "and, or, xor ct ct",
        run: |s| s.both(Op::BitXor),
        tfhe: [4, 8, 16, 32, 64, 0, 0],
        ..BITWISE
    },
    Case { name: "and, or, xor ct sc", run: |s| s.scalar(Op::BitXor), ..BITWISE },
    Case {
        name: "is in 4 ct",
        op: Op::IsIn,
        run: |s| s.apply(Op::IsIn, &[&s.ct(), &s.ct(), &s.ct(), &s.ct(), &s.ct()]),
        ..PLAIN
    },
    Case {
        name: "is in 4 sc",
        op: Op::IsIn,
        run: |s| s.apply(Op::IsIn, &[&s.ct(), &s.sc(), &s.sc(), &s.sc(), &s.sc()]),
        ..PLAIN
    },
    Case {
        name: "random",
        op: Op::Rand,
        run: |s| {
            let seed = s.simulator.constant(FheType::Uint256, U256::from(7));
            s.apply(Op::Rand, &[&seed])
        },
        tfhe: [4, 8, 16, 32, 64, 0, 0],
        ..PLAIN
    },
];
