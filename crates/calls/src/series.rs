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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    pub(crate) value: f64,
    pub(crate) area: f64,
    pub(crate) since: u64,
    pub(crate) from: u64,
    pub(crate) max: f64,
    pub(crate) min: f64,
    /// Time spent at each whole level [ns], if asked for.
    pub(crate) times: Option<Vec<u64>>,
}

impl Level {
    #[inline(always)]
    pub(crate) fn set(&mut self, now: u64, value: f64) {
        let span = now - self.since;
        self.area += self.value * span as f64;
        if let Some(times) = &mut self.times {
            add_time(times, self.value, span);
        }
        self.since = now;
        self.value = value;
        // Branches, for they are nearly never taken; `f64::max` and `min` pay for NaN each time.
        if value > self.max {
            self.max = value;
        }
        if value < self.min {
            self.min = value;
        }
    }

    pub(crate) fn reset(&mut self, now: u64) {
        let times = self.times.take().map(|mut times| {
            times.fill(0);
            times
        });
        *self = Level {
            value: self.value,
            area: 0.0,
            since: now,
            from: now,
            max: self.value,
            min: self.value,
            times,
        };
    }

    /// Returns the level now.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns the integral of the level from the last reset until `now` [ns times its unit].
    pub fn integral(&self, now: u64) -> f64 {
        self.area + self.value * (now - self.since) as f64
    }

    /// Returns the time average from the last reset until `now`; the level itself if no time has passed.
    pub fn mean(&self, now: u64) -> f64 {
        if now > self.from { self.integral(now) / (now - self.from) as f64 } else { self.value }
    }

    /// Returns the time spent at level 0, 1, 2, … from the last reset until `now` [ns]; nothing unless the level
    /// is kept [by value](crate::Core::gauge_by_value).
    pub fn times(&self, now: u64) -> Option<Vec<u64>> {
        let mut times = self.times.clone()?;
        add_time(&mut times, self.value, now - self.since);
        Some(times)
    }

    /// Returns the highest level since the last reset.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// Returns the lowest level since the last reset.
    pub fn min(&self) -> f64 {
        self.min
    }
}

#[inline(always)]
fn add_time(times: &mut Vec<u64>, value: f64, span: u64) {
    // A level is far below 2^63: as a signed number it is one instruction, as an unsigned one it is ten.
    let at = (value as i64).max(0) as usize;
    match times.get_mut(at) {
        Some(time) => *time += span,
        None => add_new_time(times, at, span),
    }
}

/// Adds the time at a level never reached before.
#[cold]
#[inline(never)]
fn add_new_time(times: &mut Vec<u64>, at: usize, span: u64) {
    times.resize(at + 1, 0);
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
