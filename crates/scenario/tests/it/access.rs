//! The typed access layer, expansion and hash.

use kneepoint_scenario::{Data, DistributionSpec, Origin, ProfileSpec, Scenario, StepSpec, Wait};

use crate::{accepted, check_with, shop};

const SHOP: &str = r#"
    "users": OpenClient(to: "web:buy", rate: Ramp(from: "10/s", to: "0.2/ms", over: "1min"), classes: { "a": (share: "25%"), "b": (share: 0.75, size: "2kB") }),
    "web": Service(
        instances: 3, machine: (cores: 4, speed: 2.5), queue: 50, via: Timeout("2s"),
        operations: { "buy": [
            Compute(Lognormal(median: "8ms", p99: "80ms")),
            Parallel([Call("db:read"), [Delay("1ms"), Call(to: "db:write", times: 2)]], ),
            Choice([(share: 0.9), (share: 0.1, does: Fail("50%"))]),
            Repeat(times: Geometric(3), does: Detach(Compute("1us"))),
        ] },
    ),
    "db": Service(operations: { "read": Compute("1ms"), "write": Compute("2ms") }, concurrency: EventLoop, queue: (max: 5)),
"#;

#[test]
fn fields_come_as_plain_typed_values_with_defaults_filled_in() {
    let text = shop(
        SHOP,
        "edges: { \"web -> db\": (round_trip: \"0.5ms\", via: [Timeout(after: \"1s\", cancel: true)]) }",
    )
    .replace("\"0.2/ms\"", "\"200/s\"");
    let checked = accepted(&text);
    let run = checked.run().expect("there is a run");
    assert_eq!(
        (run.duration("duration"), run.count("replications"), run.number("confidence")),
        (600_000_000_000, 10, 0.95)
    );
    assert_eq!(run.get("seed").map(|value| value.origin), Some(Origin::Default));
    let [users, web, db] = checked.parts() else { panic!("three parts") };
    let ProfileSpec::Ramp { from, to, over, start } = users.args.profile("rate") else { panic!("a ramp") };
    assert_eq!((from, to, over, start), (10.0, 200.0, 60_000_000_000, 0));
    assert_eq!(users.args.word("arrivals"), "Poisson");
    let classes = users.args.map("classes");
    let class = classes[1].value.as_args().expect("a record");
    assert_eq!((&*classes[1].key, class.number("share"), class.count("priority")), ("b", 0.75, 0));
    assert!(matches!(class.distribution("size"), DistributionSpec::Constant(size) if size == 2000.0));
    assert_eq!((web.instances(), users.is_client, db.is_client), (3, true, false));
    assert_eq!(
        checked.machine(web).map(|machine| (machine.count("cores"), machine.number("speed"))),
        Some((4, 2.5))
    );
    assert_eq!(checked.machine(db).map(|machine| machine.count("cores")), Some(1));
    assert_eq!(web.args.args("queue").map(|queue| queue.count("max")), Some(50));
    assert_eq!(web.args.args("concurrency").map(|threads| threads.count("threads")), Some(200));
    assert_eq!(
        web.args.args_list("via").map(|via| via.duration("after")).collect::<Vec<_>>(),
        [2_000_000_000]
    );
    assert_eq!(db.args.word("concurrency"), "EventLoop");
}

#[test]
fn steps_come_as_a_tree() {
    let text = shop(SHOP, "").replace("\"0.2/ms\"", "\"200/s\"");
    let checked = accepted(&text);
    let web = &checked.parts()[1];
    let operations = web.args.operations();
    let (name, steps) = &operations[0];
    assert_eq!((*name, steps.len()), ("buy", 4));
    let StepSpec::Compute(DistributionSpec::Lognormal { median, sigma }) = steps[0].spec() else {
        panic!("compute")
    };
    assert_eq!(median, 8e6);
    // p99 = median * exp(2.326 sigma)
    assert!((sigma - 10f64.ln() / 2.326_347_874_040_841).abs() < 1e-12);
    let StepSpec::Parallel { branches, wait } = steps[1].spec() else { panic!("parallel") };
    assert_eq!((branches.iter().map(Vec::len).collect::<Vec<_>>(), wait), (vec![1, 2], Wait::All));
    let StepSpec::Call(call) = branches[0][0].spec() else { panic!("call") };
    let known = checked.topology().call(call.node, 2, Some("buy"), Some("a")).expect("resolved");
    assert_eq!((known.caller, known.callee, known.callee_operation.as_deref()), (1, 2, Some("read")));
    let StepSpec::Call(call) = branches[1][1].spec() else { panic!("call") };
    assert!(matches!(call.times, DistributionSpec::Constant(times) if times == 2.0));
    let StepSpec::Choice(branches) = steps[2].spec() else { panic!("choice") };
    assert_eq!(
        branches.iter().map(|(share, steps)| (*share, steps.len())).collect::<Vec<_>>(),
        [(0.9, 0), (0.1, 1)]
    );
    let StepSpec::Fail { chance, status } = branches[1].1[0].spec() else { panic!("fail") };
    assert_eq!((chance, status), (0.5, "Failed"));
    let StepSpec::Repeat { times: DistributionSpec::Geometric { mean }, does } = steps[3].spec() else {
        panic!("repeat")
    };
    assert_eq!((mean, does.len()), (3.0, 1));
}

#[test]
#[should_panic(expected = "`Service` has no field `instanses`")]
fn a_field_that_does_not_exist_is_a_bug_of_the_caller() {
    let checked = accepted(&shop("\"web\": Service(does: Compute(\"1ms\"))", ""));
    let _ = checked.parts()[0].args.count("instanses");
}

#[test]
fn what_is_expanded_says_the_same_and_is_read_again() {
    let text = shop(SHOP, "params: { \"peak\": \"100/s\" }, set: { \"web.instances\": 5 }")
        .replace("\"0.2/ms\"", "\"=peak * 2\"");
    let checked = accepted(&text);
    let expanded = checked.expanded();
    assert!(expanded.contains("threads: 200,  // default"), "{expanded}");
    assert!(expanded.contains("to: \"200/s\",  // file test.ron:4:69 =peak * 2"), "{expanded}");
    assert!(expanded.contains("instances: 5,  // set test.ron"), "{expanded}");
    let again = accepted(&expanded);
    assert_eq!(again.hash(), checked.hash(), "{expanded}");
}

#[test]
fn the_hash_is_of_what_is_meant_not_of_how_it_is_written() {
    let hash = |text: &str| accepted(text).hash();
    let one = shop("\"c\": ClosedClient(to: \"w\", users: 5),\n\"w\": Service(does: Compute(\"1s\"))", "");
    let other = one
        .replace("\"1s\"", "\"1000ms\"")
        .replace("does: Compute", "instances: 1, does: [Compute")
        .replace("ms\")", "ms\")]");
    assert_eq!(hash(&one), hash(&other));
    assert_ne!(hash(&one), hash(&one.replace("\"1s\"", "\"2s\"")));
    // What people call a part changes no result.
    let called = one.replace("Service(does", "Service(label: \"Shop\", does");
    assert_ne!(called, one);
    assert_eq!(hash(&one), hash(&called));
}

#[test]
fn the_ledger_has_assumptions_notes_and_defaults_with_a_source() {
    let text = shop(
        "\"web\": Service(note: \"measured in May\", does: Compute(\"1ms\"))",
        "assumptions: [\"no weekends\", (text: \"ten per cent\", source: \"plan\", doubt: High)]",
    );
    let ledger = accepted(&text).assumptions();
    let rows: Vec<_> =
        ledger.iter().map(|row| (row.text.as_str(), row.source.as_deref(), row.doubt.as_deref())).collect();
    assert_eq!(
        rows[..3],
        [
            ("no weekends", None, None),
            ("ten per cent", Some("plan"), Some("High")),
            ("measured in May", None, None)
        ]
    );
    assert!(
        rows.contains(&("Service.concurrency = Threads(200)", Some("Tomcat maxThreads"), None)),
        "{rows:?}"
    );
}

#[test]
fn uncertain_parameters_stand_for_their_mean_until_they_are_drawn() {
    let text = shop(
        "\"c\": ClosedClient(to: \"w\", users: 5),\n\"w\": Service(does: Compute(Exponential(\"=demand\")))",
        "params: { \"demand\": Uncertain(Triangular(min: \"15ms\", mode: \"20ms\", max: \"40ms\")) }",
    );
    let work = |checked: &kneepoint_scenario::Checked| {
        let operations = checked.parts()[1].args.operations();
        match operations[0].1[0].spec() {
            StepSpec::Compute(DistributionSpec::Exponential { mean }) => mean,
            other => panic!("{other:?}"),
        }
    };
    let checked = accepted(&text);
    assert_eq!(work(&checked), 25e6);
    assert_eq!(checked.uncertain()[0].name, "demand");
    let set = vec![("params.demand".to_string(), "30ms".to_string())];
    let drawn =
        check_with(&text, &kneepoint_scenario::Overrides { variant: None, set }).expect("a value may be set");
    assert_eq!((work(&drawn), drawn.uncertain().len()), (30e6, 0));
}

#[test]
fn a_scenario_is_read_once_and_checked_often() {
    let text = shop("\"c\": ClosedClient(to: \"w\", users: 5),\n\"w\": Service(does: Compute(\"1s\"))", "");
    let scenario = Scenario::from_text("test.ron", &text, None).expect("readable");
    for users in 1..5 {
        let set = vec![("c.users".to_string(), users.to_string())];
        let overrides = kneepoint_scenario::Overrides { variant: None, set };
        let checked = scenario.check(&kneepoint_scenario::Registry::core(), &overrides).expect("sound");
        let value = checked.parts()[0].args.get("users").expect("given");
        assert!(matches!(value.data, Data::Count(count) if count == users), "{value:?}");
        assert_eq!(value.origin, Origin::CommandLine);
    }
}
