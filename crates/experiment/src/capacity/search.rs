//! The search: loads are tried until one lies as near to the border as its own interval tells.
//!
//! With common random numbers the same requests come at every load, only closer together, so a metric is a smooth
//! function of the load but for jumps far smaller than its interval. Near saturation `S` latencies grow as
//! `1 / (1 - load / S)`, so the search steps in `x = -ln(1 - load / S)`, in which the logarithm of a latency is nearly
//! a straight line: for M/M/1 it is one, and the second step lands on the border.
//!
//! # Source
//! Root finding: the secant inside a bracket with halved scores (Illinois), Dowell and Jarratt, BIT 11, 1971. Common
//! random numbers: Law, Simulation Modeling and Analysis, 5th ed., section 11.2. Chosen over stochastic
//! approximation (Robbins and Monro, 1951), whose steps need hundreds of runs, and over plain bisection, which needs
//! ten to get a range of 1 to 1000 down to a per cent.

use super::point::Point;

/// Runs that the search may take. The rest of twenty are for the knee.
///
/// # Source
/// Chosen: queues take three to five (`kneepoint verify --area capacity`); what nine do not settle has jumps.
pub(super) const RUNS_MAX: usize = 9;

/// Where the search begins, of the load at which theory sees the bottleneck saturated.
///
/// # Source
/// Chosen: a usual place for a capacity; from there the shape of queues near saturation leads on.
const FIRST: f64 = 0.75;

/// Part of its interval that a point may lie away from the border to count as on it.
///
/// # Source
/// Chosen: over a quarter of the half width a straight line is good, and a nearer point would not narrow the interval.
const NEAR_SHARE: f64 = 0.25;

/// Bracket (relative) below which nothing more is asked for.
///
/// # Source
/// Chosen: a fifth of the 1 % that a long run knows a capacity to.
const NARROW: f64 = 0.002;

/// Distance (relative) that two points must have to give a slope: below it the slope is noise.
///
/// # Source
/// Chosen: with common random numbers a latency near saturation moves some per cent over it, and jumps of single
/// requests that change their order are a tenth of that.
pub(super) const APART: f64 = 0.01;

/// How far apart (in the logarithm) loads must be to tell whether more load helps an objective or not.
///
/// # Source
/// Chosen: over less, jumps of single requests are a slope.
const SLOPE_APART: f64 = 0.05;

/// How fast the logarithm of what is asked for must come nearer with the logarithm of the load, to say that it helps.
///
/// # Source
/// Chosen: a throughput follows the load with 1; a latency far below the knee stays where it is but for chance.
const SLOPE: f64 = 0.25;

/// Highest step up where all loads so far are too little (ratio).
///
/// # Source
/// Chosen: a throughput says by itself how much is missing; a hit ratio does not, and is felt for.
const STEP_UP: f64 = 16.0;

/// Loads near `saturation` are stretched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub saturation: Option<f64>,
}

impl Scale {
    /// Where a load lies; the logarithm where saturation is unknown.
    pub fn to(self, load: f64) -> Option<f64> {
        match self.saturation {
            Some(s) => (load < 0.9999 * s).then(|| -(1.0 - load / s).ln()),
            None => Some(load.ln()),
        }
    }

    pub fn from(self, x: f64) -> f64 {
        match self.saturation {
            Some(s) => s * -(-x).exp_m1(),
            None => x.exp(),
        }
    }

    /// The scale for two loads: plain where one of them lies beyond saturation.
    pub fn for_both(self, a: f64, b: f64) -> Scale {
        match (self.to(a), self.to(b)) {
            (Some(_), Some(_)) => self,
            _ => Scale { saturation: None },
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Next {
    /// Run this load.
    Try(f64),
    /// Enough is known.
    Done,
    /// The lowest load misses, or the highest holds.
    Edge,
}

/// What bounds the search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub low: f64,
    pub high: f64,
    pub written: f64,
    pub scale: Scale,
}

/// Between which loads the border lies.
pub(super) struct Bracket<'a> {
    /// The highest load that misses because it is too little; nothing below it can hold.
    pub floor: Option<&'a Point>,
    /// The highest load that holds below the lowest that misses because it is too much.
    pub held: Option<&'a Point>,
    /// That one.
    pub missed: Option<&'a Point>,
}

pub(super) fn bracket(points: &[Point]) -> Bracket<'_> {
    let highest = |a: &&Point, b: &&Point| a.load.total_cmp(&b.load);
    let missed = points.iter().filter(|p| !p.holds() && !is_too_little(p, points)).min_by(highest);
    let below = missed.map_or(f64::INFINITY, |p| p.load);
    let held = points.iter().filter(|p| p.holds() && p.load < below).max_by(highest);
    let floor = points.iter().filter(|p| is_too_little(p, points) && p.load < below).max_by(highest);
    Bracket { floor, held, missed }
}

/// Whether all that a load misses asks for more load: a throughput that must be above its bound, or the hit ratio of a
/// cache that more requests keep warm. Which way it goes, the nearest load that was run tells.
pub(super) fn is_too_little(p: &Point, points: &[Point]) -> bool {
    let Some(kept) = p.kept().filter(|_| !p.only_grows()) else { return false };
    let apart = |q: &&Point| (q.load / p.load).ln().abs() >= SLOPE_APART;
    let scores = |q: &&Point| q.kept().is_some();
    let above = points.iter().filter(|q| q.load > p.load && apart(q) && scores(q));
    let below = points.iter().filter(|q| q.load < p.load && apart(q) && scores(q));
    let above = above.min_by(|a, b| a.load.total_cmp(&b.load));
    let neighbour = above.or_else(|| below.max_by(|a, b| a.load.total_cmp(&b.load)));
    let falls = |o: usize| match neighbour.and_then(|q| Some((q.load, q.kept()?.scores[o]))) {
        Some((load, score)) => (score.value - kept.scores[o].value) / (load / p.load).ln() <= -SLOPE,
        None => kept.scores[o].asks_for_load,
    };
    let mut missed = (0..kept.scores.len()).filter(|o| kept.scores[*o].value >= 0.0).peekable();
    missed.peek().is_some() && missed.all(falls)
}

/// The load to begin with.
pub(super) fn first(bounds: &Bounds) -> f64 {
    let guess = bounds.scale.saturation.map_or(bounds.written, |s| FIRST * s);
    guess.clamp(bounds.low, bounds.high)
}

/// Decides what to run next.
pub(super) fn next(points: &[Point], bounds: &Bounds) -> Next {
    let Bracket { floor, held, missed } = bracket(points);
    let raw = match (held, missed) {
        (Some(held), None) => {
            if held.load >= bounds.high * (1.0 - 1e-9) {
                return Next::Edge;
            }
            above(held, points, bounds)
        }
        (None, Some(missed)) if floor.is_some() => {
            let low = floor.map_or(bounds.low, |floor| floor.load);
            if missed.load / low - 1.0 < NARROW {
                return Next::Edge;
            }
            (low * missed.load).sqrt()
        }
        (None, Some(missed)) => {
            if missed.load <= bounds.low * (1.0 + 1e-9) {
                return Next::Edge;
            }
            below(missed, points, bounds)
        }
        // Where it saturates is told better by how busy it is than by cutting the bracket in halves.
        (Some(held), Some(missed)) if missed.only_grows() && held.load > 0.5 * missed.load => {
            return Next::Done;
        }
        (Some(held), Some(missed)) => {
            if missed.load / held.load - 1.0 < NARROW || (is_on_border(points) && has_slope(points)) {
                return Next::Done;
            }
            between(held, missed, points, bounds.scale)
        }
        (None, None) => match floor {
            None => return Next::Try(first(bounds)),
            Some(floor) if floor.load >= bounds.high * (1.0 - 1e-9) => return Next::Edge,
            // What is asked for in proportion to the load says how much of it is missing, and a little more.
            Some(floor) => floor.load * (1.02 * floor.score().value.exp()).clamp(1.1, STEP_UP),
        },
    };
    Next::Try(raw.clamp(bounds.low, bounds.high))
}

/// The point nearest to the border among those whose score is more than a side.
pub(super) fn nearest(points: &[Point]) -> Option<&Point> {
    let usable = points.iter().filter(|p| p.score().is_near());
    usable.min_by(|a, b| a.score().value.abs().total_cmp(&b.score().value.abs()))
}

/// Whether the nearest point lies on the border as far as its own interval tells.
fn is_on_border(points: &[Point]) -> bool {
    let Some(nearest) = nearest(points) else { return false };
    let score = nearest.score();
    score.interval.is_some_and(|(low, high)| score.value.abs() <= NEAR_SHARE * (high - low) / 2.0)
}

/// Whether there is another point near enough to the nearest, and far enough, to give a slope.
fn has_slope(points: &[Point]) -> bool {
    let Some(near) = nearest(points) else { return false };
    points.iter().any(|p| {
        let apart = (p.load / near.load - 1.0).abs();
        p.score().is_near() && (APART..0.25).contains(&apart)
    })
}

/// A step up from loads that all hold.
fn above(held: &Point, points: &[Point], bounds: &Bounds) -> f64 {
    let score = held.score();
    let Some(s) = bounds.scale.saturation else {
        // Twice as much, or as far as the last two points lead, whichever is less.
        let before = points.iter().filter(|p| p.load < held.load).max_by(|a, b| a.load.total_cmp(&b.load));
        let led = before.filter(|p| p.score().is_near() && score.is_near()).and_then(|p| {
            let slope = (score.value - p.score().value) / (held.load / p.load).ln();
            (slope > 0.0).then(|| held.load * (-score.value / slope).exp())
        });
        return led.map_or(2.0 * held.load, |load| load.clamp(1.05 * held.load, 2.0 * held.load));
    };
    match bounds.scale.to(held.load) {
        // Latencies as of a queue: the score grows as x does. Short of saturation, that something may be seen.
        Some(x) if held.load < 0.97 * s => {
            let step = if score.is_near() { -score.value } else { 1.0 };
            // A metric that hardly grows yet would be followed in ever the same small steps: they double instead.
            let below = points.iter().filter(|p| p.load < held.load).filter_map(|p| bounds.scale.to(p.load));
            let before = below.reduce(f64::max).map_or(0.0, |below| 2.0 * (x - below));
            bounds.scale.from(x + step.max(before).max(0.05)).clamp(held.load * 1.005, 0.985 * s)
        }
        _ if held.load < s => 1.03 * s,
        // Nothing is left of theory here: what is lost or put off hides the saturation.
        _ => 2.0 * held.load,
    }
}

/// A step down from loads that all miss, twice as far as the one before.
fn below(missed: &Point, points: &[Point], bounds: &Bounds) -> f64 {
    let score = missed.score();
    let above = points.iter().filter(|p| p.load > missed.load).map(|p| p.load).reduce(f64::min);
    let furthest = missed.load * above.map_or(0.5, |above| (missed.load / above).powi(2).min(0.5));
    match (bounds.scale.saturation, bounds.scale.to(missed.load)) {
        (Some(s), None) => 0.8 * s,
        (Some(_), Some(x)) if score.is_near() => {
            let to = bounds.scale.from((x - score.value.max(0.05)).max(0.0));
            to.clamp(furthest, missed.load * 0.98)
        }
        _ => furthest,
    }
}

/// A step inside a bracket: the secant, kept away from its ends, or the middle where a score says only a side.
fn between(held: &Point, missed: &Point, points: &[Point], scale: Scale) -> f64 {
    let scale = scale.for_both(held.load, missed.load);
    let middle = |a: f64, b: f64| scale.from((a + b) / 2.0);
    let (Some(a), Some(b)) = (scale.to(held.load), scale.to(missed.load)) else {
        return (held.load + missed.load) / 2.0;
    };
    let (mut low, mut high) = (held.score().value, missed.score().value);
    if !held.score().is_near() || !missed.score().is_near() {
        return middle(a, b);
    }
    // The end that has stood twice is taken for half as far (Illinois), so that both ends come nearer.
    let side = |p: &Point| p.holds();
    if let [.., last_but_one, last] = points
        && side(last_but_one) == side(last)
        && points.len() > 2
    {
        if side(last) {
            high /= 2.0;
        } else {
            low /= 2.0;
        }
    }
    let at = a + (b - a) * low / (low - high);
    // Near an end the two would not part; on the border itself that end is done.
    let guard = 0.02 * (b - a);
    let mut load = scale.from(at.clamp(a + guard, b - guard));
    // A slope takes two points that are apart: the nearest may be on the border already.
    if let Some(near) = nearest(points)
        && is_on_border(points)
        && (load / near.load - 1.0).abs() < APART
    {
        load = if near.holds() {
            (near.load * (1.0 + 2.0 * APART)).min(missed.load)
        } else {
            (near.load * (1.0 - 2.0 * APART)).max(held.load)
        };
    }
    load
}
