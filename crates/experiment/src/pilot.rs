//! Finds the warm-up in a pilot run.

use kneepoint_calls::{ComponentId, Simulation};
use kneepoint_engine::SimDuration;
use kneepoint_scenario::plan::{PartPlan, PartRole, Plan, WarmUpPlan};
use kneepoint_statistics::mser5;

use crate::error::ExperimentError;
use crate::recorder::{begin, run_until};
use crate::result::WarmUpFrom;

/// Slices of the pilot run.
///
/// # Source
/// Chosen: a warm-up is found to a hundredth of the run, as MSER-5 takes five at a time, and 50 numbers are the
/// fewest it takes, so that slices may be joined three times.
const SLICES: usize = 500;

/// Fewest slices left after joining.
const SLICES_MIN: usize = 50;

/// Slices in which no request ended that are tolerated: they repeat the one before.
const EMPTY_SHARE: f64 = 0.1;

/// The warm-up of every replication, and where it comes from.
pub(crate) fn warm_up(plan: &Plan) -> Result<(SimDuration, WarmUpFrom), ExperimentError> {
    match plan.run.warm_up {
        WarmUpPlan::Fixed(length) => Ok((length, WarmUpFrom::Stated)),
        WarmUpPlan::Auto => find(plan),
    }
}

/// Requests that ended at a client so far, and the sum of their latencies \[ns\].
#[derive(Clone, Copy, Debug, Default)]
struct Ended {
    count: u64,
    latency: u128,
}

/// Runs replication 0 once more than the rest of the experiment does and looks at the latencies of each client.
///
/// The longest warm-up of any client is that of the run. If one is not found, half of the run is left out: a
/// later cut would leave less than it takes away.
///
/// # Source
/// White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69(6), 1997: a
/// truncation point in the second half says that the run is too short.
fn find(plan: &Plan) -> Result<(SimDuration, WarmUpFrom), ExperimentError> {
    let duration = plan.run.duration.as_nanos();
    let clients: Vec<(&PartPlan, &[String])> = plan
        .parts
        .iter()
        .filter_map(|part| match &part.role {
            PartRole::Client { classes } => Some((part, classes.as_slice())),
            _ => None,
        })
        .collect();
    let not_found =
        |reason: String| Ok((SimDuration::from_nanos(duration / 2), WarmUpFrom::NotFound { reason }));
    if clients.is_empty() {
        return not_found("there is no client whose latency could be looked at".to_string());
    }
    let mut sim = begin(plan, 0)?;
    let mut slices: Vec<Vec<Ended>> = vec![Vec::new(); clients.len()];
    let mut before = vec![Ended::default(); clients.len()];
    for k in 1..=SLICES as u64 {
        let at = (u128::from(duration) * u128::from(k) / SLICES as u128) as u64;
        run_until(&mut sim, plan, 0, at)?;
        for (i, (part, classes)) in clients.iter().enumerate() {
            let now = ended(&sim, &part.instances, classes);
            slices[i]
                .push(Ended { count: now.count - before[i].count, latency: now.latency - before[i].latency });
            before[i] = now;
        }
    }
    let mut longest: Option<(u64, &str)> = None;
    for ((part, _), slices) in clients.iter().zip(slices) {
        let name = part.name.as_str();
        let Some(series) = means(slices) else {
            return not_found(format!("too few requests of \"{name}\" end"));
        };
        let found = mser5(&series);
        if !found.found {
            let reason = found.reason.unwrap_or("there is no cut");
            return not_found(format!("in the latency of \"{name}\": {reason}"));
        }
        let cut = (u128::from(duration) * found.truncate_at as u128 / series.len() as u128) as u64;
        if longest.is_none_or(|(most, _)| cut > most) {
            longest = Some((cut, name));
        }
    }
    let (cut, client) = longest.expect("there is a client");
    Ok((SimDuration::from_nanos(cut), WarmUpFrom::Found { client: client.to_string() }))
}

fn ended(sim: &Simulation, ids: &[ComponentId], classes: &[String]) -> Ended {
    let mut all = Ended::default();
    for id in ids {
        for class in classes {
            for kind in ["latency", "latency_failed"] {
                if let Some(samples) = sim.samples(*id, &format!("{kind}:{class}")) {
                    all.count += samples.count();
                    all.latency += samples.sum();
                }
            }
        }
    }
    all
}

/// Returns the mean latency in each slice, of slices long enough that few of them are empty; nothing if there are
/// too few requests for that.
fn means(mut slices: Vec<Ended>) -> Option<Vec<f64>> {
    loop {
        let empty = slices.iter().filter(|s| s.count == 0).count();
        if empty as f64 <= EMPTY_SHARE * slices.len() as f64 {
            break;
        }
        if slices.len() / 2 < SLICES_MIN {
            return None;
        }
        let join = |pair: &[Ended]| Ended {
            count: pair.iter().map(|s| s.count).sum(),
            latency: pair.iter().map(|s| s.latency).sum(),
        };
        slices = slices.chunks(2).map(join).collect();
    }
    // Before the first request ends nothing is known: it gets what is known first, which is no transient.
    let mut last = slices.iter().find(|s| s.count > 0).map(|s| s.latency as f64 / s.count as f64)?;
    let mean = |slice: Ended| {
        if slice.count > 0 {
            last = slice.latency as f64 / slice.count as f64;
        }
        last
    };
    Some(slices.into_iter().map(mean).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(latencies: &[u64]) -> Vec<Ended> {
        latencies
            .iter()
            .map(|l| if *l == 0 { Ended::default() } else { Ended { count: 1, latency: u128::from(*l) } })
            .collect()
    }

    #[test]
    fn empty_slices_repeat_the_one_before() {
        let mut latencies = vec![7; 100];
        (latencies[0], latencies[50], latencies[51]) = (0, 9, 0);
        let means = means(slices(&latencies)).expect("few are empty");
        assert_eq!((means[0], means[50], means[51], means[52]), (7.0, 9.0, 9.0, 7.0));
    }

    #[test]
    fn slices_are_joined_until_few_are_empty_and_no_further_than_fifty() {
        let mut latencies = vec![0; 200];
        latencies.iter_mut().step_by(2).for_each(|l| *l = 4);
        assert_eq!(means(slices(&latencies)), Some(vec![4.0; 100]));
        latencies.iter_mut().enumerate().filter(|(i, _)| i % 8 != 0).for_each(|(_, l)| *l = 0);
        assert_eq!(means(slices(&latencies)), None);
    }
}
