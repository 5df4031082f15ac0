//! The capacity: the highest load inside the objectives, what stands in the way, and what happens beyond.
//!
//! ```text
//! Loads --first guess from theory--> Point (a run) --search--> bracket --crossing--> capacity with interval
//!                                      ^__________________________|         |
//!                                                                    knee: loads around and beyond --> behaviour
//!                                                                                  '--falls--> a pulse --> recovery
//! ```
//! A run is the scenario with all its replications at one load; a search takes at most nine and up to four more for the
//! ends of its interval, which are loads of the knee, and with all that follows about twenty.

mod answer;
mod behaviour;
mod border;
mod change;
mod finding;
mod linearity;
mod load;
mod moved;
mod parts;
mod point;
mod recovery;
mod result;
mod search;

use kneepoint_statistics::{Estimate, Estimated};

use crate::error::ExperimentError;
use crate::run::{Options, in_threads};

pub use change::{Change, change};
pub use linearity::{Coefficient, Linearity, ScalingFit, Size, SizeCapacity, linearity};
pub use load::{LoadError, Loaded, Loads, Offered};
pub use result::{
    AfterPulse, Behaviour, Binding, CapacityResult, Finding, KneeRow, Limit, LoadAxis, MissedAt, Missing,
    Nowhere, OfPeak, PartLoad, Recovery, Rough, Seen, Verdict,
};

use border::Crossing;
use finding::NARROW_ENOUGH;
use point::Point;
use search::{Bounds, Next, RUNS_MAX, Scale};

/// Loads of the knee's table, as shares of the capacity.
///
/// # Source
/// Chosen: flat, bent, and up to twice the capacity, where behaviour beyond the knee is judged.
const KNEE: [f64; 9] = [0.2, 0.4, 0.6, 0.8, 1.0, 1.1, 1.25, 1.5, 2.0];

/// Loads beyond saturation that are added where twice the capacity overloads nothing, as shares of saturation.
const BEYOND: [f64; 2] = [1.5, 2.0];

/// Loads of the knee that are run for the ends of the interval where no load that was run bounds them: below the
/// border, and above it.
///
/// # Source
/// Chosen: the first bounds intervals of up to a fifth, which is what a few replications give; where the second does
/// not, so much is unknown that more loads would not help.
const FOR_ENDS: [[f64; 2]; 2] = [[0.8, 0.6], [1.1, 1.25]];

/// How near (relative) a load that was run already must be to stand for one of the knee's.
///
/// # Source
/// Chosen: a fifth of the smallest distance between two loads of the knee, so that no two become one.
const SAME: f64 = 0.02;

/// Runs beyond those of the search that narrow down from where on more of a setting is enough.
///
/// # Source
/// Chosen: as many as the ends of an interval take.
const FOR_INVERSE: usize = 4;

/// How far the load may be from what is written if nothing else bounds it.
///
/// # Source
/// Chosen: a file is written for a load of about the right size; nine runs that double reach no further.
const FURTHEST: f64 = 1000.0;

/// Halvings (of the logarithm) when the highest load is looked for at which recordings last long enough.
///
/// # Source
/// Chosen: a part in a thousand of the widest range that is searched.
const HALVINGS: u32 = 14;

/// How a search is made. Nothing here changes a result, but for the knee, which is there or not.
#[derive(Clone, Copy, Default)]
pub struct CapacityOptions<'a> {
    /// Threads; nothing for as many as the machine has.
    pub threads: Option<usize>,
    /// Told after each replication, from whatever thread it ran on.
    pub progress: Option<&'a (dyn Fn(Step) + Sync)>,
    /// Only the capacity: no table of the knee, no behaviour beyond it.
    pub without_knee: bool,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Which run, from 1.
    pub run: u32,
    /// Its load.
    pub load: f64,
    /// Replications of it that are done.
    pub done: u64,
    /// All its replications.
    pub planned: u64,
}

/// Searches the highest load inside the objectives.
///
/// The result is the same, to the last bit, with any number of threads.
///
/// The interval is that of the metric carried over to the load, and as good as that. What lies beyond a percentile near
/// saturation comes in few long busy periods, and an interval of few replications is a little too narrow: with ten of
/// M/M/1 one of 95 % on a p99 held the exact capacity in 90 to 92 % of all searches with 450 answers beyond the
/// percentile in each replication (45,000 requests), in 93 % with 900, and in 92 of 100 searches with 1,600, too few to
/// tell it from 95 %. Where replications do not bound it at both ends, there is none ([`Rough`]).
///
/// # Example
/// ```no_run
/// use kneepoint_experiment::capacity::{CapacityOptions, Loads, capacity};
/// use kneepoint_scenario::{Overrides, Registry, Scenario};
/// let path = std::path::Path::new("models/quickstart.ron");
/// let checked = Scenario::load(path, &Registry::core(), &Overrides::default())?;
/// let found = capacity(&Loads::of_clients(&checked).with_pulses(), &CapacityOptions::default())?;
/// println!("{:?} of the load in the file, after {} runs", found.capacity, found.runs);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If a plan cannot be made or run, an objective cannot be measured, or a run fails its own checks. A run that reaches
/// a ceiling of requests or memory is no error: that load is beyond the capacity.
pub fn capacity(loads: &Loads, options: &CapacityOptions) -> Result<CapacityResult, ExperimentError> {
    in_threads(options.threads, || {
        let mut runner = Runner::new(loads, options)?;
        runner.capacity()
    })?
}

/// Makes runs and keeps what they gave.
struct Runner<'a> {
    loads: &'a Loads,
    options: &'a CapacityOptions<'a>,
    bounds: Bounds,
    /// The highest load at which the recordings last long enough, where that bounds the search.
    longest: Option<f64>,
    /// Whether twice the load makes the parts twice as busy.
    in_proportion: bool,
    /// In the order of running.
    points: Vec<Point>,
}

impl<'a> Runner<'a> {
    fn new(loads: &'a Loads, options: &'a CapacityOptions<'a>) -> Result<Runner<'a>, ExperimentError> {
        let written = loads.start;
        let scale = Scale { saturation: parts::saturation_load(loads)? };
        let (low, high) = loads.range.unwrap_or_else(|| {
            // As far as the knee's table and the search together may go.
            let high = scale.saturation.map_or(FURTHEST * written, |s| 8.0 * s);
            let low = scale.saturation.unwrap_or(written).min(written) / FURTHEST;
            (low, high)
        });
        let (low, high) = (loads.fitting(low), loads.fitting(high));
        let bounds = Bounds { low, high, written, scale };
        let in_proportion = parts::in_proportion(loads, scale)?;
        let mut runner = Runner { loads, options, bounds, longest: None, in_proportion, points: Vec::new() };
        runner.longest = runner.longest(low, high)?;
        runner.bounds.high = runner.longest.unwrap_or(high);
        Ok(runner)
    }

    fn capacity(&mut self) -> Result<CapacityResult, ExperimentError> {
        let plan = self.loads.at(self.loads.fitting(search::first(&self.bounds)))?.plan;
        if plan.run.replications_min < 2 {
            return Err(ExperimentError::plan(
                "a capacity needs an interval, and so at least 2 replications at each load; 1 is asked for",
            ));
        }
        let objectives = plan.objectives.len();
        let mut found = if objectives == 0 {
            self.search_idle()?;
            self.by_saturation(&plan)
        } else {
            let ended = self.search(objectives)?;
            self.look_at_the_other_end()?;
            self.reach_ends(objectives)?;
            self.found(ended, &plan)
        };
        if !self.options.without_knee
            && let Some(at) = self.centre(&found)
        {
            self.knee(at)?;
            // Loads of the knee may say what the search could not.
            match found.finding {
                Finding::NotSettled { .. } => found = self.found(false, &plan),
                Finding::HoldsNowhere { .. } => {
                    let is_still_nowhere = !self.points.iter().any(Point::holds);
                    found = self.found(is_still_nowhere, &plan);
                }
                _ => {}
            }
        }
        self.result(found, &plan)
    }

    /// Returns whether it came to its end; otherwise it has used up its runs.
    fn search(&mut self, objectives: usize) -> Result<bool, ExperimentError> {
        while self.points.len() < RUNS_MAX {
            let load = match search::next(&self.tried(), &self.bounds) {
                Next::Try(load) => self.loads.fitting(load),
                // Where the metric hardly moves chance may turn its slope: then a narrower bracket is all there is.
                Next::Done if !self.is_crossed(objectives) => match self.middle() {
                    Some(load) => load,
                    None => return Ok(true),
                },
                Next::Done | Next::Edge => return Ok(true),
            };
            if !self.has(load) {
                self.run(load)?;
                continue;
            }
            // Whole loads end where there is none in between; of others the middle of the bracket is tried.
            let is_whole = self.loads.whole().is_some();
            match if is_whole { self.next_whole() } else { self.middle() } {
                Some(load) => self.run(load)?,
                None => return Ok(is_whole),
            }
        }
        Ok(matches!(search::next(&self.tried(), &self.bounds), Next::Done | Next::Edge))
    }

    /// Where all of a range holds, or nothing at its low end does: runs the other end too. If that is otherwise, more of
    /// what is searched helps, as more servers do, and it is narrowed down from where on it is enough.
    fn look_at_the_other_end(&mut self) -> Result<(), ExperimentError> {
        if self.loads.range.is_none() {
            return Ok(());
        }
        let other = match self.bracket() {
            [None, Some(_), None] => self.bounds.low,
            [None, None, Some(_)] if self.loads.is_setting() => self.bounds.high,
            _ => return Ok(()),
        };
        if !self.has(other) {
            self.run(other)?;
        }
        while self.points.len() < RUNS_MAX + FOR_INVERSE {
            let Some((misses, holds)) = self.inverse() else { return Ok(()) };
            let (misses, holds) = (misses.load, holds.load);
            let load = self.loads.fitting((misses * holds).sqrt());
            let load = if self.has(load) { self.loads.fitting((misses + holds) / 2.0) } else { load };
            if holds / misses < NARROW_ENOUGH || self.has(load) {
                return Ok(());
            }
            self.run(load)?;
        }
        Ok(())
    }

    /// Whether the border is where a slope says it is, or as near as loads can be told apart, or that of saturation.
    fn is_crossed(&self, objectives: usize) -> bool {
        let [_, Some(held), Some(missed)] = self.bracket() else { return true };
        missed.only_grows() || missed.load / held.load < NARROW_ENOUGH || self.crossing(objectives).is_some()
    }

    /// The middle of the bracket, if it was not run.
    fn middle(&self) -> Option<f64> {
        let [_, held, missed] = self.bracket();
        let load = self.loads.fitting((held?.load * missed?.load).sqrt());
        (!self.has(load)).then_some(load)
    }

    /// A whole load in the middle of the bracket that was not run; nothing if there is none, or loads are not whole.
    fn next_whole(&self) -> Option<f64> {
        let one = self.loads.whole()?;
        let [floor, held, missed] = self.bracket();
        let load = match (held.or(floor), missed) {
            (Some(below), Some(above)) => (below.load + above.load) / 2.0,
            (Some(below), None) => below.load + one,
            (None, Some(above)) => above.load - one,
            (None, None) => return None,
        };
        let load = self.loads.fitting(load);
        let inside = self.bounds.low * (1.0 - 1e-9)..=self.bounds.high * (1.0 + 1e-9);
        (inside.contains(&load) && !self.has(load)).then_some(load)
    }

    /// The border by its slope, where there is one inside the bracket.
    fn crossing(&self, objectives: usize) -> Option<Crossing> {
        let [_, Some(held), Some(missed)] = self.bracket() else { return None };
        let inside = held.load * 0.999..=missed.load * 1.001;
        let tried = self.tried();
        // What is too little lies on the other side of what is sought.
        let floor = search::bracket(&tried).floor.map_or(0.0, |floor| tried[floor].load);
        let points: Vec<&Point> = self.points.iter().filter(|p| p.load > floor).collect();
        let first = border::first_crossing(&points, objectives, self.bounds.scale);
        first.filter(|first| !missed.only_grows() && inside.contains(&first.load))
    }

    fn run(&mut self, load: f64) -> Result<(), ExperimentError> {
        // A setting that cannot be as much says so; how far to go is then for the user to say.
        let loaded = self.loads.at(load).map_err(|error| match &self.loads.axis {
            LoadAxis::Setting { path, .. } if self.loads.range.is_none() => {
                ExperimentError::plan(format!("{error}\nsay how far to search: --load {path}=LOW..HIGH"))
            }
            _ => error,
        })?;
        let run = self.points.len() as u32 + 1;
        let tell = |progress: crate::run::Progress| {
            if let Some(tell) = self.options.progress {
                tell(Step { run, load, done: progress.done, planned: progress.planned });
            }
        };
        let point = Point::run(load, &loaded, &Options::default(), &tell)?;
        self.points.push(point);
        Ok(())
    }

    fn has(&self, load: f64) -> bool {
        self.points.iter().any(|p| (p.load / load - 1.0).abs() < 1e-9)
    }

    /// The highest load at which the recordings last long enough, where that bounds the search.
    fn longest(&self, low: f64, high: f64) -> Result<Option<f64>, ExperimentError> {
        if self.loads.is_long_enough(high)? {
            return Ok(None);
        }
        if !self.loads.is_long_enough(low)? {
            return Err(ExperimentError::plan(
                "a recording ends too soon to measure anything at the lowest load: `repeat: true` begins it anew",
            ));
        }
        let (mut long, mut short) = (low, high);
        for _ in 0..HALVINGS {
            let middle = self.loads.fitting((long * short).sqrt());
            if self.loads.is_long_enough(middle)? {
                long = middle;
            } else {
                short = middle;
            }
        }
        Ok(Some(long))
    }

    /// Runs loads of the knee around the border until both ends of its interval lie between loads that were run.
    fn reach_ends(&mut self, objectives: usize) -> Result<(), ExperimentError> {
        let Some(Crossing { load: centre, ends: Some(_), .. }) = self.crossing(objectives) else {
            return Ok(());
        };
        for (shares, is_low) in FOR_ENDS.into_iter().zip([true, false]) {
            for share in shares {
                let load = self.loads.fitting((share * centre).clamp(self.bounds.low, self.bounds.high));
                let ends = self.crossing(objectives).and_then(|first| first.ends);
                let open = ends.is_some_and(|ends| if is_low { ends.low } else { ends.high }.is_none());
                if open && !self.has_near(load) {
                    self.run(load)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a load was run that stands for this one.
    fn has_near(&self, load: f64) -> bool {
        self.points.iter().any(|p| (p.load / load - 1.0).abs() < SAME)
    }

    /// Without objectives: down to a load short of saturation, at which utilisation tells where that is.
    fn search_idle(&mut self) -> Result<(), ExperimentError> {
        let mut load = self.loads.fitting(search::first(&self.bounds));
        while self.points.len() < RUNS_MAX && !self.has(load) {
            self.run(load)?;
            if parts::short_of_saturation(&self.points, f64::INFINITY).is_some() {
                return Ok(());
            }
            load = self.loads.fitting((load / 2.0).max(self.bounds.low));
        }
        Ok(())
    }

    /// Runs the loads of the knee that were not run yet; more beyond saturation if nothing was overloaded till then.
    fn knee(&mut self, centre: f64) -> Result<(), ExperimentError> {
        let short = parts::short_of_saturation(&self.points, f64::INFINITY);
        let measured = short.and_then(|p| Some(p.load / p.kept()?.busiest()?.1));
        let saturation = self.bounds.scale.saturation.or(measured);
        let mut wanted: Vec<f64> = KNEE.iter().map(|share| share * centre).collect();
        if let Some(saturation) = saturation.filter(|s| *s > 1.25 * centre) {
            wanted.extend(BEYOND.iter().map(|share| share * saturation));
        }
        for load in wanted {
            let load = self.loads.fitting(load);
            let highest = self.loads.range.map(|(_, high)| high).into_iter().chain(self.longest);
            let outside = load < self.bounds.low || highest.into_iter().any(|highest| load > highest);
            if !self.has_near(load) && !outside {
                self.run(load)?;
            }
        }
        Ok(())
    }
}

/// A ratio of two measurements of the same replications.
fn paired_ratio(parts: &[f64], wholes: &[f64], confidence: f64) -> Option<Estimate> {
    Estimated::ratio(parts, wholes, confidence).known().copied()
}
