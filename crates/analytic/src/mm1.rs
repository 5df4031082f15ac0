//! M/M/1: one exponential server, Poisson arrivals, first come first served.

use crate::AnalyticError;
use crate::error::{require_level, require_positive, require_stable};

/// The M/M/1 queue in steady state.
///
/// # Source
/// Kleinrock, "Queueing Systems", vol. 1 (1975), sec. 3.2 (numbers) and 5.12 (times).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mm1 {
    arrival_rate_per_s: f64,
    service_rate_per_s: f64,
}

impl Mm1 {
    /// Checks the rates [1/s].
    ///
    /// # Errors
    /// A rate not above 0; [`AnalyticError::Unstable`] at or above saturation.
    pub fn new(arrival_rate_per_s: f64, service_rate_per_s: f64) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        require_stable(arrival_rate_per_s / service_rate_per_s, service_rate_per_s)?;
        Ok(Self { arrival_rate_per_s, service_rate_per_s })
    }

    /// Returns the fraction of time the server is busy; also the probability of having to wait.
    pub fn utilization(&self) -> f64 {
        self.arrival_rate_per_s / self.service_rate_per_s
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        self.utilization() / (1.0 - self.utilization())
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        self.utilization() * self.number_mean()
    }

    /// Returns `P(n or more present)`.
    pub fn number_at_least(&self, n: u32) -> f64 {
        libm::pow(self.utilization(), f64::from(n))
    }

    /// Returns the mean waiting time \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.utilization() * self.response_s_mean()
    }

    /// Returns the mean response time, waiting and service \[s\].
    pub fn response_s_mean(&self) -> f64 {
        1.0 / self.slack_per_s()
    }

    /// Returns the variance of the response time \[s²\].
    pub fn response_s2_variance(&self) -> f64 {
        self.response_s_mean() * self.response_s_mean()
    }

    /// Returns `P(wait > t)`, `t` in \[s\].
    pub fn waiting_exceeds(&self, t_s: f64) -> f64 {
        if t_s < 0.0 { 1.0 } else { self.utilization() * libm::exp(-self.slack_per_s() * t_s) }
    }

    /// Returns `P(response > t)`, `t` in \[s\].
    pub fn response_exceeds(&self, t_s: f64) -> f64 {
        libm::exp(-self.slack_per_s() * t_s.max(0.0))
    }

    /// Returns the waiting time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub fn waiting_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        require_level(p)?;
        Ok((libm::log(self.utilization() / (1.0 - p)) / self.slack_per_s()).max(0.0))
    }

    /// Returns the response time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub fn response_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        require_level(p)?;
        Ok(-libm::log1p(-p) / self.slack_per_s())
    }

    fn slack_per_s(&self) -> f64 {
        self.service_rate_per_s - self.arrival_rate_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_fifths_load_means_four_inside() {
        let queue = Mm1::new(8.0, 10.0).unwrap();
        assert!((queue.number_mean() - 4.0).abs() < 1e-13);
        assert!((queue.response_s_mean() - 0.5).abs() < 1e-13);
        assert!((queue.waiting_s_mean() - 0.4).abs() < 1e-13);
        assert!((queue.queue_mean() - 3.2).abs() < 1e-13);
    }

    #[test]
    fn quantiles_invert_the_tails() {
        let queue = Mm1::new(8.0, 10.0).unwrap();
        for p in [0.25, 0.9, 0.999] {
            assert!(
                (queue.response_exceeds(queue.response_s_quantile(p).unwrap()) - (1.0 - p)).abs() < 1e-14
            );
        }
        assert!((queue.waiting_exceeds(queue.waiting_s_quantile(0.9).unwrap()) - 0.1).abs() < 1e-14);
        assert_eq!(queue.waiting_s_quantile(0.1).unwrap(), 0.0);
    }

    #[test]
    fn saturation_is_refused_with_the_rate_where_it_happens() {
        assert_eq!(
            Mm1::new(12.0, 10.0),
            Err(AnalyticError::Unstable { utilization: 1.2, saturation_rate_per_s: 10.0 })
        );
        assert!(Mm1::new(10.0, 10.0).is_err());
        assert!(Mm1::new(f64::NAN, 10.0).is_err());
    }
}
