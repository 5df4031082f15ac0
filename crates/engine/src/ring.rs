//! What is left to do at this instant.

/// A FIFO of payloads: the oldest in a field of its own, for nearly always there is but one, and behind it a ring of
/// places, whose number is a power of two.
///
/// It keeps its memory, so nothing is allocated once the largest burst has been seen.
#[derive(Clone, Default)]
pub(crate) struct Ring {
    /// None only if there is nothing behind it either.
    oldest: Option<u64>,
    places: Vec<u64>,
    /// The place of the oldest payload of those behind.
    first: usize,
    /// How many are behind.
    behind: usize,
}

/// Places to begin with.
const PLACES: usize = 4;

impl Ring {
    #[inline(always)]
    pub(crate) fn push(&mut self, payload: u64) {
        if self.oldest.is_none() {
            self.oldest = Some(payload);
        } else {
            self.push_behind(payload);
        }
    }

    #[inline(never)]
    fn push_behind(&mut self, payload: u64) {
        if self.behind == self.places.len() {
            self.grow();
        }
        let mask = self.places.len() - 1;
        self.places[(self.first + self.behind) & mask] = payload;
        self.behind += 1;
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<u64> {
        let oldest = self.oldest?;
        if self.behind == 0 {
            self.oldest = None;
        } else {
            self.move_up();
        }
        Some(oldest)
    }

    #[inline(always)]
    fn move_up(&mut self) {
        self.oldest = Some(self.places[self.first]);
        self.first = (self.first + 1) & (self.places.len() - 1);
        self.behind -= 1;
    }

    /// Twice as many places; the oldest payload of those behind moves to the first.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.places.rotate_left(self.first);
        self.first = 0;
        self.places.resize((2 * self.places.len()).max(PLACES), 0);
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.oldest.is_none()
    }

    pub(crate) fn len(&self) -> usize {
        self.behind + usize::from(self.oldest.is_some())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn first_in_is_first_out_for_every_mix_of_eleven_pushes_and_pops() {
        for mix in 0..1_u32 << 11 {
            let mut ring = Ring::default();
            let mut model = VecDeque::new();
            for step in 0..11 {
                if (mix >> step) & 1 == 1 {
                    ring.push(step);
                    model.push_back(step);
                } else {
                    assert_eq!(ring.pop(), model.pop_front(), "mix {mix:b}, step {step}");
                }
                assert_eq!((ring.len(), ring.is_empty()), (model.len(), model.is_empty()), "mix {mix:b}");
            }
        }
    }

    #[test]
    fn two_messages_answering_each_other_for_ever_need_no_memory() {
        let mut ring = Ring::default();
        ring.push(0);
        ring.push(1);
        let bytes = ring.bytes();
        for _ in 0..10_000 {
            let payload = ring.pop().expect("two are inside");
            ring.push(payload);
        }
        assert_eq!((ring.len(), ring.bytes()), (2, bytes));
    }
}
