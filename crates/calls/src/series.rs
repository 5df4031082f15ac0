//! Series a component keeps beyond the standard books: levels, samples, counts.
//!
//! A series is named by the component's path and its own name. Whoever keeps one asks for its handle once, at
//! the start; the runtime resets all of them at the end of warm-up, so that no author can forget it.

use std::collections::BTreeMap;

/// A level over time: queue length, busy servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge(pub(crate) u32);

impl Gauge {
    /// That of nobody, for a field that is filled at the start.
    pub const NONE: Gauge = Gauge(u32::MAX);
}

/// Values per event: waiting times, batch sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples(pub(crate) u32);

impl Samples {
    /// Those of nobody, for a field that is filled at the start.
    pub const NONE: Samples = Samples(u32::MAX);
}

/// A count of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter(pub(crate) u32);

impl Counter {
    /// That of nobody, for a field that is filled at the start.
    pub const NONE: Counter = Counter(u32::MAX);
}

/// State of a [`Gauge`].
///
/// A level is counted in whole numbers for as long as it is one, and nearly all are for good: that is exact, and cheap.
#[derive(Clone, Debug, PartialEq)]
#[repr(align(64))] // one line of the cache
pub struct Level {
    /// Sum over all changes of the change times its instant: the integral until `now` is `value * now - moment`.
    moment: i128,
    value: i64,
    /// The highest and the lowest since the last reset; crossed over once the level is [`Real`], so that every change
    /// is an extreme and goes the rare way.
    max: i64,
    min: i64,
    /// When it was last reset \[ns\].
    from: u64,
    /// What counts once it was anything but a whole number.
    real: Option<Box<Real>>,
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
        Level { moment: 0, value: 0, max: 0, min: 0, from: now, real: None }
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, now: u64, by: f64) {
        let Some(by) = whole(by) else { return self.set_real(now, self.value() + by) };
        self.add_whole(now, by);
        // Which way it goes is known where this is compiled, nearly always: so one comparison is left.
        let extreme = if by > 0 { self.value > self.max } else { self.value < self.min };
        if extreme {
            self.new_extreme(now, by);
        }
    }

    #[inline(always)]
    fn add_whole(&mut self, now: u64, by: i64) {
        self.value += by;
        self.moment += i128::from(by) * i128::from(now);
    }

    /// Higher or lower than ever since the last reset; perhaps too far for whole numbers, or not one of them any more.
    #[cold]
    #[inline(never)]
    fn new_extreme(&mut self, now: u64, by: i64) {
        if let Some(level) = &mut self.real {
            self.value = 0;
            return level.set(now, level.value + by as f64);
        }
        self.max = self.max.max(self.value);
        self.min = self.min.min(self.value);
        if self.value.unsigned_abs() >= MOST as u64 {
            self.become_real(now);
        }
    }

    pub(crate) fn set(&mut self, now: u64, value: f64) {
        match (&self.real, whole(value)) {
            (None, Some(value)) => {
                let by = value - self.value;
                self.add_whole(now, by);
                self.new_extreme(now, by);
            }
            _ => self.set_real(now, value),
        }
    }

    #[inline(never)]
    fn set_real(&mut self, now: u64, value: f64) {
        self.become_real(now).set(now, value);
    }

    /// From here on it may be any number.
    #[cold]
    #[inline(never)]
    fn become_real(&mut self, now: u64) -> &mut Real {
        let whole = Real {
            value: self.value as f64,
            area: self.whole_integral(now),
            since: now,
            max: self.max as f64,
            min: self.min as f64,
            times: None,
        };
        if self.real.is_none() {
            (self.value, self.max, self.min) = (0, i64::MIN, i64::MAX);
        }
        self.real.get_or_insert_with(|| Box::new(whole))
    }

    /// Keeps the time at each level from here on.
    pub(crate) fn keep_times(&mut self, now: u64) {
        self.become_real(now).times.get_or_insert_with(Vec::new);
    }

    pub(crate) fn reset(&mut self, now: u64) {
        self.from = now;
        match &mut self.real {
            None => {
                self.moment = i128::from(self.value) * i128::from(now);
                (self.max, self.min) = (self.value, self.value);
            }
            Some(level) => {
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
        self.real.as_ref().map_or(self.value as f64, |level| level.value)
    }

    /// Returns the integral of the level from the last reset until `now` [ns times its unit].
    pub fn integral(&self, now: u64) -> f64 {
        match &self.real {
            None => self.whole_integral(now),
            Some(level) => level.area + level.value * (now - level.since) as f64,
        }
    }

    fn whole_integral(&self, now: u64) -> f64 {
        (i128::from(self.value) * i128::from(now) - self.moment) as f64
    }

    /// Returns the time average from the last reset until `now`; the level itself if no time has passed.
    pub fn mean(&self, now: u64) -> f64 {
        if now > self.from { self.integral(now) / (now - self.from) as f64 } else { self.value() }
    }

    /// Returns the time spent at level 0, 1, 2, … from the last reset until `now` \[ns\]; nothing unless the level
    /// is kept [by value](crate::Core::gauge_by_value).
    pub fn times(&self, now: u64) -> Option<Vec<u64>> {
        let level = self.real.as_ref()?;
        let mut times = level.times.clone()?;
        add_time(&mut times, level.value, now - level.since);
        Some(times)
    }

    /// Returns the highest level since the last reset.
    pub fn max(&self) -> f64 {
        self.real.as_ref().map_or(self.max as f64, |level| level.max)
    }

    /// Returns the lowest level since the last reset.
    pub fn min(&self) -> f64 {
        self.real.as_ref().map_or(self.min as f64, |level| level.min)
    }
}

/// The number itself if it is a whole one, far from where sums could overflow.
#[inline(always)]
fn whole(value: f64) -> Option<i64> {
    let whole = value as i64;
    (whole as f64 == value && whole.unsigned_abs() < MOST as u64).then_some(whole)
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
