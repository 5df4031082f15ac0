//! Call frames: one per hop, so that the calls of a request form a tree.
//!
//! A frame goes when its callee is done with it (not open), its caller is done with it, and nothing holds it:
//! no living child and no event under way. So a parent always outlives its children, and the links between
//! frames need no generations.

use crate::ask::RELAY;
use crate::entry::ID;
use crate::handle::NIL;
use crate::status::Status;

/// In `parent`: the frame has none; the low bits name the component that made the call.
pub(crate) const ROOT: u32 = 1 << 31;

/// The callee owes an answer.
pub(crate) const OPEN: u32 = 1 << 24;
/// The caller has its answer, or gave up.
pub(crate) const DONE: u32 = 1 << 25;
/// The strand is with a callee further down.
pub(crate) const LENT: u32 = 1 << 26;
/// Nobody will ever answer.
pub(crate) const LOST: u32 = 1 << 27;
/// While open: answered by whatever the one child answers.
pub(crate) const RELAYED: u32 = 1 << 28;
/// While open: the callee has seen it.
pub(crate) const ARRIVED: u32 = 1 << 29;

const STATUS: u32 = 28;
const FLAGS: u32 = OPEN | DONE | LENT | LOST;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// When it was asked; from arrival on, when it arrived \[ns\].
    pub since: u64,
    /// The frame it was made for, or `ROOT | component`. In a free frame: the next free one.
    pub parent: u32,
    pub generation: u32,
    /// Callee in 24 bits, then flags; once closed, the status in the top four bits.
    pub to: u32,
    /// The callee's own note; the relayed child; once closed, the value of the answer.
    pub note: u32,
    pub strand: u32,
    /// Newest child, and next older sibling.
    pub child: u32,
    pub sibling: u32,
    pub tag: u16,
    /// Living children and events under way.
    pub holds: u16,
}

impl Frame {
    #[inline(always)]
    pub fn is(&self, flag: u32) -> bool {
        self.to & flag != 0
    }

    #[inline(always)]
    pub fn callee(&self) -> u32 {
        self.to & ID
    }

    /// Neither the callee nor the caller has business with it any more.
    #[inline(always)]
    pub fn is_over(&self) -> bool {
        self.to & (OPEN | DONE) == DONE
    }

    #[inline(always)]
    pub fn close(&mut self, status: Status, value: u32) {
        self.to = (self.to & (ID | FLAGS) & !OPEN) | (status as u32) << STATUS;
        self.note = value;
    }

    /// Only of a closed frame.
    #[inline(always)]
    pub fn status(&self) -> Status {
        Status::ALL[((self.to >> STATUS) as usize).min(Status::ALL.len() - 1)]
    }
}

/// All frames, with a free list through them.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    pub slots: Vec<Frame>,
    free: u32,
    retired: u32,
}

impl Default for Frames {
    fn default() -> Self {
        Frames { slots: Vec::new(), free: NIL, retired: 0 }
    }
}

impl Frames {
    /// The slot that is filled next, if there is a free one.
    #[inline(always)]
    pub fn next_free(&self) -> Option<u32> {
        (self.free != NIL).then_some(self.free)
    }

    /// Makes a free slot where there is none.
    pub fn grow(&mut self) -> u32 {
        self.free = self.slots.len() as u32;
        self.slots.push(Frame {
            since: 0,
            parent: NIL,
            generation: 0,
            to: 0,
            note: 0,
            strand: 0,
            child: NIL,
            sibling: NIL,
            tag: 0,
            holds: 0,
        });
        self.free
    }

    /// Fills the slot that is filled next; its generation is kept and returned.
    #[inline(always)]
    pub fn fill(&mut self, slot: u32, frame: Frame) -> u32 {
        debug_assert_eq!(slot, self.free);
        let place = &mut self.slots[slot as usize];
        self.free = place.parent;
        let generation = place.generation;
        *place = Frame { generation, ..frame };
        generation
    }

    /// If a frame is a relayed call on which nothing hangs and whose strand goes home to its parent: frees it, which is
    /// answered, and returns the parent, which is to be.
    #[inline(always)]
    pub fn hand_up(&mut self, slot: u32) -> Option<u32> {
        let &Frame { parent, to, strand, child, sibling, tag, holds, .. } = self.get(slot);
        if tag != RELAY || to & DONE != 0 || parent & ROOT != 0 || holds != 0 || child != NIL {
            return None;
        }
        let above = self.get_mut(parent);
        if above.to & OPEN == 0 || above.strand != strand || above.child != slot {
            return None;
        }
        above.to &= !LENT;
        above.child = sibling;
        above.holds -= 1;
        self.give_back(slot);
        Some(parent)
    }

    #[inline(always)]
    pub fn give_back(&mut self, slot: u32) {
        let free = self.free;
        let frame = &mut self.slots[slot as usize];
        frame.to = 0;
        frame.holds = 0;
        frame.child = NIL;
        // A slot whose generations are used up is retired, so that no stale handle can ever alias: 40 bytes per 10^9 uses.
        if frame.generation == crate::entry::GENERATION {
            self.retired += 1;
            return;
        }
        frame.generation += 1;
        frame.parent = free;
        self.free = slot;
    }

    /// How many are in use. O(free).
    pub fn live(&self) -> usize {
        let mut free = self.retired as usize;
        let mut at = self.free;
        while let Some(slot) = self.slots.get(at as usize) {
            free += 1;
            at = slot.parent;
        }
        self.slots.len() - free
    }

    #[inline(always)]
    pub fn get(&self, slot: u32) -> &Frame {
        &self.slots[slot as usize]
    }

    #[inline(always)]
    pub fn get_mut(&mut self, slot: u32) -> &mut Frame {
        &mut self.slots[slot as usize]
    }

    /// Takes a child out of its parent's list. O(children).
    pub fn unlink(&mut self, parent: u32, child: u32) {
        let next = self.get(child).sibling;
        if self.get(parent).child == child {
            self.get_mut(parent).child = next;
        } else {
            let mut at = self.get(parent).child;
            while self.get(at).sibling != child {
                at = self.get(at).sibling;
            }
            self.get_mut(at).sibling = next;
        }
        self.get_mut(child).sibling = NIL;
    }
}
