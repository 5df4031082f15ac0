//! The binomial distribution: how many of `n` independent values lie below a point.

use crate::incomplete::beta_regularized;

/// Returns the probability of at most `k` successes in `n` trials with success probability `p`.
///
/// # Panics
/// If `p` is not in 0..=1.
///
/// # Source
/// NIST Digital Library of Mathematical Functions, 8.17.5.
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a probability lies in 0..=1, not {p}");
    if k >= n {
        return 1.0;
    }
    beta_regularized((n - k) as f64, k as f64 + 1.0, 1.0 - p, p).0
}

/// Returns the smallest `k` with `binomial_cdf(k, n, p) >= probability`.
pub(crate) fn binomial_quantile(probability: f64, n: u64, p: f64) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if binomial_cdf(middle, n, p) >= probability {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_of_its_terms() {
        for p in [0.001, 0.1, 0.5, 0.99] {
            let n = 40_u64;
            let (mut term, mut sum) = (libm::pow(1.0 - p, n as f64), 0.0);
            for k in 0..=n {
                sum += term;
                assert!((binomial_cdf(k, n, p) - sum).abs() < 1e-13, "k={k} p={p}");
                term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
            }
        }
    }

    #[test]
    fn the_quantile_is_the_first_count_that_reaches_the_probability() {
        for (n, p) in [(10, 0.5), (1000, 0.99), (1_000_000, 0.999)] {
            for probability in [0.025, 0.5, 0.975] {
                let k = binomial_quantile(probability, n, p);
                assert!(binomial_cdf(k, n, p) >= probability);
                assert!(k == 0 || binomial_cdf(k - 1, n, p) < probability);
            }
        }
        assert_eq!(binomial_quantile(0.025, 10, 0.5), 2); // P(X <= 1) = 11/1024, P(X <= 2) = 56/1024
    }
}
