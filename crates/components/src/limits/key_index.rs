//! Numbers by key: a hash table whose order nobody sees.

/// An entry without a number.
const EMPTY: (u64, u32) = (0, u32::MAX);

/// Where each of some keys is kept: open addressing with linear probing, at most half full.
///
/// # Source
/// Knuth, "The Art of Computer Programming", volume 3, 2nd ed., section 6.4: algorithms L and R (deletion without
/// tombstones); multiplicative hashing with the golden ratio.
#[derive(Clone, Debug)]
pub(crate) struct KeyIndex {
    entries: Vec<(u64, u32)>,
    len: usize,
}

impl Default for KeyIndex {
    fn default() -> KeyIndex {
        KeyIndex { entries: vec![EMPTY; 16], len: 0 }
    }
}

impl KeyIndex {
    /// Returns the number of a key.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<u32> {
        let (_, number) = self.entries[self.place(key)];
        (number != EMPTY.1).then_some(number)
    }

    /// Gives a key a number, another one if it has one.
    pub(crate) fn put(&mut self, key: u64, number: u32) {
        debug_assert!(number != EMPTY.1, "the number that says empty");
        if 2 * (self.len + 1) > self.entries.len() {
            self.grow();
        }
        let place = self.place(key);
        self.len += usize::from(self.entries[place].1 == EMPTY.1);
        self.entries[place] = (key, number);
    }

    /// Forgets a key.
    pub(crate) fn remove(&mut self, key: u64) {
        let mut hole = self.place(key);
        if self.entries[hole].1 == EMPTY.1 {
            return;
        }
        self.len -= 1;
        let mask = self.entries.len() - 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let (key, number) = self.entries[at];
            if number == EMPTY.1 {
                break;
            }
            // It may move into the hole unless that lies before where it wants to be.
            if (at.wrapping_sub(self.home(key)) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.entries[hole] = (key, number);
                hole = at;
            }
        }
        self.entries[hole] = EMPTY;
    }

    /// Where a key is, or would be.
    #[inline]
    fn place(&self, key: u64) -> usize {
        let mask = self.entries.len() - 1;
        let mut at = self.home(key);
        while self.entries[at].1 != EMPTY.1 && self.entries[at].0 != key {
            at = (at + 1) & mask;
        }
        at
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - self.entries.len().trailing_zeros())) as usize
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![EMPTY; 2 * self.entries.len()];
        let entries = std::mem::replace(&mut self.entries, larger);
        for (key, number) in entries.into_iter().filter(|entry| entry.1 != EMPTY.1) {
            let place = self.place(key);
            self.entries[place] = (key, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_knows_what_a_map_knows() {
        let (mut index, mut map) = (KeyIndex::default(), BTreeMap::new());
        let mut draw = 1u64;
        for step in 0..200_000u32 {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = draw >> 55;
            if draw & 3 == 0 {
                index.remove(key);
                map.remove(&key);
            } else {
                index.put(key, step);
                map.insert(key, step);
            }
            let asked = (draw >> 40) & 511;
            assert_eq!(index.get(asked), map.get(&asked).copied());
            assert_eq!(index.len, map.len());
        }
    }
}
