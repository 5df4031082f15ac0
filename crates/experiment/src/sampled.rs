//! Sampled requests: the first replication once more, and a few of its requests in full.
//!
//! The first time it is noted how requests end; then it is known which are worth a look: those nearest to the
//! percentiles, the slowest, one of each way to fail. A replication depends on nothing but the plan, so the second
//! time the same requests come, and leave their spans.

use std::collections::{BTreeMap, BTreeSet};

use kneepoint_calls::{Candidates, ComponentId, Ended, Fate, Sampling, Simulation};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_scenario::plan::Plan;
use kneepoint_statistics::{Histogram, MIN_BEYOND};

use crate::error::ExperimentError;
use crate::recorder::{begin, run_until};
use crate::result::{SampledRequest, SampledSpan, SampledStrand, Why};

/// Percentiles near which a request is shown.
const NEAR: [f64; 4] = [0.5, 0.9, 0.99, 0.999];
/// How many of the slowest are shown, per client.
const SLOWEST: usize = 3;
/// Spans kept at most, of all that are shown.
///
/// # Source
/// Chosen: a fan-out of a thousand for each of twenty requests fits, and a page can still show it.
const SPANS_MAX: usize = 100_000;

/// Shows requests of the first replication in full. `is_told` says of which percentiles of a client there is a number: near
/// one that is not told there is no request either.
///
/// # Errors
/// If the replication cannot be built again; what ran once runs twice.
pub(crate) fn sampled(
    plan: &Plan,
    candidates: &[Candidates],
    is_told: &dyn Fn(&Candidates, f64) -> bool,
) -> Result<Vec<SampledRequest>, ExperimentError> {
    let choose = |of: &Candidates| choose(of, &|p| is_told(of, p));
    // What a middle part asks for itself, as a breaker its shared state, is nobody's request.
    let parts: BTreeSet<ComponentId> =
        plan.parts.iter().flat_map(|part| part.instances.iter().copied()).collect();
    let is_part = |of: &&Candidates| parts.contains(&of.client);
    let chosen: Vec<(ComponentId, Ended, Why)> = candidates.iter().filter(is_part).flat_map(choose).collect();
    let Some(last) = chosen.iter().map(|(_, ended, _)| ended.born.saturating_add(ended.latency)).max() else {
        return Ok(Vec::new());
    };
    let wanted: BTreeSet<u64> = chosen.iter().map(|(_, ended, _)| ended.identity).collect();
    let mut sim = begin(plan, 0)?;
    sim.set_sampling(Sampling { one_in: 0, wanted: wanted.into_iter().collect(), at_most: SPANS_MAX });
    // No reset at the end of the warm-up: a request may have begun before it.
    run_until(&mut sim, plan, 0, last)?;
    let strands = strands(plan, &sim);
    Ok(chosen
        .into_iter()
        .map(|(client, ended, why)| shown(plan, &sim, &strands, client, ended, why))
        .collect())
}

/// Picks what is shown of a client: each request once, for the first reason there is.
fn choose(of: &Candidates, is_told: &dyn Fn(f64) -> bool) -> Vec<(ComponentId, Ended, Why)> {
    let mut seen = BTreeSet::new();
    let mut list = Vec::new();
    let mut add = |ended: &Ended, why: Why| {
        if seen.insert(ended.identity) {
            list.push((of.client, *ended, why));
        }
    };
    for p in NEAR.into_iter().filter(|p| is_told(*p)) {
        let kept = of.drawn.iter().chain(&of.slowest);
        if let Some(ended) = near(p, &of.latencies, kept) {
            add(ended, Why::Near(p));
        }
    }
    of.slowest.iter().take(SLOWEST).for_each(|ended| add(ended, Why::Slowest));
    of.failed.iter().for_each(|ended| add(ended, Why::Failed));
    list
}

/// Whether so many requests lie beyond a percentile as a number of it takes.
pub(crate) fn is_carried(p: f64, requests: u64) -> bool {
    // `1 - p` is rounded, hence the little less.
    requests as f64 * (1.0 - p) >= MIN_BEYOND as f64 * (1.0 - 1e-9)
}

/// Returns which of the requests that were kept is the nearest to a percentile of all latencies.
fn near<'a>(p: f64, latencies: &Histogram, kept: impl Iterator<Item = &'a Ended>) -> Option<&'a Ended> {
    // One beyond it at least, or it is the slowest by another name. `1 - p` is rounded, hence the little less.
    let beyond = latencies.count() as f64 * (1.0 - p);
    let wanted = latencies.quantile(p).filter(|_| beyond >= 1.0 - 1e-9)?;
    let far = |ended: &Ended| (ended.latency as f64 - wanted).abs();
    // Of two as near the order of their kind decides, whatever the order in which they were kept.
    kept.min_by(|a, b| far(a).total_cmp(&far(b)).then(a.cmp(b)))
}

/// The strands of each request, by identity, with their spans.
fn strands(plan: &Plan, sim: &Simulation) -> BTreeMap<u64, Vec<SampledStrand>> {
    let mut all: BTreeMap<u64, Vec<SampledStrand>> = BTreeMap::new();
    let mut places = Vec::new();
    for strand in sim.strands() {
        let list = all.entry(strand.identity).or_default();
        places.push((strand.identity, list.len()));
        let parent = strand.parent.map(|parent| places[parent as usize].1);
        list.push(SampledStrand {
            parent,
            from: SimTime::from_nanos(strand.from),
            decided: strand.fate == Fate::Decided,
            orphaned: strand.fate == Fate::Orphaned,
            spans: Vec::new(),
        });
    }
    for span in sim.spans().0 {
        let (identity, at) = places[span.strand as usize];
        if let Some(strand) = all.get_mut(&identity).and_then(|list| list.get_mut(at)) {
            strand.spans.push(SampledSpan {
                at: place(plan, sim, span.at),
                phase: span.phase,
                from: SimTime::from_nanos(span.from),
                to: SimTime::from_nanos(span.to),
            });
        }
    }
    all
}

fn shown(
    plan: &Plan,
    sim: &Simulation,
    strands: &BTreeMap<u64, Vec<SampledStrand>>,
    client: ComponentId,
    ended: Ended,
    why: Why,
) -> SampledRequest {
    let part = plan.parts.iter().find(|part| part.instances.contains(&client));
    SampledRequest {
        client: part.map_or_else(|| sim.path(client).to_string(), |part| part.name.clone()),
        identity: ended.identity,
        why,
        status: ended.status,
        born: SimTime::from_nanos(ended.born),
        latency: SimDuration::from_nanos(ended.latency),
        strands: strands.get(&ended.identity).cloned().unwrap_or_default(),
    }
}

/// What a component is called: its part if that has no other instance; a wire by its ends.
fn place(plan: &Plan, sim: &Simulation, id: ComponentId) -> String {
    let path = sim.path(id);
    match plan.parts.iter().find(|part| part.instances == [id]) {
        Some(part) => part.name.clone(),
        // What the builder calls a wire: `web/1 -> db #3 link/0`.
        None => path.split_once(" #").map_or(path, |(ends, _)| ends).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use kneepoint_calls::Status;

    use super::*;

    fn ended(i: u64) -> Ended {
        Ended { latency: i * 1_000, identity: i, born: 0, class: 0, status: Status::Ok }
    }

    /// The latencies of so many requests: 1 µs, 2 µs and so on.
    fn latencies(n: u64) -> Histogram {
        let mut all = Histogram::new();
        (1..=n).for_each(|i| all.record(i * 1_000));
        all
    }

    #[test]
    fn what_is_near_a_percentile_is_near_that_of_all() {
        for (n, one_in) in [(1_000, 1), (100_000, 37)] {
            let kept: Vec<Ended> = (1..=n).step_by(one_in).map(ended).collect();
            for p in NEAR {
                let found = near(p, &latencies(n), kept.iter()).expect("there is one");
                let off = (found.latency as f64 / 1e3 - n as f64 * p).abs();
                // A bucket of the histogram is 0.8 % wide.
                assert!(off <= one_in as f64 / 2.0 + 0.008 * n as f64 * p, "{found:?} for {p} of {n}");
            }
        }
    }

    #[test]
    fn ten_requests_beyond_it_carry_a_percentile() {
        assert!(!is_carried(0.999, 9_999) && is_carried(0.999, 10_000) && is_carried(0.99, 1_000));
    }

    #[test]
    fn a_percentile_beyond_which_there_is_nobody_has_no_sample() {
        let kept: Vec<Ended> = (1..=999).map(ended).collect();
        assert_eq!(near(0.999, &latencies(999), kept.iter()), None);
        assert!(near(0.99, &latencies(999), kept.iter()).is_some());
        assert_eq!(near(0.5, &latencies(0), kept[..0].iter()), None);
    }
}
