//! What is wrong with a description of a client.

use std::fmt;

/// A value that a client cannot be made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Invalid {
    /// Which value, as it is called in scenario files.
    pub field: &'static str,
    /// What was given.
    pub given: String,
    /// What is allowed.
    pub allowed: &'static str,
}

impl Invalid {
    pub(crate) fn new(field: &'static str, given: impl fmt::Display, allowed: &'static str) -> Invalid {
        Invalid { field, given: given.to_string(), allowed }
    }

    /// Refuses values outside the range with which arithmetic stays exact enough.
    pub(crate) fn unless(
        holds: bool,
        field: &'static str,
        given: impl fmt::Display,
        allowed: &'static str,
    ) -> Result<(), Invalid> {
        if holds { Ok(()) } else { Err(Invalid::new(field, given, allowed)) }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}; it must be {}", self.field, self.given, self.allowed)
    }
}

impl std::error::Error for Invalid {}
