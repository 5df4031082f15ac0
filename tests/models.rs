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
