//! A sweep as rows.

use kneepoint_experiment::result::{PointResult, SweepFacts};

use super::rows::{HEAD, Row, rows};

/// Returns the heading of a sweep as CSV: `point`, the settings, then what [`csv`](crate::csv()) has.
///
/// Each point has one row per number; `section` is `point`, `slo`, `watch`, `client` or `part`. Where the data carry
/// no number, `value` is empty and `reason` says why.
///
/// # Units
/// In the column `unit`: durations in seconds, rates per second, shares from 0 to 1.
pub fn sweep_csv_head(facts: &SweepFacts) -> String {
    let axes = facts.axes.iter().map(|axis| axis.path.as_str());
    text(&[std::iter::once("point").chain(axes).chain(HEAD).map(str::to_string).collect()])
}

/// Returns the rows of a point.
pub fn sweep_csv_point(point: &PointResult) -> String {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let rows: Vec<Vec<String>> = rows(point)
        .into_iter()
        .map(|row| {
            let Row { texts, value, low, high, n, reason } = row;
            let n = n.map_or_else(String::new, |n| n.to_string());
            let settings = std::iter::once(point.index.to_string()).chain(point.values.iter().cloned());
            let numbers = [number(value), number(low), number(high), n, reason];
            settings.chain(texts).chain(numbers).collect()
        })
        .collect();
    text(&rows)
}

fn text(rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter()
        .for_each(|row| writer.write_record(row).expect("all rows have one length and memory takes them"));
    let bytes = writer.into_inner().expect("memory takes everything");
    crate::safe_lines(String::from_utf8(bytes).expect("made of texts"))
}
