//! What deals with failure: retries, breakers, fallbacks, hedges, deadlines.

use kneepoint_calls::{Callee, Status};
use kneepoint_components::Edge;
use kneepoint_components::resilience::{
    After, Backoff, Breaker, Budget, Deadline, Fallback, Hedge, Hedges, Instead, Jitter, Probing,
    RecentQuantile, Retries, Retry, Rules, Share, SharedBreaker, SharedCircuit, Span, Statuses, Trip, Waits,
};
use kneepoint_engine::SimDuration;

use super::{Stand, elsewhere, limits};
use crate::build::{Builder, Built, law, status, unbuilt};
use crate::typed::{Args, Data};
use crate::value::Path;

/// `Deadline`.
pub(super) fn deadline(builder: &mut Builder<'_>, stand: Stand<'_>) -> Edge {
    let after = stand.args.duration_if("after").map(SimDuration::from_nanos);
    let part = Deadline::new(stand.to, after, stand.args.flag("cancel"));
    builder.stand(&stand, part)
}

/// `Retry`.
pub(super) fn retry(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let args = stand.args;
    let jitter = match args.word("jitter") {
        "NoJitter" => Jitter::None,
        "Full" => Jitter::Full,
        "Equal" => Jitter::Equal,
        "Decorrelated" => Jitter::Decorrelated,
        other => return unbuilt(args.place_of("jitter"), &format!("`{other}`")),
    };
    let waits = match args.args("backoff") {
        None => Waits::Planned { backoff: Backoff::AtOnce, jitter },
        Some(drawn) if drawn.kind() == "Drawn" => {
            let law = drawn.distribution("wait");
            Waits::Drawn(law::distribution(builder.checked, law, drawn.place_of("wait"))?)
        }
        Some(planned) => Waits::Planned { backoff: backoff(planned)?, jitter },
    };
    let rules = Retries {
        most: count(args, "retries"),
        on: statuses(args, "on"),
        waits,
        budget: budget(args)?,
        honour_retry_after: args.flag("honour_retry_after"),
        only_when_told: false,
    };
    let part = Retry::new(stand.to, rules);
    Ok(builder.stand(&stand, part))
}

/// `Breaker`.
pub(super) fn breaker(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let args = stand.args;
    let open = match args.args_if_kind("open") {
        Some(growing) => backoff(growing)?,
        None => Backoff::Fixed(span(args, "open")),
    };
    let probing = match args.word("probing") {
        "FirstFailure" => Probing::FirstFailure,
        "Together" => Probing::Together,
        "NoProbes" => Probing::NoProbes,
        other => return unbuilt(args.place_of("probing"), &format!("`{other}`")),
    };
    let rules = Rules {
        trips: args.args_list("trip").map(trip).collect::<Built<_>>()?,
        open,
        probes: count(args, "probes"),
        probing,
        probe_for: args.duration_if("probe_for").map_or(SimDuration::ZERO, SimDuration::from_nanos),
        starts_anew: args.flag("starts_anew"),
    };
    let failures = statuses(args, "on");
    let Some(scope) = limits::store(args) else {
        return Ok(builder.stand(&stand, Breaker::new(stand.to, rules, failures)));
    };
    let asked = limits::ask_store(builder, args.kind(), stand.owner, scope)?;
    let circuit = circuit(builder, &stand, rules);
    Ok(builder.stand(&stand, SharedBreaker::new(stand.to, asked, circuit, failures)))
}

/// The state that all breakers of one place of the file share that stand before the same part, or the same instance of it
/// where one is chosen first.
fn circuit(builder: &mut Builder<'_>, stand: &Stand<'_>, rules: Rules) -> Callee {
    let (part, instance) = stand.toward;
    // At a door each instance has its own before itself.
    let at_the_door = (part, instance) == (stand.owner.0, u32::try_from(stand.owner.1).ok());
    let key = (stand.args.node, (part, instance.filter(|_| !at_the_door)));
    if let Some(known) = builder.shared_circuits.get(&key) {
        return *known;
    }
    let path = format!("shared breaker {}", builder.shared_circuits.len());
    let circuit = builder.sim.serve(&path, SharedCircuit::new(rules));
    builder.shared_circuits.insert(key, circuit);
    circuit
}

/// `Fallback`.
pub(super) fn fallback(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let args = stand.args;
    let to = match args.path("to") {
        Some(path) => Some(other(builder, path, &stand)?),
        None => None,
    };
    let takes = law::distribution(builder.checked, args.distribution("takes"), args.place_of("takes"))?;
    let instead = Instead { to, status: status(args.word("status")).unwrap_or(Status::Degraded), takes };
    let on = if args.get("on").is_some() { statuses(args, "on") } else { Statuses::all_bad() };
    let part = Fallback::new(stand.to, on, instead);
    Ok(builder.stand(&stand, part))
}

/// Returns whether a middle part is a fallback that asks another part.
pub(super) fn asks_another(args: &Args) -> bool {
    args.kind() == "Fallback" && args.path("to").is_some()
}

/// The way to the part that a fallback asks, and the operation, if it is not that of the call.
fn other(builder: &mut Builder<'_>, path: &Path, stand: &Stand<'_>) -> Built<(Edge, Option<u16>)> {
    let place = stand.args.place_of("to");
    let (calls, asks_for, among) = elsewhere(builder, stand.args, path, place, stand.owner)?;
    let same = asks_for.iter().all(|operation| *operation == asks_for[0]);
    let (operation, asks_for) = if same { (asks_for[0], vec![None; calls.len()]) } else { (None, asks_for) };
    Ok((builder.edge_asking(&calls, stand.owner.1, among, &asks_for)?, operation))
}

/// `Hedge`.
pub(super) fn hedge(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let args = stand.args;
    let after = match args.args_if_kind("after") {
        Some(quantile) => After::Quantile(RecentQuantile::new(quantile.number("of"))),
        None => After::Time(span(args, "after")),
    };
    let most = u16::try_from(args.count("max")).unwrap_or(u16::MAX);
    let rules = Hedges { after, most, cancelling: args.flag("cancel"), budget: budget(args)? };
    let part = Hedge::new(stand.to, rules);
    Ok(builder.stand(&stand, part))
}

fn count(args: &Args, field: &str) -> u32 {
    u32::try_from(args.count(field)).unwrap_or(u32::MAX)
}

fn span(args: &Args, field: &str) -> SimDuration {
    SimDuration::from_nanos(args.duration(field))
}

fn statuses(args: &Args, field: &str) -> Statuses {
    let list: Vec<Status> = args.args_list(field).filter_map(|kind| status(kind.kind())).collect();
    Statuses::of(&list)
}

fn backoff(args: &Args) -> Built<Backoff> {
    Ok(match args.kind() {
        "Fixed" => Backoff::Fixed(span(args, "wait")),
        "Linear" => Backoff::Linear { base: span(args, "base"), cap: span(args, "cap") },
        "Exponential" => Backoff::Exponential {
            base: span(args, "base"),
            factor: args.number("factor"),
            cap: span(args, "cap"),
        },
        other => return unbuilt(args.head, &format!("`{other}`")),
    })
}

fn budget(args: &Args) -> Built<Option<Budget>> {
    let Some(args) = args.args("budget") else { return Ok(None) };
    Ok(Some(match args.kind() {
        "Ratio" => Budget::ratio(args.number("share"), args.number("burst"), args.number("at_least")),
        "Tokens" => Budget::tokens(args.number("per_success"), args.number("burst"), args.number("cost")),
        "HalfFull" => Budget::half_full(args.number("per_success"), args.number("max")),
        other => return unbuilt(args.head, &format!("`{other}`")),
    }))
}

fn trip(args: &Args) -> Built<Trip> {
    Ok(match args.kind() {
        "Count" => {
            Trip::Count { failures: count(args, "failures"), success_resets: args.flag("success_resets") }
        }
        "Rate" => Trip::Rate(share(args, "failures")),
        "SlowCalls" => Trip::SlowCalls { slower: span(args, "slower"), share: share(args, "share") },
        other => return unbuilt(args.head, &format!("`{other}`")),
    })
}

fn share(args: &Args, bound: &str) -> Share {
    let span = match args.get("window").map(|value| &value.data) {
        Some(Data::Count(calls)) => Span::Calls(u32::try_from(*calls).unwrap_or(u32::MAX)),
        _ => Span::Time { length: span(args, "window"), buckets: count(args, "buckets") },
    };
    Share {
        bound: args.number(bound),
        strict: args.flag("strict"),
        span,
        at_least: count(args, "at_least"),
        of_asked: args.word("of") == "Asked",
        at_failures: args.word("checked") == "AtFailures",
    }
}
