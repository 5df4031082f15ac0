//! A few calls, every start and departure worked out on paper. Works of 10 ms unless said otherwise.

use kneepoint_calls::Status::Ok;
use kneepoint_calls::rig::{Asks, drive};
use kneepoint_calls::{Attributes, Status};
use kneepoint_engine::SimDuration;

use super::super::{Discipline, Machine, Queue, Service, ServiceError, call, delay};
use super::{ask, constant, play, work};

const NOBODY: &[(u64, Status)] = &[(1, Ok)];

#[test]
fn one_server_serves_in_the_order_of_arrival() {
    let run =
        play(&[ask(0), ask(1), ask(2)], NOBODY, |_| Service::servers(1).does([work(10.0)]).build().unwrap());
    assert_eq!(run.log(), ["0 ok 10", "1 ok 20", "2 ok 30"]);
    assert_eq!(run.samples("waiting"), (3, 9.0 + 18.0));
    assert_eq!(run.samples("service"), (3, 30.0));
    assert_eq!(run.count("work"), 30_000_000);
    assert_eq!((run.integral("busy"), run.integral("queue"), run.integral("inside")), (30.0, 27.0, 57.0));
    assert_eq!(run.integral("capacity"), 30.0);
    assert_eq!((run.most("busy"), run.most("queue"), run.most("inside")), (1.0, 2.0, 3.0));
    let books = run.sim.books(run.service);
    assert_eq!((books.phases[0], books.phases[1]), (27_000_000, 30_000_000), "waiting and service");
}

#[test]
fn two_servers_serve_two() {
    let run =
        play(&[ask(0), ask(1), ask(2)], NOBODY, |_| Service::servers(2).does([work(10.0)]).build().unwrap());
    assert_eq!(run.log(), ["0 ok 10", "1 ok 11", "2 ok 20"]);
    assert_eq!((run.integral("busy"), run.most("busy")), (30.0, 2.0));
}

#[test]
fn the_last_is_the_first_where_it_is_lifo() {
    let queue = Queue::unbounded().discipline(Discipline::Lifo);
    let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0), ask(1), ask(2), ask(12)], NOBODY, part);
    assert_eq!(run.log(), ["0 ok 10", "2 ok 20", "3 ok 30", "1 ok 40"]);
}

#[test]
fn an_adaptive_line_turns_round_when_the_first_has_waited_too_long() {
    let queue =
        Queue::unbounded().discipline(Discipline::AdaptiveLifo { above: SimDuration::from_millis(5) });
    let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
    // At 10 the first has waited 5, not longer: it is next. At 20 the next first has waited 11: the newest is next.
    let run = play(&[ask(0), ask(5), ask(9), ask(19)], NOBODY, part);
    assert_eq!(run.log(), ["0 ok 10", "1 ok 20", "3 ok 30", "2 ok 40"]);
}

#[test]
fn a_random_line_takes_all_orders_equally_often() {
    let mut seen = [0_u32; 6];
    let orders = ["123", "132", "213", "231", "312", "321"];
    let n = 1_200;
    for seed in 0..n {
        let queue = Queue::unbounded().discipline(Discipline::Random);
        let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
        let run = super::stage(seed, &[ask(0), ask(1), ask(2), ask(3)], NOBODY, part).finish();
        let order: String = run.caller().answers[1..].iter().map(|(n, ..)| n.to_string()).collect();
        seen[orders.iter().position(|o| *o == order).unwrap()] += 1;
    }
    let expected = n as f64 / 6.0;
    let chi_square: f64 = seen.iter().map(|s| (f64::from(*s) - expected).powi(2) / expected).sum();
    assert!(
        chi_square < 20.5,
        "99.9 % quantile of chi square with 5 degrees of freedom: {chi_square} {seen:?}"
    );
}

#[test]
fn those_who_leave_a_random_line_leave_the_others_in_it() {
    let queue = Queue::unbounded().discipline(Discipline::Random);
    let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
    let asks = [ask(0), ask(1).until(4), ask(2), ask(3).until(5), ask(3)];
    let run = play(&asks, NOBODY, part);
    let mut good: Vec<_> = run.caller().answers.iter().filter(|a| a.2 == Ok).map(|a| a.0).collect();
    good.sort();
    assert_eq!(good, [0, 2, 4]);
    assert_eq!(run.samples("waiting_abandoned"), (2, 5.0));
}

#[test]
fn a_full_station_rejects_the_newcomer() {
    let part = |_| Service::servers(1).queue(Queue::bounded(1)).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0), ask(1), ask(2), ask(11)], NOBODY, part);
    assert_eq!(run.log(), ["2 rejected 2", "0 ok 10", "1 ok 20", "3 ok 30"]);
    assert_eq!(run.most("inside"), 2.0, "who is rejected was never inside");
    let part = |_| Service::servers(1).queue(Queue::bounded(0)).does([work(10.0)]).build().unwrap();
    assert_eq!(play(&[ask(0), ask(1)], NOBODY, part).log(), ["1 rejected 1", "0 ok 10"]);
}

#[test]
fn patience_runs_out_in_the_line_and_only_there() {
    let queue = Queue::unbounded().patience(constant(5e6));
    let part = |_| Service::servers(1).queue(queue).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0), ask(1), ask(2), ask(8)], NOBODY, part);
    assert_eq!(run.log(), ["1 shed 6", "2 shed 7", "0 ok 10", "3 ok 20"]);
    assert_eq!(run.samples("waiting_abandoned"), (2, 10.0));
    assert_eq!(run.samples("waiting"), (2, 2.0));
}

#[test]
fn a_shared_processor_divides_itself_evenly() {
    let part = |_| Service::sharing(1).does([work(10.0)]).build().unwrap();
    // 0 has done 5 when 1 comes; both run at half speed until 15; then 1 has 5 left.
    let run = play(&[ask(0), ask(5)], NOBODY, part);
    assert_eq!(run.log(), ["0 ok 15", "1 ok 20"]);
    assert_eq!((run.integral("busy"), run.most("busy"), run.count("work")), (20.0, 1.0, 20_000_000));
    assert_eq!(run.samples("waiting"), (2, 0.0));
    let books = run.sim.books(run.service);
    let (waited, served) = (books.phases[0], books.phases[1]);
    assert_eq!((waited, served), (10_000_000, 20_000_000), "each was given 10 and waited 5 for the other");
}

#[test]
fn two_shared_servers_slow_nobody_down_until_the_third() {
    let part = |_| Service::sharing(2).does([work(12.0)]).build().unwrap();
    // From 4 on, three at 2/3. 0 has 8 left: 12 later, at 16. The others have 4 left each and run at full speed.
    let run = play(&[ask(0), ask(4), ask(4)], NOBODY, part);
    assert_eq!(run.log(), ["0 ok 16", "1 ok 20", "2 ok 20"]);
    assert_eq!(run.most("busy"), 2.0);
}

#[test]
fn those_who_share_and_end_together_end_in_the_order_of_coming() {
    let part = |_| Service::sharing(1).does([work(7.0)]).build().unwrap();
    let run = play(&[ask(3), ask(3), ask(3)], NOBODY, part);
    assert_eq!(run.log(), ["0 ok 24", "1 ok 24", "2 ok 24"]);
}

#[test]
fn everybody_is_served_where_there_is_no_limit() {
    let part = |_| Service::unlimited().does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0), ask(1), ask(2)], NOBODY, part);
    assert_eq!(run.log(), ["0 ok 10", "1 ok 11", "2 ok 12"]);
    assert_eq!(run.most("busy"), 3.0);
    assert!(run.sim.level(run.service, "capacity").is_none());
}

#[test]
fn a_thread_is_held_until_the_reply_and_the_cores_are_shared() {
    // One core, two threads: 0 and 1 compute 4 each side by side until 8, call for 10, compute 1 each until 20.
    // 2 gets the first thread that is free, at 20, computes until 24, and so on.
    let part = |world| {
        let does = [work(4.0), call(world), work(1.0)];
        Service::threads(2, Machine::cores(1)).does(does).build().unwrap()
    };
    let run = play(&[ask(0), ask(0), ask(1)], &[(10, Ok)], part);
    assert_eq!(run.called(), [8.0, 8.0, 24.0]);
    assert_eq!(run.log(), ["0 ok 20", "1 ok 20", "2 ok 35"]);
    assert_eq!((run.most("threads"), run.most("queue"), run.most("busy")), (2.0, 1.0, 1.0));
    assert_eq!((run.integral("threads"), run.integral("queue")), (20.0 + 20.0 + 15.0, 19.0));
    assert_eq!((run.samples("waiting"), run.samples("service")), ((3, 19.0), (3, 15.0)));
    assert_eq!(run.count("work"), 15_000_000);
}

#[test]
fn an_event_loop_holds_nothing_during_calls() {
    // One core at double speed. 0: 0-2, call, back at 12. 1: 2-4, call, back at 14. 0 again 12-12.5, 1 14-14.5.
    let part = |world| {
        let does = [work(4.0), call(world), work(1.0)];
        Service::event_loop(Machine::cores(1).speed(2.0)).does(does).build().unwrap()
    };
    let run = play(&[ask(0), ask(1)], &[(10, Ok)], part);
    assert_eq!(run.called(), [2.0, 4.0]);
    assert_eq!(run.log(), ["0 ok 12.5", "1 ok 14.5"]);
    assert_eq!(run.count("work"), 5_000_000, "time of a core, not work at speed 1");
}

#[test]
fn who_was_accepted_is_not_turned_away_later() {
    // The only server is taken by 1 when 0 comes back from its call; the one waiting place by 2.
    let part = |world| {
        let does = [work(4.0), call(world), work(1.0)];
        Service::servers(1).queue(Queue::bounded(1)).does(does).build().unwrap()
    };
    let run = play(&[ask(0), ask(5), ask(6), ask(7)], &[(2, Ok)], part);
    // 0: 0-4, away until 6, waits behind nobody (2 comes after it: the caller was first to schedule).
    assert_eq!(run.log()[0], "3 rejected 7");
    assert_eq!(run.caller().answers.iter().filter(|a| a.2 == Ok).count(), 3);
    assert_eq!(run.most("queue"), 2.0, "who comes back waits beyond the limit");
}

#[test]
fn steps_of_computing_that_follow_each_other_are_one_service() {
    let part = |_| Service::servers(1).does([work(4.0), work(6.0)]).build().unwrap();
    let run = play(&[ask(0), ask(1)], NOBODY, part);
    assert_eq!(run.log(), ["0 ok 10", "1 ok 20"]);
    assert_eq!(run.samples("service"), (2, 20.0));
}

#[test]
fn a_delay_holds_no_server_but_a_thread() {
    let does = || [delay(constant(10e6)), work(1.0)];
    let run = play(&[ask(0), ask(1)], NOBODY, |_| Service::servers(1).does(does()).build().unwrap());
    assert_eq!(run.log(), ["0 ok 11", "1 ok 12"]);
    let threads = |_| Service::threads(1, Machine::default()).does(does()).build().unwrap();
    assert_eq!(play(&[ask(0), ask(1)], NOBODY, threads).log(), ["0 ok 11", "1 ok 22"]);
}

#[test]
fn the_threads_queue_has_bounds_and_patience_too() {
    let queue = Queue::bounded(1).patience(constant(5e6));
    let part = |_| Service::threads(1, Machine::default()).queue(queue).does([work(10.0)]).build().unwrap();
    let run = play(&[ask(0), ask(1), ask(2), ask(7)], NOBODY, part);
    assert_eq!(run.log(), ["2 rejected 2", "1 shed 6", "0 ok 10", "3 ok 20"]);
}

#[test]
fn a_service_without_steps_replies_at_once() {
    let run = play(&[ask(3)], NOBODY, |_| Service::servers(1).build().unwrap());
    assert_eq!(run.log(), ["0 ok 3"]);
}

#[test]
fn the_harness_of_parts_sees_nothing_left_in_flight() {
    let ms = SimDuration::from_millis;
    let urgent = Attributes { priority: 0, ..Attributes::default() };
    let asks = [Asks::at(ms(0)), Asks::at(ms(1)).giving_up(ms(5)).with(urgent), Asks::at(ms(2))];
    let driven = drive(&asks, &[(ms(3), Ok)], |world| {
        Service::servers(1).does([work(10.0), call(world)]).build().unwrap()
    });
    let expected = ["6 answer 1 timeout", "10 called 0", "13 answer 0 ok", "20 called 1", "23 answer 2 ok"];
    assert_eq!(driven.log, expected);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn what_cannot_be_is_refused() {
    let priority = Queue::unbounded().discipline(Discipline::Priority(Some(super::super::Preempt::Resume)));
    assert_eq!(Service::servers(0).build().unwrap_err(), ServiceError::Nobody);
    assert_eq!(Service::threads(0, Machine::default()).build().unwrap_err(), ServiceError::Nobody);
    assert_eq!(Service::threads(1, Machine::cores(0)).build().unwrap_err(), ServiceError::Nobody);
    let still = Machine::cores(1).speed(0.0);
    assert_eq!(Service::event_loop(still).build().unwrap_err(), ServiceError::Speed(0.0));
    assert_eq!(
        Service::unlimited().queue(Queue::bounded(3)).build().unwrap_err(),
        ServiceError::QueueOfNoUse
    );
    let shared = Service::threads(2, Machine::default()).queue(priority);
    assert_eq!(shared.build().unwrap_err(), ServiceError::CannotPreempt);
    let negative = Service::servers(1).queue(Queue::unbounded().patience(constant(-1.0)));
    assert!(matches!(negative.build().unwrap_err(), ServiceError::Negative { what: "patience", .. }));
}
