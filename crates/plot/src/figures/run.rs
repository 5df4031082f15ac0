//! Figures of `run`: percentile curves, parts, where the time goes.

use kneepoint_experiment::result::Unit;
use kneepoint_report::percent;

use super::{Source, brief, replications, said};
use crate::axis::{Axis, Scale, words};
use crate::figure::{Cell, Column, Content, Figure, Interval, Lines, Panel, Row, Rows, Series, Shape};
use crate::results::{Client, RunResults};
use crate::theme::Colour;

/// From this factor between the largest and the smallest a log axis says more.
const LOG_FROM: f64 = 20.0;

pub(super) fn figures(run: &RunResults) -> Vec<Figure> {
    let mut all = vec![percentiles(run), time(run), parts(run)];
    all.extend(run.topology.as_ref().map(|of| super::topology::figure(run, of)));
    all.extend(run.timeline.iter().flat_map(|of| super::over_time::figures(run, of)));
    all
}

pub(super) fn about(run: &RunResults) -> Source {
    let runs = match run.run.batches {
        Some(batches) => format!("1 run in {batches} batches"),
        None => replications(run.replications),
    };
    Source {
        title: run.title.clone(),
        runs,
        confidence: Some(run.run.confidence),
        seed: run.seed,
        alone: run.replications == 1 && run.run.batches.is_none(),
    }
}

fn percentiles(run: &RunResults) -> Figure {
    let mut notes = Vec::new();
    let mut curves: Vec<(String, &Client)> = Vec::new();
    for client in &run.clients {
        curves.push((client.name.clone(), client));
        if client.classes.len() > 1 {
            curves.extend(
                client.classes.iter().map(|class| (format!("{}:{}", client.name, class.name), class)),
            );
        }
    }
    let palette = run.palette();
    let mut series: Vec<Series> = curves
        .iter()
        .map(|(name, client)| Series {
            name: run.called(name),
            colour: palette.colour(name),
            dashed: name.contains(':'),
            joined: true,
            points: client.latency.percentiles().into_iter().map(|(p, v)| (p, v.interval())).collect(),
        })
        // Nothing ended well: there is no curve, and the note says so.
        .filter(|series| series.points.iter().any(|(_, v)| v.is_some()))
        .collect();
    let empty: Vec<String> =
        curves.iter().filter(|(_, c)| c.latency.count == 0).map(|(name, _)| run.called(name)).collect();
    if !empty.is_empty() {
        notes.push(format!("No request ended well: {}.", empty.join(", ")));
    }
    let log = spread(&series) > LOG_FROM;
    for slo in &run.slo {
        if let Some((share, _)) = percentile_of(&slo.condition)
            && slo.unit == "s"
        {
            let at = Interval { value: slo.bound, ends: Some((slo.bound, slo.bound)) };
            series.push(Series {
                name: format!("{}: {} ({})", slo.name, slo.condition, slo.verdict),
                colour: Colour::Bound,
                dashed: false,
                joined: false,
                points: vec![(share, Some(at))],
            });
        }
    }
    let title = percentile_title(run).unwrap_or_else(|| "Latency by percentile".to_string());
    let scale = if log { Scale::Log } else { Scale::Linear };
    let content = if series.is_empty() {
        Content::Nothing("No request ended well, so there is no latency to show.".to_string())
    } else {
        Content::Lines(Lines {
            x: Axis {
                scale: Scale::Tail,
                zero: false,
                ..Axis::linear("percentile of requests that ended well", Unit::Ratio)
            },
            panels: vec![Panel {
                y: Axis { scale, zero: !log, ..Axis::linear("latency", Unit::Duration) },
                series,
                rules: Vec::new(),
                undecided: Vec::new(),
                weight: 1.0,
            }],
            spans: Vec::new(),
            shades: Vec::new(),
            lanes: Vec::new(),
        })
    };
    about(run).figure("percentiles".to_string(), title, notes, content)
}

fn spread(series: &[Series]) -> f64 {
    let values = || series.iter().flat_map(|s| &s.points).filter_map(|(_, v)| *v).map(|v| v.value);
    let least = values().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    values().fold(0.0, f64::max) / least
}

/// Returns the percentile a condition is about, and what of: `p99(users.latency) < 400ms`.
pub(super) fn percentile_of(condition: &str) -> Option<(f64, &str)> {
    let (head, rest) = condition.trim().split_once('(')?;
    let percent: f64 = head.strip_prefix('p')?.parse().ok()?;
    let of = rest.split_once(')')?.0;
    let share = (percent * 1e8).round() / 1e10;
    ((0.0..1.0).contains(&share) && of.ends_with(".latency")).then_some((share, of))
}

/// The first objective on a percentile; else p99 of the slowest client, of those with an objective if one has any.
fn percentile_title(run: &RunResults) -> Option<String> {
    for slo in &run.slo {
        let Some((share, of)) = percentile_of(&slo.condition) else { continue };
        let name = of.strip_suffix(".latency")?;
        let client = run.clients.iter().find(|client| client.name == name);
        let value = client.and_then(|c| c.latency.percentile(share)).and_then(|n| n.value);
        let (Some(value), "s") = (value, slo.unit.as_str()) else { continue };
        let metric = slo.condition.split('(').next().unwrap_or_default();
        let (value, bound) = (words(value, &Unit::Duration), words(slo.bound, &Unit::Duration));
        let outcome = match slo.verdict.as_str() {
            "met" => format!("inside the SLO of {bound}"),
            "missed" => format!("outside the SLO of {bound}"),
            "unclear" => format!("too near to the SLO of {bound} to judge"),
            "probability" => match slo.probability.as_ref().and_then(|chance| chance.value) {
                Some(chance) => format!("and {} likely to hold the SLO of {bound}", percent(chance)),
                None => format!("the SLO of {bound} being a matter of chance"),
            },
            _ => format!("without a verdict on the SLO of {bound}"),
        };
        return Some(format!(
            "{metric} of good answers to {} is {value}, {outcome}",
            brief(&run.called(name))
        ));
    }
    // What is asked of a client says whom the study is about: not of an attacker, nor of background work.
    let is_asked_for = |client: &&Client| run.slo.iter().any(|slo| is_about(&slo.condition, &client.name));
    let slowest = |clients: Vec<&'_ Client>| -> Option<(f64, String)> {
        let known =
            clients.into_iter().filter_map(|c| Some((c.latency.percentile(0.99)?.value?, c.name.clone())));
        known.max_by(|a, b| a.0.total_cmp(&b.0))
    };
    let slowest = slowest(run.clients.iter().filter(is_asked_for).collect())
        .or_else(|| slowest(run.clients.iter().collect()))?;
    Some(format!(
        "p99 of good answers to {} is {}",
        brief(&run.called(&slowest.1)),
        words(slowest.0, &Unit::Duration)
    ))
}

/// Whether a condition is about a client, its latency or one of its classes: `errors(users:browse, from 1s to 2s) < 1%`.
fn is_about(condition: &str, client: &str) -> bool {
    condition.split(['(', ',', ')']).any(|inside| {
        let path = inside.trim().trim_end_matches(".latency");
        path == client || path.strip_prefix(client).is_some_and(|rest| rest.starts_with(':'))
    })
}

fn parts(run: &RunResults) -> Figure {
    let mut notes = Vec::new();
    let palette = run.palette();
    let bar = |value: Option<Interval>, colour: Colour| -> Vec<Shape> {
        let shape = |v: Interval| Shape::Bar { from: 0.0, to: v.value, ends: v.ends, colour };
        value.map(shape).into_iter().collect()
    };
    let busy = Unit::Ratio;
    let mut rows = Vec::new();
    let mut without = Vec::new();
    for part in &run.parts {
        let level = part.queue.as_ref();
        if part.utilisation.is_none() && level.is_none() {
            without.push(run.called(&part.name));
            continue;
        }
        let colour = palette.colour(&part.name);
        let utilisation = part.utilisation.as_ref();
        let dash = || "–".to_string();
        rows.push(Row {
            name: run.called(&part.name),
            heading: false,
            cells: vec![
                Cell {
                    shapes: bar(utilisation.and_then(|n| n.interval()), colour),
                    text: utilisation.map_or_else(dash, |n| said(n, &busy)),
                },
                Cell {
                    shapes: bar(part.thread_utilisation.as_ref().and_then(|n| n.interval()), colour),
                    text: part.thread_utilisation.as_ref().map_or_else(dash, |n| said(n, &busy)),
                },
                Cell {
                    shapes: bar(level.and_then(|l| l.mean.interval()), colour),
                    text: level.map_or_else(dash, |l| said(&l.mean, &Unit::Number)),
                },
            ],
        });
    }
    if !without.is_empty() {
        notes.push(format!("Without servers and queue: {}.", without.join(", ")));
    }
    let title =
        super::fullest(run, |_| true).unwrap_or_else(|| "Utilisation and queue of each part".to_string());
    let content = if rows.is_empty() {
        Content::Nothing("No part has servers or a queue, so there is nothing to fill.".to_string())
    } else {
        let (rows, missing) = super::without_empty_columns(Rows {
            columns: vec![
                Column {
                    axis: Axis { most: Some(1.0), ..Axis::linear("utilisation", Unit::Ratio) },
                    line: Some(1.0),
                },
                Column {
                    axis: Axis { most: Some(1.0), ..Axis::linear("threads held", Unit::Ratio) },
                    line: Some(1.0),
                },
                Column { axis: Axis::linear("mean queue, calls", Unit::Number), line: None },
            ],
            rows,
            legend: Vec::new(),
        });
        notes.extend(missing);
        Content::Rows(rows)
    };
    about(run).figure("parts".to_string(), title, notes, content)
}

/// Returns a part of a whole in words: what is next to nothing or to all is called that.
fn share_words(share: f64) -> String {
    match share {
        _ if share > 0.0 && share < 0.001 => "<0.1 %".to_string(),
        _ if share > 0.999 && share < 1.0 => ">99.9 %".to_string(),
        _ => percent(share),
    }
}

/// Phases have one colour each in every figure.
fn phase_colour(name: &str) -> Colour {
    match name {
        "service" => Colour::Slot(0),
        "waiting" => Colour::Slot(5),
        "network" => Colour::Slot(2),
        "pool" => Colour::Slot(1),
        "backoff" => Colour::Slot(3),
        "wasted" => Colour::Neutral,
        _ => Colour::Slot(4),
    }
}

fn time(run: &RunResults) -> Figure {
    let mut notes = Vec::new();
    let mut rows = Vec::new();
    let mut title = None;
    let mut longest = 0.0;
    for client in &run.clients {
        let phases = client.phases();
        let sum: f64 = phases.iter().filter_map(|(_, n)| n.value).sum();
        if run.clients.len() > 1 {
            rows.push(Row { name: run.called(&client.name), heading: true, cells: Vec::new() });
        }
        let mut from = 0.0;
        let mut none = Vec::new();
        for (name, number) in &phases {
            let Some(v) = number.interval() else {
                rows.push(Row {
                    name: name.clone(),
                    heading: false,
                    cells: vec![Cell { shapes: Vec::new(), text: "not enough data".to_string() }],
                });
                continue;
            };
            if v.value == 0.0 {
                none.push(name.as_str());
                continue;
            }
            let share = if sum > 0.0 { v.value / sum } else { 0.0 };
            let ends = v.ends.map(|(low, high)| (from + low, from + high));
            rows.push(Row {
                name: name.clone(),
                heading: false,
                cells: vec![Cell {
                    shapes: vec![Shape::Bar { from, to: from + v.value, ends, colour: phase_colour(name) }],
                    text: format!("{} · {}", said(number, &Unit::Duration), share_words(share)),
                }],
            });
            from += v.value;
            if v.value > longest {
                longest = v.value;
                title = Some(format!(
                    "{} of the time of a request of {} is {name}",
                    share_words(share),
                    brief(&run.called(&client.name))
                ));
            }
        }
        if sum > 0.0 {
            rows.push(Row {
                name: "together".to_string(),
                heading: false,
                cells: vec![Cell {
                    shapes: vec![Shape::Bar { from: 0.0, to: sum, ends: None, colour: Colour::Quiet }],
                    text: words(sum, &Unit::Duration),
                }],
            });
        }
        if !none.is_empty() {
            notes.push(format!("{}: no time in {}.", run.called(&client.name), none.join(", ")));
        }
    }
    let content = if rows.iter().all(|row| row.cells.iter().all(|cell| cell.shapes.is_empty())) {
        Content::Nothing("No request spent any time, so there is nothing to divide.".to_string())
    } else {
        Content::Rows(Rows {
            columns: vec![Column {
                axis: Axis::linear("mean time of a request", Unit::Duration),
                line: None,
            }],
            rows,
            legend: Vec::new(),
        })
    };
    let title = title.unwrap_or_else(|| "Where the time of a request goes".to_string());
    about(run).figure("time".to_string(), title, notes, content)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::{figures, read};

    /// The slowest client of all was named, where one that nothing is asked of is slower than that with an objective.
    #[test]
    fn percentiles_are_told_of_a_client_that_something_is_asked_of() {
        let mut result: Value = serde_json::from_str(include_str!("../../tests/results/run.json")).unwrap();
        let mut other = result["clients"][0].clone();
        other["name"] = "attacker".into();
        other["latency"]["p99"]["value"] = 99.0.into();
        let asked = result["clients"][0]["name"].as_str().unwrap().to_string();
        result["clients"].as_array_mut().unwrap().push(other);
        let title = |slo: Value| {
            let mut result = result.clone();
            result["slo"] = slo;
            figures(&read("run", &result.to_string()).unwrap()).remove(0).title
        };
        let mut slo = result["slo"][0].clone();
        slo["unit"] = "ratio".into();
        for condition in
            [format!("errors({asked}) < 1%"), format!("errors({asked}:browse, from 1s to 2s) < 1%")]
        {
            slo["condition"] = condition.into();
            let told = title(Value::Array(vec![slo.clone()]));
            assert!(told.starts_with(&format!("p99 of good answers to {asked} is")), "{told}");
        }
        let told = title(Value::Array(Vec::new()));
        assert!(told.starts_with("p99 of good answers to attacker is"), "{told}");
    }
}
