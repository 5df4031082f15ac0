//! Calls that hold a place of a pool while they wait for another place of the same pool.
//!
//! ```text
//! front (2 threads) --page--> back --fragment--> front        two pages at once hold both threads, and both wait
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::check::FAULTS_MAX;
use crate::diagnostic::Fault;
use crate::file::Place;
use crate::node::NodeId;
use crate::topology::{Call, Part, Topology};
use crate::typed::{Args, Data, Value};

/// Calls that are followed at most, and how deep: more would say the same again.
const STEPS_MAX: usize = 100_000;
const DEPTH_MAX: usize = 32;

/// Warns of pools that are asked by who holds a place of them.
///
/// # Assumptions
/// A place is held until the answer, as by threads and connections. What is detached holds none of its caller's. Whoever
/// is turned away at once waits for nobody.
///
/// # Source
/// The circular wait of Coffman, Elphick and Shoshani, "System deadlocks", ACM Computing Surveys 3(2), 1971, with one
/// resource of several units: as many holders as there are units that all ask for one more.
pub(crate) fn check(
    topology: &Topology,
    edge: impl Fn(&Call, &str) -> Option<Value>,
    faults: &mut Vec<Fault>,
) {
    let pools: Vec<Vec<Pool>> = topology.calls.iter().map(|call| on_the_way(topology, call, &edge)).collect();
    if pools.iter().all(Vec::is_empty) {
        return;
    }
    let mut made_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let detached: BTreeSet<NodeId> = topology.parts.iter().flat_map(|part| detached(&part.args)).collect();
    for (at, call) in topology.calls.iter().enumerate() {
        if !detached.contains(&call.site) {
            made_by.entry(call.caller).or_default().push(at);
        }
    }
    let mut walk = Walk {
        topology,
        pools: &pools,
        made_by: &made_by,
        steps: 0,
        held: Vec::new(),
        found: Vec::new(),
        said: BTreeSet::new(),
        seen: BTreeSet::new(),
    };
    let first = topology.calls.iter().enumerate();
    // What is detached begins with nothing held, as a client does.
    for (at, _) in
        first.filter(|(_, call)| topology.parts[call.caller].is_client || detached.contains(&call.site))
    {
        walk.follow(at, 0);
    }
    for (place, message) in walk.found {
        if faults.len() >= FAULTS_MAX {
            return;
        }
        let fault = Fault::warning(place, message);
        faults.push(
            fault.help(
                "give the inner calls a pool of their own; a Timeout ends the wait, and its call fails",
            ),
        );
    }
}

/// What a call holds a place of until it is answered.
#[derive(Clone, Debug)]
struct Pool {
    /// Where it is written, and whose it is: each caller has one of its own on its edge.
    id: (NodeId, usize),
    /// What it is of, and how many: `2 threads of front`.
    name: String,
    place: Place,
}

/// The pools a call passes, in order: on its edge, at the door of its callee, and the callee's threads.
fn on_the_way(topology: &Topology, call: &Call, edge: &impl Fn(&Call, &str) -> Option<Value>) -> Vec<Pool> {
    let (caller, callee) = (&topology.parts[call.caller], &topology.parts[call.callee]);
    let mut pools = Vec::new();
    let way = format!("{} -> {}", caller.name, callee.name);
    if let Some(via) = edge(call, "via") {
        listed(&via, call.caller, &way, &mut pools);
    }
    if let Some(via) = callee.args.kind.field("via").and_then(|at| callee.args.values[at].as_ref()) {
        listed(via, call.callee, &callee.name, &mut pools);
    }
    pools.extend(threads(callee, call.callee));
    pools
}

fn listed(via: &Value, owner: usize, at: &str, pools: &mut Vec<Pool>) {
    let Data::List(list) = &via.data else { return };
    for args in list.iter().filter_map(Value::as_args) {
        let (what, max) = match args.kind() {
            "ConnectionPool" if args.duration_if("wait") != Some(0) => ("connections", args.count_if("max")),
            "Bulkhead" if args.duration_if("wait") != Some(0) => {
                ("places of the Bulkhead", args.count_if("max"))
            }
            "ConcurrencyLimit" if args.get("queue").is_some() => {
                ("places of the ConcurrencyLimit", args.args("limit").and_then(|limit| limit.count_if("max")))
            }
            _ => continue,
        };
        let Some(max) = max else { continue };
        pools.push(Pool { id: (args.node, owner), name: format!("{max} {what} at {at}"), place: args.head });
    }
}

/// Threads are held from start to reply, while others are asked too.
fn threads(part: &Part, number: usize) -> Option<Pool> {
    if part.args.kind() != "Service"
        || part.args.args("queue").and_then(|queue| queue.count_if("max")) == Some(0)
    {
        return None;
    }
    let concurrency = part.args.args("concurrency").filter(|concurrency| concurrency.kind() == "Threads")?;
    let threads = concurrency.count_if("threads")?;
    Some(Pool {
        // Where nothing is written, all parts have the same default.
        id: (part.args.node, number),
        name: format!("{threads} threads of {}", part.name),
        place: if part.args.get("concurrency").is_some() { concurrency.head } else { part.place },
    })
}

/// The places where a part calls without waiting for the answer.
fn detached(args: &Args) -> Vec<NodeId> {
    fn within(value: &Value, inside: bool, nodes: &mut Vec<NodeId>) {
        match &value.data {
            Data::Args(args) => {
                let inside = inside || args.kind() == "Detach";
                if inside {
                    nodes.push(args.node);
                }
                args.values.iter().flatten().for_each(|value| within(value, inside, nodes));
            }
            Data::List(list) => list.iter().for_each(|value| within(value, inside, nodes)),
            Data::Map(items) => items.iter().for_each(|item| within(&item.value, inside, nodes)),
            _ => {}
        }
    }
    let mut nodes = Vec::new();
    args.values.iter().flatten().for_each(|value| within(value, false, &mut nodes));
    nodes
}

struct Walk<'a> {
    topology: &'a Topology,
    pools: &'a [Vec<Pool>],
    made_by: &'a BTreeMap<usize, Vec<usize>>,
    steps: usize,
    /// What is held, and by which call, outermost first.
    held: Vec<(Pool, usize)>,
    found: Vec<(Place, String)>,
    /// Pools that were named.
    said: BTreeSet<(NodeId, usize)>,
    /// Calls that were followed, with the pools that were held.
    seen: BTreeSet<(usize, Vec<(NodeId, usize)>)>,
}

impl Walk<'_> {
    /// Follows a call and what it asks for, with what it holds meanwhile.
    fn follow(&mut self, at: usize, depth: usize) {
        self.steps += 1;
        if self.steps > STEPS_MAX || depth > DEPTH_MAX {
            return;
        }
        // With the same in hand nothing else is found.
        if !self.seen.insert((at, self.held.iter().map(|(pool, _)| pool.id).collect())) {
            return;
        }
        let (topology, pools) = (self.topology, self.pools);
        let call = &topology.calls[at];
        let before = self.held.len();
        for pool in &pools[at] {
            match self.held.iter().position(|(held, _)| held.id == pool.id) {
                Some(outer) => self.say(pool, outer, at),
                None => self.held.push((pool.clone(), at)),
            }
        }
        for &next in self.made_by.get(&call.callee).into_iter().flatten() {
            let asked = &topology.calls[next].operation;
            if asked.is_none() || call.callee_operation.is_none() || *asked == call.callee_operation {
                self.follow(next, depth + 1);
            }
        }
        self.held.truncate(before);
    }

    /// Says, once for each pool, that a call which holds a place of it comes to ask for another.
    fn say(&mut self, pool: &Pool, outer: usize, at: usize) {
        if !self.said.insert(pool.id) {
            return;
        }
        let first = self.held[outer].1;
        let mut ways: Vec<usize> = self.held[outer..].iter().map(|(_, call)| *call).collect();
        ways.push(at);
        ways.dedup();
        let name = |part: usize| &*self.topology.parts[part].name;
        let mut path = vec![name(self.topology.calls[first].callee)];
        for call in ways.iter().skip(1).map(|way| &self.topology.calls[*way]) {
            // Those that hold nothing stand between without being named by what is held.
            if path.last() != Some(&name(call.caller)) {
                path.push(name(call.caller));
            }
            path.push(name(call.callee));
        }
        let message = format!(
            "a call that holds one of the {} waits for another of them ({}): as many at once wait for each other, until one of them gives up if any does",
            pool.name,
            path.join(" → ")
        );
        self.found.push((pool.place, message));
    }
}
