//! Operational laws and bounds: what holds for every system, without any law of service.

use crate::AnalyticError;
use crate::error::{require, require_non_negative, require_positive};

/// Returns the mean number in a system by Little's law: throughput [1/s] times mean time inside \[s\].
///
/// # Source
/// Little, Operations Research 9 (1961).
pub fn littles_law(throughput_per_s: f64, time_s_mean: f64) -> f64 {
    throughput_per_s * time_s_mean
}

/// Returns the mean response time by the interactive response time law, `N / X - Z` \[s\].
///
/// # Errors
/// Throughput not above 0.
///
/// # Source
/// Denning & Buzen, ACM Computing Surveys 10 (1978); Lazowska et al., "Quantitative System Performance" (1984), sec. 3.4.
pub fn response_time_law_s(clients: f64, throughput_per_s: f64, think_s: f64) -> Result<f64, AnalyticError> {
    require_positive("throughput_per_s", throughput_per_s)?;
    Ok(clients / throughput_per_s - think_s)
}

/// Bounds of a system of single-server stations from nothing but the demands of a request at each.
///
/// A station with `c` servers enters with its demand over `c` for the bottleneck only as an approximation; use
/// [`crate::ClosedNetwork`] where that matters.
///
/// # Source
/// Asymptotic bounds: Muntz & Wong (1974); Denning & Buzen (1978). Balanced job bounds: Zahorjan, Sevcik, Eager &
/// Galler, CACM 25 (1982). Both as in Lazowska et al. (1984), ch. 5.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    demands_s: Vec<f64>,
    think_s: f64,
}

impl Bounds {
    /// Checks the demands of a request at each station and the think time \[s\].
    ///
    /// # Errors
    /// Negative values, or no demand at all.
    pub fn new(demands_s: &[f64], think_s: f64) -> Result<Self, AnalyticError> {
        for demand in demands_s {
            require_non_negative("demands_s", *demand)?;
        }
        require_non_negative("think_s", think_s)?;
        let total: f64 = demands_s.iter().sum();
        require(total > 0.0, "demands_s", total, "a demand somewhere")?;
        Ok(Self { demands_s: demands_s.to_vec(), think_s })
    }

    /// Returns the index of the station with the largest demand.
    pub fn bottleneck(&self) -> usize {
        (0..self.demands_s.len())
            .rev()
            .max_by(|a, b| self.demands_s[*a].total_cmp(&self.demands_s[*b]))
            .expect("a demand somewhere was checked")
    }

    /// Returns the arrival rate no open or closed system can exceed [1/s] (bottleneck law).
    pub fn throughput_max_per_s(&self) -> f64 {
        1.0 / self.largest_s()
    }

    /// Returns the number of clients at which queueing must begin, `(D + Z) / D_max`.
    pub fn knee_clients(&self) -> f64 {
        (self.total_s() + self.think_s) / self.largest_s()
    }

    /// Returns lower and upper asymptotic bounds of the throughput of a closed system [1/s].
    ///
    /// # Errors
    /// Fewer than one client.
    pub fn throughput_bounds_per_s(&self, clients: f64) -> Result<(f64, f64), AnalyticError> {
        check_clients(clients)?;
        let low = clients / (clients * self.total_s() + self.think_s);
        let high = self.throughput_max_per_s().min(clients / (self.total_s() + self.think_s));
        Ok((low, high))
    }

    /// Returns lower and upper asymptotic bounds of the mean response time of a closed system \[s\].
    ///
    /// # Errors
    /// Fewer than one client.
    pub fn response_s_bounds(&self, clients: f64) -> Result<(f64, f64), AnalyticError> {
        check_clients(clients)?;
        let low = self.total_s().max(clients * self.largest_s() - self.think_s);
        Ok((low, clients * self.total_s()))
    }

    /// Returns lower and upper balanced job bounds of the throughput of a closed system [1/s]; tighter, but for
    /// product-form networks only.
    ///
    /// # Errors
    /// Fewer than one client.
    pub fn balanced_throughput_bounds_per_s(&self, clients: f64) -> Result<(f64, f64), AnalyticError> {
        check_clients(clients)?;
        let (total, think) = (self.total_s(), self.think_s);
        let average = total / self.demands_s.len() as f64;
        let others = clients - 1.0;
        let low = clients / (total + think + others * self.largest_s() / (1.0 + think / (clients * total)));
        let high = clients / (total + think + others * average / (1.0 + think / total));
        Ok((low, high.min(self.throughput_max_per_s())))
    }

    fn total_s(&self) -> f64 {
        self.demands_s.iter().sum()
    }

    fn largest_s(&self) -> f64 {
        self.demands_s.iter().fold(0.0, |most, demand| demand.max(most))
    }
}

fn check_clients(clients: f64) -> Result<(), AnalyticError> {
    require(clients.is_finite() && clients >= 1.0, "clients", clients, "1 or more")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClosedNetwork, ClosedStation, Servers};

    #[test]
    fn the_exact_solution_lies_within_all_bounds_and_balanced_ones_are_tighter() {
        let demands = [2.0, 3.0, 1.0];
        let bounds = Bounds::new(&demands, 4.0).unwrap();
        let stations: Vec<ClosedStation> = (demands.iter())
            .map(|d| ClosedStation { visits: 1.0, service_s_mean: *d, servers: Servers::Count(1) })
            .collect();
        let network = ClosedNetwork::new(&stations, 4.0).unwrap();
        for clients in [1u32, 2, 5, 20, 200] {
            let solved = network.solve(clients).unwrap();
            let n = f64::from(clients);
            let slack = 1e-12;
            let (low, high) = bounds.throughput_bounds_per_s(n).unwrap();
            let (tight_low, tight_high) = bounds.balanced_throughput_bounds_per_s(n).unwrap();
            let exact = solved.throughput_per_s;
            assert!(low <= tight_low + slack && tight_low <= exact + slack, "{clients}");
            assert!(exact <= tight_high + slack && tight_high <= high + slack, "{clients}");
            let (fast, slow) = bounds.response_s_bounds(n).unwrap();
            assert!(fast <= solved.response_s_mean + slack && solved.response_s_mean <= slow + slack);
            let by_law = response_time_law_s(n, exact, 4.0).unwrap();
            assert!((by_law - solved.response_s_mean).abs() < 1e-9);
        }
    }

    #[test]
    fn the_knee_and_the_bottleneck_come_from_the_largest_demand() {
        let bounds = Bounds::new(&[0.1, 0.4, 0.4], 3.1).unwrap();
        assert_eq!(bounds.bottleneck(), 1);
        assert!((bounds.throughput_max_per_s() - 2.5).abs() < 1e-14);
        assert!((bounds.knee_clients() - 10.0).abs() < 1e-12);
        assert!(Bounds::new(&[0.0], 1.0).is_err());
    }
}
