//! What is written for other programs, read by readers that others wrote.

mod metrics;
mod timeline;
mod traces;

use kneepoint_experiment::result::RunResult;
use kneepoint_experiment::{Options, run};
use kneepoint_scenario::plan::Plan;
use kneepoint_scenario::{Overrides, Registry, Scenario, plan};

/// Calls side by side and one after the other, wires, several instances, classes, and requests that end badly.
const MODEL: &str = r#"(format: 1, title: "shop \"one\"", run: (duration: "40s", warm_up: "4s", replications: 2),
    parts: {
        "users": OpenClient(to: "front", rate: "60/s", classes: { "browse": (share: 0.75), "buy": (share: 0.25) }),
        "front": Service(instances: 2, concurrency: Servers(2), does: [
            Compute("5ms"), Parallel([Call("left"), Call("right")]), Compute("2ms"), Call("store")]),
        "left": Service(concurrency: Servers(2), does: Compute(Exponential("10ms"))),
        "right": Service(concurrency: Servers(2), does: [Compute(Exponential("15ms")), Call("store")]),
        "store": Delay(Exponential("5ms")),
    },
    edges: { "users -> front": (via: [Timeout("90ms")]), "right -> store": (round_trip: "2ms") },
    slo: { "fast": "p99(users.latency) < 1s" })"#;

fn planned() -> Plan {
    let scenario = Scenario::from_text("shop.ron", MODEL, None).expect("it can be read");
    let checked =
        scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    plan(&checked).expect("it can be built")
}

fn found() -> RunResult {
    let options = Options { threads: Some(1), samples: true, ..Options::default() };
    run(&planned(), &options).expect("it runs")
}
