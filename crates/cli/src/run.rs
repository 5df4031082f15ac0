//! `kneepoint run`: what happens?

use kneepoint_experiment::result::{RunResult, Verdict};
use kneepoint_experiment::{ExperimentError, Options, Progress};
use kneepoint_report::{csv, json, junit, text};
use kneepoint_scenario::{Registry, Scenario, plan};

use crate::End;
use crate::arguments::{Format, RunArguments};
use crate::{output, progress};

pub fn run(registry: &Registry, arguments: &RunArguments) -> End {
    // Said before a run of an hour, not after it.
    for path in [&arguments.output, &arguments.junit].into_iter().flatten() {
        if let Err(message) = output::can_be_written(path, arguments.force) {
            return output::bad(&message);
        }
    }
    let checked = match Scenario::load(&arguments.file, registry, &arguments.changes.overrides()) {
        Ok(checked) => checked,
        Err(faults) => {
            output::say(&faults.to_string());
            return End::Bad;
        }
    };
    let mut plan = match plan(&checked) {
        Ok(plan) => plan,
        Err(faults) => {
            output::say(&faults.to_string());
            return End::Bad;
        }
    };
    if let Err(faults) = kneepoint_experiment::check(&checked, &plan) {
        output::say(&faults.to_string());
        return End::Bad;
    }
    if let Some(seed) = arguments.seed {
        plan.run.seed = seed;
    }
    if let Some(replications) = arguments.replications {
        (plan.run.replications_min, plan.run.replications_max) = (replications, replications);
    }
    crate::interrupt::end_at_once();
    let bar = progress::Progress::new(plan.run.replications_min, arguments.quiet);
    let tell = |progress: Progress| bar.at(progress.done, progress.planned);
    let options =
        Options { threads: Some(output::threads(arguments.threads)), samples: true, progress: Some(&tell) };
    let result = kneepoint_experiment::run(&plan, &options);
    drop(bar);
    match result {
        Ok(result) => finish(arguments, &result),
        Err(error @ ExperimentError::Stopped { .. }) | Err(error @ ExperimentError::Threads { .. }) => {
            output::say(&format!("error: {error}"));
            End::Failed
        }
        Err(error) => output::bad(&error.to_string()),
    }
}

fn finish(arguments: &RunArguments, result: &RunResult) -> End {
    if let Some(path) = &arguments.junit {
        let text = junit(&result.title, &[("run", result)], &[]);
        if let Err(message) = output::write_file(path, &text, arguments.force) {
            output::say(&format!("error: {message}"));
            return End::Failed;
        }
    }
    let written = match arguments.format {
        Format::Text => text(result, output::look(arguments.output.is_some())),
        Format::Json => json(result),
        Format::Csv => csv(result),
    };
    let written = output::deliver(&written, arguments.output.as_deref(), arguments.force);
    match (written, result.verdict) {
        (End::Fine, Verdict::Missed) => End::Missed,
        (End::Fine, Verdict::Probability) if surely_unlikely(result) => End::Missed,
        (end, _) => end,
    }
}

/// Whether what is uncertain makes a miss likelier than not, as far as the interval tells.
///
/// # Source
/// Chosen: nobody states how probable is enough; a plan that is sooner missed than met is no plan.
fn surely_unlikely(result: &RunResult) -> bool {
    result.probability.as_ref().and_then(|chance| chance.known()).is_some_and(|chance| chance.high < 0.5)
}
