//! M/M/c/K: servers with a limited waiting room; arrivals that find it full are lost.

use crate::AnalyticError;
use crate::birth_death::{STATES_MAX, mean_over, stationary};
use crate::error::{require, require_at_least_one, require_positive};

/// The M/M/c/K queue in steady state; `K` counts requests in service too.
///
/// # Source
/// Gross & Harris, "Fundamentals of Queueing Theory", 3rd ed. (1998), sec. 2.4.
#[derive(Debug, Clone, PartialEq)]
pub struct Mmck {
    arrival_rate_per_s: f64,
    service_rate_per_s: f64,
    servers: usize,
    probabilities: Vec<f64>,
}

impl Mmck {
    /// Checks the rates [1/s] and solves the chain. Any load is allowed.
    ///
    /// # Errors
    /// A rate not above 0, no servers, `capacity` below `servers` or beyond what is solved.
    pub fn new(
        arrival_rate_per_s: f64,
        service_rate_per_s: f64,
        servers: u32,
        capacity: u32,
    ) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        require_at_least_one("servers", servers)?;
        require(capacity >= servers, "capacity", f64::from(capacity), "at least the number of servers")?;
        let (servers, last) = (servers as usize, capacity as usize);
        if last > STATES_MAX {
            let (size, limit) = (f64::from(capacity), STATES_MAX as f64);
            return Err(AnalyticError::TooLarge { what: "states of an M/M/c/K queue", size, limit });
        }
        let probabilities =
            stationary(Some(last), |_| arrival_rate_per_s, |n| n.min(servers) as f64 * service_rate_per_s)
                .expect("a finite chain is always solved");
        Ok(Self { arrival_rate_per_s, service_rate_per_s, servers, probabilities })
    }

    /// Returns the probability of each number present, from none to full.
    pub fn number_probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// Returns the probability that an arrival is lost (equal to that of being full: Poisson arrivals).
    pub fn loss_probability(&self) -> f64 {
        self.probabilities[self.probabilities.len() - 1]
    }

    /// Returns the rate of requests served [1/s].
    pub fn throughput_per_s(&self) -> f64 {
        // The sum over all states but the full one does not cancel when nearly everything is lost.
        let last = self.probabilities.len() - 1;
        self.arrival_rate_per_s * self.probabilities[..last].iter().sum::<f64>()
    }

    /// Returns the mean fraction of servers that are busy.
    pub fn utilization(&self) -> f64 {
        self.throughput_per_s() / (self.servers as f64 * self.service_rate_per_s)
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        mean_over(&self.probabilities, |n| n as f64)
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        mean_over(&self.probabilities, |n| n.saturating_sub(self.servers) as f64)
    }

    /// Returns the mean waiting time of those let in \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.queue_mean() / self.throughput_per_s()
    }

    /// Returns the mean response time of those let in \[s\].
    pub fn response_s_mean(&self) -> f64 {
        self.number_mean() / self.throughput_per_s()
    }

    /// Returns the probability that one let in has to wait.
    pub fn waiting_probability(&self) -> f64 {
        let last = self.probabilities.len() - 1;
        let waiting: f64 = self.probabilities[self.servers.min(last)..last].iter().sum();
        waiting * self.arrival_rate_per_s / self.throughput_per_s()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mmc, erlang_b};

    #[test]
    fn no_waiting_room_is_erlang_b() {
        let full = Mmck::new(45.0, 1.0, 50, 50).unwrap();
        assert!((full.loss_probability() - erlang_b(50, 45.0).unwrap()).abs() < 1e-14);
        assert_eq!(full.waiting_probability(), 0.0);
    }

    #[test]
    fn a_huge_waiting_room_is_mmc() {
        let finite = Mmck::new(9.0, 1.0, 10, 2000).unwrap();
        let endless = Mmc::new(9.0, 1.0, 10).unwrap();
        assert!((finite.waiting_s_mean() / endless.waiting_s_mean() - 1.0).abs() < 1e-12);
        assert!((finite.waiting_probability() - endless.waiting_probability()).abs() < 1e-12);
    }

    #[test]
    fn an_overloaded_queue_serves_at_capacity() {
        let queue = Mmck::new(1000.0, 1.0, 2, 5000).unwrap();
        assert!((queue.throughput_per_s() - 2.0).abs() < 1e-12);
        assert!((queue.loss_probability() - 0.998).abs() < 1e-12);
    }
}
