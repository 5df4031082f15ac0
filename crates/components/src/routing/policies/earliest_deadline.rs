//! Envoy's weighted round robin.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Steps of one unit of weight; deadlines are whole numbers of it, so that those meant to be equal are.
///
/// The least common multiple of 1 to 28; heavier weights are rounded by less than 10^-9 of a period.
const UNIT: u64 = 80_313_433_200;

/// Earliest deadline first: who was chosen is due again one period (1 / weight) later; of equal deadlines the older entry
/// goes first. 5/1/1 is `AAAAABC`. O(log n).
///
/// # Source
/// Envoy `source/common/upstream/edf_scheduler.h`. Envoy also skips a random number of choices at the start: not here.
#[derive(Clone, Debug, Default)]
pub struct EarliestDeadline {
    queue: BinaryHeap<Reverse<(u64, u64, u32)>>,
    /// The entry of each member that counts; 0 if it has none.
    entries: Vec<u64>,
    last: u64,
    now: u64,
    passed: Vec<(u64, u64, u32)>,
}

impl EarliestDeadline {
    /// Returns the policy.
    pub fn new() -> EarliestDeadline {
        EarliestDeadline::default()
    }

    fn insert(&mut self, member: usize, weight: u32) {
        self.last += 1;
        self.entries[member] = self.last;
        let deadline = self.now + UNIT / u64::from(weight);
        self.queue.push(Reverse((deadline, self.last, member as u32)));
    }
}

impl Policy for EarliestDeadline {
    fn start(&mut self, members: &Members, _: Stream) {
        *self = EarliestDeadline { entries: vec![0; members.count()], ..Default::default() };
        for member in 0..members.count() {
            self.changed(member, members);
        }
    }

    fn watches(&self) -> bool {
        false
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        self.passed.clear();
        let mut chosen = None;
        while let Some(Reverse((deadline, entry, member))) = self.queue.pop() {
            let at = member as usize;
            if self.entries[at] != entry {
                continue;
            }
            if !choice.allows(at) {
                self.passed.push((deadline, entry, member));
                continue;
            }
            self.now = deadline;
            self.insert(at, choice.members.weight(at));
            chosen = Some(at);
            break;
        }
        // Those passed over stay as due as they were.
        while let Some(entry) = self.passed.pop() {
            self.queue.push(Reverse(entry));
        }
        chosen
    }

    fn changed(&mut self, member: usize, members: &Members) {
        // A new weight shows at the member's next turn, as in the product.
        let belongs = members.is_up(member) && members.weight(member) > 0;
        if belongs && self.entries[member] == 0 {
            self.insert(member, members.weight(member));
        } else if !belongs {
            self.entries[member] = 0;
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
