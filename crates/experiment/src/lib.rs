//! Replications, warm-up, stopping and comparisons.
