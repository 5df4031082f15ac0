//! Replications of anything that gives one number: for small programs.

use rayon::prelude::*;

/// Calls `measure(seed, replication)` for the replications `0..n`, side by side, and returns what they gave, in
/// their order: for [`Estimated::from_replications`](kneepoint_statistics::Estimated::from_replications).
///
/// # Example
/// ```
/// use kneepoint_experiment::replicate;
/// use kneepoint_statistics::Estimated;
///
/// let means = replicate(10, 1, |seed, replication| {
///     let mut stream = kneepoint_random::Stream::named(seed, replication, "coin", "sides");
///     (0..1000).filter(|_| stream.uniform() < 0.5).count() as f64 / 1000.0
/// });
/// let estimate = Estimated::from_replications(&means, 0.999);
/// assert!(estimate.known().expect("ten numbers have an interval").contains(0.5));
/// ```
pub fn replicate(n: u64, seed: u64, measure: impl Fn(u64, u64) -> f64 + Sync) -> Vec<f64> {
    (0..n).into_par_iter().map(|replication| measure(seed, replication)).collect()
}
