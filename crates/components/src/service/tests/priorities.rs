//! Priorities by hand.

use kneepoint_calls::Status::{self, Ok};

use super::super::{Discipline, Preempt, Queue, Service};
use super::{Run, ask, play, work};

const NOBODY: &[(u64, Status)] = &[(1, Ok)];

/// Operation w is work of w ms.
fn priority(servers: u32, preempt: Option<Preempt>, asks: &[super::Ask]) -> Run {
    let queue = Queue::unbounded().discipline(Discipline::Priority(preempt));
    let mut builder = Service::servers(servers).queue(queue);
    for ms in 1..=20 {
        builder = builder.operation(ms, [work(ms.into())]);
    }
    play(asks, NOBODY, |_| builder.build().unwrap())
}

#[test]
fn the_most_urgent_is_next_and_equals_stay_in_order() {
    let asks = [
        ask(0).operation(10).priority(2),
        ask(1).operation(10).priority(2),
        ask(2).operation(10).priority(1),
        ask(3).operation(10).priority(255),
        ask(4).operation(10).priority(1),
        ask(5).operation(10).priority(0),
    ];
    let run = priority(1, None, &asks);
    assert_eq!(run.log(), ["0 ok 10", "5 ok 20", "2 ok 30", "4 ok 40", "1 ok 50", "3 ok 60"]);
}

#[test]
fn one_who_is_interrupted_resumes_where_it_stopped() {
    // 0 works 0-3, then 1 3-5, then 2 5-6, then 1 6-8, then 0 8-15, then 3.
    let asks = [
        ask(0).operation(10).priority(2),
        ask(3).operation(4).priority(1),
        ask(5).operation(1).priority(0),
        ask(6).operation(1).priority(2),
    ];
    let run = priority(1, Some(Preempt::Resume), &asks);
    assert_eq!(run.log(), ["2 ok 6", "1 ok 8", "0 ok 15", "3 ok 16"]);
    assert_eq!((run.count("work"), run.integral("busy")), (16_000_000, 16.0));
    assert_eq!(run.samples("waiting"), (4, 9.0), "before the first service only");
    assert_eq!(run.samples("service"), (4, 16.0));
}

#[test]
fn one_who_is_interrupted_restarts_from_the_beginning() {
    // 0 works 0-3 for nothing, 1 3-7, 0 7-17.
    let asks = [ask(0).operation(10).priority(1), ask(3).operation(4).priority(0)];
    let run = priority(1, Some(Preempt::Restart), &asks);
    assert_eq!(run.log(), ["1 ok 7", "0 ok 17"]);
    assert_eq!((run.count("work"), run.integral("busy")), (17_000_000, 17.0));
    assert_eq!(run.samples("service"), (2, 17.0), "the lost part was service all the same");
}

#[test]
fn of_several_the_least_urgent_who_began_last_is_interrupted() {
    // Two servers. 0 and 1 equal; 2 takes the server of 1; 3 takes that of 0; then both go on in their order.
    let asks = [
        ask(0).operation(10).priority(3),
        ask(1).operation(10).priority(3),
        ask(2).operation(5).priority(1),
        ask(3).operation(5).priority(1),
        ask(4).operation(1).priority(3),
    ];
    // 2: 2-7, 3: 3-8. 0 has done 3, goes on at 7 until 14; 1 has done 1, goes on at 8 until 17; 4 at 14.
    let run = priority(2, Some(Preempt::Resume), &asks);
    assert_eq!(run.log(), ["2 ok 7", "3 ok 8", "0 ok 14", "4 ok 15", "1 ok 17"]);
}

#[test]
fn equals_do_not_interrupt_each_other() {
    let asks = [ask(0).operation(10).priority(1), ask(3).operation(4).priority(1)];
    assert_eq!(priority(1, Some(Preempt::Resume), &asks).log(), ["0 ok 10", "1 ok 14"]);
}

#[test]
fn the_urgent_get_in_where_the_line_is_full_if_they_can_interrupt() {
    let queue = Queue::bounded(0).discipline(Discipline::Priority(Some(Preempt::Resume)));
    let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0).priority(1), ask(1).priority(1), ask(2).priority(0)], NOBODY, part);
    assert_eq!(run.log(), ["1 rejected 1", "2 ok 12", "0 ok 20"]);
}
