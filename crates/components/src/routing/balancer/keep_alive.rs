//! Connections from a balancer to its members that are kept for the next call.

use std::collections::VecDeque;

use kneepoint_calls::Life;
use kneepoint_random::Distribution;

/// Keeps so many idle connections, all members together; the one that was idle longest is closed for another.
///
/// A call that finds one to its member uses the one used last; any other pays for a new one.
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
    /// The idle ones to each member, the one used last at the end.
    ///
    /// nginx looks for one to a member in the list of all: with many members that is a long way. Each member's are in the
    /// order of that list, so that the one at the end of its queue is the one that would be found.
    idle: Vec<VecDeque<Idle>>,
    /// To whom each idle one leads and its number, the one used last at the end; and numbers of some that were taken since.
    by_age: VecDeque<(u16, u64)>,
    /// How many are idle.
    count: usize,
    /// How many were ever given.
    given: u64,
}

/// An idle connection: its number, in the order in which they were given, and its member's life when it was made.
#[derive(Clone, Copy, Debug)]
struct Idle {
    number: u64,
    made: Life,
}

impl KeepAlive {
    /// Returns a store of so many idle connections, empty, and what a new one takes \[ns\].
    pub fn new(most: usize, handshake: Distribution) -> KeepAlive {
        let by_age = VecDeque::with_capacity(2 * most.min(1024));
        KeepAlive { most, handshake, idle: Vec::new(), by_age, count: 0, given: 0 }
    }

    pub(super) fn handshake(&self) -> &Distribution {
        &self.handshake
    }

    /// Takes an idle connection to a member that is in this life. Returns whether there was one; connections to an earlier
    /// life are closed.
    pub(super) fn take(&mut self, member: usize, now: Life) -> bool {
        // As the product does: one after the other, from the one used last.
        let Some(idle) = self.idle.get_mut(member) else { return false };
        while let Some(one) = idle.pop_back() {
            self.count -= 1;
            if !now.says_it_has_ended(one.made) {
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
        if self.count >= self.most {
            self.close_oldest();
        }
        if self.by_age.len() >= 2 * self.most {
            let idle = &self.idle;
            self.by_age.retain(|one| is_idle(idle, *one));
        }
        if self.idle.len() <= member {
            self.idle.resize_with(member + 1, VecDeque::new);
        }
        self.idle[member].push_back(Idle { number: self.given, made: now });
        self.by_age.push_back((member as u16, self.given));
        self.given += 1;
        self.count += 1;
    }

    fn close_oldest(&mut self) {
        while let Some(one) = self.by_age.pop_front() {
            if is_idle(&self.idle, one) {
                // The oldest of all is the oldest of its member.
                self.idle[usize::from(one.0)].pop_front();
                self.count -= 1;
                return;
            }
        }
    }
}

/// Whether a connection was not taken since: those of a member are numbered in rising order.
fn is_idle(idle: &[VecDeque<Idle>], (member, number): (u16, u64)) -> bool {
    idle[usize::from(member)].binary_search_by_key(&number, |one| one.number).is_ok()
}

#[cfg(test)]
mod tests {
    use kneepoint_calls::{Answer, Component, ComponentId, Cx, Fault, Simulation, Status};
    use kneepoint_engine::{SimDuration, SimTime};
    use kneepoint_random::Stream;

    use super::*;
    use crate::delay::Delay;

    /// One list of all, the one used last in front, as nginx has it.
    #[derive(Clone, Default)]
    struct Listed(VecDeque<(usize, Life)>);

    impl Listed {
        fn take(&mut self, member: usize, now: Life) -> bool {
            while let Some(at) = self.0.iter().position(|idle| idle.0 == member) {
                let idle = self.0.remove(at);
                if idle.is_some_and(|(_, made)| !now.says_it_has_ended(made)) {
                    return true;
                }
            }
            false
        }

        fn give(&mut self, most: usize, member: usize, now: Life) {
            if self.0.len() >= most {
                self.0.pop_back();
            }
            self.0.push_front((member, now));
        }
    }

    /// Takes and gives at random, each of two stores the same.
    #[derive(Clone)]
    struct Twins {
        members: Vec<ComponentId>,
        fast: KeepAlive,
        slow: Listed,
        stream: Stream,
        found: u32,
        gone: u32,
    }

    impl Component for Twins {
        type Timer = ();
        fn on_start(&mut self, cx: &mut Cx<Self>) {
            cx.later(SimDuration::from_millis(1), ());
        }
        fn on_timer(&mut self, (): (), cx: &mut Cx<Self>) {
            for _ in 0..20 {
                let member = self.stream.below(self.members.len() as u64) as usize;
                let life = cx.life(self.members[member]);
                if self.stream.uniform() < 0.5 {
                    let found = self.slow.take(member, life);
                    assert_eq!(self.fast.take(member, life), found);
                    if found { self.found += 1 } else { self.gone += 1 }
                } else if !life.is_over() {
                    self.fast.give(member, life);
                    self.slow.give(self.fast.most, member, life);
                }
                assert_eq!(self.fast.count, self.slow.0.len());
                assert!(self.fast.by_age.len() <= 2 * self.fast.most);
            }
            cx.later(SimDuration::from_millis(1), ());
        }
        fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
    }

    #[test]
    fn it_keeps_and_closes_what_one_list_of_all_would() {
        for most in [1, 7, 40] {
            let mut sim = Simulation::new(1);
            let free = kneepoint_random::Distribution::constant(0.0).unwrap();
            let member = |at| format!("member/{at}");
            let members: Vec<ComponentId> =
                (0..5).map(|at| sim.serve(&member(at), Delay::new(free.clone())).id()).collect();
            let at = |ms| SimTime::ZERO + SimDuration::from_millis(ms);
            for (number, id) in members.iter().enumerate() {
                let refuse = if number % 2 == 0 { Status::Unavailable } else { Status::Lost };
                for round in 0..20 {
                    let from = 10 * (number as u64 + 5 * round);
                    sim.inject(at(from), *id, Fault::Crash { refuse });
                    sim.inject(at(from + 3), *id, Fault::Restart);
                }
            }
            let twins = Twins {
                members,
                fast: KeepAlive::new(most, free),
                slow: Listed::default(),
                stream: Stream::named(most as u64, 0, "twins", "test"),
                found: 0,
                gone: 0,
            };
            let twins = sim.add("twins", twins);
            sim.run_until(at(1_100)).unwrap();
            let Twins { found, gone, .. } = sim.get::<Twins>(twins).unwrap();
            assert!(*found > 1_000 && *gone > 100, "{found} {gone}");
        }
    }
}
