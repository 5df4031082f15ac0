//! Connections that are kept.

use std::collections::VecDeque;

use kneepoint_calls::{
    Answer, Call, Component, ComponentId, Counter, Cx, Gauge, Life, Phase, Serve, Status, Timer, timers,
};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

use super::WaitingRoom;
use crate::edge::Edge;

timers! {
    /// What a pool waits for.
    pub enum PoolTimer { Connected(u32), Broken(u32), Impatient(Call), Idle }
}

/// Which idle connection is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// The one that was given back last: the others stay idle, and can be closed.
    Lifo,
    /// The one that has been idle longest: all are used in turn.
    Fifo,
}

/// The number of no connection.
const NONE: u16 = u16::MAX - 1;

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
/// One that is being opened breaks when the server it leads to crashes or ends: whoever waits longest gets the answer
/// [`Status::Unavailable`], and if nobody waits it is opened again when somebody does. While the server is down none is opened:
/// whoever would wait for one goes there without, and is refused. A server that is gone without a word
/// says nothing: what is opened to it meanwhile breaks when it would be open, if another is there by then.
///
/// One that is open breaks with its server too, which is found when it is given back or is to be taken; one to a server that
/// is gone without a word when that is back.
///
/// # Assumptions
/// Otherwise the other side never closes a connection. In reality a cancelled query may cost its connection; here it is as
/// good as before. Where the server is not settled, because one is chosen behind the pool, no connection breaks.
///
/// # Series
/// Levels `open` (with those being opened), `busy`, `waiting`; counts `connects`, `broken`, `closed`, `rejected`.
///
/// # Source
/// PgBouncer, `server_round_robin`: 0 takes the connection that was given back last, 1 rotates; SQLAlchemy `QueuePool`
/// (`pool_timeout`), which also gives the error of a connection that cannot be opened to whoever asked for one; HikariCP and
/// psycopg_pool for whom a new connection is given to. RFC 9293, 3.10.7.1: a machine on which nobody listens refuses at once.
#[derive(Clone, Debug)]
pub struct ConnectionPool {
    to: Edge,
    options: PoolOptions,
    /// Whom the connections lead to, if it is settled.
    end: Option<ComponentId>,
    open: u64,
    connecting: u64,
    /// Those that are being opened, by number.
    openings: Vec<Option<Opening>>,
    /// Numbers among those that are free.
    unused: Vec<u32>,
    /// The idle ones, by number, the one given back last at the end; and since when.
    idle: VecDeque<(u16, SimTime)>,
    /// Numbers of connections that are closed.
    free: Vec<u16>,
    /// To which life of the server each is, by number, if that is settled.
    made: Vec<Option<Life>>,
    /// Whether somebody looks for those that are idle too long.
    watched: bool,
    room: WaitingRoom,
    draws: Option<Stream>,
    series: Option<Series>,
}

/// A connection that is being opened.
#[derive(Clone, Copy, Debug)]
struct Opening {
    done: Timer,
    /// Which life of the server it is opened to, and who tells when that is over.
    to: Option<(Life, Timer)>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    open: Gauge,
    busy: Gauge,
    waiting: Gauge,
    connects: Counter,
    closed: Counter,
    broken: Counter,
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
            end: None,
            open: 0,
            connecting: 0,
            openings: Vec::new(),
            unused: Vec::new(),
            idle: VecDeque::new(),
            free: Vec::new(),
            made: Vec::new(),
            watched: false,
            room: WaitingRoom::default(),
            draws: None,
            series: None,
        }
    }

    /// Returns it with the server that its connections lead to: they break with it while they are being opened.
    pub fn ends_at(self, end: ComponentId) -> ConnectionPool {
        ConnectionPool { end: Some(end), ..self }
    }

    fn series(&self) -> Series {
        self.series.expect("made at the start")
    }

    /// Opens one more, for whoever waits longest then.
    fn connect(&mut self, cx: &mut Cx<Self>) {
        if self.end.is_some_and(|end| cx.life(end).refuses()) {
            return self.send_on(cx);
        }
        let time = match self.options.connect.is_constant() {
            Some(time) => time,
            None => self.options.connect.sample(self.draws.as_mut().expect("made at the start")),
        };
        self.open += 1;
        self.connecting += 1;
        cx.add(self.series().open, 1.0);
        cx.count(self.series().connects, 1);
        let number = self.unused.pop().unwrap_or_else(|| {
            self.openings.push(None);
            self.openings.len() as u32 - 1
        });
        let to = self.end.map(|end| (cx.life(end), cx.on_end(end, PoolTimer::Broken(number))));
        let done = cx.after(SimDuration::from_nanos_f64(time), PoolTimer::Connected(number));
        self.openings[number as usize] = Some(Opening { done, to });
    }

    /// Where nobody listens there is no connection: whoever has waited longest goes there without one and hears that.
    fn send_on(&mut self, cx: &mut Cx<Self>) {
        if let Some(call) = self.room.oldest(cx) {
            cx.add(self.series().waiting, -1.0);
            let operation = cx.operation(call);
            cx.call(self.to.ask(call).operation(operation).tag(NONE));
        }
    }

    /// The time of one that is being opened is over.
    fn connected(&mut self, number: u32, cx: &mut Cx<Self>) {
        let opening = self.opened(number);
        if let Some(((begun, broken), end)) = opening.to.zip(self.end) {
            cx.cancel(broken);
            if cx.life(end).says_it_has_ended(begun) {
                return self.not_connected(cx);
            }
        }
        let connection = self.free.pop().expect("there are as many numbers as connections");
        self.made[usize::from(connection)] = opening.to.map(|(begun, _)| begun);
        self.freed(connection, cx);
    }

    /// The server of one that is being opened has come to an end.
    fn broke(&mut self, number: u32, cx: &mut Cx<Self>) {
        let opening = self.opened(number);
        cx.cancel(opening.done);
        self.not_connected(cx);
    }

    /// One is not being opened any more.
    fn opened(&mut self, number: u32) -> Opening {
        self.connecting -= 1;
        self.unused.push(number);
        self.openings[number as usize].take().expect("it is being opened")
    }

    /// There is no connection: for whoever has waited longest that is the answer. For those who waited while there were as many
    /// as there may be, one can be opened now.
    fn not_connected(&mut self, cx: &mut Cx<Self>) {
        self.open -= 1;
        cx.add(self.series().open, -1.0);
        cx.count(self.series().broken, 1);
        if let Some(call) = self.room.oldest(cx) {
            cx.add(self.series().waiting, -1.0);
            cx.answer(call, Status::Unavailable);
        }
        self.connect_for_all(cx);
    }

    /// Opens one for each of those who wait, as far as there may be so many.
    fn connect_for_all(&mut self, cx: &mut Cx<Self>) {
        while self.open < self.options.max && self.connecting < self.room.len() as u64 {
            self.connect(cx);
        }
    }

    /// Forgets a connection whose server says that it has ended. Returns whether it does.
    fn has_broken(&mut self, connection: u16, cx: &mut Cx<Self>) -> bool {
        let made = self.made[usize::from(connection)];
        if !made.zip(self.end).is_some_and(|(made, end)| cx.life(end).says_it_has_ended(made)) {
            return false;
        }
        self.free.push(connection);
        self.open -= 1;
        cx.add(self.series().open, -1.0);
        cx.count(self.series().broken, 1);
        true
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
        if connection == NONE {
            return;
        }
        cx.add(self.series().busy, -1.0);
        if self.has_broken(connection, cx) {
            self.connect_for_all(cx);
        } else {
            self.freed(connection, cx);
        }
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
            broken: cx.counter("broken"),
            rejected: cx.counter("rejected"),
        });
        self.draws = Some(cx.stream("connect"));
        // The lowest number is taken first.
        self.free = (0..self.options.max as u16).rev().collect();
        self.made = vec![None; self.options.max as usize];
        for _ in 0..self.options.min {
            self.connect(cx);
        }
    }

    fn on_timer(&mut self, timer: PoolTimer, cx: &mut Cx<Self>) {
        match timer {
            PoolTimer::Connected(number) => self.connected(number, cx),
            PoolTimer::Broken(number) => self.broke(number, cx),
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
        loop {
            let idle = match self.options.reuse {
                Reuse::Lifo => self.idle.pop_back(),
                Reuse::Fifo => self.idle.pop_front(),
            };
            let Some((connection, _)) = idle else { break };
            if !self.has_broken(connection, cx) {
                return self.lend(connection, call, cx);
            }
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
