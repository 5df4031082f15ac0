//! Closed product-form networks with one class: exact mean values.

use crate::error::{require, require_at_least_one, require_non_negative, require_positive};
use crate::{AnalyticError, Servers};

/// Most steps: a population times stations, squared population with several servers.
const WORK_MAX: f64 = 1e9;

/// A station of a closed network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClosedStation {
    /// Mean number of visits per cycle.
    pub visits: f64,
    /// Mean of the exponential service time of one visit \[s\].
    pub service_s_mean: f64,
    /// Number of servers.
    pub servers: Servers,
}

/// A closed network: a fixed population that thinks, visits the stations, and thinks again.
///
/// # Assumptions
/// Product form: exponential service first come first served, or any service at processor-sharing or delay stations.
///
/// # Source
/// Mean value analysis: Reiser & Lavenberg, JACM 27 (1980). Stations with several servers: convolution, Buzen,
/// CACM 16 (1973), Reiser & Kobayashi (1975) – the same numbers, but mean value analysis for several servers
/// cancels badly at high load (Reiser, Performance Evaluation 1 (1981)), while here all terms are positive.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedNetwork {
    stations: Vec<ClosedStation>,
    think_s: f64,
}

/// Mean values of a closed network with a given population.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedSolution {
    /// Cycles per time [1/s].
    pub throughput_per_s: f64,
    /// Mean time per cycle outside of thinking \[s\].
    pub response_s_mean: f64,
    /// Mean values of each station.
    pub stations: Vec<ClosedStationSolution>,
}

/// Mean values of one station of a closed network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClosedStationSolution {
    /// Visits per time [1/s].
    pub throughput_per_s: f64,
    /// Mean fraction of servers that are busy; 0 for a delay.
    pub utilization: f64,
    /// Mean number waiting or in service.
    pub number_mean: f64,
    /// Mean response time of one visit \[s\]; 0 if there are none.
    pub response_s_mean: f64,
}

impl ClosedNetwork {
    /// Checks the stations and the mean think time \[s\].
    ///
    /// # Errors
    /// Values out of range, or nothing that takes time.
    pub fn new(stations: &[ClosedStation], think_s: f64) -> Result<Self, AnalyticError> {
        require_non_negative("think_s", think_s)?;
        for station in stations {
            require_non_negative("visits", station.visits)?;
            require_positive("service_s_mean", station.service_s_mean)?;
            station.servers.check()?;
        }
        let demand: f64 = stations.iter().map(demand_s).sum();
        require(demand + think_s > 0.0, "stations", demand, "something that takes time")?;
        Ok(Self { stations: stations.to_vec(), think_s })
    }

    /// Returns the classic interactive system: clients that think and share one station (machine repair model).
    ///
    /// # Errors
    /// As [`ClosedNetwork::new`].
    pub fn terminals(think_s: f64, service_s_mean: f64, servers: u32) -> Result<Self, AnalyticError> {
        let station = ClosedStation { visits: 1.0, service_s_mean, servers: Servers::Count(servers) };
        Self::new(&[station], think_s)
    }

    /// Returns the exact mean values for a population.
    ///
    /// # Errors
    /// A population of 0; [`AnalyticError::TooLarge`] above 10^9 population times stations (squared population
    /// with several servers).
    pub fn solve(&self, population: u32) -> Result<ClosedSolution, AnalyticError> {
        require_at_least_one("population", population)?;
        let several = |station: &ClosedStation| matches!(station.servers, Servers::Count(count) if count > 1);
        let several = self.stations.iter().any(several);
        let per_station = libm::pow(f64::from(population), if several { 2.0 } else { 1.0 });
        let size = per_station * (self.stations.len() as f64 + 1.0);
        if size > WORK_MAX {
            return Err(AnalyticError::TooLarge { what: "steps of a closed network", size, limit: WORK_MAX });
        }
        let (throughput_per_s, numbers) = if several {
            self.convolution(population as usize)
        } else {
            self.mean_value_analysis(population)
        };
        let stations: Vec<ClosedStationSolution> = (self.stations.iter().zip(numbers))
            .map(|(station, number_mean)| {
                let rate = throughput_per_s * station.visits;
                ClosedStationSolution {
                    throughput_per_s: rate,
                    utilization: station.servers.utilization(rate * station.service_s_mean),
                    number_mean,
                    response_s_mean: if rate > 0.0 { number_mean / rate } else { 0.0 },
                }
            })
            .collect();
        let inside: f64 = stations.iter().map(|station| station.number_mean).sum();
        Ok(ClosedSolution { throughput_per_s, response_s_mean: inside / throughput_per_s, stations })
    }

    /// Throughput and mean numbers by adding one request at a time. Single servers and delays only.
    fn mean_value_analysis(&self, population: u32) -> (f64, Vec<f64>) {
        let mut numbers = vec![0.0; self.stations.len()];
        let mut throughput = 0.0;
        for n in 1..=population {
            let residences: Vec<f64> = (self.stations.iter().zip(&numbers))
                .map(|(station, number)| match station.servers {
                    // Arrivals see the network with one request less (arrival theorem).
                    Servers::Count(_) => demand_s(station) * (1.0 + number),
                    Servers::Unlimited => demand_s(station),
                })
                .collect();
            throughput = f64::from(n) / (self.think_s + residences.iter().sum::<f64>());
            numbers = residences.iter().map(|residence| throughput * residence).collect();
        }
        (throughput, numbers)
    }

    /// Throughput and mean numbers through normalisation constants. Any servers.
    fn convolution(&self, population: usize) -> (f64, Vec<f64>) {
        let think = ClosedStation { visits: 1.0, service_s_mean: self.think_s, servers: Servers::Unlimited };
        let all: Vec<ClosedStation> = self.stations.iter().copied().chain([think]).collect();
        let tilt = self.tilt(&all, population);
        let weights: Vec<Vec<f64>> = all.iter().map(|s| station_weights(s, tilt, population)).collect();
        // Convolutions of everything before and everything after each station: what is left without it.
        let one = || {
            let mut unit = vec![0.0; population + 1];
            unit[0] = 1.0;
            unit
        };
        let mut before = vec![one()];
        for weight in &weights {
            before.push(convolve(&before[before.len() - 1], weight));
        }
        let whole = &before[weights.len()];
        let throughput = tilt * whole[population - 1] / whole[population];
        let mut after = one();
        let mut numbers = vec![0.0; weights.len()];
        for k in (0..weights.len()).rev() {
            let others = convolve(&before[k], &after);
            numbers[k] = (0..=population)
                .map(|n| n as f64 * weights[k][n] * others[population - n] / whole[population])
                .sum();
            after = convolve(&after, &weights[k]);
        }
        numbers.truncate(self.stations.len());
        (throughput, numbers)
    }

    /// A rate at which the stations, taken alone, hold nearly the population on average: with weights scaled by it the wanted
    /// constants lie where the weights are large, and nothing over- or underflows.
    fn tilt(&self, stations: &[ClosedStation], population: usize) -> f64 {
        let held = |rate: f64| -> f64 {
            stations
                .iter()
                .map(|station| {
                    let weights = station_weights(station, rate, population);
                    let sum: f64 = weights.iter().sum();
                    crate::birth_death::mean_over(&weights, |n| n as f64) / sum
                })
                .sum()
        };
        let mut high = population as f64 / stations.iter().map(demand_s).sum::<f64>();
        // A little less than all: a single station reaches all in the limit only.
        let wanted = 0.95 * population as f64;
        while held(high) < wanted && high < 1e300 {
            high *= 2.0;
        }
        crate::root::bisect(0.0, high, |rate| wanted - held(rate))
    }
}

fn demand_s(station: &ClosedStation) -> f64 {
    station.visits * station.service_s_mean
}

/// `(rate demand)^n / product of servers working`, scaled so that the largest is 1.
fn station_weights(station: &ClosedStation, rate: f64, population: usize) -> Vec<f64> {
    let load = rate * demand_s(station);
    if load == 0.0 {
        let mut none = vec![0.0; population + 1];
        none[0] = 1.0;
        return none;
    }
    let mut logarithm = 0.0;
    let logarithms: Vec<f64> = (0..=population)
        .map(|n| {
            if n > 0 {
                logarithm += libm::log(load / station.servers.serving(n));
            }
            logarithm
        })
        .collect();
    let largest = logarithms.iter().fold(f64::NEG_INFINITY, |most, x| most.max(*x));
    logarithms.iter().map(|x| libm::exp(x - largest)).collect()
}

fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    (0..a.len()).map(|n| (0..=n).map(|j| a[j] * b[n - j]).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::birth_death::{mean_over, stationary};

    fn station(visits: f64, service_s_mean: f64, servers: Servers) -> ClosedStation {
        ClosedStation { visits, service_s_mean, servers }
    }

    #[test]
    fn both_algorithms_agree_where_both_apply() {
        let stations = [
            station(16.0, 0.125, Servers::Count(1)),
            station(10.0, 0.3, Servers::Count(1)),
            station(5.0, 0.2, Servers::Unlimited),
        ];
        let network = ClosedNetwork::new(&stations, 4.0).unwrap();
        for population in [1, 2, 20, 700] {
            let (mva, mva_numbers) = network.mean_value_analysis(population);
            let (convolved, numbers) = network.convolution(population as usize);
            assert!((mva / convolved - 1.0).abs() < 1e-11, "{population}: {mva} {convolved}");
            for (a, b) in mva_numbers.iter().zip(numbers) {
                assert!((a / b - 1.0).abs() < 1e-10, "{population}: {a} {b}");
            }
        }
    }

    #[test]
    fn terminals_with_several_servers_are_the_machine_repair_chain() {
        let (clients, think, service, servers) = (400usize, 10.0, 1.0, 8usize);
        let solved = ClosedNetwork::terminals(think, service, servers as u32).unwrap().solve(400).unwrap();
        let chain =
            stationary(Some(clients), |n| (clients - n) as f64 / think, |n| n.min(servers) as f64 / service)
                .unwrap();
        let busy = mean_over(&chain, |n| n.min(servers) as f64);
        assert!((solved.throughput_per_s / (busy / service) - 1.0).abs() < 1e-11);
        assert!((solved.stations[0].number_mean / mean_over(&chain, |n| n as f64) - 1.0).abs() < 1e-11);
    }

    #[test]
    fn nobody_is_lost() {
        let stations = [
            station(1.0, 0.5, Servers::Count(2)),
            station(0.5, 0.8, Servers::Count(3)),
            station(0.0, 1.0, Servers::Count(1)),
        ];
        for think_s in [0.0, 3.0] {
            let solved = ClosedNetwork::new(&stations, think_s).unwrap().solve(50).unwrap();
            let inside: f64 = solved.stations.iter().map(|s| s.number_mean).sum();
            assert!((inside + solved.throughput_per_s * think_s - 50.0).abs() < 1e-9);
        }
    }

    #[test]
    fn one_station_alone_is_always_busy() {
        let alone = ClosedNetwork::terminals(0.0, 0.5, 4).unwrap();
        for (population, rate) in [(1, 2.0), (3, 6.0), (4, 8.0), (5000, 8.0)] {
            let solved = alone.solve(population).unwrap();
            assert!((solved.throughput_per_s / rate - 1.0).abs() < 1e-11, "{population} {solved:?}");
        }
        assert!(matches!(alone.solve(4_000_000), Err(AnalyticError::TooLarge { .. })));
    }

    #[test]
    fn a_network_that_takes_no_time_is_refused() {
        assert!(ClosedNetwork::new(&[], 0.0).is_err());
        assert!(ClosedNetwork::terminals(1.0, 1.0, 1).unwrap().solve(0).is_err());
    }
}
