//! M/G/∞ and Mt/G/∞: nobody ever waits; how many are in flight?

use crate::error::{require, require_non_negative, require_positive};
use crate::law::{poisson_at_most, poisson_equals, poisson_more_than};
use crate::quadrature::integrate;
use crate::{AnalyticError, Law, RateProfile};

/// Parts into which each stretch of the past is cut before it refines itself.
const PIECES: f64 = 16.0;
/// Survival probability from which on the past is left out.
const NEGLIGIBLE: f64 = 1e-18;
/// Most pieces: the far past of a fast oscillation is better asked from the closed form.
const PIECES_MAX: f64 = 100_000.0;

/// The M/G/∞ system in steady state: the number in flight is Poisson whatever the law of service.
///
/// # Source
/// Takács, "Introduction to the Theory of Queues" (1962), ch. 3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InfiniteServers {
    number_mean: f64,
}

impl InfiniteServers {
    /// Checks the arrival rate [1/s] and the mean service time \[s\].
    ///
    /// # Errors
    /// An input not above 0.
    pub fn new(arrival_rate_per_s: f64, service_s_mean: f64) -> Result<Self, AnalyticError> {
        require_positive("arrival_rate_per_s", arrival_rate_per_s)?;
        require_positive("service_s_mean", service_s_mean)?;
        Ok(Self { number_mean: arrival_rate_per_s * service_s_mean })
    }

    /// Returns the mean number in flight; also its variance.
    pub fn number_mean(&self) -> f64 {
        self.number_mean
    }

    /// Returns `P(n in flight)`.
    pub fn number_equals(&self, n: u32) -> f64 {
        poisson_equals(n, self.number_mean)
    }

    /// Returns `P(n or more in flight)`.
    pub fn number_at_least(&self, n: u32) -> f64 {
        if n == 0 { 1.0 } else { poisson_more_than(n - 1, self.number_mean) }
    }

    /// Returns the least number not exceeded with probability `p`.
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`, or a mean above 10^9.
    pub fn number_quantile(&self, p: f64) -> Result<u32, AnalyticError> {
        crate::error::require_level(p)?;
        require(self.number_mean <= 1e9, "number_mean", self.number_mean, "at most 1e9")?;
        // A search by halving over whole numbers; 40 deviations above the mean no f64 level is left.
        let (mut low, mut high) = (0u32, (self.number_mean + 40.0 * self.number_mean.sqrt() + 100.0) as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            if poisson_at_most(middle, self.number_mean) >= p {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }
}

/// Returns the mean number in flight at `time_s` in an Mt/G/∞ system whose arrivals
/// `base + amplitude sin(2 pi t / period)` have gone on for ever.
///
/// # Errors
/// Inputs out of range (the amplitude may not exceed the base); [`AnalyticError::NoClosedForm`] for lognormal and
/// Pareto service, which [`mean_in_flight`] integrates numerically.
///
/// # Source
/// Eick, Massey & Whitt, "Mt/G/∞ queues with sinusoidal arrival rates", Management Science 39 (1993), eq. 15, with
/// `E[S] E[cos(w S_e)] = E[sin(w S)] / w` and `E[S] E[sin(w S_e)] = (1 - E[cos(w S)]) / w`.
pub fn sinusoidal_mean_in_flight(
    base_per_s: f64,
    amplitude_per_s: f64,
    period_s: f64,
    service: Law,
    time_s: f64,
) -> Result<f64, AnalyticError> {
    RateProfile::Sinusoidal { base_per_s, amplitude_per_s, period_s }.check()?;
    service.check()?;
    require(time_s.is_finite(), "time_s", time_s, "a finite number")?;
    let omega = std::f64::consts::TAU / period_s;
    let (cosine, sine) = service.characteristic(omega)?;
    let swing = libm::sin(omega * time_s) * sine - libm::cos(omega * time_s) * (1.0 - cosine);
    Ok(base_per_s * service.mean_s() + amplitude_per_s * swing / omega)
}

/// Returns the mean number in flight at `time_s` in an Mt/G/∞ system that was empty at time 0; it is Poisson.
///
/// Integrates the closed form numerically, to about 10^-9 of the result.
///
/// # Errors
/// Inputs out of range; [`AnalyticError::TooLarge`] beyond 10^5 half periods of a sinusoidal rate.
///
/// # Source
/// Eick, Massey & Whitt, "The physics of the Mt/G/∞ queue", Operations Research 41 (1993), theorem 1:
/// `m(t) = integral over u of rate(t - u) P(S > u)`.
pub fn mean_in_flight(rate: &RateProfile, service: Law, time_s: f64) -> Result<f64, AnalyticError> {
    rate.check()?;
    service.check()?;
    require_non_negative("time_s", time_s)?;
    // Cut at every jump of the rate or of the survival function, then into pieces no oscillation can hide in.
    let mut cuts: Vec<f64> = rate.jumps_s().iter().map(|at| time_s - at).collect();
    if let Law::Deterministic { value_s: jump } | Law::Pareto { scale_s: jump, .. } = service {
        cuts.push(jump);
    }
    // Cut at powers of the size of a service, too: most of a long past does not matter.
    let size_s = if let Law::Pareto { scale_s, .. } = service { scale_s } else { service.mean_s() };
    cuts.extend((-3..60).map(|power| size_s * libm::pow(4.0, f64::from(power))));
    cuts.retain(|cut| *cut > 0.0 && *cut < time_s);
    cuts.push(time_s);
    cuts.sort_by(f64::total_cmp);
    let tolerance = 1e-10 * rate.rate_max_per_s() * service.mean_s().min(time_s) / PIECES;
    let mut sum = 0.0;
    let mut from = 0.0;
    for to in cuts {
        if service.exceeds(from) < NEGLIGIBLE {
            break;
        }
        let piece_s = rate.period_s().map_or(to - from, |period| 0.5 * period);
        let pieces = libm::ceil((to - from) / piece_s).max(PIECES);
        if pieces > PIECES_MAX {
            return Err(AnalyticError::TooLarge { what: "half periods", size: pieces, limit: PIECES_MAX });
        }
        let pieces = pieces as u32;
        let step = (to - from) / f64::from(pieces);
        for k in 0..pieces {
            let start = from + step * f64::from(k);
            sum += integrate(start, start + step, tolerance, |u| rate.at(time_s - u) * service.exceeds(u));
        }
        from = to;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_rate_gives_littles_law() {
        let rate = RateProfile::Constant { rate_per_s: 20.0 };
        for law in [
            Law::Deterministic { value_s: 1.5 },
            Law::lognormal(1.5, 1.0).unwrap(),
            Law::Exponential { mean_s: 1.5 },
        ] {
            let found = mean_in_flight(&rate, law, 500.0).unwrap();
            assert!((found / 30.0 - 1.0).abs() < 1e-8, "{law:?} {found}");
        }
    }

    #[test]
    fn a_long_past_hides_nothing() {
        let rate = RateProfile::Constant { rate_per_s: 20.0 };
        let found = mean_in_flight(&rate, Law::Exponential { mean_s: 1.5 }, 1e9).unwrap();
        assert!((found / 30.0 - 1.0).abs() < 1e-9);
        // A Pareto without a mean fills up for ever: 20 (1 + 2 (sqrt(t) - 1)) at shape 1/2, scale 1.
        let found = mean_in_flight(&rate, Law::Pareto { shape: 0.5, scale_s: 1.0 }, 1e6).unwrap();
        assert!((found / (20.0 * 1999.0) - 1.0).abs() < 1e-8, "{found}");
    }

    #[test]
    fn the_closed_form_is_the_integral() {
        let rate = RateProfile::Sinusoidal { base_per_s: 100.0, amplitude_per_s: 50.0, period_s: 60.0 };
        for law in [
            Law::Deterministic { value_s: 10.0 },
            Law::Erlang { phases: 3, mean_s: 10.0 },
            Law::hyperexponential_balanced(10.0, 2.0).unwrap(),
        ] {
            for time_s in [600.0, 615.0, 638.0] {
                let closed = sinusoidal_mean_in_flight(100.0, 50.0, 60.0, law, time_s).unwrap();
                let numeric = mean_in_flight(&rate, law, time_s).unwrap();
                assert!((closed / numeric - 1.0).abs() < 1e-8, "{law:?} {closed} {numeric}");
            }
        }
    }

    #[test]
    fn filling_up_from_empty_follows_the_exponential() {
        let rate = RateProfile::Steps { from_s_rate_per_s: vec![(0.0, 10.0), (4.0, 0.0)] };
        let found = mean_in_flight(&rate, Law::Exponential { mean_s: 2.0 }, 6.0).unwrap();
        let expected = 20.0 * (1.0 - libm::exp(-2.0)) * libm::exp(-1.0);
        assert!((found / expected - 1.0).abs() < 1e-9);
    }

    #[test]
    fn quantiles_of_the_number_are_the_least_that_suffice() {
        let system = InfiniteServers::new(20.0, 1.0).unwrap();
        let n = system.number_quantile(0.99).unwrap();
        assert!(system.number_at_least(n + 1) <= 0.01 && system.number_at_least(n) > 0.01);
        assert_eq!(system.number_quantile(0.0).unwrap(), 0);
    }
}
