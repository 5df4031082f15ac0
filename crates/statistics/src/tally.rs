//! Count, mean, variance and extremes of numbers that arrive one by one.

/// A running summary of numbers: count, sum, mean, variance, minimum, maximum, without keeping them.
///
/// # Assumptions
/// The numbers are finite; one that is not makes mean and variance `NaN`, for all to see.
///
/// # Source
/// Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4(3), 1962;
/// merging: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
/// 1979.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    count: u64,
    sum: f64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
    min: f64,
    max: f64,
}

impl Tally {
    /// Makes an empty tally.
    pub fn new() -> Self {
        Tally { count: 0, sum: 0.0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }

    /// Takes one number in.
    #[inline]
    pub fn record(&mut self, v: f64) {
        self.count += 1;
        self.sum += v;
        let before = v - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (v - self.mean);
        self.min = self.min.min(v);
        self.max = self.max.max(v);
    }

    /// Takes all of `other` in. Merge in index order: the last bits depend on the order.
    pub fn merge(&mut self, other: &Tally) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (n, m) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        self.mean += apart * (m / (n + m));
        self.squares += other.squares + apart * apart * (n * m / (n + m));
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Returns how many numbers came in.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns their sum.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Returns their mean.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Returns the unbiased sample variance (divisor `n - 1`); it takes two numbers.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// Returns the square root of the variance.
    pub fn standard_deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// Returns the smallest number.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// Returns the largest number.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

/// Collects in the order of the iterator.
impl FromIterator<f64> for Tally {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut tally = Tally::new();
        values.into_iter().for_each(|v| tally.record(v));
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    #[test]
    fn eight_numbers_by_hand() {
        let tally: Tally = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().collect();
        assert_eq!((tally.count(), tally.sum(), tally.mean()), (8, 40.0, Some(5.0)));
        assert!((tally.variance().unwrap() - 32.0 / 7.0).abs() < 1e-14);
        assert_eq!((tally.min(), tally.max()), (Some(2.0), Some(9.0)));
    }

    #[test]
    fn too_few_numbers_have_no_mean_or_variance() {
        let mut tally = Tally::new();
        assert_eq!((tally.mean(), tally.min(), tally.max()), (None, None, None));
        tally.record(3.0);
        assert_eq!((tally.mean(), tally.variance()), (Some(3.0), None));
    }

    #[test]
    fn a_large_offset_does_not_eat_the_variance() {
        // The sum of squares would lose everything here: 1e9 squared leaves no digit for 1.
        let tally: Tally = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0].into_iter().collect();
        assert!((tally.variance().unwrap() - 30.0).abs() < 1e-6);
    }

    #[test]
    fn merging_equals_recording_everything_in_one() {
        let values = Draws::new(1).normals(1000);
        let whole: Tally = values.iter().copied().collect();
        let mut merged = Tally::new();
        for part in values.chunks(137) {
            merged.merge(&part.iter().copied().collect());
        }
        merged.merge(&Tally::new());
        assert_eq!(merged.count(), whole.count());
        assert_eq!((merged.min(), merged.max()), (whole.min(), whole.max()));
        assert!((merged.mean().unwrap() - whole.mean().unwrap()).abs() < 1e-14);
        assert!((merged.variance().unwrap() - whole.variance().unwrap()).abs() < 1e-13);
    }

    #[test]
    fn what_is_not_a_number_shows() {
        let tally: Tally = [1.0, f64::NAN].into_iter().collect();
        assert!(tally.mean().unwrap().is_nan());
    }
}
