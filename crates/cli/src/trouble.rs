//! Why a command has no answer: what is said, and how it ends.

use kneepoint_experiment::ExperimentError;
use kneepoint_experiment::compare::GateError;
use kneepoint_experiment::sensitivity::SensitivityError;
use kneepoint_experiment::sweep::SweepError;
use kneepoint_scenario::Faults;

use crate::{End, output};

/// What is said, and the exit code that goes with it.
pub struct Trouble {
    /// In words; with `error:` before it unless it says so itself.
    text: String,
    end: End,
}

impl Trouble {
    /// What was asked for cannot be done.
    pub fn usage(message: impl Into<String>) -> Trouble {
        Trouble { text: format!("error: {}", message.into()), end: End::Bad }
    }

    /// It was tried and did not work.
    pub fn failed(message: impl Into<String>) -> Trouble {
        Trouble { text: format!("error: {}", message.into()), end: End::Failed }
    }

    /// Somebody asked it to stop.
    pub fn interrupted(message: impl Into<String>) -> Trouble {
        Trouble { text: message.into(), end: End::Interrupted }
    }

    /// Says it, and returns how the command ends.
    pub fn tell(&self) -> End {
        output::say(&self.text);
        self.end
    }
}

impl From<Faults> for Trouble {
    fn from(faults: Faults) -> Trouble {
        // Faults come with heads of their own.
        Trouble { text: faults.to_string(), end: End::Bad }
    }
}

impl From<ExperimentError> for Trouble {
    fn from(error: ExperimentError) -> Trouble {
        let text = error.to_string();
        match error {
            ExperimentError::Stopped { .. }
            | ExperimentError::Threads { .. }
            | ExperimentError::Void { .. } => Trouble::failed(text),
            ExperimentError::Plan { .. }
            | ExperimentError::Metric { .. }
            | ExperimentError::NothingInCommon { .. } => Trouble::usage(text),
        }
    }
}

impl From<GateError> for Trouble {
    fn from(error: GateError) -> Trouble {
        Trouble::usage(error.to_string())
    }
}

impl From<SensitivityError> for Trouble {
    fn from(error: SensitivityError) -> Trouble {
        match error {
            SensitivityError::Faults(faults) => Trouble::from(faults),
            SensitivityError::Experiment(error) => Trouble::from(error),
            SensitivityError::Asked(_) => Trouble::usage(error.to_string()),
        }
    }
}

impl From<SweepError> for Trouble {
    fn from(error: SweepError) -> Trouble {
        let text = error.to_string();
        match error {
            SweepError::Scenario(_) | SweepError::ScenarioAt { .. } => Trouble { text, end: End::Bad },
            SweepError::Experiment(error) => Trouble::from(error),
            SweepError::Over(_)
            | SweepError::Design(_)
            | SweepError::Records { .. }
            | SweepError::Point { .. } => Trouble::usage(text),
            SweepError::Write { .. } => Trouble::failed(text),
            SweepError::Interrupted => Trouble::interrupted(text),
        }
    }
}
