//! The reference event list: a 4-ary heap.

use crate::SimTime;

/// One event: time, number in the order of scheduling, payload.
type Numbered = (u64, u64, u64);

/// Children of a node; four halve the depth of a binary heap and lie side by side in memory.
const ARITY: usize = 4;

/// An event list that is obviously right: a 4-ary heap ordered by time, then by order of scheduling.
///
/// It does what [`FutureEventList`](crate::FutureEventList) does, slower, and exists to be compared with it.
///
/// # Source
/// Johnson, "Priority queues with update and finding minimum spanning trees", Information Processing Letters 4(3),
/// 1975 (d-ary heaps).
#[derive(Clone, Debug, Default)]
pub struct HeapEventList {
    heap: Vec<Numbered>,
    scheduled: u64,
    popped: SimTime,
}

impl HeapEventList {
    /// Returns an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event.
    ///
    /// # Panics
    /// If `at` lies before the event popped last.
    pub fn push(&mut self, at: SimTime, payload: u64) {
        assert!(at >= self.popped, "event for {at} pushed after one for {} was popped", self.popped);
        let event = (at.as_nanos(), self.scheduled, payload);
        self.scheduled += 1;
        let mut hole = self.heap.len();
        self.heap.push(event);
        while hole > 0 && event < self.heap[(hole - 1) / ARITY] {
            self.heap[hole] = self.heap[(hole - 1) / ARITY];
            hole = (hole - 1) / ARITY;
        }
        self.heap[hole] = event;
    }

    /// Removes and returns the next event that is not dead.
    pub fn pop(&mut self, dead: impl Fn(u64) -> bool) -> Option<(SimTime, u64)> {
        self.popped = self.peek_time(dead)?;
        let (time, _, payload) = self.pop_any()?;
        Some((SimTime::from_nanos(time), payload))
    }

    /// Returns the time of the next event that is not dead; drops the dead ones before it.
    pub fn peek_time(&mut self, dead: impl Fn(u64) -> bool) -> Option<SimTime> {
        while dead(self.heap.first()?.2) {
            self.pop_any();
        }
        self.heap.first().map(|event| SimTime::from_nanos(event.0))
    }

    /// Tells whether the event at the front, dead or not, is for exactly `now`.
    pub fn due(&self, now: SimTime) -> bool {
        self.heap.first().is_some_and(|event| event.0 == now.as_nanos())
    }

    /// Returns the number of events held, dead ones included.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Tells whether no event is held.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Returns the memory held \[bytes\].
    pub fn bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Numbered>()
    }

    fn pop_any(&mut self) -> Option<Numbered> {
        let last = self.heap.pop()?;
        let Some(&top) = self.heap.first() else { return Some(last) };
        let mut hole = 0;
        loop {
            let children = hole * ARITY + 1..(hole * ARITY + 1 + ARITY).min(self.heap.len());
            let Some(least) = children.min_by_key(|&child| self.heap[child]) else { break };
            if last < self.heap[least] {
                break;
            }
            self.heap[hole] = self.heap[least];
            hole = least;
        }
        self.heap[hole] = last;
        Some(top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_then_by_order_of_scheduling() {
        let mut list = HeapEventList::new();
        // 101 events over 7 instants, sorted by the stable sort of the standard library for comparison.
        let events: Vec<(u64, u64)> = (0..101).map(|number| (number * 37 % 7, number)).collect();
        for &(time, payload) in &events {
            list.push(SimTime::from_nanos(time), payload);
        }
        let mut expected = events;
        expected.sort_by_key(|event| event.0);
        for (time, payload) in expected {
            assert!(list.due(SimTime::from_nanos(time)));
            assert_eq!(list.pop(|_| false), Some((SimTime::from_nanos(time), payload)));
        }
        assert!(list.is_empty() && list.pop(|_| false).is_none());
    }

    #[test]
    fn dead_events_are_skipped() {
        let mut list = HeapEventList::new();
        for payload in 0..10 {
            list.push(SimTime::from_nanos(payload), payload);
        }
        assert_eq!(list.peek_time(|payload| payload < 4), Some(SimTime::from_nanos(4)));
        assert_eq!(list.pop(|payload| payload % 5 != 0), Some((SimTime::from_nanos(5), 5)));
        assert_eq!(list.len(), 4);
        assert!(list.bytes() >= 10 * 24);
    }

    #[test]
    #[should_panic(expected = "event for 4 ns pushed after one for 5 ns was popped")]
    fn the_past_is_refused() {
        let mut list = HeapEventList::new();
        list.push(SimTime::from_nanos(5), 0);
        list.pop(|_| false);
        list.push(SimTime::from_nanos(4), 0);
    }
}
