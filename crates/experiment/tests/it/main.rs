//! Experiments, seen from outside.

mod middles;
mod models;
mod parts;

mod by_hand;
mod capacity;
mod compare;
mod determinism;
mod planted_faults;
mod refusals;
mod scenarios;
mod sensitivity;
mod theory;
mod timeline;
mod uncertain;
mod warm_up;
