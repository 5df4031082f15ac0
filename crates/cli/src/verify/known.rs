//! Cases that say what has to come out, call by call or number by number: published sequences and recordings.

use std::io::Write;

use super::judge::Measured;
use super::{Format, Judged, Outcome, Tally, Verify, VerifyError, findings, limits, line, real_limits};

/// The areas of such cases.
pub(super) const AREAS: [&str; 2] = ["resilience", "real"];

/// A case and how it is checked.
pub(super) struct Known {
    pub id: String,
    /// What is simulated, as it is printed instead.
    pub said: String,
    pub check: Box<dyn Fn() -> Result<Vec<Judged>, String>>,
}

fn cases(area: &str) -> Vec<Known> {
    match area {
        "resilience" => limits::cases(),
        "real" => real_limits::cases(),
        _ => Vec::new(),
    }
}

pub(super) fn verify(what: &Verify, out: &mut dyn Write) -> Result<Tally, VerifyError> {
    let wanted = |case: &Known| what.case.as_ref().is_none_or(|part| case.id.contains(part.as_str()));
    let chosen: Vec<Known> = cases(&what.area).into_iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(VerifyError::Case { asked: what.case.clone().unwrap_or_default() });
    }
    let mut tally = Tally::default();
    let mut outcomes = Vec::new();
    for case in &chosen {
        if what.print {
            writeln!(out, "// {}\n{}", case.id, case.said)?;
            continue;
        }
        let outcome = (case.check)().map_or_else(Outcome::Broken, Outcome::Judged);
        tally.count(&outcome);
        if what.format == Format::Text {
            writeln!(out, "{}", line(&case.id, &outcome))?;
        }
        outcomes.push((case.id.as_str(), outcome));
    }
    match what.format {
        _ if what.print => {}
        Format::Text => writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?,
        Format::Json => out.write_all(findings::json(what, &outcomes, tally).as_bytes())?,
        Format::Csv => out.write_all(findings::csv(&outcomes).as_bytes())?,
    }
    out.flush()?;
    Ok(tally)
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
