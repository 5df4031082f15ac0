//! Sweeps: the same model at many points.
//!
//! ```text
//! axes --design--> points --Study--> jobs (point, replication), side by side --> records --fold--> PointResult
//!                                                                    journal, shards ^        in the order of points
//! ```
//!
//! A replication is a function of (seed, group of common numbers, replication, part, purpose) alone: all points
//! share one group unless it is asked for otherwise, so that neighbours differ by what was set and not by luck.
//! A record of each replication can be written and read exactly; results are made of records by one function, in the
//! order of their numbers. That is why a sweep that was stopped and resumed, or done in shards and merged, gives the
//! same bytes as one that ran through.
//!
//! Memory holds the records of the points under way; a point that is complete leaves its result.
//!
//! # Example
//! ```
//! use kneepoint_experiment::sweep::{Axis, Design, Study, StudyPlan, SweepOptions};
//! use kneepoint_scenario::{Overrides, Registry, Scenario};
//!
//! let text = r#"(format: 1, title: "desk", run: (duration: "1min", warm_up: "5s", replications: 3), parts: {
//!     "callers": OpenClient(to: "desk", rate: "40/s"),
//!     "desk": Service(concurrency: Servers(3), does: Compute(Exponential("60ms"))),
//! })"#;
//! let registry = Registry::core();
//! let scenario = Scenario::from_text("desk.ron", text, None)?;
//! let axes = vec![Axis::parse("callers.rate=20/s..40/s:3")?];
//! let study = Study::of_scenario(&scenario, &registry, &Overrides::default(), StudyPlan {
//!     axes,
//!     design: Design::Grid,
//!     ..StudyPlan::default()
//! })?;
//! let result = study.collect(&SweepOptions::default())?;
//! assert_eq!(result.points.len(), 3);
//! let busy = |at: usize| result.points[at].parts[0].utilisation.as_ref().and_then(|u| u.value());
//! assert!(busy(0) < busy(2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod axis;
mod design;
mod error;
mod fold;
mod record;
mod spec;
mod store;
mod study;
mod work;

pub(crate) use axis::plain;
pub use axis::{Amount, Axis, AxisError, AxisValues, Spacing, Span, VARIANT};
pub use design::Design;
pub use error::SweepError;
pub use store::{Journal, Resumed};
pub use study::{Merged, Study, StudyPlan, SweepOptions, SweepProgress};

pub use crate::result::{
    AxisFacts, DataFacts, OriginFacts, PointClient, PointPart, PointResult, SweepFacts, SweepResult,
};
