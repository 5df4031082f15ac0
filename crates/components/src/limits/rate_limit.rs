//! The part that limits.

use kneepoint_calls::{Answer, Call, Callee, Component, Counter, Cx, Serve, Status, timers};
use kneepoint_engine::SimDuration;

use super::{Decision, Limiter};
use crate::edge::Edge;

timers! {
    /// What a rate limit waits for.
    pub enum RateLimitTimer { Due(Call) }
}

/// What is done when the store that keeps the counts does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStoreError {
    /// The call passes: fail open.
    Admit,
    /// The call is refused: fail closed.
    Refuse,
}

/// Passes on as many calls as a limit allows, and answers the others [`Status::Limited`] at once.
///
/// The answer's value says after how many milliseconds to come back; 0 says nothing. A call that is delayed waits here,
/// and is gone when it is cancelled; it has been counted.
///
/// ```text
/// call --> decide --admit--> to                      local: here; shared: the store, then its SharedLimit, is asked
///             |---delay---> (waits) --> to
///             '---refuse--> Limited, retry after
/// ```
///
/// # Series
/// Counts `admitted` (those delayed too), `limited`, `delayed`; `forgotten`, keys for which there was no room; and
/// `store_errors` of one that asks a store.
///
/// # Source
/// The algorithms say theirs. Refusing with the time to come back: RFC 6585, section 4 (429) and RFC 9110, section
/// 10.2.3 (`Retry-After`).
#[derive(Clone, Debug)]
pub struct RateLimit {
    to: Edge,
    state: State,
    counters: Option<Counters>,
}

#[derive(Clone, Debug)]
enum State {
    Local(Box<Limiter>),
    Shared(Shared),
}

#[derive(Clone, Copy, Debug)]
struct Shared {
    store: Edge,
    operation: u16,
    counts: Callee,
    on_error: OnStoreError,
}

/// Tags of the calls that decide.
const STORE: u16 = 0;
const COUNTS: u16 = 1;

#[derive(Clone, Copy, Debug)]
struct Counters {
    admitted: Counter,
    limited: Counter,
    delayed: Counter,
    forgotten: Counter,
    store_errors: Counter,
}

impl RateLimit {
    /// Returns a limit before `to` that keeps its own counts.
    pub fn local(to: impl Into<Edge>, limiter: Limiter) -> RateLimit {
        RateLimit { to: to.into(), state: State::Local(Box::new(limiter)), counters: None }
    }

    /// Returns a limit before `to` whose counts are kept by a [`SharedLimit`](super::SharedLimit): for each call the store
    /// is asked for an operation, as the model numbers operations, and then the counts.
    pub fn shared(
        to: impl Into<Edge>,
        (store, operation): (impl Into<Edge>, u16),
        counts: Callee,
        on_error: OnStoreError,
    ) -> RateLimit {
        let shared = Shared { store: store.into(), operation, counts, on_error };
        RateLimit { to: to.into(), state: State::Shared(shared), counters: None }
    }

    fn decided(&mut self, call: Call, decision: Decision, cx: &mut Cx<Self>) {
        let counters = self.counters.expect("made at the start");
        match decision {
            Decision::Admit => {
                cx.count(counters.admitted, 1);
                cx.call(self.to.ask(call).relay());
            }
            Decision::Delay(after) => {
                cx.count(counters.admitted, 1);
                cx.count(counters.delayed, 1);
                cx.later(after, RateLimitTimer::Due(call));
            }
            Decision::Refuse(_) => {
                cx.count(counters.limited, 1);
                cx.answer_with(call, Status::Limited, decision.retry_after_ms(), SimDuration::ZERO);
            }
        }
    }
}

impl Component for RateLimit {
    type Timer = RateLimitTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        let unused = Counter::NONE;
        let (forgotten, store_errors) = match self.state {
            State::Local(_) => (cx.counter("forgotten"), unused),
            State::Shared(_) => (unused, cx.counter("store_errors")),
        };
        self.counters = Some(Counters {
            admitted: cx.counter("admitted"),
            limited: cx.counter("limited"),
            delayed: cx.counter("delayed"),
            forgotten,
            store_errors,
        });
    }

    fn on_timer(&mut self, RateLimitTimer::Due(call): RateLimitTimer, cx: &mut Cx<Self>) {
        cx.call(self.to.ask(call).relay());
    }

    /// Only what decides answers here: calls that pass are relayed.
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let State::Shared(shared) = &self.state else {
            unreachable!("one that keeps its own counts asks nobody")
        };
        let decision = match (answer.tag, answer.status.is_good()) {
            (STORE, true) => {
                let ask = shared.counts.ask(answer.call).tag(COUNTS);
                cx.call(ask);
                return;
            }
            (COUNTS, true) => Decision::unpack(answer.value),
            _ => {
                cx.count(self.counters.expect("made at the start").store_errors, 1);
                match shared.on_error {
                    OnStoreError::Admit => Decision::Admit,
                    OnStoreError::Refuse => Decision::Refuse(None),
                }
            }
        };
        self.decided(answer.call, decision, cx);
    }
}

impl Serve for RateLimit {
    #[inline]
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        match &mut self.state {
            State::Local(limiter) => {
                let decision = limiter.decide(cx.attributes(call), cx.now());
                let forgotten = limiter.take_dropped();
                if forgotten > 0 {
                    cx.count(self.counters.expect("made at the start").forgotten, forgotten);
                }
                self.decided(call, decision, cx);
            }
            State::Shared(Shared { store, operation, .. }) => {
                let ask = store.ask(call).operation(*operation).tag(STORE);
                cx.call(ask);
            }
        }
    }

    /// One that waits, here or for the store, is gone; one that has passed is cancelled behind this part.
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}
