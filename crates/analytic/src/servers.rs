//! How many servers a station of a network has.

use crate::AnalyticError;
use crate::error::require_at_least_one;

/// Number of servers behind the one queue of a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Servers {
    /// This many.
    Count(u32),
    /// Enough for everybody: a pure delay.
    Unlimited,
}

impl Servers {
    pub(crate) fn check(self) -> Result<(), AnalyticError> {
        match self {
            Self::Count(count) => require_at_least_one("servers", count),
            Self::Unlimited => Ok(()),
        }
    }

    /// Returns the utilization of an offered load \[Erlang\]; 0 for a delay.
    pub(crate) fn utilization(self, offered_load: f64) -> f64 {
        match self {
            Self::Count(count) => offered_load / f64::from(count),
            Self::Unlimited => 0.0,
        }
    }

    /// Returns how many of `n` present are served.
    pub(crate) fn serving(self, n: usize) -> f64 {
        match self {
            Self::Count(count) => n.min(count as usize) as f64,
            Self::Unlimited => n as f64,
        }
    }
}
