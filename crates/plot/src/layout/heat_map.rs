//! Values over two axes of names, as colours with the numbers in them.

use super::{Frame, Key, LABEL, Sheet, TITLE_LINE, legend, outline};
use crate::axis::Laid;
use crate::canvas::{Anchor, Text};
use crate::figure::{HeatCell, HeatMap, Outcome};
use crate::font;
use crate::theme::{Colour, Rgb};

/// More cells along a side are narrower than a pixel.
const SIDE_MOST: usize = 300;
const BELOW: f64 = 42.0;
/// The scale on the right, with its labels.
pub(super) const SCALE: f64 = 108.0;

pub(super) fn notes(map: &HeatMap) -> Vec<String> {
    let mut notes = Vec::new();
    let cells = || map.cells.iter().flatten();
    let missing = cells().filter(|cell| cell.value.is_none()).count();
    if missing > 0 {
        notes.push(format!("Crossed out: no number, {missing} of {} points.", cells().count()));
    }
    let sides = [map.x_names.len(), map.y_names.len()];
    if sides.iter().any(|side| *side > SIDE_MOST) {
        notes.push(format!(
            "Only the first {SIDE_MOST} values along a side are drawn, of {} by {}.",
            sides[0], sides[1]
        ));
    }
    if cells().any(|c| c.value.is_some()) && cells().all(|cell| cell.value.is_none_or(|v| v == 0.0)) {
        notes.push("All values are 0.".to_string());
    }
    notes
}

pub(super) fn draw(sheet: &mut Sheet, frame: Frame, map: &HeatMap) {
    let columns = map.x_names.len().min(SIDE_MOST);
    let rows = map.y_names.len().min(SIDE_MOST);
    let values = || map.cells.iter().flatten().filter_map(|cell| cell.value);
    if values().next().is_none() || columns == 0 || rows == 0 {
        return super::nothing(sheet, frame, "There is no number to draw: every point has too little data.");
    }
    let least = values().fold(f64::INFINITY, f64::min);
    let most = values().fold(f64::NEG_INFINITY, f64::max);
    let scale = Laid::new(&map.value, [least, most].into_iter(), 5);
    let names = map.y_names[..rows].iter().map(|n| font::width(n, LABEL, false)).fold(20.0, f64::max);
    let names = names.min(frame.width() * 0.25);
    let entries: Vec<(String, Colour, Key)> = [
        (Outcome::Missed, "the objective is missed", Colour::Bound, Key::Frame),
        (Outcome::Undecided, "not decided", Colour::Ink, Key::DashedFrame),
    ]
    .into_iter()
    .filter(|(outcome, ..)| map.cells.iter().flatten().any(|cell| cell.outcome == Some(*outcome)))
    .map(|(_, name, colour, key)| (name.to_string(), colour, key))
    .collect();
    let used = legend(sheet, frame, &entries);
    let plot = Frame {
        left: frame.left + 22.0 + names + 10.0,
        top: frame.top + 4.0 + used,
        right: frame.right - SCALE,
        bottom: frame.bottom - BELOW,
    };
    let (wide, high) = (plot.width() / columns as f64, plot.height() / rows as f64);
    for (row, cells) in map.cells.iter().take(rows).enumerate() {
        for (column, cell) in cells.iter().take(columns).enumerate() {
            let left = plot.left + column as f64 * wide;
            let top = plot.bottom - (row + 1) as f64 * high;
            let sides = [left, top, left + wide, top + high];
            draw_cell(sheet, sides, cell, &scale);
            if cell.outcome == Some(Outcome::Undecided) {
                // Inside: the border of what is missed may run along it.
                let by = (wide.min(high) / 6.0).min(4.0);
                // Seen on any colour, as the numbers are.
                let fill = match cell.value {
                    Some(value) => sheet.theme.heat(scale.place(value)),
                    None => sheet.rgb(Colour::Grid),
                };
                let rgb = readable(fill);
                let inner = outline([left + by, top + by, left + wide - by, top + high - by]);
                sheet.canvas.dashed(&inner, rgb, 1.6);
            }
        }
    }
    border(sheet, plot, map, [columns, rows]);
    let mut free = f64::INFINITY;
    let all: Vec<&str> = map.y_names[..rows].iter().map(String::as_str).collect();
    let told = font::told_apart(&all, LABEL, false, names);
    for (row, name) in told.iter().enumerate() {
        let middle = plot.bottom - (row as f64 + 0.5) * high;
        if middle + 0.5 * LABEL > free {
            continue;
        }
        free = middle - 0.7 * LABEL;
        sheet.label((plot.left - 9.0, middle + 0.36 * LABEL), name, Anchor::End, Colour::Ink);
    }
    let ticks: Vec<(f64, String)> = map.x_names[..columns]
        .iter()
        .enumerate()
        .map(|(at, name)| ((at as f64 + 0.5) / columns as f64, name.clone()))
        .collect();
    sheet.ticks_below(plot, plot.bottom + 17.0, &ticks, true);
    let title = font::cut_name(&map.x, LABEL, false, plot.width());
    sheet.label(
        (f64::midpoint(plot.left, plot.right), frame.bottom - 4.0),
        &title,
        Anchor::Middle,
        Colour::Quiet,
    );
    let name = font::cut_name(&map.y, LABEL, false, plot.height());
    sheet.upright(frame.left + 11.0, f64::midpoint(plot.top, plot.bottom), &[name]);
    draw_scale(
        sheet,
        Frame { left: plot.right + 20.0, right: plot.right + 34.0, ..plot },
        &scale,
        frame.right,
    );
}

/// Draws a line between where the objective is missed and where it is not.
fn border(sheet: &mut Sheet, plot: Frame, map: &HeatMap, [columns, rows]: [usize; 2]) {
    let missed = |column: usize, row: usize| {
        column < columns
            && row < rows
            && map
                .cells
                .get(row)
                .and_then(|cells| cells.get(column))
                .is_some_and(|cell| cell.outcome == Some(Outcome::Missed))
    };
    let (wide, high) = (plot.width() / columns as f64, plot.height() / rows as f64);
    let at = |column: usize, row: usize| (plot.left + column as f64 * wide, plot.bottom - row as f64 * high);
    let bound = sheet.rgb(Colour::Bound);
    for row in 0..rows {
        for column in 0..columns {
            if !missed(column, row) {
                continue;
            }
            let ends = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)];
            let outside = [
                row == 0 || !missed(column, row - 1),
                !missed(column + 1, row),
                !missed(column, row + 1),
                column == 0 || !missed(column - 1, row),
            ];
            for (side, outside) in outside.into_iter().enumerate() {
                if outside {
                    let (from, to) = (ends[side], ends[(side + 1) % 4]);
                    sheet.canvas.line(vec![at(from.0, from.1), at(to.0, to.1)], bound, 3.0);
                }
            }
        }
    }
}

fn draw_cell(sheet: &mut Sheet, [left, top, right, bottom]: [f64; 4], cell: &HeatCell, scale: &Laid) {
    let gap = if right - left > 12.0 && bottom - top > 12.0 { 1.0 } else { 0.0 };
    let inner = [left + gap, top + gap, right - gap, bottom - gap];
    let Some(value) = cell.value else {
        let grid = sheet.rgb(Colour::Grid);
        let quiet = sheet.rgb(Colour::Quiet);
        sheet.canvas.rect(inner, grid, 1.0);
        sheet.canvas.line(vec![(inner[0], inner[1]), (inner[2], inner[3])], quiet, 1.0);
        sheet.canvas.line(vec![(inner[0], inner[3]), (inner[2], inner[1])], quiet, 1.0);
        let (wide, x, y) = (
            font::width(&cell.text, LABEL, false),
            f64::midpoint(left, right),
            f64::midpoint(top, bottom) + 0.36 * LABEL,
        );
        if !cell.text.is_empty() && wide <= right - left - 10.0 && bottom - top >= LABEL * 1.5 {
            sheet.canvas.rect([x - wide / 2.0 - 3.0, y - LABEL, x + wide / 2.0 + 3.0, y + 4.0], grid, 1.0);
            sheet.label((x, y), &cell.text, Anchor::Middle, Colour::Ink);
        }
        return;
    };
    let rgb = sheet.theme.heat(scale.place(value));
    sheet.canvas.rect(inner, rgb, 1.0);
    let (room, high) = (right - left - 10.0, bottom - top);
    if font::width(&cell.text, LABEL, false) > room || high < LABEL * 1.5 {
        return;
    }
    let two =
        high > LABEL * 3.2 && !cell.interval.is_empty() && font::width(&cell.interval, 10.5, false) <= room;
    let (x, y) = (f64::midpoint(left, right), f64::midpoint(top, bottom));
    let colour = readable(rgb);
    let mut write = |y: f64, text: &str, size: f64| {
        let text = text.to_string();
        sheet.canvas.text(Text {
            x,
            y,
            text,
            size,
            bold: false,
            anchor: Anchor::Middle,
            colour,
            upright: false,
        });
    };
    write(y + if two { -2.0 } else { 0.36 * LABEL }, &cell.text, LABEL);
    if two {
        write(y + 13.0, &cell.interval, 10.5);
    }
}

/// Black or white, whichever is farther from this.
pub(super) fn readable(Rgb(r, g, b): Rgb) -> Rgb {
    let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if light > 125.0 { Rgb(0, 0, 0) } else { Rgb(255, 255, 255) }
}

pub(super) fn draw_scale(sheet: &mut Sheet, bar: Frame, scale: &Laid, right: f64) {
    const STEPS: usize = 64;
    let each = bar.height() / STEPS as f64;
    for step in 0..STEPS {
        let rgb = sheet.theme.heat((step as f64 + 0.5) / STEPS as f64);
        let bottom = bar.bottom - step as f64 * each;
        sheet.canvas.rect([bar.left, bottom - each - 0.3, bar.right, bottom], rgb, 1.0);
    }
    let title = scale.title.fitted(LABEL, bar.height(), 2);
    let beside = right - 3.0 - TITLE_LINE * title.len().saturating_sub(1) as f64;
    let mut free = f64::INFINITY;
    for (value, label) in &scale.ticks {
        let y = bar.y(scale.place(*value));
        if y + 0.5 * LABEL > free {
            continue;
        }
        free = y - 0.7 * LABEL;
        let label = font::cut(label, LABEL, false, beside - bar.right - 21.0);
        sheet.label((bar.right + 5.0, y + 0.36 * LABEL), &label, Anchor::Start, Colour::Quiet);
    }
    sheet.upright(beside, f64::midpoint(bar.top, bar.bottom), &title);
}
