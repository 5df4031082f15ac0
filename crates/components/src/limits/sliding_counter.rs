//! So many per window, from two counts.

use kneepoint_engine::{SimDuration, SimTime};

use super::Decision;

/// Which calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// All, refused ones too: a caller who keeps knocking stays outside. Periods begin when a key is first used, time
    /// is in whole milliseconds, and the estimate is rounded down: HAProxy.
    All,
    /// Those admitted. Periods begin at multiples of the window: Cloudflare.
    Admitted,
}

/// Estimates the calls within the window that ends now: those of this period, and of those of the last period the part
/// of the window that still reaches into it. Admits a call while the estimate, itself included, is within the limit.
///
/// # Units
/// `limit` \[calls per window\].
///
/// # Assumptions
/// The calls of the last period came evenly.
///
/// # Source
/// HAProxy 2.6, `src/freq_ctr.c`, `update_freq_ctr_period_slow` and `freq_ctr_total`: `http_req_rate` of a stick table.
/// Cloudflare, "How we built rate limiting capable of scaling to millions of domains", 2017.
#[derive(Clone, Debug, PartialEq)]
pub struct SlidingCounter {
    limit: u64,
    window: u64,
    counted: Counted,
    /// When the period began, in the units of `window`; nothing before the first call.
    began: Option<u64>,
    current: u64,
    past: u64,
}

/// Nanoseconds in a unit of HAProxy's clock.
const MILLI: u64 = 1_000_000;

impl SlidingCounter {
    /// Returns a limit of so many calls in a window.
    ///
    /// # Panics
    /// If the window is zero, or shorter than a millisecond where all calls are counted.
    pub fn new(limit: u64, window: SimDuration, counted: Counted) -> SlidingCounter {
        let unit = unit(counted);
        let window = window.as_nanos() / unit;
        assert!(window > 0, "a window has a length of its clock at least");
        SlidingCounter { limit, window, counted, began: None, current: 0, past: 0 }
    }

    /// Decides about a call.
    pub fn decide(&mut self, now: SimTime) -> Decision {
        let now = now.as_nanos() / unit(self.counted);
        self.turn(now);
        let estimate = match self.counted {
            // HAProxy counts first and then looks, in whole calls.
            Counted::All => {
                self.current += 1;
                self.total(now) / u128::from(self.window) <= u128::from(self.limit)
            }
            Counted::Admitted => {
                let with_this = self.total(now) + u128::from(self.window);
                with_this <= u128::from(self.limit) * u128::from(self.window)
            }
        };
        if !estimate {
            return Decision::Refuse(self.retry_after(now));
        }
        if self.counted == Counted::Admitted {
            self.current += 1;
        }
        Decision::Admit
    }

    /// Returns the estimate that HAProxy would show: whole calls within the window that ends now.
    pub fn rate(&self, now: SimTime) -> u64 {
        (self.total(now.as_nanos() / unit(self.counted)) / u128::from(self.window)) as u64
    }

    /// Goes to the period of this instant.
    fn turn(&mut self, now: u64) {
        let fresh = match self.counted {
            Counted::All => now,
            Counted::Admitted => now - now % self.window,
        };
        let Some(began) = self.began else {
            self.began = Some(fresh);
            return;
        };
        let periods = (now - began) / self.window;
        if periods == 0 {
            return;
        }
        // After two periods without a call nothing is left; then HAProxy's periods begin with this call.
        self.past = if periods == 1 { self.current } else { 0 };
        self.current = 0;
        self.began = Some(if periods == 1 { began + self.window } else { fresh });
    }

    /// The calls within the window that ends now, times its length.
    fn total(&self, now: u64) -> u128 {
        u128::from(self.past) * u128::from(self.left(now))
            + u128::from(self.current) * u128::from(self.window)
    }

    /// How much of the last period the window still reaches into.
    fn left(&self, now: u64) -> u64 {
        self.began.map_or(0, |began| (began + self.window).saturating_sub(now))
    }

    /// When a call would pass if there were none until then; to the next unit of the clock, or two.
    fn retry_after(&self, now: u64) -> Option<SimDuration> {
        let room = self.limit.checked_sub(1)?;
        let reaches = |calls: u64, room: u64| {
            if calls == 0 {
                return self.window;
            }
            let most = u128::from(room) * u128::from(self.window) / u128::from(calls);
            most.min(u128::from(self.window)) as u64
        };
        let left = self.left(now);
        let wait = match room.checked_sub(self.current) {
            Some(room) => left.saturating_sub(reaches(self.past, room)),
            None => left + self.window - reaches(self.current, room),
        };
        Some(SimDuration::from_nanos(wait.max(1) * unit(self.counted)))
    }
}

/// Nanoseconds in a unit of the clock.
fn unit(counted: Counted) -> u64 {
    match counted {
        Counted::All => MILLI,
        Counted::Admitted => 1,
    }
}
