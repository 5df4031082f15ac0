use kneepoint_engine::SimDuration;
use kneepoint_experiment::Options;
use kneepoint_experiment::result::Verdict;
use kneepoint_experiment::sensitivity::{MorrisOptions, SensitivityError, one_at_a_time, screen};
use kneepoint_experiment::sweep::Axis;
use kneepoint_scenario::Faults;
use kneepoint_scenario::plan::Plan;
use kneepoint_scenario::value::Metric;

use crate::models::{fixed, queue, with_objective};

/// An M/M/1 of 50 requests a second whose work \[ms\] is `work`; `nothing` is not used.
fn make(settings: &[(String, String)]) -> Result<Plan, Faults> {
    let work = settings.iter().find(|(path, _)| path == "work").map_or("10.0", |(_, value)| value);
    let run = fixed(SimDuration::from_secs(110), SimDuration::from_secs(10), 5);
    let plan = queue(run, 50.0, work.parse().expect("a number"), 1);
    Ok(with_objective(plan, "fast", "mean(client.latency) < 22ms"))
}

fn input(path: &str, range: &str) -> Axis {
    Axis::parse(&format!("{path}={range}")).expect("a range")
}

fn mean() -> Vec<Metric> {
    vec![Metric::parse("mean(client.latency)").expect("a metric")]
}

#[test]
fn the_input_that_matters_comes_first_and_the_flip_is_where_theory_has_it() {
    let inputs = [input("nothing", "1.0..2.0"), input("work", "8.0..12.0")];
    let found = one_at_a_time(&make, &inputs, &mean(), &Options::default()).expect("it runs");
    let tornado = &found.tornados[0];
    assert_eq!(tornado.bars[0].path, "work");
    // From 1 / (125 - 50) to 1 / (83.3 - 50) s: 13.3 to 30 ms.
    let swing = tornado.bars[0].swing.expect("known");
    assert!((15.0e6..19.0e6).contains(&swing), "{swing}");
    assert_eq!(tornado.bars[1].swing, Some(0.0));
    assert_eq!(found.flips.len(), 1);
    let flip = &found.flips[0];
    assert_eq!((flip.path.as_str(), flip.base), ("work", Verdict::Met));
    let [(low, met), (high, missed)] = flip.between.clone().expect("halved");
    assert_eq!((met, missed), (Verdict::Met, Verdict::Missed));
    // 1 / (1/w - 0.05) = 22 at w = 22 / 2.1 = 10.476 ms.
    let at = |text: &str| text.parse::<f64>().expect("a number");
    assert!(at(&low) < 10.476 && at(&high) > 10.476 && at(&high) - at(&low) < 1.5, "{low} {high}");
}

#[test]
fn screening_sees_the_same() {
    let inputs = [input("nothing", "1.0..2.0"), input("work", "8.0..12.0")];
    let how = MorrisOptions { levels: 4, trajectories: 4 };
    let found = screen(&make, &inputs, &mean(), how, &Options::default()).expect("it runs");
    assert_eq!(found.runs, 12);
    let response = &found.responses[0];
    assert_eq!(response.inputs[0].path, "work");
    let size = response.inputs[0].effect.size.known().expect("four trajectories").value;
    assert!((10.0e6..25.0e6).contains(&size), "{size}");
    assert_eq!(response.inputs[1].effect.size.value(), Some(0.0));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let asked = |inputs: &[Axis], how| match screen(&make, inputs, &mean(), how, &Options::default()) {
        Err(SensitivityError::Asked(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let how = MorrisOptions::default();
    assert!(asked(&[], how).contains("no input"));
    assert!(asked(&[input("work", "8.0,9.0")], how).contains("ranges of numbers"));
    let twice = [input("work", "8.0..9.0"), input("work", "8.0..9.0")];
    assert!(asked(&twice, how).contains("twice"));
    let odd = MorrisOptions { levels: 5, ..how };
    assert!(asked(&[input("work", "8.0..9.0")], odd).contains("even"));
}
