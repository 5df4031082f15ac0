//! The textbook ring, with or without a bound on load.

use kneepoint_random::Stream;
use xxhash_rust::xxh64::xxh64;

use super::ring::Ring;
use crate::routing::hashing::digits;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Each member has points at hashed places of a circle, as many for each unit of weight; a key belongs to the next point
/// clockwise. With a bound of 1 + ε nobody gets more than that times the mean number of calls under way, rounded up: keys
/// of a member that is full go on to the next. O(log of the points).
///
/// # Source
/// Karger et al., "Consistent hashing and random trees", STOC 1997; Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing
/// with bounded loads", SODA 2018. Places by xxHash64 of address and number.
#[derive(Clone, Debug)]
pub struct ConsistentHash {
    points: u32,
    bound: Option<f64>,
    ring: Ring,
    /// Of those that are up: each one's, 0 of the others, and all together.
    weights: Vec<u64>,
    weight: u64,
}

/// Returns the most calls a member may have: `bound` times its share of all of them, rounded up, one at least.
pub fn bounded(bound: f64, calls: u64, weight: u64, total: u64) -> u64 {
    let share = calls as f64 * weight as f64 / total as f64;
    // A product that is whole but for rounding is whole.
    ((bound * share - 1e-9).ceil() as u64).max(1)
}

impl ConsistentHash {
    /// Returns the policy with so many points for each unit of weight.
    pub fn new(points: u32) -> ConsistentHash {
        ConsistentHash { points, bound: None, ring: Ring::default(), weights: Vec::new(), weight: 0 }
    }

    /// With a bound on load, as a multiple of the mean.
    ///
    /// # Panics
    /// If it is less than 1: then nobody might have room.
    pub fn bounded(self, bound: f64) -> ConsistentHash {
        assert!(bound >= 1.0, "a bound below the mean leaves calls that nobody takes");
        ConsistentHash { bound: Some(bound), ..self }
    }

    /// With points at these places instead of hashed ones, each with its member.
    pub fn with_places(self, places: &[(u32, u32)]) -> ConsistentHash {
        ConsistentHash { ring: Ring::new(places.iter().copied()), ..self }
    }

    /// Returns who owns a place, of those that fit.
    pub fn owner_at(&self, place: u32, fits: impl Fn(usize) -> bool) -> Option<usize> {
        if self.ring.len() == 0 {
            return None;
        }
        let first = self.ring.after(place);
        (0..self.ring.len()).map(|step| self.ring.point(first + step).1).find(|member| fits(*member))
    }

    /// Returns the share of the circle that each of so many members owns.
    pub fn shares(&self, members: usize) -> Vec<f64> {
        let mut shares = vec![0.0; members];
        for at in 0..self.ring.len() {
            let ((before, _), (place, owner)) =
                (self.ring.point(at + self.ring.len() - 1), self.ring.point(at));
            let arc = if self.ring.len() == 1 { 1 << 32 } else { u64::from(place.wrapping_sub(before)) };
            shares[owner] += arc as f64 / (1_u64 << 32) as f64;
        }
        shares
    }

    fn settle(&mut self, member: usize, members: &Members) {
        let weight = if members.is_up(member) { u64::from(members.weight(member)) } else { 0 };
        self.weight = self.weight + weight - self.weights[member];
        self.weights[member] = weight;
    }
}

impl Policy for ConsistentHash {
    fn start(&mut self, members: &Members, _: Stream) {
        let points = self.points;
        self.ring = Ring::new((0..members.count()).flat_map(|at| {
            let member = members.get(at);
            let address = member.address.clone();
            (0..points.saturating_mul(member.weight))
                .map(move |n| ((xxh64(address.as_bytes(), u64::from(n)) >> 32) as u32, at as u32))
        }));
        self.weight = 0;
        self.weights = vec![0; members.count()];
        (0..members.count()).for_each(|member| self.settle(member, members));
    }

    fn watches(&self) -> bool {
        self.bound.is_some()
    }

    fn insists(&self) -> bool {
        self.bound.is_none()
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let members = choice.members;
        if self.weight == 0 {
            return None;
        }
        let place = (xxh64(digits(choice.key, &mut [0; 20]), 0) >> 32) as u32;
        let fits = |member: usize| {
            let up = members.is_up(member) && members.weight(member) > 0 && !choice.was_tried(member);
            up && self.bound.is_none_or(|bound| {
                let calls = members.total_load() + 1;
                let most = bounded(bound, calls, u64::from(members.weight(member)), self.weight);
                members.is_usable(member) && u64::from(members.load(member)) < most
            })
        };
        self.owner_at(place, fits)
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.settle(member, members);
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
