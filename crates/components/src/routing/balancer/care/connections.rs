//! What calls go over: connections and names that are made once for many.

use kneepoint_calls::{Call, Cx, Life, Phase, Status};
use kneepoint_engine::SimDuration;

use super::Connecting;
use crate::draw::span;
use crate::routing::balancer::pins::Pins;
use crate::routing::balancer::{Balancer, BalancerTimer};

impl Balancer {
    /// The member that was chosen for a call's sender, unless it was tried for this call or its end says that the
    /// connection to it has broken.
    pub(super) fn pinned(&mut self, call: Call, tried: &[u16], cx: &mut Cx<Self>) -> Option<usize> {
        self.breaks_if(call, cx, Life::says_it_has_ended);
        let pins = self.care().pins.as_ref()?;
        let (member, _) = pins.find(cx.attributes(call), cx.now())?;
        Some(member).filter(|member| !tried.contains(&(*member as u16)))
    }

    pub(super) fn pin(&mut self, call: Call, member: usize, cx: &mut Cx<Self>) {
        let care = self.care();
        let series = care.series();
        let Some(pins) = &mut care.pins else { return };
        let opening = span(pins.opening(cx.attributes(call)), call, cx);
        let made = cx.life(care.ends[member]);
        let before = pins.put(cx.attributes(call), member, made, (cx.now(), opening));
        cx.count(series.chosen_anew, 1);
        self.count_open(before, cx);
        self.count_open(Some(member), cx);
    }

    /// Tells the policy how many connections a member has open: who balances connections counts these, and not calls.
    fn count_open(&mut self, member: Option<usize>, cx: &mut Cx<Self>) {
        let Some(member) = member.filter(|_| self.care().by_connections) else { return };
        let care = self.care();
        let open = care.pins.as_ref().map_or(0, |pins| pins.open()[member]);
        let (sees_now, end) = (care.seen.is_none(), care.ends[member]);
        if open > 0 && !care.hears_of[member] && !cx.life(end).is_over() {
            care.hears_of[member] = true;
            cx.on_end(end, BalancerTimer::Closed(member as u32));
        }
        if sees_now {
            self.group(member).set_load(member, open);
        }
    }

    /// Takes note of the connections whose time is over.
    pub(super) fn close_those_over(&mut self, cx: &mut Cx<Self>) {
        if !self.care().by_connections {
            return;
        }
        let now = cx.now();
        while let Some(member) = self.care().pins.as_mut().and_then(|pins| pins.forget_over(now)) {
            self.count_open(Some(member), cx);
        }
    }

    /// A member has crashed, and its machine has closed its connections.
    pub(super) fn closed(&mut self, member: usize, cx: &mut Cx<Self>) {
        let care = self.care();
        care.hears_of[member] = false;
        if let Some(pins) = &mut care.pins {
            pins.close_all(member);
        }
        self.count_open(Some(member), cx);
    }

    /// Forgets the connection of a call's sender if it has broken, as far as can be told.
    pub(super) fn breaks_if(&mut self, call: Call, cx: &mut Cx<Self>, ended: fn(Life, Life) -> bool) {
        let care = self.care();
        let series = care.series();
        let (pins, ends) = (&mut care.pins, &care.ends);
        let Some(pins) = pins else { return };
        let broken = pins.forget_if(cx.attributes(call), |member, made| ended(cx.life(ends[member]), made));
        if broken.is_some() {
            cx.count(series.broken, 1);
            self.count_open(broken, cx);
        }
    }

    /// Takes a connection to a member for a call. Returns how long it takes until there is one, if there is none.
    pub(super) fn connection_to(
        &mut self,
        member: usize,
        call: Call,
        cx: &mut Cx<Self>,
    ) -> Option<SimDuration> {
        let care = self.care();
        let handshakes = care.series().handshakes;
        let mut time = SimDuration::ZERO;
        if let Some(pins) = &care.pins
            && let Some((_, rest)) = pins.find(cx.attributes(call), cx.now())
        {
            time = rest;
        }
        let life = cx.life(care.ends[member]);
        if let Some(keep_alive) = &mut care.keep_alive {
            if !keep_alive.take(member, life) {
                cx.count(handshakes, 1);
                time += span(keep_alive.handshake(), call, cx);
            }
            care.held.get(call, cx).made = Some(life);
        }
        (!time.is_zero()).then_some(time)
    }

    /// Waits until there is a connection to a member.
    ///
    /// # Source
    /// RFC 9293, 3.10.7.1: a machine on which nobody listens answers a SYN, and whatever else comes, with a reset; so the
    /// wait ends when the member crashes. One that is gone answers nothing: whoever connects waits on, and what it sends
    /// then is lost; it is its time-out that ends the call.
    pub(super) fn connect(&mut self, call: Call, member: usize, time: SimDuration, cx: &mut Cx<Self>) {
        let care = self.care();
        let end = care.ends[member];
        let begun = cx.life(end);
        // A name that is asked for depends on no member.
        let depends = care.keep_alive.is_some() || care.pins.as_ref().is_some_and(Pins::breaks);
        if depends && begun.refuses() {
            return self.send_now(call, member, cx);
        }
        let broken = depends.then(|| cx.on_end(end, BalancerTimer::Broken(call)));
        let done = cx.after(time, BalancerTimer::Connected(call));
        let connecting = Connecting { member: member as u16, begun, done, broken };
        self.care().held.get(call, cx).connecting = Some(connecting);
        cx.phase(call, Phase::Pool);
    }

    pub(super) fn connected(&mut self, call: Call, cx: &mut Cx<Self>) {
        let Some(made) = self.care().held.get(call, cx).connecting.take() else { return };
        let Some(broken) = made.broken else { return self.send_now(call, usize::from(made.member), cx) };
        cx.cancel(broken);
        let member = usize::from(made.member);
        if cx.life(self.care().ends[member]).says_it_has_ended(made.begun) {
            // It went without a word, and is back as another.
            return self.not_connected(call, member, cx);
        }
        self.send_now(call, member, cx);
    }

    pub(super) fn broken(&mut self, call: Call, cx: &mut Cx<Self>) {
        if let Some(made) = self.care().held.get(call, cx).connecting.take() {
            cx.cancel(made.done);
            self.not_connected(call, usize::from(made.member), cx);
        }
    }

    /// There is no connection: for the call that is an answer `Unavailable` of its member.
    fn not_connected(&mut self, call: Call, member: usize, cx: &mut Cx<Self>) {
        self.release(member, cx);
        self.ended_with_care(call, member, (Status::Unavailable, 0, None), cx);
    }
}
