//! `kneepoint sweep`: how does it change over parameters? And `kneepoint merge`, which puts shards together.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kneepoint_experiment::result::{PointResult, SweepFacts, SweepResult};
use kneepoint_experiment::sweep::{
    Amount, Axis, AxisValues, Design, Journal, Merged, Spacing, Study, StudyPlan, SweepError, SweepOptions,
    SweepProgress, VARIANT,
};
use kneepoint_report::{
    SweepCount, sweep_csv_head, sweep_csv_point, sweep_json, sweep_jsonl_head, sweep_jsonl_point, sweep_text,
};
use kneepoint_scenario::{Registry, Scenario};

use crate::arguments::{Changes, Threads, share};
use crate::output::Whole;
use crate::progress::Progress;
use crate::run::end_of;
use crate::trouble::Trouble;
use crate::{End, ending, finished, interrupt, output, shard};

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
    /// A setting and its values: web.instances=2..16, shoppers.rate=500/s,1000/s, params.load=100/s..10000/s:log:7,
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
    /// Replications a point, instead of those the file asks for: N; with a precision at least so many, or MIN..MAX
    #[arg(long, value_name = "N", value_parser = replications)]
    pub replications: Option<(u64, Option<u64>)>,
    /// Add replications at each point, up to 100 unless MIN..MAX are said, until the error of every number is within this
    /// share P of its true value: until half of each interval is at most P / (1 + P) of its value: 2%
    #[arg(long, value_name = "RATIO", value_parser = share, conflicts_with = "shard")]
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
    /// Draw no progress bar
    #[arg(long)]
    pub quiet: bool,
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
    #[command(flatten)]
    threads: Threads,
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
    /// The rows of CSV in typed columns; in builds with `--features parquet`
    Parquet,
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

fn replications(text: &str) -> Result<(u64, Option<u64>), String> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let is_range = text.contains("..");
    match (least.trim().parse(), most.trim().parse()) {
        (Ok(least), Ok(most)) if 1 <= least && least <= most && most <= 1_000_000 => {
            Ok((least, is_range.then_some(most)))
        }
        _ => Err("write a number from 1 to 1000000, or two as in 10..200".to_string()),
    }
}

pub fn sweep(registry: &Registry, arguments: &SweepArguments) -> End {
    match sweep_it(registry, arguments) {
        Ok(end) => end,
        Err(trouble) => trouble.tell(),
    }
}

/// An error of a sweep with what is kept of it.
fn with_hint(arguments: &SweepArguments, error: SweepError) -> Trouble {
    let journal = arguments.out.output.as_deref().map(journal_of).filter(|journal| journal.exists());
    match (&error, journal) {
        (SweepError::Interrupted, Some(journal)) => Trouble::interrupted(format!(
            "interrupted; what is done is kept in {}: the same command with --resume goes on",
            output::shown(&journal)
        )),
        (SweepError::Interrupted, None) => {
            Trouble::interrupted("interrupted; nothing was kept: -o FILE keeps what is done")
        }
        (SweepError::Write { .. }, Some(_)) => Trouble::failed(format!(
            "{error}\nwhat is done is kept: make room, then the same command with --resume goes on"
        )),
        _ => Trouble::from(error),
    }
}

fn sweep_it(registry: &Registry, arguments: &SweepArguments) -> Result<End, Trouble> {
    // What exists is looked at with the journal; what can never be a file is said at once.
    if let Some(path) = arguments.out.output.as_deref() {
        output::can_be_written(path, true).map_err(Trouble::usage)?;
    }
    // A shard holds records, whatever its name ends with.
    if arguments.shard.is_none() {
        can_be_made(&arguments.out)?;
    }
    let shard = shard_of(arguments)?;
    let scenario = Scenario::open(&arguments.file)?;
    let plan = study_plan(registry, arguments, &scenario)?;
    let axes = plan.axes.clone();
    let mut study = Study::of_scenario(&scenario, registry, &arguments.changes.overrides(), plan)?;
    let threads = arguments.out.threads.count();
    study.check(Some(threads))?;
    for (at, axis) in axes.iter().enumerate() {
        tell_rounding(axis, study.points().iter().filter_map(|point| point.get(at)));
    }
    output::spares_sources(&[arguments.out.output.as_deref()], &scenario)?;
    let Some(path) = arguments.out.output.as_deref() else {
        return run(arguments, &study, threads, None);
    };
    if let Some(end) = complete(arguments, &study, path, shard)? {
        return Ok(end);
    }
    let journal = open_journal(arguments, &study, path, shard)?;
    if arguments.resume {
        // Nobody else writes this file now: the journal is ours.
        for left in output::sweep_away(path) {
            output::say(&format!("{}: left by a process that has gone; removed", output::shown(&left)));
        }
    }
    let resumed = journal.resumed();
    let cut = if resumed.cut { "; the last was cut short and is done again" } else { "" };
    if resumed.replications > 0 || resumed.cut {
        output::say(&format!("{} replications are done already{cut}", resumed.replications));
    } else if arguments.resume {
        output::say("there is nothing to go on with: the sweep begins from nothing");
    }
    let Some((k, n)) = shard else { return run(arguments, &study, threads, Some(journal)) };
    let bar = bar(study.facts(), arguments.quiet);
    let tell = |progress: SweepProgress| show(&bar, progress);
    let done = study.shard(journal, &options(threads, &tell, None), path);
    drop(bar);
    let done = done.map_err(|error| with_hint(arguments, error))?;
    output::say(&format!("shard {k}/{n}: {done} replications in {}", output::shown(path)));
    Ok(End::Fine)
}

/// Says of an axis whose points do not lie on whole numbers, though only these can be set, which they were rounded to.
fn tell_rounding<'a>(axis: &Axis, values: impl Iterator<Item = &'a String>) {
    let AxisValues::Range(span) = &axis.values else { return };
    let Amount::Points(count) = span.amount else { return };
    let step = (span.to.value - span.from.value) / count.saturating_sub(1).max(1) as f64;
    if span.spacing != Spacing::Linear || step.fract() == 0.0 {
        return;
    }
    let mut distinct: Vec<&str> = Vec::new();
    for value in values {
        if !distinct.contains(&value.as_str()) {
            distinct.push(value);
        }
    }
    if distinct.len() as u64 == count && distinct.iter().all(|value| value.parse::<i64>().is_ok()) {
        output::say(&format!(
            "note: --over {axis}: this setting takes whole numbers, and the points are rounded to {}",
            kneepoint_report::safe(&distinct.join(", "))
        ));
    }
}

/// Which part of it is done; nothing for all of it.
fn shard_of(arguments: &SweepArguments) -> Result<Option<(u64, u64)>, Trouble> {
    let Some(text) = &arguments.shard else { return Ok(None) };
    if let Some(format) = arguments.out.format {
        let format =
            format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_string());
        return Err(Trouble::usage(format!(
            "--format {format}: a shard holds records, which `merge` writes in any format: say it there"
        )));
    }
    let variable = |name: &str| std::env::var(name).ok();
    shard::shard(text, arguments.shards, variable).map(Some).map_err(Trouble::usage)
}

fn options<'a>(
    threads: usize,
    tell: &'a (dyn Fn(SweepProgress) + Sync),
    journal: Option<&'a Journal>,
) -> SweepOptions<'a> {
    SweepOptions { threads: Some(threads), progress: Some(tell), stop: Some(interrupt::flag()), journal }
}

/// Runs all of it.
fn run(
    arguments: &SweepArguments,
    study: &Study,
    threads: usize,
    journal: Option<Journal>,
) -> Result<End, Trouble> {
    let bar = bar(study.facts(), arguments.quiet);
    let tell = |progress: SweepProgress| show(&bar, progress);
    let options = options(threads, &tell, journal.as_ref());
    let resumes = journal.as_ref().is_some_and(|j| j.resumed().replications > 0);
    let end = deliver(&arguments.out, study.facts(), resumes, |on_point| study.run(&options, on_point));
    drop(bar);
    let end = end.map_err(|error| with_hint(arguments, error))?;
    if let Some(journal) = journal {
        journal.remove()?;
    }
    Ok(end)
}

/// Of a sweep that is to be resumed and was finished, says so: nothing is left to do. It ends as it ended then.
fn complete(
    arguments: &SweepArguments,
    study: &Study,
    path: &Path,
    shard: Option<(u64, u64)>,
) -> Result<Option<End>, Trouble> {
    let there = |path: &Path| std::fs::symlink_metadata(path).is_ok();
    if !arguments.resume || there(&journal_of(path)) || !there(path) {
        return Ok(None);
    }
    let shown = output::shown(path);
    if let Some(shard) = shard {
        let records = study.finished_shard(path, shard)?;
        output::say(&format!("{shown} is complete already: {records} replications"));
        return Ok(Some(End::Fine));
    }
    let format = arguments.out.format();
    let look = match format {
        SweepFormat::Jsonl => finished::of_lines,
        SweepFormat::Json => finished::of_document,
        SweepFormat::Csv | SweepFormat::Text | SweepFormat::Parquet => {
            return Err(Trouble::usage(format!(
                "{shown} exists, and its journal is gone, as it is when a sweep is done; what stands in \
                 CSV, Parquet and text does not tell whether it is this sweep (JSON and JSON lines do): --force does it again"
            )));
        }
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Trouble::failed(format!("{shown} cannot be read: {error}")))?;
    let end = look(&text, study.facts()).map_err(|reason| {
        Trouble::usage(format!(
            "{shown} exists and is not the result of this sweep: {reason}; --force overwrites it"
        ))
    })?;
    output::say(&format!("{shown} is complete already: {} points", study.facts().points));
    Ok(Some(end))
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
    if let Some((path, _)) =
        arguments.changes.set.iter().find(|(path, _)| axes.iter().any(|a| a.path == *path))
    {
        return Err(SweepError::Design(format!(
            "--set {path} and --over {path}: each point would set it anew; leave one of them away"
        )));
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
    let chosen =
        |axis: &&Axis| matches!(&axis.values, AxisValues::Range(span) if span.amount != Amount::Every);
    if let (Design::LatinHypercube(_) | Design::Sobol(_), Some(axis)) = (&design, axes.iter().find(chosen)) {
        return Err(SweepError::Design(format!(
            "--over {}: the design chooses the points of a range; only a grid takes their number or a step: leave away what \
             stands after its second end",
            axis.path
        )));
    }
    if arguments.columns.as_deref().is_some_and(|columns| columns.trim().is_empty()) {
        return Err(SweepError::Design(
            "--columns is empty: name watches, objectives or metrics, or leave it away".to_string(),
        ));
    }
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
    output::beside(path, ".journal")
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
        (true, false, true) => Journal::discard(&journal)?,
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
    match merge_it(arguments) {
        Ok(end) => end,
        Err(trouble) => trouble.tell(),
    }
}

fn merge_it(arguments: &MergeArguments) -> Result<End, Trouble> {
    can_be_made(&arguments.out)?;
    if let Some(path) = arguments.out.output.as_deref() {
        output::can_be_written(path, arguments.out.force).map_err(Trouble::usage)?;
    }
    let merged = Merged::open(&arguments.files)?;
    if merged.is_called_differently() {
        output::say("note: the shards have different labels of parts; those of shard 0 are taken");
    }
    if let Some(path) = arguments.out.output.as_deref() {
        output::spares(&[Some(path)], &arguments.files).map_err(Trouble::usage)?;
    }
    let options = SweepOptions { threads: Some(arguments.out.threads.count()), ..SweepOptions::default() };
    Ok(deliver(&arguments.out, merged.facts(), false, |on_point| merged.run(&options, on_point))?)
}

type OnPoint<'a> = dyn FnMut(PointResult) -> Result<(), SweepError> + Send + 'a;

/// Holds that this build makes the format asked for, and that it has somewhere to go.
fn can_be_made(out: &Out) -> Result<(), Trouble> {
    if out.format() != SweepFormat::Parquet {
        return Ok(());
    }
    if cfg!(not(feature = "parquet")) {
        return Err(Trouble::usage("this build has no Parquet; build with --features parquet"));
    }
    if out.output.is_none() {
        return Err(Trouble::usage("--format parquet: a Parquet file is no text to be printed: say -o FILE"));
    }
    Ok(())
}

impl Out {
    fn format(&self) -> SweepFormat {
        self.read().unwrap_or(SweepFormat::Text)
    }

    fn read(&self) -> Result<SweepFormat, String> {
        ending::format(self.output.as_deref(), self.format, &ENDINGS, SweepFormat::Text)
    }
}

/// What the endings of files stand for.
pub const ENDINGS: [(&str, SweepFormat); 6] = [
    ("txt", SweepFormat::Text),
    ("csv", SweepFormat::Csv),
    ("json", SweepFormat::Json),
    ("jsonl", SweepFormat::Jsonl),
    ("ndjson", SweepFormat::Jsonl),
    ("parquet", SweepFormat::Parquet),
];

impl SweepArguments {
    /// Holds that the name of the file says no other format; a shard holds records, whatever its name ends with.
    ///
    /// # Errors
    /// As [`ending::format`].
    pub fn check(&self) -> Result<(), String> {
        if self.shard.is_some() { Ok(()) } else { self.out.read().map(drop) }
    }
}

impl MergeArguments {
    /// As [`SweepArguments::check`].
    ///
    /// # Errors
    /// As that.
    pub fn check(&self) -> Result<(), String> {
        self.out.read().map(drop)
    }
}

/// Where results go.
enum Sink {
    Screen,
    File(Whole),
}

/// Runs something that hands out results and writes them in the format asked for.
fn deliver(
    out: &Out,
    facts: &SweepFacts,
    overwrite: bool,
    run: impl FnOnce(&mut OnPoint) -> Result<(), SweepError>,
) -> Result<End, SweepError> {
    let format = out.format();
    let path = out.output.clone().unwrap_or_default();
    let unwritten =
        |error: std::io::Error| SweepError::Write { path: path.clone(), reason: error.to_string() };
    let mut sink = match &out.output {
        None => Sink::Screen,
        // Always under the same name: what is left of a sweep that was killed is written over by the next.
        Some(path) => Sink::File(Whole::create(path, out.force || overwrite).map_err(unwritten)?),
    };
    match write_all(&mut sink, format, out, facts, run) {
        Ok(end) => {
            let (end, all) = end;
            if let Sink::File(file) = sink {
                file.finish().map_err(unwritten)?;
                output::say(&format!("{}; written to {}", all.clause(), output::shown(&path)));
            }
            Ok(end)
        }
        // Whoever read the output has gone: no fault of anybody's.
        Err(SweepError::Write { reason, .. }) if reason == GONE => Ok(End::Fine),
        Err(error) => Err(error),
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
) -> Result<(End, SweepCount), SweepError> {
    let mut end = End::Fine;
    let mut all = SweepCount::default();
    let mut failures = Failures::default();
    let mut points = Vec::new();
    match format {
        SweepFormat::Jsonl => put(sink, out, sweep_jsonl_head(facts).as_bytes())?,
        SweepFormat::Csv => put(sink, out, sweep_csv_head(facts).as_bytes())?,
        SweepFormat::Text | SweepFormat::Json | SweepFormat::Parquet => {}
    }
    #[cfg(feature = "parquet")]
    let mut table = (format == SweepFormat::Parquet).then(|| Table::new(out, facts)).transpose()?;
    run(&mut |point| {
        end = end.worse(end_of_point(&point));
        failures.add(facts, &point);
        all.add(&point);
        #[cfg(feature = "parquet")]
        if let Some(table) = &mut table {
            return table.add(&point);
        }
        match format {
            SweepFormat::Jsonl => put(sink, out, sweep_jsonl_point(facts, &point).as_bytes()),
            SweepFormat::Csv => put(sink, out, sweep_csv_point(&point).as_bytes()),
            SweepFormat::Text | SweepFormat::Json | SweepFormat::Parquet => {
                points.push(point);
                Ok(())
            }
        }
    })?;
    let result = SweepResult { facts: facts.clone(), points };
    match format {
        SweepFormat::Text => {
            put(sink, out, sweep_text(&result, output::look(out.output.is_some())).as_bytes())?;
        }
        SweepFormat::Json => put(sink, out, sweep_json(&result).as_bytes())?,
        SweepFormat::Jsonl | SweepFormat::Csv | SweepFormat::Parquet => {}
    }
    #[cfg(feature = "parquet")]
    if let Some(table) = table {
        put(sink, out, &table.finish()?)?;
    }
    failures.tell(facts);
    Ok((end, all))
}

fn put(sink: &mut Sink, out: &Out, bytes: &[u8]) -> Result<(), SweepError> {
    let written = match sink {
        Sink::File(file) => file.write(bytes),
        Sink::Screen => {
            let mut screen = std::io::stdout().lock();
            screen.write_all(bytes).and_then(|()| screen.flush())
        }
    };
    written.map_err(|error| {
        let path = out.output.clone().unwrap_or_else(|| PathBuf::from("the output"));
        let gone = error.kind() == std::io::ErrorKind::BrokenPipe;
        SweepError::Write { path, reason: if gone { GONE.to_string() } else { error.to_string() } }
    })
}

/// A Parquet file in the making, with where it goes.
#[cfg(feature = "parquet")]
struct Table {
    file: kneepoint_report::SweepParquet,
    path: PathBuf,
}

#[cfg(feature = "parquet")]
impl Table {
    fn new(out: &Out, facts: &SweepFacts) -> Result<Table, SweepError> {
        let path = out.output.clone().unwrap_or_default();
        match kneepoint_report::SweepParquet::new(facts) {
            Ok(file) => Ok(Table { file, path }),
            Err(reason) => Err(SweepError::Write { path, reason }),
        }
    }

    fn add(&mut self, point: &PointResult) -> Result<(), SweepError> {
        self.file.point(point).map_err(|reason| SweepError::Write { path: self.path.clone(), reason })
    }

    fn finish(self) -> Result<Vec<u8>, SweepError> {
        self.file.finish().map_err(|reason| SweepError::Write { path: self.path, reason })
    }
}

/// Points that failed and are told one by one.
const FAILURES_MAX: usize = 3;

/// The points that failed, and why.
#[derive(Default)]
struct Failures {
    count: u64,
    told: Vec<String>,
}

impl Failures {
    fn add(&mut self, facts: &SweepFacts, point: &PointResult) {
        let void = || {
            let failed = point.checks.iter().find(|check| !check.holds());
            failed.map(|check| format!("a run failed its own check ({})", check.name))
        };
        let Some(reason) = point.failure.clone().or_else(void) else { return };
        self.count += 1;
        if self.told.len() < FAILURES_MAX {
            let settings: Vec<String> =
                facts.axes.iter().zip(&point.values).map(|(axis, v)| format!("{}={v}", axis.path)).collect();
            self.told.push(format!("at {}: {reason}", settings.join(", ")));
        }
    }

    fn tell(&self, facts: &SweepFacts) {
        if self.count == 0 {
            return;
        }
        let more = self.count - self.told.len() as u64;
        let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
        let text = format!(
            "error: {} of {} points failed\n{}{more}",
            self.count,
            facts.points,
            self.told.join("\n")
        );
        output::say(&text.lines().map(kneepoint_report::safe).collect::<Vec<_>>().join("\n"));
    }
}

fn end_of_point(point: &PointResult) -> End {
    if point.failure.is_some() { End::Failed } else { end_of(point.verdict, point.probability.as_ref()) }
}

fn bar(facts: &SweepFacts, quiet: bool) -> Progress {
    Progress::new(facts.points * facts.replications_min, quiet)
}

fn show(bar: &Progress, progress: SweepProgress) {
    bar.say(&format!("{}/{} points", progress.points, progress.points_all));
    bar.at(progress.replications, progress.replications_all);
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
        assert_eq!((share("2%"), share("0.05")), (Ok(0.02), Ok(0.05)));
        assert!(["0", "1", "-1%", "x", "200%"].iter().all(|text| share(text).is_err()));
        assert_eq!((replications("7"), replications("5..90")), (Ok((7, None)), Ok((5, Some(90)))));
        assert!(["0", "9..2", "a", "1..", "1..9999999"].iter().all(|text| replications(text).is_err()));
    }
}
