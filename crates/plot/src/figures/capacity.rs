//! Figures of `capacity`: the knee, what saturates, capacity over sizes.

use kneepoint_experiment::result::Unit;

use super::run::percentile_of;
use super::{Source, replications, said};
use crate::axis::{Axis, Scale, words};
use crate::figure::{
    Cell, Column, Content, Figure, Interval, Lane, Lines, Outcome, Panel, Row, Rows, Rule, Series, Shape,
    Span,
};
use crate::results::{CapacityResults, Coefficient, KneeRow, Number, Scaling};
use crate::theme::{Colour, percentile_slot};

pub(super) fn figures(of: &CapacityResults) -> Vec<Figure> {
    vec![knee(of), saturation(of)]
}

fn about(of: &CapacityResults) -> Source {
    Source {
        title: of.title.clone(),
        runs: format!("{} per load", replications(of.replications)),
        confidence: Some(of.confidence),
        seed: of.seed,
        alone: of.replications == 1,
    }
}

/// At which load parts were looked at. There is a knee only where there is a highest load that holds.
fn place_of_parts(of: &CapacityResults) -> String {
    let by = of.offered_written_per_s.filter(|_| per_second(of)).unwrap_or(1.0);
    match (of.finding.kind.as_str(), of.finding.load) {
        // By the work of a part alone.
        ("no objective", _) if of.capacity.is_some() => "short of saturation".to_string(),
        _ if of.capacity.is_some() || of.rough.is_some() => "at the knee".to_string(),
        (_, Some(load)) => format!("at {}", load_words(of, load * by)),
        _ => "at a load that was run".to_string(),
    }
}

/// Whether loads are shown as requests per second: they mean more than a factor on what the file says.
fn per_second(of: &CapacityResults) -> bool {
    // Of a setting, or where some clients wait for answers, what is sent is not what was searched.
    let searched = of.load.path.is_none() && of.offered_written_per_s.is_some();
    let known = of.knee.iter().all(|row| row.stopped.is_some() || row.offered.value.is_some());
    searched && known && (of.capacity.is_none() || of.capacity_per_s.is_some())
}

fn load_words(of: &CapacityResults, value: f64) -> String {
    match (&of.load.path, per_second(of)) {
        (_, true) => words(value, &Unit::Rate).replace(" /s", " requests/s"),
        (None, false) => format!("{}×", words(value, &Unit::Number)),
        (Some(path), false) => {
            format!("{path} = {}", words(value, &of.load.unit()).trim_end())
        }
    }
}

fn capacity(of: &CapacityResults) -> Option<Interval> {
    let number = if per_second(of) { of.capacity_per_s.as_ref() } else { of.capacity.as_ref() };
    number.and_then(Number::interval)
}

/// From this share of the capacity on its interval is wide: what has one digit is not told to four.
///
/// # Source
/// Chosen: ±5 %, as much as a size of a machine is rounded to.
const WIDE: f64 = 0.1;

/// Whether the place of the knee is not known well enough to be told as a fact.
fn is_about(of: &CapacityResults, at: &Interval) -> bool {
    let sure = at.ends.is_some_and(|(low, high)| high - low <= WIDE * at.value.abs());
    !sure || undecided(of, at).is_some()
}

/// The lowest load below the knee, and outside its interval, at which it is not decided whether the objectives hold.
fn undecided(of: &CapacityResults, knee: &Interval) -> Option<f64> {
    let from = knee.all()[0];
    let open = |row: &&KneeRow| row.outcome(&of.objectives) == Some(Outcome::Undecided);
    let rows = of.knee.iter().filter(open).map(|row| place(of, row));
    rows.filter(|load| *load < from).min_by(f64::total_cmp)
}

/// Where a load is drawn: as it is written, as all that is said of loads is, and not as what chance made of it.
fn place(of: &CapacityResults, row: &KneeRow) -> f64 {
    row.load * of.offered_written_per_s.filter(|_| per_second(of)).unwrap_or(1.0)
}

fn title(of: &CapacityResults) -> String {
    match (&of.binding, capacity(of)) {
        (Some(binding), Some(at)) if of.finding.kind == "found" => {
            let bound = words(binding.bound, &super::unit(&binding.unit));
            let leaves = format!("{} leaves {bound}", binding.metric);
            if !is_about(of, &at) {
                return format!("{leaves} at {}", load_words(of, at.value));
            }
            match undecided(of, &at) {
                Some(from) => format!(
                    "{leaves} at about {}; from {} on it may hold or not",
                    said_load(of, &at),
                    plain(of, from)
                ),
                None => format!("{leaves} at about {}", said_load(of, &at)),
            }
        }
        _ if of.sentence.is_empty() => "Latency and goodput over load".to_string(),
        // How far it is missed stands in a note.
        _ if is_nowhere(of) => {
            of.sentence.split(". ").next().unwrap_or_default().trim_end_matches('.').to_string()
        }
        _ => of.sentence.trim_end_matches('.').to_string(),
    }
}

/// Whether no load that was run meets the objectives.
fn is_nowhere(of: &CapacityResults) -> bool {
    matches!(of.finding.kind.as_str(), "missed at lowest" | "holds nowhere")
}

fn knee(of: &CapacityResults) -> Figure {
    let mut notes = Vec::new();
    if is_nowhere(of)
        && let Some((_, details)) = of.sentence.split_once(". ")
    {
        notes.push(details.to_string());
    }
    let rate = per_second(of);
    let place = |row: &KneeRow| place(of, row);
    let mut rows: Vec<&KneeRow> = of.knee.iter().filter(|row| row.stopped.is_none()).collect();
    rows.sort_by(|a, b| place(a).total_cmp(&place(b)));
    notes.extend(stopped(of));
    let series = |name: &str, colour: Colour, number: fn(&KneeRow) -> &Number| Series {
        name: name.to_string(),
        colour,
        dashed: false,
        joined: true,
        points: rows.iter().map(|row| (place(row), number(row).interval())).collect(),
    };
    let mut rules = Vec::new();
    let mut other = Vec::new();
    for objective in &of.objectives {
        let (name, condition) = (&objective.name, &objective.condition);
        // A bound on one client or class says nothing about a line of all requests.
        let pooled = percentile_of(condition).and_then(|(share, _)| match share {
            0.5 => Some((|row: &KneeRow| row.p50.value) as fn(&KneeRow) -> Option<f64>),
            0.99 => Some((|row: &KneeRow| row.p99.value) as fn(&KneeRow) -> Option<f64>),
            _ => None,
        });
        match pooled.and_then(|line| bound_of_line(&rows, name, line)) {
            Some(at) => rules.push(Rule { name: format!("SLO {condition}"), at }),
            None => other.push((name.as_str(), condition.as_str())),
        }
    }
    let (own, without) = own_panels(&rows, place, &other);
    if !without.is_empty() {
        notes.push(format!("Objectives that are not drawn: {}.", without.join("; ")));
    }
    let outcomes: Vec<(f64, Outcome)> =
        rows.iter().filter_map(|row| Some((place(row), row.outcome(&of.objectives)?))).collect();
    let at = |outcome: Outcome| -> Vec<String> {
        outcomes.iter().filter(|(_, of)| *of == outcome).map(|(at, _)| plain(of, *at)).collect()
    };
    for (outcome, said) in [
        (Outcome::Missed, "Loads at which an objective is missed"),
        (Outcome::Undecided, "Loads at which it is not decided whether all objectives hold"),
    ] {
        let loads = at(outcome);
        if !loads.is_empty() {
            notes.push(format!("{said}: {}.", loads.join(", ")));
        }
    }
    let lanes = if outcomes.is_empty() {
        Vec::new()
    } else {
        let name = "objectives".to_string();
        vec![Lane { name, bars: Vec::new(), marks: Vec::new(), dots: outcomes, colour: Colour::Bound }]
    };
    let named = |at: &Interval| {
        let about = if is_about(of, at) { "about " } else { "" };
        format!("knee at {about}{}", said_load(of, at))
    };
    let spans =
        capacity(of).map(|at| Span { name: named(&at), at }).or_else(|| rough(of)).into_iter().collect();
    let x = match (&of.load.path, rate) {
        (_, true) => Axis { zero: false, ..Axis::linear("offered load, requests", Unit::Rate) },
        (None, false) => Axis { zero: false, ..Axis::linear("load, times that of the file", Unit::Number) },
        (Some(path), false) => {
            Axis { zero: false, whole: of.load.whole, ..Axis::linear(path.clone(), of.load.unit()) }
        }
    };
    let percentile = |share: f64| percentile_slot(share).map_or(Colour::Ink, Colour::Slot);
    let latency = [
        series("p50 of all good answers", percentile(0.5), |row| &row.p50),
        series("p99 of all good answers", percentile(0.99), |row| &row.p99),
    ];
    let values = || latency.iter().flat_map(|s| &s.points).filter_map(|(_, v)| *v).map(|v| v.value);
    let least = values().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    let log = values().fold(0.0, f64::max) / least > 20.0;
    let scale = if log { Scale::Log } else { Scale::Linear };
    let mut goodput = vec![series("goodput", Colour::Slot(2), |row| &row.goodput)];
    if rate {
        goodput.push(Series {
            name: "all that is offered".to_string(),
            colour: Colour::Neutral,
            dashed: true,
            joined: true,
            points: [rows.first(), rows.last()]
                .into_iter()
                .flatten()
                .map(|row| {
                    (place(row), Some(Interval { value: place(row), ends: Some((place(row), place(row))) }))
                })
                .collect(),
        });
    }
    let mut panels = vec![
        Panel {
            y: Axis { scale, zero: !log, ..Axis::linear("latency", Unit::Duration) },
            series: latency.to_vec(),
            rules,
            undecided: Vec::new(),
            weight: 1.6,
        },
        Panel {
            y: Axis::linear("goodput", Unit::Rate),
            series: goodput,
            rules: Vec::new(),
            undecided: Vec::new(),
            weight: 1.0,
        },
    ];
    panels.extend(own);
    let content = if rows.is_empty() {
        Content::Nothing("There is no table of loads: it was searched with --no-knee.".to_string())
    } else {
        Content::Lines(Lines { x, panels, spans, shades: Vec::new(), lanes })
    };
    about(of).figure("knee".to_string(), title(of), notes, content)
}

/// Says which loads have no number because their runs were stopped, and why the lowest of them was.
fn stopped(of: &CapacityResults) -> Option<String> {
    let by = of.offered_written_per_s.filter(|_| per_second(of)).unwrap_or(1.0);
    let mut all: Vec<(f64, &serde_json::Value)> =
        of.knee.iter().filter_map(|row| Some((row.load * by, row.stopped.as_ref()?))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (_, why) = all.first()?;
    let loads: Vec<String> = all.iter().map(|(load, _)| plain(of, *load)).collect();
    let why = why.as_str().map_or_else(String::new, |why| format!(": {}", why.trim_end_matches('.')));
    let first = if all.len() > 1 && !why.is_empty() { "; at the lowest" } else { "" };
    Some(format!("Left out, for their runs were stopped before their end: {}{first}{why}.", loads.join(", ")))
}

/// Returns the bound of an objective that is about what a line of all requests shows: where there is one client and no
/// class is picked, the two are the same number at every load.
fn bound_of_line(rows: &[&KneeRow], name: &str, line: impl Fn(&KneeRow) -> Option<f64>) -> Option<f64> {
    let of = |row: &KneeRow| row.slo.iter().find(|slo| slo.name == name).cloned();
    let first = rows.iter().find_map(|row| of(row)).filter(|slo| slo.unit == "s")?;
    let same = |row: &&&KneeRow| of(row).is_some_and(|slo| slo.estimate.value == line(row));
    // Where no load has a number, that all agree says nothing.
    let known = rows.iter().any(|row| line(row).is_some());
    (known && rows.iter().filter(same).count() == rows.len()).then_some(first.bound)
}

/// A panel for each objective that is on no line of all requests, and those for which there is none.
fn own_panels(
    rows: &[&KneeRow],
    place: impl Fn(&KneeRow) -> f64,
    others: &[(&str, &str)],
) -> (Vec<Panel>, Vec<String>) {
    /// Chosen: more of them leave none of them room.
    const PANELS_MOST: usize = 3;
    let (mut panels, mut without) = (Vec::new(), Vec::new());
    for (name, condition) in others {
        let found = |row: &KneeRow| row.slo.iter().find(|slo| slo.name == *name).cloned();
        let Some(first) = rows.iter().find_map(|row| found(row)).filter(|_| panels.len() < PANELS_MOST)
        else {
            without.push((*condition).to_string());
            continue;
        };
        let metric = condition.split(['<', '>']).next().unwrap_or_default().trim();
        let points = rows.iter().map(|row| (place(row), found(row).and_then(|slo| slo.estimate.interval())));
        let series = Series {
            name: metric.to_string(),
            colour: percentile_of(condition)
                .and_then(|(share, _)| percentile_slot(share))
                .map_or(Colour::Ink, Colour::Slot),
            dashed: false,
            joined: true,
            points: points.collect(),
        };
        panels.push(Panel {
            y: Axis::linear((*name).to_string(), super::unit(&first.unit)),
            series: vec![series],
            rules: vec![Rule { name: format!("SLO {condition}"), at: first.bound }],
            undecided: Vec::new(),
            weight: 0.8,
        });
    }
    (panels, without)
}

/// A load without what it is of.
fn plain(of: &CapacityResults, value: f64) -> String {
    let unit = if of.load.path.is_some() { of.load.unit() } else { Unit::Number };
    words(value, &unit).trim_end().to_string()
}

fn said_load(of: &CapacityResults, at: &Interval) -> String {
    let value = load_words(of, at.value);
    match at.ends {
        Some((low, high)) => format!("{value} ({} to {})", plain(of, low), plain(of, high)),
        None => value,
    }
}

/// A knee of which it is not known how surely it is there.
fn rough(of: &CapacityResults) -> Option<Span> {
    let rough = of.rough.as_ref()?;
    let by = match (per_second(of), of.offered_written_per_s) {
        (true, Some(written)) => written,
        _ => 1.0,
    };
    let ends = rough.low.zip(rough.high).map(|(low, high)| (low * by, high * by));
    let at = Interval { value: rough.value * by, ends };
    let missing = if ends.is_none() { ", how surely is not known" } else { "" };
    Some(Span { name: format!("knee at about {}{missing}", said_load(of, &at)), at })
}

fn saturation(of: &CapacityResults) -> Figure {
    let where_ = place_of_parts(of);
    let palette = of.palette();
    let mut order: Vec<usize> = (0..of.parts.len()).collect();
    let busy = |at: &usize| of.parts[*at].utilisation.value.unwrap_or(0.0);
    order.sort_by(|a, b| busy(b).total_cmp(&busy(a)));
    // Requests mean more than a factor on what the file says.
    let (by, name, unit) = match (&of.load.path, of.offered_written_per_s) {
        (None, Some(written)) => (written, "offered load at which it is full, requests", Unit::Rate),
        (None, None) => (1.0, "load at which it is full, times that of the file", Unit::Number),
        (Some(_), _) => (1.0, "load at which it is full", of.load.unit()),
    };
    let scaled = |number: &Number| Number {
        value: number.value.map(|v| v * by),
        low: number.low.map(|v| v * by),
        high: number.high.map(|v| v * by),
        ..number.clone()
    };
    let shapes = |number: Option<&Number>, colour: Colour| -> Vec<Shape> {
        let shape = |v: Interval| Shape::Bar { from: 0.0, to: v.value, ends: v.ends, colour };
        number.and_then(Number::interval).map(shape).into_iter().collect()
    };
    let rows: Vec<Row> = order
        .into_iter()
        .map(|at| {
            let part = &of.parts[at];
            let colour = palette.colour(&part.name);
            let full = part.saturates_at.as_ref().map(scaled);
            Row {
                name: of.called(&part.name),
                heading: false,
                cells: vec![
                    Cell {
                        shapes: shapes(Some(&part.utilisation), colour),
                        text: said(&part.utilisation, &Unit::Ratio),
                    },
                    Cell {
                        shapes: shapes(full.as_ref(), colour),
                        text: full.as_ref().map_or_else(|| "–".to_string(), |n| said(n, &unit)),
                    },
                ],
            }
        })
        .collect();
    let title = match &of.bottleneck_sentence {
        Some(sentence) => {
            let said = sentence.split(';').next().unwrap_or_default().trim_end_matches('.');
            let said = said.replace("at that load", &where_);
            // It begins with the name of the part that is busiest.
            let rest = of.parts.first().and_then(|part| {
                let label = of.labels.iter().find(|of| of.name == part.name).map(|of| of.label.as_str());
                // With its label, but for results of before that was told.
                let told = label.map(|label| format!("{label} ({})", part.name));
                let rest = told.as_deref().and_then(|told| said.strip_prefix(told));
                Some((part, rest.or_else(|| said.strip_prefix(part.name.as_str()))?))
            });
            match rest {
                Some((part, rest)) if rest.starts_with(' ') => format!("{}{rest}", of.called(&part.name)),
                _ => said,
            }
        }
        None => "What is full first".to_string(),
    };
    let mut notes = Vec::new();
    let content = if rows.is_empty() {
        Content::Nothing("No part has servers that could be full.".to_string())
    } else {
        let (rows, missing) = super::without_empty_columns(Rows {
            columns: vec![
                Column {
                    axis: Axis {
                        most: Some(1.0),
                        ..Axis::linear(format!("utilisation {where_}"), Unit::Ratio)
                    },
                    line: Some(1.0),
                },
                Column {
                    axis: Axis::linear(name, unit.clone()),
                    line: of.capacity.as_ref().and_then(|n| n.value).map(|v| v * by),
                },
            ],
            rows,
            legend: Vec::new(),
        });
        notes.extend(missing);
        Content::Rows(rows)
    };
    let on_the_right = matches!(&content, Content::Rows(rows) if rows.columns.len() == 2);
    if of.capacity.is_some() && of.finding.kind != "no objective" && on_the_right {
        notes.push(
            "The line on the right is the knee: a part that is full far beyond it does not bind.".to_string(),
        );
    }
    about(of).figure("saturation".to_string(), title, notes, content)
}

pub(super) fn scaling(of: &Scaling) -> Vec<Figure> {
    let Some(first) = of.sizes.first() else {
        return vec![Figure {
            name: "scaling".to_string(),
            title: format!("Capacity over {}", of.over),
            subtitle: String::new(),
            notes: Vec::new(),
            content: Content::Nothing("No size was searched.".to_string()),
        }];
    };
    let rate = of.sizes.iter().all(|size| {
        let found = &size.found;
        let searched = found.load.path.is_none() && found.offered_written_per_s.is_some();
        searched && (found.capacity.is_none() || found.capacity_per_s.is_some())
    });
    let number = |found: &CapacityResults| {
        let on_axis = found.compared.as_ref().or(found.capacity.as_ref());
        let number = if rate { found.capacity_per_s.as_ref() } else { on_axis };
        number.and_then(Number::interval)
    };
    let points: Vec<(f64, Option<Interval>)> =
        of.sizes.iter().map(|size| (size.n, number(&size.found))).collect();
    let known: Vec<(f64, f64)> = points.iter().filter_map(|(n, v)| Some((*n, (*v)?.value))).collect();
    let mut series = vec![Series {
        name: "capacity".to_string(),
        colour: Colour::Slot(0),
        dashed: false,
        joined: true,
        points,
    }];
    let mut title = format!("Capacity over {}", of.over);
    if let (Some((n, v)), Some((last, most))) = (known.first(), known.last())
        && known.len() > 1
        && *n > 0.0
        && *v > 0.0
    {
        let exact = |v: f64| Some(Interval { value: v, ends: Some((v, v)) });
        series.push(Series {
            name: "in proportion to the smallest".to_string(),
            colour: Colour::Neutral,
            dashed: true,
            joined: true,
            points: vec![(*n, exact(*v)), (*last, exact(v * last / n))],
        });
        let times = |v: f64| words(v, &Unit::Number).trim_end_matches(".00").to_string();
        title = format!("{} times the size carries {} times the load", times(last / n), times(most / v));
    }
    let unit = if rate { Unit::Rate } else { first.found.load.unit() };
    let mut notes = Vec::new();
    match law(of, rate) {
        Ok((curve, said)) => {
            series.push(curve);
            notes.push(said);
        }
        Err(why) => notes.push(format!("The universal scalability law is not drawn: {why}.")),
    }
    let scaling = about(&first.found).figure(
        "scaling".to_string(),
        title,
        notes,
        Content::Lines(Lines {
            x: Axis {
                whole: of.sizes.iter().all(|size| size.n.fract() == 0.0),
                ..Axis::linear(of.over.clone(), Unit::Number)
            },
            panels: vec![Panel {
                y: Axis::linear("capacity", unit),
                series,
                rules: Vec::new(),
                undecided: Vec::new(),
                weight: 1.0,
            }],
            spans: Vec::new(),
            shades: Vec::new(),
            lanes: Vec::new(),
        }),
    );
    let mut all = vec![scaling];
    for size in &of.sizes {
        for mut figure in figures(&size.found) {
            figure.name = super::named(&figure.name, &size.n.to_string());
            figure.subtitle = format!("{} = {} · {}", of.over, size.n, figure.subtitle);
            all.push(figure);
        }
    }
    all
}

/// The universal scalability law over the sizes there are, and what is to be said of it.
fn law(of: &Scaling, rate: bool) -> Result<(Series, String), String> {
    const STEPS: usize = 60;
    let fit = &of.fit;
    // The law was fitted to capacities as they are compared.
    if !rate && of.sizes.iter().any(|size| size.found.capacity.is_some() && size.found.compared.is_none()) {
        return Err("the results are older than the figure and do not say what it was fitted to".to_string());
    }
    let sizes = || of.sizes.iter().map(|size| size.n);
    let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
    let at = |step: usize| least + (most - least) * step as f64 / STEPS as f64;
    let points: Option<Vec<(f64, Option<Interval>)>> = (0..=STEPS)
        .map(|step| {
            let value = fit.capacity(at(step))?;
            Some((at(step), Some(Interval { value, ends: Some((value, value)) })))
        })
        .collect();
    let Some(points) = points.filter(|_| least < most) else {
        return Err(fit.reason.clone().unwrap_or_else(|| "it was not fitted".to_string()));
    };
    let number = |of: &Coefficient| of.fitted.map_or_else(|| "–".to_string(), |v| words(v, &Unit::Number));
    let mut said = format!(
        "Universal scalability law: contention {}, coherency {}",
        number(&fit.alpha),
        number(&fit.beta)
    );
    if let Some(r_squared) = fit.r_squared {
        said += &format!(", R² {r_squared:.4}");
    }
    if let Some(peak) = fit.peak_n {
        said += &format!("; highest at {}", words(peak, &Unit::Number));
    }
    said +=
        if fit.misfit { ". The capacities lie farther from it than their intervals explain." } else { "." };
    let name = "universal scalability law, fitted".to_string();
    Ok((Series { name, colour: Colour::Slot(5), dashed: true, joined: true, points }, said))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::figure::{Content, Outcome, Panel};
    use crate::{figures, read};

    /// The panels of the knee, with what is said of an objective on p99 at each load.
    fn panels(estimate: impl Fn(f64) -> f64) -> Vec<Panel> {
        let mut result: Value =
            serde_json::from_str(include_str!("../../tests/results/capacity.json")).unwrap();
        for row in result["knee"].as_array_mut().unwrap() {
            let p99 = row["p99"]["value"].as_f64().unwrap();
            let mut said = row["p99"].clone();
            said["value"] = json!(estimate(p99));
            row["slo"] = json!([{ "name": "fast", "estimate": said, "bound": 0.4, "unit": "s" }]);
        }
        let all = figures(&read("capacity", &result.to_string()).unwrap());
        let Content::Lines(lines) = &all[0].content else { panic!("lines") };
        lines.panels.clone()
    }

    /// A load was 0.1200 in the title and 0.118 in the notes: as written, and as what was sent.
    #[test]
    fn a_load_is_the_same_number_wherever_it_is_told() {
        let result: Value = serde_json::from_str(include_str!("../../tests/results/capacity.json")).unwrap();
        let written = result["offered_written_per_s"].as_f64().unwrap();
        let rows = result["knee"].as_array().unwrap().iter();
        let mut loads: Vec<f64> = rows.map(|row| row["load"].as_f64().unwrap() * written).collect();
        loads.sort_by(f64::total_cmp);
        let panels = panels(|p99| p99);
        let drawn: Vec<f64> = panels[0].series[0].points.iter().map(|point| point.0).collect();
        assert_eq!(drawn, loads);
    }

    #[test]
    fn what_is_not_sure_is_not_told_as_a_fact() {
        let kept = include_str!("../../tests/results/capacity.json");
        let shown = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut result: serde_json::Value = serde_json::from_str(kept).unwrap();
            change(&mut result);
            let figure = figures(&read("capacity", &result.to_string()).unwrap()).remove(0);
            let Content::Lines(lines) = figure.content else { panic!("lines") };
            (
                figure.title,
                lines.spans.first().map_or_else(String::new, |span| span.name.clone()),
                figure.notes,
            )
        };
        let (title, span, _) = shown(&|_| {});
        assert_eq!(title, "p95(shoppers:browse.latency) leaves 150 ms at 621 requests/s");
        assert_eq!(span, "knee at 621 requests/s (618 to 627)");
        let wide = |all: &mut serde_json::Value| {
            all["capacity_per_s"]["low"] = serde_json::json!(400.0);
            all["capacity_per_s"]["high"] = serde_json::json!(800.0);
        };
        let (title, span, _) = shown(&wide);
        assert_eq!(title, "p95(shoppers:browse.latency) leaves 150 ms at about 621 requests/s (400 to 800)");
        assert_eq!(span, "knee at about 621 requests/s (400 to 800)");
        // Far below the knee the data do not tell.
        let (title, _, notes) = shown(&|all| all["knee"][0]["holds"] = serde_json::Value::Null);
        assert!(
            title.contains("at about 621") && title.ends_with("from 124 on it may hold or not"),
            "{title}"
        );
        assert!(notes.iter().any(|note| note.contains("not decided") && note.contains("124")), "{notes:?}");
        let (_, _, notes) = shown(&|all| {
            let row = all["knee"].as_array_mut().unwrap().last_mut().unwrap();
            *row = serde_json::json!({ "load": row["load"], "of_capacity": 2.0, "stopped": "arrivals outrun it" });
        });
        let told = |note: &String| note.starts_with("Left out") && note.ends_with(": arrivals outrun it.");
        assert!(notes.iter().any(told), "{notes:?}");
        let (_, span, _) = shown(&|all| {
            all["capacity"] = serde_json::Value::Null;
            all["capacity_per_s"] = serde_json::Value::Null;
            all["rough"] = serde_json::json!({ "value": 1.1, "low": null, "high": null, "holds": 1.0,
                "misses": 1.2, "reason": "one replication" });
        });
        assert_eq!(span, "knee at about 597 requests/s, how surely is not known");
    }

    #[test]
    fn without_a_capacity_there_is_no_knee() {
        let kept = include_str!("../../tests/results/capacity.json");
        let mut result: Value = serde_json::from_str(kept).unwrap();
        for key in ["capacity", "capacity_per_s", "compared", "rough", "binding"] {
            result[key] = Value::Null;
        }
        result["finding"] = json!({ "kind": "missed at lowest", "load": 0.01, "objectives": ["fast"] });
        result["sentence"] = json!("Missed already at the lowest load, 5.43 requests/s: fast.");
        let all = figures(&read("capacity", &result.to_string()).unwrap());
        let said = format!("{all:?}").replace("name: \"knee\"", "");
        assert!(!said.contains("knee"), "{said}");
        result["sentence"] =
            json!("No tested load meets the objectives. At the lowest, 5.43 requests/s, fast is missed.");
        let told = figures(&read("capacity", &result.to_string()).unwrap()).remove(0);
        assert_eq!(told.title, "No tested load meets the objectives");
        assert!(told.notes[0].starts_with("At the lowest, 5.43 requests/s"), "{:?}", told.notes);
        assert!(all[1].title.ends_with("busy at 5.43 requests/s"), "{}", all[1].title);
        result["finding"] = json!({ "kind": "not settled", "holds": null, "missed": null });
        let all = figures(&read("capacity", &result.to_string()).unwrap());
        assert!(all[1].title.ends_with("busy at a load that was run"), "{}", all[1].title);
    }

    #[test]
    fn a_part_is_called_what_its_label_says() {
        let mut result: Value =
            serde_json::from_str(include_str!("../../tests/results/capacity.json")).unwrap();
        let name = result["parts"][0]["name"].as_str().unwrap().to_string();
        result["labels"] = json!([{ "name": name, "label": "Shop front" }]);
        let figure = figures(&read("capacity", &result.to_string()).unwrap()).remove(1);
        assert!(figure.title.starts_with("Shop front "), "{}", figure.title);
        let Content::Rows(rows) = &figure.content else { panic!("rows") };
        assert!(rows.rows.iter().any(|row| row.name == "Shop front"), "{rows:?}");
        assert!(rows.rows.iter().all(|row| row.name != name), "{rows:?}");
    }

    #[test]
    fn missed_and_not_decided_are_told_apart() {
        let mut result: Value =
            serde_json::from_str(include_str!("../../tests/results/capacity.json")).unwrap();
        let name = result["objectives"][0]["name"].clone();
        let condition = result["objectives"][0]["condition"].as_str().unwrap().to_string();
        assert!(condition.contains('<'), "{condition}");
        for (row, [low, high]) in
            result["knee"].as_array_mut().unwrap().iter_mut().zip([[0.1, 0.2], [0.3, 0.5], [0.5, 0.6]])
        {
            let estimate = json!({ "value": (low + high) / 2.0, "low": low, "high": high });
            row["slo"] = json!([{ "name": name, "estimate": estimate, "bound": 0.4, "unit": "s" }]);
            row["holds"] = json!(low < 0.4);
        }
        let figure = figures(&read("capacity", &result.to_string()).unwrap()).remove(0);
        let Content::Lines(lines) = figure.content else { panic!("lines") };
        let outcomes: Vec<Outcome> =
            lines.lanes[0].dots.iter().map(|(_, outcome)| *outcome).take(3).collect();
        assert_eq!(outcomes, [Outcome::Met, Outcome::Undecided, Outcome::Missed]);
        assert!(
            figure.notes.iter().any(|note| note.contains("an objective is missed")),
            "{:?}",
            figure.notes
        );
    }

    #[test]
    fn a_bound_is_drawn_on_what_it_is_about() {
        let same = panels(|p99| p99);
        assert_eq!((same.len(), same[0].rules.len(), same[0].rules[0].at), (2, 1, 0.4));
        // Of one client of several, or of a class.
        let other = panels(|p99| p99 / 2.0);
        assert_eq!((other.len(), other[0].rules.len()), (3, 0));
        assert_eq!((other[2].rules[0].at, other[2].series.len()), (0.4, 1));
    }
}
