//! A span of simulated time.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

use crate::human;

/// A span of simulated time.
///
/// # Units
/// Whole nanoseconds; the largest span is 584 years.
/// Integers add exactly and in any order: a sum of f64 seconds drifts by nanoseconds within a simulated month.
///
/// Arithmetic saturates at [`SimDuration::ZERO`] and [`SimDuration::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct SimDuration(u64);

impl SimDuration {
    /// The empty span.
    pub const ZERO: Self = Self(0);
    /// The longest span, which stands for "never".
    pub const MAX: Self = Self(u64::MAX);

    /// Returns a span of so many nanoseconds.
    #[inline(always)]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns a span of so many microseconds, saturating.
    #[inline]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// Returns a span of so many milliseconds, saturating.
    #[inline]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Returns a span of so many seconds, saturating.
    #[inline]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Returns the span nearest to a number of nanoseconds.
    ///
    /// Halves are rounded up; a negative number and NaN give zero, a number above the range gives
    /// [`SimDuration::MAX`]. A draw is rounded, not cut: cutting would shorten every mean by half a nanosecond.
    #[inline]
    pub const fn from_nanos_f64(nanos: f64) -> Self {
        // Added to a number below, this leaves no bits for a fraction, and the whole number in the lowest ones.
        const ALIGN: f64 = (1_u64 << 52) as f64;
        if nanos >= 0.0 && nanos < (1_u64 << 51) as f64 {
            let aligned = nanos + ALIGN;
            let whole = aligned.to_bits() & ((1 << 52) - 1);
            // The addition rounds to the nearest, but a half to the even neighbour.
            Self(whole + (nanos - (aligned - ALIGN) >= 0.5) as u64)
        } else {
            Self::from_extreme_f64(nanos)
        }
    }

    #[cold]
    #[inline(never)]
    const fn from_extreme_f64(nanos: f64) -> Self {
        // From here on a f64 has no fraction, so only numbers below need rounding. NaN takes the other branch.
        const WITHOUT_FRACTION: f64 = (1_u64 << 52) as f64;
        if nanos < WITHOUT_FRACTION {
            // Adding one half and cutting would be wrong just below a half: 0.5 - 2^-54 + 0.5 rounds to 1.
            // A negative number saturates and ends at zero.
            let whole = nanos as u64;
            Self(whole + (nanos - whole as f64 >= 0.5) as u64)
        } else {
            Self(nanos as u64) // exact; saturates; NaN gives 0
        }
    }

    /// Returns the span nearest to a number of seconds, rounded like [`SimDuration::from_nanos_f64`].
    #[inline]
    pub const fn from_secs_f64(secs: f64) -> Self {
        Self::from_nanos_f64(secs * 1e9)
    }

    /// Returns the whole number of nanoseconds.
    #[inline(always)]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the span \[s\], for reports: a f64 holds 53 bits, about 104 days to the nanosecond.
    #[inline]
    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Tells whether the span is empty.
    #[inline(always)]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add for SimDuration {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for SimDuration {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<u64> for SimDuration {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Sum for SimDuration {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

/// Prints for people: `12.3ms`, at most three decimals.
impl fmt::Display for SimDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        human::write(out, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_nanoseconds_is_rounded_to_the_nearest() {
        let nanos = |x: f64| SimDuration::from_nanos_f64(x).as_nanos();
        assert_eq!(nanos(0.0), 0);
        assert_eq!(nanos(0.499_999_999_999_999_94), 0, "adding a half first would give 1");
        assert_eq!(nanos(0.5), 1);
        assert_eq!(nanos(1.499), 1);
        assert_eq!(nanos(1.5), 2);
        assert_eq!(nanos(2.5), 3);
        assert_eq!(nanos(4_503_599_627_370_495.5), 4_503_599_627_370_496);
        assert_eq!(
            nanos(4_503_599_627_370_497.0),
            4_503_599_627_370_497,
            "odd, at 2^52: adding a half first fails"
        );
        assert_eq!(nanos(9_007_199_254_740_991.0), 9_007_199_254_740_991);
        assert_eq!(
            nanos(18_446_744_073_709_549_568.0),
            18_446_744_073_709_549_568,
            "the last f64 below 2^64"
        );
    }

    #[test]
    fn a_number_outside_the_range_saturates_and_nan_is_zero() {
        for outside in [-0.0, -0.4, -0.6, -1.0, -1e19, -1e300, f64::NEG_INFINITY, f64::NAN, -f64::NAN] {
            assert_eq!(SimDuration::from_nanos_f64(outside), SimDuration::ZERO, "{outside}");
        }
        for outside in [18_446_744_073_709_551_616.0, 1e300, f64::INFINITY] {
            assert_eq!(SimDuration::from_nanos_f64(outside), SimDuration::MAX, "{outside}");
            assert_eq!(SimDuration::from_secs_f64(outside), SimDuration::MAX, "{outside}");
        }
    }

    #[test]
    fn seconds_are_rounded_to_the_nearest_nanosecond() {
        assert_eq!(SimDuration::from_secs_f64(0.1).as_nanos(), 100_000_000);
        assert_eq!(SimDuration::from_secs_f64(1e-9 * 0.6).as_nanos(), 1);
        assert_eq!(SimDuration::from_secs_f64(-1.0), SimDuration::ZERO);
        assert_eq!(SimDuration::from_millis(1_500).as_secs_f64(), 1.5);
    }

    #[test]
    fn arithmetic_saturates() {
        let second = SimDuration::from_secs(1);
        assert_eq!(SimDuration::MAX + second, SimDuration::MAX);
        assert_eq!(second - SimDuration::MAX, SimDuration::ZERO);
        assert_eq!(SimDuration::MAX * 2, SimDuration::MAX);
        assert_eq!(SimDuration::from_secs(u64::MAX), SimDuration::MAX);
        assert_eq!(second * 3, SimDuration::from_millis(3_000));
        let mut span = second;
        span += SimDuration::from_micros(5);
        span -= second;
        assert_eq!(span, SimDuration::from_nanos(5_000));
        assert_eq!([second, second].into_iter().sum::<SimDuration>(), SimDuration::from_secs(2));
        assert!(SimDuration::default().is_zero() && !second.is_zero());
    }

    #[test]
    fn a_span_prints_as_a_person_writes_it() {
        let shown = |nanos| SimDuration::from_nanos(nanos).to_string();
        assert_eq!(shown(0), "0 ns");
        assert_eq!(shown(999), "999 ns");
        assert_eq!(shown(1_000), "1 µs");
        assert_eq!(shown(12_300_000), "12.3 ms");
        assert_eq!(shown(12_345_678), "12.346 ms");
        assert_eq!(shown(1_005_000), "1.005 ms");
        assert_eq!(shown(999_999_499), "999.999 ms");
        assert_eq!(shown(999_999_500), "1 s", "rounding carries into the next unit");
        assert_eq!(shown(86_400_000_000_000), "86400 s");
        assert_eq!(shown(u64::MAX), "18446744073.71 s");
        assert_eq!(format!("[{:>8}]", SimDuration::from_millis(2)), "[    2 ms]");
    }
}
