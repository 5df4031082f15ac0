//! Calls, edges, metrics, rules and warnings.

use crate::{accepted, errors, shop, warnings};

#[test]
fn a_call_takes_its_operation_by_name_by_operation_by_class_then_default() {
    let checked = accepted(&shop(
        r#""users": OpenClient(to: "lb", rate: "1/s", classes: { "read": (share: 0.5), "write": (share: 0.5) }),
        "lb": Balancer(to: "web"),
        "web": Service(operations: { "read": Call("db"), "default": [Call("mid"), Call("db:special")] }),
        "mid": Service(does: Call("db")),
        "db": Service(operations: { "read": Compute("1ms"), "write": Compute("1ms"), "special": Compute("1ms") })"#,
        "",
    ));
    let topology = checked.topology();
    let name = |part: usize| topology.parts[part].name.to_string();
    let mut calls: Vec<String> = topology
        .calls
        .iter()
        .map(|call| {
            let operation = |name: &Option<std::sync::Arc<str>>| name.as_deref().unwrap_or("*").to_string();
            let classes: Vec<&str> = call.classes.iter().map(|class| &**class).collect();
            format!(
                "{}:{} -> {}:{} ({})",
                name(call.caller),
                operation(&call.operation),
                name(call.callee),
                operation(&call.callee_operation),
                classes.join(" ")
            )
        })
        .collect();
    calls.sort();
    assert_eq!(
        calls,
        [
            "lb:read -> web:read (read)",
            "lb:write -> web:default (write)",
            "mid:default -> db:write (write)",
            "users:read -> lb:read (read)",
            "users:write -> lb:write (write)",
            "web:default -> db:special (write)",
            "web:default -> mid:default (write)",
            "web:read -> db:read (read)",
        ]
    );
    assert_eq!(topology.graph.edge_count(), calls.len());
}

#[test]
fn the_most_exact_edge_wins_field_by_field() {
    let text = shop(
        r#""users": OpenClient(to: "web", rate: "1/s", classes: { "a": (share: 0.5), "b": (share: 0.5) }),
        "web": Service(operations: { "a": Call("db:read"), "b": Call("db:write") }),
        "db": Service(operations: { "read": Compute("1ms"), "write": Compute("1ms") })"#,
        r#"edges: {
            "* -> *": (round_trip: "9ms", loss: "9%", bandwidth: "9MB/s"),
            "web -> *": (round_trip: "8ms", loss: "8%", via: [Timeout("8s")]),
            "* -> db": (round_trip: "7ms", loss: "7%"),
            "web -> db": (round_trip: "6ms"),
            "web:a -> db:read": (round_trip: "5ms"),
        }"#,
    );
    let checked = accepted(&text);
    let topology = checked.topology();
    let (web, db) = (topology.part("web").expect("there"), topology.part("db").expect("there"));
    let edge = |operation: &str| {
        let call = topology
            .calls
            .iter()
            .find(|call| {
                call.caller == web && call.callee == db && call.operation.as_deref() == Some(operation)
            })
            .expect("called");
        let number = |field: &str| checked.edge(call, field).and_then(kneepoint_scenario::Value::number);
        let via: Vec<u64> = checked.via(call).map(|via| via.duration("after")).collect();
        (number("round_trip"), number("loss"), number("bandwidth"), via)
    };
    assert_eq!(edge("a"), (Some(5e6), Some(0.07), Some(9e6), vec![8_000_000_000]));
    assert_eq!(edge("b"), (Some(6e6), Some(0.07), Some(9e6), vec![8_000_000_000]));
    let tie =
        text.replace("\"web:a -> db:read\"", "\"web:a -> db\": (round_trip: \"4ms\"), \"web -> db:read\"");
    assert!(
        errors(&tie).join("\n").contains("equally exact and both give `round_trip`"),
        "{:?}",
        errors(&tie)
    );
}

#[test]
fn what_no_call_matches_is_said() {
    let edges = |edge: &str| {
        errors(&shop(
            r#""users": OpenClient(to: "web", rate: "1/s"),
            "web": Service(operations: { "default": Call("db:read") }),
            "db": Service(operations: { "read": Compute("1ms"), "write": Compute("1ms") })"#,
            &format!("edges: {{ \"{edge}\": (loss: 0.1) }}"),
        ))
        .join("; ")
    };
    assert_eq!(edges("web -> db"), "");
    assert_eq!(edges("web:default -> db:read"), "");
    assert!(edges("web -> db:write").contains("no call goes from web to db:write"));
    assert!(edges("web:x -> db").contains("\"web\" has no operation \"x\""));
    assert!(edges("users:x -> web").contains("\"users\" has no class \"x\""));
    assert!(edges("db -> *").contains("db calls nobody"));
    assert!(edges("* -> users").contains("nobody calls users"));
    assert!(edges("web <-> db").contains("a call goes one way"));
    assert!(edges("web->db").contains("blank"), "{}", edges("web->db"));
}

#[test]
fn a_cycle_may_end_by_chance() {
    let cycle = |step: &str| {
        errors(&shop(
            &format!(
                "\"u\": OpenClient(to: \"a\", rate: \"1/s\"),\n\"a\": Service(does: Call(\"b\")),\n\"b\": Service(does: {step})"
            ),
            "",
        ))
    };
    assert_eq!(
        cycle("Call(\"a\")"),
        ["5:20 a call that never ends: a -> b -> a (needs a Choice with a share below 1)"]
    );
    assert_eq!(cycle("Detach(Repeat(times: 2, does: Call(\"a\")))").len(), 1);
    assert_eq!(cycle("Choice([(share: 1, does: Call(\"a\"))])").len(), 1);
    assert_eq!(cycle("Choice([(share: 0.9, does: Call(\"a\")), (share: 0.1)])"), [] as [&str; 0]);
    assert_eq!(cycle("Call(to: \"a\", times: 0)"), [] as [&str; 0]);
}

#[test]
fn a_chain_of_ten_thousand_parts_is_followed_to_its_end() {
    let mut parts = String::from("\"u\": OpenClient(to: \"p0\", rate: \"1/s\"),\n");
    for part in 0..9_998 {
        parts.push_str(&format!("\"p{part}\": Service(does: Call(\"p{}\")),\n", part + 1));
    }
    parts.push_str("\"p9998\": Service(does: Compute(\"1ms\")),");
    assert_eq!(accepted(&shop(&parts, "")).topology().calls.len(), 9_999);
    let cyclic = parts.replace("does: Compute(\"1ms\")", "does: Call(\"p0\")");
    assert!(
        errors(&shop(&cyclic, ""))[0].contains("a call that never ends: p0 -> p1"),
        "{:?}",
        errors(&shop(&cyclic, ""))[0]
    );
    parts.push_str("\"one-more\": Delay(\"1s\"), \"two-more\": Delay(\"1s\")");
    assert!(errors(&shop(&parts, "")).join("\n").contains("10002 parts are more than 10000"));
}

const WEB: &str = r#""users": OpenClient(to: "web", rate: "1/s", classes: { "a": (share: 1) }),
    "web": Service(instances: 3, queue: 9, does: Compute("1ms"))"#;

fn with(more: &str) -> String {
    errors(&shop(WEB, more)).join("; ")
}

#[test]
fn metrics_speak_of_what_is_there() {
    let slo = |condition: &str| with(&format!("slo: {{ \"x\": \"{condition}\" }}"));
    for sound in [
        "p99(users:a.latency, each 1min) < 300ms",
        "errors(users) < 0.1%",
        "mean(web/*.queue) < 5",
        "utilisation(web/2) < 90%",
        "rate(web.calls) / rate(users.requests) < 2",
        "total(web.lost) = 0",
        "p95(web.waiting, from 2min to 3min) < 1s for 1min",
    ] {
        assert_eq!(slo(sound), "", "{sound}");
    }
    for (wrong, expected) in [
        ("p99(usres.latency) < 1s", "nothing is named \"usres\""),
        ("p99(users:b.latency) < 1s", "\"users\" has no class \"b\""),
        ("p99(web:buy.response) < 1s", "\"web\" has no operation \"buy\""),
        ("p99(web.latency) < 1s", "Service has no series `latency`"),
        ("utilisation(web/3) < 1", "web has instances 0 to 2"),
        ("instances(web) < 5", "`instances` is known but not built yet"),
        ("cost() < $5/h", "`cost` is known but not built yet"),
        ("errors(users) < 5ms", "a ratio is needed"),
        ("p99(web.calls) < 5", "`calls`"),
        ("p99(users.latency, each 1h) < 5s", "the run (10min) is shorter than 1h"),
        ("p99(users.latency, from 5min to 15min) < 5s", "the run (10min) ends before 15min"),
        ("errors(x) < 5%", "nothing is named \"x\""),
    ] {
        assert!(slo(wrong).contains(expected), "{wrong}: {}", slo(wrong));
    }
    assert!(with("watch: { \"w\": \"errors(users) < 1%\" }").contains("a metric is needed, not a condition"));
}

#[test]
fn faults_need_one_trigger_inside_the_run_and_something_to_act_on() {
    let fault = |fields: &str| {
        with(&format!(
            "regions: {{ \"eu\": (zones: [\"a\"]) }}, domains: {{ \"rack\": [\"web/0\"] }}, faults: {{ \"f\": Crash({fields}, lasts: \"1s\") }}"
        ))
    };
    for sound in [
        "on: \"web\", at: \"5min\"",
        "on: \"web/*\", every: Exponential(\"1h\")",
        "on: \"web/any(2)\", at: [\"1min\", \"2min\"]",
        "on: \"eu/a\", at: \"1s\"",
        "on: \"eu/a/web\", at: \"1s\"",
        "on: \"rack\", at: \"1s\"",
    ] {
        assert_eq!(fault(sound), "", "{sound}");
    }
    for (wrong, expected) in [
        ("on: \"web\"", "exactly one of"),
        ("on: \"web\", at: \"1s\", every: \"1h\"", "exactly one of"),
        ("on: \"web\", at: [\"1s\", \"11min\"]", "before the fault at 11min"),
        ("on: \"web\", when: \"errors(users) > 5%\"", "field `when` of Crash is known but not built yet"),
        ("on: \"web/any(4)\", at: \"1s\"", "web has instances 0 to 2"),
        ("on: \"eu/b\", at: \"1s\"", "eu has no zone \"b\""),
        ("on: \"users\", at: \"1s\"", "is a client"),
        ("on: \"users -> web\", at: \"1s\"", "not on an edge"),
        ("on: \"wub\", at: \"1s\"", "nothing is named \"wub\""),
        ("on: \"f\", at: \"1s\"", "\"f\" is a fault"),
        ("on: \"web/primary\", at: \"1s\"", "web has no `primary`"),
        ("on: web, at: \"1s\"", "names stand in quotes: on: \"web\""),
    ] {
        assert!(fault(wrong).contains(expected), "{wrong}: {}", fault(wrong));
    }
}

#[test]
fn rules_between_fields_are_held() {
    let part = |part: &str| {
        errors(&shop(&format!("\"u\": OpenClient(to: \"x\", rate: \"1/s\"), \"x\": {part}"), "")).join("; ")
    };
    for (wrong, expected) in [
        ("Service()", "Service needs `does` or `operations`"),
        ("Service(does: Choice([(share: 0.5), (share: 0.4)]))", "the shares add up to 0.900, not 1"),
        (
            "Service(does: Parallel(branches: [Compute(\"1ms\")], wait: Quorum(2)))",
            "a quorum of 2 is more than the 1 branches",
        ),
        ("Service(does: Parallel([]))", "needs a branch"),
        ("Service(does: Call(\"x/*\"))", "a call to all instances is a branch of a `Parallel`"),
        ("Service(does: Call(\"u\"))", ""),
        ("Delay(Mixture([(share: 0.5, of: \"1s\")]))", "the shares add up to 0.500, not 1"),
        ("Delay(Hyperexponential(mean: \"1s\", cv: 0.5))", "at least 1"),
        ("Delay(Lognormal(mean: \"1s\"))", "one given"),
        ("Delay(Lognormal(mean: \"1s\", p90: \"100s\"))", "no Lognormal of this mean has its p90 above"),
        ("Delay(Uniform(min: \"2s\", max: \"1s\"))", "max (1s) is below min (2s)"),
        ("Delay(Quantiles({ \"p50\": \"2s\", \"p99\": \"1s\" }))", "p99 is below the percentile before it"),
        ("Delay(Quantiles({ \"q50\": \"2s\", \"p99\": \"3s\" }))", "named after its percentile"),
        ("Delay(Geometric(\"1s\"))", ""),
        ("Delay(Uncertain(\"1s\"))", "it belongs in `params`"),
        ("Delay(Pareto(min: \"0s\", alpha: 2))", "must be above 0"),
        ("Delay(Weibull(mean: \"1s\", shape: 0))", "a shape must be above 0"),
        ("Delay(Erlang(mean: \"1s\", k: 0))", "at least 1 k"),
        ("Delay(Steps({ \"0s\": \"1s\" }))", "`Steps` is a profile, a distribution is needed in `time`"),
        ("Service(does: Compute(\"1ms\"), spread: Packed)", ""),
        (
            "Service(does: Compute(\"1ms\"), start_up: { \"boot\": \"1s\" })",
            "field `start_up` of Service is known but not built yet",
        ),
        ("Service(does: Compute(\"1ms\"), machine: \"big\")", "`machines` has no \"big\""),
        ("Service(does: Compute(\"1ms\"), places: [\"eu\"])", "nothing is named \"eu\""),
        ("Service(does: Compute(\"1ms\", \"2ms\"))", "one value or named fields, not both"),
        ("Service(does: Compute())", "Compute needs `work`"),
        ("Service(does: Compute(5))", "a duration is text with a unit"),
        ("Service(does: Compute(5ms))", "a quantity stands in quotes"),
        ("Service(does: Compute(\"1ms\"), concurrency: Threads(\"4\"))", "a count stands without quotes"),
        ("Service(does: Compute(\"1ms\"), queue: Fifo)", ""),
        ("Service(does: { \"a\": 1 })", "a step is needed here"),
        ("Service(does: Compute(\"1ms\"), via: { \"a\": 1 })", "a middle part is needed here"),
        ("Service(does: Compute(\"1ms\"), label: 5)", "`label` is a text"),
        ("Service(does: Compute(\"1ms\"), note: 5)", "`note` is text in quotes"),
        ("Balancer(to: [\"w\", \"v\"])", "nothing is named \"v\""),
    ] {
        let said = part(wrong);
        assert!(said.contains(expected), "{wrong}: {said}");
        if expected.is_empty() {
            assert!(said.lines().count() <= 1, "{wrong}: {said}");
        }
    }
}

#[test]
fn a_product_has_one_factor_with_a_dimension() {
    let rate = |rate: &str| {
        errors(&shop(&format!("\"u\": OpenClient(to: \"x\", rate: {rate}), \"x\": Delay(\"1s\")"), ""))
            .join("; ")
    };
    let wave = "Wave(low: \"1/s\", high: \"5/s\", period: \"2h\")";
    let spike = "Spike(base: 1.0, peak: 5.0, at: \"40min\", hold: \"5min\")";
    assert_eq!(rate(&format!("Product([{wave}, {spike}])")), "");
    assert!(rate(&format!("Product([{wave}, {wave}])")).contains("one factor"));
    assert!(rate(&format!("Product([{spike}, {spike}])")).contains("one factor"));
    assert!(rate(spike).contains("a rate is text with a unit"), "{}", rate(spike));
    assert!(rate("Steps({ \"0s\": \"0/s\", \"5min\": \"0/s\" })").contains("a client that never asks"));
    assert!(rate("Steps({ \"5min\": \"0/s\", \"1min\": \"1/s\" })").contains("ascending"));
    assert!(
        rate("Growth(from: \"1/s\", by: \"250%\", per: \"30d\")").is_empty(),
        "growth may be more than double"
    );
}

#[test]
fn what_is_suspicious_is_warned_of() {
    let text = shop(
        r#""users": OpenClient(to: "web", rate: "1/s"),
        "web": Service(does: [Compute("5ms"), Delay(Exponential("10ms")), Call("db")]),
        "db": Service(concurrency: Servers(2), machine: (cores: 4), queue: 5, does: Compute("1ms")),
        "lost": Delay("1s")"#,
        r#"edges: { "users -> web": (via: [Timeout("10ms")]), "web -> db": (via: [Timeout("10ms")]) },
        faults: { "f": Hang(on: "db", at: "1min") }"#,
    );
    let said = warnings(&text);
    for expected in [
        "the queue of web is unbounded",
        "`Servers` is a textbook station: it uses no machine",
        "no client reaches \"lost\"",
        "half of the calls to web take longer than this",
        "Hang has no `lasts`: it lasts to the end of the run",
    ] {
        assert!(said.iter().any(|warning| warning.ends_with(expected)), "{expected}: {said:#?}");
    }
    assert_eq!(said.len(), 5, "{said:#?}");
    assert_eq!(
        warnings(&shop("\"web\": Service(queue: 5, does: Compute(\"1ms\"))", "")),
        ["2:8 no client asks for anything"]
    );
}

#[test]
fn users_who_may_ask_again_in_no_time_are_warned_of() {
    let said = |client: &str, edge: &str, door: &str| {
        let parts = format!(
            r#""users": ClosedClient(to: "door", users: 5{client}),
            "door": Proxy(to: "web"),
            "web": Service(queue: 9, does: Compute("5ms"), via: [{door}])"#
        );
        let all = warnings(&shop(&parts, &format!("edges: {{ \"users -> door\": ({edge}) }}")));
        all.into_iter().find(|warning| warning.contains("asks again at the same instant"))
    };
    let limit = r#"RateLimit(TokenBucket(rate: "10/s", burst: 5))"#;
    let whole = "3:10 a user of \"users\" whom `RateLimit` turns away asks again at the same instant";
    assert_eq!(said("", "", limit).as_deref(), Some(whole));
    for (client, edge, door) in [
        ("", format!("via: [Timeout(\"1s\"), {limit}]"), ""),
        (", think: \"0s\"", String::new(), "Breaker(trip: Count(5), open: \"1s\")"),
        ("", String::new(), "Shed(LongerThan(5))"),
        ("", String::new(), "Throttle()"),
        ("", String::new(), "Bulkhead(4)"),
        ("", String::new(), "ConcurrencyLimit(Fixed(4))"),
        ("", "via: [Retry(3), Fallback(status: Stale)]".to_string(), limit),
    ] {
        assert!(said(client, &edge, door).is_some(), "{client} {edge} {door}");
    }
    // What takes time, on the way there or before the next request; and room for all.
    for (client, edge, door) in [
        (", think: \"1ms\"", "", limit),
        ("", "round_trip: \"1ms\"", limit),
        ("", "via: [Overhead(\"1ms\")]", limit),
        ("", "via: [Retry(retries: 3, backoff: Fixed(\"1s\"))]", limit),
        ("", "via: [Fallback(takes: \"1ms\")]", limit),
        ("", "", "Bulkhead(5)"),
        ("", "", "Bulkhead(max: 4, wait: \"1s\")"),
        ("", "", "ConcurrencyLimit(limit: Fixed(4), queue: 9)"),
        ("", "", "ConcurrencyLimit(Fixed(5))"),
        ("", "", "Timeout(\"1s\")"),
    ] {
        assert_eq!(said(client, edge, door), None, "{client} {edge} {door}");
    }
}

#[test]
fn clients_whose_requests_take_next_to_no_time_are_warned_of() {
    let said = |client: &str, web: &str, edge: &str| {
        let parts = format!(
            r#""users": ClosedClient(to: "lb", users: 100{client}), "lb": Balancer(to: "web"),
            "web": Service(instances: 2, queue: 9, {web})"#
        );
        let all = warnings(&shop(&parts, &format!("edges: {{ \"users -> lb\": ({edge}) }}")));
        all.into_iter().find(|warning| warning.contains("a run of them takes about"))
    };
    // Whoever has a server of their own waits for nobody: 100 users, one request each in a nanosecond.
    let unlimited = "concurrency: Unlimited, does: Delay";
    assert_eq!(
        said(", think: \"1ns\"", &format!("{unlimited}(\"0s\")"), "").as_deref(),
        Some(
            "3:52 \"users\" makes at least 1.0e11 requests per simulated second: a user asks again after 1ns; a run of \
             them takes about 700d"
        )
    );
    for (client, web, edge) in [
        ("", "does: Compute(\"0.1us\")", ""),
        ("", "does: [Compute(\"0.1us\"), Delay(\"0.2us\")]", "round_trip: \"0.1us\""),
        ("", "does: Choice([(share: 0.5, does: Compute(\"0.1us\")), (share: 0.5, does: [])])", ""),
        ("", "concurrency: Unlimited, does: Repeat(times: 2, does: Delay(Exponential(\"20us\")))", ""),
        ("", "does: Delay(\"1ns\")", "via: [Timeout(\"1s\"), Bulkhead(1)]"),
    ] {
        assert!(said(client, web, edge).is_some(), "{client} {web} {edge}");
    }
    for (client, web, edge) in [
        // The hundred share the servers, and one alone makes a million requests a second.
        ("", "does: Compute(\"1us\")", ""),
        (", think: \"1ms\"", "does: Compute(\"0.1us\")", ""),
        ("", "does: Compute(\"0.1us\")", "round_trip: \"1ms\""),
        ("", "concurrency: Unlimited, does: Delay(\"1ms\")", ""),
        // Nobody knows for how long these hold a call.
        ("", "does: Compute(\"0.1us\")", "via: [Retry(3)]"),
        ("", "does: Compute(\"0.1us\")", "bandwidth: \"1Gbit/s\""),
    ] {
        assert_eq!(said(client, web, edge), None, "{client} {web} {edge}");
    }
    let open = |rate: &str| {
        let parts = format!(r#""users": OpenClient(to: "web", rate: "{rate}"), "web": Delay("1ms")"#);
        warnings(&shop(&parts, "")).join("; ")
    };
    assert!(
        open("2e6/s")
            .contains("\"users\" makes 2.0e6 requests per simulated second; a run of them takes about 20min")
    );
    assert_eq!(open("1e6/s"), "");
    // Users who are turned away need not wait for what the others wait for.
    let limited = r#""users": ClosedClient(to: "web", users: 5, think: "1ns"),
        "web": Service(queue: 9, does: Compute("5ms"), via: [RateLimit(TokenBucket(rate: "10/s", burst: 5))])"#;
    let said = warnings(&shop(limited, "")).join("; ");
    assert!(said.contains("whom `RateLimit` turns away asks again after next to nothing"), "{said}");
}

#[test]
fn a_view_is_not_looked_at_more_often_than_every_microsecond() {
    let text = |every: &str| {
        let parts = r#""users": OpenClient(to: "lb", rate: "1/s"), "web": Service(does: Compute("1ms")),
            "lb": Balancer(to: "web", view: (every: "EVERY"))"#;
        errors(&shop(&parts.replace("EVERY", every), "")).join("; ")
    };
    assert_eq!(text("1us"), "");
    assert!(text("1ns").contains("at least 1us"), "{}", text("1ns"));
}

#[test]
fn balance_has_its_place() {
    let via = |from: &str, via: &str| {
        errors(&shop(
            r#""users": OpenClient(to: "lb", rate: "1/s"), "lb": Balancer(to: "web"), "web": Service(does: Compute("1ms"))"#,
            &format!("edges: {{ \"{from}\": (via: {via}) }}"),
        ))
        .join("; ")
    };
    assert_eq!(via("users -> lb", "[Timeout(\"1s\"), Balance(Random), Timeout(\"1s\")]"), "");
    assert!(via("users -> lb", "[Balance(Random), Balance(Random)]").contains("one `Balance` is enough"));
    assert!(via("lb -> web", "Balance(Random)").contains("has already been chosen"));
}

#[test]
fn a_share_with_a_bound_above_one_is_doubted() {
    let said = |slo: &str| warnings(&shop(WEB, &format!("slo: {{ \"x\": \"{slo}\" }}"))).join("; ");
    assert!(said("utilisation(web) < 85").contains("utilisation is never above 1, which is 100%"));
    assert!(said("errors(users) < 2").contains("errors is never above 1"));
    for (useless, expected) in [
        ("errors(users) < 1", "errors < 1 holds at anything but 100%"),
        ("errors(users) <= 100%", "errors <= 1 always holds"),
        ("utilisation(web) >= 0", "utilisation >= 0 always holds"),
        ("errors(users) < 0%", "errors < 0 never holds"),
        ("utilisation(web) > 1", "utilisation > 1 never holds"),
    ] {
        let said = said(useless);
        assert!(said.contains(expected), "{useless}: {said}");
    }
    for sound in [
        "utilisation(web) < 85%",
        "errors(users) < 1%",
        "errors(users) <= 0",
        "imbalance(web.calls) < 2",
        "rate(web.calls) < 85/s",
    ] {
        assert_eq!(said(sound), "", "{sound}");
    }
}

#[test]
fn a_parameter_that_nothing_is_made_of_is_doubted() {
    let said = |params: &str, more: &str| {
        let shop =
            shop(WEB, more).replacen("(format: 1,", &format!("(format: 1, params: {{ {params} }},"), 1);
        assert!(shop.contains("params"), "{shop}");
        warnings(&shop).join("; ")
    };
    assert!(said("\"load\": 5", "").contains("no formula uses the parameter \"load\""));
    // Neither is one that is only used by such a one.
    let both = said("\"a\": 5, \"b\": \"=a * 2\"", "");
    assert!(both.contains("\"a\"") && both.contains("\"b\""), "{both}");
    assert_eq!(
        said("\"a\": 5, \"b\": \"=a * 2\"", "watch: {}, variants: { \"v\": { \"web.instances\": \"=b\" } }"),
        ""
    );
}

#[test]
fn a_most_of_replications_without_a_precision_is_doubted() {
    let said = |run: &str| {
        let text = shop(WEB, "");
        let from = text.find("run: (").expect("it has a run");
        let to = from + text[from..].find(')').expect("it ends");
        let text = format!("{}run: (duration: \"1min\", {run}){}", &text[..from], &text[to + 1..]);
        warnings(&text).join("; ")
    };
    let range = said("replications: (min: 2, max: 5)");
    assert!(range.contains("without a precision 2 replications are made, never 5"), "{range}");
    assert_eq!(said("replications: (min: 2, max: 5), precision: \"2%\""), "");
    assert_eq!(said("replications: 5"), "");
}

#[test]
fn a_column_read_in_another_unit_than_its_name_says_is_doubted() {
    let said = |value: &str, unit: &str, time: &str, time_unit: &str| {
        let part = format!(
            "\"u\": OpenClient(to: \"w\", rate: FromFile(file: \"x.csv\", time: \"{time}\", value: \"{value}\", time_unit: \"{time_unit}\", unit: \"{unit}\")), \"w\": Delay(\"1ms\")"
        );
        warnings(&shop(&part, "")).join("; ")
    };
    for (value, unit) in
        [("rpm", "/s"), ("requests_per_minute", "/s"), ("requests/min", "/s"), ("rps", "/min")]
    {
        let found = said(value, unit, "t", "s");
        assert!(
            found.contains(&format!("column \"{value}\" is read in {unit}; its name says")),
            "{value}: {found}"
        );
    }
    assert!(said("x", "/s", "minute", "s").contains("column \"minute\" is read in s; its name says min"));
    for (value, unit) in [("rpm", "/min"), ("rps", "/s"), ("load", "/s"), ("requests_per_minute", "/min")] {
        assert_eq!(said(value, unit, "minute", "min"), "", "{value}");
    }
}
