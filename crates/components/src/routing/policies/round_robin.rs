//! One after the other.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Gives calls to the members in turn, beginning with the first; those that cannot be chosen are passed over. O(1).
///
/// # Source
/// nginx and HAProxy with equal weights: `ABCABC…` from a fresh start, whatever is under way. What they do after a
/// failure differs: [`SmoothWeighted`](super::SmoothWeighted), [`HaproxyRoundRobin`](super::HaproxyRoundRobin).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoundRobin {
    next: usize,
}

impl RoundRobin {
    /// Returns the policy.
    pub fn new() -> RoundRobin {
        RoundRobin::default()
    }
}

impl Policy for RoundRobin {
    fn start(&mut self, _: &Members, _: Stream) {
        self.next = 0;
    }

    fn watches(&self) -> bool {
        false
    }

    #[inline]
    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let mut chosen = choice.members.next_usable(self.next)?;
        for _ in choice.tried {
            if !choice.was_tried(chosen) {
                break;
            }
            chosen = choice.members.next_usable(chosen + 1)?;
        }
        if choice.was_tried(chosen) {
            return None;
        }
        self.next = if chosen + 1 == choice.members.count() { 0 } else { chosen + 1 };
        Some(chosen)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
