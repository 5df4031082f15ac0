//! Time drawn on a request's way.

use kneepoint_calls::{Call, Core};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, Stream};

/// Draws a time \[ns\] from the request's own numbers, so that two designs see the same; a constant uses none.
#[inline]
pub(crate) fn span(law: &Distribution, call: Call, cx: &mut Core) -> SimDuration {
    SimDuration::from_nanos_f64(match law.is_constant() {
        Some(value) => value,
        None => law.sample_from_key(cx.draw(call)),
    })
}

/// Work that takes longer than it does otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slowness {
    by: f64,
    share: f64,
    /// What the choice of works is drawn from.
    salt: u64,
}

impl Slowness {
    /// Of the part that is running: so many times as long, for a share of its works.
    pub fn of_me(by: f64, share: f64, cx: &Core) -> Slowness {
        Slowness { by, share, salt: cx.stream("slow").next_u64() }
    }

    /// What a work takes that takes this long otherwise \[ns\].
    ///
    /// Whether it is one of those is drawn from the part, the request and the instant, and so moves no other number: what is
    /// not slow takes as long as it would if nothing were.
    pub fn stretch(&self, usual: u64, call: Call, cx: &Core) -> u64 {
        if self.share < 1.0 {
            let attributes = cx.attributes(call);
            // Odd numbers, so that no two of the three undo each other.
            let key = self.salt
                ^ attributes.identity.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                ^ attributes.draws.wrapping_mul(0xbf58_476d_1ce4_e5b9)
                ^ cx.now().as_nanos().wrapping_mul(0x94d0_49bb_1331_11eb);
            if Stream::from_key(key).uniform() >= self.share {
                return usual;
            }
        }
        SimDuration::from_nanos_f64(usual as f64 * self.by).as_nanos()
    }
}
