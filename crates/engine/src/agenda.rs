//! What happens next.

use std::fmt;

use crate::ring::Ring;
use crate::{FutureEventList, SimDuration, SimTime};

/// What happens next, and the time it is now.
///
/// # Order
/// By time, and at one instant in the order of scheduling: exactly as if every event, with delay or without, went
/// through one event list that keeps equal times in order. Yet what has no delay never touches the event list but
/// goes through a FIFO ring, which is three times cheaper. One rule makes the two the same: *what the list has for now
/// comes first, then the ring, then time advances.*
///
/// Why it holds: a delay of zero always goes to the ring, so whatever the list has for now was put there before now
/// began, hence before anything in the ring was sent. Within the list and within the ring, order is kept. And
/// as the ring is empty when time advances, nothing in it is overtaken by a later time.
///
/// # Dead events
/// `next` and `next_until` take a function that tells whether a payload has been cancelled. They never return a dead
/// event, from the list or the ring, and time does not advance for one: `now` depends on living events alone, not on
/// when the dead ones are cleared away. Being dead must be for good.
///
/// # Example
///
/// ```
/// use kneepoint_engine::{Agenda, SimDuration};
///
/// // Payloads 0, 1, 2: three timers, of which the second is cancelled.
/// let mut agenda = Agenda::new();
/// for timer in 0..3 {
///     agenda.after(SimDuration::from_secs(timer), timer);
/// }
/// let cancelled = [false, true, false];
/// let mut seen = Vec::new();
/// while let Some(timer) = agenda.next(|timer| cancelled[timer as usize]) {
///     seen.push((agenda.now().to_string(), timer));
/// }
/// assert_eq!(seen, [("0 ns".to_string(), 0), ("2 s".to_string(), 2)]);
/// ```
#[derive(Clone, Default)]
pub struct Agenda {
    now: SimTime,
    list: FutureEventList,
    ring: Ring,
}

impl Agenda {
    /// Returns an agenda with nothing on it, at time zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the current time: that of the event returned last, or the one advanced to.
    #[inline(always)]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Schedules an event for now, after all that is already scheduled for now.
    #[inline(always)]
    pub fn send(&mut self, payload: u64) {
        self.ring.push(payload);
    }

    /// Schedules an event after a delay; with none, this is [`Agenda::send`].
    ///
    /// An event beyond [`SimTime::MAX`] is scheduled for that last instant.
    #[inline(always)]
    pub fn after(&mut self, delay: SimDuration, payload: u64) {
        let at = self.now + delay;
        // Not `delay.is_zero()`: at the end of time every delay is none, and the list must get nothing for now.
        if at == self.now {
            self.ring.push(payload);
        } else {
            self.list.insert(at, payload);
        }
    }

    /// Returns the next event and advances to its time; `None` if nothing is left to happen.
    #[inline(always)]
    pub fn next(&mut self, dead: impl Fn(u64) -> bool + Copy) -> Option<u64> {
        self.next_up_to(SimTime::MAX, dead)
    }

    /// Returns the next event at or before `limit` and advances to its time.
    ///
    /// `None` if there is none; time then stays that of the last event, see [`Agenda::advance_to`].
    #[inline(always)]
    pub fn next_until(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool + Copy) -> Option<u64> {
        if limit < self.now { None } else { self.next_up_to(limit, dead) }
    }

    /// As [`Agenda::next_until`], for a limit that has not passed: who goes up to it in a loop asks once.
    #[inline(always)]
    pub fn next_up_to(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool + Copy) -> Option<u64> {
        debug_assert!(limit >= self.now, "the limit {limit} lies before {}", self.now);
        if !self.ring.is_empty() {
            // Nearly always the list has nothing for now and nothing in the ring is dead: no loop, which would
            // have the compiler load everything a second turn might need.
            if !self.list.due(self.now)
                && let Some(payload) = self.ring.pop()
                && !dead(payload)
            {
                return Some(payload);
            }
            if let Some(payload) = self.next_now(dead) {
                return Some(payload);
            }
        }
        let (time, payload) = self.list.pop_until(limit, dead)?;
        debug_assert!(time >= self.now, "time goes back from {} to {time}", self.now);
        self.now = time;
        Some(payload)
    }

    /// Returns the next event of this instant.
    #[inline(never)]
    fn next_now(&mut self, dead: impl Fn(u64) -> bool + Copy) -> Option<u64> {
        while !self.ring.is_empty() {
            if self.list.due(self.now)
                && let Some(payload) = self.list.pop_due(self.now, dead)
            {
                return Some(payload);
            }
            if let Some(payload) = self.ring.pop()
                && !dead(payload)
            {
                return Some(payload);
            }
        }
        None
    }

    /// Advances to `time` when nothing is to happen before it, as after [`Agenda::next_until`] returned `None`.
    ///
    /// What the list has for `time` itself still comes before what is sent then.
    ///
    /// # Panics
    /// If `time` has passed, or an event (even a dead one that has not been cleared away) is due before it.
    pub fn advance_to(&mut self, time: SimTime) {
        assert!(time >= self.now, "asked to advance from {} back to {time}", self.now);
        if time == self.now {
            return;
        }
        assert!(
            self.ring.is_empty(),
            "asked to advance to {time} while something is to happen at {}",
            self.now
        );
        // The run of the list must cover `time`, or `due` would not see what the list has for it.
        self.list.reach(time, |_payload| false);
        let front = self.list.front().unwrap_or(SimTime::MAX);
        assert!(front >= time, "asked to advance from {} to {time} over an event at {front}", self.now);
        self.now = time;
    }

    /// Returns the number of events to come, dead ones included that have not been dropped yet.
    #[inline]
    pub fn pending(&self) -> usize {
        self.list.len() + self.ring.len()
    }

    /// Returns the memory held \[bytes\], for memory ceilings.
    pub fn bytes(&self) -> usize {
        self.list.bytes() + self.ring.bytes()
    }
}

/// Shows the time and the size, not the contents.
impl fmt::Debug for Agenda {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Agenda").field("now", &self.now).field("pending", &self.pending()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALIVE: fn(u64) -> bool = |_| false;

    fn nanos(nanos: u64) -> SimDuration {
        SimDuration::from_nanos(nanos)
    }

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    /// Events named by letters, each of which schedules others; written out as `time letter`.
    fn golden_run() -> String {
        let mut agenda = Agenda::new();
        let schedule =
            |agenda: &mut Agenda, delay, letter: char| agenda.after(nanos(delay), u64::from(letter));
        schedule(&mut agenda, 5, 'a');
        schedule(&mut agenda, 5, 'b');
        schedule(&mut agenda, 0, 'c');
        schedule(&mut agenda, 3, 'd');
        schedule(&mut agenda, 86_400_000_000_000, 'e');
        let mut order = Vec::new();
        while let Some(payload) = agenda.next(|payload| payload == u64::from('x')) {
            let letter = char::from(payload as u8);
            order.push(format!("{}{letter}", agenda.now().as_nanos()));
            match letter {
                'c' => {
                    agenda.send(u64::from('f'));
                    schedule(&mut agenda, 5, 'g'); // behind a and b, which were scheduled for 5 before
                    schedule(&mut agenda, 0, 'h'); // the other door to the ring: behind f
                    schedule(&mut agenda, 4, 'x'); // cancelled
                }
                'd' => schedule(&mut agenda, 2, 'i'), // for 5 as well: behind g
                'a' => {
                    agenda.send(u64::from('j')); // behind b, g and i, which were scheduled before
                    agenda.send(u64::from('x')); // cancelled
                    agenda.send(u64::from('k'));
                }
                'j' => agenda.send(u64::from('l')), // behind k
                _ => {}
            }
        }
        order.join(" ")
    }

    #[test]
    fn the_order_is_by_time_then_by_scheduling() {
        // Public: a change here changes the results of every simulation.
        assert_eq!(golden_run(), "0c 0f 0h 3d 5a 5b 5g 5i 5j 5k 5l 86400000000000e");
    }

    #[test]
    fn time_stops_at_the_limit_and_an_event_at_the_limit_happens() {
        let mut agenda = Agenda::new();
        for (delay, payload) in [(10, 1), (20, 2), (21, 3)] {
            agenda.after(nanos(delay), payload);
        }
        assert_eq!(agenda.next_until(at(9), ALIVE), None);
        assert_eq!(agenda.now(), SimTime::ZERO, "nothing happened");
        assert_eq!(agenda.next_until(at(20), ALIVE), Some(1));
        assert_eq!(agenda.next_until(at(20), ALIVE), Some(2));
        agenda.send(4);
        assert_eq!(agenda.next_until(at(19), ALIVE), None, "the limit has passed");
        assert_eq!(agenda.next_until(at(20), ALIVE), Some(4));
        assert_eq!(agenda.next_until(at(20), ALIVE), None);
        assert_eq!((agenda.now(), agenda.pending()), (at(20), 1));
    }

    #[test]
    fn time_does_not_advance_for_the_dead() {
        let mut agenda = Agenda::new();
        for payload in 0..100 {
            agenda.after(nanos(payload * 1_000_000), payload);
        }
        assert_eq!(agenda.next(ALIVE), Some(0));
        assert_eq!(agenda.next(|payload| payload > 0), None);
        assert_eq!((agenda.now(), agenda.pending()), (SimTime::ZERO, 0));
        // What is scheduled then lies far before what the list has looked at, and more than a run can take.
        for payload in (0..100).rev() {
            agenda.after(nanos(1 + payload), payload);
        }
        for payload in 0..100 {
            assert_eq!(agenda.next(ALIVE), Some(payload));
            assert_eq!(agenda.now(), at(1 + payload));
        }
    }

    #[test]
    fn a_dead_event_due_now_does_not_let_time_pass_before_the_ring_is_empty() {
        let mut agenda = Agenda::new();
        for (delay, payload) in [(5, 1), (5, 2), (6, 3)] {
            agenda.after(nanos(delay), payload);
        }
        assert_eq!(agenda.next(ALIVE), Some(1));
        agenda.send(4);
        assert_eq!(agenda.next(|payload| payload == 2), Some(4));
        assert_eq!(agenda.next(ALIVE), Some(3));
    }

    #[test]
    fn at_the_end_of_time_every_delay_is_none() {
        let mut agenda = Agenda::new();
        agenda.after(SimDuration::MAX, 1);
        agenda.after(SimDuration::MAX, 2);
        assert_eq!(agenda.next(ALIVE), Some(1));
        agenda.send(3);
        agenda.after(nanos(7), 4);
        let rest: Vec<_> = std::iter::from_fn(|| agenda.next(ALIVE)).collect();
        assert_eq!(rest, [2, 3, 4]);
        assert_eq!(agenda.now(), SimTime::MAX);
    }

    #[test]
    fn idle_time_can_be_skipped_up_to_the_next_event() {
        let mut agenda = Agenda::new();
        agenda.after(nanos(50), 1);
        agenda.advance_to(at(20));
        agenda.after(nanos(30), 2);
        agenda.advance_to(at(50));
        agenda.advance_to(at(50));
        agenda.send(3);
        let rest: Vec<_> = std::iter::from_fn(|| agenda.next(ALIVE)).collect();
        assert_eq!((rest, agenda.now()), (vec![1, 2, 3], at(50)));
    }

    #[test]
    #[should_panic(expected = "asked to advance from 0 ns to 51 ns over an event at 50 ns")]
    fn an_event_cannot_be_skipped() {
        let mut agenda = Agenda::new();
        agenda.after(nanos(50), 1);
        agenda.advance_to(at(51));
    }

    #[test]
    #[should_panic(expected = "asked to advance to 1 ns while something is to happen at 0 ns")]
    fn a_message_cannot_be_skipped() {
        let mut agenda = Agenda::new();
        agenda.send(1);
        agenda.advance_to(at(1));
    }

    #[test]
    #[should_panic(expected = "asked to advance from 50 ns back to 49 ns")]
    fn time_cannot_be_turned_back() {
        let mut agenda = Agenda::new();
        agenda.after(nanos(50), 1);
        agenda.next(ALIVE);
        agenda.advance_to(at(49));
    }

    #[test]
    fn a_clone_goes_on_as_the_original_does() {
        let step = |agenda: &mut Agenda| {
            let payload = agenda.next(|payload| payload % 7 == 3)?;
            if payload < 3_000 {
                agenda.after(nanos(payload * 7_919 % 1_000), payload + 42);
                agenda.send(payload + 3_001);
            }
            Some((agenda.now(), payload))
        };
        let mut agenda = Agenda::new();
        for payload in 0..40 {
            agenda.after(nanos(payload % 5), payload);
        }
        for _ in 0..1_501 {
            assert!(step(&mut agenda).is_some());
        }
        let mut clone = agenda.clone();
        let rest: Vec<_> = std::iter::from_fn(|| step(&mut agenda)).collect();
        assert!(rest.len() > 1_000, "only {} events were left to compare", rest.len());
        assert_eq!(std::iter::from_fn(|| step(&mut clone)).collect::<Vec<_>>(), rest);
        assert!(clone.bytes() > 0 && clone.pending() == 0);
    }
}
