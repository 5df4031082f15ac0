//! Members that are chosen once for many calls: connections, and names that were looked up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use kneepoint_calls::{Attributes, Life};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

/// Whose choice it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One for all who call here.
    All,
    /// One for each user.
    User,
    /// One for each address.
    Address,
}

/// How long a choice stands, and what it costs to make it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lasting {
    /// From when it is made on \[ns\].
    pub lifetime: Distribution,
    /// How long it takes to make it \[ns\]: a handshake, a look-up. Whoever needs it meanwhile waits for the rest.
    pub opening: Distribution,
}

/// Sends all calls of one sender to the member that was chosen for its first, for as long as that choice stands, whatever
/// has become of the member meanwhile: nobody chooses again for a connection that is open, or asks for a name he knows.
/// A connection breaks with its other end: a call it carries says so, or the other end does before the next is sent.
///
/// # Source
/// RFC 1035, 3.2.1 (a cached answer is used until its TTL has run out). A balancer of layer 4 sees connections, not
/// requests: Linux IPVS keeps a table of connections, HAProxy `mode tcp` chooses once a session.
#[derive(Clone, Debug)]
pub struct Pins {
    whose: Whose,
    /// Of users below a number each, in rising order.
    of: Vec<(u32, Lasting)>,
    /// Whether a member that is gone ends the choice: a connection breaks with its other end, a name does not.
    breaks: bool,
    chosen: BTreeMap<u64, Chosen>,
    /// When which of them is over: what is over is forgotten.
    ends: BinaryHeap<Reverse<(SimTime, u64)>>,
    /// How many of them each member has open.
    open: Vec<u32>,
    stream: Option<Stream>,
}

/// What was chosen for a sender.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    member: u16,
    /// From when on it can be used.
    ready: SimTime,
    until: SimTime,
    /// The member's life when it was made.
    made: Life,
    /// Whether it is one of those that its member has open.
    open: bool,
}

impl Pins {
    /// Returns the names that senders know, by their addresses or all together: each for this long.
    pub fn names(whose: Whose, ttl: SimDuration, lookup: Distribution) -> Pins {
        let lifetime = Distribution::constant(ttl.as_nanos() as f64).expect("a time to live is finite");
        let lasting = Lasting { lifetime, opening: lookup };
        Pins {
            whose,
            of: vec![(u32::MAX, lasting)],
            breaks: false,
            chosen: BTreeMap::new(),
            ends: BinaryHeap::new(),
            open: Vec::new(),
            stream: None,
        }
    }

    /// Returns connections, one for each user: for users below each number, in rising order, what theirs are like.
    ///
    /// # Panics
    /// If there are none, or the numbers do not rise.
    pub fn connections(of: Vec<(u32, Lasting)>) -> Pins {
        assert!(
            !of.is_empty() && of.is_sorted_by(|a, b| a.0 < b.0),
            "users are told apart by rising numbers"
        );
        Pins {
            whose: Whose::User,
            of,
            breaks: true,
            chosen: BTreeMap::new(),
            ends: BinaryHeap::new(),
            open: Vec::new(),
            stream: None,
        }
    }

    /// Whether what is chosen is a connection, which ends with the member.
    pub(super) fn breaks(&self) -> bool {
        self.breaks
    }

    pub(super) fn start(&mut self, members: usize, stream: Stream) {
        self.chosen.clear();
        self.ends.clear();
        self.open = vec![0; members];
        self.stream = Some(stream);
    }

    /// The number of the sender of a request.
    pub(super) fn key(&self, attributes: &Attributes) -> u64 {
        match self.whose {
            Whose::All => 0,
            Whose::User => attributes.user.into(),
            Whose::Address => attributes.address.into(),
        }
    }

    /// The member that was chosen for a sender, if that stands, and how long it takes until it can be used.
    pub(super) fn find(&self, attributes: &Attributes, now: SimTime) -> Option<(usize, SimDuration)> {
        let chosen = self.chosen.get(&self.key(attributes)).filter(|chosen| now < chosen.until)?;
        Some((usize::from(chosen.member), chosen.ready.max(now) - now))
    }

    fn lasting(&self, user: u32) -> &Lasting {
        let at = self.of.partition_point(|(below, _)| *below <= user).min(self.of.len() - 1);
        &self.of[at].1
    }

    /// How long it takes a sender to have a member chosen \[ns\].
    pub(super) fn opening(&self, attributes: &Attributes) -> &Distribution {
        &self.lasting(attributes.user).opening
    }

    /// How many choices that stand are for each member: connections it has open.
    pub(super) fn open(&self) -> &[u32] {
        &self.open
    }

    fn remove(&mut self, key: u64) -> Option<usize> {
        let chosen = self.chosen.remove(&key)?;
        self.open[usize::from(chosen.member)] -= u32::from(chosen.open);
        Some(usize::from(chosen.member))
    }

    /// Forgets a choice that is over. Returns whose it was; nothing if there is no other.
    pub(super) fn forget_over(&mut self, now: SimTime) -> Option<usize> {
        while let Some(Reverse((until, key))) = self.ends.peek().copied().filter(|end| end.0.0 <= now) {
            self.ends.pop();
            if self.chosen.get(&key).is_some_and(|other| other.until == until) {
                return self.remove(key);
            }
        }
        None
    }

    /// A member has closed all it had open. What was chosen stands: whoever sends next learns that it has broken.
    pub(super) fn close_all(&mut self, member: usize) {
        self.open[member] = 0;
        for chosen in self.chosen.values_mut().filter(|chosen| usize::from(chosen.member) == member) {
            chosen.open = false;
        }
    }

    /// A member was chosen, which takes this long. Returns who had been chosen before, if that stood.
    pub(super) fn put(
        &mut self,
        attributes: &Attributes,
        member: usize,
        made: Life,
        times: (SimTime, SimDuration),
    ) -> Option<usize> {
        let mut stream = self.stream.take()?;
        let lasts = SimDuration::from_nanos_f64(self.lasting(attributes.user).lifetime.sample(&mut stream));
        self.stream = Some(stream);
        let (now, opening) = times;
        while self.forget_over(now).is_some() {}
        let (key, ready) = (self.key(attributes), now + opening);
        let until = ready + lasts;
        let before = self.remove(key);
        self.chosen.insert(key, Chosen { member: member as u16, ready, until, made, open: true });
        self.open[member] += 1;
        self.ends.push(Reverse((until, key)));
        // Ends of what has broken before would pile up.
        if self.ends.len() > 2 * self.chosen.len() + 64 {
            self.ends = self.chosen.iter().map(|(key, chosen)| Reverse((chosen.until, *key))).collect();
        }
        before
    }

    /// Forgets what was chosen for a sender if it is a connection that has broken, as far as `ended` can tell from the life
    /// of the member when it was made. Returns whose it was.
    pub(super) fn forget_if(
        &mut self,
        attributes: &Attributes,
        ended: impl FnOnce(usize, Life) -> bool,
    ) -> Option<usize> {
        let key = self.key(attributes);
        let breaks = |chosen: &Chosen| self.breaks && ended(usize::from(chosen.member), chosen.made);
        if self.chosen.get(&key).is_some_and(breaks) { self.remove(key) } else { None }
    }
}
