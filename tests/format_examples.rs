//! The 21 examples of the format: those that need only what is built run, the others say what is missing.

use std::path::{Path, PathBuf};

use kneepoint::experiment::{Options, run};
use kneepoint::scenario::{Overrides, Registry, Scenario, Severity, plan};

/// What becomes of an example.
enum Outcome {
    /// It runs, for so long: enough for its clients to be answered, short enough for a test.
    Runs(&'static str),
    /// This is the first thing in its text that is not built yet.
    Lacks(&'static str),
    /// It asks for what cannot be: this is said first.
    Refused(&'static str),
    /// This is from a crate that the program was built without.
    Foreign(&'static str),
}

use Outcome::{Foreign, Lacks, Refused, Runs};

/// When a kind is built, its examples move on: this table is what is left to do.
const EXPECTED: [(&str, Outcome); 21] = [
    ("01-quickstart.ron", Lacks("field `memory` of a `machine`")),
    ("02-mmc-theory.ron", Runs("20s")),
    ("03-vertical-horizontal.ron", Lacks("field `memory` of a `machine`")),
    ("04-retry-storm.ron", Lacks("`time_to_recover`")),
    ("05-caches-cdn.ron", Lacks("field `browser_cache` of OpenClient")),
    ("06-read-replicas.ron", Lacks("field `consistency` of Call")),
    ("07-sharding.ron", Lacks("`Fresh`")),
    ("08-work-queue.ron", Lacks("`WorkQueue`")),
    ("09-event-log.ron", Lacks("`EventLog`")),
    ("10-hpa.ron", Lacks("field `memory` of a `machine`")),
    ("11-serverless.ron", Lacks("field `prices`")),
    ("12-multi-region.ron", Lacks("`Database`")),
    ("13-chaos.ron", Lacks("`Database`")),
    ("14-growth-cost.ron", Lacks("field `memory` of a `machine`")),
    ("15-saga-cqrs.ron", Lacks("`Saga`")),
    ("16-trace-replay.ron", Lacks("reading compressed files")),
    (
        "17-gateway-limits.ron",
        // A gateway works on any number of calls at once, so nobody ever waits at its door.
        Refused("how many calls \"gateway\" works on at once is not known"),
    ),
    ("18-house-base.ron", Lacks("field `memory` of a `machine`")),
    ("19-include-third-party.ron", Foreign("`acme_GpuPool`")),
    ("20-incident-slack.ron", Lacks("field `start_up` of Service")),
    ("21-tail-fan-out.ron", Runs("15s")),
];

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format").join(name)
}

#[test]
fn every_example_has_its_line_in_the_table() {
    let entries = std::fs::read_dir(example("")).expect("the folder is part of the package");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names, EXPECTED.map(|(name, _)| name));
}

#[test]
fn examples_do_what_the_table_says() {
    let wrong: Vec<String> =
        EXPECTED.iter().filter_map(|(name, expected)| differs(name, expected).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differs(name: &str, expected: &Outcome) -> Result<(), String> {
    let (reason, what) = match expected {
        Runs(duration) => return runs(name, duration).map_err(|reason| format!("{name}: {reason}")),
        Refused(what) => ("", what),
        Lacks(what) => (" is known but not built yet", what),
        Foreign(what) => (" belongs to crate `acme`, which this program was built without", what),
    };
    let loaded = Scenario::load(&example(name), &Registry::core(), &Overrides::default());
    // Some is only found out when it is built.
    let Err(faults) = loaded.and_then(|checked| plan(&checked)) else {
        return Err(format!("{name}: accepted, though it should lack {what}: move it on in the table"));
    };
    let rows = faults.rows();
    let first = rows.iter().find(|row| row.severity == Severity::Error).expect("it was refused");
    if first.message != format!("{what}{reason}") || !first.file.ends_with(name) {
        return Err(format!("{name}: {what} is expected first, not {}: {}", first.file, first.message));
    }
    Ok(())
}

fn runs(name: &str, duration: &str) -> Result<(), String> {
    let settings = [("run.duration", duration), ("run.warm_up", "1s"), ("run.replications", "2")];
    let set = settings.map(|(path, value)| (path.to_string(), value.to_string())).to_vec();
    let checked = Scenario::load(&example(name), &Registry::core(), &Overrides { variant: None, set })
        .map_err(|faults| faults.to_string())?;
    let plan = plan(&checked).map_err(|faults| faults.to_string())?;
    let result = run(&plan, &Options::default()).map_err(|error| error.to_string())?;
    for client in &result.clients {
        if client.all.good.total == 0 {
            return Err(format!("nothing that {} asked for was answered well", client.name));
        }
    }
    match result.checks.iter().find(|check| !check.holds()) {
        Some(check) => Err(format!("it does not hold: {check:?}")),
        None => Ok(()),
    }
}
