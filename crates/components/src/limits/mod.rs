//! Rate limits: how many calls may pass in a time, one algorithm per file.
//!
//! ```text
//! call --key--> Limiter --Limit of that key--> admit | delay | refuse (and when to come back)
//! ```
//! An algorithm is a plain struct that is told the instant and says what becomes of a call: it can be tested, compared
//! with recordings and used without a simulation. [`RateLimit`] is the part that stands in the way of calls, and
//! [`SharedLimit`] the one that keeps the counts of several of them in a store.

mod decision;
mod fixed_window;
mod gcra;
mod key_index;
mod key_table;
mod leaky_bucket;
mod limit;
mod limiter;
mod rate_limit;
mod shared_limit;
mod sliding_counter;
mod sliding_log;
mod token_bucket;

pub use decision::Decision;
pub use fixed_window::FixedWindow;
pub use gcra::{Gcra, GcraState};
pub use leaky_bucket::LeakyBucket;
pub use limit::Limit;
pub use limiter::{Limiter, Per};
pub use rate_limit::{OnStoreError, RateLimit, RateLimitTimer};
pub use shared_limit::SharedLimit;
pub use sliding_counter::{Counted, SlidingCounter};
pub use sliding_log::SlidingLog;
pub use token_bucket::TokenBucket;

pub(crate) use key_index::KeyIndex;
pub(crate) use key_table::KeyTable;

#[cfg(test)]
mod tests;
