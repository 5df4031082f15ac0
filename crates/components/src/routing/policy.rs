//! What a routing policy is.

use kneepoint_calls::{Call, Core};

use super::least_connections::LeastConnections;
use super::power_of_choices::PowerOfChoices;
use super::random::Random;
use super::round_robin::RoundRobin;

/// Chooses the member that gets the next call.
///
/// It may know the call, what it was told about its own earlier choices, and draws of its own: nothing else.
pub trait Policy: Send + 'static {
    /// The balancer starts, with so many members (one at least): none has calls.
    fn start(&mut self, members: usize, cx: &mut Core);

    /// Returns whether it must hear how many calls each member has: then [`ended`](Policy::ended) is called, and the
    /// balancer is woken by each answer, which costs time.
    fn watches(&self) -> bool;

    /// Returns the position of the member that gets this call.
    fn choose(&mut self, call: Call, cx: &mut Core) -> usize;

    /// A call that went to this member was answered, or was given up by its caller.
    fn ended(&mut self, member: usize);

    /// Returns a copy.
    fn boxed(&self) -> Box<dyn Policy>;
}

/// One of the shipped policies, called without indirection, or anybody's.
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
    pub(crate) fn start(&mut self, members: usize, cx: &mut Core) {
        each!(self, policy => policy.start(members, cx))
    }

    pub(crate) fn watches(&self) -> bool {
        each!(self, policy => policy.watches())
    }

    #[inline]
    pub(crate) fn choose(&mut self, call: Call, cx: &mut Core) -> usize {
        each!(self, policy => policy.choose(call, cx))
    }

    #[inline]
    pub(crate) fn ended(&mut self, member: usize) {
        each!(self, policy => policy.ended(member))
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
