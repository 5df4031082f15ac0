//! What `compare` wrote.

use serde::Deserialize;

use super::{Number, counted};

/// Designs side by side.
#[derive(Clone, Debug, Deserialize)]
pub struct ComparisonResults {
    /// How they are paired.
    #[serde(default)]
    pub pairing: String,
    /// With which all intervals hold together.
    pub confidence: f64,
    /// How many differences that are.
    #[serde(default)]
    pub family: u64,
    /// The designs.
    pub designs: Vec<Design>,
    /// Each against the first.
    pub contrasts: Vec<Contrast>,
}

/// A design.
#[derive(Clone, Debug, Deserialize)]
pub struct Design {
    /// Its name.
    pub name: String,
    /// Of its scenario.
    #[serde(default)]
    pub title: String,
    /// Of all randomness.
    pub seed: u64,
    /// How many there were.
    pub replications: u64,
}

/// One design against another.
#[derive(Clone, Debug, Deserialize)]
pub struct Contrast {
    /// The one it is compared with.
    pub first: String,
    /// The one that is compared.
    pub second: String,
    /// What was found, in a sentence.
    #[serde(default)]
    pub sentence: String,
    /// The same in as many words as a title takes; results of before it was kept have none.
    #[serde(default)]
    pub headline: String,
    /// All differences.
    pub metrics: Vec<Difference>,
}

/// A difference.
#[derive(Clone, Debug, Deserialize)]
pub struct Difference {
    /// Of what.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Of the first design.
    #[serde(default)]
    pub first: Option<f64>,
    /// Of the second.
    #[serde(default)]
    pub second: Option<f64>,
    /// Second minus first.
    #[serde(default)]
    pub difference: Number,
    /// As a share of the first.
    #[serde(default)]
    pub relative: Number,
    /// `higher`, `lower`, `not shown`, …
    #[serde(default)]
    pub finding: String,
    /// Whether an end of its interval is where a share can go no farther.
    #[serde(default)]
    pub cut: bool,
    /// Whether that counts; results of before it was kept do not say it.
    #[serde(default)]
    pub is_shown: Option<bool>,
    /// Where it is known which way is better.
    #[serde(default)]
    pub is_better: Option<bool>,
    /// Why it makes neither design the better one, where it might seem to.
    #[serde(default)]
    pub doubt: Option<String>,
}

impl Difference {
    /// Returns the finding as far as it counts.
    pub fn counted(&self) -> &str {
        counted(&self.finding, self.is_shown)
    }
}
