//! Pages of stored results: what is on them, and what is not.

#![recursion_limit = "512"]

mod mutations;

use std::path::Path;

use kneepoint_page::{Page, PageError, Source};
use serde_json::{Value, json};

/// Results of each verb, as crate plot keeps them for its pictures.
fn kept(name: &str) -> Source {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../plot/tests/results/{name}.json"));
    let json = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Source { name: format!("{name}.json"), json }
}

/// A run as it is written, small, with everything a page can show.
fn run() -> Value {
    let known = |value: f64| json!({ "value": value, "low": value * 0.9, "high": value * 1.1, "confidence": 0.95, "n": 2 });
    let line = |values: [f64; 2]| json!({ "values": values, "low": values, "high": values });
    let times = json!({ "count": 100, "mean": known(0.05), "min": 0.01, "max": 0.4, "p50": known(0.04), "p99": known(0.2), "p99.9": { "value": null, "reason": "too few" } });
    json!({
        "schema_version": 1, "program": "kneepoint", "program_version": "0.1.0",
        "scenario": { "file": "shop.ron", "format": 1, "hash": "00ff", "variant": null, "set": [] },
        "title": "A shop", "question": "Does it hold?", "seed": 1, "digest": "0123", "events": 10, "replications": 2,
        "run": { "duration": 20.0, "warm_up": 0.0, "warm_up_from": "stated", "batches": null, "confidence": 0.95 },
        "verdict": "missed", "verdict_sentence": "Missed: 1 of 1 objective does not hold (fast).",
        "slo": [{ "name": "fast", "condition": "p99(users.latency) < 100ms", "verdict": "missed", "sentence": "it is 200ms", "estimate": known(0.2), "bound": 0.1, "unit": "s", "windows": null }],
        "watch": [],
        "clients": [{
            "name": "users", "kind": "OpenClient", "sent": { "total": 110, "rate": known(5.0) }, "ended": { "total": 110, "rate": known(5.0) },
            "by_status": { "ok": { "total": 100, "share": known(0.9) }, "timeout": { "total": 10, "share": known(0.1) } },
            "good": { "total": 100, "rate": known(4.5) }, "throughput": known(5.0), "goodput": known(4.5), "errors": known(0.1),
            "latency": times, "latency_failed": { "count": 0 }, "in_flight": { "mean": known(1.0), "max": 4.0 }, "users": null,
            "time": { "service": { "total": 4.0, "per_request": known(0.04) }, "waiting": { "total": 1.0, "per_request": known(0.01) } },
            "classes": [],
        }],
        "parts": [{
            "name": "web", "kind": "Service", "calls": { "total": 110, "rate": known(5.0) }, "throughput": known(5.0), "goodput": known(4.5),
            "errors": known(0.1), "lost": { "total": 0 }, "response": times, "utilisation": known(0.5), "queue": { "mean": known(0.2), "max": 3.0 },
            "inside": { "mean": known(1.0), "max": 4.0 }, "orphans": { "total": 2 }, "orphan_time": known(0.02),
            "instances": [{ "path": "web/0", "calls": { "total": 60 } }, { "path": "web/1", "calls": { "total": 50 } }],
        }],
        "checks": [{ "name": "conservation", "rule": "what goes in comes out", "holds": true, "checked": 4, "skipped": 0, "failures": [] }],
        "warnings": ["the queue of web is unbounded"],
        "samples": [{
            "client": "users", "identity": "1", "why": "near p50", "status": "ok", "born": 3.0, "latency": 0.04,
            "strands": [
                { "parent": null, "from": 0.0, "decided": false, "orphaned": false, "spans": [
                    { "at": "web/0", "phase": "service", "from": 0.0, "to": 0.01, "critical": true },
                    { "at": "web/0", "phase": "service", "from": 0.03, "to": 0.04, "critical": true },
                ] },
                { "parent": 0, "from": 0.01, "decided": true, "orphaned": false, "spans": [
                    { "at": "db/0", "phase": "service", "from": 0.01, "to": 0.03, "critical": true },
                ] },
            ],
        }],
        "timeline": {
            "bounds": [0.0, 10.0, 20.0], "replications": 2,
            "clients": [{
                "name": "users", "sent": { "total": [50, 60], "rate": line([5.0, 6.0]) }, "good": { "total": [50, 50], "rate": line([5.0, 5.0]) },
                "by_status": { "ok": { "rate": line([5.0, 5.0]) }, "timeout": { "rate": line([0.0, 1.0]) } },
                "latency": { "p50": line([0.04, 0.04]), "p95": line([0.123456789, 0.1]), "p99": { "values": [0.2, null] } },
                "in_flight": line([1.0, 1.0]), "classes": [],
            }],
            "parts": [{ "name": "web", "calls": { "rate": line([5.0, 6.0]) }, "utilisation": line([0.5, 0.6]), "capacity": line([2.0, 1.0]), "queue": line([0.0, 1.0]), "inside": null, "threads": null }],
            "faults": [{ "name": "crash", "struck": { "values": [0.0, 1.0] } }],
        },
        "assumptions": [
            { "text": "orders are rare", "source": null, "doubt": "High" },
            { "text": "Timeout.cancel = false", "source": "chosen", "doubt": null },
        ],
        "defaults": [
            { "at": "edges.users -> web.via.0", "kind": "Timeout", "field": "cancel", "default": "false", "in_words": false, "source": "chosen" },
            { "at": "web", "kind": "Service", "field": "spread", "default": "Even", "in_words": false, "source": null },
            { "at": "db", "kind": "Service", "field": "spread", "default": "Even", "in_words": false, "source": null },
        ],
        "sources": ["dashboards"], "not_modelled": ["caches"], "comparable": [],
    })
}

fn source(value: &Value) -> Source {
    Source { name: "run.json".to_string(), json: value.to_string() }
}

fn html(value: &Value) -> String {
    Page::read(&[source(value)]).expect("it is a run").html()
}

fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[test]
fn a_page_says_what_a_review_asks_for() {
    let page = html(&run());
    let text = text_of(&page);
    for said in [
        "Does it hold?",
        "Missed: 1 of 1 objective does not hold (fast).",
        "200 ms ±20",
        "Latency of good answers, from the intended start",
        "Not enough data for users p99.9: too few.",
        "The path that decided has 3 pieces, which add up to 40.0 ms: the latency, to the nanosecond.",
        "This scenario has no cache.",
        "The number of instances never changes: no part scales, and none is struck.",
        "what goes in comes out",
        "the queue of web is unbounded",
        "orders are rare",
        "doubt: high",
        "Service.spread",
        "none stated",
        "web, db",
        "caches",
        "kneepoint run shop.ron --seed 1 --replications 2",
        "kneepoint 0.1.0",
    ] {
        assert!(text.contains(said), "{said}");
    }
    // A default is in the table of defaults and not among what the author assumes.
    assert!(text.contains("Timeout.cancel") && !text.contains("Timeout.cancel = false"));
}

#[test]
fn every_number_is_that_of_the_results() {
    let run = run();
    let page = html(&run);
    let mut seen = 0;
    for piece in page.split("<data value=\"").skip(1) {
        let (value, rest) = piece.split_once('"').unwrap();
        let of = rest.strip_prefix(" data-of=\"0:").unwrap().split('"').next().unwrap();
        let found = run.pointer(of).unwrap_or_else(|| panic!("{of} is nowhere"));
        assert_eq!(found.as_f64(), value.parse().ok(), "{of}");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    for chart in data["charts"].as_array().unwrap() {
        for series in chart["series"].as_array().unwrap() {
            let from = series["from"].as_str().unwrap().strip_prefix("0:").unwrap();
            let there = run.pointer(from).unwrap_or_else(|| panic!("{from} is nowhere"));
            for (shown, is) in
                series["values"].as_array().unwrap().iter().zip(there["values"].as_array().unwrap())
            {
                match (shown.as_f64(), is.as_f64()) {
                    // Charts have six digits.
                    (Some(shown), Some(is)) => assert!((shown - is).abs() <= 5e-6 * is.abs(), "{from}"),
                    (shown, is) => assert_eq!(shown, is, "{from}"),
                }
            }
        }
    }
}

#[test]
fn equal_results_give_equal_bytes() {
    assert_eq!(html(&run()), html(&run()));
}

#[test]
fn every_result_has_its_section() {
    let names = ["run", "capacity", "compare", "sensitivity", "sweep"];
    let page = Page::read(&names.map(kept)).unwrap();
    let html = page.html();
    for id in
        ["objectives", "numbers", "capacity", "comparison", "sensitivity", "sweep", "checks", "reproduce"]
    {
        assert!(html.contains(&format!("<section id=\"{id}\">")), "{id}");
        assert!(html.contains(&format!("<a href=\"#{id}\">")), "{id}");
    }
    for alone in ["run", "capacity", "scaling", "compare", "sensitivity", "morris", "sweep"] {
        let page = Page::read(&[kept(alone)]).unwrap();
        assert!(page.html().contains("data-figure="), "{alone}");
        assert!(page.markdown().starts_with("# "), "{alone}");
    }
}

#[test]
fn only_what_its_hash_names_may_run() {
    let page = html(&run());
    let policy = page.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap().replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_eq!(policy.matches("sha256-").count(), 3, "{policy}");
    let (head, rest) = page.split_once("<style>").unwrap();
    let body = rest.split_once("</style>").unwrap().1.split("<script").next().unwrap();
    for tag in
        [head, body].iter().flat_map(|part| part.split('<')).filter_map(|piece| piece.split('>').next())
    {
        let handler = tag.split(' ').any(|word| word.starts_with("on") && word.contains('='));
        assert!(!handler && !tag.contains(" style=") && !tag.contains("javascript:"), "{tag}");
    }
}

/// Puts a text in the place of every text and every name that is not looked at by its own.
fn hostile(value: &mut Value, with: &str) {
    match value {
        Value::String(text) if !["kneepoint", "s", "1/s", "1", "ratio"].contains(&text.as_str()) => {
            *text = format!("{text}{with}");
        }
        Value::Array(all) => all.iter_mut().for_each(|value| hostile(value, with)),
        Value::Object(fields) => fields.values_mut().for_each(|value| hostile(value, with)),
        _ => {}
    }
}

#[test]
fn what_is_foreign_stays_text() {
    for with in [
        "</script><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "<!--<script>",
        "\u{202e}gnp.exe",
        &"w".repeat(200),
        "שלום עולם",
    ] {
        let mut run = run();
        hostile(&mut run, with);
        let page = html(&run);
        assert_eq!(page.matches("<script").count(), 3, "{with}");
        assert_eq!(page.matches("</script>").count(), 3, "{with}");
        assert!(!page.contains("<img") && !page.contains("<!--") && !page.contains('\u{202e}'), "{with}");
        let markdown = Page::read(&[source(&run)]).unwrap().markdown();
        // Code is shown as it is.
        let markdown: String = markdown.split("```").step_by(2).collect();
        assert!(!markdown.contains("<script") && !markdown.contains("<img"), "{with}");
    }
}

#[test]
fn what_is_no_result_or_too_much_is_refused_with_the_reason() {
    assert_eq!(Page::read(&[]).err(), Some(PageError::Nothing));
    let mut newer = run();
    newer["schema_version"] = json!(2);
    let error = Page::read(&[source(&newer)]).err().unwrap().to_string();
    assert!(error.contains("later version") && error.contains("run.json"), "{error}");
    let other = Source { name: "other.json".to_string(), ..source(&run()) };
    let error = Page::read(&[source(&run()), other]).err().unwrap().to_string();
    assert!(error.contains("run.json and other.json each make a run of this page"), "{error}");
}

#[test]
fn nothing_that_ended_and_one_replication_are_said() {
    let mut empty = run();
    let client = &mut empty["clients"][0];
    let none = json!({ "value": null, "reason": "nothing happened" });
    for key in ["sent", "ended", "good"] {
        client[key] = json!({ "total": 0, "rate": none });
    }
    client["latency"] =
        json!({ "count": 0, "mean": none, "min": null, "max": null, "p50": none, "p99": none });
    client["time"] = json!({});
    empty["samples"] = json!([]);
    empty["replications"] = json!(1);
    for list in ["clients", "parts"] {
        empty["timeline"][list] = json!([]);
    }
    let text = text_of(&html(&empty));
    for said in [
        "No request ended while it was measured",
        "One replication: numbers have no intervals",
        "The results hold no sampled request",
        "No request of users spent any time that was measured.",
        "No part keeps anything over time.",
    ] {
        assert!(text.contains(said), "{said}");
    }
    empty["clients"] = json!([]);
    empty["parts"] = json!([]);
    empty.as_object_mut().unwrap().remove("timeline");
    let text = text_of(&html(&empty));
    assert!(text.contains("This scenario has no client.") && text.contains("do not hold what happened when"));
}

#[test]
fn the_short_form_has_verdict_tables_and_command_and_no_picture() {
    let short = Page::read(&[source(&run())]).unwrap().markdown();
    for said in [
        "# A shop\n",
        "**Missed: 1 of 1 objective does not hold (fast).**",
        "| fast | **missed** |",
        "```sh\nkneepoint run shop.ron --seed 1 --replications 2\n```",
        "## What is not modelled\n\n- caches",
    ] {
        assert!(short.contains(said), "{said} in\n{short}");
    }
    assert!(!short.contains("<svg") && !short.contains("Sampled requests"));
}
