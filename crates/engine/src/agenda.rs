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
/// assert_eq!(seen, [("0ns".to_string(), 0), ("2s".to_string(), 2)]);
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
    pub fn next(&mut self, dead: impl Fn(u64) -> bool) -> Option<u64> {
        self.next_until(SimTime::MAX, dead)
    }

    /// Returns the next event at or before `limit` and advances to its time.
    ///
    /// `None` if there is none; time then stays that of the last event, see [`Agenda::advance_to`].
    #[inline(always)]
    pub fn next_until(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool) -> Option<u64> {
        if limit < self.now {
            return None;
        }
        while !self.ring.is_empty() {
            if self.list.due(self.now)
                && let Some(payload) = self.list.pop_due(self.now, &dead)
            {
                return Some(payload);
            }
            if let Some(payload) = self.ring.pop()
                && !dead(payload)
            {
                return Some(payload);
            }
        }
        let (time, payload) = self.list.pop_until(limit, dead)?;
        debug_assert!(time >= self.now, "time goes back from {} to {time}", self.now);
        self.now = time;
        Some(payload)
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
        self.list.reach(time, &|_payload| false);
        let front = self.list.front().unwrap_or(SimTime::MAX);
        assert!(front >= time, "asked to advance from {} to {time} over an event at {front}", self.now);
        self.now = time;
    }

    /// Returns the number of events to come, dead ones included that have not been dropped yet.
    #[inline]
    pub fn pending(&self) -> usize {
        self.list.len() + self.ring.len()
    }

    /// Returns the memory held [bytes], for memory ceilings.
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
