use kneepoint_calls::{Status, Stop};

/// Why there is no result.
#[derive(Clone, Debug, PartialEq)]
pub enum ExperimentError {
    /// The plan cannot be run.
    Plan {
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// An objective or watch cannot be measured.
    Metric {
        /// Name of the objective or watch.
        name: String,
        /// The metric as it was written.
        metric: String,
        /// Why not.
        reason: String,
    },
    /// A replication reached a ceiling.
    Stopped {
        /// Which replication.
        replication: u64,
        /// Which ceiling, and when.
        stop: Stop,
        /// The part that held most calls then, and how many.
        most_loaded: Option<(String, u64)>,
        /// Who went on asking, and who answered and what, if it was time that stood still.
        round: Option<Box<Round>>,
    },
    /// Two designs have no number that could be compared.
    NothingInCommon {
        /// The first design, and what it has.
        first: (String, Vec<String>),
        /// The other one, and what that has.
        second: (String, Vec<String>),
    },
    /// A run of a search failed its own checks: nothing it says counts.
    Void {
        /// The load at which it was made.
        load: f64,
        /// The first failure.
        reason: String,
    },
    /// The threads that were asked for could not be started.
    Threads {
        /// What the system said.
        reason: String,
    },
}

/// Who asks again and again at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Who goes on asking: the name of a part, or a middle part and where it stands.
    pub asks: String,
    /// It asks nobody: it goes on by itself.
    pub alone: bool,
    /// Its kind, if it is a part of the plan.
    pub kind: Option<String>,
    /// Who answers in no time, and what.
    pub answers: Option<(String, Status)>,
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Round { asks, alone, kind, answers } = self;
        if *alone {
            return write!(
                f,
                "{asks} goes on and on with what takes no time: let one of its steps take some, a `Compute` or a `Delay`"
            );
        }
        match answers {
            Some((who, status)) => write!(f, "{who} answers {} in no time, and {asks} asks", status.name())?,
            None => write!(f, "{asks} asks")?,
        }
        match kind.as_deref() {
            Some("ClosedClient" | "SessionClient") => {
                write!(f, " again at once: give its users time to `think`, or the way there a `round_trip`")
            }
            _ => write!(
                f,
                " again at once: let time pass between, by a `Delay`, a `round_trip` or a `backoff`"
            ),
        }
    }
}

impl ExperimentError {
    pub(crate) fn plan(reason: impl Into<String>) -> ExperimentError {
        ExperimentError::Plan { reason: reason.into() }
    }
}

impl std::fmt::Display for ExperimentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ExperimentError::Plan { reason } => write!(f, "this plan cannot be run: {reason}"),
            ExperimentError::Metric { name, metric, reason } => {
                // What was asked for by its own name needs no other.
                let of = if name == metric { String::new() } else { format!("{name}: ") };
                write!(f, "{of}{metric} cannot be measured: {reason}")
            }
            ExperimentError::Stopped { replication, stop, most_loaded, round } => {
                write!(f, "replication {replication} stopped: {stop}")?;
                match (round, most_loaded) {
                    (Some(round), _) => write!(f, "; {round}"),
                    (None, Some((part, calls))) => {
                        write!(f, "; {part} held {calls} calls, more than any other part")
                    }
                    (None, None) => Ok(()),
                }
            }
            ExperimentError::NothingInCommon { first, second } => {
                let has = |(name, has): &(String, Vec<String>)| match has.as_slice() {
                    [] => format!("{name} has none"),
                    has => format!("{name} has {}", has.join(", ")),
                };
                write!(
                    f,
                    "{} and {} have no number in common that could be compared: {}; {}",
                    first.0,
                    second.0,
                    has(first),
                    has(second)
                )
            }
            ExperimentError::Void { load, reason } => {
                write!(f, "the run at load {load} failed its own checks, so nothing it says counts: {reason}")
            }
            ExperimentError::Threads { reason } => write!(f, "threads could not be started: {reason}"),
        }
    }
}

impl std::error::Error for ExperimentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExperimentError::Stopped { stop, .. } => Some(stop),
            _ => None,
        }
    }
}
