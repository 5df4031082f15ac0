//! One direction of a wire that all calls share.

use kneepoint_engine::{SimDuration, SimTime};

/// A transmitter: what is sent leaves one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pipe {
    free: SimTime,
}

impl Pipe {
    /// Sends something that takes this long. Returns how long it takes until the last byte has left.
    pub(crate) fn send(&mut self, now: SimTime, transmission: SimDuration) -> SimDuration {
        self.free = self.free.max(now) + transmission;
        self.free - now
    }
}
