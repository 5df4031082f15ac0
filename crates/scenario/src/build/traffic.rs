//! Clients.

use kneepoint_calls::ComponentId;
use kneepoint_components::Edge;
use kneepoint_components::client::{
    ArrivalProcess, Arrivals, Class, Classes, ClosedClient, MmppState, OpenClient, RateProfile,
    SessionClient, TraceClient,
};
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

use super::{Builder, Built, law, table, unbuilt, wire, wrong};
use crate::topology::{Call, Part};
use crate::typed::{Args, Data};
use crate::value::Path;

/// Adds a client.
pub(super) fn client(builder: &mut Builder<'_>, at: usize, part: &Part) -> Built<ComponentId> {
    let args = &part.args;
    if args.kind.field("places").is_some() && args.list("places").len() > 1 {
        return unbuilt(args.place_of("places"), "a client in several places");
    }
    let (edge, classes) = ask(builder, at, part)?;
    let drawn =
        |field: &str| law::distribution(builder.checked, args.distribution(field), args.place_of(field));
    Ok(match args.kind() {
        "OpenClient" => {
            let arrivals = arrivals(builder, args, "rate")?;
            let batch = drawn("batch")?;
            let client = OpenClient::new(edge, arrivals, classes);
            let client = if batch.is_constant() == Some(1.0) { client } else { client.with_batch(batch) };
            builder.sim.add(&part.name, client)
        }
        "ClosedClient" => {
            let users = law::profile(builder.checked, args.profile("users"), args.place_of("users"))?
                .scaled(builder.load);
            let think = drawn("think")?;
            builder.sim.add(&part.name, ClosedClient::new(edge, users, think, classes))
        }
        "SessionClient" => {
            let rate = law::profile(builder.checked, args.profile("sessions"), args.place_of("sessions"))?
                .scaled(builder.load);
            let arrivals = ArrivalProcess::new(Arrivals::Poisson, Some(rate))
                .or_else(|e| wrong(args.head, e.to_string()))?;
            let (requests, think) = (drawn("requests")?, drawn("think")?);
            builder.sim.add(&part.name, SessionClient::new(edge, arrivals, requests, think, classes))
        }
        "TraceClient" => {
            let records = table::records(builder.checked, args, &part.operations)?;
            let (speed, repeat) = (args.number("speed") * builder.load, args.flag("repeat"));
            let client = TraceClient::new(edge, records, speed, repeat, classes)
                .or_else(|e| wrong(args.head, e.to_string()))?;
            builder.sim.add(&part.name, client)
        }
        other => return unbuilt(args.head, &format!("`{other}`")),
    })
}

/// The client's edge and classes. Several classes may ask for operations over edges of their own.
fn ask(builder: &mut Builder<'_>, at: usize, part: &Part) -> Built<(Edge, Classes)> {
    let args = &part.args;
    let Some(Path::Target(target)) = args.path("to") else {
        return wrong(args.head, "a client calls a part");
    };
    let only = wire::only(target, args.place_of("to"))?;
    let calls: Vec<Call> = builder.checked.topology().calls_at(args.node).cloned().collect();
    let calls: Vec<Call> = calls.into_iter().filter(|call| call.caller == at).collect();
    let Some(first) = calls.first() else {
        return wrong(args.place_of("to"), "nobody is called here");
    };
    if calls.iter().any(|call| call.edge != first.edge) {
        return unbuilt(args.place_of("to"), "a client whose edges differ by class");
    }
    let edge = builder.edge(first, 0, only)?;
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

fn arrivals(builder: &Builder<'_>, args: &Args, field: &str) -> Built<ArrivalProcess> {
    let checked = builder.checked;
    let rate: Option<RateProfile> = match args.profile_if(field) {
        Some(spec) => Some(law::profile(checked, spec, args.place_of(field))?.scaled(builder.load)),
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
