//! A checked probability law, ready to be drawn from.

use crate::stream::Stream;
use crate::tables::{Mixture, Points};
use crate::truncated_normal::TruncatedNormal;
use crate::ziggurat;
use std::sync::Arc;

/// A probability law of real numbers: service times, think times, sizes, batch sizes.
///
/// It is made by a named constructor that checks its parameters, so that a draw can neither fail nor panic. A clone
/// is cheap: tables are shared.
///
/// # Units
/// Those of the parameters; durations are usually given in nanoseconds.
///
/// # Example
/// ```
/// use kneepoint_random::{Distribution, Stream};
///
/// let usual = Distribution::constant(10.0)?;
/// let rare = Distribution::bounded_pareto(100.0, 1.5, 5_000.0)?;
/// let work = Distribution::mixture(vec![(0.99, usual), (0.01, rare)])?;
/// assert!(work.mean() > 10.0 && work.scv() > 1.0);
/// assert_eq!(work.quantile(0.5), Some(10.0));
/// let mut stream = Stream::named(1, 0, "web", "service");
/// assert!(work.sample(&mut stream) >= work.minimum());
/// # Ok::<(), kneepoint_random::DistributionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution(pub(crate) Law);

/// The laws that are drawn in different ways; several constructors lead to one of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Law {
    Constant(f64),
    Exponential {
        mean: f64,
    },
    Uniform {
        min: f64,
        max: f64,
    },
    Triangular {
        min: f64,
        mode: f64,
        max: f64,
    },
    Lognormal {
        median: f64,
        sigma: f64,
    },
    Gamma {
        shape: f64,
        scale: f64,
    },
    Weibull {
        scale: f64,
        shape: f64,
    },
    Pareto {
        min: f64,
        alpha: f64,
    },
    /// `inside` is the probability that the unbounded law lies below `max`.
    BoundedPareto {
        min: f64,
        alpha: f64,
        max: f64,
        inside: f64,
    },
    Normal(Arc<TruncatedNormal>),
    /// `scale` times a number of trials; `rate` is -ln(1 - probability of success).
    Geometric {
        trials: f64,
        rate: f64,
        scale: f64,
    },
    Points(Arc<Points>),
    /// In ascending order.
    Samples(Arc<[f64]>),
    Mixture(Arc<Mixture>),
    Shifted {
        by: f64,
        of: Arc<Distribution>,
    },
}

impl Distribution {
    /// Draws one value.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        match &self.0 {
            // The two laws of most models first, and inline; the others cost enough to bear a call.
            Law::Constant(value) => *value,
            Law::Exponential { mean } => mean * stream.exponential(),
            law => law.sample(stream),
        }
    }

    /// Draws one value from a key, as [`uniform_from_key`](crate::uniform_from_key) does: where one number suffices it
    /// is the key itself, otherwise those of its stream.
    ///
    /// It is for those who draw once from each key, as the work of a request is drawn.
    #[inline(always)]
    pub fn sample_from_key(&self, key: u64) -> f64 {
        match &self.0 {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => mean * ziggurat::exponential_from_key(key),
            law => law.sample(&mut Stream::from_key(key)),
        }
    }

    /// Returns the value if every draw is the same one.
    pub fn is_constant(&self) -> Option<f64> {
        match &self.0 {
            Law::Constant(value) => Some(*value),
            Law::Points(points) => points.is_constant(),
            Law::Samples(sorted) => (sorted.first() == sorted.last()).then(|| sorted[0]),
            Law::Mixture(mixture) => mixture.is_constant(),
            Law::Shifted { by, of } => of.is_constant().map(|value| by + value),
            Law::Exponential { .. }
            | Law::Uniform { .. }
            | Law::Triangular { .. }
            | Law::Lognormal { .. }
            | Law::Gamma { .. }
            | Law::Weibull { .. }
            | Law::Pareto { .. }
            | Law::BoundedPareto { .. }
            | Law::Normal(_)
            | Law::Geometric { .. } => None,
        }
    }

    /// Returns the law of `factor` times a draw: the same shape, in another unit or on a slower machine.
    ///
    /// The same stream gives `factor` times the same draws, up to rounding.
    ///
    /// # Panics
    /// If `factor` is negative or not finite: such a law would not be a law any more.
    pub fn scaled(&self, factor: f64) -> Distribution {
        assert!(factor >= 0.0 && factor.is_finite(), "a distribution was scaled by {factor}");
        if factor == 0.0 {
            return Distribution(Law::Constant(0.0));
        }
        Distribution(match &self.0 {
            Law::Constant(value) => Law::Constant(value * factor),
            Law::Exponential { mean } => Law::Exponential { mean: mean * factor },
            Law::Uniform { min, max } => Law::Uniform { min: min * factor, max: max * factor },
            Law::Triangular { min, mode, max } => {
                Law::Triangular { min: min * factor, mode: mode * factor, max: max * factor }
            }
            Law::Lognormal { median, sigma } => Law::Lognormal { median: median * factor, sigma: *sigma },
            Law::Gamma { shape, scale } => Law::Gamma { shape: *shape, scale: scale * factor },
            Law::Weibull { scale, shape } => Law::Weibull { scale: scale * factor, shape: *shape },
            Law::Pareto { min, alpha } => Law::Pareto { min: min * factor, alpha: *alpha },
            Law::BoundedPareto { min, alpha, max, inside } => {
                Law::BoundedPareto { min: min * factor, alpha: *alpha, max: max * factor, inside: *inside }
            }
            Law::Normal(normal) => Law::Normal(Arc::new(normal.scaled(factor))),
            Law::Geometric { trials, rate, scale } => {
                Law::Geometric { trials: *trials, rate: *rate, scale: scale * factor }
            }
            Law::Points(points) => Law::Points(Arc::new(points.scaled(factor))),
            Law::Samples(sorted) => Law::Samples(sorted.iter().map(|value| value * factor).collect()),
            Law::Mixture(mixture) => Law::Mixture(Arc::new(mixture.scaled(factor))),
            Law::Shifted { by, of } => Law::Shifted { by: by * factor, of: Arc::new(of.scaled(factor)) },
        })
    }

    /// Returns the law scaled so that its mean is `mean`; its shape, and so its coefficient of variation, stays.
    ///
    /// # Panics
    /// If no factor does it; [`Distribution::checked_fit_to_mean`] says so instead.
    pub fn fit_to_mean(&self, mean: f64) -> Distribution {
        match self.checked_fit_to_mean(mean) {
            Some(fitted) => fitted,
            None => panic!("a distribution of mean {} was fitted to the mean {mean}", self.mean()),
        }
    }

    /// Returns the law scaled so that its mean is `mean`, or `None` if no factor does it: the mean of the law is 0,
    /// infinite or of the other sign.
    pub fn checked_fit_to_mean(&self, mean: f64) -> Option<Distribution> {
        if let Law::Constant(_) = self.0 {
            return mean.is_finite().then_some(Distribution(Law::Constant(mean)));
        }
        let own = self.mean();
        let factor = mean / own;
        let possible = own.is_finite() && factor >= 0.0 && factor.is_finite();
        possible.then(|| self.scaled(factor))
    }
}

impl Law {
    #[inline(never)]
    fn sample(&self, stream: &mut Stream) -> f64 {
        match self {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => mean * stream.exponential(),
            Law::Uniform { min, max } => min + (max - min) * stream.uniform(),
            Law::Triangular { min, mode, max } => triangular(stream.uniform(), *min, *mode, *max),
            Law::Lognormal { median, sigma } => median * libm::exp(sigma * stream.normal()),
            Law::Gamma { shape, scale } => scale * unit_gamma(*shape, stream),
            // The exponential ziggurat stands for -ln(1 - u) in each inversion below; it is exact and cheaper.
            // A power, written out: `libm::pow` takes pains for digits that no draw needs, and 1.4 times as long.
            Law::Weibull { scale, shape } => scale * libm::exp(libm::log(stream.exponential()) / shape),
            Law::Pareto { min, alpha } => min * libm::exp(stream.exponential() / alpha),
            Law::BoundedPareto { min, alpha, max, inside } => {
                bounded_pareto(stream.uniform(), *min, *alpha, *max, *inside)
            }
            Law::Normal(normal) => normal.sample(stream),
            Law::Geometric { rate, scale, .. } => scale * (1.0 + libm::floor(stream.exponential() / rate)),
            Law::Points(points) => points.at(stream.uniform()),
            Law::Samples(sorted) => sorted[stream.below(sorted.len() as u64) as usize],
            Law::Mixture(mixture) => mixture.pick(stream.uniform()).sample(stream),
            Law::Shifted { by, of } => by + of.sample(stream),
        }
    }
}

/// Returns the triangular law's value below which the probability is `p`.
pub(crate) fn triangular(p: f64, min: f64, mode: f64, max: f64) -> f64 {
    let width = max - min;
    if p * width < mode - min {
        min + (p * width * (mode - min)).sqrt()
    } else {
        max - ((1.0 - p) * width * (max - mode)).sqrt()
    }
}

/// Returns the bounded Pareto law's value below which the probability is `p`.
pub(crate) fn bounded_pareto(p: f64, min: f64, alpha: f64, max: f64, inside: f64) -> f64 {
    (min * libm::exp(-libm::log1p(-p * inside) / alpha)).clamp(min, max)
}

/// Draws a gamma of scale 1.
///
/// # Source
/// Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 26(3), 2000; section 6 for shapes
/// below 1.
fn unit_gamma(shape: f64, stream: &mut Stream) -> f64 {
    if shape < 1.0 {
        let whole = unit_gamma(shape + 1.0, stream);
        return whole * libm::exp(-stream.exponential() / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = stream.normal();
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let u = stream.uniform();
        let square = x * x;
        if u < 1.0 - 0.0331 * square * square || libm::log(u) < 0.5 * square + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of n = 200 000 draws, 4000 of which take the rare way, within 4 standard errors: those of an
    /// exponential of mean 1 are 1 / sqrt(n) and sqrt(8 / n). And Kolmogorov's statistic: 1.95 / sqrt(n) is passed once
    /// in 1000.
    #[test]
    fn exponential_draws_from_keys_follow_their_law() {
        let keys = crate::RequestStreams::new(1, 0, "web", "service");
        let n = 200_000;
        let law = Distribution(Law::Exponential { mean: 2.0 });
        let mut draws: Vec<f64> = (0..n).map(|index| law.sample_from_key(keys.key(index)) / 2.0).collect();
        let n = n as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        assert!((mean - 1.0).abs() < 4.0 / n.sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 4.0 * (8.0 / n).sqrt(), "{variance}");
        draws.sort_by(f64::total_cmp);
        let distance = draws.iter().enumerate().fold(0.0_f64, |most, (at, x)| {
            let below = 1.0 - libm::exp(-x);
            most.max((below - at as f64 / n).abs()).max((below - (at + 1) as f64 / n).abs())
        });
        assert!(distance < 1.95 / n.sqrt(), "{distance}");
    }

    #[test]
    fn laws_that_need_more_than_one_number_draw_from_the_stream_of_the_key() {
        for law in
            [Law::Uniform { min: 1.0, max: 2.0 }, Law::Gamma { shape: 0.5, scale: 2.0 }].map(Distribution)
        {
            for key in 0..1000 {
                assert_eq!(law.sample_from_key(key), law.sample(&mut Stream::from_key(key)), "{law:?} {key}");
            }
        }
    }

    #[test]
    fn a_distribution_is_small() {
        assert!(size_of::<Distribution>() <= 40);
    }

    #[test]
    #[should_panic(expected = "scaled by -1")]
    fn a_negative_factor_is_refused() {
        let _ = Distribution(Law::Exponential { mean: 1.0 }).scaled(-1.0);
    }

    #[test]
    fn a_law_without_a_finite_mean_cannot_be_fitted_to_one() {
        assert_eq!(Distribution(Law::Pareto { min: 1.0, alpha: 0.9 }).checked_fit_to_mean(2.0), None);
        assert_eq!(Distribution(Law::Exponential { mean: 1.0 }).checked_fit_to_mean(-2.0), None);
        assert_eq!(Distribution(Law::Exponential { mean: 1.0 }).checked_fit_to_mean(f64::NAN), None);
    }

    #[test]
    fn fitting_keeps_the_shape() {
        let gamma = Distribution(Law::Gamma { shape: 4.0, scale: 0.5 });
        let fitted = gamma.fit_to_mean(10.0);
        assert_eq!(fitted.mean(), 10.0);
        assert_eq!(fitted.scv(), gamma.scv());
        assert_eq!(Distribution(Law::Constant(0.0)).fit_to_mean(3.0).is_constant(), Some(3.0));
    }
}
