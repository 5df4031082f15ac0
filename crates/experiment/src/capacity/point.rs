//! One load: the run of it and what is kept of that.

use kneepoint_calls::Stop;
use kneepoint_scenario::value::Comparison;
use kneepoint_statistics::{Estimated, Histogram};

use crate::error::ExperimentError;
use crate::recorder::Replication;
use crate::result::{ObjectiveResult, RunResult, Unit, Verdict};
use crate::run::{Options, Progress, run_and_keep};
use crate::warnings::is_overloaded;

use super::load::Loaded;
use super::result::{Seen, Verdict as AtLoad};

/// Scores beyond this say that a value is far off, and no more: a value of 0 would be infinitely far.
///
/// # Source
/// Chosen: a factor of 400; no slope is taken over such distances.
pub(super) const FAR: f64 = 6.0;

/// How far (in the logarithm) the values of single replications must lie beyond a bound to say that it is missed.
///
/// # Source
/// Chosen: the mean of the largest of 99 exponential samples is 12 % above their 99th percentile, so that twice that is
/// no matter of few samples (order statistics: David and Nagaraja, 3rd ed., 2003, section 4.6).
const BIAS: f64 = 0.25;

/// What is kept of the run at one load.
pub(super) struct Point {
    pub load: f64,
    pub seen: Result<Kept, String>,
}

/// The numbers of a run that went to its end.
pub(super) struct Kept {
    pub seen: Seen,
    /// Good answers a second by replication, all clients together.
    pub good: Vec<f64>,
    /// Requests sent a second by replication.
    pub sent: Vec<f64>,
    /// Utilisation by part, of those that have one.
    pub utilisation: Vec<(String, Estimated)>,
    /// By objective.
    pub scores: Vec<Score>,
    /// By objective, why its data do not tell whether it holds; nothing where they do.
    pub untold: Vec<Option<String>>,
    /// What is measured, from and to \[ns\].
    pub measured: (u64, u64),
    pub digest: u64,
    pub events: u64,
}

/// How far an objective is from its bound: the logarithm of value over bound, above 0 if it is missed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Score {
    pub value: f64,
    /// The ends of its interval, if the data carry one.
    pub interval: Option<(f64, f64)>,
    /// Whether the data tell on which side of the bound it is. Otherwise the value is a guess, to search by and for
    /// nothing else: the mean of what the replications gave one by one.
    pub is_told: bool,
    /// Whether more load is expected to help: a rate that must be above its bound.
    pub asks_for_load: bool,
}

impl Score {
    fn of(objective: &ObjectiveResult, comparison: Comparison, confidence: f64) -> Score {
        let at = |value: f64| distance(value, objective.bound, comparison, &objective.unit);
        let above = matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual);
        let asks_for_load = above && matches!(objective.unit, Unit::Rate | Unit::Number);
        match &objective.value {
            Estimated::Known(e) => {
                let (a, b) = (at(e.low), at(e.high));
                Score {
                    value: at(e.value),
                    interval: Some((a.min(b), a.max(b))),
                    is_told: true,
                    asks_for_load,
                }
            }
            // Not one good answer: nothing to measure, and missed.
            Estimated::NotEnough { .. } if objective.verdict == Verdict::Missed => {
                Score { value: FAR, interval: None, is_told: true, asks_for_load }
            }
            Estimated::NotEnough { .. } => {
                let alone: Vec<f64> = objective.per_replication.iter().flatten().map(|v| at(*v)).collect();
                let complete = alone.len() == objective.per_replication.len();
                let value = match alone.len() {
                    0 => FAR,
                    n => alone.iter().sum::<f64>() / n as f64,
                };
                // Replications are independent, and where their own values lie surely and far beyond the bound it is
                // missed, whatever each of them is worth. That they hold says nothing.
                let low = Estimated::from_replications(&alone, confidence).known().map(|e| e.low);
                let is_told = complete && low.is_some_and(|low| low >= BIAS);
                Score { value, interval: None, is_told, asks_for_load }
            }
        }
    }

    /// Whether its objective holds for sure, or is missed for sure.
    pub fn verdict(&self) -> AtLoad {
        let (low, high) = self.interval.unwrap_or((self.value, self.value));
        if !self.is_told {
            AtLoad::Undecided
        } else if low >= 0.0 {
            AtLoad::Missed
        } else if high < 0.0 {
            AtLoad::Held
        } else {
            AtLoad::Undecided
        }
    }

    /// Whether it can be used for a slope.
    pub fn is_near(&self) -> bool {
        self.value.abs() < FAR
    }
}

/// The logarithm of value over bound for what must stay below; of what is missing to 1 for shares that must stay above
/// theirs (99.9 % to 99.8 % is twice as bad), and of bound over value for other numbers.
fn distance(value: f64, bound: f64, comparison: Comparison, unit: &Unit) -> f64 {
    let ratio = |above: f64, below: f64| -> f64 {
        if below <= 0.0 {
            return if above > 0.0 { FAR } else { -FAR };
        }
        if above <= 0.0 {
            return -FAR;
        }
        (above / below).ln().clamp(-FAR, FAR)
    };
    let distance = match comparison {
        // Below 0 is nothing.
        Comparison::Less if bound <= 0.0 => FAR,
        Comparison::Less | Comparison::LessOrEqual => ratio(value, bound),
        Comparison::Greater | Comparison::GreaterOrEqual => {
            if *unit == Unit::Ratio && bound < 1.0 {
                ratio(1.0 - value, 1.0 - bound)
            } else {
                ratio(bound, value)
            }
        }
        Comparison::Equal => {
            if value == bound {
                -FAR
            } else {
                FAR
            }
        }
    };
    // A bound of 0 has no logarithm: then on which side it lies is all there is.
    if comparison.holds(value, bound) { distance.min(-f64::MIN_POSITIVE) } else { distance.max(0.0) }
}

impl Point {
    /// Runs the scenario at a load.
    ///
    /// A run that reached a ceiling is a point too: what could not be held is beyond every capacity.
    pub fn run(
        load: f64,
        loaded: &Loaded,
        options: &Options,
        tell: &(dyn Fn(Progress) + Sync),
    ) -> Result<Point, ExperimentError> {
        let options = Options { progress: Some(tell), ..*options };
        match run_and_keep(&loaded.plan, &options) {
            Ok((result, all)) => {
                if result.verdict == Verdict::Void {
                    let failed = result.checks.iter().flat_map(|check| &check.failures).next();
                    return Err(ExperimentError::Void { load, reason: failed.cloned().unwrap_or_default() });
                }
                Ok(Point { load, seen: Ok(Kept::of(loaded, &result, &all)) })
            }
            // Too many events say nothing of the model: the search cannot go on.
            Err(
                stopped @ ExperimentError::Stopped {
                    stop: Stop::InFlight { .. } | Stop::Memory { .. }, ..
                },
            ) => Ok(Point { load, seen: Err(stopped.to_string()) }),
            Err(error) => Err(error),
        }
    }

    /// The worst score of all objectives; what stopped is as bad as can be, and so is what grows for ever.
    pub fn score(&self) -> Score {
        match &self.seen {
            Ok(kept) if !self.only_grows() => kept.worst(),
            _ => Score { value: FAR, interval: None, is_told: true, asks_for_load: false },
        }
    }

    /// Whether all objectives hold, but only because the run ends before a queue that grows for ever is long enough.
    pub fn only_grows(&self) -> bool {
        self.kept().is_some_and(|kept| kept.worst().value < 0.0 && !kept.seen.overloaded.is_empty())
    }

    /// Whether all objectives hold here, as far as is known.
    pub fn holds(&self) -> bool {
        self.score().value < 0.0
    }

    /// The objectives that this load leaves open: those whose data do not tell, where no other is missed for sure.
    pub fn untold(&self) -> Vec<usize> {
        let Some(kept) = self.kept() else { return Vec::new() };
        if kept.holds() == Some(false) {
            return Vec::new();
        }
        (0..kept.scores.len()).filter(|o| !kept.scores[*o].is_told).collect()
    }

    pub fn kept(&self) -> Option<&Kept> {
        self.seen.as_ref().ok()
    }
}

/// What comes of all objectives together: one that is surely missed decides, whatever is known of the others.
fn together(scores: &[Score]) -> Option<AtLoad> {
    let any = |verdict: AtLoad| scores.iter().any(|score| score.verdict() == verdict);
    if scores.is_empty() {
        None
    } else if any(AtLoad::Missed) {
        Some(AtLoad::Missed)
    } else if any(AtLoad::Undecided) {
        Some(AtLoad::Undecided)
    } else {
        Some(AtLoad::Held)
    }
}

/// Whether all hold by their values, which is what a search goes by: one that is missed decides it, and one that is not
/// told leaves it open.
fn holds(scores: &[Score]) -> Option<bool> {
    if scores.iter().any(|score| score.is_told && score.value >= 0.0) {
        return Some(false);
    }
    (!scores.is_empty() && scores.iter().all(|score| score.is_told)).then_some(true)
}

/// Why the data of an objective do not tell whether it holds.
fn untold(objective: &ObjectiveResult, score: &Score) -> Option<String> {
    match &objective.value {
        Estimated::NotEnough { reason, .. } if !score.is_told => Some(reason.clone()),
        _ => None,
    }
}

impl Kept {
    fn of(loaded: &Loaded, result: &RunResult, all: &[Replication]) -> Kept {
        let confidence = result.facts.confidence;
        let seconds = result.facts.measured().as_secs_f64();
        let plan = &loaded.plan;
        let per_replication = |of: &dyn Fn(&crate::readings::ClientReading) -> u64| -> Vec<f64> {
            all.iter().map(|r| r.clients.iter().flatten().map(of).sum::<u64>() as f64).collect()
        };
        let rates = |counts: &[f64]| -> Vec<f64> { counts.iter().map(|count| count / seconds).collect() };
        let good = per_replication(&|client| client.good());
        let ended = per_replication(&|client| client.ended());
        let sent = rates(&per_replication(&|client| client.sent()));
        let bad: Vec<f64> = ended.iter().zip(&good).map(|(ended, good)| ended - good).collect();
        let latencies: Vec<Histogram> = all
            .iter()
            .map(|r| {
                let mut together = Histogram::new();
                r.clients.iter().flatten().for_each(|client| together.merge(&client.latency()));
                together
            })
            .collect();
        let stations: Vec<usize> = (0..plan.parts.len())
            .filter(|at| all.first().is_some_and(|r| r.stations[*at].is_some()))
            .collect();
        let overloaded = stations.iter().zip(&result.parts);
        let overloaded = overloaded.filter(|(at, part)| is_overloaded(**at, part, all, confidence));
        let scores: Vec<Score> = result
            .objectives
            .iter()
            .zip(&plan.objectives)
            .map(|(judged, objective)| Score::of(judged, objective.condition.comparison.value, confidence))
            .collect();
        let good_rates = rates(&good);
        Kept {
            seen: Seen {
                offered: Estimated::from_replications(&sent, confidence),
                goodput: Estimated::from_replications(&good_rates, confidence),
                p50: Estimated::percentile(&latencies, 0.5, confidence),
                p99: Estimated::percentile(&latencies, 0.99, confidence),
                errors: crate::evaluate::share(&bad, &ended, confidence),
                utilisation: None,
                objectives: result.objectives.clone(),
                verdict: together(&scores),
                overloaded: overloaded.map(|(_, part)| part.name.clone()).collect(),
            },
            good: good_rates,
            sent,
            utilisation: result
                .parts
                .iter()
                .filter_map(|part| Some((part.name.clone(), part.all.utilisation.as_ref()?.share.clone())))
                .collect(),
            untold: result.objectives.iter().zip(&scores).map(|(of, score)| untold(of, score)).collect(),
            scores,
            measured: (result.facts.warm_up.as_nanos(), result.facts.duration.as_nanos()),
            digest: result.digest,
            events: result.events,
        }
    }

    /// Whether all objectives hold; nothing where the data do not tell, or there are none.
    fn holds(&self) -> Option<bool> {
        holds(&self.scores)
    }

    /// The score of the objective that is worst off.
    fn worst(&self) -> Score {
        let worst = self.scores.iter().max_by(|a, b| a.value.total_cmp(&b.value));
        let nothing = Score { value: -FAR, interval: None, is_told: true, asks_for_load: false };
        worst.copied().unwrap_or(nothing)
    }

    /// Returns the share of the requests sent that ended well.
    pub fn carried(&self) -> f64 {
        let sent: f64 = self.sent.iter().sum();
        if sent > 0.0 { self.good.iter().sum::<f64>() / sent } else { 0.0 }
    }

    /// Returns the utilisation of a part.
    pub fn utilisation_of(&self, part: &str) -> Option<&Estimated> {
        self.utilisation.iter().find(|(name, _)| name == part).map(|(_, of)| of)
    }

    /// Returns the highest utilisation of any part; nothing where none works on anything.
    pub fn busiest(&self) -> Option<(&str, f64)> {
        let known = self.utilisation.iter().filter_map(|(name, of)| Some((name.as_str(), of.value()?)));
        let known = known.filter(|(_, busy)| *busy > 0.0);
        known.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_across_its_bound_decides_nothing() {
        let of = |low: f64, high: f64| Score {
            value: (low + high) / 2.0,
            interval: Some((low, high)),
            is_told: true,
            asks_for_load: false,
        };
        let (held, missed, open) = (of(-0.3, -0.1), of(0.1, 0.3), of(-0.1, 0.3));
        assert_eq!(together(&[]), None);
        assert_eq!(together(&[held, held]), Some(AtLoad::Held));
        assert_eq!(together(&[held, open]), Some(AtLoad::Undecided));
        assert_eq!(together(&[open, missed]), Some(AtLoad::Missed));
        let guess = Score { interval: None, is_told: false, ..missed };
        assert_eq!(together(&[held, guess]), Some(AtLoad::Undecided));
        let nothing_good = Score { value: FAR, interval: None, ..missed };
        assert_eq!(together(&[nothing_good]), Some(AtLoad::Missed));
    }

    #[test]
    fn what_is_missed_scores_above_zero_whatever_the_comparison() {
        let score = |value, bound, comparison, unit| distance(value, bound, comparison, &unit);
        use Comparison::{Equal, Greater, Less, LessOrEqual};
        assert!((score(2.0, 1.0, Less, Unit::Duration) - 2f64.ln()).abs() < 1e-12);
        assert!((score(0.5, 1.0, Less, Unit::Duration) + 2f64.ln()).abs() < 1e-12);
        assert!(score(1.0, 1.0, Less, Unit::Duration) >= 0.0);
        assert!(score(1.0, 1.0, LessOrEqual, Unit::Duration) < 0.0);
        assert!((score(0.998, 0.999, Greater, Unit::Ratio) - 2f64.ln()).abs() < 1e-9);
        assert!((score(50.0, 100.0, Greater, Unit::Rate) - 2f64.ln()).abs() < 1e-12);
        assert_eq!(score(0.0, 0.01, Less, Unit::Ratio), -FAR);
        assert_eq!(score(0.1, 0.0, LessOrEqual, Unit::Ratio), FAR);
        assert!(score(0.0, 0.0, LessOrEqual, Unit::Ratio) < 0.0);
        assert_eq!(score(3.0, 2.0, Equal, Unit::Number), FAR);
    }
}
