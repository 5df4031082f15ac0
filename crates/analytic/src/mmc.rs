//! M/M/c: equal exponential servers behind one queue.

use crate::AnalyticError;
use crate::erlang_b::erlang_c;
use crate::error::{require_at_least_one, require_level, require_positive, require_stable};
use crate::root::quantile_of;

/// The M/M/c queue in steady state, first come first served.
///
/// # Source
/// Erlang (1917); Kleinrock, "Queueing Systems", vol. 1 (1975), sec. 3.5;
/// response time law: Gross & Harris, "Fundamentals of Queueing Theory", 3rd ed. (1998), sec. 2.3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mmc {
    arrival_rate_per_s: f64,
    service_rate_per_s: f64,
    servers: f64,
    waiting_probability: f64,
}

impl Mmc {
    /// Checks the rates [1/s]; `service_rate_per_s` is that of one server.
    ///
    /// # Errors
    /// A rate not above 0, no servers; [`AnalyticError::Unstable`] at or above saturation.
    pub fn new(
        arrival_rate_per_s: f64,
        service_rate_per_s: f64,
        servers: u32,
    ) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        require_at_least_one("servers", servers)?;
        let capacity_per_s = f64::from(servers) * service_rate_per_s;
        require_stable(arrival_rate_per_s / capacity_per_s, capacity_per_s)?;
        Ok(Self {
            arrival_rate_per_s,
            service_rate_per_s,
            servers: f64::from(servers),
            waiting_probability: erlang_c(servers, arrival_rate_per_s / service_rate_per_s)?,
        })
    }

    /// Returns the mean fraction of servers that are busy.
    pub fn utilization(&self) -> f64 {
        self.arrival_rate_per_s / (self.servers * self.service_rate_per_s)
    }

    /// Returns the probability that an arrival has to wait (Erlang C).
    pub fn waiting_probability(&self) -> f64 {
        self.waiting_probability
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.waiting_s_mean()
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.response_s_mean()
    }

    /// Returns the mean waiting time \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.waiting_probability / self.slack_per_s()
    }

    /// Returns the mean response time \[s\].
    pub fn response_s_mean(&self) -> f64 {
        self.waiting_s_mean() + 1.0 / self.service_rate_per_s
    }

    /// Returns `P(wait > t)`, `t` in \[s\].
    pub fn waiting_exceeds(&self, t_s: f64) -> f64 {
        if t_s < 0.0 { 1.0 } else { self.waiting_probability * libm::exp(-self.slack_per_s() * t_s) }
    }

    /// Returns `P(response > t)`, `t` in \[s\].
    pub fn response_exceeds(&self, t_s: f64) -> f64 {
        let t = t_s.max(0.0);
        let mu = self.service_rate_per_s;
        let difference = self.slack_per_s() - mu;
        // (exp(-mu t) - exp(-slack t)) / (slack - mu), written so that equal rates are no special case;
        // the smaller of the two rates is taken out so that nothing overflows.
        let gap = if difference >= 0.0 {
            libm::exp(-mu * t) * decay(difference, t)
        } else {
            libm::exp(-self.slack_per_s() * t) * decay(-difference, t)
        };
        libm::exp(-mu * t) + self.waiting_probability * mu * gap
    }

    /// Returns the waiting time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub fn waiting_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        require_level(p)?;
        Ok((libm::log(self.waiting_probability / (1.0 - p)) / self.slack_per_s()).max(0.0))
    }

    /// Returns the response time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub fn response_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        quantile_of(p, self.response_s_mean(), |t| self.response_exceeds(t))
    }

    fn slack_per_s(&self) -> f64 {
        self.servers * self.service_rate_per_s - self.arrival_rate_per_s
    }
}

/// `(1 - exp(-rate t)) / rate`, which is `t` for rate 0.
fn decay(rate: f64, t: f64) -> f64 {
    if rate == 0.0 { t } else { -libm::expm1(-rate * t) / rate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mm1;
    use crate::quadrature::integrate;

    #[test]
    fn one_server_is_mm1() {
        let many = Mmc::new(8.0, 10.0, 1).unwrap();
        let one = Mm1::new(8.0, 10.0).unwrap();
        assert!((many.response_s_mean() - one.response_s_mean()).abs() < 1e-14);
        for t in [0.0, 0.1, 1.0, 4.0] {
            assert!((many.response_exceeds(t) - one.response_exceeds(t)).abs() < 1e-14);
            assert!((many.waiting_exceeds(t) - one.waiting_exceeds(t)).abs() < 1e-14);
        }
    }

    #[test]
    fn the_mean_is_the_area_under_the_tail() {
        // 9 of 10 servers' worth: slack equals the rate of one server, the singular case.
        for (arrival, servers) in [(9.0, 10), (9.5, 10), (2.0, 10)] {
            let queue = Mmc::new(arrival, 1.0, servers).unwrap();
            let area = integrate(0.0, 80.0, 1e-12, |t| queue.response_exceeds(t));
            assert!((area / queue.response_s_mean() - 1.0).abs() < 1e-10, "{arrival}");
        }
    }

    #[test]
    fn saturation_counts_all_servers() {
        assert!(matches!(
            Mmc::new(10.0, 2.0, 4),
            Err(AnalyticError::Unstable { saturation_rate_per_s, .. }) if saturation_rate_per_s == 8.0
        ));
    }
}
