//! What a sweep costs beyond its runs: on two threads against one, and per run before the first event.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ProcessTime;
use kneepoint::experiment::sweep::{Axis, Design, Study, StudyPlan, SweepOptions};
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};

use crate::{median, print, timed};

/// Rounds of the sweep: each about half a second of CPU time a side.
const ROUNDS: usize = 7;

/// Replications of each of the eight points.
const REPLICATIONS: u64 = 6;

/// CPU time of all threads of the process.
fn process_time(work: impl FnOnce()) -> Duration {
    let start = ProcessTime::now();
    work();
    start.elapsed()
}

/// CPU time of a sweep on two threads over that on one: locks, idling and shared caches.
fn threads() {
    let registry = Registry::core();
    let text = include_str!("../../models/vertical-horizontal-core/scenario.ron");
    let scenario = Scenario::from_text("scenario.ron", text, None).expect("the file is sound");
    let axes = vec![Axis::parse("params.load=100/s..500/s:8").expect("an axis")];
    let settings = StudyPlan {
        axes,
        design: Design::Grid,
        replications: Some((REPLICATIONS, None)),
        ..StudyPlan::default()
    };
    let overrides = Overrides {
        set: vec![("run.duration".into(), "60s".into()), ("run.warm_up".into(), "5s".into())],
        ..Overrides::default()
    };
    let study = Study::of_scenario(&scenario, &registry, &overrides, settings).expect("the sweep is sound");
    let sweep = |threads: usize| {
        let options = SweepOptions { threads: Some(threads), ..SweepOptions::default() };
        process_time(|| {
            black_box(study.collect(&options).expect("no ceiling is near"));
        })
    };
    sweep(1);
    sweep(2);
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let one = sweep(1).as_secs_f64();
            sweep(2).as_secs_f64() / one
        })
        .collect();
    print("sweep_threads", median(&mut ratios), 1.05);
}

/// A scenario of twenty parts: a chain of services behind a balancer.
fn twenty_parts() -> String {
    let mut parts =
        String::from("\"clients\": OpenClient(to: \"lb\", rate: \"100/s\"), \"lb\": Balancer(to: \"s0\"),");
    for k in 0..18 {
        let calls = if k < 17 { format!(", Call(\"s{}\")", k + 1) } else { String::new() };
        parts += &format!(
            "\"s{k}\": Service(instances: 2, concurrency: Servers(4), queue: (max: 100), does: [Compute(Exponential(\"1ms\")){calls}]),"
        );
    }
    format!(
        "(format: 1, title: \"twenty\", run: (duration: \"1s\", warm_up: \"0s\"), parts: {{ {parts} }}, \
         edges: {{ \"* -> s3\": (round_trip: \"1ms\", via: [Timeout(\"1s\")]) }}, slo: {{ \"fast\": \"p99(clients.latency) < 1s\" }})"
    )
}

/// CPU milliseconds to parse, check, build and start a run of twenty parts: the bar is 1 ms.
fn overhead() {
    let registry = Registry::core();
    let text = twenty_parts();
    let start = || {
        let scenario = Scenario::from_text("twenty.ron", &text, None).expect("the file is sound");
        let checked = scenario.check(&registry, &Overrides::default()).expect("the file is sound");
        let plan = plan(&checked).expect("the file can be built");
        let mut sim = (plan.build)(1, 0);
        sim.run_until(kneepoint::engine::SimTime::ZERO).expect("no ceiling is near");
        black_box(sim);
    };
    start();
    let mut times: Vec<f64> = (0..99).map(|_| timed(start).as_secs_f64() * 1e3).collect();
    print("run_overhead_ms", median(&mut times), 1.0);
}

pub fn bars() {
    threads();
    overhead();
}
