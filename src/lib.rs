//! Kneepoint: find the knee before your users do.
//!
//! A discrete-event simulation toolkit for scaling architectures. This is the facade: every crate of the workspace
//! under one name, and a [`prelude`].
//!
//! # Example
//! ```
#![doc = include_str!("../examples/first_queue.rs")]
//! ```

pub use kneepoint_analytic as analytic;
pub use kneepoint_calls as calls;
pub use kneepoint_components as components;
pub use kneepoint_engine as engine;
pub use kneepoint_experiment as experiment;
pub use kneepoint_page as page;
pub use kneepoint_plot as plot;
pub use kneepoint_random as random;
pub use kneepoint_report as report;
pub use kneepoint_scenario as scenario;
pub use kneepoint_statistics as statistics;

/// What nearly every model uses.
pub mod prelude {
    pub use kneepoint_calls::Simulation;
    pub use kneepoint_components::Edge;
    pub use kneepoint_components::client::{ArrivalProcess, Arrivals, Classes, OpenClient, RateProfile};
    pub use kneepoint_components::routing::{Balancer, LeastConnections, RoundRobin};
    pub use kneepoint_components::service::{Machine, Queue, Service, call, compute};
    pub use kneepoint_engine::{SimDuration, SimTime};
    pub use kneepoint_experiment::replicate;
    pub use kneepoint_random::Distribution;
    pub use kneepoint_statistics::Estimated;
}
