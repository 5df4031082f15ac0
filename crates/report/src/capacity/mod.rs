//! The capacity as text, JSON and CSV, and a capacity that was written before.

mod baseline;
mod rows;
mod text;
mod values;

use kneepoint_experiment::capacity::{
    AfterPulse, Behaviour, Binding, CapacityResult, Finding, LoadAxis, MissedAt, Nowhere, OfPeak, Recovery,
    Rough, Verdict,
};
use kneepoint_experiment::result::{ObjectiveResult, Unit, Verdict as Judged};
use kneepoint_scenario::value::{Dimension, Quantity};
use kneepoint_statistics::{Estimate, Estimated};

use crate::called::called;
use crate::number::{count, counted, interval as interval_words, percent, quantity};

pub use baseline::{Against, Baseline, read_baseline, sentence as baseline_sentence};
pub use rows::{capacity_csv, linearity_csv};
pub use text::{capacity_text, linearity_text};
pub use values::{CAPACITY_SCHEMA_VERSION, FINDINGS, capacity_json, linearity_json};

/// From so many times the load that was run on, saying where a part is full is no measurement.
///
/// # Source
/// Chosen: a part a third busy is seen as busy; of one that is idle most of the time a little work that does not grow
/// with the load makes most of what is measured.
const EXTRAPOLATED: f64 = 3.0;

/// Digits of a load in a sentence.
const DIGITS: i32 = 4;

/// A number with so many significant digits and thousands apart: `1,840`.
pub(crate) fn rounded(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let decimals = (DIGITS - 1 - value.abs().log10().floor() as i32).max(0) as usize;
    let decimals = decimals.min(9);
    if value.abs() >= 1000.0 {
        let scale = 10f64.powi((value.abs().log10().floor() as i32 - (DIGITS - 1)).max(0));
        return count(((value / scale).round() * scale) as u64);
    }
    format!("{value:.decimals$}")
}

/// What a load is called that can be told only against that of the file.
pub(crate) const TIMES: &str = " times the load of the file";

/// What a load is called, and what a value of it is multiplied by.
pub(crate) struct Named {
    pub factor: f64,
    pub unit: String,
}

/// How loads are shown: requests a second where all clients say them, users where all are closed.
pub(crate) fn named(result: &CapacityResult) -> Named {
    let unit = match &result.axis {
        LoadAxis::Clients => match (result.offered_written_per_s, result.users_written) {
            (Some(_), _) if result.offered_varies => " requests/s on average",
            (Some(_), _) => " requests/s",
            (None, Some(_)) => " users",
            (None, None) => TIMES,
        },
        LoadAxis::Setting { dimension: Dimension::Rate, .. } => "/s",
        LoadAxis::Setting { .. } => "",
    };
    Named { factor: result.factor(), unit: unit.to_string() }
}

/// A load in words: `1,840 requests/s`, or `params.load = 920/s`.
pub(crate) fn load(result: &CapacityResult, value: f64) -> String {
    if let LoadAxis::Setting { path, .. } = &result.axis {
        return format!("{path} = {}", bare(result, value));
    }
    let Named { factor, unit } = named(result);
    format!("{}{unit}", rounded(value * factor))
}

/// A load without what it is of.
pub(crate) fn bare(result: &CapacityResult, value: f64) -> String {
    match &result.axis {
        LoadAxis::Setting { dimension: Dimension::Number | Dimension::Rate, .. } | LoadAxis::Clients => {
            let Named { factor, unit } = named(result);
            let unit = if result.axis == LoadAxis::Clients { "" } else { unit.as_str() };
            format!("{}{unit}", rounded(value * factor))
        }
        LoadAxis::Setting { dimension, .. } => format!("{:.4}", Quantity::new(value, *dimension)),
    }
}

fn interval(result: &CapacityResult, estimate: &Estimate) -> String {
    format!(
        "({} to {}, {})",
        bare(result, estimate.low),
        bare(result, estimate.high),
        confidence(estimate.confidence)
    )
}

/// `95 %`, without decimals that say nothing.
pub(crate) fn confidence(share: f64) -> String {
    let per_cent = (share * 1e6).round() / 1e4;
    format!("{per_cent} %")
}

fn bound(binding: &Binding) -> String {
    if binding.unit == Unit::Number {
        format!("{}", binding.bound)
    } else {
        quantity(binding.bound, &binding.unit)
    }
}

/// What is left beyond the capacity.
fn beyond(result: &CapacityResult) -> String {
    let leaves = |binding: &Binding| format!("; beyond it {} leaves {}", binding.metric, bound(binding));
    result.binding.as_ref().map_or_else(String::new, leaves)
}

/// A capacity without an interval, in words.
fn rough(result: &CapacityResult, rough: &Rough) -> String {
    if rough.low.is_none() && rough.high.is_none() {
        return format!(
            "Holds at {} and no longer at {}; how surely is not known: {}{}.",
            load(result, rough.holds),
            load(result, rough.misses),
            rough.reason,
            beyond(result)
        );
    }
    let end = |word: &str, end: Option<f64>| match end {
        Some(end) => bare(result, end),
        None => format!("no {word} end known"),
    };
    format!(
        "Holds up to about {} ({} to {}, {}): {}{}.",
        load(result, rough.value),
        end("lower", rough.low),
        end("upper", rough.high),
        confidence(result.confidence),
        rough.reason,
        beyond(result)
    )
}

/// That no load meets the objectives, and by how much: at the lowest that was run, and at the one nearest to them.
fn nowhere(result: &CapacityResult) -> String {
    let Some(Nowhere { lowest, nearest, highest, is_undecided_somewhere }) = &result.nowhere else {
        return "No tested load meets the objectives.".to_string();
    };
    let missed = |at: &MissedAt| match &at.missed {
        Ok(each) => each
            .iter()
            .map(|of| missed_objective(&of.objective, of.verdict))
            .collect::<Vec<String>>()
            .join(", and "),
        Err(why) => format!("the run did not go to its end ({why})"),
    };
    let verb = if *is_undecided_somewhere { "is sure to meet" } else { "meets" };
    let mut text = format!("No tested load {verb} the objectives");
    if *highest > lowest.load {
        text += &format!(", from {} to {}", bare(result, lowest.load), load(result, *highest));
    }
    text += &below(result, lowest.load);
    text += &format!(". At the lowest, {}, {}", load(result, lowest.load), missed(lowest));
    if nearest.load > lowest.load {
        text += &format!("; nearest to them is {}, where {}", load(result, nearest.load), missed(nearest));
    }
    text + "."
}

/// That smaller loads than this one are not known of: a headline that no load meets the objectives is no proof of that.
fn below(result: &CapacityResult, lowest: f64) -> String {
    let at = bare(result, lowest);
    match result.range {
        Some((begin, _)) if lowest <= begin * (1.0 + 1e-9) => {
            format!("; below {at}, where the range begins, none was tried")
        }
        Some((begin, _)) => {
            format!("; below {at} none was tried, though the range begins at {}", bare(result, begin))
        }
        None => format!("; below {at} none was tried"),
    }
}

fn missed_objective(of: &ObjectiveResult, verdict: Verdict) -> String {
    let ObjectiveResult { name, condition, .. } = of;
    match (&of.value, verdict) {
        (Estimated::Known(known), Verdict::Missed) => {
            format!("{name} is missed with {} ({condition})", interval_words(known, &of.unit))
        }
        (Estimated::Known(known), _) => {
            format!("{name} may be missed, with {} ({condition})", interval_words(known, &of.unit))
        }
        (Estimated::NotEnough { .. }, Verdict::Missed) if of.verdict == Judged::Missed => {
            format!("{name} is missed without a good answer to measure ({condition})")
        }
        (Estimated::NotEnough { .. }, Verdict::Missed) => {
            format!("{name} is missed by what each replication gave alone ({condition})")
        }
        (Estimated::NotEnough { reason, .. }, _) => {
            format!("there is not enough data to tell whether {name} holds ({condition}; {reason})")
        }
    }
}

/// Returns what came of the search in one or two sentences.
///
/// `Holds up to 1,840 requests/s (1,810 to 1,870, 95 %); beyond it p99(shoppers.latency) leaves 300 ms.`
pub fn capacity_sentence(result: &CapacityResult) -> String {
    match (&result.finding, &result.capacity) {
        (Finding::Found, Some(estimate)) => {
            let beyond = beyond(result);
            let also = match (&result.axis, &result.capacity_per_s) {
                (LoadAxis::Setting { .. }, Some(per_s)) | (LoadAxis::Clients, Some(per_s))
                    if result.offered_written_per_s.is_none() || result.axis != LoadAxis::Clients =>
                {
                    format!(", {} requests/s", rounded(per_s.value))
                }
                _ => String::new(),
            };
            format!(
                "Holds up to {} {}{also}{beyond}.",
                load(result, estimate.value),
                interval(result, estimate)
            )
        }
        (Finding::Saturated { part }, Some(estimate)) => format!(
            "Holds up to saturation: at {} {} {} has no idle time left. Beyond it the queue grows for ever, and the \
             objectives are met only as long as the run is short.",
            load(result, estimate.value),
            interval(result, estimate),
            called(&result.labels, part)
        ),
        (Finding::MissedAtLowest { .. } | Finding::HoldsNowhere { between: None }, _) => nowhere(result),
        (Finding::HoldsNowhere { between: Some([(low, little), (high, much)]) }, _) => format!(
            "{} {} is too little for {}, and {} too much for {}.",
            nowhere(result),
            load(result, *low),
            little.join(" and "),
            bare(result, *high),
            if much.is_empty() { "the servers".to_string() } else { much.join(" and ") }
        ),
        (Finding::HoldsFrom { misses: (low, objectives), holds, up_to }, _) => format!(
            "Holds from {} on, up to {}, the highest that was tried; at {} {} {} missed. More of it helps, so there is no \
             highest load within the objectives there.",
            load(result, *holds),
            bare(result, *up_to),
            bare(result, *low),
            if objectives.is_empty() { "the run stops, or its queue grows, and so it".to_string() } else { objectives.join(" and ") },
            if objectives.len() > 1 { "are" } else { "is" },
        ),
        (Finding::NotTold { load: at, objectives }, _) => {
            let each = objectives.iter().map(|(name, why)| format!("{name} ({why})"));
            format!(
                "Not enough data to tell a capacity: at {} they do not say whether the objectives hold: {}.",
                load(result, *at),
                each.collect::<Vec<String>>().join(", ")
            )
        }
        (Finding::NotReached { load: at }, _) if result.recorded_up_to.is_some() => format!(
            "Holds at every load for which the recordings are long enough, up to {}: no capacity was reached. With \
             `repeat: true` they begin anew.",
            load(result, *at)
        ),
        (Finding::NotReached { load: at }, _) if result.range.is_some() => format!(
            "Holds in the whole of the range, at least up to {}: the capacity lies beyond it.",
            load(result, *at)
        ),
        (Finding::NotReached { load: at }, _) => format!(
            "Holds at every load that was tried, at least up to {}: no capacity was reached.",
            load(result, *at)
        ),
        (Finding::NoObjective, Some(estimate)) => {
            let part = result
                .parts
                .first()
                .map_or_else(|| "the bottleneck".to_string(), |part| called(&result.labels, &part.name));
            format!(
                "Nothing to judge: no objective is stated. By its work alone {part} saturates at {} {}.",
                load(result, estimate.value),
                interval(result, estimate)
            )
        }
        (Finding::NotSettled { holds, missed }, _) => {
            let known: Vec<String> = [("holds", holds), ("misses", missed)]
                .into_iter()
                .filter_map(|(word, at)| Some(format!("it {word} at {}", load(result, (*at)?))))
                .collect();
            format!(
                "Not settled after {}: {}; --load with a range, or longer replications, narrow it.",
                counted(result.runs.into(), "run", "runs"),
                known.join(" and ")
            )
        }
        (Finding::NoObjective, None) if result.range.is_some() => {
            "Nothing to judge: no objective is stated, and no part with servers is seen to begin to saturate within the \
             range."
                .to_string()
        }
        (Finding::NoObjective, None) => "Nothing to judge: no objective is stated, and no part with servers could be \
                                         seen busy at a load short of saturation."
            .to_string(),
        (Finding::Saturated { part }, None) => {
            let below = result.range.map_or_else(String::new, |(begin, _)| below(result, begin));
            format!(
                "Saturated: the queue at {} grows through the run at every load that was tried{below}.",
                called(&result.labels, part)
            )
        }
        (Finding::Found, None) => match &result.rough {
            Some(known) => rough(result, known),
            None => "No capacity could be told.".to_string(),
        },
    }
}

/// Returns what happens beyond the knee in one sentence; nothing where no load meets the objectives, and so there is no
/// knee.
pub fn behaviour_sentence(result: &CapacityResult) -> Option<String> {
    if result.nowhere.is_some() {
        return None;
    }
    let of = |p: &OfPeak| {
        let [value, low, high] = [p.share.value, p.share.low, p.share.high].map(percent);
        // An interval of the same digits as the value says nothing more.
        let range = if low == value && high == value { String::new() } else { format!(" ({low} to {high})") };
        format!("at {} it is {value} of its peak{range}", load(result, p.load))
    };
    Some(match &result.behaviour {
        Behaviour::Rising => {
            "Beyond the knee: rising. The goodput follows the load to the highest that was run; nothing is overloaded."
                .to_string()
        }
        Behaviour::Plateau(p) => format!("Beyond the knee: plateau. The goodput stays; {}.", of(p)),
        Behaviour::Decline(p) => format!("Beyond the knee: decline. The goodput falls; {}.", of(p)),
        Behaviour::Collapse(p) => format!("Beyond the knee: collapse. Most work is wasted; {}.", of(p)),
        Behaviour::Unclear(p) => format!(
            "Beyond the knee: unclear. The goodput {}: its interval lies across 90 % or 50 %, the borders of plateau, \
             decline and collapse.",
            of(p)
        ),
        Behaviour::Unknown(why) => format!("Beyond the knee: not known, {why}."),
    })
}

/// Returns what a pulse of load leaves in one sentence, where that was looked at.
pub fn recovery_sentence(result: &CapacityResult) -> Option<String> {
    let of = |p: &AfterPulse| {
        let time = |ns: u64| quantity(ns as f64, &Unit::Duration);
        format!(
            "{} after a pulse of {} at {}, back at {}, the goodput is {} of what it is without the pulse ({} to {})",
            time(p.after),
            time(p.hold),
            load(result, p.peak),
            load(result, p.back),
            percent(p.share.value),
            percent(p.share.low),
            percent(p.share.high)
        )
    };
    Some(match result.recovery.as_ref()? {
        Recovery::Recovers(p) => format!("It recovers when the load is taken back: {}.", of(p)),
        Recovery::Slow(p) => {
            format!("It recovers slowly, or not wholly, when the load is taken back: {}.", of(p))
        }
        Recovery::Metastable(p) => {
            format!("Metastable: it stays down when the load is taken back. {}.", of(p))
        }
        Recovery::Unclear(p) => {
            format!("Whether it recovers when the load is taken back is unclear: {}.", of(p))
        }
        Recovery::Unknown(why) => {
            format!("Whether it recovers when the load is taken back is not known: {why}.")
        }
    })
}

/// Returns which part saturates first and which would be next, in sentences.
pub fn bottleneck_sentence(result: &CapacityResult) -> Option<String> {
    let first = result.parts.first()?;
    let utilisation = first.utilisation.value()?;
    if utilisation == 0.0 {
        return Some(
            "No part with servers computes anything: what bounds the load is none of them.".to_string(),
        );
    }
    let load = |result: &CapacityResult, value: f64| match result.axis {
        LoadAxis::Clients => load(result, value),
        LoadAxis::Setting { .. } => bare(result, value),
    };
    let at = |part: &kneepoint_experiment::capacity::PartLoad| -> String {
        let mut texts = Vec::new();
        if let Some(measured) = part.saturates_at.as_ref().and_then(Estimated::known) {
            let value = load(result, measured.value);
            let from = part.saturates_from.filter(|from| measured.value > EXTRAPOLATED * from);
            let how = match from {
                Some(from) => format!("by extrapolation from {}", load(result, from)),
                None => "as measured".to_string(),
            };
            texts.push(format!("{value} {} {how}", interval(result, measured)));
        }
        if let Some(theory) = part.saturates_at_by_theory {
            texts.push(format!("{} by theory", load(result, theory)));
        }
        texts.join(", ")
    };
    // What comes before says which load "that" is, where there is one.
    let where_ = match &result.finding {
        Finding::NoObjective if result.capacity.is_some() => "at a load short of that",
        Finding::NoObjective
        | Finding::NotSettled { .. }
        | Finding::MissedAtLowest { .. }
        | Finding::HoldsNowhere { .. } => "at a load that was run",
        Finding::Saturated { .. } | Finding::Found if result.capacity.is_none() && result.rough.is_none() => {
            "at a load that was run"
        }
        _ => "at that load",
    };
    let [first_called, next_called] =
        [Some(first), result.parts.get(1)].map(|part| part.map(|part| called(&result.labels, &part.name)));
    let (first_called, next_called) = (first_called.unwrap_or_default(), next_called.unwrap_or_default());
    let when = at(first);
    let mut text = match &first.saturates_at {
        // What is no load, or not in proportion to it, does not tell which would be full first.
        None => format!("{} is the busiest: {} busy {where_}", first_called, percent(utilisation)),
        Some(_) => format!("{} saturates first: {} busy {where_}", first_called, percent(utilisation)),
    };
    if let Some(Estimated::NotEnough { .. }) = &first.saturates_at {
        text += "; where it is full cannot be measured";
        if !when.is_empty() {
            text += &format!(", {when}");
        }
    } else if !when.is_empty() {
        text += &format!("; full at {when}");
    }
    text += ".";
    if let Some(next) = result.parts.get(1)
        && let Some(utilisation) = next.utilisation.value()
    {
        text += &format!(" Next, if that were lifted: {}, {} busy", next_called, percent(utilisation));
        let when = at(next);
        if !when.is_empty() {
            text += &format!(" and full at {when}");
        }
        text += ".";
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the table called undecided was told to be missed.
    #[test]
    fn what_is_not_decided_is_not_told_as_missed() {
        let estimate = |low: f64, high: f64| {
            let value = (low + high) / 2.0;
            Estimated::Known(Estimate { value, low, high, confidence: 0.95, n: 5, effective_samples: None })
        };
        let none = || Estimated::not_enough("too few answers", 5, None);
        let said = |value: Estimated, judged: Judged, verdict: Verdict| {
            let of = ObjectiveResult {
                name: "right".to_string(),
                condition: "errors(users) < 1%".to_string(),
                verdict: judged,
                value,
                bound: 0.01,
                unit: Unit::Ratio,
                probability: None,
                sentence: String::new(),
                windows: None,
                per_replication: Vec::new(),
            };
            missed_objective(&of, verdict)
        };
        let missed = said(estimate(0.02, 0.05), Judged::Missed, Verdict::Missed);
        assert!(missed.starts_with("right is missed with "), "{missed}");
        let open = said(estimate(0.0, 0.05), Judged::Unclear, Verdict::Undecided);
        assert!(open.starts_with("right may be missed, with "), "{open}");
        let nothing = said(none(), Judged::Missed, Verdict::Missed);
        assert_eq!(nothing, "right is missed without a good answer to measure (errors(users) < 1%)");
        let untold = said(none(), Judged::NotEnough, Verdict::Undecided);
        assert!(untold.starts_with("there is not enough data to tell whether right holds"), "{untold}");
        let alone = said(none(), Judged::NotEnough, Verdict::Missed);
        assert!(!alone.contains("good answer"), "{alone}");
    }
}
