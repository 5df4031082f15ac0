//! Points over two measured axes, with intervals both ways; those of one load that are not outdone are joined.

use std::collections::BTreeMap;

use super::{Frame, Key, LABEL, Sheet, legend, upright_title};
use crate::axis::Laid;
use crate::canvas::Anchor;
use crate::figure::{Outcome, Scatter, ScatterPoint};
use crate::font;
use crate::theme::Colour;

const BELOW: f64 = 40.0;
/// From so many points on intervals are a blot.
const CROWDED: usize = 300;

pub(super) fn notes(of: &Scatter) -> Vec<String> {
    let mut notes = Vec::new();
    let bare = of.points.iter().filter(|p| p.y.ends.is_none()).count();
    if bare > 0 {
        notes.push(format!("Without an interval (hollow): {bare} of {} points.", of.points.len()));
    }
    if of.points.len() > CROWDED {
        notes.push("Too many points to draw their intervals too.".to_string());
    }
    for (axis, value) in [(&of.x, (|p| p.x.value) as fn(&ScatterPoint) -> f64), (&of.y, |p| p.y.value)] {
        if !of.points.is_empty() && of.points.iter().all(|point| value(point) == 0.0) {
            notes.push(format!("{}: all values are 0.", axis.name));
        }
    }
    notes
}

pub(super) fn draw(sheet: &mut Sheet, frame: Frame, of: &Scatter) {
    if of.points.is_empty() {
        return super::nothing(sheet, frame, "There is no point that has both numbers.");
    }
    let x = Laid::new(&of.x, of.points.iter().flat_map(|p| p.x.all()), 8);
    let y = Laid::new(
        &of.y,
        of.points.iter().flat_map(|p| p.y.all()),
        ((frame.height() / 34.0) as usize).clamp(3, 8),
    );
    let mut entries =
        vec![(of.front.clone(), Colour::Slot(0), Key::Line), (of.others.clone(), Colour::Neutral, Key::Dot)];
    if of.points.iter().any(is_missed) {
        entries.push(("misses an objective".to_string(), Colour::Bound, Key::Cross));
    }
    if of.points.iter().any(is_undecided) {
        entries.push(("not decided whether the objective holds".to_string(), Colour::Bound, Key::Ring));
    }
    let used = legend(sheet, frame, &entries);
    let (top, widest) = (frame.top + used + 4.0, Sheet::rise_width(&y));
    let (title, beside) = upright_title(&y.title, frame.bottom - BELOW - top);
    let plot = Frame {
        left: frame.left + beside + widest + 8.0,
        top,
        right: frame.right - 8.0,
        bottom: frame.bottom - BELOW,
    };
    let (grid, quiet) = (sheet.rgb(Colour::Grid), sheet.rgb(Colour::Quiet));
    sheet.rise(plot, &y);
    for (at, _) in &x.ticks {
        let at = plot.x(x.place(*at));
        sheet.canvas.line(vec![(at, plot.top), (at, plot.bottom)], grid, 1.0);
    }
    let place = |point: &ScatterPoint| (plot.x(x.place(point.x.value)), plot.y(y.place(point.y.value)));
    let blue = sheet.rgb(Colour::Slot(0));
    let mut fronts: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for point in of.points.iter().filter(|point| point.front) {
        fronts.entry(point.group).or_default().push(place(point));
    }
    for mut front in fronts.into_values().filter(|front| front.len() > 1) {
        front.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        sheet.canvas.line(front, blue, 1.8);
    }
    // The others first: what is not outdone lies on top.
    for front in [false, true] {
        for point in of.points.iter().filter(|point| point.front == front) {
            draw_point(sheet, plot, point, &x, &y, of.points.len() > CROWDED);
        }
    }
    names(sheet, plot, of, &x, &y);
    sheet.canvas.line(vec![(plot.left, plot.top), (plot.left, plot.bottom)], quiet, 1.0);
    sheet.canvas.line(vec![(plot.left, plot.bottom), (plot.right, plot.bottom)], quiet, 1.0);
    let ticks: Vec<(f64, String)> = x.ticks.iter().map(|(v, label)| (x.place(*v), label.clone())).collect();
    sheet.ticks_below(plot, plot.bottom + 17.0, &ticks, false);
    sheet.below((f64::midpoint(plot.left, plot.right), frame.bottom - 4.0), &x.title, plot.width());
    sheet.upright(frame.left + 11.0, f64::midpoint(plot.top, plot.bottom), &title);
}

fn is_missed(point: &ScatterPoint) -> bool {
    matches!(point.outcome, Some(Outcome::Missed | Outcome::Unserved))
}

fn is_undecided(point: &ScatterPoint) -> bool {
    point.outcome == Some(Outcome::Undecided)
}

fn draw_point(sheet: &mut Sheet, plot: Frame, point: &ScatterPoint, x: &Laid, y: &Laid, crowded: bool) {
    let colour = sheet.rgb(if point.front { Colour::Slot(0) } else { Colour::Neutral });
    let at = (plot.x(x.place(point.x.value)), plot.y(y.place(point.y.value)));
    if !crowded {
        if let Some((low, high)) = point.y.ends {
            let ends = [low, high].map(|v| plot.y(y.place(v)));
            whisker(sheet, ends, colour, |v| (at.0, v), |v, d| (at.0 + d, v));
        }
        if let Some((low, high)) = point.x.ends {
            let ends = [low, high].map(|v| plot.x(x.place(v)));
            whisker(sheet, ends, colour, |v| (v, at.1), |v, d| (v, at.1 + d));
        }
    }
    let radius = if crowded { 2.2 } else { 4.2 };
    if is_missed(point) {
        sheet.cross(at, Colour::Bound);
        return;
    }
    sheet.canvas.dot(at, radius, colour);
    if point.y.ends.is_none() && !crowded {
        let ground = sheet.theme.ground();
        sheet.canvas.dot(at, 2.5, ground);
    }
    if is_undecided(point) {
        // As far from the edge as it is wide.
        let at =
            (at.0.clamp(plot.left + 8.0, plot.right - 8.0), at.1.clamp(plot.top + 8.0, plot.bottom - 8.0));
        sheet.ring(at, Colour::Bound);
    }
}

fn whisker(
    sheet: &mut Sheet,
    ends: [f64; 2],
    colour: crate::theme::Rgb,
    along: impl Fn(f64) -> (f64, f64),
    across: impl Fn(f64, f64) -> (f64, f64),
) {
    if (ends[0] - ends[1]).abs() <= 1.0 {
        return;
    }
    sheet.canvas.line(vec![along(ends[0]), along(ends[1])], colour, 1.2);
    for end in ends {
        sheet.canvas.line(vec![across(end, -3.0), across(end, 3.0)], colour, 1.2);
    }
}

/// Names of the points that are not outdone, where there is room: they touch neither points nor each other.
fn names(sheet: &mut Sheet, plot: Frame, of: &Scatter, x: &Laid, y: &Laid) {
    const ROOM: f64 = 260.0;
    let dot = |point: &ScatterPoint| {
        let (px, py) = (plot.x(x.place(point.x.value)), plot.y(y.place(point.y.value)));
        [px - 5.0, py - 5.0, px + 5.0, py + 5.0]
    };
    let mut taken: Vec<[f64; 4]> = of.points.iter().map(dot).collect();
    let front = || of.points.iter().filter(|point| point.front);
    let all: Vec<&str> = front().map(|point| point.name.as_str()).collect();
    for (point, name) in front().zip(font::told_apart(&all, LABEL, false, ROOM)) {
        let (px, py) = (plot.x(x.place(point.x.value)), plot.y(y.place(point.y.value)));
        let wide = font::width(&name, LABEL, false);
        let spots = [
            (px + 9.0, py - 7.0),
            (px + 9.0, py + 16.0),
            (px - 9.0 - wide, py - 7.0),
            (px - 9.0 - wide, py + 16.0),
        ];
        let covers = |(left, base): (f64, f64)| [left, base - 0.8 * LABEL, left + wide, base + 0.3 * LABEL];
        let is_free = |spot: &(f64, f64)| {
            let [l, t, r, b] = covers(*spot);
            l >= plot.left + 2.0
                && r <= plot.right
                && t >= plot.top
                && b <= plot.bottom
                && taken.iter().all(|[l2, t2, r2, b2]| r < *l2 || l > *r2 || b < *t2 || t > *b2)
        };
        if let Some(spot) = spots.into_iter().find(is_free) {
            taken.push(covers(spot));
            sheet.label(spot, &name, Anchor::Start, Colour::Ink);
        }
    }
}
