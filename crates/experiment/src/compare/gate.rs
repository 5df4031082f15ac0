//! Regression gates: conditions on how a run may differ from another one.
//!
//! ```text
//! p99 > +5%                       a change relative to the first run, of every client
//! p99(shoppers.latency) > +40ms   a change
//! errors(shoppers) > 1%           a value of the second run
//! slo.fast missed                 an objective of the second run
//! ```
//! A sign makes it a change. A gate holds only if the whole interval says so, and is ruled out only so; of a change
//! neither, where what the numbers rest on differs so that they make no design the better one.

use kneepoint_scenario::value::{Comparison as Operator, Dimension, Metric, Quantity};
use kneepoint_statistics::{Estimate, Estimated, Pairing, bonferroni_confidence, difference};

use super::doubt::{Said, doubt_of};
use super::judge::share_of;
use super::{Doubt, Finding, Record};
use crate::result::{Measure, Subject, Unit, Verdict};

/// What a metric is held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Threshold {
    /// A change relative to the first run: 0.05 is 5 % more.
    Relative(f64),
    /// A change in the metric's own unit.
    Absolute(f64),
    /// A value of the second run.
    Level(f64),
}

/// A condition that makes a comparison fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Gate {
    /// A metric beyond a threshold.
    Metric {
        /// As it was written.
        text: String,
        /// A metric, or the short name of one that every client has (`p99`).
        metric: String,
        /// Which side fails.
        operator: Operator,
        /// Beyond what.
        threshold: Threshold,
    },
    /// An objective missed.
    Objective {
        /// As it was written.
        text: String,
        /// Its name.
        name: String,
    },
}

/// Why a gate means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateError {
    /// As it was written.
    pub text: String,
    /// What is wrong, and what is allowed.
    pub reason: String,
}

impl std::fmt::Display for GateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the condition \"{}\": {}", self.text.escape_debug(), self.reason)
    }
}

impl std::error::Error for GateError {}

/// What came of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds: the comparison fails.
    Holds,
    /// The whole interval is on the other side.
    RuledOut,
    /// Neither: the interval lies across the threshold, there is not enough data for one, or what it rests on differs.
    Undecided,
}

impl Outcome {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Holds => "holds",
            Outcome::RuledOut => "ruled out",
            Outcome::Undecided => "undecided",
        }
    }
}

/// A gate with what came of it, for one metric and one design.
#[derive(Clone, Debug, PartialEq)]
pub struct GateResult {
    /// The gate as it was written.
    pub text: String,
    /// The design that was held against the first.
    pub design: String,
    /// The metric, or the objective.
    pub metric: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What the threshold is of; nothing for objectives.
    pub threshold: Option<Threshold>,
    /// The number that was held against it.
    pub value: Option<Estimated>,
    /// Its unit.
    pub unit: Unit,
    /// Confidence of its interval alone: those of all conditions hold together at the confidence of the comparison.
    /// Nothing for objectives.
    pub confidence: Option<f64>,
    /// Why it is undecided, though the interval lies on one side.
    pub doubt: Option<Doubt>,
    /// Verdict of the objective, if it is one.
    pub verdict: Option<Verdict>,
}

impl GateResult {
    /// Returns whether it makes the comparison fail; `undecided` says that an undecided one does too.
    pub fn fails(&self, undecided: bool) -> bool {
        match self.outcome {
            Outcome::Holds => true,
            Outcome::RuledOut => false,
            Outcome::Undecided => undecided,
        }
    }
}

/// Short names for what every client has, and the metric they mean.
const SHORT: [(&str, &str, &str); 8] = [
    ("mean", "mean(", ".latency)"),
    ("p50", "p50(", ".latency)"),
    ("p95", "p95(", ".latency)"),
    ("p99", "p99(", ".latency)"),
    ("p99.9", "p99.9(", ".latency)"),
    ("goodput", "goodput(", ")"),
    ("throughput", "throughput(", ")"),
    ("errors", "errors(", ")"),
];

impl Gate {
    /// Reads a gate.
    ///
    /// # Errors
    /// If it is none; in words.
    pub fn parse(text: &str) -> Result<Gate, GateError> {
        let text = text.trim();
        let refuse = |reason: String| GateError { text: text.to_string(), reason };
        if let Some(objective) = text.strip_prefix("slo.") {
            return match objective.strip_suffix("missed").map(str::trim_end) {
                Some(name) if !name.is_empty() && !name.contains(char::is_whitespace) => {
                    Ok(Gate::Objective { text: text.to_string(), name: name.to_string() })
                }
                _ => Err(refuse("of an objective one can ask whether it was missed: slo.fast missed".into())),
            };
        }
        let (metric, sign, bound) = split(text).ok_or_else(|| {
            refuse("write METRIC > BOUND or METRIC < BOUND: \"p99 > +5%\", \"goodput < -2%\"".into())
        })?;
        let operator = match sign {
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "<" => Operator::Less,
            _ => Operator::LessOrEqual,
        };
        let short = SHORT.iter().any(|(name, ..)| *name == metric);
        let metric = if short {
            metric.to_string()
        } else if let Some(objective_or_part) = metric.strip_prefix("throughput(") {
            format!("throughput({objective_or_part}")
        } else {
            let parsed = Metric::parse(metric).map_err(|e| {
                let names: Vec<&str> = SHORT.iter().map(|(name, ..)| *name).collect();
                refuse(format!("{e}; short names are {}", names.join(", ")))
            })?;
            parsed.to_string()
        };
        let threshold = threshold(bound).map_err(refuse)?;
        // Sums and differences can change sign; all else is 0 or more.
        let falls_at_most_whole = !metric.contains(" - ");
        let never = match (&threshold, operator) {
            (Threshold::Relative(change), Operator::Less) => *change <= -1.0,
            (Threshold::Relative(change), Operator::LessOrEqual) => *change < -1.0,
            _ => false,
        };
        if never && falls_at_most_whole {
            return Err(refuse("nothing falls by more than -100%, so this can never hold".into()));
        }
        Ok(Gate::Metric { text: text.to_string(), metric, operator, threshold })
    }

    /// Returns the metric it needs beyond those every run has, if it is one that can be measured.
    pub fn metric(&self) -> Option<Metric> {
        match self {
            Gate::Metric { metric, .. } => Metric::parse(metric).ok(),
            Gate::Objective { .. } => None,
        }
    }

    /// Returns the gate as it was written.
    pub fn text(&self) -> &str {
        match self {
            Gate::Metric { text, .. } | Gate::Objective { text, .. } => text,
        }
    }
}

/// Splits at the comparison outside of brackets.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '<' | '>' if depth == 0 => {
                let long = text[at + 1..].starts_with('=');
                let end = at + if long { 2 } else { 1 };
                let (metric, bound) = (text[..at].trim(), text[end..].trim());
                return (!metric.is_empty() && !bound.is_empty()).then_some((metric, &text[at..end], bound));
            }
            _ => {}
        }
    }
    None
}

fn threshold(bound: &str) -> Result<Threshold, String> {
    let signed = bound.strip_prefix('+').map(|rest| (1.0, rest));
    let signed = signed.or_else(|| bound.strip_prefix('-').map(|rest| (-1.0, rest)));
    let (sign, rest) = signed.map_or((1.0, bound), |(sign, rest)| (sign, rest.trim_start()));
    if signed.is_some() && rest.trim() == "0" {
        return Ok(Threshold::Relative(0.0));
    }
    let quantity = Quantity::parse(rest).map_err(|e| format!("its bound: {e}"))?;
    let percent = rest.trim_end().ends_with('%');
    Ok(match (signed.is_some(), percent) {
        (true, true) => Threshold::Relative(sign * quantity.value),
        (true, false) => Threshold::Absolute(sign * quantity.value),
        (false, _) => Threshold::Level(quantity.value),
    })
}

/// Holds gates against the differences between the first record and each of the others. The intervals of all of them
/// hold together.
///
/// # Errors
/// If a gate names what the runs do not have, or a bound of another kind than its metric.
pub fn gates(
    gates: &[Gate],
    records: &[Record],
    pairing: Pairing,
    confidence: f64,
) -> Result<Vec<GateResult>, GateError> {
    let Some((first, others)) = records.split_first() else { return Ok(Vec::new()) };
    let mut asked = Vec::new();
    for gate in gates {
        for second in others {
            match gate {
                Gate::Objective { text, name } => {
                    let found = second.objectives.iter().find(|(n, ..)| n == name);
                    let (_, _, stated) = found.ok_or_else(|| GateError {
                        text: text.clone(),
                        reason: format!(
                            "there is no objective \"{name}\"; there are: {}",
                            list(second.objectives.iter().map(|(n, ..)| n.as_str()))
                        ),
                    })?;
                    asked.push((gate, second, None, Some(*stated)));
                }
                Gate::Metric { text, metric, threshold, .. } => {
                    let pairs = named(text, metric, first, second)?;
                    for (a, b) in pairs {
                        fits(text, threshold, a)?;
                        asked.push((gate, second, Some((a, b)), None));
                    }
                }
            }
        }
    }
    let family = asked.iter().filter(|(_, _, pair, _)| pair.is_some()).count();
    let together = bonferroni_confidence(confidence, family);
    Ok(asked
        .into_iter()
        .map(|(gate, second, pair, verdict)| {
            let mut found = result(gate, second, pair, verdict, pairing, together);
            if let Some((a, b)) = pair {
                doubted(&mut found, gate, (a, b), (first, second), pairing);
            }
            found
        })
        .collect())
}

/// Returns the numbers a gate means, in both runs.
fn named<'r>(
    text: &str,
    metric: &str,
    first: &'r Record,
    second: &'r Record,
) -> Result<Vec<(&'r Measure, &'r Measure)>, GateError> {
    let short = SHORT.iter().find(|(name, ..)| *name == metric);
    let means = |m: &&Measure| match short {
        Some((_, before, after)) => {
            let of_client =
                |name: &str| second.measures.iter().any(|m| m.subject == Subject::Client(name.to_string()));
            m.name
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|name| !name.contains([':', '/', '(']) && of_client(name))
        }
        None => m.name == metric,
    };
    let refuse = |record: &Record| GateError {
        text: text.to_string(),
        reason: format!(
            "{} does not have it; it has {}",
            record.name,
            list(record.measures.iter().map(|m| m.name.as_str()))
        ),
    };
    let here: Vec<&Measure> = second.measures.iter().filter(means).collect();
    if here.is_empty() {
        return Err(refuse(second));
    }
    here.into_iter()
        .map(|b| {
            let a = first.measures.iter().find(|a| a.name == b.name && a.unit == b.unit);
            a.map(|a| (a, b)).ok_or_else(|| refuse(first))
        })
        .collect()
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "none".to_string() } else { names.join(", ") }
}

/// Refuses a bound of another kind than the metric.
fn fits(text: &str, threshold: &Threshold, measure: &Measure) -> Result<(), GateError> {
    if matches!(threshold, Threshold::Relative(_)) {
        return Ok(());
    }
    let bound = split(text).map_or("", |(_, _, bound)| bound).trim_start_matches(['+', '-']).trim_start();
    let given = Quantity::parse(bound).map(|q| q.dimension).ok();
    let wanted = match measure.unit {
        Unit::Number => Some(Dimension::Number),
        Unit::Ratio => Some(Dimension::Ratio),
        Unit::Duration => Some(Dimension::Duration),
        Unit::Rate => Some(Dimension::Rate),
        Unit::Other(_) => None,
    };
    let fit = match (wanted, given) {
        (Some(wanted), Some(given)) => wanted.accepts(given),
        _ => true,
    };
    if fit {
        return Ok(());
    }
    let kind = wanted.map_or_else(String::new, |w| w.with_article());
    Err(GateError {
        text: text.to_string(),
        reason: format!(
            "{} is {kind} and \"{bound}\" is not; a change relative to the first run has a sign and a per cent \
             sign, as in +5%",
            measure.name
        ),
    })
}

fn result(
    gate: &Gate,
    second: &Record,
    pair: Option<(&Measure, &Measure)>,
    verdict: Option<Verdict>,
    pairing: Pairing,
    confidence: f64,
) -> GateResult {
    let mut found = GateResult {
        text: gate.text().to_string(),
        design: second.name.clone(),
        metric: String::new(),
        outcome: Outcome::Undecided,
        threshold: None,
        value: None,
        unit: Unit::Ratio,
        confidence: None,
        doubt: None,
        verdict,
    };
    let (Gate::Metric { operator, threshold, .. }, Some((a, b))) = (gate, pair) else {
        if let Gate::Objective { name, .. } = gate {
            found.metric.clone_from(name);
        }
        let chance = second.chances.iter().find(|(name, _)| *name == found.metric);
        found.value = chance.map(|(_, chance)| Estimated::Known(*chance));
        found.outcome = match (verdict, chance) {
            (Some(Verdict::Missed), _) => Outcome::Holds,
            (Some(Verdict::Met), _) => Outcome::RuledOut,
            // As a run ends with exit code 1: sooner missed than met, for sure.
            (Some(Verdict::Probability), Some((_, chance))) if chance.high < 0.5 => Outcome::Holds,
            (Some(Verdict::Probability), Some((_, chance))) if chance.low > 0.5 => Outcome::RuledOut,
            _ => Outcome::Undecided,
        };
        return found;
    };
    found.metric.clone_from(&b.name);
    found.threshold = Some(threshold.clone());
    found.confidence = Some(confidence);
    let (value, bound) = match (threshold, &a.content, &b.content) {
        (Threshold::Level(bound), _, Ok(content)) => {
            (within_nature(&b.name, &b.unit, content.estimate(confidence)), *bound)
        }
        (Threshold::Level(bound), _, Err(reason)) => (reason.clone(), *bound),
        (Threshold::Relative(bound), Ok(a), Ok(b)) => {
            // As the table has it: two intervals of one change could tell two stories.
            (share_of(&difference(a, b, pairing, confidence).estimated, a.value), *bound)
        }
        (Threshold::Absolute(bound), Ok(a), Ok(b)) => {
            (difference(a, b, pairing, confidence).estimated, *bound)
        }
        (Threshold::Relative(bound) | Threshold::Absolute(bound), Err(reason), _)
        | (Threshold::Relative(bound) | Threshold::Absolute(bound), _, Err(reason)) => {
            (reason.clone(), *bound)
        }
    };
    found.unit = if matches!(threshold, Threshold::Relative(_)) { Unit::Ratio } else { b.unit.clone() };
    if let Estimated::Known(e) = &value {
        found.outcome = match (operator.holds(e.low, bound), operator.holds(e.high, bound)) {
            (true, true) => Outcome::Holds,
            (false, false) => Outcome::RuledOut,
            _ => Outcome::Undecided,
        };
    }
    found.value = Some(value);
    found
}

/// Takes back what is decided of a change where the two designs' numbers rest on different requests.
fn doubted(
    found: &mut GateResult,
    gate: &Gate,
    (a, b): (&Measure, &Measure),
    (first, second): (&Record, &Record),
    pairing: Pairing,
) {
    let (Gate::Metric { operator, threshold, .. }, Some(Estimated::Known(e))) = (gate, &found.value) else {
        return;
    };
    let value = |m: &Measure| m.content.as_ref().ok().map(|p| p.value).or(m.value);
    let values = [value(a), value(b)];
    let (bound, unit) = match threshold {
        // Of the second run alone.
        Threshold::Level(_) => return,
        Threshold::Absolute(bound) => (*bound, 1.0),
        Threshold::Relative(bound) => (*bound, values[0].unwrap_or(0.0).abs()),
    };
    let is_greater = matches!(operator, Operator::Greater | Operator::GreaterOrEqual);
    let finding = match found.outcome {
        Outcome::Undecided => return,
        Outcome::Holds if is_greater => Finding::Higher,
        Outcome::RuledOut if !is_greater => Finding::Higher,
        _ => Finding::Lower,
    };
    let margin = if finding == Finding::Higher { e.low - bound } else { bound - e.high };
    let said = Said { metric: &b.name, better: b.better, values, finding, margin: margin * unit };
    found.doubt = doubt_of(&said, first, second, pairing);
    if found.doubt.is_some() {
        found.outcome = Outcome::Undecided;
    }
}

/// Cuts an interval to what the number can be: no ratio here is negative, and no share is above 1.
fn within_nature(name: &str, unit: &Unit, estimated: Estimated) -> Estimated {
    let share =
        ["errors(", "availability(", "utilisation(", "missed windows("].iter().any(|n| name.starts_with(n));
    match estimated {
        Estimated::Known(e) if matches!(unit, Unit::Ratio) => {
            let high = if share { e.high.min(1.0) } else { e.high };
            Estimated::Known(Estimate { low: e.low.max(0.0), high, ..e })
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_read() {
        let parsed = |text: &str| Gate::parse(text).expect(text);
        let Gate::Metric { metric, operator, threshold, .. } = parsed("p99 > +5%") else { panic!() };
        assert_eq!((metric.as_str(), operator), ("p99", Operator::Greater));
        assert_eq!(threshold, Threshold::Relative(0.05));
        let Gate::Metric { threshold, .. } = parsed("goodput < -2%") else { panic!() };
        assert_eq!(threshold, Threshold::Relative(-0.02));
        let Gate::Metric { metric, threshold, .. } = parsed("p99(shop.latency) >= +40ms") else { panic!() };
        assert_eq!((metric.as_str(), threshold), ("p99(shop.latency)", Threshold::Absolute(40e6)));
        let Gate::Metric { threshold, .. } = parsed("errors(shop) > 1%") else { panic!() };
        assert_eq!(threshold, Threshold::Level(0.01));
        let Gate::Metric { metric, .. } = parsed("rate(db.calls) / rate(web.calls) < 2") else { panic!() };
        assert_eq!(metric, "rate(db.calls) / rate(web.calls)");
        assert!(matches!(parsed("slo.fast missed"), Gate::Objective { name, .. } if name == "fast"));
        for wrong in ["", "p99", "p99 >", "p98x > +5%", "slo.fast", "slo. missed", "p99 > fast", "> +5%"] {
            assert!(Gate::parse(wrong).is_err(), "{wrong}");
        }
    }
}
