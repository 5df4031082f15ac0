//! MMPP/M/1: bursty arrivals whose rate follows a Markov chain, one exponential server.

use crate::AnalyticError;
use crate::error::{require, require_non_negative, require_positive, require_stable};
use crate::matrix::{Matrix, dot};

/// Phases of the arrival process that are still solved in a blink.
const PHASES_MAX: usize = 200;

/// The MMPP/M/1 queue in steady state, solved to rounding by the matrix-geometric method.
///
/// # Source
/// Neuts, "Matrix-Geometric Solutions in Stochastic Models" (1981), ch. 3; logarithmic reduction: Latouche & Ramaswami,
/// Journal of Applied Probability 30 (1993); Fischer & Meier-Hellstern, "The MMPP cookbook",
/// Performance Evaluation 18 (1993).
#[derive(Debug, Clone, PartialEq)]
pub struct MmppM1 {
    arrival_rate_per_s: f64,
    service_rate_per_s: f64,
    /// Joint probability of "empty" and each phase.
    empty: Vec<f64>,
    /// Expected time in a phase one level up per time in a phase below.
    rate_matrix: Matrix,
    /// `(I - R)^-1`.
    levels: Matrix,
}

impl MmppM1 {
    /// Solves for two phases: rates of arrival in each and of leaving each [1/s].
    ///
    /// # Errors
    /// As [`MmppM1::new`].
    pub fn two_phases(
        rates_per_s: [f64; 2],
        first_to_second_per_s: f64,
        second_to_first_per_s: f64,
        service_rate_per_s: f64,
    ) -> Result<Self, AnalyticError> {
        let switching = [vec![0.0, first_to_second_per_s], vec![second_to_first_per_s, 0.0]];
        Self::new(&rates_per_s, &switching, service_rate_per_s)
    }

    /// Solves for any number of phases: arrival rate of each, and rates of switching between them [1/s]
    /// (the diagonal is ignored).
    ///
    /// # Errors
    /// Rates out of range, no arrivals at all, shapes that do not fit, phases that cannot all be reached;
    /// [`AnalyticError::Unstable`] if the mean rate is at or above that of service.
    pub fn new(
        rates_per_s: &[f64],
        switching_per_s: &[Vec<f64>],
        service_rate_per_s: f64,
    ) -> Result<Self, AnalyticError> {
        let n = rates_per_s.len();
        require((1..=PHASES_MAX).contains(&n), "rates_per_s", n as f64, "1 to 200 phases")?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        for rate in rates_per_s {
            require_non_negative("rates_per_s", *rate)?;
        }
        let generator = generator_of(switching_per_s, n)?;
        let phases = stationary_phases(&generator)?;
        let arrival_rate_per_s = dot(&phases, rates_per_s);
        require_positive("rates_per_s", arrival_rate_per_s)?;
        require_stable(arrival_rate_per_s / service_rate_per_s, service_rate_per_s)?;

        let up = Matrix::diagonal(rates_per_s);
        let down = Matrix::identity(n).scaled(service_rate_per_s);
        let local = generator.minus(&up).minus(&down);
        let rate_matrix = rate_matrix(&up, &local, &down)?;
        let levels = Matrix::identity(n).minus(&rate_matrix).inverse("levels of the MMPP/M/1 queue")?;
        // pi_0 (I - R)^-1 is the law of the phase, which the queue does not influence.
        let empty = Matrix::identity(n).minus(&rate_matrix).left_times(&phases);
        Ok(Self { arrival_rate_per_s, service_rate_per_s, empty, rate_matrix, levels })
    }

    /// Returns the mean arrival rate [1/s].
    pub fn arrival_rate_per_s(&self) -> f64 {
        self.arrival_rate_per_s
    }

    /// Returns the fraction of time the server is busy.
    pub fn utilization(&self) -> f64 {
        self.arrival_rate_per_s / self.service_rate_per_s
    }

    /// Returns the probability that nobody is there.
    pub fn empty_probability(&self) -> f64 {
        self.empty.iter().sum()
    }

    /// Returns the mean number waiting or in service: `pi_0 R (I - R)^-2 1`.
    pub fn number_mean(&self) -> f64 {
        let first = self.rate_matrix.left_times(&self.empty);
        self.levels.left_times(&self.levels.left_times(&first)).iter().sum()
    }

    /// Returns `P(n or more present)` as seen by an outside observer.
    pub fn number_at_least(&self, n: u32) -> f64 {
        let mut level = self.empty.clone();
        for _ in 0..n {
            level = self.rate_matrix.left_times(&level);
        }
        self.levels.left_times(&level).iter().sum()
    }

    /// Returns the mean response time \[s\].
    pub fn response_s_mean(&self) -> f64 {
        self.number_mean() / self.arrival_rate_per_s
    }

    /// Returns the mean waiting time \[s\].
    pub fn waiting_s_mean(&self) -> f64 {
        self.response_s_mean() - 1.0 / self.service_rate_per_s
    }
}

fn generator_of(switching_per_s: &[Vec<f64>], n: usize) -> Result<Matrix, AnalyticError> {
    if switching_per_s.len() != n {
        let found = switching_per_s.len();
        return Err(AnalyticError::Shape { name: "switching_per_s", found, needed: n });
    }
    let mut generator = Matrix::zero(n, n);
    for (i, row) in switching_per_s.iter().enumerate() {
        if row.len() != n {
            return Err(AnalyticError::Shape { name: "switching_per_s", found: row.len(), needed: n });
        }
        for (j, rate) in row.iter().enumerate().filter(|(j, _)| *j != i) {
            require_non_negative("switching_per_s", *rate)?;
            generator.set(i, j, *rate);
            generator.add_to(i, i, -rate);
        }
    }
    Ok(generator)
}

/// The law of the phase: `p Q = 0`, sum 1 (in place of the last equation, which the others imply).
fn stationary_phases(generator: &Matrix) -> Result<Vec<f64>, AnalyticError> {
    let n = generator.rows();
    let mut equations = generator.transposed();
    for j in 0..n {
        equations.set(n - 1, j, 1.0);
    }
    let mut right = vec![0.0; n];
    right[n - 1] = 1.0;
    equations.solve(&right, "the law of the arrival phases (is every phase reachable from every other?)")
}

/// The minimal solution of `up + R local + R² down = 0`, through `G` by logarithmic reduction.
fn rate_matrix(up: &Matrix, local: &Matrix, down: &Matrix) -> Result<Matrix, AnalyticError> {
    let n = up.rows();
    let what = "logarithmic reduction";
    let stay = local.scaled(-1.0).inverse(what)?;
    let mut higher = stay.times(up);
    let mut lower = stay.times(down);
    let mut first_passage = lower.clone();
    let mut path = higher.clone();
    // Each round doubles the levels looked at; 60 rounds are more levels than any f64 can tell apart.
    for _ in 0..60 {
        let both = higher.times(&lower).plus(&lower.times(&higher));
        let inverse = Matrix::identity(n).minus(&both).inverse(what)?;
        higher = inverse.times(&higher.times(&higher));
        lower = inverse.times(&lower.times(&lower));
        let more = path.times(&lower);
        first_passage = first_passage.plus(&more);
        path = path.times(&higher);
        if more.largest() < 1e-17 || path.largest() < 1e-17 {
            let blocked = local.plus(&up.times(&first_passage)).scaled(-1.0).inverse(what)?;
            return Ok(up.times(&blocked));
        }
    }
    Err(AnalyticError::NotConverged { what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gm1, Law, Mm1};

    #[test]
    fn equal_rates_in_both_phases_are_mm1() {
        let bursty = MmppM1::two_phases([0.8, 0.8], 0.02, 0.06, 1.0).unwrap();
        let plain = Mm1::new(0.8, 1.0).unwrap();
        assert!((bursty.number_mean() - plain.number_mean()).abs() < 1e-11);
        assert!((bursty.number_at_least(5) - plain.number_at_least(5)).abs() < 1e-13);
    }

    #[test]
    fn an_interrupted_poisson_process_is_a_hyperexponential_renewal_process() {
        // Kuczura, BSTJ 52 (1973): on-rate 2, leaving on at 0.5, leaving off at 0.25.
        let (rate, leave, back) = (2.0, 0.5, 0.25);
        let bursty = MmppM1::two_phases([rate, 0.0], leave, back, 1.0).unwrap();
        let sum = rate + leave + back;
        let root = (sum * sum - 4.0 * rate * back).sqrt();
        let (fast, slow) = (0.5 * (sum + root), 0.5 * (sum - root));
        let law = Law::Hyperexponential {
            probability: (rate - slow) / (fast - slow),
            rate_first_per_s: fast,
            rate_second_per_s: slow,
        };
        let renewal = Gm1::new(law, 1.0).unwrap();
        assert!((bursty.arrival_rate_per_s() * law.mean_s() - 1.0).abs() < 1e-13);
        assert!((bursty.number_mean() / renewal.number_mean() - 1.0).abs() < 1e-11);
    }

    #[test]
    fn an_empty_system_is_as_frequent_as_the_load_leaves_it() {
        let bursty = MmppM1::two_phases([0.4, 1.6], 0.02, 0.06, 1.0).unwrap();
        assert!((bursty.empty_probability() - 0.3).abs() < 1e-13);
    }

    #[test]
    fn phases_that_never_meet_and_overload_are_refused() {
        assert!(matches!(MmppM1::two_phases([0.4, 0.6], 0.0, 0.0, 1.0), Err(AnalyticError::Singular { .. })));
        assert!(matches!(MmppM1::two_phases([1.0, 3.0], 1.0, 1.0, 1.5), Err(AnalyticError::Unstable { .. })));
    }
}
