//! What keeps overload out: bounds on calls in flight, shedding, throttling, one call for many, pools.
//!
//! ```text
//! caller --> Bulkhead | ConcurrencyLimit | ConnectionPool      holds some, turns others away
//!            Shed (CoDel and AdaptiveLifo with a queue)        turns away what would be late
//!            Throttle                                          does not even send
//!            SingleFlight                                      asks once for all that want the same  --> callee
//! ```
//! Those that decide by themselves ([`adaptive`], [`CoDel`], [`ControlledDelay`], [`Acceptance`]) are plain structs that
//! are told the instant: they can be tested without a simulation.

pub mod adaptive;

mod acceptance;
mod bulkhead;
mod codel;
mod concurrency_limit;
mod connection_pool;
mod controlled_delay;
mod queue_shed;
mod shed;
mod single_flight;
mod throttle;
mod waiting_room;

pub use acceptance::Acceptance;
pub use bulkhead::{Bulkhead, BulkheadTimer};
pub use codel::CoDel;
pub use concurrency_limit::{ConcurrencyLimit, Discipline, Queue, QueueTimer};
pub use connection_pool::{ConnectionPool, PoolOptions, PoolTimer, Reuse};
pub use controlled_delay::ControlledDelay;
pub use queue_shed::{Controller, QueueShed};
pub use shed::{Shed, ShedTimer, When};
pub use single_flight::SingleFlight;
pub use throttle::Throttle;

pub(crate) use waiting_room::WaitingRoom;

#[cfg(test)]
mod tests;
