//! How calls wait: how many, in which order, how long.

use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

/// What a server does with one it serves when a more urgent one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preempt {
    /// It is put aside and goes on later where it stopped.
    Resume,
    /// It is put aside and starts its step anew, with the same work (preemptive-repeat-identical).
    Restart,
}

/// Who is next.
///
/// # Source
/// Conway, Maxwell, Miller, "Theory of Scheduling", 1967, chapter 8 (orders, preemption).
/// Adaptive LIFO: Maurer, "Fail at Scale", ACM Queue 13(8), 2015.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Discipline {
    /// First come, first served.
    #[default]
    Fifo,
    /// Last come, first served; nobody is interrupted.
    Lifo,
    /// First come, first served, unless the first has waited longer than this: then the newest is next.
    AdaptiveLifo {
        /// Longest wait that still counts as normal.
        above: SimDuration,
    },
    /// Anybody, all equally likely.
    Random,
    /// The most urgent (0 is most urgent), first come first served within a priority; without preemption
    /// nobody is interrupted.
    Priority(Option<Preempt>),
}

/// The waiting places in front of a station.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Most calls waiting: a newcomer who finds so many is answered [`Status::Rejected`](kneepoint_calls::Status::Rejected).
    /// Waiting places only: M/M/c/K has K - c. A call that has been served once is never turned away, nor is one
    /// that lost its server to a more urgent one, though both count.
    pub max: usize,
    /// Who is next.
    pub discipline: Discipline,
    /// How long a newcomer waits \[ns\] before it leaves, answered [`Status::Shed`](kneepoint_calls::Status::Shed).
    /// The clock stops when its service starts. For ever if there is none.
    pub patience: Option<Distribution>,
}

impl Queue {
    /// Returns a queue without bound, first come first served.
    pub fn unbounded() -> Queue {
        Queue::bounded(usize::MAX)
    }

    /// Returns a queue of so many waiting places, first come first served.
    pub fn bounded(max: usize) -> Queue {
        Queue { max, discipline: Discipline::Fifo, patience: None }
    }

    /// In this order.
    pub fn discipline(self, discipline: Discipline) -> Queue {
        Queue { discipline, ..self }
    }

    /// With limited patience \[ns\].
    pub fn patience(self, patience: Distribution) -> Queue {
        Queue { patience: Some(patience), ..self }
    }
}

impl Default for Queue {
    fn default() -> Queue {
        Queue::unbounded()
    }
}
