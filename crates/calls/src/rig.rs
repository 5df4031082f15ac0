//! A test harness for parts: a scripted caller, a scripted callee, the part between, a log of what happened.
//!
//! Every test of a part should end with `in_flight == 0`: it catches forgotten answers.

use kneepoint_engine::{SimDuration, SimTime};

use crate::component::{Answer, Component, Cx, Serve};
use crate::handle::{Call, Callee};
use crate::simulation::Simulation;
use crate::status::Status;
use crate::{Attributes, timers};

/// What a scripted caller does: ask at an instant, and perhaps give up (with cancellation) later.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// When to ask.
    pub at: SimDuration,
    /// When to give up, after asking.
    pub gives_up: Option<SimDuration>,
    /// What the request carries.
    pub attributes: Attributes,
}

impl Asks {
    /// Asks at an instant and waits for ever.
    pub fn at(at: SimDuration) -> Asks {
        Asks { at, gives_up: None, attributes: Attributes::default() }
    }

    /// Gives up, and says so, after this time.
    pub fn giving_up(mut self, after: SimDuration) -> Asks {
        self.gives_up = Some(after);
        self
    }

    /// With these attributes.
    pub fn with(mut self, attributes: Attributes) -> Asks {
        self.attributes = attributes;
        self
    }
}

/// What a driven run left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Driven {
    /// What happened at the borders of the part, in order: `"<ms> called 0"`, `"<ms> cancelled 0"`,
    /// `"<ms> answer 0 ok"`. Times in milliseconds.
    pub log: Vec<String>,
    /// Calls still in flight when nothing was left to happen (or after an hour): 0 for a part that keeps its promises.
    pub in_flight: usize,
}

timers! { enum CallerTimer { Ask(u32) } }
timers! { enum WorldTimer { Reply(Call) } }

#[derive(Clone)]
struct Caller {
    to: Callee,
    script: Vec<Asks>,
    log: Vec<(SimTime, String)>,
}

impl Component for Caller {
    type Timer = CallerTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        for (i, asks) in self.script.iter().enumerate() {
            cx.later(asks.at, CallerTimer::Ask(i as u32));
        }
    }
    fn on_timer(&mut self, CallerTimer::Ask(i): CallerTimer, cx: &mut Cx<Self>) {
        let asks = self.script[i as usize];
        let attributes = Attributes { born: cx.now(), ..asks.attributes };
        let mut ask = self.to.request(attributes).tag(i as u16);
        if let Some(span) = asks.gives_up {
            ask = ask.within(span).cancelling();
        }
        cx.call(ask);
    }
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.log.push((cx.now(), format!("answer {} {}", answer.tag, answer.status.name())));
    }
}

/// The callee of a driven part: the n-th call is answered after a span with a status, the script going round.
/// A span of [`SimDuration::MAX`] means never, until cancelled.
#[derive(Clone)]
struct World {
    script: Vec<(SimDuration, Status)>,
    calls: usize,
    log: Vec<(SimTime, String)>,
}

impl Component for World {
    type Timer = WorldTimer;
    fn on_timer(&mut self, WorldTimer::Reply(call): WorldTimer, cx: &mut Cx<Self>) {
        let (_, status) = self.script[cx.note(call) as usize % self.script.len()];
        cx.answer(call, status);
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for World {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.log.push((cx.now(), format!("called {}", self.calls)));
        cx.set_note(call, self.calls as u32);
        let (span, _) = self.script[self.calls % self.script.len()];
        self.calls += 1;
        if span != SimDuration::MAX {
            cx.later(span, WorldTimer::Reply(call));
        }
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.log.push((cx.now(), format!("cancelled {}", cx.note(call))));
        cx.answer(call, Status::Cancelled);
    }
}

/// Puts a part between a scripted caller and a scripted world and runs until nothing is left to happen, an hour
/// at most.
pub fn drive<S: Serve>(
    asks: &[Asks],
    replies: &[(SimDuration, Status)],
    part: impl FnOnce(Callee) -> S,
) -> Driven {
    let mut sim = Simulation::new(1);
    let world = sim.serve("world", World { script: replies.to_vec(), calls: 0, log: Vec::new() });
    let middle = sim.serve("part", part(world));
    let caller = sim.add("caller", Caller { to: middle, script: asks.to_vec(), log: Vec::new() });
    while sim.now() < SimTime::ZERO + SimDuration::from_secs(3600) && sim.step() {}
    let world: &World = sim.get(world.id()).expect("it was made of this type");
    let caller: &Caller = sim.get(caller).expect("it was made of this type");
    let mut log: Vec<_> = world.log.iter().chain(&caller.log).cloned().collect();
    log.sort_by_key(|(at, _)| *at); // stable: at one instant the world's side comes first
    let log = log.into_iter().map(|(at, what)| format!("{} {what}", at.as_secs_f64() * 1e3)).collect();
    Driven { log, in_flight: sim.in_flight() }
}
