//! A tiny generator for the tests of this crate, which knows no other crate of the house.

use crate::normal_quantile;

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Draws(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in the open interval (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    pub(crate) fn exponential(&mut self) -> f64 {
        -libm::log(self.uniform())
    }

    pub(crate) fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    pub(crate) fn normals(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.normal()).collect()
    }

    /// A first-order autoregressive series that starts at `start` and settles around 0 with variance 1.
    pub(crate) fn autoregressive(&mut self, n: usize, phi: f64, start: f64) -> Vec<f64> {
        let mut x = start;
        (0..n)
            .map(|_| {
                x = phi * x + (1.0 - phi * phi).sqrt() * self.normal();
                x
            })
            .collect()
    }
}

/// Asserts that `hits` of `trials` agrees with probability `p` within four standard errors.
pub(crate) fn assert_share(hits: usize, trials: usize, p: f64) {
    let share = hits as f64 / trials as f64;
    let error = (p * (1.0 - p) / trials as f64).sqrt();
    assert!((share - p).abs() <= 4.0 * error, "{share} is not {p} within four times {error}");
}
