//! Parts that deal with failure: try again, stop trying, try elsewhere, make do.
//!
//! structs that are told the time; the parts around them only make calls.

mod backoff;
mod budget;
mod retry;
mod statuses;

pub use backoff::{Backoff, Jitter, Waits};
pub use budget::Budget;
pub use retry::{Retries, Retry, RetryTimer};
pub use statuses::Statuses;

#[cfg(test)]
mod tests;
