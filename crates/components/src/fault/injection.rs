//! The description of a fault.

use kneepoint_calls::{ComponentId, Fault, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Distribution;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Harm {
    /// A crash: everything inside is gone, callers get this status; then a restart as new.
    Crash {
        /// What callers get; [`Status::Lost`] if nothing at all.
        refuse: Status,
    },
    /// An end in order: the target says that it leaves, and is gone when it has had its time to drain; then it is back, as
    /// new.
    Stop {
        /// How long the target that drains longest takes: what comes back comes back that much later.
        drain: SimDuration,
    },
    /// A hang: nothing goes on and nothing is refused; then it goes on from where it stood.
    Hang,
    /// What is worked on meanwhile takes longer; with others of its kind, see [`Fault::Slow`].
    Slow {
        /// So many times as long.
        by: f64,
        /// For this share of works, from 0 to 1.
        share: f64,
    },
}

impl Harm {
    /// Returns its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Harm::Crash { .. } => "crash",
            Harm::Stop { .. } => "stop",
            Harm::Hang => "hang",
            Harm::Slow { .. } => "slow",
        }
    }

    /// What people call it when it begins and when it ends: faults harm, actions are meant.
    pub(crate) fn begins_and_ends(self) -> [&'static str; 2] {
        match self {
            Harm::Stop { .. } => ["action begins", "action ends"],
            Harm::Crash { .. } | Harm::Hang | Harm::Slow { .. } => ["fault begins", "fault ends"],
        }
    }

    /// What befalls a target when it begins, on behalf of this injector.
    pub(crate) fn begin(self, from: ComponentId) -> Fault {
        match self {
            Harm::Crash { refuse } => Fault::Crash { refuse },
            Harm::Stop { .. } => Fault::Leave,
            Harm::Hang => Fault::Hang,
            Harm::Slow { by, share } => Fault::Slow { from, by, share },
        }
    }

    /// How long it takes until what was asked for has come about.
    pub(crate) fn notice(self) -> SimDuration {
        match self {
            Harm::Stop { drain } => drain,
            Harm::Crash { .. } | Harm::Hang | Harm::Slow { .. } => SimDuration::ZERO,
        }
    }

    /// What befalls a target when what this injector did to it ends.
    pub(crate) fn end(self, from: ComponentId) -> Fault {
        match self {
            Harm::Crash { .. } | Harm::Stop { .. } => Fault::Restart,
            Harm::Hang => Fault::Resume,
            Harm::Slow { .. } => Fault::Usual { from },
        }
    }
}

/// How many of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// So many, or all if there are fewer.
    Count(usize),
    /// This share of them, from 0 to 1: rounded, but one at least.
    Share(f64),
}

impl Part {
    /// Returns how many that is of so many.
    pub fn of(self, all: usize) -> usize {
        match self {
            Part::Count(count) => count.min(all),
            Part::Share(share) => ((share * all as f64 + 0.5) as usize).clamp(1.min(all), all),
        }
    }
}

/// Whom it hits.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// All of them at the same time, for the same time: one clock.
    Together(Vec<ComponentId>),
    /// Each on a clock of its own.
    Each(Vec<ComponentId>),
    /// Some of them, drawn anew each time: one clock.
    Any {
        /// Among whom.
        among: Vec<ComponentId>,
        /// How many.
        part: Part,
    },
}

impl Targets {
    pub(crate) fn all(&self) -> &[ComponentId] {
        match self {
            Targets::Together(all) | Targets::Each(all) | Targets::Any { among: all, .. } => all,
        }
    }
}

/// When it happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// At these instants, in any order.
    At(Vec<SimTime>),
    /// Again and again: after a drawn time \[ns\], which counts from the end of the last one, the first from the start.
    Every(Distribution),
}

/// One fault of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Injection {
    /// What happens.
    pub harm: Harm,
    /// To whom.
    pub targets: Targets,
    /// When.
    pub trigger: Trigger,
    /// For how long \[ns\]; to the end of the run if nothing is said.
    pub lasts: Option<Distribution>,
}
