//! What it costs to spread the replications of a run over threads: the work must be the same, only sooner done.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ProcessTime;
use kneepoint::experiment::{Options, run};
use kneepoint::scenario::{Overrides, Registry, Scenario, plan, plan::Plan};

use crate::median;

/// Replications of a round: enough for two threads to be busy nearly to the end.
const REPLICATIONS: &str = "16";

/// Simulated time of one replication: about a twentieth of a second of work.
const DURATION: &str = "500ms";

/// Returns the median ratio of the CPU time of the whole process on two threads to that on one.
pub fn ratio(rounds: usize) -> f64 {
    let plan = web_tier();
    let on = |threads| {
        let start = ProcessTime::now();
        black_box(
            run(&plan, &Options { threads: Some(threads), ..Options::default() })
                .expect("no ceiling is near"),
        );
        start.elapsed()
    };
    let of = |two: Duration, one: Duration| two.as_secs_f64() / one.as_secs_f64().max(1e-9);
    let (_, _) = (on(1), on(2));
    let mut ratios: Vec<f64> = (0..rounds).map(|_| of(on(2), on(1))).collect();
    median(&mut ratios)
}

fn web_tier() -> Plan {
    let scenario = Scenario::from_text("web_tier.ron", include_str!("web_tier.ron"), None);
    let set = [("run.duration", DURATION), ("run.replications", REPLICATIONS)];
    let set = set.map(|(path, value)| (path.to_string(), value.to_string())).to_vec();
    scenario
        .and_then(|scenario| scenario.check(&Registry::core(), &Overrides { variant: None, set }))
        .and_then(|checked| plan(&checked))
        .unwrap_or_else(|faults| panic!("{faults}"))
}
