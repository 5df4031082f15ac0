//! Experiments, seen from outside.

mod models;
mod parts;

mod by_hand;
mod compare;
mod determinism;
mod planted_faults;
mod refusals;
mod sensitivity;
mod theory;
mod warm_up;
