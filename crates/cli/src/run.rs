//! `kneepoint run`: what happens?

use std::path::Path;

use kneepoint_engine::SimDuration;
use kneepoint_experiment::result::{About, RunResult, Verdict};
use kneepoint_experiment::{Options, Progress, REPLICATIONS_MAX};
use kneepoint_report::{JudgedDesign, csv, is_missed, json, junit, prometheus, text};
use kneepoint_scenario::{Registry, Scenario, plan};
use kneepoint_statistics::Estimated;

use crate::End;
use crate::arguments::{Changes, Precise, Repeated, RunArguments, RunFormat};
use crate::trouble::Trouble;
use crate::{output, progress};

pub fn run(registry: &Registry, arguments: &RunArguments) -> End {
    match answer(registry, arguments) {
        Ok(result) => finish(arguments, &result),
        Err(trouble) => trouble.tell(),
    }
}

fn answer(registry: &Registry, arguments: &RunArguments) -> Result<RunResult, Trouble> {
    let files = [arguments.to.output.as_deref(), arguments.junit.as_deref()];
    let asked = Asked {
        file: &arguments.file,
        changes: &arguments.changes,
        repeated: &arguments.repeated,
        precise: &arguments.precise,
        timeline: arguments.timeline,
        window: arguments.window,
        outputs: &files,
        force: arguments.to.force,
    };
    asked.run(registry)
}

/// A run as it was asked for, whoever writes about it.
pub struct Asked<'a> {
    /// The scenario.
    pub file: &'a Path,
    /// What is changed of it.
    pub changes: &'a Changes,
    /// How often, on how many threads.
    pub repeated: &'a Repeated,
    /// How sure to be.
    pub precise: &'a Precise,
    /// Whether it is kept what happened when.
    pub timeline: bool,
    /// In windows of which length, if that is asked for.
    pub window: Option<SimDuration>,
    /// Where the answer will be written.
    pub outputs: &'a [Option<&'a Path>],
    /// Whether it may overwrite.
    pub force: bool,
}

impl Asked<'_> {
    /// Runs it.
    pub fn run(&self, registry: &Registry) -> Result<RunResult, Trouble> {
        crate::interrupt::end_at_once();
        // Said before a run of an hour, not after it.
        output::all_can_be_written(self.outputs, self.force).map_err(Trouble::usage)?;
        let scenario = Scenario::open(self.file)?;
        let checked = scenario.check(registry, &self.changes.overrides())?;
        let mut plan = plan(&checked)?;
        kneepoint_experiment::check(&checked, &plan)?;
        output::spares_sources(self.outputs, &scenario)?;
        if let Some(seed) = self.repeated.seed.filter(|seed| *seed != plan.run.seed) {
            plan.run.seed = seed;
            no_default(&mut plan.about, "seed");
        }
        if let Some(replications) = self.repeated.replications {
            if replications != plan.run.replications_min {
                no_default(&mut plan.about, "replications");
            }
            plan.run.replicate(replications);
        }
        let run = &mut plan.run;
        let precise = self.precise;
        precise
            .check(precise.precision.or(run.precision).is_some(), run.replications_min)
            .map_err(Trouble::usage)?;
        run.precision = precise.precision.or(run.precision);
        if run.precision.is_some() && run.replications_max == run.replications_min {
            // A fixed number says nothing of how many may follow.
            run.replications_max = REPLICATIONS_MAX.max(run.replications_min);
        }
        if let Some(most) = precise.max_replications {
            run.replications_max = most;
        }
        let bar = progress::Progress::new(plan.run.replications_min, self.repeated.quiet);
        let tell = |progress: Progress| bar.at(progress.done, progress.planned);
        let options = Options {
            threads: Some(self.repeated.threads.count()),
            samples: true,
            timeline: self.timeline,
            window: self.window,
            progress: Some(&tell),
        };
        let result = kneepoint_experiment::run(&plan, &options);
        drop(bar);
        Ok(result?)
    }
}

/// What was changed on the command line is no default: results do not list it as one.
fn no_default(about: &mut About, field: &str) {
    about.defaults.retain(|default| default.kind != "run" || default.field != field);
    let ledger = format!("run.{field} = ");
    about.assumptions.retain(|assumption| !assumption.text.starts_with(&ledger));
}

fn finish(arguments: &RunArguments, result: &RunResult) -> End {
    if let Some(path) = &arguments.junit {
        let text = junit(&result.title, &[JudgedDesign { name: "run", result, decides: true }], &[], false);
        if let Err(message) = output::write_file(path, &text, arguments.to.force) {
            output::say(&format!("error: {message}"));
            return End::Failed;
        }
    }
    let written = match arguments.format() {
        RunFormat::Text => text(result, output::look(arguments.to.output.is_some())),
        RunFormat::Json => json(result),
        RunFormat::Csv => csv(result),
        RunFormat::Prometheus => prometheus(result),
    };
    let written = output::deliver(&written, arguments.to.output.as_deref(), arguments.to.force);
    if written == End::Fine { end_of(result.verdict, result.probability.as_ref()) } else { written }
}

/// How a command ends that found this of a scenario.
pub fn end_of(verdict: Verdict, probability: Option<&Estimated>) -> End {
    match verdict {
        _ if is_missed(verdict, probability) => End::Missed,
        // It failed its own checks.
        Verdict::Void => End::Failed,
        Verdict::Met
        | Verdict::Missed
        | Verdict::Unclear
        | Verdict::NotEnough
        | Verdict::NothingToJudge
        | Verdict::Probability => End::Fine,
    }
}
