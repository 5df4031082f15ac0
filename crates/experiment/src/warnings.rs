//! Where a run is fine and a number is doubtful.

use kneepoint_scenario::plan::{PartPlan, PartRole, Plan};
use kneepoint_statistics::{Estimated, half_width_for};

use crate::recorder::Replication;
use crate::result::{ClientResult, Facts, ObjectiveResult, PartResult, Share, Verdict, WarmUpFrom};

/// A utilisation from which on a queue that grows means that there is more work than can be done.
const FULL: f64 = 0.99;

/// Requests under way at the end, as a share of those that ended, from which on the end of the run matters.
///
/// # Source
/// Chosen: below one in a hundred they move no mean by more than the usual width of its interval.
const LEFT_INSIDE: f64 = 0.01;

/// A queue grows if the second half has at least this many times the calls inside of the first half.
///
/// # Source
/// Chosen: a queue that grows from nothing all the time has three times as many in its second half; noise is ruled
/// out by the interval of the difference.
const GROWTH: f64 = 1.5;

/// Calls waiting on average from which on there is a line.
///
/// # Source
/// Chosen: one of them is there at any time.
const LINE: f64 = 1.0;

/// Draws of uncertain parameters below which their number is a matter of warning.
///
/// # Source
/// Chosen: with 30 the interval of a probability of one half is as wide as 34 points (Wilson), and with fewer wider.
const DRAWS_MIN: u64 = 30;

/// Everything the warnings are made of.
pub(crate) struct Findings<'a> {
    pub plan: &'a Plan,
    pub facts: &'a Facts,
    pub clients: &'a [ClientResult],
    pub parts: &'a [PartResult],
    pub objectives: &'a [ObjectiveResult],
    pub all: &'a [Replication],
}

pub(crate) fn warnings(of: &Findings) -> Vec<String> {
    let mut warnings = of.plan.doubts();
    about_run(of, &mut warnings);
    for client in of.clients {
        about_client(of, client, &mut warnings);
    }
    let stations = of.plan.parts.iter().enumerate().filter(|(_, p)| !is_client(p));
    for ((at, _), result) in stations.zip(of.parts) {
        about_part(of, at, result, &mut warnings);
    }
    for objective in of.objectives {
        if let Some(windows) = objective.windows.as_ref().filter(|w| w.missed > 0)
            && objective.verdict == Verdict::Met
        {
            warnings.push(format!(
                "objective {} is met on average, but missed in {} of {} single windows",
                objective.name, windows.missed, windows.all
            ));
        }
    }
    warnings
}

fn is_client(part: &PartPlan) -> bool {
    matches!(part.role, PartRole::Client { .. })
}

fn percent(share: f64) -> String {
    format!("{:.3} %", share * 100.0).replace(".000 %", " %")
}

fn about_run(of: &Findings, warnings: &mut Vec<String>) {
    let Facts { duration, warm_up, replications, .. } = of.facts;
    if let WarmUpFrom::NotFound { reason } = &of.facts.warm_up_from {
        warnings.push(format!("warm-up not found: {reason}; half of the run is left out: make it longer"));
    } else if warm_up.as_nanos() > duration.as_nanos() / 2 {
        warnings.push(format!("the warm-up of {warm_up} is longer than half of the run of {duration}"));
    }
    if *replications == 1 && of.facts.batches.is_none() {
        warnings.push("one replication shows no spread: no number has an interval".to_string());
    }
    if of.plan.uncertain.is_some() && *replications < DRAWS_MIN {
        warnings.push(format!(
            "parameters were drawn {replications} times only: a probability from so few is hardly known; \
             --replications {DRAWS_MIN} or more narrow it"
        ));
    }
    if let Some(asked) = of.facts.precision {
        let target = half_width_for(asked);
        let (name, has_interval) = match &of.facts.least_precise {
            Some(least) => (least.name.as_str(), least.has_interval),
            None => ("it", true),
        };
        match of.facts.precision_reached {
            None if has_interval => warnings.push(format!(
                "a precision of {} was asked for, and every number it is asked for is 0 in all replications: nothing is \
                 precise relative to 0, so that none were added to the {replications}",
                percent(asked)
            )),
            _ if !has_interval => warnings.push(format!(
                "a precision of {} was asked for, but after {replications} replications {name} has no interval",
                percent(asked)
            )),
            Some(reached) if reached > target => warnings.push(format!(
                "an interval is wider than asked: that of {name} is ± {} of its value after {replications} replications, \
                 ± {} keeps the error within the {} asked for",
                percent(reached),
                percent(target),
                percent(asked)
            )),
            _ => {}
        }
    }
}

fn about_client(of: &Findings, client: &ClientResult, warnings: &mut Vec<String>) {
    let name = &client.name;
    let sent = client.all.sent.total;
    let ended = client.all.ended.total;
    if sent == 0 {
        warnings.push(format!("{name} sent no request while the run was measured"));
        return;
    }
    if let Some(Estimated::NotEnough { have, need: Some(need), .. }) = client.all.latency.percentile(0.99)
        && *need > 2
    {
        warnings.push(format!("{name} has too few good answers for p99: {have}, {need} are needed"));
    }
    let at = of.plan.parts.iter().position(|p| p.name == *name);
    let left: f64 = at
        .map(|at| of.all.iter().filter_map(|r| Some(r.clients[at].as_ref()?.in_flight?.last)).sum())
        .unwrap_or(0.0);
    // The users of a closed client always have requests under way.
    if left > LEFT_INSIDE * ended as f64 && client.users.is_none() {
        warnings.push(format!(
            "{left} requests of {name} were still under way at the end, {ended} had ended: their latencies are \
             missing"
        ));
    }
}

/// Mean numbers inside a part in the first and second half of what is measured, if the second is surely larger: its
/// queue grows through the run.
pub(crate) fn growth(at: usize, all: &[Replication], confidence: f64) -> Option<(f64, f64)> {
    let halves: Vec<(f64, f64)> = all.iter().map(|r| r.halves[at]).collect::<Option<_>>()?;
    let n = halves.len() as f64;
    let first = halves.iter().map(|h| h.0).sum::<f64>() / n;
    let second = halves.iter().map(|h| h.1).sum::<f64>() / n;
    let differences: Vec<f64> = halves.iter().map(|h| h.1 - h.0).collect();
    let surely = match Estimated::from_replications(&differences, confidence) {
        Estimated::Known(difference) => difference.low > 0.0,
        // One replication shows no spread: what it shows must do.
        Estimated::NotEnough { .. } => true,
    };
    // One call more or less is no queue.
    (surely && second >= GROWTH * first && second - first >= 1.0).then_some((first, second))
}

/// The share in use of what there is least left of: servers or cores, or the threads that hold calls.
fn fullest(result: &PartResult) -> Option<(f64, &'static str)> {
    let share = |of: &Option<Share>| of.as_ref().map(|u| u.part / u.whole);
    let busy = share(&result.all.utilisation).map(|share| (share, "busy"));
    let held = share(&result.all.thread_utilisation).map(|share| (share, "of its threads held"));
    busy.into_iter().chain(held).max_by(|a, b| a.0.total_cmp(&b.0))
}

/// Whether a part gets more work than it can do: it is never idle, and what waits grows.
pub(crate) fn is_overloaded(at: usize, result: &PartResult, all: &[Replication], confidence: f64) -> bool {
    fullest(result).is_some_and(|(share, _)| share > FULL) && growth(at, all, confidence).is_some()
}

fn about_part(of: &Findings, at: usize, result: &PartResult, warnings: &mut Vec<String>) {
    let name = &result.name;
    let Some((first, second)) = growth(at, of.all, of.plan.run.confidence) else { return };
    let inside = format!("{first:.1} calls inside in the first half, {second:.1} in the second");
    match fullest(result) {
        Some((share, of)) if share > FULL => warnings.push(format!(
            "{name} gets more work than it can do: {} {of}, {inside}; its numbers depend on the length of the run",
            percent(share)
        )),
        // More load later is more calls inside: that is the model. A line that was not there is news.
        _ if result.all.queue.as_ref().and_then(|queue| queue.mean.value()).is_some_and(|mean| mean >= LINE) => {
            warnings.push(format!("the queue at {name} grows through the run: {inside}"));
        }
        _ => {}
    }
}
