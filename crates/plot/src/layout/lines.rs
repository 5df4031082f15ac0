//! Lines with bands, one panel above the other.

use super::{Frame, Key, LABEL, Sheet, legend};
use crate::axis::Laid;
use crate::canvas::Anchor;
use crate::figure::{Interval, Lines, Panel, Series};
use crate::font;
use crate::theme::Colour;

/// Room for tick labels and the name of the common axis.
const BELOW: f64 = 40.0;
/// From so many dots on intervals are a blot.
const CROWDED: usize = 300;
const BETWEEN: f64 = 14.0;

fn y_values(panel: &Panel) -> impl Iterator<Item = f64> {
    let known = panel.series.iter().flat_map(|s| s.points.iter().filter_map(|(_, v)| *v));
    known.flat_map(|v| v.all()).chain(panel.rules.iter().map(|rule| rule.at))
}

/// Returns what has to be said about these values.
pub(super) fn notes(lines: &Lines) -> Vec<String> {
    let mut notes = Vec::new();
    let series = || lines.panels.iter().flat_map(|panel| &panel.series);
    let points = || series().flat_map(|s| &s.points);
    let bare = points().filter(|(_, v)| v.is_some_and(|v| v.ends.is_none())).count();
    let missing = points().filter(|(_, v)| v.is_none()).count();
    if bare > 0 {
        notes.push(format!("Without an interval (hollow): {bare} of {} values.", points().count()));
    }
    if series().any(|s| !s.joined && s.points.len() > CROWDED) {
        notes.push("Too many dots to draw their intervals too.".to_string());
    }
    if missing > 0 {
        notes.push(format!(
            "No number (too little data, or no result): {missing} of {} values, left out.",
            points().count()
        ));
    }
    for panel in &lines.panels {
        let mut values = panel.series.iter().flat_map(|s| s.points.iter().filter_map(|(_, v)| *v)).peekable();
        if values.peek().is_some() && values.all(|v| v.value == 0.0) {
            notes.push(format!("{}: all values are 0.", panel.y.name));
        }
        let low = |v: &Interval| v.all()[0] <= 0.0;
        let log = Laid::new(&panel.y, y_values(panel), 5).is_log();
        if log && panel.series.iter().any(|s| s.points.iter().any(|(_, v)| v.as_ref().is_some_and(low))) {
            notes.push(format!("{}: what reaches down to 0 is drawn to the lower edge.", panel.y.name));
        }
    }
    notes
}

pub(super) fn draw(sheet: &mut Sheet, frame: Frame, lines: &Lines) {
    let nothing = lines.panels.iter().all(|p| y_values(p).next().is_none());
    if nothing {
        return super::nothing(sheet, frame, "There is no number to draw: every value has too little data.");
    }
    let spans = lines.spans.iter().flat_map(|span| span.at.all());
    let places = lines.panels.iter().flat_map(|p| &p.series).flat_map(|s| s.points.iter().map(|(x, _)| *x));
    let x = Laid::new(&lines.x, places.chain(spans), 8);
    let all: f64 = lines.panels.iter().map(|panel| panel.weight).sum();
    let room = frame.height() - BELOW - BETWEEN * (lines.panels.len() - 1) as f64;
    let laid: Vec<Laid> = lines
        .panels
        .iter()
        .map(|panel| {
            let high = room * panel.weight / all - 24.0;
            Laid::new(&panel.y, y_values(panel), ((high / 34.0) as usize).clamp(3, 8))
        })
        .collect();
    let widest = laid
        .iter()
        .flat_map(|axis| axis.ticks.iter().map(|(_, label)| font::width(label, LABEL, false)))
        .fold(0.0, f64::max)
        .min(110.0);
    let left = frame.left + 22.0 + widest + 8.0;
    let mut top = frame.top;
    for (at, (panel, y)) in lines.panels.iter().zip(&laid).enumerate() {
        let high = room * panel.weight / all;
        let whole = Frame { left, top, right: frame.right - 8.0, bottom: top + high };
        let mut entries: Vec<(String, Colour, Key)> =
            panel.series.iter().map(|s| (s.name.clone(), s.colour, key(s))).collect();
        entries.extend(panel.rules.iter().map(|r| (r.name.clone(), Colour::Bound, Key::Dashes)));
        if at == 0 {
            entries.extend(lines.spans.iter().map(|s| (s.name.clone(), Colour::Ink, Key::Span)));
        }
        let used = legend(sheet, Frame { left: frame.left, ..whole }, &entries);
        let inner = Frame { top: whole.top + used, ..whole };
        plot(sheet, inner, lines, panel, &x, y);
        let title = inner.height() + 10.0;
        sheet.upright(frame.left + 11.0, f64::midpoint(inner.top, inner.bottom), &y.title, title);
        top += high + BETWEEN;
    }
    let bottom = Frame { left, right: frame.right - 8.0, ..frame };
    let ticks: Vec<(f64, String)> = x.ticks.iter().map(|(v, label)| (x.place(*v), label.clone())).collect();
    sheet.ticks_below(bottom, frame.bottom - BELOW + 17.0, &ticks, x.has_names());
    let title = font::cut(&x.title, LABEL, false, bottom.width());
    let place = (f64::midpoint(bottom.left, bottom.right), frame.bottom - 4.0);
    sheet.label(place, &title, Anchor::Middle, Colour::Quiet);
}

fn key(series: &Series) -> Key {
    match (series.joined, series.dashed) {
        (false, _) if series.colour == Colour::Bound => Key::Bound,
        (false, _) => Key::Dot,
        (true, true) => Key::Dashes,
        (true, false) => Key::Line,
    }
}

fn plot(sheet: &mut Sheet, frame: Frame, lines: &Lines, panel: &Panel, x: &Laid, y: &Laid) {
    let grid = sheet.rgb(Colour::Grid);
    let quiet = sheet.rgb(Colour::Quiet);
    let mut free = f64::INFINITY;
    for (value, label) in &y.ticks {
        let at = frame.y(y.place(*value));
        sheet.canvas.line(vec![(frame.left, at), (frame.right, at)], grid, 1.0);
        if at + 0.5 * LABEL > free {
            continue;
        }
        free = at - 0.7 * LABEL;
        let label = font::cut(label, LABEL, false, 110.0);
        sheet.label((frame.left - 7.0, at + 0.36 * LABEL), &label, Anchor::End, Colour::Quiet);
    }
    for (value, _) in &x.ticks {
        let at = frame.x(x.place(*value));
        sheet.canvas.line(vec![(at, frame.top), (at, frame.bottom)], grid, 1.0);
    }
    for span in &lines.spans {
        let [low, middle, high] = span.at.all().map(|v| frame.x(x.place(v)));
        let ink = sheet.rgb(Colour::Ink);
        if high > low {
            sheet.canvas.rect([low, frame.top, high, frame.bottom], ink, 0.18);
        }
        sheet.canvas.line(vec![(middle, frame.top), (middle, frame.bottom)], ink, 1.4);
    }
    for series in &panel.series {
        band(sheet, frame, series, x, y);
    }
    for rule in &panel.rules {
        let at = frame.y(y.place(rule.at));
        let bound = sheet.rgb(Colour::Bound);
        sheet.canvas.dashed(&[(frame.left, at), (frame.right, at)], bound, 1.8);
    }
    for series in &panel.series {
        line(sheet, frame, series, x, y);
    }
    sheet.canvas.line(vec![(frame.left, frame.top), (frame.left, frame.bottom)], quiet, 1.0);
    sheet.canvas.line(vec![(frame.left, frame.bottom), (frame.right, frame.bottom)], quiet, 1.0);
}

/// Points with numbers, in runs without a gap.
fn runs(series: &Series) -> impl Iterator<Item = Vec<(f64, Interval)>> {
    series
        .points
        .split(|(_, value)| value.is_none())
        .map(|run| run.iter().filter_map(|(x, value)| Some((*x, (*value)?))).collect::<Vec<_>>())
        .filter(|run: &Vec<_>| !run.is_empty())
}

fn band(sheet: &mut Sheet, frame: Frame, series: &Series, x: &Laid, y: &Laid) {
    let colour = sheet.rgb(series.colour);
    for run in runs(series) {
        if !series.joined || run.len() < 2 || run.iter().all(|(_, v)| v.ends.is_none()) {
            continue;
        }
        let along = |end: usize| {
            run.iter().map(move |(at, v)| (frame.x(x.place(*at)), frame.y(y.place(v.all()[end]))))
        };
        let mut points: Vec<(f64, f64)> = along(2).collect();
        points.extend(along(0).collect::<Vec<_>>().into_iter().rev());
        sheet.canvas.area(points, colour, 0.25);
    }
}

fn line(sheet: &mut Sheet, frame: Frame, series: &Series, x: &Laid, y: &Laid) {
    let colour = sheet.rgb(series.colour);
    let ground = sheet.theme.ground();
    // Many points are a line; few are shown each with its whiskers.
    let few = series.points.len() <= 40;
    let crowded = series.points.len() > CROWDED;
    for run in runs(series) {
        let points: Vec<(f64, f64)> =
            run.iter().map(|(at, v)| (frame.x(x.place(*at)), frame.y(y.place(v.value)))).collect();
        if series.joined && points.len() > 1 {
            if series.dashed {
                sheet.canvas.dashed(&points, colour, 2.0);
            } else {
                sheet.canvas.line(points.clone(), colour, 2.2);
            }
        }
        if !few && series.joined && points.len() > 1 {
            continue;
        }
        for ((_, value), (px, py)) in run.iter().zip(&points) {
            if crowded {
                sheet.canvas.dot((*px, *py), 1.8, colour);
                continue;
            }
            if let Some((low, high)) = value.ends {
                let (low, high) = (frame.y(y.place(low)), frame.y(y.place(high)));
                if low - high > 1.0 {
                    sheet.canvas.line(vec![(*px, low), (*px, high)], colour, 1.2);
                    for end in [low, high] {
                        sheet.canvas.line(vec![(px - 3.0, end), (px + 3.0, end)], colour, 1.2);
                    }
                }
            }
            if series.colour == Colour::Bound {
                sheet.canvas.line(vec![(px - 12.0, *py), (px + 12.0, *py)], colour, 4.0);
                continue;
            }
            // An exact line, as a proportion, is not made of measured points.
            if series.joined && value.ends == Some((value.value, value.value)) && series.dashed {
                continue;
            }
            sheet.canvas.dot((*px, *py), 3.4, colour);
            if value.ends.is_none() {
                sheet.canvas.dot((*px, *py), 2.0, ground);
            }
        }
    }
}
