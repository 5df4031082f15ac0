//! How the capacity grows with size: the scalability law, fitted to capacities.

use kneepoint_analytic::Usl;
use kneepoint_random::Stream;
use kneepoint_statistics::{Estimate, normal_quantile};

use crate::error::ExperimentError;

use super::load::Loads;
use super::result::CapacityResult;
use super::{CapacityOptions, capacity};

/// Sets of capacities drawn from their intervals, to see how the fit moves.
///
/// # Source
/// Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 14.2: a thousand for percentile intervals.
const DRAWS: u64 = 1000;

/// Share of the drawn sets whose fit must settle.
const SETTLED: f64 = 0.9;

/// One size of the system.
pub struct Size {
    /// How large: instances, cores.
    pub n: f64,
    /// What is searched at this size.
    pub loads: Loads,
}

/// The capacity of each size, and the law through them.
#[derive(Clone, Debug, PartialEq)]
pub struct Linearity {
    /// By size, as they were given.
    pub sizes: Vec<SizeCapacity>,
    /// Fitted to the sizes that have a capacity; or why not.
    pub fit: Result<ScalingFit, String>,
}

/// The capacity of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeCapacity {
    /// How large.
    pub n: f64,
    /// Everything that was found.
    pub found: CapacityResult,
    /// Capacity over that of the smallest size, over the ratio of sizes: 1 is linear.
    pub efficiency: Option<f64>,
}

impl SizeCapacity {
    /// Returns the capacity in requests a second where it is known, otherwise on the load's own axis.
    #[must_use]
    pub fn capacity(&self) -> Option<Estimate> {
        self.found.capacity_per_s.or(self.found.capacity)
    }
}

/// The scalability law through the capacities.
///
/// # Units
/// `gamma` in the unit of the capacities, the others without.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingFit {
    /// Contention of the Universal Scalability Law.
    pub alpha: Estimate,
    /// Coherency.
    pub beta: Estimate,
    /// Capacity of one.
    pub gamma: Estimate,
    /// The size of the highest capacity; nothing if it never falls.
    pub peak_n: Option<f64>,
    /// Share of the variance that the law explains.
    pub r_squared: f64,
    /// The serial fraction of Amdahl's law: the fit without coherency.
    pub serial_fraction: Estimate,
    /// Share of the variance that Amdahl's law explains.
    pub amdahl_r_squared: f64,
}

impl ScalingFit {
    /// Fits the law to capacities with intervals.
    ///
    /// The intervals of the coefficients are those of fits to a thousand sets of capacities drawn from their
    /// intervals (parametric bootstrap, percentiles). A coefficient at its bound of 0 has an interval that begins
    /// there.
    ///
    /// # Errors
    /// Fewer than three different sizes, sizes or capacities that are not above 0, no convergence; in words.
    ///
    /// # Source
    /// Gunther, Guerrilla Capacity Planning, 2007, ch. 4 to 6; intervals: Efron and Tibshirani, An Introduction to the
    /// Bootstrap, 1993, sections 6.5 and 13.3.
    pub fn of(capacities: &[(f64, Estimate)], seed: u64) -> Result<ScalingFit, String> {
        let n: Vec<f64> = capacities.iter().map(|(n, _)| *n).collect();
        let x: Vec<f64> = capacities.iter().map(|(_, x)| x.value).collect();
        let confidence = capacities.first().map_or(0.95, |(_, x)| x.confidence);
        let words = |error: kneepoint_analytic::AnalyticError| error.to_string();
        let usl = Usl::fit(&n, &x, confidence).map_err(words)?;
        let amdahl = Usl::fit_amdahl(&n, &x, confidence).map_err(words)?;
        let z = normal_quantile((1.0 + confidence) / 2.0);
        let mut drawn: [Vec<f64>; 4] = Default::default();
        for draw in 0..DRAWS {
            let mut stream = Stream::named(seed, draw, "capacity", "bootstrap");
            let mut set = Vec::new();
            for (_, x) in capacities {
                let normal = normal_quantile(stream.uniform().max(1e-12));
                let side = if normal < 0.0 { x.value - x.low } else { x.high - x.value };
                set.push((x.value + normal * side / z).max(f64::MIN_POSITIVE));
            }
            if let (Ok(usl), Ok(amdahl)) =
                (Usl::fit(&n, &set, confidence), Usl::fit_amdahl(&n, &set, confidence))
            {
                let found = [usl.usl.alpha, usl.usl.beta, usl.usl.gamma, amdahl.usl.alpha];
                drawn.iter_mut().zip(found).for_each(|(all, one)| all.push(one));
            }
        }
        if (drawn[0].len() as f64) < SETTLED * DRAWS as f64 {
            return Err("the capacities are known too roughly for a law through them".to_string());
        }
        let interval = |which: usize, value: f64| {
            let mut all = drawn[which].clone();
            all.sort_by(f64::total_cmp);
            let at = |p: f64| all[((all.len() - 1) as f64 * p).round() as usize];
            let tail = (1.0 - confidence) / 2.0;
            Estimate {
                value,
                low: at(tail).min(value),
                high: at(1.0 - tail).max(value),
                confidence,
                n: capacities.len() as u64,
                effective_samples: None,
            }
        };
        Ok(ScalingFit {
            alpha: interval(0, usl.usl.alpha),
            beta: interval(1, usl.usl.beta),
            gamma: interval(2, usl.usl.gamma),
            peak_n: usl.usl.peak_n().filter(|n| *n >= 1.0),
            r_squared: usl.r_squared,
            serial_fraction: interval(3, amdahl.usl.alpha),
            amdahl_r_squared: amdahl.r_squared,
        })
    }
}

/// Searches the capacity of each size and fits the scalability law.
///
/// # Errors
/// As [`capacity`]. That there is no fit is told in the result.
pub fn linearity(sizes: &[Size], options: &CapacityOptions) -> Result<Linearity, ExperimentError> {
    let options = CapacityOptions { without_knee: true, ..*options };
    let mut found = Vec::new();
    for size in sizes {
        let found_here = capacity(&size.loads, &options)?;
        found.push(SizeCapacity { n: size.n, found: found_here, efficiency: None });
    }
    let smallest = found.iter().filter(|s| s.capacity().is_some()).min_by(|a, b| a.n.total_cmp(&b.n));
    let smallest = smallest.and_then(|s| Some((s.n, s.capacity()?.value)));
    for size in &mut found {
        size.efficiency =
            smallest.zip(size.capacity()).map(|((n, of_one), x)| x.value / of_one / (size.n / n));
    }
    let known: Vec<(f64, Estimate)> = found.iter().filter_map(|s| Some((s.n, s.capacity()?))).collect();
    let seed = found.first().map_or(1, |size| size.found.seed);
    let fit = ScalingFit::of(&known, seed);
    Ok(Linearity { sizes: found, fit })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(usl: Usl, relative: f64, seed: u64) -> Vec<(f64, Estimate)> {
        let mut stream = Stream::named(seed, 0, "test", "noise");
        [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
            .map(|n| {
                let truth = usl.throughput(n);
                let half = relative * truth;
                let value = truth + half / 1.96 * normal_quantile(stream.uniform().max(1e-12));
                let (low, high) = (value - half, value + half);
                (n, Estimate { value, low, high, confidence: 0.95, n: 10, effective_samples: None })
            })
            .to_vec()
    }

    #[test]
    fn alpha_and_beta_are_recovered_within_a_tenth() {
        for (alpha, beta) in [(0.05, 0.001), (0.03, 0.002)] {
            let usl = Usl::new(alpha, beta, 100.0).unwrap();
            let fit = ScalingFit::of(&measured(usl, 0.005, 1), 1).unwrap();
            assert!((fit.alpha.value / alpha - 1.0).abs() < 0.1, "{fit:?}");
            assert!((fit.beta.value / beta - 1.0).abs() < 0.1, "{fit:?}");
            assert!(fit.alpha.low > 0.0 && fit.beta.low > 0.0, "{fit:?}");
        }
    }

    #[test]
    fn an_ideal_system_has_intervals_that_hold_zero() {
        let fit = ScalingFit::of(&measured(Usl::new(0.0, 0.0, 100.0).unwrap(), 0.01, 2), 1).unwrap();
        assert_eq!((fit.alpha.low, fit.beta.low, fit.serial_fraction.low), (0.0, 0.0, 0.0));
    }

    /// 200 sets of noisy capacities: an interval of 95 % holds the truth in 90 to 99 % of them. (Four standard errors
    /// of 95 % of 200 are 6 %; the bootstrap is a little narrow, and wide beside a bound.)
    #[test]
    fn the_intervals_hold_the_truth() {
        let usl = Usl::new(0.05, 0.001, 100.0).unwrap();
        let (mut alpha, mut beta) = (0, 0);
        for seed in 0..200 {
            let fit = ScalingFit::of(&measured(usl, 0.01, 100 + seed), 1).unwrap();
            alpha += u32::from(fit.alpha.contains(0.05));
            beta += u32::from(fit.beta.contains(0.001));
        }
        assert!((178..=198).contains(&alpha) && (178..=198).contains(&beta), "{alpha} {beta}");
    }

    #[test]
    fn two_sizes_give_no_law() {
        let usl = Usl::new(0.05, 0.001, 100.0).unwrap();
        assert!(ScalingFit::of(&measured(usl, 0.01, 1)[..2], 1).is_err());
    }
}
