//! The nearest.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Chooses the nearest member that can be chosen; those that are equally near take turns.
///
/// # Source
/// Amazon Route 53, "Latency-based routing": the answer is the healthy record of the region with the lowest latency for
/// the one who asks.
#[derive(Clone, Debug, Default)]
pub struct Nearest {
    /// Members that are equally far, the nearest first, and whose turn it is among them.
    rings: Vec<(Vec<u16>, usize)>,
}

impl Nearest {
    /// Returns a policy that goes by the members' distances.
    pub fn new() -> Nearest {
        Nearest::default()
    }
}

impl Policy for Nearest {
    fn start(&mut self, members: &Members, _: Stream) {
        let far = |member: &u16| members.get(usize::from(*member)).distance;
        let mut order: Vec<u16> = (0..members.count() as u16).collect();
        order.sort_by_key(far);
        let same = |a: &u16, b: &u16| far(a) == far(b);
        self.rings = order.chunk_by(same).map(|ring| (ring.to_vec(), 0)).collect();
    }

    fn watches(&self) -> bool {
        false
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        for (ring, turn) in &mut self.rings {
            for step in 0..ring.len() {
                let at = (*turn + step) % ring.len();
                let member = usize::from(ring[at]);
                if choice.allows(member) {
                    *turn = (at + 1) % ring.len();
                    return Some(member);
                }
            }
        }
        None
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
