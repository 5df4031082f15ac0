//! What a routing policy is.

use kneepoint_calls::Attributes;
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;

use super::members::Members;
use super::policies::{LeastConnections, PowerOfChoices, Random, RoundRobin};

/// One choice that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// What the request carries.
    pub attributes: &'a Attributes,
    /// The number the policy goes by, if it goes by any: a key, or who asks.
    pub key: u64,
    /// When.
    pub now: SimTime,
    /// Among whom.
    pub members: &'a Members,
    /// Those that were tried for this call already: none of them is chosen again.
    pub tried: &'a [u16],
}

impl Choice<'_> {
    /// Returns whether a member can be chosen for this call.
    #[inline]
    pub fn allows(&self, member: usize) -> bool {
        self.members.is_usable(member) && !self.was_tried(member)
    }

    /// Returns how many can be chosen for this call.
    pub fn allowed(&self) -> usize {
        let tried = self.tried.iter().filter(|tried| self.members.is_usable(usize::from(**tried))).count();
        self.members.usable() - tried
    }

    /// Returns whether a member was tried for this call already.
    #[inline]
    pub fn was_tried(&self, member: usize) -> bool {
        self.tried.iter().any(|tried| usize::from(*tried) == member)
    }
}

/// How a call that was given to a member ended, as its balancer saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// When.
    pub now: SimTime,
    /// How long it took; nothing if its caller gave up first.
    pub took: Option<SimDuration>,
    /// Whether the member is to blame for a bad end.
    pub failed: bool,
}

/// Chooses the member that gets the next call.
///
/// It may know the request, what it is told of its members, and draws of its own: nothing else.
pub trait Policy: Send + 'static {
    /// The balancer starts. The stream is this policy's own.
    fn start(&mut self, members: &Members, stream: Stream);

    /// Returns whether it must hear how many calls each member has and how they end: then the balancer is woken by each
    /// answer, which costs time.
    fn watches(&self) -> bool;

    /// Returns whether a call waits for its member when that one has no room, while others have.
    fn insists(&self) -> bool {
        false
    }

    /// Returns the position of the member that gets this call; nothing if it can be none of them.
    ///
    /// Never one that [is not allowed](Choice::allows), unless it insists, and then only for want of room.
    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize>;

    /// A member has changed: whether it can be chosen, or its weight.
    fn changed(&mut self, _member: usize, _members: &Members) {}

    /// How many calls a member is known to have has changed; for those that [watch](Policy::watches).
    fn loaded(&mut self, _member: usize, _members: &Members) {}

    /// A call that went to this member has ended.
    fn ended(&mut self, _member: usize, _end: End, _members: &Members) {}

    /// Returns a copy.
    fn boxed(&self) -> Box<dyn Policy>;
}

/// One of the frequent policies, called without indirection, or anybody's.
pub enum Routing {
    /// One after the other.
    RoundRobin(RoundRobin),
    /// Any.
    Random(Random),
    /// The one with the fewest calls.
    LeastConnections(LeastConnections),
    /// The better of a few.
    PowerOfChoices(PowerOfChoices),
    /// Anything else.
    Other(Box<dyn Policy>),
}

macro_rules! each {
    ($routing:expr, $policy:ident => $result:expr) => {
        match $routing {
            Routing::RoundRobin($policy) => $result,
            Routing::Random($policy) => $result,
            Routing::LeastConnections($policy) => $result,
            Routing::PowerOfChoices($policy) => $result,
            Routing::Other($policy) => $result,
        }
    };
}

impl Routing {
    /// See [`Policy::start`].
    pub fn start(&mut self, members: &Members, stream: Stream) {
        each!(self, policy => policy.start(members, stream))
    }

    /// See [`Policy::watches`].
    pub fn watches(&self) -> bool {
        each!(self, policy => policy.watches())
    }

    /// See [`Policy::insists`].
    pub fn insists(&self) -> bool {
        each!(self, policy => policy.insists())
    }

    /// See [`Policy::choose`].
    #[inline]
    pub fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        each!(self, policy => policy.choose(choice))
    }

    /// See [`Policy::changed`].
    #[inline]
    pub fn changed(&mut self, member: usize, members: &Members) {
        each!(self, policy => policy.changed(member, members))
    }

    /// See [`Policy::loaded`].
    #[inline]
    pub fn loaded(&mut self, member: usize, members: &Members) {
        each!(self, policy => policy.loaded(member, members))
    }

    /// See [`Policy::ended`].
    #[inline]
    pub fn ended(&mut self, member: usize, end: End, members: &Members) {
        each!(self, policy => policy.ended(member, end, members))
    }
}

impl Clone for Routing {
    fn clone(&self) -> Routing {
        match self {
            Routing::RoundRobin(policy) => Routing::RoundRobin(policy.clone()),
            Routing::Random(policy) => Routing::Random(policy.clone()),
            Routing::LeastConnections(policy) => Routing::LeastConnections(policy.clone()),
            Routing::PowerOfChoices(policy) => Routing::PowerOfChoices(policy.clone()),
            Routing::Other(policy) => Routing::Other(policy.boxed()),
        }
    }
}

impl From<RoundRobin> for Routing {
    fn from(policy: RoundRobin) -> Routing {
        Routing::RoundRobin(policy)
    }
}

impl From<Random> for Routing {
    fn from(policy: Random) -> Routing {
        Routing::Random(policy)
    }
}

impl From<LeastConnections> for Routing {
    fn from(policy: LeastConnections) -> Routing {
        Routing::LeastConnections(policy)
    }
}

impl From<PowerOfChoices> for Routing {
    fn from(policy: PowerOfChoices) -> Routing {
        Routing::PowerOfChoices(policy)
    }
}

impl From<Box<dyn Policy>> for Routing {
    fn from(policy: Box<dyn Policy>) -> Routing {
        Routing::Other(policy)
    }
}
