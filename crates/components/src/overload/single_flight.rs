//! One call for all who want the same.

use std::sync::Arc;

use kneepoint_calls::{Answer, Asked, Attributes, Call, Component, Counter, Cx, Gauge, Serve, Status};
use kneepoint_engine::SimDuration;

use crate::edge::Edge;
use crate::limits::KeyIndex;
use crate::service::Key;

const NOBODY: u32 = u32::MAX;

/// While a call for a key is under way, others for the same key and operation wait for its answer instead of being made.
///
/// The call under way is this part's own: that the first who wanted it gives up does not end it for the others. When
/// nobody is left it is cancelled. The time of all who wait is booked as waiting here.
///
/// # Assumptions
/// What is asked for depends on key and operation alone; size, priority and class of the call are those of whoever
/// came first.
///
/// # Series
/// Counts `flights`, `shared` (calls that joined one); level `waiting`.
///
/// # Source
/// `golang.org/x/sync/singleflight`, `Group.Do`.
#[derive(Clone, Debug)]
pub struct SingleFlight {
    to: Edge,
    key: Arc<Key>,
    flights: Vec<Flight>,
    free_flights: Vec<u32>,
    /// Which flight the call in this slot is.
    asking: Vec<u32>,
    under_way: KeyIndex,
    waiters: Vec<Waiter>,
    free_waiters: Vec<u32>,
    series: Option<Series>,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    key: u64,
    asked: Option<Asked>,
    first: u32,
}

/// Those who wait for one flight are linked, newest first.
#[derive(Clone, Copy, Debug)]
struct Waiter {
    call: Call,
    flight: u32,
    newer: u32,
    older: u32,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    flights: Counter,
    shared: Counter,
    waiting: Gauge,
}

impl SingleFlight {
    /// Returns a part before `to` that tells calls apart by this key.
    pub fn new(to: impl Into<Edge>, key: Key) -> SingleFlight {
        SingleFlight {
            to: to.into(),
            key: Arc::new(key),
            flights: Vec::new(),
            free_flights: Vec::new(),
            asking: Vec::new(),
            under_way: KeyIndex::default(),
            waiters: Vec::new(),
            free_waiters: Vec::new(),
            series: None,
        }
    }

    fn series(&self) -> Series {
        self.series.expect("made at the start")
    }

    fn wait(&mut self, call: Call, flight: u32, cx: &mut Cx<Self>) {
        let older = self.flights[flight as usize].first;
        let waiter = Waiter { call, flight, newer: NOBODY, older };
        let at = match self.free_waiters.pop() {
            Some(at) => {
                self.waiters[at as usize] = waiter;
                at
            }
            None => {
                self.waiters.push(waiter);
                self.waiters.len() as u32 - 1
            }
        };
        if older != NOBODY {
            self.waiters[older as usize].newer = at;
        }
        self.flights[flight as usize].first = at;
        cx.set_note(call, at);
        cx.add(self.series().waiting, 1.0);
    }

    fn take_off(&mut self, key: u64, operation: u16, call: Call, cx: &mut Cx<Self>) -> u32 {
        let of = *cx.attributes(call);
        let draws = cx.draw(call);
        let attributes = Attributes { born: cx.now(), draws, ..of };
        let flight = Flight { key, asked: None, first: NOBODY };
        let at = match self.free_flights.pop() {
            Some(at) => {
                self.flights[at as usize] = flight;
                at
            }
            None => {
                self.flights.push(flight);
                self.flights.len() as u32 - 1
            }
        };
        self.under_way.put(key, at);
        cx.count(self.series().flights, 1);
        let asked = cx.call(self.to.request(attributes).operation(operation));
        self.flights[at as usize].asked = Some(asked);
        if self.asking.len() <= asked.index() {
            self.asking.resize(asked.index() + 1, NOBODY);
        }
        self.asking[asked.index()] = at;
        at
    }

    fn land(&mut self, flight: u32) {
        self.under_way.remove(self.flights[flight as usize].key);
        self.flights[flight as usize].asked = None;
        self.free_flights.push(flight);
    }
}

impl Component for SingleFlight {
    type Timer = ();

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.series = Some(Series {
            flights: cx.counter("flights"),
            shared: cx.counter("shared"),
            waiting: cx.gauge("waiting"),
        });
    }

    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}

    /// All who wait are answered, in the order in which they came.
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let flight = self.asking[answer.asked.index()];
        let mut at = self.flights[flight as usize].first;
        self.land(flight);
        // Linked newest first: to the oldest, and back.
        while at != NOBODY && self.waiters[at as usize].older != NOBODY {
            at = self.waiters[at as usize].older;
        }
        while at != NOBODY {
            let Waiter { call, newer, .. } = self.waiters[at as usize];
            self.free_waiters.push(at);
            cx.add(self.series().waiting, -1.0);
            cx.answer_with(call, answer.status, answer.value, SimDuration::ZERO);
            at = newer;
        }
    }
}

impl Serve for SingleFlight {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let operation = cx.operation(call);
        let key = self.key.of(call, cx);
        let key = u64::from(operation) << 32 | u64::from(key);
        let flight = match self.under_way.get(key) {
            Some(flight) => {
                cx.count(self.series().shared, 1);
                flight
            }
            None => self.take_off(key, operation, call, cx),
        };
        self.wait(call, flight, cx);
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        let at = cx.note(call);
        let Waiter { flight, newer, older, .. } = self.waiters[at as usize];
        match newer {
            NOBODY => self.flights[flight as usize].first = older,
            newer => self.waiters[newer as usize].older = older,
        }
        if older != NOBODY {
            self.waiters[older as usize].newer = newer;
        }
        self.free_waiters.push(at);
        cx.add(self.series().waiting, -1.0);
        if self.flights[flight as usize].first == NOBODY {
            if let Some(asked) = self.flights[flight as usize].asked {
                cx.abandon(asked, true);
            }
            self.land(flight);
        }
        cx.answer(call, Status::Cancelled);
    }
}
