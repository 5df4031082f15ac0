//! The chi-square distribution: how far a variance or a table of counts may lie from the truth.

use crate::incomplete::{gamma_front, gamma_regularized, solve_on_log_scale};
use crate::normal_quantile;
use libm::{exp, lgamma, log, sqrt};

/// Returns the probability that a chi-square variable with `df` degrees of freedom is at most `x`.
///
/// # Panics
/// If `df` is not above 0.
pub fn chi_square_cdf(x: f64, df: f64) -> f64 {
    assert!(df > 0.0, "degrees of freedom are above 0, not {df}");
    gamma_regularized(df / 2.0, x / 2.0).0
}

/// Returns the probability that a chi-square variable with `df` degrees of freedom is above `x`: the p-value.
///
/// # Panics
/// If `df` is not above 0.
pub fn chi_square_tail(x: f64, df: f64) -> f64 {
    assert!(df > 0.0, "degrees of freedom are above 0, not {df}");
    gamma_regularized(df / 2.0, x / 2.0).1
}

/// Returns the `p`-quantile of the chi-square distribution with `df` degrees of freedom.
///
/// # Panics
/// If `p` is not in 0..=1 or `df` is not above 0.
///
/// # Source
/// Newton's method on the distribution function, from Wilson and Hilferty, "The distribution of chi-square",
/// PNAS 17, 1931, or from the first term of the series (DLMF 8.11.4) where that is no number above 0.
pub fn chi_square_quantile(p: f64, df: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a quantile is asked for at a probability in 0..=1, not {p}");
    assert!(df > 0.0, "degrees of freedom are above 0, not {df}");
    if p == 0.0 {
        return 0.0;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    let a = df / 2.0;
    let c = 2.0 / (9.0 * df);
    let root = 1.0 - c + normal_quantile(p) * sqrt(c);
    let wilson_hilferty = a * root * root * root;
    // The density of x/2, times x/2, is `a * gamma_front`.
    let half = if p > 0.5 {
        let start = if root > 0.1 { wilson_hilferty } else { 1e-3 };
        solve_on_log_scale(start, 1.0 - p, |x| (gamma_regularized(a, x).1, -a * gamma_front(a, x) / x))
    } else {
        // Where the cube fails there is little below, and the first term of the series is near.
        let first_term = || exp((log(p) + lgamma(a + 1.0)) / a).max(f64::MIN_POSITIVE);
        let start = if root > 0.3 { wilson_hilferty } else { first_term() };
        solve_on_log_scale(start, p, |x| (gamma_regularized(a, x).0, a * gamma_front(a, x) / x))
    };
    2.0 * half
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ChiSquared, ContinuousCDF};

    #[test]
    fn quantiles_match_the_published_table() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4: three digits after the point.
        for (df, p, x) in [
            (1.0, 0.95, 3.841),
            (2.0, 0.975, 7.378),
            (5.0, 0.99, 15.086),
            (10.0, 0.9, 15.987),
            (10.0, 0.05, 3.940),
            (30.0, 0.025, 16.791),
            (50.0, 0.999, 86.661),
            (100.0, 0.95, 124.342),
        ] {
            let found = chi_square_quantile(p, df);
            assert!((found - x).abs() <= 0.0005 + 1e-9, "df={df} p={p}: {found}");
        }
        assert_eq!(chi_square_quantile(0.0, 3.0), 0.0);
        assert_eq!(chi_square_quantile(1.0, 3.0), f64::INFINITY);
    }

    #[test]
    fn two_degrees_of_freedom_are_an_exponential() {
        for k in 1..200 {
            let p = k as f64 / 200.0;
            let exact = -2.0 * libm::log1p(-p);
            assert!((chi_square_quantile(p, 2.0) / exact - 1.0).abs() < 1e-12, "p={p}");
        }
    }

    #[test]
    fn the_distribution_agrees_with_an_independent_implementation() {
        for df in [1.0, 2.0, 3.5, 9.0, 19.0, 99.0, 400.0] {
            let other = ChiSquared::new(df).unwrap();
            for k in 1..60 {
                let x = df * k as f64 / 20.0;
                assert!((chi_square_cdf(x, df) - other.cdf(x)).abs() < 1e-10, "df={df} x={x}");
                assert!((chi_square_cdf(x, df) + chi_square_tail(x, df) - 1.0).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn quantile_and_distribution_undo_each_other() {
        for df in [0.2, 1.0, 2.0, 3.0, 7.0, 19.0, 250.0, 1e4, 1e7] {
            for p in [1e-9, 1e-6, 0.001, 0.025, 0.2, 0.5] {
                let back = chi_square_cdf(chi_square_quantile(p, df), df);
                assert!((back / p - 1.0).abs() < 1e-8, "df={df} p={p}: {back}");
                let tail = chi_square_tail(chi_square_quantile(1.0 - p, df), df);
                assert!((tail / p - 1.0).abs() < 1e-6, "df={df} 1-p, p={p}: {tail}");
            }
        }
    }
}
