//! What middle parts do that is probably not meant: tries that multiply, time-outs that outlast their callers, copies
//! that are never stopped.

use std::collections::BTreeMap;

use crate::check::FAULTS_MAX;
use crate::diagnostic::Fault;
use crate::topology::{Call, Topology};
use crate::typed::{Args, Value};
use crate::value::{Dimension, Quantity};

/// Calls that are followed at most, and how deep: more would say the same again.
const STEPS_MAX: usize = 100_000;
const DEPTH_MAX: usize = 32;

/// Collects warnings about middle parts.
pub(crate) fn check(
    topology: &Topology,
    edge: impl Fn(&Call, &str) -> Option<Value>,
    faults: &mut Vec<Fault>,
) {
    let vias: Vec<Vec<Args>> = topology
        .calls
        .iter()
        .map(|call| {
            let own = edge(call, "via").as_ref().map(list).unwrap_or_default();
            // What stands at the door of the callee is passed after what stands on the edge.
            let args = &topology.parts[call.callee].args;
            let door = args.kind.field("via").and_then(|at| args.values[at].as_ref());
            own.into_iter().chain(door.map(list).unwrap_or_default()).collect()
        })
        .collect();
    for via in &vias {
        one_list(via, faults);
    }
    let mut ways = Ways { topology, vias: &vias, worst: BTreeMap::new(), faults };
    ways.follow();
    let Ways { worst, .. } = ways;
    for (callee, (tries, layers, place)) in worst {
        let name = &topology.parts[callee].name;
        let message =
            format!("retries on {layers} layers multiply: one request may become {tries} calls to {name}");
        say(Fault::warning(place, message).help("retry on one layer, or give the others a budget"), faults);
    }
}

fn list(value: &Value) -> Vec<Args> {
    match &value.data {
        crate::typed::Data::List(list) => list.iter().filter_map(Value::as_args).cloned().collect(),
        _ => Vec::new(),
    }
}

/// Says something once for each place.
fn say(fault: Fault, faults: &mut Vec<Fault>) {
    let same = |known: &Fault| known.place == fault.place && known.message == fault.message;
    if faults.len() < FAULTS_MAX && !faults.iter().any(same) {
        faults.push(fault);
    }
}

fn is_shared(args: &Args) -> bool {
    args.args("state").is_some_and(|state| state.kind() == "Shared")
}

/// What one list says by itself.
fn one_list(via: &[Args], faults: &mut Vec<Fault>) {
    for args in via {
        match args.kind() {
            "Breaker" if is_shared(args) && args.get("probe_for").is_none() => {
                let message =
                    "a probe whose end cannot be written to the store keeps this breaker half-open for ever";
                let help = "probe_for ends the wait for probes: probe_for: \"10s\"";
                say(Fault::warning(args.place_of("state"), message).help(help), faults);
            }
            "Hedge" if !args.flag("cancel") => {
                let message = "the copies that lose are worked on to their end: each hedge is extra load";
                say(Fault::warning(args.place_of("cancel"), message).help("cancel: true stops them"), faults);
            }
            "Retry" if args.args("budget").is_none() && args.args("backoff").is_none() => {
                let message = "retries at once and without a budget: under overload they multiply it";
                let help = "budget: Ratio(\"10%\") bounds them; backoff: Exponential(\"50ms\") spreads them";
                say(Fault::warning(args.head, message).help(help), faults);
            }
            _ => {}
        }
    }
}

/// What has been passed on the way from a client.
#[derive(Clone, Copy, Default)]
struct Sofar {
    /// Tries of all layers, multiplied; 0 for none.
    tries: u64,
    layers: usize,
    /// The shortest time-out so far \[ns\].
    within: Option<u64>,
    /// How many calls.
    depth: usize,
}

struct Ways<'a> {
    topology: &'a Topology,
    vias: &'a [Vec<Args>],
    /// For each callee the most tries on several layers, how many layers, and where the last retry stands.
    worst: BTreeMap<usize, (u64, usize, crate::file::Place)>,
    faults: &'a mut Vec<Fault>,
}

impl Ways<'_> {
    /// Follows calls from the clients on.
    fn follow(&mut self) {
        let calls = &self.topology.calls;
        if self.vias.iter().all(Vec::is_empty) {
            return;
        }
        let mut made_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, call) in calls.iter().enumerate() {
            made_by.entry(call.caller).or_default().push(at);
        }
        let from_clients = |at: &usize| self.topology.parts[calls[*at].caller].is_client;
        let mut open: Vec<(usize, Sofar)> =
            (0..calls.len()).filter(from_clients).map(|at| (at, Sofar::default())).collect();
        for _ in 0..STEPS_MAX {
            let Some((at, mut sofar)) = open.pop() else { return };
            self.pass(at, &mut sofar);
            sofar.depth += 1;
            if sofar.depth > DEPTH_MAX {
                continue;
            }
            let call = &calls[at];
            for next in made_by.get(&call.callee).into_iter().flatten() {
                let asked = &calls[*next].operation;
                if asked.is_none() || call.callee_operation.is_none() || *asked == call.callee_operation {
                    open.push((*next, sofar));
                }
            }
        }
    }

    /// Passes what stands on the way of one call.
    fn pass(&mut self, at: usize, sofar: &mut Sofar) {
        let mut last = None;
        for args in &self.vias[at] {
            match args.kind() {
                "Timeout" | "Deadline" => self.outlasts(args, sofar),
                // A budget bounds what retries add.
                "Retry" if args.args("budget").is_none() => {
                    let tries = args.count("retries").saturating_add(1);
                    sofar.tries = sofar.tries.max(1).saturating_mul(tries);
                    sofar.layers += 1;
                    last = Some(args.head);
                }
                _ => {}
            }
        }
        if let (Some(place), 2..) = (last, sofar.layers) {
            let callee = self.topology.calls[at].callee;
            let worst = self.worst.entry(callee).or_insert((0, 0, place));
            if sofar.tries > worst.0 {
                *worst = (sofar.tries, sofar.layers, place);
            }
        }
    }

    /// Whether a time-out is longer than one before it, whose caller has left by then.
    fn outlasts(&mut self, args: &Args, sofar: &mut Sofar) {
        let Some(after) = args.duration_if("after") else { return };
        match sofar.within {
            Some(within) if after > within => {
                let shown = |nanos: u64| Quantity::new(nanos as f64, Dimension::Duration);
                let message = format!(
                    "this waits up to {} for a caller that gives up after {}",
                    shown(after),
                    shown(within)
                );
                let fault = Fault::warning(args.place_of("after"), message);
                say(fault.help("what is done after that is done for nobody"), self.faults);
            }
            _ => sofar.within = Some(after),
        }
    }
}
