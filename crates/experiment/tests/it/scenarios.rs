//! Scenario files, from text to numbers: what the format says is what is simulated.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kneepoint_calls::{Answer, Call, Component, Cx, Samples, Serve, Status};
use kneepoint_experiment::result::{RunResult, Verdict};
use kneepoint_experiment::{Options, check, run};
use kneepoint_scenario::plan::Plan;
use kneepoint_scenario::{Args, Berth, Overrides, PartMaker, Registry, Scenario, plan};

/// Says which keys and sizes come by: each call is one sample of its key and one of its reply's size.
#[derive(Clone, Default)]
struct Spy {
    own: Option<(Samples, Samples)>,
}

impl Component for Spy {
    type Timer = ();
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.own = Some((cx.samples("key"), cx.samples("reply")));
    }
    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for Spy {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let (key, reply) = self.own.expect("it has started");
        let attributes = *cx.attributes(call);
        cx.record(key, u64::from(attributes.key));
        cx.record(reply, u64::from(attributes.reply));
        cx.answer(call, Status::Ok);
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.answer(call, Status::Cancelled);
    }
}

fn registry() -> Registry {
    let mut registry = Registry::core();
    let make = |_: &Args, berth: Berth<'_>| Ok(berth.serve(Spy::default()));
    registry.add_with("part", "test_Spy", "", "", "Looks.", PartMaker(Arc::new(make))).expect("a new kind");
    registry.add_series("test_Spy", &["response", "calls"]);
    registry
}

/// A folder of its own for a test's files; removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let folder = std::env::temp_dir().join(format!("kneepoint-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        for (file, text) in files {
            std::fs::write(folder.join(file), text).expect("writable");
        }
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays behind is no fault of what was tested.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A record with these parts; `run` lasts 100 s, with nothing left out, twice.
pub(crate) fn file(parts: &str, more: &str) -> String {
    format!(
        "(format: 1, title: \"T\", run: (duration: \"100s\", warm_up: \"0s\", replications: 2), parts: {{ {parts} }}, {more})"
    )
}

pub(crate) fn planned(text: &str, folder: Option<&Path>) -> Result<Plan, String> {
    let scenario = Scenario::from_text("test.ron", text, folder).map_err(|faults| faults.to_string())?;
    let checked = scenario.check(&registry(), &Overrides::default()).map_err(|faults| faults.to_string())?;
    plan(&checked).map_err(|faults| faults.to_string())
}

pub(crate) fn result_in(text: &str, folder: Option<&Path>) -> RunResult {
    let plan = planned(text, folder).unwrap_or_else(|faults| panic!("{faults}"));
    let result =
        run(&plan, &Options { threads: Some(1), ..Options::default() }).unwrap_or_else(|e| panic!("{e}"));
    assert_ne!(result.verdict, Verdict::Void, "{:?}", result.checks);
    result
}

/// The value of each watch.
pub(crate) fn watched(text: &str, folder: Option<&Path>) -> Vec<f64> {
    let result = result_in(text, folder);
    let value = |w: &kneepoint_experiment::result::WatchResult| {
        w.values[0].value.value().unwrap_or_else(|| panic!("{}: {:?}", w.name, w.values[0].value))
    };
    result.watches.iter().map(value).collect()
}

fn refused(text: &str, folder: Option<&Path>) -> String {
    planned(text, folder).err().unwrap_or_else(|| panic!("accepted: {text}"))
}

const LOG: &str = "ts,kind,product,page,bytes\n\
    5,read,shoe,p1,1000\n5.5,write,hat,p2,0\n6,read,shoe,p1,3000\n9,read,coat,p3,500\n";

fn replay(columns: &str, parts: &str, more: &str) -> String {
    file(
        &format!(
            "\"log\": TraceClient(to: \"web\", file: \"log.csv\", columns: (time: \"ts\"{columns})), {parts}"
        ),
        more,
    )
}

#[test]
fn a_replay_sends_each_record_once_and_its_books_hold() {
    let folder = Folder::new("replay", &[("log.csv", LOG)]);
    let text = replay(
        "",
        r#""web": Service(concurrency: Unlimited, does: Delay("20ms"))"#,
        r#"watch: { "n": "total(log.requests)", "mean": "mean(log.latency)", "rate": "total(log.goodput)" }"#,
    );
    let result = result_in(&text, Some(&folder.0));
    assert!(result.checks.iter().all(|check| check.holds()), "{:?}", result.checks);
    let values = watched(&text, Some(&folder.0));
    assert_eq!(values[0], 4.0);
    assert!((values[1] - 20.0e6).abs() < 1.0, "{values:?}");
    assert_eq!(values[2], 4.0);
}

#[test]
fn a_recorded_class_asks_for_the_operation_of_its_name() {
    let folder = Folder::new("classes", &[("log.csv", LOG)]);
    let text = replay(
        ", class: \"kind\"",
        r#""web": Service(concurrency: Unlimited, operations: { "read": Delay("10ms"), "write": Delay("70ms") })"#,
        r#"watch: {
            "reads": "total(log:read.requests)", "writes": "total(log:write.requests)",
            "read": "mean(log:read.latency)", "write": "mean(log:write.latency)",
        }"#,
    );
    let values = watched(&text, Some(&folder.0));
    assert_eq!(&values[..2], [3.0, 1.0]);
    assert!((values[2] - 10e6).abs() < 1.0 && (values[3] - 70e6).abs() < 1.0, "{values:?}");
}

#[test]
fn faults_of_a_recording_name_file_line_and_column() {
    let web = r#""web": Service(does: Compute("1ms"), operations: { "read": Compute("1ms") })"#;
    let said = |log: &str, columns: &str| {
        let folder = Folder::new("bad-log", &[("log.csv", log)]);
        refused(&replay(columns, web, ""), Some(&folder.0))
    };
    let missing = said(LOG, ", class: \"knid\"");
    assert!(
        missing.contains("has no column \"knid\"") && missing.contains("did you mean \"kind\"?"),
        "{missing}"
    );
    let name = said("ts,kind\n1,read\n2,GET /\n", ", class: \"kind\"");
    assert!(name.contains("log.csv, line 3, column \"kind\": \"GET /\" is no name of a class"), "{name}");
    let empty = said("ts,kind\n1,\n", ", class: \"kind\"");
    assert!(empty.contains("line 2, column \"kind\""), "{empty}");
    let work = said(LOG, ", work: \"bytes\"");
    assert!(work.contains("field `work` of a `columns` is known but not built yet"), "{work}");
    let operation = {
        let folder = Folder::new("bad-operation", &[("log.csv", LOG)]);
        let web = r#""web": Service(operations: { "read": Compute("1ms") })"#;
        refused(&replay(", class: \"kind\"", web, ""), Some(&folder.0))
    };
    assert!(operation.contains("\"web\" has no operation for class write"), "{operation}");
    let many: String = (0..300).map(|at| format!("{at},k{at}\n")).collect();
    let many = said(&format!("ts,kind\n{many}"), ", class: \"kind\"");
    assert!(many.contains("line 258, column \"kind\": more than 256 different classes"), "{many}");
}

/// The least, greatest and mean of what a spy saw, in replication 0.
fn seen(text: &str, folder: Option<&Path>, spy: &str, series: &str) -> (u64, u64, f64, u64) {
    let plan = planned(text, folder).unwrap_or_else(|faults| panic!("{faults}"));
    let mut sim = (plan.build)(plan.run.seed, 0);
    sim.run_until(plan.end()).expect("no ceiling");
    let spy = sim.find(&format!("{spy}/0")).expect("it is there");
    let seen = sim.samples(spy, series).expect("it looks");
    (seen.min().unwrap_or(0), seen.max().unwrap_or(0), seen.mean().unwrap_or(f64::NAN), seen.count())
}

#[test]
fn recorded_keys_come_along_whatever_other_key_spaces_are_asked_about() {
    let folder = Folder::new("keys", &[("log.csv", LOG)]);
    let text = replay(
        ", keys: { \"products\": \"product\", \"pages\": \"page\" }",
        r#""web": Service(does: [Call(to: "drawn", key: "dice"), Call(to: "page", key: "pages"), Call(to: "product", key: "products")]),
        "drawn": test_Spy(), "page": test_Spy(), "product": test_Spy()"#,
        r#"keyspaces: { "products": FromTrace, "pages": FromTrace, "dice": Even(keys: 6) }"#,
    );
    // shoe, hat, shoe, coat are 0, 1, 0, 2; so are the pages
    for spy in ["page", "product"] {
        assert_eq!(seen(&text, Some(&folder.0), spy, "key"), (0, 2, 0.75, 4), "{spy}");
    }
    assert!(seen(&text, Some(&folder.0), "drawn", "key").1 < 6);
}

#[test]
fn recorded_keys_are_refused_where_requests_without_a_record_come_by() {
    let folder = Folder::new("foreign-keys", &[("log.csv", LOG)]);
    let parts = r#""web": Service(does: Call(to: "spy", key: "products")), "spy": test_Spy(),
        "others": OpenClient(to: "web", rate: "1/s")"#;
    let spaces = r#"keyspaces: { "products": FromTrace }"#;
    let said = refused(&replay(", keys: { \"products\": \"product\" }", parts, spaces), Some(&folder.0));
    assert!(said.contains("requests of \"others\" come here too"), "{said}");
    let said = refused(&replay("", r#""web": Delay("1ms")"#, spaces), Some(&folder.0));
    assert!(said.contains("no TraceClient records keys of \"products\""), "{said}");
    let said = refused(
        &replay(", keys: { \"produts\": \"product\" }", r#""web": Delay("1ms")"#, spaces),
        Some(&folder.0),
    );
    assert!(
        said.contains("no key space \"produts\"; did you mean \"products\"?")
            || said.contains("did you mean \"products\"?"),
        "{said}"
    );
    let said = refused(
        &replay(
            ", keys: { \"p\": \"product\" }",
            r#""web": Delay("1ms")"#,
            r#"keyspaces: { "p": Even(keys: 3) }"#,
        ),
        Some(&folder.0),
    );
    assert!(said.contains("the keys of \"p\" are drawn (Even), not recorded"), "{said}");
}

#[test]
fn sampled_keys_are_as_frequent_as_in_their_file() {
    let folder = Folder::new("sampled", &[("keys.csv", "key\na\nb\na\na\n")]);
    let text = file(
        r#""c": OpenClient(to: "web", rate: "50/s"), "web": Service(does: Call(to: "spy", key: "k")), "spy": test_Spy()"#,
        r#"keyspaces: { "k": Samples(file: "keys.csv", column: "key") }"#,
    );
    // the most frequent is key 0: the mean is 1/4; 5000 draws have a standard error of 0.006
    let (least, most, mean, _) = seen(&text, Some(&folder.0), "spy", "key");
    assert_eq!((least, most), (0, 1));
    assert!((mean - 0.25).abs() < 0.025, "{mean}");
}

#[test]
fn the_thing_of_a_key_has_one_size_for_everybody() {
    let text = |size: &str, reply: &str| {
        file(
            &format!(
                r#""c": OpenClient(to: "web", rate: "50/s"), "d": OpenClient(to: "web", rate: "50/s"),
                "web": Service(does: [Call(to: "one", key: "k"{reply}), Call(to: "two", key: "k"{reply})]),
                "one": test_Spy(), "two": test_Spy()"#
            ),
            &format!(r#"keyspaces: {{ "k": Even(keys: 2, size: {size}) }}"#),
        )
    };
    let constant = text("\"5kB\"", "");
    assert_eq!(seen(&constant, None, "one", "reply").0, 5000);
    assert_eq!(seen(&constant, None, "one", "reply").1, 5000);
    // two keys, two sizes: the least and greatest are the same on both ways, and both occur in the mean
    let drawn = text("Uniform(min: \"1kB\", max: \"9kB\")", "");
    let (one, two) = (seen(&drawn, None, "one", "reply"), seen(&drawn, None, "two", "reply"));
    assert_eq!(one, two);
    assert!(one.0 < one.1, "{one:?}");
    let middle = (one.0 + one.1) as f64 / 2.0;
    assert!((one.2 - middle).abs() < 0.05 * middle, "two sizes, half of the calls each: {one:?}");
    // what a call says of its reply goes before
    assert_eq!(seen(&text("\"5kB\"", ", reply: \"7B\""), None, "one", "reply").1, 7);
}

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() < 2.0
}

#[test]
fn a_client_whose_edges_differ_by_class_uses_each_for_its_class() {
    let text = file(
        r#""users": OpenClient(to: "web", rate: "20/s", classes: { "a": (share: 0.5), "b": (share: 0.3), "c": (share: 0.2) }),
        "web": Delay("1ms")"#,
        r#"edges: { "users -> web": (round_trip: "10ms"), "users:b -> web": (round_trip: "40ms"), "users:c -> web": (round_trip: "90ms", via: [Timeout("50ms")]) },
        watch: { "a": "mean(users:a.latency)", "b": "mean(users:b.latency)", "c": "timeouts(users:c)" }"#,
    );
    let values = watched(&text, None);
    assert!(near(values[0], 11e6) && near(values[1], 41e6) && values[2] == 1.0, "{values:?}");
}

#[test]
fn a_call_whose_edge_differs_by_the_callee_s_operation_parts_by_class() {
    let text = file(
        r#""users": OpenClient(to: "web", rate: "20/s", classes: { "read": (share: 0.5), "write": (share: 0.5) }),
        "web": Service(concurrency: Unlimited, does: [Delay("1ms"), Call("db")]),
        "db": Service(concurrency: Unlimited, instances: 2, operations: { "read": Delay("1ms"), "write": Delay("1ms") })"#,
        r#"edges: { "web -> db:read": (round_trip: "10ms"), "web -> db:write": (round_trip: "30ms") },
        watch: { "r": "mean(users:read.latency)", "w": "mean(users:write.latency)" }"#,
    );
    let values = watched(&text, None);
    assert!(near(values[0], 12e6) && near(values[1], 32e6), "{values:?}");
    let each = text.replace("Call(\"db\")", "Parallel(Call(\"db/*\"))");
    let values = watched(&each, None);
    assert!(near(values[0], 12e6) && near(values[1], 32e6), "{values:?}");
}

#[test]
fn a_balancer_whose_edges_differ_by_operation_keeps_its_members() {
    let text = file(
        r#""users": OpenClient(to: "lb", rate: "40/s", classes: { "read": (share: 0.5), "write": (share: 0.5) }),
        "lb": Balancer(to: "db", policy: LeastConnections),
        "db": Service(concurrency: Unlimited, instances: 2, operations: { "read": Delay("1ms"), "write": Delay("1ms") })"#,
        r#"edges: { "lb:read -> db": (round_trip: "10ms"), "lb:write -> db": (round_trip: "30ms") },
        watch: { "r": "mean(users:read.latency)", "w": "mean(users:write.latency)", "even": "imbalance(db.calls)" }"#,
    );
    let values = watched(&text, None);
    assert!(near(values[0], 11e6) && near(values[1], 31e6), "{values:?}");
    assert!(values[2] < 1.1, "both instances take part: {values:?}");
}

#[test]
fn a_balancer_asks_for_what_the_topology_finds() {
    let text = |to: &str, does: &str| {
        file(
            &format!(
                r#""users": OpenClient(to: "web", rate: "20/s", classes: {{ "read": (share: 0.5), "write": (share: 0.5) }}),
                "web": Service(concurrency: Unlimited, does: {does}), "lb": Balancer(to: "{to}"),
                "db": Service(instances: 2, concurrency: Unlimited, operations: {{ "read": Delay("5ms"), "write": Delay("30ms"), "odd": Delay("70ms") }})"#
            ),
            r#"watch: { "r": "mean(users:read.latency)", "w": "mean(users:write.latency)" }"#,
        )
    };
    // named on the way into the balancer, by the balancer, or left to the class
    for (to, does, read, write) in [
        ("db", r#"Call("lb")"#, 5e6, 30e6),
        ("db", r#"[Delay("1ms"), Call("lb"), Delay("1ms")]"#, 7e6, 32e6),
        ("db", r#"Call("lb:odd")"#, 70e6, 70e6),
        ("db:odd", r#"Call("lb")"#, 70e6, 70e6),
    ] {
        let values = watched(&text(to, does), None);
        assert!(near(values[0], read) && near(values[1], write), "{to} {does}: {values:?}");
    }
}

#[test]
fn requests_of_a_client_in_two_places_come_from_both_alike() {
    let ground = r#"regions: { "eu": (zones: ["a"]), "us": (zones: ["a"]) },
        network: (between_regions: { "eu <-> us": "100ms" }),
        watch: { "mean": "mean(users.latency)", "p25": "p25(users.latency)", "p75": "p75(users.latency)" }"#;
    let text = |client: &str| {
        file(
            &format!(
                r#""users": {client}, "web": Service(places: ["eu"], concurrency: Unlimited, does: Delay("1ms"))"#
            ),
            ground,
        )
    };
    let open = text(r#"OpenClient(to: "web", rate: "50/s", places: ["eu", "us"])"#);
    let values = watched(&open, None);
    // 10 000 requests: the share of either place has a standard error of 0.005
    assert!((values[0] - 51e6).abs() < 2.5e6, "{values:?}");
    assert!((values[1] - 1e6).abs() < 2e4 && (values[2] - 101e6).abs() < 2e6, "{values:?}");
    let closed = refused(&text(r#"ClosedClient(to: "web", users: 5, places: ["eu", "us"])"#), None);
    assert!(closed.contains("a ClosedClient in several places is known but not built yet"), "{closed}");
    assert!(closed.contains("write one client for each place"), "{closed}");
}

#[test]
fn a_drawn_instance_is_another_one_each_time() {
    let text = |call: &str| {
        file(
            &format!(
                r#""users": OpenClient(to: "web", rate: "50/s"),
                "web": Service(concurrency: Unlimited, does: {call}),
                "leaf": Service(instances: 4, concurrency: Unlimited, does: Delay("1ms"))"#
            ),
            r#"watch: { "calls": "rate(leaf.calls) / rate(users.requests)", "most": "highest(leaf.calls)", "least": "lowest(leaf.calls)" }"#,
        )
    };
    let one = watched(&text("Call(\"leaf/any\")"), None);
    assert!((one[0] - 1.0).abs() < 1e-3, "{one:?}");
    assert!((one[1] / one[2]) < 1.2, "all alike: {one:?}");
    let two = watched(&text("Parallel(Call(\"leaf/any(2)\"))"), None);
    assert!((two[0] - 2.0).abs() < 1e-3 && two[1] / two[2] < 1.2, "{two:?}");
    // three quarters of four are three, and never the same twice: all but one, each time
    let three = watched(&text("Parallel(Call(\"leaf/any(75%)\"))"), None);
    assert!((three[0] - 3.0).abs() < 1e-3 && three[1] / three[2] < 1.1, "{three:?}");
    let all = watched(&text("Parallel(Call(\"leaf/any(4)\"))"), None);
    assert!(all[1] == all[2], "{all:?}");
    let alone = refused(&text("Call(\"leaf/any(2)\")"), None);
    assert!(alone.contains("a call to several instances is a branch of a `Parallel`"), "{alone}");
    let named = refused(
        &text("Call(\"leaf/any\")")
            .replace("watch:", "edges: { \"web -> leaf\": (via: [Balance(LeastConnections)]) }, watch:"),
        None,
    );
    assert!(named.contains("a call names the instance of leaf: `Balance` has no choice"), "{named}");
}

#[test]
fn packed_instances_fill_one_place_before_the_next() {
    let text = |spread: &str| {
        file(
            &format!(
                r#""users": OpenClient(to: "web/1", rate: "20/s", places: ["eu"]),
                "web": Service(instances: 4, places: ["eu", "us"], spread: {spread}, concurrency: Unlimited, does: Delay("1ms"))"#
            ),
            r#"regions: { "eu": (zones: ["a"]), "us": (zones: ["a"]) }, network: (between_regions: { "eu <-> us": "100ms" }),
            watch: { "mean": "mean(users.latency)" }"#,
        )
    };
    assert!(near(watched(&text("Even"), None)[0], 101e6), "the second of four stands in the second place");
    assert!(near(watched(&text("Packed"), None)[0], 1e6), "the second of four stands in the first place");
}

#[test]
fn an_adaptive_line_serves_the_newest_while_the_oldest_is_late() {
    let text = |discipline: &str| {
        file(
            &format!(
                r#""users": OpenClient(to: "web", rate: "130/s"),
                "web": Service(concurrency: Servers(1), queue: (max: 500, discipline: {discipline}), does: Compute("10ms"))"#
            ),
            r#"watch: { "median": "p50(users.latency)" }"#,
        )
    };
    let (fifo, adaptive) =
        (watched(&text("Fifo"), None)[0], watched(&text("AdaptiveLifo(\"100ms\")"), None)[0]);
    // overloaded: the line is full, 5 s long; the newest wait for a few at most
    assert!(fifo > 2e9 && adaptive < 0.2e9, "{fifo} {adaptive}");
}

/// A small system with everything that draws: arrivals, classes, work, balancing, loss, faults.
const SMALL: &str = r#"
    "users": OpenClient(to: "lb", rate: "40/s", classes: { "a": (share: 0.5), "b": (share: 0.5) }),
    "lb": Balancer(to: "web", policy: PowerOfChoices(2)),
    "web": Service(instances: 3, concurrency: EventLoop, queue: (max: 50, patience: Exponential("1s")),
        does: [Compute(Exponential("20ms")), Call(to: "db/any", key: "k"), Fail("1%")]),
    "db": Service(instances: 2, concurrency: Servers(2), does: Compute(Lognormal(mean: "5ms", cv: 1.5))),
"#;

const SMALL_MORE: &str = r#"
    keyspaces: { "k": Zipf(keys: 1000, exponent: 0.9, size: Exponential("2kB")) },
    edges: { "users -> lb": (via: [Timeout("2s")]), "web -> db": (round_trip: Exponential("2ms"), loss: "0.5%", bandwidth: "10MB/s", via: [Timeout("1s"), Balance(Random)]) },
    faults: { "f": Crash(on: "web/any", every: Exponential("20s"), lasts: Exponential("2s")) },
"#;

#[test]
fn what_is_added_elsewhere_leaves_all_other_numbers_alone() {
    let more = SMALL_MORE.replace(", Balance(Random)", "");
    let text = |before: &str, after: &str, faults: &str| {
        file(
            &format!("{before} {SMALL} {after}"),
            &more.replace("faults: {", &format!("faults: {{ {faults}")),
        )
        .replace("warm_up: \"0s\"", "warm_up: \"10s\"")
    };
    let alone = result_in(&text("", "", ""), None);
    let idle = r#""idle": Service(instances: 2, does: Compute("1ms")),"#;
    let others = r#""others": ClosedClient(to: "cellar", users: 3, think: Exponential("30ms"), classes: { "z": (share: 1) }),
        "cellar": Service(instances: 2, does: [Compute(Exponential("7ms")), Call("attic/any")]), "attic": Delay(Exponential("3ms")),"#;
    let others = others.replace("attic/any", "attic");
    let flood = r#""flood": Hang(on: "cellar/*", every: Exponential("30s"), lasts: "1s"),"#;
    for (name, text) in [
        ("an idle part in front", text(idle, "", "")),
        ("an idle part behind", text("", idle, "")),
        ("another client in front", text(&others, "", "")),
        ("another client behind", text("", &others, "")),
        ("another client and a fault of its own", text(&others, "", flood)),
    ] {
        let more = result_in(&text, None);
        for part in &alone.parts {
            let same = more.parts.iter().find(|other| other.name == part.name).expect("still there");
            assert_eq!(format!("{part:?}"), format!("{same:?}"), "{name}: {}", part.name);
        }
        let users = more.clients.iter().find(|client| client.name == "users").expect("still there");
        assert_eq!(format!("{:?}", alone.clients[0]), format!("{users:?}"), "{name}");
    }
}

#[test]
fn a_service_times_its_background_work() {
    let text = file(
        r#""users": OpenClient(to: "web", arrivals: Constant, rate: "2/s"),
        "web": Service(concurrency: EventLoop, does: [Compute("10ms"), Detach([Delay("100ms"), Compute("20ms")])])"#,
        r#"watch: { "mean": "mean(web.completion)", "p90": "p90(web.completion)", "latency": "mean(users.latency)" }"#,
    );
    let values = watched(&text, None);
    assert!(
        near(values[0], 130e6) && (values[1] - 130e6).abs() < 1.3e6 && near(values[2], 10e6),
        "{values:?}"
    );
}

/// Every series of a part with every reducer, as a watch: it runs, or it is refused where it stands.
#[test]
fn every_series_with_every_reducer_runs_or_is_refused_with_its_place() {
    let registry = registry();
    let reducers = [
        "",
        "p0",
        "p50",
        "p99.9",
        "p100",
        "mean",
        "min",
        "max",
        "total",
        "rate",
        "share",
        "imbalance",
        "jain",
        "highest",
        "lowest",
    ];
    let windows = ["", ", each 10s", ", last 5s", ", from 1s to 3s", ", at 5s", ", each 1ms"];
    let parts = r#""open": OpenClient(to: "lb", rate: "20/s"), "session": SessionClient(to: "lb", sessions: "1/s", requests: 2, think: "1s"),
        "closed": ClosedClient(to: "lb", users: 2, think: "1s"), "trace": TraceClient(to: "lb", file: "log.csv", columns: (time: "ts")),
        "lb": Balancer(to: "web", instances: 2), "delay": Delay("5ms"),
        "web": Service(instances: 2, does: [Compute("1ms"), Detach(Compute("1ms")), Call("loop"), Call("free"), Call("delay")]),
        "loop": Service(concurrency: EventLoop, does: Compute("1ms")), "free": Service(concurrency: Unlimited, does: Compute("1ms"))"#;
    let folder = Folder::new("series", &[("log.csv", LOG)]);
    let (mut ran, mut refused) = (0, 0);
    let names = [
        "open",
        "session",
        "closed",
        "trace",
        "lb",
        "delay",
        "web",
        "loop",
        "free",
        "web/*",
        "web/1",
        "open:default",
        "web:default",
    ];
    for name in names {
        let root = name.split(['/', ':']).next().unwrap_or(name);
        let kind = match root {
            "open" => "OpenClient",
            "session" => "SessionClient",
            "closed" => "ClosedClient",
            "trace" => "TraceClient",
            "lb" => "Balancer",
            "delay" => "Delay",
            _ => "Service",
        };
        for series in registry.series_of(kind) {
            let mut sound = Vec::new();
            // One part of each role in all windows: the others differ by their series only.
            let windows =
                if ["open", "lb", "web", "web/*"].contains(&name) { &windows[..] } else { &windows[..1] };
            for (reducer, window) in reducers.iter().flat_map(|r| windows.iter().map(move |w| (r, w))) {
                let metric = match *reducer {
                    "" => format!("{series}({name}{window})"),
                    reducer => format!("{reducer}({name}.{series}{window})"),
                };
                let text = file(parts, &format!("watch: {{ \"w\": \"{metric}\" }}"))
                    .replace("\"100s\"", "\"20s\"")
                    .replace("replications: 2", "replications: 1");
                let scenario = Scenario::from_text("t.ron", &text, Some(&folder.0)).expect("it can be read");
                let said = match scenario.check(&registry, &Overrides::default()) {
                    Err(faults) => Some(faults),
                    Ok(checked) => {
                        let plan = plan(&checked).unwrap_or_else(|faults| panic!("{metric}: {faults}"));
                        check(&checked, &plan).err()
                    }
                };
                match said {
                    None => sound.push(metric),
                    Some(faults) => {
                        let rows = faults.rows();
                        let errors =
                            rows.iter().filter(|row| row.severity == kneepoint_scenario::Severity::Error);
                        let at = text.find(&metric).expect("it is there");
                        let line = text[..at].matches('\n').count() + 1;
                        let column = at - text[..at].rfind('\n').map_or(0, |end| end + 1);
                        for row in errors {
                            assert!(row.line == line && row.column >= column, "{metric}: {row:?}");
                        }
                        refused += 1;
                    }
                }
            }
            // Together, because each run takes its time.
            let watches: Vec<String> =
                sound.iter().enumerate().map(|(at, metric)| format!("\"w{at}\": \"{metric}\"")).collect();
            let text = file(parts, &format!("watch: {{ {} }}", watches.join(", ")))
                .replace("\"100s\"", "\"20s\"")
                .replace("replications: 2", "replications: 1");
            let result = result_in(&text, Some(&folder.0));
            assert_eq!(result.watches.len(), sound.len());
            ran += sound.len();
        }
    }
    assert!(ran > 500 && refused > 1_000, "{ran} ran, {refused} were refused");
}

#[test]
fn an_outage_misses_what_is_asked_of_good_answers() {
    let text = r#"(format: 1, title: "T", run: (duration: "20s", warm_up: "1s", replications: 2),
        parts: {
            "users": OpenClient(to: "web", rate: "50/s"),
            "web": Service(concurrency: Servers(1), queue: 5, does: [Compute("1ms"), Fail(1)]),
        },
        slo: { "fast": "p99(users.latency) < 1s" })"#;
    let scenario = Scenario::from_text("t.ron", text, None).unwrap_or_else(|faults| panic!("{faults}"));
    let checked =
        scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = plan(&checked).unwrap_or_else(|faults| panic!("{faults}"));
    let result = run(&plan, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(result.verdict, kneepoint_experiment::result::Verdict::Missed);
    let said = &result.objectives[0].sentence;
    assert!(said.starts_with("not one of the ") && said.contains("requests of users ended well"), "{said}");
}

#[test]
fn evenness_tells_round_robin_from_an_address_that_sends_most() {
    let text = |policy: &str| {
        file(
            &format!(
                r#""one": OpenClient(to: "lb", rate: "300/s"),
                "others": OpenClient(to: "lb", rate: "200/s", users: 5000),
                "lb": Balancer(to: "web", policy: {policy}),
                "web": Service(instances: 4, concurrency: Unlimited, does: Delay("1ms"))"#
            ),
            "",
        )
    };
    let of = |policy: &str| {
        let result = result_in(&text(policy), None);
        let part = result.parts.iter().find(|part| part.name == "web").expect("it is there");
        let even = part.evenness.as_ref().expect("four instances with load");
        assert_eq!(even.of, "calls");
        let value = |of: &kneepoint_statistics::Estimated| of.value().expect("three replications");
        (value(&even.jain), value(&even.peak))
    };
    let (jain, peak) = of("RoundRobin");
    assert!(1.0 - jain < 1e-9 && peak - 1.0 < 1e-3, "{jain} {peak}");
    // One instance has 300/s and a quarter of 200/s, the others 50/s each, up to the hashes of 5000 addresses:
    // 500² / (4 (350² + 3·50²)).
    let (jain, peak) = of("IpHash");
    assert!((jain - 0.48).abs() < 0.02 && (peak - 2.8).abs() < 0.05, "{jain} {peak}");
}

#[test]
fn users_who_ask_again_in_no_time_end_the_run_with_who_answers_them() {
    let text = |door: &str, client: &str| {
        let parts = format!(
            r#""users": ClosedClient(to: "gate", {client}),
            "gate": Gateway(routes: {{ "default": "web" }}),
            "web": Service(concurrency: Servers(1), {door}, does: Compute("10ms"))"#
        );
        file(&parts, "").replace("replications: 2", "replications: 2, limits: (in_flight: 1000)")
    };
    let limit = r#"via: [RateLimit(TokenBucket(rate: "10/s", burst: 20))]"#;
    let stopped = |text: &str| {
        let plan = planned(text, None).unwrap_or_else(|faults| panic!("{faults}"));
        run(&plan, &Options::default()).expect_err("its time stands still").to_string()
    };
    // The burst and what comes in meanwhile: 20 at 10 ms each, and 2 more.
    let said = stopped(&text(limit, "users: 1"));
    assert!(said.starts_with("replication 0 stopped: time stands still at 220 ms: 1"), "{said}");
    assert!(
        said.ends_with(
            "`RateLimit` at web answers limited in no time, and users asks again at once: give its users time to \
             `think`, or the way there a `round_trip`"
        ),
        "{said}"
    );
    // As soon as time passes anywhere, it is a model like others.
    let values = watched(
        &text(limit, "users: 1, think: \"1ms\"")
            .replace("parts:", "watch: { \"n\": \"rate(web.calls)\" }, parts:"),
        None,
    );
    assert!((values[0] - 10.2).abs() < 0.05, "{values:?}");
    // Where it is certain, it is said before anything is run.
    let full = text("queue: 3", "users: 5");
    let scenario = Scenario::from_text("test.ron", &full, None).expect("readable");
    let checked = scenario.check(&registry(), &Overrides::default()).expect("sound");
    let plan = plan(&checked).expect("it can be built");
    let said = check(&checked, &plan).expect_err("the fifth user finds no place").to_string();
    assert!(said.contains("this cannot be run: time stands still at 0 ns: 1"), "{said}");
    assert!(said.contains("web answers rejected in no time, and users asks again at once"), "{said}");
    assert!(said.contains("test.ron:1:"), "{said}");
    let fits = text("queue: 4", "users: 5");
    let checked = Scenario::from_text("test.ron", &fits, None)
        .and_then(|scenario| scenario.check(&registry(), &Overrides::default()))
        .expect("sound");
    assert!(check(&checked, &kneepoint_scenario::plan(&checked).expect("it can be built")).is_ok());
}

/// With events of its own, and within one.
#[test]
fn who_goes_round_in_his_own_steps_is_named() {
    for does in [
        "Repeat(times: 4000000000, does: [Compute(\"0s\")])",
        "Repeat(times: 4000000000, does: [Repeat(times: 4000000000, does: [Fail(\"0%\")])])",
    ] {
        let parts = format!(
            r#""users": OpenClient(to: "web", rate: "10/s"), "web": Service(concurrency: Unlimited, does: {does})"#
        );
        let text = file(&parts, "").replace("replications: 2", "replications: 2, limits: (in_flight: 100)");
        let plan = planned(&text, None).unwrap_or_else(|faults| panic!("{faults}"));
        let said = run(&plan, &Options::default()).expect_err("its time stands still").to_string();
        assert!(
            said.contains("time stands still")
                && said
                    .contains("; web goes on and on with what takes no time: let one of its steps take some"),
            "{said}"
        );
    }
}

#[test]
fn how_evenly_servers_are_loaded_is_one_number() {
    let of = |policy: &str| {
        let parts = format!(
            r#""few": OpenClient(to: "lb", rate: "300/s", users: 3), "many": OpenClient(to: "lb", rate: "100/s", users: 2000),
            "lb": Balancer(to: "web", policy: {policy}),
            "web": Service(instances: 4, concurrency: Servers(2), does: Compute("5ms"))"#
        );
        let watch = r#"watch: { "calls": "jain(web.calls)", "busy": "jain(web.utilisation)", "most": "imbalance(web.calls)" }"#;
        watched(&file(&parts, watch), None)
    };
    let even = of("RoundRobin");
    assert!(even[0] > 0.999_999 && even[1] > 0.999_99, "{even:?}");
    // Three who ask for 100/s each are at three servers at most: 125, 125, 125 and 25 of 400/s is the best there is.
    let uneven = of("IpHash");
    assert!(uneven[0] < 0.85 && (uneven[0] - uneven[1]).abs() < 0.01, "{uneven:?}");
    assert!(uneven[2] > 1.24, "{uneven:?}");
}

#[test]
fn intervals_of_comparisons_end_where_no_comparison_can_be() {
    // Few calls and two replications: half-widths are twelve standard errors and more.
    let parts = r#""users": OpenClient(to: "lb", rate: "1/s"), "lb": Balancer(to: "web", policy: Random),
        "web": Service(instances: 4, concurrency: Servers(2), does: [Compute("5ms"), Fail("50%")])"#;
    let watch = r#"watch: { "jain": "jain(web.calls)", "most": "imbalance(web.calls)", "worst": "highest(web.errors)",
        "best": "lowest(web.errors)", "fewest": "lowest(web.calls)" }"#;
    let result = result_in(&file(parts, watch).replace("100s", "15s"), None);
    let bounds = [(0.25, 1.0), (1.0, 4.0), (0.0, 1.0), (0.0, 1.0), (0.0, f64::INFINITY)];
    let mut cut = 0;
    for (watch, (least, most)) in result.watches.iter().zip(bounds) {
        let kneepoint_statistics::Estimated::Known(e) = &watch.values[0].value else {
            panic!("{}: {:?}", watch.name, watch.values[0].value)
        };
        assert!(least <= e.low && e.low <= e.value, "{}: {e:?}", watch.name);
        assert!(e.value <= e.high && e.high <= most, "{}: {e:?}", watch.name);
        cut += usize::from(e.low == least) + usize::from(e.high == most);
    }
    assert!(cut > 2, "{cut} ends are cut off: this tests nothing");
}
