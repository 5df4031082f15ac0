//! How calls end, and where their time goes.

/// How a call ended.
///
/// The order is part of the public contract: it appears in results.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Status {
    /// Answered in full.
    Ok,
    /// Answered with data known to be old.
    Stale,
    /// Answered with less than was asked for, by a fallback.
    Degraded,
    /// Not answered in time: the caller gave up.
    Timeout,
    /// Turned away: the queue was full.
    Rejected,
    /// Turned away on purpose under overload, or lost patience in the queue.
    Shed,
    /// Turned away by a rate limit.
    Limited,
    /// Not even sent: a breaker is open.
    Refused,
    /// Nobody there: the callee is down.
    Unavailable,
    /// The work itself failed.
    Failed,
    /// Lost on the way.
    Lost,
    /// Stopped because the caller asked for it.
    Cancelled,
}

/// How many statuses there are.
pub const STATUSES: usize = 12;

impl Status {
    /// All statuses, in order.
    pub const ALL: [Status; STATUSES] = [
        Status::Ok,
        Status::Stale,
        Status::Degraded,
        Status::Timeout,
        Status::Rejected,
        Status::Shed,
        Status::Limited,
        Status::Refused,
        Status::Unavailable,
        Status::Failed,
        Status::Lost,
        Status::Cancelled,
    ];

    /// Returns whether the caller got something it can use.
    #[inline(always)]
    pub fn is_good(self) -> bool {
        (self as u8) <= Status::Degraded as u8
    }

    /// Returns the name used in results.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Stale => "stale",
            Status::Degraded => "degraded",
            Status::Timeout => "timeout",
            Status::Rejected => "rejected",
            Status::Shed => "shed",
            Status::Limited => "limited",
            Status::Refused => "refused",
            Status::Unavailable => "unavailable",
            Status::Failed => "failed",
            Status::Lost => "lost",
            Status::Cancelled => "cancelled",
        }
    }
}

/// What the time of a request is spent on.
///
/// At any instant of its life a strand is in exactly one phase, so that the six sums add up to its age.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Phase {
    /// Queued for a server, or held by a part that said nothing else.
    Waiting,
    /// Being worked on.
    Service,
    /// On the wire.
    Network,
    /// Waiting for a connection or a lease.
    Pool,
    /// Waiting before another try.
    Backoff,
    /// Spent on tries that came to nothing, and on branches that were still out when the caller gave up.
    Wasted,
}

/// How many phases there are.
pub const PHASES: usize = 6;

impl Phase {
    /// All phases, in order.
    pub const ALL: [Phase; PHASES] =
        [Phase::Waiting, Phase::Service, Phase::Network, Phase::Pool, Phase::Backoff, Phase::Wasted];

    /// Returns the name used in results.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Waiting => "waiting",
            Phase::Service => "service",
            Phase::Network => "network",
            Phase::Pool => "pool",
            Phase::Backoff => "backoff",
            Phase::Wasted => "wasted",
        }
    }
}
