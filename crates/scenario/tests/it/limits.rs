//! Rate limits of scenario files: each figure is one that an operator of a gateway would expect.

use std::collections::BTreeMap;

use kneepoint_scenario::plan;

use crate::{accepted, check, warnings};

/// What was counted: `web -> db RateLimit limited`, `shoppers ended:default:ok`.
pub(crate) fn counted(text: &str) -> BTreeMap<String, u64> {
    let plan = plan(&accepted(text)).unwrap_or_else(|faults| panic!("{faults}"));
    let mut sim = (plan.build)(1, 0);
    sim.run_until(plan.end()).expect("no ceiling is met");
    let mut all = BTreeMap::new();
    let middles = plan.middles.iter().map(|one| (format!("{} {}", one.at, one.kind), &one.instances));
    for (name, instances) in middles.chain(plan.parts.iter().map(|part| (part.name.clone(), &part.instances)))
    {
        for (series, count) in instances.iter().flat_map(|id| sim.counts(*id)) {
            *all.entry(format!("{name} {series}")).or_default() += count;
        }
    }
    all
}

pub(crate) fn scenario(seconds: u64, parts: &str, more: &str) -> String {
    format!(
        "(format: 1, title: \"T\", run: (duration: \"{seconds}s\", warm_up: \"0s\", replications: 1), parts: {{ {parts} }}, {more})"
    )
}

/// A client that asks evenly, a limit at the door of what it asks.
fn limited(seconds: u64, client: &str, limit: &str) -> BTreeMap<String, u64> {
    let parts = format!(
        r#""c": OpenClient(to: "api", arrivals: Constant, {client}), "api": Service(concurrency: Unlimited, does: Delay("1ms"), via: [RateLimit({limit})])"#
    );
    counted(&scenario(seconds, &parts, ""))
}

fn admitted(counts: &BTreeMap<String, u64>) -> u64 {
    counts["api RateLimit admitted"]
}

#[track_caller]
pub(crate) fn about(seen: u64, from: u64, to: u64) {
    assert!((from..=to).contains(&seen), "{seen} is not from {from} to {to}");
}

#[test]
fn a_fixed_window_passes_twice_its_limit_where_two_windows_meet() {
    let burst = r#"rate: Steps({ "0s": "0.001/s", "59s": "100/s", "61s": "0.001/s" })"#;
    about(admitted(&limited(70, burst, r#"FixedWindow(limit: 100, window: "60s")"#)), 198, 202);
    about(admitted(&limited(70, burst, r#"SlidingLog(limit: 100, window: "60s")"#)), 100, 100);
    about(admitted(&limited(70, burst, r#"SlidingCounter(limit: 100, window: "60s")"#)), 100, 101);
}

#[test]
fn a_stick_table_shuts_out_who_keeps_knocking_until_there_are_too_many_of_them() {
    let limit = r#"limit: SlidingCounter(limit: 100, window: "10s", counts: All), per: Ip"#;
    let counts = limited(60, r#"rate: "20/s""#, limit);
    assert_eq!(admitted(&counts), 100);
    about(counts["api RateLimit limited"], 1_098, 1_100);
    // A thousand addresses, each of them far above its limit.
    let crowd = r#"rate: "20000/s", users: 1000"#;
    let room = limited(20, crowd, &format!("{limit}, keys: 1000"));
    about(admitted(&room), 100_000, 100_000);
    let overflow = limited(20, crowd, &format!("{limit}, keys: 500"));
    about(admitted(&overflow), 110_000, 400_000);
    assert!(overflow["api RateLimit forgotten"] > 0 && room["api RateLimit forgotten"] == 0);
}

#[test]
fn a_leaky_bucket_takes_its_burst_and_then_goes_at_its_rate() {
    let limit = r#"LeakyBucket(rate: "100/s", burst: 200, delay: 200)"#;
    let first = admitted(&limited(1, r#"rate: Steps({ "0s": "400/s", "0.67s": "0.001/s" })"#, limit));
    about(first, 264, 268);
    let ten = admitted(&limited(10, r#"rate: "400/s""#, limit));
    about(ten, 1_190, 1_202);
    // Held up, the same pass.
    let held = limited(10, r#"rate: "400/s""#, r#"LeakyBucket(rate: "100/s", burst: 200)"#);
    assert_eq!(admitted(&held), ten);
    about(held["api RateLimit delayed"], ten - 2, ten - 1);
}

#[test]
fn a_token_bucket_gives_a_hundred_and_then_a_hundred_a_minute() {
    let counts = limited(60, r#"rate: "20/s""#, r#"TokenBucket(rate: "100/min", burst: 100)"#);
    about(admitted(&counts), 198, 200);
    let hour = admitted(&limited(3_600, r#"rate: "20/s""#, r#"TokenBucket(rate: "100/min", burst: 100)"#));
    about(hour, 6_095, 6_100);
    let same = admitted(&limited(3_600, r#"rate: "20/s""#, r#"Gcra(rate: "100/min", burst: 99)"#));
    about(same, 6_095, 6_100);
}

#[test]
fn a_limit_for_all_bounds_all_together() {
    let counts = limited(120, r#"rate: "1000/s", users: 5000"#, r#"SlidingLog(limit: 10000, window: "60s")"#);
    assert_eq!(admitted(&counts), 20_000);
}

#[test]
fn two_users_behind_one_address_share_its_limit() {
    let limit = |per| format!(r#"limit: FixedWindow(limit: 100, window: "60s"), per: {per}"#);
    let client = r#"rate: "10/s", users: 2, addresses: 1"#;
    assert_eq!(admitted(&limited(59, client, &limit("User"))), 200);
    assert_eq!(admitted(&limited(59, client, &limit("Ip"))), 100);
    assert_eq!(admitted(&limited(59, r#"rate: "10/s", users: 2"#, &limit("Ip"))), 200);
    assert_eq!(admitted(&limited(59, client, &limit("All"))), 100);
}

#[test]
fn each_tier_gets_its_own_rate() {
    let classes = r#"rate: "30/s", classes: { "basic": (share: "20%"), "pro": (share: "50%"), "free": (share: "30%") }"#;
    let limit = r#"limit: FixedWindow(limit: 10, window: "1h"), per: Class, tiers: { "basic": "1000/h", "pro": "10000/h" }"#;
    let counts = limited(3_600, classes, limit);
    assert_eq!(counts["c ended:basic:ok"], 1_000);
    assert_eq!(counts["c ended:pro:ok"], 10_000);
    assert_eq!(counts["c ended:free:ok"], 10);
    let asked = counts["c requests:basic"];
    about(counts["c ended:basic:limited"], asked - 1_002, asked - 1_000);
    // Who asks for less than the tier gives gets all.
    let little = limited(3_600, &classes.replace("30/s", "0.05/s"), limit);
    assert_eq!(little["c ended:pro:limited"], 0);
}

/// Five gateways before one backend, with one limit of 100.
fn gateways(state: &str, more: &str) -> String {
    let parts = r#""c": OpenClient(to: "gate", rate: "200/s"),
        "gate": Service(instances: 5, concurrency: Unlimited, does: Call("back")),
        "back": Service(concurrency: Unlimited, does: Delay("5ms")), "store": Service(concurrency: Unlimited, does: Delay("2ms"))"#;
    let edges = format!(
        r#"edges: {{ "gate -> back": (via: [RateLimit(limit: FixedWindow(limit: 100, window: "1h"), {state})]), "gate -> store": (round_trip: "1ms") }}, {more}"#
    );
    scenario(10, parts, &edges)
}

#[test]
fn local_counts_admit_at_each_gateway_what_shared_ones_admit_once() {
    let local =
        counted(&gateways("state: Local", "").replace(r#", "gate -> store": (round_trip: "1ms")"#, ""));
    assert_eq!(local["gate -> back RateLimit admitted"], 500);
    let text = gateways(r#"state: Shared("store")"#, "");
    let shared = counted(&text);
    assert_eq!(shared["gate -> back RateLimit admitted"], 100);
    assert!(warnings(&text).iter().all(|warning| !warning.contains("no client reaches")));
    let plan = plan(&accepted(&text)).unwrap();
    let mut sim = (plan.build)(1, 0);
    sim.run_until(plan.end()).unwrap();
    let client = plan.part("c").unwrap().instances[0];
    let latency = sim.samples(client, "latency:default").unwrap();
    // The store's work and the wire to it, then the backend's work.
    assert_eq!(latency.sum() as u64, latency.count() * 8_000_000);
}

#[test]
fn a_store_that_is_down_opens_or_closes_the_gate() {
    let outage = r#"faults: { "outage": Crash(on: "store", at: "2s", lasts: "5s") }"#;
    let wide = |state: &str| gateways(state, outage).replace("limit: 100", "limit: 1000000");
    let open = counted(&wide(r#"state: Shared("store"), on_store_error: Admit"#));
    assert_eq!(open["gate -> back RateLimit limited"], 0);
    about(open["gate -> back RateLimit store_errors"], 900, 1_100);
    let closed = counted(&wide(r#"state: Shared("store"), on_store_error: Refuse"#));
    assert_eq!(closed["gate -> back RateLimit limited"], closed["gate -> back RateLimit store_errors"]);
    about(closed["c ended:default:limited"], 900, 1_100);
}

#[test]
fn a_limit_per_address_stops_one_attacker_and_not_ten_thousand() {
    let parts = |attacker: &str, limits: &str| {
        format!(
            r#""honest": OpenClient(to: "api", rate: "50/s", users: 100),
            "attacker": OpenClient(to: "api", {attacker}),
            "api": Service(concurrency: Unlimited, does: Delay("1ms"), via: [{limits}])"#
        )
    };
    let per_address = r#"RateLimit(limit: SlidingLog(limit: 100, window: "60s"), per: Ip)"#;
    let one = counted(&scenario(300, &parts(r#"rate: "1000/s""#, per_address), ""));
    assert_eq!(one["attacker ended:default:ok"], 500, "a hundred a minute");
    let many = r#"rate: "15000/s", arrivals: Constant, users: 10000"#;
    let crowd = counted(&scenario(60, &parts(many, per_address), ""));
    let (passed, asked) = (crowd["attacker ended:default:ok"], crowd["attacker requests:default"]);
    assert!(
        passed as f64 > 0.97 * asked as f64,
        "90 a minute each, some by chance more: {passed} of {asked}"
    );
    let both = format!(r#"{per_address}, RateLimit(SlidingLog(limit: 10000, window: "60s"))"#);
    let bounded = counted(&scenario(60, &parts(many, &both), ""));
    assert_eq!(bounded["honest ended:default:ok"] + bounded["attacker ended:default:ok"], 10_000);
    // The limit for all does not know who is honest.
    assert!(bounded["honest ended:default:limited"] > 9 * bounded["honest ended:default:ok"]);
}

#[test]
fn what_makes_no_limit_is_said_with_what_would() {
    let said = |limit: &str| {
        let parts = format!(
            r#""c": OpenClient(to: "api", rate: "1/s"), "store": Delay("1ms"), "api": Service(does: Delay("1ms"), via: [RateLimit({limit})])"#
        );
        match check(&scenario(10, &parts, "")) {
            Err(faults) => faults.to_string(),
            Ok(checked) => plan(&checked).err().map_or(String::new(), |faults| faults.to_string()),
        }
    };
    let cases = [
        (r#"FixedWindow(limit: 0, window: "1s")"#, "limit"),
        (r#"FixedWindow(limit: 5, window: "0s")"#, "window"),
        (r#"SlidingLog(limit: 5000000, window: "1s")"#, "limit"),
        (r#"SlidingCounter(limit: 5, window: "0.5ms")"#, "window"),
        (r#"TokenBucket(rate: "0/s", burst: 1)"#, "rate"),
        (r#"TokenBucket(rate: "5", burst: 1)"#, "rate"),
        (r#"TokenBucket(rate: "5/s", burst: 0)"#, "burst"),
        (r#"LeakyBucket(rate: "1/h")"#, "3.6/h"),
        (r#"limit: Gcra(rate: "1/s", burst: 0), per: Usr"#, "User"),
        (r#"limit: Gcra(rate: "1/s", burst: 0), keys: 0"#, "keys"),
        (r#"limit: Gcra(rate: "1/s", burst: 0), tiers: { "defalt": "1/s" }"#, "did you mean \"default\"?"),
        (
            r#"limit: FixedWindow(limit: 5, window: "1s"), tiers: { "default": "1/h" }"#,
            "not one call in a window",
        ),
        (r#"limit: Gcra(rate: "1/s", burst: 0), tiers: { "default": "0/s" }"#, "above 0"),
        (r#"limit: Gcra(rate: "1/s", burst: 0), state: Shared("stoer")"#, "nothing is named \"stoer\""),
        (r#"limit: Gcra(rate: "1/s", burst: 0), state: Shared("c")"#, "is a client"),
        (r#"limit: Gcra(rate: "1/s", burst: 0), state: Shard("store")"#, "Shared"),
    ];
    for (limit, expected) in cases {
        let said = said(limit);
        assert!(said.contains(expected), "{limit}\n{said}");
    }
}

#[test]
fn a_limit_that_stands_before_its_own_store_is_refused() {
    let parts = r#""c": OpenClient(to: "api", rate: "1/s"), "api": Service(does: Call("back")), "back": Delay("1ms"), "store": Delay("1ms")"#;
    for (kind, fields) in
        [("RateLimit", r#"limit: Gcra(rate: "1/s", burst: 0)"#), ("Breaker", r#"trip: Count(5), open: "1s""#)]
    {
        let via = format!(r#"edges: {{ "* -> *": (via: [{kind}({fields}, state: Shared("store"))]) }}"#);
        let text = scenario(10, parts, &via);
        let faults = plan(&accepted(&text)).err().expect("it can never be asked").to_string();
        assert!(faults.contains(&format!("this {kind} would have to be asked first")), "{faults}");
    }
}

#[test]
fn a_rate_in_milliseconds_beside_a_burst_in_seconds_is_doubted() {
    let doubts = |limit: &str| {
        let parts = format!(
            r#""c": OpenClient(to: "api", rate: "1/s"), "api": Service(queue: 5, does: Delay("1ms"), via: [RateLimit({limit})])"#
        );
        warnings(&scenario(10, &parts, ""))
    };
    // 100 a minute, refilled per millisecond instead of per second.
    let said = doubts(r#"TokenBucket(rate: "1666.6667/s", burst: 100)"#);
    assert!(said.iter().any(|warning| warning.contains("full again after 60ms")), "{said:?}");
    for sound in [
        r#"TokenBucket(rate: "100/min", burst: 100)"#,
        r#"TokenBucket(rate: "100/s", burst: 200)"#,
        r#"Gcra(rate: "5/s", burst: 0)"#,
    ] {
        assert!(doubts(sound).is_empty(), "{sound}: {:?}", doubts(sound));
    }
}
