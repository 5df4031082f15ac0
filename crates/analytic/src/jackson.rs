//! Open Jackson networks: Poisson arrivals, exponential stations, random routing.

use crate::error::{require, require_non_negative, require_positive};
use crate::matrix::Matrix;
use crate::{AnalyticError, Mmc, Servers};

/// A station of an open network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JacksonStation {
    /// Mean of the exponential service time \[s\].
    pub service_s_mean: f64,
    /// Number of servers.
    pub servers: Servers,
}

/// An open Jackson network in steady state.
///
/// # Source
/// Jackson, Operations Research 5 (1957) and Management Science 10 (1963).
#[derive(Debug, Clone, PartialEq)]
pub struct Jackson {
    external_rate_per_s: f64,
    stations: Vec<JacksonStation>,
    throughputs_per_s: Vec<f64>,
    queues: Vec<Option<Mmc>>,
}

/// Solves the traffic equations `rate_j = external_j + sum of rate_i routing_ij` [1/s].
///
/// `routing[i][j]` is the probability that a request leaving `i` goes next to `j`; what is missing to 1 leaves.
///
/// # Errors
/// Shapes that do not fit, probabilities out of range, or requests that can never leave.
///
/// # Source
/// Jackson (1957), eq. 1.
pub fn traffic_rates_per_s(
    external_rates_per_s: &[f64],
    routing: &[Vec<f64>],
) -> Result<Vec<f64>, AnalyticError> {
    let n = external_rates_per_s.len();
    if routing.len() != n {
        return Err(AnalyticError::Shape { name: "routing", found: routing.len(), needed: n });
    }
    let mut equations = Matrix::identity(n);
    for (i, row) in routing.iter().enumerate() {
        require_non_negative("external_rates_per_s", external_rates_per_s[i])?;
        if row.len() != n {
            return Err(AnalyticError::Shape { name: "routing", found: row.len(), needed: n });
        }
        for (j, probability) in row.iter().enumerate() {
            require((0.0..=1.0).contains(probability), "routing", *probability, "probabilities from 0 to 1")?;
            equations.add_to(j, i, -probability);
        }
        let sum: f64 = row.iter().sum();
        // Rounding of a few written decimals is not a fault.
        require(sum <= 1.0 + 1e-9, "routing", sum, "rows that sum to 1 at most")?;
    }
    let what = "the traffic equations (can every request leave?)";
    let rates = equations.solve(external_rates_per_s, what)?;
    if rates.iter().all(|rate| rate.is_finite() && *rate >= -1e-9) {
        Ok(rates.into_iter().map(|rate| rate.max(0.0)).collect())
    } else {
        Err(AnalyticError::Singular { what })
    }
}

impl Jackson {
    /// Checks the network and solves it.
    ///
    /// # Errors
    /// As [`traffic_rates_per_s`]; stations out of range; [`AnalyticError::UnstableStation`] for the most loaded station
    /// at or above saturation.
    pub fn new(
        stations: &[JacksonStation],
        routing: &[Vec<f64>],
        external_rates_per_s: &[f64],
    ) -> Result<Self, AnalyticError> {
        let n = stations.len();
        if external_rates_per_s.len() != n {
            let found = external_rates_per_s.len();
            return Err(AnalyticError::Shape { name: "external_rates_per_s", found, needed: n });
        }
        for station in stations {
            require_positive("service_s_mean", station.service_s_mean)?;
            station.servers.check()?;
        }
        let throughputs_per_s = traffic_rates_per_s(external_rates_per_s, routing)?;
        let external_rate_per_s: f64 = external_rates_per_s.iter().sum();
        require_positive("external_rates_per_s", external_rate_per_s)?;
        let mut made =
            Self { external_rate_per_s, stations: stations.to_vec(), throughputs_per_s, queues: Vec::new() };
        if let Some(station) = made.bottleneck() {
            let utilization = made.utilization(station);
            if utilization >= 1.0 {
                let saturation_rate_per_s = external_rate_per_s / utilization;
                return Err(AnalyticError::UnstableStation { station, utilization, saturation_rate_per_s });
            }
        }
        for (station, rate) in stations.iter().zip(&made.throughputs_per_s) {
            made.queues.push(match station.servers {
                Servers::Count(count) if *rate > 0.0 => {
                    Some(Mmc::new(*rate, 1.0 / station.service_s_mean, count)?)
                }
                Servers::Count(_) | Servers::Unlimited => None,
            });
        }
        Ok(made)
    }

    /// Returns the station that saturates first, if any has limited servers.
    pub fn bottleneck(&self) -> Option<usize> {
        (0..self.stations.len())
            .filter(|i| self.utilization(*i) > 0.0)
            .max_by(|a, b| self.utilization(*a).total_cmp(&self.utilization(*b)))
    }

    /// Returns the total external arrival rate at which the bottleneck saturates, the mix kept [1/s]; infinity without
    /// a bottleneck.
    pub fn saturation_rate_per_s(&self) -> f64 {
        self.bottleneck().map_or(f64::INFINITY, |i| self.external_rate_per_s / self.utilization(i))
    }

    /// Returns the rate of visits to a station [1/s].
    pub fn throughput_per_s(&self, station: usize) -> f64 {
        self.throughputs_per_s[station]
    }

    /// Returns the mean fraction of a station's servers that are busy; 0 for a delay.
    pub fn utilization(&self, station: usize) -> f64 {
        let it = &self.stations[station];
        it.servers.utilization(self.throughputs_per_s[station] * it.service_s_mean)
    }

    /// Returns the mean response time of a visit to a station \[s\].
    pub fn response_s_mean(&self, station: usize) -> f64 {
        self.queues[station].map_or(self.stations[station].service_s_mean, |queue| queue.response_s_mean())
    }

    /// Returns the mean number at a station.
    pub fn number_mean(&self, station: usize) -> f64 {
        self.throughputs_per_s[station] * self.response_s_mean(station)
    }

    /// Returns the mean number in the whole network.
    pub fn number_mean_total(&self) -> f64 {
        (0..self.stations.len()).map(|i| self.number_mean(i)).sum()
    }

    /// Returns the mean time from arrival to leaving the network \[s\] (Little's law).
    pub fn end_to_end_s_mean(&self) -> f64 {
        self.number_mean_total() / self.external_rate_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(service_s_mean: f64, count: u32) -> JacksonStation {
        JacksonStation { service_s_mean, servers: Servers::Count(count) }
    }

    #[test]
    fn feedback_multiplies_the_visits() {
        // Half of what leaves comes back: two visits on average.
        let network = Jackson::new(&[station(0.1, 1)], &[vec![0.5]], &[4.0]).unwrap();
        assert!((network.throughput_per_s(0) - 8.0).abs() < 1e-12);
        assert!((network.end_to_end_s_mean() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_bottleneck_and_its_saturation_are_named() {
        let stations = [station(0.01, 1), station(0.1, 2)];
        let routing = [vec![0.0, 1.0], vec![0.0, 0.0]];
        let network = Jackson::new(&stations, &routing, &[5.0, 0.0]).unwrap();
        assert_eq!(network.bottleneck(), Some(1));
        assert!((network.saturation_rate_per_s() - 20.0).abs() < 1e-12);
        assert!(matches!(
            Jackson::new(&stations, &routing, &[25.0, 0.0]),
            Err(AnalyticError::UnstableStation { station: 1, saturation_rate_per_s, .. })
                if (saturation_rate_per_s - 20.0).abs() < 1e-12
        ));
    }

    #[test]
    fn requests_that_can_never_leave_are_refused() {
        let stuck =
            Jackson::new(&[station(0.1, 1), station(0.1, 1)], &[vec![0.0, 1.0], vec![1.0, 0.0]], &[1.0, 0.0]);
        assert!(matches!(stuck, Err(AnalyticError::Singular { .. })));
        assert!(Jackson::new(&[station(0.1, 1)], &[vec![0.7, 0.2]], &[1.0]).is_err());
    }

    #[test]
    fn a_delay_adds_its_mean_and_never_saturates() {
        let delay = JacksonStation { service_s_mean: 3.0, servers: Servers::Unlimited };
        let network = Jackson::new(&[delay], &[vec![0.0]], &[1000.0]).unwrap();
        assert_eq!(network.bottleneck(), None);
        assert!((network.end_to_end_s_mean() - 3.0).abs() < 1e-12);
    }
}
