//! A tandem of M/M/1 queues: the law of the time through all of them.

use crate::error::{require, require_positive};
use crate::phase_type::PhaseType;
use crate::{AnalyticError, Mm1};

/// Stations with which dense matrices are still quick.
const STATIONS_MAX: usize = 100;

/// Single exponential servers in a row, fed by Poisson arrivals, in steady state.
///
/// # Source
/// Burke, Operations Research 4 (1956): departures are Poisson; Reich, Annals of Mathematical Statistics 28 (1957):
/// response times of one request are independent, exponential with rates `mu_i - lambda`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tandem {
    end_to_end: PhaseType,
}

impl Tandem {
    /// Checks the arrival rate and the service rates [1/s].
    ///
    /// # Errors
    /// Rates out of range, no or more than 100 stations; [`AnalyticError::UnstableStation`] for the first that is saturated.
    pub fn new(arrival_rate_per_s: f64, service_rates_per_s: &[f64]) -> Result<Self, AnalyticError> {
        let stations = service_rates_per_s.len();
        require(
            (1..=STATIONS_MAX).contains(&stations),
            "service_rates_per_s",
            stations as f64,
            "1 to 100 stations",
        )?;
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        let mut slacks_per_s = Vec::new();
        for (station, rate) in service_rates_per_s.iter().enumerate() {
            let queue = Mm1::new(arrival_rate_per_s, *rate).map_err(|error| match error {
                AnalyticError::Unstable { utilization, saturation_rate_per_s } => {
                    AnalyticError::UnstableStation { station, utilization, saturation_rate_per_s }
                }
                other => other,
            })?;
            slacks_per_s.push(1.0 / queue.response_s_mean());
        }
        Ok(Self { end_to_end: PhaseType::series(&slacks_per_s)? })
    }

    /// Returns the mean time through all stations \[s\].
    pub fn end_to_end_s_mean(&self) -> f64 {
        self.end_to_end.mean_s()
    }

    /// Returns `P(time through all stations > t)`, `t` in \[s\].
    pub fn end_to_end_exceeds(&self, t_s: f64) -> f64 {
        self.end_to_end.exceeds(t_s)
    }

    /// Returns the time through all stations not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub fn end_to_end_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        self.end_to_end.quantile_s(p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_stations_follow_the_hypoexponential_law() {
        let tandem = Tandem::new(5.0, &[10.0, 8.0]).unwrap();
        // Rates 5 and 3: P(T > t) = (5 exp(-3t) - 3 exp(-5t)) / 2.
        for t in [0.0, 0.2, 1.0, 3.0] {
            let expected = 2.5 * libm::exp(-3.0 * t) - 1.5 * libm::exp(-5.0 * t);
            assert!((tandem.end_to_end_exceeds(t) - expected).abs() < 1e-13);
        }
    }

    #[test]
    fn equal_stations_are_no_special_case() {
        let tandem = Tandem::new(1.0, &[2.0, 2.0, 2.0]).unwrap();
        assert!((tandem.end_to_end_exceeds(4.0) - crate::law::poisson_at_most(2, 4.0)).abs() < 1e-13);
    }

    #[test]
    fn the_saturated_station_is_named() {
        assert!(matches!(
            Tandem::new(5.0, &[10.0, 4.0]),
            Err(AnalyticError::UnstableStation { station: 1, .. })
        ));
    }
}
