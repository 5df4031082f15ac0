//! A point of a sweep as rows, one per number: what tables for programs hold.

use kneepoint_experiment::result::{PointResult, Unit};
use kneepoint_statistics::Estimated;

use super::text::survivors_note;
use crate::number::{base_unit, divisor, percentile_name};

/// The columns after the number of the point and its settings: five texts, four numbers, a text.
pub(super) const HEAD: [&str; 10] =
    ["section", "name", "metric", "statistic", "unit", "value", "low", "high", "n", "reason"];

/// One number of a point, or one word.
pub(super) struct Row {
    /// Section, name, metric, statistic, unit.
    pub texts: [String; 5],
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub n: Option<u64>,
    /// Why there is no number; or the word.
    pub reason: String,
}

/// Returns the rows of a point.
pub(super) fn rows(point: &PointResult) -> Vec<Row> {
    let mut rows = Rows(Vec::new());
    rows.exact("replications", point.facts.replications as f64);
    rows.word("verdict", if point.failure.is_some() { "failed" } else { point.verdict.name() });
    if let Some(batches) = point.facts.batches {
        rows.exact("batches", batches as f64);
    }
    if let Some(probability) = &point.probability {
        rows.estimate(["point", "", "all objectives", "probability"], probability, &Unit::Ratio);
    }
    if let Some(failure) = &point.failure {
        rows.word("failure", failure);
    }
    for o in &point.objectives {
        rows.estimate(["slo", &o.name, &o.condition, "value"], &o.value, &o.unit);
        rows.word(&o.name, o.verdict.name());
    }
    for watch in &point.watches {
        for value in &watch.values {
            let instance = value.instance.as_ref().map_or_else(String::new, |path| format!(" {path}"));
            let window = value.window.map_or_else(String::new, |(from, to)| format!(" {from} to {to}"));
            let name = format!("{}{instance}{window}", watch.name);
            rows.estimate(["watch", &name, &watch.metric, "value"], &value.value, &watch.unit);
        }
    }
    for client in &point.clients {
        let name = client.name.as_str();
        rows.estimate(["client", name, "latency", "mean"], &client.mean, &Unit::Duration);
        for (p, estimated) in &client.percentiles {
            rows.estimate(["client", name, "latency", &percentile_name(*p)], estimated, &Unit::Duration);
        }
        if let Some(note) = survivors_note(client) {
            rows.add(["client", name, "latency", "note", ""], None, &note);
        }
        rows.estimate(["client", name, "requests", "rate"], &client.offered, &Unit::Rate);
        if let Some(users) = &client.users {
            rows.estimate(["client", name, "users", "mean"], users, &Unit::Number);
        }
        rows.estimate(["client", name, "goodput", "rate"], &client.goodput, &Unit::Rate);
        rows.estimate(["client", name, "throughput", "rate"], &client.throughput, &Unit::Rate);
        rows.estimate(["client", name, "errors", "share"], &client.errors, &Unit::Ratio);
    }
    for part in &point.parts {
        for (metric, statistic, of, unit) in [
            ("utilisation", "share", &part.utilisation, Unit::Ratio),
            ("queue", "mean", &part.queue, Unit::Number),
            ("waiting", "mean", &part.waiting, Unit::Duration),
        ] {
            if let Some(of) = of {
                rows.estimate(["part", &part.name, metric, statistic], of, &unit);
            }
        }
    }
    for warning in &point.warnings {
        rows.word("warning", warning);
    }
    rows.0
}

struct Rows(Vec<Row>);

impl Rows {
    fn add(&mut self, texts: [&str; 5], value: Option<f64>, reason: &str) {
        let texts = texts.map(str::to_string);
        self.0.push(Row { texts, value, low: None, high: None, n: None, reason: reason.to_string() });
    }

    fn exact(&mut self, metric: &str, value: f64) {
        self.add(["point", "", metric, "value", "1"], Some(value), "");
    }

    fn word(&mut self, metric: &str, word: &str) {
        self.add(["point", "", metric, "word", ""], None, word);
    }

    fn estimate(&mut self, [section, name, metric, statistic]: [&str; 4], of: &Estimated, unit: &Unit) {
        let texts = [section, name, metric, statistic, base_unit(unit)];
        match of {
            Estimated::NotEnough { reason, .. } => self.add(texts, None, reason),
            Estimated::Known(e) => {
                let divisor = divisor(unit);
                self.0.push(Row {
                    texts: texts.map(str::to_string),
                    value: Some(e.value / divisor),
                    low: Some(e.low / divisor),
                    high: Some(e.high / divisor),
                    n: Some(e.n),
                    reason: String::new(),
                });
            }
        }
    }
}
