//! Whether a measured number agrees with a known one.

use super::case::Tolerance;
use super::script::Effort;

/// Standard errors that a number may lie away.
///
/// # Source
/// The rule of the cases: within tolerance, or within three standard errors of less than the tolerance each.
const ERRORS: f64 = 3.0;

/// What a standard error may be of the value, in a quick run.
///
/// # Source
/// Chosen: wider than that, nearly any simulation would pass.
const QUICK_SHARE: f64 = 0.05;

/// A measured number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    pub value: f64,
    /// Its standard error; 0 for a formula.
    pub error: f64,
}

impl Measured {
    /// Returns a value with the standard error of the mean of what single replications gave.
    pub fn new(value: f64, replications: &[f64]) -> Measured {
        let n = replications.len() as f64;
        let mean = replications.iter().sum::<f64>() / n;
        let squares: f64 = replications.iter().map(|v| (v - mean) * (v - mean)).sum();
        Measured { value, error: (squares / (n - 1.0) / n).sqrt() }
    }

    /// Returns whether it agrees.
    pub fn agrees(&self, known: f64, tolerance: Tolerance, effort: Effort) -> bool {
        if !self.value.is_finite() || !self.error.is_finite() {
            return false;
        }
        if tolerance.min.is_some() || tolerance.max.is_some() {
            return tolerance.min.is_none_or(|min| self.value >= min)
                && tolerance.max.is_none_or(|max| self.value <= max);
        }
        let near = tolerance.width(known);
        let off = (self.value - known).abs();
        let sharp = match effort {
            Effort::Full => near,
            Effort::Quick => near.max(QUICK_SHARE * known.abs()),
        };
        self.error <= sharp && (off <= near || off <= ERRORS * self.error)
    }
}

impl Tolerance {
    /// Returns how far off a number may be.
    pub fn width(&self, known: f64) -> f64 {
        (self.rel.unwrap_or(0.0) * known.abs()).max(self.abs.unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN_2_PERCENT: Tolerance = Tolerance { rel: Some(0.02), abs: None, min: None, max: None };

    fn agrees(value: f64, error: f64, effort: Effort) -> bool {
        Measured { value, error }.agrees(10.0, WITHIN_2_PERCENT, effort)
    }

    #[test]
    fn a_number_within_tolerance_agrees() {
        assert!(agrees(10.19, 0.01, Effort::Full));
        assert!(!agrees(10.21, 0.01, Effort::Full));
    }

    #[test]
    fn a_number_within_three_small_errors_agrees() {
        assert!(agrees(10.5, 0.19, Effort::Full));
        assert!(!agrees(10.6, 0.19, Effort::Full));
    }

    #[test]
    fn a_blunt_number_never_agrees() {
        assert!(!agrees(10.0, 0.21, Effort::Full));
        assert!(agrees(10.0, 0.21, Effort::Quick));
        assert!(!agrees(10.0, 0.51, Effort::Quick));
        assert!(!agrees(f64::NAN, 0.0, Effort::Quick));
    }

    #[test]
    fn a_bound_holds_on_its_side_only() {
        let tolerance = Tolerance { max: Some(4.0), min: Some(0.0), ..Tolerance::default() };
        let measured = |value| Measured { value, error: 9.0 };
        assert!(measured(3.9).agrees(4.0, tolerance, Effort::Full));
        assert!(!measured(4.1).agrees(4.0, tolerance, Effort::Full));
    }

    #[test]
    fn the_error_is_that_of_a_mean() {
        let measured = Measured::new(2.0, &[1.0, 2.0, 3.0]);
        assert!((measured.error - (1.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }
}
