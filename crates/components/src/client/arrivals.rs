//! When requests arrive.

use std::sync::Arc;

use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

use super::invalid::Invalid;
use super::profile::{RateProfile, Reach, Thinned, Window, later};

/// The randomness of arrivals.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Independent of each other: a Poisson process.
    Poisson,
    /// Evenly spaced; where the rate changes, evenly in the integral of the rate.
    Constant,
    /// Independent gaps of this law \[ns\]. With a rate the law gives only the shape, and the rate the mean.
    Renewal(Distribution),
    /// A Poisson process whose rate jumps: each state in turn, the last one followed by the first. With a rate the
    /// states give only the shape, and the rate the mean.
    Mmpp(Vec<MmppState>),
}

/// One state of a modulated process.
#[derive(Clone, Debug, PartialEq)]
pub struct MmppState {
    /// Arrivals while it lasts \[1/s\].
    pub rate: f64,
    /// How long it lasts \[ns\]; exponential in the textbook's MMPP.
    pub stay: Distribution,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Next {
    /// An arrival at this instant.
    Arrival(SimTime),
    /// No arrival until this instant; go on looking then.
    NotYet(SimTime),
    /// No arrival any more.
    Never,
}

/// A process of arrivals: given where it stands and a stream of random numbers, the next arrival. It knows of
/// nothing else in the model, so nothing disturbs it.
///
/// # Source
/// Renewal and even spacing in operational time (the integral of the rate): Çinlar, "Introduction to Stochastic
/// Processes", 1975, chapter 4; Gerhardt and Nelson, "Transforming renewal processes for simulation of nonstationary
/// arrival processes", INFORMS Journal on Computing 21(4), 2009. MMPP: Fischer and Meier-Hellstern, "The
/// Markov-modulated Poisson process cookbook", Performance Evaluation 18(2), 1993.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrivalProcess {
    kind: Kind,
    /// The last arrival, or how far the search has come \[ns\].
    at: u64,
    /// Expected arrivals still to pass until the next one, if the search for it was cut.
    missing: Option<f64>,
    /// What rounding to whole nanoseconds has added or taken, in expected arrivals: no drift, however long the run.
    carry: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Poisson {
        rate: RateProfile,
        window: Window,
    },
    /// Gaps of mean 1 in operational time.
    Paced {
        rate: RateProfile,
        gap: Distribution,
    },
    /// Gaps in real time.
    Renewal {
        gap: Distribution,
    },
    Mmpp {
        states: Arc<[MmppState]>,
        factor: RateProfile,
        state: usize,
        until: u64,
        begun: bool,
    },
}

/// The highest rate of arrivals \[1/s\]: one a nanosecond. Faster ones would all fall upon one instant, and time would
/// stand still.
const FASTEST: f64 = 1e9;

/// Over what time that is looked at: a rate that grows has no highest, and one that spikes ends at a ceiling of events.
const FIRST: SimDuration = SimDuration::from_millis(1);

/// How many changes of state are looked through at once.
const CHANGES: u32 = 1_000;

impl ArrivalProcess {
    /// Returns the process of this randomness, at this rate; [`Arrivals::Renewal`] and [`Arrivals::Mmpp`] need none.
    ///
    /// # Errors
    /// If a rate is missing, a gap or a stay is not above 0 and finite on average, or no state has arrivals.
    pub fn new(arrivals: Arrivals, rate: Option<RateProfile>) -> Result<ArrivalProcess, Invalid> {
        let need = |rate: Option<RateProfile>| rate.ok_or(Invalid::new("rate", "missing", "given"));
        if let Some(rate) = &rate
            && !matches!(arrivals, Arrivals::Mmpp(_))
        {
            let most = rate.maximum(SimTime::ZERO, SimTime::ZERO + FIRST);
            Invalid::unless(
                most <= FASTEST,
                "rate",
                format!("{most:e}/s"),
                "at most 10^9/s: one a nanosecond, for there is no finer time",
            )?;
        }
        let kind = match arrivals {
            Arrivals::Poisson => Kind::Poisson { rate: need(rate)?, window: Window::default() },
            Arrivals::Constant => Kind::Paced { rate: need(rate)?, gap: one()? },
            Arrivals::Renewal(gap) => {
                positive_mean("gap", &gap)?;
                match rate {
                    Some(rate) => Kind::Paced { rate, gap: gap.fit_to_mean(1.0) },
                    None => Kind::Renewal { gap },
                }
            }
            Arrivals::Mmpp(states) => Self::modulated(states, rate)?,
        };
        Ok(ArrivalProcess { kind, at: 0, missing: None, carry: 0.0 })
    }

    fn modulated(states: Vec<MmppState>, rate: Option<RateProfile>) -> Result<Kind, Invalid> {
        Invalid::unless(!states.is_empty(), "states", "empty", "one state at least")?;
        for state in &states {
            Invalid::unless((0.0..=1e15).contains(&state.rate), "rate", state.rate, "from 0 to 10^15")?;
            positive_mean("stay", &state.stay)?;
        }
        let time: f64 = states.iter().map(|state| state.stay.mean()).sum();
        let mean = states.iter().map(|state| state.rate * state.stay.mean()).sum::<f64>() / time;
        Invalid::unless(mean > 0.0, "states", "without arrivals", "above 0 in one state at least")?;
        let factor = match rate {
            Some(rate) => rate.scaled(1.0 / mean),
            None => RateProfile::constant(1.0)?,
        };
        Ok(Kind::Mmpp { states: states.into(), factor, state: 0, until: 0, begun: false })
    }

    /// Lets the process begin at an instant.
    pub(crate) fn begin(&mut self, at: SimTime) {
        self.at = at.as_nanos();
    }

    /// Finds the next arrival.
    #[inline(always)]
    pub(crate) fn next(&mut self, stream: &mut Stream) -> Next {
        match &mut self.kind {
            Kind::Poisson { rate, window } => match rate.next_point(self.at, window, stream) {
                Thinned::At(at) => self.arrive(at),
                Thinned::NotYet(at) => self.go_on(at),
                Thinned::Never => Next::Never,
            },
            Kind::Paced { .. } | Kind::Renewal { .. } => self.next_by_gap(stream),
            Kind::Mmpp { .. } => self.next_modulated(stream),
        }
    }

    #[inline(never)]
    fn next_by_gap(&mut self, stream: &mut Stream) -> Next {
        match &mut self.kind {
            Kind::Renewal { gap } => {
                let at = later(self.at, gap.sample(stream));
                self.arrive(at)
            }
            Kind::Paced { rate, gap } => {
                let amount = match self.missing.take() {
                    Some(missing) => missing,
                    None => gap.sample(stream) + self.carry,
                };
                match rate.reach(self.at, amount) {
                    Reach::After(span) => {
                        let rounded = SimDuration::from_nanos_f64(span).as_nanos();
                        let at = self.at.saturating_add(rounded);
                        self.carry = (rounded as f64 - span) * 1e-9 * -rate.value(at);
                        self.arrive(at)
                    }
                    Reach::NotYet { until, missing } => {
                        self.missing = Some(missing);
                        self.go_on(until)
                    }
                    Reach::Never => Next::Never,
                }
            }
            Kind::Poisson { .. } | Kind::Mmpp { .. } => unreachable!("these have no gaps of one law"),
        }
    }

    fn arrive(&mut self, at: u64) -> Next {
        self.at = at;
        if at == u64::MAX { Next::Never } else { Next::Arrival(SimTime::from_nanos(at)) }
    }

    fn go_on(&mut self, at: u64) -> Next {
        self.at = at;
        if at == u64::MAX { Next::Never } else { Next::NotYet(SimTime::from_nanos(at)) }
    }

    /// In a state the process is Poisson and has no memory: what would come after the state's end is forgotten.
    #[inline(never)]
    fn next_modulated(&mut self, stream: &mut Stream) -> Next {
        let Kind::Mmpp { states, factor, state, until, begun } = &mut self.kind else {
            unreachable!("called for a modulated process only")
        };
        if !*begun {
            *begun = true;
            *state = first_state(states, stream);
            *until = stay(self.at, &states[*state], stream);
        }
        for _ in 0..CHANGES {
            let rate = states[*state].rate;
            if rate > 0.0 {
                match factor.reach(self.at, stream.exponential() / rate) {
                    Reach::After(span) => {
                        let at = later(self.at, span);
                        if at < *until {
                            return self.arrive(at);
                        }
                    }
                    Reach::NotYet { until: reached, .. } if reached < *until => {
                        // No memory here either: the rest is drawn anew from there.
                        return self.go_on(reached);
                    }
                    Reach::NotYet { .. } => {}
                    Reach::Never => return Next::Never,
                }
            }
            self.at = *until;
            *state = (*state + 1) % states.len();
            *until = stay(self.at, &states[*state], stream);
        }
        let at = self.at;
        self.go_on(at)
    }
}

/// The process begins in each state with the share of time it has in the long run, so that the mean rate is right
/// from the start. (Right for the rest of the stay, too, if stays are exponential.)
fn first_state(states: &[MmppState], stream: &mut Stream) -> usize {
    let total: f64 = states.iter().map(|state| state.stay.mean()).sum();
    let mut left = stream.uniform() * total;
    for (i, state) in states.iter().enumerate() {
        left -= state.stay.mean();
        if left < 0.0 {
            return i;
        }
    }
    states.len() - 1
}

fn stay(from: u64, state: &MmppState, stream: &mut Stream) -> u64 {
    later(from, state.stay.sample(stream).max(1.0))
}

fn one() -> Result<Distribution, Invalid> {
    Distribution::constant(1.0).map_err(|error| Invalid::new("gap", error, "a constant"))
}

fn positive_mean(field: &'static str, law: &Distribution) -> Result<(), Invalid> {
    let mean = law.mean();
    Invalid::unless(mean > 0.0 && mean.is_finite(), field, mean, "above 0 and finite on average")
}

#[cfg(test)]
mod tests;
