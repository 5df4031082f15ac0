use kneepoint_calls::rig::{Asks, drive};
use kneepoint_calls::{Attributes, Phase, Simulation, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Distribution;

use super::*;
use crate::Edge;
use crate::client::{ArrivalProcess, Arrivals, Classes, OpenClient, RateProfile};
use crate::delay::Delay;

fn ms(span: u64) -> SimDuration {
    SimDuration::from_millis(span)
}

fn constant(millis: f64) -> Distribution {
    Distribution::constant(millis * 1e6).unwrap()
}

/// A law that is constant but does not say so: the way with a drawn round trip.
fn drawn(millis: f64) -> Distribution {
    Distribution::uniform(millis * 1e6 - 0.1, millis * 1e6 + 0.1).unwrap()
}

fn sized(size: u32, reply: u32) -> Attributes {
    Attributes { size, reply, ..Attributes::default() }
}

#[test]
fn half_the_round_trip_each_way() {
    for round_trip in [constant(20.0), drawn(20.0)] {
        let driven = drive(
            &[Asks::at(ms(0)), Asks::at(ms(3))],
            &[(ms(5), Status::Ok), (ms(1), Status::Failed)],
            |world| Link::new(world, round_trip),
        );
        assert_eq!(driven.log, ["10 called 0", "13 called 1", "24 answer 1 failed", "25 answer 0 ok"]);
        assert_eq!(driven.in_flight, 0);
    }
}

#[test]
fn a_cancellation_crosses_the_link() {
    for round_trip in [constant(20.0), drawn(20.0)] {
        // Given up at work, on the way there, and on the way back.
        let asks = [
            Asks::at(ms(0)).giving_up(ms(30)),
            Asks::at(ms(100)).giving_up(ms(5)),
            Asks::at(ms(200)).giving_up(ms(25)),
        ];
        let replies = [(SimDuration::MAX, Status::Ok), (SimDuration::MAX, Status::Ok), (ms(10), Status::Ok)];
        let driven = drive(&asks, &replies, |world| Link::new(world, round_trip));
        let expected = [
            "10 called 0",
            "30 answer 0 timeout",
            "40 cancelled 0",
            "105 answer 1 timeout",
            "110 called 1",
            "115 cancelled 1",
            "210 called 2",
            "225 answer 2 timeout",
        ];
        assert_eq!(driven.log, expected);
        assert_eq!(driven.in_flight, 0);
    }
}

#[test]
fn bandwidth_comes_on_top_for_each_call_alone() {
    let asks = [Asks::at(ms(0)).with(sized(4_000, 10_000)), Asks::at(ms(1)).with(sized(1_000, 0))];
    let driven = drive(&asks, &[(ms(5), Status::Ok)], |world| {
        Link::new(world, constant(20.0)).with_bandwidth(Bandwidth { bytes_per_s: 1e6, shared: false })
    });
    // There 4 and 1 ms, back 10 and 0 ms.
    assert_eq!(driven.log, ["12 called 0", "14 called 1", "27 answer 1 ok", "39 answer 0 ok"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_shared_link_sends_one_after_the_other() {
    let asks = [Asks::at(ms(0)).with(sized(4_000, 10_000)), Asks::at(ms(1)).with(sized(1_000, 2_000))];
    let driven = drive(&asks, &[(ms(5), Status::Ok)], |world| {
        Link::new(world, constant(20.0)).with_bandwidth(Bandwidth { bytes_per_s: 1e6, shared: true })
    });
    // There until 4 and 5 ms; back 19 to 29 and 29 to 31 ms.
    assert_eq!(driven.log, ["14 called 0", "15 called 1", "39 answer 0 ok", "41 answer 1 ok"]);
    assert_eq!(driven.in_flight, 0);
}

/// n = 4 000 calls, each lost there with 0.2, its answer with 0.2: 800 and 640 lost, with standard errors
/// sqrt(n·p·(1-p)): 25 and sqrt(n·0.16·0.84) = 23; 4 of them are allowed.
#[test]
fn calls_and_answers_are_lost() {
    let mut sim = Simulation::new(1);
    let server = sim.serve("server", Delay::new(constant(1.0)));
    let link = sim.serve("link", Link::new(server, constant(10.0)).with_loss(0.2));
    let rate =
        RateProfile::steps(&[(SimTime::ZERO, 100.0), (SimTime::from_nanos(40_005_000_000), 0.0)]).unwrap();
    let arrivals = ArrivalProcess::new(Arrivals::Constant, Some(rate)).unwrap();
    let edge = Edge::to(link).within(ms(500), false);
    let client = sim.add("client", OpenClient::new(edge, arrivals, Classes::default_class()));
    sim.run_until(SimTime::from_secs(100)).unwrap();
    let done = sim.books(server.id()).answered(Status::Ok) as f64;
    let heard = sim.count(client, "ended:default:ok").unwrap() as f64;
    let timeouts = sim.count(client, "ended:default:timeout").unwrap() as f64;
    assert!((4_000.0 - done - 800.0).abs() < 100.0, "{done}");
    assert!((done - heard - 640.0).abs() < 92.0, "{heard}");
    assert_eq!(heard + timeouts, 4_000.0);
    assert_eq!(sim.count(link.id(), "lost"), Some(timeouts as u64));
    assert_eq!(sim.books(link.id()).lost, timeouts as u64);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn time_on_the_wire_is_network() {
    let mut sim = Simulation::new(1);
    let server = sim.serve("server", Delay::new(constant(5.0)));
    let link = sim.serve("link", Link::new(server, constant(20.0)));
    let arrivals = ArrivalProcess::new(
        Arrivals::Constant,
        Some(RateProfile::steps(&[(SimTime::ZERO, 10.0), (SimTime::from_millis(1_050), 0.0)]).unwrap()),
    );
    let client = OpenClient::new(link, arrivals.unwrap(), Classes::default_class());
    let client = sim.add("client", client);
    sim.run_until(SimTime::from_secs(10)).unwrap();
    let phases = sim.outcomes(client).phases;
    assert_eq!(phases[Phase::Network as usize], 10 * 20_000_000);
    assert_eq!(phases[Phase::Service as usize], 10 * 5_000_000);
    assert_eq!(sim.outcomes(client).latency, 250_000_000);
}

/// Round trips are drawn from the request: the same in the order of answers, whatever else happens.
#[test]
fn a_drawn_round_trip_has_its_mean() {
    let mut sim = Simulation::new(1);
    let server = sim.serve("server", Delay::new(constant(0.0)));
    let link = sim.serve("link", Link::new(server, Distribution::exponential(20e6).unwrap()));
    let arrivals =
        ArrivalProcess::new(Arrivals::Poisson, Some(RateProfile::constant(100.0).unwrap())).unwrap();
    let client = sim.add("client", OpenClient::new(link, arrivals, Classes::default_class()));
    sim.run_until(SimTime::from_secs(100)).unwrap();
    // An exponential: standard error mean/sqrt(10 000) = 1 %.
    let latency = sim.samples(client, "latency:default").unwrap();
    let mean = latency.sum() as f64 / latency.count() as f64;
    assert!((mean / 20e6 - 1.0).abs() < 0.04, "{mean}");
    assert_eq!(sim.in_flight() > 0, sim.level(client, "in_flight").unwrap().value() > 0.0);
}
