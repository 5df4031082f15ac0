//! `kneepoint run`: what happens?

use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use kneepoint_experiment::result::{RunResult, Verdict};
use kneepoint_experiment::{ExperimentError, Options, Progress};
use kneepoint_report::{csv, json, junit, text};
use kneepoint_scenario::{Registry, Scenario, plan};

use crate::End;
use crate::arguments::{Format, RunArguments};
use crate::output;

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
    let bar = bar(plan.run.replications_min, arguments.quiet);
    let tell = |progress: Progress| {
        bar.set_length(progress.planned);
        bar.set_position(progress.done);
    };
    let options =
        Options { threads: Some(output::threads(arguments.threads)), samples: true, progress: Some(&tell) };
    let result = kneepoint_experiment::run(&plan, &options);
    bar.finish_and_clear();
    match result {
        Ok(result) => finish(arguments, &result),
        Err(error @ ExperimentError::Stopped { .. }) | Err(error @ ExperimentError::Threads { .. }) => {
            output::say(&format!("error: {error}"));
            End::Failed
        }
        Err(error) => output::bad(&error.to_string()),
    }
}

/// Milliseconds between two looks of the bar: the first replication may take minutes, and something must move.
const TICK_MS: u64 = 120;

/// A bar of replications, if anybody sees it.
pub fn bar(replications: u64, quiet: bool) -> ProgressBar {
    if quiet || !output::shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(replications);
    let style = "{spinner} {bar:30} {pos}/{len} replications, {elapsed} gone{left}";
    // Before anything is done nobody knows how long it takes.
    let left = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        if state.pos() > 0 {
            // A bar that cannot be drawn stays as it is.
            let _ = write!(out, ", {} left", HumanDuration(state.eta()));
        }
    };
    let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.with_key("left", left));
    bar.tick();
    bar.enable_steady_tick(Duration::from_millis(TICK_MS));
    bar
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
