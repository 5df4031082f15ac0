//! `kneepoint sensitivity`: which input moves p99, and what flips the verdict?

use kneepoint_experiment::Options;
use kneepoint_experiment::sensitivity::{
    Input, MorrisOptions, Range, SensitivityError, one_at_a_time, screen,
};
use kneepoint_report::{
    screening_csv, screening_json, screening_text, tornado_csv, tornado_json, tornado_text,
};
use kneepoint_scenario::plan::{PartRole, Plan};
use kneepoint_scenario::value::Metric;
use kneepoint_scenario::{Checked, Data, Faults, Overrides, Registry, Scenario, Value, plan};

use crate::End;
use crate::arguments::{Format, Method, SensitivityArguments};
use crate::output;
use crate::trouble::Trouble;

pub fn sensitivity(registry: &Registry, arguments: &SensitivityArguments) -> End {
    crate::interrupt::end_at_once();
    if let Some(path) = &arguments.answer.output
        && let Err(message) = output::can_be_written(path, arguments.answer.force)
    {
        return output::bad(&message);
    }
    match answer(registry, arguments) {
        Ok(text) => output::deliver(&text, arguments.answer.output.as_deref(), arguments.answer.force),
        Err(error) => Trouble::from(error).tell(),
    }
}

fn answer(registry: &Registry, arguments: &SensitivityArguments) -> Result<String, SensitivityError> {
    let scenario = Scenario::open(&arguments.file)?;
    let check = |settings: &[(String, String)]| -> Result<Checked, Faults> {
        let mut set = arguments.changes.set.clone();
        set.extend_from_slice(settings);
        scenario.check(registry, &Overrides { variant: arguments.changes.variant.clone(), set })
    };
    let base = check(&[])?;
    kneepoint_experiment::check(&base, &plan(&base)?)?;
    let inputs = inputs(&base, arguments)?;
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
    let bar = crate::run::bar(0, arguments.repeated.quiet);
    let tell = |_| bar.inc(1);
    let options = Options {
        threads: Some(arguments.repeated.threads.count()),
        progress: Some(&tell),
        ..Options::default()
    };
    let look = output::look(arguments.answer.output.is_some());
    let text = match arguments.method {
        Method::OneAtATime => {
            let found = one_at_a_time(&make, &inputs, &responses, &options)?;
            match arguments.answer.format {
                Format::Text => tornado_text(&found, look),
                Format::Json => tornado_json(&found),
                Format::Csv => tornado_csv(&found),
            }
        }
        Method::Morris => {
            let how = MorrisOptions { levels: arguments.levels, trajectories: arguments.trajectories };
            let found = screen(&make, &inputs, &responses, how, &options)?;
            match arguments.answer.format {
                Format::Text => screening_text(&found, look),
                Format::Json => screening_json(&found),
                Format::Csv => screening_csv(&found),
            }
        }
    };
    bar.finish_and_clear();
    Ok(text)
}

/// The inputs of the command line, or of the file's `sweep`.
fn inputs(base: &Checked, arguments: &SensitivityArguments) -> Result<Vec<Input>, SensitivityError> {
    let refuse =
        |path: &str, reason: String| SensitivityError::Asked(format!("the range of {path}: {reason}"));
    if !arguments.over.is_empty() {
        return arguments
            .over
            .iter()
            .map(|(path, text)| {
                let range = Range::parse(text).map_err(|reason| refuse(path, reason))?;
                Ok(Input { path: path.clone(), range })
            })
            .collect();
    }
    let Some(sweep) = base.root().args("sweep") else { return Ok(Vec::new()) };
    let written = |value: &Value| match &value.data {
        // As one would write it on the command line: a text without its quotes.
        Data::Written(text) | Data::Text(text) => {
            let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
            bare.filter(|t| !t.contains(['"', '\\'])).unwrap_or(text).to_string()
        }
        _ => base.files().text(value.place).to_string(),
    };
    sweep
        .map("over")
        .iter()
        .map(|item| {
            let range = match &item.value.data {
                Data::List(values) => Ok(Range::List(values.iter().map(written).collect())),
                Data::Args(args) => {
                    let end = |field: &str| args.get(field).map(written).unwrap_or_default();
                    let log = args.kind() == "Logarithmic";
                    Range::span(&end("from"), &end("to"), log, args.count_if("points"))
                }
                _ => Ok(Range::List(vec![written(&item.value)])),
            };
            let range = range.map_err(|reason| refuse(&item.key, reason))?;
            Ok(Input { path: item.key.to_string(), range })
        })
        .collect()
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
