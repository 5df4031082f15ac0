//! The web tier on the engine, of parts written for it: what composability costs.

use std::collections::VecDeque;

use kneepoint::calls::{
    Answer, Attributes, Call, Callee, Component, ComponentId, Cx, Phase, Samples, Serve, Simulation, Status,
    timers,
};
use kneepoint::engine::SimDuration;
use kneepoint::random::Stream;

/// Mean gap between arrivals \[ns\].
pub const ARRIVAL_NS: f64 = 10_000.0;
/// Mean service time of a server \[ns\]: utilisation 0.7.
pub const SERVICE_NS: f64 = 70_000.0;
/// Mean time in the cache \[ns\].
pub const CACHE_NS: f64 = 20_000.0;
/// Share of hits.
pub const HIT: f64 = 0.9;
/// Mean service time of the database \[ns\]: utilisation 0.7.
pub const DATABASE_NS: f64 = 280_000.0;
/// Servers of the database.
pub const DATABASE_SERVERS: u32 = 4;
/// Servers behind the balancer.
pub const SERVERS: usize = 10;
/// Time-out of a request \[ns\].
pub const TIMEOUT_NS: u64 = 1_000_000_000;

fn draw(stream: &mut Stream, mean: f64) -> SimDuration {
    SimDuration::from_nanos((stream.exponential() * mean).round() as u64)
}

timers! { pub enum ClientTimer { Arrival } }

#[derive(Clone)]
pub struct Client {
    to: Callee,
    gap: f64,
    timeout: SimDuration,
    arrivals: Stream,
    latency: Option<Samples>,
    number: u64,
    pub done: u64,
}

impl Client {
    pub fn new(to: Callee, gap: f64, timeout_ns: u64) -> Client {
        Client {
            to,
            gap,
            timeout: SimDuration::from_nanos(timeout_ns),
            arrivals: Stream::from_key(0),
            latency: None,
            number: 0,
            done: 0,
        }
    }
}

impl Component for Client {
    type Timer = ClientTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.arrivals = cx.stream("arrivals");
        self.latency = Some(cx.samples("latency"));
        let gap = draw(&mut self.arrivals, self.gap);
        cx.later(gap, ClientTimer::Arrival);
    }
    fn on_timer(&mut self, _: ClientTimer, cx: &mut Cx<Self>) {
        self.number += 1;
        let attributes = Attributes { born: cx.now(), ..Attributes::of(self.number) };
        cx.call(self.to.request(attributes).within(self.timeout));
        let gap = draw(&mut self.arrivals, self.gap);
        cx.later(gap, ClientTimer::Arrival);
    }
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.done += 1;
        if let Some(latency) = self.latency {
            let took = cx.now() - answer.born;
            cx.record(latency, took.as_nanos());
        }
    }
}

#[derive(Clone)]
pub struct RoundRobin {
    pub to: Vec<Callee>,
    pub next: usize,
}

impl Component for RoundRobin {
    type Timer = ();
    fn on_timer(&mut self, _: (), _: &mut Cx<Self>) {}
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for RoundRobin {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let to = self.to[self.next];
        self.next = if self.next + 1 == self.to.len() { 0 } else { self.next + 1 };
        cx.call(to.ask(call).relay());
    }
    fn on_cancel(&mut self, _: Call, _: &mut Cx<Self>) {}
}

timers! { pub enum Departure { Done(Call) } }

/// First come, first served; what is served is sent on, if there is somebody.
#[derive(Clone)]
pub struct Server {
    servers: u32,
    mean: f64,
    to: Option<Callee>,
    busy: u32,
    queue: VecDeque<Call>,
    service: Stream,
}

impl Server {
    pub fn new(servers: u32, mean: f64, to: Option<Callee>) -> Server {
        Server { servers, mean, to, busy: 0, queue: VecDeque::new(), service: Stream::from_key(0) }
    }

    fn begin(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.phase(call, Phase::Service);
        let work = draw(&mut self.service, self.mean);
        cx.later(work, Departure::Done(call));
    }
}

impl Component for Server {
    type Timer = Departure;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.service = cx.stream("service");
    }
    fn on_timer(&mut self, Departure::Done(call): Departure, cx: &mut Cx<Self>) {
        match self.to {
            Some(to) => {
                cx.call(to.ask(call).relay());
            }
            None => cx.answer(call, Status::Ok),
        }
        match self.queue.pop_front() {
            Some(next) => self.begin(next, cx),
            None => self.busy -= 1,
        }
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for Server {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        if self.busy < self.servers {
            self.busy += 1;
            self.begin(call, cx);
        } else {
            self.queue.push_back(call);
        }
    }
    fn on_cancel(&mut self, _: Call, _: &mut Cx<Self>) {}
}

/// Answers hits after a while and asks the database for the rest.
#[derive(Clone)]
pub struct Cache {
    to: Callee,
    draws: Stream,
}

impl Component for Cache {
    type Timer = Departure;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.draws = cx.stream("service");
    }
    fn on_timer(&mut self, Departure::Done(call): Departure, cx: &mut Cx<Self>) {
        if self.draws.uniform() < HIT {
            cx.answer(call, Status::Ok);
        } else {
            cx.call(self.to.ask(call).relay());
        }
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for Cache {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.phase(call, Phase::Service);
        let work = draw(&mut self.draws, CACHE_NS);
        cx.later(work, Departure::Done(call));
    }
    fn on_cancel(&mut self, _: Call, _: &mut Cx<Self>) {}
}

/// Builds the web tier, so many times as large, at so many times the usual load.
pub fn build(seed: u64, scale: usize, load: f64, timeout_ns: u64) -> (Simulation, ComponentId) {
    let mut sim = Simulation::new(seed);
    let database = sim.serve("database", Server::new(DATABASE_SERVERS * scale as u32, DATABASE_NS, None));
    let cache = sim.serve("cache", Cache { to: database, draws: Stream::from_key(0) });
    let servers = (0..SERVERS * scale)
        .map(|i| sim.serve(&format!("web/{i}"), Server::new(1, SERVICE_NS, Some(cache))))
        .collect();
    let balancer = sim.serve("balancer", RoundRobin { to: servers, next: 0 });
    let clients = sim.add("clients", Client::new(balancer, ARRIVAL_NS / load / scale as f64, timeout_ns));
    (sim, clients)
}

/// Runs the tier until so many requests are answered; returns their mean latency \[ns\].
pub fn run(requests: u64, seed: u64, ledger: bool) -> f64 {
    let (mut sim, clients) = build(seed, 1, 1.0, TIMEOUT_NS);
    sim.set_ledger(ledger);
    // In slices of simulated time: looking into the client costs nothing then.
    let slice = SimDuration::from_millis(10);
    while sim.get::<Client>(clients).is_some_and(|c| c.done < requests) {
        if sim.run_for(slice).is_err() {
            break;
        }
    }
    sim.samples(clients, "latency").and_then(|h| h.mean()).unwrap_or(0.0)
}
