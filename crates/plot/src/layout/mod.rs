//! From a figure to a canvas: the frame with title, subtitle and notes, and what is in it.
//!
//! Widths of texts are measured before places are given out: what does not fit is cut with an ellipsis or left out.

mod density;
mod graph;
mod heat_map;
mod lanes;
mod lines;
mod rows;
mod scatter;
#[cfg(test)]
mod tests;

use crate::axis::{Laid, Title};
use crate::canvas::{Anchor, Canvas, Text};
use crate::figure::{Content, Figure};
use crate::font;
use crate::theme::{Colour, Rgb, Theme};

/// Units of the layout of a picture of the usual size.
pub(crate) const USUAL: (f64, f64) = (960.0, 540.0);

const MARGIN: f64 = 28.0;
const TITLE: f64 = 20.0;
const SUBTITLE: f64 = 13.0;
pub(crate) const LABEL: f64 = 12.5;
const NOTE: f64 = 11.0;

/// A part of the picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Frame {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(crate) fn x(&self, place: f64) -> f64 {
        self.left + place * self.width()
    }

    pub(crate) fn y(&self, place: f64) -> f64 {
        self.bottom - place * self.height()
    }
}

/// A canvas with the colours of its theme.
pub(crate) struct Sheet {
    pub canvas: Canvas,
    pub theme: Theme,
}

/// Room for the labels of an upright axis, at most.
const RISE_ROOM: f64 = 110.0;

/// From one line of the title of an axis to the next.
pub(crate) const TITLE_LINE: f64 = 15.0;

/// Returns the title of an upright axis in lines, and how much room they take with what keeps them from labels.
pub(crate) fn upright_title(title: &Title, room: f64) -> (Vec<String>, f64) {
    let lines = title.fitted(LABEL, room, 2);
    let wide = 22.0 + TITLE_LINE * lines.len().saturating_sub(1) as f64;
    (lines, wide)
}

impl Sheet {
    pub(crate) fn rgb(&self, colour: Colour) -> Rgb {
        self.theme.rgb(colour)
    }

    pub(crate) fn label(&mut self, (x, y): (f64, f64), text: &str, anchor: Anchor, colour: Colour) {
        self.write((x, y), text, anchor, colour, LABEL, false);
    }

    pub(crate) fn write(
        &mut self,
        (x, y): (f64, f64),
        text: &str,
        anchor: Anchor,
        colour: Colour,
        size: f64,
        bold: bool,
    ) {
        let colour = self.rgb(colour);
        self.canvas.text(Text { x, y, text: text.to_string(), size, bold, anchor, colour, upright: false });
    }

    /// A ring around a point, which is left as it is: what is there is not decided.
    pub(crate) fn ring(&mut self, (x, y): (f64, f64), colour: Colour) {
        const RADIUS: f64 = 7.0;
        const STEPS: usize = 24;
        let at = |step: usize| {
            let angle = step as f64 / STEPS as f64 * std::f64::consts::TAU;
            (x + RADIUS * angle.cos(), y + RADIUS * angle.sin())
        };
        let rgb = self.rgb(colour);
        self.canvas.line((0..=STEPS).map(at).collect(), rgb, 1.5);
    }

    /// A cross at a point: it is missed there.
    pub(crate) fn cross(&mut self, (x, y): (f64, f64), colour: Colour) {
        const HALF: f64 = 4.2;
        let rgb = self.rgb(colour);
        self.canvas.line(vec![(x - HALF, y - HALF), (x + HALF, y + HALF)], rgb, 2.2);
        self.canvas.line(vec![(x - HALF, y + HALF), (x + HALF, y - HALF)], rgb, 2.2);
    }

    /// Lines across a plot at the ticks of its upright axis, and what they are; what would overlap is left out.
    pub(crate) fn rise(&mut self, frame: Frame, y: &Laid) {
        let grid = self.rgb(Colour::Grid);
        let mut free = f64::INFINITY;
        for (value, label) in &y.ticks {
            let at = frame.y(y.place(*value));
            self.canvas.line(vec![(frame.left, at), (frame.right, at)], grid, 1.0);
            if at + 0.5 * LABEL > free {
                continue;
            }
            free = at - 0.7 * LABEL;
            let label = font::cut(label, LABEL, false, RISE_ROOM);
            self.label((frame.left - 7.0, at + 0.36 * LABEL), &label, Anchor::End, Colour::Quiet);
        }
    }

    /// Room that the labels of an upright axis take.
    pub(crate) fn rise_width(y: &Laid) -> f64 {
        let widths = y.ticks.iter().map(|(_, label)| font::width(label, LABEL, false));
        widths.fold(0.0, f64::max).min(RISE_ROOM)
    }

    /// From bottom to top, around a middle: lines from left to right.
    pub(crate) fn upright(&mut self, x: f64, middle: f64, lines: &[String]) {
        let colour = self.rgb(Colour::Quiet);
        for (at, line) in lines.iter().enumerate() {
            self.canvas.text(Text {
                x: x + at as f64 * TITLE_LINE,
                y: middle,
                text: line.clone(),
                size: LABEL,
                bold: false,
                anchor: Anchor::Middle,
                colour,
                upright: true,
            });
        }
    }

    /// The title of an axis that runs from left to right, around a middle.
    pub(crate) fn below(&mut self, middle: (f64, f64), title: &Title, room: f64) {
        for line in title.fitted(LABEL, room, 1) {
            self.label(middle, &line, Anchor::Middle, Colour::Quiet);
        }
    }

    /// Labels below an axis, without those that would touch one that is there.
    pub(crate) fn ticks_below(&mut self, frame: Frame, y: f64, ticks: &[(f64, String)], names: bool) {
        let widest = ticks.iter().map(|(_, label)| font::width(label, LABEL, false)).fold(0.0, f64::max);
        let apart = if ticks.len() > 1 {
            let places: Vec<f64> = ticks.iter().map(|(place, _)| frame.x(*place)).collect();
            places.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::INFINITY, f64::min)
        } else {
            frame.width()
        };
        // Names are cut before they are left out; half a number would be another one.
        let room = if names && apart >= 44.0 { (apart - 8.0).max(36.0) } else { widest };
        let labels: Vec<&str> = ticks.iter().map(|(_, label)| label.as_str()).collect();
        let mut free = 0.0;
        for ((place, _), label) in ticks.iter().zip(font::told_apart(&labels, LABEL, false, room)) {
            let half = font::width(&label, LABEL, false) / 2.0;
            let middle = frame.x(*place).clamp(half + 2.0, (self.canvas.width - half - 2.0).max(half + 2.0));
            if middle - half < free {
                continue;
            }
            free = middle + half + 6.0;
            self.label((middle, y), &label, Anchor::Middle, Colour::Quiet);
        }
    }
}

/// The sides of a rectangle as one line.
pub(crate) fn outline([left, top, right, bottom]: [f64; 4]) -> Vec<(f64, f64)> {
    vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
}

/// How the legend shows what it names.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Key {
    Line,
    Dashes,
    Block,
    Dot,
    Bound,
    Span,
    Shade,
    /// Around a point.
    Ring,
    Cross,
    /// Around cells.
    Frame,
    DashedFrame,
}

const LEGEND_LINE: f64 = 19.0;

/// Where an entry of a legend is: how far right, on which line, and what is written there.
type Entry = (f64, usize, String);

/// Gives places to the entries of a legend, and to what says that more have no room.
fn arranged(frame: Frame, entries: &[(String, Colour, Key)]) -> (Vec<Entry>, Option<Entry>) {
    const LINES: usize = 3;
    let (mut x, mut line) = (frame.left, 0);
    let mut places = Vec::new();
    let names: Vec<&str> = entries.iter().map(|(name, ..)| name.as_str()).collect();
    let names = font::told_apart(&names, LABEL, false, (frame.width() - 30.0).min(420.0));
    for (at, name) in names.into_iter().enumerate() {
        let wide = 24.0 + font::width(&name, LABEL, false) + 18.0;
        // The last line keeps room to say how many are left out.
        let rest = entries.len() - at;
        let keep = if line + 1 == LINES && rest > 1 { 90.0 } else { 0.0 };
        if x + wide - 18.0 > frame.right - keep && x > frame.left {
            if line + 1 == LINES {
                let more = font::cut(&format!("and {rest} more"), LABEL, false, frame.right - x);
                return (places, Some((x, line, more)));
            }
            (x, line) = (frame.left, line + 1);
        }
        places.push((x, line, name));
        x += wide;
    }
    (places, None)
}

/// Returns how high a legend is.
pub(crate) fn legend_height(frame: Frame, entries: &[(String, Colour, Key)]) -> f64 {
    let (places, _) = arranged(frame, entries);
    places.last().map_or(0.0, |(_, line, _)| LEGEND_LINE * (line + 1) as f64 + 4.0)
}

/// Writes a legend from the top left of a frame; returns how high it is.
pub(crate) fn legend(sheet: &mut Sheet, frame: Frame, entries: &[(String, Colour, Key)]) -> f64 {
    let (places, more) = arranged(frame, entries);
    for ((x, line, name), (_, colour, key)) in places.into_iter().zip(entries) {
        let y = frame.top + LEGEND_LINE * line as f64 + 12.0;
        let rgb = sheet.rgb(*colour);
        let middle = y - 4.0;
        match key {
            Key::Line => sheet.canvas.line(vec![(x, middle), (x + 18.0, middle)], rgb, 2.4),
            Key::Dashes => sheet.canvas.dashed(&[(x, middle), (x + 18.0, middle)], rgb, 1.8),
            Key::Block => sheet.canvas.rect([x + 2.0, y - 10.0, x + 16.0, y + 1.0], rgb, 1.0),
            Key::Dot => sheet.canvas.dot((x + 9.0, middle), 4.0, rgb),
            Key::Bound => sheet.canvas.line(vec![(x + 1.0, middle), (x + 17.0, middle)], rgb, 4.0),
            Key::Shade => {
                // With a rim: it is pale, and some screens show it as the ground.
                let sides = [x + 2.0, y - 11.0, x + 16.0, y + 2.0];
                sheet.canvas.rect(sides, rgb, 0.3);
                sheet.canvas.line(outline(sides), rgb, 0.8);
            }
            Key::Ring => sheet.ring((x + 9.0, middle), *colour),
            Key::Cross => sheet.cross((x + 9.0, middle), *colour),
            Key::Frame => {
                sheet.canvas.line(outline([x + 2.0, y - 10.0, x + 16.0, y + 1.0]), rgb, 3.0);
            }
            Key::DashedFrame => {
                sheet.canvas.dashed(&outline([x + 2.0, y - 10.0, x + 16.0, y + 1.0]), rgb, 1.6);
            }
            Key::Span => {
                sheet.canvas.rect([x + 2.0, y - 11.0, x + 16.0, y + 2.0], rgb, 0.22);
                sheet.canvas.line(vec![(x + 9.0, y - 11.0), (x + 9.0, y + 2.0)], rgb, 1.6);
            }
        }
        sheet.label((x + 24.0, y), &name, Anchor::Start, Colour::Ink);
    }
    if let Some((x, line, more)) = more {
        sheet.label((x, frame.top + LEGEND_LINE * line as f64 + 12.0), &more, Anchor::Start, Colour::Quiet);
    }
    legend_height(frame, entries)
}

/// Returns the width and height that a figure wants: long lists are higher, and drawings of many parts wider.
pub(crate) fn wanted(figure: &Figure) -> (f64, f64) {
    let high = match &figure.content {
        Content::Rows(rows) => {
            let notes = NOTE * 1.35 * figure.notes.len() as f64;
            (190.0 + notes + rows::ROW * rows.rows.len() as f64).clamp(240.0, 1600.0)
        }
        Content::HeatMap(map) => (220.0 + 34.0 * map.y_names.len() as f64).clamp(USUAL.1, 800.0),
        Content::Lines(lines) => {
            let panels = lines.panels.len().saturating_sub(2) as f64;
            (USUAL.1 + 120.0 * panels + lines::usual_rows_height(lines)).min(1400.0)
        }
        Content::Density(_) | Content::Scatter(_) => USUAL.1,
        Content::Graph(of) => return graph::wanted(of),
        Content::Nothing(_) => 300.0,
    };
    (USUAL.0, high)
}

/// Lays out a figure.
pub(crate) fn canvas(figure: &Figure, theme: Theme, width: f64, height: f64) -> Canvas {
    let canvas =
        Canvas { width, height, ground: theme.ground(), title: figure.title.clone(), marks: Vec::new() };
    let mut sheet = Sheet { canvas, theme };
    let (left, right) = (MARGIN, width - MARGIN);
    let room = right - left;
    let mut y = 18.0;
    for line in font::wrapped(&figure.title, TITLE, true, room, 2) {
        y += TITLE * 1.2;
        sheet.write((left, y - 4.0), &line, Anchor::Start, Colour::Ink, TITLE, true);
    }
    y += 4.0;
    for line in font::wrapped(&figure.subtitle, SUBTITLE, false, room, 2) {
        y += SUBTITLE * 1.35;
        sheet.write((left, y), &line, Anchor::Start, Colour::Quiet, SUBTITLE, false);
    }
    let mut notes: Vec<String> = figure.notes.clone();
    let frame = Frame { left, top: y + 14.0, right, bottom: height - 14.0 };
    // Whatever the content finds out while it is laid out is said below it: so notes get their room first.
    notes.extend(found(figure, frame));
    let before_notes = frame;
    let mut lines: Vec<String> =
        notes.iter().flat_map(|note| font::wrapped(note, NOTE, false, room, 3)).collect();
    let most = ((frame.height() * 0.3) / (NOTE * 1.35)).floor().max(1.0) as usize;
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = font::cut(&format!("{last} …"), NOTE, false, room);
        }
    }
    let high = lines.len() as f64 * NOTE * 1.35;
    for (at, line) in lines.iter().enumerate() {
        let y = height - 14.0 - high + (at as f64 + 0.8) * NOTE * 1.35;
        sheet.write((left, y), line, Anchor::Start, Colour::Quiet, NOTE, false);
    }
    let frame = Frame { bottom: height - 14.0 - high - if lines.is_empty() { 4.0 } else { 10.0 }, ..frame };
    match &figure.content {
        Content::Nothing(why) => nothing(&mut sheet, frame, why),
        Content::Lines(of) => lines::draw(&mut sheet, frame, of, lines::fitting(of, before_notes)),
        Content::Rows(of) => rows::draw(&mut sheet, frame, of, rows::fitting(of, before_notes)),
        Content::HeatMap(of) => heat_map::draw(&mut sheet, frame, of),
        Content::Density(of) => density::draw(&mut sheet, frame, of),
        Content::Scatter(of) => scatter::draw(&mut sheet, frame, of),
        Content::Graph(of) => graph::draw(&mut sheet, frame, of),
    }
    sheet.canvas
}

fn found(figure: &Figure, frame: Frame) -> Vec<String> {
    match &figure.content {
        Content::Nothing(_) => Vec::new(),
        Content::Lines(of) => lines::notes(of, frame),
        Content::Rows(of) => rows::notes(of, frame),
        Content::HeatMap(of) => heat_map::notes(of),
        Content::Density(_) => Vec::new(),
        Content::Scatter(of) => scatter::notes(of),
        Content::Graph(of) => graph::notes(of, frame),
    }
}

pub(crate) fn nothing(sheet: &mut Sheet, frame: Frame, why: &str) {
    let ground = sheet.rgb(Colour::Grid);
    let Frame { left, top, right, bottom } = frame;
    sheet.canvas.rect([left, top, right, bottom], ground, 0.4);
    let lines = font::wrapped(why, 15.0, false, frame.width() - 60.0, 4);
    let first = f64::midpoint(top, bottom) - (lines.len() as f64 - 1.0) * 11.0 + 5.0;
    for (at, line) in lines.iter().enumerate() {
        let place = (f64::midpoint(left, right), first + at as f64 * 22.0);
        sheet.write(place, line, Anchor::Middle, Colour::Quiet, 15.0, false);
    }
}
