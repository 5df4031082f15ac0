//! `FutureEventList` against `HeapEventList`: every answer must be the same.

use kneepoint_engine::{FutureEventList, HeapEventList, SimDuration, SimTime};

use crate::splitmix::{LAWS, Law, SplitMix};

/// Both lists, driven alike.
struct Twins {
    fast: FutureEventList,
    slow: HeapEventList,
    now: SimTime,
    /// By payload.
    cancelled: Vec<bool>,
    any_cancelled: bool,
    case: String,
    operations: u64,
}

impl Twins {
    fn new(case: String) -> Self {
        Self {
            fast: FutureEventList::new(),
            slow: HeapEventList::new(),
            now: SimTime::ZERO,
            cancelled: Vec::new(),
            any_cancelled: false,
            case,
            operations: 0,
        }
    }

    fn push(&mut self, delay: u64) {
        let at = self.now + SimDuration::from_nanos(delay);
        let payload = self.cancelled.len() as u64;
        self.cancelled.push(false);
        self.fast.push(at, payload);
        self.slow.push(at, payload);
        self.operations += 1;
    }

    fn cancel_any(&mut self, random: &mut SplitMix) {
        if !self.cancelled.is_empty() {
            // Mostly of the recent ones: the others have mostly happened.
            let back = random.below(self.cancelled.len().min(200) as u64) as usize;
            let payload = self.cancelled.len() - 1 - back;
            self.cancelled[payload] = true;
            self.any_cancelled = true;
            self.operations += 1;
        }
    }

    fn peek(&mut self) {
        let fast = self.fast.peek_time(|payload| self.cancelled[payload as usize]);
        let slow = self.slow.peek_time(|payload| self.cancelled[payload as usize]);
        assert_eq!(fast, slow, "peek {} of {}", self.operations, self.case);
        if let Some(front) = fast {
            assert!(self.fast.due(front) && self.slow.due(front), "after a peek the front is known");
        }
        self.operations += 1;
    }

    fn pop(&mut self) -> bool {
        let fast = self.fast.pop(|payload| self.cancelled[payload as usize]);
        let slow = self.slow.pop(|payload| self.cancelled[payload as usize]);
        assert_eq!(fast, slow, "operation {} of {}", self.operations, self.case);
        self.operations += 1;
        let Some((time, _)) = fast else { return false };
        self.now = time;
        if !self.any_cancelled {
            // Else the one may still hold a dead event that the other has dropped.
            assert_eq!(self.fast.due(time), self.slow.due(time), "{time} is over, {}", self.case);
        }
        true
    }
}

/// Runs a random mix in phases that grow, stay and shrink; returns the number of operations.
fn compare(law: Law, seed: u64, steps: u64) -> u64 {
    let mut random = SplitMix(seed);
    let mut twins = Twins::new(format!("{law:?}, seed {seed}"));
    let peeks = [0, 0, 5][seed as usize % 3];
    let cancels = [0, 10, 35][seed as usize / 3 % 3];
    // How long a phase lasts says how many events come together: a few, dozens, thousands.
    let phase = [40, 300, 6_000][seed as usize / 9 % 3];
    for step in 0..steps {
        let pushes = [80, 50, 20][(step / phase) as usize % 3];
        if random.percent(pushes) {
            let burst = if random.percent(1) { 1 + random.below(100) } else { 1 };
            let delay = law.delay(&mut random);
            twins.push(delay);
            for _ in 1..burst {
                let jitter = random.below(2) * random.below(30);
                twins.push(delay.saturating_add(jitter));
            }
        } else {
            twins.pop();
        }
        if random.percent(cancels) {
            twins.cancel_any(&mut random);
        }
        if random.percent(peeks) {
            twins.peek();
        }
    }
    while twins.pop() {}
    assert!(twins.fast.is_empty() && twins.slow.is_empty(), "{}", twins.case);
    twins.operations
}

#[test]
fn two_million_operations_give_what_the_heap_gives() {
    let mut operations = 0;
    for seed in 0..27 {
        for law in LAWS {
            operations += compare(law, seed, 8_000);
        }
    }
    assert!(operations >= 2_000_000, "only {operations} operations compared");
}

#[test]
fn events_before_a_far_front_that_was_looked_at_still_come_first() {
    // The look opens a bucket far ahead; what is pushed then lies before the cursor of the wheel.
    for ahead in [1 << 7, 1 << 20, 1 << 50, u64::MAX] {
        for newcomers in [1, 24, 25, 26, 100, 2_000] {
            let mut twins = Twins::new(format!("{newcomers} events before {ahead}"));
            for far in 0..200 {
                twins.push(ahead - far % 100);
            }
            for round in 0..4 {
                twins.peek();
                for newcomer in 0..newcomers {
                    twins.push((newcomer * 7 + round) % ahead.min(1_000));
                }
                for _ in 0..newcomers / 2 {
                    twins.pop();
                }
            }
            while twins.pop() {}
        }
    }
}

#[test]
fn cancelled_events_do_not_pile_up() {
    // 100 requests in flight, each with a timeout 10 000 times longer than its service, cancelled at its end.
    let mut list = FutureEventList::new();
    let mut random = SplitMix(1);
    let mut is_over = vec![false; 200_000];
    let mut most = 0;
    for request in 0..200_000_u64 {
        let now = if request < 100 {
            SimTime::ZERO
        } else {
            let (now, done) = list.pop(|payload| is_over[payload as usize / 2]).expect("100 are in flight");
            assert_eq!(done % 2, 0, "no timeout is reached");
            is_over[done as usize / 2] = true;
            now
        };
        list.push(now + SimDuration::from_nanos(random.below(2_000_000)), 2 * request);
        list.push(now + SimDuration::from_secs(10), 2 * request + 1);
        most = most.max(list.len());
    }
    // 200 live ones; a sweep starts at 1024, and at most a run of pops lies between two looks at the number.
    assert!(most <= 1_024 + 2 * 64, "{most} events held for 200 live ones");
    // 200 000 entries would be 3.2 MB. Each of 704 buckets may keep one chunk of 512 bytes, and a quarter is for growth.
    assert!(list.bytes() <= 704 * 512 * 5 / 4 + 20_000, "{} bytes held for 200 live events", list.bytes());
}

#[test]
fn a_burst_leaves_no_memory_behind_that_a_second_burst_does_not_use() {
    let mut list = FutureEventList::new();
    let mut random = SplitMix(2);
    let mut now = SimTime::ZERO;
    let mut held = Vec::new();
    for burst in 0..6 {
        // Each burst is spread over other buckets than the one before.
        for payload in 0..50_000 {
            list.push(now + SimDuration::from_nanos(random.below(1 << (20 + 4 * burst))), payload);
        }
        while let Some((time, _)) = list.pop(|_| false) {
            now = time;
        }
        held.push(list.bytes());
    }
    // Every bucket may keep one chunk of 512 bytes, and a quarter is for growth.
    assert!(held.iter().all(|bytes| *bytes <= (50_000 * 17 + 704 * 512) * 5 / 4 + 20_000), "{held:?}");
}

#[test]
fn a_clone_goes_on_as_the_original_does() {
    for law in LAWS {
        let mut random = SplitMix(3);
        let mut list = FutureEventList::new();
        let mut now = SimTime::ZERO;
        for payload in 0..5_000 {
            list.push(now + SimDuration::from_nanos(law.delay(&mut random)), payload);
            if payload % 3 == 0 {
                now = list.pop(|_| false).expect("one was just pushed").0;
            }
        }
        let go_on = |mut list: FutureEventList, mut random: SplitMix, mut now: SimTime| {
            let mut events = Vec::new();
            for payload in 5_000..8_000 {
                list.push(now + SimDuration::from_nanos(law.delay(&mut random)), payload);
                let event = list.pop(|payload| payload % 11 == 0);
                now = event.map_or(now, |event| event.0);
                events.push((event, list.len()));
            }
            events
        };
        let clone = list.clone();
        assert_eq!(go_on(list, random.clone(), now), go_on(clone, random, now), "{law:?}");
    }
}

#[test]
#[should_panic(expected = "event for 4 ns pushed after one for 5 ns was popped")]
fn the_past_is_refused() {
    let mut list = FutureEventList::new();
    list.push(SimTime::from_nanos(5), 0);
    list.pop(|_| false);
    list.push(SimTime::from_nanos(4), 0);
}

#[test]
fn the_last_instant_of_time_is_an_instant_like_any_other() {
    let mut list = FutureEventList::new();
    for payload in 0..100 {
        list.push(SimTime::MAX, payload);
        list.push(SimTime::from_nanos(u64::MAX - 1), 100 + payload);
    }
    for payload in 0..100 {
        assert_eq!(list.pop(|_| false), Some((SimTime::from_nanos(u64::MAX - 1), 100 + payload)));
    }
    for payload in 100..150 {
        assert_eq!(list.pop(|_| false), Some((SimTime::MAX, payload - 100)));
        list.push(SimTime::MAX, payload);
    }
    for payload in 50..150 {
        assert_eq!(list.pop(|_| false), Some((SimTime::MAX, payload)));
    }
    assert_eq!(list.pop(|_| false), None);
}
