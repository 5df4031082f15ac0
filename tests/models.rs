//! Every shipped model runs, its self-checks hold, and its clients are answered.

use std::path::{Path, PathBuf};

use kneepoint::experiment::result::Verdict;
use kneepoint::experiment::{Options, check, run};
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};

/// `models/quickstart.ron` and every `models/NAME/scenario.ron`.
fn models() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let entries = std::fs::read_dir(&folder).expect("the folder is part of the package");
    let mut models: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .map(|path| if path.is_dir() { path.join("scenario.ron") } else { path })
        .filter(|path| path.extension().is_some_and(|extension| extension == "ron"))
        .collect();
    models.sort();
    models
}

fn differs(path: &Path) -> Result<(), String> {
    let scenario = Scenario::open(path).map_err(|faults| faults.to_string())?;
    let registry = Registry::core();
    let base = scenario.check(&registry, &Overrides::default()).map_err(|faults| faults.to_string())?;
    let variants: Vec<Option<String>> =
        [None].into_iter().chain(base.variants().map(|name| Some(name.to_string()))).collect();
    for variant in variants {
        // What a model watches may lie anywhere in its run: all of it is planned, a part is run.
        let overrides = Overrides { variant: variant.clone(), set: Vec::new() };
        let checked = scenario.check(&registry, &overrides).map_err(|faults| faults.to_string())?;
        let mut plan = plan(&checked).map_err(|faults| faults.to_string())?;
        check(&checked, &plan).map_err(|faults| faults.to_string())?;
        plan.run.duration = plan.run.duration.min(kneepoint::prelude::SimDuration::from_secs(780));
        plan.run.warm_up =
            kneepoint::scenario::plan::WarmUpPlan::Fixed(kneepoint::prelude::SimDuration::from_secs(1));
        (plan.run.replications_min, plan.run.replications_max) = (2, 2);
        let result = run(&plan, &Options::default()).map_err(|error| error.to_string())?;
        if result.verdict == Verdict::Void {
            return Err(format!("{variant:?}: void: {:?}", result.checks));
        }
        if let Some(client) = result.clients.iter().find(|client| client.all.good.total == 0) {
            return Err(format!("{variant:?}: nothing that {} asked for was answered well", client.name));
        }
    }
    Ok(())
}

#[test]
fn every_model_runs_to_a_verdict() {
    let models = models();
    assert!(models.len() >= 5, "{models:?}");
    let wrong: Vec<String> = models
        .iter()
        .filter_map(|path| differs(path).err().map(|reason| format!("{}: {reason}", path.display())))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A metric of a model with a variant and settings, over two replications of its full length.
fn outcome(model: &str, variant: &str, set: &[(&str, &str)], metric: &str) -> f64 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(model).join("scenario.ron");
    let set = set.iter().map(|(path, value)| (path.to_string(), value.to_string())).collect();
    let overrides = Overrides { variant: Some(variant.to_string()), set };
    let checked =
        Scenario::load(&path, &Registry::core(), &overrides).unwrap_or_else(|faults| panic!("{faults}"));
    let mut plan = plan(&checked).unwrap_or_else(|faults| panic!("{faults}"));
    (plan.run.replications_min, plan.run.replications_max) = (2, 2);
    let result = run(&plan, &Options::default()).expect("it runs");
    let watch = result.watches.iter().find(|watch| watch.name == metric).expect("it is watched");
    let each: Vec<f64> = watch.values[0].per_replication.iter().filter_map(|value| *value).collect();
    assert_eq!(each.len(), 2, "{model} {variant}: {metric}");
    each.iter().sum::<f64>() / 2.0
}

#[test]
fn a_retry_storm_stays_unless_something_breaks_its_circle() {
    for (variant, recovers) in [
        ("blind", false),
        ("jitter", false),
        ("no-retries", true),
        ("budget", true),
        ("bounded", true),
        ("lifo", true),
        ("breaker", true),
    ] {
        let after = outcome("retry-storm", variant, &[], "after");
        assert_eq!(after > 66.5, recovers, "{variant}: {after}");
        assert!(recovers || after < 1.0, "{variant}: {after}");
    }
    // Every request becomes four, whatever a backend of 100/s can do; below a quarter of that it recovers.
    assert!((outcome("retry-storm", "blind", &[], "offered") - 280.0).abs() < 14.0);
    let slow = [("clients.rate", "22/s")];
    assert!((outcome("retry-storm", "blind", &slow, "after") - 22.0).abs() < 2.0);
    let fast = [("clients.rate", "30/s")];
    assert!(outcome("retry-storm", "blind", &fast, "after") < 1.0);
}

#[test]
fn hedges_bring_the_median_down_for_little_work() {
    let (median, work) = ("median", "work");
    // Durations are in nanoseconds.
    assert!(outcome("hedging", "plain", &[], median) > 1.0e9);
    assert!(outcome("hedging", "hedged", &[], median) < 0.07e9);
    assert!((outcome("hedging", "hedged", &[], work) - 101.7).abs() < 0.2);
    assert!(outcome("hedging", "at-the-95th", &[], work) < 106.5);
}

#[test]
fn retries_on_three_layers_multiply() {
    let all_fail = [("bottom.does.Fail.chance", "1")];
    let calls = |variant: &str, set: &[(&str, &str)]| outcome("retry-layers", variant, set, "per-action");
    assert_eq!(calls("every-layer", &all_fail), 64.0);
    assert_eq!(calls("at-the-top", &all_fail), 4.0);
    assert!((calls("budgets", &all_fail) - 1.331).abs() < 0.04);
    assert!((calls("every-layer", &[]) - 2.0).abs() < 0.1);
}
