//! Working slowly for a while.

use kneepoint_calls::Fault;
use kneepoint_calls::Status::{self, Ok};
use kneepoint_random::Distribution;

use super::super::{Machine, Parallel, Service, compute, delay};
use super::{MS, ask, constant, stage, work};

const NOBODY: &[(u64, Status)] = &[(1, Ok)];

#[test]
fn what_begins_meanwhile_takes_longer() {
    let part = |_| Service::servers(1).does([work(10.0)]).build().unwrap();
    let run =
        stage(1, &[ask(0), ask(3), ask(20), ask(100)], NOBODY, part).slow(5, 3.0, 1.0).usual(45).finish();
    // 0 has begun before, 1 takes from 10 to 40 and 2 from 40 to 70, though it is over at 45.
    assert_eq!(run.log(), ["0 ok 10", "1 ok 40", "2 ok 70", "3 ok 110"]);
    assert_eq!((run.count("work"), run.integral("busy")), (80_000_000, 80.0));
    // Each work and each delay by itself; who says it anew is as slow as he said last.
    let part = |_| {
        let does = [work(10.0), delay(constant(10e6)), work(10.0)];
        Service::threads(1, Machine::cores(1).speed(2.0)).does(does).build().unwrap()
    };
    let run =
        stage(1, &[ask(0)], NOBODY, part).slow(1, 3.0, 1.0).slow(2, 4.0, 1.0).usual(20).usual(21).finish();
    assert_eq!(run.log(), ["0 ok 50"], "5 + 4 * 10 + 5");
}

#[test]
fn what_crashes_is_as_new_and_what_hangs_is_slow_when_it_goes_on() {
    let part = |_| Service::servers(1).does([work(10.0)]).build().unwrap();
    let run = stage(1, &[ask(0), ask(50), ask(100)], NOBODY, part)
        .fault(1, Fault::Hang)
        .slow(2, 3.0, 1.0)
        .fault(21, Fault::Resume)
        .fault(40, Fault::Crash { refuse: Status::Unavailable })
        .fault(45, Fault::Restart)
        .usual(120)
        .finish();
    assert_eq!(run.log(), ["0 ok 30", "1 ok 60", "2 ok 110"]);
}

/// From 10 ms on threefold, from 20 ms on by somebody else fourfold too, until 30 ms and 40 ms: each ends for itself.
#[test]
fn two_that_slow_down_multiply_and_each_ends_for_itself() {
    let part = |_| Service::unlimited().does([work(1.0)]).build().unwrap();
    let mut run = stage(1, &[ask(0), ask(10), ask(20), ask(30), ask(40)], NOBODY, part);
    let other = run.world;
    run = run.slow(9, 3.0, 1.0).fault(19, Fault::Slow { from: other, by: 4.0, share: 1.0 });
    let run = run.usual(29).fault(39, Fault::Usual { from: other }).finish();
    assert_eq!(run.log(), ["0 ok 1", "1 ok 13", "2 ok 32", "3 ok 34", "4 ok 41"]);
}

/// Of 4 000 a quarter by each of two, and a sixteenth by both, ± 4 standard errors.
#[test]
fn who_is_slowed_down_by_two_is_drawn_for_each() {
    let mut run = stage(1, &many(), NOBODY, |_| Service::unlimited().does([work(1.0)]).build().unwrap());
    let other = run.world;
    run = run.slow(0, 3.0, 0.25).fault(0, Fault::Slow { from: other, by: 5.0, share: 0.25 });
    let times = times(&run.finish());
    let of = |ms: u64| times.iter().filter(|took| **took == ms * MS).count();
    assert_eq!(of(1) + of(3) + of(5) + of(15), 4_000);
    assert!(of(3).abs_diff(750) < 99 && of(5).abs_diff(750) < 99, "{} {}", of(3), of(5));
    assert!(of(15).abs_diff(250) < 62, "{}", of(15));
}

/// Both of two branches that begin at one instant, one of them, or none: a quarter, a half, a quarter of 4 000.
#[test]
fn branches_of_one_instant_are_drawn_each_for_itself() {
    let part = |_| {
        let both = Parallel::of([vec![delay(constant(1e6))], vec![delay(constant(1e6))]]);
        Service::unlimited().does([both.into()]).build().unwrap()
    };
    let run = stage(1, &many(), NOBODY, part).slow(0, 3.0, 0.5).finish();
    let quick = times(&run).iter().filter(|took| **took == MS).count();
    assert!(quick.abs_diff(1_000) < 110, "{quick}");
}

/// 4 000 calls.
fn many() -> Vec<super::Ask> {
    let one = |i| super::Ask { attributes: kneepoint_calls::Attributes::of(i), ..ask(i) };
    (0..4_000).map(one).collect()
}

/// What each of them took \[ns\].
fn times(run: &super::Run) -> Vec<u64> {
    let mut times = vec![0; 4_000];
    run.caller().answers.iter().for_each(|(which, at, _)| times[*which] = at - *which as u64 * MS);
    times
}

/// Of 4 000 a quarter, ± 4 standard errors: 1 000 ± 110.
#[test]
fn a_share_of_works_is_drawn_and_the_others_take_what_they_would() {
    let run = |slow: Option<(f64, f64)>| {
        let part = |_| {
            let law = Distribution::exponential(10e6).unwrap();
            Service::unlimited().does([compute(law)]).build().unwrap()
        };
        let mut run = stage(1, &many(), NOBODY, part);
        if let Some((by, share)) = slow {
            run = run.slow(0, by, share);
        }
        times(&run.finish())
    };
    let usual = run(None);
    let slow = run(Some((3.0, 0.25)));
    let mut stretched = 0;
    for (usual, slow) in usual.iter().zip(&slow) {
        let threefold = slow.abs_diff(3 * usual) <= 2;
        assert!(threefold || slow == usual, "{usual} {slow}");
        stretched += u64::from(threefold);
    }
    assert!(stretched.abs_diff(1_000) < 110, "{stretched}");
    assert_eq!(slow, run(Some((3.0, 0.25))));
    assert_eq!(run(Some((1.0, 1.0))), usual);
}
