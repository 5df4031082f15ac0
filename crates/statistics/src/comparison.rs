//! Is B better than A? Paired differences on common random numbers, and what several questions at once cost.

use crate::estimate::{check_confidence, refuse_replications};
use crate::{Estimated, Tally, student_t_tail};

/// What a paired comparison says about the second design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The second is lower: the whole interval of the difference lies below 0.
    Lower,
    /// The second is higher: the whole interval of the difference lies above 0.
    Higher,
    /// No difference shown: the interval holds 0. That is not a proof that they are equal.
    NotShown,
    /// There are too few pairs to say anything.
    NotEnough,
}

/// A comparison of two designs, replication by replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// Second minus first.
    pub difference: Estimated,
    /// What the interval of the difference says.
    pub verdict: Verdict,
    /// Two-sided p-value of "no difference", for the corrections of a family; `None` without an estimate.
    pub p_value: Option<f64>,
    /// Correlation between the pairs: above 0, common random numbers helped; `None` if either does not vary.
    pub correlation: Option<f64>,
}

/// Compares two designs by the differences `second[i] - first[i]`; pair `i` shares its random numbers.
///
/// # Panics
/// If the slices differ in length or `confidence` is not strictly between 0 and 1.
///
/// # Source
/// Law, Simulation Modeling and Analysis, 5th ed., section 10.2.1 (paired-t) and 11.2 (common random numbers).
pub fn paired(first: &[f64], second: &[f64], confidence: f64) -> Paired {
    check_confidence(confidence);
    assert_eq!(
        first.len(),
        second.len(),
        "a paired comparison takes one value of each design per replication"
    );
    let refused =
        |difference| Paired { difference, verdict: Verdict::NotEnough, p_value: None, correlation: None };
    if let Some(refusal) = refuse_replications(first).or_else(|| refuse_replications(second)) {
        return refused(refusal);
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
    let difference = Estimated::from_replications(&differences, confidence);
    let Some(estimate) = difference.known() else {
        return refused(difference);
    };
    let verdict = if estimate.high < 0.0 {
        Verdict::Lower
    } else if estimate.low > 0.0 {
        Verdict::Higher
    } else {
        Verdict::NotShown
    };
    let p_value = Some(p_value_of_zero(&differences));
    Paired { verdict, p_value, correlation: correlation(first, second), difference }
}

/// Returns p-values made fit for a family of comparisons by Bonferroni: times their number, at most 1.
///
/// # Panics
/// If a p-value is not in 0..=1.
///
/// # Source
/// Dunn, "Multiple comparisons among means", JASA 56, 1961.
pub fn bonferroni(p_values: &[f64]) -> Vec<f64> {
    check_p_values(p_values);
    p_values.iter().map(|p| (p * p_values.len() as f64).min(1.0)).collect()
}

/// Returns the confidence each of `comparisons` intervals needs so that all hold together at `confidence`.
///
/// # Panics
/// If `confidence` is not strictly between 0 and 1.
///
/// # Source
/// Law, Simulation Modeling and Analysis, 5th ed., section 10.3 (Bonferroni inequality).
pub fn bonferroni_confidence(confidence: f64, comparisons: usize) -> f64 {
    check_confidence(confidence);
    1.0 - (1.0 - confidence) / comparisons.max(1) as f64
}

/// Returns p-values made fit for a family of comparisons by Holm's step-down method, in the order given.
///
/// Holds under any dependence, as Bonferroni does, and never gives a larger p-value.
///
/// # Panics
/// If a p-value is not in 0..=1.
///
/// # Source
/// Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    check_p_values(p_values);
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &i) in order.iter().enumerate() {
        // A less significant question cannot come out more significant than one before it.
        largest = largest.max((p_values[i] * (p_values.len() - rank) as f64).min(1.0));
        adjusted[i] = largest;
    }
    adjusted
}

/// Returns the two-sided p-value of Student's test that the mean of at least two differences is 0.
fn p_value_of_zero(differences: &[f64]) -> f64 {
    let tally: Tally = differences.iter().copied().collect();
    let (mean, variance) = tally.mean().zip(tally.variance()).expect("there are at least two differences");
    let error = (variance / tally.count() as f64).sqrt();
    if mean == 0.0 {
        return 1.0;
    }
    2.0 * student_t_tail(mean.abs() / error, (tally.count() - 1) as f64)
}

fn correlation(first: &[f64], second: &[f64]) -> Option<f64> {
    let (a, b): (Tally, Tally) = (first.iter().copied().collect(), second.iter().copied().collect());
    let (mean_a, mean_b) = a.mean().zip(b.mean())?;
    let (spread_a, spread_b) = a.standard_deviation().zip(b.standard_deviation())?;
    let products: f64 = first.iter().zip(second).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum();
    let r = products / (first.len() - 1) as f64 / (spread_a * spread_b);
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

fn check_p_values(p_values: &[f64]) {
    for p in p_values {
        assert!((0.0..=1.0).contains(p), "a p-value lies in 0..=1, not {p}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::{Draws, assert_share};

    #[test]
    fn sleep_data_of_student_1908() {
        // Student, "The probable error of a mean", Biometrika 6: extra sleep under two drugs; t = 4.0621 with 9
        // degrees of freedom, p = 0.002833, 95 % interval 0.7001 to 2.4599 (R: t.test(paired = TRUE)).
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let result = paired(&first, &second, 0.95);
        let e = *result.difference.known().unwrap();
        assert!((e.value - 1.58).abs() < 1e-12);
        assert!((e.low - 0.7001142).abs() < 1e-6 && (e.high - 2.4598858).abs() < 1e-6, "{e:?}");
        assert!((result.p_value.unwrap() - 0.00283289).abs() < 1e-7, "{result:?}");
        assert_eq!(result.verdict, Verdict::Higher);
        assert_eq!(paired(&second, &first, 0.95).verdict, Verdict::Lower);
        assert_eq!(paired(&first, &second, 0.999).verdict, Verdict::NotShown);
        assert!((result.correlation.unwrap() - 0.7951702).abs() < 1e-6);
    }

    #[test]
    fn equal_designs_are_called_different_as_seldom_as_claimed() {
        let mut draws = Draws::new(61);
        let alarms = (0..2000)
            .filter(|_| {
                let result = paired(&draws.normals(8), &draws.normals(8), 0.95);
                let shown = result.verdict != Verdict::NotShown;
                assert_eq!(shown, result.p_value.unwrap() < 0.05);
                shown
            })
            .count();
        assert_share(alarms, 2000, 0.05);
    }

    #[test]
    fn identical_runs_show_no_difference_and_constant_shifts_do() {
        let values = [1.0, 2.0, 4.0];
        let same = paired(&values, &values, 0.95);
        assert_eq!((same.verdict, same.p_value, same.correlation), (Verdict::NotShown, Some(1.0), Some(1.0)));
        let shifted = paired(&values, &values.map(|v| v + 1.0), 0.95);
        assert_eq!((shifted.verdict, shifted.p_value), (Verdict::Higher, Some(0.0)));
    }

    #[test]
    fn too_few_pairs_say_nothing() {
        let result = paired(&[1.0], &[2.0], 0.95);
        assert_eq!((result.verdict, result.p_value), (Verdict::NotEnough, None));
        assert_eq!(paired(&[1.0, f64::NAN], &[2.0, 3.0], 0.95).verdict, Verdict::NotEnough);
    }

    #[test]
    fn corrections_by_hand() {
        // The example of R's p.adjust documentation form: 4, 3, 2, 1 times, then made monotone.
        let p = [0.01, 0.04, 0.03, 0.005];
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-15);
        assert!(close(&bonferroni(&p), &[0.04, 0.16, 0.12, 0.02]));
        assert!(close(&holm(&p), &[0.03, 0.06, 0.06, 0.02]));
        assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
        assert!((bonferroni_confidence(0.95, 5) - 0.99).abs() < 1e-15);
        assert_eq!(bonferroni_confidence(0.95, 0), 0.95);
    }

    #[test]
    fn holm_keeps_the_family_error() {
        let mut draws = Draws::new(62);
        let families = 2000;
        let wrong = (0..families)
            .filter(|_| {
                let p_values: Vec<f64> = (0..6).map(|_| draws.uniform()).collect();
                holm(&p_values).iter().any(|&p| p <= 0.05)
            })
            .count();
        // All hypotheses hold and are independent: the first step decides, exactly 1 - (1 - 0.05/6)^6.
        assert_share(wrong, families, 1.0 - libm::pow(1.0 - 0.05 / 6.0, 6.0));
    }
}
