use kneepoint_calls::{ComponentId, Simulation, Status};
use kneepoint_engine::SimTime;
use kneepoint_random::Distribution;

use super::*;
use crate::client::{ArrivalProcess, Arrivals, Classes, OpenClient, RateProfile};
use crate::delay::Delay;

const CRASH: Harm = Harm::Crash { refuse: Status::Unavailable };

fn s(seconds: f64) -> SimTime {
    SimTime::from_nanos((seconds * 1e9).round() as u64)
}

fn constant(seconds: f64) -> Distribution {
    Distribution::constant(seconds * 1e9).unwrap()
}

fn exponential(seconds: f64) -> Distribution {
    Distribution::exponential(seconds * 1e9).unwrap()
}

/// Some servers, each asked ten times a second, from 0.1 s on.
fn servers(sim: &mut Simulation, n: usize) -> (Vec<ComponentId>, Vec<ComponentId>) {
    (0..n)
        .map(|i| {
            let server = sim.serve(&format!("server/{i}"), Delay::new(constant(0.01)));
            let rate = RateProfile::constant(10.0).unwrap();
            let arrivals = ArrivalProcess::new(Arrivals::Constant, Some(rate)).unwrap();
            let client = OpenClient::new(server, arrivals, Classes::default_class());
            (server.id(), sim.add(&format!("client/{i}"), client))
        })
        .unzip()
}

fn refused(sim: &Simulation, client: ComponentId) -> u64 {
    sim.count(client, "ended:default:unavailable").unwrap()
}

#[test]
fn a_crash_lasts_as_long_as_it_is_said_to() {
    let mut sim = Simulation::new(1);
    let (servers, clients) = servers(&mut sim, 2);
    let injection = Injection {
        harm: CRASH,
        targets: Targets::Together(vec![servers[0]]),
        trigger: Trigger::At(vec![s(5.05), s(1.05)]),
        lasts: Some(constant(2.0)),
    };
    let injector = sim.add("fault", Injector::new(injection));
    sim.run_until(s(2.0)).unwrap();
    assert_eq!(sim.level(injector, "struck").unwrap().value(), 1.0);
    sim.run_until(s(10.0)).unwrap();
    assert_eq!([refused(&sim, clients[0]), refused(&sim, clients[1])], [40, 0]);
    assert_eq!(sim.count(injector, "strikes"), Some(2));
    assert_eq!(sim.level(injector, "struck").unwrap().integral(s(10.0).as_nanos()), 4e9);
}

#[test]
fn a_fault_without_a_length_lasts_to_the_end() {
    let mut sim = Simulation::new(1);
    let (servers, clients) = servers(&mut sim, 1);
    let injection = Injection {
        harm: CRASH,
        targets: Targets::Each(servers),
        trigger: Trigger::Every(constant(1.05)),
        lasts: None,
    };
    let injector = sim.add("fault", Injector::new(injection));
    sim.run_until(s(10.05)).unwrap();
    assert_eq!(refused(&sim, clients[0]), 90);
    assert_eq!(sim.count(injector, "strikes"), Some(1));
}

#[test]
fn a_hang_keeps_requests_and_goes_on() {
    let mut sim = Simulation::new(1);
    let (servers, clients) = servers(&mut sim, 1);
    let injection = Injection {
        harm: Harm::Hang,
        targets: Targets::Together(servers),
        trigger: Trigger::At(vec![s(1.05)]),
        lasts: Some(constant(2.0)),
    };
    sim.add("fault", Injector::new(injection));
    sim.run_until(s(10.05)).unwrap();
    assert_eq!(sim.count(clients[0], "ended:default:ok"), Some(100));
    // Those of 1.1 … 3.0 s wait until 3.05 s: 1.95 … 0.05 s, and all are served for 10 ms.
    assert_eq!(sim.samples(clients[0], "latency:default").unwrap().sum(), 21_000_000_000);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_delay_is_slow_for_as_long_as_it_is_said_to() {
    let mut sim = Simulation::new(1);
    let (servers, clients) = servers(&mut sim, 2);
    let injection = Injection {
        harm: Harm::Slow { by: 5.0, share: 1.0 },
        targets: Targets::Together(vec![servers[0]]),
        trigger: Trigger::At(vec![s(1.05)]),
        lasts: Some(constant(2.0)),
    };
    sim.add("fault", Injector::new(injection));
    // Delays do not know how to hang: what happens meanwhile is kept for them.
    sim.inject(s(3.02), servers[0], kneepoint_calls::Fault::Hang);
    sim.inject(s(3.06), servers[0], kneepoint_calls::Fault::Resume);
    sim.run_until(s(10.05)).unwrap();
    // Those of 1.1 … 3.0 s take 50 ms; the last of them would be done at 3.05 s.
    let latency = |client| sim.samples(client, "latency:default").unwrap().sum();
    assert_eq!(latency(clients[0]), 20 * 50_000_000 + 80 * 10_000_000 + 10_000_000);
    assert_eq!(latency(clients[1]), 100 * 10_000_000);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn overlapping_strikes_of_one_fault_are_one_long_one() {
    let mut sim = Simulation::new(1);
    let (servers, clients) = servers(&mut sim, 1);
    let injection = Injection {
        harm: CRASH,
        targets: Targets::Together(servers),
        trigger: Trigger::At(vec![s(1.05), s(2.05)]),
        lasts: Some(constant(3.0)),
    };
    sim.add("fault", Injector::new(injection));
    sim.run_until(s(10.05)).unwrap();
    assert_eq!(refused(&sim, clients[0]), 40);
}

/// Up 9 s and down 1 s on average, both exponential: 10 % of the time down. Over T = 4 000 s and 5 clocks the variance
/// of the share down is 2·(up·down)²/(up + down)³/(5T) = 8.1e-6·… : 2·81/1000/20 000 = 0.0028².
#[test]
fn each_on_its_own_clock_and_all_on_one() {
    for (each, strikes) in [(true, 2_000.0), (false, 400.0)] {
        let mut sim = Simulation::new(1);
        let servers: Vec<_> =
            (0..5).map(|i| sim.serve(&format!("server/{i}"), Delay::new(constant(0.0))).id()).collect();
        let targets = if each { Targets::Each(servers) } else { Targets::Together(servers) };
        let (trigger, lasts) = (Trigger::Every(exponential(9.0)), Some(exponential(1.0)));
        let injector = sim.add("fault", Injector::new(Injection { harm: CRASH, targets, trigger, lasts }));
        sim.run_until(s(4_000.0)).unwrap();
        let level = sim.level(injector, "struck").unwrap();
        let share = level.mean(s(4_000.0).as_nanos()) / 5.0;
        let error = if each { 0.002_8 } else { 0.002_8 * 5_f64.sqrt() };
        assert!((share - 0.1).abs() < 4.0 * error, "{share}");
        // Cycles of mean 10 s and variance 82 s²: the number of strikes in T has variance T·82/10³ on each clock.
        let count = sim.count(injector, "strikes").unwrap() as f64;
        assert!((count - strikes).abs() < 4.0 * (strikes * 0.82).sqrt() + 5.0, "{count}");
        assert!(each || level.max() == 5.0);
    }
}

#[test]
fn one_more_target_moves_nobody_elses_clock() {
    let run = |n: usize| {
        let mut sim = Simulation::new(1);
        let (servers, clients) = servers(&mut sim, n);
        let injection = Injection {
            harm: CRASH,
            targets: Targets::Each(servers),
            trigger: Trigger::Every(exponential(3.0)),
            lasts: Some(exponential(1.0)),
        };
        sim.add("fault", Injector::new(injection));
        sim.run_until(s(100.0)).unwrap();
        clients.iter().map(|client| refused(&sim, *client)).collect::<Vec<_>>()
    };
    let (two, three) = (run(2), run(3));
    assert!(two[0] > 50);
    assert_ne!(two[0], two[1]);
    assert_eq!(two, three[..2]);
}

/// 1 000 strikes of 2 among 5, each of which lasts 0.083 7 s and also ends the work of the 0.01 s before: it meets a
/// request with probability 0.937. Each target fails 1 000·0.4·0.937 = 375 requests, ± 4·sqrt(1 000·0.375·0.625).
#[test]
fn any_is_drawn_anew_each_time() {
    let mut sim = Simulation::new(1);
    let (servers, clients) = servers(&mut sim, 5);
    let injection = Injection {
        harm: CRASH,
        targets: Targets::Any { among: servers, part: Part::Count(2) },
        trigger: Trigger::Every(constant(0.05)),
        lasts: Some(constant(0.083_7)),
    };
    let injector = sim.add("fault", Injector::new(injection));
    sim.run_until(s(133.71)).unwrap();
    assert_eq!(sim.count(injector, "strikes"), Some(1_000));
    assert_eq!(sim.level(injector, "struck").unwrap().max(), 2.0);
    for client in clients {
        let refused = refused(&sim, client) as f64;
        assert!((refused - 375.0).abs() < 61.0, "{refused}");
    }
}

#[test]
fn a_part_is_a_count_or_a_share_but_one_at_least() {
    assert_eq!([Part::Count(2).of(5), Part::Count(9).of(5), Part::Count(0).of(5)], [2, 5, 0]);
    assert_eq!([Part::Share(0.1).of(25), Part::Share(0.1).of(3), Part::Share(1.0).of(3)], [3, 1, 3]);
    assert_eq!([Part::Share(0.0).of(9), Part::Share(0.5).of(0)], [1, 0]);
}
