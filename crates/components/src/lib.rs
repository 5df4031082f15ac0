//! What architectures are made of: one folder per family, one policy per file.

mod draw;
mod edge;

pub mod client;
pub mod delay;
pub mod fault;
pub mod limits;
pub mod link;
pub mod overload;
pub mod resilience;
pub mod routing;
pub mod service;

pub use crate::edge::Edge;
