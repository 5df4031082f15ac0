//! Working slowly for a while.

use kneepoint_calls::Fault;
use kneepoint_calls::Status::{self, Ok};
use kneepoint_random::Distribution;

use super::super::{Machine, Service, compute, delay};
use super::{ask, constant, stage, work};

const NOBODY: &[(u64, Status)] = &[(1, Ok)];

fn three_times(share: f64) -> Fault {
    Fault::Slow { by: 3.0, share }
}

#[test]
fn what_begins_meanwhile_takes_longer() {
    let part = |_| Service::servers(1).does([work(10.0)]).build().unwrap();
    let run = stage(1, &[ask(0), ask(3), ask(20), ask(100)], NOBODY, part)
        .fault(5, three_times(1.0))
        .fault(45, Fault::Usual)
        .finish();
    // 0 has begun before, 1 takes from 10 to 40 and 2 from 40 to 70, though it is over at 45.
    assert_eq!(run.log(), ["0 ok 10", "1 ok 40", "2 ok 70", "3 ok 110"]);
    assert_eq!((run.count("work"), run.integral("busy")), (80_000_000, 80.0));
    // Each work and each delay by itself; twice slow is as slow as was said last.
    let part = |_| {
        let does = [work(10.0), delay(constant(10e6)), work(10.0)];
        Service::threads(1, Machine::cores(1).speed(2.0)).does(does).build().unwrap()
    };
    let run = stage(1, &[ask(0)], NOBODY, part)
        .fault(1, three_times(1.0))
        .fault(2, Fault::Slow { by: 4.0, share: 1.0 })
        .fault(20, Fault::Usual)
        .fault(21, Fault::Usual)
        .finish();
    assert_eq!(run.log(), ["0 ok 50"], "5 + 4 * 10 + 5");
}

#[test]
fn what_crashes_is_as_new_and_what_hangs_is_slow_when_it_goes_on() {
    let part = |_| Service::servers(1).does([work(10.0)]).build().unwrap();
    let run = stage(1, &[ask(0), ask(50), ask(100)], NOBODY, part)
        .fault(1, Fault::Hang)
        .fault(2, three_times(1.0))
        .fault(21, Fault::Resume)
        .fault(40, Fault::Crash { refuse: Status::Unavailable })
        .fault(45, Fault::Restart)
        .fault(120, Fault::Usual)
        .finish();
    assert_eq!(run.log(), ["0 ok 30", "1 ok 60", "2 ok 110"]);
}

/// Times of 4 000 calls that nobody waits for, slow or not.
fn times(fault: Option<Fault>) -> Vec<u64> {
    let asks: Vec<_> = (0..4_000)
        .map(|i| {
            let one = ask(i);
            super::Ask { attributes: kneepoint_calls::Attributes::of(i), ..one }
        })
        .collect();
    let part = |_| {
        let law = Distribution::exponential(10e6).unwrap();
        Service::unlimited().does([compute(law)]).build().unwrap()
    };
    let mut run = stage(1, &asks, NOBODY, part);
    if let Some(fault) = fault {
        run = run.fault(0, fault);
    }
    let run = run.finish();
    let mut times = vec![0; asks.len()];
    run.caller().answers.iter().for_each(|(which, at, _)| times[*which] = at - asks[*which].at);
    times
}

/// Of 4 000 a quarter, ± 4 standard errors: 1 000 ± 110.
#[test]
fn a_share_of_works_is_drawn_and_the_others_take_what_they_would() {
    let usual = times(None);
    let slow = times(Some(three_times(0.25)));
    let mut stretched = 0;
    for (usual, slow) in usual.iter().zip(&slow) {
        let threefold = slow.abs_diff(3 * usual) <= 2;
        assert!(threefold || slow == usual, "{usual} {slow}");
        stretched += u64::from(threefold);
    }
    assert!(stretched.abs_diff(1_000) < 110, "{stretched}");
    assert_eq!(slow, times(Some(three_times(0.25))));
    assert_eq!(times(Some(Fault::Slow { by: 1.0, share: 1.0 })), usual);
}
