//! `kneepoint report`: one page for a design review.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kneepoint_engine::SimDuration;
use kneepoint_experiment::result::RunResult;
use kneepoint_page::{Page, PageError, Source};
use kneepoint_report::json;
use kneepoint_scenario::Registry;

use crate::arguments::{Changes, Destination, Precise, Repeated, window};
use crate::run::{Asked, end_of};
use crate::trouble::Trouble;
use crate::{End, ending, output, plot};

/// Makes one page for a design review.
///
/// Of a scenario, which is run as `kneepoint run` would, and which decides the exit code as there; of stored results,
/// which need no scenario; or of both: a scenario beside what `capacity`, `compare`, `sweep` and `sensitivity` found of
/// it. The page is one file that opens without a network.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kneepoint report shop.ron -o review.html\n  kneepoint capacity shop.ron --format json -o \
    knee.json\n  kneepoint report shop.ron knee.json -o review.html --force\n  kneepoint report shop.ron --format markdown \
    >> \"$GITHUB_STEP_SUMMARY\""
)]
pub struct ReportArguments {
    /// A scenario, and what run, capacity, compare, sweep and sensitivity wrote with --format json: one scenario or run at
    /// most, as many others as there are
    #[arg(required = true, value_name = "SCENARIO|RESULTS")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub repeated: Repeated,
    #[command(flatten)]
    pub precise: Precise,
    /// How long a window of the charts over time is, 1s; at most 3600 of them. A length that makes 60 to 120 windows if
    /// not given
    #[arg(long, value_name = "DURATION", value_parser = window)]
    pub window: Option<SimDuration>,
    /// How it is written; as the name of the file ends (.html, .md), or as a page for a browser, if not given
    #[arg(long, value_enum)]
    pub format: Option<PageFormat>,
    #[command(flatten)]
    pub to: Destination,
}

/// Forms of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// One self-contained file for a browser
    Html,
    /// The short form, for a pull request
    Markdown,
}

/// What the endings of files stand for.
pub const ENDINGS: [(&str, PageFormat); 4] = [
    ("html", PageFormat::Html),
    ("htm", PageFormat::Html),
    ("md", PageFormat::Markdown),
    ("markdown", PageFormat::Markdown),
];

impl ReportArguments {
    /// Returns how the page is written.
    ///
    /// # Errors
    /// As [`ending::format`].
    pub fn format(&self) -> Result<PageFormat, String> {
        ending::format(self.to.output.as_deref(), self.format, &ENDINGS, PageFormat::Html)
    }
}

pub fn report(registry: &Registry, arguments: &ReportArguments) -> End {
    let format = match arguments.format() {
        Ok(format) => format,
        Err(message) => return output::bad(&message),
    };
    match made(registry, arguments) {
        Ok((page, run)) => {
            let written = match format {
                PageFormat::Html => page.html(),
                PageFormat::Markdown => page.markdown(),
            };
            let end = output::deliver(&written, arguments.to.output.as_deref(), arguments.to.force);
            match run {
                Some(run) if end == End::Fine => end_of(run.verdict, run.probability.as_ref()),
                _ => end,
            }
        }
        Err(trouble) => trouble.tell(),
    }
}

fn made(registry: &Registry, arguments: &ReportArguments) -> Result<(Page, Option<RunResult>), Trouble> {
    let outputs = [arguments.to.output.as_deref()];
    output::all_can_be_written(&outputs, arguments.to.force).map_err(Trouble::usage)?;
    output::spares(&outputs, &arguments.files).map_err(Trouble::usage)?;
    let files: Vec<(&Path, String)> = arguments
        .files
        .iter()
        .map(|path| Ok((path.as_path(), plot::text(path)?)))
        .collect::<Result<_, Trouble>>()?;
    let scenarios: Vec<&Path> =
        files.iter().filter(|(path, text)| is_scenario(path, text)).map(|(path, _)| *path).collect();
    let scenario = match scenarios.as_slice() {
        [] => None,
        [one] => Some(*one),
        [first, second, ..] => {
            return Err(Trouble::usage(format!(
                "{} and {} are both scenarios, and a page is about one: leave one out, or put both side by side with \
                 `kneepoint compare` and add its results",
                output::shown(first),
                output::shown(second)
            )));
        }
    };
    if scenario.is_none() {
        nothing_is_run(arguments)?;
    }
    let mut sources = Vec::new();
    for (path, text) in files {
        if scenario != Some(path) {
            sources.push(Source { name: output::shown(path), json: text });
        }
    }
    // Faults of results are said before a run of an hour, not after it.
    if !sources.is_empty() {
        let stored = Page::read(&sources).map_err(|error| Trouble::usage(error.to_string()))?;
        if let (Some(file), Some(run)) = (scenario, stored.run()) {
            let both = PageError::TwoRuns { first: output::shown(file), second: run.to_string() };
            return Err(Trouble::usage(both.to_string()));
        }
    }
    let mut result = None;
    if let Some(file) = scenario {
        let asked = Asked {
            file,
            changes: &arguments.changes,
            repeated: &arguments.repeated,
            precise: &arguments.precise,
            timeline: true,
            window: arguments.window,
            outputs: &outputs,
            force: arguments.to.force,
        };
        let run = asked.run(registry)?;
        sources.insert(0, Source { name: output::shown(file), json: json(&run) });
        result = Some(run);
    }
    let page = Page::read(&sources).map_err(|error| Trouble::usage(error.to_string()))?;
    Ok((page, result))
}

/// Results are JSON objects, and scenarios are not; an ending that says it is believed.
fn is_scenario(path: &Path, text: &str) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("ron") => true,
        Some("json") => false,
        _ => !text.trim_start().starts_with(['{', '[']),
    }
}

/// Refuses what would change a run where there is none.
fn nothing_is_run(arguments: &ReportArguments) -> Result<(), Trouble> {
    let given = [
        ("--variant", arguments.changes.variant.is_some()),
        ("--set", !arguments.changes.set.is_empty()),
        ("--seed", arguments.repeated.seed.is_some()),
        ("--replications", arguments.repeated.replications.is_some()),
        ("--precision", arguments.precise.precision.is_some()),
        ("--max-replications", arguments.precise.max_replications.is_some()),
        ("--window", arguments.window.is_some()),
    ];
    match given.iter().find(|(_, is)| *is) {
        Some((option, _)) => Err(Trouble::usage(format!(
            "{option} changes how a scenario is run, and there are only results: leave it out, or name the scenario"
        ))),
        None => Ok(()),
    }
}
