//! Whole simulations: snapshots, order, independence.

use kneepoint_calls::{ComponentId, Fault, Simulation, Status};
use kneepoint_engine::SimDuration;

use crate::parts::*;

/// Two tiers with retries, wires, a fork and time-outs, under random load near saturation.
fn shop(seed: u64, with_stranger: bool) -> (Simulation, Vec<ComponentId>) {
    let mut sim = Simulation::new(seed);
    if with_stranger {
        let station = sim.serve("stranger/station", Station::new(ms(3)));
        sim.add("stranger", Poisson::new(station, ms(4), SimDuration::ZERO));
    }
    let database = sim.serve("database", Station::new(ms(4)));
    let wire = sim.serve("wire", Wire { to: database, one_way: ms(1) });
    let retry = sim.serve("retry", Retry { to: wire, within: ms(25), pause: ms(5) });
    let side = sim.serve("side", Station::new(ms(2)));
    let fork = sim.serve("fork", Fork { to: vec![retry, side], wait_for: 2, held: Default::default() });
    let web = sim.serve("web", Station::new(ms(3)).then(fork, false));
    let clients = sim.add("clients", Poisson::new(web, ms(5), ms(60)));
    let parts = [database, wire, retry, side, fork, web].map(|c| c.id());
    sim.inject(at_ms(3000), database.id(), Fault::Crash { refuse: Status::Unavailable });
    sim.inject(at_ms(3200), database.id(), Fault::Restart);
    sim.inject(at_ms(5000), web.id(), Fault::Hang);
    sim.inject(at_ms(5100), web.id(), Fault::Resume);
    (sim, parts.into_iter().chain([clients]).collect())
}

#[test]
fn the_same_seed_gives_the_same_digest_and_another_seed_another() {
    let digest = |seed| {
        let (mut sim, _) = shop(seed, false);
        sim.run_until(at_ms(10_000)).unwrap();
        sim.digest()
    };
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}

#[test]
fn a_clone_continues_bit_identically_wherever_it_is_taken() {
    let (mut whole, _) = shop(1, false);
    whole.run_until(at_ms(8000)).unwrap();
    // In the middle of the crash, of the hang, and of ordinary work.
    for at in [1, 2999, 3000, 3100, 5050, 7001] {
        let (mut original, _) = shop(1, false);
        original.run_until(at_ms(at)).unwrap();
        let mut fork = original.clone();
        original.run_until(at_ms(8000)).unwrap();
        fork.run_until(at_ms(8000)).unwrap();
        assert_eq!(original.digest(), whole.digest());
        assert_eq!(fork.digest(), whole.digest(), "forked at {at} ms");
    }
}

#[test]
fn stepping_and_running_in_slices_give_the_same() {
    let (mut whole, _) = shop(1, false);
    whole.run_until(at_ms(2000)).unwrap();
    let (mut slices, _) = shop(1, false);
    for _ in 0..200 {
        slices.run_for(ms(10)).unwrap();
    }
    assert_eq!(slices.digest(), whole.digest());
    let (mut stepped, _) = shop(1, false);
    while stepped.events() < whole.events() {
        assert!(stepped.step());
    }
    stepped.run_until(at_ms(2000)).unwrap();
    assert_eq!(stepped.digest(), whole.digest());
}

#[test]
fn an_unrelated_part_leaves_every_other_number_bit_identical() {
    let (mut alone, parts) = shop(1, false);
    let (mut together, moved) = shop(1, true);
    alone.run_until(at_ms(10_000)).unwrap();
    together.run_until(at_ms(10_000)).unwrap();
    for (a, b) in parts.iter().zip(&moved) {
        assert_eq!(alone.path(*a), together.path(*b));
        assert_eq!(alone.books(*a).answers, together.books(*b).answers);
        assert_eq!(alone.books(*a).response, together.books(*b).response);
        assert_eq!(alone.books(*a).phases, together.books(*b).phases);
        assert_eq!(alone.outcomes(*a), together.outcomes(*b));
    }
}

#[test]
fn what_comes_in_is_answered_lost_or_inside() {
    let (mut sim, parts) = shop(3, false);
    sim.run_until(at_ms(9_000)).unwrap();
    let inside = sim.inside();
    for id in parts {
        let books = sim.books(id);
        assert_eq!(
            books.calls,
            books.answers_total() + books.lost + inside[id.index()].calls,
            "{}",
            sim.path(id)
        );
    }
}

#[test]
fn after_a_reset_only_what_follows_counts() {
    let (mut sim, parts) = shop(1, false);
    sim.run_until(at_ms(4000)).unwrap();
    let inside = sim.inside();
    sim.reset_statistics();
    sim.run_until(at_ms(9_000)).unwrap();
    let now_inside = sim.inside();
    for id in parts {
        let books = sim.books(id);
        assert_eq!(
            inside[id.index()].calls + books.calls,
            books.answers_total() + books.lost + now_inside[id.index()].calls
        );
    }
}

#[test]
fn the_ledger_changes_nothing_but_itself() {
    let run = |ledger| {
        let (mut sim, parts) = shop(1, false);
        sim.set_ledger(ledger);
        sim.run_until(at_ms(9_000)).unwrap();
        let times: Vec<_> = parts.iter().map(|id| sim.books(*id).response.sum()).collect();
        (sim.events(), times)
    };
    assert_eq!(run(true), run(false));
}

/// The public order, pinned: a change here changes the numbers of everybody's models.
#[test]
fn the_public_order_is_golden() {
    let mut sim = Simulation::new(1);
    let slow = sim.serve("slow", Station::new(ms(2)));
    let fast = sim.serve("fast", Station::new(ms(1)));
    let fork = sim.serve("fork", Fork { to: vec![slow, fast], wait_for: 2, held: Default::default() });
    let script = sim.add("script", Script::new(fork, &[0, 0, 1, 2]).within(ms(5), true));
    while sim.step() {}
    let heard: Vec<_> = sim
        .get::<Script>(script)
        .unwrap()
        .heard
        .iter()
        .map(|(t, n, s)| format!("{t} {n} {}", s.name()))
        .collect();
    assert_eq!(heard, ["2 0 ok", "4 1 ok", "6 2 timeout", "7 3 timeout"]);
    assert_eq!(sim.events(), 41);
}

#[test]
fn a_level_kept_by_value_knows_how_long_it_was_where() {
    use kneepoint_calls::{Answer, Component, Cx, Gauge, timers};
    timers! { enum StepTimer { Next(u32) } }
    #[derive(Clone)]
    struct Steps(Option<Gauge>);
    impl Component for Steps {
        type Timer = StepTimer;
        fn on_start(&mut self, cx: &mut Cx<Self>) {
            self.0 = Some(cx.gauge_by_value("level"));
            cx.later(ms(10), StepTimer::Next(2));
        }
        fn on_timer(&mut self, StepTimer::Next(to): StepTimer, cx: &mut Cx<Self>) {
            if let Some(gauge) = self.0 {
                cx.set(gauge, to as f64);
            }
            if to > 0 {
                cx.later(ms(5), StepTimer::Next(to - 1));
            }
        }
        fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
    }
    let mut sim = Simulation::new(1);
    let id = sim.add("steps", Steps(None));
    sim.run_until(at_ms(30)).unwrap();
    let level = sim.level(id, "level").unwrap();
    let now = sim.now().as_nanos();
    assert_eq!(level.times(now).unwrap(), [20_000_000, 5_000_000, 5_000_000]);
    assert_eq!((level.mean(now), level.max()), (0.5, 2.0));
    sim.reset_statistics();
    sim.run_until(at_ms(31)).unwrap();
    let level = sim.level(id, "level").unwrap();
    assert_eq!(level.times(sim.now().as_nanos()).unwrap(), [1_000_000, 0, 0]);
}
