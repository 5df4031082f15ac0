//! What can be wrong with a question put to a closed form.

use std::fmt;

/// Says why a model has no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum AnalyticError {
    /// An input lies outside what the formula allows, or is not a finite number.
    OutOfRange {
        /// Name of the input, as in the signature.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// More work arrives than the servers can do: no steady state exists.
    Unstable {
        /// Offered work over capacity; at or above 1.
        utilization: f64,
        /// Arrival rate at which the system saturates [1/s], the mix and everything else kept.
        saturation_rate_per_s: f64,
    },
    /// One station of a network is offered more work than it can do.
    UnstableStation {
        /// Index of the first station at or above saturation.
        station: usize,
        /// Offered work over capacity of that station.
        utilization: f64,
        /// Total external arrival rate at which that station saturates [1/s], the mix kept.
        saturation_rate_per_s: f64,
    },
    /// Two inputs that belong together have different lengths, or a matrix is not square.
    Shape {
        /// Name of the input.
        name: &'static str,
        /// Entries found.
        found: usize,
        /// Entries needed.
        needed: usize,
    },
    /// The exact solver would need more states than it is allowed to hold.
    TooLarge {
        /// What would be too many.
        what: &'static str,
        /// How many there would be.
        size: f64,
        /// How many are allowed.
        limit: f64,
    },
    /// The quantity exists but no closed form is known here for this law.
    NoClosedForm {
        /// The quantity and the law.
        what: &'static str,
    },
    /// The quantity is infinite.
    Infinite {
        /// The quantity and why.
        what: &'static str,
    },
    /// A linear system has no unique solution.
    Singular {
        /// Which system.
        what: &'static str,
    },
    /// An iteration did not settle.
    NotConverged {
        /// Which iteration.
        what: &'static str,
    },
}

impl fmt::Display for AnalyticError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { name, value, allowed } => write!(f, "{name} is {value}; allowed: {allowed}"),
            Self::Unstable { utilization, saturation_rate_per_s } => write!(
                f,
                "no steady state: utilization {utilization:.6} is not below 1; \
                 it saturates at an arrival rate of {saturation_rate_per_s:.6} /s"
            ),
            Self::UnstableStation { station, utilization, saturation_rate_per_s } => write!(
                f,
                "no steady state: utilization {utilization:.6} of station {station} is not below 1; \
                 it saturates at a total external arrival rate of {saturation_rate_per_s:.6} /s"
            ),
            Self::Shape { name, found, needed } => write!(f, "{name} has {found} entries; needed: {needed}"),
            Self::TooLarge { what, size, limit } => write!(f, "{what}: {size}, at most {limit} allowed"),
            Self::NoClosedForm { what } => write!(f, "no closed form is known here for {what}"),
            Self::Infinite { what } => write!(f, "infinite: {what}"),
            Self::Singular { what } => write!(f, "no unique solution: {what}"),
            Self::NotConverged { what } => write!(f, "did not converge: {what}"),
        }
    }
}

impl std::error::Error for AnalyticError {}

/// Rates, times and loads beyond this in size are mistakes, and their products would overflow.
const LARGEST: f64 = 1e30;

/// Refuses anything but a number above zero, in the range where products do not overflow.
pub(crate) fn require_positive(name: &'static str, value: f64) -> Result<(), AnalyticError> {
    require((1.0 / LARGEST..=LARGEST).contains(&value), name, value, "above 0 (1e-30 to 1e30)")
}

/// Refuses anything but a number of zero or more, in the range where products do not overflow.
pub(crate) fn require_non_negative(name: &'static str, value: f64) -> Result<(), AnalyticError> {
    let fine = value == 0.0 || (1.0 / LARGEST..=LARGEST).contains(&value);
    require(fine, name, value, "0 or more (0, or 1e-30 to 1e30)")
}

/// Refuses a level outside `0 <= p < 1`.
pub(crate) fn require_level(p: f64) -> Result<(), AnalyticError> {
    require((0.0..1.0).contains(&p), "p", p, "0 <= p < 1")
}

/// Refuses fewer than one of something countable.
pub(crate) fn require_at_least_one(name: &'static str, count: u32) -> Result<(), AnalyticError> {
    require(count >= 1, name, f64::from(count), "1 or more")
}

/// Refuses `value` unless `fine`, saying what is allowed.
pub(crate) fn require(
    fine: bool,
    name: &'static str,
    value: f64,
    allowed: &'static str,
) -> Result<(), AnalyticError> {
    if fine { Ok(()) } else { Err(AnalyticError::OutOfRange { name, value, allowed }) }
}

/// Refuses an offered load at or above capacity.
pub(crate) fn require_stable(utilization: f64, saturation_rate_per_s: f64) -> Result<(), AnalyticError> {
    if utilization < 1.0 {
        Ok(())
    } else {
        Err(AnalyticError::Unstable { utilization, saturation_rate_per_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unstable_queue_says_how_loaded_it_is_and_where_it_saturates() {
        let said = require_stable(1.25, 8.0).expect_err("1.25 is too much").to_string();
        assert!(said.contains("1.25") && said.contains('8'), "{said}");
    }

    #[test]
    fn nan_is_never_in_range() {
        assert!(require_positive("x", f64::NAN).is_err());
        assert!(require_non_negative("x", f64::NAN).is_err());
        assert!(require_level(f64::NAN).is_err());
        assert!(require_stable(f64::NAN, 1.0).is_err());
    }
}
