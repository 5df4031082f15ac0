//! Fallbacks, deadlines and hedges.

use kneepoint_calls::rig::{Asks, drive};
use kneepoint_calls::{Attributes, Phase, Simulation};

use super::*;
use crate::Edge;
use crate::client::{Classes, Record, TraceClient};
use crate::delay::Delay;
use crate::resilience::{
    After, Budget, Deadline, Fallback, Hedge, Hedges, Instead, RecentQuantile, Retries, Retry, Statuses,
};
use kneepoint_random::Distribution;

fn constant(millis: f64) -> Distribution {
    Distribution::constant(millis * 1e6).unwrap()
}

fn made_up(takes: f64) -> Instead {
    Instead { to: None, status: Status::Degraded, takes: constant(takes) }
}

#[test]
fn a_bad_answer_becomes_a_lesser_one() {
    let asks = [Asks::at(ms(0)), Asks::at(ms(100)), Asks::at(ms(200)).giving_up(ms(6))];
    let script = [after(5, Status::Failed), after(5, Status::Ok), after(5, Status::Failed)];
    let driven = drive(&asks, &script, |world| Fallback::new(world, Statuses::all_bad(), made_up(2.0)));
    let expected = [
        "0 called 0",
        "7 answer 0 degraded",
        "100 called 1",
        "105 answer 1 ok",
        "200 called 2",
        "206 answer 2 timeout",
    ];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_fallback_may_ask_another_part() {
    for (other, answered) in [(Status::Ok, "stale"), (Status::Failed, "failed")] {
        // The same world stands for both: the first call is the callee's, the second the other part's.
        let script = [after(5, Status::Unavailable), after(3, other)];
        let driven = drive(&[Asks::at(ms(0))], &script, |world| {
            let instead =
                Instead { to: Some((Edge::to(world), None)), status: Status::Stale, takes: constant(0.0) };
            Fallback::new(world, Statuses::all_bad(), instead)
        });
        assert_eq!(driven.log, ["0 called 0".into(), "5 called 1".into(), format!("8 answer 0 {answered}")]);
        assert_eq!(driven.in_flight, 0);
    }
}

#[test]
fn a_deadline_bounds_what_is_done_after_it() {
    for (cancelling, heard) in [(true, true), (false, false)] {
        let asks = [Asks::at(ms(0)), Asks::at(ms(100))];
        let script = [after(40, Status::Ok), after(5, Status::Ok)];
        let driven = drive(&asks, &script, |world| Deadline::new(world, Some(ms(20)), cancelling));
        let mut expected = vec!["0 called 0", "20 answer 0 timeout", "100 called 1", "105 answer 1 ok"];
        if heard {
            expected.insert(1, "20 cancelled 0");
        }
        assert_eq!(driven.log, expected);
        assert_eq!(driven.in_flight, 0);
    }
}

#[test]
fn a_deadline_travels_and_nobody_makes_it_later() {
    let hurried = |at: u64, deadline: u64| {
        let deadline = SimTime::ZERO + ms(deadline);
        Asks::at(ms(at)).with(Attributes { deadline, ..Attributes::default() })
    };
    // One that is over already, one that is earlier than that given here, one that is later; then one without.
    let asks = [hurried(10, 5), hurried(20, 28), hurried(40, 1_000), Asks::at(ms(60)).giving_up(ms(3))];
    let driven = drive(&asks, &[NEVER], |world| Deadline::new(world, Some(ms(10)), true));
    let expected = [
        "10 answer 0 timeout",
        "20 called 0",
        "28 cancelled 0",
        "28 answer 1 timeout",
        "40 called 1",
        "50 cancelled 1",
        "50 answer 2 timeout",
        "60 called 2",
        "63 cancelled 2",
        "63 answer 3 timeout",
    ];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
    // Without a time of its own it only enforces.
    let driven = drive(&[hurried(0, 8), Asks::at(ms(20))], &[after(10, Status::Ok)], |world| {
        Deadline::new(world, None, true)
    });
    let expected = ["0 called 0", "8 cancelled 0", "8 answer 0 timeout", "20 called 1", "30 answer 1 ok"];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_deadline_bounds_all_tries_together_and_ends_with_its_calls() {
    let mut sim = Simulation::new(1);
    let slow = sim.serve("slow", Delay::new(constant(30.0)));
    let retry = sim.serve("retry", Retry::new(Edge::to(slow).within(ms(20), true), Retries::at_once(9)));
    let deadline = sim.serve("deadline", Deadline::new(retry, Some(ms(50)), true));
    // Whoever stands before it goes on with the deadline it had: none.
    let outer = sim.serve("outer", Retry::new(deadline, Retries::at_once(1)));
    let client =
        TraceClient::new(outer, vec![Record::default()], 1.0, false, Classes::default_class()).unwrap();
    let client = sim.add("client", client);
    sim.run_until(SimTime::from_secs(1)).unwrap();
    assert_eq!(sim.samples(client, "latency_failed:default").unwrap().sum(), 100_000_000);
    assert_eq!(sim.count(deadline.id(), "late"), Some(0));
    assert_eq!(sim.books(slow.id()).calls, 6);
    assert_eq!(sim.outcomes(client).phases[Phase::Wasted as usize], 100_000_000);
    assert_eq!(sim.in_flight(), 0);
}

fn after_time(millis: u64, most: u16, cancelling: bool) -> Hedges {
    Hedges { after: After::Time(ms(millis)), most, cancelling, budget: None }
}

#[test]
fn the_first_good_answer_wins_and_the_loser_is_cancelled_or_left() {
    for cancelling in [true, false] {
        let script = [after(50, Status::Ok), after(5, Status::Ok)];
        let driven =
            drive(&[Asks::at(ms(0))], &script, |world| Hedge::new(world, after_time(20, 1, cancelling)));
        let mut expected = vec!["0 called 0", "20 called 1", "25 answer 0 ok"];
        if cancelling {
            expected.insert(2, "25 cancelled 0");
        }
        assert_eq!(driven.log, expected);
        assert_eq!(driven.in_flight, 0);
    }
}

#[test]
fn an_answer_in_time_needs_no_copy_and_a_cancellation_ends_them_all() {
    let asks = [Asks::at(ms(0)), Asks::at(ms(100)).giving_up(ms(45))];
    let driven = drive(&asks, &[after(5, Status::Ok), NEVER, NEVER, NEVER], |world| {
        Hedge::new(world, after_time(20, 2, true))
    });
    let expected = [
        "0 called 0",
        "5 answer 0 ok",
        "100 called 1",
        "120 called 2",
        "140 called 3",
        "145 cancelled 3",
        "145 cancelled 2",
        "145 cancelled 1",
        "145 answer 1 timeout",
    ];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_bad_answer_is_waited_past_while_a_copy_is_out() {
    let script = [after(30, Status::Failed), after(30, Status::Ok)];
    let driven = drive(&[Asks::at(ms(0))], &script, |world| Hedge::new(world, after_time(20, 1, true)));
    assert_eq!(driven.log, ["0 called 0", "20 called 1", "50 answer 0 ok"]);
    assert_eq!(driven.in_flight, 0);
    let driven = drive(&[Asks::at(ms(0))], &[after(30, Status::Failed)], |world| {
        Hedge::new(world, after_time(20, 1, true))
    });
    assert_eq!(driven.log, ["0 called 0", "20 called 1", "50 answer 0 failed"]);
    assert_eq!(driven.in_flight, 0);
    // Nobody is asked again because the only copy failed early.
    let driven = drive(&[Asks::at(ms(0))], &[after(3, Status::Failed)], |world| {
        Hedge::new(world, after_time(20, 1, true))
    });
    assert_eq!(driven.log, ["0 called 0", "3 answer 0 failed"]);
}

#[test]
fn copies_are_bounded_by_their_budget() {
    let budget = Some(Budget::ratio(0.0, 1.0, 0.0));
    let driven = drive(&[Asks::at(ms(0)), Asks::at(ms(100))], &[after(30, Status::Ok)], |world| {
        Hedge::new(world, Hedges { budget, ..after_time(20, 1, true) })
    });
    let expected =
        ["0 called 0", "20 called 1", "30 cancelled 1", "30 answer 0 ok", "100 called 2", "130 answer 1 ok"];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_quantile_is_known_when_a_stretch_is_over_and_follows() {
    let mut past = RecentQuantile::new(0.95);
    assert_eq!(past.get(at(1.0)), None);
    for call in 0..1_000 {
        past.record(SimDuration::from_micros(call * 100), at(2.0)); // evenly up to 100 ms
    }
    assert_eq!(past.get(at(2.9)), None, "the present is not known");
    let known = past.get(at(3.0)).unwrap().as_secs_f64();
    assert!((known / 0.095 - 1.0).abs() < 0.01, "{known}");
    for call in 0..1_000 {
        past.record(SimDuration::from_micros(call * 10), at(13.0));
    }
    // Both stretches are within the window; then only the second; then nothing new is known.
    let known = past.get(at(15.1)).unwrap().as_secs_f64();
    assert!((known / 0.090 - 1.0).abs() < 0.01, "{known}");
    for now in [18.1, 30.0, 1_000.0] {
        let known = past.get(at(now)).unwrap().as_secs_f64();
        assert!((known / 0.0095 - 1.0).abs() < 0.01, "{now}: {known}");
    }
}

#[test]
fn a_hedge_at_the_95th_percentile_sends_five_percent_more() {
    let mut sim = Simulation::new(3);
    let slow = sim.serve("slow", Delay::new(Distribution::exponential(10e6).unwrap()));
    let after = After::Quantile(RecentQuantile::new(0.95));
    let hedge =
        sim.serve("hedge", Hedge::new(slow, Hedges { after, most: 1, cancelling: true, budget: None }));
    let records: Vec<Record> = (0..200_000)
        .map(|n| Record { at: SimDuration::from_micros(1_000 * n), ..Record::default() })
        .collect();
    let client = TraceClient::new(hedge, records, 1.0, false, Classes::default_class()).unwrap();
    sim.add("client", client);
    sim.run_until(SimTime::from_secs(300)).unwrap();
    let share = sim.count(hedge.id(), "hedges").unwrap() as f64 / 200_000.0;
    assert!((share - 0.05).abs() < 0.002, "{share}");
    assert_eq!(sim.in_flight(), 0);
}
