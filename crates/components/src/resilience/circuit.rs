//! Whether a breaker lets calls pass.

use kneepoint_engine::{SimDuration, SimTime};

use super::backoff::Backoff;
use super::trip::{Outcome, Trip, Watch};

/// How probes are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probing {
    /// The first bad one opens again; it closes when all were good.
    FirstFailure,
    /// The rules that open it are held against all of them together, when the last is answered.
    Together,
    /// There are none: it closes when its time is over.
    NoProbes,
}

/// The rules of a breaker.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What opens it: any of these.
    pub trips: Vec<Trip>,
    /// How long it stays open, the first time, the second in a row, …
    pub open: Backoff,
    /// How many calls are let through after that.
    pub probes: u32,
    /// How they are judged.
    pub probing: Probing,
    /// How long probes may take before it opens again; 0 is for ever.
    pub probe_for: SimDuration,
    /// Whether it has forgotten what opened it when it closes.
    pub starts_anew: bool,
}

impl Rules {
    /// Returns the plain rules: one probe, whose failure opens again.
    pub fn new(trips: Vec<Trip>, open: SimDuration) -> Rules {
        Rules {
            trips,
            open: Backoff::Fixed(open),
            probes: 1,
            probing: Probing::FirstFailure,
            probe_for: SimDuration::ZERO,
            starts_anew: true,
        }
    }
}

/// Where a breaker stands.
///
/// ```text
/// Closed --a rule trips--> Open --its time is over, a call comes--> HalfOpen --probes good--> Closed
///                           ^-------------a probe is bad, or time is over-------'
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// Some calls pass, to see how it goes.
    HalfOpen,
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Into what.
    pub to: State,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It passes. What it is answered counts for the stretch of time between two changes that has this number.
    Pass(u64),
    /// It passes, as a probe.
    Probe(u64),
    /// It is refused.
    Refuse,
}

/// A breaker without its calls: told what comes and how it ends, it says what passes.
///
/// Only answers to calls that were let through since the last change of state count.
///
/// # Source
/// Nygard, "Release It!", 2nd edition, 2018, chapter 5, "Circuit Breaker"; the variants are those of the products whose
/// presets are made of them.
#[derive(Clone, Debug)]
pub struct Circuit {
    rules: Rules,
    state: State,
    watches: Vec<Watch>,
    /// The rules as they are held against probes.
    probe_watches: Vec<Watch>,
    /// When it last changed.
    since: SimTime,
    /// How many times it has changed.
    stretch: u64,
    /// How many times it has opened without being closed by probes in between.
    openings: u32,
    /// Probes let through, and those answered with something that counts.
    let_through: u32,
    judged: u32,
    tripped: bool,
}

impl Circuit {
    /// Returns a closed one.
    ///
    /// # Panics
    /// If no rule opens it, or it has no probes.
    pub fn new(rules: Rules) -> Circuit {
        assert!(!rules.trips.is_empty(), "a breaker that nothing opens");
        assert!(rules.probes > 0, "a breaker without probes would never close");
        let probes = rules.probes;
        Circuit {
            watches: rules.trips.iter().map(|trip| Watch::new(*trip)).collect(),
            probe_watches: rules.trips.iter().map(|trip| Watch::of_probes(*trip, probes)).collect(),
            rules,
            state: State::Closed,
            since: SimTime::ZERO,
            stretch: 0,
            openings: 0,
            let_through: 0,
            judged: 0,
            tripped: false,
        }
    }

    /// Returns where it stands; it is half open only from the first call on that comes when its time is over.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns its rules with what they have seen.
    pub fn watches(&mut self) -> &mut [Watch] {
        &mut self.watches
    }

    fn turn(&mut self, to: State, now: SimTime) -> Turn {
        self.state = to;
        self.since = now;
        self.stretch += 1;
        (self.let_through, self.judged, self.tripped) = (0, 0, false);
        match to {
            State::Open => self.openings = self.openings.saturating_add(1),
            State::HalfOpen => self.probe_watches.iter_mut().for_each(Watch::clear),
            State::Closed => {
                if self.rules.probing != Probing::NoProbes {
                    self.openings = 0;
                }
                if self.rules.starts_anew {
                    self.watches.iter_mut().for_each(Watch::clear);
                }
            }
        }
        Turn { to }
    }

    /// A call comes.
    pub fn admit(&mut self, now: SimTime) -> (Admission, Option<Turn>) {
        self.watches.iter_mut().for_each(|watch| watch.asked(now));
        let mut turn = None;
        if self.state == State::Open && now - self.since >= self.rules.open.wait(self.openings) {
            let to = if self.rules.probing == Probing::NoProbes { State::Closed } else { State::HalfOpen };
            turn = Some(self.turn(to, now));
        }
        let admission = match self.state {
            State::Closed => Admission::Pass(self.stretch),
            State::HalfOpen if self.let_through < self.rules.probes => {
                self.let_through += 1;
                Admission::Probe(self.stretch)
            }
            State::HalfOpen | State::Open => Admission::Refuse,
        };
        (admission, turn)
    }

    /// A call that was let through has ended. `stretch` is what came with its admission.
    pub fn answered(
        &mut self,
        stretch: u64,
        outcome: Outcome,
        took: SimDuration,
        now: SimTime,
    ) -> Option<Turn> {
        if stretch != self.stretch {
            return None;
        }
        match self.state {
            State::Closed => {
                let mut trips = false;
                for watch in &mut self.watches {
                    trips |= watch.answered(outcome, took, now);
                }
                trips.then(|| self.turn(State::Open, now))
            }
            State::HalfOpen => self.probed(outcome, took, now),
            State::Open => None,
        }
    }

    fn probed(&mut self, outcome: Outcome, took: SimDuration, now: SimTime) -> Option<Turn> {
        if outcome == Outcome::Nothing {
            // Another may try in its place.
            self.let_through -= 1;
            return None;
        }
        if !self.rules.starts_anew {
            // What the probes bring belongs to the past that is kept.
            self.watches.iter_mut().for_each(|watch| {
                watch.answered(outcome, took, now);
            });
        }
        self.judged += 1;
        let mut bad = false;
        for watch in &mut self.probe_watches {
            bad |= match self.rules.probing {
                Probing::FirstFailure | Probing::NoProbes => watch.is_bad(outcome, took),
                Probing::Together => {
                    self.tripped |= watch.answered(outcome, took, now);
                    self.tripped && self.judged == self.rules.probes
                }
            };
        }
        if bad {
            Some(self.turn(State::Open, now))
        } else if self.judged == self.rules.probes {
            Some(self.turn(State::Closed, now))
        } else {
            None
        }
    }

    /// Returns the present stretch if its number leaves this rest, and else one that is over.
    pub fn stretch_of(&self, rest: u64, modulo: u64) -> u64 {
        if self.stretch % modulo == rest { self.stretch } else { u64::MAX }
    }

    /// Returns how long probes may take from now on, if they may not take for ever.
    pub fn patience(&self) -> Option<(SimDuration, u64)> {
        let bounded = self.state == State::HalfOpen && !self.rules.probe_for.is_zero();
        bounded.then_some((self.rules.probe_for, self.stretch))
    }

    /// The time of the probes of this stretch is over.
    pub fn impatient(&mut self, stretch: u64, now: SimTime) -> Option<Turn> {
        let waits = self.state == State::HalfOpen && stretch == self.stretch;
        waits.then(|| self.turn(State::Open, now))
    }
}
