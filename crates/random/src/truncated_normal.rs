//! The normal law between two bounds.

use crate::special::{normal_cdf, normal_pdf, normal_quantile};
use crate::stream::Stream;

/// A normal law of which only the draws from `min` to `max` are kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TruncatedNormal {
    mean: f64,
    sd: f64,
    min: f64,
    max: f64,
    /// The bounds in standard deviations from the mean.
    low: f64,
    high: f64,
    /// The probability between the bounds.
    inside: f64,
}

impl TruncatedNormal {
    /// `sd` must be positive and `min` below `max`: see [`Distribution::normal`](crate::Distribution::normal).
    pub(crate) fn new(mean: f64, sd: f64, min: f64, max: f64) -> TruncatedNormal {
        let (low, high) = ((min - mean) / sd, (max - mean) / sd);
        TruncatedNormal { mean, sd, min, max, low, high, inside: between(low, high) }
    }

    /// Returns the probability that an untruncated draw lies between the bounds.
    pub(crate) fn inside(&self) -> f64 {
        self.inside
    }

    pub(crate) fn minimum(&self) -> f64 {
        self.min
    }

    /// Draws by rejection while at least a quarter of all draws are kept, by inversion otherwise: at most 4 tries on
    /// average, and no loop that may take for ever.
    pub(crate) fn sample(&self, stream: &mut Stream) -> f64 {
        if self.inside < 0.25 {
            return self.quantile(stream.uniform());
        }
        loop {
            let z = stream.normal();
            if self.low <= z && z <= self.high {
                return (self.mean + self.sd * z).clamp(self.min, self.max);
            }
        }
    }

    pub(crate) fn cdf(&self, x: f64) -> f64 {
        if x < self.min {
            0.0
        } else if x >= self.max {
            1.0
        } else {
            (between(self.low, (x - self.mean) / self.sd) / self.inside).clamp(0.0, 1.0)
        }
    }

    pub(crate) fn quantile(&self, p: f64) -> f64 {
        // Measured from the nearer tail, where probabilities keep their digits.
        let below = normal_cdf(self.low) + p * self.inside;
        let z = if below <= 0.5 {
            normal_quantile(below)
        } else {
            -normal_quantile(normal_cdf(-self.high) + (1.0 - p) * self.inside)
        };
        (self.mean + self.sd * z).clamp(self.min, self.max)
    }

    pub(crate) fn mean(&self) -> f64 {
        (self.mean + self.sd * self.standard_moments().0).clamp(self.min, self.max)
    }

    pub(crate) fn variance(&self) -> f64 {
        self.sd * self.sd * self.standard_moments().1
    }

    /// Returns mean and variance in units of the standard deviation.
    ///
    /// # Source
    /// Johnson, Kotz and Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition, section 13.10.1.
    fn standard_moments(&self) -> (f64, f64) {
        let (low, high) = (self.low, self.high);
        if high - low < 0.5 {
            return narrow_moments(low, high);
        }
        // An infinite bound has density 0, and 0 · ∞ is meant to be 0.
        let weighted = |bound: f64| if bound.is_finite() { bound * normal_pdf(bound) } else { 0.0 };
        let mean = (normal_pdf(low) - normal_pdf(high)) / self.inside;
        let variance = 1.0 + (weighted(low) - weighted(high)) / self.inside - mean * mean;
        (mean, variance.max(0.0))
    }

    pub(crate) fn scaled(&self, factor: f64) -> TruncatedNormal {
        TruncatedNormal {
            mean: self.mean * factor,
            sd: self.sd * factor,
            min: self.min * factor,
            max: self.max * factor,
            ..*self
        }
    }
}

/// Returns the probability of a standard normal draw between two values, from the nearer tail.
fn between(low: f64, high: f64) -> f64 {
    if low > 0.0 { normal_cdf(-low) - normal_cdf(-high) } else { normal_cdf(high) - normal_cdf(low) }
}

/// Returns mean and variance between two near bounds, where the closed form is a difference of equal numbers.
///
/// Simpson's rule on 64 intervals of a density relative to that of the middle; its error is of the order
/// (0.5 / 64)^4 < 1e-8 of the value.
fn narrow_moments(low: f64, high: f64) -> (f64, f64) {
    let middle = 0.5 * (low + high);
    let half = 0.5 * (high - low);
    let moment = |power: i32, centre: f64| {
        (0..=64)
            .map(|i| {
                let off = half * (f64::from(i) / 32.0 - 1.0);
                let weight = if i == 0 || i == 64 {
                    1.0
                } else if i % 2 == 1 {
                    4.0
                } else {
                    2.0
                };
                let density = libm::exp(-off * (middle + 0.5 * off));
                let distance = off - centre;
                weight
                    * density
                    * if power == 0 {
                        1.0
                    } else if power == 1 {
                        distance
                    } else {
                        distance * distance
                    }
            })
            .sum::<f64>()
    };
    let total = moment(0, 0.0);
    let off = moment(1, 0.0) / total;
    (middle + off, moment(2, off) / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_bounds_it_is_the_normal_law() {
        let normal = TruncatedNormal::new(5.0, 2.0, f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!((normal.mean(), normal.variance(), normal.inside()), (5.0, 4.0, 1.0));
    }

    #[test]
    fn the_half_normal_has_its_known_moments() {
        let half = TruncatedNormal::new(0.0, 1.0, 0.0, f64::INFINITY);
        assert!((half.mean() - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-15);
        assert!((half.variance() - (1.0 - 2.0 / std::f64::consts::PI)).abs() < 1e-15);
    }

    #[test]
    fn a_narrow_window_is_nearly_uniform_and_agrees_with_the_closed_form_where_both_hold() {
        let narrow = TruncatedNormal::new(0.0, 1.0, 1.0, 1.0 + 1e-6);
        assert!((narrow.variance() / (1e-12 / 12.0) - 1.0).abs() < 1e-6);
        let window = TruncatedNormal::new(0.0, 1.0, 0.8, 1.4);
        let (mean, variance) = narrow_moments(0.8, 1.4);
        assert!((window.mean() / mean - 1.0).abs() < 1e-8);
        assert!((window.variance() / variance - 1.0).abs() < 1e-8);
    }
}
