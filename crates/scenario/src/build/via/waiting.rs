//! Time on the way, and bounds on it.

use kneepoint_components::Edge;
use kneepoint_components::delay::Overhead;
use kneepoint_engine::SimDuration;

use super::Stand;
use crate::build::{Builder, Built, law};

/// `Timeout`: no part of its own while it can be fused into the edge of whoever stands before it.
pub(super) fn timeout(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let Stand { path, args, to, toward: (part, instance), at, place, .. } = stand;
    let outer = if to.within.is_zero() { to } else { Edge::to(builder.as_callee(&path, to)) };
    // Whoever stands on an edge is called over that alone; the callee itself may be called over others too.
    let callee = builder.doors[part].get(instance.unwrap_or(0) as usize);
    let told_apart = !at.contains(" -> ") || callee != Some(&outer.to);
    builder.note_timeout(at, place, told_apart.then_some(outer.to.id()));
    Ok(outer.within(SimDuration::from_nanos(args.duration("after")), args.flag("cancel")))
}

/// `Overhead`.
pub(super) fn overhead(builder: &mut Builder<'_>, stand: Stand<'_>) -> Built<Edge> {
    let args = stand.args;
    let time = law::distribution(builder.checked, args.distribution("time"), args.place_of("time"))?;
    Ok(builder.stand(&stand, Overhead::new(stand.to, time)))
}
