//! What opens a breaker.

use kneepoint_engine::{SimDuration, SimTime};

use super::window::{Span, Window};

/// How the answer of a call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was good.
    Good,
    /// It was a failure.
    Failure,
    /// It says nothing about the callee (cancelled, say).
    Nothing,
}

/// A rule that opens a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trip {
    /// So many failures.
    Count {
        /// How many.
        failures: u32,
        /// Whether a success sets the count back to 0, so that only failures in a row count.
        success_resets: bool,
    },
    /// A share of failures.
    Rate(Share),
    /// A share of calls that took longer than this.
    SlowCalls {
        /// What is slow.
        slower: SimDuration,
        /// Which share.
        share: Share,
    },
}

/// A bound on a share of recent calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The bound.
    pub bound: f64,
    /// Whether the share must be above the bound; else reaching it is enough.
    pub strict: bool,
    /// What counts as recent.
    pub span: Span,
    /// Below so many calls no share is known.
    pub at_least: u32,
    /// Whether calls count when they come, refused ones and those under way included; else when they are answered.
    pub of_asked: bool,
    /// Whether it is looked at after failures (slow calls) only; else after every answer that counts.
    pub at_failures: bool,
}

impl Share {
    /// Returns the plain rule: reaching the bound is enough, of answered calls, looked at after each.
    pub fn reaching(bound: f64, span: Span, at_least: u32) -> Share {
        Share { bound, strict: false, span, at_least, of_asked: false, at_failures: false }
    }

    fn tripped(&self, window: &mut Window, now: SimTime) -> bool {
        let tally = window.tally(now);
        let known = tally.all >= u64::from(self.at_least) && tally.all > 0;
        // The number of bad calls at the bound: exact where the bound has a short decimal form.
        let at_bound = self.bound * tally.all as f64;
        let bad = tally.bad as f64;
        let close = (bad - at_bound).abs() < 1e-9 * tally.all as f64;
        known && if self.strict { bad > at_bound && !close } else { bad > at_bound || close }
    }
}

/// A rule with what it has seen.
#[derive(Clone, Debug)]
pub struct Watch {
    rule: Trip,
    seen: Seen,
}

#[derive(Clone, Debug)]
enum Seen {
    Failures(u32),
    Recent(Window),
}

impl Watch {
    /// Returns a rule that has seen nothing.
    pub fn new(rule: Trip) -> Watch {
        let seen = match rule {
            Trip::Count { .. } => Seen::Failures(0),
            Trip::Rate(share) | Trip::SlowCalls { share, .. } => Seen::Recent(Window::new(share.span)),
        };
        Watch { rule, seen }
    }

    /// The same rule for the answers of so many probes.
    pub fn of_probes(rule: Trip, probes: u32) -> Watch {
        let among =
            |share: Share| Share { span: Span::Calls(probes), at_least: probes, of_asked: false, ..share };
        Watch::new(match rule {
            Trip::Count { failures, success_resets } => {
                Trip::Count { failures: failures.min(probes), success_resets }
            }
            Trip::Rate(share) => Trip::Rate(among(share)),
            Trip::SlowCalls { slower, share } => Trip::SlowCalls { slower, share: among(share) },
        })
    }

    /// Whether an answer is bad by this rule.
    pub fn is_bad(&self, outcome: Outcome, took: SimDuration) -> bool {
        match self.rule {
            Trip::Count { .. } | Trip::Rate(_) => outcome == Outcome::Failure,
            Trip::SlowCalls { slower, .. } => outcome != Outcome::Nothing && took > slower,
        }
    }

    /// A call has come.
    pub fn asked(&mut self, now: SimTime) {
        if let (Trip::Rate(share) | Trip::SlowCalls { share, .. }, Seen::Recent(window)) =
            (self.rule, &mut self.seen)
            && share.of_asked
        {
            window.add(1, 0, now);
        }
    }

    /// A call was answered: returns whether the rule trips.
    pub fn answered(&mut self, outcome: Outcome, took: SimDuration, now: SimTime) -> bool {
        if outcome == Outcome::Nothing {
            return false;
        }
        let bad = self.is_bad(outcome, took);
        match (self.rule, &mut self.seen) {
            (Trip::Count { failures, success_resets }, Seen::Failures(seen)) => {
                if bad {
                    *seen += 1;
                } else if success_resets {
                    *seen = 0;
                }
                *seen >= failures
            }
            (Trip::Rate(share) | Trip::SlowCalls { share, .. }, Seen::Recent(window)) => {
                window.add(u64::from(!share.of_asked), u64::from(bad), now);
                (bad || !share.at_failures) && share.tripped(window, now)
            }
            (Trip::Count { .. }, Seen::Recent(_))
            | (Trip::Rate(_) | Trip::SlowCalls { .. }, Seen::Failures(_)) => {
                unreachable!("made together")
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        match &mut self.seen {
            Seen::Failures(seen) => *seen = 0,
            Seen::Recent(window) => window.clear(),
        }
    }

    /// Returns the share of bad calls, if enough are known; `None` for a count.
    pub fn share(&mut self, now: SimTime) -> Option<f64> {
        match (self.rule, &mut self.seen) {
            (Trip::Rate(share) | Trip::SlowCalls { share, .. }, Seen::Recent(window)) => {
                let tally = window.tally(now);
                (tally.all >= u64::from(share.at_least.max(1))).then(|| tally.bad as f64 / tally.all as f64)
            }
            _ => None,
        }
    }

    /// Returns how many bad calls are known.
    pub fn bad(&mut self, now: SimTime) -> u64 {
        match &mut self.seen {
            Seen::Failures(seen) => u64::from(*seen),
            Seen::Recent(window) => window.tally(now).bad,
        }
    }
}
