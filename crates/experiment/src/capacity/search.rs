//! The search: loads are tried until one lies as near to the border as its own interval tells.
//!
//! With common random numbers the same requests come at every load, only closer together, so a metric is a smooth
//! function of the load but for jumps far smaller than its interval. Near saturation `S` latencies grow as
//! `1 / (1 - load / S)`, so the search steps in `x = -ln(1 - load / S)`, in which the logarithm of a latency is nearly
//! a straight line: for M/M/1 it is one, and the second step lands on the border.
//!
//! # Assumptions
//! What holds at a load and is missed at a higher one is not looked for again beyond that: the capacity is the end of the
//! lowest stretch that was found to hold. A load may miss because it is too little, as a throughput that must be above its
//! bound does; what must stay below its bound, and shares, are never taken to ask for load, whatever chance makes of them.
//!
//! # Source
//! Root finding: the secant inside a bracket with halved scores (Illinois), Dowell and Jarratt, BIT 11, 1971. Common
//! random numbers: Law, Simulation Modeling and Analysis, 5th ed., section 11.2. Chosen over stochastic
//! approximation (Robbins and Monro, 1951), whose steps need hundreds of runs, and over plain bisection, which needs
//! ten to get a range of 1 to 1000 down to a per cent.
//! The numbers of steps below that have no source of their own were chosen so that queues take three to five runs
//! (`kneepoint verify --area capacity` prints how many).

use super::point::{FAR, Score};

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

/// Distance (relative) at which a point still tells the slope at another.
///
/// # Source
/// Chosen: over more, a latency near saturation bends.
pub(super) const CLOSE: f64 = 0.25;

/// How far apart (in the logarithm) loads must be to tell whether more load helps an objective that asks for it.
///
/// # Source
/// Chosen: over less, jumps of single requests are a slope.
const SLOPE_APART: f64 = 0.05;

/// How fast the logarithm of what is asked for must come nearer with the logarithm of the load, to say that it helps.
///
/// # Source
/// Chosen: a throughput follows the load with 1, and does not where the servers are full.
const SLOPE: f64 = 0.25;

/// Highest step up (ratio).
///
/// # Source
/// Chosen: a utilisation of some per cent tells how much is missing, one of a part in a thousand does not.
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

/// A load that was tried, as far as the search is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried<'a> {
    pub load: f64,
    /// By objective; nothing if the run reached a ceiling.
    pub scores: Option<&'a [Score]>,
    /// All objectives hold, but only because the run ends before a queue that grows for ever is long enough.
    pub only_grows: bool,
    /// Utilisation of the busiest part.
    pub busiest: Option<f64>,
}

impl<'a> Tried<'a> {
    /// Whether all objectives hold here, as far as is known.
    pub fn holds(&self) -> bool {
        !self.only_grows && self.scores.is_some_and(|scores| scores.iter().all(|score| score.value < 0.0))
    }

    /// The score of the worst of some objectives; what stopped is as bad as can be, and so is what grows for ever.
    fn score(&self, of: &[usize]) -> Score {
        let scores = self.scores.filter(|_| !self.only_grows);
        let worst =
            scores.and_then(|all| of.iter().map(|o| all[*o]).max_by(|a, b| a.value.total_cmp(&b.value)));
        worst.unwrap_or(Score { value: FAR, interval: None, is_told: true, asks_for_load: false })
    }

    /// Whether an objective is missed here and more load would help it: which way it goes, the nearest load tells.
    pub fn is_short_of(&self, o: usize, tried: &[Tried]) -> bool {
        let Some(score) = self.scores.map(|scores| scores[o]) else { return false };
        if score.value < 0.0 || !score.asks_for_load {
            return false;
        }
        let apart = |q: &&Tried| (q.load / self.load).ln().abs() >= SLOPE_APART;
        let near = |q: &&Tried| q.scores.is_some_and(|scores| scores[o].is_near());
        let others = || tried.iter().filter(|q| apart(q) && near(q));
        let above = others().filter(|q| q.load > self.load).min_by(|a, b| a.load.total_cmp(&b.load));
        let below = || others().filter(|q| q.load < self.load).max_by(|a, b| a.load.total_cmp(&b.load));
        match above.or_else(below).and_then(|q| Some((q.load, q.scores?[o].value))) {
            Some((load, other)) if score.is_near() => {
                (other - score.value) / (load / self.load).ln() <= -SLOPE
            }
            // Nothing says otherwise.
            _ => true,
        }
    }

    /// Whether all that is missed here asks for more load.
    fn is_too_little(&self, tried: &[Tried]) -> bool {
        let Some(scores) = self.scores.filter(|_| !self.only_grows && !self.holds()) else { return false };
        (0..scores.len()).all(|o| scores[o].value < 0.0 || self.is_short_of(o, tried))
    }
}

/// Between which loads the border lies, by their places among those that were tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bracket {
    /// The highest load that is too little, below all that hold: nothing below it can hold.
    pub floor: Option<usize>,
    /// The highest load that holds below the lowest that misses because it is too much.
    pub held: Option<usize>,
    /// That one.
    pub missed: Option<usize>,
}

pub(super) fn bracket(tried: &[Tried]) -> Bracket {
    let order = |a: &usize, b: &usize| tried[*a].load.total_cmp(&tried[*b].load);
    let all = || 0..tried.len();
    let lowest_held =
        all().filter(|i| tried[*i].holds()).map(|i| tried[i].load).fold(f64::INFINITY, f64::min);
    // What is missed above a load that holds is too much, whatever it asks for.
    let is_floor = |i: &usize| tried[*i].load < lowest_held && tried[*i].is_too_little(tried);
    let missed = all().filter(|i| !tried[*i].holds() && !is_floor(i)).min_by(order);
    let below = |i: &usize| missed.is_none_or(|missed| tried[*i].load < tried[missed].load);
    let held = all().filter(|i| tried[*i].holds() && below(i)).max_by(order);
    let floor = all().filter(|i| is_floor(i) && below(i)).max_by(order);
    Bracket { floor, held, missed }
}

/// The objectives whose border is sought: those missed at the upper end of the bracket; all that do not ask for load, or
/// all, where that end tells none.
pub(super) fn sought(tried: &[Tried]) -> Vec<usize> {
    let count = tried.iter().find_map(|t| t.scores).map_or(0, <[Score]>::len);
    let missed = bracket(tried).missed.map(|i| tried[i]);
    let at_end: Vec<usize> = match missed.and_then(|t| t.scores) {
        Some(scores) => (0..count).filter(|o| scores[*o].value >= 0.0).collect(),
        None => Vec::new(),
    };
    if !at_end.is_empty() {
        return at_end;
    }
    let asks = |o: &usize| tried.iter().find_map(|t| t.scores).is_some_and(|scores| scores[*o].asks_for_load);
    let rest: Vec<usize> = (0..count).filter(|o| !asks(o)).collect();
    if rest.is_empty() { (0..count).collect() } else { rest }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Next {
    /// Run this load.
    Try(f64),
    /// Enough is known.
    Done,
    /// The lowest load misses, or the highest holds, or nothing lies between too little and too much.
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

/// The load to begin with.
pub(super) fn first(bounds: &Bounds) -> f64 {
    let guess = bounds.scale.saturation.map_or(bounds.written, |s| FIRST * s);
    guess.clamp(bounds.low, bounds.high)
}

/// Decides what to run next.
pub(super) fn next(tried: &[Tried], bounds: &Bounds) -> Next {
    let found = bracket(tried);
    let [floor, held, missed] = [found.floor, found.held, found.missed].map(|at| at.map(|i| tried[i]));
    let search = Search { tried, of: &sought(tried), above: floor.map_or(0.0, |floor| floor.load), bounds };
    let raw = match (held, missed) {
        (Some(held), None) => {
            if held.load >= bounds.high * (1.0 - 1e-9) {
                return Next::Edge;
            }
            search.above(held)
        }
        (None, Some(missed)) if let Some(floor) = floor => {
            if missed.load / floor.load - 1.0 < NARROW {
                return Next::Edge;
            }
            (floor.load * missed.load).sqrt()
        }
        (None, Some(missed)) => {
            if missed.load <= bounds.low * (1.0 + 1e-9) {
                return Next::Edge;
            }
            search.below(missed)
        }
        // Where it saturates is told better by how busy it is than by cutting the bracket in halves.
        (Some(held), Some(missed)) if missed.only_grows && held.load > 0.5 * missed.load => {
            return Next::Done;
        }
        (Some(held), Some(missed)) => {
            if missed.load / held.load - 1.0 < NARROW || (search.is_on_border() && search.has_slope()) {
                return Next::Done;
            }
            search.between(held, missed)
        }
        (None, None) => match floor {
            None => return Next::Try(first(bounds)),
            Some(floor) if floor.load >= bounds.high * (1.0 - 1e-9) => return Next::Edge,
            // What is asked for in proportion to the load says how much of it is missing, and a little more.
            Some(floor) => {
                let all: Vec<usize> = (0..floor.scores.map_or(0, <[Score]>::len)).collect();
                floor.load * (1.02 * floor.score(&all).value.exp()).clamp(1.1, STEP_UP)
            }
        },
    };
    Next::Try(raw.clamp(bounds.low, bounds.high))
}

/// What steps are made of.
struct Search<'a> {
    tried: &'a [Tried<'a>],
    /// The objectives whose border is sought.
    of: &'a [usize],
    /// Loads up to here are too little, and no part of the border.
    above: f64,
    bounds: &'a Bounds,
}

impl Search<'_> {
    fn score(&self, of: &Tried) -> Score {
        of.score(self.of)
    }

    /// The point nearest to the border among those whose score is more than a side.
    fn nearest(&self) -> Option<&Tried<'_>> {
        let usable = self.tried.iter().filter(|t| t.load > self.above && self.score(t).is_near());
        usable.min_by(|a, b| self.score(a).value.abs().total_cmp(&self.score(b).value.abs()))
    }

    /// Whether the nearest point lies on the border as far as its own interval tells.
    fn is_on_border(&self) -> bool {
        let Some(score) = self.nearest().map(|t| self.score(t)) else { return false };
        score.interval.is_some_and(|(low, high)| score.value.abs() <= NEAR_SHARE * (high - low) / 2.0)
    }

    /// Whether there is another point near enough to the nearest, and far enough, to give a slope.
    fn has_slope(&self) -> bool {
        let Some(near) = self.nearest() else { return false };
        self.tried.iter().any(|t| {
            let apart = (t.load / near.load - 1.0).abs();
            t.load > self.above && self.score(t).is_near() && (APART..CLOSE).contains(&apart)
        })
    }

    /// A step up from loads that all hold.
    fn above(&self, held: Tried) -> f64 {
        let (score, bounds) = (self.score(&held), self.bounds);
        let lower = || self.tried.iter().filter(|t| t.load < held.load);
        let Some(s) = bounds.scale.saturation else {
            // As much as the busiest part has left, but at least twice as much; less where the last two points lead there.
            let most = held.busiest.map_or(2.0, |busy| (FIRST / busy).clamp(2.0, STEP_UP));
            let before = lower().max_by(|a, b| a.load.total_cmp(&b.load));
            let led = before.filter(|t| self.score(t).is_near() && score.is_near()).and_then(|t| {
                let slope = (score.value - self.score(t).value) / (held.load / t.load).ln();
                (slope > 0.0).then(|| held.load * (-score.value / slope).exp())
            });
            return led.map_or(most * held.load, |load| load.clamp(1.05 * held.load, most * held.load));
        };
        match bounds.scale.to(held.load) {
            // Latencies as of a queue: the score grows as x does. Short of saturation, that something may be seen.
            Some(x) if held.load < 0.97 * s => {
                let step = if score.is_near() { -score.value } else { 1.0 };
                // A metric that hardly grows yet would be followed in ever the same small steps: they double instead.
                let below = lower().filter_map(|t| bounds.scale.to(t.load));
                let before = below.reduce(f64::max).map_or(0.0, |below| 2.0 * (x - below));
                bounds.scale.from(x + step.max(before).max(0.05)).clamp(held.load * 1.005, 0.985 * s)
            }
            _ if held.load < s => 1.03 * s,
            // Nothing is left of theory here: what is lost or put off hides the saturation.
            _ => 2.0 * held.load,
        }
    }

    /// A step down from loads that all miss, twice as far as the one before.
    fn below(&self, missed: Tried) -> f64 {
        let (score, bounds) = (self.score(&missed), self.bounds);
        let above = self.tried.iter().filter(|t| t.load > missed.load).map(|t| t.load).reduce(f64::min);
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
    fn between(&self, held: Tried, missed: Tried) -> f64 {
        let scale = self.bounds.scale.for_both(held.load, missed.load);
        let (Some(a), Some(b)) = (scale.to(held.load), scale.to(missed.load)) else {
            return (held.load + missed.load) / 2.0;
        };
        let [at_held, at_missed] = [held, missed].map(|end| self.score(&end));
        if !at_held.is_near() || !at_missed.is_near() {
            return scale.from((a + b) / 2.0);
        }
        let (mut low, mut high) = (at_held.value, at_missed.value);
        // The end that has stood twice is taken for half as far, and for half of that the next time (Illinois), so that
        // both ends come nearer.
        if let Some(last) = self.tried.last().filter(|_| self.tried.len() > 2) {
            let side = last.holds();
            let same = self.tried.iter().rev().take_while(|t| t.holds() == side).count();
            let halved = 0.5f64.powi(same as i32 - 1);
            if side {
                high *= halved;
            } else {
                low *= halved;
            }
        }
        let at = a + (b - a) * low / (low - high);
        // Near an end the two would not part; on the border itself that end is done.
        let guard = 0.02 * (b - a);
        let mut load = scale.from(at.clamp(a + guard, b - guard));
        // A slope takes two points that are apart: the nearest may be on the border already.
        if let Some(near) = self.nearest()
            && self.is_on_border()
            && (load / near.load - 1.0).abs() < APART
        {
            load = if near.load < missed.load {
                (near.load * (1.0 + 2.0 * APART)).min(missed.load)
            } else {
                (near.load * (1.0 - 2.0 * APART)).max(held.load)
            };
        }
        load
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that must stay below 0 in the logarithm, known to ± 6 %, as long runs know a latency near saturation.
    fn below(value: f64) -> Score {
        let value = value.clamp(-FAR, FAR);
        Score { value, interval: Some((value - 0.06, value + 0.06)), is_told: true, asks_for_load: false }
    }

    /// A rate over its bound.
    fn above(rate: f64, bound: f64) -> Score {
        Score { asks_for_load: true, ..below((bound / rate).ln()) }
    }

    /// A system by its scores, and whether a queue only grows, at a load.
    type System = fn(f64) -> (Option<Vec<Score>>, bool);

    /// A load, its scores, and whether a queue only grows there.
    type Ran = (f64, Option<Vec<Score>>, bool);

    /// Searches as the runner does; returns the loads and what they gave, and whether it came to its end.
    fn search(system: System, bounds: Bounds) -> (Vec<Ran>, bool) {
        let mut all: Vec<Ran> = Vec::new();
        loop {
            let next = next(&tried(&all), &bounds);
            let Next::Try(load) = next else { return (all, true) };
            let again = all.iter().any(|(other, ..)| (other / load - 1.0).abs() < 1e-9);
            if all.len() == RUNS_MAX || again {
                return (all, false);
            }
            let (scores, only_grows) = system(load);
            all.push((load, scores, only_grows));
        }
    }

    fn tried(all: &[Ran]) -> Vec<Tried<'_>> {
        all.iter()
            .map(|(load, scores, only_grows)| Tried {
                load: *load,
                scores: scores.as_deref(),
                only_grows: *only_grows,
                busiest: Some((load / 100.0).min(1.0)),
            })
            .collect()
    }

    /// Latency of M/M/1 with 100/s over a bound of 50 ms: it leaves it at 80/s.
    fn latency(load: f64) -> Score {
        if load < 99.9 { below((1.0 / (100.0 - load) / 0.05).ln()) } else { below(FAR) }
    }

    fn bounds(low: f64, high: f64, written: f64, saturation: Option<f64>) -> Bounds {
        Bounds { low, high, written, scale: Scale { saturation } }
    }

    /// The ends of the bracket that a search leaves.
    fn ends(all: &[Ran]) -> [Option<f64>; 3] {
        let found = bracket(&tried(all));
        [found.floor, found.held, found.missed].map(|at| at.map(|i| all[i].0))
    }

    #[test]
    fn queues_come_close_within_the_runs_wherever_the_search_begins() {
        for (written, saturation) in
            [(40.0, Some(100.0)), (40.0, None), (1.0, None), (0.05, None), (3000.0, None)]
        {
            let bounds = bounds(1e-6, 1e6, written, saturation);
            let (all, ended) = search(|load| (Some(vec![latency(load)]), false), bounds);
            let [floor, held, missed] = ends(&all);
            assert!(floor.is_none(), "{written} {saturation:?}: {all:?}");
            let (held, missed) = (held.unwrap(), missed.unwrap());
            assert!(held <= 80.5 && 79.5 <= missed, "{written}: {held} to {missed}");
            assert!(missed / held < if ended { 1.3 } else { 1.0 + CLOSE }, "{written}: {held} to {missed}");
        }
    }

    #[test]
    fn a_throughput_that_must_be_reached_is_a_floor_and_does_not_slow_the_search() {
        // Just above the floor the throughput is the worst of both, and says nothing of the border.
        let system: System = |load| (Some(vec![latency(load), above(load.min(100.0), 50.0)]), false);
        for written in [1.0, 51.0, 70.0, 300.0] {
            let (all, ended) = search(system, bounds(1e-3, 1e6, written, None));
            let [floor, held, missed] = ends(&all);
            assert!(ended, "{written}: {all:?}");
            assert!(floor.is_none_or(|floor| floor < 50.0), "{floor:?}");
            assert!(held.unwrap() <= 80.5 && missed.unwrap() >= 79.5, "{written}: {held:?} to {missed:?}");
        }
    }

    #[test]
    fn a_bound_far_above_is_climbed_to_and_one_beyond_the_servers_is_not_held() {
        let (all, ended) =
            search(|load| (Some(vec![above(load, 8000.0)]), false), bounds(1.0, 20_000.0, 1.0, None));
        assert!(ended && ends(&all)[1].is_some(), "{all:?}");
        let (all, _) =
            search(|load| (Some(vec![above(load.min(100.0), 200.0)]), false), bounds(0.01, 1e5, 10.0, None));
        let [floor, held, missed] = ends(&all);
        assert!(held.is_none() && floor.unwrap() < missed.unwrap(), "{all:?}");
    }

    #[test]
    fn what_must_stay_below_never_asks_for_load() {
        // A hump: bad at 25, better at 40 and beyond; it holds at 20.
        let system: System = |load| {
            let value = if load < 21.0 { -0.5 } else { 0.4 - (load / 200.0).min(0.3) };
            (Some(vec![below(value)]), false)
        };
        for written in [15.0, 25.0, 60.0] {
            let (all, _) = search(system, bounds(1.0, 1000.0, written, None));
            let [floor, held, missed] = ends(&all);
            assert!(floor.is_none(), "{all:?}");
            assert!(
                held.is_some_and(|held| held < 21.0) && missed.is_some_and(|missed| missed >= 21.0),
                "{all:?}"
            );
        }
    }

    #[test]
    fn a_goodput_that_collapses_is_too_much_above_what_holds() {
        // 60/s are reached at 60 and lost again at 140.
        let system: System =
            |load| (Some(vec![above(if load < 100.0 { load } else { 200.0 - load }.max(0.1), 60.0)]), false);
        let (all, _) = search(system, bounds(1.0, 1000.0, 80.0, None));
        let [_, held, missed] = ends(&all);
        assert!((60.0..=140.5).contains(&held.unwrap()) && missed.unwrap() >= 139.5, "{all:?}");
    }

    #[test]
    fn ceilings_and_queues_that_only_grow_are_too_much() {
        let (all, _) = search(
            |load| (if load < 90.0 { Some(vec![below(-FAR)]) } else { None }, false),
            bounds(1.0, 1e4, 10.0, None),
        );
        assert!(ends(&all)[2].is_some_and(|missed| missed >= 90.0), "{all:?}");
        let (all, ended) =
            search(|load| (Some(vec![below(-2.0)]), load > 100.0), bounds(1.0, 1e4, 10.0, Some(100.0)));
        assert!(ended && ends(&all)[2].is_some_and(|missed| missed > 100.0), "{all:?}");
    }

    #[test]
    fn the_lowest_load_is_reached_soon_where_nothing_holds() {
        let (all, ended) =
            search(|_| (Some(vec![below(FAR)]), false), bounds(0.075, 600.0, 75.0, Some(75.0)));
        assert!(ended && ends(&all) == [None, None, Some(0.075)], "{all:?}");
    }
}
