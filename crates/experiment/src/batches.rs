//! Intervals from one long run: it is cut into batches, and these are taken for replications.
//!
//! ```text
//! | warm-up | batch 0 | batch 1 | ... | batch 19 |      one run, statistics reset between batches
//! ```
//! Long batches of a run that has settled hardly depend on each other; whether they do is looked at and told.

use kneepoint_scenario::plan::{PartPlan, PartRole, Plan};
use kneepoint_statistics::autocorrelation;

use crate::error::ExperimentError;
use crate::program::{Stretch, Task};
use crate::recorder::{Replication, advance, begin, measure};
use crate::timeline::Recorder;

/// Batches of a run.
///
/// # Source
/// Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30(3), 1982: between 10 and
/// 30; more hardly narrow the interval and depend on each other more.
pub(crate) const BATCHES: u64 = 20;

/// Correlation of neighbouring batches above which they are said to depend on each other.
///
/// # Source
/// The 95 % point (one-sided) of the first autocorrelation of 20 independent numbers: 1.645 / sqrt(20), Bartlett,
/// Journal of the Royal Statistical Society (Supplement) 8(1), 1946.
const DEPENDENT: f64 = 0.37;

/// Answers of a client in a batch below which what its batches say of each other is not to be relied on.
///
/// # Source
/// Chosen: means of so few response times are far from normal, and a busy period reaches over whole batches of them.
const FEW: u64 = 100;

/// Returns the length of a batch \[ns\] if a plan is one run whose metrics all cover it from the warm-up to its end.
/// Metrics over windows of their own are of that run alone, and so is what is drawn once for it.
pub(crate) fn length(plan: &Plan, warm_up: u64, tasks: &[Task]) -> Option<u64> {
    let end = plan.end().as_nanos();
    let whole = Stretch { from: warm_up, to: end };
    let is_whole = |task: &Task| task.windows.iter().all(|window| *window == whole);
    let length = (end - warm_up) / BATCHES;
    (plan.run.replications_max == 1 && plan.uncertain.is_none() && length > 0 && tasks.iter().all(is_whole))
        .then_some(length)
}

/// Runs replication 0 and measures its batches; `tasks` are those of the last one.
pub(crate) fn record(
    plan: &Plan,
    length: u64,
    tasks: &[Task],
    bounds: Option<&[u64]>,
) -> Result<Vec<Replication>, ExperimentError> {
    let end = plan.end().as_nanos();
    let mut sim = begin(plan, 0)?;
    let mut over_time = bounds.map(|bounds| Recorder::new(plan, bounds, 0, &mut sim));
    advance(&mut sim, plan, 0, end - BATCHES * length, &mut over_time)?;
    let mut all: Vec<Replication> = Vec::new();
    for batch in 0..BATCHES {
        let from = end - (BATCHES - batch) * length;
        let stretch = Stretch { from, to: from + length };
        let mut of_batch = tasks.to_vec();
        of_batch.iter_mut().for_each(|task| task.windows.iter_mut().for_each(|window| *window = stretch));
        all.push(measure(&mut sim, plan, &of_batch, stretch, 0, &mut over_time)?);
    }
    all[0].timeline = over_time.map(|recorder| recorder.finish(&sim));
    // Events are counted through, what is under way at the end is so at the end of the last batch only, and a queue that
    // grows does so from the first half of the run to the second.
    for at in (1..all.len()).rev() {
        all[at].events -= all[at - 1].events;
    }
    let last = all.len() - 1;
    for client in all[..last].iter_mut().flat_map(|batch| batch.clients.iter_mut().flatten()) {
        client.in_flight.iter_mut().for_each(|level| level.last = 0.0);
    }
    let halves: Vec<Vec<Option<f64>>> = all
        .iter()
        .map(|batch| batch.halves.iter().map(|halves| halves.map(|(a, b)| (a + b) / 2.0)).collect())
        .collect();
    let half = all.len() / 2;
    for (at, batch) in all.iter_mut().enumerate() {
        let (first, second) = (&halves[at % half], &halves[at % half + half]);
        batch.halves = first.iter().zip(second).map(|(a, b)| a.zip(*b)).collect();
    }
    Ok(all)
}

/// Says which clients' batches hold little or depend on each other: their intervals are narrower than they should be.
pub(crate) fn doubts(plan: &Plan, all: &[Replication]) -> Vec<String> {
    let few = clients(plan).filter_map(|(at, name)| {
        let ended = |batch: &Replication| batch.clients[at].as_ref().map_or(0, |client| client.ended());
        let least = all.iter().map(ended).min().filter(|least| *least < FEW)?;
        Some(format!(
            "of {name} as few as {least} requests ended in one of the {BATCHES} batches of the one run, and fewer than \
             {FEW} tell little: its intervals are not to be relied on; make the run longer, or use replications"
        ))
    });
    let doubt = |(name, means): (&str, Option<Vec<f64>>)| {
        let correlation = dependence(&means?)?;
        Some(format!(
            "the {BATCHES} batches of the one run depend on each other (latency of {name}: correlation \
             {correlation:.2} from one to the next), so intervals are too narrow: make the run longer, or use \
             replications"
        ))
    };
    few.chain(means(plan, all).filter_map(doubt)).collect()
}

/// Says the same of the differences between the batches of two designs.
pub(crate) fn doubts_of_difference(
    first: (&Plan, &[Replication]),
    second: (&Plan, &[Replication]),
) -> Vec<String> {
    let theirs: Vec<(&str, Option<Vec<f64>>)> = means(second.0, second.1).collect();
    let doubt = |(name, means): (&str, Option<Vec<f64>>)| {
        let (_, others) = theirs.iter().find(|(other, _)| *other == name)?;
        let differences: Vec<f64> = means?.iter().zip(others.as_ref()?).map(|(a, b)| b - a).collect();
        let correlation = dependence(&differences)?;
        Some(format!(
            "the differences between the {BATCHES} batches of the one run depend on each other (latency of {name}: \
             correlation {correlation:.2} from one to the next), so intervals are too narrow: make the run longer, or \
             use replications"
        ))
    };
    means(first.0, first.1).filter_map(doubt).collect()
}

/// The clients with their mean latencies in each batch, where all have one.
fn means<'a>(plan: &'a Plan, all: &'a [Replication]) -> impl Iterator<Item = (&'a str, Option<Vec<f64>>)> {
    clients(plan).map(|(at, name)| {
        let mean =
            |batch: &Replication| batch.clients[at].as_ref().and_then(|client| client.latency().mean());
        (name, all.iter().map(mean).collect())
    })
}

fn clients(plan: &Plan) -> impl Iterator<Item = (usize, &str)> {
    let is_client = |part: &PartPlan| matches!(part.role, PartRole::Client { .. });
    plan.parts
        .iter()
        .enumerate()
        .filter(move |(_, part)| is_client(part))
        .map(|(at, part)| (at, part.name.as_str()))
}

/// The correlation of neighbours, if it is too large for chance.
fn dependence(values: &[f64]) -> Option<f64> {
    autocorrelation(values, 1).filter(|correlation| *correlation > DEPENDENT)
}
