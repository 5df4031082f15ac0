//! Slow twins: the obvious way to compute the same, beside the fast one.

use kneepoint_calls::Status::Ok;
use kneepoint_random::Stream;

use super::super::{Discipline, Preempt, Queue, Service, compute};
use super::{Ask, ask, constant, play};

/// Random arrivals \[ns\] whose works \[ns\] are their operations'; keeps the processor busy nearly all the time.
fn script(seed: u64, calls: usize, works: &[u64], load: f64, servers: f64) -> Vec<Ask> {
    let mut stream = Stream::from_key(seed);
    let mean = works.iter().sum::<u64>() as f64 / works.len() as f64;
    let mut at = 0.0;
    let mut asks: Vec<Ask> = (0..calls)
        .map(|_| {
            at += stream.exponential() * mean / (load * servers);
            let ask = Ask { at: at as u64, ..ask(0) };
            ask.operation(stream.below(works.len() as u64) as u16).priority(stream.below(4) as u8)
        })
        .collect();
    // Some give up, at an instant nobody else uses.
    for ask in asks.iter_mut() {
        if stream.chance(0.1) {
            ask.gives_up = Some((stream.exponential() * 3.0 * mean) as u64 + 1);
        }
    }
    asks
}

fn departures(asks: &[Ask], works: &[u64], builder: super::super::Builder) -> Vec<Option<u64>> {
    let builder = works
        .iter()
        .enumerate()
        .fold(builder, |builder, (i, w)| builder.operation(i as u16, [compute(constant(*w as f64))]));
    let run = play(asks, &[(1, Ok)], |_| builder.build().unwrap());
    let mut ends = vec![None; asks.len()];
    for (n, at, status) in &run.caller().answers {
        if *status == Ok {
            ends[*n] = Some(*at);
        }
    }
    ends
}

/// What happens next in a twin.
#[derive(PartialEq, PartialOrd)]
enum Next {
    Arrival(f64),
    End(f64, usize),
    GivesUp(f64, usize),
}

/// Processor sharing by taking from everybody what it got, event by event.
fn sharing_twin(asks: &[Ask], works: &[u64], servers: f64) -> Vec<Option<f64>> {
    let mut ends = vec![None; asks.len()];
    let mut inside: Vec<(usize, f64)> = Vec::new();
    let (mut now, mut arrived) = (0.0, 0);
    loop {
        let rate = (servers / inside.len() as f64).min(1.0);
        let mut next = Next::Arrival(asks.get(arrived).map_or(f64::INFINITY, |a| a.at as f64));
        let mut at = match next {
            Next::Arrival(at) => at,
            _ => unreachable!(),
        };
        for (n, left) in &inside {
            let end = now + left / rate;
            if end < at {
                (next, at) = (Next::End(end, *n), end);
            }
            let gives_up = asks[*n].gives_up.map_or(f64::INFINITY, |span| (asks[*n].at + span) as f64);
            if gives_up < at {
                (next, at) = (Next::GivesUp(gives_up, *n), gives_up);
            }
        }
        if at == f64::INFINITY {
            return ends;
        }
        inside.iter_mut().for_each(|(_, left)| *left -= (at - now) * rate);
        now = at;
        match next {
            Next::Arrival(_) => {
                inside.push((arrived, works[asks[arrived].operation as usize] as f64));
                arrived += 1;
            }
            Next::End(_, n) => {
                ends[n] = Some(now);
                inside.retain(|(m, _)| *m != n);
            }
            Next::GivesUp(_, n) => inside.retain(|(m, _)| *m != n),
        }
    }
}

#[test]
fn a_shared_processor_agrees_with_its_twin_to_the_nanosecond() {
    let works = [1_000_003, 333_331, 7, 4_999_999, 2_000_000];
    for (seed, servers, load) in [(1, 1, 0.9), (2, 1, 1.2), (3, 3, 0.95), (4, 7, 1.3), (5, 64, 1.0)] {
        let asks = script(seed, 4_000, &works, load, f64::from(servers));
        let fast = departures(&asks, &works, Service::sharing(servers));
        let slow = sharing_twin(&asks, &works, f64::from(servers));
        for (n, (fast, slow)) in fast.iter().zip(&slow).enumerate() {
            match (fast, slow) {
                (Some(fast), Some(slow)) => {
                    let late = *fast as f64 - slow;
                    // Rounded up; a hundredth for the f64 of the twin, whose times are up to 10^10 ns.
                    assert!((-0.01..1.01).contains(&late), "seed {seed}, call {n}: {fast} for {slow}");
                }
                (None, None) => {}
                _ => panic!("seed {seed}, call {n}: {fast:?} for {slow:?}"),
            }
        }
    }
}

/// Priority with preemption, by looking at everybody at every instant something happens.
fn priority_twin(asks: &[Ask], works: &[u64], servers: usize, preempt: Preempt) -> Vec<Option<u64>> {
    let mut ends = vec![None; asks.len()];
    // (call, left), in order of arrival.
    let mut inside: Vec<(usize, u64)> = Vec::new();
    let (mut now, mut arrived) = (0, 0);
    let mut serving: Vec<usize> = Vec::new();
    loop {
        let mut order: Vec<usize> = inside.iter().map(|(n, _)| *n).collect();
        order.sort_by_key(|n| (asks[*n].attributes.priority, *n));
        order.truncate(servers);
        for (n, left) in inside.iter_mut() {
            if preempt == Preempt::Restart && serving.contains(n) && !order.contains(n) {
                *left = works[asks[*n].operation as usize];
            }
        }
        serving = order;
        let mut next = asks.get(arrived).map_or(u64::MAX, |ask| ask.at);
        for (n, left) in &inside {
            if serving.contains(n) {
                next = next.min(now + left);
            }
            if let Some(span) = asks[*n].gives_up {
                next = next.min(asks[*n].at + span);
            }
        }
        if next == u64::MAX {
            return ends;
        }
        for (n, left) in inside.iter_mut() {
            if serving.contains(n) {
                *left -= next - now;
                if *left == 0 {
                    ends[*n] = Some(next);
                }
            }
        }
        now = next;
        inside.retain(|(n, _)| {
            ends[*n].is_none() && asks[*n].gives_up.is_none_or(|span| asks[*n].at + span > now)
        });
        while arrived < asks.len() && asks[arrived].at == now {
            inside.push((arrived, works[asks[arrived].operation as usize]));
            arrived += 1;
        }
    }
}

#[test]
fn preemptive_priorities_agree_with_their_twin_exactly() {
    let works = [1_000_003, 333_331, 4_999_999, 2_000_000];
    for preempt in [Preempt::Resume, Preempt::Restart] {
        for (seed, servers, load) in [(11, 1, 0.8), (12, 1, 1.1), (13, 3, 0.9), (14, 8, 1.0)] {
            let load = if preempt == Preempt::Restart { load * 0.6 } else { load };
            let asks = script(seed, 3_000, &works, load, f64::from(servers));
            let queue = Queue::unbounded().discipline(Discipline::Priority(Some(preempt)));
            let fast = departures(&asks, &works, Service::servers(servers).queue(queue));
            let slow = priority_twin(&asks, &works, servers as usize, preempt);
            assert!(fast.iter().filter(|end| end.is_none()).count() > 10, "some gave up");
            for n in 0..asks.len() {
                assert_eq!(fast[n], slow[n], "{preempt:?}, seed {seed}, call {n}");
            }
        }
    }
}

#[test]
fn a_clone_in_the_middle_goes_on_as_the_original() {
    let works = [1_000_003, 333_331, 4_999_999];
    let asks = script(21, 2_000, &works, 1.0, 2.0);
    let build = || {
        let queue = Queue::bounded(20).discipline(Discipline::Random).patience(constant(3e6));
        works.iter().enumerate().fold(Service::servers(2).queue(queue), |builder, (i, w)| {
            builder.operation(i as u16, [compute(constant(*w as f64))])
        })
    };
    let mut run = super::stage(3, &asks, &[(1, Ok)], |_| build().build().unwrap());
    for _ in 0..2_000 {
        run.sim.step();
    }
    let copy = super::Run { sim: run.sim.clone(), ..run };
    let (a, b) = (run.finish(), copy.finish());
    assert_eq!(a.sim.digest(), b.sim.digest());
}
