//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use kneepoint_engine::SimDuration;
use kneepoint_scenario::Overrides;
use kneepoint_scenario::value::{Dimension, Quantity};

use crate::{End, ending};

/// Find the knee before your users do: simulate scaling architectures.
#[derive(Debug, Parser)]
#[command(name = "kneepoint", version, about, arg_required_else_help = true, after_help = ending::help())]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// What happens? Replications with intervals, objectives, self-checks
    Run(RunArguments),
    /// Is B better than A? Paired differences; and has it become worse than a stored run?
    Compare(CompareArguments),
    /// Which input moves p99, and what flips the verdict? One at a time, or Morris screening
    Sensitivity(SensitivityArguments),
    /// Is this model sane? All faults at once, and which part saturates first
    Check(CheckArguments),
    /// How does it change over parameters? Many points side by side, resumable, in shards
    Sweep(crate::sweep::SweepArguments),
    /// Show a few requests in full, for tools that show traces: near the percentiles, the slowest, one of each error
    Trace(TraceArguments),
    /// Put the shards of a sweep together
    Merge(crate::sweep::MergeArguments),
    /// Where is the knee? The highest load inside the objectives, what saturates first, what comes beyond
    Capacity(CapacityArguments),
    /// Draw figures of stored results, as SVG or PNG
    Plot(crate::plot::PlotArguments),
    /// One page for a design review: verdict, numbers, charts, assumptions; or Markdown for a pull request
    Report(crate::report::ReportArguments),
    /// Write a scenario to begin with
    Init(InitArguments),
    /// List kinds with their fields, units, defaults and sources
    Kinds(KindsArguments),
    /// Can I trust you? Known answers against the simulation
    Verify(VerifyArguments),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs, with a versioned schema
    Json,
    /// One row per number
    Csv,
}

/// How the results of a run are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// For people
    #[default]
    Text,
    /// For programs, with a versioned schema
    Json,
    /// One row per number
    Csv,
    /// Metrics as Prometheus reads them
    Prometheus,
}

/// How sampled requests are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// For ui.perfetto.dev and chrome://tracing
    #[default]
    Perfetto,
    /// OTLP JSON, for OpenTelemetry, Jaeger, Tempo
    Otlp,
}

/// On how many threads.
#[derive(Debug, Args)]
pub struct Threads {
    /// Threads; as many as there are cores if not given. Changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
}

impl Threads {
    /// Returns those that were asked for, or as many as there are cores.
    pub fn count(&self) -> usize {
        match self.threads {
            Some(threads) => threads as usize,
            None => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        }
    }
}

/// How a scenario is run, however often that is.
#[derive(Debug, Args)]
pub struct Repeated {
    /// Seed of all randomness; that of the file (1 unless it says so) if not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub threads: Threads,
    /// Replications of each run, instead of those the file asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub replications: Option<u64>,
    /// Draw no progress bar
    #[arg(long)]
    pub quiet: bool,
}

/// How sure to be, and what that may cost.
#[derive(Debug, Args)]
pub struct Precise {
    /// Add replications until the error of every number that is judged or compared is within this share P of its true
    /// value: until half of each interval is at most P / (1 + P) of its value: 2%. --replications N then is the least
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub precision: Option<f64>,
    /// Most replications that a precision may take; those of the file, or 100, if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub max_replications: Option<u64>,
}

impl Precise {
    /// Refuses a limit that limits nothing; `asked` is whether a precision is asked for, here or in the file.
    pub fn check(&self, asked: bool, least: u64) -> Result<(), String> {
        match self.max_replications {
            Some(most) if !asked => Err(format!(
                "--max-replications {most}: only a precision takes more replications than were asked for: state it \
                 (--precision 2%), or their number (--replications {most})"
            )),
            Some(most) if most < least => Err(format!(
                "--max-replications {most}: {least} replications are made before it is looked at them"
            )),
            _ => Ok(()),
        }
    }
}

/// Reads a share, as in 2% or 0.02.
pub fn share(text: &str) -> Result<f64, String> {
    let (number, by) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    match number.trim().parse::<f64>().map(|number| number / by) {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("write a share between 0 and 1, as in 2% or 0.02".to_string()),
    }
}

/// How an answer is written, and where.
#[derive(Debug, Args)]
pub struct Answer {
    /// How the result is written; as the name of the file ends (.txt, .json, .csv), or as text, if not given
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    #[command(flatten)]
    pub to: Destination,
}

impl Answer {
    /// Returns the format that was asked for, or the one that the name of the file says.
    pub fn format(&self) -> Format {
        self.read().unwrap_or_default()
    }

    /// Holds that the name of the file says no other format.
    ///
    /// # Errors
    /// As [`ending::format`].
    pub fn check(&self) -> Result<(), String> {
        self.read().map(drop)
    }

    fn read(&self) -> Result<Format, String> {
        ending::format(self.to.output.as_deref(), self.format, &ENDINGS, Format::Text)
    }
}

/// Where an answer is written.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("written").multiple(true).args(["output"]))]
pub struct Destination {
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite what is written if it exists
    #[arg(long, requires = "written")]
    pub force: bool,
}

/// What the endings of answers stand for.
pub const ENDINGS: [(&str, Format); 3] =
    [("txt", Format::Text), ("json", Format::Json), ("csv", Format::Csv)];

/// As [`ENDINGS`], of a run.
pub const RUN_ENDINGS: [(&str, RunFormat); 4] = [
    ("txt", RunFormat::Text),
    ("json", RunFormat::Json),
    ("csv", RunFormat::Csv),
    ("prom", RunFormat::Prometheus),
];

/// As [`ENDINGS`], of requests in full.
const TRACE_ENDINGS: [(&str, TraceFormat); 1] = [("json", TraceFormat::Perfetto)];

/// The largest number that can be added to the seeds of cases: scenarios write whole numbers up to 2^53.
const SEED_MAX: u64 = 1 << 52;

/// What changes a scenario from outside.
#[derive(Debug, Args)]
pub struct Changes {
    /// Take this variant of the scenario
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Change a setting: web.instances=4, shoppers.rate=500/s (may be repeated)
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
}

impl Changes {
    /// Refuses a setting that is set twice: which of the values is meant is not for us to say.
    ///
    /// # Errors
    /// In words.
    pub fn check(&self) -> Result<(), String> {
        for (at, (path, value)) in self.set.iter().enumerate() {
            if let Some((_, before)) = self.set[..at].iter().find(|(known, _)| known == path) {
                let [path, before, value] = [path, before, value].map(|text| kneepoint_report::safe(text));
                return Err(format!(
                    "--set {path} is given twice, with {before} and with {value}: leave one of them away"
                ));
            }
        }
        Ok(())
    }

    pub fn overrides(&self) -> Overrides {
        Overrides { variant: self.variant.clone(), set: self.set.clone() }
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() && !value.trim().is_empty() => {
            Ok((path.trim().to_string(), value.trim().to_string()))
        }
        _ => Err("write PATH=VALUE, for example web.instances=4".to_string()),
    }
}

#[derive(Debug, Args)]
pub struct RunArguments {
    /// The scenario
    pub file: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub repeated: Repeated,
    /// How the result is written; as the name of the file ends (.txt, .json, .csv, .prom), or as text, if not given
    #[arg(long, value_enum)]
    pub format: Option<RunFormat>,
    #[command(flatten)]
    pub precise: Precise,
    #[command(flatten)]
    pub to: Destination,
    /// Write the objectives as JUnit XML to this file
    #[arg(long, value_name = "FILE", group = "written")]
    pub junit: Option<PathBuf>,
    /// Keep what happened when, in 60 to 120 equal windows unless --window says how long they are: the JSON has it under
    /// `timeline`
    #[arg(long)]
    pub timeline: bool,
    /// How long a window of --timeline is: 1s; at most 3600 of them
    #[arg(long, value_name = "DURATION", value_parser = window, requires = "timeline")]
    pub window: Option<SimDuration>,
}

impl RunArguments {
    /// Returns the format that was asked for, or the one that the name of the file says.
    pub fn format(&self) -> RunFormat {
        self.read().unwrap_or_default()
    }

    /// As [`Answer::check`].
    ///
    /// # Errors
    /// As that.
    pub fn check(&self) -> Result<(), String> {
        self.read().map(drop)
    }

    fn read(&self) -> Result<RunFormat, String> {
        ending::format(self.to.output.as_deref(), self.format, &RUN_ENDINGS, RunFormat::Text)
    }
}

/// Reads the length of a window, as scenarios write durations.
pub fn window(text: &str) -> Result<SimDuration, String> {
    let read = Quantity::parse_as(text, Dimension::Duration).map_err(|error| error.message)?;
    match SimDuration::from_nanos_f64(read.value) {
        SimDuration::ZERO => Err("a window takes some time: 1s".to_string()),
        length => Ok(length),
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Requests are those that `kneepoint run` shows: of the first replication, which is why there is no \
    --replications. --seed shows those of another."
)]
pub struct TraceArguments {
    /// The scenario
    pub file: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
    /// Seed of all randomness; that of the file (1 unless it says so) if not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub threads: Threads,
    /// Draw no progress bar
    #[arg(long)]
    pub quiet: bool,
    /// How the requests are written; for Perfetto if not given
    #[arg(long, value_enum)]
    pub format: Option<TraceFormat>,
    #[command(flatten)]
    pub to: Destination,
}

impl TraceArguments {
    /// Returns how the requests are written.
    ///
    /// # Errors
    /// As [`ending::format`].
    pub fn format(&self) -> Result<TraceFormat, String> {
        ending::format(self.to.output.as_deref(), self.format, &TRACE_ENDINGS, TraceFormat::Perfetto)
    }
}

#[derive(Debug, Args)]
#[command(mut_arg("seed", |seed| {
    seed.help("Seed of all designs; that of the file (or of the baseline) if not given")
}))]
#[command(mut_arg("set", |set| {
    set.help(
        "Change a setting (may be repeated): of one file only in the second design, the first is the file as it is; \
         of several files, of variants and against a baseline in all that are run",
    )
}))]
pub struct CompareArguments {
    /// Scenarios: two or more; or one, of which variants, settings or seeds are compared, or which is held against a
    /// baseline
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Variants of the one scenario, the first of which the others are held against (`base` is the file as it is);
    /// all of them and the file as it is if nothing else is asked for
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "variant")]
    pub variants: Option<Vec<String>>,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub repeated: Repeated,
    #[command(flatten)]
    pub answer: Answer,
    /// Results that `run --format json` wrote earlier: what the scenario is held against
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// End with exit code 1 if this is shown: "p99 > +5%", "goodput < -2%", "errors(shop) > 1%", "slo.fast missed" (may
    /// be repeated). Without any, exit code 1 says that a design other than the first misses an objective
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<String>,
    /// End with exit code 1 too if a condition is undecided: its interval lies across the bound, or there is not enough
    /// data for one
    #[arg(long, requires = "fail_if")]
    pub fail_on_undecided: bool,
    /// Compare this metric only (may be repeated)
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
    /// Seed of all designs but the first: no common random numbers then
    #[arg(long, value_name = "N")]
    pub seed_b: Option<u64>,
    #[command(flatten)]
    pub precise: Precise,
    /// Write objectives and conditions as JUnit XML to this file
    #[arg(long, value_name = "FILE", group = "written")]
    pub junit: Option<PathBuf>,
}

/// How inputs are varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// The scenario as it is against each input at the ends of its range
    OneAtATime,
    /// Walks through all ranges: for many inputs, and inputs that act together
    Morris,
}

#[derive(Debug, Args)]
pub struct SensitivityArguments {
    /// The scenario
    pub file: PathBuf,
    /// An input and its range: web.instances=2..16, params.load=100/s..10000/s:log, web.queue.discipline=Fifo,Lifo (may
    /// be repeated); those of the file's `sweep` if not given
    #[arg(long, value_name = "PATH=RANGE")]
    pub over: Vec<String>,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub repeated: Repeated,
    #[command(flatten)]
    pub answer: Answer,
    /// How inputs are varied
    #[arg(long, value_enum, default_value_t = Method::OneAtATime)]
    pub method: Method,
    /// Trajectories of Morris screening, 10 if not given; each takes a run more than there are inputs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=10_000))]
    pub trajectories: Option<u64>,
    /// Levels of Morris screening, an even number; 4 if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=1_000))]
    pub levels: Option<u64>,
    /// What is looked at (may be repeated); the metric of the first objective, or p99 of the first client, if not given
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
}

// One replication has no interval, and a capacity is a bound on one.
#[derive(Debug, Args)]
#[command(mut_arg("replications", |replications| {
    replications.value_parser(clap::value_parser!(u64).range(2..=1_000_000))
}))]
pub struct CapacityArguments {
    /// The scenario
    pub file: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub repeated: Repeated,
    #[command(flatten)]
    pub answer: Answer,
    /// The load that is searched: a setting, with a range or without (params.load, shoppers.rate=100/s..5000/s). A
    /// factor on what all clients bring if not given
    #[arg(long, value_name = "PATH[=LOW..HIGH]")]
    pub load: Option<String>,
    /// Search each of these sizes and fit the scalability law: web.instances=1,2,4,8
    #[arg(long, value_name = "PATH=SIZES", conflicts_with = "baseline")]
    pub over: Option<String>,
    /// Compare with the result in this file; write it if it is not there. Exit code 1 if the capacity fell
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the baseline anew
    #[arg(long, requires = "baseline")]
    pub update: bool,
    /// Only the capacity: no table of loads around it, no behaviour beyond it
    #[arg(long)]
    pub no_knee: bool,
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The scenario
    pub file: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
    /// Print the file with includes, presets, settings, formulas and defaults filled in
    #[arg(long, conflicts_with = "format")]
    pub expand: bool,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct InitArguments {
    /// Where to write it
    #[arg(default_value = "scenario.ron")]
    pub file: PathBuf,
    /// Which one: `shop` (clients, balancer, service, database) or `station` (one queue)
    #[arg(long, value_enum, default_value_t = crate::init::Template::Shop)]
    pub template: crate::init::Template,
}

#[derive(Debug, Args)]
pub struct KindsArguments {
    /// A family (`via`) or a kind (`Service`), `metrics` or `values`; everything if not given
    pub name: Option<String>,
    /// How they are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Area of the cases: queueing, loadbalancing, resilience, tail, real, comparison, coverage, capacity
    #[arg(long, default_value = "queueing")]
    pub area: String,
    /// A part of the cases with shorter runs: a test, not a proof
    #[arg(long)]
    pub quick: bool,
    /// Only cases whose id holds this
    #[arg(long, value_name = "ID")]
    pub case: Option<String>,
    #[command(flatten)]
    pub threads: Threads,
    /// Print the scenarios instead of running them
    #[arg(long, conflicts_with = "format")]
    pub print: bool,
    /// How the findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Added to the seed of each case: other random numbers, the same answers
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    pub seed: u64,
}

pub fn completions(shell: clap_complete::Shell) -> End {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "kneepoint", &mut script);
    crate::output::print(&String::from_utf8_lossy(&script))
}
