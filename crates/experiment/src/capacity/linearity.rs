//! How the capacity grows with size: the scalability law, fitted to capacities.

use kneepoint_analytic::Usl;
use kneepoint_random::Stream;
use kneepoint_statistics::{Estimate, Estimated, normal_quantile};

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
///
/// # Source
/// Chosen: the sets that do not settle are those furthest off; with more than a tenth of them lost an interval of 95 %
/// would be too narrow by half of its tails and more.
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
    /// Returns the capacity of what was searched, and of nothing that other clients bring beside it.
    #[must_use]
    pub fn capacity(&self) -> Option<Estimate> {
        self.found.compared()
    }
}

/// A coefficient of a law: as it was fitted, and its interval or the reason why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficient {
    /// As it was fitted.
    pub value: f64,
    /// The same with an interval.
    pub estimated: Estimated,
}

impl Coefficient {
    /// Returns whether it is shown to be above 0.
    pub fn is_above_zero(&self) -> bool {
        self.estimated.known().is_some_and(|e| e.low > 0.0)
    }
}

/// The scalability law through the capacities.
///
/// # Units
/// `gamma` in the unit of the capacities, the others without.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingFit {
    /// Contention of the Universal Scalability Law.
    pub alpha: Coefficient,
    /// Coherency.
    pub beta: Coefficient,
    /// Capacity of one.
    pub gamma: Coefficient,
    /// The size of the highest capacity; nothing if it never falls.
    pub peak_n: Option<f64>,
    /// Share of the variance that the law explains.
    pub r_squared: f64,
    /// Whether the capacities lie further from the law than all thousand sets do that were drawn around it: then its
    /// coefficients describe them, and explain nothing.
    pub misfit: bool,
    /// The serial fraction of Amdahl's law: the fit without coherency.
    pub serial_fraction: Coefficient,
    /// Share of the variance that Amdahl's law explains.
    pub amdahl_r_squared: f64,
}

impl ScalingFit {
    /// Fits the law to capacities with intervals.
    ///
    /// The intervals of the coefficients are those of fits to a thousand sets of capacities drawn around the fitted law,
    /// each as far as its interval is wide (parametric bootstrap, percentiles). A coefficient at its bound of 0 has an interval that begins
    /// there. There is no interval where there are no more sizes than coefficients, so that the law goes through every
    /// capacity whatever it is. How far the capacities lie from the law is told apart from that.
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
        let (law, mut furthest) = (usl.usl, 0.0_f64);
        for draw in 0..DRAWS {
            let mut stream = Stream::named(seed, draw, "capacity", "bootstrap");
            // As if the law held and the capacities were measured once more, each as roughly as it was.
            let factors: Vec<f64> = capacities
                .iter()
                .map(|(_, x)| {
                    let normal = normal_quantile(stream.uniform().max(1e-12));
                    let side = if normal < 0.0 { x.value - x.low } else { x.high - x.value };
                    (1.0 + normal * side / z / x.value).max(f64::MIN_POSITIVE)
                })
                .collect();
            let set = |law: &Usl| -> Vec<f64> {
                n.iter().zip(&factors).map(|(n, factor)| law.throughput(*n) * factor).collect()
            };
            let again = Usl::fit(&n, &set(&usl.usl), confidence);
            let amdahl_again = Usl::fit_amdahl(&n, &set(&amdahl.usl), confidence);
            if let (Ok(usl), Ok(amdahl)) = (again, amdahl_again) {
                let x = set(&law);
                furthest = furthest.max(off(capacities, &x, &usl.usl));
                let found = [usl.usl.alpha, usl.usl.beta, usl.usl.gamma, amdahl.usl.alpha];
                drawn.iter_mut().zip(found).for_each(|(all, one)| all.push(one));
            }
        }
        if (drawn[0].len() as f64) < SETTLED * DRAWS as f64 {
            return Err("the capacities are known too roughly for a law through them".to_string());
        }
        let sizes = distinct(&n);
        let coefficient = |which: usize, value: f64, coefficients: usize, law: &str| {
            let mut all = drawn[which].clone();
            all.sort_by(f64::total_cmp);
            let at = |p: f64| all[((all.len() - 1) as f64 * p).round() as usize];
            let tail = (1.0 - confidence) / 2.0;
            let (low, high) = (at(tail).min(value), at(1.0 - tail).max(value));
            let given = sizes as u64;
            let estimated = if sizes <= coefficients {
                let reason = format!(
                    "{sizes} sizes leave no degree of freedom for the {coefficients} coefficients of {law}: at least \
                     {} are needed",
                    coefficients + 1
                );
                Estimated::not_enough(reason, given, Some(coefficients as u64 + 1))
            } else {
                Estimated::Known(Estimate { value, low, high, confidence, n: given, effective_samples: None })
            };
            Coefficient { value, estimated }
        };
        let usl_of = |which, value| coefficient(which, value, 3, "the universal scalability law");
        Ok(ScalingFit {
            alpha: usl_of(0, usl.usl.alpha),
            beta: usl_of(1, usl.usl.beta),
            gamma: usl_of(2, usl.usl.gamma),
            peak_n: usl.usl.peak_n().filter(|n| *n >= 1.0),
            r_squared: usl.r_squared,
            misfit: sizes > 3 && off(capacities, &x, &law) > furthest,
            serial_fraction: coefficient(3, amdahl.usl.alpha, 2, "Amdahl's law"),
            amdahl_r_squared: amdahl.r_squared,
        })
    }
}

/// How far capacities lie from a law: squares of the distances, each over the width of the interval that was measured.
fn off(measured: &[(f64, Estimate)], x: &[f64], law: &Usl) -> f64 {
    let squared = |((n, of), x): (&(f64, Estimate), &f64)| {
        let width = (of.high - of.low) / of.value;
        if width > 0.0 { ((law.throughput(*n) / x - 1.0) / width).powi(2) } else { 0.0 }
    };
    measured.iter().zip(x).map(squared).sum()
}

/// How many different sizes there are.
fn distinct(sizes: &[f64]) -> usize {
    let mut sorted = sizes.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    sorted.len()
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
    // The law does not depend on the order in which sizes were asked for.
    let mut known: Vec<(f64, Estimate)> = found.iter().filter_map(|s| Some((s.n, s.capacity()?))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let seed = found.first().map_or(1, |size| size.found.seed);
    let rough = found.iter().filter_map(|size| Some((size.n, size.found.rough.as_ref()?)));
    let left_out: Vec<String> = rough.map(|(n, rough)| format!("{n} ({})", rough.reason)).collect();
    let fit = ScalingFit::of(&known, seed).map_err(|why| match left_out.as_slice() {
        [] => why,
        sizes => format!("{why}; without an interval, and so left out: {}", sizes.join(", ")),
    });
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
            assert!(fit.alpha.is_above_zero() && fit.beta.is_above_zero(), "{fit:?}");
        }
    }

    #[test]
    fn an_ideal_system_has_intervals_that_hold_zero() {
        let fit = ScalingFit::of(&measured(Usl::new(0.0, 0.0, 100.0).unwrap(), 0.01, 2), 1).unwrap();
        for coefficient in [&fit.alpha, &fit.beta, &fit.serial_fraction] {
            assert!(coefficient.estimated.known().is_some_and(|e| e.low == 0.0 && e.high > 0.0), "{fit:?}");
        }
    }

    /// 200 sets of noisy capacities: an interval of 95 % holds the truth in 90 to 99 % of them. (Four standard errors
    /// of 95 % of 200 are 6 %; the bootstrap is a little narrow, and wide beside a bound.)
    #[test]
    fn the_intervals_hold_the_truth() {
        let usl = Usl::new(0.05, 0.001, 100.0).unwrap();
        let (mut alpha, mut beta) = (0, 0);
        for seed in 0..200 {
            let fit = ScalingFit::of(&measured(usl, 0.01, 100 + seed), 1).unwrap();
            alpha += u32::from(fit.alpha.estimated.known().is_some_and(|e| e.contains(0.05)));
            beta += u32::from(fit.beta.estimated.known().is_some_and(|e| e.contains(0.001)));
        }
        assert!((178..=198).contains(&alpha) && (178..=198).contains(&beta), "{alpha} {beta}");
    }

    #[test]
    fn three_sizes_give_a_law_and_no_interval() {
        let usl = Usl::new(0.05, 0.001, 100.0).unwrap();
        let fit = ScalingFit::of(&measured(usl, 0.01, 1)[..3], 1).unwrap();
        let Estimated::NotEnough { reason, .. } = &fit.alpha.estimated else { panic!("{fit:?}") };
        assert!(reason.starts_with("3 sizes leave no degree of freedom for the 3 coefficients"), "{reason}");
        assert!(fit.alpha.value > 0.0 && fit.serial_fraction.estimated.known().is_some(), "{fit:?}");
        assert!(ScalingFit::of(&measured(usl, 0.01, 1)[..4], 1).unwrap().alpha.estimated.known().is_some());
    }

    #[test]
    fn what_grows_faster_than_in_proportion_does_not_follow_the_law() {
        let of = |n: f64| {
            let value = 100.0 * n * (1.0 + 0.1 * n.ln());
            let (low, high) = (value * 0.995, value * 1.005);
            (n, Estimate { value, low, high, confidence: 0.95, n: 10, effective_samples: None })
        };
        let fit = ScalingFit::of(&[1.0, 2.0, 4.0, 8.0, 16.0].map(of), 1).unwrap();
        assert!(fit.misfit && !fit.alpha.is_above_zero(), "{fit:?}");
        let usl = Usl::new(0.05, 0.001, 100.0).unwrap();
        let fits = (0..200).filter(|seed| !ScalingFit::of(&measured(usl, 0.01, *seed), 1).unwrap().misfit);
        assert!(fits.count() >= 198);
    }

    #[test]
    fn two_sizes_give_no_law() {
        let usl = Usl::new(0.05, 0.001, 100.0).unwrap();
        assert!(ScalingFit::of(&measured(usl, 0.01, 1)[..2], 1).is_err());
    }
}
