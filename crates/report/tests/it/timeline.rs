//! What happened when, as JSON.

use kneepoint_experiment::{Options, run};
use kneepoint_report::json;
use serde_json::Value;

fn written(timeline: bool) -> Value {
    let options = Options { threads: Some(1), timeline, ..Options::default() };
    let result = run(&super::planned(), &options).expect("it runs");
    serde_json::from_str(&json(&result)).expect("it is JSON")
}

/// Holds every list over time to one entry per window.
fn lists(value: &Value, windows: usize, seen: &mut usize) {
    let Value::Object(fields) = value else {
        value.as_array().into_iter().flatten().for_each(|one| lists(one, windows, seen));
        return;
    };
    for (key, value) in fields {
        if ["values", "low", "high", "total"].contains(&key.as_str()) {
            assert_eq!(value.as_array().expect("a list").len(), windows, "{key}");
            *seen += 1;
        } else {
            lists(value, windows, seen);
        }
    }
}

#[test]
fn every_number_has_one_value_per_window() {
    let value = written(true);
    let timeline = &value["timeline"];
    let bounds = timeline["bounds"].as_array().expect("a list");
    assert_eq!((bounds[0].as_f64(), bounds.last().unwrap().as_f64()), (Some(0.0), Some(40.0)));
    let mut seen = 0;
    lists(timeline, bounds.len() - 1, &mut seen);
    assert!(seen > 50, "{seen}");
    let client = &timeline["clients"][0];
    assert_eq!(client["classes"].as_array().expect("a list").len(), 2);
    // Warm-up included: more than was measured.
    let sent: u64 = client["sent"]["total"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
    assert!(sent > value["clients"][0]["sent"]["total"].as_u64().unwrap());
    let cells = client["heat"]["cells"].as_array().expect("a list");
    let held: u64 = cells.iter().map(|cell| cell[2].as_u64().unwrap()).sum();
    let good: u64 = client["good"]["total"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
    assert_eq!(held, good);
    let edges = client["heat"]["edges"].as_array().unwrap().len() as u64;
    assert!(cells.iter().all(|cell| cell[1].as_u64().unwrap() < edges));
    // What arrives is answered in the same window or a later one.
    for part in timeline["parts"].as_array().unwrap() {
        let of = |key: &str| -> Vec<u64> {
            part[key]["total"].as_array().unwrap().iter().filter_map(Value::as_u64).collect()
        };
        let (calls, answered) = (of("calls"), of("answered"));
        let (came, went): (u64, u64) = (calls.iter().sum(), answered.iter().sum());
        assert!(went > 0 && went <= came && came - went < came / 10, "{}: {came} {went}", part["name"]);
        assert_ne!(calls, answered, "{}", part["name"]);
    }
    // Latencies are in seconds.
    let p50 = client["latency"]["p50"]["values"].as_array().unwrap().iter().filter_map(Value::as_f64);
    assert!(p50.clone().count() > 10 && p50.clone().all(|p50| (0.01..0.09).contains(&p50)));
}

#[test]
fn it_is_there_only_if_it_was_asked_for_and_changes_nothing_else() {
    let (mut with, without) = (written(true), written(false));
    assert!(without.get("timeline").is_none());
    with.as_object_mut().unwrap().shift_remove("timeline");
    assert!(with == without);
    let curve = without["clients"][0]["latency_curve"].as_array().expect("a list");
    assert_eq!(curve[0][1], without["clients"][0]["latency"]["min"]);
}
