//! G/M/1: any renewal arrivals, one exponential server, first come first served.

use crate::error::{require_level, require_positive, require_stable};
use crate::{AnalyticError, Law};

/// The G/M/1 queue in steady state.
///
/// # Source
/// Kleinrock, "Queueing Systems", vol. 1 (1975), sec. 6.4: `sigma`, the root of `sigma = A*(mu (1 - sigma))` in (0, 1),
/// is the probability that an arrival has to wait; the response time is exponential with rate `mu (1 - sigma)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gm1 {
    arrival_rate_per_s: f64,
    service_rate_per_s: f64,
    sigma: f64,
}

impl Gm1 {
    /// Checks the law of interarrival times and the service rate [1/s], and solves for sigma.
    ///
    /// # Errors
    /// Parameters out of range; [`AnalyticError::Unstable`] at or above saturation;
    /// [`AnalyticError::NoClosedForm`] for lognormal and Pareto interarrivals.
    pub fn new(interarrival: Law, service_rate_per_s: f64) -> Result<Self, AnalyticError> {
        interarrival.check()?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        let arrival_rate_per_s = 1.0 / interarrival.mean_s();
        require_stable(arrival_rate_per_s / service_rate_per_s, service_rate_per_s)?;
        let sigma = wait_root(interarrival, service_rate_per_s)?;
        Ok(Self { arrival_rate_per_s, service_rate_per_s, sigma })
    }

    /// Returns the fraction of time the server is busy (not what arrivals see).
    pub fn utilization(&self) -> f64 {
        self.arrival_rate_per_s / self.service_rate_per_s
    }

    /// Returns the probability that an arrival has to wait.
    pub fn waiting_probability(&self) -> f64 {
        self.sigma
    }

    /// Returns the mean waiting time \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.sigma / self.slack_per_s()
    }

    /// Returns the mean response time \[s\].
    pub fn response_s_mean(&self) -> f64 {
        1.0 / self.slack_per_s()
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.response_s_mean()
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.waiting_s_mean()
    }

    /// Returns `P(wait > t)`, `t` in \[s\].
    pub fn waiting_exceeds(&self, t_s: f64) -> f64 {
        if t_s < 0.0 { 1.0 } else { self.sigma * libm::exp(-self.slack_per_s() * t_s) }
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
        Ok((libm::log(self.sigma / (1.0 - p)) / self.slack_per_s()).max(0.0))
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
        self.service_rate_per_s * (1.0 - self.sigma)
    }
}

/// The root of `A*(mu (1 - sigma)) - sigma`, which is convex and starts above zero: Newton from the left never
/// oversteps the smaller root (the larger one is 1).
fn wait_root(interarrival: Law, mu: f64) -> Result<f64, AnalyticError> {
    let mut sigma = 0.0;
    for _ in 0..200 {
        let (value, slope) = interarrival.laplace(mu * (1.0 - sigma))?;
        let step = (value - sigma) / (1.0 + mu * slope);
        if step <= 2.0 * f64::EPSILON * sigma || step.is_nan() {
            return Ok(sigma);
        }
        sigma += step;
    }
    Err(AnalyticError::NotConverged { what: "the root of the G/M/1 queue" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_interarrivals_are_mm1() {
        let queue = Gm1::new(Law::Exponential { mean_s: 1.25 }, 1.0).unwrap();
        assert!((queue.waiting_probability() - 0.8).abs() < 1e-13);
        assert!((queue.response_s_mean() - 5.0).abs() < 1e-11);
    }

    #[test]
    fn the_root_is_a_root_near_saturation_and_far_from_it() {
        for mean_s in [1.000_1, 1.1, 5.0, 100.0] {
            for law in [
                Law::Deterministic { value_s: mean_s },
                Law::Erlang { phases: 3, mean_s },
                Law::hyperexponential_balanced(mean_s, 9.0).unwrap(),
            ] {
                let sigma = Gm1::new(law, 1.0).unwrap().waiting_probability();
                let image = law.laplace(1.0 - sigma).unwrap().0;
                assert!((image - sigma).abs() < 1e-14 && sigma < 1.0, "{law:?}");
            }
        }
    }

    #[test]
    fn overload_is_refused() {
        assert!(matches!(
            Gm1::new(Law::Deterministic { value_s: 0.5 }, 1.0),
            Err(AnalyticError::Unstable { utilization: 2.0, saturation_rate_per_s: 1.0 })
        ));
    }
}
