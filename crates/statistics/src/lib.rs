//! Tallies, histograms, warm-up, intervals and estimates.
//!
//! Two kinds of things live here. Collectors sit inside a simulation and are cheap: [`Histogram`], [`Tally`],
//! [`TimeAverage`], [`BatchMeans`]. Inference works on what they hold afterwards, and ends in an [`Estimate`] or
//! in the reason why there is none ([`Estimated`]).
//!
//! Whatever folds over replications or batches does so in the order of their index: floating-point addition is
//! not associative, and a result must not depend on which thread was done first. Callers keep replications in
//! that order. Histograms are integers and may be merged in any order.
//! All functions beyond `+ - * / sqrt` come from `libm`, so that the same bits come out on every machine.
//!
//! ```
//! use kneepoint_statistics::{Estimated, Histogram};
//!
//! let mut latency = Histogram::new();
//! latency.record(2_000_000);
//! assert_eq!(latency.quantile(0.99), Some(2_000_000.0));
//!
//! let throughput = Estimated::from_replications(&[99.0, 101.0, 100.0], 0.95);
//! let estimate = throughput.known().expect("three replications give an interval");
//! assert!(estimate.contains(100.0));
//! ```

mod autocorrelation;
mod batch_means;
mod binomial;
mod chi_square;
mod comparison;
#[cfg(test)]
mod draws;
mod estimate;
mod histogram;
mod incomplete;
mod normal;
mod percentile;
mod pseudo_values;
mod stopping;
mod student;
mod tally;
mod time_average;
mod warm_up;

pub use autocorrelation::{autocorrelation, effective_sample_size};
pub use batch_means::BatchMeans;
pub use binomial::binomial_cdf;
pub use chi_square::{chi_square_cdf, chi_square_quantile, chi_square_tail};
pub use comparison::{Paired, Verdict, bonferroni, bonferroni_confidence, holm, paired};
pub use estimate::{Estimate, Estimated};
pub use histogram::Histogram;
pub use normal::{normal_cdf, normal_quantile};
pub use percentile::MIN_BEYOND;
pub use pseudo_values::{BEYOND_SOUND, Difference, Pairing, PseudoValues, difference};
pub use stopping::{Decision, enough, half_width_for};
pub use student::{student_t_cdf, student_t_quantile, student_t_tail};
pub use tally::Tally;
pub use time_average::TimeAverage;
pub use warm_up::{WarmUp, mser5};
