use kneepoint_calls::{Fault, Simulation, Status};
use kneepoint_components::Edge;
use kneepoint_components::client::OpenClient;
use kneepoint_components::service::{Service, call, compute};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_experiment::result::{RunResult, Verdict};
use kneepoint_random::Distribution;
use kneepoint_scenario::plan::PartRole;

use crate::models::{classes, client, desk, done, fixed, plan, poisson, queue, with_objective};
use crate::parts::Lie;

fn failed(result: &RunResult) -> Vec<&str> {
    result.checks.iter().filter(|c| !c.holds()).map(|c| c.name).collect()
}

#[test]
fn a_part_that_lies_is_found_out_and_voids_the_verdict() {
    let at: Vec<u64> = (0..20).map(|i| 10 * i).collect();
    for (lie, check) in [
        (Lie::Inside, "Little's law"),
        (Lie::NoWork, "utilisation law"),
        (Lie::TooMuchWork, "utilisation law"),
        (Lie::Requests, "clients' books"),
        (Lie::Latency, "clients' books"),
    ] {
        for warm_up in [0, 35] {
            let plan = with_objective(desk(&at, warm_up, Some(lie)), "busy", "utilisation(desk) > 50%");
            let result = done(&plan);
            assert_eq!(failed(&result), [check], "{lie:?} {:?}", result.checks);
            assert_eq!(result.verdict, Verdict::Void, "{lie:?}");
        }
    }
}

#[test]
fn an_honest_part_is_not_accused() {
    let at: Vec<u64> = (0..20).map(|i| 10 * i).collect();
    for warm_up in [0, 35] {
        let plan = with_objective(desk(&at, warm_up, None), "busy", "utilisation(desk) > 50%");
        let result = done(&plan);
        assert_eq!(failed(&result), [""; 0], "{:?}", result.checks);
        assert_eq!(result.verdict, Verdict::Met);
    }
}

#[test]
fn shipped_parts_keep_all_laws_with_calls_under_way_at_both_ends() {
    let result =
        done(&queue(fixed(SimDuration::from_secs(10), SimDuration::from_secs(1), 4), 190.0, 10.0, 2));
    assert_eq!(failed(&result), [""; 0], "{:?}", result.checks);
    for check in &result.checks {
        assert!(check.checked > 0 && check.skipped == 0, "{check:?}");
    }
}

#[test]
fn laws_hold_through_faults_cancellation_and_passing_on() {
    let run = fixed(SimDuration::from_secs(10), SimDuration::from_secs(1), 3);
    let parts = [("client", client()), ("web", PartRole::Station), ("db", PartRole::Station)];
    let plan = plan(run, &parts, |seed, replication| {
        let mut sim = Simulation::replication(seed, replication);
        let law = |ms: f64| Distribution::exponential(ms * 1e6).expect("a mean above 0");
        let db = Service::servers(2).does([compute(law(8.0))]).build().expect("a service");
        let db = sim.serve("db", db);
        let edge = Edge::to(db).within(SimDuration::from_millis(50), true);
        // Half of the calls end with the answer of the database and are passed on; the others wait for it.
        let waits = Service::servers(4).does([compute(law(5.0)), call(edge), compute(law(1.0))]);
        let passes = Service::servers(4).does([compute(law(5.0)), call(Edge::to(db))]);
        let webs = [waits.build().expect("a service"), passes.build().expect("a service")];
        for (i, web) in webs.into_iter().enumerate() {
            let web = sim.serve(&format!("web/{i}"), web);
            let edge = Edge::to(web).within(SimDuration::from_millis(80), i == 0);
            sim.add(&format!("client/{i}"), OpenClient::new(edge, poisson(90.0), classes()));
            let at = |ms: u64| SimTime::from_millis(ms + 100 * i as u64);
            sim.inject(at(2000), web.id(), Fault::Crash { refuse: Status::Unavailable });
            sim.inject(at(2500), web.id(), Fault::Restart);
            sim.inject(at(4000), web.id(), Fault::Hang);
            sim.inject(at(4300), web.id(), Fault::Resume);
        }
        sim.inject(SimTime::from_millis(6000), db.id(), Fault::Hang);
        sim.inject(SimTime::from_millis(6500), db.id(), Fault::Resume);
        sim.inject(SimTime::from_millis(8000), db.id(), Fault::Crash { refuse: Status::Failed });
        sim.inject(SimTime::from_millis(8200), db.id(), Fault::Restart);
        sim
    });
    let result = done(&plan);
    assert_eq!(failed(&result), [""; 0], "{:?}", result.checks);
    let ended: Vec<&str> = result.clients[0].all.by_status.iter().map(|(s, _)| s.name()).collect();
    assert_eq!(ended, ["ok", "timeout", "unavailable", "failed"]);
}

#[test]
fn more_work_than_can_be_done_is_said() {
    let result =
        done(&queue(fixed(SimDuration::from_secs(10), SimDuration::from_secs(1), 4), 250.0, 10.0, 2));
    let said = |text: &str| result.warnings.iter().any(|w| w.contains(text));
    assert!(said("desk gets more work than it can do"), "{:?}", result.warnings);
    assert!(said("requests of client were still under way at the end"), "{:?}", result.warnings);
}

#[test]
fn a_queue_that_is_stable_raises_no_doubt() {
    let result =
        done(&queue(fixed(SimDuration::from_secs(60), SimDuration::from_secs(5), 5), 100.0, 10.0, 2));
    assert_eq!(result.warnings, [""; 0]);
}
