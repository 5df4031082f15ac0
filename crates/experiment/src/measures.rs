//! Which numbers of a run can be compared with those of another one.

use kneepoint_scenario::plan::{PartRole, Plan};
use kneepoint_scenario::value::{Comparison, series};
use kneepoint_statistics::{Estimated, Histogram, PseudoValues};

use crate::evaluate::{estimate, per_replication, pseudo_values};
use crate::judge::unit;
use crate::program::{Expression, Judged};
use crate::readings::ClassReading;
use crate::recorder::Replication;
use crate::result::{Better, Measure, Subject, Unit, is_offered_load};
use crate::run::Program;

/// Percentiles of latency that are compared, with the name of their metric.
const PERCENTILES: [(f64, &str); 4] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9")];

/// Returns the numbers of objectives and watches, then those of each client, then the utilisation of each part. A
/// number stands once.
pub(crate) fn measures(plan: &Plan, program: &Program, all: &[Replication]) -> Vec<Measure> {
    let mut found: Vec<Measure> = Vec::new();
    let mut add = |measure: Measure| {
        if found.iter().all(|known| known.name != measure.name) {
            found.push(measure);
        }
    };
    for (objective, judged) in plan.objectives.iter().zip(&program.objectives) {
        let metric = objective.condition.metric.to_string();
        add(of_objective(objective.name.clone(), metric, judged, all, plan.run.confidence));
    }
    for (watch, expression) in plan.watches.iter().zip(&program.watches) {
        let dimension = watch.metric.dimension(&|_, name| series(name)).ok().flatten();
        let is_duration = expression.is_duration(dimension);
        let content = match expression.count() {
            1 => pseudo_values(expression, 0, is_duration, all),
            n => Err(Estimated::not_enough(
                format!("it has {n} values, by window or instance; a comparison takes metrics with one"),
                all.len() as u64,
                None,
            )),
        };
        let name = watch.metric.to_string();
        let better = usual(&name);
        add(Measure {
            name,
            subject: Subject::Watch(watch.name.clone()),
            unit: unit(dimension),
            better,
            content,
            value: None,
        });
    }
    let seconds = all.first().map_or(0.0, |_| (plan.end().as_nanos() - program.warm_up) as f64 / 1e9);
    for (at, part) in plan.parts.iter().enumerate() {
        if let PartRole::Client { .. } = part.role {
            let readings: Vec<ClassReading> =
                all.iter().filter_map(|r| r.clients[at].as_ref()).map(|r| r.all()).collect();
            of_client(&part.name, &readings, seconds, plan.run.confidence, &mut add);
        } else if let Some(content) = utilisation(at, all) {
            add(Measure {
                name: format!("utilisation({})", part.name),
                subject: Subject::Part(part.name.clone()),
                unit: Unit::Ratio,
                better: Better::Neither,
                content,
                value: None,
            });
        }
    }
    found
}

/// Of a percentile, by the rule of the run's own numbers too: what these refuse is not compared either, and what they
/// tell is told here, though its difference may be refused.
fn by_one_rule(
    content: Result<PseudoValues, Estimated>,
    own: Estimated,
) -> (Result<PseudoValues, Estimated>, Option<f64>) {
    match (content, own) {
        (Ok(_), refused @ Estimated::NotEnough { .. }) => (Err(refused), None),
        (Err(why), own) => (Err(why), own.value()),
        (Ok(content), Estimated::Known(_)) => (Ok(content), None),
    }
}

/// Whether a metric is a percentile.
fn is_percentile(metric: &str) -> bool {
    let name = metric.split('(').next().unwrap_or_default();
    name.strip_prefix('p').is_some_and(|digits| digits.parse::<f64>().is_ok())
}

/// Whether a metric is a part of something: one function that gives a share, and no ratio of two.
pub(crate) fn is_share(name: &str, unit: &Unit) -> bool {
    let single = name.strip_suffix(')').and_then(|call| call.split_once('('));
    *unit == Unit::Ratio && single.is_some_and(|(_, of)| !of.contains(['(', ')']))
}

/// Where more or less of a metric is always better, whoever asks.
fn usual(name: &str) -> Better {
    // One function, of a part, a class or a window of time as of all; a sum or a ratio of several may mean anything.
    let single = name.strip_suffix(')').and_then(|call| call.split_once('('));
    let Some((function, of)) = single.filter(|(_, of)| !of.contains(['(', ')'])) else {
        return Better::Neither;
    };
    let of = of.split(',').next().unwrap_or_default();
    match function {
        "goodput" => Better::Higher,
        "errors" => Better::Lower,
        _ if of.ends_with(".latency") => Better::Lower,
        _ => Better::Neither,
    }
}

fn of_objective(
    name: String,
    metric: String,
    judged: &Judged,
    all: &[Replication],
    confidence: f64,
) -> Measure {
    let Judged { expression, comparison, bound } = judged;
    let is_duration = expression.is_duration(Some(bound.dimension));
    let subject = Subject::Objective(name.clone());
    if expression.count() == 1 {
        let better = match comparison {
            // An objective that asks for load holds a scenario to it: who was asked more is not better for it.
            _ if is_offered_load(&metric) => Better::Neither,
            Comparison::Less | Comparison::LessOrEqual => Better::Lower,
            Comparison::Greater | Comparison::GreaterOrEqual => Better::Higher,
            Comparison::Equal => Better::Neither,
        };
        let content = pseudo_values(expression, 0, is_duration, all);
        let (content, value) = match is_percentile(&metric) {
            true => by_one_rule(content, estimate(expression, 0, is_duration, all, confidence)),
            false => (content, None),
        };
        return Measure { name: metric, subject, unit: unit(Some(bound.dimension)), better, content, value };
    }
    // Of many windows or instances: how many of them miss it.
    let content = missed_share(expression, judged, is_duration, all);
    let name = format!("missed windows({name})");
    Measure { name, subject, unit: Unit::Ratio, better: Better::Lower, content, value: None }
}

fn missed_share(
    expression: &Expression,
    judged: &Judged,
    is_duration: bool,
    all: &[Replication],
) -> Result<PseudoValues, Estimated> {
    let (mut missed, mut judgeable) = (vec![0.0; all.len()], vec![0.0; all.len()]);
    for cell in 0..expression.count() {
        for (i, value) in per_replication(expression, cell, is_duration, all).into_iter().enumerate() {
            if let Some(value) = value {
                judgeable[i] += 1.0;
                missed[i] += f64::from(u8::from(!judged.comparison.holds(value, judged.bound.value)));
            }
        }
    }
    PseudoValues::of_share(&missed, &judgeable)
}

fn of_client(
    name: &str,
    readings: &[ClassReading],
    seconds: f64,
    confidence: f64,
    add: &mut impl FnMut(Measure),
) {
    let mut with_value = |metric: String, unit, better, (content, value)| {
        let subject = Subject::Client(name.to_string());
        add(Measure { name: metric, subject, unit, better, content, value });
    };
    let histograms: Vec<&Histogram> = readings.iter().map(|r| &r.latency.histogram).collect();
    let ended = |r: &ClassReading| r.ended.iter().sum::<u64>() as f64;
    let good = |r: &ClassReading| crate::tables::good(&r.ended) as f64;
    let (sums, counts): (Vec<f64>, Vec<f64>) =
        readings.iter().map(|r| (r.latency.sum as f64, r.latency.count as f64)).unzip();
    let mean = PseudoValues::of_ratio(&sums, &counts);
    with_value(format!("mean({name}.latency)"), Unit::Duration, Better::Lower, (mean, None));
    for (p, word) in PERCENTILES {
        let own = Estimated::percentile(&histograms, p, confidence);
        let content = by_one_rule(PseudoValues::of_percentile(&histograms, p), own);
        with_value(format!("{word}({name}.latency)"), Unit::Duration, Better::Lower, content);
    }
    let mut measure =
        |metric: String, unit, better, content| with_value(metric, unit, better, (content, None));
    let rate = |of: &dyn Fn(&ClassReading) -> f64| {
        PseudoValues::of_values(&readings.iter().map(|r| of(r) / seconds).collect::<Vec<f64>>())
    };
    measure(format!("goodput({name})"), Unit::Rate, Better::Higher, rate(&good));
    measure(format!("throughput({name})"), Unit::Rate, Better::Neither, rate(&ended));
    let (bad, all): (Vec<f64>, Vec<f64>) = readings.iter().map(|r| (ended(r) - good(r), ended(r))).unzip();
    measure(format!("errors({name})"), Unit::Ratio, Better::Lower, PseudoValues::of_share(&bad, &all));
}

/// Time busy over capacity, of parts that keep both.
fn utilisation(at: usize, all: &[Replication]) -> Option<Result<PseudoValues, Estimated>> {
    let pairs = all.iter().map(|r| {
        let station = &r.stations[at].as_ref()?.all;
        Some((station.busy?.area, station.capacity?.area))
    });
    let (busy, capacity): (Vec<f64>, Vec<f64>) = pairs.collect::<Option<Vec<_>>>()?.into_iter().unzip();
    if busy.is_empty() {
        return None;
    }
    Some(PseudoValues::of_ratio(&busy, &capacity))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a class or a window the good side was not known, and a design that lost half of its goodput there "differed".
    #[test]
    fn the_good_side_of_a_part_of_the_requests_is_that_of_all() {
        for (better, names) in [
            (Better::Higher, ["goodput(users)", "goodput(users:buy)", "goodput(users, from 1s to 2s)"]),
            (Better::Lower, ["errors(users)", "errors(users:buy)", "errors(users:buy, from 1s to 2s)"]),
            (
                Better::Lower,
                ["p99(users.latency)", "p99(users:buy.latency)", "mean(users.latency, from 1s to 2s)"],
            ),
            (Better::Neither, ["rate(users)", "goodput(a) - goodput(b)", "errors(a) / errors(b)"]),
        ] {
            for name in names {
                assert_eq!(usual(name), better, "{name}");
            }
        }
    }
}
