//! A virtual schedule: the generic cell rate algorithm.

use kneepoint_engine::{SimDuration, SimTime};

use super::Decision;

/// Admits a call unless it comes more than a tolerance before the instant at which it would be due if all came evenly.
///
/// One number is remembered, the theoretical arrival time of the next call. Decides as a token bucket that holds
/// `burst + 1`.
///
/// # Units
/// `rate_per_s` [calls/s]; `burst` \[calls\]: how many more than the one that is due may come at once.
///
/// # Source
/// ITU-T Recommendation I.371, annex A (virtual scheduling); the form with volumes is that of `throttled/throttled`
/// v2, `rate.go`, `RateLimitCtx`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gcra {
    /// Between two calls that come evenly \[ns\].
    interval: u64,
    limit: u64,
    /// Theoretical arrival time of the next call \[ns\]; an instant that is past says as much as now.
    due: u128,
}

/// What is left after a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GcraState {
    /// How many calls would pass at once.
    pub remaining: u64,
    /// Until as many as ever would pass at once.
    pub full_after: SimDuration,
}

impl Gcra {
    /// Returns a limit at which no call was ever due.
    ///
    /// # Panics
    /// If the rate is not above 0, or if calls are due less than a nanosecond apart.
    pub fn new(rate_per_s: f64, burst: u64) -> Gcra {
        let interval = (1e9 / rate_per_s).round();
        assert!(rate_per_s > 0.0 && interval >= 1.0, "calls are due a nanosecond apart at least");
        Gcra { interval: interval as u64, limit: burst.saturating_add(1), due: 0 }
    }

    /// Decides about a call.
    pub fn decide(&mut self, now: SimTime) -> Decision {
        self.take(now, 1)
    }

    /// Decides about a call that counts as so many; none only looks.
    pub fn take(&mut self, now: SimTime, calls: u64) -> Decision {
        let now = u128::from(now.as_nanos());
        let due = self.due.max(now) + u128::from(calls) * u128::from(self.interval);
        let early = due.saturating_sub(now + self.tolerance());
        if early > 0 {
            let possible = calls <= self.limit;
            let after = u64::try_from(early).unwrap_or(u64::MAX);
            return Decision::Refuse(possible.then_some(SimDuration::from_nanos(after)));
        }
        self.due = due;
        Decision::Admit
    }

    /// Returns what is left.
    pub fn state(&self, now: SimTime) -> GcraState {
        let ahead = self.due.saturating_sub(u128::from(now.as_nanos()));
        let remaining = self.tolerance().saturating_sub(ahead) / u128::from(self.interval);
        GcraState {
            remaining: remaining as u64,
            full_after: SimDuration::from_nanos(u64::try_from(ahead).unwrap_or(u64::MAX)),
        }
    }

    /// How far ahead of its time a call may be \[ns\].
    fn tolerance(&self) -> u128 {
        u128::from(self.limit) * u128::from(self.interval)
    }
}
