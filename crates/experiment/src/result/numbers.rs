//! Counts, durations, levels and shares, each with its interval.

use kneepoint_calls::Phase;
use kneepoint_statistics::{Estimated, Histogram};

/// The percentiles that are reported.
pub const PERCENTILES: [f64; 6] = [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];

/// The shares at which a curve of durations has points: even in the body, and 1, 2, 5 in each decade of the tail.
const CURVE: [f64; 28] = [
    0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998,
    0.999, 0.9995, 0.9998, 0.9999, 0.99995, 0.99998, 0.99999, 0.999995, 0.999998, 0.999999,
];

/// Fewer samples beyond a point of a curve say nothing.
///
/// # Source
/// As `kneepoint_statistics` asks of percentiles with intervals.
const BEYOND_MIN: f64 = 10.0;

/// Things that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// In all replications together, while measured.
    pub total: u64,
    /// How many a second (1/s).
    pub rate: Estimated,
}

/// A part of a whole, weighted by what it is a part of and not by replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The part, in all replications together (things, or nanoseconds).
    pub part: f64,
    /// The whole.
    pub whole: f64,
    /// Part over whole.
    pub share: Estimated,
}

/// Durations of single things, all replications together (ns).
#[derive(Clone, Debug, PartialEq)]
pub struct Durations {
    /// How many.
    pub count: u64,
    /// Their mean (ns).
    pub mean: Estimated,
    /// Shortest and longest (ns).
    pub range: Option<(u64, u64)>,
    /// The percentiles of [`PERCENTILES`], pooled over replications (ns); empty for instances.
    pub percentiles: Vec<(f64, Estimated)>,
    /// All of them; empty for instances.
    pub histogram: Histogram,
}

impl Durations {
    /// Returns a percentile that is among those reported.
    pub fn percentile(&self, p: f64) -> Option<&Estimated> {
        self.percentiles.iter().find(|(q, _)| *q == p).map(|(_, estimated)| estimated)
    }

    /// Returns the curve of quantiles, pooled over replications: shares from 0 to 1 with durations \[ns\], as far as ten
    /// samples lie beyond, and the shortest of all. It has no intervals; those that are reported are in
    /// [`percentiles`](Durations::percentiles).
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let count = self.histogram.count() as f64;
        // Rounded lest 1 - 0.999 ask for one sample more than 10 000.
        let carried = |p: &f64| *p == 0.0 || count * p.min(1.0 - p) >= BEYOND_MIN * (1.0 - 1e-9);
        let point = |p: f64| Some((p, self.histogram.quantile(p)?));
        CURVE.into_iter().filter(carried).filter_map(point).collect()
    }
}

/// A level over time.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelResult {
    /// Its time average.
    pub mean: Estimated,
    /// Its highest value in any replication; nothing for several instances together: their highest values need not
    /// have come at the same instant, and each instance has its own.
    pub max: Option<f64>,
}

/// Time spent in one phase.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseTime {
    /// Which.
    pub phase: Phase,
    /// In all replications together (ns).
    pub total: u128,
    /// Per request that ended, or per call that arrived (ns).
    pub per_request: Estimated,
}
