//! The only thing a report prints: a value with its interval, or the reason why there is none.

use crate::{Tally, normal_quantile, student_t_quantile};

/// A value with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The best single answer.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Probability, before the data is seen, that such an interval holds the truth (0.95, say).
    pub confidence: f64,
    /// Replications, batches or samples behind the interval: what its width was judged from.
    pub n: u64,
    /// How many independent single samples would be as precise, where that is known.
    pub effective_samples: Option<u64>,
}

impl Estimate {
    /// Returns half the width of the interval.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Returns the half width as a share of the value; `None` if the value is 0 and the width is not.
    pub fn relative_half_width(&self) -> Option<f64> {
        if self.half_width() == 0.0 {
            return Some(0.0);
        }
        (self.value != 0.0).then(|| self.half_width() / self.value.abs())
    }

    /// Tells whether the interval holds `v`.
    pub fn contains(&self, v: f64) -> bool {
        self.low <= v && v <= self.high
    }
}

/// An estimate, or the reason why the data do not carry one.
#[derive(Clone, Debug, PartialEq)]
pub enum Estimated {
    /// There is an answer.
    Known(Estimate),
    /// There is none: a number here would claim more than the data hold.
    NotEnough {
        /// What is missing, as a clause to print after "not enough data: ".
        reason: String,
        /// What there is: replications, batches or samples, as the reason says.
        have: u64,
        /// How many of them there should be, where that is known.
        need: Option<u64>,
    },
}

impl Estimated {
    /// Makes the answer that there is none.
    pub fn not_enough(reason: impl Into<String>, have: u64, need: Option<u64>) -> Self {
        Estimated::NotEnough { reason: reason.into(), have, need }
    }

    /// Returns the estimate if there is one.
    pub fn known(&self) -> Option<&Estimate> {
        match self {
            Estimated::Known(estimate) => Some(estimate),
            Estimated::NotEnough { .. } => None,
        }
    }

    /// Returns the value if there is an estimate.
    pub fn value(&self) -> Option<f64> {
        self.known().map(|e| e.value)
    }

    /// Estimates a mean from one number per independent replication, by Student's t.
    ///
    /// # Panics
    /// If `confidence` is not strictly between 0 and 1.
    ///
    /// # Source
    /// Law, Simulation Modeling and Analysis, 5th ed., section 9.4.1 (fixed-sample-size procedure).
    pub fn from_replications(values: &[f64], confidence: f64) -> Estimated {
        check_confidence(confidence);
        if let Some(refusal) = refuse_replications(values) {
            return refusal;
        }
        let tally: Tally = values.iter().copied().collect();
        let n = tally.count();
        let (mean, variance) = tally.mean().zip(tally.variance()).expect("there are at least two values");
        let half = two_sided_t(confidence, n) * (variance / n as f64).sqrt();
        Estimated::around(mean, half, confidence, n, Some(n))
    }

    /// Estimates a ratio of means (errors per request, seconds per job) from one pair per replication.
    ///
    /// The value is the ratio of the sums, so that every request counts alike however many its replication had.
    /// Requests inside one replication may depend on each other: the width comes from the replications.
    ///
    /// # Panics
    /// If the slices differ in length or `confidence` is not strictly between 0 and 1.
    ///
    /// # Source
    /// Cochran, Sampling Techniques, 3rd ed., section 6.4 (ratio estimator, linearised variance).
    pub fn ratio(numerators: &[f64], denominators: &[f64], confidence: f64) -> Estimated {
        check_confidence(confidence);
        assert_eq!(numerators.len(), denominators.len(), "a ratio takes one pair per replication");
        if let Some(refusal) = refuse_replications(numerators).or_else(|| refuse_replications(denominators)) {
            return refusal;
        }
        let n = numerators.len() as u64;
        let whole: f64 = denominators.iter().sum();
        if whole == 0.0 {
            return Estimated::not_enough("the denominators add up to 0, so the ratio has no value", n, None);
        }
        if let Some(refusal) = refuse_lone(denominators) {
            return refusal;
        }
        let value = numerators.iter().sum::<f64>() / whole;
        let error = ratio_error(numerators.iter().zip(denominators).map(|(&y, &x)| (y, x)), value);
        Estimated::around(value, two_sided_t(confidence, n) * error, confidence, n, None)
    }

    /// Estimates a probability from independent trials, by Wilson's score interval.
    ///
    /// Requests of one run are not independent trials: use [`Estimated::ratio`] over replications for them.
    ///
    /// # Panics
    /// If there are more successes than trials, or `confidence` is not strictly between 0 and 1.
    ///
    /// # Source
    /// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927; recommended by
    /// Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16(2), 2001.
    pub fn proportion(successes: u64, trials: u64, confidence: f64) -> Estimated {
        check_confidence(confidence);
        assert!(successes <= trials, "{successes} successes in {trials} trials");
        if trials == 0 {
            return Estimated::not_enough("no trial was made", 0, Some(1));
        }
        let (n, p) = (trials as f64, successes as f64 / trials as f64);
        let z = normal_quantile((1.0 + confidence) / 2.0);
        let weight = z * z / n;
        let centre = (p + weight / 2.0) / (1.0 + weight);
        let half = z * (p * (1.0 - p) / n + weight / (4.0 * n)).sqrt() / (1.0 + weight);
        Estimated::Known(Estimate {
            value: p,
            // Rounding must not push the ends past the value or out of 0..=1.
            low: if successes == 0 { 0.0 } else { (centre - half).clamp(0.0, p) },
            high: if successes == trials { 1.0 } else { (centre + half).clamp(p, 1.0) },
            confidence,
            n: trials,
            effective_samples: Some(trials),
        })
    }

    /// Makes the symmetric interval `value ± half`.
    pub(crate) fn around(value: f64, half: f64, confidence: f64, n: u64, effective: Option<u64>) -> Self {
        if !(value.is_finite() && half.is_finite()) {
            return Estimated::not_enough("the numbers are too large to be added up", n, None);
        }
        let (low, high) = (value - half, value + half);
        Estimated::Known(Estimate { value, low, high, confidence, n, effective_samples: effective })
    }
}

impl From<Estimate> for Estimated {
    fn from(estimate: Estimate) -> Self {
        Estimated::Known(estimate)
    }
}

/// Returns the t multiplier of a two-sided interval from `n` values.
pub(crate) fn two_sided_t(confidence: f64, n: u64) -> f64 {
    student_t_quantile((1.0 + confidence) / 2.0, (n - 1) as f64)
}

/// Returns the standard error of `ratio`, the ratio of the sums of the pairs (y, x), from at least two pairs.
pub(crate) fn ratio_error(pairs: impl Iterator<Item = (f64, f64)>, ratio: f64) -> f64 {
    let (mut n, mut whole, mut squares) = (0.0, 0.0, 0.0);
    for (y, x) in pairs {
        let off = y - ratio * x;
        n += 1.0;
        whole += x;
        squares += off * off;
    }
    (n / (n - 1.0) * squares).sqrt() / f64::abs(whole)
}

pub(crate) fn check_confidence(confidence: f64) {
    assert!(
        confidence > 0.0 && confidence < 1.0,
        "a confidence lies strictly between 0 and 1, as 0.95 does, not {confidence}"
    );
}

/// Refuses a ratio to which one replication alone contributes: nothing says how another would differ.
pub(crate) fn refuse_lone(denominators: &[f64]) -> Option<Estimated> {
    let with_any = denominators.iter().filter(|whole| **whole != 0.0).count();
    (with_any < 2).then(|| {
        let n = denominators.len() as u64;
        Estimated::not_enough("it happened in one replication only", n, None)
    })
}

/// Returns why these replications carry no interval, if so.
pub(crate) fn refuse_replications(values: &[f64]) -> Option<Estimated> {
    let n = values.len() as u64;
    if let Some(i) = values.iter().position(|v| !v.is_finite()) {
        return Some(Estimated::not_enough(format!("replication {i} gave {}", values[i]), n, None));
    }
    let reason = match n {
        0 => "there is no replication",
        1 => "one replication shows no spread: an interval takes at least two",
        _ => return None,
    };
    Some(Estimated::not_enough(reason, n, Some(2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::{Draws, assert_share};

    #[test]
    fn ten_replications_of_the_textbook() {
        // Law, Simulation Modeling and Analysis, example 4.26: ten normal observations, 90 %: 1.34 ± 0.24.
        let values = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09];
        let estimate = *Estimated::from_replications(&values, 0.9).known().unwrap();
        assert!((estimate.value - 1.343).abs() < 1e-12);
        assert!((estimate.half_width() - 0.24).abs() < 0.005, "{estimate:?}");
        assert_eq!((estimate.n, estimate.confidence), (10, 0.9));
    }

    #[test]
    fn intervals_of_normal_samples_cover_the_truth_as_often_as_they_claim() {
        let mut draws = Draws::new(11);
        for confidence in [0.8, 0.95] {
            let hits = (0..2000)
                .filter(|_| {
                    Estimated::from_replications(&draws.normals(10), confidence)
                        .known()
                        .unwrap()
                        .contains(0.0)
                })
                .count();
            assert_share(hits, 2000, confidence);
        }
    }

    #[test]
    fn too_few_or_broken_replications_give_a_reason() {
        for values in [&[][..], &[1.0], &[1.0, f64::NAN], &[1.0, f64::INFINITY, 3.0]] {
            let Estimated::NotEnough { reason, have, .. } = Estimated::from_replications(values, 0.95) else {
                panic!("an interval from {values:?}");
            };
            assert!(!reason.is_empty());
            assert_eq!(have, values.len() as u64);
        }
        assert_eq!(Estimated::from_replications(&[f64::MAX, -f64::MAX], 0.95).known(), None);
    }

    #[test]
    fn equal_replications_have_an_interval_of_no_width() {
        let estimate = *Estimated::from_replications(&[3.0; 5], 0.95).known().unwrap();
        assert_eq!((estimate.low, estimate.high, estimate.relative_half_width()), (3.0, 3.0, Some(0.0)));
    }

    #[test]
    fn wilson_matches_the_published_example() {
        // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998,
        // table I, method 3.
        for (successes, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let e = *Estimated::proportion(successes, trials, 0.95).known().unwrap();
            assert!((e.low - low).abs() < 5e-5 && (e.high - high).abs() < 5e-5, "{e:?}");
        }
        let all = *Estimated::proportion(20, 20, 0.95).known().unwrap();
        assert_eq!((all.value, all.high), (1.0, 1.0));
        assert_eq!(Estimated::proportion(0, 0, 0.95).known(), None);
    }

    #[test]
    fn a_ratio_weighs_requests_and_not_replications() {
        // 10 of 1000 and 10 of 100: 20 of 1100, not the mean of 1 % and 10 %.
        let ratio = *Estimated::ratio(&[10.0, 10.0], &[1000.0, 100.0], 0.95).known().unwrap();
        assert!((ratio.value - 20.0 / 1100.0).abs() < 1e-15);
        assert_eq!(Estimated::ratio(&[0.0, 0.0], &[0.0, 0.0], 0.95).known(), None);
        let none = *Estimated::ratio(&[0.0, 0.0], &[5.0, 7.0], 0.95).known().unwrap();
        assert_eq!((none.low, none.high), (0.0, 0.0));
    }

    #[test]
    fn ratio_intervals_cover_the_truth() {
        let mut draws = Draws::new(12);
        let hits = (0..2000)
            .filter(|_| {
                // Sizes vary, and the rate wobbles from replication to replication around 0.3.
                let (y, x): (Vec<f64>, Vec<f64>) = (0..30)
                    .map(|_| {
                        let size = 1000.0 * (0.5 + draws.uniform());
                        (size * (0.3 + 0.05 * draws.normal()), size)
                    })
                    .unzip();
                Estimated::ratio(&y, &x, 0.95).known().unwrap().contains(0.3)
            })
            .count();
        // The linearised variance is slightly small for 30 replications (Cochran, section 6.4): 94 to 95 %.
        let share = hits as f64 / 2000.0;
        assert!((0.925..0.97).contains(&share), "{share}");
    }
}
