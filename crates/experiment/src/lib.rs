//! Replications, warm-up, stopping and comparisons.
//!
//! ```text
//! Plan --run--> pilot (warm-up) --> replications, side by side --> fold in order --> RunResult
//!                                     recorder: slices of a run,      evaluate, judge, tables,
//!                                     read between them by probes     checks, warnings
//! ```
//!
//! A run is measured from outside: a replication runs from boundary to boundary, and between two events its series
//! are read. So measuring never changes it, and what is measured can be anything that a metric can say.
//! Results are folded in the order of the replications, never in that of the threads: the same plan gives the same
//! bytes on any number of them.

mod batches;
pub mod capacity;
mod checks;
pub mod compare;
mod error;
mod evaluate;
mod judge;
mod measurable;
mod measures;
mod middle;
mod pilot;
mod probe;
mod program;
mod readings;
mod recorder;
mod replicate;
pub mod result;
mod run;
mod sampled;
mod saturation;
pub mod sensitivity;
mod series;
pub mod sweep;
mod tables;
mod timeline;
mod warnings;

pub use compare::{CompareOptions, Design, compare};
pub use error::{ExperimentError, Round};
pub use measurable::check;
pub use replicate::replicate;
pub use run::{Options, Progress, REPLICATIONS_MAX, run, trace};
pub use saturation::{Closed, Forecast, Load, Saturation, forecast, offered_per_s, saturation};
