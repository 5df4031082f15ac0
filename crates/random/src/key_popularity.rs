//! Which of many keys a request asks for.

use crate::checks::Checks;
use crate::distribution_error::DistributionError;
use crate::stream::Stream;
use crate::zipf::Zipf;
use std::sync::Arc;

/// The largest number of keys: integers up to here are exact as `f64`.
const KEYS_MAX: u64 = 1 << 53;

/// How popular each of many keys is; key 0 is the most popular.
///
/// # Example
/// ```
/// use kneepoint_random::{KeyPopularity, Stream};
///
/// let products = KeyPopularity::zipf(1_000_000_000, 0.9)?;
/// let mut stream = Stream::named(1, 0, "shop", "key");
/// assert!(products.sample(&mut stream) < products.keys());
/// assert!(products.probability(0) > products.probability(1));
/// # Ok::<(), kneepoint_random::DistributionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPopularity(Law);

#[derive(Clone, Debug, PartialEq)]
enum Law {
    Zipf(Zipf),
    Hotspot {
        keys: u64,
        hot: u64,
        share: f64,
    },
    Even {
        keys: u64,
    },
    /// How often each key and those before it were counted.
    Counted(Arc<[u64]>),
}

impl KeyPopularity {
    /// Returns the popularity proportional to 1 / (k + 1)^exponent for key k; it needs no table.
    ///
    /// # Errors
    /// If `keys` is not from 1 to 2^53, or `exponent` is not above 0 and at most 100.
    ///
    /// # Source
    /// Breslau et al., "Web caching and Zipf-like distributions", INFOCOM 1999: exponents of 0.6 to 0.9 for pages.
    pub fn zipf(keys: u64, exponent: f64) -> Result<KeyPopularity, DistributionError> {
        let checks = Checks("zipf");
        key_count(checks, keys)?;
        checks.that(exponent > 0.0 && exponent <= 100.0, "exponent", exponent, "above 0 and at most 100")?;
        Ok(KeyPopularity(Law::Zipf(Zipf::new(keys, exponent))))
    }

    /// Returns the popularity of a few hot keys, the first `hot` ones, which get `share` of all requests evenly among
    /// them; the other keys get the rest evenly.
    ///
    /// # Errors
    /// If `keys` is not from 2 to 2^53, `hot` is not from 1 to `keys` - 1, or `share` is outside [0, 1] or less than
    /// an even share, so that the others would be the hot ones.
    pub fn hotspot(keys: u64, hot: u64, share: f64) -> Result<KeyPopularity, DistributionError> {
        let checks = Checks("hotspot");
        key_count(checks, keys)?;
        checks.that(1 <= hot && hot < keys, "hot", hot as f64, "at least 1 and less than keys")?;
        checks.ratio("share", share)?;
        let even = hot as f64 / keys as f64;
        checks.that(share >= even, "share", share, "at least hot / keys, the even share")?;
        Ok(KeyPopularity(Law::Hotspot { keys, hot, share }))
    }

    /// Returns the popularity that is the same for all keys.
    ///
    /// # Errors
    /// If `keys` is not from 1 to 2^53.
    pub fn even(keys: u64) -> Result<KeyPopularity, DistributionError> {
        key_count(Checks("even"), keys)?;
        Ok(KeyPopularity(Law::Even { keys }))
    }

    /// Returns the popularity proportional to how often each key was counted, the most frequent first; keys that were
    /// never counted are left out.
    ///
    /// # Errors
    /// If nothing was counted, or more than 2^53.
    pub fn counted(counts: &[u64]) -> Result<KeyPopularity, DistributionError> {
        let mut sorted: Vec<u64> = counts.iter().copied().filter(|count| *count > 0).collect();
        sorted.sort_by(|a, b| b.cmp(a));
        let mut sum = 0_u64;
        for count in &mut sorted {
            sum = sum.saturating_add(*count);
            *count = sum;
        }
        Checks("counted").within("sum of counts", sum as f64, 1.0, KEYS_MAX as f64)?;
        Ok(KeyPopularity(Law::Counted(sorted.into())))
    }

    /// Draws a key.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> u64 {
        match &self.0 {
            Law::Zipf(zipf) => zipf.sample(stream) - 1,
            Law::Hotspot { keys, hot, share } => {
                if stream.chance(*share) {
                    stream.below(*hot)
                } else {
                    hot + stream.below(keys - hot)
                }
            }
            Law::Even { keys } => stream.below(*keys),
            Law::Counted(sums) => {
                let place = stream.below(sums[sums.len() - 1]);
                sums.partition_point(|sum| *sum <= place) as u64
            }
        }
    }

    /// Returns how many keys there are.
    pub fn keys(&self) -> u64 {
        match &self.0 {
            Law::Zipf(zipf) => zipf.n(),
            Law::Hotspot { keys, .. } | Law::Even { keys } => *keys,
            Law::Counted(sums) => sums.len() as u64,
        }
    }

    /// Returns the probability of a key, 0 for one that does not exist.
    pub fn probability(&self, key: u64) -> f64 {
        if key >= self.keys() {
            return 0.0;
        }
        match &self.0 {
            Law::Zipf(zipf) => zipf.probability(key + 1),
            Law::Hotspot { hot, share, .. } if key < *hot => share / *hot as f64,
            Law::Hotspot { keys, hot, share } => (1.0 - share) / (keys - hot) as f64,
            Law::Even { keys } => 1.0 / *keys as f64,
            Law::Counted(sums) => {
                let key = key as usize;
                let before = if key == 0 { 0 } else { sums[key - 1] };
                (sums[key] - before) as f64 / sums[sums.len() - 1] as f64
            }
        }
    }
}

fn key_count(checks: Checks, keys: u64) -> Result<(), DistributionError> {
    checks.that((1..=KEYS_MAX).contains(&keys), "keys", keys as f64, "from 1 to 2^53")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::gamma_cdf;

    #[test]
    fn probabilities_sum_to_one_and_never_rise() {
        for popularity in [
            KeyPopularity::zipf(5_000, 0.8),
            KeyPopularity::zipf(5_000, 1.0),
            KeyPopularity::zipf(1, 2.0),
            KeyPopularity::hotspot(1_000, 7, 0.3),
            KeyPopularity::even(17),
            KeyPopularity::counted(&[3, 0, 10, 1]),
        ] {
            let popularity = popularity.unwrap();
            let keys = popularity.keys();
            let sum: f64 = (0..keys).map(|key| popularity.probability(key)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{popularity:?}");
            assert!((1..keys).all(|key| popularity.probability(key) <= popularity.probability(key - 1)));
            assert_eq!(popularity.probability(keys), 0.0);
        }
    }

    #[test]
    fn nonsense_is_refused_by_parameter() {
        let refused = |law: Result<KeyPopularity, DistributionError>| law.unwrap_err().parameter().to_owned();
        assert_eq!(refused(KeyPopularity::zipf(0, 1.0)), "keys");
        assert_eq!(refused(KeyPopularity::zipf(u64::MAX, 1.0)), "keys");
        for exponent in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(refused(KeyPopularity::zipf(10, exponent)), "exponent");
        }
        assert_eq!(refused(KeyPopularity::hotspot(10, 0, 0.5)), "hot");
        assert_eq!(refused(KeyPopularity::hotspot(10, 10, 0.5)), "hot");
        assert_eq!(refused(KeyPopularity::hotspot(10, 1, 1.5)), "share");
        assert_eq!(refused(KeyPopularity::hotspot(10, 5, 0.1)), "share");
        assert_eq!(refused(KeyPopularity::even(0)), "keys");
        assert_eq!(refused(KeyPopularity::counted(&[0, 0])), "sum of counts");
    }

    /// Cells of equal size in the logarithm of the key; n = 200 000, cells expecting fewer than 10 are merged with
    /// the next. A chi-square that large may come by chance once in 10 000.
    #[test]
    fn draws_are_as_frequent_as_their_probabilities() {
        let n = 200_000;
        for popularity in [
            KeyPopularity::zipf(2, 1.0),
            KeyPopularity::zipf(100, 0.01),
            KeyPopularity::zipf(1_000, 0.7),
            KeyPopularity::zipf(100_000, 0.99),
            KeyPopularity::zipf(100_000, 1.0),
            KeyPopularity::zipf(100_000, 1.2),
            KeyPopularity::zipf(100_000, 3.0),
            KeyPopularity::zipf(50, 8.0),
            KeyPopularity::hotspot(100, 30, 0.5),
            KeyPopularity::even(777),
            KeyPopularity::counted(&[500, 300, 100, 50, 25, 25, 1, 7]),
        ] {
            let popularity = popularity.unwrap();
            let keys = popularity.keys();
            // The first 16 keys alone, then 4 cells per doubling.
            let cell = |key: u64| if key < 16 { key as usize } else { (4.0 * (key as f64).log2()) as usize };
            let mut expected = vec![0.0; cell(keys) + 1];
            for key in 0..keys {
                expected[cell(key)] += popularity.probability(key) * f64::from(n);
            }
            let mut counted = vec![0.0; expected.len()];
            let mut stream = Stream::named(1, 0, "keys", "key");
            for _ in 0..n {
                counted[cell(popularity.sample(&mut stream))] += 1.0;
            }
            let mut cells: Vec<(f64, f64)> = vec![(0.0, 0.0)];
            for cell in expected.into_iter().zip(counted) {
                match cells.last_mut() {
                    Some(open) if open.0 < 10.0 => *open = (open.0 + cell.0, open.1 + cell.1),
                    _ => cells.push(cell),
                }
            }
            let rest = cells.pop_if(|open| open.0 < 10.0).unwrap_or((0.0, 0.0));
            let last = cells.last_mut().unwrap();
            *last = (last.0 + rest.0, last.1 + rest.1);
            let chi_square: f64 = cells.iter().map(|(e, c)| (c - e) * (c - e) / e).sum();
            let degrees = (cells.len() - 1) as f64;
            assert!(degrees >= 1.0, "{popularity:?}");
            let chance = 1.0 - gamma_cdf(0.5 * degrees, 0.5 * chi_square);
            assert!(chance > 1e-4, "{popularity:?}: {chi_square} of {degrees}");
        }
    }

    /// Of n = 100 000 draws from 10^9 keys each of the first keys is drawn as often as its exact probability says,
    /// and so is the half of all keys that is least popular; 5 standard errors are allowed.
    #[test]
    fn a_billion_keys_need_no_table() {
        let n = 100_000.0;
        for exponent in [0.9, 1.0, 1.1] {
            let popularity = KeyPopularity::zipf(1_000_000_000, exponent).unwrap();
            let mut stream = Stream::named(2, 0, "keys", "key");
            let mut counted = [0.0; 6];
            for _ in 0..100_000 {
                match popularity.sample(&mut stream) {
                    key @ 0..5 => counted[key as usize] += 1.0,
                    key if key >= 500_000_000 => counted[5] += 1.0,
                    _ => {}
                }
            }
            for (key, count) in counted[..5].iter().enumerate() {
                let expected = popularity.probability(key as u64) * n;
                assert!(
                    (count - expected).abs() < 5.0 * expected.sqrt(),
                    "{exponent} {key}: {count} {expected}"
                );
            }
            // The sum over the upper half by the midpoint of each of 1000 blocks: exact to 1e-7.
            let block = |i: u64| popularity.probability(500_000_000 + i * 500_000 + 250_000) * 500_000.0;
            let expected = (0..1000).map(block).sum::<f64>() * n;
            assert!(
                (counted[5] - expected).abs() < 5.0 * expected.sqrt(),
                "{exponent}: {} {expected}",
                counted[5]
            );
        }
    }
}
