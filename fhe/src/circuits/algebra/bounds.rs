//! What is known about a block without decrypting it, and what a bootstrap may take.

use std::ops::RangeInclusive;

/// Values that a block's plaintext space holds besides the padding bit: two bits of message, two
/// of carry.
pub(crate) const SPACE: i64 = 16;

/// The noisiest input for which the parameters guarantee a failure probability of 2⁻¹²⁸ a
/// bootstrap, in units of what a bootstrap leaves (tfhe-rs's `MaxNoiseLevel`).
pub(crate) const MAX_NOISE: u64 = 5;

/// The noisiest block that may be stored.
pub(crate) const MAX_STORED_NOISE: u64 = 2;

/// The largest value of a block that may be stored: its two bits of message.
pub(crate) const MAX_DIGIT: i64 = 3;

/// Smallest and largest value that a block can have, and its noise.
///
/// Noise is counted as tfhe-rs does: a bootstrap leaves 1, a constant has 0, levels add, and a
/// factor multiplies. That is an upper bound of the true standard deviation whatever the blocks
/// have in common, so two results of one bootstrap may be added like any others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Smallest value.
    pub low: i64,
    /// Largest value: tfhe-rs's degree.
    pub high: i64,
    /// Noise level.
    pub noise: u64,
}

impl Bounds {
    /// A block that a client or a bootstrap made, of values up to `high`.
    pub(super) const fn fresh(low: i64, high: i64) -> Self {
        Self { low, high, noise: 1 }
    }

    /// A constant.
    pub(super) const fn constant(value: i64) -> Self {
        Self { low: value, high: value, noise: 0 }
    }

    pub(super) const fn add(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
            noise: self.noise + other.noise,
        }
    }

    pub(super) const fn sub(self, other: Self) -> Self {
        self.add(other.scale(-1))
    }

    pub(super) const fn scale(self, factor: i64) -> Self {
        let (a, b) = (self.low * factor, self.high * factor);
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        Self { low, high, noise: self.noise * factor.unsigned_abs() }
    }

    /// What is known, and what the caller knows besides.
    ///
    /// # Panics
    /// If no value is within both.
    pub(super) fn narrow(self, low: i64, high: i64) -> Self {
        let narrowed = Self { low: low.max(self.low), high: high.min(self.high), ..self };
        assert!(narrowed.low <= narrowed.high, "nothing is in {low}..={high} and within {self:?}");
        narrowed
    }

    /// The values.
    pub(super) const fn values(self) -> RangeInclusive<i64> {
        self.low..=self.high
    }

    /// Whether the value is public.
    pub(super) const fn is_constant(self) -> bool {
        self.noise == 0
    }

    /// Asserts that a bootstrap of one table may take this.
    pub(super) fn check_lookup(self) {
        assert!(self.noise <= MAX_NOISE, "a bootstrap of noise level {}", self.noise);
        assert!(
            -SPACE < self.low && self.high < SPACE,
            "a bootstrap of values {}..={}",
            self.low,
            self.high
        );
    }

    /// Asserts that a bootstrap of `tables` tables may take this.
    pub(super) fn check_lookup_many(self, tables: usize) {
        self.check_lookup();
        let limit = SPACE / i64::try_from(tables).expect("a handful of tables") - 1;
        assert!(
            0 <= self.low && self.high <= limit,
            "a bootstrap of {tables} tables takes 0..={limit}, not {}..={}",
            self.low,
            self.high
        );
    }
}

/// Smallest and largest result of a table.
pub(super) fn image(bounds: Bounds, table: &dyn Fn(i64) -> i64) -> (i64, i64) {
    bounds
        .values()
        .map(table)
        .fold((i64::MAX, i64::MIN), |(low, high), value| (low.min(value), high.max(value)))
}

/// The constant `c` for which `2 · table - c` is negacyclic where it must be.
///
/// A bootstrap gives for `v + 16` the negative of what it gives for `v`. If both can be the
/// input, the table must fit: `table(v) + table(v + 16)` has to be the same `c` for all such `v`.
/// The bootstrap then computes `table - c / 2`, which fits, and `c / 2` is added as a plaintext.
/// Where the range has at most 16 values there are no such pairs, and any table will do.
///
/// # Panics
/// If the table does not fit.
pub(super) fn offset(bounds: Bounds, table: &dyn Fn(i64) -> i64) -> i64 {
    let mut sums = (bounds.low..=bounds.high - SPACE).map(|v| table(v) + table(v + SPACE));
    let Some(first) = sums.next() else { return 0 };
    assert!(
        sums.all(|sum| sum == first),
        "the table is not negacyclic over {}..={}",
        bounds.low,
        bounds.high
    );
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_follow_the_arithmetic() {
        let (a, b) = (Bounds::fresh(0, 3), Bounds::fresh(-1, 2));
        assert_eq!(a.add(b), Bounds { low: -1, high: 5, noise: 2 });
        assert_eq!(a.sub(b), Bounds { low: -2, high: 4, noise: 2 });
        assert_eq!(b.scale(-4), Bounds { low: -8, high: 4, noise: 4 });
        assert_eq!(a.add(Bounds::constant(-3)), Bounds { low: -3, high: 0, noise: 1 });
        assert_eq!(a.add(a).narrow(1, 4), Bounds { low: 1, high: 4, noise: 2 });
    }

    #[test]
    fn a_bootstrap_out_of_bounds_is_refused() {
        let refused = |bounds: Bounds| std::panic::catch_unwind(|| bounds.check_lookup()).is_err();
        assert!(!refused(Bounds { low: -15, high: 15, noise: 5 }));
        assert!(refused(Bounds { low: 0, high: 15, noise: 6 }));
        assert!(refused(Bounds { low: 0, high: 16, noise: 1 }));
        assert!(refused(Bounds { low: -16, high: 0, noise: 1 }));
        let many = |bounds: Bounds, tables| {
            std::panic::catch_unwind(|| bounds.check_lookup_many(tables)).is_err()
        };
        assert!(!many(Bounds::fresh(0, 7), 2) && !many(Bounds::fresh(0, 3), 4));
        assert!(many(Bounds::fresh(0, 8), 2) && many(Bounds::fresh(-1, 3), 2));
    }

    #[test]
    fn what_is_known_twice_is_known_together() {
        let known = Bounds { low: -2, high: 3, noise: 2 };
        assert_eq!(known.narrow(0, 9), Bounds { low: 0, ..known });
        assert_eq!(known.narrow(-9, 1), Bounds { high: 1, ..known });
        assert!(std::panic::catch_unwind(|| known.narrow(4, 9)).is_err());
    }

    #[test]
    fn a_table_that_is_not_negacyclic_is_refused() {
        let all = Bounds::fresh(-15, 15);
        assert_eq!(offset(all, &i64::signum), 0);
        assert_eq!(offset(all, &|v| 8 * i64::from(v >= 0)), 8);
        assert!(std::panic::catch_unwind(|| offset(all, &|v| v * v)).is_err());
        // Without a pair of values 16 apart anything goes.
        assert_eq!(offset(Bounds::fresh(-8, 7), &|v| v * v), 0);
    }
}
