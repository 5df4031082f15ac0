//! The first that has room.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Gives each call to the first member in the list that has room: the others can be switched off while load is low. Without
/// bounds on members that is the first one always. O(1).
///
/// # Source
/// HAProxy `src/lb_fas.c`, `balance first`; the recorded sequence with `maxconn 2` is repeated exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct First;

impl Policy for First {
    fn start(&mut self, _: &Members, _: Stream) {}

    fn watches(&self) -> bool {
        false
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let mut at = 0;
        loop {
            let member = choice.members.next_usable(at).filter(|member| *member >= at)?;
            if !choice.was_tried(member) {
                return Some(member);
            }
            at = member + 1;
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
