//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use kneepoint_scenario::Overrides;

use crate::End;

/// Find the knee before your users do: simulate scaling architectures.
#[derive(Debug, Parser)]
#[command(name = "kneepoint", version, about, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// What happens? Replications with intervals, objectives, self-checks
    Run(RunArguments),
    /// Is this model sane? All faults at once, and which part saturates first
    Check(CheckArguments),
    /// Where is the knee? The highest load inside the objectives, what saturates first, what comes beyond
    Capacity(CapacityArguments),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs, with a versioned schema
    Json,
    /// One row per number
    Csv,
}

/// How texts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlainFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

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
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Seed of all randomness; that of the file (1 unless it says so) if not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads; as many as there are cores if not given. Changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Replications, instead of those the file asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub replications: Option<u64>,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite that file if it exists
    #[arg(long, requires = "output")]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct CapacityArguments {
    /// The scenario
    pub file: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
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
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Seed of all randomness; that of the file (1 unless it says so) if not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads; as many as there are cores if not given. Changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Replications at each load, instead of those the file asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    pub replications: Option<u64>,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite that file if it exists
    #[arg(long, requires = "output")]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The scenario
    pub file: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
    /// Print the file with includes, presets, settings, formulas and defaults filled in
    #[arg(long)]
    pub expand: bool,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
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
    /// A family (`via`) or a kind (`Service`); everything if not given
    pub name: Option<String>,
    /// How they are written
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Area of the cases
    #[arg(long, default_value = "queueing")]
    pub area: String,
    /// A part of the cases with shorter runs: a test, not a proof
    #[arg(long)]
    pub quick: bool,
    /// Only cases whose id holds this
    #[arg(long, value_name = "ID")]
    pub case: Option<String>,
    /// Threads; as many as there are cores if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Print the scenarios instead of running them
    #[arg(long)]
    pub print: bool,
}

pub fn completions(shell: clap_complete::Shell) -> End {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "kneepoint", &mut script);
    crate::output::print(&String::from_utf8_lossy(&script))
}
