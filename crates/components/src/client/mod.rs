//! Clients: what asks for work, and when.
//!
//! ```text
//! RateProfile --rate--> ArrivalProcess --arrivals--> OpenClient, SessionClient      ClosedClient (users wait)
//!                                                     Classes: what is asked for     TraceClient (recorded)
//! ```

mod arrivals;
mod classes;
mod closed;
mod growth;
mod invalid;
mod open;
mod pieces;
mod profile;
mod requests;
mod senders;
mod session;
mod trace;
mod wave;

pub use arrivals::{ArrivalProcess, Arrivals, MmppState};
pub use classes::{Class, Classes};
pub use closed::{ClosedClient, ClosedTimer};
pub use invalid::Invalid;
pub use open::{OpenClient, OpenTimer};
pub use profile::RateProfile;
pub use senders::Senders;
pub use session::{SessionClient, SessionTimer};
pub use trace::{RECORDS_MAX, Record, TraceClient, TraceTimer, record_of};

#[cfg(test)]
mod tests;
