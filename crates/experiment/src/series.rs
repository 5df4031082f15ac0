//! Which series a part has, and what is read for each.

use kneepoint_calls::{ComponentId, STATUSES, Status};
use kneepoint_scenario::plan::{MiddlePlan, PartPlan, PartRole};
use kneepoint_scenario::value::{Piece, Target};

use crate::middle::KEPT_AS;
use crate::probe::{CountOf, Probe, SamplesOf};
use crate::program::Reason;

pub(crate) fn unknown_series(part: &PartPlan, name: &str) -> String {
    let has = match part.role {
        PartRole::Client { .. } => {
            "latency, requests, attempts, goodput, errors, availability, in_flight and one per status"
        }
        PartRole::Station => {
            "calls, goodput, errors, availability, lost, response, waiting, service, completion, utilisation, \
             queue, in_flight, threads and one per status"
        }
        PartRole::Router if is_balancer(part) => {
            return format!(
                "\"{}\" has no series `{name}`; it has calls, goodput, errors, availability, lost, response, in_flight, \
                 {}, {} and one per status",
                part.name,
                BALANCING.map(|(name, _)| name).join(", "),
                BALANCED.join(", ")
            );
        }
        PartRole::Delay | PartRole::Router => {
            "calls, goodput, errors, availability, lost, response, in_flight and one per status"
        }
    };
    format!("\"{}\" has no series `{name}`; it has {has}", part.name)
}

/// Levels of a balancer, and what they are kept as.
const BALANCING: [(&str, &str); 3] = [("queue", "waiting"), ("up", "up"), ("listed", "listed")];

/// What a balancer counts.
const BALANCED: [&str; 9] = [
    "checks",
    "failed_checks",
    "ejections",
    "retried",
    "patience_lost",
    "nobody",
    "chosen_anew",
    "broken",
    "handshakes",
];

fn is_balancer(part: &PartPlan) -> bool {
    part.kind == "Balancer"
}

/// Reads a series that only a balancer has.
fn of_a_balancer(ids: &[ComponentId], name: &str) -> Option<Probe> {
    if let Some((_, kept)) = BALANCING.iter().find(|(known, _)| *known == name) {
        return Some(Probe::Level(ids.iter().map(|id| (*id, *kept)).collect()));
    }
    let name = BALANCED.into_iter().find(|known| *known == name)?;
    let (_, kept) = KEPT_AS.into_iter().find(|(known, _)| *known == name).unwrap_or((name, name));
    let part = ids.iter().map(|id| CountOf::Series(*id, kept.to_string())).collect();
    Some(Probe::Counts { part, whole: Vec::new() })
}

/// Instances that are measured together.
pub(crate) struct Group {
    /// The number of the only one, if it is measured on its own.
    pub instance: Option<usize>,
    pub ids: Vec<ComponentId>,
}

/// Returns what the target names: all instances together, or each on its own.
pub(crate) fn instances(part: &PartPlan, target: &Target, compare: bool) -> Result<Vec<Group>, Reason> {
    let one = |i, id| Group { instance: Some(i), ids: vec![id] };
    let each = || part.instances.iter().enumerate().map(|(i, id)| one(i, *id)).collect();
    let pieces: Vec<&Piece> = target.place.pieces.iter().map(|p| &p.value).collect();
    match pieces[..] {
        [] if compare => Ok(each()),
        [] => Ok(vec![Group { instance: None, ids: part.instances.clone() }]),
        [Piece::Each] => Ok(each()),
        [Piece::Index(i)] => match part.instances.get(*i as usize) {
            Some(id) => Ok(vec![one(*i as usize, *id)]),
            None => Err(format!(
                "\"{}\" has {} instances, numbered from 0: there is no {i}",
                part.name,
                part.instances.len()
            )),
        },
        _ => Err(format!("a metric takes \"{0}\", \"{0}/*\" or one instance as in \"{0}/0\"", part.name)),
    }
}

/// The statuses that have a series of their own.
const STATUS_SERIES: [(&str, Status); 9] = [
    ("timeouts", Status::Timeout),
    ("rejected", Status::Rejected),
    ("shed", Status::Shed),
    ("limited", Status::Limited),
    ("refused", Status::Refused),
    ("unavailable", Status::Unavailable),
    ("failed", Status::Failed),
    ("stale", Status::Stale),
    ("degraded", Status::Degraded),
];

/// Returns which ends are counted by a series, and whether lost calls are among them.
fn counted(name: &str) -> Option<([bool; STATUSES], bool)> {
    let which = |test: &dyn Fn(Status) -> bool| {
        let mut which = [false; STATUSES];
        Status::ALL.iter().for_each(|s| which[*s as usize] = test(*s));
        which
    };
    match name {
        "goodput" | "availability" => Some((which(&Status::is_good), false)),
        "errors" => Some((which(&|s| !s.is_good()), true)),
        _ => STATUS_SERIES.iter().find(|(n, _)| *n == name).map(|(_, s)| (which(&|t| t == *s), false)),
    }
}

/// What is counted of further tries, by the kind that makes them.
const TRIES: [(&str, &str); 4] =
    [("Retry", "retries"), ("RetryAfter", "retries"), ("Hedge", "hedges"), ("Balance", "retried")];

/// Where the further tries of a client are counted: what stands on edges that leave it, and its own reaction.
fn tries<'a>(client: &'a str, middles: &'a [MiddlePlan]) -> impl Iterator<Item = CountOf> + 'a {
    let own = move |middle: &&MiddlePlan| {
        let from = middle.at.split(" -> ").next().unwrap_or_default();
        let at_edge = middle.at.contains(" -> ") && from.split(':').next() == Some(client);
        at_edge || (middle.at == client && middle.kind == "RetryAfter")
    };
    middles.iter().filter(own).flat_map(|middle| {
        let counted = TRIES.iter().find(|(kind, _)| *kind == middle.kind).map(|(_, name)| *name);
        let each = move |name: &str| -> Vec<CountOf> {
            middle.instances.iter().map(|id| CountOf::Series(*id, name.to_string())).collect()
        };
        counted.map(each).unwrap_or_default()
    })
}

/// Reads a series of instances of a part; `middles` are all of the plan.
pub(crate) fn probe(
    part: &PartPlan,
    ids: &[ComponentId],
    operation: Option<&str>,
    name: &str,
    middles: &[MiddlePlan],
) -> Result<Probe, Reason> {
    match &part.role {
        PartRole::Client { classes } => {
            let classes: Vec<&str> = match operation {
                None => classes.iter().map(String::as_str).collect(),
                Some(class) if classes.iter().any(|c| c == class) => vec![class],
                Some(class) => return Err(format!("\"{}\" has no class `{class}`", part.name)),
            };
            if name == "attempts" && operation.is_some() {
                return Err("further tries are counted for all classes together".to_string());
            }
            let probe = client_probe(part, ids, &classes, operation.is_some(), name)?;
            Ok(match probe {
                // Every request is a try, and so is whatever follows it.
                Probe::Counts { part: mut requests, whole } if name == "attempts" => {
                    requests.extend(tries(&part.name, middles));
                    Probe::Counts { part: requests, whole }
                }
                probe => probe,
            })
        }
        _ => {
            let probe = station_probe(part, ids, operation, name)?;
            Ok(match (probe, operation) {
                (Probe::Counts { part: concerned, whole }, None) if !whole.is_empty() => {
                    with_door(part, ids, name, middles, (concerned, whole))
                }
                (probe, _) => probe,
            })
        }
    }
}

/// Statuses with which calls are turned away at a door, before the part has seen them.
const TURNED_AWAY: [&str; 4] = ["rejected", "shed", "limited", "refused"];

/// Who turns calls away at the door of each instance of a part: where it is counted, and with which status.
pub(crate) fn doors<'a>(
    part: &'a PartPlan,
    middles: &'a [MiddlePlan],
) -> impl Iterator<Item = (ComponentId, ComponentId, (&'static str, Status))> + 'a {
    let at_door = |middle: &&MiddlePlan| {
        // One before each instance, in their order.
        middle.at == part.name && middle.instances.len() == part.instances.len()
    };
    middles.iter().filter(at_door).flat_map(|middle| {
        let turns_away = move |(name, _): &(&str, Status)| {
            TURNED_AWAY.contains(name) && middle.series.iter().any(|own| own == name)
        };
        part.instances.iter().zip(&middle.instances).flat_map(move |(behind, at)| {
            STATUS_SERIES.into_iter().filter(turns_away).map(|status| (*behind, *at, status))
        })
    })
}

/// Adds to what a part has answered the calls that were turned away at its door.
fn with_door(
    part: &PartPlan,
    ids: &[ComponentId],
    name: &str,
    middles: &[MiddlePlan],
    (mut concerned, mut whole): (Vec<CountOf>, Vec<CountOf>),
) -> Probe {
    for (_, at, (status, _)) in doors(part, middles).filter(|(behind, ..)| ids.contains(behind)) {
        let count = CountOf::Series(at, status.to_string());
        if name == status || name == "errors" {
            concerned.push(count.clone());
        }
        whole.push(count);
    }
    Probe::Counts { part: concerned, whole }
}

fn client_probe(
    part: &PartPlan,
    ids: &[ComponentId],
    classes: &[&str],
    one_class: bool,
    name: &str,
) -> Result<Probe, Reason> {
    let every = || ids.iter().flat_map(|id| classes.iter().map(move |class| (*id, *class)));
    let ended = |which: [bool; STATUSES]| -> Vec<CountOf> {
        every()
            .flat_map(|(id, class)| {
                Status::ALL
                    .iter()
                    .filter(move |s| which[**s as usize])
                    .map(move |s| CountOf::Series(id, format!("ended:{class}:{}", s.name())))
            })
            .collect()
    };
    Ok(match name {
        "latency" => {
            Probe::Samples(every().map(|(id, c)| SamplesOf::Series(id, format!("latency:{c}"))).collect())
        }
        "requests" | "attempts" => Probe::Counts {
            part: every().map(|(id, c)| CountOf::Series(id, format!("requests:{c}"))).collect(),
            whole: Vec::new(),
        },
        "lost" => {
            let mut which = [false; STATUSES];
            which[Status::Lost as usize] = true;
            Probe::Counts { part: ended(which), whole: Vec::new() }
        }
        "in_flight" if one_class => {
            return Err("requests under way are kept for all classes together".to_string());
        }
        "in_flight" => Probe::Level(ids.iter().map(|id| (*id, "in_flight")).collect()),
        _ => {
            let (which, _) = counted(name).ok_or_else(|| unknown_series(part, name))?;
            Probe::Counts { part: ended(which), whole: ended([true; STATUSES]) }
        }
    })
}

pub(crate) fn station_probe(
    part: &PartPlan,
    ids: &[ComponentId],
    operation: Option<&str>,
    name: &str,
) -> Result<Probe, Reason> {
    let samples =
        |name: String| Probe::Samples(ids.iter().map(|id| SamplesOf::Series(*id, name.clone())).collect());
    if let Some(operation) = operation {
        if !part.operations.iter().any(|(known, _)| known == operation) {
            return Err(format!("\"{}\" has no operation `{operation}`", part.name));
        }
        return match name {
            "response" | "waiting" | "service" => Ok(samples(format!("{name}:{operation}"))),
            _ => Err(format!("`{name}` is kept for all operations of \"{}\" together", part.name)),
        };
    }
    let station = part.role == PartRole::Station;
    Ok(match name {
        "calls" => {
            Probe::Counts { part: ids.iter().map(|id| CountOf::Calls(*id)).collect(), whole: Vec::new() }
        }
        "lost" => {
            Probe::Counts { part: ids.iter().map(|id| CountOf::Lost(*id)).collect(), whole: Vec::new() }
        }
        "response" => Probe::Samples(ids.iter().map(|id| SamplesOf::Response(*id)).collect()),
        "waiting" | "service" | "completion" if station => samples(name.to_string()),
        "utilisation" if station => Probe::Utilisation(ids.to_vec()),
        "queue" if station => Probe::Level(ids.iter().map(|id| (*id, "queue")).collect()),
        "threads" if station => Probe::Level(ids.iter().map(|id| (*id, "threads")).collect()),
        "in_flight" if station => Probe::Level(ids.iter().map(|id| (*id, "inside")).collect()),
        "in_flight" => Probe::Inside(ids.to_vec()),
        _ if is_balancer(part)
            && let Some(probe) = of_a_balancer(ids, name) =>
        {
            probe
        }
        _ => {
            let (which, lost) = counted(name).ok_or_else(|| unknown_series(part, name))?;
            let answers = |which| ids.iter().map(move |id| CountOf::Answers(*id, which));
            let losses = || ids.iter().map(|id| CountOf::Lost(*id));
            let mut concerned: Vec<CountOf> = answers(which).collect();
            if lost {
                concerned.extend(losses());
            }
            Probe::Counts { part: concerned, whole: answers([true; STATUSES]).chain(losses()).collect() }
        }
    })
}
