//! Any.

use kneepoint_calls::{Call, Core};
use kneepoint_random::Stream;

use super::policy::Policy;

/// Gives each call to a member drawn at random, all equally likely.
#[derive(Clone, Debug, Default)]
pub struct Random {
    members: u64,
    stream: Option<Stream>,
}

impl Random {
    /// Returns the policy.
    pub fn new() -> Random {
        Random::default()
    }
}

impl Policy for Random {
    fn start(&mut self, members: usize, cx: &mut Core) {
        *self = Random { members: members as u64, stream: Some(cx.stream("routing")) };
    }

    fn watches(&self) -> bool {
        false
    }

    #[inline]
    fn choose(&mut self, _: Call, _: &mut Core) -> usize {
        self.stream.as_mut().expect("a policy is started first").below(self.members) as usize
    }

    fn ended(&mut self, _: usize) {}

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
