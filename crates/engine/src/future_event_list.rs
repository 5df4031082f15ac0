//! The list of events to come.

use std::fmt;

use crate::SimTime;
use crate::wheel::{Entry, Wheel, below, level_of, sink_last};

/// Bounds of the number of events of a wheel bucket up to which it is sorted at once; a fuller one is spread first.
const BUCKET_LEAST: usize = 32;
const BUCKET_MOST: usize = 512;
/// Buckets are joined until the run has so many events: at high load a bucket of one nanosecond holds one.
const RUN_WORTHWHILE: usize = 8;
/// Events that a push into the run may pass at no charge.
const FREE_MOVES: usize = 24;
/// Further moves that a run is granted for each event it was filled with; then its tail goes back to the wheel.
const MOVES_GRANTED: usize = 8;
/// A run that is cut is cut to this length or below.
const RUN_AFTER_CUT: usize = 12;
/// With so few events in the wheel the run takes them all.
const FEW: usize = 8;
/// Places in the run to begin with: room for many pops and pushes before its front is cleared.
const RUN_PLACES: usize = 256;
/// Dead events are first looked for when the wheel holds so many.
const SWEEP_FROM: usize = 1024;

/// A list of events, popped by time and, at one time, in the order in which they were pushed.
///
/// It is a FIFO radix queue: a hierarchical timing wheel on the bits of time and in front of it the *run*, a short
/// sorted array. A pop takes the front of the run; a push goes to its bucket in the wheel, or into the run if the run
/// covers its time; an empty run is filled with the earliest bucket. The cost of an operation does not grow with the
/// number of events, and nothing depends on a guess about how times are distributed.
///
/// Entries are 16 bytes: there is no sequence number.
///
/// # Why equal times stay in order
/// All events up to the time `covered` are in the run, all later ones in the wheel, so equal times are always
/// together. The wheel keeps them in order (see there). The run is sorted stably when it is filled, and a push into it
/// goes behind its equals. When the run is cut, the cut lies between different times.
///
/// # Dead events
/// An event is cancelled by whoever owns its payload: `pop` asks `dead` and never returns a dead event.
/// Being dead must be for good, because when dead events leave is nobody's business: when they are popped, when
/// their bucket is spread, or in a sweep as soon as the wheel holds twice the number of events left by the last one.
/// So dead events never outnumber the living for long, however far in the future they lie, and each is looked at a
/// small constant number of times.
///
/// # Chosen
/// The constants of this file, by `examples/hold.rs`, from 10 to 10^6 events under four laws.
/// Sorting a bucket is cheaper than spreading it and taking the parts one by one, but the larger a part of all events
/// the run holds, the more pushes fall into it: hence the square root in `refill`.
/// A run without limit would be quadratic when a wide bucket is opened at low load and traffic then rises: hence the
/// cut, and hence not at a length but at a sum of moves, which lets a long run be when pushes pass it by or go to
/// its end.
/// Sweeping at half as many again instead of twice the number would save a quarter of the memory under timeouts, but
/// a cancelled timeout would then cost half as much again.
#[derive(Clone)]
pub struct FutureEventList {
    /// Sorted by time; places before `head` have been popped.
    run: Vec<Entry>,
    head: usize,
    /// Events up to this time are in the run, later ones in the wheel.
    covered: u64,
    wheel: Wheel,
    /// Moves that pushes may still cost before the run is cut.
    moves_left: usize,
    /// Events of a bucket up to which it may be sorted at once: halved by a cut, and grows with every refill.
    bucket_most: usize,
    /// Dead events are looked for when the wheel holds more than this.
    sweep_above: usize,
    /// The time of the event popped last.
    popped: SimTime,
}

impl Default for FutureEventList {
    fn default() -> Self {
        Self::new()
    }
}

impl FutureEventList {
    /// Returns an empty list.
    pub fn new() -> Self {
        Self {
            run: Vec::with_capacity(RUN_PLACES),
            head: 0,
            covered: u64::MAX,
            wheel: Wheel::new(),
            moves_left: 0,
            bucket_most: BUCKET_LEAST,
            sweep_above: SWEEP_FROM,
            popped: SimTime::ZERO,
        }
    }

    /// Adds an event.
    ///
    /// # Panics
    /// If `at` lies before the event popped last: time does not go back.
    #[inline(always)]
    pub fn push(&mut self, at: SimTime, payload: u64) {
        assert!(at >= self.popped, "event for {at} pushed after one for {} was popped", self.popped);
        self.insert(at, payload);
    }

    /// Removes and returns the next event that is not dead.
    #[inline(always)]
    pub fn pop(&mut self, dead: impl Fn(u64) -> bool + Copy) -> Option<(SimTime, u64)> {
        let event = self.pop_until(SimTime::MAX, dead);
        if let Some((time, _)) = event {
            self.popped = time;
        }
        event
    }

    /// Returns the time of the next event that is not dead; drops the dead ones before it.
    #[inline]
    pub fn peek_time(&mut self, dead: impl Fn(u64) -> bool + Copy) -> Option<SimTime> {
        while self.reach(SimTime::MAX, dead) {
            let front = self.run[self.head];
            if !dead(front.payload) {
                return Some(SimTime::from_nanos(front.time));
            }
            self.head += 1;
        }
        None
    }

    /// Tells whether the event at the front, dead or not, is for exactly `now`.
    ///
    /// It looks at the run alone, so it knows the events of the time popped last, but may miss those of a later time.
    #[inline(always)]
    pub fn due(&self, now: SimTime) -> bool {
        self.run.get(self.head).is_some_and(|front| front.time == now.as_nanos())
    }

    /// Returns the number of events held, dead ones included that have not been dropped yet.
    #[inline]
    pub fn len(&self) -> usize {
        self.run.len() - self.head + self.wheel.len()
    }

    /// Tells whether no event is held.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the memory held \[bytes\], for memory ceilings.
    ///
    /// It follows the largest number of events held at once and is given back when the list is dropped.
    pub fn bytes(&self) -> usize {
        self.run.capacity() * size_of::<Entry>() + self.wheel.bytes()
    }

    /// Adds an event at any time: the list itself can do it, [`FutureEventList::push`] adds the rule.
    #[inline(always)]
    pub(crate) fn insert(&mut self, at: SimTime, payload: u64) {
        let entry = Entry { time: at.as_nanos(), payload };
        if entry.time <= self.covered {
            self.insert_into_run(entry);
        } else {
            self.wheel.push(entry);
        }
    }

    /// Removes and returns the next event that is not dead and not after `limit`.
    ///
    /// It does not count as popped for the rule of [`FutureEventList::push`].
    #[inline(always)]
    pub(crate) fn pop_until(
        &mut self,
        limit: SimTime,
        dead: impl Fn(u64) -> bool + Copy,
    ) -> Option<(SimTime, u64)> {
        // Nearly always the run has a front and that is not dead: no loop, for which the compiler would make everything
        // ready that a second turn might need.
        if let Some(&front) = self.run.get(self.head)
            && front.time <= limit.as_nanos()
        {
            self.head += 1;
            if !dead(front.payload) {
                return Some((SimTime::from_nanos(front.time), front.payload));
            }
        }
        self.search_until(limit, dead)
    }

    #[inline(never)]
    fn search_until(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool + Copy) -> Option<(SimTime, u64)> {
        loop {
            let Some(&front) = self.run.get(self.head) else {
                if self.refill(limit, dead) {
                    continue;
                }
                return None;
            };
            if front.time > limit.as_nanos() {
                return None;
            }
            self.head += 1;
            if !dead(front.payload) {
                return Some((SimTime::from_nanos(front.time), front.payload));
            }
        }
    }

    /// Removes and returns the next event that is not dead and for exactly `now`; it looks at the run alone.
    #[inline(always)]
    pub(crate) fn pop_due(&mut self, now: SimTime, dead: impl Fn(u64) -> bool + Copy) -> Option<u64> {
        while let Some(&front) = self.run.get(self.head)
            && front.time == now.as_nanos()
        {
            self.head += 1;
            if !dead(front.payload) {
                return Some(front.payload);
            }
        }
        None
    }

    /// Makes the earliest event, dead or not, the front of the run if it is not after `limit`; tells whether the run
    /// has a front.
    pub(crate) fn reach(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool + Copy) -> bool {
        self.head < self.run.len() || self.refill(limit, dead)
    }

    /// Returns the time of the front of the run.
    pub(crate) fn front(&self) -> Option<SimTime> {
        self.run.get(self.head).map(|front| SimTime::from_nanos(front.time))
    }

    #[inline(always)]
    fn insert_into_run(&mut self, entry: Entry) {
        self.run.push(entry);
        let passed = sink_last(&mut self.run[self.head..]);
        if passed > FREE_MOVES || self.run.len() == self.run.capacity() {
            self.make_room(passed);
        }
    }

    /// Clears the front of the run if there is no place left, and cuts the run if pushes have moved too much of it.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, passed: usize) {
        if self.run.len() == self.run.capacity() && self.head > self.run.len() / 2 {
            self.run.drain(..self.head);
            self.head = 0;
        }
        if passed <= self.moves_left {
            self.moves_left -= passed;
            return;
        }
        self.bucket_most = (self.bucket_most / 2).max(BUCKET_LEAST);
        // A run of one instant cannot be cut and need not be: pushes go to its end.
        while self.run.len() - self.head > RUN_AFTER_CUT {
            let (front, back) = (self.run[self.head].time, self.run[self.run.len() - 1].time);
            if front == back {
                break;
            }
            let level = level_of(front ^ back);
            self.wheel.rebase(front & !below(level));
            self.covered = front | below(level);
            let cut = self.head + self.run[self.head..].partition_point(|entry| entry.time <= self.covered);
            for entry in self.run.drain(cut..) {
                self.wheel.push(entry);
            }
        }
    }

    /// Fills the empty run with the earliest bucket or a few, unless that lies after `limit`; tells whether there is
    /// a front.
    ///
    /// With a limit the cursor of the wheel never passes it, so events may still be pushed for any time from there on
    /// at no extra cost. (Without, they may too: `rebase` moves the cursor back.)
    #[cold]
    #[inline(never)]
    fn refill(&mut self, limit: SimTime, dead: impl Fn(u64) -> bool + Copy) -> bool {
        self.run.clear();
        self.head = 0;
        if self.wheel.len() > self.sweep_above {
            self.wheel.sweep(dead);
            self.sweep_above = (2 * self.wheel.len()).max(SWEEP_FROM);
        }
        if self.wheel.len() <= FEW {
            self.wheel.take_all(&mut self.run);
            self.run.sort_by_key(|entry| entry.time);
            self.covered = u64::MAX;
            self.moves_left = MOVES_GRANTED * self.run.len();
            return !self.run.is_empty();
        }
        // A run of r among n events meets about r / n pushes for each pop, and each passes a part of r: for a cost that
        // does not grow, r may grow as the square root of n. Here 4 to 6 times the root, as a power of two. Where most
        // events are far timers, n says too much: then cuts bring the number down.
        let most = (1 << ((self.wheel.len().ilog2() + 5) / 2)).clamp(BUCKET_LEAST, self.bucket_most);
        self.bucket_most = (self.bucket_most + self.bucket_most / 16).min(BUCKET_MOST);
        while let Some(bucket) = self.wheel.earliest() {
            if bucket.start > limit.as_nanos() {
                break;
            }
            let before = self.run.len();
            if self.wheel.take(bucket, most - before, &mut self.run) {
                self.covered = bucket.end;
                if self.run.len() >= RUN_WORTHWHILE {
                    break;
                }
            } else if before > 0 {
                break;
            } else {
                self.wheel.spread(bucket, dead);
                // The wheel cannot take events before its cursor, so from here on they belong to the run.
                self.covered = bucket.start - 1;
            }
        }
        if self.wheel.len() == 0 {
            self.covered = u64::MAX;
        }
        self.moves_left = MOVES_GRANTED * self.run.len();
        !self.run.is_empty()
    }
}

/// Shows the size, not the contents.
impl fmt::Debug for FutureEventList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FutureEventList").field("len", &self.len()).field("front", &self.front()).finish()
    }
}
