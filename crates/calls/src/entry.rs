//! The 64 bits that wait in the event list, and what they mean.
//!
//! ```text
//! 00 kind6 component24 argument32   message: a call, an answer, a cancellation, a notice, a start, a fault
//! 00 111111 component24 tag4 epoch28   timer that nobody can cancel: dies with that life of its component
//! 01 generation30 slot32            timer
//! 10 generation30 cancel1 foreign1 slot30    deadline of a call
//! 11 generation30 tag4 slot28       timer about a call: dies with it
//! ```

pub(crate) const TIMER: u64 = 1;
pub(crate) const DEADLINE: u64 = 2;
pub(crate) const ABOUT: u64 = 3;

/// Sorts and the first kinds of message, each told apart from those below by one comparison of the whole entry.
pub(crate) const FIRST_ANSWER: u64 = ANSWER << 56;
pub(crate) const FIRST_OTHER: u64 = (ANSWER + 1) << 56;
pub(crate) const FIRST_WAKE: u64 = WAKE << 56;
pub(crate) const FIRST_TIMER: u64 = TIMER << 62;
pub(crate) const FIRST_DEADLINE: u64 = DEADLINE << 62;
pub(crate) const FIRST_ABOUT: u64 = ABOUT << 62;

/// Kinds of message.
pub(crate) const CALL: u64 = 0;
pub(crate) const ANSWER: u64 = 1;
pub(crate) const CANCEL: u64 = 2;
pub(crate) const START: u64 = 3;
pub(crate) const FAULT: u64 = 4;
pub(crate) const NOTICE: u64 = 5;
/// The last one, so that all below never die.
pub(crate) const WAKE: u64 = 63;

/// Component ids have 24 bits.
pub(crate) const ID: u32 = (1 << 24) - 1;
/// Frames have 28 bits.
pub(crate) const SLOT: u32 = (1 << 28) - 1;
/// A component lives fewer times than this: the number of its life has 28 bits in an entry.
pub(crate) const LIVES: u32 = 1 << 28;
/// Generations have 30 bits.
pub(crate) const GENERATION: u32 = (1 << 30) - 1;
/// Marks a deadline that cancels.
pub(crate) const CANCELLING: u32 = 1 << 31;
/// Marks a deadline that is not counted among those of the edge.
pub(crate) const FOREIGN: u32 = 1 << 30;

#[inline(always)]
pub(crate) fn message(kind: u64, to: u32, argument: u32) -> u64 {
    (kind << 56) | ((to as u64) << 32) | argument as u64
}

#[inline(always)]
pub(crate) fn checked(sort: u64, slot: u32, generation: u32) -> u64 {
    (sort << 62) | ((generation as u64) << 32) | slot as u64
}

#[inline(always)]
pub(crate) fn sort(entry: u64) -> u64 {
    entry >> 62
}

/// The kind of a message; 64 and above for the other sorts.
#[inline(always)]
pub(crate) fn kind(entry: u64) -> u64 {
    entry >> 56
}

#[inline(always)]
pub(crate) fn component(entry: u64) -> u32 {
    (entry >> 32) as u32 & ID
}

#[inline(always)]
pub(crate) fn argument(entry: u64) -> u32 {
    entry as u32
}

#[inline(always)]
pub(crate) fn generation(entry: u64) -> u32 {
    (entry >> 32) as u32 & GENERATION
}
