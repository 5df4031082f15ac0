//! Faults: what happens to whom, when, and for how long.

mod injection;
mod injector;

pub use injection::{Harm, Injection, Part, Targets, Trigger};
pub use injector::{Injector, InjectorTimer};

#[cfg(test)]
mod tests;
