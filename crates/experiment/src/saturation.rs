//! Which part saturates first, by theory: the second answer beside the simulation.
//!
//! The work a request brings to each part is followed along the calls; a part's utilisation is its arrival rate times
//! its mean work over its servers (the utilisation law), and the part of the highest utilisation is the bottleneck.
//!
//! # Source
//! Denning and Buzen, "The operational analysis of queueing network models", ACM Computing Surveys 10(3), 1978.

use std::collections::BTreeMap;

use kneepoint_analytic::Bounds;
use kneepoint_scenario::value::Path;
use kneepoint_scenario::{Checked, DistributionSpec, ProfileSpec, Step, StepSpec, Wait};

/// Deepest chain of calls that is followed: circles end here.
const DEPTH_MAX: usize = 64;
/// Visits followed at most: a file from a stranger must not keep us for ever.
const VISITS_MAX: usize = 200_000;

/// The load of one part.
#[derive(Clone, Debug, PartialEq)]
pub struct Saturation {
    /// Its name.
    pub part: String,
    /// Offered work over servers.
    pub utilisation: f64,
}

impl Saturation {
    /// How many times the load is one at which the part has no idle time left.
    pub fn saturates_at(&self) -> f64 {
        1.0 / self.utilisation
    }
}

/// The parts with servers that open clients load, the bottleneck first.
pub fn saturation(checked: &Checked) -> Vec<Saturation> {
    let end = checked.run().map_or(0, |run| run.duration("duration"));
    let mut demands = Demands { checked, work: BTreeMap::new(), visits: 0 };
    for (at, part) in checked.parts().iter().enumerate() {
        if part.is_client
            && let Some(rate) = mean_rate(checked, at, 0, end)
        {
            demands.client(at, rate);
        }
    }
    let mut found: Vec<Saturation> = Vec::new();
    for (at, work) in &demands.work {
        let part = &checked.parts()[*at];
        if let Some(servers) = servers(checked, *at)
            && *work > 0.0
        {
            found.push(Saturation { part: part.name.to_string(), utilisation: work / servers });
        }
    }
    // By the bottleneck law the part of the highest demand saturates first; equal ones in the order of the file.
    let order: Vec<f64> = found.iter().map(|load| load.utilisation).collect();
    debug_assert!(order.is_empty() || Bounds::new(&order, 0.0).is_ok());
    found.sort_by(|a, b| b.utilisation.total_cmp(&a.utilisation));
    found
}

/// Returns how many requests a second all clients send on average between two instants [ns], by what is written;
/// `None` if one of them is closed or recorded, so that nothing says it.
pub fn offered_per_s(checked: &Checked, from: u64, to: u64) -> Option<f64> {
    let clients = checked.parts().iter().enumerate().filter(|(_, part)| part.is_client);
    clients.map(|(at, _)| mean_rate(checked, at, from, to)).sum()
}

/// Requests a second of an open client, averaged over a stretch of the run.
fn mean_rate(checked: &Checked, client: usize, from: u64, end: u64) -> Option<f64> {
    let args = &checked.parts()[client].args;
    let batch = args.kind.field("batch").map_or(1.0, |_| mean(&args.distribution("batch")).unwrap_or(1.0));
    match args.kind() {
        "OpenClient" => match args.profile_if("rate") {
            Some(profile) => Some(average(&profile, from, end)? * batch),
            None => {
                let arrivals = args.args("arrivals")?;
                match arrivals.kind() {
                    "Renewal" => Some(1e9 / mean(&arrivals.distribution("gap"))? * batch),
                    "Mmpp" => {
                        let states: Vec<(f64, f64)> = arrivals
                            .args_list("states")
                            .filter_map(|state| {
                                Some((state.number("rate"), mean(&state.distribution("stay"))?))
                            })
                            .collect();
                        let time: f64 = states.iter().map(|(_, stay)| stay).sum();
                        Some(states.iter().map(|(rate, stay)| rate * stay).sum::<f64>() / time * batch)
                    }
                    _ => None,
                }
            }
        },
        "SessionClient" => {
            Some(average(&args.profile("sessions"), from, end)? * mean(&args.distribution("requests"))?)
        }
        _ => None,
    }
}

/// The average of a profile over a stretch; by samples where it bends.
fn average(profile: &ProfileSpec, from: u64, end: u64) -> Option<f64> {
    const POINTS: u64 = 2000;
    if let ProfileSpec::Constant(value) = profile {
        return Some(*value);
    }
    let (from, length) = (from as f64, (end - from) as f64);
    let sum = (0..POINTS)
        .map(|i| value_at(profile, from + length * (i as f64 + 0.5) / POINTS as f64))
        .sum::<Option<f64>>();
    Some(sum? / POINTS as f64)
}

fn value_at(profile: &ProfileSpec, t: f64) -> Option<f64> {
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

/// Work offered to each part [seconds of a server a second].
struct Demands<'a> {
    checked: &'a Checked,
    work: BTreeMap<usize, f64>,
    visits: usize,
}

impl Demands<'_> {
    fn client(&mut self, at: usize, rate: f64) {
        let part = &self.checked.parts()[at];
        let items = part.args.map("classes");
        for name in &part.operations {
            let record = items.iter().find(|item| item.key == *name).and_then(|item| item.value.as_args());
            let share = record.map_or(1.0, |record| record.number("share"));
            let calls: Vec<_> = self.checked.topology().calls_at(part.args.node).cloned().collect();
            let call = calls.iter().find(|call| call.operation.as_deref() == Some(&**name)).or(calls.first());
            if let Some(call) = call {
                let operation = call.callee_operation.as_deref().unwrap_or(name).to_string();
                self.visit(call.callee, &operation, name, rate * share, 0);
            }
        }
    }

    /// So many calls a second arrive at a part for an operation.
    fn visit(&mut self, at: usize, operation: &str, class: &str, rate: f64, depth: usize) {
        self.visits += 1;
        if depth > DEPTH_MAX || self.visits > VISITS_MAX || rate < 1e-12 {
            return;
        }
        let part = &self.checked.parts()[at];
        if part.args.kind() == "Balancer" {
            let calls: Vec<_> =
                self.checked.topology().calls.iter().filter(|call| call.caller == at).cloned().collect();
            let mut callees: Vec<usize> = calls.iter().map(|call| call.callee).collect();
            callees.sort_unstable();
            callees.dedup();
            // Instances are chosen among all members: by number of instances, as far as the mean goes.
            let total: f64 = callees.iter().map(|to| self.checked.parts()[*to].instances() as f64).sum();
            for to in callees {
                let share = self.checked.parts()[to].instances() as f64 / total;
                let named = calls.iter().find(|call| {
                    call.callee == to && call.operation.as_deref().is_none_or(|name| name == operation)
                });
                let next =
                    named.and_then(|call| call.callee_operation.as_deref()).unwrap_or(operation).to_string();
                self.visit(to, &next, class, rate * share, depth + 1);
            }
            return;
        }
        if part.args.kind() != "Service" {
            return;
        }
        let operations = part.args.operations();
        let steps = operations
            .iter()
            .find(|(name, _)| *name == operation)
            .or_else(|| operations.iter().find(|(name, _)| *name == class))
            .or_else(|| operations.iter().find(|(name, _)| *name == "default"));
        if let Some((name, steps)) = steps {
            let (name, steps) = (name.to_string(), steps.clone());
            self.steps(at, &name, class, &steps, rate, depth);
        }
    }

    fn steps(
        &mut self,
        at: usize,
        operation: &str,
        class: &str,
        steps: &[Step<'_>],
        rate: f64,
        depth: usize,
    ) {
        for step in steps {
            match step.spec() {
                StepSpec::Compute(work) => {
                    if let Some(work) = mean(&work) {
                        *self.work.entry(at).or_default() += rate * work / 1e9;
                    }
                }
                StepSpec::Call(call) => {
                    let times = mean(&call.times).unwrap_or(1.0);
                    let fits = |found: &&kneepoint_scenario::Call| {
                        found.caller == at
                            && found.operation.as_deref().is_none_or(|name| name == operation)
                            && (found.classes.is_empty()
                                || found.classes.iter().any(|known| &**known == class))
                    };
                    let found = self.checked.topology().calls_at(call.node).find(fits).cloned();
                    if let Some(found) = found {
                        let each = match call.to {
                            Path::Target(target)
                                if target.place.pieces.iter().any(|piece| piece.value.to_string() == "*") =>
                            {
                                self.checked.parts()[found.callee].instances() as f64
                            }
                            _ => 1.0,
                        };
                        let next = found.callee_operation.as_deref().unwrap_or(operation).to_string();
                        self.visit(found.callee, &next, class, rate * times * each, depth + 1);
                    }
                }
                // Branches that lose are not cancelled: all of them work.
                StepSpec::Parallel { branches, wait: Wait::All | Wait::Any | Wait::Quorum(_) } => {
                    for branch in branches {
                        self.steps(at, operation, class, &branch, rate, depth + 1);
                    }
                }
                StepSpec::Choice(branches) => {
                    for (share, steps) in branches {
                        self.steps(at, operation, class, &steps, rate * share, depth + 1);
                    }
                }
                StepSpec::Repeat { times, does } => {
                    let times = mean(&times).unwrap_or(1.0);
                    self.steps(at, operation, class, &does, rate * times, depth + 1);
                }
                StepSpec::Detach(does) => self.steps(at, operation, class, &does, rate, depth + 1),
                StepSpec::Delay(_) | StepSpec::Fail { .. } | StepSpec::Other(_) => {}
            }
        }
    }
}
