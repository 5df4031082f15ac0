use super::*;

fn found(what: &Verify) -> (Tally, String) {
    let mut out = Vec::new();
    let tally = verify(what, &mut out).unwrap();
    (tally, String::from_utf8(out).unwrap())
}

fn queueing() -> Verify {
    Verify { area: "queueing".to_string(), threads: 2, ..Verify::default() }
}

#[test]
fn the_quick_cases_agree_with_theory() {
    let (tally, text) = found(&Verify { quick: true, ..queueing() });
    assert_eq!((tally.passed, tally.failed), (QUICK.len(), 0), "{text}");
    assert!(text.ends_with(&format!("\n{} passed, 0 failed\n", QUICK.len())), "{text}");
}

#[test]
fn the_findings_do_not_depend_on_the_number_of_threads() {
    let quick = Verify { quick: true, case: Some("q/mmck/l3".to_string()), ..queueing() };
    assert_eq!(found(&Verify { threads: 1, ..quick.clone() }), found(&Verify { threads: 3, ..quick }));
}

#[test]
fn another_seed_gives_other_numbers_and_the_same_answers() {
    let quick = Verify { quick: true, case: Some("q/mm1/rho0.5".to_string()), ..queueing() };
    let (first, second) = (found(&quick), found(&Verify { seed: 5, ..quick }));
    assert_eq!(first.0, second.0);
    assert_ne!(first.1, second.1);
    assert!(first.1.contains("seeds of the cases plus 0"), "{}", first.1);
    let print =
        |seed| found(&Verify { print: true, case: Some("q/mm1/rho0.5".to_string()), seed, ..queueing() }).1;
    let seed = |text: String| {
        let digits = text.split("seed: ").nth(1).unwrap().split(')').next().unwrap().to_string();
        digits.parse::<u64>().unwrap()
    };
    assert_eq!(seed(print(5)), seed(print(0)) + 5);
}

#[test]
fn programs_get_the_findings_as_json_and_csv() {
    let quick = Verify { quick: true, case: Some("q/mm1/rho0.5".to_string()), seed: 3, ..queueing() };
    let (tally, text) = found(&Verify { format: Format::Json, ..quick.clone() });
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["seed"], &value["passed"]), (&3.into(), &tally.passed.into()));
    let case = &value["cases"][0];
    assert_eq!((&case["id"], &case["outcome"]), (&"q/mm1/rho0.5-mu1".into(), &"passed".into()));
    let quantities = case["quantities"].as_array().unwrap();
    assert!(
        quantities
            .iter()
            .all(|one| one["known"].is_f64() && !one["agrees"].is_null() || one["reason"].is_string())
    );
    let (_, text) = found(&Verify { format: Format::Csv, ..quick });
    let rows = csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).count();
    assert_eq!(rows, quantities.len(), "{text}");
}

#[test]
fn every_quick_case_exists() {
    let cases = cases("queueing").unwrap();
    assert!(QUICK.iter().all(|id| cases.iter().any(|case| case.id == *id)));
}

#[test]
fn a_wrong_answer_is_found() {
    let all = cases("queueing").unwrap();
    let mut case = all.into_iter().find(|case| case.id == "q/mm1/rho0.5-mu1").unwrap();
    for expected in &mut case.expect {
        expected.value *= 1.25;
    }
    let Outcome::Judged(judged) = run(&case, Effort::Quick, 0, 2) else { panic!("it runs") };
    assert!(judged.iter().all(|one| one.measured.is_ok_and(|(_, agrees)| !agrees)));
}

#[test]
fn an_unknown_case_or_area_is_refused() {
    let mut out = Vec::new();
    let asked = |area: &str, case: &str| Verify {
        area: area.to_string(),
        case: Some(case.to_string()),
        ..Verify::default()
    };
    assert!(matches!(verify(&asked("alchemy", ""), &mut out), Err(VerifyError::Area { .. })));
    assert!(matches!(verify(&asked("queueing", "q/nothing"), &mut out), Err(VerifyError::Case { .. })));
}

/// What is read here and what an experiment reports come from the same replications, to the last request.
#[test]
fn an_experiment_sees_what_is_judged_here() {
    let all = cases("queueing").unwrap();
    for id in ["q/mmck/l3-mu2-c2-K5", "q/closed/bolch-8.4", "q/jackson/web-3tier"] {
        let mut case = all.iter().find(|case| case.id == id).unwrap().clone();
        case.sim_hint = Some(case::SimHint { min_jobs: Some(20_000.0), ..case::SimHint::default() });
        let script = written(&case, Effort::Full, 0).unwrap();
        let checked = Scenario::from_text(id, &script.text, None).unwrap();
        let checked = checked.check(&Registry::core(), &Overrides::default()).unwrap();
        let plan = kneepoint_scenario::plan(&checked).unwrap();
        let mut seen = Observation::default();
        observe(&plan, &script.looks, 2).unwrap().iter().for_each(|one| seen.add(one));
        let result = kneepoint_experiment::run(&plan, &kneepoint_experiment::Options::default()).unwrap();
        let client = &result.clients[0].all;
        assert_eq!(seen.latency(), client.latency.histogram, "{id}");
        assert_eq!(seen.ended_all(), client.ended.total, "{id}");
        let parts = result.parts.iter().filter(|part| part.name.starts_with("station-"));
        for (station, part) in seen.stations.iter().zip(parts) {
            let waiting = part.all.waiting.as_ref().unwrap();
            assert_eq!(station.waiting, waiting.histogram, "{id}");
            let busy = part.all.busy.as_ref().unwrap().mean.value().unwrap();
            assert!((station.busy / seen.seconds - busy).abs() <= 1e-9 * busy, "{id}");
        }
    }
}

#[test]
fn comparisons_are_as_often_right_as_they_claim() {
    let wanted = Verify { area: "comparison".to_string(), quick: true, threads: 2, ..Verify::default() };
    let mut out = Vec::new();
    let tally = verify(&wanted, &mut out).unwrap();
    assert_eq!((tally.passed, tally.failed), (4, 0), "{}", String::from_utf8_lossy(&out));
}

#[test]
fn intervals_hold_what_they_claim() {
    let (tally, text) =
        found(&Verify { area: "coverage".to_string(), quick: true, threads: 2, ..Verify::default() });
    assert_eq!((tally.passed, tally.failed), (3, 0), "{text}");
}

#[test]
fn the_capacity_of_one_server_is_that_of_theory() {
    let one = Some("capacity/mm1/mean".to_string());
    let (tally, text) = found(&Verify {
        area: "capacity".to_string(),
        quick: true,
        case: one,
        threads: 2,
        ..Verify::default()
    });
    assert_eq!((tally.passed, tally.failed), (1, 0), "{text}");
}

#[test]
fn products_behave_as_recorded_and_tails_as_computed() {
    for (area, passed) in [("loadbalancing", 11), ("real", 4), ("resilience", 19), ("tail", 7)] {
        let quick = Verify { area: area.to_string(), quick: true, threads: 2, ..Verify::default() };
        let (tally, text) = found(&quick);
        assert_eq!((tally.passed, tally.failed, tally.not_expressible), (passed, 0, 0), "{text}");
        let (_, printed) = found(&Verify { print: true, ..quick });
        assert_eq!(printed.matches("// ").count(), passed, "{printed}");
    }
}

#[test]
fn what_is_not_answered_by_any_family_is_said() {
    let one = Verify {
        area: "tail".to_string(),
        quick: true,
        case: Some("tail/published".to_string()),
        ..Verify::default()
    };
    let (tally, text) = found(&one);
    assert_eq!((tally.not_expressible, tally.failed), (1, 0), "{text}");
}
