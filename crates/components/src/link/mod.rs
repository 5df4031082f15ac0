//! Links: the way between two parts.

mod link_part;
mod pipe;

pub use link_part::{Bandwidth, Link, LinkTimer};

#[cfg(test)]
mod tests;
