//! Mt/M/c(/K) over time: the forward equations of the birth–death chain, integrated.

use crate::birth_death::mean_over;
use crate::error::{require, require_at_least_one, require_non_negative, require_positive};
use crate::{AnalyticError, RateProfile};

/// Error allowed in any probability per step.
const TOLERANCE: f64 = 1e-13;
/// Probability of the topmost state that makes the chain grow.
const TOP_MAX: f64 = 1e-15;
/// Most states held.
const STATES_MAX: usize = 1 << 17;
/// Most state updates (steps times states): some seconds.
const WORK_MAX: f64 = 2e8;

/// A queue with exponential servers and a changing arrival rate, from a given start.
///
/// # Source
/// Kolmogorov's forward equations (Kleinrock, "Queueing Systems", vol. 1 (1975), sec. 2.5); as used by Green & Kolesar,
/// Management Science 37 (1991). Integrated by Dormand & Prince, Journal of Computational and Applied
/// Mathematics 6 (1980), order 5(4), on as many states as carry more than 10^-15 of probability.
#[derive(Debug, Clone, PartialEq)]
pub struct TransientMmc {
    rate: RateProfile,
    service_rate_per_s: f64,
    servers: usize,
    capacity: Option<usize>,
    initial: usize,
}

/// The law of the number present at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct TransientState {
    servers: usize,
    /// Instant \[s\].
    pub time_s: f64,
    /// Probability of 0, 1, 2, … present.
    pub probabilities: Vec<f64>,
    /// Integral of the mean number waiting from 0 to this instant \[s\].
    pub queue_integral_s: f64,
}

impl TransientMmc {
    /// Checks the rates; the system starts empty and has room for everybody.
    ///
    /// # Errors
    /// Inputs out of range.
    pub fn new(rate: RateProfile, service_rate_per_s: f64, servers: u32) -> Result<Self, AnalyticError> {
        rate.check()?;
        require_positive("service_rate_per_s", service_rate_per_s)?;
        require_at_least_one("servers", servers)?;
        Ok(Self { rate, service_rate_per_s, servers: servers as usize, capacity: None, initial: 0 })
    }

    /// Starts with this many present.
    ///
    /// # Errors
    /// More than fit.
    pub fn starting_with(self, initial: u32) -> Result<Self, AnalyticError> {
        let most = self.capacity.unwrap_or(STATES_MAX / 2);
        require(initial as usize <= most, "initial", f64::from(initial), "at most the capacity (or 65536)")?;
        Ok(Self { initial: initial as usize, ..self })
    }

    /// Loses arrivals that find this many present, those in service included.
    ///
    /// # Errors
    /// Less than what is there at the start, or more than 65536.
    pub fn with_capacity(self, capacity: u32) -> Result<Self, AnalyticError> {
        let fits = (self.initial.max(1)..=STATES_MAX / 2).contains(&(capacity as usize));
        require(fits, "capacity", f64::from(capacity), "1 (or what is there at the start) to 65536")?;
        Ok(Self { capacity: Some(capacity as usize), ..self })
    }

    /// Returns the law of the number present at each of these instants \[s\], ascending.
    ///
    /// # Errors
    /// Instants out of order; [`AnalyticError::TooLarge`] if more than 131072 states or 2·10^8 updates are needed.
    pub fn at(&self, times_s: &[f64]) -> Result<Vec<TransientState>, AnalyticError> {
        for time in times_s {
            require_non_negative("times_s", *time)?;
        }
        require(times_s.is_sorted(), "times_s", times_s.len() as f64, "ascending instants")?;
        let jumps = self.rate.jumps_s();
        let mut walk = Walk::begin(self);
        // A stable step is about 3.3 / (2 (lambda + c mu)) at most: a hopeless question is refused before it is begun.
        let end_s = times_s.last().copied().unwrap_or(0.0);
        let services = self.servers as f64 * self.service_rate_per_s * end_s;
        let steps = 0.5 * (services + self.rate.arrivals_until(end_s));
        refuse_too_much_work(steps * walk.y.len() as f64)?;
        let mut states = Vec::with_capacity(times_s.len());
        for time in times_s {
            // The rate is smooth between jumps only, and so is the order of the method.
            for jump in jumps.iter().filter(|jump| **jump < *time) {
                walk.advance(*jump)?;
            }
            walk.advance(*time)?;
            states.push(walk.state());
        }
        Ok(states)
    }

    /// Returns the time average of the mean number waiting between two instants \[s\].
    ///
    /// # Errors
    /// As [`TransientMmc::at`].
    pub fn queue_mean_between(&self, from_s: f64, to_s: f64) -> Result<f64, AnalyticError> {
        require(to_s > from_s, "to_s", to_s, "later than from_s")?;
        let states = self.at(&[from_s, to_s])?;
        Ok((states[1].queue_integral_s - states[0].queue_integral_s) / (to_s - from_s))
    }
}

impl TransientState {
    /// Returns the mean number waiting or in service.
    pub fn number_mean(&self) -> f64 {
        mean_over(&self.probabilities, |n| n as f64)
    }

    /// Returns the mean number waiting.
    pub fn queue_mean(&self) -> f64 {
        mean_over(&self.probabilities, |n| n.saturating_sub(self.servers) as f64)
    }

    /// Returns the probability that nobody is there.
    pub fn empty_probability(&self) -> f64 {
        self.probabilities[0]
    }

    /// Returns the probability that all servers are busy.
    pub fn all_busy_probability(&self) -> f64 {
        self.probabilities.iter().skip(self.servers).sum()
    }
}

/// Dormand–Prince: nodes, coefficients of the stages, and weights of the error estimate.
const NODES: [f64; 7] = [0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0, 1.0];
const STAGES: [&[f64]; 7] = [
    &[],
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
const ERRORS: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];

/// The integration under way.
struct Walk<'a> {
    model: &'a TransientMmc,
    time_s: f64,
    step_s: f64,
    work: f64,
    /// Probabilities, and behind them the integral of the mean number waiting.
    y: Vec<f64>,
    /// Derivatives at the stages of the step under way.
    slopes: Vec<Vec<f64>>,
}

impl<'a> Walk<'a> {
    fn begin(model: &'a TransientMmc) -> Self {
        let states =
            model.capacity.unwrap_or(2 * model.servers.max(model.initial).min(STATES_MAX / 4) + 62) + 1;
        let mut y = vec![0.0; states + 1];
        y[model.initial] = 1.0;
        let rate = model.rate.rate_max_per_s() + model.servers as f64 * model.service_rate_per_s;
        let slopes = vec![vec![0.0; states + 1]; STAGES.len()];
        Self { model, time_s: 0.0, step_s: 0.1 / rate, work: 0.0, y, slopes }
    }

    fn state(&self) -> TransientState {
        let states = self.y.len() - 1;
        TransientState {
            servers: self.model.servers,
            time_s: self.time_s,
            // The method leaves noise below its tolerance around zero.
            probabilities: self.y[..states].iter().map(|p| p.max(0.0)).collect(),
            queue_integral_s: self.y[states],
        }
    }

    fn advance(&mut self, to_s: f64) -> Result<(), AnalyticError> {
        while self.time_s < to_s {
            let left = to_s - self.time_s;
            let last = self.step_s >= left;
            let step = if last { left } else { self.step_s };
            let (next, error) = self.try_step(step, to_s);
            self.work += self.y.len() as f64;
            refuse_too_much_work(self.work)?;
            // Standard control of an order 5(4) pair: safety 0.9, change by a factor of 0.2 to 5.
            let factor = (0.9 * libm::pow(TOLERANCE / error.max(1e-30), 0.2)).clamp(0.2, 5.0);
            if error <= TOLERANCE {
                self.y = next;
                self.time_s = if last { to_s } else { self.time_s + step };
                self.grow()?;
                // A step cut short by the end of the interval says little about the next one.
                if !last || factor < 1.0 {
                    self.step_s = step * factor;
                }
            } else {
                self.step_s = step * factor;
            }
            if self.time_s + self.step_s <= self.time_s {
                return Err(AnalyticError::NotConverged { what: "the step of a transient queue" });
            }
        }
        Ok(())
    }

    fn try_step(&mut self, step: f64, end_s: f64) -> (Vec<f64>, f64) {
        let mut stage = self.y.clone();
        for (s, coefficients) in STAGES.iter().enumerate() {
            stage.copy_from_slice(&self.y);
            for (coefficient, slope) in coefficients.iter().zip(&self.slopes) {
                let weight = step * coefficient;
                for (value, k) in stage.iter_mut().zip(slope) {
                    *value += weight * k;
                }
            }
            // A rate that jumps at the end of the interval has not jumped yet.
            let time = (self.time_s + NODES[s] * step).min(before(end_s));
            let model = self.model;
            derivative(model, model.rate.at(time), &stage, &mut self.slopes[s]);
        }
        let probabilities = self.y.len() - 1;
        let mut worst = 0.0f64;
        for i in 0..probabilities {
            let error: f64 = ERRORS.iter().zip(&self.slopes).map(|(weight, slope)| weight * slope[i]).sum();
            worst = worst.max((step * error).abs());
        }
        // The last stage is the solution itself.
        (stage, worst)
    }

    /// Doubles the states when the topmost begins to matter.
    fn grow(&mut self) -> Result<(), AnalyticError> {
        let states = self.y.len() - 1;
        if self.model.capacity.is_some() || self.y[states - 1] <= TOP_MAX {
            return Ok(());
        }
        if 2 * states > STATES_MAX {
            let (size, limit) = (2.0 * states as f64, STATES_MAX as f64);
            return Err(AnalyticError::TooLarge { what: "states of a transient queue", size, limit });
        }
        let integral = self.y[states];
        self.y[states] = 0.0;
        self.y.resize(2 * states, 0.0);
        self.y.push(integral);
        for slope in &mut self.slopes {
            slope.resize(2 * states + 1, 0.0);
        }
        Ok(())
    }
}

fn refuse_too_much_work(size: f64) -> Result<(), AnalyticError> {
    if size <= WORK_MAX {
        return Ok(());
    }
    Err(AnalyticError::TooLarge { what: "state updates of a transient queue", size, limit: WORK_MAX })
}

/// The largest f64 below a positive number.
fn before(x: f64) -> f64 {
    x.next_down()
}

fn derivative(model: &TransientMmc, rate: f64, y: &[f64], slope: &mut [f64]) {
    let states = y.len() - 1;
    let mu = model.service_rate_per_s;
    let mut flow_in = 0.0;
    for n in 0..states {
        // Net flow from n to n + 1; nothing leaves the top.
        let flow_out = if n + 1 < states {
            rate * y[n] - (n + 1).min(model.servers) as f64 * mu * y[n + 1]
        } else {
            0.0
        };
        slope[n] = flow_in - flow_out;
        flow_in = flow_out;
    }
    slope[states] =
        y[..states].iter().enumerate().skip(model.servers).map(|(n, p)| (n - model.servers) as f64 * p).sum();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mmc, Mmck};

    #[test]
    fn infinite_servers_fill_up_exponentially() {
        // Nobody ever waits with 60 servers at 5 Erlang: Poisson with mean 5 (1 - exp(-t)).
        let queue = TransientMmc::new(RateProfile::Constant { rate_per_s: 5.0 }, 1.0, 60).unwrap();
        for state in queue.at(&[0.0, 0.5, 2.0]).unwrap() {
            let expected = 5.0 * (1.0 - libm::exp(-state.time_s));
            assert!((state.number_mean() - expected).abs() < 1e-9);
            assert!((state.empty_probability() - libm::exp(-expected)).abs() < 1e-10);
        }
    }

    #[test]
    fn in_the_end_the_queue_is_the_stationary_one() {
        let rate = RateProfile::Constant { rate_per_s: 3.0 };
        let end = TransientMmc::new(rate.clone(), 1.0, 5).unwrap().starting_with(30).unwrap();
        let state = &end.at(&[200.0]).unwrap()[0];
        assert!((state.queue_mean() - Mmc::new(3.0, 1.0, 5).unwrap().queue_mean()).abs() < 1e-9);

        let full = TransientMmc::new(rate, 1.0, 2).unwrap().with_capacity(6).unwrap();
        let state = &full.at(&[300.0]).unwrap()[0];
        assert!(
            (state.probabilities[6] - Mmck::new(3.0, 1.0, 2, 6).unwrap().loss_probability()).abs() < 1e-9
        );
    }

    #[test]
    fn a_flood_grows_the_states_and_the_mean_by_the_excess() {
        let steps = vec![(0.0, 0.0), (10.0, 50.0), (20.0, 0.0)];
        let queue = TransientMmc::new(RateProfile::Steps { from_s_rate_per_s: steps }, 1.0, 10).unwrap();
        let states = queue.at(&[10.0, 15.0, 20.0]).unwrap();
        assert_eq!(states[0].number_mean(), 0.0);
        assert!((states[2].number_mean() - states[1].number_mean() - 200.0).abs() < 1e-6);
        let total: f64 = states[2].probabilities.iter().sum();
        assert!((total - 1.0).abs() < 1e-10);
    }

    #[test]
    fn a_question_too_large_is_refused() {
        let queue = TransientMmc::new(RateProfile::Constant { rate_per_s: 1.0 }, 1e6, 1).unwrap();
        assert!(matches!(queue.at(&[1e6]), Err(AnalyticError::TooLarge { .. })));
    }
}
