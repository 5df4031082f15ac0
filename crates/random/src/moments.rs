//! Exact mean, variance and least value of each law.

use crate::distribution::{Distribution, Law};

impl Distribution {
    /// Returns the mean; infinite where it is.
    pub fn mean(&self) -> f64 {
        match &self.0 {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => *mean,
            Law::Uniform { min, max } => 0.5 * (min + max),
            Law::Triangular { min, mode, max } => (min + mode + max) / 3.0,
            Law::Lognormal { median, sigma } => median * libm::exp(0.5 * sigma * sigma),
            Law::Gamma { shape, scale } => shape * scale,
            Law::Weibull { scale, shape } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Law::Pareto { alpha, .. } if *alpha <= 1.0 => f64::INFINITY,
            Law::Pareto { min, alpha } => min * alpha / (alpha - 1.0),
            Law::BoundedPareto { min, alpha, max, inside } => {
                min * bounded_pareto_moment(1.0, *alpha, max / min, *inside)
            }
            Law::Normal(normal) => normal.mean(),
            Law::Geometric { trials, scale, .. } => scale * trials,
            Law::Points(points) => points.mean(),
            Law::Samples(sorted) => sorted.iter().sum::<f64>() / sorted.len() as f64,
            Law::Mixture(mixture) => mixture.parts().iter().map(|(share, part)| share * part.mean()).sum(),
            Law::Shifted { by, of } => by + of.mean(),
        }
    }

    /// Returns the variance; infinite where it is.
    pub fn variance(&self) -> f64 {
        match &self.0 {
            Law::Constant(_) => 0.0,
            Law::Exponential { mean } => mean * mean,
            Law::Uniform { min, max } => (max - min) * (max - min) / 12.0,
            Law::Triangular { min, mode, max } => {
                let (left, right, whole) = (mode - min, max - mode, max - min);
                (left * left + right * right + whole * whole) / 36.0
            }
            Law::Lognormal { sigma, .. } => {
                let mean = self.mean();
                mean * mean * libm::expm1(sigma * sigma)
            }
            Law::Gamma { shape, scale } => shape * scale * scale,
            Law::Weibull { scale, shape } => {
                let first = libm::tgamma(1.0 + 1.0 / shape);
                scale * scale * (libm::tgamma(1.0 + 2.0 / shape) - first * first)
            }
            Law::Pareto { alpha, .. } if *alpha <= 2.0 => f64::INFINITY,
            Law::Pareto { min, alpha } => {
                let off = alpha - 1.0;
                min * min * alpha / (off * off * (alpha - 2.0))
            }
            Law::BoundedPareto { min, alpha, max, inside } => {
                let moment = |power| bounded_pareto_moment(power, *alpha, max / min, *inside);
                let mean = moment(1.0);
                (min * min * (moment(2.0) - mean * mean)).max(0.0)
            }
            Law::Normal(normal) => normal.variance(),
            Law::Geometric { trials, scale, .. } => scale * scale * trials * (trials - 1.0),
            Law::Points(points) => points.variance(),
            Law::Samples(sorted) => {
                let mean = self.mean();
                sorted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / sorted.len() as f64
            }
            Law::Mixture(mixture) => {
                let mean = self.mean();
                if mean.is_infinite() {
                    return f64::INFINITY;
                }
                let of_part = |part: &Distribution| {
                    let off = part.mean() - mean;
                    part.variance() + off * off
                };
                mixture.parts().iter().map(|(share, part)| share * of_part(part)).sum()
            }
            Law::Shifted { of, .. } => of.variance(),
        }
    }

    /// Returns the squared coefficient of variation, variance / mean²: 0 for a constant, 1 for an exponential.
    ///
    /// It is infinite where the variance is, and where only the mean is 0.
    pub fn scv(&self) -> f64 {
        let (mean, variance) = (self.mean(), self.variance());
        if variance == 0.0 {
            0.0
        } else if variance.is_infinite() {
            f64::INFINITY
        } else {
            variance / (mean * mean)
        }
    }

    /// Returns the greatest value that no draw is below; negative infinity for a normal law without a lower bound.
    pub fn minimum(&self) -> f64 {
        match &self.0 {
            Law::Constant(value) => *value,
            Law::Exponential { .. } | Law::Lognormal { .. } | Law::Gamma { .. } | Law::Weibull { .. } => 0.0,
            Law::Uniform { min, .. }
            | Law::Triangular { min, .. }
            | Law::Pareto { min, .. }
            | Law::BoundedPareto { min, .. } => *min,
            Law::Normal(normal) => normal.minimum(),
            Law::Geometric { scale, .. } => *scale,
            Law::Points(points) => points.minimum(),
            Law::Samples(sorted) => sorted[0],
            Law::Mixture(mixture) => {
                mixture.parts().iter().map(|(_, part)| part.minimum()).fold(f64::INFINITY, f64::min)
            }
            Law::Shifted { by, of } => by + of.minimum(),
        }
    }
}

/// Returns the moment of a bounded Pareto law from 1 to `bound`.
///
/// It is the integral of alpha · x^(power - alpha - 1) / inside, which has a logarithm in it where `power` equals
/// `alpha`; written with expm1(t)/t it is smooth there.
fn bounded_pareto_moment(power: f64, alpha: f64, bound: f64, inside: f64) -> f64 {
    let log = libm::log(bound);
    let t = (power - alpha) * log;
    let slope = if t == 0.0 { 1.0 } else { libm::expm1(t) / t };
    alpha / inside * log * slope
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(law: Result<Distribution, crate::DistributionError>) -> Distribution {
        law.unwrap()
    }

    #[test]
    fn heavy_tails_have_infinite_moments() {
        let heavy = made(Distribution::pareto(1.0, 1.0));
        assert_eq!(
            (heavy.mean(), heavy.variance(), heavy.scv()),
            (f64::INFINITY, f64::INFINITY, f64::INFINITY)
        );
        let lighter = made(Distribution::pareto(1.0, 2.0));
        assert_eq!((lighter.mean(), lighter.variance()), (2.0, f64::INFINITY));
        let mixed =
            made(Distribution::mixture(vec![(0.9, made(Distribution::constant(1.0))), (0.1, heavy.clone())]));
        assert_eq!((mixed.mean(), mixed.variance()), (f64::INFINITY, f64::INFINITY));
        let never = made(Distribution::mixture(vec![(1.0, made(Distribution::constant(1.0))), (0.0, heavy)]));
        assert_eq!((never.mean(), never.variance()), (1.0, 0.0));
    }

    #[test]
    fn the_bounded_pareto_is_smooth_where_its_closed_form_changes() {
        for alpha in [1.0, 2.0] {
            let at = made(Distribution::bounded_pareto(2.0, alpha, 100.0));
            let near = made(Distribution::bounded_pareto(2.0, alpha + 1e-9, 100.0));
            assert!((at.mean() / near.mean() - 1.0).abs() < 1e-8);
            assert!((at.variance() / near.variance() - 1.0).abs() < 1e-8);
        }
        // By hand, alpha = 1: mean = ln(max/min) · min·max / (max - min).
        let by_hand = 50_f64.ln() * 200.0 / 98.0;
        assert!((made(Distribution::bounded_pareto(2.0, 1.0, 100.0)).mean() / by_hand - 1.0).abs() < 1e-14);
    }

    #[test]
    fn known_moments_by_hand() {
        let near =
            |got: f64, expected: f64| assert!((got - expected).abs() < 1e-12 * expected, "{got} {expected}");
        near(made(Distribution::triangular(0.0, 1.0, 2.0)).variance(), 1.0 / 6.0);
        near(made(Distribution::erlang(4, 2.0)).scv(), 0.25);
        near(made(Distribution::weibull(3.0, 0.5)).mean(), 3.0);
        near(made(Distribution::weibull(3.0, 0.5)).scv(), 5.0);
        near(made(Distribution::geometric(4.0)).variance(), 12.0);
        near(made(Distribution::samples(vec![1.0, 2.0, 3.0])).variance(), 2.0 / 3.0);
        near(made(Distribution::pareto(1.0, 3.0)).variance(), 0.75);
        let mixture = Distribution::mixture(vec![
            (0.99, made(Distribution::constant(10.0))),
            (0.01, made(Distribution::constant(1000.0))),
        ]);
        near(made(mixture.clone()).mean(), 19.9);
        near(made(mixture).variance(), 0.99 * 0.01 * 990.0 * 990.0);
        assert_eq!(
            made(Distribution::normal(0.0, 1.0, f64::NEG_INFINITY, None)).minimum(),
            f64::NEG_INFINITY
        );
    }

    /// The mean is minimum + ∫ (1 - cdf), the second moment about the minimum 2 ∫ x (1 - cdf): an independent way to
    /// both, by the midpoint rule on 200 000 intervals up to the quantile 1 - 1e-12.
    #[test]
    fn moments_agree_with_integrals_over_the_cdf() {
        let laws = [
            Distribution::exponential(3.0),
            Distribution::erlang(3, 3.0),
            Distribution::gamma(3.0, 0.7),
            Distribution::hyperexponential(3.0, 2.0),
            Distribution::lognormal_mean_cv(3.0, 0.5),
            Distribution::weibull(3.0, 1.5),
            Distribution::bounded_pareto(1.0, 1.5, 30.0),
            Distribution::uniform(1.0, 4.0),
            Distribution::triangular(1.0, 2.0, 7.0),
            Distribution::normal(3.0, 2.0, 0.0, None),
            Distribution::normal(-3.0, 2.0, 0.0, Some(5.0)),
            Distribution::quantiles(&[(0.5, 8.0), (0.95, 20.0), (0.99, 60.0), (1.0, 500.0)]),
            Distribution::exponential(3.0).and_then(|law| Distribution::shifted(2.0, law)),
        ];
        for law in laws {
            let law = made(law);
            let low = law.minimum();
            let width = (law.quantile(1.0 - 1e-12).unwrap() - low) / 200_000.0;
            let (mut first, mut second) = (0.0, 0.0);
            for i in 0..200_000 {
                let x = (f64::from(i) + 0.5) * width;
                let above = 1.0 - law.cdf(low + x);
                first += above * width;
                second += 2.0 * x * above * width;
            }
            assert!(
                (law.mean() / (low + first) - 1.0).abs() < 1e-5,
                "{law:?}: {} {}",
                law.mean(),
                low + first
            );
            let variance = second - first * first;
            assert!((law.variance() / variance - 1.0).abs() < 1e-4, "{law:?}: {} {variance}", law.variance());
        }
    }
}
