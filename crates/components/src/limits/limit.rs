//! Any of the limits.

use kneepoint_engine::SimTime;

use super::{Decision, FixedWindow, Gcra, LeakyBucket, SlidingCounter, SlidingLog, TokenBucket};

/// A limit with what it remembers, of whatever kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// So many per window of the clock.
    FixedWindow(FixedWindow),
    /// So many within any window.
    SlidingLog(SlidingLog),
    /// So many per window, from two counts.
    SlidingCounter(SlidingCounter),
    /// So many per second, evenly.
    LeakyBucket(LeakyBucket),
    /// A bucket of tokens.
    TokenBucket(TokenBucket),
    /// A virtual schedule.
    Gcra(Gcra),
}

impl Limit {
    /// Decides about a call.
    #[inline]
    pub fn decide(&mut self, now: SimTime) -> Decision {
        match self {
            Limit::FixedWindow(limit) => limit.decide(now),
            Limit::SlidingLog(limit) => limit.decide(now),
            Limit::SlidingCounter(limit) => limit.decide(now),
            Limit::LeakyBucket(limit) => limit.decide(now),
            Limit::TokenBucket(limit) => limit.decide(now),
            Limit::Gcra(limit) => limit.decide(now),
        }
    }

    /// Begins anew as another one; keeps the memory where it can.
    pub(super) fn restart_as(&mut self, other: &Limit) {
        match (self, other) {
            (Limit::SlidingLog(this), Limit::SlidingLog(other)) => this.restart_as(other),
            (this, other) => *this = other.clone(),
        }
    }
}
