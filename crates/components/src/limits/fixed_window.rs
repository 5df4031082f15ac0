//! So many per window of the clock.

use kneepoint_engine::{SimDuration, SimTime};

use super::Decision;

/// Admits a number of calls in each window; windows begin at multiples of their length, from the start of the run.
///
/// Two windows meet in an instant, so that twice the number can pass within one length.
///
/// # Units
/// `limit` \[calls per window\].
///
/// # Source
/// Amazon API Gateway, Kong and others: a counter per key and minute of the clock. Known answers: Cloudflare, "How we
/// built rate limiting capable of scaling to millions of domains", 2017, where it is the first thing rejected.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedWindow {
    limit: u64,
    window: u64,
    /// The window of which `count` speaks, by number.
    at: u64,
    count: u64,
}

impl FixedWindow {
    /// Returns a limit of so many calls in each window.
    ///
    /// # Panics
    /// If the window is zero.
    pub fn new(limit: u64, window: SimDuration) -> FixedWindow {
        assert!(!window.is_zero(), "a window has a length");
        FixedWindow { limit, window: window.as_nanos(), at: 0, count: 0 }
    }

    /// Decides about a call.
    pub fn decide(&mut self, now: SimTime) -> Decision {
        let now = now.as_nanos();
        let at = now / self.window;
        if at != self.at {
            (self.at, self.count) = (at, 0);
        }
        if self.count < self.limit {
            self.count += 1;
            return Decision::Admit;
        }
        let left = self.window - now % self.window;
        Decision::Refuse((self.limit > 0).then_some(SimDuration::from_nanos(left)))
    }
}
