//! Parts that pass calls on: proxies, gateways, name servers, balancers of connections.

use kneepoint_calls::{Simulation, Status};
use kneepoint_engine::SimTime;
use kneepoint_scenario::plan;
use kneepoint_scenario::plan::Plan;

use crate::routing::{part, run};
use crate::{accepted, shop};

fn calls(plan: &Plan, sim: &Simulation, name: &str) -> u64 {
    part(plan, name).iter().map(|id| sim.books(*id).calls).sum()
}

/// Sums a count over the points of choice of an edge.
fn chosen(plan: &Plan, sim: &Simulation, name: &str, count: &str) -> u64 {
    part(plan, name).iter().filter_map(|id| sim.count(*id, count)).sum()
}

/// What is said against a text, when it is read or when it is built.
fn said_of(text: &str) -> String {
    match crate::check(text) {
        Err(faults) => faults.to_string(),
        Ok(checked) => plan(&checked).err().map_or_else(String::new, |faults| faults.to_string()),
    }
}

/// Latency of a client \[ms\]: 50 ms would be (50.0, count).
fn mean_latency(plan: &Plan, sim: &Simulation, client: &str, class: &str) -> f64 {
    let id = part(plan, client)[0];
    sim.samples(id, &format!("latency:{class}")).and_then(|all| all.mean()).expect("it was answered") / 1e6
}

#[test]
fn a_gateway_sends_each_operation_its_way() {
    let text = shop(
        r#""all": OpenClient(to: "gateway", rate: "1000/s", arrivals: Constant,
               classes: { "api": (share: 0.5), "static": (share: 0.3), "users": (share: 0.15), "odd": (share: 0.05) }),
           "gateway": Gateway(overhead: "1ms", routes: { "api": "api", "static": "files:read", "users": "users/0", "default": "rest" }),
           "api": Service(concurrency: Unlimited, does: Delay("10ms")),
           "files": Service(concurrency: Unlimited, operations: { "read": Delay("20ms"), "write": Delay("1s") }),
           "users": Service(instances: 2, concurrency: Unlimited, does: Delay("30ms")),
           "rest": Service(concurrency: Unlimited, does: Delay("40ms"))"#,
        "",
    );
    let (plan, sim) = run(&text, 100);
    let all = calls(&plan, &sim, "gateway") as f64;
    for (class, pool, share, takes) in [
        ("api", "api", 0.5, 11.0),
        ("static", "files", 0.3, 21.0),
        ("users", "users", 0.15, 31.0),
        ("odd", "rest", 0.05, 41.0),
    ] {
        let got = calls(&plan, &sim, pool) as f64;
        let error = (all * share * (1.0 - share)).sqrt();
        assert!((got - all * share).abs() < 4.0 * error, "{pool}: {got} of {all}");
        let latency = mean_latency(&plan, &sim, "all", class);
        assert!((latency - takes).abs() < 0.01, "{class}: {latency} ms");
    }
    let users = part(&plan, "users");
    assert_eq!(sim.books(users[1]).calls, 0);
    // What an edge says holds for the route that takes it.
    let slow = text.replace("\n\n)", "\nedges: { \"gateway -> api\": (round_trip: \"5ms\") },\n)");
    assert_ne!(slow, text);
    let (plan, sim) = run(&slow, 10);
    assert!((mean_latency(&plan, &sim, "all", "api") - 16.0).abs() < 0.01);
    assert!((mean_latency(&plan, &sim, "all", "odd") - 41.0).abs() < 0.01);
}

#[test]
fn a_gateway_answers_only_what_it_has_a_route_for() {
    let text = shop(
        r#""all": OpenClient(to: "gateway", rate: "10/s", classes: { "api": (share: 0.5), "admin": (share: 0.5) }),
           "gateway": Gateway(routes: { "api": "api" }),
           "api": Service(does: Delay("10ms"))"#,
        "",
    );
    let said = said_of(&text);
    assert!(
        said.contains("\"gateway\" has no operation for class admin and no `default`; it has api"),
        "{said}"
    );
    let none = text.replace(r#"{ "api": "api" }"#, "{}");
    assert!(!said_of(&none).is_empty());
}

#[test]
fn a_proxy_adds_its_time_and_keeps_its_door() {
    let text = |door: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "proxy", rate: "100/s", arrivals: Constant, classes: {{ "read": (share: 1.0) }}),
                   "proxy": Proxy(to: "db", overhead: "2ms", {door}),
                   "db": Service(concurrency: Unlimited, operations: {{ "read": Delay("10ms") }})"#
            ),
            "",
        )
    };
    let (plan, sim) = run(&text(""), 10);
    assert!((mean_latency(&plan, &sim, "all", "read") - 12.0).abs() < 0.001);
    // One at a time by Little's law holds 83 of 100 calls a second.
    let (plan, sim) = run(&text(r#"via: [Bulkhead(max: 1, wait: "0s")]"#), 10);
    let db = calls(&plan, &sim, "db");
    assert!((499..=501).contains(&db), "{db} of 1000: every second finds the door taken");
}

fn named(ttl: &str, more: &str) -> String {
    named_at("300/s", ttl, more)
}

fn named_at(rate: &str, ttl: &str, more: &str) -> String {
    shop(
        &format!(
            r#""all": OpenClient(to: "dns", rate: "{rate}", users: 3000),
               "dns": Dns(to: ["left", "right"], ttl: "{ttl}", health: [Active(every: "1s", fall: 1, timeout: "100ms")]),
               "left": Service(concurrency: Unlimited, does: Delay("10ms")),
               "right": Service(concurrency: Unlimited, does: Delay("10ms"))"#
        ),
        more,
    )
}

/// A name is asked for before anybody finds out that the member behind it is down: a refused call takes the look-up too.
#[test]
fn a_refused_call_has_looked_up_the_name_all_the_same() {
    let down =
        r#"faults: { "lost": Crash(on: "left", at: "0s") }, edges: { "all -> dns": (round_trip: "20ms") }"#;
    let text = named_at("100/s", "1s", down).replace(r#""left", "right""#, r#""left""#);
    let text = text.replace(r#", health: [Active(every: "1s", fall: 1, timeout: "100ms")]"#, "");
    let text = text.replace(r#""right": Service(concurrency: Unlimited, does: Delay("10ms"))"#, "");
    let (plan, sim) = run(&text, 100);
    let books = sim.books(part(&plan, "dns")[0]);
    let refused = books.answered(Status::Unavailable) as f64;
    assert!(refused > 9_000.0, "{refused}");
    // Each of 3000 addresses asks every 30 s, so that no answer is still known.
    let mean = books.failed_time as f64 / refused / 1e6;
    assert!((19.0..=20.5).contains(&mean), "{mean} ms");
}

#[test]
fn names_are_known_until_their_time_is_over() {
    // Long enough that the addresses, which all start at once, no longer ask in step: 22 rounds of 90 ± 30 s.
    let down = r#"faults: { "lost": Crash(on: "right", at: "2000s") }"#;
    let text = |ttl: &str| named_at("100/s", ttl, down).replace("10min", "1h");
    let (plan, sim) = run(&text("60s"), 2_300);
    let failed = sim.books(part(&plan, "dns")[0]).answered(Status::Unavailable) as f64;
    // Half of 3000 users; 60 of each 90 s an address is known (then 30 s until it is asked for again); 30 s are left of
    // it in the mean, one request each 30 s. The variance of one user: his residual is uniform, his requests Poisson.
    let expected = 1500.0 * (60.0 / 90.0) * 30.0 / 30.0;
    let error = (1500.0_f64 * (2.0 / 3.0 * (4.0 / 3.0 + 1.0) - 4.0 / 9.0)).sqrt();
    // In the second before a check has found out, 33 look-ups, of which half get the lost one, each for three requests.
    assert!(failed > expected - 4.0 * error, "{failed} where {expected} are expected");
    assert!(failed < expected + 4.0 * error + 50.0, "{failed} where {expected} are expected");
    // After the last of them has run out, nobody goes there.
    let mut late = (plan.build)(1, 0);
    late.run_until(SimTime::from_millis(2_065_000)).expect("no limit is met");
    assert_eq!(late.books(part(&plan, "dns")[0]).answered(Status::Unavailable) as f64, failed);
    // A short time to live is a short outage.
    let (plan, sim) = run(&text("5s"), 2_300);
    let short = sim.books(part(&plan, "dns")[0]).answered(Status::Unavailable) as f64;
    assert!(short < failed / 4.0, "{short}");
}

#[test]
fn asking_for_a_name_takes_time_once_in_its_life() {
    let text = named("60s", "edges: { \"all -> dns\": (round_trip: \"100ms\") },");
    let (plan, sim) = run(&text, 600);
    let asked = chosen(&plan, &sim, "dns", "chosen anew") as f64;
    let requests = calls(&plan, &sim, "dns") as f64;
    // Each 70 s, but for the first minute.
    let expected = 3000.0 * 600.0 / 70.0;
    assert!((asked / expected - 1.0).abs() < 0.05, "{asked} of {expected}");
    let latency = mean_latency(&plan, &sim, "all", "default");
    let exact = 10.0 + 100.0 * asked / requests;
    // Some requests of one address wait for the same look-up, each by itself.
    assert!((latency - exact).abs() < 0.3, "{latency} {exact}");
}

#[test]
fn the_nearest_is_found_from_where_one_stands() {
    let text = |policy: &str| {
        shop(
            &format!(
                r#""americans": OpenClient(to: "dns", rate: "50/s", users: 100, places: ["us"]),
                   "europeans": OpenClient(to: "dns", rate: "50/s", users: 100, places: ["eu"]),
                   "dns": Dns(to: ["web-us", "web-eu"], policy: {policy}, ttl: "10s", health: [Active(every: "1s", fall: 1, timeout: "500ms")]),
                   "web-us": Service(instances: 2, concurrency: Unlimited, does: Delay("10ms"), places: ["us"]),
                   "web-eu": Service(instances: 2, concurrency: Unlimited, does: Delay("10ms"), places: ["eu"])"#
            ),
            r#"regions: { "us": (zones: ["a"]), "eu": (zones: ["a"]) },
               network: (within_zone: "1ms", between_zones: "2ms", between_regions: { "us <-> eu": "80ms" }),
               faults: { "gone": Crash(on: "eu", at: "100s") }"#,
        )
    };
    let (plan, sim) = run(&text("Nearest"), 99);
    assert!((mean_latency(&plan, &sim, "americans", "default") - 12.0).abs() < 0.001);
    assert!((mean_latency(&plan, &sim, "europeans", "default") - 12.0).abs() < 0.001);
    let two: Vec<u64> = part(&plan, "web-us").iter().map(|id| sim.books(*id).calls).collect();
    assert!(two[0] > 1000 && two[1] > 1000, "those who are equally near take turns: {two:?}");
    let (plan, sim) = run(&text("Nearest"), 200);
    let far = part(&plan, "europeans")[0];
    let worst = sim.samples(far, "latency:default").and_then(|all| all.mean()).expect("answered") / 1e6;
    assert!(worst > 12.0 && worst < 90.0, "some of them went over the ocean: {worst} ms");
    let blind = text("Nearest").replace("places: [\"us\"]),\n", "),\n");
    assert_ne!(blind, text("Nearest"));
    assert!(said_of(&blind).contains("nothing says how far"), "{}", said_of(&blind));
}

fn connected(lifetime: &str, more: &str) -> String {
    shop(
        &format!(
            r#""all": OpenClient(to: "lb", rate: "500/s", users: 100, connection: (lifetime: "{lifetime}", handshake: "30ms")),
               "lb": Balancer(to: "web", layer: L4),
               "web": Service(instances: 4, concurrency: Unlimited, does: Delay("10ms"))"#
        ),
        more,
    )
}

#[test]
fn all_requests_of_a_connection_go_to_one_instance() {
    let (plan, sim) = run(&connected("1h", ""), 100);
    assert_eq!(chosen(&plan, &sim, "lb", "chosen anew"), 100);
    // Round robin over connections: 25 users each, whose requests are a quarter up to chance.
    for id in part(&plan, "web") {
        let calls = sim.books(id).calls as f64;
        assert!((calls - 12_500.0).abs() < 4.0 * 12_500_f64.sqrt(), "{calls}");
    }
    let (plan, sim) = run(&connected("10s", ""), 1000);
    let opened = chosen(&plan, &sim, "lb", "chosen anew") as f64;
    // Each lasts 10 s after its 30 ms, and the next is opened by the next request of its user, 0.2 s later.
    let expected = 100.0 * 1000.0 / 10.23;
    assert!((opened / expected - 1.0).abs() < 0.02, "{opened} of {expected}");
    let requests = calls(&plan, &sim, "lb") as f64;
    let latency = mean_latency(&plan, &sim, "all", "default");
    // The first waits 30 ms, those of the same user that come meanwhile, 5 a second, for what is left of them: 15 ms in
    // the mean. The sum of their waits has the variance of a compound Poisson process.
    let exact = 10.0 + opened / requests * (30.0 + 0.15 * 15.0);
    let error = (opened * 5e-3 * 30.0_f64.powi(3) / 3.0).sqrt() / requests;
    assert!((latency - exact).abs() < 4.0 * error, "{latency} {exact} {error}");
}

/// Of the calls to four instances, the share of the first from 20 s after it is back on, for 10 s.
fn share_of_who_is_back(policy: &str) -> f64 {
    let text = connected("1h", r#"faults: { "one": Crash(on: "web/0", at: "1s", lasts: "299s") }"#)
        .replace(r#"lifetime: "1h""#, r#"lifetime: Exponential("60s")"#)
        .replace(
            "layer: L4",
            &format!(
                r#"layer: L4, policy: {policy}, health: [Active(every: "100ms", fall: 1, rise: 1, timeout: "50ms")]"#
            ),
        );
    let plan = plan(&accepted(&text)).unwrap_or_else(|faults| panic!("{faults}"));
    let mut sim = (plan.build)(1, 0);
    let mut calls = |until: u64| -> Vec<f64> {
        sim.run_until(SimTime::from_secs(until)).expect("no limit is met");
        part(&plan, "web").iter().map(|id| sim.books(*id).calls as f64).collect()
    };
    let (before, after) = (calls(320), calls(330));
    (after[0] - before[0]) / (after.iter().sum::<f64>() - before.iter().sum::<f64>())
}

#[test]
fn who_comes_back_gets_its_share_of_long_connections_sooner_by_the_fewest() {
    // 100 connections of 60 s in the mean: 1.67 end each second. If all that are opened go to the one that has fewest, it has
    // its 25 after 15 s; if one in four, it has 25 (1 - exp(-t/60)) of them: 8.5 in the mean from 20 s to 30 s.
    // 5000 calls: 0.25 with a standard deviation of 0.006, and one connection more or less of 100.
    for policy in ["LeastConnections", "LeastConnections(ties: Rotation)", "LeastConnections(AnyOfThem)"] {
        let share = share_of_who_is_back(policy);
        assert!((share - 0.25).abs() < 4.0 * 0.006 + 0.01, "{policy}: {share}");
    }
    // The number of connections is binomial: 8.5 with a standard deviation of 2.8.
    for policy in ["RoundRobin", "Random"] {
        let share = share_of_who_is_back(policy);
        assert!((share - 0.085).abs() < 4.0 * 0.028, "{policy}: {share}");
    }
    // The better of two: more than one in four, less than all.
    let share = share_of_who_is_back("PowerOfChoices(2)");
    assert!(share > 0.12 && share < 0.26, "{share}");
}

#[test]
fn connections_are_counted_while_they_are_open() {
    // Nobody else comes while these stand: 100 of one hour among four are 25 each, whatever the calls do. The first
    // crashes and closes its 25; they are opened elsewhere, by the next call of each, 8 or 9 for each of three.
    let text = connected("1h", r#"faults: { "one": Crash(on: "web/0", at: "50s", lasts: "1s") }"#).replace(
        "layer: L4",
        r#"layer: L4, policy: LeastConnections, health: [Active(every: "100ms", fall: 1, rise: 1000, timeout: "50ms")]"#,
    );
    let plan = plan(&accepted(&text)).unwrap_or_else(|faults| panic!("{faults}"));
    let mut sim = (plan.build)(1, 0);
    let mut calls = |until: u64| -> Vec<f64> {
        sim.run_until(SimTime::from_secs(until)).expect("no limit is met");
        part(&plan, "web").iter().map(|id| sim.books(*id).calls as f64).collect()
    };
    let (start, before) = (calls(5), calls(50));
    let (back, after) = (calls(55), calls(59));
    for member in 0..4 {
        // 5 calls a second and connection, and 10 checks a second.
        let (at_first, then) = (before[member] - start[member] - 450.0, after[member] - back[member] - 40.0);
        assert!((at_first - 25.0 * 5.0 * 45.0).abs() < 4.0 * (25.0_f64 * 5.0 * 45.0).sqrt(), "{at_first}");
        let expected = if member == 0 { 0.0 } else { 100.0 / 3.0 * 5.0 * 4.0 };
        // A third of 100 is 33 or 34.
        assert!((then - expected).abs() <= 4.0 * expected.sqrt() + 20.0, "{member}: {then}");
    }
    assert!(after[0] - back[0] <= 41.0, "it has none, and is not yet held to be up: {after:?}");
}

#[test]
fn a_connection_breaks_with_its_other_end() {
    let (plan, sim) =
        run(&connected("1h", r#"faults: { "one": Crash(on: "web/0", at: "50s", lasts: "10s") }"#), 100);
    let broken = chosen(&plan, &sim, "lb", "broken");
    // Nobody checks: who opens a new one while it is down may get it again.
    assert!(broken >= 25, "{broken}");
    let (plan, sim) = run(
        &connected("1h", r#"faults: { "one": Crash(on: "web/0", at: "50s") }"#)
            .replace("layer: L4", r#"layer: L4, health: [Active(every: "100ms", fall: 1, timeout: "50ms")]"#),
        100,
    );
    let broken = chosen(&plan, &sim, "lb", "broken");
    assert!((24..=40).contains(&broken), "{broken}");
    let spare: Vec<u64> = part(&plan, "web").iter().map(|id| sim.books(*id).calls).collect();
    assert!(spare[1] > spare[0], "{spare:?}");
}

/// Users of one connection each to one of two doors, behind which is one store.
fn tiers(kind: &str) -> String {
    shop(
        &format!(
            r#""all": OpenClient(to: "lb", rate: "500/s", users: 100{}),
               "lb": Balancer(to: "web"{}),
               "web": Service(instances: 2, concurrency: Unlimited, does: Call("db")),
               "db": Service(concurrency: Unlimited, does: Delay("10ms"))"#,
            if kind.contains("L4") { r#", connection: (lifetime: "1h", handshake: "30ms")"# } else { "" },
            kind
        ),
        r#"faults: { "one": Crash(on: "db", at: "50s", lasts: "10s") }"#,
    )
}

#[test]
fn what_fails_behind_the_other_end_breaks_no_connection() {
    let (plan, sim) = run(&tiers(", layer: L4"), 100);
    assert_eq!(chosen(&plan, &sim, "lb", "broken"), 0);
    assert_eq!(chosen(&plan, &sim, "lb", "chosen anew"), 100);
    let kept = tiers(", keep_alive: 50, handshake: \"1ms\"");
    let (plan, sim) = run(&kept, 100);
    let handshakes = chosen(&plan, &sim, "lb", "handshakes");
    let (plan, sim) = run(&kept.replace("at: \"50s\"", "at: \"200s\""), 100);
    // Answers at once need fewer connections, and never more.
    assert_eq!(handshakes, chosen(&plan, &sim, "lb", "handshakes"));
}

#[test]
fn a_client_without_a_balancer_of_connections_has_them_with_instances() {
    let direct = |connection: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "web", rate: "500/s", users: 3{connection}),
                   "web": Service(instances: 2, concurrency: Unlimited, does: Delay("10ms"))"#
            ),
            "",
        )
    };
    let shares = |text: &str| {
        let (plan, sim) = run(text, 20);
        part(&plan, "web").iter().map(|id| sim.books(*id).calls).collect::<Vec<u64>>()
    };
    let each = shares(&direct(""));
    assert!(each[0].abs_diff(each[1]) <= 1, "{each:?}");
    // Two of three users are at one of them.
    let pinned = shares(&direct(", connection: (lifetime: \"1h\")"));
    let (more, less) = (pinned[0].max(pinned[1]) as f64, pinned[0].min(pinned[1]) as f64);
    assert!((more / less - 2.0).abs() < 0.15, "{pinned:?}");
}

#[test]
fn connections_that_cannot_be_are_refused_with_what_can() {
    let good = connected("1h", "");
    for (from, to, said) in [
        (
            r#", connection: (lifetime: "1h", handshake: "30ms")"#,
            "",
            "layer 4 balances connections, and all has none",
        ),
        ("layer: L4", "layer: L4, policy: Sticky(of: RoundRobin)", "layer 4 sees addresses"),
        ("layer: L4", "layer: L4, instances: 2", "a connection passes one balancer of layer 4"),
        ("layer: L4", "layer: L4, keep_alive: 10, handshake: \"1ms\"", "`keep_alive` is for connections"),
        ("layer: L4", "layer: L4, policy: LeastTime", "`LeastTime` goes by when a request is answered"),
        (
            "layer: L4",
            "layer: L4, policy: Subset(size: 2, of: PeakEwma())",
            "`PeakEwma` goes by when a request is answered",
        ),
        ("layer: L4", "layer: L4, max_connections: 10", "where it bounds connections and not calls"),
        ("layer: L4", "layer: L4, next: (tries: 1)", "layer 4 tries another only if a connection"),
        ("layer: L4", "layer: L4, next: (tries: 1, on: [Timeout])", "not that a call ended `Timeout`"),
        (
            "\"lb\": Balancer(to: \"web\", layer: L4)",
            "\"lb\": Proxy(to: \"in\"), \"in\": Balancer(to: \"web\", layer: L4)",
            "a Balancer of `layer: L4` behind lb",
        ),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good);
        assert!(said_of(&text).contains(said), "{to}: {}", said_of(&text));
    }
    let dns = named("60s", "");
    for (from, to, said) in [
        ("ttl: \"60s\"", "ttl: \"60s\", health: [Actve(every: \"1s\")]", "Actve"),
        ("\"left\", \"right\"", "", ""),
    ] {
        let text = dns.replace(from, to);
        assert!(said_of(&text).contains(said) && !said_of(&text).is_empty(), "{to}: {}", said_of(&text));
    }
    for (more, said) in [
        (r#"edges: { "all -> dns": (via: [Balance(Random)]) }"#, "dns chooses by its own policy"),
        (r#"edges: { "dns -> left": (via: [Balance(Random)]) }"#, "already been chosen"),
        (r#"faults: { "gone": Crash(on: "dns", at: "10s") }"#, "a fault of a Dns"),
        (
            r#"set: { "dns.policy": LeastConnections }"#,
            "a Dns sees no calls, by which `LeastConnections` goes",
        ),
        (r#"set: { "dns.health": [Outlier] }"#, "a Dns sees no answers, by which `Outlier` goes"),
        (r#"edges: { "all -> dns": (loss: 0.1) }"#, "`loss` on the way to a Dns"),
    ] {
        assert!(said_of(&named("60s", more)).contains(said), "{more}: {}", said_of(&named("60s", more)));
    }
}

#[test]
fn what_is_kept_for_all_calls_is_kept_once() {
    let text = |to: &str, edges: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "{to}", rate: "10/s", users: 3, connection: (lifetime: "1h"),
                     classes: {{ "buy": (share: 0.5), "look": (share: 0.5) }}),
                   "dns": Dns(to: ["lb"]),
                   "lb": Balancer(to: "web", layer: L4),
                   "web": Service(instances: 2, operations: {{ "buy": Delay("1ms"), "look": Delay("1ms") }})"#
            ),
            edges,
        )
    };
    let differ = |to: &str| format!(r#"edges: {{ "all -> {to}:buy": (round_trip: "2ms") }}"#);
    assert_eq!(said_of(&text("dns", "")), "");
    let said = said_of(&text("dns", &differ("dns")));
    assert!(said.contains("that differ by operation, and the name it knows"), "{said}");
    let direct = text("web", &differ("web")).replace(r#""dns": Dns(to: ["lb"]),"#, "");
    let direct = direct.replace(r#""lb": Balancer(to: "web", layer: L4),"#, "");
    assert!(said_of(&direct).contains("and its connections would be kept"), "{}", said_of(&direct));
    assert_eq!(said_of(&direct.replace(&differ("web"), "")), "");
}

#[test]
fn a_name_leads_to_no_other_name() {
    let text = shop(
        r#""all": OpenClient(to: "lb", rate: "10/s"),
           "lb": Balancer(to: ["dns", "web"]),
           "dns": Dns(to: ["web"]),
           "web": Service(does: Delay("1ms"))"#,
        "",
    );
    assert!(said_of(&text).contains("a Dns behind a Balancer"), "{}", said_of(&text));
}

#[test]
fn parts_of_the_nearest_are_the_nearest_too() {
    let text = |policy: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "100/s"),
                   "lb": Balancer(to: ["near", "far"], policy: {policy}),
                   "near": Service(instances: 2, concurrency: Unlimited, does: Delay("1ms")),
                   "far": Service(instances: 2, concurrency: Unlimited, does: Delay("1ms"))"#
            ),
            r#"edges: { "lb -> near": (round_trip: "1ms"), "lb -> far": (round_trip: "5ms") }"#,
        )
    };
    for policy in ["Nearest", "Subset(size: 3, of: Nearest)", "ZoneAware(of: Nearest)"] {
        let (plan, sim) = run(&text(policy), 10);
        assert_eq!(calls(&plan, &sim, "far"), 0, "{policy}");
    }
}

#[test]
fn who_is_told_when_comes_back_then() {
    let text = |reacts: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "web", rate: "2/s", arrivals: Constant, users: 1{reacts}),
                   "web": Service(concurrency: Unlimited, does: Delay("1ms"),
                       via: [RateLimit(limit: FixedWindow(limit: 2, window: "10s"), per: All)])"#
            ),
            "",
        )
    };
    // Two of twenty in each ten seconds.
    let (plan, sim) = run(&text(""), 100);
    let all = part(&plan, "all")[0];
    let (ok, limited) = ("ended:default:ok", "ended:default:limited");
    assert_eq!((sim.count(all, ok), sim.count(all, limited)), (Some(20), Some(179)));
    // Those who come back are never told off for good; the line of them grows.
    let (plan, sim) = run(&text(", reacts: RetryAfter"), 100);
    let all = part(&plan, "all")[0];
    assert_eq!((sim.count(all, ok), sim.count(all, limited)), (Some(20), Some(0)));
    let back = plan.middles.iter().find(|middle| middle.kind == "RetryAfter").expect("it is reported");
    let retries = sim.count(back.instances[0], "retries").expect("counted");
    // At border k come 18 k - 1 again (the first window has one arrival less): two of them and of the new ones get in.
    // Ten borders, the last at the end of the run.
    assert_eq!(retries, (1..=10).map(|k| 18 * k - 1).sum::<u64>());
}

#[test]
fn kept_connections_spare_handshakes() {
    let text = |kept: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "1000/s"),
                   "lb": Balancer(to: "web", {kept}handshake: "2ms"),
                   "web": Service(instances: 4, concurrency: Unlimited, does: Delay(Exponential("10ms")))"#
            ),
            "",
        )
    };
    let handshakes = |kept: &str| {
        let (plan, sim) = run(&text(kept), 100);
        let each = chosen(&plan, &sim, "lb", "handshakes") as f64 / calls(&plan, &sim, "lb") as f64;
        (each, mean_latency(&plan, &sim, "all", "default"))
    };
    // Without any, each call makes one.
    let (each, latency) = handshakes("");
    assert!(each == 1.0 && (latency - 12.0).abs() < 4.0 * 10.0 / 100_000_f64.sqrt(), "{each} {latency}");
    // Ten calls are under way in the mean; 32 idle ones are nearly always enough.
    let (some, latency) = handshakes("keep_alive: 32, ");
    assert!(some < 0.05 && latency < 10.0 + 2.0 * some + 0.15, "{some} {latency}");
    // Two are not.
    let (few, _) = handshakes("keep_alive: 2, ");
    assert!(few > 0.3 && few < 1.0, "{few}");
}

#[test]
fn checks_of_health_pass_where_calls_are_told_apart() {
    let parts = |lb: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "100/s", arrivals: Constant, classes: {{ "a": (share: 1.0) }}),
                   "lb": {lb},
                   "gate": Gateway(instances: 2, routes: {{ "default": "web" }}, overhead: "1ms"),
                   "proxy": Proxy(to: "web:b"),
                   "web": Service(instances: 2, concurrency: Unlimited, does: Delay("1ms"), operations: {{ "b": Delay("2ms") }},
                       via: [RateLimit(limit: TokenBucket(rate: "1000/s", burst: 1000), per: User)])"#
            ),
            "",
        )
    };
    for lb in [
        r#"Balancer(to: "web", health: [Active("1s")])"#,
        r#"Balancer(to: "web:b", health: [Active("1s")])"#,
        r#"Balancer(to: "gate", health: [Active("1s")])"#,
        r#"Balancer(to: "proxy", health: [Active("1s")])"#,
        r#"Dns(to: ["gate"], health: [Active("1s")], ttl: "1s")"#,
        r#"Dns(to: ["web:b"], health: [Active("1s")], ttl: "1s")"#,
        r#"Balancer(to: "web", preset: "haproxy")"#,
    ] {
        let (plan, sim) = run(&parts(lb), 30);
        let books = sim.books(part(&plan, "lb")[0]);
        assert!(books.answered(Status::Ok) >= 2_990, "{lb}: {:?}", books.answers);
    }
}

#[test]
fn a_check_of_health_counts_as_nobodys_call() {
    // The one user takes all his limit allows; checks of one a second are below theirs.
    let text = shop(
        r#""all": OpenClient(to: "lb", rate: "100/s", users: 1),
           "lb": Balancer(to: "web", health: [Active(every: "1s", fall: 1)]),
           "web": Service(concurrency: Unlimited, does: Delay("1ms"), via: [RateLimit(limit: TokenBucket(rate: "20/s", burst: 1), per: User)])"#,
        "",
    );
    let (plan, sim) = run(&text, 100);
    assert_eq!(sim.books(part(&plan, "lb")[0]).answered(Status::Unavailable), 0);
}

#[test]
fn a_name_nobody_asks_for_is_said_where_it_stands() {
    let text = shop(
        r#""all": OpenClient(to: "web", rate: "10/s"), "dns": Dns(to: ["web"]), "web": Service(does: Delay("1ms"))"#,
        "",
    );
    assert!(said_of(&text).contains("nobody asks for the names of \"dns\""), "{}", said_of(&text));
}

#[test]
fn after_a_crash_kept_connections_are_made_anew() {
    let text = |fault: &str| {
        shop(
            r#""all": OpenClient(to: "lb", rate: "1000/s", arrivals: Constant),
               "lb": Balancer(to: "web", keep_alive: 50, handshake: "1ms"),
               "web": Service(concurrency: Unlimited, does: Delay("20ms"))"#,
            fault,
        )
    };
    let handshakes = |fault: &str| {
        let (plan, sim) = run(&text(fault), 10);
        chosen(&plan, &sim, "lb", "handshakes")
    };
    // 1000/s for 21 ms; while it is down everybody needs one of his own, and then those 21 are made again.
    let at_the_start = handshakes("");
    assert!((21..=23).contains(&at_the_start), "{at_the_start}");
    let all = handshakes(r#"faults: { "one": Crash(on: "web", at: "5s", lasts: "1s") }"#);
    assert!((1_000 + 2 * 20..=1_000 + 2 * 24).contains(&all), "{all}");
}
