//! The web tier from a scenario file, through the shipped parts, with metrics and ledger: what users run.

use kneepoint::calls::Simulation;
use kneepoint::engine::SimDuration;
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};

use crate::tier::ARRIVAL_NS;

/// Builds the tier of `web_tier.ron`.
pub fn build(seed: u64) -> Simulation {
    let text = include_str!("web_tier.ron");
    let scenario = Scenario::from_text("web_tier.ron", text, None).expect("the file is sound");
    let checked = scenario.check(&Registry::core(), &Overrides::default()).expect("the file is sound");
    let plan = plan(&checked).expect("the file can be built");
    (plan.build)(seed, 0)
}

/// Runs a copy of the tier until about so many requests are answered; returns their mean latency \[ns\].
pub fn run(template: &Simulation, requests: u64) -> f64 {
    let mut sim = template.clone();
    let span = SimDuration::from_nanos((requests as f64 * ARRIVAL_NS) as u64);
    sim.run_for(span).expect("no ceiling is near");
    let clients = sim.find("clients").expect("the file has clients");
    sim.samples(clients, "latency:default").and_then(|h| h.mean()).unwrap_or(0.0)
}
