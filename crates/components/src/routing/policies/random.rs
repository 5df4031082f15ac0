//! Any.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Gives each call to a member drawn at random, all that can be chosen equally likely. O(1).
#[derive(Clone, Debug, Default)]
pub struct Random {
    stream: Option<Stream>,
}

impl Random {
    /// Returns the policy.
    pub fn new() -> Random {
        Random::default()
    }
}

/// Draws one of those that are allowed, all equally likely.
#[inline]
pub(super) fn any(choice: &Choice<'_>, stream: &mut Stream) -> Option<usize> {
    let usable = choice.members.usable();
    if choice.allowed() == 0 {
        return None;
    }
    // The fewer are tried already, the sooner it ends: each draw hits one that is allowed with a chance of at least
    // one in so many.
    loop {
        let n = stream.below(usable as u64) as usize;
        let drawn = if usable == choice.members.count() { n } else { choice.members.nth_usable(n)? };
        if !choice.was_tried(drawn) {
            return Some(drawn);
        }
    }
}

impl Policy for Random {
    fn start(&mut self, _: &Members, stream: Stream) {
        self.stream = Some(stream);
    }

    fn watches(&self) -> bool {
        false
    }

    #[inline]
    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        any(choice, self.stream.as_mut().expect("a policy is started first"))
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
