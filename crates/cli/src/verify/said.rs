//! Cases that judge themselves: decisions beside what was recorded or published, call by call.

use super::Judged;
use super::judge::Measured;

/// A case and how it is checked.
pub(super) struct Said {
    pub id: String,
    /// What is simulated, as it is printed instead.
    pub said: String,
    pub check: Box<dyn Fn() -> Result<Vec<Judged>, String>>,
}

/// A number beside what it should be, to within `tolerance`.
pub(super) fn number(name: &str, known: f64, value: f64, tolerance: f64) -> Judged {
    let agrees = (value - known).abs() <= tolerance;
    Judged { name: name.to_string(), known, measured: Ok((Measured { value, error: 0.0 }, agrees)) }
}

/// How many of a sequence are as they should be: all have to be.
pub(super) fn sequence<T: PartialEq>(name: &str, known: &[T], seen: &[T]) -> Judged {
    let same = known.iter().zip(seen).filter(|(known, seen)| known == seen).count();
    let value = if known.len() == seen.len() { same as f64 } else { f64::NAN };
    number(name, known.len() as f64, value, 0.0)
}

/// As [`sequence`], for numbers that may be a little apart.
pub(super) fn numbers(name: &str, known: &[f64], seen: &[f64], tolerance: f64) -> Judged {
    let near = known.iter().zip(seen).filter(|(known, seen)| (*known - *seen).abs() <= tolerance).count();
    let value = if known.len() == seen.len() { near as f64 } else { f64::NAN };
    number(name, known.len() as f64, value, 0.0)
}
