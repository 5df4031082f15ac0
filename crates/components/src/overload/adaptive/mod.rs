//! How many calls may be in flight, found by watching them: one algorithm per file.

mod aimd;
mod gradient;
mod vegas;

pub use aimd::Aimd;
pub use gradient::Gradient;
pub use vegas::Vegas;

use kneepoint_engine::SimDuration;
use kneepoint_random::Stream;

/// The limit from which the adaptive ones start, where their bounds allow it.
///
/// # Source
/// Netflix concurrency-limits: `initialLimit` of all three.
pub const INITIAL: u64 = 20;

/// What is known of a call when it has been answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// From letting it through until its answer.
    pub took: SimDuration,
    /// How many were in flight when it was let through, itself included.
    pub in_flight: u64,
    /// It was turned away or not answered in time: no good measure, but a sign of too many.
    pub dropped: bool,
}

/// A bound on calls in flight, fixed or found.
#[derive(Clone, Debug, PartialEq)]
pub enum Adaptive {
    /// Always so many.
    Fixed(u64),
    /// More while all is well, a part less at each sign of trouble.
    Aimd(Aimd),
    /// By the gradient of response times.
    Gradient(Gradient),
    /// By the calls that must be queueing.
    Vegas(Vegas),
}

impl Adaptive {
    /// Returns the limit now.
    #[inline]
    pub fn limit(&self) -> u64 {
        match self {
            Adaptive::Fixed(limit) => *limit,
            Adaptive::Aimd(limit) => limit.limit(),
            Adaptive::Gradient(limit) => limit.limit(),
            Adaptive::Vegas(limit) => limit.limit(),
        }
    }

    /// Learns from a call.
    pub fn learn(&mut self, of: Sample, draws: &mut Stream) {
        match self {
            Adaptive::Fixed(_) => {}
            Adaptive::Aimd(limit) => limit.learn(of),
            Adaptive::Gradient(limit) => limit.learn(of),
            Adaptive::Vegas(limit) => limit.learn(of, draws),
        }
    }
}
