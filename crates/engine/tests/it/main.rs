//! The fast structures beside the obvious ones.

mod agenda_twin;
mod list_twin;
mod splitmix;
