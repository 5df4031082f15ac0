//! A stored run, read back to be compared with another one.

use kneepoint_engine::SimDuration;
use kneepoint_experiment::compare::{ClientFacts, Record};
use kneepoint_experiment::result::{Better, Measure, ScenarioFacts, Subject, Unit, Verdict};
use kneepoint_statistics::{Estimate, Estimated, PseudoValues};
use serde::Deserialize;

use crate::json::SCHEMA_VERSION;
use crate::number::divisor;

#[derive(Deserialize)]
struct Version {
    schema_version: Option<u64>,
    program: Option<String>,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Stored {
    title: String,
    seed: u64,
    replications: u64,
    run: Run,
    verdict: String,
    slo: Vec<Objective>,
    comparable: Option<Vec<Number>>,
    #[serde(default)]
    clients: Vec<StoredClient>,
    #[serde(default)]
    topology: StoredTopology,
    scenario: Option<serde_json::Value>,
}

/// The scenario of a stored run; nothing if it says none that can be understood.
#[derive(Deserialize)]
struct StoredScenario {
    file: String,
    format: u64,
    hash: String,
    variant: Option<String>,
    set: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Run {
    duration: f64,
    warm_up: f64,
    confidence: f64,
    /// Of one long run.
    batches: Option<u64>,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
    condition: String,
    verdict: String,
    /// Where something is drawn once per replication.
    probability: Option<Chance>,
}

/// What a client sent and got.
#[derive(Deserialize)]
struct StoredClient {
    name: String,
    sent: StoredCount,
    ended: StoredCount,
    good: StoredCount,
    /// Where its users wait for answers.
    users: Option<StoredLevel>,
}

/// What people call clients and parts.
#[derive(Default, Deserialize)]
struct StoredTopology {
    #[serde(default)]
    nodes: Vec<StoredNode>,
}

#[derive(Deserialize)]
struct StoredNode {
    name: String,
    label: Option<String>,
}

#[derive(Deserialize)]
struct StoredCount {
    total: u64,
    rate: Chance,
}

#[derive(Deserialize)]
struct StoredLevel {
    mean: Chance,
}

impl StoredClient {
    fn facts(self) -> ClientFacts {
        let Chance { value, low, high, .. } = self.sent.rate;
        ClientFacts {
            name: self.name,
            sent: self.sent.total,
            ended: self.ended.total,
            good: self.good.total,
            offered_per_s: value.map(|value| (value, low, high)),
            users: self.users.and_then(|users| users.mean.value),
        }
    }
}

/// An estimate, or the reason why there is none.
#[derive(Deserialize)]
struct Chance {
    value: Option<f64>,
    #[serde(default)]
    low: f64,
    #[serde(default)]
    high: f64,
    #[serde(default)]
    confidence: f64,
    #[serde(default)]
    n: u64,
}

#[derive(Deserialize)]
struct Number {
    metric: String,
    about: String,
    name: String,
    unit: String,
    better: String,
    pooled: Option<f64>,
    #[serde(default)]
    pseudo_values: Vec<f64>,
    #[serde(default)]
    resolution: f64,
    independent_beyond: Option<f64>,
    reason: Option<String>,
    /// Where there is a number and no difference can be judged of it.
    value: Option<f64>,
}

/// Reads what [`json`](crate::json()) wrote of a run.
///
/// # Errors
/// If it is no such file, cut short, of another version, or contradicts itself; in words, to be printed after the
/// name of the file.
pub fn baseline(name: &str, text: &str) -> Result<Record, String> {
    let broken = |error: serde_json::Error| {
        if error.is_eof() {
            format!("it is cut short: it ends in line {}, before its end", error.line())
        } else {
            format!("it is not the JSON of a run: {error}")
        }
    };
    let version: Version = serde_json::from_str(text).map_err(broken)?;
    if version.program.as_deref() != Some("kneepoint") || version.kind.is_some() {
        return Err(
            "it is not the result of a run: `kneepoint run FILE --format json -o RESULTS` makes one".into()
        );
    }
    match version.schema_version {
        Some(v) if v == u64::from(SCHEMA_VERSION) => {}
        Some(v) => {
            return Err(format!(
                "its schema_version is {v}, and this program reads {SCHEMA_VERSION}: make it again with `kneepoint \
                 run FILE --format json`"
            ));
        }
        None => return Err("it has no schema_version".to_string()),
    }
    let stored: Stored = serde_json::from_str(text).map_err(broken)?;
    let numbers = stored.comparable.ok_or(
        "it was written by an earlier version, without the values per replication that a comparison takes: make it \
         again with `kneepoint run FILE --format json`",
    )?;
    let Run { duration, warm_up, confidence, batches } = stored.run;
    if stored.replications < 2 {
        let of = if batches.is_some() { "one long run, cut into batches" } else { "one replication" };
        return Err(format!(
            "it is of {of}; replications are compared with replications, and one has no interval: make it again with \
             `kneepoint run FILE --replications 2 --format json`, or more"
        ));
    }
    let sure = confidence > 0.0 && confidence < 1.0;
    let long = duration > 0.0 && duration < 1e9 && (0.0..duration).contains(&warm_up);
    if !(sure && long) {
        return Err(format!(
            "its run is none: duration {duration} s, warm-up {warm_up} s, confidence {confidence}"
        ));
    }
    let measures = numbers.into_iter().map(|n| measure(n, stored.replications)).collect::<Result<_, _>>()?;
    let chances = stored.slo.iter().filter_map(|o| {
        let Chance { value, low, high, confidence, n } = o.probability.as_ref()?;
        let chance = Estimate {
            value: (*value)?,
            low: *low,
            high: *high,
            confidence: *confidence,
            n: *n,
            effective_samples: None,
        };
        Some((o.name.clone(), chance))
    });
    let chances = chances.collect();
    let objectives = stored.slo.into_iter().map(|o| Ok((o.name, o.condition, verdict(&o.verdict)?)));
    Ok(Record {
        name: name.to_string(),
        title: stored.title,
        scenario: stored.scenario.and_then(facts),
        seed: stored.seed,
        replications: stored.replications,
        batches: None,
        duration: nanos(duration),
        warm_up: nanos(warm_up),
        confidence,
        verdict: verdict(&stored.verdict)?,
        objectives: objectives.collect::<Result<_, String>>()?,
        chances,
        measures,
        labels: stored.topology.nodes.into_iter().filter_map(|node| Some((node.name, node.label?))).collect(),
        clients: stored.clients.into_iter().map(StoredClient::facts).collect(),
    })
}

fn facts(stored: serde_json::Value) -> Option<ScenarioFacts> {
    let StoredScenario { file, format, hash, variant, set } = serde_json::from_value(stored).ok()?;
    Some(ScenarioFacts { file, format, hash: u64::from_str_radix(&hash, 16).ok()?, variant, set })
}

fn nanos(seconds: f64) -> SimDuration {
    SimDuration::from_nanos((seconds * 1e9).round() as u64)
}

fn verdict(name: &str) -> Result<Verdict, String> {
    use Verdict::*;
    let all = [Met, Missed, Unclear, NotEnough, NothingToJudge, Void, Probability];
    let found = all.into_iter().find(|v| v.name() == name);
    found.ok_or_else(|| format!("it has a verdict \"{}\" that there is not", name.escape_debug()))
}

fn measure(number: Number, replications: u64) -> Result<Measure, String> {
    let metric = number.metric.escape_debug().to_string();
    let unit = match number.unit.as_str() {
        "s" => Unit::Duration,
        "1/s" => Unit::Rate,
        "ratio" => Unit::Ratio,
        "1" => Unit::Number,
        other => Unit::Other(other.to_string()),
    };
    let by = divisor(&unit);
    let content = match number.pooled {
        Some(value) => {
            if number.pseudo_values.len() as u64 != replications {
                return Err(format!(
                    "{metric} has {} values for {replications} replications",
                    number.pseudo_values.len()
                ));
            }
            Ok(PseudoValues {
                value: value * by,
                each: number.pseudo_values.iter().map(|v| v * by).collect(),
                resolution: number.resolution * by,
                beyond: number.independent_beyond,
            })
        }
        None => Err(Estimated::not_enough(number.reason.unwrap_or_default(), replications, None)),
    };
    let name = number.name;
    let subject = match number.about.as_str() {
        "slo" => Subject::Objective(name),
        "watch" => Subject::Watch(name),
        "client" => Subject::Client(name),
        "part" => Subject::Part(name),
        other => return Err(format!("{metric} is about a \"{}\", which there is not", other.escape_debug())),
    };
    let better = match number.better.as_str() {
        "lower" => Better::Lower,
        "higher" => Better::Higher,
        "neither" => Better::Neither,
        other => return Err(format!("{metric} is better when \"{}\"", other.escape_debug())),
    };
    let value = number.value.map(|value| value * by);
    Ok(Measure { name: number.metric, subject, unit, better, content, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{json, sample};

    #[test]
    fn what_was_written_is_read() {
        let run = sample::run();
        let read = baseline("baseline", &json(&run)).unwrap();
        let of = Record::of("baseline", &run);
        assert_eq!((read.seed, read.replications, read.duration), (of.seed, of.replications, of.duration));
        assert_eq!((read.verdict, &read.objectives), (of.verdict, &of.objectives));
        assert_eq!(read.measures.len(), of.measures.len());
        for (a, b) in read.measures.iter().zip(&of.measures) {
            assert_eq!((&a.name, &a.subject, &a.unit, a.better), (&b.name, &b.subject, &b.unit, b.better));
            let near = |x: f64, y: f64| (x - y).abs() <= 1e-12 * y.abs();
            match (&a.content, &b.content) {
                (Ok(a), Ok(b)) => {
                    assert!(near(a.value, b.value));
                    assert!(a.each.iter().zip(&b.each).all(|(x, y)| near(*x, *y)));
                }
                (a, b) => assert!(a.is_err() && b.is_err()),
            }
        }
    }

    #[test]
    fn what_is_no_result_is_refused_with_the_reason() {
        let whole = json(&sample::run());
        let says = |text: &str, part: &str| {
            let reason = baseline("b", text).unwrap_err();
            assert!(reason.contains(part), "{reason}");
        };
        says("", "cut short");
        says(&whole[..whole.len() / 2], "cut short");
        says("{}", "not the result of a run");
        says("[1]", "not the JSON of a run");
        says(&whole.replace("\"schema_version\": 1", "\"schema_version\": 7"), "schema_version is 7");
        says(&whole.replace("\"comparable\"", "\"comparables\""), "earlier version");
        says(
            &whole.replace("\"confidence\": 0.95,\n    \"each", "\"confidence\": 2,\n    \"each"),
            "confidence 2",
        );
        says(&whole.replace("\"verdict\": \"missed\"", "\"verdict\": \"fine\""), "\"fine\"");
    }
}
