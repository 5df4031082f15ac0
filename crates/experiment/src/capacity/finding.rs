//! What came of a search: from the loads that were run to a finding.

use kneepoint_scenario::plan::Plan;
use kneepoint_statistics::Estimate;

use super::border::Crossing;
use super::point::{Kept, Point, Score};
use super::result::{Finding, MissedAt, Missing, Nowhere, Rough, Verdict};
use super::search::{self, Bracket, CLOSE, Tried};
use super::{Runner, parts};
use crate::result::ObjectiveResult;

/// Bracket (ratio) that is narrow enough to be told where the metric gives no slope in it.
///
/// # Source
/// Chosen: as near as a capacity is of use to anybody who plans by it.
pub(super) const NARROW_ENOUGH: f64 = 1.05;

/// Share of errors below which nothing counts as lost.
///
/// # Source
/// Chosen: a tenth of what an objective of errors usually allows.
const NOTHING_LOST: f64 = 0.001;

/// What came of a search.
pub(super) struct Found {
    pub finding: Finding,
    pub capacity: Option<Estimate>,
    pub rough: Option<Rough>,
    /// The objective that is left first and how steeply.
    pub binding: Option<(usize, Option<f64>)>,
}

impl Found {
    fn without(finding: Finding) -> Found {
        Found { finding, capacity: None, rough: None, binding: None }
    }

    /// Where the capacity is, however surely.
    pub fn value(&self) -> Option<f64> {
        self.capacity.map(|capacity| capacity.value).or(self.rough.as_ref().map(|rough| rough.value))
    }
}

impl Runner<'_> {
    /// What was run, as the search sees it.
    pub(super) fn tried(&self) -> Vec<Tried<'_>> {
        let tried = |p: &'_ Point| Tried {
            load: p.load,
            scores: None,
            only_grows: p.only_grows(),
            busiest: p.kept().and_then(|kept| Some(kept.busiest()?.1)),
        };
        let with_scores = |p| Tried { scores: Point::kept(p).map(|kept| kept.scores.as_slice()), ..tried(p) };
        self.points.iter().map(with_scores).collect()
    }

    /// The ends of the bracket.
    pub(super) fn bracket(&self) -> [Option<&Point>; 3] {
        let Bracket { floor, held, missed } = search::bracket(&self.tried());
        [floor, held, missed].map(|at| at.map(|i| &self.points[i]))
    }

    /// The highest load that misses below the lowest that holds, and that one, where none above it misses: more of what is
    /// searched helps.
    pub(super) fn inverse(&self) -> Option<(&Point, &Point)> {
        let order = |a: &&Point, b: &&Point| a.load.total_cmp(&b.load);
        let holds = self.points.iter().filter(|p| p.holds()).min_by(order)?;
        let missed = || self.points.iter().filter(|p| !p.holds());
        let misses = missed().filter(|p| p.load < holds.load).max_by(order)?;
        missed().all(|p| p.load < holds.load).then_some((misses, holds))
    }

    /// What came of the search: the finding, the border and what is left there. `ended` says whether it came to its end.
    pub(super) fn found(&self, ended: bool, plan: &Plan) -> Found {
        let objectives = plan.objectives.len();
        let [floor, held, missed] = self.bracket();
        let open = |p: Option<&Point>| p.filter(|p| !p.untold().is_empty()).map(|p| not_told(p, plan));
        if let Some((misses, holds)) = self.inverse()
            && (missed.is_none() || self.loads.is_setting() && self.loads.range.is_some())
        {
            let finding = open(Some(holds)).unwrap_or_else(|| Finding::HoldsFrom {
                misses: self.missed_at(misses, plan, false),
                holds: holds.load,
                up_to: self.points.iter().map(|p| p.load).fold(holds.load, f64::max),
            });
            return Found::without(finding);
        }
        if let Some(finding) = open(held).or_else(|| open(missed)).or_else(|| open(floor)) {
            return Found::without(finding);
        }
        let not_settled = |holds: Option<&Point>, missed: Option<&Point>| {
            let load = |p: &Point| p.load;
            Found::without(Finding::NotSettled { holds: holds.map(load), missed: missed.map(load) })
        };
        match (held, missed) {
            (None, None) => match floor {
                // All that is missed asks for load, and the highest load brought none of it: that is no proof that
                // more would.
                Some(_) if ended => Found::without(Finding::HoldsNowhere { between: None }),
                floor => not_settled(None, floor),
            },
            (Some(held), None) if ended => Found::without(Finding::NotReached { load: held.load }),
            (Some(held), None) => not_settled(Some(held), None),
            (None, Some(missed)) => {
                if let Some(floor) = floor {
                    let narrow = ended || missed.load / floor.load < NARROW_ENOUGH;
                    if !narrow {
                        return not_settled(None, Some(missed));
                    }
                    let between = [self.missed_at(floor, plan, false), self.missed_at(missed, plan, true)];
                    return Found::without(Finding::HoldsNowhere { between: Some(between) });
                }
                if missed.only_grows() {
                    return self.saturated(None, missed, plan);
                }
                // What holds above a load that misses does not make that one the lowest there is.
                if !ended || self.points.iter().any(Point::holds) {
                    return not_settled(None, Some(missed));
                }
                let (load, names) = self.missed_at(missed, plan, false);
                let first = plan.objectives.iter().position(|o| names.first() == Some(&o.name));
                Found {
                    binding: first.map(|o| (o, None)),
                    ..Found::without(Finding::MissedAtLowest { load, objectives: names })
                }
            }
            (Some(held), Some(missed)) => {
                if missed.only_grows() {
                    return self.saturated(Some(held), missed, plan);
                }
                // A line through loads that lie far from the border says little of it.
                let near = ended || missed.load / held.load < 1.0 + CLOSE;
                let crossing = self.crossing(objectives).filter(|_| near);
                if let Some(crossing) = &crossing
                    && let Some(saturated) = self.beyond_saturation(crossing, plan)
                {
                    return saturated;
                }
                match crossing {
                    Some(crossing) if crossing.ends.is_some() => self.crossed(crossing, held, missed, plan),
                    _ => without_slope(held, missed, objectives),
                }
            }
        }
    }

    /// A load and the objectives that are missed there; only those for which it is too much, where there are such and
    /// they are asked for.
    fn missed_at(&self, p: &Point, plan: &Plan, too_much: bool) -> (f64, Vec<String>) {
        let tried = self.tried();
        let here = tried.iter().find(|t| t.load == p.load);
        let missed = |o: &usize| p.kept().is_some_and(|kept| kept.scores[*o].value >= 0.0);
        let all: Vec<usize> = (0..plan.objectives.len()).filter(missed).collect();
        let is_much = |o: &usize| here.is_none_or(|here| !here.is_short_of(*o, &tried));
        let much: Vec<usize> = all.iter().copied().filter(is_much).collect();
        let which = if too_much && !much.is_empty() { much } else { all };
        (p.load, which.into_iter().map(|o| plan.objectives[o].name.clone()).collect())
    }

    /// The border by its slope.
    fn crossed(&self, crossing: Crossing, held: &Point, missed: &Point, plan: &Plan) -> Found {
        let Crossing { objective, load: value, ends, steepness } = crossing;
        let (low, high) = ends.map_or((None, None), |ends| (ends.low, ends.high));
        let (confidence, n) = (plan.run.confidence, plan.run.replications_min);
        let rough = |reason: &str| Rough {
            value,
            low,
            high,
            holds: held.load,
            misses: missed.load,
            reason: reason.to_string(),
        };
        let (capacity, rough) = match (low, high) {
            (Some(low), Some(high)) => {
                (Some(Estimate { value, low, high, confidence, n, effective_samples: None }), None)
            }
            // Such loads may be there and bound nothing all the same: then the curve and its band do not fit.
            (None, Some(_)) if self.any(Verdict::Held, |load| load <= value) => {
                (None, Some(rough("the loads that surely hold do not fit where the values cross the bound")))
            }
            (Some(_), None) if self.any(Verdict::Missed, |load| load >= value) => {
                (None, Some(rough("the loads that surely miss do not fit where the values cross the bound")))
            }
            (None, Some(_)) => (None, Some(rough("no load that was run surely holds"))),
            (Some(_), None) => (None, Some(rough("no load that was run surely misses"))),
            (None, None) => (None, Some(rough("no load that was run surely holds, or surely misses"))),
        };
        Found { finding: Finding::Found, capacity, rough, binding: Some((objective, Some(steepness))) }
    }

    /// Whether a load was run of which that is sure.
    fn any(&self, verdict: Verdict, at: impl Fn(f64) -> bool) -> bool {
        self.points
            .iter()
            .any(|p| at(p.load) && p.kept().is_some_and(|kept| kept.seen.verdict == Some(verdict)))
    }

    /// Saturation, where the border lies beyond it though nothing is lost: the run is too short for the queue to show it.
    fn beyond_saturation(&self, crossing: &Crossing, plan: &Plan) -> Option<Found> {
        let nearest = self.points.iter().filter(|p| p.kept().is_some());
        let nearest = nearest
            .min_by(|a, b| (a.load - crossing.load).abs().total_cmp(&(b.load - crossing.load).abs()))?;
        let lost = nearest.kept()?.seen.errors.value()?;
        if !self.in_proportion || lost > NOTHING_LOST {
            return None;
        }
        let short = parts::short_of_saturation(&self.points, crossing.load);
        let (part, full) = self.full(short, plan)?;
        (full.high < crossing.load)
            .then(|| Found { capacity: Some(full), ..Found::without(Finding::Saturated { part }) })
    }

    /// Without objectives only saturation can be told; not where it would lie outside the range.
    pub(super) fn by_saturation(&self, plan: &Plan) -> Found {
        let short = parts::short_of_saturation(&self.points, f64::INFINITY);
        let full = self.full(short, plan).map(|(_, full)| full);
        let inside =
            |full: &Estimate| self.loads.range.is_none_or(|(low, high)| (low..=high).contains(&full.value));
        Found { capacity: full.filter(inside), ..Found::without(Finding::NoObjective) }
    }

    /// All objectives hold at a load, but only because the run is short: a queue grows for ever.
    fn saturated(&self, held: Option<&Point>, grows: &Point, plan: &Plan) -> Found {
        let part = grows.kept().and_then(|kept| kept.seen.overloaded.first().cloned()).unwrap_or_default();
        let short = parts::short_of_saturation(&self.points, grows.load);
        // The busiest part is full there; if it is not, what grows has another reason, and the bracket is all there is.
        match (self.full(short, plan).filter(|(_, full)| full.low <= grows.load), held) {
            (Some((part, full)), _) => {
                let highest = self.loads.range.map_or(f64::INFINITY, |(_, high)| high);
                let [value, low, high] = [full.value, full.low, full.high].map(|end| end.min(highest));
                let capacity = Some(Estimate { value, low, high, ..full });
                Found { capacity, ..Found::without(Finding::Saturated { part }) }
            }
            (None, Some(held)) => {
                let (holds, missed) = (Some(held.load), Some(grows.load));
                Found::without(Finding::NotSettled { holds, missed })
            }
            (None, None) => Found::without(Finding::Saturated { part }),
        }
    }

    /// The busiest part at a load short of saturation, and the load at which it would have no idle time left.
    fn full(&self, short: Option<&Point>, plan: &Plan) -> Option<(String, Estimate)> {
        let (part, _) = short?.kept()?.busiest()?;
        let full = parts::full_at(short, part).known().copied()?;
        let (confidence, n) = (plan.run.confidence, plan.run.replications_min);
        Some((part.to_string(), Estimate { confidence, n, effective_samples: None, ..full }))
    }

    /// What is missed, where no load that was run meets the objectives.
    pub(super) fn nowhere(&self, found: &Found) -> Option<Nowhere> {
        let is_nowhere = match &found.finding {
            Finding::MissedAtLowest { .. } | Finding::HoldsNowhere { .. } => true,
            Finding::NotSettled { holds, missed } => holds.is_none() && missed.is_some(),
            _ => false,
        };
        // What only grows holds its objectives, and is no miss of them.
        let is_missed = |p: &Point| !p.holds() && !p.only_grows();
        if !is_nowhere || !self.points.iter().all(is_missed) {
            return None;
        }
        let at = |p: &Point| {
            let missed = |kept: &Kept| {
                let each = kept.seen.objectives.iter().zip(&kept.scores);
                let missing = |(of, score): (&ObjectiveResult, &Score)| Missing {
                    objective: of.clone(),
                    verdict: score.verdict(),
                };
                each.filter(|(_, score)| score.value >= 0.0).map(missing).collect()
            };
            MissedAt { load: p.load, missed: p.seen.as_ref().map(missed).map_err(Clone::clone) }
        };
        let by_load = |a: &&Point, b: &&Point| a.load.total_cmp(&b.load);
        // Of loads that are equally far off the lowest is told.
        let by_score =
            |a: &&Point, b: &&Point| a.score().value.total_cmp(&b.score().value).then(by_load(a, b));
        let undecided =
            |p: &Point| p.kept().is_some_and(|kept| kept.seen.verdict == Some(Verdict::Undecided));
        Some(Nowhere {
            lowest: at(self.points.iter().min_by(by_load)?),
            nearest: at(self.points.iter().min_by(by_score)?),
            highest: self.points.iter().max_by(by_load)?.load,
            is_undecided_somewhere: self.points.iter().any(undecided),
        })
    }

    /// What the knee's loads are shares of.
    pub(super) fn centre(&self, found: &Found) -> Option<f64> {
        match (found.value(), &found.finding) {
            (Some(value), _) => Some(value),
            (
                None,
                Finding::NotReached { load }
                | Finding::MissedAtLowest { load, .. }
                | Finding::NotTold { load, .. }
                | Finding::HoldsFrom { holds: load, .. },
            ) => Some(*load),
            (None, Finding::HoldsNowhere { between: Some([(low, _), (high, _)]) }) => {
                Some((low * high).sqrt())
            }
            // The load of the file is as good as any: what is run around it shows what it does to the objectives.
            (None, Finding::HoldsNowhere { between: None }) => Some(self.bounds.written),
            (None, Finding::NotSettled { holds, missed }) => match (holds, missed) {
                (Some(holds), Some(missed)) => Some((holds * missed).sqrt()),
                (one, other) => one.or(*other),
            },
            (None, _) => None,
        }
    }
}

/// That the data at a load do not tell.
fn not_told(p: &Point, plan: &Plan) -> Finding {
    let why = |o: usize| p.kept().and_then(|kept| kept.untold[o].clone()).unwrap_or_default();
    let of = |o: usize| (plan.objectives[o].name.clone(), why(o));
    Finding::NotTold { load: p.load, objectives: p.untold().into_iter().map(of).collect() }
}

/// No slope: the bracket is what is known, and enough where it is narrow. It is no interval.
fn without_slope(held: &Point, missed: &Point, objectives: usize) -> Found {
    let worst = missed.kept().and_then(|kept| {
        (0..objectives).max_by(|a, b| kept.scores[*a].value.total_cmp(&kept.scores[*b].value))
    });
    let binding = worst.map(|o| (o, None));
    if missed.load / held.load >= NARROW_ENOUGH {
        let finding = Finding::NotSettled { holds: Some(held.load), missed: Some(missed.load) };
        return Found { binding, ..Found::without(finding) };
    }
    let reason = match &missed.seen {
        Ok(_) => "the metric gives no slope there".to_string(),
        Err(why) => format!("the run beyond it did not go to its end: {why}"),
    };
    let rough = Rough {
        value: (held.load * missed.load).sqrt(),
        low: None,
        high: None,
        holds: held.load,
        misses: missed.load,
        reason,
    };
    Found { rough: Some(rough), binding, ..Found::without(Finding::Found) }
}
