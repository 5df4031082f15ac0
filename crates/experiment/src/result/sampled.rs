//! Sampled requests in full: where each was, and when.

use kneepoint_calls::{Phase, Status};
use kneepoint_engine::{SimDuration, SimTime};

/// A request of the first replication, as a tree of strands.
///
/// The request itself is the first strand; branches (calls side by side, tries, what was given up) hang on the strand
/// they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledRequest {
    /// Its client.
    pub client: String,
    /// Who it is: the same request has the same number in two designs.
    pub identity: u64,
    /// Why it is shown.
    pub why: Why,
    /// How it ended.
    pub status: Status,
    /// When it was meant to be sent.
    pub born: SimTime,
    /// From then to its end.
    pub latency: SimDuration,
    /// Its strands, in the order in which they began.
    pub strands: Vec<SampledStrand>,
}

/// Why a request is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// It is the nearest to this percentile of those that ended well, among thousands of them drawn by lot.
    Near(f64),
    /// It is one of the slowest that ended well.
    Slowest,
    /// It is one of those that ended this way, drawn by lot.
    Failed,
}

/// A thread of control of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledStrand {
    /// The strand it branched from, as an index; none for the request itself.
    pub parent: Option<usize>,
    /// When it began.
    pub from: SimTime,
    /// Its answer decided: its time is the request's, from where it began.
    pub decided: bool,
    /// It was given up, and went on for nobody.
    pub orphaned: bool,
    /// Where it was, in order.
    pub spans: Vec<SampledSpan>,
}

/// A piece of a strand: in one phase at one component.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledSpan {
    /// The component's path.
    pub at: String,
    /// Doing what.
    pub phase: Phase,
    /// From when.
    pub from: SimTime,
    /// Until when.
    pub to: SimTime,
}
