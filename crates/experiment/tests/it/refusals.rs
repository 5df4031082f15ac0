use kneepoint_calls::{Limits, Stop};
use kneepoint_engine::SimDuration;
use kneepoint_experiment::{ExperimentError, Options, run};
use kneepoint_scenario::plan::{Plan, RunPlan, WarmUpPlan};

use crate::models::{desk, fixed, queue, with_objective, with_watch};

fn refused(plan: &Plan) -> String {
    match run(plan, &Options::default()) {
        Ok(_) => panic!("it ran"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn metrics_that_cannot_be_measured_say_why() {
    for (metric, reason) in [
        ("p99(shop.latency)", "there is no part \"shop\""),
        ("p99(desk.latency)", "\"desk\" has no series `latency`; it has calls, goodput"),
        ("rate(client.calls)", "\"client\" has no series `calls`; it has latency, requests"),
        ("p99(client:buy.latency)", "\"client\" has no class `buy`"),
        ("p99(desk:read.response)", "\"desk\" has no operation `read`"),
        ("utilisation(desk/3)", "\"desk\" has 1 instances, numbered from 0: there is no 3"),
        ("utilisation(desk/any)", "a metric takes \"desk\", \"desk/*\" or one instance as in \"desk/0\""),
        ("threads(desk)", "desk keeps no series `threads`"),
        ("time_to_recover(it)", "`time_to_recover` is not built yet"),
        ("cost()", "`cost` is not built yet"),
        ("missed(it)", "there is no objective \"it\""),
        ("p99(client.latency, at 10ms)", "`latency` has no value at one instant"),
        ("rate(client.requests, from 0s to 1min)", "its window lies beyond the end of the run"),
        ("rate(client.requests, last 1min)", "its window is longer than what is measured of the run"),
        ("rate(client.requests, each 1min)", "not one of its windows fits"),
        ("rate(client.requests, each 1us)", "it has 200000 windows; at most 10000"),
        ("max(desk.queue, each 10ms)", "extremes of a level are kept for the whole run only"),
        ("mean(desk.queue, each 10ms) + mean(desk.queue, each 20ms)", "its sides have values for different"),
    ] {
        let said = refused(&with_watch(desk(&[0], 0, None), metric));
        assert!(said.starts_with("watch 0: ") && said.contains(reason), "{metric}: {said}");
    }
    let said = refused(&with_objective(desk(&[0], 0, None), "it", "errors(client) < 1% for 10s"));
    assert!(said.contains("`for` belongs to triggers"), "{said}");
    let twice = with_objective(desk(&[0], 0, None), "it", "mean(client.latency, last 50ms) < 1s");
    let said = refused(&with_watch(twice, "missed(it)"));
    assert!(said.contains("`missed` takes objectives over `each` window"), "{said}");
}

#[test]
fn plans_that_cannot_be_run_say_why() {
    let change = |change: fn(&mut RunPlan)| {
        let mut plan = desk(&[0], 0, None);
        change(&mut plan.run);
        refused(&plan)
    };
    for (said, reason) in [
        (change(|r| r.duration = SimDuration::ZERO), "it takes no time"),
        (change(|r| r.warm_up = WarmUpPlan::Fixed(r.duration)), "leaves nothing of the 200 ms to measure"),
        (change(|r| r.replications_min = 0), "1 is the least"),
        (change(|r| r.replications_max = 1), "at least 2 and at most 1"),
        (change(|r| r.confidence = 1.0), "a confidence lies between 0.01 and 0.999999"),
        (change(|r| r.confidence = 1e-300), "a confidence lies between 0.01 and 0.999999"),
        (change(|r| r.precision = Some(0.0)), "a precision lies between 0 and 1"),
    ] {
        assert!(said.starts_with("this plan cannot be run: ") && said.contains(reason), "{said}");
    }
}

#[test]
fn a_run_that_reaches_a_ceiling_names_time_and_place() {
    let run_plan = RunPlan {
        limits: Limits { in_flight: 100, ..Limits::default() },
        ..fixed(SimDuration::from_secs(100), SimDuration::from_secs(1), 3)
    };
    let plan = queue(run_plan, 200.0, 10.0, 1);
    let error = run(&plan, &Options::default()).expect_err("the queue grows by a hundred a second");
    let ExperimentError::Stopped {
        replication: 0, stop: Stop::InFlight { limit: 100, at }, most_loaded, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert!(at.as_secs_f64() < 10.0, "{at}");
    let (part, held) = most_loaded.as_ref().expect("a part held them");
    assert!(part == "desk" && *held >= 99, "{part} {held}");
    assert!(error.to_string().contains("desk held"), "{error}");
}
