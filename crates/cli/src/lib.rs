//! The `kneepoint` command: the only place that touches arguments, and the edge where data, diagnostics and exit
//! codes leave.
//!
//! Data goes to standard output; progress and diagnostics go to standard error, progress only on a terminal.
//! Exit codes: 0 fine, 1 a stated objective missed, 2 bad usage or scenario, 3 a run failed, 130 interrupted.

mod arguments;
mod capacity;
mod check;
mod compare;
mod ending;
mod finished;
mod init;
mod interrupt;
mod kinds;
mod output;
mod plot;
mod progress;
mod report;
mod run;
mod sensitivity;
mod shard;
mod sweep;
mod trace;
mod trouble;
pub mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use kneepoint_scenario::Registry;

use arguments::{Arguments, Verb};

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All is well.
    Fine,
    /// A stated objective was missed.
    Missed,
    /// Bad usage, or a scenario with faults.
    Bad,
    /// A run failed.
    Failed,
    /// It was interrupted.
    Interrupted,
}

impl End {
    /// Returns the exit code.
    pub fn code(self) -> u8 {
        match self {
            End::Fine => 0,
            End::Missed => 1,
            End::Bad => 2,
            End::Failed => 3,
            End::Interrupted => 130,
        }
    }

    /// Returns the worse of two: what failed weighs more than an objective that was missed.
    fn worse(self, other: End) -> End {
        if self.code() >= other.code() { self } else { other }
    }
}

/// Runs the command on the arguments of this process.
pub fn main() -> ExitCode {
    main_with(Registry::core())
}

/// As [`main`], with kinds of other crates: how they get the whole command.
pub fn main_with(registry: Registry) -> ExitCode {
    ExitCode::from(command(&registry, std::env::args_os()).code())
}

/// Runs the command on these arguments, the first of which is its own name.
pub fn command(registry: &Registry, arguments: impl IntoIterator<Item = OsString>) -> End {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no faults; clap knows where each goes.
            let end = if error.use_stderr() { End::Bad } else { End::Fine };
            return match error.print() {
                Ok(()) => end,
                Err(unprinted) if end == End::Fine => output::broken(&unprinted),
                Err(_) => end,
            };
        }
    };
    let changes = match &arguments.verb {
        Verb::Run(of) => Some(&of.changes),
        Verb::Compare(of) => Some(&of.changes),
        Verb::Sensitivity(of) => Some(&of.changes),
        Verb::Check(of) => Some(&of.changes),
        Verb::Sweep(of) => Some(&of.changes),
        Verb::Trace(of) => Some(&of.changes),
        Verb::Capacity(of) => Some(&of.changes),
        Verb::Report(of) => Some(&of.changes),
        Verb::Merge(_)
        | Verb::Plot(_)
        | Verb::Init(_)
        | Verb::Kinds(_)
        | Verb::Verify(_)
        | Verb::Completions { .. } => None,
    };
    if let Some(Err(message)) = changes.map(arguments::Changes::check) {
        return output::bad(&message);
    }
    let ending = match &arguments.verb {
        Verb::Run(of) => of.check(),
        Verb::Compare(of) => of.answer.check(),
        Verb::Capacity(of) => of.answer.check(),
        Verb::Sensitivity(of) => of.answer.check(),
        Verb::Sweep(of) => of.check(),
        Verb::Merge(of) => of.check(),
        Verb::Trace(of) => of.format().map(drop),
        Verb::Report(of) => of.format().map(drop),
        // Pictures go into folders too, which is known where they are drawn.
        Verb::Plot(_)
        | Verb::Check(_)
        | Verb::Init(_)
        | Verb::Kinds(_)
        | Verb::Verify(_)
        | Verb::Completions { .. } => Ok(()),
    };
    if let Err(message) = ending {
        return output::bad(&message);
    }
    match arguments.verb {
        Verb::Run(arguments) => run::run(registry, &arguments),
        Verb::Compare(arguments) => compare::compare(registry, &arguments),
        Verb::Sensitivity(arguments) => sensitivity::sensitivity(registry, &arguments),
        Verb::Check(arguments) => check::check(registry, &arguments),
        Verb::Sweep(arguments) => sweep::sweep(registry, &arguments),
        Verb::Trace(arguments) => trace::trace(registry, &arguments),
        Verb::Merge(arguments) => sweep::merge(&arguments),
        Verb::Capacity(arguments) => capacity::capacity_verb(registry, &arguments),
        Verb::Plot(arguments) => plot::plot(&arguments),
        Verb::Report(arguments) => report::report(registry, &arguments),
        Verb::Init(arguments) => init::init(&arguments),
        Verb::Kinds(arguments) => kinds::kinds(registry, &arguments),
        Verb::Verify(arguments) => verify_cases(&arguments),
        Verb::Completions { shell } => arguments::completions(shell),
    }
}

fn verify_cases(arguments: &arguments::VerifyArguments) -> End {
    interrupt::end_at_once();
    let experiments = ["comparison", "coverage", "capacity"].contains(&arguments.area.as_str());
    if experiments && (arguments.seed != 0 || arguments.format != arguments::Format::Text) {
        return output::bad(&format!(
            "--area {} repeats experiments under seeds of its own and writes text only: leave out --seed and --format",
            arguments.area
        ));
    }
    let wanted = verify::Verify {
        area: arguments.area.clone(),
        quick: arguments.quick,
        case: arguments.case.clone(),
        threads: arguments.threads.count(),
        print: arguments.print,
        format: arguments.format,
        seed: arguments.seed,
    };
    match verify::verify(&wanted, &mut std::io::stdout().lock()) {
        Ok(tally) if tally.failed == 0 => End::Fine,
        Ok(_) => End::Missed,
        Err(verify::VerifyError::Write(error)) => output::broken(&error),
        Err(error) => output::bad(&error.to_string()),
    }
}
