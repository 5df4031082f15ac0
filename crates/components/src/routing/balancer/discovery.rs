//! How a balancer learns which members there are.

use std::collections::VecDeque;

use kneepoint_calls::{ComponentId, Core, Cx, Gauge};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

use super::{Balancer, BalancerTimer};

/// A list of members that is asked for again and again, of which so many have a place.
///
/// Whoever serves is on the list: one that is down, hangs or says that it is about to end is taken off it, one that comes
/// back is added. What the list
/// said when it was asked for is known after the delay, in the order of asking. A member keeps its place for as long as it
/// is listed; free places go to the first of the others. Who has none gets no call.
///
/// # Assumptions
/// The list is right when it is asked for: how soon whoever keeps it finds out belongs to the delay. What a balancer
/// begins with is what is so when it starts. Members in reserve are not on it: they are named one by one.
///
/// # Source
/// HAProxy Configuration Manual, `server-template` (a number of slots that a resolver fills) and 5.3.2, `resolvers`:
/// records are asked for every `timeout resolve`; a server whose record is gone is put out of use.
#[derive(Clone, Debug)]
pub struct Discovery {
    every: SimDuration,
    delay: Distribution,
    slots: usize,
    members: Vec<ComponentId>,
    /// Who has a place.
    listed: Vec<bool>,
    /// What was asked for and is still on its way; lists that are over are used again.
    coming: VecDeque<Vec<bool>>,
    spare: Vec<Vec<bool>>,
    /// When the last of them is known.
    known: SimTime,
    delays: Option<Stream>,
    level: Option<Gauge>,
}

impl Discovery {
    /// Returns a list of these members that is asked for every so often and known after a delay
    /// \[ns\]; `slots` of them have a place.
    ///
    /// # Panics
    /// If no time passes between two questions, or there is no place.
    pub fn new(
        members: Vec<ComponentId>,
        every: SimDuration,
        delay: Distribution,
        slots: usize,
    ) -> Discovery {
        assert!(!every.is_zero(), "a list that is asked for all the time");
        assert!(slots > 0, "a list without a place");
        Discovery {
            every,
            delay,
            slots,
            listed: vec![true; members.len()],
            members,
            coming: VecDeque::new(),
            spare: Vec::new(),
            known: SimTime::ZERO,
            delays: None,
            level: None,
        }
    }

    /// Whether a member has a place, or needs none.
    pub(super) fn lists(&self, member: usize) -> bool {
        self.listed.get(member).copied().unwrap_or(true)
    }

    /// Who serves now.
    fn ask(&mut self, core: &Core) -> Vec<bool> {
        let mut list = self.spare.pop().unwrap_or_default();
        list.clear();
        list.extend(self.members.iter().map(|member| core.stays(*member)));
        list
    }

    /// Gives places to those on a list.
    fn take(&mut self, list: Vec<bool>) {
        for (listed, there) in self.listed.iter_mut().zip(&list) {
            *listed &= there;
        }
        let mut free = self.slots.saturating_sub(self.count());
        for (listed, there) in self.listed.iter_mut().zip(&list).filter(|(listed, _)| !**listed) {
            if *there && free > 0 {
                *listed = true;
                free -= 1;
            }
        }
        self.spare.push(list);
    }

    fn count(&self) -> usize {
        self.listed.iter().filter(|listed| **listed).count()
    }
}

impl Balancer {
    /// With a list that says which members there are.
    ///
    /// # Panics
    /// If it is not of as many members as there are, without those in reserve.
    pub fn with_discovery(self, discovery: Discovery) -> Balancer {
        assert_eq!(discovery.members.len(), self.first.members.count(), "each member may be listed");
        self.with_care(|care| care.discovery = Some(discovery))
    }

    pub(super) fn start_discovery(&mut self, cx: &mut Cx<Self>) {
        let Some(discovery) = &mut self.care().discovery else { return };
        discovery.delays = Some(cx.stream("discovery"));
        discovery.level = Some(cx.gauge("listed"));
        discovery.coming.clear();
        discovery.known = SimTime::ZERO;
        discovery.listed.fill(false);
        let list = discovery.ask(cx);
        let every = discovery.every;
        self.told(list, cx);
        cx.after(every, BalancerTimer::Ask(0));
    }

    /// Asks who is there; the answer comes later.
    pub(super) fn ask_who_is_there(&mut self, cx: &mut Cx<Self>) {
        let Some(discovery) = &mut self.care().discovery else { return };
        let list = discovery.ask(cx);
        let stream = discovery.delays.as_mut().expect("made at the start");
        let delay = SimDuration::from_nanos_f64(discovery.delay.sample(stream));
        cx.after(discovery.every, BalancerTimer::Ask(0));
        if delay.is_zero() && discovery.coming.is_empty() {
            return self.told(list, cx);
        }
        discovery.coming.push_back(list);
        // Not before what was asked for earlier.
        discovery.known = discovery.known.max(cx.now() + delay);
        cx.after(discovery.known - cx.now(), BalancerTimer::Told(0));
    }

    pub(super) fn told_who_is_there(&mut self, cx: &mut Cx<Self>) {
        let next = self.care().discovery.as_mut().and_then(|discovery| discovery.coming.pop_front());
        if let Some(list) = next {
            self.told(list, cx);
        }
    }

    fn told(&mut self, list: Vec<bool>, cx: &mut Cx<Self>) {
        let members = list.len();
        let Some(discovery) = &mut self.care().discovery else { return };
        discovery.take(list);
        let (count, level) = (discovery.count(), discovery.level.expect("made at the start"));
        cx.set(level, count as f64);
        (0..members).for_each(|member| self.settle(member, cx));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(members: usize, slots: usize) -> Discovery {
        let mut sim = kneepoint_calls::Simulation::new(1);
        let delay = || crate::delay::Delay::new(Distribution::constant(0.0).expect("finite"));
        let ids = (0..members).map(|at| sim.serve(&format!("member/{at}"), delay()).id()).collect();
        let never = Distribution::constant(0.0).expect("finite");
        let mut discovery = Discovery::new(ids, SimDuration::from_secs(1), never, slots);
        discovery.listed.fill(false);
        discovery
    }

    #[test]
    fn places_are_kept_and_free_ones_go_to_the_first_who_has_none() {
        let mut discovery = among(4, 2);
        let mut told = |list: [bool; 4]| {
            discovery.take(list.to_vec());
            (0..4).filter(|at| discovery.lists(*at)).collect::<Vec<_>>()
        };
        assert_eq!(told([true; 4]), [0, 1]);
        assert_eq!(told([true, false, true, true]), [0, 2]);
        assert_eq!(told([true; 4]), [0, 2], "it comes back and finds no place");
        assert_eq!(told([false, true, true, true]), [1, 2]);
        assert_eq!(told([false, false, false, true]), [3]);
        assert_eq!(told([false; 4]), [0; 0]);
    }
}
