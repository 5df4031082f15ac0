//! The Universal Scalability Law: throughput against load or workers, and its fit to measurements.

use crate::AnalyticError;
use crate::error::{require, require_non_negative, require_positive};
use crate::matrix::{Matrix, dot};
use crate::student::student_quantile;

/// Rounds of the fit; it usually settles within ten.
const ROUNDS_MAX: u32 = 500;

/// `X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1))`.
///
/// # Units
/// `gamma` in the unit of throughput; `alpha`, `beta` without.
///
/// # Source
/// Gunther, "Guerrilla Capacity Planning" (2007), ch. 4–6; the name and the three-parameter form: Gunther (2018).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usl {
    /// Contention: fraction of the work that queues for something shared.
    pub alpha: f64,
    /// Coherency: cost of every pair keeping each other up to date.
    pub beta: f64,
    /// Throughput of one.
    pub gamma: f64,
}

/// A fit of the law to measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct UslFit {
    /// The fitted law.
    pub usl: Usl,
    /// Half width of the confidence interval of `alpha`, where it is not held at its bound and data suffice.
    pub alpha_half_width: Option<f64>,
    /// The same for `beta`.
    pub beta_half_width: Option<f64>,
    /// The same for `gamma`.
    pub gamma_half_width: Option<f64>,
    /// Sum of squared differences between measurements and law.
    pub residual_sum: f64,
    /// Share of the variance of the measurements that the law explains.
    pub r_squared: f64,
}

impl Usl {
    /// Checks the coefficients.
    ///
    /// # Errors
    /// `alpha` outside 0 to 1, `beta` negative, or `gamma` not above 0.
    pub fn new(alpha: f64, beta: f64, gamma: f64) -> Result<Self, AnalyticError> {
        require((0.0..=1.0).contains(&alpha), "alpha", alpha, "0 to 1")?;
        require_non_negative("beta", beta)?;
        require_positive("gamma", gamma)?;
        Ok(Self { alpha, beta, gamma })
    }

    /// Returns the throughput at `n`.
    pub fn throughput(&self, n: f64) -> f64 {
        self.gamma * n / self.cost(n)
    }

    /// Returns the `n` of the highest throughput, `sqrt((1 - alpha) / beta)`; `None` if it never falls.
    pub fn peak_n(&self) -> Option<f64> {
        (self.beta > 0.0).then(|| ((1.0 - self.alpha) / self.beta).sqrt())
    }

    /// Returns the highest throughput; without coherency its limit `gamma / alpha` (infinity without contention, too).
    pub fn peak_throughput(&self) -> f64 {
        match self.peak_n() {
            // Fewer than one worker is no peak anybody can reach.
            Some(n) => self.throughput(n.max(1.0)),
            None => self.gamma / self.alpha,
        }
    }

    /// Returns the mean response time at load `n` by Little's law, in units of 1 / `gamma`'s.
    pub fn response_time(&self, n: f64) -> f64 {
        self.cost(n) / self.gamma
    }

    fn cost(&self, n: f64) -> f64 {
        1.0 + self.alpha * (n - 1.0) + self.beta * n * (n - 1.0)
    }

    /// Fits the law to measured throughputs by least squares, keeping `0 <= alpha <= 1` and `beta >= 0`.
    ///
    /// Half widths are those of the linearised fit at `confidence` (Student's t).
    ///
    /// # Errors
    /// Fewer than three different `n`, values not above 0, shapes that do not fit, `confidence` outside 0 to 1 (both
    /// excluded), or no convergence.
    ///
    /// # Source
    /// Model and bounds: Gunther (2007); nonlinear least squares: Marquardt (1963), as in
    /// Seber & Wild, "Nonlinear Regression" (1989), sec. 2.1 and 14.2; start: the quadratic in `n / X` of Gunther.
    pub fn fit(n: &[f64], throughput: &[f64], confidence: f64) -> Result<UslFit, AnalyticError> {
        let all = [
            (None, None),
            (Some(0.0), None),
            (Some(1.0), None),
            (None, Some(0.0)),
            (Some(0.0), Some(0.0)),
            (Some(1.0), Some(0.0)),
        ];
        Self::fit_holding(n, throughput, confidence, &all)
    }

    /// Fits Amdahl's law, the special case without coherency (`beta = 0`): `alpha` is its serial fraction.
    ///
    /// # Errors
    /// As [`Usl::fit`].
    ///
    /// # Source
    /// Amdahl (1967); as a case of the scalability law: Gunther (2007), sec. 4.3.
    pub fn fit_amdahl(n: &[f64], throughput: &[f64], confidence: f64) -> Result<UslFit, AnalyticError> {
        Self::fit_holding(
            n,
            throughput,
            confidence,
            &[(None, Some(0.0)), (Some(0.0), Some(0.0)), (Some(1.0), Some(0.0))],
        )
    }

    /// The best fit with these coefficients held, all free first; then with those that left their range held at its end.
    fn fit_holding(
        n: &[f64],
        throughput: &[f64],
        confidence: f64,
        held: &[(Option<f64>, Option<f64>)],
    ) -> Result<UslFit, AnalyticError> {
        check_data(n, throughput, confidence)?;
        let largest = throughput.iter().fold(0.0f64, |most, x| most.max(*x));
        let scaled: Vec<f64> = throughput.iter().map(|x| x / largest).collect();
        let mut best: Option<Solution> = None;
        for (round, (hold_alpha, hold_beta)) in held.iter().copied().enumerate() {
            if let Some(found) = least_squares(n, &scaled, hold_alpha, hold_beta) {
                let better = best.as_ref().is_none_or(|so_far| found.residual_sum < so_far.residual_sum);
                if found.is_feasible() && better {
                    best = Some(found);
                    if round == 0 {
                        break;
                    }
                }
            }
        }
        let found = best.ok_or(AnalyticError::NotConverged { what: "the fit of the scalability law" })?;
        found.report(n, &scaled, largest, confidence)
    }
}

fn check_data(n: &[f64], throughput: &[f64], confidence: f64) -> Result<(), AnalyticError> {
    if n.len() != throughput.len() {
        return Err(AnalyticError::Shape { name: "throughput", found: throughput.len(), needed: n.len() });
    }
    for value in n {
        require_positive("n", *value)?;
    }
    for value in throughput {
        require_positive("throughput", *value)?;
    }
    let mut different = n.to_vec();
    different.sort_by(f64::total_cmp);
    different.dedup();
    require(different.len() >= 3, "n", different.len() as f64, "three different values or more")?;
    require(confidence > 0.0 && confidence < 1.0, "confidence", confidence, "above 0, below 1")
}

/// A fit in units of the largest throughput. Coefficients in the order alpha, beta, gamma.
struct Solution {
    coefficients: [f64; 3],
    free: Vec<usize>,
    residual_sum: f64,
}

impl Solution {
    fn law(&self) -> Usl {
        law_of(self.coefficients)
    }

    fn is_feasible(&self) -> bool {
        let law = self.law();
        // Not through `new`: a free coefficient may stand exactly on its bound.
        (0.0..=1.0).contains(&law.alpha) && law.beta >= 0.0 && law.gamma > 0.0
    }

    fn report(&self, n: &[f64], scaled: &[f64], unit: f64, confidence: f64) -> Result<UslFit, AnalyticError> {
        let spare = n.len() - self.free.len();
        let mut half_widths = [None; 3];
        if spare > 0 {
            let (normal, scales) = normal_matrix(n, self.coefficients, &self.free);
            let inverse = normal.inverse("the normal equations of the scalability law")?;
            let t = student_quantile(0.5 + 0.5 * confidence, spare as u32);
            let variance = self.residual_sum / spare as f64;
            for (i, which) in self.free.iter().enumerate() {
                half_widths[*which] = Some(t * (variance * inverse.at(i, i)).sqrt() / scales[i]);
            }
        }
        let mean = scaled.iter().sum::<f64>() / scaled.len() as f64;
        let spread: f64 = scaled.iter().map(|x| (x - mean) * (x - mean)).sum();
        let law = self.law();
        Ok(UslFit {
            usl: Usl { gamma: law.gamma * unit, ..law },
            alpha_half_width: half_widths[0],
            beta_half_width: half_widths[1],
            gamma_half_width: half_widths[2].map(|width| width * unit),
            residual_sum: self.residual_sum * unit * unit,
            r_squared: if spread > 0.0 { 1.0 - self.residual_sum / spread } else { 1.0 },
        })
    }
}

fn law_of([alpha, beta, gamma]: [f64; 3]) -> Usl {
    Usl { alpha, beta, gamma }
}

/// Marquardt's method from the linear fit of `n / X`; `None` if it does not settle.
fn least_squares(n: &[f64], x: &[f64], hold_alpha: Option<f64>, hold_beta: Option<f64>) -> Option<Solution> {
    let mut coefficients = linear_start(n, x)?;
    let mut free = Vec::new();
    for (which, held) in [hold_alpha, hold_beta, None].into_iter().enumerate() {
        match held {
            Some(value) => coefficients[which] = value,
            None => free.push(which),
        }
    }
    let misfit = |c: [f64; 3]| -> f64 {
        n.iter().zip(x).map(|(n, x)| x - law_of(c).throughput(*n)).map(|e| e * e).sum()
    };
    let mut so_far = misfit(coefficients);
    let mut damping = 1e-3;
    for _ in 0..ROUNDS_MAX {
        let (normal, scales) = normal_matrix(n, coefficients, &free);
        let differences: Vec<f64> =
            n.iter().zip(x).map(|(n, x)| x - law_of(coefficients).throughput(*n)).collect();
        let right: Vec<f64> = (free.iter().zip(&scales))
            .map(|(which, scale)| {
                let column: Vec<f64> = n.iter().map(|n| slope(*n, coefficients, *which) / scale).collect();
                dot(&column, &differences)
            })
            .collect();
        let damped = normal.plus(&Matrix::diagonal(&vec![damping; free.len()]));
        let step = damped.solve(&right, "a damped step").ok()?;
        let mut next = coefficients;
        for ((which, scale), change) in free.iter().zip(&scales).zip(&step) {
            next[*which] += change / scale;
        }
        let then = misfit(next);
        if then.is_finite() && then <= so_far {
            let settled = step.iter().all(|change| change.abs() <= 1e-13);
            (coefficients, so_far) = (next, then);
            damping = (damping * 0.1).max(1e-15);
            if settled {
                break;
            }
        } else {
            damping *= 10.0;
            // No step however small improves: rounding is all that is left.
            if damping > 1e12 {
                break;
            }
        }
    }
    so_far.is_finite().then_some(Solution { coefficients, free, residual_sum: so_far })
}

/// `n / X = (1 + alpha (n - 1) + beta n (n - 1)) / gamma` is linear in its coefficients.
fn linear_start(n: &[f64], x: &[f64]) -> Option<[f64; 3]> {
    let rows: Vec<[f64; 3]> = n.iter().map(|n| [1.0, n - 1.0, n * (n - 1.0)]).collect();
    let scales: Vec<f64> =
        (0..3).map(|i| rows.iter().map(|row| row[i] * row[i]).sum::<f64>().sqrt()).collect();
    let mut normal = Matrix::zero(3, 3);
    let mut right = vec![0.0; 3];
    for (row, (n, x)) in rows.iter().zip(n.iter().zip(x)) {
        for i in 0..3 {
            right[i] += row[i] / scales[i] * n / x;
            for j in 0..3 {
                normal.add_to(i, j, row[i] / scales[i] * row[j] / scales[j]);
            }
        }
    }
    let solved = normal.solve(&right, "the start of the fit").ok()?;
    let [one, a, b] = [solved[0] / scales[0], solved[1] / scales[1], solved[2] / scales[2]];
    if one > 0.0 {
        return Some([a / one, b / one, 1.0 / one]);
    }
    // Noise can make the intercept negative: then from the best single measurement, hardly bent.
    let best = n.iter().zip(x).fold(0.0f64, |most, (n, x)| most.max(x / n));
    Some([0.01, 1e-6, best])
}

/// Normal equations with columns scaled to length 1, and the lengths.
fn normal_matrix(n: &[f64], coefficients: [f64; 3], free: &[usize]) -> (Matrix, Vec<f64>) {
    let columns: Vec<Vec<f64>> =
        free.iter().map(|which| n.iter().map(|n| slope(*n, coefficients, *which)).collect()).collect();
    let scales: Vec<f64> = columns.iter().map(|c| dot(c, c).sqrt().max(f64::MIN_POSITIVE)).collect();
    let mut normal = Matrix::zero(free.len(), free.len());
    for i in 0..free.len() {
        for j in 0..free.len() {
            normal.set(i, j, dot(&columns[i], &columns[j]) / (scales[i] * scales[j]));
        }
    }
    (normal, scales)
}

/// Derivative of the throughput by one coefficient.
fn slope(n: f64, coefficients: [f64; 3], which: usize) -> f64 {
    let law = law_of(coefficients);
    let cost = law.cost(n);
    match which {
        0 => -law.gamma * n * (n - 1.0) / (cost * cost),
        1 => -law.gamma * n * n * (n - 1.0) / (cost * cost),
        _ => n / cost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_data_give_the_law_back() {
        let law = Usl::new(0.03, 0.0005, 40.0).unwrap();
        let n = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
        let x: Vec<f64> = n.iter().map(|n| law.throughput(*n)).collect();
        let fit = Usl::fit(&n, &x, 0.95).unwrap();
        assert!((fit.usl.alpha - 0.03).abs() < 1e-9);
        assert!((fit.usl.beta - 0.0005).abs() < 1e-11);
        assert!((fit.usl.gamma - 40.0).abs() < 1e-7);
        assert!((fit.usl.peak_n().unwrap() - (0.97f64 / 0.0005).sqrt()).abs() < 1e-6);
        assert!(fit.r_squared > 1.0 - 1e-12);
    }

    #[test]
    fn a_published_fit_is_reproduced() {
        // SPEC SDM91 on a SPARCcenter 2000: Gunther (2007), table 5.1; R package usl, data set specsdm91.
        let n = [1.0, 18.0, 36.0, 72.0, 108.0, 144.0, 216.0];
        let x = [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2];
        let fit = Usl::fit(&n, &x, 0.95).unwrap();
        assert!((fit.usl.alpha / 0.027_728_413_89 - 1.0).abs() < 1e-5, "{fit:?}");
        assert!((fit.usl.beta / 0.000_104_365_772_1 - 1.0).abs() < 1e-5, "{fit:?}");
        assert!((fit.usl.gamma / 89.995_183_16 - 1.0).abs() < 1e-5, "{fit:?}");
        assert!((fit.usl.peak_n().unwrap() / 96.519_56 - 1.0).abs() < 1e-5);
        assert!((fit.usl.peak_throughput() / 1884.0 - 1.0).abs() < 1e-3);
        // The R package reports standard errors; the interval must at least contain the published estimate and not 0.
        let width = fit.alpha_half_width.unwrap();
        assert!(width > 0.0 && width < fit.usl.alpha);
    }

    #[test]
    fn the_half_width_is_that_of_simulated_noise() {
        // 400 noisy copies (a fixed linear congruential generator, nearly normal sums): the spread of the estimates is
        // the half width over t. With 400 copies the spread itself is known to 1/sqrt(800) = 3.5 %; four of these.
        let law = Usl::new(0.05, 0.001, 10.0).unwrap();
        let n: Vec<f64> = (1..=30).map(f64::from).collect();
        let mut seed = 12345u64;
        let mut noise = || {
            (0..12)
                .map(|_| {
                    seed =
                        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 11) as f64 / (1u64 << 53) as f64 - 0.5
                })
                .sum::<f64>()
        };
        let (mut sum, mut squares, mut widths) = (0.0, 0.0, 0.0);
        for _ in 0..400 {
            let x: Vec<f64> = n.iter().map(|n| law.throughput(*n) + 0.3 * noise()).collect();
            let fit = Usl::fit(&n, &x, 0.95).unwrap();
            sum += fit.usl.gamma;
            squares += fit.usl.gamma * fit.usl.gamma;
            widths += fit.gamma_half_width.unwrap();
        }
        let spread = (squares / 400.0 - (sum / 400.0) * (sum / 400.0)).sqrt();
        let claimed = widths / 400.0 / student_quantile(0.975, 27);
        assert!((spread / claimed - 1.0).abs() < 0.14, "{spread} {claimed}");
    }

    #[test]
    fn superlinear_data_are_held_at_the_bounds() {
        let fit = Usl::fit(&[1.0, 2.0, 4.0, 8.0], &[1.0, 2.2, 4.6, 9.6], 0.95).unwrap();
        assert_eq!((fit.usl.alpha, fit.usl.beta), (0.0, 0.0));
        assert_eq!((fit.alpha_half_width, fit.usl.peak_n()), (None, None));
        assert!(fit.gamma_half_width.is_some());
    }

    #[test]
    fn amdahls_law_is_found_where_there_is_no_coherency() {
        let n = [1.0, 2.0, 4.0, 8.0, 16.0];
        let x: Vec<f64> = n.iter().map(|n| 50.0 * n / (1.0 + 0.1 * (n - 1.0))).collect();
        let fit = Usl::fit_amdahl(&n, &x, 0.95).unwrap();
        assert!((fit.usl.alpha - 0.1).abs() < 1e-9 && (fit.usl.gamma - 50.0).abs() < 1e-6, "{fit:?}");
        assert_eq!(fit.usl.beta, 0.0);
    }

    #[test]
    fn too_few_points_are_refused() {
        assert!(Usl::fit(&[1.0, 2.0, 2.0], &[1.0, 1.9, 1.9], 0.95).is_err());
        assert!(Usl::fit(&[1.0, 2.0], &[1.0], 0.95).is_err());
        let exact = Usl::fit(&[1.0, 2.0, 4.0], &[1.0, 1.8, 2.8], 0.95).unwrap();
        assert_eq!(exact.alpha_half_width, None);
    }
}
