//! Several members drawn together, without the same one twice.

use std::sync::Arc;

use kneepoint_calls::{Answer, Call, Component, Cx, Serve, Status};
use kneepoint_random::Stream;

use crate::edge::Edge;
use crate::service::own_stream;

/// Tells this draw from those of keys: "drawn" as text.
const DRAWN: u64 = u64::from_le_bytes(*b"\0\0\0drawn");

/// The n-th of several members that are drawn anew each time, all different: one part for each n.
///
/// Branches that a request makes at one instant draw from (request, instant), so that they agree on whom to draw
/// without asking each other.
///
/// # Assumptions
/// A request that draws twice at one instant, in two steps without any time between them, draws the same members.
#[derive(Clone, Debug)]
pub struct Drawn {
    members: Arc<[Edge]>,
    turn: usize,
    /// Positions drawn before, ascending.
    taken: Vec<usize>,
}

impl Drawn {
    /// Returns the part for the turn, from 0, of drawing among members.
    ///
    /// # Panics
    /// If there are not so many members.
    pub fn new(members: Arc<[Edge]>, turn: usize) -> Drawn {
        assert!(turn < members.len(), "{} members cannot be drawn {} times", members.len(), turn + 1);
        Drawn { members, turn, taken: Vec::with_capacity(turn) }
    }

    /// The member of this turn: each turn draws among those that are left.
    pub(super) fn member(&mut self, stream: &mut Stream) -> usize {
        self.taken.clear();
        loop {
            let mut member = stream.below((self.members.len() - self.taken.len()) as u64) as usize;
            // The n-th of those left is one further for each that is taken before it.
            let mut place = 0;
            while self.taken.get(place).is_some_and(|taken| *taken <= member) {
                member += 1;
                place += 1;
            }
            if self.taken.len() == self.turn {
                return member;
            }
            self.taken.insert(place, member);
        }
    }
}

impl Component for Drawn {
    type Timer = ();

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("all its calls are relayed");
    }
}

impl Serve for Drawn {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let identity = cx.attributes(call).identity;
        let key = own_stream(identity, DRAWN).next_u64() ^ cx.now().as_nanos();
        let member = self.member(&mut own_stream(key, DRAWN));
        cx.call(self.members[member].ask(call).relay());
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        // A call is passed on the moment it arrives, and the cancellation of a relayed call goes past this part.
        cx.answer(call, Status::Cancelled);
    }
}
