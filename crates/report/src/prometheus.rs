//! The metrics of a run in the text format of Prometheus.

use std::fmt::Write;

use kneepoint_experiment::result::{
    Count, Durations, LevelResult, PartResult, RunResult, Share, Station, Verdict, coarse_edges,
};
use kneepoint_statistics::{Estimated, Histogram};

use crate::number::SECOND;

/// Returns the metrics of a run in the text exposition format of Prometheus (version 0.0.4).
///
/// What clients saw has the names that services give it: `http_requests_total{client,class,status}`,
/// `http_request_duration_seconds{client,class,outcome}` (a histogram; `outcome` is `good` or `failed`),
/// `active_connections{client}`. What happened at parts is called `kneepoint_part_…{part,instance}`, and what is
/// about the run `kneepoint_…`.
///
/// Counters are of all replications together while measured, gauges are means over time and replications; what the data
/// do not carry is left out. The edges of histograms are those of the run's own buckets, so their counts are exact.
///
/// # Units
/// Base units: seconds, shares from 0 to 1.
///
/// # Source
/// Prometheus documentation, "Exposition formats" and "Metric and label naming".
pub fn prometheus(result: &RunResult) -> String {
    let mut page = Page::default();
    about(&mut page, result);
    clients(&mut page, result);
    parts(&mut page, result);
    page.text
}

fn about(page: &mut Page, result: &RunResult) {
    let file = result.about.scenario.as_ref().map_or("", |scenario| &scenario.file);
    let digest = crate::json::digest(result.digest);
    let seed = result.facts.seed.to_string();
    let info: [(&str, &str); 5] = [
        ("title", &result.title),
        ("scenario", file),
        ("seed", &seed),
        ("digest", &digest),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    page.head("kneepoint_run_info", "gauge", "What was run.");
    page.line("kneepoint_run_info", &info, 1.0);
    page.head("kneepoint_replications", "gauge", "Replications made.");
    page.line("kneepoint_replications", &[], result.facts.replications as f64);
    page.head("kneepoint_measured_seconds", "gauge", "Simulated time that is measured of each replication.");
    page.line("kneepoint_measured_seconds", &[], result.facts.measured().as_secs_f64());
    page.head("kneepoint_checks_failed", "gauge", "Checks of the run about itself that failed.");
    let failed = result.checks.iter().filter(|check| !check.holds()).count();
    page.line("kneepoint_checks_failed", &[], failed as f64);
    page.head(
        "kneepoint_objective_met",
        "gauge",
        "Whether an objective holds: 1 or 0; left out where that is not known.",
    );
    for objective in &result.objectives {
        let met = match objective.verdict {
            Verdict::Met => 1.0,
            Verdict::Missed => 0.0,
            _ => continue,
        };
        page.line(
            "kneepoint_objective_met",
            &[("objective", &objective.name), ("condition", &objective.condition)],
            met,
        );
    }
}

fn clients(page: &mut Page, result: &RunResult) {
    let classes = || {
        result.clients.iter().flat_map(|client| {
            client.classes.iter().map(|class| {
                let labels: [(&str, &str); 2] = [("client", &client.name), ("class", &class.name)];
                (labels, &class.requests)
            })
        })
    };
    page.head("http_requests_started_total", "counter", "Requests sent.");
    for (labels, requests) in classes() {
        page.line("http_requests_started_total", &labels, requests.sent.total as f64);
    }
    page.head("http_requests_total", "counter", "Requests that ended, by how.");
    for ([client, class], requests) in classes() {
        for (status, share) in &requests.by_status {
            page.line("http_requests_total", &[client, class, ("status", status.name())], share.part);
        }
    }
    let durations = classes().flat_map(|([client, class], requests)| {
        let of = |outcome| vec![client, class, ("outcome", outcome)];
        [(of("good"), &requests.latency), (of("failed"), &requests.latency_failed)]
    });
    page.histograms(
        "http_request_duration_seconds",
        "From the intended start of a request to its end.",
        &durations.collect::<Vec<_>>(),
    );
    page.head(
        "kneepoint_request_duration_percentile_seconds",
        "gauge",
        "Percentiles of good requests, pooled over replications.",
    );
    for ([client, class], requests) in classes() {
        for (p, estimated) in &requests.latency.percentiles {
            let labels: [(&str, &str); 3] = [client, class, ("quantile", &p.to_string())];
            page.estimate("kneepoint_request_duration_percentile_seconds", &labels, estimated, SECOND);
        }
    }
    let level = |pick: fn(&kneepoint_experiment::result::ClientResult) -> Option<&LevelResult>| {
        result.clients.iter().filter_map(move |client| Some((client.name.as_str(), pick(client)?)))
    };
    page.head("active_connections", "gauge", "Requests under way, mean over time.");
    for (client, level) in level(|client| client.in_flight.as_ref()) {
        page.estimate("active_connections", &[("client", client)], &level.mean, 1.0);
    }
    page.head("kneepoint_users", "gauge", "Users of a closed client, mean over time.");
    for (client, level) in level(|client| client.users.as_ref()) {
        page.estimate("kneepoint_users", &[("client", client)], &level.mean, 1.0);
    }
}

/// Metrics of one name: the name, what they say, and where in a station they are found.
type Family<'r, T> = (&'static str, &'static str, fn(&'r Station) -> T);

/// A number of each instance, or of a part as a whole where its instances were not kept.
fn stations(part: &PartResult) -> Vec<([(&str, &str); 2], &Station)> {
    let whole = || {
        (part.instances.is_empty()).then_some(([("part", part.name.as_str()), ("instance", "")], &part.all))
    };
    let each = part.instances.iter().map(|instance| {
        ([("part", part.name.as_str()), ("instance", instance.path.as_str())], &instance.station)
    });
    each.chain(whole()).collect()
}

fn parts(page: &mut Page, result: &RunResult) {
    let all: Vec<([(&str, &str); 2], &Station)> = result.parts.iter().flat_map(stations).collect();
    let counters: [Family<'_, &Count>; 3] = [
        ("kneepoint_part_calls_total", "Calls that arrived.", |s| &s.calls),
        ("kneepoint_part_lost_total", "Calls that will never be answered.", |s| &s.lost),
        ("kneepoint_part_orphans_total", "Answers that nobody waited for.", |s| &s.orphans),
    ];
    for (name, help, pick) in counters {
        page.head(name, "counter", help);
        all.iter().for_each(|(labels, station)| page.line(name, labels, pick(station).total as f64));
    }
    page.head("kneepoint_part_answers_total", "counter", "Answers given, by status.");
    for ([part, instance], station) in &all {
        for (status, share) in &station.by_status {
            let labels = [*part, *instance, ("status", status.name())];
            page.line("kneepoint_part_answers_total", &labels, share.part);
        }
    }
    page.head("kneepoint_part_time_seconds_total", "counter", "Time spent by calls, by phase.");
    for ([part, instance], station) in &all {
        for time in &station.phases {
            let labels = [*part, *instance, ("phase", time.phase.name())];
            page.line("kneepoint_part_time_seconds_total", &labels, time.total as f64 / SECOND);
        }
    }
    let shares: [Family<'_, Option<&Share>>; 2] = [
        ("kneepoint_part_utilisation_ratio", "Time busy over capacity.", |s| s.utilisation.as_ref()),
        ("kneepoint_part_thread_utilisation_ratio", "Threads held over threads there are.", |s| {
            s.thread_utilisation.as_ref()
        }),
    ];
    for (name, help, pick) in shares {
        page.head(name, "gauge", help);
        for (labels, station) in &all {
            pick(station).into_iter().for_each(|share| page.estimate(name, labels, &share.share, 1.0));
        }
    }
    let levels: [Family<'_, Option<&LevelResult>>; 4] = [
        ("kneepoint_part_busy_servers", "Servers busy, mean over time.", |s| s.busy.as_ref()),
        ("kneepoint_part_queue_length", "Calls waiting, mean over time.", |s| s.queue.as_ref()),
        ("kneepoint_part_calls_inside", "Calls accepted and not yet answered, mean over time.", |s| {
            s.inside.as_ref()
        }),
        ("kneepoint_part_threads_held", "Threads held, mean over time.", |s| s.threads.as_ref()),
    ];
    for (name, help, pick) in levels {
        page.head(name, "gauge", help);
        for (labels, station) in &all {
            pick(station).into_iter().for_each(|level| page.estimate(name, labels, &level.mean, 1.0));
        }
    }
    let times: [Family<'_, Option<&Durations>>; 3] = [
        ("kneepoint_part_response_duration_seconds", "From the arrival of a call to its good answer.", |s| {
            Some(&s.response)
        }),
        ("kneepoint_part_waiting_duration_seconds", "In the queue, of calls that were served.", |s| {
            s.waiting.as_ref()
        }),
        ("kneepoint_part_service_duration_seconds", "Of holding a server.", |s| s.service.as_ref()),
    ];
    for (name, help, pick) in times {
        let of = |part| Some((vec![("part", part_name(part))], pick(&part.all)?));
        page.histograms(name, help, &result.parts.iter().filter_map(of).collect::<Vec<_>>());
    }
}

fn part_name(part: &PartResult) -> &str {
    &part.name
}

/// What is written.
#[derive(Default)]
struct Page {
    text: String,
    /// The head of the family that is next: written with its first sample, if it has any.
    head: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.head = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.text += &std::mem::take(&mut self.head);
        // A text takes everything.
        let _ = writeln!(self.text, "{name}{braces} {value}");
    }

    fn estimate(&mut self, name: &str, labels: &[(&str, &str)], estimated: &Estimated, divisor: f64) {
        if let Some(known) = estimated.known() {
            self.line(name, labels, known.value / divisor);
        }
    }

    /// Histograms with the same edges, so that they can be added.
    fn histograms(&mut self, name: &str, help: &str, all: &[(Vec<(&str, &str)>, &Durations)]) {
        self.head(name, "histogram", help);
        let edges = edges(all.iter().map(|(_, durations)| &durations.histogram));
        for (labels, durations) in all {
            let histogram = &durations.histogram;
            let of = |le: &str| -> Vec<(String, String)> {
                let own = labels.iter().map(|(label, text)| (label.to_string(), text.to_string()));
                own.chain([("le".to_string(), le.to_string())]).collect()
            };
            let (bucket, mut below, mut buckets) =
                (format!("{name}_bucket"), 0, histogram.buckets().peekable());
            for &edge in &edges {
                while let Some((_, _, n)) = buckets.next_if(|(_, high, _)| *high <= edge) {
                    below += n;
                }
                let labels = of(&(edge as f64 / SECOND).to_string());
                let labels: Vec<(&str, &str)> =
                    labels.iter().map(|(l, t)| (l.as_str(), t.as_str())).collect();
                self.line(&bucket, &labels, below as f64);
            }
            let labels_of_all = of("+Inf");
            let last: Vec<(&str, &str)> =
                labels_of_all.iter().map(|(l, t)| (l.as_str(), t.as_str())).collect();
            self.line(&bucket, &last, histogram.count() as f64);
            self.line(&format!("{name}_sum"), labels, histogram.sum() as f64 / SECOND);
            self.line(&format!("{name}_count"), labels, histogram.count() as f64);
        }
    }
}

/// The edges of buckets that hold everything \[ns\].
fn edges<'h>(of: impl Iterator<Item = &'h Histogram>) -> Vec<u64> {
    let ranges = of.filter_map(|histogram| histogram.min().zip(histogram.max()));
    let range = ranges.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    range.map_or_else(Vec::new, |(least, most)| coarse_edges(least, most))
}

/// A text as it may stand between quotes.
fn escaped(text: &str) -> String {
    // What is written out has backslashes of its own.
    crate::safe_lines(text.to_string()).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn what_ends_a_label_is_escaped() {
        let mut result = sample::run();
        result.title = "x\u{1b}[31m\u{9b}y".to_string();
        result.clients[0].name = "a\"b\\c\nd".to_string();
        let text = prometheus(&result);
        assert!(text.contains(r#"active_connections{client="a\"b\\c\nd"} 54"#), "{text}");
        assert!(text.contains(r#"title="x\\u{1b}[31m\\u{9b}y""#) && !text.contains('\u{1b}'), "{text}");
    }
}
