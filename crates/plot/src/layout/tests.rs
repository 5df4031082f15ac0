//! Every figure of every kind of result, with numbers and names nobody wants: no label leaves the picture or touches
//! another.

use serde_json::{Value, json};

use kneepoint_experiment::result::Unit;

use super::canvas;
use crate::axis::{Axis, Scale};
use crate::canvas::{Canvas, Mark};
use crate::figure::{Content, Figure};
use crate::theme::Theme;
use crate::{Picture, figures, pareto, read};

const RESULTS: [(&str, &str); 8] = [
    ("run", include_str!("../../tests/results/run.json")),
    ("capacity", include_str!("../../tests/results/capacity.json")),
    ("scaling", include_str!("../../tests/results/scaling.json")),
    ("compare", include_str!("../../tests/results/compare.json")),
    ("sensitivity", include_str!("../../tests/results/sensitivity.json")),
    ("morris", include_str!("../../tests/results/morris.json")),
    ("failover", include_str!("../../tests/results/failover.json")),
    ("sweep", include_str!("../../tests/results/sweep.json")),
];

/// Applies a change to all estimates, wherever they are.
fn estimates(value: &mut Value, change: &dyn Fn(&mut Value)) {
    match value {
        Value::Object(fields) if fields.contains_key("value") && !fields.contains_key("estimate") => {
            change(value)
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| estimates(value, change)),
        Value::Array(all) => all.iter_mut().for_each(|value| estimates(value, change)),
        _ => {}
    }
}

/// Applies a change to all names and titles, wherever they are.
fn names(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text)
                        if [
                            "name", "title", "path", "metric", "first", "at", "from", "to", "part", "what",
                            "detail",
                        ]
                        .contains(&key.as_str()) =>
                    {
                        *text = change(text);
                    }
                    value => names(value, change),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| names(value, change)),
        _ => {}
    }
}

/// The height that a figure wants.
fn wanted_height(figure: &Figure) -> f64 {
    super::wanted(figure).1
}

fn known(value: f64, low: f64, high: f64) -> Value {
    json!({ "value": value, "low": low, "high": high, "confidence": 0.95, "n": 10 })
}

/// Results as they are, and odd ones made of them, each with what it is.
fn odd(text: &str) -> Vec<(String, Value)> {
    let whole: Value = serde_json::from_str(text).unwrap();
    let mut all = vec![("as it is".to_string(), whole.clone())];
    let mut each = |what: &str, change: &dyn Fn(&mut Value)| {
        let mut odd = whole.clone();
        change(&mut odd);
        all.push((what.to_string(), odd));
    };
    each("no data", &|odd| {
        estimates(odd, &|e| *e = json!({ "value": null, "reason": "nothing of it happened", "have": 0 }));
    });
    each("all zero", &|odd| estimates(odd, &|e| *e = known(0.0, 0.0, 0.0)));
    each("all the same", &|odd| estimates(odd, &|e| *e = known(0.25, 0.25, 0.25)));
    each("negative", &|odd| estimates(odd, &|e| *e = known(-0.3, -0.4, 0.1)));
    each("huge", &|odd| estimates(odd, &|e| *e = known(1e305, 1e300, 1.7e308)));
    each("tiny", &|odd| estimates(odd, &|e| *e = known(1e-305, 0.0, 1e-300)));
    each("one replication", &|odd| {
        odd["replications"] = json!(1);
        odd["replications_min"] = json!(1);
        odd["replications_max"] = json!(1);
        estimates(odd, &|e| *e = json!({ "value": e["value"], "confidence": null, "n": 1 }));
    });
    for (what, name) in [
        ("long names", "a".repeat(200)),
        ("wide names", "尺寸很大的名字".repeat(30)),
        ("script", "<script>alert(\"1\")</script>&'".to_string()),
        ("right to left", "\u{202e}اسم الخدمة ".repeat(20)),
        ("no names", String::new()),
    ] {
        each(what, &|odd| names(odd, &|text| format!("{name}{text}")));
        each(what, &|odd| names(odd, &|_| name.clone()));
    }
    let lists: Vec<String> = whole
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| value.is_array())
        .map(|(key, _)| key.clone())
        .collect();
    for list in lists {
        each(&format!("no {list}"), &|odd| odd[&list] = json!([]));
        each(&format!("many {list}"), &|odd| {
            let items = odd[&list].as_array().unwrap().clone();
            odd[&list] = items.iter().cycle().take(items.len() * 30).cloned().collect();
        });
    }
    all
}

/// What is said wrong about a canvas.
fn faults(canvas: &Canvas) -> Vec<String> {
    let texts: Vec<(&str, [f64; 4])> = canvas
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Text(text) => Some((text.text.as_str(), text.covers())),
            _ => None,
        })
        .collect();
    let mut faults = Vec::new();
    for (at, (text, [left, top, right, bottom])) in texts.iter().enumerate() {
        if *left < 0.0 || *top < 0.0 || *right > canvas.width || *bottom > canvas.height {
            faults.push(format!("{text:?} leaves the picture"));
        }
        for (other, [l, t, r, b]) in &texts[..at] {
            if *left < r - 0.5 && l + 0.5 < *right && *top < b - 0.5 && t + 0.5 < *bottom {
                faults.push(format!("{text:?} touches {other:?}"));
            }
        }
    }
    for mark in &canvas.marks {
        let points = match mark {
            Mark::Area { points, .. } | Mark::Line { points, .. } => points.clone(),
            Mark::Dot { at, .. } => vec![*at],
            Mark::Text(_) => continue,
        };
        let inside = |(x, y): &(f64, f64)| {
            (-0.1..=canvas.width + 0.1).contains(x) && (-0.1..=canvas.height + 0.1).contains(y)
        };
        if let Some(point) = points.iter().find(|point| !inside(point)) {
            faults.push(format!("something is drawn at {point:?}"));
        }
    }
    faults
}

/// The units of axes that are not read: a figure has them all, as far as its content is drawn.
fn without_unit(figure: &Figure, canvas: &Canvas) -> Vec<String> {
    let texts: Vec<&str> = canvas
        .marks
        .iter()
        .filter_map(|mark| if let Mark::Text(text) = mark { Some(text.text.as_str()) } else { None })
        .collect();
    let axes: Vec<&Axis> = match &figure.content {
        // A picture that is not high enough has the first of its panels.
        Content::Lines(of) => of.panels.iter().take(1).map(|panel| &panel.y).chain([&of.x]).collect(),
        Content::Rows(of) => of.columns.iter().map(|column| &column.axis).collect(),
        Content::HeatMap(of) => vec![&of.value],
        Content::Density(of) => vec![&of.x, &of.y, &of.value],
        Content::Scatter(of) => vec![&of.x, &of.y],
        Content::Graph(_) | Content::Nothing(_) => Vec::new(),
    };
    let measured =
        |axis: &&&Axis| matches!(axis.scale, Scale::Linear | Scale::Log) && axis.unit != Unit::Number;
    let wanted = axes.iter().filter(measured).count();
    if texts.iter().any(|text| text.starts_with("There is no ")) {
        return Vec::new();
    }
    let seen = texts.iter().filter(|text| text.contains('[') && text.ends_with(']')).count();
    if seen < wanted { vec![format!("{seen} of {wanted} units are seen")] } else { Vec::new() }
}

fn each_odd_figure(mut look: impl FnMut(&str, &Figure)) {
    for (verb, text) in RESULTS {
        for (what, value) in odd(text) {
            let results = read(verb, &value.to_string()).unwrap_or_else(|error| panic!("{what}: {error}"));
            let mut all = figures(&results);
            if verb == "sweep" {
                all.extend(pareto(&results, "max:goodput(users),p99(users.latency)"));
            }
            assert!(!all.is_empty(), "{verb}, {what}: there is always something to say");
            for figure in all {
                look(&format!("{verb}, {what}, {}", figure.name), &figure);
            }
        }
    }
}

#[test]
fn no_label_leaves_the_picture_or_touches_another() {
    let mut wrong = Vec::new();
    each_odd_figure(|what, figure| {
        for (width, height) in
            [(960.0, wanted_height(figure)), (911.0, 569.0), (509.0, 1018.0), (1440.0, 360.0)]
        {
            let canvas = canvas(figure, Theme::LIGHT, width, height);
            let mut found = faults(&canvas);
            found.extend(without_unit(figure, &canvas));
            wrong.extend(found.into_iter().take(1).map(|fault| format!("{what}, {width}x{height}: {fault}")));
        }
    });
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}

/// All that is written on a figure of the usual size.
fn written(figure: &Figure) -> Vec<String> {
    let canvas = canvas(figure, Theme::LIGHT, 960.0, wanted_height(figure));
    let text = |mark: &Mark| if let Mark::Text(text) = mark { Some(text.text.clone()) } else { None };
    canvas.marks.iter().filter_map(text).collect()
}

#[test]
fn a_row_that_is_not_drawn_is_told() {
    each_odd_figure(|what, figure| {
        let Content::Rows(of) = &figure.content else { return };
        if of.rows.iter().any(|row| row.name.is_empty()) || what.contains("names") {
            return;
        }
        let said = written(figure);
        let told = said.iter().any(|line| line.contains("have no room") || line.starts_with("There is no "));
        let drawn = |name: &str| said.iter().any(|line| line == name || line.contains('…'));
        assert!(told || of.rows.iter().all(|row| drawn(&row.name)), "{what}: {said:?}");
    });
}

#[test]
fn a_long_bar_of_changes_is_cut_and_every_bar_has_its_interval_in_words() {
    let mut tornado: Value = serde_json::from_str(RESULTS[4].1).unwrap();
    tornado["tornados"][0]["bars"][0]["settings"][0]["difference"] = known(4.5, 3.9, 5.1);
    let all = figures(&read("sensitivity", &tornado.to_string()).unwrap());
    let said = written(&all[0]);
    let has = |words: &str| said.iter().any(|line| line.starts_with(words));
    assert!(has("+4.50 s ±0.60 → "), "{said:?}");
    // Its axis is that of the others, and its title in one unit.
    assert!(has("change of p99(users.latency) [ms]"), "{said:?}");
    assert!(has("A bar with an arrow goes on"), "{said:?}");
    assert!(has("0 is p99(users.latency) with all inputs as they are: 465 ms."), "{said:?}");
}

#[test]
fn a_column_in_which_nothing_is_known_has_no_axis() {
    let mut capacity: Value = serde_json::from_str(RESULTS[1].1).unwrap();
    for part in capacity["parts"].as_array_mut().unwrap() {
        part["saturates_at"] = Value::Null;
    }
    let all = figures(&read("capacity", &capacity.to_string()).unwrap());
    let figure = all.iter().find(|figure| figure.name == "saturation").unwrap();
    let Content::Rows(rows) = &figure.content else { panic!("rows") };
    assert_eq!(rows.columns.len(), 1);
    assert!(rows.rows.iter().all(|row| row.cells.len() == 1));
    assert!(figure.notes.iter().any(|note| note.starts_with("Not drawn, for no part has it: ")));
}

#[test]
fn a_column_in_which_all_is_nothing_leaves_its_room_to_the_others() {
    let mut run: Value = serde_json::from_str(RESULTS[0].1).unwrap();
    for part in run["parts"].as_array_mut().unwrap() {
        if !part["queue"].is_null() {
            part["queue"]["mean"] = known(0.0, 0.0, 0.0);
        }
    }
    let all = figures(&read("run", &run.to_string()).unwrap());
    let figure = all.iter().find(|figure| figure.name == "parts").unwrap();
    let Content::Rows(rows) = &figure.content else { panic!("rows") };
    assert_eq!(rows.columns.len(), 1);
    assert!(figure.notes.iter().any(|note| note.starts_with("Not drawn, for it is 0 at all parts")));
}

#[test]
fn each_bound_has_its_name_where_there_are_several() {
    let mut run: Value = serde_json::from_str(RESULTS[0].1).unwrap();
    let slo = |name: &str, share: &str, bound: f64| json!({ "name": name, "condition": format!("{share}(users.latency) < {bound}s"), "verdict": "met", "sentence": "", "estimate": known(0.1, 0.1, 0.1), "bound": bound, "unit": "s", "windows": null });
    run["slo"] = json!([slo("quick", "p50", 0.2), slo("slow", "p99", 0.4)]);
    let all = figures(&read("run", &run.to_string()).unwrap());
    let said = written(all.iter().find(|figure| figure.name == "percentiles").unwrap());
    assert!(said.iter().any(|line| line == "quick") && said.iter().any(|line| line == "slow"), "{said:?}");
}

/// A run of many parts that call each other, each with middle parts on the way.
fn crowd(parts: usize, name: &dyn Fn(usize) -> String) -> Value {
    let mut run: Value = serde_json::from_str(RESULTS[0].1).unwrap();
    let node =
        |at: usize| json!({ "name": name(at), "kind": "Service", "client": at == 0, "instances": at + 1 });
    let edge = |at: usize| {
        let via = ["Timeout(1s)", "Retry(retries: 2, backoff: Exponential(from: 10ms, to: 1s))"];
        json!({ "from": name(at / 3), "to": name(at), "via": via, "wire": "round_trip: 10ms" })
    };
    let back = json!({ "from": name(parts - 1), "to": name(0), "via": [] });
    let mut edges: Vec<Value> = (1..parts).map(edge).collect();
    edges.push(back);
    edges.push(json!({ "from": name(1), "to": name(1), "via": ["Timeout(1s)"] }));
    run["topology"] = json!({ "nodes": (0..parts).map(node).collect::<Vec<_>>(), "edges": edges });
    let busy =
        |at: usize| json!({ "name": name(at), "utilisation": known(at as f64 / parts as f64, 0.0, 1.0) });
    run["parts"] = (0..parts).map(busy).collect();
    run
}

#[test]
fn sixty_parts_of_long_names_are_drawn_without_touching() {
    let names: [&dyn Fn(usize) -> String; 3] = [
        &|at| format!("{at}{}", "n".repeat(200)),
        &|at| format!("{}{at}", "اسم الخدمة ".repeat(20)),
        &|at| format!("p{at}"),
    ];
    for name in names {
        for parts in [2, 60] {
            let results = read("run", &crowd(parts, name).to_string()).unwrap();
            let all = figures(&results);
            let figure = all.iter().find(|figure| figure.name == "topology").unwrap();
            for (width, height) in [(960.0, wanted_height(figure)), (960.0, 540.0), (509.0, 1018.0)] {
                let canvas = canvas(figure, Theme::LIGHT, width, height);
                let found = faults(&canvas);
                assert!(found.is_empty(), "{parts} parts, {width}x{height}: {}", found[0]);
                assert!(canvas.marks.len() > 4 * parts);
            }
        }
    }
    let results = read("run", &crowd(500, &|at| format!("p{at}")).to_string()).unwrap();
    let all = figures(&results);
    let figure = all.iter().find(|figure| figure.name == "topology").unwrap();
    let canvas = canvas(figure, Theme::LIGHT, 960.0, 540.0);
    assert!(
        canvas.marks.iter().any(|m| matches!(m, Mark::Text(t) if t.text.contains("too many for a drawing")))
    );
}

#[test]
fn letters_of_a_drawing_of_many_parts_can_be_read() {
    for parts in [3, 20, 60] {
        let results = read("run", &crowd(parts, &|at| format!("orders-service-{at}")).to_string()).unwrap();
        let all = figures(&results);
        let figure = all.iter().find(|figure| figure.name == "topology").unwrap();
        let (width, height) = super::wanted(figure);
        let canvas = canvas(figure, Theme::LIGHT, width, height);
        let found = faults(&canvas);
        assert!(found.is_empty(), "{parts} parts: {}", found[0]);
        let sizes = canvas
            .marks
            .iter()
            .filter_map(|mark| if let Mark::Text(text) = mark { Some(text.size) } else { None });
        let least = sizes.fold(f64::INFINITY, f64::min);
        assert!(least >= 9.9, "{parts} parts, {width} x {height}: {least}");
        assert!(parts > 3 || width == 960.0, "a few have the usual width: {width}");
        let svg = Picture { theme: Theme::LIGHT, size: None }.svg(figure);
        assert!(svg.contains(&format!("width=\"{width:.0}\" height=\"{height:.0}\"")), "{}", &svg[..120]);
    }
}

#[test]
fn what_happened_when_is_drawn_whatever_happened() {
    let whole: Value = serde_json::from_str(include_str!("../../tests/results/failover.json")).unwrap();
    let event = |at: f64, part: &str, what: &str| json!({ "at": at, "part": part, "what": what, "detail": "d".repeat(300) });
    type Change<'c> = (&'c str, &'c dyn Fn(&mut Value));
    let changes: [Change; 6] = [
        ("nothing ended well", &|odd| {
            let client = &mut odd["timeline"]["clients"][0];
            let nothing = vec![Value::Null; 120];
            client["latency"] = json!({ "p50": { "values": nothing }, "p99": { "values": nothing } });
            client["heat"] = json!({ "edges": [], "cells": [] });
            client["good"] = json!({ "total": vec![0; 120], "rate": { "values": vec![0.0; 120] } });
        }),
        ("many parts flap", &|odd| {
            let all = (0..1000).map(|n| {
                let what = ["crash", "restart", "opens", "hang", "resume"][n % 5];
                event(n as f64 * 0.7, &format!("{}{}/{}", "w".repeat(90), n % 17, n % 3), what)
            });
            odd["timeline"]["events"] =
                json!({ "replication": 0, "list": all.collect::<Vec<_>>(), "left_out": 5 });
        }),
        ("a fault that never ends", &|odd| {
            odd["timeline"]["events"]["list"] = json!([event(300.0, "crash", "fault begins")]);
        }),
        ("events beyond the end and of nobody", &|odd| {
            let list =
                [event(-5.0, "", "x"), event(9e9, "crash", "fault ends"), event(1e9, "web/0", "crash")];
            odd["timeline"]["events"]["list"] = json!(list);
        }),
        ("cells of no window", &|odd| {
            odd["timeline"]["clients"][0]["heat"] = json!({ "edges": [0.1], "cells": [[999, 0, 5], [0, 77, 5], [3, 0, 5], [4, 0, u64::MAX], [4, 0, u64::MAX]] });
        }),
        ("random faults", &|odd| {
            odd["timeline"]["faults"][0]["struck"] =
                json!({ "values": vec![0.5; 120], "low": vec![0.1; 120], "high": vec![0.9; 120] });
        }),
    ];
    for (what, change) in changes {
        let mut odd = whole.clone();
        change(&mut odd);
        let all = figures(&read("run", &odd.to_string()).unwrap());
        for figure in all.iter().filter(|f| f.name.starts_with("over-time") || f.name.starts_with("heat")) {
            for (width, height) in [(960.0, wanted_height(figure)), (509.0, 1018.0)] {
                let found = faults(&canvas(figure, Theme::DARK, width, height));
                assert!(found.is_empty(), "{what}, {}, {width}x{height}: {}", figure.name, found[0]);
            }
        }
    }
}

#[test]
fn what_is_said_of_short_bars_in_rows_is_read_beside_them_or_in_a_list() {
    let whole: Value = serde_json::from_str(include_str!("../../tests/results/failover.json")).unwrap();
    let breaker = |at: f64, what: &str| json!({ "at": at, "part": "lb/0 -> web #1 0 Breaker", "what": what, "detail": "" });
    let harm = |at: f64, what: &str, detail: &str| json!({ "at": at, "part": "crash", "what": what, "detail": detail });
    // How often, how far apart and how long \[s\].
    for (times, apart, long) in
        [(1, 1.0, 1.0), (3, 2.0, 0.5), (5, 100.0, 1.0), (60, 10.0, 1.0), (300, 1.0, 0.3)]
    {
        let mut odd = whole.clone();
        let mut list = Vec::new();
        for n in 0..times {
            let at = 60.0 + apart * f64::from(n);
            list.extend([breaker(at, "breaker opens"), breaker(at + long, "breaker half-open")]);
            list.push(breaker(at + 2.0 * long, "breaker closes"));
            list.push(harm(at, "fault begins", &format!("{} of web/{n}", ["crash", "slow"][n as usize % 2])));
            list.push(harm(at + long, "fault ends", ""));
        }
        odd["timeline"]["events"]["list"] = json!(list);
        let all = figures(&read("run", &odd.to_string()).unwrap());
        let figure = all.iter().find(|figure| figure.name.starts_with("over-time")).unwrap();
        for (width, height) in [(960.0, wanted_height(figure)), (509.0, 1018.0)] {
            let canvas = canvas(figure, Theme::LIGHT, width, height);
            let found = faults(&canvas);
            assert!(found.is_empty(), "{times} times, {width}x{height}: {}", found[0]);
            let said: Vec<&str> = canvas
                .marks
                .iter()
                .filter_map(|mark| if let Mark::Text(text) = mark { Some(text.text.as_str()) } else { None })
                .collect();
            for word in ["open", "half-open", "crash of web/0"] {
                assert!(
                    said.iter().any(|line| line.contains(word)),
                    "{times} times, {width}: {word}: {said:?}"
                );
            }
            // Each number that stands in a row has its meaning below.
            let Some(head) = said.iter().position(|line| *line == "Numbers in rows:") else { continue };
            let meanings =
                said[head + 1..].chunks(2).zip(1..).take_while(|(pair, n)| pair[0] == n.to_string());
            let meanings = meanings.count();
            let rows = said.iter().position(|line| line.starts_with("fault ")).unwrap();
            let numbers = said[rows..head].iter().filter_map(|text| text.parse::<usize>().ok());
            assert_eq!(numbers.max(), Some(meanings), "{said:?}");
        }
    }
}

#[test]
fn names_of_strangers_are_only_ever_text() {
    each_odd_figure(|what, figure| {
        let svg = Picture { theme: Theme::DARK, size: None }.svg(figure);
        assert!(!svg.contains("<script"), "{what}");
        assert!(!svg.contains('\u{202e}'), "{what}");
        assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{what}");
        for tag in svg.split('<').skip(1) {
            let known = [
                "svg ",
                "/svg>",
                "title>",
                "/title>",
                "rect ",
                "text ",
                "/text>",
                "line ",
                "polyline ",
                "polygon ",
                "circle ",
            ];
            assert!(known.iter().any(|k| tag.starts_with(k)), "{what}: <{}", &tag[..tag.len().min(20)]);
        }
    });
}

#[test]
fn the_figure_says_what_is_odd() {
    let says = |verb: &str, odd_is: &str, words: &str| {
        let text = RESULTS.iter().find(|(name, _)| *name == verb).unwrap().1;
        let (_, value) = odd(text).into_iter().find(|(what, _)| what == odd_is).unwrap();
        for figure in figures(&read(verb, &value.to_string()).unwrap()) {
            let canvas = canvas(&figure, Theme::LIGHT, 960.0, 640.0);
            let said: Vec<String> = canvas
                .marks
                .iter()
                .filter_map(|mark| if let Mark::Text(text) = mark { Some(text.text.clone()) } else { None })
                .collect();
            if said.iter().any(|line| line.contains(words)) {
                return;
            }
        }
        panic!("no figure of {verb} with {odd_is} says {words:?}");
    };
    for verb in ["run", "capacity", "compare", "sensitivity", "morris", "sweep"] {
        says(verb, "no data", if verb == "run" { "No request" } else { "There is no number to draw" });
    }
    says("run", "all zero", "all values are 0");
    says("sweep", "all zero", "all values are 0");
    says("run", "one replication", "One replication");
    says("sweep", "one replication", "Without an interval");
    says("sweep", "no points", "no points");
    says("compare", "no contrasts", "Nothing was compared");
    says("capacity", "no knee", "--no-knee");
}
