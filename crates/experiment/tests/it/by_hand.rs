//! ```text
//! client   0  5          100        150,150            \[ms\]
//! served   0-10, 10-20   100-110    150-160, 160-170
//! latency  10 15         10         10 20
//! ```

use kneepoint_calls::{Phase, Simulation, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_experiment::result::{Unit, Verdict};
use kneepoint_scenario::plan::{PartRole, Plan};

use crate::models::{client, desk, done, fixed, known, objective, plan, values, watched, with_objective};
use crate::parts::{Desk, Script};

const AT: [u64; 5] = [0, 5, 100, 150, 150];

fn five() -> Plan {
    desk(&AT, 0, None)
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-12 * b.abs(), "{found:?} {expected:?}");
    }
}

#[test]
fn five_requests_and_all_their_numbers() {
    let result = done(&five());
    assert_eq!(result.warnings, ["client has too few good answers for p99: 10, 1000 are needed"]);
    assert!(
        result.checks.iter().all(|c| c.holds() && c.checked > 0 && c.skipped == 0),
        "{:?}",
        result.checks
    );
    let client = &result.clients[0];
    assert_eq!((client.all.sent.total, client.all.ended.total, client.all.good.total), (10, 10, 10));
    assert_eq!(known(&client.all.latency.mean).value, 13e6);
    assert_eq!(client.all.latency.range, Some((10_000_000, 20_000_000)));
    assert_eq!(known(&client.all.sent.rate).value, 25.0);
    assert_eq!(client.all.by_status.len(), 1);
    assert_eq!(client.all.by_status[0].0, Status::Ok);
    assert_eq!(client.classes[0].requests, client.all);
    let phase = |p: Phase| client.phases[p as usize].total;
    assert_eq!((phase(Phase::Waiting), phase(Phase::Service)), (2 * 15_000_000, 2 * 50_000_000));
    let desk = &result.parts[0];
    assert_eq!(desk.instances[0].path, "desk");
    let utilisation = desk.all.utilisation.as_ref().expect("it has a capacity");
    assert_eq!((utilisation.part, utilisation.whole), (2.0 * 50e6, 2.0 * 200e6));
    let queue = desk.all.queue.as_ref().expect("it has a queue");
    assert_eq!((known(&queue.mean).value, queue.max), (15.0 / 200.0, Some(1.0)));
    assert_eq!(known(&desk.all.inside.as_ref().expect("kept").mean).value, 65.0 / 200.0);
    assert_eq!(known(&desk.all.waiting.as_ref().expect("kept").mean).value, 3e6);
    assert_eq!(desk.all.response.percentiles.len(), 6);
    assert!(desk.instances[0].station.response.percentiles.is_empty());
    assert_eq!(result.verdict, Verdict::NothingToJudge);
}

#[test]
fn no_error_in_ten_answers_does_not_mean_there_is_none() {
    let errors = known(&done(&five()).clients[0].all.errors.share);
    // Wilson for 0 of 10 at 95 %: z² / (n + z²).
    assert!(errors.value == 0.0 && (errors.high - 3.8415 / 13.8415).abs() < 1e-4, "{errors:?}");
}

#[test]
fn what_began_before_the_end_of_the_warm_up_counts_from_there_on() {
    let result = done(&desk(&AT, 12, None));
    let client = &result.clients[0];
    // The second request ends at 20 ms; only the last three are sent while measured.
    assert_eq!((client.all.sent.total, client.all.ended.total), (6, 8));
    assert_eq!(known(&client.all.latency.mean).value, 13.75e6);
    let utilisation = result.parts[0].all.utilisation.as_ref().expect("it has a capacity");
    assert_eq!((utilisation.part, utilisation.whole), (2.0 * 38e6, 2.0 * 188e6));
    assert!(result.checks.iter().all(|c| c.holds()), "{:?}", result.checks);
}

#[test]
fn windows_are_cut_where_they_say() {
    near(&values(five(), "utilisation(desk, from 0s to 100ms)"), &[0.2]);
    near(&values(five(), "utilisation(desk, last 50ms)"), &[0.4]);
    // What happens at an end belongs to the window that ends there.
    near(&values(five(), "rate(client.requests, each 100ms)"), &[30.0, 20.0]);
    near(&values(five(), "total(desk.calls, from 5ms to 150ms)"), &[3.0]);
    near(&values(five(), "mean(client.latency, from 15ms to 110ms)"), &[12.5e6]);
    let watch = watched(five(), "mean(desk.in_flight, each 60ms)");
    let windows: Vec<_> = watch.values.iter().map(|v| v.window.expect("it has one")).collect();
    let ms = |t| SimTime::from_millis(t);
    // 180 to 200 is no full window.
    assert_eq!(windows, [(ms(0), ms(60)), (ms(60), ms(120)), (ms(120), ms(180))]);
    near(&[known(&watch.values[2].value).value], &[0.5]);
}

#[test]
fn a_window_across_the_end_of_the_warm_up_loses_nothing() {
    for metric in [
        "rate(client.requests, from 0s to 200ms)",
        "mean(client.latency, from 0s to 200ms)",
        "utilisation(desk, from 3ms to 180ms)",
        "in_flight(client, from 1ms to 170ms)",
        "total(desk.response, from 0s to 160ms)",
        "availability(desk, from 0s to 160ms)",
    ] {
        let whole = values(five(), metric);
        for warm_up in [3, 7, 155] {
            near(&values(desk(&AT, warm_up, None), metric), &whole);
        }
    }
}

#[test]
fn an_instant_shows_the_state_after_everything_that_happens_then() {
    for (at, inside) in [("0s", 1.0), ("7ms", 2.0), ("10ms", 1.0), ("20ms", 0.0), ("150ms", 2.0)] {
        assert_eq!(values(five(), &format!("mean(desk.in_flight, at {at})")), [inside], "{at}");
        assert_eq!(values(five(), &format!("mean(client.in_flight, at {at})")), [inside], "{at}");
    }
    assert_eq!(values(five(), "utilisation(desk, at 7ms)"), [1.0]);
}

#[test]
fn extremes_and_percentiles_over_time() {
    assert_eq!(values(five(), "max(desk.in_flight)"), [2.0]);
    assert_eq!(values(five(), "min(desk.queue)"), [0.0]);
    assert_eq!(values(five(), "max(client.latency)"), [20e6]);
    // Busy for a quarter of the time.
    assert_eq!(values(five(), "p70(desk.utilisation)"), [0.0]);
    near(&values(five(), "p80(desk.utilisation)"), &[1.0]);
    assert_eq!(values(five(), "p80(desk.in_flight)"), [1.0]);
}

#[test]
fn metrics_are_combined_in_their_units() {
    near(&values(five(), "rate(desk.calls) / rate(client.requests)"), &[1.0]);
    // Little's law.
    near(&values(five(), "rate(client.requests) * mean(client.latency)"), &[0.325]);
    let sum = watched(five(), "mean(desk.waiting) + mean(desk.service)");
    assert_eq!(sum.unit, Unit::Duration);
    near(&[known(&sum.values[0].value).value], &[13e6]);
    // One value against each of several.
    near(&values(five(), "rate(client.requests, each 100ms) / rate(client.requests)"), &[1.2, 0.8]);
}

#[test]
fn an_objective_in_each_window_must_hold_in_every_one() {
    let calm = objective(five(), "in_flight(desk, each 50ms) < 0.5");
    let windows = calm.windows.as_ref().expect("it has windows");
    // 25, 0, 10 and 30 ms of 50; twice.
    assert_eq!((windows.each, windows.missed, windows.all, windows.empty), (4, 4, 8, 0));
    assert_eq!(windows.worst, Some((SimTime::from_millis(150), SimTime::from_millis(200))));
    assert_eq!((calm.verdict, calm.value.value()), (Verdict::Missed, Some(0.6)));
    assert_eq!(calm.per_replication, [Some(0.6), Some(0.6)]);
    assert_eq!(
        calm.sentence,
        "in_flight(desk, each 50ms) is 0.6 (0.6 to 0.6), asked for < 0.5; the worst of 4, from 150 ms to \
         200 ms; of 8 single ones 4 missed it"
    );
    assert_eq!(objective(five(), "in_flight(desk, each 50ms) < 0.7").verdict, Verdict::Met);
    // A window in which nothing ends cannot be judged.
    let empty = objective(five(), "mean(client.latency, each 50ms) < 1s");
    assert_eq!((empty.verdict, empty.windows.expect("windows").empty), (Verdict::NotEnough, 2));
}

#[test]
fn the_time_in_which_an_objective_is_missed_is_that_of_its_windows() {
    let plan = with_objective(five(), "calm", "in_flight(desk, each 50ms) < 0.5");
    let result = done(&with_objective(plan, "rarely", "missed(calm) < 90ms"));
    assert_eq!(result.objectives[1].value.value(), Some(100e6));
    assert_eq!(result.objectives[1].verdict, Verdict::Missed);
    assert_eq!(result.verdict, Verdict::Missed);
}

/// Three requests to the first of two desks, one to the second.
fn two_desks() -> Plan {
    let run = fixed(SimDuration::from_millis(100), SimDuration::ZERO, 2);
    plan(run, &[("client", client()), ("desk", PartRole::Station)], |seed, replication| {
        let mut sim = Simulation::replication(seed, replication);
        let desks = (0..2).map(|i| sim.serve(&format!("desk/{i}"), Desk::new(10))).collect();
        sim.add("client", Script::new(desks, vec![(0, 0), (0, 0), (50, 0), (50, 1)]));
        sim
    })
}

#[test]
fn instances_are_told_apart_and_added_up() {
    let result = done(&two_desks());
    let desk = &result.parts[0];
    let paths: Vec<&str> = desk.instances.iter().map(|i| i.path.as_str()).collect();
    assert_eq!(paths, ["desk/0", "desk/1"]);
    assert_eq!(desk.all.calls.total, 8);
    assert_eq!(desk.instances[0].station.calls.total, 6);
    let share = |s: &kneepoint_experiment::result::Station| {
        known(&s.utilisation.as_ref().expect("it has a capacity").share).value
    };
    assert_eq!((share(&desk.instances[0].station), share(&desk.instances[1].station)), (0.3, 0.1));
    assert_eq!(share(&desk.all), 0.2);
    assert_eq!(values(two_desks(), "utilisation(desk)"), [0.2]);
    assert_eq!(values(two_desks(), "utilisation(desk/*)"), [0.3, 0.1]);
    assert_eq!(values(two_desks(), "utilisation(desk/1)"), [0.1]);
    assert_eq!(values(two_desks(), "highest(desk.utilisation)"), [0.3]);
    assert_eq!(values(two_desks(), "lowest(desk/*.calls)"), [10.0]);
    near(&values(two_desks(), "imbalance(desk.calls)"), &[1.5]);
    // 3 and 1 of 4: 16 over 2 times 10.
    near(&values(two_desks(), "jain(desk.calls)"), &[0.8]);
    let each = objective(two_desks(), "utilisation(desk/*) < 20%");
    assert_eq!(each.verdict, Verdict::Missed);
    assert_eq!(each.windows.expect("two values").worst_instance.as_deref(), Some("desk/0"));
}

#[test]
fn percentiles_are_of_pooled_requests() {
    // Every other replication has nine times as many requests, and they take twice as long.
    let run = fixed(SimDuration::from_secs(20), SimDuration::ZERO, 10);
    let pooled = plan(run, &[("client", client()), ("desk", PartRole::Station)], |seed, replication| {
        let mut sim = Simulation::replication(seed, replication);
        let (work, requests) = if replication % 2 == 0 { (1, 100) } else { (2, 900) };
        let desk = sim.serve("desk", Desk::new(work));
        sim.add("client", Script::new(vec![desk], (0..requests).map(|i| (20 * i, 0)).collect()));
        sim
    });
    let watch = watched(pooled, "p50(client.latency)");
    let value = known(&watch.values[0].value).value;
    assert!((value / 2e6 - 1.0).abs() < 1.0 / 128.0, "{value}");
    assert_eq!(watch.values[0].per_replication.len(), 10);
    let mean: f64 = watch.values[0].per_replication.iter().flatten().sum::<f64>() / 10.0;
    assert!((mean / 1.5e6 - 1.0).abs() < 1.0 / 128.0, "{mean}");
}
