//! The command, from arguments to exit codes and files.

mod capacity;
mod folder;
mod gate;
mod plot;
