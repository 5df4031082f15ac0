//! Which of many positions are set, with quick ways to the next and to the n-th.

/// A set of positions in two levels of bits, with counts: the next and the n-th of 65 535 are found in a few steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usable {
    words: Vec<u64>,
    /// Which words have any.
    summary: Vec<u64>,
    /// How many there are in each eight words, and in each summary's 64.
    eights: Vec<u16>,
    blocks: Vec<u16>,
    count: usize,
}

/// Words that are counted together.
const EIGHT: usize = 8;
const BLOCK: usize = 64;

impl Usable {
    /// Returns the set of none of so many.
    pub(crate) fn none(members: usize) -> Usable {
        let words = members.div_ceil(64);
        Usable {
            words: vec![0; words],
            summary: vec![0; words.div_ceil(64)],
            eights: vec![0; words.div_ceil(EIGHT)],
            blocks: vec![0; words.div_ceil(BLOCK)],
            count: 0,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    #[inline]
    pub(crate) fn has(&self, position: usize) -> bool {
        self.words[position / 64] >> (position % 64) & 1 == 1
    }

    pub(crate) fn set(&mut self, position: usize, to: bool) {
        if self.has(position) == to {
            return;
        }
        let word = position / 64;
        self.words[word] ^= 1 << (position % 64);
        let (eight, block) = (&mut self.eights[word / EIGHT], &mut self.blocks[word / BLOCK]);
        if to {
            (*eight, *block, self.count) = (*eight + 1, *block + 1, self.count + 1);
        } else {
            (*eight, *block, self.count) = (*eight - 1, *block - 1, self.count - 1);
        }
        let bit = 1 << (word % 64);
        if self.words[word] == 0 {
            self.summary[word / 64] &= !bit;
        } else {
            self.summary[word / 64] |= bit;
        }
    }

    /// Returns the first at or after a position, without going round.
    pub(crate) fn at_or_after(&self, position: usize) -> Option<usize> {
        let word = position / 64;
        let here = self.words.get(word)? >> (position % 64);
        if here != 0 {
            return Some(position + here.trailing_zeros() as usize);
        }
        let mut block = (word + 1) / 64;
        let mut left = self.summary.get(block)? >> ((word + 1) % 64) << ((word + 1) % 64);
        while left == 0 {
            block += 1;
            left = *self.summary.get(block)?;
        }
        let word = 64 * block + left.trailing_zeros() as usize;
        Some(64 * word + self.words[word].trailing_zeros() as usize)
    }

    /// Returns the first at or after a position, going round; nothing if there is none at all.
    #[inline]
    pub(crate) fn next(&self, position: usize) -> Option<usize> {
        self.at_or_after(position).or_else(|| self.at_or_after(0))
    }

    /// Returns the n-th, counted from 0, in order of position.
    pub(crate) fn nth(&self, mut n: usize) -> Option<usize> {
        if n >= self.count {
            return None;
        }
        // From the coarsest count to the finest.
        let mut skip = |count: usize| {
            let beyond = n >= count;
            n -= if beyond { count } else { 0 };
            beyond
        };
        let block = self.blocks.iter().take_while(|count| skip(usize::from(**count))).count();
        let eight = block * (BLOCK / EIGHT);
        let eight =
            eight + self.eights[eight..].iter().take_while(|count| skip(usize::from(**count))).count();
        let word = eight * EIGHT;
        let words = self.words[word..].iter();
        let word = word + words.take_while(|word| skip(word.count_ones() as usize)).count();
        let mut left = self.words[word];
        for _ in 0..n {
            left &= left - 1;
        }
        Some(64 * word + left.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_set() {
        let mut set = Usable::none(10_000);
        assert_eq!((set.next(0), set.nth(0), set.count()), (None, None, 0));
        let members = [0, 63, 64, 4_095, 4_096, 9_999];
        members.iter().for_each(|m| set.set(*m, true));
        set.set(64, true);
        assert_eq!(set.count(), members.len());
        for (n, member) in members.iter().enumerate() {
            assert_eq!(set.nth(n), Some(*member));
            assert_eq!(set.next(*member), Some(*member));
            assert_eq!(set.next((member + 1) % 10_000), Some(members[(n + 1) % members.len()]));
        }
        set.set(4_095, false);
        assert_eq!((set.next(65), set.nth(3)), (Some(4_096), Some(4_096)));
        assert!(!set.has(4_095) && set.has(4_096));
    }
}
