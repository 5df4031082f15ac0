//! What differs, in plain sentences.

use kneepoint_experiment::compare::{
    Answer, Contrast, Finding, GateResult, MetricDifference, Outcome, Threshold,
};
use kneepoint_experiment::result::{Better, Unit, Verdict};
use kneepoint_statistics::{Estimate, Estimated};

use crate::number::{change, percent, quantity};

/// Metrics named in the leading sentence; the rest are counted.
///
/// # Source
/// Chosen: two lines.
const NAMED_MAX: usize = 5;

/// Returns the answer to "is the second better than the first?" with what it rests on.
pub fn answer_sentence(contrast: &Contrast) -> String {
    let Contrast { first, second, .. } = contrast;
    let head = match contrast.answer {
        Answer::Better => format!("{second} is better than {first}"),
        Answer::Worse => format!("{second} is worse than {first}"),
        Answer::Mixed => format!("{second} is better than {first} in some numbers and worse in others"),
        Answer::NotShown => format!("No difference shown between {first} and {second}"),
        Answer::Identical => format!("{first} and {second} are the same in every number and replication"),
        Answer::NotEnough => format!("Not enough data to compare {first} and {second}"),
        Answer::Void => {
            format!("Void: a run of {first} or {second} failed its own checks, so nothing it says counts")
        }
    };
    let mut clauses = Vec::new();
    for change in contrast.objectives.iter().filter(|o| o.first != o.second) {
        clauses.push(format!(
            "objective {} goes from {} to {}",
            change.name,
            change.first.name(),
            change.second.name()
        ));
    }
    let of = |test: &dyn Fn(&MetricDifference) -> bool| -> Vec<&str> {
        contrast.metrics.iter().filter(|m| test(m)).map(|m| m.name.as_str()).collect()
    };
    let mut say = |what: &str, names: Vec<&str>| {
        if !names.is_empty() {
            clauses.push(format!("{what} {}", listed(&names)));
        }
    };
    say("better in", of(&|m| m.is_better() == Some(true)));
    say("worse in", of(&|m| m.is_better() == Some(false)));
    let differs = |m: &MetricDifference| matches!(m.finding, Finding::Lower | Finding::Higher);
    say("different in", of(&|m| m.better == Better::Neither && differs(m)));
    if contrast.answer != Answer::NotShown {
        say("no difference shown in", of(&|m| m.finding == Finding::NotShown));
    }
    if contrast.answer != Answer::Identical {
        say("identical in", of(&|m| m.finding == Finding::Identical));
    }
    say("not enough data for", of(&|m| m.finding == Finding::NotEnough));
    if clauses.is_empty() || contrast.answer == Answer::Identical && clauses.len() == 1 {
        return head + ".";
    }
    format!("{head}: {}.", clauses.join("; "))
}

fn listed(names: &[&str]) -> String {
    if names.len() <= NAMED_MAX + 1 {
        return names.join(", ");
    }
    format!("{} and {} more", names[..NAMED_MAX].join(", "), names.len() - NAMED_MAX)
}

/// Returns what is said of one number: `p99(users.latency) is lower by 41.0 ms (38.0 ms to 44.0 ms): …`.
pub fn metric_sentence(metric: &MetricDifference) -> String {
    let name = &metric.name;
    let values = match (metric.first, metric.second) {
        (Some(first), Some(second)) => {
            format!("{} → {}", quantity(first, &metric.unit), quantity(second, &metric.unit))
        }
        _ => String::new(),
    };
    let Estimated::Known(difference) = &metric.difference else {
        let Estimated::NotEnough { reason, .. } = &metric.difference else {
            unreachable!("it is one of two")
        };
        return format!("{name}: not enough data: {reason}");
    };
    let gain = metric.gain.filter(|_| metric.finding != Finding::Identical);
    let pairing = gain.map_or_else(String::new, |gain| {
        // More than a thousand says: the requests are the same ones.
        if gain > 1000.0 { "; pairing ×1000 and more".to_string() } else { format!("; pairing ×{gain:.1}") }
    });
    match metric.finding {
        Finding::Identical => format!("{name}: {values}, identical in every replication"),
        Finding::NotShown => {
            format!(
                "{name}: no difference shown, {} ({}): {values}{pairing}",
                signed_change(difference.value, &metric.unit),
                range(difference, &metric.unit, signed_change)
            )
        }
        Finding::NotEnough => format!("{name}: not enough data"),
        Finding::Lower | Finding::Higher => {
            let lower = metric.finding == Finding::Lower;
            let turned = if lower { mirrored(difference) } else { *difference };
            let relative = metric
                .relative
                .known()
                .map_or_else(String::new, |r| format!(", {}", signed(r.value, &Unit::Ratio)));
            format!(
                "{name} is {} by {} ({}): {values}{relative}{pairing}",
                if lower { "lower" } else { "higher" },
                change(turned.value, &metric.unit),
                range(&turned, &metric.unit, change)
            )
        }
    }
}

fn mirrored(e: &Estimate) -> Estimate {
    Estimate { value: -e.value, low: -e.high, high: -e.low, ..*e }
}

fn range(e: &Estimate, unit: &Unit, shown: fn(f64, &Unit) -> String) -> String {
    format!("{} to {}", shown(e.low, unit), shown(e.high, unit))
}

fn signed_change(value: f64, unit: &Unit) -> String {
    with_sign(value, change(value, unit))
}

fn signed(value: f64, unit: &Unit) -> String {
    with_sign(value, quantity(value, unit))
}

fn with_sign(value: f64, text: String) -> String {
    // Not where it is 0, or rounded to it.
    let is_something = text.chars().any(|c| ('1'..='9').contains(&c));
    if value > 0.0 && is_something { format!("+{text}") } else { text }
}

/// Returns what came of a gate: `p99 > +5%: undecided: p99(users.latency) changed by +3.0 % (-1.0 % to +7.0 %, at
/// 95 %): the interval lies across the bound`.
pub fn gate_sentence(gate: &GateResult) -> String {
    let GateResult { text, metric, outcome, .. } = gate;
    if gate.verdict == Some(Verdict::Probability) {
        let chance = match &gate.value {
            Some(Estimated::Known(e)) => {
                format!("of {} ({} to {})", percent(e.value), percent(e.low), percent(e.high))
            }
            _ => "that is not known".to_string(),
        };
        return format!(
            "{text}: {}: objective {metric} holds with a probability {chance}; surely below 50 % is missed",
            outcome.name()
        );
    }
    if let Some(verdict) = gate.verdict {
        return format!("{text}: {}: objective {metric} is {}", outcome.name(), verdict.name());
    }
    let word = outcome.name();
    match &gate.value {
        Some(Estimated::Known(e)) => {
            let (verb, shown): (&str, fn(f64, &Unit) -> String) = match gate.threshold {
                Some(Threshold::Level(_)) => ("is", quantity),
                Some(Threshold::Absolute(_)) => ("changed by", signed_change),
                _ => ("changed by", signed),
            };
            let shown_range = format!("{}, at {}", range(e, &gate.unit, shown), percent(e.confidence));
            let tail =
                if *outcome == Outcome::Undecided { ": the interval lies across the bound" } else { "" };
            format!("{text}: {word}: {metric} {verb} {} ({shown_range}){tail}", shown(e.value, &gate.unit))
        }
        Some(Estimated::NotEnough { reason, .. }) => {
            format!("{text}: {word}: {metric}: not enough data: {reason}")
        }
        None => format!("{text}: {word}"),
    }
}
