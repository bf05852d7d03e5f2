//! Which rewrites are on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Profile;

/// A set of rewrites. Results mean the same with any of them; their bits do not, so the set is
/// part of the engine class.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rewrites(u8);

/// A way to compute the same with fewer bootstraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rewrite {
    /// Constants fold, and identities cost nothing: `x · 0`, `x + 0`, `x - x`, a choice between
    /// equal values, a comparison with a bound, and their like.
    Identities = 0,
    /// `c ? a - b : a` becomes `a - (c ? b : 0)`, and so for a sum: the choice has one branch that
    /// is zero and depends on neither the difference nor `a`.
    Masks = 1,
    /// Additions of additions become one sum of many.
    Sums = 2,
    /// `a + b` and whether it wraps come from one chain.
    Carries = 3,
    /// `a - b` and `a ≥ b` come from one chain.
    Differences = 4,
    /// What is asked about one pair shares one comparison.
    Comparisons = 5,
    /// Choices under one condition share its preparation.
    Conditions = 6,
}

impl Rewrite {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Identities,
        Self::Masks,
        Self::Sums,
        Self::Carries,
        Self::Differences,
        Self::Comparisons,
        Self::Conditions,
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Rewrites {
    /// None: each operation is computed as it was recorded.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << Rewrite::ALL.len()) - 1);

    /// Those that pay with circuits of a profile. Where a difference is not a chain of carries,
    /// there is nothing to share with a comparison.
    pub const fn for_profile(profile: Profile) -> Self {
        match profile {
            Profile::Throughput => Self::ALL,
            Profile::Latency => Self::ALL.without(Rewrite::Differences),
        }
    }

    /// The set with one more.
    #[must_use]
    pub const fn with(self, rewrite: Rewrite) -> Self {
        Self(self.0 | rewrite.bit())
    }

    /// The set with one fewer.
    #[must_use]
    pub const fn without(self, rewrite: Rewrite) -> Self {
        Self(self.0 & !rewrite.bit())
    }

    /// Whether one is in the set.
    pub const fn contains(self, rewrite: Rewrite) -> bool {
        self.0 & rewrite.bit() != 0
    }
}

impl fmt::Debug for Rewrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Rewrite::ALL.iter().filter(|one| self.contains(**one))).finish()
    }
}

/// The set as a number of bits, in the order of [`Rewrite::ALL`].
impl fmt::Display for Rewrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:07b}", self.0)
    }
}
