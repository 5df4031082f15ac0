//! One sequence of random numbers, owned by one purpose.

use crate::stream_key::{GOLDEN, mix, stream_key};
use crate::ziggurat;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The distance between neighbouring uniform draws, 2^-53.
pub(crate) const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;

/// A sequence of random numbers that belongs to one purpose of one component in one replication.
///
/// It is 32 bytes, costs a few nanoseconds to make and about one to draw from: one per purpose (arrivals, service,
/// routing, hit or miss) is free, and keeps the purposes from disturbing each other.
///
/// # Source
/// Xoshiro256++: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 47(4), 2021.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
}

/// Returns the uniform number that a key is already: its upper 53 bits.
///
/// It is for those who draw once from each key, as the choices of a request are drawn. The key must be an output of
/// SplitMix64, as those of [`RequestStreams`](crate::RequestStreams) and the draws of a request are: mixing it again
/// would cost ten times as much and make it no more random.
///
/// # Source
/// SplitMix64 passes BigCrush by itself: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014, section 5.
#[inline]
pub fn uniform_from_key(key: u64) -> f64 {
    (key >> 11) as f64 * UNIT
}

impl Stream {
    /// Returns the stream of these names: the same names give the same numbers, whatever else is in the model.
    ///
    /// How names become a key is written at [`stream_key`].
    pub fn named(seed: u64, replication: u64, path: &str, purpose: &str) -> Stream {
        Stream::from_key(stream_key(seed, replication, path, purpose))
    }

    /// Returns the stream of a key: its state is the next four outputs of SplitMix64 started at `key`.
    ///
    /// Neighbouring keys of the form `key + GOLDEN` would share three words of state, so make keys with
    /// [`stream_key`], or count them from 0; do not add that constant to them.
    ///
    /// # Source
    /// Seeding as Blackman and Vigna advise on their page of xoshiro256++, <https://prng.di.unimi.it>.
    #[inline]
    pub fn from_key(key: u64) -> Stream {
        let mut state = [0; 32];
        let mut counter = key;
        for word in state.chunks_exact_mut(8) {
            counter = counter.wrapping_add(GOLDEN);
            word.copy_from_slice(&mix(counter).to_le_bytes());
        }
        // Four outputs of SplitMix64 are of four different counters under a bijection: they cannot all be zero.
        Stream { generator: Xoshiro256PlusPlus::from_seed(state) }
    }

    /// Returns 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Returns a number from [0, 1), one of 2^53 evenly spaced ones.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * UNIT
    }

    /// Returns an integer from `0..n`, all equally likely.
    ///
    /// # Panics
    /// If `n` is 0: there is nothing to choose from.
    ///
    /// # Source
    /// Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 29(1), 2019, algorithm 5.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "a stream was asked to choose one of 0");
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let unfair = n.wrapping_neg() % n;
            while (product as u64) < unfair {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// Returns `true` with probability `p`: never for 0 and less, always for 1 and more.
    ///
    /// Exactly one number is drawn whatever `p` is, so that changing `p` shifts no later draw.
    #[inline]
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Returns an exponential draw of mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        ziggurat::exponential(self)
    }

    /// Returns a normal draw of mean 0 and standard deviation 1.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        ziggurat::normal(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeding_is_the_one_of_the_reference() {
        for key in [0, 1, 42, u64::MAX] {
            let reference = Xoshiro256PlusPlus::seed_from_u64(key);
            assert_eq!(Stream::from_key(key), Stream { generator: reference });
        }
    }

    /// Kolmogorov's statistic of n = 100 000 numbers from keys of one client, and of the differences of neighbours
    /// modulo 1: 1.95 / sqrt(n) is passed once in 1000.
    #[test]
    fn the_numbers_of_keys_are_uniform_and_neighbours_do_not_know_each_other() {
        let keys = crate::RequestStreams::new(1, 0, "shoppers", "class");
        let numbers: Vec<f64> = (0..100_001).map(|index| uniform_from_key(keys.key(index))).collect();
        let differences: Vec<f64> = numbers.windows(2).map(|two| (two[1] - two[0]).rem_euclid(1.0)).collect();
        for mut sample in [numbers, differences] {
            sample.sort_by(f64::total_cmp);
            let n = sample.len() as f64;
            let distance = sample.iter().enumerate().fold(0.0_f64, |most, (at, u)| {
                most.max((u - at as f64 / n).abs()).max((u - (at + 1) as f64 / n).abs())
            });
            assert!(distance < 1.95 / n.sqrt(), "{distance}");
        }
    }

    #[test]
    fn the_same_names_give_the_same_numbers_and_other_names_others() {
        let draws = |path, purpose| {
            let mut stream = Stream::named(7, 2, path, purpose);
            (0..8).map(|_| stream.next_u64()).collect::<Vec<_>>()
        };
        assert_eq!(draws("web", "service"), draws("web", "service"));
        assert_ne!(draws("web", "service"), draws("web", "arrivals"));
        assert_ne!(draws("web", "service"), draws("db", "service"));
        assert_ne!(Stream::named(7, 2, "web", "x"), Stream::named(7, 3, "web", "x"));
        assert_ne!(Stream::named(7, 2, "web", "x"), Stream::named(8, 2, "web", "x"));
    }

    #[test]
    fn making_or_using_other_streams_moves_nobodys_numbers() {
        let mut alone = Stream::named(1, 0, "web", "service");
        let expected: Vec<_> = (0..100).map(|_| alone.uniform()).collect();
        let mut newcomer = Stream::named(1, 0, "cache", "hit");
        let mut among = Stream::named(1, 0, "web", "service");
        let got: Vec<_> = (0..100)
            .map(|_| {
                newcomer.normal();
                among.uniform()
            })
            .collect();
        assert_eq!(got, expected);
    }

    /// The correlation of n = 10 000 pairs of independent draws has standard error 0.01; with 190 pairs of streams
    /// 5 of them are passed by chance once in 9 000 seeds.
    #[test]
    fn streams_of_different_names_are_uncorrelated() {
        let n = 10_000;
        let columns: Vec<Vec<f64>> = (0..20)
            .map(|part| {
                let mut stream = Stream::named(1, part % 2, &format!("web/{}", part / 2), "service");
                (0..n).map(|_| (stream.uniform() - 0.5) * 12_f64.sqrt()).collect()
            })
            .collect();
        for i in 0..columns.len() {
            for j in 0..i {
                let sum: f64 = columns[i].iter().zip(&columns[j]).map(|(a, b)| a * b).sum();
                assert!((sum / f64::from(n)).abs() < 0.05, "{i} {j}: {sum}");
            }
        }
    }

    #[test]
    fn a_chance_uses_one_number_whatever_it_is() {
        let mut reference = Stream::from_key(5);
        for p in [-1.0, 0.0, 0.3, 1.0, 2.0, f64::NAN] {
            let mut stream = reference.clone();
            let answer = stream.chance(p);
            reference.next_u64();
            assert_eq!(stream, reference);
            if p != 0.3 {
                assert_eq!(answer, p >= 1.0, "{p}");
            }
        }
    }

    #[test]
    fn below_one_is_zero_and_below_anything_is_below_it() {
        let mut stream = Stream::from_key(9);
        for n in [1, 2, 3, 10, 1 << 33, (1 << 63) + 1, u64::MAX] {
            for _ in 0..100 {
                assert!(stream.below(n) < n);
            }
        }
    }

    #[test]
    #[should_panic(expected = "choose one of 0")]
    fn below_zero_is_refused() {
        Stream::from_key(1).below(0);
    }

    /// Without the rejection step a third of the values below 3·2^62 would be twice as likely as the others: the
    /// lowest third is hit n = 30 000 times 1/3 ± 0.0027; 5 standard errors are allowed.
    #[test]
    fn below_is_unbiased_where_a_plain_product_is_not() {
        let n = 3_u64 << 62;
        let mut stream = Stream::from_key(11);
        let hits = (0..30_000).filter(|_| stream.below(n).is_multiple_of(3)).count();
        assert!((hits as f64 / 30_000.0 - 1.0 / 3.0).abs() < 0.0137, "{hits}");
    }
}
