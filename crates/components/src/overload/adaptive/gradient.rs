//! The gradient of response times.

use super::{INITIAL, Sample};

/// Compares each response time with a long average: as long as it is not above it by more than a tolerance the limit
/// grows by the room for a queue; else it shrinks in proportion, by half at most, smoothed.
///
/// # Units
/// `tolerance` \[times the long average\].
///
/// # Assumptions
/// Each call is a sample. The library can also be told to take the averages of windows of time.
///
/// # Source
/// Netflix concurrency-limits, `Gradient2Limit` (smoothing 0.2, queue 4, long window 600, tolerance 1.5, long average
/// cut to 0.95 when it is more than twice the sample) and `ExpAvgMeasurement` (the plain average of the first ten).
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    min: f64,
    max: f64,
    tolerance: f64,
    estimate: f64,
    /// The long average of response times \[ns\], and of how many it is, up to ten.
    long: f64,
    seen: u32,
}

const SMOOTHING: f64 = 0.2;
const QUEUE: f64 = 4.0;
const LONG_WINDOW: f64 = 600.0;
const WARM_UP: u32 = 10;
const DRIFT: f64 = 0.95;

impl Gradient {
    /// Returns a limit within these bounds.
    ///
    /// # Panics
    /// If they are none, `min` above `max` or 0; or if the tolerance is below 1.
    pub fn new(min: u64, max: u64, tolerance: f64) -> Gradient {
        assert!((1..=max).contains(&min), "at least one, and no more than the most");
        assert!(tolerance >= 1.0, "what is no slower than the average is tolerated");
        let estimate = INITIAL.clamp(min, max) as f64;
        Gradient { min: min as f64, max: max as f64, tolerance, estimate, long: 0.0, seen: 0 }
    }

    /// Returns the limit now.
    pub fn limit(&self) -> u64 {
        self.estimate as u64
    }

    /// Learns from a call. What was dropped says nothing of response times, and is taken as any other, as there.
    pub fn learn(&mut self, of: Sample) {
        let short = (of.took.as_nanos() as f64).max(1.0);
        self.average(short);
        let long = self.long;
        if long / short > 2.0 {
            self.long *= DRIFT;
        }
        // Who asks for little does not learn how much there could be.
        if (of.in_flight as f64) < self.estimate / 2.0 {
            return;
        }
        let gradient = (self.tolerance * long / short).clamp(0.5, 1.0);
        let wanted = self.estimate * gradient + QUEUE;
        let smooth = self.estimate * (1.0 - SMOOTHING) + wanted * SMOOTHING;
        self.estimate = smooth.clamp(self.min, self.max);
    }

    fn average(&mut self, value: f64) {
        if self.seen < WARM_UP {
            self.seen += 1;
            self.long += (value - self.long) / f64::from(self.seen);
        } else {
            let weight = 2.0 / (LONG_WINDOW + 1.0);
            self.long += (value - self.long) * weight;
        }
    }
}
