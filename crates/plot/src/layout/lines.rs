//! Lines with bands, one panel above the other.

use super::{Frame, Key, LABEL, Sheet, TITLE_LINE, USUAL, lanes, legend, legend_height};
use crate::axis::{Axis, Laid};
use crate::canvas::Anchor;
use crate::figure::{Interval, Lines, Outcome, Panel, Series, Shade};
use crate::font;
use crate::theme::Colour;
use kneepoint_experiment::result::Unit;

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
pub(super) fn notes(lines: &Lines, frame: Frame) -> Vec<String> {
    let mut notes = Vec::new();
    let shown = fitting(lines, frame);
    if shown < lines.panels.len() {
        let names: Vec<&str> = lines.panels[shown..].iter().map(|panel| panel.y.name.as_str()).collect();
        notes.push(format!("A higher picture shows more: {}.", names.join(", ")));
    }
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

/// How high the rows under the panels are, with what is said of them below the axis; nearly, for how much room is left of
/// the panels is found when they are drawn.
pub(super) fn rows_height(lines: &Lines, frame: Frame) -> f64 {
    /// Titles and labels of the panels' axes, at most.
    const AXES: f64 = 155.0;
    let beside = lanes::names_width(lines, frame.width()).max(AXES);
    let panels = Frame { left: frame.left + beside, right: frame.right - 8.0, ..frame };
    lanes::height(lines) + lanes::said(lines, panels, frame.left, &across(lines)).height()
}

/// As [`rows_height`], in a picture of the usual width.
pub(super) fn usual_rows_height(lines: &Lines) -> f64 {
    rows_height(lines, Frame { left: 28.0, top: 0.0, right: USUAL.0 - 28.0, bottom: USUAL.1 })
}

/// The axis all panels and rows have in common.
fn across(lines: &Lines) -> Laid {
    let spans = lines.spans.iter().flat_map(|span| span.at.all());
    let places = lines.panels.iter().flat_map(|p| &p.series).flat_map(|s| s.points.iter().map(|(x, _)| *x));
    Laid::new(&lines.x, places.chain(spans).chain(stretches(lines)), 8)
}

/// How many panels there is room for.
pub(super) fn fitting(lines: &Lines, frame: Frame) -> usize {
    /// With a legend, and lines that can still be told apart.
    const LEAST: f64 = 70.0;
    // Notes take their part of what there is.
    let room = frame.height() * 0.85 - BELOW - rows_height(lines, frame) + BETWEEN;
    ((room / (LEAST + BETWEEN)) as usize).clamp(1, lines.panels.len().max(1))
}

pub(super) fn draw(sheet: &mut Sheet, frame: Frame, lines: &Lines, shown: usize) {
    let whole = lines;
    let lines = &Lines { panels: whole.panels[..shown.min(whole.panels.len())].to_vec(), ..whole.clone() };
    let nothing = lines.panels.iter().all(|p| y_values(p).next().is_none());
    if nothing {
        return super::nothing(sheet, frame, "There is no number to draw: every value has too little data.");
    }
    let x = across(lines);
    let entries: Vec<Vec<(String, Colour, Key)>> =
        lines.panels.iter().enumerate().map(|(at, panel)| entries(lines, panel, at == 0)).collect();
    // What numbers in rows stand for takes room of the panels, which may move them, and with them the numbers: it grows
    // until it is enough.
    let mut list = 0.0;
    let (Upright { laid, beside, left, high }, said) = loop {
        let upright = upright(lines, frame, lanes::height(lines) + list, &entries);
        let panels = Frame { left: upright.left, right: frame.right - 8.0, ..frame };
        let said = lanes::said(lines, panels, frame.left, &x);
        if said.height() <= list {
            break (upright, said);
        }
        list = said.height();
    };
    let mut top = frame.top;
    for (at, (panel, y)) in lines.panels.iter().zip(&laid).enumerate() {
        let whole = Frame { left, top, right: frame.right - 8.0, bottom: top + high[at] };
        let mut over = Frame { left: frame.left, ..whole };
        if beside.is_none() {
            // What is left for the legend is the larger part.
            let title = y.title.fitted(LABEL, frame.width() * 0.4, 1).concat();
            sheet.label((frame.left, top + 12.0), &title, Anchor::Start, Colour::Quiet);
            over.left += font::width(&title, LABEL, false) + 20.0;
        }
        let used = legend(sheet, over, &entries[at]);
        let inner = Frame { top: whole.top + used, ..whole };
        plot(sheet, inner, lines, panel, &x, y);
        if let Some(titles) = &beside {
            sheet.upright(frame.left + 11.0, f64::midpoint(inner.top, inner.bottom), &titles[at]);
        }
        top += high[at] + BETWEEN;
    }
    let bottom = Frame { left, right: frame.right - 8.0, ..frame };
    let below = frame.bottom - list;
    let rows = Frame { top: below - BELOW - lanes::height(lines) + 8.0, ..bottom };
    lanes::draw(sheet, rows, (frame.left, below + 4.0), &lines.lanes, &said, &x);
    let ticks: Vec<(f64, String)> = x.ticks.iter().map(|(v, label)| (x.place(*v), label.clone())).collect();
    sheet.ticks_below(bottom, below - BELOW + 17.0, &ticks, x.has_names());
    let place = (f64::midpoint(bottom.left, bottom.right), below - 4.0);
    sheet.below(place, &x.title, bottom.width());
}

/// The axes of panels from bottom to top.
struct Upright {
    laid: Vec<Laid>,
    /// Titles that stand beside their panels; none if one of them has no room there.
    beside: Option<Vec<Vec<String>>>,
    /// Where panels begin.
    left: f64,
    /// How high each panel is.
    high: Vec<f64>,
}

/// Lays out the axes of panels that leave so much room to rows.
fn upright(lines: &Lines, frame: Frame, rows: f64, entries: &[Vec<(String, Colour, Key)>]) -> Upright {
    let all: f64 = lines.panels.iter().map(|panel| panel.weight).sum();
    let room = frame.height() - BELOW - rows - BETWEEN * (lines.panels.len() - 1) as f64;
    let high: Vec<f64> = lines.panels.iter().map(|panel| room * panel.weight / all).collect();
    // One unit of time for all panels: one reads them side by side.
    let longest = lines.panels.iter().filter(|panel| panel.y.unit == Unit::Duration).flat_map(y_values);
    let beside = longest.fold(0.0, f64::max);
    let laid = |(panel, high): (&Panel, &f64)| {
        let beside = if panel.y.unit == Unit::Duration { beside } else { 0.0 };
        let y = Axis { beside, ..panel.y.clone() };
        Laid::new(&y, y_values(panel), (((high - 24.0) / 34.0) as usize).clamp(3, 8))
    };
    let laid: Vec<Laid> = lines.panels.iter().zip(&high).map(laid).collect();
    // Titles stand beside their panels if all of them fit there, else over them: they are read either way.
    let title = |at: usize| {
        let taken = legend_height(Frame { right: frame.right - 8.0, ..frame }, &entries[at]);
        laid[at].title.fits(LABEL, high[at] - taken + 10.0, 2)
    };
    let beside: Option<Vec<Vec<String>>> = (0..laid.len()).map(title).collect();
    let titles = beside.iter().flatten().map(Vec::len).max();
    let titles = titles.map_or(0.0, |lines| 22.0 + TITLE_LINE * (lines - 1) as f64);
    let widest = laid.iter().map(Sheet::rise_width).fold(0.0, f64::max);
    let left = frame.left + (titles + widest + 8.0).max(lanes::names_width(lines, frame.width()));
    Upright { laid, beside, left, high }
}

/// What the legend of a panel names; the first has what all have in common.
fn entries(lines: &Lines, panel: &Panel, first: bool) -> Vec<(String, Colour, Key)> {
    let mut entries: Vec<(String, Colour, Key)> =
        panel.series.iter().map(|s| (s.name.clone(), s.colour, key(s))).collect();
    entries.extend(panel.rules.iter().map(|r| (r.name.clone(), Colour::Bound, Key::Dashes)));
    if first {
        let shades = lines.shades.iter().filter(|shade| !shade.name.is_empty());
        entries.extend(shades.map(|s| (s.name.clone(), s.colour, Key::Shade)));
        entries.extend(lines.spans.iter().map(|s| (s.name.clone(), Colour::Ink, Key::Span)));
    }
    if !panel.undecided.is_empty() {
        entries.push(("not decided whether the objective holds".to_string(), Colour::Bound, Key::Ring));
    }
    if first {
        entries.extend(outcomes(lines));
    }
    entries
}

/// What the marks of rows say, for the legend.
fn outcomes(lines: &Lines) -> Vec<(String, Colour, Key)> {
    let dots = || lines.lanes.iter().flat_map(|lane| &lane.dots);
    let all = [
        (Outcome::Met, "all objectives hold", Colour::Better, Key::Dot),
        (Outcome::Missed, "missed", Colour::Bound, Key::Cross),
        (Outcome::Undecided, "not decided", Colour::Bound, Key::Ring),
        (Outcome::Unserved, "nobody is served", Colour::Bound, Key::Cross),
    ];
    let all = all.into_iter().filter(|(outcome, ..)| dots().any(|(_, of)| of == outcome));
    all.map(|(_, name, colour, key)| (name.to_string(), colour, key)).collect()
}

/// Where what is shaded and what is in rows begins and ends.
fn stretches(lines: &Lines) -> impl Iterator<Item = f64> {
    let bars = lines.lanes.iter().flat_map(|lane| &lane.bars);
    let marks = lines
        .lanes
        .iter()
        .flat_map(|lane| lane.marks.iter().map(|(at, _)| *at).chain(lane.dots.iter().map(|(at, _)| *at)));
    lines.shades.iter().chain(bars).flat_map(|shade| [shade.from, shade.to]).chain(marks)
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
    for Shade { from, to, colour, .. } in &lines.shades {
        let rgb = sheet.rgb(*colour);
        let (left, right) = (frame.x(x.place(*from)), frame.x(x.place(*to)));
        sheet.canvas.rect([left, frame.top, right.max(left + 0.8).min(frame.right), frame.bottom], rgb, 0.16);
    }
    sheet.rise(frame, y);
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
    for (at, series) in panel.series.iter().enumerate() {
        line(sheet, frame, series, turn(frame, panel, at, x, y), (x, y));
    }
    names_of_bounds(sheet, frame, panel, x, y);
    for (at, value) in &panel.undecided {
        // What has no number is not decided either; it lies on the edge.
        let place = (frame.x(x.place(*at)), value.map_or(frame.bottom, |value| frame.y(y.place(value))));
        sheet.ring(place, Colour::Bound);
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

/// Where a point is that has a number.
fn spot(frame: Frame, (at, value): &(f64, Option<Interval>), x: &Laid, y: &Laid) -> Option<(f64, f64)> {
    Some((frame.x(x.place(*at)), frame.y(y.place((*value)?.value))))
}

/// Which one a line is of those that lie on each other, and how many they are: the uppermost would be all that is seen.
fn turn(frame: Frame, panel: &Panel, at: usize, x: &Laid, y: &Laid) -> (usize, usize) {
    /// As wide as a line.
    const NEAR: f64 = 2.2;
    let drawn = |series: &Series| series.joined && !series.dashed && series.points.len() > 1;
    let alike = |a: &Series, b: &Series| {
        let mut both = 0;
        let near =
            a.points.iter().zip(&b.points).all(|(a, b)| match (spot(frame, a, x, y), spot(frame, b, x, y)) {
                (Some(a), Some(b)) => {
                    both += 1;
                    (a.0 - b.0).abs() < 0.1 && (a.1 - b.1).abs() < NEAR
                }
                _ => true,
            });
        near && both > 1 && a.points.len() == b.points.len()
    };
    let own = &panel.series[at];
    if !drawn(own) {
        return (0, 1);
    }
    let same =
        |other: &usize| *other == at || drawn(&panel.series[*other]) && alike(own, &panel.series[*other]);
    let all: Vec<usize> = (0..panel.series.len()).filter(same).collect();
    (all.iter().position(|other| *other == at).unwrap_or(0), all.len())
}

/// The names of objectives beside the strokes that are their bounds: they are of one colour.
fn names_of_bounds(sheet: &mut Sheet, frame: Frame, panel: &Panel, x: &Laid, y: &Laid) {
    const APART: f64 = 16.0;
    let bounds = panel.series.iter().filter(|series| !series.joined && series.colour == Colour::Bound);
    let bounds: Vec<&Series> = bounds.collect();
    if bounds.len() < 2 {
        return;
    }
    let mut taken: Vec<[f64; 4]> = Vec::new();
    for series in bounds {
        let name = series.name.split_once(": ").map_or(series.name.as_str(), |(name, _)| name);
        let Some((at, up)) = series.points.first().and_then(|point| spot(frame, point, x, y)) else {
            continue;
        };
        let wide = font::width(name, LABEL, false);
        let covers = |left: f64| [left, up - 0.5 * LABEL, left + wide, up + 0.7 * LABEL];
        let free = |left: &f64| {
            let [l, t, r, b] = covers(*left);
            l >= frame.left + 4.0
                && r <= frame.right
                && t >= frame.top
                && b <= frame.bottom
                && taken.iter().all(|[l2, t2, r2, b2]| r < *l2 || l > *r2 || b < *t2 || t > *b2)
        };
        if let Some(left) = [at + APART, at - APART - wide].into_iter().find(free) {
            taken.push(covers(left));
            sheet.label((left, up + 0.36 * LABEL), name, Anchor::Start, Colour::Ink);
        }
    }
}

fn line(sheet: &mut Sheet, frame: Frame, series: &Series, (nth, of): (usize, usize), (x, y): (&Laid, &Laid)) {
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
            } else if of > 1 {
                sheet.canvas.in_turns(&points, colour, 2.2, (nth, of));
            } else {
                sheet.canvas.line(points.clone(), colour, 2.2);
            }
        }
        if !few && series.joined && points.len() > 1 {
            continue;
        }
        for (at, ((_, value), (px, py))) in run.iter().zip(&points).enumerate() {
            if at % of != nth {
                continue;
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::{Canvas, Mark};
    use crate::theme::{Rgb, Theme};

    #[test]
    fn of_lines_that_lie_on_each_other_all_are_seen() {
        let series = |slot: usize, by: f64| {
            let points = (0..10).map(|at| (f64::from(at), Some(Interval::bare(f64::from(at) + by))));
            let points = points.collect();
            Series {
                name: format!("{slot}"),
                colour: Colour::Slot(slot),
                dashed: false,
                joined: true,
                points,
            }
        };
        let y = Axis::linear("y", Unit::Number);
        let all = vec![series(0, 0.0), series(1, 0.0), series(2, 0.0), series(3, 3.0)];
        let panel =
            Panel { y: y.clone(), series: all, rules: Vec::new(), undecided: Vec::new(), weight: 1.0 };
        let lines =
            Lines { x: y, panels: vec![panel], spans: Vec::new(), shades: Vec::new(), lanes: Vec::new() };
        let canvas = Canvas {
            width: 960.0,
            height: 540.0,
            ground: Rgb(0, 0, 0),
            title: String::new(),
            marks: Vec::new(),
        };
        let mut sheet = Sheet { canvas, theme: Theme::LIGHT };
        draw(&mut sheet, Frame { left: 28.0, top: 80.0, right: 932.0, bottom: 520.0 }, &lines, 1);
        let long = |slot: usize| {
            let rgb = sheet.rgb(Colour::Slot(slot));
            let of = |mark: &Mark| match mark {
                Mark::Line { points, colour, .. } if *colour == rgb => {
                    points.windows(2).map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1)).sum()
                }
                _ => 0.0,
            };
            sheet.canvas.marks.iter().map(of).sum::<f64>()
        };
        let whole = long(3);
        for slot in 0..3 {
            assert!((long(slot) - whole / 3.0).abs() < 0.05 * whole, "{} of {whole}", long(slot));
        }
    }
}
