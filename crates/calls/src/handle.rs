//! Handles: what a component holds instead of references.
//!
//! Three kinds, so that mixing them up does not compile: a [`Call`] is owed an answer by me, an [`Asked`]
//! is a call I made and may abandon, a [`Timer`] is one of mine that I may cancel.
//! All carry a generation: a stale handle is found out, it never hits a stranger's call.

use crate::ask::Ask;
use crate::attributes::Attributes;

pub(crate) const NIL: u32 = u32::MAX;

/// Identifies a component within one simulation: dense, never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct ComponentId(pub(crate) u32);

impl ComponentId {
    /// Returns the position of the component in the order of construction.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A call I was given and owe an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl Call {
    /// Stands for "on behalf of nobody": the parent of a new request.
    pub const NONE: Call = Call { slot: NIL, generation: 0 };

    /// Returns whether this is [`Call::NONE`].
    #[inline(always)]
    pub fn is_none(self) -> bool {
        self.slot == NIL
    }
}

/// A call I made; I may abandon it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl Asked {
    /// Returns a small number that no other call in flight has now; it is reused later.
    /// For tables indexed by what one has asked.
    #[inline(always)]
    pub fn index(self) -> usize {
        self.slot as usize
    }
}

/// A timer of mine that I may cancel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timer {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// Somebody who answers calls: exists only once its component does, or is declared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Callee(pub(crate) u32);

impl Callee {
    /// Returns the component behind it.
    pub fn id(self) -> ComponentId {
        ComponentId(self.0)
    }

    /// Begins a call on behalf of one that I hold: its strand is lent to the callee.
    #[inline(always)]
    pub fn ask(self, on_behalf_of: Call) -> Ask {
        Ask::new(self.0, on_behalf_of, None)
    }

    /// Begins a new request: nobody's child.
    #[inline(always)]
    pub fn request(self, attributes: Attributes) -> Ask {
        Ask::new(self.0, Call::NONE, Some(attributes))
    }
}
