//! What happened when: windows add up to the whole, and say what metrics over the same windows say.

use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_experiment::result::{
    Counts, Event, Line, PartTimeline, RunResult, Saturated, Scarce, Timeline,
};
use kneepoint_experiment::{Options, run};
use kneepoint_scenario::plan::Plan;
use kneepoint_scenario::{Overrides, Registry, Scenario, plan};

fn planned(run: &str, more: &str) -> Plan {
    let text = format!(
        r#"(format: 1, title: "T", run: ({run}), parts: {{
            "users": OpenClient(to: "front", rate: "60/s", classes: {{ "a": (share: 0.75), "b": (share: 0.25) }}),
            "front": Balancer(to: "web", policy: RoundRobin),
            "web": Service(instances: 2, concurrency: Servers(2), queue: (max: 50), does: [Compute(Exponential("40ms")), Call("store")]),
            "store": Delay(Exponential("5ms")),
        }}, edges: {{ "users -> front": (via: [Timeout("300ms")]) }}, {more})"#
    );
    plan_of(&text)
}

fn plan_of(text: &str) -> Plan {
    let scenario = Scenario::from_text("t.ron", text, None).unwrap_or_else(|faults| panic!("{faults}"));
    let checked =
        scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    plan(&checked).unwrap_or_else(|faults| panic!("{faults}"))
}

fn found(plan: &Plan, threads: usize) -> RunResult {
    let options = Options { threads: Some(threads), timeline: true, ..Options::default() };
    run(plan, &options).unwrap_or_else(|error| panic!("{error}"))
}

fn timeline(result: &RunResult) -> &Timeline {
    result.timeline.as_ref().expect("it was asked for")
}

const SHORT: &str = r#"duration: "100s", warm_up: "0s", replications: 3"#;

/// A crash of one instance from 40 s to 50 s.
const CRASH: &str = r#"faults: { "crash": Crash(on: "web/0", at: "40s", lasts: "10s") }"#;

/// Holds the windows to what the whole says; `from` is the first window that is measured.
fn adds_up(result: &RunResult, from: usize) {
    let timeline = timeline(result);
    let after = |counts: &Counts| counts.totals[from..].iter().sum::<u64>();
    for (client, whole) in timeline.clients.iter().zip(&result.clients) {
        let classes = client.classes.iter().map(|(_, of)| of).zip(whole.classes.iter().map(|c| &c.requests));
        for (of, whole) in classes.chain([(&client.all, &whole.all)]) {
            assert_eq!(after(&of.sent), whole.sent.total);
            assert_eq!(after(&of.good), whole.good.total);
            for (status, share) in &whole.by_status {
                let (_, counts) = of.by_status.iter().find(|(known, _)| known == status).expect("it occurs");
                assert_eq!(after(counts) as f64, share.part, "{status:?}");
            }
            assert_eq!(of.heat.counts[from..].iter().flatten().sum::<u64>(), whole.latency.count);
        }
    }
    let seconds = |window: usize| {
        let (begins, ends) = timeline.windows[window];
        (ends.as_nanos() - begins.as_nanos()) as f64 / 1e9
    };
    for (part, whole) in timeline.parts.iter().zip(&result.parts) {
        assert_eq!(after(&part.calls), whole.all.calls.total, "{}", part.name);
        let mean = |line: &Line| {
            let windows = from..line.values.len();
            let area: f64 = windows.clone().map(|w| line.values[w].expect("a level") * seconds(w)).sum();
            area / windows.map(seconds).sum::<f64>()
        };
        let levels = [(&part.queue, &whole.all.queue), (&part.inside, &whole.all.inside)];
        for (line, level) in levels.into_iter().filter_map(|(line, level)| line.as_ref().zip(level.as_ref()))
        {
            let whole = match &level.mean.known() {
                Some(known) => known.value,
                None => continue,
            };
            assert!(
                (mean(line) - whole).abs() < 1e-9 * whole.max(1.0),
                "{}: {} {whole}",
                part.name,
                mean(line)
            );
        }
    }
}

#[test]
fn windows_add_up_to_the_whole() {
    let result = found(&planned(SHORT, CRASH), 1);
    assert_eq!(timeline(&result).windows.len(), 100);
    adds_up(&result, 0);
    // Where the statistics are reset inside a window or at its end, nothing is lost.
    let late = found(&planned(r#"duration: "100s", warm_up: "20s", replications: 3"#, CRASH), 1);
    adds_up(&late, 20);
    let odd = found(&planned(r#"duration: "100s", warm_up: "20.5s", replications: 3"#, CRASH), 1);
    for other in [&late, &odd] {
        same(timeline(other), timeline(&result));
    }
}

/// Holds two timelines to be the same: areas are sums of other numbers where the statistics are reset, and the least of
/// a window is known to its bucket only.
fn same(a: &Timeline, b: &Timeline) {
    assert!(a.windows == b.windows);
    for (a, b) in a.clients.iter().zip(&b.clients) {
        assert!((&a.all.sent, &a.all.good) == (&b.all.sent, &b.all.good));
        assert!(a.all.by_status == b.all.by_status);
        assert!(a.all.heat.counts == b.all.heat.counts);
    }
    let lines = |part: &PartTimeline| {
        [&part.utilisation, &part.capacity, &part.queue, &part.inside].map(Clone::clone)
    };
    for (a, b) in a.parts.iter().zip(&b.parts) {
        assert!(a.calls == b.calls);
        for (a, b) in lines(a).into_iter().flatten().zip(lines(b).into_iter().flatten()) {
            let values =
                |line: &Line| line.values.iter().map(|value| value.expect("a level")).collect::<Vec<_>>();
            for (window, (a, b)) in values(&a).into_iter().zip(values(&b)).enumerate() {
                assert!((a - b).abs() < 1e-9, "{window}: {a} {b}");
            }
        }
    }
}

#[test]
fn one_long_run_has_them_too() {
    let whole = found(&planned(r#"duration: "100s", warm_up: "20s", replications: 1"#, ""), 1);
    assert_eq!(whole.facts.batches, Some(20));
    adds_up(&whole, 20);
    let line = &timeline(&whole).clients[0].all.sent.rate;
    assert!(line.values.iter().all(Option::is_some) && line.low.iter().all(Option::is_none));
}

#[test]
fn they_are_the_same_on_any_number_of_threads_and_change_nothing_else() {
    let plan = planned(SHORT, CRASH);
    let one = found(&plan, 1);
    assert!(one == found(&plan, 2));
    assert!(one == found(&plan, 3));
    let without = run(&plan, &Options::default()).expect("it runs");
    assert!(without.timeline.is_none());
    assert!(RunResult { timeline: None, ..one } == without);
}

#[test]
fn of_many_replications_the_first_hundred_are_kept() {
    let result = found(&planned(r#"duration: "2s", warm_up: "0s", replications: 101"#, ""), 2);
    assert_eq!((timeline(&result).replications, result.facts.replications), (100, 101));
    let sent: u64 = timeline(&result).clients[0].all.sent.totals.iter().sum();
    assert!(sent < result.clients[0].all.sent.total);
}

#[test]
fn a_fault_shows_in_its_window() {
    let result = found(&planned(SHORT, CRASH), 1);
    let timeline = timeline(&result);
    let [fault] = &timeline.faults[..] else { panic!("{:?}", timeline.faults) };
    assert_eq!(fault.name, "crash");
    let at = SimTime::ZERO + SimDuration::from_secs(40);
    let web = timeline.parts.iter().find(|part| part.name == "web").expect("it is there");
    let capacity = &web.capacity.as_ref().expect("it has servers").values;
    for (window, (from, _)) in timeline.windows.iter().enumerate() {
        let broken = (40..50).contains(&window);
        assert_eq!(fault.struck.values[window], Some(if broken { 1.0 } else { 0.0 }), "{from:?}");
        assert_eq!(capacity[window], Some(if broken { 2.0 } else { 4.0 }), "{from:?}");
    }
    let path = |event: &Event| (event.at.as_secs_f64(), event.part.clone(), event.what.clone());
    let events: Vec<_> = timeline.events.list.iter().map(path).collect();
    let event = |at: f64, part: &str, what: &str| (at, part.to_string(), what.to_string());
    let expected = [
        event(40.0, "crash", "fault begins"),
        event(40.0, "web/0", "crash"),
        event(50.0, "crash", "fault ends"),
        event(50.0, "web/0", "restart"),
    ];
    assert_eq!((&events[..], timeline.events.left_out), (&expected[..], 0));
    assert_eq!(timeline.events.list[0].detail, "crash of web/0");
    assert_eq!(timeline.events.list[1].detail, "calls are answered unavailable");
    // It is down from the end of window 39 on, and up again at the end of window 49.
    for window in 0..100 {
        let (mean, least) = (web.instances.values[window], web.instances_min[window]);
        let down = (40..50).contains(&window);
        assert_eq!(
            (mean, least),
            (Some(if down { 1.0 } else { 2.0 }), if down || window == 39 { 1 } else { 2 })
        );
    }
    // Once in each of three replications, in the window that ends with the instant.
    let struck: Vec<(usize, u64)> =
        fault.strikes.totals.iter().copied().enumerate().filter(|(_, n)| *n > 0).collect();
    assert_eq!(struck, [(39, 3)]);
    assert_eq!(timeline.windows[39].1, at);
}

/// Both hang in the one, and the first crashes meanwhile: it stands still once, and is back with its restart.
#[test]
fn who_hangs_is_no_instance_that_serves() {
    let hangs = r#"faults: { "stuck": Hang(on: "web/*", at: "40s", lasts: "10s"),
        "crash": Crash(on: "web/0", at: "45s", lasts: "10s") }"#;
    let result = found(&planned(SHORT, hangs), 1);
    let timeline = timeline(&result);
    let happened: Vec<_> = timeline
        .events
        .list
        .iter()
        .filter(|event| event.part.starts_with("web"))
        .map(|event| (event.at.as_secs_f64(), &event.part[..], &event.what[..]))
        .collect();
    let expected = [
        (40.0, "web/0", "hang"),
        (40.0, "web/1", "hang"),
        (45.0, "web/0", "crash"),
        (50.0, "web/1", "resume"),
        (55.0, "web/0", "restart"),
    ];
    assert_eq!(happened, expected);
    let web = timeline.parts.iter().find(|part| part.name == "web").expect("it is there");
    for (window, serve) in [(39, 2.0), (41, 0.0), (46, 0.0), (51, 1.0), (54, 1.0), (56, 2.0), (90, 2.0)] {
        assert_eq!(web.instances.values[window], Some(serve), "{window}");
    }
}

#[test]
fn percentiles_and_levels_are_those_of_metrics_over_the_same_windows() {
    let watches = r#"watch: {
        "p50": "p50(users.latency, each 1s)", "p99": "p99(users.latency, each 1s)",
        "b": "p90(users:b.latency, each 1s)", "sent": "rate(users.requests, each 1s)",
        "busy": "utilisation(web, each 1s)", "queue": "mean(web.queue, each 1s)",
    }"#;
    let result = found(&planned(SHORT, watches), 1);
    let timeline = timeline(&result);
    let client = &timeline.clients[0];
    let web = timeline.parts.iter().find(|part| part.name == "web").expect("it is there");
    let percentile = |of: &[(f64, Line)], p: f64| of.iter().find(|(q, _)| *q == p).expect("given").1.clone();
    let (b, of_b) = &client.classes[1];
    assert_eq!(b, "b");
    for (name, line) in [
        ("p50", percentile(&client.all.latency, 0.5)),
        ("p99", percentile(&client.all.latency, 0.99)),
        ("b", percentile(&of_b.latency, 0.9)),
        ("sent", client.all.sent.rate.clone()),
        ("busy", web.utilisation.clone().expect("it has servers")),
        ("queue", web.queue.clone().expect("it has one")),
    ] {
        let watch = result.watches.iter().find(|watch| watch.name == name).expect("it is watched");
        assert_eq!(watch.values.len(), 100);
        for (window, value) in watch.values.iter().enumerate() {
            let known = value.value.known();
            assert_eq!(line.values[window], known.map(|e| e.value), "{name} in window {window}");
            // A queue is not shorter than nothing.
            assert_eq!(line.low[window], known.map(|e| e.low.max(0.0)), "{name} in window {window}");
            assert_eq!(line.high[window], known.map(|e| e.high), "{name} in window {window}");
        }
    }
}

#[test]
fn a_curve_goes_as_far_as_the_samples_carry_it() {
    let result = found(&planned(SHORT, ""), 1);
    let latency = &result.clients[0].all.latency;
    let curve = latency.curve();
    assert_eq!(curve[0], (0.0, latency.range.expect("there are some").0 as f64));
    assert!(curve.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
    let (last, _) = *curve.last().unwrap();
    assert!(latency.count as f64 * (1.0 - last) >= 10.0 - 1e-6 && last >= 0.999, "{last}");
    let median = latency.percentile(0.5).and_then(|known| known.value()).expect("there is one");
    assert!((curve.iter().find(|(p, _)| *p == 0.5).unwrap().1 / median - 1.0).abs() < 0.01);
}

#[test]
fn what_does_not_fit_among_the_events_is_counted() {
    let often =
        r#"faults: { "flaps": Crash(on: "web/*", every: Exponential("100ms"), lasts: Exponential("10ms")) }"#;
    let result = found(&planned(SHORT, often), 1);
    let events = &timeline(&result).events;
    assert_eq!((events.replication, events.list.len()), (0, 1000));
    // Two instances on clocks of their own, four entries each time.
    let all = 1000 + events.left_out;
    assert!((5_000..9_000).contains(&all), "{all}");
    assert!(events.list.windows(2).all(|pair| pair[0].at <= pair[1].at));
}

#[test]
fn calls_are_counted_by_edge_where_they_can_be_told_apart() {
    let result = found(&planned(SHORT, ""), 1);
    let topology = &result.topology;
    let names: Vec<&str> = topology.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["users", "front", "web", "store"]);
    assert_eq!(
        (topology.nodes[2].instances, topology.nodes[2].concurrency.as_deref()),
        (2, Some("Servers(2)"))
    );
    let edges = topology.edges.as_ref().expect("a file says them");
    let ways: Vec<(&str, &str)> = edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect();
    assert_eq!(ways, [("users", "front"), ("front", "web"), ("web", "store")]);
    assert_eq!(edges[0].via, ["Timeout(300 ms)"]);
    let part = |name: &str| result.parts.iter().find(|part| part.name == name).expect("it is there");
    for edge in edges {
        assert_eq!(edge.calls.as_ref(), Some(&part(&edge.to).all.calls), "{}", edge.to);
    }
}

#[test]
fn an_edge_with_something_on_it_is_counted_beside_others_and_one_without_is_not() {
    let text = r#"(format: 1, title: "T", run: (duration: "20s", warm_up: "0s", replications: 2), parts: {
        "users": OpenClient(to: "web", rate: "50/s"),
        "jobs": OpenClient(to: "store", rate: "5/s"),
        "others": OpenClient(to: "store", rate: "7/s"),
        "web": Service(concurrency: Servers(2), does: [Call(to: "store", times: 2)], via: [Overhead("1ms")]),
        "store": Delay("5ms"),
    }, edges: {
        "web -> store": (round_trip: "0.5ms", via: [Timeout("1s"), Overhead("1ms")]),
    })"#;
    let scenario = Scenario::from_text("t.ron", text, None).unwrap_or_else(|faults| panic!("{faults}"));
    let checked =
        scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = plan(&checked).unwrap_or_else(|faults| panic!("{faults}"));
    let result = run(&plan, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let edges = result.topology.edges.as_ref().expect("a file says them");
    let calls = |from: &str, to: &str| {
        let edge = edges.iter().find(|edge| edge.from == from && edge.to == to).expect("it is there");
        edge.calls.as_ref().map(|calls| calls.total)
    };
    assert_eq!((calls("jobs", "store"), calls("others", "store")), (None, None));
    let (first, second) = (calls("users", "web").expect("the only one"), calls("web", "store"));
    assert!(first > 1_500 && second.is_some_and(|n| n.abs_diff(2 * first) <= 4), "{first} {second:?}");
    let web = edges.iter().find(|edge| edge.from == "web").expect("it is there");
    assert_eq!(web.via, ["Timeout(1 s)", "Overhead(1 ms)"]);
    assert_eq!(web.wire.as_deref(), Some("round_trip: 500 µs"));
    assert_eq!(result.topology.nodes[3].via, ["Overhead(1 ms)"]);
}

/// A leaf hangs at 30.005 s. Calls come every 10 ms and need 1 ms at each of three parts: the first that is caught is sent at
/// 30.01 s. The 51st of them finds no thread of `mid` at 30.511 s, the 121st none of `front` at 31.21 s, 5 ms after the
/// leaf is back at 33.005 s both drain at 1000/s. Threads over rate is the time in which callers run out of threads.
#[test]
fn who_is_full_is_told_in_the_order_in_which_they_fill_up() {
    let text = r#"(format: 1, title: "T", run: (duration: "60s", warm_up: "0s", replications: 2), parts: {
            "users": OpenClient(to: "front", rate: "100/s", arrivals: Constant),
            "front": Service(concurrency: Threads(120), queue: (max: 1000), does: [Compute("1ms"), Call("mid")]),
            "mid": Service(concurrency: Threads(50), queue: (max: 1000), does: [Compute("1ms"), Call("leaf")]),
            "leaf": Service(concurrency: Servers(1), queue: (max: 1000), does: Compute("1ms")),
        }, faults: { "stuck": Hang(on: "leaf", at: "30.005s", lasts: "3s") })"#;
    let result = found(&plan_of(text), 1);
    let told = |one: &Saturated| (one.part.clone(), one.of, one.from.as_secs_f64());
    let told: Vec<_> = timeline(&result).saturated.iter().map(told).collect();
    let expected =
        [("mid".to_string(), Scarce::Threads, 30.511), ("front".to_string(), Scarce::Threads, 31.21)];
    assert_eq!(told, expected);
    assert!(
        timeline(&result).saturated.iter().all(|one| one.to.as_secs_f64() == 33.0),
        "{:?}",
        timeline(&result).saturated
    );
}

#[test]
fn who_is_nearly_full_is_not_said_to_be() {
    let result = found(&planned(SHORT, ""), 1);
    assert_eq!(timeline(&result).saturated, []);
}

/// 100/s that each take 100 ms behind a gateway: ten are inside it, though it holds none of them itself.
#[test]
fn what_is_passed_on_is_inside_or_nothing_is_said() {
    let text = r#"(format: 1, title: "T", run: (duration: "60s", warm_up: "10s", replications: 2), parts: {
            "users": OpenClient(to: "gate", rate: "100/s", arrivals: Constant),
            "gate": Service(concurrency: Unlimited, does: Call("api")),
            "api": Service(concurrency: Unlimited, does: Delay("100ms")),
        }, watch: { "within": "mean(gate.in_flight)" })"#;
    let result = found(&plan_of(text), 1);
    let gate = result.parts.iter().find(|part| part.name == "gate").expect("it is there");
    assert!(gate.all.inside.is_none());
    let api = result.parts.iter().find(|part| part.name == "api").expect("it is there");
    assert!(api.all.inside.is_some());
    let over_time = timeline(&result).parts.iter().find(|part| part.name == "gate").expect("it is there");
    let inside = over_time.inside.as_ref().expect("it is kept").values[30].expect("it is counted");
    assert!((inside - 10.0).abs() < 0.1, "{inside}");
}
