//! From a checked scenario to a simulation.
//!
//! Everything is built once, as a template; a replication is a clone of it with its own seed. Names become dense
//! numbers here: operations, classes, instances.
//!
//! An edge becomes a chain of parts in front of each instance of its callee, one chain per calling instance:
//!
//! ```text
//! web/0 --Timeout, Overhead, …--> Balance --per instance: Timeout, …, link--> door of db/0 --> db/0
//! ```
//! A time-out costs no part: it belongs to the edge of whatever stands before it.

mod behaviour;
mod harm;
mod law;
mod numbers;
mod places;
mod run;
mod table;
mod traffic;
mod uncertain;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kneepoint_calls::{Callee, ComponentId, Declared, Simulation};
use kneepoint_components::Edge;
use kneepoint_components::delay::{Delay, Overhead, Timeout};
use kneepoint_components::routing::Balancer;
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

use crate::diagnostic::{Fault, Faults};
use crate::file::Place;
use crate::plan::{Objective, PartPlan, PartRole, Plan, Watch};
use crate::scenario::Checked;
use crate::topology::{Call, Part};
use crate::typed::Args;
use crate::value::{Path, Piece};

pub(crate) use numbers::Numbers;

/// What can be said against building: faults at places.
pub(crate) type Built<T> = Result<T, Vec<Fault>>;

/// A fault at a place.
pub(crate) fn wrong<T>(place: Place, message: impl Into<String>) -> Built<T> {
    Err(vec![Fault::error(place, message)])
}

/// Something the format has, and the simulator not yet.
pub(crate) fn unbuilt<T>(place: Place, what: &str) -> Built<T> {
    wrong(place, format!("{what} is known but not built yet"))
}

/// Makes a plan of a checked scenario.
///
/// # Errors
/// What cannot be built: files that cannot be read, values that fit nothing, what is not built yet.
pub fn plan(checked: &Checked) -> Result<Plan, Faults> {
    plan_at(checked, 1.0)
}

/// Makes a plan in which every client brings so many times its load: rates, sessions and speeds of records times the
/// factor, users too, rounded to whole ones.
///
/// # Panics
/// If the factor is not above 0 and finite.
///
/// # Errors
/// As [`plan`].
pub fn plan_at(checked: &Checked, load: f64) -> Result<Plan, Faults> {
    assert!(load > 0.0 && load.is_finite(), "a load is a factor above 0, not {load}");
    make(checked, load).map_err(|faults| Faults::new(checked.files().clone(), faults))
}

fn make(checked: &Checked, load: f64) -> Built<Plan> {
    let Some(run) = checked.run() else {
        return wrong(
            checked.root().place.part(0, 1),
            "there is no `run`: this file can be included, not run",
        );
    };
    let run = run::run(run)?;
    let mut builder = Builder::new(checked, load);
    builder.everything()?;
    let uncertain = uncertain::uncertainty(checked, load, &builder.parts)?;
    let Builder { sim, parts, .. } = builder;
    // Components can be sent, not shared: whoever wants a replication clones the template under a lock.
    let template = Mutex::new(sim);
    let assumption = |a: crate::scenario::Assumption| match a.source {
        Some(source) => format!("{} ({source})", a.text),
        None => a.text,
    };
    Ok(Plan {
        title: checked.title().to_string(),
        question: checked.question().map(str::to_string),
        run,
        parts,
        objectives: checked
            .slo()
            .map(|(item, condition)| Objective { name: item.key.to_string(), condition: condition.clone() })
            .collect(),
        watches: checked
            .watch()
            .map(|(item, metric)| Watch { name: item.key.to_string(), metric: metric.clone() })
            .collect(),
        assumptions: checked.assumptions().into_iter().map(assumption).collect(),
        warnings: checked.warnings().rows().iter().map(|row| row.message.clone()).collect(),
        build: Arc::new(move |seed, replication| {
            let mut sim = template.lock().unwrap_or_else(PoisonError::into_inner).clone();
            sim.reseed(seed, replication);
            sim
        }),
        uncertain,
    })
}

/// How a part of another crate is made: one instance at a time.
///
/// Registered with its kind by [`Registry::add_with`](crate::Registry::add_with).
#[derive(Clone)]
pub struct PartMaker(pub Arc<MakePart>);

/// Makes one instance of a part of another crate.
pub type MakePart = dyn Fn(&Args, Berth<'_>) -> Result<Callee, String> + Send + Sync;

/// Where an instance of a part of another crate is put.
pub struct Berth<'a> {
    checked: &'a Checked,
    sim: &'a mut Simulation,
    declared: Declared,
    /// Whom it calls: an edge for each call site of its fields, in the order of the topology.
    pub edges: Vec<Edge>,
}

impl Berth<'_> {
    /// Makes the distribution a field says: durations in nanoseconds.
    ///
    /// # Errors
    /// If no such distribution can be, or it can be below 0; in words for the author of the file.
    pub fn distribution(&self, args: &Args, field: &str) -> Result<Distribution, String> {
        law::distribution(self.checked, args.distribution(field), args.place_of(field))
            .map_err(|faults| faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>().join("; "))
    }

    /// Puts the part here.
    pub fn serve<S: kneepoint_calls::Serve>(self, part: S) -> Callee {
        self.sim.serve_declared(self.declared, part)
    }
}

/// Which chain of parts leads from one calling instance to a callee: calls that share an edge share its state.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ChainKey {
    caller: usize,
    instance: usize,
    callee: usize,
    edge: Vec<Option<usize>>,
    /// Which instances of the callee: all, or one.
    only: Option<u32>,
}

pub(crate) struct Builder<'a> {
    pub(crate) checked: &'a Checked,
    pub(crate) numbers: Numbers,
    pub(crate) places: places::Places<'a>,
    pub(crate) sim: Simulation,
    /// How many times its load a client brings.
    pub(crate) load: f64,
    parts: Vec<PartPlan>,
    /// For each part its instances as others call them: the door, where it has one.
    doors: Vec<Vec<Callee>>,
    declared: BTreeMap<(usize, usize), Declared>,
    chains: BTreeMap<ChainKey, Edge>,
}

impl<'a> Builder<'a> {
    fn new(checked: &'a Checked, load: f64) -> Builder<'a> {
        Builder {
            checked,
            numbers: Numbers::of(checked),
            places: places::Places::of(checked),
            sim: Simulation::new(0),
            load,
            parts: Vec::new(),
            doors: Vec::new(),
            declared: BTreeMap::new(),
            chains: BTreeMap::new(),
        }
    }

    fn everything(&mut self) -> Built<()> {
        let checked = self.checked;
        let mut faults = Vec::new();
        if let Err(more) = self.numbers.check(checked) {
            faults.extend(more);
        }
        for (at, part) in checked.parts().iter().enumerate() {
            let ids = self.declare(at, part);
            self.doors.push(ids.clone());
            self.parts.push(PartPlan {
                name: part.name.to_string(),
                kind: part.args.kind().to_string(),
                role: role(part),
                instances: ids.iter().map(|callee| callee.id()).collect(),
                operations: part
                    .operations
                    .iter()
                    .map(|name| (name.to_string(), self.numbers.operation(name)))
                    .collect(),
            });
        }
        // Doors first: whoever calls a part must meet its door.
        for (at, part) in checked.parts().iter().enumerate() {
            self.door(at, part).unwrap_or_else(|more| faults.extend(more));
        }
        for (at, part) in checked.parts().iter().enumerate() {
            for instance in 0..self.parts[at].instances.len().max(1) {
                if let Err(more) = self.instance(at, part, instance) {
                    faults.extend(more);
                    break; // the others have the same faults
                }
            }
        }
        if faults.is_empty() {
            for (item, args) in checked.faults() {
                let made = harm::injector(self, &item.key, args);
                made.unwrap_or_else(|more| faults.extend(more));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Makes the instances of a part known, so that parts may call each other in circles.
    fn declare(&mut self, at: usize, part: &Part) -> Vec<Callee> {
        if part.is_client {
            return Vec::new();
        }
        let mut callees = Vec::new();
        for instance in 0..part.instances() as usize {
            let declared = self.sim.declare(&format!("{}/{instance}", part.name));
            callees.push(declared.callee());
            self.declared.insert((at, instance), declared);
        }
        callees
    }

    /// Puts the middle parts of a part's own `via` in front of each of its instances.
    fn door(&mut self, at: usize, part: &Part) -> Built<()> {
        if part.args.kind.field("via").is_none() || part.is_client {
            return Ok(());
        }
        let via: Vec<&Args> = part.args.args_list("via").collect();
        if let Some(balance) = via.iter().find(|args| args.kind() == "Balance") {
            return wrong(
                balance.head,
                "`Balance` chooses among instances; at the door of one there is no choice",
            );
        }
        for instance in 0..self.doors[at].len() {
            let path = format!("{}/{instance} door", part.name);
            let inner = Edge::to(self.doors[at][instance]);
            let edge = self.middle(&path, &via, inner)?;
            self.doors[at][instance] = self.as_callee(&format!("{path} last"), edge);
        }
        Ok(())
    }

    /// Puts middle parts in front of an edge, the last of the list innermost.
    fn middle(&mut self, path: &str, via: &[&Args], inner: Edge) -> Built<Edge> {
        let mut edge = inner;
        for (place, args) in via.iter().enumerate().rev() {
            let path = format!("{path} {place} {}", args.kind());
            edge = match args.kind() {
                "Timeout" => {
                    let outer =
                        if edge.within.is_zero() { edge } else { Edge::to(self.as_callee(&path, edge)) };
                    outer.within(SimDuration::from_nanos(args.duration("after")), args.flag("cancel"))
                }
                "Overhead" => {
                    let time =
                        law::distribution(self.checked, args.distribution("time"), args.place_of("time"))?;
                    Edge::to(self.sim.serve(&path, Overhead::new(edge, time)))
                }
                other => return unbuilt(args.head, &format!("`{other}`")),
            };
        }
        Ok(edge)
    }

    /// Whoever is called there: a time-out on the edge becomes a part of its own.
    fn as_callee(&mut self, path: &str, edge: Edge) -> Callee {
        if edge.within.is_zero() { edge.to } else { self.sim.serve(path, Timeout::new(edge)) }
    }

    /// The edge over which an instance of a part makes a call.
    pub(crate) fn edge(&mut self, call: &Call, instance: usize, only: Option<u32>) -> Built<Edge> {
        let key =
            ChainKey { caller: call.caller, instance, callee: call.callee, edge: call.edge.clone(), only };
        if let Some(edge) = self.chains.get(&key) {
            return Ok(*edge);
        }
        let edge = self.chain(call, instance, only)?;
        self.chains.insert(key, edge);
        Ok(edge)
    }

    fn chain(&mut self, call: &Call, instance: usize, only: Option<u32>) -> Built<Edge> {
        let checked = self.checked;
        let (caller, callee) = (&checked.parts()[call.caller], &checked.parts()[call.callee]);
        let via: Vec<&Args> = checked.via(call).collect();
        let number = self.chains.len();
        let path = format!("{}/{instance} -> {} #{number}", caller.name, callee.name);
        let split = via.iter().position(|args| args.kind() == "Balance");
        let (outer, balance, inner) = match split {
            Some(at) => (&via[..at], Some(via[at]), &via[at + 1..]),
            // A `Balancer` is itself the point where an instance is chosen.
            None if caller.args.kind() == "Balancer" => (&via[..0], None, &via[..]),
            None => (&via[..], None, &via[..0]),
        };
        let members = self.members(&path, call, instance, inner, only)?;
        let routing = balance.map(wire::routing).transpose()?;
        let chosen = match (&members[..], routing) {
            ([one], _) => *one,
            (_, routing) => {
                let routing = routing.unwrap_or_else(wire::round_robin);
                Edge::to(self.sim.serve(&format!("{path} Balance"), Balancer::new(members, routing)))
            }
        };
        self.middle(&path, outer, chosen)
    }

    /// The ways to each instance of a callee: what stands per instance, then the wire.
    fn members(
        &mut self,
        path: &str,
        call: &Call,
        instance: usize,
        inner: &[&Args],
        only: Option<u32>,
    ) -> Built<Vec<Edge>> {
        let doors = self.doors[call.callee].clone();
        let mut members = Vec::new();
        for (at, door) in doors.iter().enumerate() {
            if only.is_some_and(|only| only as usize != at) {
                continue;
            }
            let wired = self.wire(&format!("{path} link/{at}"), call, instance, at, *door)?;
            members.push(self.middle(&format!("{path} to/{at}"), inner, wired)?);
        }
        Ok(members)
    }

    /// Builds one instance of a part.
    fn instance(&mut self, at: usize, part: &Part, instance: usize) -> Built<()> {
        if part.is_client {
            let id = traffic::client(self, at, part)?;
            self.parts[at].instances = vec![id];
            return Ok(());
        }
        match part.args.kind() {
            "Service" => {
                let service = behaviour::service(self, at, part, instance)?;
                self.put(at, instance, service);
            }
            "Delay" => {
                let time = law::distribution(
                    self.checked,
                    part.args.distribution("time"),
                    part.args.place_of("time"),
                )?;
                self.put(at, instance, Delay::new(time));
            }
            "Balancer" => {
                let balancer = self.balancer(at, part, instance)?;
                self.put(at, instance, balancer);
            }
            _ => return self.foreign(at, part, instance),
        }
        Ok(())
    }

    fn put<S: kneepoint_calls::Serve>(&mut self, at: usize, instance: usize, part: S) {
        if let Some(declared) = self.declared.remove(&(at, instance)) {
            self.sim.serve_declared(declared, part);
        }
    }

    fn balancer(&mut self, at: usize, part: &Part, instance: usize) -> Built<Balancer> {
        let args = &part.args;
        if args.word("layer") != "L7" {
            return unbuilt(args.place_of("layer"), "`L4`");
        }
        if args.get("queue").is_some() {
            return unbuilt(args.place_of("queue"), "`queue` of Balancer");
        }
        let mut members = Vec::new();
        for value in args.list("to") {
            let target = match &value.data {
                crate::typed::Data::Path(Path::Target(target)) => target,
                _ => return wrong(value.place, "a balancer calls parts"),
            };
            let only = wire::only(target, value.place)?;
            let calls: Vec<Call> = self.calls_to(at, &target.place.root.value);
            let Some(call) = calls.first() else { continue };
            if calls.iter().any(|other| other.edge != call.edge) {
                return unbuilt(value.place, "a balancer whose edges differ by operation");
            }
            let path = format!("{}/{instance} -> {} {}", part.name, target.place.root.value, members.len());
            let via: Vec<&Args> = self.checked.via(call).collect();
            members.extend(self.members(&path, call, instance, &via, only)?);
        }
        if members.is_empty() {
            return wrong(args.place_of("to"), "a balancer needs somebody to call");
        }
        let overhead = args.distribution("overhead");
        let overhead = law::distribution(self.checked, overhead, args.place_of("overhead"))?;
        Ok(Balancer::new(members, wire::routing(args)?).with_overhead(overhead))
    }

    /// The calls of a part to another, whatever the operation.
    fn calls_to(&self, caller: usize, callee: &str) -> Vec<Call> {
        let topology = self.checked.topology();
        let callee = topology.part(callee);
        let fits = |call: &&Call| call.caller == caller && Some(call.callee) == callee;
        topology.calls.iter().filter(fits).cloned().collect()
    }

    fn foreign(&mut self, at: usize, part: &Part, instance: usize) -> Built<()> {
        let Some(maker) = part.args.kind.factory::<PartMaker>().cloned() else {
            return unbuilt(part.args.head, &format!("`{}`", part.args.kind()));
        };
        let calls: Vec<Call> =
            self.checked.topology().calls.iter().filter(|call| call.caller == at).cloned().collect();
        let mut edges = Vec::new();
        for call in &calls {
            edges.push(self.edge(call, instance, None)?);
        }
        let Some(declared) = self.declared.remove(&(at, instance)) else { return Ok(()) };
        let berth = Berth { checked: self.checked, sim: &mut self.sim, declared, edges };
        match (maker.0)(&part.args, berth) {
            Ok(_) => Ok(()),
            Err(message) => wrong(part.args.head, message),
        }
    }

    /// The components of a part's instances.
    pub(crate) fn components(&self, at: usize) -> &[ComponentId] {
        &self.parts[at].instances
    }
}

fn role(part: &Part) -> PartRole {
    if part.is_client {
        return PartRole::Client { classes: part.operations.iter().map(|name| name.to_string()).collect() };
    }
    match part.args.kind() {
        "Balancer" => PartRole::Router,
        "Delay" => PartRole::Delay,
        _ => PartRole::Station,
    }
}

/// Whether a place means each instance on its own.
pub(crate) fn means_each(pieces: &[crate::value::Spanned<Piece>]) -> bool {
    matches!(pieces, [piece] if piece.value == Piece::Each)
}
