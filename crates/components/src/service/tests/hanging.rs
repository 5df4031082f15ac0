//! Standing still, and going on.

use kneepoint_calls::Status::{self, Ok};
use kneepoint_calls::{Callee, Fault};

use super::super::{Discipline, Machine, Preempt, Queue, Service, Step, call, delay};
use super::{Ask, Run, ask, constant, stage, work};

/// Hangs from 4 to 104.
fn hung(asks: &[Ask], replies: &[(u64, Status)], part: impl FnOnce(Callee) -> Service) -> Run {
    stage(1, asks, replies, part).fault(4, Fault::Hang).fault(104, Fault::Resume).finish()
}

const NOBODY: &[(u64, Status)] = &[(1, Ok)];

#[test]
fn work_goes_on_where_it_stood() {
    let does = || [work(10.0)];
    let run = hung(&[ask(0), ask(5)], NOBODY, |_| Service::servers(1).does(does()).build().unwrap());
    assert_eq!(run.log(), ["0 ok 110", "1 ok 120"]);
    assert_eq!((run.count("work"), run.integral("busy"), run.integral("capacity")), (20_000_000, 20.0, 20.0));
    assert_eq!(run.samples("waiting"), (2, 105.0));
    let run = hung(&[ask(0), ask(2)], NOBODY, |_| Service::unlimited().does(does()).build().unwrap());
    assert_eq!(run.log(), ["0 ok 110", "1 ok 112"]);
    // Shared: 0 has done 3 at 4, 1 has done 1; 7 and 9 left.
    let run = hung(&[ask(0), ask(2)], NOBODY, |_| Service::sharing(1).does(does()).build().unwrap());
    assert_eq!(run.log(), ["0 ok 118", "1 ok 120"]);
    assert_eq!((run.count("work"), run.integral("busy")), (20_000_000, 20.0));
}

#[test]
fn newcomers_wait_and_are_rejected_when_the_line_is_full() {
    let queue = || Queue::bounded(1);
    let asks = [ask(5), ask(6), ask(200)];
    let expected = ["1 rejected 6", "0 ok 114", "2 ok 210"];
    let part = |_| Service::servers(2).queue(queue()).does([work(10.0)]).build().unwrap();
    assert_eq!(hung(&asks, NOBODY, part).log(), expected);
    let part = |_| Service::threads(2, Machine::cores(2)).queue(queue()).does([work(10.0)]).build().unwrap();
    let run = hung(&asks, NOBODY, part);
    assert_eq!(run.log(), expected);
    assert_eq!(run.samples("waiting"), (2, 99.0));
    // Where nobody waits, newcomers begin when it goes on.
    let part = |_| Service::sharing(1).does([work(10.0)]).build().unwrap();
    assert_eq!(hung(&[ask(5), ask(6)], NOBODY, part).log(), ["0 ok 124", "1 ok 124"]);
}

#[test]
fn a_newcomer_to_a_hanging_part_calls_nobody_before_it_goes_on() {
    for threads in [false, true] {
        let part = |world| {
            let builder = match threads {
                true => Service::threads(1, Machine::default()),
                false => Service::servers(1),
            };
            builder.does([call(world)]).build().unwrap()
        };
        let run = hung(&[ask(5), ask(6)], &[(10, Ok)], part);
        assert_eq!(run.called(), if threads { [104.0, 114.0] } else { [104.0, 104.0] });
        assert_eq!(run.log(), if threads { ["0 ok 114", "1 ok 124"] } else { ["0 ok 114", "1 ok 114"] });
    }
}

#[test]
fn answers_and_delays_are_noticed_when_it_goes_on() {
    let part = |world| Service::servers(1).does([call(world), work(1.0)]).build().unwrap();
    assert_eq!(hung(&[ask(0)], &[(10, Ok)], part).log(), ["0 ok 105"]);
    let part = |_| Service::servers(1).does([delay(constant(10e6)), work(1.0)]).build().unwrap();
    assert_eq!(hung(&[ask(0)], NOBODY, part).log(), ["0 ok 105"]);
    let part = |_| Service::servers(1).does([delay(constant(200e6)), work(1.0)]).build().unwrap();
    assert_eq!(hung(&[ask(0)], NOBODY, part).log(), ["0 ok 201"], "a delay is not longer for it");
}

#[test]
fn those_who_came_back_wait_behind_those_who_came_before() {
    // One server. 1 comes at 5 and waits; the answer for 0 comes at 10.
    let part = |world| Service::servers(1).does([work(1.0), call(world), work(1.0)]).build().unwrap();
    let run = hung(&[ask(0), ask(5)], &[(9, Ok)], part);
    assert_eq!(run.called(), [1.0, 105.0]);
    assert_eq!(run.log(), ["0 ok 106", "1 ok 115"]);
}

#[test]
fn cancellations_are_noticed_when_it_goes_on_and_patience_runs_out_all_the_same() {
    let queue = Queue::unbounded().patience(constant(50e6));
    let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
    let run = hung(&[ask(0).until(20), ask(1), ask(2).until(30), ask(60)], NOBODY, part);
    assert_eq!(run.log(), ["0 timeout 20", "2 timeout 30", "1 shed 51", "3 ok 114"]);
    assert_eq!(run.count("work"), 14_000_000);
}

#[test]
fn the_urgent_who_came_meanwhile_interrupt_when_it_goes_on() {
    let queue = Queue::unbounded().discipline(Discipline::Priority(Some(Preempt::Resume)));
    let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
    let run = hung(&[ask(0).priority(1), ask(5).priority(0)], NOBODY, part);
    assert_eq!(run.log(), ["1 ok 114", "0 ok 120"]);
    assert_eq!(run.count("work"), 20_000_000);
}

#[test]
fn hanging_again_and_again_adds_up_and_twice_is_once() {
    let part = |_| Service::servers(1).does([work(10.0)]).build().unwrap();
    let mut run = stage(1, &[ask(0)], NOBODY, part);
    for ms in [2, 20, 25] {
        run = run.fault(ms, Fault::Hang).fault(ms + 1, Fault::Hang).fault(ms + 3, Fault::Resume);
        run = run.fault(ms + 4, Fault::Resume);
    }
    // Works 0-2, 5-13.
    assert_eq!(run.finish().log(), ["0 ok 13"]);
}

#[test]
fn a_crash_answers_all_and_what_comes_back_is_as_new() {
    for crash in [2, 50] {
        let queue = Queue::unbounded();
        let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
        let run = stage(1, &[ask(0), ask(1), ask(60), ask(80)], NOBODY, part)
            .fault(4, Fault::Hang)
            .fault(crash, Fault::Crash { refuse: Status::Unavailable })
            .fault(70, Fault::Restart)
            .fault(75, Fault::Resume);
        let log = run.finish().log();
        let at = |n: u64| format!("{n} unavailable {crash}");
        assert_eq!(log, [&at(0)[..], &at(1), "2 unavailable 60", "3 ok 90"]);
    }
}

#[test]
fn a_crash_in_the_middle_of_branches_leaves_nothing_behind() {
    let part = |world| {
        let branches = [vec![work(20.0)], vec![call(world)], vec![work(1.0), call(world), work(30.0)]];
        let does = [Step::Detach(vec![work(40.0)]), super::super::parallel(branches)];
        Service::threads(1, Machine::cores(1)).does(does).build().unwrap()
    };
    let run = stage(1, &[ask(0), ask(1), ask(60)], &[(100, Ok)], part)
        .fault(10, Fault::Crash { refuse: Status::Unavailable })
        .fault(20, Fault::Restart)
        .finish();
    assert_eq!(run.log()[..2], ["0 unavailable 10", "1 unavailable 10"]);
    assert_eq!(run.caller().answers[2].2, Ok);
}
