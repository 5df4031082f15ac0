//! Tables, JSON and CSV from results.
//!
//! Ways to write the same [`RunResult`](kneepoint_experiment::result::RunResult):
//!
//! - [`text()`]: what a person in a design review reads, the verdict first;
//! - [`json()`]: everything, for programs; its shape carries a [`SCHEMA_VERSION`];
//! - [`csv()`]: one row per part, metric and statistic, for spreadsheets and notebooks;
//! - [`prometheus()`]: the text that Prometheus reads, with conventional names;
//! - [`perfetto()`] and [`otlp()`]: its sampled requests, for tools that show traces.
//!
//! All of them are functions of the result alone: the same result gives the same bytes.
//! Nothing here can reach a simulation.

mod baseline;
mod called;
mod capacity;
mod command;
mod comparison;
mod csv;
mod json;
mod junit;
mod number;
mod prometheus;
mod safe;
mod samples;
mod sensitivity;
mod sweep;
mod table;
mod text;
mod trace;
mod verdict;

pub use crate::baseline::baseline;
pub use crate::capacity::{
    Against, Baseline, CAPACITY_SCHEMA_VERSION, FINDINGS, baseline_sentence, behaviour_sentence,
    bottleneck_sentence, capacity_csv, capacity_json, capacity_sentence, capacity_text, linearity_csv,
    linearity_json, linearity_text, read_baseline,
};
pub use crate::command::Command;
pub use crate::comparison::{
    answer_headline, answer_sentence, comparison_csv, comparison_json, comparison_text, doubt_clause,
    gate_sentence, metric_sentence,
};
pub use crate::csv::csv;
pub use crate::json::{SCHEMA_VERSION, json};
pub use crate::junit::{JudgedDesign, junit};
pub use crate::number::{
    change, change_interval, change_unit, count, counted, duration, interval, percent, quantity,
};
pub use crate::prometheus::prometheus;
pub use crate::safe::{safe, safe_json, safe_lines};
pub use crate::samples::Depths;
pub use crate::sensitivity::{
    screening_csv, screening_json, screening_text, tornado_csv, tornado_json, tornado_text,
};
#[cfg(feature = "parquet")]
pub use crate::sweep::SweepParquet;
pub use crate::sweep::{
    SweepCount, sweep_command, sweep_csv_head, sweep_csv_point, sweep_json, sweep_jsonl_head,
    sweep_jsonl_point, sweep_sentence, sweep_text,
};
pub use crate::table::{Table, wrap};
pub use crate::text::{Look, text};
pub use crate::trace::{otlp, perfetto};
pub use crate::verdict::{PROBABILITY_LEAST, is_missed, sentence};

#[cfg(test)]
mod sample;
