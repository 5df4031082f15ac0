//! Small parts to test the runtime with.

use std::collections::VecDeque;

use kneepoint_calls::{
    Answer, Attributes, Call, Callee, Component, Cx, Gauge, Notice, Phase, Serve, Status, timers,
};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;

pub fn ms(n: u64) -> SimDuration {
    SimDuration::from_millis(n)
}

pub fn at_ms(n: u64) -> SimTime {
    SimTime::ZERO + ms(n)
}

/// Asks at fixed times; keeps what it hears.
#[derive(Clone)]
pub struct Script {
    pub to: Callee,
    pub at: Vec<SimDuration>,
    pub within: SimDuration,
    pub cancelling: bool,
    pub heard: Vec<(u64, u16, Status)>,
}

timers! { pub enum ScriptTimer { Ask(u32) } }

impl Script {
    pub fn new(to: Callee, at: &[u64]) -> Script {
        let at = at.iter().map(|t| ms(*t)).collect();
        Script { to, at, within: SimDuration::ZERO, cancelling: false, heard: vec![] }
    }
    pub fn within(self, within: SimDuration, cancelling: bool) -> Script {
        Script { within, cancelling, ..self }
    }
}

impl Component for Script {
    type Timer = ScriptTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        for (i, at) in self.at.iter().enumerate() {
            cx.later(*at, ScriptTimer::Ask(i as u32));
        }
    }
    fn on_timer(&mut self, ScriptTimer::Ask(i): ScriptTimer, cx: &mut Cx<Self>) {
        let attributes = Attributes { born: cx.now(), ..Attributes::of(i as u64 + 1) };
        let ask = self.to.request(attributes).tag(i as u16).within(self.within);
        cx.call(if self.cancelling { ask.cancelling() } else { ask });
    }
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.heard.push((cx.now().as_nanos() / 1_000_000, answer.tag, answer.status));
    }
}

timers! { pub enum StationTimer { Done(Call) } }

/// One server, first come first served, fixed service time; then perhaps calls on, lent or relayed.
#[derive(Clone)]
pub struct Station {
    pub service: SimDuration,
    pub then: Option<Callee>,
    pub relays: bool,
    pub serving: Option<Call>,
    pub queue: VecDeque<Call>,
    pub served: u32,
    pub busy: Option<Gauge>,
}

impl Station {
    pub fn new(service: SimDuration) -> Station {
        Station {
            service,
            then: None,
            relays: false,
            serving: None,
            queue: VecDeque::new(),
            served: 0,
            busy: None,
        }
    }
    pub fn then(self, to: Callee, relays: bool) -> Station {
        Station { then: Some(to), relays, ..self }
    }
    fn next(&mut self, cx: &mut Cx<Self>) {
        self.serving = self.queue.pop_front();
        if let Some(gauge) = self.busy {
            cx.set(gauge, self.serving.is_some() as u32 as f64);
        }
        if let Some(call) = self.serving {
            cx.phase(call, Phase::Service);
            cx.later(self.service, StationTimer::Done(call));
        }
    }
}

impl Component for Station {
    type Timer = StationTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.busy = Some(cx.gauge("busy"));
    }
    fn on_timer(&mut self, StationTimer::Done(call): StationTimer, cx: &mut Cx<Self>) {
        self.served += 1;
        match self.then {
            Some(to) if self.relays => {
                cx.call(to.ask(call).relay());
            }
            Some(to) => {
                cx.call(to.ask(call));
            }
            None => cx.answer(call, Status::Ok),
        }
        self.next(cx);
    }
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        cx.answer(answer.call, answer.status);
    }
}

impl Serve for Station {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.queue.push_back(call);
        if self.serving.is_none() {
            self.next(cx);
        }
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.serving == Some(call) {
            self.next(cx);
        } else {
            self.queue.retain(|c| *c != call);
        }
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}

timers! { pub enum RetryTimer { Again(Call) } }

/// Tries once more, after a pause, when the first try comes to nothing within its time.
#[derive(Clone)]
pub struct Retry {
    pub to: Callee,
    pub within: SimDuration,
    pub pause: SimDuration,
}

impl Component for Retry {
    type Timer = RetryTimer;
    fn on_timer(&mut self, RetryTimer::Again(call): RetryTimer, cx: &mut Cx<Self>) {
        cx.call(self.to.ask(call).branch().tag(1).within(self.within));
    }
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        if answer.status.is_good() || answer.tag == 1 {
            cx.answer(answer.call, answer.status);
        } else {
            cx.phase(answer.call, Phase::Backoff);
            cx.later(self.pause, RetryTimer::Again(answer.call));
        }
    }
}

impl Serve for Retry {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.call(self.to.ask(call).branch().within(self.within));
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}

/// Asks several at once; answers when so many have.
#[derive(Clone)]
pub struct Fork {
    pub to: Vec<Callee>,
    pub wait_for: usize,
    pub held: kneepoint_calls::Held<usize>,
}

impl Component for Fork {
    type Timer = ();
    fn on_timer(&mut self, _: (), _: &mut Cx<Self>) {}
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let left = self.held.get(answer.call, cx);
        *left -= 1;
        if *left == 0 {
            self.held.take(answer.call, cx);
            cx.abandon_rest(answer.call, true);
            cx.answer(answer.call, answer.status);
        }
    }
}

impl Serve for Fork {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.held.put(call, self.wait_for, cx);
        for (i, to) in self.to.iter().enumerate() {
            cx.call(to.ask(call).branch().tag(i as u16));
        }
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.held.take(call, cx);
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}

/// The wire: half the time each way.
#[derive(Clone)]
pub struct Wire {
    pub to: Callee,
    pub one_way: SimDuration,
}

impl Component for Wire {
    type Timer = ();
    fn on_timer(&mut self, _: (), _: &mut Cx<Self>) {}
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        cx.answer_after(answer.call, self.one_way, answer.status);
    }
}

impl Serve for Wire {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.call(self.to.ask(call).delayed(self.one_way));
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}

/// Grants one lease at a time, by notice on a call that stays open.
#[derive(Clone, Default)]
pub struct Leases {
    pub holder: Option<Call>,
    pub waiting: VecDeque<Call>,
}

impl Leases {
    fn grant(&mut self, cx: &mut Cx<Self>) {
        if self.holder.is_none() {
            self.holder = self.waiting.pop_front();
            if let Some(call) = self.holder {
                cx.notify(call, 7);
            }
        }
    }
}

impl Component for Leases {
    type Timer = ();
    fn on_timer(&mut self, _: (), _: &mut Cx<Self>) {}
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for Leases {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.waiting.push_back(call);
        self.grant(cx);
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.holder == Some(call) {
            self.holder = None;
        }
        self.waiting.retain(|c| *c != call);
        cx.answer(call, Status::Cancelled);
        self.grant(cx);
    }
}

timers! { pub enum LesseeTimer { Ask, Done(u32) } }

/// Takes a lease, keeps it for a while, gives it back.
#[derive(Clone)]
pub struct Lessee {
    pub from: Callee,
    pub at: SimDuration,
    pub keeps: SimDuration,
    pub lease: Option<kneepoint_calls::Asked>,
    pub granted: Vec<(SimTime, u32)>,
}

impl Component for Lessee {
    type Timer = LesseeTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        cx.later(self.at, LesseeTimer::Ask);
    }
    fn on_timer(&mut self, timer: LesseeTimer, cx: &mut Cx<Self>) {
        match timer {
            LesseeTimer::Ask => {
                let attributes = Attributes { born: cx.now(), ..Attributes::default() };
                self.lease = Some(cx.call(self.from.request(attributes)));
            }
            LesseeTimer::Done(_) => {
                if let Some(lease) = self.lease.take() {
                    cx.abandon(lease, true);
                }
            }
        }
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
    fn on_notice(&mut self, notice: Notice, cx: &mut Cx<Self>) {
        self.granted.push((cx.now(), notice.value));
        cx.later(self.keeps, LesseeTimer::Done(0));
    }
}

timers! { pub enum PoissonTimer { Arrival } }

/// Random arrivals, with a time-out.
#[derive(Clone)]
pub struct Poisson {
    pub to: Callee,
    pub mean_ns: f64,
    pub within: SimDuration,
    pub stream: Stream,
    pub number: u64,
}

impl Poisson {
    pub fn new(to: Callee, mean: SimDuration, within: SimDuration) -> Poisson {
        Poisson { to, mean_ns: mean.as_nanos() as f64, within, stream: Stream::from_key(0), number: 0 }
    }
    fn next(&mut self, cx: &mut Cx<Self>) {
        let gap = SimDuration::from_nanos_f64(self.stream.exponential() * self.mean_ns);
        cx.later(gap, PoissonTimer::Arrival);
    }
}

impl Component for Poisson {
    type Timer = PoissonTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.stream = cx.stream("arrivals");
        self.next(cx);
    }
    fn on_timer(&mut self, _: PoissonTimer, cx: &mut Cx<Self>) {
        self.number += 1;
        let attributes = Attributes { born: cx.now(), ..Attributes::of(self.number) };
        cx.call(self.to.request(attributes).within(self.within).cancelling());
        self.next(cx);
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}
