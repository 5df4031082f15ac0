//! The numbers of clients and parts over all replications.

use kneepoint_calls::{Phase, STATUSES, Status};
use kneepoint_scenario::plan::{EdgePlan, MiddlePlan, NodePlan, PartPlan, PartRole, Plan};
use kneepoint_statistics::{Estimated, Histogram};

use crate::evaluate::{between_0_and_1, jain, not_negative, ratio, share};
use crate::readings::{
    ClassReading, ClientReading, LevelReading, MiddleReading, PartReading, Spent, StationReading,
};
use crate::recorder::Replication;
use crate::result::{
    ClassResult, ClientResult, Count, Durations, EdgeResult, Evenness, InstanceResult, LevelResult,
    MiddleResult, Node, PERCENTILES, PartResult, PhaseTime, Requests, Share, Station, TopologyResult,
};

/// What turns sums into estimates.
#[derive(Clone, Copy)]
struct Scale {
    /// Measured time of one replication \[ns\].
    nanos: f64,
    confidence: f64,
}

impl Scale {
    fn count(self, per_replication: impl Iterator<Item = u64>) -> Count {
        let counts: Vec<u64> = per_replication.collect();
        let rates: Vec<f64> = counts.iter().map(|c| *c as f64 / (self.nanos / 1e9)).collect();
        Count {
            total: counts.iter().sum(),
            rate: not_negative(Estimated::from_replications(&rates, self.confidence)),
        }
    }

    /// A share of things that were counted.
    fn share(self, pairs: impl Iterator<Item = (u64, u64)>) -> Share {
        let (parts, wholes): (Vec<f64>, Vec<f64>) = pairs.map(|(p, w)| (p as f64, w as f64)).unzip();
        let share = share(&parts, &wholes, self.confidence);
        Share { part: parts.iter().sum(), whole: wholes.iter().sum(), share }
    }

    /// A share of time.
    fn time_share(self, pairs: impl Iterator<Item = (f64, f64)>) -> Share {
        let (parts, wholes): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let share = between_0_and_1(ratio(&parts, &wholes, self.confidence));
        Share { part: parts.iter().sum(), whole: wholes.iter().sum(), share }
    }

    fn durations(self, of: &[&Spent], percentiles: &[f64]) -> Durations {
        let mut histogram = Histogram::new();
        of.iter().for_each(|s| histogram.merge(&s.histogram));
        let histograms: Vec<&Histogram> = of.iter().map(|s| &s.histogram).collect();
        let sums: Vec<f64> = of.iter().map(|s| s.sum as f64).collect();
        let counts: Vec<f64> = of.iter().map(|s| s.count as f64).collect();
        let percentile = |p: &f64| (*p, Estimated::percentile(&histograms, *p, self.confidence));
        let ranges = of.iter().filter_map(|s| s.range);
        Durations {
            count: of.iter().map(|s| s.count).sum(),
            mean: not_negative(ratio(&sums, &counts, self.confidence)),
            range: ranges.reduce(|(low, high), (l, h)| (low.min(l), high.max(h))),
            percentiles: percentiles.iter().map(percentile).collect(),
            histogram,
        }
    }

    /// A level of one instance, or of several together.
    fn level(self, of: &[LevelReading], alone: bool) -> LevelResult {
        let means: Vec<f64> = of.iter().map(|l| l.area / self.nanos).collect();
        LevelResult {
            mean: not_negative(Estimated::from_replications(&means, self.confidence)),
            max: alone.then(|| of.iter().map(|l| l.max).fold(f64::NEG_INFINITY, f64::max)),
        }
    }

    /// Time by phase, per one of what is counted.
    fn phases<'a>(self, of: impl Iterator<Item = (&'a [u64], u64)>) -> Vec<PhaseTime> {
        let all: Vec<(&[u64], u64)> = of.collect();
        let counts: Vec<f64> = all.iter().map(|(_, n)| *n as f64).collect();
        let one = |phase: Phase| {
            let times: Vec<u64> = all.iter().map(|(phases, _)| phases[phase as usize]).collect();
            let sums: Vec<f64> = times.iter().map(|t| *t as f64).collect();
            PhaseTime {
                phase,
                total: times.iter().map(|t| u128::from(*t)).sum(),
                per_request: not_negative(ratio(&sums, &counts, self.confidence)),
            }
        };
        Phase::ALL.into_iter().map(one).collect()
    }

    /// Ends by status, against all ends.
    fn by_status(self, of: &[([u64; STATUSES], u64)]) -> Vec<(Status, Share)> {
        let occurs = |s: &Status| of.iter().any(|(ends, _)| ends[*s as usize] > 0);
        let share = |s: Status| (s, self.share(of.iter().map(|(ends, all)| (ends[s as usize], *all))));
        Status::ALL.into_iter().filter(occurs).map(share).collect()
    }

    fn requests(self, of: &[&ClassReading]) -> Requests {
        let ended = |r: &&ClassReading| r.ended.iter().sum::<u64>();
        let good = |r: &&ClassReading| good(&r.ended);
        let by_status: Vec<_> = of.iter().map(|r| (r.ended, ended(r))).collect();
        let latencies: Vec<&Spent> = of.iter().map(|r| &r.latency).collect();
        let failed: Vec<&Spent> = of.iter().map(|r| &r.failed).collect();
        Requests {
            sent: self.count(of.iter().map(|r| r.sent)),
            ended: self.count(of.iter().map(ended)),
            by_status: self.by_status(&by_status),
            good: self.count(of.iter().map(good)),
            errors: self.share(of.iter().map(|r| (ended(r) - good(r), ended(r)))),
            latency: self.durations(&latencies, &PERCENTILES),
            latency_failed: self.durations(&failed, &PERCENTILES),
        }
    }

    fn station(self, of: &[&StationReading], percentiles: &[f64], alone: bool) -> Station {
        let answered = |r: &&StationReading| r.answers.iter().sum::<u64>();
        // As whoever calls sees it: what its door turns away is of the part.
        let ends = |r: &&StationReading| answered(r) + r.turned_away.iter().sum::<u64>() + r.lost;
        let by_status = of.iter().map(|r| {
            let mut all = r.answers;
            all.iter_mut().zip(&r.turned_away).for_each(|(all, turned_away)| *all += turned_away);
            (all, ends(r))
        });
        let by_status: Vec<_> = by_status.collect();
        let response: Vec<&Spent> = of.iter().map(|r| &r.response).collect();
        let samples = |pick: fn(&StationReading) -> Option<&Spent>| {
            let kept: Vec<&Spent> = of.iter().filter_map(|r| pick(r)).collect();
            (kept.len() == of.len() && !kept.is_empty()).then(|| self.durations(&kept, percentiles))
        };
        let levels = |pick: fn(&StationReading) -> Option<LevelReading>| {
            of.iter().map(|r| pick(r)).collect::<Option<Vec<_>>>()
        };
        let level = |pick| levels(pick).map(|l| self.level(&l, alone));
        let taken = |level, of| {
            let (part, whole) = (levels(level)?, levels(of)?);
            Some(self.time_share(part.iter().zip(&whole).map(|(part, whole)| (part.area, whole.area))))
        };
        let spent = |r: &&StationReading| r.phases.iter().sum::<u64>() as f64;
        Station {
            calls: self.count(of.iter().map(|r| r.calls)),
            answered: self.count(of.iter().map(answered)),
            by_status: self.by_status(&by_status),
            good: self.count(of.iter().map(|r| good(&r.answers))),
            errors: self.share(of.iter().map(|r| (ends(r) - good(&r.answers), ends(r)))),
            lost: self.count(of.iter().map(|r| r.lost)),
            response: self.durations(&response, percentiles),
            waiting: samples(|r| r.waiting.as_ref()),
            waiting_abandoned: samples(|r| r.waiting_abandoned.as_ref()),
            service: samples(|r| r.service.as_ref()),
            utilisation: taken(|r| r.busy, |r| r.capacity),
            busy: level(|r| r.busy),
            queue: level(|r| r.queue),
            inside: level(|r| r.inside),
            threads: level(|r| r.threads),
            thread_utilisation: taken(|r| r.threads, |r| r.thread_limit),
            phases: self.phases(of.iter().map(|r| (&r.phases[..], r.calls))),
            orphans: self.count(of.iter().map(|r| r.orphans)),
            orphan_time: self.time_share(of.iter().map(|r| (r.orphan_time as f64, spent(r)))),
        }
    }
}

pub(crate) fn good(ends: &[u64; STATUSES]) -> u64 {
    Status::ALL.iter().filter(|s| s.is_good()).map(|s| ends[*s as usize]).sum()
}

/// Returns what the clients saw and what happened at the other parts, in the order of the plan.
pub(crate) fn tables(plan: &Plan, warm_up: u64, all: &[Replication]) -> (Vec<ClientResult>, Vec<PartResult>) {
    let scale = Scale { nanos: (plan.end().as_nanos() - warm_up) as f64, confidence: plan.run.confidence };
    let (mut clients, mut parts) = (Vec::new(), Vec::new());
    for (at, part) in plan.parts.iter().enumerate() {
        match &part.role {
            PartRole::Client { classes } => clients.push(client(scale, part, at, classes, all)),
            _ => parts.push(station(scale, part, at, all)),
        }
    }
    (clients, parts)
}

/// Returns what happened on the way between parts, in the order of the plan; nothing where records do not keep it.
pub(crate) fn middles(plan: &Plan, warm_up: u64, all: &[Replication]) -> Vec<MiddleResult> {
    let scale = Scale { nanos: (plan.end().as_nanos() - warm_up) as f64, confidence: plan.run.confidence };
    let kept = all.iter().all(|one| one.middles.len() == plan.middles.len());
    let middle = |(at, middle): (usize, &MiddlePlan)| {
        let of: Vec<&MiddleReading> = all.iter().map(|one| &one.middles[at]).collect();
        let ends = |r: &&MiddleReading| r.answers.iter().sum::<u64>();
        let by_status: Vec<_> = of.iter().map(|r| (r.answers, ends(r))).collect();
        // Every replication has the same components, so that the first one's names are those of all.
        let names =
            |pick: fn(&MiddleReading) -> Vec<&String>| of.first().map(|r| pick(r)).unwrap_or_default();
        let count_of = |r: &MiddleReading, name: &str| {
            r.counts.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count)
        };
        let level_of = |r: &MiddleReading, name: &str| {
            r.levels.iter().find(|(known, _)| known == name).map_or_else(LevelReading::default, |(_, l)| *l)
        };
        let count = |name: &String| (name.clone(), scale.count(of.iter().map(|r| count_of(r, name))));
        let level = |name: &String| {
            let readings: Vec<LevelReading> = of.iter().map(|r| level_of(r, name)).collect();
            (name.clone(), scale.level(&readings, middle.instances.len() == 1))
        };
        MiddleResult {
            at: middle.at.clone(),
            place: middle.place,
            kind: middle.kind.clone(),
            instances: middle.instances.len(),
            calls: scale.count(of.iter().map(|r| r.calls)),
            by_status: scale.by_status(&by_status),
            counts: names(|r| r.counts.iter().map(|(name, _)| name).collect())
                .into_iter()
                .map(count)
                .collect(),
            levels: names(|r| r.levels.iter().map(|(name, _)| name).collect())
                .into_iter()
                .map(level)
                .collect(),
        }
    };
    if kept { plan.middles.iter().enumerate().map(middle).collect() } else { Vec::new() }
}

/// Returns who calls whom, and how often.
pub(crate) fn topology(plan: &Plan, warm_up: u64, all: &[Replication]) -> TopologyResult {
    let scale = Scale { nanos: (plan.end().as_nanos() - warm_up) as f64, confidence: plan.run.confidence };
    let nothing = NodePlan::default();
    let nodes = plan.parts.iter().enumerate().map(|(at, part)| {
        let more = plan.topology.as_ref().and_then(|topology| topology.nodes.get(at)).unwrap_or(&nothing);
        Node {
            name: part.name.clone(),
            kind: part.kind.clone(),
            label: more.label.clone(),
            client: matches!(part.role, PartRole::Client { .. }),
            instances: part.instances.len() as u64,
            cores: more.cores,
            concurrency: more.concurrency.clone(),
            via: more.via.clone(),
        }
    });
    let edge = |(at, edge): (usize, &EdgePlan)| {
        let counts: Option<Vec<u64>> = all.iter().map(|one| *one.edges.get(at)?).collect();
        EdgeResult {
            from: plan.parts[edge.caller].name.clone(),
            to: plan.parts[edge.callee].name.clone(),
            operations: edge.operations.clone(),
            via: edge.via.clone(),
            wire: edge.wire.clone(),
            calls: counts.map(|counts| scale.count(counts.into_iter())),
        }
    };
    let edges = plan.topology.as_ref().map(|topology| topology.edges.iter().enumerate().map(edge).collect());
    TopologyResult { nodes: nodes.collect(), edges }
}

fn client(scale: Scale, part: &PartPlan, at: usize, classes: &[String], all: &[Replication]) -> ClientResult {
    let readings: Vec<&ClientReading> = all.iter().filter_map(|r| r.clients[at].as_ref()).collect();
    let together: Vec<ClassReading> = readings.iter().map(|r| r.all()).collect();
    let together: Vec<&ClassReading> = together.iter().collect();
    let alone = part.instances.len() == 1;
    let level = |pick: fn(&ClientReading) -> Option<LevelReading>| {
        readings.iter().map(|r| pick(r)).collect::<Option<Vec<_>>>().map(|l| scale.level(&l, alone))
    };
    let classes = classes.iter().enumerate().map(|(i, name)| {
        let of: Vec<&ClassReading> = readings.iter().map(|r| &r.classes[i]).collect();
        ClassResult { name: name.clone(), requests: scale.requests(&of) }
    });
    let ended = |r: &ClassReading| r.ended.iter().sum::<u64>();
    ClientResult {
        name: part.name.clone(),
        kind: part.kind.clone(),
        all: scale.requests(&together),
        classes: classes.collect(),
        in_flight: level(|r| r.in_flight),
        users: level(|r| r.users),
        phases: scale.phases(readings.iter().zip(&together).map(|(r, t)| (&r.phases[..], ended(t)))),
    }
}

fn station(scale: Scale, part: &PartPlan, at: usize, all: &[Replication]) -> PartResult {
    let readings: Vec<&PartReading> = all.iter().filter_map(|r| r.stations[at].as_ref()).collect();
    let together: Vec<&StationReading> = readings.iter().map(|r| &r.all).collect();
    // Records of sweeps keep parts as a whole only.
    let kept = readings.iter().all(|r| r.instances.len() == part.instances.len());
    let evenness = if kept { evenness(scale, &readings) } else { None };
    let instances = part.instances.iter().enumerate().filter(|_| kept).map(|(i, _)| {
        let of: Vec<&StationReading> = readings.iter().map(|r| &r.instances[i]).collect();
        InstanceResult {
            path: all.first().map_or_else(String::new, |r| r.paths[at][i].clone()),
            station: scale.station(&of, &[], true),
        }
    });
    PartResult {
        name: part.name.clone(),
        kind: part.kind.clone(),
        all: scale.station(&together, &PERCENTILES, part.instances.len() == 1),
        instances: instances.collect(),
        evenness,
    }
}

/// How evenly the instances of a part are loaded.
fn evenness(scale: Scale, readings: &[&PartReading]) -> Option<Evenness> {
    let used = |one: &StationReading| Some(one.busy?.area / one.capacity.filter(|all| all.area > 0.0)?.area);
    let each = |of: fn(&StationReading) -> f64| {
        readings.iter().map(|reading| reading.instances.iter().map(of).collect()).collect::<Vec<Vec<f64>>>()
    };
    let utilisations: Option<Vec<Vec<f64>>> =
        readings.iter().map(|reading| reading.instances.iter().map(used).collect()).collect();
    let (of, loads) = match utilisations {
        Some(loads) => ("utilisation", loads),
        None => ("calls", each(|one| one.calls as f64)),
    };
    if loads.iter().any(|loads| loads.len() < 2 || loads.iter().sum::<f64>() <= 0.0) {
        return None;
    }
    let estimate = |one: fn(&[f64]) -> f64| {
        let values: Vec<f64> = loads.iter().map(|loads| one(loads)).collect();
        Estimated::from_replications(&values, scale.confidence)
    };
    Some(Evenness {
        of,
        jain: between_0_and_1(estimate(|loads| jain(loads).unwrap_or(1.0))),
        peak: not_negative(estimate(peak)),
    })
}

/// The largest over the mean.
fn peak(loads: &[f64]) -> f64 {
    loads.iter().copied().fold(0.0, f64::max) * loads.len() as f64 / loads.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evenness_is_of_what_instances_have() {
        assert_eq!((jain(&[2.0, 2.0, 2.0]), peak(&[2.0, 2.0, 2.0])), (Some(1.0), 1.0));
        assert_eq!((jain(&[0.0, 0.0, 5.0, 0.0]), peak(&[0.0, 0.0, 5.0, 0.0])), (Some(0.25), 4.0));
        // (1 + 3)^2 / (2 * 10)
        assert_eq!((jain(&[1.0, 3.0]), peak(&[1.0, 3.0])), (Some(0.8), 1.5));
        let scale = Scale { nanos: 1e9, confidence: 0.95 };
        let area = |area| Some(LevelReading { area, ..LevelReading::default() });
        let one = |calls, busy, capacity: Option<f64>| StationReading {
            calls,
            busy: area(busy),
            capacity: capacity.and_then(area),
            ..StationReading::default()
        };
        let part = |instances| PartReading { all: StationReading::default(), instances };
        // An instance twice as strong that has twice the work is as loaded as the other.
        let (alike, bare) = (
            part(vec![one(1, 1.0, Some(2.0)), one(2, 2.0, Some(4.0))]),
            part(vec![one(1, 1.0, None), one(3, 2.0, None)]),
        );
        let of = |reading: &PartReading| {
            let found = evenness(scale, &[reading, reading]).expect("two instances with load");
            (found.of, found.jain.value().expect("a value"))
        };
        assert_eq!((of(&alike), of(&bare)), (("utilisation", 1.0), ("calls", 0.8)));
        assert_eq!(evenness(scale, &[&part(vec![one(5, 1.0, None)])]), None);
        assert_eq!(evenness(scale, &[&part(vec![one(0, 0.0, None), one(0, 0.0, None)])]), None);
    }

    #[test]
    fn no_interval_reaches_below_nothing() {
        let scale = Scale { nanos: 1e9, confidence: 0.95 };
        let count = scale.count([0, 0, 0, 5].into_iter());
        let rate = count.rate.known().expect("four replications carry an interval");
        assert_eq!((count.total, rate.value, rate.low), (5, 1.25, 0.0));
        assert!(rate.high > 2.0, "{rate:?}");
    }
}
