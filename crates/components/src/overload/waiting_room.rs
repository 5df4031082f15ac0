//! Calls that wait to be let in.

use std::collections::VecDeque;

use kneepoint_calls::{Call, Core};

/// The bit of a call's note that says it waits; below it stands the operation it asks for.
const WAITS: u32 = 1 << 16;

/// Calls in the order in which they came. One that is cancelled or loses patience is struck off in place: taking one
/// costs O(1) on average, whatever happened to the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct WaitingRoom {
    calls: VecDeque<Call>,
    waiting: usize,
}

impl WaitingRoom {
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Lets a call wait. It must keep no other note than its operation.
    pub(crate) fn enter(&mut self, call: Call, cx: &mut Core) {
        cx.set_note(call, u32::from(cx.operation(call)) | WAITS);
        // Nothing is taken while nothing is let in: what was struck off must not pile up.
        if self.calls.len() > 2 * self.waiting + 16 {
            self.calls.retain(|call| waits(*call, cx));
        }
        self.calls.push_back(call);
        self.waiting += 1;
    }

    /// Takes the one that came first.
    pub(crate) fn oldest(&mut self, cx: &mut Core) -> Option<Call> {
        while let Some(call) = self.calls.pop_front() {
            if waits(call, cx) {
                return Some(self.taken(call, cx));
            }
        }
        None
    }

    /// Takes the one that came last.
    pub(crate) fn newest(&mut self, cx: &mut Core) -> Option<Call> {
        while let Some(call) = self.calls.pop_back() {
            if waits(call, cx) {
                return Some(self.taken(call, cx));
            }
        }
        None
    }

    /// Strikes a call off. Returns whether it was waiting.
    pub(crate) fn leave(&mut self, call: Call, cx: &mut Core) -> bool {
        let waited = waits(call, cx);
        if waited {
            self.taken(call, cx);
        }
        waited
    }

    /// The note is its operation again.
    fn taken(&mut self, call: Call, cx: &mut Core) -> Call {
        cx.set_note(call, u32::from(cx.operation(call)));
        self.waiting -= 1;
        call
    }
}

/// A call that is over may have left its place to another.
fn waits(call: Call, cx: &Core) -> bool {
    cx.is_open(call) && cx.note(call) & WAITS != 0
}
