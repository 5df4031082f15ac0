//! Clients that ask so often that a run takes hours: mostly users who wait for next to nothing.

use crate::check::FAULTS_MAX;
use crate::diagnostic::Fault;
use crate::spec::{DistributionSpec, ProfileSpec, Step, StepSpec};
use crate::topology::{Call, Topology};
use crate::typed::{Args, Data, Value};
use crate::value::{Dimension, Quantity};

/// Requests of one replication that are worth a word.
///
/// # Source
/// Chosen: a quarter of an hour.
const REQUESTS_MAX: f64 = 1e9;

/// Requests that one core simulates in a second.
///
/// # Source
/// Chosen: what `cargo bench --bench ratios` makes of small models, rounded.
const REQUESTS_PER_S: f64 = 1e6;

/// Calls that are followed at most, and how deep.
const STEPS_MAX: usize = 10_000;
const DEPTH_MAX: usize = 32;

/// Warns of clients that make more requests in a run than anybody wants to wait for.
///
/// # Assumptions
/// A warning is to be right: of a closed client at least the requests of one user are counted, for whom nobody waits; of
/// all its users only where each finds a server of its own. Where it is not plain how long a request takes, nothing is
/// said.
///
/// # Source
/// The asymptotic bounds of Lazowska et al., "Quantitative System Performance", 1984, section 5.2: N users of a system
/// without contention make N / (think time + time in service) requests per time, and never less than one of them alone.
pub(crate) fn check(
    root: &Args,
    topology: &Topology,
    edge: impl Fn(&Call, &str) -> Option<Value>,
    faults: &mut Vec<Fault>,
) {
    let Some(duration) = root.args("run").and_then(|run| run.duration_if("duration")) else { return };
    for (at, client) in topology.parts.iter().enumerate() {
        if faults.len() >= FAULTS_MAX {
            return;
        }
        let (place, rate, why, help) = match client.args.kind() {
            "OpenClient" => {
                let Some(rate) = rate(&client.args) else { continue };
                (client.args.place_of("rate"), rate, String::new(), "a lower `rate` or a shorter `duration`")
            }
            "ClosedClient" => {
                let mut ways = Ways { root, topology, edge: &edge, steps: 0, alone: false };
                let Some(think) = mean(&client.args, "think") else { continue };
                let Some(asks) = ways.slowest(topology.calls.iter().filter(|call| call.caller == at), 0)
                else {
                    continue;
                };
                let cycle = think + asks;
                let users = client.args.get("users").and_then(Value::number).unwrap_or(1.0).max(1.0);
                let side_by_side = if ways.alone { 1.0 } else { users };
                // A cycle that rounds to no time at all is one of the smallest step of time here.
                let rate = side_by_side * 1e9 / cycle.max(1.0);
                let shown = Quantity::new(cycle, Dimension::Duration);
                let why = format!(": a user asks again after {shown:.3}");
                (client.args.place_of("think"), rate, why, "give its users time to `think`: \"1s\"")
            }
            _ => continue,
        };
        let requests = rate * (duration as f64 / 1e9);
        if requests <= REQUESTS_MAX {
            continue;
        }
        let least = if client.args.kind() == "ClosedClient" { "at least " } else { "" };
        let takes = Quantity::duration(requests / REQUESTS_PER_S * 1e9);
        let message = format!(
            "\"{}\" makes {least}{rate:.1e} requests per simulated second{why}; a run of them takes about {takes:.1}",
            client.name
        );
        faults.push(Fault::warning(place, message).help(help));
    }
}

/// Requests of an open client per second, where its rate is a constant.
fn rate(args: &Args) -> Option<f64> {
    let Ok(ProfileSpec::Constant(rate)) = ProfileSpec::of(args.get("rate")?) else { return None };
    Some(rate * mean(args, "batch").unwrap_or(1.0))
}

/// The mean of a drawn field; 0 if it is not given.
fn mean(args: &Args, field: &str) -> Option<f64> {
    let Some(value) = args.kind.field(field).and_then(|at| args.values[at].as_ref()) else {
        return Some(0.0);
    };
    mean_of(&DistributionSpec::of(value).ok()?)
}

fn has(args: &Args, field: &str) -> bool {
    args.kind.field(field).is_some_and(|at| args.values[at].is_some())
}

/// Whether somebody who asks again after this time, each time, makes more requests in a run than it is worth.
pub(crate) fn is_next_to_nothing(value: &Value, root: &Args) -> bool {
    let duration = root.args("run").and_then(|run| run.duration_if("duration")).unwrap_or(0);
    let mean = DistributionSpec::of(value).ok().and_then(|spec| mean_of(&spec));
    mean.is_some_and(|mean| mean * REQUESTS_MAX < duration as f64)
}

fn mean_of(spec: &DistributionSpec) -> Option<f64> {
    spec.mean().filter(|mean| mean.is_finite())
}

struct Ways<'a, E> {
    root: &'a Args,
    topology: &'a Topology,
    edge: &'a E,
    steps: usize,
    /// Users may wait for each other on the way.
    alone: bool,
}

impl<E: Fn(&Call, &str) -> Option<Value>> Ways<'_, E> {
    /// The time the slowest of some calls takes when nobody waits \[ns\], if that is plain.
    fn slowest<'c>(&mut self, calls: impl Iterator<Item = &'c Call>, depth: usize) -> Option<f64> {
        let mut slowest = None::<f64>;
        for call in calls {
            let time = self.call(call, depth)?;
            slowest = Some(slowest.unwrap_or(0.0).max(time));
        }
        slowest
    }

    fn call(&mut self, call: &Call, depth: usize) -> Option<f64> {
        self.steps += 1;
        if self.steps > STEPS_MAX || depth > DEPTH_MAX {
            return None;
        }
        // Where the network is told of, calls may travel for a while; sizes take time on a bandwidth.
        if self.root.args("network").is_some() || (self.edge)(call, "bandwidth").is_some() {
            return None;
        }
        let callee = &self.topology.parts[call.callee].args;
        let mut time = match (self.edge)(call, "round_trip") {
            Some(value) => mean_of(&DistributionSpec::of(&value).ok()?)?,
            None => 0.0,
        };
        if let Some(via) = (self.edge)(call, "via") {
            time += self.passed(&via)?;
        }
        if let Some(door) = callee.kind.field("via").and_then(|at| callee.values[at].as_ref()) {
            time += self.passed(door)?;
        }
        let inner = match callee.kind() {
            "Delay" => mean(callee, "time")?,
            "Balancer" | "Gateway" | "Proxy" => {
                self.alone |= has(callee, "max_connections") || has(callee, "max_per_member");
                let operation = &call.callee_operation;
                let topology = self.topology;
                let onward = topology.calls.iter().filter(|next| {
                    next.caller == call.callee && (operation.is_none() || next.operation == *operation)
                });
                mean(callee, "overhead")? + mean(callee, "handshake")? + self.slowest(onward, depth + 1)?
            }
            "Service" => {
                self.alone |= callee.args("concurrency").is_none_or(|kind| kind.kind() != "Unlimited");
                let operations = callee.operations();
                let wanted = call.callee_operation.as_deref();
                let (_, steps) = operations.iter().find(|(name, _)| Some(*name) == wanted)?;
                let speed = match callee.args("machine") {
                    Some(machine) if machine.kind() == "machine" => machine.number_if("speed"),
                    _ => Some(1.0),
                };
                self.steps(steps, speed?, (call.callee, wanted), depth)?
            }
            _ => return None,
        };
        Some(time + inner)
    }

    fn steps(&mut self, steps: &[Step], speed: f64, who: (usize, Option<&str>), depth: usize) -> Option<f64> {
        let mut all = 0.0;
        for step in steps {
            all += match step.spec() {
                StepSpec::Compute(work) => mean_of(&work)? / speed,
                StepSpec::Delay(time) => mean_of(&time)?,
                StepSpec::Call(call) => {
                    let topology = self.topology;
                    let calls = topology
                        .calls_at(call.node)
                        .filter(|made| made.caller == who.0 && made.operation.as_deref() == who.1);
                    mean_of(&call.times)? * self.slowest(calls, depth + 1)?
                }
                StepSpec::Parallel { branches, .. } => {
                    let mut slowest = 0.0_f64;
                    for branch in &branches {
                        slowest = slowest.max(self.steps(branch, speed, who, depth)?);
                    }
                    slowest
                }
                StepSpec::Choice(branches) => {
                    let mut mean = 0.0;
                    for (share, branch) in &branches {
                        mean += share * self.steps(branch, speed, who, depth)?;
                    }
                    mean
                }
                StepSpec::Repeat { times, does } => {
                    mean_of(&times)? * self.steps(&does, speed, who, depth)?
                }
                StepSpec::Detach(_) | StepSpec::Fail { .. } => 0.0,
                StepSpec::Other(_) => return None,
            };
        }
        Some(all)
    }

    /// The time middle parts take by themselves.
    fn passed(&mut self, via: &Value) -> Option<f64> {
        let Data::List(list) = &via.data else { return None };
        let mut time = 0.0;
        for args in list.iter().filter_map(Value::as_args) {
            match args.kind() {
                "Overhead" => time += mean(args, "time")?,
                "Bulkhead" | "ConnectionPool" | "ConcurrencyLimit" | "SingleFlight" => self.alone = true,
                "Balance" => self.alone |= has(args, "max_per_member"),
                "Timeout" | "Deadline" | "Breaker" => {}
                // What tries again, holds back or lets through by a clock takes time of its own.
                _ => return None,
            }
        }
        Some(time)
    }
}
