//! What keeps overload out, in scenario files.

use kneepoint_scenario::plan;

use crate::limits::{about, counted, scenario};
use crate::{accepted, check};

/// A client that asks evenly, ten servers of a tenth of a second, something on the edge between.
fn between(rate: u64, via: &str) -> String {
    let parts = format!(
        r#""c": OpenClient(to: "api", rate: "{rate}/s", arrivals: Constant),
        "api": Service(concurrency: Servers(10), queue: 100000, does: Compute("100ms"))"#
    );
    scenario(
        20,
        &parts,
        &format!(r#"keyspaces: {{ "k": Even(5) }}, edges: {{ "c -> api": (via: [{via}]) }}"#),
    )
}

#[test]
fn what_does_not_fit_inside_is_turned_away_and_the_rest_is_served() {
    for (via, status) in [
        ("Bulkhead(10)", "rejected"),
        ("ConcurrencyLimit(Fixed(10))", "rejected"),
        ("Shed(LongerThan(10))", "shed"),
        ("Shed(ByPriority(10))", "shed"),
        (r#"ConnectionPool(max: 10, wait: "0s")"#, "rejected"),
    ] {
        let counts = counted(&between(150, via));
        about(counts["c ended:default:ok"], 1_980, 2_000);
        about(counts[&format!("c ended:default:{status}")], 980, 1_020);
    }
}

#[test]
fn who_waits_in_a_queue_of_the_shed_waits_as_long_as_is_good() {
    for via in ["Shed(CoDel())", r#"Shed(AdaptiveLifo(target: "20ms"))"#] {
        let counts = counted(&between(150, via));
        about(counts["c ended:default:ok"], 1_950, 2_000);
        about(counts["c ended:default:shed"], 300, 1_050);
    }
}

#[test]
fn a_shed_that_looks_now_and_then_overshoots_both_ways() {
    let counts = counted(&between(150, r#"Shed(Busier(than: "90%", every: "1s"))"#));
    let (ok, shed) = (counts["c ended:default:ok"], counts["c ended:default:shed"]);
    assert!(ok > 1_000 && shed > 500, "{ok} and {shed}");
}

#[test]
fn an_adaptive_limit_finds_about_what_is_worked_on_at_once() {
    for (limit, most) in
        [("Vegas(max: 1000)", 40), ("Gradient(max: 1000)", 200), (r#"Aimd(max: 1000, timeout: "200ms")"#, 25)]
    {
        let text = between(150, &format!("ConcurrencyLimit({limit})"));
        let plan = plan(&accepted(&text)).unwrap();
        let mut sim = (plan.build)(1, 0);
        sim.run_until(plan.end()).unwrap();
        let id = plan.middles[0].instances[0];
        let level = sim.level(id, "limit").unwrap().value();
        assert!((8.0..=f64::from(most)).contains(&level), "{limit}: {level}");
    }
}

#[test]
fn a_throttle_on_an_edge_sends_twice_what_is_accepted() {
    let parts = r#""c": OpenClient(to: "api", rate: "300/s", arrivals: Constant),
        "api": Service(concurrency: Unlimited, does: Delay("1ms"), via: [RateLimit(TokenBucket(rate: "100/s", burst: 10))])"#;
    let text = scenario(120, parts, r#"edges: { "c -> api": (via: [Throttle(factor: 2, window: "10s")]) }"#);
    let counts = counted(&text);
    about(counts["c -> api Throttle sent"], 23_000, 25_500);
    about(counts["c ended:default:refused"], 10_500, 13_000);
}

#[test]
fn a_single_flight_asks_once_for_each_key() {
    let counts = counted(&between(1_000, r#"SingleFlight("k")"#));
    // Five keys, each asked for at most once in 100 ms.
    about(counts["c -> api SingleFlight flights"], 900, 1_000);
    about(counts["c ended:default:ok"], 19_800, 20_000);
}

#[test]
fn a_pool_of_thirty_with_a_tenth_of_a_second_caps_at_three_hundred() {
    let parts = r#""c": OpenClient(to: "db", rate: "400/s"), "db": Service(concurrency: Unlimited, does: Delay("100ms"))"#;
    let text = scenario(
        60,
        parts,
        r#"edges: { "c -> db": (via: [ConnectionPool(max: 30, wait: "1s", connect: "20ms")]) }"#,
    );
    let counts = counted(&text);
    about(counts["c ended:default:ok"], 17_900, 18_000);
    assert_eq!(counts["c -> db ConnectionPool connects"], 30);
    assert!(counts["c ended:default:rejected"] > 4_000);
}

#[test]
fn what_bounds_nothing_is_said_with_what_would() {
    let said = |via: &str| match check(&between(1, via)) {
        Err(faults) => faults.to_string(),
        Ok(checked) => plan(&checked).err().map_or(String::new(), |faults| faults.to_string()),
    };
    let cases = [
        ("Bulkhead(0)", "max"),
        ("ConcurrencyLimit(Vegas(min: 5, max: 4))", "`min` is 5, more than `max`, which is 4"),
        ("ConcurrencyLimit(Vegs(max: 4))", "Vegas"),
        ("ConnectionPool(min: 7, max: 3)", "`min` is 7, more than `max`, which is 3"),
        ("ConnectionPool(max: 70000)", "65 534"),
        (r#"Throttle(factor: 0)"#, "factor"),
        (r#"Throttle(window: "0s")"#, "window"),
        (r#"SingleFlight("kk")"#, "`keyspaces` has no \"kk\""),
        (r#"Shed(CoDel(window: "0s"))"#, "window"),
        (r#"Shed(Busier("150%"))"#, "than"),
    ];
    for (via, expected) in cases {
        let said = said(via);
        assert!(said.contains(expected), "{via}\n{said}");
    }
    let unbounded = |when: &str| {
        let parts = format!(
            r#""c": OpenClient(to: "api", rate: "1/s"), "api": Service(concurrency: Unlimited, does: Delay("1ms"), via: [Shed({when})])"#
        );
        plan(&accepted(&scenario(1, &parts, ""))).err().expect("it cannot be built").to_string()
    };
    assert!(unbounded("CoDel()").contains("works on at once is not known"));
    assert!(unbounded("Busier(0.5)").contains("has no utilisation"));
}

/// Connections that take a second to open, to a server that is down from 2.55 s on: what is under way then breaks at that instant.
#[test]
fn connections_under_way_break_with_the_instance_they_lead_to() {
    for (target, via) in [
        ("db", "[ConnectionPool(max: 50, connect: \"1s\")]"),
        ("db", "[Balance(), ConnectionPool(max: 50, connect: \"1s\")]"),
    ] {
        let instances = if via.contains("Balance") { 2 } else { 1 };
        let text = crate::shop(
            &format!(
                r#""c": OpenClient(to: "{target}", rate: "10/s", arrivals: Constant),
                   "db": Service(instances: {instances}, concurrency: Unlimited, does: Delay("20s"))"#
            ),
            &format!(
                r#"edges: {{ "c -> db": (via: {via}) }}, faults: {{ "f": Crash(on: "db", at: "2.55s", lasts: "100s") }}"#
            ),
        );
        let (plan, sim) = crate::routing::run(&text, 3);
        let pools = plan
            .middles
            .iter()
            .filter(|middle| middle.kind == "ConnectionPool")
            .flat_map(|middle| &middle.instances);
        let broken: u64 = pools.map(|id| sim.count(*id, "broken").expect("it is counted")).sum();
        // One is begun every 100 ms: ten are being opened, and fifteen are open, whose calls end with the server.
        assert_eq!(broken, 25, "{via}");
    }
}

#[test]
fn open_connections_break_with_their_server_and_are_opened_again() {
    // Five are busy or idle when the server goes, and none of the dead is used when it is back: five are opened again, and
    // who waits for these pays for it.
    for (rate, reuse) in [("20/s", "Lifo"), ("20/s", "Fifo"), ("12/s", "Fifo")] {
        let text = crate::shop(
            &format!(
                r#""c": OpenClient(to: "db", rate: "{rate}", arrivals: Constant),
                   "db": Service(concurrency: Unlimited, does: Delay("200ms"))"#
            ),
            &format!(
                r#"edges: {{ "c -> db": (via: [ConnectionPool(max: 5, min: 5, connect: "500ms", reuse: {reuse})]) }},
                   faults: {{ "f": Crash(on: "db", at: "50s", lasts: "5s") }}"#
            ),
        );
        let (plan, sim) = crate::routing::run(&text, 100);
        let pool =
            plan.middles.iter().find(|middle| middle.kind == "ConnectionPool").expect("it stands there");
        let count = |name: &str| sim.count(pool.instances[0], name).expect("it is counted");
        assert_eq!((count("broken"), count("connects")), (5, 10), "{rate} {reuse}");
    }
}
