//! Time on the way to a callee.

use kneepoint_calls::{Answer, Call, Component, Cx, Phase, Serve, Status, timers};
use kneepoint_random::Distribution;

use crate::draw::span;
use crate::edge::Edge;

timers! {
    /// What an overhead waits for.
    pub enum OverheadTimer { Over(Call) }
}

/// Holds each call for a time and passes it on; the answer goes by without delay.
///
/// Stands for what a proxy, a sidecar or a library does with a call. A call cancelled meanwhile is not passed on.
///
/// # Assumptions
/// It takes time and no capacity; booked as service.
#[derive(Clone, Debug)]
pub struct Overhead {
    to: Edge,
    time: Distribution,
}

impl Overhead {
    /// Returns a part that takes this long \[ns\] before each call of `to`.
    pub fn new(to: impl Into<Edge>, time: Distribution) -> Overhead {
        Overhead { to: to.into(), time }
    }
}

impl Component for Overhead {
    type Timer = OverheadTimer;

    fn on_timer(&mut self, OverheadTimer::Over(call): OverheadTimer, cx: &mut Cx<Self>) {
        cx.call(self.to.ask(call).relay());
    }

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("all its calls are relayed");
    }
}

impl Serve for Overhead {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let time = span(&self.time, call, cx);
        cx.phase(call, Phase::Service);
        cx.later(time, OverheadTimer::Over(call));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.answer(call, Status::Cancelled);
    }
}
