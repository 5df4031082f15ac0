//! How many of one's requests were accepted lately.

use kneepoint_engine::{SimDuration, SimTime};

/// Requests and accepts of the last window, and the chance with which the next is not even sent.
///
/// # Units
/// `factor` \[requests per accept\]: up to so many are sent for each that is accepted.
///
/// # Assumptions
/// The window moves in sixtieths of its length (chosen: no coarser than the answers of a second in the two minutes of the
/// book).
///
/// # Source
/// Beyer et al., "Site Reliability Engineering", chapter 21, "Client-side throttling": equation 21-1, K = 2, two minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptance {
    factor: f64,
    step: u64,
    /// Requests and accepts per step, round and round.
    steps: Vec<(u64, u64)>,
    /// The step that is now, by number.
    at: u64,
    requests: u64,
    accepts: u64,
}

const STEPS: usize = 60;

impl Acceptance {
    /// Returns a window in which nothing happened.
    ///
    /// # Panics
    /// If the factor is not above 0, or the window shorter than 60 ns.
    pub fn new(factor: f64, window: SimDuration) -> Acceptance {
        let step = window.as_nanos() / STEPS as u64;
        assert!(factor > 0.0 && step > 0, "a window has a length, and somebody is to be accepted");
        Acceptance { factor, step, steps: vec![(0, 0); STEPS], at: 0, requests: 0, accepts: 0 }
    }

    /// Returns the chance with which a request that comes now should not be sent.
    pub fn refusal_chance(&mut self, now: SimTime) -> f64 {
        self.turn(now);
        let (requests, accepts) = (self.requests as f64, self.accepts as f64);
        f64::max(0.0, (requests - self.factor * accepts) / (requests + 1.0))
    }

    /// Notes a request, sent or not.
    pub fn asked(&mut self, now: SimTime) {
        self.turn(now);
        self.requests += 1;
        self.steps[(self.at % STEPS as u64) as usize].0 += 1;
    }

    /// Notes that a request was accepted.
    pub fn accepted(&mut self, now: SimTime) {
        self.turn(now);
        self.accepts += 1;
        self.steps[(self.at % STEPS as u64) as usize].1 += 1;
    }

    /// Forgets what is older than a window.
    fn turn(&mut self, now: SimTime) {
        let at = now.as_nanos() / self.step;
        for old in (self.at + 1)..=at.min(self.at + STEPS as u64) {
            let (requests, accepts) = std::mem::take(&mut self.steps[(old % STEPS as u64) as usize]);
            self.requests -= requests;
            self.accepts -= accepts;
        }
        self.at = at;
    }
}
