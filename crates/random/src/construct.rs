//! The named constructors: each checks its parameters and says what is allowed.

use crate::checks::Checks;
use crate::distribution::{Distribution, Law};
use crate::distribution_error::DistributionError;
use crate::tables::{Mixture, Points};
use crate::truncated_normal::TruncatedNormal;
use std::sync::Arc;

/// How deep laws may lie within laws.
///
/// Chosen: no model needs more, and a description from a stranger must not exhaust the stack.
const DEPTH_MAX: usize = 32;

/// How far shares may be from summing to 1.
const SHARES_TOLERANCE: f64 = 1e-9;

impl Distribution {
    /// Returns the law that is always `value`, which may be 0 or negative.
    ///
    /// # Errors
    /// If `value` is not a finite number.
    pub fn constant(value: f64) -> Result<Distribution, DistributionError> {
        Checks("constant").number("value", value)?;
        Ok(Distribution(Law::Constant(value)))
    }

    /// Returns the exponential law of this mean.
    ///
    /// # Errors
    /// If `mean` is not positive.
    pub fn exponential(mean: f64) -> Result<Distribution, DistributionError> {
        Checks("exponential").positive("mean", mean)?;
        Ok(Distribution(Law::Exponential { mean }))
    }

    /// Returns the law of the sum of `k` exponentials, of this mean in total; its squared cv is 1/k.
    ///
    /// # Errors
    /// If `mean` is not positive or `k` is not from 1 to 100 000 000.
    pub fn erlang(k: u32, mean: f64) -> Result<Distribution, DistributionError> {
        let checks = Checks("erlang");
        let stages = f64::from(k);
        checks.within("k", stages, 1.0, 1e8)?;
        checks.positive("mean", mean)?;
        Ok(gamma_of_shape(stages, mean))
    }

    /// Returns the mixture of two exponentials with this mean and coefficient of variation and *balanced means*: each
    /// of the two contributes half of the mean.
    ///
    /// # Errors
    /// If `mean` is not positive or `cv` is not from 1 to 1000.
    ///
    /// # Source
    /// Whitt, "Approximating a Point Process by a Renewal Process, I", Operations Research 30(1), 1982, section 3.
    pub fn hyperexponential(mean: f64, cv: f64) -> Result<Distribution, DistributionError> {
        let checks = Checks("hyperexponential");
        checks.positive("mean", mean)?;
        checks.within("cv", cv, 1.0, 1000.0)?;
        let square = cv * cv;
        let root = ((square - 1.0) / (square + 1.0)).sqrt();
        let often = 0.5 * (1.0 + root);
        // (1 - root) / 2, without the difference of two near numbers.
        let seldom = 1.0 / ((square + 1.0) * (1.0 + root));
        Distribution::hyperexponential_phases(&[(often, 0.5 * mean / often), (seldom, 0.5 * mean / seldom)])
    }

    /// Returns the mixture of exponentials given as (probability, mean).
    ///
    /// # Errors
    /// If there is no phase, a probability is outside [0, 1], they do not sum to 1 within 1e-9, or a mean is not
    /// positive.
    pub fn hyperexponential_phases(phases: &[(f64, f64)]) -> Result<Distribution, DistributionError> {
        let checks = Checks("hyperexponential");
        let mut parts = Vec::with_capacity(phases.len());
        for (i, &(probability, mean)) in phases.iter().enumerate() {
            checks.positive(&format!("mean[{i}]"), mean)?;
            parts.push((probability, Distribution(Law::Exponential { mean })));
        }
        mixed(checks, "probability", parts)
    }

    /// Returns the gamma law of this mean and coefficient of variation; a `cv` of 0 gives the constant.
    ///
    /// # Errors
    /// If `mean` is not positive or `cv` is neither 0 nor from 0.0001 to 1000.
    pub fn gamma(mean: f64, cv: f64) -> Result<Distribution, DistributionError> {
        let checks = Checks("gamma");
        checks.positive("mean", mean)?;
        checks.cv(cv)?;
        if cv == 0.0 {
            return Ok(Distribution(Law::Constant(mean)));
        }
        Ok(gamma_of_shape(1.0 / (cv * cv), mean))
    }

    /// Returns the Weibull law of this mean and shape: below 1 its tail is heavier than that of an exponential.
    ///
    /// # Errors
    /// If `mean` is not positive or `shape` is not from 0.05 to 1000.
    ///
    /// # Source
    /// mean = scale · Γ(1 + 1/shape): Johnson, Kotz and Balakrishnan, "Continuous Univariate Distributions",
    /// volume 1, 2nd edition, chapter 21.
    pub fn weibull(mean: f64, shape: f64) -> Result<Distribution, DistributionError> {
        let checks = Checks("weibull");
        checks.positive("mean", mean)?;
        checks.within("shape", shape, 0.05, 1000.0)?;
        if shape == 1.0 {
            return Ok(Distribution(Law::Exponential { mean }));
        }
        Ok(Distribution(Law::Weibull { scale: mean / libm::tgamma(1.0 + 1.0 / shape), shape }))
    }

    /// Returns the Pareto law from `min` upwards with P(X > x) = (min/x)^alpha.
    ///
    /// Its mean is infinite for an `alpha` of 1 and less, its variance for 2 and less: simulated averages then never
    /// settle. [`Distribution::bounded_pareto`] has both.
    ///
    /// # Errors
    /// If `min` is not positive or `alpha` is not from 0.1 to 1000.
    pub fn pareto(min: f64, alpha: f64) -> Result<Distribution, DistributionError> {
        let checks = Checks("pareto");
        checks.positive("min", min)?;
        checks.within("alpha", alpha, 0.1, 1000.0)?;
        Ok(Distribution(Law::Pareto { min, alpha }))
    }

    /// Returns the Pareto law of which only the draws up to `max` are kept.
    ///
    /// # Errors
    /// If `min` is not positive, `alpha` is not from 0.1 to 1000, or `max` is not above `min`.
    ///
    /// # Source
    /// Harchol-Balter, "Performance Modeling and Design of Computer Systems", 2013, section 20.4.
    pub fn bounded_pareto(min: f64, alpha: f64, max: f64) -> Result<Distribution, DistributionError> {
        let checks = Checks("pareto");
        checks.positive("min", min)?;
        checks.within("alpha", alpha, 0.1, 1000.0)?;
        checks.positive("max", max)?;
        let inside = -libm::expm1(-alpha * libm::log(max / min));
        checks.that(max > min && inside > 0.0, "max", max, "above min")?;
        Ok(Distribution(Law::BoundedPareto { min, alpha, max, inside }))
    }

    /// Returns the law that is evenly spread from `min` to `max`; equal bounds give the constant.
    ///
    /// # Errors
    /// If a bound is not a finite number, or `max` is below `min`.
    pub fn uniform(min: f64, max: f64) -> Result<Distribution, DistributionError> {
        let checks = Checks("uniform");
        checks.number("min", min)?;
        checks.number("max", max)?;
        checks.that(max >= min, "max", max, "at least min")?;
        Ok(Distribution(if min == max { Law::Constant(min) } else { Law::Uniform { min, max } }))
    }

    /// Returns the law whose density rises in a line from `min` to `mode` and falls in a line to `max`; equal bounds
    /// give the constant.
    ///
    /// # Errors
    /// If a parameter is not a finite number, or they are not in the order `min`, `mode`, `max`.
    pub fn triangular(min: f64, mode: f64, max: f64) -> Result<Distribution, DistributionError> {
        let checks = Checks("triangular");
        checks.number("min", min)?;
        checks.number("mode", mode)?;
        checks.number("max", max)?;
        checks.that(max >= min, "max", max, "at least min")?;
        checks.that(min <= mode && mode <= max, "mode", mode, "from min to max")?;
        Ok(Distribution(if min == max { Law::Constant(min) } else { Law::Triangular { min, mode, max } }))
    }

    /// Returns the normal law of which only the draws from `min` to `max` are kept.
    ///
    /// `mean` and `sd` are those *before* the bounds: [`Distribution::mean`] tells what remains. A `min` of
    /// `NEG_INFINITY` and a `max` of `None` bound nothing; an `sd` of 0 gives the constant.
    ///
    /// # Errors
    /// If `mean` is not a finite number, `sd` is negative, `max` is not above `min`, or fewer than one draw in 10^12
    /// would be kept: such bounds are a slip, as nothing of the law remains.
    pub fn normal(mean: f64, sd: f64, min: f64, max: Option<f64>) -> Result<Distribution, DistributionError> {
        let checks = Checks("normal");
        checks.number("mean", mean)?;
        if sd != 0.0 {
            checks.positive("sd", sd)?;
        }
        if min != f64::NEG_INFINITY {
            checks.number("min", min)?;
        }
        if let Some(max) = max {
            checks.number("max", max)?;
            checks.that(max >= min, "max", max, "at least min")?;
        }
        let upper = max.unwrap_or(f64::INFINITY);
        if sd == 0.0 || min == upper {
            let value = if sd == 0.0 { mean } else { min };
            checks.that(min <= value && value <= upper, "mean", mean, "from min to max, as sd is 0")?;
            return Ok(Distribution(Law::Constant(value)));
        }
        let normal = TruncatedNormal::new(mean, sd, min, upper);
        checks.that(
            normal.inside() >= 1e-12,
            "mean",
            mean,
            "nearer to the bounds: less than one draw in 10^12 would lie between them",
        )?;
        Ok(Distribution(Law::Normal(Arc::new(normal))))
    }

    /// Returns the geometric law on 1, 2, 3, … of this mean: trials up to and including the first success.
    ///
    /// # Errors
    /// If `mean` is not from 1 to 10^15. A mean of 1 gives the constant.
    pub fn geometric(mean: f64) -> Result<Distribution, DistributionError> {
        Checks("geometric").within("mean", mean, 1.0, 1e15)?;
        if mean == 1.0 {
            return Ok(Distribution(Law::Constant(1.0)));
        }
        let rate = -libm::log1p(-1.0 / mean);
        Ok(Distribution(Law::Geometric { trials: mean, rate, scale: 1.0 }))
    }

    /// Returns the law through these points (probability, value), joined by straight lines of the inverse cumulative
    /// curve: between two points every value is equally likely.
    ///
    /// The order of the points does not matter. The last point must be at probability 1: what lies above a p99 decides
    /// more than all the rest, and nothing here could guess it. If no point is at probability 0, a line goes from
    /// (0, 0) to the first one, as for durations and sizes nothing is known but that they are not negative; give a
    /// point at 0 to say otherwise.
    ///
    /// # Errors
    /// If there is no point, a probability is outside [0, 1] or given twice, the last is not 1, a value is not a
    /// finite number or below that of a smaller probability, or the first value is negative without a point at 0.
    ///
    /// # Source
    /// Law, "Simulation Modeling and Analysis", 5th edition, section 6.2.4 (continuous, piecewise linear empirical
    /// distribution). Chosen: the line from (0, 0).
    pub fn quantiles(points: &[(f64, f64)]) -> Result<Distribution, DistributionError> {
        let checks = Checks("quantiles");
        for &(p, value) in points {
            checks.ratio("p", p)?;
            checks.number("value", value)?;
        }
        let mut points = points.to_vec();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some(&(first_p, first)) = points.first() else {
            return Err(checks.refuse("points", 0.0, "at least one point"));
        };
        if first_p > 0.0 {
            let allowed = "at least 0, or a point at probability 0 be given";
            checks.that(first >= 0.0, "value", first, allowed)?;
            points.insert(0, (0.0, 0.0));
        }
        for pair in points.windows(2) {
            checks.that(pair[0].0 < pair[1].0, "p", pair[1].0, "given once")?;
            let allowed = "at least the value at the next smaller probability";
            checks.that(pair[0].1 <= pair[1].1, "value", pair[1].1, allowed)?;
        }
        let last_p = points[points.len() - 1].0;
        checks.that(last_p == 1.0, "p", last_p, "followed by a point at probability 1, the largest value")?;
        Ok(Distribution(Law::Points(Arc::new(Points::new(&points)))))
    }

    /// Returns the law that draws one of these samples, all equally likely, again and again.
    ///
    /// # Errors
    /// If there is no sample, or one is not a finite number.
    pub fn samples(mut samples: Vec<f64>) -> Result<Distribution, DistributionError> {
        let checks = Checks("samples");
        if samples.is_empty() {
            return Err(checks.refuse("samples", 0.0, "at least one sample"));
        }
        for (i, &sample) in samples.iter().enumerate() {
            if checks.number("", sample).is_err() {
                checks.number(&format!("samples[{i}]"), sample)?;
            }
        }
        samples.sort_by(f64::total_cmp);
        Ok(Distribution(Law::Samples(samples.into())))
    }

    /// Returns the law that draws from each part as often as its share says.
    ///
    /// # Errors
    /// If there is no part, a share is outside [0, 1], the shares do not sum to 1 within 1e-9 (they are then made to
    /// sum to 1 exactly), or laws lie more than 32 deep within each other.
    pub fn mixture(parts: Vec<(f64, Distribution)>) -> Result<Distribution, DistributionError> {
        mixed(Checks("mixture"), "share", parts)
    }

    /// Returns the law of `by` plus a draw of `of`.
    ///
    /// # Errors
    /// If `by` is not a finite number, or laws lie more than 32 deep within each other.
    pub fn shifted(by: f64, of: Distribution) -> Result<Distribution, DistributionError> {
        let checks = Checks("shifted");
        checks.number("by", by)?;
        if let Law::Constant(value) = of.0 {
            return Distribution::constant(by + value);
        }
        not_too_deep(checks, &of)?;
        Ok(Distribution(Law::Shifted { by, of: Arc::new(of) }))
    }

    /// Returns how many laws lie within each other, this one included.
    fn depth(&self) -> usize {
        match &self.0 {
            Law::Mixture(mixture) => mixture.depth(),
            Law::Shifted { of, .. } => 1 + of.depth(),
            _ => 1,
        }
    }
}

fn gamma_of_shape(shape: f64, mean: f64) -> Distribution {
    Distribution(if shape == 1.0 {
        Law::Exponential { mean }
    } else {
        Law::Gamma { shape, scale: mean / shape }
    })
}

fn mixed(
    checks: Checks,
    share_name: &str,
    parts: Vec<(f64, Distribution)>,
) -> Result<Distribution, DistributionError> {
    if parts.is_empty() {
        return Err(checks.refuse("parts", 0.0, "at least one part"));
    }
    let mut total = 0.0;
    let mut depth = 0;
    for (i, (share, part)) in parts.iter().enumerate() {
        checks.ratio(&format!("{share_name}[{i}]"), *share)?;
        not_too_deep(checks, part)?;
        total += share;
        depth = depth.max(part.depth());
    }
    let sums_to_one = (total - 1.0).abs() <= SHARES_TOLERANCE;
    checks.that(sums_to_one, &format!("sum of {share_name}"), total, "1 (within 1e-9)")?;
    Ok(Distribution(Law::Mixture(Arc::new(Mixture::new(parts, depth + 1)))))
}

fn not_too_deep(checks: Checks, inner: &Distribution) -> Result<(), DistributionError> {
    let depth = inner.depth() + 1;
    checks.that(depth <= DEPTH_MAX, "depth", depth as f64, "at most 32 laws within each other")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Made = Result<Distribution, DistributionError>;

    fn refused(law: Made) -> (String, String) {
        let error = law.unwrap_err();
        (error.law().to_owned(), error.parameter().to_owned())
    }

    #[test]
    fn nonsense_is_refused_by_law_and_parameter() {
        let one = || Distribution::constant(1.0).unwrap();
        let cases: Vec<(Made, &str, &str)> = vec![
            (Distribution::constant(f64::NAN), "constant", "value"),
            (Distribution::exponential(0.0), "exponential", "mean"),
            (Distribution::exponential(-1.0), "exponential", "mean"),
            (Distribution::exponential(f64::INFINITY), "exponential", "mean"),
            (Distribution::exponential(f64::NAN), "exponential", "mean"),
            (Distribution::erlang(0, 1.0), "erlang", "k"),
            (Distribution::erlang(2, 0.0), "erlang", "mean"),
            (Distribution::hyperexponential(1.0, 0.99), "hyperexponential", "cv"),
            (Distribution::hyperexponential_phases(&[]), "hyperexponential", "parts"),
            (Distribution::hyperexponential_phases(&[(1.0, 0.0)]), "hyperexponential", "mean[0]"),
            (Distribution::hyperexponential_phases(&[(0.5, 1.0)]), "hyperexponential", "sum of probability"),
            (Distribution::gamma(1.0, -0.5), "gamma", "cv"),
            (Distribution::gamma(1.0, 1e-9), "gamma", "cv"),
            (Distribution::weibull(1.0, 0.0), "weibull", "shape"),
            (Distribution::pareto(0.0, 1.0), "pareto", "min"),
            (Distribution::pareto(1.0, 0.0), "pareto", "alpha"),
            (Distribution::bounded_pareto(2.0, 1.0, 2.0), "pareto", "max"),
            (Distribution::bounded_pareto(2.0, 1.0, 1.0), "pareto", "max"),
            (Distribution::uniform(2.0, 1.0), "uniform", "max"),
            (Distribution::triangular(0.0, 3.0, 2.0), "triangular", "mode"),
            (Distribution::triangular(3.0, 3.0, 2.0), "triangular", "max"),
            (Distribution::normal(1.0, -1.0, 0.0, None), "normal", "sd"),
            (Distribution::normal(1.0, 1.0, 2.0, Some(1.0)), "normal", "max"),
            (Distribution::normal(-100.0, 1.0, 0.0, None), "normal", "mean"),
            (Distribution::normal(-1.0, 0.0, 0.0, None), "normal", "mean"),
            (Distribution::geometric(0.5), "geometric", "mean"),
            (Distribution::quantiles(&[]), "quantiles", "points"),
            (Distribution::quantiles(&[(0.5, 1.0), (0.99, 2.0)]), "quantiles", "p"),
            (Distribution::quantiles(&[(0.5, 1.0), (0.5, 2.0), (1.0, 3.0)]), "quantiles", "p"),
            (Distribution::quantiles(&[(0.5, 3.0), (1.0, 2.0)]), "quantiles", "value"),
            (Distribution::quantiles(&[(0.5, -3.0), (1.0, 2.0)]), "quantiles", "value"),
            (Distribution::quantiles(&[(0.5, 1.0), (1.5, 2.0)]), "quantiles", "p"),
            (Distribution::samples(vec![]), "samples", "samples"),
            (Distribution::samples(vec![1.0, f64::NAN]), "samples", "samples[1]"),
            (Distribution::mixture(vec![]), "mixture", "parts"),
            (Distribution::mixture(vec![(0.5, one()), (0.6, one())]), "mixture", "sum of share"),
            (Distribution::mixture(vec![(1.5, one()), (-0.5, one())]), "mixture", "share[0]"),
            (Distribution::mixture(vec![(f64::NAN, one())]), "mixture", "share[0]"),
            (Distribution::shifted(f64::NAN, one()), "shifted", "by"),
        ];
        for (made, law, parameter) in cases {
            assert_eq!(refused(made), (law.to_owned(), parameter.to_owned()));
        }
    }

    #[test]
    fn an_error_reads_as_a_sentence() {
        let error = Distribution::uniform(2.0, 1.0).unwrap_err();
        assert_eq!(error.to_string(), "uniform: max is 1, but must be at least min");
        assert_eq!((error.value(), error.allowed()), (1.0, "at least min"));
    }

    #[test]
    fn laws_lie_at_most_32_deep_within_each_other() {
        let mut law = Distribution::exponential(1.0).unwrap();
        for _ in 1..DEPTH_MAX {
            law = Distribution::shifted(1.0, law).unwrap();
        }
        assert_eq!(law.mean(), 32.0);
        assert!(Distribution::shifted(1.0, law.clone()).is_err());
        assert!(Distribution::mixture(vec![(1.0, law)]).is_err());
    }

    #[test]
    fn shares_within_the_tolerance_are_made_to_sum_to_one() {
        let part = |value| Distribution::constant(value).unwrap();
        let law =
            Distribution::mixture(vec![(1.0 / 3.0 + 5e-10, part(3.0)), (2.0 / 3.0, part(3.0))]).unwrap();
        assert!((law.mean() - 3.0).abs() < 1e-15);
        assert_eq!(law.is_constant(), Some(3.0));
    }

    #[test]
    fn degenerate_parameters_give_the_constant() {
        for law in [
            Distribution::uniform(3.0, 3.0),
            Distribution::triangular(3.0, 3.0, 3.0),
            Distribution::normal(3.0, 0.0, 0.0, None),
            Distribution::gamma(3.0, 0.0),
            Distribution::samples(vec![3.0, 3.0]),
            Distribution::quantiles(&[(0.0, 3.0), (1.0, 3.0)]),
            Distribution::shifted(2.0, Distribution::constant(1.0).unwrap()),
            Distribution::geometric(1.0).map(|law| law.scaled(3.0)),
        ] {
            let law = law.unwrap();
            assert_eq!(law.is_constant(), Some(3.0));
            assert_eq!((law.mean(), law.variance(), law.minimum()), (3.0, 0.0, 3.0));
        }
    }

    #[test]
    fn the_hyperexponential_has_balanced_means() {
        let law = Distribution::hyperexponential(10.0, 3.0).unwrap();
        assert!((law.mean() - 10.0).abs() < 1e-13);
        assert!((law.scv() - 9.0).abs() < 1e-12);
        let Law::Mixture(mixture) = &law.0 else { panic!("{law:?}") };
        for (share, phase) in mixture.parts() {
            assert!((share * phase.mean() - 5.0).abs() < 1e-13);
        }
        assert!((Distribution::hyperexponential(1.0, 1000.0).unwrap().scv() / 1e6 - 1.0).abs() < 1e-9);
    }
}
