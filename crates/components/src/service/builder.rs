//! How a service is said in Rust: about one line.

use std::sync::Arc;

use super::error::ServiceError;
use super::program::Compiler;
use super::station::{Concurrency, Queue, Station};
use super::steps::Step;
use super::{Own, Service};

/// A service to be.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    concurrency: Concurrency,
    queue: Queue,
    default: Option<Vec<Step>>,
    operations: Vec<(u16, Vec<Step>)>,
}

impl Builder {
    pub(super) fn new(concurrency: Concurrency) -> Builder {
        Builder { concurrency, queue: Queue::unbounded(), default: None, operations: Vec::new() }
    }

    /// With this queue; without bound, first come first served, if none is given.
    pub fn queue(self, queue: Queue) -> Builder {
        Builder { queue, ..self }
    }

    /// Does this for any operation that has no steps of its own.
    pub fn does(self, steps: impl IntoIterator<Item = Step>) -> Builder {
        Builder { default: Some(steps.into_iter().collect()), ..self }
    }

    /// Does this for one operation, as the model numbers operations.
    pub fn operation(mut self, operation: u16, steps: impl IntoIterator<Item = Step>) -> Builder {
        self.operations.push((operation, steps.into_iter().collect()));
        self
    }

    /// Builds the service. One without any steps replies at once.
    ///
    /// # Errors
    /// If anything said cannot be.
    pub fn build(self) -> Result<Service, ServiceError> {
        let speed = match self.concurrency {
            Concurrency::Threads { machine, .. } | Concurrency::EventLoop { machine } => machine.speed,
            Concurrency::Servers(_) | Concurrency::Sharing(_) | Concurrency::Unlimited => 1.0,
        };
        if !(speed > 0.0 && speed.is_finite() && (1.0 / speed).is_finite()) {
            return Err(ServiceError::Speed(speed));
        }
        let mut compiler = Compiler::new(speed);
        for (operation, does) in &self.operations {
            compiler.operation(*operation, does)?;
        }
        match &self.default {
            Some(does) => compiler.default(does)?,
            None if self.operations.is_empty() => compiler.default(&[])?,
            None => {}
        }
        let program = compiler.finish()?;
        let station = Station::new(self.concurrency, &self.queue, program.depth)?;
        Ok(Service { program: Arc::new(program), station, own: Own::default() })
    }
}
