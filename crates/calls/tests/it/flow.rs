//! Calls, answers, giving up, notices.

use kneepoint_calls::rig::{Asks, drive};
use kneepoint_calls::{Callee, Simulation, Status};
use kneepoint_engine::SimDuration;

use crate::parts::*;

#[test]
fn a_station_serves_in_order_and_every_time_is_as_by_hand() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let script = sim.add("script", Script::new(station, &[0, 1, 30]));
    while sim.step() {}
    let heard = &sim.get::<Script>(script).unwrap().heard;
    assert_eq!(heard, &[(10, 0, Status::Ok), (20, 1, Status::Ok), (40, 2, Status::Ok)]);
    assert_eq!(sim.in_flight(), 0);
    let books = sim.books(station.id());
    assert_eq!((books.calls, books.answered(Status::Ok), books.response.sum()), (3, 3, 39_000_000));
}

#[test]
fn a_caller_that_gives_up_leaves_an_orphan_that_is_served_all_the_same() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let script = sim.add("script", Script::new(station, &[0, 1]).within(ms(15), false));
    while sim.step() {}
    let heard = &sim.get::<Script>(script).unwrap().heard;
    assert_eq!(heard, &[(10, 0, Status::Ok), (16, 1, Status::Timeout)]);
    let books = sim.books(station.id());
    assert_eq!((books.answered(Status::Ok), books.orphans), (2, 1));
    assert_eq!(books.orphan_time, 4_000_000, "from 16 to 20 ms it served for nobody");
    assert_eq!(sim.get::<Station>(station.id()).unwrap().served, 2);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_cancelled_call_leaves_the_queue() {
    let driven = drive(
        &[Asks::at(ms(0)), Asks::at(ms(1)).giving_up(ms(5)), Asks::at(ms(2))],
        &[(ms(10), Status::Ok)],
        |world| Station::new(ms(10)).then(world, false),
    );
    assert_eq!(
        driven.log,
        ["6 answer 1 timeout", "10 called 0", "20 called 1", "20 answer 0 ok", "30 answer 2 ok"]
    );
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_cancellation_goes_through_a_relay_without_waking_it() {
    let driven = drive(&[Asks::at(ms(0)).giving_up(ms(15))], &[(SimDuration::MAX, Status::Ok)], |world| {
        Station::new(ms(10)).then(world, true)
    });
    assert_eq!(driven.log, ["10 called 0", "15 cancelled 0", "15 answer 0 timeout"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn a_relayed_answer_arrives_in_the_same_event() {
    let mut sim = Simulation::new(1);
    let back = sim.serve("back", Station::new(ms(5)));
    let middle = sim.serve("middle", Station::new(ms(5)).then(back, true));
    let front = sim.serve("front", Station::new(ms(5)).then(middle, true));
    let script = sim.add("script", Script::new(front, &[0]));
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(15, 0, Status::Ok)]);
    for (callee, took) in [(front, 15_000_000), (middle, 10_000_000), (back, 5_000_000)] {
        assert_eq!(sim.books(callee.id()).response.sum(), took);
    }
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_cancellation_that_overtakes_its_call_on_the_wire_is_never_seen() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let wire = sim.serve("wire", Wire { to: station, one_way: ms(20) });
    let script = sim.add("script", Script::new(wire, &[0]).within(ms(5), true));
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(5, 0, Status::Timeout)]);
    assert_eq!(sim.books(station.id()).calls, 0, "dropped on arrival");
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_deadline_wins_over_an_answer_on_the_wire() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let wire = sim.serve("wire", Wire { to: station, one_way: ms(20) });
    let script = sim.add("script", Script::new(wire, &[0]).within(ms(40), true));
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(40, 0, Status::Timeout)]);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_quorum_decides_and_the_rest_is_cancelled() {
    let mut sim = Simulation::new(1);
    let to: Vec<Callee> =
        (1..=3).map(|i| sim.serve(&format!("station/{i}"), Station::new(ms(10 * i)))).collect();
    let fork = sim.serve("fork", Fork { to: to.clone(), wait_for: 2, held: Default::default() });
    let script = sim.add("script", Script::new(fork, &[0]));
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(20, 0, Status::Ok)]);
    assert_eq!(sim.books(to[2].id()).answered(Status::Cancelled), 1);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_thousand_children_at_once_come_and_go() {
    let mut sim = Simulation::new(1);
    let to: Vec<Callee> =
        (0..1000).map(|i| sim.serve(&format!("leaf/{i}"), Station::new(ms(1 + i % 7)))).collect();
    let fork = sim.serve("fork", Fork { to, wait_for: 1000, held: Default::default() });
    let script = sim.add("script", Script::new(fork, &[0, 100, 200]));
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard.len(), 3);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_lease_is_granted_by_notice_and_released_by_giving_up() {
    let mut sim = Simulation::new(1);
    let leases = sim.serve("leases", Leases::default());
    let lessee =
        |at, keeps| Lessee { from: leases, at: ms(at), keeps: ms(keeps), lease: None, granted: vec![] };
    let first = sim.add("first", lessee(0, 10));
    let second = sim.add("second", lessee(3, 10));
    while sim.step() {}
    assert_eq!(sim.get::<Lessee>(first).unwrap().granted, [(at_ms(0), 7)]);
    assert_eq!(sim.get::<Lessee>(second).unwrap().granted, [(at_ms(10), 7)]);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn parts_that_call_each_other_in_a_circle_are_declared_first() {
    let mut sim = Simulation::new(1);
    let last = sim.serve("last", Station::new(ms(1)));
    let a = sim.declare("a");
    let b = sim.serve("b", Station::new(ms(1)).then(last, false));
    let to_b = Station::new(ms(1)).then(b, false);
    let a = sim.serve_declared(a, to_b);
    let script = sim.add("script", Script::new(a, &[0]));
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(3, 0, Status::Ok)]);
}

#[test]
#[should_panic(expected = "front was declared and never built")]
fn a_declared_part_that_is_never_built_is_named() {
    let mut sim = Simulation::new(1);
    let front = sim.declare("front");
    sim.add("script", Script::new(front.callee(), &[0]));
    while sim.step() {}
}

mod mistakes {
    use super::*;
    use kneepoint_calls::{Answer, Call, Component, Cx, Serve};

    #[derive(Clone)]
    struct Clumsy {
        to: Option<Callee>,
    }
    impl Component for Clumsy {
        type Timer = ();
        fn on_timer(&mut self, _: (), _: &mut Cx<Self>) {}
        fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
    }
    impl Serve for Clumsy {
        fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
            match self.to {
                Some(to) => {
                    cx.call(to.ask(call));
                    cx.call(to.ask(call));
                }
                None => {
                    cx.answer(call, Status::Ok);
                    cx.answer(call, Status::Ok);
                }
            }
        }
        fn on_cancel(&mut self, _: Call, _: &mut Cx<Self>) {}
    }

    #[test]
    #[should_panic(expected = "answered twice: part at")]
    fn a_second_answer_panics_with_path_and_time() {
        drive(&[Asks::at(ms(3))], &[(ms(1), Status::Ok)], |_| Clumsy { to: None });
    }

    #[test]
    #[should_panic(expected = "need .branch(): part at")]
    fn two_lendings_at_once_panic() {
        drive(&[Asks::at(ms(3))], &[(ms(1), Status::Ok)], |world| Clumsy { to: Some(world) });
    }
}
