//! Jobs by priority, first come first served within each.

use super::list::List;
use crate::service::job::Jobs;

/// One list per priority and a set of the priorities that have somebody: every operation is O(1).
#[derive(Clone, Debug)]
pub(in crate::service) struct Classes {
    lists: Box<[List; 256]>,
    /// Bit p: priority p has somebody.
    taken: [u64; 4],
}

impl Classes {
    pub fn new() -> Classes {
        Classes { lists: Box::new([List::EMPTY; 256]), taken: [0; 4] }
    }

    pub fn push_last(&mut self, at: u32, jobs: &mut Jobs) {
        let priority = jobs[at].priority;
        self.lists[priority as usize].push_last(at, jobs);
        self.taken[priority as usize / 64] |= 1 << (priority % 64);
    }

    /// For one that was there before: it goes on before others of its priority.
    pub fn push_first(&mut self, at: u32, jobs: &mut Jobs) {
        let priority = jobs[at].priority;
        self.lists[priority as usize].push_first(at, jobs);
        self.taken[priority as usize / 64] |= 1 << (priority % 64);
    }

    pub fn remove(&mut self, at: u32, jobs: &mut Jobs) {
        let priority = jobs[at].priority;
        let list = &mut self.lists[priority as usize];
        list.remove(at, jobs);
        if list.is_empty() {
            self.taken[priority as usize / 64] &= !(1 << (priority % 64));
        }
    }

    /// The first of the most urgent.
    pub fn most_urgent(&self) -> Option<u32> {
        let word = self.taken.iter().position(|w| *w != 0)?;
        let priority = word * 64 + self.taken[word].trailing_zeros() as usize;
        Some(self.lists[priority].first)
    }

    /// The last of the least urgent.
    pub fn least_urgent(&self) -> Option<u32> {
        let word = self.taken.iter().rposition(|w| *w != 0)?;
        let priority = word * 64 + 63 - self.taken[word].leading_zeros() as usize;
        Some(self.lists[priority].last)
    }
}
