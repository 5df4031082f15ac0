//! A mean and its interval from one long run.

use crate::autocorrelation::von_neumann;
use crate::estimate::{check_confidence, two_sided_t};
use crate::{Estimated, Tally, normal_quantile};

/// Most batches kept: when they are complete, neighbours are joined and batches are twice as long from then on.
const CAPACITY: usize = 64;
/// Fewest and most batches an interval is built on.
///
/// Source: Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30(3), 1982:
/// between 10 and 30; more batches hardly narrow the interval and are more correlated.
const FEWEST: usize = 10;
const MOST: usize = 31;
/// Error of the first kind of the test for correlation between batches. Chosen: 0.1, rather joining once too often
/// than building on batches that depend on each other.
const SIGNIFICANCE: f64 = 0.1;

/// The means of consecutive batches of one run, in fixed memory however long it gets.
///
/// Numbers of one run depend on their neighbours, so that the textbook interval would be far too narrow.
/// Means of long batches hardly do. Batches grow by doubling while the run goes on; when asked for an estimate,
/// they are joined further until neighbouring batch means no longer show serial correlation.
///
/// # Assumptions
/// The warm-up has been cut off. Numbers are finite and taken in as they come (for a level over time: its mean
/// over equal intervals).
///
/// # Source
/// Yeh and Schmeiser, "Simulation output analysis via dynamic batch means", Winter Simulation Conference 2000
/// (doubling in fixed memory); Fishman and Yarberry, "An implementation of the batch means method", INFORMS
/// Journal on Computing 9(3), 1997 (von Neumann's test decides when batches are long enough).
#[derive(Clone, Debug, PartialEq)]
pub struct BatchMeans {
    /// Sums of complete batches, each of `size` numbers.
    sums: Vec<f64>,
    size: u64,
    /// The batch under way.
    partial: f64,
    filled: u64,
    all: Tally,
}

impl BatchMeans {
    /// Makes an empty collector.
    pub fn new() -> Self {
        BatchMeans { sums: Vec::with_capacity(CAPACITY), size: 1, partial: 0.0, filled: 0, all: Tally::new() }
    }

    /// Takes the next number of the run in.
    #[inline]
    pub fn record(&mut self, v: f64) {
        self.all.record(v);
        self.partial += v;
        self.filled += 1;
        if self.filled == self.size {
            self.close_batch();
        }
    }

    /// Returns the summary of all numbers, those of the unfinished batch included.
    pub fn tally(&self) -> &Tally {
        &self.all
    }

    /// Returns how many numbers one complete batch holds now.
    pub fn batch_size(&self) -> u64 {
        self.size
    }

    /// Returns the means of the complete batches, in order.
    pub fn means(&self) -> Vec<f64> {
        self.joined(1)
    }

    /// Returns the correlation between the means of neighbouring batches (von Neumann's form: 0 if independent).
    pub fn lag1(&self) -> Option<f64> {
        von_neumann(&self.means()).map(|(c, _)| c)
    }

    /// Estimates the mean of the process from this one run.
    ///
    /// It joins neighbouring batches, 2, 4, ... at a time, to at most 31 and until von Neumann's test (one-sided, 10 %) finds no
    /// correlation between neighbours, and gives up with "not enough data" below ten batches: then the run is too
    /// short for its memory. The value is the mean of all numbers; `n` says how many batches the interval rests on.
    ///
    /// # Panics
    /// If `confidence` is not strictly between 0 and 1.
    pub fn estimate(&self, confidence: f64) -> Estimated {
        check_confidence(confidence);
        let Some(mean) = self.all.mean().filter(|m| m.is_finite()) else {
            return Estimated::not_enough("the run gave no finite numbers", self.all.count(), None);
        };
        if self.sums.len() < FEWEST {
            let reason = format!("{} batches, and at least {FEWEST} are asked for", self.sums.len());
            return Estimated::not_enough(reason, self.sums.len() as u64, Some(FEWEST as u64));
        }
        let mut together = if self.sums.len() > MOST { 2 } else { 1 };
        while self.sums.len() / together >= FEWEST {
            let means = self.joined(together);
            if !correlated(&means) {
                return self.interval(mean, &means, confidence);
            }
            together *= 2;
        }
        let batches = (self.sums.len() * 2 / together) as u64;
        Estimated::not_enough(
            format!(
                "neighbouring batches still depend on each other at {batches} batches: make the run longer"
            ),
            batches,
            None,
        )
    }

    fn interval(&self, mean: f64, means: &[f64], confidence: f64) -> Estimated {
        let n = means.len() as u64;
        let between: Tally = means.iter().copied().collect();
        let error = (between.variance().expect("there are at least ten batches") / n as f64).sqrt();
        let variance = self.all.variance().expect("there are at least ten numbers");
        // As many independent numbers as would give this error; all of them if the error is even smaller.
        let count = self.all.count();
        let effective =
            if error > 0.0 { (variance / (error * error)).min(count as f64) as u64 } else { count };
        Estimated::around(mean, two_sided_t(confidence, n) * error, confidence, n, Some(effective.max(1)))
    }

    /// Returns the means of batches joined `together` at a time; what is left over at the end is left out.
    fn joined(&self, together: usize) -> Vec<f64> {
        let numbers = (self.size * together as u64) as f64;
        self.sums.chunks_exact(together).map(|c| c.iter().sum::<f64>() / numbers).collect()
    }

    #[cold]
    fn close_batch(&mut self) {
        self.sums.push(self.partial);
        self.partial = 0.0;
        self.filled = 0;
        if self.sums.len() == CAPACITY {
            for i in 0..CAPACITY / 2 {
                self.sums[i] = self.sums[2 * i] + self.sums[2 * i + 1];
            }
            self.sums.truncate(CAPACITY / 2);
            self.size *= 2;
        }
    }
}

impl Default for BatchMeans {
    fn default() -> Self {
        Self::new()
    }
}

fn correlated(means: &[f64]) -> bool {
    // A constant series has no correlation to find.
    von_neumann(means).is_some_and(|(c, error)| c > normal_quantile(1.0 - SIGNIFICANCE) * error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    fn collect(values: &[f64]) -> BatchMeans {
        let mut batches = BatchMeans::new();
        values.iter().for_each(|&v| batches.record(v));
        batches
    }

    #[test]
    fn batches_double_and_keep_every_number() {
        let values: Vec<f64> = (0..200).map(f64::from).collect();
        let batches = collect(&values);
        assert_eq!(batches.batch_size(), 4);
        let expected: Vec<f64> = (0..50).map(|b| 4.0 * f64::from(b) + 1.5).collect();
        assert_eq!(batches.means(), expected);
        assert_eq!(batches.tally().mean(), Some(99.5));
        assert!(batches.lag1().unwrap() > 0.9);
    }

    #[test]
    fn intervals_of_a_correlated_run_cover_the_truth() {
        let mut draws = Draws::new(31);
        let (trials, mut hits, mut naive_hits, mut given) = (400, 0, 0, 0);
        for _ in 0..trials {
            let start = draws.normal();
            let values = draws.autoregressive(4000, 0.9, start);
            naive_hits +=
                usize::from(Estimated::from_replications(&values, 0.95).known().unwrap().contains(0.0));
            if let Some(estimate) = collect(&values).estimate(0.95).known() {
                given += 1;
                hits += usize::from(estimate.contains(0.0));
            }
        }
        // The test turns down about a tenth at 31 batches; most of these pass at 15.
        assert!(given > trials * 9 / 10, "{given}");
        // Batches of 128 miss 2φ / (1 - φ²) / 128 = 7 % of the variance, hence 3.7 % of the width: with t(30) the
        // cover is 94 %.
        let share = hits as f64 / given as f64;
        assert!(share > 0.94 - 4.0 * (0.94_f64 * 0.06 / given as f64).sqrt(), "{share}");
        assert!(naive_hits < trials / 2, "the run is not correlated enough to tell: {naive_hits}");
    }

    #[test]
    fn the_effective_sample_size_is_that_of_theory() {
        let n = 100_000;
        let values = Draws::new(32).autoregressive(n, 0.8, 0.0);
        let estimate = *collect(&values).estimate(0.95).known().unwrap();
        let share = estimate.effective_samples.unwrap() as f64 / n as f64 * 9.0;
        // A variance from at least 10 batches: relative error at most √(2/9) = 0.47, four of them either way.
        assert!((0.33..3.0).contains(&share), "{share}");
        assert!((10..=31).contains(&estimate.n), "{}", estimate.n);
    }

    #[test]
    fn a_run_shorter_than_its_memory_gives_a_reason() {
        let drifting: Vec<f64> = (0..1000).map(f64::from).collect();
        let Estimated::NotEnough { reason, have, .. } = collect(&drifting).estimate(0.95) else {
            panic!("an interval from a drift");
        };
        assert!(reason.contains("longer") && have >= 10, "{reason} {have}");
        assert_eq!(collect(&[1.0; 9]).estimate(0.95).known(), None);
        assert_eq!(collect(&[]).estimate(0.95).known(), None);
        assert_eq!(collect(&[f64::NAN; 100]).estimate(0.95).known(), None);
    }

    #[test]
    fn a_constant_run_is_known_exactly() {
        let estimate = *collect(&[2.5; 1000]).estimate(0.95).known().unwrap();
        assert_eq!((estimate.value, estimate.low, estimate.high), (2.5, 2.5, 2.5));
    }
}
