//! What happened on the way between parts.

use kneepoint_experiment::result::MiddleResult;
use serde_json::{Map, Value, json};

use super::{count, level, shares};

/// One middle part.
pub(super) fn middle(middle: &MiddleResult) -> Value {
    let by_status = shares(middle.by_status.iter().map(|(status, of)| (status.name(), of)));
    let counts: Map<String, Value> =
        middle.counts.iter().map(|(name, of)| (name.clone(), count(of))).collect();
    let levels: Map<String, Value> =
        middle.levels.iter().map(|(name, of)| (name.clone(), level(of))).collect();
    json!({
        "at": middle.at,
        "place": middle.place,
        "kind": middle.kind,
        "instances": middle.instances,
        "calls": count(&middle.calls),
        "by_status": by_status,
        "counts": counts,
        "levels": levels,
    })
}
