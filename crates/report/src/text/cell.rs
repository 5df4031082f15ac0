//! Cells of tables, and notes on those that stay without a number.

use kneepoint_experiment::result::{Durations, LevelResult, Unit};
use kneepoint_statistics::Estimated;

use crate::number::{count, interval, quantity};

/// What stands where the data carry no number.
const MISSING: &str = "–";

/// Labels of one note; the rest is counted.
///
/// # Source
/// Chosen: a line. JSON and CSV give the reason at each number.
const LABELS_MAX: usize = 4;

/// Percentiles of the tables.
pub(super) const COLUMNS: [f64; 4] = [0.5, 0.95, 0.99, 0.999];

/// What has no number, and why.
#[derive(PartialEq)]
struct Missing {
    /// What it is about: a row.
    series: String,
    /// What of it is missing, in the order of the columns; empty if the row is the one number.
    of: Vec<String>,
    /// Why the first of them is. Later ones are percentiles further out, which rest on less of the same data.
    reason: String,
}

/// Makes cells and remembers why some of them have no number.
#[derive(Default)]
pub(super) struct Cells {
    missing: Vec<Missing>,
}

impl Cells {
    /// Returns the cell of an estimate; `label` says what it is, should it be missing.
    pub(super) fn estimate(&mut self, estimated: &Estimated, unit: &Unit, label: &str) -> String {
        self.cell(estimated, unit, label, "")
    }

    /// As [`Cells::estimate`], of one number of several of a series: a note says once why they are missing.
    fn cell(&mut self, estimated: &Estimated, unit: &Unit, series: &str, of: &str) -> String {
        match estimated {
            Estimated::Known(known) => interval(known, unit),
            Estimated::NotEnough { reason, .. } => {
                match self.missing.last_mut() {
                    Some(last) if last.series == series && !of.is_empty() => last.of.push(of.to_string()),
                    _ => self.missing.push(Missing {
                        series: series.to_string(),
                        of: if of.is_empty() { Vec::new() } else { vec![of.to_string()] },
                        reason: reason.clone(),
                    }),
                }
                MISSING.to_string()
            }
        }
    }

    /// Returns the cells of mean, percentiles and longest.
    pub(super) fn durations(&mut self, durations: &Durations, label: &str) -> Vec<String> {
        if durations.count == 0 {
            return Vec::new();
        }
        let mut row = vec![self.cell(&durations.mean, &Unit::Duration, label, "mean")];
        for p in COLUMNS {
            let of = crate::number::percentile_name(p);
            row.push(
                durations
                    .percentile(p)
                    .map_or_else(String::new, |estimated| self.cell(estimated, &Unit::Duration, label, &of)),
            );
        }
        row.push(durations.range.map_or_else(String::new, |(_, max)| crate::number::duration(max as f64)));
        row
    }

    /// Returns the cells of the mean and the highest value of a level.
    pub(super) fn level(&mut self, level: Option<&LevelResult>, label: &str) -> [String; 2] {
        level.map_or_else(Default::default, |level| {
            [self.estimate(&level.mean, &Unit::Number, label), level.max.map_or_else(String::new, highest)]
        })
    }

    /// Returns a line for each reason.
    pub(super) fn notes(self) -> Vec<String> {
        let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
        for Missing { series, of, reason } in self.missing {
            let label = if of.is_empty() { series } else { format!("{series} {}", of.join(" ")) };
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, labels)) => labels.push(label),
                None => reasons.push((reason, vec![label])),
            }
        }
        let line = |(reason, labels): (String, Vec<String>)| {
            let shown = labels.iter().take(LABELS_MAX).cloned().collect::<Vec<_>>().join(", ");
            let rest = labels.len().saturating_sub(LABELS_MAX);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            format!("not enough data for {shown}{more}: {}", crate::safe(&reason))
        };
        reasons.into_iter().map(line).collect()
    }
}

fn highest(max: f64) -> String {
    if max >= 0.0 && max.fract() == 0.0 && max < 1e15 {
        count(max as u64)
    } else {
        quantity(max, &Unit::Number)
    }
}
