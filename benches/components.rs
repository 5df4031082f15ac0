//! What an event costs at a crowded station: `cargo bench --bench components`.
//!
//! ```text
//! N users, no thinking --> [ line ] --> station        N requests are at the station, always
//! ```
//!
//! One iteration is one event. The time should hardly depend on N: what it grows by is the caches of the machine and
//! the logarithm of whatever keeps the order.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kneepoint::calls::{Callee, Limits, Simulation};
use kneepoint::components::client::{Class, Classes, ClosedClient, RateProfile};
use kneepoint::components::service::{Discipline, Preempt, Queue, Service, compute};
use kneepoint::engine::SimTime;
use kneepoint::random::Distribution;

const USERS: [u32; 3] = [10, 10_000, 1_000_000];
/// Mean work \[ns\].
const WORK_NS: f64 = 1e6;
const PRIORITIES: u8 = 4;

/// How many may be at the station at once is the question; what it holds is not.
const LIMITS: Limits = Limits { in_flight: 4_000_000, memory: 16_000_000_000, events: u64::MAX };

fn crowded(users: u32, station: impl FnOnce(&mut Simulation) -> Callee) -> Simulation {
    let mut sim = Simulation::new(1);
    sim.set_limits(LIMITS);
    let station = station(&mut sim);
    let present = RateProfile::constant(f64::from(users)).expect("a number of users");
    let think = Distribution::constant(0.0).expect("no time is a time");
    sim.add("users", ClosedClient::new(station, present, think, classes()));
    // All come at the start; then the station is mixed until the first of them have left.
    sim.run_until(SimTime::from_nanos(1)).expect("no ceiling is near");
    for _ in 0..100_000.max(users / 10) {
        sim.step();
    }
    sim
}

/// As many classes as priorities: stations that do not look at them serve all alike.
fn classes() -> Classes {
    let class = |priority: u8| Class {
        id: priority,
        priority,
        share: 1.0 / f64::from(PRIORITIES),
        ..Class::named(&format!("priority-{priority}"))
    };
    Classes::new((0..PRIORITIES).map(class).collect()).expect("their shares add up to 1")
}

fn work() -> Distribution {
    Distribution::exponential(WORK_NS).expect("a mean above 0")
}

fn sharing(sim: &mut Simulation) -> Callee {
    sim.serve("station", Service::sharing(1).does([compute(work())]).build().expect("sound"))
}

fn queued(sim: &mut Simulation, queue: Queue) -> Callee {
    sim.serve("station", Service::servers(1).queue(queue).does([compute(work())]).build().expect("sound"))
}

fn priorities(sim: &mut Simulation) -> Callee {
    queued(sim, Queue::unbounded().discipline(Discipline::Priority(Some(Preempt::Resume))))
}

/// About as many lose patience as are served.
fn abandonment(sim: &mut Simulation, users: u32) -> Callee {
    let patience = Distribution::exponential(WORK_NS * f64::from(users)).expect("a mean above 0");
    queued(sim, Queue::unbounded().patience(patience))
}

fn stations(criterion: &mut Criterion) {
    type Make = fn(&mut Simulation, u32) -> Callee;
    let kinds: [(&str, Make); 3] = [
        ("processor_sharing", |sim, _| sharing(sim)),
        ("priorities", |sim, _| priorities(sim)),
        ("abandonment", abandonment),
    ];
    for (name, make) in kinds {
        let mut group = criterion.benchmark_group(name);
        for users in USERS {
            group.bench_function(BenchmarkId::from_parameter(users), |bencher| {
                // Made for the first sample only: a million requests take a while to come.
                let mut sim = crowded(users, |sim| make(sim, users));
                bencher.iter(|| assert!(sim.step(), "requests are at the station"));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, stations);
criterion_main!(benches);
