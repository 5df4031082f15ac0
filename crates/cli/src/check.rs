//! `kneepoint check`: is this model sane?

use kneepoint_experiment::{Forecast, forecast};
use kneepoint_scenario::{Checked, FaultRow, Faults, Registry, Scenario, Severity, plan};
use serde_json::{Value, json};

use crate::End;
use crate::arguments::{CheckArguments, Format};
use crate::output;

pub fn check(registry: &Registry, arguments: &CheckArguments) -> End {
    let overrides = arguments.changes.overrides();
    let checked = Scenario::load(&arguments.file, registry, &overrides);
    match checked {
        Err(faults) => refuse(arguments, &faults),
        Ok(checked) => {
            // A file without `run` is a library: it is checked, not built.
            if checked.run().is_some()
                && let Err(faults) =
                    plan(&checked).and_then(|plan| kneepoint_experiment::check(&checked, &plan))
            {
                return refuse(arguments, &faults);
            }
            accept(arguments, &checked)
        }
    }
}

fn refuse(arguments: &CheckArguments, faults: &Faults) -> End {
    match arguments.format {
        Format::Text => output::say(&faults.to_string()),
        Format::Json => {
            let rows: Vec<Value> = faults.rows().iter().map(row).collect();
            let found = json!({ "schema_version": 1, "sound": false, "findings": rows });
            output::print(&kneepoint_report::safe_json(format!("{found:#}\n")));
        }
        Format::Csv => drop(output::print(&csv(faults, &Forecast::default()))),
    }
    End::Bad
}

fn accept(arguments: &CheckArguments, checked: &Checked) -> End {
    if arguments.expand {
        return output::print(&checked.expanded());
    }
    let forecast = forecast(checked);
    let overloaded = forecast.loads.iter().filter(|load| load.peak >= 1.0).map(|load| {
        let message =
            format!("{} cannot do the work it is asked for: {} busy", load.part, percent(load.peak));
        let help = format!(
            "from {} on its queue grows until it is full or callers give up; it saturates at {:.2} times this load",
            seconds(load.peak_at_s),
            load.saturates_at()
        );
        (load.place, message, help)
    });
    let warnings = checked.warnings_and(overloaded.collect());
    match arguments.format {
        Format::Json => {
            let rows: Vec<Value> = warnings.rows().iter().map(row).collect();
            let parts: Vec<Value> = forecast
                .loads
                .iter()
                .map(|load| {
                    json!({
                        "part": load.part, "utilisation": load.mean, "peak_utilisation": load.peak,
                        "peak_rate_per_s": load.peak_rate_per_s, "peak_at_s": load.peak_at_s,
                        "saturates_at": load.saturates_at(),
                    })
                })
                .collect();
            let closed: Vec<Value> = forecast
                .closed
                .iter()
                .map(|closed| {
                    json!({
                        "client": closed.client, "users": closed.users, "bottleneck": closed.bottleneck,
                        "saturates_at_users": closed.saturates_at_users,
                        "throughput_max_per_s": closed.throughput_max_per_s,
                        "latency_min_s": closed.latency_min_s,
                    })
                })
                .collect();
            let uncertain: Vec<&str> = checked.uncertain().iter().map(|of| of.name.as_str()).collect();
            let found = json!({
                "schema_version": 1, "sound": true, "title": checked.title(), "findings": rows, "load": parts,
                "closed": closed, "also_loaded": forecast.also_loaded, "not_counted": forecast.unknown, "uncertain": uncertain,
            });
            output::print(&kneepoint_report::safe_json(format!("{found:#}\n")))
        }
        Format::Csv => output::print(&csv(&warnings, &forecast)),
        Format::Text => {
            if !warnings.is_empty() {
                output::say(&warnings.to_string());
            }
            output::print(&summary(checked, &forecast, warnings.rows().len()))
        }
    }
}

fn row(row: &FaultRow) -> Value {
    json!({
        "severity": severity(row.severity), "file": row.file, "line": row.line, "column": row.column,
        "message": row.message, "help": row.help,
    })
}

/// Findings, then the load of each part and the bounds of each closed client: one row per finding, and one per name
/// and number.
fn csv(findings: &Faults, forecast: &Forecast) -> String {
    let head = ["section", "name", "file", "line", "column", "value", "message", "help"];
    let finding = |row: FaultRow| {
        let (line, column) = (row.line.to_string(), row.column.to_string());
        let (severity, help) = (severity(row.severity).into(), row.help.unwrap_or_default());
        vec!["finding".into(), severity, row.file, line, column, String::new(), row.message, help]
    };
    let number = |name: &str, what: &str, value: f64| {
        let mut row = vec![String::new(); head.len()];
        (row[0], row[1], row[5]) = (what.to_string(), name.to_string(), value.to_string());
        row
    };
    let mut rows: Vec<Vec<String>> = findings.rows().into_iter().map(finding).collect();
    for load in &forecast.loads {
        rows.push(number(&load.part, "utilisation", load.mean));
        rows.push(number(&load.part, "peak_utilisation", load.peak));
        rows.push(number(&load.part, "saturates_at", load.saturates_at()));
    }
    for part in &forecast.also_loaded {
        let mut row = vec![String::new(); head.len()];
        (row[0], row[1]) = ("also_loaded".to_string(), part.clone());
        row[6] = NOT_COUNTED.to_string();
        rows.push(row);
    }
    for closed in &forecast.closed {
        rows.push(number(&closed.client, "saturates_at_users", closed.saturates_at_users));
        rows.push(number(&closed.client, "throughput_max_per_s", closed.throughput_max_per_s));
        rows.push(number(&closed.client, "latency_min_s", closed.latency_min_s));
    }
    output::csv(&head, rows)
}

/// What is said of a part that is loaded by more than what is counted.
const NOT_COUNTED: &str = "clients that are not counted load it too";

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn seconds(time_s: f64) -> String {
    kneepoint_report::duration(time_s * 1e9)
}

fn summary(checked: &Checked, forecast: &Forecast, warnings: usize) -> String {
    let title: String = kneepoint_report::safe(checked.title());
    let parts = checked.parts();
    let clients = parts.iter().filter(|part| part.is_client).count();
    let mut text = format!(
        "{title}: {}. {} parts, {clients} of them clients; hash {:016x}\n",
        match warnings {
            0 => "sound".to_string(),
            1 => "no faults, 1 warning".to_string(),
            n => format!("no faults, {n} warnings"),
        },
        parts.len(),
        checked.hash()
    );
    for param in checked.uncertain() {
        let nominal = checked.params().iter().find(|(name, _)| *name == param.name);
        let nominal =
            nominal.map_or_else(String::new, |(_, value)| format!("; here its mean, {value:.4}, is used"));
        text += &format!("{} is drawn once per replication{nominal}.\n", param.name);
    }
    text += &open(forecast);
    text += &closed(forecast);
    if forecast.loads.is_empty() && forecast.closed.is_empty() {
        text +=
            "Which part saturates first cannot be told: no load that is known reaches a part with servers.\n";
    }
    for unknown in &forecast.unknown {
        text += &format!("Not counted: {}.\n", kneepoint_report::safe(unknown));
    }
    text
}

/// The load of open clients.
fn open(forecast: &Forecast) -> String {
    let Some(first) = forecast.loads.first() else { return String::new() };
    let also = |part: &str| forecast.also_loaded.iter().any(|other| other == part);
    let beside = if forecast.also_loaded.is_empty() { "" } else { "closed and recorded clients, " };
    let mut text = format!(
        "\nOffered load by theory (mean work times rate over servers; {beside}retries, time-outs and losses not counted):\n"
    );
    let uncounted =
        forecast.also_loaded.iter().filter(|part| !forecast.loads.iter().any(|l| l.part == **part));
    let uncounted: Vec<&String> = uncounted.collect();
    let names = forecast.loads.iter().map(|load| &load.part).chain(uncounted.iter().copied());
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    for load in &forecast.loads {
        let (mean, at) = (percent(load.mean), load.saturates_at());
        text += &format!("  {:width$}  {mean:>8}", load.part);
        if load.varies() {
            text += &format!(
                " on average, {} at the peak of {:.4}/s ({})",
                percent(load.peak),
                load.peak_rate_per_s,
                seconds(load.peak_at_s)
            );
        }
        if also(&load.part) {
            text += &format!("  saturates at {at:.2} times this load or before: {NOT_COUNTED}\n");
        } else {
            text += &format!("  saturates at {at:.2} times this load\n");
        }
    }
    for part in &uncounted {
        text += &format!("  {part:width$}  {:>8}  {NOT_COUNTED}\n", "");
    }
    let tied: Vec<&str> = forecast
        .loads
        .iter()
        .take_while(|load| load.ties_with(first))
        .map(|load| load.part.as_str())
        .collect();
    // What is not counted only adds to a load: the first stays first unless another may be ahead of it.
    let others: Vec<&str> =
        forecast.also_loaded.iter().map(String::as_str).filter(|part| *part != first.part).collect();
    if first.peak < 1.0 && (!others.is_empty() || (tied.len() > 1 && also(&first.part))) {
        let whom = if others.is_empty() { first.part.clone() } else { and(&others) };
        return text + &format!("Which part saturates first cannot be told: {NOT_COUNTED_BY} {whom} too.\n");
    }
    let names = and(&tied);
    let (it, is, saturates) =
        if tied.len() > 1 { ("they", "are", "saturate") } else { ("it", "is", "saturates") };
    let at_the_peak = if first.varies() {
        format!(
            "At the peak of {:.4}/s {names} {is} {} busy: {it}",
            first.peak_rate_per_s,
            percent(first.peak)
        )
    } else {
        names
    };
    let verdict = match first.peak >= 1.0 {
        true => format!("{is} overloaded"),
        false => format!("{saturates} first"),
    };
    let before = if also(&first.part) { " or before" } else { "" };
    text + &format!("{at_the_peak} {verdict}, at {:.2} times the load{before}.\n", first.saturates_at())
}

/// How the sentence begins that says so of several.
const NOT_COUNTED_BY: &str = "clients that are not counted load";

/// Names in a row: `a`, `a and b`, `a, b and c`.
fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_string(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The bounds of closed clients.
fn closed(forecast: &Forecast) -> String {
    let mut text = String::new();
    if !forecast.closed.is_empty() {
        text += "\nBounds of closed clients by theory (asymptotic; one client at a time, the network not counted):\n";
    }
    for closed in &forecast.closed {
        let beyond = if closed.users > closed.saturates_at_users { "more" } else { "fewer" };
        text += &format!(
            "  {}: {} saturates at about {:.1} users; there are {}, {beyond} than that:\n  \
             at most {:.4} requests/s, and on average {} at least\n",
            closed.client,
            closed.bottleneck,
            closed.saturates_at_users,
            closed.users,
            closed.throughput_max_per_s,
            seconds(closed.latency_min_s)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use kneepoint_scenario::Overrides;

    fn checked(parts: &str) -> Checked {
        let text = format!(
            "(format: 1, title: \"T\", run: (duration: \"24h\", warm_up: \"0s\"), parts: {{ {parts} }})"
        );
        let scenario = Scenario::from_text("t.ron", &text, None).unwrap_or_else(|faults| panic!("{faults}"));
        scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"))
    }

    #[test]
    fn a_day_is_judged_at_its_peak() {
        let day = checked(
            r#""u": OpenClient(to: "web", rate: Wave(low: "100/s", high: "900/s", period: "24h", peak_at: "20h")),
            "web": Service(concurrency: Servers(10), queue: 50, does: Compute("9.6666667ms"))"#,
        );
        let forecast = forecast(&day);
        let load = &forecast.loads[0];
        // 500/s and 900/s times 9.67 ms, on ten servers
        assert!((load.mean - 0.48333).abs() < 1e-4 && (load.peak - 0.87).abs() < 1e-6, "{load:?}");
        assert!((load.peak_rate_per_s - 900.0).abs() < 1e-6 && (load.peak_at_s - 72_000.0).abs() < 1.0);
        let text = summary(&day, &forecast, 0);
        assert!(text.contains("48.3 % on average, 87.0 % at the peak of 900.0000/s (20.0 h)"), "{text}");
        assert!(
            text.contains(
                "At the peak of 900.0000/s web is 87.0 % busy: it saturates first, at 1.15 times the load."
            ),
            "{text}"
        );
    }

    #[test]
    fn a_short_spike_is_not_overlooked_and_peaks_of_different_clients_are_not_added() {
        let spike = checked(
            r#""u": OpenClient(to: "a", rate: Spike(base: "1/s", peak: "50/s", at: "6h", hold: "1s")),
            "v": OpenClient(to: "b", rate: Steps({ "0s": "10/s", "12h": "1/s" })),
            "w": OpenClient(to: "b", rate: Steps({ "0s": "1/s", "12h": "10/s" })),
            "a": Service(concurrency: Servers(1), queue: 9, does: Compute("10ms")),
            "b": Service(concurrency: Servers(1), queue: 9, does: Compute("10ms"))"#,
        );
        let loads = forecast(&spike).loads;
        let (a, b) = (&loads[0], &loads[1]);
        assert!(a.part == "a" && (a.peak - 0.5).abs() < 1e-9 && a.mean < 0.011, "{a:?}");
        assert!(b.part == "b" && (b.peak - 0.11).abs() < 1e-9 && !b.varies(), "{b:?}");
    }

    #[test]
    fn closed_clients_have_bounds() {
        // the interactive system of the textbooks: D = 0.1 + 0.4 + 0.5 s on two servers, Z = 3 s
        let terminals = checked(
            r#""t": ClosedClient(to: "web", users: 20, think: "3s"),
            "web": Service(concurrency: Servers(1), queue: 99, does: [Compute("100ms"), Call("disk"), Delay("500ms")]),
            "disk": Service(concurrency: Servers(1), queue: 99, does: Compute(Exponential("400ms")))"#,
        );
        let found = forecast(&terminals);
        let closed = &found.closed[0];
        // N* = (D + Z) / D_max = 4 / 0.4, X <= 2.5/s, R >= 20 * 0.4 - 3
        assert_eq!(closed.bottleneck, "disk");
        assert!((closed.saturates_at_users - 10.0).abs() < 1e-9, "{closed:?}");
        assert!(
            (closed.throughput_max_per_s - 2.5).abs() < 1e-9 && (closed.latency_min_s - 5.0).abs() < 1e-9
        );
        let text = summary(&terminals, &found, 0);
        assert!(
            text.contains("t: disk saturates at about 10.0 users; there are 20, more than that"),
            "{text}"
        );
        assert!(text.contains("at most 2.5000 requests/s, and on average 5.00 s at least"), "{text}");
    }

    #[test]
    fn a_part_that_closed_clients_load_too_is_marked_and_the_first_is_not_claimed() {
        // Open clients: web 40 %, db 10 %. Closed ones keep db busier than web.
        let mixed = checked(
            r#""u": OpenClient(to: "web", rate: "40/s"), "v": ClosedClient(to: "db", users: 50, think: "1s"),
            "web": Service(concurrency: Servers(1), queue: 99, does: [Compute("10ms"), Call("db")]),
            "db": Service(concurrency: Servers(1), queue: 99, does: Compute("2.5ms"))"#,
        );
        let found = forecast(&mixed);
        assert_eq!(found.also_loaded, ["db"]);
        let text = summary(&mixed, &found, 0);
        for part in [
            "over servers; closed and recorded clients, retries, time-outs and losses not counted):",
            "  web    40.0 %  saturates at 2.50 times this load\n",
            "  db     10.0 %  saturates at 10.00 times this load or before: clients that are not counted load it too\n",
            "\nWhich part saturates first cannot be told: clients that are not counted load db too.\n",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // Where they load the first alone, it is the first all the more.
        let one = checked(
            r#""u": OpenClient(to: "web", rate: "40/s"), "v": ClosedClient(to: "web", users: 5, think: "1s"),
            "web": Service(concurrency: Servers(1), queue: 99, does: Compute("10ms"))"#,
        );
        let text = summary(&one, &forecast(&one), 0);
        assert!(text.contains("\nweb saturates first, at 2.50 times the load or before.\n"), "{text}");
    }

    #[test]
    fn parts_that_are_equally_busy_saturate_together() {
        let tied = checked(
            r#""u": OpenClient(to: "web", rate: "10/s"),
            "web": Service(concurrency: Servers(1), queue: 9, does: [Compute("30ms"), Call("db")]),
            "db": Service(concurrency: Servers(3), queue: 9, does: Compute("90ms"))"#,
        );
        let text = summary(&tied, &forecast(&tied), 0);
        assert!(text.contains("\nweb and db saturate first, at 3.33 times the load.\n"), "{text}");
    }

    #[test]
    fn a_closed_client_whose_part_open_ones_overload_has_no_bounds_and_is_told_why() {
        let full = checked(
            r#""u": OpenClient(to: "web", rate: "200/s"), "batch": ClosedClient(to: "web", users: 5, think: "1s"),
            "web": Service(concurrency: Servers(1), queue: 9, does: Compute("10ms"))"#,
        );
        let found = forecast(&full);
        assert!(found.closed.is_empty(), "{found:?}");
        let text = summary(&full, &found, 0);
        let told = "Not counted: batch: open clients alone ask web for all the work that it can do";
        assert!(
            text.contains(told) && text.contains("web is overloaded, at 0.50 times the load or before"),
            "{text}"
        );
    }

    #[test]
    fn what_theory_cannot_know_is_said() {
        let recorded = checked(
            r#""u": OpenClient(to: "web", rate: FromFile(file: "x.csv", time: "t", value: "v", unit: "/s")),
            "web": Service(concurrency: Servers(1), queue: 9, does: Compute("10ms"))"#,
        );
        let text = summary(&recorded, &forecast(&recorded), 0);
        assert!(
            text.contains("cannot be told") && text.contains("Not counted: u: its rate is not in this file."),
            "{text}"
        );
    }
}
