//! Processor sharing in virtual time.
//!
//! Virtual time runs as fast as each job is served: as real time while there are servers enough, else n/k times as
//! fast. A job that comes at virtual time v with work w ends at v + w, whatever happens to others: so a heap of these
//! ends needs no touching when somebody comes or goes, and an event costs O(log k).
//!
//! # Source
//! Virtual time: Parekh and Gallager, "A generalized processor sharing approach to flow control", IEEE/ACM
//! Transactions on Networking 1(3), 1993, section V.
//!
//! # Rounding
//! Virtual time is kept to 2^-42 ns and never set to anything but what has passed, so that errors do not add up:
//! 10^9 events are wrong by less than a nanosecond. A job ends at the first whole nanosecond at or after its exact end.

use super::heap::{Finish, Heap};
use crate::service::job::{Jobs, NIL};

/// A virtual nanosecond is so many units.
const UNIT: u32 = 10;
/// The longest work that is put into the heap at once: 52 days. What is longer comes in pieces.
const PIECE: u64 = 1 << 52;
/// From here virtual time is counted anew, so that ends stay far below 2^64.
const REBASE: u64 = 1 << 62;

/// A processor of n servers that all jobs share evenly.
#[derive(Clone, Debug)]
pub(in crate::service) struct Sharing {
    servers: u64,
    /// How many share.
    jobs: u64,
    /// Virtual time in units, and the rest in 2^-32 units.
    virtual_now: u64,
    rest: u64,
    /// The station's clock when virtual time was brought up to date [ns].
    since: u64,
    heap: Heap,
    /// Entries whose job has left.
    dead: usize,
    tickets: u32,
}

impl Sharing {
    pub fn new(servers: u32) -> Sharing {
        Sharing {
            servers: servers.into(),
            jobs: 0,
            virtual_now: 0,
            rest: 0,
            since: 0,
            heap: Heap::default(),
            dead: 0,
            tickets: 0,
        }
    }

    pub fn servers(&self) -> u64 {
        self.servers
    }

    /// How many servers are at work.
    pub fn busy(&self) -> u64 {
        self.jobs.min(self.servers)
    }

    /// Brings virtual time up to the station's clock.
    #[inline]
    pub fn advance(&mut self, clock: u64, jobs: &mut Jobs) {
        let passed = clock - self.since;
        self.since = clock;
        if passed == 0 || self.jobs == 0 {
            return;
        }
        if self.jobs <= self.servers {
            self.virtual_now += passed << UNIT;
        } else {
            let (whole, rest) = match passed.checked_mul(self.servers << UNIT) {
                Some(work) => (work / self.jobs, work % self.jobs),
                None => {
                    let work = u128::from(passed) * u128::from(self.servers << UNIT);
                    let jobs = u128::from(self.jobs);
                    ((work / jobs) as u64, (work % jobs) as u64)
                }
            };
            self.rest += (rest << 32) / self.jobs;
            self.virtual_now += whole + (self.rest >> 32);
            self.rest &= u64::from(u32::MAX);
        }
        if self.virtual_now >= REBASE {
            self.recount(jobs);
        }
    }

    /// A job begins to share; its work is what is left of its demand. Virtual time must be up to date.
    #[inline]
    pub fn join(&mut self, at: u32, jobs: &mut Jobs) {
        if self.tickets == NIL - 1 {
            self.recount(jobs);
        }
        let job = &mut jobs[at];
        let piece = (job.demand - job.done).min(PIECE);
        job.mark = self.virtual_now + (piece << UNIT);
        job.ticket = self.tickets;
        self.heap.push(Finish { at: job.mark, ticket: self.tickets, job: at });
        self.tickets += 1;
        self.jobs += 1;
    }

    /// A job leaves before its end: what it got counts as done. Virtual time must be up to date.
    pub fn leave(&mut self, at: u32, jobs: &mut Jobs) {
        let job = &mut jobs[at];
        let piece = (job.demand - job.done).min(PIECE);
        let missing = job.mark.saturating_sub(self.virtual_now) >> UNIT;
        job.done += piece - missing.min(piece);
        job.ticket = NIL;
        self.dead += 1;
        self.jobs -= 1;
        if self.dead * 2 > self.heap.len() && self.dead >= 32 {
            self.heap.retain(|entry| jobs[entry.job].ticket == entry.ticket);
            self.dead = 0;
        }
        self.rest_if_idle();
    }

    /// The next job that has ended by now, who leaves. Virtual time must be up to date.
    #[inline]
    pub fn ended(&mut self, jobs: &mut Jobs) -> Option<u32> {
        loop {
            let first = self.first(jobs)?;
            // One unit is a thousandth of a nanosecond: the slack for what the truncated rest lacks.
            if first.at > self.virtual_now + 1 {
                return None;
            }
            self.heap.pop();
            self.jobs -= 1;
            let job = &mut jobs[first.job];
            job.ticket = NIL;
            job.done += (job.demand - job.done).min(PIECE);
            if job.done < job.demand {
                self.join(first.job, jobs);
                continue;
            }
            self.rest_if_idle();
            return Some(first.job);
        }
    }

    /// How long until somebody ends, if nobody comes or goes [ns]. Virtual time must be up to date.
    #[inline]
    pub fn next_end(&mut self, jobs: &Jobs) -> Option<u64> {
        let first = self.first(jobs)?;
        let missing = first.at.saturating_sub(self.virtual_now + 1);
        if self.jobs <= self.servers {
            return Some(missing.div_ceil(1 << UNIT));
        }
        let rate = self.servers << UNIT;
        Some(match missing.checked_mul(self.jobs) {
            Some(time) => time.div_ceil(rate),
            None => {
                let time = (u128::from(missing) * u128::from(self.jobs)).div_ceil(rate.into());
                u64::try_from(time).unwrap_or(u64::MAX)
            }
        })
    }

    /// The first entry whose job is still there.
    #[inline]
    fn first(&mut self, jobs: &Jobs) -> Option<Finish> {
        loop {
            let first = self.heap.first()?;
            if jobs[first.job].ticket == first.ticket {
                return Some(first);
            }
            self.heap.pop();
            self.dead -= 1;
        }
    }

    fn rest_if_idle(&mut self) {
        if self.jobs == 0 {
            self.heap.clear();
            (self.dead, self.virtual_now, self.rest) = (0, 0, 0);
        }
    }

    /// Counts virtual time from 0 again and tickets too: once in 52 days of work without a pause, or in 2^32 jobs.
    #[cold]
    fn recount(&mut self, jobs: &mut Jobs) {
        let gone = self.virtual_now;
        let mut tickets = 0;
        self.heap.rebuild(|entry| {
            let job = &mut jobs[entry.job];
            if job.ticket != entry.ticket {
                return false;
            }
            entry.at = entry.at.saturating_sub(gone);
            entry.ticket = tickets;
            (job.mark, job.ticket) = (entry.at, tickets);
            tickets += 1;
            true
        });
        (self.virtual_now, self.tickets, self.dead) = (0, tickets, 0);
    }
}
