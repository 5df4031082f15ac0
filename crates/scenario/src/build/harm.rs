//! Faults and actions of a scenario.

use std::collections::BTreeSet;

use kneepoint_calls::{ComponentId, Status};
use kneepoint_components::fault::{Harm, Injection, Injector, Part as HowMany, Targets, Trigger};
use kneepoint_engine::{SimDuration, SimTime};

use super::places::Places;
use super::{Builder, Built, law, unbuilt, wrong};
use crate::diagnostic::Fault;
use crate::file::Place;
use crate::topology::Part;
use crate::typed::{Args, Data};
use crate::value::{Path, Piece, Target};

/// How often a fault may repeat, at most: mean time from one to the next \[ns\].
///
/// # Source
/// Chosen: a simulated hour then has 7e9 events, which is hours of a processor; nothing that fails or is stopped does so faster.
const OFTEN: f64 = 1_000.0;

/// Adds what lets a fault or an action happen.
pub(super) fn injector(builder: &mut Builder<'_>, name: &str, args: &Args) -> Built<()> {
    let mut harm = match args.kind() {
        "Crash" => Harm::Crash { refuse: Status::Unavailable },
        "Stop" => Harm::Stop { drain: SimDuration::ZERO },
        "Hang" => Harm::Hang,
        "Slow" => Harm::Slow { by: args.number("by"), share: args.number("share") },
        other => return unbuilt(args.head, &format!("`{other}`")),
    };
    if args.get("when").is_some() {
        return unbuilt(args.place_of("when"), &format!("`when` of a {}", args.kind.family));
    }
    let trigger = match args.get("at").map(|value| &value.data) {
        Some(Data::Quantity(at)) => Trigger::At(vec![SimTime::from_nanos(at.nanoseconds())]),
        Some(Data::List(list)) => Trigger::At(
            list.iter()
                .filter_map(|value| match &value.data {
                    Data::Quantity(at) => Some(SimTime::from_nanos(at.nanoseconds())),
                    _ => None,
                })
                .collect(),
        ),
        _ => Trigger::Every(law::distribution(
            builder.checked,
            args.distribution("every"),
            args.place_of("every"),
        )?),
    };
    let lasts = match args.distribution_if("lasts") {
        Some(spec) => Some(law::distribution(builder.checked, spec, args.place_of("lasts"))?),
        None => None,
    };
    if let (Trigger::Every(every), Some(lasts)) = (&trigger, &lasts)
        && every.mean() + lasts.mean() < OFTEN
    {
        let (place, family) = (args.place_of("every"), &args.kind.family);
        if every.mean() + lasts.mean() <= 0.0 {
            return wrong(place, format!("a {family} that repeats without taking any time never ends"));
        }
        let message = format!("a {family} that repeats within a microsecond would take hours to run");
        let fault = Fault::error(place, message);
        return Err(vec![fault.help("`every` and `lasts` together take 1us or more on average")]);
    }
    let place = args.place_of("on");
    let what = if &*args.kind.family == "action" { "an action" } else { "a fault" };
    let Some(Path::Target(target)) = args.path("on") else {
        return unbuilt(place, &format!("{what} of an edge"));
    };
    if target.operation.is_some() {
        return unbuilt(place, &format!("{what} of one operation"));
    }
    let mut targets = targets(builder, target, what, place)?;
    if let Harm::Slow { .. } = harm {
        only_those_who_work(builder, &mut targets, place)?;
    }
    if let Harm::Stop { drain } = &mut harm {
        *drain = longest_drain(builder, all(&targets));
    }
    let injection = Injection { harm, targets, trigger, lasts };
    builder.sim.add(&format!("{} {name}", args.kind.family), Injector::new(injection));
    Ok(())
}

/// How long the one of them that drains longest goes on.
fn longest_drain(builder: &Builder<'_>, targets: &[ComponentId]) -> SimDuration {
    let parts = builder.checked.parts().iter().enumerate();
    let hit = parts.filter(|(at, _)| builder.components(*at).iter().any(|id| targets.contains(id)));
    hit.map(|(_, part)| drain(part)).max().unwrap_or(SimDuration::ZERO)
}

/// How long an instance goes on when it is to end.
pub(super) fn drain(part: &Part) -> SimDuration {
    let shut_down = part.args.kind.field("shut_down").and_then(|_| part.args.args("shut_down"));
    shut_down.map_or(SimDuration::ZERO, |args| SimDuration::from_nanos(args.duration("drain")))
}

/// Which kinds have work of their own, which can be slow.
pub(crate) const WORK: [&str; 2] = ["Service", "Delay"];

/// Whether it has work of its own.
pub(crate) fn works(part: &Part) -> bool {
    WORK.contains(&part.args.kind())
}

/// Leaves out those who have no work of their own that could take longer, which a warning has said; if there is nobody else,
/// says so.
fn only_those_who_work(builder: &Builder<'_>, targets: &mut Targets, place: Place) -> Built<()> {
    let parts = builder.checked.parts().iter().enumerate();
    let working: BTreeSet<ComponentId> =
        parts.filter(|(_, part)| works(part)).flat_map(|(at, _)| builder.components(at)).copied().collect();
    let (Targets::Together(of) | Targets::Each(of) | Targets::Any { among: of, .. }) = targets;
    of.retain(|id| working.contains(id));
    if of.is_empty() {
        let fault = Fault::error(place, "`Slow` acts on work, and here nobody works");
        return Err(vec![fault.help(format!("name a {}", WORK.join(" or a ")))]);
    }
    Ok(())
}

fn targets(builder: &Builder<'_>, target: &Target, what: &str, place: Place) -> Built<Targets> {
    let root = target.place.root.value.as_str();
    let pieces: Vec<&Piece> = target.place.pieces.iter().map(|piece| &piece.value).collect();
    let checked = builder.checked;
    if let Some(part) = checked.topology().part(root) {
        if checked.parts()[part].args.kind() == "Dns" {
            return unbuilt(place, &format!("{what} of a Dns, whose names are still known for a while,"));
        }
        let of: Vec<ComponentId> = builder.components(part).to_vec();
        return match pieces.as_slice() {
            [] => Ok(Targets::Together(of)),
            [Piece::Index(at)] => match of.get(*at as usize) {
                Some(id) => Ok(Targets::Together(vec![*id])),
                None => wrong(place, format!("{root} has instances 0 to {}", of.len().saturating_sub(1))),
            },
            [Piece::Each] => Ok(Targets::Each(of)),
            [Piece::Any] => Ok(Targets::Any { among: of, part: HowMany::Count(1) }),
            [Piece::AnyCount(count)] => Ok(Targets::Any { among: of, part: HowMany::Count(*count as usize) }),
            [Piece::AnyShare(share)] => Ok(Targets::Any { among: of, part: HowMany::Share(*share) }),
            _ => unbuilt(place, "a role inside a part"),
        };
    }
    let root_args = checked.root();
    if root_args.map("regions").iter().any(|item| &*item.key == root) {
        let of = standing(builder, root, &pieces);
        if of.is_empty() {
            return wrong(place, format!("nothing stands in {}", target.place));
        }
        return Ok(Targets::Together(of));
    }
    if let Some(domain) = root_args.map("domains").iter().find(|item| &*item.key == root) {
        let mut of = Vec::new();
        let (mut named, mut met) = (BTreeSet::from([root]), BTreeSet::new());
        in_domain(builder, &domain.value.data, what, &mut named, &mut |id| {
            if met.insert(id) {
                of.push(id);
            }
        })?;
        if of.is_empty() {
            return wrong(place, format!("there is nothing in {root}"));
        }
        return Ok(Targets::Together(of));
    }
    unbuilt(place, &format!("{what} of this"))
}

/// Meets what belongs to a domain, and to those in it, each of which is looked at once.
fn in_domain<'d>(
    builder: &'d Builder<'_>,
    list: &'d Data,
    what: &str,
    named: &mut BTreeSet<&'d str>,
    meet: &mut impl FnMut(ComponentId),
) -> Built<()> {
    let mut open = vec![list];
    while let Some(list) = open.pop() {
        let Data::List(paths) = list else { continue };
        for value in paths {
            let Data::Path(Path::Target(inner)) = &value.data else { continue };
            let root = inner.place.root.value.as_str();
            match builder.checked.root().map("domains").iter().find(|item| &*item.key == root) {
                Some(domain) if named.insert(root) => open.push(&domain.value.data),
                Some(_) => {}
                None => all(&targets(builder, inner, what, value.place)?).iter().for_each(|id| meet(*id)),
            }
        }
    }
    Ok(())
}

fn all(targets: &Targets) -> &[ComponentId] {
    match targets {
        Targets::Together(of) | Targets::Each(of) | Targets::Any { among: of, .. } => of,
    }
}

/// The components that stand in a region or zone, or those of one part there.
fn standing(builder: &Builder<'_>, region: &str, pieces: &[&Piece]) -> Vec<ComponentId> {
    let names: Vec<&str> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let parts = builder.checked.parts();
    let named_part = names.iter().copied().find(|name| builder.checked.topology().part(name).is_some());
    let zone = names.first().copied().filter(|name| Some(*name) != named_part);
    let mut of = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if part.is_client || named_part.is_some_and(|name| name != &*part.name) {
            continue;
        }
        for (instance, id) in builder.components(at).iter().enumerate() {
            let Some(spot) = Places::spot(part, instance) else { continue };
            if spot.region == region && zone.is_none_or(|zone| spot.zone.as_deref() == Some(zone)) {
                of.push(*id);
            }
        }
    }
    of
}
