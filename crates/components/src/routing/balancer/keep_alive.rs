//! Connections from a balancer to its members that are kept for the next call.

use std::collections::VecDeque;

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
    /// To whom each leads, the one used last in front.
    idle: VecDeque<u16>,
}

impl KeepAlive {
    /// Returns a store of so many idle connections, empty, and what a new one takes \[ns\].
    pub fn new(most: usize, handshake: Distribution) -> KeepAlive {
        KeepAlive { most, handshake, idle: VecDeque::with_capacity(most.min(1024)) }
    }

    pub(super) fn handshake(&self) -> &Distribution {
        &self.handshake
    }

    /// Takes an idle connection to a member. Returns whether there was one.
    pub(super) fn take(&mut self, member: usize) -> bool {
        // As the product does: one after the other, from the one used last.
        let found = self.idle.iter().position(|idle| usize::from(*idle) == member);
        found.is_some_and(|at| self.idle.remove(at).is_some())
    }

    /// A call is over whose connection goes on.
    pub(super) fn give(&mut self, member: usize) {
        if self.most == 0 {
            return;
        }
        if self.idle.len() >= self.most {
            self.idle.pop_back();
        }
        self.idle.push_front(member as u16);
    }

    /// A member is down: what led to it is closed.
    pub(super) fn close(&mut self, member: usize) {
        self.idle.retain(|idle| usize::from(*idle) != member);
    }
}
