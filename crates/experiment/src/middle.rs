//! Series of what stands on edges and at doors, and of the calls over an edge.

use kneepoint_calls::ComponentId;
use kneepoint_scenario::plan::{MiddlePlan, PartPlan, PartRole, Plan, TimeoutPlan};
use kneepoint_scenario::value::{
    CALLED, End, MIDDLE_SERIES, MiddleMeasure, Path, SettingStep, Sort, middle_series, nearest,
};

use crate::probe::{CountOf, Probe};
use crate::program::Reason;
use crate::series::{Group, station_probe};

/// Series that are kept under another name than people write.
pub(crate) const KEPT_AS: [(&str, &str); 3] =
    [("failed_checks", "failed checks"), ("patience_lost", "patience lost"), ("chosen_anew", "chosen anew")];

/// The components a metric speaks of.
pub(crate) struct Found {
    /// What people call them: `web -> db.via.Retry`.
    pub name: String,
    /// Which series they keep, beside those of everything that is called.
    own: Vec<String>,
    /// As if they were a part, for the series of everything that is called.
    part: PartPlan,
    /// They are no components but time-outs of calls to these.
    cuts: bool,
}

/// The series of a time-out: the calls that it ends.
const CUT: &str = "timeouts";

/// Finds what a metric speaks of.
pub(crate) fn find(plan: &Plan, of: &MiddleMeasure) -> Result<Found, Reason> {
    let mut here: Vec<&MiddlePlan> =
        plan.middles.iter().filter(|middle| stands_at(&of.at, &middle.at)).collect();
    // As they are written: built they are from the inside out.
    here.sort_by(|a, b| (&a.at, a.place).cmp(&(&b.at, b.place)));
    let name = of.series.value.as_str();
    let Some(element) = of.element.as_ref().map(|element| &element.value) else {
        return match (name, &of.at) {
            ("calls", Path::Edge(_)) => over(plan, of),
            (CUT, _) => cut(plan, of, None),
            _ => the_only_one(plan, of, &here),
        };
    };
    let meant = |middle: &&MiddlePlan| match element {
        SettingStep::Named(kind) => middle.kind == *kind,
        SettingStep::Index(place) => middle.place == *place as usize,
    };
    let is_timeout = match element {
        SettingStep::Named(kind) => kind == "Timeout",
        SettingStep::Index(place) => timeouts_at(plan, of).any(|one| one.place == *place as usize),
    };
    if is_timeout {
        return cut(plan, of, Some(element));
    }
    let found: Vec<&MiddlePlan> = here.iter().copied().filter(meant).collect();
    let [first, others @ ..] = &found[..] else {
        let what = match element {
            SettingStep::Named(kind) => format!("`{kind}`"),
            SettingStep::Index(place) => format!("[{place}]"),
        };
        return Err(format!("at {} stands no {what}; {}", of.at, listed(plan, of, &here)));
    };
    // One list may have the same kind twice; several edges may each have one.
    if others.iter().any(|other| other.at == first.at && other.place != first.place) {
        let place = of.at.to_string();
        let each = found.iter().filter(|other| other.at == first.at);
        let each: Vec<String> = each.map(|one| format!("{place}.via[{}]", one.place)).collect();
        return Err(format!("at {} stand several of this kind; write {}", first.at, each.join(" or ")));
    }
    Ok(Found::of(of.place(), &found))
}

/// Whether something that stands at `at`, as people see it, is what a path speaks of.
fn stands_at(path: &Path, at: &str) -> bool {
    let fits = |end: &End, name: &str| match end {
        End::Everything(_) => true,
        // Without an operation all of the part's are meant.
        End::Target(target) if target.operation.is_none() => {
            name.split(':').next() == Some(target.place.root.value.as_str())
        }
        End::Target(target) => target.to_string() == name,
    };
    match (path, at.split_once(" -> ")) {
        (Path::Edge(edge), Some((from, to))) => fits(&edge.from, from) && fits(&edge.to, to),
        (Path::Target(target), None) => target.to_string() == at,
        _ => false,
    }
}

fn timeouts_at<'p>(plan: &'p Plan, of: &MiddleMeasure) -> impl Iterator<Item = &'p TimeoutPlan> {
    let at = of.at.clone();
    plan.timeouts.iter().filter(move |one| stands_at(&at, &one.at))
}

/// Why the time-outs of a part are not those at its door: whoever gives up there goes past the part, which answers what it
/// has been asked, later, and to nobody.
pub(crate) fn ends_at_the_door(plan: &Plan, part: &str, series: &str) -> Option<Reason> {
    if series != CUT {
        return None;
    }
    let timeouts = plan.timeouts.iter().filter(|one| one.at == part).map(|one| (one.place, "Timeout"));
    let deadlines = plan.middles.iter().filter(|one| one.at == part && one.kind == "Deadline");
    let mut there: Vec<(usize, &str)> =
        timeouts.chain(deadlines.map(|one| (one.place, "Deadline"))).collect();
    there.sort_unstable();
    let (_, kind) = there.first()?;
    let each: Vec<String> = there.iter().map(|(at, _)| format!("share({part}.via[{at}].{CUT})")).collect();
    Some(format!(
        "the calls that the `{kind}` at the door of \"{part}\" ends are not among the answers of \"{part}\"; write {}",
        each.join(" or ")
    ))
}

/// The calls that a time-out ends, or the only one there.
fn cut(plan: &Plan, of: &MiddleMeasure, element: Option<&SettingStep>) -> Result<Found, Reason> {
    let meant = |one: &&TimeoutPlan| match element {
        Some(SettingStep::Index(place)) => one.place == *place as usize,
        _ => true,
    };
    let found: Vec<&TimeoutPlan> = timeouts_at(plan, of).filter(meant).collect();
    let Some(first) = found.first() else {
        let here: Vec<&MiddlePlan> =
            plan.middles.iter().filter(|middle| stands_at(&of.at, &middle.at)).collect();
        return Err(format!("at {} stands no `Timeout`; {}", of.at, listed(plan, of, &here)));
    };
    if of.series.value != CUT {
        let name = &of.series.value;
        return Err(format!("a `Timeout` has no series `{name}`; it has `{CUT}`, the calls that it ends"));
    }
    let mut places: Vec<usize> =
        found.iter().filter(|other| other.at == first.at).map(|one| one.place).collect();
    places.sort_unstable();
    if let [_, _, ..] = places[..] {
        let each: Vec<String> = places.iter().map(|place| format!("{CUT}({}.via[{place}])", of.at)).collect();
        return Err(format!("several time-outs stand at {}; write {}", first.at, each.join(" or ")));
    }
    let ends: Option<Vec<&Vec<ComponentId>>> = found.iter().map(|one| one.ends.as_ref()).collect();
    let Some(ends) = ends else {
        return Err(format!(
            "the calls {} go straight to where others may go too, so that those which a `Timeout` ends cannot be told \
             apart; put something after it, an `Overhead(\"0s\")`",
            of.at
        ));
    };
    let mut ids: Vec<ComponentId> = ends.into_iter().flatten().copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let name = if element.is_some() { of.place() } else { of.at.to_string() };
    Ok(Found { part: part(name.clone(), ids), name, own: vec![CUT.to_string()], cuts: true })
}

/// What stands at an edge or door, for a message, with its number if that was asked for; if nothing does, where something
/// stands.
fn listed(plan: &Plan, of: &MiddleMeasure, here: &[&MiddlePlan]) -> String {
    const SHOWN: usize = 8;
    let at = &of.at;
    let by_number = matches!(of.element.as_ref().map(|element| &element.value), Some(SettingStep::Index(_)));
    let mut here: Vec<(&str, usize, &str)> =
        here.iter().map(|middle| (middle.at.as_str(), middle.place, middle.kind.as_str())).collect();
    let timeouts = plan.timeouts.iter().filter(|one| stands_at(at, &one.at));
    here.extend(timeouts.map(|one| (one.at.as_str(), one.place, "Timeout")));
    here.sort_unstable();
    let name = |(at, place, kind): &(&str, usize, &str)| match by_number {
        true => format!("{at}.via[{place}], a `{kind}`"),
        false => format!("{at}.via.{kind}"),
    };
    let mut names: Vec<String> = here.iter().map(name).collect();
    names.dedup();
    // Of a list each kind once.
    if !by_number {
        let mut met = std::collections::BTreeSet::new();
        names.retain(|name| met.insert(name.clone()));
    }
    if !names.is_empty() {
        let and = if by_number { "; " } else { ", " };
        let list = names.join(and);
        let names = [list];
        return format!("there are {}", names.join(", "));
    }
    let at = at.to_string();
    let all = || plan.middles.iter().map(|middle| middle.at.as_str());
    if let Some(meant) = nearest(&at, all()) {
        return format!("nothing does; did you mean {meant}?");
    }
    let mut others: Vec<&MiddlePlan> = plan.middles.iter().collect();
    others.sort_by(|a, b| (&a.at, a.place).cmp(&(&b.at, b.place)));
    let mut others: Vec<String> =
        others.iter().map(|middle| format!("{}.via.{}", middle.at, middle.kind)).collect();
    others.dedup();
    match others.len() {
        0 => "nothing stands on any edge or at any door".to_string(),
        n if n > SHOWN => {
            format!("elsewhere there are {} and {} more", others[..SHOWN].join(", "), n - SHOWN)
        }
        _ => format!("elsewhere there are {}", others.join(", ")),
    }
}

/// The calls over an edge, where they can be told apart.
fn over(plan: &Plan, of: &MiddleMeasure) -> Result<Found, Reason> {
    let topology = plan.topology.as_ref().ok_or("this plan does not say who calls whom")?;
    let name = |part: usize| plan.parts[part].name.as_str();
    let mut ids: Vec<ComponentId> = Vec::new();
    let (mut edges, mut known) = (0, true);
    for edge in &topology.edges {
        let way = format!("{} -> {}", name(edge.caller), name(edge.callee));
        if stands_at(&of.at, &way) {
            edges += 1;
            match &edge.counted {
                Some(counted) => ids.extend(counted),
                None => known = false,
            }
        }
    }
    if edges == 0 {
        return Err(format!("no call goes {}", of.at));
    }
    if !known {
        return Err(format!(
            "the calls {} pass nothing that sees them and no others; put something on the edge, an `Overhead(\"0s\")`",
            of.at
        ));
    }
    // Instances that see two of the edges see each call once.
    ids.sort_unstable();
    ids.dedup();
    let (name, part) = (of.at.to_string(), part(of.at.to_string(), ids));
    Ok(Found { name, own: Vec::new(), part, cuts: false })
}

/// The one thing at an edge or door that has the series.
fn the_only_one(plan: &Plan, of: &MiddleMeasure, here: &[&MiddlePlan]) -> Result<Found, Reason> {
    let name = of.series.value.as_str();
    let have: Vec<&MiddlePlan> =
        here.iter().copied().filter(|middle| middle.series.iter().any(|own| own == name)).collect();
    let mut kinds: Vec<(usize, &str)> =
        have.iter().map(|middle| (middle.place, middle.kind.as_str())).collect();
    kinds.sort_unstable();
    kinds.dedup();
    match kinds[..] {
        [] if MIDDLE_SERIES.iter().any(|(known, _)| *known == name) => {
            Err(format!("nothing at {} has the series `{name}`; {}", of.at, listed(plan, of, here)))
        }
        [] => Err(format!("`{name}` of which of those at {}? {}", of.at, listed(plan, of, here))),
        [_] => Ok(Found::of(of.at.to_string(), &have)),
        _ => {
            let each: Vec<String> =
                kinds.iter().map(|(place, _)| format!("{name}({}.via[{place}])", of.at)).collect();
            Err(format!("several at {} have the series `{name}`; write {}", of.at, each.join(" or ")))
        }
    }
}

fn part(name: String, instances: Vec<ComponentId>) -> PartPlan {
    PartPlan { name, kind: String::new(), role: PartRole::Router, instances, operations: Vec::new() }
}

impl Found {
    fn of(name: String, middles: &[&MiddlePlan]) -> Found {
        let own = middles.first().map_or_else(Vec::new, |first| first.series.clone());
        let ids = middles.iter().flat_map(|middle| middle.instances.iter().copied()).collect();
        Found { part: part(name.clone(), ids), name, own, cuts: false }
    }

    /// All of them.
    pub fn together(&self) -> Group {
        Group { instance: None, ids: self.part.instances.clone() }
    }

    /// Each of them by itself.
    pub fn each(&self) -> Vec<Group> {
        let one = |(i, id): (usize, &ComponentId)| Group { instance: Some(i), ids: vec![*id] };
        self.part.instances.iter().enumerate().map(one).collect()
    }

    pub fn unknown(&self, name: &str) -> Reason {
        // One without series of its own passes on what others answer, unseen.
        if self.own.is_empty() {
            return format!("{} passes answers on and has no series `{name}`; it has `calls`", self.name);
        }
        format!("{} has no series `{name}`; it has {}, {}", self.name, self.own.join(", "), CALLED.join(", "))
    }

    /// Reads a series.
    pub fn probe(&self, ids: &[ComponentId], name: &str) -> Result<Probe, Reason> {
        if self.cuts {
            return Ok(Probe::Counts {
                part: ids.iter().map(|id| CountOf::Cut(*id)).collect(),
                whole: ids.iter().map(|id| CountOf::Calls(*id)).collect(),
            });
        }
        if !self.own.iter().any(|own| own == name) {
            let called = CALLED.contains(&name) && (!self.own.is_empty() || name == "calls");
            return if called { station_probe(&self.part, ids, None, name) } else { Err(self.unknown(name)) };
        }
        let (written, kept) =
            KEPT_AS.iter().find(|(written, _)| *written == name).copied().unwrap_or((name, name));
        let kind = middle_series(written).ok_or_else(|| self.unknown(name))?;
        if kind.sort == Sort::Level {
            // Levels have names that last; there are few.
            let name =
                MIDDLE_SERIES.iter().find(|(known, _)| *known == written).map_or("", |(known, _)| known);
            return Ok(Probe::Level(ids.iter().map(|id| (*id, name)).collect()));
        }
        Ok(Probe::Counts {
            part: ids.iter().map(|id| CountOf::Series(*id, kept.to_string())).collect(),
            whole: ids.iter().map(|id| CountOf::Calls(*id)).collect(),
        })
    }
}
