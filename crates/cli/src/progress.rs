//! How far something has come: one bar for all verbs, on standard error, on a terminal only.

use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::output;

/// Milliseconds between two looks of the bar: the first replication may take minutes, and something must move.
const TICK_MS: u64 = 120;

/// A bar of replications, if anybody sees it. It goes when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins a bar; an end of 0 is one that is not known yet.
    pub fn new(replications: u64, quiet: bool) -> Progress {
        if quiet || !output::shows_progress() {
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(replications);
        bar.set_style(style());
        bar.tick();
        bar.enable_steady_tick(Duration::from_millis(TICK_MS));
        Progress(bar)
    }

    /// Says how many of how many replications are done.
    pub fn at(&self, done: u64, planned: u64) {
        self.0.set_length(planned);
        self.0.set_position(done);
    }

    /// Says what is being done.
    pub fn say(&self, what: &str) {
        self.0.set_message(format!("{what} "));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    let template = "{spinner} {msg}{bar:30} {pos}/{end} replications, {elapsed} gone{left}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // What cannot be drawn is left out.
    style
        .with_key("end", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = match state.len() {
                Some(end) if end > 0 => write!(out, "{end}"),
                _ => write!(out, "?"),
            };
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // Before anything is done nobody knows how long it takes.
            if state.pos() > 0 && state.len().is_some_and(|end| end > state.pos()) {
                let _ = write!(out, ", {:.1}/s, {} left", state.per_sec(), HumanDuration(state.eta()));
            }
        })
}
