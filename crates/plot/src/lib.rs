//! Figures from stored results, as SVG and PNG.
//!
//! [`read`] makes plain data of what the verbs wrote with `--format json`, [`figures`] says what is to be seen in it,
//! and [`Picture`] draws it. Nothing here needs a simulation, a font of the machine or a clock: the same results give
//! the same bytes.
//!
//! ```text
//! JSON ── results ── figures ── figure (plain data) ── layout ── canvas ── plotters' backends
//! ```

mod axis;
mod canvas;
mod figure;
mod figures;
mod font;
mod layout;
#[cfg(feature = "png")]
mod pixels;
pub mod results;
mod theme;

pub use axis::{Axis, Scale};
pub use figure::{
    Cell, Column, Content, Density, Figure, Graph, GraphEdge, GraphNode, HeatCell, HeatMap, Interval, Lane,
    Lines, Outcome, Panel, Row, Rows, Rule, Scatter, ScatterPoint, Series, Shade, Shape, Span,
};
pub use figures::{ParetoError, figures, lanes, pareto, unit as unit_of};
pub use results::{ReadError, Results, open, read};
pub use theme::{
    Colour, PERCENTILES, Palette, Rgb, SLOTS, Theme, breaker_slot, fault_slot, percentile_slot, status_slot,
};

/// Sides of pictures that are drawn \[pixels\]: letters are unreadable on smaller ones, memory ends on larger ones.
pub const SIDES: std::ops::RangeInclusive<u32> = 240..=4096;

/// How far one side may be longer than the other.
pub const RATIO_MOST: u32 = 4;

/// How a figure becomes a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its colours.
    pub theme: Theme,
    /// Width and height \[pixels\]; as the figure wants it if not given. A larger picture is the same one larger.
    pub size: Option<(u32, u32)>,
}

/// Pixels of a PNG in one unit of the layout, if no size is given: sharp on a slide.
#[cfg(feature = "png")]
const PNG_PIXELS: f64 = 2.0;

impl Picture {
    /// Draws a figure as SVG.
    pub fn svg(self, figure: &Figure) -> String {
        let (canvas, width, height) = self.laid(figure, 1.0);
        canvas.svg(width, height)
    }

    /// Draws a figure as PNG.
    #[cfg(feature = "png")]
    pub fn png(self, figure: &Figure) -> Vec<u8> {
        let (mut canvas, mut width, mut height) = self.laid(figure, PNG_PIXELS);
        if canvas.letters().any(|c| !font::has(c)) {
            let mut figure = figure.clone();
            figure.notes.push("Boxes are letters that PNG has no font for; the SVG shows them.".to_string());
            (canvas, width, height) = self.laid(&figure, PNG_PIXELS);
        }
        canvas.png(width, height)
    }

    fn laid(self, figure: &Figure, pixels: f64) -> (canvas::Canvas, u32, u32) {
        let most = f64::from(*SIDES.end());
        let (width, height, scale) = match self.size {
            None => {
                let (wide, high) = layout::wanted(figure);
                let scale = pixels.min(most / wide).min(most / high);
                ((wide * scale).round() as u32, (high * scale).round() as u32, scale)
            }
            Some((width, height)) => {
                let [width, height] = [width, height].map(|side| side.clamp(*SIDES.start(), *SIDES.end()));
                // A picture of another size shows as much: it is laid out on the usual area.
                let area = f64::from(width) * f64::from(height);
                (width, height, (area / (layout::USUAL.0 * layout::USUAL.1)).sqrt())
            }
        };
        let canvas = layout::canvas(figure, self.theme, f64::from(width) / scale, f64::from(height) / scale);
        (canvas, width, height)
    }
}
