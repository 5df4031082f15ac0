//! The Zipf law on 1..=n, without a table.

use crate::stream::Stream;

/// Draws k from 1..=n with probability proportional to k^-exponent.
///
/// The sum over k is bounded by an integral, which is inverted; a draw is repeated when it falls between the two,
/// which is rare. There is no table: 10^9 keys cost what 10 cost.
///
/// # Source
/// Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS
/// 6(3), 1996; the form with expm1(t)/t, smooth at an exponent of 1, is that of Apache Commons RNG.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Zipf {
    n: u64,
    exponent: f64,
    /// The integral up to 3/2, less the whole probability of 1.
    low: f64,
    /// The integral up to n + 1/2.
    high: f64,
    /// A draw this near to its integer from below needs no further test.
    near: f64,
    /// The sum of k^-exponent.
    total: f64,
}

impl Zipf {
    /// `n` must be at least 1 and at most 2^53, `exponent` positive.
    pub(crate) fn new(n: u64, exponent: f64) -> Zipf {
        let low = integral(1.5, exponent) - 1.0;
        let high = integral(n as f64 + 0.5, exponent);
        let near = 2.0 - inverse_integral(integral(2.5, exponent) - weight(2.0, exponent), exponent);
        Zipf { n, exponent, low, high, near, total: harmonic(n, exponent) }
    }

    pub(crate) fn sample(&self, stream: &mut Stream) -> u64 {
        loop {
            let u = self.high + stream.uniform() * (self.low - self.high);
            let x = inverse_integral(u, self.exponent);
            // `as` saturates, so an x rounded out of range is brought back, too.
            let k = ((x + 0.5) as u64).clamp(1, self.n);
            let whole = k as f64;
            if whole - x <= self.near
                || u >= integral(whole + 0.5, self.exponent) - weight(whole, self.exponent)
            {
                return k;
            }
        }
    }

    pub(crate) fn n(&self) -> u64 {
        self.n
    }

    pub(crate) fn probability(&self, k: u64) -> f64 {
        weight(k as f64, self.exponent) / self.total
    }
}

/// Returns x^-exponent.
fn weight(x: f64, exponent: f64) -> f64 {
    libm::exp(-exponent * libm::log(x))
}

/// Returns the integral of the weight from 1 to `x`.
fn integral(x: f64, exponent: f64) -> f64 {
    let log = libm::log(x);
    let t = (1.0 - exponent) * log;
    log * if t == 0.0 { 1.0 } else { libm::expm1(t) / t }
}

/// Returns the `x` up to which the integral of the weight is `area`.
fn inverse_integral(area: f64, exponent: f64) -> f64 {
    // Rounding may lead just below -1, where there is no logarithm.
    let t = (area * (1.0 - exponent)).max(-1.0);
    libm::exp(area * if t == 0.0 { 1.0 } else { libm::log1p(t) / t })
}

/// Returns the sum of k^-exponent for k from 1 to `n`.
///
/// The first 1000 terms one by one, the others by the Euler-Maclaurin formula (DLMF 2.10.1) with two corrections; the
/// next would be below exponent^5 / 1000^5 / 30240 of the term at 1000.
fn harmonic(n: u64, exponent: f64) -> f64 {
    const DIRECT: u64 = 1000;
    let one_by_one: f64 = (1..=n.min(DIRECT)).rev().map(|k| weight(k as f64, exponent)).sum();
    if n <= DIRECT {
        return one_by_one;
    }
    let (from, to) = (DIRECT as f64, n as f64);
    let slope = |x: f64| -exponent * weight(x, exponent) / x;
    let third = |x: f64| slope(x) * (exponent + 1.0) * (exponent + 2.0) / (x * x);
    one_by_one
        + (integral(to, exponent) - integral(from, exponent))
        + 0.5 * (weight(to, exponent) - weight(from, exponent))
        + (slope(to) - slope(from)) / 12.0
        - (third(to) - third(from)) / 720.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_many_terms_is_that_of_all_terms_one_by_one() {
        for exponent in [0.01, 0.5, 0.99, 1.0, 1.01, 2.0, 5.0, 20.0] {
            for n in [1, 2, 999, 1000, 1001, 1500, 300_000] {
                let direct: f64 = (1..=n).rev().map(|k| weight(k as f64, exponent)).sum();
                assert!((harmonic(n, exponent) / direct - 1.0).abs() < 1e-12, "{n} {exponent}");
            }
        }
        // ln(10^9) + Euler's constant + 1/(2·10^9).
        assert!((harmonic(1_000_000_000, 1.0) - 21.300_481_502_347_944).abs() < 1e-12);
    }

    #[test]
    fn the_inverse_undoes_the_integral() {
        for exponent in [0.01, 0.7, 1.0, 1.3, 3.0] {
            for x in [1.0, 1.5, 2.5, 1e3, 1e6] {
                let back = inverse_integral(integral(x, exponent), exponent);
                // Where the integral is almost flat, its rounding is magnified by (relative) x^(exponent - 1).
                let tolerance = 1e-13 * (1.0 + libm::pow(x, exponent - 1.0));
                assert!((back / x - 1.0).abs() < tolerance, "{exponent} {x}: {back}");
            }
        }
    }
}
