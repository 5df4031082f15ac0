//! From the records of a point to its result: the one way, whoever made the records.

use kneepoint_engine::SimDuration;
use kneepoint_scenario::plan::Plan;

use super::axis::plain;
use super::record::Outcome;
use super::spec::PointSpec;
use crate::ExperimentError;
use crate::recorder::Replication;
use crate::result::{ClientResult, PartResult, PointClient, PointPart, PointResult, RunResult, Verdict};
use crate::run::{Program, compile, evaluate, facts};

/// A point with what its records are evaluated with.
pub(crate) struct Folder {
    pub spec: PointSpec,
    plan: Plan,
    program: Program,
}

/// What the records of a point come to.
pub(crate) enum Folded {
    Done(Box<PointResult>),
    /// So many replications are needed; those that are there come back.
    More(u64, Vec<Outcome>),
}

impl Folder {
    pub fn new(spec: PointSpec) -> Result<Folder, ExperimentError> {
        let plan = spec.plan().map_err(ExperimentError::plan)?;
        let program = compile(&plan, spec.warm_up)?;
        Ok(Folder { spec, plan, program })
    }

    /// Folds the outcomes of the replications 0, 1, …
    pub fn fold(&self, outcomes: Vec<Outcome>) -> Folded {
        let n = outcomes.len() as u64;
        let mut all: Vec<Replication> = Vec::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Done(replication) => all.push(*replication),
                Outcome::Batches(batches) => all.extend(batches),
                Outcome::Stopped(reason) => return Folded::Done(Box::new(self.failed(reason, n))),
            }
        }
        if let Some(first) = all.first_mut() {
            first.paths = self.spec.paths();
        }
        let found = evaluate(&self.plan, &self.program, &all);
        if found.planned > n {
            let back = all.into_iter().map(|replication| Outcome::Done(Box::new(replication)));
            return Folded::More(found.planned, back.collect());
        }
        let (warm_up, from) = (SimDuration::from_nanos(self.spec.warm_up), self.spec.warm_up_from());
        let result = found.result(&self.plan, &self.program, warm_up, from, &all);
        Folded::Done(Box::new(self.point(result)))
    }

    fn point(&self, result: RunResult) -> PointResult {
        PointResult {
            index: self.spec.index,
            values: self.values(),
            failure: None,
            facts: result.facts,
            verdict: result.verdict,
            probability: result.probability,
            objectives: result.objectives,
            watches: result.watches,
            clients: result.clients.into_iter().map(client).collect(),
            parts: result.parts.into_iter().map(part).collect(),
            checks: result.checks,
            warnings: result.warnings,
            digest: result.digest,
            events: result.events,
        }
    }

    fn values(&self) -> Vec<String> {
        self.spec.values.iter().map(|value| plain(value).to_string()).collect()
    }

    fn failed(&self, reason: String, replications: u64) -> PointResult {
        let (warm_up, from) = (SimDuration::from_nanos(self.spec.warm_up), self.spec.warm_up_from());
        PointResult {
            index: self.spec.index,
            values: self.values(),
            failure: Some(reason),
            facts: facts(&self.plan, warm_up, from, replications, None),
            verdict: Verdict::Void,
            probability: None,
            objectives: Vec::new(),
            watches: Vec::new(),
            clients: Vec::new(),
            parts: Vec::new(),
            checks: Vec::new(),
            warnings: Vec::new(),
            digest: 0,
            events: 0,
        }
    }
}

/// The percentiles that are kept of each client.
const KEPT: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

fn client(client: ClientResult) -> PointClient {
    let latency = client.all.latency;
    PointClient {
        name: client.name,
        offered: client.all.sent.rate,
        users: client.users.map(|users| users.mean),
        mean: latency.mean,
        percentiles: latency.percentiles.into_iter().filter(|(p, _)| KEPT.contains(p)).collect(),
        goodput: client.all.good.rate,
        throughput: client.all.ended.rate,
        errors: client.all.errors.share,
    }
}

fn part(part: PartResult) -> PointPart {
    PointPart {
        name: part.name,
        utilisation: part.all.utilisation.map(|u| u.share),
        queue: part.all.queue.map(|q| q.mean),
        waiting: part.all.waiting.map(|w| w.mean),
    }
}
