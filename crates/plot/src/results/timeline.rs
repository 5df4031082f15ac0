//! What `run --timeline` wrote: what happened when.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::figure::Interval;

/// Results over time.
#[derive(Clone, Debug, Deserialize)]
pub struct Timeline {
    /// The ends of the windows \[s\], the beginning first.
    pub bounds: Vec<f64>,
    /// Of how many replications.
    pub replications: u64,
    /// In the order of the file.
    pub clients: Vec<ClientTimeline>,
    /// In the order of the file.
    #[serde(default)]
    pub parts: Vec<PartTimeline>,
    /// What was broken on purpose.
    #[serde(default)]
    pub faults: Vec<FaultTimeline>,
    /// What happened at which instant.
    #[serde(default)]
    pub events: Events,
}

/// A number over time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Line {
    /// By window.
    pub values: Vec<Option<f64>>,
    /// Lower ends.
    pub low: Vec<Option<f64>>,
    /// Upper ends.
    pub high: Vec<Option<f64>>,
}

impl Line {
    /// Returns the number in a window.
    pub fn at(&self, window: usize) -> Option<Interval> {
        let end = |of: &[Option<f64>]| of.get(window).copied().flatten();
        let value = end(&self.values)?;
        Some(Interval { value, ends: end(&self.low).zip(end(&self.high)) })
    }
}

/// Things that are counted, over time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// In all replications together.
    pub total: Vec<u64>,
    /// \[1/s\]
    pub rate: Line,
}

/// A client over time.
#[derive(Clone, Debug, Deserialize)]
pub struct ClientTimeline {
    /// Its name.
    pub name: String,
    /// Requests sent.
    #[serde(default)]
    pub sent: Counts,
    /// Requests that ended well.
    #[serde(default)]
    pub good: Counts,
    /// Requests that ended, by how; results of before it was kept have none.
    #[serde(default)]
    pub by_status: BTreeMap<String, Counts>,
    /// Percentiles \[s\], by name: `p99`.
    #[serde(default)]
    pub latency: BTreeMap<String, Line>,
    /// All latencies.
    #[serde(default)]
    pub heat: Heat,
}

impl ClientTimeline {
    /// Returns how many of how many requests that ended in a window ended well, in all replications together.
    ///
    /// Not of those that were sent in it: many of these end in a later one.
    pub fn ended_well(&self, window: usize) -> Option<(u64, u64)> {
        let ended = self.by_status.values().map(|of| of.total.get(window).copied());
        let ended: u64 = ended.sum::<Option<u64>>()?;
        let good = *self.good.total.get(window)?;
        (good <= ended).then_some((good, ended))
    }
}

/// Latencies in buckets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Heat {
    /// Up to where a bucket counts \[s\].
    pub edges: Vec<f64>,
    /// Window, bucket and count.
    pub cells: Vec<(usize, usize, u64)>,
}

/// A part over time.
#[derive(Clone, Debug, Deserialize)]
pub struct PartTimeline {
    /// Its name.
    pub name: String,
    /// Instances that serve.
    #[serde(default)]
    pub instances: Option<Line>,
}

/// A fault over time.
#[derive(Clone, Debug, Deserialize)]
pub struct FaultTimeline {
    /// Its name.
    pub name: String,
    /// How many are hit.
    #[serde(default)]
    pub struck: Line,
}

/// What happened at which instant, in one replication.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Events {
    /// Which one.
    pub replication: u64,
    /// In order.
    pub list: Vec<Event>,
    /// How much more.
    pub left_out: u64,
}

/// Something that happened.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// When \[s\].
    pub at: f64,
    /// To whom.
    pub part: String,
    /// What.
    pub what: String,
    /// The rest.
    #[serde(default)]
    pub detail: String,
}
