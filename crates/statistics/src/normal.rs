//! The normal distribution.

use libm::{erfc, fabs, log, sqrt};
use std::f64::consts::FRAC_1_SQRT_2;

/// Returns the probability that a standard normal variable is at most `x`.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * FRAC_1_SQRT_2)
}

/// Returns the `p`-quantile of the standard normal distribution, to about 16 digits.
///
/// Infinite at 0 and 1.
///
/// # Panics
/// If `p` is not in 0..=1.
///
/// # Source
/// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37(3), 1988,
/// routine PPND16.
pub fn normal_quantile(p: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a quantile is asked for at a probability in 0..=1, not {p}");
    let q = p - 0.5;
    if fabs(q) <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(&CENTRE.0, r) / polynomial(&CENTRE.1, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = sqrt(-log(tail));
    let (r, table) = if r <= 5.0 { (r - 1.6, &NEAR) } else { (r - 5.0, &FAR) };
    (polynomial(&table.0, r) / polynomial(&table.1, r)).copysign(q)
}

/// Evaluates by Horner's rule; the constant term comes first.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

type Ratio = ([f64; 8], [f64; 8]);

#[allow(clippy::excessive_precision)] // as printed in the paper, to be compared with it
const CENTRE: Ratio = (
    [
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ],
    [
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ],
);

#[allow(clippy::excessive_precision)] // as printed in the paper, to be compared with it
const NEAR: Ratio = (
    [
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ],
    [
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ],
);

#[allow(clippy::excessive_precision)] // as printed in the paper, to be compared with it
const FAR: Ratio = (
    [
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ],
    [
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, Normal};

    #[test]
    fn quantiles_match_the_published_values() {
        // Abramowitz and Stegun, table 26.5; AS 241 gives the last two itself as its check.
        for (p, z) in [
            (0.5, 0.0),
            (0.95, 1.6448536269514722),
            (0.975, 1.959963984540054),
            (0.995, 2.5758293035489004),
            (0.25, -0.6744897501960817),
            (0.001, -3.090232306167814),
            (1e-20, -9.262340089798408),
        ] {
            assert!((normal_quantile(p) - z).abs() <= 4e-15 * z.abs(), "p={p}: {}", normal_quantile(p));
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
    }

    #[test]
    fn quantile_and_distribution_undo_each_other_far_into_the_tail() {
        for power in 1..300 {
            let p = libm::pow(10.0, -f64::from(power) / 2.0);
            let back = normal_cdf(normal_quantile(p));
            // A unit in the last place of z moves the tail by z^2 times as much.
            assert!((back / p - 1.0).abs() < 1e-12, "p={p}: {back}");
        }
    }

    #[test]
    fn quantiles_agree_with_an_independent_implementation() {
        let normal = Normal::new(0.0, 1.0).unwrap();
        for k in 1..1000 {
            let p = k as f64 / 1000.0;
            assert!((normal_quantile(p) - normal.inverse_cdf(p)).abs() < 1e-9, "p={p}");
        }
    }
}
