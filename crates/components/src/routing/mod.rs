//! Routing: which of several callees is next.
//!
//! A [`Balancer`] chooses by a [`Policy`]: one per file.

mod balancer;
mod least_connections;
mod policy;
mod power_of_choices;
mod random;
mod round_robin;
mod tournament;

pub use balancer::{Balancer, BalancerTimer};
pub use least_connections::{LeastConnections, Ties};
pub use policy::{Policy, Routing};
pub use power_of_choices::PowerOfChoices;
pub use random::Random;
pub use round_robin::RoundRobin;

#[cfg(test)]
mod tests;
