//! Somewhere else, where work takes time and nobody queues.

use kneepoint_calls::{Answer, Call, Component, Cx, Gauge, Phase, Serve, Status, timers};
use kneepoint_random::Distribution;

use crate::draw::span;

timers! {
    /// What a delay waits for.
    pub enum DelayTimer { Over(Call) }
}

/// Answers each call after a time, however many there are: a station with infinitely many servers.
///
/// A cancelled call is answered at once.
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
}

impl Delay {
    /// Returns a part that takes this long \[ns\].
    pub fn new(time: Distribution) -> Delay {
        Delay { time, inside: None }
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
}

impl Serve for Delay {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.add(self.inside.expect("made at the start"), 1.0);
        let time = span(&self.time, call, cx);
        cx.phase(call, Phase::Service);
        cx.later(time, DelayTimer::Over(call));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.end(call, Status::Cancelled, cx);
    }
}
