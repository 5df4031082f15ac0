//! A client of sessions: they arrive by themselves, but within one a user waits.

use kneepoint_calls::{Answer, Component, Counter, Cx, Gauge, timers};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, RequestStreams, Stream};

use super::arrivals::{ArrivalProcess, Next};
use super::classes::Classes;
use super::profile::whole;
use super::requests::{Known, Requests};
use super::senders::Senders;
use crate::edge::Edge;

timers! {
    /// What a client of sessions waits for.
    pub enum SessionTimer { Arrival, Look, Think(u32) }
}

#[derive(Clone, Copy, Debug)]
struct Session {
    index: u32,
    sent: u32,
    /// Requests still to be made.
    left: u32,
}

/// Sessions that arrive at a rate; each makes a drawn number of requests, one after the other, thinking in between.
///
/// The first request leaves at once, and a session has at least one. A failed request does not end it. Length,
/// requests and thinking of the n-th session depend on seed, path and n alone.
///
/// # Series
/// As [`OpenClient`](super::OpenClient), and level `sessions`, count `sessions_started`.
///
/// # Source
/// The partly open system of Schroeder, Wierman and Harchol-Balter, "Open versus closed: a cautionary tale",
/// NSDI 2006.
#[derive(Clone, Debug)]
pub struct SessionClient {
    requests: Requests,
    arrivals: ArrivalProcess,
    length: Distribution,
    think: Distribution,
    streams: Option<Streams>,
    intended: SimTime,
    begun: u32,
    sessions: Vec<Session>,
    free: Vec<u32>,
    /// Which session waits for the call in this slot.
    asking: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Streams {
    arrivals: Stream,
    lengths: RequestStreams,
    thinking: RequestStreams,
    level: Gauge,
    started: Counter,
}

impl SessionClient {
    /// Returns a client whose sessions arrive like this, have so many requests (rounded, at least 1) and think so
    /// long \[ns\].
    pub fn new(
        to: impl Into<Edge>,
        sessions: ArrivalProcess,
        requests: Distribution,
        think: Distribution,
        classes: Classes,
    ) -> SessionClient {
        SessionClient {
            requests: Requests::new(to.into(), classes),
            arrivals: sessions,
            length: requests,
            think,
            streams: None,
            intended: SimTime::ZERO,
            begun: 0,
            sessions: Vec::new(),
            free: Vec::new(),
            asking: Vec::new(),
        }
    }

    /// With these numbers for its users: each session is one.
    pub fn with_senders(self, senders: Senders) -> SessionClient {
        SessionClient { requests: self.requests.with_senders(senders), ..self }
    }

    fn streams(&self) -> &Streams {
        self.streams.as_ref().expect("made at the start")
    }

    fn look(&mut self, cx: &mut Cx<Self>) {
        let streams = self.streams.as_mut().expect("made at the start");
        let (at, timer) = match self.arrivals.next(&mut streams.arrivals) {
            Next::Arrival(at) => (at, SessionTimer::Arrival),
            Next::NotYet(at) => (at, SessionTimer::Look),
            Next::Never => return,
        };
        self.intended = at;
        cx.later(at.max(cx.now()) - cx.now(), timer);
    }

    fn begin(&mut self, cx: &mut Cx<Self>) {
        let index = self.begun;
        self.begun = self.begun.wrapping_add(1);
        let length = match self.length.is_constant() {
            Some(length) => length,
            None => self.length.sample(&mut self.streams().lengths.stream(index as u64)),
        };
        let session = Session { index, sent: 0, left: whole(length).clamp(1, u32::MAX as u64) as u32 };
        let place = match self.free.pop() {
            Some(place) => {
                self.sessions[place as usize] = session;
                place
            }
            None => {
                self.sessions.push(session);
                self.sessions.len() as u32 - 1
            }
        };
        let (level, started) = (self.streams().level, self.streams().started);
        cx.add(level, 1.0);
        cx.count(started, 1);
        self.send(place, self.intended, cx);
    }

    fn send(&mut self, place: u32, born: SimTime, cx: &mut Cx<Self>) {
        let session = &mut self.sessions[place as usize];
        let index = index(session);
        let known = Known { user: Some(session.index), ..Known::default() };
        session.sent += 1;
        session.left -= 1;
        let asked = self.requests.send(index, born, known, cx);
        if self.asking.len() <= asked.index() {
            self.asking.resize(asked.index() + 1, 0);
        }
        self.asking[asked.index()] = place;
    }
}

/// The index of the session's next request among all of the client.
fn index(session: &Session) -> u64 {
    (session.index as u64) << 32 | session.sent as u64
}

impl Component for SessionClient {
    type Timer = SessionTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.requests.start(cx);
        self.streams = Some(Streams {
            arrivals: cx.stream("arrivals"),
            lengths: Requests::streams(cx, "length"),
            thinking: Requests::streams(cx, "think"),
            level: cx.gauge("sessions"),
            started: cx.counter("sessions_started"),
        });
        self.arrivals.begin(cx.now());
        self.look(cx);
    }

    fn on_timer(&mut self, timer: SessionTimer, cx: &mut Cx<Self>) {
        match timer {
            SessionTimer::Look => self.look(cx),
            SessionTimer::Arrival => {
                self.begin(cx);
                self.look(cx);
            }
            SessionTimer::Think(place) => self.send(place, cx.now(), cx),
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.requests.ended(&answer, cx);
        let place = self.asking[answer.asked.index()];
        let session = self.sessions[place as usize];
        if session.left == 0 {
            self.free.push(place);
            let level = self.streams().level;
            cx.add(level, -1.0);
            return;
        }
        let think = match self.think.is_constant() {
            Some(think) => think,
            None => self.think.sample(&mut self.streams().thinking.stream(index(&session))),
        };
        cx.later(SimDuration::from_nanos_f64(think), SessionTimer::Think(place));
    }

    /// What comes after a restart are new sessions.
    fn survive(&mut self, old: &Self) {
        self.begun = old.begun;
    }
}
