//! Laws of service, interarrival and patience times with what theory needs of them.

use crate::AnalyticError;
use crate::error::{require, require_at_least_one, require_positive};
use crate::matrix::Matrix;
use crate::phase_type::PhaseType;

/// Phases with which dense matrices are still quick.
const PHASES_MAX: u32 = 50;

/// A probability law of a positive time.
///
/// # Units
/// Times in \[s\], rates in [1/s].
///
/// # Source
/// Moments, transforms and parameters as in Law, "Simulation Modeling and Analysis", 5th ed. (2015), ch. 6;
/// hyperexponential with balanced means: Tijms, "A First Course in Stochastic Models" (2003), app. B.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// Always the same.
    Deterministic {
        /// The value \[s\].
        value_s: f64,
    },
    /// Exponential.
    Exponential {
        /// Mean \[s\].
        mean_s: f64,
    },
    /// Sum of equal exponential phases.
    Erlang {
        /// Number of phases.
        phases: u32,
        /// Mean of the sum \[s\].
        mean_s: f64,
    },
    /// One exponential or the other.
    Hyperexponential {
        /// Probability of the first.
        probability: f64,
        /// Rate of the first [1/s].
        rate_first_per_s: f64,
        /// Rate of the second [1/s].
        rate_second_per_s: f64,
    },
    /// Exponential of a normal.
    LogNormal {
        /// Mean of the underlying normal.
        mu: f64,
        /// Standard deviation of the underlying normal.
        sigma: f64,
    },
    /// Pareto, type I: `P(S > x) = (scale / x)^shape`.
    Pareto {
        /// Tail exponent.
        shape: f64,
        /// Least value \[s\].
        scale_s: f64,
    },
}

impl Law {
    /// Makes the hyperexponential with a mean and a squared coefficient of variation, each branch
    /// carrying half of the mean.
    ///
    /// # Errors
    /// `mean_s` not above 0, `scv` not above 1.
    pub fn hyperexponential_balanced(mean_s: f64, scv: f64) -> Result<Self, AnalyticError> {
        require_positive("mean_s", mean_s)?;
        require(scv.is_finite() && scv > 1.0, "scv", scv, "a finite number above 1")?;
        let probability = 0.5 * (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt());
        Ok(Self::Hyperexponential {
            probability,
            rate_first_per_s: 2.0 * probability / mean_s,
            rate_second_per_s: 2.0 * (1.0 - probability) / mean_s,
        })
    }

    /// Makes the lognormal with a mean and a squared coefficient of variation.
    ///
    /// # Errors
    /// Either is not above 0.
    pub fn lognormal(mean_s: f64, scv: f64) -> Result<Self, AnalyticError> {
        require_positive("mean_s", mean_s)?;
        require_positive("scv", scv)?;
        let variance = libm::log1p(scv);
        Ok(Self::LogNormal { mu: libm::log(mean_s) - 0.5 * variance, sigma: variance.sqrt() })
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// Names the parameter that is out of range.
    pub fn check(&self) -> Result<(), AnalyticError> {
        match *self {
            Self::Deterministic { value_s } => require_positive("value_s", value_s),
            Self::Exponential { mean_s } => require_positive("mean_s", mean_s),
            Self::Erlang { phases, mean_s } => {
                require_at_least_one("phases", phases)?;
                require_positive("mean_s", mean_s)
            }
            Self::Hyperexponential { probability, rate_first_per_s, rate_second_per_s } => {
                require((0.0..=1.0).contains(&probability), "probability", probability, "0 to 1")?;
                require_positive("rate_first_per_s", rate_first_per_s)?;
                require_positive("rate_second_per_s", rate_second_per_s)
            }
            Self::LogNormal { mu, sigma } => {
                require(mu.is_finite(), "mu", mu, "a finite number")?;
                require_positive("sigma", sigma)
            }
            Self::Pareto { shape, scale_s } => {
                require_positive("shape", shape)?;
                require_positive("scale_s", scale_s)
            }
        }
    }

    /// Returns `E[S^order]` [s^order]; infinity where the Pareto tail has none.
    pub fn moment(&self, order: u32) -> f64 {
        let k = f64::from(order);
        let factorial: f64 = (1..=order).map(f64::from).product();
        match *self {
            Self::Deterministic { value_s } => libm::pow(value_s, k),
            Self::Exponential { mean_s } => factorial * libm::pow(mean_s, k),
            Self::Erlang { phases, mean_s } => {
                let n = f64::from(phases);
                (0..order).map(|i| (n + f64::from(i)) * mean_s / n).product()
            }
            Self::Hyperexponential { probability, rate_first_per_s, rate_second_per_s } => {
                factorial
                    * (probability / libm::pow(rate_first_per_s, k)
                        + (1.0 - probability) / libm::pow(rate_second_per_s, k))
            }
            Self::LogNormal { mu, sigma } => libm::exp(k * mu + 0.5 * k * k * sigma * sigma),
            Self::Pareto { shape, scale_s } => {
                if shape > k {
                    shape * libm::pow(scale_s, k) / (shape - k)
                } else {
                    f64::INFINITY
                }
            }
        }
    }

    /// Returns the mean \[s\]; infinity for a Pareto shape of 1 or less.
    pub fn mean_s(&self) -> f64 {
        self.moment(1)
    }

    /// Returns the squared coefficient of variation, variance over squared mean.
    pub fn scv(&self) -> f64 {
        match *self {
            // Exactly zero, not a difference of nearly equal numbers.
            Self::Deterministic { .. } => 0.0,
            _ => self.moment(2) / (self.mean_s() * self.mean_s()) - 1.0,
        }
    }

    /// Returns `P(S > x)`, `x` in \[s\].
    pub fn exceeds(&self, x_s: f64) -> f64 {
        if x_s < 0.0 {
            return 1.0;
        }
        match *self {
            Self::Deterministic { value_s } => f64::from(u8::from(x_s < value_s)),
            Self::Exponential { mean_s } => libm::exp(-x_s / mean_s),
            Self::Erlang { phases, mean_s } => poisson_at_most(phases - 1, x_s * f64::from(phases) / mean_s),
            Self::Hyperexponential { probability, rate_first_per_s, rate_second_per_s } => {
                probability * libm::exp(-rate_first_per_s * x_s)
                    + (1.0 - probability) * libm::exp(-rate_second_per_s * x_s)
            }
            Self::LogNormal { mu, sigma } => {
                if x_s == 0.0 {
                    1.0
                } else {
                    0.5 * libm::erfc((libm::log(x_s) - mu) / (sigma * std::f64::consts::SQRT_2))
                }
            }
            Self::Pareto { shape, scale_s } => {
                if x_s < scale_s {
                    1.0
                } else {
                    libm::pow(scale_s / x_s, shape)
                }
            }
        }
    }

    /// Returns the Laplace transform `E[exp(-s S)]` and its derivative in `s`, for `s >= 0`.
    ///
    /// # Errors
    /// [`AnalyticError::NoClosedForm`] for lognormal and Pareto.
    pub fn laplace(&self, s: f64) -> Result<(f64, f64), AnalyticError> {
        match *self {
            Self::Deterministic { value_s } => {
                let value = libm::exp(-s * value_s);
                Ok((value, -value_s * value))
            }
            Self::Exponential { mean_s } => Ok(erlang_laplace(1.0, mean_s, s)),
            Self::Erlang { phases, mean_s } => Ok(erlang_laplace(f64::from(phases), mean_s, s)),
            Self::Hyperexponential { probability, rate_first_per_s, rate_second_per_s } => {
                let first = erlang_laplace(1.0, 1.0 / rate_first_per_s, s);
                let second = erlang_laplace(1.0, 1.0 / rate_second_per_s, s);
                let other = 1.0 - probability;
                Ok((probability * first.0 + other * second.0, probability * first.1 + other * second.1))
            }
            Self::LogNormal { .. } => {
                Err(AnalyticError::NoClosedForm { what: "the transform of a lognormal" })
            }
            Self::Pareto { .. } => Err(AnalyticError::NoClosedForm { what: "the transform of a Pareto" }),
        }
    }

    /// Returns `E[cos(omega S)]` and `E[sin(omega S)]`, `omega` in [rad/s].
    ///
    /// # Errors
    /// [`AnalyticError::NoClosedForm`] for lognormal and Pareto.
    pub fn characteristic(&self, omega: f64) -> Result<(f64, f64), AnalyticError> {
        match *self {
            Self::Deterministic { value_s } => Ok((libm::cos(omega * value_s), libm::sin(omega * value_s))),
            Self::Exponential { mean_s } => Ok(erlang_characteristic(1.0, mean_s, omega)),
            Self::Erlang { phases, mean_s } => Ok(erlang_characteristic(f64::from(phases), mean_s, omega)),
            Self::Hyperexponential { probability, rate_first_per_s, rate_second_per_s } => {
                let first = erlang_characteristic(1.0, 1.0 / rate_first_per_s, omega);
                let second = erlang_characteristic(1.0, 1.0 / rate_second_per_s, omega);
                let other = 1.0 - probability;
                Ok((probability * first.0 + other * second.0, probability * first.1 + other * second.1))
            }
            Self::LogNormal { .. } => {
                Err(AnalyticError::NoClosedForm { what: "the characteristic function of a lognormal" })
            }
            Self::Pareto { .. } => {
                Err(AnalyticError::NoClosedForm { what: "the characteristic function of a Pareto" })
            }
        }
    }

    /// Returns this law as phases, where it is made of (not too many) exponentials.
    pub(crate) fn phase_type(&self) -> Result<PhaseType, AnalyticError> {
        match *self {
            Self::Exponential { mean_s } => PhaseType::series(&[1.0 / mean_s]),
            Self::Erlang { phases, mean_s } if phases <= PHASES_MAX => {
                PhaseType::series(&vec![f64::from(phases) / mean_s; phases as usize])
            }
            Self::Hyperexponential { probability, rate_first_per_s, rate_second_per_s } => {
                PhaseType::from_parts(
                    vec![probability, 1.0 - probability],
                    Matrix::diagonal(&[-rate_first_per_s, -rate_second_per_s]),
                )
            }
            Self::Erlang { .. } => {
                Err(AnalyticError::NoClosedForm { what: "an Erlang law of more than 50 phases" })
            }
            Self::Deterministic { .. } => Err(AnalyticError::NoClosedForm { what: "phases of a constant" }),
            Self::LogNormal { .. } => Err(AnalyticError::NoClosedForm { what: "phases of a lognormal" }),
            Self::Pareto { .. } => Err(AnalyticError::NoClosedForm { what: "phases of a Pareto" }),
        }
    }
}

fn erlang_laplace(phases: f64, mean_s: f64, s: f64) -> (f64, f64) {
    let base = 1.0 + s * mean_s / phases;
    let value = libm::pow(base, -phases);
    (value, -mean_s * value / base)
}

/// `(1 - i omega m / k)^(-k)` in polar form.
fn erlang_characteristic(phases: f64, mean_s: f64, omega: f64) -> (f64, f64) {
    let x = omega * mean_s / phases;
    let size = libm::pow(1.0 + x * x, -0.5 * phases);
    let angle = phases * libm::atan(x);
    (size * libm::cos(angle), size * libm::sin(angle))
}

/// `P(Poisson(mean) = n)`, through logarithms so that large means do not underflow.
pub(crate) fn poisson_equals(n: u32, mean: f64) -> f64 {
    if mean == 0.0 {
        return f64::from(u8::from(n == 0));
    }
    let k = f64::from(n);
    libm::exp(k * libm::log(mean) - mean - libm::lgamma(k + 1.0))
}

/// `P(Poisson(mean) <= n)`, summed from the term nearest the mode outwards.
pub(crate) fn poisson_at_most(n: u32, mean: f64) -> f64 {
    let upper_starts_above_mode = f64::from(n) > mean;
    if upper_starts_above_mode {
        // The short side: one minus the upper tail.
        return 1.0 - poisson_more_than(n, mean);
    }
    let mut term = poisson_equals(n, mean);
    let mut sum = 0.0;
    let mut k = n;
    loop {
        sum += term;
        if k == 0 || term <= sum * 1e-17 {
            return sum;
        }
        term *= f64::from(k) / mean;
        k -= 1;
    }
}

/// `P(Poisson(mean) > n)`.
pub(crate) fn poisson_more_than(n: u32, mean: f64) -> f64 {
    if f64::from(n) <= mean {
        return 1.0 - poisson_at_most(n, mean);
    }
    let mut k = f64::from(n) + 1.0;
    let mut term = poisson_equals(n, mean) * mean / k;
    let mut sum = 0.0;
    while term > 0.0 && term >= sum * 1e-17 {
        sum += term;
        k += 1.0;
        term *= mean / k;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::integrate;

    fn laws() -> Vec<Law> {
        vec![
            Law::Deterministic { value_s: 1.7 },
            Law::Exponential { mean_s: 1.7 },
            Law::Erlang { phases: 4, mean_s: 1.7 },
            Law::hyperexponential_balanced(1.7, 4.0).unwrap(),
            Law::lognormal(1.7, 1.0).unwrap(),
            Law::Pareto { shape: 12.0, scale_s: 1.7 * 11.0 / 12.0 },
        ]
    }

    #[test]
    fn every_law_has_the_mean_it_was_made_with() {
        for law in laws() {
            law.check().unwrap();
            assert!((law.mean_s() - 1.7).abs() < 1e-12, "{law:?}");
        }
    }

    #[test]
    fn moments_are_the_integrals_of_the_survival_function() {
        for law in laws() {
            // Cut where survival jumps or bends, so that no rule can step over it.
            let bend = if let Law::Pareto { scale_s, .. } = law { scale_s } else { 1.7 };
            let whole = |f: &dyn Fn(f64) -> f64| {
                integrate(0.0, bend, 1e-12, f)
                    + integrate(bend, 5.0, 1e-12, f)
                    + integrate(5.0, 300.0, 1e-12, f)
            };
            let mean = whole(&|x| law.exceeds(x));
            let second = whole(&|x| 2.0 * x * law.exceeds(x));
            assert!((mean / law.moment(1) - 1.0).abs() < 1e-6, "{law:?} {mean}");
            assert!((second / law.moment(2) - 1.0).abs() < 1e-6, "{law:?} {second}");
        }
    }

    #[test]
    fn the_transform_has_minus_the_mean_as_slope_at_zero() {
        for law in laws().into_iter().take(4) {
            let (value, slope) = law.laplace(0.0).unwrap();
            assert!((value - 1.0).abs() < 1e-14 && (slope + 1.7).abs() < 1e-12, "{law:?}");
        }
    }

    #[test]
    fn transforms_match_their_integrals() {
        for law in laws().into_iter().skip(1).take(3) {
            // E[exp(-sS)] = 1 - s * integral of exp(-sx) P(S > x).
            let by_hand = 1.0 - 0.7 * integrate(0.0, 100.0, 1e-11, |x| libm::exp(-0.7 * x) * law.exceeds(x));
            assert!((law.laplace(0.7).unwrap().0 - by_hand).abs() < 1e-8, "{law:?}");
            // E[cos(wS)] = 1 - w * integral of sin(wx) P(S > x).
            let by_hand = 1.0 - 0.7 * integrate(0.0, 200.0, 1e-11, |x| libm::sin(0.7 * x) * law.exceeds(x));
            assert!((law.characteristic(0.7).unwrap().0 - by_hand).abs() < 1e-8, "{law:?}");
        }
    }

    #[test]
    fn a_pareto_without_variance_says_so() {
        assert_eq!(Law::Pareto { shape: 2.0, scale_s: 1.0 }.moment(2), f64::INFINITY);
    }

    #[test]
    fn poisson_tails_add_up_to_one() {
        for (n, mean) in [(0, 0.1), (5, 5.0), (120, 100.0), (900, 1000.0), (3, 40.0)] {
            let all = poisson_at_most(n, mean) + poisson_more_than(n, mean);
            assert!((all - 1.0).abs() < 1e-14);
        }
        // Summed by hand for mean 2: e^-2 (1 + 2 + 2).
        assert!((poisson_at_most(2, 2.0) - 5.0 * libm::exp(-2.0)).abs() < 1e-15);
    }
}
