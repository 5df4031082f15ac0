//! The decisions by themselves.

use kneepoint_random::Stream;

use super::*;
use crate::resilience::{Backoff, Budget, Jitter, Waits};

#[test]
fn waits_grow_up_to_their_cap() {
    let waits =
        |backoff: Backoff| -> Vec<u64> { (1..=5).map(|n| backoff.wait(n).as_nanos() / 1_000_000).collect() };
    assert_eq!(waits(Backoff::AtOnce), [0; 5]);
    assert_eq!(waits(Backoff::Fixed(ms(7))), [7; 5]);
    assert_eq!(waits(Backoff::Linear { base: ms(10), cap: ms(35) }), [10, 20, 30, 35, 35]);
    assert_eq!(
        waits(Backoff::Exponential { base: ms(10), factor: 3.0, cap: ms(500) }),
        [10, 30, 90, 270, 500]
    );
    let long = Backoff::Exponential { base: ms(1), factor: 2.0, cap: ms(20_000) };
    assert_eq!(long.wait(u32::MAX), ms(20_000));
}

#[test]
fn jitter_stays_within_its_bounds() {
    let backoff = Backoff::Exponential { base: ms(100), factor: 2.0, cap: ms(1_000) };
    let mut chance = Stream::from_key(7);
    for (jitter, low, high, mean) in [
        (Jitter::Full, 0.0, 400.0, 200.0),
        (Jitter::Equal, 200.0, 400.0, 300.0),
        (Jitter::None, 400.0, 400.0, 400.0),
    ] {
        let waits = Waits::Planned { backoff, jitter };
        let draws: Vec<f64> =
            (0..20_000).map(|_| waits.wait(3, ms(200), &mut chance).as_secs_f64() * 1e3).collect();
        assert!(draws.iter().all(|wait| (low..=high).contains(wait)), "{jitter:?}");
        let seen = draws.iter().sum::<f64>() / draws.len() as f64;
        assert!((seen - mean).abs() < 3.0, "{jitter:?}: {seen}");
    }
    // Between the base and three times the last one, whatever the number of the retry; capped.
    let waits = Waits::Planned { backoff, jitter: Jitter::Decorrelated };
    for (last, low, high) in [(0, 100.0, 300.0), (200, 100.0, 600.0), (900, 100.0, 1_000.0)] {
        let draws: Vec<f64> =
            (0..2_000).map(|_| waits.wait(1, ms(last), &mut chance).as_secs_f64() * 1e3).collect();
        assert!(draws.iter().all(|wait| (low..=high).contains(wait)));
        assert!(draws.iter().copied().fold(0.0, f64::max) > high * 0.99);
    }
}

#[test]
fn a_ratio_lets_a_share_pass_and_a_burst_before() {
    let mut budget = Budget::ratio(0.1, 3.0, 0.0);
    let passed = |budget: &mut Budget, calls: usize| {
        (0..calls)
            .filter(|_| {
                budget.first();
                budget.take(SimTime::ZERO)
            })
            .count()
    };
    assert_eq!(passed(&mut budget, 3), 3);
    assert_eq!(passed(&mut budget, 1_000), 100);
    // Calls that succeed save up, but no more than the burst.
    (0..1_000).for_each(|_| budget.first());
    assert_eq!(budget.left(), 3.0);
}

#[test]
fn a_ratio_may_grant_some_each_second() {
    let mut budget = Budget::ratio(0.0, 10.0, 2.0);
    let taken = |budget: &mut Budget, now| (0..20).filter(|_| budget.take(now)).count();
    assert_eq!(taken(&mut budget, at(0.0)), 10);
    assert_eq!(taken(&mut budget, at(2.0)), 4);
    assert_eq!(taken(&mut budget, at(2.0)), 0);
}

#[test]
fn tokens_are_spent_on_retries_and_come_back_with_successes() {
    let mut budget = Budget::tokens(1.0, 12.0, 5.0);
    assert!(budget.take(SimTime::ZERO));
    assert!(budget.take(SimTime::ZERO));
    assert!(!budget.take(SimTime::ZERO), "2 of 5 are left");
    (0..3).for_each(|_| budget.success());
    assert!(budget.take(SimTime::ZERO));
    assert_eq!(budget.left(), 0.0);
}

#[test]
fn grpc_retries_while_more_than_half_is_left() {
    let mut budget = Budget::half_full(0.1, 10.0);
    for (left, may) in [(9.0, true), (8.0, true), (7.0, true), (6.0, true), (5.0, false), (4.0, false)] {
        budget.failure();
        assert_eq!((budget.left(), budget.take(SimTime::ZERO)), (left, may));
    }
    (0..11).for_each(|_| budget.success());
    assert!(budget.take(SimTime::ZERO), "5.1 of 10");
}
