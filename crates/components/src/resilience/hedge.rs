//! A second copy of a call that takes long.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Gauge, Held, Serve, Status, timers};
use kneepoint_engine::SimDuration;

use super::budget::Budget;
use super::recent_quantile::RecentQuantile;
use crate::edge::Edge;

timers! {
    /// What a hedge waits for.
    pub enum HedgeTimer { Copy(Call) }
}

/// When to send a copy.
#[derive(Clone, Debug)]
pub enum After {
    /// After a time.
    Time(SimDuration),
    /// After the time that this share of the first copies is answered in, as far as the past tells; before it tells
    /// anything, never.
    Quantile(RecentQuantile),
}

/// How calls are hedged.
#[derive(Clone, Debug)]
pub struct Hedges {
    /// After which time without an answer.
    pub after: After,
    /// How many extra copies at most, each so long after the one before; 65 000 at most.
    pub most: u16,
    /// Whether the losers are told to stop.
    pub cancelling: bool,
    /// What bounds the extra copies of all calls together.
    pub budget: Option<Budget>,
}

/// Passes calls on, and sends a copy of one that is not answered in time: the first good answer wins.
///
/// Each copy is a branch, with work of its own. The rest is given up when one has won: cancelled or left to run, as is
/// said. A bad answer while others are out is waited past; if none is left, the last one is the answer (another try is
/// not what a hedge is for). Which instance a copy goes to is up to what stands behind.
///
/// For a quantile the times of first copies are recorded when they are answered with something good, and when they are
/// given up because another has won, with the time they have taken until then: such a time is above the quantile
/// already, so that its rank is right though it is cut short.
///
/// # Series
/// Counts `hedges` (extra copies), `wins` (calls that an extra copy answered), `budget_exhausted`; level `budget`
/// \[tokens\], if there is one.
///
/// # Source
/// Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013, "Hedged requests".
#[derive(Clone, Debug)]
pub struct Hedge {
    to: Edge,
    rules: Hedges,
    held: Held<Racing>,
    hedges: Counter,
    wins: Counter,
    budget_exhausted: Counter,
    budget: Gauge,
}

/// A call with copies out.
#[derive(Clone, Copy, Debug)]
struct Racing {
    operation: u16,
    /// Extra copies sent.
    extra: u16,
    /// Copies that are not answered.
    out: u16,
    /// Whether the first copy is among them.
    first_out: bool,
}

impl Hedge {
    /// Returns a part that hedges calls of `to`.
    pub fn new(to: impl Into<Edge>, rules: Hedges) -> Hedge {
        Hedge {
            to: to.into(),
            rules,
            held: Held::default(),
            hedges: Counter::NONE,
            wins: Counter::NONE,
            budget_exhausted: Counter::NONE,
            budget: Gauge::NONE,
        }
    }

    fn wait(&mut self, call: Call, cx: &mut Cx<Self>) {
        let wait = match &mut self.rules.after {
            After::Time(after) => Some(*after),
            After::Quantile(past) => past.get(cx.now()),
        };
        if let Some(wait) = wait {
            cx.later(wait, HedgeTimer::Copy(call));
        }
    }

    fn learn(&mut self, call: Call, cx: &Cx<Self>) {
        if let After::Quantile(past) = &mut self.rules.after {
            past.record(cx.age(call), cx.now());
        }
    }

    fn show_budget(&self, cx: &mut Cx<Self>) {
        if let Some(budget) = &self.rules.budget {
            cx.set(self.budget, budget.left());
        }
    }
}

impl Component for Hedge {
    type Timer = HedgeTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.hedges = cx.counter("hedges");
        self.wins = cx.counter("wins");
        self.budget_exhausted = cx.counter("budget_exhausted");
        if self.rules.budget.is_some() {
            self.budget = cx.gauge("budget");
            self.show_budget(cx);
        }
    }

    fn on_timer(&mut self, HedgeTimer::Copy(call): HedgeTimer, cx: &mut Cx<Self>) {
        if cx.is_orphan(call) {
            return; // nobody waits for it: what is out runs to its end
        }
        if let Some(budget) = &mut self.rules.budget {
            if !budget.take(cx.now()) {
                cx.count(self.budget_exhausted, 1);
                return;
            }
            self.show_budget(cx);
        }
        let racing = self.held.get(call, cx);
        racing.extra += 1;
        racing.out += 1;
        let Racing { operation, extra, .. } = *racing;
        cx.count(self.hedges, 1);
        cx.call(self.to.ask(call).operation(operation).branch().tag(extra));
        if extra < self.rules.most {
            self.wait(call, cx);
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let call = answer.call;
        let good = answer.status.is_good();
        if let Some(budget) = &mut self.rules.budget {
            if good {
                budget.success();
            } else {
                budget.failure();
            }
            self.show_budget(cx);
        }
        let racing = self.held.get(call, cx);
        racing.out -= 1;
        let (out, first_out) = (racing.out, racing.first_out);
        if answer.tag == 0 {
            racing.first_out = false;
        }
        if !good && out > 0 {
            return;
        }
        if good && first_out {
            self.learn(call, cx);
        }
        if good && answer.tag > 0 {
            cx.count(self.wins, 1);
        }
        cx.abandon_rest(call, self.rules.cancelling);
        self.held.take(call, cx);
        cx.answer_with(call, answer.status, answer.value, SimDuration::ZERO);
    }
}

impl Serve for Hedge {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let operation = cx.operation(call);
        self.held.put(call, Racing { operation, extra: 0, out: 1, first_out: true }, cx);
        if let Some(budget) = &mut self.rules.budget {
            budget.first();
            self.show_budget(cx);
        }
        cx.call(self.to.ask(call).operation(operation).branch());
        if self.rules.most > 0 {
            self.wait(call, cx);
        }
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.held.take(call, cx);
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}
