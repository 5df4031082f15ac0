//! Tests of whole services: a scripted caller, the service, a scripted world behind it.

mod by_hand;
mod cancelling;
mod hanging;
mod priorities;
mod slow;
mod steps;
mod theory;
mod twins;

use kneepoint_calls::{
    Answer, Attributes, Call, Callee, Component, ComponentId, Cx, Fault, Serve, Simulation, Status, timers,
};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Distribution;

use super::{Service, Step, compute};

pub(crate) const MS: u64 = 1_000_000;

pub(crate) fn constant(value: f64) -> Distribution {
    Distribution::constant(value).unwrap()
}

/// Work of so many milliseconds.
pub(crate) fn work(ms: f64) -> Step {
    compute(constant(ms * 1e6))
}

/// One call of the script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub at: u64,
    pub operation: u16,
    pub gives_up: Option<u64>,
    pub attributes: Attributes,
}

/// At this millisecond.
pub(crate) fn ask(ms: u64) -> Ask {
    Ask { at: ms * MS, operation: 0, gives_up: None, attributes: Attributes::default() }
}

impl Ask {
    pub fn operation(self, operation: u16) -> Ask {
        Ask { operation, ..self }
    }
    /// Cancels at this millisecond.
    pub fn until(self, ms: u64) -> Ask {
        Ask { gives_up: Some(ms * MS - self.at), ..self }
    }
    pub fn priority(self, priority: u8) -> Ask {
        Ask { attributes: Attributes { priority, ..self.attributes }, ..self }
    }
}

timers! { pub enum CallerTimer { Ask(u32) } }
timers! { pub enum WorldTimer { Reply(Call) } }

#[derive(Clone)]
pub(crate) struct Caller {
    to: Callee,
    script: Vec<Ask>,
    /// (which, when, how)
    pub answers: Vec<(usize, u64, Status)>,
    pub values: Vec<u32>,
}

impl Component for Caller {
    type Timer = CallerTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        for (i, ask) in self.script.iter().enumerate() {
            cx.later(SimDuration::from_nanos(ask.at), CallerTimer::Ask(i as u32));
        }
    }
    fn on_timer(&mut self, CallerTimer::Ask(i): CallerTimer, cx: &mut Cx<Self>) {
        let ask = self.script[i as usize];
        let attributes = Attributes { born: cx.now(), ..ask.attributes };
        // A tag has 16 bits; the long scripts of the twins are asked in order of the number they carry as a key.
        let mut request = self.to.request(attributes).operation(ask.operation).tag((i % 60_000) as u16);
        if let Some(span) = ask.gives_up {
            request = request.within(SimDuration::from_nanos(span)).cancelling();
        }
        cx.call(request);
    }
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.answers.push((answer.tag.into(), cx.now().as_nanos(), answer.status));
        self.values.push(answer.value);
    }
}

/// The n-th call is answered after a span \[ms\], the script going round; never if it is `u64::MAX`.
#[derive(Clone)]
pub(crate) struct World {
    script: Vec<(u64, Status)>,
    pub calls: Vec<(u64, u16, Attributes)>,
    pub cancelled: Vec<(usize, u64)>,
}

impl Component for World {
    type Timer = WorldTimer;
    fn on_timer(&mut self, WorldTimer::Reply(call): WorldTimer, cx: &mut Cx<Self>) {
        let n = cx.note(call);
        let (_, status) = self.script[n as usize % self.script.len()];
        cx.answer_with(call, status, 100 + n, SimDuration::ZERO);
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for World {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let n = self.calls.len();
        self.calls.push((cx.now().as_nanos(), cx.operation(call), *cx.attributes(call)));
        cx.set_note(call, n as u32);
        let (ms, _) = self.script[n % self.script.len()];
        if ms != u64::MAX {
            cx.later(SimDuration::from_nanos(ms * MS), WorldTimer::Reply(call));
        }
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.cancelled.push((cx.note(call) as usize, cx.now().as_nanos()));
        cx.answer(call, Status::Cancelled);
    }
}

pub(crate) struct Run {
    pub sim: Simulation,
    pub service: ComponentId,
    pub world: ComponentId,
    pub caller: ComponentId,
}

/// Builds caller, service and world; nothing has happened yet.
pub(crate) fn stage(
    seed: u64,
    asks: &[Ask],
    replies: &[(u64, Status)],
    part: impl FnOnce(Callee) -> Service,
) -> Run {
    let mut sim = Simulation::new(seed);
    let world = World { script: replies.to_vec(), calls: Vec::new(), cancelled: Vec::new() };
    let world = sim.serve("world", world);
    let service = sim.serve("service", part(world));
    let caller = Caller { to: service, script: asks.to_vec(), answers: Vec::new(), values: Vec::new() };
    let caller = sim.add("caller", caller);
    Run { sim, service: service.id(), world: world.id(), caller }
}

/// Plays the script to its end; nothing must be left in flight.
pub(crate) fn play(asks: &[Ask], replies: &[(u64, Status)], part: impl FnOnce(Callee) -> Service) -> Run {
    stage(1, asks, replies, part).finish()
}

impl Run {
    pub fn finish(mut self) -> Run {
        while self.sim.step() {}
        assert_eq!(self.sim.in_flight(), 0, "a call was forgotten");
        for level in ["busy", "queue", "inside", "threads"] {
            assert_eq!(
                self.sim.level(self.service, level).map_or(0.0, |l| l.value()),
                0.0,
                "{level} at the end"
            );
        }
        self
    }

    pub fn fault(mut self, ms: u64, fault: Fault) -> Run {
        self.sim.inject(SimTime::from_millis(ms), self.service, fault);
        self
    }

    /// The caller makes it slow, from this millisecond on, for a share of its works.
    pub fn slow(self, ms: u64, by: f64, share: f64) -> Run {
        let from = self.caller;
        self.fault(ms, Fault::Slow { from, by, share })
    }

    /// The caller makes it slow no longer.
    pub fn usual(self, ms: u64) -> Run {
        let from = self.caller;
        self.fault(ms, Fault::Usual { from })
    }

    pub fn caller(&self) -> &Caller {
        self.sim.get(self.caller).unwrap()
    }

    pub fn world(&self) -> &World {
        self.sim.get(self.world).unwrap()
    }

    /// `"which status ms"` in the order of the answers.
    pub fn log(&self) -> Vec<String> {
        let show = |&(n, at, status): &(usize, u64, Status)| {
            format!("{n} {} {}", status.name(), at as f64 / MS as f64)
        };
        self.caller().answers.iter().map(show).collect()
    }

    /// When the world was called \[ms\].
    pub fn called(&self) -> Vec<f64> {
        self.world().calls.iter().map(|(at, ..)| *at as f64 / MS as f64).collect()
    }

    /// How many samples, and their sum \[ms\].
    pub fn samples(&self, name: &str) -> (u64, f64) {
        let samples = self.sim.samples(self.service, name).unwrap();
        (samples.count(), samples.sum() as f64 / MS as f64)
    }

    /// The integral of a level \[ms\].
    pub fn integral(&self, name: &str) -> f64 {
        self.sim.level(self.service, name).unwrap().integral(self.sim.now().as_nanos()) / MS as f64
    }

    pub fn most(&self, name: &str) -> f64 {
        self.sim.level(self.service, name).unwrap().max()
    }

    pub fn count(&self, name: &str) -> u64 {
        self.sim.count(self.service, name).unwrap()
    }
}
