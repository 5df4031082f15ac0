//! Ceilings: an overloaded open model stops with an explanation instead of eating the machine.

use kneepoint_engine::SimTime;

use crate::handle::ComponentId;
use crate::status::Status;

/// How much a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls in flight.
    pub in_flight: u32,
    /// Memory held by calls, timers and events \[bytes\].
    pub memory: u64,
    /// Events executed.
    pub events: u64,
}

impl Default for Limits {
    /// # Source
    /// Chosen: 10^6 calls are about 250 MB with attributes and ledger; no limit on events.
    fn default() -> Self {
        Limits { in_flight: 1_000_000, memory: 2_000_000_000, events: u64::MAX }
    }
}

impl Limits {
    /// Returns how many events at one instant say that time stands still, where so many requests were
    /// [announced](crate::Core::announce) for it.
    ///
    /// # Source
    /// Chosen: every call that may be in flight is made, answered and made again eight times. What begins at one
    /// instant (all users of a closed client) is far below that: each call of it is in flight. At least a
    /// million, as one call may have many others made one after the other; that takes a tenth of a second. A batch may be
    /// larger than what is ever in flight of it: for each of its requests a call and an answer at eight parts, four times.
    pub fn events_at_once(&self, announced: u64) -> u64 {
        (16 * u64::from(self.in_flight)).max(1 << 20).saturating_add(announced.saturating_mul(64))
    }
}

/// Why a run stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More calls in flight than allowed.
    InFlight {
        /// The ceiling.
        limit: u32,
        /// When it was reached.
        at: SimTime,
    },
    /// More memory than allowed.
    Memory {
        /// The ceiling \[bytes\].
        limit: u64,
        /// When it was reached.
        at: SimTime,
    },
    /// More events than allowed.
    Events {
        /// The ceiling.
        limit: u64,
        /// When it was reached.
        at: SimTime,
    },
    /// Time stands still: calls are answered at the instant they are made, and made again at the instant they are
    /// answered; or one goes on with what takes no time.
    Still {
        /// Events at that instant.
        events: u64,
        /// The instant that does not pass.
        at: SimTime,
        /// Who goes on asking.
        asks: Option<ComponentId>,
        /// Who answers without asking anybody, and what it says most.
        answers: Option<(ComponentId, Status)>,
        /// Who goes on by itself, if nobody asks anything.
        works: Option<ComponentId>,
    },
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stop::InFlight { limit, at } => {
                write!(f, "more than {limit} calls in flight at {at}: arrivals outrun the servers")
            }
            Stop::Memory { limit, at } => write!(f, "more than {limit} bytes held at {at}"),
            Stop::Events { limit, at } => write!(f, "more than {limit} events by {at}"),
            Stop::Still { events, at, .. } => {
                write!(f, "time stands still at {at}: {events} events, and none of them takes any")
            }
        }
    }
}

impl std::error::Error for Stop {}
