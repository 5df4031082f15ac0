//! Runs the replications of a plan and reads them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use kneepoint_calls::{ComponentId, STATUSES, Simulation, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_scenario::plan::{PartRole, Plan, WarmUpPlan};
use kneepoint_statistics::Histogram;

use super::script::Looks;

/// What was seen in one replication, or in several together.
#[derive(Clone, Debug, Default)]
pub(super) struct Observation {
    /// How long was measured \[s\].
    pub seconds: f64,
    /// By client, in the order of the scenario.
    pub clients: Vec<Client>,
    /// By station, in the order of their names.
    pub stations: Vec<Station>,
    /// Servers busy and requests inside and waiting at the first station, at the instants asked for.
    pub states: Vec<State>,
    /// Requests that clients sent in all, warm-up included.
    pub requests: u64,
}

/// What a client saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    pub ended: [u64; STATUSES],
    /// Good answers \[ns\].
    pub latency: Histogram,
    /// Area under the number of requests under way \[s\].
    pub in_flight: f64,
}

/// What happened at a station. Levels are areas \[s\].
#[derive(Clone, Debug, Default)]
pub(super) struct Station {
    pub waiting: Histogram,
    pub waiting_abandoned: Histogram,
    pub service: Histogram,
    pub response: Histogram,
    pub busy: f64,
    pub capacity: f64,
    pub queue: f64,
    pub inside: f64,
    /// How often so many were inside when it was looked at.
    pub numbers: Vec<u64>,
}

/// The first station at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct State {
    pub inside: f64,
    pub queue: f64,
    pub busy: f64,
}

impl Observation {
    /// Adds another replication. States are of single replications and are left out.
    pub fn add(&mut self, more: &Observation) {
        if self.clients.is_empty() {
            self.clients.resize(more.clients.len(), Client::default());
            self.stations.resize(more.stations.len(), Station::default());
        }
        self.seconds += more.seconds;
        self.requests += more.requests;
        for (all, one) in self.clients.iter_mut().zip(&more.clients) {
            all.ended.iter_mut().zip(&one.ended).for_each(|(a, b)| *a += b);
            all.latency.merge(&one.latency);
            all.in_flight += one.in_flight;
        }
        for (all, one) in self.stations.iter_mut().zip(&more.stations) {
            all.waiting.merge(&one.waiting);
            all.waiting_abandoned.merge(&one.waiting_abandoned);
            all.service.merge(&one.service);
            all.response.merge(&one.response);
            all.busy += one.busy;
            all.capacity += one.capacity;
            all.queue += one.queue;
            all.inside += one.inside;
            if all.numbers.len() < one.numbers.len() {
                all.numbers.resize(one.numbers.len(), 0);
            }
            all.numbers.iter_mut().zip(&one.numbers).for_each(|(a, b)| *a += b);
        }
    }

    /// Returns how many requests ended with this status, of all clients.
    pub fn ended(&self, status: Status) -> u64 {
        self.clients.iter().map(|client| client.ended[status as usize]).sum()
    }

    /// Returns how many requests ended, of all clients.
    pub fn ended_all(&self) -> u64 {
        self.clients.iter().flat_map(|client| client.ended).sum()
    }

    /// Returns the latencies of all clients \[ns\].
    pub fn latency(&self) -> Histogram {
        let mut all = Histogram::new();
        self.clients.iter().for_each(|client| all.merge(&client.latency));
        all
    }
}

/// Runs all replications of a plan on so many threads, and returns them in order.
///
/// # Errors
/// The first replication that stopped at a ceiling.
pub(super) fn observe(plan: &Plan, looks: &Looks, threads: usize) -> Result<Vec<Observation>, String> {
    let (next, count) = (AtomicU64::new(0), plan.run.replications_min);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count as usize) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let seen = replication(plan, looks, number);
                    done.lock().expect("nobody panics while it holds the lock").push((number, seen));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("nobody panics while it holds the lock");
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, seen)| seen).collect()
}

fn replication(plan: &Plan, looks: &Looks, number: u64) -> Result<Observation, String> {
    let mut sim = (plan.build)(plan.run.seed, number);
    sim.set_limits(plan.run.limits);
    let WarmUpPlan::Fixed(warm_up) = plan.run.warm_up else {
        return Err("a case states its warm-up".to_string());
    };
    let begin = SimTime::ZERO + warm_up;
    let end = plan.end();
    let stations = stations(plan);
    let mut states = Vec::new();
    let mut before = 0;
    let mut numbers: Vec<Vec<u64>> = vec![Vec::new(); stations.len()];
    match looks {
        Looks::At(instants) => {
            let mut reset = false;
            for at in instants {
                let at = SimTime::ZERO + SimDuration::from_nanos_f64(at * 1e9);
                if at > begin && !reset {
                    run_until(&mut sim, begin)?;
                    before = sent(plan, &sim);
                    sim.reset_statistics();
                    reset = true;
                }
                run_until(&mut sim, at)?;
                states.push(state(&sim, stations[0]));
            }
            if !reset {
                run_until(&mut sim, begin)?;
                before = sent(plan, &sim);
                sim.reset_statistics();
            }
        }
        Looks::Evenly(count) => {
            run_until(&mut sim, begin)?;
            before = sent(plan, &sim);
            sim.reset_statistics();
            let length = u128::from(end.as_nanos() - begin.as_nanos());
            for k in 0..*count {
                let after = length * u128::from(2 * k + 1) / u128::from(2 * count);
                run_until(&mut sim, begin + SimDuration::from_nanos(after as u64))?;
                for (numbers, id) in numbers.iter_mut().zip(&stations) {
                    let inside = sim.level(*id, "inside").map_or(0.0, |level| level.value()) as usize;
                    if numbers.len() <= inside {
                        numbers.resize(inside + 1, 0);
                    }
                    numbers[inside] += 1;
                }
            }
        }
    }
    run_until(&mut sim, end)?;
    let now = sim.now().as_nanos();
    let area = |id: ComponentId, name: &str| sim.level(id, name).map_or(0.0, |l| l.integral(now) / 1e9);
    // Of an ensemble only states count: tens of thousands of replications would fill the memory with samples.
    let keep = matches!(looks, Looks::Evenly(_));
    let samples =
        |id: ComponentId, name: &str| sim.samples(id, name).filter(|_| keep).cloned().unwrap_or_default();
    let stations = stations.iter().zip(numbers).map(|(id, numbers)| Station {
        waiting: samples(*id, "waiting"),
        waiting_abandoned: samples(*id, "waiting_abandoned"),
        service: samples(*id, "service"),
        response: if keep { sim.books(*id).response.clone() } else { Histogram::new() },
        busy: area(*id, "busy"),
        capacity: area(*id, "capacity"),
        queue: area(*id, "queue"),
        inside: area(*id, "inside"),
        numbers,
    });
    Ok(Observation {
        seconds: (end.as_nanos() - begin.as_nanos()) as f64 / 1e9,
        stations: stations.collect(),
        clients: clients(plan, &sim, keep),
        states,
        requests: before + sent(plan, &sim),
    })
}

fn run_until(sim: &mut Simulation, at: SimTime) -> Result<(), String> {
    sim.run_until(at).map_err(|stop| stop.to_string())
}

/// The stations, in the order of the scenario.
fn stations(plan: &Plan) -> Vec<ComponentId> {
    plan.parts.iter().filter(|part| part.name.starts_with("station-")).map(|part| part.instances[0]).collect()
}

fn state(sim: &Simulation, id: ComponentId) -> State {
    let value = |name| sim.level(id, name).map_or(0.0, |level| level.value());
    State { inside: value("inside"), queue: value("queue"), busy: value("busy") }
}

/// The clients: component and class names, in the order of the scenario.
fn sources(plan: &Plan) -> impl Iterator<Item = (ComponentId, &[String])> {
    plan.parts.iter().filter_map(|part| match &part.role {
        PartRole::Client { classes } => Some((part.instances[0], classes.as_slice())),
        _ => None,
    })
}

fn sent(plan: &Plan, sim: &Simulation) -> u64 {
    let of = |(id, classes): (ComponentId, &[String])| {
        classes.iter().filter_map(|class| sim.count(id, &format!("requests:{class}"))).sum::<u64>()
    };
    sources(plan).map(of).sum()
}

fn clients(plan: &Plan, sim: &Simulation, keep: bool) -> Vec<Client> {
    let now = sim.now().as_nanos();
    sources(plan)
        .map(|(id, classes)| {
            let mut client = Client {
                in_flight: sim.level(id, "in_flight").map_or(0.0, |l| l.integral(now) / 1e9),
                ..Client::default()
            };
            for class in classes {
                for status in Status::ALL {
                    let name = format!("ended:{class}:{}", status.name());
                    client.ended[status as usize] += sim.count(id, &name).unwrap_or(0);
                }
                if let Some(latency) = sim.samples(id, &format!("latency:{class}")).filter(|_| keep) {
                    client.latency.merge(latency);
                }
            }
            client
        })
        .collect()
}
