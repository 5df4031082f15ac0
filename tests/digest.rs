//! The same model gives the same fingerprint: on any number of threads, today and tomorrow, here and there.
//!
//! `tests/digest/digest.txt` holds the digest; `.ci/run` holds the released program to the same line.
//! Whoever changes what a model means, on purpose, writes the new one there and says why in the commit.

use std::path::Path;

use kneepoint::experiment::result::{RunResult, Verdict};
use kneepoint::experiment::{Options, run};
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};

/// What a run of `many_kinds.ron` prints as its digest.
const PINNED: &str = include_str!("digest/digest.txt");

fn result(threads: usize) -> RunResult {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/digest/many_kinds.ron");
    let checked = Scenario::load(&path, &Registry::core(), &Overrides::default());
    let plan = checked.and_then(|checked| plan(&checked)).unwrap_or_else(|faults| panic!("{faults}"));
    run(&plan, &Options { threads: Some(threads), ..Options::default() }).expect("it runs")
}

#[test]
fn the_digest_is_the_one_that_is_pinned_whatever_the_threads_and_however_often() {
    for repeat in 0..20 {
        for threads in 1..=3 {
            let digest = format!("{:016x}", result(threads).digest);
            assert_eq!(digest, PINNED.trim(), "repeat {repeat} on {threads} threads");
        }
    }
}

#[test]
fn everything_in_the_model_happens_and_the_run_passes_its_own_checks() {
    let result = result(2);
    assert_ne!(result.verdict, Verdict::Void, "{:#?}", result.checks);
    let idle: Vec<&str> = result
        .clients
        .iter()
        .filter(|client| client.all.good.total == 0)
        .map(|client| client.name.as_str())
        .chain(result.parts.iter().filter(|part| part.all.good.total == 0).map(|part| part.name.as_str()))
        .collect();
    assert!(idle.is_empty(), "nothing went well at {idle:?}");
}
