//! A breaker on the way to a callee.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Gauge, Serve, Status, timers};
use kneepoint_engine::SimDuration;

use super::circuit::{Admission, Circuit, Rules, State, Turn};
use super::statuses::Statuses;
use super::trip::Outcome;
use crate::edge::Edge;

timers! {
    /// What a breaker waits for.
    pub enum BreakerTimer { Impatient(u64) }
}

/// Tags are stretches of the circuit modulo this: answers of calls before the last 2^15 changes are not told apart.
const STRETCHES: u64 = 1 << 15;

/// Refuses calls while those it let through fail.
///
/// A refused call is answered `Refused` at once, without going further. Time-outs are seen only if they stand behind the
/// breaker; a call that its maker cancels says nothing about the callee. A cancellation passes on.
///
/// # Series
/// Counts `opened`, `refused`, `probes`; levels `open` and `half_open`, 1 while it is so. Every change is told as it
/// happens: `breaker opens`, `breaker half-open`, `breaker closes`.
#[derive(Clone, Debug)]
pub struct Breaker {
    to: Edge,
    circuit: Circuit,
    failures: Statuses,
    opened: Counter,
    refused: Counter,
    probes: Counter,
    open: Gauge,
    half_open: Gauge,
}

impl Breaker {
    /// Returns a closed breaker before `to`; `failures` are the answers that count as such. Those that are neither good
    /// nor among them count for nothing.
    pub fn new(to: impl Into<Edge>, rules: Rules, failures: Statuses) -> Breaker {
        Breaker {
            to: to.into(),
            circuit: Circuit::new(rules),
            failures,
            opened: Counter::NONE,
            refused: Counter::NONE,
            probes: Counter::NONE,
            open: Gauge::NONE,
            half_open: Gauge::NONE,
        }
    }

    fn turned(&mut self, turn: Option<Turn>, cx: &mut Cx<Self>) {
        let Some(Turn { to }) = turn else { return };
        cx.set(self.open, f64::from(u8::from(to == State::Open)));
        cx.set(self.half_open, f64::from(u8::from(to == State::HalfOpen)));
        let what = match to {
            State::Open => {
                cx.count(self.opened, 1);
                "breaker opens"
            }
            State::HalfOpen => "breaker half-open",
            State::Closed => "breaker closes",
        };
        cx.happened(what, |_| String::new());
        if let Some((span, stretch)) = self.circuit.patience() {
            cx.later(span, BreakerTimer::Impatient(stretch));
        }
    }

    fn over(&mut self, stretch: u16, outcome: Outcome, took: SimDuration, cx: &mut Cx<Self>) {
        // Of all stretches with this tag, the call can only be of the present one, or it does not matter which.
        let stretch = self.circuit.stretch_of(stretch.into(), STRETCHES);
        let turn = self.circuit.answered(stretch, outcome, took, cx.now());
        self.turned(turn, cx);
    }
}

impl Component for Breaker {
    type Timer = BreakerTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.opened = cx.counter("opened");
        self.refused = cx.counter("refused");
        self.probes = cx.counter("probes");
        self.open = cx.gauge("open");
        self.half_open = cx.gauge("half_open");
    }

    fn on_timer(&mut self, BreakerTimer::Impatient(stretch): BreakerTimer, cx: &mut Cx<Self>) {
        let turn = self.circuit.impatient(stretch, cx.now());
        self.turned(turn, cx);
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let outcome = if answer.status.is_good() {
            Outcome::Good
        } else if self.failures.has(answer.status) {
            Outcome::Failure
        } else {
            Outcome::Nothing
        };
        // Passed on as it came, so that what I have had it for is what the caller waited, the wire included.
        let took = cx.age(answer.call);
        self.over(answer.tag, outcome, took, cx);
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
    }
}

impl Serve for Breaker {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let (admission, turn) = self.circuit.admit(cx.now());
        self.turned(turn, cx);
        let stretch = match admission {
            Admission::Refuse => {
                cx.count(self.refused, 1);
                cx.answer(call, Status::Refused);
                return;
            }
            Admission::Pass(stretch) => stretch,
            Admission::Probe(stretch) => {
                cx.count(self.probes, 1);
                stretch
            }
        };
        let operation = cx.operation(call);
        cx.call(self.to.ask(call).operation(operation).tag((stretch % STRETCHES) as u16));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        let mut stretch = None;
        cx.abandon_each(call, true, |tag| stretch = Some(tag));
        if let Some(stretch) = stretch {
            self.over(stretch, Outcome::Nothing, cx.age(call), cx);
        }
        cx.answer(call, Status::Cancelled);
    }
}
