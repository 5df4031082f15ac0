//! Ctrl-C and what else asks a process to end.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::output;

static STOP: AtomicBool = AtomicBool::new(false);

/// What an interrupted command ends with.
const INTERRUPTED: i32 = 130;

/// Ends the command at once when it is interrupted: there is nothing to keep.
pub fn end_at_once() {
    listen(|| {
        output::say("interrupted: nothing was kept");
        std::process::exit(INTERRUPTED);
    });
}

/// Returns a flag that is set by the first interruption; the second ends the command at once.
pub fn flag() -> &'static AtomicBool {
    listen(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
        output::say("\nstopping when the replications under way are done; once more stops at once");
    });
    &STOP
}

fn listen(handler: impl FnMut() + Send + 'static) {
    // A second handler in one process (tests call the command several times) is refused: the first one serves. Scripts
    // start what runs in the background with interruptions ignored: who sends one to it all the same means it.
    let _ = ctrlc::set_handler(handler);
}
