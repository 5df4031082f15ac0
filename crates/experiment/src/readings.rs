//! What one replication says about clients and parts, read at its end.

use kneepoint_calls::{ComponentId, PHASES, STATUSES, Simulation, Status};
use kneepoint_scenario::plan::{MiddlePlan, PartPlan, PartRole};
use kneepoint_statistics::Histogram;

use crate::series::doors;

/// A level: its area since the reset [ns times the level], its highest value and the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct LevelReading {
    pub area: f64,
    pub max: f64,
    pub last: f64,
}

/// Durations: how many, their sum, the shortest and the longest, and all of them where they are kept \[ns\].
#[derive(Clone, Debug, Default)]
pub(crate) struct Spent {
    pub count: u64,
    pub sum: u128,
    pub range: Option<(u64, u64)>,
    pub histogram: Histogram,
}

impl Spent {
    fn of(histogram: Histogram) -> Spent {
        Spent {
            count: histogram.count(),
            sum: histogram.sum(),
            range: histogram.min().zip(histogram.max()),
            histogram,
        }
    }

    fn merge(&mut self, other: &Spent) {
        self.histogram.merge(&other.histogram);
        *self = Spent::of(std::mem::take(&mut self.histogram));
    }
}

/// Requests of one class, as the client noted them.
#[derive(Clone, Debug)]
pub(crate) struct ClassReading {
    pub sent: u64,
    pub ended: [u64; STATUSES],
    pub latency: Spent,
    pub failed: Spent,
}

/// All requests of a client.
#[derive(Clone, Debug)]
pub(crate) struct ClientReading {
    pub classes: Vec<ClassReading>,
    pub in_flight: Option<LevelReading>,
    pub users: Option<LevelReading>,
    pub phases: [u64; PHASES],
}

/// One instance of a part, or all of them together.
#[derive(Clone, Debug, Default)]
pub(crate) struct StationReading {
    pub calls: u64,
    pub answers: [u64; STATUSES],
    /// Calls that were turned away at the door, by the status that they got.
    pub turned_away: [u64; STATUSES],
    pub lost: u64,
    pub orphans: u64,
    pub orphan_time: u64,
    pub phases: [u64; PHASES],
    pub response: Spent,
    pub waiting: Option<Spent>,
    pub waiting_abandoned: Option<Spent>,
    pub service: Option<Spent>,
    pub busy: Option<LevelReading>,
    pub capacity: Option<LevelReading>,
    pub queue: Option<LevelReading>,
    pub inside: Option<LevelReading>,
    pub threads: Option<LevelReading>,
    pub thread_limit: Option<LevelReading>,
}

/// A middle part, all its instances together: what arrived, how it was answered, and whatever series it keeps.
#[derive(Clone, Debug, Default)]
pub(crate) struct MiddleReading {
    pub calls: u64,
    pub answers: [u64; STATUSES],
    /// By name, in the order in which the component made them.
    pub counts: Vec<(String, u64)>,
    /// By name, in the order in which the component made them.
    pub levels: Vec<(String, LevelReading)>,
}

impl MiddleReading {
    pub fn of(sim: &Simulation, instances: &[ComponentId]) -> MiddleReading {
        let now = sim.now().as_nanos();
        let mut all = MiddleReading::default();
        for id in instances {
            let books = sim.books(*id);
            all.calls += books.calls;
            all.answers.iter_mut().zip(&books.answers).for_each(|(all, one)| *all += one);
            for (name, count) in sim.counts(*id) {
                match all.counts.iter_mut().find(|(known, _)| known == name) {
                    Some((_, sum)) => *sum += count,
                    None => all.counts.push((name.to_string(), *count)),
                }
            }
            for (name, l) in sim.levels(*id) {
                let one = LevelReading { area: l.integral(now), max: l.max(), last: l.value() };
                match all.levels.iter_mut().find(|(known, _)| known == name) {
                    Some((_, sum)) => *sum = sum.with(one),
                    None => all.levels.push((name.to_string(), one)),
                }
            }
        }
        all
    }
}

/// A part and its instances. The histograms of the instances are not kept: there may be thousands of them, in
/// hundreds of replications.
#[derive(Clone, Debug)]
pub(crate) struct PartReading {
    pub all: StationReading,
    pub instances: Vec<StationReading>,
}

impl PartReading {
    pub fn of(sim: &Simulation, part: &PartPlan, middles: &[MiddlePlan]) -> PartReading {
        let mut instances: Vec<StationReading> =
            part.instances.iter().map(|id| StationReading::of(sim, *id)).collect();
        for (behind, at, (series, status)) in doors(part, middles) {
            let place = part.instances.iter().position(|id| *id == behind);
            let reading = place.map(|place| &mut instances[place]).expect("the door is one of an instance");
            reading.turned_away[status as usize] += sim.count(at, series).unwrap_or(0);
        }
        let all = StationReading::together(&instances);
        instances.iter_mut().for_each(StationReading::forget_histograms);
        PartReading { all, instances }
    }
}

/// Reads a level of several components together: areas and last values are added, the highest is that of one.
fn level(sim: &Simulation, ids: &[ComponentId], name: &str) -> Option<LevelReading> {
    let now = sim.now().as_nanos();
    ids.iter()
        .filter_map(|id| sim.level(*id, name))
        .map(|l| LevelReading { area: l.integral(now), max: l.max(), last: l.value() })
        .reduce(LevelReading::with)
}

impl LevelReading {
    fn with(self, other: LevelReading) -> LevelReading {
        LevelReading {
            area: self.area + other.area,
            max: self.max.max(other.max),
            last: self.last + other.last,
        }
    }
}

fn samples(sim: &Simulation, ids: &[ComponentId], name: &str) -> Spent {
    let mut all = Histogram::new();
    ids.iter().filter_map(|id| sim.samples(*id, name)).for_each(|h| all.merge(h));
    Spent::of(all)
}

impl ClientReading {
    pub fn of(sim: &Simulation, part: &PartPlan) -> Option<ClientReading> {
        let PartRole::Client { classes } = &part.role else { return None };
        let ids = &part.instances;
        let count = |name: String| ids.iter().filter_map(|id| sim.count(*id, &name)).sum::<u64>();
        let classes = classes
            .iter()
            .map(|class| ClassReading {
                sent: count(format!("requests:{class}")),
                ended: Status::ALL.map(|s| count(format!("ended:{class}:{}", s.name()))),
                latency: samples(sim, ids, &format!("latency:{class}")),
                failed: samples(sim, ids, &format!("latency_failed:{class}")),
            })
            .collect();
        let mut phases = [0; PHASES];
        for id in ids {
            phases.iter_mut().zip(&sim.outcomes(*id).phases).for_each(|(all, one)| *all += one);
        }
        Some(ClientReading {
            classes,
            in_flight: level(sim, ids, "in_flight"),
            users: level(sim, ids, "users"),
            phases,
        })
    }

    /// Returns how many requests were sent, of all classes.
    pub fn sent(&self) -> u64 {
        self.classes.iter().map(|class| class.sent).sum()
    }

    /// Returns how many requests ended, of all classes.
    pub fn ended(&self) -> u64 {
        self.classes.iter().flat_map(|class| class.ended).sum()
    }

    /// Returns how many requests ended well, of all classes.
    pub fn good(&self) -> u64 {
        let good = Status::ALL.into_iter().filter(|status| status.is_good());
        good.map(|status| self.classes.iter().map(|class| class.ended[status as usize]).sum::<u64>()).sum()
    }

    /// Returns the latencies of good answers, of all classes.
    pub fn latency(&self) -> Histogram {
        let mut all = Histogram::new();
        self.classes.iter().for_each(|class| all.merge(&class.latency.histogram));
        all
    }

    /// Returns all classes together.
    pub fn all(&self) -> ClassReading {
        let mut all = ClassReading {
            sent: 0,
            ended: [0; STATUSES],
            latency: Spent::default(),
            failed: Spent::default(),
        };
        for class in &self.classes {
            all.sent += class.sent;
            all.ended.iter_mut().zip(&class.ended).for_each(|(a, b)| *a += b);
            all.latency.merge(&class.latency);
            all.failed.merge(&class.failed);
        }
        all
    }
}

impl StationReading {
    fn of(sim: &Simulation, id: ComponentId) -> StationReading {
        let books = sim.books(id);
        let samples = |name| sim.samples(id, name).cloned().map(Spent::of);
        let level = |name| level(sim, &[id], name);
        StationReading {
            calls: books.calls,
            answers: books.answers,
            turned_away: [0; STATUSES],
            lost: books.lost,
            orphans: books.orphans,
            orphan_time: books.orphan_time,
            phases: books.phases,
            response: Spent::of(books.response.clone()),
            waiting: samples("waiting"),
            waiting_abandoned: samples("waiting_abandoned"),
            service: samples("service"),
            busy: level("busy"),
            capacity: level("capacity"),
            queue: level("queue"),
            // Of one that passes calls on the level is not the number inside, and nothing is better than a wrong number.
            inside: if sim.passes_on(id) { None } else { level("inside") },
            threads: level("threads"),
            thread_limit: level("thread_limit"),
        }
    }

    pub fn forget_histograms(&mut self) {
        let of = [&mut self.waiting, &mut self.waiting_abandoned, &mut self.service];
        for spent in of.into_iter().flatten().chain([&mut self.response]) {
            spent.histogram = Histogram::new();
        }
    }

    /// Returns all instances together.
    fn together(instances: &[StationReading]) -> StationReading {
        let mut all = StationReading::default();
        for one in instances {
            all.calls += one.calls;
            all.answers.iter_mut().zip(&one.answers).for_each(|(a, b)| *a += b);
            all.turned_away.iter_mut().zip(&one.turned_away).for_each(|(a, b)| *a += b);
            all.lost += one.lost;
            all.orphans += one.orphans;
            all.orphan_time += one.orphan_time;
            all.phases.iter_mut().zip(&one.phases).for_each(|(a, b)| *a += b);
            all.response.merge(&one.response);
            for (mine, theirs) in [
                (&mut all.waiting, &one.waiting),
                (&mut all.waiting_abandoned, &one.waiting_abandoned),
                (&mut all.service, &one.service),
            ] {
                if let Some(theirs) = theirs {
                    mine.get_or_insert_default().merge(theirs);
                }
            }
            for (mine, theirs) in [
                (&mut all.busy, one.busy),
                (&mut all.capacity, one.capacity),
                (&mut all.queue, one.queue),
                (&mut all.inside, one.inside),
                (&mut all.threads, one.threads),
                (&mut all.thread_limit, one.thread_limit),
            ] {
                if let Some(theirs) = theirs {
                    *mine = Some(mine.map_or(theirs, |m| m.with(theirs)));
                }
            }
        }
        all
    }
}
