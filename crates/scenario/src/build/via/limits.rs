//! Rate limits.

use kneepoint_calls::Callee;
use kneepoint_components::Edge;
use kneepoint_components::limits::{
    Counted, FixedWindow, Gcra, LeakyBucket, Limit, Limiter, OnStoreError, Per, RateLimit, SharedLimit,
    SlidingCounter, SlidingLog, TokenBucket,
};
use kneepoint_engine::SimDuration;

use super::Stand;
use crate::build::wire::{self, Among};
use crate::build::{Builder, Built, unbuilt, wrong};
use crate::diagnostic::{Fault, did_you_mean};
use crate::topology::Call;
use crate::typed::{Args, Item};
use crate::value::Path;

/// Returns the scope that names a store, if what this one keeps is shared.
pub(super) fn store(args: &Args) -> Option<&Args> {
    if !["RateLimit", "Breaker"].contains(&args.kind()) {
        return None;
    }
    args.args("state").filter(|scope| scope.kind() == "Shared")
}

/// `RateLimit`.
pub(super) fn rate_limit(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let limiter = limiter(builder, stand.args)?;
    let Some(scope) = store(stand.args) else {
        return Ok(builder.stand(&stand, RateLimit::local(stand.to, limiter)));
    };
    let on_error = match stand.args.word("on_store_error") {
        "Admit" => OnStoreError::Admit,
        _ => OnStoreError::Refuse,
    };
    let asked = ask_store(builder, stand.args.kind(), stand.owner, scope)?;
    let counts = counts(builder, stand.args, limiter);
    Ok(builder.stand(&stand, RateLimit::shared(stand.to, asked, counts, on_error)))
}

/// The counts that all instances of a limit share: those of one place of the file.
fn counts(builder: &mut Builder<'_>, args: &Args, limiter: Limiter) -> Callee {
    if let Some(known) = builder.shared_limits.get(&args.node) {
        return *known;
    }
    let path = format!("shared limit {}", builder.shared_limits.len());
    let counts = builder.sim.serve(&path, SharedLimit::new(limiter));
    builder.shared_limits.insert(args.node, counts);
    counts
}

/// The way from whoever owns a limit or a breaker to its store, and the operation it asks for.
pub(super) fn ask_store(
    builder: &mut Builder<'_>,
    who: &str,
    (part, instance): (usize, usize),
    scope: &Args,
) -> Built<(Edge, u16)> {
    let place = scope.place_of("store");
    if builder.asking.contains(&scope.node) {
        let message = format!("to ask this store, this {who} would have to be asked first");
        let fault = Fault::error(place, message);
        return Err(vec![
            fault.help("it stands on the way to its own store: give that way a `via` of its own"),
        ]);
    }
    let Some(Path::Target(target)) = scope.path("store") else {
        return wrong(place, "a store is a part");
    };
    let among = wire::among(target, place)?;
    let topology = builder.checked.topology();
    let calls: Vec<Call> =
        topology.calls_at(scope.node).filter(|call| call.caller == part).cloned().collect();
    let Some(first) = calls.first() else {
        // Nobody comes this way: whatever is asked, is never asked.
        let to =
            topology.part(&target.place.root.value).and_then(|store| builder.doors[store].first().copied());
        return to.map(|to| (Edge::to(to), 0)).ok_or_else(Vec::new);
    };
    let operation = first.callee_operation.clone();
    if calls.iter().any(|call| call.callee_operation != operation) {
        let message = format!("\"{}\" is asked for several operations", target.place.root.value);
        let name = operation.as_deref().unwrap_or("default");
        let fault = Fault::error(place, message);
        return Err(vec![fault.help(format!("name one: Shared(\"{}:{name}\")", target.place.root.value))]);
    }
    let number = operation.map_or(0, |name| builder.numbers.operation(&name));
    builder.asking.push(scope.node);
    let edge = builder.edge(
        &calls,
        instance,
        match among {
            Among::Any => Among::All,
            among => among,
        },
    );
    builder.asking.pop();
    Ok((edge?, number))
}

fn limiter(builder: &Builder<'_>, args: &Args) -> Built<Limiter> {
    let per = match args.word("per") {
        "All" => Per::All,
        "User" => Per::User,
        "Ip" => Per::Ip,
        "Class" => Per::Class,
        other => return unbuilt(args.place_of("per"), &format!("`{other}`")),
    };
    let Some(written) = args.args("limit") else { return wrong(args.head, "a limit is needed") };
    let mut limiter = Limiter::new(limit(written, None)?, per, args.count("keys") as usize);
    let mut faults = Vec::new();
    for tier in args.map("tiers") {
        match (whose(builder, tier), tier_limit(written, tier)) {
            (Ok(Tier::Class(class)), Ok(limit)) => limiter = limiter.with_tier(class, limit),
            (Ok(Tier::Client(users)), Ok(limit)) => limiter = limiter.with_tier_of_users(users, limit),
            (whose, limit) => faults.extend(whose.err().into_iter().chain(limit.err()).flatten()),
        }
    }
    if faults.is_empty() { Ok(limiter) } else { Err(faults) }
}

/// Whose a tier is.
enum Tier {
    Class(u8),
    /// The users of a client, by their numbers.
    Client(std::ops::Range<u32>),
}

/// The class or client that a tier is called after.
fn whose(builder: &Builder<'_>, tier: &Item) -> Built<Tier> {
    let parts = builder.checked.parts();
    let clients = || parts.iter().enumerate().filter(|(_, part)| part.is_client);
    if clients().any(|(_, part)| part.operations.contains(&tier.key)) {
        return Ok(Tier::Class(builder.numbers.class(&tier.key)));
    }
    if let Some((at, _)) = clients().find(|(_, part)| part.name == tier.key) {
        return Ok(Tier::Client(builder.users(at)));
    }
    let known: std::collections::BTreeSet<&str> = clients()
        .flat_map(|(_, part)| part.operations.iter().chain([&part.name]))
        .map(|name| &**name)
        .collect();
    let fault =
        Fault::error(tier.key_place, format!("no client and no class of one is called \"{}\"", tier.key));
    Err(vec![fault.help(did_you_mean(&tier.key, '"', known.iter().copied()))])
}

fn tier_limit(written: &Args, tier: &Item) -> Built<Limit> {
    let rate = tier.value.number().unwrap_or(0.0);
    if rate <= 0.0 {
        return wrong(tier.value.place, "the rate of a tier is above 0");
    }
    limit(written, Some((rate, tier)))
}

/// Makes a limit; a tier has another rate, and the window or burst of the limit.
fn limit(args: &Args, tier: Option<(f64, &Item)>) -> Built<Limit> {
    let window = || SimDuration::from_nanos(args.duration("window"));
    let rate = || tier.map_or_else(|| args.number("rate"), |(rate, _)| rate);
    let calls = || -> Built<u64> {
        let Some((rate, tier)) = tier else { return Ok(args.count("limit")) };
        // A little is left of rounding: 1000/h for an hour are 1000.
        let calls = (rate * window().as_secs_f64() + 1e-6).floor();
        if calls < 1.0 {
            let fault = Fault::error(tier.value.place, "not one call in a window");
            return Err(vec![fault.help(format!("the window is {}: a longer one, or a bucket", window()))]);
        }
        Ok(calls as u64)
    };
    Ok(match args.kind() {
        "FixedWindow" => Limit::FixedWindow(FixedWindow::new(calls()?, window())),
        "SlidingLog" => {
            let step = SimDuration::from_nanos(args.duration("step"));
            Limit::SlidingLog(SlidingLog::new(calls()?, window()).merging(step))
        }
        "SlidingCounter" => {
            let counted = match args.word("counts") {
                "All" => Counted::All,
                _ => Counted::Admitted,
            };
            Limit::SlidingCounter(SlidingCounter::new(calls()?, window(), counted))
        }
        "LeakyBucket" => {
            if rate() < 0.001 {
                return wrong(tier.map_or(args.place_of("rate"), |(_, tier)| tier.value.place), TOO_SLOW);
            }
            Limit::LeakyBucket(LeakyBucket::new(rate(), args.count("burst"), args.count("delay")))
        }
        "TokenBucket" => Limit::TokenBucket(TokenBucket::new(rate(), args.count("burst"))),
        "Gcra" => {
            if rate() > 1e9 {
                return wrong(args.place_of("rate"), "calls are due a nanosecond apart at least");
            }
            Limit::Gcra(Gcra::new(rate(), args.count("burst")))
        }
        other => return unbuilt(args.head, &format!("`{other}`")),
    })
}

/// nginx keeps rates in thousandths of a call per second.
const TOO_SLOW: &str =
    "a leaky bucket drains at 0.001/s (3.6/h) at least; TokenBucket and Gcra can be slower";
