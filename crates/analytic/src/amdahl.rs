//! Speed-up by Amdahl's and Gustafson's laws.

use crate::AnalyticError;
use crate::error::require;

/// Returns the speed-up with `n` workers if this fraction of the work is parallel.
///
/// # Errors
/// `parallel_fraction` outside 0 to 1, or `n` below 1.
///
/// # Source
/// Amdahl, AFIPS Conference Proceedings 30 (1967).
pub fn amdahl_speedup(parallel_fraction: f64, n: f64) -> Result<f64, AnalyticError> {
    check(parallel_fraction, n)?;
    Ok(1.0 / ((1.0 - parallel_fraction) + parallel_fraction / n))
}

/// Returns the speed-up with any number of workers; infinity if everything is parallel.
///
/// # Errors
/// `parallel_fraction` outside 0 to 1.
///
/// # Source
/// Amdahl (1967).
pub fn amdahl_limit(parallel_fraction: f64) -> Result<f64, AnalyticError> {
    check(parallel_fraction, 1.0)?;
    Ok(1.0 / (1.0 - parallel_fraction))
}

/// Returns the speed-up with `n` workers if the work grows with them.
///
/// # Errors
/// As [`amdahl_speedup`].
///
/// # Source
/// Gustafson, Communications of the ACM 31 (1988).
pub fn gustafson_speedup(parallel_fraction: f64, n: f64) -> Result<f64, AnalyticError> {
    check(parallel_fraction, n)?;
    Ok((1.0 - parallel_fraction) + parallel_fraction * n)
}

fn check(parallel_fraction: f64, n: f64) -> Result<(), AnalyticError> {
    require((0.0..=1.0).contains(&parallel_fraction), "parallel_fraction", parallel_fraction, "0 to 1")?;
    require(n.is_finite() && n >= 1.0, "n", n, "1 or more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_twentieth_serial_never_gets_beyond_twenty() {
        assert!((amdahl_limit(0.95).unwrap() - 20.0).abs() < 1e-12);
        assert!((amdahl_speedup(0.95, 8.0).unwrap() - 5.925_925_926).abs() < 1e-8);
        assert_eq!(amdahl_limit(1.0).unwrap(), f64::INFINITY);
    }

    #[test]
    fn growing_work_scales_further() {
        assert!(gustafson_speedup(0.95, 64.0).unwrap() > amdahl_speedup(0.95, 64.0).unwrap());
        assert!(amdahl_speedup(1.1, 8.0).is_err());
    }
}
