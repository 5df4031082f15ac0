//! `kneepoint capacity`: where is the knee?

use std::io::ErrorKind;
use std::path::Path;

use kneepoint_experiment::ExperimentError;
use kneepoint_experiment::capacity::{
    CapacityOptions, CapacityResult, Finding, LoadError, Loads, Size, Step, capacity, linearity,
};
use kneepoint_experiment::sweep::{Amount, Axis, AxisValues, Spacing};
use kneepoint_report::{
    Command, baseline_sentence, capacity_csv, capacity_json, capacity_text, linearity_csv, linearity_json,
    linearity_text, read_baseline,
};
use kneepoint_scenario::value::Quantity;
use kneepoint_scenario::{Overrides, Registry, Scenario};
use serde_json::Value;

use crate::End;
use crate::arguments::{CapacityArguments, Format};
use crate::output;
use crate::progress::Progress;
use crate::trouble::Trouble;

/// Most sizes of `--over`: each takes a search of its own.
///
/// # Source
/// Chosen: more than anybody needs for a law of three coefficients, and a slip of the hand that takes days is refused.
const SIZES_MAX: usize = 64;

/// Largest baseline that is read.
///
/// # Source
/// Chosen: a hundred times a result, which has some tens of kilobytes.
const BASELINE_MAX: u64 = 4_000_000;

pub fn capacity_verb(registry: &Registry, arguments: &CapacityArguments) -> End {
    crate::interrupt::end_at_once();
    answer(registry, arguments).unwrap_or_else(|trouble| trouble.tell())
}

fn answer(registry: &Registry, arguments: &CapacityArguments) -> Result<End, Trouble> {
    if let Some(path) = &arguments.answer.to.output {
        output::can_be_written(path, arguments.answer.to.force).map_err(Trouble::usage)?;
    }
    let baseline = read_baseline_file(arguments).map_err(Trouble::usage)?;
    let scenario = Scenario::open(&arguments.file)?;
    if let (Some(path), Some(baseline)) = (&arguments.answer.to.output, &arguments.baseline) {
        output::spares(&[Some(path)], std::slice::from_ref(baseline)).map_err(Trouble::usage)?;
    }
    if let Some(over) = &arguments.over {
        if arguments.no_knee {
            return Err(Trouble::usage("--no-knee: with --over no knee is looked at anyway; leave it out"));
        }
        return sizes(registry, arguments, &scenario, over);
    }
    let loads = loads(registry, arguments, &scenario, &arguments.changes.overrides())?;
    output::spares_sources(&written(arguments), &scenario)?;
    let found = searched(arguments, |options| capacity(&loads, options))?;
    finish(arguments, &found, baseline)
}

/// The files that are written.
fn written(arguments: &CapacityArguments) -> [Option<&Path>; 2] {
    [arguments.answer.to.output.as_deref(), arguments.baseline.as_deref()]
}

/// Searches behind a bar: what can be refused has been by then.
fn searched<T>(
    arguments: &CapacityArguments,
    search: impl FnOnce(&CapacityOptions<'_>) -> Result<T, ExperimentError>,
) -> Result<T, ExperimentError> {
    let bar = Progress::new(0, arguments.repeated.quiet);
    let tell = |step: Step| {
        bar.say(&format!("run {} at load {:.4}", step.run, step.load));
        bar.at(step.done, step.planned);
    };
    search(&CapacityOptions {
        threads: Some(arguments.repeated.threads.count()),
        progress: Some(&tell),
        without_knee: arguments.no_knee,
    })
}

/// What is searched: all clients, or a setting.
fn loads(
    registry: &Registry,
    arguments: &CapacityArguments,
    scenario: &Scenario,
    overrides: &Overrides,
) -> Result<Loads, Trouble> {
    let mut loads = match &arguments.load {
        None => {
            let checked = scenario.check(registry, overrides)?;
            let plan = kneepoint_scenario::plan(&checked)?;
            kneepoint_experiment::check(&checked, &plan)?;
            if !checked.parts().iter().any(|part| part.is_client) {
                return Err(Trouble::usage(
                    "there is no client, and so no load whose capacity could be told",
                ));
            }
            Loads::of_clients(&checked)
        }
        Some(asked) => {
            let (path, range) = read_load(asked).map_err(Trouble::usage)?;
            Loads::of_setting(scenario, registry, overrides, &path, range).map_err(|error| match error {
                LoadError::Faults(faults) => Trouble::from(faults),
                LoadError::Asked(reason) => Trouble::usage(format!("--load: {reason}")),
            })?
        }
    };
    loads = loads.with_pulses();
    if let Some(seed) = arguments.repeated.seed {
        loads = loads.seeded(seed);
    }
    if let Some(replications) = arguments.repeated.replications {
        loads = loads.with_replications(replications);
    }
    Ok(loads)
}

/// Reads `params.load`, or `params.load=100/s..5000/s`.
fn read_load(text: &str) -> Result<(String, Option<(Quantity, Quantity)>), String> {
    if !text.contains('=') {
        return Ok((text.trim().to_string(), None));
    }
    let axis = Axis::parse(text).map_err(|error| format!("--load {error}"))?;
    match axis.values {
        AxisValues::Range(span) if span.amount == Amount::Every && span.spacing == Spacing::Linear => {
            Ok((axis.path, Some((span.from, span.to))))
        }
        AxisValues::Range(_) => Err(format!(
            "--load {}: the search chooses its loads itself: write PATH=LOW..HIGH and nothing after it",
            kneepoint_report::safe(text)
        )),
        AxisValues::List(_) => Err(format!(
            "--load {}: this is no range: write PATH=LOW..HIGH, for example shoppers.rate=100/s..5000/s",
            kneepoint_report::safe(text)
        )),
    }
}

/// Reads `web.instances=1,2,4,8` or `web.instances=1..8`, as a sweep would.
fn read_sizes(text: &str) -> Result<(String, Vec<(f64, String)>), String> {
    let refuse = |reason: String| format!("--over {}: {reason}", kneepoint_report::safe(text));
    let axis = Axis::parse(text).map_err(|error| format!("--over {error}"))?;
    let values = axis.grid().map_err(|error| refuse(error.reason))?;
    if values.len() < 2 {
        return Err(refuse("linearity takes at least two sizes, and a law at least three".to_string()));
    }
    if values.len() > SIZES_MAX {
        return Err(refuse(format!("{} sizes; at most {SIZES_MAX} are searched", values.len())));
    }
    let size = |value: &String| match value.parse::<f64>() {
        Ok(size) if size > 0.0 && size.is_finite() => Ok((size, value.clone())),
        Ok(_) => Err(refuse(format!("a size is above 0, not {}", kneepoint_report::safe(value)))),
        Err(_) => {
            Err(refuse(format!("a size is a number, as 1,2,4,8 are, not {}", kneepoint_report::safe(value))))
        }
    };
    let sizes: Vec<(f64, String)> = values.iter().map(size).collect::<Result<_, _>>()?;
    let mut sorted: Vec<f64> = sizes.iter().map(|(size, _)| *size).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(refuse("a size stands there twice".to_string()));
    }
    Ok((axis.path, sizes))
}

/// Searches each size and delivers the answer as it was asked for.
fn sizes(
    registry: &Registry,
    arguments: &CapacityArguments,
    scenario: &Scenario,
    over: &str,
) -> Result<End, Trouble> {
    let (path, list) = read_sizes(over).map_err(Trouble::usage)?;
    if let Some(asked) = &arguments.load
        && read_load(asked).map_err(Trouble::usage)?.0 == path
    {
        return Err(Trouble::usage(format!(
            "--over and --load both set {}: one is the size, the other the load that the size carries",
            kneepoint_report::safe(&path)
        )));
    }
    // A path that leads nowhere is said here, before anything is set.
    scenario.takes(registry, &arguments.changes.overrides(), &path, "--over")?;
    let mut sizes = Vec::new();
    let mut uncertain = false;
    for (n, value) in list {
        let mut overrides = arguments.changes.overrides();
        let own = overrides.set.len();
        overrides.set.push((path.clone(), value));
        let checked = scenario.check(registry, &overrides);
        let checked = checked.map_err(|faults| faults.with_settings_from(own, "--over"))?;
        uncertain |= !checked.uncertain().is_empty();
        sizes.push(Size { n, loads: loads(registry, arguments, scenario, &overrides)? });
    }
    output::spares_sources(&written(arguments), scenario)?;
    if uncertain {
        // Of one size its result says so itself.
        output::say(
            "note: uncertain parameters are drawn anew in each replication, so each capacity is that of all of them together",
        );
    }
    let found = searched(arguments, |options| linearity(&sizes, options))?;
    let text = match arguments.answer.format() {
        Format::Text => linearity_text(&path, &found, output::look(arguments.answer.to.output.is_some())),
        Format::Json => {
            let base =
                scenario.check(registry, &arguments.changes.overrides()).map(|checked| checked.facts()).ok();
            let first = found.sizes.first().map(|size| &size.found);
            linearity_json(&path, &found, base.as_ref(), first.map(|of| command(arguments, of)).as_deref())
        }
        Format::Csv => linearity_csv(&found),
    };
    let end = output::deliver(&text, arguments.answer.to.output.as_deref(), arguments.answer.to.force);
    // A size that is too small is part of the answer; that none is large enough is one that fails.
    let missed = found.sizes.iter().all(|size| is_missed(&size.found));
    Ok(if end == End::Fine && missed { End::Missed } else { end })
}

/// Returns what makes the same again.
fn command(arguments: &CapacityArguments, found: &CapacityResult) -> String {
    let file = arguments.file.display().to_string();
    let changes = &arguments.changes;
    Command::new("capacity")
        .word(found.scenario.as_ref().map_or(&file, |facts| &facts.file))
        .changes(changes.variant.as_deref(), &changes.set)
        .option("--load", arguments.load.as_ref())
        .option("--over", arguments.over.as_ref())
        .flag("--no-knee", arguments.no_knee)
        .option("--seed", Some(found.seed))
        .option("--replications", Some(found.replications))
        .text()
}

/// Whether there is no load at which the objectives hold.
fn is_missed(found: &CapacityResult) -> bool {
    matches!(found.finding, Finding::MissedAtLowest { .. } | Finding::HoldsNowhere { .. })
}

/// What a baseline file held; nothing where it is to be written.
fn read_baseline_file(arguments: &CapacityArguments) -> Result<Option<kneepoint_report::Baseline>, String> {
    let Some(path) = &arguments.baseline else { return Ok(None) };
    let shown = output::shown(path);
    match std::fs::metadata(path) {
        // It is written when the search is done: that it can be is said before.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return output::can_be_written(path, false).map(|()| None);
        }
        Err(error) => return Err(format!("baseline {shown} cannot be read: {error}")),
        // A pipe would be waited for, and a device has no end.
        Ok(facts) if !facts.is_file() => {
            if arguments.update {
                output::can_be_written(path, true)?;
            }
            return Err(format!("baseline {shown} is not a regular file"));
        }
        Ok(facts) if facts.len() > BASELINE_MAX => {
            return Err(format!("baseline {shown} has {} bytes; a result has fewer", facts.len()));
        }
        Ok(_) if arguments.update => output::can_be_written(path, true)?,
        Ok(_) => {}
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("baseline {shown} cannot be read: {error}"))?;
    if arguments.update {
        // An older result, or one that found no capacity, is replaced; what is none is somebody's.
        let is_result = serde_json::from_str::<Value>(&text).is_ok_and(|value| value["verb"] == "capacity");
        return if is_result {
            Ok(None)
        } else {
            Err(format!("baseline {shown} is no result of `capacity`: --update replaces nothing else"))
        };
    }
    let baseline = read_baseline(&text).map_err(|why| {
        format!("baseline {shown} cannot be used: {why}; --update writes the new result there")
    })?;
    Ok(Some(baseline))
}

fn finish(
    arguments: &CapacityArguments,
    found: &CapacityResult,
    baseline: Option<kneepoint_report::Baseline>,
) -> Result<End, Trouble> {
    let mut change: Option<(String, Value, bool)> = None;
    let mut refused = None;
    if let Some(baseline) = &baseline {
        for difference in baseline.differences(found) {
            output::say(&format!("warning: {}", kneepoint_report::safe(&difference)));
        }
        if baseline.title != found.title {
            output::say(&format!(
                "warning: the baseline is of \"{}\", this is \"{}\"",
                kneepoint_report::safe(&baseline.title),
                kneepoint_report::safe(&found.title)
            ));
        }
        match baseline.against(found) {
            Ok(against) => {
                let (text, value) = baseline_sentence(&against);
                change = Some((text, value, against.is_worse()));
            }
            // What took minutes to find is delivered all the same.
            Err(why) => {
                refused = Some(Trouble::usage(format!("the baseline cannot be compared with this: {why}")));
            }
        }
    }
    let text = match arguments.answer.format() {
        Format::Text => {
            let text = capacity_text(found, output::look(arguments.answer.to.output.is_some()));
            match &change {
                Some((sentence, _, _)) => format!("{sentence}\n{text}"),
                None => text,
            }
        }
        Format::Json => {
            capacity_json(found, change.as_ref().map(|(_, value, _)| value), Some(&command(arguments, found)))
        }
        Format::Csv => {
            // The table has no place for it, and whoever asked hears of it.
            if let Some((sentence, _, _)) = &change {
                output::say(sentence);
            }
            capacity_csv(found)
        }
    };
    let end = output::deliver(&text, arguments.answer.to.output.as_deref(), arguments.answer.to.force);
    if let Some(refused) = refused {
        return Err(refused);
    }
    if end == End::Fine
        && let (Some(path), None) = (&arguments.baseline, &baseline)
    {
        store(path, arguments, found)?;
    }
    let missed = is_missed(found) || change.as_ref().is_some_and(|(_, _, worse)| *worse);
    Ok(if end == End::Fine && missed { End::Missed } else { end })
}

fn store(path: &Path, arguments: &CapacityArguments, found: &CapacityResult) -> Result<(), Trouble> {
    if found.capacity.is_none() {
        let why = match &found.rough {
            Some(rough) => format!("the capacity has no interval ({})", rough.reason),
            None => "no capacity was found".to_string(),
        };
        let shown = output::shown(path);
        return Err(Trouble::usage(format!("{why}, so nothing is stored as a baseline in {shown}")));
    }
    let text = capacity_json(found, None, Some(&command(arguments, found)));
    output::write_file(path, &text, arguments.update).map_err(Trouble::failed)?;
    output::say(&format!("baseline stored in {}", output::shown(path)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_a_list_or_a_range() {
        let sizes = |text: &str| -> Vec<f64> {
            read_sizes(text).unwrap().1.into_iter().map(|(size, _)| size).collect()
        };
        assert_eq!(read_sizes("web.instances=1,2").unwrap().0, "web.instances");
        assert_eq!(sizes("web.instances=1,2, 4"), [1.0, 2.0, 4.0]);
        assert_eq!(sizes("w.instances=2..4"), [2.0, 3.0, 4.0]);
        assert_eq!(sizes("w.instances=1..64:log:7"), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]);
        assert_eq!(sizes("w.instances=2..10:step:4"), [2.0, 6.0, 10.0]);
        for (wrong, part) in [
            ("web.instances", "write PATH=VALUES"),
            ("w=1", "at least two sizes"),
            ("w=1,1", "twice"),
            ("w=1,1.0", "twice"),
            ("w=0,1", "above 0, not 0"),
            ("w=a,b", "a size is a number, as 1,2,4,8 are, not a"),
            ("w=4..2", "write 2..4"),
            ("w=1..1000", "at most 64"),
            ("w=1.5..3", "how many values"),
            ("w=1ms..3ms:2", "a size is a number"),
        ] {
            let said = read_sizes(wrong).unwrap_err();
            assert!(said.starts_with(&format!("--over {wrong}: ")) && said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_load_has_a_range_of_two_ends_or_none() {
        assert_eq!(read_load(" params.load").unwrap(), ("params.load".to_string(), None));
        let (path, range) = read_load("params.load=100/s..2000/s").unwrap();
        assert_eq!((path.as_str(), range.unwrap().1.value), ("params.load", 2000.0));
        for (wrong, part) in [
            ("l=100/s", "no range"),
            ("l=100/s..fast", "fast"),
            ("l=1..2..3", "two ends"),
            ("l=1..2:log", "chooses its loads itself"),
            ("l=", "write PATH=VALUES"),
        ] {
            let said = read_load(wrong).unwrap_err();
            assert!(said.starts_with(&format!("--load {wrong}: ")) && said.contains(part), "{said}");
        }
    }
}
