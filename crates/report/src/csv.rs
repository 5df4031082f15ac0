//! Everything a run found, as rows.

use kneepoint_experiment::result::{
    Count, Durations, LevelResult, PhaseTime, Requests, RunResult, Share, Station, Unit,
};
use kneepoint_statistics::Estimated;

use crate::number::{base_unit, divisor, percentile_name};

const HEAD: [&str; 12] = [
    "section",
    "name",
    "kind",
    "metric",
    "statistic",
    "unit",
    "value",
    "low",
    "high",
    "confidence",
    "n",
    "reason",
];

/// Returns everything a run found as CSV (RFC 4180, line ends as `\n`): one row per part, metric and statistic.
///
/// `section` is `run`, `slo`, `watch`, `client`, `class`, `part`, `instance` or `check`; `name` is a path
/// (`shoppers:buy`, `web/0`).
/// The rows of `run` say what was run: program, scenario, what was set, seed.
/// Exact numbers have no interval; where the data carry no estimate, `value` is empty and `reason` says why.
///
/// # Units
/// In the column `unit`: durations \[s\], rates \[1/s\], shares from 0 to 1.
pub fn csv(result: &RunResult) -> String {
    let mut rows =
        Rows { writer: csv::Writer::from_writer(Vec::new()), section: "", name: String::new(), kind: "" };
    rows.record(HEAD);
    rows.run(result);
    for objective in &result.objectives {
        rows.at("slo", objective.name.clone(), objective.verdict.name());
        rows.estimate(&objective.condition, "value", &objective.value, &objective.unit);
        rows.exact(&objective.condition, "bound", objective.bound, &objective.unit);
        if let Some(chance) = &objective.probability {
            rows.estimate(&objective.condition, "probability", chance, &Unit::Ratio);
        }
    }
    for drawn in &result.drawn {
        rows.at("param", drawn.name.clone(), "Uncertain");
        for (replication, value) in drawn.values.iter().enumerate() {
            rows.exact(&format!("replication {replication}"), "value", *value, &drawn.unit);
        }
    }
    for watch in &result.watches {
        for value in &watch.values {
            let instance = value.instance.as_ref().map_or_else(String::new, |path| format!(" {path}"));
            rows.at("watch", watch.name.clone() + &instance, "");
            let window = value.window.map_or_else(
                || "value".to_string(),
                |(from, to)| format!("from {} to {}", from.as_secs_f64(), to.as_secs_f64()),
            );
            rows.estimate(&watch.metric, &window, &value.value, &watch.unit);
        }
    }
    for client in &result.clients {
        rows.at("client", client.name.clone(), &client.kind);
        rows.requests(&client.all);
        rows.level("in_flight", client.in_flight.as_ref());
        rows.level("users", client.users.as_ref());
        rows.phases(&client.phases);
        for class in &client.classes {
            rows.at("class", format!("{}:{}", client.name, class.name), &client.kind);
            rows.requests(&class.requests);
        }
    }
    for part in &result.parts {
        rows.at("part", part.name.clone(), &part.kind);
        rows.station(&part.all);
        if let Some(even) = &part.evenness {
            rows.estimate(&format!("evenness of {}", even.of), "jain", &even.jain, &Unit::Number);
            rows.estimate(&format!("evenness of {}", even.of), "max_over_mean", &even.peak, &Unit::Number);
        }
        for instance in &part.instances {
            rows.at("instance", instance.path.clone(), &part.kind);
            rows.station(&instance.station);
        }
    }
    for check in &result.checks {
        rows.at("check", check.name.to_string(), if check.holds() { "holds" } else { "failed" });
        rows.exact("checks", "checked", check.checked as f64, &Unit::Number);
        rows.exact("checks", "skipped", check.skipped as f64, &Unit::Number);
        rows.exact("checks", "failed", check.failures.len() as f64, &Unit::Number);
    }
    let bytes = rows.writer.into_inner().expect("a Vec takes everything");
    crate::safe_lines(String::from_utf8(bytes).expect("only texts were written"))
}

struct Rows<'r> {
    writer: csv::Writer<Vec<u8>>,
    section: &'static str,
    name: String,
    kind: &'r str,
}

impl<'r> Rows<'r> {
    /// Says what the following rows are about.
    fn at(&mut self, section: &'static str, name: String, kind: &'r str) {
        (self.section, self.name, self.kind) = (section, name, kind);
    }

    fn record(&mut self, cells: [&str; 12]) {
        self.writer.write_record(cells).expect("a Vec takes everything, and all rows have as many cells");
    }

    fn exact(&mut self, metric: &str, statistic: &str, value: f64, unit: &Unit) {
        let (section, name, kind) = (self.section, self.name.clone(), self.kind);
        let value = (value / divisor(unit)).to_string();
        self.record([section, &name, kind, metric, statistic, base_unit(unit), &value, "", "", "", "", ""]);
    }

    /// Writes whole numbers, digests and words without a way through f64.
    fn word(&mut self, metric: &str, statistic: &str, value: &str) {
        let (section, name, kind) = (self.section, self.name.clone(), self.kind);
        self.record([section, &name, kind, metric, statistic, "", value, "", "", "", "", ""]);
    }

    fn estimate(&mut self, metric: &str, statistic: &str, estimated: &Estimated, unit: &Unit) {
        let (section, name, kind) = (self.section, self.name.clone(), self.kind);
        let (numbers, reason) = match estimated {
            Estimated::Known(known) => {
                let [value, low, high] =
                    [known.value, known.low, known.high].map(|v| (v / divisor(unit)).to_string());
                ([value, low, high, known.confidence.to_string(), known.n.to_string()], "")
            }
            Estimated::NotEnough { reason, .. } => (Default::default(), reason.as_str()),
        };
        let [value, low, high, confidence, n] = &numbers;
        self.record([
            section,
            &name,
            kind,
            metric,
            statistic,
            base_unit(unit),
            value,
            low,
            high,
            confidence,
            n,
            reason,
        ]);
    }

    fn run(&mut self, result: &'r RunResult) {
        self.at("run", result.title.clone(), result.verdict.name());
        let facts = &result.facts;
        self.word("program", "version", env!("CARGO_PKG_VERSION"));
        if let Some(scenario) = &result.about.scenario {
            self.word("scenario", "file", &scenario.file);
            self.word("scenario", "format", &scenario.format.to_string());
            self.word("scenario", "hash", &format!("{:016x}", scenario.hash));
            if let Some(variant) = &scenario.variant {
                self.word("scenario", "variant", variant);
            }
            for (at, (path, value)) in scenario.set.iter().enumerate() {
                // Numbered, because a path may be set twice.
                self.word(&format!("set:{at}"), path, value);
            }
        }
        self.word("seed", "value", &facts.seed.to_string());
        self.word("digest", "value", &format!("{:016x}", result.digest));
        self.word("events", "total", &result.events.to_string());
        self.word("replications", "total", &facts.replications.to_string());
        if let Some(chance) = &result.probability {
            self.estimate("objectives", "probability", chance, &Unit::Ratio);
        }
        self.exact("duration", "value", facts.duration.as_nanos() as f64, &Unit::Duration);
        self.exact("warm_up", "value", facts.warm_up.as_nanos() as f64, &Unit::Duration);
    }

    fn requests(&mut self, requests: &Requests) {
        self.count("sent", &requests.sent);
        self.count("ended", &requests.ended);
        self.count("good", &requests.good);
        self.share("errors", &requests.errors);
        for (status, share) in &requests.by_status {
            self.share(&format!("status:{}", status.name()), share);
        }
        self.durations("latency", Some(&requests.latency));
        self.durations("latency_failed", Some(&requests.latency_failed));
    }

    fn station(&mut self, station: &Station) {
        self.count("calls", &station.calls);
        self.count("answered", &station.answered);
        self.count("good", &station.good);
        self.count("lost", &station.lost);
        self.share("errors", &station.errors);
        for (status, share) in &station.by_status {
            self.share(&format!("status:{}", status.name()), share);
        }
        self.durations("response", Some(&station.response));
        self.durations("waiting", station.waiting.as_ref());
        self.durations("waiting_abandoned", station.waiting_abandoned.as_ref());
        self.durations("service", station.service.as_ref());
        if let Some(utilisation) = &station.utilisation {
            self.estimate("utilisation", "share", &utilisation.share, &Unit::Ratio);
        }
        self.level("busy", station.busy.as_ref());
        self.level("queue", station.queue.as_ref());
        self.level("inside", station.inside.as_ref());
        self.level("threads", station.threads.as_ref());
        if let Some(held) = &station.thread_utilisation {
            self.estimate("thread_utilisation", "share", &held.share, &Unit::Ratio);
        }
        self.phases(&station.phases);
        self.count("orphans", &station.orphans);
        self.estimate("orphan_time", "share", &station.orphan_time.share, &Unit::Ratio);
    }

    fn count(&mut self, metric: &str, count: &Count) {
        self.word(metric, "total", &count.total.to_string());
        self.estimate(metric, "rate", &count.rate, &Unit::Rate);
    }

    fn share(&mut self, metric: &str, share: &Share) {
        self.exact(metric, "total", share.part, &Unit::Number);
        self.estimate(metric, "share", &share.share, &Unit::Ratio);
    }

    fn durations(&mut self, metric: &str, durations: Option<&Durations>) {
        let Some(durations) = durations else { return };
        self.word(metric, "count", &durations.count.to_string());
        self.estimate(metric, "mean", &durations.mean, &Unit::Duration);
        for (p, estimated) in &durations.percentiles {
            self.estimate(metric, &percentile_name(*p), estimated, &Unit::Duration);
        }
        if let Some((min, max)) = durations.range {
            self.exact(metric, "min", min as f64, &Unit::Duration);
            self.exact(metric, "max", max as f64, &Unit::Duration);
        }
    }

    fn level(&mut self, metric: &str, level: Option<&LevelResult>) {
        let Some(level) = level else { return };
        self.estimate(metric, "mean", &level.mean, &Unit::Number);
        if let Some(max) = level.max {
            self.exact(metric, "max", max, &Unit::Number);
        }
    }

    fn phases(&mut self, phases: &[PhaseTime]) {
        for time in phases {
            let metric = format!("time:{}", time.phase.name());
            self.exact(&metric, "total", time.total as f64, &Unit::Duration);
            self.estimate(&metric, "per_request", &time.per_request, &Unit::Duration);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn rows() -> Vec<Vec<String>> {
        let text = csv(&sample::run());
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_string).collect()).collect()
    }

    fn find<'r>(rows: &'r [Vec<String>], name: &str, metric: &str, statistic: &str) -> &'r [String] {
        let found: Vec<_> =
            rows.iter().filter(|row| row[1] == name && row[3] == metric && row[4] == statistic).collect();
        assert_eq!(found.len(), 1, "{name} {metric} {statistic}");
        found[0]
    }

    #[test]
    fn each_part_metric_and_statistic_has_one_row() {
        let rows = rows();
        let p99 = find(&rows, "shoppers", "latency", "p99");
        assert_eq!(
            p99,
            [
                "client",
                "shoppers",
                "OpenClient",
                "latency",
                "p99",
                "s",
                "0.18",
                "0.17955",
                "0.18045",
                "0.95",
                "10",
                ""
            ]
        );
        assert_eq!(find(&rows, "web/1", "utilisation", "share")[6], "0.615");
        assert_eq!(find(&rows, "Web shop", "scenario", "hash")[6], "00ff0000000000aa");
        assert_eq!(find(&rows, "Web shop", "set:0", "web.instances")[6], "2");
        assert_eq!(find(&rows, "shoppers:browse", "sent", "total")[6], "1080000");
        let keys: std::collections::BTreeSet<_> =
            rows.iter().map(|row| (&row[0], &row[1], &row[3], &row[4])).collect();
        assert_eq!(keys.len(), rows.len(), "no row stands twice");
    }

    #[test]
    fn what_the_data_do_not_carry_is_empty_with_a_reason() {
        let rows = rows();
        let thin = find(&rows, "shoppers:buy", "latency", "p99.9");
        assert_eq!(&thin[6..11], ["", "", "", "", ""]);
        assert!(thin[11].contains("5000 samples"));
    }

    #[test]
    fn a_name_with_a_comma_is_quoted() {
        let mut result = sample::run();
        result.objectives[0].condition = "p99(shoppers.latency, each 1min) < 300ms".to_string();
        assert!(csv(&result).contains("\"p99(shoppers.latency, each 1min) < 300ms\""));
    }
}
