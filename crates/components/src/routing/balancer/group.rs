//! Members that are chosen among by one policy.

use kneepoint_calls::Attributes;
use kneepoint_engine::SimTime;
use kneepoint_random::Stream;

use crate::routing::members::{Member, Members};
use crate::routing::policy::{Choice, End, Routing};

#[derive(Clone)]
pub(super) struct Group {
    /// The number of the first of them among all members of the balancer.
    begin: usize,
    pub(super) members: Members,
    pub(super) routing: Routing,
    tried: Vec<u16>,
}

impl Group {
    pub(super) fn new(begin: usize, members: Vec<Member>, routing: Routing) -> Group {
        Group { begin, members: Members::new(members), routing, tried: Vec::new() }
    }

    pub(super) fn start(&mut self, stream: Stream) {
        self.routing.start(&self.members, stream);
    }

    pub(super) fn has(&self, member: usize) -> bool {
        (self.begin..self.begin + self.members.count()).contains(&member)
    }

    #[inline]
    pub(super) fn choose(
        &mut self,
        attributes: &Attributes,
        key: u64,
        now: SimTime,
        tried: &[u16],
    ) -> Option<usize> {
        if tried.is_empty() {
            let choice = Choice { attributes, key, now, members: &self.members, tried };
            return Some(self.begin + self.routing.choose(&choice)?);
        }
        self.tried.clear();
        let (begin, count) = (self.begin, self.members.count());
        let own = |at: &u16| usize::from(*at).checked_sub(begin).filter(|at| *at < count).map(|at| at as u16);
        self.tried.extend(tried.iter().filter_map(own));
        let choice = Choice { attributes, key, now, members: &self.members, tried: &self.tried };
        Some(self.begin + self.routing.choose(&choice)?)
    }

    /// Whether somebody is up who was not tried, with or without room.
    pub(super) fn has_other(&self, tried: &[u16]) -> bool {
        let up = |at: &&u16| {
            let at = usize::from(**at).wrapping_sub(self.begin);
            at < self.members.count() && self.members.could_serve(at)
        };
        self.members.able() > tried.iter().filter(up).count()
    }

    /// A member has one call more or less, and that is seen at once.
    #[inline]
    pub(super) fn load(&mut self, member: usize, by: i32) {
        let at = member - self.begin;
        self.members.set_load(at, self.members.load(at).saturating_add_signed(by));
        self.routing.loaded(at, &self.members);
    }

    /// A member is seen to have so many calls.
    pub(super) fn set_load(&mut self, member: usize, load: u32) {
        let at = member - self.begin;
        if self.members.load(at) != load {
            self.members.set_load(at, load);
            self.routing.loaded(at, &self.members);
        }
    }

    #[inline]
    pub(super) fn ended(&mut self, member: usize, end: End) {
        self.routing.ended(member - self.begin, end, &self.members);
    }

    pub(super) fn set_room(&mut self, member: usize, room: bool) {
        let at = member - self.begin;
        if self.members.has_room(at) != room {
            self.members.set_room(at, room);
            self.routing.changed(at, &self.members);
        }
    }

    pub(super) fn has_room(&self, member: usize) -> bool {
        self.members.has_room(member - self.begin)
    }

    pub(super) fn set_up(&mut self, member: usize, up: bool) {
        let at = member - self.begin;
        self.members.set_up(at, up);
        self.routing.changed(at, &self.members);
    }

    pub(super) fn is_up(&self, member: usize) -> bool {
        self.members.is_up(member - self.begin)
    }

    pub(super) fn full_weight(&self, member: usize) -> u32 {
        self.members.get(member - self.begin).weight
    }

    pub(super) fn set_sixteenths(&mut self, member: usize, sixteenths: u32) {
        let at = member - self.begin;
        self.members.set_sixteenths(at, sixteenths);
        self.routing.changed(at, &self.members);
    }

    pub(super) fn address(&self, member: usize) -> &str {
        &self.members.get(member - self.begin).address
    }
}
