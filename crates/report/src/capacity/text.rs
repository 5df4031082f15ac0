//! What a person reads: the sentence, what stands in the way, the knee.

use std::fmt::Write as _;

use kneepoint_experiment::capacity::{CapacityResult, Coefficient, Finding, KneeRow, Linearity, ScalingFit};
use kneepoint_experiment::result::Unit;
use kneepoint_statistics::{Estimate, Estimated};

use super::{
    TIMES, bare, behaviour_sentence, bottleneck_sentence, capacity_sentence, confidence, load, named,
    recovery_sentence, rounded,
};
use crate::called::called;
use crate::number::counted;
use crate::number::{count, interval, percent};
use crate::safe::safe;
use crate::table::{Table, wrap};
use crate::text::Look;

fn cell(estimated: &Estimated, unit: &Unit, notes: &mut Vec<String>) -> String {
    match estimated {
        Estimated::Known(known) => interval(known, unit),
        Estimated::NotEnough { reason, .. } => {
            if !notes.contains(reason) {
                notes.push(reason.clone());
            }
            "–".to_string()
        }
    }
}

fn coloured(look: Look, code: u8, text: &str) -> String {
    if look.colour { format!("\u{1b}[{code};1m{text}\u{1b}[0m") } else { text.to_string() }
}

/// Returns a capacity as text: the sentence, what saturates, the knee's table, behaviour beyond it, doubts.
pub fn capacity_text(result: &CapacityResult, look: Look) -> String {
    let mut text = String::new();
    let colour = match result.finding {
        Finding::Found
        | Finding::NotReached { .. }
        | Finding::Saturated { .. }
        | Finding::HoldsFrom { .. } => 32,
        Finding::MissedAtLowest { .. } | Finding::HoldsNowhere { .. } => 31,
        Finding::NotSettled { .. } | Finding::NotTold { .. } => 33,
        Finding::NoObjective => 0,
    };
    let sentence = wrap("", &safe(&capacity_sentence(result)), look.width);
    writeln!(text, "{}", coloured(look, colour, sentence.trim_end())).expect("a String takes everything");
    if let Some(sentence) = bottleneck_sentence(result) {
        text += &wrap("", &safe(&sentence), look.width);
    }
    if !result.knee.is_empty() {
        if let Some(sentence) = behaviour_sentence(result) {
            text += &wrap("", &safe(&sentence), look.width);
        }
        if let Some(sentence) = recovery_sentence(result) {
            text += &wrap("", &safe(&sentence), look.width);
        }
    }
    let head = |title: &str| format!("\n{}\n", coloured(look, 1, title).replace(";1m", "m"));
    text += &head(&safe(&result.title));
    text += &wrap(
        "",
        &format!(
            "{} of {} replications each; {}.",
            counted(result.runs.into(), "run", "runs"),
            count(result.replications),
            match result.load_written {
                Some(_) if named(result).unit == TIMES =>
                    "the load is a factor on that of the file".to_string(),
                Some(written) => {
                    format!("the file's own load is {}{}", safe(&load(result, written)), factor(result))
                }
                None => "the file's own load is no single value".to_string(),
            },
        ),
        look.width,
    );
    objectives(&mut text, result, look, &head);
    parts(&mut text, result, look, &head);
    knee(&mut text, result, look, &head);
    if !result.warnings.is_empty() {
        text += &head("WARNINGS");
    }
    for warning in &result.warnings {
        text += &wrap("- ", &safe(warning), look.width);
    }
    writeln!(text, "\nseed {}, digest {:016x}, {} events", result.seed, result.digest, count(result.events))
        .expect("a String takes everything");
    text
}

/// How many times the file's load the capacity is.
fn factor(result: &CapacityResult) -> String {
    match (&result.capacity, result.load_written) {
        (Some(capacity), Some(written)) if written > 0.0 => {
            let times = capacity.value / written;
            format!(", and the capacity {times:.3} times that")
        }
        _ => String::new(),
    }
}

fn objectives(text: &mut String, result: &CapacityResult, look: Look, head: &dyn Fn(&str) -> String) {
    let mut table = Table::new(["objective", "held up to", "missed from", "condition"]);
    let mut notes = Vec::new();
    for limit in &result.limits {
        let at = |load: Option<f64>| load.map_or_else(|| "–".to_string(), |load| bare(result, load));
        let mark = match &result.binding {
            Some(binding) if binding.name == limit.name => " (first)",
            _ => "",
        };
        table.row(
            format!("{}{mark}", safe(&limit.name)),
            [at(limit.holds_up_to), at(limit.missed_from), safe(&limit.condition)],
        );
        if let Some(load) = limit.missed_up_to {
            notes.push(format!("{} asks for load: it was missed at {} too", limit.name, bare(result, load)));
        }
        if let Some((load, why)) = &limit.untold
            && limit.holds_up_to.is_none_or(|held| held < *load)
        {
            notes.push(format!("{}: not enough data at {}: {why}", limit.name, bare(result, *load)));
        }
    }
    if !table.is_empty() {
        *text += &head("OBJECTIVES, AMONG THE LOADS THAT WERE RUN");
        *text += &table.render(look.width);
        notes.iter().for_each(|note| *text += &wrap("  – ", &safe(note), look.width));
    }
    if let Some(steepness) = result.binding.as_ref().and_then(|binding| binding.steepness) {
        *text += &wrap(
            "",
            &format!("At the capacity 1 % more load moves the first one {steepness:.1} % towards its bound."),
            look.width,
        );
    }
}

/// Whether there is a capacity, with an interval or without.
fn is_found(result: &CapacityResult) -> bool {
    result.capacity.is_some() || result.rough.is_some()
}

fn parts(text: &mut String, result: &CapacityResult, look: Look, head: &dyn Fn(&str) -> String) {
    let mut table = Table::new(["part", "busy", "by theory", "full at, measured", "by theory "]);
    let mut notes = Vec::new();
    for part in &result.parts {
        let full = match &part.saturates_at {
            None => String::new(),
            Some(Estimated::Known(e)) => {
                format!("{} [{}, {}]", bare(result, e.value), bare(result, e.low), bare(result, e.high))
            }
            Some(Estimated::NotEnough { reason, .. }) => {
                if !notes.contains(reason) {
                    notes.push(reason.clone());
                }
                "not measurable".to_string()
            }
        };
        table.row(
            safe(&called(&result.labels, &part.name)),
            [
                cell(&part.utilisation, &Unit::Ratio, &mut notes),
                part.utilisation_by_theory.map_or_else(String::new, percent),
                full,
                part.saturates_at_by_theory.map_or_else(String::new, |load| bare(result, load)),
            ],
        );
    }
    if !table.is_empty() {
        *text += &head(if is_found(result) {
            "PARTS, AT THE LOAD NEAREST TO THE CAPACITY"
        } else {
            "PARTS, AT A LOAD THAT WAS RUN"
        });
        *text += &table.render(look.width);
    }
    for note in notes {
        *text += &wrap("  – ", &safe(&note), look.width);
    }
}

fn knee(text: &mut String, result: &CapacityResult, look: Look, head: &dyn Fn(&str) -> String) {
    let bottleneck = result.parts.first().map_or("busiest", |part| part.name.as_str());
    // Only where there is a capacity a load is a share of it.
    let with_share = result.knee.iter().any(|row| row.of_capacity.is_some());
    let heads = [
        "load".to_string(),
        "of it".to_string(),
        "p50".to_string(),
        "p99".to_string(),
        "goodput".to_string(),
        "errors".to_string(),
        format!("{} busy", safe(bottleneck)),
        "objectives".to_string(),
    ];
    let mut table =
        Table::new(heads.into_iter().enumerate().filter(|(i, _)| with_share || *i != 1).map(|(_, h)| h));
    let mut notes = Vec::new();
    for KneeRow { load, of_capacity, seen } in &result.knee {
        let share = of_capacity.map(|share| format!("{:.0} %", share * 100.0)).into_iter();
        match seen {
            Ok(seen) => {
                let verdict = seen.verdict.map(|verdict| verdict.name());
                let grows = (!seen.overloaded.is_empty()).then_some("queue grows");
                let verdict: Vec<&str> = verdict.into_iter().chain(grows).collect();
                let utilisation = seen.utilisation.as_ref();
                table.row(
                    bare(result, *load),
                    share.chain([
                        cell(&seen.p50, &Unit::Duration, &mut notes),
                        cell(&seen.p99, &Unit::Duration, &mut notes),
                        cell(&seen.goodput, &Unit::Rate, &mut notes),
                        cell(&seen.errors, &Unit::Ratio, &mut notes),
                        utilisation.map_or_else(String::new, |u| cell(u, &Unit::Ratio, &mut notes)),
                        verdict.join(", "),
                    ]),
                );
            }
            Err(why) => {
                table.row(bare(result, *load), share.chain(["stopped".to_string()]));
                notes.push(format!("at {}: {why}", bare(result, *load)));
            }
        }
    }
    if table.is_empty() {
        return;
    }
    let what = if is_found(result) { "THE KNEE" } else { "LOADS THAT WERE RUN" };
    *text += &head(&format!("{what}: ALL CLIENTS TOGETHER, LOAD IN{}", unit(result)));
    *text += &table.render(look.width);
    for note in notes {
        *text += &wrap("  – ", &safe(&note), look.width);
    }
}

fn unit(result: &CapacityResult) -> String {
    match &result.axis {
        kneepoint_experiment::capacity::LoadAxis::Setting { path, .. } => {
            format!(" {}", safe(path))
        }
        kneepoint_experiment::capacity::LoadAxis::Clients => named(result).unit.to_uppercase(),
    }
}

/// Returns capacities over sizes as text.
pub fn linearity_text(over: &str, found: &Linearity, look: Look) -> String {
    let mut text = wrap("", &safe(&linearity_sentence(over, found)), look.width);
    let unit = found.sizes.first().map_or_else(String::new, |size| match &size.found.axis {
        kneepoint_experiment::capacity::LoadAxis::Setting { path, .. } => format!("capacity, {}", safe(path)),
        kneepoint_experiment::capacity::LoadAxis::Clients => format!("capacity,{}", named(&size.found).unit),
    });
    let mut table = Table::new([over, unit.as_str(), "of linear", "runs", "saturates first", "left first"]);
    for size in &found.sizes {
        let capacity = match size.capacity() {
            Some(e) => shown(&e),
            None => capacity_sentence(&size.found),
        };
        table.row(
            format!("{}", size.n),
            [
                capacity,
                size.efficiency.map_or_else(String::new, percent),
                size.found.runs.to_string(),
                size.found.parts.first().map_or_else(String::new, |part| safe(&part.name)),
                size.found.binding.as_ref().map_or_else(String::new, |binding| safe(&binding.name)),
            ],
        );
    }
    text.push('\n');
    text += &table.render(look.width);
    if let Ok(fit) = &found.fit {
        text.push('\n');
        for line in fit_lines(fit) {
            text += &wrap("", &line, look.width);
        }
    }
    if let Some(first) = found.sizes.first() {
        let events = found.sizes.iter().map(|size| size.found.events).sum();
        writeln!(text, "\nseed {}, {} events", first.found.seed, count(events))
            .expect("a String takes everything");
    }
    text
}

fn shown(e: &Estimate) -> String {
    format!("{} [{}, {}]", rounded(e.value), rounded(e.low), rounded(e.high))
}

fn fit_lines(fit: &ScalingFit) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    let mut of = |c: &Coefficient, digits: usize| match &c.estimated {
        Estimated::Known(e) => {
            format!(
                "{:.digits$} ({:.digits$} to {:.digits$}, {})",
                e.value,
                e.low,
                e.high,
                confidence(e.confidence)
            )
        }
        Estimated::NotEnough { reason, .. } => {
            if !reasons.contains(reason) {
                reasons.push(reason.clone());
            }
            format!("{:.digits$}", c.value)
        }
    };
    let peak = match fit.peak_n {
        Some(n) => format!("highest at {}", rounded(n)),
        None => "it never falls".to_string(),
    };
    let one = match &fit.gamma.estimated {
        Estimated::Known(e) => shown(e),
        Estimated::NotEnough { .. } => rounded(fit.gamma.value),
    };
    let mut lines = vec![
        format!(
            "Universal scalability law: contention alpha {}, coherency beta {}, one carries {one}; {peak}; R² {:.4}.",
            of(&fit.alpha, 4),
            of(&fit.beta, 6),
            fit.r_squared
        ),
        format!(
            "Amdahl's law: serial fraction {}; R² {:.4}.",
            of(&fit.serial_fraction, 4),
            fit.amdahl_r_squared
        ),
    ];
    if fit.misfit {
        lines.push(
            "The capacities lie further from the law than their intervals allow: its coefficients describe them and \
             explain nothing."
                .to_string(),
        );
    }
    lines.extend(reasons.into_iter().map(|reason| format!("No interval: {reason}.")));
    lines
}

/// Returns how the capacity grows in one sentence.
fn linearity_sentence(over: &str, found: &Linearity) -> String {
    let known: Vec<_> = found.sizes.iter().filter(|size| size.capacity().is_some()).collect();
    let (Some(first), Some(last)) =
        (known.iter().min_by(|a, b| a.n.total_cmp(&b.n)), known.iter().max_by(|a, b| a.n.total_cmp(&b.n)))
    else {
        return "Of no size both ends of its capacity are known: what is known of each stands below."
            .to_string();
    };
    if known.len() < 2 {
        return "Of one size alone both ends of its capacity are known: nothing can be said of how it grows."
            .to_string();
    }
    let (a, b) = (first.capacity().expect("known"), last.capacity().expect("known"));
    let bottleneck = |size: &kneepoint_experiment::capacity::SizeCapacity| {
        size.found.parts.first().map(|part| part.name.clone())
    };
    let moved = match (bottleneck(first), bottleneck(last)) {
        (Some(before), Some(after)) if before != after => {
            format!(" At the largest size {after} saturates first, no longer {before}.")
        }
        _ => String::new(),
    };
    let word = match &found.fit {
        // The law knows one system that grows as a whole: what it says of another is a description.
        Ok(_) if !moved.is_empty() => "a part that does not grow with it stands in the way".to_string(),
        Err(why) => format!("no law was fitted: {why}"),
        Ok(fit) if fit.misfit && !fit.alpha.is_above_zero() && !fit.beta.is_above_zero() => {
            "faster than in proportion, or not by any law".to_string()
        }
        Ok(fit) if fit.alpha.estimated.known().is_none() => {
            // No law has an interval; the capacities have, and the growth between two of them with these.
            let efficiency = |x: f64, of_first: f64| x / of_first / (last.n / first.n);
            if efficiency(b.high, a.low) < 1.0 {
                "less than in proportion, as the intervals of both capacities show; by which law cannot be told"
                    .to_string()
            } else if efficiency(b.low, a.high) > 1.0 {
                "more than in proportion, as the intervals of both capacities show".to_string()
            } else {
                "whether that departs from linear cannot be told".to_string()
            }
        }
        Ok(fit) if !fit.alpha.is_above_zero() && !fit.beta.is_above_zero() => {
            "no departure from linear is shown".to_string()
        }
        Ok(fit) if fit.beta.is_above_zero() => "with coherency costs, so that it will fall".to_string(),
        Ok(_) => "with contention, so that it will level off".to_string(),
    };
    format!(
        "From {over} = {} to {} the capacity grows {:.2} times, {} of linear; {word}.{moved}",
        first.n,
        last.n,
        b.value / a.value,
        percent(last.efficiency.unwrap_or(f64::NAN)),
    )
}
