//! A chain as it was recorded: requests at their times, a balancer, workers that sleep and can be made to fail.

use std::collections::VecDeque;

use kneepoint_calls::{Answer, Attributes, Call, Callee, Component, Cx, Serve, Simulation, Status, timers};
use kneepoint_components::Edge;
use kneepoint_components::routing::{Balancer, HEALTH_CHECK};
use kneepoint_engine::{SimDuration, SimTime};

/// What a worker does with what comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// Works.
    #[default]
    Up,
    /// Refuses connections; what it had is cut.
    Refuse,
    /// Accepts and never answers.
    Hang,
    /// Answers an error.
    Fail,
}

/// One request: when it is sent, how long a worker sleeps for it, and when its sender gives up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub at: SimTime,
    pub work: SimDuration,
    pub gives_up: Option<SimDuration>,
    pub key: u32,
}

impl Request {
    pub fn at_ms(at: f64, work: f64) -> Request {
        Request { at: SimTime::from_nanos(nanos(at)), work: span(work), gives_up: None, key: 0 }
    }
}

pub(super) fn nanos(ms: f64) -> u64 {
    (ms * 1e6).round() as u64
}

pub(super) fn span(ms: f64) -> SimDuration {
    SimDuration::from_nanos(nanos(ms))
}

timers! { enum WorkerTimer { Over(Call), Turn(u32) } }

/// Sleeps for each call, so many at once; the others wait in turn.
#[derive(Clone)]
struct Worker {
    slots: usize,
    modes: Vec<(SimTime, Mode)>,
    mode: Mode,
    busy: Vec<Call>,
    line: VecDeque<Call>,
    /// Which requests came, and which began when.
    came: Vec<(SimTime, u64)>,
    began: Vec<(SimTime, u64)>,
}

impl Worker {
    fn begin(&mut self, call: Call, cx: &mut Cx<Self>) {
        let attributes = cx.attributes(call);
        let (identity, work) = (attributes.identity, SimDuration::from_micros(u64::from(attributes.size)));
        self.busy.push(call);
        self.began.push((cx.now(), identity));
        cx.later(work, WorkerTimer::Over(call));
    }
    fn next(&mut self, cx: &mut Cx<Self>) {
        while self.busy.len() < self.slots
            && let Some(call) = self.line.pop_front()
        {
            if cx.is_open(call) {
                self.begin(call, cx);
            }
        }
    }
}

impl Component for Worker {
    type Timer = WorkerTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        for (at, (when, _)) in self.modes.iter().enumerate() {
            cx.after(*when - cx.now(), WorkerTimer::Turn(at as u32));
        }
    }
    fn on_timer(&mut self, timer: WorkerTimer, cx: &mut Cx<Self>) {
        match timer {
            WorkerTimer::Over(call) => {
                self.busy.retain(|busy| *busy != call);
                cx.answer(call, Status::Ok);
                self.next(cx);
            }
            WorkerTimer::Turn(at) => {
                self.mode = self.modes[at as usize].1;
                if self.mode == Mode::Refuse {
                    let cut: Vec<Call> = self.busy.drain(..).chain(self.line.drain(..)).collect();
                    for call in cut {
                        if cx.is_open(call) {
                            cx.answer(call, Status::Unavailable);
                        }
                    }
                }
            }
        }
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for Worker {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let checks = cx.operation(call) == HEALTH_CHECK;
        if !checks {
            let identity = cx.attributes(call).identity;
            self.came.push((cx.now(), identity));
        }
        match self.mode {
            // Tries at one instant would have no order.
            Mode::Refuse => cx.answer_after(call, SimDuration::from_micros(1), Status::Unavailable),
            Mode::Fail => cx.answer(call, Status::Failed),
            Mode::Hang => {}
            Mode::Up if checks => cx.answer(call, Status::Ok),
            Mode::Up if self.busy.len() < self.slots => self.begin(call, cx),
            Mode::Up => self.line.push_back(call),
        }
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.busy.retain(|busy| *busy != call);
        self.line.retain(|waits| *waits != call);
        cx.answer(call, Status::Cancelled);
        self.next(cx);
    }
}

timers! { enum SenderTimer { Send(u32) } }

#[derive(Clone)]
struct Sender {
    to: Callee,
    requests: Vec<Request>,
    ends: Vec<Option<(Status, SimTime)>>,
}

impl Component for Sender {
    type Timer = SenderTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.ends = vec![None; self.requests.len()];
        for (at, request) in self.requests.iter().enumerate() {
            cx.after(request.at - cx.now(), SenderTimer::Send(at as u32));
        }
    }
    fn on_timer(&mut self, SenderTimer::Send(at): SenderTimer, cx: &mut Cx<Self>) {
        let request = self.requests[at as usize];
        let work = (request.work.as_nanos() / 1_000) as u32;
        let attributes = Attributes {
            born: cx.now(),
            size: work,
            user: request.key,
            address: request.key,
            ..Attributes::of(u64::from(at))
        };
        let mut ask = self.to.request(attributes).tag(at as u16);
        if let Some(span) = request.gives_up {
            // It closes the connection: a server at work goes on.
            ask = ask.within(span);
        }
        cx.call(ask);
    }
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.ends[usize::from(answer.tag)] = Some((answer.status, cx.now()));
    }
}

/// Workers behind a balancer.
pub(super) struct Chain {
    pub workers: usize,
    /// Calls a worker handles at once.
    pub slots: usize,
    /// How long an answer of a worker is waited for \[ms\].
    pub within: Option<f64>,
    /// When which worker changes, and how.
    pub modes: Vec<(f64, usize, Mode)>,
    pub seed: u64,
}

impl Chain {
    pub fn of(workers: usize) -> Chain {
        Chain { workers, slots: usize::MAX, within: None, modes: Vec::new(), seed: 1 }
    }

    /// Sends the requests through what is made of the ways to the workers.
    pub fn run(
        &self,
        requests: &[Request],
        make: impl FnOnce(Vec<Edge>) -> Balancer,
    ) -> Result<Done, String> {
        let mut sim = Simulation::new(self.seed);
        let mut edges = Vec::new();
        for worker in 0..self.workers {
            let modes = self.modes.iter().filter(|(_, at, _)| *at == worker);
            let modes = modes.map(|(at, _, mode)| (SimTime::from_nanos(nanos(*at)), *mode)).collect();
            let part = Worker {
                slots: self.slots,
                modes,
                mode: Mode::Up,
                busy: Vec::new(),
                line: VecDeque::new(),
                came: Vec::new(),
                began: Vec::new(),
            };
            let edge = Edge::to(sim.serve(&format!("worker/{worker}"), part));
            edges.push(match self.within {
                None => edge,
                Some(within) => edge.within(span(within), false),
            });
        }
        let ids: Vec<_> = edges.iter().map(|edge| edge.to.id()).collect();
        let balancer = sim.serve("balancer", make(edges));
        let sender = Sender { to: balancer, requests: requests.to_vec(), ends: Vec::new() };
        let sender = sim.add("sender", sender);
        sim.note_happenings();
        let last = requests.iter().map(|request| request.at).max().unwrap_or(SimTime::ZERO);
        sim.run_until(last + SimDuration::from_secs(60)).map_err(|stop| stop.to_string())?;
        let mut tried: Vec<Vec<(SimTime, usize)>> = vec![Vec::new(); requests.len()];
        let mut began: Vec<(SimTime, usize, usize)> = Vec::new();
        for (worker, id) in ids.iter().enumerate() {
            let part = sim.get::<Worker>(*id).expect("it was put there");
            for (at, request) in &part.came {
                tried[*request as usize].push((*at, worker));
            }
            began.extend(part.began.iter().map(|(at, request)| (*at, worker, *request as usize)));
        }
        tried.iter_mut().for_each(|tries| tries.sort());
        began.sort();
        let ends = sim.get::<Sender>(sender).expect("it was put there").ends.clone();
        let news = sim
            .take_happenings()
            .into_iter()
            .filter(|news| news.part == balancer.id())
            .map(|news| (news.at, news.what, news.detail))
            .collect();
        Ok(Done { requests: requests.to_vec(), tried, began, ends, news })
    }
}

/// When which workers a request came to.
type Tries = Vec<(SimTime, usize)>;

/// How and when a request ended.
type End = Option<(Status, SimTime)>;

/// What became of the requests.
pub(super) struct Done {
    requests: Vec<Request>,
    /// Which workers each came to, in order.
    tried: Vec<Tries>,
    /// When which worker began which request, in order.
    began: Vec<(SimTime, usize, usize)>,
    pub ends: Vec<End>,
    /// What the balancer said: when, what, of whom.
    pub news: Vec<(SimTime, &'static str, String)>,
}

pub(super) fn letter(worker: usize) -> char {
    (b'A' + worker as u8) as char
}

impl Done {
    /// The last worker of each request, `-` where it was none that answered well.
    pub fn letters(&self) -> Vec<String> {
        let of = |(tried, end): (&Tries, &End)| match (tried.last(), end) {
            (Some((_, worker)), Some((Status::Ok, _))) => letter(*worker).to_string(),
            _ => "-".to_string(),
        };
        self.tried.iter().zip(&self.ends).map(of).collect()
    }

    /// All workers each request came to: `A+B`, `-` for none.
    pub fn tries(&self) -> Vec<String> {
        let of = |tried: &Vec<(SimTime, usize)>| {
            let all: Vec<String> = tried.iter().map(|(_, worker)| letter(*worker).to_string()).collect();
            if all.is_empty() { "-".to_string() } else { all.join("+") }
        };
        self.tried.iter().map(of).collect()
    }

    /// The order in which a worker, or all together, began requests.
    pub fn order(&self, worker: Option<usize>) -> Vec<usize> {
        self.began.iter().filter(|one| worker.is_none_or(|worker| one.1 == worker)).map(|one| one.2).collect()
    }

    pub fn count(&self, test: impl Fn(Status) -> bool) -> usize {
        self.ends.iter().flatten().filter(|(status, _)| test(*status)).count()
    }

    /// Latencies of good answers in order of size \[ms\].
    pub fn latencies(&self) -> Vec<f64> {
        let of = |(request, end): (&Request, &Option<(Status, SimTime)>)| match end {
            Some((Status::Ok, at)) => Some((*at - request.at).as_nanos() as f64 / 1e6),
            _ => None,
        };
        let mut all: Vec<f64> = self.requests.iter().zip(&self.ends).filter_map(of).collect();
        all.sort_by(f64::total_cmp);
        all
    }
}
