//! Anybody who is idle.

use kneepoint_random::Stream;

use super::random::any;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};
use crate::routing::usable::Usable;

/// Gives each call to a member without any, drawn among all such; to any member if all have some. O(1).
///
/// # Source
/// Lu et al., "Join-Idle-Queue: a novel load balancing algorithm for dynamically scalable web services", Performance
/// Evaluation 68(11), 2011, with one dispatcher.
#[derive(Clone, Debug, Default)]
pub struct JoinIdleQueue {
    idle: Usable,
    stream: Option<Stream>,
}

impl JoinIdleQueue {
    /// Returns the policy.
    pub fn new() -> JoinIdleQueue {
        JoinIdleQueue::default()
    }
}

impl Policy for JoinIdleQueue {
    fn start(&mut self, members: &Members, stream: Stream) {
        self.idle = Usable::none(members.count());
        for member in 0..members.count() {
            self.changed(member, members);
        }
        self.stream = Some(stream);
    }

    fn watches(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let stream = self.stream.as_mut().expect("a policy is started first");
        let tried = choice.tried.iter().filter(|tried| self.idle.has(usize::from(**tried))).count();
        if self.idle.count() == tried {
            return any(choice, stream);
        }
        loop {
            let drawn = self.idle.nth(stream.below(self.idle.count() as u64) as usize)?;
            if !choice.was_tried(drawn) {
                return Some(drawn);
            }
        }
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.loaded(member, members);
    }

    fn loaded(&mut self, member: usize, members: &Members) {
        self.idle.set(member, members.is_usable(member) && members.load(member) == 0);
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
