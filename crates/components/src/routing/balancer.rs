//! One door, several members behind it.

use kneepoint_calls::{Answer, Call, Component, Cx, Gauge, Phase, Serve, Status, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

use super::policy::Routing;
use crate::draw::span;
use crate::edge::Edge;

timers! {
    /// What a balancer waits for.
    pub enum BalancerTimer { Pass(Call) }
}

/// Passes each call to one of its members, chosen by a policy, and the answer back.
///
/// The same part is the point `Balance` on an edge: then each caller has one of its own. What stands on the way to
/// a member belongs to its edge. A member that is down answers so, and is chosen again: nothing here checks health.
///
/// A policy that needs no feedback makes the balancer relay: it is not woken by answers.
/// One that counts calls is told of answers, time-outs on the member's edge and cancellations. A call whose caller
/// gave up without a word counts until its member answers.
///
/// # Series
/// Level `inside`: calls under way, if the policy counts them; without one it is not known.
///
/// # Assumptions
/// The overhead takes time and no capacity; it is booked as service.
#[derive(Clone)]
pub struct Balancer {
    members: Vec<Edge>,
    routing: Routing,
    watches: bool,
    overhead: Option<Distribution>,
    inside: Option<Gauge>,
}

impl Balancer {
    /// Returns a balancer before these members.
    ///
    /// # Panics
    /// If there is no member, or more than 65 535.
    pub fn new(members: Vec<Edge>, routing: impl Into<Routing>) -> Balancer {
        assert!(!members.is_empty(), "a balancer needs a member");
        assert!(members.len() <= u16::MAX as usize, "a balancer has 65535 members at most");
        let routing = routing.into();
        let watches = routing.watches();
        Balancer { members, routing, watches, overhead: None, inside: None }
    }

    /// With this time before a call is passed on \[ns\].
    pub fn with_overhead(self, overhead: Distribution) -> Balancer {
        Balancer { overhead: (overhead.is_constant() != Some(0.0)).then_some(overhead), ..self }
    }

    #[inline(always)]
    fn pass(&mut self, call: Call, cx: &mut Cx<Self>) {
        let member = self.routing.choose(call, cx);
        let ask = self.members[member].ask(call);
        if self.watches {
            let operation = cx.operation(call);
            cx.call(ask.operation(operation).tag(member as u16));
        } else {
            cx.call(ask.relay());
        }
    }

    fn over(&mut self, member: usize) {
        self.routing.ended(member);
    }

    fn add_inside(&self, by: f64, cx: &mut Cx<Self>) {
        if let Some(inside) = self.inside {
            cx.add(inside, by);
        }
    }
}

impl Component for Balancer {
    type Timer = BalancerTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.routing.start(self.members.len(), cx);
        self.inside = self.watches.then(|| cx.gauge("inside"));
    }

    fn on_timer(&mut self, BalancerTimer::Pass(call): BalancerTimer, cx: &mut Cx<Self>) {
        self.pass(call, cx);
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.over(answer.tag as usize);
        self.add_inside(-1.0, cx);
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
    }
}

impl Serve for Balancer {
    #[inline]
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.add_inside(1.0, cx);
        match &self.overhead {
            None => self.pass(call, cx),
            Some(overhead) => {
                let time = span(overhead, call, cx);
                cx.phase(call, Phase::Service);
                cx.later(time, BalancerTimer::Pass(call));
            }
        }
    }

    /// Passes the cancellation on; the member is free at once, as a closed connection is.
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        let mut member = None;
        cx.abandon_each(call, true, |tag| member = Some(tag));
        if let Some(member) = member {
            self.over(member as usize);
        }
        self.add_inside(-1.0, cx);
        cx.answer(call, Status::Cancelled);
    }
}
