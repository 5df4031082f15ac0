//! Steady state of a birth–death chain.

/// States an unbounded chain may need before the rest is negligible.
pub(crate) const STATES_MAX: usize = 4_000_000;
/// Weight, relative to the whole, below which the rest of a falling chain is cut off.
const NEGLIGIBLE: f64 = 1e-18;
/// Rescaling threshold: far from overflow, and exact because it is a power of two.
const BIG: f64 = 1.157_920_892_373_162e77;

/// Returns the stationary probabilities of states `0..=last`, or of as many as matter.
///
/// `birth(n)` is the rate from `n` to `n + 1`, `death(n)` from `n` to `n - 1` [1/s]. With `last` absent the chain
/// is cut where the remaining weight is negligible. The ratio of birth to death may only fall with `n`;
/// `None` is returned if [`STATES_MAX`] states are not enough.
///
/// # Source
/// Kleinrock, "Queueing Systems", vol. 1 (1975), eq. 3.11: `p_n = p_0 * product of birth(i - 1) / death(i)`.
pub(crate) fn stationary(
    last: Option<usize>,
    birth: impl Fn(usize) -> f64,
    death: impl Fn(usize) -> f64,
) -> Option<Vec<f64>> {
    let mut weights = vec![1.0];
    let mut weight = 1.0;
    let mut sum = 1.0;
    for n in 1..=last.unwrap_or(STATES_MAX) {
        let ratio = birth(n - 1) / death(n);
        weight *= ratio;
        if weight > BIG {
            // Below the mode weights only fall towards state 0: what underflowed before stays zero.
            for earlier in weights.iter_mut().rev().take_while(|earlier| **earlier > 0.0) {
                *earlier /= BIG;
            }
            sum /= BIG;
            weight /= BIG;
        }
        weights.push(weight);
        sum += weight;
        // What follows is at most a geometric series with this ratio.
        if last.is_none() && ratio < 1.0 && weight / (1.0 - ratio) < NEGLIGIBLE * sum {
            return Some(weights.iter().map(|w| w / sum).collect());
        }
    }
    last.map(|_| weights.iter().map(|w| w / sum).collect())
}

/// Mean of a law on 0, 1, 2, …, each state first mapped by `value`.
pub(crate) fn mean_over(probabilities: &[f64], value: impl Fn(usize) -> f64) -> f64 {
    probabilities.iter().enumerate().map(|(n, p)| p * value(n)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_states_share_time_inversely_to_their_rates() {
        let p = stationary(Some(1), |_| 1.0, |_| 4.0).unwrap();
        assert!((p[0] - 0.8).abs() < 1e-15 && (p[1] - 0.2).abs() < 1e-15);
    }

    #[test]
    fn weights_far_beyond_the_range_of_f64_are_rescaled() {
        // Infinite servers with 2000 Erlang: the weight of the mode is e^2000.
        let p = stationary(None, |_| 2000.0, |n| n as f64).unwrap();
        assert!((mean_over(&p, |n| n as f64) - 2000.0).abs() < 1e-8);
    }

    #[test]
    fn a_chain_that_grows_for_ever_is_not_cut() {
        assert!(stationary(None, |_| 2.0, |_| 1.0).is_none());
    }
}
