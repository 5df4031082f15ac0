//! A comparison for programs.

use kneepoint_experiment::compare::{Comparison, Contrast, GateResult, MetricDifference, Record, Threshold};
use kneepoint_experiment::result::{Better, Subject, Unit};
use kneepoint_statistics::{Estimated, Pairing, bonferroni_confidence};
use serde_json::{Value, json};

use super::sentence::{answer_headline, answer_sentence, doubt_clause, gate_sentence, metric_sentence};
use crate::json::{SCHEMA_VERSION, estimate, labels, scenario};
use crate::number::{base_unit, divisor};

/// Returns a comparison as JSON, indented, with a line end; `command` is what makes it again, where that is a command.
///
/// Each design says its `scenario`, as [`json`](crate::json()) does. `relative` is `difference` as a share of the first as
/// it was measured. `doubt` says why a difference makes neither design the better one; then `is_better` is null, and
/// `is_shown` false where it is not even counted as one. `cut` says that an interval ends where a share can go no farther.
///
/// # Units
/// As [`json`](crate::json()): durations \[s\], rates [1/s], shares from 0 to 1.
pub fn comparison_json(comparison: &Comparison, gates: &[GateResult], command: Option<&str>) -> String {
    let paired = comparison.pairing == Pairing::Paired;
    let precision = comparison.precision.as_ref().map(|p| {
        json!({
            "asked": p.asked,
            "reached": p.reached,
            "widest": p.widest,
            "replications_max": p.replications_max,
        })
    });
    let all = json!({
        "schema_version": SCHEMA_VERSION,
        "program": "kneepoint",
        "program_version": env!("CARGO_PKG_VERSION"),
        "kind": "comparison",
        "command": command,
        "units": { "duration": "s", "rate": "1/s", "ratio": "ratio" },
        "pairing": if paired { "common random numbers" } else { "independent" },
        "confidence": comparison.confidence,
        "family": comparison.family,
        "confidence_each": bonferroni_confidence(comparison.confidence, comparison.family),
        "designs": comparison.designs.iter().map(design).collect::<Vec<_>>(),
        "contrasts": comparison.contrasts.iter().map(contrast).collect::<Vec<_>>(),
        "fail_if": gates.iter().map(gate).collect::<Vec<_>>(),
        "fail_if_confidence_each": gates.iter().find_map(|gate| gate.confidence),
        "precision": precision,
        "warnings": comparison.warnings,
    });
    crate::safe_json(
        serde_json::to_string_pretty(&all).expect("keys are texts and nothing fails to be written") + "\n",
    )
}

fn design(record: &Record) -> Value {
    let objectives: Vec<Value> = record
        .objectives
        .iter()
        .map(|(name, condition, verdict)| {
            json!({ "name": name, "condition": condition, "verdict": verdict.name() })
        })
        .collect();
    json!({
        "name": record.name,
        "title": record.title,
        "labels": labels(&record.labels),
        "scenario": record.scenario.as_ref().map(scenario),
        "seed": record.seed,
        "replications": record.replications,
        "batches": record.batches,
        "duration": record.duration.as_secs_f64(),
        "warm_up": record.warm_up.as_secs_f64(),
        "verdict": record.verdict.name(),
        "slo": objectives,
    })
}

fn contrast(contrast: &Contrast) -> Value {
    let objectives: Vec<Value> = contrast
        .objectives
        .iter()
        .map(|o| json!({ "name": o.name, "first": o.first.name(), "second": o.second.name() }))
        .collect();
    json!({
        "first": contrast.first,
        "second": contrast.second,
        "answer": contrast.answer.name(),
        "headline": answer_headline(contrast),
        "sentence": answer_sentence(contrast),
        "slo": objectives,
        "metrics": contrast.metrics.iter().map(metric).collect::<Vec<_>>(),
        "left_out": contrast.left_out,
    })
}

fn metric(metric: &MetricDifference) -> Value {
    let divisor = divisor(&metric.unit);
    let (about, name) = subject(&metric.subject);
    json!({
        "metric": metric.name,
        "about": about,
        "name": name,
        "unit": base_unit(&metric.unit),
        "better": better(metric.better),
        "first": metric.first.map(|v| v / divisor),
        "second": metric.second.map(|v| v / divisor),
        "difference": estimate(&metric.difference, divisor),
        "relative": estimate(&metric.relative, 1.0),
        "cut": metric.cut,
        "finding": metric.finding.name(),
        "is_shown": metric.is_shown(),
        "is_better": metric.is_better(),
        "doubt": metric.doubt.as_ref().map(doubt_clause),
        "p_value": metric.p_value,
        "p_family": metric.p_family,
        "correlation": metric.correlation,
        "pairing_gain": metric.gain,
        "independent_beyond": metric.beyond,
        "sentence": metric_sentence(metric),
    })
}

fn gate(gate: &GateResult) -> Value {
    let unit = &gate.unit;
    let (of, bound, unit) = match &gate.threshold {
        Some(Threshold::Relative(bound)) => ("relative change", Some(*bound), "ratio"),
        Some(Threshold::Absolute(bound)) => ("change", Some(bound / divisor(unit)), base_unit(unit)),
        Some(Threshold::Level(bound)) => ("value", Some(bound / divisor(unit)), base_unit(unit)),
        None => ("objective", None, ""),
    };
    let by = if gate.unit == Unit::Duration { divisor(&gate.unit) } else { 1.0 };
    json!({
        "condition": gate.text,
        "design": gate.design,
        "metric": gate.metric,
        "outcome": gate.outcome.name(),
        "of": of,
        "bound": bound,
        "unit": unit,
        "estimate": gate.value.as_ref().map(|value: &Estimated| estimate(value, by)),
        "verdict": gate.verdict.map(|v| v.name()),
        "doubt": gate.doubt.as_ref().map(doubt_clause),
        "sentence": gate_sentence(gate),
    })
}

/// Returns what kind of thing a number is about, and its name.
pub(crate) fn subject(subject: &Subject) -> (&'static str, &str) {
    match subject {
        Subject::Objective(name) => ("slo", name),
        Subject::Watch(name) => ("watch", name),
        Subject::Client(name) => ("client", name),
        Subject::Part(name) => ("part", name),
    }
}

/// Returns the word for a side.
pub(crate) fn better(better: Better) -> &'static str {
    match better {
        Better::Lower => "lower",
        Better::Higher => "higher",
        Better::Neither => "neither",
    }
}
