//! Sampled requests as tools for traces read them.

use std::collections::{BTreeMap, BTreeSet};

use kneepoint_experiment::result::{TraceResult, Why};
use kneepoint_experiment::{Options, trace};
use kneepoint_report::{otlp, perfetto};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{TracesData, span::SpanKind};
use serde_json::Value;

fn traced() -> TraceResult {
    let options = Options { threads: Some(1), ..Options::default() };
    trace(&super::planned(), &options).expect("it runs")
}

#[test]
fn the_requests_are_those_of_the_run() {
    assert_eq!(traced(), TraceResult::of(&super::found()));
}

#[test]
fn the_path_that_decided_adds_up_to_the_latency() {
    let trace = traced();
    let whys: BTreeSet<String> = trace.requests.iter().map(|request| format!("{:?}", request.why)).collect();
    for why in [Why::Near(0.5), Why::Near(0.9), Why::Near(0.99), Why::Slowest, Why::Failed] {
        assert!(whys.contains(&format!("{why:?}")), "{whys:?}");
    }
    for request in &trace.requests {
        let path = request.critical_path().unwrap_or_else(|| panic!("{request:#?}"));
        let length: u64 = path.iter().map(|span| span.to.as_nanos() - span.from.as_nanos()).sum();
        assert_eq!(length, request.latency.as_nanos());
        assert_eq!(path[0].from, request.born);
        assert!(path.windows(2).all(|pair| pair[0].to == pair[1].from));
    }
}

/// Holds an event to the Trace Event Format: what each phase must have, and nothing it does not know.
fn event(event: &Value) -> (u64, u64) {
    let fields = event.as_object().expect("an event is an object");
    let id = |key: &str| event[key].as_u64().unwrap_or_else(|| panic!("{key} of {event}"));
    let time = |key: &str| {
        let micros = event[key].as_f64().unwrap_or_else(|| panic!("{key} of {event}"));
        assert!(micros >= 0.0 && micros.is_finite(), "{event}");
        let nanos = micros * 1e3;
        assert!((nanos - nanos.round()).abs() < 1e-3, "whole nanoseconds: {event}");
    };
    assert!(event["name"].is_string(), "{event}");
    let known: &[&str] = match event["ph"].as_str().expect("a phase") {
        "M" => {
            let arg = match event["name"].as_str().expect("a text") {
                "process_name" | "thread_name" => &event["args"]["name"],
                "process_sort_index" | "thread_sort_index" => &event["args"]["sort_index"],
                other => panic!("{other} is no metadata"),
            };
            assert!(!arg.is_null(), "{event}");
            &["name", "ph", "pid", "tid", "args"]
        }
        "B" | "E" => {
            time("ts");
            assert!(event["cat"].is_string() && event["args"].is_object(), "{event}");
            &["name", "cat", "ph", "ts", "pid", "tid", "args"]
        }
        "s" | "f" => {
            time("ts");
            assert!(event["cat"].is_string() && event["id"].is_string(), "{event}");
            &["name", "cat", "ph", "ts", "pid", "tid", "id", "bp"]
        }
        other => panic!("{other} is not written"),
    };
    assert!(fields.keys().all(|key| known.contains(&key.as_str())), "{event}");
    (id("pid"), id("tid"))
}

/// The slices of a row that have begun and not ended, by place and name, and when the last event of the row was.
type Begun = (Vec<(usize, String)>, f64);

#[test]
fn perfetto_gets_what_the_trace_event_format_says() {
    let trace = traced();
    let read: Value = serde_json::from_str(&perfetto(&trace)).expect("it is JSON");
    let top: Vec<&String> = read.as_object().unwrap().keys().collect();
    assert_eq!(top, ["displayTimeUnit", "otherData", "traceEvents"]);
    assert!(["ms", "ns"].contains(&read["displayTimeUnit"].as_str().unwrap()));
    let mut rows: BTreeMap<(u64, u64), Vec<(i64, i64)>> = BTreeMap::new();
    // What has begun in each row and not ended: where it is in the row, its name, and when the last event was, bit by bit.
    let mut open: BTreeMap<(u64, u64), Begun> = BTreeMap::new();
    let (mut named, mut arrows) = (BTreeSet::new(), BTreeMap::new());
    for one in read["traceEvents"].as_array().expect("a list") {
        let row = event(one);
        let at = one["ts"].as_f64().unwrap_or_default();
        let nanos = (at * 1e3).round() as i64;
        let name = || one["name"].as_str().unwrap().to_string();
        let (begun, last) = open.entry(row).or_insert((Vec::new(), 0.0));
        if ["B", "E"].contains(&one["ph"].as_str().unwrap()) {
            assert!(at >= *last, "in order: {one}");
            *last = at;
        }
        match one["ph"].as_str().unwrap() {
            "B" => {
                let row = rows.entry(row).or_default();
                begun.push((row.len(), name()));
                row.push((nanos, i64::MAX));
            }
            "E" => {
                let (place, begun) = begun.pop().expect("what ends has begun");
                assert_eq!(begun, name(), "the last that began ends first");
                rows.get_mut(&row).unwrap()[place].1 = nanos;
            }
            "M" if one["name"] == "thread_name" => drop(named.insert(row)),
            "s" | "f" => *arrows.entry(one["id"].as_str().unwrap().to_string()).or_insert(0) += 1,
            _ => {}
        }
    }
    assert!(open.values().all(|(begun, _)| begun.is_empty()), "what begins ends");
    assert!(!arrows.is_empty() && arrows.values().all(|ends| *ends == 2), "{arrows:?}");
    for (row, slices) in &rows {
        assert!(named.contains(row), "{row:?} has a name");
        // Of two slices of a row one lies in the other, or they do not touch.
        for (at, a) in slices.iter().enumerate() {
            for b in &slices[at + 1..] {
                let apart = a.1 <= b.0 || b.1 <= a.0;
                let nested = (a.0 <= b.0 && b.1 <= a.1) || (b.0 <= a.0 && a.1 <= b.1);
                assert!(apart || nested, "{row:?}: {a:?} {b:?}");
            }
        }
    }
    for (at, request) in trace.requests.iter().enumerate() {
        let slices = &rows[&(at as u64 + 1, 1)];
        let (whole, path) = slices.split_first().expect("the request, then the path");
        assert_eq!(*whole, (0, request.latency.as_nanos() as i64));
        assert_eq!(path.iter().map(|(from, to)| to - from).sum::<i64>(), whole.1);
    }
}

/// Holds OTLP JSON to the mapping of protobuf: names of fields, what is a text and what a number.
fn mapped(value: &Value, at: &str) {
    let fields = |allowed: &[&str]| {
        let fields = value.as_object().unwrap_or_else(|| panic!("{at}: {value}"));
        for key in fields.keys() {
            assert!(allowed.contains(&key.as_str()), "{at} has no {key}");
        }
    };
    let each = |key: &str, below: &str| {
        for one in value[key].as_array().unwrap_or_else(|| panic!("{key} of {at}: {value}")) {
            mapped(one, below);
        }
    };
    let text = |key: &str| value[key].as_str().unwrap_or_else(|| panic!("{key} of {at}: {value}"));
    match at {
        "request" => {
            fields(&["resourceSpans"]);
            each("resourceSpans", "ResourceSpans");
        }
        "ResourceSpans" => {
            fields(&["resource", "scopeSpans"]);
            mapped(&value["resource"], "Resource");
            each("scopeSpans", "ScopeSpans");
        }
        "Resource" => {
            fields(&["attributes"]);
            each("attributes", "KeyValue");
            let attributes = value["attributes"].as_array().expect("a list");
            assert!(attributes.iter().any(|a| a["key"] == "service.name"), "{value}");
        }
        "ScopeSpans" => {
            fields(&["scope", "spans"]);
            assert!(value["scope"]["name"].is_string() && value["scope"]["version"].is_string());
            each("spans", "Span");
        }
        "Span" => {
            fields(&[
                "traceId",
                "spanId",
                "parentSpanId",
                "name",
                "kind",
                "startTimeUnixNano",
                "endTimeUnixNano",
                "attributes",
                "status",
            ]);
            let hex = |text: &str, digits: usize| {
                text.len() == digits
                    && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
                    && text.chars().any(|c| c != '0')
            };
            assert!(hex(text("traceId"), 32) && hex(text("spanId"), 16), "{value}");
            assert!(text("parentSpanId").is_empty() || hex(text("parentSpanId"), 16), "{value}");
            assert!(!text("name").is_empty());
            assert!((1..=5).contains(&value["kind"].as_u64().expect("a number")), "{value}");
            let time = |key: &str| text(key).parse::<u64>().expect("64-bit integers are decimal texts");
            assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"), "{value}");
            each("attributes", "KeyValue");
            mapped(&value["status"], "Status");
        }
        "Status" => {
            fields(&["code", "message"]);
            assert!(
                value.get("code").is_none_or(|code| code.as_u64().is_some_and(|code| code <= 2)),
                "{value}"
            );
        }
        "KeyValue" => {
            fields(&["key", "value"]);
            assert!(!text("key").is_empty());
            let (sort, content) =
                value["value"].as_object().expect("an object").iter().next().expect("one value");
            let fits = match sort.as_str() {
                "stringValue" => content.is_string(),
                "boolValue" => content.is_boolean(),
                "doubleValue" => content.is_number(),
                "intValue" => content.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
                other => panic!("{other}"),
            };
            assert!(fits && value["value"].as_object().expect("an object").len() == 1, "{value}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn otlp_follows_the_json_mapping() {
    let value: Value = serde_json::from_str(&otlp(&traced())).expect("it is JSON");
    mapped(&value, "request");
}

/// Holds that all of a value is in another one: a reader that skips what it does not know has then known all of it.
fn kept(ours: &Value, read: &Value, at: &str) {
    match (ours, read) {
        (Value::Object(ours), Value::Object(read)) => {
            for (key, value) in ours {
                let there = read.get(key).unwrap_or_else(|| panic!("{at}/{key} is not known to the reader"));
                kept(value, there, &format!("{at}/{key}"));
            }
        }
        (Value::Array(ours), Value::Array(read)) => {
            assert_eq!(ours.len(), read.len(), "{at}");
            for (nth, (ours, read)) in ours.iter().zip(read).enumerate() {
                kept(ours, read, &format!("{at}/{nth}"));
            }
        }
        (ours, read) => assert_eq!(ours, read, "{at}"),
    }
}

#[test]
fn the_types_of_open_telemetry_hold_all_that_is_written() {
    let written = otlp(&traced());
    let ours: Value = serde_json::from_str(&written).expect("it is JSON");
    let request: ExportTraceServiceRequest =
        serde_json::from_str(&written).expect("it is what collectors take");
    let read = serde_json::to_value(&request).expect("it can be written again");
    kept(&ours, &read, "");
    // What would be skipped is found.
    let mut foreign = ours;
    foreign["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["startTime"] = "1".into();
    let request: ExportTraceServiceRequest = serde_json::from_value(foreign.clone()).expect("skipped");
    let read = serde_json::to_value(&request).expect("it can be written again");
    assert!(std::panic::catch_unwind(|| kept(&foreign, &read, "")).is_err());
}

#[test]
fn the_reader_of_open_telemetry_finds_whole_trees() {
    let trace = traced();
    let read: TracesData = serde_json::from_str(&otlp(&trace)).expect("it is OTLP");
    let mut traces = BTreeMap::new();
    for resource in &read.resource_spans {
        let attributes = &resource.resource.as_ref().expect("a resource").attributes;
        assert!(attributes.iter().any(|a| a.key == "service.name"));
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
            let known: &mut BTreeMap<_, _> = traces.entry(span.trace_id.clone()).or_default();
            assert!(known.insert(span.span_id.clone(), span).is_none(), "{span:?}");
        }
    }
    assert_eq!(traces.len(), trace.requests.len());
    for request in &trace.requests {
        let spans = (traces.iter())
            .find(|(id, _)| id[8..] == request.identity.to_be_bytes())
            .map(|(_, spans)| spans)
            .expect("each request is a trace");
        let roots: Vec<_> = spans.values().filter(|span| span.parent_span_id.is_empty()).collect();
        let [root] = roots[..] else { panic!("{roots:#?}") };
        assert_eq!(root.end_time_unix_nano - root.start_time_unix_nano, request.latency.as_nanos());
        let failed = root.status.as_ref().expect("a status").code == 2;
        assert_eq!(failed, !request.status.is_good());
        let (mut visits, mut decided) = (0, 0);
        for span in spans.values().filter(|span| !span.parent_span_id.is_empty()) {
            let parent = spans.get(&span.parent_span_id).unwrap_or_else(|| panic!("no parent: {span:#?}"));
            // What is done for nobody may outlast whom it was done for; nothing begins before it.
            assert!(parent.start_time_unix_nano <= span.start_time_unix_nano, "{parent:#?} {span:#?}");
            if span.kind == SpanKind::Server as i32 {
                visits += 1;
            }
            let flag = span.attributes.iter().find(|a| a.key == "kneepoint.decided");
            if flag.is_some_and(|a| format!("{a:?}").contains("BoolValue(true)")) {
                decided += span.end_time_unix_nano - span.start_time_unix_nano;
            }
        }
        assert_eq!(decided, request.latency.as_nanos());
        // front; left and right; the store twice, unless it was given up before.
        assert!(visits >= 2, "{spans:#?}");
    }
}

#[test]
fn the_store_lies_below_whoever_called_it() {
    let trace = traced();
    let good = trace.requests.iter().find(|request| request.why == Why::Near(0.5)).expect("there is one");
    let one = TraceResult { requests: vec![good.clone()], ..trace.clone() };
    let read: TracesData = serde_json::from_str(&otlp(&one)).expect("it is OTLP");
    let spans: Vec<_> =
        read.resource_spans.iter().flat_map(|r| &r.scope_spans).flat_map(|scope| &scope.spans).collect();
    let name = |id: &[u8]| spans.iter().find(|span| span.span_id == id).map(|span| span.name.clone());
    let visits: BTreeSet<(String, String)> = (spans.iter())
        .filter(|span| span.kind == SpanKind::Server as i32)
        .map(|span| (span.name.clone(), name(&span.parent_span_id).expect("a parent")))
        .map(|(name, below)| (name, below.split('/').next().unwrap().to_string()))
        .collect();
    let below = |part: &str, whom: &str| visits.iter().any(|(a, b)| a.starts_with(part) && b == whom);
    assert!(below("front", "users request"), "{visits:?}");
    assert!(below("left", "front") && below("right", "front"), "{visits:?}");
    assert!(below("store", "right") && below("store", "front"), "{visits:?}");
}
