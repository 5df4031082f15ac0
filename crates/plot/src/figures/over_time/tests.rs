use serde_json::{Value, json};

use super::story::stretches;
use crate::{figures, read};

/// Titles and notes of the figures of a kept result over time, after a change to its first client.
fn told(change: impl Fn(&mut Value)) -> Vec<(String, Vec<String>)> {
    let kept = include_str!("../../../tests/results/failover.json");
    let mut result: Value = serde_json::from_str(kept).unwrap();
    change(&mut result["timeline"]["clients"][0]);
    let all = figures(&read("failover", &result.to_string()).unwrap());
    let all = all.into_iter().filter(|f| f.name.starts_with("over-time") || f.name.starts_with("heat"));
    all.map(|figure| (figure.title, figure.notes)).collect()
}

fn counted(total: Vec<u64>) -> Value {
    let none = vec![Value::Null; total.len()];
    json!({ "total": total, "rate": { "values": none, "low": none, "high": none } })
}

/// Requests sent, ended well and ended otherwise, the same in every window.
fn ended(client: &mut Value, sent: u64, good: u64, failed: u64) {
    let windows = client["sent"]["total"].as_array().unwrap().len();
    client["sent"] = counted(vec![sent; windows]);
    client["good"] = counted(vec![good; windows]);
    let (good, failed) = (counted(vec![good; windows]), counted(vec![failed; windows]));
    client["by_status"] = json!({ "ok": good, "failed": failed });
}

#[test]
fn what_ends_in_a_later_window_has_not_failed() {
    let few = |told: Vec<(String, Vec<String>)>| told[0].0.contains("of the ended requests");
    assert!(!few(told(|client| ended(client, 100, 80, 0))));
    assert!(few(told(|client| ended(client, 80, 80, 20))));
    assert!(!few(told(|client| ended(client, 10, 9, 1))), "one of ten may be chance");
    assert!(!few(told(|client| {
        client.as_object_mut().unwrap().remove("by_status");
    })));
}

/// Changes what a client saw in some windows: sent, ended well, ended otherwise.
fn windows(client: &mut Value, windows: std::ops::Range<usize>, [sent, good, failed]: [u64; 3]) {
    let none = client["latency"]["p99"]["values"].as_array().unwrap().len();
    for window in windows.clone().filter(|window| *window < none) {
        client["sent"]["total"][window] = json!(sent);
        client["good"]["total"][window] = json!(good);
        client["by_status"]["ok"]["total"][window] = json!(good);
        client["by_status"]["failed"]["total"][window] = json!(failed);
        if good == 0 {
            for line in client["latency"].as_object_mut().unwrap().values_mut() {
                line["values"][window] = Value::Null;
            }
        }
    }
}

#[test]
fn a_title_that_rests_on_some_windows_says_on_how_many() {
    let title = |known: std::ops::Range<usize>| {
        let all = told(|client| {
            ended(client, 100, 100, 0);
            for (name, line) in client["latency"].as_object_mut().unwrap() {
                let values = line["values"].as_array_mut().unwrap().iter_mut().enumerate();
                for (window, value) in values {
                    *value = if known.contains(&window) || name != "p99" { json!(0.1) } else { Value::Null };
                }
            }
        });
        all[0].0.clone()
    };
    // The warm-up takes 10 of 120 windows.
    assert!(title(0..120).ends_with("stays between 100 ms and 100 ms"), "{}", title(0..120));
    assert!(title(0..110).ends_with("100 ms"), "{}", title(0..110));
    assert!(title(0..22).ends_with("in the 12 of 110 windows with enough answers"), "{}", title(0..22));
}

#[test]
fn windows_in_which_nobody_was_served_are_the_worst_of_all() {
    // 120 windows of 6 s; the fault lasts from 300 s to 420 s.
    let titles = |change: &dyn Fn(&mut Value)| -> Vec<String> {
        let all = told(|client| {
            ended(client, 100, 100, 0);
            change(client);
        });
        all.into_iter().map(|(title, _)| title).collect()
    };
    let both = |title: &str| vec![title.to_string(); 2];
    let gone = titles(&|client| windows(client, 50..120, [100, 0, 100]));
    let said =
        "No request of users ends well from 300 s to the end, though the fault \"crash\" is over at 420 s";
    assert_eq!(gone, both(said));
    let back = titles(&|client| windows(client, 50..71, [100, 0, 100]));
    assert_eq!(back, both("No request of users ends well while the fault \"crash\" lasts"));
    let twice = titles(&|client| {
        windows(client, 20..24, [100, 0, 100]);
        windows(client, 80..82, [100, 1, 99]);
    });
    assert_eq!(twice, both("No request of users ends well from 120 s to 144 s, and once more"));
    // Where nothing ends at all there is nothing to count, and that is no better.
    let hanging = titles(&|client| windows(client, 90..120, [100, 0, 0]));
    assert_eq!(hanging, both("No request of users ends well from 540 s to the end"));
    assert!(!titles(&|client| windows(client, 90..91, [3, 0, 0]))[0].starts_with("No"), "that may be chance");
    // What is seen in the lines is told of them.
    let some = titles(&|client| windows(client, 90..100, [100, 60, 40]));
    assert!(some[0].starts_with("As few as 60.0 %") && some[1].starts_with("p99"), "{some:?}");
}

/// The titles of the two figures, with a p99 \[s\] of each of 120 windows of 6 s; the fault lasts from 300 s to 420 s.
fn with_p99(p99: &dyn Fn(usize) -> f64, interval: [f64; 2]) -> Vec<String> {
    let all = told(|client| {
        ended(client, 100, 100, 0);
        let times = |by: f64| (0..120).map(|window| json!(p99(window) * by)).collect::<Vec<Value>>();
        client["latency"]["p99"] =
            json!({ "values": times(1.0), "low": times(interval[0]), "high": times(interval[1]) });
    });
    all.into_iter().map(|(title, _)| title).collect()
}

/// Quantiles of an exponential tail in an order without a course.
fn by_chance(window: usize) -> f64 {
    0.1 - 0.03 * (1.0 - ((window * 37) % 110) as f64 / 110.0).ln()
}

#[test]
fn the_highest_of_windows_that_differ_by_chance_is_no_event() {
    let both = |title: &[String], said: &str| title.iter().all(|title| title.contains(said));
    let noise = with_p99(&by_chance, [1.0, 1.0]);
    assert!(both(&noise, "stays between"), "{noise:?}");
    // One window stands out, and its replications agree; or they do not.
    let high = |window: usize| if window == 30 { 1.0 } else { by_chance(window) };
    let peak = with_p99(&high, [0.9, 1.1]);
    assert!(both(&peak, "peaks at 1.00 s at 183 s") && !both(&peak, "crash"), "{peak:?}");
    let one = with_p99(&high, [0.05, 3.0]);
    assert!(both(&one, "stays between"), "{one:?}");
}

#[test]
fn a_fault_is_named_where_it_is_high_from_the_fault_on() {
    let both = |title: &[String], said: &str| title.iter().all(|title| title.contains(said));
    let from_to = |from: usize, to: usize| {
        move |window: usize| {
            if (from..to).contains(&window) { 1.0 + window as f64 / 1e3 } else { by_chance(window) }
        }
    };
    // Its last requests end in the window after it.
    let lasts = with_p99(&from_to(50, 71), [0.9, 1.1]);
    assert!(both(&lasts, "reaches 1.07 s while the fault \"crash\" lasts"), "{lasts:?}");
    let after = with_p99(&from_to(51, 90), [0.9, 1.1]);
    let said = "peaks at 1.09 s at 537 s, after the fault \"crash\", which is over at 420 s";
    assert!(both(&after, said), "{after:?}");
    // It was high before, or is high long after.
    for (from, to) in [(40, 60), (80, 90)] {
        let other = with_p99(&from_to(from, to), [0.9, 1.1]);
        assert!(both(&other, "peaks at") && !both(&other, "crash"), "{other:?}");
    }
}

#[test]
fn shares_that_differ_by_chance_are_no_stretch_of_failures() {
    let told = told(|client| {
        ended(client, 100, 100, 0);
        for window in 0..120 {
            let failed = 80 + 8 * ((window as u64 * 37) % 5);
            windows(client, window..window + 1, [1_000, 1_000 - failed, failed]);
        }
    });
    let said =
        "88.8 % to 92.0 % of the ended requests of users ended well in each window: no change beyond chance";
    assert_eq!(told[0].0, said);
    // Windows of four requests may do anything by chance, but not fifteen in a row.
    let few = self::told(|client| {
        ended(client, 4, 4, 0);
        windows(client, 60..75, [4, 0, 4]);
    });
    assert!(!few[0].0.contains("chance"), "{few:?}");
    let none = self::told(|client| ended(client, 100, 0, 100));
    assert_eq!(none[0].0, "No request of users ends well in all the time that is measured");
}

#[test]
fn a_percentile_without_a_window_is_told() {
    let told = told(|client| {
        ended(client, 100, 100, 0);
        let windows = client["latency"]["p99"]["values"].as_array().unwrap().len();
        let none = vec![Value::Null; windows];
        client["latency"]["p99"] = json!({ "values": none, "low": none, "high": none });
    });
    for (title, notes) in told {
        assert!(!title.contains("p99") && !title.contains("in the middle"), "{title}");
        assert!(notes.iter().any(|note| note.contains("Not drawn: p99; ")), "{notes:?}");
    }
}

#[test]
fn a_heat_map_names_the_percentiles_that_it_draws() {
    let kept = include_str!("../../../tests/results/failover.json");
    let mut result: Value = serde_json::from_str(kept).unwrap();
    let client = &mut result["timeline"]["clients"][0];
    ended(client, 100, 100, 0);
    let line = client["latency"]["p50"].clone();
    client["latency"]["p95"] = line;
    for value in client["latency"]["p99"]["values"].as_array_mut().unwrap() {
        *value = Value::Null;
    }
    let all = figures(&read("failover", &result.to_string()).unwrap());
    let figure = all.iter().find(|figure| figure.name.starts_with("heat")).unwrap();
    let crate::figure::Content::Density(of) = &figure.content else { panic!("a heat map") };
    let names: Vec<&str> = of.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["p50"]);
    assert!(figure.title.starts_with("p50 of"), "{}", figure.title);
}

#[test]
fn breakers_have_a_row_of_their_own() {
    let kept = include_str!("../../../tests/results/failover.json");
    let mut result: Value = serde_json::from_str(kept).unwrap();
    let list = result["timeline"]["events"]["list"].as_array_mut().unwrap();
    for (at, instance, what) in [
        (305.0, 0, "breaker opens"),
        (306.0, 1, "breaker opens"),
        (310.0, 0, "breaker half-open"),
        (311.0, 1, "breaker half-open"),
        (312.0, 0, "breaker closes"),
        (312.5, 1, "breaker opens"),
    ] {
        let part = format!("lb/{instance} -> web #1 0 Breaker");
        list.push(json!({ "at": at, "part": part, "what": what, "detail": "" }));
    }
    let all = figures(&read("failover", &result.to_string()).unwrap());
    let figure = all.iter().find(|figure| figure.name.starts_with("over-time")).unwrap();
    let crate::figure::Content::Lines(lines) = &figure.content else { panic!("lines") };
    let lane = lines.lanes.iter().find(|lane| lane.name == "breaker lb → web").unwrap();
    let bars: Vec<(&str, f64, f64)> =
        lane.bars.iter().map(|bar| (bar.name.as_str(), bar.from, bar.to)).collect();
    let end = result["timeline"]["bounds"].as_array().unwrap().last().unwrap().as_f64().unwrap();
    let expected = [("2 open", 305.0, 311.0), ("2 half-open", 310.0, 312.5), ("open", 312.5, end)];
    assert_eq!(bars, expected);
    // A crash and a hang are of different colours, in the rows and in the shades.
    let fault = lines.lanes.iter().find(|lane| lane.name.starts_with("fault")).unwrap();
    assert_eq!(fault.bars[0].colour, crate::Colour::Slot(crate::fault_slot("crash")));
}

#[test]
fn what_is_full_has_a_row_each_the_first_one_above() {
    let kept = include_str!("../../../tests/results/failover.json");
    let mut result: Value = serde_json::from_str(kept).unwrap();
    let one =
        |part: &str, of: &str, from: f64, to: f64| json!({ "part": part, "of": of, "from": from, "to": to });
    result["timeline"]["saturated"] = json!([
        one("web", "threads", 301.5, 310.0),
        one("lb", "servers", 302.0, 305.0),
        one("web", "threads", 315.0, 320.0),
    ]);
    let all = figures(&read("failover", &result.to_string()).unwrap());
    let figure = all.iter().find(|figure| figure.name.starts_with("over-time")).unwrap();
    let crate::figure::Content::Lines(lines) = &figure.content else { panic!("lines") };
    let full = lines.lanes.iter().filter(|lane| lane.name.ends_with(" full"));
    let rows: Vec<(&str, Vec<(&str, f64)>)> = full
        .map(|lane| (lane.name.as_str(), lane.bars.iter().map(|bar| (bar.name.as_str(), bar.to)).collect()))
        .collect();
    let expected = [
        ("web: threads full", vec![("since 301.5 s", 310.0), ("since 315 s", 320.0)]),
        ("lb: servers full", vec![("since 302 s", 305.0)]),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn very_many_windows_are_drawn_as_fewer_columns() {
    let kept = include_str!("../../../tests/results/failover.json");
    let result: Value = serde_json::from_str(kept).unwrap();
    let crate::Results::Run(mut run) = read("failover", &result.to_string()).unwrap() else {
        panic!("a run")
    };
    let timeline = run.timeline.as_mut().unwrap();
    timeline.bounds = (0..=1_001).map(f64::from).collect();
    timeline.clients[0].heat.cells = vec![(0, 1, 4), (1, 1, 5), (2, 1, 6), (3, 2, 7), (1_000, 1, 8)];
    let columns = super::Columns::of(timeline, &timeline.clients[0]);
    assert_eq!((columns.windows_each, columns.bounds.len()), (3, 335));
    assert_eq!((columns.bounds[1], columns.bounds[333], columns.bounds[334]), (3.0, 999.0, 1_001.0));
    assert_eq!(columns.cells, [(0, 1, 15), (1, 2, 7), (333, 1, 8)]);
}

#[test]
fn what_overlaps_is_one_stretch() {
    let changes = [(1.0, true), (2.0, true), (3.0, false), (4.0, false), (6.0, true)];
    assert_eq!(stretches(&changes, 9.0), [(1.0, 4.0, 2), (6.0, 9.0, 1)]);
    assert_eq!(stretches(&[(1.0, false)], 9.0), []);
}
