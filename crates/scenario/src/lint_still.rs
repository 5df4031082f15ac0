//! Users who ask again at the instant they are turned away: then no time passes.

use std::collections::BTreeSet;

use crate::check::FAULTS_MAX;
use crate::diagnostic::Fault;
use crate::lint_busy::is_next_to_nothing;
use crate::spec::DistributionSpec;
use crate::topology::{Call, Part, Topology};
use crate::typed::{Args, Data, Value};

/// Warns of closed clients without think time, or with next to none, whose calls may be turned away before anything has taken time.
///
/// # Assumptions
/// What might take time does: a warning is to be right. A run that stands still all the same ends with an error.
pub(crate) fn check(
    root: &Args,
    topology: &Topology,
    edge: impl Fn(&Call, &str) -> Option<Value>,
    faults: &mut Vec<Fault>,
) {
    for (at, client) in topology.parts.iter().enumerate() {
        if faults.len() >= FAULTS_MAX {
            return;
        }
        let short = |value: &Value| is_nothing(value) || is_next_to_nothing(value, root);
        if client.args.kind() != "ClosedClient" || !client.args.get("think").is_none_or(short) {
            continue;
        }
        // Where something is placed and the network is told of, calls may travel.
        if root.args("network").is_some() && !client.args.list("places").is_empty() {
            continue;
        }
        let Some(refusing) = at_once(topology, &edge, at, &short) else { continue };
        let no_time = is_zero(&client.args, "think");
        let (when, help) = match no_time {
            true => (
                "at the same instant",
                "then time stands still, and the run ends with an error: write think: \"1s\"",
            ),
            false => ("after next to nothing", "then a run takes hours: write think: \"1s\""),
        };
        let message =
            format!("a user of \"{}\" whom `{}` turns away asks again {when}", client.name, refusing);
        faults.push(Fault::warning(client.args.place_of("think"), message).help(help));
    }
}

/// Returns the kind of the first middle part that can turn away a call of a client before it has taken time.
fn at_once(
    topology: &Topology,
    edge: &impl Fn(&Call, &str) -> Option<Value>,
    client: usize,
    short: &impl Fn(&Value) -> bool,
) -> Option<String> {
    let users = topology.parts[client].args.get("users").and_then(Value::number);
    let mut open = vec![client];
    let mut seen = BTreeSet::from([client]);
    while let Some(caller) = open.pop() {
        for call in topology.calls.iter().filter(|call| call.caller == caller) {
            let callee = &topology.parts[call.callee];
            let on_edge = edge(call, "via");
            match first_of(on_edge.as_ref(), users) {
                First::Refuses(kind) => return Some(kind),
                First::TakesTime => continue,
                First::Neither => {}
            }
            if edge(call, "round_trip").is_some_and(|value| !short(&value))
                || edge(call, "bandwidth").is_some()
            {
                continue;
            }
            let door = callee.args.kind.field("via").and_then(|field| callee.args.values[field].as_ref());
            match first_of(door, users) {
                First::Refuses(kind) => return Some(kind),
                First::TakesTime => continue,
                First::Neither => {}
            }
            if passes_at_once(callee) && seen.insert(call.callee) {
                open.push(call.callee);
            }
        }
    }
    None
}

/// What comes first in a list.
enum First {
    /// Something of this kind that can turn calls away at once.
    Refuses(String),
    /// Something that takes time before, or before it gives up.
    TakesTime,
    Neither,
}

fn first_of(via: Option<&Value>, users: Option<f64>) -> First {
    let Some(Data::List(list)) = via.map(|value| &value.data) else { return First::Neither };
    for args in list.iter().filter_map(Value::as_args) {
        // As many as there are users are never turned away.
        let enough =
            |args: &Args| args.count_if("max").zip(users).is_some_and(|(max, users)| max as f64 >= users);
        let refuses = match args.kind() {
            "RateLimit" | "Breaker" | "Shed" | "Throttle" => true,
            "Bulkhead" => args.duration_if("wait") == Some(0) && !enough(args),
            "ConcurrencyLimit" => {
                args.get("queue").is_none()
                    && !args.args("limit").is_some_and(|limit| limit.kind() == "Fixed" && enough(limit))
            }
            "Overhead" => return First::TakesTime,
            "Retry" if args.args("backoff").is_some() => return First::TakesTime,
            "Fallback" if !is_zero(args, "takes") => return First::TakesTime,
            // A call that somebody else is asked for instead may take time there.
            "Fallback" if args.get("to").is_some() => return First::TakesTime,
            _ => false,
        };
        if refuses {
            return First::Refuses(args.kind().to_string());
        }
    }
    First::Neither
}

/// Whether a part passes calls on without taking time.
fn passes_at_once(part: &Part) -> bool {
    match part.args.kind() {
        "Balancer" | "Gateway" | "Proxy" => is_zero(&part.args, "overhead"),
        _ => false,
    }
}

/// Whether a drawn field is always 0.
fn is_zero(args: &Args, field: &str) -> bool {
    args.get(field).is_none_or(is_nothing)
}

fn is_nothing(value: &Value) -> bool {
    matches!(DistributionSpec::of(value), Ok(DistributionSpec::Constant(at)) if at == 0.0)
}
