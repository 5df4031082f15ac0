//! Stations: what holds work. Who waits, who is served, and for how long.

mod classes;
mod concurrency;
mod heap;
mod line;
mod list;
mod measures;
mod queue;
mod servers;
mod sharing;

use kneepoint_calls::{Call, Core, Cx, Phase, Timer};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, Stream};

use self::line::Line;
use self::measures::Measures;
use self::servers::Servers;
use self::sharing::Sharing;
use super::error::ServiceError;
use super::job::{Job, Jobs, State};
use super::program::Amount;
use super::{Service, Wake};

pub use self::concurrency::{Concurrency, Machine};
pub use self::queue::{Discipline, Preempt, Queue};

/// What computes.
#[derive(Clone, Debug)]
#[repr(u8)]
enum Processor {
    Servers(Servers),
    Sharing(Shared),
}

/// A shared processor and the timer for its next end.
#[derive(Clone, Debug)]
struct Shared {
    sharing: Sharing,
    /// The timer and when it rings \[ns\]: never after the next end, perhaps before it.
    alarm: Option<(Timer, u64)>,
    /// Somebody came or went in this event.
    touched: bool,
    /// What the level `busy` says.
    busy: u64,
}

/// A line, a processor, perhaps threads; and all that is in them.
#[derive(Clone, Debug)]
pub(super) struct Station {
    pub jobs: Jobs,
    processor: Processor,
    line: Line,
    max: usize,
    patience: Option<Distribution>,
    patience_stream: Option<Stream>,
    /// Threads there are and threads held.
    threads: Option<u32>,
    held: u32,
    by_priority: bool,
    /// Since when it stands still \[ns\].
    stopped: Option<u64>,
    /// How long it has stood still before \[ns\].
    lost: u64,
    /// Servers that nobody is sent away from, and it has never stood still: who has begun to be served is served until
    /// its time has come.
    undisturbed: bool,
    pub measures: Measures,
}

impl Station {
    pub fn new(concurrency: Concurrency, queue: &Queue, depth: usize) -> Result<Station, ServiceError> {
        let preempt = match queue.discipline {
            Discipline::Priority(preempt) => preempt,
            Discipline::Fifo | Discipline::Lifo | Discipline::AdaptiveLifo { .. } | Discipline::Random => {
                None
            }
        };
        let (count, shared, threads) = match concurrency {
            Concurrency::Servers(servers) => (servers, false, None),
            Concurrency::Sharing(servers) => (servers, true, None),
            Concurrency::Unlimited => (u32::MAX, false, None),
            Concurrency::Threads { threads, machine } => (machine.cores, true, Some(threads)),
            Concurrency::EventLoop { machine } => (machine.cores, false, None),
        };
        if count == 0 || threads == Some(0) {
            return Err(ServiceError::Nobody);
        }
        if shared && preempt.is_some() {
            return Err(ServiceError::CannotPreempt);
        }
        let nobody_waits = matches!(concurrency, Concurrency::Sharing(_) | Concurrency::Unlimited);
        if nobody_waits && *queue != Queue::unbounded() {
            return Err(ServiceError::QueueOfNoUse);
        }
        if let Some(patience) = &queue.patience
            && patience.minimum() < 0.0
        {
            return Err(ServiceError::Negative { what: "patience", minimum: patience.minimum() });
        }
        let processor = if shared {
            let sharing = Sharing::new(count);
            Processor::Sharing(Shared { sharing, alarm: None, touched: false, busy: 0 })
        } else {
            Processor::Servers(Servers::new(count, preempt))
        };
        let undisturbed = matches!(&processor, Processor::Servers(servers) if !servers.can_preempt());
        let line = Line::new(queue.discipline);
        Ok(Station {
            jobs: Jobs::new(depth),
            processor,
            by_priority: line.by_priority(),
            line,
            max: queue.max,
            patience: queue.patience.clone(),
            patience_stream: None,
            threads,
            held: 0,
            stopped: None,
            lost: 0,
            undisturbed,
            measures: Measures::NONE,
        })
    }

    pub fn start(&mut self, completion: bool, cx: &mut Core) {
        self.line.start(|| cx.stream("discipline"));
        self.patience_stream = self.patience.is_some().then(|| cx.stream("patience"));
        let limited = self.capacity().is_some();
        self.measures = Measures::new(limited, self.threads.is_some(), completion, cx);
        self.show_capacity(cx);
        if let (Some(gauge), Some(threads)) = (self.measures.thread_limit, self.threads) {
            cx.set(gauge, f64::from(threads));
        }
    }

    #[inline(always)]
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Whether it goes, and there are no threads: then who comes computes at once or joins the line.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        self.stopped.is_none() && self.threads.is_none()
    }

    #[inline(always)]
    pub fn has_threads(&self) -> bool {
        self.threads.is_some()
    }

    /// Whether calls can wait here in a line.
    pub fn has_line(&self) -> bool {
        self.threads.is_some()
            || (self.capacity().is_some() && matches!(self.processor, Processor::Servers(_)))
    }

    fn capacity(&self) -> Option<u64> {
        match &self.processor {
            Processor::Servers(servers) => servers.total().map(u64::from),
            Processor::Sharing(shared) => Some(shared.sharing.servers()),
        }
    }

    /// The station's own time: it stands still when the station does \[ns\].
    #[inline(always)]
    fn clock(&self, cx: &Core) -> u64 {
        self.stopped.unwrap_or(cx.now().as_nanos()) - self.lost
    }

    /// The urgency of a call, where it counts.
    #[inline(always)]
    pub fn priority(&self, call: Call, cx: &Core) -> u8 {
        if self.by_priority { cx.attributes(call).priority } else { 0 }
    }

    // ---- coming in and going out ----

    #[inline(always)]
    pub fn accept(&mut self, call: Call, pc: u32, operation: u16, cx: &mut Core) -> u32 {
        let priority = self.priority(call, cx);
        let at = self.jobs.add(Job::new(call, pc, operation, priority));
        cx.set_note(call, at);
        cx.add(self.measures.inside, 1.0);
        at
    }

    /// Whether a newcomer who wants to compute gets a server of its own at once, and will not be disturbed there.
    #[inline(always)]
    pub fn has_server_at_once(&self) -> bool {
        let Processor::Servers(servers) = &self.processor else { return false };
        self.undisturbed && servers.any_free() && self.line.is_empty()
    }

    /// A newcomer is served at once: [`accept`](Station::accept), [`take_seat`](Station::take_seat) and
    /// [`compute`](Station::compute) in one go, for most calls of most services.
    #[inline(always)]
    pub fn serve_newcomer(
        &mut self,
        call: Call,
        pc: u32,
        operation: u16,
        work: &Amount,
        cx: &mut Cx<Service>,
    ) {
        let priority = self.priority(call, cx);
        let demand = work.draw_and_begin(call, cx);
        let at = self.jobs.add(Job {
            mark: cx.now().as_nanos(),
            demand,
            state: State::Serving,
            on_server: true,
            begun: true,
            served: true,
            armed: true,
            ..Job::new(call, pc + 1, operation, priority)
        });
        cx.set_note(call, at);
        cx.add(self.measures.inside, 1.0);
        cx.add(self.measures.busy, 1.0);
        cx.record(self.measures.waiting, 0);
        cx.later(SimDuration::from_nanos(demand), Wake::Done(call));
        if let Processor::Servers(servers) = &mut self.processor {
            servers.take();
        }
    }

    /// A job is over, or passed on. What it held goes to the next one, who is returned if it must be moved on.
    #[inline(always)]
    pub fn release(&mut self, at: u32, cx: &mut Cx<Service>) -> Option<u32> {
        let Job { worked, on_server, on_thread, .. } = self.jobs[at];
        self.jobs.remove(at);
        cx.add(self.measures.inside, -1.0);
        if worked > 0 {
            cx.record(self.measures.service, worked);
        }
        if on_server {
            self.next_for_server(cx)
        } else if on_thread {
            self.next_for_thread(cx)
        } else {
            None
        }
    }

    /// A job goes away for a while: its server, not its thread, goes to the next one.
    #[inline(always)]
    pub fn go_away(&mut self, at: u32, cx: &mut Cx<Service>) -> Option<u32> {
        let job = &mut self.jobs[at];
        job.state = State::Away;
        job.begun = true;
        if !job.on_server {
            return None;
        }
        job.on_server = false;
        self.next_for_server(cx)
    }

    // ---- the line ----

    /// Whether a newcomer who wants to compute would be turned away.
    #[inline(always)]
    pub fn is_full_for(&self, call: Call, cx: &Core) -> bool {
        self.line.len() >= self.max && self.has_no_server_for(self.priority(call, cx))
    }

    #[inline(never)]
    fn has_no_server_for(&self, priority: u8) -> bool {
        match &self.processor {
            Processor::Servers(servers) => {
                !(servers.any_free() && self.line.is_empty())
                    && servers.victim(priority, &self.jobs).is_none()
            }
            Processor::Sharing(_) => false,
        }
    }

    pub fn is_line_full(&self) -> bool {
        self.line.len() >= self.max
    }

    /// Joins the line. Returns whether there was a place; only newcomers can be turned away.
    #[inline(never)]
    pub fn wait(&mut self, at: u32, cx: &mut Cx<Service>) -> bool {
        let job = &mut self.jobs[at];
        let newcomer = !job.begun;
        if newcomer && self.line.len() >= self.max {
            return false;
        }
        let call = job.call;
        job.begun = true;
        job.state = State::Queued;
        job.entered = cx.now().as_nanos();
        if self.line.is_empty() {
            cx.line_begins();
        }
        self.line.push(at, &mut self.jobs);
        cx.add(self.measures.queue, 1.0);
        cx.phase(call, Phase::Waiting);
        if newcomer && let (Some(law), Some(stream)) = (&self.patience, &mut self.patience_stream) {
            let span = SimDuration::from_nanos_f64(law.sample(stream));
            self.jobs[at].patience = Some(cx.after(span, Wake::Patience(call)));
        }
        true
    }

    /// The next in the line leaves it for its service.
    #[inline(always)]
    fn call_up(&mut self, cx: &mut Core) -> Option<u32> {
        let now = cx.now().as_nanos();
        let at = self.line.pop(&mut self.jobs, now)?;
        let job = &mut self.jobs[at];
        job.state = State::Ready;
        cx.add(self.measures.queue, -1.0);
        if let Some(timer) = job.patience.take() {
            cx.cancel(timer);
        }
        if !job.served {
            job.served = true;
            cx.record(self.measures.waiting, now - job.entered);
        }
        Some(at)
    }

    /// One in the line gives up.
    pub fn walk_out(&mut self, at: u32, cx: &mut Core) {
        self.line.remove(at, &mut self.jobs);
        let measures = self.measures;
        cx.add(measures.queue, -1.0);
        let job = &mut self.jobs[at];
        job.state = State::Ready;
        if let Some(timer) = job.patience.take() {
            cx.cancel(timer);
        }
        if !job.served {
            cx.record(measures.waiting_abandoned, cx.now().as_nanos() - job.entered);
        }
    }

    // ---- threads ----

    #[inline]
    pub fn has_free_thread(&self) -> bool {
        self.threads.is_some_and(|threads| self.held < threads) && self.line.is_empty()
    }

    /// A newcomer takes a thread, if one is free.
    #[inline]
    pub fn take_thread(&mut self, at: u32, cx: &mut Core) -> bool {
        if !self.has_free_thread() {
            return false;
        }
        self.held += 1;
        let measures = self.measures;
        if let Some(threads) = measures.threads {
            cx.add(threads, 1.0);
        }
        let job = &mut self.jobs[at];
        job.on_thread = true;
        job.begun = true;
        job.served = true;
        cx.record(measures.waiting, 0);
        true
    }

    /// A thread is free for the next one.
    #[inline(never)]
    fn next_for_thread(&mut self, cx: &mut Core) -> Option<u32> {
        let next = self.call_up(cx);
        match next {
            Some(at) => self.jobs[at].on_thread = true,
            None => {
                self.held -= 1;
                if let Some(threads) = self.measures.threads {
                    cx.add(threads, -1.0);
                }
            }
        }
        next
    }

    // ---- computing ----

    /// Whether a job may compute now: it has a server, or gets one, or shares.
    #[inline(always)]
    pub fn take_seat(&mut self, at: u32, cx: &mut Core) -> bool {
        let Processor::Servers(servers) = &mut self.processor else { return true };
        let job = &mut self.jobs[at];
        if job.on_server {
            return true;
        }
        if servers.any_free() && self.line.is_empty() {
            servers.take();
            job.on_server = true;
            cx.add(self.measures.busy, 1.0);
            return true;
        }
        servers.can_preempt() && self.take_from_another(at, cx)
    }

    /// Takes the server of a less urgent one, if all are taken and there is one.
    #[inline(never)]
    fn take_from_another(&mut self, at: u32, cx: &mut Core) -> bool {
        let Processor::Servers(servers) = &mut self.processor else { return false };
        let priority = self.jobs[at].priority;
        match servers.victim(priority, &self.jobs) {
            Some(victim) if !servers.any_free() => {
                self.put_aside(victim, cx);
                self.jobs[at].on_server = true;
                true
            }
            _ => false,
        }
    }

    /// One who is served loses its server and goes back to the line, to be the next of its priority.
    #[cold]
    fn put_aside(&mut self, victim: u32, cx: &mut Core) {
        let clock = self.clock(cx);
        let measures = self.measures;
        let Processor::Servers(servers) = &mut self.processor else { return };
        let used = self.jobs[victim].stop(clock);
        servers.end(victim, &mut self.jobs);
        servers.put_aside(victim, &mut self.jobs);
        cx.count(measures.work, used);
        let job = &mut self.jobs[victim];
        job.state = State::Queued;
        job.entered = cx.now().as_nanos();
        let call = job.call;
        self.line.push_again(victim, &mut self.jobs);
        cx.add(measures.queue, 1.0);
        cx.phase(call, Phase::Waiting);
    }

    /// A job that may compute begins to.
    #[inline(never)]
    pub fn compute(&mut self, at: u32, work: &Amount, cx: &mut Cx<Service>) {
        let job = &mut self.jobs[at];
        job.pc += 1;
        job.done = 0;
        job.begun = true;
        if !job.served {
            job.served = true;
            cx.record(self.measures.waiting, 0);
        }
        job.demand = work.draw_and_begin(job.call, cx);
        match &mut self.processor {
            Processor::Servers(_) => self.serve(at, cx),
            Processor::Sharing(_) => self.share(at, cx),
        }
    }

    #[inline(never)]
    fn share(&mut self, at: u32, cx: &mut Core) {
        let clock = self.clock(cx);
        let Processor::Sharing(shared) = &mut self.processor else { return };
        let job = &mut self.jobs[at];
        job.state = State::Shared;
        job.entered = cx.now().as_nanos();
        shared.sharing.advance(clock, &mut self.jobs);
        shared.sharing.join(at, &mut self.jobs);
        shared.touched = true;
    }

    /// A job that has a server is served, or goes on being served.
    #[inline(always)]
    fn serve(&mut self, at: u32, cx: &mut Cx<Service>) {
        let clock = self.clock(cx);
        let job = &mut self.jobs[at];
        job.state = State::Serving;
        job.mark = clock;
        job.preempted = false;
        // The event of an earlier, broken-off service comes too early, never too late, and is then put off.
        if !job.armed {
            job.armed = true;
            cx.later(SimDuration::from_nanos(job.demand - job.done), Wake::Done(job.call));
        }
        if let Processor::Servers(servers) = &mut self.processor {
            servers.begin(at, &mut self.jobs);
        }
    }

    #[inline(always)]
    pub fn is_undisturbed(&self) -> bool {
        self.undisturbed
    }

    /// The event of a departure has come, and nobody is ever disturbed here: it is one.
    #[inline(always)]
    pub fn is_served(&mut self, at: u32, cx: &mut Cx<Service>) {
        let job = &mut self.jobs[at];
        let used = job.demand;
        job.armed = false;
        job.state = State::Ready;
        job.done = used;
        job.worked += used;
        cx.count(self.measures.work, used);
    }

    /// The event of a departure has come. Returns whether it is one.
    pub fn is_done(&mut self, at: u32, cx: &mut Cx<Service>) -> bool {
        let clock = self.clock(cx);
        let job = &mut self.jobs[at];
        if job.state != State::Serving {
            job.armed = false; // it was put aside: it gets another event when it goes on
            return false;
        }
        let due = job.mark + (job.demand - job.done);
        if clock < due {
            let call = job.call;
            cx.later(SimDuration::from_nanos(due - clock), Wake::Done(call));
            return false;
        }
        job.armed = false;
        let used = job.stop(clock);
        self.stopped_serving(at, used, cx);
        true
    }

    /// One who was served so long is not any more.
    #[inline(always)]
    fn stopped_serving(&mut self, at: u32, used: u64, cx: &mut Core) {
        if let Processor::Servers(servers) = &mut self.processor {
            servers.end(at, &mut self.jobs);
        }
        cx.count(self.measures.work, used);
    }

    /// A server is free for the next one, who is returned if it must be moved on.
    #[inline(always)]
    fn next_for_server(&mut self, cx: &mut Cx<Service>) -> Option<u32> {
        if self.line.is_empty() {
            if let Processor::Servers(servers) = &mut self.processor {
                servers.give_back();
            }
            cx.add(self.measures.busy, -1.0);
            return None;
        }
        self.call_up_for_server(cx)
    }

    #[inline(never)]
    fn call_up_for_server(&mut self, cx: &mut Cx<Service>) -> Option<u32> {
        let at = self.call_up(cx)?;
        let job = &mut self.jobs[at];
        job.on_server = true;
        if job.preempted {
            cx.phase(job.call, Phase::Service);
            self.serve(at, cx);
            return None;
        }
        Some(at)
    }

    /// The next one whose end on the shared processor has come.
    pub fn next_ended(&mut self, cx: &mut Core) -> Option<u32> {
        let clock = self.clock(cx);
        let work = self.measures.work;
        let Processor::Sharing(shared) = &mut self.processor else { return None };
        shared.touched = true;
        shared.sharing.advance(clock, &mut self.jobs);
        let at = shared.sharing.ended(&mut self.jobs)?;
        let job = &mut self.jobs[at];
        job.state = State::Ready;
        job.worked += job.demand;
        cx.count(work, job.demand);
        job.tell_shared(job.demand, cx);
        Some(at)
    }

    /// The alarm of the shared processor has rung.
    pub fn alarm_rang(&mut self) {
        if let Processor::Sharing(shared) = &mut self.processor {
            shared.alarm = None;
        }
    }

    /// At the end of each event: sets the alarm of a shared processor if somebody came or went.
    #[inline(always)]
    pub fn settle(&mut self, cx: &mut Cx<Service>) {
        if let Processor::Sharing(shared) = &mut self.processor
            && shared.touched
            && self.stopped.is_none()
        {
            self.set_alarm(cx);
        }
    }

    #[inline(never)]
    fn set_alarm(&mut self, cx: &mut Cx<Service>) {
        let clock = self.clock(cx);
        let busy = self.measures.busy;
        let Processor::Sharing(shared) = &mut self.processor else { return };
        shared.touched = false;
        shared.sharing.advance(clock, &mut self.jobs);
        let now_busy = shared.sharing.busy();
        if shared.busy != now_busy {
            shared.busy = now_busy;
            cx.set(busy, now_busy as f64);
        }
        let next = shared.sharing.next_end(&self.jobs);
        let due = next.map(|span| cx.now().as_nanos().saturating_add(span));
        match (shared.alarm, due) {
            // One that rings too early is cheaper than setting it anew with each that comes.
            (Some((_, rings)), Some(due)) if rings <= due => {}
            (None, None) => {}
            (old, due) => {
                if let Some((timer, _)) = old {
                    cx.cancel(timer);
                }
                shared.alarm = due
                    .zip(next)
                    .map(|(due, span)| (cx.after(SimDuration::from_nanos(span), Wake::Shared), due));
            }
        }
    }

    // ---- breaking off ----

    /// A job stops whatever it is at; what it has been given counts as work.
    pub fn break_off(&mut self, at: u32, cx: &mut Core) {
        let clock = self.clock(cx);
        match self.jobs[at].state {
            State::Ready | State::Away => {}
            State::Queued => self.walk_out(at, cx),
            State::Serving => {
                let used = self.jobs[at].stop(clock);
                self.stopped_serving(at, used, cx);
            }
            State::Shared => {
                let work = self.measures.work;
                if let Processor::Sharing(shared) = &mut self.processor {
                    shared.touched = true;
                    shared.sharing.advance(clock, &mut self.jobs);
                    shared.sharing.leave(at, &mut self.jobs);
                }
                let job = &mut self.jobs[at];
                job.state = State::Ready;
                job.worked += job.done;
                cx.count(work, job.done);
                job.tell_shared(job.done, cx);
            }
        }
    }

    // ---- standing still ----

    /// Stands still: nothing goes on, nothing starts.
    pub fn stop(&mut self, cx: &mut Core) {
        let clock = self.clock(cx);
        if let Processor::Sharing(shared) = &mut self.processor {
            shared.sharing.advance(clock, &mut self.jobs);
            if let Some((timer, _)) = shared.alarm.take() {
                cx.cancel(timer);
            }
        }
        self.stopped = Some(cx.now().as_nanos());
        self.undisturbed = false;
        let measures = self.measures;
        cx.set(measures.busy, 0.0);
        if let Some(capacity) = measures.capacity {
            cx.set(capacity, 0.0);
        }
    }

    /// Goes on from where it stood.
    pub fn go_on(&mut self, cx: &mut Core) {
        if let Some(since) = self.stopped.take() {
            self.lost += cx.now().as_nanos() - since;
        }
        let busy = match &mut self.processor {
            Processor::Servers(servers) => u64::from(servers.busy()),
            Processor::Sharing(shared) => {
                shared.touched = true;
                shared.busy = shared.sharing.busy();
                shared.busy
            }
        };
        cx.set(self.measures.busy, busy as f64);
        self.show_capacity(cx);
    }

    /// After standing still: one of the line who could be served, who is to be moved on.
    pub fn next_after_stop(&mut self, cx: &mut Cx<Service>) -> Option<u32> {
        while !self.line.is_empty() {
            if self.threads.is_some_and(|threads| self.held < threads) {
                self.held += 1;
                if let Some(threads) = self.measures.threads {
                    cx.add(threads, 1.0);
                }
                return self.next_for_thread(cx);
            }
            let urgent = self.line.most_urgent(&self.jobs);
            let Processor::Servers(servers) = &mut self.processor else { return None };
            if servers.any_free() {
                servers.take();
                cx.add(self.measures.busy, 1.0);
            } else {
                let victim = urgent.and_then(|priority| servers.victim(priority, &self.jobs))?;
                self.put_aside(victim, cx);
            }
            if let Some(next) = self.next_for_server(cx) {
                return Some(next);
            }
        }
        None
    }

    fn show_capacity(&self, cx: &mut Core) {
        if let (Some(gauge), Some(capacity)) = (self.measures.capacity, self.capacity()) {
            cx.set(gauge, capacity as f64);
        }
    }
}
