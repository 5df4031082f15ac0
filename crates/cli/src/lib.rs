//! The kneepoint command.
