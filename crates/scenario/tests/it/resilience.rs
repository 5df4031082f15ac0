//! Middle parts that deal with failure: what is said of them, whom they call, what comes of them.

use kneepoint_calls::{ComponentId, Simulation, Status};
use kneepoint_engine::SimTime;
use kneepoint_scenario::plan::Plan;
use kneepoint_scenario::{Checked, plan};

use crate::limits::{counted, scenario};
use crate::{accepted, errors, shop, warnings};

const PARTS: &str = r#""users": OpenClient(to: "web", rate: "100/s", arrivals: Constant),
    "web": Service(concurrency: Unlimited, does: Call("db")),
    "db": Service(concurrency: Unlimited, does: [Delay("10ms"), Fail("FAIL")]),
    "old": Service(concurrency: Unlimited, operations: { "read": Delay("2ms") })"#;

fn with_via(fail: &str, via: &str) -> String {
    shop(&PARTS.replace("FAIL", fail), &format!("edges: {{ \"web -> db\": (via: {via}) }}"))
}

fn calls(checked: &Checked) -> Vec<String> {
    let topology = checked.topology();
    let end = |part: usize, operation: &Option<std::sync::Arc<str>>| {
        format!("{}:{}", topology.parts[part].name, operation.as_deref().unwrap_or("*"))
    };
    let mut calls: Vec<String> = topology
        .calls
        .iter()
        .map(|call| {
            let (caller, callee) =
                (end(call.caller, &call.operation), end(call.callee, &call.callee_operation));
            format!("{caller} -> {callee}")
        })
        .collect();
    calls.sort();
    calls
}

/// Runs a scenario's first replication for ten simulated seconds.
fn run(text: &str) -> (Plan, Simulation) {
    let plan = plan(&accepted(text)).unwrap_or_else(|faults| panic!("{faults}"));
    let mut sim = (plan.build)(1, 0);
    sim.run_until(SimTime::from_secs(10)).expect("within its limits");
    (plan, sim)
}

fn middle(plan: &Plan, kind: &str) -> ComponentId {
    plan.middles.iter().find(|middle| middle.kind == kind).expect("it stands there").instances[0]
}

fn part(plan: &Plan, name: &str) -> ComponentId {
    plan.parts.iter().find(|part| part.name == name).expect("it is there").instances[0]
}

#[test]
fn what_a_fallback_asks_is_called_by_the_caller_of_its_edge() {
    let text = with_via("0%", r#"[Fallback(to: "old:read")]"#);
    let expected = ["users:default -> web:default", "web:default -> db:default", "web:default -> old:read"];
    assert_eq!(calls(&accepted(&text)), expected);
    // Not by others, and not where another edge is taken.
    let text = text.replace("\"web -> db\"", "\"web -> db\": (via: []), \"* -> db\"");
    assert_eq!(calls(&accepted(&text)), expected[..2]);
    // A part that cannot be called, or an operation that is not there, is said at the fallback.
    let wrong = |to: &str| errors(&with_via("0%", &format!("[Fallback(to: \"{to}\")]")));
    assert_eq!(wrong("odl"), ["8:44 nothing is named \"odl\""]);
    assert_eq!(wrong("old:write"), ["8:48 \"old\" has no operation \"write\""]);
    assert_eq!(wrong("users"), ["8:44 \"users\" is a client: it calls, and nobody calls it"]);
}

#[test]
fn a_fallback_may_lead_back_because_it_may_be_left_out() {
    let text = with_via("0%", r#"[Fallback(to: "web")]"#);
    assert_eq!(calls(&accepted(&text)).len(), 3);
}

#[test]
fn a_fallback_asks_the_other_part_and_its_operation() {
    let (plan, sim) = run(&with_via("100%", r#"[Fallback(to: "old:read", status: Stale, takes: "1ms")]"#));
    let users = part(&plan, "users");
    assert_eq!(
        sim.outcomes(users).ended[Status::Stale as usize],
        sim.books(part(&plan, "old")).answered(Status::Ok)
    );
    assert_eq!(sim.outcomes(users).ended[Status::Failed as usize], 0);
    assert!(sim.count(middle(&plan, "Fallback"), "fallbacks").unwrap() > 900);
}

#[test]
fn a_fallback_at_a_door_meets_the_door_of_the_other() {
    let text = shop(
        r#""users": OpenClient(to: "db", rate: "100/s", arrivals: Constant),
        "db": Service(concurrency: Unlimited, does: Fail("100%"), via: [Fallback(to: "old")]),
        "old": Service(concurrency: Unlimited, does: Compute("1ms"), via: [Overhead("5ms")])"#,
        "",
    );
    let (plan, sim) = run(&text);
    assert_eq!(sim.books(middle(&plan, "Overhead")).calls, sim.books(part(&plan, "old")).calls + 1);
}

#[test]
fn a_budget_bounds_what_retries_add() {
    let (plan, sim) = run(&with_via("100%", r#"[Retry(retries: 3, budget: Ratio("10%"))]"#));
    let first = sim.books(middle(&plan, "Retry")).calls as f64;
    let all = sim.books(part(&plan, "db")).calls as f64;
    assert!((all / first - 1.1).abs() < 0.02, "{}", all / first);
}

#[test]
fn a_breaker_refuses_what_would_fail() {
    let via = r#"[Breaker(trip: Rate(failures: "50%", window: "1s", at_least: 10), open: "1s")]"#;
    let (plan, sim) = run(&with_via("100%", via));
    let breaker = middle(&plan, "Breaker");
    // Ten to open it, then a probe a second.
    assert_eq!(sim.count(breaker, "opened"), Some(10));
    assert_eq!(sim.books(part(&plan, "db")).calls, 10 + 9 + sim.count(breaker, "probes").unwrap() - 9);
    assert!(sim.outcomes(part(&plan, "users")).ended[Status::Refused as usize] > 950);
}

#[test]
fn presets_of_products_are_breakers() {
    for (name, fail, opens) in [("hystrix", "60%", true), ("hystrix", "20%", false), ("opossum", "60%", true)]
    {
        let (plan, sim) = run(&with_via(fail, &format!("[Breaker(preset: \"{name}\")]")));
        assert_eq!(sim.count(middle(&plan, "Breaker"), "opened").unwrap() > 0, opens, "{name}");
    }
    for name in ["resilience4j", "envoy"] {
        let (plan, _) = run(&with_via("0%", &format!("[Breaker(preset: \"{name}\")]")));
        assert_eq!(plan.middles.len(), 1);
    }
}

#[test]
fn a_deadline_holds_tries_together() {
    let (plan, sim) =
        run(&with_via("100%", r#"[Deadline("35ms"), Retry(retries: 9, backoff: Fixed("5ms"))]"#));
    let users = sim.outcomes(part(&plan, "users"));
    assert_eq!(users.ended[Status::Timeout as usize], users.ended.iter().sum::<u64>());
    assert!(sim.books(middle(&plan, "Deadline")).answered(Status::Timeout) > 900);
}

#[test]
fn impossible_middle_parts_are_refused_with_what_is_allowed() {
    for (via, said) in [
        ("Retry(0)", "at least 1 retry"),
        ("Retry(retries: 1, jitter: Full)", "`Full` spreads a wait, and there is none"),
        (
            "Retry(retries: 1, backoff: Fixed(\"1s\"), jitter: Decorrelated)",
            "`Decorrelated` goes from the base to the cap of Exponential, not of Fixed",
        ),
        ("Retry(retries: 1, backoff: Exponential(base: \"1s\", factor: 0.5))", "a factor must be at least 1"),
        (
            "Retry(retries: 1, backoff: Exponential(base: \"1s\", cap: \"1ms\"))",
            "cap (1ms) is below base (1s)",
        ),
        ("Retry(retries: 1, backoff: Linear(\"30s\"))", "cap (20s) is below base (30s)"),
        ("Retry(retries: 1, budget: Ratio(1.5))", "a share lies between 0 and 1"),
        ("Retry(retries: 1, on: [])", "nothing is tried again: `on` is empty"),
        ("Breaker(trip: Count(0), open: \"1s\")", "at least 1 failure"),
        ("Breaker(trip: Count(1), open: \"0s\")", "`open` must be above 0s"),
        (
            "Retry(retries: 1, backoff: Drawn(\"1s\"), jitter: Full)",
            "a wait that is drawn has its chance already: no `Full`",
        ),
        ("Breaker(trip: Count(1), open: Drawn(\"1s\"))", "a breaker does not draw how long it stays open"),
        ("Breaker(trip: [], open: \"1s\")", "a breaker that nothing opens: `trip` is empty"),
        ("Breaker(trip: Count(1), open: \"1s\", probes: 0)", "at least 1 probe"),
        (
            "Breaker(trip: Rate(failures: 0.5, window: \"0s\", at_least: 1), open: \"1s\")",
            "a window must be above 0s",
        ),
        (
            "Breaker(trip: Rate(failures: 0.5, window: 0, at_least: 1), open: \"1s\")",
            "a count must be above 0",
        ),
        (
            "Breaker(trip: Rate(failures: 0.5, window: 10, at_least: 20), open: \"1s\")",
            "a window of 10 calls never holds 20",
        ),
        (
            "Breaker(trip: Rate(failures: 0.5, window: 10, at_least: 5, of: Asked), open: \"1s\")",
            "a window of calls counts answers: `Asked` needs a window of time",
        ),
        (
            "Breaker(trip: Count(1), open: \"1s\", on: [Stale])",
            "`Stale` is a good answer: it opens no breaker",
        ),
        ("Fallback(status: Failed)", "a fallback gives something: it does not answer `Failed`"),
        ("Hedge(after: Quantile(1))", "a Quantile lies between 0 and 1, both excluded"),
        ("Hedge(after: Quantile(0))", "a Quantile lies between 0 and 1, both excluded"),
        ("Hedge(after: \"1s\", max: 0)", "at least 1 max"),
        ("Deadline(\"0s\")", "an after must be above 0s"),
    ] {
        let found = errors(&with_via("0%", &format!("[{via}]")));
        assert!(found.len() == 1 && found[0].ends_with(said), "{via}: {found:?}");
    }
}

/// Four instances that ask one part ten times a second all together, through a breaker that opens for a second after four
/// failures; the store takes 2 ms and is half a millisecond away, the part takes 5 ms.
fn breakers(state: &str, via: (&str, &str), faults: &str) -> std::collections::BTreeMap<String, u64> {
    let wire = if state.contains("Shared") { r#", "gate -> store": (round_trip: "1ms")"# } else { "" };
    counted(&scenario(
        10,
        r#""c": OpenClient(to: "gate", rate: "10/s", arrivals: Constant),
           "gate": Service(instances: 4, concurrency: Unlimited, does: Call("back")),
           "back": Service(concurrency: Unlimited, does: Delay("5ms")),
           "store": Service(concurrency: Unlimited, does: Delay("2ms"))"#,
        &format!(
            r#"edges: {{ "gate -> back": (via: [{}Breaker(trip: Count(failures: 4), open: "1s", {state}){}]){wire} }},
               faults: {{ {faults} }}"#,
            via.0, via.1
        ),
    ))
}

const GONE: &str = r#""gone": Crash(on: "back", at: "1s", lasts: "1500ms")"#;

#[test]
fn breakers_that_share_their_state_open_and_close_as_one() {
    let of = |counts: &std::collections::BTreeMap<String, u64>, name: &str| {
        counts.get(&format!("gate -> back Breaker {name}")).copied().unwrap_or(0)
    };
    let shared = breakers(r#"state: Shared("store")"#, ("", ""), GONE);
    // Down from 1.0 to 2.5: four fail until it opens, one as a probe a second later, and one is a good one.
    assert_eq!((of(&shared, "opened"), of(&shared, "probes"), of(&shared, "store_errors")), (2, 2, 0));
    assert_eq!(shared["c ended:default:unavailable"], 5);
    let local = breakers("", ("", ""), GONE);
    // Each of four instances, to which each fourth call comes, fails four times by itself: 16, of which 15 fall in the time.
    assert!(local["c ended:default:unavailable"] >= 15, "{local:?}");
    let refused = shared["c ended:default:refused"];
    assert_eq!(refused, of(&shared, "refused"));
    assert!((17..=20).contains(&refused), "two seconds of ten each: {refused}");
}

#[test]
fn a_shared_breaker_asks_its_store_before_and_after_each_call() {
    let text = |state: &str| {
        scenario(
            10,
            r#""c": OpenClient(to: "gate", rate: "10/s", arrivals: Constant),
               "gate": Service(concurrency: Unlimited, does: Call("back")),
               "back": Service(concurrency: Unlimited, does: Delay("5ms")),
               "store": Service(concurrency: Unlimited, does: Delay("2ms"))"#,
            &format!(
                r#"edges: {{ "gate -> back": (via: [Breaker(trip: Count(failures: 4), open: "1s", state: {state})]), "gate -> store": (round_trip: "1ms") }}"#
            ),
        )
    };
    let (plan, sim) = run(&text(r#"Shared("store")"#));
    let latency = sim.samples(part(&plan, "c"), "latency:default").expect("it was answered");
    assert_eq!(latency.sum() as u64, latency.count() * 11_000_000, "3 to read, 5 of work, 3 to write");
    assert_eq!(sim.books(part(&plan, "store")).calls, 2 * latency.count());
}

#[test]
fn without_its_store_a_shared_breaker_lets_everything_pass() {
    let all = format!(r#"{GONE}, "dark": Crash(on: "store", at: "900ms")"#);
    let dark = breakers(r#"state: Shared("store")"#, ("", ""), &all);
    // 15 calls fall in the time of the crash, and none is held back; each asks the store once, in vain.
    assert!((14..=16).contains(&dark["c ended:default:unavailable"]), "{dark:?}");
    assert_eq!(dark["gate -> back Breaker opened"], 0);
    let asked = dark["c requests:default"];
    assert!((asked - 10..=asked - 8).contains(&dark["gate -> back Breaker store_errors"]), "{dark:?}");
}

#[test]
fn a_probe_that_is_cancelled_leaves_its_place_to_another() {
    let hangs = r#""gone": Crash(on: "back", at: "1s", lasts: "1s"), "hangs": Hang(on: "back", at: "2050ms", lasts: "2s")"#;
    let seen =
        breakers(r#"state: Shared("store")"#, (r#"Timeout(after: "50ms", cancel: true), "#, ""), hangs);
    // Open from 1.3, 2.3 at the latest half open: from then to 4.05 each call is a probe that is cancelled after 50 ms, and
    // the first after it closes the breaker.
    let probes = seen["gate -> back Breaker probes"];
    assert!((16..=19).contains(&probes), "{probes}: {seen:?}");
    assert!(seen["c ended:default:ok"] > 65, "{seen:?}");
}

#[test]
fn middle_parts_that_make_things_worse_are_doubted() {
    let text = |edges: &str| {
        shop(
            r#""users": OpenClient(to: "web", rate: "1/s"), "web": Service(concurrency: Unlimited, does: Call("db")),
            "db": Service(concurrency: Unlimited, does: Compute("1ms"))"#,
            &format!("edges: {{ {edges} }}"),
        )
    };
    let multiply = "retries on 2 layers multiply: one request may become 12 calls to db";
    let at_once = "retries at once and without a budget: under overload they multiply it";
    let spread = |retries: u32| format!("Retry(retries: {retries}, backoff: Fixed(\"1s\"))");
    for (edges, expected) in [
        (
            format!("\"users -> web\": (via: [{}]), \"web -> db\": (via: [{}])", spread(3), spread(2)),
            vec![multiply],
        ),
        (
            format!(
                "\"users -> web\": (via: [{}]), \"web -> db\": (via: [Retry(retries: 2, budget: Ratio(0.1))])",
                spread(3)
            ),
            vec![],
        ),
        ("\"web -> db\": (via: [Retry(2)])".to_string(), vec![at_once]),
        (
            "\"users -> web\": (via: [Timeout(\"1s\")]), \"web -> db\": (via: [Timeout(\"2s\")])".to_string(),
            vec!["this waits up to 2s for a caller that gives up after 1s"],
        ),
        (
            "\"users -> web\": (via: [Timeout(\"2s\")]), \"web -> db\": (via: [Timeout(\"1s\")])".to_string(),
            vec![],
        ),
        (
            "\"web -> db\": (via: [Hedge(after: \"1s\", cancel: false)])".to_string(),
            vec!["the copies that lose are worked on to their end: each hedge is extra load"],
        ),
    ] {
        let said: Vec<String> = warnings(&text(&edges));
        let said: Vec<&str> =
            said.iter().map(|line| line.split_once(' ').map_or("", |(_, message)| message)).collect();
        assert_eq!(said, expected, "{edges}");
    }
}
