//! The least of many, kept up to date.

/// What is compared: the smaller wins.
pub(crate) type Value = (u64, u64);

/// Values by position; the least of them, and how many share it, at the root of a binary tree: O(log n) a change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tournament {
    /// The least value below, and how many positions have it; node i has children 2i and 2i + 1.
    nodes: Vec<(Value, u32)>,
    leaves: usize,
}

impl Tournament {
    /// Who takes no part: also the places of a tree that is not full.
    const NOBODY: (Value, u32) = ((u64::MAX, u64::MAX), 0);

    pub(crate) fn new(values: impl ExactSizeIterator<Item = Option<Value>>) -> Tournament {
        let leaves = values.len().next_power_of_two();
        let mut nodes = vec![Self::NOBODY; 2 * leaves];
        for (i, value) in values.enumerate() {
            nodes[leaves + i] = value.map_or(Self::NOBODY, |value| (value, 1));
        }
        let mut tree = Tournament { nodes, leaves };
        for node in (1..leaves).rev() {
            tree.play(node);
        }
        tree
    }

    /// Settles a node by its children. Returns whether that has changed it.
    fn play(&mut self, node: usize) -> bool {
        let (left, right) = (self.nodes[2 * node], self.nodes[2 * node + 1]);
        let order = |(value, _): (Value, u32)| u128::from(value.0) << 64 | u128::from(value.1);
        let (of_left, of_right) = (order(left), order(right));
        let least = if of_left <= of_right { left } else { right };
        let also = if of_left == of_right { right.1 } else { 0 };
        let before = std::mem::replace(&mut self.nodes[node], (least.0, least.1 + also));
        before != self.nodes[node]
    }

    /// The value of a position, if it takes part.
    pub(crate) fn get(&self, position: usize) -> Option<Value> {
        let (value, count) = self.nodes[self.leaves + position];
        (count > 0).then_some(value)
    }

    pub(crate) fn set(&mut self, position: usize, value: Option<Value>) {
        let mut node = self.leaves + position;
        self.nodes[node] = value.map_or(Self::NOBODY, |value| (value, 1));
        // Above a node that stays as it was, all do.
        while node > 1 && self.play(node / 2) {
            node /= 2;
        }
    }

    /// The least value, if anybody takes part.
    pub(crate) fn first(&self) -> Option<Value> {
        let (value, count) = self.nodes[1];
        (count > 0).then_some(value)
    }

    /// How many share the least value; 0 if nobody takes part.
    pub(crate) fn tied(&self) -> u32 {
        self.nodes[1].1
    }

    /// The position of the n-th of those.
    pub(crate) fn least(&self, mut n: u32) -> usize {
        let least = self.nodes[1].0;
        let mut node = 1;
        while node < self.leaves {
            node *= 2;
            let (value, count) = self.nodes[node];
            if value != least || n >= count {
                n -= if value == least { count } else { 0 };
                node += 1;
            }
        }
        node - self.leaves
    }

    /// Does something while some positions take no part.
    pub(crate) fn without<R>(&mut self, positions: &[u16], then: impl FnOnce(&Tournament) -> R) -> R {
        match positions {
            [] => then(self),
            [first, rest @ ..] => {
                let first = usize::from(*first);
                let value = self.get(first);
                self.set(first, None);
                let result = self.without(rest, then);
                self.set(first, value);
                result
            }
        }
    }
}
