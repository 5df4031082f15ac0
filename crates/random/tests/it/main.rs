//! The draws themselves: their exact values, and the laws they follow.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod golden;
mod laws;
mod statistics;
