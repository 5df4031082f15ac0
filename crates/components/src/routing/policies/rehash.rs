//! nginx's way from hashes to members.

use super::weights::Tickets;
use crate::routing::members::Members;

/// Hashes that are tried before whoever is next in turn is taken.
const TRIES: usize = 20;

/// A hash modulo all weights, whether their members are up or not, points to a member; one that cannot be chosen is passed
/// over by the next hash, so that only its own keys move.
///
/// # Source
/// nginx, `ngx_http_upstream_get_hash_peer` and `ngx_http_upstream_get_ip_hash_peer`.
#[derive(Clone, Debug, Default)]
pub(super) struct Rehash {
    tickets: Tickets,
    members: usize,
    turn: usize,
}

impl Rehash {
    pub(super) fn new(members: &Members) -> Rehash {
        let weights = (0..members.count()).map(|member| members.get(member).weight);
        Rehash { tickets: Tickets::new(weights), members: members.count(), turn: 0 }
    }

    pub(super) fn owner(
        &mut self,
        hashes: impl Iterator<Item = u64>,
        allows: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let total = self.tickets.total();
        if total == 0 {
            return None;
        }
        let mut pointed = hashes.take(TRIES + 1).map(|hash| self.tickets.holder(hash % total));
        if let Some(member) = pointed.find(|member| allows(*member)) {
            return Some(member);
        }
        let next =
            (0..self.members).map(|step| (self.turn + step) % self.members).find(|member| allows(*member))?;
        self.turn = next + 1;
        Some(next)
    }
}
