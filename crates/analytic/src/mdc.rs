//! M/D/c: servers that always take the same time, behind one queue.

use crate::AnalyticError;
use crate::error::{require, require_at_least_one, require_positive, require_stable};
use crate::fourier::{Complex, transform};
use crate::law::poisson_equals;
use crate::root::quantile_of;

/// Servers for which the roots and their product are still accurate.
const SERVERS_MAX: u32 = 1000;
/// Most states of the number present that are worked out.
const STATES_MAX: usize = 1 << 22;

/// The M/D/c queue in steady state, first come first served.
///
/// # Source
/// Crommelin, "Delay probability formulae when the holding times are constant", P.O.E.E.J. 25 (1932) and 26 (1934):
/// generating function of the number present through the roots of `z^c = exp(c rho (z - 1))`;
/// Franx, "A simple solution for the M/D/c waiting time distribution", Operations Research Letters 29 (2001):
/// the law of the wait as a sum of positive terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Mdc {
    arrival_rate_per_s: f64,
    service_s: f64,
    servers: usize,
    waiting_s_mean: f64,
    /// `P(at most j present)` for j = 0, 1, …
    at_most: Vec<f64>,
}

impl Mdc {
    /// Checks the arrival rate [1/s] and the service time \[s\], and solves for the number present.
    ///
    /// # Errors
    /// An input not above 0; servers not 1 to 1000; [`AnalyticError::Unstable`] at or above saturation;
    /// [`AnalyticError::TooLarge`] so near to saturation that more than four million states matter.
    pub fn new(arrival_rate_per_s: f64, service_s: f64, servers: u32) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_s", service_s)?;
        require_at_least_one("servers", servers)?;
        require(servers <= SERVERS_MAX, "servers", f64::from(servers), "1 to 1000")?;
        let load = arrival_rate_per_s * service_s;
        let c = f64::from(servers);
        require_stable(load / c, c / service_s)?;

        let roots = roots_inside(load, servers);
        // Derivative of the generating function at 1: mean number waiting.
        let from_roots: f64 = roots.iter().map(|z| Complex::ONE.minus(*z).reciprocal().re).sum();
        let queue_mean = (load * load - c * (c - 1.0)) / (2.0 * (c - load)) + from_roots;

        let states = states_that_matter(load, c)?;
        let at_most = cumulative(load, c, &roots, states);
        Ok(Self {
            arrival_rate_per_s,
            service_s,
            servers: servers as usize,
            waiting_s_mean: queue_mean.max(0.0) / arrival_rate_per_s,
            at_most,
        })
    }

    /// Returns the mean fraction of servers that are busy.
    pub fn utilization(&self) -> f64 {
        self.arrival_rate_per_s * self.service_s / self.servers as f64
    }

    /// Returns the probability that an arrival has to wait.
    pub fn waiting_probability(&self) -> f64 {
        1.0 - self.cumulative_at(self.servers as i64 - 1)
    }

    /// Returns the mean waiting time \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.waiting_s_mean
    }

    /// Returns the mean response time \[s\].
    pub fn response_s_mean(&self) -> f64 {
        self.waiting_s_mean + self.service_s
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.waiting_s_mean
    }

    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        self.arrival_rate_per_s * self.response_s_mean()
    }

    /// Returns `P(wait > t)`, `t` in \[s\].
    ///
    /// Exact up to about 10^-11 absolute: the number present is known to rounding of the transform.
    pub fn waiting_exceeds(&self, t_s: f64) -> f64 {
        if t_s < 0.0 {
            return 1.0;
        }
        // Franx, theorem 1: with (k - 1) D <= t < k D, sum over j of P(queue <= kc - 1 - j) Poisson(j).
        let k = libm::floor(t_s / self.service_s) + 1.0;
        let last = k * self.servers as f64 - 1.0;
        if last > 2.0 * self.at_most.len() as f64 {
            return 0.0;
        }
        let last = last as i64;
        let mean = self.arrival_rate_per_s * (k * self.service_s - t_s).max(0.0);
        // Beyond this the Poisson law has nothing left.
        let most = last.min((mean + 40.0 * mean.sqrt() + 60.0) as i64);
        let within: f64 = (0..=most)
            .map(|j| self.cumulative_at(last - j + self.servers as i64) * poisson_equals(j as u32, mean))
            .sum();
        (1.0 - within).max(0.0)
    }

    /// Returns `P(response > t)`, `t` in \[s\].
    pub fn response_exceeds(&self, t_s: f64) -> f64 {
        self.waiting_exceeds(t_s - self.service_s)
    }

    /// Returns the waiting time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p <= 1 - 10^-9` (beyond that the tail is lost in rounding).
    pub fn waiting_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        require((0.0..=1.0 - 1e-9).contains(&p), "p", p, "0 <= p <= 1 - 1e-9")?;
        quantile_of(p, self.service_s, |t| self.waiting_exceeds(t))
    }

    /// Returns the response time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// As [`Mdc::waiting_s_quantile`].
    pub fn response_s_quantile(&self, p: f64) -> Result<f64, AnalyticError> {
        Ok(self.waiting_s_quantile(p)? + self.service_s)
    }

    fn cumulative_at(&self, j: i64) -> f64 {
        usize::try_from(j).map_or(0.0, |j| self.at_most.get(j).copied().unwrap_or(1.0))
    }
}

/// The roots of `z^c = exp(a (z - 1))` inside the unit circle: `z = w exp(a (z - 1) / c)`, one per root of unity `w`
/// except 1.
fn roots_inside(load: f64, servers: u32) -> Vec<Complex> {
    let c = f64::from(servers);
    (1..servers)
        .map(|k| {
            let angle = std::f64::consts::TAU * f64::from(k) / c;
            let unity = Complex::polar(1.0, angle);
            let map = |z: Complex| z.minus(Complex::ONE).scaled(load / c).exp().times(unity);
            // The map contracts by rho at most: a few plain steps, then Newton, which is quadratic.
            let mut z = unity.scaled(0.5);
            for _ in 0..20 {
                z = map(z);
            }
            for _ in 0..20 {
                let image = map(z);
                let slope = Complex::ONE.minus(image.scaled(load / c));
                z = z.minus(z.minus(image).times(slope.reciprocal()));
            }
            z
        })
        .collect()
}

/// How many states until the tail of the number present is below 10^-18, a power of two.
fn states_that_matter(load: f64, c: f64) -> Result<usize, AnalyticError> {
    // The tail falls like tau^-n, where tau > 1 solves c ln(tau) = a (tau - 1).
    let excess = |tau: f64| c * libm::log(tau) - load * (tau - 1.0);
    let mut high = 2.0;
    while excess(high) > 0.0 {
        high *= 2.0;
    }
    // The excess peaks at c / a and is above zero between 1 and tau.
    let tau = crate::root::bisect(c / load, high.max(2.0 * c / load), excess);
    let needed = 2.0 * (c + 42.0 / libm::log(tau));
    if needed.is_nan() || needed > STATES_MAX as f64 {
        let limit = STATES_MAX as f64;
        return Err(AnalyticError::TooLarge { what: "states of an M/D/c queue", size: needed, limit });
    }
    Ok((needed as usize).next_power_of_two().max(64))
}

/// `P(at most j present)`: the generating function on the unit circle, transformed back and summed.
fn cumulative(load: f64, c: f64, roots: &[Complex], states: usize) -> Vec<f64> {
    let mut values: Vec<Complex> = (0..states)
        .map(|k| {
            if k == 0 {
                return Complex::ONE;
            }
            let angle = std::f64::consts::TAU * k as f64 / states as f64;
            let z = Complex::polar(1.0, angle);
            let one_minus = Complex::ONE.minus(z);
            let power = Complex::polar(1.0, c * angle).times(one_minus.scaled(load).exp());
            let fraction = one_minus.scaled(c - load).times(Complex::ONE.minus(power).reciprocal());
            roots.iter().fold(fraction, |product, root| {
                let factor = z.minus(*root).times(Complex::ONE.minus(*root).reciprocal());
                product.times(factor)
            })
        })
        .collect();
    transform(&mut values);
    let mut sum = 0.0;
    values
        .iter()
        .map(|value| {
            sum += value.re / states as f64;
            sum.clamp(0.0, 1.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::integrate;

    #[test]
    fn one_server_is_pollaczek_khinchine() {
        let queue = Mdc::new(0.9, 1.0, 1).unwrap();
        assert!((queue.waiting_s_mean() - 4.5).abs() < 1e-12);
        assert!((queue.waiting_probability() - 0.9).abs() < 1e-12);
    }

    #[test]
    fn the_mean_is_the_area_under_the_tail() {
        for (arrival, servers) in [(0.5, 1), (1.6, 2), (9.0, 10), (90.0, 100)] {
            let queue = Mdc::new(arrival, 1.0, servers).unwrap();
            let area: f64 = (0..60)
                .map(|k| integrate(f64::from(k), f64::from(k + 1), 1e-9, |t| queue.waiting_exceeds(t)))
                .sum();
            assert!((area / queue.waiting_s_mean() - 1.0).abs() < 1e-6, "{arrival} {area}");
        }
    }

    #[test]
    fn two_ways_to_the_probability_of_waiting_agree() {
        let queue = Mdc::new(4.5, 1.0, 5).unwrap();
        assert!((queue.waiting_exceeds(0.0) - queue.waiting_probability()).abs() < 1e-12);
    }

    #[test]
    fn light_load_needs_no_special_case() {
        let queue = Mdc::new(1e-6, 1.0, 3).unwrap();
        assert!(queue.waiting_probability() < 1e-12);
        assert_eq!(queue.waiting_s_quantile(0.99).unwrap(), 0.0);
    }
}
