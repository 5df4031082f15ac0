//! What differs, in plain sentences.

use kneepoint_experiment::compare::{
    Answer, Contrast, Doubt, Finding, GateResult, MetricDifference, Outcome, Threshold,
};
use kneepoint_experiment::result::{Unit, Verdict};
use kneepoint_statistics::{Estimate, Estimated};

use crate::number::{change, percent, quantity};

/// Metrics named in the leading sentence; the rest are counted.
///
/// # Source
/// Chosen: two lines.
const NAMED_MAX: usize = 5;

/// Returns the answer to "is the second better than the first?" with what it rests on.
pub fn answer_sentence(contrast: &Contrast) -> String {
    let (head, clauses) = (head(contrast), clauses(contrast));
    if clauses.is_empty() || contrast.answer == Answer::Identical && clauses.len() == 1 {
        return head + ".";
    }
    format!("{head}: {}.", clauses.join("; "))
}

/// Returns the answer in as many words as a title takes: the objective that turned, or the answer and the first thing it
/// rests on.
pub fn answer_headline(contrast: &Contrast) -> String {
    let head = head(contrast);
    // Better in some and worse in others: a list of the former alone would be half the truth.
    if turned(contrast).is_some() || contrast.answer == Answer::Mixed {
        return head;
    }
    match clauses(contrast).first() {
        Some(first) => format!("{head}: {first}"),
        None => head,
    }
}

/// That the second meets an objective which the first misses, or the other way round.
fn turned(contrast: &Contrast) -> Option<String> {
    let Contrast { first, second, .. } = contrast;
    if contrast.answer == Answer::Void {
        return None;
    }
    let of = |from: Verdict, to: Verdict| -> Vec<&str> {
        let turned = contrast.objectives.iter().filter(|o| o.first == from && o.second == to);
        turned.map(|o| o.name.as_str()).collect()
    };
    let (met, missed) = (of(Verdict::Missed, Verdict::Met), of(Verdict::Met, Verdict::Missed));
    let objectives = |names: &[&str]| {
        let word = if names.len() == 1 { "objective" } else { "objectives" };
        format!("its {word} {}", names.join(" and "))
    };
    match (met.is_empty(), missed.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("{second} meets {}, {first} does not", objectives(&met))),
        (true, false) => Some(format!("{second} does not meet {}, {first} does", objectives(&missed))),
        (false, false) => Some(format!(
            "{second} meets {}, which {first} does not, and misses {}, which {first} meets",
            objectives(&met),
            missed.join(" and ")
        )),
    }
}

fn head(contrast: &Contrast) -> String {
    if let Some(turned) = turned(contrast) {
        return turned;
    }
    let Contrast { first, second, .. } = contrast;
    let differs = contrast.metrics.iter().any(MetricDifference::is_shown);
    match contrast.answer {
        Answer::Better => format!("{second} is better than {first}"),
        Answer::Worse => format!("{second} is worse than {first}"),
        Answer::Mixed => format!("{second} is better than {first} in some numbers and worse in others"),
        Answer::NotShown if differs => format!("Neither {first} nor {second} is shown to be better"),
        Answer::NotShown => format!("No difference shown between {first} and {second}"),
        Answer::Identical => format!("{first} and {second} are the same in every number and replication"),
        Answer::NotEnough => format!("Not enough data to compare {first} and {second}"),
        Answer::Void => {
            format!("Void: a run of {first} or {second} failed its own checks, so nothing it says counts")
        }
    }
}

/// Whether a difference is not shown though it was looked for, or is not counted.
fn is_not_shown(metric: &MetricDifference) -> bool {
    !metric.is_shown() && !matches!(metric.finding, Finding::Identical | Finding::NotEnough)
}

/// What the answer rests on.
fn clauses(contrast: &Contrast) -> Vec<String> {
    let mut clauses = Vec::new();
    // What turned from one side to the other stands in the head.
    let stands = turned(contrast).is_some();
    let is_told = |a: Verdict, b: Verdict| {
        stands && matches!((a, b), (Verdict::Missed, Verdict::Met) | (Verdict::Met, Verdict::Missed))
    };
    let changed = contrast.objectives.iter().filter(|o| o.first != o.second && !is_told(o.first, o.second));
    for change in changed {
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
    say("different in", of(&|m| m.is_better().is_none() && m.is_shown()));
    if contrast.answer != Answer::NotShown {
        say("no difference shown in", of(&is_not_shown));
    }
    if contrast.answer != Answer::Identical {
        say("identical in", of(&|m| m.finding == Finding::Identical));
    }
    say("not enough data for", of(&|m| m.finding == Finding::NotEnough));
    clauses
}

/// Returns why a difference makes neither design the better one, as a clause.
pub fn doubt_clause(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Survivors([(first, a), (second, b)]) => {
            format!("of good answers only: {first} answers {}, {second} {}", percent(*a), percent(*b))
        }
        Doubt::OfferedApart([(first, a), (second, b)]) => format!(
            "the offered load differs: {first} {}, {second} {}",
            quantity(*a, &Unit::Rate),
            quantity(*b, &Unit::Rate)
        ),
        Doubt::Unfinished(moves) => format!(
            "not counted: requests that had not ended could make the difference, up to {} of all",
            percent(*moves)
        ),
        Doubt::ReachesZero => "not counted: the interval reaches 0".to_string(),
    }
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
        return match values.as_str() {
            "" => format!("{name}: not enough data: {reason}"),
            values => format!("{name}: {values}, not enough data to judge the difference: {reason}"),
        };
    };
    let gain = metric.gain.filter(|_| metric.finding != Finding::Identical);
    let pairing = gain.map_or_else(String::new, |gain| {
        // More than a thousand says: the requests are the same ones.
        if gain > 1000.0 { "; pairing ×1000 and more".to_string() } else { format!("; pairing ×{gain:.1}") }
    });
    let doubt = metric.doubt.as_ref().map_or_else(String::new, |doubt| format!("; {}", doubt_clause(doubt)));
    let pairing = pairing + &doubt;
    match metric.finding {
        Finding::Identical => format!("{name}: {values}, identical in every replication{doubt}"),
        Finding::NotShown => {
            format!(
                "{name}: no difference shown, {} ({}): {values}{pairing}",
                signed_change(difference.value, &metric.unit),
                range(difference, &metric.unit, signed_change) + cut_clause(metric)
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
                range(&turned, &metric.unit, change) + cut_clause(metric)
            )
        }
    }
}

/// Returns what marks an interval that was cut where a share can go no farther.
pub(crate) fn cut_clause(metric: &MetricDifference) -> &'static str {
    if metric.cut { ", cut to what a share can be" } else { "" }
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
            let tail = match (&gate.doubt, outcome) {
                (Some(doubt), _) => format!(": {}", doubt_clause(doubt)),
                (None, Outcome::Undecided) => ": the interval lies across the bound".to_string(),
                _ => String::new(),
            };
            format!("{text}: {word}: {metric} {verb} {} ({shown_range}){tail}", shown(e.value, &gate.unit))
        }
        Some(Estimated::NotEnough { reason, .. }) => {
            format!("{text}: {word}: {metric}: not enough data: {reason}")
        }
        None => format!("{text}: {word}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kneepoint_experiment::compare::VerdictChange;
    use kneepoint_experiment::result::{Better, Subject};

    fn metric(name: &str, better: Better, value: f64, doubt: Option<Doubt>) -> MetricDifference {
        let estimate = Estimate {
            value,
            low: value - 0.1,
            high: value + 0.1,
            confidence: 0.95,
            n: 5,
            effective_samples: None,
        };
        MetricDifference {
            name: name.to_string(),
            subject: Subject::Client("users".to_string()),
            unit: Unit::Rate,
            better,
            first: Some(10.0),
            second: Some(10.0 + value),
            difference: Estimated::Known(estimate),
            relative: Estimated::Known(estimate),
            finding: if value > 0.0 { Finding::Higher } else { Finding::Lower },
            p_value: None,
            p_family: None,
            correlation: None,
            gain: None,
            beyond: None,
            cut: false,
            doubt,
        }
    }

    fn contrast(answer: Answer, objectives: &[(&str, Verdict, Verdict)]) -> Contrast {
        let change = |&(name, first, second): &(&str, Verdict, Verdict)| VerdictChange {
            name: name.to_string(),
            first,
            second,
        };
        let survivors = Doubt::Survivors([("blind".to_string(), 0.42), ("budget".to_string(), 0.97)]);
        Contrast {
            first: "blind".to_string(),
            second: "budget".to_string(),
            answer,
            objectives: objectives.iter().map(change).collect(),
            metrics: vec![
                metric("goodput(users)", Better::Higher, 2.0, None),
                metric("a", Better::Lower, 1.0, None),
                metric("mean(users.latency)", Better::Lower, 1.0, Some(survivors)),
            ],
            left_out: Vec::new(),
        }
    }

    #[test]
    fn the_objective_that_turned_leads() {
        use Verdict::{Met, Missed, Unclear};
        let won = contrast(Answer::Mixed, &[("back", Missed, Met), ("other", Unclear, Met)]);
        let headline = "budget meets its objective back, blind does not";
        assert_eq!(answer_headline(&won), headline);
        assert_eq!(
            answer_sentence(&won),
            format!(
                "{headline}: objective other goes from unclear to met; better in goodput(users); worse in a; different \
                 in mean(users.latency)."
            )
        );
        let lost = contrast(Answer::Mixed, &[("back", Met, Missed)]);
        assert_eq!(answer_headline(&lost), "budget does not meet its objective back, blind does");
        let both = contrast(Answer::Mixed, &[("back", Missed, Met), ("fast", Met, Missed)]);
        assert_eq!(
            answer_headline(&both),
            "budget meets its objective back, which blind does not, and misses fast, which blind meets"
        );
        let none = contrast(Answer::Mixed, &[("back", Met, Met)]);
        assert_eq!(answer_headline(&none), "budget is better than blind in some numbers and worse in others");
        let open = contrast(Answer::NotShown, &[]);
        assert!(answer_headline(&open).starts_with("Neither blind nor budget is shown to be better: "));
    }

    #[test]
    fn what_is_not_counted_is_not_told_as_a_difference() {
        let mut of = contrast(Answer::NotShown, &[]);
        of.metrics = vec![metric("utilisation(web)", Better::Neither, 1.0, Some(Doubt::ReachesZero))];
        assert_eq!(answer_sentence(&of), "No difference shown between blind and budget.");
        of.answer = Answer::Better;
        of.metrics.push(metric("goodput(users)", Better::Higher, 2.0, None));
        let said =
            "budget is better than blind: better in goodput(users); no difference shown in utilisation(web).";
        assert_eq!(answer_sentence(&of), said);
    }

    #[test]
    fn an_interval_that_was_cut_says_so() {
        let mut of = metric("errors(users)", Better::Lower, -0.05, None);
        (of.unit, of.cut, of.finding) = (Unit::Ratio, true, Finding::NotShown);
        if let Estimated::Known(e) = &mut of.difference {
            (e.low, e.high) = (-1.0, 1.0);
        }
        let said = metric_sentence(&of);
        assert!(said.contains("(-100 pp to +100 pp, cut to what a share can be)"), "{said}");
    }

    #[test]
    fn what_a_number_rests_on_stands_beside_it() {
        let said = metric_sentence(&contrast(Answer::Mixed, &[]).metrics[2]);
        assert!(said.ends_with("of good answers only: blind answers 42.0 %, budget 97.0 %"), "{said}");
    }
}
