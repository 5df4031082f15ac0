//! A comparison for spreadsheets.

use kneepoint_experiment::compare::Comparison;
use kneepoint_statistics::Estimated;

use super::json::{better, subject};
use crate::number::{base_unit, divisor};

const HEAD: [&str; 20] = [
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
];

/// Returns a comparison as CSV: one row per pair of designs and number.
///
/// # Units
/// In the column `unit`: durations \[s\], rates [1/s], shares from 0 to 1.
pub fn comparison_csv(comparison: &Comparison) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD).expect("a Vec takes everything");
    for contrast in &comparison.contrasts {
        for metric in &contrast.metrics {
            let by = divisor(&metric.unit);
            let shown = |v: Option<f64>, by: f64| v.map_or_else(String::new, |v| (v / by).to_string());
            let parts = |of: &Estimated, by: f64| {
                let known = of.known();
                [known.map(|e| e.value), known.map(|e| e.low), known.map(|e| e.high)].map(|v| shown(v, by))
            };
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
                ])
                .expect("a Vec takes everything, and all rows have as many cells");
        }
    }
    let bytes = writer.into_inner().expect("a Vec takes everything");
    String::from_utf8(bytes).expect("only texts were written")
}
