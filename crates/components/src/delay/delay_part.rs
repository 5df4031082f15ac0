//! Somewhere else, where work takes time and nobody queues.

use kneepoint_calls::{Answer, Call, Component, Cx, Fault, Gauge, Phase, Serve, Status, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

use crate::draw::{Slowness, span};

timers! {
    /// What a delay waits for.
    pub enum DelayTimer { Over(Call) }
}

/// Answers each call after a time, however many there are: a station with infinitely many servers.
///
/// A cancelled call is answered at once. While it is slow, calls that come take longer.
///
/// # Series
/// Level `inside`.
///
/// # Source
/// The delay centre of Lazowska et al., "Quantitative System Performance", 1984, section 3.3.
#[derive(Clone, Debug)]
pub struct Delay {
    time: Distribution,
    inside: Option<Gauge>,
    slow: Slowness,
}

impl Delay {
    /// Returns a part that takes this long \[ns\].
    pub fn new(time: Distribution) -> Delay {
        Delay { time, inside: None, slow: Slowness::default() }
    }

    fn end(&self, call: Call, status: Status, cx: &mut Cx<Self>) {
        cx.add(self.inside.expect("made at the start"), -1.0);
        cx.answer(call, status);
    }
}

impl Component for Delay {
    type Timer = DelayTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.inside = Some(cx.gauge("inside"));
    }

    fn on_timer(&mut self, DelayTimer::Over(call): DelayTimer, cx: &mut Cx<Self>) {
        self.end(call, Status::Ok, cx);
    }

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("a delay asks nobody");
    }

    fn on_fault(&mut self, fault: Fault, cx: &mut Cx<Self>) {
        match fault {
            Fault::Slow { from, by, share } => self.slow.begin(from, by, share, cx),
            Fault::Usual { from } => {
                self.slow.end(from, cx);
            }
            Fault::Crash { .. } | Fault::Leave | Fault::Restart | Fault::Hang | Fault::Resume => {
                cx.default_fault(fault);
            }
        }
    }
}

impl Serve for Delay {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.add(self.inside.expect("made at the start"), 1.0);
        let mut time = span(&self.time, call, cx);
        if !self.slow.is_none() {
            time = SimDuration::from_nanos(self.slow.stretch(time.as_nanos(), call, cx));
        }
        cx.phase(call, Phase::Service);
        cx.later(time, DelayTimer::Over(call));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.end(call, Status::Cancelled, cx);
    }
}
