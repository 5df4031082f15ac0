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

mod behaviour;
mod border;
mod change;
mod linearity;
mod load;
mod moved;
mod parts;
mod point;
mod recovery;
mod result;
mod search;

use kneepoint_scenario::plan::Plan;
use kneepoint_statistics::{Estimate, Estimated};

use crate::error::ExperimentError;
use crate::run::{Options, in_threads};

pub use change::{Change, change};
pub use linearity::{Coefficient, Linearity, ScalingFit, Size, SizeCapacity, linearity};
pub use load::{LoadError, Loaded, Loads, Offered};
pub use result::{
    AfterPulse, Behaviour, Binding, CapacityResult, Finding, KneeRow, Limit, LoadAxis, OfPeak, PartLoad,
    Recovery, Rough, Seen,
};

use border::Crossing;
use point::Point;
use search::{Bounds, Bracket, Next, RUNS_MAX, Scale};

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

/// Bracket (ratio) that is narrow enough to be told where the metric gives no slope in it.
///
/// # Source
/// Chosen: as near as a capacity is of use to anybody who plans by it.
const NARROW_ENOUGH: f64 = 1.05;

/// How near (relative) a load that was run already must be to stand for one of the knee's.
///
/// # Source
/// Chosen: a fifth of the smallest distance between two loads of the knee, so that no two become one.
const SAME: f64 = 0.02;

/// How far the load may be from what is written if nothing else bounds it.
///
/// # Source
/// Chosen: a file is written for a load of about the right size; nine runs that double reach no further.
const FURTHEST: f64 = 1000.0;

/// How far apart (ratio) two loads must be to tell whether the clients send more at the higher one.
///
/// # Source
/// Chosen: with common random numbers a tenth of it would be seen; closed clients near saturation send hardly more.
const APART_TO_TELL: f64 = 1.2;

/// How many times the requests of the lower load are more.
///
/// # Source
/// Chosen: a fifth more load brings a fifth more requests, and closed clients near saturation still some per cent.
const MORE: f64 = 1.005;

/// Stretches of what is measured whose loads are compared, to tell whether it changes.
///
/// # Source
/// Chosen: a wave of any length is caught at different heights by some of them; the last nanoseconds do not matter.
const STRETCHES: u64 = 16;

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
        let mut runner = Runner { loads, options, points: Vec::new() };
        runner.capacity()
    })?
}

/// Makes runs and keeps what they gave.
struct Runner<'a> {
    loads: &'a Loads,
    options: &'a CapacityOptions<'a>,
    /// In the order of running.
    points: Vec<Point>,
}

impl Runner<'_> {
    fn run(&mut self, load: f64) -> Result<(), ExperimentError> {
        let loaded = self.loads.at(load)?;
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

    fn capacity(&mut self) -> Result<CapacityResult, ExperimentError> {
        let loads = self.loads;
        let written = loads.start;
        let scale = Scale { saturation: parts::saturation_load(loads)? };
        let (low, high) = loads.range.unwrap_or_else(|| {
            let high = scale.saturation.map_or(FURTHEST * written, |s| 8.0 * s);
            let low = scale.saturation.unwrap_or(written).min(written) / FURTHEST;
            (low, high)
        });
        let (low, high) = (loads.fitting(low), loads.fitting(high));
        let longest = self.longest(low, high)?;
        let high = longest.unwrap_or(high);
        let bounds = Bounds { low, high, written, scale };
        let plan = loads.at(loads.fitting(search::first(&bounds)))?.plan;
        if plan.run.replications_min < 2 {
            return Err(ExperimentError::plan(
                "a capacity needs an interval, and so at least 2 replications at each load; 1 is asked for",
            ));
        }
        let objectives = plan.objectives.len();
        let confidence = plan.run.confidence;
        let n = plan.run.replications_min;
        let found = if objectives == 0 {
            self.search_idle(&bounds)?;
            self.by_saturation(confidence, n)
        } else {
            let ended = self.search(&bounds)?;
            self.reach_ends(&bounds, objectives)?;
            self.found(&bounds, ended, &plan, confidence, n)
        };
        if !self.options.without_knee
            && let Some(at) = self.centre(&found)
        {
            self.knee(at, &scale, longest)?;
        }
        self.result(found, &plan, scale, longest)
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

    /// Returns whether it came to its end; otherwise it has used up its runs.
    fn search(&mut self, bounds: &Bounds) -> Result<bool, ExperimentError> {
        while self.points.len() < RUNS_MAX {
            let load = match search::next(&self.points, bounds) {
                Next::Try(load) => self.loads.fitting(load),
                Next::Done | Next::Edge => return Ok(true),
            };
            // Whole loads end where there is none in between.
            let whole = if self.has(load) { self.next_whole(bounds) } else { Some(load) };
            let Some(load) = whole else { return Ok(true) };
            self.run(load)?;
        }
        Ok(matches!(search::next(&self.points, bounds), Next::Done | Next::Edge))
    }

    /// A whole load in the middle of the bracket that was not run; nothing if there is none, or loads are not whole.
    fn next_whole(&self, bounds: &Bounds) -> Option<f64> {
        let one = self.loads.whole()?;
        let Bracket { floor, held, missed } = search::bracket(&self.points);
        let load = match (held.or(floor), missed) {
            (Some(below), Some(above)) => (below.load + above.load) / 2.0,
            (Some(below), None) => below.load + one,
            (None, Some(above)) => above.load - one,
            (None, None) => return None,
        };
        let load = self.loads.fitting(load);
        let inside = bounds.low * (1.0 - 1e-9)..=bounds.high * (1.0 + 1e-9);
        (inside.contains(&load) && !self.has(load)).then_some(load)
    }

    /// The border by its slope, where there is one inside the bracket.
    fn crossing(&self, bounds: &Bounds, objectives: usize) -> Option<Crossing> {
        let Bracket { held: Some(held), missed: Some(missed), .. } = search::bracket(&self.points) else {
            return None;
        };
        let inside = held.load * 0.999..=missed.load * 1.001;
        let first = border::first_crossing(&self.points, objectives, bounds.scale);
        first.filter(|first| !missed.only_grows() && inside.contains(&first.load))
    }

    /// Runs loads of the knee around the border until both ends of its interval lie between loads that were run.
    fn reach_ends(&mut self, bounds: &Bounds, objectives: usize) -> Result<(), ExperimentError> {
        let Some(Crossing { load: centre, ends: Some(_), .. }) = self.crossing(bounds, objectives) else {
            return Ok(());
        };
        for (shares, is_low) in FOR_ENDS.into_iter().zip([true, false]) {
            for share in shares {
                let load = self.loads.fitting((share * centre).clamp(bounds.low, bounds.high));
                let ends = self.crossing(bounds, objectives).and_then(|first| first.ends);
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
    fn search_idle(&mut self, bounds: &Bounds) -> Result<(), ExperimentError> {
        let mut load = self.loads.fitting(search::first(bounds));
        while self.points.len() < RUNS_MAX && !self.has(load) {
            self.run(load)?;
            if parts::short_of_saturation(&self.points, f64::INFINITY).is_some() {
                return Ok(());
            }
            load = self.loads.fitting((load / 2.0).max(bounds.low));
        }
        Ok(())
    }

    /// What came of the search: the finding, the border and what is left there.
    fn found(&self, bounds: &Bounds, ended: bool, plan: &Plan, confidence: f64, n: u64) -> Found {
        let objectives = plan.objectives.len();
        let without = |finding| Found { finding, capacity: None, rough: None, binding: None };
        let missed_at = |p: &Point| -> (f64, Vec<String>) {
            let missed = |o: &usize| p.kept().is_some_and(|kept| kept.scores[*o].value >= 0.0);
            (p.load, (0..objectives).filter(missed).map(|o| plan.objectives[o].name.clone()).collect())
        };
        let Bracket { floor, held, missed } = search::bracket(&self.points);
        let open = |p: Option<&Point>| p.filter(|p| !p.untold().is_empty()).map(|p| self.not_told(p, plan));
        if let Some(finding) = open(held).or_else(|| open(missed)) {
            return without(finding);
        }
        if let (Some(floor), None, true) = (floor, held, ended || missed.is_some()) {
            let (too_little, too_much) = (missed_at(floor), missed.map(missed_at));
            return without(Finding::HoldsNowhere { too_little, too_much });
        }
        match (held, missed) {
            (None, None) => without(Finding::NotSettled { holds: None, missed: floor.map(|p| p.load) }),
            (Some(held), None) if ended => without(Finding::NotReached { load: held.load }),
            (Some(held), None) => without(Finding::NotSettled { holds: Some(held.load), missed: None }),
            (None, Some(missed)) => {
                if missed.only_grows() {
                    return self.saturated(None, missed, confidence, n);
                }
                // What holds above a load that misses does not make that one the lowest there is.
                if !ended || self.points.iter().any(Point::holds) {
                    return without(Finding::NotSettled { holds: None, missed: Some(missed.load) });
                }
                let (load, names) = missed_at(missed);
                let first = plan.objectives.iter().position(|o| names.first() == Some(&o.name));
                Found {
                    binding: first.map(|o| (o, None)),
                    ..without(Finding::MissedAtLowest { load, objectives: names })
                }
            }
            (Some(held), Some(missed)) => {
                if missed.only_grows() {
                    return self.saturated(Some(held), missed, confidence, n);
                }
                let crossing = self.crossing(bounds, objectives);
                if let Some(Crossing { objective, load, ends: Some(ends), steepness }) = crossing {
                    let rough = |reason: &str| Rough {
                        value: load,
                        low: ends.low,
                        high: ends.high,
                        holds: held.load,
                        misses: missed.load,
                        reason: reason.to_string(),
                    };
                    let (capacity, rough) = match (ends.low, ends.high) {
                        (Some(low), Some(high)) => {
                            let value = load;
                            (
                                Some(Estimate { value, low, high, confidence, n, effective_samples: None }),
                                None,
                            )
                        }
                        (None, Some(_)) => (None, Some(rough("no load that was run surely holds"))),
                        (Some(_), None) => (None, Some(rough("no load that was run surely misses"))),
                        (None, None) => {
                            (None, Some(rough("no load that was run surely holds, or surely misses")))
                        }
                    };
                    let binding = Some((objective, Some(steepness)));
                    return Found { finding: Finding::Found, capacity, rough, binding };
                }
                // No slope: the bracket is what is known, and enough where it is narrow. It is no interval.
                let worst = missed.kept().and_then(|kept| {
                    (0..objectives).max_by(|a, b| kept.scores[*a].value.total_cmp(&kept.scores[*b].value))
                });
                let binding = worst.map(|o| (o, None));
                if missed.load / held.load >= NARROW_ENOUGH {
                    let finding = Finding::NotSettled { holds: Some(held.load), missed: Some(missed.load) };
                    return Found { binding, ..without(finding) };
                }
                let rough = Rough {
                    value: (held.load * missed.load).sqrt(),
                    low: None,
                    high: None,
                    holds: held.load,
                    misses: missed.load,
                    reason: "the metric gives no slope there".to_string(),
                };
                Found { finding: Finding::Found, capacity: None, rough: Some(rough), binding }
            }
        }
    }

    /// That the data at a load do not tell.
    fn not_told(&self, p: &Point, plan: &Plan) -> Finding {
        let why = |o: usize| p.kept().and_then(|kept| kept.untold[o].clone()).unwrap_or_default();
        let of = |o: usize| (plan.objectives[o].name.clone(), why(o));
        Finding::NotTold { load: p.load, objectives: p.untold().into_iter().map(of).collect() }
    }

    /// Without objectives only saturation can be told; not where it would lie outside the range.
    fn by_saturation(&self, confidence: f64, n: u64) -> Found {
        let short = parts::short_of_saturation(&self.points, f64::INFINITY);
        let full = self.full(short, confidence, n).map(|(_, full)| full);
        let inside =
            |full: &Estimate| self.loads.range.is_none_or(|(low, high)| (low..=high).contains(&full.value));
        Found { finding: Finding::NoObjective, capacity: full.filter(inside), rough: None, binding: None }
    }

    /// All objectives hold at a load, but only because the run is short: a queue grows for ever.
    fn saturated(&self, held: Option<&Point>, grows: &Point, confidence: f64, n: u64) -> Found {
        let part = grows.kept().and_then(|kept| kept.seen.overloaded.first().cloned()).unwrap_or_default();
        let short = parts::short_of_saturation(&self.points, grows.load);
        // The busiest part is full there; if it is not, what grows has another reason, and the bracket is all there is.
        match (self.full(short, confidence, n).filter(|(_, full)| full.low <= grows.load), held) {
            (Some((part, full)), _) => {
                let highest = self.loads.range.map_or(f64::INFINITY, |(_, high)| high);
                let [value, low, high] = [full.value, full.low, full.high].map(|end| end.min(highest));
                let capacity = Some(Estimate { value, low, high, ..full });
                Found { finding: Finding::Saturated { part }, capacity, rough: None, binding: None }
            }
            (None, Some(held)) => Found {
                finding: Finding::NotSettled { holds: Some(held.load), missed: Some(grows.load) },
                capacity: None,
                rough: None,
                binding: None,
            },
            (None, None) => {
                Found { finding: Finding::Saturated { part }, capacity: None, rough: None, binding: None }
            }
        }
    }

    /// The busiest part at a load short of saturation, and the load at which it would have no idle time left.
    fn full(&self, short: Option<&Point>, confidence: f64, n: u64) -> Option<(String, Estimate)> {
        let (part, _) = short?.kept()?.busiest()?;
        let full = parts::full_at(short, part).known().copied()?;
        Some((part.to_string(), Estimate { confidence, n, effective_samples: None, ..full }))
    }

    /// What the knee's loads are shares of.
    fn centre(&self, found: &Found) -> Option<f64> {
        match (found.value(), &found.finding) {
            (Some(value), _) => Some(value),
            (
                None,
                Finding::NotReached { load }
                | Finding::MissedAtLowest { load, .. }
                | Finding::NotTold { load, .. },
            ) => Some(*load),
            (None, Finding::HoldsNowhere { too_little, too_much }) => {
                let (low, high) = (too_little.0, too_much.as_ref().map_or(too_little.0, |much| much.0));
                Some((low * high).sqrt())
            }
            (None, Finding::NotSettled { holds, missed }) => match (holds, missed) {
                (Some(holds), Some(missed)) => Some((holds * missed).sqrt()),
                (one, other) => one.or(*other),
            },
            (None, _) => None,
        }
    }

    /// Runs the loads of the knee that were not run yet; more beyond saturation if nothing was overloaded till then.
    fn knee(&mut self, centre: f64, scale: &Scale, longest: Option<f64>) -> Result<(), ExperimentError> {
        let short = parts::short_of_saturation(&self.points, f64::INFINITY);
        let measured = short.and_then(|p| Some(p.load / p.kept()?.busiest()?.1));
        let saturation = scale.saturation.or(measured);
        let mut wanted: Vec<f64> = KNEE.iter().map(|share| share * centre).collect();
        if let Some(saturation) = saturation.filter(|s| *s > 1.25 * centre) {
            wanted.extend(BEYOND.iter().map(|share| share * saturation));
        }
        for load in wanted {
            let load = self.loads.fitting(load);
            let outside = self.loads.range.is_some_and(|(low, high)| load < low || load > high)
                || longest.is_some_and(|longest| load > longest);
            if !self.has_near(load) && !outside {
                self.run(load)?;
            }
        }
        Ok(())
    }

    fn result(
        &self,
        found: Found,
        plan: &Plan,
        scale: Scale,
        longest: Option<f64>,
    ) -> Result<CapacityResult, ExperimentError> {
        let centre = self.centre(&found);
        let near = centre.and_then(|centre| {
            // Without objectives a load short of saturation tells most: beyond it work is lost.
            if found.finding == Finding::NoObjective {
                return parts::short_of_saturation(&self.points, centre);
            }
            let kept = self.points.iter().filter(|p| p.kept().is_some());
            kept.min_by(|a, b| (a.load - centre).abs().total_cmp(&(b.load - centre).abs()))
        });
        let parts = parts::parts(self.loads, &self.points, near, scale)?;
        let bottleneck = parts.first().map(|part| part.name.clone());
        let knee = match self.options.without_knee {
            true => Vec::new(),
            false => self.rows(centre, bottleneck.as_deref()),
        };
        let behaviour = if self.options.without_knee {
            Behaviour::Unknown("no load beyond the capacity was run".to_string())
        } else if let Some(why) = self.is_no_load() {
            Behaviour::Unknown(why)
        } else {
            behaviour::behaviour(&self.points, plan.run.confidence)
        };
        let pulsed = self.pulsed(&behaviour, found.value(), near, plan.run.confidence)?;
        let (pulse_runs, pulse_events) = pulsed.as_ref().map_or((0, 0), |p| (p.runs, p.events));
        let digest = kept_digest(&self.points);
        let digest =
            pulsed.as_ref().filter(|p| p.runs > 0).map_or(digest, |p| crate::run::mix(digest, p.digest));
        let objective = |o: usize, steepness| {
            let objective = &plan.objectives[o];
            Binding {
                name: objective.name.clone(),
                condition: objective.condition.to_string(),
                metric: objective.condition.metric.to_string(),
                bound: objective.condition.value.value.value,
                unit: crate::judge::unit(Some(objective.condition.value.value.dimension)),
                steepness,
            }
        };
        let kept = || self.points.iter().filter_map(Point::kept);
        let mut warnings = plan.warnings.clone();
        if let Some(longest) = longest {
            warnings.push(format!(
                "a recording is over the sooner the faster it is played, and a run ends with it: no load above {longest:.4} \
                 was tried, at which less than a quarter of what is to be measured is left; `repeat: true` begins the \
                 recording anew"
            ));
        }
        self.doubts(&mut warnings, plan, &found);
        let measured = kept().next().map(|kept| kept.measured);
        Ok(CapacityResult {
            title: plan.title.clone(),
            axis: self.loads.axis.clone(),
            load_written: self.loads.written,
            range: self.loads.range,
            offered_written_per_s: match (measured, self.loads.written) {
                (Some((from, to)), Some(written)) => (self.loads.at(written)?.offered_per_s)(from, to),
                _ => None,
            },
            offered_varies: match measured {
                Some((from, to)) => self.varies(from, to)?,
                None => false,
            },
            users_written: self.loads.users_written,
            capacity_per_s: self.per_s(&found.capacity, near),
            capacity: found.capacity,
            rough: found.rough,
            finding: found.finding,
            binding: found.binding.map(|(o, steepness)| objective(o, steepness)),
            limits: self.limits(plan),
            parts,
            knee,
            behaviour,
            recovery: pulsed.map(|pulsed| pulsed.recovery),
            runs: self.points.len() as u32 + pulse_runs,
            replications: plan.run.replications_min,
            confidence: plan.run.confidence,
            seed: plan.run.seed,
            warnings,
            digest,
            events: kept().map(|kept| kept.events).sum::<u64>() + pulse_events,
        })
    }

    /// Whether what all clients bring by what is written changes while it is measured.
    fn varies(&self, from: u64, to: u64) -> Result<bool, ExperimentError> {
        let offered_per_s = self.loads.at(self.loads.start)?.offered_per_s;
        let at = |part: u64| from + (to - from) / STRETCHES * part;
        let rates: Vec<f64> =
            (0..STRETCHES).filter_map(|part| offered_per_s(at(part), at(part + 1))).collect();
        let (least, most) = rates.iter().fold((f64::INFINITY, 0.0), |(a, b), r| (r.min(a), r.max(b)));
        Ok(most > 1.001 * least)
    }

    /// What a pulse of load leaves, where the goodput falls beyond the knee and a pulse can be made.
    fn pulsed(
        &self,
        behaviour: &Behaviour,
        capacity: Option<f64>,
        near: Option<&Point>,
        confidence: f64,
    ) -> Result<Option<recovery::Pulsed>, ExperimentError> {
        let beyond = match behaviour {
            Behaviour::Decline(p) | Behaviour::Collapse(p) | Behaviour::Unclear(p) => p.load,
            Behaviour::Rising | Behaviour::Plateau(_) | Behaviour::Unknown(_) => return Ok(None),
        };
        let (Some(capacity), Some(kept)) = (capacity, near.and_then(Point::kept)) else { return Ok(None) };
        if !self.loads.takes_pulses() {
            return Ok(None);
        }
        let tell = |which: u32, load: f64, progress: crate::run::Progress| {
            if let Some(tell) = self.options.progress {
                let run = self.points.len() as u32 + which;
                tell(Step { run, load, done: progress.done, planned: progress.planned });
            }
        };
        recovery::recovery(self.loads, capacity, beyond, kept, confidence, &tell).map(Some)
    }

    /// The capacity in requests a second: by what is written where that says it, as measured otherwise.
    fn per_s(&self, capacity: &Option<Estimate>, near: Option<&Point>) -> Option<Estimate> {
        let (Some(capacity), Some(kept)) = (capacity, near.and_then(Point::kept)) else { return None };
        let (from, to) = kept.measured;
        // Beyond what was run the scenario may be at fault, and that is no fault of the capacity.
        let at = |load: f64| -> Option<Option<f64>> {
            let load = self.loads.fitting(load);
            (load > 0.0 && load.is_finite()).then_some(())?;
            Some((self.loads.at(load).ok()?.offered_per_s)(from, to))
        };
        let Some(value) = at(capacity.value)? else { return kept.seen.offered.known().copied() };
        let (a, b) = (at(capacity.low)??, at(capacity.high)??);
        Some(Estimate { value, low: a.min(b), high: a.max(b), ..*capacity })
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        let limit = |(o, objective): (usize, &kneepoint_scenario::plan::Objective)| {
            let known = |missed: bool| {
                let scores = self.points.iter().filter_map(move |p| Some((p.load, p.kept()?.scores[o])));
                let told = scores.filter(move |(_, score)| score.is_told && (score.value >= 0.0) == missed);
                told.map(|(load, _)| load)
            };
            // Missed below all loads at which it holds: it asks for load.
            let lowest = known(false).fold(f64::INFINITY, f64::min);
            let too_little = |load: &f64| *load < lowest && lowest < f64::INFINITY;
            let missed_from = known(true).filter(|load| !too_little(load)).reduce(f64::min);
            let below = missed_from.unwrap_or(f64::INFINITY);
            let untold = self.points.iter().filter_map(|p| Some((p.load, p.kept()?.untold[o].clone()?)));
            Limit {
                name: objective.name.clone(),
                condition: objective.condition.to_string(),
                holds_up_to: known(false).filter(|load| *load < below).reduce(f64::max),
                missed_from,
                missed_up_to: known(true).filter(too_little).reduce(f64::max),
                untold: untold.max_by(|a, b| a.0.total_cmp(&b.0)),
            }
        };
        plan.objectives.iter().enumerate().map(limit).collect()
    }

    fn rows(&self, centre: Option<f64>, bottleneck: Option<&str>) -> Vec<KneeRow> {
        let Some(centre) = centre else { return Vec::new() };
        let row = |p: &Point| KneeRow {
            load: p.load,
            of_capacity: p.load / centre,
            seen: match &p.seen {
                Ok(kept) => {
                    let utilisation = bottleneck.and_then(|part| kept.utilisation_of(part)).cloned();
                    Ok(Seen { utilisation, ..kept.seen.clone() })
                }
                Err(why) => Err(why.clone()),
            },
        };
        // The search leaves many loads close together: of those the nearest to the capacity is shown.
        let mut order: Vec<&Point> = self.points.iter().collect();
        order.sort_by(|a, b| (a.load - centre).abs().total_cmp(&(b.load - centre).abs()));
        let mut shown: Vec<&Point> = Vec::new();
        for point in order {
            if shown.iter().all(|other| (other.load / point.load - 1.0).abs() >= SAME) {
                shown.push(point);
            }
        }
        let mut rows: Vec<KneeRow> = shown.into_iter().map(row).collect();
        rows.sort_by(|a, b| a.load.total_cmp(&b.load));
        rows
    }

    /// Why what was searched is no load, if more of it brings no more requests.
    fn is_no_load(&self) -> Option<String> {
        let known = || self.points.iter().filter_map(|p| Some((p.load, p.kept()?.sent.iter().sum::<f64>())));
        let (low, few) = known().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let (high, many) = known().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let LoadAxis::Setting { path, .. } = &self.loads.axis else { return None };
        (high >= APART_TO_TELL * low && many < MORE * few).then(|| {
            format!(
                "the clients do not send more requests when {path} is raised: it is a setting, and no load"
            )
        })
    }

    fn doubts(&self, warnings: &mut Vec<String>, plan: &Plan, found: &Found) {
        if plan.uncertain.is_some() {
            warnings.push(
                "uncertain parameters are drawn anew in each replication: the capacity is that of all of them \
                 together, and its interval holds what is uncertain too"
                    .to_string(),
            );
        }
        if let Some(capacity) = &found.capacity
            && let Some(share) = capacity.relative_half_width().filter(|share| *share > 0.1)
        {
            warnings.push(format!(
                "the capacity is known to ± {:.0} % only: longer replications, or more of them, narrow it",
                share * 100.0
            ));
        }
        warnings.extend(self.is_no_load());
        if let Some(rough) = &found.rough {
            warnings.push(format!(
                "the capacity has no interval: {}; it is no baseline, and no law is fitted to it. Longer replications, \
                 or more of them, give it one",
                rough.reason
            ));
        }
    }
}

/// Fingerprint of all runs that went to their end, in their order.
fn kept_digest(points: &[Point]) -> u64 {
    points.iter().filter_map(Point::kept).fold(0, |digest, kept| crate::run::mix(digest, kept.digest))
}

/// What came of a search.
struct Found {
    finding: Finding,
    capacity: Option<Estimate>,
    rough: Option<Rough>,
    /// The objective that is left first and how steeply.
    binding: Option<(usize, Option<f64>)>,
}

impl Found {
    /// Where the capacity is, however surely.
    fn value(&self) -> Option<f64> {
        self.capacity.map(|capacity| capacity.value).or(self.rough.as_ref().map(|rough| rough.value))
    }
}

/// A ratio of two measurements of the same replications.
fn paired_ratio(parts: &[f64], wholes: &[f64], confidence: f64) -> Option<Estimate> {
    Estimated::ratio(parts, wholes, confidence).known().copied()
}
