//! Experiments, seen from outside.

mod models;
mod parts;

mod by_hand;
mod capacity;
mod determinism;
mod planted_faults;
mod refusals;
mod theory;
mod uncertain;
mod warm_up;
