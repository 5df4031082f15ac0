//! What the title of a figure over time says: where it was worst, or how a percentile went.

use kneepoint_experiment::result::Unit;

use super::story::Story;
use super::told;
use crate::axis::words;
use crate::figure::Series;
use crate::figures::brief;
use crate::results::{ClientTimeline, RunResults, Timeline};

/// The title speaks for all windows if so many of them have a number.
///
/// # Source
/// Chosen: what one window in ten does unseen is no other course.
const KNOWN_FROM: f64 = 0.9;

pub(super) fn title(run: &RunResults, client: &ClientTimeline, latency: &[Series], story: &Story) -> String {
    let name = brief(&run.called(&client.name));
    let Some(series) = told(latency) else { return format!("What {name} saw, over time") };
    let measured = || series.points.iter().filter(|(at, _)| *at >= run.run.warm_up);
    let mut known: Vec<(f64, f64)> =
        measured().filter_map(|(at, value)| Some(((*value)?.value, *at))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some((least, _)), Some((most, at))) = (known.first(), known.last()) else {
        return format!("What {name} saw, over time");
    };
    let median = known[known.len() / 2].0;
    let said = |value: f64| words(value, &Unit::Duration);
    // Of what some windows say the others may say something else.
    let all = measured().count();
    let of_some = if (known.len() as f64) < KNOWN_FROM * all as f64 {
        format!(" in the {} of {all} windows with enough answers", known.len())
    } else {
        String::new()
    };
    if *most < 1.5 * median {
        return format!(
            "{} of good answers to {name} stays between {} and {}{of_some}",
            series.name,
            said(*least),
            said(*most)
        );
    }
    let fault = story.faults.iter().find(|fault| (fault.from..=fault.to).contains(at));
    let during = fault.map_or_else(String::new, |fault| {
        format!(", while the {} \"{}\" lasts", fault.family, brief(&fault.name))
    });
    let (most, median, at) = (said(*most), said(median), said(*at));
    format!(
        "{} of good answers to {name}, usually {median}, peaks at {most} at {at}{during}{of_some}",
        series.name
    )
}

/// Where fewest requests ended well: a stretch of windows that are as bad as each other.
pub(super) struct Worst {
    /// The windows, from the first to the last.
    pub(super) windows: std::ops::RangeInclusive<usize>,
    /// Of the window in which fewest ended well.
    share: f64,
    /// Whether none did in any of them.
    pub(super) none: bool,
    /// Other stretches that are as bad.
    more: usize,
}

/// Returns where fewest requests ended well while it was measured, if they were surely few. A window in which requests
/// were sent and none ended well is the worst there can be, whether they ended otherwise or not at all.
pub(super) fn worst(run: &RunResults, of: &Timeline, client: &ClientTimeline) -> Option<Worst> {
    /// Chosen: fewer are hardly seen in the figure.
    const FAIL_FROM: f64 = 0.05;
    /// Shares that are no farther apart are one course of things.
    ///
    /// # Source
    /// Chosen: as above, what is hardly seen.
    const SAME: f64 = 0.05;
    let tried = tried(of, client);
    let windows = of.bounds.windows(2).zip(client.good.total.iter().zip(&tried)).enumerate();
    let measured = windows.filter(|(_, (bounds, _))| bounds[0] >= run.run.warm_up);
    let shares: Vec<(usize, Option<f64>)> = measured
        .filter(|(_, (_, (_, tried)))| **tried > 0)
        .map(|(window, (_, (good, tried)))| {
            // Surely few, and not by chance of few requests.
            let few = surely_at_most(*good, *tried).is_some_and(|most| most <= 1.0 - FAIL_FROM);
            (window, few.then_some(*good as f64 / *tried as f64))
        })
        .collect();
    let share = shares.iter().filter_map(|(_, share)| *share).min_by(f64::total_cmp)?;
    let is_as_bad = |of: &(usize, Option<f64>)| of.1.is_some_and(|of| of <= share + SAME);
    let stretches: Vec<&[(usize, Option<f64>)]> =
        shares.chunk_by(|a, b| is_as_bad(a) == is_as_bad(b)).filter(|chunk| is_as_bad(&chunk[0])).collect();
    // The first of the longest.
    let longest = stretches.iter().rev().max_by_key(|stretch| stretch.len())?;
    Some(Worst {
        windows: longest[0].0..=longest[longest.len() - 1].0,
        share: longest.iter().filter_map(|(_, share)| *share).fold(1.0, f64::min),
        none: longest.iter().all(|(_, share)| *share == Some(0.0)),
        more: stretches.len() - 1,
    })
}

/// How many requests of each window show how many end well: those that ended in it, for what was sent may end in the
/// next; or those that were sent, where none at all ended although some should have.
fn tried(of: &Timeline, client: &ClientTimeline) -> Vec<u64> {
    /// Requests after which it is no chance that none has ended.
    ///
    /// # Source
    /// Chosen: if as many end as are sent, none of ten does with a probability of e⁻¹⁰.
    const NO_CHANCE: u64 = 10;
    let windows = of.bounds.len().saturating_sub(1);
    let at = |counts: &[u64], window: usize| counts.get(window).copied().unwrap_or(0);
    let ended: Vec<u64> = (0..windows)
        .map(|window| {
            let of = client.by_status.values().map(|of| at(&of.total, window));
            of.fold(0, u64::saturating_add)
        })
        .collect();
    let mut tried = ended.clone();
    // The first requests take their time too: before one has ended, only that none ever does says anything.
    let begin = ended.iter().position(|n| *n > 0).unwrap_or(0);
    // Results that do not say how requests ended do not say that none did.
    let mut window = if client.by_status.is_empty() { windows } else { begin };
    while window < windows {
        let still = ended[window..].iter().take_while(|n| **n == 0).count();
        let sent = (window..window + still).map(|window| at(&client.sent.total, window));
        if sent.fold(0, u64::saturating_add) >= NO_CHANCE {
            for (later, tried) in tried[window..window + still].iter_mut().enumerate() {
                *tried = at(&client.sent.total, window + later);
            }
        }
        window += still.max(1);
    }
    tried
}

/// Says how few requests ended well where it was worst, and when that was.
pub(super) fn failures(
    run: &RunResults,
    of: &Timeline,
    client: &ClientTimeline,
    story: &Story,
    worst: &Worst,
) -> String {
    let name = brief(&run.called(&client.name));
    let head = if worst.none {
        format!("No request of {name} ends well")
    } else if worst.share < 0.0005 {
        // It would be written as 0 %, which is none.
        format!("Next to no request of {name} ends well")
    } else {
        let share = kneepoint_report::percent(worst.share);
        format!("As few as {share} of the requests of {name} end well")
    };
    let (first, last) = (*worst.windows.start(), *worst.windows.end());
    let (from, to) = (of.bounds[first], of.bounds[last + 1]);
    let said = |at: f64| words(at, &Unit::Duration);
    let to_the_end = last + 2 == of.bounds.len();
    let stretch = match (first == last, to_the_end) {
        (true, _) => format!("at {}", said(f64::midpoint(from, to))),
        (false, true) => format!("from {} to the end", said(from)),
        (false, false) => format!("from {} to {}", said(from), said(to)),
    };
    // What was sent while a fault lasted may end a window later.
    let each = to - of.bounds[last];
    let fault = story.faults.iter().find(|fault| fault.from < to && from < fault.to);
    let when = match fault {
        Some(fault) if to <= fault.to + each && from >= fault.from - each => {
            let (family, name) = (fault.family, brief(&fault.name));
            // Of the windows in which it begins and ends a part is as ever.
            if from <= fault.from + each && to >= fault.to - each {
                format!("while the {family} \"{name}\" lasts")
            } else {
                format!("{stretch}, during the {family} \"{name}\"")
            }
        }
        Some(fault) if to_the_end && from >= fault.from - each => {
            format!(
                "{stretch}, though the {} \"{}\" is over at {}",
                fault.family,
                brief(&fault.name),
                said(fault.to)
            )
        }
        _ => stretch,
    };
    let more = match worst.more {
        0 => String::new(),
        1 => ", and once more".to_string(),
        more => format!(", and {more} more times"),
    };
    format!("{head} {when}{more}")
}

/// The upper end of the 95 % interval of a share; nothing of nothing.
///
/// # Source
/// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22(158), 1927.
fn surely_at_most(of: u64, all: u64) -> Option<f64> {
    kneepoint_statistics::Estimated::proportion(of.min(all), all, 0.95).known().map(|e| e.high)
}
