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
pub(super) const COLUMNS: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// Makes cells and remembers why some of them have no number.
#[derive(Default)]
pub(super) struct Cells {
    /// Reasons in the order they came up, each with what it is about.
    missing: Vec<(String, Vec<String>)>,
}

impl Cells {
    /// Returns the cell of an estimate; `label` says what it is, should it be missing.
    pub(super) fn estimate(&mut self, estimated: &Estimated, unit: &Unit, label: &str) -> String {
        match estimated {
            Estimated::Known(known) => interval(known, unit),
            Estimated::NotEnough { reason, .. } => {
                match self.missing.iter_mut().find(|(known, _)| known == reason) {
                    Some((_, labels)) => labels.push(label.to_string()),
                    None => self.missing.push((reason.clone(), vec![label.to_string()])),
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
        let mut row = vec![self.estimate(&durations.mean, &Unit::Duration, &format!("{label} mean"))];
        for p in COLUMNS {
            let name = format!("{label} {}", crate::number::percentile_name(p));
            row.push(
                durations
                    .percentile(p)
                    .map_or_else(String::new, |estimated| self.estimate(estimated, &Unit::Duration, &name)),
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
        let line = |(reason, labels): (String, Vec<String>)| {
            let shown = labels.iter().take(LABELS_MAX).cloned().collect::<Vec<_>>().join(", ");
            let rest = labels.len().saturating_sub(LABELS_MAX);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            format!("not enough data for {shown}{more}: {}", crate::safe(&reason))
        };
        self.missing.into_iter().map(line).collect()
    }
}

fn highest(max: f64) -> String {
    if max >= 0.0 && max.fract() == 0.0 && max < 1e15 {
        count(max as u64)
    } else {
        quantity(max, &Unit::Number)
    }
}
