//! What is remembered of each key, of so many at most.

use super::KeyIndex;

const NOBODY: u32 = u32::MAX;

/// A state per key, of the keys that were used last: when there is no room, the one that was longest unused goes.
///
/// An attacker with many addresses does not eat the memory, but makes others forgotten: they begin anew.
///
/// # Assumptions
/// A real table also drops keys after a time. Here a key stays until its place is needed: one that was quiet for so
/// long is as good as new to each of the algorithms, and is the first to go.
///
/// # Source
/// HAProxy 2.6, `src/stick_table.c`, `stktable_trash_oldest`; nginx, `ngx_http_limit_req_expire`: both drop the least
/// recently used.
#[derive(Clone, Debug)]
pub(crate) struct KeyTable<S> {
    size: usize,
    slots: Vec<Slot<S>>,
    index: KeyIndex,
    newest: u32,
    oldest: u32,
}

#[derive(Clone, Debug)]
struct Slot<S> {
    key: u64,
    newer: u32,
    older: u32,
    state: S,
}

impl<S: Clone> KeyTable<S> {
    /// Returns an empty table of so many keys at most.
    ///
    /// # Panics
    /// If it has no place.
    pub(crate) fn new(size: usize) -> KeyTable<S> {
        assert!(size > 0, "a table has a place");
        let size = size.min(NOBODY as usize - 1);
        KeyTable { size, slots: Vec::new(), index: KeyIndex::default(), newest: NOBODY, oldest: NOBODY }
    }

    /// Returns the state of a key, now the newest; a new key begins as `fresh`, `restart` makes it so in the place of one
    /// that goes. Tells too whether one had to go.
    #[inline]
    pub(crate) fn of(&mut self, key: u64, fresh: &S, restart: impl FnOnce(&mut S, &S)) -> (&mut S, bool) {
        let mut dropped = false;
        let at = match self.index.get(key) {
            Some(at) => {
                if at != self.newest {
                    self.unlink(at);
                    self.link(at);
                }
                at
            }
            None if self.slots.len() < self.size => {
                let at = self.slots.len() as u32;
                self.slots.push(Slot { key, newer: NOBODY, older: NOBODY, state: fresh.clone() });
                self.index.put(key, at);
                self.link(at);
                at
            }
            None => {
                dropped = true;
                let at = self.oldest;
                self.unlink(at);
                let slot = &mut self.slots[at as usize];
                self.index.remove(slot.key);
                slot.key = key;
                restart(&mut slot.state, fresh);
                self.index.put(key, at);
                self.link(at);
                at
            }
        };
        (&mut self.slots[at as usize].state, dropped)
    }

    /// Makes a slot the newest.
    fn link(&mut self, at: u32) {
        let before = self.newest;
        let slot = &mut self.slots[at as usize];
        (slot.newer, slot.older) = (NOBODY, before);
        match before {
            NOBODY => self.oldest = at,
            before => self.slots[before as usize].newer = at,
        }
        self.newest = at;
    }

    fn unlink(&mut self, at: u32) {
        let Slot { newer, older, .. } = self.slots[at as usize];
        match newer {
            NOBODY => self.newest = older,
            newer => self.slots[newer as usize].older = older,
        }
        match older {
            NOBODY => self.oldest = newer,
            older => self.slots[older as usize].newer = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_key_goes() {
        let mut table = KeyTable::new(2);
        let mut seen = |key: u64| {
            let (count, dropped) = table.of(key, &0u32, |state, fresh| *state = *fresh);
            *count += 1;
            (*count, dropped)
        };
        assert_eq!(seen(7), (1, false));
        assert_eq!(seen(8), (1, false));
        assert_eq!(seen(7), (2, false));
        assert_eq!(seen(9), (1, true), "8 is the oldest");
        assert_eq!(seen(7), (3, false));
        assert_eq!(seen(8), (1, true), "9 is");
        assert_eq!(seen(9), (1, true));
    }

    #[test]
    fn it_forgets_as_a_list_does() {
        let (mut table, mut list) = (KeyTable::new(5), Vec::<(u64, u32)>::new());
        let mut draw = 3u64;
        for _ in 0..50_000 {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = (draw >> 40) % 9;
            let (count, _) = table.of(key, &0u32, |state, fresh| *state = *fresh);
            *count += 1;
            let known = list.iter().position(|(k, _)| *k == key).map(|at| list.remove(at));
            if known.is_none() && list.len() == 5 {
                list.remove(0);
            }
            list.push((key, known.map_or(0, |(_, count)| count) + 1));
            assert_eq!(*count, list[list.len() - 1].1);
        }
    }
}
