//! Arrival rates that change with time.

use crate::AnalyticError;
use crate::error::{require, require_non_negative, require_positive};

/// An arrival rate as a function of time.
///
/// # Units
/// Rates in [1/s], times in \[s\].
#[derive(Debug, Clone, PartialEq)]
pub enum RateProfile {
    /// Always the same.
    Constant {
        /// The rate [1/s].
        rate_per_s: f64,
    },
    /// `base + amplitude sin(2 pi t / period)`.
    Sinusoidal {
        /// Mean rate [1/s].
        base_per_s: f64,
        /// Swing around it [1/s], at most the base.
        amplitude_per_s: f64,
        /// Time of one oscillation \[s\].
        period_s: f64,
    },
    /// Piecewise constant.
    Steps {
        /// Start of each piece \[s\], ascending from 0, and its rate [1/s].
        from_s_rate_per_s: Vec<(f64, f64)>,
    },
}

impl RateProfile {
    /// Checks the parameters.
    ///
    /// # Errors
    /// Names the parameter that is out of range.
    pub fn check(&self) -> Result<(), AnalyticError> {
        match self {
            Self::Constant { rate_per_s } => require_non_negative("rate_per_s", *rate_per_s),
            Self::Sinusoidal { base_per_s, amplitude_per_s, period_s } => {
                require_non_negative("base_per_s", *base_per_s)?;
                require(
                    amplitude_per_s.abs() <= *base_per_s,
                    "amplitude_per_s",
                    *amplitude_per_s,
                    "at most the base rate",
                )?;
                require_positive("period_s", *period_s)
            }
            Self::Steps { from_s_rate_per_s: steps } => {
                let first = steps.first().map_or(f64::NAN, |step| step.0);
                require(first == 0.0, "from_s_rate_per_s", first, "a first step at 0 s")?;
                for (from_s, rate) in steps {
                    require_non_negative("from_s_rate_per_s", *from_s)?;
                    require_non_negative("from_s_rate_per_s", *rate)?;
                }
                let ascending = steps.windows(2).all(|pair| pair[0].0 < pair[1].0);
                require(
                    ascending,
                    "from_s_rate_per_s",
                    steps.len() as f64,
                    "steps in ascending order of time",
                )
            }
        }
    }

    /// Returns the rate at a time [1/s]. At a step the new rate holds.
    pub fn at(&self, time_s: f64) -> f64 {
        match self {
            Self::Constant { rate_per_s } => *rate_per_s,
            Self::Sinusoidal { base_per_s, amplitude_per_s, period_s } => {
                base_per_s + amplitude_per_s * libm::sin(std::f64::consts::TAU * time_s / period_s)
            }
            Self::Steps { from_s_rate_per_s: steps } => {
                let passed = steps.partition_point(|step| step.0 <= time_s);
                steps[passed.max(1) - 1].1
            }
        }
    }

    /// Returns the largest rate [1/s].
    pub fn rate_max_per_s(&self) -> f64 {
        match self {
            Self::Constant { rate_per_s } => *rate_per_s,
            Self::Sinusoidal { base_per_s, amplitude_per_s, .. } => base_per_s + amplitude_per_s.abs(),
            Self::Steps { from_s_rate_per_s: steps } => steps.iter().fold(0.0, |most, step| step.1.max(most)),
        }
    }

    /// Returns the mean number of arrivals from 0 to a time.
    pub fn arrivals_until(&self, time_s: f64) -> f64 {
        match self {
            Self::Constant { rate_per_s } => rate_per_s * time_s,
            Self::Sinusoidal { base_per_s, amplitude_per_s, period_s } => {
                let omega = std::f64::consts::TAU / period_s;
                base_per_s * time_s + amplitude_per_s * (1.0 - libm::cos(omega * time_s)) / omega
            }
            Self::Steps { from_s_rate_per_s: steps } => {
                let ends = steps.iter().skip(1).map(|step| step.0).chain([f64::INFINITY]);
                let within = |from: f64, to: f64| (to.min(time_s) - from).max(0.0);
                steps.iter().zip(ends).map(|((from, rate), to)| rate * within(*from, to)).sum()
            }
        }
    }

    /// Returns the times after 0 at which the rate jumps \[s\].
    pub(crate) fn jumps_s(&self) -> Vec<f64> {
        match self {
            Self::Steps { from_s_rate_per_s: steps } => steps.iter().skip(1).map(|step| step.0).collect(),
            Self::Constant { .. } | Self::Sinusoidal { .. } => Vec::new(),
        }
    }

    /// Returns the period \[s\] if there is one.
    pub(crate) fn period_s(&self) -> Option<f64> {
        match self {
            Self::Sinusoidal { period_s, .. } => Some(*period_s),
            Self::Constant { .. } | Self::Steps { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_effect_at_its_instant() {
        let rate = RateProfile::Steps { from_s_rate_per_s: vec![(0.0, 5.0), (60.0, 15.0), (120.0, 5.0)] };
        rate.check().unwrap();
        let seen: Vec<f64> = [0.0, 59.9, 60.0, 119.9, 120.0].iter().map(|t| rate.at(*t)).collect();
        assert_eq!(seen, [5.0, 5.0, 15.0, 15.0, 5.0]);
        assert_eq!(rate.rate_max_per_s(), 15.0);
    }

    #[test]
    fn arrivals_are_the_area_under_the_rate() {
        let steps = RateProfile::Steps { from_s_rate_per_s: vec![(0.0, 5.0), (60.0, 15.0), (120.0, 0.0)] };
        assert_eq!([0.0, 60.0, 70.0, 500.0].map(|t| steps.arrivals_until(t)), [0.0, 300.0, 450.0, 1200.0]);
        let wave = RateProfile::Sinusoidal { base_per_s: 8.0, amplitude_per_s: 4.0, period_s: 24.0 };
        assert!((wave.arrivals_until(48.0) - 384.0).abs() < 1e-9);
        let half = crate::quadrature::integrate(0.0, 12.0, 1e-10, |t| wave.at(t));
        assert!((wave.arrivals_until(12.0) - half).abs() < 1e-9);
    }

    #[test]
    fn steps_out_of_order_and_negative_rates_are_refused() {
        for steps in [vec![], vec![(1.0, 5.0)], vec![(0.0, 5.0), (0.0, 6.0)], vec![(0.0, -1.0)]] {
            assert!(RateProfile::Steps { from_s_rate_per_s: steps }.check().is_err());
        }
        let swings_below_zero =
            RateProfile::Sinusoidal { base_per_s: 1.0, amplitude_per_s: 2.0, period_s: 1.0 };
        assert!(swings_below_zero.check().is_err());
    }
}
