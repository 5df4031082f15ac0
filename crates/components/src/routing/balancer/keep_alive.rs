//! Connections from a balancer to its members that are kept for the next call.

use std::collections::VecDeque;

use kneepoint_calls::Life;
use kneepoint_random::Distribution;

/// Keeps so many idle connections, all members together; the one that was idle longest is closed for another.
///
/// A call that finds one to its member uses it; any other pays for a new one.
///
/// # Source
/// nginx, `ngx_http_upstream_module`, `keepalive connections`: "the maximum number of idle keepalive connections to
/// upstream servers that are preserved in the cache of each worker process. When this number is exceeded, the least
/// recently used connections are closed."
#[derive(Clone, Debug)]
pub struct KeepAlive {
    most: usize,
    /// What a new connection costs \[ns\].
    handshake: Distribution,
    /// To whom each leads, and that one's life when it was last used; the one used last in front.
    idle: VecDeque<(u16, Life)>,
}

impl KeepAlive {
    /// Returns a store of so many idle connections, empty, and what a new one takes \[ns\].
    pub fn new(most: usize, handshake: Distribution) -> KeepAlive {
        KeepAlive { most, handshake, idle: VecDeque::with_capacity(most.min(1024)) }
    }

    pub(super) fn handshake(&self) -> &Distribution {
        &self.handshake
    }

    /// Takes an idle connection to a member that is in this life. Returns whether there was one; connections to an earlier
    /// life are closed.
    pub(super) fn take(&mut self, member: usize, now: Life) -> bool {
        // As the product does: one after the other, from the one used last.
        while let Some(at) = self.idle.iter().position(|idle| usize::from(idle.0) == member) {
            let idle = self.idle.remove(at);
            if idle.is_some_and(|(_, made)| !now.says_it_has_ended(made)) {
                return true;
            }
        }
        false
    }

    /// A call is over whose connection goes on.
    pub(super) fn give(&mut self, member: usize, now: Life) {
        if self.most == 0 {
            return;
        }
        if self.idle.len() >= self.most {
            self.idle.pop_back();
        }
        self.idle.push_front((member as u16, now));
    }
}
