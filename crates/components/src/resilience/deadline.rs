//! When a request is of no use any more.

use kneepoint_calls::{Answer, Attributes, Call, Component, Counter, Cx, Serve, Status};
use kneepoint_engine::{SimDuration, SimTime};

use crate::edge::Edge;

/// Gives calls a deadline, and holds them to the one they have.
///
/// The deadline travels with the call: whatever is called further on behalf of it carries it too, until a `Deadline`
/// there makes it earlier; nobody can make it later. Only parts of this kind look at it: a call that comes too late is
/// answered `Timeout` without going further, and one that is under way is given up when the time is over. So a service
/// sheds late work if a `Deadline` stands at its door, and not otherwise. What the caller does for itself afterwards has
/// the deadline it had before.
///
/// The callee is told of the end if `cancelling`.
///
/// # Series
/// Count `late`: calls that came after their deadline.
///
/// # Source
/// gRPC, "Deadlines" (grpc.io/docs/guides/deadlines): propagated as the time that is left, the server cancels calls
/// whose deadline has passed.
#[derive(Clone, Debug)]
pub struct Deadline {
    to: Edge,
    after: Option<SimDuration>,
    cancelling: bool,
    late: Counter,
}

impl Deadline {
    /// Returns a part that gives calls of `to` this much time from when they come; without, those that have a deadline
    /// are held to it.
    pub fn new(to: impl Into<Edge>, after: Option<SimDuration>, cancelling: bool) -> Deadline {
        Deadline { to: to.into(), after, cancelling, late: Counter::NONE }
    }
}

impl Component for Deadline {
    type Timer = ();

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.late = cx.counter("late");
    }

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("all its calls are relayed");
    }
}

impl Serve for Deadline {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let now = cx.now();
        let carried = cx.attributes(call).deadline;
        let own = self.after.map_or(SimTime::MAX, |after| now + after);
        let deadline = carried.min(own);
        if deadline <= now {
            cx.count(self.late, 1);
            cx.answer(call, Status::Timeout);
            return;
        }
        let mut ask = self.to.ask(call);
        if deadline < carried {
            let attributes = Attributes { deadline, ..*cx.attributes(call) };
            ask = ask.about(attributes);
        }
        // A shorter time-out of the edge stays; its own word on cancelling goes with it.
        let left = if deadline == SimTime::MAX { SimDuration::ZERO } else { deadline - now };
        let edge_first = !self.to.within.is_zero() && (left.is_zero() || self.to.within <= left);
        if !edge_first && !left.is_zero() {
            ask = ask.within(left).foreign();
            if self.cancelling {
                ask = ask.cancelling();
            }
        }
        cx.call(ask.relay());
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        // A call is passed on the moment it arrives, and the cancellation of a relayed call goes past this part.
        cx.answer(call, Status::Cancelled);
    }
}
