use kneepoint_calls::Status;
use kneepoint_calls::rig::{Asks, drive};
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

use super::*;
use crate::Edge;

fn ms(span: u64) -> SimDuration {
    SimDuration::from_millis(span)
}

fn constant(millis: f64) -> Distribution {
    Distribution::constant(millis * 1e6).unwrap()
}

#[test]
fn a_delay_answers_everybody_after_its_time() {
    let asks = [Asks::at(ms(0)), Asks::at(ms(1)), Asks::at(ms(2)).giving_up(ms(3))];
    let driven = drive(&asks, &[(ms(1), Status::Ok)], |_| Delay::new(constant(10.0)));
    assert_eq!(driven.log, ["5 answer 2 timeout", "10 answer 0 ok", "11 answer 1 ok"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn an_overhead_comes_first_and_the_answer_goes_by() {
    let asks = [Asks::at(ms(0)), Asks::at(ms(1)).giving_up(ms(1)), Asks::at(ms(10)).giving_up(ms(5))];
    let driven = drive(&asks, &[(ms(4), Status::Stale), (SimDuration::MAX, Status::Ok)], |world| {
        Overhead::new(world, constant(3.0))
    });
    let expected = [
        "2 answer 1 timeout",
        "3 called 0",
        "7 answer 0 stale",
        "13 called 1",
        "15 cancelled 1",
        "15 answer 2 timeout",
    ];
    let mut log = driven.log.clone();
    log.sort_by_key(|line| line.split(' ').next().and_then(|at| at.parse::<u64>().ok()));
    assert_eq!(log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_time_out_bounds_the_waiting_and_tells_the_callee_if_it_is_to() {
    for (cancelling, heard) in [(false, false), (true, true)] {
        let driven = drive(
            &[Asks::at(ms(0)), Asks::at(ms(50))],
            &[(ms(30), Status::Ok), (ms(5), Status::Ok)],
            |world| Timeout::new(Edge::to(world).within(ms(10), cancelling)),
        );
        let mut expected = vec!["0 called 0", "10 answer 0 timeout", "50 called 1", "55 answer 1 ok"];
        if heard {
            expected.insert(1, "10 cancelled 0");
        }
        assert_eq!(driven.log, expected);
        assert_eq!(driven.in_flight, 0);
    }
}

#[test]
fn a_cancellation_passes_a_time_out_that_does_not_cancel() {
    let driven = drive(&[Asks::at(ms(0)).giving_up(ms(5))], &[(SimDuration::MAX, Status::Ok)], |world| {
        Timeout::new(Edge::to(world).within(ms(10), false))
    });
    assert_eq!(driven.log, ["0 called 0", "5 cancelled 0", "5 answer 0 timeout"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn of_two_time_outs_the_shorter_decides() {
    for (outer, inner) in [(20, 10), (10, 20)] {
        let mut sim = kneepoint_calls::Simulation::new(1);
        let slow = sim.serve("slow", Delay::new(constant(100.0)));
        let inside = sim.serve("inside", Timeout::new(Edge::to(slow).within(ms(inner), true)));
        let outside = sim.serve("outside", Timeout::new(Edge::to(inside).within(ms(outer), true)));
        let client = crate::client::TraceClient::new(
            outside,
            vec![crate::client::Record::default()],
            1.0,
            false,
            crate::client::Classes::default_class(),
        );
        let client = sim.add("client", client.unwrap());
        sim.run_until(kneepoint_engine::SimTime::from_secs(1)).unwrap();
        assert_eq!(sim.samples(client, "latency_failed:default").unwrap().sum(), 10_000_000);
        assert_eq!(sim.books(slow.id()).answered(Status::Cancelled), 1);
        assert_eq!(sim.in_flight(), 0);
    }
}

#[test]
#[should_panic(expected = "would mean for ever")]
fn a_time_out_of_nothing_is_refused() {
    let mut sim = kneepoint_calls::Simulation::new(1);
    let slow = sim.serve("slow", Delay::new(constant(100.0)));
    let _ = Timeout::new(Edge::to(slow));
}
