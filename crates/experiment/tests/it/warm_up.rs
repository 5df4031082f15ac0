use kneepoint_calls::Simulation;
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_experiment::result::WarmUpFrom;
use kneepoint_scenario::plan::{PartRole, Plan, RunPlan, WarmUpPlan};

use crate::models::{client, done, fixed, known, plan, queue};
use crate::parts::{Desk, Script};

fn auto(duration: SimDuration, replications: u64) -> RunPlan {
    RunPlan { warm_up: WarmUpPlan::Auto, ..fixed(duration, SimDuration::ZERO, replications) }
}

/// A desk that is three times slower for its first 20 of 200 seconds; the gaps between requests vary a little.
fn cold_desk() -> Plan {
    let parts = [("client", client()), ("desk", PartRole::Station)];
    plan(auto(SimDuration::from_secs(200), 3), &parts, |seed, replication| {
        let mut sim = Simulation::replication(seed, replication);
        let desk = sim.serve("desk", Desk::new(30).cold(SimTime::from_secs(20), 90));
        let at = (0..2000).map(|i| (100 * i + (i * i * 7) % 90, 0)).collect();
        sim.add("client", Script::new(vec![desk], at));
        sim
    })
}

#[test]
fn a_cold_start_is_left_out() {
    let result = done(&cold_desk());
    assert_eq!(result.facts.warm_up_from, WarmUpFrom::Found { client: "client".to_string() });
    let warm_up = result.facts.warm_up.as_secs_f64();
    // A slice is 0.4 s, and five of them are one step.
    assert!((20.0..=24.0).contains(&warm_up), "{warm_up}");
    let mean = known(&result.clients[0].all.latency.mean).value;
    assert!(mean < 60e6, "{mean}");
    assert!(result.warnings.iter().all(|w| !w.contains("warm-up")), "{:?}", result.warnings);
}

#[test]
fn a_queue_that_starts_empty_is_cut_the_same_way_for_all_replications() {
    let plan = queue(auto(SimDuration::from_secs(100), 10), 80.0, 10.0, 1);
    let result = done(&plan);
    assert!(matches!(result.facts.warm_up_from, WarmUpFrom::Found { .. }), "{:?}", result.facts);
    assert!(result.facts.warm_up.as_secs_f64() <= 50.0);
    let mut stated = plan.clone();
    stated.run.warm_up = WarmUpPlan::Fixed(result.facts.warm_up);
    assert_eq!(done(&stated).digest, result.digest);
}

#[test]
fn a_run_that_never_settles_loses_half_and_says_so() {
    // Twice as much work as can be done: latencies grow to the end.
    let result = done(&queue(auto(SimDuration::from_secs(20), 2), 200.0, 10.0, 1));
    assert!(matches!(result.facts.warm_up_from, WarmUpFrom::NotFound { .. }), "{:?}", result.facts);
    assert_eq!(result.facts.warm_up, SimDuration::from_secs(10));
    assert!(result.warnings.iter().any(|w| w.starts_with("warm-up not found: ")), "{:?}", result.warnings);
}

#[test]
fn a_client_nobody_answers_gives_nothing_to_look_at() {
    let result = done(&queue(auto(SimDuration::from_secs(20), 2), 0.01, 10.0, 1));
    let WarmUpFrom::NotFound { reason } = &result.facts.warm_up_from else { panic!("{:?}", result.facts) };
    assert!(reason.contains("too few requests"), "{reason}");
}
