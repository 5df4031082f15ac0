//! What one asks of a callee: a small value with chained options, consumed by [`Core::call`](crate::Core::call).

use kneepoint_engine::SimDuration;

use crate::attributes::Attributes;
use crate::handle::Call;

/// The tag of a relayed call: its answer goes past its maker.
pub(crate) const RELAY: u16 = u16::MAX;

/// A call about to be made.
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is asked until it is given to `cx.call`"]
pub struct Ask {
    pub(crate) to: u32,
    pub(crate) parent: Call,
    pub(crate) tag: u16,
    pub(crate) operation: u16,
    /// The operation was said, for a relayed call too.
    pub(crate) renamed: bool,
    pub(crate) branch: bool,
    pub(crate) cancelling: bool,
    pub(crate) foreign: bool,
    pub(crate) within: SimDuration,
    pub(crate) wire: SimDuration,
    pub(crate) attributes: Option<Attributes>,
}

impl Ask {
    #[inline(always)]
    pub(crate) fn new(to: u32, parent: Call, attributes: Option<Attributes>) -> Ask {
        Ask {
            to,
            parent,
            tag: 0,
            operation: 0,
            renamed: false,
            branch: false,
            cancelling: false,
            foreign: false,
            within: SimDuration::ZERO,
            wire: SimDuration::ZERO,
            attributes,
        }
    }

    /// Marks the call with a number of mine that comes back in the answer.
    ///
    /// # Panics
    /// If the tag is 65 535, which marks relayed calls.
    #[inline(always)]
    pub fn tag(mut self, tag: u16) -> Ask {
        assert!(tag != RELAY, "tag 65535 is reserved");
        self.tag = tag;
        self
    }

    /// Says which operation is asked for, as the model numbers operations. A relayed call keeps that of the call
    /// it stands for; every other one asks for operation 0 unless told.
    #[inline(always)]
    pub fn operation(mut self, operation: u16) -> Ask {
        self.operation = operation;
        self
    }

    /// Gives the call its own strand: for calls side by side, or that may be thrown away.
    #[inline(always)]
    pub fn branch(mut self) -> Ask {
        self.branch = true;
        self
    }

    /// Sets how long I wait; then I get an answer [`Status::Timeout`](crate::Status::Timeout).
    /// Zero means for ever. The callee goes on working unless the call is [`cancelling`](Ask::cancelling).
    #[inline(always)]
    pub fn within(mut self, span: SimDuration) -> Ask {
        self.within = span;
        self
    }

    /// Tells the callee when I stop waiting.
    #[inline(always)]
    pub fn cancelling(mut self) -> Ask {
        self.cancelling = true;
        self
    }

    /// Says that the end of my waiting is not that of the edge, but what is left of somebody's deadline: it is not counted
    /// among the [calls that are cut](crate::Books::cut).
    #[inline(always)]
    pub fn foreign(mut self) -> Ask {
        self.foreign = true;
        self
    }

    /// Makes the call arrive later; the time counts as network.
    #[inline(always)]
    pub fn delayed(mut self, wire: SimDuration) -> Ask {
        self.wire = wire;
        self
    }

    /// Gives the call other attributes than those of the call it is made for (implies [`branch`](Ask::branch)).
    #[inline(always)]
    pub fn about(mut self, attributes: Attributes) -> Ask {
        self.attributes = Some(attributes);
        self.branch = true;
        self
    }

    /// Lets the answer go straight to my caller and a cancellation straight to the callee: I am not woken.
    #[inline(always)]
    pub fn relay(mut self) -> Ask {
        self.tag = RELAY;
        self
    }

    /// As [`relay`](Ask::relay), asking for this operation: the note of the call it stands for need not be that any more.
    #[inline(always)]
    pub fn relay_as(mut self, operation: u16) -> Ask {
        self.operation = operation;
        self.renamed = true;
        self.relay()
    }
}
