//! A limit for each key.

use kneepoint_calls::Attributes;
use kneepoint_engine::SimTime;

use super::{Decision, KeyTable, Limit};

/// Whose calls are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Everybody's.
    All,
    /// Those of each user.
    User,
    /// Those that come from each address.
    Ip,
    /// Those of each class.
    Class,
}

/// A limit per key, and other limits for some classes or users (tiers). Who has a limit of his own is counted apart; that
/// of the class comes first.
#[derive(Clone, Debug)]
pub struct Limiter {
    per: Per,
    limit: Limit,
    tiers: Vec<Limit>,
    /// For each class number which tier it is, counted from 1; 0 is none. Empty without tiers.
    tier_of: Vec<u8>,
    /// Users from a number on and below another, and their tier.
    users: Vec<(std::ops::Range<u32>, u8)>,
    keys: KeyTable<Limit>,
    dropped: u64,
}

impl Limiter {
    /// Returns a limit for each key, of so many keys at most: beyond that the longest unused is forgotten.
    ///
    /// # Panics
    /// If there is no place for a key.
    pub fn new(limit: Limit, per: Per, keys: usize) -> Limiter {
        let keys = match per {
            Per::User | Per::Ip => keys,
            // All that there can be: a class in a tier is counted apart.
            Per::All | Per::Class => 1 << 9,
        };
        Limiter {
            per,
            limit,
            tiers: Vec::new(),
            tier_of: Vec::new(),
            users: Vec::new(),
            keys: KeyTable::new(keys),
            dropped: 0,
        }
    }

    /// With another limit for the calls of a class.
    ///
    /// # Panics
    /// If 255 classes have one.
    pub fn with_tier(mut self, class: u8, limit: Limit) -> Limiter {
        assert!(self.tiers.len() < 255, "at most 255 tiers");
        self.tier_of.resize(256, 0);
        self.tiers.push(limit);
        self.tier_of[class as usize] = self.tiers.len() as u8;
        self
    }

    /// With another limit for the calls of some users, by their numbers.
    ///
    /// # Panics
    /// If there are 255 tiers.
    pub fn with_tier_of_users(mut self, users: std::ops::Range<u32>, limit: Limit) -> Limiter {
        assert!(self.tiers.len() < 255, "at most 255 tiers");
        self.tiers.push(limit);
        self.users.push((users, self.tiers.len() as u8));
        self
    }

    fn tier(&self, of: &Attributes) -> u8 {
        match self.tier_of.get(of.class as usize).copied().unwrap_or(0) {
            0 => self.users.iter().find(|(users, _)| users.contains(&of.user)).map_or(0, |(_, tier)| *tier),
            tier => tier,
        }
    }

    /// Decides about a call of a request.
    #[inline]
    pub fn decide(&mut self, of: &Attributes, now: SimTime) -> Decision {
        let tier = self.tier(of);
        let limit = match tier {
            0 => &self.limit,
            tier => &self.tiers[tier as usize - 1],
        };
        let key = match self.per {
            Per::All => 0,
            Per::User => of.user,
            Per::Ip => of.address,
            Per::Class => u32::from(of.class),
        };
        let key = u64::from(tier) << 32 | u64::from(key);
        let (limit, dropped) = self.keys.of(key, limit, Limit::restart_as);
        self.dropped += u64::from(dropped);
        limit.decide(now)
    }

    /// Returns how many keys were forgotten since this was last asked.
    pub(super) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}
