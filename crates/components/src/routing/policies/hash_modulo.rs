//! The hash of a key, modulo the weights.

use kneepoint_random::Stream;

use super::rehash::Rehash;
use super::static_round_robin::Table;
use crate::routing::hashing::{digits, haproxy, nginx};
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Which product's arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modulo {
    /// CRC-32 modulo all weights; one that cannot be chosen makes the key be hashed again, so that only its keys move.
    ///
    /// # Source
    /// nginx `hash` without `consistent`; recorded owners are repeated exactly.
    #[default]
    Nginx,
    /// A table of what is up, indexed by `sdbm` modulo its length: when one goes nearly all keys move.
    ///
    /// # Source
    /// HAProxy `hash-type map-based`; recorded owners are repeated exactly.
    Haproxy,
}

/// Gives a key to the member that its hash, modulo the sum of weights, points to. O(log n).
#[derive(Clone, Debug)]
pub struct HashModulo {
    kind: Modulo,
    rehash: Rehash,
    table: Table,
}

impl HashModulo {
    /// Returns the policy.
    pub fn new(kind: Modulo) -> HashModulo {
        HashModulo { kind, rehash: Rehash::default(), table: Table::default() }
    }

    /// Returns who gets a key that is this text.
    pub fn owner(&mut self, key: &[u8], allows: impl Fn(usize) -> bool) -> Option<usize> {
        if self.kind == Modulo::Haproxy {
            let table = self.table.entries();
            let at = haproxy::sdbm(key) as usize % table.len().max(1);
            // A second try goes to the next in the table that was not tried.
            let mut owners = (0..table.len()).map(|step| table[(at + step) % table.len()] as usize);
            return owners.find(|member| allows(*member));
        }
        let mut hash = 0;
        let hashes = (0_u32..).map(|n| {
            hash += u64::from(nginx::try_of(key, n));
            hash
        });
        self.rehash.owner(hashes, allows)
    }
}

impl Policy for HashModulo {
    fn start(&mut self, members: &Members, _: Stream) {
        self.rehash = Rehash::new(members);
        self.table.start(members);
    }

    fn watches(&self) -> bool {
        false
    }

    fn insists(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let allows = |member| choice.members.is_up(member) && !choice.was_tried(member);
        let mut text = [0; 20];
        let key = digits(choice.key, &mut text);
        self.owner(key, allows)
    }

    fn changed(&mut self, member: usize, members: &Members) {
        if self.kind == Modulo::Haproxy {
            self.table.changed(member, members);
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
