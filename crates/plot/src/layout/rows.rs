//! One row per thing: bars, forest, tornado, waterfall.

use super::{Frame, Key, LABEL, Sheet, legend};
use crate::axis::Laid;
use crate::canvas::Anchor;
use crate::figure::{Cell, Rows, Shape};
use crate::font;
use crate::theme::Colour;

/// Height of a row that is not squeezed.
pub(super) const ROW: f64 = 30.0;
/// Lower than this a row cannot be read.
const ROW_LEAST: f64 = 19.0;
/// Room below for tick labels and names of axes.
const BELOW: f64 = 42.0;
const TEXT_MOST: f64 = 260.0;

fn fitting(rows: &Rows, frame: Frame) -> usize {
    let room = frame.height() - BELOW - if rows.legend.is_empty() { 0.0 } else { 24.0 } - 30.0;
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
            .map(main)
            .peekable();
        if ends.peek().is_some() && ends.all(|end| end == 0.0) {
            notes.push(format!("{}: all values are 0.", column.axis.name));
        }
    }
    notes
}

fn main(shape: &Shape) -> f64 {
    match shape {
        Shape::Bar { to, .. } => *to,
        Shape::Point { at, .. } => at.value,
    }
}

fn values(shape: &Shape) -> Vec<f64> {
    match shape {
        Shape::Bar { from, to, ends, .. } => {
            let (low, high) = ends.unwrap_or((*to, *to));
            vec![*from, *to, low, high]
        }
        Shape::Point { at, .. } => at.all().to_vec(),
    }
}

pub(super) fn draw(sheet: &mut Sheet, frame: Frame, of: &Rows) {
    let shown = &of.rows[..fitting(of, frame)];
    if shown.iter().all(|row| row.cells.iter().all(|cell| cell.shapes.is_empty())) {
        return super::nothing(sheet, frame, "There is no number to draw: every value has too little data.");
    }
    let entries: Vec<(String, Colour, Key)> =
        of.legend.iter().map(|(name, colour)| (name.clone(), *colour, Key::Block)).collect();
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
    let high = ((frame.bottom - BELOW - top) / shown.len().max(1) as f64).min(ROW * 2.2);
    let bottom = top + high * shown.len() as f64;
    for (at, row) in shown.iter().enumerate() {
        let middle = top + (at as f64 + 0.5) * high;
        if row.heading {
            let text = font::cut(&row.name, LABEL, true, frame.width());
            sheet.write((frame.left, middle + 0.5 * LABEL), &text, Anchor::Start, Colour::Ink, LABEL, true);
        } else {
            let text = font::cut(&row.name, LABEL, false, names);
            sheet.label((left - 12.0, middle + 0.36 * LABEL), &text, Anchor::End, Colour::Ink);
        }
    }
    for (at, column) in of.columns.iter().enumerate() {
        let from = left + at as f64 * (each + gap);
        let cells: Vec<Option<&Cell>> = shown.iter().map(|row| row.cells.get(at)).collect();
        let words = cells
            .iter()
            .flatten()
            .map(|cell| font::width(&cell.text, LABEL, false))
            .fold(0.0, f64::max)
            .min((each * 0.45).min(TEXT_MOST));
        let plot = Frame { left: from, top, right: from + each - words - 12.0, bottom };
        let all = cells.iter().flatten().flat_map(|cell| &cell.shapes).flat_map(values).chain(column.line);
        let about = ((plot.width() / 75.0) as usize).clamp(2, 8);
        let axis = Laid::new(&column.axis, all, about);
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
                draw_shape(sheet, plot, &axis, middle, high, shape);
            }
            let text = font::cut(&cell.text, LABEL, false, words);
            let colour = if cell.shapes.is_empty() { Colour::Quiet } else { Colour::Ink };
            sheet.label((from + each - words, middle + 0.36 * LABEL), &text, Anchor::Start, colour);
        }
        let ticks: Vec<(f64, String)> =
            axis.ticks.iter().map(|(v, label)| (axis.place(*v), label.clone())).collect();
        sheet.ticks_below(plot, bottom + 17.0, &ticks, false);
        let title = font::cut(&axis.title, LABEL, false, each);
        let half = font::width(&title, LABEL, false) / 2.0;
        let middle =
            f64::midpoint(plot.left, plot.right).max(from + half).min((from + each - half).max(from + half));
        sheet.label((middle, bottom + 37.0), &title, Anchor::Middle, Colour::Quiet);
    }
}

fn draw_shape(sheet: &mut Sheet, plot: Frame, axis: &Laid, middle: f64, high: f64, shape: &Shape) {
    let place = |value: f64| plot.x(axis.place(value));
    match shape {
        Shape::Bar { from, to, ends, colour } => {
            let half = (high * 0.32).min(15.0);
            let rgb = sheet.rgb(*colour);
            let (a, b) = (place(*from).min(place(*to)), place(*from).max(place(*to)));
            sheet.canvas.rect([a, middle - half, b.max(a + 0.8), middle + half], rgb, 1.0);
            if let Some((low, high)) = ends {
                let ink = sheet.rgb(Colour::Ink);
                whiskers(sheet, [place(*low), place(*high)], middle, half * 0.55, ink, 1.3);
            }
        }
        Shape::Point { at, colour } => {
            let rgb = sheet.rgb(*colour);
            let [low, value, high] = at.all().map(place);
            if at.ends.is_some() {
                whiskers(sheet, [low, high], middle, 5.0, rgb, 2.0);
            }
            sheet.canvas.dot((value, middle), 4.6, rgb);
            if at.ends.is_none() {
                let ground = sheet.theme.ground();
                sheet.canvas.dot((value, middle), 2.8, ground);
            }
        }
    }
}

fn whiskers(
    sheet: &mut Sheet,
    [low, high]: [f64; 2],
    middle: f64,
    half: f64,
    rgb: crate::theme::Rgb,
    width: f64,
) {
    sheet.canvas.line(vec![(low, middle), (high, middle)], rgb, width);
    for end in [low, high] {
        sheet.canvas.line(vec![(end, middle - half), (end, middle + half)], rgb, width);
    }
}
