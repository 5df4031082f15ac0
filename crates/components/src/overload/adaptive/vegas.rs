//! How many calls must be queueing.

use kneepoint_random::Stream;

use super::{INITIAL, Sample};

/// Takes the shortest response time for one without queues: of a limit L, `L (1 - shortest / this)` calls are queueing.
/// Few make the limit grow, many make it shrink, by steps of log10 L; none at all, by six of them.
///
/// The shortest time is taken anew now and then, at a random moment: the system may have become slower.
///
/// # Source
/// Netflix concurrency-limits, `VegasLimit` (alpha 3 log10, beta 6 log10, threshold log10 of the limit, smoothing 1,
/// probes every 30 limits times 0.5 to 1), after Brakmo and Peterson, "TCP Vegas", IEEE JSAC 13(8), 1995.
#[derive(Clone, Debug, PartialEq)]
pub struct Vegas {
    min: f64,
    max: f64,
    estimate: f64,
    /// \[ns\]; 0 until a call was seen.
    shortest: u64,
    since_probe: u64,
    /// Of the calls after which the shortest time is taken anew, drawn for each time; 0 until it is.
    jitter: f64,
}

const PROBE: f64 = 30.0;

impl Vegas {
    /// Returns a limit within these bounds.
    ///
    /// # Panics
    /// If they are none: `min` above `max`, or 0.
    pub fn new(min: u64, max: u64) -> Vegas {
        assert!((1..=max).contains(&min), "at least one, and no more than the most");
        let estimate = INITIAL.clamp(min, max) as f64;
        Vegas { min: min as f64, max: max as f64, estimate, shortest: 0, since_probe: 0, jitter: 0.0 }
    }

    /// Returns the limit now.
    pub fn limit(&self) -> u64 {
        self.estimate as u64
    }

    /// Learns from a call.
    pub fn learn(&mut self, of: Sample, draws: &mut Stream) {
        if self.jitter == 0.0 {
            self.jitter = 0.5 + 0.5 * draws.uniform();
        }
        let took = of.took.as_nanos().max(1);
        self.since_probe += 1;
        if self.jitter * PROBE * self.estimate <= self.since_probe as f64 {
            self.jitter = 0.5 + 0.5 * draws.uniform();
            (self.since_probe, self.shortest) = (0, took);
            return;
        }
        if self.shortest == 0 || took < self.shortest {
            self.shortest = took;
            return;
        }
        let queueing = (self.estimate * (1.0 - self.shortest as f64 / took as f64)).ceil();
        let step = f64::max(1.0, self.estimate.log10().floor());
        let by = if of.dropped {
            -step
        } else if (of.in_flight * 2) as f64 >= self.estimate {
            match queueing {
                few if few <= step => 6.0 * step,
                some if some < 3.0 * step => step,
                many if many > 6.0 * step => -step,
                _ => 0.0,
            }
        } else {
            0.0
        };
        self.estimate = (self.estimate + by).clamp(self.min, self.max);
    }
}
