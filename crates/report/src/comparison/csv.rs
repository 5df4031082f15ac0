//! A comparison for spreadsheets.

use kneepoint_experiment::compare::{Comparison, GateResult, Threshold};
use kneepoint_statistics::Estimated;

use super::json::{better, subject};
use super::sentence::doubt_clause;
use crate::number::{base_unit, divisor};

const HEAD: [&str; 21] = [
    "first",
    "second",
    "about",
    "name",
    "metric",
    "unit",
    "better",
    "value_first",
    "value_second",
    "difference",
    "low",
    "high",
    "relative",
    "relative_low",
    "relative_high",
    "finding",
    "p_value",
    "p_family",
    "pairing_gain",
    "reason",
    "doubt",
];

/// Returns a comparison as CSV: one row per pair of designs and number, then one per condition, which is about
/// `fail_if`; its finding is what came of it.
///
/// # Units
/// In the column `unit`: durations \[s\], rates [1/s], shares from 0 to 1.
pub fn comparison_csv(comparison: &Comparison, gates: &[GateResult]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD).expect("a Vec takes everything");
    let shown = |v: Option<f64>, by: f64| v.map_or_else(String::new, |v| (v / by).to_string());
    let parts = |of: &Estimated, by: f64| {
        let known = of.known();
        [known.map(|e| e.value), known.map(|e| e.low), known.map(|e| e.high)].map(|v| shown(v, by))
    };
    for contrast in &comparison.contrasts {
        for metric in &contrast.metrics {
            let by = divisor(&metric.unit);
            let reason = match &metric.difference {
                Estimated::NotEnough { reason, .. } => reason.as_str(),
                Estimated::Known(_) => "",
            };
            let (about, name) = subject(&metric.subject);
            let [difference, low, high] = parts(&metric.difference, by);
            let [relative, relative_low, relative_high] = parts(&metric.relative, 1.0);
            writer
                .write_record([
                    &contrast.first,
                    &contrast.second,
                    about,
                    name,
                    &metric.name,
                    base_unit(&metric.unit),
                    better(metric.better),
                    &shown(metric.first, by),
                    &shown(metric.second, by),
                    &difference,
                    &low,
                    &high,
                    &relative,
                    &relative_low,
                    &relative_high,
                    metric.finding.name(),
                    &shown(metric.p_value, 1.0),
                    &shown(metric.p_family, 1.0),
                    &shown(metric.gain, 1.0),
                    reason,
                    &metric.doubt.as_ref().map(doubt_clause).unwrap_or_default(),
                ])
                .expect("a Vec takes everything, and all rows have as many cells");
        }
    }
    let first = comparison.designs.first().map_or("", |d| &d.name);
    for gate in gates {
        let mut cells = vec![String::new(); HEAD.len()];
        let mut set = |column: &str, value: &str| {
            let at = HEAD.iter().position(|name| *name == column).expect("a column of the head");
            cells[at] = value.to_string();
        };
        for (column, value) in [
            ("first", first),
            ("second", &gate.design),
            ("about", "fail_if"),
            ("name", &gate.text),
            ("metric", &gate.metric),
            ("finding", gate.outcome.name()),
            ("doubt", &gate.doubt.as_ref().map(doubt_clause).unwrap_or_default()),
        ] {
            set(column, value);
        }
        let by = divisor(&gate.unit);
        let columns = match &gate.threshold {
            Some(Threshold::Relative(_)) => ["relative", "relative_low", "relative_high"],
            Some(Threshold::Absolute(_)) => ["difference", "low", "high"],
            Some(Threshold::Level(_)) => ["value_second", "low", "high"],
            None => {
                set("reason", gate.verdict.map_or("", |verdict| verdict.name()));
                writer.write_record(&cells).expect("a Vec takes everything, and all rows have as many cells");
                continue;
            }
        };
        set("unit", base_unit(&gate.unit));
        match &gate.value {
            Some(Estimated::NotEnough { reason, .. }) => set("reason", reason),
            Some(value) => columns.iter().zip(parts(value, by)).for_each(|(column, v)| set(column, &v)),
            None => {}
        }
        writer.write_record(&cells).expect("a Vec takes everything, and all rows have as many cells");
    }
    let bytes = writer.into_inner().expect("a Vec takes everything");
    crate::safe_lines(String::from_utf8(bytes).expect("only texts were written"))
}
