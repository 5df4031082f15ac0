//! The cases as they are written: models with known answers.

use serde::Deserialize;
use serde_json::Value;

/// Closed forms, numerically exact chains and published tables of queueing theory, none of them from this project.
const QUEUEING: &str = include_str!("../../cases/queueing.json");

/// The areas there are cases for.
pub(super) const AREAS: [&str; 5] =
    ["queueing", super::loadbalancing::NAME, super::resilience::NAME, super::tail::NAME, super::real::NAME];

#[derive(Debug, Deserialize)]
struct Area {
    cases: Vec<Case>,
}

/// A model with known answers.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Case {
    /// Unique: `family/kind/parameters`.
    pub id: String,
    /// The parameters.
    pub model: Value,
    /// What is known about it.
    pub expect: Vec<Expectation>,
    /// How much has to be simulated.
    #[serde(default)]
    pub sim_hint: Option<SimHint>,
}

/// One known answer.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Expectation {
    pub quantity: String,
    pub value: f64,
    pub tol: Tolerance,
}

/// How near is near enough.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tolerance {
    pub rel: Option<f64>,
    pub abs: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// How much has to be simulated, for all replications together.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SimHint {
    pub min_jobs_for_1pct_at_2se: Option<f64>,
    pub min_jobs: Option<f64>,
    /// Seconds.
    pub min_time: Option<f64>,
    pub min_replications: Option<u64>,
}

impl SimHint {
    /// Returns the number of requests asked for.
    pub fn jobs(&self) -> Option<f64> {
        self.min_jobs_for_1pct_at_2se.or(self.min_jobs)
    }
}

/// Returns the cases of an area; nothing if there is no such area.
pub(super) fn cases(area: &str) -> Option<Vec<Case>> {
    if area != AREAS[0] {
        return None;
    }
    let area: Area = serde_json::from_str(QUEUEING).expect("the file is part of the program and tested");
    Some(area.cases)
}

impl Case {
    /// Returns the name of the system.
    pub fn system(&self) -> &str {
        self.model.get("system").and_then(Value::as_str).unwrap_or("unnamed")
    }

    /// Returns the hints, all of them absent if there are none.
    pub fn hint(&self) -> SimHint {
        self.sim_hint.unwrap_or_default()
    }

    /// Returns a number of the model.
    ///
    /// # Errors
    /// If it is not there.
    pub fn number(&self, name: &str) -> Result<f64, String> {
        self.maybe_number(name).ok_or_else(|| format!("the model gives no number `{name}`"))
    }

    /// Returns a number of the model, if it is there.
    pub fn maybe_number(&self, name: &str) -> Option<f64> {
        self.model.get(name).and_then(Value::as_f64)
    }

    /// Returns a list of numbers of the model.
    ///
    /// # Errors
    /// If it is not there, or not a list of numbers.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, String> {
        list(self.model.get(name)).ok_or_else(|| format!("the model gives no list of numbers `{name}`"))
    }

    /// Returns a list of lists of numbers of the model.
    ///
    /// # Errors
    /// If it is not there, or something else.
    pub fn rows(&self, name: &str) -> Result<Vec<Vec<f64>>, String> {
        let rows = self.model.get(name).and_then(Value::as_array);
        rows.and_then(|rows| rows.iter().map(|row| list(Some(row))).collect())
            .ok_or_else(|| format!("the model gives no rows of numbers `{name}`"))
    }

    /// Returns a text of the model.
    ///
    /// # Errors
    /// If it is not there.
    pub fn text(&self, name: &str) -> Result<&str, String> {
        self.model
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| format!("the model gives no text `{name}`"))
    }
}

fn list(value: Option<&Value>) -> Option<Vec<f64>> {
    value?.as_array()?.iter().map(Value::as_f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_cases_of_the_area_are_read() {
        let cases = cases("queueing").unwrap();
        assert_eq!(cases.len(), 79);
        assert!(cases.iter().all(|case| !case.expect.is_empty() && case.system() != "unnamed"));
        assert!(cases.iter().all(|case| {
            let hint = case.hint();
            hint.jobs().is_some() || hint.min_time.is_some() || hint.min_replications.is_some()
        }));
    }

    #[test]
    fn an_area_without_cases_is_said_to_be_none() {
        assert!(cases("alchemy").is_none());
    }
}
