//! The standard books: kept by the runtime for every component, a stranger's too.

use kneepoint_statistics::Histogram;

use crate::status::{PHASES, STATUSES, Status};

/// What was asked of a component and how it answered, since the last reset.
///
/// For a component that makes requests of its own (a client) the books of its requests are in
/// [`Outcomes`].
#[derive(Clone, Debug)]
pub struct Books {
    /// Calls that arrived.
    pub calls: u64,
    /// Answers given, by status.
    pub answers: [u64; STATUSES],
    /// Answers that nobody waited for when they were given, other than that a call was cancelled: to calls that were given
    /// up, or that were made, through however many others, for one that was; and answers that came to this component when
    /// it had answered already.
    pub orphans: u64,
    /// Calls that will never be answered.
    pub lost: u64,
    /// Calls whose time-out has run out before they were answered: those that were made with
    /// [`Ask::within`](crate::Ask::within), unless it is [foreign](crate::Ask::foreign) or [nobody](crate::Attributes::NOBODY)
    /// asks.
    pub cut: u64,
    /// Time spent at this component, by phase and over all strands \[ns\].
    pub phases: [u64; PHASES],
    /// The part of it spent for callers who had given up \[ns\].
    pub orphan_time: u64,
    /// From arrival of a call to its answer, of calls with a good answer \[ns\].
    pub response: Histogram,
    /// The same, summed over calls with any other answer \[ns\].
    pub failed_time: u64,
}

impl Books {
    pub(crate) fn new() -> Books {
        Books {
            calls: 0,
            answers: [0; STATUSES],
            orphans: 0,
            lost: 0,
            cut: 0,
            phases: [0; PHASES],
            orphan_time: 0,
            failed_time: 0,
            response: Histogram::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        let mut response = std::mem::replace(&mut self.response, Histogram::new());
        response.clear();
        *self = Books { response, ..Books::new() };
    }

    /// Returns how many answers had this status.
    pub fn answered(&self, status: Status) -> u64 {
        self.answers[status as usize]
    }

    /// Returns how many calls were answered at all.
    pub fn answers_total(&self) -> u64 {
        self.answers.iter().sum()
    }

    /// Returns how many answers were of use.
    pub fn good(&self) -> u64 {
        Status::ALL.iter().filter(|s| s.is_good()).map(|s| self.answered(*s)).sum()
    }
}

/// How the requests of one client ended, and where their time went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    /// Requests sent.
    pub requests: u64,
    /// Requests that ended, by status as the client saw it.
    pub ended: [u64; STATUSES],
    /// Their time by phase, along the path that decided \[ns\].
    pub phases: [u64; PHASES],
    /// Sum of their latencies \[ns\]: the sum of `phases`, exactly.
    pub latency: u128,
}

/// What is inside a component at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// Calls held.
    pub calls: u64,
    /// Sum of their ages since arrival \[ns\].
    pub age: u128,
}
