//! M/M/c+D: a request still waiting after a fixed time leaves (a queue timeout).

use crate::AnalyticError;
use crate::erlang_b::erlang_b;
use crate::error::{require_at_least_one, require_level, require_positive};
use crate::root::quantile_of;

/// The M/M/c queue with a fixed limit on waiting, in steady state: every load is allowed.
///
/// # Assumptions
/// The timeout counts only until service begins; who leaves does not come back.
///
/// # Source
/// Zeltyn & Mandelbaum, "Call centers with impatient customers: many-server asymptotics of the M/M/n+G queue",
/// Queueing Systems 51 (2005), sec. 2: density `v(x) = lambda p_(n-1) exp(lambda H(x) - n mu x)` of the wait a
/// patient arrival would have, here with `H(x) = min(x, tau)`. First: Barrer (1957);
/// general patience: Baccelli & Hebuterne (1981).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeterministicPatience {
    arrival_rate_per_s: f64,
    service_rate_per_s: f64,
    servers: f64,
    patience_s: f64,
    /// `exp(-shift)` multiplies every weight below, so that heavy overload does not overflow.
    shift: f64,
    /// Weight of "some server free", in the unit of `weight_beyond`.
    weight_free: f64,
}

impl DeterministicPatience {
    /// Checks the rates [1/s] and the timeout \[s\].
    ///
    /// # Errors
    /// An input not above 0, or no servers.
    pub fn new(
        arrival_rate_per_s: f64,
        service_rate_per_s: f64,
        servers: u32,
        patience_s: f64,
    ) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        require_at_least_one("servers", servers)?;
        require_positive("patience_s", patience_s)?;
        let c = f64::from(servers);
        let shift = ((arrival_rate_per_s - c * service_rate_per_s) * patience_s).max(0.0);
        // Sum of p_0..p_(c-1) over p_(c-1) is the reciprocal of Erlang's loss with c - 1 servers.
        let loss = erlang_b(servers - 1, arrival_rate_per_s / service_rate_per_s)?;
        Ok(Self {
            arrival_rate_per_s,
            service_rate_per_s,
            servers: c,
            patience_s,
            shift,
            weight_free: libm::exp(-shift) / loss,
        })
    }

    /// Returns the fraction of arrivals that leave unserved.
    pub fn abandoned_fraction(&self) -> f64 {
        self.arrival_rate_per_s * self.weight_at_limit() / self.weight_all()
    }

    /// Returns the probability that an arrival finds all servers busy.
    pub fn waiting_probability(&self) -> f64 {
        self.arrival_rate_per_s * self.weight_beyond(0.0) / self.weight_all()
    }

    /// Returns the mean waiting time of all arrivals, served or not \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        // E[min(V, tau)] = integral of P(V > x) over 0..tau, by parts.
        let tau = self.patience_s;
        let inside = tau * tau * ramp(self.growth_per_s() * tau, self.shift);
        self.arrival_rate_per_s * (inside + tau * self.weight_at_limit()) / self.weight_all()
    }

    /// Returns the mean waiting time of those served \[s\].
    pub fn waiting_s_mean_served(&self) -> f64 {
        let left = self.abandoned_fraction();
        (self.waiting_s_mean() - left * self.patience_s) / (1.0 - left)
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.waiting_s_mean()
    }

    /// Returns the mean fraction of servers that are busy.
    pub fn utilization(&self) -> f64 {
        self.throughput_per_s() / (self.servers * self.service_rate_per_s)
    }

    /// Returns the rate of requests served [1/s].
    pub fn throughput_per_s(&self) -> f64 {
        self.arrival_rate_per_s * (1.0 - self.abandoned_fraction())
    }

    /// Returns `P(wait > t)` of all arrivals, `t` in \[s\]; nobody waits longer than the timeout.
    pub fn waiting_exceeds(&self, t_s: f64) -> f64 {
        if t_s < 0.0 {
            1.0
        } else if t_s >= self.patience_s {
            0.0
        } else {
            self.arrival_rate_per_s * self.weight_beyond(t_s) / self.weight_all()
        }
    }

    /// Returns the waiting time of all arrivals not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub fn waiting_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        require_level(p)?;
        quantile_of(p, self.patience_s, |t| self.waiting_exceeds(t))
    }

    /// `lambda - c mu`: the exponent by which the density grows before the timeout.
    fn growth_per_s(&self) -> f64 {
        self.arrival_rate_per_s - self.servers * self.service_rate_per_s
    }

    fn weight_all(&self) -> f64 {
        self.weight_free + self.arrival_rate_per_s * self.weight_beyond(0.0)
    }

    /// Shifted integral of `exp(lambda H(x) - c mu x)` from the timeout to infinity.
    fn weight_at_limit(&self) -> f64 {
        libm::exp(self.growth_per_s() * self.patience_s - self.shift)
            / (self.servers * self.service_rate_per_s)
    }

    /// The same from `x` (before the timeout) to infinity.
    fn weight_beyond(&self, x: f64) -> f64 {
        let growth = self.growth_per_s();
        let rest = self.patience_s - x;
        let inside = if growth * rest == 0.0 {
            rest * libm::exp(growth * x - self.shift)
        } else if growth > 0.0 {
            // exp(growth tau) (1 - exp(-growth rest)) / growth, with the large factor cancelled by the shift.
            libm::exp(growth * self.patience_s - self.shift) * -libm::expm1(-growth * rest) / growth
        } else {
            libm::exp(growth * x - self.shift) * libm::expm1(growth * rest) / growth
        };
        inside + self.weight_at_limit()
    }
}

/// `exp(-shift)` times the integral of `u exp(y u)` over `0..1`, which is `(y e^y - e^y + 1) / y^2`.
fn ramp(y: f64, shift: f64) -> f64 {
    if y.abs() < 0.1 {
        // Series sum y^k / (k! (k + 2)): the closed form cancels here.
        let mut term = 1.0;
        let mut sum = 0.0;
        for k in 0..16 {
            let k = f64::from(k);
            sum += term / (k + 2.0);
            term *= y / (k + 1.0);
        }
        sum * libm::exp(-shift)
    } else {
        ((y - 1.0) * libm::exp(y - shift) + libm::exp(-shift)) / (y * y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mmc;
    use crate::quadrature::integrate;

    #[test]
    fn the_mean_wait_is_the_area_under_its_tail() {
        for arrival in [6.0, 9.0, 9.999_999, 10.0, 10.1, 14.0] {
            let queue = DeterministicPatience::new(arrival, 1.0, 10, 0.8).unwrap();
            let area = integrate(0.0, 0.8, 1e-13, |t| queue.waiting_exceeds(t));
            assert!((area / queue.waiting_s_mean() - 1.0).abs() < 1e-11, "{arrival}");
        }
    }

    #[test]
    fn the_flow_out_of_the_servers_matches_the_busy_servers() {
        // Busy servers when one is free follow Erlang's truncated Poisson law.
        let (arrival, servers) = (9.0, 4u32);
        let queue = DeterministicPatience::new(arrival, 2.0, servers, 0.3).unwrap();
        let load = arrival / 2.0;
        let carried_when_free = load * (1.0 - erlang_b(servers - 1, load).unwrap());
        let waiting = queue.waiting_probability();
        let busy = waiting * f64::from(servers) + (1.0 - waiting) * carried_when_free;
        assert!((busy / (f64::from(servers) * queue.utilization()) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn endless_patience_is_mmc_and_overload_does_not_overflow() {
        let patient = DeterministicPatience::new(9.0, 1.0, 10, 1e5).unwrap();
        let endless = Mmc::new(9.0, 1.0, 10).unwrap();
        assert!((patient.waiting_s_mean() / endless.waiting_s_mean() - 1.0).abs() < 1e-12);
        let flooded = DeterministicPatience::new(1e6, 1.0, 10, 100.0).unwrap();
        assert!((flooded.throughput_per_s() - 10.0).abs() < 1e-3);
    }
}
