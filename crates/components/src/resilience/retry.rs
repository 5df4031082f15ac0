//! Another try after a failure.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Gauge, Held, Phase, Serve, Status, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::Stream;

use super::backoff::{Backoff, Jitter, Waits};
use super::budget::Budget;
use super::statuses::Statuses;
use crate::edge::Edge;

timers! {
    /// What a retry waits for.
    pub enum RetryTimer { Again(Call) }
}

/// How often, after what and when a call is tried again.
#[derive(Clone, Debug)]
pub struct Retries {
    /// How many tries after the first one.
    pub most: u32,
    /// After which answers.
    pub on: Statuses,
    /// How long to wait before each.
    pub waits: Waits,
    /// What bounds the retries of all calls together.
    pub budget: Option<Budget>,
    /// Whether a callee that says when to come back is waited for.
    pub honour_retry_after: bool,
    /// Whether there is another try only after an answer that says when.
    pub only_when_told: bool,
}

impl Retries {
    /// Returns so many retries at once, after time-outs, failures, and callees that are gone or lost the call.
    pub fn at_once(most: u32) -> Retries {
        Retries {
            most,
            on: Statuses::of(&[Status::Timeout, Status::Failed, Status::Unavailable, Status::Lost]),
            waits: Waits::Planned { backoff: Backoff::AtOnce, jitter: Jitter::None },
            budget: None,
            honour_retry_after: false,
            only_when_told: false,
        }
    }

    /// Returns a try whenever a callee that turned the call away says when, as often as it does.
    pub fn when_told() -> Retries {
        Retries {
            on: Statuses::of(&[Status::Limited, Status::Shed, Status::Rejected, Status::Unavailable]),
            honour_retry_after: true,
            only_when_told: true,
            ..Retries::at_once(u32::MAX)
        }
    }
}

/// Passes calls on, and tries again after an answer that is worth it.
///
/// A time-out of the edge is per try; whoever gave up a try without cancelling leaves it at work, and the next is made
/// beside it. Each try is a branch: the time of one that failed is wasted, the time before another is back-off. A
/// cancelled call cancels the try under way; a call whose caller has given up without a word is not tried again, as the
/// loop that would is its caller's.
///
/// A callee says when to come back by the number of an answer `Limited`, `Shed`, `Rejected` or `Unavailable`
/// \[ms\], 0 for nothing said: then the wait is at least that long.
///
/// # Series
/// Counts `retries`, `budget_exhausted` (not tried again for want of budget), `exhausted` (failed after the last
/// retry); level `budget` \[tokens\], if there is one.
#[derive(Clone, Debug)]
pub struct Retry {
    to: Edge,
    rules: Retries,
    held: Held<Trying>,
    chance: Option<Stream>,
    retries: Counter,
    budget_exhausted: Counter,
    exhausted: Counter,
    budget: Gauge,
}

/// A call that is being tried.
#[derive(Clone, Copy, Debug)]
struct Trying {
    operation: u16,
    /// Retries made.
    retries: u32,
    /// The last wait.
    waited: SimDuration,
}

impl Retry {
    /// Returns a part that tries calls of `to` again.
    pub fn new(to: impl Into<Edge>, rules: Retries) -> Retry {
        Retry {
            to: to.into(),
            rules,
            held: Held::default(),
            chance: None,
            retries: Counter::NONE,
            budget_exhausted: Counter::NONE,
            exhausted: Counter::NONE,
            budget: Gauge::NONE,
        }
    }

    fn attempt(&mut self, call: Call, cx: &mut Cx<Self>) {
        let operation = self.held.get(call, cx).operation;
        cx.call(self.to.ask(call).operation(operation).branch());
    }

    /// Whether there is another try, and then how long to wait for it.
    fn again(&mut self, answer: &Answer, cx: &mut Cx<Self>) -> Option<SimDuration> {
        if !self.rules.on.has(answer.status) || cx.is_orphan(answer.call) {
            return None;
        }
        if self.rules.only_when_told && retry_after(answer).is_zero() {
            return None;
        }
        let trying = self.held.get(answer.call, cx);
        if trying.retries >= self.rules.most {
            cx.count(self.exhausted, 1);
            return None;
        }
        if let Some(budget) = &mut self.rules.budget
            && !budget.take(cx.now())
        {
            cx.count(self.budget_exhausted, 1);
            return None;
        }
        trying.retries += 1;
        let chance = self.chance.as_mut().expect("asked for at the start");
        let wait = self.rules.waits.wait(trying.retries, trying.waited, chance);
        trying.waited = wait;
        let asked = if self.rules.honour_retry_after { retry_after(answer) } else { SimDuration::ZERO };
        Some(wait.max(asked))
    }

    fn show_budget(&self, cx: &mut Cx<Self>) {
        if let Some(budget) = &self.rules.budget {
            cx.set(self.budget, budget.left());
        }
    }
}

/// When the callee wants to be asked again, after the answer; 0 if it has not said.
fn retry_after(answer: &Answer) -> SimDuration {
    match answer.status {
        Status::Limited | Status::Shed | Status::Rejected | Status::Unavailable => {
            SimDuration::from_millis(answer.value.into())
        }
        _ => SimDuration::ZERO,
    }
}

impl Component for Retry {
    type Timer = RetryTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.chance = Some(cx.stream("jitter"));
        self.retries = cx.counter("retries");
        self.budget_exhausted = cx.counter("budget_exhausted");
        self.exhausted = cx.counter("exhausted");
        if self.rules.budget.is_some() {
            self.budget = cx.gauge("budget");
            self.show_budget(cx);
        }
    }

    fn on_timer(&mut self, RetryTimer::Again(call): RetryTimer, cx: &mut Cx<Self>) {
        if cx.is_orphan(call) {
            self.held.take(call, cx);
            cx.answer(call, Status::Cancelled);
            return;
        }
        cx.count(self.retries, 1);
        self.attempt(call, cx);
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let call = answer.call;
        if let Some(budget) = &mut self.rules.budget {
            if answer.status.is_good() {
                budget.success();
            } else if self.rules.on.has(answer.status) {
                budget.failure();
            }
        }
        match self.again(&answer, cx) {
            Some(SimDuration::ZERO) => {
                cx.count(self.retries, 1);
                self.attempt(call, cx);
            }
            Some(wait) => {
                cx.phase(call, Phase::Backoff);
                cx.later(wait, RetryTimer::Again(call));
            }
            None => {
                self.held.take(call, cx);
                cx.answer_with(call, answer.status, answer.value, SimDuration::ZERO);
            }
        }
        self.show_budget(cx);
    }
}

impl Serve for Retry {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let operation = cx.operation(call);
        self.held.put(call, Trying { operation, retries: 0, waited: SimDuration::ZERO }, cx);
        if let Some(budget) = &mut self.rules.budget {
            budget.first();
            self.show_budget(cx);
        }
        self.attempt(call, cx);
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.held.take(call, cx);
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}
