//! Figures of `compare`: all differences with their intervals.

use kneepoint_experiment::result::Unit;

use super::{ALONE, named, replications, signed, subtitle, unit};
use crate::axis::{Axis, words};
use crate::figure::{Cell, Column, Content, Figure, Row, Rows, Shape};
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
    let rows: Vec<Row> = contrast.metrics.iter().map(row).collect();
    let bare: Vec<&str> = contrast
        .metrics
        .iter()
        .filter(|m| m.relative.value.is_none() && m.difference.value.is_some())
        .map(|m| m.metric.as_str())
        .collect();
    if !bare.is_empty() {
        notes.push(format!("No share can be given of what is 0 before: {}.", bare.join(", ")));
    }
    let said = contrast.sentence.split(';').next().unwrap_or_default().trim_end_matches('.');
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
        Content::Rows(Rows {
            columns: vec![Column { axis: Axis::linear("change", Unit::Ratio), line: Some(0.0) }],
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

fn colour(of: &Difference) -> Colour {
    match (of.finding.as_str(), of.is_better) {
        ("higher" | "lower", Some(true)) => Colour::Better,
        ("higher" | "lower", Some(false)) => Colour::Worse,
        ("higher" | "lower", None) => Colour::Ink,
        _ => Colour::Neutral,
    }
}

fn row(of: &Difference) -> Row {
    let unit = unit(&of.unit, &of.metric);
    let shown = |v: Option<f64>| v.map_or_else(|| "–".to_string(), |v| words(v, &unit));
    let change = match (of.relative.value, of.difference.value) {
        (Some(relative), _) => format!(" ({})", signed(relative, &Unit::Ratio)),
        (None, Some(difference)) => format!(" ({})", signed(difference, &unit)),
        (None, None) => ", not enough data".to_string(),
    };
    let shapes =
        of.relative.interval().map(|at| Shape::Point { at, colour: colour(of) }).into_iter().collect();
    let text = format!("{} → {}{change}", shown(of.first), shown(of.second));
    Row { name: of.metric.clone(), heading: false, cells: vec![Cell { shapes, text }] }
}
