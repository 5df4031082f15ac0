//! What `sensitivity` wrote.

use serde::Deserialize;

use super::{Number, counted};

/// One input at a time.
#[derive(Clone, Debug, Deserialize)]
pub struct TornadoResults {
    /// Of the scenario; results of before it was kept have none.
    #[serde(default)]
    pub title: String,
    /// Of all randomness.
    pub seed: u64,
    /// Per setting.
    pub replications: u64,
    /// With which all intervals hold together.
    pub confidence: f64,
    /// One per number.
    pub tornados: Vec<Tornado>,
    /// Inputs that change a verdict.
    #[serde(default)]
    pub flips: Vec<Flip>,
    /// What inputs do to verdicts, or that they do nothing; results of before it was kept have none.
    #[serde(default)]
    pub of_verdicts: Vec<String>,
    /// Where a number is doubtful.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// What moves a number.
#[derive(Clone, Debug, Deserialize)]
pub struct Tornado {
    /// The number.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Without a change.
    #[serde(default)]
    pub as_it_is: Option<f64>,
    /// What moves it and what is not shown to; results of before it was kept have none.
    #[serde(default)]
    pub sentence: String,
    /// The widest first.
    pub bars: Vec<Bar>,
}

/// An input.
#[derive(Clone, Debug, Deserialize)]
pub struct Bar {
    /// Which one.
    pub path: String,
    /// What it was set to.
    pub settings: Vec<Setting>,
}

/// An input at a value.
#[derive(Clone, Debug, Deserialize)]
pub struct Setting {
    /// The value.
    pub at: String,
    /// The number there.
    #[serde(default)]
    pub response: Option<f64>,
    /// Against the number as it is.
    #[serde(default)]
    pub difference: Number,
    /// `higher`, `lower`, `not shown`, …
    #[serde(default)]
    pub finding: String,
    /// Whether an end of its interval is where a share can go no farther.
    #[serde(default)]
    pub cut: bool,
    /// Whether that counts; results of before it was kept do not say it.
    #[serde(default)]
    pub is_shown: Option<bool>,
    /// Why it does not, or what it rests on.
    #[serde(default)]
    pub doubt: Option<String>,
}

impl Setting {
    /// Returns the finding as far as it counts.
    pub fn counted(&self) -> &str {
        counted(&self.finding, self.is_shown)
    }
}

/// An input that changes a verdict.
#[derive(Clone, Debug, Deserialize)]
pub struct Flip {
    /// In a sentence.
    pub sentence: String,
}

/// Morris' walks.
#[derive(Clone, Debug, Deserialize)]
pub struct Screening {
    /// Of the scenario; results of before it was kept have none.
    #[serde(default)]
    pub title: String,
    /// Of all randomness.
    pub seed: u64,
    /// How many walks.
    pub trajectories: u64,
    /// Of each interval.
    pub confidence: f64,
    /// One per number.
    pub responses: Vec<ScreeningResponse>,
}

/// Effects on a number.
#[derive(Clone, Debug, Deserialize)]
pub struct ScreeningResponse {
    /// The number.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Points without enough data.
    #[serde(default)]
    pub unknown: u64,
    /// What moves it, and how surely in this order.
    #[serde(default)]
    pub sentence: String,
    /// Where it is of good answers only, of which there are more at some points than at others.
    #[serde(default)]
    pub survivors: Option<String>,
    /// Inputs.
    pub inputs: Vec<Effect>,
}

/// The effect of an input over its whole range.
#[derive(Clone, Debug, Deserialize)]
pub struct Effect {
    /// Which one.
    pub path: String,
    /// Mean size.
    pub mu_star: Number,
    /// Mean with its sign.
    pub mu: Number,
    /// How far it depends on others.
    pub sigma: Number,
}
