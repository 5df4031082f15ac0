//! Connections that are kept.

use std::collections::VecDeque;

use kneepoint_calls::{Answer, Call, Component, Counter, Cx, Gauge, Phase, Serve, Status, timers};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

use super::WaitingRoom;
use crate::edge::Edge;

timers! {
    /// What a pool waits for.
    pub enum PoolTimer { Connected, Impatient(Call), Idle }
}

/// Which idle connection is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// The one that was given back last: the others stay idle, and can be closed.
    Lifo,
    /// The one that has been idle longest: all are used in turn.
    Fifo,
}

/// What a pool is like.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// Connections that are opened at the start and not closed when idle.
    pub min: u64,
    /// The most.
    pub max: u64,
    /// How long a call waits for a connection.
    pub wait: SimDuration,
    /// How long it takes to open one \[ns\].
    pub connect: Distribution,
    /// How long one may be idle before it is closed; nothing is for ever.
    pub idle: Option<SimDuration>,
    /// Which idle one is taken.
    pub reuse: Reuse,
}

/// Gives each call a connection for as long as it lasts. Calls wait for one in the order in which they came, and are
/// answered [`Status::Rejected`] when they have waited too long. One is opened when calls wait that no connection under
/// way is for; whichever is free first, that or another's, goes to who has waited longest.
///
/// The wait is booked as [`Phase::Pool`]. A cancelled call gives its connection back at once.
///
/// # Assumptions
/// A connection lasts for ever unless it is idle, and the other side never closes it. In reality a cancelled query may
/// cost its connection; here it is as good as before.
///
/// # Series
/// Levels `open` (with those being opened), `busy`, `waiting`; counts `connects`, `closed`, `rejected`.
///
/// # Source
/// PgBouncer, `server_round_robin`: 0 takes the connection that was given back last, 1 rotates; SQLAlchemy `QueuePool`
/// (`pool_timeout`); HikariCP and psycopg_pool for whom a new connection is given to.
#[derive(Clone, Debug)]
pub struct ConnectionPool {
    to: Edge,
    options: PoolOptions,
    open: u64,
    connecting: u64,
    /// The idle ones, by number, the one given back last at the end; and since when.
    idle: VecDeque<(u16, SimTime)>,
    /// Numbers of connections that are closed.
    free: Vec<u16>,
    /// Whether somebody looks for those that are idle too long.
    watched: bool,
    room: WaitingRoom,
    draws: Option<Stream>,
    series: Option<Series>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    open: Gauge,
    busy: Gauge,
    waiting: Gauge,
    connects: Counter,
    closed: Counter,
    rejected: Counter,
}

impl ConnectionPool {
    /// Returns a pool before `to`.
    ///
    /// # Panics
    /// If it has no connection at most, more than 65 534, or fewer at most than at least.
    pub fn new(to: impl Into<Edge>, options: PoolOptions) -> ConnectionPool {
        assert!((1..u64::from(u16::MAX)).contains(&options.max), "a pool has 1 to 65534 connections at most");
        assert!(options.min <= options.max, "the least is not more than the most");
        ConnectionPool {
            to: to.into(),
            options,
            open: 0,
            connecting: 0,
            idle: VecDeque::new(),
            free: Vec::new(),
            watched: false,
            room: WaitingRoom::default(),
            draws: None,
            series: None,
        }
    }

    fn series(&self) -> Series {
        self.series.expect("made at the start")
    }

    /// Opens one more, for whoever waits longest then.
    fn connect(&mut self, cx: &mut Cx<Self>) {
        let time = match self.options.connect.is_constant() {
            Some(time) => time,
            None => self.options.connect.sample(self.draws.as_mut().expect("made at the start")),
        };
        self.open += 1;
        self.connecting += 1;
        cx.add(self.series().open, 1.0);
        cx.count(self.series().connects, 1);
        cx.later(SimDuration::from_nanos_f64(time), PoolTimer::Connected);
    }

    /// Gives a call a connection.
    fn lend(&mut self, connection: u16, call: Call, cx: &mut Cx<Self>) {
        cx.add(self.series().busy, 1.0);
        let operation = cx.operation(call);
        cx.call(self.to.ask(call).operation(operation).tag(connection));
    }

    /// A connection is free: for the call that waits longest, or to be idle.
    fn freed(&mut self, connection: u16, cx: &mut Cx<Self>) {
        match self.room.oldest(cx) {
            Some(next) => {
                cx.add(self.series().waiting, -1.0);
                self.lend(connection, next, cx);
            }
            None => {
                self.idle.push_back((connection, cx.now()));
                self.watch(cx);
            }
        }
    }

    fn given_back(&mut self, connection: u16, cx: &mut Cx<Self>) {
        cx.add(self.series().busy, -1.0);
        self.freed(connection, cx);
    }

    /// Sees to it that somebody looks when the one that has been idle longest has been so too long.
    fn watch(&mut self, cx: &mut Cx<Self>) {
        let Some(most) = self.options.idle.filter(|_| !self.watched && self.open > self.options.min) else {
            return;
        };
        if let Some((_, since)) = self.idle.front() {
            self.watched = true;
            let left = (*since + most).max(cx.now()) - cx.now();
            cx.later(left, PoolTimer::Idle);
        }
    }

    fn close_idle(&mut self, cx: &mut Cx<Self>) {
        self.watched = false;
        let Some(most) = self.options.idle else { return };
        while self.open > self.options.min
            && let Some((connection, _)) = self.idle.front().copied().filter(|idle| idle.1 + most <= cx.now())
        {
            self.idle.pop_front();
            self.free.push(connection);
            self.open -= 1;
            cx.add(self.series().open, -1.0);
            cx.count(self.series().closed, 1);
        }
        self.watch(cx);
    }
}

impl Component for ConnectionPool {
    type Timer = PoolTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.series = Some(Series {
            open: cx.gauge("open"),
            busy: cx.gauge("busy"),
            waiting: cx.gauge("waiting"),
            connects: cx.counter("connects"),
            closed: cx.counter("closed"),
            rejected: cx.counter("rejected"),
        });
        self.draws = Some(cx.stream("connect"));
        // The lowest number is taken first.
        self.free = (0..self.options.max as u16).rev().collect();
        for _ in 0..self.options.min {
            self.connect(cx);
        }
    }

    fn on_timer(&mut self, timer: PoolTimer, cx: &mut Cx<Self>) {
        match timer {
            PoolTimer::Connected => {
                self.connecting -= 1;
                let connection = self.free.pop().expect("there are as many numbers as connections");
                self.freed(connection, cx);
            }
            PoolTimer::Impatient(call) => {
                if self.room.leave(call, cx) {
                    cx.add(self.series().waiting, -1.0);
                    cx.count(self.series().rejected, 1);
                    cx.answer(call, Status::Rejected);
                }
            }
            PoolTimer::Idle => self.close_idle(cx),
        }
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        cx.answer_with(answer.call, answer.status, answer.value, SimDuration::ZERO);
        self.given_back(answer.tag, cx);
    }
}

impl Serve for ConnectionPool {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let idle = match self.options.reuse {
            Reuse::Lifo => self.idle.pop_back(),
            Reuse::Fifo => self.idle.pop_front(),
        };
        if let Some((connection, _)) = idle {
            return self.lend(connection, call, cx);
        }
        if self.open == self.options.max && self.options.wait.is_zero() {
            cx.count(self.series().rejected, 1);
            return cx.answer(call, Status::Rejected);
        }
        cx.phase(call, Phase::Pool);
        self.room.enter(call, cx);
        cx.add(self.series().waiting, 1.0);
        if self.open < self.options.max && self.connecting < self.room.len() as u64 {
            self.connect(cx);
        }
        if !self.options.wait.is_zero() {
            cx.later(self.options.wait, PoolTimer::Impatient(call));
        }
    }

    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.room.leave(call, cx) {
            cx.add(self.series().waiting, -1.0);
            return cx.answer(call, Status::Cancelled);
        }
        let mut connection = None;
        cx.abandon_each(call, true, |tag| connection = Some(tag));
        cx.answer(call, Status::Cancelled);
        if let Some(connection) = connection {
            self.given_back(connection, cx);
        }
    }
}
