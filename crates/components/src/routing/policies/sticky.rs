//! Who was served by one stays with it.

use std::collections::BTreeMap;

use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, End, Policy, Routing};

/// Gives all calls of one key (a session, a user) to the member that got the first of them, as a cookie does; that one is
/// chosen by another policy, and anew when it cannot be chosen or the cookie is too old.
///
/// # Source
/// HAProxy `cookie … insert`, `maxlife`; ALB `lb_cookie` stickiness: the cookie's age counts from when it was given.
#[derive(Clone)]
pub struct Sticky {
    of: Routing,
    lifetime: Option<SimDuration>,
    /// The member of each key, and since when: what clients hold in their cookies.
    cookies: BTreeMap<u64, (u16, SimTime)>,
}

impl Sticky {
    /// Returns a policy that chooses as the other one does, once for each key.
    pub fn new(of: impl Into<Routing>, lifetime: Option<SimDuration>) -> Sticky {
        Sticky { of: of.into(), lifetime, cookies: BTreeMap::new() }
    }
}

impl Policy for Sticky {
    fn start(&mut self, members: &Members, stream: Stream) {
        self.cookies.clear();
        self.of.start(members, stream);
    }

    fn watches(&self) -> bool {
        self.of.watches()
    }

    fn insists(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        if let Some((member, since)) = self.cookies.get(&choice.key) {
            let member = usize::from(*member);
            let fresh = self.lifetime.is_none_or(|lifetime| choice.now - *since < lifetime);
            if fresh && choice.members.is_up(member) && !choice.was_tried(member) {
                return Some(member);
            }
        }
        let chosen = self.of.choose(choice)?;
        self.cookies.insert(choice.key, (chosen as u16, choice.now));
        Some(chosen)
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.of.changed(member, members);
    }

    fn loaded(&mut self, member: usize, members: &Members) {
        self.of.loaded(member, members);
    }

    fn ended(&mut self, member: usize, end: End, members: &Members) {
        self.of.ended(member, end, members);
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
