//! How much the numbers of one run know about each other.

/// Returns the sample autocorrelation at `lag`, or `None` for a constant or too short series.
///
/// # Source
/// Box, Jenkins and Reinsel, Time Series Analysis, section 2.1 (divisor `n` throughout).
pub fn autocorrelation(values: &[f64], lag: usize) -> Option<f64> {
    let centred = Centred::new(values)?;
    (lag < values.len()).then(|| centred.at(lag))
}

/// Returns how many independent values would tell the mean as precisely as these dependent ones do.
///
/// At most the number of values, at least 1; `None` for fewer than four values or a constant series.
///
/// # Source
/// Geyer, "Practical Markov chain Monte Carlo", Statistical Science 7(4), 1992, section 3.3: sums of adjacent
/// pairs of autocorrelations, while they are positive, made non-increasing (initial monotone sequence).
pub fn effective_sample_size(values: &[f64]) -> Option<f64> {
    let n = values.len();
    if n < 4 {
        return None;
    }
    let centred = Centred::new(values)?;
    // 1 + 2 Σ ρ = 2 Σ (ρ(2m) + ρ(2m + 1)) - 1
    let mut pairs = 0.0;
    let mut before = f64::INFINITY;
    for m in 0..n / 4 {
        let pair = centred.at(2 * m) + centred.at(2 * m + 1);
        if pair <= 0.0 {
            break;
        }
        before = pair.min(before);
        pairs += before;
    }
    let inefficiency = (2.0 * pairs - 1.0).max(1.0);
    Some((n as f64 / inefficiency).max(1.0))
}

/// Returns von Neumann's statistic of serial correlation: near 0 for independent values, positive if neighbours
/// are alike. Its standard error for independent normal values is the second number.
///
/// # Source
/// Young, "On randomness in ordered sequences", Annals of Mathematical Statistics 12, 1941, after von Neumann.
pub(crate) fn von_neumann(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let centred = Centred::new(values)?;
    let steps: f64 = values.windows(2).map(|w| (w[1] - w[0]) * (w[1] - w[0])).sum();
    (values.len() > 2).then(|| (1.0 - steps / (2.0 * centred.squares), ((n - 2.0) / (n * n - 1.0)).sqrt()))
}

struct Centred {
    values: Vec<f64>,
    squares: f64,
}

impl Centred {
    fn new(values: &[f64]) -> Option<Self> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let values: Vec<f64> = values.iter().map(|v| v - mean).collect();
        let squares: f64 = values.iter().map(|v| v * v).sum();
        (squares > 0.0 && squares.is_finite()).then_some(Centred { values, squares })
    }

    fn at(&self, lag: usize) -> f64 {
        self.values.iter().zip(&self.values[lag..]).map(|(a, b)| a * b).sum::<f64>() / self.squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    #[test]
    fn four_numbers_by_hand() {
        // Deviations -1.5 -0.5 0.5 1.5: squares 5, products of neighbours 0.75 - 0.25 + 0.75.
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(autocorrelation(&values, 0), Some(1.0));
        assert_eq!(autocorrelation(&values, 1), Some(0.25));
        assert_eq!(autocorrelation(&values, 3), Some(-0.45));
        assert_eq!(autocorrelation(&values, 4), None);
        assert_eq!(autocorrelation(&[2.0; 9], 1), None);
        assert_eq!(autocorrelation(&[], 0), None);
    }

    #[test]
    fn an_autoregressive_series_is_worth_what_theory_says() {
        // n (1 - φ) / (1 + φ): a ninth for φ = 0.8.
        let n = 20_000;
        let values = Draws::new(7).autoregressive(n, 0.8, 0.0);
        let worth = effective_sample_size(&values).unwrap() / n as f64;
        // The sum of correlations up to lag about 25 has a relative error of about √(2·25/n) = 5 %.
        assert!((worth * 9.0 - 1.0).abs() < 0.2, "{worth}");
    }

    #[test]
    fn independent_values_are_worth_themselves() {
        let values = Draws::new(8).normals(20_000);
        let worth = effective_sample_size(&values).unwrap() / 20_000.0;
        assert!(worth > 0.9 && worth <= 1.0, "{worth}");
    }

    #[test]
    fn a_constant_or_tiny_series_has_no_answer() {
        assert_eq!(effective_sample_size(&[1.0; 100]), None);
        assert_eq!(effective_sample_size(&[1.0, 2.0, 3.0]), None);
        assert_eq!(effective_sample_size(&[1.0, f64::NAN, 3.0, 2.0, 1.0]), None);
    }
}
