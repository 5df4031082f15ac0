use std::sync::Mutex;

use kneepoint_engine::SimDuration;
use kneepoint_experiment::{Options, Progress, run};
use kneepoint_scenario::plan::{Plan, RunPlan};

use crate::models::{done, fixed, queue, with_objective, with_watch};

fn busy_queue() -> Plan {
    let plan = queue(fixed(SimDuration::from_secs(20), SimDuration::from_secs(2), 6), 160.0, 10.0, 2);
    let plan = with_objective(plan, "fast", "p90(client.latency, each 3s) < 100ms");
    let plan = with_watch(plan, "p90(client.latency) / p50(client.latency)");
    with_watch(plan, "p95(desk.queue)")
}

#[test]
fn one_thread_gives_the_same_bytes_as_three() {
    let plan = busy_queue();
    let with = |threads| {
        let result = run(&plan, &Options { threads: Some(threads), ..Options::default() }).expect("it runs");
        format!("{result:?}")
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn the_same_seed_gives_the_same_digest_and_another_another() {
    let mut plan = busy_queue();
    let first = done(&plan);
    assert_eq!(first, done(&plan));
    plan.run.seed += 1;
    assert_ne!(first.digest, done(&plan).digest);
    let digests: std::collections::BTreeSet<u64> = first.replications.iter().map(|r| r.digest).collect();
    assert_eq!(digests.len(), 6, "replications differ");
}

#[test]
fn measuring_changes_nothing() {
    let plan = |watches: bool| {
        let plan = queue(fixed(SimDuration::from_secs(5), SimDuration::from_secs(1), 2), 160.0, 10.0, 2);
        if !watches {
            return plan;
        }
        with_watch(with_watch(plan, "p99(desk.queue)"), "mean(client.latency, each 10ms)")
    };
    assert_eq!(done(&plan(false)).digest, done(&plan(true)).digest);
}

#[test]
fn every_replication_is_told_once() {
    let plan = busy_queue();
    let told = Mutex::new(Vec::new());
    let tell = |progress: Progress| told.lock().unwrap().push(progress);
    run(&plan, &Options { threads: Some(2), progress: Some(&tell), ..Options::default() }).expect("it runs");
    let mut told = told.into_inner().unwrap();
    told.sort_by_key(|p| p.done);
    let expected: Vec<Progress> = (1..=6).map(|done| Progress { done, planned: 6 }).collect();
    assert_eq!(told, expected);
}

fn precise(precision: f64, max: u64) -> Plan {
    let run = RunPlan {
        replications_min: 5,
        replications_max: max,
        precision: Some(precision),
        ..fixed(SimDuration::from_secs(20), SimDuration::from_secs(2), 5)
    };
    with_watch(queue(run, 70.0, 10.0, 1), "mean(client.latency)")
}

#[test]
fn replications_are_added_until_the_interval_is_narrow_enough() {
    let plan = precise(0.05, 500);
    let result = done(&plan);
    let n = result.facts.replications;
    assert!(n > 5 && n < 500, "{n}");
    let reached = result.facts.precision_reached.expect("it has an interval");
    assert!(reached <= 0.05 / 1.05, "{reached}");
    assert_eq!(result.watches[0].values[0].value.known().expect("known").n, n);
    assert!(result.warnings.is_empty(), "{:?}", result.warnings);
    for threads in [1, 2] {
        let again = run(&plan, &Options { threads: Some(threads), ..Options::default() }).expect("it runs");
        assert_eq!(again, result);
    }
}

#[test]
fn nothing_is_precise_relative_to_zero_and_that_is_said() {
    let mut plan = precise(0.05, 500);
    plan.watches.clear();
    let plan = with_watch(plan, "errors(client)");
    let result = done(&plan);
    assert_eq!(result.facts.replications, 5);
    let said = |w: &String| w.contains("every number it is asked for is 0 in all replications");
    assert!(result.warnings.iter().any(said), "{:?}", result.warnings);
}

#[test]
fn a_run_that_may_not_add_enough_says_so() {
    let result = done(&precise(0.001, 7));
    assert_eq!(result.facts.replications, 7);
    let said = |w: &String| w.starts_with("an interval is wider than asked") && w.contains("7 replications");
    assert!(result.warnings.iter().any(said), "{:?}", result.warnings);
}
