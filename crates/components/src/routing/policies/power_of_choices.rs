//! The better of a few.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Draws some different members and takes the one with the fewest calls under way; of equal ones any.
///
/// All members are compared if as many choices are asked for, or more. Weights are not looked at.
///
/// # Source
/// Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10), 2001. Without
/// replacement, as nginx's `random two` (`src/http/modules/ngx_http_upstream_random_module.c`).
#[derive(Clone, Debug)]
pub struct PowerOfChoices {
    choices: usize,
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
        PowerOfChoices { choices, order: Vec::new(), stream: None }
    }
}

impl Policy for PowerOfChoices {
    fn start(&mut self, members: &Members, stream: Stream) {
        self.order = (0..members.count() as u32).collect();
        self.stream = Some(stream);
    }

    fn watches(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let stream = self.stream.as_mut().expect("a policy is started first");
        let members = self.order.len();
        let mut best: Option<usize> = None;
        let mut drawn = 0;
        for i in 0..members {
            let j = i + stream.below((members - i) as u64) as usize;
            self.order.swap(i, j);
            let member = self.order[i] as usize;
            if !choice.allows(member) {
                continue;
            }
            // They come in random order: the first of equal ones is any of them.
            if best.is_none_or(|best| choice.members.load(member) < choice.members.load(best)) {
                best = Some(member);
            }
            drawn += 1;
            if drawn == self.choices {
                break;
            }
        }
        best
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
