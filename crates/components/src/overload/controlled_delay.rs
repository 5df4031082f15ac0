//! Controlled delay, as for requests.

use kneepoint_engine::{SimDuration, SimTime};

/// Says how long a request may wait: the window as long as the queue was empty within the last window, else only the
/// target; and then, newest first, because those who came first are the least likely to be still waited for.
///
/// # Source
/// Maurer, "Fail at scale", ACM Queue 13(8), 2015: "Controlled delay" (M = 5 ms, N = 100 ms) and "Adaptive LIFO".
#[derive(Clone, Debug, PartialEq)]
pub struct ControlledDelay {
    target: SimDuration,
    window: SimDuration,
    last_empty: SimTime,
}

impl ControlledDelay {
    /// Returns a controller of an empty queue.
    pub fn new(target: SimDuration, window: SimDuration) -> ControlledDelay {
        ControlledDelay { target, window, last_empty: SimTime::ZERO }
    }

    /// Notes that the queue is empty.
    pub fn emptied(&mut self, now: SimTime) {
        self.last_empty = now;
    }

    /// Returns whether the queue has been standing for longer than a window.
    pub fn is_standing(&self, now: SimTime) -> bool {
        now > self.last_empty + self.window
    }

    /// Returns how long a request that comes now may wait.
    pub fn patience(&self, now: SimTime) -> SimDuration {
        if self.is_standing(now) { self.target } else { self.window }
    }
}
