//! To each key a few members of its own.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Gives each key (a customer) a few members, drawn by the key, and each of its calls to any of those: one that harms its
/// members harms few others wholly. Weights are not looked at. O(size²).
///
/// # Source
/// MacCárthaigh, "Workload isolation using shuffle-sharding", Amazon Builders' Library, 2019.
#[derive(Clone, Debug)]
pub struct ShuffleShard {
    size: usize,
    shard: Vec<u32>,
    stream: Option<Stream>,
}

impl ShuffleShard {
    /// Returns the policy with so many members for each key.
    ///
    /// # Panics
    /// If there are none.
    pub fn new(size: usize) -> ShuffleShard {
        assert!(size > 0, "a choice among none");
        ShuffleShard { size, shard: Vec::new(), stream: None }
    }

    /// Writes the members of a key; each combination is as likely.
    fn draw(&mut self, key: u64, members: usize) {
        let mut stream = Stream::from_key(key);
        self.shard.clear();
        // Floyd's way: the combination without an order of all members.
        for last in members - self.size.min(members)..members {
            let drawn = stream.below(last as u64 + 1) as u32;
            let taken = self.shard.contains(&drawn);
            self.shard.push(if taken { last as u32 } else { drawn });
        }
    }

    /// Returns the members of a key, in order of number.
    pub fn shard(size: usize, key: u64, members: usize) -> Vec<usize> {
        let mut policy = ShuffleShard::new(size);
        policy.draw(key, members);
        policy.shard.sort_unstable();
        policy.shard.iter().map(|member| *member as usize).collect()
    }
}

impl Policy for ShuffleShard {
    fn start(&mut self, _: &Members, stream: Stream) {
        self.stream = Some(stream);
    }

    fn watches(&self) -> bool {
        false
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        self.draw(choice.key, choice.members.count());
        self.shard.retain(|member| choice.allows(*member as usize));
        let stream = self.stream.as_mut().expect("a policy is started first");
        if self.shard.is_empty() {
            return None;
        }
        Some(self.shard[stream.below(self.shard.len() as u64) as usize] as usize)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
