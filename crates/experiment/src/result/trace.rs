//! Sampled requests and what they are of.

use super::{About, RunResult, SampledRequest};

/// A few requests in full, with what is needed to say where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceResult {
    /// Title of the plan.
    pub title: String,
    /// What the plan says about itself.
    pub about: About,
    /// Seed.
    pub seed: u64,
    /// The requests, by client.
    pub requests: Vec<SampledRequest>,
}

impl TraceResult {
    /// Takes the requests that a run kept.
    pub fn of(result: &RunResult) -> TraceResult {
        TraceResult {
            title: result.title.clone(),
            about: result.about.clone(),
            seed: result.facts.seed,
            requests: result.samples.clone(),
        }
    }
}
