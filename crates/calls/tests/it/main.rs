//! The runtime, seen from outside.

mod parts;

mod faults;
mod flow;
mod ledger;
mod whole;
