//! What `capacity` wrote.

use serde::Deserialize;

use super::Number;

/// A search for the capacity.
#[derive(Clone, Debug, Deserialize)]
pub struct CapacityResults {
    /// Of the scenario.
    #[serde(default)]
    pub title: String,
    /// Of all randomness.
    pub seed: u64,
    /// Per load.
    pub replications: u64,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// How the search ended.
    pub finding: Finding,
    /// What was found, in a sentence.
    #[serde(default)]
    pub sentence: String,
    /// What was searched.
    pub load: LoadAxis,
    /// Requests of all clients at the load of the file \[1/s\].
    #[serde(default)]
    pub offered_written_per_s: Option<f64>,
    /// The highest load that holds, on the axis.
    #[serde(default)]
    pub capacity: Option<Number>,
    /// The same in requests per second.
    #[serde(default)]
    pub capacity_per_s: Option<Number>,
    /// The objective that gives way first.
    #[serde(default)]
    pub binding: Option<Binding>,
    /// All objectives.
    #[serde(default)]
    pub objectives: Vec<Objective>,
    /// Which part gives way first, in a sentence.
    #[serde(default)]
    pub bottleneck_sentence: Option<String>,
    /// Parts with servers.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Loads around the capacity and beyond it.
    #[serde(default)]
    pub knee: Vec<KneeRow>,
}

/// How a search ended.
#[derive(Clone, Debug, Deserialize)]
pub struct Finding {
    /// `found`, `not reached`, …
    pub kind: String,
}

/// What is searched.
#[derive(Clone, Debug, Deserialize)]
pub struct LoadAxis {
    /// The setting; none for a factor on all clients.
    #[serde(default)]
    pub path: Option<String>,
    /// Its unit.
    #[serde(default)]
    pub unit: String,
}

/// The objective that gives way first.
#[derive(Clone, Debug, Deserialize)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// As it was written.
    pub condition: String,
    /// What it bounds.
    pub metric: String,
    /// The bound, in its unit.
    pub bound: f64,
    /// The unit.
    pub unit: String,
}

/// An objective.
#[derive(Clone, Debug, Deserialize)]
pub struct Objective {
    /// Its name.
    pub name: String,
    /// As it was written.
    pub condition: String,
}

/// A part with servers.
#[derive(Clone, Debug, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// At the capacity.
    pub utilisation: Number,
    /// The load at which it is full, on the axis.
    #[serde(default)]
    pub saturates_at: Option<Number>,
}

/// What was seen at a load.
#[derive(Clone, Debug, Deserialize)]
pub struct KneeRow {
    /// On the axis.
    pub load: f64,
    /// Requests \[1/s\].
    #[serde(default)]
    pub offered: Number,
    /// Requests that ended well \[1/s\].
    #[serde(default)]
    pub goodput: Number,
    /// \[s\]
    #[serde(default)]
    pub p50: Number,
    /// \[s\]
    #[serde(default)]
    pub p99: Number,
    /// Why there is nothing to see.
    #[serde(default)]
    pub stopped: Option<serde_json::Value>,
}

/// Capacities over sizes.
#[derive(Clone, Debug, Deserialize)]
pub struct Scaling {
    /// The setting that says the size.
    pub over: String,
    /// The law that was fitted.
    #[serde(default)]
    pub fit: serde_json::Value,
    /// One per size.
    pub sizes: Vec<ScalingSize>,
}

/// One size.
#[derive(Clone, Debug, Deserialize)]
pub struct ScalingSize {
    /// The size.
    pub n: f64,
    /// Capacity beside that of so many of the smallest.
    #[serde(default)]
    pub efficiency: Option<serde_json::Value>,
    /// What was found at it.
    pub found: CapacityResults,
}
