//! Replications, warm-up, stopping and comparisons.

pub mod result;
