//! `kneepoint capacity`: where is the knee?

use std::io::ErrorKind;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use kneepoint_experiment::capacity::{
    CapacityOptions, CapacityResult, Finding, Loads, Size, Step, capacity, linearity,
};
use kneepoint_report::{
    baseline_sentence, capacity_csv, capacity_json, capacity_text, linearity_csv, linearity_json,
    linearity_text, read_baseline,
};
use kneepoint_scenario::value::Quantity;
use kneepoint_scenario::{Faults, Overrides, Registry, Scenario};
use serde_json::Value;

use crate::End;
use crate::arguments::{CapacityArguments, Format};
use crate::output;
use crate::trouble::Trouble;

/// Most sizes of `--over`: each takes a search of its own.
const SIZES_MAX: usize = 64;

/// Largest baseline that is read: a result has some tens of kilobytes.
const BASELINE_MAX: u64 = 4_000_000;

pub fn capacity_verb(registry: &Registry, arguments: &CapacityArguments) -> End {
    crate::interrupt::end_at_once();
    if let Some(path) = &arguments.answer.output
        && let Err(message) = output::can_be_written(path, arguments.answer.force)
    {
        return output::bad(&message);
    }
    let baseline = match read_baseline_file(arguments) {
        Ok(baseline) => baseline,
        Err(message) => return output::bad(&message),
    };
    let scenario = match Scenario::open(&arguments.file) {
        Ok(scenario) => scenario,
        Err(faults) => {
            output::say(&faults.to_string());
            return End::Bad;
        }
    };
    let overrides = arguments.changes.overrides();
    let bar = Bar::new(arguments.repeated.quiet);
    let tell = |step: Step| bar.tell(step);
    let options = CapacityOptions {
        threads: Some(arguments.repeated.threads.count()),
        progress: Some(&tell),
        without_knee: arguments.no_knee,
    };
    if let Some(over) = &arguments.over {
        return sizes(registry, arguments, &scenario, over, &options, &bar);
    }
    let loads = match loads(registry, arguments, &scenario, &overrides) {
        Ok(loads) => loads,
        Err(end) => return end,
    };
    let found = capacity(&loads, &options);
    bar.clear();
    match found {
        Ok(found) => finish(arguments, &found, baseline),
        Err(error) => Trouble::from(error).tell(),
    }
}

/// What is searched: all clients, or a setting.
fn loads(
    registry: &Registry,
    arguments: &CapacityArguments,
    scenario: &Scenario,
    overrides: &Overrides,
) -> Result<Loads, End> {
    let mut loads = match &arguments.load {
        None => {
            let refuse = |faults: Faults| {
                output::say(&faults.to_string());
                End::Bad
            };
            let checked = scenario.check(registry, overrides).map_err(refuse)?;
            let plan = kneepoint_scenario::plan(&checked).map_err(refuse)?;
            kneepoint_experiment::check(&checked, &plan).map_err(refuse)?;
            if !checked.parts().iter().any(|part| part.is_client) {
                return Err(output::bad("there is no client, and so no load whose capacity could be told"));
            }
            Loads::of_clients(&checked)
        }
        Some(asked) => {
            let (path, range) = match asked.split_once('=') {
                None => (asked.trim(), None),
                Some((path, range)) => {
                    (path.trim(), Some(read_range(range).map_err(|message| output::bad(&message))?))
                }
            };
            Loads::of_setting(scenario, registry, overrides, path, range).map_err(|message| {
                // Faults of a scenario come with their own heads.
                if message.starts_with("error") || message.starts_with("warning") {
                    output::say(&message);
                    End::Bad
                } else {
                    output::bad(&message)
                }
            })?
        }
    };
    if let Some(seed) = arguments.repeated.seed {
        loads = loads.seeded(seed);
    }
    if let Some(replications) = arguments.repeated.replications {
        loads = loads.with_replications(replications);
    }
    Ok(loads)
}

/// Reads `100/s..5000/s`.
fn read_range(text: &str) -> Result<(Quantity, Quantity), String> {
    let wrong =
        || format!("`{}` is no range: write LOW..HIGH, for example 100/s..5000/s", text.escape_debug());
    let (low, high) = text.split_once("..").ok_or_else(wrong)?;
    let read = |text: &str| {
        Quantity::parse(text.trim())
            .map_err(|e| format!("`{}` is no value: {}", text.trim().escape_debug(), e.message))
    };
    Ok((read(low)?, read(high)?))
}

/// Reads `web.instances=1,2,4,8`.
fn read_sizes(text: &str) -> Result<(String, Vec<f64>), String> {
    let wrong = || {
        format!(
            "`{}`: write PATH=SIZES, for example web.instances=1,2,4,8 or web.instances=1..8",
            text.escape_debug()
        )
    };
    let (path, list) = text.split_once('=').ok_or_else(wrong)?;
    let number = |one: &str| -> Result<f64, String> {
        let value: f64 = one.trim().parse().map_err(|_| wrong())?;
        if value > 0.0 && value.is_finite() {
            Ok(value)
        } else {
            Err(format!("a size is above 0, not {value}"))
        }
    };
    let sizes: Vec<f64> = match list.split_once("..") {
        Some((low, high)) => {
            let (low, high) = (number(low)?, number(high)?);
            if low.fract() != 0.0 || high.fract() != 0.0 || low >= high {
                return Err(format!("`{}` is no rising range of whole numbers", list.escape_debug()));
            }
            if high - low >= SIZES_MAX as f64 {
                return Err(format!("{} sizes; at most {SIZES_MAX} are searched", high - low + 1.0));
            }
            (0..=(high - low) as u32).map(|i| low + f64::from(i)).collect()
        }
        None => list.split(',').map(number).collect::<Result<_, _>>()?,
    };
    if sizes.len() < 2 {
        return Err("linearity takes at least two sizes, and a law at least three".to_string());
    }
    if sizes.len() > SIZES_MAX {
        return Err(format!("{} sizes; at most {SIZES_MAX} are searched", sizes.len()));
    }
    let mut sorted = sizes.clone();
    sorted.sort_by(f64::total_cmp);
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("a size stands twice".to_string());
    }
    Ok((path.trim().to_string(), sizes))
}

fn sizes(
    registry: &Registry,
    arguments: &CapacityArguments,
    scenario: &Scenario,
    over: &str,
    options: &CapacityOptions,
    bar: &Bar,
) -> End {
    let (path, list) = match read_sizes(over) {
        Ok(read) => read,
        Err(message) => return output::bad(&message),
    };
    let mut sizes = Vec::new();
    for n in list {
        let mut overrides = arguments.changes.overrides();
        overrides.set.push((path.clone(), format!("{n}")));
        match loads(registry, arguments, scenario, &overrides) {
            Ok(loads) => sizes.push(Size { n, loads }),
            Err(end) => return end,
        }
    }
    let found = linearity(&sizes, options);
    bar.clear();
    let found = match found {
        Ok(found) => found,
        Err(error) => return Trouble::from(error).tell(),
    };
    let text = match arguments.answer.format {
        Format::Text => linearity_text(&path, &found, output::look(arguments.answer.output.is_some())),
        Format::Json => linearity_json(&path, &found),
        Format::Csv => linearity_csv(&found),
    };
    output::deliver(&text, arguments.answer.output.as_deref(), arguments.answer.force)
}

/// What a baseline file held; nothing where it is to be written.
fn read_baseline_file(arguments: &CapacityArguments) -> Result<Option<kneepoint_report::Baseline>, String> {
    let Some(path) = &arguments.baseline else { return Ok(None) };
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("baseline {shown} cannot be read: {error}")),
        Ok(facts) if facts.len() > BASELINE_MAX => {
            return Err(format!("baseline {shown} has {} bytes; a result has fewer", facts.len()));
        }
        Ok(_) if arguments.update => return Ok(None),
        Ok(_) => {}
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("baseline {shown} cannot be read: {error}"))?;
    let baseline = read_baseline(&text).map_err(|why| {
        format!("baseline {shown} cannot be used: {why}; --update writes the new result there")
    })?;
    Ok(Some(baseline))
}

fn finish(
    arguments: &CapacityArguments,
    found: &CapacityResult,
    baseline: Option<kneepoint_report::Baseline>,
) -> End {
    let mut change: Option<(String, Value, bool)> = None;
    if let Some(baseline) = &baseline {
        if baseline.title != found.title {
            output::say(&format!(
                "warning: the baseline is of \"{}\", this is \"{}\"",
                kneepoint_report::safe(&baseline.title),
                kneepoint_report::safe(&found.title)
            ));
        }
        match baseline.against(found) {
            Ok(found) => {
                let (text, value) = baseline_sentence(&found);
                change = Some((text, value, found.is_worse()));
            }
            Err(why) => return output::bad(&format!("the baseline cannot be compared with this: {why}")),
        }
    }
    let text = match arguments.answer.format {
        Format::Text => {
            let text = capacity_text(found, output::look(arguments.answer.output.is_some()));
            match &change {
                Some((sentence, _, _)) => format!("{sentence}\n{text}"),
                None => text,
            }
        }
        Format::Json => capacity_json(found, change.as_ref().map(|(_, value, _)| value)),
        Format::Csv => capacity_csv(found),
    };
    let mut end = output::deliver(&text, arguments.answer.output.as_deref(), arguments.answer.force);
    if end == End::Fine
        && let (Some(path), None) = (&arguments.baseline, &baseline)
    {
        end = store(path, found, arguments.update);
    }
    let missed = matches!(found.finding, Finding::MissedAtLowest { .. })
        || change.as_ref().is_some_and(|(_, _, worse)| *worse);
    if end == End::Fine && missed { End::Missed } else { end }
}

fn store(path: &Path, found: &CapacityResult, update: bool) -> End {
    if found.capacity.is_none() {
        return output::bad(&format!(
            "no capacity was found, so nothing is stored as a baseline in {}",
            path.display()
        ));
    }
    match output::write_file(path, &capacity_json(found, None), update) {
        Ok(()) => {
            output::say(&format!("baseline stored in {}", path.display()));
            End::Fine
        }
        Err(message) => {
            output::say(&format!("error: {message}"));
            End::Failed
        }
    }
}

/// Progress, on a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(quiet: bool) -> Bar {
        if quiet || !output::shows_progress() {
            return Bar(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(1);
        let style = "{msg} {bar:30} {pos}/{len} replications";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar(bar)
    }

    fn tell(&self, step: Step) {
        self.0.set_message(format!("run {} at load {:.4}", step.run, step.load));
        self.0.set_length(step.planned);
        self.0.set_position(step.done);
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_a_list_or_a_range() {
        assert_eq!(
            read_sizes("web.instances=1,2, 4").unwrap(),
            ("web.instances".to_string(), vec![1.0, 2.0, 4.0])
        );
        assert_eq!(read_sizes("w.instances=2..4").unwrap().1, [2.0, 3.0, 4.0]);
        for wrong in ["web.instances", "w=1", "w=1,1", "w=0,1", "w=a,b", "w=4..2", "w=1..1000", "w=1.5..3"] {
            assert!(read_sizes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_has_two_ends() {
        assert_eq!(read_range("100/s..2000/s").unwrap().1.value, 2000.0);
        assert!(read_range("100/s").unwrap_err().contains("no range"));
        assert!(read_range("100/s..fast").unwrap_err().contains("`fast`"));
    }
}
