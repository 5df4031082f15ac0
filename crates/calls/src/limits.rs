//! Ceilings: an overloaded open model stops with an explanation instead of eating the machine.

use kneepoint_engine::SimTime;

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
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stop::InFlight { limit, at } => {
                write!(f, "more than {limit} calls in flight at {at}: arrivals outrun the servers")
            }
            Stop::Memory { limit, at } => write!(f, "more than {limit} bytes held at {at}"),
            Stop::Events { limit, at } => write!(f, "more than {limit} events by {at}"),
        }
    }
}

impl std::error::Error for Stop {}
