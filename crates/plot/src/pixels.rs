//! A picture of pixels: drawn three times as large, letters by the embedded font, and averaged.

use ab_glyph::{Font, Glyph, PxScale, point};
use plotters::prelude::BitMapBackend;

use crate::canvas::{Anchor, Canvas, Mark, Text, Way, draw};
use crate::font;
use crate::theme::Rgb;

/// Pixels drawn for one that is kept, along each side: plotters' areas have stairs for edges.
const SAMPLES: u32 = 3;

/// Returns a canvas as PNG.
pub(crate) fn png(canvas: &Canvas, width: u32, height: u32) -> Vec<u8> {
    let (wide, high) = (width * SAMPLES, height * SAMPLES);
    let scale = (f64::from(wide) / canvas.width).min(f64::from(high) / canvas.height);
    let Rgb(r, g, b) = canvas.ground;
    let mut buffer = [r, g, b].repeat((wide * high) as usize);
    for run in canvas.marks.chunk_by(|a, b| matches!(a, Mark::Text(_)) == matches!(b, Mark::Text(_))) {
        if matches!(run[0], Mark::Text(_)) {
            for mark in run {
                if let Mark::Text(text) = mark {
                    letters(&mut buffer, (wide, high), text, scale);
                }
            }
        } else {
            let mut backend = BitMapBackend::with_buffer(&mut buffer, (wide, high));
            for mark in run {
                draw(&mut backend, mark, scale, Way::Pixels);
            }
        }
    }
    encoded(&averaged(&buffer, width, height), width, height)
}

fn letters(buffer: &mut [u8], (wide, high): (u32, u32), text: &Text, scale: f64) {
    let font = font::font(text.bold);
    let size = text.size * scale;
    // ab_glyph wants the height of the font, we give the size of its em.
    let per_em = f64::from(font.units_per_em().unwrap_or(2048.0));
    let px = PxScale::from((size * f64::from(font.height_unscaled()) / per_em) as f32);
    let length = font::width(&text.text, size, text.bold);
    let mut pen = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -length / 2.0,
        Anchor::End => -length,
    };
    let (origin_x, origin_y) = (text.x * scale, text.y * scale);
    let colour = [text.colour.0, text.colour.1, text.colour.2];
    for c in text.text.chars() {
        // What the font does not have is a box, not a gap.
        let id = if font::has(c) { font.glyph_id(c) } else { font.glyph_id('□') };
        let glyph = Glyph { id, scale: px, position: point(pen as f32, 0.0) };
        pen += font::advance(c, text.bold) * size;
        let Some(outlined) = font.outline_glyph(glyph) else { continue };
        let bounds = outlined.px_bounds();
        outlined.draw(|x, y, share| {
            let (along, down) =
                (f64::from(bounds.min.x) + f64::from(x), f64::from(bounds.min.y) + f64::from(y));
            let (x, y) = if text.upright {
                (origin_x + down, origin_y - along)
            } else {
                (origin_x + along, origin_y + down)
            };
            if x < 0.0 || y < 0.0 || x >= f64::from(wide) || y >= f64::from(high) {
                return;
            }
            let at = (y as usize * wide as usize + x as usize) * 3;
            for (pixel, ink) in buffer[at..at + 3].iter_mut().zip(colour) {
                let share = share.clamp(0.0, 1.0);
                *pixel = (f32::from(*pixel) + (f32::from(ink) - f32::from(*pixel)) * share).round() as u8;
            }
        });
    }
}

/// Makes one pixel of [`SAMPLES`] times as many.
fn averaged(buffer: &[u8], width: u32, height: u32) -> Vec<u8> {
    let (samples, row) = (SAMPLES as usize, (width * SAMPLES) as usize * 3);
    let mut all = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height as usize {
        for x in 0..width as usize {
            for c in 0..3 {
                let mut sum = 0_u32;
                for dy in 0..samples {
                    for dx in 0..samples {
                        sum += u32::from(buffer[(y * samples + dy) * row + (x * samples + dx) * 3 + c]);
                    }
                }
                all.push(((sum + SAMPLES * SAMPLES / 2) / (SAMPLES * SAMPLES)) as u8);
            }
        }
    }
    all
}

fn encoded(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a Vec takes everything");
    writer.write_image_data(pixels).expect("as many pixels as were announced");
    writer.finish().expect("a Vec takes everything");
    bytes
}
