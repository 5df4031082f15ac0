//! Where the warm-up of a run ends.

/// Numbers a batch of MSER-5 holds.
const BATCH: usize = 5;
/// Fewest batches to look at. Chosen: below 50 numbers the statistic has nothing to settle on.
const FEWEST: usize = 10;
/// Cuts that leave fewer batches than this are not tried: the statistic of so few is near 0 by luck.
const LEFT: usize = 5;

/// Where the warm-up ends, if it could be found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp {
    /// How many numbers to cut off at the front: the best cut, found or not.
    pub truncate_at: usize,
    /// Whether the cut is to be trusted: it lies in the first half of a long enough series.
    pub found: bool,
    /// Why it was not found, to print after "warm-up not found: ".
    pub reason: Option<&'static str>,
}

/// Finds the end of the warm-up of a series by MSER-5.
///
/// The cut is where the mean of the rest has the smallest estimated error, judged on means of five numbers:
/// a cut too early keeps the transient, one too late throws data away.
/// If the best cut lies in the second half, the series is too short to tell and the warm-up is not found.
/// A last batch that is not full is left out.
///
/// # Source
/// White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69(6), 1997;
/// White, Cobb and Spratt, "A comparison of five steady-state truncation heuristics for simulation", Winter
/// Simulation Conference 2000 (batches of five);
/// Hoad, Robinson and Davies, "Automating warm-up length estimation", JORS 61, 2010 (the last five batches are
/// no place for a cut; a cut beyond the half is not accepted).
pub fn mser5(series: &[f64]) -> WarmUp {
    let not_found = |truncate_at, reason| WarmUp { truncate_at, found: false, reason: Some(reason) };
    if series.iter().any(|v| !v.is_finite()) {
        return not_found(0, "the series holds something that is not a finite number");
    }
    let batches: Vec<f64> =
        series.chunks_exact(BATCH).map(|b| b.iter().sum::<f64>() / BATCH as f64).collect();
    if batches.len() < FEWEST {
        return not_found(0, "the series has fewer than 50 numbers");
    }
    let best = best_cut(&batches);
    if best > batches.len() / 2 {
        return not_found(best * BATCH, "the best cut lies in the second half: the run is too short to tell");
    }
    WarmUp { truncate_at: best * BATCH, found: true, reason: None }
}

/// Returns the cut `d` that minimises Σ (Y_j - mean)^2 / (k - d)^2 over the batches behind it; the earliest of
/// equals.
fn best_cut(batches: &[f64]) -> usize {
    let k = batches.len();
    let (mut best, mut least) = (0, f64::INFINITY);
    // From the back, so that mean and squares grow by one batch at a time (Welford).
    let (mut mean, mut squares) = (0.0, 0.0);
    for d in (0..k).rev() {
        let rest = (k - d) as f64;
        let before = batches[d] - mean;
        mean += before / rest;
        squares += before * (batches[d] - mean);
        let statistic = squares / (rest * rest);
        if k - d >= LEFT && statistic <= least {
            (best, least) = (d, statistic);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    #[test]
    fn a_step_is_cut_at_the_step() {
        let mut series = vec![10.0; 100];
        series.extend([1.0, 2.0, 3.0, 4.0, 5.0].repeat(180));
        assert_eq!(mser5(&series), WarmUp { truncate_at: 100, found: true, reason: None });
    }

    #[test]
    fn a_decaying_transient_is_cut_where_it_has_become_noise() {
        let mut draws = Draws::new(41);
        for _ in 0..50 {
            // 20 e^(-i/50) + noise of deviation 1: by 250 it has fallen to 0.13, at 60 it is still 6.
            let series: Vec<f64> =
                (0..2000).map(|i| 20.0 * libm::exp(-f64::from(i) / 50.0) + draws.normal()).collect();
            let warm_up = mser5(&series);
            assert!(warm_up.found);
            assert!((80..600).contains(&warm_up.truncate_at), "{warm_up:?}");
            let rest = &series[warm_up.truncate_at..];
            let mean = rest.iter().sum::<f64>() / rest.len() as f64;
            // Four standard errors, and what is left of the transient: 50 · 20 e^(-80/50) / 1400 at the worst.
            assert!(mean.abs() < 4.0 / (rest.len() as f64).sqrt() + 0.15, "{mean}");
        }
    }

    #[test]
    fn the_running_form_agrees_with_the_definition() {
        let batches = Draws::new(42).autoregressive(60, 0.7, 8.0);
        let statistic = |d: usize| {
            let rest = &batches[d..];
            let mean = rest.iter().sum::<f64>() / rest.len() as f64;
            rest.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / (rest.len() * rest.len()) as f64
        };
        let best = (0..=60 - LEFT).min_by(|&a, &b| statistic(a).total_cmp(&statistic(b))).unwrap();
        assert_eq!(best_cut(&batches), best);
    }

    #[test]
    fn a_drift_has_no_end_of_warm_up() {
        let series: Vec<f64> = (0..1000).map(f64::from).collect();
        let warm_up = mser5(&series);
        assert!(!warm_up.found && warm_up.reason.is_some(), "{warm_up:?}");
        assert!(warm_up.truncate_at > 500);
    }

    #[test]
    fn a_constant_series_needs_no_cut() {
        assert_eq!(mser5(&[4.0; 500]), WarmUp { truncate_at: 0, found: true, reason: None });
    }

    #[test]
    fn a_short_or_broken_series_says_so() {
        assert!(!mser5(&[]).found);
        assert!(!mser5(&[1.0; 49]).found);
        let mut series = [1.0; 100];
        series[70] = f64::NAN;
        assert!(!mser5(&series).found);
    }
}
