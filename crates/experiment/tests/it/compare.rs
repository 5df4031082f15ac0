use kneepoint_engine::SimDuration;
use kneepoint_experiment::compare::{
    Answer, ClientFacts, CompareOptions, Comparison, Design, Doubt, Finding, Gate, MetricDifference, Outcome,
    Record, compare_records, gates,
};
use kneepoint_experiment::result::{Better, Measure, RunResult, Subject, Unit};
use kneepoint_experiment::{ExperimentError, compare};
use kneepoint_scenario::plan::Plan;
use kneepoint_statistics::{Estimated, Pairing, PseudoValues};

use crate::models::{done, fixed, queue, with_objective};

fn seconds(n: u64) -> SimDuration {
    SimDuration::from_secs(n)
}

/// An M/M/1 of 50 requests a second.
fn station(service_ms: f64, seed: u64, replications: u64) -> Plan {
    let mut plan = queue(fixed(seconds(110), seconds(10), replications), 50.0, service_ms, 1);
    plan.run.seed = seed;
    with_objective(plan, "fast", "p99(client.latency) < 93ms")
}

fn pair(first: Plan, second: Plan) -> Comparison {
    let design = |name: &str, plan| Design { name: name.to_string(), plan };
    compare(&[design("a", first), design("b", second)], &CompareOptions::default()).expect("it runs")
}

fn metric<'c>(comparison: &'c Comparison, name: &str) -> &'c MetricDifference {
    let mut found = comparison.contrasts[0].metrics.iter().filter(|m| m.name == name);
    let metric = found.next().unwrap_or_else(|| panic!("{name}"));
    assert!(found.next().is_none(), "{name} stands twice");
    metric
}

#[test]
fn the_same_design_is_identical_and_no_question_of_chance() {
    let comparison = pair(station(10.0, 1, 5), station(10.0, 1, 5));
    assert_eq!(comparison.pairing, Pairing::Paired);
    assert_eq!(comparison.contrasts[0].answer, Answer::Identical);
    assert_eq!(comparison.family, 0);
    let equal = |m: &MetricDifference| matches!(m.finding, Finding::Identical | Finding::NotEnough);
    assert!(comparison.contrasts[0].metrics.iter().all(equal));
}

#[test]
fn slower_service_is_found_and_the_pairs_helped() {
    let comparison = pair(station(10.0, 1, 10), station(10.5, 1, 10));
    let contrast = &comparison.contrasts[0];
    assert_eq!(contrast.answer, Answer::Worse, "{contrast:#?}");
    let mean = metric(&comparison, "mean(client.latency)");
    assert_eq!((mean.finding, mean.is_better()), (Finding::Higher, Some(false)));
    assert!(mean.correlation.expect("pairs") > 0.8 && mean.gain.expect("pairs") > 3.0, "{mean:?}");
    let e = *mean.difference.known().expect("ten replications");
    // 1 / (1/10.5 - 0.05) - 1 / (1/10 - 0.05) = 2.105 ms.
    assert!(e.contains(2.105e6), "{e:?}");
    assert_eq!(metric(&comparison, "p99(client.latency)").subject, Subject::Objective("fast".to_string()));
    assert_eq!(metric(&comparison, "errors(client)").finding, Finding::Identical);
    assert!(metric(&comparison, "utilisation(desk)").is_better().is_none());
}

#[test]
fn another_seed_makes_independent_samples() {
    let comparison = pair(station(10.0, 1, 5), station(10.0, 2, 5));
    assert_eq!(comparison.pairing, Pairing::Independent);
    assert_eq!(comparison.contrasts[0].answer, Answer::NotShown);
    assert!(comparison.contrasts[0].metrics.iter().all(|m| m.correlation.is_none()));
}

#[test]
fn one_metric_is_a_family_of_its_own() {
    let of = |only: &[&str]| {
        let metrics =
            only.iter().map(|m| kneepoint_scenario::value::Metric::parse(m).expect("a metric")).collect();
        let designs =
            [("a", 10.0), ("b", 10.2)].map(|(n, s)| Design { name: n.to_string(), plan: station(s, 1, 5) });
        compare(&designs, &CompareOptions { metrics, ..CompareOptions::default() }).expect("it runs")
    };
    let (all, one) = (of(&[]), of(&["p50(client.latency)"]));
    assert_eq!((one.family, one.contrasts[0].metrics.len()), (1, 1));
    let width =
        |c: &Comparison| metric(c, "p50(client.latency)").difference.known().expect("enough").half_width();
    assert!(all.family >= 4 && width(&all) > 1.5 * width(&one), "{} {}", width(&all), width(&one));
}

#[test]
fn replications_are_added_until_the_difference_is_known_or_the_cap_ends_it() {
    let of = |precision, most| {
        let designs =
            [("a", 10.0), ("b", 10.5)].map(|(n, s)| Design { name: n.to_string(), plan: station(s, 1, 5) });
        let metrics =
            vec![kneepoint_scenario::value::Metric::parse("mean(client.latency)").expect("a metric")];
        let options = CompareOptions {
            metrics,
            precision: Some(precision),
            replications_max: Some(most),
            ..CompareOptions::default()
        };
        compare(&designs, &options).expect("it runs")
    };
    let fine = of(0.01, 80);
    let precision = fine.precision.as_ref().expect("asked for");
    assert!(precision.reached.expect("known") <= 0.01 / 1.01 && fine.warnings.is_empty(), "{precision:?}");
    assert!(fine.designs.iter().all(|d| d.replications == fine.designs[0].replications));
    let short = of(0.0001, 7);
    assert_eq!(short.designs[1].replications, 7);
    assert!(short.warnings[0].contains("wider than asked") && short.warnings[0].contains("7 replications"));
}

#[test]
fn one_design_says_nothing() {
    let one = [Design { name: "a".to_string(), plan: station(10.0, 1, 5) }];
    let refused = compare(&one, &CompareOptions::default());
    assert!(matches!(refused, Err(ExperimentError::Plan { reason }) if reason.contains("two designs")));
}

#[test]
fn designs_that_share_no_number_are_refused_with_what_they_have() {
    let mut other = station(10.0, 1, 5);
    other.objectives.clear();
    for part in &mut other.parts {
        part.name += "-two";
    }
    let designs =
        [("a", station(10.0, 1, 5)), ("b", other)].map(|(n, plan)| Design { name: n.to_string(), plan });
    let refused = compare(&designs, &CompareOptions::default()).expect_err("nothing in common").to_string();
    assert!(refused.contains("a has p99(client.latency), mean(client.latency)"), "{refused}");
    assert!(refused.contains("b has mean(client-two.latency)"), "{refused}");
}

/// An M/M/1 for half an hour, once.
fn long(service_ms: f64, seed: u64, hundreds_of_seconds: u64) -> Plan {
    let run = fixed(seconds(100 * hundreds_of_seconds + 10), seconds(10), 1);
    let mut plan = queue(run, 50.0, service_ms, 1);
    plan.run.seed = seed;
    plan
}

#[test]
fn two_long_runs_are_compared_by_pairs_of_batches() {
    let comparison = pair(long(10.0, 1, 10), long(10.5, 1, 10));
    assert_eq!((comparison.pairing, comparison.designs[0].batches), (Pairing::Paired, Some(20)));
    let mean = metric(&comparison, "mean(client.latency)");
    assert_eq!(mean.finding, Finding::Higher);
    let e = *mean.difference.known().expect("twenty batches");
    assert!(e.n == 20 && e.contains(2.105e6), "{e:?}");
    assert!(mean.gain.expect("pairs") > 3.0, "{mean:?}");
    // Ten replications of a tenth of the length know it about as well.
    let short = pair(station(10.0, 1, 10), station(10.5, 1, 10));
    let other = metric(&short, "mean(client.latency)").difference.known().expect("ten").half_width();
    assert!((0.3..3.0).contains(&(e.half_width() / other)), "{} {other}", e.half_width());
    let independent = pair(long(10.0, 1, 10), long(10.5, 2, 10));
    assert_eq!(independent.pairing, Pairing::Independent);
    assert!(metric(&independent, "mean(client.latency)").difference.known().is_some());
}

/// In 95 of 100 comparisons, or so, the interval holds the difference: of 60, no fewer than 51 (the chance of fewer is
/// one in a thousand).
#[test]
fn intervals_of_pairs_of_batches_hold_the_difference_as_often_as_they_say() {
    let holds = |seed: &u64| {
        let designs = [10.0, 10.5].map(|s| Design { name: s.to_string(), plan: long(s, *seed, 10) });
        let metrics =
            vec![kneepoint_scenario::value::Metric::parse("mean(client.latency)").expect("a metric")];
        let found =
            compare(&designs, &CompareOptions { metrics, ..CompareOptions::default() }).expect("it runs");
        metric(&found, "mean(client.latency)").difference.known().expect("batches").contains(2.105e6)
    };
    let held = (1..=60).filter(holds).count();
    assert!(held >= 51, "{held} of 60");
}

#[test]
fn one_run_that_cannot_be_cut_is_said_to_have_no_interval() {
    let each = "p99(client.latency, each 10s) < 93ms";
    let windows = |service| with_objective(long(service, 1, 1), "fast", each);
    for (first, second) in [
        (windows(10.0), windows(11.0)),
        (long(10.0, 1, 1), windows(11.0)),
        (long(10.0, 1, 1), long(10.0, 1, 2)),
    ] {
        let comparison = pair(first, second);
        assert_eq!(comparison.contrasts[0].answer, Answer::NotEnough);
        let said = comparison.warnings.iter().any(|w| w.starts_with("one replication: no difference has"));
        assert!(said, "{:?}", comparison.warnings);
    }
}

fn record(name: &str, result: &RunResult) -> Record {
    Record::of(name, result)
}

#[test]
fn gates_hold_are_ruled_out_or_undecided() {
    let (before, after) = (done(&station(10.0, 1, 10)), done(&station(10.5, 1, 10)));
    let records = [record("before", &before), record("after", &after)];
    let outcome = |text: &str| {
        let gate = Gate::parse(text).expect("a gate");
        let found = gates(&[gate], &records, Pairing::Paired, 0.95).map_err(|e| e.to_string())?;
        assert_eq!(found.len(), 1);
        Ok::<_, String>(found[0].outcome)
    };
    // The mean goes from 20 to 22.1 ms: +10.5 %.
    assert_eq!(outcome("mean > +5%"), Ok(Outcome::Holds));
    assert_eq!(outcome("mean(client.latency) > +1ms"), Ok(Outcome::Holds));
    assert_eq!(outcome("mean > +20%"), Ok(Outcome::RuledOut));
    assert_eq!(outcome("mean > +10.5%"), Ok(Outcome::Undecided));
    assert_eq!(outcome("mean > 30ms"), Ok(Outcome::RuledOut));
    assert_eq!(outcome("goodput < -2%"), Ok(Outcome::RuledOut));
    assert_eq!(outcome("errors > +5%"), Ok(Outcome::Undecided));
    assert_eq!(outcome("slo.fast missed"), Ok(Outcome::Holds), "{:?}", after.objectives);
    for (wrong, part) in [
        ("slo.fats missed", "fast"),
        ("p42(client.latency) > +5%", "it has p99(client.latency)"),
        ("mean > 5%", "+5%"),
        ("mean > +5/s", "a duration"),
    ] {
        let reason = outcome(wrong).expect_err(wrong);
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn what_only_one_design_has_is_named() {
    let mut second = station(10.0, 1, 5);
    second.objectives.clear();
    second = with_objective(second, "fast", "p99(client.latency) < 1s");
    let (a, b) = (done(&station(10.0, 1, 5)), done(&second));
    let comparison = compare_records(vec![record("a", &a), record("b", &b)], Pairing::Paired, 0.95, &[]);
    let contrast = &comparison.contrasts[0];
    assert!(contrast.objectives.is_empty());
    assert_eq!(
        contrast.left_out,
        ["objective fast: a asks for p99(client.latency) < 93ms, b for p99(client.latency) < 1s"]
    );
    assert!(matches!(metric(&comparison, "p99(client.latency)").difference, Estimated::Known(_)));
}

/// A record of one client, with the same value in each replication but for a little noise.
fn made(name: &str, facts: ClientFacts, measures: &[(&str, Better, f64)]) -> Record {
    let measure = |&(metric, better, value): &(&str, Better, f64)| Measure {
        name: metric.to_string(),
        subject: Subject::Client("users".to_string()),
        unit: Unit::Number,
        better,
        value: None,
        content: PseudoValues::of_values(
            &[0.0, 1.0, -1.0, 0.5, -0.5].map(|noise| value * (1.0 + noise * facts.good as f64 * 1e-9)),
        ),
    };
    let plain = run_plain();
    Record {
        name: name.to_string(),
        measures: measures.iter().map(measure).collect(),
        objectives: Vec::new(),
        clients: vec![facts],
        ..plain
    }
}

fn run_plain() -> Record {
    let result = kneepoint_experiment::run(&station(10.0, 1, 2), &Default::default()).expect("it runs");
    Record { verdict: kneepoint_experiment::result::Verdict::NothingToJudge, ..record("plain", &result) }
}

fn facts(sent: u64, ended: u64, good: u64) -> ClientFacts {
    ClientFacts {
        name: "users".to_string(),
        sent,
        ended,
        good,
        offered_per_s: Some((sent as f64, 0.0, 1e9)),
        users: None,
    }
}

fn doubts(first: Record, second: Record) -> (Answer, Vec<Option<Doubt>>) {
    let mut found = compare_records(vec![first, second], Pairing::Paired, 0.95, &[]).contrasts.remove(0);
    let each = found.metrics.iter_mut();
    let each = each.map(|m| {
        assert!(matches!(m.finding, Finding::Lower | Finding::Higher), "{m:?}");
        assert!(m.doubt.is_none() || m.is_better().is_none(), "{m:?}");
        m.doubt.take()
    });
    (found.answer, each.collect())
}

/// A design that fails what is slow had the better latency, and one that is offered more the better goodput.
#[test]
fn numbers_that_rest_on_other_requests_make_no_design_the_better_one() {
    let latency = |v| [("p99(users.latency)", Better::Lower, v)];
    let (answer, doubt) = doubts(
        made("all", facts(1000, 1000, 970), &latency(20.0)),
        made("few", facts(1000, 1000, 420), &latency(10.0)),
    );
    assert_eq!(answer, Answer::NotShown);
    let shares = [("all".to_string(), 0.97), ("few".to_string(), 0.42)];
    assert_eq!(doubt, [Some(Doubt::Survivors(shares))]);
    let (answer, doubt) = doubts(
        made("a", facts(1000, 1000, 970), &latency(20.0)),
        made("b", facts(1000, 1000, 968), &latency(10.0)),
    );
    assert_eq!((answer, doubt), (Answer::Better, vec![None]));

    let goodput = |v| [("goodput(users)", Better::Higher, v)];
    let (answer, doubt) = doubts(
        made("a", facts(1000, 1000, 990), &goodput(10.0)),
        made("b", facts(2000, 2000, 1980), &goodput(20.0)),
    );
    assert!(answer == Answer::NotShown && matches!(doubt[..], [Some(Doubt::OfferedApart(_))]), "{doubt:?}");

    // 0.1 points of errors, where 1 % of the requests had not ended.
    let errors = |v| [("errors(users)", Better::Lower, v)];
    let (answer, doubt) = doubts(
        made("a", facts(1000, 990, 111), &errors(0.887)),
        made("b", facts(1000, 985, 111), &errors(0.886)),
    );
    assert!(answer == Answer::NotShown && matches!(doubt[..], [Some(Doubt::Unfinished(_))]), "{doubt:?}");
    let (answer, doubt) = doubts(
        made("a", facts(1000, 990, 111), &errors(0.887)),
        made("b", facts(1000, 985, 900), &errors(0.1)),
    );
    assert_eq!((answer, doubt), (Answer::Better, vec![None]));
}

/// A run that failed half of its requests passed a gate on its p99, of which the table refused any verdict.
#[test]
fn gates_are_as_doubtful_as_the_differences_they_are_about() {
    let outcome = |text: &str,
                   (name, better): (&str, Better),
                   before: (ClientFacts, f64),
                   after: (ClientFacts, f64)| {
        let records = [
            made("before", before.0, &[(name, better, before.1)]),
            made("after", after.0, &[(name, better, after.1)]),
        ];
        let found = gates(&[Gate::parse(text).expect("a gate")], &records, Pairing::Paired, 0.95)
            .expect("it is there");
        (found[0].outcome, found[0].doubt.clone())
    };
    let p99 = ("p99(users.latency)", Better::Lower);
    let (all, half) = (facts(1000, 1000, 1000), facts(1000, 1000, 500));
    let few = |of: &str, a: ClientFacts, b: ClientFacts, values: (f64, f64)| {
        outcome(of, p99, (a, values.0), (b, values.1))
    };
    for gate in ["p99(users.latency) > +5%", "p99(users.latency) > +1"] {
        let (found, doubt) = few(gate, all.clone(), half.clone(), (20.0, 10.0));
        assert!(
            found == Outcome::Undecided && matches!(doubt, Some(Doubt::Survivors(_))),
            "{gate}: {doubt:?}"
        );
        // Slower, and it answers fewer.
        assert_eq!(few(gate, all.clone(), half.clone(), (20.0, 40.0)), (Outcome::Holds, None));
        // Faster, and it answers more.
        assert_eq!(few(gate, half.clone(), all.clone(), (20.0, 10.0)), (Outcome::RuledOut, None));
        assert_eq!(few(gate, half.clone(), all.clone(), (20.0, 40.0)).0, Outcome::Undecided);
    }
    // What is asked of the second run alone does not ask for the first.
    assert_eq!(
        few("p99(users.latency) > 15", all.clone(), half.clone(), (20.0, 10.0)),
        (Outcome::RuledOut, None)
    );

    let goodput = ("goodput(users)", Better::Higher);
    let (found, doubt) =
        outcome("goodput(users) < -2%", goodput, (all.clone(), 10.0), (facts(2000, 2000, 2000), 20.0));
    assert!(found == Outcome::Undecided && matches!(doubt, Some(Doubt::OfferedApart(_))), "{doubt:?}");

    let errors = ("errors(users)", Better::Lower);
    let of_errors = |unfinished: u64| {
        let after = facts(1000, 1000 - unfinished, 900);
        outcome("errors(users) > +0.05", errors, (facts(1000, 1000, 900), 0.1), (after, 0.11))
    };
    assert_eq!(of_errors(10), (Outcome::RuledOut, None));
    let (found, doubt) = of_errors(60);
    assert!(found == Outcome::Undecided && matches!(doubt, Some(Doubt::Unfinished(_))), "{doubt:?}");
}

/// The gate had an interval of its own for the change that the table tells.
#[test]
fn a_gate_tells_the_relative_change_of_the_table() {
    let (before, after) = (done(&station(10.0, 1, 10)), done(&station(10.5, 1, 10)));
    let records = vec![record("before", &before), record("after", &after)];
    let gate = Gate::parse("mean > +5%").expect("a gate");
    let found = gates(&[gate], &records, Pairing::Paired, 0.95).expect("it is there").remove(0);
    let only = ["mean(client.latency)".to_string()];
    let compared = compare_records(records, Pairing::Paired, 0.95, &only);
    assert_eq!(found.value.as_ref(), Some(&metric(&compared, &only[0]).relative));
}

/// A design that failed more of its requests and was slower at the rest was no worse.
#[test]
fn who_answers_less_and_is_slower_is_worse() {
    let latencies = ["p50", "p95", "p99", "p99.9"].map(|p| format!("{p}(users.latency)"));
    let latency = |v: f64| latencies.each_ref().map(|name| (name.as_str(), Better::Lower, v));
    let (all, few) = (facts(1000, 1000, 1000), facts(1000, 1000, 985));
    let found = |a: (ClientFacts, f64), b: (ClientFacts, f64)| {
        let (answer, each) = doubts(made("a", a.0, &latency(a.1)), made("b", b.0, &latency(b.1)));
        let alike = each.iter().all(|doubt| doubt == &each[0]);
        assert!(alike, "{each:?}");
        (answer, each[0].is_some())
    };
    assert_eq!(found((all.clone(), 10.0), (few.clone(), 20.0)), (Answer::Worse, false));
    assert_eq!(found((all.clone(), 20.0), (few.clone(), 10.0)), (Answer::NotShown, true));
    assert_eq!(found((few.clone(), 20.0), (all.clone(), 10.0)), (Answer::Better, false));
    assert_eq!(found((few, 10.0), (all, 20.0)), (Answer::NotShown, true));
}

/// Requests of either side counted, wherever the difference pointed.
#[test]
fn only_what_could_undo_a_difference_makes_it_doubtful() {
    let errors = |v| [("errors(users)", Better::Lower, v)];
    let (open, done) = (facts(1000, 950, 950), facts(1000, 1000, 970));
    // Had the second's open requests failed, it would only have more errors.
    let (answer, doubt) =
        doubts(made("a", done.clone(), &errors(0.0)), made("b", open.clone(), &errors(0.03)));
    assert_eq!((answer, doubt), (Answer::Worse, vec![None]));
    let (answer, doubt) = doubts(made("a", done, &errors(0.03)), made("b", open, &errors(0.0)));
    assert!(answer == Answer::NotShown && matches!(doubt[..], [Some(Doubt::Unfinished(_))]), "{doubt:?}");
}

/// The figure drew the difference as a share of the first, and files held the interval of the ratio.
#[test]
fn a_relative_difference_is_the_difference_as_a_share_of_the_first() {
    let comparison = pair(station(10.0, 1, 10), station(10.5, 1, 10));
    for m in &comparison.contrasts[0].metrics {
        let (Some(d), Some(r), Some(first)) = (m.difference.known(), m.relative.known(), m.first) else {
            continue;
        };
        for (d, r) in [(d.value, r.value), (d.low, r.low), (d.high, r.high)] {
            assert!((d / first - r).abs() <= 1e-12 * r.abs(), "{m:?}");
        }
    }
}

/// The page of a run told a p99 that the comparison beside it refused, and showed a request near one that it did not tell.
#[test]
fn what_a_run_tells_of_percentiles_is_what_is_compared_and_sampled() {
    use kneepoint_experiment::result::Why;
    // 1,500 requests: of p99.9 there is no number, and of p99 hardly.
    let plan = station(18.0, 3, 3);
    let mut short = plan.clone();
    short.run.duration = seconds(20);
    let options = kneepoint_experiment::Options { samples: true, ..Default::default() };
    for plan in [plan, short] {
        let result = kneepoint_experiment::run(&plan, &options).expect("it runs");
        let latency = &result.clients[0].all.latency;
        for sample in &result.samples {
            if let Why::Near(p) = sample.why {
                let told = latency.percentile(p).expect("it is reported");
                assert!(told.known().is_some(), "a request near {p}, and no number: {told:?}");
            }
        }
        for (p, name) in [(0.5, "p50"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9")] {
            let metric = format!("{name}(client.latency)");
            let measure = result.measures.iter().find(|m| m.name == metric).expect("it is compared");
            let compared = measure.content.as_ref().ok().map(|c| c.value).or(measure.value);
            let told = latency.percentile(p).expect("it is reported").value();
            assert_eq!(compared.is_some(), told.is_some(), "{metric}: {compared:?} {told:?}");
        }
    }
}
