//! HAProxy's round robin.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// HAProxy's scale of effective weights, its largest user's and its largest effective weight.
const SCALE: i64 = 16;
const USER_RANGE: i64 = 257;
const LARGEST: i64 = 256 * SCALE;

/// Which tree a member is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tree {
    /// In none: it cannot be chosen.
    #[default]
    Absent,
    /// Waits for its first place in this turn.
    Init,
    /// Waits for the next turn.
    Next,
    /// Has a place in this turn.
    Current,
    /// Taken out for the choice that is being made.
    Held,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    weight: i64,
    last: i64,
    next: i64,
    rest: i64,
    tree: Tree,
    /// Of the entry that counts; older ones in the trees are of no account.
    entry: u64,
}

/// Entries in the order of key, then of insertion.
type Queue = BinaryHeap<Reverse<(i64, u64, u32)>>;

/// Weighted round robin as HAProxy does it: 5/1/1 is `AAABAAC`. O(log n).
///
/// A turn has as many places as all weights together. Who was chosen gets the place one period (all weights over its own)
/// later; holes are filled from those that had no place yet, the heaviest first.
///
/// # Source
/// HAProxy `src/lb_fwrr.c`; recorded sequences of weights 5/1/1 and 3/2/1 and of a slow start are repeated exactly.
#[derive(Clone, Debug, Default)]
pub struct HaproxyRoundRobin {
    places: Vec<Place>,
    init: Queue,
    next: Queue,
    current: Queue,
    position: i64,
    turn_weight: i64,
    next_weight: i64,
    entries: u64,
    /// Those passed over while one choice is made.
    passed: Vec<u32>,
}

impl HaproxyRoundRobin {
    /// Returns the policy.
    pub fn new() -> HaproxyRoundRobin {
        HaproxyRoundRobin::default()
    }

    fn in_the_trees(member: usize, members: &Members) -> i64 {
        if members.is_up(member) { i64::from(members.sixteenths(member)) } else { 0 }
    }

    fn by_weight(&mut self, member: usize, tree: Tree) {
        self.entries += 1;
        let key = LARGEST - self.places[member].weight;
        self.places[member].tree = tree;
        self.places[member].entry = self.entries;
        let entry = Reverse((key, self.entries, member as u32));
        if tree == Tree::Init { self.init.push(entry) } else { self.next.push(entry) }
    }

    fn queue(&mut self, member: usize) {
        let place = &mut self.places[member];
        if place.next >= 2 * self.turn_weight || place.next >= self.turn_weight + self.next_weight {
            place.next -= self.turn_weight;
            self.by_weight(member, Tree::Next);
            return;
        }
        self.entries += 1;
        let key = USER_RANGE * place.next + (LARGEST + place.rest - place.weight) / SCALE;
        place.tree = Tree::Current;
        place.entry = self.entries;
        self.current.push(Reverse((key, self.entries, member as u32)));
    }

    /// The first entry of a tree that still counts.
    fn first(queue: &mut Queue, places: &[Place], tree: Tree) -> Option<usize> {
        while let Some(Reverse((_, entry, member))) = queue.peek() {
            let place = &places[*member as usize];
            if place.tree == tree && place.entry == *entry {
                return Some(*member as usize);
            }
            queue.pop();
        }
        None
    }

    fn next_of_the_group(&mut self) -> Option<usize> {
        let current = Self::first(&mut self.current, &self.places, Tree::Current);
        match current {
            Some(member) if self.places[member].next <= self.position => Some(member),
            _ => match Self::first(&mut self.init, &self.places, Tree::Init) {
                Some(member) => {
                    self.places[member].next = 0;
                    self.places[member].rest = 0;
                    Some(member)
                }
                None => current,
            },
        }
    }

    fn switch(&mut self) {
        std::mem::swap(&mut self.init, &mut self.next);
        for place in &mut self.places {
            match place.tree {
                Tree::Next => place.tree = Tree::Init,
                Tree::Init => place.tree = Tree::Next,
                _ => {}
            }
        }
        self.turn_weight = self.next_weight;
        self.position = self.turn_weight;
    }

    fn advance(&mut self, member: usize) {
        let (position, next_weight) = (self.position, self.next_weight);
        let place = &mut self.places[member];
        place.last = if place.next == 0 { position } else { place.next };
        place.next = place.last + next_weight / place.weight;
        place.rest += next_weight % place.weight;
        if place.rest >= place.weight {
            place.rest -= place.weight;
            place.next += 1;
        }
        place.tree = Tree::Held;
    }

    /// Where a member stands that is in no current place.
    fn take_out(&mut self, member: usize) {
        let (position, turn_weight) = (self.position, self.turn_weight);
        let place = &mut self.places[member];
        match place.tree {
            Tree::Init => (place.next, place.rest) = (0, 0),
            Tree::Next => place.next += turn_weight,
            Tree::Absent => place.next = position,
            Tree::Current | Tree::Held => {}
        }
    }
}

impl Policy for HaproxyRoundRobin {
    fn start(&mut self, members: &Members, _: Stream) {
        *self = HaproxyRoundRobin { places: vec![Place::default(); members.count()], ..Default::default() };
        for member in 0..members.count() {
            let weight = Self::in_the_trees(member, members);
            self.places[member].weight = weight;
            self.next_weight += weight;
            if weight > 0 {
                self.by_weight(member, Tree::Init);
            }
        }
        (self.position, self.turn_weight) = (self.next_weight, self.next_weight);
    }

    fn watches(&self) -> bool {
        false
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        if self.next_weight == 0 {
            return None;
        }
        if self.turn_weight == 0 {
            (self.position, self.turn_weight) = (self.next_weight, self.next_weight);
        }
        self.passed.clear();
        let mut switched = false;
        let chosen = loop {
            let Some(member) = self.next_of_the_group() else {
                if switched {
                    break None;
                }
                switched = true;
                self.switch();
                continue;
            };
            self.advance(member);
            self.position += 1;
            if choice.allows(member) {
                break Some(member);
            }
            self.passed.push(member as u32);
        };
        if let Some(member) = chosen {
            self.queue(member);
        }
        // Those without room, or tried already, keep their place; after a switch only their weight matters.
        for at in (0..self.passed.len()).rev() {
            let member = self.passed[at] as usize;
            if switched { self.by_weight(member, Tree::Init) } else { self.queue(member) }
        }
        chosen
    }

    fn changed(&mut self, member: usize, members: &Members) {
        let (before, after) = (self.places[member].weight, Self::in_the_trees(member, members));
        if before == after {
            return;
        }
        self.next_weight += after - before;
        if before == 0 {
            self.take_out(member);
            let ahead = self.next_weight + self.turn_weight - self.position;
            self.places[member].weight = after;
            self.places[member].next = self.position + ahead / after;
            self.queue(member);
            return;
        }
        if after == 0 {
            self.places[member] = Place::default();
            return;
        }
        if self.places[member].tree == Tree::Init {
            self.places[member].weight = after;
            self.by_weight(member, Tree::Init);
            return;
        }
        self.take_out(member);
        let (position, step) = (self.position, self.next_weight / after);
        let place = &mut self.places[member];
        let before = place.next;
        place.weight = after;
        place.rest = 0;
        place.next = (place.last + step).min(before);
        if place.next < position + 2 {
            place.next = position + step;
        }
        self.queue(member);
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
