//! Where the time goes: by hand.

use kneepoint_calls::{Fate, Phase, Sampling, Simulation, Status};
use kneepoint_engine::SimDuration;

use crate::parts::*;

fn phases(sim: &Simulation, id: kneepoint_calls::ComponentId) -> Vec<(Phase, u64)> {
    let sums = sim.outcomes(id).phases;
    Phase::ALL.iter().map(|p| (*p, sums[*p as usize] / 1_000_000)).filter(|(_, t)| *t > 0).collect()
}

#[test]
fn a_queue_and_a_wire_split_into_waiting_service_and_network() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let wire = sim.serve("wire", Wire { to: station, one_way: ms(2) });
    let script = sim.add("script", Script::new(wire, &[0, 4]));
    while sim.step() {}
    // first: 2 + 10 + 2; second: arrives at 6, waits until 12, 10, 2
    assert_eq!(phases(&sim, script), [(Phase::Waiting, 6), (Phase::Service, 20), (Phase::Network, 8)]);
    assert_eq!(sim.outcomes(script).latency, 34_000_000);
}

#[test]
fn a_try_that_came_to_nothing_is_wasted_and_the_pause_is_backoff() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let retry = sim.serve("retry", Retry { to: station, within: ms(15), pause: ms(7) });
    let script = sim.add("script", Script::new(retry, &[0, 1]));
    while sim.step() {}
    // second: asked at 1, behind the first until 10; gives up at 16 (served 10..20 as an orphan); again at 23, served 23..33
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(10, 0, Status::Ok), (33, 1, Status::Ok)]);
    assert_eq!(
        phases(&sim, script),
        [(Phase::Service, 20), (Phase::Backoff, 7), (Phase::Wasted, 15)],
        "10 of the first, 15 wasted + 7 pause + 10 service of the second"
    );
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_try_that_is_out_when_its_caller_gives_up_is_wasted_and_not_waiting() {
    // The station would answer after 100 ms; a try is given 15 ms, the second follows 3 ms later, and whoever asks gives
    // up after 25 ms: 15 of the first try, 3 of pause, 7 of the second. Nothing queues, so nothing is waiting.
    for lent in [false, true] {
        let mut sim = Simulation::new(1);
        let station = sim.serve("station", Station::new(ms(100)));
        let retry = sim.serve("retry", Retry { to: station, within: ms(15), pause: ms(3) });
        // Whoever gives up may be above one that lent its strand.
        let front = sim.serve("front", Station::new(ms(0)).then(retry, false));
        let to = if lent { front } else { retry };
        let script = sim.add("script", Script::new(to, &[0]).within(ms(25), false));
        while sim.step() {}
        assert_eq!(phases(&sim, script), [(Phase::Backoff, 3), (Phase::Wasted, 22)]);
        assert_eq!(sim.in_flight(), 0);
    }
}

#[test]
fn branches_that_are_out_when_their_caller_gives_up_are_wasted() {
    let mut sim = Simulation::new(1);
    let (near, far) = (sim.serve("near", Station::new(ms(5))), sim.serve("far", Station::new(ms(20))));
    let fork = sim.serve("fork", Fork { to: vec![near, far], wait_for: 2, held: Default::default() });
    let script = sim.add("script", Script::new(fork, &[0]).within(ms(12), false));
    while sim.step() {}
    // The near branch took 5 and became the time of the caller; the other 7 were for the far one.
    assert_eq!(phases(&sim, script), [(Phase::Service, 5), (Phase::Wasted, 7)]);
}

#[test]
fn whoever_works_for_a_caller_that_has_given_up_answers_an_orphan() {
    // Both ask at once and give up after 15 ms. The station is done with the first after 10 and with the second after 20,
    // which nobody waits for any more: not whoever passes it on either, be that one that is told or one that relays.
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let wire = sim.serve("wire", Wire { to: station, one_way: ms(1) });
    let front = sim.serve("front", Station::new(ms(0)).then(wire, false));
    let script = sim.add("script", Script::new(front, &[0, 0]).within(ms(15), false));
    while sim.step() {}
    assert_eq!(sim.outcomes(script).ended[Status::Timeout as usize], 1);
    for part in [station, wire, front] {
        assert_eq!(sim.books(part.id()).orphans, 1, "{}", sim.path(part.id()));
    }
}

#[test]
fn branches_of_a_call_that_was_given_up_are_orphans_from_then_on() {
    let mut sim = Simulation::new(1);
    let (near, far) = (sim.serve("near", Station::new(ms(5))), sim.serve("far", Station::new(ms(20))));
    let fork = sim.serve("fork", Fork { to: vec![near, far], wait_for: 2, held: Default::default() });
    let script = sim.add("script", Script::new(fork, &[0]).within(ms(12), false));
    while sim.step() {}
    assert_eq!(sim.outcomes(script).ended[Status::Timeout as usize], 1);
    let [near, far] =
        [near, far].map(|part| (sim.books(part.id()).orphans, sim.books(part.id()).orphan_time));
    assert_eq!((near, far), ((0, 0), (1, 8_000_000)), "the far one works on from 12 to 20");
}

#[test]
fn who_gives_up_in_a_queue_has_waited() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(30)));
    let script = sim.add("script", Script::new(station, &[0, 10]).within(ms(15), false));
    while sim.step() {}
    assert_eq!(phases(&sim, script), [(Phase::Waiting, 15), (Phase::Service, 15)]);
}

#[test]
fn a_join_keeps_the_time_of_the_branch_that_decided() {
    let mut sim = Simulation::new(1);
    let fast = sim.serve("fast", Station::new(ms(5)));
    let far = sim.serve("far", Station::new(ms(20)));
    let wire = sim.serve("wire", Wire { to: far, one_way: ms(3) });
    let fork = sim.serve("fork", Fork { to: vec![wire, fast], wait_for: 2, held: Default::default() });
    let script = sim.add("script", Script::new(fork, &[0]));
    while sim.step() {}
    assert_eq!(phases(&sim, script), [(Phase::Service, 20), (Phase::Network, 6)]);
}

#[test]
fn giving_up_deep_in_a_chain_of_loans_gives_everybody_above_the_copy_back() {
    // front lends to middle, middle lends to back and gives up after 5 ms: the orphan's 100 ms must not be
    // booked on the request, and front's ledger must be middle's copy.
    #[derive(Clone)]
    struct Impatient {
        to: kneepoint_calls::Callee,
        within: SimDuration,
    }
    use kneepoint_calls::{Answer, Call, Component, Cx, Serve};
    impl Component for Impatient {
        type Timer = ();
        fn on_timer(&mut self, _: (), _: &mut Cx<Self>) {}
        fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
            cx.answer(answer.call, if answer.status.is_good() { Status::Ok } else { Status::Degraded });
        }
    }
    impl Serve for Impatient {
        fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
            cx.call(self.to.ask(call).within(self.within));
        }
        fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
            cx.abandon_rest(call, true);
            cx.answer(call, Status::Cancelled);
        }
    }
    let mut sim = Simulation::new(1);
    let back = sim.serve("back", Station::new(ms(100)));
    let middle = sim.serve("middle", Impatient { to: back, within: ms(5) });
    let front = sim.serve("front", Station::new(ms(2)).then(middle, false));
    let outer = sim.serve("outer", Station::new(ms(2)).then(front, false));
    let script = sim.add("script", Script::new(outer, &[0]));
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(9, 0, Status::Degraded)]);
    assert_eq!(phases(&sim, script), [(Phase::Service, 9)]);
    assert_eq!(sim.books(back.id()).orphan_time, 95_000_000);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn the_spans_of_a_sampled_request_cover_its_life() {
    let mut sim = Simulation::new(1);
    sim.set_sampling(Sampling { one_in: 1, wanted: vec![], at_most: 100 });
    let station = sim.serve("station", Station::new(ms(10)));
    let wire = sim.serve("wire", Wire { to: station, one_way: ms(2) });
    sim.add("script", Script::new(wire, &[0]));
    while sim.step() {}
    let (spans, dropped) = sim.spans();
    let seen: Vec<_> =
        spans.iter().map(|s| (sim.path(s.at), s.phase, s.from / 1_000_000, s.to / 1_000_000)).collect();
    assert_eq!(
        seen,
        [
            ("station", Phase::Network, 0, 2),
            ("station", Phase::Service, 2, 12),
            ("wire", Phase::Network, 12, 14)
        ]
    );
    assert_eq!(dropped, 0);
}

/// Strands as (parent, begun \[ms\], fate).
fn strands(sim: &Simulation) -> Vec<(Option<u32>, u64, Fate)> {
    sim.strands().iter().map(|s| (s.parent, s.from / 1_000_000, s.fate)).collect()
}

/// Spans as (strand, path, phase, from \[ms\], to \[ms\]).
fn spans(sim: &Simulation) -> Vec<(u32, &str, Phase, u64, u64)> {
    let (spans, dropped) = sim.spans();
    assert_eq!(dropped, 0);
    spans.iter().map(|s| (s.strand, sim.path(s.at), s.phase, s.from / 1_000_000, s.to / 1_000_000)).collect()
}

#[test]
fn the_branches_of_a_sampled_request_hang_on_it_and_the_one_that_decided_is_marked() {
    let mut sim = Simulation::new(1);
    sim.set_sampling(Sampling { one_in: 1, wanted: vec![], at_most: 100 });
    let fast = sim.serve("fast", Station::new(ms(5)));
    let slow = sim.serve("slow", Station::new(ms(20)));
    let fork = sim.serve("fork", Fork { to: vec![slow, fast], wait_for: 2, held: Default::default() });
    sim.add("script", Script::new(fork, &[0]));
    while sim.step() {}
    assert_eq!(
        strands(&sim),
        [(None, 0, Fate::Plain), (Some(0), 0, Fate::Decided), (Some(0), 0, Fate::Decided)],
        "both answers came before the join, and the last one counts"
    );
    assert_eq!(spans(&sim)[..2], [(2, "fast", Phase::Service, 0, 5), (1, "slow", Phase::Service, 0, 20)]);
}

#[test]
fn what_was_given_up_is_an_orphan_and_the_caller_keeps_its_strand() {
    let mut sim = Simulation::new(1);
    sim.set_sampling(Sampling { one_in: 0, wanted: vec![2], at_most: 100 });
    let station = sim.serve("station", Station::new(ms(10)));
    let retry = sim.serve("retry", Retry { to: station, within: ms(15), pause: ms(7) });
    sim.add("script", Script::new(retry, &[0, 1]));
    while sim.step() {}
    let strands = strands(&sim);
    assert_eq!(strands[0], (None, 1, Fate::Plain));
    assert!(strands[1..].iter().all(|(parent, _, _)| *parent == Some(0)), "{strands:?}");
    let of_request: u64 = spans(&sim).iter().filter(|s| s.0 == 0).map(|s| s.4 - s.3).sum();
    assert_eq!(of_request, 22, "15 until it gives up and 7 of pause; the second try is a branch of its own");
    assert!(spans(&sim).contains(&(1, "station", Phase::Service, 16, 20)), "{:?}", spans(&sim));
}

#[test]
fn the_slowest_and_the_failed_are_worth_a_second_look() {
    let run = |wanted: Vec<u64>| {
        let mut sim = Simulation::new(1);
        sim.set_sampling(Sampling { one_in: 0, wanted, at_most: 100 });
        sim.note_ends();
        let station = sim.serve("station", Station::new(ms(10)));
        sim.add("script", Script::new(station, &[0, 1, 2, 30]).within(ms(25), false));
        while sim.step() {}
        sim
    };
    let candidates = run(vec![]).candidates();
    let [client] = &candidates[..] else { panic!("one client") };
    let seen = |list: &[kneepoint_calls::Ended]| -> Vec<(u64, u64)> {
        list.iter().map(|e| (e.identity, e.latency / 1_000_000)).collect()
    };
    assert_eq!(seen(&client.slowest), [(2, 19), (4, 10), (1, 10)]);
    assert_eq!(
        client.failed.iter().map(|e| (e.identity, e.status)).collect::<Vec<_>>(),
        [(3, Status::Timeout)]
    );
    let again = run(vec![3]);
    assert!(again.spans().0.iter().all(|span| span.identity == 3) && !again.spans().0.is_empty());
}
