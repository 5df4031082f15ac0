//! The time ledger: where the time of a request went, to the nanosecond.
//!
//! A strand is one thread of control of a request. A call in sequence *lends* its strand to the callee, a
//! branch gets a *copy*, and where branches join, the parent takes the ledger of the branch that decided: the
//! critical path, without searching for it. Invariant: the six sums always add up to the strand's age, checked
//! for every request when it ends.

use crate::handle::ComponentId;
use crate::status::{PHASES, Phase};

#[derive(Clone, Copy, Debug)]
#[repr(align(64))] // one line of the cache
pub(crate) struct Ledger {
    /// Since when the strand is where it is \[ns\].
    pub since: u64,
    pub at: u32,
    pub phase: Phase,
    /// Somebody still waits for what this strand does: as its attributes say, kept where the time is.
    pub live: bool,
    pub sampled: bool,
    pub sums: [u64; PHASES],
}

impl Ledger {
    pub const EMPTY: Ledger =
        Ledger { since: 0, at: 0, phase: Phase::Waiting, live: true, sampled: false, sums: [0; PHASES] };
}

/// A piece of a sampled request's life: one strand in one phase at one component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Which request.
    pub identity: u64,
    /// Which strand of it: an index into the [strands](crate::Simulation::strands).
    pub strand: u32,
    /// Where.
    pub at: ComponentId,
    /// Doing what.
    pub phase: Phase,
    /// From when \[ns\].
    pub from: u64,
    /// Until when \[ns\].
    pub to: u64,
}

/// A strand of a sampled request: the request itself, or a branch of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strand {
    /// Which request.
    pub identity: u64,
    /// The strand it branched from; none for the request itself.
    pub parent: Option<u32>,
    /// When it began \[ns\].
    pub from: u64,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a strand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is the request itself, or a branch whose answer did not decide.
    Plain,
    /// Its answer decided where branches joined: its time became its parent's.
    Decided,
    /// Its maker gave it up; what it did from then on was for nobody.
    Orphaned,
}

/// Which requests leave spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// One in this many, chosen by identity (so that two designs sample the same requests); 0 for none.
    pub one_in: u32,
    /// Identities that are sampled in any case, ascending: how a second, identical run shows the slowest.
    pub wanted: Vec<u64>,
    /// Spans, and strands, kept at most; spans that come after are counted.
    pub at_most: usize,
}

impl Sampling {
    pub(crate) fn picks(&self, identity: u64) -> bool {
        (self.one_in != 0 && crate::attributes::mix(identity).is_multiple_of(self.one_in as u64))
            || (!self.wanted.is_empty() && self.wanted.binary_search(&identity).is_ok())
    }
}
