//! Calls that part ways by what they are.

use std::sync::Arc;

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Serve, Status};
use kneepoint_engine::SimDuration;

use super::balancer::HEALTH_CHECK;
use crate::edge::Edge;

/// A way that some calls go.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Where it leads.
    pub to: Edge,
    /// Only calls for this operation; any if none is named.
    pub operation: Option<u16>,
    /// Only requests of these classes; any if none is named.
    pub classes: Vec<u8>,
    /// The operation to ask for there; that of the call if none is named.
    pub asks_for: Option<u16>,
}

/// Passes each call on over the first way that is meant for its operation and class: where an edge differs by them.
///
/// All ways lead to one part, whose health is asked over the first of them; unless it is a [gateway](Sorter::gateway).
///
/// It takes no time and keeps nothing. It is woken by the answers of calls it asks for another operation.
///
/// # Series
/// Count `unknown_way`: calls no way is meant for, answered `Failed`.
#[derive(Clone, Debug)]
pub struct Sorter {
    ways: Arc<[Way]>,
    is_asked_itself: bool,
    unknown: Option<Counter>,
}

impl Sorter {
    /// Returns a sorter of these ways.
    pub fn new(ways: Vec<Way>) -> Sorter {
        Sorter { ways: ways.into(), is_asked_itself: false, unknown: None }
    }

    /// Returns a sorter whose ways lead to different parts: a [`HEALTH_CHECK`] is about itself, and it is well.
    pub fn gateway(ways: Vec<Way>) -> Sorter {
        Sorter { is_asked_itself: true, ..Sorter::new(ways) }
    }

    /// A check of health is of no operation or class.
    fn check(&mut self, call: Call, cx: &mut Cx<Self>) {
        match self.ways.first() {
            Some(way) if !self.is_asked_itself => {
                cx.call(way.to.ask(call).relay());
            }
            _ => cx.answer(call, Status::Ok),
        }
    }
}

impl Component for Sorter {
    type Timer = ();

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.unknown = Some(cx.counter("unknown_way"));
    }

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    /// Another operation was asked for: such a call is not relayed.
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
    }
}

impl Serve for Sorter {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let (operation, class) = (cx.operation(call), cx.attributes(call).class);
        if operation == HEALTH_CHECK {
            return self.check(call, cx);
        }
        let meant = |way: &&Way| {
            way.operation.is_none_or(|named| named == operation)
                && (way.classes.is_empty() || way.classes.contains(&class))
        };
        let Some(way) = self.ways.iter().find(meant) else {
            cx.count(self.unknown.expect("made at the start"), 1);
            return cx.answer(call, Status::Failed);
        };
        let ask = way.to.ask(call);
        cx.call(match way.asks_for {
            None => ask.relay(),
            Some(other) => ask.operation(other),
        });
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        // A call is passed on the moment it arrives, and the cancellation of a relayed call goes past this part.
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }
}
