//! Clients.

use kneepoint_calls::ComponentId;
use kneepoint_components::Edge;
use kneepoint_components::client::{
    ArrivalProcess, Arrivals, Class, Classes, ClosedClient, MmppState, OpenClient, RateProfile, Senders,
    SessionClient, TraceClient,
};
use kneepoint_components::resilience::{Retries, Retry};
use kneepoint_components::routing::Origins;
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Distribution;

use super::wire::Among;
use super::{Builder, Built, law, unbuilt, wire, wrong};
use crate::diagnostic::Fault;
use crate::plan::Recording;
use crate::topology::{Call, Part};
use crate::typed::{Args, Data};
use crate::value::Path;

/// Users of all clients at most, as the table of kinds bounds those of one.
pub(super) const USERS_MAX: f64 = 10_000_000.0;

/// Adds a client.
pub(super) fn client(builder: &mut Builder<'_>, at: usize, part: &Part) -> Built<ComponentId> {
    let (args, load) = (&part.args, builder.load);
    let asks = ask(builder, at, part).map(|(edge, classes)| (reacting(builder, part, edge), classes));
    let drawn =
        |field: &str| law::distribution(builder.checked, args.distribution(field), args.place_of(field));
    let course = |field: &str| law::profile(builder.checked, args.profile(field), args.place_of(field));
    Ok(match args.kind() {
        "OpenClient" => {
            let found = both(asks, both(arrivals(builder, part, "rate"), drawn("batch")));
            let ((edge, classes), (arrivals, batch)) = found?;
            let client = OpenClient::new(edge, arrivals, classes).with_senders(senders(builder, at, args));
            let client = if batch.is_constant() == Some(1.0) { client } else { client.with_batch(batch) };
            builder.sim.add(&part.name, client)
        }
        "ClosedClient" => {
            let users = course("users").and_then(|users| pulsed(builder, part, users.scaled(load)));
            let ((edge, classes), (users, think)) = both(asks, both(users, drawn("think")))?;
            few_enough(builder, args, &users)?;
            let each = each_a_sender(builder, at);
            builder.sim.add(&part.name, ClosedClient::new(edge, users, think, classes).with_senders(each))
        }
        "SessionClient" => {
            let sessions = course("sessions").and_then(|rate| pulsed(builder, part, rate.scaled(load)));
            let arrivals = sessions.and_then(|rate| {
                ArrivalProcess::new(Arrivals::Poisson, Some(rate))
                    .or_else(|e| wrong(args.head, e.to_string()))
            });
            let sessions = both(drawn("requests"), drawn("think"));
            let ((edge, classes), (arrivals, (requests, think))) = both(asks, both(arrivals, sessions))?;
            let each = each_a_sender(builder, at);
            let client = SessionClient::new(edge, arrivals, requests, think, classes).with_senders(each);
            builder.sim.add(&part.name, client)
        }
        "TraceClient" => {
            if takes_pulse(builder, part) {
                return wrong(args.head, format!("{} is a recording, whose load takes no pulse", part.name));
            }
            // A recording that could not be read has been said.
            let trace = builder.keys.trace(at).ok_or_else(Vec::new);
            let ((edge, classes), trace) = both(asks, trace)?;
            let (speed, repeat) = (args.number("speed") * load, args.flag("repeat"));
            if let (false, Some(last)) = (repeat, trace.records.last()) {
                let ends = SimTime::from_nanos((last.at.as_nanos() as f64 / speed) as u64);
                builder.recordings.push(Recording { client: part.name.to_string(), ends });
            }
            let client = TraceClient::new(edge, trace.records, speed, repeat, classes);
            let client = match trace.numbered_from {
                Some(from) => client.and_then(|client| client.numbered(from)),
                None => client,
            };
            let client = client.or_else(|e| wrong(args.head, e.to_string()))?;
            let one = Senders::new(builder.first_user[at], 1, 1);
            builder.sim.add(&part.name, client.with_senders(one))
        }
        other => return unbuilt(args.head, &format!("`{other}`")),
    })
}

/// A client that comes back when it is told to: another try after each refusal that says when.
///
/// # Source
/// RFC 9110, 10.2.3 (Retry-After). Who is not told when does not come back.
fn reacting(builder: &mut Builder<'_>, part: &Part, edge: Edge) -> Edge {
    let args = &part.args;
    if args.kind.field("reacts").is_none() || args.word("reacts") != "RetryAfter" {
        return edge;
    }
    let callee =
        builder.sim.serve(&format!("{} RetryAfter", part.name), Retry::new(edge, Retries::when_told()));
    builder.note_middle(&part.name, 0, "RetryAfter", callee.id());
    Edge::to(callee)
}

/// The users of a client whose requests are of one of so many.
fn senders(builder: &Builder<'_>, at: usize, args: &Args) -> Senders {
    let users = args.count("users") as u32;
    let addresses = args.count_if("addresses").map_or(users, |addresses| addresses as u32);
    Senders::new(builder.first_user[at], users, addresses)
}

/// Numbers for a client whose users are themselves, each with an address.
fn each_a_sender(builder: &Builder<'_>, at: usize) -> Senders {
    Senders::each(builder.first_user[at], USERS_MAX as u32)
}

/// Whether the client is one of those that bring more for a while.
fn takes_pulse(builder: &Builder<'_>, part: &Part) -> bool {
    builder.pulse.is_some_and(|pulse| pulse.clients.iter().any(|name| **name == *part.name))
}

/// What a client brings over time, and more of it during a pulse.
fn pulsed(builder: &Builder<'_>, part: &Part, course: RateProfile) -> Built<RateProfile> {
    let Some(pulse) = builder.pulse.filter(|_| takes_pulse(builder, part)) else { return Ok(course) };
    let span = SimDuration::from_nanos;
    let widths = [span(0), span(pulse.hold), span(0)];
    RateProfile::spike(1.0, pulse.factor, SimTime::from_nanos(pulse.at), widths)
        .and_then(|spike| RateProfile::product(vec![course, spike]))
        .or_else(|error| wrong(part.args.head, error.to_string()))
}

/// Holds that all users of all clients, who come in one event, are not more than the run may hold.
fn few_enough(builder: &mut Builder<'_>, args: &Args, users: &RateProfile) -> Built<()> {
    /// Bytes of a user who thinks: what is known of them, and the event that wakes them.
    const USER_BYTES: f64 = 64.0;
    let Some(run) = builder.checked.run() else { return Ok(()) };
    let end = SimTime::ZERO + SimDuration::from_nanos(run.duration("duration"));
    builder.users += users.maximum(SimTime::ZERO, end);
    let memory = run.args("limits").map_or(f64::MAX, |limits| limits.number("memory"));
    let most = (memory / USER_BYTES).min(USERS_MAX);
    if builder.users > most {
        let message = format!("{:.0} users at once are more than the run can hold", builder.users.ceil());
        let help = format!("all clients together have at most {:.0} (run.limits.memory)", most.floor());
        return Err(vec![Fault::error(args.place_of("users"), message).help(help)]);
    }
    Ok(())
}

/// Both values, or the faults of both.
fn both<A, B>(a: Built<A>, b: Built<B>) -> Built<(A, B)> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).flatten().collect()),
    }
}

/// The client's edge and classes. Several classes may ask for operations over edges of their own.
fn ask(builder: &mut Builder<'_>, at: usize, part: &Part) -> Built<(Edge, Classes)> {
    let args = &part.args;
    let Some(Path::Target(target)) = args.path("to") else {
        return wrong(args.head, "a client calls a part");
    };
    let among = wire::among(target, args.place_of("to"))?;
    let calls: Vec<Call> = builder.checked.topology().calls_at(args.node).cloned().collect();
    let calls: Vec<Call> = calls.into_iter().filter(|call| call.caller == at).collect();
    if calls.is_empty() {
        return wrong(args.place_of("to"), "nobody is called here");
    }
    let edge = from_places(builder, part, &calls, among)?;
    let mut classes = Vec::new();
    for (name, record) in records(part) {
        // Named, or what the topology found, or what the class is called.
        let call = calls.iter().find(|call| call.operation.as_deref() == Some(name));
        let operation = match &target.operation {
            Some(operation) => operation.value.as_str(),
            None => call.and_then(|call| call.callee_operation.as_deref()).unwrap_or(name),
        };
        let mut class = Class {
            id: builder.numbers.class(name),
            operation: builder.numbers.operation(operation),
            ..Class::named(name)
        };
        if let Some(record) = record {
            let size = |field: &str| -> Built<Option<Distribution>> {
                let law =
                    law::distribution(builder.checked, record.distribution(field), record.place_of(field))?;
                Ok((law.is_constant() != Some(0.0)).then_some(law))
            };
            class.share = record.number("share");
            class.priority = u8::try_from(record.count("priority")).or_else(|_| {
                wrong(record.place_of("priority"), "a priority is at most 255; 0 is most urgent")
            })?;
            class.size = size("size")?;
            class.reply = size("reply")?;
            class.deadline = record.duration_if("deadline").map(SimDuration::from_nanos);
        }
        classes.push(class);
    }
    // Shares written with a few digits, as thirds are, are what is meant once they are checked to add up.
    let sum: f64 = classes.iter().map(|class| class.share).sum();
    if sum > 0.0 {
        classes.iter_mut().for_each(|class| class.share /= sum);
    }
    let place = if has_classes(args) { args.place_of("classes") } else { args.head };
    let classes = Classes::new(classes).or_else(|error| wrong(place, error.to_string()))?;
    Ok((edge, classes))
}

/// The edge from where a client stands; from several places, an edge for each, and each request comes from one.
fn from_places(builder: &mut Builder<'_>, part: &Part, calls: &[Call], among: Among) -> Built<Edge> {
    let args = &part.args;
    let places = if args.kind.field("places").is_some() { args.list("places").len() } else { 0 };
    if places < 2 {
        return builder.edge(calls, 0, among);
    }
    if !matches!(args.kind(), "OpenClient" | "TraceClient") {
        // One who waits stays where he is; which of the users stands where is for the author to say.
        return unbuilt(args.place_of("places"), &format!("a {} in several places", args.kind())).map_err(
            |mut faults| {
                faults
                    .iter_mut()
                    .for_each(|fault| fault.help = Some("write one client for each place".to_string()));
                faults
            },
        );
    }
    let edges = (0..places).map(|place| builder.edge(calls, place, among)).collect::<Built<Vec<Edge>>>()?;
    Ok(Edge::to(builder.sim.serve(&format!("{} places", part.name), Origins::new(edges))))
}

/// A recorded client has none: its classes are in the record.
fn has_classes(args: &Args) -> bool {
    args.kind.field("classes").is_some()
}

fn records(part: &Part) -> Vec<(&str, Option<&Args>)> {
    let items = if has_classes(&part.args) { part.args.map("classes") } else { &[] };
    if items.is_empty() && part.operations.is_empty() {
        return vec![("default", None)];
    }
    if items.is_empty() {
        return part.operations.iter().map(|name| (&**name, None)).collect();
    }
    items.iter().map(|item| (&*item.key, item.value.as_args())).collect()
}

fn arrivals(builder: &Builder<'_>, part: &Part, field: &str) -> Built<ArrivalProcess> {
    let (checked, args) = (builder.checked, &part.args);
    let rate: Option<RateProfile> = match args.profile_if(field) {
        Some(spec) => {
            let rate = law::profile(checked, spec, args.place_of(field))?.scaled(builder.load);
            Some(pulsed(builder, part, rate)?)
        }
        None if takes_pulse(builder, part) => {
            return wrong(
                args.head,
                format!("{} has no rate that takes a pulse: its gaps say it", part.name),
            );
        }
        None => None,
    };
    // Without a rate the gaps say it: they shrink as the load grows.
    let shorter = if rate.is_none() { 1.0 / builder.load } else { 1.0 };
    let Some(kind) = args.args("arrivals") else {
        return wrong(args.head, "arrivals have a default");
    };
    let arrivals = match kind.kind() {
        "Poisson" => Arrivals::Poisson,
        "Constant" => Arrivals::Constant,
        "Renewal" => {
            let gap = law::distribution(checked, kind.distribution("gap"), kind.place_of("gap"))?;
            Arrivals::Renewal(if shorter == 1.0 { gap } else { gap.scaled(shorter) })
        }
        "Mmpp" => {
            let mut states = Vec::new();
            for value in kind.list("states") {
                let Data::Args(state) = &value.data else { continue };
                let stay = law::distribution(checked, state.distribution("stay"), state.place_of("stay"))?;
                states.push(MmppState { rate: state.number("rate") / shorter, stay });
            }
            Arrivals::Mmpp(states)
        }
        other => return unbuilt(kind.head, &format!("`{other}`")),
    };
    ArrivalProcess::new(arrivals, rate).or_else(|error| wrong(args.head, error.to_string()))
}
