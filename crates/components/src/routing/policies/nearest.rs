//! The nearest.

use std::ops::Range;

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};
use crate::routing::usable::Usable;

/// Chooses the nearest member that can be chosen; those that are equally near take turns. O(log n).
///
/// # Source
/// Amazon Route 53, "Latency-based routing": the answer is the healthy record of the region with the lowest latency for
/// the one who asks.
#[derive(Clone, Debug, Default)]
pub struct Nearest {
    /// Members, the nearest first, and where each stands in this order.
    order: Vec<u16>,
    places: Vec<u16>,
    /// Of that order, who can be chosen.
    usable: Usable,
    rings: Vec<Ring>,
}

/// Members that are equally far.
#[derive(Clone, Debug)]
struct Ring {
    places: Range<usize>,
    /// Whose turn it is.
    turn: usize,
}

impl Nearest {
    /// Returns a policy that goes by the members' distances.
    pub fn new() -> Nearest {
        Nearest::default()
    }

    /// The first that the choice allows of some places in a row.
    fn first(&self, places: Range<usize>, choice: &Choice<'_>) -> Option<usize> {
        let mut from = places.start;
        while let Some(place) = self.usable.at_or_after(from).filter(|place| *place < places.end) {
            if choice.allows(usize::from(self.order[place])) {
                return Some(place);
            }
            // It was tried: few are.
            from = place + 1;
        }
        None
    }
}

impl Policy for Nearest {
    fn start(&mut self, members: &Members, _: Stream) {
        let far = |member: &u16| members.get(usize::from(*member)).distance;
        self.order = (0..members.count() as u16).collect();
        self.order.sort_by_key(far);
        self.places = vec![0; members.count()];
        self.usable = Usable::none(members.count());
        for (place, member) in self.order.iter().enumerate() {
            self.places[usize::from(*member)] = place as u16;
            self.usable.set(place, members.is_usable(usize::from(*member)));
        }
        let mut begin = 0;
        self.rings.clear();
        for ring in self.order.chunk_by(|a, b| far(a) == far(b)) {
            self.rings.push(Ring { places: begin..begin + ring.len(), turn: begin });
            begin += ring.len();
        }
    }

    fn watches(&self) -> bool {
        false
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let mut from = 0;
        while let Some(nearest) = self.usable.at_or_after(from) {
            let ring = self.rings.partition_point(|ring| ring.places.end <= nearest);
            let Ring { places, turn } = self.rings[ring].clone();
            let found =
                self.first(turn..places.end, choice).or_else(|| self.first(places.start..turn, choice));
            if let Some(place) = found {
                self.rings[ring].turn = if place + 1 < places.end { place + 1 } else { places.start };
                return Some(usize::from(self.order[place]));
            }
            from = places.end;
        }
        None
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.usable.set(usize::from(self.places[member]), members.is_usable(member));
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::members::Member;

    #[test]
    fn equally_near_ones_take_turns_and_those_who_cannot_are_passed_over() {
        let far = [30, 10, 30, 10, 10, 90];
        let list = far.iter().map(|far| Member { distance: *far, ..Member::at("x") }).collect();
        let mut members = Members::new(list);
        let mut nearest = Nearest::new();
        nearest.start(&members, Stream::from_key(1));
        let attributes = kneepoint_calls::Attributes::of(1);
        let now = kneepoint_engine::SimTime::ZERO;
        let next = |nearest: &mut Nearest, members: &Members, tried: &[u16]| {
            nearest.choose(&Choice { attributes: &attributes, key: 0, now, members, tried })
        };
        let five: Vec<_> = (0..5).map(|_| next(&mut nearest, &members, &[])).collect();
        assert_eq!(five, [1, 3, 4, 1, 3].map(Some));
        assert_eq!(next(&mut nearest, &members, &[4, 1]), Some(3));
        assert_eq!(next(&mut nearest, &members, &[1, 3, 4]), Some(0));
        for member in [1, 4, 3] {
            members.set_up(member, false);
            nearest.changed(member, &members);
        }
        let three: Vec<_> = (0..3).map(|_| next(&mut nearest, &members, &[])).collect();
        assert_eq!(three, [2, 0, 2].map(Some));
        members.set_up(4, true);
        nearest.changed(4, &members);
        assert_eq!(next(&mut nearest, &members, &[]), Some(4));
        assert_eq!(next(&mut nearest, &members, &[4, 0, 2]), Some(5));
        assert_eq!(next(&mut nearest, &members, &[4, 0, 2, 5]), None);
    }
}
