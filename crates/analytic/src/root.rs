//! Roots of monotone functions and quantiles by bisection.

use crate::AnalyticError;

/// Halvings that exhaust the 53 bits of an f64 and then some.
const HALVINGS: u32 = 200;

/// Finds where a function that is above zero at `low` and not above it at `high` crosses zero.
///
/// Bisection: slow, but it cannot leave the bracket, and stops only when no f64 is left inside.
pub(crate) fn bisect(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high || high - low <= 4.0 * f64::EPSILON * high.abs() {
            break;
        }
        if f(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Finds the least `t >= 0` with `exceeds(t) <= 1 - p`, where `exceeds` falls to zero.
///
/// `scale` is any positive first guess of the size of the answer.
pub(crate) fn quantile_of(p: f64, scale: f64, exceeds: impl Fn(f64) -> f64) -> Result<f64, AnalyticError> {
    crate::error::require_level(p)?;
    let tail = 1.0 - p;
    if exceeds(0.0) <= tail {
        return Ok(0.0);
    }
    let mut high = scale;
    // 2^1000 covers every f64; a survival function that never falls is the caller's fault.
    for _ in 0..1000 {
        if exceeds(high) <= tail {
            return Ok(bisect(0.0, high, |t| exceeds(t) - tail));
        }
        high *= 2.0;
    }
    Err(AnalyticError::NotConverged { what: "bracketing a quantile" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_exponential_is_ln_2() {
        let found = quantile_of(0.5, 1e-6, |t| libm::exp(-t)).unwrap();
        assert!((found - std::f64::consts::LN_2).abs() < 1e-14);
    }

    #[test]
    fn an_atom_at_zero_swallows_low_quantiles() {
        assert_eq!(quantile_of(0.3, 1.0, |t| 0.5 * libm::exp(-t)).unwrap(), 0.0);
    }

    #[test]
    fn a_survival_function_that_never_falls_is_reported() {
        assert!(quantile_of(0.5, 1.0, |_| 1.0).is_err());
    }
}
