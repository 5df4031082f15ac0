//! Counts, durations, levels and shares, each with its interval.

use kneepoint_calls::Phase;
use kneepoint_statistics::{Estimated, Histogram};

/// The percentiles that are reported.
pub const PERCENTILES: [f64; 6] = [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];

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
