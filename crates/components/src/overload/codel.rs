//! Controlled delay, as for packets.

use kneepoint_engine::{SimDuration, SimTime};

/// Decides of each call that leaves a queue whether it waited too long for too long: when all that left within a window
/// had waited more than a target, one is dropped, and then one more after each `window / sqrt(n)` until one waits less.
///
/// # Units
/// `target`, `window`: time. Of calls, not bytes: a queue with one call or none left is short.
///
/// # Source
/// Nichols, Jacobson, McGregor, Iyengar, "Controlled Delay Active Queue Management", RFC 8289, section 5 (the
/// pseudo-code of `deque`, `dodequeue` and `control_law`) and 4.2, 4.3 (5 ms, 100 ms).
#[derive(Clone, Debug, PartialEq)]
pub struct CoDel {
    target: SimDuration,
    window: SimDuration,
    first_above: Option<SimTime>,
    dropping: bool,
    drop_next: SimTime,
    count: u64,
    last_count: u64,
    stage: Stage,
}

/// Where one departure stands: some may be dropped before one leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    First,
    Dropping,
    Entered,
}

impl CoDel {
    /// Returns a controller that has seen nothing.
    ///
    /// # Panics
    /// If the window is zero.
    pub fn new(target: SimDuration, window: SimDuration) -> CoDel {
        assert!(!window.is_zero(), "a window has a length");
        CoDel {
            target,
            window,
            first_above: None,
            dropping: false,
            drop_next: SimTime::ZERO,
            count: 0,
            last_count: 0,
            stage: Stage::First,
        }
    }

    /// Decides about a call that is to leave after waiting so long, with so many left behind it. Returns whether it is
    /// dropped; then the next one takes its turn.
    pub fn drops(&mut self, now: SimTime, waited: SimDuration, left: usize) -> bool {
        let may_drop = self.too_long(now, waited, left);
        let drops = match (self.stage, may_drop) {
            (Stage::First, true) if !self.dropping => {
                self.enter(now);
                self.stage = Stage::Entered;
                return true;
            }
            (Stage::Entered, _) => false,
            (_, false) => {
                self.dropping = false;
                false
            }
            (stage, true) => {
                if stage == Stage::Dropping {
                    self.drop_next = self.law(self.drop_next);
                }
                now >= self.drop_next
            }
        };
        if drops {
            self.count += 1;
            self.stage = Stage::Dropping;
        } else {
            self.stage = Stage::First;
        }
        drops
    }

    /// Notes that nobody is left to leave.
    pub fn emptied(&mut self) {
        self.first_above = None;
        if self.stage != Stage::Entered {
            self.dropping = false;
        }
        self.stage = Stage::First;
    }

    fn too_long(&mut self, now: SimTime, waited: SimDuration, left: usize) -> bool {
        if waited < self.target || left <= 1 {
            self.first_above = None;
            return false;
        }
        let since = *self.first_above.get_or_insert(now + self.window);
        now >= since
    }

    /// Begins to drop; soon after the last time, where it had left off.
    fn enter(&mut self, now: SimTime) {
        self.dropping = true;
        let delta = self.count - self.last_count;
        let soon = now < self.drop_next + SimDuration::from_nanos(self.window.as_nanos().saturating_mul(16));
        self.count = if delta > 1 && soon { delta } else { 1 };
        self.drop_next = self.law(now);
        self.last_count = self.count;
    }

    fn law(&self, from: SimTime) -> SimTime {
        from + SimDuration::from_nanos_f64(self.window.as_nanos() as f64 / (self.count as f64).sqrt())
    }
}
