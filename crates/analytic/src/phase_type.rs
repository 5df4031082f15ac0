//! Phase-type laws: the time until a small Markov chain is absorbed.

use crate::AnalyticError;
use crate::matrix::Matrix;
use crate::root::quantile_of;

/// Expected jumps handled in one go by uniformisation; `exp(-400)` is far from underflow.
const JUMPS_AT_ONCE: f64 = 400.0;
/// Chunks of that size stepped through one by one; more are squared together.
const CHUNKS_BY_VECTOR: f64 = 32.0;

/// The time a Markov chain spends before absorption, started by a (possibly deficient) row vector.
///
/// A deficient start leaves an atom at zero: right for the wait of a queue that is sometimes empty.
///
/// # Source
/// Neuts, "Matrix-Geometric Solutions in Stochastic Models" (1981), ch. 2;
/// uniformisation: Jensen (1953), Grassmann, "Transient solutions in Markovian queueing systems",
/// Computers & Operations Research 4 (1977).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhaseType {
    start: Vec<f64>,
    generator: Matrix,
    mean_s: f64,
}

impl PhaseType {
    /// Makes a series of exponential phases.
    pub(crate) fn series(rates_per_s: &[f64]) -> Result<Self, AnalyticError> {
        let n = rates_per_s.len();
        let mut start = vec![0.0; n];
        start[0] = 1.0;
        let mut generator = Matrix::zero(n, n);
        for (i, rate) in rates_per_s.iter().enumerate() {
            generator.set(i, i, -rate);
            if i + 1 < n {
                generator.set(i, i + 1, *rate);
            }
        }
        Self::from_parts(start, generator)
    }

    /// Makes the law of an absorption time. Every phase must lead out.
    pub(crate) fn from_parts(start: Vec<f64>, generator: Matrix) -> Result<Self, AnalyticError> {
        let times = times_in_phases(&start, &generator)?;
        Ok(Self { start, generator, mean_s: times.iter().sum() })
    }

    /// Returns the mean \[s\].
    pub(crate) fn mean_s(&self) -> f64 {
        self.mean_s
    }

    /// Returns `P(X > t)`, `t` in \[s\].
    pub(crate) fn exceeds(&self, t_s: f64) -> f64 {
        if t_s < 0.0 {
            return 1.0;
        }
        let rate = (0..self.start.len()).fold(0.0f64, |most, i| most.max(-self.generator.at(i, i)));
        let chunks = libm::ceil(rate * t_s / JUMPS_AT_ONCE).max(1.0);
        let jumps = rate * t_s / chunks;
        let step = Step::new(&self.generator, rate);
        let mut state = self.start.clone();
        if chunks <= CHUNKS_BY_VECTOR {
            for _ in 0..chunks as u32 {
                state = step.after_jumps(&state, jumps);
            }
        } else {
            state = after_many(state, step.matrix_after(jumps), chunks);
        }
        state.iter().sum()
    }

    /// Returns the time not exceeded with probability `p` \[s\].
    ///
    /// # Errors
    /// `p` outside `0 <= p < 1`.
    pub(crate) fn quantile_s(&self, p: f64) -> Result<f64, AnalyticError> {
        let scale = if self.mean_s > 0.0 { self.mean_s } else { 1.0 };
        quantile_of(p, scale, |t| self.exceeds(t))
    }

    /// Returns the law of the wait in an M/PH/1 queue (utilization `rho`) with this service.
    ///
    /// Source: Neuts (1981), theorem 3.2.1: a geometric number of residual services.
    pub(crate) fn queue_wait(&self, rho: f64) -> Result<Self, AnalyticError> {
        let residual = self.residual()?;
        let mut generator = self.generator.clone();
        for (i, exit) in self.exit_rates().iter().enumerate() {
            for (j, share) in residual.iter().enumerate() {
                generator.add_to(i, j, rho * exit * share);
            }
        }
        Self::from_parts(residual.iter().map(|share| rho * share).collect(), generator)
    }

    /// Returns the law of wait plus service in an M/PH/1 queue: the phases of the wait, then those of the service.
    pub(crate) fn queue_response(&self, rho: f64) -> Result<Self, AnalyticError> {
        let n = self.start.len();
        let wait = self.queue_wait(rho)?;
        let mut start = wait.start.clone();
        start.extend(self.start.iter().map(|share| (1.0 - rho) * share));
        let mut generator = Matrix::zero(2 * n, 2 * n);
        for (i, exit) in self.exit_rates().iter().enumerate() {
            for j in 0..n {
                generator.set(i, j, wait.generator.at(i, j));
                generator.set(i, n + j, (1.0 - rho) * exit * self.start[j]);
                generator.set(n + i, n + j, self.generator.at(i, j));
            }
        }
        Self::from_parts(start, generator)
    }

    /// The phases of the residual service seen at a random busy instant.
    fn residual(&self) -> Result<Vec<f64>, AnalyticError> {
        let times = times_in_phases(&self.start, &self.generator)?;
        Ok(times.iter().map(|time| time / self.mean_s).collect())
    }

    /// The rates of absorption from each phase.
    fn exit_rates(&self) -> Vec<f64> {
        self.generator.right_times(&vec![1.0; self.start.len()]).iter().map(|rate| -rate).collect()
    }
}

/// Mean time spent in each phase: `-start * generator^-1`.
fn times_in_phases(start: &[f64], generator: &Matrix) -> Result<Vec<f64>, AnalyticError> {
    generator.transposed().scaled(-1.0).solve(start, "phases that are never left")
}

/// One jump of the uniformised chain, without its zeros.
struct Step {
    phases: usize,
    entries: Vec<(usize, usize, f64)>,
}

impl Step {
    fn new(generator: &Matrix, rate: f64) -> Self {
        let phases = generator.rows();
        let whole = generator.scaled(1.0 / rate).plus(&Matrix::identity(phases));
        let entries = (0..phases)
            .flat_map(|i| (0..phases).map(move |j| (i, j)))
            .map(|(i, j)| (i, j, whole.at(i, j)))
            .filter(|entry| entry.2 != 0.0)
            .collect();
        Self { phases, entries }
    }

    /// The state after a Poisson number of jumps of mean `jumps`. All terms are positive: nothing cancels.
    fn after_jumps(&self, state: &[f64], jumps: f64) -> Vec<f64> {
        let mut weight = libm::exp(-jumps);
        let mut power = state.to_vec();
        let mut sum: Vec<f64> = power.iter().map(|p| p * weight).collect();
        let mut k = 0.0;
        loop {
            k += 1.0;
            weight *= jumps / k;
            // Beyond the mode the rest is below a geometric series of the last weight.
            if k > jumps && weight < 1e-18 {
                return sum;
            }
            let mut next = vec![0.0; self.phases];
            for (i, j, value) in &self.entries {
                next[*j] += power[*i] * value;
            }
            power = next;
            for (total, p) in sum.iter_mut().zip(&power) {
                *total += weight * p;
            }
        }
    }

    /// The same for every state at once: row `i` starts in phase `i`.
    fn matrix_after(&self, jumps: f64) -> Matrix {
        let mut made = Matrix::zero(self.phases, self.phases);
        for i in 0..self.phases {
            let mut unit = vec![0.0; self.phases];
            unit[i] = 1.0;
            for (j, value) in self.after_jumps(&unit, jumps).iter().enumerate() {
                made.set(i, j, *value);
            }
        }
        made
    }
}

/// `state * once^times` by repeated squaring.
fn after_many(mut state: Vec<f64>, mut once: Matrix, mut times: f64) -> Vec<f64> {
    while times >= 1.0 && state.iter().any(|p| *p > 0.0) {
        let half = libm::floor(0.5 * times);
        if times - 2.0 * half >= 1.0 {
            state = once.left_times(&state);
        }
        once = once.times(&once);
        times = half;
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Law;

    #[test]
    fn an_erlang_made_of_phases_has_the_survival_of_the_erlang() {
        let law = Law::Erlang { phases: 5, mean_s: 2.0 };
        let phases = law.phase_type().unwrap();
        for t in [0.0, 0.1, 1.0, 2.0, 7.0, 15.0] {
            assert!((phases.exceeds(t) - law.exceeds(t)).abs() < 1e-13, "{t}");
        }
        assert!((phases.mean_s() - 2.0).abs() < 1e-14);
    }

    #[test]
    fn very_long_times_do_not_underflow_to_nonsense() {
        let phases = PhaseType::series(&[1000.0, 0.001]).unwrap();
        // The slow phase rules: exp(-0.001 t) * 1000 / (1000 - 0.001).
        let expected = libm::exp(-2.0) * 1000.0 / 999.999;
        assert!((phases.exceeds(2000.0) / expected - 1.0).abs() < 1e-10);
    }

    #[test]
    fn the_wait_for_exponential_service_is_that_of_mm1() {
        let wait = PhaseType::series(&[2.0]).unwrap().queue_wait(0.75).unwrap();
        for t in [0.0, 0.5, 3.0] {
            assert!((wait.exceeds(t) - 0.75 * libm::exp(-0.5 * t)).abs() < 1e-14);
        }
        let response = PhaseType::series(&[2.0]).unwrap().queue_response(0.75).unwrap();
        for t in [0.0, 0.5, 3.0] {
            assert!((response.exceeds(t) - libm::exp(-0.5 * t)).abs() < 1e-13);
        }
    }
}
