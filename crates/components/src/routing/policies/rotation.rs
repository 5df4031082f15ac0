//! Smooth weighted rotation without looking at everybody.

use std::collections::BTreeMap;

use super::tournament::Tournament;

/// Members that take turns among those of their class: at each turn everybody of the class gains its weight, the one
/// that has most (the first of equal ones) is chosen and pays what all together gained. O(w + log n) a turn, for w
/// different weights.
///
/// Members of equal weight gain alike, so that their order among each other stays while none of them is chosen: what
/// they have is kept as a distance from what their class has gained so far, in a tree for each weight, and a turn
/// compares the first of each tree only. A member whose weight is for now not its own (it starts slowly, or recovers from
/// failures) is looked at by itself at each turn.
///
/// # Source
/// The rule is nginx's, `src/http/ngx_http_upstream_round_robin.c`, `ngx_http_upstream_get_peer`, which goes through all.
#[derive(Clone, Debug, Default)]
pub(super) struct Rotation {
    /// One for each different weight.
    groups: Vec<Group>,
    seats: Vec<Seat>,
    /// Those in a class with a weight that is not their own, in no order.
    odd: Vec<u32>,
}

/// Where a member is.
#[derive(Clone, Copy, Debug)]
struct Seat {
    group: u32,
    /// Its place in the group's tree.
    place: u32,
    /// What it has: for those in a tree, beyond what the class has gained since it has members.
    score: i64,
    /// Its class and the weight it gains; nothing if it takes no part.
    in_class: Option<(u64, i64)>,
}

/// All members that have one weight of their own.
#[derive(Clone, Debug)]
struct Group {
    weight: i64,
    members: Vec<u32>,
    /// The least class first, then who has most.
    tree: Tournament,
    /// In order: those that have members here. A list: there are as many as different loads, and it is kept.
    classes: Vec<Class>,
}

/// A class, as far as one group goes.
#[derive(Clone, Copy, Debug)]
struct Class {
    number: u64,
    /// What each member has gained since it has members here.
    gained: i64,
    members: u32,
}

impl Group {
    fn class(&self, number: u64) -> Option<Class> {
        self.classes.binary_search_by_key(&number, |class| class.number).ok().map(|at| self.classes[at])
    }

    /// One enters. Returns what each there has gained.
    fn enter(&mut self, number: u64) -> i64 {
        let at = match self.classes.binary_search_by_key(&number, |class| class.number) {
            Ok(at) => at,
            Err(at) => {
                self.classes.insert(at, Class { number, gained: 0, members: 0 });
                at
            }
        };
        self.classes[at].members += 1;
        self.classes[at].gained
    }

    /// One leaves. Returns what each there has gained.
    fn leave(&mut self, number: u64) -> i64 {
        let Ok(at) = self.classes.binary_search_by_key(&number, |class| class.number) else {
            unreachable!("a class has the members that are in it");
        };
        let gained = self.classes[at].gained;
        self.classes[at].members -= 1;
        if self.classes[at].members == 0 {
            self.classes.remove(at);
        }
        gained
    }
}

/// Orders scores from the highest: the smaller value wins.
fn falling(score: i64) -> u64 {
    !(score as u64 ^ 1 << 63)
}

/// The score of such a value.
fn score(falling: u64) -> i64 {
    (!falling ^ 1 << 63) as i64
}

impl Rotation {
    /// Returns the rotation of members of these weights, none of which takes part yet.
    pub(super) fn new(weights: impl Iterator<Item = u32>) -> Rotation {
        let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (member, weight) in weights.enumerate() {
            members.entry(weight).or_default().push(member as u32);
        }
        let count = members.values().map(Vec::len).sum();
        let mut seats = vec![Seat { group: 0, place: 0, score: 0, in_class: None }; count];
        let mut groups = Vec::with_capacity(members.len());
        for (weight, members) in members {
            for (place, member) in members.iter().enumerate() {
                let seat = &mut seats[*member as usize];
                (seat.group, seat.place) = (groups.len() as u32, place as u32);
            }
            let tree = Tournament::new(members.iter().map(|_| None));
            groups.push(Group { weight: i64::from(weight), members, tree, classes: Vec::new() });
        }
        Rotation { groups, seats, odd: Vec::new() }
    }

    /// A member is in this class and gains this weight from now on, or takes no part. What it has stays.
    pub(super) fn set(&mut self, member: usize, to: Option<(u64, i64)>) {
        let seat = &mut self.seats[member];
        if seat.in_class == to {
            return;
        }
        let group = &mut self.groups[seat.group as usize];
        let own = group.weight;
        match seat.in_class {
            Some((class, weight)) if weight == own => {
                seat.score += group.leave(class);
                if to.is_none_or(|(_, weight)| weight != own) {
                    group.tree.set(seat.place as usize, None);
                }
            }
            Some(_) if to.is_none_or(|(_, weight)| weight == own) => {
                self.odd.retain(|odd| *odd as usize != member);
            }
            _ => {}
        }
        match to {
            Some((class, weight)) if weight == own => {
                seat.score -= group.enter(class);
                group.tree.set(seat.place as usize, Some((class, falling(seat.score))));
            }
            Some(_) if seat.in_class.is_none_or(|(_, weight)| weight == own) => self.odd.push(member as u32),
            _ => {}
        }
        seat.in_class = to;
    }

    /// Returns those whose weight is for now not their own.
    pub(super) fn odd(&self) -> &[u32] {
        &self.odd
    }

    /// Returns the least class and one of its members, if it has but that one.
    pub(super) fn least(&self) -> Option<(u64, Option<usize>)> {
        let in_trees = self.groups.iter().filter_map(|group| group.classes.first().map(|class| class.number));
        let odd = self.odd.iter().filter_map(|member| Some(self.seats[*member as usize].in_class?.0));
        let least = in_trees.chain(odd).min()?;
        let mut only = None;
        for group in &self.groups {
            let Some(class) = group.classes.first().filter(|class| class.number == least) else { continue };
            if class.members > 1 || only.is_some() {
                return Some((least, None));
            }
            only = Some(group.members[group.tree.least(0)] as usize);
        }
        for member in &self.odd {
            if self.seats[*member as usize].in_class.is_some_and(|(class, _)| class == least)
                && only.replace(*member as usize).is_some()
            {
                return Some((least, None));
            }
        }
        Some((least, only))
    }

    /// Makes a turn of a class, than which there is no lesser one; nothing if nobody is in it.
    pub(super) fn turn(&mut self, class: u64) -> Option<usize> {
        let mut most: Option<i64> = None;
        let mut total = 0;
        for group in &mut self.groups {
            // There is no lesser one.
            let Some(own) = group.classes.first_mut().filter(|own| own.number == class) else { continue };
            own.gained += group.weight;
            total += group.weight * i64::from(own.members);
            let (_, first) = group.tree.first()?;
            most = most.max(Some(score(first) + own.gained));
        }
        for member in &self.odd {
            let seat = &mut self.seats[*member as usize];
            if let Some((_, weight)) = seat.in_class.filter(|(in_class, _)| *in_class == class) {
                seat.score += weight;
                total += weight;
                most = most.max(Some(seat.score));
            }
        }
        let member = self.first_with(class, most?)?;
        let seat = &mut self.seats[member];
        seat.score -= total;
        let group = &mut self.groups[seat.group as usize];
        if seat.in_class == Some((class, group.weight)) {
            group.tree.set(seat.place as usize, Some((class, falling(seat.score))));
        }
        Some(member)
    }

    /// The first member of a class with the highest score there is in it.
    fn first_with(&self, class: u64, most: i64) -> Option<usize> {
        let in_trees = self.groups.iter().filter_map(|group| {
            let gained = group.class(class)?.gained;
            let (_, first) = group.tree.first()?;
            (score(first) + gained == most).then(|| group.members[group.tree.least(0)] as usize)
        });
        let odd = self.odd.iter().map(|member| *member as usize).filter(|member| {
            let seat = &self.seats[*member];
            seat.score == most && seat.in_class.is_some_and(|(in_class, _)| in_class == class)
        });
        in_trees.chain(odd).min()
    }
}

#[cfg(test)]
mod tests {
    use kneepoint_random::Stream;

    use super::*;

    /// What nginx does: everybody of the class is looked at.
    #[derive(Default)]
    struct Slow {
        scores: Vec<i64>,
        in_class: Vec<Option<(u64, i64)>>,
    }

    impl Slow {
        fn turn(&mut self, class: u64) -> Option<usize> {
            let (mut best, mut total): (Option<usize>, i64) = (None, 0);
            for member in 0..self.scores.len() {
                let Some((in_class, weight)) = self.in_class[member] else { continue };
                if in_class != class {
                    continue;
                }
                self.scores[member] += weight;
                total += weight;
                if best.is_none_or(|best| self.scores[member] > self.scores[best]) {
                    best = Some(member);
                }
            }
            self.scores[best?] -= total;
            best
        }
    }

    #[test]
    fn it_is_the_slow_twin() {
        let mut stream = Stream::from_key(5);
        for (members, kinds) in [(1_usize, 1_u32), (2, 2), (7, 3), (40, 1), (40, 5), (200, 30)] {
            let weights: Vec<u32> = (0..members).map(|_| 1 + stream.below(kinds.into()) as u32).collect();
            let mut fast = Rotation::new(weights.iter().copied());
            let mut slow = Slow { scores: vec![0; members], in_class: vec![None; members] };
            for step in 0..20_000 {
                let member = stream.below(members as u64) as usize;
                let own = i64::from(weights[member]);
                let to = match stream.below(12) {
                    0 => None,
                    1 => Some((stream.below(3), (own - 1 - stream.below(2) as i64).max(0))),
                    _ => Some((stream.below(3), own)),
                };
                fast.set(member, to);
                slow.in_class[member] = to;
                let Some(least) = slow.in_class.iter().flatten().map(|(class, _)| *class).min() else {
                    assert_eq!((fast.turn(0), fast.least()), (None, None));
                    continue;
                };
                let of_least = || {
                    slow.in_class
                        .iter()
                        .enumerate()
                        .filter(|(_, class)| class.is_some_and(|(class, _)| class == least))
                };
                let only = if of_least().count() == 1 { of_least().map(|(at, _)| at).next() } else { None };
                assert_eq!(fast.least(), Some((least, only)));
                for _ in 0..stream.below(4) {
                    assert_eq!(fast.turn(least), slow.turn(least), "{members} {kinds} {step}");
                }
                let mut odd = fast.odd().to_vec();
                odd.sort_unstable();
                let is_odd = |member: &u32| {
                    let own = i64::from(weights[*member as usize]);
                    slow.in_class[*member as usize].is_some_and(|(_, weight)| weight != own)
                };
                assert_eq!(odd, (0..members as u32).filter(is_odd).collect::<Vec<_>>());
            }
        }
    }
}
