//! The cumulative probability of each law, and its inverse.

use crate::distribution::{Distribution, Law, bounded_pareto, triangular};
use crate::special::{gamma_cdf, normal_cdf, normal_quantile};

impl Distribution {
    /// Returns the probability that a draw is `x` or less.
    pub fn cdf(&self, x: f64) -> f64 {
        if x < self.minimum() {
            return 0.0;
        }
        match &self.0 {
            Law::Constant(_) => 1.0,
            Law::Exponential { mean } => -libm::expm1(-x / mean),
            Law::Uniform { min, max } => ((x - min) / (max - min)).min(1.0),
            Law::Triangular { min, mode, max } => triangular_cdf(x, *min, *mode, *max),
            Law::Lognormal { median, sigma } => normal_cdf(libm::log(x / median) / sigma),
            Law::Gamma { shape, scale } => gamma_cdf(*shape, x / scale),
            Law::Weibull { scale, shape } => -libm::expm1(-libm::pow(x / scale, *shape)),
            Law::Pareto { min, alpha } => -libm::expm1(-alpha * libm::log(x / min)),
            Law::BoundedPareto { min, alpha, inside, .. } => {
                (-libm::expm1(-alpha * libm::log(x / min)) / inside).min(1.0)
            }
            Law::Normal(normal) => normal.cdf(x),
            Law::Geometric { rate, scale, .. } => -libm::expm1(-rate * libm::floor(x / scale)),
            Law::Points(points) => points.cdf(x),
            Law::Samples(sorted) => {
                sorted.partition_point(|sample| *sample <= x) as f64 / sorted.len() as f64
            }
            Law::Mixture(mixture) => {
                mixture.parts().iter().map(|(share, part)| share * part.cdf(x)).sum::<f64>().min(1.0)
            }
            Law::Shifted { by, of } => of.cdf(x - by),
        }
    }

    /// Returns the least value that a draw is at or below with probability `p`, or `None` if `p` is not from 0 to 1.
    ///
    /// At 0 it is [`Distribution::minimum`], at 1 the greatest value, which may be infinite. Closed forms where there
    /// are some; for gamma laws and mixtures the cumulative probability is inverted by bisection to the last digit.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&p) {
            return None;
        }
        if p == 0.0 {
            return Some(self.minimum());
        }
        Some(match &self.0 {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => -mean * libm::log1p(-p),
            Law::Uniform { min, max } => (min + (max - min) * p).min(*max),
            Law::Triangular { min, mode, max } => triangular(p, *min, *mode, *max),
            Law::Lognormal { median, sigma } => median * libm::exp(sigma * normal_quantile(p)),
            Law::Gamma { .. } => self.gamma_quantile(p),
            Law::Weibull { scale, shape } => scale * libm::pow(-libm::log1p(-p), 1.0 / shape),
            Law::Pareto { min, alpha } => min * libm::exp(-libm::log1p(-p) / alpha),
            Law::BoundedPareto { min, alpha, max, inside } => bounded_pareto(p, *min, *alpha, *max, *inside),
            Law::Normal(normal) => normal.quantile(p),
            Law::Geometric { rate, scale, .. } => {
                let trials = libm::ceil(-libm::log1p(-p) / rate).max(1.0);
                // A rounded quotient may step over a whole number that already has the probability.
                let one_less = (trials - 1.0) * scale;
                if self.cdf(one_less) >= p { one_less } else { trials * scale }
            }
            Law::Points(points) => points.at(p),
            Law::Samples(sorted) => {
                let n = sorted.len();
                let mut rank = (libm::ceil(p * n as f64) as usize).clamp(1, n);
                if rank > 1 && (rank - 1) as f64 / n as f64 >= p {
                    rank -= 1;
                }
                sorted[rank - 1]
            }
            Law::Mixture(mixture) => {
                // The quantile of a mixture lies among those of its parts.
                let of_parts = mixture.parts().iter().filter_map(|(_, part)| part.quantile(p));
                let (low, high) = of_parts
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), q| (low.min(q), high.max(q)));
                if p == 1.0 { high } else { self.bisect(p, low, high) }
            }
            Law::Shifted { by, of } => by + of.quantile(p)?,
        })
    }

    fn gamma_quantile(&self, p: f64) -> f64 {
        if p == 1.0 {
            return f64::INFINITY;
        }
        let mut high = self.mean();
        while self.cdf(high) < p {
            high *= 2.0;
        }
        self.bisect(p, 0.0, high)
    }

    /// Returns the least number from `low` to `high` whose cumulative probability is at least `p`.
    fn bisect(&self, p: f64, mut low: f64, mut high: f64) -> f64 {
        if self.cdf(low) >= p {
            return low;
        }
        loop {
            let middle = low + 0.5 * (high - low);
            if middle <= low || middle >= high {
                return high;
            }
            if self.cdf(middle) >= p {
                high = middle;
            } else {
                low = middle;
            }
        }
    }
}

fn triangular_cdf(x: f64, min: f64, mode: f64, max: f64) -> f64 {
    let width = max - min;
    if x >= max {
        1.0
    } else if x <= mode && mode > min {
        (x - min) * (x - min) / (width * (mode - min))
    } else {
        1.0 - (max - x) * (max - x) / (width * (max - mode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{self, ContinuousCDF};

    fn made(law: Result<Distribution, crate::DistributionError>) -> Distribution {
        law.unwrap()
    }

    #[test]
    fn the_quantile_undoes_the_cdf() {
        let laws = [
            Distribution::exponential(3.0),
            Distribution::erlang(3, 3.0),
            Distribution::gamma(3.0, 2.0),
            Distribution::gamma(3.0, 0.001),
            Distribution::hyperexponential(3.0, 2.0),
            Distribution::lognormal_mean_cv(3.0, 0.5),
            Distribution::weibull(3.0, 0.7),
            Distribution::pareto(1.0, 1.5),
            Distribution::bounded_pareto(1.0, 1.5, 30.0),
            Distribution::uniform(1.0, 4.0),
            Distribution::triangular(1.0, 1.0, 7.0),
            Distribution::triangular(1.0, 7.0, 7.0),
            Distribution::normal(3.0, 2.0, 0.0, None),
            Distribution::normal(-3.0, 2.0, 0.0, Some(5.0)),
            Distribution::normal(30.0, 5.0, 0.0, Some(8.0)),
            Distribution::quantiles(&[(0.5, 8.0), (0.95, 20.0), (1.0, 500.0)]),
            Distribution::exponential(3.0).and_then(|law| Distribution::shifted(2.0, law)),
        ];
        for law in laws {
            let law = made(law);
            for p in [1e-6, 0.01, 0.2, 0.5, 0.9, 0.999, 0.999_999] {
                let x = law.quantile(p).unwrap();
                assert!((law.cdf(x) - p).abs() < 1e-11, "{law:?} at {p}: {x} {}", law.cdf(x));
            }
            assert_eq!(law.quantile(0.0), Some(law.minimum()));
            assert_eq!(law.cdf(law.quantile(1.0).unwrap()), 1.0, "{law:?}");
            assert_eq!(law.cdf(law.minimum() - 1.0), 0.0);
            assert_eq!((law.quantile(-0.1), law.quantile(1.1), law.quantile(f64::NAN)), (None, None, None));
        }
    }

    #[test]
    fn quantiles_of_steps_are_the_steps() {
        let mixture = made(Distribution::mixture(vec![
            (0.99, made(Distribution::constant(10.0))),
            (0.01, made(Distribution::constant(1000.0))),
        ]));
        assert_eq!(mixture.quantile(0.5), Some(10.0));
        assert_eq!(mixture.quantile(0.99), Some(10.0));
        assert_eq!(mixture.quantile(0.991), Some(1000.0));
        let samples = made(Distribution::samples((1..=30).map(f64::from).collect()));
        for rank in 1..=30 {
            assert_eq!(samples.quantile(f64::from(rank) / 30.0), Some(f64::from(rank)));
        }
        let geometric = made(Distribution::geometric(5.0));
        for trials in 1..=40 {
            let x = f64::from(trials);
            assert_eq!(geometric.quantile(geometric.cdf(x)), Some(x));
            assert_eq!(geometric.quantile(geometric.cdf(x) + 1e-12), Some(x + 1.0));
        }
    }

    #[test]
    fn cdfs_are_those_of_an_independent_library() {
        let check = |law: &Distribution, reference: &dyn Fn(f64) -> f64| {
            for i in 1..200 {
                let x = 0.1 * f64::from(i);
                assert!((law.cdf(x) - reference(x)).abs() < 1e-9, "{law:?} at {x}");
            }
        };
        let gamma = distribution::Gamma::new(4.0, 4.0 / 3.0).unwrap();
        check(&made(Distribution::gamma(3.0, 0.5)), &|x| gamma.cdf(x));
        let weibull = distribution::Weibull::new(0.5, 1.5).unwrap();
        check(&made(Distribution::weibull(3.0, 0.5)), &|x| weibull.cdf(x));
        let (mu, sigma) = (3_f64.ln() - 0.5 * 5_f64.ln(), 5_f64.ln().sqrt());
        let lognormal = distribution::LogNormal::new(mu, sigma).unwrap();
        check(&made(Distribution::lognormal_mean_cv(3.0, 2.0)), &|x| lognormal.cdf(x));
        let pareto = distribution::Pareto::new(1.0, 2.5).unwrap();
        check(&made(Distribution::pareto(1.0, 2.5)), &|x| pareto.cdf(x));
        let triangular = distribution::Triangular::new(1.0, 9.0, 3.0).unwrap();
        check(&made(Distribution::triangular(1.0, 3.0, 9.0)), &|x| triangular.cdf(x));
    }
}
