//! What is left to do at this instant.

use std::collections::VecDeque;

/// A FIFO of payloads: one register in front of a ring buffer.
///
/// Most of the time one message without delay is under way: it lives in the register and costs a store and a load.
/// Both parts keep their memory, so nothing is allocated once the largest burst has been seen.
#[derive(Clone, Default)]
pub(crate) struct Ring {
    /// The oldest payload, if `taken`.
    register: u64,
    taken: bool,
    rest: VecDeque<u64>,
}

impl Ring {
    #[inline(always)]
    pub(crate) fn push(&mut self, payload: u64) {
        // The register is older than the rest: a newcomer may take it only when nothing else waits.
        if !self.taken && self.rest.is_empty() {
            self.register = payload;
            self.taken = true;
        } else {
            self.rest.push_back(payload);
        }
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<u64> {
        if self.taken {
            self.taken = false;
            return Some(self.register);
        }
        self.rest.pop_front()
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        !self.taken && self.rest.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.taken) + self.rest.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.rest.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
