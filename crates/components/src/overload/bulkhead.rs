//! A bound on calls in flight.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Gauge, Serve, Status, timers};
use kneepoint_engine::SimDuration;

use super::WaitingRoom;
use crate::edge::Edge;

timers! {
    /// What a bulkhead waits for.
    pub enum BulkheadTimer { Impatient(Call) }
}

/// Lets so many calls through at once; others wait for a place for a while, first come first served, and are then
/// answered [`Status::Rejected`]. Without a wait they are so at once.
///
/// A place is free when its call is answered, or cancelled from above: then it is cancelled below too. A call whose
/// caller left without a word keeps its place until the answer comes.
///
/// # Series
/// Levels `inside` and `waiting`; counts `admitted`, `rejected`.
///
/// # Source
/// Nygard, "Release It!", 2nd ed., 2018, section 5.3 (bulkheads); resilience4j, `SemaphoreBulkhead`
/// (`maxConcurrentCalls`, `maxWaitDuration`, 0 unless told).
#[derive(Clone, Debug)]
pub struct Bulkhead {
    to: Edge,
    max: u64,
    wait: SimDuration,
    inside: u64,
    room: WaitingRoom,
    series: Option<Series>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    inside: Gauge,
    waiting: Gauge,
    admitted: Counter,
    rejected: Counter,
}

impl Bulkhead {
    /// Returns a bulkhead of so many places, for which one waits so long.
    ///
    /// # Panics
    /// If there is no place.
    pub fn new(to: impl Into<Edge>, max: u64, wait: SimDuration) -> Bulkhead {
        assert!(max > 0, "a bulkhead has a place");
        Bulkhead { to: to.into(), max, wait, inside: 0, room: WaitingRoom::default(), series: None }
    }

    fn series(&self) -> Series {
        self.series.expect("made at the start")
    }

    fn let_in(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.inside += 1;
        cx.add(self.series().inside, 1.0);
        cx.count(self.series().admitted, 1);
        let operation = cx.operation(call);
        cx.call(self.to.ask(call).operation(operation));
    }

    /// A place is free.
    fn left(&mut self, cx: &mut Cx<Self>) {
        self.inside -= 1;
        cx.add(self.series().inside, -1.0);
        if let Some(next) = self.room.oldest(cx) {
            cx.add(self.series().waiting, -1.0);
            self.let_in(next, cx);
        }
    }

    fn reject(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.count(self.series().rejected, 1);
        cx.answer(call, Status::Rejected);
    }
}

impl Component for Bulkhead {
    type Timer = BulkheadTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.series = Some(Series {
            inside: cx.gauge("inside"),
            waiting: cx.gauge("waiting"),
            admitted: cx.counter("admitted"),
            rejected: cx.counter("rejected"),
        });
    }

    fn on_timer(&mut self, BulkheadTimer::Impatient(call): BulkheadTimer, cx: &mut Cx<Self>) {
        if self.room.leave(call, cx) {
            cx.add(self.series().waiting, -1.0);
            self.reject(call, cx);
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
        self.left(cx);
    }
}

impl Serve for Bulkhead {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.inside < self.max {
            self.let_in(call, cx);
        } else if self.wait.is_zero() {
            self.reject(call, cx);
        } else {
            self.room.enter(call, cx);
            cx.add(self.series().waiting, 1.0);
            cx.later(self.wait, BulkheadTimer::Impatient(call));
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
