//! The knee of a queue with time-outs: how much it carries, what stands in the way, what happens beyond.
//!
//! ```text
//! callers --?/s, patience 500 ms--> 4 servers of 40 ms
//! ```

use kneepoint::experiment::capacity::{CapacityOptions, Loads, capacity};
use kneepoint::report::{behaviour_sentence, bottleneck_sentence, capacity_sentence};
use kneepoint::scenario::{Overrides, Registry, Scenario};

const SCENARIO: &str = r#"(
    format: 1,
    title: "A desk with impatient callers",
    run: (duration: "100s", warm_up: "10s", replications: 10),
    parts: {
        "callers": OpenClient(to: "desk", rate: "50/s"),
        "desk": Service(concurrency: Servers(4), does: Compute(Exponential("40ms"))),
    },
    edges: { "callers -> desk": (via: [Timeout("500ms")]) },
    slo: { "fast": "p95(callers.latency) < 200ms" },
)"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Scenario::from_text("desk", SCENARIO, None)?;
    let checked = scenario.check(&Registry::core(), &Overrides::default())?;
    let found = capacity(&Loads::of_clients(&checked), &CapacityOptions::default())?;
    println!("{}", capacity_sentence(&found));
    println!("{}", bottleneck_sentence(&found).unwrap_or_default());
    if let Some(beyond) = behaviour_sentence(&found) {
        println!("{beyond}");
    }
    for row in &found.knee {
        let seen = row.seen.as_ref().map_err(String::clone)?;
        let goodput = seen.goodput.known().ok_or("not enough data")?;
        let share = row.of_capacity.ok_or("no capacity")?;
        println!("{:4.0} % of it: {:5.1} good answers a second", share * 100.0, goodput.value);
    }
    Ok(())
}
