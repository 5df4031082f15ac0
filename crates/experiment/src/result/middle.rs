//! What happened on the way between parts.

use kneepoint_calls::Status;

use super::{Count, LevelResult, Share};

/// What happened at one middle part: at a retry, a breaker, a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct MiddleResult {
    /// Where it stands: `web -> db`, or the name of the part whose door it is at.
    pub at: String,
    /// Its place in the list there; 0 is outermost.
    pub place: usize,
    /// Its kind.
    pub kind: String,
    /// Its instances: one for each calling instance, and for each callee behind the point of choice.
    pub instances: usize,
    /// Calls that arrived.
    pub calls: Count,
    /// Answers by status; those that do not occur are left out. Relayed ones are counted where they were given.
    pub by_status: Vec<(Status, Share)>,
    /// What it counted, by name.
    pub counts: Vec<(String, Count)>,
    /// What it kept as levels, by name; those of several instances are added, and their highest values are not known.
    pub levels: Vec<(String, LevelResult)>,
}
