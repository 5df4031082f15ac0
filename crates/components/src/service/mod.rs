//! Services: one instance of a part that works, a component.
//!
//! ```text
//!            +--- Service -----------------------------------+
//!  call ---> | [line] --> station --> steps: compute, delay, | ---> calls to others
//!  reply <-- |            (servers,   call, branches, ...    | <--- their answers
//!            |             threads)                          |
//!            +-----------------------------------------------+
//! ```
//!
//! A [`Concurrency`] says what a call holds and when, a [`Queue`] how it waits, [`Step`]s what is done for it.
//! Times are drawn from the request itself, so that two designs see the same work; the patience of callers and the
//! choice of a random line come from streams of the service, `patience` and `discipline`.
//!
//! # Example
//! ```
//! use kneepoint_components::service::{Queue, Service, compute};
//! use kneepoint_random::Distribution;
//!
//! // M/M/3/7: three servers, four waiting places, 20 ms on average.
//! let web = Service::servers(3).queue(Queue::bounded(4)).does([compute(Distribution::exponential(20e6)?)]).build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod error;
mod job;
mod program;
mod station;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use kneepoint_calls::{
    Answer, Attributes, Call, Callee, Component, Core, Cx, Fault, Phase, Serve, Status, timers,
};
use kneepoint_engine::SimDuration;
use kneepoint_random::uniform_from_key;

use self::job::{Job, State};
use self::program::{Branch, CallOp, Fork, OWN, Op, Program};
use self::station::Station;
use crate::draw::Slowness;
use crate::routing::HEALTH_CHECK;

pub use self::builder::Builder;
pub use self::error::ServiceError;
pub use self::program::own_stream;
pub use self::station::{Concurrency, Discipline, Machine, Preempt, Queue};
pub use self::steps::{ItemSize, Key, Parallel, Step, SubCall, Wait, call, compute, delay, fail, parallel};

timers! {
    /// What a service waits for.
    pub enum Wake { Done(Call), Woke(Call), Patience(Call), Shared, Drained }
}

/// One instance of a service.
///
/// When it is to end ([`Fault::Leave`]) it goes on for the time it has [to drain](Service::draining): it takes calls as
/// before, answers health checks `Unavailable`, and is off the lists of whoever asks who is there. What is not done by the end
/// of that time is lost with it.
///
/// # Series
/// Its own branches and detached steps are calls too (to itself), in these figures as in the books.
///
/// | series | what |
/// | --- | --- |
/// | level `busy` | servers or cores at work; 0 while it hangs |
/// | level `capacity` | servers or cores there are; 0 while it hangs or is down; none if unlimited |
/// | level `queue` | calls in the line |
/// | level `inside` | calls accepted and neither answered nor passed on (see below) |
/// | level `threads` | threads held; only if there are threads |
/// | level `thread_limit` | threads there are, likewise; 0 while it is down |
/// | samples `waiting` | time in the line before the first service of a call from outside \[ns\] |
/// | samples `waiting_abandoned` | time in the line of those who left it unserved \[ns\] |
/// | samples `service` | server or core time of a call that was given any, whatever became of it \[ns\] |
/// | samples `completion` | birth of the request to the good end of its detached steps \[ns\]; only if there are any |
/// | count `work` | server or core time given \[ns\]: the integral of `busy`, booked when it ends or is broken off |
/// | count `unknown_operation` | calls for operations there are not, answered `Failed` |
///
/// On a shared processor, `service` and `work` are the work done, as if alone on a core; the ledger books the same as
/// service, and the time for which the cores were with others as waiting.
///
/// # Passing on
/// If the last step is a single call and no thread is held, the call is passed on: the answer goes past the service,
/// with its status. Such a call is not `inside` any more, though its response time in the books goes on.
///
/// # Cancellation
/// A cancelled call leaves the line, the server or the shared processor at once, its calls and branches are
/// cancelled, and it is answered `Cancelled`.
///
/// # Faults
/// While it hangs nothing goes on and nothing starts, newcomers join the line (or are rejected if it is full), and
/// patience runs out all the same; then each work goes on where it stood. A server that breaks down and is repaired,
/// its work resumed, is a service that hangs.
///
/// While it is slow, what it computes and the delays of its steps take longer from their beginning on; what is under way
/// takes as long as it was to. Works that are not slow take as long as they would without the fault; what two make slow takes
/// as many times as long as both say, multiplied.
#[derive(Clone, Debug)]
pub struct Service {
    program: Arc<Program>,
    station: Station,
    own: Own,
}

/// What the service needs for calling itself, and for standing still.
#[derive(Clone, Debug, Default)]
struct Own {
    callee: Option<Callee>,
    /// Operations of my own: a part of the program and the operation it is part of.
    operations: Vec<(u32, u16)>,
    numbers: BTreeMap<(u32, u16), u16>,
    missed: Vec<Missed>,
    /// What it does when it is not slow, while it is.
    usual: Option<Arc<Program>>,
    slow: Slowness,
    /// How long it goes on when it is to end.
    drain: SimDuration,
    /// Turns of loops within one event, and which event that is.
    turns: (u64, u32),
}

/// After so many turns of loops within one event the next one is an event of its own: loops whose steps take no time may go
/// round for ever, and only between events can a run be stopped. In between, others are let in: it is as if a delay of no
/// time stood there.
///
/// Chosen: rarely reached by loops that end, and few enough that a run which never ends is stopped within seconds.
const TURNS: u32 = 256;

/// What came while it stood still.
#[derive(Clone, Copy, Debug)]
enum Missed {
    Answer(Answer),
    Cancel(Call),
    Run(Call),
    Done(Call),
}

impl Service {
    /// Begins a service with this concurrency.
    pub fn with(concurrency: Concurrency) -> Builder {
        Builder::new(concurrency)
    }

    /// Returns it with a time for which it goes on when it is to end.
    ///
    /// # Source
    /// Kubernetes, "Pod lifecycle", termination: a pod that ends is taken from the endpoints, and killed when
    /// `terminationGracePeriodSeconds` are over. That it serves to the end of that time, as with a `preStop` that sleeps, is
    /// an assumption.
    pub fn draining(mut self, drain: SimDuration) -> Service {
        self.own.drain = drain;
        self
    }

    /// Begins a service of so many servers of speed 1, each serving one call at a time.
    pub fn servers(servers: u32) -> Builder {
        Service::with(Concurrency::Servers(servers))
    }

    /// Begins a service whose calls share so many servers of speed 1 evenly.
    pub fn sharing(servers: u32) -> Builder {
        Service::with(Concurrency::Sharing(servers))
    }

    /// Begins a service where nobody waits for anybody.
    pub fn unlimited() -> Builder {
        Service::with(Concurrency::Unlimited)
    }

    /// Begins a service where a call holds a thread from start to reply and the threads share a machine.
    pub fn threads(threads: u32, machine: Machine) -> Builder {
        Service::with(Concurrency::Threads { threads, machine })
    }

    /// Begins a service whose cores take one piece of computing after the other.
    pub fn event_loop(machine: Machine) -> Builder {
        Service::with(Concurrency::EventLoop { machine })
    }

    /// Moves a job on, and then whoever gets what it gives free.
    #[inline(never)]
    fn run(&mut self, at: u32, value: u32, cx: &mut Cx<Self>) {
        self.run_here(at, value, cx);
    }

    /// The same inline, for the end of a work, from which most jobs are moved on.
    ///
    /// The steps that nearly all calls take have their code here, once; the others are calls.
    #[inline(always)]
    fn run_here(&mut self, at: u32, value: u32, cx: &mut Cx<Self>) {
        let Service { program, station, own } = self;
        let (mut at, mut value) = (at, value);
        loop {
            let job = &mut station.jobs[at];
            let call = job.call;
            let mut op = &program.ops[job.pc as usize];
            if let Op::Choose(number) = op {
                let branches = &program.choices[*number as usize];
                let draw = uniform_from_key(cx.draw(call));
                // The last share is 1, and a draw is below.
                if let Some((_, start)) = branches.iter().find(|(upto, _)| draw < *upto) {
                    job.pc = *start;
                    op = &program.ops[*start as usize];
                }
            }
            let then = match op {
                Op::Compute(work) => {
                    if station.take_seat(at, cx) {
                        return station.compute(at, work, cx);
                    }
                    if station.wait(at, cx) {
                        return;
                    }
                    cx.answer(call, Status::Rejected);
                    Then::Release
                }
                Op::End => {
                    cx.answer_with(call, job.status, value, SimDuration::ZERO);
                    Then::Release
                }
                // A choice that begins with a choice.
                Op::Choose(_) => Then::GoOn,
                Op::Call { call: number, last: true } if !job.on_thread && job.status == Status::Ok => {
                    let to = &program.calls[*number as usize];
                    pass_on(to, call, to.operation.unwrap_or(job.operation), cx);
                    Then::Release
                }
                Op::Call { call: number, .. } => ask(&program.calls[*number as usize], job, cx),
                op => other_step(op, program, station, own, at, cx),
            };
            let next = match then {
                Then::GoOn => continue,
                Then::Release => station.release(at, cx),
                Then::GoAway => station.go_away(at, cx),
            };
            match next {
                Some(job) => (at, value) = (job, 0),
                None => return,
            }
        }
    }

    /// Whoever slows it down has changed.
    fn slow_down(&mut self) {
        let usual = self.own.usual.take().unwrap_or_else(|| Arc::clone(&self.program));
        if self.own.slow.is_none() {
            self.program = usual;
        } else {
            self.program = Arc::new(usual.slowed(&self.own.slow));
            self.own.usual = Some(usual);
        }
    }

    /// A job ends; whoever gets what it gives free is moved on.
    #[inline(never)]
    fn end(&mut self, at: u32, status: Status, cx: &mut Cx<Self>) {
        if let Some(next) = finish(&mut self.station, at, status, 0, cx) {
            self.run(next, 0, cx);
        }
    }

    #[inline(always)]
    fn arrived(&mut self, call: Call, cx: &mut Cx<Self>) {
        let operation = cx.operation(call);
        if operation < OWN
            && let Some(start) = self.program.start(operation)
            && let Op::Compute(work) = &self.program.ops[start as usize]
        {
            // Most calls of most services: no threads, work first, and nobody is turned away unless all is full.
            if self.station.has_server_at_once() {
                return self.station.serve_newcomer(call, start, operation, work, cx);
            }
            if self.station.is_plain() {
                if self.station.is_full_for(call, cx) {
                    return cx.answer(call, Status::Rejected);
                }
                let at = self.station.accept(call, start, operation, cx);
                if self.station.take_seat(at, cx) {
                    self.station.compute(at, work, cx);
                } else if !self.station.wait(at, cx) {
                    self.end(at, Status::Rejected, cx);
                }
                return;
            }
        }
        self.arrived_otherwise(call, operation, cx);
    }

    #[inline(never)]
    fn arrived_otherwise(&mut self, call: Call, asked: u16, cx: &mut Cx<Self>) {
        // One that hangs says nothing, not even that it is to end.
        if asked == HEALTH_CHECK && cx.is_leaving() && !self.station.is_stopped() {
            return cx.answer(call, Status::Unavailable);
        }
        let mine = asked >= OWN && asked != HEALTH_CHECK;
        let (start, operation) = if asked == HEALTH_CHECK {
            (Some(self.program.nothing()), asked)
        } else if mine {
            match self.own.operations.get(usize::from(asked - OWN)) {
                Some((part, operation)) => (self.program.parts.get(*part as usize).copied(), *operation),
                None => (None, asked),
            }
        } else {
            (self.program.start(asked), asked)
        };
        let Some(start) = start else {
            cx.count(self.station.measures.unknown_operation, 1);
            return cx.answer(call, Status::Failed);
        };
        let station = &mut self.station;
        if !station.is_stopped()
            && (mine || !station.has_threads())
            && let Op::Call { call: number, last: true } = &self.program.ops[start as usize]
        {
            let to = &self.program.calls[*number as usize];
            return pass_on(to, call, to.operation.unwrap_or(operation), cx);
        }
        if mine {
            let at = station.accept(call, start, operation, cx);
            let job = &mut station.jobs[at];
            (job.begun, job.served) = (true, true);
            return self.start(at, cx);
        }
        // A newcomer.
        let stopped = station.is_stopped();
        if stopped && station.has_line() {
            if station.is_line_full() {
                return cx.answer(call, Status::Rejected);
            }
            let at = station.accept(call, start, operation, cx);
            station.wait(at, cx);
        } else if station.has_threads() {
            if !station.has_free_thread() && station.is_line_full() {
                return cx.answer(call, Status::Rejected);
            }
            let at = station.accept(call, start, operation, cx);
            if station.take_thread(at, cx) {
                self.run(at, 0, cx);
            } else {
                station.wait(at, cx);
            }
        } else {
            let at = station.accept(call, start, operation, cx);
            self.start(at, cx);
        }
    }

    /// A job begins, or will when the service goes on.
    fn start(&mut self, at: u32, cx: &mut Cx<Self>) {
        if self.station.is_stopped() {
            let job = &mut self.station.jobs[at];
            job.state = State::Away;
            self.own.missed.push(Missed::Run(job.call));
        } else {
            self.run(at, 0, cx);
        }
    }

    fn answered(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        if answer.call.is_none() {
            if let Some(completion) = self.station.measures.completion
                && answer.status.is_good()
            {
                let took = cx.now() - answer.born;
                cx.record(completion, took.as_nanos());
            }
            return;
        }
        let at = cx.note(answer.call);
        let job = &mut self.station.jobs[at];
        let good = answer.status.is_good();
        if good {
            job.status = job.status.max(answer.status);
        }
        let mut value = answer.value;
        if job.need > 0 {
            value = 0;
            if good {
                job.need -= 1;
            } else if job.spare > 0 {
                job.spare -= 1;
                return;
            }
            if good && job.need > 0 {
                return;
            }
            let fork = job.pc as usize - 1;
            if let Op::Fork(number) = self.program.ops[fork] {
                cx.abandon_rest(answer.call, self.program.forks[number as usize].cancel);
            }
        }
        if good {
            self.station.jobs[at].state = State::Ready;
            self.run(at, value, cx);
        } else if let Some(next) = finish(&mut self.station, at, answer.status, value, cx) {
            self.run(next, 0, cx);
        }
    }

    fn cancelled(&mut self, call: Call, cx: &mut Cx<Self>) {
        let at = cx.note(call);
        self.station.break_off(at, cx);
        cx.abandon_rest(call, true);
        self.end(at, Status::Cancelled, cx);
    }

    #[inline(always)]
    fn done(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.station.is_undisturbed() {
            let at = cx.note(call);
            self.station.is_served(at, cx);
            self.run_here(at, 0, cx);
        } else {
            self.done_perhaps(call, cx);
        }
    }

    /// The event of a departure has come to a station where it need not be one.
    #[inline(never)]
    fn done_perhaps(&mut self, call: Call, cx: &mut Cx<Self>) {
        let at = cx.note(call);
        if self.station.is_stopped() {
            self.own.missed.push(Missed::Done(call));
        } else if self.station.is_done(at, cx) {
            self.run(at, 0, cx);
        }
    }

    /// Out of line, for nearly all timers are ends of work.
    #[inline(never)]
    fn woken(&mut self, timer: Wake, cx: &mut Cx<Self>) {
        match timer {
            Wake::Done(call) => self.done_perhaps(call, cx),
            Wake::Woke(call) => self.start(cx.note(call), cx),
            Wake::Patience(call) => self.lost_patience(call, cx),
            Wake::Shared => self.shared_ended(cx),
            Wake::Drained => cx.default_fault(Fault::Leave),
        }
    }

    fn lost_patience(&mut self, call: Call, cx: &mut Cx<Self>) {
        let at = cx.note(call);
        self.station.jobs[at].patience = None;
        self.station.walk_out(at, cx);
        self.end(at, Status::Shed, cx);
    }

    /// Ends have come on the shared processor.
    fn shared_ended(&mut self, cx: &mut Cx<Self>) {
        self.station.alarm_rang();
        while let Some(at) = self.station.next_ended(cx) {
            self.run(at, 0, cx);
        }
    }

    fn go_on(&mut self, cx: &mut Cx<Self>) {
        self.station.go_on(cx);
        // Forks that are decided by what came before: what their other branches answered is of no use.
        let mut decided: Vec<Call> = Vec::new();
        for missed in std::mem::take(&mut self.own.missed) {
            let (Missed::Answer(Answer { call, .. })
            | Missed::Cancel(call)
            | Missed::Run(call)
            | Missed::Done(call)) = missed;
            // What was missed before may have ended a call, or passed it on.
            let is_open = call.is_none() || cx.is_open(call);
            let is_mine = is_open && (call.is_none() || !cx.is_relayed(call));
            match missed {
                Missed::Cancel(call) if is_open && !is_mine => cx.cancel_relayed(call),
                _ if !is_mine => {}
                Missed::Answer(answer) if !call.is_none() => {
                    let Job { need, spare, .. } = self.station.jobs[cx.note(call)];
                    let good = answer.status.is_good();
                    if decided.contains(&call) {
                        continue;
                    }
                    if need > 0 && (if good { need == 1 } else { spare == 0 }) {
                        decided.push(call);
                    }
                    self.answered(answer, cx);
                }
                Missed::Answer(answer) => self.answered(answer, cx),
                Missed::Cancel(call) => self.cancelled(call, cx),
                Missed::Run(call) => self.run(cx.note(call), 0, cx),
                Missed::Done(call) => self.done_perhaps(call, cx),
            }
        }
        while let Some(next) = self.station.next_after_stop(cx) {
            self.run(next, 0, cx);
        }
    }
}

impl Own {
    fn me(&self) -> Callee {
        self.callee.expect("asked for at the start, before any call")
    }

    /// Makes the calls of a fork.
    #[inline(never)]
    fn fork(&mut self, fork: &Fork, program: &Program, call: Call, operation: u16, cx: &mut Core) {
        for branch in &fork.branches {
            let ask = match branch {
                Branch::Call(number) => {
                    let to = &program.calls[*number as usize];
                    let ask = to.edge.ask(call).branch().operation(to.operation.unwrap_or(operation));
                    to.fill(ask, call, cx)
                }
                Branch::Part(part) => {
                    let operation = self.operation(*part, operation);
                    self.me().ask(call).branch().operation(operation)
                }
            };
            cx.call(ask);
        }
    }

    /// Makes a request of my own that nobody waits for.
    #[inline(never)]
    fn detach(&mut self, part: u32, call: Call, operation: u16, cx: &mut Core) {
        let operation = self.operation(part, operation);
        let attributes = Attributes { draws: cx.draw(call), ..*cx.attributes(call) };
        cx.call(self.me().request(attributes).operation(operation));
    }

    /// The number of an operation of my own: it is found again, and made when first needed.
    fn operation(&mut self, part: u32, of: u16) -> u16 {
        if let Some(number) = self.numbers.get(&(part, of)) {
            return *number;
        }
        let number = match self.operations.len() as u16 {
            at if at < HEALTH_CHECK - OWN => OWN + at,
            _ => u16::MAX,
        };
        if number < u16::MAX {
            self.operations.push((part, of));
            self.numbers.insert((part, of), number);
        }
        number // the last number stands for none: such a call is answered as unknown
    }
}

/// What becomes of a job after a step.
enum Then {
    /// It goes on with the next step.
    GoOn,
    /// It is over, or passed on.
    Release,
    /// It waits for something outside: a time, an answer.
    GoAway,
}

/// Makes the call of a step.
#[inline(never)]
fn ask(to: &CallOp, job: &mut Job, cx: &mut Core) -> Then {
    job.pc += 1;
    job.need = 0;
    let call = job.call;
    let ask = to.edge.ask(call).operation(to.operation.unwrap_or(job.operation));
    let ask = to.fill(ask, call, cx);
    cx.call(ask);
    Then::GoAway
}

/// A step that is not frequent.
#[inline(never)]
fn other_step(
    op: &Op,
    program: &Program,
    station: &mut Station,
    own: &mut Own,
    at: u32,
    cx: &mut Cx<Service>,
) -> Then {
    let job = &mut station.jobs[at];
    let (call, operation) = (job.call, job.operation);
    job.pc += 1;
    match op {
        Op::Delay(time) => {
            let span = SimDuration::from_nanos(time.draw(call, cx));
            cx.phase(call, Phase::Service);
            cx.later(span, Wake::Woke(call));
            Then::GoAway
        }
        Op::Loop { times, depth, end } => {
            let times = u32::try_from(times.draw(call, cx)).unwrap_or(u32::MAX);
            if times == 0 {
                job.pc = *end;
            }
            *station.jobs.counter(at, *depth) = times;
            Then::GoOn
        }
        Op::Again { depth, start } => {
            let left = station.jobs.counter(at, *depth);
            *left -= 1;
            if *left == 0 {
                return Then::GoOn;
            }
            station.jobs[at].pc = *start;
            if own.turns.0 != cx.events() {
                own.turns = (cx.events(), 0);
            }
            own.turns.1 += 1;
            if own.turns.1 < TURNS {
                return Then::GoOn;
            }
            cx.later(SimDuration::ZERO, Wake::Woke(call));
            Then::GoAway
        }
        Op::Fork(number) => {
            let fork = &program.forks[*number as usize];
            if fork.branches.is_empty() {
                return Then::GoOn;
            }
            job.need = fork.need;
            job.spare = fork.branches.len() as u16 - fork.need;
            own.fork(fork, program, call, operation, cx);
            Then::GoAway
        }
        Op::Jump(to) => {
            job.pc = *to;
            Then::GoOn
        }
        Op::Detach(part) => {
            own.detach(*part, call, operation, cx);
            Then::GoOn
        }
        Op::Fail { chance, status } => {
            if uniform_from_key(cx.draw(call)) >= *chance {
                return Then::GoOn;
            }
            cx.answer(call, *status);
            Then::Release
        }
        Op::Compute(_) | Op::Call { .. } | Op::Choose(_) | Op::End => {
            unreachable!("a frequent step has its own arm")
        }
    }
}

/// Answers a job. Returns who gets what it gives free, if that one must be moved on.
#[inline(never)]
fn finish(station: &mut Station, at: u32, status: Status, value: u32, cx: &mut Cx<Service>) -> Option<u32> {
    cx.answer_with(station.jobs[at].call, status, value, SimDuration::ZERO);
    station.release(at, cx)
}

/// Passes a call on: its answer goes past me.
#[inline(always)]
fn pass_on(to: &CallOp, call: Call, operation: u16, cx: &mut Core) {
    if to.carries_nothing(call, cx) {
        cx.call(to.edge.ask(call).relay_as(operation));
    } else {
        pass_on_filled(to, call, operation, cx);
    }
}

/// Out of line with all it does: an ask that a function had to fill would have to lie in memory.
#[inline(never)]
fn pass_on_filled(to: &CallOp, call: Call, operation: u16, cx: &mut Core) {
    let ask = to.fill(to.edge.ask(call), call, cx);
    cx.call(ask.relay_as(operation));
}

impl Component for Service {
    type Timer = Wake;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.own.callee = Some(cx.myself());
        let detaches = self.program.ops.iter().any(|op| matches!(op, Op::Detach(_)));
        self.station.start(detaches, cx);
        let is_last = |op: &Op| matches!(op, Op::Call { last: true, .. });
        if !self.station.has_threads() && self.program.ops.iter().any(is_last) {
            cx.passes_on();
        }
    }

    #[inline(always)]
    fn on_timer(&mut self, timer: Wake, cx: &mut Cx<Self>) {
        match timer {
            // On a server: there is no shared processor that has anything to settle.
            Wake::Done(call) => self.done(call, cx),
            timer => {
                self.woken(timer, cx);
                self.station.settle(cx);
            }
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        if self.station.is_stopped() {
            return self.own.missed.push(Missed::Answer(answer));
        }
        self.answered(answer, cx);
        self.station.settle(cx);
    }

    fn on_fault(&mut self, fault: Fault, cx: &mut Cx<Self>) {
        match fault {
            Fault::Hang if !self.station.is_stopped() => {
                self.station.stop(cx);
                cx.hangs();
            }
            Fault::Resume if self.station.is_stopped() => {
                cx.goes_on();
                self.go_on(cx);
                self.station.settle(cx);
            }
            Fault::Hang | Fault::Resume => {}
            Fault::Slow { from, by, share } => {
                self.own.slow.begin(from, by, share, cx);
                self.slow_down();
            }
            Fault::Usual { from } => {
                if self.own.slow.end(from, cx) {
                    self.slow_down();
                }
            }
            Fault::Leave if self.own.drain.is_zero() => cx.default_fault(fault),
            Fault::Leave if cx.is_leaving() => {}
            Fault::Leave => {
                cx.leave();
                cx.after(self.own.drain, Wake::Drained);
            }
            Fault::Crash { .. } | Fault::Restart => cx.default_fault(fault),
        }
    }
}

impl Serve for Service {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.arrived(call, cx);
        self.station.settle(cx);
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.station.is_stopped() {
            return self.own.missed.push(Missed::Cancel(call));
        }
        self.cancelled(call, cx);
        self.station.settle(cx);
    }
}
