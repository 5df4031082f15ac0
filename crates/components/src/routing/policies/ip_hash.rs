//! Who asks decides who answers.

use kneepoint_random::Stream;

use super::weights::Tickets;
use crate::routing::hashing::nginx;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Tries before whoever is next in turn is taken.
const TRIES: u32 = 20;

/// Gives all calls of one address to one member. Only the first three octets of the address count, so that 256
/// neighbours share a member. O(log n).
///
/// # Source
/// nginx `ip_hash`; recorded owners are repeated exactly, before and while a server is down.
#[derive(Clone, Debug, Default)]
pub struct IpHash {
    tickets: Tickets,
    turn: usize,
}

impl IpHash {
    /// Returns the policy.
    pub fn new() -> IpHash {
        IpHash::default()
    }

    /// Returns who gets what comes from an address.
    pub fn owner(
        &mut self,
        address: [u8; 4],
        allows: impl Fn(usize) -> bool,
        members: &Members,
    ) -> Option<usize> {
        let total = self.tickets.total();
        if total == 0 {
            return None;
        }
        let mut hash = nginx::ADDRESS_SEED;
        for _ in 0..=TRIES {
            hash = nginx::of_address(hash, &address[..3]);
            let member = self.tickets.holder(u64::from(hash) % total);
            if allows(member) {
                return Some(member);
            }
        }
        let next = (0..members.count())
            .map(|step| (self.turn + step) % members.count())
            .find(|member| allows(*member))?;
        self.turn = next + 1;
        Some(next)
    }
}

impl Policy for IpHash {
    fn start(&mut self, members: &Members, _: Stream) {
        self.tickets = Tickets::new((0..members.count()).map(|member| members.get(member).weight));
        self.turn = 0;
    }

    fn watches(&self) -> bool {
        false
    }

    fn insists(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let allows = |member| choice.members.is_up(member) && !choice.was_tried(member);
        self.owner((choice.key as u32).to_be_bytes(), allows, choice.members)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
