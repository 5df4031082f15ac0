//! So many per second, evenly, with a bucket for a burst.

use kneepoint_engine::{SimDuration, SimTime};

use super::Decision;

/// What is beyond the rate fills a bucket that drains at the rate; a call that would overflow it is refused and leaves
/// it untouched, and one that finds more in it than `free` is held until the rate allows it.
///
/// # Units
/// `rate_per_s` [calls/s], to a thousandth; `burst`, `free` \[calls\]. Time is in whole milliseconds, the excess in
/// thousandths of a call.
///
/// # Source
/// nginx 1.22, `ngx_http_limit_req_module.c`, `ngx_http_limit_req_lookup` and `ngx_http_limit_req_account`; `free` is its
/// `delay=`, and not less than the burst its `nodelay`.
#[derive(Clone, Debug, PartialEq)]
pub struct LeakyBucket {
    /// \[thousandths of a call per second\].
    rate: u64,
    burst: u64,
    free: u64,
    excess: u64,
    /// When it was last drained \[ms\]; nothing before the first call.
    last: Option<u64>,
}

/// Thousandths.
const MILLE: u64 = 1_000;

impl LeakyBucket {
    /// Returns an empty bucket.
    ///
    /// # Panics
    /// If the rate is below a thousandth of a call per second.
    pub fn new(rate_per_s: f64, burst: u64, free: u64) -> LeakyBucket {
        let rate = (rate_per_s * MILLE as f64).round();
        assert!(rate >= 1.0, "a rate is a thousandth of a call per second at least");
        let mille = |calls: u64| calls.saturating_mul(MILLE);
        LeakyBucket { rate: rate as u64, burst: mille(burst), free: mille(free), excess: 0, last: None }
    }

    /// Decides about a call.
    pub fn decide(&mut self, now: SimTime) -> Decision {
        let now = now.as_nanos() / 1_000_000;
        let excess = match self.last {
            None => 0,
            Some(last) => {
                let drained = u128::from(self.rate) * u128::from(now - last) / u128::from(MILLE);
                let drained = u64::try_from(drained).unwrap_or(u64::MAX);
                (self.excess + MILLE).saturating_sub(drained)
            }
        };
        if excess > self.burst {
            return Decision::Refuse(Some(self.time_of(excess - self.burst)));
        }
        (self.excess, self.last) = (excess, Some(now));
        let beyond = u128::from(excess.saturating_sub(self.free));
        match (beyond * u128::from(MILLE) / u128::from(self.rate)) as u64 {
            0 => Decision::Admit,
            millis => Decision::Delay(SimDuration::from_millis(millis)),
        }
    }

    /// How long it takes to drain so much, to the millisecond above.
    fn time_of(&self, excess: u64) -> SimDuration {
        let millis = (u128::from(excess) * u128::from(MILLE)).div_ceil(u128::from(self.rate));
        SimDuration::from_nanos(u64::try_from(millis * 1_000_000).unwrap_or(u64::MAX))
    }
}
