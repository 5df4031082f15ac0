//! Not even sending what would be turned away.

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Serve, Status};
use kneepoint_engine::SimDuration;
use kneepoint_random::Stream;

use super::Acceptance;
use crate::edge::Edge;

/// Answers calls [`Status::Refused`] by itself, with a chance that grows as those it sends are turned away.
///
/// A call counts as accepted if somebody did its work: it ended well or failed. It does not if it was turned away, timed
/// out, was lost, or if nobody was there. One that is cancelled was asked for and says nothing.
///
/// # Series
/// Counts `sent`, `refused`.
///
/// # Source
/// As [`Acceptance`].
#[derive(Clone, Debug)]
pub struct Throttle {
    to: Edge,
    acceptance: Acceptance,
    draws: Option<Stream>,
    series: Option<(Counter, Counter)>,
}

impl Throttle {
    /// Returns a throttle before `to`.
    pub fn new(to: impl Into<Edge>, acceptance: Acceptance) -> Throttle {
        Throttle { to: to.into(), acceptance, draws: None, series: None }
    }
}

impl Component for Throttle {
    type Timer = ();

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.draws = Some(cx.stream("refuse"));
        self.series = Some((cx.counter("sent"), cx.counter("refused")));
    }

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        if answer.status.is_good() || answer.status == Status::Failed {
            self.acceptance.accepted(cx.now());
        }
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
    }
}

impl Serve for Throttle {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let (sent, refused) = self.series.expect("made at the start");
        let chance = self.acceptance.refusal_chance(cx.now());
        self.acceptance.asked(cx.now());
        if self.draws.as_mut().expect("made at the start").uniform() < chance {
            cx.count(refused, 1);
            return cx.answer(call, Status::Refused);
        }
        cx.count(sent, 1);
        let operation = cx.operation(call);
        cx.call(self.to.ask(call).operation(operation));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}
