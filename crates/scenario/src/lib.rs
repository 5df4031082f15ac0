//! Scenario files: from text to a checked topology to a simulation.
mod check;
mod diagnostic;
mod file;
mod include;
mod kind_line;
mod node;
mod params;
mod preset;
mod reader;
mod registry;
mod setting;
mod spec;
mod typed;
pub mod value;
pub use registry::*;
