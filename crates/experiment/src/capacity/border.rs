//! Where the border is crossed, and how surely.

use super::point::{FAR, Point, Score};
use super::search::{APART, Scale};

/// Where one objective leaves its bound.
pub(super) struct Crossing {
    pub objective: usize,
    pub load: f64,
    /// Loads between which it lies at the confidence of the run; nothing if the run gave no interval.
    pub ends: Option<Ends>,
    /// How much the score grows with the logarithm of the load.
    pub steepness: f64,
}

/// The ends of an interval; nothing for one that no load that was run bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ends {
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// The crossing of one objective.
///
/// The ends of the interval are the loads at which the ends of the metric's own interval cross the bound, each sought
/// as the crossing itself is. (One slope for all three made intervals too short at their lower end: the closer to
/// saturation, the steeper the metric and the wider its interval.) An end lies between two loads that were run, on
/// whose sides its curve is: a straight line says nothing of loads beyond, and leads below 0 where intervals are wide.
///
/// # Source
/// Inverting a confidence band at a level: Seber and Wild, Nonlinear Regression, 1989, section 5.4. Chosen over one
/// root per replication, which needs a search in each and is biased for percentiles of few samples.
fn crossing(points: &[&Point], objective: usize, scale: Scale) -> Option<Crossing> {
    let all: Vec<(f64, Option<Score>)> =
        points.iter().map(|p| (p.load, p.kept().map(|kept| kept.scores[objective]))).collect();
    let near = |of: &dyn Fn(&Score) -> Option<f64>| -> Vec<(f64, f64)> {
        let near = all.iter().filter_map(|(load, score)| Some((*load, score.filter(Score::is_near)?)));
        near.filter_map(|(load, score)| Some((load, of(&score)?))).collect()
    };
    // On which side a load is can be said of far ones too, and of those whose run stopped.
    let sides = |of: &dyn Fn(&Score) -> Option<f64>| -> Vec<(f64, f64)> {
        let side = |score: &Option<Score>| score.as_ref().map_or(Some(FAR), of);
        all.iter().filter_map(|(load, score)| Some((*load, side(score)?))).collect()
    };
    let upper = |score: &Score| score.interval.map(|(_, upper)| upper);
    let lower = |score: &Score| score.interval.map(|(lower, _)| lower);
    let middle = root(&near(&|score| Some(score.value)), scale)?;
    let ends = all.iter().flat_map(|(_, score)| score).any(|score| score.interval.is_some()).then(|| Ends {
        low: low_end(&near(&upper), &sides(&upper), scale),
        high: high_end(&near(&lower), &sides(&lower), scale),
    });
    Some(Crossing { objective, load: middle.load, ends, steepness: middle.steepness })
}

/// Where the upper end of the metric's interval leaves the bound: below the first load at which it has.
fn low_end(near: &[(f64, f64)], sides: &[(f64, f64)], scale: Scale) -> Option<f64> {
    let misses = sides.iter().filter(|(_, value)| *value >= 0.0).map(|(load, _)| *load).reduce(f64::min)?;
    let below = sides.iter().filter(|(load, value)| *value < 0.0 && *load < misses);
    let holds = below.map(|(load, _)| *load).reduce(f64::max)?;
    Some(root(near, scale).map_or(holds, |root| root.load.clamp(holds, misses)))
}

/// Where its lower end does: above the last load at which it has not.
fn high_end(near: &[(f64, f64)], sides: &[(f64, f64)], scale: Scale) -> Option<f64> {
    let holds = sides.iter().filter(|(_, value)| *value < 0.0).map(|(load, _)| *load).reduce(f64::max)?;
    let above = sides.iter().filter(|(load, value)| *value >= 0.0 && *load > holds);
    let misses = above.map(|(load, _)| *load).reduce(f64::min)?;
    Some(root(near, scale).map_or(misses, |root| root.load.clamp(holds, misses)))
}

/// Where a curve crosses zero, and how steeply.
struct Root {
    load: f64,
    steepness: f64,
}

/// The zero of the straight line through the point nearest to zero and the next one that is far enough for a slope: it
/// may lie anywhere, and is for the caller to bound.
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
    let load = scale.from(a - value / slope);
    if slope <= 0.0 || !slope.is_finite() || !load.is_finite() {
        return None;
    }
    Some(Root { load, steepness: (other - value) / (far / near).ln() })
}

/// The border of all objectives together: the first crossing, its ends the first of all ends.
///
/// With two objectives about to be left, either may be the first: so the ends are the lowest of each. The lower one is
/// open if that of any is; the upper one if no objective has one.
pub(super) fn first_crossing(points: &[&Point], objectives: usize, scale: Scale) -> Option<Crossing> {
    let mut all: Vec<Crossing> = (0..objectives).filter_map(|o| crossing(points, o, scale)).collect();
    all.sort_by(|a, b| a.load.total_cmp(&b.load));
    let ends = || all.iter().filter_map(|c| c.ends);
    let lows: Option<Vec<f64>> = ends().map(|ends| ends.low).collect();
    let low = lows.and_then(|lows| lows.into_iter().reduce(f64::min));
    let high = ends().filter_map(|ends| ends.high).reduce(f64::min);
    let mut first = all.into_iter().next()?;
    let value = first.load;
    // An end on the wrong side of the border says that the curve and its band do not fit, and bounds nothing.
    let (low, high) = (low.filter(|low| *low <= value), high.filter(|high| *high >= value));
    first.ends = first.ends.map(|_| Ends { low, high });
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR_SATURATION: Scale = Scale { saturation: Some(100.0) };

    /// Upper and lower ends of a score at some loads, the ends of the interval by them.
    fn ends(bands: &[(f64, f64, f64)]) -> (Option<f64>, Option<f64>) {
        let upper: Vec<(f64, f64)> = bands.iter().map(|(load, _, upper)| (*load, *upper)).collect();
        let lower: Vec<(f64, f64)> = bands.iter().map(|(load, lower, _)| (*load, *lower)).collect();
        (low_end(&upper, &upper, NEAR_SATURATION), high_end(&lower, &lower, NEAR_SATURATION))
    }

    #[test]
    fn an_end_that_no_load_bounds_is_open() {
        // The line through the upper ends leads to a load below 0.
        let wide = [(60.0, -1.2, 1.0), (70.0, -0.9, 1.1)];
        let upper: Vec<(f64, f64)> = wide.iter().map(|(load, _, upper)| (*load, *upper)).collect();
        assert!(root(&upper, NEAR_SATURATION).unwrap().load < 0.0);
        assert_eq!(ends(&wide), (None, None));
        // Surely held below: that end is known, and between the two loads.
        let (low, high) = ends(&[(40.0, -2.0, -0.1), wide[0], wide[1]]);
        assert!((40.0..=60.0).contains(&low.unwrap()) && high.is_none(), "{low:?}");
        let (low, high) = ends(&[wide[0], wide[1], (90.0, 0.2, 2.0)]);
        assert!(low.is_none() && (70.0..=90.0).contains(&high.unwrap()), "{high:?}");
    }

    #[test]
    fn bands_that_cross_take_the_outermost_loads() {
        // Surely held at 50 and 70, not at 60; surely missed at 75 and 90, not at 80.
        let bands = [
            (50.0, -1.0, -0.5),
            (60.0, -1.0, 0.5),
            (70.0, -1.0, -0.1),
            (75.0, 0.1, 0.5),
            (80.0, -0.1, 0.9),
            (90.0, 0.5, 1.5),
        ];
        let (low, high) = ends(&bands);
        assert!((50.0..=60.0).contains(&low.unwrap()), "{low:?}");
        assert!((80.0..=90.0).contains(&high.unwrap()), "{high:?}");
    }

    #[test]
    fn without_a_slope_an_end_is_the_load_on_its_safe_side() {
        assert_eq!(low_end(&[], &[(50.0, -FAR), (60.0, FAR)], NEAR_SATURATION), Some(50.0));
        assert_eq!(high_end(&[], &[(50.0, -FAR), (60.0, FAR)], NEAR_SATURATION), Some(60.0));
    }
}
