//! Which part saturates first, by theory: the second answer beside the simulation.
//!
//! The work a request brings to each part is followed along the calls; a part's utilisation is its arrival rate times
//! its mean work over its servers (the utilisation law), and the part of the highest utilisation is the bottleneck.
//! Rates that vary are judged at the instant at which a part is loaded most.
//!
//! # Source
//! Denning and Buzen, "The operational analysis of queueing network models", ACM Computing Surveys 10(3), 1978;
//! asymptotic bounds of closed models: Lazowska et al., "Quantitative System Performance", 1984, section 5.2.

use std::collections::{BTreeMap, BTreeSet};

use kneepoint_analytic::Bounds;
use kneepoint_scenario::value::{Path, Piece};
use kneepoint_scenario::{Checked, DistributionSpec, Place, ProfileSpec, Step, StepSpec, Wait};

/// Deepest chain of calls that is followed: circles end here.
const DEPTH_MAX: usize = 64;
/// Visits followed at most for one client: a file from a stranger must not keep us for ever.
const VISITS_MAX: usize = 200_000;
/// Instants of a run at which rates are looked at, beside those at which they bend.
const LOOKS: u64 = 2000;

/// What theory says of a scenario before it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// The parts with servers that open clients load, the one that is loaded most at its peak first.
    pub loads: Vec<Load>,
    /// What closed clients can reach.
    pub closed: Vec<Closed>,
    /// What is not counted, and why.
    pub unknown: Vec<String>,
    /// The parts with servers that clients load of whom what is written does not say how much they bring, in the order of
    /// the file.
    pub also_loaded: Vec<String>,
}

/// The load of one part by open clients.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Its name.
    pub part: String,
    /// Where the name is written.
    pub place: Place,
    /// Offered work over servers, averaged over the run.
    pub mean: f64,
    /// The same at the instant when it is highest.
    pub peak: f64,
    /// Requests a second then, of all open clients that load the part.
    pub peak_rate_per_s: f64,
    /// When that is \[s\].
    pub peak_at_s: f64,
}

impl Load {
    /// How many times the load is one at whose peak the part has no idle time left.
    pub fn saturates_at(&self) -> f64 {
        1.0 / self.peak
    }

    /// Whether the part saturates together with another: work and rates that are written are not summed exactly.
    pub fn ties_with(&self, other: &Load) -> bool {
        (self.peak - other.peak).abs() <= 1e-9 * self.peak
    }

    /// Whether the rate varies enough to tell mean and peak apart.
    pub fn varies(&self) -> bool {
        self.peak > self.mean * 1.001
    }
}

/// The asymptotic bounds of a closed client.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// Its name.
    pub client: String,
    /// Users at most.
    pub users: f64,
    /// The part that limits it.
    pub bottleneck: String,
    /// The number of users from which on somebody must wait: demand and thinking over the bottleneck's demand.
    pub saturates_at_users: f64,
    /// Requests a second, at most.
    pub throughput_max_per_s: f64,
    /// Mean latency \[s\], at least.
    pub latency_min_s: f64,
}

/// The load of one part, averaged over the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Saturation {
    /// Its name.
    pub part: String,
    /// Offered work over servers; nothing where closed or recorded clients, or what is in no file, load it too, so that
    /// what is written does not say how much is offered.
    pub utilisation: Option<f64>,
}

/// What one request of a client brings.
struct Demand {
    /// Work for each part [seconds of a server], by its number.
    work: BTreeMap<usize, f64>,
    /// Time without any waiting \[s\].
    time_s: f64,
    /// Whether there is more that is not counted.
    is_partial: bool,
}

/// Looks at a scenario.
pub fn forecast(checked: &Checked) -> Forecast {
    let mut forecast = Forecast::default();
    let end = checked.run().map_or(0, |run| run.duration("duration"));
    let demands: Vec<Option<Demand>> =
        (0..checked.parts().len()).map(|at| demand(checked, at, &mut forecast.unknown)).collect();
    let mut open: Vec<(&Demand, Rate)> = Vec::new();
    let mut also: BTreeSet<usize> = BTreeSet::new();
    for (at, part) in checked.parts().iter().enumerate() {
        let Some(demand) = &demands[at] else { continue };
        match part.args.kind() {
            "ClosedClient" => also.extend(demand.work.keys()),
            _ => match rate(checked, at) {
                Some(rate) => {
                    // What has no known mean is more than what is counted.
                    if demand.is_partial {
                        also.extend(demand.work.keys());
                    }
                    open.push((demand, rate));
                }
                None => {
                    also.extend(demand.work.keys());
                    forecast.unknown.push(format!("{}: its rate is not in this file", part.name));
                }
            },
        }
    }
    also.retain(|at| servers(checked, *at).is_some());
    forecast.also_loaded = also.iter().map(|at| checked.parts()[*at].name.to_string()).collect();
    let looks = instants(end, &open);
    for (at, part) in checked.parts().iter().enumerate() {
        let Some(servers) = servers(checked, at) else { continue };
        let of = |t: f64| -> (f64, f64) {
            let loading = open.iter().filter_map(|(demand, rate)| Some((demand.work.get(&at)?, rate)));
            let each = loading.filter_map(|(work, rate)| Some((*work, rate.at(t)?)));
            each.fold((0.0, 0.0), |(busy, all), (work, rate)| (busy + work * rate / servers, all + rate))
        };
        let mean = (0..LOOKS).map(|i| of(end as f64 * (i as f64 + 0.5) / LOOKS as f64).0).sum::<f64>();
        let mean = mean / LOOKS as f64;
        let mut load = Load {
            part: part.name.to_string(),
            place: part.place,
            mean,
            peak: 0.0,
            peak_rate_per_s: 0.0,
            peak_at_s: 0.0,
        };
        for t in &looks {
            let (busy, rate) = of(*t);
            if busy > load.peak {
                (load.peak, load.peak_rate_per_s, load.peak_at_s) = (busy, rate, t / 1e9);
            }
        }
        if load.peak > 0.0 {
            forecast.loads.push(load);
        }
    }
    // By the bottleneck law the part of the highest demand saturates first; equal ones in the order of the file.
    forecast.loads.sort_by(|a, b| b.peak.total_cmp(&a.peak));
    for (at, part) in checked.parts().iter().enumerate() {
        if let (Some(demand), "ClosedClient") = (&demands[at], part.args.kind()) {
            match closed(checked, at, demand, &forecast.loads, end) {
                Ok(found) => forecast.closed.push(found),
                Err(why) => forecast.unknown.push(format!("{}: {why}", part.name)),
            }
        }
    }
    forecast
}

/// The parts with servers that clients load, the bottleneck on average first; those of which theory does not tell how
/// busy they are come last, in the order of the file.
pub fn saturation(checked: &Checked) -> Vec<Saturation> {
    let forecast = forecast(checked);
    let also = |part: &str| forecast.also_loaded.iter().any(|other| other == part);
    let loads = forecast.loads.iter().filter(|load| !also(&load.part));
    let mut found: Vec<Saturation> =
        loads.map(|load| Saturation { part: load.part.clone(), utilisation: Some(load.mean) }).collect();
    found.sort_by(|a, b| b.utilisation.unwrap_or(0.0).total_cmp(&a.utilisation.unwrap_or(0.0)));
    found.extend(forecast.also_loaded.into_iter().map(|part| Saturation { part, utilisation: None }));
    found
}

/// Returns how many requests a second all clients send on average between two instants \[ns\], by what is written;
/// `None` if one of them is closed or recorded, so that nothing says it.
pub fn offered_per_s(checked: &Checked, from: u64, to: u64) -> Option<f64> {
    let clients = checked.parts().iter().enumerate().filter(|(_, part)| part.is_client);
    clients.map(|(at, _)| rate(checked, at)?.mean(from, to)).sum()
}

/// The bounds of a closed client; or why there are none. What open clients take of a part on average is not there for it.
fn closed(checked: &Checked, at: usize, demand: &Demand, loads: &[Load], end: u64) -> Result<Closed, String> {
    let part = &checked.parts()[at];
    let think = mean(&part.args.distribution("think"));
    let think_s = think.ok_or("the mean of its thinking time is not in this file")? / 1e9;
    let profile = part.args.profile("users");
    let users = bends(&profile, end).into_iter().chain(evenly(end));
    let users = users.filter_map(|t| value_at(&profile, t)).fold(0.0, f64::max);
    let mut largest: Option<(f64, usize)> = None;
    for (callee, work) in &demand.work {
        let taken = loads.iter().find(|load| *load.part == *checked.parts()[*callee].name);
        let left = 1.0 - taken.map_or(0.0, |load| load.mean);
        if let Some(servers) = servers(checked, *callee)
            && *work > 0.0
        {
            if left <= 0.0 {
                return Err(format!(
                    "open clients alone ask {} for all the work that it can do, so that there are no bounds for its requests",
                    checked.parts()[*callee].name
                ));
            }
            let of_one = work / servers / left;
            if largest.is_none_or(|(most, _)| of_one > most) {
                largest = Some((of_one, *callee));
            }
        }
    }
    let (largest_s, bottleneck) = largest.ok_or("none of its requests reach a part with servers")?;
    // All but the bottleneck is a delay to it, as thinking is; with several servers a request takes longer than its
    // share of the bottleneck's time.
    let elsewhere_s = (demand.time_s - largest_s).max(0.0);
    let words = |error: kneepoint_analytic::AnalyticError| format!("it has no bounds: {error}");
    let bounds = Bounds::new(&[largest_s], think_s + elsewhere_s).map_err(words)?;
    let asked = users.max(1.0);
    Ok(Closed {
        client: part.name.to_string(),
        users,
        bottleneck: checked.parts()[bottleneck].name.to_string(),
        saturates_at_users: bounds.knee_clients(),
        throughput_max_per_s: bounds.throughput_bounds_per_s(asked).map_err(words)?.1,
        latency_min_s: bounds.response_s_bounds(asked).map_err(words)?.0 + elsewhere_s,
    })
}

/// Requests a second of a client over time.
struct Rate {
    profile: ProfileSpec,
    factor: f64,
}

impl Rate {
    fn at(&self, t: f64) -> Option<f64> {
        Some(value_at(&self.profile, t)? * self.factor)
    }

    /// The average over a stretch \[ns\]; by looks where it bends.
    fn mean(&self, from: u64, to: u64) -> Option<f64> {
        if let ProfileSpec::Constant(value) = &self.profile {
            return Some(value * self.factor);
        }
        let (from, length) = (from as f64, (to - from) as f64);
        let at = |i: u64| self.at(from + length * (i as f64 + 0.5) / LOOKS as f64);
        Some((0..LOOKS).map(at).sum::<Option<f64>>()? / LOOKS as f64)
    }
}

/// The rate of an open client or one of sessions.
fn rate(checked: &Checked, client: usize) -> Option<Rate> {
    let args = &checked.parts()[client].args;
    let (profile, factor) = match args.kind() {
        "OpenClient" => {
            let batch = mean(&args.distribution("batch"))?;
            match args.profile_if("rate") {
                Some(profile) => (profile, batch),
                None => (ProfileSpec::Constant(own_rate(args)?), batch),
            }
        }
        "SessionClient" => (args.profile("sessions"), mean(&args.distribution("requests"))?),
        _ => return None,
    };
    // What is in a file or another crate is not known here.
    value_at(&profile, 0.0)?;
    Some(Rate { profile, factor })
}

/// Arrivals a second where the arrivals say it themselves.
fn own_rate(args: &kneepoint_scenario::Args) -> Option<f64> {
    let arrivals = args.args("arrivals")?;
    match arrivals.kind() {
        "Renewal" => Some(1e9 / mean(&arrivals.distribution("gap"))?),
        "Mmpp" => {
            let of = |state: &kneepoint_scenario::Args| {
                Some((state.number("rate"), mean(&state.distribution("stay"))?))
            };
            let states: Vec<(f64, f64)> = arrivals.args_list("states").filter_map(of).collect();
            let time: f64 = states.iter().map(|(_, stay)| stay).sum();
            Some(states.iter().map(|(rate, stay)| rate * stay).sum::<f64>() / time)
        }
        _ => None,
    }
}

/// Instants \[ns\], evenly over a run.
fn evenly(end: u64) -> impl Iterator<Item = f64> {
    (0..=LOOKS).map(move |i| end as f64 * i as f64 / LOOKS as f64)
}

/// When rates are looked at for their peak: evenly, and where they bend.
fn instants(end: u64, open: &[(&Demand, Rate)]) -> Vec<f64> {
    evenly(end).chain(open.iter().flat_map(|(_, rate)| bends(&rate.profile, end))).collect()
}

/// Where a profile bends or jumps within a run: its highest value is there, or at an end.
fn bends(profile: &ProfileSpec, end: u64) -> Vec<f64> {
    let at: Vec<u64> = match profile {
        ProfileSpec::Ramp { over, start, .. } => vec![*start, start.saturating_add(*over)],
        ProfileSpec::Steps(points) | ProfileSpec::Lines(points) => points.iter().map(|(at, _)| *at).collect(),
        ProfileSpec::Spike { at, rise, hold, .. } => {
            let up = at.saturating_add(*rise);
            vec![*at, up, up.saturating_add(*hold)]
        }
        ProfileSpec::Wave { period, peak_at, .. } => {
            let phase = peak_at % (*period).max(1);
            let count = ((end.saturating_sub(phase)) / (*period).max(1)).min(LOOKS);
            (0..=count).map(|i| phase.saturating_add(i * period)).collect()
        }
        ProfileSpec::Product(list) => {
            return list.iter().flat_map(|one| bends(one, end)).collect();
        }
        ProfileSpec::Constant(_) | ProfileSpec::Growth { .. } => Vec::new(),
        ProfileSpec::FromFile { .. } | ProfileSpec::Foreign(_) => Vec::new(),
    };
    at.into_iter().filter(|at| *at <= end).map(|at| at as f64).collect()
}

pub(crate) fn value_at(profile: &ProfileSpec, t: f64) -> Option<f64> {
    let line = |t: f64, (a, x): (f64, f64), (b, y): (f64, f64)| {
        if t <= a {
            x
        } else if t >= b {
            y
        } else {
            x + (y - x) * (t - a) / (b - a)
        }
    };
    Some(match profile {
        ProfileSpec::Constant(value) => *value,
        ProfileSpec::Ramp { from, to, over, start } => {
            line(t, (*start as f64, *from), ((*start + *over) as f64, *to))
        }
        ProfileSpec::Steps(points) => {
            points.iter().rev().find(|(at, _)| *at as f64 <= t).or(points.first()).map(|(_, value)| *value)?
        }
        ProfileSpec::Lines(points) => {
            let after = points.iter().position(|(at, _)| *at as f64 > t);
            let point = |i: usize| (points[i].0 as f64, points[i].1);
            match after {
                Some(0) => points[0].1,
                Some(i) => line(t, point(i - 1), point(i)),
                None => points.last()?.1,
            }
        }
        ProfileSpec::Spike { base, peak, at, rise, hold, fall } => {
            let (a, b) = (*at as f64, (*at + *rise) as f64);
            let (c, d) = ((*at + *rise + *hold) as f64, (*at + *rise + *hold + *fall) as f64);
            if t < b { line(t, (a, *base), (b, *peak)) } else { line(t, (c, *peak), (d, *base)) }
        }
        ProfileSpec::Wave { low, high, period, peak_at } => {
            let phase = (t - *peak_at as f64) / *period as f64 * std::f64::consts::TAU;
            (low + high) / 2.0 + (high - low) / 2.0 * phase.cos()
        }
        ProfileSpec::Growth { from, by, per } => from * (1.0 + by).powf(t / *per as f64),
        ProfileSpec::Product(list) => list.iter().map(|one| value_at(one, t)).product::<Option<f64>>()?,
        ProfileSpec::FromFile { .. } | ProfileSpec::Foreign(_) => return None,
    })
}

/// The mean of a distribution; unknown where a file or another crate says it.
fn mean(law: &DistributionSpec) -> Option<f64> {
    use DistributionSpec as D;
    Some(match law {
        D::Constant(value) => *value,
        D::Exponential { mean }
        | D::Erlang { mean, .. }
        | D::Hyperexponential { mean, .. }
        | D::Gamma { mean, .. }
        | D::Weibull { mean, .. }
        | D::Geometric { mean } => *mean,
        D::Lognormal { median, sigma } => median * (sigma * sigma / 2.0).exp(),
        // What is cut off moves the mean; for a pre-check the uncut one is near enough where little is cut.
        D::Normal { mean, .. } => *mean,
        D::Pareto { min, alpha, max } => match max {
            None if *alpha > 1.0 => alpha * min / (alpha - 1.0),
            None => return None,
            Some(max) if (*alpha - 1.0).abs() > 1e-9 => {
                let share = 1.0 - (min / max).powf(*alpha);
                alpha / (alpha - 1.0) * min * (1.0 - (min / max).powf(alpha - 1.0)) / share
            }
            Some(max) => min * (max / min).ln() / (1.0 - min / max),
        },
        D::Uniform { min, max } => (min + max) / 2.0,
        D::Triangular { min, mode, max } => (min + mode + max) / 3.0,
        D::Quantiles(points) => {
            let mut sum = 0.0;
            let mut before = (0.0, if points[0].0 == 0.0 { points[0].1 } else { 0.0 });
            for point in points {
                sum += (point.0 - before.0) * (point.1 + before.1) / 2.0;
                before = *point;
            }
            sum
        }
        D::Mixture(list) => list.iter().map(|(share, law)| Some(share * mean(law)?)).sum::<Option<f64>>()?,
        D::Shifted { by, of } => by + mean(of)?,
        D::Samples { .. } | D::Foreign(_) => return None,
    })
}

/// How many servers (or cores) a part has; nothing where nobody can wait.
fn servers(checked: &Checked, at: usize) -> Option<f64> {
    let part = &checked.parts()[at];
    if part.args.kind() != "Service" {
        return None;
    }
    let concurrency = part.args.args("concurrency")?;
    let each = match concurrency.kind() {
        "Servers" | "Sharing" => concurrency.count("servers") as f64,
        "Unlimited" => return None,
        _ => match checked.machine(part) {
            Some(machine) if machine.kind.field("cores").is_some() => {
                machine.count("cores") as f64 * machine.number("speed")
            }
            _ => 1.0,
        },
    };
    Some(each * part.instances() as f64)
}

/// What a request of a client brings; nothing for a part that is no client.
fn demand(checked: &Checked, at: usize, unknown: &mut Vec<String>) -> Option<Demand> {
    let part = &checked.parts()[at];
    if !part.is_client {
        return None;
    }
    let mut visits = Visits { checked, work: BTreeMap::new(), visits: 0, unknown: false };
    let mut time = 0.0;
    let has_classes = part.args.kind.field("classes").is_some();
    let items = if has_classes { part.args.map("classes") } else { &[] };
    let calls: Vec<_> = checked.topology().calls_at(part.args.node).cloned().collect();
    for name in &part.operations {
        let record = items.iter().find(|item| item.key == *name).and_then(|item| item.value.as_args());
        // Classes without shares are those of a recording: which of them are frequent is in the file.
        let share = record.map_or(1.0 / part.operations.len() as f64, |record| record.number("share"));
        let call = calls.iter().find(|call| call.operation.as_deref() == Some(&**name)).or(calls.first());
        if let Some(call) = call {
            let operation = call.callee_operation.as_deref().unwrap_or(name).to_string();
            time += share * visits.visit(call.callee, &operation, name, share, 0);
        }
    }
    if visits.visits > VISITS_MAX {
        unknown.push(format!("{}: more than {VISITS_MAX} calls a request, of which the rest", part.name));
    } else if visits.unknown {
        unknown.push(format!("{}: work or times that are not in this file", part.name));
    }
    let is_partial = visits.unknown || visits.visits > VISITS_MAX;
    Some(Demand { work: visits.work, time_s: time, is_partial })
}

/// Follows the calls of a request.
struct Visits<'a> {
    checked: &'a Checked,
    work: BTreeMap<usize, f64>,
    visits: usize,
    /// Something on the way has no known mean.
    unknown: bool,
}

impl Visits<'_> {
    fn mean(&mut self, law: &DistributionSpec) -> f64 {
        let mean = mean(law);
        self.unknown |= mean.is_none();
        mean.unwrap_or(0.0)
    }

    /// So many calls arrive at a part for an operation; returns the time of one without waiting \[s\].
    fn visit(&mut self, at: usize, operation: &str, class: &str, calls: f64, depth: usize) -> f64 {
        self.visits += 1;
        if depth > DEPTH_MAX || self.visits > VISITS_MAX || calls < 1e-12 {
            return 0.0;
        }
        let part = &self.checked.parts()[at];
        match part.args.kind() {
            "Balancer" => return self.balance(at, operation, class, calls, depth),
            "Delay" => return self.mean(&part.args.distribution("time")) / 1e9,
            "Service" => {}
            _ => return 0.0,
        }
        let operations = part.args.operations();
        let steps = operations
            .iter()
            .find(|(name, _)| *name == operation)
            .or_else(|| operations.iter().find(|(name, _)| *name == class))
            .or_else(|| operations.iter().find(|(name, _)| *name == "default"));
        match steps {
            Some((name, steps)) => {
                let visit = Visit { at, operation: name, class, calls, depth };
                self.steps(visit, steps)
            }
            None => 0.0,
        }
    }

    /// Instances are chosen among all members: by number of instances, as far as the mean goes.
    fn balance(&mut self, at: usize, operation: &str, class: &str, passed: f64, depth: usize) -> f64 {
        let topology = self.checked.topology();
        let calls: Vec<_> = topology.calls.iter().filter(|call| call.caller == at).cloned().collect();
        let mut callees: Vec<usize> = calls.iter().map(|call| call.callee).collect();
        callees.sort_unstable();
        callees.dedup();
        let total: f64 = callees.iter().map(|to| self.checked.parts()[*to].instances() as f64).sum();
        let mut time = 0.0;
        for to in callees {
            let share = self.checked.parts()[to].instances() as f64 / total;
            let named = calls.iter().find(|call| {
                call.callee == to
                    && call.operation.as_deref().is_none_or(|name| name == operation)
                    && (call.classes.is_empty() || call.classes.iter().any(|known| &**known == class))
            });
            let next =
                named.and_then(|call| call.callee_operation.as_deref()).unwrap_or(operation).to_string();
            time += share * self.visit(to, &next, class, passed * share, depth + 1);
        }
        time
    }

    /// Steps in sequence; returns their time without waiting \[s\].
    fn steps(&mut self, visit: Visit<'_>, steps: &[Step<'_>]) -> f64 {
        steps.iter().map(|step| self.step(visit, *step)).sum()
    }

    fn step(&mut self, visit: Visit<'_>, step: Step<'_>) -> f64 {
        let Visit { at, calls, .. } = visit;
        let deeper = |factor: f64| Visit { calls: calls * factor, depth: visit.depth + 1, ..visit };
        if visit.depth > DEPTH_MAX {
            return 0.0;
        }
        match step.spec() {
            StepSpec::Compute(work) => {
                let work = self.mean(&work) / 1e9;
                *self.work.entry(at).or_default() += calls * work;
                work / speed(self.checked, at)
            }
            StepSpec::Delay(time) => self.mean(&time) / 1e9,
            StepSpec::Call(call) => {
                let times = self.mean(&call.times);
                times * self.call(visit, &call, times)
            }
            // Branches that lose are not cancelled: all of them work.
            StepSpec::Parallel { branches, wait } => {
                let times: Vec<f64> = branches.iter().map(|branch| self.steps(deeper(1.0), branch)).collect();
                match wait {
                    Wait::All => times.into_iter().fold(0.0, f64::max),
                    Wait::Any | Wait::Quorum(_) => times.into_iter().reduce(f64::min).unwrap_or(0.0),
                }
            }
            StepSpec::Choice(branches) => {
                branches.iter().map(|(share, steps)| share * self.steps(deeper(*share), steps)).sum()
            }
            StepSpec::Repeat { times, does } => {
                let times = self.mean(&times);
                times * self.steps(deeper(times), &does)
            }
            StepSpec::Detach(does) => {
                self.steps(deeper(1.0), &does);
                0.0
            }
            StepSpec::Fail { .. } | StepSpec::Other(_) => 0.0,
        }
    }

    /// One call of a step that makes so many; returns its time without waiting \[s\].
    fn call(&mut self, visit: Visit<'_>, call: &kneepoint_scenario::CallSpec<'_>, times: f64) -> f64 {
        let Visit { at, operation, class, calls, depth } = visit;
        let fits = |found: &&kneepoint_scenario::Call| {
            found.caller == at
                && found.operation.as_deref().is_none_or(|name| name == operation)
                && (found.classes.is_empty() || found.classes.iter().any(|known| &**known == class))
        };
        let Some(found) = self.checked.topology().calls_at(call.node).find(fits).cloned() else { return 0.0 };
        let instances = self.checked.parts()[found.callee].instances() as f64;
        let each = match call.to {
            Path::Target(target) => target.place.pieces.first().map_or(1.0, |piece| match piece.value {
                Piece::Each => instances,
                Piece::AnyCount(count) => f64::from(count).min(instances),
                Piece::AnyShare(share) => (share * instances).round().max(1.0),
                Piece::Any | Piece::Index(_) | Piece::Name(_) => 1.0,
            }),
            Path::Edge(_) => 1.0,
        };
        let next = found.callee_operation.as_deref().unwrap_or(operation).to_string();
        self.visit(found.callee, &next, class, calls * times * each, depth + 1)
    }
}

/// Whose steps are followed, and for how many calls.
#[derive(Clone, Copy)]
struct Visit<'n> {
    at: usize,
    operation: &'n str,
    class: &'n str,
    calls: f64,
    depth: usize,
}

/// The speed of a part's machine.
fn speed(checked: &Checked, at: usize) -> f64 {
    let part = &checked.parts()[at];
    let on_machine =
        part.args.args("concurrency").is_some_and(|c| matches!(c.kind(), "Threads" | "EventLoop"));
    match checked.machine(part) {
        Some(machine) if on_machine && machine.kind.field("speed").is_some() => machine.number("speed"),
        _ => 1.0,
    }
}
