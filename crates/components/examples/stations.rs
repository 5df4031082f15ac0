//! What a call costs at a station, with 10, 10 000 and 1 000 000 others there.
//!
//! ```text
//! users (n, each asks again as soon as it is answered) --> station of one server
//! ```
//! Every row is CPU time per answered call, the caller's share included: arrival, departure, books, ledger, draws.
//! It should grow as slowly as log n and the caches allow. Run with `cargo run --release --example stations`.

use cpu_time::ThreadTime;
use kneepoint_calls::{Answer, Attributes, Callee, Component, Cx, Limits, Simulation, timers};
use kneepoint_components::service::{Builder, Discipline, Preempt, Queue, Service, compute};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, Stream};

timers! { enum Never { Rings } }

/// So many users without think time.
#[derive(Clone)]
struct Users {
    to: Callee,
    users: u64,
    /// One in so many gives up; none if 0.
    gives_up: u64,
    asked: u64,
    answered: u64,
}

impl Users {
    fn ask(&mut self, cx: &mut Cx<Self>) {
        self.asked += 1;
        let mut own = Stream::from_key(self.asked);
        let priority = own.below(256) as u8;
        let attributes = Attributes { born: cx.now(), priority, ..Attributes::of(own.next_u64()) };
        let mut ask = self.to.request(attributes);
        if self.gives_up > 0 && self.asked.is_multiple_of(self.gives_up) {
            let span = own.exponential() * self.users as f64 * 1e6;
            ask = ask.within(SimDuration::from_nanos_f64(span)).cancelling();
        }
        cx.call(ask);
    }
}

impl Component for Users {
    type Timer = Never;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        (0..self.users).for_each(|_| self.ask(cx));
    }
    fn on_timer(&mut self, _: Never, _: &mut Cx<Self>) {}
    fn on_answer(&mut self, _: Answer, cx: &mut Cx<Self>) {
        self.answered += 1;
        self.ask(cx);
    }
}

/// ns per answer, after a tenth of the answers as warm-up.
fn cost(builder: &Builder, users: u64, gives_up: u64) -> f64 {
    const ANSWERS: u64 = 1_000_000;
    let mut sim = Simulation::new(1);
    sim.set_limits(Limits { in_flight: 10_000_000, memory: 8_000_000_000, events: u64::MAX });
    let to = sim.serve("station", builder.clone().build().expect("a sound station"));
    let id = sim.add("users", Users { to, users, gives_up, asked: 0, answered: 0 });
    let answered = |sim: &Simulation| sim.get::<Users>(id).expect("it is of this type").answered;
    let mut until = |answers: u64| {
        while answered(&sim) < answers {
            (0..1_000).for_each(|_| {
                sim.step();
            });
        }
        answered(&sim)
    };
    let begun = until(ANSWERS / 10);
    let start = ThreadTime::now();
    let ended = until(begun + ANSWERS);
    start.elapsed().as_nanos() as f64 / (ended - begun) as f64
}

fn main() {
    let work = || [compute(Distribution::exponential(1e6).expect("a sound mean"))];
    let line = |discipline| Service::servers(1).queue(Queue::unbounded().discipline(discipline)).does(work());
    let patience = |n: u64| {
        let law = Distribution::exponential(n as f64 * 1e6).expect("a sound mean");
        Service::servers(1).queue(Queue::unbounded().patience(law)).does(work())
    };
    println!("ns per call{:>15}{:>9}{:>9}", 10, 10_000, 1_000_000);
    let row = |name: &str, builder: &dyn Fn(u64) -> Builder, gives_up: u64| {
        let costs: Vec<String> = [10, 10_000, 1_000_000]
            .iter()
            .map(|n| format!("{:>9.0}", cost(&builder(*n), *n, gives_up)))
            .collect();
        println!("{name:<17}{}", costs.join(""));
    };
    row("first come", &|_| line(Discipline::Fifo), 0);
    row("random", &|_| line(Discipline::Random), 0);
    row("priority", &|_| line(Discipline::Priority(None)), 0);
    row("preemptive", &|_| line(Discipline::Priority(Some(Preempt::Resume))), 0);
    row("first, cancelled", &|_| line(Discipline::Fifo), 2);
    row("patience", &patience, 0);
    row("sharing", &|_| Service::sharing(1).does(work()), 0);
    row("sharing, cancelled", &|_| Service::sharing(1).does(work()), 2);
    row("unlimited", &|_| Service::unlimited().does(work()), 0);
}
