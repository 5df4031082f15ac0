//! M^X/M/1: requests arrive in batches at one exponential server.

use crate::AnalyticError;
use crate::error::{require, require_at_least_one, require_positive, require_stable};

/// How many requests arrive together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BatchSize {
    /// Always the same number.
    Fixed(u32),
    /// Geometric on 1, 2, 3, … with this mean.
    Geometric {
        /// Mean batch size, 1 or more.
        mean: f64,
    },
    /// Anything else, through its moments.
    Moments {
        /// Mean batch size.
        mean: f64,
        /// Mean of the squared batch size.
        second: f64,
    },
}

impl BatchSize {
    /// Returns mean and mean square.
    fn moments(self) -> (f64, f64) {
        match self {
            Self::Fixed(n) => (f64::from(n), f64::from(n) * f64::from(n)),
            // Variance of a geometric on 1, 2, … is mean^2 - mean.
            Self::Geometric { mean } => (mean, 2.0 * mean * mean - mean),
            Self::Moments { mean, second } => (mean, second),
        }
    }

    fn check(self) -> Result<(), AnalyticError> {
        if let Self::Fixed(n) = self {
            require_at_least_one("batch_size", n)?;
        }
        let (mean, second) = self.moments();
        require(mean.is_finite() && mean >= 1.0, "batch_size", mean, "a mean of 1 or more")?;
        require(
            second.is_finite() && second >= mean * mean * (1.0 - 1e-12),
            "batch_size",
            second,
            "a mean square of at least the squared mean",
        )
    }
}

/// The M^X/M/1 queue in steady state, first come first served.
///
/// # Source
/// Gross & Harris, "Fundamentals of Queueing Theory", 3rd ed. (1998), sec. 3.1:
/// `L = rho (1 + E[X²] / E[X]) / (2 (1 - rho))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchArrivals {
    batch_rate_per_s: f64,
    size_mean: f64,
    size_second: f64,
    service_rate_per_s: f64,
}

impl BatchArrivals {
    /// Checks the rate of batches, their size, and the service rate [1/s].
    ///
    /// # Errors
    /// Inputs out of range; [`AnalyticError::Unstable`] at or above saturation (the rate given is of batches).
    pub fn new(
        batch_rate_per_s: f64,
        size: BatchSize,
        service_rate_per_s: f64,
    ) -> Result<Self, AnalyticError> {
        require_positive("batch_rate_per_s", batch_rate_per_s)?;
        size.check()?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        let (size_mean, size_second) = size.moments();
        require_stable(batch_rate_per_s * size_mean / service_rate_per_s, service_rate_per_s / size_mean)?;
        Ok(Self { batch_rate_per_s, size_mean, size_second, service_rate_per_s })
    }

    /// Returns the fraction of time the server is busy.
    pub fn utilization(&self) -> f64 {
        self.request_rate_per_s() / self.service_rate_per_s
    }

    /// Returns the rate of requests, not batches [1/s].
    pub fn request_rate_per_s(&self) -> f64 {
        self.batch_rate_per_s * self.size_mean
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        let rho = self.utilization();
        rho * (1.0 + self.size_second / self.size_mean) / (2.0 * (1.0 - rho))
    }

    /// Returns the mean response time of a request \[s\].
    pub fn response_s_mean(&self) -> f64 {
        self.number_mean() / self.request_rate_per_s()
    }

    /// Returns the mean waiting time of a request, behind its own batch included \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.response_s_mean() - 1.0 / self.service_rate_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_one_are_mm1() {
        let queue = BatchArrivals::new(0.8, BatchSize::Fixed(1), 1.0).unwrap();
        assert!((queue.number_mean() - 4.0).abs() < 1e-13);
        assert!((queue.waiting_s_mean() - 4.0).abs() < 1e-12);
        let same = BatchArrivals::new(0.8, BatchSize::Geometric { mean: 1.0 }, 1.0).unwrap();
        assert!((queue.number_mean() - same.number_mean()).abs() < 1e-13);
    }

    #[test]
    fn geometric_batches_scale_the_queue_by_their_mean() {
        // Gross & Harris, sec. 3.1: L = mean * rho / (1 - rho).
        let queue = BatchArrivals::new(0.2, BatchSize::Geometric { mean: 4.0 }, 1.0).unwrap();
        assert!((queue.number_mean() - 16.0).abs() < 1e-12);
    }

    #[test]
    fn empty_batches_and_overload_are_refused() {
        assert!(BatchArrivals::new(0.2, BatchSize::Fixed(0), 1.0).is_err());
        assert!(matches!(
            BatchArrivals::new(0.3, BatchSize::Fixed(4), 1.0),
            Err(AnalyticError::Unstable { saturation_rate_per_s, .. }) if saturation_rate_per_s == 0.25
        ));
    }
}
