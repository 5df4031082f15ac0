//! Series a component keeps beyond the standard books: levels, samples, counts.
//!
//! A series is named by the component's path and its own name. Whoever keeps one asks for its handle once, at
//! the start; the runtime resets all of them at the end of warm-up, so that no author can forget it.

use std::collections::BTreeMap;

/// A level over time: queue length, busy servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge(pub(crate) u32);

/// Values per event: waiting times, batch sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples(pub(crate) u32);

/// A count of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter(pub(crate) u32);

/// State of a [`Gauge`].
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// When it was last reset \[ns\].
    from: u64,
    state: State,
}

/// A level is counted in whole numbers for as long as it is one, and nearly all are for good: that is exact, and cheap.
#[derive(Clone, Debug, PartialEq)]
enum State {
    Whole(Whole),
    Real(Box<Real>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Whole {
    value: i64,
    /// Sum over all changes of the change times its instant: the integral until `now` is `value * now - moment`.
    moment: i128,
    max: i64,
    min: i64,
}

#[derive(Clone, Debug, PartialEq)]
struct Real {
    value: f64,
    area: f64,
    /// Until when `area` has been added up \[ns\].
    since: u64,
    max: f64,
    min: f64,
    /// Time spent at each whole level \[ns\], if asked for.
    times: Option<Vec<u64>>,
}

/// Whole levels stay below this: far from where sums of them could overflow, or `f64` has gaps.
const MOST: i64 = 1 << 50;

impl Level {
    /// A level that is 0 from now on.
    pub(crate) fn new(now: u64) -> Level {
        Level { from: now, state: State::Whole(Whole { value: 0, moment: 0, max: 0, min: 0 }) }
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, now: u64, by: f64) {
        if let (State::Whole(level), Some(by)) = (&mut self.state, whole(by)) {
            level.add(now, by);
            if level.value > level.max || level.value < level.min {
                self.new_extreme(now);
            }
            return;
        }
        self.set_real(now, self.value() + by);
    }

    /// Higher or lower than ever since the last reset; perhaps too far for whole numbers.
    #[cold]
    #[inline(never)]
    fn new_extreme(&mut self, now: u64) {
        if let State::Whole(level) = &mut self.state {
            level.max = level.max.max(level.value);
            level.min = level.min.min(level.value);
            if level.value.unsigned_abs() >= MOST as u64 {
                self.become_real(now);
            }
        }
    }

    pub(crate) fn set(&mut self, now: u64, value: f64) {
        match (&mut self.state, whole(value)) {
            (State::Whole(level), Some(value)) => {
                level.add(now, value - level.value);
                self.new_extreme(now);
            }
            _ => self.set_real(now, value),
        }
    }

    #[inline(never)]
    fn set_real(&mut self, now: u64, value: f64) {
        self.become_real(now);
        if let State::Real(level) = &mut self.state {
            level.set(now, value);
        }
    }

    /// From here on it may be any number.
    #[cold]
    #[inline(never)]
    fn become_real(&mut self, now: u64) {
        if let State::Whole(whole) = self.state {
            self.state = State::Real(Box::new(Real {
                value: whole.value as f64,
                area: whole.integral(now),
                since: now,
                max: whole.max as f64,
                min: whole.min as f64,
                times: None,
            }));
        }
    }

    /// Keeps the time at each level from here on.
    pub(crate) fn keep_times(&mut self, now: u64) {
        self.become_real(now);
        if let State::Real(level) = &mut self.state {
            level.times.get_or_insert_with(Vec::new);
        }
    }

    pub(crate) fn reset(&mut self, now: u64) {
        self.from = now;
        match &mut self.state {
            State::Whole(level) => {
                level.moment = i128::from(level.value) * i128::from(now);
                (level.max, level.min) = (level.value, level.value);
            }
            State::Real(level) => {
                (level.area, level.since) = (0.0, now);
                (level.max, level.min) = (level.value, level.value);
                if let Some(times) = &mut level.times {
                    times.fill(0);
                }
            }
        }
    }

    /// Returns the level now.
    pub fn value(&self) -> f64 {
        match &self.state {
            State::Whole(level) => level.value as f64,
            State::Real(level) => level.value,
        }
    }

    /// Returns the integral of the level from the last reset until `now` [ns times its unit].
    pub fn integral(&self, now: u64) -> f64 {
        match &self.state {
            State::Whole(level) => level.integral(now),
            State::Real(level) => level.area + level.value * (now - level.since) as f64,
        }
    }

    /// Returns the time average from the last reset until `now`; the level itself if no time has passed.
    pub fn mean(&self, now: u64) -> f64 {
        if now > self.from { self.integral(now) / (now - self.from) as f64 } else { self.value() }
    }

    /// Returns the time spent at level 0, 1, 2, … from the last reset until `now` [ns]; nothing unless the level
    /// is kept [by value](crate::Core::gauge_by_value).
    pub fn times(&self, now: u64) -> Option<Vec<u64>> {
        let State::Real(level) = &self.state else { return None };
        let mut times = level.times.clone()?;
        add_time(&mut times, level.value, now - level.since);
        Some(times)
    }

    /// Returns the highest level since the last reset.
    pub fn max(&self) -> f64 {
        match &self.state {
            State::Whole(level) => level.max as f64,
            State::Real(level) => level.max,
        }
    }

    /// Returns the lowest level since the last reset.
    pub fn min(&self) -> f64 {
        match &self.state {
            State::Whole(level) => level.min as f64,
            State::Real(level) => level.min,
        }
    }
}

/// The number itself if it is a whole one, far from where sums could overflow.
#[inline(always)]
fn whole(value: f64) -> Option<i64> {
    let whole = value as i64;
    (whole as f64 == value && whole.unsigned_abs() < MOST as u64).then_some(whole)
}

impl Whole {
    #[inline(always)]
    fn add(&mut self, now: u64, by: i64) {
        self.value += by;
        self.moment += i128::from(by) * i128::from(now);
    }

    fn integral(&self, now: u64) -> f64 {
        (i128::from(self.value) * i128::from(now) - self.moment) as f64
    }
}

impl Real {
    fn set(&mut self, now: u64, value: f64) {
        let span = now - self.since;
        self.area += self.value * span as f64;
        if let Some(times) = &mut self.times {
            add_time(times, self.value, span);
        }
        self.since = now;
        self.value = value;
        self.max = self.max.max(value);
        self.min = self.min.min(value);
    }
}

fn add_time(times: &mut Vec<u64>, value: f64, span: u64) {
    let at = (value as i64).max(0) as usize;
    if at >= times.len() {
        times.resize(at + 1, 0);
    }
    times[at] += span;
}

/// All series of one sort, found by owner and name.
#[derive(Clone, Debug)]
pub(crate) struct Series<T> {
    pub states: Vec<T>,
    names: BTreeMap<(u32, String), u32>,
}

impl<T> Default for Series<T> {
    fn default() -> Self {
        Series { states: Vec::new(), names: BTreeMap::new() }
    }
}

impl<T> Series<T> {
    /// Finds the series of this owner and name, or adds it: a part that restarts goes on with its old ones.
    pub fn find_or_add(&mut self, owner: u32, name: &str, new: impl FnOnce() -> T) -> u32 {
        if let Some(at) = self.find(owner, name) {
            return at;
        }
        let at = self.states.len() as u32;
        self.states.push(new());
        self.names.insert((owner, name.to_string()), at);
        at
    }

    pub fn find(&self, owner: u32, name: &str) -> Option<u32> {
        self.names.get(&(owner, name.to_string())).copied()
    }

    /// The series of one owner, by name.
    pub fn of(&self, owner: u32) -> impl Iterator<Item = (&str, &T)> {
        self.names
            .range((owner, String::new())..(owner + 1, String::new()))
            .map(|((_, name), at)| (name.as_str(), &self.states[*at as usize]))
    }

    pub fn indices_of(&self, owner: u32) -> Vec<u32> {
        self.names.range((owner, String::new())..(owner + 1, String::new())).map(|(_, at)| *at).collect()
    }
}
