//! What a balancer sees of its members' calls.

use kneepoint_calls::Cx;
use kneepoint_engine::SimDuration;

use crate::routing::balancer::{Balancer, BalancerTimer};

/// Whose calls a balancer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loads {
    /// Those it sent itself and that are under way; connections through it, if it chooses for these.
    Own,
    /// Those that are inside a member, whoever sent them: what that reports of itself, its level `inside`, while it serves.
    Reported,
}

/// A view of the members' calls that is looked at now and then.
///
/// # Source
/// Mitzenmacher, "How useful is old information?", IEEE Trans. Parallel and Distributed Systems 11(1), 2000: a board to
/// which servers post their loads periodically.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Which calls.
    pub loads: Loads,
    /// From one look to the next.
    pub every: SimDuration,
    /// How long what was seen takes to arrive.
    pub delay: SimDuration,
}

impl Balancer {
    pub(super) fn look(&mut self, cx: &mut Cx<Self>) {
        self.close_those_over(cx);
        let care = self.care();
        let Some(seen) = care.seen else { return };
        match seen.loads {
            Loads::Own => {
                let mut look = care.spare.pop().unwrap_or_default();
                look.clear();
                match &care.pins {
                    Some(pins) if care.by_connections => look.extend_from_slice(pins.open()),
                    _ => look.extend_from_slice(&care.live),
                }
                care.looks.push_back(look);
            }
            Loads::Reported => {
                // One that is down or hangs says nothing: what it said last stands.
                let up = care.views.iter_mut().zip(&care.ends).filter(|(_, end)| cx.serves(**end));
                up.for_each(|(view, _)| view.sample(cx));
            }
        }
        cx.after(seen.every, BalancerTimer::Look(0));
        if seen.delay.is_zero() {
            self.show(cx);
        } else {
            cx.after(seen.delay, BalancerTimer::Show(0));
        }
    }

    pub(super) fn show(&mut self, cx: &mut Cx<Self>) {
        if let Some(look) = self.care().looks.pop_front() {
            for (member, load) in look.iter().enumerate() {
                self.group(member).set_load(member, *load);
            }
            self.care().spare.push(look);
        }
        for member in 0..self.care().views.len() {
            // One that has said nothing yet is as it was.
            if let Some(load) = self.care().views[member].last(cx) {
                self.group(member).set_load(member, load as u32);
            }
        }
    }
}
