//! A client that stands in several places.

use kneepoint_calls::{Answer, Call, Component, Cx, Serve, Status};

use crate::edge::Edge;
use crate::service::own_stream;

/// Tells the draw of a place from those of keys: "places" as text.
const PLACES: u64 = u64::from_le_bytes(*b"\0\0places");

/// Passes each request on from one of several places, all equally likely: each has an edge of its own.
///
/// The place belongs to the request as its keys do: two designs see the same requests come from the same places, and
/// nothing else is drawn differently.
///
/// # Assumptions
/// Requests are independent of each other. A user who waits, or a session, would stay in one place.
#[derive(Clone, Debug)]
pub struct Origins {
    from: Vec<Edge>,
}

impl Origins {
    /// Returns the origins of requests: an edge for each place.
    ///
    /// # Panics
    /// If there is no place.
    pub fn new(from: Vec<Edge>) -> Origins {
        assert!(!from.is_empty(), "a client stands somewhere");
        Origins { from }
    }
}

impl Component for Origins {
    type Timer = ();

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("all its calls are relayed");
    }
}

impl Serve for Origins {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let identity = cx.attributes(call).identity;
        let place = own_stream(identity, PLACES).below(self.from.len() as u64) as usize;
        cx.call(self.from[place].ask(call).relay());
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        // A call is passed on the moment it arrives, and the cancellation of a relayed call goes past this part.
        cx.answer(call, Status::Cancelled);
    }
}
