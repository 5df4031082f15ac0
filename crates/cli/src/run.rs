//! `kneepoint run`: what happens?

use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use kneepoint_experiment::result::{RunResult, Verdict};
use kneepoint_experiment::{Options, Progress};
use kneepoint_report::{csv, json, junit, text};
use kneepoint_scenario::{Registry, Scenario, plan};
use kneepoint_statistics::Estimated;

use crate::End;
use crate::arguments::{Format, RunArguments};
use crate::output;
use crate::trouble::Trouble;

pub fn run(registry: &Registry, arguments: &RunArguments) -> End {
    match answer(registry, arguments) {
        Ok(result) => finish(arguments, &result),
        Err(trouble) => trouble.tell(),
    }
}

fn answer(registry: &Registry, arguments: &RunArguments) -> Result<RunResult, Trouble> {
    // Said before a run of an hour, not after it.
    let files = [arguments.answer.output.as_deref(), arguments.junit.as_deref()];
    output::all_can_be_written(&files, arguments.answer.force).map_err(Trouble::usage)?;
    let checked = Scenario::load(&arguments.file, registry, &arguments.changes.overrides())?;
    let mut plan = plan(&checked)?;
    kneepoint_experiment::check(&checked, &plan)?;
    if let Some(seed) = arguments.repeated.seed {
        plan.run.seed = seed;
    }
    if let Some(replications) = arguments.repeated.replications {
        (plan.run.replications_min, plan.run.replications_max) = (replications, replications);
    }
    crate::interrupt::end_at_once();
    let bar = bar(plan.run.replications_min, arguments.repeated.quiet);
    let tell = |progress: Progress| {
        bar.set_length(progress.planned);
        bar.set_position(progress.done);
    };
    let options =
        Options { threads: Some(arguments.repeated.threads.count()), samples: true, progress: Some(&tell) };
    let result = kneepoint_experiment::run(&plan, &options);
    bar.finish_and_clear();
    Ok(result?)
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
        let text = junit(&result.title, &[("run", result)], &[], false);
        if let Err(message) = output::write_file(path, &text, arguments.answer.force) {
            output::say(&format!("error: {message}"));
            return End::Failed;
        }
    }
    let written = match arguments.answer.format {
        Format::Text => text(result, output::look(arguments.answer.output.is_some())),
        Format::Json => json(result),
        Format::Csv => csv(result),
    };
    let written = output::deliver(&written, arguments.answer.output.as_deref(), arguments.answer.force);
    if written == End::Fine { end_of(result.verdict, result.probability.as_ref()) } else { written }
}

/// How a command ends that found this of a scenario.
pub fn end_of(verdict: Verdict, probability: Option<&Estimated>) -> End {
    match verdict {
        Verdict::Missed => End::Missed,
        Verdict::Probability if surely_unlikely(probability) => End::Missed,
        // It failed its own checks.
        Verdict::Void => End::Failed,
        Verdict::Met
        | Verdict::Unclear
        | Verdict::NotEnough
        | Verdict::NothingToJudge
        | Verdict::Probability => End::Fine,
    }
}

/// Whether what is uncertain makes a miss likelier than not, as far as the interval tells.
///
/// # Source
/// Chosen: nobody states how probable is enough; a plan that is sooner missed than met is no plan.
fn surely_unlikely(probability: Option<&Estimated>) -> bool {
    probability.and_then(|chance| chance.known()).is_some_and(|chance| chance.high < 0.5)
}
