//! A heap of finishing times.

/// When a job will be finished on a shared processor, in virtual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finish {
    pub at: u64,
    /// Counts up: among equal times the one who came first is first. Also tells whether the job has left.
    pub ticket: u32,
    pub job: u32,
}

/// A 4-ary heap: half as deep as a binary one, and the four children share a cache line.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    entries: Vec<Finish>,
}

impl Heap {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub fn first(&self) -> Option<Finish> {
        self.entries.first().copied()
    }

    #[inline]
    pub fn push(&mut self, entry: Finish) {
        self.entries.push(entry);
        self.rise(self.entries.len() - 1, entry);
    }

    #[inline]
    pub fn pop(&mut self) {
        if let Some(last) = self.entries.pop()
            && !self.entries.is_empty()
        {
            self.sink(0, last);
        }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Keeps some of the entries and changes them, in order of finishing; the order must stay the same.
    pub fn rebuild(&mut self, mut keep: impl FnMut(&mut Finish) -> bool) {
        self.entries.sort_unstable();
        self.entries.retain_mut(&mut keep); // what is sorted is a heap
    }

    /// Keeps some of the entries, in linear time.
    pub fn retain(&mut self, mut keep: impl FnMut(&Finish) -> bool) {
        self.entries.retain(&mut keep);
        for at in (0..self.entries.len().div_ceil(4)).rev() {
            self.sink(at, self.entries[at]);
        }
    }

    #[inline]
    fn rise(&mut self, mut at: usize, entry: Finish) {
        while at > 0 {
            let above = (at - 1) / 4;
            if self.entries[above] <= entry {
                break;
            }
            self.entries[at] = self.entries[above];
            at = above;
        }
        self.entries[at] = entry;
    }

    /// Puts an entry into the hole at `at`, or below.
    #[inline]
    fn sink(&mut self, mut at: usize, entry: Finish) {
        loop {
            let begin = at * 4 + 1;
            let end = (begin + 4).min(self.entries.len());
            if begin >= end {
                break;
            }
            let mut least = begin;
            for child in begin + 1..end {
                if self.entries[child] < self.entries[least] {
                    least = child;
                }
            }
            if entry <= self.entries[least] {
                break;
            }
            self.entries[at] = self.entries[least];
            at = least;
        }
        self.entries[at] = entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kneepoint_random::Stream;

    fn drained(heap: &mut Heap) -> Vec<Finish> {
        let mut all = Vec::new();
        while let Some(first) = heap.first() {
            all.push(first);
            heap.pop();
        }
        all
    }

    #[test]
    fn what_comes_out_is_sorted_also_after_half_was_taken_out() {
        let mut stream = Stream::from_key(1);
        for n in [0, 1, 2, 5, 17, 1_000] {
            let entries: Vec<_> =
                (0..n).map(|i| Finish { at: stream.below(50), ticket: i, job: 7 * i }).collect();
            let mut sorted = entries.clone();
            sorted.sort();
            let mut heap = Heap::default();
            entries.iter().for_each(|e| heap.push(*e));
            let mut halved = heap.clone();
            assert_eq!(drained(&mut heap), sorted);
            halved.retain(|e| e.ticket % 2 == 0);
            let mut rebuilt = halved.clone();
            rebuilt.rebuild(|e| e.ticket % 4 == 0);
            sorted.retain(|e| e.ticket % 2 == 0);
            assert_eq!(halved.len(), sorted.len());
            assert_eq!(drained(&mut halved), sorted);
            sorted.retain(|e| e.ticket % 4 == 0);
            assert_eq!(drained(&mut rebuilt), sorted);
        }
    }
}
