//! Erlang A (M/M/c+M): those who wait lose patience after an exponential time.

use crate::AnalyticError;
use crate::birth_death::{STATES_MAX, mean_over, stationary};
use crate::error::{require_at_least_one, require_positive};

/// The Erlang A queue in steady state: every load is allowed.
///
/// # Assumptions
/// Patience counts only until service begins; who leaves does not come back.
///
/// # Source
/// Palm (1957); Garnett, Mandelbaum & Reiman, "Designing a call center with impatient customers",
/// M&SOM 4 (2002); Mandelbaum & Zeltyn, "Service engineering in action: the Palm/Erlang-A queue" (2005).
/// Solved as a birth–death chain, cut where the rest is below 10^-18.
#[derive(Debug, Clone, PartialEq)]
pub struct ErlangA {
    arrival_rate_per_s: f64,
    abandon_rate_per_s: f64,
    servers: usize,
    probabilities: Vec<f64>,
}

impl ErlangA {
    /// Checks the rates [1/s] and solves the chain. `abandon_rate_per_s` is that of one waiting request.
    ///
    /// # Errors
    /// A rate not above 0, no servers, or more than 4·10^6 states.
    pub fn new(
        arrival_rate_per_s: f64,
        service_rate_per_s: f64,
        servers: u32,
        abandon_rate_per_s: f64,
    ) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        require_at_least_one("servers", servers)?;
        require_positive("abandon_rate_per_s", abandon_rate_per_s)?;
        let servers = servers as usize;
        let departures = |n: usize| {
            n.min(servers) as f64 * service_rate_per_s + n.saturating_sub(servers) as f64 * abandon_rate_per_s
        };
        let probabilities =
            stationary(None, |_| arrival_rate_per_s, departures).ok_or(AnalyticError::TooLarge {
                what: "states of an Erlang A queue",
                size: arrival_rate_per_s / abandon_rate_per_s,
                limit: STATES_MAX as f64,
            })?;
        Ok(Self { arrival_rate_per_s, abandon_rate_per_s, servers, probabilities })
    }

    /// Returns the fraction of arrivals that leave unserved.
    pub fn abandoned_fraction(&self) -> f64 {
        self.abandon_rate_per_s * self.queue_mean() / self.arrival_rate_per_s
    }

    /// Returns the probability that an arrival finds all servers busy.
    pub fn waiting_probability(&self) -> f64 {
        self.probabilities.iter().skip(self.servers).sum()
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        mean_over(&self.probabilities, |n| n.saturating_sub(self.servers) as f64)
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        mean_over(&self.probabilities, |n| n as f64)
    }

    /// Returns the mean waiting time of all arrivals, served or not \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.queue_mean() / self.arrival_rate_per_s
    }

    /// Returns the mean fraction of servers that are busy.
    pub fn utilization(&self) -> f64 {
        mean_over(&self.probabilities, |n| n.min(self.servers) as f64) / self.servers as f64
    }

    /// Returns the rate of requests served [1/s].
    pub fn throughput_per_s(&self) -> f64 {
        self.arrival_rate_per_s * (1.0 - self.abandoned_fraction())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mmc;
    use crate::law::poisson_more_than;

    #[test]
    fn patience_as_long_as_service_is_an_infinite_server_queue() {
        // theta = mu: every state n leaves at rate n mu, so the number is Poisson.
        let queue = ErlangA::new(12.0, 1.0, 10, 1.0).unwrap();
        assert!((queue.waiting_probability() - poisson_more_than(9, 12.0)).abs() < 1e-13);
        assert!((queue.number_mean() - 12.0).abs() < 1e-11);
    }

    #[test]
    fn endless_patience_is_mmc() {
        let patient = ErlangA::new(9.0, 1.0, 10, 1e-9).unwrap();
        let endless = Mmc::new(9.0, 1.0, 10).unwrap();
        assert!((patient.waiting_s_mean() / endless.waiting_s_mean() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_flow_through_the_servers_is_what_does_not_abandon() {
        let queue = ErlangA::new(130.0, 1.0, 100, 0.5).unwrap();
        assert!((queue.throughput_per_s() - 100.0 * queue.utilization()).abs() < 1e-9);
    }
}
