//! Cancellation in every state.

use kneepoint_calls::Status::{self, Ok};

use super::super::{Discipline, Machine, Parallel, Preempt, Queue, Service, call, delay};
use super::{ask, constant, play, work};

const NOBODY: &[(u64, Status)] = &[(1, Ok)];
const NEVER: &[(u64, Status)] = &[(u64::MAX, Ok)];

#[test]
fn in_the_line() {
    for discipline in [Discipline::Fifo, Discipline::Lifo, Discipline::Priority(None)] {
        let queue = Queue::bounded(2).discipline(discipline);
        let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
        let run = play(&[ask(0), ask(1).until(4), ask(2), ask(5)], NOBODY, part);
        assert_eq!(run.log()[..2], ["1 timeout 4", "0 ok 10"], "{discipline:?}");
        assert_eq!(run.caller().answers.len(), 4);
        assert_eq!(run.sim.books(run.service).answers[Status::Cancelled as usize], 1);
        assert_eq!(run.samples("waiting_abandoned"), (1, 3.0));
        assert_eq!(run.count("work"), 30_000_000);
    }
}

#[test]
fn on_a_server() {
    let part = |_| Service::servers(1).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0).until(4), ask(1)], NOBODY, part);
    assert_eq!(run.log(), ["0 timeout 4", "1 ok 14"]);
    assert_eq!((run.count("work"), run.integral("busy")), (14_000_000, 14.0));
    assert_eq!(run.samples("service"), (2, 14.0));
}

#[test]
fn on_a_shared_processor() {
    // Both have done 2 at 4; 1 is then alone.
    let part = |_| Service::sharing(1).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0).until(4), ask(0)], NOBODY, part);
    assert_eq!(run.log(), ["0 timeout 4", "1 ok 12"]);
    assert_eq!((run.count("work"), run.integral("busy")), (12_000_000, 12.0));
}

#[test]
fn interrupted_and_waiting_again() {
    let queue = Queue::unbounded().discipline(Discipline::Priority(Some(Preempt::Resume)));
    let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0).priority(1).until(5), ask(3)], NOBODY, part);
    assert_eq!(run.log(), ["0 timeout 5", "1 ok 13"]);
    assert_eq!(run.count("work"), 13_000_000);
    assert_eq!(run.samples("waiting_abandoned"), (0, 0.0), "it had been served");
}

#[test]
fn in_front_of_the_threads_and_on_one() {
    let part = |_| Service::threads(1, Machine::default()).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0).until(4), ask(1).until(3), ask(2)], NOBODY, part);
    assert_eq!(run.log(), ["1 timeout 3", "0 timeout 4", "2 ok 14"]);
}

#[test]
fn during_a_call_which_is_cancelled_too() {
    let part =
        |world| Service::threads(1, Machine::default()).does([call(world), work(1.0)]).build().unwrap();
    let run = play(&[ask(0).until(4)], NEVER, part);
    assert_eq!(run.log(), ["0 timeout 4"]);
    assert_eq!(run.world().cancelled, [(0, 4_000_000)]);
}

#[test]
fn after_passing_on() {
    let part = |world| Service::servers(1).does([work(1.0), call(world)]).build().unwrap();
    let run = play(&[ask(0).until(4)], NEVER, part);
    assert_eq!(run.log(), ["0 timeout 4"]);
    assert_eq!(run.world().cancelled, [(0, 4_000_000)]);
}

#[test]
fn during_a_delay() {
    let part = |_| Service::threads(1, Machine::default()).does([delay(constant(10e6))]).build().unwrap();
    let run = play(&[ask(0).until(4), ask(1)], NOBODY, part);
    assert_eq!(run.log(), ["0 timeout 4", "1 ok 14"]);
}

#[test]
fn during_branches_all_of_which_are_cancelled() {
    // One branch is a call, one computes and then calls, one computes for long.
    let part = |world| {
        let branches = [vec![call(world)], vec![work(1.0), call(world)], vec![work(50.0)]];
        Service::threads(1, Machine::cores(2)).does([Parallel::of(branches).into()]).build().unwrap()
    };
    let run = play(&[ask(0).until(4), ask(5)], &[(u64::MAX, Ok), (u64::MAX, Ok), (1, Ok), (1, Ok)], part);
    assert_eq!(run.log(), ["0 timeout 4", "1 ok 55"]);
    assert_eq!(run.world().cancelled, [(0, 4_000_000), (1, 4_000_000)], "the nearer one first");
    assert_eq!(run.count("work"), (1 + 4 + 1 + 50) * 1_000_000);
}
