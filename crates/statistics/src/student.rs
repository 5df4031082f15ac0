//! Student's t distribution: how far a mean of few values may lie from the truth.

use crate::incomplete::{beta_front, beta_regularized, solve_on_log_scale};
use crate::normal_quantile;
use libm::fabs;

/// Returns the probability that a Student variable with `df` degrees of freedom is at most `t`.
///
/// # Panics
/// If `df` is not above 0.
pub fn student_t_cdf(t: f64, df: f64) -> f64 {
    let tail = student_t_tail(fabs(t), df);
    if t < 0.0 { tail } else { 1.0 - tail }
}

/// Returns the probability that a Student variable with `df` degrees of freedom is above `t`, for `t >= 0`.
///
/// Small probabilities keep all their digits.
///
/// # Source
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1.
pub fn student_t_tail(t: f64, df: f64) -> f64 {
    assert!(df > 0.0, "degrees of freedom are above 0, not {df}");
    if t.is_infinite() {
        return 0.0;
    }
    let (x, y) = beta_arguments(t, df);
    0.5 * beta_regularized(df / 2.0, 0.5, x, y).0
}

/// Returns the `p`-quantile of Student's t distribution with `df` degrees of freedom.
///
/// The half width of a two-sided interval at confidence `c` takes `p = (1 + c) / 2`.
///
/// # Panics
/// If `p` is not in 0..=1 or `df` is not above 0.
///
/// # Source
/// Newton's method on the distribution function, from the normal quantile. Good to 1e-10 up to a million degrees
/// of freedom, to 1e-8 at a hundred million.
pub fn student_t_quantile(p: f64, df: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a quantile is asked for at a probability in 0..=1, not {p}");
    assert!(df > 0.0, "degrees of freedom are above 0, not {df}");
    let z = normal_quantile(p);
    if z == 0.0 || z.is_infinite() {
        return z;
    }
    let tail = p.min(1.0 - p);
    let t = solve_on_log_scale(fabs(z), tail, |t| {
        let (x, y) = beta_arguments(t, df);
        let density = beta_front(df / 2.0, 0.5, x, y) / t; // x^a y^b / B(a, b) is t times the density
        (0.5 * beta_regularized(df / 2.0, 0.5, x, y).0, -density)
    });
    t.copysign(z)
}

/// Returns `df / (df + t^2)` and its complement, each to full precision.
fn beta_arguments(t: f64, df: f64) -> (f64, f64) {
    let square = t * t;
    (df / (df + square), square / (df + square))
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, StudentsT};

    #[test]
    fn quantiles_match_the_published_table() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: three digits after the point.
        for (df, p, t) in [
            (1.0, 0.975, 12.706),
            (2.0, 0.95, 2.920),
            (4.0, 0.975, 2.776),
            (5.0, 0.99, 3.365),
            (9.0, 0.95, 1.833),
            (9.0, 0.975, 2.262),
            (10.0, 0.995, 3.169),
            (19.0, 0.975, 2.093),
            (29.0, 0.99, 2.462),
            (30.0, 0.999, 3.385),
            (100.0, 0.9, 1.290),
        ] {
            let found = student_t_quantile(p, df);
            assert!((found - t).abs() <= 0.0005 + 1e-9, "df={df} p={p}: {found}");
            assert_eq!(student_t_quantile(0.5, df), 0.0);
        }
    }

    #[test]
    fn one_and_two_degrees_of_freedom_have_closed_forms() {
        for k in 1..200 {
            let p = k as f64 / 200.0;
            let cauchy = libm::tan(std::f64::consts::PI * (p - 0.5));
            let two = (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt();
            assert!((student_t_quantile(p, 1.0) - cauchy).abs() <= 1e-12 * cauchy.abs().max(0.01), "p={p}");
            assert!((student_t_quantile(p, 2.0) - two).abs() <= 1e-12 * two.abs().max(0.01), "p={p}");
        }
    }

    #[test]
    fn the_distribution_agrees_with_an_independent_implementation() {
        for df in [1.0, 2.0, 3.0, 4.5, 9.0, 19.0, 30.0, 99.0] {
            let other = StudentsT::new(0.0, 1.0, df).unwrap();
            for k in -60..=60 {
                let t = f64::from(k) / 10.0;
                assert!((student_t_cdf(t, df) - other.cdf(t)).abs() < 1e-10, "df={df} t={t}");
            }
        }
    }

    #[test]
    fn quantile_and_distribution_undo_each_other() {
        for df in [0.5, 1.0, 2.0, 3.0, 7.0, 19.0, 250.0, 1e4, 1e7] {
            for p in [1e-9, 1e-6, 0.001, 0.025, 0.2, 0.45, 0.499] {
                let back = student_t_cdf(student_t_quantile(p, df), df);
                assert!((back / p - 1.0).abs() < 1e-9, "df={df} p={p}: {back}");
                assert!((student_t_quantile(1.0 - p, df) / student_t_quantile(p, df) + 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn many_degrees_of_freedom_approach_the_normal() {
        // Abramowitz and Stegun 26.7.5, to the third order.
        let z = normal_quantile(0.975);
        let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
        for df in [1e3, 1e4, 1e5, 1e6, 1e8] {
            let expected = z
                + (z3 + z) / (4.0 * df)
                + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * df * df)
                + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * df * df * df);
            let found = student_t_quantile(0.975, df);
            // 1 - x is about z^2 / df here, and rounding it moves the quantile by so much.
            let rounding = 4.0 * f64::EPSILON * df * z;
            assert!((found - expected).abs() < 1e-11 + rounding, "df={df}: {found} for {expected}");
        }
    }
}
