//! Who is held to be well.

use std::sync::Arc;

use kneepoint_calls::{STATUSES, Status};
use kneepoint_engine::{SimDuration, SimTime};

/// The operation that asks whether a part is well. A service does no work for it, but it waits its turn like any call; a
/// balancer answers whether one of its members is up.
pub const HEALTH_CHECK: u16 = u16::MAX - 1;

/// Checks of members: each is called at intervals, and is down or up after so many bad or good answers in a row.
///
/// The next check begins an interval after the end of the one before, so that one that times out takes both. Checks of
/// different members are spread over the interval.
///
/// # Source
/// HAProxy `src/check.c` (`inter`, `fastinter`, `downinter`, `fall`, `rise`, `timeout check`); recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Active {
    /// When the first check of each member begins; empty to spread them over the interval.
    pub first: Arc<[SimDuration]>,
    /// From the end of a check to the next.
    pub every: SimDuration,
    /// How long an answer is waited for.
    pub timeout: SimDuration,
    /// Bad ones in a row that make a member down.
    pub fall: u32,
    /// Good ones in a row that make it up.
    pub rise: u32,
    /// Instead of `every` while the last ones speak against its state.
    pub fast_every: SimDuration,
    /// Instead of `every` while it is down.
    pub down_every: SimDuration,
}

/// What checks said of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub up: bool,
    /// Answers in a row that speak against it.
    against: u32,
}

impl Checked {
    pub(super) fn new() -> Checked {
        Checked { up: true, against: 0 }
    }

    /// Returns how long it is until the next check, and whether it is up from now on if that has changed.
    pub(super) fn told(&mut self, good: bool, active: &Active) -> (SimDuration, Option<bool>) {
        if good == self.up {
            self.against = 0;
        } else {
            self.against += 1;
        }
        let enough = if self.up { active.fall } else { active.rise };
        let turned = self.against >= enough;
        if turned {
            self.up = !self.up;
            self.against = 0;
        }
        let next = match (self.up, self.against) {
            (_, 1..) => active.fast_every,
            (true, 0) => active.every,
            (false, 0) => active.down_every,
        };
        (next, turned.then_some(self.up))
    }
}

/// Members that fail are put aside for a while, then tried with one call.
///
/// # Source
/// nginx `max_fails` and `fail_timeout` (which is both the window and the penalty), `ngx_http_upstream_get_peer` and
/// `…_free_round_robin_peer`; recorded. A single member is never put aside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passive {
    /// Failures within the window that put a member aside.
    pub failures: u32,
    /// The window.
    pub window: SimDuration,
    /// For how long.
    pub out_for: SimDuration,
    /// The largest share of members that are aside at once.
    pub at_most: f64,
    /// Which ends are failures.
    pub on: [bool; STATUSES],
    /// Times are compared in whole seconds of a clock that was so far into one at the start: the penalty lasts up to a
    /// second longer. Nothing to compare them exactly.
    pub whole_seconds: Option<SimDuration>,
}

impl Passive {
    /// What counts as a failure of a member unless it is said otherwise: no connection, no answer in time, a broken one.
    ///
    /// # Source
    /// nginx `proxy_next_upstream error timeout`: an answered error is none.
    pub fn default_failures() -> [bool; STATUSES] {
        let mut on = [false; STATUSES];
        for status in [Status::Timeout, Status::Unavailable, Status::Lost] {
            on[status as usize] = true;
        }
        on
    }

    fn clock(&self, now: SimTime) -> i64 {
        match self.whole_seconds {
            None => now.as_nanos() as i64,
            Some(into) => ((now.as_nanos() + into.as_nanos()) / 1_000_000_000 * 1_000_000_000) as i64,
        }
    }
}

/// What calls said of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suffered {
    fails: u32,
    accessed: i64,
    checked: i64,
}

impl Suffered {
    pub(super) fn new() -> Suffered {
        // Long ago.
        Suffered { fails: 0, accessed: i64::MIN / 2, checked: i64::MIN / 2 }
    }

    /// Returns whether it can be chosen now.
    pub(super) fn is_admitted(&self, passive: &Passive, now: SimTime) -> bool {
        self.fails < passive.failures || passive.clock(now) - self.checked > passive.out_for.as_nanos() as i64
    }

    /// It was chosen.
    pub(super) fn chosen(&mut self, passive: &Passive, now: SimTime) {
        let now = passive.clock(now);
        let since = now - self.checked;
        let stretch = if self.fails >= passive.failures { passive.out_for } else { passive.window };
        if since > stretch.as_nanos() as i64 {
            self.checked = now;
        }
    }

    /// A call ended. Returns whether it has been put aside now.
    pub(super) fn told(&mut self, failed: bool, passive: &Passive, now: SimTime) -> bool {
        let clock = passive.clock(now);
        if failed {
            self.fails += 1;
            self.accessed = clock;
            self.checked = clock;
            return self.fails >= passive.failures;
        }
        if self.accessed < self.checked {
            self.fails = 0;
        }
        false
    }

    /// Returns from when on it is admitted again.
    pub(super) fn until(&self, passive: &Passive, now: SimTime) -> SimDuration {
        // The first instant at which more than the penalty has passed on the clock.
        let after = self.checked + passive.out_for.as_nanos() as i64 + 1;
        let at = match passive.whole_seconds {
            None => after,
            Some(into) => (after + 999_999_999) / 1_000_000_000 * 1_000_000_000 - into.as_nanos() as i64,
        };
        SimDuration::from_nanos((at - now.as_nanos() as i64).max(0) as u64)
    }

    pub(super) fn is_aside(&self, passive: &Passive) -> bool {
        self.fails >= passive.failures
    }
}
