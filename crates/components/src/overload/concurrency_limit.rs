//! A bound on calls in flight that finds itself.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Gauge, Serve, Status, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, Stream};

use super::WaitingRoom;
use super::adaptive::{Adaptive, Sample};
use crate::draw::span;
use crate::edge::Edge;

timers! {
    /// What a queue of calls waits for.
    pub enum QueueTimer { Impatient(Call) }
}

/// Who of those who wait is let in next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// Who came first.
    Fifo,
    /// Who came last.
    Lifo,
}

/// The waiting places before a limit.
#[derive(Clone, Debug)]
pub struct Queue {
    /// How many; a call that finds them taken is rejected.
    pub max: u64,
    /// Who is next.
    pub discipline: Discipline,
    /// How long one waits \[ns\] before being shed; nothing is for ever.
    pub patience: Option<Distribution>,
}

impl Queue {
    /// Returns no place to wait.
    pub fn none() -> Queue {
        Queue { max: 0, discipline: Discipline::Fifo, patience: None }
    }
}

/// Lets through as many calls at once as an adaptive limit says, which learns from how they fare. Others wait, if there
/// are places to, or are answered [`Status::Rejected`]; who loses patience is answered [`Status::Shed`].
///
/// A call that was cancelled teaches nothing. One that was turned away further on, or timed out, counts as dropped.
///
/// # Series
/// Level `limit`; and as of a bulkhead `inside`, `waiting`, counts `admitted`, `rejected`, `shed`.
///
/// # Source
/// Netflix concurrency-limits, `SimpleLimiter` and `LifoBlockingLimiter`; the algorithms say theirs.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    to: Edge,
    limit: Adaptive,
    queue: Queue,
    inside: u64,
    room: WaitingRoom,
    draws: Option<Stream>,
    series: Option<Series>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    limit: Gauge,
    inside: Gauge,
    waiting: Gauge,
    admitted: Counter,
    rejected: Counter,
    shed: Counter,
}

impl ConcurrencyLimit {
    /// Returns a limit before `to`.
    pub fn new(to: impl Into<Edge>, limit: Adaptive, queue: Queue) -> ConcurrencyLimit {
        ConcurrencyLimit {
            to: to.into(),
            limit,
            queue,
            inside: 0,
            room: WaitingRoom::default(),
            draws: None,
            series: None,
        }
    }

    fn series(&self) -> Series {
        self.series.expect("made at the start")
    }

    fn let_in(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.inside += 1;
        cx.add(self.series().inside, 1.0);
        cx.count(self.series().admitted, 1);
        // The tag brings back how many were in flight; beyond what a tag can say, so many or more.
        let in_flight = self.inside.min(u64::from(u16::MAX) - 1) as u16;
        let operation = cx.operation(call);
        cx.call(self.to.ask(call).operation(operation).tag(in_flight));
    }

    /// Lets in whoever there is room for: the limit may have grown.
    fn fill(&mut self, cx: &mut Cx<Self>) {
        while self.inside < self.limit.limit() {
            let next = match self.queue.discipline {
                Discipline::Fifo => self.room.oldest(cx),
                Discipline::Lifo => self.room.newest(cx),
            };
            let Some(next) = next else { return };
            cx.add(self.series().waiting, -1.0);
            self.let_in(next, cx);
        }
    }

    fn left(&mut self, cx: &mut Cx<Self>) {
        self.inside -= 1;
        cx.add(self.series().inside, -1.0);
        self.fill(cx);
    }
}

impl Component for ConcurrencyLimit {
    type Timer = QueueTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        let series = Series {
            limit: cx.gauge("limit"),
            inside: cx.gauge("inside"),
            waiting: cx.gauge("waiting"),
            admitted: cx.counter("admitted"),
            rejected: cx.counter("rejected"),
            shed: cx.counter("shed"),
        };
        cx.set(series.limit, self.limit.limit() as f64);
        self.series = Some(series);
        self.draws = Some(cx.stream("probe"));
    }

    fn on_timer(&mut self, QueueTimer::Impatient(call): QueueTimer, cx: &mut Cx<Self>) {
        if self.room.leave(call, cx) {
            cx.add(self.series().waiting, -1.0);
            cx.count(self.series().shed, 1);
            cx.answer(call, Status::Shed);
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        use Status::{Limited, Lost, Rejected, Shed, Timeout, Unavailable};
        let before = self.limit.limit();
        let dropped = matches!(answer.status, Timeout | Rejected | Shed | Limited | Unavailable | Lost);
        let sample = Sample { took: answer.took, in_flight: u64::from(answer.tag), dropped };
        if answer.status != Status::Cancelled {
            self.limit.learn(sample, self.draws.as_mut().expect("made at the start"));
        }
        if self.limit.limit() != before {
            cx.set(self.series().limit, self.limit.limit() as f64);
        }
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
        self.left(cx);
    }
}

impl Serve for ConcurrencyLimit {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.inside < self.limit.limit() {
            self.let_in(call, cx);
        } else if (self.room.len() as u64) < self.queue.max {
            let patience = self.queue.patience.as_ref().map(|patience| span(patience, call, cx));
            self.room.enter(call, cx);
            cx.add(self.series().waiting, 1.0);
            if let Some(patience) = patience {
                cx.later(patience, QueueTimer::Impatient(call));
            }
        } else {
            cx.count(self.series().rejected, 1);
            cx.answer(call, Status::Rejected);
        }
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        let waited = self.room.leave(call, cx);
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
        if waited {
            cx.add(self.series().waiting, -1.0);
        } else {
            self.left(cx);
        }
    }
}
