//! The cases.

use alloy_primitives::U256;

use super::{Case, Setup};
use crate::{FheType, Kernel, Op, Simulated};

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

    /// A constant without a pattern, the digits of pi: a factor is the cheaper the more of its bits
    /// repeat.
    fn factor(&self) -> Simulated {
        const PI: U256 = U256::from_limbs([
            0x082e_fa98_ec4e_6c89,
            0xa409_3822_299f_31d0,
            0x1319_8a2e_0370_7344,
            0x243f_6a88_85a3_08d3,
        ]);
        self.simulator.constant(self.ty, PI >> (256 - self.ty.bits()))
    }

    /// An odd amount.
    fn amount(&self) -> Simulated {
        self.simulator.constant(self.ty, U256::from(3))
    }

    fn sum(&self, count: usize) -> Run {
        let summands: Vec<Simulated> = (0..count).map(|_| self.ct()).collect();
        let summands: Vec<&Simulated> = summands.iter().collect();
        self.apply(Op::Sum, &summands)
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

const PRODUCT: &str = "528 pairs of digits take a bootstrap each, what is left of the pairs 93, and \
                       1,056 digits and carries become 32 digits by 517, near the three blocks \
                       fewer for five inputs that 5 noise levels allow";

const SHIFT: &str = "two pairs of swaps leave noise level 3, so lower bits take a bootstrap a block; \
                     blanking what wraps takes 24 that a rotation, at 163, does without";

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

const ADDITION: Case = Case { must: Some(32), tfhe: [8, 16, 32, 64, 128, 0, 0], ..PLAIN };

const SCALAR_ADDITION: Case = Case { must: Some(32), tfhe: [7, 15, 31, 63, 127, 0, 255], ..PLAIN };

const ORDER: Case = Case {
    op: Op::Ge,
    must: Some(32),
    stretch: Some(16),
    tfhe: [5, 11, 23, 47, 126, 0, 0],
    reason: Some(DIGIT),
    ..PLAIN
};

const SCALAR_ORDER: Case = Case {
    op: Op::Ge,
    must: Some(23),
    stretch: Some(16),
    tfhe: [3, 5, 11, 23, 47, 0, 0],
    reason: Some(
        "16 leaves of two digits use up their noise levels, so what they found out takes five \
         more bootstraps to put together",
    ),
    ..PLAIN
};

const CHOICE: Case = Case { op: Op::IfThenElse, ..PLAIN };

const BITWISE: Case =
    Case { op: Op::BitXor, must: Some(32), tfhe: [4, 8, 16, 32, 64, 0, 128], ..PLAIN };

const SUM: Case = Case { op: Op::Sum, ..PLAIN };

pub(super) const ALL: &[Case] = &[
    Case { name: "add ct ct", run: |s| s.both(Op::Add), ..ADDITION },
    Case { name: "add ct sc", run: |s| s.scalar(Op::Add), ..SCALAR_ADDITION },
    Case { name: "sub ct ct", run: |s| s.both(Op::Sub), ..ADDITION },
    Case { name: "sub ct sc", run: |s| s.scalar(Op::Sub), ..SCALAR_ADDITION },
    Case { name: "sub sc ct", run: |s| s.apply(Op::Sub, &[&s.sc(), &s.ct()]), ..SCALAR_ADDITION },
    Case { name: "neg ct", op: Op::Neg, run: |s| s.apply(Op::Neg, &[&s.ct()]), ..SCALAR_ADDITION },
    Case {
        name: "sub and ge, lt ct ct",
        run: |s| {
            let both = s.simulator.run(&Kernel::SubWithOrder(s.ty), &[&s.ct(), &s.ct()])?;
            both.into_iter().next().ok_or("a difference")
        },
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
    Case {
        name: "eq, ne ct sc",
        op: Op::Eq,
        run: |s| s.scalar(Op::Eq),
        tfhe: [3, 5, 11, 21, 42, 51, 81],
        ..PLAIN
    },
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
        tfhe: [4, 8, 16, 32, 64, 80, 128],
        ..CHOICE
    },
    Case {
        name: "select sc sc",
        run: |s| {
            let zero = s.simulator.constant(s.ty, U256::ZERO);
            s.apply(Op::IfThenElse, &[&s.condition(), &s.sc(), &zero])
        },
        tfhe: [1, 1, 2, 4, 8, 10, 16],
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
        tfhe: [7, 13, 27, 55, 111, 0, 0],
        ..PLAIN
    },
    Case { name: "and, or, xor ct ct", run: |s| s.both(Op::BitXor), ..BITWISE },
    Case { name: "and, or, xor ct sc", run: |s| s.scalar(Op::BitXor), ..BITWISE },
    Case {
        name: "sum of 3 ct",
        run: |s| s.sum(3),
        must: Some(63),
        tfhe: [8, 16, 32, 64, 128, 0, 0],
        ..SUM
    },
    Case {
        name: "sum of 5 ct",
        run: |s| s.sum(5),
        must: Some(127),
        tfhe: [13, 29, 61, 125, 253, 0, 0],
        ..SUM
    },
    Case {
        name: "sum of 10 ct",
        run: |s| s.sum(10),
        must: Some(287),
        tfhe: [27, 59, 123, 251, 507, 0, 0],
        ..SUM
    },
    Case {
        name: "mul ct ct",
        op: Op::Mul,
        run: |s| s.both(Op::Mul),
        must: Some(1400),
        stretch: Some(1100),
        tfhe: [28, 111, 440, 1737, 6892, 0, 0],
        reason: Some(PRODUCT),
    },
    Case {
        name: "mul ct sc",
        op: Op::Mul,
        run: |s| s.apply(Op::Mul, &[&s.ct(), &s.factor()]),
        must: Some(320),
        tfhe: [12, 48, 110, 381, 1263, 0, 0],
        ..PLAIN
    },
    Case {
        name: "div ct sc",
        op: Op::Div,
        run: |s| s.apply(Op::Div, &[&s.ct(), &s.factor()]),
        must: Some(812),
        tfhe: [36, 95, 291, 993, 3842, 0, 0],
        ..PLAIN
    },
    Case {
        name: "rem ct sc",
        op: Op::Rem,
        run: |s| s.apply(Op::Rem, &[&s.ct(), &s.factor()]),
        must: Some(976),
        tfhe: [56, 148, 399, 1328, 4723, 0, 0],
        ..PLAIN
    },
    Case {
        name: "mulDiv ct ct sc",
        op: Op::MulDiv,
        run: |s| s.apply(Op::MulDiv, &[&s.ct(), &s.ct(), &s.factor()]),
        ..PLAIN
    },
    Case {
        name: "shl, shr ct ct",
        op: Op::Shl,
        run: |s| s.both(Op::Shl),
        must: Some(200),
        stretch: Some(170),
        tfhe: [21, 50, 119, 265, 596, 0, 1312],
        reason: Some(SHIFT),
    },
    Case {
        name: "rotl, rotr ct ct",
        op: Op::Rotl,
        run: |s| s.both(Op::Rotl),
        must: Some(200),
        stretch: Some(170),
        tfhe: [21, 49, 114, 258, 579, 0, 1283],
        ..PLAIN
    },
    Case {
        name: "shl, shr ct sc (odd)",
        op: Op::Shl,
        run: |s| s.apply(Op::Shl, &[&s.ct(), &s.amount()]),
        tfhe: [3, 7, 15, 31, 63, 0, 127],
        ..PLAIN
    },
    Case {
        name: "rotl, rotr ct sc (odd)",
        op: Op::Rotl,
        run: |s| s.apply(Op::Rotl, &[&s.ct(), &s.amount()]),
        tfhe: [4, 8, 16, 32, 64, 0, 128],
        ..PLAIN
    },
    Case {
        name: "is in 4 ct",
        op: Op::IsIn,
        run: |s| s.apply(Op::IsIn, &[&s.ct(), &s.ct(), &s.ct(), &s.ct(), &s.ct()]),
        tfhe: [21, 45, 85, 169, 325, 405, 653],
        ..PLAIN
    },
    Case {
        name: "is in 4 sc",
        op: Op::IsIn,
        run: |s| s.apply(Op::IsIn, &[&s.ct(), &s.sc(), &s.sc(), &s.sc(), &s.sc()]),
        tfhe: [9, 21, 37, 73, 133, 0, 0],
        ..PLAIN
    },
    Case {
        name: "random",
        op: Op::Rand,
        run: |s| {
            let seed = s.simulator.constant(FheType::Uint256, U256::from(7));
            s.apply(Op::Rand, &[&seed])
        },
        tfhe: [4, 8, 16, 32, 64, 0, 128],
        ..PLAIN
    },
];
