//! Something less, instead of nothing.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Held, Phase, Serve, Status, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

use super::statuses::Statuses;
use crate::draw::span;
use crate::edge::Edge;

timers! {
    /// What a fallback waits for.
    pub enum FallbackTimer { Ready(Call) }
}

/// Tags of the calls it makes.
const FIRST: u16 = 0;
const INSTEAD: u16 = 1;

/// What is done when the callee's answer is of no use.
#[derive(Clone, Debug)]
pub struct Instead {
    /// Whom to ask then, and for which operation, if not for the same; nobody: the answer is made up.
    pub to: Option<(Edge, Option<u16>)>,
    /// What the caller gets: [`Status::Degraded`] or [`Status::Stale`].
    pub status: Status,
    /// How long making it up, or turning to the other, takes \[ns\].
    pub takes: Distribution,
}

/// Passes calls on, and answers with something less when the answer is bad: made up, or by asking another part.
///
/// If the other part's answer is bad too, it is the answer. The time of the call that failed is wasted; the time a
/// fallback takes is service, and no capacity. A cancellation goes to whoever is at work; a call that its own maker
/// cancelled gets no fallback.
///
/// # Series
/// Count `fallbacks`.
#[derive(Clone, Debug)]
pub struct Fallback {
    to: Edge,
    on: Statuses,
    instead: Instead,
    held: Held<u16>,
    fallbacks: Counter,
}

impl Fallback {
    /// Returns a part before `to` that does something else after these answers.
    ///
    /// # Panics
    /// If the status is not one that a fallback gives.
    pub fn new(to: impl Into<Edge>, on: Statuses, instead: Instead) -> Fallback {
        assert!(matches!(instead.status, Status::Degraded | Status::Stale), "a fallback gives something");
        Fallback { to: to.into(), on, instead, held: Held::default(), fallbacks: Counter::NONE }
    }

    fn turn(&mut self, call: Call, cx: &mut Cx<Self>) {
        match self.instead.to {
            None => {
                self.held.take(call, cx);
                cx.answer(call, self.instead.status);
            }
            Some((to, operation)) => {
                let operation = operation.unwrap_or(*self.held.get(call, cx));
                cx.call(to.ask(call).operation(operation).tag(INSTEAD));
            }
        }
    }
}

impl Component for Fallback {
    type Timer = FallbackTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.fallbacks = cx.counter("fallbacks");
    }

    fn on_timer(&mut self, FallbackTimer::Ready(call): FallbackTimer, cx: &mut Cx<Self>) {
        self.turn(call, cx);
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let call = answer.call;
        if answer.tag == FIRST && self.on.has(answer.status) {
            cx.count(self.fallbacks, 1);
            let takes = span(&self.instead.takes, call, cx);
            if takes.is_zero() {
                self.turn(call, cx);
            } else {
                cx.phase(call, Phase::Service);
                cx.later(takes, FallbackTimer::Ready(call));
            }
            return;
        }
        self.held.take(call, cx);
        let less = answer.tag == INSTEAD && answer.status == Status::Ok;
        let status = if less { self.instead.status } else { answer.status };
        cx.answer_with(call, status, answer.value, SimDuration::ZERO);
    }
}

impl Serve for Fallback {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let operation = cx.operation(call);
        self.held.put(call, operation, cx);
        cx.call(self.to.ask(call).operation(operation).branch().tag(FIRST));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.held.take(call, cx);
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}
