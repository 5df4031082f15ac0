//! Parameters that are drawn once per replication.

use kneepoint_experiment::result::{RunResult, Verdict};
use kneepoint_experiment::{ExperimentError, Options, run};
use kneepoint_scenario::{Overrides, Registry, Scenario};

fn result(params: &str, rate: &str, more: &str, replications: u64) -> Result<RunResult, ExperimentError> {
    let text = format!(
        "(format: 1, title: \"a test\", run: (duration: \"220s\", warm_up: \"20s\", replications: {replications}),
          params: {{ {params} }},
          parts: {{ \"callers\": OpenClient(to: \"desk\", rate: \"{rate}\"),
                    \"desk\": Service({more}concurrency: Servers(1), does: Compute(Exponential(\"10ms\"))) }},
          slo: {{ \"fast\": \"mean(callers.latency) < 40ms\" }})"
    );
    let scenario = Scenario::from_text("test", &text, None).unwrap_or_else(|faults| panic!("{faults}"));
    let checked =
        scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = kneepoint_scenario::plan(&checked).unwrap_or_else(|faults| panic!("{faults}"));
    run(&plan, &Options::default())
}

/// M/M/1: the mean time in the system is below 40 ms if fewer than 100 - 1 / 0.04 = 75 requests a second arrive. Of a
/// load drawn evenly from 55 to 80 that are four in five. (A replication of 200 s errs by about 1.5/s in where it
/// crosses, to both sides alike.)
#[test]
fn the_probability_of_meeting_an_objective_is_that_of_the_closed_form() {
    let found =
        result("\"load\": Uncertain(Uniform(min: \"55/s\", max: \"80/s\"))", "=load", "", 400).unwrap();
    assert_eq!(found.verdict, Verdict::Probability);
    let chance = *found.probability.as_ref().unwrap().known().unwrap();
    // Four standard errors of a share of 80 % in 400 are 8 %.
    assert!((chance.value - 0.8).abs() < 0.08 && chance.n == 400, "{chance:?}");
    assert_eq!(found.objectives[0].probability.as_ref().unwrap().known(), Some(&chance));
    let drawn = &found.drawn[0];
    assert_eq!((drawn.name.as_str(), drawn.values.len()), ("load", 400));
    assert!(drawn.values.iter().all(|rate| (55.0..80.0).contains(rate)));
    // The draws decide: what was met had the lower loads.
    let met = |i: &usize| found.objectives[0].per_replication[*i].unwrap() < 40e6;
    let mean = |all: Vec<usize>| all.iter().map(|i| drawn.values[*i]).sum::<f64>() / all.len() as f64;
    assert!(mean((0..400).filter(met).collect()) < mean((0..400).filter(|i| !met(i)).collect()) - 5.0);
}

#[test]
fn another_parameter_moves_no_value() {
    let load = "\"load\": Uncertain(Uniform(min: \"55/s\", max: \"80/s\"))";
    let alone = result(load, "=load", "", 3).unwrap();
    let beside =
        result(&format!("\"a\": Uncertain(Normal(mean: 1, sd: 1)), {load}"), "=load", "", 3).unwrap();
    assert_eq!(alone.drawn[0], beside.drawn[1]);
    assert_eq!(alone.digest, beside.digest);
    assert!(alone.warnings.iter().any(|warning| warning.contains("drawn 3 times only")));
}

#[test]
fn a_draw_that_makes_no_sense_ends_the_run_with_its_value() {
    let load = "\"load\": Uncertain(Uniform(min: \"1/s\", max: \"200/s\"))";
    let error = result(load, "=load - 100/s", "", 40).unwrap_err().to_string();
    assert!(error.contains("load = ") && error.contains("replication"), "{error}");
    let count = "\"size\": Uncertain(Uniform(min: 1, max: 4)), \"load\": \"50/s\"";
    let error = result(count, "=load", "instances: \"=ceil(size)\", ", 40).unwrap_err().to_string();
    assert!(error.contains("what there is cannot be uncertain"), "{error}");
}

/// Replications are built anew with what is drawn for them; what stands in files was read before and stays as it was.
#[test]
fn files_of_data_are_read_once_for_all_replications() {
    let folder = std::env::temp_dir().join(format!("kneepoint-uncertain-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let files = [
        ("rates.csv", "t,rate\n0,50\n10,60\n"),
        ("times.csv", "ms\n5\n10\n15\n"),
        ("log.csv", "ts,kind,key\n0.1,read,a\n0.2,write,b\n0.4,read,a\n"),
        ("keys.csv", "key\na\nb\na\n"),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("writable");
    }
    let text = r#"(format: 1, title: "data", run: (duration: "20s", warm_up: "1s", replications: 3),
        params: { "factor": Uncertain(Uniform(min: 1, max: 2)) },
        keyspaces: { "k": Samples(file: "keys.csv", column: "key") },
        parts: {
            "callers": OpenClient(to: "desk",
                rate: FromFile(file: "rates.csv", time: "t", value: "rate", time_unit: "s", unit: "/s")),
            "log": TraceClient(to: "desk", file: "log.csv", columns: (time: "ts"), speed: "=factor"),
            "desk": Service(concurrency: Servers(4),
                does: Compute(Samples(file: "times.csv", column: "ms", unit: "ms"))),
        })"#;
    let scenario =
        Scenario::from_text("test", text, Some(&folder)).unwrap_or_else(|faults| panic!("{faults}"));
    let checked =
        scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = kneepoint_scenario::plan(&checked).unwrap_or_else(|faults| panic!("{faults}"));
    let names: Vec<String> = checked.data().into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["keys.csv", "log.csv", "rates.csv", "times.csv"]);
    let before = run(&plan, &Options::default()).expect("it runs");
    std::fs::remove_dir_all(&folder).expect("it is ours");
    let after = run(&plan, &Options::default()).expect("nothing is read any more");
    assert_eq!(before.digest, after.digest);
    assert_ne!(before.drawn[0].values[0], before.drawn[0].values[1]);
}
