//! What `sweep` and `merge` wrote.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Number;
use crate::figure::Outcome;

/// A sweep.
#[derive(Clone, Debug, Deserialize)]
pub struct SweepResults {
    /// Of the scenario.
    #[serde(default)]
    pub title: String,
    /// Of all randomness.
    pub seed: u64,
    /// `grid`, `latin hypercube`, …
    pub design: String,
    /// What was varied.
    pub axes: Vec<SweepAxis>,
    /// The fewest of a point.
    pub replications_min: u64,
    /// The most of a point.
    pub replications_max: u64,
    /// Where latencies at some points are of fewer requests than at others; lines of points do not say it.
    #[serde(default)]
    pub survivors: Vec<String>,
    /// How many there are to be.
    #[serde(default)]
    pub point_count: Option<u64>,
    /// In their order.
    pub points: Vec<SweepPoint>,
}

/// What was varied.
#[derive(Clone, Debug, Deserialize)]
pub struct SweepAxis {
    /// The setting.
    pub path: String,
}

/// A point.
#[derive(Clone, Debug, Deserialize)]
pub struct SweepPoint {
    /// What was set.
    pub settings: BTreeMap<String, String>,
    /// Why there is no result.
    #[serde(default)]
    pub failure: Option<serde_json::Value>,
    /// Into which one run was cut, if there is but one.
    #[serde(default)]
    pub batches: Option<u64>,
    /// Objectives.
    #[serde(default)]
    pub slo: Vec<SweepSlo>,
    /// Watched numbers.
    #[serde(default)]
    pub watch: Vec<SweepWatch>,
    /// Clients.
    #[serde(default)]
    pub clients: Vec<SweepClient>,
}

impl SweepPoint {
    /// Returns what came of all objectives together; nothing where there is none, or no result.
    pub fn outcome(&self) -> Option<Outcome> {
        if self.failure.is_some() || self.slo.is_empty() {
            return None;
        }
        let any = |verdict: &str| self.slo.iter().any(|slo| slo.verdict == verdict);
        Some(if any("missed") {
            Outcome::Missed
        } else if self.slo.iter().all(|slo| slo.verdict == "met") {
            Outcome::Met
        } else if self.is_unserved() {
            Outcome::Unserved
        } else {
            Outcome::Undecided
        })
    }

    /// Returns whether requests were made of which none ended well: there is a result, and no goodput.
    pub fn is_unserved(&self) -> bool {
        let nothing = |client: &SweepClient| client.goodput.value == Some(0.0);
        self.failure.is_none() && !self.clients.is_empty() && self.clients.iter().all(nothing)
    }
}

/// An objective at a point.
#[derive(Clone, Debug, Deserialize)]
pub struct SweepSlo {
    /// Its name.
    pub name: String,
    /// As it was written.
    pub condition: String,
    /// `met`, `missed`, …
    pub verdict: String,
    /// What was measured.
    pub estimate: Number,
    /// The bound.
    pub bound: f64,
    /// The unit of both.
    pub unit: String,
}

/// A watched number at a point.
#[derive(Clone, Debug, Deserialize)]
pub struct SweepWatch {
    /// Its name.
    pub name: String,
    /// What is watched.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// One, or one per instance and window.
    pub values: Vec<SweepWatchValue>,
}

/// One of its values.
#[derive(Clone, Debug, Deserialize)]
pub struct SweepWatchValue {
    /// What was measured.
    pub estimate: Number,
}

/// A client at a point.
#[derive(Clone, Debug, Deserialize)]
pub struct SweepClient {
    /// Its name.
    pub name: String,
    /// Requests it sent \[1/s\]; results of before it was kept have none.
    #[serde(default)]
    pub offered: Option<Number>,
    /// Users, of a client whose users wait for answers.
    #[serde(default)]
    pub users: Option<Number>,
    /// By name: `mean`, `p99`.
    pub latency: BTreeMap<String, Number>,
    /// Requests that ended well \[1/s\].
    pub goodput: Number,
    /// Share of requests that ended otherwise.
    pub errors: Number,
}
