//! `kneepoint trace`: where a few requests were, and when.

use kneepoint_experiment::result::TraceResult;
use kneepoint_experiment::{Options, Progress};
use kneepoint_report::{otlp, perfetto};
use kneepoint_scenario::{Registry, Scenario, plan};

use crate::End;
use crate::arguments::{TraceArguments, TraceFormat};
use crate::trouble::Trouble;
use crate::{output, progress};

pub fn trace(registry: &Registry, arguments: &TraceArguments) -> End {
    let format = match arguments.format() {
        Ok(format) => format,
        Err(message) => return output::bad(&message),
    };
    match answer(registry, arguments) {
        Ok(trace) => {
            let written = match format {
                TraceFormat::Perfetto => perfetto(&trace),
                TraceFormat::Otlp => otlp(&trace),
            };
            output::deliver(&written, arguments.to.output.as_deref(), arguments.to.force)
        }
        Err(trouble) => trouble.tell(),
    }
}

fn answer(registry: &Registry, arguments: &TraceArguments) -> Result<TraceResult, Trouble> {
    if let Some(path) = &arguments.to.output {
        output::can_be_written(path, arguments.to.force).map_err(Trouble::usage)?;
    }
    let scenario = Scenario::open(&arguments.file)?;
    let checked = scenario.check(registry, &arguments.changes.overrides())?;
    let mut plan = plan(&checked)?;
    kneepoint_experiment::check(&checked, &plan)?;
    output::spares_sources(&[arguments.to.output.as_deref()], &scenario)?;
    if let Some(seed) = arguments.seed {
        plan.run.seed = seed;
    }
    crate::interrupt::end_at_once();
    let bar = progress::Progress::new(1, arguments.quiet);
    let tell = |progress: Progress| bar.at(progress.done, progress.planned);
    let options =
        Options { threads: Some(arguments.threads.count()), progress: Some(&tell), ..Options::default() };
    let trace = kneepoint_experiment::trace(&plan, &options);
    drop(bar);
    let trace = trace?;
    if trace.requests.is_empty() {
        output::say("note: no request ended while it was measured: there is nothing to show");
    }
    Ok(trace)
}
