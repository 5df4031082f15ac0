//! One row per thing: bars, forest, tornado, waterfall.

use super::{Frame, Key, LABEL, Sheet, TITLE_LINE, legend};
use crate::axis::{Laid, Scale, words};
use crate::canvas::Anchor;
use crate::figure::{Cell, Column, Row, Rows, Shape};
use crate::font;
use crate::theme::Colour;

/// Height of a row that is not squeezed.
pub(super) const ROW: f64 = 30.0;
/// Few rows take the room there is, up to this height each; more is a carpet.
const ROW_MOST: f64 = 180.0;
const BAR_HALF_MOST: f64 = 40.0;
/// Lower than this a row cannot be read.
const ROW_LEAST: f64 = 19.0;
/// Room below for tick labels and names of axes.
const BELOW: f64 = 42.0;
const TEXT_MOST: f64 = 260.0;

/// How many rows there is room for, before it is known how much of it notes take.
pub(super) fn fitting(rows: &Rows, frame: Frame) -> usize {
    let room = frame.height() * 0.85 - BELOW - if rows.legend.is_empty() { 0.0 } else { 24.0 } - 30.0;
    ((room / ROW_LEAST).floor().max(1.0) as usize).min(rows.rows.len())
}

pub(super) fn notes(rows: &Rows, frame: Frame) -> Vec<String> {
    let mut notes = Vec::new();
    let left_out = rows.rows.len() - fitting(rows, frame);
    if left_out > 0 {
        notes.push(format!("The last {left_out} of {} rows have no room here.", rows.rows.len()));
    }
    for (at, column) in rows.columns.iter().enumerate() {
        let mut ends = rows
            .rows
            .iter()
            .filter_map(|row| row.cells.get(at))
            .flat_map(|cell| &cell.shapes)
            .filter_map(main)
            .peekable();
        if ends.peek().is_some() && ends.all(|end| end == 0.0) {
            notes.push(format!("{}: all values are 0.", column.axis.name));
        }
        let shapes = || rows.rows.iter().filter_map(|row| row.cells.get(at)).flat_map(|cell| &cell.shapes);
        if cut_from(shapes(), column.line).is_finite() {
            notes.push("A bar with an arrow goes on beyond the axis: its value is beside it.".to_string());
        }
        if column.axis.scale == Scale::Log && shapes().filter_map(self::ends).any(|(low, _)| low <= 0.0) {
            notes.push(
                "An interval that reaches down to 0 has no end on this axis: its arrow says so.".to_string(),
            );
        }
    }
    notes
}

fn main(shape: &Shape) -> Option<f64> {
    match shape {
        Shape::Bar { to, .. } => Some(*to),
        Shape::Point { at, .. } => Some(at.value),
        Shape::Off { .. } => None,
    }
}

/// How far an axis is stretched by the widest intervals: beyond that they are cut, with an arrow where they go on.
///
/// # Source
/// Chosen: what is known well has a third of the room at least.
const STRETCH_MOST: f64 = 3.0;

/// Returns what an axis has to show: all values, the intervals of usual width, and of the others those that leave room
/// enough for the former. One number of which nearly nothing is known would squeeze all others to points.
fn shown_values(shapes: &[&Shape], line: Option<f64>, log: bool) -> Vec<f64> {
    let seen = |value: f64| match log {
        true if value > 0.0 => value.log10(),
        true => f64::NEG_INFINITY,
        false => value,
    };
    let mut all: Vec<f64> = line.into_iter().collect();
    let mut intervals: Vec<(f64, [f64; 2])> = Vec::new();
    let cut = cut_from(shapes.iter().copied(), line);
    for shape in shapes {
        match shape {
            Shape::Bar { to, .. } if to.abs() > cut => {
                // Longer than all that are not cut: one sees which way it goes, and that it does.
                all.push(to.signum() * cut / OTHERS_LEAST * 2.5);
                continue;
            }
            Shape::Bar { from, to, .. } => all.extend([*from, *to]),
            Shape::Point { at, .. } => all.push(at.value),
            Shape::Off { .. } => {}
        }
        if let Some((low, high)) = ends(shape) {
            intervals.push((seen(high) - seen(low), [low, high]));
        }
    }
    intervals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let some: Vec<f64> = intervals.iter().map(|(wide, _)| *wide).filter(|wide| *wide > 0.0).collect();
    let usual = some.get(some.len().saturating_sub(1) / 2).copied().unwrap_or(0.0);
    for (wide, both) in intervals {
        let span = |values: &[f64]| {
            let low = values.iter().copied().map(seen).fold(f64::INFINITY, f64::min);
            values.iter().copied().map(seen).fold(f64::NEG_INFINITY, f64::max) - low
        };
        let longer: Vec<f64> = all.iter().copied().chain(both).collect();
        if wide.is_finite() && wide <= 4.0 * usual || span(&longer) <= STRETCH_MOST * span(&all) {
            all = longer;
        }
    }
    all
}

/// From how many times the next longest bar on a bar is cut, with an arrow.
///
/// # Source
/// Chosen: a bar of a twentieth of the room is seen, and so is which of two is longer.
const OTHERS_LEAST: f64 = 20.0;

/// Returns how long bars of changes are at most without being cut: a few that are many times as long as all others that
/// are surely there would hide those. What is not known to be there hides behind nothing.
fn cut_from<'s>(shapes: impl Iterator<Item = &'s Shape>, line: Option<f64>) -> f64 {
    if line != Some(0.0) {
        return f64::INFINITY;
    }
    let sure = |shape: &Shape| match shape {
        Shape::Bar { to, ends: Some((low, high)), .. } if *low > 0.0 || *high < 0.0 => Some(to.abs()),
        _ => None,
    };
    let mut sizes: Vec<f64> = shapes.filter_map(sure).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    // Of four or five one or two are few.
    let few = sizes.len() / 2;
    let gap = (1..=few).find(|at| sizes.get(*at).is_some_and(|next| sizes[at - 1] > OTHERS_LEAST * next));
    gap.map_or(f64::INFINITY, |at| OTHERS_LEAST * sizes[at])
}

fn ends(shape: &Shape) -> Option<(f64, f64)> {
    match shape {
        Shape::Bar { ends, .. } => *ends,
        Shape::Point { at, .. } => at.ends,
        Shape::Off { .. } => None,
    }
}

pub(super) fn draw(sheet: &mut Sheet, frame: Frame, of: &Rows, shown: usize) {
    let shown = &of.rows[..shown];
    if shown.iter().all(|row| row.cells.iter().all(|cell| cell.shapes.is_empty())) {
        return super::nothing(sheet, frame, "There is no number to draw: every value has too little data.");
    }
    let bars = of.rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.shapes);
    let key =
        if bars.clone().any(|shape| matches!(shape, Shape::Bar { .. })) { Key::Block } else { Key::Dot };
    let entries: Vec<(String, Colour, Key)> =
        of.legend.iter().map(|(name, colour)| (name.clone(), *colour, key)).collect();
    let top = frame.top + legend(sheet, frame, &entries);
    let names = shown
        .iter()
        .filter(|row| !row.heading)
        .map(|row| font::width(&row.name, LABEL, false))
        .fold(40.0, f64::max)
        .min(frame.width() * 0.3);
    let left = frame.left + names + 12.0;
    let columns = of.columns.len().max(1) as f64;
    let gap = 20.0;
    let each = (frame.right - left - gap * (columns - 1.0)) / columns;
    let laid: Vec<LaidColumn> = of
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| LaidColumn::new(column, at, shown, (left + at as f64 * (each + gap), each)))
        .collect();
    let titles = laid.iter().map(|column| column.title.len()).max().unwrap_or(1);
    let below = BELOW + TITLE_LINE * titles.saturating_sub(1) as f64;
    let room = frame.bottom - below - top;
    let high = (room / shown.len().max(1) as f64).min(ROW_MOST);
    // What is left over is left over on both sides.
    let top = top + (room - high * shown.len() as f64) / 2.0;
    let bottom = top + high * shown.len() as f64;
    let all: Vec<&str> = shown.iter().map(|row| if row.heading { "" } else { row.name.as_str() }).collect();
    let told = font::told_apart(&all, LABEL, false, names);
    for (at, (row, told)) in shown.iter().zip(&told).enumerate() {
        let middle = top + (at as f64 + 0.5) * high;
        if row.heading {
            let text = font::cut_name(&row.name, LABEL, true, frame.width());
            sheet.write((frame.left, middle + 0.5 * LABEL), &text, Anchor::Start, Colour::Ink, LABEL, true);
        } else {
            sheet.label((left - 12.0, middle + 0.36 * LABEL), told, Anchor::End, Colour::Ink);
        }
    }
    for (column, LaidColumn { cells, from, words, right, axis, title }) in of.columns.iter().zip(&laid) {
        let (from, words) = (*from, *words);
        let plot = Frame { left: from, top, right: *right, bottom };
        let grid = sheet.rgb(Colour::Grid);
        for (value, _) in &axis.ticks {
            let x = plot.x(axis.place(*value));
            sheet.canvas.line(vec![(x, top), (x, bottom)], grid, 1.0);
        }
        if let Some(line) = column.line {
            let x = plot.x(axis.place(line));
            let quiet = sheet.rgb(Colour::Quiet);
            sheet.canvas.line(vec![(x, top), (x, bottom)], quiet, 1.4);
        }
        for (n, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let middle = top + (n as f64 + 0.5) * high;
            for shape in &cell.shapes {
                draw_shape(sheet, plot, axis, middle, high, shape);
                beyond(sheet, plot, axis, column, middle, shape);
            }
            let text = font::cut(&cell.text, LABEL, false, words);
            let colour = if cell.shapes.is_empty() { Colour::Quiet } else { Colour::Ink };
            sheet.label((from + each - words, middle + 0.36 * LABEL), &text, Anchor::Start, colour);
        }
        let ticks: Vec<(f64, String)> =
            axis.ticks.iter().map(|(v, label)| (axis.place(*v), label.clone())).collect();
        sheet.ticks_below(plot, bottom + 17.0, &ticks, false);
        for (at, line) in title.iter().enumerate() {
            let half = font::width(line, LABEL, false) / 2.0;
            let middle = f64::midpoint(plot.left, plot.right).max(from + half);
            let place =
                (middle.min((from + each - half).max(from + half)), bottom + 37.0 + at as f64 * TITLE_LINE);
            sheet.label(place, line, Anchor::Middle, Colour::Quiet);
        }
    }
}

/// A column before it is known how high rows are.
struct LaidColumn<'c> {
    /// What is in it, by row.
    cells: Vec<Option<&'c Cell>>,
    /// Where it begins.
    from: f64,
    /// How wide the words are at its end.
    words: f64,
    /// Where its plot ends.
    right: f64,
    axis: Laid,
    /// In lines.
    title: Vec<String>,
}

impl<'c> LaidColumn<'c> {
    fn new(column: &Column, at: usize, shown: &'c [Row], (from, wide): (f64, f64)) -> LaidColumn<'c> {
        let cells: Vec<Option<&Cell>> = shown.iter().map(|row| row.cells.get(at)).collect();
        let words = cells
            .iter()
            .flatten()
            .map(|cell| font::width(&cell.text, LABEL, false))
            .fold(0.0, f64::max)
            .min((wide * 0.45).min(TEXT_MOST));
        let right = from + wide - words - 12.0;
        let shapes: Vec<&Shape> = cells.iter().flatten().flat_map(|cell| &cell.shapes).collect();
        let about = (((right - from) / 75.0) as usize).clamp(2, 8);
        let all = shown_values(&shapes, column.line, column.axis.scale == Scale::Log);
        let axis = Laid::new(&column.axis, all.into_iter(), about);
        let title = axis.title.fitted(LABEL, wide, 2);
        LaidColumn { cells, from, words, right, axis, title }
    }
}

/// Arrows at the border where an interval goes on, and up to where.
fn beyond(sheet: &mut Sheet, plot: Frame, axis: &Laid, column: &Column, middle: f64, shape: &Shape) {
    let Some((low, high)) = ends(shape) else { return };
    let colour = match shape {
        // It goes on itself.
        Shape::Bar { to, .. } if !axis.holds(*to) => return,
        Shape::Bar { .. } => Colour::Ink,
        Shape::Point { colour, .. } | Shape::Off { colour, .. } => *colour,
    };
    for (end, up) in [(low, false), (high, true)] {
        if axis.holds(end) {
            continue;
        }
        arrow(sheet, plot, middle, up, colour);
        // There is no room for letters on a bar, and the words beside it have its interval.
        if matches!(shape, Shape::Bar { .. }) {
            continue;
        }
        // No multiple is below 0: what is computed there says only that the interval has no lower end.
        let text = if axis.is_log() && end <= 0.0 {
            "0".to_string()
        } else {
            words(end, &column.axis.unit).trim_end().replace('-', "−")
        };
        let (at, anchor) = if up {
            (plot.right - ARROW * 1.4, Anchor::End)
        } else {
            (plot.left + ARROW * 1.4, Anchor::Start)
        };
        sheet.write((at, middle - ARROW_HALF), &text, anchor, Colour::Quiet, 10.5, false);
    }
}

const ARROW: f64 = 9.0;
const ARROW_HALF: f64 = 5.0;

/// An arrow out of the plot.
fn arrow(sheet: &mut Sheet, plot: Frame, middle: f64, up: bool, colour: Colour) {
    let rgb = sheet.rgb(colour);
    let (border, neck) = if up { (plot.right, plot.right - ARROW) } else { (plot.left, plot.left + ARROW) };
    let head = vec![(border, middle), (neck, middle - ARROW_HALF), (neck, middle + ARROW_HALF)];
    sheet.canvas.area(head, rgb, 1.0);
}

fn draw_shape(sheet: &mut Sheet, plot: Frame, axis: &Laid, middle: f64, high: f64, shape: &Shape) {
    let place = |value: f64| plot.x(axis.place(value));
    match shape {
        Shape::Bar { from, to, ends, colour } => {
            let half = (high * 0.32).min(BAR_HALF_MOST);
            let rgb = sheet.rgb(*colour);
            if !axis.holds(*to) {
                let (start, up) = (place(*from), *to > *from);
                let (tip, neck) = if up {
                    (plot.right, plot.right - 2.0 * ARROW)
                } else {
                    (plot.left, plot.left + 2.0 * ARROW)
                };
                sheet.canvas.rect([start.min(neck), middle - half, start.max(neck), middle + half], rgb, 1.0);
                sheet.canvas.area(
                    vec![(tip, middle), (neck, middle - half), (neck, middle + half)],
                    rgb,
                    1.0,
                );
                return;
            }
            let (a, b) = (place(*from).min(place(*to)), place(*from).max(place(*to)));
            sheet.canvas.rect([a, middle - half, b.max(a + 0.8), middle + half], rgb, 1.0);
            if let Some((low, high)) = ends {
                let ink = sheet.rgb(Colour::Ink);
                whiskers(sheet, axis, plot, [*low, *high], (middle, half * 0.55), ink, 1.3);
            }
        }
        Shape::Point { at, colour } => {
            let rgb = sheet.rgb(*colour);
            let value = place(at.value);
            if let Some((low, high)) = at.ends {
                whiskers(sheet, axis, plot, [low, high], (middle, 5.0), rgb, 2.0);
            }
            sheet.canvas.dot((value, middle), 4.6, rgb);
            if at.ends.is_none() {
                let ground = sheet.theme.ground();
                sheet.canvas.dot((value, middle), 2.8, ground);
            }
        }
        Shape::Off { up, colour } => {
            let rgb = sheet.rgb(*colour);
            let (border, shaft) = if *up {
                (plot.right, plot.right - 3.0 * ARROW)
            } else {
                (plot.left, plot.left + 3.0 * ARROW)
            };
            sheet.canvas.line(vec![(shaft, middle), (border, middle)], rgb, 2.0);
            arrow(sheet, plot, middle, *up, *colour);
        }
    }
}

fn whiskers(
    sheet: &mut Sheet,
    axis: &Laid,
    plot: Frame,
    ends: [f64; 2],
    (middle, half): (f64, f64),
    rgb: crate::theme::Rgb,
    width: f64,
) {
    let place = |value: f64| plot.x(axis.place(value));
    sheet.canvas.line(ends.map(|end| (place(end), middle)).to_vec(), rgb, width);
    // What goes on has no end here.
    for end in ends.into_iter().filter(|end| axis.holds(*end)).map(place) {
        sheet.canvas.line(vec![(end, middle - half), (end, middle + half)], rgb, width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Interval;

    fn point(value: f64, low: f64, high: f64) -> Shape {
        Shape::Point { at: Interval { value, ends: Some((low, high)) }, colour: Colour::Ink }
    }

    #[test]
    fn one_wide_interval_does_not_squeeze_the_others() {
        let all = [point(0.1, 0.08, 0.12), point(-0.05, -0.07, -0.03), point(0.02, -40.0, 50.0)];
        let shapes: Vec<&Shape> = all.iter().collect();
        let shown = shown_values(&shapes, Some(0.0), false);
        assert!(shown.iter().all(|v| (-0.07..=0.12).contains(v)), "{shown:?}");
        // On a log axis what reaches down to nothing has no end.
        let all = [point(2.0, 1.8, 2.2), point(9.0, 8.0, 10.0), point(1.0, -0.5, 3.0), point(1.0, 1e-6, 1e6)];
        let shapes: Vec<&Shape> = all.iter().collect();
        let shown = shown_values(&shapes, Some(1.0), true);
        assert!(shown.iter().all(|v| (1.0..=10.0).contains(v)), "{shown:?}");
        // Where all are wide, that is what there is to see.
        let all = [point(0.1, -4.0, 5.0), point(0.2, -5.0, 6.0)];
        let shapes: Vec<&Shape> = all.iter().collect();
        let shown = shown_values(&shapes, Some(0.0), false);
        assert!(shown.contains(&-5.0) && shown.contains(&6.0), "{shown:?}");
    }

    fn bar(to: f64, by: f64) -> Shape {
        Shape::Bar { from: 0.0, to, ends: Some((to - by, to + by)), colour: Colour::Ink }
    }

    #[test]
    fn one_long_bar_does_not_hide_the_others() {
        let shown = |all: &[Shape], line: f64| {
            let shapes: Vec<&Shape> = all.iter().collect();
            shown_values(&shapes, Some(line), false).into_iter().fold(0.0, f64::max)
        };
        let changes = [bar(900.0, 80.0), bar(4.0, 1.0), bar(-2.0, 0.5), bar(3.0, 1.0)];
        let most = shown(&changes, 0.0);
        assert!((4.0..=10.0).contains(&most), "{most}");
        // One that is not known to be there is no reason to cut the one that is.
        assert!(shown(&[bar(900.0, 80.0), bar(4.0, 9.0), bar(2.0, 9.0)], 0.0) >= 900.0);
        // Nor are bars of levels cut, whose lengths are what is compared.
        assert!(shown(&changes, 1.0) >= 900.0);
    }
}
