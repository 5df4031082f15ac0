//! Routing: which of several callees is next.
//!
//! A [`Balancer`] chooses by a [`Policy`]: one per file. A [`Sorter`] chooses by what a call is, [`Origins`] by where
//! its request comes from, [`Drawn`] by lot.

mod balancer;
mod drawn;
mod least_connections;
mod origins;
mod policy;
mod power_of_choices;
mod random;
mod round_robin;
mod sorter;
mod tournament;

pub use balancer::{Balancer, BalancerTimer};
pub use drawn::Drawn;
pub use least_connections::{LeastConnections, Ties};
pub use origins::Origins;
pub use policy::{Policy, Routing};
pub use power_of_choices::PowerOfChoices;
pub use random::Random;
pub use round_robin::RoundRobin;
pub use sorter::{Sorter, Way};

#[cfg(test)]
mod tests;
