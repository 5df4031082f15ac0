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
//! Virtual time is kept to 2^-52 ns, ends to 2^-20 ns: with k jobs a server, to k millionths of a nanosecond of real time.
//! A job is seen to end at the first whole nanosecond at or after its end; what it had too much until then is given to
//! the others, as if it had left in between. So errors do not add up, however many events there are. (Only a job
//! that comes in the very nanosecond in which another ends, and before it is seen, finds it still there.)

use super::heap::{Finish, Heap};
use crate::service::job::{Jobs, NIL};

/// A virtual nanosecond is 2^20 units.
const UNIT: u32 = 20;
/// The longest work that is put into the heap at once: 37 minutes. What is longer comes in pieces.
const PIECE: u64 = 1 << 41;
/// From here virtual time is counted anew, so that ends stay below 2^64.
const REBASE: u64 = 1 << 62;
/// What rounding may have taken from the rest: less than this after 10^7 events.
const SLACK: u64 = 1 << 12;

/// A processor of n servers that all jobs share evenly.
#[derive(Clone, Debug)]
pub(in crate::service) struct Sharing {
    servers: u64,
    /// How many share.
    jobs: u64,
    /// Virtual time in units, and the rest in 2^-32 units.
    virtual_now: u64,
    rest: u64,
    /// The station's clock when virtual time was brought up to date \[ns\].
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
            self.rest += ((rest << 32) + self.jobs / 2) / self.jobs;
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
            if first.at > self.reached() {
                return None;
            }
            self.heap.pop();
            self.give_to_others(first.at);
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

    /// What a job had beyond its end goes to those who stay.
    #[inline]
    fn give_to_others(&mut self, end: u64) {
        if self.jobs <= self.servers || self.virtual_now < end {
            return;
        }
        let others = self.jobs - 1; // at least one: there are more jobs than servers
        let beyond = self.virtual_now - end;
        // An alarm is late by less than a nanosecond, 2^20 units. Were it ever more, coarse units are good enough.
        if beyond < 1 << 31 {
            self.rest += (beyond << 32 | self.rest) / others;
        } else {
            self.virtual_now += beyond / others;
        }
        self.virtual_now += self.rest >> 32;
        self.rest &= u64::from(u32::MAX);
    }

    /// How long until somebody ends, if nobody comes or goes \[ns\]. Virtual time must be up to date.
    #[inline]
    pub fn next_end(&mut self, jobs: &Jobs) -> Option<u64> {
        let first = self.first(jobs)?;
        let missing = first.at.saturating_sub(self.virtual_now);
        let rest = self.rest + SLACK;
        if self.jobs <= self.servers {
            return Some(missing.saturating_sub(rest >> 32).div_ceil(1 << UNIT));
        }
        let rate = self.servers << UNIT;
        Some(match missing.checked_mul(self.jobs) {
            Some(time) => time.saturating_sub((rest * self.jobs) >> 32).div_ceil(rate),
            None => {
                let time = u128::from(missing) * u128::from(self.jobs);
                let time = time.saturating_sub((u128::from(rest) * u128::from(self.jobs)) >> 32);
                u64::try_from(time.div_ceil(rate.into())).unwrap_or(u64::MAX)
            }
        })
    }

    /// The ends up to here have come.
    #[inline]
    fn reached(&self) -> u64 {
        self.virtual_now + ((self.rest + SLACK) >> 32)
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

    /// Counts virtual time from 0 again and tickets too: once in 73 minutes of virtual time without a pause, or in 2^32 jobs.
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

#[cfg(test)]
mod tests {
    use kneepoint_calls::Call;

    use super::*;
    use crate::service::job::Job;

    fn job(jobs: &mut Jobs, demand: u64) -> u32 {
        let at = jobs.add(Job::new(Call::NONE, 0, 0, 0));
        (jobs[at].demand, jobs[at].done) = (demand, 0);
        at
    }

    /// Lets somebody end; returns who and when.
    fn step(sharing: &mut Sharing, clock: &mut u64, jobs: &mut Jobs) -> u32 {
        loop {
            *clock += sharing.next_end(jobs).unwrap();
            sharing.advance(*clock, jobs);
            if let Some(at) = sharing.ended(jobs) {
                return at;
            }
        }
    }

    #[test]
    fn work_of_many_days_comes_in_pieces_and_loses_nothing() {
        let (mut jobs, mut sharing, mut clock) = (Jobs::new(0), Sharing::new(1), 5);
        sharing.advance(clock, &mut jobs);
        let (day, year) = (86_400_000_000_000, 31_536_000_000_000_000);
        let (short, long) = (job(&mut jobs, day), job(&mut jobs, year + 1));
        sharing.join(short, &mut jobs);
        sharing.join(long, &mut jobs);
        assert_eq!((step(&mut sharing, &mut clock, &mut jobs), clock), (short, 5 + 2 * day));
        assert_eq!((step(&mut sharing, &mut clock, &mut jobs), clock), (long, 5 + day + year + 1));
        assert_eq!(jobs[long].done, year + 1);
    }

    #[test]
    fn the_heap_of_those_who_left_is_cleared_away() {
        let (mut jobs, mut sharing) = (Jobs::new(0), Sharing::new(1));
        let first = job(&mut jobs, 1_000_000);
        sharing.join(first, &mut jobs);
        for clock in 1..10_000 {
            let at = job(&mut jobs, 1_000_000_000);
            sharing.advance(clock, &mut jobs);
            sharing.join(at, &mut jobs);
            sharing.leave(at, &mut jobs);
            jobs.remove(at);
            assert!(sharing.heap.len() <= 64, "{}", sharing.heap.len());
        }
        assert_eq!(sharing.busy(), 1);
    }

    #[test]
    fn the_order_of_equals_outlasts_the_numbers() {
        let (mut jobs, mut sharing, mut clock) = (Jobs::new(0), Sharing::new(1), 0);
        sharing.tickets = NIL - 3;
        let all: Vec<u32> = (0..6).map(|_| job(&mut jobs, 1_000)).collect();
        all.iter().for_each(|at| sharing.join(*at, &mut jobs));
        assert!(sharing.tickets < 10, "they were counted anew");
        let ends: Vec<u32> = (0..6).map(|_| step(&mut sharing, &mut clock, &mut jobs)).collect();
        assert_eq!((ends, clock), (all, 6_000));
    }

    #[test]
    fn a_hundred_thousand_share_to_the_nanosecond() {
        // All but one are equal, and end together.
        let (mut jobs, mut sharing, mut clock) = (Jobs::new(0), Sharing::new(3), 0);
        let n = 100_000;
        for _ in 0..n {
            let at = job(&mut jobs, 1_000_500);
            sharing.join(at, &mut jobs);
        }
        let last = job(&mut jobs, 1_000_501);
        sharing.join(last, &mut jobs);
        step(&mut sharing, &mut clock, &mut jobs);
        // The last one had as much as everybody: n + 1 works by three servers, rounded up.
        assert_eq!(clock, ((n + 1) * 1_000_500_u64).div_ceil(3));
        for _ in 1..n {
            step(&mut sharing, &mut clock, &mut jobs);
        }
        assert_eq!(step(&mut sharing, &mut clock, &mut jobs), last);
        assert_eq!(clock, ((n + 1) * 1_000_500_u64).div_ceil(3) + 1);
    }
}
