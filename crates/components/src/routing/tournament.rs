//! The least of many, kept up to date.

/// Values by position; the least of them, and how many share it, at the root of a binary tree: O(log n) a change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tournament {
    /// The least value below, and how many positions have it; node i has children 2i and 2i + 1.
    nodes: Vec<((u32, u64), u32)>,
    leaves: usize,
}

impl Tournament {
    /// Nobody, at the places of a tree that is not full.
    const NOBODY: ((u32, u64), u32) = ((u32::MAX, u64::MAX), 0);

    pub(crate) fn new(values: impl ExactSizeIterator<Item = (u32, u64)>) -> Tournament {
        let leaves = values.len().next_power_of_two();
        let mut nodes = vec![Self::NOBODY; 2 * leaves];
        for (i, value) in values.enumerate() {
            nodes[leaves + i] = (value, 1);
        }
        let mut tree = Tournament { nodes, leaves };
        for node in (1..leaves).rev() {
            tree.play(node);
        }
        tree
    }

    fn play(&mut self, node: usize) {
        let (left, right) = (self.nodes[2 * node], self.nodes[2 * node + 1]);
        self.nodes[node] = match left.0.cmp(&right.0) {
            std::cmp::Ordering::Less => left,
            std::cmp::Ordering::Greater => right,
            std::cmp::Ordering::Equal => (left.0, left.1 + right.1),
        };
    }

    pub(crate) fn get(&self, position: usize) -> (u32, u64) {
        self.nodes[self.leaves + position].0
    }

    pub(crate) fn set(&mut self, position: usize, value: (u32, u64)) {
        let mut node = self.leaves + position;
        self.nodes[node].0 = value;
        while node > 1 {
            node /= 2;
            self.play(node);
        }
    }

    /// How many share the least value.
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
}
