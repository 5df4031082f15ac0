//! Figures of `run --timeline`: what a client saw when, and what happened to the parts meanwhile.

mod story;
#[cfg(test)]
mod tests;
mod title;

pub use story::lanes;

use std::collections::BTreeMap;

use kneepoint_experiment::result::Unit;

use self::story::{Story, story};
use self::title::{Worst, failures, title, worst};
use super::run::percentile_of;
use super::{Source, named, replications};
use crate::axis::{Axis, Scale};
use crate::figure::{Content, Density, Figure, Interval, Lines, Panel, Rule, Series, Shade};
use crate::results::{ClientTimeline, RunResults, Timeline};
use crate::theme::{Colour, PERCENTILES, SLOTS, percentile_slot};

/// From this factor between the largest and the smallest a log axis says more.
const LOG_FROM: f64 = 20.0;

pub(super) fn figures(run: &RunResults, timeline: &Timeline) -> Vec<Figure> {
    let story = story(run, timeline);
    let of = |client: &ClientTimeline| {
        [lines(run, timeline, client, &story), density(run, timeline, client, &story)]
    };
    timeline.clients.iter().flat_map(of).collect()
}

fn about(run: &RunResults, of: &Timeline) -> Source {
    let runs = if of.replications == run.replications {
        replications(of.replications)
    } else {
        format!("the first {} of {}", of.replications, replications(run.replications))
    };
    Source { runs, alone: of.replications == 1, ..super::run::about(run) }
}

/// A number over time, at the middles of windows.
fn points(of: &Timeline, number: impl Fn(usize) -> Option<Interval>) -> Vec<(f64, Option<Interval>)> {
    let middles = of.bounds.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    middles.enumerate().map(|(window, at)| (at, number(window))).collect()
}

fn time(of: &Timeline) -> Axis {
    let ends = of.bounds.first().copied().zip(of.bounds.last().copied());
    Axis { zero: false, ends, ..Axis::linear("simulated time", Unit::Duration) }
}

/// The objectives on percentiles of a client's latency.
fn rules(run: &RunResults, client: &str) -> Vec<Rule> {
    let latency = format!("{client}.latency");
    let of = |condition: &str| percentile_of(condition).is_some_and(|(_, of)| of == latency);
    let slo = run.slo.iter().filter(|slo| slo.unit == "s" && of(&slo.condition));
    slo.map(|slo| Rule { name: format!("SLO {}", slo.condition), at: slo.bound }).collect()
}

fn latencies(of: &Timeline, client: &ClientTimeline) -> Vec<Series> {
    let series = |(name, share): (&str, f64)| {
        let line = client.latency.get(name)?;
        Some(Series {
            name: name.to_string(),
            colour: percentile_slot(share).map_or(Colour::Ink, Colour::Slot),
            dashed: false,
            joined: true,
            points: points(of, |window| line.at(window)),
        })
    };
    PERCENTILES.into_iter().filter_map(series).collect()
}

/// Takes out the percentiles that are missing in every window, and says so: title and legend name what is drawn.
fn absent(series: &mut Vec<Series>) -> Option<String> {
    let bare = |series: &mut Series| series.points.iter().all(|(_, value)| value.is_none());
    let names: Vec<String> = series.extract_if(.., bare).map(|series| series.name).collect();
    let them = if names.len() == 1 { "it" } else { "them" };
    (!names.is_empty())
        .then(|| format!("Not drawn: {}; no window has enough requests for {them}.", names.join(", ")))
}

/// The number whose course the title tells: p99, or what there is of those that are drawn.
fn told(series: &[Series]) -> Option<&Series> {
    series.last()
}

fn is_log(series: &[Series]) -> bool {
    let values = || series.iter().flat_map(|s| &s.points).filter_map(|(_, v)| *v).map(|v| v.value);
    let least = values().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    values().fold(0.0, f64::max) / least > LOG_FROM
}

fn lines(run: &RunResults, of: &Timeline, client: &ClientTimeline, story: &Story) -> Figure {
    let mut notes = story.notes.clone();
    let mut latency = latencies(of, client);
    notes.extend(absent(&mut latency));
    let title = match worst(run, of, client) {
        Some(worst) => failures(run, of, client, story, &worst),
        None => title(run, of, client, &latency, story),
    };
    let log = is_log(&latency);
    let scale = if log { Scale::Log } else { Scale::Linear };
    let mut panels = vec![Panel {
        y: Axis {
            scale,
            zero: !log,
            short: "latency".to_string(),
            ..Axis::linear("latency of good answers", Unit::Duration)
        },
        series: latency,
        rules: rules(run, &client.name),
        undecided: Vec::new(),
        weight: 1.6,
    }];
    let rate = |name: &str, colour: Colour, dashed: bool, line: &crate::results::Line| Series {
        name: name.to_string(),
        colour,
        dashed,
        joined: true,
        points: points(of, |window| line.at(window)),
    };
    panels.push(Panel {
        y: Axis::linear("requests", Unit::Rate),
        series: vec![
            rate("sent", Colour::Neutral, false, &client.sent.rate),
            rate("ended well", Colour::Slot(2), false, &client.good.rate),
        ],
        rules: Vec::new(),
        undecided: Vec::new(),
        weight: 1.0,
    });
    panels.extend(instances(run, of, &mut notes));
    let content = Content::Lines(Lines {
        x: time(of),
        panels,
        spans: Vec::new(),
        shades: story.shades.clone(),
        lanes: story.lanes.clone(),
    });
    about(run, of).figure(named("over-time", &client.name), title, notes, content)
}

/// How many instances serve: of the parts where that changes, or else of those that have several.
fn instances(run: &RunResults, of: &Timeline, notes: &mut Vec<String>) -> Option<Panel> {
    let values = |part: &crate::results::PartTimeline| -> Vec<f64> {
        let line = part.instances.iter().flat_map(|line| &line.values);
        line.filter_map(|value| *value).collect()
    };
    let changes =
        |part: &&crate::results::PartTimeline| values(part).windows(2).any(|pair| pair[0] != pair[1]);
    let several =
        |part: &&crate::results::PartTimeline| values(part).first().is_some_and(|first| *first > 1.0);
    let mut shown: Vec<_> = of.parts.iter().filter(changes).collect();
    if shown.is_empty() {
        shown = of.parts.iter().filter(several).collect();
    }
    if shown.len() > SLOTS {
        let more: Vec<String> = shown[SLOTS..].iter().map(|part| run.called(&part.name)).collect();
        notes.push(format!("Instances of {} more parts are not drawn: {}.", more.len(), more.join(", ")));
        shown.truncate(SLOTS);
    }
    let palette = run.palette();
    let series = shown.iter().map(|part| Series {
        name: run.called(&part.name),
        colour: palette.colour(&part.name),
        dashed: false,
        joined: true,
        points: points(of, |window| part.instances.as_ref()?.at(window)),
    });
    let series: Vec<Series> = series.collect();
    let y = Axis { whole: true, ..Axis::linear("instances", Unit::Number) };
    (!series.is_empty()).then_some(Panel { y, series, rules: Vec::new(), undecided: Vec::new(), weight: 0.8 })
}

/// Columns of a density, at most: more are less than three pixels wide.
const COLUMNS_MOST: usize = 360;

/// Latencies by column: windows, or several of them together where there are very many.
struct Columns {
    bounds: Vec<f64>,
    cells: Vec<(usize, usize, u64)>,
    windows_each: usize,
}

impl Columns {
    fn of(of: &Timeline, client: &ClientTimeline) -> Columns {
        let windows = of.bounds.len().saturating_sub(1);
        let each = windows.div_ceil(COLUMNS_MOST).max(1);
        if each == 1 {
            return Columns { bounds: of.bounds.clone(), cells: client.heat.cells.clone(), windows_each: 1 };
        }
        let mut bounds: Vec<f64> = of.bounds[..windows].iter().copied().step_by(each).collect();
        bounds.extend(of.bounds.last());
        let mut cells: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for (window, bucket, n) in client.heat.cells.iter().filter(|cell| cell.0 < windows) {
            let cell = cells.entry((window / each, *bucket)).or_default();
            *cell = cell.saturating_add(*n);
        }
        let cells = cells.into_iter().map(|((column, bucket), n)| (column, bucket, n)).collect();
        Columns { bounds, cells, windows_each: each }
    }
}

fn density(run: &RunResults, of: &Timeline, client: &ClientTimeline, story: &Story) -> Figure {
    let mut notes = Vec::new();
    let heat = Columns::of(of, client);
    if heat.windows_each > 1 {
        notes.push(format!("A column is {} windows: more could not be told apart.", heat.windows_each));
    }
    let windows = heat.bounds.len().saturating_sub(1);
    let mut totals = vec![0_u64; windows];
    for (window, _, n) in heat.cells.iter().filter(|cell| cell.0 < windows) {
        // No simulation counts so far, but a file can say any number.
        totals[*window] = totals[*window].saturating_add(*n);
    }
    let inside =
        |cell: &&(usize, usize, u64)| cell.0 < windows && cell.1 < client.heat.edges.len() && cell.2 > 0;
    let share =
        |(window, bucket, n): &(usize, usize, u64)| (*window, *bucket, *n as f64 / totals[*window] as f64);
    let cells: Vec<(usize, usize, f64)> = heat.cells.iter().filter(inside).map(share).collect();
    let empty = totals.iter().filter(|total| **total == 0).count();
    if empty > 0 && empty < windows {
        let them = if heat.windows_each > 1 { "columns" } else { "windows" };
        notes.push(format!("No request ended well in {empty} of {windows} {them}: they are empty."));
    }
    let mut latency = latencies(of, client);
    // The colours say what lies between.
    latency.retain(|series| series.name != "p95");
    notes.extend(absent(&mut latency));
    // The lines say nothing of windows in which next to none ended well, and those are what is to be seen.
    let unseen = |worst: &Worst| {
        let bare = |window: usize| told(&latency).is_none_or(|series| series.points[window].1.is_none());
        worst.none || worst.windows.clone().any(bare)
    };
    let title = match worst(run, of, client).filter(unseen) {
        Some(worst) => failures(run, of, client, story, &worst),
        None => title(run, of, client, &latency, story),
    };
    notes.push("Colours are shares of the requests that ended well in a window, on a log scale.".to_string());
    let shades: Vec<Shade> = story
        .faults
        .iter()
        .map(|fault| Shade {
            name: format!("{} {}", fault.family, fault.name),
            from: fault.from,
            to: fault.to,
            colour: fault.colour,
        })
        .collect();
    let content = if cells.is_empty() {
        Content::Nothing("No request ended well, so there is no latency to show.".to_string())
    } else {
        // Buckets are quarters of an octave or narrower: the first begins about so far below its end.
        let first = client.heat.edges.first().copied().unwrap_or(0.0);
        let line = |slot: Series| Series { colour: Colour::Ink, dashed: slot.name == "p50", ..slot };
        Content::Density(Box::new(Density {
            x: time(of),
            bounds: heat.bounds,
            y: Axis {
                scale: Scale::Log,
                zero: false,
                short: "latency".to_string(),
                ..Axis::linear("latency of good answers", Unit::Duration)
            },
            from: first / 1.2,
            edges: client.heat.edges.clone(),
            value: Axis { scale: Scale::Log, zero: false, ..Axis::linear("share of a window", Unit::Ratio) },
            cells,
            rules: rules(run, &client.name),
            series: latency.into_iter().map(line).collect(),
            shades,
        }))
    };
    about(run, of).figure(named("heat", &client.name), title, notes, content)
}
