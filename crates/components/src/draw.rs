//! Time drawn on a request's way.

use std::fmt;

use kneepoint_calls::{Call, ComponentId, Core};
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

/// Work that takes longer than it does otherwise: one or several slow it down.
///
/// What is drawn for several of them takes so many times as long as all of those say, multiplied.
///
/// # Source
/// Chosen: causes that slow work down seldom know of each other, and each takes its share of what the others leave. A processor
/// at half its clock of which a neighbour takes half is a quarter of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Slowness {
    causes: Vec<Cause>,
}

/// One that slows work down.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cause {
    from: ComponentId,
    by: f64,
    share: f64,
    /// What the choice of works is drawn from.
    salt: u64,
}

impl Slowness {
    /// The part that is running is slowed down by one more: so many times as long, for a share of its works.
    pub fn begin(&mut self, from: ComponentId, by: f64, share: f64, cx: &mut Core) {
        // Named after who slows down, so that several are drawn each for itself, whoever else there is.
        let salt = cx.stream(&format!("slow from {}", cx.path(from))).next_u64();
        let cause = Cause { from, by, share, salt };
        match self.causes.iter_mut().find(|cause| cause.from == from) {
            Some(old) => *old = cause,
            None => self.causes.push(cause),
        }
        cx.happened("slow", |_| self.to_string());
    }

    /// One slows it down no longer; tells whether it did.
    pub fn end(&mut self, from: ComponentId, cx: &mut Core) -> bool {
        let before = self.causes.len();
        self.causes.retain(|cause| cause.from != from);
        if self.causes.len() == before {
            return false;
        }
        let what = if self.is_none() { "as usual" } else { "slow" };
        cx.happened(what, |_| self.to_string());
        true
    }

    /// Nobody slows it down.
    pub fn is_none(&self) -> bool {
        self.causes.is_empty()
    }

    /// What a work takes that takes this long otherwise \[ns\].
    ///
    /// Whether it is one of those is drawn from the part, who slows it down, the request and the instant, and so moves no other
    /// number: what is not slow takes as long as it would if nothing were.
    pub fn stretch(&self, usual: u64, call: Call, cx: &Core) -> u64 {
        let mut times = 1.0;
        for Cause { by, share, salt, .. } in &self.causes {
            if *share < 1.0 {
                let attributes = cx.attributes(call);
                // Odd numbers, so that no two of the three undo each other.
                let key = salt
                    ^ attributes.identity.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    ^ attributes.draws.wrapping_mul(0xbf58_476d_1ce4_e5b9)
                    ^ cx.now().as_nanos().wrapping_mul(0x94d0_49bb_1331_11eb);
                if Stream::from_key(key).uniform() >= *share {
                    continue;
                }
            }
            times *= by;
        }
        SimDuration::from_nanos_f64(usual as f64 * times).as_nanos()
    }
}

/// For people: empty if nobody slows it down.
impl fmt::Display for Slowness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, cause) in self.causes.iter().enumerate() {
            let and = if at > 0 { ", and " } else { "" };
            write!(f, "{and}{} times as long", cause.by)?;
        }
        Ok(())
    }
}
