//! What is needed of a point to make its result of its records: the plan without the simulation.

use std::sync::Arc;

use kneepoint_calls::Simulation;
use kneepoint_engine::SimDuration;
use kneepoint_scenario::plan::{
    Objective, PartPlan, PartRole, Plan, RunPlan, Uncertainty, WarmUpPlan, Watch,
};
use kneepoint_scenario::value::{Condition, Metric};
use serde::{Deserialize, Serialize};

use crate::result::WarmUpFrom;

/// A point, as journals and shards hold it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PointSpec {
    pub index: u64,
    /// One value per axis.
    pub values: Vec<String>,
    duration: u64,
    pub warm_up: u64,
    warm_up_from: Warmed,
    replications: (u64, u64),
    precision: Option<f64>,
    confidence: f64,
    seed: u64,
    parts: Vec<Part>,
    objectives: Vec<(String, String)>,
    watches: Vec<(String, String)>,
    warnings: Vec<String>,
    /// Something is drawn once per replication: objectives hold with a probability.
    uncertain: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Warmed {
    Stated,
    Found(String),
    NotFound(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Part {
    name: String,
    kind: String,
    role: Role,
    paths: Vec<String>,
    operations: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Role {
    Client(Vec<String>),
    Station,
    Delay,
    Router,
}

impl PointSpec {
    /// Takes from a plan what its results are made of.
    pub fn new(
        index: u64,
        values: Vec<String>,
        plan: &Plan,
        warm_up: SimDuration,
        from: &WarmUpFrom,
    ) -> PointSpec {
        let run = &plan.run;
        let sim = (plan.build)(run.seed, 0);
        let part = |part: &PartPlan| Part {
            name: part.name.clone(),
            kind: part.kind.clone(),
            role: match &part.role {
                PartRole::Client { classes } => Role::Client(classes.clone()),
                PartRole::Station => Role::Station,
                PartRole::Delay => Role::Delay,
                PartRole::Router => Role::Router,
            },
            paths: part.instances.iter().map(|id| sim.path(*id).to_string()).collect(),
            operations: part.operations.iter().map(|(name, _)| name.clone()).collect(),
        };
        PointSpec {
            index,
            values,
            duration: run.duration.as_nanos(),
            warm_up: warm_up.as_nanos(),
            warm_up_from: match from {
                WarmUpFrom::Stated => Warmed::Stated,
                WarmUpFrom::Found { client } => Warmed::Found(client.clone()),
                WarmUpFrom::NotFound { reason } => Warmed::NotFound(reason.clone()),
            },
            replications: (run.replications_min, run.replications_max),
            precision: run.precision,
            confidence: run.confidence,
            seed: run.seed,
            parts: plan.parts.iter().map(part).collect(),
            objectives: plan.objectives.iter().map(|o| (o.name.clone(), o.condition.to_string())).collect(),
            watches: plan.watches.iter().map(|w| (w.name.clone(), w.metric.to_string())).collect(),
            warnings: plan.doubts(),
            uncertain: plan.uncertain.is_some(),
        }
    }

    pub fn warm_up_from(&self) -> WarmUpFrom {
        match &self.warm_up_from {
            Warmed::Stated => WarmUpFrom::Stated,
            Warmed::Found(client) => WarmUpFrom::Found { client: client.clone() },
            Warmed::NotFound(reason) => WarmUpFrom::NotFound { reason: reason.clone() },
        }
    }

    /// Returns the paths of the instances, by part.
    pub fn paths(&self) -> Vec<Vec<String>> {
        self.parts.iter().map(|part| part.paths.clone()).collect()
    }

    /// Makes a plan to evaluate with: there is nothing in it to run.
    ///
    /// # Errors
    /// If an objective or watch cannot be read, in words.
    pub fn plan(&self) -> Result<Plan, String> {
        let mut sim = Simulation::new(0);
        let parts = self.parts.iter().map(|part| PartPlan {
            name: part.name.clone(),
            kind: part.kind.clone(),
            role: match &part.role {
                Role::Client(classes) => PartRole::Client { classes: classes.clone() },
                Role::Station => PartRole::Station,
                Role::Delay => PartRole::Delay,
                Role::Router => PartRole::Router,
            },
            // The numbers of the components matter to who reads them, which nobody does here.
            instances: part.paths.iter().map(|path| sim.declare(path).callee().id()).collect(),
            operations: part.operations.iter().map(|name| (name.clone(), 0)).collect(),
        });
        let parts = parts.collect();
        let objectives = self.objectives.iter().map(|(name, text)| {
            let condition = Condition::parse(text).map_err(|e| format!("{text}: {}", e.message))?;
            Ok(Objective { name: name.clone(), condition })
        });
        let watches = self.watches.iter().map(|(name, text)| {
            let metric = Metric::parse(text).map_err(|e| format!("{text}: {}", e.message))?;
            Ok(Watch { name: name.clone(), metric })
        });
        let run = RunPlan {
            warm_up: WarmUpPlan::Fixed(SimDuration::from_nanos(self.warm_up)),
            replications_min: self.replications.0,
            replications_max: self.replications.1,
            precision: self.precision,
            confidence: self.confidence,
            seed: self.seed,
            ..RunPlan::new(SimDuration::from_nanos(self.duration))
        };
        let (objectives, watches) =
            (objectives.collect::<Result<_, String>>()?, watches.collect::<Result<_, String>>()?);
        let plan = Plan::new("", run, Simulation::replication);
        // What was drawn is in the records; only that something was matters here.
        let uncertain = self.uncertain.then(|| Uncertainty {
            params: Vec::new(),
            values: Arc::new(|_, _| Vec::new()),
            build: Arc::new(|_, _, _| Err("there is nothing to run".to_string())),
        });
        Ok(Plan { parts, objectives, watches, warnings: self.warnings.clone(), uncertain, ..plan })
    }
}
