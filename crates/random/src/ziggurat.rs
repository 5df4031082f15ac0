//! Exponential and normal draws: one number, one multiplication and one comparison in 98 of 100 cases.
//!
//! The strip is chosen by the lowest 8 bits of a number and the place in it by the highest 53, which do not overlap:
//! the original method used the same bits for both, and failed tests of uniformity (Doornik 2005).
//!
//! # Source
//! Marsaglia and Tsang, "The Ziggurat Method for Generating Random Variables", J. Stat. Softw. 5(8), 2000; the tail
//! of the normal: Marsaglia, "Generating a variable from the tail of the normal distribution", Technometrics 6, 1964.

use crate::stream::{Stream, UNIT};
use crate::ziggurat_tables::{
    EXPONENTIAL_F, EXPONENTIAL_TAIL, EXPONENTIAL_X, NORMAL_F, NORMAL_TAIL, NORMAL_X,
};

/// Draws an exponential of mean 1.
#[inline]
pub(crate) fn exponential(stream: &mut Stream) -> f64 {
    let bits = stream.next_u64();
    let layer = (bits & 0xff) as usize;
    let x = (bits >> 11) as f64 * UNIT * EXPONENTIAL_X[layer];
    if x < EXPONENTIAL_X[layer + 1] { x } else { exponential_edge(stream, layer, x) }
}

/// Draws an exponential of mean 1 from a key, see [`uniform_from_key`](crate::uniform_from_key): what more than one
/// number is needed for comes from the stream of that key.
#[inline(always)]
pub(crate) fn exponential_from_key(key: u64) -> f64 {
    let layer = (key & 0xff) as usize;
    let x = (key >> 11) as f64 * UNIT * EXPONENTIAL_X[layer];
    if x < EXPONENTIAL_X[layer + 1] { x } else { exponential_edge_from_key(key, layer, x) }
}

#[cold]
#[inline(never)]
fn exponential_edge_from_key(key: u64, layer: usize, x: f64) -> f64 {
    exponential_edge(&mut Stream::from_key(key), layer, x)
}

/// Settles a draw that fell outside the part of its strip which lies wholly under the density.
#[cold]
#[inline(never)]
fn exponential_edge(stream: &mut Stream, mut layer: usize, mut x: f64) -> f64 {
    loop {
        if layer == 0 {
            // No memory: beyond the start of the tail, the rest is exponential again.
            return EXPONENTIAL_TAIL - libm::log(1.0 - stream.uniform());
        }
        let height =
            EXPONENTIAL_F[layer] + (EXPONENTIAL_F[layer + 1] - EXPONENTIAL_F[layer]) * stream.uniform();
        if height < libm::exp(-x) {
            return x;
        }
        let bits = stream.next_u64();
        layer = (bits & 0xff) as usize;
        x = (bits >> 11) as f64 * UNIT * EXPONENTIAL_X[layer];
        if x < EXPONENTIAL_X[layer + 1] {
            return x;
        }
    }
}

/// Draws a normal of mean 0 and standard deviation 1.
#[inline]
pub(crate) fn normal(stream: &mut Stream) -> f64 {
    let bits = stream.next_u64();
    let layer = (bits & 0xff) as usize;
    let x = signed(bits) * NORMAL_X[layer];
    if x.abs() < NORMAL_X[layer + 1] { x } else { normal_edge(stream, layer, x) }
}

/// Settles a draw that fell outside the part of its strip which lies wholly under the density.
#[cold]
#[inline(never)]
fn normal_edge(stream: &mut Stream, mut layer: usize, mut x: f64) -> f64 {
    loop {
        if layer == 0 {
            return normal_tail(stream).copysign(x);
        }
        let height = NORMAL_F[layer] + (NORMAL_F[layer + 1] - NORMAL_F[layer]) * stream.uniform();
        if height < libm::exp(-0.5 * x * x) {
            return x;
        }
        let bits = stream.next_u64();
        layer = (bits & 0xff) as usize;
        x = signed(bits) * NORMAL_X[layer];
        if x.abs() < NORMAL_X[layer + 1] {
            return x;
        }
    }
}

fn normal_tail(stream: &mut Stream) -> f64 {
    loop {
        let beyond = -libm::log(1.0 - stream.uniform()) / NORMAL_TAIL;
        let bound = -libm::log(1.0 - stream.uniform());
        if 2.0 * bound > beyond * beyond {
            return NORMAL_TAIL + beyond;
        }
    }
}

/// Returns the highest 53 bits as a number from [-1, 1).
#[inline]
fn signed(bits: u64) -> f64 {
    ((bits as i64) >> 11) as f64 * (2.0 * UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::normal_cdf;

    const SQRT_HALF_PI: f64 = 1.253_314_137_315_500_3;

    #[test]
    fn all_strips_have_the_same_area_and_the_top_one_ends_at_the_top() {
        check_areas(
            &EXPONENTIAL_X,
            &EXPONENTIAL_F,
            EXPONENTIAL_TAIL,
            |x| libm::exp(-x),
            libm::exp(-EXPONENTIAL_TAIL),
        );
        let tail = SQRT_HALF_PI * libm::erfc(NORMAL_TAIL / std::f64::consts::SQRT_2);
        check_areas(&NORMAL_X, &NORMAL_F, NORMAL_TAIL, |x| libm::exp(-0.5 * x * x), tail);
    }

    fn check_areas(x: &[f64; 257], f: &[f64; 257], start: f64, density: fn(f64) -> f64, tail: f64) {
        let area = start * density(start) + tail;
        assert!((x[0] * f[1] / area - 1.0).abs() < 1e-13);
        assert_eq!((x[1], x[256], f[256]), (start, 0.0, 1.0));
        for i in 0..257 {
            assert!((f[i] / density(x[i]) - 1.0).abs() < 1e-14, "density {i}");
        }
        for i in 1..256 {
            assert!(x[i + 1] < x[i]);
            // The difference of two densities near 1 keeps 12 digits.
            assert!((x[i] * (f[i + 1] - f[i]) / area - 1.0).abs() < 1e-12, "area {i}");
        }
    }

    /// 200 cells of equal probability, n = 1 000 000: with 199 degrees of freedom chi-square passes 293 once in
    /// 60 000. A wrong wedge in any strip moves some hundred draws between neighbouring cells.
    #[test]
    fn draws_fall_evenly_over_the_cells_of_the_exact_law() {
        let n = 1_000_000;
        let mut stream = Stream::named(1, 0, "ziggurat", "cells");
        for (name, law) in laws() {
            let mut cells = [0.0; 200];
            for _ in 0..n {
                let place = law(&mut stream) * 200.0;
                cells[(place as usize).min(199)] += 1.0;
            }
            let expected = f64::from(n) / 200.0;
            let chi_square: f64 =
                cells.iter().map(|count| (count - expected) * (count - expected) / expected).sum();
            assert!(chi_square < 293.0, "{name}: {chi_square}");
        }
    }

    /// Draws, and says where the draw lies.
    type Placed = fn(&mut Stream) -> f64;
    /// The probability of more than this.
    type Above = fn(f64) -> f64;

    fn laws() -> [(&'static str, Placed); 2] {
        [
            ("exponential", |stream| -libm::expm1(-stream.exponential())),
            ("normal", |stream| normal_cdf(stream.normal())),
        ]
    }

    /// A wedge accepted too often or too seldom puts too many or too few draws into the farther half of its strip.
    /// n = 4 000 000; how many do so over all strips has standard error sqrt(n) / 2, and 4.5 are allowed.
    #[test]
    fn within_the_strips_draws_lie_as_near_to_the_middle_as_they_should() {
        let n = 4_000_000;
        let mut stream = Stream::named(1, 0, "ziggurat", "wedges");
        let tables: [(&[f64; 257], Above, Placed); 2] = [
            (&EXPONENTIAL_X, |x| libm::exp(-x), |stream| stream.exponential()),
            (&NORMAL_X, |x| 2.0 * normal_cdf(-x), |stream| stream.normal().abs()),
        ];
        for (x, above, draw) in tables {
            // From X[1] on the widths are the strips' ends, falling to 0; beyond X[1] lies the tail.
            let middle = |i: usize| 0.5 * (x[i] + x[i + 1]);
            let expected: f64 = (1..256).map(|i| above(middle(i)) - above(x[i])).sum::<f64>() * f64::from(n);
            let mut farther = 0;
            for _ in 0..n {
                let value = draw(&mut stream);
                if value < x[1] {
                    let strip = x.partition_point(|end| *end > value) - 1;
                    farther += i32::from(value > middle(strip));
                }
            }
            let off = (f64::from(farther) - expected) / (0.5 * f64::from(n).sqrt());
            assert!(off.abs() < 4.5, "{off} standard errors");
        }
    }

    /// The tail beyond the last strip: how often it is reached in n = 4 000 000 draws (5 standard errors), and where
    /// draws fall within it (see `check_tail`).
    #[test]
    fn the_tail_is_reached_as_often_as_it_should_and_follows_the_exact_law() {
        let n = 4_000_000;
        let mut stream = Stream::named(1, 0, "ziggurat", "tail");
        let mut exponential = Vec::new();
        let (mut normal, mut negative) = (0.0_f64, 0.0_f64);
        for _ in 0..n {
            let x = stream.exponential();
            if x > EXPONENTIAL_TAIL {
                exponential.push(-libm::expm1(EXPONENTIAL_TAIL - x));
            }
            let z = stream.normal();
            if z.abs() > NORMAL_TAIL {
                normal += 1.0;
                negative += f64::from(u8::from(z < 0.0));
            }
        }
        for (reached, probability) in [
            (exponential.len() as f64, libm::exp(-EXPONENTIAL_TAIL)),
            (normal, 2.0 * normal_cdf(-NORMAL_TAIL)),
        ] {
            let expected = f64::from(n) * probability;
            assert!((reached - expected).abs() < 5.0 * expected.sqrt(), "{reached} for {expected}");
        }
        assert!((negative - normal / 2.0).abs() < 2.5 * normal.sqrt(), "{negative} of {normal}");
        check_tail(exponential);
        let place = |z: f64| 1.0 - normal_cdf(-z) / normal_cdf(-NORMAL_TAIL);
        check_tail((0..100_000).map(|_| place(normal_tail(&mut stream))).collect());
    }

    /// Kolmogorov-Smirnov against the uniform law: 2.23 / sqrt(n) is passed once in 10 000.
    fn check_tail(mut places: Vec<f64>) {
        let n = places.len() as f64;
        places.sort_by(f64::total_cmp);
        let distance = places
            .iter()
            .enumerate()
            .map(|(i, place)| (place - i as f64 / n).abs().max((place - (i + 1) as f64 / n).abs()))
            .fold(0.0, f64::max);
        assert!(distance < 2.23 / n.sqrt(), "{distance} of {n}");
    }
}
