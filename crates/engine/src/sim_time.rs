//! An instant of simulated time.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use crate::{SimDuration, human};

/// An instant of simulated time, counted from the start of the simulation.
///
/// # Units
/// Whole nanoseconds since the start; the last instant is 584 years later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct SimTime(u64);

impl SimTime {
    /// The start of the simulation.
    pub const ZERO: Self = Self(0);
    /// The last instant, which stands for "never".
    pub const MAX: Self = Self(u64::MAX);

    /// Returns the instant so many nanoseconds after the start.
    #[inline(always)]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the instant so many microseconds after the start, saturating.
    #[inline]
    pub const fn from_micros(micros: u64) -> Self {
        Self(SimDuration::from_micros(micros).as_nanos())
    }

    /// Returns the instant so many milliseconds after the start, saturating.
    #[inline]
    pub const fn from_millis(millis: u64) -> Self {
        Self(SimDuration::from_millis(millis).as_nanos())
    }

    /// Returns the instant so many seconds after the start, saturating.
    #[inline]
    pub const fn from_secs(secs: u64) -> Self {
        Self(SimDuration::from_secs(secs).as_nanos())
    }

    /// Returns the nanoseconds since the start.
    #[inline(always)]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the time since the start \[s\], for reports.
    #[inline]
    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

/// Saturates at [`SimTime::MAX`].
impl Add<SimDuration> for SimTime {
    type Output = Self;

    #[inline(always)]
    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.as_nanos()))
    }
}

impl AddAssign<SimDuration> for SimTime {
    #[inline(always)]
    fn add_assign(&mut self, span: SimDuration) {
        *self = *self + span;
    }
}

/// The span from the earlier instant on the right to the later one on the left.
///
/// # Panics
/// In debug builds if the left instant is the earlier one; else the result is zero.
impl Sub for SimTime {
    type Output = SimDuration;

    #[inline(always)]
    fn sub(self, earlier: Self) -> SimDuration {
        debug_assert!(
            earlier <= self,
            "{self} lies before {earlier}: the span between them would be negative"
        );
        SimDuration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Prints for people: `12.3ms`, at most three decimals.
impl fmt::Display for SimTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        human::write(out, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_spans_add_up() {
        let mut at = SimTime::from_secs(1) + SimDuration::from_millis(500);
        assert_eq!(at.as_secs_f64(), 1.5);
        assert_eq!(at - SimTime::from_millis(1_000), SimDuration::from_micros(500_000));
        at += SimDuration::from_nanos(1);
        assert_eq!(at, SimTime::from_nanos(1_500_000_001));
        assert_eq!(SimTime::from_micros(12_300).to_string(), "12.3 ms");
    }

    #[test]
    fn the_last_instant_is_not_passed() {
        assert_eq!(SimTime::MAX + SimDuration::from_nanos(1), SimTime::MAX);
        assert_eq!(SimTime::from_secs(u64::MAX), SimTime::MAX);
        assert_eq!(SimTime::MAX - SimTime::ZERO, SimDuration::MAX);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "1 ns lies before 2 ns")]
    fn a_negative_span_is_refused_in_debug_builds() {
        let _ = SimTime::from_nanos(1) - SimTime::from_nanos(2);
    }
}
