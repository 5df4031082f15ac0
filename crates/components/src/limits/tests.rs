use kneepoint_calls::rig::{Asks, drive};
use kneepoint_calls::{Attributes, ComponentId, Simulation, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

use super::*;
use crate::client::{Classes, Record, TraceClient};
use crate::delay::Delay;

fn ms(span: u64) -> SimDuration {
    SimDuration::from_millis(span)
}

fn at(seconds: f64) -> SimTime {
    SimTime::from_nanos((seconds * 1e9).round() as u64)
}

fn passed(times: &[f64], mut limit: Limit) -> Vec<bool> {
    times.iter().map(|t| limit.decide(at(*t)).admits()).collect()
}

fn window(limit: u64, seconds: u64) -> Limit {
    Limit::FixedWindow(FixedWindow::new(limit, SimDuration::from_secs(seconds)))
}

#[test]
fn a_hundred_on_each_side_of_a_full_minute_pass_a_fixed_window_and_no_other() {
    let times: Vec<f64> = [59.5; 100].into_iter().chain([60.5; 100]).collect();
    let all = |limit| passed(&times, limit).into_iter().filter(|admitted| *admitted).count();
    let minute = SimDuration::from_secs(60);
    assert_eq!(all(window(100, 60)), 200);
    assert_eq!(all(Limit::SlidingLog(SlidingLog::new(100, minute))), 100);
    assert_eq!(all(Limit::SlidingCounter(SlidingCounter::new(100, minute, Counted::Admitted))), 100);
    assert_eq!(all(Limit::SlidingCounter(SlidingCounter::new(100, minute, Counted::All))), 100);
}

#[test]
fn a_sliding_log_never_lets_more_than_its_limit_into_any_window() {
    for seed in 1..20 {
        let mut draws = Stream::named(seed, 0, "arrivals", "gaps");
        let mut limit = SlidingLog::new(100, SimDuration::from_secs(60));
        let (mut now, mut admitted) = (0.0, Vec::new());
        for _ in 0..5_000 {
            // Bursts and pauses.
            now += draws.exponential() * if draws.chance(0.02) { 40.0 } else { 0.05 };
            if limit.decide(at(now)).admits() {
                admitted.push(at(now).as_nanos());
            }
        }
        assert!(admitted.len() > 200, "seed {seed}: the test would show nothing");
        for pair in admitted.windows(101) {
            assert!(pair[100] - pair[0] >= 60_000_000_000, "seed {seed}: {} ns", pair[100] - pair[0]);
        }
    }
}

#[test]
fn who_keeps_knocking_at_a_counter_that_counts_refusals_stays_outside() {
    let mut all = SlidingCounter::new(100, SimDuration::from_secs(10), Counted::All);
    let mut admitted = SlidingCounter::new(100, SimDuration::from_secs(10), Counted::Admitted);
    let (mut by_all, mut by_admitted) = (Vec::new(), Vec::new());
    for call in 0..2_000 {
        let now = at(f64::from(call) * 0.05);
        by_all.push(all.decide(now).admits());
        by_admitted.push(admitted.decide(now).admits());
    }
    assert_eq!(by_all.iter().filter(|admits| **admits).count(), 100);
    assert!(by_all[..100].iter().all(|admits| *admits));
    let passing = by_admitted.iter().filter(|admits| **admits).count();
    assert!((950..=1_050).contains(&passing), "about ten a second: {passing}");
    // After two periods of silence all is forgotten.
    assert!(all.decide(at(130.0)).admits());
}

#[test]
fn where_calls_of_a_millisecond_are_one_member_of_a_set_they_count_once() {
    let log = SlidingLog::new(100, SimDuration::from_secs(60));
    let admitted = |mut log: SlidingLog| {
        (0..500).filter(|call| log.decide(SimTime::from_nanos(call * 20_000)).admits()).count()
    };
    assert_eq!(admitted(log.clone()), 100);
    assert_eq!(admitted(log.merging(ms(1))), 500, "500 in 10 ms are 10 members");
}

#[test]
fn a_token_bucket_admits_its_burst_and_then_its_rate() {
    let mut bucket = TokenBucket::new(100.0 / 60.0, 100);
    let mut first_minute = 0;
    let mut hour = 0;
    for call in 0..36_000 {
        if bucket.decide(at(f64::from(call) * 0.1)).admits() {
            hour += 1;
            first_minute += u32::from(call <= 600);
        }
    }
    assert!((199..=200).contains(&first_minute), "{first_minute}");
    assert!((6_095..=6_100).contains(&hour), "a burst of 100 and 100 a minute: {hour}");
}

#[test]
fn after_the_time_to_come_back_a_call_passes_and_not_before() {
    let second = SimDuration::from_secs(1);
    let limits = [
        window(3, 1),
        Limit::SlidingLog(SlidingLog::new(3, second)),
        Limit::SlidingCounter(SlidingCounter::new(3, second, Counted::Admitted)),
        Limit::LeakyBucket(LeakyBucket::new(3.0, 2, 2)),
        Limit::TokenBucket(TokenBucket::new(3.0, 3)),
        Limit::Gcra(Gcra::new(3.0, 2)),
    ];
    for mut limit in limits {
        let mut refused = 0;
        for step in 0..40_u32 {
            let now = at(0.013 + f64::from(step) * 0.07);
            if let Decision::Refuse(Some(after)) = limit.decide(now) {
                refused += 1;
                assert!(limit.clone().decide(now + after).admits(), "{limit:?} at {now}: {after}");
                let early = SimDuration::from_nanos(after.as_nanos().saturating_sub(1_500_000));
                if !early.is_zero() {
                    assert!(!limit.clone().decide(now + early).admits(), "{limit:?} at {now}: {after}");
                }
            }
        }
        assert!(refused > 5, "{limit:?}");
    }
}

#[test]
fn where_nothing_may_pass_there_is_no_time_to_come_back() {
    let second = SimDuration::from_secs(1);
    assert_eq!(FixedWindow::new(0, second).decide(at(0.0)), Decision::Refuse(None));
    assert_eq!(SlidingLog::new(0, second).decide(at(0.0)), Decision::Refuse(None));
    assert_eq!(SlidingCounter::new(0, second, Counted::All).decide(at(0.0)), Decision::Refuse(None));
    assert_eq!(TokenBucket::new(1.0, 0).decide(at(0.0)), Decision::Refuse(None));
    assert_eq!(Gcra::new(1.0, 4).take(at(0.0), 6), Decision::Refuse(None));
}

#[test]
fn decisions_travel_in_an_answer() {
    let spans = [ms(0), ms(1), ms(1_200), SimDuration::from_secs(86_400)];
    let mut decisions = vec![Decision::Admit, Decision::Refuse(None)];
    decisions
        .extend(spans[1..].iter().flat_map(|span| [Decision::Delay(*span), Decision::Refuse(Some(*span))]));
    for decision in decisions {
        assert_eq!(Decision::unpack(decision.pack()), decision);
    }
    let odd = Decision::Refuse(Some(SimDuration::from_nanos(1_000_001)));
    assert_eq!((odd.retry_after_ms(), Decision::unpack(odd.pack())), (2, Decision::Refuse(Some(ms(2)))));
}

fn from(user: u32, address: u32, class: u8) -> Attributes {
    Attributes { user, address, class, ..Attributes::default() }
}

#[test]
fn two_users_behind_one_address_are_coupled_by_a_limit_per_address() {
    let coupled = |per| {
        let mut limiter = Limiter::new(window(2, 1), per, 100);
        [from(1, 9, 0), from(2, 9, 0), from(1, 9, 0), from(2, 9, 0)]
            .map(|of| limiter.decide(&of, at(0.0)).admits())
    };
    assert_eq!(coupled(Per::User), [true; 4]);
    assert_eq!(coupled(Per::Ip), [true, true, false, false]);
    assert_eq!(coupled(Per::All), [true, true, false, false]);
}

#[test]
fn a_class_with_a_tier_is_counted_apart() {
    let mut limiter = Limiter::new(window(1, 1), Per::User, 100).with_tier(3, window(2, 1));
    let mut decide = |class| limiter.decide(&from(7, 7, class), at(0.0)).admits();
    assert_eq!(
        [decide(0), decide(0), decide(3), decide(3), decide(3), decide(1)],
        [true, false, true, true, false, false]
    );
    // Users 10 to 19 share a tier, each with a count of his own; the tier of a class comes before it.
    let mut limiter = Limiter::new(window(1, 1), Per::User, 100).with_tier(3, window(3, 1));
    limiter = limiter.with_tier_of_users(10..20, window(2, 1));
    let mut admitted =
        |user, class| (0..5).filter(|_| limiter.decide(&from(user, 0, class), at(0.0)).admits()).count();
    assert_eq!([admitted(9, 0), admitted(10, 0), admitted(19, 0), admitted(20, 0)], [1, 2, 2, 1]);
    assert_eq!(admitted(11, 3), 3);
    let mut limiter = Limiter::new(window(1, 1), Per::Class, 1);
    let mut decide = |class| limiter.decide(&from(7, 7, class), at(0.0)).admits();
    assert_eq!([decide(0), decide(1), decide(0), decide(1)], [true, true, false, false]);
}

#[test]
fn more_keys_than_there_is_room_for_let_some_through() {
    let admitted = |size| {
        let mut limiter = Limiter::new(window(1, 100), Per::Ip, size);
        let calls = (0..2_000u32).map(|call| from(0, call % 200, 0));
        let admitted = calls.filter(|of| limiter.decide(of, at(1.0)).admits()).count();
        (admitted, limiter.take_dropped())
    };
    assert_eq!(admitted(200), (200, 0));
    // In turn, each is forgotten just before it comes back.
    assert_eq!(admitted(199), (2_000, 1_801));
}

fn asks(times: &[u64]) -> Vec<Asks> {
    times.iter().map(|t| Asks::at(ms(*t))).collect()
}

#[test]
fn who_is_over_the_limit_is_answered_at_once() {
    let driven = drive(&asks(&[0, 1, 2, 100]), &[(ms(10), Status::Ok)], |world| {
        RateLimit::local(world, Limiter::new(Limit::TokenBucket(TokenBucket::new(10.0, 2)), Per::All, 1))
    });
    let expected = [
        "0 called 0",
        "1 called 1",
        "2 answer 2 limited",
        "10 answer 0 ok",
        "11 answer 1 ok",
        "100 called 2",
        "110 answer 3 ok",
    ];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_leaky_bucket_holds_calls_and_one_that_is_cancelled_is_not_passed_on() {
    let mut asks = asks(&[0, 0, 0, 0]);
    asks[1] = asks[1].giving_up(ms(50));
    let driven = drive(&asks, &[(ms(1), Status::Ok)], |world| {
        RateLimit::local(world, Limiter::new(Limit::LeakyBucket(LeakyBucket::new(10.0, 2, 0)), Per::All, 1))
    });
    let expected = [
        "0 called 0",
        "0 answer 3 limited",
        "1 answer 0 ok",
        "50 answer 1 timeout",
        "200 called 1",
        "201 answer 2 ok",
    ];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_call_that_has_passed_is_cancelled_behind_the_limit() {
    let driven = drive(&[Asks::at(ms(0)).giving_up(ms(5))], &[(SimDuration::MAX, Status::Ok)], |world| {
        RateLimit::local(world, Limiter::new(window(1, 1), Per::All, 1))
    });
    assert_eq!(driven.log, ["0 called 0", "5 cancelled 0", "5 answer 0 timeout"]);
    assert_eq!(driven.in_flight, 0);
}

/// Two gateways before one backend, each asked once a millisecond; what became of the calls of each.
fn gateways(limit_of: impl Fn(&mut Simulation) -> Vec<RateLimit>) -> (Simulation, Vec<ComponentId>) {
    let mut sim = Simulation::new(1);
    let limits = limit_of(&mut sim);
    let mut clients = Vec::new();
    for (number, limit) in limits.into_iter().enumerate() {
        let gateway = sim.serve(&format!("gateway/{number}"), limit);
        let records = (0..50).map(|call| Record { at: ms(call), ..Record::default() });
        let client =
            TraceClient::new(gateway, records.collect::<Vec<_>>(), 1.0, false, Classes::default_class());
        clients.push(sim.add(&format!("client/{number}"), client.unwrap()));
    }
    (sim, clients)
}

fn constant(millis: f64) -> Distribution {
    Distribution::constant(millis * 1e6).unwrap()
}

fn count(sim: &Simulation, clients: &[ComponentId], status: &str) -> u64 {
    clients.iter().map(|client| sim.count(*client, &format!("ended:default:{status}")).unwrap()).sum()
}

fn ten() -> Limiter {
    Limiter::new(window(10, 100), Per::All, 1)
}

#[test]
fn local_counts_admit_the_limit_at_each_gateway_and_shared_ones_once() {
    let (mut sim, clients) = gateways(|sim| {
        let backend = sim.serve("backend", Delay::new(constant(5.0)));
        (0..5).map(|_| RateLimit::local(backend, ten())).collect()
    });
    sim.run_until(SimTime::from_secs(1)).unwrap();
    assert_eq!((count(&sim, &clients, "ok"), count(&sim, &clients, "limited")), (50, 200));
    assert_eq!(sim.in_flight(), 0);
    let (mut sim, clients) = gateways(|sim| {
        let backend = sim.serve("backend", Delay::new(constant(5.0)));
        let store = sim.serve("store", Delay::new(constant(2.0)));
        let shared = sim.serve("store counts", SharedLimit::new(ten()));
        (0..5).map(|_| RateLimit::shared(backend, (store, 0), shared, OnStoreError::Admit)).collect()
    });
    sim.run_until(SimTime::from_secs(1)).unwrap();
    assert_eq!((count(&sim, &clients, "ok"), count(&sim, &clients, "limited")), (10, 240));
    // The store's latency is part of each request's.
    let latency = sim.samples(clients[0], "latency:default").unwrap();
    assert_eq!((latency.sum() as u64, latency.count()), (2 * 7_000_000, 2));
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_store_that_is_down_lets_all_through_or_none() {
    for (on_error, expected) in [(OnStoreError::Admit, (50, 0)), (OnStoreError::Refuse, (0, 50))] {
        let (mut sim, clients) = gateways(|sim| {
            let backend = sim.serve("backend", Delay::new(constant(5.0)));
            // Nothing of it may pass: it answers so, as a store that is down does.
            let none = Limiter::new(window(0, 1), Per::All, 1);
            let store = sim.serve("store", RateLimit::local(backend, none));
            let shared = sim.serve("store counts", SharedLimit::new(ten()));
            vec![RateLimit::shared(backend, (store, 0), shared, on_error)]
        });
        sim.run_until(SimTime::from_secs(1)).unwrap();
        assert_eq!((count(&sim, &clients, "ok"), count(&sim, &clients, "limited")), expected);
        assert_eq!(sim.in_flight(), 0);
    }
}

#[test]
fn who_gives_up_while_the_store_is_asked_is_not_counted() {
    let mut sim = Simulation::new(1);
    let backend = sim.serve("backend", Delay::new(constant(5.0)));
    let store = sim.serve("store", Delay::new(constant(2.0)));
    let limiter = Limiter::new(window(1, 100), Per::All, 1);
    let shared = sim.serve("store counts", SharedLimit::new(limiter));
    let gateway = sim.serve("gateway", RateLimit::shared(backend, (store, 0), shared, OnStoreError::Refuse));
    let client = |sim: &mut Simulation, name: &str, millis, edge: crate::Edge| {
        let records = vec![Record { at: ms(millis), ..Record::default() }];
        let client = TraceClient::new(edge, records, 1.0, false, Classes::default_class());
        sim.add(name, client.unwrap())
    };
    let hasty = client(&mut sim, "hasty", 0, crate::Edge::to(gateway).within(ms(1), true));
    let patient = client(&mut sim, "patient", 10, crate::Edge::to(gateway));
    sim.run_until(SimTime::from_secs(1)).unwrap();
    assert_eq!(count(&sim, &[hasty], "timeout"), 1);
    assert_eq!(count(&sim, &[patient], "ok"), 1);
    assert_eq!(sim.in_flight(), 0);
}
