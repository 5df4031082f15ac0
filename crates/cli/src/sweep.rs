//! `kneepoint sweep`: how does it change over parameters? And `kneepoint merge`, which puts shards together.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kneepoint_experiment::result::{PointResult, SweepFacts, SweepResult, Verdict};
use kneepoint_experiment::sweep::{
    Axis, Design, Journal, Merged, Study, StudyPlan, SweepError, SweepOptions, SweepProgress, VARIANT,
};
use kneepoint_report::{
    sweep_csv_head, sweep_csv_point, sweep_json, sweep_jsonl_head, sweep_jsonl_point, sweep_text,
};
use kneepoint_scenario::{Registry, Scenario};

use crate::arguments::Changes;
use crate::{End, interrupt, output, shard};

/// Points that are run without asking.
///
/// # Source
/// Chosen: a grid of ten thousand is rarely meant, and takes hours.
const POINTS_MAX: u64 = 10_000;

#[derive(Debug, Args)]
pub struct SweepArguments {
    /// The scenario
    pub file: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
    /// A setting and its values: web.instances=2..16, shoppers.rate=500/s,1000/s, load=100/s..10000/s:log:7,
    /// x=0.1..0.9:9, x=10..50:step:10. May be repeated; without any the file's `sweep` section is run
    #[arg(long, value_name = "PATH=VALUES")]
    pub over: Vec<String>,
    /// Go over these variants of the file too, or over `all`
    #[arg(long, value_name = "NAME,…", conflicts_with = "variant")]
    pub variants: Option<String>,
    /// How points are chosen
    #[arg(long, value_enum)]
    pub design: Option<DesignName>,
    /// Points of a Latin hypercube or Sobol design
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub points: Option<u64>,
    /// What the table shows: watches, objectives or metrics, as in "fast,p99(users.latency),utilisation(web)"
    #[arg(long, value_name = "METRIC,…")]
    pub columns: Option<String>,
    /// Seed of all randomness; that of the file (1 unless it says so) if not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Replications a point, instead of those the file asks for: N, or MIN..MAX with --precision
    #[arg(long, value_name = "N", value_parser = replications)]
    pub replications: Option<(u64, u64)>,
    /// Add replications at each point until every interval is within this of its value: 2%
    #[arg(long, value_name = "RATIO", value_parser = ratio, conflicts_with = "shard")]
    pub precision: Option<f64>,
    /// Give each point random numbers of its own, instead of the same to all
    #[arg(long)]
    pub independent: bool,
    /// Run more than 10000 points
    #[arg(long)]
    pub yes: bool,
    /// Do part k of n (k from 0) and write its records for `merge`; `auto` asks the array job
    #[arg(long, value_name = "K/N", requires = "output")]
    pub shard: Option<String>,
    /// How many shards there are, where the array job does not say
    #[arg(long, value_name = "N", requires = "shard")]
    pub shards: Option<u64>,
    /// Go on with what an interrupted sweep of the same output file has done
    #[arg(long, requires = "output", conflicts_with = "force")]
    pub resume: bool,
    #[command(flatten)]
    pub out: Out,
}

#[derive(Debug, Args)]
pub struct MergeArguments {
    /// The shards, in any order
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub out: Out,
}

#[derive(Debug, Args)]
pub struct Out {
    /// How results are written; by the ending of the output file if not given, else text
    #[arg(long, value_enum)]
    format: Option<SweepFormat>,
    /// Threads; as many as there are cores if not given. Changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Write to this file instead of standard output; a sweep then can be resumed
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite that file if it exists, and begin anew
    #[arg(long, requires = "output")]
    force: bool,
}

/// How sweeps are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SweepFormat {
    /// For people: a table
    Text,
    /// One row per number
    Csv,
    /// One document
    Json,
    /// One line per point, written as the sweep goes on
    Jsonl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DesignName {
    /// Every combination
    Grid,
    /// Each slice of each axis once
    LatinHypercube,
    /// Even in all directions at once; powers of two are best
    Sobol,
}

fn replications(text: &str) -> Result<(u64, u64), String> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    match (least.trim().parse(), most.trim().parse()) {
        (Ok(least), Ok(most)) if 1 <= least && least <= most && most <= 1_000_000 => Ok((least, most)),
        _ => Err("write a number from 1 to 1000000, or two as in 10..200".to_string()),
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let (number, by) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    match number.trim().parse::<f64>().map(|number| number / by) {
        Ok(ratio) if ratio > 0.0 && ratio < 1.0 => Ok(ratio),
        _ => Err("write a share between 0 and 1, as in 2% or 0.02".to_string()),
    }
}

pub fn sweep(registry: &Registry, arguments: &SweepArguments) -> End {
    // What exists is looked at with the journal; what can never be a file is said at once.
    if let Some(path) = arguments.out.output.as_deref()
        && let Err(message) = output::can_be_written(path, true)
    {
        return output::bad(&message);
    }
    let scenario = match Scenario::open(&arguments.file) {
        Ok(scenario) => scenario,
        Err(faults) => {
            output::say(&faults.to_string());
            return End::Bad;
        }
    };
    match sweep_it(registry, arguments, &scenario) {
        Ok(end) => end,
        Err(error) => failed(arguments, &error),
    }
}

fn failed(arguments: &SweepArguments, error: &SweepError) -> End {
    match error {
        SweepError::Scenario(_) | SweepError::ScenarioAt { .. } => {
            output::say(&error.to_string());
            End::Bad
        }
        SweepError::Interrupted => {
            let hint =
                match arguments.out.output.as_deref().map(journal_of).filter(|journal| journal.exists()) {
                    Some(journal) => {
                        format!(
                            "what is done is kept in {}: the same command with --resume goes on",
                            journal.display()
                        )
                    }
                    None => "nothing was kept: -o FILE keeps what is done".to_string(),
                };
            output::say(&format!("interrupted; {hint}"));
            End::Interrupted
        }
        SweepError::Write { .. } => {
            let kept =
                arguments.out.output.as_deref().map(journal_of).is_some_and(|journal| journal.exists());
            let hint = if kept {
                "\nwhat is done is kept: make room, then the same command with --resume goes on"
            } else {
                ""
            };
            output::say(&format!("error: {error}{hint}"));
            End::Failed
        }
        SweepError::Experiment(_) => {
            output::say(&format!("error: {error}"));
            End::Failed
        }
        SweepError::Over(_)
        | SweepError::Design(_)
        | SweepError::Records { .. }
        | SweepError::Point { .. } => output::bad(&error.to_string()),
    }
}

fn sweep_it(registry: &Registry, arguments: &SweepArguments, scenario: &Scenario) -> Result<End, SweepError> {
    let shard = match &arguments.shard {
        None => None,
        Some(text) => {
            let variable = |name: &str| std::env::var(name).ok();
            Some(shard::shard(text, arguments.shards, variable).map_err(SweepError::Design)?)
        }
    };
    let plan = study_plan(registry, arguments, scenario)?;
    let study = Study::of_scenario(scenario, registry, &arguments.changes.overrides(), plan)?;
    let threads = output::threads(arguments.out.threads);
    study.check(Some(threads))?;
    let journal = match &arguments.out.output {
        None => None,
        Some(path) => Some(open_journal(arguments, &study, path, shard)?),
    };
    if let Some(resumed) = journal.as_ref().map(Journal::resumed).filter(|r| *r != Default::default()) {
        let cut = if resumed.cut { "; the last was cut short and is done again" } else { "" };
        output::say(&format!("{} replications are done already{cut}", resumed.replications));
    }
    let bar = crate::progress::Progress::new(study.facts().points * study.facts().replications_min, false);
    let tell = |progress: SweepProgress| {
        bar.say(&format!("{}/{} points", progress.points, progress.points_all));
        bar.at(progress.replications, progress.replications_all);
    };
    let options = SweepOptions {
        threads: Some(threads),
        progress: Some(&tell),
        stop: Some(interrupt::flag()),
        journal: None,
    };
    if let (Some((k, n)), Some(path)) = (shard, &arguments.out.output) {
        let journal = journal.ok_or(SweepError::Interrupted)?;
        let done = study.shard(journal, &options, path);
        drop(bar);
        let done = done?;
        output::say(&format!("shard {k}/{n}: {done} replications in {}", path.display()));
        return Ok(End::Fine);
    }
    let options = SweepOptions { journal: journal.as_ref(), ..options };
    let resumes = journal.as_ref().is_some_and(|j| j.resumed().replications > 0);
    let end = deliver(&arguments.out, study.facts(), resumes, |on_point| study.run(&options, on_point));
    drop(bar);
    let end = end?;
    if let Some(journal) = journal {
        journal.remove()?;
    }
    Ok(end)
}

fn study_plan(
    registry: &Registry,
    arguments: &SweepArguments,
    scenario: &Scenario,
) -> Result<StudyPlan, SweepError> {
    let mut axes = Vec::new();
    match arguments.variants.as_deref() {
        None => {}
        Some("all") => {
            let checked = scenario
                .check(registry, &arguments.changes.overrides())
                .map_err(|faults| SweepError::Scenario(Box::new(faults)))?;
            let names: Vec<String> = checked.variants().map(str::to_string).collect();
            if names.is_empty() {
                return Err(SweepError::Design("--variants all: the file has no variants".to_string()));
            }
            axes.push(Axis::variants(names));
        }
        Some(names) => axes.push(Axis::parse(&format!("{VARIANT}={names}"))?),
    }
    for over in &arguments.over {
        axes.push(Axis::parse(over)?);
    }
    let section = scenario_design(registry, arguments, scenario, axes.is_empty());
    let needs = |name: &str| SweepError::Design(format!("--design {name} needs --points N"));
    let design = match (arguments.design.or(section), arguments.points) {
        (None | Some(DesignName::Grid), None) => Design::Grid,
        (None | Some(DesignName::Grid), Some(_)) => {
            return Err(SweepError::Design(
                "--points goes with --design latin-hypercube or sobol: a grid has as many as its axes make"
                    .to_string(),
            ));
        }
        (Some(DesignName::LatinHypercube), points) => {
            Design::LatinHypercube(points.ok_or_else(|| needs("latin-hypercube"))?)
        }
        (Some(DesignName::Sobol), points) => Design::Sobol(points.ok_or_else(|| needs("sobol"))?),
    };
    Ok(StudyPlan {
        axes,
        design,
        seed: arguments.seed,
        replications: arguments.replications,
        precision: arguments.precision,
        columns: arguments.columns.as_deref().map(columns).unwrap_or_default(),
        independent: arguments.independent,
        points_max: if arguments.yes { u64::MAX } else { POINTS_MAX },
    })
}

/// The design of the file, if its section is what is run.
fn scenario_design(
    registry: &Registry,
    arguments: &SweepArguments,
    scenario: &Scenario,
    wanted: bool,
) -> Option<DesignName> {
    // Faults are told when the study is made.
    let checked = scenario.check(registry, &arguments.changes.overrides()).ok().filter(|_| wanted)?;
    match checked.sweep()?.design.as_str() {
        "LatinHypercube" => Some(DesignName::LatinHypercube),
        "Sobol" => Some(DesignName::Sobol),
        _ => None,
    }
}

/// Splits at commas that stand outside of brackets.
fn columns(text: &str) -> Vec<String> {
    let mut depth = 0_i32;
    let mut columns = vec![String::new()];
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            columns.push(String::new());
        } else if let Some(last) = columns.last_mut() {
            last.push(c);
        }
    }
    columns.iter().map(|column| column.trim().to_string()).filter(|column| !column.is_empty()).collect()
}

/// The journal of an output file: beside it.
fn journal_of(path: &Path) -> PathBuf {
    beside(path, ".journal")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(ending);
    PathBuf::from(name)
}

fn open_journal(
    arguments: &SweepArguments,
    study: &Study,
    path: &Path,
    shard: Option<(u64, u64)>,
) -> Result<Journal, SweepError> {
    let there = |path: &Path| std::fs::symlink_metadata(path).is_ok();
    let journal = journal_of(path);
    let records = |path: &Path, reason: &str| SweepError::Records {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    };
    match (there(&journal), arguments.resume, arguments.out.force) {
        (true, true, _) => return study.resume(&journal, shard),
        (true, false, true) => std::fs::remove_file(&journal)
            .map_err(|error| SweepError::Write { path: journal.clone(), reason: error.to_string() })?,
        (true, false, false) => {
            return Err(records(&journal, "a sweep was not finished: --resume goes on, --force begins anew"));
        }
        (false, ..) => {}
    }
    if there(path) && !arguments.out.force {
        return Err(records(path, "it exists; --force overwrites it"));
    }
    study.journal(&journal, shard)
}

pub fn merge(arguments: &MergeArguments) -> End {
    let merged = match Merged::open(&arguments.files) {
        Ok(merged) => merged,
        Err(error) => return output::bad(&error.to_string()),
    };
    if let Some(path) = arguments.out.output.as_deref()
        && let Err(message) = output::can_be_written(path, arguments.out.force)
    {
        return output::bad(&message);
    }
    let options =
        SweepOptions { threads: Some(output::threads(arguments.out.threads)), ..SweepOptions::default() };
    match deliver(&arguments.out, merged.facts(), false, |on_point| merged.run(&options, on_point)) {
        Ok(end) => end,
        Err(error @ SweepError::Write { .. }) => {
            output::say(&format!("error: {error}"));
            End::Failed
        }
        Err(error) => output::bad(&error.to_string()),
    }
}

type OnPoint<'a> = dyn FnMut(PointResult) -> Result<(), SweepError> + Send + 'a;

/// Where results go.
enum Sink {
    Screen,
    File { to: BufWriter<File>, temporary: PathBuf },
}

/// Runs something that hands out results and writes them in the format asked for.
fn deliver(
    out: &Out,
    facts: &SweepFacts,
    overwrite: bool,
    run: impl FnOnce(&mut OnPoint) -> Result<(), SweepError>,
) -> Result<End, SweepError> {
    let format = out.format.unwrap_or_else(|| format_of(out.output.as_deref()));
    let mut sink = match &out.output {
        None => Sink::Screen,
        Some(path) => {
            let temporary = beside(path, ".unfinished");
            let file = File::create(&temporary);
            let file = file
                .map_err(|error| SweepError::Write { path: temporary.clone(), reason: error.to_string() })?;
            Sink::File { to: BufWriter::new(file), temporary }
        }
    };
    let done = write_all(&mut sink, format, out, facts, run);
    match (done, sink) {
        (Ok(end), Sink::Screen) => Ok(end),
        (Ok(end), Sink::File { to, temporary }) => {
            let path = out.output.clone().unwrap_or_default();
            let wrong =
                |error: std::io::Error| SweepError::Write { path: path.clone(), reason: error.to_string() };
            let file = to.into_inner().map_err(|error| wrong(error.into_error()))?;
            file.sync_all().map_err(wrong)?;
            if out.force || overwrite {
                std::fs::rename(&temporary, &path).map_err(wrong)?;
            } else {
                // A link fails if somebody has made the file meanwhile; a rename would overwrite it.
                let linked = std::fs::hard_link(&temporary, &path);
                let _ = std::fs::remove_file(&temporary);
                linked.map_err(wrong)?;
            }
            Ok(end)
        }
        (Err(error), sink) => {
            if let Sink::File { temporary, .. } = sink {
                let _ = std::fs::remove_file(temporary);
            }
            // Whoever read the output has gone: no fault of anybody's.
            match error {
                SweepError::Write { reason, .. } if reason == GONE => Ok(End::Fine),
                error => Err(error),
            }
        }
    }
}

/// Stands for a reader that has gone.
const GONE: &str = "nobody reads it";

fn write_all(
    sink: &mut Sink,
    format: SweepFormat,
    out: &Out,
    facts: &SweepFacts,
    run: impl FnOnce(&mut OnPoint) -> Result<(), SweepError>,
) -> Result<End, SweepError> {
    let mut end = End::Fine;
    let mut points = Vec::new();
    match format {
        SweepFormat::Jsonl => put(sink, &sweep_jsonl_head(facts))?,
        SweepFormat::Csv => put(sink, &sweep_csv_head(facts))?,
        SweepFormat::Text | SweepFormat::Json => {}
    }
    run(&mut |point| {
        end = worse(end, &point);
        match format {
            SweepFormat::Jsonl => put(sink, &sweep_jsonl_point(facts, &point)),
            SweepFormat::Csv => put(sink, &sweep_csv_point(&point)),
            SweepFormat::Text | SweepFormat::Json => {
                points.push(point);
                Ok(())
            }
        }
    })?;
    let result = SweepResult { facts: facts.clone(), points };
    match format {
        SweepFormat::Text => put(sink, &sweep_text(&result, output::look(out.output.is_some())))?,
        SweepFormat::Json => put(sink, &sweep_json(&result))?,
        SweepFormat::Jsonl | SweepFormat::Csv => {}
    }
    Ok(end)
}

fn put(sink: &mut Sink, text: &str) -> Result<(), SweepError> {
    let written = match sink {
        Sink::File { to, .. } => to.write_all(text.as_bytes()),
        Sink::Screen => {
            let mut screen = std::io::stdout().lock();
            screen.write_all(text.as_bytes()).and_then(|()| screen.flush())
        }
    };
    let path = match sink {
        Sink::File { temporary, .. } => temporary.clone(),
        Sink::Screen => PathBuf::from("the output"),
    };
    written.map_err(|error| {
        let gone = error.kind() == std::io::ErrorKind::BrokenPipe;
        SweepError::Write { path, reason: if gone { GONE.to_string() } else { error.to_string() } }
    })
}

/// A point that failed weighs more than one that misses an objective.
fn worse(end: End, point: &PointResult) -> End {
    if point.failure.is_some() || end == End::Failed {
        End::Failed
    } else if point.verdict == Verdict::Missed {
        End::Missed
    } else {
        end
    }
}

fn format_of(path: Option<&Path>) -> SweepFormat {
    match path.and_then(Path::extension).and_then(|ending| ending.to_str()) {
        Some("jsonl" | "ndjson") => SweepFormat::Jsonl,
        Some("json") => SweepFormat::Json,
        Some("csv") => SweepFormat::Csv,
        _ => SweepFormat::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_split_outside_of_brackets() {
        let split = columns("fast, p99(a.latency, each 1s),utilisation(web)");
        assert_eq!(split, ["fast", "p99(a.latency, each 1s)", "utilisation(web)"]);
    }

    #[test]
    fn shares_and_numbers_of_replications_are_read() {
        assert_eq!((ratio("2%"), ratio("0.05")), (Ok(0.02), Ok(0.05)));
        assert!(["0", "1", "-1%", "x", "200%"].iter().all(|text| ratio(text).is_err()));
        assert_eq!((replications("7"), replications("5..90")), (Ok((7, 7)), Ok((5, 90))));
        assert!(["0", "9..2", "a", "1..", "1..9999999"].iter().all(|text| replications(text).is_err()));
    }
}
