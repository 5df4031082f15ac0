//! A wire between caller and callee.

use kneepoint_calls::{Answer, Call, Callee, Component, Counter, Cx, Held, Serve, Status, timers};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

use super::pipe::Pipe;
use crate::draw::span;

timers! {
    /// What a link waits for.
    pub enum LinkTimer { Cancel(Call) }
}

/// How many bytes a second fit through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bandwidth {
    /// \[B/s\], in each direction.
    pub bytes_per_s: f64,
    /// Whether all calls share it; else each has so much to itself.
    pub shared: bool,
}

/// Takes calls to their callee and answers back: half the round trip each way, transmission on top, some are lost.
///
/// A round trip is drawn once per call. Size and bandwidth decide how long a call takes to transmit, reply and
/// bandwidth how long its answer. A call is lost with the given probability on its way there, and its answer on its
/// way back: then the callee has done its work for nothing. Nobody answers a lost call: without a time-out its caller
/// waits for ever. A cancellation takes half the round trip, too.
///
/// # Series
/// Count `lost`: calls and answers.
///
/// # Assumptions
/// A shared link sends one message after the other in each direction, in the order in which they are given to it; one
/// that is given up meanwhile is sent all the same. Right for a queue at one bottleneck (Kurose and Ross,
/// "Computer Networking", section 1.4: propagation, transmission and queueing delay). In reality several large
/// transfers over TCP share it evenly (Massoulié and Roberts, "Bandwidth sharing and admission control for elastic
/// traffic", Telecommunication Systems 15, 2000); here a large one holds up the small ones behind it. The total per
/// second is the same.
#[derive(Clone, Debug)]
pub struct Link {
    to: Callee,
    round_trip: Distribution,
    bandwidth: Option<Bandwidth>,
    loss: f64,
    there: Pipe,
    back: Pipe,
    /// The way back of each call, where it was drawn.
    halves: Held<SimDuration>,
    /// The way back of all calls, where it is a constant: nothing is remembered then.
    constant: Option<SimDuration>,
    stream: Option<Stream>,
    lost: Option<Counter>,
}

impl Link {
    /// Returns a link with this round trip \[ns\].
    pub fn new(to: Callee, round_trip: Distribution) -> Link {
        let constant = round_trip.is_constant().map(|nanos| SimDuration::from_nanos_f64(nanos / 2.0));
        Link {
            to,
            round_trip,
            bandwidth: None,
            loss: 0.0,
            there: Pipe::default(),
            back: Pipe::default(),
            halves: Held::default(),
            constant,
            stream: None,
            lost: None,
        }
    }

    /// With this bandwidth.
    ///
    /// # Panics
    /// If it is not above 0 and finite.
    pub fn with_bandwidth(self, bandwidth: Bandwidth) -> Link {
        let rate = bandwidth.bytes_per_s;
        assert!(rate > 0.0 && rate.is_finite(), "a link of {rate} bytes a second");
        Link { bandwidth: Some(bandwidth), ..self }
    }

    /// With this probability that a message is lost, each way.
    ///
    /// # Panics
    /// If it is no probability.
    pub fn with_loss(self, loss: f64) -> Link {
        assert!((0.0..=1.0).contains(&loss), "a loss of {loss}");
        Link { loss, ..self }
    }

    fn half(&mut self, call: Call, cx: &mut Cx<Self>) -> SimDuration {
        match self.constant {
            Some(half) => half,
            None => *self.halves.get(call, cx),
        }
    }

    fn forget(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.constant.is_none() {
            self.halves.take(call, cx);
        }
    }

    /// Whether this message is lost; counts it. Draws of its own: losses must not change what a request asks for.
    fn loses(&mut self, cx: &mut Cx<Self>) -> bool {
        if self.loss == 0.0 {
            return false;
        }
        let lost = self.stream.as_mut().expect("made at the start").chance(self.loss);
        if lost {
            cx.count(self.lost.expect("made at the start"), 1);
        }
        lost
    }
}

/// How long so many bytes take to leave.
fn transmission(bandwidth: Option<Bandwidth>, bytes: u32, pipe: &mut Pipe, now: SimTime) -> SimDuration {
    match bandwidth {
        None => SimDuration::ZERO,
        Some(Bandwidth { bytes_per_s, shared }) => {
            let span = SimDuration::from_nanos_f64(bytes as f64 / bytes_per_s * 1e9);
            if shared { pipe.send(now, span) } else { span }
        }
    }
}

impl Component for Link {
    type Timer = LinkTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.stream = Some(cx.stream("loss"));
        self.lost = Some(cx.counter("lost"));
    }

    /// The cancellation has crossed.
    fn on_timer(&mut self, LinkTimer::Cancel(call): LinkTimer, cx: &mut Cx<Self>) {
        self.forget(call, cx);
        cx.abandon_rest(call, true);
        cx.answer(call, Status::Cancelled);
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let Answer { call, status, value, .. } = answer;
        let half = self.half(call, cx);
        self.forget(call, cx);
        // Lost or not, it was transmitted.
        let bytes = cx.attributes(call).reply;
        let wire = transmission(self.bandwidth, bytes, &mut self.back, cx.now()) + half;
        if self.loses(cx) {
            cx.lose(call);
        } else {
            cx.answer_with(call, status, value, wire);
        }
    }
}

impl Serve for Link {
    #[inline]
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let operation = cx.operation(call);
        let bytes = cx.attributes(call).size;
        let wire = transmission(self.bandwidth, bytes, &mut self.there, cx.now());
        if self.loses(cx) {
            cx.lose(call);
            return;
        }
        let half = match self.constant {
            Some(half) => half,
            None => {
                let half = SimDuration::from_nanos(span(&self.round_trip, call, cx).as_nanos() / 2);
                self.halves.put(call, half, cx);
                half
            }
        };
        cx.call(self.to.ask(call).operation(operation).delayed(wire + half));
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        let half = self.half(call, cx);
        cx.later(half, LinkTimer::Cancel(call));
    }
}
