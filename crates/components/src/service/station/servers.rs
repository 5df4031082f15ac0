//! Servers that serve one call each.

use super::classes::Classes;
use super::queue::Preempt;
use crate::service::job::Jobs;

/// How many servers are free; and, if servers can be taken away, who is served.
#[derive(Clone, Debug)]
pub(in crate::service) struct Servers {
    /// `u32::MAX` if there is no limit.
    total: u32,
    free: u32,
    preempt: Option<(Preempt, Classes)>,
}

impl Servers {
    pub fn new(total: u32, preempt: Option<Preempt>) -> Servers {
        Servers { total, free: total, preempt: preempt.map(|p| (p, Classes::new())) }
    }

    pub fn total(&self) -> Option<u32> {
        (self.total != u32::MAX).then_some(self.total)
    }

    pub fn busy(&self) -> u32 {
        self.total - self.free
    }

    #[inline(always)]
    pub fn any_free(&self) -> bool {
        self.free > 0
    }

    #[inline(always)]
    pub fn take(&mut self) {
        self.free -= 1;
    }

    #[inline(always)]
    pub fn give_back(&mut self) {
        self.free += 1;
    }

    /// Whether servers can be taken away.
    #[inline(always)]
    pub fn can_preempt(&self) -> bool {
        self.preempt.is_some()
    }

    /// Who would lose its server to one of this priority: of the least urgent the one who began last.
    #[inline]
    pub fn victim(&self, priority: u8, jobs: &Jobs) -> Option<u32> {
        let (_, running) = self.preempt.as_ref()?;
        running.least_urgent().filter(|at| jobs[*at].priority > priority)
    }

    /// A service begins or goes on.
    #[inline(always)]
    pub fn begin(&mut self, at: u32, jobs: &mut Jobs) {
        if let Some((_, running)) = &mut self.preempt {
            running.push_last(at, jobs);
        }
    }

    /// A service ends or is broken off.
    #[inline(always)]
    pub fn end(&mut self, at: u32, jobs: &mut Jobs) {
        if let Some((_, running)) = &mut self.preempt {
            running.remove(at, jobs);
        }
    }

    /// One whose service was broken off keeps what is done, or begins anew.
    pub fn put_aside(&self, at: u32, jobs: &mut Jobs) {
        let job = &mut jobs[at];
        job.on_server = false;
        job.preempted = true;
        match &self.preempt {
            Some((Preempt::Restart, _)) => job.done = 0,
            Some((Preempt::Resume, _)) | None => {}
        }
    }
}
