use kneepoint_calls::rig::{Asks, Driven, drive};
use kneepoint_calls::{Attributes, Callee, Fault, Serve, Simulation, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, KeyPopularity, Stream};

use super::adaptive::{Adaptive, Aimd, Gradient, Sample, Vegas};
use super::*;
use crate::client::{ArrivalProcess, Arrivals, Classes, OpenClient, RateProfile, Record, TraceClient};
use crate::delay::Delay;
use crate::service::Key;

fn ms(span: u64) -> SimDuration {
    SimDuration::from_millis(span)
}

fn at(millis: u64) -> SimTime {
    SimTime::from_millis(millis)
}

fn constant(millis: f64) -> Distribution {
    Distribution::constant(millis * 1e6).unwrap()
}

/// Asks at these instants; the world answers each call after 10 ms.
fn asked<S: Serve>(times: &[u64], part: impl FnOnce(Callee) -> S) -> Driven {
    let asks: Vec<Asks> = times.iter().map(|at| Asks::at(ms(*at))).collect();
    drive(&asks, &[(ms(10), Status::Ok)], part)
}

#[test]
fn a_bulkhead_without_a_wait_rejects_at_once() {
    let driven = asked(&[0, 1, 2, 11], |world| Bulkhead::new(world, 2, SimDuration::ZERO));
    let expected = [
        "0 called 0",
        "1 called 1",
        "2 answer 2 rejected",
        "10 answer 0 ok",
        "11 called 2",
        "11 answer 1 ok",
        "21 answer 3 ok",
    ];
    assert_eq!((driven.log.as_slice(), driven.in_flight), (expected.map(String::from).as_slice(), 0));
}

#[test]
fn who_waits_for_a_place_gets_it_in_turn_or_loses_patience() {
    let driven = asked(&[0, 1, 2, 3, 4], |world| Bulkhead::new(world, 1, ms(19)));
    let expected = [
        "0 called 0",
        "10 called 1",
        "10 answer 0 ok",
        "20 called 2",
        "20 answer 1 ok",
        "22 answer 3 rejected",
        "23 answer 4 rejected",
        "30 answer 2 ok",
    ];
    assert_eq!((driven.log.as_slice(), driven.in_flight), (expected.map(String::from).as_slice(), 0));
}

#[test]
fn a_place_is_free_when_its_call_is_cancelled_and_one_that_waits_is_struck_off() {
    let asks = [Asks::at(ms(0)).giving_up(ms(5)), Asks::at(ms(1)).giving_up(ms(2)), Asks::at(ms(2))];
    let driven = drive(&asks, &[(ms(10), Status::Ok)], |world| Bulkhead::new(world, 1, ms(100)));
    let mut log = driven.log.clone();
    log.sort_by_key(|line| line.split(' ').next().and_then(|at| at.parse::<u64>().ok()));
    let expected = [
        "0 called 0",
        "3 answer 1 timeout",
        "5 cancelled 0",
        "5 called 1",
        "5 answer 0 timeout",
        "15 answer 2 ok",
    ];
    assert_eq!((log.as_slice(), driven.in_flight), (expected.map(String::from).as_slice(), 0));
}

#[test]
fn those_struck_off_do_not_pile_up_while_nobody_is_let_in() {
    let mut asks = vec![Asks::at(ms(0))];
    asks.extend((0..1_000).map(|call| Asks::at(ms(1 + call)).giving_up(ms(1))));
    let driven = drive(&asks, &[(ms(5_000), Status::Ok)], |world| Bulkhead::new(world, 1, ms(10_000)));
    assert_eq!((driven.log.len(), driven.in_flight), (1_002, 0));
}

#[test]
fn twenty_places_of_a_tenth_of_a_second_pass_two_hundred_a_second() {
    let mut sim = Simulation::new(1);
    let world = sim.serve("world", Delay::new(constant(100.0)));
    let bulkhead = sim.serve("bulkhead", Bulkhead::new(world, 20, SimDuration::ZERO));
    let rate = RateProfile::constant(300.0).unwrap();
    let arrivals = ArrivalProcess::new(Arrivals::Constant, Some(rate)).unwrap();
    let client = sim.add("client", OpenClient::new(bulkhead, arrivals, Classes::default_class()));
    sim.run_until(SimTime::from_secs(10)).unwrap();
    let ended = |status: &str| sim.count(client, &format!("ended:default:{status}")).unwrap();
    let (ok, rejected) = (ended("ok"), ended("rejected"));
    assert!((1_980..=2_000).contains(&ok), "{ok}");
    assert!((980..=1_020).contains(&rejected), "{rejected}");
}

fn sample(millis: u64, in_flight: u64) -> Sample {
    Sample { took: ms(millis), in_flight, dropped: false }
}

#[test]
fn aimd_grows_by_one_and_shrinks_by_a_tenth() {
    let mut limit = Aimd::new(10, 30, ms(100));
    assert_eq!(limit.limit(), 20);
    limit.learn(sample(50, 9));
    assert_eq!(limit.limit(), 20, "less than half of it is used");
    limit.learn(sample(50, 10));
    assert_eq!(limit.limit(), 21);
    limit.learn(sample(101, 1));
    assert_eq!(limit.limit(), 18, "21 times 0.9");
    limit.learn(Sample { dropped: true, ..sample(1, 1) });
    assert_eq!(limit.limit(), 16);
    (0..20).for_each(|_| limit.learn(Sample { dropped: true, ..sample(1, 1) }));
    assert_eq!(limit.limit(), 10);
    (0..50).for_each(|_| limit.learn(sample(1, 30)));
    assert_eq!(limit.limit(), 30);
}

#[test]
fn the_gradient_limit_grows_while_times_stay_and_shrinks_when_they_double() {
    let mut limit = Gradient::new(1, 200, 1.5);
    // Four more room for a queue, a fifth of it at a time.
    limit.learn(sample(10, 20));
    assert_eq!(limit.limit(), 20, "20.8");
    limit.learn(sample(10, 20));
    assert_eq!(limit.limit(), 21, "21.6");
    (0..500).for_each(|_| limit.learn(sample(10, 200)));
    assert_eq!(limit.limit(), 200);
    let before = limit.limit();
    limit.learn(sample(10, 20));
    assert_eq!(limit.limit(), before, "less than half of it is used");
    (0..10).for_each(|_| limit.learn(sample(100, 200)));
    assert!(limit.limit() < 100, "{}", limit.limit());
    // A gradient of one half at least: 200 (0.8 + 0.2 * 0.5) + 0.8 after the first.
    let mut limit = Gradient::new(1, 200, 1.5);
    (0..500).for_each(|_| limit.learn(sample(10, 200)));
    limit.learn(sample(100, 200));
    assert_eq!(limit.limit(), 180);
}

#[test]
fn vegas_counts_those_that_must_be_queueing() {
    let mut draws = Stream::named(1, 0, "vegas", "probe");
    let mut limit = Vegas::new(1, 1_000);
    limit.learn(sample(10, 20), &mut draws);
    assert_eq!(limit.limit(), 20, "the first only tells the shortest time");
    limit.learn(sample(10, 20), &mut draws);
    assert_eq!(limit.limit(), 26, "nobody queues: six steps of one");
    limit.learn(sample(11, 26), &mut draws);
    assert_eq!(limit.limit(), 26, "three of 26 queue: as it should be");
    limit.learn(sample(14, 26), &mut draws);
    assert_eq!(limit.limit(), 25, "eight queue");
    limit.learn(sample(14, 5), &mut draws);
    assert_eq!(limit.limit(), 25, "less than half of it is used");
    limit.learn(Sample { dropped: true, ..sample(14, 5) }, &mut draws);
    assert_eq!(limit.limit(), 24);
}

#[test]
fn a_limit_lets_in_who_waits_when_it_has_grown() {
    let queue = Queue { max: 2, discipline: Discipline::Lifo, patience: Some(constant(25.0)) };
    let aimd = Adaptive::Aimd(Aimd::new(1, 1, ms(100)));
    let driven = asked(&[0, 1, 2, 3], |world| ConcurrencyLimit::new(world, aimd, queue));
    let expected = [
        "0 called 0",
        "3 answer 3 rejected",
        "10 called 1",
        "10 answer 0 ok",
        "20 called 2",
        "20 answer 2 ok",
        "30 answer 1 ok",
    ];
    assert_eq!((driven.log.as_slice(), driven.in_flight), (expected.map(String::from).as_slice(), 0));
    let queue = Queue { max: 9, discipline: Discipline::Fifo, patience: Some(constant(5.0)) };
    let driven = asked(&[0, 1], |world| ConcurrencyLimit::new(world, Adaptive::Fixed(1), queue));
    assert_eq!(driven.log, ["0 called 0", "6 answer 1 shed", "10 answer 0 ok"]);
    assert_eq!(driven.in_flight, 0);
    let driven = asked(&[0, 1], |world| ConcurrencyLimit::new(world, Adaptive::Fixed(2), Queue::none()));
    assert_eq!(driven.log, ["0 called 0", "1 called 1", "10 answer 0 ok", "11 answer 1 ok"]);
}

#[test]
fn codel_drops_after_a_window_above_target_and_then_more_often() {
    let mut codel = CoDel::new(ms(5), ms(100));
    // A call a millisecond, each of which waited 20 ms, of a long queue.
    let mut drops = Vec::new();
    for now in 1..500 {
        while codel.drops(at(now), ms(20), 50) {
            drops.push(now);
        }
    }
    // 101, then 100 / sqrt(1), 100 / sqrt(2), … after the one before.
    assert_eq!(drops[..6], [101, 201, 272, 330, 380, 425]);
    // One that waited less ends it.
    assert!(!codel.drops(at(500), ms(4), 50));
    assert!(!codel.drops(at(501), ms(20), 50));
    assert!((502..=600).all(|now| !codel.drops(at(now), ms(20), 50)));
    // It begins again soon, at the pace it had reached.
    assert!(codel.drops(at(601), ms(20), 50));
    assert!(!codel.drops(at(601), ms(20), 50));
    assert_eq!((602..700).find(|now| codel.drops(at(*now), ms(20), 50)), Some(642), "100 / sqrt(6) later");
    // A short queue is no reason to drop.
    let mut codel = CoDel::new(ms(5), ms(100));
    assert!((1..500).all(|now| !codel.drops(at(now), ms(20), 1)));
}

#[test]
fn a_standing_queue_gets_the_short_patience_and_the_newest_goes_first() {
    let delay = ControlledDelay::new(ms(15), ms(100));
    let controller = Controller::AdaptiveLifo(delay.clone());
    assert_eq!((delay.patience(at(100)), delay.patience(at(101))), (ms(100), ms(15)));
    // Served one each 10 ms; asked for one each 5 ms.
    let times: Vec<u64> = (0..60).map(|call| call * 5).collect();
    let driven = asked(&times, |world| QueueShed::new(world, 1, controller));
    assert_eq!(driven.in_flight, 0);
    let ok = driven.log.iter().filter(|line| line.ends_with(" ok")).count();
    let shed = driven.log.iter().filter(|line| line.ends_with(" shed")).count();
    assert!((30..=34).contains(&ok), "the server is never idle: {ok}");
    assert_eq!(ok + shed, 60);
    // Late in the run those who are served have hardly waited.
    let (last, answered) = driven
        .log
        .iter()
        .filter(|line| line.ends_with(" ok"))
        .filter_map(|line| {
            let mut words = line.split(' ');
            let at: u64 = words.next()?.parse().ok()?;
            Some((words.nth(1)?.parse::<u64>().ok()?, at))
        })
        .filter(|(call, _)| *call > 40)
        .map(|(call, at)| (call, at - call * 5))
        .max_by_key(|(_, took)| *took)
        .unwrap();
    assert!(answered <= 25, "call {last} took {answered} ms");
}

#[test]
fn codel_holds_calls_in_a_queue_of_its_own() {
    let controller = Controller::CoDel(CoDel::new(ms(5), ms(100)));
    let driven = asked(&[0, 1, 2], |world| QueueShed::new(world, 1, controller.clone()));
    assert_eq!(
        driven.log,
        ["0 called 0", "10 called 1", "10 answer 0 ok", "20 called 2", "20 answer 1 ok", "30 answer 2 ok"]
    );
    assert_eq!(driven.in_flight, 0);
    let times: Vec<u64> = (0..600).map(|call| call * 7).collect();
    let driven = asked(&times, |world| QueueShed::new(world, 1, controller));
    let shed = driven.log.iter().filter(|line| line.ends_with(" shed")).count();
    assert!((40..200).contains(&shed), "{shed} of 600, of which 180 are too many");
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn calls_are_shed_while_so_many_are_inside() {
    let driven = asked(&[0, 1, 2, 12], |world| Shed::new(world, When::LongerThan(2)));
    let ends: Vec<&str> = driven.log.iter().filter(|l| l.contains("answer")).map(|l| &**l).collect();
    assert_eq!(ends, ["2 answer 2 shed", "10 answer 0 ok", "11 answer 1 ok", "22 answer 3 ok"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn the_last_places_are_for_the_urgent() {
    let of = |at, priority| Asks::at(ms(at)).with(Attributes { priority, ..Attributes::default() });
    let when = When::ByPriority { max: 4, reserved: 0.25 };
    let asks = [of(0, 2), of(1, 2), of(2, 2), of(3, 1), of(4, 1), of(5, 0), of(6, 0), of(7, 9)];
    let driven = drive(&asks, &[(ms(50), Status::Ok)], |world| Shed::new(world, when));
    let shed: Vec<&str> = driven.log.iter().filter(|l| l.ends_with("shed")).map(|l| &**l).collect();
    // Two of priority 2, one of 1 and one of 0 are inside.
    assert_eq!(shed, ["2 answer 2 shed", "4 answer 4 shed", "6 answer 6 shed", "7 answer 7 shed"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_cancelled_call_leaves_the_shed() {
    let asks = [Asks::at(ms(0)).giving_up(ms(2)), Asks::at(ms(1)), Asks::at(ms(3))];
    let driven = drive(&asks, &[(ms(10), Status::Ok)], |world| Shed::new(world, When::LongerThan(1)));
    let ends: Vec<&str> = driven.log.iter().filter(|l| l.contains("answer")).map(|l| &**l).collect();
    assert_eq!(ends, ["1 answer 1 shed", "2 answer 0 timeout", "13 answer 2 ok"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn the_chance_of_refusal_is_that_of_the_book() {
    for (requests, accepts, factor, known) in
        [(100, 40, 2.0, 0.198_019_802), (1_000, 100, 1.5, 0.849_150_849_2), (50, 50, 2.0, 0.0)]
    {
        let mut acceptance = Acceptance::new(factor, SimDuration::from_secs(120));
        (0..requests).for_each(|_| acceptance.asked(at(10)));
        (0..accepts).for_each(|_| acceptance.accepted(at(20)));
        assert!((acceptance.refusal_chance(at(30)) - known).abs() < 1e-9);
        // Two minutes later all is forgotten, in one go or step by step.
        assert_eq!(acceptance.clone().refusal_chance(at(500_000)), 0.0);
        for second in 0..130 {
            acceptance.refusal_chance(at(second * 1_000));
        }
        assert_eq!(acceptance, {
            let mut fresh = Acceptance::new(factor, SimDuration::from_secs(120));
            fresh.refusal_chance(at(129_000));
            fresh
        });
    }
}

#[test]
fn a_throttle_lets_the_backend_see_twice_what_it_accepts() {
    let mut sim = Simulation::new(1);
    let world = sim.serve("world", Delay::new(constant(0.0)));
    let limit = crate::limits::Limit::TokenBucket(crate::limits::TokenBucket::new(100.0, 10));
    let limiter = crate::limits::Limiter::new(limit, crate::limits::Per::All, 1);
    let backend = sim.serve("backend", crate::limits::RateLimit::local(world, limiter));
    let throttle =
        sim.serve("throttle", Throttle::new(backend, Acceptance::new(2.0, SimDuration::from_secs(10))));
    let rate = RateProfile::constant(300.0).unwrap();
    let arrivals = ArrivalProcess::new(Arrivals::Constant, Some(rate)).unwrap();
    sim.add("client", OpenClient::new(throttle, arrivals, Classes::default_class()));
    sim.run_until(SimTime::from_secs(100)).unwrap();
    let sent = sim.count(throttle.id(), "sent").unwrap();
    assert!((19_000..=21_500).contains(&sent), "{sent}");
    assert_eq!(sim.in_flight(), 0);
}

fn same_key() -> Key {
    Key::Own { space: 1, keys: KeyPopularity::even(1).unwrap() }
}

#[test]
fn those_who_want_the_same_share_one_call() {
    let driven = asked(&[0, 3, 9, 20], |world| SingleFlight::new(world, same_key()));
    let expected =
        ["0 called 0", "10 answer 0 ok", "10 answer 1 ok", "10 answer 2 ok", "20 called 1", "30 answer 3 ok"];
    assert_eq!((driven.log.as_slice(), driven.in_flight), (expected.map(String::from).as_slice(), 0));
}

#[test]
fn the_flight_goes_on_for_the_others_and_ends_with_the_last() {
    let asks = [Asks::at(ms(0)).giving_up(ms(2)), Asks::at(ms(1))];
    let driven = drive(&asks, &[(ms(10), Status::Ok)], |world| SingleFlight::new(world, same_key()));
    assert_eq!(driven.log, ["0 called 0", "2 answer 0 timeout", "10 answer 1 ok"]);
    assert_eq!(driven.in_flight, 0);
    let asks = [Asks::at(ms(0)).giving_up(ms(2)), Asks::at(ms(1)).giving_up(ms(2)), Asks::at(ms(5))];
    let driven = drive(&asks, &[(ms(10), Status::Ok)], |world| SingleFlight::new(world, same_key()));
    let mut log = driven.log.clone();
    log.sort_by_key(|line| line.split(' ').next().and_then(|at| at.parse::<u64>().ok()));
    assert_eq!(
        log,
        [
            "0 called 0",
            "2 answer 0 timeout",
            "3 cancelled 0",
            "3 answer 1 timeout",
            "5 called 1",
            "15 answer 2 ok"
        ]
    );
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn other_keys_are_other_calls() {
    let keys = Key::Own { space: 1, keys: KeyPopularity::even(1_000_000).unwrap() };
    let asks: Vec<Asks> =
        (0..50).map(|call| Asks::at(ms(call)).with(Attributes::of(call * 977 + 1))).collect();
    let driven = drive(&asks, &[(ms(100), Status::Ok)], |world| SingleFlight::new(world, keys));
    assert_eq!(driven.log.iter().filter(|line| line.contains("called")).count(), 50);
    assert_eq!(driven.in_flight, 0);
}

fn options(max: u64) -> PoolOptions {
    PoolOptions { min: 0, max, wait: ms(30), connect: constant(4.0), idle: None, reuse: Reuse::Lifo }
}

#[test]
fn a_pool_connects_when_it_must_and_keeps_what_it_has() {
    let driven = asked(&[0, 1, 2, 50], |world| ConnectionPool::new(world, options(2)));
    let expected = [
        "4 called 0",
        "5 called 1",
        "14 called 2",
        "14 answer 0 ok",
        "15 answer 1 ok",
        "24 answer 2 ok",
        "50 called 3",
        "60 answer 3 ok",
    ];
    assert_eq!((driven.log.as_slice(), driven.in_flight), (expected.map(String::from).as_slice(), 0));
}

#[test]
fn who_waits_too_long_for_a_connection_is_rejected() {
    let driven = asked(&[0, 1, 2, 3, 4], |world| ConnectionPool::new(world, options(1)));
    let rejected: Vec<&str> = driven.log.iter().filter(|l| l.ends_with("rejected")).map(|l| &**l).collect();
    assert_eq!(rejected, ["33 answer 3 rejected", "34 answer 4 rejected"]);
    assert_eq!(driven.in_flight, 0);
    let none = PoolOptions { wait: SimDuration::ZERO, ..options(1) };
    let driven = asked(&[0, 1], |world| ConnectionPool::new(world, none));
    assert_eq!(driven.log, ["1 answer 1 rejected", "4 called 0", "14 answer 0 ok"]);
}

#[test]
fn a_cancelled_call_gives_its_connection_back() {
    let asks = [Asks::at(ms(0)).giving_up(ms(6)), Asks::at(ms(1)).giving_up(ms(2)), Asks::at(ms(2))];
    let driven = drive(&asks, &[(ms(10), Status::Ok)], |world| ConnectionPool::new(world, options(1)));
    let ends: Vec<&str> = driven.log.iter().filter(|l| l.contains("answer")).map(|l| &**l).collect();
    assert_eq!(ends, ["3 answer 1 timeout", "6 answer 0 timeout", "16 answer 2 ok"]);
    assert_eq!(driven.in_flight, 0);
}

/// Two connections of 4 ms each, opened at 0 ms and 1 ms while a third call waits; the server crashes at 2 ms and is back at
/// 10 ms. Meanwhile nobody waits for one, and a new one of 11 ms is there at 15 ms.
#[test]
fn a_connection_that_is_being_opened_breaks_with_its_server() {
    let mut sim = Simulation::new(1);
    let world = sim.serve("world", Delay::new(constant(5.0)));
    let pool = sim.serve("pool", ConnectionPool::new(world, options(2)).ends_at(world.id()));
    let records: Vec<Record> =
        [0, 1, 1, 5, 11].into_iter().map(|at| Record { at: ms(at), ..Record::default() }).collect();
    let client = TraceClient::new(pool, records, 1.0, false, Classes::default_class()).unwrap();
    let client = sim.add("client", client);
    sim.inject(at(2), world.id(), Fault::Crash { refuse: Status::Unavailable });
    sim.inject(at(10), world.id(), Fault::Restart);
    let mut log = Vec::new();
    let mut before = [0; 2];
    for now in 0..40 {
        sim.run_until(at(now)).unwrap();
        for (name, known) in ["unavailable", "ok"].iter().zip(&mut before) {
            let count = sim.count(client, &format!("ended:default:{name}")).unwrap_or(0);
            (*known..count).for_each(|_| log.push(format!("{now} {name}")));
            *known = count;
        }
    }
    assert_eq!(log, ["2 unavailable", "2 unavailable", "2 unavailable", "5 unavailable", "20 ok"]);
    let of = |name| sim.count(pool.id(), name).unwrap();
    assert_eq!((of("connects"), of("broken"), sim.level(pool.id(), "open").unwrap().value()), (3, 2, 1.0));
    assert_eq!(sim.level(pool.id(), "waiting").unwrap().value(), 0.0);
    assert_eq!(sim.in_flight(), 0);
}

/// One that went without a word is another when it is back: what was begun before is no connection to that.
#[test]
fn a_connection_to_one_that_was_gone_meanwhile_is_none() {
    let mut sim = Simulation::new(1);
    let world = sim.serve("world", Delay::new(constant(5.0)));
    let pool = sim.serve("pool", ConnectionPool::new(world, options(2)).ends_at(world.id()));
    let records = vec![Record { at: ms(0), ..Record::default() }];
    let client =
        sim.add("client", TraceClient::new(pool, records, 1.0, false, Classes::default_class()).unwrap());
    sim.inject(at(1), world.id(), Fault::Crash { refuse: Status::Lost });
    sim.inject(at(3), world.id(), Fault::Restart);
    sim.run_until(at(4)).unwrap();
    assert_eq!(sim.count(client, "ended:default:unavailable"), Some(1));
    assert_eq!(
        (sim.count(pool.id(), "broken"), sim.level(pool.id(), "open").unwrap().value()),
        (Some(1), 0.0)
    );
}

/// Four at once, then one at a time each 10 ms, for 5 ms. Returns how many connections were opened and closed.
fn closed_by(reuse: Reuse, idle: u64) -> (u64, u64) {
    let mut sim = Simulation::new(1);
    let world = sim.serve("world", Delay::new(constant(5.0)));
    let pool = PoolOptions { idle: Some(ms(idle)), reuse, connect: constant(0.0), ..options(4) };
    let pool = sim.serve("pool", ConnectionPool::new(world, pool));
    let mut times = vec![0, 0, 0, 0];
    times.extend((1..100).map(|call| call * 10));
    let records: Vec<Record> =
        times.into_iter().map(|at| Record { at: ms(at), ..Record::default() }).collect();
    let client = TraceClient::new(pool, records, 1.0, false, Classes::default_class()).unwrap();
    sim.add("client", client);
    sim.run_until(at(995)).unwrap();
    (sim.count(pool.id(), "connects").unwrap(), sim.count(pool.id(), "closed").unwrap())
}

#[test]
fn last_given_back_first_taken_leaves_the_others_idle() {
    assert_eq!(closed_by(Reuse::Lifo, 100), (4, 3));
    assert_eq!(closed_by(Reuse::Fifo, 100), (4, 0), "each is used once in 40 ms");
    assert_eq!(closed_by(Reuse::Fifo, 20), (4, 2), "two are enough for each to be used within 20 ms");
}

#[test]
fn the_least_are_opened_at_the_start_and_never_closed() {
    let mut sim = Simulation::new(1);
    let world = sim.serve("world", Delay::new(constant(5.0)));
    let pool = PoolOptions { min: 3, idle: Some(ms(10)), ..options(5) };
    let pool = sim.serve("pool", ConnectionPool::new(world, pool));
    sim.run_until(at(1_000)).unwrap();
    assert_eq!((sim.count(pool.id(), "connects"), sim.count(pool.id(), "closed")), (Some(3), Some(0)));
}
