//! The lognormal law, by any two of its mean, coefficient of variation and quantiles.

use crate::checks::{Checks, LARGEST, SMALLEST};
use crate::distribution::{Distribution, Law};
use crate::distribution_error::DistributionError;
use crate::special::normal_quantile;

const LOGNORMAL: Checks = Checks("lognormal");

/// The largest standard deviation of the logarithm.
///
/// Chosen: at 10 the mean is e^50 medians, and no sample ever shows it.
const SIGMA_MAX: f64 = 10.0;

impl Distribution {
    /// Returns the lognormal law of this mean and coefficient of variation; a `cv` of 0 gives the constant.
    ///
    /// # Errors
    /// If `mean` is not positive or `cv` is neither 0 nor from 0.0001 to 1000.
    ///
    /// # Source
    /// Johnson, Kotz and Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition, chapter 14; the
    /// other constructors follow from it: ln X is normal of mean ln(median) and standard deviation σ,
    /// mean = median · exp(σ²/2), cv² = exp(σ²) - 1.
    pub fn lognormal_mean_cv(mean: f64, cv: f64) -> Result<Distribution, DistributionError> {
        LOGNORMAL.positive("mean", mean)?;
        LOGNORMAL.cv(cv)?;
        let square = libm::log1p(cv * cv);
        lognormal(mean * libm::exp(-0.5 * square), square.sqrt(), "cv", cv)
    }

    /// Returns the lognormal law of this median and coefficient of variation; a `cv` of 0 gives the constant.
    ///
    /// # Errors
    /// If `median` is not positive or `cv` is neither 0 nor from 0.0001 to 1000.
    pub fn lognormal_median_cv(median: f64, cv: f64) -> Result<Distribution, DistributionError> {
        LOGNORMAL.positive("median", median)?;
        LOGNORMAL.cv(cv)?;
        lognormal(median, libm::log1p(cv * cv).sqrt(), "cv", cv)
    }

    /// Returns the lognormal law of this median that stays at or below `value` with probability `p`.
    ///
    /// # Errors
    /// If `median` or `value` is not positive, `p` is not inside (0, 1) or is 0.5, or `value` lies on the wrong side
    /// of the median.
    pub fn lognormal_median_quantile(
        median: f64,
        p: f64,
        value: f64,
    ) -> Result<Distribution, DistributionError> {
        LOGNORMAL.positive("median", median)?;
        LOGNORMAL.inside_unit("p", p)?;
        LOGNORMAL.positive("value", value)?;
        LOGNORMAL.that(p != 0.5, "p", p, "other than 0.5, which the median already is")?;
        if p > 0.5 {
            LOGNORMAL.that(value >= median, "value", value, "at least the median")?;
        } else {
            LOGNORMAL.that(value <= median, "value", value, "at most the median")?;
        }
        lognormal(median, libm::log(value / median) / normal_quantile(p), "value", value)
    }

    /// Returns the lognormal law of this mean that stays at or below `value` with probability `p`.
    ///
    /// Two laws may fit; the one of smaller variation is returned, because the other has nearly all of its mean in a
    /// tail beyond anything measured. (A value below the mean at a `p` above 0.5 is fitted by that other one only.)
    ///
    /// # Errors
    /// If `mean` or `value` is not positive, `p` is not inside (0, 1), or no lognormal law has both: with
    /// z the normal quantile of `p`, σ solves σ² - 2zσ + 2 ln(value/mean) = 0.
    pub fn lognormal_mean_quantile(mean: f64, p: f64, value: f64) -> Result<Distribution, DistributionError> {
        LOGNORMAL.positive("mean", mean)?;
        LOGNORMAL.inside_unit("p", p)?;
        LOGNORMAL.positive("value", value)?;
        let z = normal_quantile(p);
        let twice = 2.0 * libm::log(value / mean);
        let under_root = z * z - twice;
        LOGNORMAL.that(
            under_root >= 0.0,
            "value",
            value,
            "smaller: no lognormal law of this mean reaches so high at this p",
        )?;
        let root = under_root.sqrt();
        let sigma = if twice > 0.0 {
            LOGNORMAL.that(
                z > 0.0,
                "value",
                value,
                "at most the mean: half of a lognormal law or more lies below it",
            )?;
            // The smaller root z - root, written without the difference of two near numbers.
            twice / (z + root)
        } else if twice == 0.0 && z >= 0.0 {
            0.0
        } else {
            z + root
        };
        lognormal(mean * libm::exp(-0.5 * sigma * sigma), sigma, "value", value)
    }

    /// Returns the lognormal law that stays at or below `v1` with probability `p1` and `v2` with probability `p2`.
    ///
    /// # Errors
    /// If a value is not positive, a probability is not inside (0, 1), the two probabilities are equal, or the values
    /// are in the other order than the probabilities.
    pub fn lognormal_two_quantiles(
        p1: f64,
        v1: f64,
        p2: f64,
        v2: f64,
    ) -> Result<Distribution, DistributionError> {
        LOGNORMAL.inside_unit("p1", p1)?;
        LOGNORMAL.positive("v1", v1)?;
        LOGNORMAL.inside_unit("p2", p2)?;
        LOGNORMAL.positive("v2", v2)?;
        LOGNORMAL.that(p1 != p2, "p2", p2, "other than p1")?;
        if p1 < p2 {
            LOGNORMAL.that(v1 <= v2, "v2", v2, "at least v1, as p2 is above p1")?;
        } else {
            LOGNORMAL.that(v1 >= v2, "v2", v2, "at most v1, as p2 is below p1")?;
        }
        let z1 = normal_quantile(p1);
        let sigma = libm::log(v2 / v1) / (normal_quantile(p2) - z1);
        lognormal(v1 * libm::exp(-z1 * sigma), sigma, "v2", v2)
    }
}

/// Makes the law, or blames the parameter that the excessive spread came from.
fn lognormal(
    median: f64,
    sigma: f64,
    parameter: &str,
    value: f64,
) -> Result<Distribution, DistributionError> {
    let sensible = sigma <= SIGMA_MAX && (SMALLEST..=LARGEST).contains(&median);
    LOGNORMAL.that(
        sensible,
        parameter,
        value,
        "nearer: the logarithm would have a standard deviation above 10",
    )?;
    // `abs`: a spread of 0 divided by a negative normal quantile is -0.
    let sigma = sigma.abs();
    Ok(Distribution(if sigma == 0.0 { Law::Constant(median) } else { Law::Lognormal { median, sigma } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, expected: f64) {
        assert!((got / expected - 1.0).abs() < 1e-12, "{got} for {expected}");
    }

    #[test]
    fn each_constructor_meets_what_it_was_given() {
        let law = Distribution::lognormal_mean_cv(8.0, 1.5).unwrap();
        near(law.mean(), 8.0);
        near(law.scv(), 2.25);
        let law = Distribution::lognormal_median_cv(8.0, 0.3).unwrap();
        near(law.quantile(0.5).unwrap(), 8.0);
        near(law.scv(), 0.09);
        let law = Distribution::lognormal_median_quantile(400.0, 0.99, 2000.0).unwrap();
        near(law.quantile(0.5).unwrap(), 400.0);
        near(law.quantile(0.99).unwrap(), 2000.0);
        let law = Distribution::lognormal_two_quantiles(0.9, 20.0, 0.999, 300.0).unwrap();
        near(law.quantile(0.9).unwrap(), 20.0);
        near(law.quantile(0.999).unwrap(), 300.0);
        assert_eq!(
            Distribution::lognormal_two_quantiles(0.999, 300.0, 0.9, 20.0)
                .unwrap()
                .quantile(0.9)
                .map(f64::round),
            Some(20.0)
        );
    }

    #[test]
    fn mean_and_quantile_are_met_on_both_sides_of_the_mean() {
        for (p, value) in [(0.99, 50.0), (0.99, 10.000_001), (0.9, 9.0), (0.5, 7.0), (0.1, 2.0), (0.99, 10.0)]
        {
            let law = Distribution::lognormal_mean_quantile(10.0, p, value).unwrap();
            near(law.mean(), 10.0);
            near(law.quantile(p).unwrap(), value);
        }
        let light = Distribution::lognormal_mean_quantile(10.0, 0.99, 50.0).unwrap();
        assert!(light.scv() < 2.0, "the lighter of the two laws is taken: {}", light.scv());
    }

    #[test]
    fn impossible_pairs_are_refused_by_name() {
        let refused = |law: Result<Distribution, DistributionError>| {
            let error = law.unwrap_err();
            (error.parameter().to_owned(), error.value())
        };
        assert_eq!(refused(Distribution::lognormal_median_quantile(8.0, 0.99, 2.0)), ("value".into(), 2.0));
        assert_eq!(refused(Distribution::lognormal_median_quantile(8.0, 0.1, 9.0)), ("value".into(), 9.0));
        assert_eq!(refused(Distribution::lognormal_median_quantile(8.0, 0.5, 9.0)), ("p".into(), 0.5));
        assert_eq!(refused(Distribution::lognormal_mean_quantile(1.0, 0.9, 100.0)), ("value".into(), 100.0));
        assert_eq!(refused(Distribution::lognormal_mean_quantile(1.0, 0.3, 2.0)), ("value".into(), 2.0));
        assert_eq!(refused(Distribution::lognormal_two_quantiles(0.9, 2.0, 0.9, 3.0)), ("p2".into(), 0.9));
        assert_eq!(refused(Distribution::lognormal_two_quantiles(0.9, 2.0, 0.99, 1.0)), ("v2".into(), 1.0));
        assert_eq!(refused(Distribution::lognormal_two_quantiles(0.9, 1.0, 0.91, 1e9)), ("v2".into(), 1e9));
        assert_eq!(refused(Distribution::lognormal_mean_cv(0.0, 1.0)), ("mean".into(), 0.0));
        assert_eq!(refused(Distribution::lognormal_mean_cv(1.0, -1.0)), ("cv".into(), -1.0));
        assert!(Distribution::lognormal_mean_cv(1.0, f64::NAN).is_err());
        assert!(Distribution::lognormal_mean_cv(f64::INFINITY, 1.0).is_err());
    }

    #[test]
    fn no_variation_is_the_constant() {
        assert_eq!(Distribution::lognormal_mean_cv(8.0, 0.0).unwrap().is_constant(), Some(8.0));
        let flat = Distribution::lognormal_median_quantile(8.0, 0.1, 8.0).unwrap();
        assert_eq!(flat.is_constant(), Some(8.0));
    }
}
