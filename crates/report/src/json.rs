//! Everything a run found, as JSON.

mod middle;
mod samples;
mod timeline;
mod topology;

use kneepoint_experiment::result::{
    Assumption, CheckResult, ClientResult, Count, DefaultValue, DrawnParam, Durations, LevelResult, Measure,
    ObjectiveResult, PartResult, PhaseTime, Requests, RunResult, ScenarioFacts, Share, Station, WarmUpFrom,
    WatchResult, Windows,
};
use kneepoint_statistics::Estimated;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::comparison::{better, subject};
use crate::number::{SECOND, base_unit as unit, divisor, percentile_name};
use crate::verdict::sentence;

/// The version of the shape of [`json()`]: raised when a key is renamed, removed or changes its meaning, not when one
/// is added (`comparable` came later: a file without it can be read, but not be a baseline).
pub const SCHEMA_VERSION: u32 = 1;

/// Returns everything a run found as JSON, indented, with a line end.
///
/// Every estimate is an object with `value`, `low`, `high`, `confidence` and `n`; where the data do not carry one,
/// `value` is null and `reason` says why. Exact numbers (totals, largest values) are bare.
///
/// What was run is said by `program`, `program_version`, `seed` and `scenario`: its `file` as it was called, the
/// version of the `format`, the `hash` of the file with everything filled in, the `variant` (null if none was taken),
/// and what was `set` from outside as pairs of path and value, in order. It is null for a plan of a Rust program.
/// `assumptions` have `text`, `source` and `doubt`; `sources` and `not_modelled` are texts. `defaults` are all that hold
/// because the file says nothing: `at` which place, `kind`, `field`, `default` (a rule `in_words` if it depends on others)
/// and `source`, null where none is known.
///
/// A span of `samples` is `critical` if it is on the path that decided; those add up to the latency. It is null where
/// spans were left out.
///
/// `latency_curve`, of a client and of each class, is a list of pairs: a share from 0 to 1 and the latency \[s\] that
/// so many good requests had at most, as far as ten requests lie beyond.
///
/// `evenness` of a part says how evenly its instances are loaded, null where there is nothing to compare: `of` which load
/// (their `utilisation`, else their `calls`), `jain` the index of Jain (1 if all are alike, 1/n if one of n has everything),
/// and the largest load, `max_over_mean`.
///
/// `calls`, `answered` and `good` of a part are of what came through its door; its `errors` and `by_status` are those of whoever
/// calls it, which were turned away at the door too, as in the metrics of these names.
///
/// `topology` says who calls whom. Its `nodes` are all parts, clients too, in the order of the file: `name`, `kind`, the
/// `label` that people call it by (null if the file says none), whether it is a `client`, `instances` at the start, `cores` and `concurrency` of each of them (null where a part has none), and
/// what stands at its door, `via`. Its `edges` are the calls `from` one part `to` another that go the same way, in the order
/// of the callers: pairs of `operations` (of a client its classes; null where a part passes on what comes), what stands on
/// the edge, `via`, outermost first and written as in the file, what is said of the `wire`, and the `calls` made over it,
/// which are null where nobody can tell them from others: where nothing of its own stands on the edge, and another leads to
/// the same callee. `edges` is null for a plan of a Rust program that does not say them.
///
/// `middle` is what stands on edges and at doors and keeps series of its own (left out where there is nothing): `at` which
/// edge or part, its `place` in the list there from 0, its `kind`, how many `instances` it has, the `calls` that arrived,
/// answers `by_status`, and what it counted and kept as levels, by name, in `counts` and `levels`.
///
/// `timeline` is there if it was [asked for](kneepoint_experiment::Options::timeline): `bounds` are the ends of its
/// windows \[s\], the beginning first; `replications` is of how many it is (the first hundred); everything else is a list with one entry per window, null where the data do not
/// carry one.
/// A number over time is an object with `values` and, with two replications or more, `low` and `high`; a count has its
/// `total` over all replications and its `rate`. Clients have `sent`, `good`, `by_status`, `latency` (p50, p90, p95, p99),
/// `heat` and `in_flight`, and the same of their `classes` if they have several; parts have `calls`, the answers they gave (`answered`, of every status), `utilisation`,
/// `capacity`, `queue`, `inside`, `threads` and `thread_limit` (how many there are), null where a part does not keep them, and `instances` that serve (neither
/// down nor hanging: the mean over each window, and under `min` the fewest at any instant in any replication); `faults` have
/// `strikes` and how many were `struck`. `events` are what happened to parts at which instant in one `replication`, the
/// first, as it differs from one to the next: a `list` in order, each `at` an instant \[s\], with the `part` (the path of an
/// instance; for `fault begins`, `fault ends`, `action begins` and `action ends` the name of the fault or action), `what` happened (`crash`, `leave`, `stop`, `restart`, `hang`,
/// `resume`, `start`, `retire`, and what parts say of themselves) and the `detail`, a text for people. `left_out` is how many
/// more there were than are kept, later than those. `saturated` are the stretches of windows in which a `part` had next to
/// none of its servers or threads free (`of`: `servers` or `threads`), `from` when `to` when \[s\], in the order in which
/// they began. The `cells` of `heat` are window, bucket and count; a bucket holds latencies up to its entry in `edges`
/// \[s\].
///
/// # Units
/// Durations \[s\], rates \[1/s\], shares from 0 to 1.
pub fn json(result: &RunResult) -> String {
    let shape = Shape {
        schema_version: SCHEMA_VERSION,
        program: "kneepoint",
        program_version: env!("CARGO_PKG_VERSION"),
        scenario: result.about.scenario.as_ref().map(scenario),
        title: &result.title,
        question: result.question.as_deref(),
        seed: result.facts.seed,
        digest: digest(result.digest),
        events: result.events,
        replications: result.facts.replications,
        units: json!({ "duration": "s", "rate": "1/s", "ratio": "ratio" }),
        run: run(result),
        verdict: result.verdict.name(),
        verdict_sentence: sentence(result),
        probability: result.probability.as_ref().map(|chance| estimate(chance, 1.0)),
        drawn: result.drawn.iter().map(drawn).collect(),
        slo: result.objectives.iter().map(objective).collect(),
        watch: result.watches.iter().map(watch).collect(),
        clients: result.clients.iter().map(client).collect(),
        parts: result.parts.iter().map(part).collect(),
        middle: result.middles.iter().map(middle::middle).collect(),
        topology: topology::topology(&result.topology),
        checks: result.checks.iter().map(check).collect(),
        warnings: &result.warnings,
        samples: result.samples.iter().map(samples::request).collect(),
        timeline: result.timeline.as_ref().map(timeline::timeline),
        assumptions: result.about.assumptions.iter().map(assumption).collect(),
        defaults: result.about.defaults.iter().map(default).collect(),
        sources: &result.about.sources,
        not_modelled: &result.about.not_modelled,
        comparable: result.measures.iter().map(comparable).collect(),
    };
    crate::safe_json(
        serde_json::to_string_pretty(&shape).expect("keys are texts and nothing fails to be written") + "\n",
    )
}

/// The order of the keys: what one looks for first comes first.
#[derive(Serialize)]
struct Shape<'r> {
    schema_version: u32,
    program: &'static str,
    program_version: &'static str,
    scenario: Option<Value>,
    title: &'r str,
    question: Option<&'r str>,
    seed: u64,
    digest: String,
    events: u64,
    replications: u64,
    units: Value,
    run: Value,
    verdict: &'static str,
    verdict_sentence: String,
    /// That all objectives hold in the same replication; only if something is drawn once per replication.
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    drawn: Vec<Value>,
    slo: Vec<Value>,
    watch: Vec<Value>,
    clients: Vec<Value>,
    parts: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    middle: Vec<Value>,
    topology: Value,
    checks: Vec<Value>,
    warnings: &'r [String],
    samples: Vec<Value>,
    /// Only if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<Value>,
    assumptions: Vec<Value>,
    defaults: Vec<Value>,
    sources: &'r [String],
    not_modelled: &'r [String],
    comparable: Vec<Value>,
}

/// Digests are texts: most readers of JSON keep 53 bits of a number.
pub(crate) fn digest(digest: u64) -> String {
    format!("{digest:016x}")
}

/// Which scenario it was: the same in the results of every verb.
pub(crate) fn scenario(facts: &ScenarioFacts) -> Value {
    json!({
        "file": facts.file,
        "format": facts.format,
        "hash": digest(facts.hash),
        "variant": facts.variant,
        "set": facts.set,
    })
}

fn assumption(assumption: &Assumption) -> Value {
    json!({ "text": assumption.text, "source": assumption.source, "doubt": assumption.doubt })
}

fn default(default: &DefaultValue) -> Value {
    json!({
        "at": default.at,
        "kind": default.kind,
        "field": default.field,
        "default": default.value,
        "in_words": default.in_words,
        "source": default.source,
    })
}

fn run(result: &RunResult) -> Value {
    let facts = &result.facts;
    let (from, why) = match &facts.warm_up_from {
        WarmUpFrom::Stated => ("stated", None),
        WarmUpFrom::Found { client } => ("found", Some(client)),
        WarmUpFrom::NotFound { reason } => ("not found", Some(reason)),
    };
    let each: Vec<Value> = result
        .replications
        .iter()
        .map(|r| json!({ "number": r.number, "digest": digest(r.digest), "events": r.events }))
        .collect();
    json!({
        "duration": facts.duration.as_secs_f64(),
        "warm_up": facts.warm_up.as_secs_f64(),
        "warm_up_from": from,
        "warm_up_why": why,
        "batches": facts.batches,
        "replications_max": facts.replications_max,
        "precision": facts.precision,
        "precision_reached": facts.precision_reached,
        "least_precise": facts.least_precise.as_ref().map(|least| &least.name),
        "confidence": facts.confidence,
        "each_replication": each,
    })
}

fn drawn(drawn: &DrawnParam) -> Value {
    let divisor = divisor(&drawn.unit);
    let values: Vec<f64> = drawn.values.iter().map(|value| value / divisor).collect();
    json!({ "name": drawn.name, "unit": unit(&drawn.unit), "per_replication": values })
}

pub(crate) fn objective(objective: &ObjectiveResult) -> Value {
    let divisor = divisor(&objective.unit);
    let mut all = json!({
        "name": objective.name,
        "condition": objective.condition,
        "verdict": objective.verdict.name(),
        "sentence": objective.sentence,
        "estimate": estimate(&objective.value, divisor),
        "bound": objective.bound / divisor,
        "unit": unit(&objective.unit),
        "windows": objective.windows.as_ref().map(windows),
        "per_replication": scaled(&objective.per_replication, divisor),
    });
    if let Some(chance) = &objective.probability {
        all["probability"] = estimate(chance, 1.0);
    }
    all
}

fn windows(windows: &Windows) -> Value {
    json!({
        "each": windows.each,
        "missed": windows.missed,
        "empty": windows.empty,
        "all": windows.all,
        "worst": windows.worst.map(|(from, to)| [seconds(from.as_nanos() as f64), seconds(to.as_nanos() as f64)]),
        "worst_instance": windows.worst_instance,
    })
}

pub(crate) fn watch(watch: &WatchResult) -> Value {
    let divisor = divisor(&watch.unit);
    let values: Vec<Value> = watch
        .values
        .iter()
        .map(|value| {
            json!({
                "instance": value.instance,
                "window": value.window.map(|(from, to)| [from, to].map(|at| seconds(at.as_nanos() as f64))),
                "estimate": estimate(&value.value, divisor),
                "per_replication": scaled(&value.per_replication, divisor),
            })
        })
        .collect();
    json!({ "name": watch.name, "metric": watch.metric, "unit": unit(&watch.unit), "values": values })
}

/// What people call clients and parts, where the file says so.
pub(crate) fn labels(labels: &[(String, String)]) -> Value {
    labels.iter().map(|(name, label)| json!({ "name": name, "label": label })).collect()
}

fn client(client: &ClientResult) -> Value {
    let classes: Vec<Value> = client
        .classes
        .iter()
        .map(|class| named(&[("name", &class.name)], requests(&class.requests)))
        .collect();
    let mut all = requests(&client.all);
    all.insert("in_flight".into(), json!(client.in_flight.as_ref().map(level)));
    all.insert("users".into(), json!(client.users.as_ref().map(level)));
    all.insert("time".into(), phases(&client.phases));
    all.insert("classes".into(), json!(classes));
    named(&[("name", &client.name), ("kind", &client.kind)], all)
}

fn requests(requests: &Requests) -> Map<String, Value> {
    fields([
        ("sent", count(&requests.sent)),
        ("ended", count(&requests.ended)),
        ("by_status", shares(requests.by_status.iter().map(|(status, share)| (status.name(), share)))),
        ("good", count(&requests.good)),
        ("throughput", estimate(&requests.ended.rate, 1.0)),
        ("goodput", estimate(&requests.good.rate, 1.0)),
        ("errors", share(&requests.errors)),
        ("latency", durations(&requests.latency)),
        ("latency_curve", curve(&requests.latency)),
        ("latency_failed", durations(&requests.latency_failed)),
    ])
}

fn part(part: &PartResult) -> Value {
    let instances: Vec<Value> = part
        .instances
        .iter()
        .map(|instance| named(&[("path", &instance.path)], station(&instance.station)))
        .collect();
    let mut all = station(&part.all);
    all.insert("instances".into(), json!(instances));
    let evenness = part.evenness.as_ref().map(|even| {
        json!({ "of": even.of, "jain": estimate(&even.jain, 1.0), "max_over_mean": estimate(&even.peak, 1.0) })
    });
    all.insert("evenness".into(), json!(evenness));
    named(&[("name", &part.name), ("kind", &part.kind)], all)
}

fn station(station: &Station) -> Map<String, Value> {
    let some = |times: &Option<Durations>| json!(times.as_ref().map(durations));
    let lasting = |of: &Option<LevelResult>| json!(of.as_ref().map(level));
    fields([
        ("calls", count(&station.calls)),
        ("answered", count(&station.answered)),
        ("by_status", shares(station.by_status.iter().map(|(status, share)| (status.name(), share)))),
        ("good", count(&station.good)),
        ("throughput", estimate(&station.answered.rate, 1.0)),
        ("goodput", estimate(&station.good.rate, 1.0)),
        ("errors", share(&station.errors)),
        ("lost", count(&station.lost)),
        ("response", durations(&station.response)),
        ("waiting", some(&station.waiting)),
        ("waiting_abandoned", some(&station.waiting_abandoned)),
        ("service", some(&station.service)),
        ("utilisation", json!(station.utilisation.as_ref().map(share))),
        ("busy", lasting(&station.busy)),
        ("queue", lasting(&station.queue)),
        ("inside", lasting(&station.inside)),
        ("threads", lasting(&station.threads)),
        ("thread_utilisation", json!(station.thread_utilisation.as_ref().map(share))),
        ("time", phases(&station.phases)),
        ("orphans", count(&station.orphans)),
        ("orphan_time", share(&station.orphan_time)),
    ])
}

pub(crate) fn check(check: &CheckResult) -> Value {
    json!({
        "name": check.name,
        "rule": check.rule,
        "holds": check.holds(),
        "checked": check.checked,
        "skipped": check.skipped,
        "failures": check.failures,
    })
}

pub(crate) fn estimate(estimated: &Estimated, divisor: f64) -> Value {
    match estimated {
        Estimated::Known(known) => json!({
            "value": known.value / divisor,
            "low": known.low / divisor,
            "high": known.high / divisor,
            "confidence": known.confidence,
            "n": known.n,
            "effective_samples": known.effective_samples,
        }),
        Estimated::NotEnough { reason, have, need } => {
            json!({ "value": null, "reason": reason, "have": have, "need": need })
        }
    }
}

/// A number with its pseudo-values, one per replication: what `compare --baseline` reads.
fn comparable(measure: &Measure) -> Value {
    let by = divisor(&measure.unit);
    let (about, name) = subject(&measure.subject);
    let mut all = fields([
        ("metric", json!(measure.name)),
        ("about", json!(about)),
        ("name", json!(name)),
        ("unit", json!(unit(&measure.unit))),
        ("better", json!(better(measure.better))),
    ]);
    match &measure.content {
        Ok(known) => {
            let each: Vec<f64> = known.each.iter().map(|v| v / by).collect();
            all.extend(fields([
                ("pooled", json!(known.value / by)),
                ("pseudo_values", json!(each)),
                ("resolution", json!(known.resolution / by)),
                ("independent_beyond", json!(known.beyond)),
            ]));
        }
        Err(Estimated::NotEnough { reason, .. }) => {
            let value = measure.value.map(|value| value / by);
            all.extend(fields([("pooled", Value::Null), ("reason", json!(reason)), ("value", json!(value))]));
        }
        Err(Estimated::Known(_)) => unreachable!("an estimate is no reason for having none"),
    }
    Value::Object(all)
}

fn count(count: &Count) -> Value {
    json!({ "total": count.total, "rate": estimate(&count.rate, 1.0) })
}

/// A share is an estimate with what it is made of beside it.
fn share(share: &Share) -> Value {
    estimate(&share.share, 1.0)
}

fn shares<'r>(shares: impl Iterator<Item = (&'static str, &'r Share)>) -> Value {
    let by_status = shares.map(|(status, of)| {
        (status.to_string(), json!({ "total": of.part, "share": estimate(&of.share, 1.0) }))
    });
    Value::Object(by_status.collect())
}

fn durations(durations: &Durations) -> Value {
    let mut all = fields([
        ("count", json!(durations.count)),
        ("mean", estimate(&durations.mean, SECOND)),
        ("min", json!(durations.range.map(|(min, _)| seconds(min as f64)))),
        ("max", json!(durations.range.map(|(_, max)| seconds(max as f64)))),
    ]);
    for (p, estimated) in &durations.percentiles {
        all.insert(percentile_name(*p), estimate(estimated, SECOND));
    }
    Value::Object(all)
}

fn curve(durations: &Durations) -> Value {
    durations.curve().into_iter().map(|(p, nanos)| json!([p, seconds(nanos)])).collect()
}

fn level(level: &LevelResult) -> Value {
    json!({ "mean": estimate(&level.mean, 1.0), "max": level.max })
}

fn phases(phases: &[PhaseTime]) -> Value {
    let each = phases.iter().map(|time| {
        let content = json!({
            "total": seconds(time.total as f64),
            "per_request": estimate(&time.per_request, SECOND),
        });
        (time.phase.name().to_string(), content)
    });
    Value::Object(each.collect())
}

fn seconds(nanos: f64) -> f64 {
    nanos / SECOND
}

fn scaled(values: &[Option<f64>], divisor: f64) -> Vec<Option<f64>> {
    values.iter().map(|value| value.map(|value| value / divisor)).collect()
}

pub(crate) fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

fn named(names: &[(&str, &str)], content: Map<String, Value>) -> Value {
    let names = names.iter().map(|(key, name)| (key.to_string(), json!(name)));
    Value::Object(names.chain(content).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn parsed() -> Value {
        serde_json::from_str(&json(&sample::run())).unwrap()
    }

    #[test]
    fn the_keys_of_the_first_version_are_there() {
        let value = parsed();
        for key in [
            "schema_version",
            "seed",
            "digest",
            "replications",
            "clients",
            "parts",
            "slo",
            "checks",
            "warnings",
        ] {
            assert!(value.get(key).is_some(), "{key}");
        }
        assert_eq!(value["schema_version"], 1);
        assert_eq!(value["digest"], "0123456789abcdef");
        assert_eq!(value["replications"], 10);
        assert_eq!(value["clients"][0]["classes"][1]["name"], "buy");
        assert_eq!(value["parts"][0]["instances"][1]["path"], "web/1");
    }

    #[test]
    fn a_result_says_what_was_run() {
        let value = parsed();
        let expected = json!({
            "file": "shop.ron",
            "format": 1,
            "hash": "00ff0000000000aa",
            "variant": "large",
            "set": [["web.instances", "2"]],
        });
        assert_eq!(value["scenario"], expected);
        assert_eq!((&value["program"], &value["seed"]), (&json!("kneepoint"), &json!(1)));
        assert_eq!(value["program_version"], env!("CARGO_PKG_VERSION"));
        let doubtful = json!({
            "text": "an order takes three times the work of a page",
            "source": "asked the team",
            "doubt": "High",
        });
        assert_eq!(value["assumptions"][0], doubtful);
        assert!(value["assumptions"][1]["doubt"].is_null());
        let default = json!({
            "at": "web",
            "kind": "Service",
            "field": "concurrency",
            "default": "Threads(200)",
            "in_words": false,
            "source": "Tomcat maxThreads",
        });
        assert_eq!(value["defaults"], json!([default]));
        assert_eq!(value["sources"], json!(["the shop's dashboards, week 46"]));
        assert_eq!(value["not_modelled"], json!(["caches", "retries"]));
        let mut program = sample::run();
        program.about = Default::default();
        let value: Value = serde_json::from_str(&super::json(&program)).unwrap();
        assert!(value["scenario"].is_null());
    }

    #[test]
    fn who_calls_whom_is_said_with_what_stands_between() {
        let value = parsed();
        let (nodes, edges) = (&value["topology"]["nodes"], &value["topology"]["edges"]);
        assert_eq!((&nodes[0]["client"], &nodes[0]["cores"]), (&json!(true), &Value::Null));
        assert_eq!((&nodes[1]["name"], &nodes[1]["instances"]), (&json!("web"), &json!(2)));
        assert_eq!(edges[0]["operations"], json!([["browse", null]]));
        assert_eq!(edges[0]["via"], json!(["Timeout(1 s)"]));
        assert_eq!(edges[0]["calls"]["total"], 1_080_000);
        let mut program = sample::run();
        program.topology.edges = None;
        let value: Value = serde_json::from_str(&super::json(&program)).unwrap();
        assert!(value["topology"]["edges"].is_null() && value["topology"]["nodes"].is_array());
    }

    #[test]
    fn an_estimate_is_an_object_and_in_seconds() {
        let value = parsed();
        let p99 = &value["clients"][0]["latency"]["p99"];
        assert_eq!(p99["value"], 0.18);
        assert_eq!(p99["n"], 10);
        assert_eq!(p99["confidence"], 0.95);
        assert!(p99["low"].as_f64() < p99["high"].as_f64());
        assert_eq!(value["slo"][0]["bound"], 0.3);
    }

    #[test]
    fn what_the_data_do_not_carry_is_null_with_a_reason() {
        let value = parsed();
        let thin = &value["clients"][0]["classes"][1]["latency"]["p99.9"];
        assert!(thin["value"].is_null());
        assert!(thin["reason"].as_str().unwrap().contains("5000 samples"));
    }

    #[test]
    fn every_estimate_has_the_same_five_keys_or_a_reason() {
        fn visit(value: &Value, seen: &mut usize) {
            match value {
                Value::Object(fields) => {
                    if fields.contains_key("value") {
                        *seen += 1;
                        let keys: &[&str] = if fields["value"].is_null() {
                            &["reason"]
                        } else {
                            &["low", "high", "confidence", "n"]
                        };
                        assert!(keys.iter().all(|key| fields.contains_key(*key)), "{fields:?}");
                    }
                    fields.values().for_each(|value| visit(value, seen));
                }
                Value::Array(values) => values.iter().for_each(|value| visit(value, seen)),
                _ => {}
            }
        }
        let mut seen = 0;
        visit(&parsed(), &mut seen);
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn equal_results_give_equal_bytes() {
        assert_eq!(json(&sample::run()), json(&sample::run()));
    }
}
