//! Integration of smooth functions over an interval.

/// Abscissas of the ten-point Gauss–Legendre rule on [-1, 1], positive half.
///
/// Source: Abramowitz & Stegun, "Handbook of Mathematical Functions" (1964), table 25.4.
const ABSCISSAS: [f64; 5] = [
    0.148_874_338_981_631_22,
    0.433_395_394_129_247_2,
    0.679_409_568_299_024_4,
    0.865_063_366_688_984_5,
    0.973_906_528_517_171_7,
];
/// Their weights.
const WEIGHTS: [f64; 5] = [
    0.295_524_224_714_752_87,
    0.269_266_719_309_996_35,
    0.219_086_362_515_982_04,
    0.149_451_349_150_580_6,
    0.066_671_344_308_688_14,
];

/// Integrates by ten-point Gauss–Legendre, halving an interval until its halves agree with the whole
/// to `tolerance` (absolute).
pub(crate) fn integrate(from: f64, to: f64, tolerance: f64, f: impl Fn(f64) -> f64) -> f64 {
    refine(from, to, ten_points(from, to, &f), tolerance, 40, &f)
}

fn refine(from: f64, to: f64, whole: f64, tolerance: f64, depth: u32, f: &impl Fn(f64) -> f64) -> f64 {
    let middle = 0.5 * (from + to);
    let left = ten_points(from, middle, f);
    let right = ten_points(middle, to, f);
    // Depth 40 leaves intervals at the resolution of an f64: a jump inside is located exactly enough.
    let off = (left + right - whole).abs();
    // Below rounding no halving helps.
    if depth == 0 || off <= tolerance || off <= 1e-14 * (left + right).abs() {
        return left + right;
    }
    refine(from, middle, left, 0.5 * tolerance, depth - 1, f)
        + refine(middle, to, right, 0.5 * tolerance, depth - 1, f)
}

fn ten_points(from: f64, to: f64, f: &impl Fn(f64) -> f64) -> f64 {
    let middle = 0.5 * (from + to);
    let half = 0.5 * (to - from);
    let sum: f64 = (ABSCISSAS.iter().zip(WEIGHTS))
        .map(|(x, weight)| weight * (f(middle - half * x) + f(middle + half * x)))
        .sum();
    half * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_of_degree_nineteen_is_integrated_exactly() {
        let found = integrate(0.0, 1.0, 1e-15, |x| 20.0 * libm::pow(x, 19.0));
        assert!((found - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_jump_does_not_spoil_the_result() {
        let found = integrate(0.0, 10.0, 1e-12, |x| if x < 3.3 { 1.0 } else { 0.0 });
        assert!((found - 3.3).abs() < 1e-10);
    }
}
