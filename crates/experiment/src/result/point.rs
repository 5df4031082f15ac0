//! What a sweep found at each of its points.

use kneepoint_statistics::Estimated;
use serde::{Deserialize, Serialize};

use super::{CheckResult, Facts, ObjectiveResult, Verdict, WatchResult};

/// What a sweep is: the same whatever it ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepFacts {
    /// Title of the scenario.
    pub title: String,
    /// The question the model is to answer.
    pub question: Option<String>,
    /// Fingerprint of the scenario before anything is swept, in hexadecimal digits.
    pub scenario: String,
    /// What that scenario was called and what was set of it; nothing for plans of a Rust program.
    pub origin: Option<OriginFacts>,
    /// Seed of all randomness, unless the seed itself is swept.
    pub seed: u64,
    /// Whether each point has random numbers of its own; otherwise all have the same.
    pub independent: bool,
    /// Name of the design.
    pub design: String,
    /// What is swept.
    pub axes: Vec<AxisFacts>,
    /// How many points there are.
    pub points: u64,
    /// At least so many replications a point.
    pub replications_min: u64,
    /// At most so many.
    pub replications_max: u64,
    /// Relative precision asked for at each point.
    pub precision: Option<f64>,
    /// Watches that were asked for beside those of the scenario, and those of both to show first.
    pub columns: Vec<String>,
    /// What the scenario assumes.
    pub assumptions: Vec<String>,
    /// What people call its clients and parts, by name, where the file says so.
    #[serde(default)]
    pub labels: Vec<(String, String)>,
    /// The files of data its points read, by name, once all points are [checked](crate::sweep::Study::check).
    pub data: Vec<DataFacts>,
}

/// A scenario as it was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginFacts {
    /// The file. Another machine may have it elsewhere: it is the same sweep.
    pub file: String,
    /// The version of the format it is written in.
    pub format: u64,
    /// The variant that was taken.
    pub variant: Option<String>,
    /// What was set from outside the file: path and value, in the order in which it was applied.
    pub set: Vec<(String, String)>,
}

/// A file of data that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFacts {
    /// As the scenario names it.
    pub name: String,
    /// Fingerprint of what was in it, in hexadecimal digits.
    pub hash: String,
}

/// An axis, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisFacts {
    /// Path of the setting, or `variant`.
    pub path: String,
    /// Path and values, as written after `--over`.
    pub values: String,
}

/// Everything a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepResult {
    /// What was swept.
    pub facts: SweepFacts,
    /// Its points, in the order of the design.
    pub points: Vec<PointResult>,
}

/// What was found at one point.
///
/// # Units
/// As in [`RunResult`](super::RunResult): durations in nanoseconds, rates per second, shares from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct PointResult {
    /// Its number, from 0.
    pub index: u64,
    /// The values that were set, one per axis.
    pub values: Vec<String>,
    /// Why there are no numbers, if a replication reached a ceiling: then the rest is empty.
    pub failure: Option<String>,
    /// How long, how often, how sure.
    pub facts: Facts,
    /// Whether the objectives are met here, all together.
    pub verdict: Verdict,
    /// The probability that all objectives hold in the same replication, if something is drawn once per replication.
    pub probability: Option<Estimated>,
    /// The objectives, in the order of the scenario.
    pub objectives: Vec<ObjectiveResult>,
    /// Extra metrics, in the order of the scenario, then those of the command line.
    pub watches: Vec<WatchResult>,
    /// What the clients saw.
    pub clients: Vec<PointClient>,
    /// What happened at the other parts.
    pub parts: Vec<PointPart>,
    /// What the runs checked about themselves.
    pub checks: Vec<CheckResult>,
    /// Where a number is doubtful.
    pub warnings: Vec<String>,
    /// Fingerprint of everything measured.
    pub digest: u64,
    /// Events executed, in all replications together.
    pub events: u64,
}

/// What one client saw.
#[derive(Clone, Debug, PartialEq)]
pub struct PointClient {
    /// Its name.
    pub name: String,
    /// Requests it sent (1/s): what it asks for, unless its users wait for answers.
    pub offered: Estimated,
    /// Users, of a client whose users wait for answers.
    pub users: Option<Estimated>,
    /// Mean latency of good answers (ns).
    pub mean: Estimated,
    /// Percentiles of the latency of good answers, pooled over replications: p50, p90, p95, p99, p99.9 (ns).
    pub percentiles: Vec<(f64, Estimated)>,
    /// Requests that ended well (1/s).
    pub goodput: Estimated,
    /// Requests that ended (1/s).
    pub throughput: Estimated,
    /// Share of those ended that did not end well.
    pub errors: Estimated,
}

/// What happened at one part. What it does not keep is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct PointPart {
    /// Its name.
    pub name: String,
    /// Time busy over capacity.
    pub utilisation: Option<Estimated>,
    /// Calls waiting.
    pub queue: Option<Estimated>,
    /// Mean time in the queue, of those that were served (ns).
    pub waiting: Option<Estimated>,
}
