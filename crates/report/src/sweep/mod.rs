//! Sweeps as text, JSON, JSON lines and CSV.
//!
//! JSON lines and CSV can be written point by point, as a sweep goes on; the bytes are the same as afterwards.

mod csv;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
mod rows;
mod text;

pub use self::csv::{sweep_csv_head, sweep_csv_point};
pub use self::json::{sweep_json, sweep_jsonl_head, sweep_jsonl_point};
#[cfg(feature = "parquet")]
pub use self::parquet::SweepParquet;
pub use self::text::{SweepCount, sweep_sentence, sweep_text};
