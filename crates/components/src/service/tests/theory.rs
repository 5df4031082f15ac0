//! Short runs against closed forms. Intervals: 12 replications, Student t at 99.9 % (4.437 with 11 degrees).

use kneepoint_calls::{Answer, Attributes, Callee, Component, Cx, Fault, Simulation, Status, timers};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

use super::super::{Builder, Queue, Service, compute};

timers! { pub enum Arrival { Next } }

/// Poisson arrivals [1/s].
#[derive(Clone)]
struct Poisson {
    to: Callee,
    rate: f64,
    gaps: Option<Stream>,
    next: u64,
}

impl Poisson {
    fn wait(&mut self, cx: &mut Cx<Self>) {
        let gap = self.gaps.as_mut().unwrap().exponential() / self.rate;
        cx.later(SimDuration::from_secs_f64(gap), Arrival::Next);
    }
}

impl Component for Poisson {
    type Timer = Arrival;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        let stream = cx.stream("arrivals");
        self.gaps = Some(stream);
        self.next = (cx.replication() + 1) << 32;
        self.wait(cx);
    }
    fn on_timer(&mut self, _: Arrival, cx: &mut Cx<Self>) {
        // Scrambled, so that requests that follow each other have nothing in common.
        self.next += 1;
        let identity = Stream::from_key(self.next).next_u64();
        let attributes = Attributes { born: cx.now(), ..Attributes::of(identity) };
        cx.call(self.to.request(attributes));
        self.wait(cx);
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

/// What is measured in a run: the simulation and its length \[ns\].
struct Window {
    sim: Simulation,
    service: kneepoint_calls::ComponentId,
}

impl Window {
    fn mean(&self, samples: &str) -> f64 {
        self.sim.samples(self.service, samples).unwrap().mean().unwrap() / 1e9
    }
    fn level(&self, level: &str) -> f64 {
        self.sim.level(self.service, level).unwrap().mean(self.sim.now().as_nanos())
    }
    fn response(&self) -> f64 {
        self.sim.books(self.service).response.mean().unwrap() / 1e9
    }
    fn share(&self, status: Status) -> f64 {
        let books = self.sim.books(self.service);
        books.answers[status as usize] as f64 / books.calls as f64
    }
}

/// Checks the mean over replications of each of several figures.
fn agrees<const N: usize>(
    seconds: u64,
    rate: f64,
    builder: &Builder,
    hangs: Option<(f64, f64)>,
    expected: [(&str, f64); N],
    measure: impl Fn(&Window) -> [f64; N],
) {
    const RUNS: u64 = 12;
    const T: f64 = 4.437;
    let runs: Vec<[f64; N]> = (0..RUNS)
        .map(|replication| {
            let mut sim = Simulation::replication(7, replication);
            let service = sim.serve("service", builder.clone().build().unwrap());
            sim.add("users", Poisson { to: service, rate, gaps: None, next: 0 });
            let service = service.id();
            if let Some((up, down)) = hangs {
                let mut stream = Stream::named(7, replication, "breakdowns", "times");
                let mut at = 0.0;
                while at < 2.0 * seconds as f64 {
                    at += up * stream.exponential();
                    sim.inject(SimTime::ZERO + SimDuration::from_secs_f64(at), service, Fault::Hang);
                    at += down * stream.exponential();
                    sim.inject(SimTime::ZERO + SimDuration::from_secs_f64(at), service, Fault::Resume);
                }
            }
            sim.run_for(SimDuration::from_secs(seconds / 10)).unwrap();
            sim.reset_statistics();
            sim.run_for(SimDuration::from_secs(seconds)).unwrap();
            measure(&Window { sim, service })
        })
        .collect();
    for (i, (name, expected)) in expected.iter().enumerate() {
        let n = RUNS as f64;
        let mean = runs.iter().map(|run| run[i]).sum::<f64>() / n;
        let variance = runs.iter().map(|run| (run[i] - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let half = T * (variance / n).sqrt();
        assert!((mean - expected).abs() <= half, "{name}: {mean} +- {half} for {expected}");
        assert!(half < 0.1 * expected, "{name}: the interval +- {half} says too little about {expected}");
    }
}

fn exponential(mean_s: f64) -> Distribution {
    Distribution::exponential(mean_s * 1e9).unwrap()
}

/// Source: Kleinrock, Queueing Systems vol. 1, 1975, section 3.2.
#[test]
fn m_m_1() {
    let builder = Service::servers(1).does([compute(exponential(1.0))]);
    let expected = [("waiting", 1.5), ("busy", 0.6), ("inside", 1.5), ("service", 1.0), ("response", 2.5)];
    agrees(30_000, 0.6, &builder, None, expected, |w| {
        [w.mean("waiting"), w.level("busy"), w.level("inside"), w.mean("service"), w.response()]
    });
}

/// Source: Kleinrock, Queueing Systems vol. 1, 1975, section 3.6; numbers of the birth-death chain.
#[test]
fn m_m_c_with_a_bounded_line() {
    let (arrivals, rate, servers, places): (f64, f64, u32, u32) = (3.0, 2.0, 2, 3);
    let mut weights = vec![1.0];
    for n in 1..=servers + places {
        weights.push(weights[n as usize - 1] * arrivals / (rate * f64::from(n.min(servers))));
    }
    let sum: f64 = weights.iter().sum();
    let lost = weights.last().unwrap() / sum;
    let inside = weights.iter().enumerate().map(|(n, w)| n as f64 * w).sum::<f64>() / sum;
    let builder = Service::servers(servers)
        .queue(Queue::bounded(places as usize))
        .does([compute(exponential(1.0 / rate))]);
    agrees(5_000, arrivals, &builder, None, [("lost", lost), ("inside", inside)], |w| {
        [w.share(Status::Rejected), w.level("inside")]
    });
}

/// Insensitive: the mean response time is w/(1 - load) whatever the law. Source: Kleinrock, Queueing Systems vol. 2,
/// 1976, section 4.4.
#[test]
fn m_g_1_with_processor_sharing() {
    let law = Distribution::hyperexponential(1e9, 2.0).unwrap();
    for law in [law, Distribution::constant(1e9).unwrap()] {
        let builder = Service::sharing(1).does([compute(law)]);
        let expected = [("response", 2.5), ("inside", 1.5), ("busy", 0.6)];
        agrees(10_000, 0.6, &builder, None, expected, |w| [w.response(), w.level("inside"), w.level("busy")]);
    }
}

/// With patience the line is a birth-death chain that dies faster the longer it is. Source: Palm, 1937; Garnett,
/// Mandelbaum, Reiman, "Designing a call center with impatient customers", M&SOM 4(3), 2002.
#[test]
fn m_m_c_with_patience() {
    let (arrivals, servers, patience) = (4.0, 3, 2.0);
    let mut weights = vec![1.0];
    for n in 1..200 {
        let leaving = f64::from(n.min(servers)) + f64::from((n - servers).max(0)) / patience;
        weights.push(weights[n as usize - 1] * arrivals / leaving);
    }
    let sum: f64 = weights.iter().sum();
    let line = weights.iter().enumerate().skip(servers as usize + 1);
    let queue = line.map(|(n, w)| (n - servers as usize) as f64 * w).sum::<f64>() / sum;
    let builder = Service::servers(servers as u32)
        .queue(Queue::unbounded().patience(exponential(patience)))
        .does([compute(exponential(1.0))]);
    let expected = [("shed", queue / patience / arrivals), ("queue", queue)];
    agrees(5_000, arrivals, &builder, None, expected, |w| [w.share(Status::Shed), w.level("queue")]);
}

/// A server that breaks down and is repaired, its work resumed, is one that hangs. Mean number inside, with failures
/// f, repairs r, load p: p/(1-p') with p' = load by availability, plus what the repairs add.
///
/// Source: White and Christie, "Queuing with preemptive priorities or with breakdown", Operations Research 6, 1958:
/// breakdowns are customers of the first priority, served at rate r.
#[test]
fn m_m_1_with_breakdowns() {
    let (arrivals, rate, fails, repaired): (f64, f64, f64, f64) = (0.5, 1.0, 0.1, 1.0);
    let available = repaired / (fails + repaired);
    // Number of the second of two preemptive classes; the first is a single-place on-off source.
    let inside = arrivals * ((fails + repaired).powi(2) + rate * fails)
        / ((fails + repaired) * (repaired * rate - arrivals * (fails + repaired)));
    let builder = Service::servers(1).does([compute(exponential(1.0 / rate))]);
    let expected = [("capacity", available), ("inside", inside), ("busy", arrivals / rate)];
    agrees(10_000, arrivals, &builder, Some((1.0 / fails, 1.0 / repaired)), expected, |w| {
        [w.level("capacity"), w.level("inside"), w.level("busy")]
    });
}
