//! Metrics of what stands on edges and at doors.

use kneepoint_experiment::check;
use kneepoint_scenario::{Overrides, Registry, Scenario, plan};

use crate::scenarios::{file, result_in, watched};

const PARTS: &str = r#""users": OpenClient(to: "web", rate: "100/s", arrivals: Constant),
    "others": OpenClient(to: "web", rate: "10/s", arrivals: Constant),
    "web": Service(instances: 2, concurrency: Unlimited, does: Call("db"), via: [RateLimit(FixedWindow(limit: 50, window: "1s"))]),
    "db": Service(instances: 2, concurrency: Unlimited, does: [Delay("10ms"), Fail("50%")]),
    "left": OpenClient(to: "one", rate: "1/s"), "right": OpenClient(to: "one", rate: "1/s"), "one": Delay("1ms")"#;
const EDGES: &str = r#""web -> db": (via: [Bulkhead(1000), Retry(3), Balance(), Bulkhead(20)]), "users -> web": (via: [Retry(retries: 1, on: [Failed])]), "left -> one": (via: [Timeout("1s")])"#;

fn text(watch: &str) -> String {
    file(PARTS, &format!("edges: {{ {EDGES} }}, watch: {{ \"w\": \"{watch}\" }}"))
}

fn value(watch: &str) -> f64 {
    watched(&text(watch), None)[0]
}

#[track_caller]
fn near(seen: f64, exact: f64, within: f64) {
    assert!((seen - exact).abs() <= within, "{seen} is not {exact}");
}

#[test]
fn what_stands_on_an_edge_has_series_of_its_own() {
    // Each door lets 50 of its 55 a second in, and the users' second tries come on top of that: 1/16 of calls fail in the
    // end, and of users are 10 of 11.
    let calls = value("rate(web -> db.via.Retry.calls)");
    near(calls, 100.0, 0.1);
    let tries = 0.5 + 0.25 + 0.125;
    near(value("rate(web -> db.via.Retry.retries)") / calls, tries, 0.02);
    // Said in any of these ways it is the same number.
    let retries = value("rate(web -> db.via.Retry.retries)");
    for same in [
        "retries(web -> db.via.Retry)",
        "rate(web -> db.via[1].retries)",
        "rate(web -> db.retries)",
        "rate(* -> db.retries)",
        "rate(web -> *.via.Retry.retries)",
    ] {
        assert_eq!(value(same), retries, "{same}");
    }
    near(value("errors(web -> db.via.Retry)"), 1.0 / 16.0, 0.005);
    near(value("rate(web -> db.via.Retry.exhausted)"), 100.0 / 16.0, 0.5);
    // Two doors, of which each sees half.
    near(value("share(web.via.RateLimit.limited)"), 16.0 / 116.0, 0.01);
    near(value("highest(web.via.RateLimit.admitted)"), 50.0, 0.1);
    near(value("imbalance(web.via.RateLimit.admitted)"), 1.0, 0.001);
    // Little: 187.5/s of 10 ms, in two instances of the first bulkhead.
    near(value("mean(web -> db.via[0].inside)"), 1.875, 0.04);
    near(value("mean(web -> db.via[0].inside, from 10s to 90s)"), 1.875, 0.04);
    // A user's tries are requests and what is tried again of them.
    let attempts = value("attempts(users)");
    near(attempts - value("rate(users.requests)"), value("rate(users -> web.via.Retry.retries)"), 1e-9);
    near(value("attempts(others)"), 10.0, 0.2);
    // The calls over an edge are those that come to what stands there first.
    near(value("calls(web -> db)"), 100.0, 0.1);
    near(value("rate(users -> web.calls)"), 100.0, 0.1);
    near(value("rate(web -> db.calls) / rate(web.via.RateLimit.admitted)"), 1.0, 0.001);
}

#[test]
fn what_a_door_turns_away_counts_for_the_part_behind_it() {
    let value = |watch: &str| {
        let parts = r#""users": OpenClient(to: "web", rate: "100/s", arrivals: Constant),
            "web": Service(instances: 2, concurrency: Unlimited, does: [Delay("1ms"), Fail("50%")],
                via: [Fallback(on: [Limited]), RateLimit(FixedWindow(limit: 40, window: "1s"))])"#;
        watched(&file(parts, &format!("watch: {{ \"w\": \"{watch}\" }}")), None)[0]
    };
    // Each instance lets 40 of 50 a second in, and half of those fail; those who call see lesser answers instead.
    near(value("limited(web)"), 0.2, 0.001);
    near(value("rate(web.limited)"), 20.0, 0.1);
    near(value("limited(web/0)"), 0.2, 0.001);
    near(value("share(web.via.RateLimit.limited)"), 0.2, 0.001);
    near(value("errors(web)"), 0.2 + 0.4, 0.01);
    near(value("availability(web)"), 0.4, 0.01);
    near(value("failed(web)"), 0.4, 0.01);
    near(value("rate(web.failed)"), 40.0, 1.0);
    near(value("rejected(web)"), 0.0, 1e-9);
    near(value("limited(users)"), 0.0, 1e-9);
    near(value("degraded(users)"), 0.2, 0.001);
}

/// What is told of parts and what is asked of them are one.
#[test]
fn the_errors_of_a_part_are_those_of_its_metric() {
    let parts = r#""users": OpenClient(to: "web", rate: "100/s", arrivals: Constant),
        "web": Service(instances: 2, concurrency: Servers(1), queue: 1, does: [Compute(Exponential("15ms")), Fail("10%")],
            via: [RateLimit(FixedWindow(limit: 40, window: "1s")), Shed(LongerThan(3))])"#;
    let statuses = ["limited", "shed", "rejected", "failed"];
    let watches: Vec<String> =
        statuses.iter().chain(&["errors"]).map(|of| format!(r#""{of}": "{of}(web)""#)).collect();
    let result = result_in(&file(parts, &format!("watch: {{ {} }}", watches.join(", "))), None);
    let web = result.parts.iter().find(|part| part.name == "web").expect("it is a part");
    let watched = |name: &str| {
        let watch = result.watches.iter().find(|watch| watch.name == name).expect("it is watched");
        watch.values[0].value.value().expect("it is known")
    };
    for name in statuses {
        let told = web.all.by_status.iter().find(|(status, _)| status.name() == name);
        let told = told.map_or(0.0, |(_, share)| share.share.value().expect("it is known"));
        near(told, watched(name), 1e-9);
    }
    let told = web.all.errors.share.value().expect("it is known");
    near(told, watched("errors"), 1e-9);
    assert!(told > 0.3, "{told}");
}

#[test]
fn a_time_out_counts_the_calls_that_it_ends() {
    // A quarter of the calls takes 10 ms, half 40 ms, a quarter 90 ms.
    let text = |via: &str, watch: &str| {
        file(
            r#""users": OpenClient(to: "web", rate: "100/s", arrivals: Constant),
            "others": OpenClient(to: "db", rate: "300/s"),
            "web": Service(concurrency: Unlimited, does: Call("db")),
            "db": Service(instances: 2, concurrency: Unlimited, does: Choice([(share: 0.25, does: Delay("10ms")),
                (share: 0.5, does: Delay("40ms")), (share: 0.25, does: Delay("90ms"))]))"#,
            &format!(r#"edges: {{ "web -> db": (via: {via}) }}, watch: {{ "w": "{watch}" }}"#),
        )
    };
    let value = |via: &str, watch: &str| watched(&text(via, watch), None)[0];
    let one = |watch: &str| value("[Timeout(\"20ms\")]", watch);
    near(one("timeouts(web -> db)"), 0.75, 0.02);
    for same in ["timeouts(web -> db.via.Timeout)", "share(web -> db.via[0].timeouts)"] {
        assert_eq!(one(same), one("timeouts(web -> db)"), "{same}");
    }
    near(one("rate(web -> db.via.Timeout.timeouts)"), 75.0, 2.0);
    // Each try of at most 50 ms, all of them of at most 120 ms, after which they go on for nobody.
    let two = |watch: &str| {
        value("[Timeout(\"120ms\"), Retry(retries: 9, on: [Timeout]), Timeout(\"50ms\")]", watch)
    };
    near(two("share(web -> db.via[2].timeouts)"), 0.25, 0.01);
    let third = two("rate(web -> db.via[0].timeouts)");
    // Two tries of 50 ms fail, and the third is not done after 20 ms: unless it takes 10 ms.
    near(third, 100.0 * 0.25 * 0.25 * 0.75, 0.5);
    let text = text("[Timeout(\"120ms\"), Retry(9), Timeout(\"50ms\")]", "timeouts(web -> db)");
    let checked = Scenario::from_text("test.ron", &text, None)
        .and_then(|scenario| scenario.check(&Registry::core(), &Overrides::default()))
        .expect("sound");
    let said = check(&checked, &plan(&checked).expect("it can be built")).expect_err("which?").to_string();
    let both = "write timeouts(web -> db.via[0]) or timeouts(web -> db.via[2])";
    assert!(said.contains("several time-outs stand at web -> db") && said.contains(both), "{said}");
}

/// 100 a second of which a quarter takes 20 ms, half 50 ms, a quarter 100 ms, way included, and ten checks a second of 10 ms.
#[test]
fn a_time_out_counts_neither_checks_nor_what_a_deadline_ends() {
    let value = |via: &str, watch: &str| {
        let parts = r#""users": OpenClient(to: "lb", rate: "100/s", arrivals: Constant),
            "lb": Balancer(to: "db", health: [Active(every: "100ms", timeout: "5ms", fall: 1000000)]),
            "db": Service(concurrency: Unlimited, does: Choice([(share: 0.25, does: Delay("10ms")),
                (share: 0.5, does: Delay("40ms")), (share: 0.25, does: Delay("90ms"))]))"#;
        let more = format!(
            r#"edges: {{ "lb -> db": (round_trip: "10ms", via: {via}) }}, watch: {{ "w": "{watch}" }}"#
        );
        watched(&file(parts, &more), None)[0]
    };
    let ends = |via: &str, at: usize| value(via, &format!("rate(lb -> db.via[{at}].timeouts)"));
    // Each check is given up after 5 ms, half of the way: ten a second, of which none counts.
    near(ends("[Timeout(\"60ms\")]", 0), 25.0, 1.0);
    // Checks that go further than what stands outermost are cut by whatever stands there, and are not counted either.
    let apart = "[Timeout(\"60ms\"), Overhead(\"0s\"), Timeout(\"4ms\")]";
    near(ends(apart, 2), 100.0, 0.1);
    near(ends("[Deadline(\"60ms\"), Timeout(\"95ms\")]", 1), 25.0 - 25.0, 1e-9);
    near(ends("[Deadline(\"95ms\"), Timeout(\"60ms\")]", 1), 25.0, 1.0);
    near(ends("[Timeout(\"95ms\"), Deadline(\"60ms\")]", 0), 0.0, 1e-9);
    near(ends("[Timeout(\"60ms\"), Deadline(\"95ms\")]", 0), 25.0, 1.0);
}

/// What is advised is accepted.
#[test]
fn one_that_passes_answers_on_unseen_says_so() {
    let text = |watch: &str| {
        let parts = r#""users": OpenClient(to: "db", rate: "1/s"), "db": Service(concurrency: Unlimited, does: Delay("1ms"), via: [Overhead("1ms")])"#;
        file(parts, &format!(r#"watch: {{ "w": "{watch}" }}"#))
    };
    let read = |text: &str| {
        let scenario = Scenario::from_text("test.ron", text, None).expect("readable");
        let checked = scenario.check(&Registry::core(), &Overrides::default()).expect("sound");
        let plan = plan(&checked).expect("it can be built");
        check(&checked, &plan).err().map_or_else(String::new, |faults| faults.to_string())
    };
    let said = read(&text("rate(db.via[0].timeouts)"));
    assert!(
        said.contains("db.via[0] passes answers on and has no series `timeouts`; it has `calls`"),
        "{said}"
    );
    assert_eq!(read(&text("rate(db.via[0].calls)")), "");
}

/// A second's check each of two members, of which one crashes from 40 s to 60 s of 100 s, which its clients keep connections to.
#[test]
fn what_a_balancer_keeps_can_be_asked_for() {
    let parts = r#""users": OpenClient(to: "lb", rate: "100/s", arrivals: Constant),
        "lb": Balancer(to: "db", keep_alive: 10, handshake: "1ms", discovery: (delay: "0s", ttl: "1s"),
            health: [Active(every: "1s", timeout: "500ms", fall: 1, rise: 1)]),
        "db": Service(instances: 2, concurrency: Unlimited, does: Delay("5ms"))"#;
    let watches = [
        "up(lb)",
        "listed(lb)",
        "queue(lb)",
        "checks(lb)",
        "failed_checks(lb)",
        "total(lb.handshakes)",
        "rate(lb.ejections)",
        "nobody(lb)",
        "retried(lb)",
        "max(lb.up)",
        "mean(lb.up, from 45s to 55s)",
    ];
    let list: Vec<String> =
        watches.iter().enumerate().map(|(at, of)| format!(r#""w{at}": "{of}""#)).collect();
    let more = format!(
        r#"watch: {{ {} }}, faults: {{ "f": Crash(on: "db/0", at: "40s", lasts: "20s") }}"#,
        list.join(", ")
    );
    let values = watched(&file(parts, &more), None);
    let of = |watch: &str| values[watches.iter().position(|one| *one == watch).expect("it is watched")];
    near(of("max(lb.up)"), 2.0, 0.0);
    near(of("mean(lb.up, from 45s to 55s)"), 1.0, 1e-9);
    assert!(of("up(lb)") > 1.7 && of("up(lb)") < 1.85, "{values:?}");
    assert!(of("listed(lb)") > 1.7 && of("listed(lb)") < 1.85, "{values:?}");
    assert!(of("checks(lb)") > 1.5 && of("checks(lb)") < 2.01, "{values:?}");
    assert!(of("failed_checks(lb)") > 0.15 && of("failed_checks(lb)") < 0.25, "{values:?}");
    assert!(of("total(lb.handshakes)") >= 2.0, "{values:?}");
    near(of("queue(lb)"), 0.0, 1e-9);
    near(of("rate(lb.ejections)") + of("nobody(lb)") + of("retried(lb)"), 0.0, 1e-9);
}

#[test]
fn time_outs_at_a_door_are_asked_for_there() {
    let text = |via: &str, watch: &str| {
        let parts = format!(
            r#""users": OpenClient(to: "web", rate: "100/s", arrivals: Constant),
            "web": Service(concurrency: Unlimited, does: Choice([(share: 0.75, does: Delay("10ms")), (share: 0.25, does: Delay("90ms"))]), via: {via})"#
        );
        file(&parts, &format!(r#"watch: {{ "w": "{watch}" }}"#))
    };
    let said = |via: &str| {
        let text = text(via, "timeouts(web)");
        let scenario = Scenario::from_text("test.ron", &text, None).expect("readable");
        let checked = scenario.check(&Registry::core(), &Overrides::default()).expect("sound");
        check(&checked, &plan(&checked).expect("it can be built")).expect_err("not of the part").to_string()
    };
    for (via, kind, advice, alike) in [
        ("[Timeout(\"50ms\")]", "Timeout", "share(web.via[0].timeouts)", "share(web.via.Timeout.timeouts)"),
        (
            "[Overhead(\"0s\"), Deadline(\"50ms\")]",
            "Deadline",
            "share(web.via[1].timeouts)",
            "share(web.via.Deadline.timeouts)",
        ),
    ] {
        let said = said(via);
        let expected = format!("the `{kind}` at the door of \"web\" ends");
        assert!(said.contains(&expected) && said.contains(&format!("write {advice}")), "{said}");
        let [is, alike] = [advice, alike].map(|watch| watched(&text(via, watch), None)[0]);
        near(is, 0.25, 0.02);
        near(alike, is, 1e-9);
    }
    let both = said("[Timeout(\"50ms\"), Deadline(\"50ms\")]");
    assert!(both.contains("share(web.via[0].timeouts) or share(web.via[1].timeouts)"), "{both}");
}

#[test]
fn lesser_answers_are_counted_apart() {
    let parts = |status: &str| {
        file(
            &format!(
                r#""users": OpenClient(to: "web", rate: "100/s"), "web": Service(concurrency: Unlimited, does: Call("extra")),
                "extra": Service(concurrency: Unlimited, does: Fail("20%"), via: [Fallback(status: {status})])"#
            ),
            r#"watch: { "stale": "stale(users)", "degraded": "degraded(users)", "web": "rate(web.degraded)", "fallbacks": "rate(extra.fallbacks)", "made-up": "rate(extra.via.Fallback.fallbacks)" }"#,
        )
        .replace(r#""fallbacks": "rate(extra.fallbacks)", "#, "")
    };
    let values = watched(&parts("Degraded"), None);
    assert!(values[0] == 0.0 && (values[1] - 0.2).abs() < 0.01, "{values:?}");
    assert!((values[2] - values[3]).abs() < 1e-9 && (values[3] - 20.0).abs() < 1.0, "{values:?}");
    let values = watched(&parts("Stale"), None);
    assert!((values[0] - 0.2).abs() < 0.01 && values[1] == 0.0 && values[2] == 0.0, "{values:?}");
}

#[test]
fn what_does_not_stand_there_is_said_with_what_does() {
    let said = |watch: &str| {
        let scenario = Scenario::from_text("test.ron", &text(watch), None).expect("readable");
        match scenario.check(&Registry::core(), &Overrides::default()) {
            Err(faults) => faults.to_string(),
            Ok(checked) => check(&checked, &plan(&checked).expect("it can be built"))
                .err()
                .map_or_else(|| panic!("{watch} is accepted"), |faults| faults.to_string()),
        }
    };
    let mut wrong = Vec::new();
    for (watch, expected) in [
        ("rate(web -> db.via.Retri.retries)", "unknown middle part `Retri`"),
        ("rate(web -> db.via.Retri.retries)", "did you mean `Retry`?"),
        ("rate(web -> db.via.Retry.retrys)", "Retry has no series `retrys`"),
        ("rate(web -> db.via.Retry.retrys)", "did you mean `retries`?"),
        ("rate(web -> db.via.Retry.opened)", "Retry has no series `opened`"),
        ("rate(web -> dba.via.Retry.retries)", "nothing is named \"dba\""),
        ("rate(web/0 -> db.via.Retry.retries)", "is measured of all instances together"),
        (
            "rate(web -> db.via.Breaker.opened)",
            "at web -> db stands no `Breaker`; there are web -> db.via.Bulkhead, web -> db.via.Retry",
        ),
        (
            "rate(web -> db.via[7].opened)",
            "at web -> db stands no [7]; there are web -> db.via[0], a `Bulkhead`; web -> db.via[1], a `Retry`; web -> db.via[2], a `Balance`; web -> db.via[3], a `Bulkhead`",
        ),
        (
            "rate(left -> one.via[3].timeouts)",
            "at left -> one stands no [3]; there are left -> one.via[0], a `Timeout`",
        ),
        ("utilisation(web)", "web/0 has no utilisation: it works on as many calls at once as there are"),
        ("threads(web)", "web/0 keeps no series `threads`: it has none"),
        ("rate(web -> db.via.Timeout.timeouts)", "at web -> db stands no `Timeout`; there are web -> db.via"),
        ("timeouts(web -> db)", "at web -> db stands no `Timeout`"),
        ("rate(left -> one.via.Timeout.calls)", "a `Timeout` has no series `calls`; it has `timeouts`"),
        ("timeouts(left -> one)", "cannot be told apart; put something after it, an `Overhead(\"0s\")`"),
        (
            "mean(web -> db.via.Bulkhead.inside)",
            "at web -> db stand several of this kind; write web -> db.via[0] or web -> db.via[3]",
        ),
        (
            "rate(web -> db.rejected)",
            "several at web -> db have the series `rejected`; write rejected(web -> db.via[0]) or rejected(web -> db.via[3])",
        ),
        ("rate(web -> db.opened)", "nothing at web -> db has the series `opened`"),
        (
            "rate(db -> web.via.Retry.retries)",
            "at db -> web stands no `Retry`; elsewhere there are users -> web.via.Retry, web.via.RateLimit, web -> db.via",
        ),
        ("rate(db.via.Retry.retries)", "at db stands no `Retry`"),
        ("calls(db -> web)", "no call goes db -> web"),
        ("calls(left -> one)", "the calls left -> one pass nothing that sees them and no others"),
        ("rate(web -> db.errors)", "`errors` of which of those at web -> db? there are"),
        ("max(web -> db.via[0].inside)", "the extremes of several instances together are not kept"),
        ("rate(web -> db.via.Retry.budget)", "`budget` has no `rate`"),
        ("mean(web -> db.via.Retry.budget)", "keeps no series `budget`"),
        ("attempts(users:default)", "for all classes together"),
        ("rate(web.degradet)", "did you mean `degraded`?"),
    ] {
        let found = said(watch);
        let errors: String = found.split("warning:").filter(|one| one.contains("error:")).collect();
        if !errors.contains(expected) || !errors.contains("test.ron:5:") {
            wrong.push(format!("{watch}: {expected}\n{errors}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
