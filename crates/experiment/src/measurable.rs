//! What of a plan can be measured, and whether time passes in it at all, before it is run.

use kneepoint_engine::SimTime;
use kneepoint_scenario::plan::{Plan, WarmUpPlan};
use kneepoint_scenario::{Checked, Faults, Section};

use crate::probe::keeps_none;
use crate::program::Compiler;
use crate::recorder::{begin, round};

/// Holds that every objective and watch of a scenario can be measured, and that time does not stand still at its
/// beginning.
///
/// # Assumptions
/// A warm-up that is to be found is taken to be none: a window that does not fit into what the warm-up leaves is
/// known only once it has been found.
///
/// # Errors
/// All that cannot be measured, each where it is written; and who asks again and again at the first instant.
pub fn check(checked: &Checked, plan: &Plan) -> Result<(), Faults> {
    let found = unmeasurable(plan);
    if found.is_empty() { Ok(()) } else { Err(checked.cannot_measure(&found)) }
}

/// Returns whether every objective and watch of a plan can be measured, and time passes.
pub(crate) fn can_be_measured(plan: &Plan) -> bool {
    unmeasurable(plan).is_empty()
}

/// Objectives and watches that cannot be measured, and parts that cannot be run, by name, and why.
fn unmeasurable(plan: &Plan) -> Vec<(Section, String, String)> {
    let warm_up = match plan.run.warm_up {
        WarmUpPlan::Fixed(length) if length < plan.run.duration => length.as_nanos(),
        WarmUpPlan::Fixed(_) | WarmUpPlan::Auto => 0,
    };
    let mut compiler = Compiler::new(plan, warm_up);
    let mut found = Vec::new();
    let mut owners: Vec<(Section, &str)> = Vec::new();
    for objective in &plan.objectives {
        let owner = (Section::Slo, objective.name.as_str());
        if let Err(reason) = compiler.condition(&objective.condition) {
            found.push((owner.0, objective.name.clone(), reason));
        }
        owners.resize(compiler.tasks.len(), owner);
    }
    for watch in &plan.watches {
        let owner = (Section::Watch, watch.name.as_str());
        if let Err(reason) = compiler.metric(&watch.metric) {
            found.push((owner.0, watch.name.clone(), reason));
        }
        owners.resize(compiler.tasks.len(), owner);
    }
    // Which series a part keeps may depend on what it is made of: a simulation that has just begun knows.
    let Ok(mut sim) = begin(plan, 0) else { return found };
    if let Err(stop) = sim.run_until(SimTime::ZERO) {
        // Other ceilings depend on the run that is to come; here there is none.
        if let Some(round) = round(&sim, plan, stop) {
            found.push((Section::Parts, round.asks.clone(), format!("{stop}; {round}")));
        }
        return found;
    }
    for (task, (section, name)) in compiler.tasks.iter().zip(owners) {
        if let Some((id, series)) = task.probe.missing(&sim)
            && !found.iter().any(|(other, known, _)| *other == section && known == name)
        {
            found.push((section, name.to_string(), keeps_none(sim.path(id), &series)));
        }
    }
    found
}
