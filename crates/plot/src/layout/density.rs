//! How values are spread in windows of time: columns of coloured buckets, with lines over them.

use super::heat_map::{SCALE, draw_scale};
use super::{Frame, Key, Sheet, legend, upright_title};
use crate::axis::Laid;
use crate::figure::Density;
use crate::theme::{Colour, Rgb};

const BELOW: f64 = 40.0;
/// Colours that are told apart: neighbours of one colour are one mark.
const STEPS: f64 = 48.0;
/// Marks along the upper edge.
const EDGE: f64 = 6.0;

pub(super) fn draw(sheet: &mut Sheet, frame: Frame, of: &Density) {
    let lines = of.series.iter().flat_map(|s| s.points.iter().filter_map(|(_, v)| *v)).map(|v| v.value);
    let high = of.cells.iter().filter_map(|cell| of.edges.get(cell.1)).copied();
    let low = of.cells.iter().map(|cell| below(of, cell.1));
    let rules = of.rules.iter().map(|rule| rule.at);
    let x = Laid::new(&of.x, of.bounds.iter().copied(), 8);
    let about = ((frame.height() / 34.0) as usize).clamp(3, 8);
    let y = Laid::new(&of.y, high.chain(low).chain(lines).chain(rules), about);
    let value = Laid::new(&of.value, of.cells.iter().map(|cell| cell.2), 5);
    let mut entries: Vec<(String, Colour, Key)> = of
        .series
        .iter()
        .map(|s| (s.name.clone(), s.colour, if s.dashed { Key::Dashes } else { Key::Line }))
        .collect();
    entries.extend(of.rules.iter().map(|rule| (rule.name.clone(), Colour::Bound, Key::Dashes)));
    let mut named: Vec<&str> = Vec::new();
    for shade in &of.shades {
        if !named.contains(&shade.name.as_str()) {
            named.push(&shade.name);
            entries.push((shade.name.clone(), shade.colour, Key::Block));
        }
    }
    let used = legend(sheet, frame, &entries);
    let (top, widest) = (frame.top + used + EDGE + 2.0, Sheet::rise_width(&y));
    let (title, beside) = upright_title(&y.title, frame.bottom - BELOW - top);
    let plot = Frame {
        left: frame.left + beside + widest + 8.0,
        top,
        right: frame.right - SCALE,
        bottom: frame.bottom - BELOW,
    };
    sheet.rise(plot, &y);
    for (from, to, bucket, step) in runs(of, &value) {
        let edge = of.edges[bucket];
        let (left, right) = (plot.x(x.place(of.bounds[from])), plot.x(x.place(of.bounds[to])));
        let (top, bottom) = (plot.y(y.place(edge)), plot.y(y.place(below(of, bucket))));
        let rgb = sheet.theme.heat((step as f64 + 0.5) / STEPS);
        sheet.canvas.rect([left, top, right, bottom], rgb, 1.0);
    }
    over(sheet, plot, of, &x, &y);
    for shade in &of.shades {
        let rgb = sheet.rgb(shade.colour);
        let (left, right) = (plot.x(x.place(shade.from)), plot.x(x.place(shade.to)));
        let right = right.max(left + 1.2).min(plot.right.max(left));
        sheet.canvas.rect([left, plot.top - EDGE, right, plot.top - 1.0], rgb, 1.0);
    }
    let quiet = sheet.rgb(Colour::Quiet);
    sheet.canvas.line(vec![(plot.left, plot.top), (plot.left, plot.bottom)], quiet, 1.0);
    sheet.canvas.line(vec![(plot.left, plot.bottom), (plot.right, plot.bottom)], quiet, 1.0);
    let ticks: Vec<(f64, String)> = x.ticks.iter().map(|(v, label)| (x.place(*v), label.clone())).collect();
    sheet.ticks_below(plot, plot.bottom + 17.0, &ticks, x.has_names());
    sheet.below((f64::midpoint(plot.left, plot.right), frame.bottom - 4.0), &x.title, plot.width());
    sheet.upright(frame.left + 11.0, f64::midpoint(plot.top, plot.bottom), &title);
    let bar = Frame { left: plot.right + 20.0, right: plot.right + 34.0, ..plot };
    draw_scale(sheet, bar, &value, frame.right);
}

/// Neighbours of one colour as one: from which window to before which, bucket, colour.
fn runs(of: &Density, value: &Laid) -> Vec<(usize, usize, usize, usize)> {
    let step = |share: f64| (value.place(share) * STEPS).min(STEPS - 1.0) as usize;
    let inside = |cell: &&(usize, usize, f64)| cell.0 + 1 < of.bounds.len() && cell.1 < of.edges.len();
    let mut cells: Vec<(usize, usize, usize)> = of
        .cells
        .iter()
        .filter(inside)
        .map(|(window, bucket, share)| (*bucket, *window, step(*share)))
        .collect();
    cells.sort_unstable();
    let mut runs: Vec<(usize, usize, usize, usize)> = Vec::new();
    for (bucket, window, step) in cells {
        match runs.last_mut() {
            Some(last) if (last.1, last.2, last.3) == (window, bucket, step) => last.1 += 1,
            _ => runs.push((window, window + 1, bucket, step)),
        }
    }
    runs
}

/// Where a bucket begins.
fn below(of: &Density, bucket: usize) -> f64 {
    if bucket == 0 { of.from } else { of.edges.get(bucket - 1).copied().unwrap_or(of.from) }
}

/// Bounds and lines, with a rim in the colour of the ground: they lie on any colour.
fn over(sheet: &mut Sheet, plot: Frame, of: &Density, x: &Laid, y: &Laid) {
    let rim = sheet.theme.ground();
    for series in &of.series {
        let colour = sheet.rgb(series.colour);
        for run in series.points.split(|(_, value)| value.is_none()) {
            let places = run
                .iter()
                .filter_map(|(at, value)| Some((plot.x(x.place(*at)), plot.y(y.place((*value)?.value)))));
            let points: Vec<(f64, f64)> = places.collect();
            // One window alone is no line.
            if let [(x, y)] = points[..] {
                sheet.canvas.dot((x, y), 4.4, rim);
                sheet.canvas.dot((x, y), 2.8, colour);
                continue;
            }
            sheet.canvas.line(points.clone(), rim, 4.0);
            stroke(sheet, &points, colour, series.dashed);
        }
    }
    let bound = sheet.rgb(Colour::Bound);
    for rule in &of.rules {
        let at = plot.y(y.place(rule.at));
        sheet.canvas.line(vec![(plot.left, at), (plot.right, at)], rim, 3.6);
        sheet.canvas.dashed(&[(plot.left, at), (plot.right, at)], bound, 2.0);
    }
}

fn stroke(sheet: &mut Sheet, points: &[(f64, f64)], colour: Rgb, dashed: bool) {
    if dashed {
        sheet.canvas.dashed(points, colour, 2.0);
    } else {
        sheet.canvas.line(points.to_vec(), colour, 2.0);
    }
}
