//! The command, from arguments to exit codes and files.

mod gate;
mod plot;
