//! Is one fast server better than two slow ones? Common random numbers, and the differences with their intervals.
//!
//! ```text
//! callers --60/s--> desk: 2 servers of 20 ms, or 1 server of 10 ms
//! ```

use kneepoint::experiment::{CompareOptions, Design, compare};
use kneepoint::report::{Look, comparison_text};
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};

const MODEL: &str = r#"(
    format: 1,
    title: "Two slow servers or a fast one",
    params: { "servers": 2, "work": "20ms" },
    run: (duration: "210s", warm_up: "10s", replications: 10),
    parts: {
        "callers": OpenClient(to: "desk", rate: "60/s"),
        "desk": Service(concurrency: Servers("=servers"), queue: (max: 1000), does: Compute(Exponential("=work"))),
    },
    slo: { "fast": "p99(callers.latency) < 120ms" },
)"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Scenario::from_text("desk", MODEL, None)?;
    let design = |name: &str, servers: &str, work: &str| -> Result<Design, Box<dyn std::error::Error>> {
        let set = vec![("params.servers".into(), servers.into()), ("params.work".into(), work.into())];
        let checked = scenario.check(&Registry::core(), &Overrides { variant: None, set })?;
        Ok(Design { name: name.to_string(), plan: plan(&checked)? })
    };
    let designs = [design("two slow", "2", "20ms")?, design("one fast", "1", "10ms")?];
    let comparison = compare(&designs, &CompareOptions::default())?;
    print!("{}", comparison_text(&comparison, &[], Look::default()));
    for metric in comparison.contrasts[0].metrics.iter().filter(|m| m.name.starts_with("mean")) {
        println!(
            "mean: {:?}, correlation of the pairs {:.2}",
            metric.finding,
            metric.correlation.unwrap_or(0.0)
        );
    }
    Ok(())
}
