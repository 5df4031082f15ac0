//! HAProxy's consistent hash, and its draws from the same ring.

use kneepoint_random::Stream;

use super::ring::Ring;
use crate::routing::hashing::{digits, haproxy};
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Consistent hashing: each member has 16 points on a circle for each unit of weight, and a key belongs to the nearest one
/// on either side. With a bound, a member that has more than its share of all calls under way, times the bound, is passed
/// over. O(log of the points).
///
/// # Source
/// HAProxy `src/lb_chash.c`, `hash-type consistent` with `sdbm` and the full avalanche, and `hash-balance-factor`; the
/// owners of 2000 recorded keys are repeated exactly, before and while a server is down, and those of a bounded load too.
/// A key is hashed as its decimal digits.
#[derive(Clone, Debug, Default)]
pub struct HaproxyRing {
    circle: Circle,
    /// In per cent.
    bound: Option<u32>,
}

/// The ring of what is up: points of those down are taken out, so that their neighbours' reach grows.
#[derive(Clone, Debug, Default)]
struct Circle {
    ring: Ring,
    /// The weight of each member that has points in sixteenths, 0 of the others, and of all those before it.
    weights: Vec<(u64, u64)>,
    total: u64,
}

impl Circle {
    fn weight(member: usize, members: &Members) -> u64 {
        if members.is_up(member) { u64::from(members.sixteenths(member)) } else { 0 }
    }

    fn fill(&mut self, members: &Members) {
        self.total = 0;
        self.weights.clear();
        for member in 0..members.count() {
            let weight = Self::weight(member, members);
            self.weights.push((weight, self.total));
            self.total += weight;
        }
        self.ring = Ring::new(self.weights.iter().enumerate().flat_map(|(at, (weight, _))| {
            // A point for each sixteenth.
            (0..*weight as u32).map(move |n| (haproxy::point(at as u32 + 1, n), at as u32))
        }));
    }

    /// Whether a member has more or fewer points than it should have.
    fn is_outdated(&self, member: usize, members: &Members) -> bool {
        self.weights[member].0 != Self::weight(member, members)
    }
}

/// The point nearest to a place.
fn nearest(ring: &Ring, place: u32) -> usize {
    let next = ring.after(place);
    let before = (next + ring.len() - 1) % ring.len();
    let ((after_at, after), (before_at, owner)) = (ring.point(next), ring.point(before));
    if after == owner {
        return next;
    }
    let (back, ahead) = (place.wrapping_sub(before_at), after_at.wrapping_sub(place));
    if back <= ahead { before } else { next }
}

impl HaproxyRing {
    /// Returns the policy without a bound.
    pub fn new() -> HaproxyRing {
        HaproxyRing::default()
    }

    /// With a bound on a member's calls, in per cent of the mean: `hash-balance-factor`.
    pub fn bounded(self, per_cent: u32) -> HaproxyRing {
        HaproxyRing { bound: Some(per_cent), ..self }
    }

    /// Returns who gets a key that is this text.
    pub fn owner(&self, key: &[u8], members: &Members, tried: impl Fn(usize) -> bool) -> Option<usize> {
        let ring = &self.circle.ring;
        if ring.len() == 0 {
            return None;
        }
        let first = nearest(ring, haproxy::full_hash(haproxy::sdbm(key)));
        let fits = |member: usize| !tried(member) && self.has_share(member, members);
        (0..ring.len()).map(|step| ring.point(first + step).1).find(|member| fits(*member))
    }

    /// Whether another call leaves a member within its bound.
    fn has_share(&self, member: usize, members: &Members) -> bool {
        let Some(bound) = self.bound else { return true };
        let (weight, before) = self.circle.weights[member];
        let slots = ((members.total_load() + 1) * u64::from(bound)).div_ceil(100);
        let (each, rest) = (slots / self.circle.total, slots % self.circle.total);
        // What does not divide evenly goes to members in order.
        let own =
            weight * each + (before + weight) * rest / self.circle.total - before * rest / self.circle.total;
        u64::from(members.load(member)) < own.max(1)
    }
}

impl Policy for HaproxyRing {
    fn start(&mut self, members: &Members, _: Stream) {
        self.circle.fill(members);
    }

    fn watches(&self) -> bool {
        self.bound.is_some()
    }

    fn insists(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let mut text = [0; 20];
        self.owner(digits(choice.key, &mut text), choice.members, |member| choice.was_tried(member))
    }

    fn changed(&mut self, member: usize, members: &Members) {
        if self.circle.is_outdated(member, members) {
            self.circle.fill(members);
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

/// Draws points of the ring, perhaps twice of the same member, and takes the owner with the fewest calls for its weight.
/// Few points make draws uneven: four equal members of weight 1 are drawn with 29, 19, 24 and 28 %.
///
/// # Source
/// HAProxy `src/backend.c`, `get_server_rnd`: `balance random(draws)`.
#[derive(Clone, Debug)]
pub struct HaproxyRandom {
    draws: u32,
    circle: Circle,
    stream: Option<Stream>,
}

impl HaproxyRandom {
    /// Returns the policy with so many draws.
    ///
    /// # Panics
    /// If there are none.
    pub fn new(draws: u32) -> HaproxyRandom {
        assert!(draws > 0, "a choice among none");
        HaproxyRandom { draws, circle: Circle::default(), stream: None }
    }
}

impl Policy for HaproxyRandom {
    fn start(&mut self, members: &Members, stream: Stream) {
        self.circle.fill(members);
        self.stream = Some(stream);
    }

    fn watches(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let stream = self.stream.as_mut().expect("a policy is started first");
        let members = choice.members;
        let mut best: Option<usize> = None;
        for _ in 0..self.draws {
            let ring = &self.circle.ring;
            if ring.len() == 0 {
                return None;
            }
            let first = nearest(ring, (stream.next_u64() >> 32) as u32);
            // Who was tried already is passed over on the ring.
            let drawn = (0..ring.len())
                .map(|step| ring.point(first + step).1)
                .find(|member| !choice.was_tried(*member))?;
            let more = |a: usize, b: usize| {
                u64::from(members.load(a)) * u64::from(members.sixteenths(b))
                    > u64::from(members.load(b)) * u64::from(members.sixteenths(a))
            };
            best = match best {
                Some(before) if before != drawn && more(drawn, before) => Some(before),
                _ => Some(drawn),
            };
        }
        // One that has no room is not replaced: the call waits for anybody.
        best.filter(|member| members.is_usable(*member))
    }

    fn changed(&mut self, member: usize, members: &Members) {
        if self.circle.is_outdated(member, members) {
            self.circle.fill(members);
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
