//! Time drawn on a request's way.

use kneepoint_calls::{Call, Core};
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

/// Draws a time \[ns\] from the request's own numbers, so that two designs see the same; a constant uses none.
#[inline]
pub(crate) fn span(law: &Distribution, call: Call, cx: &mut Core) -> SimDuration {
    SimDuration::from_nanos_f64(match law.is_constant() {
        Some(value) => value,
        None => law.sample_from_key(cx.draw(call)),
    })
}
