//! `kneepoint sensitivity`: which input moves p99, and what flips the verdict?

use std::sync::atomic::{AtomicU64, Ordering};

use kneepoint_experiment::Options;
use kneepoint_experiment::sensitivity::{MorrisOptions, SensitivityError, one_at_a_time, screen};
use kneepoint_experiment::sweep::{Axis, AxisError};
use kneepoint_report::{
    Command, screening_csv, screening_json, screening_text, tornado_csv, tornado_json, tornado_text,
};
use kneepoint_scenario::plan::{PartRole, Plan, ScenarioFacts};
use kneepoint_scenario::value::Metric;
use kneepoint_scenario::{Checked, Faults, Overrides, Registry, Scenario, plan};

use crate::End;
use crate::arguments::{Format, Method, SensitivityArguments};
use crate::output;
use crate::progress::Progress;
use crate::trouble::Trouble;

fn trajectories(arguments: &SensitivityArguments) -> u64 {
    arguments.trajectories.unwrap_or(MorrisOptions::default().trajectories)
}

pub fn sensitivity(registry: &Registry, arguments: &SensitivityArguments) -> End {
    crate::interrupt::end_at_once();
    if let Some(path) = &arguments.answer.to.output
        && let Err(message) = output::can_be_written(path, arguments.answer.to.force)
    {
        return output::bad(&message);
    }
    if arguments.method != Method::Morris && (arguments.trajectories.is_some() || arguments.levels.is_some())
    {
        return output::bad(
            "--trajectories and --levels are of Morris screening: --method morris takes them",
        );
    }
    match answer(registry, arguments) {
        Ok(text) => output::deliver(&text, arguments.answer.to.output.as_deref(), arguments.answer.to.force),
        Err(trouble) => trouble.tell(),
    }
}

fn answer(registry: &Registry, arguments: &SensitivityArguments) -> Result<String, Trouble> {
    let scenario = Scenario::open(&arguments.file)?;
    let check = |settings: &[(String, String)]| -> Result<Checked, Faults> {
        let mut set = arguments.changes.set.clone();
        set.extend_from_slice(settings);
        let overrides = Overrides { variant: arguments.changes.variant.clone(), set };
        // What the inputs set was not written after --set.
        let (own, origin) =
            (arguments.changes.set.len(), if arguments.over.is_empty() { "sweep" } else { "--over" });
        scenario.check(registry, &overrides).map_err(|faults| faults.with_settings_from(own, origin))
    };
    let base = check(&[])?;
    kneepoint_experiment::check(&base, &plan(&base)?)?;
    let inputs = inputs(registry, &scenario, &base, arguments)?;
    let make = |settings: &[(String, String)]| -> Result<Plan, Faults> {
        let mut made = plan(&check(settings)?)?;
        if let Some(seed) = arguments.repeated.seed {
            made.run.seed = seed;
        }
        if let Some(replications) = arguments.repeated.replications {
            (made.run.replications_min, made.run.replications_max) = (replications, replications);
        }
        made.run.precision = None;
        Ok(made)
    };
    let responses = responses(&make(&[])?, arguments)?;
    let planned = make(&[])?.run.replications_min * first_runs(&inputs, arguments);
    for input in &inputs {
        // A value can name a file of data: all are read now.
        for value in input.extremes() {
            make(&[(input.path.clone(), value)])?;
        }
    }
    output::spares_sources(&[arguments.answer.to.output.as_deref()], &scenario)?;
    let bar = Progress::new(planned, arguments.repeated.quiet);
    let (done, planned) = (AtomicU64::new(0), AtomicU64::new(planned));
    let tell = |_| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        // Where a verdict flips a range is halved: how often is known when it is done.
        bar.at(done, planned.fetch_max(done, Ordering::Relaxed).max(done));
    };
    let options = Options {
        threads: Some(arguments.repeated.threads.count()),
        progress: Some(&tell),
        ..Options::default()
    };
    let look = output::look(arguments.answer.to.output.is_some());
    let text = match arguments.method {
        Method::OneAtATime => {
            let found = one_at_a_time(&make, &inputs, &responses, &options)?;
            match arguments.answer.format() {
                Format::Text => tornado_text(&found, look),
                Format::Json => tornado_json(
                    &found,
                    Some(&command(
                        arguments,
                        found.scenario.as_ref(),
                        found.comparison.designs[0].seed,
                        found.comparison.designs[0].replications,
                    )),
                ),
                Format::Csv => tornado_csv(&found),
            }
        }
        Method::Morris => {
            let how = MorrisOptions {
                levels: arguments.levels.unwrap_or(MorrisOptions::default().levels),
                trajectories: trajectories(arguments),
            };
            let found = screen(&make, &inputs, &responses, how, &options)?;
            match arguments.answer.format() {
                Format::Text => screening_text(&found, look),
                Format::Json => screening_json(
                    &found,
                    Some(&command(arguments, found.scenario.as_ref(), found.seed, found.replications)),
                ),
                Format::Csv => screening_csv(&found),
            }
        }
    };
    drop(bar);
    Ok(text)
}

/// Returns what makes the same again.
fn command(
    arguments: &SensitivityArguments,
    facts: Option<&ScenarioFacts>,
    seed: u64,
    replications: u64,
) -> String {
    let file = arguments.file.display().to_string();
    let changes = &arguments.changes;
    let method = (arguments.method == Method::Morris).then_some("morris");
    Command::new("sensitivity")
        .word(facts.map_or(&file, |facts| &facts.file))
        .changes(changes.variant.as_deref(), &changes.set)
        .options("--over", &arguments.over)
        .options("--metric", &arguments.metric)
        .option("--method", method)
        .option("--trajectories", arguments.trajectories)
        .option("--levels", arguments.levels)
        .option("--seed", Some(seed))
        .option("--replications", Some(replications))
        .text()
}

/// Runs that are sure to be made, of all replications each.
fn first_runs(inputs: &[Axis], arguments: &SensitivityArguments) -> u64 {
    match arguments.method {
        Method::OneAtATime => 1 + inputs.iter().map(|input| input.extremes().len() as u64).sum::<u64>(),
        Method::Morris => trajectories(arguments) * (inputs.len() as u64 + 1),
    }
}

/// The inputs of the command line, or of the file's `sweep`.
fn inputs(
    registry: &Registry,
    scenario: &Scenario,
    base: &Checked,
    arguments: &SensitivityArguments,
) -> Result<Vec<Axis>, SensitivityError> {
    let named = |error: AxisError| SensitivityError::Asked(format!("--over {error}"));
    let mut inputs: Vec<Axis> = if arguments.over.is_empty() {
        let section = base.sweep().map(|sweep| sweep.over).unwrap_or_default();
        let axes = section.iter().map(|(path, values)| Axis::of_section(path, values));
        axes.collect::<Result<_, _>>()
            .map_err(|error| SensitivityError::Asked(format!("the `sweep` section of the file, {error}")))?
    } else {
        arguments.over.iter().map(|text| Axis::parse(text)).collect::<Result<_, _>>().map_err(named)?
    };
    for input in &mut inputs {
        // A path that leads nowhere is said here, before any value is set.
        if scenario.takes(registry, &arguments.changes.overrides(), &input.path, "--over")?.whole {
            input.set_whole();
        }
    }
    Ok(inputs)
}

/// The metrics that were asked for; else the first objective's; else p99 of the first client.
fn responses(plan: &Plan, arguments: &SensitivityArguments) -> Result<Vec<Metric>, SensitivityError> {
    let parse = |text: &str| {
        Metric::parse(text)
            .map_err(|e| SensitivityError::Asked(format!("--metric {}: {e}", text.escape_debug())))
    };
    if !arguments.metric.is_empty() {
        return arguments.metric.iter().map(|text| parse(text)).collect();
    }
    if let Some(objective) = plan.objectives.first() {
        return Ok(vec![objective.condition.metric.clone()]);
    }
    let client = plan.parts.iter().find(|p| matches!(p.role, PartRole::Client { .. }));
    client.map(|c| parse(&format!("p99({}.latency)", c.name))).into_iter().collect()
}
