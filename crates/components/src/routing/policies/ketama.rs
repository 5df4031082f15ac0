//! nginx's consistent hash.

use kneepoint_random::Stream;

use super::ring::Ring;
use crate::routing::hashing::{digits, nginx};
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Consistent hashing: each member has points on a circle, 160 for each unit of weight, and a key belongs to the next
/// point clockwise. Who cannot be chosen is passed over, so that only its own keys move. O(log of the points).
///
/// # Source
/// nginx `hash … consistent` (ketama); the owners of 2000 recorded keys, before and after a server is removed, are
/// repeated exactly. A key is hashed as its decimal digits.
#[derive(Clone, Debug)]
pub struct Ketama {
    points: u32,
    ring: Ring,
}

impl Default for Ketama {
    /// With the points nginx has.
    fn default() -> Ketama {
        Ketama::new(nginx::POINTS)
    }
}

impl Ketama {
    /// Returns the policy with so many points for each unit of weight.
    pub fn new(points: u32) -> Ketama {
        Ketama { points, ring: Ring::default() }
    }

    /// Returns who gets a key that is this text.
    pub fn owner(&self, key: &[u8], allows: impl Fn(usize) -> bool) -> Option<usize> {
        if self.ring.len() == 0 {
            return None;
        }
        let first = self.ring.after(nginx::on_the_ring(key));
        (0..self.ring.len()).map(|step| self.ring.point(first + step).1).find(|member| allows(*member))
    }
}

impl Policy for Ketama {
    fn start(&mut self, members: &Members, _: Stream) {
        let points = self.points;
        self.ring = Ring::new((0..members.count()).flat_map(|at| {
            let member = members.get(at);
            let count = points.saturating_mul(member.weight);
            nginx::points(&member.address, count).map(move |place| (place, at as u32))
        }));
    }

    fn watches(&self) -> bool {
        false
    }

    fn insists(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let allows = |member| choice.members.is_up(member) && !choice.was_tried(member);
        self.owner(digits(choice.key, &mut [0; 20]), allows)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
