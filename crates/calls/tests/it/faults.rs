//! Crashes, hangs, ceilings.

use kneepoint_calls::{Answer, Attributes, Callee, Component, Cx, Fault, Limits, Simulation, Status, Stop};
use kneepoint_engine::SimTime;

use crate::parts::*;

fn crashed(refuse: Status) -> (Simulation, kneepoint_calls::ComponentId, kneepoint_calls::Callee) {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let script = sim.add("script", Script::new(station, &[0, 1, 7, 30]).within(ms(50), false));
    sim.inject(at_ms(5), station.id(), Fault::Crash { refuse });
    sim.inject(at_ms(20), station.id(), Fault::Restart);
    while sim.step() {}
    (sim, script, station)
}

#[test]
fn a_crash_answers_what_is_held_refuses_what_comes_and_forgets_its_state() {
    let (sim, script, station) = crashed(Status::Unavailable);
    assert_eq!(
        sim.get::<Script>(script).unwrap().heard,
        [
            (5, 0, Status::Unavailable),
            (5, 1, Status::Unavailable),
            (7, 2, Status::Unavailable),
            (40, 3, Status::Ok)
        ]
    );
    assert_eq!(sim.get::<Station>(station.id()).unwrap().served, 1, "as new since the restart");
    assert_eq!(sim.level(station.id(), "busy").unwrap().integral(sim.now().as_nanos()), 15e6, "5 + 10 ms");
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_crash_that_swallows_leaves_its_callers_to_their_timeouts() {
    let (sim, script, station) = crashed(Status::Lost);
    assert_eq!(
        sim.get::<Script>(script).unwrap().heard,
        [(40, 3, Status::Ok), (50, 0, Status::Timeout), (51, 1, Status::Timeout), (57, 2, Status::Timeout)]
    );
    assert_eq!(sim.books(station.id()).lost, 3);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn what_a_crashed_part_had_asked_goes_on_without_it() {
    let mut sim = Simulation::new(1);
    let back = sim.serve("back", Station::new(ms(20)));
    let front = sim.serve("front", Station::new(ms(1)).then(back, false));
    let script = sim.add("script", Script::new(front, &[0]));
    sim.inject(at_ms(5), front.id(), Fault::Crash { refuse: Status::Failed });
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(5, 0, Status::Failed)]);
    assert_eq!(sim.books(back.id()).orphans, 1);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_part_that_hangs_sees_what_it_missed_when_it_goes_on() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let script = sim.add("script", Script::new(station, &[0, 12, 14]).within(ms(30), true));
    sim.inject(at_ms(11), station.id(), Fault::Hang);
    sim.inject(at_ms(43), station.id(), Fault::Resume);
    while sim.step() {}
    // 1 asked at 12 gives up at 42; its call and its cancellation are seen at 43
    assert_eq!(
        sim.get::<Script>(script).unwrap().heard,
        [(10, 0, Status::Ok), (42, 1, Status::Timeout), (44, 2, Status::Timeout)]
    );
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_client_that_hangs_misses_its_timeouts_until_it_goes_on() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(100)));
    let script = sim.add("script", Script::new(station, &[0]).within(ms(10), true));
    sim.inject(at_ms(5), script, Fault::Hang);
    sim.inject(at_ms(50), script, Fault::Resume);
    while sim.step() {}
    assert_eq!(sim.get::<Script>(script).unwrap().heard, [(50, 0, Status::Timeout)]);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn the_lease_of_a_crashed_holder_is_released_only_by_its_end() {
    let mut sim = Simulation::new(1);
    let leases = sim.serve("leases", Leases::default());
    let lessee = |at| Lessee { from: leases, at: ms(at), keeps: ms(10), lease: None, granted: vec![] };
    let first = sim.add("first", lessee(0));
    let second = sim.add("second", lessee(1));
    sim.inject(at_ms(5), first, Fault::Crash { refuse: Status::Lost });
    while sim.step() {}
    // Nobody tells the lessor: as with a connection whose peer has vanished, somebody must notice.
    assert!(sim.get::<Lessee>(second).unwrap().granted.is_empty());
    assert_eq!(sim.in_flight(), 2);
}

#[test]
fn an_overloaded_model_stops_with_an_explanation() {
    let mut sim = Simulation::new(1);
    sim.set_limits(Limits { in_flight: 1000, ..Limits::default() });
    let station = sim.serve("station", Station::new(ms(10)));
    sim.add("clients", Poisson::new(station, ms(1), kneepoint_engine::SimDuration::ZERO));
    let stop = sim.run_until(SimTime::ZERO + ms(1_000_000)).unwrap_err();
    assert!(matches!(stop, Stop::InFlight { limit: 1000, .. }), "{stop}");
    assert!(stop.to_string().contains("more than 1000 calls in flight"));
}

#[test]
fn an_endless_run_stops_at_the_ceiling_of_events() {
    let mut sim = Simulation::new(1);
    sim.set_limits(Limits { events: 100_000, ..Limits::default() });
    let station = sim.serve("station", Station::new(ms(1)));
    sim.add("clients", Poisson::new(station, ms(2), kneepoint_engine::SimDuration::ZERO));
    assert!(matches!(sim.run_until(SimTime::MAX), Err(Stop::Events { limit: 100_000, .. })));
    assert_eq!(sim.events(), 100_001, "one more than allowed is seen at once");
}

/// Asks again as soon as it is answered, with so many calls.
#[derive(Clone)]
struct Eager {
    to: Callee,
    calls: u32,
}

impl Component for Eager {
    type Timer = ();
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        for _ in 0..self.calls {
            cx.call(self.to.request(Attributes::of(1)));
        }
    }
    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}
    fn on_answer(&mut self, _: Answer, cx: &mut Cx<Self>) {
        cx.call(self.to.request(Attributes::of(1)));
    }
}

#[test]
fn a_run_whose_time_stands_still_ends_and_says_who_goes_round() {
    // A station that works for 10 ms behind one that passes on; it crashes, and what is down answers at once.
    let at_rest = |calls: u32| {
        let mut sim = Simulation::new(1);
        sim.set_limits(Limits { in_flight: 1000, ..Limits::default() });
        let station = sim.serve("station", Station::new(ms(10)));
        let front = sim.serve("front", Retry { to: station, within: ms(1000), pause: ms(0) });
        let eager = sim.add("eager", Eager { to: front, calls });
        sim.add("others", Poisson::new(station, ms(1000), ms(100)));
        sim.inject(at_ms(105), station.id(), Fault::Crash { refuse: Status::Unavailable });
        (sim.run_until(at_ms(10_000)).unwrap_err(), sim.events(), eager, station.id())
    };
    for calls in [1, 200] {
        let (stop, events, eager, station) = at_rest(calls);
        let Stop::Still { events: still, at, asks, answers, works: None } = stop else { panic!("{stop}") };
        assert_eq!(at, at_ms(105));
        assert_eq!((asks, answers), (Some(eager), Some((station, Status::Unavailable))), "{calls}");
        // A little above a million, and never as many again.
        assert!(still > 1 << 20 && still < (1 << 20) + 200_000, "{still}");
        assert!(events - still < 100_000, "{events}");
        assert!(stop.to_string().starts_with("time stands still at 105 ms: 1"), "{stop}");
        assert_eq!((stop, events), {
            let again = at_rest(calls);
            (again.0, again.1)
        });
    }
}

#[test]
fn much_that_happens_at_once_is_no_time_that_stands_still() {
    let mut sim = Simulation::new(1);
    sim.set_limits(Limits { in_flight: 300_000, ..Limits::default() });
    let last = sim.serve("last", Station::new(ms(1)));
    let third = sim.serve("third", Station::new(ms(0)).then(last, false));
    let second = sim.serve("second", Station::new(ms(0)).then(third, false));
    let first = sim.serve("first", Station::new(ms(0)).then(second, false));
    sim.add("eager", Eager { to: first, calls: 60_000 });
    assert_eq!(sim.run_until(at_ms(20)), Ok(()));
    assert_eq!(sim.books(last.id()).calls, 60_000 + 20);
}

#[test]
fn a_small_ceiling_of_memory_holds_for_a_short_run_too() {
    let mut sim = Simulation::new(1);
    sim.set_limits(Limits { memory: 10_000, ..Limits::default() });
    let station = sim.serve("station", Station::new(ms(10)));
    sim.add("clients", Poisson::new(station, ms(1), kneepoint_engine::SimDuration::ZERO));
    assert!(matches!(sim.run_until(SimTime::ZERO + ms(1000)), Err(Stop::Memory { limit: 10_000, .. })));
}

#[test]
fn what_happens_to_parts_is_noted_if_anybody_wants_to_know() {
    let mut sim = Simulation::new(1);
    let station = sim.serve("station", Station::new(ms(10)));
    let id = station.id();
    let faults = [
        (5, Fault::Hang),
        (6, Fault::Crash { refuse: Status::Lost }),
        // Down already: nothing happens.
        (7, Fault::Hang),
        (9, Fault::Restart),
        (11, Fault::Hang),
        (12, Fault::Resume),
    ];
    faults.into_iter().for_each(|(at, fault)| sim.inject(at_ms(at), id, fault));
    let mut deaf = sim.clone();
    while deaf.step() {}
    assert!(deaf.take_happenings().is_empty());
    sim.note_happenings();
    sim.run_until(at_ms(6)).unwrap();
    assert!(!sim.serves(id));
    let mut all = sim.take_happenings();
    while sim.step() {}
    all.extend(sim.take_happenings());
    let noted: Vec<(u64, &str, Option<bool>)> =
        all.iter().map(|one| (one.at.as_nanos() / 1_000_000, one.what, one.serves)).collect();
    assert_eq!(
        noted,
        [
            (5, "hang", Some(false)),
            (6, "crash", None), // it did not serve before
            (9, "restart", Some(true)),
            (11, "hang", Some(false)),
            (12, "resume", Some(true)),
        ]
    );
    assert!(all.iter().all(|one| one.part == id) && sim.serves(id));
    assert_eq!(all[1].detail, "calls get no answer");
    assert_eq!(sim.digest(), deaf.digest(), "listening changes nothing");
}
