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
mod connections;
mod dns;
mod drawn;
pub(crate) mod harm;
mod keys;
mod law;
mod numbers;
mod passing;
mod places;
mod routing;
mod run;
mod table;
mod traffic;
mod uncertain;
mod via;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kneepoint_calls::{Callee, ComponentId, Declared, Simulation, Status};
use kneepoint_components::Edge;
use kneepoint_components::delay::Delay;
use kneepoint_components::routing::{Balancer, Member, Random, RoundRobin, Sorter, Way};
use kneepoint_random::Distribution;

use crate::diagnostic::{Fault, Faults};
use crate::file::Place;
use crate::node::NodeId;
use crate::plan::{
    About, Assumption, MiddlePlan, Objective, PartPlan, PartRole, Plan, Recording, TimeoutPlan, Watch,
};
use crate::scenario::Checked;
use crate::topology::{Call, Part};
use crate::typed::{Args, Data, Value};
use crate::value::Path;

pub(crate) use numbers::Numbers;
pub(crate) use places::Places;
use routing::Candidate;
pub(crate) use table::classes as recorded_classes;
use via::Stretch;
use wire::Among;

/// Values of all instances at most: each instance has all that is written of its part.
///
/// Chosen: a hundred thousand instances of a part of two hundred values, about 2 GB.
const VALUES_MAX: usize = 20_000_000;

/// Ways from one instance to another at most; where an edge has a wire, each way has its own.
///
/// Chosen: a thousand instances that call a thousand, about 1 GB with wires.
const WAYS_MAX: usize = 1_000_000;

/// Instances that one point can choose among.
const MEMBERS_MAX: usize = u16::MAX as usize;

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

/// The status of a kind's name: `Timeout`.
fn status(name: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
}

/// Goes on after a fault, so that all are said together.
pub(crate) trait Noted<T> {
    /// Keeps the faults there are; then there is no value.
    fn noted(self, faults: &mut Vec<Fault>) -> Option<T>;
}

impl<T> Noted<T> for Built<T> {
    fn noted(self, faults: &mut Vec<Fault>) -> Option<T> {
        match self {
            Ok(value) => Some(value),
            Err(more) => {
                faults.extend(more);
                None
            }
        }
    }
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
    planned(checked, load, None)
}

/// A stretch of time in which some clients bring a multiple of their load.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulse {
    /// Which, by name.
    pub clients: Vec<String>,
    /// How many times what they bring otherwise: rates, sessions, users.
    pub factor: f64,
    /// From when on \[ns\].
    pub at: u64,
    /// How long \[ns\].
    pub hold: u64,
}

/// Makes a plan as [`plan_at`], with a pulse of load: what the clients bring over time is multiplied as it is built, so
/// that files and formulas are what they are without it.
///
/// # Panics
/// If the factor is not above 0 and finite.
///
/// # Errors
/// As [`plan`], and if one of the clients has no rate, sessions or users over time (records, gaps).
pub fn plan_with_pulse(checked: &Checked, load: f64, pulse: &Pulse) -> Result<Plan, Faults> {
    planned(checked, load, Some(pulse))
}

fn planned(checked: &Checked, load: f64, pulse: Option<&Pulse>) -> Result<Plan, Faults> {
    assert!(load > 0.0 && load.is_finite(), "a load is a factor above 0, not {load}");
    make(checked, load, pulse).map_err(|faults| Faults::new(checked.files().clone(), faults))
}

fn make(checked: &Checked, load: f64, pulse: Option<&Pulse>) -> Built<Plan> {
    let mut faults = Vec::new();
    let run = match checked.run() {
        Some(run) => run::run(run).noted(&mut faults),
        None => {
            let place = checked.root().place.part(0, 1);
            wrong(place, "there is no `run`: this file can be included, not run").noted(&mut faults)
        }
    };
    let mut builder = Builder::new(checked, (load, pulse), &mut faults);
    builder.everything().noted(&mut faults);
    let uncertain = uncertain::uncertainty(checked, (load, pulse), &builder.parts).noted(&mut faults);
    let Some((run, uncertain)) = run.zip(uncertain).filter(|_| faults.is_empty()) else { return Err(faults) };
    let topology = builder.drawn();
    let Builder { sim, parts, middles, timeouts, recordings, .. } = builder;
    // Components can be sent, not shared: whoever wants a replication clones the template under a lock.
    let template = Mutex::new(sim);
    Ok(Plan {
        title: checked.title().to_string(),
        question: checked.question().map(str::to_string),
        run,
        parts,
        middles,
        timeouts,
        topology: Some(topology),
        objectives: checked
            .slo()
            .map(|(item, condition)| Objective { name: item.key.to_string(), condition: condition.clone() })
            .collect(),
        watches: checked
            .watch()
            .map(|(item, metric)| Watch { name: item.key.to_string(), metric: metric.clone() })
            .collect(),
        about: about(checked),
        warnings: checked.warnings().rows().iter().map(|row| row.message.clone()).collect(),
        recordings,
        build: Arc::new(move |seed, replication| {
            let mut sim = template.lock().unwrap_or_else(PoisonError::into_inner).clone();
            sim.reseed(seed, replication);
            sim
        }),
        uncertain,
    })
}

fn about(checked: &Checked) -> About {
    let root = checked.root();
    let texts = |field: &str| -> Vec<String> {
        let text = |value: &crate::typed::Value| match &value.data {
            Data::Text(text) => Some(text.to_string()),
            _ => None,
        };
        root.list(field).iter().filter_map(text).collect()
    };
    let assumption =
        |a: crate::scenario::Assumption| Assumption { text: a.text, source: a.source, doubt: a.doubt };
    About {
        scenario: Some(checked.facts()),
        assumptions: checked.assumptions().into_iter().map(assumption).collect(),
        defaults: checked.defaults(),
        sources: texts("sources"),
        not_modelled: texts("not_modelled"),
    }
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
    /// Which instances of the callee.
    among: Among,
}

pub(crate) struct Builder<'a> {
    pub(crate) checked: &'a Checked,
    pub(crate) numbers: Numbers,
    pub(crate) places: places::Places<'a>,
    keys: keys::Keys,
    pub(crate) sim: Simulation,
    /// How many times its load a client brings.
    pub(crate) load: f64,
    /// When some bring more than that.
    pub(crate) pulse: Option<&'a Pulse>,
    parts: Vec<PartPlan>,
    middles: Vec<MiddlePlan>,
    timeouts: Vec<TimeoutPlan>,
    /// For each part its instances as others call them: the door, where it has one.
    doors: Vec<Vec<Callee>>,
    /// Parts whose doors are done.
    has_door: Vec<bool>,
    declared: BTreeMap<(usize, usize), Declared>,
    chains: BTreeMap<ChainKey, Edge>,
    /// Which of those are being built, outermost first.
    under_way: Vec<ChainKey>,
    /// Where each way of an edge begins.
    ways_of: drawn::Ways,
    /// Ways to instances that are built already.
    ways: usize,
    /// Most users of the closed clients that are built already.
    users: f64,
    /// Sorters of the part that is being built.
    sorters: usize,
    /// The counts of rate limits that several share, by where they are written.
    shared_limits: BTreeMap<NodeId, Callee>,
    /// The states of breakers that share them, by where the file has these and before whom they stand.
    shared_circuits: BTreeMap<(NodeId, (usize, Option<u32>)), Callee>,
    /// Which of those are being built: their stores must not be asked by way of themselves.
    asking: Vec<NodeId>,
    /// For each part the number of its first user.
    pub(crate) first_user: Vec<u32>,
    /// For each name server who asks it: a part and one of its instances, which keeps the names it knows.
    askers: BTreeMap<usize, Vec<(usize, usize)>>,
    /// The recordings that are played once.
    pub(crate) recordings: Vec<Recording>,
}

impl<'a> Builder<'a> {
    fn new(
        checked: &'a Checked,
        (load, pulse): (f64, Option<&'a Pulse>),
        faults: &mut Vec<Fault>,
    ) -> Builder<'a> {
        Builder {
            checked,
            numbers: Numbers::of(checked),
            places: places::Places::of(checked),
            keys: keys::Keys::read(checked, faults),
            sim: Simulation::new(0),
            load,
            pulse,
            parts: Vec::new(),
            middles: Vec::new(),
            timeouts: Vec::new(),
            doors: Vec::new(),
            has_door: vec![false; checked.parts().len()],
            declared: BTreeMap::new(),
            chains: BTreeMap::new(),
            under_way: Vec::new(),
            ways_of: drawn::Ways::default(),
            ways: 0,
            users: 0.0,
            sorters: 0,
            shared_limits: BTreeMap::new(),
            shared_circuits: BTreeMap::new(),
            asking: Vec::new(),
            first_user: connections::first_users(checked, faults),
            askers: BTreeMap::new(),
            recordings: Vec::new(),
        }
    }

    /// Holds that all instances together are not more than a machine can hold, before the first one is made.
    fn bounded(&self) -> Built<()> {
        let mut values = 0usize;
        for part in self.checked.parts() {
            let instances = usize::try_from(part.instances()).unwrap_or(usize::MAX);
            let each = values_in(&part.args);
            values = values.saturating_add(instances.saturating_mul(each));
            if values > VALUES_MAX {
                let place = if part.is_client { part.args.head } else { part.args.place_of("instances") };
                let message = format!("{instances} instances with {each} values each are too many to build");
                let fault = Fault::error(place, message);
                return Err(vec![fault.help(format!("all parts together have at most {VALUES_MAX} values"))]);
            }
        }
        Ok(())
    }

    fn everything(&mut self) -> Built<()> {
        let checked = self.checked;
        self.bounded()?;
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
        // Those that ask others by themselves come last, so that they meet the doors of these.
        let (asking, plain): (Vec<_>, Vec<_>) =
            checked.parts().iter().enumerate().partition(|(_, part)| via::asks_others(part));
        for (at, part) in plain.into_iter().chain(asking) {
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
        for (at, part) in checked.parts().iter().enumerate() {
            if part.args.kind() == "Dns" && self.parts[at].instances.is_empty() && faults.is_empty() {
                let fault =
                    Fault::error(part.place, format!("nobody asks for the names of \"{}\"", part.name));
                faults.push(fault.help("call it instead of those it leads to, or leave it out"));
            }
        }
        for (item, args) in checked.faults().chain(checked.actions()) {
            harm::injector(self, &item.key, args).noted(&mut faults);
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Makes the instances of a part known, so that parts may call each other in circles.
    fn declare(&mut self, at: usize, part: &Part) -> Vec<Callee> {
        if part.is_client || part.args.kind() == "Dns" {
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
        if part.args.kind.field("via").is_none() || part.is_client || self.has_door[at] {
            return Ok(());
        }
        self.has_door[at] = true;
        let via: Vec<&Args> = part.args.args_list("via").collect();
        // What a fallback at this door asks has a door too, which it must meet.
        let calls = &self.checked.topology().calls;
        let asked: Vec<usize> = via
            .iter()
            .filter(|args| args.kind() == "Fallback")
            .flat_map(|args| calls.iter().filter(|call| call.site == args.node).map(|call| call.callee))
            .collect();
        for other in asked {
            self.door(other, &self.checked.parts()[other])?;
        }
        if let Some(balance) = via.iter().find(|args| args.kind() == "Balance") {
            return wrong(
                balance.head,
                "`Balance` chooses among instances; at the door of one there is no choice",
            );
        }
        for instance in 0..self.doors[at].len() {
            let path = format!("{}/{instance} door", part.name);
            let inner = Edge::to(self.doors[at][instance]);
            let (owner, toward) = ((at, instance), (at, Some(instance as u32)));
            let stretch = Stretch { owner, toward, at: &part.name, path: &path, via: &via, before: 0 };
            let edge = self.middle(&stretch, inner)?;
            self.doors[at][instance] = self.as_callee(&format!("{path} last"), edge);
        }
        Ok(())
    }

    /// The edge over which an instance of a part makes calls that start at one place of the file. Where it differs by
    /// operation or class, they part ways there.
    fn edge(&mut self, calls: &[Call], instance: usize, among: Among) -> Built<Edge> {
        self.edge_asking(calls, instance, among, &vec![None; calls.len()])
    }

    /// As [`Builder::edge`]; each call asks for another operation than the caller says, if one is given.
    fn edge_asking(
        &mut self,
        calls: &[Call],
        instance: usize,
        among: Among,
        asks_for: &[Option<u16>],
    ) -> Built<Edge> {
        let name = |first: &Call| {
            let parts = self.checked.parts();
            let (caller, callee) = (&parts[first.caller].name, &parts[first.callee].name);
            format!("{caller}/{instance} -> {callee} sorter {}", among.name())
        };
        let path = calls.first().map(name).unwrap_or_default();
        self.sorted(&path, calls, asks_for, |builder, call| builder.edge_of(call, instance, among))
    }

    /// One way for calls that have the same edge and keep their operation; else a sorter before the ways of each.
    fn sorted(
        &mut self,
        path: &str,
        calls: &[Call],
        asks_for: &[Option<u16>],
        mut way: impl FnMut(&mut Builder<'a>, &Call) -> Built<Edge>,
    ) -> Built<Edge> {
        let mut kinds: Vec<&Call> = Vec::new();
        for call in calls {
            if kinds.iter().all(|known| known.edge != call.edge) {
                kinds.push(call);
            }
        }
        let mut faults = Vec::new();
        let edges: Vec<Edge> = kinds.iter().filter_map(|call| way(self, call).noted(&mut faults)).collect();
        // What is wrong with a way may have been said elsewhere: of the keys it goes by, say.
        if edges.len() < kinds.len() {
            return Err(faults);
        }
        let keeps = asks_for.iter().all(Option::is_none);
        if let ([one], true) = (&edges[..], keeps) {
            return Ok(*one);
        }
        let caller = kinds.first().expect("a place from which nobody is called has no edge").caller;
        let passes_on = self.checked.parts()[caller].passes_on();
        let mut ways = Vec::new();
        for (call, asks_for) in calls.iter().zip(asks_for) {
            let to = edges[kinds.iter().position(|known| known.edge == call.edge).unwrap_or(0)];
            // What asks by itself or does steps is known by its class; what passes on, by the operation too.
            let operation = call.operation.as_deref().filter(|_| passes_on);
            ways.push(Way {
                to,
                operation: operation.map(|name| self.numbers.operation(name)),
                classes: call.classes.iter().map(|name| self.numbers.class(name)).collect(),
                asks_for: *asks_for,
            });
        }
        self.sorters += 1;
        let path = format!("{path} {}", self.sorters);
        Ok(Edge::to(self.sim.serve(&path, Sorter::new(ways))))
    }

    /// The edge over which an instance of a part makes a call.
    fn edge_of(&mut self, call: &Call, instance: usize, among: Among) -> Built<Edge> {
        let key =
            ChainKey { caller: call.caller, instance, callee: call.callee, edge: call.edge.clone(), among };
        if let Some(edge) = self.chains.get(&key) {
            return Ok(*edge);
        }
        if self.under_way.contains(&key) {
            let parts = self.checked.parts();
            let (caller, callee) = (&parts[call.caller], &parts[call.callee]);
            let place = self.checked.via(call).next().map_or(caller.args.head, |args| args.head);
            let message = format!(
                "a call that never ends: what stands on the way from {} to {} calls over that same way",
                caller.name, callee.name
            );
            return Err(vec![
                Fault::error(place, message).help("name another part, or another edge without it"),
            ]);
        }
        self.under_way.push(key.clone());
        let edge = self.chain(call, instance, among);
        self.under_way.pop();
        let edge = edge?;
        self.ways_of.built(call, edge.to);
        self.chains.insert(key, edge);
        Ok(edge)
    }

    fn chain(&mut self, call: &Call, instance: usize, among: Among) -> Built<Edge> {
        let checked = self.checked;
        let (caller, callee) = (&checked.parts()[call.caller], &checked.parts()[call.callee]);
        let via: Vec<&Args> = checked.via(call).collect();
        let connections = self.connections_from(call)?;
        // Numbered among those of the two parts: streams are named after paths, and other parts must not move them.
        let ends = (call.caller, instance, call.callee);
        let first = ChainKey {
            caller: ends.0,
            instance: ends.1,
            callee: ends.2,
            edge: Vec::new(),
            among: Among::All,
        };
        let alike = |key: &(&ChainKey, &Edge)| (key.0.caller, key.0.instance, key.0.callee) == ends;
        let others = || self.chains.range(first.clone()..).take_while(alike);
        let number = others().count();
        let another = others().any(|(key, _)| key.among == among);
        self.keeps_together(call, another, connections.is_some())?;
        let path = format!("{}/{instance} -> {} #{number}", caller.name, callee.name);
        let split = via.iter().position(|args| args.kind() == "Balance");
        let (outer, balance, inner) = match split {
            Some(at) => (&via[..at], Some(via[at]), &via[at + 1..]),
            // A `Balancer` is itself the point where an instance is chosen.
            None if matches!(caller.args.kind(), "Balancer" | "Dns") => (&via[..0], None, &via[..]),
            None => (&via[..], None, &via[..0]),
        };
        if let (Some(balance), Among::Any | Among::One(_)) = (balance, among) {
            return wrong(
                balance.head,
                format!("a call names the instance of {}: `Balance` has no choice", callee.name),
            );
        }
        if callee.args.kind() == "Dns" {
            let names = self.names(&path, call, instance, (among, balance))?;
            let stretch = Stretch {
                owner: (call.caller, instance),
                toward: (call.callee, None),
                at: &self.way_name(call),
                path: &path,
                via: outer,
                before: 0,
            };
            return self.middle(&stretch, names);
        }
        let members = self.members(&path, call, instance, (inner, split.map_or(0, |at| at + 1)), among)?;
        let cares = balance.is_some_and(routing_cares) || connections.is_some();
        let chosen = match &members[..] {
            [one] if !cares => *one,
            _ => {
                let place = balance.map_or(caller.args.head, |balance| balance.head);
                few_enough(members.len(), place)?;
                let numbers = self.numbered(call.callee, among);
                let balancer = match (among, balance) {
                    (Among::Any, _) => Balancer::new(members, Random::new()),
                    (_, None) => {
                        let ends = &self.parts[call.callee].instances;
                        let end =
                            |number: u32| Member::at(&number.to_string()).ends_at(ends[number as usize]);
                        let described = numbers.into_iter().map(end).collect();
                        Balancer::among(members, described, RoundRobin::new())
                    }
                    (_, Some(balance)) => {
                        let candidate = |(edge, number): (Edge, u32)| Candidate {
                            edge,
                            name: format!("{}/{number}", callee.name),
                            place: balance.head,
                            end: self.parts[call.callee].instances[number as usize],
                            reports: reports_its_load(callee),
                            target: 0,
                            near: self.is_near((call.caller, instance), (call.callee, number as usize)),
                            distance: self.distance(call, instance, number as usize),
                        };
                        let members = members.into_iter().zip(numbers).map(candidate).collect();
                        let backups = self.backups(balance, (call.caller, instance))?;
                        self.choice(balance, members, backups, call.site)?
                    }
                };
                let balancer = match connections {
                    Some(connections) => balancer.with_pins(connections),
                    None => balancer,
                };
                let callee = self.sim.serve(&format!("{path} Balance"), balancer);
                if let Some(place) = split {
                    self.note_middle(&self.way_name(call), place, "Balance", callee.id());
                }
                Edge::to(callee)
            }
        };
        let owner = (call.caller, instance);
        let toward = match among {
            Among::One(only) => (call.callee, Some(only)),
            Among::All | Among::Any => (call.callee, None),
        };
        let stretch = Stretch { owner, toward, at: &self.way_name(call), path: &path, via: outer, before: 0 };
        self.middle(&stretch, chosen)
    }

    /// The ways to each instance of a callee: what stands per instance, then the wire.
    fn members(
        &mut self,
        path: &str,
        call: &Call,
        instance: usize,
        inner: (&[&Args], usize),
        among: Among,
    ) -> Built<Vec<Edge>> {
        let numbers = self.numbered(call.callee, among);
        numbers.into_iter().map(|to| self.member(path, call, instance, inner, to)).collect()
    }

    /// The way to one instance of a callee; `inner` is what stands there and how many stand before it.
    fn member(
        &mut self,
        path: &str,
        call: &Call,
        instance: usize,
        inner: (&[&Args], usize),
        to: u32,
    ) -> Built<Edge> {
        let Some(door) = self.doors[call.callee].get(to as usize).copied() else {
            let name = &self.checked.parts()[call.callee].name;
            return wrong(self.checked.parts()[call.caller].place, format!("{name} has no instance {to}"));
        };
        self.ways = self.ways.saturating_add(1);
        if self.ways > WAYS_MAX {
            let (caller, callee) = (&self.checked.parts()[call.caller], &self.checked.parts()[call.callee]);
            let message = format!(
                "too many ways between instances: {} of \"{}\" call {} of \"{}\"",
                caller.instances(),
                caller.name,
                callee.instances(),
                callee.name
            );
            let fault = Fault::error(caller.args.head, message);
            return Err(vec![fault.help(format!("all calls together have at most {WAYS_MAX} ways"))]);
        }
        let wired = self.wire(&format!("{path} link/{to}"), call, instance, to as usize, door)?;
        let (via, before) = inner;
        let path = format!("{path} to/{to}");
        let owner = (call.caller, instance);
        let toward = (call.callee, Some(to));
        self.middle(&Stretch { owner, toward, at: &self.way_name(call), path: &path, via, before }, wired)
    }

    /// Builds one instance of a part.
    fn instance(&mut self, at: usize, part: &Part, instance: usize) -> Built<()> {
        self.sorters = 0;
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
            "Proxy" => self.proxy(at, part, instance)?,
            "Gateway" => self.gateway(at, part, instance)?,
            // It is built with whoever asks it.
            "Dns" => {}
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
        let prefix = format!("{}/{instance}", part.name);
        let members = self.candidates((at, part), instance, "to", &prefix)?;
        let backups = self.candidates((at, part), instance, "backups", &prefix)?;
        if members.is_empty() {
            return wrong(args.place_of("to"), "a balancer needs somebody to call");
        }
        few_enough(members.len() + backups.len(), args.place_of("to"))?;
        let overhead = args.distribution("overhead");
        let overhead = law::distribution(self.checked, overhead, args.place_of("overhead"))?;
        let balancer = self.choice(args, members, backups, args.node)?.with_overhead(overhead);
        Ok(match self.connections_at(at, part)? {
            Some(connections) => balancer.with_pins(connections),
            None => balancer,
        })
    }

    /// Those that a balancer names in a field: all instances that are meant, in order.
    fn candidates(
        &mut self,
        (at, part): (usize, &Part),
        instance: usize,
        field: &str,
        prefix: &str,
    ) -> Built<Vec<Candidate>> {
        let checked = self.checked;
        let mut members = Vec::new();
        for (number, value) in part.args.list(field).iter().enumerate() {
            let target = match &value.data {
                Data::Path(Path::Target(target)) => target,
                _ => return wrong(value.place, "a balancer calls parts"),
            };
            let among = match wire::meant(target, value.place)? {
                wire::Meant::One(among @ (Among::All | Among::One(_))) => among,
                wire::Meant::Each => Among::All,
                wire::Meant::One(Among::Any) | wire::Meant::Drawn(_) => {
                    return wrong(value.place, "a Balancer draws among instances by its policy");
                }
            };
            let calls: Vec<Call> = self.calls_to(at, &target.place.root.value);
            let Some(first) = calls.first() else { continue };
            let callee = &checked.parts()[first.callee];
            if callee.args.kind() == "Dns" {
                return unbuilt(value.place, &format!("a Dns behind a {}", part.args.kind()));
            }
            let path = format!("{prefix} -> {} {}", target.place.root.value, members.len());
            let path = if field == "to" { path } else { format!("{path} {field}") };
            // A call is passed on as it came, unless a name or its class says otherwise.
            let asks_for: Vec<Option<u16>> = calls.iter().map(|call| self.asked_anew(call)).collect();
            for to in self.numbered(first.callee, among) {
                let edge =
                    self.sorted(&format!("{path} sorter/{to}"), &calls, &asks_for, |builder, call| {
                        let via: Vec<&Args> = builder.checked.via(call).collect();
                        let path = match calls.iter().position(|other| other.edge == call.edge) {
                            None | Some(0) => path.clone(),
                            Some(number) => format!("{path} #{number}"),
                        };
                        let edge = builder.member(&path, call, instance, (&via, 0), to)?;
                        builder.ways_of.built(call, edge.to);
                        Ok(edge)
                    })?;
                members.push(Candidate {
                    edge,
                    name: format!("{}/{to}", callee.name),
                    place: value.place,
                    end: self.parts[first.callee].instances[to as usize],
                    reports: reports_its_load(callee),
                    target: number,
                    near: self.is_near((at, instance), (first.callee, to as usize)),
                    distance: self.distance(first, instance, to as usize),
                });
            }
        }
        Ok(members)
    }

    /// The numbers of the instances of a part that are meant.
    fn numbered(&self, part: usize, among: Among) -> Vec<u32> {
        match among {
            Among::One(only) => vec![only],
            Among::All | Among::Any => (0..self.doors[part].len() as u32).collect(),
        }
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
            edges.push(self.edge_of(call, instance, Among::All)?);
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

/// Whether a point of choice does more than choose, so that it is there before a single instance too.
fn routing_cares(balance: &Args) -> bool {
    ["health", "next", "backups", "max_per_member", "queue", "discovery"].iter().any(|field| {
        balance.get(field).is_some_and(|value| !matches!(&value.data, Data::List(list) if list.is_empty()))
    })
}

/// Whether instances of a part say how many calls are inside.
fn reports_its_load(part: &Part) -> bool {
    part.args.kind() == "Service"
}

/// Holds that a balancer can tell so many instances apart.
fn few_enough(members: usize, place: Place) -> Built<()> {
    if members > MEMBERS_MAX {
        return wrong(
            place,
            format!("one of {members} instances is to be chosen; at most {MEMBERS_MAX} can be"),
        );
    }
    Ok(())
}

/// Counts the values of a part: its fields with all in them.
fn values_in(args: &Args) -> usize {
    fn of(value: &Value) -> usize {
        1 + match &value.data {
            Data::Args(args) => values_in(args),
            Data::List(list) => list.iter().map(of).sum(),
            Data::Map(items) => items.iter().map(|item| of(&item.value)).sum(),
            _ => 0,
        }
    }
    args.values.iter().flatten().map(of).sum()
}

fn role(part: &Part) -> PartRole {
    if part.is_client {
        let mut classes: Vec<String> = part.operations.iter().map(|name| name.to_string()).collect();
        if classes.is_empty() {
            // A record without classes: all its requests are of the one class there is.
            classes.push("default".to_string());
        }
        return PartRole::Client { classes };
    }
    match part.args.kind() {
        "Balancer" | "Proxy" | "Gateway" | "Dns" => PartRole::Router,
        "Delay" => PartRole::Delay,
        _ => PartRole::Station,
    }
}
