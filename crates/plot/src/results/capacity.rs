//! What `capacity` wrote.

use kneepoint_experiment::result::Unit;
use serde::Deserialize;

use super::Number;
use crate::figure::Outcome;
use crate::theme::Palette;

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
    /// A capacity without a proper interval.
    #[serde(default)]
    pub rough: Option<Rough>,
    /// The same as it is compared with those of other sizes: in requests per second or users of all clients where the
    /// load is a factor on these, on the axis otherwise.
    #[serde(default)]
    pub compared: Option<Number>,
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
    /// What people call clients and parts; results of before it was kept have none.
    #[serde(default)]
    pub labels: Vec<Labelled>,
    /// All that the scenario names; results of before it was kept have none.
    #[serde(default)]
    pub names: Names,
    /// Parts with servers.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Loads around the capacity and beyond it.
    #[serde(default)]
    pub knee: Vec<KneeRow>,
}

/// A client or part that the file gives a label.
#[derive(Clone, Debug, Deserialize)]
pub struct Labelled {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
}

impl CapacityResults {
    /// Returns what people call a part: by its label where the file gives one, with its name too where another has the
    /// same label, as figures of a run do.
    pub fn called(&self, name: &str) -> String {
        let known = self.labels.iter().find(|of| of.name == name).filter(|of| !of.label.is_empty());
        let Some(Labelled { label, .. }) = known else { return name.to_string() };
        let others = self.labels.iter().filter(|of| of.name != name && of.label == *label).count();
        let names = self.names.clients.iter().chain(&self.names.parts);
        let is_shared = others > 0 || names.filter(|other| *other != name).any(|other| other == label);
        if is_shared { format!("{label} ({name})") } else { label.clone() }
    }

    /// Returns which part has which colour: the same as where the scenario is run.
    pub fn palette(&self) -> Palette {
        if self.names.parts.is_empty() {
            let parts: Vec<String> = self.parts.iter().map(|part| part.name.clone()).collect();
            return Palette::new(&[], &parts, &[]);
        }
        Palette::new(&self.names.clients, &self.names.parts, &[])
    }
}

/// A capacity of which it is not known, or only on one side, how sure it is.
#[derive(Clone, Debug, Deserialize)]
pub struct Rough {
    /// On the axis.
    pub value: f64,
    /// Its lower end, if it is known.
    #[serde(default)]
    pub low: Option<f64>,
    /// Its upper end, if it is known.
    #[serde(default)]
    pub high: Option<f64>,
    /// Why that is all.
    #[serde(default)]
    pub reason: String,
}

/// What a scenario names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Names {
    /// Its clients.
    pub clients: Vec<String>,
    /// Its other parts.
    pub parts: Vec<String>,
}

/// How a search ended.
#[derive(Clone, Debug, Deserialize)]
pub struct Finding {
    /// `found`, `not reached`, …
    pub kind: String,
    /// The load it speaks of, on the axis, where it is one.
    #[serde(default)]
    pub load: Option<f64>,
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
    /// Whether it counts things.
    #[serde(default)]
    pub whole: bool,
}

impl LoadAxis {
    /// Returns what its values are measured in: results name the dimension of a setting in a word.
    pub(crate) fn unit(&self) -> Unit {
        match self.unit.as_str() {
            "number" => Unit::Number,
            "ratio" => Unit::Ratio,
            "duration" => Unit::Duration,
            "rate" => Unit::Rate,
            other => Unit::Other(other.to_string()),
        }
    }
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
    /// What each objective is about; results of before it was kept have none.
    #[serde(default)]
    pub slo: Vec<KneeSlo>,
    /// `held`, `missed` or `undecided`; results of before it was kept have none.
    #[serde(default)]
    pub verdict: Option<String>,
    /// Whether all objectives hold; nothing where that is not told.
    #[serde(default)]
    pub holds: Option<bool>,
    /// Why there is nothing to see.
    #[serde(default)]
    pub stopped: Option<serde_json::Value>,
}

impl KneeRow {
    /// Returns what came of all objectives together; nothing where there is none, or no run that came to its end.
    ///
    /// One that is surely missed decides, whatever is known of the others. Where none is, a number that is missing or an
    /// interval across its bound leaves it undecided.
    pub fn outcome(&self, objectives: &[Objective]) -> Option<Outcome> {
        match self.verdict.as_deref() {
            Some("held") => return Some(Outcome::Met),
            Some("missed") => return Some(Outcome::Missed),
            Some("undecided") => return Some(Outcome::Undecided),
            _ => {}
        }
        let across = |slo: &KneeSlo| match slo.estimate.interval() {
            None => true,
            Some(at) => at.ends.is_some_and(|(low, high)| low < slo.bound && slo.bound < high),
        };
        let surely_missed = |slo: &KneeSlo| {
            let condition = objectives.iter().find(|of| of.name == slo.name).map(|of| of.condition.as_str());
            let Some(((low, high), condition)) =
                slo.estimate.interval().and_then(|at| at.ends).zip(condition)
            else {
                return false;
            };
            match (condition.contains('<'), condition.contains('>')) {
                (true, false) => low > slo.bound,
                (false, true) => high < slo.bound,
                _ => false,
            }
        };
        if self.stopped.is_some() || (self.slo.is_empty() && self.holds.is_none()) {
            return None;
        }
        Some(if self.slo.iter().any(surely_missed) {
            Outcome::Missed
        } else if self.slo.iter().any(across) {
            Outcome::Undecided
        } else {
            match self.holds {
                Some(true) => Outcome::Met,
                Some(false) => Outcome::Missed,
                None => Outcome::Undecided,
            }
        })
    }
}

/// What an objective is about, at a load.
#[derive(Clone, Debug, Deserialize)]
pub struct KneeSlo {
    /// Its name.
    pub name: String,
    /// What was measured.
    pub estimate: Number,
    /// The bound.
    pub bound: f64,
    /// The unit of both.
    pub unit: String,
}

/// The universal scalability law, as it was fitted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fit {
    /// Contention.
    pub alpha: Coefficient,
    /// Coherency.
    pub beta: Coefficient,
    /// What one carries.
    pub gamma: Coefficient,
    /// Where it is highest.
    pub peak_n: Option<f64>,
    /// How much of the capacities it explains.
    pub r_squared: Option<f64>,
    /// Whether the capacities lie farther from it than their intervals explain.
    pub misfit: bool,
    /// Why there is none.
    pub reason: Option<String>,
}

/// A coefficient of a law.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Coefficient {
    /// As it was fitted.
    pub fitted: Option<f64>,
}

impl Fit {
    /// Returns the capacity of a size by the law.
    ///
    /// # Source
    /// Gunther, "Guerrilla Capacity Planning", 2007, section 4.2, with the throughput of one as a factor (gamma).
    pub fn capacity(&self, n: f64) -> Option<f64> {
        let (alpha, beta) = (self.alpha.fitted?, self.beta.fitted?);
        let value = self.gamma.fitted? * n / (1.0 + alpha * (n - 1.0) + beta * n * (n - 1.0));
        value.is_finite().then_some(value)
    }
}

/// Capacities over sizes.
#[derive(Clone, Debug, Deserialize)]
pub struct Scaling {
    /// The setting that says the size.
    pub over: String,
    /// The law that was fitted.
    #[serde(default)]
    pub fit: Fit,
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
