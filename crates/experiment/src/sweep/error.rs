use std::path::{Path, PathBuf};

use kneepoint_scenario::Faults;

use crate::ExperimentError;

use super::AxisError;

/// Why there is no sweep, or no more of it.
#[derive(Debug)]
pub enum SweepError {
    /// An axis that cannot be gone over.
    Over(AxisError),
    /// A design that cannot be made; in words.
    Design(String),
    /// The scenario has faults.
    Scenario(Box<Faults>),
    /// The scenario has faults at a point.
    ScenarioAt {
        /// Its settings.
        settings: String,
        /// What is wrong there.
        faults: Box<Faults>,
    },
    /// A point cannot be run.
    Point {
        /// Its settings.
        settings: String,
        /// Why not.
        error: Box<ExperimentError>,
    },
    /// No point can be run.
    Experiment(ExperimentError),
    /// A file of records cannot be used.
    Records {
        /// Which.
        path: PathBuf,
        /// Why not, and what to do.
        reason: String,
    },
    /// Something could not be written; what was finished is kept.
    Write {
        /// Where to.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It was asked to stop; what was finished is kept.
    Interrupted,
}

impl SweepError {
    pub(crate) fn over(text: &str, reason: String) -> SweepError {
        SweepError::Over(AxisError::new(text, reason))
    }

    pub(crate) fn records(path: &Path, reason: impl Into<String>) -> SweepError {
        SweepError::Records { path: path.to_path_buf(), reason: reason.into() }
    }

    pub(crate) fn write(path: &Path, error: &std::io::Error) -> SweepError {
        SweepError::Write { path: path.to_path_buf(), reason: error.to_string() }
    }
}

impl From<AxisError> for SweepError {
    fn from(error: AxisError) -> SweepError {
        SweepError::Over(error)
    }
}

impl std::fmt::Display for SweepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SweepError::Over(error) => write!(f, "--over {error}"),
            SweepError::Design(reason) => f.write_str(reason),
            SweepError::Scenario(faults) => write!(f, "{faults}"),
            SweepError::ScenarioAt { settings, faults } => {
                write!(f, "{}\nthis is so at {settings}", faults.to_string().trim_end())
            }
            SweepError::Point { settings, error } => write!(f, "at {settings}: {error}"),
            SweepError::Experiment(error) => write!(f, "{error}"),
            SweepError::Records { path, reason } => write!(f, "{}: {reason}", shown(path)),
            SweepError::Write { path, reason } => write!(f, "{} cannot be written: {reason}", shown(path)),
            SweepError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for SweepError {}

/// A path as it may be said: names of files can hold anything, what steers a terminal included.
pub(super) fn shown(path: &Path) -> String {
    let plain = |c: char| if kneepoint_scenario::is_steering(c) { char::REPLACEMENT_CHARACTER } else { c };
    path.display().to_string().chars().map(plain).collect()
}
