//! Members that come back get less at first.

use kneepoint_engine::{SimDuration, SimTime};

/// A member that comes back has a part of its weight that grows to all of it.
///
/// # Source
/// HAProxy `src/server.c`, `server_recalc_eweight` and `server_warmup`: sixteenths of the weight, (16 t + d) / d of them
/// after t of d whole seconds, looked at every second or twentieth of d, whichever is longer; recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStart {
    /// How long it takes.
    pub lasts: SimDuration,
}

impl SlowStart {
    /// Returns the weight in sixteenths of a unit so long after the member came back, and whether it is all of it.
    pub fn sixteenths(&self, weight: u32, back: SimTime, now: SimTime) -> (u32, bool) {
        let second = |time: SimTime| time.as_nanos() / 1_000_000_000;
        let (since, lasts) = (second(now) - second(back), (self.lasts.as_nanos() / 1_000_000_000).max(1));
        if since >= lasts {
            return (weight * 16, true);
        }
        let share = (16 * since + lasts) / lasts;
        ((u64::from(weight) * share) as u32, false)
    }

    /// Returns how long until the weight is looked at again.
    pub fn step(&self) -> SimDuration {
        SimDuration::from_nanos((self.lasts.as_nanos() / 20).max(1_000_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_grow_as_recorded() {
        // `weight_of_returning_server` of the recording `haproxy-slowstart-8s-roundrobin`, in whole units as it shows them
        let slow = SlowStart { lasts: SimDuration::from_secs(8) };
        let shown = |second: u64| {
            let now = SimTime::ZERO + SimDuration::from_secs(second);
            slow.sixteenths(100, SimTime::ZERO, now).0.div_ceil(16)
        };
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8].map(shown), [7, 19, 32, 44, 57, 69, 82, 94, 100]);
    }
}
