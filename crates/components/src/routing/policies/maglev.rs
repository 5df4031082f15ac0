//! Maglev's consistent hash.

use kneepoint_random::Stream;

use crate::routing::hashing::{digits, maglev};
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// A table of a prime size in which members own slots as evenly as can be; a key goes to the slot of its hash. O(1); the
/// table is filled anew when somebody goes or comes, which moves few other keys.
///
/// # Source
/// Eisenbud et al., "Maglev", NSDI 2016; offsets, skips and keys by xxHash64, as Envoy makes them.
#[derive(Clone, Debug)]
pub struct Maglev {
    size: u32,
    table: Vec<u32>,
    /// Who is in the table.
    listed: Vec<u32>,
}

impl Maglev {
    /// Returns the policy with a table of this size.
    ///
    /// # Panics
    /// If it is not a prime: then some orders would miss slots.
    pub fn new(size: u32) -> Maglev {
        assert!(maglev::is_prime(size), "the size of a Maglev table is a prime");
        Maglev { size, table: Vec::new(), listed: Vec::new() }
    }

    fn fill(&mut self, members: &Members) {
        let weight = |at: usize| if members.is_up(at) { members.weight(at) } else { 0 };
        self.listed = (0..members.count()).map(weight).collect();
        let of = |at: usize| {
            let (offset, skip) = maglev::order(&members.get(at).address, self.size);
            maglev::Claim { owner: at as u32, offset, skip, weight: weight(at) }
        };
        let listed: Vec<_> = (0..members.count()).filter(|at| weight(*at) > 0).map(of).collect();
        self.table = maglev::fill(self.size, &listed);
    }
}

impl Policy for Maglev {
    fn start(&mut self, members: &Members, _: Stream) {
        self.fill(members);
    }

    fn watches(&self) -> bool {
        false
    }

    fn insists(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        if self.table.is_empty() {
            return None;
        }
        let first = (maglev::hash(digits(choice.key, &mut [0; 20])) % self.table.len() as u64) as usize;
        (0..self.table.len())
            .map(|step| self.table[(first + step) % self.table.len()] as usize)
            .find(|member| !choice.was_tried(*member))
    }

    fn changed(&mut self, member: usize, members: &Members) {
        let now = if members.is_up(member) { members.weight(member) } else { 0 };
        if self.listed[member] != now {
            self.fill(members);
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
