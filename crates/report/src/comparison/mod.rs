//! A comparison as text, JSON and CSV.

mod csv;
mod json;
mod sentence;
mod text;

pub use csv::comparison_csv;
pub use json::comparison_json;
pub(crate) use json::{better, subject};
pub(crate) use sentence::cut_clause;
pub use sentence::{answer_headline, answer_sentence, doubt_clause, gate_sentence, metric_sentence};
pub use text::comparison_text;
