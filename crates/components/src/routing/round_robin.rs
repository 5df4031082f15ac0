//! One after the other.

use kneepoint_calls::{Call, Core};

use super::policy::Policy;

/// Gives calls to the members in turn, beginning with the first.
///
/// # Source
/// nginx and HAProxy with equal weights: `ABCABC…` from a fresh start, whatever is under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoundRobin {
    members: usize,
    next: usize,
}

impl RoundRobin {
    /// Returns the policy.
    pub fn new() -> RoundRobin {
        RoundRobin::default()
    }
}

impl Policy for RoundRobin {
    fn start(&mut self, members: usize, _: &mut Core) {
        *self = RoundRobin { members, next: 0 };
    }

    fn watches(&self) -> bool {
        false
    }

    #[inline]
    fn choose(&mut self, _: Call, _: &mut Core) -> usize {
        let chosen = self.next;
        self.next = if chosen + 1 == self.members { 0 } else { chosen + 1 };
        chosen
    }

    fn ended(&mut self, _: usize) {}

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
