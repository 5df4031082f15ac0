//! Edges: whom a part calls, and how long it waits.

use kneepoint_calls::{Ask, Attributes, Call, Callee};
use kneepoint_engine::SimDuration;

/// Whom to call, and an outermost time-out fused into the call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Whom.
    pub to: Callee,
    /// How long the caller waits; zero means for ever.
    pub within: SimDuration,
    /// Whether the callee is told when the caller stops waiting.
    pub cancelling: bool,
}

impl Edge {
    /// Returns an edge without a time-out.
    pub fn to(to: Callee) -> Edge {
        Edge { to, within: SimDuration::ZERO, cancelling: false }
    }

    /// With a time-out.
    pub fn within(self, within: SimDuration, cancelling: bool) -> Edge {
        Edge { within, cancelling, ..self }
    }

    /// Begins a call on behalf of one I hold.
    #[inline(always)]
    pub fn ask(&self, call: Call) -> Ask {
        self.apply(self.to.ask(call))
    }

    /// Begins a new request.
    #[inline(always)]
    pub fn request(&self, attributes: Attributes) -> Ask {
        self.apply(self.to.request(attributes))
    }

    #[inline(always)]
    fn apply(&self, ask: Ask) -> Ask {
        let ask = ask.within(self.within);
        if self.cancelling { ask.cancelling() } else { ask }
    }
}

impl From<Callee> for Edge {
    fn from(to: Callee) -> Edge {
        Edge::to(to)
    }
}
