//! Who calls whom: operations resolved, edges matched, cycles found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use petgraph::graph::{DiGraph, NodeIndex};

use crate::bind::Thing;
use crate::build::Noted;
use crate::check::FAULTS_MAX;
use crate::diagnostic::{Fault, did_you_mean};
use crate::file::{Files, Place};
use crate::node::{NodeId, Origin};
use crate::registry::{Registry, Role, Status, Type};
use crate::spec::DistributionSpec;
use crate::typed::{Args, Data, Value};
use crate::value::{Direction, Edge, End, Path, Piece, Target, shown, with_article};

/// How many combinations of part, operation and class are followed.
///
/// Chosen: ten thousand parts in a chain for twenty-five classes, followed in a fraction of a second.
const STATES_MAX: usize = 250_000;

/// A part of the architecture.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name is written.
    pub place: Place,
    /// Its kind and fields.
    pub args: Args,
    /// Its operations; for a client its classes. Empty for a part that passes any operation on.
    pub operations: Vec<Arc<str>>,
    /// Whether it asks by itself.
    pub is_client: bool,
}

impl Part {
    /// Returns how many instances it has at the start; parts without the field have one.
    #[must_use]
    pub fn instances(&self) -> u64 {
        match self.args.kind.field("instances") {
            Some(_) => self.args.count_if("instances").unwrap_or(1),
            None => 1,
        }
    }

    /// Returns whether it passes a call on as the operation it came as.
    #[must_use]
    pub fn passes_on(&self) -> bool {
        self.operations.is_empty()
    }
}

/// The calls one operation of a part makes at one place of the file to one operation of another part.
#[derive(Debug, Clone)]
pub struct Call {
    /// The caller, by its number in [`Topology::parts`].
    pub caller: usize,
    /// The caller's operation; the class, if it is a client. `None` where it depends on what a caller passes on.
    pub operation: Option<Arc<str>>,
    /// The value that makes the call: a step `Call`, or the part whose `to` it is.
    pub site: NodeId,
    /// The callee, by its number in [`Topology::parts`].
    pub callee: usize,
    /// The callee's operation. `None` where the callee passes on whatever comes.
    pub callee_operation: Option<Arc<str>>,
    /// The classes of requests that come this way; empty for a part no client reaches.
    pub classes: BTreeSet<Arc<str>>,
    /// Which entry of `edges` gives each field of an edge, by their numbers.
    pub edge: Vec<Option<usize>>,
}

/// The checked call graph.
#[derive(Debug, Clone, Default)]
pub struct Topology {
    /// The parts in the order of the file.
    pub parts: Vec<Part>,
    /// The calls, by caller and place.
    pub calls: Vec<Call>,
    /// The parts as nodes and the calls as edges; both weights are the numbers above.
    pub graph: DiGraph<usize, usize>,
    by_name: BTreeMap<Arc<str>, usize>,
    by_site: BTreeMap<NodeId, Vec<usize>>,
}

impl Topology {
    /// Returns the number of a part.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Returns what becomes of a call at a place, for an operation of the caller and a class of requests.
    #[must_use]
    pub fn call(
        &self,
        site: NodeId,
        callee: usize,
        operation: Option<&str>,
        class: Option<&str>,
    ) -> Option<&Call> {
        let calls = self.by_site.get(&site)?.iter().map(|at| &self.calls[*at]);
        let fits = |call: &&Call| {
            call.callee == callee
                && (operation.is_none() || call.operation.as_deref() == operation)
                && class.is_none_or(|class| call.classes.contains(class))
        };
        calls.into_iter().find(fits)
    }

    /// Returns the calls made at a place.
    pub fn calls_at(&self, site: NodeId) -> impl Iterator<Item = &Call> {
        self.by_site.get(&site).into_iter().flatten().map(|at| &self.calls[*at])
    }
}

/// A place where a part calls.
struct Site<'a> {
    node: NodeId,
    target: &'a Target,
    place: Place,
    /// The step that calls, or the path where no step does.
    step: Place,
    /// Whether it may be left out, so that a cycle through it can end.
    conditional: bool,
    /// Whether it is a branch of a `Parallel` of its own.
    branch: bool,
    /// Whether the callee's operations are no matter of it (a cache that is looked into).
    loose: bool,
}

/// What a part does, as far as calls go.
struct Shape<'a> {
    /// Operations with their calls.
    operations: Vec<(Arc<str>, Vec<Site<'a>>)>,
    /// Calls made whatever the operation.
    always: Vec<Site<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    part: u32,
    operation: Option<u32>,
    class: Option<u32>,
    /// Where the operation was named, if it was: then nothing else will do.
    named: Option<u32>,
}

/// Caller, its operation, where it calls, callee, its operation.
type CallKey = (usize, Option<u32>, NodeId, usize, Option<u32>);

/// Builds the topology of checked parts.
pub(crate) struct Builder<'a> {
    registry: &'a Registry,
    root: &'a Args,
    parts: &'a [Part],
    by_name: &'a BTreeMap<Arc<str>, usize>,
    things: &'a BTreeMap<Arc<str>, Thing>,
    sound: bool,
    shapes: Vec<Shape<'a>>,
    words: Vec<Arc<str>>,
    word_of: BTreeMap<Arc<str>, u32>,
    named: Vec<Place>,
    faults: Vec<Fault>,
    /// Sites of which something wrong has been said.
    said: BTreeSet<(NodeId, u32)>,
    states: BTreeMap<State, u32>,
    /// For each state the unconditional calls: to which state, from where.
    next: Vec<Vec<(u32, Place)>>,
    list: Vec<State>,
    /// The classes that come by each call.
    calls: BTreeMap<CallKey, BTreeSet<u32>>,
    adjacent: BTreeSet<(usize, usize)>,
}

/// Reads the parts of a checked file. The classes of a recorded client are in its recording.
pub(crate) fn parts(registry: &Registry, root: &Args, files: &Files, faults: &mut Vec<Fault>) -> Vec<Part> {
    let part = |item: &crate::typed::Item| {
        let args = item.value.as_args()?.clone();
        let is_client = registry.series_of(args.kind()).iter().any(|series| &**series == "requests");
        let operations = match args.kind() {
            "TraceClient" => crate::build::recorded_classes(files, &args).noted(faults).unwrap_or_default(),
            _ if is_client => classes(&args),
            _ => operations(&args),
        };
        Some(Part { name: Arc::clone(&item.key), place: item.key_place, args, operations, is_client })
    };
    root.map("parts").iter().filter_map(part).collect()
}

fn classes(args: &Args) -> Vec<Arc<str>> {
    let has = args.kind.field("classes").is_some();
    let names: Vec<Arc<str>> =
        if has { args.map("classes").iter().map(|item| Arc::clone(&item.key)).collect() } else { Vec::new() };
    if names.is_empty() && has { vec!["default".into()] } else { names }
}

/// Returns the operations of a part; none for one that passes on whatever comes.
fn operations(args: &Args) -> Vec<Arc<str>> {
    let kind = &args.kind;
    let (does, named) = (kind.field("does").is_some(), kind.field("operations").is_some());
    let mut list: Vec<Arc<str>> = Vec::new();
    if does && (args.get("does").is_some() || !named || args.map("operations").is_empty()) {
        list.push("default".into());
    }
    if named {
        list.extend(args.map("operations").iter().map(|item| Arc::clone(&item.key)));
    }
    if kind.field("routes").is_some() {
        list.extend(args.map("routes").iter().map(|item| Arc::clone(&item.key)));
    }
    list
}

/// Follows all calls. In a file that is not sound, what is missing may only be what could not be read.
pub(crate) fn build(
    registry: &Registry,
    root: &Args,
    parts: Vec<Part>,
    things: &BTreeMap<Arc<str>, Thing>,
    sound: bool,
    faults: &mut Vec<Fault>,
) -> Topology {
    // Of a name that is defined twice, which is a fault already, the first is taken.
    let by_name: BTreeMap<Arc<str>, usize> =
        parts.iter().enumerate().rev().map(|(at, part)| (Arc::clone(&part.name), at)).collect();
    let mut builder = Builder {
        registry,
        root,
        parts: &parts,
        by_name: &by_name,
        things,
        sound,
        shapes: parts.iter().map(shape).collect(),
        words: Vec::new(),
        word_of: BTreeMap::new(),
        named: Vec::new(),
        faults: Vec::new(),
        said: BTreeSet::new(),
        states: BTreeMap::new(),
        next: Vec::new(),
        list: Vec::new(),
        calls: BTreeMap::new(),
        adjacent: BTreeSet::new(),
    };
    builder.follow_clients();
    builder.follow_the_rest();
    let calls = builder.calls_over_edges();
    builder.cycles();
    faults.append(&mut builder.faults);
    let mut graph = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..parts.len()).map(|part| graph.add_node(part)).collect();
    let mut by_site: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
    for (at, call) in calls.iter().enumerate() {
        graph.add_edge(nodes[call.caller], nodes[call.callee], at);
        by_site.entry(call.site).or_default().push(at);
    }
    Topology { parts, calls, graph, by_name, by_site }
}

/// Collects the calls of a part.
fn shape(part: &Part) -> Shape<'_> {
    let args = &part.args;
    let (mut operations, mut always) = (Vec::new(), Vec::new());
    for (field, value) in args.kind.fields.iter().zip(&args.values) {
        let Some(value) = value else { continue };
        match (&*field.name, &value.data) {
            ("does", _) => operations.push(("default".into(), sites_of(args, &field.ty, value))),
            ("operations" | "routes", Data::Map(items)) => {
                for item in items {
                    operations.push((Arc::clone(&item.key), sites_of(args, &field.ty, &item.value)));
                }
            }
            _ => always.extend(sites_of(args, &field.ty, value)),
        }
    }
    if operations.is_empty() {
        operations.extend(part.operations.iter().map(|name| (Arc::clone(name), Vec::new())));
    }
    Shape { operations, always }
}

fn sites_of<'a>(owner: &'a Args, ty: &Type, value: &'a Value) -> Vec<Site<'a>> {
    let mut sites = Vec::new();
    collect(owner, role_of(ty), value, false, false, &mut sites);
    sites
}

/// Returns what the paths in a field lead to.
pub(crate) fn role_of(ty: &Type) -> Option<Role> {
    match ty {
        Type::Path(role) => Some(*role),
        Type::List(inner) | Type::Map(_, inner) | Type::Drawn(inner) | Type::Timed(inner) => role_of(inner),
        Type::Either(types) => types.iter().find_map(role_of),
        _ => None,
    }
}

fn collect<'a>(
    owner: &'a Args,
    role: Option<Role>,
    value: &'a Value,
    conditional: bool,
    branch: bool,
    sites: &mut Vec<Site<'a>>,
) {
    match &value.data {
        Data::Path(Path::Target(target)) => {
            let loose = match role {
                Some(Role::Call) => false,
                // A step that uses a part (looks into a cache, takes from a pool) calls it in its own way.
                Some(Role::Part) if &*owner.kind.family == "step" => true,
                _ => return,
            };
            let conditional = conditional || loose;
            let step = if owner.kind() == "Call" { owner.place } else { value.place };
            sites.push(Site {
                node: owner.node,
                target,
                place: value.place,
                step,
                conditional,
                branch,
                loose,
            });
        }
        Data::List(items) => {
            // One of several targets is chosen, so none of them is certain.
            let chosen = role == Some(Role::Call) && items.len() > 1;
            for item in items {
                collect(owner, role, item, conditional || chosen, branch, sites);
            }
        }
        Data::Map(items) => {
            for item in items {
                collect(owner, role, &item.value, true, false, sites);
            }
        }
        Data::Args(args) => {
            let ends = conditional || may_be_left_out(args);
            for (field, value) in args.kind.fields.iter().zip(&args.values) {
                let Some(value) = value else { continue };
                let ends = ends || (&*args.kind.name == "Cached" && &*field.name == "miss");
                let role = role_of(&field.ty);
                if &*args.kind.name == "Parallel" && &*field.name == "branches" {
                    if let Data::List(branches) = &value.data {
                        for branch in branches {
                            let alone = matches!(&branch.data, Data::List(steps) if steps.len() == 1);
                            collect(args, role, branch, ends, alone, sites);
                        }
                    }
                } else {
                    let branch = branch && &*args.kind.name == "Call";
                    collect(args, role, value, ends, branch, sites);
                }
            }
        }
        _ => {}
    }
}

/// Returns whether what a step does may happen not at all.
fn may_be_left_out(args: &Args) -> bool {
    match args.kind() {
        "branch" => args.number_if("share").is_some_and(|share| share < 1.0),
        "Repeat" | "Call" => args.get("times").is_some_and(|times| match DistributionSpec::of(times) {
            Ok(DistributionSpec::Constant(times)) => times < 1.0,
            Ok(DistributionSpec::Geometric { .. }) => false,
            _ => true,
        }),
        "Fallback" | "Balance" => true,
        _ => false,
    }
}

impl<'a> Builder<'a> {
    fn full(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    fn word(&mut self, text: &Arc<str>) -> u32 {
        if let Some(known) = self.word_of.get(text) {
            return *known;
        }
        let word = u32::try_from(self.words.len()).expect("a file has fewer than 2^32 words");
        self.words.push(Arc::clone(text));
        self.word_of.insert(Arc::clone(text), word);
        word
    }

    fn state(&mut self, state: State) -> u32 {
        if let Some(known) = self.states.get(&state) {
            return *known;
        }
        let at = u32::try_from(self.list.len()).expect("STATES_MAX is below 2^32");
        self.states.insert(state, at);
        self.list.push(state);
        self.next.push(Vec::new());
        at
    }

    /// Follows the calls of every class of every client.
    fn follow_clients(&mut self) {
        let parts = self.parts;
        for (at, part) in parts.iter().enumerate().filter(|(_, part)| part.is_client) {
            let part_number = u32::try_from(at).expect("at most 10 000 parts");
            for class in &part.operations {
                let class = self.word(class);
                self.state(State {
                    part: part_number,
                    operation: Some(class),
                    class: Some(class),
                    named: None,
                });
            }
            if part.operations.is_empty() {
                // The classes of a trace are in its file.
                self.state(State { part: part_number, operation: None, class: None, named: None });
            }
        }
        self.follow(0);
    }

    /// Follows the calls of parts that no client reaches: they must be right too.
    fn follow_the_rest(&mut self) {
        let reached: BTreeSet<(u32, Option<u32>)> = self.list.iter().map(|s| (s.part, s.operation)).collect();
        let reached_parts: BTreeSet<u32> = self.list.iter().map(|state| state.part).collect();
        let (from, parts) = (self.list.len(), self.parts);
        for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_client) {
            let number = u32::try_from(at).expect("at most 10 000 parts");
            for operation in &part.operations {
                let operation = self.word(operation);
                if !reached.contains(&(number, Some(operation))) {
                    self.state(State { part: number, operation: Some(operation), class: None, named: None });
                }
            }
            if part.operations.is_empty() && !reached_parts.contains(&number) {
                self.state(State { part: number, operation: None, class: None, named: None });
            }
        }
        self.follow(from);
    }

    fn follow(&mut self, from: usize) {
        let mut at = from;
        while at < self.list.len() && !self.full() {
            if self.list.len() > STATES_MAX {
                let place = self.root.head;
                let message = "too many combinations of parts, operations and classes";
                self.faults.push(Fault::error(place, message));
                return;
            }
            self.follow_state(at);
            at += 1;
        }
    }

    fn follow_state(&mut self, at: usize) {
        let state = self.list[at];
        // Taken out while it is read, because following a call needs all of the rest.
        let shape = std::mem::replace(
            &mut self.shapes[state.part as usize],
            Shape { operations: Vec::new(), always: Vec::new() },
        );
        let name = state.operation.map(|word| Arc::clone(&self.words[word as usize]));
        let own = shape.operations.iter().filter(|(operation, _)| Some(operation) == name.as_ref());
        for site in own.flat_map(|(_, sites)| sites).chain(&shape.always) {
            if let Some(next) = self.call(state, site)
                && !site.conditional
            {
                self.next[at].push((next, site.step));
            }
        }
        self.shapes[state.part as usize] = shape;
    }

    /// Says that a name is no part's, unless it is one that could not be read.
    fn no_part(&self, name: &str, place: Place) -> Option<Fault> {
        match self.things.get(name) {
            Some(Thing::Unclear) => None,
            Some(thing) => {
                let message =
                    format!("\"{}\" is {}, a part is needed", shown(name), with_article(thing.noun()));
                Some(Fault::error(place, message))
            }
            None => Some(nothing_named(name, place, self.by_name)),
        }
    }

    /// Says something about a site, once.
    fn say(&mut self, site: &Site<'_>, fault: Fault) {
        if self.said.insert((site.node, site.place.start)) {
            self.faults.push(fault);
        }
    }

    /// Follows one call; returns the state it leads to.
    fn call(&mut self, state: State, site: &Site<'_>) -> Option<u32> {
        let target = site.target;
        let root = &target.place.root;
        let Some(callee) = self.by_name.get(&*root.value).copied() else {
            if !self.said.contains(&(site.node, site.place.start)) && !site.loose {
                let fault = self.no_part(&root.value, inside(site.place, &root.span));
                self.said.insert((site.node, site.place.start));
                self.faults.extend(fault);
            }
            return None;
        };
        if self.parts[callee].is_client {
            let message = format!("\"{}\" is a client: it calls, and nobody calls it", shown(&root.value));
            let serving = self.parts.iter().filter(|part| !part.is_client).map(|part| &*part.name);
            let help = did_you_mean(&root.value, '"', serving);
            if !site.loose {
                self.say(site, Fault::error(inside(site.place, &root.span), message).help(help));
            }
            return None;
        }
        self.pieces(site, callee);
        self.adjacent.insert((state.part as usize, callee));
        let (operation, named) = self.operation(state, site, callee)?;
        let caller_operation = state.operation;
        let key = (state.part as usize, caller_operation, site.node, callee, operation);
        self.calls.entry(key).or_default().extend(state.class);
        let part = u32::try_from(callee).expect("at most 10 000 parts");
        Some(self.state(State { part, operation, class: state.class, named }))
    }

    /// Finds the operation a call means; `None` if there is none, which has been said.
    fn operation(
        &mut self,
        state: State,
        site: &Site<'_>,
        callee: usize,
    ) -> Option<(Option<u32>, Option<u32>)> {
        let part = &self.parts[callee];
        if let Some(operation) = &site.target.operation {
            let name: Arc<str> = operation.value.as_str().into();
            if !part.passes_on() && !site.loose && !part.operations.contains(&name) {
                if part.args.kind.status == Status::Built || part.args.kind.field("operations").is_some() {
                    let at = inside(site.place, &operation.span);
                    let fault =
                        Fault::error(at, format!("\"{}\" has no operation \"{}\"", part.name, shown(&name)));
                    let known = part.operations.iter().map(|known| &**known);
                    self.say(site, fault.help(did_you_mean(&name, '"', known)));
                }
                return None;
            }
            let word = self.word(&name);
            self.named.push(inside(site.place, &operation.span));
            let named = part.passes_on().then(|| u32::try_from(self.named.len() - 1).unwrap_or(u32::MAX));
            return Some((Some(word), named));
        }
        if part.passes_on() || site.loose {
            return Some((state.operation, state.named));
        }
        let has = |word: Option<u32>| {
            let name = &self.words[word? as usize];
            part.operations.contains(name).then_some(word)
        };
        if let Some(place) = state.named {
            // Named before a part that passes it on.
            if let Some(found) = has(state.operation) {
                return Some((found, None));
            }
            let name = state.operation.map_or("", |word| &self.words[word as usize]);
            let message = format!("\"{}\" has no operation \"{}\"", part.name, shown(name));
            let known = part.operations.iter().map(|known| &**known);
            let fault =
                Fault::error(self.named[place as usize], message).help(did_you_mean(name, '"', known));
            self.say(site, fault);
            return None;
        }
        let default: Arc<str> = "default".into();
        let default = self.word(&default);
        let part = &self.parts[callee];
        let has = |word: Option<u32>| part.operations.contains(&self.words[word? as usize]).then_some(word);
        let own = state.operation.filter(|word| *word != default);
        if let Some(found) = has(own).or_else(|| has(state.class)).or_else(|| has(Some(default))) {
            return Some((found, None));
        }
        let word = |word: u32| &*self.words[word as usize];
        let what = match (own, state.class.filter(|class| *class != default)) {
            (Some(operation), Some(class)) if operation != class => {
                format!("operation {} or class {}", word(operation), word(class))
            }
            (_, Some(class)) => format!("class {}", word(class)),
            (Some(operation), None) if state.class.is_some() => format!("operation {}", word(operation)),
            // Nobody is known to come this way: nothing can be said.
            _ if state.class.is_none() => return None,
            _ => "calls in general".to_string(),
        };
        let known: Vec<&str> = part.operations.iter().map(|known| &**known).collect();
        let message = format!(
            "\"{}\" has no operation for {what} and no `default`; it has {}",
            part.name,
            known.join(", ")
        );
        let fault = Fault::error(site.place, message);
        let help = known.first().map_or(String::new(), |first| format!("write \"{}:{first}\"", part.name));
        self.say(site, fault.help(help));
        None
    }

    /// Checks which instances a call names.
    fn pieces(&mut self, site: &Site<'_>, callee: usize) {
        let part = &self.parts[callee];
        let Some(piece) = site.target.place.pieces.first() else { return };
        if part.args.kind.status == Status::Known {
            return;
        }
        if let Some(fault) = instance_fault(part, &site.target.place.pieces, site.place) {
            self.say(site, fault);
        } else if !site.branch {
            let what = match piece.value {
                Piece::Each => "all instances",
                Piece::AnyCount(0) | Piece::AnyCount(2..) | Piece::AnyShare(_) => "several instances",
                Piece::Name(_) | Piece::Index(_) | Piece::Any | Piece::AnyCount(1) => return,
            };
            let at = inside(site.place, &piece.span);
            let fault = Fault::error(at, format!("a call to {what} is a branch of a `Parallel`"));
            // Only steps can be branches.
            let is_step = site.step != site.place;
            let help = if is_step {
                format!("write Parallel(Call(\"{}\"))", site.target)
            } else {
                let operation = site.target.operation.as_ref().map(|name| format!(":{}", name.value));
                let operation = operation.unwrap_or_default();
                format!(
                    "a step of a Service; here write \"{}{operation}\", one of which is chosen",
                    part.name
                )
            };
            self.say(site, fault.help(help));
        }
    }

    /// Finds calls that never end: cycles in which nothing may be left out.
    fn cycles(&mut self) {
        // Depth first with a stack of our own: chains may be as long as there are states.
        let mut colour = vec![0u8; self.list.len()];
        let mut path: Vec<(u32, usize)> = Vec::new();
        for start in 0..self.list.len() {
            if colour[start] != 0 {
                continue;
            }
            colour[start] = 1;
            path.push((u32::try_from(start).expect("fewer than 2^32 states"), 0));
            while let Some((at, turn)) = path.last_mut() {
                let Some((next, place)) = self.next[*at as usize].get(*turn).copied() else {
                    colour[*at as usize] = 2;
                    path.pop();
                    continue;
                };
                *turn += 1;
                match colour[next as usize] {
                    0 => {
                        colour[next as usize] = 1;
                        path.push((next, 0));
                    }
                    1 => {
                        let from = path.iter().position(|(state, _)| *state == next).unwrap_or(0);
                        let mut names: Vec<String> =
                            path[from..].iter().map(|(state, _)| self.name(*state)).collect();
                        names.push(names[0].clone());
                        if names.len() > 12 {
                            names.splice(6..names.len() - 5, ["…".to_string()]);
                        }
                        let message = format!(
                            "a call that never ends: {} (needs a Choice with a share below 1)",
                            names.join(" -> ")
                        );
                        if !self.full() && !self.faults.iter().any(|fault| fault.place == place) {
                            self.faults.push(
                                Fault::error(place, message)
                                    .help("something on the way must be able to stop it"),
                            );
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn name(&self, state: u32) -> String {
        let state = self.list[state as usize];
        let part = &self.parts[state.part as usize];
        match state.operation.map(|word| &*self.words[word as usize]) {
            Some(operation) if operation != "default" && !part.passes_on() => {
                format!("{}:{operation}", part.name)
            }
            _ => part.name.to_string(),
        }
    }

    fn list_calls(&self) -> Vec<Call> {
        let word = |word: u32| Arc::clone(&self.words[word as usize]);
        let call = |(key, classes): (&CallKey, &BTreeSet<u32>)| {
            let (caller, operation, site, callee, callee_operation) = *key;
            Call {
                caller,
                operation: operation.map(word),
                site,
                callee,
                callee_operation: callee_operation.map(word),
                classes: classes.iter().copied().map(word).collect(),
                edge: Vec::new(),
            }
        };
        self.calls.iter().map(call).collect()
    }

    /// Lists the calls and says which edges they take, until no edge brings calls of its own.
    fn calls_over_edges(&mut self) -> Vec<Call> {
        let before = std::mem::take(&mut self.faults);
        loop {
            let mut calls = self.list_calls();
            self.edges(&mut calls);
            let of_edges = std::mem::take(&mut self.faults);
            self.follow_middle_parts(&calls);
            let all_known = self.calls.len() == calls.len();
            if all_known {
                self.faults.splice(..0, before.into_iter().chain(of_edges));
                return calls;
            }
            // What is said of edges is said again, of all calls.
        }
    }

    /// Follows the calls that what stands on edges makes by itself: whoever calls over the edge makes them.
    fn follow_middle_parts(&mut self, calls: &[Call]) {
        let Some(via) = self.registry.kind("record", "edge").and_then(|kind| kind.field("via")) else {
            return;
        };
        let from = self.list.len();
        let mut sites: BTreeMap<usize, Vec<Site<'a>>> = BTreeMap::new();
        for call in calls {
            let Some(entry) = call.edge.get(via).copied().flatten() else { continue };
            let Some(edge) = self.root.map("edges").get(entry).and_then(|item| item.value.as_args()) else {
                continue;
            };
            let Some(list) = &edge.values[via] else { continue };
            let sites = sites.entry(entry).or_insert_with(|| sites_of(edge, &edge.kind.fields[via].ty, list));
            let part = u32::try_from(call.caller).expect("at most 10 000 parts");
            for site in sites.iter() {
                let operation = call.operation.as_ref().map(|operation| self.word(operation));
                let mut classes: Vec<Option<u32>> =
                    call.classes.iter().map(|class| Some(self.word(class))).collect();
                if classes.is_empty() {
                    classes.push(None);
                }
                for class in classes {
                    let state = State { part, operation, class, named: None };
                    let next = self.call(state, site);
                    if let (Some(next), Some(at)) = (next, self.states.get(&state))
                        && !site.conditional
                        && !self.next[*at as usize].iter().any(|(known, _)| *known == next)
                    {
                        self.next[*at as usize].push((next, site.step));
                    }
                }
            }
        }
        self.follow(from);
    }

    /// Says for each call which entry of `edges` gives which field.
    fn edges(&mut self, calls: &mut [Call]) {
        let Some(kind) = self.registry.kind("record", "edge").cloned() else { return };
        let items = self.root.map("edges");
        let mut entries: Vec<(usize, Edge, &Args)> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if self.full() {
                break;
            }
            if let (Ok(edge), Some(args)) = (Edge::parse(&item.key), item.value.as_args())
                && self.edge_is_sound(&edge, item.key_place)
            {
                entries.push((at, edge, args));
            }
        }
        // The calls each entry can match, so that ten thousand edges do not look at all calls each.
        let mut from: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut to: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, call) in calls.iter().enumerate() {
            from.entry(call.caller).or_default().push(at);
            to.entry(call.callee).or_default().push(at);
        }
        let all: Vec<usize> = (0..calls.len()).collect();
        let mut matched = vec![false; items.len()];
        let mut best: Vec<Vec<Option<(u8, usize)>>> = vec![vec![None; kind.fields.len()]; calls.len()];
        for (at, edge, args) in &entries {
            let end = |end: &End| match end {
                End::Everything(_) => None,
                End::Target(target) => self.by_name.get(&*target.place.root.value).copied(),
            };
            let (caller, callee) = (end(&edge.from), end(&edge.to));
            let candidates = match (caller, callee) {
                (_, Some(callee)) => to.get(&callee),
                (Some(caller), None) => from.get(&caller),
                (None, None) => Some(&all),
            };
            for call_at in candidates.into_iter().flatten() {
                let call = &calls[*call_at];
                let Some(rank) = self.rank(edge, call) else { continue };
                matched[*at] = true;
                for (field, value) in args.values.iter().enumerate() {
                    if value.as_ref().is_none_or(|value| value.origin == Origin::Default) {
                        continue;
                    }
                    let slot = &mut best[*call_at][field];
                    match *slot {
                        Some((before, other)) if before == rank && other != *at => {
                            let message = format!(
                                "\"{}\" and \"{}\" are equally exact and both give `{}`",
                                items[other].key, items[*at].key, kind.fields[field].name
                            );
                            let fault = Fault::error(items[*at].key_place, message);
                            if !self.full() && !self.faults.iter().any(|known| known.place == fault.place) {
                                self.faults.push(
                                    fault.help("one end of one of them needs an operation more or less"),
                                );
                            }
                        }
                        Some((before, _)) if before >= rank => {}
                        _ => *slot = Some((rank, *at)),
                    }
                }
            }
        }
        for (call, best) in calls.iter_mut().zip(best) {
            call.edge = best.into_iter().map(|slot| slot.map(|(_, at)| at)).collect();
        }
        for (at, edge, _) in &entries {
            if self.sound && !matched[*at] && !self.full() && !self.adjacent_anyhow(edge) {
                let fault = self.unmatched(edge, items[*at].key_place);
                self.faults.push(fault);
            }
        }
    }

    /// Checks the ends of an edge.
    fn edge_is_sound(&mut self, edge: &Edge, place: Place) -> bool {
        if edge.direction.value == Direction::BothWays {
            let fault = Fault::error(inside(place, &edge.direction.span), "a call goes one way: ` -> `");
            self.faults.push(fault.help("` <-> ` stands in `network`"));
            return false;
        }
        let mut sound = true;
        for end in [&edge.from, &edge.to] {
            let End::Target(target) = end else { continue };
            let root = &target.place.root;
            let Some(part) = self.by_name.get(&*root.value).map(|at| &self.parts[*at]) else {
                self.faults.extend(self.no_part(&root.value, inside(place, &root.span)));
                sound = false;
                continue;
            };
            if let Some(fault) = instance_fault(part, &target.place.pieces, place)
                && part.args.kind.status == Status::Built
            {
                self.faults.push(fault);
                sound = false;
            }
            if let Some(operation) = &target.operation
                && !part.passes_on()
                && !part.operations.iter().any(|known| **known == *operation.value)
            {
                let what = if part.is_client { "class" } else { "operation" };
                let message = format!("\"{}\" has no {what} \"{}\"", part.name, shown(&operation.value));
                let known = part.operations.iter().map(|known| &**known);
                let fault = Fault::error(inside(place, &operation.span), message);
                self.faults.push(fault.help(did_you_mean(&operation.value, '"', known)));
                sound = false;
            }
        }
        sound
    }

    /// Returns how exactly an entry speaks of a call, if it does.
    fn rank(&self, edge: &Edge, call: &Call) -> Option<u8> {
        let end = |end: &End, part: usize, operation: &Option<Arc<str>>| match end {
            End::Everything(_) => Some((false, false)),
            End::Target(target) => {
                let same = *target.place.root.value == *self.parts[part].name;
                let operation_fits =
                    target.operation.as_ref().is_none_or(|known| operation.as_deref() == Some(&known.value));
                (same && operation_fits).then_some((true, target.operation.is_some()))
            }
        };
        let (from, from_operation) = end(&edge.from, call.caller, &call.operation)?;
        let (to, to_operation) = end(&edge.to, call.callee, &call.callee_operation)?;
        let operations = u8::from(from_operation) + u8::from(to_operation);
        Some(match (from, to) {
            (true, true) => 20 + operations,
            (false, true) => 15 + operations,
            (true, false) => 10 + operations,
            (false, false) => 0,
        })
    }

    /// Returns whether the parts are known to call each other though no call was followed to its end.
    fn adjacent_anyhow(&self, edge: &Edge) -> bool {
        let part = |end: &End| match end {
            End::Everything(_) => None,
            End::Target(target) => self.by_name.get(&*target.place.root.value).copied(),
        };
        let operations = [&edge.from, &edge.to]
            .iter()
            .any(|end| matches!(end, End::Target(target) if target.operation.is_some()));
        match (part(&edge.from), part(&edge.to)) {
            (Some(from), Some(to)) => !operations && self.adjacent.contains(&(from, to)),
            (Some(from), None) => self.adjacent.range((from, 0)..=(from, usize::MAX)).next().is_some(),
            (None, Some(to)) => self.adjacent.iter().any(|(_, callee)| *callee == to),
            (None, None) => false,
        }
    }

    fn unmatched(&self, edge: &Edge, place: Place) -> Fault {
        let part = |end: &End| match end {
            End::Everything(_) => None,
            End::Target(target) => self.by_name.get(&*target.place.root.value).copied(),
        };
        let name = |part: usize| &*self.parts[part].name;
        let list = |names: Vec<&str>| match names.len() {
            0 => String::new(),
            _ => names.join(", "),
        };
        match (part(&edge.from), part(&edge.to)) {
            (Some(from), Some(to)) if self.adjacent.contains(&(from, to)) => {
                Fault::error(place, format!("no call goes from {} to {}", edge.from, edge.to))
                    .help("other operations of the two call each other")
            }
            (Some(from), Some(to)) if self.adjacent.contains(&(to, from)) => {
                Fault::error(place, format!("no call goes from {} to {}", edge.from, edge.to))
                    .help(format!("did you mean \"{} -> {}\"?", edge.to, edge.from))
            }
            (Some(_), Some(to)) => {
                let callers =
                    self.adjacent.iter().filter(|(_, callee)| *callee == to).map(|(caller, _)| name(*caller));
                let callers = list(callers.collect());
                let rest = match callers.as_str() {
                    "" => format!("nobody calls {}", name(to)),
                    callers => format!("{} is called by {callers}", name(to)),
                };
                Fault::error(place, format!("no call goes from {} to {}; {rest}", edge.from, edge.to))
            }
            (Some(from), None) => Fault::error(place, format!("{} calls nobody", name(from))),
            (None, Some(to)) => Fault::error(place, format!("nobody calls {}", name(to))),
            (None, None) => Fault::error(place, "nobody calls anybody"),
        }
    }
}

/// Returns the place of some bytes of a quoted text.
pub(crate) fn inside(place: Place, span: &std::ops::Range<usize>) -> Place {
    place.part(1 + span.start, 1 + span.end.max(span.start + 1))
}

/// Says that a name is nobody's.
pub(crate) fn nothing_named<T>(name: &str, place: Place, known: &BTreeMap<Arc<str>, T>) -> Fault {
    let fault = Fault::error(place, format!("nothing is named \"{}\"", shown(name)));
    fault.help(did_you_mean(name, '"', known.keys().map(|known| &**known)))
}

/// Says what is wrong with the instances a path names, if anything is.
pub(crate) fn instance_fault(
    part: &Part,
    pieces: &[crate::value::Spanned<Piece>],
    place: Place,
) -> Option<Fault> {
    let piece = pieces.first()?;
    let at = inside(place, &piece.span);
    let count = part.instances();
    let range = match count {
        1 => format!("{} has instance 0 only", part.name),
        _ => format!("{} has instances 0 to {}", part.name, count - 1),
    };
    if part.args.kind.field("instances").is_none() {
        return Some(Fault::error(at, format!("{} has no instances to choose from", part.name)));
    }
    if let Some(second) = pieces.get(1) {
        return Some(Fault::error(
            inside(place, &second.span),
            format!("nothing is below {}/{}", part.name, piece.value),
        ));
    }
    match &piece.value {
        Piece::Index(index) if u64::from(*index) >= count => Some(Fault::error(at, range)),
        Piece::AnyCount(any) if u64::from(*any) > count => Some(Fault::error(at, range)),
        Piece::Name(name) => {
            let message = format!("{} has no `{}`", part.name, shown(name));
            Some(Fault::error(at, message).help("a number, `*`, `any`, `any(2)` or `any(10%)`"))
        }
        _ => None,
    }
}
