//! M/M/1 whose server breaks down and is repaired.

use crate::AnalyticError;
use crate::error::{require_positive, require_stable};

/// The M/M/1 queue with a server that is up and down for exponential times, idle or not; work resumes after repair.
///
/// # Source
/// White & Christie, "Queuing with preemptive priorities or with breakdown", Operations Research 6 (1958);
/// Avi-Itzhak & Naor, Operations Research 11 (1963), model A.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breakdowns {
    arrival_rate_per_s: f64,
    service_rate_per_s: f64,
    failure_rate_per_s: f64,
    repair_rate_per_s: f64,
}

impl Breakdowns {
    /// Checks the rates [1/s].
    ///
    /// # Errors
    /// A rate not above 0; [`AnalyticError::Unstable`] if arrivals exceed what the server does when up.
    pub fn new(
        arrival_rate_per_s: f64,
        service_rate_per_s: f64,
        failure_rate_per_s: f64,
        repair_rate_per_s: f64,
    ) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        require_positive("failure_rate_per_s", failure_rate_per_s)?;
        require_positive("repair_rate_per_s", repair_rate_per_s)?;
        let made = Self { arrival_rate_per_s, service_rate_per_s, failure_rate_per_s, repair_rate_per_s };
        let capacity_per_s = made.availability() * service_rate_per_s;
        require_stable(arrival_rate_per_s / capacity_per_s, capacity_per_s)?;
        Ok(made)
    }

    /// Returns the fraction of time the server is up.
    pub fn availability(&self) -> f64 {
        self.repair_rate_per_s / (self.failure_rate_per_s + self.repair_rate_per_s)
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        let rho = self.arrival_rate_per_s / self.service_rate_per_s;
        let turnover = self.failure_rate_per_s + self.repair_rate_per_s;
        (rho + self.arrival_rate_per_s * self.failure_rate_per_s / (turnover * turnover))
            / (self.availability() - rho)
    }

    /// Returns the mean response time \[s\].
    pub fn response_s_mean(&self) -> f64 {
        self.number_mean() / self.arrival_rate_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mm1;

    #[test]
    fn a_server_that_hardly_fails_is_mm1() {
        let faulty = Breakdowns::new(5.0, 10.0, 1e-9, 1.0).unwrap();
        assert!((faulty.number_mean() / Mm1::new(5.0, 10.0).unwrap().number_mean() - 1.0).abs() < 1e-7);
    }

    #[test]
    fn very_short_failures_only_slow_the_server_down() {
        let faulty = Breakdowns::new(4.0, 10.0, 1e6, 1e6).unwrap();
        assert!((faulty.number_mean() / Mm1::new(4.0, 5.0).unwrap().number_mean() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn downtime_lowers_the_point_of_saturation() {
        assert!(matches!(
            Breakdowns::new(6.0, 10.0, 1.0, 1.0),
            Err(AnalyticError::Unstable { saturation_rate_per_s, .. }) if saturation_rate_per_s == 5.0
        ));
    }
}
