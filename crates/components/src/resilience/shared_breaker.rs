//! Breakers of several callers that stand and fall together.

use kneepoint_calls::{Answer, Attributes, Call, Callee, Component, Counter, Cx, Gauge, Held, Serve, Status};
use kneepoint_engine::{SimDuration, SimTime};

use super::breaker::BreakerTimer;
use super::circuit::{Admission, Circuit, Rules, State, Turn};
use super::statuses::Statuses;
use super::trip::Outcome;
use crate::edge::Edge;

/// What a circuit is asked: whether a call passes, and told: how one ended.
const ADMIT: u16 = 0;
const GOOD: u16 = 1;
const FAILURE: u16 = 2;
const NOTHING: u16 = 3;

/// What a circuit answers is packed into a number: its state, what becomes of the call, whether it has just opened.
const STATES: [State; 3] = [State::Closed, State::Open, State::HalfOpen];
const REFUSED: u32 = 1 << 2;
const PROBE: u32 = 1 << 3;
const OPENED: u32 = 1 << 4;
/// Above: the stretch, as far as there is room. Calls of 2^27 changes ago are not told apart.
const STRETCH: u32 = 5;
const STRETCHES: u64 = 1 << (32 - STRETCH);

/// Keeps the state of all [`SharedBreaker`]s that ask it, and decides for them at once.
///
/// ```text
/// SharedBreaker of web 0 --1--> store          1: what it costs to read and to write the state, over web's own wire
///                        --2--> SharedCircuit  2: when the store has answered: what is decided, what is noted
/// SharedBreaker of web 1 --2-----^
/// ```
///
/// # Assumptions
/// A decision is one atomic step, as a script of Redis is. In reality it is taken in the store; here when the store's
/// answer has arrived, half a round trip later. A store that comes back after a crash has lost nothing: the state is here.
#[derive(Clone, Debug)]
pub struct SharedCircuit {
    circuit: Circuit,
    /// It has opened by itself since it was last asked: who asks next is told so.
    untold: bool,
}

impl SharedCircuit {
    /// Returns a closed one.
    ///
    /// # Panics
    /// If no rule opens it, or it has no probes.
    pub fn new(rules: Rules) -> SharedCircuit {
        SharedCircuit { circuit: Circuit::new(rules), untold: false }
    }

    fn pack(&mut self, turn: Option<Turn>) -> u32 {
        let opened = std::mem::take(&mut self.untold) || turn.is_some_and(|turn| turn.to == State::Open);
        let state = STATES.iter().position(|state| *state == self.circuit.state()).unwrap_or(0) as u32;
        state | if opened { OPENED } else { 0 }
    }

    fn wait_for_probes(&self, turn: Option<Turn>, cx: &mut Cx<Self>) {
        if let (Some(_), Some((span, stretch))) = (turn, self.circuit.patience()) {
            cx.later(span, BreakerTimer::Impatient(stretch));
        }
    }
}

impl Component for SharedCircuit {
    type Timer = BreakerTimer;

    fn on_timer(&mut self, BreakerTimer::Impatient(stretch): BreakerTimer, cx: &mut Cx<Self>) {
        self.untold |= self.circuit.impatient(stretch, cx.now()).is_some();
    }

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("it asks nobody");
    }
}

impl Serve for SharedCircuit {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let now = cx.now();
        let outcome = match cx.operation(call) {
            ADMIT => {
                let (admission, turn) = self.circuit.admit(now);
                self.wait_for_probes(turn, cx);
                let (mark, stretch) = match admission {
                    Admission::Refuse => (REFUSED, 0),
                    Admission::Pass(stretch) => (0, stretch),
                    Admission::Probe(stretch) => (PROBE, stretch),
                };
                let value = self.pack(turn) | mark | ((stretch % STRETCHES) as u32) << STRETCH;
                return cx.answer_with(call, Status::Ok, value, SimDuration::ZERO);
            }
            GOOD => Outcome::Good,
            FAILURE => Outcome::Failure,
            _ => Outcome::Nothing,
        };
        // What is noted travels as what the call is about: of which stretch it is, and when it began.
        let &Attributes { key, born, .. } = cx.attributes(call);
        let stretch = self.circuit.stretch_of(key.into(), STRETCHES);
        let turn = self.circuit.answered(stretch, outcome, now - born, now);
        self.wait_for_probes(turn, cx);
        cx.answer_with(call, Status::Ok, self.pack(turn), SimDuration::ZERO);
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        // Every call is answered the moment it arrives.
        cx.answer(call, Status::Cancelled);
    }
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// The store is asked for the state.
    Read,
    /// The circuit decides; if its caller has left meanwhile, it only must know what was decided.
    Decide { left: bool },
    /// It has passed, in this stretch of the circuit if that is known, at this instant.
    Pass { stretch: Option<u32>, at: SimTime },
    /// The store is told how it ended: in this stretch, so, after this time, with this for the caller.
    Write { stretch: u32, outcome: u16, took: SimDuration, answer: (Status, u32) },
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    operation: u16,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    opened: Counter,
    refused: Counter,
    probes: Counter,
    store_errors: Counter,
    open: Gauge,
    half_open: Gauge,
}

/// A [`Breaker`](super::Breaker) whose state is kept in a store and shared with all that have the same
/// [`SharedCircuit`].
///
/// Each call that passes costs two calls to the store: the state is read before it, and how it ended is written after it,
/// before its caller is answered. If the store does not say, the call passes and is not counted; of a call whose end could
/// not be written nothing is known, and another may probe in its place. While the store keeps silent that is not known
/// either: then `probe_for` ends the wait for probes, or a time-out on the way to the store does.
///
/// # Series
/// Counts `opened` (by a call of this one, or by itself before a call of this one), `refused`, `probes`, `store_errors`; levels `open` and `half_open`, 1 while the
/// state was that when it was last told. Every change is told as this one learns of it: `breaker opens`,
/// `breaker half-open`, `breaker closes`.
///
/// # Source
/// Ganesha (PHP, state in Redis or Memcached), `src/Ganesha.php`: `isAvailable` reads before the call, `success` and
/// `failure` write after it, all while the request waits; when the storage fails, `isAvailable` says yes.
#[derive(Clone, Debug)]
pub struct SharedBreaker {
    to: Edge,
    store: Edge,
    operation: u16,
    circuit: Callee,
    failures: Statuses,
    held: Held<Pending>,
    known: State,
    series: Option<Series>,
}

impl SharedBreaker {
    /// Returns a breaker before `to` whose state `circuit` keeps: for each call the store is asked for an operation, as the
    /// model numbers operations, before and after. `failures` are the answers that count as such. Those that are neither
    /// good nor among them count for nothing.
    pub fn new(
        to: impl Into<Edge>,
        (store, operation): (impl Into<Edge>, u16),
        circuit: Callee,
        failures: Statuses,
    ) -> SharedBreaker {
        SharedBreaker {
            to: to.into(),
            store: store.into(),
            operation,
            circuit,
            failures,
            held: Held::default(),
            known: State::Closed,
            series: None,
        }
    }

    fn series(&self) -> Series {
        self.series.expect("made at the start")
    }

    fn at(&mut self, call: Call, stage: Stage, cx: &Cx<Self>) {
        self.held.get(call, cx).stage = stage;
    }

    /// The circuit has said where it stands.
    fn learn(&mut self, value: u32, cx: &mut Cx<Self>) {
        let state = STATES[(value & 3) as usize % STATES.len()];
        let series = self.series();
        if value & OPENED != 0 {
            cx.count(series.opened, 1);
        }
        if state == self.known {
            return;
        }
        self.known = state;
        cx.set(series.open, f64::from(u8::from(state == State::Open)));
        cx.set(series.half_open, f64::from(u8::from(state == State::HalfOpen)));
        let what = match state {
            State::Open => "breaker opens",
            State::HalfOpen => "breaker half-open",
            State::Closed => "breaker closes",
        };
        cx.happened(what, |_| String::new());
    }

    fn pass(&mut self, call: Call, stretch: Option<u32>, cx: &mut Cx<Self>) {
        let at = cx.now();
        self.at(call, Stage::Pass { stretch, at }, cx);
        let operation = self.held.get(call, cx).operation;
        cx.call(self.to.ask(call).operation(operation));
    }

    fn end(&mut self, call: Call, (status, value): (Status, u32), cx: &mut Cx<Self>) {
        self.held.take(call, cx);
        cx.answer_with(call, status, value, SimDuration::ZERO);
    }

    /// Tells the circuit how a call ended, after this time. Its caller need not wait for that: it takes none.
    fn note(&mut self, stretch: u32, outcome: u16, took: SimDuration, cx: &mut Cx<Self>) {
        let born = SimTime::from_nanos(cx.now().as_nanos() - took.as_nanos());
        // It comes from nobody: whoever is asked about requests must not take it for one.
        let user = Attributes::NOBODY;
        let about = Attributes { key: stretch, born, user, ..Attributes::of(u64::MAX) };
        cx.call(self.circuit.request(about).operation(outcome));
    }

    fn decided(&mut self, call: Call, value: u32, left: bool, cx: &mut Cx<Self>) {
        self.learn(value, cx);
        let series = self.series();
        let refused = value & REFUSED != 0;
        if value & PROBE != 0 {
            cx.count(series.probes, 1);
        }
        let stretch = value >> STRETCH;
        if left {
            if !refused {
                self.note(stretch, NOTHING, SimDuration::ZERO, cx);
            }
            self.end(call, (Status::Cancelled, 0), cx);
        } else if refused {
            cx.count(series.refused, 1);
            self.end(call, (Status::Refused, 0), cx);
        } else {
            self.pass(call, Some(stretch), cx);
        }
    }
}

impl Component for SharedBreaker {
    type Timer = ();

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.series = Some(Series {
            opened: cx.counter("opened"),
            refused: cx.counter("refused"),
            probes: cx.counter("probes"),
            store_errors: cx.counter("store_errors"),
            open: cx.gauge("open"),
            half_open: cx.gauge("half_open"),
        });
    }

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let call = answer.call;
        if call.is_none() {
            // The circuit has taken note of a call.
            return self.learn(answer.value, cx);
        }
        let good = answer.status.is_good();
        match self.held.get(call, cx).stage {
            Stage::Read if good => {
                self.at(call, Stage::Decide { left: false }, cx);
                cx.call(self.circuit.ask(call).operation(ADMIT));
            }
            Stage::Read => {
                cx.count(self.series().store_errors, 1);
                self.pass(call, None, cx);
            }
            Stage::Decide { left } => self.decided(call, answer.value, left, cx),
            Stage::Pass { stretch: None, .. } => self.end(call, (answer.status, answer.value), cx),
            Stage::Pass { stretch: Some(stretch), at } => {
                let outcome = match good {
                    true => GOOD,
                    false if self.failures.has(answer.status) => FAILURE,
                    false => NOTHING,
                };
                let (took, answer) = (cx.now() - at, (answer.status, answer.value));
                self.at(call, Stage::Write { stretch, outcome, took, answer }, cx);
                cx.call(self.store.ask(call).operation(self.operation));
            }
            Stage::Write { stretch, outcome, took, answer } => {
                // Of one that could not be written the circuit knows only that it is over.
                let outcome = if good { outcome } else { NOTHING };
                cx.count(self.series().store_errors, u64::from(!good));
                self.note(stretch, outcome, took, cx);
                self.end(call, answer, cx);
            }
        }
    }
}

impl Serve for SharedBreaker {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let operation = cx.operation(call);
        self.held.put(call, Pending { operation, stage: Stage::Read }, cx);
        cx.call(self.store.ask(call).operation(self.operation));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        match self.held.get(call, cx).stage {
            // What it decides now must be known, or a probe would be out for ever.
            Stage::Decide { .. } => return self.at(call, Stage::Decide { left: true }, cx),
            Stage::Pass { stretch: Some(stretch), .. } | Stage::Write { stretch, .. } => {
                self.note(stretch, NOTHING, SimDuration::ZERO, cx);
            }
            Stage::Read | Stage::Pass { stretch: None, .. } => {}
        }
        cx.abandon_rest(call, true);
        self.end(call, (Status::Cancelled, 0), cx);
    }
}
