//! What a balancer knows of those it chooses among.

use std::sync::Arc;

use kneepoint_calls::ComponentId;

use super::usable::Usable;

/// One of those a balancer chooses among, as it is described to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its share, relative to those of the others; one of weight 0 is never chosen.
    pub weight: u32,
    /// Its address: what hashes of servers are made of. `host:port`, or a name.
    pub address: Arc<str>,
    /// Where it stands, by number; 0 is where the balancer stands.
    pub zone: u16,
    /// How far it is, there and back \[ns\]; 0 where nobody asks.
    pub distance: u64,
    /// Where connections to it end: they break with that. Unless it is given it is what the way to it begins with, which
    /// may be a wire.
    pub end: Option<ComponentId>,
}

impl Member {
    /// Returns a member of weight 1 in the balancer's zone.
    pub fn at(address: &str) -> Member {
        Member { weight: 1, address: address.into(), zone: 0, distance: 0, end: None }
    }

    /// With this end of connections to it.
    pub fn ends_at(self, end: ComponentId) -> Member {
        Member { end: Some(end), ..self }
    }

    /// With this weight.
    pub fn weight(self, weight: u32) -> Member {
        Member { weight, ..self }
    }
}

/// All members, and what is known of each: whether it can be chosen, and how many calls it has as far as the balancer's
/// view goes. That view may be old: nobody sees the present for free.
#[derive(Clone, Debug, Default)]
pub struct Members {
    list: Arc<[Member]>,
    /// In sixteenths of a unit.
    weights: Vec<u32>,
    loads: Vec<u32>,
    usable: Usable,
    up: Vec<bool>,
    room: Vec<bool>,
    load: u64,
    able: usize,
}

/// Parts of a unit of weight: slow starts need finer weights than people write.
///
/// # Source
/// HAProxy `include/haproxy/backend-t.h`, `BE_WEIGHT_SCALE`.
pub const SIXTEENTHS: u32 = 16;

impl Members {
    /// Returns members that are all up and have no calls.
    pub fn new(list: Vec<Member>) -> Members {
        let count = list.len();
        let mut members = Members {
            weights: list.iter().map(|member| member.weight.saturating_mul(SIXTEENTHS)).collect(),
            loads: vec![0; count],
            usable: Usable::none(count),
            up: vec![true; count],
            room: vec![true; count],
            load: 0,
            able: list.iter().filter(|member| member.weight > 0).count(),
            list: list.into(),
        };
        (0..count).for_each(|member| members.settle(member));
        members
    }

    /// Returns so many members of weight 1, called by their numbers.
    pub fn alike(count: usize) -> Members {
        Members::new((0..count).map(|member| Member::at(&member.to_string())).collect())
    }

    /// Returns how many there are, whatever their state.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Returns how a member is described.
    pub fn get(&self, member: usize) -> &Member {
        &self.list[member]
    }

    /// Returns how all are described.
    pub fn all(&self) -> &[Member] {
        &self.list
    }

    /// Returns the weight a member has now, rounded up: less than its own while it starts slowly.
    #[inline]
    pub fn weight(&self, member: usize) -> u32 {
        self.weights[member].div_ceil(SIXTEENTHS)
    }

    /// Returns the weight a member has now in [sixteenths](SIXTEENTHS).
    #[inline]
    pub fn sixteenths(&self, member: usize) -> u32 {
        self.weights[member]
    }

    /// Returns whether a member is up and has some weight, with or without room.
    pub fn could_serve(&self, member: usize) -> bool {
        self.up[member] && self.weights[member] > 0
    }

    /// Returns how many are up and have some weight.
    pub fn able(&self) -> usize {
        self.able
    }

    /// Returns how many calls a member has, as far as is known.
    pub fn load(&self, member: usize) -> u32 {
        self.loads[member]
    }

    /// Returns how many calls all members have, as far as is known.
    pub fn total_load(&self) -> u64 {
        self.load
    }

    /// Returns whether a member can be chosen: up, of some weight, with room.
    #[inline]
    pub fn is_usable(&self, member: usize) -> bool {
        self.usable.has(member)
    }

    /// Returns whether a member is held to be up, whatever its weight and room.
    pub fn is_up(&self, member: usize) -> bool {
        self.up[member]
    }

    /// Returns whether a member takes another call.
    pub fn has_room(&self, member: usize) -> bool {
        self.room[member]
    }

    /// Returns how many can be chosen.
    #[inline]
    pub fn usable(&self) -> usize {
        self.usable.count()
    }

    /// Returns the first that can be chosen at or after a position, going round.
    #[inline]
    pub fn next_usable(&self, from: usize) -> Option<usize> {
        self.usable.next(from)
    }

    /// Returns the n-th of those that can be chosen, counted from 0.
    pub fn nth_usable(&self, n: usize) -> Option<usize> {
        self.usable.nth(n)
    }

    /// Sets whether a member is held to be up.
    pub fn set_up(&mut self, member: usize, up: bool) {
        let before = self.could_serve(member);
        self.up[member] = up;
        self.recount(before, member);
    }

    /// Sets whether a member takes another call.
    pub fn set_room(&mut self, member: usize, room: bool) {
        self.room[member] = room;
        self.settle(member);
    }

    /// Sets the weight a member has now, in [sixteenths](SIXTEENTHS).
    pub fn set_sixteenths(&mut self, member: usize, weight: u32) {
        let before = self.could_serve(member);
        self.weights[member] = weight;
        self.recount(before, member);
    }

    fn recount(&mut self, before: bool, member: usize) {
        let after = self.could_serve(member);
        self.able = self.able + usize::from(after) - usize::from(before);
        self.settle(member);
    }

    /// Sets how many calls a member is known to have.
    #[inline]
    pub fn set_load(&mut self, member: usize, load: u32) {
        self.load = self.load + u64::from(load) - u64::from(self.loads[member]);
        self.loads[member] = load;
    }

    fn settle(&mut self, member: usize) {
        let usable = self.up[member] && self.room[member] && self.weights[member] > 0;
        self.usable.set(member, usable);
    }
}
