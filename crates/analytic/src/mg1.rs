//! M/G/1: one server, any service law, Poisson arrivals, first come first served.

use crate::error::{require, require_positive, require_stable};
use crate::mdc::Mdc;
use crate::phase_type::PhaseType;
use crate::{AnalyticError, Law};

/// The M/G/1 queue in steady state, from moments of the service time.
///
/// # Source
/// Pollaczek (1930), Khinchine (1932); Kleinrock, "Queueing Systems", vol. 1 (1975), sec. 5.6 (means) and
/// 5.7 (moments of the wait).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mg1 {
    arrival_rate_per_s: f64,
    service_s_mean: f64,
    service_s2_second: f64,
    service_s3_third: Option<f64>,
    law: Option<Law>,
}

/// Exact distributions of an M/G/1 queue, where the law of service allows them.
///
/// # Source
/// Services made of exponential phases: Neuts, "Matrix-Geometric Solutions" (1981), theorem 3.2.1;
/// deterministic services: Franx, Operations Research Letters 29 (2001).
#[derive(Debug, Clone, PartialEq)]
pub struct Mg1Times {
    kind: TimesKind,
}

#[derive(Debug, Clone, PartialEq)]
enum TimesKind {
    Phases { wait: PhaseType, response: PhaseType },
    Deterministic(Mdc),
}

impl Mg1 {
    /// Checks the arrival rate [1/s] and the law of service.
    ///
    /// # Errors
    /// Parameters out of range; [`AnalyticError::Infinite`] if the service time has no variance;
    /// [`AnalyticError::Unstable`] at or above saturation.
    pub fn new(arrival_rate_per_s: f64, service: Law) -> Result<Self, AnalyticError> {
        service.check()?;
        if !service.moment(2).is_finite() {
            return Err(AnalyticError::Infinite {
                what: "the mean wait, because service has no finite variance",
            });
        }
        let third = Some(service.moment(3)).filter(|m| m.is_finite());
        let made = Self::from_moments(arrival_rate_per_s, service.mean_s(), service.moment(2), third)?;
        Ok(Self { law: Some(service), ..made })
    }

    /// Checks the arrival rate [1/s] and raw moments `E[S]` \[s\], `E[S²]` \[s²\], `E[S³]` \[s³\] of service.
    ///
    /// # Errors
    /// Values not above 0, a second moment below the squared mean; [`AnalyticError::Unstable`] at or above
    /// saturation.
    pub fn from_moments(
        arrival_rate_per_s: f64,
        service_s_mean: f64,
        service_s2_second: f64,
        service_s3_third: Option<f64>,
    ) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_s_mean", service_s_mean)?;
        require_positive("service_s2_second", service_s2_second)?;
        // Rounding may put the second moment of a constant a hair below the square.
        let square = service_s_mean * service_s_mean * (1.0 - 1e-12);
        require(
            service_s2_second >= square,
            "service_s2_second",
            service_s2_second,
            "at least the squared mean",
        )?;
        if let Some(third) = service_s3_third {
            require_positive("service_s3_third", third)?;
        }
        require_stable(arrival_rate_per_s * service_s_mean, 1.0 / service_s_mean)?;
        Ok(Self { arrival_rate_per_s, service_s_mean, service_s2_second, service_s3_third, law: None })
    }

    /// Returns the fraction of time the server is busy; also the probability of having to wait.
    pub fn utilization(&self) -> f64 {
        self.arrival_rate_per_s * self.service_s_mean
    }

    /// Returns the mean waiting time \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.service_s2_second / (2.0 * (1.0 - self.utilization()))
    }

    /// Returns the mean response time \[s\].
    pub fn response_s_mean(&self) -> f64 {
        self.waiting_s_mean() + self.service_s_mean
    }

    /// Returns the variance of the waiting time \[s²\].
    ///
    /// # Errors
    /// [`AnalyticError::Infinite`] if the third moment of service was not given or is infinite.
    pub fn waiting_s2_variance(&self) -> Result<f64, AnalyticError> {
        let third = self.service_s3_third.ok_or(AnalyticError::Infinite {
            what: "the variance of the wait, because service has no (known) third moment",
        })?;
        let mean = self.waiting_s_mean();
        Ok(mean * mean + self.arrival_rate_per_s * third / (3.0 * (1.0 - self.utilization())))
    }

    /// Returns the variance of the response time \[s²\].
    ///
    /// # Errors
    /// As [`Mg1::waiting_s2_variance`].
    pub fn response_s2_variance(&self) -> Result<f64, AnalyticError> {
        let service = self.service_s2_second - self.service_s_mean * self.service_s_mean;
        Ok(self.waiting_s2_variance()? + service.max(0.0))
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.waiting_s_mean()
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.response_s_mean()
    }

    /// Returns the exact laws of waiting and response time.
    ///
    /// # Errors
    /// [`AnalyticError::NoClosedForm`] unless service is deterministic or made of exponential phases (up to 50).
    pub fn times(&self) -> Result<Mg1Times, AnalyticError> {
        let law =
            self.law.ok_or(AnalyticError::NoClosedForm { what: "a wait from moments of service alone" })?;
        if let Law::Deterministic { value_s } = law {
            return Ok(Mg1Times {
                kind: TimesKind::Deterministic(Mdc::new(self.arrival_rate_per_s, value_s, 1)?),
            });
        }
        let phases = law.phase_type()?;
        let rho = self.utilization();
        Ok(Mg1Times {
            kind: TimesKind::Phases { wait: phases.queue_wait(rho)?, response: phases.queue_response(rho)? },
        })
    }
}

impl Mg1Times {
    /// Returns `P(wait > t)`, `t` in \[s\].
    pub fn waiting_exceeds(&self, t_s: f64) -> f64 {
        match &self.kind {
            TimesKind::Phases { wait, .. } => wait.exceeds(t_s),
            TimesKind::Deterministic(queue) => queue.waiting_exceeds(t_s),
        }
    }

    /// Returns `P(response > t)`, `t` in \[s\].
    pub fn response_exceeds(&self, t_s: f64) -> f64 {
        match &self.kind {
            TimesKind::Phases { response, .. } => response.exceeds(t_s),
            TimesKind::Deterministic(queue) => queue.response_exceeds(t_s),
        }
    }

    /// Returns the waiting time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub fn waiting_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        match &self.kind {
            TimesKind::Phases { wait, .. } => wait.quantile_s(p),
            TimesKind::Deterministic(queue) => queue.waiting_s_quantile(p),
        }
    }

    /// Returns the response time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub fn response_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        match &self.kind {
            TimesKind::Phases { response, .. } => response.quantile_s(p),
            TimesKind::Deterministic(queue) => queue.response_s_quantile(p),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mm1;
    use crate::quadrature::integrate;

    #[test]
    fn exponential_service_is_mm1() {
        let general = Mg1::new(8.0, Law::Exponential { mean_s: 0.1 }).unwrap();
        let special = Mm1::new(8.0, 10.0).unwrap();
        assert!((general.response_s_mean() - special.response_s_mean()).abs() < 1e-13);
        assert!((general.response_s2_variance().unwrap() - special.response_s2_variance()).abs() < 1e-13);
    }

    #[test]
    fn mean_and_variance_are_those_of_the_exact_law() {
        for law in [
            Law::Deterministic { value_s: 1.0 },
            Law::Erlang { phases: 4, mean_s: 1.0 },
            Law::hyperexponential_balanced(1.0, 4.0).unwrap(),
        ] {
            let queue = Mg1::new(0.6, law).unwrap();
            let times = queue.times().unwrap();
            let mean = integrate(0.0, 400.0, 1e-10, |t| times.waiting_exceeds(t));
            let second = integrate(0.0, 400.0, 1e-9, |t| 2.0 * t * times.waiting_exceeds(t));
            assert!((mean / queue.waiting_s_mean() - 1.0).abs() < 1e-8, "{law:?}");
            let variance = second - mean * mean;
            assert!((variance / queue.waiting_s2_variance().unwrap() - 1.0).abs() < 1e-8, "{law:?}");
        }
    }

    #[test]
    fn heavy_tails_are_named_as_the_reason() {
        assert!(matches!(
            Mg1::new(0.1, Law::Pareto { shape: 1.5, scale_s: 1.0 }),
            Err(AnalyticError::Infinite { .. })
        ));
        let no_third = Mg1::new(0.1, Law::Pareto { shape: 2.5, scale_s: 1.0 }).unwrap();
        assert!(no_third.waiting_s2_variance().is_err());
        assert!(no_third.times().is_err());
    }
}
