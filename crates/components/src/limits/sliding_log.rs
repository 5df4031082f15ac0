//! So many within any window.

use std::collections::VecDeque;

use kneepoint_engine::{SimDuration, SimTime};

use super::Decision;

/// Admits a call unless so many were admitted within the window that ends now: exact, and remembers each of them.
///
/// A call at `t` counts until just before `t + window`. Refused calls do not count.
///
/// # Units
/// `limit` \[calls per window\]; 8 bytes of memory each, per key.
///
/// # Source
/// The sorted set of Redis (`ZADD`, `ZREMRANGEBYSCORE`, `ZCARD`): Domanski, "Better rate limiting with Redis sorted
/// sets", ClassDojo, 2015.
#[derive(Clone, Debug, PartialEq)]
pub struct SlidingLog {
    limit: u64,
    window: u64,
    /// Calls within one such step of the clock are one \[ns\]; 0 tells all apart.
    step: u64,
    /// When those that still count were admitted \[ns\].
    admitted: VecDeque<u64>,
}

impl SlidingLog {
    /// Returns a limit of so many calls within any window.
    ///
    /// # Panics
    /// If the window is zero.
    pub fn new(limit: u64, window: SimDuration) -> SlidingLog {
        assert!(!window.is_zero(), "a window has a length");
        SlidingLog { limit, window: window.as_nanos(), step: 0, admitted: VecDeque::new() }
    }

    /// With calls of one step of the clock counted as one: what becomes of a set whose members are the timestamps.
    pub fn merging(self, step: SimDuration) -> SlidingLog {
        SlidingLog { step: step.as_nanos(), ..self }
    }

    /// Decides about a call.
    pub fn decide(&mut self, now: SimTime) -> Decision {
        let now = now.as_nanos();
        while self.admitted.front().is_some_and(|at| at + self.window <= now) {
            self.admitted.pop_front();
        }
        if (self.admitted.len() as u64) < self.limit {
            if self.step == 0 || self.admitted.back().is_none_or(|at| at / self.step != now / self.step) {
                self.admitted.push_back(now);
            }
            return Decision::Admit;
        }
        let oldest = self.admitted.front();
        Decision::Refuse(oldest.map(|at| SimDuration::from_nanos(at + self.window - now)))
    }

    /// Begins anew as another one; keeps the memory.
    pub(super) fn restart_as(&mut self, other: &SlidingLog) {
        (self.limit, self.window, self.step) = (other.limit, other.window, other.step);
        self.admitted.clear();
    }
}
