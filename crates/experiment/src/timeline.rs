//! Results over time: the books are read at the ends of equal windows, and what came between two readings is kept.
//!
//! ```text
//! 0 |  w0  |  w1  | ... reset of the statistics ... | w118 | w119 | end
//!   read   read   read                              read   read   read
//! ```
//! Between two readings the run goes on as ever: what is not asked for costs nothing, and what is costs the readings.

use std::collections::BTreeMap;

use kneepoint_calls::{ComponentId, Happening, STATUSES, Simulation, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_scenario::plan::{PartPlan, PartRole, Plan};
use kneepoint_statistics::{Estimated, Histogram};

use crate::error::ExperimentError;
use crate::evaluate::{between_0_and_1, not_negative, ratio};
use crate::probe::{CountOf, Probe, Reading};
use crate::recorder::Replication;
use crate::result::{
    ClientTimeline, Counts, Event, Events, FaultTimeline, Heat, Line, PartTimeline, RequestsTimeline,
    SATURATED_FROM, Saturated, Scarce, TIMELINE_PERCENTILES, Timeline, coarse_edges,
};
use crate::series::probe;

/// Windows at most, and at least where a length that is easy to read allows that.
///
/// # Source
/// Chosen: a figure of a thousand pixels shows 120 of them apart; ten minutes are windows of five seconds, an hour is
/// windows of half a minute.
const WINDOWS_MAX: u64 = 120;
const WINDOWS_MIN: u64 = 60;

/// Windows at most where their length is asked for.
///
/// # Source
/// Chosen: an hour at one a second. A client then takes about 10 MB a replication, and of twenty parts the results about
/// 50 MB of JSON.
const WINDOWS_ASKED_MAX: u64 = 3_600;

/// Replications of which it is kept what happened when, at most: the first ones.
///
/// # Source
/// Chosen: intervals over time hardly narrow beyond, and a client takes about 300 KB a replication.
pub(crate) const REPLICATIONS_MAX: u64 = 100;

/// Of what happened to parts so much is kept, at most: the first.
///
/// # Source
/// Chosen: more marks than this cannot be told apart in a figure; about 100 KB of JSON.
const EVENTS_MAX: usize = 1_000;

/// Fewer samples beyond a percentile say nothing.
///
/// # Source
/// As `kneepoint_statistics` asks of percentiles with intervals.
const BEYOND_MIN: f64 = 10.0;

/// What the builder calls what makes faults happen, before their names.
const HARMS: [&str; 2] = ["fault ", "action "];

/// The name of the fault or action that a component of this path makes happen.
fn harm_of(path: &str) -> Option<&str> {
    HARMS.iter().find_map(|family| path.strip_prefix(family))
}

/// Returns the ends of the windows of a run of this length \[ns\], 0 first. Their length is what was asked for, and the
/// last is shorter where that does not come out even; or, if nothing was, whole seconds if that can be, else tenths,
/// hundredths and so on; and if not even nanoseconds come out even, to within one of them.
///
/// # Errors
/// If there would be too many, or a window longer than the run.
pub(crate) fn bounds(end: u64, asked: Option<SimDuration>) -> Result<Vec<u64>, ExperimentError> {
    match asked {
        None => Ok(easy_bounds(end)),
        Some(length) => asked_bounds(end, length),
    }
}

fn asked_bounds(end: u64, length: SimDuration) -> Result<Vec<u64>, ExperimentError> {
    let whole = SimDuration::from_nanos(end);
    let each = length.as_nanos();
    if each == 0 || each > end {
        return Err(ExperimentError::plan(format!("windows of {length} do not fit into a run of {whole}")));
    }
    let count = end.div_ceil(each);
    if count > WINDOWS_ASKED_MAX {
        let least = SimDuration::from_nanos(end.div_ceil(WINDOWS_ASKED_MAX));
        return Err(ExperimentError::plan(format!(
            "windows of {length} would be {count} in a run of {whole}, and at most {WINDOWS_ASKED_MAX} are kept: ask for \
             {least} or more"
        )));
    }
    Ok((0..count).map(|window| window * each).chain([end]).collect())
}

fn easy_bounds(end: u64) -> Vec<u64> {
    let even = (0..=9).rev().map(|digits| 10_u64.pow(digits)).find_map(|unit| {
        let units = end / unit;
        let fits = |count: &u64| end.is_multiple_of(unit) && units.is_multiple_of(*count);
        (WINDOWS_MIN..=WINDOWS_MAX).rev().find(fits)
    });
    let count = even.unwrap_or(WINDOWS_MAX).min(end).max(1);
    let at = |window: u64| (u128::from(end) * u128::from(window) / u128::from(count)) as u64;
    (0..=count).map(at).collect()
}

/// What was read in one replication.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// By track and window.
    readings: Vec<Vec<Reading>>,
    /// Whether the series of a track are there.
    present: Vec<bool>,
    faults: Vec<String>,
    /// By part of the plan and window.
    serving: Vec<Vec<Serving>>,
    /// By part of the plan and window: since when calls wait at each of its instances that serve, at the end of the window.
    lined: Vec<Vec<Option<u64>>>,
    events: Events,
}

/// The instances of a part that served in a window.
#[derive(Clone, Copy, Debug)]
struct Serving {
    /// Area under their number \[ns\].
    area: u64,
    least: u64,
}

/// How many instances of a part serve.
struct Instances {
    now: u64,
    since: u64,
    window: Serving,
}

impl Instances {
    fn until(&mut self, at: u64) {
        self.window.area += self.now * (at - self.since);
        self.since = at;
    }

    fn change(&mut self, at: u64, serves: bool) {
        self.until(at);
        self.now = if serves { self.now + 1 } else { self.now - 1 };
        self.window.least = self.window.least.min(self.now);
    }

    fn turn(&mut self, at: u64) -> Serving {
        self.until(at);
        std::mem::replace(&mut self.window, Serving { area: 0, least: self.now })
    }
}

/// Reads a replication at the ends of windows while it runs.
pub(crate) struct Recorder<'p> {
    bounds: &'p [u64],
    /// Windows that are done.
    done: usize,
    probes: Vec<Probe>,
    faults: Vec<String>,
    /// What was read when the window began, or after the reset.
    start: Vec<Reading>,
    /// What came in before the reset.
    before: Vec<Option<Reading>>,
    taken: Vec<Vec<Reading>>,
    /// By part of the plan.
    instances: Vec<Instances>,
    serving: Vec<Vec<Serving>>,
    lined: Vec<Vec<Option<u64>>>,
    /// The stations by part of the plan; of others there is nothing.
    stations: Vec<Vec<ComponentId>>,
    /// The part of the plan to which an instance belongs, and by name for those to come.
    part_of: BTreeMap<ComponentId, usize>,
    named: BTreeMap<String, usize>,
    events: Events,
    keeps_events: bool,
}

impl<'p> Recorder<'p> {
    /// Begins with a simulation that has not run yet.
    pub fn new(plan: &Plan, bounds: &'p [u64], number: u64, sim: &mut Simulation) -> Recorder<'p> {
        sim.note_happenings();
        let mut probes: Vec<Probe> = plan.parts.iter().flat_map(tracks).collect();
        let mut faults = Vec::new();
        for id in sim.components() {
            if let Some(name) = harm_of(sim.path(id)) {
                faults.push(name.to_string());
                probes.extend(fault_tracks(id));
            }
        }
        let start = probes.iter().map(|probe| probe.read(sim)).collect();
        let instances = plan.parts.iter().map(|part| {
            let now = part.instances.iter().filter(|id| sim.serves(**id)).count() as u64;
            Instances { now, since: sim.now().as_nanos(), window: Serving { area: 0, least: now } }
        });
        let parts = || plan.parts.iter().enumerate();
        Recorder {
            instances: instances.collect(),
            serving: vec![Vec::new(); plan.parts.len()],
            lined: vec![Vec::new(); plan.parts.len()],
            stations: parts().map(|(_, part)| stations(part)).collect(),
            part_of: parts().flat_map(|(at, part)| part.instances.iter().map(move |id| (*id, at))).collect(),
            named: parts().map(|(at, part)| (part.name.clone(), at)).collect(),
            events: Events { replication: number, ..Events::default() },
            keeps_events: number == 0,
            bounds,
            done: 0,
            faults,
            start,
            before: vec![None; probes.len()],
            taken: vec![Vec::new(); probes.len()],
            probes,
        }
    }

    /// Returns when the window under way ends.
    pub fn due(&self) -> Option<u64> {
        self.bounds.get(self.done + 1).copied()
    }

    /// Ends a window, and begins the next.
    pub fn turn(&mut self, sim: &mut Simulation) {
        self.done += 1;
        for happening in sim.take_happenings() {
            self.happened(happening, sim);
        }
        let now = sim.now().as_nanos();
        for (instances, serving) in self.instances.iter_mut().zip(&mut self.serving) {
            serving.push(instances.turn(now));
        }
        for (stations, lined) in self.stations.iter().zip(&mut self.lined) {
            lined.push(lined_since(stations, sim));
        }
        for (at, probe) in self.probes.iter().enumerate() {
            let now = probe.read(sim);
            let came = now.clone().since(&self.start[at]);
            self.taken[at].push(match self.before[at].take() {
                Some(before) => before.and(came),
                None => came,
            });
            self.start[at] = now;
        }
    }

    /// Counts who serves, and keeps what happened in the first replication.
    fn happened(&mut self, happening: Happening, sim: &Simulation) {
        let path = sim.path(happening.part);
        if let Some(serves) = happening.serves
            && let Some(part) = self.part_of(happening.part, path)
        {
            self.instances[part].change(happening.at.as_nanos(), serves);
        }
        if !self.keeps_events {
            return;
        }
        if self.events.list.len() >= EVENTS_MAX {
            self.events.left_out += 1;
            return;
        }
        self.events.list.push(Event {
            at: happening.at,
            part: harm_of(path).unwrap_or(path).to_string(),
            what: happening.what.to_string(),
            detail: happening.detail,
        });
    }

    fn part_of(&self, id: ComponentId, path: &str) -> Option<usize> {
        // One that was made during the run is known by its path.
        let by_name = || self.named.get(path.rsplit_once('/')?.0);
        self.part_of.get(&id).or_else(by_name).copied()
    }

    /// The statistics are about to be reset.
    pub fn before_reset(&mut self, sim: &Simulation) {
        for (at, probe) in self.probes.iter().enumerate() {
            let came = probe.read(sim).since(&self.start[at]);
            self.before[at] = Some(match self.before[at].take() {
                Some(before) => before.and(came),
                None => came,
            });
        }
    }

    /// The statistics have been reset.
    pub fn after_reset(&mut self, sim: &Simulation) {
        for (start, probe) in self.start.iter_mut().zip(&self.probes) {
            *start = probe.read(sim);
        }
    }

    pub fn finish(self, sim: &Simulation) -> Recorded {
        let present = self.probes.iter().map(|probe| probe.missing(sim).is_none()).collect();
        Recorded {
            readings: self.taken,
            present,
            faults: self.faults,
            serving: self.serving,
            lined: self.lined,
            events: self.events,
        }
    }
}

/// The instances of a part at which calls may stand in line.
fn stations(part: &PartPlan) -> Vec<ComponentId> {
    if part.role == PartRole::Station { part.instances.clone() } else { Vec::new() }
}

/// Since when calls wait without a break at each of those that serve \[ns\]; nothing if at one of them nobody waits.
fn lined_since(stations: &[ComponentId], sim: &Simulation) -> Option<u64> {
    let mut since = None;
    for id in stations.iter().filter(|id| sim.serves(**id)) {
        if sim.level(*id, "queue")?.value() <= 0.0 {
            return None;
        }
        since = since.max(Some(sim.line_began(*id).as_nanos()));
    }
    since
}

/// What is read of a part, in the order in which it is evaluated.
fn tracks(part: &PartPlan) -> Vec<Probe> {
    let ids = &part.instances;
    let read = |class: Option<&str>, name: &str| {
        probe(part, ids, class, name, &[]).expect("every part of this role has it")
    };
    match &part.role {
        PartRole::Client { classes } => {
            let of_class = |class: &String| {
                let ended = |status: Status| Probe::Counts {
                    part: ids
                        .iter()
                        .map(|id| CountOf::Series(*id, format!("ended:{class}:{}", status.name())))
                        .collect(),
                    whole: Vec::new(),
                };
                let mut tracks = vec![read(Some(class.as_str()), "requests")];
                tracks.extend(Status::ALL.into_iter().map(ended));
                tracks.push(read(Some(class.as_str()), "latency"));
                tracks
            };
            let mut tracks = vec![read(None, "in_flight")];
            tracks.extend(classes.iter().flat_map(of_class));
            tracks
        }
        PartRole::Station => {
            let mut tracks = vec![read(None, "calls"), answered(ids)];
            tracks.extend(["in_flight", "utilisation", "queue", "threads"].map(|name| read(None, name)));
            tracks.push(Probe::Level(ids.iter().map(|id| (*id, "thread_limit")).collect()));
            tracks
        }
        PartRole::Delay | PartRole::Router => {
            vec![read(None, "calls"), answered(ids), read(None, "in_flight")]
        }
    }
}

/// Answers of every status: what was done with the calls, whatever came of them.
fn answered(ids: &[ComponentId]) -> Probe {
    let part = ids.iter().map(|id| CountOf::Answers(*id, [true; STATUSES])).collect();
    Probe::Counts { part, whole: Vec::new() }
}

fn fault_tracks(id: ComponentId) -> [Probe; 2] {
    let strikes = Probe::Counts { part: vec![CountOf::Series(id, "strikes".to_string())], whole: Vec::new() };
    [strikes, Probe::Level(vec![(id, "struck")])]
}

/// Returns what was read in all replications, over time.
pub(crate) fn timeline(plan: &Plan, bounds: &[u64], all: &[Replication]) -> Timeline {
    let recorded: Vec<&Recorded> = all.iter().filter_map(|one| one.timeline.as_ref()).collect();
    let mut tracks = Tracks { bounds, recorded: &recorded, confidence: plan.run.confidence, next: 0 };
    let (mut clients, mut parts) = (Vec::new(), Vec::new());
    for (at, part) in plan.parts.iter().enumerate() {
        match &part.role {
            PartRole::Client { classes } => clients.push(tracks.client(part, classes)),
            role => parts.push(tracks.part(part, at, role == &PartRole::Station)),
        }
    }
    let names = recorded.first().map_or(&[][..], |first| &first.faults[..]);
    let faults = names.iter().map(|name| FaultTimeline {
        name: name.clone(),
        strikes: tracks.counts(),
        struck: tracks.level().unwrap_or_default(),
    });
    let faults = faults.collect();
    let at = SimTime::from_nanos;
    let windows: Vec<_> = bounds.windows(2).map(|pair| (at(pair[0]), at(pair[1]))).collect();
    let events = recorded.first().map_or_else(Events::default, |first| first.events.clone());
    let saturated = saturated(plan, &windows, &parts, &recorded);
    Timeline { windows, replications: recorded.len() as u64, clients, parts, faults, events, saturated }
}

/// Returns when which part was saturated, in the order in which that began; at one time in the order of the plan.
fn saturated(
    plan: &Plan,
    windows: &[(SimTime, SimTime)],
    parts: &[PartTimeline],
    recorded: &[&Recorded],
) -> Vec<Saturated> {
    let mut found = Vec::new();
    for part in parts {
        let Some(at) = plan.parts.iter().position(|planned| planned.name == part.name) else { continue };
        let held = |(held, limit): (&Option<f64>, &Option<f64>)| {
            held.zip(*limit).is_some_and(|(held, limit)| limit > 0.0 && held >= SATURATED_FROM * limit)
        };
        let busy = |share: &Option<f64>| share.is_some_and(|share| share >= SATURATED_FROM);
        let servers: Vec<bool> = part.utilisation.iter().flat_map(|line| &line.values).map(busy).collect();
        let waited_for = if part.threads.is_some() { Scarce::Threads } else { Scarce::Servers };
        let threads = part.threads.iter().zip(&part.thread_limit);
        let threads = threads.flat_map(|(held, limit)| held.values.iter().zip(&limit.values));
        for (of, full) in [(Scarce::Servers, servers), (Scarce::Threads, threads.map(held).collect())] {
            let mut first = None;
            for (window, is_full) in full.iter().chain([&false]).enumerate() {
                match (is_full, first) {
                    (true, None) => first = Some(window),
                    (false, Some(begun)) => {
                        // Where there are threads the line waits for one, and not for what does the work.
                        let lined = |one: &&Recorded| one.lined[at][begun].filter(|_| of == waited_for);
                        let from = saturated_since(begun, windows, recorded.iter().map(lined));
                        found.push(Saturated {
                            part: part.name.clone(),
                            of,
                            from,
                            to: windows[window - 1].1,
                        });
                        first = None;
                    }
                    _ => {}
                }
            }
        }
    }
    found.sort_by_key(|one| one.from);
    found
}

/// Since when a part is saturated that is so throughout a window: since calls wait at all its instances, in the mean over
/// the replications, if in all of them that began in the window before or the first half of this one (95 % of a window may be
/// used while the last of it is still filling up); else since the beginning of the window.
fn saturated_since(
    window: usize,
    windows: &[(SimTime, SimTime)],
    lined: impl Iterator<Item = Option<u64>>,
) -> SimTime {
    let begin = windows[window].0;
    let before = window.checked_sub(1).map_or(begin, |before| windows[before].0);
    let half = begin.as_nanos().midpoint(windows[window].1.as_nanos());
    let is_near = |since: u64| (before.as_nanos()..half).contains(&since);
    // Of some of them only, those that were late would be left out of the mean.
    let all: Option<Vec<u64>> = lined.map(|since| since.filter(|since| is_near(*since))).collect();
    let Some(all) = all.filter(|all| !all.is_empty()) else { return begin };
    let sum: u128 = all.iter().map(|since| u128::from(*since)).sum();
    SimTime::from_nanos((sum / all.len() as u128) as u64)
}

/// The tracks, one after the other.
struct Tracks<'r> {
    bounds: &'r [u64],
    recorded: &'r [&'r Recorded],
    confidence: f64,
    next: usize,
}

/// Counts by window and replication.
type Counted = Vec<Vec<u64>>;

/// Latencies by window and replication.
type Latencies = Vec<Vec<Histogram>>;

/// The requests of one class.
struct Class {
    sent: Counted,
    ended: Vec<Counted>,
    latency: Latencies,
}

impl Tracks<'_> {
    fn windows(&self) -> usize {
        self.bounds.len() - 1
    }

    fn nanos(&self, window: usize) -> f64 {
        (self.bounds[window + 1] - self.bounds[window]) as f64
    }

    /// The next track, by window and replication; nothing if its series is not there.
    fn take<T>(&mut self, read: impl Fn(&Reading) -> T) -> Option<Vec<Vec<T>>> {
        let track = self.next;
        self.next += 1;
        if !self.recorded.iter().all(|one| one.present[track]) {
            return None;
        }
        let of_window =
            |window: usize| self.recorded.iter().map(|one| read(&one.readings[track][window])).collect();
        Some((0..self.windows()).map(of_window).collect())
    }

    fn counted(&mut self) -> Counted {
        self.take(|reading| pair(reading).0 as u64).expect("a count that is not there yet is 0")
    }

    fn counts(&mut self) -> Counts {
        let counted = self.counted();
        self.counts_of(&counted)
    }

    fn counts_of(&self, counted: &Counted) -> Counts {
        let mut counts = Counts::default();
        for (window, each) in counted.iter().enumerate() {
            let seconds = self.nanos(window) / 1e9;
            let rates: Vec<f64> = each.iter().map(|count| *count as f64 / seconds).collect();
            counts.totals.push(each.iter().sum());
            push_mean(&mut counts.rate, &rates, self.confidence);
        }
        counts
    }

    fn level(&mut self) -> Option<Line> {
        let areas = self.take(|reading| pair(reading).0)?;
        Some(self.level_of(&areas))
    }

    fn level_of(&self, areas: &[Vec<f64>]) -> Line {
        let mut line = Line::default();
        for (window, areas) in areas.iter().enumerate() {
            let means: Vec<f64> = areas.iter().map(|area| area / self.nanos(window)).collect();
            push_mean(&mut line, &means, self.confidence);
        }
        line
    }

    fn part(&mut self, part: &PartPlan, at: usize, station: bool) -> PartTimeline {
        let (calls, answered, inside) = (self.counts(), self.counts(), self.level());
        let serving = |window: usize| self.recorded.iter().map(move |one| one.serving[at][window]);
        let windows = 0..self.windows();
        let areas = windows.clone().map(|w| serving(w).map(|of| of.area as f64).collect());
        let areas: Vec<Vec<f64>> = areas.collect();
        let mut all = PartTimeline {
            name: part.name.clone(),
            calls,
            answered,
            inside,
            utilisation: None,
            capacity: None,
            instances: self.level_of(&areas),
            instances_min: windows.map(|w| serving(w).map(|of| of.least).min().unwrap_or(0)).collect(),
            queue: None,
            threads: None,
            thread_limit: None,
        };
        if station {
            if let Some(pairs) = self.take(pair) {
                let side = |pick: fn(&(f64, f64)) -> f64| -> Vec<Vec<f64>> {
                    pairs.iter().map(|each| each.iter().map(pick).collect()).collect()
                };
                let (busy, capacity) = (side(|pair| pair.0), side(|pair| pair.1));
                let mut line = Line::default();
                for (busy, capacity) in busy.iter().zip(&capacity) {
                    push_ratio(&mut line, busy, capacity, self.confidence);
                }
                (all.utilisation, all.capacity) = (Some(line), Some(self.level_of(&capacity)));
            }
            (all.queue, all.threads, all.thread_limit) = (self.level(), self.level(), self.level());
        }
        all
    }

    fn client(&mut self, part: &PartPlan, names: &[String]) -> ClientTimeline {
        let in_flight = self.level();
        let classes: Vec<Class> = names.iter().map(|_| self.class()).collect();
        let all = self.requests(&together(&classes));
        let classes = match &classes[..] {
            [_] => Vec::new(),
            several => {
                let each = names.iter().zip(several);
                each.map(|(name, class)| (name.clone(), self.requests(class))).collect()
            }
        };
        ClientTimeline { name: part.name.clone(), all, classes, in_flight }
    }

    fn class(&mut self) -> Class {
        let sent = self.counted();
        let ended = Status::ALL.iter().map(|_| self.counted()).collect();
        let none = || vec![vec![Histogram::new(); self.recorded.len()]; self.bounds.len() - 1];
        let latency = none();
        let latency = self
            .take(|reading| match reading {
                Reading::Samples(histogram) => histogram.clone(),
                Reading::Pair(..) => unreachable!("latencies are samples"),
            })
            .unwrap_or(latency);
        Class { sent, ended, latency }
    }

    fn requests(&self, of: &Class) -> RequestsTimeline {
        let ended = || Status::ALL.into_iter().zip(&of.ended);
        let occurs = |counted: &Counted| counted.iter().flatten().any(|count| *count > 0);
        let good = ended().filter(|(status, _)| status.is_good()).map(|(_, counted)| counted);
        let nothing = vec![vec![0; self.recorded.len()]; self.windows()];
        let good = good.fold(nothing, |all, one| sum(&all, one));
        let percentile = |p: f64| {
            let mut line = Line::default();
            of.latency.iter().for_each(|each| push_percentile(&mut line, each, p, self.confidence));
            (p, line)
        };
        RequestsTimeline {
            sent: self.counts_of(&of.sent),
            good: self.counts_of(&good),
            by_status: ended()
                .filter(|(_, counted)| occurs(counted))
                .map(|(status, counted)| (status, self.counts_of(counted)))
                .collect(),
            latency: TIMELINE_PERCENTILES.map(percentile).into(),
            heat: heat(&of.latency),
        }
    }
}

fn pair(reading: &Reading) -> (f64, f64) {
    match reading {
        Reading::Pair(a, b) => (*a, *b),
        Reading::Samples(_) => unreachable!("counts and levels are pairs"),
    }
}

fn sum(a: &Counted, b: &Counted) -> Counted {
    let add = |(a, b): (&Vec<u64>, &Vec<u64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    a.iter().zip(b).map(add).collect()
}

/// All classes of a client.
fn together(classes: &[Class]) -> Class {
    let (first, others) = classes.split_first().expect("a client has a class");
    let mut all =
        Class { sent: first.sent.clone(), ended: first.ended.clone(), latency: first.latency.clone() };
    for class in others {
        all.sent = sum(&all.sent, &class.sent);
        for (mine, theirs) in all.ended.iter_mut().zip(&class.ended) {
            *mine = sum(mine, theirs);
        }
        let theirs = class.latency.iter().flatten();
        all.latency.iter_mut().flatten().zip(theirs).for_each(|(mine, theirs)| mine.merge(theirs));
    }
    all
}

fn heat(latency: &Latencies) -> Heat {
    let ranges = latency.iter().flatten().filter_map(|h| h.min().zip(h.max()));
    let Some((least, most)) = ranges.reduce(|(a, b), (c, d)| (a.min(c), b.max(d))) else {
        return Heat { edges: Vec::new(), counts: vec![Vec::new(); latency.len()] };
    };
    let edges = coarse_edges(least, most);
    let counts = latency.iter().map(|each| {
        let mut counts = vec![0; edges.len()];
        for (low, _, n) in each.iter().flat_map(Histogram::buckets) {
            counts[edges.partition_point(|edge| *edge < low)] += n;
        }
        counts
    });
    Heat { counts: counts.collect(), edges }
}

fn push(line: &mut Line, value: Option<f64>, interval: Option<(f64, f64)>) {
    let (low, high) = interval.unzip();
    line.values.push(value);
    line.low.push(low);
    line.high.push(high);
}

fn push_estimated(line: &mut Line, estimated: &Estimated) {
    match estimated.known() {
        Some(known) => push(line, Some(known.value), Some((known.low, known.high))),
        None => push(line, None, None),
    }
}

fn push_mean(line: &mut Line, values: &[f64], confidence: f64) {
    match values {
        [alone] => push(line, Some(*alone).filter(|value| value.is_finite()), None),
        _ => push_estimated(line, &not_negative(Estimated::from_replications(values, confidence))),
    }
}

fn push_ratio(line: &mut Line, parts: &[f64], wholes: &[f64], confidence: f64) {
    match (parts, wholes) {
        ([part], [whole]) => push(line, (*whole > 0.0).then(|| part / whole), None),
        _ => push_estimated(line, &between_0_and_1(ratio(parts, wholes, confidence))),
    }
}

fn push_percentile(line: &mut Line, replications: &[Histogram], p: f64, confidence: f64) {
    match replications {
        [alone] => {
            let beyond = alone.count() as f64 * p.min(1.0 - p);
            // Rounded lest 1 - 0.99 ask for one sample more than 1000.
            let carried = beyond >= BEYOND_MIN * (1.0 - 1e-12);
            push(line, alone.quantile(p).filter(|_| carried), None);
        }
        _ => push_estimated(line, &Estimated::percentile(replications, p, confidence)),
    }
}

#[cfg(test)]
mod tests {
    use kneepoint_engine::SimDuration;

    use super::{bounds, easy_bounds};

    #[test]
    fn windows_are_as_long_as_was_asked_and_the_last_is_what_is_left() {
        let second = 1_000_000_000;
        let asked = |end: u64, each: u64| bounds(end, Some(SimDuration::from_nanos(each)));
        assert_eq!(asked(4 * second, second).unwrap(), [0, 1, 2, 3, 4].map(|at| at * second));
        assert_eq!(asked(5, 2).unwrap(), [0, 2, 4, 5]);
        assert_eq!(asked(3_600 * second, second).unwrap().len(), 3_601);
        let refused = asked(3_601 * second, second).unwrap_err().to_string();
        assert!(refused.contains("would be 3601 in a run of 3601 s, and at most 3600 are kept"), "{refused}");
        for each in [0, 6] {
            let refused = asked(5, each).unwrap_err().to_string();
            assert!(refused.contains("do not fit into a run of 5 ns"), "{refused}");
        }
    }

    #[test]
    fn windows_are_whole_seconds_if_that_can_be() {
        let second = 1_000_000_000;
        let length = |end: u64| {
            let bounds = easy_bounds(end);
            assert_eq!((bounds[0], *bounds.last().unwrap()), (0, end));
            let lengths: Vec<u64> = bounds.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
            assert!(most - least <= 1, "{end}: {least} to {most}");
            (lengths.len(), *most)
        };
        assert_eq!(length(600 * second), (120, 5 * second));
        assert_eq!(length(3600 * second), (120, 30 * second));
        assert_eq!(length(100 * second), (100, second));
        assert_eq!(length(7 * second), (70, second / 10));
        // A prime number of seconds: tenths of them.
        assert_eq!(length(127 * second).1 % (second / 100), 0);
        assert_eq!(length(1), (1, 1));
        assert_eq!(length(1_000_000_007).0, 120);
    }
}
