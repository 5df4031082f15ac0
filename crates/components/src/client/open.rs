//! A client that does not wait.

use kneepoint_calls::{Answer, Component, Cx, timers};
use kneepoint_engine::SimTime;
use kneepoint_random::{Distribution, Stream};

use super::arrivals::{ArrivalProcess, Next};
use super::classes::Classes;
use super::profile::whole;
use super::requests::Requests;
use super::senders::Senders;
use crate::edge::Edge;

timers! {
    /// What an open client waits for.
    pub enum OpenTimer { Arrival, Look, More }
}

/// A client that sends requests when they arise, whether earlier ones are answered or not.
///
/// ```text
/// arrivals --batch of requests--> to        latency counts from the instant a request was meant to be sent
/// ```
///
/// The rate counts arrivals; each may bring a batch of requests. Arrivals depend on the client's seed and path alone.
///
/// # Series
/// Per class `C`: samples `latency:C` and `latency_failed:C` \[ns\], counts `requests:C` and `ended:C:STATUS`; level
/// `in_flight`.
///
/// # Source
/// Schroeder, Wierman and Harchol-Balter, "Open versus closed: a cautionary tale", NSDI 2006.
#[derive(Clone, Debug)]
pub struct OpenClient {
    requests: Requests,
    arrivals: ArrivalProcess,
    batch: Option<Distribution>,
    streams: Option<(Stream, Stream)>,
    /// When the arrival under way was meant to be.
    intended: SimTime,
    /// Requests of the batch still to be sent.
    pending: u64,
    /// When a batch was announced last.
    announced: Option<SimTime>,
    sent: u64,
}

/// How many requests of a batch are sent within one event: in between, ceilings of the run are looked at.
const AT_ONCE: u64 = 1_024;

impl OpenClient {
    /// Returns a client with these arrivals and classes.
    pub fn new(to: impl Into<Edge>, arrivals: ArrivalProcess, classes: Classes) -> OpenClient {
        OpenClient {
            requests: Requests::new(to.into(), classes),
            arrivals,
            batch: None,
            streams: None,
            intended: SimTime::ZERO,
            pending: 0,
            announced: None,
            sent: 0,
        }
    }

    /// With so many requests at each arrival, rounded; zero is possible.
    pub fn with_batch(self, batch: Distribution) -> OpenClient {
        OpenClient { batch: (batch.is_constant() != Some(1.0)).then_some(batch), ..self }
    }

    /// With these users; without, all requests are of one.
    pub fn with_senders(self, senders: Senders) -> OpenClient {
        OpenClient { requests: self.requests.with_senders(senders), ..self }
    }

    #[inline(always)]
    fn look(&mut self, cx: &mut Cx<Self>) {
        let Some((arrivals, _)) = &mut self.streams else { unreachable!("streams are made at the start") };
        let (at, timer) = match self.arrivals.next(arrivals) {
            Next::Arrival(at) => (at, OpenTimer::Arrival),
            Next::NotYet(at) => (at, OpenTimer::Look),
            Next::Never => return,
        };
        self.intended = at;
        // A client that stood still has catching up to do: then the instant is past already.
        cx.later(at.max(cx.now()) - cx.now(), timer);
    }

    #[inline(always)]
    fn send(&mut self, cx: &mut Cx<Self>) {
        self.requests.send_drawn(self.sent, self.intended, cx);
        self.sent += 1;
    }

    /// Out of line, for nearly all timers are arrivals of one request.
    #[inline(never)]
    fn woken(&mut self, timer: OpenTimer, cx: &mut Cx<Self>) {
        match timer {
            OpenTimer::Look => self.look(cx),
            OpenTimer::More => self.send_batch(cx),
            OpenTimer::Arrival => {
                if let (Some(batch), Some((_, stream))) = (&self.batch, &mut self.streams) {
                    self.pending = whole(batch.sample(stream));
                }
                // Batch after batch at one instant may never end.
                if self.announced != Some(cx.now()) {
                    self.announced = Some(cx.now());
                    cx.announce(self.pending);
                }
                if self.pending > AT_ONCE {
                    // All of it is sent at this instant, before any of it is answered.
                    self.requests.are_sent(self.pending, cx);
                }
                self.send_batch(cx);
            }
        }
    }

    /// Sends what is pending of a batch, and looks for the next arrival when all is sent.
    #[inline(never)]
    fn send_batch(&mut self, cx: &mut Cx<Self>) {
        for _ in 0..self.pending.min(AT_ONCE) {
            self.send(cx);
        }
        self.pending = self.pending.saturating_sub(AT_ONCE);
        if self.pending > 0 {
            cx.later(kneepoint_engine::SimDuration::ZERO, OpenTimer::More);
        } else {
            self.look(cx);
        }
    }
}

impl Component for OpenClient {
    type Timer = OpenTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.requests.start(cx);
        self.streams = Some((cx.stream("arrivals"), cx.stream("batch")));
        self.arrivals.begin(cx.now());
        self.look(cx);
    }

    #[inline(always)]
    fn on_timer(&mut self, timer: OpenTimer, cx: &mut Cx<Self>) {
        if timer == OpenTimer::Arrival && self.batch.is_none() {
            self.send(cx);
            self.look(cx);
        } else {
            self.woken(timer, cx);
        }
    }

    #[inline(always)]
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.requests.ended(&answer, cx);
    }

    /// A request keeps its number for ever: one that comes back sends new ones.
    fn survive(&mut self, old: &Self) {
        self.sent = old.sent;
    }
}
