//! When there are enough replications.

use crate::estimate::{check_confidence, two_sided_t};
use crate::{Estimate, Estimated, Tally};

/// Whether to go on adding replications.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The interval is narrow enough.
    Enough(Estimate),
    /// Not yet.
    More {
        /// How many replications will probably do, those made included; at most the maximum.
        replications: u64,
        /// Half width over mean so far, where it can be said.
        reached: Option<f64>,
    },
    /// The maximum is reached and the interval is still too wide (or there is none): report it with a warning.
    Exhausted {
        /// What the replications give all the same.
        estimated: Estimated,
        /// Half width over mean, where it can be said.
        reached: Option<f64>,
    },
}

/// Returns the half width over the value at which an error of at most `relative_precision` of the true value is kept.
///
/// # Source
/// Law, Simulation Modeling and Analysis, 5th ed., section 9.4.1: γ / (1 + γ), because the half width is known relative to
/// the estimate and the error is wanted relative to the truth.
pub fn half_width_for(relative_precision: f64) -> f64 {
    relative_precision / (1.0 + relative_precision)
}

/// Decides whether these replications give the mean with the wanted relative precision.
///
/// `relative_precision` is the wanted error of the value as a share of the true mean (0.05: within 5 %).
/// Never enough before `min` replications: a small number of them agrees by luck, and the rule looks again and
/// again. Law advises at least 10. A mean of 0 is only reached by replications that are all 0.
///
/// # Panics
/// If `relative_precision` or `confidence` is not strictly between 0 and 1, or `min` is above `max`.
///
/// # Source
/// Law, Simulation Modeling and Analysis, 5th ed., section 9.4.1 (sequential procedure): stop when the half width
/// over the mean is at most γ / (1 + γ), which keeps the error against the true mean within γ.
pub fn enough(values: &[f64], relative_precision: f64, confidence: f64, min: u64, max: u64) -> Decision {
    check_confidence(confidence);
    assert!(
        relative_precision > 0.0 && relative_precision < 1.0,
        "a relative precision lies strictly between 0 and 1, as 0.05 does, not {relative_precision}"
    );
    assert!(min <= max, "at least {min} replications are asked for, and at most {max}");
    let n = values.len() as u64;
    let estimated = Estimated::from_replications(values, confidence);
    let reached = estimated.known().and_then(Estimate::relative_half_width);
    let target = half_width_for(relative_precision);
    if n >= min
        && reached.is_some_and(|r| r <= target)
        && let Estimated::Known(estimate) = estimated
    {
        return Decision::Enough(estimate);
    }
    if n >= max {
        return Decision::Exhausted { estimated, reached };
    }
    let floor = min.max(2).max(n + 1).min(max);
    let replications = match reached {
        Some(r) if r > target => replications_for(values, target, confidence, max).clamp(floor, max),
        _ => floor,
    };
    Decision::More { replications, reached }
}

/// Returns the smallest number of replications whose half width meets the target if mean and variance stay.
fn replications_for(values: &[f64], target: f64, confidence: f64, max: u64) -> u64 {
    let tally: Tally = values.iter().copied().collect();
    let (Some(mean), Some(deviation)) = (tally.mean(), tally.standard_deviation()) else {
        return max;
    };
    let meets = |n: u64| two_sided_t(confidence, n) * deviation / (n as f64).sqrt() <= target * mean.abs();
    let (mut low, mut high) = (tally.count(), max);
    while low < high {
        let middle = low + (high - low) / 2;
        if meets(middle) {
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
    use crate::draws::Draws;

    #[test]
    fn narrow_intervals_are_enough_only_after_the_floor() {
        let values = [100.0, 101.0, 99.0];
        let Decision::More { replications, reached } = enough(&values, 0.05, 0.95, 10, 100) else {
            panic!("three replications passed a floor of ten");
        };
        assert_eq!(replications, 10);
        assert!((reached.unwrap() - 4.302653 / 3.0_f64.sqrt() / 100.0).abs() < 1e-6);
        assert!(matches!(enough(&values, 0.05, 0.95, 3, 100), Decision::Enough(e) if e.n == 3));
    }

    #[test]
    fn the_target_is_the_adjusted_one() {
        // Half width over mean is 0.0484: below 0.05, above 0.05 / 1.05 = 0.0476.
        let spread = 0.0484 * 100.0 / 4.302652729911275 * 3.0_f64.sqrt();
        let values = [100.0 - spread, 100.0, 100.0 + spread];
        assert!(matches!(enough(&values, 0.05, 0.95, 2, 100), Decision::More { replications: 4, .. }));
        assert!(matches!(enough(&values, 0.051, 0.95, 2, 100), Decision::Enough(_)));
    }

    #[test]
    fn the_maximum_ends_it() {
        let values = Draws::new(51).normals(20);
        assert!(matches!(enough(&values, 0.01, 0.95, 5, 20), Decision::Exhausted { reached: Some(_), .. }));
        assert!(matches!(enough(&values, 0.01, 0.95, 5, 21), Decision::More { replications: 21, .. }));
    }

    #[test]
    fn nothing_yet_asks_for_the_floor() {
        assert_eq!(enough(&[], 0.05, 0.95, 10, 50), Decision::More { replications: 10, reached: None });
        assert_eq!(enough(&[1.0], 0.05, 0.95, 0, 50), Decision::More { replications: 2, reached: None });
        assert!(matches!(
            enough(&[f64::NAN; 9], 0.05, 0.95, 2, 9),
            Decision::Exhausted { reached: None, .. }
        ));
    }

    #[test]
    fn a_mean_of_zero_is_reached_only_without_spread() {
        assert!(matches!(enough(&[0.0; 10], 0.05, 0.95, 10, 20), Decision::Enough(_)));
        assert!(matches!(enough(&[-1.0, 1.0], 0.05, 0.95, 2, 20), Decision::More { reached: None, .. }));
    }

    #[test]
    fn following_the_advice_reaches_the_wanted_error() {
        let mut draws = Draws::new(52);
        let (trials, mut close) = (400.0, 0.0);
        for _ in 0..trials as u32 {
            let mut values = Vec::new();
            let estimate = loop {
                match enough(&values, 0.1, 0.9, 10, 10_000) {
                    Decision::Enough(estimate) => break estimate,
                    Decision::More { replications, .. } => {
                        values.extend(
                            (values.len()..replications as usize).map(|_| 5.0 + 2.5 * draws.normal()),
                        );
                    }
                    Decision::Exhausted { .. } => panic!("ten thousand replications were not enough"),
                }
            };
            close += f64::from((estimate.value - 5.0).abs() <= 0.5);
        }
        // Looking again and again costs a little cover (Law, section 9.4.1): three points are allowed for.
        let floor = 0.87 - 4.0 * (0.87_f64 * 0.13 / trials).sqrt();
        assert!(close / trials >= floor, "{close}");
    }
}
