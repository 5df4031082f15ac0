//! Parts that only take time, or bound it.

mod delay_part;
mod overhead;
mod timeout;

pub use delay_part::{Delay, DelayTimer};
pub use overhead::{Overhead, OverheadTimer};
pub use timeout::Timeout;

#[cfg(test)]
mod tests;
