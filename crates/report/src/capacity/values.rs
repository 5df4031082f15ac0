//! The capacity as JSON.

use kneepoint_experiment::capacity::{
    Behaviour, CapacityResult, Coefficient, Finding, KneeRow, Limit, Linearity, LoadAxis, MissedAt, OfPeak,
    Recovery, ScalingFit, Verdict,
};
use kneepoint_experiment::result::{ObjectiveResult, ScenarioFacts};
use kneepoint_statistics::Estimate;
use serde_json::{Value, json};

use super::{behaviour_sentence, bottleneck_sentence, capacity_sentence, recovery_sentence};
use crate::json::{estimate, labels, scenario};
use crate::number::{SECOND, base_unit, divisor};

/// The version of the shape of [`capacity_json`] and [`linearity_json`]: raised when a key is renamed, removed or
/// changes its meaning. A new key, or one that is null where nothing is known (`knee[].holds` where it is undecided), does
/// not raise it: readers take null for "not known", and a raised one would make every baseline that is kept unreadable.
pub const CAPACITY_SCHEMA_VERSION: u32 = 1;

/// Returns everything a search for the capacity found as JSON, indented, with a line end.
///
/// `change` is what a comparison with an earlier capacity said, where one was made; `command` is what makes the result
/// again, where that is a command.
///
/// `scenario` is that of [`json`](crate::json()), before any load was set.
///
/// `finding.kind` is one of [`FINDINGS`], with what belongs to it beside: of `saturated` the `part`; of `missed at lowest`
/// and `not enough data` the `load` and the `objectives` that are missed, or not told, there; of `not reached` the `load`;
/// of `not settled` the loads `holds` and `missed`; of `holds from` what is missed below (`misses`), and the loads `holds`
/// and `up_to`; of `holds nowhere` the load that is `too_little` and the one that is `too_much`, with the `objectives`
/// missed at each. `load_said` is the load in words, and `conditions` are those of `objectives`, in their order. `compared` is the capacity as it is compared with
/// others: requests a second or users of all clients where the load is a factor on these. In `objectives`, `missed_up_to`
/// is the highest load that was too little, and `untold` where the data do not tell; a load at which it is undecided is
/// in none of them. `nowhere` is there where no load that was run meets the objectives: what is missed at the lowest and
/// at the nearest, each with its `verdict`; then `behaviour` has no sentence.
/// `parts[].saturates_from` is the load whose utilisation tells `saturates_at`. `knee[].verdict` is `held`, `missed` or `undecided`, where an
/// interval lies across its bound or data do not tell; null without an objective. `knee[].holds` is true, false and null
/// for these. `knee[].of_capacity` is null where there is no capacity.
///
/// # Units
/// Loads on the axis (base unit), durations \[s\], rates \[1/s\], shares from 0 to 1.
pub fn capacity_json(result: &CapacityResult, change: Option<&Value>, command: Option<&str>) -> String {
    let mut all = value(result);
    all["command"] = json!(command);
    if let Some(change) = change {
        all["change"] = change.clone();
    }
    crate::safe_json(format!("{all:#}\n"))
}

pub(super) fn value(result: &CapacityResult) -> Value {
    let axis = match &result.axis {
        LoadAxis::Clients => json!({ "kind": "clients", "unit": "times the load of the file" }),
        LoadAxis::Setting { path, dimension, whole } => {
            json!({ "kind": "setting", "path": path, "unit": dimension.to_string(), "whole": whole })
        }
    };
    json!({
        "schema_version": CAPACITY_SCHEMA_VERSION,
        "program": "kneepoint",
        "program_version": env!("CARGO_PKG_VERSION"),
        "verb": "capacity",
        "command": null,
        "scenario": result.scenario.as_ref().map(scenario),
        "title": result.title,
        "labels": labels(&result.labels),
        "names": { "clients": result.names.0, "parts": result.names.1 },
        "seed": result.seed,
        "digest": format!("{:016x}", result.digest),
        "events": result.events,
        "runs": result.runs,
        "replications": result.replications,
        "confidence": result.confidence,
        "finding": finding(&result.finding, &result.limits, &|value| super::load(result, value)),
        "sentence": capacity_sentence(result),
        "load": axis,
        "recorded_up_to": result.recorded_up_to,
        "load_written": result.load_written,
        "range": result.range.map(|(low, high)| [low, high]),
        "offered_written_per_s": result.offered_written_per_s,
        "offered_varies": result.offered_varies,
        "users_written": result.users_written,
        "capacity": result.capacity.as_ref().map(known),
        "rough": result.rough.as_ref().map(|rough| json!({
            "value": rough.value, "low": rough.low, "high": rough.high, "holds": rough.holds,
            "misses": rough.misses, "reason": rough.reason,
        })),
        "compared": result.compared().as_ref().map(known),
        "capacity_per_s": result.capacity_per_s.as_ref().map(known),
        "binding": result.binding.as_ref().map(|b| json!({
            "name": b.name, "condition": b.condition, "metric": b.metric,
            "bound": b.bound / divisor(&b.unit), "unit": base_unit(&b.unit), "steepness": b.steepness,
        })),
        "nowhere": result.nowhere.as_ref().map(|of| json!({
            "lowest": missed_at(&of.lowest), "nearest": missed_at(&of.nearest), "highest": of.highest,
            "undecided_somewhere": of.is_undecided_somewhere,
        })),
        "objectives": result.limits.iter().map(|limit| json!({
            "name": limit.name, "condition": limit.condition,
            "holds_up_to": limit.holds_up_to, "missed_from": limit.missed_from, "missed_up_to": limit.missed_up_to,
            "untold": limit.untold.as_ref().map(|(load, reason)| json!({ "load": load, "reason": reason })),
        })).collect::<Vec<_>>(),
        "bottleneck_sentence": bottleneck_sentence(result),
        "parts": result.parts.iter().map(|part| json!({
            "name": part.name,
            "utilisation": estimate(&part.utilisation, 1.0),
            "utilisation_by_theory": part.utilisation_by_theory,
            "saturates_at": part.saturates_at.as_ref().map(|at| estimate(at, 1.0)),
            "saturates_from": part.saturates_from,
            "saturates_at_by_theory": part.saturates_at_by_theory,
        })).collect::<Vec<_>>(),
        "behaviour": behaviour(result),
        "recovery": recovery(result),
        "knee": result.knee.iter().map(row).collect::<Vec<_>>(),
        "warnings": result.warnings,
    })
}

fn known(e: &Estimate) -> Value {
    estimate(&(*e).into(), 1.0)
}

/// What `finding.kind` may be.
pub const FINDINGS: [&str; 9] = [
    "found",
    "saturated",
    "missed at lowest",
    "holds nowhere",
    "holds from",
    "not enough data",
    "not reached",
    "no objective",
    "not settled",
];

/// What came of the search. Beside each load stands what it is a load of, in words, and beside each objective its condition.
fn finding(finding: &Finding, limits: &[Limit], said: &dyn Fn(f64) -> String) -> Value {
    let missed = |value: f64, objectives: &[String]| {
        let of = |name: &String| limits.iter().find(|limit| limit.name == *name);
        let conditions: Vec<Option<&String>> =
            objectives.iter().map(|name| of(name).map(|limit| &limit.condition)).collect();
        json!({ "load": value, "load_said": said(value), "objectives": objectives, "conditions": conditions })
    };
    let with = |kind: &str, mut value: Value| {
        value["kind"] = json!(kind);
        value
    };
    match finding {
        Finding::Found => json!({ "kind": "found" }),
        Finding::Saturated { part } => json!({ "kind": "saturated", "part": part }),
        Finding::MissedAtLowest { load, objectives } => with("missed at lowest", missed(*load, objectives)),
        Finding::HoldsNowhere { between } => {
            let at = |side: usize| {
                let (load, objectives) = &between.as_ref()?[side];
                Some(missed(*load, objectives))
            };
            json!({ "kind": "holds nowhere", "too_little": at(0), "too_much": at(1) })
        }
        Finding::HoldsFrom { misses: (load, objectives), holds, up_to } => json!({
            "kind": "holds from", "misses": missed(*load, objectives), "holds": holds, "holds_said": said(*holds),
            "up_to": up_to,
        }),
        Finding::NotTold { load, objectives } => {
            let each = objectives.iter().map(|(name, reason)| json!({ "name": name, "reason": reason }));
            json!({
                "kind": "not enough data", "load": load, "load_said": said(*load),
                "objectives": each.collect::<Vec<_>>(),
            })
        }
        Finding::NotReached { load } => {
            json!({ "kind": "not reached", "load": load, "load_said": said(*load) })
        }
        Finding::NoObjective => json!({ "kind": "no objective" }),
        Finding::NotSettled { holds, missed } => {
            json!({ "kind": "not settled", "holds": holds, "missed": missed })
        }
    }
}

fn behaviour(result: &CapacityResult) -> Value {
    let of = |p: &OfPeak| {
        json!({
            "share_of_peak": known(&p.share), "load": p.load, "peak_load": p.peak_load,
            "highest_load": p.highest, "peak": estimate(&p.peak, 1.0),
        })
    };
    let details = match &result.behaviour {
        Behaviour::Rising => Value::Null,
        Behaviour::Plateau(p) | Behaviour::Decline(p) | Behaviour::Collapse(p) | Behaviour::Unclear(p) => {
            of(p)
        }
        Behaviour::Unknown(why) => json!({ "reason": why }),
    };
    json!({ "class": result.behaviour.name(), "sentence": behaviour_sentence(result), "details": details })
}

fn recovery(result: &CapacityResult) -> Value {
    let Some(recovery) = &result.recovery else { return Value::Null };
    let details = match recovery {
        Recovery::Recovers(p) | Recovery::Slow(p) | Recovery::Metastable(p) | Recovery::Unclear(p) => json!({
            "share": known(&p.share), "load": p.back, "pulse_load": p.peak,
            "pulse_s": p.hold as f64 / SECOND, "after_s": p.after as f64 / SECOND, "tail_s": p.tail as f64 / SECOND,
        }),
        Recovery::Unknown(why) => json!({ "reason": why }),
    };
    json!({ "class": recovery.name(), "sentence": recovery_sentence(result), "details": details })
}

fn objective(of: &ObjectiveResult) -> Value {
    json!({
        "name": of.name, "estimate": estimate(&of.value, divisor(&of.unit)),
        "bound": of.bound / divisor(&of.unit), "unit": base_unit(&of.unit),
    })
}

fn missed_at(at: &MissedAt) -> Value {
    match &at.missed {
        Ok(each) => {
            let each = each.iter().map(|of| {
                let mut value = objective(&of.objective);
                value["verdict"] = json!(of.verdict.name());
                value
            });
            json!({ "load": at.load, "missed": each.collect::<Vec<_>>() })
        }
        Err(why) => json!({ "load": at.load, "stopped": why }),
    }
}

fn row(row: &KneeRow) -> Value {
    match &row.seen {
        Ok(seen) => json!({
            "load": row.load,
            "of_capacity": row.of_capacity,
            "offered": estimate(&seen.offered, 1.0),
            "goodput": estimate(&seen.goodput, 1.0),
            "p50": estimate(&seen.p50, SECOND),
            "p99": estimate(&seen.p99, SECOND),
            "errors": estimate(&seen.errors, 1.0),
            "utilisation": seen.utilisation.as_ref().map(|u| estimate(u, 1.0)),
            "slo": seen.objectives.iter().map(objective).collect::<Vec<_>>(),
            "verdict": seen.verdict.map(Verdict::name),
            "holds": match seen.verdict {
                Some(Verdict::Held) => Some(true),
                Some(Verdict::Missed) => Some(false),
                Some(Verdict::Undecided) | None => None,
            },
            "overloaded": seen.overloaded,
        }),
        Err(why) => json!({ "load": row.load, "of_capacity": row.of_capacity, "stopped": why }),
    }
}

/// Returns capacities over sizes as JSON. `scenario` is the one whose size was set, and `command` makes the result again.
pub fn linearity_json(
    over: &str,
    found: &Linearity,
    facts: Option<&ScenarioFacts>,
    command: Option<&str>,
) -> String {
    let fit = match &found.fit {
        Ok(fit) => law(fit),
        Err(why) => json!({ "reason": why }),
    };
    let sizes: Vec<Value> = found
        .sizes
        .iter()
        .map(|size| json!({ "n": size.n, "efficiency": size.efficiency, "found": value(&size.found) }))
        .collect();
    let all = json!({
        "schema_version": CAPACITY_SCHEMA_VERSION,
        "program": "kneepoint",
        "program_version": env!("CARGO_PKG_VERSION"),
        "verb": "capacity",
        "command": command,
        "scenario": facts.map(scenario),
        "title": found.sizes.first().map(|size| &size.found.title),
        "seed": found.sizes.first().map(|size| size.found.seed),
        "replications": found.sizes.first().map(|size| size.found.replications),
        "over": over,
        "fit": fit,
        "sizes": sizes,
    });
    crate::safe_json(format!("{all:#}\n"))
}

fn law(fit: &ScalingFit) -> Value {
    json!({
        "alpha": coefficient(&fit.alpha),
        "beta": coefficient(&fit.beta),
        "gamma": coefficient(&fit.gamma),
        "peak_n": fit.peak_n,
        "r_squared": fit.r_squared,
        "misfit": fit.misfit,
        "amdahl_serial_fraction": coefficient(&fit.serial_fraction),
        "amdahl_r_squared": fit.amdahl_r_squared,
    })
}

/// As an estimate, with the fitted value where there is no interval.
fn coefficient(of: &Coefficient) -> Value {
    let mut value = estimate(&of.estimated, 1.0);
    value["fitted"] = json!(of.value);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(of: &Finding) -> Value {
        let limit = Limit {
            name: "fast".to_string(),
            condition: "p99(users.latency) < 1s".to_string(),
            holds_up_to: None,
            missed_from: None,
            missed_up_to: None,
            untold: None,
        };
        finding(of, &[limit], &|value| format!("params.load = {value}"))
    }

    #[test]
    fn every_finding_has_a_kind_of_its_own() {
        let at = || (1.0, vec!["fast".to_string()]);
        let all = [
            Finding::Found,
            Finding::Saturated { part: "web".to_string() },
            Finding::MissedAtLowest { load: 1.0, objectives: Vec::new() },
            Finding::HoldsNowhere { between: Some([at(), at()]) },
            Finding::HoldsFrom { misses: at(), holds: 2.0, up_to: 3.0 },
            Finding::NotTold { load: 1.0, objectives: Vec::new() },
            Finding::NotReached { load: 1.0 },
            Finding::NoObjective,
            Finding::NotSettled { holds: None, missed: Some(1.0) },
        ];
        let kinds: Vec<String> =
            all.iter().map(|one| written(one)["kind"].as_str().unwrap_or_default().to_string()).collect();
        assert_eq!(kinds, FINDINGS);
        // A bare number does not say of what it is, nor a name what it asks for.
        let much = &written(&all[3])["too_much"];
        assert_eq!(
            (&much["load_said"], &much["conditions"]),
            (&json!("params.load = 1"), &json!(["p99(users.latency) < 1s"]))
        );
    }
}
