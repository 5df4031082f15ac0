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

/// The crossing of one objective.
///
/// The ends of the interval are the loads at which the ends of the metric's own interval cross the bound, each sought
/// as the crossing itself is. (One slope for all three made intervals too short at their lower end: the closer to
/// saturation, the steeper the metric and the wider its interval.)
///
/// # Source
/// Inverting a confidence band at a level: Seber and Wild, Nonlinear Regression, 1989, section 5.4. Chosen over one
/// root per replication, which needs a search in each and is biased for percentiles of few samples.
pub(super) fn crossing(points: &[Point], objective: usize, scale: Scale) -> Option<Crossing> {
    let scores: Vec<(f64, Score)> = points
        .iter()
        .filter_map(|p| Some((p.load, p.kept()?.scores[objective])))
        .filter(|(_, score)| score.is_near())
        .collect();
    let curve = |of: &dyn Fn(&Score) -> Option<f64>| -> Vec<(f64, f64)> {
        scores.iter().filter_map(|(load, score)| Some((*load, of(score)?))).collect()
    };
    let middle = root(&curve(&|score| Some(score.value)), scale)?;
    let ends = root(&curve(&|score| Some(score.interval?.1)), scale)
        .zip(root(&curve(&|score| Some(score.interval?.0)), scale));
    let interval = ends.map(|(low, high)| (low.load, high.load));
    Some(Crossing { objective, load: middle.load, interval, steepness: middle.steepness })
}

/// Where a curve crosses zero, and how steeply.
struct Root {
    load: f64,
    steepness: f64,
}

/// The zero of the straight line through the point nearest to zero and the next one that is far enough for a slope.
fn root(curve: &[(f64, f64)], scale: Scale) -> Option<Root> {
    let mut known = curve.to_vec();
    known.sort_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let (near, value) = *known.first()?;
    // On the other side if there is one as near as on this: a straight line is best in between.
    let apart = |load: f64| (load / near - 1.0).abs();
    let others = known.iter().skip(1).filter(|(load, _)| apart(*load) >= APART);
    let across = |other: f64| (other < 0.0) != (value < 0.0);
    let weight = |(load, other): &(f64, f64)| apart(*load) * if across(*other) { 1.0 } else { 2.0 };
    let (far, other) = *others.min_by(|a, b| weight(a).total_cmp(&weight(b)))?;
    let scale = scale.for_both(near, far);
    let (a, b) = (scale.to(near)?, scale.to(far)?);
    let slope = (other - value) / (b - a);
    if slope <= 0.0 || !slope.is_finite() {
        return None;
    }
    Some(Root { load: scale.from(a - value / slope), steepness: (other - value) / (far / near).ln() })
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
