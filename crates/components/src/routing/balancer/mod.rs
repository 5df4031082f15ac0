//! One door, several members behind it.

mod care;
mod discovery;
mod group;
mod health;
mod keep_alive;
mod outlier;
mod pins;
mod slow_start;

use kneepoint_calls::{Answer, Call, Component, Core, Cx, Gauge, Phase, Serve, Status, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

use super::members::Member;
use super::policy::{End, Routing};
use crate::draw::span;
use crate::edge::Edge;
use crate::service::Key;
use care::Care;
use group::Group;

pub use care::{Line, Loads, Next, Seen, TRIES_MAX};
pub use discovery::Discovery;
pub use health::{Active, HEALTH_CHECK, Passive};
pub use keep_alive::KeepAlive;
pub use outlier::{Outlier, Outliers};
pub use pins::{Lasting, Pins, Whose};
pub use slow_start::SlowStart;

timers! {
    /// What a balancer waits for.
    pub enum BalancerTimer {
        Pass(Call),
        Patience(Call),
        Connected(Call),
        Check(u32),
        Readmit(u32),
        Sweep(u32),
        Warm(u32),
        Look(u32),
        Show(u32),
        Ask(u32),
        Told(u32),
        Broken(Call),
        Closed(u32),
    }
}

/// What number of a call its policy goes by.
#[derive(Clone, Debug, Default)]
pub enum By {
    /// Who the request is: no two are alike.
    #[default]
    Request,
    /// The key of a key space.
    Key(Key),
    /// Its user.
    User,
    /// The address its user comes from.
    Address,
}

impl By {
    #[inline]
    fn number(&self, call: Call, cx: &mut Core) -> u64 {
        match self {
            By::Request => cx.attributes(call).identity,
            By::Key(key) => u64::from(key.of(call, cx)),
            By::User => u64::from(cx.attributes(call).user),
            By::Address => u64::from(cx.attributes(call).address),
        }
    }
}

/// Passes each call to one of its members, chosen by a policy, and the answer back.
///
/// The same part is the point `Balance` on an edge: then each caller has one of its own. What stands on the way to
/// a member belongs to its edge.
///
/// By itself it takes every member for well: one that is down answers so, and is chosen again. Health checks, other
/// members for calls that failed, bounds on connections with a line, backups and slow starts are added to it.
///
/// One that chooses for connections takes for a member's load the connections it has open, not the calls: one counts until
/// its time is over, it is found broken, or the member's machine says that the member has crashed.
///
/// A policy that needs no feedback makes a plain balancer relay: it is not woken by answers. Every other is told of
/// answers, time-outs on the member's edge and cancellations. A call whose caller gave up without a word counts until its
/// member answers.
///
/// # Series
/// Level `inside`: calls under way, if they are counted; without one it is not known. Levels `up` (members held to be up)
/// and `waiting`, counts `checks`, `failed checks`, `ejections`, `retried`, `patience lost`, `nobody` of one that does more
/// than choose; counts `chosen anew` and `broken` of one that chooses for all calls of a
/// sender; count `handshakes` of one that keeps connections; level `listed` (members that have a place) of one that is told
/// who is there.
///
/// # Assumptions
/// The overhead takes time and no capacity; it is booked as service.
#[derive(Clone)]
pub struct Balancer {
    edges: Vec<Edge>,
    /// Those that are chosen among; then those of whom one is chosen while none of the first can be.
    first: Group,
    backup: Option<Group>,
    by: By,
    watches: bool,
    overhead: Option<Distribution>,
    care: Option<Box<Care>>,
    inside: Option<Gauge>,
}

/// Members a balancer can tell apart.
pub const MEMBERS_MAX: usize = u16::MAX as usize;

impl Balancer {
    /// Returns a balancer before these members, all of weight 1.
    ///
    /// # Panics
    /// If there is no member, or more than [`MEMBERS_MAX`].
    pub fn new(members: Vec<Edge>, routing: impl Into<Routing>) -> Balancer {
        let described = (0..members.len()).map(|number| Member::at(&number.to_string())).collect();
        Balancer::among(members, described, routing)
    }

    /// Returns a balancer before members as they are described.
    ///
    /// # Panics
    /// If there is no member, more than [`MEMBERS_MAX`], or not one description for each.
    pub fn among(edges: Vec<Edge>, members: Vec<Member>, routing: impl Into<Routing>) -> Balancer {
        assert!(!edges.is_empty(), "a balancer needs a member");
        assert!(edges.len() <= MEMBERS_MAX, "a balancer has {MEMBERS_MAX} members at most");
        assert_eq!(edges.len(), members.len(), "each member is described");
        let first = Group::new(0, members, routing.into());
        let watches = first.routing.watches();
        Balancer {
            edges,
            first,
            backup: None,
            by: By::default(),
            watches,
            overhead: None,
            care: None,
            inside: None,
        }
    }

    /// With this time before a call is passed on \[ns\].
    pub fn with_overhead(self, overhead: Distribution) -> Balancer {
        Balancer { overhead: (overhead.is_constant() != Some(0.0)).then_some(overhead), ..self }
    }

    /// With a number that the policy goes by.
    pub fn by(self, by: By) -> Balancer {
        Balancer { by, ..self }
    }

    /// With members of whom one is chosen while none of the others is up.
    ///
    /// # Panics
    /// If there are more than [`MEMBERS_MAX`] in all.
    pub fn with_backups(
        mut self,
        edges: Vec<Edge>,
        members: Vec<Member>,
        routing: impl Into<Routing>,
    ) -> Balancer {
        assert_eq!(edges.len(), members.len(), "each member is described");
        if edges.is_empty() {
            return self;
        }
        self.backup = Some(Group::new(self.edges.len(), members, routing.into()));
        self.edges.extend(edges);
        assert!(self.edges.len() <= MEMBERS_MAX, "a balancer has {MEMBERS_MAX} members at most");
        self.with_care(|_| {})
    }

    /// With other members for calls that failed.
    pub fn with_next(self, next: Next) -> Balancer {
        self.with_care(|care| care.next = Some(next))
    }

    /// With checks of the members.
    pub fn with_checks(self, active: Active) -> Balancer {
        self.with_care(|care| care.active = Some(active))
    }

    /// With members put aside that failed.
    pub fn with_ejection(self, passive: Passive) -> Balancer {
        self.with_care(|care| care.passive = Some(passive))
    }

    /// With members ejected that do worse than the others.
    pub fn with_outliers(self, outlier: Outlier) -> Balancer {
        let members = self.edges.len();
        self.with_care(|care| care.outliers = Some(Outliers::new(outlier, members)))
    }

    /// With a bound on the calls under way, all together; others wait.
    pub fn with_connections(self, most: u32) -> Balancer {
        self.with_care(|care| care.most = Some(most))
    }

    /// With a bound on the calls under way at each member; others wait.
    pub fn with_member_connections(self, most: u32) -> Balancer {
        self.with_care(|care| care.most_each = Some(most))
    }

    /// With this line for those who wait.
    pub fn with_line(self, line: Line) -> Balancer {
        self.with_care(|care| care.bounds = line)
    }

    /// With members that come back getting less at first.
    pub fn with_slow_start(self, slow: SlowStart) -> Balancer {
        self.with_care(|care| care.slow = Some(slow))
    }

    /// With an old view of the members' calls.
    pub fn with_view(self, seen: Seen) -> Balancer {
        self.with_care(|care| care.seen = Some(seen))
    }

    /// With members that are chosen once for all calls of a sender, for a while.
    pub fn with_pins(self, pins: Pins) -> Balancer {
        self.with_care(|care| care.pins = Some(pins))
    }

    /// With connections to the members that are kept.
    pub fn with_keep_alive(self, keep_alive: KeepAlive) -> Balancer {
        self.with_care(|care| care.keep_alive = Some(keep_alive))
    }

    fn with_care(mut self, change: impl FnOnce(&mut Care)) -> Balancer {
        change(self.care.get_or_insert_default());
        self.watches = true;
        self
    }

    #[inline(always)]
    fn pass(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.care.is_some() {
            return self.pass_with_care(call, cx);
        }
        let key = self.by.number(call, cx);
        let Some(member) = self.first.choose(cx.attributes(call), key, cx.now(), &[]) else {
            self.add_inside(-1.0, cx);
            return cx.answer(call, Status::Unavailable);
        };
        let ask = self.edges[member].ask(call);
        if self.watches {
            self.first.load(member, 1);
            let operation = cx.operation(call);
            cx.call(ask.operation(operation).tag(member as u16));
        } else {
            cx.call(ask.relay());
        }
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
        self.first.start(cx.stream("routing"));
        if let Some(backup) = &mut self.backup {
            backup.start(cx.stream("backup routing"));
        }
        self.inside = self.watches.then(|| cx.gauge("inside"));
        if self.care.is_some() {
            self.start_care(cx);
        }
    }

    fn on_timer(&mut self, timer: BalancerTimer, cx: &mut Cx<Self>) {
        match timer {
            BalancerTimer::Pass(call) => self.pass(call, cx),
            other => self.care_timer(other, cx),
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        if self.care.is_some() {
            return self.answered_with_care(answer, cx);
        }
        let member = usize::from(answer.tag);
        self.first.load(member, -1);
        let end = End { now: cx.now(), took: Some(answer.took), failed: !answer.status.is_good() };
        self.first.ended(member, end);
        self.add_inside(-1.0, cx);
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
    }
}

impl Serve for Balancer {
    #[inline]
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.add_inside(1.0, cx);
        if self.care.is_some() && !self.accept(call, cx) {
            return;
        }
        let Some(overhead) = &self.overhead else { return self.pass(call, cx) };
        let time = span(overhead, call, cx);
        cx.phase(call, Phase::Service);
        cx.later(time, BalancerTimer::Pass(call));
    }

    /// Passes the cancellation on; the member is free at once, as a closed connection is.
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        let mut member = None;
        cx.abandon_each(call, true, |tag| member = Some(usize::from(tag)));
        if self.care.is_some() {
            self.cancelled_with_care(call, member, cx);
        } else if let Some(member) = member {
            self.first.load(member, -1);
            self.first.ended(member, End { now: cx.now(), took: None, failed: false });
        }
        self.add_inside(-1.0, cx);
        cx.answer(call, Status::Cancelled);
    }
}
