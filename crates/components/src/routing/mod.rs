//! Routing: which of several callees is next.
//!
//! A [`Balancer`] chooses by a [`Policy`]: one per file in `policies`. A policy is told what the balancer knows of its
//! [`Members`] and makes a [`Choice`]; it has never heard of a simulation. A [`Sorter`] chooses by what a call is,
//! [`Origins`] by where its request comes from, [`Drawn`] by lot.

mod balancer;
mod drawn;
pub mod hashing;
mod members;
mod origins;
pub mod policies;
mod policy;
mod sorter;
mod usable;

pub use balancer::{
    Active, Balancer, BalancerTimer, By, Discovery, HEALTH_CHECK, KeepAlive, Lasting, Line, Loads,
    MEMBERS_MAX, Next, Outlier, Outliers, Passive, Pins, Seen, SlowStart, TRIES_MAX, Whose,
};
pub use drawn::Drawn;
pub use members::{Member, Members, SIXTEENTHS};
pub use origins::Origins;
pub use policies::{LeastConnections, PowerOfChoices, Random, RoundRobin, Ties};
pub use policy::{Choice, End, Policy, Routing};
pub use sorter::{Sorter, Way};

#[cfg(test)]
mod tests;
