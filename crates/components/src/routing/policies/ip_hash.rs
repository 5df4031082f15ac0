//! Who asks decides who answers.

use kneepoint_random::Stream;

use super::rehash::Rehash;
use crate::routing::hashing::nginx;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Gives all calls of one address to one member. Only the first three octets of the address count, so that 256
/// neighbours share a member. O(log n).
///
/// # Source
/// nginx `ip_hash`; recorded owners are repeated exactly, before and while a server is down.
#[derive(Clone, Debug, Default)]
pub struct IpHash {
    rehash: Rehash,
}

impl IpHash {
    /// Returns the policy.
    pub fn new() -> IpHash {
        IpHash::default()
    }

    /// Returns who gets what comes from an address.
    pub fn owner(&mut self, address: [u8; 4], allows: impl Fn(usize) -> bool) -> Option<usize> {
        let mut hash = nginx::ADDRESS_SEED;
        let hashes = std::iter::repeat_with(|| {
            hash = nginx::of_address(hash, &address[..3]);
            u64::from(hash)
        });
        self.rehash.owner(hashes, allows)
    }
}

impl Policy for IpHash {
    fn start(&mut self, members: &Members, _: Stream) {
        self.rehash = Rehash::new(members);
    }

    fn watches(&self) -> bool {
        false
    }

    fn insists(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let allows = |member| choice.members.is_up(member) && !choice.was_tried(member);
        self.owner((choice.key as u32).to_be_bytes(), allows)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
