//! A place in results: every number on a page knows where it is from.

use kneepoint_experiment::result::Unit;
use kneepoint_report::{change_unit, count, interval, quantity};
use kneepoint_statistics::Estimate;
use serde_json::Value;

use crate::document::Cell;

/// What stands where the data carry no number.
pub(crate) const MISSING: &str = "–";

static NOTHING: Value = Value::Null;

/// A place in a result, and what is there.
#[derive(Clone)]
pub(crate) struct At<'r> {
    /// Which of the results, and a JSON pointer (RFC 6901) into it: `0:/clients/1/latency/p99`.
    of: String,
    value: &'r Value,
}

impl<'r> At<'r> {
    /// The whole of a result, by its number.
    pub fn root(source: usize, value: &'r Value) -> At<'r> {
        At { of: format!("{source}:"), value }
    }

    /// Returns what is there under a key; nothing if there is none.
    pub fn get(&self, key: &str) -> At<'r> {
        let step = key.replace('~', "~0").replace('/', "~1");
        At { of: format!("{}/{step}", self.of), value: self.value.get(key).unwrap_or(&NOTHING) }
    }

    /// Returns the entries of a list.
    pub fn list(&self) -> Vec<At<'r>> {
        let all = self.value.as_array().map_or(&[][..], Vec::as_slice);
        all.iter().enumerate().map(|(at, value)| At { of: format!("{}/{at}", self.of), value }).collect()
    }

    /// Returns the fields of an object, in the order of the file.
    pub fn fields(&self) -> Vec<(&'r str, At<'r>)> {
        let Some(fields) = self.value.as_object() else { return Vec::new() };
        fields.keys().map(|key| (key.as_str(), self.get(key))).collect()
    }

    /// Returns whether there is anything.
    pub fn is_there(&self) -> bool {
        !self.value.is_null()
    }

    /// Returns a text; empty if it is none.
    pub fn text(&self) -> &'r str {
        self.value.as_str().unwrap_or_default()
    }

    /// Returns the texts of a list.
    pub fn texts(&self) -> Vec<&'r str> {
        self.list().into_iter().filter_map(|at| at.value.as_str()).collect()
    }

    /// Returns a number.
    pub fn number(&self) -> Option<f64> {
        self.value.as_f64()
    }

    /// Returns a number of things; 0 if there is none.
    pub fn total(&self) -> u64 {
        // Weighted counts are written as numbers with a point.
        self.value.as_u64().or_else(|| self.number().map(|n| n as u64)).unwrap_or(0)
    }

    /// Returns yes or no.
    pub fn flag(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// Returns what is there.
    pub fn value(&self) -> &'r Value {
        self.value
    }

    /// Returns where it is.
    pub fn of(&self) -> &str {
        &self.of
    }

    /// Returns the cell of a number that is exact.
    pub fn exact(&self, unit: &Unit) -> Cell {
        match self.number() {
            Some(number) => self.cell(quantity(number * nanos(unit), unit), self.value),
            None => Cell::default(),
        }
    }

    /// Returns the cell of a count.
    pub fn counted(&self) -> Cell {
        if self.number().is_some() { self.cell(count(self.total()), self.value) } else { Cell::default() }
    }

    /// As [`estimate`](At::estimate), of a difference of two numbers.
    pub fn change(&self, unit: &Unit) -> Cell {
        let (by, shown) = change_unit(unit);
        self.scaled(by, &shown)
    }

    /// Returns the cell of a number with its interval; a dash with the reason if the data do not carry one; nothing if
    /// there is no such number.
    pub fn estimate(&self, unit: &Unit) -> Cell {
        self.scaled(1.0, unit)
    }

    fn scaled(&self, by: f64, unit: &Unit) -> Cell {
        if !self.is_there() {
            return Cell::default();
        }
        let read = |key: &str| self.get(key).number();
        let Some(value) = read("value") else {
            let reason = self.get("reason").text();
            let reason = if reason.is_empty() { "the results do not say why" } else { reason };
            return Cell {
                text: MISSING.to_string(),
                missing: Some(reason.trim_end_matches('.').to_string()),
                ..Cell::default()
            };
        };
        let by = nanos(unit) * by;
        let text = match (read("low"), read("high")) {
            (Some(low), Some(high)) => interval(
                &Estimate {
                    value: value * by,
                    low: low * by,
                    high: high * by,
                    confidence: read("confidence").unwrap_or(f64::NAN),
                    n: self.get("n").total(),
                    effective_samples: None,
                },
                unit,
            ),
            _ => quantity(value * by, unit),
        };
        self.get("value").cell(text, &self.value["value"])
    }

    fn cell(&self, text: String, value: &Value) -> Cell {
        Cell { text, number: Some((value.to_string(), self.of.clone())), ..Cell::default() }
    }
}

/// Returns what a number of a file is multiplied by to be shown: files hold seconds, texts are made of nanoseconds.
pub(crate) fn nanos(unit: &Unit) -> f64 {
    if *unit == Unit::Duration { 1e9 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_knows_where_it_is_from() {
        let all =
            json!({ "a/b": [{ "value": 0.18, "low": 0.17, "high": 0.19, "n": 10, "confidence": 0.95 }] });
        let cell = At::root(2, &all).get("a/b").list()[0].estimate(&Unit::Duration);
        assert_eq!(cell.text, "180 ms ±10");
        assert_eq!(cell.number, Some(("0.18".to_string(), "2:/a~1b/0/value".to_string())));
    }

    #[test]
    fn a_difference_of_shares_is_in_points() {
        let all = json!({ "value": 0.02, "low": 0.01, "high": 0.03 });
        let cell = At::root(0, &all).change(&Unit::Ratio);
        assert_eq!((cell.text.as_str(), cell.number.unwrap().0.as_str()), ("2.00 pp ±1.00", "0.02"));
    }

    #[test]
    fn what_is_not_there_is_nothing_and_what_has_no_number_says_why() {
        let all = json!({ "p99": { "value": null, "reason": "too few." } });
        let root = At::root(0, &all);
        assert_eq!(root.get("p50").get("low").estimate(&Unit::Rate).text, "");
        let cell = root.get("p99").estimate(&Unit::Rate);
        assert_eq!((cell.text.as_str(), cell.missing.as_deref()), (MISSING, Some("too few")));
    }
}
