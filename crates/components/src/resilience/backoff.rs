//! How long to wait before another try.

use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, Stream};

/// The waits before the first, second, third, … retry, before jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Backoff {
    /// At once.
    AtOnce,
    /// Always the same.
    Fixed(SimDuration),
    /// `base`, 2 `base`, 3 `base`, …, at most `cap`.
    Linear {
        /// The first.
        base: SimDuration,
        /// The longest.
        cap: SimDuration,
    },
    /// `base`, `base * factor`, `base * factor^2`, …, at most `cap`.
    ///
    /// # Source
    /// Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: min(cap, base * 2^attempt).
    Exponential {
        /// The first.
        base: SimDuration,
        /// By how much each is longer than the one before.
        factor: f64,
        /// The longest.
        cap: SimDuration,
    },
}

impl Backoff {
    /// Returns the wait before this retry, counted from 1, without jitter.
    pub fn wait(&self, retry: u32) -> SimDuration {
        match *self {
            Backoff::AtOnce => SimDuration::ZERO,
            Backoff::Fixed(wait) => wait,
            Backoff::Linear { base, cap } => {
                SimDuration::from_nanos(base.as_nanos().saturating_mul(retry.into())).min(cap)
            }
            Backoff::Exponential { base, factor, cap } => {
                let power = libm::pow(factor, f64::from(retry.saturating_sub(1)));
                let wait = base.as_nanos() as f64 * power;
                if wait < cap.as_nanos() as f64 { SimDuration::from_nanos_f64(wait) } else { cap }
            }
        }
    }

    /// The shortest and the longest wait, for jitter that depends on the wait before.
    fn ends(&self) -> (SimDuration, SimDuration) {
        match *self {
            Backoff::AtOnce => (SimDuration::ZERO, SimDuration::ZERO),
            Backoff::Fixed(wait) => (wait, wait),
            Backoff::Linear { base, cap } | Backoff::Exponential { base, cap, .. } => (base, cap),
        }
    }
}

/// How much of a wait is chance, so that those who failed together do not come back together.
///
/// # Source
/// Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Nothing.
    None,
    /// Evenly between 0 and the wait.
    Full,
    /// Half of the wait, and evenly between 0 and the other half.
    Equal,
    /// Evenly between the shortest wait and three times the one before, at most the longest; it grows by itself.
    Decorrelated,
}

/// Waits with what chance does to them.
#[derive(Clone, Debug, PartialEq)]
pub enum Waits {
    /// Planned, and spread.
    Planned {
        /// What they are without jitter.
        backoff: Backoff,
        /// How they are spread.
        jitter: Jitter,
    },
    /// Each drawn anew \[ns\].
    Drawn(Distribution),
}

impl Waits {
    /// Returns the wait before this retry, counted from 1; `last` is the wait before the one before, 0 if there was
    /// none.
    pub fn wait(&self, retry: u32, last: SimDuration, chance: &mut Stream) -> SimDuration {
        let (backoff, jitter) = match self {
            Waits::Planned { backoff, jitter } => (backoff, jitter),
            Waits::Drawn(law) => return SimDuration::from_nanos_f64(law.sample(chance)),
        };
        let wait = backoff.wait(retry);
        let part = |of: SimDuration, chance: &mut Stream| {
            SimDuration::from_nanos_f64(of.as_nanos() as f64 * chance.uniform())
        };
        match jitter {
            Jitter::None => wait,
            Jitter::Full => part(wait, chance),
            Jitter::Equal => {
                let half = SimDuration::from_nanos(wait.as_nanos() / 2);
                half + part(wait - half, chance)
            }
            Jitter::Decorrelated => {
                let (base, cap) = backoff.ends();
                let high = SimDuration::from_nanos(last.max(base).as_nanos().saturating_mul(3)).max(base);
                (base + part(high - base, chance)).min(cap)
            }
        }
    }
}
