//! What can be wrong with a service.

use std::fmt;

/// Why a service cannot be built.
#[derive(Clone, Debug, PartialEq)]
pub enum ServiceError {
    /// No server, thread or core.
    Nobody,
    /// The speed of a machine is not above 0 and finite.
    Speed(f64),
    /// Everybody is served at once, so that nobody would ever stand in the queue that was given.
    QueueOfNoUse,
    /// Preemption where a processor is shared: there is nobody to take it from.
    CannotPreempt,
    /// An operation was given twice.
    OperationTwice(u16),
    /// An operation has a number from 32 768 on; these are the service's own.
    OperationNumber(u16),
    /// A chance is not from 0 to 1.
    Chance(f64),
    /// The shares of a choice do not add up to 1.
    Shares(f64),
    /// More good branches are asked for than there are, or none.
    Quorum {
        /// So many are waited for.
        of: usize,
        /// So many there are.
        branches: usize,
    },
    /// More branches than calls can be side by side (65 534).
    Branches(usize),
    /// A call to nobody.
    CallToNobody,
    /// Something that can be negative: the law's minimum.
    Negative {
        /// Of what.
        what: &'static str,
        /// The minimum.
        minimum: f64,
    },
    /// A key space of more than 2^32 keys.
    Keys(u64),
    /// More steps, or steps nested deeper, than can be numbered.
    TooLong,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceError::Nobody => write!(out, "a service needs at least one server, thread and core"),
            ServiceError::Speed(speed) => {
                write!(out, "the speed of a machine is above 0 and finite, not {speed}")
            }
            ServiceError::QueueOfNoUse => write!(out, "nobody waits where everybody is served at once"),
            ServiceError::CannotPreempt => {
                write!(out, "a shared processor cannot be taken from one call for another")
            }
            ServiceError::OperationTwice(operation) => write!(out, "operation {operation} is given twice"),
            ServiceError::OperationNumber(operation) => {
                write!(out, "operations are numbered from 0 to 32767, not {operation}")
            }
            ServiceError::Chance(chance) => write!(out, "a chance is from 0 to 1, not {chance}"),
            ServiceError::Shares(sum) => write!(out, "the shares of a choice add up to 1, not {sum}"),
            ServiceError::Quorum { of, branches } => {
                write!(out, "{of} of {branches} branches cannot be waited for")
            }
            ServiceError::Branches(branches) => write!(out, "at most 65534 branches, not {branches}"),
            ServiceError::CallToNobody => write!(out, "a call needs somebody to go to"),
            ServiceError::Negative { what, minimum } => {
                write!(out, "{what} is never negative, yet could be {minimum}")
            }
            ServiceError::Keys(keys) => write!(out, "a key space has at most 2^32 keys, not {keys}"),
            ServiceError::TooLong => write!(out, "the steps are too many or nested too deep"),
        }
    }
}

impl std::error::Error for ServiceError {}
