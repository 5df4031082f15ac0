//! From what was read in all replications to values with intervals.

use std::collections::BTreeSet;

use kneepoint_scenario::value::Operator;
use kneepoint_statistics::{Estimate, Estimated, Histogram, PseudoValues, bonferroni_confidence};

use crate::probe::Reading;
use crate::program::{Across, Expression, Judged, Measured, Reduce, Stretch};
use crate::recorder::{Replication, Taken};

/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

/// So few of the things that were counted say nothing reliable about the spread between replications.
///
/// # Source
/// Chosen: three in each of ten replications; below that most replications see the same handful or none.
const FEW: f64 = 30.0;

/// Estimates a share of things that were counted: it lies between 0 and 1, and so does its interval.
///
/// Where few of them, or nearly all, are concerned, the replications show no spread or one by chance: then the
/// interval is at least that of independent trials, which is the narrowest honest one.
pub(crate) fn share(parts: &[f64], wholes: &[f64], confidence: f64) -> Estimated {
    let (part, whole) = (parts.iter().sum::<f64>(), wholes.iter().sum::<f64>());
    let mut estimated = ratio(parts, wholes, confidence);
    if let Estimated::Known(estimate) = &mut estimated
        && part.min(whole - part) < FEW
        && let Estimated::Known(trials) = Estimated::proportion(part as u64, whole as u64, confidence)
    {
        if part == 0.0 || part == whole {
            return Estimated::Known(trials);
        }
        estimate.low = estimate.low.min(trials.low);
        estimate.high = estimate.high.max(trials.high);
    }
    between_0_and_1(estimated)
}

/// Cuts off what no share can be.
pub(crate) fn between_0_and_1(estimated: Estimated) -> Estimated {
    within(estimated, 0.0, 1.0)
}

/// Cuts off what no count, rate or time can be.
pub(crate) fn not_negative(estimated: Estimated) -> Estimated {
    within(estimated, 0.0, f64::INFINITY)
}

/// Cuts off what cannot be: an interval is symmetric, what it is about is not. What is cut off never holds the true value,
/// so that the rest holds it as often as all did.
fn within(estimated: Estimated, least: f64, most: f64) -> Estimated {
    match estimated {
        Estimated::Known(e) => Estimated::Known(Estimate {
            low: e.low.max(least).min(e.value),
            high: e.high.min(most).max(e.value),
            ..e
        }),
        none => none,
    }
}

/// What a comparison of so many instances can be.
fn range(across: Across, instances: usize, reduce: Reduce) -> (f64, f64) {
    let n = instances as f64;
    match across {
        // From one that has everything to all alike.
        Across::Jain => (1.0 / n, 1.0),
        Across::Imbalance => (1.0, n),
        Across::Highest | Across::Lowest => match reduce {
            Reduce::Share | Reduce::LevelShare => (0.0, 1.0),
            _ => (0.0, f64::INFINITY),
        },
    }
}

/// Estimates a ratio of sums, and says so if there is nothing to divide by.
pub(crate) fn ratio(parts: &[f64], wholes: &[f64], confidence: f64) -> Estimated {
    if !wholes.is_empty() && wholes.iter().all(|w| *w == 0.0) {
        return Estimated::not_enough("nothing of it happened", 0, None);
    }
    Estimated::ratio(parts, wholes, confidence)
}

/// What was read for one group and window in one replication.
fn taken<'a>(m: &Measured, group: usize, window: usize, of: &'a Replication) -> &'a Taken {
    &of.taken[m.groups[group].1][window]
}

/// Returns the value of one replication alone: durations in nanoseconds.
fn value(reduce: Reduce, taken: &Taken, stretch: Stretch) -> Option<f64> {
    match (reduce, taken) {
        (_, Taken::State(value)) => Some(*value),
        (Reduce::LevelPercentile(p, scale), Taken::Looks(looks)) => looks.quantile(p).map(|v| v / scale),
        (_, Taken::Reading(Reading::Samples(h))) => match reduce {
            Reduce::Percentile(p) => h.quantile(p),
            Reduce::Mean => h.mean(),
            Reduce::Least => h.min().map(|v| v as f64),
            Reduce::Greatest => h.max().map(|v| v as f64),
            Reduce::Sum => Some(h.sum() as f64),
            _ => unreachable!("{reduce:?} of samples"),
        },
        (_, Taken::Reading(Reading::Pair(part, whole))) => match reduce {
            Reduce::Rate => Some(part / (stretch.nanos() / SECOND)),
            Reduce::Total => Some(*part),
            Reduce::Share | Reduce::LevelShare => (*whole > 0.0).then(|| part / whole),
            Reduce::LevelMean => Some(part / stretch.nanos()),
            _ => unreachable!("{reduce:?} of counts and levels"),
        },
        (_, Taken::Looks(_)) => unreachable!("looks are taken for percentiles over time"),
    }
}

/// Returns the value of one cell in one replication alone; durations in nanoseconds.
fn measured_alone(m: &Measured, cell: usize, of: &Replication) -> Option<f64> {
    let window = cell % m.windows.len();
    let at = |group| value(m.reduce, taken(m, group, window, of), m.windows[window]);
    let Some(across) = m.across else { return at(cell / m.windows.len()) };
    let values: Option<Vec<f64>> = (0..m.groups.len()).map(at).collect();
    let values = values?;
    match across {
        Across::Highest => values.into_iter().reduce(f64::max),
        Across::Lowest => values.into_iter().reduce(f64::min),
        Across::Imbalance => {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (mean > 0.0).then(|| values.into_iter().fold(0.0, f64::max) / mean)
        }
        Across::Jain => jain(&values),
    }
}

/// Jain's index of fairness; nothing if nobody has anything.
///
/// # Source
/// Jain, Chiu and Hawe, "A quantitative measure of fairness and discrimination for resource allocation in shared computer
/// systems", DEC TR-301, 1984: the square of the sum over n times the sum of squares.
pub(crate) fn jain(values: &[f64]) -> Option<f64> {
    let (sum, squares) = values.iter().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
    (squares > 0.0).then(|| sum * sum / (values.len() as f64 * squares))
}

/// Returns the value of one cell of an expression in one replication alone; durations in seconds, so that products
/// with rates come out right.
fn alone(expression: &Expression, cell: usize, of: &Replication) -> Option<f64> {
    match expression {
        Expression::Measured(m) => {
            let value = measured_alone(m, cell, of)?;
            Some(if m.is_duration { value / SECOND } else { value })
        }
        Expression::Missed(judged) => Some(missed_ns(judged, of) / SECOND),
        Expression::Combined(operator, both) => {
            let side = |side: &Expression| alone(side, own_cell(side, cell), of);
            combine(*operator, side(&both.0)?, side(&both.1)?)
        }
    }
}

/// A side with one value goes with every value of the other side.
fn own_cell(side: &Expression, cell: usize) -> usize {
    if side.count() == 1 { 0 } else { cell }
}

fn combine(operator: Operator, left: f64, right: f64) -> Option<f64> {
    match operator {
        Operator::Add => Some(left + right),
        Operator::Subtract => Some(left - right),
        Operator::Multiply => Some(left * right),
        Operator::Divide => (right != 0.0).then(|| left / right),
    }
}

/// Returns the time during which an objective was missed \[ns\]. A window in which nothing happened that could be
/// judged is not counted; of several instances one that misses it is enough.
fn missed_ns(judged: &Judged, of: &Replication) -> f64 {
    let scale = scale(judged);
    let mut windows = BTreeSet::new();
    for (i, cell) in judged.expression.cells().iter().enumerate() {
        let window = cell.window.expect("an objective that can be missed is judged window by window");
        let value = alone(&judged.expression, i, of).map(|v| v * scale);
        let missed = value.is_some_and(|v| !judged.comparison.holds(v, judged.bound.value));
        if missed {
            windows.insert(window);
        }
    }
    windows.iter().map(|w| w.nanos()).sum()
}

/// What brings a value of [`alone`] to the unit of the bound.
fn scale(judged: &Judged) -> f64 {
    if judged.expression.is_duration(Some(judged.bound.dimension)) { SECOND } else { 1.0 }
}

/// Returns the value of one cell in each replication alone, where it has one; durations in nanoseconds.
pub(crate) fn per_replication(
    expression: &Expression,
    cell: usize,
    is_duration: bool,
    all: &[Replication],
) -> Vec<Option<f64>> {
    let scale = if is_duration { SECOND } else { 1.0 };
    match expression {
        // Without the detour over seconds, which would round.
        Expression::Measured(m) => all.iter().map(|r| measured_alone(m, cell, r)).collect(),
        _ => all.iter().map(|r| alone(expression, cell, r).map(|v| v * scale)).collect(),
    }
}

/// Estimates one cell of an expression; durations in nanoseconds.
pub(crate) fn estimate(
    expression: &Expression,
    cell: usize,
    is_duration: bool,
    all: &[Replication],
    confidence: f64,
) -> Estimated {
    match expression {
        Expression::Measured(m) => estimate_measured(m, cell, all, confidence),
        Expression::Missed(_) => from_each(&per_replication(expression, cell, is_duration, all), confidence),
        Expression::Combined(operator, both) => {
            let scale = if is_duration { SECOND } else { 1.0 };
            if expression.is_pooled() {
                let confidence = bonferroni_confidence(confidence, expression.leaves());
                return boxed(expression, cell, all, confidence)
                    .map_or_else(|reason| reason, |b| scaled(b.into(), scale));
            }
            let side = |side: &Expression| per_replication(side, own_cell(side, cell), false, all);
            if *operator == Operator::Divide
                && let (Some(parts), Some(wholes)) = (complete(&side(&both.0)), complete(&side(&both.1)))
            {
                // A ratio of means: replications with little below weigh little.
                let in_seconds = |side: &Expression, values: Vec<f64>| match side {
                    Expression::Measured(m) if m.is_duration => values.iter().map(|v| v / SECOND).collect(),
                    _ => values,
                };
                let (parts, wholes) = (in_seconds(&both.0, parts), in_seconds(&both.1, wholes));
                return scaled(ratio(&parts, &wholes, confidence), scale);
            }
            from_each(&per_replication(expression, cell, is_duration, all), confidence)
        }
    }
}

fn estimate_measured(m: &Measured, cell: usize, all: &[Replication], confidence: f64) -> Estimated {
    let from_alone = || {
        let alone: Vec<Option<f64>> = all.iter().map(|r| measured_alone(m, cell, r)).collect();
        from_each(&alone, confidence)
    };
    if let Some(across) = m.across {
        let (least, most) = range(across, m.groups.len(), m.reduce);
        return within(from_alone(), least, most);
    }
    let window = cell % m.windows.len();
    let group = cell / m.windows.len();
    let read = || all.iter().map(|r| taken(m, group, window, r));
    let samples = || -> Vec<&Histogram> {
        read()
            .filter_map(|t| match t {
                Taken::Reading(Reading::Samples(h)) | Taken::Looks(h) => Some(h),
                _ => None,
            })
            .collect()
    };
    let pairs = || -> (Vec<f64>, Vec<f64>) {
        read()
            .filter_map(|t| match t {
                Taken::Reading(Reading::Pair(a, b)) => Some((*a, *b)),
                _ => None,
            })
            .unzip()
    };
    // Times, counts, rates and levels are never below 0, and neither are their intervals.
    not_negative(match m.reduce {
        Reduce::Percentile(p) => Estimated::percentile(&samples(), p, confidence),
        Reduce::LevelPercentile(p, scale) => {
            scaled(Estimated::percentile(&samples(), p, confidence), 1.0 / scale)
        }
        Reduce::Mean => {
            let samples = samples();
            let sums: Vec<f64> = samples.iter().map(|h| h.sum() as f64).collect();
            let counts: Vec<f64> = samples.iter().map(|h| h.count() as f64).collect();
            ratio(&sums, &counts, confidence)
        }
        Reduce::Share => {
            let (parts, wholes) = pairs();
            share(&parts, &wholes, confidence)
        }
        Reduce::LevelShare => {
            let (parts, wholes) = pairs();
            between_0_and_1(ratio(&parts, &wholes, confidence))
        }
        Reduce::Least
        | Reduce::Greatest
        | Reduce::Sum
        | Reduce::Rate
        | Reduce::Total
        | Reduce::LevelMean
        | Reduce::State => from_alone(),
    })
}

/// Returns the pseudo-values of one cell of an expression; durations in nanoseconds.
///
/// # Source
/// Combinations by the delta method (Cochran, Sampling Techniques, 3rd ed., section 6.4, for the quotient).
pub(crate) fn pseudo_values(
    expression: &Expression,
    cell: usize,
    is_duration: bool,
    all: &[Replication],
) -> Result<PseudoValues, Estimated> {
    match expression {
        Expression::Measured(m) => pseudo_measured(m, cell, all),
        Expression::Missed(_) => of_each(&per_replication(expression, cell, is_duration, all)),
        Expression::Combined(operator, both) => {
            let side = |side: &Expression| {
                // In seconds, so that products with rates come out right.
                let is_duration = side.is_duration(None);
                let scale = if is_duration { 1.0 / SECOND } else { 1.0 };
                pseudo_values(side, own_cell(side, cell), is_duration, all).map(|of| stretched(of, scale))
            };
            let (left, right) = (side(&both.0)?, side(&both.1)?);
            let n = left.each.len() as u64;
            let value = combine(*operator, left.value, right.value)
                .ok_or_else(|| Estimated::not_enough("it is divided by 0", n, None))?;
            // How the value moves with either side.
            let (by_left, by_right) = match operator {
                Operator::Add => (1.0, 1.0),
                Operator::Subtract => (1.0, -1.0),
                Operator::Multiply => (right.value, left.value),
                Operator::Divide => (1.0 / right.value, -value / right.value),
            };
            let each = left
                .each
                .iter()
                .zip(&right.each)
                .map(|(l, r)| value + by_left * (l - left.value) + by_right * (r - right.value));
            let beyond = [left.beyond, right.beyond].into_iter().flatten().reduce(f64::min);
            let resolution = by_left.abs() * left.resolution + by_right.abs() * right.resolution;
            let combined = PseudoValues { value, each: each.collect(), resolution, beyond };
            Ok(stretched(combined, if is_duration { SECOND } else { 1.0 }))
        }
    }
}

/// Multiplies a number with a positive factor.
fn stretched(of: PseudoValues, by: f64) -> PseudoValues {
    PseudoValues {
        value: of.value * by,
        each: of.each.into_iter().map(|v| v * by).collect(),
        resolution: of.resolution * by,
        beyond: of.beyond,
    }
}

fn pseudo_measured(m: &Measured, cell: usize, all: &[Replication]) -> Result<PseudoValues, Estimated> {
    let from_alone = || {
        let alone: Vec<Option<f64>> = all.iter().map(|r| measured_alone(m, cell, r)).collect();
        of_each(&alone)
    };
    if m.across.is_some() {
        return from_alone();
    }
    let (window, group) = (cell % m.windows.len(), cell / m.windows.len());
    let read = || all.iter().map(|r| taken(m, group, window, r));
    let samples: Vec<&Histogram> = read()
        .filter_map(|t| match t {
            Taken::Reading(Reading::Samples(h)) | Taken::Looks(h) => Some(h),
            _ => None,
        })
        .collect();
    match m.reduce {
        Reduce::Percentile(p) => PseudoValues::of_percentile(&samples, p),
        Reduce::LevelPercentile(p, scale) => {
            PseudoValues::of_percentile(&samples, p).map(|of| stretched(of, 1.0 / scale))
        }
        Reduce::Mean => {
            let (sums, counts): (Vec<f64>, Vec<f64>) =
                samples.iter().map(|h| (h.sum() as f64, h.count() as f64)).unzip();
            PseudoValues::of_ratio(&sums, &counts)
        }
        Reduce::Share | Reduce::LevelShare => {
            let of = if matches!(m.reduce, Reduce::Share) {
                PseudoValues::of_share
            } else {
                PseudoValues::of_ratio
            };
            let (parts, wholes): (Vec<f64>, Vec<f64>) = read()
                .filter_map(|t| match t {
                    Taken::Reading(Reading::Pair(a, b)) => Some((*a, *b)),
                    _ => None,
                })
                .unzip();
            of(&parts, &wholes)
        }
        _ => from_alone(),
    }
}

/// Takes one value per replication; each must have one.
fn of_each(values: &[Option<f64>]) -> Result<PseudoValues, Estimated> {
    match complete(values) {
        Some(values) => PseudoValues::of_values(&values),
        None => Err(from_each(values, 0.5)),
    }
}

fn complete(values: &[Option<f64>]) -> Option<Vec<f64>> {
    values.iter().copied().collect()
}

/// Estimates the mean of one value per replication; each must have one.
fn from_each(values: &[Option<f64>], confidence: f64) -> Estimated {
    match values.iter().position(Option::is_none) {
        Some(i) => {
            let have = values.iter().flatten().count() as u64;
            Estimated::not_enough(format!("nothing of it happened in replication {i}"), have, None)
        }
        None => {
            Estimated::from_replications(&values.iter().flatten().copied().collect::<Vec<_>>(), confidence)
        }
    }
}

/// Multiplies an estimate with a positive factor.
fn scaled(estimated: Estimated, by: f64) -> Estimated {
    match estimated {
        Estimated::Known(e) => {
            Estimated::Known(Estimate { value: e.value * by, low: e.low * by, high: e.high * by, ..e })
        }
        reason => reason,
    }
}

/// Estimates a combination that holds percentiles, which belong to no single replication: each measure has its
/// interval at a confidence that makes all of them hold together, and the ends are combined. Durations in seconds.
///
/// # Source
/// Bonferroni's inequality and interval arithmetic: Moore, Kearfott and Cloud, Introduction to Interval Analysis,
/// 2009, section 2.3.
fn boxed(
    expression: &Expression,
    cell: usize,
    all: &[Replication],
    confidence: f64,
) -> Result<Estimate, Estimated> {
    let Expression::Combined(operator, both) = expression else {
        let is_duration = expression.is_duration(None);
        let scale = if is_duration { 1.0 / SECOND } else { 1.0 };
        return match scaled(estimate(expression, cell, is_duration, all, confidence), scale) {
            Estimated::Known(e) => Ok(e),
            reason => Err(reason),
        };
    };
    let side = |side: &Expression| boxed(side, own_cell(side, cell), all, confidence);
    let (left, right) = (side(&both.0)?, side(&both.1)?);
    let n = left.n.min(right.n);
    let by_zero = || Estimated::not_enough("it is divided by something that may be 0", n, None);
    if *operator == Operator::Divide && right.contains(0.0) {
        return Err(by_zero());
    }
    let at = |a: f64, b: f64| combine(*operator, a, b).ok_or_else(by_zero);
    let corners = [
        at(left.low, right.low)?,
        at(left.low, right.high)?,
        at(left.high, right.low)?,
        at(left.high, right.high)?,
    ];
    Ok(Estimate {
        value: at(left.value, right.value)?,
        low: corners.into_iter().fold(f64::INFINITY, f64::min),
        high: corners.into_iter().fold(f64::NEG_INFINITY, f64::max),
        confidence,
        n,
        effective_samples: None,
    })
}
