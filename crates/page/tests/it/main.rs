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
        "topology": { "nodes": [{ "name": "web", "kind": "Service", "label": "Front end", "client": false, "instances": 2 }], "edges": null },
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
            "parts": [{ "name": "web", "calls": { "rate": line([5.0, 6.0]) }, "answered": { "rate": line([4.0, 6.0]) }, "instances": { "values": [2.0, 1.5], "min": [2, 1] }, "utilisation": line([0.5, 0.6]), "capacity": line([2.0, 1.0]), "queue": line([0.0, 1.0]), "inside": null, "threads": null }],
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

/// What the charts of a page draw.
fn data_of(page: &str) -> Value {
    let data = page.split("id=\"data\">").nth(1).and_then(|rest| rest.split("</script>").next());
    serde_json::from_str(data.expect("a page has data")).expect("which are JSON")
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
        "Not shown, because no part in these results has it: hit rates of caches",
        "A point is what happened in a window of 10.0 s of simulated time",
        "Calls that arrive at parts with a queue, and are answered",
        "Front end is what the scenario calls web",
        "Front end (web)",
        "within 10.0 s to 20.0 s",
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
    let data = data_of(&page);
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
fn charts_show_the_percentiles_of_the_figures() {
    let page = html(&run());
    let data = data_of(&page);
    let latency = data["charts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|chart| chart["title"].as_str().is_some_and(|title| title.starts_with("Latency of")));
    let mut seen = 0;
    for chart in latency {
        let names: Vec<&str> =
            chart["series"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
        let wanted: Vec<String> =
            kneepoint_plot::PERCENTILES.iter().map(|(name, _)| format!("users {name}")).collect();
        assert_eq!(names, wanted);
        seen += 1;
    }
    assert_eq!(seen, 2, "among what clients saw, and on the dashboard");
}

#[test]
fn rows_of_what_happened_are_those_of_the_figure_over_time() {
    let mut run = run();
    let event = |at: f64, part: &str, what: &str, detail: &str| json!({ "at": at, "part": part, "what": what, "detail": detail });
    let breaker = "lb/0 -> web #1 0 Breaker";
    run["timeline"]["events"] = json!({ "replication": 0, "left_out": 3, "list": [
        event(1.0, "crash", "fault begins", "crash of web/0"),
        event(2.0, breaker, "breaker opens", ""),
        event(3.0, "lb/0", "member down", "web/0"),
        event(5.0, breaker, "breaker half-open", ""),
        event(6.0, breaker, "breaker closes", ""),
        event(7.0, "lb/0", "member up", "web/0"),
        event(8.0, "crash", "fault ends", "crash of web/0"),
    ] });
    let page = html(&run);
    let data = data_of(&page);
    let rows: Vec<(String, Vec<String>)> = data["lanes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lane| {
            let bar =
                |bar: &Value| format!("{} {} to {}", bar["name"].as_str().unwrap(), bar["from"], bar["to"]);
            let bars = lane["bars"].as_array().unwrap().iter().map(bar).collect();
            (lane["name"].as_str().unwrap().to_string(), bars)
        })
        .collect();
    let expected = [
        ("fault crash", vec!["crash of web/0 1.0 to 8.0"]),
        ("breaker lb → Front end", vec!["open 2.0 to 5.0", "half-open 5.0 to 6.0"]),
        ("lb", vec!["1 out 3.0 to 7.0"]),
    ];
    let expected =
        expected.map(|(name, bars)| (name.to_string(), bars.into_iter().map(str::to_string).collect()));
    assert_eq!(rows, expected);
    let charts = data["charts"].as_array().unwrap().iter().filter(|chart| chart["lanes"] == true).count();
    assert_eq!(charts, 3, "among clients, among parts, and on the dashboard");
    let text = text_of(&page);
    assert!(
        text.contains("The rows end at 8.00 s: what happened after that was too much to be kept (3 times).")
    );
}

#[test]
fn every_row_of_what_happened_has_its_colour_in_the_legend() {
    let mut run = run();
    let event =
        |part: &str, what: &str| json!({ "at": 1.0, "part": part, "what": what, "detail": "crash of web/0" });
    run["timeline"]["events"] = json!({ "replication": 0, "left_out": 0, "list": [
        event("crash", "fault begins"), event("web/0", "crash"), event("users/0 -> web #0 0 Breaker", "breaker opens"),
    ] });
    let page = html(&run);
    // The program takes the colour of a row by its name in the style.
    assert!(page.contains("key.style.setProperty(\"--is\", `var(--${lane.colour})`)"));
    let data = data_of(&page);
    let colours = data["lanes"].as_array().unwrap().iter().map(|lane| lane["colour"].as_str().unwrap());
    let colours: Vec<&str> = colours.collect();
    assert_eq!(colours.len(), 3);
    for colour in colours {
        assert!(page.contains(&format!("--{colour}:")), "{colour}");
    }
}

#[test]
fn without_javascript_it_is_said_what_is_missing() {
    let noscript = |value: &Value| html(value).contains("<noscript>");
    assert!(noscript(&run()));
    let mut without = run();
    without.as_object_mut().unwrap().remove("timeline");
    assert!(!noscript(&without), "nothing is missing then");
}

#[test]
fn how_evenly_instances_are_loaded_is_among_the_key_numbers() {
    let mut run = run();
    let short = |run: &Value| Page::read(&[source(run)]).unwrap().markdown();
    assert!(!html(&run).contains("How evenly") && !short(&run).contains("How evenly"));
    let known = |value: f64| json!({ "value": value, "low": value - 0.01, "high": value + 0.01, "n": 2 });
    run["parts"][0]["evenness"] =
        json!({ "of": "utilisation", "jain": known(0.95), "max_over_mean": known(1.25) });
    for page in [html(&run), short(&run)] {
        for said in ["How evenly instances are loaded", "0.950 ±0.010", "1.25 ±0.01"] {
            assert!(page.contains(said), "{said}");
        }
    }
}

#[test]
fn a_fault_is_shaded_while_it_lasts_and_not_to_the_end_of_its_window() {
    let mut run = run();
    let event =
        |at: f64, what: &str| json!({ "at": at, "part": "crash", "what": what, "detail": "crash of web/0" });
    run["timeline"]["events"] = json!({
        "replication": 0, "list": [event(12.0, "fault begins"), event(15.5, "fault ends")], "left_out": 0,
    });
    let marks = |run: &Value| data_of(&html(run))["marks"].clone();
    run["timeline"]["faults"][0]["struck"] =
        json!({ "values": [0.0, 0.35], "low": [0.0, 0.35], "high": [0.0, 0.35] });
    assert_eq!((&marks(&run)[0]["from"], &marks(&run)[0]["to"]), (&json!(12.0), &json!(15.5)));
    // Where replications are struck at other instants, windows are what is known of all.
    run["timeline"]["faults"][0]["struck"] =
        json!({ "values": [0.0, 0.35], "low": [0.0, 0.1], "high": [0.0, 0.6] });
    assert_eq!((&marks(&run)[0]["from"], &marks(&run)[0]["to"]), (&json!(10.0), &json!(20.0)));
}

#[test]
fn the_short_form_has_what_it_rests_on() {
    let short = Page::read(&[source(&run())]).unwrap().markdown();
    for said in [
        "## Assumptions",
        "orders are rare",
        "doubt: high",
        "Timeout.cancel",
        "| chosen |",
        "web, db",
        "## What is not modelled",
        "caches",
        "kneepoint run shop.ron --seed 1 --replications 2",
        "| seed | 1 |",
        "| digest | 0123 |",
    ] {
        assert!(short.contains(said), "{said} in {short}");
    }
}

#[test]
fn loads_of_a_capacity_are_told_in_requests_too() {
    let text = text_of(&Page::read(&[kept("capacity")]).unwrap().html());
    // 1.13 times the 542.5 requests/s of the file.
    for said in ["held up to", "in requests", "1.13", "613 /s"] {
        assert!(text.contains(said), "{said}");
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

/// What `capacity` writes, as far as a page needs it.
fn capacity() -> Value {
    json!({
        "schema_version": 1, "program": "kneepoint", "program_version": "0.1.0", "verb": "capacity",
        "command": "kneepoint capacity shop.ron --load params.load --seed 1 --replications 2",
        "scenario": { "file": "shop.ron", "format": 1, "hash": "00ff", "variant": null, "set": [] },
        "title": "A shop", "seed": 1, "replications": 2, "confidence": 0.95, "finding": { "kind": "found" },
        "sentence": "Holds up to 100 requests/s.", "load": { "kind": "clients", "unit": "times the load of the file" },
        "objectives": [], "parts": [], "knee": [], "warnings": [],
    })
}

#[test]
fn every_result_says_which_command_makes_it_again() {
    let knee = Source { name: "knee.json".to_string(), json: capacity().to_string() };
    let page = Page::read(&[source(&run()), knee.clone()]).unwrap();
    for text in [text_of(&page.html()), page.markdown()] {
        assert!(text.contains("kneepoint run shop.ron --seed 1 --replications 2"), "{text}");
        assert!(text.contains("kneepoint capacity shop.ron --load params.load --seed 1 --replications 2"));
    }
    let mut older = capacity();
    older.as_object_mut().unwrap().remove("command");
    let older = Source { json: older.to_string(), ..knee };
    let text = text_of(&Page::read(&[older]).unwrap().html());
    assert!(text.contains("knee.json does not say which command makes it again."));
}

#[test]
fn results_that_are_not_of_one_scenario_say_so_beside_the_headline() {
    let said = |change: &dyn Fn(&mut Value)| -> String {
        let mut other = capacity();
        change(&mut other);
        let knee = Source { name: "knee.json".to_string(), json: other.to_string() };
        let page = Page::read(&[source(&run()), knee]).unwrap();
        let html = page.html();
        let head = text_of(html.split("<header>").nth(1).unwrap().split("<nav").next().unwrap());
        assert_eq!(head.contains("Doubtful"), page.markdown().contains("**Doubtful"));
        head
    };
    assert!(!said(&|_| {}).contains("Doubtful"));
    let set = said(&|of| {
        of["scenario"]["hash"] = json!("aaaa");
        of["scenario"]["set"] = json!([["web.instances", "2"]]);
    });
    let expected = "Doubtful: knee.json is not of the scenario of the run as it was run: it was made with web.instances = 2, \
                    the run with nothing set from outside.";
    assert!(set.contains(expected), "{set}");
    let file = said(&|of| of["scenario"]["hash"] = json!("aaaa"));
    assert!(file.contains("its hash is aaaa, that of the run 00ff"), "{file}");
    let seed = said(&|of| of["seed"] = json!(7));
    assert!(seed.contains("Doubtful: knee.json has seed 7, the run 1"), "{seed}");
    // What says less is held against what it says.
    let older = said(&|of| {
        of.as_object_mut().unwrap().remove("scenario");
    });
    assert!(!older.contains("Doubtful"), "{older}");
    let other = said(&|of| {
        of.as_object_mut().unwrap().remove("scenario");
        of["title"] = json!("A bank");
    });
    let silent = Page::read(&[source(&run()), kept("sensitivity")]).unwrap().markdown();
    assert!(silent.contains("sensitivity.json does not say which scenario it is of."), "{silent}");
    assert!(
        other.contains("knee.json is of another scenario than the run: its title is &quot;A bank&quot;."),
        "{other}"
    );
}

#[test]
fn calls_of_instances_are_held_against_those_of_the_part() {
    let mut all = run();
    all["parts"].as_array_mut().unwrap().push(json!({ "name": "lb", "kind": "Balancer", "instances": [{ "path": "lb", "calls": { "total": 110 } }] }));
    let text = text_of(&html(&all));
    assert!(text.contains("web, all 2110100 %"), "{text}");
    assert!(!text.contains("the results contradict themselves"));
    all["parts"][0]["calls"]["total"] = json!(111);
    let text = text_of(&html(&all));
    assert!(
        text.contains("The calls of the instances of web add up to 110 and not to those of the part"),
        "{text}"
    );
}

#[test]
fn results_without_answers_over_time_show_arrivals_and_never_zero() {
    let mut older = run();
    older["timeline"]["parts"][0].as_object_mut().unwrap().remove("answered");
    let page = html(&older);
    assert!(page.contains("web arrive") && !page.contains("web answered"));
    assert!(html(&run()).contains("web answered"));
}

#[test]
fn the_headline_of_a_sweep_says_what_came_of_its_points() {
    let html = Page::read(&[kept("sweep")]).unwrap().html();
    let points: Value = serde_json::from_str(&kept("sweep").json).unwrap();
    let met = points["points"].as_array().unwrap().iter().filter(|point| point["verdict"] == "met").count();
    let head = text_of(html.split("<header>").nth(1).unwrap().split("<nav").next().unwrap());
    assert!(met > 0 && head.contains("Over ") && head.contains(&format!("met at {met}")), "{head}");
}

#[test]
fn two_studies_of_a_kind_both_have_a_link() {
    let knee = |name: &str| Source { name: name.to_string(), json: capacity().to_string() };
    let html = Page::read(&[knee("a.json"), knee("b.json")]).unwrap().html();
    for id in ["capacity", "capacity-2"] {
        assert!(
            html.contains(&format!("<section id=\"{id}\">")) && html.contains(&format!("href=\"#{id}\"")),
            "{id}"
        );
    }
}

#[test]
fn a_probability_that_ends_as_a_miss_is_marked_as_one() {
    let marked = |high: f64| {
        let mut run = run();
        run["verdict"] = json!("probability");
        run["verdict_sentence"] = json!("Meets the one objective (fast) with probability 30 %.");
        run["probability"] = json!({ "value": 0.3, "low": 0.2, "high": high, "confidence": 0.95, "n": 20 });
        html(&run).contains("<p class=\"finding answer bad\"><bdi>Meets the one objective (fast)")
    };
    assert!(marked(0.4) && !marked(0.6));
}

#[test]
fn nothing_is_at_a_capacity_that_was_not_found() {
    let text = |found: Value| {
        let mut knee = capacity();
        knee["capacity"] = found;
        knee["parts"] = json!([{ "name": "web", "utilisation": { "value": 0.5 } }]);
        knee["knee"] = json!([{ "load": 1.0, "holds": true, "overloaded": ["web"] }]);
        text_of(
            &Page::read(&[Source { name: "knee.json".to_string(), json: knee.to_string() }]).unwrap().html(),
        )
    };
    let none = text(json!(null));
    assert!(!none.contains("at the capacity") && none.contains("Parts at a load that was run"), "{none}");
    assert!(none.contains("held, queue grows"));
    assert!(text(json!({ "value": 2.0 })).contains("Parts at the capacity"));
}

#[test]
fn a_study_says_what_its_parts_are_called() {
    let mut knee = capacity();
    knee["labels"] = json!([{ "name": "web", "label": "Shop front" }]);
    knee["parts"] = json!([{ "name": "web", "utilisation": { "value": 0.5 } }]);
    let page = Page::read(&[Source { name: "knee.json".to_string(), json: knee.to_string() }]).unwrap();
    for text in [text_of(&page.html()), page.markdown()] {
        assert!(text.contains("Shop front") && text.contains("is what the scenario calls web"), "{text}");
        // Figures have the label, tables had the name.
        assert!(text.contains("Shop front (web)"), "{text}");
    }
}

#[test]
fn a_load_whose_run_was_stopped_says_so_and_why() {
    let mut knee = capacity();
    knee["knee"] =
        json!([{ "load": 3.0, "of_capacity": 2.0, "stopped": "replication 0 stopped: arrivals outrun" }]);
    let page = Page::read(&[Source { name: "knee.json".to_string(), json: knee.to_string() }]).unwrap();
    for text in [text_of(&page.html()), page.markdown()] {
        assert!(text.contains("At 3.00: replication 0 stopped: arrivals outrun."), "{text}");
    }
    assert!(page.markdown().contains("**stopped**"), "{}", page.markdown());
}

#[test]
fn a_load_at_which_it_is_undecided_is_not_called_missed() {
    let mut knee = capacity();
    knee["knee"] = json!([{ "load": 1.0, "verdict": "undecided", "holds": null, "overloaded": [] }]);
    let page = Page::read(&[Source { name: "knee.json".to_string(), json: knee.to_string() }]).unwrap();
    for text in [text_of(&page.html()), page.markdown()] {
        assert!(text.contains("undecided") && !text.contains("missed |"), "{text}");
    }
}
