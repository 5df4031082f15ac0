//! M/G/1-PS: one server shared equally by all present.

use crate::error::{require_non_negative, require_positive, require_stable};
use crate::{AnalyticError, Law};

/// The M/G/1 processor-sharing queue in steady state; means depend on the law of service through its mean only.
///
/// # Source
/// Kleinrock, "Queueing Systems", vol. 2 (1976), sec. 4.4; insensitivity: Sakata, Noguchi & Oizumi (1971);
/// variance for exponential service: Coffman, Muntz & Trotter, JACM 17 (1970).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessorSharing {
    arrival_rate_per_s: f64,
    service_s_mean: f64,
}

impl ProcessorSharing {
    /// Checks the arrival rate [1/s] and the mean service demand \[s\].
    ///
    /// # Errors
    /// An input not above 0; [`AnalyticError::Unstable`] at or above saturation.
    pub fn new(arrival_rate_per_s: f64, service_s_mean: f64) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_s_mean", service_s_mean)?;
        require_stable(arrival_rate_per_s * service_s_mean, 1.0 / service_s_mean)?;
        Ok(Self { arrival_rate_per_s, service_s_mean })
    }

    /// Returns the same for a law of service, of which only the mean matters.
    ///
    /// # Errors
    /// As [`ProcessorSharing::new`], and parameters of the law out of range.
    pub fn with_law(arrival_rate_per_s: f64, service: Law) -> Result<Self, AnalyticError> {
        service.check()?;
        Self::new(arrival_rate_per_s, service.mean_s())
    }

    /// Returns the fraction of time the server is busy.
    pub fn utilization(&self) -> f64 {
        self.arrival_rate_per_s * self.service_s_mean
    }

    /// Returns the mean response time \[s\].
    pub fn response_s_mean(&self) -> f64 {
        self.service_s_mean * self.slowdown()
    }

    /// Returns the mean response time of a request of this size \[s\].
    ///
    /// # Errors
    /// `size_s` negative or not finite.
    pub fn response_s_mean_of_size(&self, size_s: f64) -> Result<f64, AnalyticError> {
        require_non_negative("size_s", size_s)?;
        Ok(size_s * self.slowdown())
    }

    /// Returns the mean response time over own size, the same for every size.
    pub fn slowdown(&self) -> f64 {
        1.0 / (1.0 - self.utilization())
    }

    /// Returns the mean number present.
    pub fn number_mean(&self) -> f64 {
        self.utilization() * self.slowdown()
    }

    /// Returns `P(n or more present)`: geometric for every law of service.
    pub fn number_at_least(&self, n: u32) -> f64 {
        libm::pow(self.utilization(), f64::from(n))
    }

    /// Returns the variance of the response time if service is exponential \[s²\].
    pub fn response_s2_variance_exponential(&self) -> f64 {
        let rho = self.utilization();
        self.response_s_mean() * self.response_s_mean() * (2.0 + rho) / (2.0 - rho)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sharing_and_queueing_have_the_same_mean_for_exponential_service() {
        let shared = ProcessorSharing::new(8.0, 0.1).unwrap();
        let queued = crate::Mm1::new(8.0, 10.0).unwrap();
        assert!((shared.response_s_mean() - queued.response_s_mean()).abs() < 1e-14);
        assert!(shared.response_s2_variance_exponential() > queued.response_s2_variance());
    }

    #[test]
    fn a_request_twice_as_large_takes_twice_as_long() {
        let shared = ProcessorSharing::with_law(0.5, Law::Deterministic { value_s: 1.0 }).unwrap();
        assert!((shared.response_s_mean_of_size(2.0).unwrap() - 4.0).abs() < 1e-14);
    }
}
