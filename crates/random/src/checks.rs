//! Checks of single parameters.

use crate::distribution_error::DistributionError;

/// The largest magnitude of a value: squares and fourth powers of it still fit.
///
/// Chosen: far beyond any time in nanoseconds or size in bytes.
pub(crate) const LARGEST: f64 = 1e70;

/// The smallest positive value.
pub(crate) const SMALLEST: f64 = 1e-70;

/// Checks the parameters of one law.
#[derive(Clone, Copy)]
pub(crate) struct Checks(pub(crate) &'static str);

impl Checks {
    pub(crate) fn refuse(
        self,
        parameter: impl Into<String>,
        value: f64,
        allowed: impl Into<String>,
    ) -> DistributionError {
        DistributionError::new(self.0, parameter, value, allowed)
    }

    pub(crate) fn that(
        self,
        holds: bool,
        parameter: &str,
        value: f64,
        allowed: &str,
    ) -> Result<(), DistributionError> {
        if holds { Ok(()) } else { Err(self.refuse(parameter, value, allowed)) }
    }

    /// Any finite number of a sensible size.
    pub(crate) fn number(self, parameter: &str, value: f64) -> Result<(), DistributionError> {
        self.that(value.abs() <= LARGEST, parameter, value, "a finite number between -1e70 and 1e70")
    }

    pub(crate) fn positive(self, parameter: &str, value: f64) -> Result<(), DistributionError> {
        self.that(
            (SMALLEST..=LARGEST).contains(&value),
            parameter,
            value,
            "greater than 0 (from 1e-70 to 1e70)",
        )
    }

    pub(crate) fn within(
        self,
        parameter: &str,
        value: f64,
        from: f64,
        to: f64,
    ) -> Result<(), DistributionError> {
        if (from..=to).contains(&value) {
            Ok(())
        } else {
            Err(self.refuse(parameter, value, format!("from {from} to {to}")))
        }
    }

    /// A share or probability, ends included.
    pub(crate) fn ratio(self, parameter: &str, value: f64) -> Result<(), DistributionError> {
        self.within(parameter, value, 0.0, 1.0)
    }

    /// A probability strictly between 0 and 1.
    pub(crate) fn inside_unit(self, parameter: &str, value: f64) -> Result<(), DistributionError> {
        self.that(value > 0.0 && value < 1.0, parameter, value, "greater than 0 and less than 1")
    }

    /// A coefficient of variation: 0, or large enough for a shape to be computed, and small enough to mean anything.
    pub(crate) fn cv(self, value: f64) -> Result<(), DistributionError> {
        let holds = value == 0.0 || (1e-4..=1000.0).contains(&value);
        self.that(holds, "cv", value, "0 (a constant) or from 0.0001 to 1000")
    }
}
