//! From the numbers of designs to differences and decisions.

use kneepoint_statistics::{
    BEYOND_SOUND, Difference, Estimate, Estimated, Pairing, PseudoValues, bonferroni_confidence, difference,
    half_width_for, holm,
};

use super::doubt::doubt;
use super::{Answer, Comparison, Contrast, Finding, MetricDifference, Record, VerdictChange};
use crate::measures::is_share;
use crate::result::{Measure, Subject, Verdict};

/// Compares the first record with each of the others, in all numbers they share or in some only.
///
/// # Panics
/// If there is no record, if pairs are asked for and the numbers of replications differ, or if the confidence is not
/// strictly between 0 and 1.
pub fn compare_records(
    records: Vec<Record>,
    pairing: Pairing,
    confidence: f64,
    only: &[String],
) -> Comparison {
    let (first, others) = records.split_first().expect("there is a first design");
    let wanted = |m: &&Measure| only.is_empty() || only.contains(&m.name);
    let mut contrasts: Vec<Contrast> = others
        .iter()
        .map(|second| {
            let shared = first.measures.iter().filter(wanted).filter_map(|a| Some((a, partner(a, second)?)));
            let metrics: Vec<MetricDifference> =
                shared.map(|(a, b)| metric(a, b, pairing, confidence)).collect();
            Contrast {
                first: first.name.clone(),
                second: second.name.clone(),
                answer: Answer::NotShown,
                objectives: changes(first, second),
                metrics,
                left_out: if only.is_empty() { left_out(first, second) } else { Vec::new() },
            }
        })
        .collect();
    let family = decide(&mut contrasts, first, others, pairing, confidence);
    for (contrast, second) in contrasts.iter_mut().zip(others) {
        for found in &mut contrast.metrics {
            found.doubt = doubt(found, first, second, pairing);
        }
        contrast.answer = answer(contrast, first, second);
    }
    let warnings = warnings(&contrasts, &records);
    Comparison { pairing, confidence, family, designs: records, contrasts, precision: None, warnings }
}

fn partner<'r>(of: &Measure, among: &'r Record) -> Option<&'r Measure> {
    among.measures.iter().find(|m| m.name == of.name && m.unit == of.unit)
}

fn metric(a: &Measure, b: &Measure, pairing: Pairing, confidence: f64) -> MetricDifference {
    let of = |m: &Measure| m.content.as_ref().ok().map(|p| p.value).or(m.value);
    let mut found = MetricDifference {
        name: a.name.clone(),
        subject: a.subject.clone(),
        unit: a.unit.clone(),
        better: a.better,
        first: of(a),
        second: of(b),
        difference: Estimated::not_enough("", 0, None),
        relative: Estimated::not_enough("", 0, None),
        cut: false,
        finding: Finding::NotEnough,
        p_value: None,
        p_family: None,
        correlation: None,
        gain: None,
        beyond: None,
        doubt: None,
    };
    match (&a.content, &b.content) {
        (Ok(first), Ok(second)) => {
            let Difference { estimated, p_value, correlation, gain } =
                difference(first, second, pairing, confidence);
            (found.difference, found.p_value) = (estimated, p_value);
            (found.correlation, found.gain) = (correlation, gain);
            found.beyond = [first.beyond, second.beyond].into_iter().flatten().reduce(f64::min);
        }
        (Err(reason), _) | (_, Err(reason)) => {
            (found.difference, found.relative) = (reason.clone(), reason.clone());
        }
    }
    found
}

/// Decides all differences together and widens their intervals; returns how many they are.
///
/// # Source
/// Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979;
/// intervals: Bonferroni, ended at 0 where the test shows the sign (Strassburger and Bretz, "Compatible simultaneous
/// lower confidence bounds for the Holm procedure", Statistics in Medicine 27, 2008).
fn decide(
    contrasts: &mut [Contrast],
    first: &Record,
    others: &[Record],
    pairing: Pairing,
    confidence: f64,
) -> usize {
    // What is equal in every replication asks no question of chance.
    let asks = |d: &MetricDifference, a: &PseudoValues, b: &PseudoValues| {
        let differs = a.value != b.value || a.each != b.each;
        // Other requests that all ended well may hide what these did not show.
        d.p_value.is_some() && (differs || pairing == Pairing::Independent && a.resolution > 0.0)
    };
    let mut p_values = Vec::new();
    let mut all: Vec<(&mut MetricDifference, &PseudoValues, &PseudoValues)> = Vec::new();
    for (contrast, second) in contrasts.iter_mut().zip(others) {
        for found in &mut contrast.metrics {
            let of = |record: &'_ Record| -> Option<usize> {
                record.measures.iter().position(|m| m.name == found.name && m.unit == found.unit)
            };
            let (Some(i), Some(j)) = (of(first), of(second)) else { continue };
            let (Ok(a), Ok(b)) = (&first.measures[i].content, &second.measures[j].content) else { continue };
            if asks(found, a, b) {
                p_values.push(found.p_value.unwrap_or(1.0));
            }
            all.push((found, a, b));
        }
    }
    let family = p_values.len();
    let together = bonferroni_confidence(confidence, family);
    let mut adjusted = holm(&p_values).into_iter();
    for (found, a, b) in all {
        found.difference = difference(a, b, pairing, together).estimated;
        found.cut = is_share(&found.name, &found.unit) && cut(&mut found.difference);
        // Findings are of the difference: a ratio knows how sure the first is too, and might tell another story.
        found.relative = share_of(&found.difference, a.value);
        if !asks(found, a, b) {
            found.finding = if found.p_value.is_some() { Finding::Identical } else { Finding::NotEnough };
            continue;
        }
        let p = adjusted.next().unwrap_or(1.0);
        found.p_family = Some(p);
        let Estimated::Known(estimate) = &mut found.difference else { continue };
        found.finding = match estimate.value {
            _ if p > 1.0 - confidence => Finding::NotShown,
            v if v < 0.0 => Finding::Lower,
            _ => Finding::Higher,
        };
        match found.finding {
            Finding::Lower => estimate.high = estimate.high.min(0.0),
            Finding::Higher => estimate.low = estimate.low.max(0.0),
            _ => {}
        }
        found.relative = share_of(&found.difference, a.value);
    }
    family
}

/// Ends the interval of a difference of two shares where such a difference ends: between nothing and all. What little data
/// cannot tell apart goes beyond that, which only says that nothing is known there.
fn cut(of: &mut Estimated) -> bool {
    let Estimated::Known(e) = of else { return false };
    let beyond = e.low < -1.0 || e.high > 1.0;
    (e.low, e.high) = (e.low.clamp(-1.0, 1.0), e.high.clamp(-1.0, 1.0));
    beyond
}

/// A difference as a share of the first value as it was measured.
pub(super) fn share_of(difference: &Estimated, first: f64) -> Estimated {
    match difference {
        Estimated::Known(e) if first != 0.0 => {
            let by = 1.0 / first.abs();
            Estimated::Known(Estimate { value: e.value * by, low: e.low * by, high: e.high * by, ..*e })
        }
        Estimated::Known(e) => {
            Estimated::not_enough("it was 0: a change relative to 0 has no value", e.n, None)
        }
        none => none.clone(),
    }
}

fn changes(first: &Record, second: &Record) -> Vec<VerdictChange> {
    let both = first.objectives.iter().filter_map(|(name, condition, verdict)| {
        let (_, _, other) = second.objectives.iter().find(|(n, c, _)| n == name && c == condition)?;
        Some(VerdictChange { name: name.clone(), first: *verdict, second: *other })
    });
    both.collect()
}

fn left_out(first: &Record, second: &Record) -> Vec<String> {
    let mut list = Vec::new();
    for (one, other) in [(first, second), (second, first)] {
        let own = one.measures.iter().filter(|m| partner(m, other).is_none());
        let own: Vec<&str> = own.map(|m| m.name.as_str()).collect();
        if !own.is_empty() {
            list.push(format!("only {} has {}", one.name, own.join(", ")));
        }
        for (name, condition, _) in &one.objectives {
            match other.objectives.iter().find(|(n, _, _)| n == name) {
                Some((_, theirs, _)) if theirs != condition && std::ptr::eq(one, first) => {
                    list.push(format!(
                        "objective {name}: {} asks for {condition}, {} for {theirs}",
                        one.name, other.name
                    ))
                }
                _ => {}
            }
        }
    }
    list
}

fn answer(contrast: &Contrast, first: &Record, second: &Record) -> Answer {
    if [first, second].iter().any(|r| r.verdict == Verdict::Void) {
        return Answer::Void;
    }
    let gained =
        |from: Verdict, to: Verdict| contrast.objectives.iter().any(|o| o.first == from && o.second == to);
    let of = |better: bool| contrast.metrics.iter().any(|m| m.is_better() == Some(better));
    let better = of(true) || gained(Verdict::Missed, Verdict::Met);
    let worse = of(false) || gained(Verdict::Met, Verdict::Missed);
    let all = |finding: Finding| {
        !contrast.metrics.is_empty() && contrast.metrics.iter().all(|m| m.finding == finding)
    };
    match (better, worse) {
        (true, true) => Answer::Mixed,
        (true, false) => Answer::Better,
        (false, true) => Answer::Worse,
        (false, false) if contrast.metrics.is_empty() || all(Finding::NotEnough) => Answer::NotEnough,
        (false, false)
            if contrast
                .metrics
                .iter()
                .all(|m| matches!(m.finding, Finding::Identical | Finding::NotEnough)) =>
        {
            Answer::Identical
        }
        (false, false) => Answer::NotShown,
    }
}

fn warnings(contrasts: &[Contrast], records: &[Record]) -> Vec<String> {
    let mut list = Vec::new();
    let first = &records[0];
    for other in &records[1..] {
        if other.duration != first.duration {
            list.push(format!(
                "{} runs for {} and {} for {}: what is measured is not the same time",
                first.name, first.duration, other.name, other.duration
            ));
        } else if other.warm_up != first.warm_up {
            list.push(format!(
                "{} leaves out {} as warm-up and {} leaves out {}",
                first.name, first.warm_up, other.name, other.warm_up
            ));
        }
    }
    for contrast in contrasts {
        let is_client = |m: &MetricDifference| matches!(m.subject, Subject::Client(_));
        let has_clients = first.measures.iter().any(|m| matches!(m.subject, Subject::Client(_)));
        if has_clients && contrast.left_out.len() > 1 && !contrast.metrics.iter().any(is_client) {
            list.push(format!("{} and {} have no client in common", contrast.first, contrast.second));
        }
    }
    for record in records.iter().filter(|r| r.verdict == Verdict::Void) {
        list.push(format!("{} failed its own checks: nothing it says counts", record.name));
    }
    let mut thin: Vec<(&str, f64)> = Vec::new();
    for metric in contrasts.iter().flat_map(|c| &c.metrics) {
        let Some(beyond) = metric.beyond.filter(|b| *b < BEYOND_SOUND) else { continue };
        match thin.iter_mut().find(|(name, _)| *name == metric.name) {
            Some((_, least)) => *least = least.min(beyond),
            None => thin.push((&metric.name, beyond)),
        }
    }
    for (name, beyond) in thin {
        list.push(format!(
            "{name} rests on requests worth {beyond:.0} independent ones beyond it: its interval may be too narrow, \
             {BEYOND_SOUND} are asked for; longer replications help"
        ));
    }
    list
}

/// Returns the widest half width as a share of the first design's value, and the metric it is of; nothing while one
/// has no interval. Of the metrics of objectives and watches and the mean latencies, or of all that were asked for.
pub(super) fn widest(comparison: &Comparison, all: bool) -> (Option<f64>, String) {
    let mut found = (Some(0.0), String::new());
    for metric in comparison.contrasts.iter().flat_map(|c| &c.metrics) {
        let named = matches!(metric.subject, Subject::Objective(_) | Subject::Watch(_));
        if !(all || named || metric.name.starts_with("mean(")) || metric.finding == Finding::Identical {
            continue;
        }
        let width = match (&metric.difference, metric.first) {
            (Estimated::Known(e), _) if e.half_width() == 0.0 => Some(0.0),
            // Nothing is precise relative to 0.
            (Estimated::Known(_), Some(0.0)) => continue,
            (Estimated::Known(e), Some(first)) => {
                // Where Holm ended the interval at 0, its other side says how wide it was.
                Some((e.value - e.low).max(e.high - e.value) / first.abs())
            }
            _ => None,
        };
        match (width, found.0) {
            (None, _) => return (None, metric.name.clone()),
            (Some(w), Some(most)) if w > most => found = (Some(w), metric.name.clone()),
            _ => {}
        }
    }
    found
}

pub(super) fn stopped_short(asked: f64, reached: Option<f64>, widest: &str, replications: u64) -> String {
    let asked = asked * 100.0;
    match reached {
        Some(reached) => format!(
            "an interval is wider than asked: the difference in {widest} is known to ± {:.3} % of the first design's \
             value after {replications} replications, the most allowed; ± {:.3} % keeps the error within the {asked} % asked \
             for",
            reached * 100.0,
            half_width_for(asked / 100.0) * 100.0
        ),
        None => format!(
            "a precision of {asked} % was asked for, but after {replications} replications, the most allowed, \
             {widest} has no interval"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A share of 40 % was told to have changed by -145 to 135 points.
    #[test]
    fn no_share_changes_by_more_than_all() {
        let of = |low: f64, high: f64| {
            Estimated::Known(Estimate {
                value: -0.05,
                low,
                high,
                confidence: 0.95,
                n: 2,
                effective_samples: None,
            })
        };
        let cut = |mut estimated: Estimated| {
            let cut = super::cut(&mut estimated);
            (cut, estimated.known().map(|e| (e.low, e.high)))
        };
        assert_eq!(cut(of(-1.45, 1.35)), (true, Some((-1.0, 1.0))));
        assert_eq!(cut(of(-0.2, 0.1)), (false, Some((-0.2, 0.1))));
        assert!(is_share("errors(users, from 1s to 2s)", &crate::result::Unit::Ratio));
        // Two rates may differ by any factor.
        assert!(!is_share("rate(db.calls) / rate(users.requests)", &crate::result::Unit::Ratio));
        assert!(!is_share("goodput(users)", &crate::result::Unit::Rate));
    }
}
