//! A bound on waiting, within a list of middle parts.

use kneepoint_calls::{Answer, Call, Component, Cx, Serve, Status};

use crate::edge::Edge;

/// Passes calls on over an edge with a time-out: answers [`Status::Timeout`] when it has run out.
///
/// For a time-out that does not stand outermost: that one is part of the caller's [`Edge`] and costs no part.
/// Whether the callee is told is a property of the edge too. A cancellation from above passes in any case.
#[derive(Clone, Debug)]
pub struct Timeout {
    to: Edge,
}

impl Timeout {
    /// Returns a time-out of [`Edge::within`].
    ///
    /// # Panics
    /// If the edge has none.
    pub fn new(to: Edge) -> Timeout {
        assert!(!to.within.is_zero(), "a time-out of zero would mean for ever");
        Timeout { to }
    }
}

impl Component for Timeout {
    type Timer = ();

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("all its calls are relayed");
    }
}

impl Serve for Timeout {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.call(self.to.ask(call).relay());
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        // A call is passed on the moment it arrives, and the cancellation of a relayed call goes past this part.
        cx.answer(call, Status::Cancelled);
    }
}
