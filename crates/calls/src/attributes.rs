//! What a request carries from hop to hop.

use kneepoint_engine::SimTime;

/// The attributes of a request: one record per strand, reachable from every call of its tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attributes {
    /// Who this request is: drawn from (seed, replication, client, index) and the same in two designs that
    /// see the same request. Keys are drawn from it, so that a request owns one key per key space.
    pub identity: u64,
    /// State of the request's own random draws (see [`Core::draw`](crate::Core::draw)): work drawn along its
    /// way is the same in two designs, whatever other requests do in between.
    pub draws: u64,
    /// When it was meant to be sent. Latency counts from here (no coordinated omission).
    pub born: SimTime,
    /// When its client loses interest; [`SimTime::MAX`] if never.
    pub deadline: SimTime,
    /// The key this call is about, if its maker named one.
    pub key: u32,
    /// Size of what is sent \[bytes\].
    pub size: u32,
    /// Size of what is answered \[bytes\].
    pub reply: u32,
    /// Who asks: the users of all clients have numbers of their own, and [`NOBODY`](Attributes::NOBODY) has one.
    pub user: u32,
    /// Where it comes from, as others tell senders apart: several users may share an address.
    pub address: u32,
    /// Class, as the model numbers its classes.
    pub class: u8,
    /// Urgency: 0 is most urgent.
    pub priority: u8,
    /// How many frames share this strand: the runtime's own, whatever is given.
    #[doc(hidden)]
    pub shared: u16,
    /// Nobody waits any more for what this strand does: the runtime's own, whatever is given.
    #[doc(hidden)]
    pub orphan: bool,
}

impl Default for Attributes {
    fn default() -> Self {
        Attributes {
            identity: 0,
            draws: 0,
            born: SimTime::ZERO,
            deadline: SimTime::MAX,
            key: 0,
            size: 0,
            reply: 0,
            user: 0,
            address: 0,
            class: 0,
            priority: 0,
            shared: 0,
            orphan: false,
        }
    }
}

impl Attributes {
    /// The [user](Attributes::user) of what the system asks for itself, as health checks: limits for each user count no user's
    /// calls with it, and its time-outs are not [counted](crate::Books::cut) with those of requests.
    pub const NOBODY: u32 = u32::MAX;

    /// Returns the attributes of a request with this identity; everything else is neutral.
    #[inline(always)]
    pub fn of(identity: u64) -> Self {
        Attributes { identity, draws: identity, ..Attributes::default() }
    }

    /// Returns the next key for a random draw of the request's own.
    ///
    /// # Source
    /// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (SplitMix64).
    #[inline(always)]
    pub fn next_draw(&mut self) -> u64 {
        self.draws = self.draws.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.draws)
    }
}

/// Scrambles 64 bits (the finaliser of SplitMix64).
#[inline(always)]
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
