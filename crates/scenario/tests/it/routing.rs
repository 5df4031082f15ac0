//! Points of choice: every policy from a file, and what a balancer does beyond choosing.

use kneepoint_calls::{ComponentId, Simulation, Status};
use kneepoint_engine::SimTime;
use kneepoint_scenario::plan;
use kneepoint_scenario::plan::Plan;

use crate::{accepted, errors, shop};

/// Every policy, with each of its fields.
pub const POLICIES: &[&str] = &[
    "RoundRobin",
    "Random",
    "LeastConnections",
    "LeastConnections(ties: Rotation)",
    "LeastConnections(AnyOfThem)",
    "LeastTime",
    "First",
    "JoinIdleQueue",
    "PowerOfChoices(2)",
    "PeakEwma(decay: \"5s\")",
    "WeightedRandom([3, 2, 1])",
    "WeightedLeastConnections(weights: [3, 2, 1], ties: FirstInList)",
    "WeightedRoundRobin(weights: [5, 1, 1], order: Nginx)",
    "WeightedRoundRobin(weights: [5, 1, 1], order: Haproxy)",
    "WeightedRoundRobin(weights: [5, 1, 1], order: Envoy)",
    "StaticRoundRobin([5, 1, 1])",
    "KeyHash(key: \"k\", modulo: Nginx, weights: [1, 1, 1])",
    "KeyHash(key: \"k\", modulo: Haproxy)",
    "Ketama(key: \"k\", points: 160, weights: [1, 1, 1])",
    "JumpHash(\"k\")",
    "Maglev(key: \"k\", table: 251, weights: [1, 2, 1])",
    "ConsistentHash(key: \"k\", virtual_nodes: 150, bound: 1.25, weights: [1, 1, 1])",
    "HaproxyRing(key: \"k\", bound: 1.5, weights: [1, 1, 2])",
    "HaproxyRandom(draws: 2, weights: [10, 10, 10])",
    "IpHash(weights: [1, 1, 1])",
    "Sticky(lifetime: \"5s\", of: LeastConnections, by: User)",
    "Sticky(by: Ip)",
    "Subset(size: 2, of: Random)",
    "ShuffleShard(size: 2, key: \"k\")",
    "ShuffleShard(size: 2)",
    "ZoneAware(of: Random, enough: 0.5)",
];

/// Everything a balancer does beyond choosing.
pub const CARE: &str = r#"health: [Active(every: "1s", timeout: "300ms", fall: 2, rise: 2, fast_every: "500ms", down_every: "2s"),
        Passive(failures: 3, window: "2s", out_for: "2s", at_most: 0.5, on: [Timeout, Failed], whole_seconds: true),
        Outlier(failures: 7, every: "2s", out_for: "2s", cap: "9s", at_most: 0.4, always_one: true, compare: true, deviations: 2,
            members: 3, calls: 10, failure_share: "60%", failure_calls: 10, on: [Failed])],
    view: (every: "100ms", delay: "10ms"), next: (tries: 3, on: [Failed, Unavailable], same: 1, wait: "10ms"),
    slow_start: "5s", discovery: (delay: "10ms", ttl: "2s", slots: 5), max_per_member: 20, queue: (max: 100, patience: "1s")"#;

pub fn with(policy: &str, care: &str) -> String {
    let parts = r#"
        "users": OpenClient(to: "lb", rate: "100/s", users: 500, addresses: 50, arrivals: Constant),
        "lb": Balancer(to: "web", policy: POLICY, CARE),
        "web": Service(instances: 3, concurrency: Unlimited, does: Delay("20ms")),
        "spare": Service(does: Delay("20ms"))"#;
    shop(
        &parts.replace("POLICY", policy).replace("CARE", care),
        r#"keyspaces: { "k": Zipf(keys: 1000, exponent: 1.0) }"#,
    )
}

pub fn run(text: &str, seconds: u64) -> (Plan, Simulation) {
    let plan = plan(&accepted(text)).unwrap_or_else(|faults| panic!("{faults}"));
    let mut sim = (plan.build)(1, 0);
    sim.run_until(SimTime::from_millis(1000 * seconds)).expect("no limit is met");
    (plan, sim)
}

pub fn part(plan: &Plan, name: &str) -> Vec<ComponentId> {
    plan.part(name).expect("the scenario has it").instances.clone()
}

#[test]
fn every_policy_passes_every_call_on() {
    for policy in POLICIES {
        for care in ["", CARE] {
            let (plan, sim) = run(&with(policy, care), 20);
            let web: u64 = part(&plan, "web").iter().map(|id| sim.books(*id).answered(Status::Ok)).sum();
            let lb = sim.books(part(&plan, "lb")[0]);
            // Constant arrivals: 2000 requests, the last of which may be under way; checks are calls too.
            assert!(lb.answered(Status::Ok) >= 1_990, "{policy} {care}: {:?}", lb.answers);
            assert!(web >= lb.answered(Status::Ok), "{policy}");
            let few = part(&plan, "web").iter().filter(|id| sim.books(**id).calls > 0).count();
            assert!(few >= 1, "{policy}");
        }
    }
}

#[test]
fn weights_make_shares_in_every_order() {
    for order in ["Nginx", "Haproxy", "Envoy"] {
        let policy = format!("WeightedRoundRobin(weights: [5, 3, 2], order: {order})");
        let (plan, sim) = run(&with(&policy, ""), 10);
        let calls: Vec<u64> = part(&plan, "web").iter().map(|id| sim.books(*id).calls).collect();
        let all: u64 = calls.iter().sum();
        for (calls, share) in calls.iter().zip([0.5, 0.3, 0.2]) {
            assert!((*calls as f64 - share * all as f64).abs() <= 5.0, "{order}: {calls:?} of {all}");
        }
    }
}

#[test]
fn backups_get_nothing_until_everybody_else_is_out() {
    let text = |faults: &str| {
        shop(
            r#""users": OpenClient(to: "lb", rate: "100/s", arrivals: Constant),
            "lb": Balancer(to: "web", backups: ["spare"], health: [Passive(failures: 1, window: "10s", out_for: "10s")], next: (tries: 3)),
            "web": Service(instances: 3, concurrency: Unlimited, does: Delay("20ms")),
            "spare": Service(concurrency: Unlimited, does: Delay("20ms"))"#,
            faults,
        )
    };
    let (plan, sim) = run(
        &text(r#"faults: { "two": Crash(on: "web/0", at: "1s"), "more": Crash(on: "web/1", at: "1s") }"#),
        20,
    );
    assert_eq!(sim.books(part(&plan, "spare")[0]).calls, 0);
    let (plan, sim) = run(&text(r#"faults: { "all": Crash(on: "web", at: "1s") }"#), 20);
    let lb = sim.books(part(&plan, "lb")[0]);
    assert!(sim.books(part(&plan, "spare")[0]).calls > 1_800);
    // Those under way when it happened are lost; none of the later ones fails.
    assert!(lb.answers.iter().sum::<u64>() - lb.answered(Status::Ok) <= 2, "{:?}", lb.answers);
    // The same on an edge, where a part in reserve is one to choose, whatever the number of its instances.
    let on_edge = |faults: &str| {
        shop(
            r#""users": OpenClient(to: "web", rate: "100/s", arrivals: Constant),
            "web": Service(instances: 3, concurrency: Unlimited, operations: { "default": Delay("20ms") }),
            "spare": Service(instances: 2, concurrency: Unlimited, operations: { "default": Delay("20ms") })"#,
            &format!(
                r#"edges: {{ "users -> web": (via: [Balance(backups: ["spare"], health: [Passive(failures: 1,
                    window: "10s", out_for: "10s")], next: (tries: 3))]) }}, {faults}"#
            ),
        )
    };
    let spare = |faults: &str| -> Vec<u64> {
        let (plan, sim) = run(&on_edge(faults), 20);
        part(&plan, "spare").iter().map(|id| sim.books(*id).calls).collect()
    };
    assert_eq!(spare(r#"faults: { "one": Crash(on: "web/0", at: "1s") }"#), [0, 0]);
    let calls = spare(r#"faults: { "all": Crash(on: "web", at: "1s") }"#);
    assert!(calls[0] > 900 && calls[0].abs_diff(calls[1]) <= 1, "{calls:?}");
    let (wrong, more) = ("Balance(backups: [\"spar\"]", "backups: [\"spare\"]");
    let text = on_edge("").replace(&format!("Balance({more}"), wrong);
    assert!(errors(&text)[0].contains("spar"), "{:?}", errors(&text));
}

#[test]
fn impossible_choices_are_refused_with_what_is_allowed() {
    for (policy, said) in [
        ("WeightedRandom([1, 1])", "2 weights for 3 members"),
        ("WeightedRoundRobin([0, 0, 0])", "all weights are 0"),
        ("WeightedRandom([1, 1, 1000])", "a weight is at most 256"),
        ("Maglev(key: \"k\", table: 252)", "252 is no prime"),
        ("Maglev(key: \"k\", table: 2)", "2 slots are too few for 3 members"),
        ("Ketama(key: \"k\", points: 100000, weights: [256, 256, 256])", "a ring holds at most"),
        ("Sticky(of: IpHash)", "not by a key or address"),
        ("Nearest", "nothing says how far web/0 is"),
    ] {
        let text = with(policy, "");
        let said_by = match crate::check(&text) {
            Err(faults) => faults.to_string(),
            Ok(checked) => plan(&checked).err().map_or_else(String::new, |faults| faults.to_string()),
        };
        assert!(said_by.contains(said), "{policy}: {said_by}");
    }
    for (care, said) in [
        ("next: (tries: 2, same: 3)", "`same` (3) are some of the `tries` (2)"),
        ("queue: (max: 5)", "nobody ever waits in this `queue`"),
        ("keep_alive: 5", "kept connections spare a `handshake`"),
        ("max_per_member: 1, queue: (discipline: Lifo)", "first come first served"),
        ("view: (every: \"1s\", delay: Exponential(\"1s\"))", "is a constant"),
    ] {
        let said_by =
            plan(&accepted(&with("RoundRobin", care))).err().map_or_else(String::new, |f| f.to_string());
        assert!(said_by.contains(said), "{care}: {said_by}");
    }
}

#[test]
fn a_view_shows_what_members_say_of_themselves() {
    // Somebody else keeps 20 calls inside the first of two, of which a balancer that counts its own knows nothing.
    let text = |view: &str| {
        shop(
            &format!(
                r#""users": OpenClient(to: "lb", rate: "100/s"),
                "others": OpenClient(to: "web/0", rate: "200/s"),
                "lb": Balancer(to: "web", policy: LeastConnections{view}),
                "web": Service(instances: 2, concurrency: Unlimited, does: Delay("100ms"))"#
            ),
            "",
        )
    };
    let second = |view: &str| {
        let (plan, sim) = run(&text(view), 100);
        sim.books(part(&plan, "web")[1]).calls as f64 / 10_000.0
    };
    // 10 are inside it if all of them go there, and 20 ± 4.5 the other: it is seldom below.
    assert!(second(", view: (every: \"1ms\")") > 0.95);
    assert!((second("") - 0.5).abs() < 0.01);
    let proxied = text(", view: (every: \"1s\")").replace("Balancer(to: \"web\"", "Balancer(to: \"front\"");
    let proxied = proxied.replace("\"others\"", "\"front\": Proxy(to: \"web\"), \"others\"");
    let refused = plan(&accepted(&proxied)).err().expect("a Proxy says nothing").to_string();
    assert!(refused.contains("a `view` of front/0, which does not report its load"), "{refused}");
}

#[test]
fn presets_of_products_are_balancers_and_edges() {
    let kinds = |balancer: &kneepoint_scenario::Args| -> Vec<String> {
        balancer.args_list("health").map(|health| health.kind().to_string()).collect()
    };
    for (name, health, tries, timeout) in [
        ("nginx", "Passive", Some(16), 60_u64),
        ("haproxy", "Active", Some(3), 50),
        ("alb", "Active", None, 60),
        ("envoy", "Outlier", None, 15),
    ] {
        let text = shop(
            &format!(
                r#""users": OpenClient(to: "lb", rate: "100/s", arrivals: Constant),
                "lb": Balancer(preset: "{name}", to: "front"),
                "front": Service(concurrency: Unlimited, does: Call("web")),
                "web": Service(instances: 3, concurrency: Unlimited, does: Delay("20ms"))"#
            ),
            &format!(
                r#"edges: {{ "lb -> front": (preset: "{name}"), "front -> web": (via: [Balance(preset: "{name}")]) }}"#
            ),
        );
        let checked = accepted(&text);
        let balancer = &checked.parts()[1].args;
        assert_eq!(kinds(balancer), [health], "{name}");
        assert_eq!(balancer.args("next").map(|next| next.count("tries")), tries, "{name}");
        let edges = checked.root().map("edges");
        let via = |at: usize| edges[at].value.as_args().expect("a record").args_list("via").next();
        let (first, second) = (via(0).expect("it has one"), via(1).expect("it has one"));
        assert_eq!(first.duration_if("after"), Some(timeout * 1_000_000_000), "{name}");
        assert_eq!(kinds(second), [health], "{name}");
        let (plan, sim) = run(&text, 20);
        assert!(sim.books(part(&plan, "lb")[0]).answered(Status::Ok) >= 1_990, "{name}");
    }
    let wrong = shop(
        r#""users": OpenClient(to: "web", rate: "100/s"), "web": Service(preset: "envoy", does: Delay("20ms"))"#,
        "",
    );
    let said = errors(&wrong).join("\n");
    assert!(said.contains("a `Breaker` or a `Balancer` or a `Balance` or a group without a kind"), "{said}");
}

#[test]
fn a_way_that_leads_back_to_itself_is_refused() {
    let text = |edges: &str| {
        shop(
            r#""all": OpenClient(to: "a", rate: "30/s"),
            "a": Service(instances: 2, operations: { "default": Delay("1ms") }),
            "b": Service(instances: 2, operations: { "default": Delay("1ms") })"#,
            &format!("edges: {{ {edges} }}"),
        )
    };
    for edges in [
        r#""all -> a": (via: [Fallback(to: "a")])"#,
        r#""all -> a": (via: [Fallback(to: "a/1")])"#,
        r#""all -> a": (via: [Balance(backups: ["a"])])"#,
        r#""all -> a": (via: [Fallback(to: "b")]), "all -> b": (via: [Fallback(to: "a")])"#,
        r#""all -> a": (via: [Fallback(to: "b")]), "all -> b": (via: [Balance(backups: ["a"])])"#,
        r#""* -> *": (via: [Fallback(to: "b")])"#,
        r#""all -> *": (via: [Balance(backups: ["b"])])"#,
    ] {
        let said = match crate::check(&text(edges)) {
            Err(faults) => faults.to_string(),
            Ok(checked) => plan(&checked).err().map_or_else(String::new, |faults| faults.to_string()),
        };
        assert!(said.contains("a call that never ends") && said.contains("test.ron:"), "{edges}: {said}");
    }
}

#[test]
fn nobody_is_chosen_in_two_places() {
    let said = |parts: &str, edges: &str| {
        let parts = format!(
            r#""users": OpenClient(to: "lb", rate: "10/s"), {parts},
            "web": Service(instances: 2, operations: {{ "default": Delay("1ms") }}),
            "spare": Service(operations: {{ "default": Delay("1ms") }})"#
        );
        match crate::check(&shop(&parts, edges)) {
            Err(faults) => faults.to_string(),
            Ok(checked) => plan(&checked).err().map_or_else(String::new, |faults| faults.to_string()),
        }
    };
    let lb = |fields: &str| said(&format!("\"lb\": Balancer({fields})"), "");
    for fields in [
        r#"to: ["web", "spare"]"#,
        r#"to: ["web/0", "web/1"]"#,
        r#"to: "web/0", backups: ["web/1", "spare"]"#,
    ] {
        assert_eq!(lb(fields), "", "{fields}");
    }
    let again = lb(r#"to: ["web", "spare", "web"]"#);
    assert!(again.contains("web/0 is named twice") && again.contains("test.ron:3:"), "{again}");
    assert!(again.contains("name each once; a policy with `weights` gives one more calls"), "{again}");
    assert!(lb(r#"to: ["web", "web/1"]"#).contains("web/1 is named twice"));
    let both = lb(r#"to: ["web", "spare"], backups: ["spare"]"#);
    assert!(both.contains("spare/0 is in reserve and one of the others"), "{both}");
    let on_edge = |backups: &str| {
        said(
            "\"lb\": Proxy(to: \"web\")",
            &format!(r#"edges: {{ "lb -> web": (via: [Balance(backups: {backups})]) }}"#),
        )
    };
    assert_eq!(on_edge(r#"["spare"]"#), "");
    assert!(on_edge(r#"["spare", "spare"]"#).contains("\"spare\" is in reserve twice"));
    let dns = said("\"lb\": Dns(to: [\"web\", \"web/0\"])", "");
    assert!(dns.contains("web/0 is named twice"), "{dns}");
}

#[test]
fn discovery_has_as_many_slots_as_members_can_be_told_apart() {
    let text = |slots: &str| with("RoundRobin", &format!("discovery: (slots: {slots})"));
    assert_eq!(errors(&text("65535")), Vec::<String>::new());
    let said = errors(&text("65536")).join("; ");
    assert!(said.contains("at most 65 535 slots"), "{said}");
}

#[test]
fn of_few_words_all_are_said() {
    let text = |policy: &str, more: &str| with(policy, more);
    for (policy, more, help) in [
        ("RoundRobin", "layer: L5", "did you mean `L4`? allowed: L4, L7"),
        ("RoundRobin", "layer: Transport", "L4, L7"),
        (
            "LeastConnections(ties: Rotatio)",
            "",
            "did you mean `Rotation`? allowed: LongestUnchanged, Rotation, FirstInList, AnyOfThem",
        ),
        ("LeastConnections(ties: Nobody)", "", "LongestUnchanged, Rotation, FirstInList, AnyOfThem"),
    ] {
        let said = crate::check(&text(policy, more)).expect_err("nothing is called so").to_string();
        assert!(said.contains(help) && said.contains("test.ron:"), "{policy} {more}: {said}");
    }
}

#[test]
fn what_is_advised_for_a_call_to_all_instances_is_accepted() {
    let text = |caller: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "10/s"), "v": Delay("1ms"), "lb": {caller},
                   "w": Service(instances: 2, concurrency: Unlimited, operations: {{ "read": Delay("1ms") }})"#
            ),
            "",
        )
    };
    for (wrong, advised, right) in [
        (
            r#"Balancer(to: ["w/*:read"])"#,
            "write \"w:read\", one of which is chosen",
            r#"Balancer(to: ["w:read"])"#,
        ),
        (
            r#"Gateway(routes: { "default": "w/*:read" })"#,
            "write \"w:read\"",
            r#"Gateway(routes: { "default": "w:read" })"#,
        ),
        (
            r#"Service(does: Call("v"), via: [Fallback(to: "w/*:read")])"#,
            "write \"w:read\"",
            r#"Service(does: Call("v"), via: [Fallback(to: "w:read")])"#,
        ),
        (
            r#"Service(does: Call("w/*:read"))"#,
            "write Parallel(Call(\"w/*:read\"))",
            r#"Service(does: Parallel(Call("w/*:read")))"#,
        ),
    ] {
        let said = crate::check(&text(wrong)).expect_err("not a branch").to_string();
        assert!(said.contains("is a branch of a `Parallel`") && said.contains(advised), "{said}");
        assert!(crate::check(&text(right)).is_ok(), "{right}");
    }
}

#[test]
fn a_way_that_goes_by_keys_of_which_nothing_can_be_made_is_refused_with_what_is_wrong_with_these() {
    let text = shop(
        r#""c": OpenClient(to: "web", rate: "1/s"), "web": Service(instances: 10, does: Delay("1s"))"#,
        r#"keyspaces: { "k": Hotspot(keys: 10000, hot: 1, share: "0.001%") },
           edges: { "c -> web": (via: [Balance(ConsistentHash(key: "k"))]) }"#,
    );
    let faults =
        plan(&accepted(&text)).err().expect("its hot keys would be colder than the others").to_string();
    assert!(faults.contains("test.ron") && faults.contains("0.001%"), "{faults}");
}
