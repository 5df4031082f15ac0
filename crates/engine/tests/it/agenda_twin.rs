//! `Agenda` against one stable list through which everything goes, zero delays too.

use kneepoint_engine::{Agenda, HeapEventList, SimDuration, SimTime};

use crate::splitmix::{LAWS, Law, SplitMix};

/// The meaning of the public order: one list ordered by (time, order of scheduling), and nothing else.
#[derive(Default)]
struct OneList {
    now: SimTime,
    list: HeapEventList,
}

/// A run loop can be driven by either.
trait Events {
    fn now(&self) -> SimTime;
    fn send(&mut self, payload: u64);
    fn after(&mut self, delay: SimDuration, payload: u64);
    fn next_until(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool + Copy) -> Option<u64>;
    fn advance_to(&mut self, time: SimTime);
}

impl Events for OneList {
    fn now(&self) -> SimTime {
        self.now
    }

    fn send(&mut self, payload: u64) {
        self.list.push(self.now, payload);
    }

    fn after(&mut self, delay: SimDuration, payload: u64) {
        self.list.push(self.now + delay, payload);
    }

    fn next_until(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool + Copy) -> Option<u64> {
        self.list.peek_time(dead).filter(|time| *time <= limit)?;
        let (time, payload) = self.list.pop(dead)?;
        self.now = time;
        Some(payload)
    }

    fn advance_to(&mut self, time: SimTime) {
        self.now = time;
    }
}

impl Events for Agenda {
    fn now(&self) -> SimTime {
        Agenda::now(self)
    }

    fn send(&mut self, payload: u64) {
        Agenda::send(self, payload);
    }

    fn after(&mut self, delay: SimDuration, payload: u64) {
        Agenda::after(self, delay, payload);
    }

    fn next_until(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool + Copy) -> Option<u64> {
        if limit == SimTime::MAX { self.next(dead) } else { Agenda::next_until(self, limit, dead) }
    }

    fn advance_to(&mut self, time: SimTime) {
        Agenda::advance_to(self, time);
    }
}

/// A simulation whose every choice is drawn when an event happens, so that one event out of order changes all that
/// follows. Returns the events with their times.
fn simulate(mut events: impl Events, law: Law, seed: u64, count: usize) -> Vec<(SimTime, u64)> {
    let mut random = SplitMix(seed);
    let mut cancelled: Vec<bool> = Vec::new();
    let mut trace = Vec::new();
    let cancels = [0, 20, 40][seed as usize % 3];
    // Some runs go in one piece, some in slices of time, which are left in two ways.
    let slice = [None, Some(700), Some(1 << 33)][seed as usize / 3 % 3];
    let mut limit = SimTime::from_nanos(slice.unwrap_or(u64::MAX));
    let mut pending = 0_i64;
    while trace.len() < count {
        let next = events.next_until(limit, |payload| cancelled[payload as usize]);
        if let Some(payload) = next {
            trace.push((events.now(), payload));
            // An event happens once: from here on it cannot be cancelled, and nothing asks for it.
            pending -= 1;
        } else if events.now() == SimTime::MAX {
            break;
        } else if random.percent(50) {
            // What is pushed now lies before the limit, which has perhaps been looked up to.
            events.advance_to(limit);
        }
        let newcomers = match pending {
            _ if random.percent(2) => random.below(120),
            ..40 => random.below(4),
            40..2_000 => random.below(3),
            _ => 0,
        };
        for _ in 0..newcomers {
            let payload = cancelled.len() as u64;
            cancelled.resize(cancelled.len() + 1, false);
            pending += 1;
            match random.below(5) {
                0 => events.send(payload),
                1 => events.after(SimDuration::ZERO, payload),
                _ => events.after(SimDuration::from_nanos(law.delay(&mut random)), payload),
            }
        }
        if random.percent(cancels) && !cancelled.is_empty() {
            let back = random.below(cancelled.len().min(60) as u64) as usize;
            let payload = cancelled.len() - 1 - back;
            cancelled[payload] = true;
        }
        if next.is_none() {
            limit = match slice {
                Some(slice) => limit.max(events.now()) + SimDuration::from_nanos(1 + random.below(slice)),
                None => SimTime::MAX,
            };
            if trace.len() > 10 && slice.is_some() && random.percent(1) {
                limit = SimTime::MAX;
            }
        }
    }
    trace
}

#[test]
fn the_order_is_that_of_one_list_through_which_everything_goes() {
    let mut compared = 0;
    for seed in 0..18 {
        for law in LAWS {
            let fast = simulate(Agenda::new(), law, seed, 4_000);
            let slow = simulate(OneList::default(), law, seed, 4_000);
            let differs = fast.iter().zip(&slow).position(|(one, other)| one != other);
            assert_eq!(differs, None, "{law:?}, seed {seed}: at this event");
            assert_eq!(fast.len(), slow.len(), "{law:?}, seed {seed}");
            compared += fast.len();
        }
    }
    assert!(compared >= 400_000, "only {compared} events compared");
}

/// An agenda at time 0 whose list keeps 60 events, from `FAR` on, in its wheel.
///
/// Each push goes in front of all others, which makes the run give its tail to the wheel.
fn with_far_events() -> Agenda {
    let mut agenda = Agenda::new();
    for payload in (0..60).rev() {
        agenda.after(SimDuration::from_nanos(FAR + 1_000_000 * payload), payload);
    }
    for near in (1..=40).rev() {
        agenda.after(SimDuration::from_nanos(near), 1_000);
    }
    for _ in 0..40 {
        assert_eq!(agenda.next_until(SimTime::from_nanos(1_000), |_| false), Some(1_000));
    }
    agenda
}

const FAR: u64 = 1 << 36;

#[test]
fn what_the_list_has_for_now_precedes_what_is_sent_now_after_an_idle_advance() {
    // The event for FAR lies in the wheel when time is advanced to it, not in the run.
    let mut agenda = with_far_events();
    agenda.advance_to(SimTime::from_nanos(FAR));
    agenda.send(1_001);
    assert_eq!(agenda.next(|_| false), Some(0));
    assert_eq!(agenda.next(|_| false), Some(1_001));
    assert_eq!(agenda.next(|_| false), Some(1));
}

#[test]
#[should_panic(expected = "over an event at 68.719 s")]
fn an_event_in_the_wheel_cannot_be_skipped() {
    with_far_events().advance_to(SimTime::from_nanos(FAR + 1));
}

#[test]
fn events_before_a_limit_that_opened_a_bucket_in_vain_still_come_first() {
    // The limit lies in the bucket of the far events but before the first of them: the bucket is opened, none happens.
    let mut agenda = with_far_events();
    let offset = (1 << 34) + (1 << 29); // the bucket is 2^30 ns wide: in its middle
    for payload in 0..1_000 {
        agenda.after(SimDuration::from_nanos(FAR + offset + payload), 10_000 + payload);
    }
    for far in 0..60 {
        assert_eq!(agenda.next(|_| false), Some(far));
    }
    let now = agenda.now();
    let limit = SimTime::from_nanos(FAR + offset - (1 << 28));
    assert_eq!(agenda.next_until(limit, |_| false), None);
    for near in (1..=100).rev() {
        agenda.after(SimDuration::from_millis(near), near);
    }
    for near in 1..=100 {
        assert_eq!(agenda.next(|_| false), Some(near));
        assert_eq!(agenda.now(), now + SimDuration::from_millis(near));
    }
    assert_eq!(agenda.next(|_| false), Some(10_000));
}
