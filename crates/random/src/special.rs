//! Special functions, on `libm` alone.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

const INV_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// Returns the density of the standard normal law.
pub(crate) fn normal_pdf(x: f64) -> f64 {
    INV_SQRT_2PI * libm::exp(-0.5 * x * x)
}

/// Returns the probability that a standard normal draw is `x` or less; accurate in the lower tail.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Returns the standard normal value below which the probability is `p`.
///
/// # Source
/// Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37(3), 1988,
/// PPND16 (about 16 digits).
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * polynomial(&A, r) / polynomial(&B, r);
    }
    let tail = if centred < 0.0 { p } else { 1.0 - p };
    let r = (-libm::log(tail)).sqrt();
    let size = if r <= 5.0 {
        polynomial(&C, r - 1.6) / polynomial(&D, r - 1.6)
    } else {
        polynomial(&E, r - 5.0) / polynomial(&F, r - 5.0)
    };
    size.copysign(centred)
}

const A: [f64; 8] = [
    3.387_132_872_796_366_6,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const B: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_854e3,
];
const C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const E: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const F: [f64; 8] = [
    1.0,
    5.998_322_065_558_879e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_7e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

/// Evaluates a polynomial given from the constant term upwards.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// Returns the probability that a gamma draw of this shape and scale 1 is `x` or less.
///
/// # Source
/// Series and continued fraction of the regularised incomplete gamma function: DLMF 8.11.4 and 8.9.2, the latter by
/// Lentz's method (Press et al., "Numerical Recipes", 3rd edition, section 6.2).
pub(crate) fn gamma_cdf(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x.is_infinite() {
        return 1.0;
    }
    // Both need about sqrt(shape) steps; far beyond that nothing changes any more.
    let steps = 200 + (10.0 * shape.sqrt()) as usize;
    let factor = gamma_factor(shape, x);
    if x < shape + 1.0 {
        let mut term = 1.0 / shape;
        let mut sum = term;
        for i in 1..steps {
            term *= x / (shape + i as f64);
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        (sum * factor).min(1.0)
    } else {
        const TINY: f64 = 1e-300;
        let mut b = x + 1.0 - shape;
        let mut c = 1.0 / TINY;
        let mut d = 1.0 / b;
        let mut fraction = d;
        for i in 1..steps {
            let i = i as f64;
            let a = -i * (i - shape);
            b += 2.0;
            d = 1.0 / not_zero(a * d + b, TINY);
            c = not_zero(b + a / c, TINY);
            let change = c * d;
            fraction *= change;
            if (change - 1.0).abs() < 1e-16 {
                break;
            }
        }
        (1.0 - fraction * factor).max(0.0)
    }
}

fn not_zero(x: f64, tiny: f64) -> f64 {
    if x.abs() < tiny { tiny } else { x }
}

/// Returns `x^shape · e^-x / Γ(shape)`.
fn gamma_factor(shape: f64, x: f64) -> f64 {
    if shape < 15.0 {
        return libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    }
    // Large numbers cancel in the line above; Stirling's formula (DLMF 5.11.3) lets them cancel on paper.
    let off = (x - shape) / shape;
    let exponent = -shape * (off - libm::log1p(off));
    let inverse = 1.0 / (shape * shape);
    let correction =
        (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / shape;
    (shape / (2.0 * PI)).sqrt() * libm::exp(exponent - correction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_quantile_undoes_the_normal_cdf() {
        let mut x = -37.0;
        while x < 6.0 {
            let back = normal_quantile(normal_cdf(x));
            // Above 0 the distance of p to 1 has only so many digits left.
            let tolerance =
                1e-14 * x.abs().max(1.0) + 2e-16 / normal_pdf(x).max(1e-16) * f64::from(u8::from(x > 0.0));
            assert!((back - x).abs() < tolerance, "{x}: {back}");
            x += 0.01;
        }
        assert_eq!(normal_quantile(0.5), 0.0);
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
    }

    #[test]
    fn the_normal_quantile_is_that_of_the_tables() {
        // Abramowitz and Stegun, table 26.6 and the tests of AS 241.
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
        assert!((normal_quantile(0.25) + 0.674_489_750_196_081_7).abs() < 1e-15);
        assert!((normal_quantile(0.001) + 3.090_232_306_167_814).abs() < 1e-14);
        assert!((normal_quantile(1e-20) + 9.262_340_089_798_409).abs() < 1e-13);
    }

    #[test]
    fn the_gamma_cdf_of_whole_shapes_is_the_poisson_sum() {
        for shape in [1_u32, 2, 5, 14, 15, 40, 150] {
            for ratio in [0.3, 0.7, 0.95, 1.0, 1.05, 1.5, 3.0] {
                let x = f64::from(shape) * ratio;
                let mut term = libm::exp(-x);
                let mut sum = 0.0;
                for i in 0..shape {
                    sum += term;
                    term *= x / f64::from(i + 1);
                }
                let got = gamma_cdf(f64::from(shape), x);
                assert!((got - (1.0 - sum)).abs() < 2e-13, "{shape} {x}: {got} {}", 1.0 - sum);
            }
        }
    }

    #[test]
    fn the_gamma_cdf_is_that_of_an_independent_library() {
        for shape in [0.01, 0.3, 1.0, 2.5, 14.9, 15.1, 100.0, 1e4] {
            for ratio in [0.01, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 2.0, 10.0] {
                let x = shape * ratio;
                let reference = statrs::function::gamma::gamma_lr(shape, x);
                assert!((gamma_cdf(shape, x) - reference).abs() < 1e-10, "{shape} {x}");
            }
        }
    }

    #[test]
    fn the_gamma_cdf_of_a_huge_shape_is_nearly_normal() {
        // Berry-Esseen: the distance is below 0.4748 · (third absolute moment 2.42) / sqrt(shape).
        let shape = 1e8;
        for z in [-3.0, -1.0, 0.0, 0.5, 2.0] {
            let got = gamma_cdf(shape, shape + z * 1e4);
            assert!((got - normal_cdf(z)).abs() < 1.2e-4, "{z}: {got}");
        }
    }
}
