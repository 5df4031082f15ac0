//! What keeps overload out.

use kneepoint_calls::ComponentId;
use kneepoint_components::Edge;
use kneepoint_components::overload::adaptive::{Adaptive, Aimd, Gradient, Vegas};
use kneepoint_components::overload::{
    Acceptance, Bulkhead, CoDel, ConcurrencyLimit, ConnectionPool, ControlledDelay, Controller, Discipline,
    PoolOptions, Queue, QueueShed, Reuse, Shed, SingleFlight, Throttle, When,
};
use kneepoint_engine::SimDuration;

use super::Stand;
use crate::build::{Builder, Built, law, unbuilt, wrong};
use crate::diagnostic::Fault;
use crate::typed::Args;

fn span(args: &Args, field: &str) -> SimDuration {
    SimDuration::from_nanos(args.duration(field))
}

/// `Bulkhead`.
pub(super) fn bulkhead(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let part = Bulkhead::new(stand.to, stand.args.count("max"), span(stand.args, "wait"));
    Ok(builder.stand(&stand, part))
}

/// `ConcurrencyLimit`.
pub(super) fn concurrency_limit(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let Some(limit) = stand.args.args("limit") else { return wrong(stand.args.head, "a limit is needed") };
    let limit = adaptive(limit)?;
    let queue = match stand.args.args("queue") {
        Some(args) => queue(builder, args)?,
        None => Queue::none(),
    };
    Ok(builder.stand(&stand, ConcurrencyLimit::new(stand.to, limit, queue)))
}

fn adaptive(args: &Args) -> Built<Adaptive> {
    let max = args.count("max");
    if args.kind() == "Fixed" {
        return Ok(Adaptive::Fixed(max));
    }
    let min = at_most(args, "min", max)?;
    Ok(match args.kind() {
        "Aimd" => Adaptive::Aimd(Aimd::new(min, max, span(args, "timeout"))),
        "Gradient" => Adaptive::Gradient(Gradient::new(min, max, args.number("tolerance"))),
        "Vegas" => Adaptive::Vegas(Vegas::new(min, max)),
        other => return unbuilt(args.head, &format!("`{other}`")),
    })
}

/// A least that is not above the most.
fn at_most(args: &Args, least: &str, max: u64) -> Built<u64> {
    let min = args.count(least);
    if min > max {
        let message = format!("`{least}` is {min}, more than `max`, which is {max}");
        return Err(vec![Fault::error(args.place_of(least), message).help(format!("0 to {max}"))]);
    }
    Ok(min)
}

fn queue(builder: &Builder<'_>, args: &Args) -> Built<Queue> {
    let discipline = match args.word("discipline") {
        "Fifo" => Discipline::Fifo,
        "Lifo" => Discipline::Lifo,
        other => {
            return unbuilt(args.place_of("discipline"), &format!("`{other}` before a ConcurrencyLimit"));
        }
    };
    let patience = args
        .distribution_if("patience")
        .map(|patience| law::distribution(builder.checked, patience, args.place_of("patience")));
    Ok(Queue { max: args.count_if("max").unwrap_or(u64::MAX), discipline, patience: patience.transpose()? })
}

/// `Shed`.
pub(super) fn shed(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let Some(when) = stand.args.args("when") else {
        return wrong(stand.args.head, "when calls are shed is needed");
    };
    let when = match when.kind() {
        "CoDel" => {
            let controller = Controller::CoDel(CoDel::new(span(when, "target"), span(when, "window")));
            return queue_shed(builder, stand, when, controller);
        }
        "AdaptiveLifo" => {
            let delay = ControlledDelay::new(span(when, "target"), span(when, "window"));
            return queue_shed(builder, stand, when, Controller::AdaptiveLifo(delay));
        }
        "LongerThan" => When::LongerThan(when.count("max")),
        "ByPriority" => When::ByPriority { max: when.count("max"), reserved: when.number("reserved") },
        "Busier" => When::Busier {
            than: when.number("than"),
            of: busy_ones(builder, &stand, when)?,
            every: span(when, "every"),
            delay: span(when, "delay"),
            window: when.duration_if("window").map_or(span(when, "every"), SimDuration::from_nanos),
        },
        other => return unbuilt(when.head, &format!("`{other}`")),
    };
    Ok(builder.stand(&stand, Shed::new(stand.to, when)))
}

fn queue_shed(
    builder: &mut Builder<'_>,
    stand: Stand<'_>,
    when: &Args,
    controller: Controller,
) -> Built<Edge> {
    let inside = match when.count_if("inside") {
        Some(inside) => inside,
        None => at_once(builder, &stand, when)?,
    };
    Ok(builder.stand(&stand, QueueShed::new(stand.to, inside, controller)))
}

/// How many calls whatever is behind works on at once.
fn at_once(builder: &Builder<'_>, stand: &Stand<'_>, when: &Args) -> Built<u64> {
    let (part, instance) = stand.toward;
    let part = &builder.checked.parts()[part];
    let concurrency = (part.args.kind() == "Service").then(|| part.args.args("concurrency")).flatten();
    let each = match concurrency.map(|concurrency| (concurrency.kind(), concurrency)) {
        Some(("Servers" | "Sharing", concurrency)) => Some(concurrency.count("servers")),
        Some(("Threads", concurrency)) => Some(concurrency.count("threads")),
        Some(("EventLoop", _)) => {
            Some(builder.checked.machine(part).and_then(|machine| machine.count_if("cores")).unwrap_or(1))
        }
        _ => None,
    };
    let Some(each) = each else {
        let message = format!("how many calls \"{}\" works on at once is not known", part.name);
        let fault = Fault::error(when.head, message);
        return Err(vec![fault.help(format!("{}(inside: 10, …): the others wait here", when.kind()))]);
    };
    Ok(if instance.is_some() { each } else { each.saturating_mul(part.instances()) })
}

/// The instances whose utilisation is looked at.
fn busy_ones(builder: &Builder<'_>, stand: &Stand<'_>, when: &Args) -> Built<Vec<ComponentId>> {
    let (number, instance) = stand.toward;
    let part = &builder.checked.parts()[number];
    let bounded = part.args.kind() == "Service"
        && part.args.args("concurrency").is_none_or(|concurrency| concurrency.kind() != "Unlimited");
    if !bounded {
        let fault = Fault::error(when.head, format!("\"{}\" has no utilisation", part.name));
        return Err(vec![
            fault.help("a Service has that works on a bounded number of calls; LongerThan(100) needs none"),
        ]);
    }
    let all = builder.components(number);
    Ok(match instance {
        Some(instance) => all.get(instance as usize).copied().into_iter().collect(),
        None => all.to_vec(),
    })
}

/// `Throttle`.
pub(super) fn throttle(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let acceptance = Acceptance::new(stand.args.number("factor"), span(stand.args, "window"));
    Ok(builder.stand(&stand, Throttle::new(stand.to, acceptance)))
}

/// `SingleFlight`.
pub(super) fn single_flight(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let Some(name) = stand.args.text("key") else {
        return wrong(stand.args.head, "a key space is needed");
    };
    let (node, place) = (stand.args.node, stand.args.place_of("key"));
    let (key, _) = builder.keys.key(builder.checked, name, node, place)?;
    Ok(builder.stand(&stand, SingleFlight::new(stand.to, key)))
}

/// `ConnectionPool`.
pub(super) fn connection_pool(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let args = stand.args;
    let max = args.count("max");
    let min = at_most(args, "min", max)?;
    let connect = law::distribution(builder.checked, args.distribution("connect"), args.place_of("connect"))?;
    let options = PoolOptions {
        min,
        max,
        wait: span(args, "wait"),
        connect,
        idle: args.duration_if("idle").map(SimDuration::from_nanos),
        reuse: if args.word("reuse") == "Fifo" { Reuse::Fifo } else { Reuse::Lifo },
    };
    let pool = ConnectionPool::new(stand.to, options);
    let (part, instance) = stand.toward;
    let end = match (builder.components(part), instance) {
        (all, Some(instance)) => all.get(instance as usize).copied(),
        ([only], None) => Some(*only),
        // One of several is chosen behind it.
        _ => None,
    };
    let pool = match end {
        Some(end) => pool.ends_at(end),
        None => pool,
    };
    Ok(builder.stand(&stand, pool))
}
