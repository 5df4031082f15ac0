//! Student's t with whole degrees of freedom.

use crate::root::bisect;

/// Returns the value of Student's t not exceeded with probability `p` (above 0.5, below 1).
///
/// Source: Abramowitz & Stegun, "Handbook of Mathematical Functions" (1964), eq. 26.7.3 and 26.7.4.
pub(crate) fn student_quantile(p: f64, degrees: u32) -> f64 {
    // In the angle theta = atan(t / sqrt(degrees)) the range is finite.
    let within = 2.0 * p - 1.0;
    let theta = bisect(0.0, std::f64::consts::FRAC_PI_2, |theta| within - inside(theta, degrees));
    libm::tan(theta) * f64::from(degrees).sqrt()
}

/// `P(|t| <= sqrt(degrees) tan(theta))`.
fn inside(theta: f64, degrees: u32) -> f64 {
    let (sine, cosine) = (libm::sin(theta), libm::cos(theta));
    let odd = degrees % 2 == 1;
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    let mut k = if odd { 3 } else { 2 };
    while k <= degrees {
        sum += term;
        let factor = f64::from(k - 1) / f64::from(k);
        term *= factor * cosine * cosine;
        k += 2;
    }
    if odd { (theta + sine * sum) * std::f64::consts::FRAC_2_PI } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_every_textbook() {
        let table = [
            (1, 12.706_205),
            (2, 4.302_653),
            (3, 3.182_446),
            (4, 2.776_445),
            (10, 2.228_139),
            (30, 2.042_272),
        ];
        for (degrees, expected) in table {
            assert!((student_quantile(0.975, degrees) - expected).abs() < 1e-5, "{degrees}");
        }
    }
}
