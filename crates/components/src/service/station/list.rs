//! A list of jobs, linked through the jobs themselves: any of them leaves in O(1), and nothing is allocated.

use crate::service::job::{Jobs, NIL};

/// A doubly linked list of jobs. A job is in one list at most.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct List {
    pub first: u32,
    pub last: u32,
}

impl List {
    pub const EMPTY: List = List { first: NIL, last: NIL };

    pub fn is_empty(self) -> bool {
        self.first == NIL
    }

    #[inline(always)]
    pub fn push_last(&mut self, at: u32, jobs: &mut Jobs) {
        jobs[at].before = self.last;
        jobs[at].after = NIL;
        match self.last {
            NIL => self.first = at,
            last => jobs[last].after = at,
        }
        self.last = at;
    }

    #[inline]
    pub fn push_first(&mut self, at: u32, jobs: &mut Jobs) {
        jobs[at].before = NIL;
        jobs[at].after = self.first;
        match self.first {
            NIL => self.last = at,
            first => jobs[first].before = at,
        }
        self.first = at;
    }

    /// The first one leaves. There must be one.
    #[inline(always)]
    pub fn pop_first(&mut self, jobs: &mut Jobs) -> u32 {
        let first = self.first;
        self.first = jobs[first].after;
        match self.first {
            NIL => self.last = NIL,
            next => jobs[next].before = NIL,
        }
        first
    }

    #[inline]
    pub fn remove(&mut self, at: u32, jobs: &mut Jobs) {
        let (before, after) = (jobs[at].before, jobs[at].after);
        match before {
            NIL => self.first = after,
            before => jobs[before].after = after,
        }
        match after {
            NIL => self.last = before,
            after => jobs[after].before = before,
        }
    }
}
