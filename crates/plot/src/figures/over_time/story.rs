//! What happened to the parts of a run, as it is drawn: shades in the panels, and rows under them.

use std::collections::BTreeMap;

use kneepoint_experiment::result::Unit;

use crate::axis::words;
use crate::figure::{Lane, Shade};
use crate::results::{Event, FaultTimeline, RunResults, Timeline};
use crate::theme::{Colour, breaker_slot, fault_slot};

/// Rows under the panels, at most: more leave the panels no room.
const LANES_MOST: usize = 8;

/// Bars of a row from which on a number may stand for several of them, so that their colours have to tell them apart.
const CROWD: usize = 6;

/// Stretches of one fault that are shaded in the panels, at most: more are a blot.
const SHADES_MOST: usize = 40;

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
pub(super) struct Story {
    /// Faults that strike at the same instants in every replication, and the warm-up.
    pub(super) shades: Vec<Shade>,
    /// The faults among them.
    pub(super) faults: Vec<Struck>,
    pub(super) lanes: Vec<Lane>,
    pub(super) notes: Vec<String>,
}

/// A fault while it lasts.
pub(super) struct Struck {
    pub(super) family: &'static str,
    pub(super) name: String,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) colour: Colour,
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

pub(super) fn story(run: &RunResults, of: &Timeline) -> Story {
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
    if breakers.iter().any(|lane| lane.bars.len() > CROWD) {
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
pub(super) fn stretches(changes: &[(f64, bool)], end: f64) -> Vec<(f64, f64, usize)> {
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
