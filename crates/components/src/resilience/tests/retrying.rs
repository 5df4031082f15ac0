use kneepoint_calls::rig::{Asks, drive};
use kneepoint_calls::{Phase, Simulation};

use super::*;
use crate::Edge;
use crate::client::{Classes, Record, TraceClient};
use crate::delay::Delay;
use crate::resilience::{Backoff, Budget, Jitter, Retries, Retry, Waits};
use kneepoint_random::Distribution;

fn fixed(most: u32, wait: u64) -> Retries {
    let waits = Waits::Planned { backoff: Backoff::Fixed(ms(wait)), jitter: Jitter::None };
    Retries { waits, ..Retries::at_once(most) }
}

#[test]
fn a_failure_is_tried_again_after_the_wait_until_it_works() {
    let script = [after(5, Status::Failed), after(5, Status::Unavailable), after(5, Status::Ok)];
    let driven = drive(&[Asks::at(ms(0))], &script, |world| Retry::new(world, fixed(3, 10)));
    assert_eq!(driven.log, ["0 called 0", "15 called 1", "30 called 2", "35 answer 0 ok"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn after_the_last_retry_the_failure_is_the_answer() {
    let driven = drive(&[Asks::at(ms(0))], &[after(5, Status::Failed)], |world| {
        Retry::new(world, Retries::at_once(2))
    });
    assert_eq!(driven.log, ["0 called 0", "5 called 1", "10 called 2", "15 answer 0 failed"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn what_is_not_worth_another_try_is_answered_at_once() {
    let driven = drive(&[Asks::at(ms(0))], &[after(5, Status::Limited)], |world| {
        Retry::new(world, Retries::at_once(2))
    });
    assert_eq!(driven.log, ["0 called 0", "5 answer 0 limited"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_time_out_per_try_leaves_its_try_at_work_unless_it_cancels() {
    for cancelling in [false, true] {
        let script = [after(30, Status::Ok), after(5, Status::Ok)];
        let driven = drive(&[Asks::at(ms(0))], &script, |world| {
            Retry::new(Edge::to(world).within(ms(10), cancelling), Retries::at_once(1))
        });
        let mut expected = vec!["0 called 0", "10 called 1", "15 answer 0 ok"];
        if cancelling {
            // The cancellation is on its way first; the next try is made in the same instant.
            expected.insert(1, "10 cancelled 0");
        }
        assert_eq!(driven.log, expected);
        assert_eq!(driven.in_flight, 0);
    }
}

#[test]
fn a_cancellation_ends_the_try_or_the_wait() {
    for (gives_up, expected) in [
        (3, vec!["0 called 0", "3 cancelled 0", "3 answer 0 timeout"]),
        (8, vec!["0 called 0", "8 answer 0 timeout"]),
    ] {
        let driven =
            drive(&[Asks::at(ms(0)).giving_up(ms(gives_up))], &[after(5, Status::Failed)], |world| {
                Retry::new(world, fixed(3, 10))
            });
        assert_eq!(driven.log, expected);
        assert_eq!(driven.in_flight, 0);
    }
}

#[test]
fn without_budget_a_failure_is_the_answer() {
    let budget = Some(Budget::ratio(0.0, 1.0, 0.0));
    let driven = drive(&[Asks::at(ms(0)), Asks::at(ms(100))], &[after(5, Status::Failed)], |world| {
        Retry::new(world, Retries { budget, ..Retries::at_once(1) })
    });
    let expected = ["0 called 0", "5 called 1", "10 answer 0 failed", "100 called 2", "105 answer 1 failed"];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn failed_tries_are_wasted_time_and_waits_are_back_off() {
    let mut sim = Simulation::new(1);
    let slow = sim.serve("slow", Delay::new(Distribution::constant(30e6).unwrap()));
    let edge = Edge::to(slow).within(ms(20), true);
    let retry = sim.serve("retry", Retry::new(edge, fixed(2, 7)));
    let client =
        TraceClient::new(retry, vec![Record::default()], 1.0, false, Classes::default_class()).unwrap();
    let client = sim.add("client", client);
    sim.run_until(SimTime::from_secs(1)).unwrap();
    let phase = |phase: Phase| sim.outcomes(client).phases[phase as usize];
    assert_eq!(phase(Phase::Wasted), 60_000_000);
    assert_eq!(phase(Phase::Backoff), 14_000_000);
    assert_eq!(sim.count(retry.id(), "retries"), Some(2));
    assert_eq!(sim.count(retry.id(), "exhausted"), Some(1));
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_try_cut_by_the_time_out_of_all_tries_is_wasted_and_not_waiting() {
    // A delay queues nobody. Two tries of 20 with a wait of 7 between them, of which the time-out of 40 leaves 13 to the
    // second; with no time-out of its own the one try takes all 40.
    for (each, expected) in [(20, [7, 33]), (1_000, [0, 40])] {
        let mut sim = Simulation::new(1);
        let slow = sim.serve("slow", Delay::new(Distribution::constant(100e6).unwrap()));
        let retry = sim.serve("retry", Retry::new(Edge::to(slow).within(ms(each), true), fixed(2, 7)));
        let edge = Edge::to(retry).within(ms(40), true);
        let client =
            TraceClient::new(edge, vec![Record::default()], 1.0, false, Classes::default_class()).unwrap();
        let client = sim.add("client", client);
        sim.run_until(SimTime::from_secs(1)).unwrap();
        let phases = sim.outcomes(client).phases;
        assert_eq!([Phase::Backoff, Phase::Wasted].map(|p| phases[p as usize] / 1_000_000), expected);
        assert_eq!(phases[Phase::Waiting as usize], 0);
        assert_eq!(sim.in_flight(), 0);
    }
}

#[test]
fn a_call_nobody_waits_for_any_more_is_not_tried_again() {
    let mut sim = Simulation::new(1);
    let slow = sim.serve("slow", Delay::new(Distribution::constant(30e6).unwrap()));
    let retry = sim.serve("retry", Retry::new(Edge::to(slow).within(ms(20), false), fixed(5, 7)));
    let edge = Edge::to(retry).within(ms(25), false);
    let client =
        TraceClient::new(edge, vec![Record::default()], 1.0, false, Classes::default_class()).unwrap();
    sim.add("client", client);
    sim.run_until(SimTime::from_secs(1)).unwrap();
    assert_eq!(sim.books(slow.id()).calls, 1);
    assert_eq!(sim.count(retry.id(), "retries"), Some(0));
    assert_eq!(sim.in_flight(), 0);
}
