//! Shedding at the door.

use kneepoint_calls::{
    Answer, Call, Component, ComponentId, Counter, Cx, Gauge, Serve, Status, View, timers,
};
use kneepoint_engine::SimDuration;

use crate::edge::Edge;

timers! {
    /// What a shed waits for.
    pub enum ShedTimer { Look }
}

/// When a call is shed.
#[derive(Clone, Debug)]
pub enum When {
    /// So many are inside already.
    LongerThan(u64),
    /// Of the places, the reserved share is kept for the most urgent, twice that from those of priority 2, and so on: a
    /// call of priority p is shed when `max (1 - p reserved)` are inside.
    ByPriority {
        /// Places in all: those of priority 0 may fill them.
        max: u64,
        /// What each step of priority keeps free \[share of max\].
        reserved: f64,
    },
    /// Those it goes to are busier than this share, as far as is known: each is looked at now and then, and what is seen
    /// is late.
    Busier {
        /// The most \[busy servers per server\].
        than: f64,
        /// Whom to look at: their levels `busy` and `capacity`.
        of: Vec<ComponentId>,
        /// How often.
        every: SimDuration,
        /// How late it is known.
        delay: SimDuration,
        /// Of how long the mean is taken.
        window: SimDuration,
    },
}

/// Answers calls [`Status::Shed`] at once while there is too much to do, and passes the others on. It has no queue.
///
/// # Series
/// Counts `admitted`, `shed`; level `inside` unless it goes by how busy others are; then level `seen`, what it believes.
///
/// # Source
/// Yanacek, "Using load shedding to avoid overload", Amazon Builders' Library, 2019 (a bound on requests in flight, and
/// priorities); Stripe, "Scaling your API with rate limiters", 2017: the fleet usage load shedder, which reserves a
/// fraction (20 %) for critical requests. Chosen: each further step of priority reserves as much again.
#[derive(Clone, Debug)]
pub struct Shed {
    to: Edge,
    when: When,
    inside: u64,
    views: Vec<(View, View)>,
    seen: f64,
    series: Option<Series>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    level: Gauge,
    admitted: Counter,
    shed: Counter,
}

impl Shed {
    /// Returns a shed before `to`.
    pub fn new(to: impl Into<Edge>, when: When) -> Shed {
        let views = match &when {
            When::Busier { of, delay, window, .. } => {
                let view = |of: &ComponentId, name| View::new(*of, name, *delay, *window);
                of.iter().map(|of| (view(of, "busy"), view(of, "capacity"))).collect()
            }
            When::LongerThan(_) | When::ByPriority { .. } => Vec::new(),
        };
        Shed { to: to.into(), when, inside: 0, views, seen: 0.0, series: None }
    }

    fn series(&self) -> Series {
        self.series.expect("made at the start")
    }

    fn sheds(&self, call: Call, cx: &Cx<Self>) -> bool {
        match &self.when {
            When::LongerThan(max) => self.inside >= *max,
            When::ByPriority { max, reserved } => {
                let priority = f64::from(cx.attributes(call).priority);
                let open = (*max as f64 * (1.0 - priority * reserved)).max(0.0);
                self.inside as f64 + 1.0 > open
            }
            When::Busier { than, .. } => self.seen > *than,
        }
    }

    fn left(&mut self, cx: &mut Cx<Self>) {
        self.inside -= 1;
        cx.add(self.series().level, -1.0);
    }
}

impl Component for Shed {
    type Timer = ShedTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        let level = if let When::Busier { .. } = self.when { "seen" } else { "inside" };
        self.series = Some(Series {
            level: cx.gauge(level),
            admitted: cx.counter("admitted"),
            shed: cx.counter("shed"),
        });
        if let When::Busier { .. } = self.when {
            cx.later(SimDuration::ZERO, ShedTimer::Look);
        }
    }

    fn on_timer(&mut self, ShedTimer::Look: ShedTimer, cx: &mut Cx<Self>) {
        let When::Busier { every, .. } = self.when else { return };
        let (mut busy, mut capacity) = (0.0, 0.0);
        for (of_busy, of_capacity) in &mut self.views {
            of_busy.sample(cx);
            of_capacity.sample(cx);
            busy += of_busy.mean(cx).unwrap_or(0.0);
            capacity += of_capacity.mean(cx).unwrap_or(0.0);
        }
        self.seen = if capacity > 0.0 { busy / capacity } else { 0.0 };
        cx.set(self.series().level, self.seen);
        cx.later(every, ShedTimer::Look);
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
        self.left(cx);
    }
}

impl Serve for Shed {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.sheds(call, cx) {
            cx.count(self.series().shed, 1);
            return cx.answer(call, Status::Shed);
        }
        cx.count(self.series().admitted, 1);
        if let When::Busier { .. } = self.when {
            cx.call(self.to.ask(call).relay());
            return;
        }
        self.inside += 1;
        cx.add(self.series().level, 1.0);
        let operation = cx.operation(call);
        cx.call(self.to.ask(call).operation(operation));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
        if !matches!(self.when, When::Busier { .. }) {
            self.left(cx);
        }
    }
}
