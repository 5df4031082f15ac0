//! A quantile of times of the recent past.

use kneepoint_engine::{SimDuration, SimTime};

/// Cells per doubling of time; within one, times are taken as even.
const CELLS: u64 = 16;
/// Doublings: from 16 ns to 2^43 ns, which is more than two hours.
const DOUBLINGS: u64 = 40;
/// How many stretches the past is made of.
///
/// # Source
/// Finagle's `WindowedPercentileHistogram`, as its backup requests use it: 5 buckets of 3 s.
const STRETCHES: usize = 5;
const STRETCH: u64 = 3_000_000_000;

/// Estimates a quantile of response times from a histogram over the last 12 to 15 seconds.
///
/// The estimate is made when a stretch of 3 s ends, of the five stretches that are over then: nothing of the present
/// is known. There is none while fewer times are known than it takes to see one beyond the quantile.
///
/// # Assumptions
/// Times within a cell (6 % wide at most) are even, so that the estimate is between its ends in proportion.
#[derive(Clone, Debug)]
pub struct RecentQuantile {
    of: f64,
    now: u64,
    /// The stretch that is being filled, and those before it, in a ring.
    cells: Vec<u32>,
    known: Option<SimDuration>,
}

impl RecentQuantile {
    /// Returns an estimator of this quantile.
    ///
    /// # Panics
    /// If it is not between 0 and 1.
    pub fn new(of: f64) -> RecentQuantile {
        assert!(of > 0.0 && of < 1.0, "a quantile lies between 0 and 1");
        let cells = vec![0; (STRETCHES + 1) * (CELLS * DOUBLINGS) as usize];
        RecentQuantile { of, now: 0, cells, known: None }
    }

    fn stretch(&mut self, number: u64) -> &mut [u32] {
        let cells = (CELLS * DOUBLINGS) as usize;
        let at = (number % (STRETCHES as u64 + 1)) as usize * cells;
        &mut self.cells[at..at + cells]
    }

    fn roll(&mut self, now: SimTime) {
        let at = now.as_nanos() / STRETCH;
        if at == self.now {
            return;
        }
        // Stretches in which nothing was recorded are over too.
        let first = at.saturating_sub(STRETCHES as u64 + 1).max(self.now) + 1;
        for number in first..=at {
            self.stretch(number).fill(0);
        }
        self.now = at;
        if let Some(estimate) = self.estimate() {
            self.known = Some(estimate);
        }
    }

    /// Of all stretches but the one that is being filled, which is empty now.
    fn estimate(&self) -> Option<SimDuration> {
        let cells = (CELLS * DOUBLINGS) as usize;
        let sum = |cell: usize| -> u64 {
            (0..=STRETCHES).map(|stretch| u64::from(self.cells[stretch * cells + cell])).sum()
        };
        let total: u64 = (0..cells).map(sum).sum();
        if (total as f64) * (1.0 - self.of) < 1.0 {
            return None;
        }
        let rank = self.of * total as f64;
        let mut below = 0.0;
        for cell in 0..cells {
            let inside = sum(cell) as f64;
            if inside > 0.0 && below + inside >= rank {
                let (low, high) = (start_of(cell as u64), start_of(cell as u64 + 1));
                return Some(SimDuration::from_nanos_f64(low + (high - low) * (rank - below) / inside));
            }
            below += inside;
        }
        None
    }

    /// A call took this long, or was given up after so long, which it would have exceeded.
    pub fn record(&mut self, took: SimDuration, now: SimTime) {
        self.roll(now);
        let cell = cell_of(took.as_nanos());
        let now = self.now;
        self.stretch(now)[cell as usize] += 1;
    }

    /// Returns the estimate, if there is one.
    pub fn get(&mut self, now: SimTime) -> Option<SimDuration> {
        self.roll(now);
        self.known
    }
}

/// Which cell a time \[ns\] falls into.
fn cell_of(nanos: u64) -> u64 {
    if nanos < CELLS {
        return 0;
    }
    let doubling = u64::from(nanos.ilog2()) - u64::from(CELLS.ilog2());
    let within = (nanos >> doubling) - CELLS;
    (doubling * CELLS + within).min(CELLS * DOUBLINGS - 1)
}

/// The shortest time of a cell \[ns\].
fn start_of(cell: u64) -> f64 {
    ((CELLS + cell % CELLS) << (cell / CELLS)) as f64
}
