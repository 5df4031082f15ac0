//! Weights that can be drawn by, and change.

/// Partial sums of weights in a binary indexed tree: O(log n) to change one and to find who holds a ticket.
///
/// # Source
/// Fenwick, "A new data structure for cumulative frequency tables", Software: Practice and Experience 24(3), 1994.
#[derive(Clone, Debug, Default)]
pub(super) struct Tickets {
    sums: Vec<u64>,
    weights: Vec<u32>,
}

impl Tickets {
    pub(super) fn new(weights: impl Iterator<Item = u32>) -> Tickets {
        let weights: Vec<u32> = weights.collect();
        let mut tickets = Tickets { sums: vec![0; weights.len() + 1], weights: vec![0; weights.len()] };
        for (member, weight) in weights.into_iter().enumerate() {
            tickets.set(member, weight);
        }
        tickets
    }

    pub(super) fn set(&mut self, member: usize, weight: u32) {
        let change = u64::from(weight).wrapping_sub(u64::from(self.weights[member]));
        self.weights[member] = weight;
        let mut at = member + 1;
        while at < self.sums.len() {
            self.sums[at] = self.sums[at].wrapping_add(change);
            at += at & at.wrapping_neg();
        }
    }

    pub(super) fn total(&self) -> u64 {
        let (mut at, mut total) = (self.sums.len().saturating_sub(1), 0);
        while at > 0 {
            total += self.sums[at];
            at -= at & at.wrapping_neg();
        }
        total
    }

    /// Returns who holds a ticket from 0 to the total, without it: members hold theirs in order.
    pub(super) fn holder(&self, mut ticket: u64) -> usize {
        let mut at = 0;
        let mut step = self.sums.len().next_power_of_two();
        while step > 0 {
            if at + step < self.sums.len() && self.sums[at + step] <= ticket {
                at += step;
                ticket -= self.sums[at];
            }
            step /= 2;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_holds_as_many_tickets_as_its_weight() {
        let mut tickets = Tickets::new([2, 0, 3, 1].into_iter());
        let holders = |tickets: &Tickets| (0..tickets.total()).map(|t| tickets.holder(t)).collect::<Vec<_>>();
        assert_eq!(holders(&tickets), [0, 0, 2, 2, 2, 3]);
        tickets.set(2, 0);
        tickets.set(1, 1);
        assert_eq!(holders(&tickets), [0, 0, 1, 3]);
    }
}
