//! Figures of `compare`: all differences with their intervals.

use kneepoint_experiment::result::Unit;

use super::{Source, change, named, replications, signed_change, unit};
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
    let source = Source {
        title: title.to_string(),
        runs: format!("{}{pairing}", replications(runs)),
        confidence: Some(of.confidence),
        seed,
        alone: runs == 1,
    };
    let mut notes = vec![format!(
        "Difference of {} against {}, {} {} as it was measured. The intervals hold together{}.",
        contrast.second,
        contrast.first,
        if many_times(contrast) { "drawn as a multiple of" } else { "as a share of" },
        contrast.first,
        if of.family > 1 {
            format!(": they are corrected for {} differences", of.family)
        } else {
            String::new()
        }
    )];
    let rows: Vec<Row> = contrast.metrics.iter().map(|metric| row(metric, many_times(contrast))).collect();
    let bare: Vec<&str> =
        contrast.metrics.iter().filter(|m| from_nothing(m).is_some()).map(|m| m.metric.as_str()).collect();
    if !bare.is_empty() {
        notes.push(format!(
            "Of what is 0 before there is no share or multiple, so an arrow says which way it goes: {}.",
            bare.join(", ")
        ));
    }
    let cut: Vec<&str> = contrast.metrics.iter().filter(|m| m.cut).map(|m| m.metric.as_str()).collect();
    if !cut.is_empty() {
        notes.push(format!("Intervals cut to what a share can be: {}.", cut.join(", ")));
    }
    // Better in some and worse in others: a list of the former alone would be half the truth.
    let said = contrast.sentence.split(';').next().unwrap_or_default();
    let said =
        if said.contains("worse in others") { said.split(':').next().unwrap_or_default() } else { said };
    let said = if contrast.headline.is_empty() { said } else { contrast.headline.as_str() };
    let said = said.trim_end_matches('.');
    let mut doubts: Vec<(&str, Vec<&str>)> = Vec::new();
    for metric in &contrast.metrics {
        let Some(doubt) = metric.doubt.as_deref() else { continue };
        match doubts.iter_mut().find(|(known, _)| *known == doubt) {
            Some((_, metrics)) => metrics.push(&metric.metric),
            None => doubts.push((doubt, vec![&metric.metric])),
        }
    }
    notes.extend(doubts.iter().map(|(doubt, metrics)| format!("{}: {doubt}.", metrics.join(", "))));
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
            rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.shapes).any(|shape| match shape {
                Shape::Bar { colour: of, .. }
                | Shape::Point { colour: of, .. }
                | Shape::Off { colour: of, .. } => of == colour,
            })
        };
        let axis = if many_times(contrast) {
            let name = format!("as a multiple of {}", contrast.first);
            Axis { scale: Scale::Log, zero: false, ..Axis::linear(name, Unit::Number) }
        } else {
            Axis::linear("change", Unit::Ratio)
        };
        let line = if many_times(contrast) { 1.0 } else { 0.0 };
        let legend =
            legend.into_iter().filter(|(_, c)| used(c)).map(|(name, c)| (name.to_string(), c)).collect();
        Content::Rows(Rows { columns: vec![Column { axis, line: Some(line) }], rows, legend })
    };
    let name = if of.contrasts.len() == 1 {
        "differences".to_string()
    } else {
        named("differences", &contrast.second)
    };
    source.figure(name, title, notes, content)
}

/// Whether some numbers change so much that the others could not be seen beside them on an even axis.
fn many_times(contrast: &Contrast) -> bool {
    // Ends that reach down to nothing, or are far off, say that little is known, and not that much has changed.
    let all = || contrast.metrics.iter().filter_map(share).map(|v| 1.0 + v.value);
    let least = all().fold(1.0, f64::min);
    let most = all().fold(1.0, f64::max);
    least > 0.0 && most / least > 4.0
}

/// The difference as a share of what was measured first. Its interval is that of the difference, by which the finding and
/// with it the colour were decided: that of the ratio knows how sure the first is too, and may tell another story.
fn share(of: &Difference) -> Option<Interval> {
    let first = of.first?;
    // What stays 0 does not change.
    if first == 0.0 && of.difference.value == Some(0.0) {
        return of.difference.interval();
    }
    let by = 1.0 / first.abs();
    if by.is_finite() { super::times(&of.difference, by).interval() } else { None }
}

/// The difference from 0, which is a share of nothing.
fn from_nothing(of: &Difference) -> Option<f64> {
    of.difference.value.filter(|_| of.first == Some(0.0) && share(of).is_none())
}

fn colour(of: &Difference) -> Colour {
    match (of.counted(), of.is_better) {
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
    let off = from_nothing(of).map(|by| Shape::Off { up: by > 0.0, colour: colour(of) });
    let point = share(of).map(placed).map(|at| Shape::Point { at, colour: colour(of) });
    let shapes = point.or(off).into_iter().collect();
    let text = format!("{} → {}{said}", shown(of.first), shown(of.second));
    Row { name: of.metric.clone(), heading: false, cells: vec![Cell { shapes, text }] }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::results::{Results, read};

    fn drawn(metrics: Value) -> Rows {
        let kept = include_str!("../../tests/results/compare.json");
        let mut all: Value = serde_json::from_str(kept).unwrap();
        all["contrasts"][0]["metrics"] = metrics;
        let Results::Comparison(of) = read("x", &all.to_string()).unwrap() else { panic!("a comparison") };
        let Content::Rows(rows) = figures(&of).remove(0).content else { panic!("rows") };
        rows
    }

    fn metric(first: f64, difference: [f64; 3], finding: &str, is_better: Option<bool>) -> Value {
        let [value, low, high] = difference;
        json!({
            "metric": "m", "unit": "1/s", "first": first, "second": first + value,
            "difference": { "value": value, "low": low, "high": high },
            // Of the ratio: it may lie on the other side of the line.
            "relative": { "value": value / first, "low": -9.0, "high": 9.0 },
            "finding": finding, "is_better": is_better,
        })
    }

    #[test]
    fn what_is_drawn_is_the_interval_that_decided_on_the_colour() {
        let many = metric(10.0, [70.0, 60.0, 80.0], "higher", Some(true));
        let rows = drawn(json!([many, metric(2.0, [1.0, -3.0, 5.0], "no difference shown", None)]));
        assert_eq!(rows.columns[0].axis.scale, Scale::Log);
        let points: Vec<(Interval, Colour)> = rows
            .rows
            .iter()
            .map(|row| match &row.cells[0].shapes[0] {
                Shape::Point { at, colour } => (*at, *colour),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(points[0], (Interval { value: 8.0, ends: Some((7.0, 9.0)) }, Colour::Better));
        assert_eq!(points[1], (Interval { value: 1.5, ends: Some((-0.5, 3.5)) }, Colour::Neutral));
        let few = drawn(json!([metric(10.0, [1.0, 0.5, 1.5], "higher", None)]));
        assert!(
            matches!(few.rows[0].cells[0].shapes[0], Shape::Point { at: Interval { ends: Some((low, _)), .. }, .. } if low == 0.05)
        );
    }

    #[test]
    fn what_was_nothing_before_has_a_mark() {
        let rows = drawn(json!([
            metric(0.0, [69.4, 63.0, 75.8], "higher", Some(true)),
            metric(0.0, [0.0, 0.0, 0.0], "identical", None)
        ]));
        assert!(matches!(
            rows.rows[0].cells[0].shapes[..],
            [Shape::Off { up: true, colour: Colour::Better }]
        ));
        // Nothing before and nothing after is no change.
        let same = Interval { value: 0.0, ends: Some((0.0, 0.0)) };
        assert!(matches!(rows.rows[1].cells[0].shapes[..], [Shape::Point { at, .. }] if at == same));
        assert_eq!(rows.legend.len(), 2);
    }
}
