//! The answer: what was found, and all that was seen on the way, as plain data.

use kneepoint_scenario::plan::{PartPlan, PartRole, Plan};
use kneepoint_statistics::{Estimate, Estimated};

use crate::error::ExperimentError;

use super::finding::Found;
use super::point::Point;
use super::result::{Behaviour, Binding, CapacityResult, Finding, KneeRow, Limit, LoadAxis, Seen, Verdict};
use super::{Runner, SAME, Step, behaviour, parts, recovery};

/// Stretches of what is measured whose loads are compared, to tell whether it changes.
///
/// # Source
/// Chosen: a wave of any length is caught at different heights by some of them; the last nanoseconds do not matter.
const STRETCHES: u64 = 16;

/// How far apart (ratio) two loads must be to tell whether the clients send more at the higher one.
///
/// # Source
/// Chosen: with common random numbers a tenth of it would be seen; closed clients near saturation send hardly more.
const APART_TO_TELL: f64 = 1.2;

/// How many times the requests of the lower load are more.
///
/// # Source
/// Chosen: a fifth more load brings a fifth more requests, and closed clients near saturation still some per cent.
const MORE: f64 = 1.005;

/// Utilisation from which on a run is hardly ever long enough for the queue.
///
/// # Source
/// Relaxation time of M/M/1, 1 / (mu (1 - sqrt(rho))^2): 4,400 services at 0.97, 10,000 at 0.98 (Cohen, The Single Server
/// Queue, 1982, section II.2). Chosen: where it passes the length of usual warm-ups.
const NEAR_FULL: f64 = 0.97;

impl Runner<'_> {
    pub(super) fn result(&self, mut found: Found, plan: &Plan) -> Result<CapacityResult, ExperimentError> {
        let centre = self.centre(&found);
        let near = centre.and_then(|centre| {
            // Without objectives a load short of saturation tells most: beyond it work is lost.
            if found.finding == Finding::NoObjective {
                return parts::short_of_saturation(&self.points, centre);
            }
            let kept = self.points.iter().filter(|p| p.kept().is_some());
            kept.min_by(|a, b| (a.load - centre).abs().total_cmp(&(b.load - centre).abs()))
        });
        let parts =
            parts::parts(self.loads, &self.points, near, found.value().is_some(), self.in_proportion)?;
        // Of two loads from which saturation can be told, the parts' table and the sentence take the same.
        if let (Finding::NoObjective, true, Some(part)) =
            (&found.finding, found.capacity.is_some(), parts.first())
            && let Some(full) = part.saturates_at.as_ref().and_then(Estimated::known)
        {
            found.capacity = Some(*full);
        }
        let bottleneck = parts.first().map(|part| part.name.clone());
        let knee = match self.options.without_knee {
            true => Vec::new(),
            false => self.rows(centre, found.value(), bottleneck.as_deref()),
        };
        let nowhere = self.nowhere(&found);
        let behaviour = if nowhere.is_some() {
            Behaviour::Unknown("no load that was run meets the objectives: there is no knee".to_string())
        } else if self.options.without_knee {
            Behaviour::Unknown("no load beyond the capacity was run".to_string())
        } else if let Some(why) = self.is_no_load() {
            Behaviour::Unknown(why)
        } else {
            behaviour::behaviour(&self.points, plan.run.confidence)
        };
        let pulsed = self.pulsed(&behaviour, found.value(), near, plan.run.confidence)?;
        let (pulse_runs, pulse_events) = pulsed.as_ref().map_or((0, 0), |p| (p.runs, p.events));
        let digest = kept_digest(&self.points);
        let digest =
            pulsed.as_ref().filter(|p| p.runs > 0).map_or(digest, |p| crate::run::mix(digest, p.digest));
        let objective = |o: usize, steepness| {
            let objective = &plan.objectives[o];
            Binding {
                name: objective.name.clone(),
                condition: objective.condition.to_string(),
                metric: objective.condition.metric.to_string(),
                bound: objective.condition.value.value.value,
                unit: crate::judge::unit(Some(objective.condition.value.value.dimension)),
                steepness,
            }
        };
        let kept = || self.points.iter().filter_map(Point::kept);
        let mut warnings = plan.warnings.clone();
        // At the highest load recordings are over soonest.
        if let Some(highest) = self.points.iter().map(|p| p.load).reduce(f64::max) {
            let doubts = self.loads.at(highest)?.plan.doubts();
            let new: Vec<String> = doubts.into_iter().filter(|doubt| !warnings.contains(doubt)).collect();
            warnings
                .extend(new.into_iter().map(|doubt| format!("at the highest load that was run: {doubt}")));
        }
        if let (Some(capacity), Finding::Found, Some(full)) = (
            &found.capacity,
            &found.finding,
            parts.first().and_then(|part| part.saturates_at.as_ref()?.known()),
        ) && capacity.value > NEAR_FULL * full.value
        {
            warnings.push(format!(
                "the capacity lies within {:.0} % of where {} is full: there a queue takes long to become what it will be, and \
                 a longer run with a longer warm-up may give a lower one",
                (1.0 - NEAR_FULL) * 100.0,
                parts[0].name
            ));
        }
        self.doubts(&mut warnings, plan, &found);
        let measured = kept().next().map(|kept| kept.measured);
        Ok(CapacityResult {
            title: plan.title.clone(),
            scenario: self.loads.scenario.clone(),
            names: names(plan),
            labels: crate::result::labels(plan),
            axis: self.loads.axis.clone(),
            load_written: self.loads.written,
            range: self.loads.range,
            offered_written_per_s: match (measured, self.loads.written) {
                (Some((from, to)), Some(written)) => {
                    // Where nothing comes while it is measured, loads are told as factors.
                    (self.loads.at(written)?.offered_per_s)(from, to).filter(|per_s| *per_s > 0.0)
                }
                _ => None,
            },
            recorded_up_to: self.longest,
            offered_varies: match measured {
                Some((from, to)) => self.varies(from, to)?,
                None => false,
            },
            users_written: self.loads.users_written,
            capacity_per_s: self.per_s(&found.capacity, near),
            capacity: found.capacity,
            rough: found.rough,
            finding: found.finding,
            binding: found.binding.map(|(o, steepness)| objective(o, steepness)),
            nowhere,
            limits: self.limits(plan),
            parts,
            knee,
            behaviour,
            recovery: pulsed.map(|pulsed| pulsed.recovery),
            runs: self.points.len() as u32 + pulse_runs,
            replications: plan.run.replications_min,
            confidence: plan.run.confidence,
            seed: plan.run.seed,
            warnings,
            digest,
            events: kept().map(|kept| kept.events).sum::<u64>() + pulse_events,
        })
    }

    /// Whether what all clients bring by what is written changes while it is measured.
    fn varies(&self, from: u64, to: u64) -> Result<bool, ExperimentError> {
        let offered_per_s = self.loads.at(self.loads.start)?.offered_per_s;
        let at = |part: u64| from + (to - from) / STRETCHES * part;
        let rates: Vec<f64> =
            (0..STRETCHES).filter_map(|part| offered_per_s(at(part), at(part + 1))).collect();
        let (least, most) = rates.iter().fold((f64::INFINITY, 0.0), |(a, b), r| (r.min(a), r.max(b)));
        Ok(most > 1.001 * least)
    }

    /// What a pulse of load leaves, where the goodput falls beyond the knee and a pulse can be made.
    fn pulsed(
        &self,
        behaviour: &Behaviour,
        capacity: Option<f64>,
        near: Option<&Point>,
        confidence: f64,
    ) -> Result<Option<recovery::Pulsed>, ExperimentError> {
        if matches!(behaviour, Behaviour::Rising | Behaviour::Plateau(_) | Behaviour::Unknown(_)) {
            return Ok(None);
        }
        let (Some(capacity), Some(kept)) = (capacity, near.and_then(Point::kept)) else { return Ok(None) };
        if !self.loads.takes_pulses() {
            return Ok(None);
        }
        let tell = |which: u32, load: f64, progress: crate::run::Progress| {
            if let Some(tell) = self.options.progress {
                let run = self.points.len() as u32 + which;
                tell(Step { run, load, done: progress.done, planned: progress.planned });
            }
        };
        recovery::recovery(self.loads, capacity, kept, confidence, &tell).map(Some)
    }

    /// The capacity in requests a second: by what is written where that says it, between what was measured otherwise.
    fn per_s(&self, capacity: &Option<Estimate>, near: Option<&Point>) -> Option<Estimate> {
        let (Some(capacity), Some(kept)) = (capacity, near.and_then(Point::kept)) else { return None };
        let (from, to) = kept.measured;
        // Beyond what was run the scenario may be at fault, and that is no fault of the capacity.
        let at = |load: f64| -> Option<Option<f64>> {
            let load = self.loads.fitting(load);
            (load > 0.0 && load.is_finite()).then_some(())?;
            Some((self.loads.at(load).ok()?.offered_per_s)(from, to))
        };
        let Some(value) = at(capacity.value)? else { return self.offered_at(capacity.value) };
        let (a, b) = (at(capacity.low)??, at(capacity.high)??);
        Some(Estimate { value, low: a.min(b), high: a.max(b), ..*capacity })
    }

    /// What was offered at a load, on a line between the two that were run around it; that of the nearest outside of all.
    fn offered_at(&self, load: f64) -> Option<Estimate> {
        let known = || self.points.iter().filter_map(|p| Some((p.load, *p.kept()?.seen.offered.known()?)));
        let order = |a: &(f64, Estimate), b: &(f64, Estimate)| a.0.total_cmp(&b.0);
        let below = known().filter(|(at, _)| *at <= load).max_by(order);
        let above = known().filter(|(at, _)| *at >= load).min_by(order);
        let ((a, low), (b, high)) = below.zip(above).or(below.zip(below)).or(above.zip(above))?;
        let share = if b > a { (load - a) / (b - a) } else { 0.0 };
        let between = |x: f64, y: f64| x + (y - x) * share;
        Some(Estimate {
            value: between(low.value, high.value),
            low: between(low.low, high.low),
            high: between(low.high, high.high),
            ..low
        })
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        let limit = |(o, objective): (usize, &kneepoint_scenario::plan::Objective)| {
            let known = |missed: bool| {
                let scores = self.points.iter().filter_map(move |p| Some((p.load, p.kept()?.scores[o])));
                let verdict = if missed { Verdict::Missed } else { Verdict::Held };
                let told = scores.filter(move |(_, score)| score.verdict() == verdict);
                told.map(|(load, _)| load)
            };
            // Missed below all loads at which it holds: it asks for load.
            let lowest = known(false).fold(f64::INFINITY, f64::min);
            let too_little = |load: &f64| *load < lowest && lowest < f64::INFINITY;
            let missed_from = known(true).filter(|load| !too_little(load)).reduce(f64::min);
            let below = missed_from.unwrap_or(f64::INFINITY);
            let untold = self.points.iter().filter_map(|p| Some((p.load, p.kept()?.untold[o].clone()?)));
            Limit {
                name: objective.name.clone(),
                condition: objective.condition.to_string(),
                holds_up_to: known(false).filter(|load| *load < below).reduce(f64::max),
                missed_from,
                missed_up_to: known(true).filter(too_little).reduce(f64::max),
                untold: untold.max_by(|a, b| a.0.total_cmp(&b.0)),
            }
        };
        plan.objectives.iter().enumerate().map(limit).collect()
    }

    fn rows(&self, centre: Option<f64>, capacity: Option<f64>, bottleneck: Option<&str>) -> Vec<KneeRow> {
        let Some(centre) = centre else { return Vec::new() };
        let row = |p: &Point| KneeRow {
            load: p.load,
            of_capacity: capacity.map(|capacity| p.load / capacity),
            seen: match &p.seen {
                Ok(kept) => {
                    let utilisation = bottleneck.and_then(|part| kept.utilisation_of(part)).cloned();
                    Ok(Seen { utilisation, ..kept.seen.clone() })
                }
                Err(why) => Err(why.clone()),
            },
        };
        // The search leaves many loads close together: of those the nearest to the capacity is shown.
        let mut order: Vec<&Point> = self.points.iter().collect();
        order.sort_by(|a, b| (a.load - centre).abs().total_cmp(&(b.load - centre).abs()));
        let mut shown: Vec<&Point> = Vec::new();
        for point in order {
            if shown.iter().all(|other| (other.load / point.load - 1.0).abs() >= SAME) {
                shown.push(point);
            }
        }
        let mut rows: Vec<KneeRow> = shown.into_iter().map(row).collect();
        rows.sort_by(|a, b| a.load.total_cmp(&b.load));
        rows
    }

    /// Why what was searched is no load, if more of it brings no more requests.
    fn is_no_load(&self) -> Option<String> {
        let known = || self.points.iter().filter_map(|p| Some((p.load, p.kept()?.sent.iter().sum::<f64>())));
        let (low, few) = known().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let (high, many) = known().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let LoadAxis::Setting { path, .. } = &self.loads.axis else { return None };
        // Full servers bring no more requests either, whatever clients would send.
        if self.loads.is_load {
            return None;
        }
        (high >= APART_TO_TELL * low && many < MORE * few).then(|| {
            format!(
                "the clients do not send more requests when {path} is raised: it is a setting, and no load"
            )
        })
    }

    fn doubts(&self, warnings: &mut Vec<String>, plan: &Plan, found: &Found) {
        if plan.uncertain.is_some() {
            warnings.push(
                "uncertain parameters are drawn anew in each replication: the capacity is that of all of them \
                 together, and its interval holds what is uncertain too"
                    .to_string(),
            );
        }
        if let Some(capacity) = &found.capacity
            && let Some(share) = capacity.relative_half_width().filter(|share| *share > 0.1)
        {
            warnings.push(format!(
                "the capacity is known to ± {:.0} % only: longer replications, or more of them, narrow it",
                share * 100.0
            ));
        }
        warnings.extend(self.is_no_load());
        let whole = plan.run.duration.as_nanos();
        let cut = |p: &&Point| p.kept().is_some_and(|kept| kept.measured.1 < whole);
        if let Some(lowest) = self.points.iter().filter(cut).map(|p| p.load).reduce(f64::min) {
            let bounded = match self.longest {
                Some(longest) => format!(
                    "; above {longest:.4}, where less than a quarter of what is to be measured would be left, none was tried"
                ),
                None => String::new(),
            };
            warnings.push(format!(
                "the recordings are over the sooner the faster they are played, and a run ends with them: so from {lowest:.4} \
                 on{bounded}; `repeat: true` begins a recording anew"
            ));
        }
        if let Some(rough) = &found.rough {
            warnings.push(format!(
                "the capacity has no interval: {}; it is no baseline, and no law is fitted to it. Longer replications, \
                 or more of them, give it one",
                rough.reason
            ));
        }
    }
}

/// Fingerprint of all runs that went to their end, in their order.
fn kept_digest(points: &[Point]) -> u64 {
    points.iter().filter_map(Point::kept).fold(0, |digest, kept| crate::run::mix(digest, kept.digest))
}

/// The clients of a plan by name, and its other parts.
fn names(plan: &Plan) -> (Vec<String>, Vec<String>) {
    let client = |part: &&PartPlan| matches!(part.role, PartRole::Client { .. });
    let (clients, parts): (Vec<_>, Vec<_>) = plan.parts.iter().partition(client);
    let named = |of: Vec<&PartPlan>| of.into_iter().map(|part| part.name.clone()).collect();
    (named(clients), named(parts))
}
