//! Plans for the tests.

use kneepoint_calls::{ComponentId, Simulation};
use kneepoint_components::client::{ArrivalProcess, Arrivals, Classes, OpenClient, RateProfile};
use kneepoint_components::service::{Service, compute};
use kneepoint_engine::SimDuration;
use kneepoint_experiment::result::{ObjectiveResult, RunResult, WatchResult};
use kneepoint_experiment::{Options, run};
use kneepoint_random::Distribution;
use kneepoint_scenario::plan::{Objective, PartPlan, PartRole, Plan, RunPlan, WarmUpPlan, Watch};
use kneepoint_scenario::value::{Condition, Metric};
use kneepoint_statistics::Estimate;

use crate::parts::{Desk, Lie, Script};

pub fn part(name: &str, role: PartRole, instances: Vec<ComponentId>) -> PartPlan {
    PartPlan { name: name.to_string(), kind: "test".to_string(), role, instances, operations: Vec::new() }
}

/// Makes a plan whose parts are those of the built simulation with these names; `name` stands for `name`,
/// `name/0`, `name/1` and so on.
pub fn plan(
    run: RunPlan,
    parts: &[(&str, PartRole)],
    build: impl Fn(u64, u64) -> Simulation + Send + Sync + 'static,
) -> Plan {
    let sim = build(run.seed, 0);
    let of = |name: &str| -> Vec<ComponentId> {
        let is = |id: &ComponentId| sim.path(*id).split('/').next() == Some(name);
        sim.components().filter(is).collect()
    };
    let parts = parts.iter().map(|(name, role)| part(name, role.clone(), of(name))).collect();
    Plan { parts, ..Plan::new("a test", run, build) }
}

pub fn client() -> PartRole {
    PartRole::Client { classes: vec!["all".to_string()] }
}

pub fn fixed(duration: SimDuration, warm_up: SimDuration, replications: u64) -> RunPlan {
    RunPlan {
        warm_up: WarmUpPlan::Fixed(warm_up),
        replications_min: replications,
        replications_max: replications,
        ..RunPlan::new(duration)
    }
}

/// Requests at these instants \[ms\] to a desk that takes 10 ms for each, for 200 ms, twice.
pub fn desk(at: &[u64], warm_up_ms: u64, lie: Option<Lie>) -> Plan {
    let at: Vec<(u64, usize)> = at.iter().map(|t| (*t, 0)).collect();
    let run = fixed(SimDuration::from_millis(200), SimDuration::from_millis(warm_up_ms), 2);
    plan(run, &[("client", client()), ("desk", PartRole::Station)], move |seed, replication| {
        let mut sim = Simulation::replication(seed, replication);
        let desk = match lie {
            Some(lie) => Desk::new(10).lying(lie),
            None => Desk::new(10),
        };
        let desk = sim.serve("desk", desk);
        sim.add("client", Script { lie, ..Script::new(vec![desk], at.clone()) });
        sim
    })
}

/// Poisson requests to exponential servers.
pub fn queue(run: RunPlan, rate_per_s: f64, mean_ms: f64, servers: u32) -> Plan {
    plan(run, &[("client", client()), ("desk", PartRole::Station)], move |seed, replication| {
        let mut sim = Simulation::replication(seed, replication);
        let work = Distribution::exponential(mean_ms * 1e6).expect("a mean above 0");
        let desk = Service::servers(servers).does([compute(work)]).build().expect("a service");
        let desk = sim.serve("desk", desk);
        sim.add("client", OpenClient::new(desk, poisson(rate_per_s), classes()));
        sim
    })
}

pub fn poisson(rate_per_s: f64) -> ArrivalProcess {
    let rate = RateProfile::constant(rate_per_s).expect("a rate above 0");
    ArrivalProcess::new(Arrivals::Poisson, Some(rate)).expect("arrivals")
}

pub fn classes() -> Classes {
    Classes::new(vec![kneepoint_components::client::Class::named("all")]).expect("one class")
}

pub fn with_watch(mut plan: Plan, metric: &str) -> Plan {
    let metric = Metric::parse(metric).expect("a metric");
    plan.watches.push(Watch { name: format!("watch {}", plan.watches.len()), metric });
    plan
}

pub fn with_objective(mut plan: Plan, name: &str, condition: &str) -> Plan {
    let condition = Condition::parse(condition).expect("a condition");
    plan.objectives.push(Objective { name: name.to_string(), condition });
    plan
}

pub fn done(plan: &Plan) -> RunResult {
    match run(plan, &Options::default()) {
        Ok(result) => result,
        Err(error) => panic!("{error}"),
    }
}

pub fn watched(plan: Plan, metric: &str) -> WatchResult {
    done(&with_watch(plan, metric)).watches.pop().expect("there is a watch")
}

/// The values of a watch, which must all be known.
pub fn values(plan: Plan, metric: &str) -> Vec<f64> {
    let watch = watched(plan, metric);
    let value = |v: &kneepoint_experiment::result::WatchValue| {
        v.value.value().unwrap_or_else(|| panic!("{metric}: {:?}", v.value))
    };
    watch.values.iter().map(value).collect()
}

pub fn objective(plan: Plan, condition: &str) -> ObjectiveResult {
    done(&with_objective(plan, "it", condition)).objectives.pop().expect("there is an objective")
}

pub fn known(estimated: &kneepoint_statistics::Estimated) -> Estimate {
    *estimated.known().unwrap_or_else(|| panic!("{estimated:?}"))
}
