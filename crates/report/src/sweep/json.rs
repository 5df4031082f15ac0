//! A sweep as JSON: one document, or one line per point.

use kneepoint_experiment::result::{
    OriginFacts, PointClient, PointPart, PointResult, SweepFacts, SweepResult,
};
use kneepoint_statistics::Estimated;
use serde_json::{Map, Value, json};

use super::text::{survivors, survivors_note};
use crate::command::Command;
use crate::json::{SCHEMA_VERSION, check, digest, estimate, fields, labels, objective, watch};
use crate::number::{SECOND, percentile_name};

/// Returns a sweep as one JSON document, indented, with a line end: the head and `points`.
///
/// `survivors` says of which clients so much less ends well at some points than at others that their latencies are of
/// other requests; `latency_note` of a client, in lines too, that some of its requests at that point ended otherwise.
///
/// # Units
/// As in [`json`](crate::json()): durations in seconds, rates per second, shares from 0 to 1. Settings are texts, as they were
/// set.
pub fn sweep_json(result: &SweepResult) -> String {
    let mut head = head(&result.facts);
    let points: Vec<Value> = result.points.iter().map(|point| self::point(&result.facts, point)).collect();
    head.insert("survivors".into(), json!(survivors(result)));
    head.insert("points".into(), json!(points));
    crate::safe_json(
        serde_json::to_string_pretty(&head).expect("keys are texts and nothing fails to be written") + "\n",
    )
}

/// Returns the first line of a sweep as JSON lines.
pub fn sweep_jsonl_head(facts: &SweepFacts) -> String {
    crate::safe_json(Value::Object(head(facts)).to_string() + "\n")
}

/// Returns the line of a point.
pub fn sweep_jsonl_point(facts: &SweepFacts, point: &PointResult) -> String {
    crate::safe_json(self::point(facts, point).to_string() + "\n")
}

fn head(facts: &SweepFacts) -> Map<String, Value> {
    let axes: Vec<Value> =
        facts.axes.iter().map(|axis| json!({ "path": axis.path, "values": axis.values })).collect();
    let data: Vec<Value> =
        facts.data.iter().map(|file| json!({ "file": file.name, "hash": file.hash })).collect();
    fields([
        ("schema_version", json!(SCHEMA_VERSION)),
        ("program", json!("kneepoint")),
        ("program_version", json!(env!("CARGO_PKG_VERSION"))),
        ("title", json!(facts.title)),
        ("question", json!(facts.question)),
        ("labels", labels(&facts.labels)),
        ("command", json!(sweep_command(facts))),
        ("scenario", json!(facts.origin.as_ref().map(|origin| scenario(facts, origin)))),
        ("scenario_hash", json!(facts.scenario)),
        ("seed", json!(facts.seed)),
        ("common_random_numbers", json!(!facts.independent)),
        ("design", json!(facts.design)),
        ("axes", json!(axes)),
        ("point_count", json!(facts.points)),
        ("replications_min", json!(facts.replications_min)),
        ("replications_max", json!(facts.replications_max)),
        ("precision", json!(facts.precision)),
        ("columns", json!(facts.columns)),
        ("units", json!({ "duration": "s", "rate": "1/s", "ratio": "ratio" })),
        ("assumptions", json!(facts.assumptions)),
        ("data", json!(data)),
    ])
}

/// As the results of other verbs have it.
fn scenario(facts: &SweepFacts, origin: &OriginFacts) -> Value {
    json!({
        "file": origin.file,
        "format": origin.format,
        "hash": facts.scenario,
        "variant": origin.variant,
        "set": origin.set,
    })
}

/// Returns the command that makes a sweep again; nothing for plans of a Rust program.
pub fn sweep_command(facts: &SweepFacts) -> Option<String> {
    let mut command = Command::new("sweep").origin(facts.origin.as_ref()?);
    for axis in &facts.axes {
        command = match axis.values.strip_prefix("variant=") {
            Some(names) => command.option("--variants", Some(names)),
            None => command.option("--over", Some(&axis.values)),
        };
    }
    if facts.design != "grid" {
        command = command.option("--design", Some(&facts.design)).option("--points", Some(facts.points));
    }
    let range = match (facts.replications_min, facts.replications_max) {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least}..{most}"),
    };
    let columns = (!facts.columns.is_empty()).then(|| facts.columns.join(","));
    let command = command
        .option("--columns", columns)
        .option("--seed", Some(facts.seed))
        .option("--replications", Some(range))
        .option("--precision", facts.precision)
        .flag("--independent", facts.independent);
    Some(command.text())
}

fn point(facts: &SweepFacts, point: &PointResult) -> Value {
    let settings: Map<String, Value> =
        facts.axes.iter().zip(&point.values).map(|(axis, value)| (axis.path.clone(), json!(value))).collect();
    let about = &point.facts;
    Value::Object(fields([
        ("point", json!(point.index)),
        ("settings", Value::Object(settings)),
        ("failure", json!(point.failure)),
        ("verdict", json!(if point.failure.is_some() { "failed" } else { point.verdict.name() })),
        ("probability", json!(point.probability.as_ref().map(|chance| estimate(chance, 1.0)))),
        ("replications", json!(about.replications)),
        ("batches", json!(about.batches)),
        ("precision_reached", json!(about.precision_reached)),
        ("duration", json!(about.duration.as_secs_f64())),
        ("warm_up", json!(about.warm_up.as_secs_f64())),
        ("seed", json!(about.seed)),
        ("slo", json!(point.objectives.iter().map(objective).collect::<Vec<_>>())),
        ("watch", json!(point.watches.iter().map(watch).collect::<Vec<_>>())),
        ("clients", json!(point.clients.iter().map(client).collect::<Vec<_>>())),
        ("parts", json!(point.parts.iter().map(part).collect::<Vec<_>>())),
        ("checks", json!(point.checks.iter().map(check).collect::<Vec<_>>())),
        ("warnings", json!(point.warnings)),
        ("digest", json!(digest(point.digest))),
        ("events", json!(point.events)),
    ]))
}

fn client(client: &PointClient) -> Value {
    let mut latency = fields([("mean", estimate(&client.mean, SECOND))]);
    for (p, estimated) in &client.percentiles {
        latency.insert(percentile_name(*p), estimate(estimated, SECOND));
    }
    json!({
        "name": client.name,
        "offered": estimate(&client.offered, 1.0),
        "users": client.users.as_ref().map(|users| estimate(users, 1.0)),
        "latency": latency,
        "latency_note": survivors_note(client),
        "goodput": estimate(&client.goodput, 1.0),
        "throughput": estimate(&client.throughput, 1.0),
        "errors": estimate(&client.errors, 1.0),
    })
}

fn part(part: &PointPart) -> Value {
    let some = |of: &Option<Estimated>, divisor: f64| json!(of.as_ref().map(|of| estimate(of, divisor)));
    json!({
        "name": part.name,
        "utilisation": some(&part.utilisation, 1.0),
        "queue": some(&part.queue, 1.0),
        "waiting": some(&part.waiting, SECOND),
    })
}
