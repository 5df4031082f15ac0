//! Parts that deal with failure: try again, stop trying, try elsewhere, make do.
//!
//! The decisions (how long to wait, whether a breaker opens, whether a budget lets another try pass) are plain
//! structs that are told the time; the parts around them only make calls.

mod backoff;
mod breaker;
mod budget;
mod circuit;
mod deadline;
mod fallback;
mod hedge;
mod recent_quantile;
mod retry;
mod shared_breaker;
mod statuses;
mod trip;
mod window;

pub use backoff::{Backoff, Jitter, Waits};
pub use breaker::{Breaker, BreakerTimer};
pub use budget::Budget;
pub use circuit::{Admission, Circuit, Probing, Rules, State, Turn};
pub use deadline::Deadline;
pub use fallback::{Fallback, FallbackTimer, Instead};
pub use hedge::{After, Hedge, HedgeTimer, Hedges};
pub use recent_quantile::RecentQuantile;
pub use retry::{Retries, Retry, RetryTimer};
pub use shared_breaker::{SharedBreaker, SharedCircuit};
pub use statuses::Statuses;
pub use trip::{Outcome, Share, Trip, Watch};
pub use window::{Span, Tally, Window};

#[cfg(test)]
mod tests;
