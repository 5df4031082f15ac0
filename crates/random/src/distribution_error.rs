//! What is wrong with a parameter.

use std::fmt;

/// A parameter outside what its law allows.
///
/// The parts are kept apart so that a reader of scenario files can print the value in the unit it was written in;
/// `allowed` names other parameters rather than their values for the same reason.
#[derive(Clone, Debug, PartialEq)]
pub struct DistributionError {
    law: &'static str,
    parameter: String,
    value: f64,
    allowed: String,
}

impl DistributionError {
    pub(crate) fn new(
        law: &'static str,
        parameter: impl Into<String>,
        value: f64,
        allowed: impl Into<String>,
    ) -> DistributionError {
        DistributionError { law, parameter: parameter.into(), value, allowed: allowed.into() }
    }

    /// Returns the law that was asked for, such as `lognormal`.
    pub fn law(&self) -> &str {
        self.law
    }

    /// Returns the name of the faulty parameter, such as `cv` or `share[2]`.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }

    /// Returns the value that was given.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns what would be allowed, such as `greater than 0`; it completes "must be".
    pub fn allowed(&self) -> &str {
        &self.allowed
    }
}

impl fmt::Display for DistributionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is {}, but must be {}", self.law, self.parameter, self.value, self.allowed)
    }
}

impl std::error::Error for DistributionError {}
