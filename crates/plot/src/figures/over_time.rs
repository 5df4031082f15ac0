//! Figures of `run --timeline`: what a client saw when, and what happened to the parts meanwhile.

use std::collections::BTreeMap;

use kneepoint_experiment::result::Unit;

use super::run::percentile_of;
use super::{Source, brief, named, replications};
use crate::axis::{Axis, Scale, words};
use crate::figure::{Content, Density, Figure, Interval, Lane, Lines, Panel, Rule, Series, Shade};
use crate::results::{ClientTimeline, Event, FaultTimeline, RunResults, Timeline};
use crate::theme::{Colour, PERCENTILES, SLOTS, breaker_slot, fault_slot, percentile_slot};

/// Rows under the panels, at most: more leave the panels no room.
const LANES_MOST: usize = 8;

/// Bars of a row that are named; of more their colours have to say it.
const NAMED_BARS: usize = 6;

/// Stretches of one fault that are shaded in the panels, at most: more are a blot.
const SHADES_MOST: usize = 40;

/// From this factor between the largest and the smallest a log axis says more.
const LOG_FROM: f64 = 20.0;

/// The title speaks for all windows if so many of them have a number.
///
/// # Source
/// Chosen: what one window in ten does unseen is no other course.
const KNOWN_FROM: f64 = 0.9;

pub(super) fn figures(run: &RunResults, timeline: &Timeline) -> Vec<Figure> {
    let story = story(run, timeline);
    let of = |client: &ClientTimeline| {
        [lines(run, timeline, client, &story), density(run, timeline, client, &story)]
    };
    timeline.clients.iter().flat_map(of).collect()
}

/// Returns a row for each fault, each edge with circuit breakers, and each part to which something happened, of the
/// replication of which that was kept: what the figures over time have under their panels, for whoever draws it elsewhere.
pub fn lanes(run: &RunResults) -> Vec<Lane> {
    let Some(of) = &run.timeline else { return Vec::new() };
    let end = of.bounds.last().copied().unwrap_or(0.0);
    let faults = of.faults.iter().map(|fault| fault_lane(of, fault, end));
    faults.chain(breakers(run, of, end)).chain(saturated(run, of)).chain(parts(run, of, end)).collect()
}

/// A row of when a fault struck.
fn fault_lane(of: &Timeline, fault: &FaultTimeline, end: f64) -> Lane {
    let is_fault = |event: &&Event| is_harm(event) && event.part == fault.name;
    let events: Vec<&Event> = of.events.list.iter().filter(is_fault).collect();
    let changes: Vec<(f64, bool)> =
        events.iter().map(|event| (event.at, event.what.ends_with(" begins"))).collect();
    let what = |from: f64| {
        let began = events.iter().find(|event| event.at == from);
        began.map_or_else(String::new, |event| event.detail.clone())
    };
    let bars: Vec<Shade> = stretches(&changes, end)
        .into_iter()
        .map(|(from, to, _)| Shade { name: what(from), from, to, colour: fault_colour(&what(from)) })
        .collect();
    let colour = bars.first().map_or(Colour::Worse, |bar| bar.colour);
    Lane {
        name: format!("{} {}", family(of, fault), fault.name),
        bars,
        marks: Vec::new(),
        dots: Vec::new(),
        colour,
    }
}

/// Whether a fault or an action begins or ends.
fn is_harm(event: &Event) -> bool {
    event.what.starts_with("fault ") || event.what.starts_with("action ")
}

/// What people call it: a fault harms, an action is meant.
fn family(of: &Timeline, fault: &FaultTimeline) -> &'static str {
    let mut own = of.events.list.iter().filter(|event| event.part == fault.name);
    if own.any(|event| event.what.starts_with("action ")) { "action" } else { "fault" }
}

/// What happened to parts, as it is drawn.
struct Story {
    /// Faults that strike at the same instants in every replication, and the warm-up.
    shades: Vec<Shade>,
    /// The faults among them.
    faults: Vec<Struck>,
    lanes: Vec<Lane>,
    notes: Vec<String>,
}

/// A fault while it lasts.
struct Struck {
    family: &'static str,
    name: String,
    from: f64,
    to: f64,
    colour: Colour,
}

/// The colour of a fault, from what is said of it where it begins: `crash of web/0`.
fn fault_colour(detail: &str) -> Colour {
    Colour::Slot(fault_slot(detail.split(' ').next().unwrap_or_default()))
}

/// Who calls whom, and through what, of the path of a middle part: `users/0 -> web #0 0 Breaker`.
fn middle<'p>(run: &RunResults, path: &'p str) -> Option<(String, &'p str)> {
    let (from, rest) = path.split_once(" -> ")?;
    let (to, kind) = (rest.split(' ').next()?, rest.rsplit(' ').next()?);
    rest.contains(" #").then(|| (format!("{} → {}", run.called(root(from)), run.called(root(to))), kind))
}

/// A row per edge with circuit breakers: when they were open, and when half-open; of several at once, how many.
fn breakers(run: &RunResults, of: &Timeline, end: f64) -> Vec<Lane> {
    let mut edges: Vec<(String, Vec<&Event>)> = Vec::new();
    for event in of.events.list.iter().filter(|event| event.what.starts_with(BREAKER)) {
        // One that is a part, or of a later version, is called what it is called.
        let edge = middle(run, &event.part).map_or_else(|| run.called(&event.part), |(edge, _)| edge);
        match edges.iter_mut().find(|(known, _)| *known == edge) {
            Some((_, events)) => events.push(event),
            None => edges.push((edge, vec![event])),
        }
    }
    let lane = |(edge, events): (String, Vec<&Event>)| {
        let mut bars = Vec::new();
        for (begins, state) in [("breaker opens", "open"), ("breaker half-open", "half-open")] {
            let mut now: Vec<&str> = Vec::new();
            let mut changes = Vec::new();
            for event in &events {
                let is = now.contains(&event.part.as_str());
                match (event.what == begins, is) {
                    (true, false) => {
                        now.push(&event.part);
                        changes.push((event.at, true));
                    }
                    // Whatever it turns to, it is no longer what it was.
                    (false, true) => {
                        now.retain(|path| *path != event.part);
                        changes.push((event.at, false));
                    }
                    _ => {}
                }
            }
            let colour = Colour::Slot(breaker_slot(state));
            bars.extend(stretches(&changes, end).into_iter().map(|(from, to, most)| Shade {
                name: if most > 1 { format!("{most} {state}") } else { state.to_string() },
                from,
                to,
                colour,
            }));
        }
        bars.sort_by(|a, b| a.from.total_cmp(&b.from));
        let marks = events.iter().filter(|event| !BREAKER_KNOWN.contains(&event.what.as_str()));
        let marks = marks.map(|event| (event.at, event.what.clone())).collect();
        Lane {
            name: format!("breaker {edge}"),
            bars,
            marks,
            colour: Colour::Slot(breaker_slot("open")),
            dots: Vec::new(),
        }
    };
    edges.into_iter().map(lane).collect()
}

/// How what circuit breakers say of themselves begins.
const BREAKER: &str = "breaker ";

const BREAKER_KNOWN: [&str; 3] = ["breaker opens", "breaker half-open", "breaker closes"];

/// The part an instance belongs to.
fn root(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(root, _)| root)
}

fn story(run: &RunResults, of: &Timeline) -> Story {
    let end = of.bounds.last().copied().unwrap_or(0.0);
    let mut story = Story { shades: Vec::new(), faults: Vec::new(), lanes: Vec::new(), notes: Vec::new() };
    if run.run.warm_up > 0.0 {
        let (name, colour) = ("warm-up, not measured".to_string(), Colour::Neutral);
        story.shades.push(Shade { name, from: 0.0, to: run.run.warm_up.min(end), colour });
    }
    let mut elsewhere = false;
    for fault in &of.faults {
        let lane = fault_lane(of, fault, end);
        let bars = &lane.bars;
        let ends = fault.struck.low.iter().zip(&fault.struck.high);
        // Where no replication differs from another, the interval is a point.
        let same = of.replications == 1 || ends.into_iter().all(|(low, high)| low == high);
        if same && bars.len() <= SHADES_MOST {
            story.shades.extend(bars.iter().map(|bar| Shade { name: String::new(), ..bar.clone() }));
            story.faults.extend(bars.iter().map(|bar| Struck {
                family: family(of, fault),
                name: fault.name.clone(),
                from: bar.from,
                to: bar.to,
                colour: bar.colour,
            }));
        }
        elsewhere |= !same;
        story.lanes.push(lane);
    }
    let breakers = breakers(run, of, end);
    if breakers.iter().any(|lane| lane.bars.len() > NAMED_BARS) {
        story.notes.push("Breakers: dark is open, light is half-open.".to_string());
    }
    story.lanes.extend(breakers);
    let saturated = saturated(run, of);
    let full = saturated.len();
    story.lanes.extend(saturated);
    story.lanes.extend(parts(run, of, end));
    if story.lanes.len() > LANES_MOST {
        let more: Vec<String> = story.lanes.split_off(LANES_MOST).into_iter().map(|lane| lane.name).collect();
        story.notes.push(format!(
            "Something happened to {} more, not drawn: {}.",
            more.len(),
            more.join(", ")
        ));
    }
    if elsewhere {
        story.notes.push(
            "Rows below the panels are of the first replication: faults strike at other instants in the others."
                .to_string(),
        );
    } else if story.lanes.len() > full && of.replications > 1 {
        story.notes.push("Rows below the panels are of the first replication.".to_string());
    }
    if !of.saturated.is_empty() && of.replications > 1 {
        story.notes.push("Rows of what is full are of all replications together, in the mean.".to_string());
    }
    if of.events.left_out > 0 {
        let (all, last) = (of.events.left_out, of.events.list.last().map_or(0.0, |event| event.at));
        story.notes.push(format!(
            "The rows end at {}: what happened after that was too much to be kept ({all} times).",
            words(last, &Unit::Duration)
        ));
    }
    story
}

/// Returns where something goes on, and how much of it at most, from changes in order.
fn stretches(changes: &[(f64, bool)], end: f64) -> Vec<(f64, f64, usize)> {
    let (mut found, mut now, mut from, mut most) = (Vec::new(), 0_usize, 0.0, 0);
    for (at, begins) in changes {
        if *begins {
            if now == 0 {
                (from, most) = (*at, 0);
            }
            now += 1;
            most = most.max(now);
        } else if now > 0 {
            now -= 1;
            if now == 0 {
                found.push((from, at.min(end), most));
            }
        }
    }
    if now > 0 {
        found.push((from, end, most));
    }
    found
}

/// A row for whatever of a part was used up, the first one above: the order in which a system fills up.
fn saturated(run: &RunResults, of: &Timeline) -> Vec<Lane> {
    let palette = run.palette();
    let mut lanes: Vec<Lane> = Vec::new();
    for one in &of.saturated {
        let name = format!("{}: {} full", run.called(&one.part), one.of);
        let colour = palette.colour(&one.part);
        // Whole milliseconds: who was first is what the rows are there for.
        let since = match one.from {
            from if from < 1.0 => format!("since {}", words(from, &Unit::Duration)),
            from => format!("since {} s", format!("{from:.3}").trim_end_matches('0').trim_end_matches('.')),
        };
        let bar = Shade { name: since, from: one.from, to: one.to, colour };
        match lanes.iter_mut().find(|lane| lane.name == name) {
            Some(lane) => lane.bars.push(bar),
            None => lanes.push(Lane { name, bars: vec![bar], marks: Vec::new(), dots: Vec::new(), colour }),
        }
    }
    lanes
}

/// A row per part to which something happened: when instances were down, and what else there was.
fn parts(run: &RunResults, of: &Timeline, end: f64) -> Vec<Lane> {
    let palette = run.palette();
    let mut order: Vec<String> = Vec::new();
    let mut events: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    let told = |event: &&Event| !is_harm(event) && !event.what.starts_with(BREAKER);
    for event in of.events.list.iter().filter(told) {
        let root = match middle(run, &event.part) {
            Some((edge, kind)) => format!("{kind} {edge}"),
            None => root(&event.part).to_string(),
        };
        if !order.contains(&root) {
            order.push(root.clone());
        }
        events.entry(root).or_default().push(event);
    }
    let lane = |root: String| {
        let colour = palette.colour(&root);
        let events = &events[&root];
        let mut bars = Vec::new();
        let mut known = Vec::new();
        let states = [
            ("crash", "restart", "down"),
            ("leave", "stop", "draining"),
            ("stop", "restart", "stopped"),
            ("hang", "resume", "hanging"),
            ("slow", "as usual", "slow"),
            // Of a balancer: it sends nothing there.
            ("member down", "member up", "out"),
        ];
        for (begins, ends, word) in states {
            known.extend([begins, ends]);
            let mut changes = Vec::new();
            let mut now: Vec<(&str, &str)> = Vec::new();
            for event in events {
                // A balancer speaks of its members.
                let member = if event.what.starts_with("member ") { event.detail.as_str() } else { "" };
                let whom = (event.part.as_str(), member);
                let is = now.contains(&whom);
                // A crash ends a hang, and who comes back is as new.
                let ended = event.what == ends
                    || (matches!(begins, "hang" | "slow" | "leave")
                        && matches!(event.what.as_str(), "crash" | "stop"));
                if event.what == begins && !is {
                    now.push(whom);
                    changes.push((event.at, true));
                } else if ended && is {
                    now.retain(|one| *one != whom);
                    changes.push((event.at, false));
                }
            }
            bars.extend(stretches(&changes, end).into_iter().map(|(from, to, most)| Shade {
                name: format!("{most} {word}"),
                from,
                to,
                colour,
            }));
        }
        let marks = events.iter().filter(|event| !known.contains(&event.what.as_str()));
        let marks = marks.map(|event| (event.at, event.what.clone())).collect();
        Lane { name: run.called(&root), bars, marks, dots: Vec::new(), colour }
    };
    order.into_iter().map(lane).collect()
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

fn title(
    run: &RunResults,
    of: &Timeline,
    client: &ClientTimeline,
    latency: &[Series],
    story: &Story,
) -> String {
    let name = brief(&run.called(&client.name));
    let Some(series) = told(latency) else { return format!("What {name} saw, over time") };
    let measured = || series.points.iter().filter(|(at, _)| *at >= run.run.warm_up);
    let mut known: Vec<(f64, f64)> =
        measured().filter_map(|(at, value)| Some(((*value)?.value, *at))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some((least, _)), Some((most, at))) = (known.first(), known.last()) else {
        return format!("What {name} saw, over time");
    };
    let median = known[known.len() / 2].0;
    let said = |value: f64| words(value, &Unit::Duration);
    // Of what some windows say the others may say something else.
    let all = measured().count();
    let of_some = if (known.len() as f64) < KNOWN_FROM * all as f64 {
        format!(" in the {} of {all} windows with enough answers", known.len())
    } else {
        String::new()
    };
    let course: Vec<f64> = measured().filter_map(|(_, value)| Some((*value)?.value)).collect();
    let peak = *most >= PEAK_FROM * median && noise(&course).is_some_and(|noise| *most > median + noise);
    // Where replications do not agree on the highest window, it is one that chance made.
    let is_sure = |(of, value): &&(f64, Option<Interval>)| {
        *of == *at && value.is_some_and(|v| v.ends.is_none_or(|(low, _)| low > median))
    };
    if !peak || !measured().any(|point| is_sure(&point)) {
        return format!(
            "{} of good answers to {name} stays between {} and {}{of_some}",
            series.name,
            said(*least),
            said(*most)
        );
    }
    let when = when_it_peaks(of, series, (*most, *at), median, story);
    format!("{} of good answers to {name}, usually {}, {when}{of_some}", series.name, said(median))
}

/// From so many times the median on the highest window is one that is seen.
///
/// # Source
/// Chosen: half as much again.
const PEAK_FROM: f64 = 1.5;

/// How far from their median the farthest of these numbers is by chance, if nothing happens that lasts; nothing of fewer
/// than three.
///
/// # Source
/// The spread is taken of neighbours, which belong to one course of things however that changes: half of their distances
/// are below `scale · ln 2` where the numbers have an exponential tail, as waiting times have (the distance of two such
/// numbers is exponential itself, with the same scale; of normal noise it is an even wider bound, of more than six
/// standard deviations). Of n numbers half lie above the median, and the highest is beyond `scale · ln(n / 2 / 0.05)` with
/// a probability of 5 % at most (Bonferroni). In the models without fault and change of load it holds for every client;
/// neighbours that depend on each other, as in queues near saturation, lie closer, so who tells a peak asks for more.
fn noise(course: &[f64]) -> Option<f64> {
    /// Probability that the highest of windows in which nothing happens is told as an event.
    const BY_CHANCE: f64 = 0.05;
    let mut apart: Vec<f64> = course.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    if apart.len() < 2 {
        return None;
    }
    apart.sort_by(f64::total_cmp);
    let scale = apart[apart.len() / 2] / std::f64::consts::LN_2;
    Some(scale * (course.len() as f64 / 2.0 / BY_CHANCE).ln())
}

/// Says how high it is and when, and names the fault that began before it and from which on it was high.
fn when_it_peaks(
    of: &Timeline,
    series: &Series,
    (most, at): (f64, f64),
    median: f64,
    story: &Story,
) -> String {
    let said = |value: f64| words(value, &Unit::Duration);
    let peaks = format!("peaks at {} at {}", said(most), said(at));
    let Some(window) = series.points.iter().position(|(of, _)| *of == at) else { return peaks };
    // It is high as long as it is above the middle of what is usual and the highest.
    let is_high = |window: &usize| {
        let value = series.points.get(*window).and_then(|(_, value)| *value);
        value.is_some_and(|v| v.value > f64::midpoint(median, most))
    };
    let first = (0..=window).rev().take_while(is_high).last().unwrap_or(window);
    let last = (window..series.points.len()).take_while(is_high).last().unwrap_or(window);
    let (Some(from), Some(to)) = (of.bounds.get(first), of.bounds.get(last + 1)) else { return peaks };
    let each = to - of.bounds[last];
    let follows = |fault: &&Struck| *from >= fault.from - each && *from < fault.to + each;
    let Some(fault) = story.faults.iter().find(follows) else { return peaks };
    let (family, name) = (fault.family, brief(&fault.name));
    // Requests that were made while it lasted end in the next window.
    if *to <= fault.to + each {
        format!("reaches {} while the {family} \"{name}\" lasts", said(most))
    } else if of.bounds[window] < fault.to {
        format!("{peaks}, during the {family} \"{name}\"")
    } else {
        format!("{peaks}, after the {family} \"{name}\", which is over at {}", said(fault.to))
    }
}

/// Where fewest requests ended well: a stretch of windows that are as bad as each other.
struct Worst {
    /// The windows, from the first to the last.
    windows: std::ops::RangeInclusive<usize>,
    /// Of the window in which fewest ended well.
    share: f64,
    /// Whether none did in any of them.
    none: bool,
    /// Other stretches that are as bad.
    more: usize,
    /// The lowest and the highest share of any window, where all are alike but for chance.
    alike: Option<(f64, f64)>,
}

/// Returns where fewest requests ended well while it was measured, if they were surely few. A window in which requests
/// were sent and none ended well is the worst there can be, whether they ended otherwise or not at all.
fn worst(run: &RunResults, of: &Timeline, client: &ClientTimeline) -> Option<Worst> {
    /// Chosen: fewer are hardly seen in the figure.
    const FAIL_FROM: f64 = 0.05;
    /// Shares that are no farther apart are one course of things.
    ///
    /// # Source
    /// Chosen: as above, what is hardly seen.
    const SAME: f64 = 0.05;
    let tried = tried(of, client);
    let windows = of.bounds.windows(2).zip(client.good.total.iter().zip(&tried)).enumerate();
    let measured = windows.filter(|(_, (bounds, _))| bounds[0] >= run.run.warm_up);
    let shares: Vec<(usize, Option<f64>)> = measured
        .filter(|(_, (_, (_, tried)))| **tried > 0)
        .map(|(window, (_, (good, tried)))| {
            // Surely few, and not by chance of few requests.
            let few = surely_at_most(*good, *tried).is_some_and(|most| most <= 1.0 - FAIL_FROM);
            (window, few.then_some(*good as f64 / *tried as f64))
        })
        .collect();
    let share = shares.iter().filter_map(|(_, share)| *share).min_by(f64::total_cmp)?;
    let alike = alike(client, &tried, shares.iter().map(|(window, _)| *window));
    let is_as_bad = |of: &(usize, Option<f64>)| of.1.is_some_and(|of| of <= share + SAME);
    let stretches: Vec<&[(usize, Option<f64>)]> =
        shares.chunk_by(|a, b| is_as_bad(a) == is_as_bad(b)).filter(|chunk| is_as_bad(&chunk[0])).collect();
    // The first of the longest.
    let longest = stretches.iter().rev().max_by_key(|stretch| stretch.len())?;
    Some(Worst {
        windows: longest[0].0..=longest[longest.len() - 1].0,
        share: longest.iter().filter_map(|(_, share)| *share).fold(1.0, f64::min),
        none: longest.iter().all(|(_, share)| *share == Some(0.0)),
        more: stretches.len() - 1,
        alike,
    })
}

/// The lowest and the highest share of requests that ended well in any of these windows, if chance makes such differences:
/// that of the requests, or what makes neighbours differ.
fn alike(client: &ClientTimeline, tried: &[u64], windows: impl Iterator<Item = usize>) -> Option<(f64, f64)> {
    let counts: Vec<(f64, f64)> = windows
        .filter_map(|window| Some((*client.good.total.get(window)? as f64, tried[window] as f64)))
        .collect();
    let course: Vec<f64> = counts.iter().map(|(good, tried)| (good / tried).min(1.0)).collect();
    let (good, all) = counts.iter().fold((0.0, 0.0), |(a, b), (good, tried)| (a + good, b + tried));
    let mut order = course.clone();
    order.sort_by(f64::total_cmp);
    let (low, high) = (*order.first()?, *order.last()?);
    let (median, share) = (order[order.len() / 2], (good / all).min(1.0));
    // Few windows have hardly a neighbour: at least as far as single requests make windows of their size differ, by the
    // standard deviation of a share (binomial).
    let single = (share * (1.0 - share) / (all / counts.len() as f64)).sqrt();
    let noise = noise(&course)?.max(single * (counts.len() as f64 / 2.0 / 0.05).ln());
    (median - low <= noise && high - median <= noise).then_some((low, high))
}

/// How many requests of each window show how many end well: those that ended in it, for what was sent may end in the
/// next; or those that were sent, where none at all ended although some should have.
fn tried(of: &Timeline, client: &ClientTimeline) -> Vec<u64> {
    /// Requests after which it is no chance that none has ended.
    ///
    /// # Source
    /// Chosen: if as many end as are sent, none of ten does with a probability of e⁻¹⁰.
    const NO_CHANCE: u64 = 10;
    let windows = of.bounds.len().saturating_sub(1);
    let at = |counts: &[u64], window: usize| counts.get(window).copied().unwrap_or(0);
    let ended: Vec<u64> = (0..windows)
        .map(|window| {
            let of = client.by_status.values().map(|of| at(&of.total, window));
            of.fold(0, u64::saturating_add)
        })
        .collect();
    let mut tried = ended.clone();
    // The first requests take their time too: before one has ended, only that none ever does says anything.
    let begin = ended.iter().position(|n| *n > 0).unwrap_or(0);
    // Results that do not say how requests ended do not say that none did.
    let mut window = if client.by_status.is_empty() { windows } else { begin };
    while window < windows {
        let still = ended[window..].iter().take_while(|n| **n == 0).count();
        let sent = (window..window + still).map(|window| at(&client.sent.total, window));
        if sent.fold(0, u64::saturating_add) >= NO_CHANCE {
            for (later, tried) in tried[window..window + still].iter_mut().enumerate() {
                *tried = at(&client.sent.total, window + later);
            }
        }
        window += still.max(1);
    }
    tried
}

/// Says how few requests ended well where it was worst, and when that was.
fn failures(
    run: &RunResults,
    of: &Timeline,
    client: &ClientTimeline,
    story: &Story,
    worst: &Worst,
) -> String {
    let name = brief(&run.called(&client.name));
    let percent = kneepoint_report::percent;
    match worst.alike {
        Some((_, 0.0)) => {
            return format!("No request of {name} ends well in all the time that is measured");
        }
        Some((low, high)) => {
            let shares = match [low, high].map(percent) {
                [low, high] if low == high => low,
                [low, high] => format!("{low} to {high}"),
            };
            return format!(
                "{shares} of the ended requests of {name} ended well in each window: no change beyond chance"
            );
        }
        None => {}
    }
    let head = if worst.none {
        format!("No request of {name} ends well")
    } else if worst.share < 0.0005 {
        // It would be written as 0 %, which is none.
        format!("Next to no request of {name} ends well")
    } else {
        // Of those that ended in a window: what was sent in it may end in a later one, or not at all.
        format!("As few as {} of the ended requests of {name} ended well", percent(worst.share))
    };
    let (first, last) = (*worst.windows.start(), *worst.windows.end());
    let (from, to) = (of.bounds[first], of.bounds[last + 1]);
    let said = |at: f64| words(at, &Unit::Duration);
    let to_the_end = last + 2 == of.bounds.len();
    let stretch = match (first == last, to_the_end) {
        (true, _) => format!("at {}", said(f64::midpoint(from, to))),
        (false, true) => format!("from {} to the end", said(from)),
        (false, false) => format!("from {} to {}", said(from), said(to)),
    };
    // What was sent while a fault lasted may end a window later.
    let each = to - of.bounds[last];
    let fault = story.faults.iter().find(|fault| fault.from < to && from < fault.to);
    let when = match fault {
        Some(fault) if to <= fault.to + each && from >= fault.from - each => {
            let (family, name) = (fault.family, brief(&fault.name));
            // Of the windows in which it begins and ends a part is as ever.
            if from <= fault.from + each && to >= fault.to - each {
                format!("while the {family} \"{name}\" lasts")
            } else {
                format!("{stretch}, during the {family} \"{name}\"")
            }
        }
        Some(fault) if to_the_end && from >= fault.from - each => {
            format!(
                "{stretch}, though the {} \"{}\" is over at {}",
                fault.family,
                brief(&fault.name),
                said(fault.to)
            )
        }
        _ => stretch,
    };
    let more = match worst.more {
        0 => String::new(),
        1 => ", and once more".to_string(),
        more => format!(", and {more} more times"),
    };
    format!("{head} {when}{more}")
}

/// The upper end of the 95 % interval of a share; nothing of nothing.
///
/// # Source
/// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22(158), 1927.
fn surely_at_most(of: u64, all: u64) -> Option<f64> {
    kneepoint_statistics::Estimated::proportion(of.min(all), all, 0.95).known().map(|e| e.high)
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::stretches;
    use crate::{figures, read};

    /// Titles and notes of the figures of a kept result over time, after a change to its first client.
    fn told(change: impl Fn(&mut Value)) -> Vec<(String, Vec<String>)> {
        let kept = include_str!("../../tests/results/failover.json");
        let mut result: Value = serde_json::from_str(kept).unwrap();
        change(&mut result["timeline"]["clients"][0]);
        let all = figures(&read("failover", &result.to_string()).unwrap());
        let all = all.into_iter().filter(|f| f.name.starts_with("over-time") || f.name.starts_with("heat"));
        all.map(|figure| (figure.title, figure.notes)).collect()
    }

    fn counted(total: Vec<u64>) -> Value {
        let none = vec![Value::Null; total.len()];
        json!({ "total": total, "rate": { "values": none, "low": none, "high": none } })
    }

    /// Requests sent, ended well and ended otherwise, the same in every window.
    fn ended(client: &mut Value, sent: u64, good: u64, failed: u64) {
        let windows = client["sent"]["total"].as_array().unwrap().len();
        client["sent"] = counted(vec![sent; windows]);
        client["good"] = counted(vec![good; windows]);
        let (good, failed) = (counted(vec![good; windows]), counted(vec![failed; windows]));
        client["by_status"] = json!({ "ok": good, "failed": failed });
    }

    #[test]
    fn what_ends_in_a_later_window_has_not_failed() {
        let few = |told: Vec<(String, Vec<String>)>| told[0].0.contains("of the ended requests");
        assert!(!few(told(|client| ended(client, 100, 80, 0))));
        assert!(few(told(|client| ended(client, 80, 80, 20))));
        assert!(!few(told(|client| ended(client, 10, 9, 1))), "one of ten may be chance");
        assert!(!few(told(|client| {
            client.as_object_mut().unwrap().remove("by_status");
        })));
    }

    /// Changes what a client saw in some windows: sent, ended well, ended otherwise.
    fn windows(client: &mut Value, windows: std::ops::Range<usize>, [sent, good, failed]: [u64; 3]) {
        let none = client["latency"]["p99"]["values"].as_array().unwrap().len();
        for window in windows.clone().filter(|window| *window < none) {
            client["sent"]["total"][window] = json!(sent);
            client["good"]["total"][window] = json!(good);
            client["by_status"]["ok"]["total"][window] = json!(good);
            client["by_status"]["failed"]["total"][window] = json!(failed);
            if good == 0 {
                for line in client["latency"].as_object_mut().unwrap().values_mut() {
                    line["values"][window] = Value::Null;
                }
            }
        }
    }

    #[test]
    fn a_title_that_rests_on_some_windows_says_on_how_many() {
        let title = |known: std::ops::Range<usize>| {
            let all = told(|client| {
                ended(client, 100, 100, 0);
                for (name, line) in client["latency"].as_object_mut().unwrap() {
                    let values = line["values"].as_array_mut().unwrap().iter_mut().enumerate();
                    for (window, value) in values {
                        *value =
                            if known.contains(&window) || name != "p99" { json!(0.1) } else { Value::Null };
                    }
                }
            });
            all[0].0.clone()
        };
        // The warm-up takes 10 of 120 windows.
        assert!(title(0..120).ends_with("stays between 100 ms and 100 ms"), "{}", title(0..120));
        assert!(title(0..110).ends_with("100 ms"), "{}", title(0..110));
        assert!(title(0..22).ends_with("in the 12 of 110 windows with enough answers"), "{}", title(0..22));
    }

    #[test]
    fn windows_in_which_nobody_was_served_are_the_worst_of_all() {
        // 120 windows of 6 s; the fault lasts from 300 s to 420 s.
        let titles = |change: &dyn Fn(&mut Value)| -> Vec<String> {
            let all = told(|client| {
                ended(client, 100, 100, 0);
                change(client);
            });
            all.into_iter().map(|(title, _)| title).collect()
        };
        let both = |title: &str| vec![title.to_string(); 2];
        let gone = titles(&|client| windows(client, 50..120, [100, 0, 100]));
        let said = "No request of users ends well from 300 s to the end, though the fault \"crash\" is over at 420 s";
        assert_eq!(gone, both(said));
        let back = titles(&|client| windows(client, 50..71, [100, 0, 100]));
        assert_eq!(back, both("No request of users ends well while the fault \"crash\" lasts"));
        let twice = titles(&|client| {
            windows(client, 20..24, [100, 0, 100]);
            windows(client, 80..82, [100, 1, 99]);
        });
        assert_eq!(twice, both("No request of users ends well from 120 s to 144 s, and once more"));
        // Where nothing ends at all there is nothing to count, and that is no better.
        let hanging = titles(&|client| windows(client, 90..120, [100, 0, 0]));
        assert_eq!(hanging, both("No request of users ends well from 540 s to the end"));
        assert!(
            !titles(&|client| windows(client, 90..91, [3, 0, 0]))[0].starts_with("No"),
            "that may be chance"
        );
        // What is seen in the lines is told of them.
        let some = titles(&|client| windows(client, 90..100, [100, 60, 40]));
        assert!(some[0].starts_with("As few as 60.0 %") && some[1].starts_with("p99"), "{some:?}");
    }

    /// The titles of the two figures, with a p99 \[s\] of each of 120 windows of 6 s; the fault lasts from 300 s to 420 s.
    fn with_p99(p99: &dyn Fn(usize) -> f64, interval: [f64; 2]) -> Vec<String> {
        let all = told(|client| {
            ended(client, 100, 100, 0);
            let times = |by: f64| (0..120).map(|window| json!(p99(window) * by)).collect::<Vec<Value>>();
            client["latency"]["p99"] =
                json!({ "values": times(1.0), "low": times(interval[0]), "high": times(interval[1]) });
        });
        all.into_iter().map(|(title, _)| title).collect()
    }

    /// Quantiles of an exponential tail in an order without a course.
    fn by_chance(window: usize) -> f64 {
        0.1 - 0.03 * (1.0 - ((window * 37) % 110) as f64 / 110.0).ln()
    }

    #[test]
    fn the_highest_of_windows_that_differ_by_chance_is_no_event() {
        let both = |title: &[String], said: &str| title.iter().all(|title| title.contains(said));
        let noise = with_p99(&by_chance, [1.0, 1.0]);
        assert!(both(&noise, "stays between"), "{noise:?}");
        // One window stands out, and its replications agree; or they do not.
        let high = |window: usize| if window == 30 { 1.0 } else { by_chance(window) };
        let peak = with_p99(&high, [0.9, 1.1]);
        assert!(both(&peak, "peaks at 1.00 s at 183 s") && !both(&peak, "crash"), "{peak:?}");
        let one = with_p99(&high, [0.05, 3.0]);
        assert!(both(&one, "stays between"), "{one:?}");
    }

    #[test]
    fn a_fault_is_named_where_it_is_high_from_the_fault_on() {
        let both = |title: &[String], said: &str| title.iter().all(|title| title.contains(said));
        let from_to = |from: usize, to: usize| {
            move |window: usize| {
                if (from..to).contains(&window) { 1.0 + window as f64 / 1e3 } else { by_chance(window) }
            }
        };
        // Its last requests end in the window after it.
        let lasts = with_p99(&from_to(50, 71), [0.9, 1.1]);
        assert!(both(&lasts, "reaches 1.07 s while the fault \"crash\" lasts"), "{lasts:?}");
        let after = with_p99(&from_to(51, 90), [0.9, 1.1]);
        let said = "peaks at 1.09 s at 537 s, after the fault \"crash\", which is over at 420 s";
        assert!(both(&after, said), "{after:?}");
        // It was high before, or is high long after.
        for (from, to) in [(40, 60), (80, 90)] {
            let other = with_p99(&from_to(from, to), [0.9, 1.1]);
            assert!(both(&other, "peaks at") && !both(&other, "crash"), "{other:?}");
        }
    }

    #[test]
    fn shares_that_differ_by_chance_are_no_stretch_of_failures() {
        let told = told(|client| {
            ended(client, 100, 100, 0);
            for window in 0..120 {
                let failed = 80 + 8 * ((window as u64 * 37) % 5);
                windows(client, window..window + 1, [1_000, 1_000 - failed, failed]);
            }
        });
        let said = "88.8 % to 92.0 % of the ended requests of users ended well in each window: no change beyond chance";
        assert_eq!(told[0].0, said);
        let none = super::tests::told(|client| ended(client, 100, 0, 100));
        assert_eq!(none[0].0, "No request of users ends well in all the time that is measured");
    }

    #[test]
    fn a_percentile_without_a_window_is_told() {
        let told = told(|client| {
            ended(client, 100, 100, 0);
            let windows = client["latency"]["p99"]["values"].as_array().unwrap().len();
            let none = vec![Value::Null; windows];
            client["latency"]["p99"] = json!({ "values": none, "low": none, "high": none });
        });
        for (title, notes) in told {
            assert!(!title.contains("p99") && !title.contains("in the middle"), "{title}");
            assert!(notes.iter().any(|note| note.contains("Not drawn: p99; ")), "{notes:?}");
        }
    }

    #[test]
    fn a_heat_map_names_the_percentiles_that_it_draws() {
        let kept = include_str!("../../tests/results/failover.json");
        let mut result: Value = serde_json::from_str(kept).unwrap();
        let client = &mut result["timeline"]["clients"][0];
        ended(client, 100, 100, 0);
        let line = client["latency"]["p50"].clone();
        client["latency"]["p95"] = line;
        for value in client["latency"]["p99"]["values"].as_array_mut().unwrap() {
            *value = Value::Null;
        }
        let all = figures(&read("failover", &result.to_string()).unwrap());
        let figure = all.iter().find(|figure| figure.name.starts_with("heat")).unwrap();
        let crate::figure::Content::Density(of) = &figure.content else { panic!("a heat map") };
        let names: Vec<&str> = of.series.iter().map(|series| series.name.as_str()).collect();
        assert_eq!(names, ["p50"]);
        assert!(figure.title.starts_with("p50 of"), "{}", figure.title);
    }

    #[test]
    fn breakers_have_a_row_of_their_own() {
        let kept = include_str!("../../tests/results/failover.json");
        let mut result: Value = serde_json::from_str(kept).unwrap();
        let list = result["timeline"]["events"]["list"].as_array_mut().unwrap();
        for (at, instance, what) in [
            (305.0, 0, "breaker opens"),
            (306.0, 1, "breaker opens"),
            (310.0, 0, "breaker half-open"),
            (311.0, 1, "breaker half-open"),
            (312.0, 0, "breaker closes"),
            (312.5, 1, "breaker opens"),
        ] {
            let part = format!("lb/{instance} -> web #1 0 Breaker");
            list.push(json!({ "at": at, "part": part, "what": what, "detail": "" }));
        }
        let all = figures(&read("failover", &result.to_string()).unwrap());
        let figure = all.iter().find(|figure| figure.name.starts_with("over-time")).unwrap();
        let crate::figure::Content::Lines(lines) = &figure.content else { panic!("lines") };
        let lane = lines.lanes.iter().find(|lane| lane.name == "breaker lb → web").unwrap();
        let bars: Vec<(&str, f64, f64)> =
            lane.bars.iter().map(|bar| (bar.name.as_str(), bar.from, bar.to)).collect();
        let end = result["timeline"]["bounds"].as_array().unwrap().last().unwrap().as_f64().unwrap();
        let expected = [("2 open", 305.0, 311.0), ("2 half-open", 310.0, 312.5), ("open", 312.5, end)];
        assert_eq!(bars, expected);
        // A crash and a hang are of different colours, in the rows and in the shades.
        let fault = lines.lanes.iter().find(|lane| lane.name.starts_with("fault")).unwrap();
        assert_eq!(fault.bars[0].colour, crate::Colour::Slot(crate::fault_slot("crash")));
    }

    #[test]
    fn what_is_full_has_a_row_each_the_first_one_above() {
        let kept = include_str!("../../tests/results/failover.json");
        let mut result: Value = serde_json::from_str(kept).unwrap();
        let one = |part: &str, of: &str, from: f64, to: f64| json!({ "part": part, "of": of, "from": from, "to": to });
        result["timeline"]["saturated"] = json!([
            one("web", "threads", 301.5, 310.0),
            one("lb", "servers", 302.0, 305.0),
            one("web", "threads", 315.0, 320.0),
        ]);
        let all = figures(&read("failover", &result.to_string()).unwrap());
        let figure = all.iter().find(|figure| figure.name.starts_with("over-time")).unwrap();
        let crate::figure::Content::Lines(lines) = &figure.content else { panic!("lines") };
        let full = lines.lanes.iter().filter(|lane| lane.name.ends_with(" full"));
        let rows: Vec<(&str, Vec<(&str, f64)>)> = full
            .map(|lane| {
                (lane.name.as_str(), lane.bars.iter().map(|bar| (bar.name.as_str(), bar.to)).collect())
            })
            .collect();
        let expected = [
            ("web: threads full", vec![("since 301.5 s", 310.0), ("since 315 s", 320.0)]),
            ("lb: servers full", vec![("since 302 s", 305.0)]),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn very_many_windows_are_drawn_as_fewer_columns() {
        let kept = include_str!("../../tests/results/failover.json");
        let result: Value = serde_json::from_str(kept).unwrap();
        let crate::Results::Run(mut run) = read("failover", &result.to_string()).unwrap() else {
            panic!("a run")
        };
        let timeline = run.timeline.as_mut().unwrap();
        timeline.bounds = (0..=1_001).map(f64::from).collect();
        timeline.clients[0].heat.cells = vec![(0, 1, 4), (1, 1, 5), (2, 1, 6), (3, 2, 7), (1_000, 1, 8)];
        let columns = super::Columns::of(timeline, &timeline.clients[0]);
        assert_eq!((columns.windows_each, columns.bounds.len()), (3, 335));
        assert_eq!((columns.bounds[1], columns.bounds[333], columns.bounds[334]), (3.0, 999.0, 1_001.0));
        assert_eq!(columns.cells, [(0, 1, 15), (1, 2, 7), (333, 1, 8)]);
    }

    #[test]
    fn what_overlaps_is_one_stretch() {
        let changes = [(1.0, true), (2.0, true), (3.0, false), (4.0, false), (6.0, true)];
        assert_eq!(stretches(&changes, 9.0), [(1.0, 4.0, 2), (6.0, 9.0, 1)]);
        assert_eq!(stretches(&[(1.0, false)], 9.0), []);
    }
}
