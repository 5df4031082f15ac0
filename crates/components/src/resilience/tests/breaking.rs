//! Breakers: the rules by themselves, then the part.

use kneepoint_calls::Simulation;
use kneepoint_calls::rig::{Asks, drive};

use super::*;
use crate::client::{Classes, Record, TraceClient};
use crate::delay::Delay;
use crate::resilience::{
    Admission, Backoff, Breaker, Circuit, Outcome, Probing, Rules, Share, Span, State, Statuses, Trip, Window,
};
use crate::{Edge, resilience::Tally};
use kneepoint_random::Distribution;

fn seconds(length: u64, buckets: u32) -> Span {
    Span::Time { length: SimDuration::from_secs(length), buckets }
}

/// Lets a call pass and end at once; returns where the circuit stands then.
fn one(circuit: &mut Circuit, outcome: Outcome, now: SimTime) -> State {
    if let (Admission::Pass(stretch) | Admission::Probe(stretch), _) = circuit.admit(now) {
        circuit.answered(stretch, outcome, SimDuration::ZERO, now);
    }
    circuit.state()
}

#[test]
fn a_window_of_calls_forgets_the_oldest() {
    let mut window = Window::new(Span::Calls(3));
    for (bad, expected) in [(1, (1, 1)), (0, (2, 1)), (1, (3, 2)), (0, (3, 1)), (0, (3, 1)), (0, (3, 0))] {
        window.add(1, bad, SimTime::ZERO);
        let Tally { all, bad } = window.tally(SimTime::ZERO);
        assert_eq!((all, bad), expected);
    }
}

#[test]
fn a_window_of_time_rolls_over_its_buckets() {
    let mut window = Window::new(seconds(10, 10));
    window.add(1, 1, at(0.5));
    window.add(1, 0, at(4.0));
    assert_eq!(window.tally(at(9.9)), Tally { all: 2, bad: 1 });
    // The first second has gone.
    assert_eq!(window.tally(at(10.0)), Tally { all: 1, bad: 0 });
    assert_eq!(window.tally(at(13.9)).all, 1);
    assert_eq!(window.tally(at(14.0)).all, 0);
    window.add(3, 2, at(100.0));
    assert_eq!(window.tally(at(105.0)), Tally { all: 3, bad: 2 });
    assert_eq!(window.tally(at(1_000.0)), Tally::default());
}

#[test]
fn failures_in_a_row_open_and_a_success_starts_again() {
    let rules = |success_resets| {
        Rules::new(vec![Trip::Count { failures: 3, success_resets }], SimDuration::from_secs(5))
    };
    use Outcome::{Failure, Good};
    let outcomes = [Failure, Failure, Good, Failure, Failure, Failure];
    for (resets, opens_at) in [(true, 5), (false, 3)] {
        let mut circuit = Circuit::new(rules(resets));
        let opened = outcomes.iter().position(|outcome| one(&mut circuit, *outcome, at(0.0)) == State::Open);
        assert_eq!(opened, Some(opens_at));
    }
}

#[test]
fn a_share_trips_when_it_reaches_its_bound_or_is_above_it() {
    for (strict, opens) in [(false, true), (true, false)] {
        let share = Share { strict, ..Share::reaching(0.5, Span::Calls(10), 10) };
        let mut circuit = Circuit::new(Rules::new(vec![Trip::Rate(share)], SimDuration::from_secs(5)));
        for call in 0..10 {
            let outcome = if call < 5 { Outcome::Good } else { Outcome::Failure };
            one(&mut circuit, outcome, at(0.0));
        }
        assert_eq!(circuit.state() == State::Open, opens);
    }
}

#[test]
fn a_share_of_all_that_came_is_looked_at_after_failures() {
    // Two failures, then a success that makes enough calls known: whoever looks at every answer opens there.
    for (at_failures, expected) in [(true, State::Closed), (false, State::Open)] {
        let share = Share { at_failures, of_asked: true, ..Share::reaching(0.5, seconds(10, 10), 3) };
        let mut circuit = Circuit::new(Rules::new(vec![Trip::Rate(share)], SimDuration::from_secs(5)));
        one(&mut circuit, Outcome::Failure, at(0.0));
        one(&mut circuit, Outcome::Failure, at(0.0));
        assert_eq!(one(&mut circuit, Outcome::Good, at(0.0)), expected);
    }
}

#[test]
fn probes_close_or_open_again() {
    let rules = |probing| Rules {
        probes: 4,
        probing,
        ..Rules::new(vec![Trip::Rate(Share::reaching(0.5, Span::Calls(2), 2))], SimDuration::from_secs(5))
    };
    use Outcome::{Failure, Good};
    for (probing, probes, ends) in [
        (Probing::FirstFailure, vec![Good, Failure], State::Open),
        (Probing::FirstFailure, vec![Good, Good, Good, Good], State::Closed),
        (Probing::Together, vec![Failure, Good, Good], State::HalfOpen),
        (Probing::Together, vec![Failure, Good, Good, Good], State::Closed),
        (Probing::Together, vec![Failure, Good, Good, Failure], State::Open),
        (Probing::NoProbes, vec![Good], State::Closed),
    ] {
        let mut circuit = Circuit::new(rules(probing));
        one(&mut circuit, Failure, at(0.0));
        assert_eq!(one(&mut circuit, Failure, at(1.0)), State::Open);
        assert_eq!(circuit.admit(at(5.999)), (Admission::Refuse, None));
        let mut last = State::Open;
        for outcome in &probes {
            last = one(&mut circuit, *outcome, at(6.0));
        }
        assert_eq!(last, ends, "{probing:?} {probes:?}");
    }
}

#[test]
fn only_so_many_probes_are_under_way_and_a_cancelled_one_is_made_up_for() {
    let trip = Trip::Count { failures: 1, success_resets: true };
    let mut circuit = Circuit::new(Rules { probes: 2, ..Rules::new(vec![trip], SimDuration::from_secs(1)) });
    one(&mut circuit, Outcome::Failure, at(0.0));
    let (Admission::Probe(stretch), Some(_)) = circuit.admit(at(2.0)) else { panic!("the first probe") };
    assert!(matches!(circuit.admit(at(2.0)), (Admission::Probe(_), None)));
    assert_eq!(circuit.admit(at(2.0)), (Admission::Refuse, None));
    circuit.answered(stretch, Outcome::Nothing, SimDuration::ZERO, at(2.1));
    assert!(matches!(circuit.admit(at(2.1)), (Admission::Probe(_), None)));
    assert_eq!(circuit.admit(at(2.1)), (Admission::Refuse, None));
}

#[test]
fn it_stays_open_longer_each_time_in_a_row() {
    let open = Backoff::Linear { base: SimDuration::from_secs(30), cap: SimDuration::from_secs(50) };
    let trip = Trip::Count { failures: 1, success_resets: true };
    let mut circuit = Circuit::new(Rules { open, ..Rules::new(vec![trip], SimDuration::ZERO) });
    one(&mut circuit, Outcome::Failure, at(0.0));
    for (refused, probed) in [(29.0, 30.0), (89.0 - 10.0, 90.0 - 10.0), (129.0, 130.0)] {
        assert_eq!(circuit.admit(at(refused)).0, Admission::Refuse);
        assert_eq!(one(&mut circuit, Outcome::Failure, at(probed)), State::Open);
    }
}

fn first_failure() -> Rules {
    Rules::new(vec![Trip::Count { failures: 1, success_resets: true }], ms(50))
}

fn failures() -> Statuses {
    Statuses::of(&[Status::Failed, Status::Timeout])
}

#[test]
fn an_open_breaker_refuses_and_then_probes() {
    let script = [after(5, Status::Failed), after(5, Status::Failed), after(5, Status::Ok)];
    let asks: Vec<Asks> = [0, 10, 60, 70, 120, 130].map(|at| Asks::at(ms(at))).to_vec();
    let driven = drive(&asks, &script, |world| Breaker::new(world, first_failure(), failures()));
    let expected = [
        "0 called 0",
        "5 answer 0 failed",
        "10 answer 1 refused",
        "60 called 1",
        "65 answer 2 failed",
        "70 answer 3 refused",
        "120 called 2",
        "125 answer 4 ok",
        "130 called 3",
        "135 answer 5 failed",
    ];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn what_says_nothing_about_the_callee_does_not_open() {
    let asks: Vec<Asks> = vec![Asks::at(ms(0)).giving_up(ms(2)), Asks::at(ms(10)), Asks::at(ms(20))];
    let script = [NEVER, after(5, Status::Limited), after(5, Status::Ok)];
    let driven = drive(&asks, &script, |world| Breaker::new(world, first_failure(), failures()));
    let expected = [
        "0 called 0",
        "2 cancelled 0",
        "2 answer 0 timeout",
        "10 called 1",
        "15 answer 1 limited",
        "20 called 2",
        "25 answer 2 ok",
    ];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn every_change_is_told_at_its_instant() {
    let mut sim = Simulation::new(1);
    sim.note_happenings();
    let slow = sim.serve("slow", Delay::new(Distribution::constant(30e6).unwrap()));
    let rules = Rules { probe_for: ms(7), ..first_failure() };
    let edge = Edge::to(slow).within(ms(10), true);
    let breaker = sim.serve("breaker", Breaker::new(edge, rules, failures()));
    let records = [0.0, 0.02, 0.06, 0.13];
    let records = records
        .map(|seconds| Record { at: SimDuration::from_nanos_f64(seconds * 1e9), ..Record::default() })
        .to_vec();
    let client = TraceClient::new(breaker, records, 1.0, false, Classes::default_class()).unwrap();
    sim.add("client", client);
    sim.run_until(SimTime::from_secs(1)).unwrap();
    let told: Vec<(u64, &str)> = sim
        .take_happenings()
        .iter()
        .skip(3)
        .map(|what| (what.at.as_nanos() / 1_000_000, what.what))
        .collect();
    let expected = [
        (10, "breaker opens"),
        (60, "breaker half-open"),
        (67, "breaker opens"),
        (130, "breaker half-open"),
        (137, "breaker opens"),
    ];
    assert_eq!(told, expected);
    let count = |name: &str| sim.count(breaker.id(), name);
    assert_eq!((count("opened"), count("refused"), count("probes")), (Some(3), Some(1), Some(2)));
    assert_eq!(sim.in_flight(), 0);
}
