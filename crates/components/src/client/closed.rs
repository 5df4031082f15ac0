//! A client whose users wait.

use kneepoint_calls::{Answer, Component, Cx, Gauge, Timer, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, RequestStreams};

use super::classes::Classes;
use super::profile::{RateProfile, whole};
use super::requests::{Known, Requests};
use super::senders::Senders;
use crate::edge::Edge;

timers! {
    /// What a closed client waits for.
    pub enum ClosedTimer { Think(u32), Users }
}

/// What a user is doing.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Gone,
    Thinking(Timer),
    Waiting,
}

#[derive(Clone, Copy, Debug)]
struct User {
    doing: Doing,
    /// Requests so far.
    sent: u32,
}

/// A number of users each of whom thinks, asks, waits for the answer, and thinks again.
///
/// The number of users may follow time. A new user begins by thinking; the one who came last leaves first: at once if
/// thinking, else when the request under way has ended. The n-th request and the n-th thinking of a user depend
/// on seed, path, user and n alone.
///
/// # Series
/// As [`OpenClient`](super::OpenClient), and level `users`: those present, with leaving ones who still wait.
///
/// # Source
/// The interactive system of Lazowska et al., "Quantitative System Performance", 1984, section 4.2 (throughput is
/// users / (think time + response time)). Chosen: who leaves first.
#[derive(Clone, Debug)]
pub struct ClosedClient {
    requests: Requests,
    wanted: RateProfile,
    think: Distribution,
    users: Vec<User>,
    target: u32,
    thinking: Option<RequestStreams>,
    level: Option<Gauge>,
    /// Which user waits for the call in this slot.
    asking: Vec<u32>,
}

impl ClosedClient {
    /// Returns a client with so many users, rounded (at most 2^32 - 1), over time.
    pub fn new(
        to: impl Into<Edge>,
        users: RateProfile,
        think: Distribution,
        classes: Classes,
    ) -> ClosedClient {
        ClosedClient {
            requests: Requests::new(to.into(), classes),
            wanted: users,
            think,
            users: Vec::new(),
            target: 0,
            thinking: None,
            level: None,
            asking: Vec::new(),
        }
    }

    /// With these numbers for its users: each of them is one.
    pub fn with_senders(self, senders: Senders) -> ClosedClient {
        ClosedClient { requests: self.requests.with_senders(senders), ..self }
    }

    fn think(&mut self, user: u32, cx: &mut Cx<Self>) {
        let streams = self.thinking.as_ref().expect("made at the start");
        let at = user as usize;
        let span = match self.think.is_constant() {
            Some(span) => span,
            None => self.think.sample(&mut streams.stream(index(user, self.users[at].sent))),
        };
        let timer = cx.after(SimDuration::from_nanos_f64(span), ClosedTimer::Think(user));
        self.users[at].doing = Doing::Thinking(timer);
    }

    /// Lets users come and go, and looks when that happens next.
    fn follow(&mut self, cx: &mut Cx<Self>) {
        let level = self.level.expect("made at the start");
        let target = whole(self.wanted.rate_at(cx.now())).min(u32::MAX as u64) as u32;
        let before = std::mem::replace(&mut self.target, target);
        for user in before..target {
            if self.users.len() <= user as usize {
                self.users.push(User { doing: Doing::Gone, sent: 0 });
            }
            if let Doing::Gone = self.users[user as usize].doing {
                cx.add(level, 1.0);
                self.think(user, cx);
            }
        }
        for user in (target..before).rev() {
            if let Doing::Thinking(timer) = self.users[user as usize].doing {
                cx.cancel(timer);
                self.leave(user, cx);
            }
        }
        if let Some(at) = self.wanted.next_whole(cx.now()) {
            cx.later(at - cx.now(), ClosedTimer::Users);
        }
    }

    fn leave(&mut self, user: u32, cx: &mut Cx<Self>) {
        self.users[user as usize].doing = Doing::Gone;
        cx.add(self.level.expect("made at the start"), -1.0);
    }
}

/// The index of a user's n-th request among all of the client.
fn index(user: u32, n: u32) -> u64 {
    (user as u64) << 32 | n as u64
}

impl Component for ClosedClient {
    type Timer = ClosedTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.requests.start(cx);
        self.thinking = Some(Requests::streams(cx, "think"));
        self.level = Some(cx.gauge("users"));
        self.follow(cx);
    }

    fn on_timer(&mut self, timer: ClosedTimer, cx: &mut Cx<Self>) {
        match timer {
            ClosedTimer::Users => self.follow(cx),
            ClosedTimer::Think(user) => {
                let n = self.users[user as usize].sent;
                self.users[user as usize] = User { doing: Doing::Waiting, sent: n.wrapping_add(1) };
                let known = Known { user: Some(user), ..Known::default() };
                let asked = self.requests.send(index(user, n), cx.now(), known, cx);
                if self.asking.len() <= asked.index() {
                    self.asking.resize(asked.index() + 1, 0);
                }
                self.asking[asked.index()] = user;
            }
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.requests.ended(&answer, cx);
        let user = self.asking[answer.asked.index()];
        if user < self.target {
            self.think(user, cx);
        } else {
            self.leave(user, cx);
        }
    }

    /// Users come back with new requests, not with their first ones.
    fn survive(&mut self, old: &Self) {
        self.users = old.users.iter().map(|user| User { doing: Doing::Gone, sent: user.sent }).collect();
    }
}
