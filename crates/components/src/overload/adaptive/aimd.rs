//! Additive increase, multiplicative decrease.

use kneepoint_engine::SimDuration;

use super::{INITIAL, Sample};

/// One more per answered call while at least half of the limit is used; a tenth less per call that was dropped or took
/// longer than a time-out.
///
/// # Source
/// Netflix concurrency-limits, `AIMDLimit` (backoff ratio 0.9, initial limit 20, increase while
/// `inflight * 2 >= limit`); Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion avoidance",
/// Computer Networks and ISDN Systems 17, 1989.
#[derive(Clone, Debug, PartialEq)]
pub struct Aimd {
    min: u64,
    max: u64,
    timeout: SimDuration,
    limit: u64,
}

/// What is left of the limit after a sign of trouble.
const BACKOFF: f64 = 0.9;

impl Aimd {
    /// Returns a limit within these bounds.
    ///
    /// # Panics
    /// If they are none: `min` above `max`, or 0.
    pub fn new(min: u64, max: u64, timeout: SimDuration) -> Aimd {
        assert!((1..=max).contains(&min), "at least one, and no more than the most");
        Aimd { min, max, timeout, limit: INITIAL.clamp(min, max) }
    }

    /// Returns the limit now.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Learns from a call.
    pub fn learn(&mut self, of: Sample) {
        let limit = if of.dropped || of.took > self.timeout {
            (self.limit as f64 * BACKOFF) as u64
        } else if of.in_flight * 2 >= self.limit {
            self.limit + 1
        } else {
            self.limit
        };
        self.limit = limit.clamp(self.min, self.max);
    }
}
