//! Objectives, watches and checks with what came of them.

use kneepoint_engine::SimTime;
use kneepoint_statistics::Estimated;

/// What came of one objective, or of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds: the whole interval is on the good side of the bound.
    Met,
    /// It does not hold: the whole interval is on the bad side.
    Missed,
    /// The interval lies across the bound: more replications or longer ones would tell.
    Unclear,
    /// The data do not carry the number.
    NotEnough,
    /// Something is drawn once per replication: there is a probability that it holds, and no yes or no.
    Probability,
    /// No objective was stated.
    NothingToJudge,
    /// A check of the run about itself failed: nothing it says counts.
    Void,
}

impl Verdict {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::Unclear => "unclear",
            Verdict::NotEnough => "not enough data",
            Verdict::Probability => "probability",
            Verdict::NothingToJudge => "nothing to judge",
            Verdict::Void => "void",
        }
    }
}

/// What a number is measured in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: a count, a level, a factor.
    Number,
    /// A part of a whole, from 0 to 1.
    Ratio,
    /// Nanoseconds.
    Duration,
    /// Per second.
    Rate,
    /// Anything else, in words.
    Other(String),
}

/// An objective and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectiveResult {
    /// Its name.
    pub name: String,
    /// The condition as it was written.
    pub condition: String,
    /// What came of it.
    pub verdict: Verdict,
    /// The number that was judged; of several windows or instances the worst.
    pub value: Estimated,
    /// What it was held against.
    pub bound: f64,
    /// The unit of both.
    pub unit: Unit,
    /// The probability that it holds in a replication, if something is drawn once per replication.
    pub probability: Option<Estimated>,
    /// The finding in words.
    pub sentence: String,
    /// How it went window by window, if it was to hold in each.
    pub windows: Option<Windows>,
    /// One value per replication, in order, where there is one: what a comparison pairs.
    pub per_replication: Vec<Option<f64>>,
}

/// A parameter that was drawn once per replication.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnParam {
    /// Its name.
    pub name: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Its values, by replication.
    pub values: Vec<f64>,
}

/// An objective in each of many windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// Windows in one replication (times instances, if it was to hold for each of them).
    pub each: u64,
    /// Windows of single replications in which the condition did not hold.
    pub missed: u64,
    /// Windows of single replications in which nothing happened that could be judged.
    pub empty: u64,
    /// All windows of single replications.
    pub all: u64,
    /// Where it was worst, all replications together.
    pub worst: Option<(SimTime, SimTime)>,
    /// Where it was worst, if each instance was judged: the instance's path.
    pub worst_instance: Option<String>,
}

/// A watch and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchResult {
    /// Its name.
    pub name: String,
    /// The metric as it was written.
    pub metric: String,
    /// The unit of its values.
    pub unit: Unit,
    /// Its values: one, or one per instance and window.
    pub values: Vec<WatchValue>,
}

/// A value of a watch.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchValue {
    /// The instance's path, if there is one value per instance.
    pub instance: Option<String>,
    /// The window, if there is one value per window.
    pub window: Option<(SimTime, SimTime)>,
    /// The value.
    pub value: Estimated,
    /// One value per replication, in order, where there is one.
    pub per_replication: Vec<Option<f64>>,
}

/// Something the run checked about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckResult {
    /// What: "conservation", "Little's law".
    pub name: &'static str,
    /// What it says, in words.
    pub rule: &'static str,
    /// How often it was checked: components times replications.
    pub checked: u64,
    /// How often it could not be checked, because what it needs was not kept or does not hold (calls lost).
    pub skipped: u64,
    /// Where it failed, in words; empty if all is well.
    pub failures: Vec<String>,
}

impl CheckResult {
    /// Returns whether all is well.
    pub fn holds(&self) -> bool {
        self.failures.is_empty()
    }
}
