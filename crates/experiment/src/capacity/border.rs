//! Where the border is crossed, and how surely.

use kneepoint_statistics::Estimate;

use super::point::{Point, Score};
use super::search::{APART, Scale};

/// Where one objective leaves its bound.
pub(super) struct Crossing {
    pub objective: usize,
    pub load: f64,
    /// Loads between which it lies at the confidence of the run; nothing if the run gave no interval.
    pub interval: Option<(f64, f64)>,
    /// How much the score grows with the logarithm of the load.
    pub steepness: f64,
}

/// The crossing of one objective, from the point nearest to its border and the next one that is far enough for a slope.
///
/// The interval is that of the metric at the nearest point, carried over by the slope (delta method): the loads at
/// which the ends of the interval would lie on the bound. In a scale in which the score is nearly a straight line it
/// holds for wide intervals too.
///
/// # Source
/// Inverting a confidence band at a level: Seber and Wild, Nonlinear Regression, 1989, section 5.4. Chosen over one
/// root per replication, which needs a search in each and is biased for percentiles of few samples.
pub(super) fn crossing(points: &[Point], objective: usize, scale: Scale) -> Option<Crossing> {
    let of = |p: &Point| -> Option<(f64, Score)> {
        let score = p.kept()?.scores[objective];
        score.is_near().then_some((p.load, score))
    };
    let mut known: Vec<(f64, Score)> = points.iter().filter_map(of).collect();
    known.sort_by(|a, b| a.1.value.abs().total_cmp(&b.1.value.abs()));
    let (near, score) = *known.first()?;
    // On the other side if there is one as near as on this: a straight line is best in between.
    let apart = |load: f64| (load / near - 1.0).abs();
    let other = known.iter().skip(1).filter(|(load, _)| apart(*load) >= APART);
    let across = |other: &Score| (other.value < 0.0) != (score.value < 0.0);
    let weight = |(load, s): &(f64, Score)| apart(*load) * if across(s) { 1.0 } else { 2.0 };
    let (far, other) = *other.min_by(|a, b| weight(a).total_cmp(&weight(b)))?;
    let scale = scale.for_both(near, far);
    let (a, b) = (scale.to(near)?, scale.to(far)?);
    let slope = (other.value - score.value) / (b - a);
    if slope <= 0.0 || !slope.is_finite() {
        return None;
    }
    let at = |value: f64| scale.from(a - value / slope);
    let load = at(score.value);
    let steepness = (other.value - score.value) / (far / near).ln();
    let interval = score.interval.map(|(low, high)| (at(high), at(low)));
    Some(Crossing { objective, load, interval, steepness })
}

/// The border of all objectives together: the first crossing, its ends the first of all ends.
///
/// With two objectives about to be left, either may be the first: so the ends are the lowest of each.
pub(super) fn first_crossing(
    points: &[Point],
    objectives: usize,
    scale: Scale,
    confidence: f64,
    n: u64,
) -> Option<(Crossing, Option<Estimate>)> {
    let mut all: Vec<Crossing> = (0..objectives).filter_map(|o| crossing(points, o, scale)).collect();
    all.sort_by(|a, b| a.load.total_cmp(&b.load));
    let low = all.iter().filter_map(|c| c.interval).map(|(low, _)| low).reduce(f64::min);
    let high = all.iter().filter_map(|c| c.interval).map(|(_, high)| high).reduce(f64::min);
    let first = all.into_iter().next()?;
    let estimate = first.interval.and(low.zip(high)).map(|(low, high)| Estimate {
        value: first.load,
        low: low.min(first.load),
        high: high.max(first.load),
        confidence,
        n,
        effective_samples: None,
    });
    Some((first, estimate))
}
