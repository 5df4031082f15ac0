//! A bucket of tokens.

use kneepoint_engine::{SimDuration, SimTime};

use super::Decision;

/// Admits a call when a token is left, refuses it otherwise. The bucket is full at first.
///
/// # Units
/// `rate_per_s` [tokens/s], `burst` \[tokens\]: the most that are ever in it.
///
/// # Assumptions
/// Tokens accrue continuously; a refused call takes none.
///
/// # Source
/// `golang.org/x/time/rate`, `rate.go`: `advance`, `reserveN` with nothing reserved for the future. The meter of Turner,
/// "New directions in communications", IEEE Communications Magazine 24(10), 1986.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenBucket {
    rate_per_s: f64,
    burst: f64,
    tokens: f64,
    last: SimTime,
}

impl TokenBucket {
    /// Returns a full bucket.
    ///
    /// # Panics
    /// If the rate is not above 0.
    pub fn new(rate_per_s: f64, burst: u64) -> TokenBucket {
        assert!(rate_per_s > 0.0, "tokens come at a rate above 0");
        let burst = burst as f64;
        TokenBucket { rate_per_s, burst, tokens: burst, last: SimTime::ZERO }
    }

    /// Decides about a call.
    pub fn decide(&mut self, now: SimTime) -> Decision {
        self.take(now, 1)
    }

    /// Decides about a call that needs so many tokens.
    pub fn take(&mut self, now: SimTime, tokens: u64) -> Decision {
        let wanted = tokens as f64;
        let left = self.tokens_at(now) - wanted;
        // As long as what is missing would be there within a nanosecond, it is there.
        let wait = if left < 0.0 { (-left / self.rate_per_s * 1e9) as u64 } else { 0 };
        if wanted > self.burst {
            return Decision::Refuse(None);
        }
        if wait > 0 {
            return Decision::Refuse(Some(SimDuration::from_nanos(wait.saturating_add(1))));
        }
        (self.tokens, self.last) = (left, now);
        Decision::Admit
    }

    /// Returns how many tokens there are.
    pub fn tokens_at(&self, now: SimTime) -> f64 {
        let came = (now - self.last).as_secs_f64() * self.rate_per_s;
        self.burst.min(self.tokens + came)
    }
}
