//! Scenario files from outside: what is said of broken ones, what is understood of good ones.

mod access;
mod broken;
mod built;
mod examples;
mod foreign;
mod hostile;
mod limits;
mod meaning;
mod operating;
mod overload;
mod passing;
mod resilience;
mod routing;
mod settings;

use kneepoint_scenario::{Checked, Faults, Overrides, Registry, Scenario, Severity};

/// Checks a text that includes nothing.
fn check(text: &str) -> Result<Checked, Faults> {
    check_with(text, &Overrides::default())
}

fn check_with(text: &str, overrides: &Overrides) -> Result<Checked, Faults> {
    Scenario::from_text("test.ron", text, None)?.check(&Registry::core(), overrides)
}

/// Checks a text that must be accepted.
fn accepted(text: &str) -> Checked {
    check(text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Returns the errors of a text as `line:column message`.
fn errors(text: &str) -> Vec<String> {
    match check(text) {
        Ok(_) => Vec::new(),
        Err(faults) => said(&faults, Severity::Error),
    }
}

/// Returns the warnings of a text that must be accepted.
fn warnings(text: &str) -> Vec<String> {
    said(&accepted(text).warnings(), Severity::Warning)
}

fn said(faults: &Faults, severity: Severity) -> Vec<String> {
    let rows = faults.rows().into_iter().filter(|row| row.severity == severity);
    rows.map(|row| format!("{}:{} {}", row.line, row.column, row.message)).collect()
}

/// Sections of a small shop that each test changes a little; `more` is added to the record.
fn shop(parts: &str, more: &str) -> String {
    format!(
        "(format: 1, title: \"Shop\", run: (duration: \"10min\", warm_up: \"1min\"),\nparts: {{\n{parts}\n}},\n{more}\n)"
    )
}
