//! Objectives against their estimates, and watches.

use kneepoint_scenario::plan::{Objective, Watch};
use kneepoint_scenario::value::{Comparison, Dimension, Quantity, series};
use kneepoint_statistics::{Estimate, Estimated, bonferroni_confidence};

use crate::evaluate::{estimate, per_replication};
use crate::program::{Cell, Expression, Judged};
use crate::recorder::Replication;
use crate::result::{ObjectiveResult, Unit, Verdict, WatchResult, WatchValue, Windows};

/// Significant digits in sentences.
const DIGITS: usize = 3;

pub(crate) fn unit(dimension: Option<Dimension>) -> Unit {
    match dimension {
        Some(Dimension::Number) => Unit::Number,
        Some(Dimension::Ratio) => Unit::Ratio,
        Some(Dimension::Duration) => Unit::Duration,
        Some(Dimension::Rate) => Unit::Rate,
        Some(other) => Unit::Other(other.to_string()),
        None => Unit::Other("unknown".to_string()),
    }
}

fn path(cell: &Cell, all: &[Replication]) -> Option<String> {
    let (part, instance) = cell.instance?;
    Some(all.first()?.paths[part][instance].clone())
}

/// Holds an estimate against a bound.
fn verdict(comparison: Comparison, estimated: &Estimated, bound: f64) -> Verdict {
    let Estimated::Known(Estimate { low, high, .. }) = estimated else { return Verdict::NotEnough };
    let (at_low, at_high) = (comparison.holds(*low, bound), comparison.holds(*high, bound));
    let all_miss = match comparison {
        // A point inside the interval may hold though its ends do not.
        Comparison::Equal => bound < *low || bound > *high,
        _ => !at_low && !at_high,
    };
    if at_low && at_high {
        Verdict::Met
    } else if all_miss {
        Verdict::Missed
    } else {
        Verdict::Unclear
    }
}

/// Orders verdicts: what one of them makes of all of them together.
fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NothingToJudge => 0,
        Verdict::Met => 1,
        Verdict::Probability => 2,
        Verdict::Unclear => 3,
        Verdict::NotEnough => 4,
        Verdict::Missed => 5,
        Verdict::Void => 6,
    }
}

/// Returns the verdict of all objectives together.
pub(crate) fn overall(objectives: &[ObjectiveResult], checks_hold: bool) -> Verdict {
    if !checks_hold {
        return Verdict::Void;
    }
    let worst = objectives.iter().map(|o| o.verdict).max_by_key(|v| severity(*v));
    worst.unwrap_or(Verdict::NothingToJudge)
}

/// How far on the bad side a value lies; what is not known lies farthest.
fn badness(comparison: Comparison, estimated: &Estimated, bound: f64) -> f64 {
    let Some(value) = estimated.value() else { return f64::INFINITY };
    match comparison {
        Comparison::Less | Comparison::LessOrEqual => value - bound,
        Comparison::Greater | Comparison::GreaterOrEqual => bound - value,
        Comparison::Equal => (value - bound).abs(),
    }
}

/// Judges an objective. With several values (windows, instances) every one of them must hold: their intervals are
/// such that all of them hold together with the confidence asked for, and the worst is told.
///
/// If something is drawn once per replication there is no one system to judge: then each replication is judged alone,
/// and the verdict is the probability of holding.
pub(crate) fn judge(
    objective: &Objective,
    judged: &Judged,
    all: &[Replication],
    confidence: f64,
    uncertain: bool,
) -> ObjectiveResult {
    let Judged { expression, comparison, bound } = judged;
    let is_duration = expression.is_duration(Some(bound.dimension));
    let cells = expression.cells();
    let together = bonferroni_confidence(confidence, cells.len());
    let mut worst: Option<(usize, Estimated, Verdict)> = None;
    let mut windows = Windows {
        each: cells.len() as u64,
        missed: 0,
        empty: 0,
        all: (cells.len() * all.len()) as u64,
        worst: None,
        worst_instance: None,
    };
    for i in 0..cells.len() {
        let estimated = estimate(expression, i, is_duration, all, together);
        let found = verdict(*comparison, &estimated, bound.value);
        let rank = |e: &Estimated, v: Verdict| (severity(v), badness(*comparison, e, bound.value));
        if worst.as_ref().is_none_or(|(_, e, v)| {
            let ((new, new_bad), (old, old_bad)) = (rank(&estimated, found), rank(e, *v));
            new.cmp(&old).then(new_bad.total_cmp(&old_bad)).is_gt()
        }) {
            worst = Some((i, estimated, found));
        }
        if cells.len() > 1 {
            for value in per_replication(expression, i, is_duration, all) {
                match value {
                    None => windows.empty += 1,
                    Some(v) if !comparison.holds(v, bound.value) => windows.missed += 1,
                    Some(_) => {}
                }
            }
        }
    }
    let (at, value, found) = worst.expect("an expression has at least one value");
    windows.worst = cells[at].window.map(|w| w.times());
    windows.worst_instance = path(&cells[at], all);
    let windows = (cells.len() > 1).then_some(windows);
    let mut sentence = sentence(objective, judged, &value, found, windows.as_ref());
    let mut found = found;
    let chance = uncertain.then(|| probability(&[held(judged, all)], confidence));
    if let Some(chance) = &chance {
        found = match chance {
            Estimated::Known(_) => Verdict::Probability,
            Estimated::NotEnough { .. } => Verdict::NotEnough,
        };
        sentence = likely(&objective.condition.to_string(), chance);
    }
    ObjectiveResult {
        name: objective.name.clone(),
        condition: objective.condition.to_string(),
        verdict: found,
        probability: chance,
        sentence,
        value,
        bound: bound.value,
        unit: unit(Some(bound.dimension)),
        windows,
        per_replication: per_replication(expression, at, is_duration, all),
    }
}

/// Whether a condition held in each replication alone; nothing where nothing happened that could be judged.
pub(crate) fn held(judged: &Judged, all: &[Replication]) -> Vec<Option<bool>> {
    let Judged { expression, comparison, bound } = judged;
    let is_duration = expression.is_duration(Some(bound.dimension));
    let mut held = vec![Some(true); all.len()];
    for cell in 0..expression.cells().len() {
        for (so_far, value) in held.iter_mut().zip(per_replication(expression, cell, is_duration, all)) {
            *so_far = so_far.zip(value).map(|(held, value)| held && comparison.holds(value, bound.value));
        }
    }
    held
}

/// The probability that all of several conditions hold in the same replication: replications are independent trials.
pub(crate) fn probability(held: &[Vec<Option<bool>>], confidence: f64) -> Estimated {
    let count = held.first().map_or(0, Vec::len);
    let mut successes = 0;
    for replication in 0..count {
        let all: Option<Vec<bool>> = held.iter().map(|one| one[replication]).collect();
        match all {
            Some(all) => successes += u64::from(all.into_iter().all(|held| held)),
            None => {
                let reason = format!("nothing that could be judged happened in replication {replication}");
                return Estimated::not_enough(reason, count as u64, None);
            }
        }
    }
    Estimated::proportion(successes, count as u64, confidence)
}

fn likely(condition: &str, chance: &Estimated) -> String {
    match chance {
        Estimated::Known(e) => {
            let [value, low, high] = [e.value, e.low, e.high].map(|v| v * 100.0);
            let held = (e.value * e.n as f64).round();
            format!(
                "{condition} with probability {value:.0} % ({low:.0} to {high:.0}): in {held} of {} replications",
                e.n
            )
        }
        Estimated::NotEnough { reason, .. } => format!("{condition}: not enough data: {reason}"),
    }
}

fn sentence(
    objective: &Objective,
    judged: &Judged,
    value: &Estimated,
    found: Verdict,
    windows: Option<&Windows>,
) -> String {
    let shown = |v: f64| format!("{:#.*}", DIGITS, Quantity::new(v, judged.bound.dimension));
    let metric = &objective.condition.metric;
    let asked = format!("{} {:#}", judged.comparison, judged.bound);
    let mut text = match value {
        Estimated::Known(e) => {
            let tail = if found == Verdict::Unclear { ": the interval lies across the bound" } else { "" };
            format!(
                "{metric} is {} ({} to {}), asked for {asked}{tail}",
                shown(e.value),
                shown(e.low),
                shown(e.high)
            )
        }
        Estimated::NotEnough { reason, .. } => {
            format!("{metric}, asked for {asked}: not enough data: {reason}")
        }
    };
    if let Some(w) = windows {
        text.push_str(&place(w));
        if w.missed > 0 {
            text.push_str(&format!("; of {} single ones {} missed it", w.all, w.missed));
        }
    }
    text
}

/// Says where the worst of several values was.
fn place(windows: &Windows) -> String {
    let mut text = format!("; the worst of {}", windows.each);
    if let Some(path) = &windows.worst_instance {
        text.push_str(&format!(", at {path}"));
    }
    if let Some((from, to)) = windows.worst {
        text.push_str(&format!(", from {from} to {to}"));
    }
    text
}

/// Evaluates a watch.
pub(crate) fn watch(
    watch: &Watch,
    expression: &Expression,
    all: &[Replication],
    confidence: f64,
) -> WatchResult {
    // What cannot be read as metric was refused before anything ran.
    let dimension = watch.metric.dimension(&|_, name| series(name)).ok().flatten();
    let is_duration = expression.is_duration(dimension);
    let cells = expression.cells();
    let values = cells.iter().enumerate().map(|(i, cell)| WatchValue {
        instance: path(cell, all),
        window: cell.window.map(|w| w.times()),
        value: estimate(expression, i, is_duration, all, confidence),
        per_replication: per_replication(expression, i, is_duration, all),
    });
    WatchResult {
        name: watch.name.clone(),
        metric: watch.metric.to_string(),
        unit: unit(dimension),
        values: values.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_to(low: f64, high: f64) -> Estimated {
        let value = (low + high) / 2.0;
        Estimate { value, low, high, confidence: 0.95, n: 10, effective_samples: None }.into()
    }

    #[test]
    fn the_whole_interval_decides() {
        use Comparison::*;
        for (comparison, low, high, expected) in [
            (Less, 1.0, 2.9, Verdict::Met),
            (Less, 1.0, 3.0, Verdict::Unclear),
            (Less, 3.0, 4.0, Verdict::Missed),
            (LessOrEqual, 1.0, 3.0, Verdict::Met),
            (LessOrEqual, 3.0, 4.0, Verdict::Unclear),
            (Greater, 3.1, 4.0, Verdict::Met),
            (Greater, 2.0, 4.0, Verdict::Unclear),
            (Greater, 2.0, 3.0, Verdict::Missed),
            (GreaterOrEqual, 3.0, 4.0, Verdict::Met),
            (Equal, 3.0, 3.0, Verdict::Met),
            (Equal, 2.0, 4.0, Verdict::Unclear),
            (Equal, 2.0, 2.9, Verdict::Missed),
        ] {
            assert_eq!(
                verdict(comparison, &from_to(low, high), 3.0),
                expected,
                "{comparison:?} {low} {high}"
            );
        }
        let none = Estimated::not_enough("no reason", 0, None);
        assert_eq!(verdict(Less, &none, 3.0), Verdict::NotEnough);
    }

    #[test]
    fn one_missed_objective_decides_and_a_failed_check_more_so() {
        let of = |verdict| ObjectiveResult {
            name: String::new(),
            condition: String::new(),
            verdict,
            value: from_to(0.0, 0.0),
            bound: 0.0,
            unit: Unit::Number,
            probability: None,
            sentence: String::new(),
            windows: None,
            per_replication: Vec::new(),
        };
        let all = |verdicts: &[Verdict]| overall(&verdicts.iter().map(|v| of(*v)).collect::<Vec<_>>(), true);
        assert_eq!(all(&[]), Verdict::NothingToJudge);
        assert_eq!(all(&[Verdict::Met, Verdict::Met]), Verdict::Met);
        assert_eq!(all(&[Verdict::Met, Verdict::Unclear]), Verdict::Unclear);
        assert_eq!(all(&[Verdict::NotEnough, Verdict::Unclear]), Verdict::NotEnough);
        assert_eq!(all(&[Verdict::NotEnough, Verdict::Missed]), Verdict::Missed);
        assert_eq!(overall(&[of(Verdict::Missed)], false), Verdict::Void);
        assert_eq!(overall(&[], false), Verdict::Void);
    }
}
