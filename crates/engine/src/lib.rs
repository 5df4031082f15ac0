//! Time, the future event list and the order of events.
//!
//! ```text
//!   send(payload) ──────────────► ring (this instant, FIFO) ───┐
//!                                                              ├─► next() ─► payload
//!   after(delay, payload) ──────► FutureEventList ─────────────┘
//!                                  run ◄─ wheel
//!                                  (sorted, short)  (buckets by the bits of time)
//! ```
//!
//! The engine knows no request and draws no random number: a payload is 64 bits whose meaning belongs to the
//! crates above.
//!
//! # The public order
//!
//! Events happen in the order of time, and at one instant in the order in which they were scheduled, whether with a
//! delay or without. Nothing else (no address, no thread, no hash) has a say. [`Agenda`] keeps that order although
//! events without delay never touch the event list.
//!
//! # Where to start reading
//!
//! [`Agenda`] is the whole interface of a run loop; `future_event_list.rs` and `wheel.rs` are the data structure behind
//! it; [`HeapEventList`] is the same in forty obvious lines, kept for ever as the reference of the tests.
//!
//! # Example
//!
//! ```
//! use kneepoint_engine::{Agenda, SimDuration, SimTime};
//!
//! let mut agenda = Agenda::new();
//! agenda.after(SimDuration::from_millis(2), 20);
//! agenda.after(SimDuration::from_millis(1), 10);
//! agenda.send(1);
//! let never_dead = |_payload| false;
//! assert_eq!(agenda.next(never_dead), Some(1));
//! assert_eq!(agenda.next(never_dead), Some(10));
//! assert_eq!(agenda.now(), SimTime::from_millis(1));
//! assert_eq!(agenda.next(never_dead), Some(20));
//! assert_eq!(agenda.next(never_dead), None);
//! ```

mod agenda;
mod future_event_list;
mod heap_event_list;
mod human;
mod ring;
mod sim_duration;
mod sim_time;
mod wheel;

pub use agenda::Agenda;
pub use future_event_list::FutureEventList;
pub use heap_event_list::HeapEventList;
pub use sim_duration::SimDuration;
pub use sim_time::SimTime;
