//! A part of the members, as a policy of its own sees them.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, End, Policy, Routing};

/// Nobody's number within a part.
const OUTSIDE: u16 = u16::MAX;

/// Some of the members with a policy that knows no others.
#[derive(Clone)]
pub(super) struct Part {
    of: Routing,
    members: Members,
    /// The numbers of the part's members among all, and the other way round.
    outer: Vec<u16>,
    inner: Vec<u16>,
    tried: Vec<u16>,
}

impl Part {
    pub(super) fn new(of: Routing) -> Part {
        Part { of, members: Members::default(), outer: Vec::new(), inner: Vec::new(), tried: Vec::new() }
    }

    pub(super) fn start(&mut self, mut chosen: Vec<u16>, members: &Members, stream: Stream) {
        chosen.sort_unstable();
        self.inner = vec![OUTSIDE; members.count()];
        for (at, member) in chosen.iter().enumerate() {
            self.inner[usize::from(*member)] = at as u16;
        }
        self.members = Members::new(chosen.iter().map(|at| members.get(usize::from(*at)).clone()).collect());
        self.outer = chosen;
        for at in 0..self.outer.len() {
            self.copy(at, usize::from(self.outer[at]), members);
        }
        self.of.start(&self.members, stream);
    }

    fn copy(&mut self, at: usize, member: usize, members: &Members) {
        self.members.set_sixteenths(at, members.sixteenths(member));
        self.members.set_up(at, members.is_up(member));
        self.members.set_room(at, members.has_room(member));
        self.members.set_load(at, members.load(member));
    }

    fn within(&self, member: usize) -> Option<usize> {
        Some(usize::from(self.inner[member])).filter(|at| *at != usize::from(OUTSIDE))
    }

    /// How many there are, and how many of them can be chosen.
    pub(super) fn usable(&self) -> (usize, usize) {
        (self.members.usable(), self.members.count())
    }

    pub(super) fn watches(&self) -> bool {
        self.of.watches()
    }

    pub(super) fn insists(&self) -> bool {
        self.of.insists()
    }

    pub(super) fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        self.tried.clear();
        for member in choice.tried {
            if let Some(at) = self.within(usize::from(*member)) {
                self.tried.push(at as u16);
            }
        }
        let within = Choice { members: &self.members, tried: &self.tried, ..*choice };
        Some(usize::from(self.outer[self.of.choose(&within)?]))
    }

    pub(super) fn changed(&mut self, member: usize, members: &Members) {
        if let Some(at) = self.within(member) {
            self.copy(at, member, members);
            self.of.changed(at, &self.members);
        }
    }

    pub(super) fn loaded(&mut self, member: usize, members: &Members) {
        if let Some(at) = self.within(member) {
            self.members.set_load(at, members.load(member));
            self.of.loaded(at, &self.members);
        }
    }

    pub(super) fn ended(&mut self, member: usize, end: End) {
        if let Some(at) = self.within(member) {
            self.of.ended(at, end, &self.members);
        }
    }
}

/// Lets another policy choose among some of the members, drawn once by each balancer for itself.
///
/// # Source
/// "Site Reliability Engineering", O'Reilly 2016, chapter 20: fewer connections; random subsets load members unevenly.
#[derive(Clone)]
pub struct Subset {
    size: usize,
    part: Part,
}

impl Subset {
    /// Returns a policy that chooses among so many as the other one does.
    ///
    /// # Panics
    /// If there are none.
    pub fn new(size: usize, of: impl Into<Routing>) -> Subset {
        assert!(size > 0, "a choice among none");
        Subset { size, part: Part::new(of.into()) }
    }
}

impl Policy for Subset {
    fn start(&mut self, members: &Members, mut stream: Stream) {
        let mut order: Vec<u16> = (0..members.count() as u16).collect();
        for at in 0..self.size.min(order.len()) {
            let other = at + stream.below((order.len() - at) as u64) as usize;
            order.swap(at, other);
        }
        order.truncate(self.size);
        self.part.start(order, members, stream);
    }

    fn watches(&self) -> bool {
        self.part.watches()
    }

    fn insists(&self) -> bool {
        self.part.insists()
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        self.part.choose(choice)
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.part.changed(member, members);
    }

    fn loaded(&mut self, member: usize, members: &Members) {
        self.part.loaded(member, members);
    }

    fn ended(&mut self, member: usize, end: End, _: &Members) {
        self.part.ended(member, end);
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

/// Lets another policy choose among the members of the balancer's own zone while enough of them can be chosen, else
/// among all.
///
/// # Source
/// Envoy's zone-aware routing (`min_cluster_size` apart) and Kubernetes' `PreferClose`, without shifting shares of the
/// load between zones.
#[derive(Clone)]
pub struct ZoneAware {
    near: Part,
    all: Part,
    enough: f64,
}

impl ZoneAware {
    /// Returns a policy that stays in zone 0 while this share of its members can be chosen.
    pub fn new(of: impl Into<Routing>, enough: f64) -> ZoneAware {
        let of = of.into();
        ZoneAware { near: Part::new(of.clone()), all: Part::new(of), enough }
    }
}

impl Policy for ZoneAware {
    fn start(&mut self, members: &Members, mut stream: Stream) {
        let all: Vec<u16> = (0..members.count() as u16).collect();
        let near = all.iter().copied().filter(|member| members.get(usize::from(*member)).zone == 0).collect();
        self.near.start(near, members, Stream::from_key(stream.next_u64()));
        self.all.start(all, members, stream);
    }

    fn watches(&self) -> bool {
        self.all.watches()
    }

    fn insists(&self) -> bool {
        self.all.insists()
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let (usable, members) = self.near.usable();
        if usable > 0
            && usable as f64 >= self.enough * members as f64
            && let Some(near) = self.near.choose(choice)
        {
            return Some(near);
        }
        self.all.choose(choice)
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.near.changed(member, members);
        self.all.changed(member, members);
    }

    fn loaded(&mut self, member: usize, members: &Members) {
        self.near.loaded(member, members);
        self.all.loaded(member, members);
    }

    fn ended(&mut self, member: usize, end: End, _: &Members) {
        self.near.ended(member, end);
        self.all.ended(member, end);
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
