//! What a person reads: the answer first.

use kneepoint_experiment::compare::{
    Comparison, Contrast, Finding, GateResult, MetricDifference, Outcome, Record,
};
use kneepoint_statistics::{Pairing, bonferroni_confidence};

use super::sentence::{answer_sentence, gate_sentence, metric_sentence};
use crate::called::names;
use crate::number::{count, duration, percent};
use crate::safe::safe;
use crate::table::wrap;
use crate::text::Look;

/// Returns a comparison as text: the gates, the answer, a sentence per number, how it was found, doubts.
pub fn comparison_text(comparison: &Comparison, gates: &[GateResult], look: Look) -> String {
    let mut text = String::new();
    for gate in gates {
        let word = match gate.outcome {
            Outcome::Holds => "FAILS      ",
            Outcome::RuledOut => "passes     ",
            Outcome::Undecided => "undecided  ",
        };
        let many = comparison.contrasts.len() > 1;
        let of = if many { format!("{}: ", safe(&gate.design)) } else { String::new() };
        text += &wrap(word, &(of + &safe(&gate_sentence(gate))), look.width);
    }
    if !gates.is_empty() {
        text.push('\n');
    }
    for contrast in &comparison.contrasts {
        let answer = wrap("", &safe(&answer_sentence(contrast)), look.width);
        if look.colour {
            text += &format!("\u{1b}[1m{}\u{1b}[0m\n", answer.trim_end());
        } else {
            text += &answer;
        }
    }
    for contrast in &comparison.contrasts {
        text += &section(contrast, &comparison.designs, look);
    }
    text.push('\n');
    let labels = comparison.designs.first().and_then(|first| names(&first.labels));
    text += &labels.map_or_else(String::new, |line| wrap("", &safe(&line), look.width));
    text += &wrap("", &method(comparison), look.width);
    if let Some(line) = of_conditions(comparison, gates) {
        text += &wrap("", &line, look.width);
    }
    if let Some(precision) = &comparison.precision {
        let reached = precision.reached.map_or_else(|| "none".to_string(), percent);
        let line = format!(
            "Asked for differences known to ± {} of the values of {}; reached ± {reached}{}; at most {} \
             replications.",
            percent(precision.asked),
            safe(&comparison.designs[0].name),
            if precision.widest.is_empty() {
                String::new()
            } else {
                format!(" ({})", safe(&precision.widest))
            },
            count(precision.replications_max),
        );
        text += &wrap("", &line, look.width);
    }
    if !comparison.warnings.is_empty() {
        text += "\nWARNINGS\n";
    }
    for warning in &comparison.warnings {
        text += &wrap("- ", &safe(warning), look.width);
    }
    text
}

fn section(contrast: &Contrast, designs: &[Record], look: Look) -> String {
    let mut text = format!("\n{} AGAINST {}\n", safe(&contrast.second), safe(&contrast.first));
    for objective in &contrast.objectives {
        let chance = |of: &str| -> Option<String> {
            let record = designs.iter().find(|record| record.name == of)?;
            let (_, chance) = record.chances.iter().find(|(name, _)| *name == objective.name)?;
            Some(format!("{} ({} to {})", percent(chance.value), percent(chance.low), percent(chance.high)))
        };
        if let (Some(first), Some(second)) = (chance(&contrast.first), chance(&contrast.second)) {
            let line =
                format!("objective {}: holds with probability {first} → {second}", safe(&objective.name));
            text += &wrap("  ", &line, look.width);
            continue;
        }
        let line = format!(
            "objective {}: {}{}",
            safe(&objective.name),
            objective.first.name(),
            if objective.first == objective.second {
                " in both".to_string()
            } else {
                format!(" → {}", objective.second.name())
            }
        );
        text += &wrap("  ", &line, look.width);
    }
    for metric in &contrast.metrics {
        text += &wrap(word(metric), &safe(&metric_sentence(metric)), look.width);
    }
    for left_out in &contrast.left_out {
        text += &wrap("  left out: ", &safe(left_out), look.width);
    }
    text
}

fn word(metric: &MetricDifference) -> &'static str {
    match (metric.is_better(), metric.finding) {
        (Some(true), _) => "  better  ",
        (Some(false), _) => "  worse   ",
        (None, _) if metric.is_shown() => "  differs ",
        (None, Finding::NotEnough) => "  ?       ",
        (None, _) => "  –       ",
    }
}

fn method(comparison: &Comparison) -> String {
    let replications: Vec<u64> = comparison.designs.iter().map(|d| d.replications).collect();
    let first = &comparison.designs[0];
    let same = replications.iter().all(|r| *r == replications[0]);
    let made = if let Some(batches) = first.batches.filter(|_| same) {
        format!("One run of each design, cut into {} batches", count(batches))
    } else if same {
        let s = if replications[0] == 1 { "" } else { "s" };
        format!("{} replication{s} of each design", count(replications[0]))
    } else {
        let each: Vec<String> = replications.iter().map(|r| count(*r)).collect();
        format!("{} replications", each.join(" and "))
    };
    let how = match comparison.pairing {
        Pairing::Paired => format!(
            "paired on common random numbers (seed {}); \"pairing ×3\" says that without them three times the \
             {} would be needed",
            first.seed,
            if first.batches.is_some() { "batches" } else { "replications" }
        ),
        // The same random numbers, but not as often: some replications have no partner.
        Pairing::Independent if comparison.designs.iter().all(|d| d.seed == first.seed) => {
            format!(
                "not in pairs, because some have no partner (seed {}): as independent samples, Welch's t",
                first.seed
            )
        }
        Pairing::Independent => {
            let seeds: Vec<String> = comparison.designs.iter().map(|d| d.seed.to_string()).collect();
            format!(
                "without common random numbers (seeds {}): independent samples, Welch's t",
                seeds.join(", ")
            )
        }
    };
    let each = bonferroni_confidence(comparison.confidence, comparison.family);
    let together = match comparison.family {
        0 => "No difference had to be judged".to_string(),
        1 => format!("One difference, its interval at {}", percent(comparison.confidence)),
        n => format!(
            "{n} differences, whose intervals hold together at {} (Bonferroni: {} each; decided by Holm's method)",
            percent(comparison.confidence),
            percent(each)
        ),
    };
    let length = |d: &Record| duration(d.duration.as_nanos() as f64);
    let left_out = |d: &Record| duration(d.warm_up.as_nanos() as f64);
    let alike = |d: &Record| (d.duration, d.warm_up) == (first.duration, first.warm_up);
    let lengths = if comparison.designs.iter().all(alike) {
        format!("{} long, the first {} left out", length(first), left_out(first))
    } else {
        let each = comparison.designs.iter();
        let each = each
            .map(|d| format!("{}: {} long, the first {} left out", safe(&d.name), length(d), left_out(d)));
        format!("of different lengths ({})", each.collect::<Vec<_>>().join("; "))
    };
    format!("{made}, {lengths}; {how}. {together}.")
}

/// Says at which confidence the conditions were judged: they are a family of their own.
fn of_conditions(comparison: &Comparison, gates: &[GateResult]) -> Option<String> {
    let each = gates.iter().find_map(|gate| gate.confidence)?;
    let together = percent(comparison.confidence);
    Some(match gates.iter().filter(|gate| gate.confidence.is_some()).count() {
        1 => format!(
            "The condition is judged for itself: its interval is at {together} and so narrower than that of the \
             same number among all differences."
        ),
        n => format!(
            "The {n} conditions are judged for themselves, not with the differences: their intervals hold together \
             at {together} ({} each).",
            percent(each)
        ),
    })
}
