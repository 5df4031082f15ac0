//! The counts of several rate limits in one place.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Serve, Status};
use kneepoint_engine::SimDuration;

use super::Limiter;

/// Keeps the counts of all rate limits that ask it, and decides for them at once.
///
/// ```text
/// RateLimit of gateway 0 --1--> store        1: what it costs to ask the store, over the gateway's own wire
///                        --2--> SharedLimit  2: when the store has answered: the answer's value is the decision
/// RateLimit of gateway 1 --2-----^
/// ```
///
/// # Assumptions
/// A decision is one atomic step, as a script of Redis is. In reality it is taken in the store; here when the store's
/// answer has arrived, half a round trip later. A store that comes back after a crash has lost nothing: the counts are
/// here.
///
/// # Series
/// Count `forgotten`: keys for which there was no room.
#[derive(Clone, Debug)]
pub struct SharedLimit {
    limiter: Limiter,
    forgotten: Counter,
}

impl SharedLimit {
    /// Returns counts of their own.
    pub fn new(limiter: Limiter) -> SharedLimit {
        SharedLimit { limiter, forgotten: Counter::NONE }
    }
}

impl Component for SharedLimit {
    type Timer = ();

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.forgotten = cx.counter("forgotten");
    }

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("it asks nobody");
    }
}

impl Serve for SharedLimit {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let decision = self.limiter.decide(cx.attributes(call), cx.now());
        cx.count(self.forgotten, self.limiter.take_dropped());
        cx.answer_with(call, Status::Ok, decision.pack(), SimDuration::ZERO);
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        // Every call is answered the moment it arrives.
        cx.answer(call, Status::Cancelled);
    }
}
