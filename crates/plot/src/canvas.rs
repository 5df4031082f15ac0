//! A picture as a list of marks, and how plotters' backends draw it.
//!
//! Figures are laid out by us and not by plotters' charts: those let labels overlap and leave the picture, and need a
//! font of the machine. What a mark is and where it goes is known before anything is drawn, so tests can hold that no
//! two texts touch.

use plotters::prelude::{DrawingBackend, SVGBackend};
use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendColor, BackendStyle, BackendTextStyle, FontFamily, FontStyle, FontTransform};

use crate::font::{self, FAMILY};
use crate::theme::Rgb;

/// Units of an SVG in one unit of the layout: backends know whole numbers only.
const FINE: f64 = 10.0;

/// Where a text is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Letters.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub x: f64,
    /// Where the letters stand.
    pub y: f64,
    pub text: String,
    pub size: f64,
    pub bold: bool,
    pub anchor: Anchor,
    pub colour: Rgb,
    /// From bottom to top.
    pub upright: bool,
}

impl Text {
    /// Returns what it covers: left, top, right, bottom.
    #[cfg(test)]
    pub(crate) fn covers(&self) -> [f64; 4] {
        let wide = font::width(&self.text, self.size, self.bold);
        let before = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => wide / 2.0,
            Anchor::End => wide,
        };
        let (up, down) = (0.76 * self.size, 0.24 * self.size);
        if self.upright {
            [self.x - up, self.y - wide + before, self.x + down, self.y + before]
        } else {
            [self.x - before, self.y - up, self.x - before + wide, self.y + down]
        }
    }
}

/// One thing that is drawn.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    Area { points: Vec<(f64, f64)>, colour: Rgb, alpha: f64 },
    Line { points: Vec<(f64, f64)>, colour: Rgb, width: f64 },
    Dot { at: (f64, f64), radius: f64, colour: Rgb },
    Text(Text),
}

/// A picture before it is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Canvas {
    pub width: f64,
    pub height: f64,
    pub ground: Rgb,
    pub title: String,
    pub marks: Vec<Mark>,
}

impl Canvas {
    pub(crate) fn area(&mut self, points: Vec<(f64, f64)>, colour: Rgb, alpha: f64) {
        self.marks.push(Mark::Area { points, colour, alpha });
    }

    pub(crate) fn rect(&mut self, [x0, y0, x1, y1]: [f64; 4], colour: Rgb, alpha: f64) {
        self.area(vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, alpha);
    }

    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, colour: Rgb, width: f64) {
        self.marks.push(Mark::Line { points, colour, width });
    }

    /// A line of dashes.
    pub(crate) fn dashed(&mut self, points: &[(f64, f64)], colour: Rgb, width: f64) {
        self.strokes(points, colour, width, (6.0, 4.0, 0.0));
    }

    /// One of several lines in one place: each has its stretches of it, one after the other.
    pub(crate) fn in_turns(
        &mut self,
        points: &[(f64, f64)],
        colour: Rgb,
        width: f64,
        (nth, of): (usize, usize),
    ) {
        const EACH: f64 = 14.0;
        self.strokes(points, colour, width, (EACH, EACH * (of - 1) as f64, EACH * nth as f64));
    }

    /// A line with gaps: how long it is drawn, how long it is not, and how much is not before it begins.
    fn strokes(
        &mut self,
        points: &[(f64, f64)],
        colour: Rgb,
        width: f64,
        (on, off, before): (f64, f64, f64),
    ) {
        let mut drawing = before <= 0.0;
        let mut left = if drawing { on } else { before };
        for pair in points.windows(2) {
            let ((mut x, mut y), (to_x, to_y)) = (pair[0], pair[1]);
            loop {
                let rest = (to_x - x).hypot(to_y - y);
                if rest < 1e-6 {
                    break;
                }
                let step = rest.min(left);
                let next = (x + (to_x - x) * step / rest, y + (to_y - y) * step / rest);
                if drawing {
                    self.line(vec![(x, y), next], colour, width);
                }
                (x, y) = next;
                left -= step;
                if left < 1e-6 {
                    drawing = !drawing;
                    left = if drawing { on } else { off };
                }
            }
        }
    }

    pub(crate) fn dot(&mut self, at: (f64, f64), radius: f64, colour: Rgb) {
        self.marks.push(Mark::Dot { at, radius, colour });
    }

    pub(crate) fn text(&mut self, text: Text) {
        if !text.text.is_empty() {
            self.marks.push(Mark::Text(text));
        }
    }

    /// Returns all that is written.
    #[cfg(feature = "png")]
    pub(crate) fn letters(&self) -> impl Iterator<Item = char> {
        self.marks.iter().flat_map(|mark| match mark {
            Mark::Text(text) => text.text.chars(),
            _ => "".chars(),
        })
    }

    /// Returns it as SVG of so many pixels.
    pub(crate) fn svg(&self, width: u32, height: u32) -> String {
        let mut body = String::new();
        let inner = [self.width, self.height].map(|side| (side * FINE).round() as u32);
        let mut backend = SVGBackend::with_string(&mut body, (inner[0], inner[1]));
        for mark in &self.marks {
            draw(&mut backend, mark, FINE, Way::Svg);
        }
        // Nothing is written that could fail: the target is a text.
        let _ = backend.present();
        drop(backend);
        // plotters has a head of its own, without a size of its own and without words for those who cannot see.
        let body = body.split_once('\n').map_or("", |(_, rest)| rest);
        let title = escaped(&font::isolated(&self.title));
        let Rgb(r, g, b) = self.ground;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
             role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n<rect width=\"{}\" height=\"{}\" \
             fill=\"#{r:02X}{g:02X}{b:02X}\"/>\n{body}",
            inner[0], inner[1], inner[0], inner[1]
        )
    }

    /// Returns it as PNG of so many pixels.
    #[cfg(feature = "png")]
    pub(crate) fn png(&self, width: u32, height: u32) -> Vec<u8> {
        crate::pixels::png(self, width, height)
    }
}

/// How a backend wants its lines and letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Svg,
    /// Letters are drawn elsewhere; wide lines as areas, for plotters' own break at sharp corners.
    #[cfg(feature = "png")]
    Pixels,
}

struct Style {
    colour: Rgb,
    alpha: f64,
    width: u32,
}

impl BackendStyle for Style {
    fn color(&self) -> BackendColor {
        BackendColor { alpha: self.alpha, rgb: (self.colour.0, self.colour.1, self.colour.2) }
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}

struct Letters<'t> {
    text: &'t Text,
    size: f64,
}

impl BackendTextStyle for Letters<'_> {
    type FontError = std::convert::Infallible;

    fn color(&self) -> BackendColor {
        let Rgb(r, g, b) = self.text.colour;
        BackendColor { alpha: 1.0, rgb: (r, g, b) }
    }

    fn size(&self) -> f64 {
        self.size
    }

    fn transform(&self) -> FontTransform {
        if self.text.upright { FontTransform::Rotate270 } else { FontTransform::None }
    }

    fn style(&self) -> FontStyle {
        if self.text.bold { FontStyle::Bold } else { FontStyle::Normal }
    }

    fn anchor(&self) -> Pos {
        let h = match self.text.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        Pos::new(h, VPos::Top)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(FAMILY)
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Self::FontError> {
        let wide = font::width(text, self.size, self.text.bold);
        Ok(((0, 0), (wide.ceil() as i32, self.size.ceil() as i32)))
    }

    fn draw<E, F: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        _: &str,
        _: (i32, i32),
        _: F,
    ) -> Result<Result<(), E>, Self::FontError> {
        Ok(Ok(()))
    }
}

/// Draws a mark; a backend that writes to memory refuses nothing.
pub(crate) fn draw<B: DrawingBackend>(backend: &mut B, mark: &Mark, scale: f64, way: Way) {
    let at = |(x, y): (f64, f64)| ((x * scale).round() as i32, (y * scale).round() as i32);
    match mark {
        Mark::Area { points, colour, alpha } => {
            let style = Style { colour: *colour, alpha: *alpha, width: 1 };
            match rectangle(points) {
                Some((from, to)) => {
                    let _ = backend.draw_rect(at(from), at(to), &style, true);
                }
                None => {
                    let _ = backend.fill_polygon(points.iter().map(|p| at(*p)), &style);
                }
            }
        }
        Mark::Line { points, colour, width } => {
            let style = Style { colour: *colour, alpha: 1.0, width: (width * scale).round().max(1.0) as u32 };
            if way == Way::Svg {
                let _ = backend.draw_path(points.iter().map(|p| at(*p)), &style);
                return;
            }
            for pair in points.windows(2) {
                let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
                let long = (x1 - x0).hypot(y1 - y0);
                if long < 1e-9 {
                    continue;
                }
                let (nx, ny) = (-(y1 - y0) / long * width / 2.0, (x1 - x0) / long * width / 2.0);
                let corners =
                    [(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)];
                let mark = Mark::Area { points: corners.to_vec(), colour: *colour, alpha: 1.0 };
                draw(backend, &mark, scale, way);
            }
            if *width > 1.5 {
                for point in points.iter().skip(1).take(points.len().saturating_sub(2)) {
                    let _ =
                        backend.draw_circle(at(*point), (width / 2.0 * scale).round() as u32, &style, true);
                }
            }
        }
        Mark::Dot { at: centre, radius, colour } => {
            let style = Style { colour: *colour, alpha: 1.0, width: 1 };
            let _ = backend.draw_circle(at(*centre), (radius * scale).round().max(1.0) as u32, &style, true);
        }
        Mark::Text(text) => {
            // plotters writes the size divided by 1.24, and 0.76 of it below the top.
            let letters = Letters { text, size: text.size * scale * 1.24 };
            let up = 0.76 * text.size;
            let top = if text.upright { (text.x - up, text.y) } else { (text.x, text.y - up) };
            let _ = backend.draw_text(&font::isolated(&text.text), &letters, at(top));
        }
    }
}

/// Returns the corners, if it is a rectangle that stands upright.
fn rectangle(points: &[(f64, f64)]) -> Option<((f64, f64), (f64, f64))> {
    let [a, b, c, d] = points else { return None };
    let even = |p: f64, q: f64| (p - q).abs() < 1e-9;
    let flat = even(a.1, b.1) && even(b.0, c.0) && even(c.1, d.1) && even(d.0, a.0);
    let steep = even(a.0, b.0) && even(b.1, c.1) && even(c.0, d.0) && even(d.1, a.1);
    let low = (a.0.min(c.0), a.1.min(c.1));
    let high = (a.0.max(c.0), a.1.max(c.1));
    (flat || steep).then_some((low, high))
}

/// Escapes what means something in SVG.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            c => escaped.push(c),
        }
    }
    escaped
}
