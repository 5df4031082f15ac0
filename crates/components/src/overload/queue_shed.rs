//! Shedding that needs the queue.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Gauge, Serve, Status};
use kneepoint_engine::SimDuration;

use super::{CoDel, ControlledDelay, QueueTimer, WaitingRoom};
use crate::edge::Edge;

/// Who decides about those who wait.
#[derive(Clone, Debug, PartialEq)]
pub enum Controller {
    /// First in, first out; some are dropped when they are to leave.
    CoDel(CoDel),
    /// Each has a patience; newest first while the queue is standing.
    AdaptiveLifo(ControlledDelay),
}

/// Lets through so many calls at once, holds the others in a queue of its own, and answers those that wait too long
/// [`Status::Shed`].
///
/// The queue of the service behind cannot be seen from here, so it has to be here: `inside` should be what the service
/// works on at once, and then it never queues itself.
///
/// # Series
/// Levels `inside`, `waiting`; counts `admitted`, `shed`.
#[derive(Clone, Debug)]
pub struct QueueShed {
    to: Edge,
    max: u64,
    controller: Controller,
    inside: u64,
    room: WaitingRoom,
    series: Option<Series>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    inside: Gauge,
    waiting: Gauge,
    admitted: Counter,
    shed: Counter,
}

impl QueueShed {
    /// Returns a queue before `to`, which gets so many calls at once.
    ///
    /// # Panics
    /// If it gets none.
    pub fn new(to: impl Into<Edge>, inside: u64, controller: Controller) -> QueueShed {
        assert!(inside > 0, "somebody gets through");
        QueueShed {
            to: to.into(),
            max: inside,
            controller,
            inside: 0,
            room: WaitingRoom::default(),
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
        let operation = cx.operation(call);
        cx.call(self.to.ask(call).operation(operation));
    }

    fn shed(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.count(self.series().shed, 1);
        cx.answer(call, Status::Shed);
    }

    fn left(&mut self, cx: &mut Cx<Self>) {
        self.inside -= 1;
        cx.add(self.series().inside, -1.0);
        let now = cx.now();
        loop {
            let next = match &self.controller {
                Controller::AdaptiveLifo(delay) if delay.is_standing(now) => self.room.newest(cx),
                Controller::AdaptiveLifo(_) | Controller::CoDel(_) => self.room.oldest(cx),
            };
            let Some(next) = next else { break };
            cx.add(self.series().waiting, -1.0);
            let waited = cx.age(next);
            if let Controller::CoDel(codel) = &mut self.controller
                && codel.drops(now, waited, self.room.len())
            {
                self.shed(next, cx);
                continue;
            }
            self.let_in(next, cx);
            break;
        }
        self.look_if_empty(cx);
    }

    fn look_if_empty(&mut self, cx: &Cx<Self>) {
        if self.room.is_empty() {
            match &mut self.controller {
                Controller::CoDel(codel) => codel.emptied(),
                Controller::AdaptiveLifo(delay) => delay.emptied(cx.now()),
            }
        }
    }

    fn strike_off(&mut self, call: Call, cx: &mut Cx<Self>) -> bool {
        let waited = self.room.leave(call, cx);
        if waited {
            cx.add(self.series().waiting, -1.0);
        }
        waited
    }
}

impl Component for QueueShed {
    type Timer = QueueTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.series = Some(Series {
            inside: cx.gauge("inside"),
            waiting: cx.gauge("waiting"),
            admitted: cx.counter("admitted"),
            shed: cx.counter("shed"),
        });
    }

    fn on_timer(&mut self, QueueTimer::Impatient(call): QueueTimer, cx: &mut Cx<Self>) {
        // The queue has not been served: that it is empty now does not end the standing.
        if self.strike_off(call, cx) {
            self.shed(call, cx);
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
        self.left(cx);
    }
}

impl Serve for QueueShed {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.inside < self.max {
            self.look_if_empty(cx);
            return self.let_in(call, cx);
        }
        if let Controller::AdaptiveLifo(delay) = &self.controller {
            let patience = delay.patience(cx.now());
            cx.later(patience, QueueTimer::Impatient(call));
        }
        self.room.enter(call, cx);
        cx.add(self.series().waiting, 1.0);
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        let waited = self.strike_off(call, cx);
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
        if !waited {
            self.left(cx);
        }
    }
}
