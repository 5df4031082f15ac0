//! Middle parts: what stands on an edge or at a door, one function a kind.
//!
//! A middle part is a component between a caller and whom it calls. The list of a file is built from its end: the last
//! stands nearest the callee. Each instance is noted in the plan, so that its series can be reported.

mod limits;
mod overload;
mod resilience;
mod waiting;

use kneepoint_calls::{Callee, ComponentId, Serve};
use kneepoint_components::Edge;
use kneepoint_components::delay::Timeout;

use super::wire::{self, Among};
use super::{Builder, Built, unbuilt, wrong};
use crate::file::Place;
use crate::plan::{MiddlePlan, TimeoutPlan};
use crate::registry::Registry;
use crate::topology::{Call, Part};
use crate::typed::Args;
use crate::value::Path;

/// A list of middle parts, or a stretch of one, as it stands on an edge or at a door.
pub(super) struct Stretch<'s> {
    /// Whom it leads to: a part, and its instance where that is settled.
    pub toward: (usize, Option<u32>),
    /// Where the list stands, as people see it: `web -> db`, or the part whose door it is at.
    pub at: &'s str,
    /// The path of whatever is built of it: each has a name of its own below it.
    pub path: &'s str,
    /// The middle parts, outermost first.
    pub via: &'s [&'s Args],
    /// How many of the list stand before these.
    pub before: usize,
    /// Whose it is: the part and its instance that call over the edge, or whose door it is at.
    pub owner: (usize, usize),
}

/// What a middle part calls besides whom it stands before: the calls, what each asks for, and among which instances.
pub(super) type Elsewhere = (Vec<Call>, Vec<Option<u16>>, Among);

pub(super) fn elsewhere(
    builder: &Builder<'_>,
    args: &Args,
    path: &Path,
    place: Place,
    (caller, _): (usize, usize),
) -> Built<Elsewhere> {
    let Path::Target(target) = path else { return wrong(place, "a call goes to a part") };
    let topology = builder.checked.topology();
    let callee = topology.part(&target.place.root.value);
    let is_it = |call: &&Call| call.caller == caller && Some(call.callee) == callee;
    let calls: Vec<Call> = topology.calls_at(args.node).filter(is_it).cloned().collect();
    if calls.is_empty() {
        return wrong(args.head, "no request comes this way");
    }
    let number = |call: &Call| call.callee_operation.as_deref().map(|name| builder.numbers.operation(name));
    let asks_for = calls.iter().map(number).collect();
    Ok((calls, asks_for, wire::among(target, place)?))
}

/// Returns whether something at the door of a part makes calls of its own.
pub(super) fn asks_others(part: &Part) -> bool {
    let has = part.args.kind.field("via").is_some();
    has && part
        .args
        .args_list("via")
        .any(|args| limits::store(args).is_some() || resilience::asks_another(args))
}

/// One of a list, about to be built in front of `to`.
pub(super) struct Stand<'s> {
    /// The part that is behind it, and its instance where that is settled.
    toward: (usize, Option<u32>),
    at: &'s str,
    place: usize,
    /// On whose behalf it calls.
    pub owner: (usize, usize),
    /// The path of the component.
    pub path: String,
    /// What is written of it.
    pub args: &'s Args,
    /// Whom it calls.
    pub to: Edge,
}

impl Builder<'_> {
    /// Puts middle parts in front of an edge, the last of the list innermost.
    pub(super) fn middle(&mut self, stretch: &Stretch<'_>, inner: Edge) -> Built<Edge> {
        let mut edge = inner;
        for (place, args) in stretch.via.iter().enumerate().rev() {
            let path = format!("{} {place} {}", stretch.path, args.kind());
            let (at, place) = (stretch.at, stretch.before + place);
            let (owner, toward) = (stretch.owner, stretch.toward);
            let stand = Stand { at, place, owner, toward, path, args, to: edge };
            edge = match args.kind() {
                "Timeout" => waiting::timeout(self, stand)?,
                "Overhead" => waiting::overhead(self, stand)?,
                "Deadline" => resilience::deadline(self, stand),
                "Retry" => resilience::retry(self, stand)?,
                "Breaker" => resilience::breaker(self, stand)?,
                "Fallback" => resilience::fallback(self, stand)?,
                "RateLimit" => limits::rate_limit(self, stand)?,
                "Hedge" => resilience::hedge(self, stand)?,
                "Bulkhead" => overload::bulkhead(self, stand)?,
                "ConcurrencyLimit" => overload::concurrency_limit(self, stand)?,
                "Shed" => overload::shed(self, stand)?,
                "Throttle" => overload::throttle(self, stand)?,
                "SingleFlight" => overload::single_flight(self, stand)?,
                "ConnectionPool" => overload::connection_pool(self, stand)?,
                other => return unbuilt(args.head, &format!("`{other}`")),
            };
        }
        Ok(edge)
    }

    /// Makes a middle part, and notes that it is there.
    pub(super) fn stand<S: Serve>(&mut self, stand: &Stand<'_>, part: S) -> Edge {
        let callee = self.sim.serve(&stand.path, part);
        self.note_middle(stand.at, stand.place, stand.args.kind(), callee.id());
        Edge::to(callee)
    }

    /// Notes a component that stands on the way of calls.
    pub(super) fn note_middle(&mut self, at: &str, place: usize, kind: &str, id: ComponentId) {
        let same = |known: &&mut MiddlePlan| known.at == at && known.place == place && known.kind == kind;
        match self.middles.iter_mut().rev().find(same) {
            Some(known) => known.instances.push(id),
            None => self.middles.push(MiddlePlan {
                at: at.to_string(),
                place,
                kind: kind.to_string(),
                instances: vec![id],
                series: Registry::middle_series(kind),
            }),
        }
    }

    /// Notes a time-out, and whom the calls go to that it ends, if nobody else calls there.
    pub(super) fn note_timeout(&mut self, at: &str, place: usize, end: Option<ComponentId>) {
        let same = |known: &&mut TimeoutPlan| known.at == at && known.place == place;
        match self.timeouts.iter_mut().rev().find(same) {
            Some(known) => match (&mut known.ends, end) {
                (Some(ends), Some(end)) => ends.push(end),
                _ => known.ends = None,
            },
            None => {
                let ends = end.map(|end| vec![end]);
                self.timeouts.push(TimeoutPlan { at: at.to_string(), place, ends });
            }
        }
    }

    /// Whoever is called there: a time-out on the edge becomes a part of its own.
    pub(super) fn as_callee(&mut self, path: &str, edge: Edge) -> Callee {
        if edge.within.is_zero() { edge.to } else { self.sim.serve(path, Timeout::new(edge)) }
    }

    /// What people call the way of a call: with operations where the file tells them apart.
    pub(super) fn way_name(&self, call: &Call) -> String {
        let parts = self.checked.parts();
        let (caller, callee) = (&parts[call.caller].name, &parts[call.callee].name);
        let entry = self.checked.entry(call, "via").map(|item| &*item.key).unwrap_or_default();
        let (left, right) = entry.split_once("->").unwrap_or(("", ""));
        let end = |name: &str, written: &str, operation: Option<&str>| match operation {
            Some(operation) if written.contains(':') => format!("{name}:{operation}"),
            _ => name.to_string(),
        };
        format!(
            "{} -> {}",
            end(caller, left, call.operation.as_deref()),
            end(callee, right, call.callee_operation.as_deref())
        )
    }
}
