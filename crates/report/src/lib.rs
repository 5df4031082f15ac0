//! Tables, JSON and CSV from results.
//!
//! Three ways to write the same [`RunResult`](kneepoint_experiment::result::RunResult):
//!
//! - [`text()`]: what a person in a design review reads, the verdict first;
//! - [`json()`]: everything, for programs; its shape carries a [`SCHEMA_VERSION`];
//! - [`csv()`]: one row per part, metric and statistic, for spreadsheets and notebooks.
//!
//! All three are functions of the result alone: the same result gives the same bytes.
//! Nothing here can reach a simulation.

mod capacity;
mod csv;
mod json;
mod number;
mod safe;
mod table;
mod text;
mod verdict;

pub use crate::capacity::{
    Baseline, CAPACITY_SCHEMA_VERSION, baseline_sentence, behaviour_sentence, bottleneck_sentence,
    capacity_csv, capacity_json, capacity_sentence, capacity_text, linearity_csv, linearity_json,
    linearity_text, read_baseline,
};
pub use crate::csv::csv;
pub use crate::json::{SCHEMA_VERSION, json};
pub use crate::number::{count, duration, interval, percent, quantity};
pub use crate::safe::safe;
pub use crate::table::{Table, wrap};
pub use crate::text::{Look, text};
pub use crate::verdict::sentence;

#[cfg(test)]
mod sample;
