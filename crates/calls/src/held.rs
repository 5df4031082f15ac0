//! What a component remembers about each call it holds.

use crate::core::Core;
use crate::handle::Call;

/// A value per call held. O(1) and without hashing: the index lives in the call's note.
#[derive(Clone, Debug)]
pub struct Held<T> {
    slots: Vec<Option<(Call, T)>>,
    free: Vec<u32>,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Held { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Held<T> {
    /// Remembers a value with a call.
    #[inline]
    pub fn put(&mut self, call: Call, value: T, cx: &mut Core) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some((call, value));
                slot
            }
            None => {
                self.slots.push(Some((call, value)));
                self.slots.len() as u32 - 1
            }
        };
        cx.set_note(call, slot);
    }

    /// Returns what is remembered.
    ///
    /// # Panics
    /// If nothing is: a rule of the component is broken.
    #[inline]
    pub fn get(&mut self, call: Call, cx: &Core) -> &mut T {
        match self.slots.get_mut(cx.note(call) as usize) {
            Some(Some((held, value))) if *held == call => value,
            _ => panic!("{} does not hold this call", cx.path(cx.me())),
        }
    }

    /// Returns and forgets it.
    ///
    /// # Panics
    /// If nothing is remembered: a rule of the component is broken.
    #[inline]
    pub fn take(&mut self, call: Call, cx: &Core) -> T {
        let slot = cx.note(call);
        match self.slots.get_mut(slot as usize).and_then(Option::take) {
            Some((held, value)) if held == call => {
                self.free.push(slot);
                value
            }
            _ => panic!("{} does not hold this call", cx.path(cx.me())),
        }
    }

    /// Returns how many calls are held.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Returns whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Goes through all of them, in an order that depends only on what was put and taken.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Call, &mut T)> {
        self.slots.iter_mut().flatten().map(|(call, value)| (*call, value))
    }
}
