//! The average of a level over time: queue length, servers busy, instances up.

/// A level that changes at instants, averaged over the time it was held.
///
/// # Units
/// Instants in nanoseconds; the integral is in level times nanoseconds. Levels that are whole numbers make it
/// exact up to 2^53 (a level of 1000 for 2.5 hours), so that Little's law can be checked to the last digit.
///
/// # Source
/// Law, Simulation Modeling and Analysis, 5th ed., section 1.4.1 (area under the curve).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeAverage {
    start: u64,
    last: u64,
    level: f64,
    /// Area from `start` to `last`.
    area: f64,
    max: f64,
}

impl TimeAverage {
    /// Starts with `level` at the instant `now`.
    pub fn new(now: u64, level: f64) -> Self {
        TimeAverage { start: now, last: now, level, area: 0.0, max: level }
    }

    /// Sets the level from `now` on.
    ///
    /// # Panics
    /// If `now` lies before the last change.
    #[inline]
    pub fn set(&mut self, now: u64, level: f64) {
        self.area = self.integral(now);
        self.last = now;
        self.level = level;
        self.max = self.max.max(level);
    }

    /// Raises the level by `change` (lowers it, if negative) from `now` on.
    ///
    /// # Panics
    /// If `now` lies before the last change.
    #[inline]
    pub fn add(&mut self, now: u64, change: f64) {
        self.set(now, self.level + change);
    }

    /// Returns the level that holds since the last change.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Returns the highest level since the start, one held for no time included.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// Returns the area under the level from the start to `now`.
    ///
    /// # Panics
    /// If `now` lies before the last change.
    #[inline]
    pub fn integral(&self, now: u64) -> f64 {
        let held = now.checked_sub(self.last).expect("time never goes back");
        self.area + self.level * held as f64
    }

    /// Returns the mean level from the start to `now`, if any time has passed.
    ///
    /// # Panics
    /// If `now` lies before the last change.
    pub fn mean(&self, now: u64) -> Option<f64> {
        (now > self.start || now < self.last).then(|| self.integral(now) / (now - self.start) as f64)
    }

    /// Starts anew at `now` with the level that holds: for the end of the warm-up and for windows.
    ///
    /// # Panics
    /// If `now` lies before the last change.
    pub fn reset(&mut self, now: u64) {
        assert!(now >= self.last, "time never goes back: {now} after {}", self.last);
        *self = TimeAverage::new(now, self.level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_by_hand() {
        let mut queue = TimeAverage::new(100, 0.0);
        queue.add(110, 1.0);
        queue.add(120, 1.0);
        queue.add(150, -1.0);
        queue.set(170, 0.0);
        // 10 at 0, 10 at 1, 30 at 2, 20 at 1, 30 at 0.
        assert_eq!(queue.integral(200), 90.0);
        assert_eq!(queue.mean(200), Some(0.9));
        assert_eq!((queue.max(), queue.level()), (2.0, 0.0));
    }

    #[test]
    fn a_reset_keeps_the_level_and_forgets_the_past() {
        let mut level = TimeAverage::new(0, 5.0);
        level.set(10, 2.0);
        level.reset(20);
        assert_eq!((level.integral(20), level.mean(20), level.max()), (0.0, None, 2.0));
        assert_eq!(level.mean(30), Some(2.0));
    }

    #[test]
    fn a_peak_of_no_duration_counts_for_the_maximum_only() {
        let mut level = TimeAverage::new(0, 0.0);
        level.add(5, 3.0);
        level.add(5, -3.0);
        assert_eq!((level.max(), level.mean(10)), (3.0, Some(0.0)));
    }

    #[test]
    fn asking_does_not_disturb() {
        let mut asked = TimeAverage::new(0, 1.0);
        let mut left_alone = asked;
        assert_eq!(asked.mean(7), Some(1.0));
        asked.set(10, 4.0);
        left_alone.set(10, 4.0);
        assert_eq!(asked, left_alone);
    }

    #[test]
    #[should_panic(expected = "time never goes back")]
    fn time_that_goes_back_is_refused() {
        TimeAverage::new(10, 0.0).set(9, 1.0);
    }
}
