//! Figures of `compare`: all differences with their intervals.

use kneepoint_experiment::result::Unit;

use super::{ALONE, change, named, replications, signed_change, subtitle, unit};
use crate::axis::{Axis, Scale, words};
use crate::figure::{Cell, Column, Content, Figure, Interval, Row, Rows, Shape};
use crate::results::{ComparisonResults, Contrast, Difference};
use crate::theme::Colour;

pub(super) fn figures(of: &ComparisonResults) -> Vec<Figure> {
    if of.contrasts.is_empty() {
        return vec![Figure {
            name: "differences".to_string(),
            title: "Differences".to_string(),
            subtitle: String::new(),
            notes: Vec::new(),
            content: Content::Nothing("Nothing was compared.".to_string()),
        }];
    }
    of.contrasts.iter().map(|contrast| forest(of, contrast)).collect()
}

fn forest(of: &ComparisonResults, contrast: &Contrast) -> Figure {
    let first = of.designs.first();
    let seed = first.map_or(0, |d| d.seed);
    let runs = first.map_or(0, |d| d.replications);
    let title = first.map_or("", |d| d.title.as_str());
    let pairing = if of.pairing.is_empty() { String::new() } else { format!(", {}", of.pairing) };
    let subtitle = subtitle(title, &format!("{}{pairing}", replications(runs)), of.confidence, seed);
    let mut notes = vec![format!(
        "Difference of {} against {}, as a share of {}. The intervals hold together{}.",
        contrast.second,
        contrast.first,
        contrast.first,
        if of.family > 1 {
            format!(": they are corrected for {} differences", of.family)
        } else {
            String::new()
        }
    )];
    if runs == 1 {
        notes.push(ALONE.to_string());
    }
    let rows: Vec<Row> = contrast.metrics.iter().map(|metric| row(metric, many_times(contrast))).collect();
    let bare: Vec<&str> = contrast
        .metrics
        .iter()
        .filter(|m| m.relative.value.is_none() && m.difference.value.is_some())
        .map(|m| m.metric.as_str())
        .collect();
    if !bare.is_empty() {
        notes.push(format!("No share can be given of what is 0 before: {}.", bare.join(", ")));
    }
    // Better in some and worse in others: a list of the former alone would be half the truth.
    let said = contrast.sentence.split(';').next().unwrap_or_default();
    let said =
        if said.contains("worse in others") { said.split(':').next().unwrap_or_default() } else { said };
    let said = said.trim_end_matches('.');
    let title = if said.is_empty() {
        format!("{} against {}", contrast.second, contrast.first)
    } else {
        said.to_string()
    };
    let content = if rows.is_empty() {
        Content::Nothing(format!("{} and {} have no number in common.", contrast.first, contrast.second))
    } else {
        let legend = [
            ("better", Colour::Better),
            ("worse", Colour::Worse),
            ("differs", Colour::Ink),
            ("no difference shown", Colour::Neutral),
        ];
        let used = |colour: &Colour| {
            contrast.metrics.iter().any(|m| m.relative.value.is_some() && self::colour(m) == *colour)
        };
        let axis = if many_times(contrast) {
            let name = format!("as a multiple of {}", contrast.first);
            Axis { scale: Scale::Log, zero: false, ..Axis::linear(name, Unit::Number) }
        } else {
            Axis::linear("change", Unit::Ratio)
        };
        let line = if many_times(contrast) { 1.0 } else { 0.0 };
        Content::Rows(Rows {
            columns: vec![Column { axis, line: Some(line) }],
            rows,
            legend: legend
                .into_iter()
                .filter(|(_, c)| used(c))
                .map(|(name, c)| (name.to_string(), c))
                .collect(),
        })
    };
    let name = if of.contrasts.len() == 1 {
        "differences".to_string()
    } else {
        named("differences", &contrast.second)
    };
    Figure { name, title, subtitle, notes, content }
}

/// Whether some numbers change so much that the others could not be seen beside them on an even axis.
fn many_times(contrast: &Contrast) -> bool {
    // Ends that reach down to nothing, or are far off, say that little is known, and not that much has changed.
    let all = || contrast.metrics.iter().filter_map(|m| m.relative.interval()).map(|v| 1.0 + v.value);
    let least = all().fold(1.0, f64::min);
    let most = all().fold(1.0, f64::max);
    least > 0.0 && most / least > 4.0
}

fn colour(of: &Difference) -> Colour {
    match (of.finding.as_str(), of.is_better) {
        ("higher" | "lower", Some(true)) => Colour::Better,
        ("higher" | "lower", Some(false)) => Colour::Worse,
        ("higher" | "lower", None) => Colour::Ink,
        _ => Colour::Neutral,
    }
}

fn row(of: &Difference, multiple: bool) -> Row {
    let unit = unit(&of.unit);
    let shown = |v: Option<f64>| v.map_or_else(|| "–".to_string(), |v| words(v, &unit));
    let said = match (of.relative.value, of.difference.value) {
        (Some(relative), _) => format!(" ({})", change(relative)),
        (None, Some(difference)) => format!(" ({})", signed_change(difference, &unit)),
        (None, None) => ", not enough data".to_string(),
    };
    let by = if multiple { 1.0 } else { 0.0 };
    let placed =
        |v: Interval| Interval { value: v.value + by, ends: v.ends.map(|(low, high)| (low + by, high + by)) };
    let shapes = of
        .relative
        .interval()
        .map(placed)
        .map(|at| Shape::Point { at, colour: colour(of) })
        .into_iter()
        .collect();
    let text = format!("{} → {}{said}", shown(of.first), shown(of.second));
    Row { name: of.metric.clone(), heading: false, cells: vec![Cell { shapes, text }] }
}
