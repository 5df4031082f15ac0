//! The better of a few.

use kneepoint_calls::{Call, Core};
use kneepoint_random::Stream;

use super::policy::Policy;

/// Draws some different members and takes the one with the fewest calls under way; of equal ones any.
///
/// All members are compared if as many choices are asked for, or more.
///
/// # Source
/// Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10), 2001. Without
/// replacement, as nginx's `random two` (`src/http/modules/ngx_http_upstream_random_module.c`).
#[derive(Clone, Debug)]
pub struct PowerOfChoices {
    choices: usize,
    calls: Vec<u32>,
    /// A permutation of the members: its head is shuffled for each draw, so that none is drawn twice.
    order: Vec<u32>,
    stream: Option<Stream>,
}

impl PowerOfChoices {
    /// Returns the policy with so many choices; 1 is a blind choice.
    ///
    /// # Panics
    /// If there are no choices.
    pub fn new(choices: usize) -> PowerOfChoices {
        assert!(choices > 0, "a choice among none");
        PowerOfChoices { choices, calls: Vec::new(), order: Vec::new(), stream: None }
    }
}

impl Policy for PowerOfChoices {
    fn start(&mut self, members: usize, cx: &mut Core) {
        self.calls = vec![0; members];
        self.order = (0..members as u32).collect();
        self.stream = Some(cx.stream("routing"));
    }

    fn watches(&self) -> bool {
        true
    }

    fn choose(&mut self, _: Call, _: &mut Core) -> usize {
        let stream = self.stream.as_mut().expect("a policy is started first");
        let members = self.order.len();
        let mut best = usize::MAX;
        for i in 0..self.choices.min(members) {
            let j = i + stream.below((members - i) as u64) as usize;
            self.order.swap(i, j);
            let drawn = self.order[i] as usize;
            // They come in random order: the first of equal ones is any of them.
            if best == usize::MAX || self.calls[drawn] < self.calls[best] {
                best = drawn;
            }
        }
        self.calls[best] += 1;
        best
    }

    fn ended(&mut self, member: usize) {
        self.calls[member] -= 1;
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
