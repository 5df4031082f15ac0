//! A sweep as rows.

use kneepoint_experiment::result::{PointResult, SweepFacts, Unit};
use kneepoint_statistics::Estimated;

use crate::number::{base_unit, divisor, percentile_name};

const HEAD: [&str; 10] =
    ["section", "name", "metric", "statistic", "unit", "value", "low", "high", "n", "reason"];

/// Returns the heading of a sweep as CSV: `point`, the settings, then what [`csv`](crate::csv()) has.
///
/// Each point has one row per number; `section` is `point`, `slo`, `watch`, `client` or `part`. Where the data carry
/// no number, `value` is empty and `reason` says why.
///
/// # Units
/// In the column `unit`: durations in seconds, rates per second, shares from 0 to 1.
pub fn sweep_csv_head(facts: &SweepFacts) -> String {
    let axes = facts.axes.iter().map(|axis| axis.path.as_str());
    text(&[std::iter::once("point").chain(axes).chain(HEAD).map(str::to_string).collect()])
}

/// Returns the rows of a point.
pub fn sweep_csv_point(point: &PointResult) -> String {
    let mut rows = Rows { point, rows: Vec::new() };
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
    text(&rows.rows)
}

struct Rows<'r> {
    point: &'r PointResult,
    rows: Vec<Vec<String>>,
}

impl Rows<'_> {
    fn row(&mut self, cells: [String; 10]) {
        let settings = self.point.values.iter().cloned();
        self.rows.push(std::iter::once(self.point.index.to_string()).chain(settings).chain(cells).collect());
    }

    fn exact(&mut self, metric: &str, value: f64) {
        let cells = ["point", "", metric, "value", "1", &value.to_string(), "", "", "", ""];
        self.row(cells.map(str::to_string));
    }

    fn word(&mut self, metric: &str, word: &str) {
        self.row(["point", "", metric, "word", "", "", "", "", "", word].map(str::to_string));
    }

    fn estimate(&mut self, [section, name, metric, statistic]: [&str; 4], of: &Estimated, unit: &Unit) {
        let divisor = divisor(unit);
        let text = |value: f64| (value / divisor).to_string();
        let [value, low, high, n, reason] = match of {
            Estimated::Known(e) => [text(e.value), text(e.low), text(e.high), e.n.to_string(), String::new()],
            Estimated::NotEnough { reason, .. } => {
                [String::new(), String::new(), String::new(), String::new(), reason.clone()]
            }
        };
        let [section, name, metric, statistic, unit] =
            [section, name, metric, statistic, base_unit(unit)].map(str::to_string);
        self.row([section, name, metric, statistic, unit, value, low, high, n, reason]);
    }
}

fn text(rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter()
        .for_each(|row| writer.write_record(row).expect("all rows have one length and memory takes them"));
    let bytes = writer.into_inner().expect("memory takes everything");
    String::from_utf8(bytes).expect("made of texts")
}
