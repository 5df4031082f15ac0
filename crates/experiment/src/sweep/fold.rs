//! From the records of a point to its result: the one way, whoever made the records.

use kneepoint_scenario::plan::Plan;

use super::axis::plain;
use super::record::Outcome;
use super::spec::PointSpec;
use crate::recorder::Replication;
use crate::result::{
    CheckResult, ClientResult, Facts, PartResult, PointClient, PointPart, PointResult, Verdict,
};
use crate::run::{Program, Reached, checks, compile, judged, mix, next, outage, reached};
use crate::tables::tables;
use crate::{ExperimentError, warnings};

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
        let stopped = outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Stopped(reason) => Some(reason.clone()),
            Outcome::Done(_) => None,
        });
        if let Some(reason) = stopped {
            return Folded::Done(Box::new(self.failed(reason, n)));
        }
        let mut all: Vec<Replication> = outcomes
            .into_iter()
            .filter_map(|outcome| match outcome {
                Outcome::Done(replication) => Some(*replication),
                Outcome::Stopped(_) => None,
            })
            .collect();
        if let Some(first) = all.first_mut() {
            first.paths = self.spec.paths();
        }
        let (mut objectives, watches) = judged(&self.plan, &self.program, &all);
        let (clients, parts) = tables(&self.plan, self.program.warm_up, &all);
        outage(&mut objectives, &clients);
        let mut precision = Reached::default();
        if self.plan.run.precision.is_some() {
            precision = reached(&objectives, &watches, &clients);
            let planned = next(&self.plan, n, &precision);
            if planned > n {
                return Folded::More(planned, all.into_iter().map(|r| Outcome::Done(Box::new(r))).collect());
            }
        }
        let checks = checks(&all);
        let facts = self.facts(n, precision.widest());
        let warnings = warnings::warnings(&warnings::Findings {
            plan: &self.plan,
            facts: &facts,
            clients: &clients,
            parts: &parts,
            objectives: &objectives,
            all: &all,
        });
        Folded::Done(Box::new(PointResult {
            index: self.spec.index,
            values: self.spec.values.iter().map(|value| plain(value).to_string()).collect(),
            failure: None,
            facts,
            verdict: crate::judge::overall(&objectives, checks.iter().all(CheckResult::holds)),
            objectives,
            watches,
            clients: clients.into_iter().map(client).collect(),
            parts: parts.into_iter().map(part).collect(),
            checks,
            warnings,
            digest: all.iter().fold(0, |digest, r| mix(digest, r.digest)),
            events: all.iter().map(|r| r.events).sum(),
        }))
    }

    fn facts(&self, replications: u64, precision_reached: Option<f64>) -> Facts {
        let run = &self.plan.run;
        Facts {
            duration: run.duration,
            warm_up: kneepoint_engine::SimDuration::from_nanos(self.spec.warm_up),
            warm_up_from: self.spec.warm_up_from(),
            replications,
            batches: None,
            replications_max: run.replications_max,
            precision: run.precision,
            precision_reached,
            confidence: run.confidence,
            seed: run.seed,
        }
    }

    fn failed(&self, reason: String, replications: u64) -> PointResult {
        PointResult {
            index: self.spec.index,
            values: self.spec.values.iter().map(|value| plain(value).to_string()).collect(),
            failure: Some(reason),
            facts: self.facts(replications, None),
            verdict: Verdict::Void,
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
