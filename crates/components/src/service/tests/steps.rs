//! Steps by hand, and their shares by counting.

use kneepoint_calls::Attributes;
use kneepoint_calls::Status::{self, Cancelled, Degraded, Failed, Ok, Stale, Timeout};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, KeyPopularity};

use super::super::{
    Key, Machine, Parallel, Service, ServiceError, Step, SubCall, Wait, call, fail, own_stream, parallel,
};
use super::{Ask, Run, ask, constant, play, work};
use crate::Edge;

const NOBODY: &[(u64, Status)] = &[(1, Ok)];

fn threads(does: impl IntoIterator<Item = Step>) -> Service {
    Service::threads(100, Machine::cores(1)).does(does).build().unwrap()
}

#[test]
fn a_call_is_made_so_many_times_one_after_the_other() {
    let part = |world| threads([SubCall::to(world).times(constant(3.0)).into(), work(1.0)]);
    let run = play(&[ask(0)], &[(2, Ok)], part);
    assert_eq!((run.called(), run.log()), (vec![0.0, 2.0, 4.0], vec!["0 ok 7".to_string()]));
    let part = |world| threads([SubCall::to(world).times(constant(0.4)).into(), work(1.0)]);
    assert_eq!(play(&[ask(0)], &[(2, Ok)], part).log(), ["0 ok 1"], "rounded to none");
}

#[test]
fn a_call_to_each_of_several_goes_to_one_after_the_other() {
    let part = |world| threads([SubCall::to_each([world, world]).into()]);
    assert_eq!(play(&[ask(0)], &[(2, Ok)], part).log(), ["0 ok 4"]);
}

#[test]
fn loops_in_loops_count_for_each_call_by_itself() {
    let part = |world| {
        let inner = Step::Repeat { times: constant(2.0), does: vec![call(world)] };
        let outer = Step::Repeat { times: constant(3.0), does: vec![inner, work(1.0)] };
        Service::unlimited().does([outer]).build().unwrap()
    };
    let run = play(&[ask(0), ask(1)], &[(2, Ok)], part);
    assert_eq!(run.log(), ["0 ok 15", "1 ok 16"]);
    assert_eq!(run.world().calls.len(), 12);
}

#[test]
fn a_choice_takes_each_branch_as_often_as_its_share() {
    let branches = vec![
        (0.2, vec![work(1.0)]),
        (0.5, vec![]),
        (0.3, vec![work(2.0), work(1.0)]),
        (0.0, vec![work(9.0)]),
    ];
    let n = 10_000;
    let asks: Vec<Ask> = (0..n).map(|i| Ask { attributes: Attributes::of(i), ..ask(10 * i) }).collect();
    let run = play(&asks, NOBODY, |_| Service::unlimited().does([Step::Choice(branches)]).build().unwrap());
    let mut seen = [0.0; 4];
    for (i, (_, at, _)) in run.caller().answers.iter().enumerate() {
        let took = at / super::MS - 10 * i as u64;
        seen[[1, 0, 9, 3].iter().position(|ms| *ms == took).unwrap()] += 1.0;
    }
    for (share, seen) in [0.2, 0.5, 0.0, 0.3].iter().zip(seen) {
        let n = n as f64;
        let error = (share * (1.0 - share) * n).sqrt();
        assert!(
            (seen - share * n).abs() <= 4.0 * error,
            "{share}: {seen} of {n} (4 standard errors: 1 in 16 000)"
        );
    }
}

#[test]
fn failing_now_and_then_ends_the_operation_with_its_status() {
    let n = 10_000;
    let asks: Vec<Ask> = (0..n).map(|i| Ask { attributes: Attributes::of(i), ..ask(i) }).collect();
    let run = play(&asks, NOBODY, |_| Service::unlimited().does([fail(0.2)]).build().unwrap());
    let failed = run.sim.books(run.service).answers[Failed as usize] as f64;
    assert!((failed - 2_000.0).abs() < 4.0 * (0.2 * 0.8 * n as f64).sqrt(), "{failed}");
    let always = Step::Fail { chance: 1.0, status: Status::Limited };
    assert_eq!(play(&[ask(0)], NOBODY, |_| threads([always, work(1.0)])).log(), ["0 limited 0"]);
}

#[test]
fn the_status_of_a_failed_call_is_the_status_of_the_answer() {
    for status in [Failed, Timeout, Status::Rejected, Status::Unavailable, Cancelled] {
        let expected = format!("0 {} 2", status.name());
        // With more to do afterwards, as the last step, and passed on.
        assert_eq!(play(&[ask(0)], &[(2, status)], |w| threads([call(w), work(1.0)])).log(), [&expected[..]]);
        assert_eq!(play(&[ask(0)], &[(2, status)], |w| threads([call(w)])).log(), [&expected[..]]);
        let passes = |world| Service::servers(1).does([call(world)]).build().unwrap();
        assert_eq!(play(&[ask(0)], &[(2, status)], passes).log(), [&expected[..]]);
    }
}

#[test]
fn a_time_out_of_the_edge_is_a_time_out_of_the_operation() {
    let part = |world| {
        let edge = Edge::to(world).within(SimDuration::from_millis(5), true);
        Service::servers(1).does([work(1.0), call(edge)]).build().unwrap()
    };
    let run = play(&[ask(0)], &[(u64::MAX, Ok)], part);
    assert_eq!(run.log(), ["0 timeout 6"]);
    assert_eq!(run.world().cancelled, [(0, 6_000_000)]);
}

#[test]
fn a_reply_is_at_best_as_good_as_the_answers_it_is_made_of() {
    let does = |world| [call(world), call(world), call(world)];
    let replies = [(1, Stale), (1, Degraded), (1, Ok)];
    let passes = |world| Service::servers(1).does(does(world)).build().unwrap();
    assert_eq!(play(&[ask(0)], &replies, passes).log(), ["0 degraded 3"]);
    assert_eq!(play(&[ask(0)], &replies, |w| threads(does(w))).log(), ["0 degraded 3"]);
}

#[test]
fn passing_on_and_answering_oneself_give_the_same_answer() {
    let held = play(&[ask(0)], &[(2, Ok)], |w| threads([work(1.0), call(w)]));
    let passed =
        play(&[ask(0)], &[(2, Ok)], |w| Service::servers(1).does([work(1.0), call(w)]).build().unwrap());
    assert_eq!((held.log(), &held.caller().values), (passed.log(), &passed.caller().values));
    assert_eq!(held.caller().values, [100]);
    assert_eq!(
        (held.integral("inside"), passed.integral("inside")),
        (3.0, 1.0),
        "who is passed on is outside"
    );
    assert!(passed.sim.events() < held.sim.events());
    let (mut a, b) = (held.sim.books(held.service).clone(), passed.sim.books(passed.service));
    a.phases = b.phases; // the wait for the world is the world's in both; the thread changes nothing of it
    assert_eq!(a.response.sum(), b.response.sum());
}

fn three(wait: Wait, cancel: bool, replies: &[(u64, Status)]) -> Run {
    let part = |world| {
        let branches =
            Parallel { cancel, ..Parallel::of([vec![call(world)], vec![call(world)], vec![call(world)]]) };
        threads([branches.wait(wait).into(), work(1.0)])
    };
    play(&[ask(0)], replies, part)
}

#[test]
fn branches_side_by_side_are_waited_for_as_told() {
    let replies = [(30, Ok), (10, Ok), (20, Ok)];
    assert_eq!(three(Wait::All, false, &replies).log(), ["0 ok 31"]);
    assert_eq!(three(Wait::Quorum(2), false, &replies).log(), ["0 ok 21"]);
    let any = three(Wait::Any, false, &replies);
    assert_eq!(any.log(), ["0 ok 11"]);
    assert!(any.world().cancelled.is_empty(), "the others go on");
    assert_eq!(any.sim.books(any.world).orphans, 2);
    let cancelled = three(Wait::Any, true, &replies);
    assert_eq!(cancelled.world().cancelled, [(2, 10_000_000), (0, 10_000_000)]);
}

#[test]
fn branches_fail_as_soon_as_they_cannot_succeed() {
    let replies = [(30, Ok), (10, Timeout), (20, Failed)];
    assert_eq!(three(Wait::All, false, &replies).log(), ["0 timeout 10"]);
    assert_eq!(three(Wait::Quorum(2), false, &replies).log(), ["0 failed 20"]);
    assert_eq!(three(Wait::Any, false, &replies).log(), ["0 ok 31"]);
    let all_bad = [(30, Timeout), (10, Failed), (20, Failed)];
    assert_eq!(three(Wait::Any, false, &all_bad).log(), ["0 timeout 30"], "the status of the last hope");
}

#[test]
fn a_call_to_each_is_a_branch_for_each() {
    let part = |world| threads([parallel([vec![SubCall::to_each([world; 50]).into()], vec![work(3.0)]])]);
    let run = play(&[ask(0)], &[(20, Ok)], part);
    assert_eq!((run.log(), run.world().calls.len()), (vec!["0 ok 20".to_string()], 50));
    assert_eq!(play(&[ask(2)], NOBODY, |_| threads([parallel([])])).log(), ["0 ok 2"], "no branch, no wait");
}

#[test]
fn branches_that_compute_share_the_cores_and_hold_no_thread() {
    // One core: both branches of 5 end at 10, then one calls for 7.
    let part = |world| {
        let does = parallel([vec![work(5.0)], vec![work(5.0), call(world)]]);
        Service::threads(1, Machine::cores(1)).does([does, work(1.0)]).build().unwrap()
    };
    let run = play(&[ask(0)], &[(7, Ok)], part);
    assert_eq!((run.called(), run.log()), (vec![10.0], vec!["0 ok 18".to_string()]));
    assert_eq!(run.most("threads"), 1.0);
    // One server: one branch waits for the other.
    let part = |_| Service::servers(1).does([parallel([vec![work(5.0)], vec![work(5.0)]])]).build().unwrap();
    let run = play(&[ask(0)], NOBODY, part);
    assert_eq!(run.log(), ["0 ok 10"]);
    assert_eq!((run.integral("busy"), run.integral("queue")), (10.0, 5.0));
}

#[test]
fn branches_have_branches() {
    let part = |world| {
        let inner = parallel([vec![call(world)], vec![work(2.0), call(world)]]);
        threads([parallel([vec![inner, work(1.0)], vec![call(world)]]), work(1.0)])
    };
    // Calls at 0 (outer), 0 (inner), 2 (inner): answered 10 later; then 1 and 1.
    let run = play(&[ask(0)], &[(10, Ok)], part);
    assert_eq!((run.called(), run.log()), (vec![0.0, 0.0, 2.0], vec!["0 ok 14".to_string()]));
}

#[test]
fn the_ledger_of_branches_is_that_of_the_critical_path() {
    let part = |world| threads([parallel([vec![work(5.0)], vec![call(world)]]), work(1.0)]);
    let run = play(&[ask(0)], &[(20, Ok)], part);
    let ended = run.sim.outcomes(run.caller);
    // Waiting at the world for 20, service for 1: the branch of 5 is beside it.
    assert_eq!((ended.phases[0], ended.phases[1]), (20_000_000, 1_000_000));
}

#[test]
fn an_operation_is_asked_for_by_number_or_inherited_also_by_branches() {
    let part = |world| {
        let branches =
            parallel([vec![work(1.0), call(world), work(1.0)], vec![SubCall::to(world).operation(9).into()]]);
        Service::threads(9, Machine::default())
            .operation(3, [call(world), branches, SubCall::to(world).operation(4).into()])
            .does([call(world)])
            .build()
            .unwrap()
    };
    let run = play(&[ask(0).operation(3), ask(50).operation(7)], NOBODY, part);
    let operations: Vec<u16> = run.world().calls.iter().map(|(_, operation, _)| *operation).collect();
    assert_eq!(operations, [3, 9, 3, 4, 7]);
    let passes = |world| {
        let by_number = SubCall::to(world).operation(4).into();
        Service::servers(1).operation(3, [by_number]).does([work(1.0), call(world)]).build().unwrap()
    };
    let run = play(&[ask(0).operation(3), ask(5).operation(7)], NOBODY, passes);
    let operations: Vec<u16> = run.world().calls.iter().map(|(_, operation, _)| *operation).collect();
    assert_eq!(operations, [4, 7]);
}

#[test]
fn an_operation_there_is_not_is_failed_and_counted() {
    let run = play(&[ask(0).operation(3), ask(1).operation(2)], NOBODY, |_| {
        Service::servers(1).operation(3, [work(1.0)]).build().unwrap()
    });
    assert_eq!((run.log(), run.count("unknown_operation")), (vec!["0 ok 1".into(), "1 failed 1".into()], 1));
}

#[test]
fn what_is_detached_goes_on_after_the_reply_and_is_measured_apart() {
    // The call comes at 2. The detached steps work 4 beside the 1 of the call: 1 until 4, the rest until 7,
    // and call until 17.
    let part = |world| {
        Service::threads(1, Machine::cores(1))
            .does([Step::Detach(vec![work(4.0), call(world)]), work(1.0)])
            .build()
            .unwrap()
    };
    let run = play(&[ask(2)], &[(10, Ok)], part);
    assert_eq!((run.log(), run.called()), (vec!["0 ok 4".to_string()], vec![7.0]));
    assert_eq!(run.samples("completion"), (1, 15.0), "since the birth of the request");
    assert_eq!(run.most("threads"), 1.0);
    assert_eq!(run.sim.outcomes(run.service).ended[Ok as usize], 1);
}

#[test]
fn a_call_carries_its_own_size_and_keys() {
    let keys = KeyPopularity::even(1_000_000).unwrap();
    let own = |space| Key::Own { space, keys: keys.clone() };
    let part = |world| {
        Service::unlimited()
            .does([
                SubCall::to(world).key(own(1)).into(),
                SubCall::to(world).key(own(2)).size(constant(300.0)).into(),
                SubCall::to(world).key(own(1)).reply(constant(7e9)).into(),
                SubCall::to(world).key(Key::Fresh { keys: keys.clone() }).into(),
                SubCall::to(world).into(),
            ])
            .build()
            .unwrap()
    };
    let attributes = Attributes { key: 5, size: 1_000, reply: 9, ..Attributes::of(77) };
    let run = play(&[Ask { attributes, ..ask(0) }], NOBODY, part);
    let seen: Vec<Attributes> = run.world().calls.iter().map(|(.., attributes)| *attributes).collect();
    assert_eq!(
        seen.iter().map(|a| (a.size, a.reply)).collect::<Vec<_>>(),
        [(0, 0), (300, 0), (0, u32::MAX), (0, 0), (0, 0)]
    );
    let expected = |space| keys.sample(&mut own_stream(77, space)) as u32;
    assert_eq!([seen[0].key, seen[1].key, seen[2].key], [expected(1), expected(2), expected(1)]);
    assert!(seen[3].key != seen[0].key && seen[4].key == 5);
}

#[test]
fn work_depends_on_the_request_alone() {
    // The same two requests, alone and among others, in two concurrencies: the same works.
    let law = || super::super::compute(Distribution::exponential(1e6).unwrap());
    let of = |n: u64| Ask { attributes: Attributes::of(n), ..ask(1_000 * n) };
    let took = |run: &Run, n: usize| run.caller().answers[n].1 - [of(3).at, of(9).at][n.min(1)];
    let few = play(&[of(3), of(9)], NOBODY, |_| Service::servers(1).does([law(), law()]).build().unwrap());
    let many = play(&[of(3), of(5), of(9)], NOBODY, |_| threads([law(), law()]));
    let nine = many.caller().answers[2].1 - of(9).at;
    assert_eq!((took(&few, 0), took(&few, 1)), (took(&many, 0), nine));
    assert_ne!(took(&few, 0), took(&few, 1));
}

#[test]
fn steps_that_cannot_be_are_refused() {
    let build = |steps: Vec<Step>| Service::servers(1).does(steps).build().map(|_| ()).unwrap_err();
    assert_eq!(build(vec![fail(1.5)]), ServiceError::Chance(1.5));
    assert_eq!(build(vec![Step::Choice(vec![(0.5, vec![])])]), ServiceError::Shares(0.5));
    assert_eq!(build(vec![Step::Choice(vec![])]), ServiceError::Shares(0.0));
    let none: [crate::Edge; 0] = [];
    assert_eq!(build(vec![SubCall::to_each(none).into()]), ServiceError::CallToNobody);
    assert_eq!(build(vec![parallel([vec![SubCall::to_each(none).into()]])]), ServiceError::CallToNobody);
    let quorum = |of| vec![Parallel::of([vec![work(1.0)], vec![]]).wait(Wait::Quorum(of)).into()];
    assert_eq!(build(quorum(3)), ServiceError::Quorum { of: 3, branches: 2 });
    assert_eq!(build(quorum(0)), ServiceError::Quorum { of: 0, branches: 2 });
    assert!(matches!(build(vec![work(-1.0)]), ServiceError::Negative { what: "work", .. }));
    assert!(matches!(build(vec![Step::Detach(vec![fail(-0.1)])]), ServiceError::Chance(_)), "inside too");
    let twice = Service::servers(1).operation(1, []).operation(1, []);
    assert_eq!(twice.build().unwrap_err(), ServiceError::OperationTwice(1));
    assert_eq!(
        Service::servers(1).operation(40_000, []).build().unwrap_err(),
        ServiceError::OperationNumber(40_000)
    );
}
