//! Kneepoint: find the knee before your users do.
//!
//! The facade: every crate of the workspace under one name, and a [`prelude`].

pub use kneepoint_analytic as analytic;
pub use kneepoint_calls as calls;
pub use kneepoint_components as components;
pub use kneepoint_engine as engine;
pub use kneepoint_experiment as experiment;
pub use kneepoint_random as random;
pub use kneepoint_report as report;
pub use kneepoint_scenario as scenario;
pub use kneepoint_statistics as statistics;
