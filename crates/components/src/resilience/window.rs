//! The recent past of a breaker: calls, and how many of them were bad.

use kneepoint_engine::{SimDuration, SimTime};

/// How much of the past counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span {
    /// The last so many calls.
    Calls(u32),
    /// A time in equal buckets, counted from the start of the run: the one that is being filled, and those before it.
    Time {
        /// Of all buckets together.
        length: SimDuration,
        /// How many there are.
        buckets: u32,
    },
}

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls.
    pub all: u64,
    /// Those that were bad.
    pub bad: u64,
}

/// Counts over a sliding span.
///
/// # Source
/// Both forms as in resilience4j (`FixedSizeSlidingWindowMetrics`, `SlidingTimeWindowMetrics`); opossum and Hystrix roll
/// over buckets of time in the same way.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    span: Span,
    sum: Tally,
    /// One for each bucket of time, or for each call.
    parts: Vec<Tally>,
    /// The bucket that is being filled, counted from the start of the run; or the next call's place.
    now: u64,
}

impl Window {
    /// Returns an empty window.
    ///
    /// # Panics
    /// If it has no length or no buckets.
    pub fn new(span: Span) -> Window {
        let parts = match span {
            Span::Calls(calls) => calls,
            Span::Time { length, buckets } => {
                assert!(length.as_nanos() >= u64::from(buckets), "a bucket of a window needs a length");
                buckets
            }
        };
        assert!(parts > 0, "a window without anything in it");
        Window { span, sum: Tally::default(), parts: vec![Tally::default(); parts as usize], now: 0 }
    }

    /// Forgets what is too old.
    fn roll(&mut self, now: SimTime) {
        let Span::Time { length, buckets } = self.span else { return };
        let at = now.as_nanos() / (length.as_nanos() / u64::from(buckets));
        let passed = at.saturating_sub(self.now);
        if passed >= u64::from(buckets) {
            self.clear();
        } else {
            for bucket in self.now + 1..=at {
                let old = std::mem::take(&mut self.parts[(bucket % u64::from(buckets)) as usize]);
                self.sum.all -= old.all;
                self.sum.bad -= old.bad;
            }
        }
        self.now = self.now.max(at);
    }

    /// Adds to the present; the same call may be added in two steps where time is counted.
    pub fn add(&mut self, all: u64, bad: u64, now: SimTime) {
        self.roll(now);
        let at = (self.now % self.parts.len() as u64) as usize;
        match self.span {
            Span::Calls(_) => {
                let old = std::mem::replace(&mut self.parts[at], Tally { all, bad });
                self.sum.all -= old.all;
                self.sum.bad -= old.bad;
                self.now += 1;
            }
            Span::Time { .. } => {
                self.parts[at].all += all;
                self.parts[at].bad += bad;
            }
        }
        self.sum.all += all;
        self.sum.bad += bad;
    }

    /// Returns what is inside now.
    pub fn tally(&mut self, now: SimTime) -> Tally {
        self.roll(now);
        self.sum
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.sum = Tally::default();
        self.parts.fill(Tally::default());
        if let Span::Calls(_) = self.span {
            self.now = 0;
        }
    }
}
