//! Views: the only way to see another component's levels.

use std::collections::VecDeque;

use kneepoint_engine::{SimDuration, SimTime};

use crate::core::Core;
use crate::handle::ComponentId;

/// Another component's level as a controller sees it: sampled, delayed, averaged over a window.
///
/// Nobody in a model sees the present for free.
#[derive(Clone, Debug)]
pub struct View {
    owner: ComponentId,
    name: String,
    delay: SimDuration,
    window: SimDuration,
    /// When sampled, the level's integral since the start of the run, and the level.
    seen: VecDeque<(SimTime, f64, f64)>,
}

impl View {
    /// Returns a view of the level `name` of `owner`: what is read is the mean over `window` that ended at the
    /// last sample at least `delay` ago.
    pub fn new(owner: ComponentId, name: &str, delay: SimDuration, window: SimDuration) -> View {
        View { owner, name: name.to_string(), delay, window, seen: VecDeque::new() }
    }

    /// Takes a sample now. Call it on a timer of your own. Levels reset in between start anew.
    pub fn sample(&mut self, cx: &Core) {
        let now = cx.now();
        if let Some(level) = cx.level_of(self.owner, &self.name) {
            let integral = level.integral(now.as_nanos());
            if self.seen.back().is_some_and(|(_, last, _)| *last > integral) {
                self.seen.clear();
            }
            self.seen.push_back((now, integral, level.value()));
        }
        while self.seen.len() > 2 && self.seen[1].0 + self.delay + self.window < now {
            self.seen.pop_front();
        }
    }

    /// Returns the level of the last sample at least `delay` ago, if there is one.
    pub fn last(&self, cx: &Core) -> Option<f64> {
        self.latest(|at| at + self.delay <= cx.now()).map(|x| x.2)
    }

    /// Returns the mean level over the window, or nothing while not enough is known.
    pub fn mean(&self, cx: &Core) -> Option<f64> {
        let end = self.latest(|at| at + self.delay <= cx.now())?;
        let begin = self.latest(|at| at + self.window <= end.0 && at < end.0)?;
        Some((end.1 - begin.1) / (end.0 - begin.0).as_nanos() as f64)
    }

    /// The last sample that is early enough. Many may be under way: they are in order, so none is looked at but a few.
    fn latest(&self, is_early: impl Fn(SimTime) -> bool) -> Option<&(SimTime, f64, f64)> {
        let early = self.seen.partition_point(|x| is_early(x.0));
        self.seen.get(early.checked_sub(1)?)
    }
}
